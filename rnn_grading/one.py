"""One file graded by itself: no gradebook, no lock, everything that is known of it as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnn_grading.assignments import Assignment, read
from rnn_grading.scores import UNGRADED, Result, Sandboxes, Setting, judge, versions
from rnn_grading.submissions import NotGradable, hand_in_of, helpers_of, read_file
from rnn_grading.walls import Walls

__all__ = ["as_data", "failed", "grade_one"]


def grade_one(path: Path, source: Path, setting: Setting) -> tuple[Assignment, Result]:
    """The assignment of a source, and what one learner's work for it comes to.

    Parameters
    ----------
    path : pathlib.Path
        What was handed in: a notebook, or a zip or folder that may hold several.
    source : pathlib.Path
        The assignment's source.
    setting : Setting
        How it runs.
    """
    assignment, _ = read(source)
    hand_in = hand_in_of(path, assignment)
    if hand_in.file is None:
        return assignment, Result("missing", notes=list(hand_in.notes))
    sandboxes = Sandboxes(setting)
    try:
        result = judge(read_file(hand_in.file), helpers_of(hand_in), assignment, sandboxes)
    except NotGradable as reason:
        result = Result("unreadable", notes=[str(reason)])
    finally:
        sandboxes.close()
    result.notes = [*hand_in.notes, *result.notes]
    return assignment, result


def as_data(assignment: Assignment, result: Result, setting: Setting) -> dict[str, Any]:
    """All that is known of one submission, as JSON can hold it.

    Returns
    -------
    dict
        ``assignment``, ``status``, ``score`` (None if nothing could be graded), ``max_score``, ``items`` (each with
        ``name``, ``title``, ``score``, ``max``, ``message``, ``by_hand``), ``notes``, ``seconds``, ``walls``,
        ``versions``. The score of an item that a person must mark is None where it has no points yet.
    """
    graded = result.status not in UNGRADED
    items = [
        {
            "name": cell.name,
            "title": cell.title,
            "score": result.points_of(cell.name, cell.points),
            "max": cell.points,
            "message": result.messages.get(cell.name, ""),
            "by_hand": cell.name in result.for_a_person
            or (cell.part == "by hand" and cell.name not in result.unwritten),
        }
        for cell in assignment.cells
        if cell.has_points
    ]
    return {
        "assignment": assignment.name,
        "status": result.status,
        "score": sum(item["score"] or 0 for item in items) if graded else None,
        "max_score": assignment.max_score,
        "items": items if graded else [],
        "notes": result.notes,
        "seconds": round(result.seconds, 3),
        "walls": setting.walls.sentence,
        "versions": versions(),
    }


def failed(assignment: str, why: str) -> dict[str, Any]:
    """What `as_data` would have returned, had the grader not failed."""
    nothing = Assignment(assignment, "", (), {})
    return as_data(nothing, Result("not graded", notes=[why]), Setting(Walls("no"))) | {"max_score": None, "walls": ""}
