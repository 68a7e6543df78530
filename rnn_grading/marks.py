"""Marks that were given by hand on another machine: taken over where there are none here; two that differ are named."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry

from rnn_grading.gradebook import Course, read_json
from rnn_grading.walls import Problem

__all__ = ["take_marks"]


def take_marks(course: Course, other: Path) -> list[str]:
    """Take over what a person marked in a copy of the course directory.

    Nothing that a person wrote here is overwritten. An item that has two different marks, or whose mark belongs to
    another hand-in than the one here, waits to be looked at again.

    Parameters
    ----------
    course : Course
        This one.
    other : pathlib.Path
        The other course directory, as it is on the other machine now.

    Returns
    -------
    list of str
        How many were taken over, and a sentence for each that somebody has to look at.

    Raises
    ------
    Problem
        If there is no gradebook in `other`, or none that is whole.
    """
    taken, told = 0, []
    with _copy_of(other) as gradebook:
        for name in course.names:
            for learner, theirs, field in _marks(gradebook, name):
                try:
                    mine = _here(course.gradebook, name, learner, theirs)
                except MissingEntry:
                    told.append(f"{learner}, {name}: not known here")
                    continue
                of_same = _content(course.work, name, learner) == _content(other, name, learner)
                is_taken, problem = _take(mine, theirs, field, of_same)
                taken += is_taken
                told += (
                    [f"{learner}, {name}, {course.assignment(name).titles([theirs.name])}: {problem}"]
                    if problem
                    else []
                )
    course.gradebook.db.commit()
    return [f"{taken} marks and comments taken over", *dict.fromkeys(told)]


def _take(mine: Any, theirs: Any, field: str, of_same: bool) -> tuple[bool, str]:
    """Take a mark over if there is none here; returns whether it was, and what somebody has to look at."""
    here, there = getattr(mine, field), getattr(theirs, field)
    if here == there:
        return False, ""
    is_free = here in (None, "")
    if is_free:
        setattr(mine, field, there)
        problem = "" if of_same else "was given for another hand-in"
    else:
        problem = f"{there} there, {here} here, which is kept"
    if isinstance(mine, Grade):
        mine.needs_manual_grade = bool(problem) or theirs.needs_manual_grade
    return is_free, problem


@contextmanager
def _copy_of(other: Path) -> Iterator[Gradebook]:
    """The gradebook of another course directory, whole even while somebody marks in it; nothing there is changed."""
    original = other / "gradebook.db"
    if not original.is_file():
        raise Problem(f"expected a course directory, with a gradebook.db in it, got {other}")
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "gradebook.db"
        try:
            with closing(sqlite3.connect(original)) as theirs, closing(sqlite3.connect(copy)) as ours:
                theirs.backup(ours)
                ours.execute("SELECT * FROM grade").fetchone()
                (sound,) = ours.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            sound = str(error)
        if sound != "ok":
            raise Problem(f"expected nbgrader's database in {original}, and it is none or damaged: {sound}")
        with Gradebook(f"sqlite:///{copy}", "rnn") as gradebook:
            yield gradebook


def _marks(gradebook: Gradebook, assignment: str) -> Iterator[tuple[str, Any, str]]:
    """What a person gave: the learner, nbgrader's entry, and the name of its field that holds it."""
    try:
        submissions = gradebook.assignment_submissions(assignment)
    except MissingEntry:
        return
    for submission in submissions:
        for notebook in submission.notebooks:
            fields = [(grade, field) for grade in notebook.grades for field in ("manual_score", "extra_credit")]
            fields += [(comment, "manual_comment") for comment in notebook.comments]
            for entry, field in fields:
                if getattr(entry, field) not in (None, ""):
                    yield submission.student.id, entry, field


def _here(gradebook: Gradebook, assignment: str, learner: str, theirs: Any) -> Any:
    """The entry of this gradebook that belongs to one of another."""
    find = gradebook.find_grade if isinstance(theirs, Grade) else gradebook.find_comment
    return find(theirs.name, assignment, assignment, learner)


def _content(work: Path, assignment: str, learner: str) -> Any:
    """Which file was graded."""
    return read_json(work / "records" / assignment / f"{learner}.json").get("content")
