"""The exercises of a page: found, held to their form, and filled in as a reader would.

What an exercise is made of: a cell with a function whose body is `...` (or is wrong, and to be mended), its check
beneath with the message as a stored error, hints, a cell tagged `solution` that defines the same under a name that ends
in _solution, and a call of `checks.choose`, which takes the reader's function where it is right.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from nbformat import NotebookNode, from_dict

from tools.series import DRAWING, FOLDED, GUARD, SOLUTION

SUFFIX = "_solution"
MAY_RAISE = "raises-exception"  # Jupyter, nbclient and nbval run on after such a cell
UNWRITTEN = "not written yet"
OF_THE_SOLUTION = "from here on with the solution"  # what `checks.choose` prints

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Exercise:
    """What is to be written, and the places of its cells in the page; None for one that is missing."""

    name: str
    stub: int
    check: int | None
    solution: int
    choice: int | None


def find(notebook: NotebookNode) -> list[Exercise]:
    """The exercises of a page, in its order: for each solution the cell above it that defines what it solves."""
    found = []
    code = [(place, cell) for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for place, cell in code:
        for name in _solved(cell):
            above = [n for n, each in code if n < place and name in definitions(each.source) and not is_folded(each)]
            if above:
                stub = above[-1]
                checks = [n for n, each in code if stub < n < place and MAY_RAISE in tags(each)]
                choices = [n for n, each in code if n > place and _is_choice(each.source, name)]
                found.append(Exercise(name, stub, *checks[:1] or [None], place, *choices[:1] or [None]))
    return found


def tags(cell: NotebookNode) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def is_folded(cell: NotebookNode) -> bool:
    """Whether not everybody reads a cell."""
    return not tags(cell).isdisjoint(FOLDED)


def definitions(source: str) -> dict[str, Definition]:
    """The functions and classes that a cell defines, outside of any other; none if it is no Python."""
    return {each.name: each for each in statements(source) if isinstance(each, Definition)}


def statements(source: str) -> list[ast.stmt]:
    """The statements of a cell; none if it is no Python."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):  # not finished yet; a null byte
        return []


def is_empty(definition: ast.stmt) -> bool:
    """Whether a function, or a method of a class, is still to be written."""
    if isinstance(definition, ast.ClassDef):
        return any(is_empty(each) for each in definition.body if isinstance(each, Definition))
    return isinstance(definition, Definition) and not _written(definition)


def _written(function: Definition) -> list[ast.stmt]:
    """What stands in a body besides a docstring, `...` and `pass`."""
    return [
        each
        for each in function.body
        if not isinstance(each, ast.Pass) and not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def _solved(cell: NotebookNode) -> list[str]:
    """The names of the exercises that a cell solves."""
    if cell.cell_type != "code" or SOLUTION not in tags(cell):
        return []
    return [name.removesuffix(SUFFIX) for name in definitions(cell.source) if name.endswith(SUFFIX)]


def _calls(source: str) -> Iterator[tuple[str, list[str]]]:
    """The functions of `checks` that a cell calls, each with its arguments as they are written."""
    for node in (node for each in statements(source) for node in ast.walk(each)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("checks."):
            yield ast.unparse(node.func).removeprefix("checks."), [ast.unparse(each) for each in node.args]


def _is_choice(source: str, name: str) -> bool:
    return any(called == "choose" and given[:2] == [name, name + SUFFIX] for called, given in _calls(source))


# Their form


def faults(notebook: NotebookNode) -> Iterator[str]:
    """A line for each way in which a page's exercises and folded cells are not what their tags say."""
    from rnn_helpers.pytest_pages import asserts

    exercises = find(notebook)
    for exercise in exercises:
        yield from _faults_of(exercise, notebook)
    written = {(exercise.name, exercise.stub) for exercise in exercises}
    shown = False  # whether the last cell that is no guard shows something
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        where = f"cell {place}, {cell.id}"
        empty = [name for name, definition in definitions(cell.source).items() if is_empty(definition)]
        if set(empty) - {name for name, stub in written if stub == place}:
            yield f"{where}: {' and '.join(empty)} is empty, and no solution follows"
        if SOLUTION in tags(cell):
            solved = _solved(cell)
            if not solved:
                yield f"{where}: a solution defines a function whose name ends in {SUFFIX}"
            for name in set(solved) - {exercise.name for exercise in exercises if exercise.solution == place}:
                yield f"{where}: no cell above defines {name}, which this solves"
        if GUARD in tags(cell) and not asserts(cell.source):
            yield f"{where}: a guard holds an assertion"
        if GUARD in tags(cell) and not (shown or cell.outputs):
            yield f"{where}: a guard follows a cell that shows what it guards, or shows it"
        if DRAWING in tags(cell) and not any("data" in output for output in cell.outputs):
            yield f"{where}: a drawing shows something"
        if GUARD not in tags(cell):
            shown = bool(cell.outputs)


def _faults_of(exercise: Exercise, notebook: NotebookNode) -> Iterator[str]:
    name, cells = exercise.name, notebook.cells
    following = [n for n, cell in enumerate(cells) if n > exercise.stub and cell.cell_type == "code"]
    if exercise.check is None or exercise.check != following[0]:
        yield f"{name}: the next cell of code calls its check, and is tagged {MAY_RAISE}"
    else:
        errors = [output for output in cells[exercise.check].outputs if output.output_type == "error"]
        if not any(error.ename == "CheckFailed" for error in errors):
            yield f"{name}: its check stores what it says while nothing is written: a CheckFailed"
        elif is_empty(definitions(cells[exercise.stub].source)[name]) and UNWRITTEN not in errors[0].evalue:
            yield f"{name}: its body is empty, and the stored message does not say {UNWRITTEN!r}"
    if exercise.choice is None:
        yield f"{name}: no cell beneath the solution calls checks.choose({name}, {name + SUFFIX})"
    elif not any(OF_THE_SOLUTION in output.get("text", "") for output in cells[exercise.choice].outputs):
        yield f"{name}: the page is stored with nothing filled in, so checks.choose says {OF_THE_SOLUTION!r}"


# Filled in


def with_definition(source: str, name: str, text: str) -> str:
    """A cell with this text in place of what defines a name."""
    definition = definitions(source)[name]
    first = min(node.lineno for node in [definition, *definition.decorator_list])
    lines = source.split("\n")
    lines[first - 1 : definition.end_lineno] = text.split("\n")
    return "\n".join(lines)


def solution(exercise: Exercise, notebook: NotebookNode) -> str:
    """The cell with the page's own solution in it."""
    text = re.sub(rf"\b{exercise.name}{SUFFIX}\b", exercise.name, notebook.cells[exercise.solution].source)
    return with_definition(notebook.cells[exercise.stub].source, exercise.name, text)


def known_mistake(exercise: Exercise, notebook: NotebookNode) -> str:
    """The cell with the first mistake in it that the check knows by name; one that returns 0 where it knows none."""
    from rnn_helpers import checks

    called = [
        name
        for name, given in _calls(notebook.cells[exercise.check or exercise.stub].source)
        if name in checks.PARTS and given[:1] == [exercise.name]
    ]
    if not called or not checks.build(called[0], 0).mistakes:
        return with_body("return 0")(exercise, notebook)
    text = f"from rnn_helpers import checks\n\n{exercise.name} = checks.build({called[0]!r}, 0).mistakes[0][1]"
    return with_definition(notebook.cells[exercise.stub].source, exercise.name, text)


def with_body(statement: str) -> Callable[[Exercise, NotebookNode], str]:
    """What gives the cell with this statement as the whole body, in a class as the body of each empty method."""

    def write(exercise: Exercise, notebook: NotebookNode) -> str:
        lines = notebook.cells[exercise.stub].source.split("\n")
        definition = definitions(notebook.cells[exercise.stub].source)[exercise.name]
        functions = [definition]
        if isinstance(definition, ast.ClassDef):
            functions = [each for each in definition.body if isinstance(each, ast.FunctionDef)]
            functions = [each for each in functions if is_empty(each)] or functions
        for function in reversed(functions):
            first, last = function.body[0], function.body[-1]
            start = lines[first.lineno - 1][: first.col_offset]  # for a body behind the colon, its head
            lines[first.lineno - 1 : last.end_lineno] = [start + statement]
        return "\n".join(lines)

    return write


WRONG_BODIES = tuple(with_body(each) for each in ("raise RuntimeError('wrong')", "return None", "return 'wrong'"))


def filled(notebook: NotebookNode, *writers: Callable[[Exercise, NotebookNode], str]) -> NotebookNode:
    """A copy of a page with its exercises written, by the writers in turn."""
    page = from_dict(notebook)
    for exercise, write in zip(find(notebook), cycle(writers), strict=False):
        page.cells[exercise.stub].source = write(exercise, notebook)
    return page


def wrong(notebook: NotebookNode) -> NotebookNode:
    """A copy of a page with wrong functions in its exercises, of several kinds."""
    page = filled(notebook, known_mistake, *WRONG_BODIES)
    for exercise in find(notebook):
        # A cell that goes on to show what its broken function gives stops at one that gives something else, as it
        # should: that one stays as it is, which is wrong enough.
        if notebook.cells[exercise.stub].outputs:
            page.cells[exercise.stub].source = notebook.cells[exercise.stub].source
    return page


def surprises(stored: NotebookNode, run: NotebookNode, *, right: bool) -> Iterator[str]:
    """A line for each cell of a filled page that shows something else than the stored page lets expect.

    Parameters
    ----------
    stored : NotebookNode
        The page as it is published.
    run : NotebookNode
        The same, filled in and executed.
    right : bool
        Whether what was filled in is right.
    """
    exercises = find(stored)
    passed_over = {exercise.stub for exercise in exercises} | {exercise.check for exercise in exercises}
    for exercise in exercises:
        errors = [output.ename for output in run.cells[exercise.check].outputs if output.output_type == "error"]
        if errors != ([] if right else ["CheckFailed"]):
            yield f"{exercise.name}: the check of a {'right' if right else 'wrong'} one raises {errors or 'nothing'}"
    for place, (before, now) in enumerate(zip(stored.cells, run.cells, strict=True)):
        if before.cell_type != "code" or place in passed_over:
            continue
        expected, shown = _compared(before), _compared(now)
        for exercise in exercises:
            if right and exercise.choice == place:
                mine = OF_THE_SOLUTION.replace("the solution", f"your {exercise.name}")
                expected = expected.replace(OF_THE_SOLUTION, mine, 1)
        if shown != expected:
            yield f"cell {place}, {before.id}, shows\n{shown}\nwhere this belongs:\n{expected}"


def _compared(cell: NotebookNode) -> str:
    """What a cell shows, as nbval compares it: no pictures, and no numbers of lines that end in "(on this machine)"."""
    from nbval.plugin import get_sanitize_patterns

    from rnn_helpers.pytest_pages import SANITIZE_FILE

    texts: list[Any] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        else:
            texts += [str(value) for kind, value in sorted(output.data.items()) if not kind.startswith("image/")]
    text = "\n".join(texts)
    for pattern, replacement in get_sanitize_patterns(SANITIZE_FILE.read_text(encoding="ascii")):
        text = re.sub(pattern, replacement, text)
    return text
