"""What the instructor reads: grades.csv and a summary that fits on a screen."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from rnn_helpers.course.grade import UNGRADED, Graded, Report

__all__ = ["summary", "write_csv"]

COLUMNS = (
    "learner",
    "assignment",
    "status",
    "score",
    "max_score",
    "auto_score",
    "hand_score",
    "needs_marking_by_hand",
    "items",
    "note",
)
MAX_LISTED = 25
MAX_WIDTH = 160


def write_csv(rows: list[Graded], path: Path) -> None:
    """Write one line for each learner and assignment; the scores of what could not be graded are empty, not 0."""
    new = path.with_name(path.name + ".new")
    with open(new, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_plain(value) for value in _values(row)])
    os.replace(new, path)


def _values(row: Graded) -> list[str]:
    about = [row.hand_in.learner, row.hand_in.assignment, row.status]
    note = "; ".join(row.notes)
    if not row.scores:
        return [*about, "", f"{row.max_score:g}", "", "", "", "", note]
    by_hand = [score.by_hand for score in row.scores if score.by_hand is not None]
    return [
        *about,
        f"{total(row):g}",
        f"{row.max_score:g}",
        f"{sum(score.auto or 0 for score in row.scores):g}",
        f"{sum(by_hand):g}" if by_hand else "",
        "yes" if any(score.needs_marking for score in row.scores) else "no",
        ", ".join(f"{score.name} {score.points:g}/{score.max_points:g}" for score in row.scores),
        note,
    ]


def _plain(value: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def total(row: Graded) -> float:
    """All points of a row."""
    return sum(score.points for score in row.scores)


def summary(report: Report, work: Path) -> str:
    """The run on one screen."""
    rows = report.rows
    lines = [f"{len(rows)} in all, {report.newly_graded} of them run now, the others known from before."]
    for name in sorted({row.hand_in.assignment for row in rows}):
        of_name = [row for row in rows if row.hand_in.assignment == name]
        counts = Counter(row.status for row in of_name)
        scored = [total(row) for row in of_name if row.scores]
        mean = f"mean {sum(scored) / len(scored):.1f} of {of_name[0].max_score:g}" if scored else "no score"
        waiting = sum(any(score.needs_marking for score in row.scores) for row in of_name)
        parts = [f"{count} {status}" for status, count in counts.most_common()]
        lines.append(f"{name}: {', '.join(parts)}; {mean}; {waiting} to be marked by hand")
    odd = [row for row in rows if row.status not in {"graded", "missing"}]
    for row in odd[:MAX_LISTED]:
        points = "" if row.status in UNGRADED else f" ({total(row):g} points)"
        lines.append(
            _shortened(
                f"  {row.status}: {row.hand_in.learner}, {row.hand_in.assignment}{points}: {'; '.join(row.notes)}"
            )
        )
    if len(odd) > MAX_LISTED:
        lines.append(f"  and {len(odd) - MAX_LISTED} more that are not graded; see grades.csv")
    missing = [f"{row.hand_in.learner} ({row.hand_in.assignment})" for row in rows if row.status == "missing"]
    if missing:
        lines.append(_shortened(f"  missing: {', '.join(missing)}"))
    if report.strange:
        lines.append(_shortened(f"Not recognised, so left out: {', '.join(report.strange)}"))
    lines.append(report.walls.sentence)
    lines.append(f"Scores: {work / 'grades.csv'}. Feedback: {work / 'feedback'}.")
    return "\n".join(lines)


def _shortened(line: str) -> str:
    return line if len(line) <= MAX_WIDTH else f"{line[: MAX_WIDTH - 4]} ..."
