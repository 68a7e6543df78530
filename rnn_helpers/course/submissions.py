"""What was handed in: find it, read it without trust, and rebuild it on the source.

Nothing of a submission counts but the text of its answer cells and of the learner's own cells. Everything else, the
tests above all, comes from the source.
"""

from __future__ import annotations

import copy
import json
import logging
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from rnn_helpers.course.cells import grade_id_of, is_answer

__all__ = ["HandIn", "Rebuilt", "Unreadable", "collect", "parse", "read_bytes", "rebuild"]

MAX_BYTES = 20 * 2**20
MAX_CELLS = 1000
IGNORED = {"__MACOSX", ".ipynb_checkpoints"}


class Unreadable(Exception):  # noqa: N818 - it is a state of a file
    """The file is no notebook that can be graded; the message says why."""


@dataclass(frozen=True)
class HandIn:
    """One learner's file for one assignment, or the lack of it."""

    learner: str
    assignment: str
    path: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass
class Rebuilt:
    """A submission's answers in the frame of the source.

    Attributes
    ----------
    notebook : NotebookNode
        To be run.
    removed : list of str
        The answer cells that the submission no longer had, by grade_id.
    unwritten : list of str
        The answer cells that are as they were handed out.
    notes : list of str
        What else the instructor may want to know.
    """

    notebook: NotebookNode
    removed: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


# Finding


def collect(folder: Path, assignments: Sequence[str]) -> tuple[list[HandIn], list[str]]:
    """Find every learner's file for every assignment.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``<learner>/<assignment>/<assignment>.ipynb``, or ``<learner>_<assignment>.ipynb``, or both.
    assignments : sequence of str
        The names of the assignments.

    Returns
    -------
    hand_ins : list of HandIn
        One for each learner and each assignment that anybody handed in, sorted.
    strange : list of str
        The names of files and folders in which nothing was recognised.
    """
    found: dict[tuple[str, str], HandIn] = {}
    strange = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in IGNORED:
            continue
        here = (
            _of_folder(entry, assignments) if entry.is_dir() and not entry.is_symlink() else _flat(entry, assignments)
        )
        if not here:
            strange.append(entry.name)
        for hand_in in here:
            key = (hand_in.learner, hand_in.assignment)
            if key not in found or found[key].path is None:
                found[key] = hand_in
            elif hand_in.path is not None:
                found[key] = _with_note(found[key], f"{hand_in.path.name} was left out: there are two files")
    used = sorted({assignment for _, assignment in found})
    learners = sorted({learner for learner, _ in found})
    every = [found.get((who, what), HandIn(who, what)) for who in learners for what in used]
    return every, strange


def _of_folder(folder: Path, assignments: Sequence[str]) -> list[HandIn]:
    learner = _learner(folder.name)
    hand_ins = []
    for name in assignments:
        direct = folder / f"{name}.ipynb"
        if (folder / name).is_dir():
            hand_ins.append(_in_place(learner, name, folder / name))
        elif direct.exists():
            hand_ins.append(HandIn(learner, name, direct, (f"the file was not in a folder {name}",)))
    return hand_ins


def _in_place(learner: str, name: str, folder: Path) -> HandIn:
    notebooks = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    exact = [path for path in notebooks if path.stem == name]
    if exact:
        return HandIn(learner, name, exact[0])
    if len(notebooks) == 1:
        return HandIn(learner, name, notebooks[0], (f"the file was called {notebooks[0].name}",))
    if notebooks:
        names = ", ".join(path.name for path in notebooks)
        return HandIn(
            learner, name, notebooks[0], (f"none of the files is called {name}.ipynb, the first is taken: {names}",)
        )
    return HandIn(learner, name, None, ("the folder holds no notebook",))


def _flat(path: Path, assignments: Sequence[str]) -> list[HandIn]:
    for name in assignments:
        match = re.fullmatch(rf"(.+)_{re.escape(name)}([ _-]?\(?\d+\)?)?\.ipynb", path.name)
        if match:
            notes = (f"the file was called {path.name}",) if match[2] else ()
            return [HandIn(_learner(match[1]), name, path, notes)]
    return []


def _learner(name: str) -> str:
    """A name that nbgrader can use in its paths and patterns."""
    name = unicodedata.normalize("NFC", name).strip()
    return re.sub(r"[\[\]*?{}\\/\x00-\x1f]", "_", name)


def _with_note(hand_in: HandIn, note: str) -> HandIn:
    return HandIn(hand_in.learner, hand_in.assignment, hand_in.path, (*hand_in.notes, note))


# Reading


def read_bytes(path: Path) -> bytes:
    """The content of an ordinary file of ordinary size; raises `Unreadable` for anything else."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable("it is a link or a special file, where an ordinary file belongs")
        if about.st_size > MAX_BYTES:
            raise Unreadable(f"it has {about.st_size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB are read")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"it cannot be opened: {error.strerror}") from None


def parse(content: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The cells of a notebook, each with `cell_type`, `source` and `metadata`, and notes; or `Unreadable`."""
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        text = content.decode("utf-8")
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is not JSON, so not a notebook, or was cut off on its way") from None
    if not isinstance(tree, dict) or not ("cells" in tree or "worksheets" in tree):
        raise Unreadable("it is not a notebook: it has no cells")
    notes = []
    if tree.get("nbformat") != 4:
        notes.append(f"the file was in notebook format {tree.get('nbformat')} and was read as format 4")
        tree = _upgraded(text)
    cells = [_cell(cell) for cell in tree["cells"] if isinstance(cell, dict)] if isinstance(tree["cells"], list) else []
    if not cells:
        raise Unreadable("it is a notebook without cells")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells; at most {MAX_CELLS} are read")
    return cells, notes


def _upgraded(text: str) -> dict[str, Any]:
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbformat logs what it thinks of broken notebooks
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # whatever stands in the file
        raise Unreadable(f"its notebook format cannot be read: {type(error).__name__}") from None


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind = cell.get("cell_type")
    return {
        "cell_type": kind if kind in {"code", "markdown", "raw"} else "raw",
        "source": source if isinstance(source, str) else "",
        "metadata": cell.get("metadata"),
        "attachments": cell.get("attachments"),
    }


# Rebuilding


def rebuild(submitted: Sequence[dict[str, Any]], template: NotebookNode) -> Rebuilt:
    """Put a submission's answers and own cells into the frame of the source.

    Parameters
    ----------
    submitted : sequence of dict
        What `parse` returned.
    template : NotebookNode
        The source with stubs for solutions, and with its hidden tests.

    Returns
    -------
    Rebuilt
        Answers and own cells in the learner's order; each cell of the source after all answers that precede it there,
        with the learner's own cells that followed it.
    """
    frame = {grade_id_of(cell): cell for cell in template.cells}
    answers, followers, copied = _sort_out(submitted, frame)
    result = Rebuilt(nbformat.from_dict({**copy.deepcopy(template), "cells": []}))
    result.removed = [name for name, cell in frame.items() if is_answer(cell) and name not in answers]
    order = _with_missing(list(answers), [name for name, cell in frame.items() if is_answer(cell)])
    cells = list(followers[""])
    waiting = [name for name in frame if not is_answer(frame[name])]
    before = {
        name: {other for other in list(frame)[: list(frame).index(name)] if is_answer(frame[other])} for name in waiting
    }
    placed: set[str] = set()
    for name in [None, *order]:
        if name is not None:
            cells += [_answer(frame[name], answers.get(name)), *followers[name]]
            placed.add(name)
        for locked in [other for other in waiting if before[other] <= placed]:
            waiting.remove(locked)
            cells += [copy.deepcopy(frame[locked]), *followers[locked]]
    for number, cell in enumerate(cells):
        if not grade_id_of(cell):
            cell["id"] = f"own-{number}"
    result.notebook.cells = [nbformat.from_dict(cell) for cell in cells]
    result.unwritten = [
        name for name, cell in answers.items() if _plain(cell["source"]) == _plain(frame[name]["source"])
    ]
    if copied:
        result.notes.append(
            f"copied cells: {', '.join(copied)} (the first counts as the answer; copies of an answer ran as own cells)"
        )
    return result


def _sort_out(
    submitted: Sequence[dict[str, Any]], frame: dict[str, NotebookNode]
) -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, Any]]], list[str]]:
    """The answers by name in the learner's order, the own cells by the known cell that they follow, and copies."""
    answers: dict[str, dict[str, Any]] = {}
    followers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[str] = set()
    copied: dict[str, None] = {}
    last = ""
    for cell in submitted:
        name = grade_id_of(cell)
        if name not in frame:
            followers[last].append(_own(cell))
        elif name in seen:
            copied[name] = None
            if is_answer(frame[name]) and cell["cell_type"] == "code":
                followers[last].append(_own(cell))  # it ran last in the learner's notebook, and does so here
        else:
            seen.add(name)
            last = name
            if is_answer(frame[name]):
                answers[name] = cell
    return answers, followers, list(copied)


def _with_missing(order: list[str], in_source: list[str]) -> list[str]:
    """The answers in the learner's order, with those that are missing after their predecessor in the source."""
    for index, name in enumerate(in_source):
        if name not in order:
            order.insert(order.index(in_source[index - 1]) + 1 if index else 0, name)
    return order


def _answer(framed: NotebookNode, given: dict[str, Any] | None) -> dict[str, Any]:
    """The learner's text in the source's cell; its type, points and names are the source's."""
    cell = copy.deepcopy(framed)
    if given is not None:
        cell["source"] = given["source"]
        if cell["cell_type"] == "markdown" and _are_attachments(given["attachments"]):
            cell["attachments"] = given["attachments"]
    return cell


def _own(cell: dict[str, Any]) -> dict[str, Any]:
    own = {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {}}
    if cell["cell_type"] == "code":
        own |= {"outputs": [], "execution_count": None}
    elif _are_attachments(cell["attachments"]):
        own["attachments"] = cell["attachments"]
    return own


def _are_attachments(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and bool(found)
        and all(
            isinstance(bundle, dict) and all(isinstance(value, str) for value in bundle.values())
            for bundle in found.values()
        )
    )


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
