"""Hold notebooks to what the series promises, in any folder: ``pytest --rnn-pages notebooks``.

nbval runs each notebook again and compares, strictly; the guards below turn red what it would let through. A pytest
plugin, inert without its option. ``python -m rnn_helpers.pytest_pages notebooks`` lists the lines whose numbers are not
compared, because they end in "(on this machine)".
"""

from __future__ import annotations

import ast
import base64
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["GUARDS", "MARK", "NUMBER_OF_WORDS", "SANITIZE_FILE", "SECONDS", "asserts", "faults", "main", "marked_lines"]

SANITIZE_FILE = Path(__file__).with_name("nbval_sanitize.cfg")
SECONDS = 300.0  # for one cell: a busy machine may need forty times as long as a quiet one
MARK = "(on this machine)"
NUMBER_OF_WORDS = 5  # at least, in a picture's alt text

NBVAL_DEFAULT_SECONDS = 2000.0
ENDS_IN_MARK = re.compile(rf"""{re.escape(MARK)}['"]?[ \t]*$""", flags=re.M)  # a result that is a string has quotes
NOT_COMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}  # by nbval
# Two names or more behind a slash, or behind a drive's letter.
PATH = re.compile(r"(?<![\w.:/<])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\[\w .-]+\\")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
NO_MAGIC = re.compile(r"UsageError: (?:Cell|Line) magic")
IMAGE_WITHOUT_ALT = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=[\"'][^\"'])[^>]*>")

Guard = Callable[[Any], Iterator[str]]
GUARDS: dict[str, Guard] = {}


def guard(function: Guard) -> Guard:
    """Add a guard: it takes a notebook and yields a line for each fault. Its name is the test's."""
    GUARDS[function.__name__.replace("_", " ")] = function
    return function


def faults(notebook: Any) -> dict[str, list[str]]:
    """What each guard says about a notebook, as `nbformat.read` gives it; a guard that is content is left out."""
    found = {name: list(function(notebook)) for name, function in GUARDS.items()}
    return {name: lines for name, lines in found.items() if lines}


@guard
def runs_in_order(notebook: Any) -> Iterator[str]:
    """The counts of a fresh kernel that ran every cell once, from top to bottom."""
    # Jupyter does not run a cell in which nothing stands.
    counts = [(number, cell.execution_count) for number, cell in _code_cells(notebook) if cell.source.strip()]
    for expected, (number, count) in enumerate(counts, 1):
        if count != expected:
            stored = "no count" if count is None else f"count {count}"
            yield f"Cell {number}: {stored} is stored where {expected} belongs; restart, run all cells, and save"
            return  # all that follow are off by as much


@guard
def something_is_compared(notebook: Any) -> Iterator[str]:
    """What nbval compares is stored outputs: a page with none passes whatever it computes."""
    outputs = [output for _, cell in _code_cells(notebook) for output in cell.outputs]
    if not any(kind not in NOT_COMPARED for output in outputs for kind, _ in _texts(output)):
        yield "no stored output that can be compared; run all cells, and save"


@guard
def no_cell_hides(notebook: Any) -> Iterator[str]:
    """No tag, comment or magic keeps a cell, or what it shows, from being compared."""
    from nbval.plugin import find_comment_markers, metadata_tags

    for number, cell in _code_cells(notebook):
        lax = metadata_tags.keys() - {"raises-exception"}
        for tag in sorted(lax.intersection(cell.metadata.get("tags", []))):
            yield f"Cell {number}: nbval takes the tag {tag} for an order"
        if list(find_comment_markers(cell.source)):
            yield f"Cell {number}: nbval takes a comment in it for an order"
        if "run_cell_magic" in _as_python(cell.source):
            yield f"Cell {number}: a cell magic may swallow the cell, or what it shows"
        for output in cell.outputs:
            if any(NO_MAGIC.search(text) for _, text in _texts(output)):
                yield f"Cell {number}: a magic that is not there; nothing of it was run"


@guard
def expected_errors_are_stored(notebook: Any) -> Iterator[str]:
    """A cell that may raise does raise, and the message is there to be compared."""
    for number, cell in _code_cells(notebook):
        # In an nbgrader test cell the tag is for the learner's version; the solution raises nothing.
        graded = cell.metadata.get("nbgrader", {}).get("grade")
        raised = any(output.output_type == "error" for output in cell.outputs)
        if "raises-exception" in cell.metadata.get("tags", []) and not raised and not graded:
            yield f"Cell {number}: it has the tag raises-exception, but no error is stored"


@guard
def nothing_of_a_machine_is_stored(notebook: Any) -> Iterator[str]:
    """No paths, addresses or warnings of the machine on which the page was run."""
    for number, cell in _code_cells(notebook):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"Cell {number}: what it wrote to stderr is stored"
            text = "\n".join([text for _, text in _texts(output)] + output.get("traceback", []))
            for found in (PATH.search(text), ADDRESS.search(text)):
                if found:
                    yield f"Cell {number}: {found[0]!r} is stored"
    for number, cell in enumerate(notebook.cells):
        if found := PATH.search(cell.source):
            yield f"the source of cell {number} of all holds {found[0]!r}"


@guard
def pictures_have_words(notebook: Any) -> Iterator[str]:
    """Each picture's alt text is its text/plain, which readers hear and nbval compares; no picture is blank."""
    for number, cell in _code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if not any(kind.startswith("image/") for kind in data):
                continue
            alt = data.get("text/plain", "")
            if alt.startswith("<") or len(alt.split()) < NUMBER_OF_WORDS:
                yield f"Cell {number}: a picture without alt text; rnn_helpers.plots.show(fig, alt=...) stores it"
            if any(_is_blank(data[kind]) for kind in ("image/png", "image/jpeg") if kind in data):
                yield f"Cell {number}: the picture is blank"
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and IMAGE_WITHOUT_ALT.search(cell.source):
            yield f"cell {number} of all: a picture without alt text"


@guard
def marked_numbers_are_bounded(notebook: Any) -> Iterator[str]:
    """A number that may differ from machine to machine is held by an assertion in its cell."""
    for number, cell in _code_cells(notebook):
        texts = [text for output in cell.outputs for _, text in _texts(output)]
        if any(text.count(MARK) != len(ENDS_IN_MARK.findall(text)) for text in texts):
            yield f"Cell {number}: {MARK!r} must end its line, or its numbers are compared"
        if any(MARK in text for text in texts) and not asserts(cell.source):
            yield f"Cell {number}: it shows a number {MARK!r} and asserts nothing about it"


def marked_lines(notebook: Any) -> list[tuple[int, str]]:
    """The stored lines whose numbers are not compared, each with the number of its cell as nbval counts."""
    return [
        (number, line.strip())
        for number, cell in _code_cells(notebook)
        for output in cell.outputs
        for _, text in _texts(output)
        for line in text.splitlines()
        if ENDS_IN_MARK.search(line)
    ]


def main(arguments: list[str]) -> None:
    """Print every marked line of the notebooks in these folders and files."""
    import nbformat

    for place in map(Path, arguments or ["."]):
        for path in sorted(place.rglob("*.ipynb")) if place.is_dir() else [place]:
            if not any(part.startswith(".") and part.strip(".") for part in path.parts):
                for number, line in marked_lines(nbformat.read(path, as_version=4)):
                    print(f"{path}::Cell {number}: {line}")


def _code_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    """The code cells, numbered from 0 as nbval does."""
    return enumerate(cell for cell in notebook.cells if cell.cell_type == "code")


def _texts(output: Any) -> Iterator[tuple[str, str]]:
    """Kind and text of all that an output stores, without the bytes of pictures."""
    if output.output_type == "stream":
        yield output.name, output.text
    elif output.output_type == "error":
        yield "error", f"{output.ename}: {output.evalue}"
    else:
        for kind, value in output.data.items():
            if kind not in {"image/png", "image/jpeg"}:
                yield kind, value if isinstance(value, str) else json.dumps(value)


def _is_blank(picture: str) -> bool:
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L"))
    return bool(np.mean(pixels != np.median(pixels)) < 0.005)  # of one colour, but for a speck


def _as_python(source: str) -> str:
    """A cell as IPython runs it, its magics turned into calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(source)
    except SyntaxError:  # a cell may show one
        return source


def asserts(source: str) -> bool:
    """Whether an assert statement, or a call of a function whose name begins with assert, stands in a cell."""
    try:
        nodes = list(ast.walk(ast.parse(_as_python(source))))
    except SyntaxError:
        return False
    called = [ast.unparse(node.func).rpartition(".")[2] for node in nodes if isinstance(node, ast.Call)]
    return any(isinstance(node, ast.Assert) for node in nodes) or any(name.startswith("assert") for name in called)


# The plugin


class PageError(Exception):
    """What a guard found; its lines are the whole report."""


class GuardItem(pytest.Item):
    """One guard on one page."""

    def __init__(self, *, function: Guard, notebook: Any, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.function, self.notebook = function, notebook

    def runtest(self) -> None:
        """Fail with one line for each fault."""
        if found := list(self.function(self.notebook)):
            raise PageError("\n".join(found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The faults, without the way to them."""
        return str(excinfo.value) if isinstance(excinfo.value, PageError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it failed, in nbval's form."""
        return self.path, 0, f"{self.path.name}::{self.name}"


class GuardedPage(pytest.File):
    """A notebook's guards; nbval collects the same file once more, for its cells."""

    def collect(self) -> Iterator[GuardItem]:
        """One test for each guard."""
        import nbformat

        notebook = nbformat.read(self.path, as_version=4)
        for name, function in GUARDS.items():
            yield GuardItem.from_parent(self, name=name, function=function, notebook=notebook)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    group = parser.getgroup("rnn-pages", "notebooks held to what they show")
    group.addoption("--rnn-pages", action="store_true", help="run notebooks under nbval, strictly, and guard them")


# First, because nbval looks at its options in the same hook, whichever of the two was registered before the other.
@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set nbval's options. What is given for time, kernel or sanitize file stays."""
    option = config.option
    if not option.rnn_pages:
        return
    if not hasattr(option, "nbval"):
        raise pytest.UsageError('--rnn-pages needs nbval; this brings it: pip install "rnn-helpers[test]"')
    if option.nbval_lax:
        raise pytest.UsageError("--rnn-pages compares every output, and --nbval-lax only some: give one of the two")
    option.nbval = True
    option.nbval_current_env = not (option.nbval_kernel_name or option.current_env)
    if option.nbval_cell_timeout == NBVAL_DEFAULT_SECONDS:
        option.nbval_cell_timeout = SECONDS
    if not (option.nbval_sanitize_with or option.sanitize_with):
        option.nbval_sanitize_with = str(SANITIZE_FILE)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> GuardedPage | None:
    """A notebook's guards, beside its cells, which nbval collects."""
    if parent.config.option.rnn_pages and file_path.suffix == ".ipynb":
        return GuardedPage.from_parent(parent, path=file_path)
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
