"""What is folded on a page, set once more at its end: for paper, where a reader would see it before having tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes

from book.exercises import FOLDS
from tools.series import SOLUTION

DETAILS = re.compile(r"<details[^>]*>\s*<summary[^>]*>(.*?)</summary>(.*)", flags=re.S)
CLOSED = "</details>"
_ONE_BY_ONE = re.compile(rf"(?=<details\b)|(?<={CLOSED})")


def at_the_end(page: nodes.document) -> None:
    """Append a list of all answers, hints and solutions; the place of each names its number there.

    Parameters
    ----------
    page : docutils.nodes.document
        A page whose exercises have their frames. It is changed in place.
    """
    _part(page)
    answers: list[nodes.container] = []
    for fold in list(_folds(page)):
        number = len(answers) + 1
        if isinstance(fold, nodes.raw):
            name, told = _numbered(fold, number)
        else:
            name = FOLDS[SOLUTION]
            told = list(fold.findall(nodes.literal_block))
            here = nodes.paragraph("", f"{name}: no. {number} at the end", classes=["on-paper"])
            fold.parent.insert(fold.parent.index(fold), here)
        answer = nodes.container("", nodes.rubric("", f"{number}. {name}"), classes=["answer"])
        answer += [each.deepcopy() for each in told]
        for element in answer.findall(nodes.Element):
            element["ids"] = []  # an anchor stands on a page once
        answers.append(answer)
    if answers:
        page.append(nodes.container("", nodes.rubric("", "Answers and hints"), *answers, classes=["answers"]))


def _part(page: nodes.document) -> None:
    """Let each piece of raw HTML open or close one fold at most, however the page's source sets them."""
    for raw in list(page.findall(nodes.raw)):
        pieces = [piece for piece in _ONE_BY_ONE.split(raw.astext()) if piece.strip()]
        if len(pieces) > 1:
            raw.replace_self([nodes.raw("", piece, format="html") for piece in pieces])


def _folds(page: nodes.document) -> Iterator[nodes.raw | nodes.container]:
    """The folds that a reader opens after having tried, in their order: raw HTML, or the cell of a solution."""
    for node in page.findall(lambda node: isinstance(node, nodes.raw | nodes.container)):
        solves = isinstance(node, nodes.container) and f"tag_{SOLUTION}" in node["classes"]
        if solves or (isinstance(node, nodes.raw) and DETAILS.match(node.astext())):
            yield node


def _numbered(opening: nodes.raw, number: int) -> tuple[str, list[nodes.Node]]:
    """Write its number into a fold; return what it is called, and what stands in it."""
    match = DETAILS.match(opening.astext())
    assert match is not None
    summary, rest = match.groups()
    inside, end, _ = rest.partition(CLOSED)
    parent = opening.parent
    at = parent.index(opening)
    told: list[nodes.Node] = [nodes.raw("", f"<div>{inside}</div>", format="html")] if inside.strip() else []
    for each in [] if end else parent[at + 1 :]:
        if isinstance(each, nodes.raw) and CLOSED in each.astext():
            break
        told.append(each)
    place = f'<span class="on-paper">: no. {number} at the end</span>'
    text = f'<details class="answered"><summary>{summary}{place}</summary>'
    text += f"<div>{inside}</div>{end}" if end else inside
    parent[at] = nodes.raw("", text, format="html")
    return re.sub("<.*?>", "", summary), told
