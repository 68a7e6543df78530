"""One file graded by itself: no gradebook, no lock, everything that is known of it as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnn_grading.assignments import Assignment, read
from rnn_grading.scores import Result, Sandboxes, Setting, judge, versions
from rnn_grading.submissions import File, NotGradable, read_file

__all__ = ["as_data", "grade_one"]


def grade_one(path: Path, source: Path, setting: Setting) -> tuple[Assignment, Result]:
    """The assignment of a source, and what a file for it comes to.

    Parameters
    ----------
    path : pathlib.Path
        What was handed in.
    source : pathlib.Path
        The assignment's source.
    setting : Setting
        How it runs.
    """
    assignment, _ = read(source)
    sandboxes = Sandboxes(setting)
    try:
        return assignment, judge(read_file(File((path.name,), path)), {}, assignment, sandboxes)
    except NotGradable as reason:
        return assignment, Result("unreadable", notes=[str(reason)])
    finally:
        sandboxes.close()


def as_data(assignment: Assignment, result: Result, setting: Setting) -> dict[str, Any]:
    """All that is known of one submission, as JSON can hold it.

    Returns
    -------
    dict
        ``assignment``, ``status``, ``score`` (None if nothing could be graded), ``max_score``, ``items`` (each with
        ``name``, ``title``, ``score``, ``max``, ``message``, ``by_hand``), ``notes``, ``seconds``, ``walls``,
        ``versions``. The score of an item that a person must mark is None where it has no points yet.
    """
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
    graded = result.status != "unreadable"
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
