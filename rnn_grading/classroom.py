"""What the class misunderstood: for each item how many were right, and which named mistakes how many made."""

from __future__ import annotations

import base64
import html
import io
import tomllib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from rnn_grading.assignments import Assignment
from rnn_grading.grade import UNGRADED, Graded
from rnn_grading.gradebook import Course
from rnn_grading.pages import PAGE, POLICY, style
from rnn_grading.report import write_table
from rnn_helpers.checks import MISTAKES
from rnn_helpers.mistakes import Mistake

__all__ = ["named", "pages_of_the_book", "write_classroom"]

RIGHT, OTHER = "right", "something else"
SIGNS = {
    "is not written yet": "not written yet",
    "is not defined": "not there",
    "ran too long": "ran too long",
    "MemoryError": "out of memory",
    "the notebook's process": "ended the process",
    "raises an error": "an error",
}


def named(message: str) -> tuple[str, Mistake | None]:
    """What a message says was wrong, in a few words, and the mistake of the catalogue if it is one."""
    if not message:
        return RIGHT, None
    known = [mistake for mistake in MISTAKES if mistake.hint in message]
    if known:
        best = max(known, key=lambda mistake: len(mistake.hint))
        return best.name, best
    return next((name for sign, name in SIGNS.items() if sign in message), OTHER), None


Counts = dict[str, dict[str, list[str]]]  # of an assignment: item, what was found, learners


def count(rows: Sequence[Graded], assignment: Assignment) -> Counts:
    """Who is right in each item, and who made which mistake, the most frequent first."""
    found: Counts = {name: defaultdict(list) for name in assignment.items}
    for row in rows:
        if row.hand_in.assignment == assignment.name and row.status not in UNGRADED:
            for name, message in row.result.messages.items():
                found[name][named(message)[0]].append(row.hand_in.learner)
    return {
        name: dict(sorted(kinds.items(), key=lambda kind: (kind[0] == RIGHT, -len(kind[1]), kind[0])))
        for name, kinds in found.items()
    }


def write_classroom(rows: Sequence[Graded], course: Course, page_of: Callable[[Mistake], str]) -> None:
    """Write ``class.html``, without names, and ``class.csv``, with them.

    Parameters
    ----------
    rows : sequence of Graded
        All that was handed in.
    course : Course
        Where to.
    page_of : callable
        The address of a mistake's page in the book; an empty string where there is none.
    """
    counted = {name: count(rows, course.assignment(name)) for name in sorted({row.hand_in.assignment for row in rows})}
    table = [
        [name, item, what, f"{len(learners)}", ", ".join(learners)]
        for name, items in counted.items()
        for item, kinds in items.items()
        for what, learners in kinds.items()
    ]
    write_table(course.work / "class.csv", ("assignment", "item", "found", "how many", "learners"), table)
    mistakes = {mistake.name: mistake for mistake in MISTAKES}
    body = ["<h1>What the class found hard</h1>"]
    for name, items in counted.items():
        if any(items.values()):
            body += _section(
                course.assignment(name), items, lambda what: page_of(mistakes[what]) if what in mistakes else ""
            )
    page = PAGE.format(title="What the class found hard", policy=POLICY, style=style(), body="\n".join(body))
    (course.work / "class.html").write_text(page, encoding="utf-8")


def _section(
    assignment: Assignment, items: dict[str, dict[str, list[str]]], page_of: Callable[[str], str]
) -> list[str]:
    parts = [f"<h2>{html.escape(assignment.cells[0].title)}</h2>", _chart(assignment, items)]
    for name, kinds in items.items():
        total = sum(map(len, kinds.values()))
        right = len(kinds.get(RIGHT, []))
        parts.append(f"<h3>{html.escape(assignment.frame[name].title)}: {right} of {total} right</h3>")
        wrong = [(what, len(learners)) for what, learners in kinds.items() if what != RIGHT]
        if wrong:
            lines = "".join(f"<li>{number} × {_linked(what, page_of(what))}</li>" for what, number in wrong)
            parts.append(f"<ul>{lines}</ul>")
    return parts


def _linked(what: str, address: str) -> str:
    text = html.escape(what)
    return f"<a href='{html.escape(address)}'>{text}</a>" if address else text


def _chart(assignment: Assignment, items: dict[str, dict[str, list[str]]]) -> str:
    """A bar for each item: how many of a hundred were right; the same in words as its alt text."""
    from matplotlib.figure import Figure

    titles = [assignment.frame[name].title for name in items]
    shares = [100 * len(kinds.get(RIGHT, [])) / max(1, sum(map(len, kinds.values()))) for kinds in items.values()]
    figure = Figure(figsize=(5, 0.4 * len(items) + 0.8), dpi=200, layout="constrained")
    axes = figure.add_subplot()
    bars = axes.barh(titles, shares, color="#0072B2")
    axes.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=4)
    axes.set(xlim=(0, 112), xlabel="right, in %")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    told = "; ".join(f"{title}: {share:.0f} %" for title, share in zip(titles, shares, strict=True))
    data = base64.b64encode(picture.getvalue()).decode()
    return f"<img src='data:image/png;base64,{data}' alt='Right answers: {html.escape(told)}.'>"


def pages_of_the_book(project: Path) -> Callable[[Mistake], str]:
    """Where the book has its page of a mistake: on the web, in the folder where it was built, or nowhere."""
    try:
        settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        from book.mistake_pages import FOLDER, kind_of
    except (OSError, ImportError):  # installed somewhere else, without the book
        return lambda mistake: ""
    built = project / "build" / "book"
    base = settings["tool"]["series"]["site"] or (f"{built.as_uri()}/" if (built / FOLDER).is_dir() else "")
    return lambda mistake: f"{base}{FOLDER}/{kind_of(mistake)}.html#{mistake.anchor}" if base else ""
