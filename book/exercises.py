"""How the book sets an exercise: as one framed block, and not as a cell that failed; and what its folds are called."""

from __future__ import annotations

from html import escape

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from tools.exercises import definitions, find, is_empty, tags
from tools.series import AFTER_TRYING, DRAWING, GUARD, SOLUTION, TRAINING

FOLDS = {SOLUTION: "Solution", GUARD: "Checked here", DRAWING: "How this is drawn", TRAINING: "How it is trained"}
_FOLDED = "<details><summary>What the check says</summary><p>{says}</p></details>"
WRITE, CHECK = "exercise", "exercise_check"  # tags for the two cells; myst-nb makes classes of them


def fold(cell: NotebookNode, **settings: object) -> None:
    """Fold the source of a cell, and tell myst-nb these settings of it."""
    cell.metadata["tags"] = sorted(tags(cell) | {"hide-input"})
    cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **settings}


def with_folds(notebook: NotebookNode) -> NotebookNode:
    """Fold the cells that not everybody reads, each under its own words.

    Parameters
    ----------
    notebook : NotebookNode
        As stored. It is changed in place.

    Returns
    -------
    NotebookNode
        The same.
    """
    for cell in notebook.cells:
        for tag, words in FOLDS.items():
            if tag in tags(cell):
                fold(cell, code_prompt_show=words, code_prompt_hide=words)
    return notebook


def with_exercises(notebook: NotebookNode) -> NotebookNode:
    """Mark the cells of each exercise; what its check says moves from an error to a remark, which `frame` sets.

    Parameters
    ----------
    notebook : NotebookNode
        As stored. It is changed in place.

    Returns
    -------
    NotebookNode
        The same.
    """
    for exercise in find(notebook):
        if exercise.check is None:
            continue
        stub, check = notebook.cells[exercise.stub], notebook.cells[exercise.check]
        says = [output.evalue for output in check.outputs if output.output_type == "error"]
        check.outputs = [output for output in check.outputs if output.output_type != "error"]
        verb = "write" if is_empty(definitions(stub.source)[exercise.name]) else "mend"
        stub.metadata["exercise"] = {"verb": verb, "name": exercise.name}
        check.metadata["exercise"] = {"says": " ".join(says)}
        for cell, tag in ((stub, WRITE), (check, CHECK)):
            cell.metadata["tags"] = sorted(tags(cell) | {tag})
    return notebook


def frame(app: Sphinx, page: nodes.document) -> None:
    """Put a frame around each exercise: the cell to write in, what the check says, the hints and the solution."""
    for stub in [each for each in page.findall(nodes.container) if f"tag_{WRITE}" in each["classes"]]:
        parent, told = stub.parent, stub["cell_metadata"]["exercise"]
        first = parent.index(stub)
        below = parent.children[first:]
        check = next(each for each in below if _is_cell(each, CHECK))
        last = next((each for each in below if _is_cell(each, SOLUTION)), check)
        block = nodes.container(classes=["exercise-block"])
        title = nodes.paragraph("", f"Exercise: {told['verb']} ", classes=["exercise-title"])
        title += nodes.literal(text=told["name"])
        block += title
        inside = below[: below.index(last) + 1]
        for each in inside:
            parent.remove(each)
            block += each
            if each is check:
                block += _what_the_check_says(check)
        parent.insert(first, block)


def _what_the_check_says(check: nodes.container) -> nodes.Node:
    says = check["cell_metadata"]["exercise"]["says"]
    if _is_cell(check, AFTER_TRYING):
        return nodes.raw("", _FOLDED.format(says=escape(says)), format="html")
    words = nodes.inline(text="The check says: ")
    return nodes.paragraph("", "", words, nodes.Text(says), classes=["exercise-says"])


def _is_cell(node: nodes.Node, tag: str) -> bool:
    return isinstance(node, nodes.container) and f"tag_{tag}" in node["classes"]
