"""Bring a newer version, and put what a reader wrote into its pages: `make update`.

The reader's pages move to notebooks/my_copies, as with `make reset`; only their functions come back, each into the cell
that asks for it. Whatever else they wrote is named, and stays in the copies.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import series
from tools.exercises import Exercise, definitions, find, is_empty, is_folded, statements, with_definition


@dataclass
class Pages:
    """The pages of today, what they ask for, and which copy has answered what so far."""

    notebooks: dict[Path, NotebookNode]
    asked: list[tuple[Path, Exercise]] = field(init=False)
    answered: dict[tuple[Path, str], Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asked = [(page, exercise) for page, notebook in self.notebooks.items() for exercise in find(notebook)]

    def stub(self, page: Path, exercise: Exercise) -> NotebookNode:
        """The cell in which an exercise is to be written."""
        return self.notebooks[page].cells[exercise.stub]


@dataclass(frozen=True)
class Copy:
    """A page as the reader left it, and the published page that it was."""

    page: Path
    place: Path  # where it is now
    notebook: NotebookNode
    base: NotebookNode

    def mine(self) -> list[NotebookNode]:
        """The cells that the reader wrote or changed."""
        published = {cell.source.strip() for cell in self.base.cells} | {""}
        return [cell for cell in self.notebook.cells if cell.source.strip() not in published]


@dataclass(frozen=True)
class Written:
    """A cell that answers an exercise, and what was published in its place; None for a cell of the reader's own."""

    name: str
    cell: NotebookNode
    was: str | None


def update(earlier: str = "") -> None:
    """Bring the newest pages, with the reader's functions in them.

    Parameters
    ----------
    earlier : str, optional
        A folder of notebooks/my_copies: what is in there is put back as well.
    """
    folder = Path(earlier).resolve()
    if earlier and not folder.is_dir():
        sys.exit(f"FROM must be a folder of notebooks/my_copies, got {earlier}")
    aside = series.put_aside("update")
    last = series.git("rev-parse", "HEAD").strip()
    copies = [(page, place, [last]) for page, place in aside.items() if place]
    for place in sorted(folder.rglob("*.ipynb")) if earlier else []:
        page = series.ROOT / "notebooks" / place.relative_to(folder)
        copies.append((page, place, series.git("log", "--format=%H", "--", _name(page)).split()))
    _bring_a_newer_version()
    if not copies:
        print("nothing to put back: the notebooks are as published")
        earlier_ones = sorted((series.ROOT / "notebooks" / "my_copies").glob("*-*"))
        for newest in earlier_ones[-1:]:
            print(f"what you moved away before comes back with: make update FROM={_name(newest)}")
        return
    names = series.git("ls-files", "-z", "--", "notebooks/*.ipynb").split("\0")
    pages = Pages({series.ROOT / name: nbformat.read(series.ROOT / name, as_version=4) for name in names if name})
    for page, place, commits in copies:
        print(f"{_name(page)}: yours is {_name(place)}")
        try:
            notebook = nbformat.read(place, as_version=4)
            copy = Copy(page, place, notebook, _published(page, notebook, commits))
            copy.mine()
        except Exception:  # whatever a file may hold: half a notebook, the marks of a merge
            print("  it cannot be read as a notebook: nothing of it was put back")
            continue
        for line in put_back(copy, pages):
            print(f"  {line}")
    for page in {page for page, _ in pages.answered}:
        nbformat.write(pages.notebooks[page], page)
    if pages.answered:
        print("run the pages to see what the checks say")


def put_back(copy: Copy, pages: Pages) -> Iterator[str]:
    """Put the functions of one copy into the pages that ask for them, and say line by line what became of each cell."""
    rest = copy.mine()
    if not rest:
        yield "you ran it, and wrote nothing into it"
    if copy.page not in pages.notebooks:
        yield "there is no such page any more"
    for written in _written(copy, pages):
        name, target = written.name, _target(written, copy, pages)
        if target is None:
            several = any(exercise.name == name for _, exercise in pages.asked)
            why = f"more than one page asks for {name} now" if several else f"no page asks for {name} any more"
            yield f"{why}: it was not put back"
            continue
        page, exercise = target
        source = _merged(written, exercise, pages.stub(page, exercise).source)
        if name != exercise.name:
            yield f"what was {name} is {exercise.name} now: it was not put back"
        elif (page, name) in pages.answered:
            yield f"another {name} of yours was put back, from {_name(pages.answered[page, name])}, and not this one"
        elif source is None:
            yield f"your cell does not define {name}, which the page asks for: it was not put back"
        else:
            yield f"your {name} was put back into {_name(page)}"
            yield from _warnings(written, exercise, pages.stub(page, exercise).source)
            rest = [cell for cell in rest if cell is not written.cell]
            pages.answered[page, name] = copy.place
            _fill(exercise, pages.notebooks[page], source)
    if rest:
        yield "what else you wrote or changed was not put back:"
        for cell in rest:
            words = " ".join(cell.source.split())
            yield f"  {words if len(words) <= 70 else words[:70] + ' ...'}"


def _written(copy: Copy, pages: Pages) -> Iterator[Written]:
    """For each exercise of a page, of then and of today, the cell that answers it: its own, else the last that can."""
    published = {cell.id: cell for cell in copy.base.cells if "id" in cell}
    stubs = {exercise.name: copy.base.cells[exercise.stub].get("id") for exercise in find(copy.base)}
    names = [*stubs, *(exercise.name for page, exercise in pages.asked if page == copy.page)]
    mine = [cell for cell in copy.mine() if cell.cell_type == "code" and not is_folded(cell)]
    for name in dict.fromkeys(names):
        at_its_place = [cell for cell in mine if name in stubs and cell.get("id") == stubs[name]]
        able = [cell for cell in at_its_place if name in _bound(cell.source)]
        able += [cell for cell in reversed(mine) if name in definitions(cell.source)]
        # What is not finished, or has another name, is not able, and is theirs all the same.
        answers = [cell for cell in [*able, *at_its_place] if not _is_unwritten(cell, name)]
        for cell in answers[:1]:
            was = published.get(cell.get("id"))
            yield Written(name, cell, was and was.source)


def _target(written: Written, copy: Copy, pages: Pages) -> tuple[Path, Exercise] | None:
    """The exercise that a cell answers: of this name or in this cell on its page, else of this name on another."""
    here = [target for target in pages.asked if target[0] == copy.page]
    same_name = [target for target in here if target[1].name == written.name]
    same_cell = [target for target in here if pages.stub(*target).get("id") == written.cell.get("id", "")]
    elsewhere = [target for target in pages.asked if target[1].name == written.name]
    # Which of several other pages would be a guess.
    found = same_name or same_cell or (elsewhere if len(elsewhere) == 1 else [])
    return found[0] if found else None


def _merged(written: Written, exercise: Exercise, stub: str) -> str | None:
    """The cell of today with the reader's answer in it; None if the answer is not there, or cannot be read."""
    mine = written.cell.source
    if stub == written.was and not _is_python(mine):
        return mine  # unfinished, in a cell that is what it was
    if exercise.name not in _bound(mine):
        return None
    if stub == written.was:
        return mine
    known = {ast.dump(each) for text in (stub, written.was or "") for each in statements(text)}
    new = [text for each, text in _pieces(mine) if ast.dump(each) not in known]
    return with_definition(stub, exercise.name, "\n".join(new).strip("\n"))


def _warnings(written: Written, exercise: Exercise, stub: str) -> Iterator[str]:
    """What the reader should know of a function that is put back."""
    if not _is_python(written.cell.source):
        yield "  it is not finished: Python cannot read it yet"
    before, now = (definitions(text).get(exercise.name) for text in (written.was or "", stub))
    if isinstance(before, ast.FunctionDef) and isinstance(now, ast.FunctionDef):
        was, is_ = ast.unparse(before.args), ast.unparse(now.args)
        if was != is_:
            yield f"  it was called with ({was}), and is called with ({is_}) now"


def _fill(exercise: Exercise, notebook: NotebookNode, source: str) -> None:
    """Write an answer; what was shown of the empty one goes."""
    notebook.cells[exercise.stub].source = source
    for place in (exercise.stub, exercise.check, exercise.choice):
        if place is not None:
            notebook.cells[place].outputs = []
            notebook.cells[place].execution_count = None


def _bound(source: str) -> set[str]:
    """The names that a cell gives to functions, or to anything else."""
    assigned = [target for each in statements(source) if isinstance(each, ast.Assign) for target in each.targets]
    return {*definitions(source), *(target.id for target in assigned if isinstance(target, ast.Name))}


def _is_unwritten(cell: NotebookNode, name: str) -> bool:
    definition = definitions(cell.source).get(name)
    return definition is not None and is_empty(definition)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _pieces(source: str) -> Iterator[tuple[ast.stmt, str]]:
    """Each statement of a cell with its lines and the comments above it; the last one with all that follows."""
    lines, found, first = source.split("\n"), statements(source), 0
    for each in found:
        last = len(lines) if each is found[-1] else int(each.end_lineno or 0)
        yield each, "\n".join(lines[first:last])
        first = last


def _published(page: Path, notebook: NotebookNode, commits: list[str]) -> NotebookNode:
    """The published page, of these commits, that has most cells in common with a notebook."""
    versions = [nbformat.v4.new_notebook()]
    for commit in commits:
        try:
            versions.append(nbformat.reads(series.git("show", f"{commit}:./{_name(page)}"), as_version=4))
        except subprocess.CalledProcessError:  # not there any more
            continue
    mine = {cell.source for cell in notebook.cells}
    return max(versions, key=lambda version: len(mine & {cell.source for cell in version.cells}))


def _bring_a_newer_version() -> None:
    """Pull, where the clone knows from where; that it did not succeed is said, and is no reason to stop."""
    before = series.git("rev-parse", "HEAD")
    try:
        series.git("rev-parse", "--abbrev-ref", "@{upstream}")
    except subprocess.CalledProcessError:
        return
    try:
        series.git("pull", "--quiet", "--ff-only")
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()] or ["git pull failed"]
        print(f"no newer version was brought ({lines[-1].strip()}): going on with the one that is here")
        return
    is_new = series.git("rev-parse", "HEAD") != before
    print("a newer version is here now" if is_new else "this is the newest version already")


def _name(path: Path) -> str:
    """A path as it is told, and as git knows it."""
    return path.relative_to(series.ROOT).as_posix() if path.is_relative_to(series.ROOT) else str(path)
