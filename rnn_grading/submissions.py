"""What was handed in: find it, read it without trust, and fit it into the frame of its assignment.

Nothing of a submission counts but what the learner wrote; the tests, above all, come from the source. Whatever a
learner wrote is run, or shown to a person.
"""

from __future__ import annotations

import ast
import io
import json
import logging
import lzma
import mmap
import os
import re
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import nbformat

from rnn_grading.assignments import Assignment, Cell, grade_id_of, names_in

__all__ = [
    "Fitted",
    "HandIn",
    "NotGradable",
    "Piece",
    "collect",
    "fit",
    "hand_in_of",
    "helpers_of",
    "name_of",
    "parse",
    "read_file",
    "shown",
    "time_of",
]

MAX_BYTES = 200 * 2**20  # of a notebook: pictures make them large, and only the text of cells counts
MAX_ZIPPED = 400 * 2**20  # of all files of one zip, where they are more than a hundred times as large as the zip
MAX_MEMBERS = 5000  # files of one zip, with those of the zips in it: a class of a thousand, five of each learner
MAX_INNER = 500  # files of a zip in a zip, which is one learner's
MAX_ENTRIES = 100_000  # of a zip's table of contents, with folders and hidden files
MAX_CHOICE = 100  # notebooks of one learner for one assignment that are compared
MAX_NAMED = 5  # files in a note
MAX_CELLS = 1000
MAX_SOURCE = 400_000  # characters of one cell
MAX_HELPERS, MAX_HELPER = 20, 200_000  # modules beside a notebook, and characters of each
IGNORED = {"__MACOSX", ".ipynb_checkpoints"}
HANDED_OUT = "how_to.txt"  # goes out with a notebook, and may come back with it


class NotGradable(Exception):  # noqa: N818 - it is a state of a file
    """The file is no notebook that can be graded; the message says why."""


# Finding


@dataclass(frozen=True)
class File:
    """A file, on the disk or in a zip."""

    where: tuple[str, ...]  # folders, zips and the name, from the folder of submissions on
    path: Path
    inside: tuple[str, ...] = ()  # the entry of the zip, and of a zip in it
    why: str = ""  # why nobody looks into it

    @property
    def name(self) -> str:
        return self.where[-1]

    @property
    def is_notebook(self) -> bool:
        """Whether it is called like one, and somebody looks into it."""
        return not self.why and bool(NOTEBOOK.fullmatch(self.name))

    @property
    def shown(self) -> str:
        return shown("/".join(self.where)) + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class HandIn:
    """What one learner handed in for one assignment, or the lack of it.

    Attributes
    ----------
    learner, assignment : str
        Whose, and for what.
    file : File or None
        The notebook that counts.
    notes : tuple of str
        What an instructor should know.
    others : tuple of File
        More notebooks of the same learner for the same assignment.
    helpers : tuple of File
        Python modules beside it.
    """

    learner: str
    assignment: str
    file: File | None = None
    notes: tuple[str, ...] = ()
    others: tuple[File, ...] = ()
    helpers: tuple[File, ...] = ()


# As two widespread learning platforms name what is handed in: name_[LATE_]number_number_file, where the first number is
# the learner's; and folders of the form name_number_assignsubmission_file_, where each assignment has its own numbers.
IN_FILE = re.compile(r"(?P<who>.+?)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<rest>.+)")
IN_FOLDER = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?")
# What people and programs add to a name.
ENDING = re.compile(r"\.(ipynb(\.(txt|json))?|zip|py)$", re.IGNORECASE)
NOTEBOOK = re.compile(r"[^.].*\.ipynb(\.(txt|json))?", re.IGNORECASE | re.DOTALL)  # with what some browsers add
ADDED = re.compile(r"(?:[ _-]*(?:copy|final|last|new|solved?|done|v?\d+|\(\d+\)))*[ _-]*", re.IGNORECASE)


def collect(folder: Path, assignments: Sequence[Assignment]) -> tuple[list[HandIn], list[str], list[str]]:
    """Find every learner's file for every assignment.

    Parameters
    ----------
    folder : pathlib.Path
        Holds folders, notebooks and zips, named by learner and assignment in one of many ways.
    assignments : sequence of Assignment
        What may have been handed in.

    Returns
    -------
    hand_ins : list of HandIn
        One for each learner and each assignment that anybody handed in, sorted.
    strange : list of str
        The names of files of which nobody knows whose or what they are; and of what nobody looks into, with the reason.
    told : list of str
        A sentence for each thing that was taken in one of two possible ways.
    """
    names = sorted((assignment.name for assignment in assignments), key=len, reverse=True)
    by_name = {assignment.name: assignment for assignment in assignments}
    files = list(_all_files(folder))
    about = {file: _assignment_of(file.where, names) for file in files}
    notebooks = {file: about[file] or _told_by_content(file, assignments) for file in files if file.is_notebook}
    classes = _class_folders(files, notebooks, names)
    opened = classes.keys() | _containers(files)
    wheres = {file: file.where[1:] if file.where[0] in opened else file.where for file in files}
    learners, told = _kept_apart(wheres, about | notebooks, names)
    told += [f"{top} was taken for a folder of a class: learners are {_some(who)}" for top, who in classes.items()]
    found: dict[tuple[str, str], list[File]] = defaultdict(list)
    rest: dict[str, list[File]] = defaultdict(list)
    strange, empty = [], []
    for file, where in wheres.items():
        learner, name = learners[file], notebooks.get(file, "")
        if learner and name:
            found[learner, name].append(file)
        elif file.name == "":  # a folder that holds no file
            empty += [(learner, about[file])] if learner and about[file] else []
        elif learner and len(where) > 1 and not file.is_notebook and not file.why:
            rest[learner].append(file)
        else:
            strange.append(file.shown)
    hand_ins = {key: _chosen(*key, those, by_name[key[1]]) for key, those in found.items()}
    for learner, others in rest.items():
        own = {name: hand_ins[learner, name] for name in by_name if (learner, name) in hand_ins}
        hand_ins |= {(learner, name): _with_rest(hand_in, others, list(own)) for name, hand_in in own.items()}
        strange += [] if own else [file.shown for file in others]
    for learner, name in empty:
        hand_ins.setdefault((learner, name), HandIn(learner, name, None, ("the folder holds no notebook",)))
    used = sorted({name for _, name in hand_ins})
    whose = sorted({learner for learner, _ in hand_ins})
    return [hand_ins.get((who, what), HandIn(who, what)) for who in whose for what in used], sorted(strange), told


def hand_in_of(path: Path, assignment: Assignment) -> HandIn:
    """What one learner's file, zip or folder holds for an assignment, chosen as `collect` chooses."""
    if path.is_dir() and not path.is_symlink():
        files = list(_all_files(path))
    elif path.suffix.lower() == ".zip":
        files = list(_zipped(path, (path.name,)))
    else:
        return HandIn("", assignment.name, File((path.name,), path))
    notebooks = [file for file in files if file.is_notebook]
    others = [file for file in files if file.name and not file.is_notebook]
    if notebooks:
        return _with_rest(_chosen("", assignment.name, notebooks, assignment), others, [assignment.name])
    came = f"what came, and was not read: {_listed(others)}" if others else "nothing came at all"
    return HandIn("", assignment.name, None, ("no notebook was submitted", came))


def helpers_of(hand_in: HandIn) -> dict[str, str]:
    """The text of the modules beside a notebook."""
    found = {}
    for file in hand_in.helpers:
        try:
            found[file.name] = read_file(file).decode("utf-8", errors="replace")[:MAX_HELPER]
        except NotGradable:
            continue
    return found


def _with_rest(hand_in: HandIn, others: Sequence[File], names: Sequence[str]) -> HandIn:
    """A hand-in with the modules beside it, and with a note on what else the learner handed in."""
    assert hand_in.file is not None, "it was made of notebooks"
    beside = [file for file in others if file.where[:-1] == hand_in.file.where[:-1]]
    modules = [file for file in beside if file.name.endswith(".py") and not file.why][:MAX_HELPERS]
    unread = [
        file
        for file in others
        if file not in modules and file.name != HANDED_OUT
        if _assignment_of(file.where, names) in {"", hand_in.assignment}
    ]
    note = [f"also handed in, and not read: {_listed(unread)}"] if unread else []
    return replace(hand_in, helpers=tuple(modules), notes=(*hand_in.notes, *note))


def _listed(files: Sequence[File]) -> str:
    return _some([file.shown for file in files])


def _some(names: Sequence[str]) -> str:
    """Some names, the first of them if there are many."""
    more = [f"{len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
    return ", ".join([*names[:MAX_NAMED], *more])


def _all_files(folder: Path, where: tuple[str, ...] = ()) -> Iterator[File]:
    """Every file beneath a folder, those in zips too; a folder without any as a file without a name."""
    try:
        entries = [entry for entry in sorted(folder.iterdir()) if entry.name not in IGNORED]
    except OSError as error:
        yield File(where or (folder.name,), folder, why=f"cannot be opened: {error.strerror}")
        return
    hidden = [entry for entry in entries if entry.name.startswith(".")]
    yield from (File((*where, entry.name), entry, why="hidden") for entry in hidden if _holds_a_notebook(entry))
    if where and len(entries) == len(hidden):
        yield File((*where, ""), folder)
    for entry in entries:
        here = (*where, entry.name)
        if entry in hidden:
            continue
        if entry.is_symlink():
            is_notebook = NOTEBOOK.fullmatch(entry.name)  # then it has a learner, who is told
            yield File(here, entry, why="" if is_notebook else "a link, which is not followed")
        elif entry.is_dir():
            yield from _all_files(entry, here) if len(here) < 12 else [File(here, entry, why="too deep")]
        elif entry.suffix.lower() == ".zip":
            yield from _zipped(entry, here)
        else:
            yield File(here, entry)


def _holds_a_notebook(hidden: Path) -> bool:
    """Whether a file or folder with a hidden name is a notebook but for that, or holds one."""
    found = [hidden.name, *(name for _, _, names in os.walk(hidden) for name in names)]
    return any(NOTEBOOK.fullmatch(name.removeprefix(".")) and not name.startswith("._") for name in found)


def _zipped(path: Path, where: tuple[str, ...]) -> Iterator[File]:
    """The files of a zip and of the zips in it; the zip itself if they are too many."""
    found = list(islice(_members(path, where), MAX_MEMBERS + 1))
    yield from found if len(found) <= MAX_MEMBERS else [File(where, path, why=_too_many(MAX_MEMBERS))]


def _too_many(most: int) -> str:
    return f"not unpacked: it has more than {most} files"


def _members(path: Path, where: tuple[str, ...], inside: tuple[str, ...] = ()) -> Iterator[File]:
    """The files of one zip, and of the zips in it; the zip itself, with the reason, if it is not unpacked."""
    try:
        members = _members_of(_opened(path, _stamp(path), inside), MAX_INNER if inside else MAX_MEMBERS)
    except NotGradable as reason:
        yield File(where, path, inside, str(reason))
        return
    except ZIP_FAULTS:
        yield File(where, path, inside, "a zip that cannot be read")
        return
    for name, parts in members:
        here, entry = (*where, *parts), (*inside, name)
        if any(part.startswith(".") for part in parts):
            yield File(here, path, entry, "hidden")
        elif parts[-1].lower().endswith(".zip") and not inside:
            yield from _members(path, here, entry)
        else:
            yield File(here, path, entry)


def _members_of(archive: zipfile.ZipFile, most: int) -> list[tuple[str, tuple[str, ...]]]:
    """The files of a zip, each by its name and the parts of that; of the hidden ones the notebooks."""
    found = []
    size = archive.fp.seek(0, os.SEEK_END) if archive.fp is not None else 0
    for info in archive.infolist():
        parts = tuple(part for part in info.filename.replace("\\", "/").split("/") if part not in {"", ".", ".."})
        is_hidden = any(part.startswith(".") for part in parts)
        if not parts or info.is_dir() or any(part in IGNORED or part.startswith("._") for part in parts):
            continue
        if not is_hidden or NOTEBOOK.fullmatch(parts[-1].removeprefix(".")):
            found.append((info.filename, parts))
    if len(found) > most:
        raise NotGradable(_too_many(most))
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > max(MAX_ZIPPED, 100 * size):
        raise NotGradable(f"not unpacked: it would grow to {unpacked / 2**20:.0f} MB")
    return found


ZIP_FAULTS = (
    OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError, ValueError, EOFError, struct.error,
    zlib.error, lzma.LZMAError,
)  # fmt: skip


# A zip, and one of the zips in it: to read a table anew for each file takes the square of the time.
@lru_cache(maxsize=2)
def _opened(path: Path, stamp: tuple[int, ...], inside: tuple[str, ...]) -> zipfile.ZipFile:
    """A zip, or one in it, whose table of contents is not too long."""
    if inside:
        content = _entry(_opened(path, stamp, inside[:-1]), inside[-1])
        _refuse_long_table(content)
        return zipfile.ZipFile(io.BytesIO(content))
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content_on_disk:
        _refuse_long_table(content_on_disk)
    return zipfile.ZipFile(path)


def _stamp(path: Path) -> tuple[int, ...]:
    """What is another number when another file is there."""
    about = path.stat()
    return about.st_ino, about.st_size, about.st_mtime_ns


def _refuse_long_table(content: bytes | mmap.mmap) -> None:
    """Raise `NotGradable` before a table is read that would take long: each of its entries begins with this mark."""
    if next(islice(re.finditer(b"PK\x01\x02", content), MAX_ENTRIES, None), None):
        raise NotGradable(_too_many(MAX_ENTRIES))


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """An entry of a zip, if it is not too large whatever the zip says of its size."""
    if stat.S_ISLNK(archive.getinfo(name).external_attr >> 16):
        raise NotGradable("it is a link, where an ordinary file belongs")
    with archive.open(name) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise NotGradable(f"it has more than {MAX_BYTES // 2**20} MB")
    return content


def _containers(files: Sequence[File]) -> set[str]:
    """Zips at the top that hold the work of several learners: two notebooks of one name in two folders."""
    seen: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for file in files:
        if len(file.where) > 2 and file.where[0].lower().endswith(".zip") and NOTEBOOK.fullmatch(file.name):
            seen[file.where[0], file.name].add(file.where[1:-1])
    return {top for (top, _), folders in seen.items() if len(folders) > 1}


def _class_folders(files: Sequence[File], notebooks: dict[File, str], names: Sequence[str]) -> dict[str, list[str]]:
    """Folders at the top that hold the work of several learners, each for one assignment; and these learners.

    That there are several names in it is not enough: a learner's folder may hold the folders try1 and try2. It is a
    class's if a folder of another assignment has two of the names too, or if no other folder stands beside it.
    """
    inside: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file, name in notebooks.items():
        if (learner := learner_of(file.where[1:], names)) != learner_of(file.where, names):
            inside[file.where[0]][learner].add(name)
    possible = {
        top: (set().union(*learners.values()), set(learners))
        for top, learners in inside.items()
        if len(learners) > 1 and "" not in learners and len(set().union(*learners.values())) == 1
    }
    alone = len({file.where[0] for file in files if len(file.where) > 1}) == 1
    return {
        top: sorted(who)
        for top, (what, who) in possible.items()
        if alone or any(what != others and len(who & whose) > 1 for others, whose in possible.values())
    }


def _kept_apart(
    wheres: dict[File, tuple[str, ...]], about: dict[File, str], names: Sequence[str]
) -> tuple[dict[File, str], list[str]]:
    """Whose each file is, and a sentence on each name that several learners have: it gets the platform's number."""
    learners, numbers = {}, {}
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file, where in wheres.items():
        learners[file], numbers[file], is_lasting = _owner_of(where, names)
        if numbers[file]:
            seen[learners[file]]["" if is_lasting else about[file]].add(numbers[file])
    several = {
        who: sorted(set().union(*of.values())) for who, of in seen.items() if any(len(n) > 1 for n in of.values())
    }
    for file, number in numbers.items():
        if number and learners[file] in several:
            learners[file] += f"_{number}"
    told = [
        f"Several learners are called {who}, so the platform's numbers keep them apart: "
        + _some([f"{who}_{number}" for number in those])
        for who, those in several.items()
    ]
    return learners, told


def _assignment_of(where: Sequence[str], names: Sequence[str]) -> str:
    """The assignment whose name stands in the file's name, or in that of a folder above it, the nearest first."""
    for part in reversed(where):
        for name in names:
            if name in part:
                return name
    return ""


def learner_of(where: Sequence[str], names: Sequence[str]) -> str:
    """The learner's name, from the names of folders and file."""
    return _owner_of(where, names)[0]


def _owner_of(where: Sequence[str], names: Sequence[str]) -> tuple[str, str, bool]:
    """The learner's name, a platform's number of the learner or "", and whether that is one for all assignments."""
    for part in where[:-1]:
        if match := IN_FOLDER.fullmatch(part):
            return name_of(match["who"]), match["number"], False
    for part in where:
        if ENDING.search(part) and (match := IN_FILE.fullmatch(part)):
            return name_of(match["who"]), match["number"], True
    for part in where:
        stem = ENDING.sub("", part)
        if part == where[-1] and len(where) == 1 and not any(name in stem for name in names):
            break
        for name in names:
            before, found, after = stem.partition(name)
            if found and ADDED.fullmatch(after):
                stem = before.rstrip(" _-")
        if stem and stem != where[-1]:
            return name_of(stem), "", False
    return "", "", False


def name_of(name: str) -> str:
    """A name that nbgrader can use in its paths, patterns and pages."""
    name = shown(unicodedata.normalize("NFC", name).strip())
    return re.sub(r"[\[\]*?{}\\/<>&\"`\x00-\x1f\x7f]", "_", name)[:120].strip(".") or "_"


def shown(name: str) -> str:
    """A name without characters that turn text around, break lines, cannot be seen or cannot be written to a file."""
    return "".join("_" if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else one for one in name)


def _told_by_content(file: File, assignments: Sequence[Assignment]) -> str:
    """The assignment of which a notebook holds most cells."""
    try:
        cells, _ = parse(read_file(file))
    except NotGradable:
        return ""
    names = {_given_name(cell) for cell in cells}
    best = max(assignments, key=lambda assignment: len(names & assignment.frame.keys()))
    return best.name if len(names & best.frame.keys()) >= 3 else ""


def _chosen(learner: str, name: str, files: Sequence[File], assignment: Assignment) -> HandIn:
    """Of several notebooks the one in which most is written; among equals the later."""
    if len(files) == 1:
        plain = re.fullmatch(rf"(.*[ _-])?{re.escape(name)}\.ipynb", files[0].name)
        return HandIn(learner, name, files[0], () if plain else (f"the file was called {shown(files[0].name)}",))
    last = sorted(files, key=lambda file: (_attempt(file.name), time_of(file)))[-MAX_CHOICE:]
    ranked = sorted(last, key=lambda file: (_written(file, assignment), _attempt(file.name), time_of(file)))
    left_out = [file for file in files if file != ranked[-1]]
    taken = f"{len(files)} notebooks: taken is {ranked[-1].shown}, in which most is written"
    compared = "" if len(files) <= MAX_CHOICE else f" (of the last {MAX_CHOICE})"
    note = f"{taken}{compared}; left out: {_listed(left_out)}"
    return HandIn(learner, name, ranked[-1], (note,), tuple(ranked[:-1]))


def _written(file: File, assignment: Assignment) -> int:
    try:
        fitted = fit(parse(read_file(file))[0], assignment)
    except NotGradable:
        return -1
    answers = [cell.name for cell in assignment.cells if cell.is_answer]
    return len(answers) - len({*fitted.unwritten, *fitted.removed})


def _attempt(name: str) -> int:
    found = re.search(r"[-(_ ](\d{1,3})\)?\.ipynb(\.\w+)?$", name, flags=re.IGNORECASE)
    return int(found[1]) if found else 0


def time_of(file: File) -> float:
    """When it, or the zip that holds it, was written."""
    try:
        return file.path.lstat().st_mtime
    except OSError:
        return 0.0


# Reading


def read_file(file: File) -> bytes:
    """The content of an ordinary file of ordinary size; raises `NotGradable` for anything else."""
    try:
        about = file.path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise NotGradable("it is a link or a special file, where an ordinary file belongs")
        if not file.inside:
            if about.st_size > MAX_BYTES:
                raise NotGradable(f"it has {about.st_size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB are read")
            return file.path.read_bytes()
        return _entry(_opened(file.path, _stamp(file.path), file.inside[:-1]), file.inside[-1])
    except OSError as error:
        raise NotGradable(f"it cannot be opened: {error.strerror}") from None
    except ZIP_FAULTS as error:
        raise NotGradable(f"it cannot be taken out of its zip: {error}") from None


def parse(content: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The cells of a notebook, each with `cell_type`, `source`, `metadata` and `id`, and notes; or `NotGradable`."""
    if not content.strip(b"\0\xff\xfe\xef\xbb\xbf \t\r\n"):
        raise NotGradable("the file is empty")
    notes = []
    try:
        tree = json.loads(content)  # in UTF-8, 16 or 32, with a byte order mark or without
    except UnicodeDecodeError:
        tree = _in_an_old_encoding(content)
        notes.append("the file was not in UTF-8 and was read as Windows-1252")
    except (ValueError, RecursionError):
        raise NotGradable("it is not JSON, so not a notebook, or was cut off on its way") from None
    if not isinstance(tree, dict) or not ("cells" in tree or "worksheets" in tree):
        raise NotGradable("it is not a notebook: it has no cells")
    if tree.get("nbformat") != 4:
        notes.append(f"the file was in notebook format {str(tree.get('nbformat'))[:20]} and was read as format 4")
        tree = _upgraded(tree)
    cells = [_cell(cell) for cell in tree["cells"] if isinstance(cell, dict)] if isinstance(tree["cells"], list) else []
    if not cells:
        raise NotGradable("it is a notebook without cells")
    if len(cells) > MAX_CELLS:
        raise NotGradable(f"it has {len(cells)} cells; at most {MAX_CELLS} are read")
    return cells, notes


def _in_an_old_encoding(content: bytes) -> Any:
    try:
        return json.loads(content.decode("cp1252"))
    except (ValueError, RecursionError):
        raise NotGradable("it is not JSON, so not a notebook, or was cut off on its way") from None


def _upgraded(tree: dict[str, Any]) -> dict[str, Any]:
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbformat logs what it thinks of broken notebooks
    try:
        return nbformat.reads(json.dumps(tree), as_version=4)
    except Exception as error:  # whatever stands in the file
        raise NotGradable(f"its notebook format cannot be read: {type(error).__name__}") from None


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    kind, name = cell.get("cell_type"), cell.get("id")
    source = source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""
    return {
        "cell_type": kind if kind in {"code", "markdown", "raw"} else "raw",
        "source": source[:MAX_SOURCE].encode(errors="replace").decode(),
        "metadata": cell.get("metadata"),
        "id": name if isinstance(name, str) else "",
        "attachments": cell.get("attachments"),
    }


# Fitting


@dataclass
class Piece:
    """A cell of a submission in its frame: a `cell` of the assignment, or the learner's own; `text` is what it holds.

    `runs` is whether it runs while scores are made.
    """

    kind: str
    text: str
    cell: Cell | None = None
    runs: bool = False
    attachments: Any = None


@dataclass
class Fitted:
    """A submission in the frame of its assignment.

    Attributes
    ----------
    pieces : list of Piece
        All of the assignment's cells and all that the learner wrote, in an order that runs.
    removed, unwritten : list of str
        The answer cells that are gone, and those that are as they were handed out and answered nowhere else.
    for_a_person : set of str
        The items that a person must look at, because text of the learner's may belong to them and was not graded.
    notes : list of str
        What else the instructor may want to know.
    """

    pieces: list[Piece]
    removed: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    for_a_person: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def fit(submitted: Sequence[dict[str, Any]], assignment: Assignment) -> Fitted:
    """Put a submission's answers and own cells into the frame of the source.

    Parameters
    ----------
    submitted : sequence of dict
        What `parse` returned.
    assignment : Assignment
        The frame.

    Returns
    -------
    Fitted
        Answers and own cells in the learner's order; each cell of the source after all answers that precede it there,
        with the learner's own cells that followed it.

    Raises
    ------
    NotGradable
        If no cell of the assignment is in it.
    """
    names = _matched(submitted, assignment)
    known = {name for name in names if name}
    if not any(assignment.frame[name].is_answer for name in known):
        others = {name for cell in submitted if (name := grade_id_of(cell)) and name not in assignment.frame}
        if len(known) < 2:
            raise NotGradable("no cell of it belongs to this assignment, so there is nothing to grade")
        if len(others) > len(known):  # all begin and end with the same words
            raise NotGradable("its cells are those of another assignment, so there is nothing to grade")
    answers, followers, copied = _taken_apart(submitted, names, assignment)
    fitted = Fitted([])
    fitted.removed = [cell.name for cell in assignment.cells if cell.is_answer and cell.name not in answers]
    fitted.pieces = _in_order(answers, followers, assignment)
    elsewhere = _defined_elsewhere(fitted, assignment)
    for name, piece in answers.items():
        if plain(piece.text) == plain(assignment.frame[name].handed_out):
            piece.runs &= name not in elsewhere  # a stub that would overwrite what was written in another cell
            if name not in elsewhere:
                fitted.unwritten.append(name)
    for name in elsewhere:
        fitted.notes.append(f"{assignment.titles([name])}: answered in a cell of the learner's own")
    fitted.removed = [name for name in fitted.removed if name not in elsewhere]
    if copied:
        told = "the first counts as the answer; copies of an answer ran as own cells"
        fitted.notes.append(f"copied cells: {assignment.titles(copied)} ({told})")
    _look_for_text(fitted, assignment)
    return fitted


def plain(source: str) -> str:
    """A text without what editors add and take away at the ends of lines."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _given_name(cell: dict[str, Any]) -> str:
    return grade_id_of(cell) or cell["id"]


def _matched(submitted: Sequence[dict[str, Any]], assignment: Assignment) -> list[str]:
    """The name in the frame of each submitted cell, or an empty string.

    By its metadata, or its id; where these were lost, by its text, by the function that it defines, or by its place.
    """
    frame = assignment.frame
    names = [
        name if (name := grade_id_of(cell)) in frame else cell["id"] if cell["id"] in frame else ""
        for cell in submitted
    ]
    texts = {plain(cell.handed_out): name for name, cell in frame.items() if name not in names}
    for number, cell in enumerate(submitted):
        if not names[number] and (name := texts.get(plain(cell["source"]), "")) and name not in names:
            names[number] = name
    for number, cell in enumerate(submitted):
        if not names[number] and cell["cell_type"] == "code":
            wanted = [assignment.answers.get(name, "") for name in names_in(cell["source"])]
            fitting = [name for name in wanted if name and name not in names]
            names[number] = fitting[0] if fitting else ""
    for before, framed in zip(assignment.cells, assignment.cells[1:], strict=False):
        if framed.part == "by hand" and framed.name not in names and before.name in names:
            place = names.index(before.name) + 1  # an answer in words: what stands where it belongs
            if place < len(names) and not names[place] and submitted[place]["cell_type"] == framed.kind:
                names[place] = framed.name
    return names


def _taken_apart(
    submitted: Sequence[dict[str, Any]], names: Sequence[str], assignment: Assignment
) -> tuple[dict[str, Piece], dict[str, list[Piece]], list[str]]:
    """The answers by name in the learner's order, the own cells by the known cell that they follow, and copies.

    What a learner has changed or added in a given cell follows it as a cell of the learner's own.
    """
    answers: dict[str, Piece] = {}
    followers: dict[str, list[Piece]] = defaultdict(list)
    seen: set[str] = set()
    copied: dict[str, None] = {}
    last = ""
    for cell, name in zip(submitted, names, strict=True):
        own = Piece(cell["cell_type"], cell["source"], None, cell["cell_type"] == "code", cell["attachments"])
        if not name:
            followers[last].append(own)
            continue
        framed = assignment.frame[name]
        if name in seen:
            copied[name] = None
            if framed.is_answer or plain(own.text) != plain(framed.handed_out):
                followers[last].append(own)  # it ran last in the learner's notebook, and does so here
            continue
        seen.add(name)
        last = name
        if framed.is_answer:
            answers[name] = Piece(framed.kind, cell["source"], framed, _runs(framed, cell["source"], assignment))
            answers[name].attachments = cell["attachments"] if framed.kind == "markdown" else None
        elif added := _added(own.text, framed):
            followers[name].append(replace(own, text=added))
    return answers, followers, list(copied)


def _runs(framed: Cell, text: str, assignment: Assignment) -> bool:
    """Whether an answer runs while scores are made: not what a person marks, unless it defines a function."""
    return framed.kind == "code" and (framed.part == "answer" or bool({*names_in(text)} & assignment.answers.keys()))


def _added(text: str, framed: Cell) -> str:
    """What a learner wrote into a given cell: all of it if it is code, else the lines that are new."""
    if plain(text) == plain(framed.handed_out):
        return ""
    old = {line.strip() for line in framed.handed_out.splitlines()}
    new = [line for line in text.splitlines() if line.strip() not in old]
    if not any(line.strip() for line in new):
        return ""
    return text if framed.kind == "code" else "\n".join(new).strip()


def _in_order(answers: dict[str, Piece], followers: dict[str, list[Piece]], assignment: Assignment) -> list[Piece]:
    frame = assignment.frame
    in_source = [name for name, cell in frame.items() if cell.is_answer]
    order = list(answers)
    for index, name in enumerate(in_source):  # those that are missing after their predecessor in the source
        if name not in order:
            order.insert(order.index(in_source[index - 1]) + 1 if index else 0, name)
    pieces = list(followers[""])
    waiting = [name for name, cell in frame.items() if not cell.is_answer]
    before = {
        name: {other for other in list(frame)[: list(frame).index(name)] if other in in_source} for name in waiting
    }
    placed: set[str] = set()
    for name in ("", *order):
        if name:
            pieces += [answers.get(name) or Piece(frame[name].kind, frame[name].source, frame[name]), *followers[name]]
            placed.add(name)
        for given in [other for other in waiting if before[other] <= placed]:
            waiting.remove(given)
            cell = frame[given]
            runs = cell.kind == "code" and cell.part == "given"
            pieces += [Piece(cell.kind, cell.source, cell, runs), *followers[given]]
    return pieces


def _defined_elsewhere(fitted: Fitted, assignment: Assignment) -> list[str]:
    """The answer cells that are stubs, or gone, and whose functions another cell of the learner's defines."""
    defined = {
        (name, piece.cell.name if piece.cell is not None else "")
        for piece in fitted.pieces
        if piece.runs and (piece.cell is None or piece.cell.is_answer)
        for name in names_in(piece.text)
    }
    cells = dict.fromkeys(
        cell for function, cell in assignment.answers.items() if any(f == function and c != cell for f, c in defined)
    )
    is_stub = {
        piece.cell.name
        for piece in fitted.pieces
        if piece.cell is not None and plain(piece.text) in {plain(piece.cell.handed_out), plain(piece.cell.source)}
    }
    return [name for name in cells if name in is_stub]


def _look_for_text(fitted: Fitted, assignment: Assignment) -> None:
    """Name the items to which text may belong that is not graded by itself."""
    written = [piece for piece in fitted.pieces if piece.cell is None and piece.text.strip()]
    prose = [piece for piece in written if piece.kind != "code"]
    open_ones = {*fitted.unwritten, *fitted.removed}
    for cell in assignment.cells:
        if cell.part == "by hand" and cell.name in open_ones and (written if cell.kind == "code" else prose):
            fitted.for_a_person.add(cell.name)
            fitted.unwritten = [name for name in fitted.unwritten if name != cell.name]
            fitted.notes.append(f"{cell.title}: nothing in its cell, but there is text elsewhere; please look")
    not_run = [piece for piece in fitted.pieces if _is_text_that_cannot_run(piece)]
    concerned = {
        item.name
        for item in assignment.items.values()
        for function in item.functions
        if any(re.search(rf"\b{re.escape(function)}\b", piece.text) for piece in not_run)
    }
    fitted.for_a_person |= concerned
    for piece in not_run[:1]:
        begins = shown(next(line for line in piece.text.splitlines() if line.strip()).strip()[:60])
        look = "; please look" if concerned else ""
        fitted.notes.append(f"code that Python {sys.version.split()[0]}, which grades, cannot read ({begins}){look}")


# Lines of a cell that are IPython's: magics, commands of the shell, what either returns, questions.
OF_IPYTHON = re.compile(r"^([ \t]*)(?:(?:[\w., ]+=[ \t]*)?[%!]|\?|.*\?[ \t]*$).*$", re.MULTILINE)


def _is_text_that_cannot_run(piece: Piece) -> bool:
    """Whether a piece of the learner's is, or may be, code, and Python cannot read it or nobody runs it."""
    if piece.cell is not None and not piece.cell.is_answer:
        return False
    if piece.runs:
        try:
            ast.parse(OF_IPYTHON.sub(r"\1pass", piece.text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return not piece.text.lstrip().startswith("%%")
        return False
    return piece.kind != "code" and bool(re.search(r"^\s*def \w+\(", piece.text, flags=re.M))
