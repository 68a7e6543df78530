"""Grades a folder of submissions: what is new or has changed is run, the rest is known from the last time."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from tqdm import tqdm

from rnn_helpers.course import sandbox
from rnn_helpers.course.cells import grade_id_of, is_graded, is_test
from rnn_helpers.course.execute import Proof, proof_of, run_notebook
from rnn_helpers.course.feedback import write_short_page
from rnn_helpers.course.gradebook import Assignment, Course, Problem, Score, digest_of
from rnn_helpers.course.sandbox import PACKAGE_ROOT, Limits, Walls, find_walls
from rnn_helpers.course.submissions import HandIn, Unreadable, collect, parse, read_bytes, rebuild

__all__ = ["Graded", "Report", "grade"]

EXPECTED = "expected a folder that holds <learner>/<assignment>/<assignment>.ipynb or <learner>_<assignment>.ipynb"
UNGRADED = {"missing", "unreadable"}
TRIES = 3  # to start a kernel


@dataclass
class Graded:
    """What became of one hand-in.

    Attributes
    ----------
    hand_in : HandIn
        The learner and the assignment.
    status : str
        One of: graded, timed out, out of memory, crashed, unreadable, missing, incomplete.
    notes : list of str
        What the instructor should know.
    scores : list of Score
        The points of each graded cell, empty if nothing could be graded.
    max_score : float
        The points of the assignment.
    """

    hand_in: HandIn
    status: str
    notes: list[str]
    scores: list[Score] = field(default_factory=list)
    max_score: float = 0


@dataclass
class Report:
    """All that a run found out."""

    rows: list[Graded]
    strange: list[str]
    walls: Walls
    newly_graded: int


@dataclass
class _Task:
    """A hand-in that has to be run."""

    hand_in: HandIn
    content: bytes
    key: str


@dataclass
class _Prepared:
    assignment: Assignment
    proofs: dict[str, Proof]
    key: str


def grade(folder: Path, course: Course, *, jobs: int = 2, limits: Limits | None = None, quiet: bool = False) -> Report:
    """Grade every submission of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        The submissions.
    course : Course
        Where results go.
    jobs : int, default 2
        How many submissions run at a time.
    limits : Limits, optional
        What each may use.
    quiet : bool, default False
        Without a progress bar.

    Returns
    -------
    Report
        A row for each learner and assignment.

    Raises
    ------
    Problem
        If there is nothing to grade, or a source is broken, in one sentence.
    """
    limits = limits or Limits()
    if not 1 <= jobs <= sandbox.MAX_JOBS:
        raise Problem(f"expected 1 to {sandbox.MAX_JOBS} jobs, got {jobs}")
    if not folder.is_dir():
        raise Problem(f"{EXPECTED}, and there is no folder {folder}")
    hand_ins, strange = collect(folder, course.names)
    if not hand_ins:
        raise Problem(f"{EXPECTED}, and {folder} holds neither (assignments: {', '.join(course.names)})")
    with course.alone():
        walls = find_walls(jobs, _private(course, folder))
        prepared = {name: _prepare(course, name, limits, walls) for name in sorted({h.assignment for h in hand_ins})}
        rows, tasks = _sort_out(hand_ins, course, prepared)
        rows += _run_all(tasks, course, prepared, jobs, limits, walls, quiet)
        rows.sort(key=lambda row: (row.hand_in.learner, row.hand_in.assignment))
        for row in rows:
            _add_scores(row, course, prepared[row.hand_in.assignment].assignment)
        _write_feedback(rows, course)
    return Report(rows, strange, walls, len(tasks))


def _add_scores(row: Graded, course: Course, assignment: Assignment) -> None:
    """Add the points as the gradebook has them now, marks given by hand among them, in the order of the notebook."""
    order = [grade_id_of(cell) for cell in assignment.template.cells]
    row.max_score = sum(
        cell.metadata.nbgrader.get("points", 0) for cell in assignment.template.cells if is_graded(cell)
    )
    scores, _ = course.scores(assignment.name, row.hand_in.learner)
    if row.status not in UNGRADED:
        row.scores = sorted(scores, key=lambda score: order.index(score.name))
    elif scores:
        row.notes.append("the gradebook still holds what this learner handed in before")


def _private(course: Course, folder: Path) -> list[Path]:
    """What learner code has no business to see, where it can be hidden: solutions, tests, marks, other submissions."""
    return [
        *(PACKAGE_ROOT / name for name in ("notebooks", "tests", "build", ".git")),
        course.work,
        course.sources,
        folder,
    ]


# The reference run


def _prepare(course: Course, name: str, limits: Limits, walls: Walls) -> _Prepared:
    """Read an assignment, and what its tests print for right answers: from the source, run once."""
    assignment = course.prepare(name)
    key = digest_of([assignment.digest, _version(), _numbers(limits)])
    path = course.work / "records" / f"{name}.reference.json"
    stored = _read_json(path)
    if stored.get("key") != key:
        stored = {"key": key, "proofs": _reference(assignment, course, limits, walls)}
        _write_json(path, stored)
    proofs = {test: Proof(tuple(lines), shows) for test, (lines, shows) in stored["proofs"].items()}
    return _Prepared(assignment, proofs, key)


def _reference(assignment: Assignment, course: Course, limits: Limits, walls: Walls) -> dict[str, Any]:
    notebook = assignment.source
    try:
        run = _patiently(notebook, limits, walls, 0, None, course)
    except RuntimeError as error:
        raise Problem(f"no notebook can be run here: {error}") from None
    for cell in notebook.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if errors:
            where = f"its cell {grade_id_of(cell) or cell.get('id', '')}"
            raise Problem(
                f"the source of {assignment.name} does not run: {where} says {errors[0].ename}: {errors[0].evalue}"
            )
    if run.status != "graded":
        raise Problem(f"the source of {assignment.name} does not run within the limits: {run.status}")
    course.keep_fonts(run.fonts)
    return {
        grade_id_of(cell): list(asdict(proof_of(cell.outputs)).values()) for cell in notebook.cells if is_test(cell)
    }


def _patiently(notebook: NotebookNode, limits: Limits, walls: Walls, slot: int, proofs: Any, course: Course) -> Any:
    """Run a notebook; try again if no kernel starts, which no submission can be the cause of."""
    for attempt in range(TRIES):
        try:
            return run_notebook(notebook, limits, walls, slot, proofs, course.fonts)
        except RuntimeError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _numbers(limits: Limits) -> dict[str, float]:
    return {name: float(value) for name, value in asdict(limits).items()}


def _version() -> str:
    """Of everything that decides a score: this package, nbgrader."""
    files = sorted(Path(__file__).resolve().parents[1].rglob("*.py"))
    return digest_of(
        [hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest(), metadata.version("nbgrader")]
    )


# The submissions


def _sort_out(
    hand_ins: Sequence[HandIn], course: Course, prepared: dict[str, _Prepared]
) -> tuple[list[Graded], list[_Task]]:
    """Rows for what is known or cannot be read, and tasks for the rest. Reads all before any learner code runs."""
    rows, tasks = [], []
    for hand_in in hand_ins:
        if hand_in.path is None:
            rows.append(Graded(hand_in, "missing", [*hand_in.notes]))
            continue
        try:
            content = read_bytes(hand_in.path)
        except Unreadable as reason:
            rows.append(Graded(hand_in, "unreadable", [*hand_in.notes, str(reason)]))
            continue
        key = digest_of([hashlib.sha256(content).hexdigest(), prepared[hand_in.assignment].key])
        record = _read_json(_record(course, hand_in))
        if record.get("key") == key:
            rows.append(Graded(hand_in, record["status"], [*hand_in.notes, *record["notes"]]))
        else:
            tasks.append(_Task(hand_in, content, key))
    return rows, tasks


def _run_all(
    tasks: Sequence[_Task],
    course: Course,
    prepared: dict[str, _Prepared],
    jobs: int,
    limits: Limits,
    walls: Walls,
    quiet: bool,
) -> list[Graded]:
    """Run the tasks in parallel; only this thread writes."""
    slots: queue.Queue[int] = queue.Queue()
    for slot in range(jobs):
        slots.put(slot)

    def run(task: _Task) -> tuple[Graded, NotebookNode | None]:
        slot = slots.get()
        try:
            return _run_one(task, prepared[task.hand_in.assignment], course, limits, walls, slot)
        finally:
            slots.put(slot)

    rows = []
    executor = ThreadPoolExecutor(jobs)
    try:
        futures = {executor.submit(run, task): task for task in tasks}
        bar = tqdm(as_completed(futures), total=len(tasks), desc="grading", unit="notebook", disable=quiet or not tasks)
        for future in bar:
            task = futures[future]
            row, notebook, certain = _result(future, task.hand_in)
            _store(task, row, notebook, course, certain)
            row.notes[:0] = task.hand_in.notes
            rows.append(row)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        sandbox.kill_all()
        executor.shutdown(wait=True)
    return rows


def _result(future: Any, hand_in: HandIn) -> tuple[Graded, NotebookNode | None, bool]:
    """A task's result; a fault of the grader itself becomes a row too, which the next run tries again."""
    try:
        return *future.result(), True
    except Exception as error:
        return (
            Graded(hand_in, "crashed", [f"the grader failed, try again: {type(error).__name__}: {error}"]),
            None,
            False,
        )


def _run_one(
    task: _Task, prepared: _Prepared, course: Course, limits: Limits, walls: Walls, slot: int
) -> tuple[Graded, NotebookNode | None]:
    try:
        cells, notes = parse(task.content)
    except Unreadable as reason:
        return Graded(task.hand_in, "unreadable", [str(reason)]), None
    rebuilt = rebuild(cells, prepared.assignment.template)
    run = _patiently(rebuilt.notebook, limits, walls, slot, prepared.proofs, course)
    notes += rebuilt.notes + run.notes
    if rebuilt.removed:
        notes.append(f"answer cells that are gone: {', '.join(rebuilt.removed)}")
    if rebuilt.unwritten:
        notes.append(f"not written yet: {', '.join(rebuilt.unwritten)}")
    status = "incomplete" if rebuilt.removed and run.status == "graded" else run.status
    return Graded(task.hand_in, status, notes), rebuilt.notebook


def _store(task: _Task, row: Graded, notebook: NotebookNode | None, course: Course, certain: bool) -> None:
    """Into the gradebook first, then the record that it is there: a run that dies in between does it once more."""
    hand_in = task.hand_in
    submitted = course.work / "submitted" / hand_in.learner / hand_in.assignment
    submitted.mkdir(parents=True, exist_ok=True)
    (submitted / f"{hand_in.assignment}.ipynb").write_bytes(task.content)
    if notebook is not None:
        if row.status != "graded" or row.notes:
            text = f"**Note on grading:** {row.status}" + "".join(f"\n- {note}" for note in row.notes)
            notebook.cells.insert(0, new_markdown_cell(text, id="note-on-grading"))
        course.save(hand_in.assignment, hand_in.learner, notebook)
    if certain:
        _write_json(_record(course, hand_in), {"key": task.key, "status": row.status, "notes": row.notes})


def _record(course: Course, hand_in: HandIn) -> Path:
    return course.work / "records" / hand_in.assignment / f"{hand_in.learner}.json"


# Feedback


def _write_feedback(rows: Sequence[Graded], course: Course) -> None:
    """Make the pages of which something has changed since they were made, marks given by hand among it."""
    stale: dict[str, list[tuple[Graded, str]]] = {}
    for row in rows:
        learner, name = row.hand_in.learner, row.hand_in.assignment
        page = course.work / "feedback" / learner / name / f"{name}.html"
        if row.status in UNGRADED:
            shutil.rmtree(page.parent, ignore_errors=True)
            write_short_page(page, learner, name, row.status, "; ".join(row.notes))
            continue
        shown = digest_of(
            [_read_json(_record(course, row.hand_in)), course.scores(name, learner)[1], [asdict(s) for s in row.scores]]
        )
        mark = course.work / "records" / name / f"{learner}.shown"
        if not page.exists() or not mark.exists() or mark.read_text() != shown:
            stale.setdefault(name, []).append((row, shown))
    for name, outdated in stale.items():
        course.write_feedback(name, [row.hand_in.learner for row, _ in outdated])
        for row, shown in outdated:
            page = course.work / "feedback" / row.hand_in.learner / name / f"{name}.html"
            if page.exists():
                (course.work / "records" / name / f"{row.hand_in.learner}.shown").write_text(shown)
            else:
                row.notes.append("no feedback page could be made")
                write_short_page(page, row.hand_in.learner, name, row.status, "; ".join(row.notes))


# Small files


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    """All or nothing, whenever the run is stopped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(new, path)
