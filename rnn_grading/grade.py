"""Grades a folder of submissions: what is new or has changed is run, the rest is known from the last time."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from rnn_grading.assignments import Assignment
from rnn_grading.gradebook import Course, Score, read_json, write_json
from rnn_grading.keys import digest_of, key_of
from rnn_grading.scores import UNGRADED, Pool, Result, Setting, Task
from rnn_grading.submissions import File, HandIn, NotGradable, collect, helpers_of, read_file, time_of
from rnn_grading.walls import MAX_JOBS, Problem

__all__ = ["UNGRADED", "Graded", "Plan", "Report", "grade", "refuse_broken"]

EXPECTED = "expected a folder that holds <learner>/<assignment>/<assignment>.ipynb or <learner>_<assignment>.ipynb"


@dataclass(frozen=True)
class Plan:
    """How a folder is graded.

    Attributes
    ----------
    setting : Setting
        Walls and limits.
    jobs : int
        How many submissions run at a time.
    pages : bool
        Whether the executed notebooks and the feedback pages are made too.
    quiet : bool
        Without a progress bar.
    scheduler : str
        The address of a Dask scheduler that has the work done elsewhere; empty for this machine.
    """

    setting: Setting
    jobs: int = 2
    pages: bool = True
    quiet: bool = False
    scheduler: str = ""


@dataclass
class Graded:
    """What became of one hand-in.

    Attributes
    ----------
    hand_in : HandIn
        The learner and the assignment.
    result : Result
        What the grader found.
    scores : list of Score
        The points of each item as the gradebook has them now, empty if nothing could be graded.
    comments : dict
        What a person wrote beside an item.
    max_score : float
        The points of the assignment.
    is_earlier : bool
        It is not in the folder, but was graded in an earlier run.
    """

    hand_in: HandIn
    result: Result
    scores: list[Score] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    max_score: float = 0.0
    is_earlier: bool = False

    @property
    def status(self) -> str:
        """One word for how it went."""
        return self.result.status

    @property
    def notes(self) -> list[str]:
        """All that an instructor should know."""
        return [*self.hand_in.notes, *self.result.notes]

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(score.points for score in self.scores)

    @property
    def waits(self) -> bool:
        """Whether a person must mark something."""
        return any(score.needs_marking for score in self.scores)


@dataclass
class Report:
    """All that a run found out."""

    rows: list[Graded]
    strange: list[str]
    setting: Setting
    newly_graded: int
    told: list[str] = field(default_factory=list)  # sentences on what a person should look at
    moved: list[str] = field(default_factory=list)  # sentences on scores that are others than before


def grade(folder: Path, course: Course, plan: Plan, write: Callable[[Report], None] = lambda report: None) -> Report:
    """Grade every submission of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        The submissions.
    course : Course
        Where results go.
    plan : Plan
        How.
    write : callable, optional
        Writes the tables: called as soon as the scores are there, whatever becomes of the pages, and once more after
        those, which may add notes.

    Returns
    -------
    Report
        A row for each learner and assignment.

    Raises
    ------
    Problem
        If there is nothing to grade, or a source is broken, in one sentence.
    """
    if not 1 <= plan.jobs <= MAX_JOBS:
        raise Problem(f"expected 1 to {MAX_JOBS} jobs, got {plan.jobs}")
    if not folder.is_dir():
        raise Problem(f"{EXPECTED}, and there is no folder {folder}")
    assignments = course.assignments
    hand_ins, strange, told = collect(folder, list(assignments.values()))
    if not hand_ins:
        raise Problem(f"{EXPECTED}, and {folder} holds neither (assignments: {', '.join(course.names)})")
    with course.alone():
        used = {hand_in.assignment: assignments[hand_in.assignment] for hand_in in hand_ins}
        for name in used:
            course.register(name)
        keys = {name: key_of(assignment, plan.setting) for name, assignment in used.items()}
        with Pool(plan.setting, plan.jobs) as pool:
            _try_sources(keys, course, pool)
            rows, waiting = _known_and_waiting(hand_ins, course, used, keys)
            moved: list[str] = []
            rows += _run_all(waiting, course, plan, pool, moved, told)
            rows = _with_earlier(rows, course, plan.setting)
            for row in rows:
                told += _add_scores(row, course, assignments[row.hand_in.assignment])
            report = Report(rows, strange, plan.setting, len(waiting), told, moved)
            write(report)
            if plan.pages:
                from rnn_grading.pages import write_pages

                write_pages(rows, course, plan, pool)
                write(report)
    return report


def _try_sources(keys: dict[str, str], course: Course, pool: Pool) -> None:
    """Judge the sources themselves, once: tests that refuse the solutions would take everybody's points."""
    paths = {name: course.work / "records" / f"{name}.tried" for name in keys}
    new = [name for name, path in paths.items() if not path.exists() or path.read_text() != keys[name]]
    tasks: dict[Any, Task] = {
        name: (nbformat.writes(course.source(name)).encode(), {}, course.assignment(name)) for name in new
    }
    for name, result in pool.judge(tasks):
        if isinstance(result, Exception):
            raise Problem(f"no notebook can be run here: {result}")
        refuse_broken(name, result)
        paths[name].write_text(keys[name])


def refuse_broken(name: str, of_source: Result) -> None:
    """Raise `Problem` if what a source was judged says that its tests refuse its own solutions."""
    wrong = [f"{item}: {message}" for item, message in of_source.messages.items() if message]
    if wrong or of_source.status != "graded":
        raise Problem(f"the source of {name} does not pass its own tests: {'; '.join(wrong or of_source.notes)}")


def _with_earlier(rows: Sequence[Graded], course: Course, setting: Setting) -> list[Graded]:
    """All rows in order, with those that earlier runs graded and that are not in this folder: nobody is forgotten."""
    known = {(row.hand_in.learner, row.hand_in.assignment): row for row in rows}
    for name in course.names:
        key = key_of(course.assignment(name), setting)
        for path in (course.work / "records" / name).glob("*.json"):
            learner = path.name.removesuffix(".json")
            row = known.get((learner, name))
            if row is None or row.status == "missing":
                record = read_json(path)
                try:
                    notes, result = [f"graded earlier, from {record['file']}"], Result(**record["result"])
                except (KeyError, TypeError):  # not a record, or of another version
                    continue
                if record.get("by") != key:
                    notes.append("its source, a check, the limits or the grader have changed since")
                notes = [*(row.hand_in.notes if row else []), "not in this folder", *notes]
                known[learner, name] = Graded(HandIn(learner, name, None, tuple(notes)), result, is_earlier=True)
    return [known[whose] for whose in sorted(known)]


def _add_scores(row: Graded, course: Course, assignment: Assignment) -> list[str]:
    """Add the points as the gradebook has them now, marks given by hand among them; returns what is odd about those."""
    row.max_score = assignment.max_score
    learner = row.hand_in.learner
    found, comments = course.scores(assignment, learner)
    if row.status in UNGRADED:
        row.result.notes += ["the gradebook still holds what this learner handed in before"] if found else []
        return []
    row.scores, row.comments = found, comments
    told = [f"{assignment.titles([score.name])}: {score.problem}" for score in found if score.problem]
    row.result.notes += told
    return [f"{learner}, {assignment.name}, {sentence}" for sentence in told]


@dataclass
class _Waiting:
    """A hand-in that has to be run."""

    hand_in: HandIn
    task: Task
    key: str
    by: str  # what decides its score but for the file
    before: dict[str, Any]  # what is known of the last time
    content: str  # which file it is, in one word
    file: str  # name and time
    replaces: str

    @property
    def is_same_file(self) -> bool:
        """Whether it has been run before, so that only the checks or the grader are others now."""
        return self.before.get("content") == self.content


def _known_and_waiting(
    hand_ins: Sequence[HandIn], course: Course, used: dict[str, Assignment], keys: dict[str, str]
) -> tuple[list[Graded], list[_Waiting]]:
    """Rows for what is known or cannot be read, and tasks for the rest. Reads all before any learner code runs."""
    rows, waiting = [], []
    for hand_in in hand_ins:
        if hand_in.file is None:
            rows.append(Graded(hand_in, Result("missing")))
            continue
        try:
            content = read_file(hand_in.file)
        except NotGradable as reason:
            rows.append(Graded(hand_in, Result("unreadable", notes=[str(reason)])))
            continue
        helpers, digest = helpers_of(hand_in), hashlib.sha256(content).hexdigest()
        key = digest_of([digest, helpers, keys[hand_in.assignment]])
        record = read_json(record_of(course, hand_in))
        file = _name_and_time(hand_in.file)
        replaces = _replaced(file, digest, record)
        if replaces:
            hand_in = replace(hand_in, notes=(*hand_in.notes, replaces))
        if record.get("key") == key:
            rows.append(Graded(hand_in, Result(**record["result"])))
        else:
            task = content, helpers, used[hand_in.assignment]
            waiting.append(_Waiting(hand_in, task, key, keys[hand_in.assignment], record, digest, file, replaces))
    return rows, waiting


def _name_and_time(file: File) -> str:
    return f"{file.shown} of {datetime.fromtimestamp(time_of(file)):%Y-%m-%d %H:%M}"


def _replaced(file: str, content: str, record: dict[str, Any]) -> str:
    """A sentence on the earlier hand-in of which this one takes the place; empty if there is none."""
    if "file" not in record or record.get("content") == content:
        return str(record.get("replaces", ""))
    return f"handed in again: {file} replaces {record['file']}"


def _run_all(
    waiting: Sequence[_Waiting], course: Course, plan: Plan, pool: Pool, moved: list[str], told: list[str]
) -> list[Graded]:
    """Run what has to be run; only this process writes."""
    if not waiting:
        return []
    tasks = {number: one.task for number, one in enumerate(waiting)}
    if plan.scheduler:
        from rnn_grading.cluster import judge_elsewhere

        results = pool.once_more_alone(judge_elsewhere(tasks, plan.setting, plan.scheduler), tasks)
    else:
        results = pool.judge(tasks)
    rows = []
    for number, result in tqdm(results, total=len(tasks), desc="scores", unit="notebook", disable=plan.quiet):
        one = waiting[number]
        if isinstance(result, Exception):  # a fault of the grader itself, which the next run tries again
            note = f"the grader failed, try again: {type(result).__name__}: {result}"
            rows.append(Graded(one.hand_in, Result("not graded", notes=[note])))
            continue
        told += _store_result(one, result, course)
        moved += _moved(one, result)
        rows.append(Graded(one.hand_in, result))
    return rows


def _store_result(one: _Waiting, result: Result, course: Course) -> list[str]:
    """Into the gradebook first, then the record that it is there: a run that dies in between does it once more.

    Returns a sentence for each mark that was given when its item had another maximum.
    """
    content, helpers, assignment = one.task
    learner = one.hand_in.learner
    folder = course.work / "submitted" / learner / assignment.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / f"{assignment.name}.ipynb").write_bytes(content)
    for name, text in helpers.items():
        (folder / name).write_text(text, encoding="utf-8")
    told = []
    if result.status != "unreadable":
        before = one.before.get("max", {})
        moved = {cell.name for cell in assignment.cells if before.get(cell.name, cell.points) != cell.points}
        again = moved if one.is_same_file else set(assignment.frame)
        marked = course.save(assignment, learner, result, again)
        told = [
            f"{learner}, {assignment.name}, {assignment.titles([name])}: marked when it had {before[name]:g} points, "
            f"and has {assignment.frame[name].points:g} now: please mark it again"
            for name in sorted(moved & marked)
        ]
    record = {
        "key": one.key,
        "by": one.by,
        "max": {cell.name: cell.points for cell in assignment.cells if cell.has_points},
        "content": one.content,
        "file": one.file,
        "replaces": one.replaces,
        "points": _points(one, result),
        "result": asdict(result),
    }
    write_json(record_of(course, one.hand_in), record)
    return told


def _points(one: _Waiting, result: Result) -> dict[str, float | None]:
    """The points of each item, as far as they need no person."""
    return {cell.name: result.points_of(cell.name, cell.points) for cell in one.task[2].cells if cell.has_points}


def _moved(one: _Waiting, result: Result) -> list[str]:
    """A sentence for each item of which the same file has other points than before."""
    before = one.before.get("points")
    if before is None or not one.is_same_file:
        return []
    changed = {name: now for name, now in _points(one, result).items() if before.get(name) != now}
    who, titles = f"{one.hand_in.learner}, {one.hand_in.assignment}", one.task[2].titles
    return [f"{who}: {titles([name])} {_or_none(before.get(name))} -> {_or_none(now)}" for name, now in changed.items()]


def _or_none(points: float | None) -> str:
    return "none" if points is None else f"{points:g}"


def record_of(course: Course, hand_in: HandIn) -> Path:
    """Where what is known of a hand-in stands."""
    return course.work / "records" / hand_in.assignment / f"{hand_in.learner}.json"
