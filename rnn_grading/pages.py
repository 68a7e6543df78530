"""The second stage: each notebook executed for its outputs, and a feedback page. It never changes a score.

Whatever reads a learner's text or outputs runs in a process of its own, within limits: what takes for ever to read, or
what nobody has thought of, costs its own page the outputs, and no other page anything.
"""

from __future__ import annotations

import contextlib
import html
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from tqdm import tqdm

from rnn_grading.assignments import Assignment, make_template
from rnn_grading.clean import as_text, clean_html, clean_outputs, markdown_to_html, picture
from rnn_grading.drawing import Outputs, draw
from rnn_grading.grade import UNGRADED, Graded, Plan, record_of
from rnn_grading.gradebook import Course, read_json, write_json
from rnn_grading.keys import digest_of
from rnn_grading.scores import Pool
from rnn_grading.submissions import Fitted, NotGradable, Piece, fit, parse
from rnn_grading.walls import HERE

__all__ = ["feedback", "write_pages"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
TEXT_SHOWN = 20_000  # characters of one output on a page
NO_OUTPUTS = "the notebook could not be shown with its outputs"
PAGE_SECONDS, PAGE_MEMORY = 10, 2**30  # of the processor's time, and bytes, that one page may take


def write_pages(rows: Sequence[Graded], course: Course, plan: Plan, pool: Pool) -> None:
    """Make the pages of which something has changed since they were made, marks given by hand among it."""
    there = [row for row in rows if row.status not in UNGRADED]
    outdated = {number: row for number, row in enumerate(there) if not _is_executed(row, course)}
    tasks = {number: _task(row, course) for number, row in outdated.items()}
    drawn = pool.each(draw, tasks)
    for number, outputs in tqdm(
        drawn, total=len(tasks), desc="pages", unit="notebook", disable=plan.quiet or not tasks
    ):
        row = outdated[number]
        if isinstance(outputs, Exception):
            row.result.notes.append(f"{NO_OUTPUTS}: {type(outputs).__name__}")
            outputs = []
        _make(row, course, outputs)
    new = set(map(id, outdated.values()))
    for row in rows:
        if id(row) not in new:
            row.result.notes += read_json(_mark_path(row, course)).get("notes", [])
            _make(row, course)


def _make(row: Graded, course: Course, outputs: Outputs | None = None) -> None:
    """Write a notebook, if there are new outputs, and its feedback; plainly if they do not come about otherwise."""
    if outputs is None and _is_up_to_date(row, course):
        return
    for plain in (False, True):
        trouble = within_limits(partial(_write, row, course, outputs, plain=plain), PAGE_SECONDS)
        if not trouble:
            return
        note = f"no page could be written: {trouble}" if plain else f"{NO_OUTPUTS}: {trouble}"
        row.result.notes += [note] if note not in row.result.notes else []
        outputs = [] if outputs is not None else None


def _write(row: Graded, course: Course, outputs: Outputs | None, *, plain: bool) -> None:
    if outputs is not None:
        _store_notebook(row, outputs, course, plain=plain)
    _write_feedback(row, course, plain=plain)


def within_limits(do: Callable[[], None], seconds: int, memory: int = PAGE_MEMORY) -> str:
    """Do something in a process of its own; returns why it failed, an empty string if it did not.

    Parameters
    ----------
    do : callable
        What it does stays in that process, but for files.
    seconds : int
        Of the processor's time; on the clock three times that.
    memory : int
        Bytes that it may take in addition to what this process has.
    """
    reader, writer = multiprocessing.Pipe(duplex=False)
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=_limited, args=(do, seconds, memory, writer), daemon=True)
    with reader, writer:
        process.start()
        process.join(3 * seconds)
        if process.exitcode is None or process.exitcode == -signal.SIGXCPU:
            process.kill()
            process.join()
            return "it takes too long to read"
        return str(reader.recv()) if reader.poll() else f"its process ended ({process.exitcode})"


def _limited(do: Callable[[], None], seconds: int, memory: int, writer: Connection) -> None:
    """In the forked process: do it, tell what came of it, and end."""
    bounds = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_AS: psutil.Process().memory_info().vms + memory}
    told = ""
    try:
        for kind, bound in bounds.items():
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(kind, (bound, resource.RLIM_INFINITY))
        do()
    except BaseException as error:  # the sign to stop too, which its parent gets as well
        told = f"{type(error).__name__}: {error}"[:200].rstrip(": ")
    writer.send(told)
    os._exit(0)  # past all that this process has inherited


def _task(row: Graded, course: Course) -> Any:
    folder = course.work / "submitted" / row.hand_in.learner / row.hand_in.assignment
    notebook = folder / f"{row.hand_in.assignment}.ipynb"
    helpers = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    return notebook.read_bytes(), helpers, course.assignment(row.hand_in.assignment)


# The notebook that formgrader shows


def _notebook_path(row: Graded, course: Course) -> Path:
    name = row.hand_in.assignment
    return course.work / "autograded" / row.hand_in.learner / name / f"{name}.ipynb"


def _mark_path(row: Graded, course: Course) -> Path:
    return record_of(course, row.hand_in).with_name(f"{row.hand_in.learner}.shown.json")


@lru_cache(maxsize=1)
def _code() -> str:
    return digest_of(
        [(HERE / name).read_text(encoding="utf-8") for name in ("pages.py", "clean.py", "drawing.py", "worker.py")]
    )


def _is_executed(row: Graded, course: Course) -> bool:
    key = read_json(record_of(course, row.hand_in)).get("key")
    return read_json(_mark_path(row, course)).get("notebook") == [key, _code()] and _notebook_path(row, course).exists()


def _store_notebook(row: Graded, outputs: Outputs, course: Course, *, plain: bool) -> None:
    """Write the executed notebook as formgrader reads it: cleaned, with the examiner's messages as outputs of tests.

    A plain one has the learner's text as it was written, and can be made of anything.
    """
    assignment = course.assignment(row.hand_in.assignment)
    fitted = _fitted(row, course)
    stubs = {cell.metadata.nbgrader.grade_id: cell for cell in make_template(course.source(assignment.name)).cells}
    cells = [new_markdown_cell(_note_on_grading(row), id="note-on-grading")]
    for number, piece in enumerate(fitted.pieces):
        shown = clean_outputs(outputs[number]) if number < len(outputs) else []
        cells.append(_cell_of(piece, number, stubs, shown, row, as_text if plain else markdown_to_html))
    path = _notebook_path(row, course)
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(cells=cells, metadata=course.source(assignment.name).metadata)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    key = read_json(record_of(course, row.hand_in)).get("key")
    notes = [note for note in row.notes if note.startswith(NO_OUTPUTS)]  # for runs in which it is not made anew
    write_json(_mark_path(row, course), {"notebook": [key, _code()], "notes": notes})


def _fitted(row: Graded, course: Course) -> Fitted:
    content, _, assignment = _task(row, course)
    try:
        return fit(parse(content)[0], assignment)
    except NotGradable:  # it was readable when it was graded
        return Fitted([])


def _cell_of(
    piece: Piece,
    number: int,
    stubs: dict[str, Any],
    shown: list[dict[str, Any]],
    row: Graded,
    to_html: Callable[[str, Any], str],
) -> Any:
    cell = piece.cell
    kind = "code" if piece.kind == "code" else "markdown"
    metadata = {} if cell is None else dict(stubs[cell.name].metadata)
    about = {"cell_type": kind, "metadata": metadata, "id": f"own-{number}" if cell is None else cell.name}
    if kind == "markdown":
        source = piece.text if cell is not None and not cell.is_answer else to_html(piece.text, piece.attachments)
        return nbformat.from_dict({**about, "source": source})
    if cell is not None and cell.part == "test":
        return nbformat.from_dict(
            {**about, "source": cell.handed_out, "execution_count": None, "outputs": _judged(cell.name, row)}
        )
    return nbformat.from_dict({**about, "source": piece.text, "execution_count": None, "outputs": shown})


def _judged(name: str, row: Graded) -> list[dict[str, Any]]:
    message = row.result.messages.get(name, "")
    if not message:
        return [{"output_type": "stream", "name": "stdout", "text": "All cases are right.\n"}]
    return [{"output_type": "error", "ename": "CheckFailed", "evalue": message, "traceback": [message]}]


def _note_on_grading(row: Graded) -> str:
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in row.notes)
    return f"<div><strong>Note on grading:</strong> {html.escape(row.status)}<ul>{notes}</ul></div>"


# Feedback


def _feedback_path(row: Graded, course: Course) -> Path:
    name = row.hand_in.assignment
    return course.work / "feedback" / row.hand_in.learner / name / f"{name}.html"


def _shown_in_feedback(row: Graded, mark: dict[str, Any]) -> list[Any]:
    """What is another value when the page must be written anew."""
    shown = [row.status, row.notes, [asdict(score) for score in row.scores], row.comments, _code()]
    return [digest_of(shown), mark.get("notebook")]


def _is_up_to_date(row: Graded, course: Course) -> bool:
    mark = read_json(_mark_path(row, course))
    return mark.get("feedback") == _shown_in_feedback(row, mark) and _feedback_path(row, course).exists()


def _write_feedback(row: Graded, course: Course, *, plain: bool) -> None:
    page, mark = _feedback_path(row, course), read_json(_mark_path(row, course))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(feedback(row, course, plain=plain), encoding="utf-8")
    write_json(_mark_path(row, course), {**mark, "feedback": _shown_in_feedback(row, mark)})


def feedback(row: Graded, course: Course, *, plain: bool = False) -> str:
    """The page that a learner gets: name, assignment, score, each item with its message, then the notebook.

    A plain one has no colours in code, and no outputs of learners' cells.
    """
    assignment = course.assignment(row.hand_in.assignment)
    title = assignment.cells[0].title if assignment.cells else assignment.name
    parts = [f"<header><p>{html.escape(row.hand_in.learner)}</p><h1>{html.escape(title)}</h1>{_total(row)}</header>"]
    if row.notes and row.status != "graded":
        parts.append(f"<p>{html.escape(row.status.capitalize())}: {html.escape('; '.join(row.notes))}.</p>")
    elif row.notes:
        parts.append(f"<ul class=notes>{''.join(f'<li>{html.escape(note)}</li>' for note in row.notes)}</ul>")
    parts += [f"<section aria-label='Items'>{''.join(_items(row, assignment))}</section>"] if row.scores else []
    path = _notebook_path(row, course)
    if row.scores and path.exists():
        notebook = nbformat.read(path, as_version=4)
        parts.append("<main><h2>Your notebook</h2>")
        parts += [_shown(cell, assignment, plain=plain) for cell in notebook.cells if cell.id != "note-on-grading"]
        parts.append("</main>")
    return PAGE.format(
        title=html.escape(f"{title} · {row.hand_in.learner}"), policy=POLICY, style=style(), body="\n".join(parts)
    )


def _total(row: Graded) -> str:
    if not row.scores:
        return f"<p class=total>No score: {html.escape(row.status)}</p>"
    so_far = " so far: some of it waits to be marked" if row.waits else ""
    return f"<p class=total>{row.total:g} of {row.max_score:g} points{so_far}</p>"


def _items(row: Graded, assignment: Assignment) -> Iterator[str]:
    for score in row.scores:
        cell = assignment.frame[score.name]
        message = row.result.messages.get(score.name, "")
        if score.needs_marking and score.by_hand is None:
            kind, points = "waits", f"? of {score.max_points:g}"
        else:
            kind = "right" if score.points >= score.max_points else "wrong"
            points = f"{score.points:g} of {score.max_points:g}"
        comment = row.comments.get(_answer_of(score.name, assignment), "") or row.comments.get(score.name, "")
        told = [message, comment] if message or comment else ["Right." if kind == "right" else ""]
        if kind == "waits" and not message:
            told = ["Waits to be marked.", comment]
        sentences = "".join(f"<p>{html.escape(text)}</p>" for text in told if text)
        link = f"<a href='#{html.escape(score.name)}'>{html.escape(cell.title)}</a>"
        yield f"<article class={kind}><h2>{link} <b>{points}</b></h2>{sentences}</article>"


def _answer_of(test: str, assignment: Assignment) -> str:
    """The answer cell of an item: beside it stands what a person wrote."""
    item = assignment.items.get(test)
    return assignment.answers.get(item.functions[0], "") if item and item.functions else test


def _shown(cell: Any, assignment: Assignment, *, plain: bool) -> str:
    own = cell.id not in assignment.frame
    is_test = not own and assignment.frame[cell.id].part == "test"
    outputs = cell.get("outputs", []) if is_test or not plain else []
    inside = _source(cell, assignment, own=own, plain=plain) + "".join(map(_output, outputs))
    name = "" if own else f" id='{html.escape(cell.id)}'"
    return f"<div class='{cell.cell_type}{' own' if own else ''}'{name}>{inside}</div>"


def _source(cell: Any, assignment: Assignment, *, own: bool, plain: bool) -> str:
    if cell.cell_type == "code" and plain:
        return f"<pre>{html.escape(cell.source)}</pre>"
    if cell.cell_type == "code":
        return highlight(cell.source, PythonLexer(), HtmlFormatter(nobackground=True))
    cleaned = own or assignment.frame[cell.id].is_answer  # when it was stored
    return cell.source if cleaned else markdown_to_html(cell.source)


def _output(output: Any) -> str:
    match output.output_type:
        case "stream":
            return f"<pre class=output>{html.escape(output.text[:TEXT_SHOWN])}</pre>"
        case "error":
            told = output.evalue if output.ename == "CheckFailed" else f"{output.ename}: {output.evalue}"
            return f"<p class=error>{html.escape(told)}</p>"
    data = output.data
    for kind, value in data.items():
        if address := picture(kind, value):
            return f"<img src='{address}' alt='{html.escape(data.get('text/plain', ''))[:2000]}'>"
    if "text/html" in data:
        return f"<div class=output>{clean_html(data['text/html'])}</div>"
    return f"<pre class=output>{html.escape(data.get('text/plain', '')[:TEXT_SHOWN])}</pre>"


@lru_cache(maxsize=1)
def style() -> str:
    """The look of all pages, light and dark."""
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "github-dark"))
    return (
        f"{STYLE}\n{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n.highlight {{ background: var(--soft) }}"
    )


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --soft: #f4f4f2; --line: #c9c9c4;
  --right: #00694d; --wrong: #a63a00; --waits: #00568a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e4; --paper: #17181a; --soft: #222427; --line: #4a4d52;
  --right: #54d6ac; --wrong: #ff9f6b; --waits: #7cc4f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 50rem; font: 1rem/1.55 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
header p { margin: 0; } h1 { margin: .2rem 0; font-size: 1.5rem; line-height: 1.25; }
.total { font-size: 1.25rem; font-weight: 600; }
article { border-left: .35rem solid var(--line); padding: .1rem 0 .1rem .8rem; margin: .9rem 0; }
article h2 { font-size: 1rem; margin: 0; display: flex; gap: 1rem; justify-content: space-between; }
article p { margin: .2rem 0; } article b { white-space: nowrap; } article a { color: inherit; }
.right { border-color: var(--right); } .right b { color: var(--right); }
.wrong { border-color: var(--wrong); } .wrong b { color: var(--wrong); }
.waits { border-color: var(--waits); } .waits b { color: var(--waits); }
main { border-top: 1px solid var(--line); margin-top: 2rem; } main > h2 { font-size: 1.2rem; }
main h1, main div h2 { font-size: 1.1rem; }
pre { overflow-x: auto; padding: .6rem .8rem; background: var(--soft); border-radius: .3rem; line-height: 1.4;
  margin: .5rem 0; overflow-wrap: normal; }
pre, code { font-family: ui-monospace, monospace; font-size: .9em; }
.markdown { overflow-x: auto; } .output { border-left: .2rem solid var(--line); padding-left: .8rem; overflow-x: auto; }
.error { color: var(--wrong); font-weight: 600; }
.own { border-left: .2rem dotted var(--line); padding-left: .8rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid var(--line); padding: .2rem .5rem; text-align: left; }
img { max-width: 100%; height: auto; background: #fff; }
@media print { main { break-before: page; } }
"""
