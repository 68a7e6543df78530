"""An assignment as grading needs it: the cells of its source, each with its part, and the items that carry points."""

from __future__ import annotations

import ast
import copy
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from rnn_grading.examiner import Item, functions_of, imports_of, needs_torch
from rnn_grading.walls import Problem, View

__all__ = ["Assignment", "Cell", "for_reading", "grade_id_of", "names_in", "read"]


@dataclass(frozen=True)
class Cell:
    """A cell of an assignment's frame.

    Attributes
    ----------
    name : str
        Its grade_id.
    kind : str
        "code" or "markdown".
    part : str
        "given", "answer", "test", or "by hand": an answer that a person marks.
    source : str
        With a stub for a solution, and with hidden tests.
    handed_out : str
        Without hidden tests: what a learner was given.
    points : float
        0 for what carries none.
    title : str
        The heading above it.
    """

    name: str
    kind: str
    part: str
    source: str
    handed_out: str
    points: float
    title: str

    @property
    def is_answer(self) -> bool:
        """Whether the learner writes in it."""
        return self.part in {"answer", "by hand"}

    @property
    def has_points(self) -> bool:
        """Whether it is an item of the score."""
        return self.part in {"test", "by hand"}


@dataclass(frozen=True)
class Assignment:
    """All of one assignment that its grading needs; can be sent to another process.

    Attributes
    ----------
    name : str
        Of the folder and the notebook.
    digest : str
        Of the source file.
    cells : tuple of Cell
        The frame.
    answers : dict
        The name of each function that a learner writes, and of the answer cell that it belongs in.
    """

    name: str
    digest: str
    cells: tuple[Cell, ...]
    answers: dict[str, str]

    @cached_property
    def frame(self) -> dict[str, Cell]:
        """The cells by name."""
        return {cell.name: cell for cell in self.cells}

    @cached_property
    def items(self) -> dict[str, Item]:
        """What is judged, by name."""
        return {
            cell.name: Item(
                cell.name, cell.source, functions_of(cell.source, list(self.answers)), cell.points, cell.title,
                needs_torch(cell.source),
            )
            for cell in self.cells
            if cell.part == "test"
        }  # fmt: skip

    def titles(self, names: Iterable[str]) -> str:
        """The headings above some cells, for a person to read."""
        return ", ".join(dict.fromkeys(self.frame[name].title for name in names))

    @property
    def max_score(self) -> float:
        """The points of all items."""
        return sum(cell.points for cell in self.cells)

    @property
    def _given_code(self) -> list[str]:
        return [cell.source for cell in self.cells if cell.part == "given" and cell.kind == "code"]

    @property
    def imports(self) -> dict[str, Any]:
        """What the given cells import, which tests may use."""
        return imports_of(self._given_code)

    def view(self, *, torch: bool = False) -> View:
        """What a worker sees. The reference is there if the assignment itself imports a name of it."""
        nodes = [node for source in self._given_code for node in ast.walk(ast.parse(source))]
        imported = {
            alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module == "rnn_helpers"
            for alias in node.names
        }
        return View(torch=torch, reference=bool(imported & {"RNN", "rnn_step", "rnn_forward", "parameter_shapes"}))

    @property
    def imports_torch(self) -> bool:
        """Whether its given cells do: then they fail where torch is not there, and that is no news."""
        return any("import torch" in source for source in self._given_code)


def read(path: Path) -> tuple[Assignment, NotebookNode]:
    """Read a source; returns its plan and the notebook itself. Raises `Problem` if it is none."""
    try:
        content = path.read_bytes()
        notebook = nbformat.reads(content.decode(), as_version=4)
    except (OSError, ValueError) as error:
        raise Problem(f"expected the notebook of an assignment in {path}: {error}") from None
    for cell in notebook.cells:
        points = about(cell).get("points", 0)
        if about(cell).get("grade") and not (type(points) in {int, float} and 0 <= points < math.inf):
            raise Problem(f"expected points of 0 or more in the cell {grade_id_of(cell)!r} of {path}, got {points!r}")
    try:
        template, shown = make_template(notebook), for_reading(notebook)
    except Exception as error:  # whatever nbgrader says of a source that is not as it should be
        raise Problem(f"nbgrader cannot read {path}: {str(error).partition(chr(10))[0]}") from None
    cells, title = [], path.stem
    answers: dict[str, str] = {}
    for original, stub, handed_out in zip(notebook.cells, template.cells, shown.cells, strict=True):
        headings = re.findall(r"^#+ (.+)$", stub.source, flags=re.M) if stub.cell_type == "markdown" else []
        title = headings[0] if headings and not is_answer(stub) else title
        name, part = grade_id_of(stub), part_of(stub)
        points = float(about(stub).get("points", 0)) if part in {"test", "by hand"} else 0.0
        title = re.sub(r" \(\d+ points?\)$", "", title)
        cells.append(Cell(name, stub.cell_type, part, stub.source, handed_out.source, points, title))
        if part == "answer" and stub.cell_type == "code":
            answers |= dict.fromkeys(names_in(original.source), name)
    return Assignment(path.stem, hashlib.sha256(content).hexdigest(), tuple(cells), answers), notebook


def names_in(source: str) -> list[str]:
    """The functions, classes and variables that a cell's top level defines; none if Python cannot read it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


# nbgrader's metadata, read without trust


def about(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """What nbgrader's metadata say of a cell."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The cell's name in the assignment; empty for a cell that is the learner's own."""
    found = about(cell).get("grade_id")
    return found if isinstance(found, str) else ""


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Whether the learner writes in it."""
    return bool(about(cell).get("solution"))


def part_of(cell: Mapping[str, Any]) -> str:
    """See `Cell.part`."""
    carries_points = bool(about(cell).get("grade"))
    if is_answer(cell):
        return "by hand" if carries_points else "answer"
    return "test" if carries_points and cell["cell_type"] == "code" else "given"


# Made with nbgrader's own steps


def make_template(source: NotebookNode) -> NotebookNode:
    """The source as nbgrader saves it in its database: stubs, locks and checksums, and the hidden tests."""
    from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, ClearSolutions, ComputeChecksums, LockCells

    return _through(source, LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums)


def for_reading(source: NotebookNode) -> NotebookNode:
    """The learners' version with the stored outputs of what is given: a page to read before one works on it."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    notebook = _through(source, ClearSolutions, ClearHiddenTests, ClearMarkScheme)
    for cell in notebook.cells:
        if is_answer(cell) or part_of(cell) == "test":  # what they print tells the answer
            cell.outputs = []
    return notebook


def _through(source: NotebookNode, *steps: Any) -> NotebookNode:
    notebook, resources = copy.deepcopy(source), dict[str, Any]()
    for step in steps:
        notebook, resources = step().preprocess(notebook, resources)
    return notebook
