"""What the instructor reads: grades.csv and a summary that fits on a screen."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from rnn_grading.grade import UNGRADED, Graded, Report

__all__ = ["summary", "write_csv", "write_left_out", "write_table"]

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
    write_table(path, COLUMNS, [_values(row) for row in rows])


def write_left_out(report: Report, path: Path) -> None:
    """Write one line for each file that nobody has graded: not recognised, or less than another of the same learner."""
    others = [
        f"{file.shown} (another notebook of {row.hand_in.learner} for {row.hand_in.assignment} counts)"
        for row in report.rows
        for file in row.hand_in.others
    ]
    write_table(path, ["file"], [[name] for name in [*report.strange, *others]])


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table that no spreadsheet takes for formulas, all or nothing."""
    new = path.with_name(path.name + ".new")
    with open(new, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_harmless(value) for value in row] for row in rows)
    os.replace(new, path)


def _values(row: Graded) -> list[str]:
    about = [row.hand_in.learner, row.hand_in.assignment, row.status]
    note = "; ".join(row.notes)
    if not row.scores:
        return [*about, "", f"{row.max_score:g}", "", "", "", "", note]
    by_hand = [score.by_hand for score in row.scores if score.by_hand is not None]
    return [
        *about,
        f"{row.total:g}",
        f"{row.max_score:g}",
        f"{sum(score.auto or 0 for score in row.scores):g}",
        f"{sum(by_hand):g}" if by_hand else "",
        "yes" if row.waits else "no",
        ", ".join(f"{score.name} {score.points:g}/{score.max_points:g}" for score in row.scores),
        note,
    ]


def _harmless(value: str) -> str:
    """A text that no spreadsheet takes for a formula: with a tab before it, which a name of a folder never has."""
    is_number = re.fullmatch(r"-\d+(\.\d+)?", value)
    wide = unicodedata.normalize("NFKC", value[:1])  # some take full-width signs for the ordinary ones
    return f"\t{value}" if wide in {"=", "+", "-", "@", "\t", "\r"} and not is_number else value


def summary(report: Report, work: Path) -> str:
    """The run on one screen."""
    rows = report.rows
    there = sum(row.status != "missing" for row in rows)
    known = there - report.newly_graded
    lines = [f"{there} handed in: {report.newly_graded} run now, {known} known from before."]
    earlier = dict.fromkeys(row.hand_in.learner for row in rows if row.is_earlier)
    if earlier:
        lines.append(f"  not in this folder, but kept from earlier runs until you `delete` them: {', '.join(earlier)}")
    for name in sorted({row.hand_in.assignment for row in rows}):
        of_name = [row for row in rows if row.hand_in.assignment == name]
        counts = Counter(row.status for row in of_name)
        done = [row.total for row in of_name if row.scores and not row.waits]
        waiting = sum(row.waits for row in of_name)
        scored = sum(bool(row.scores) for row in of_name)
        part = f" over the {len(done)} of {scored} with no mark to come" if len(done) < scored else ""
        mean = f"mean {sum(done) / len(done):.1f} of {of_name[0].max_score:g}{part}" if done else "no final score yet"
        parts = [f"{count} {status}" for status, count in counts.most_common()]
        lines.append(f"{name}: {', '.join(parts)}; {mean}; {waiting} to be marked by hand")
    odd = [row for row in rows if row.status not in {"graded", "missing"}]
    for row in odd[:MAX_LISTED]:
        points = "" if row.status in UNGRADED else f" ({row.total:g} points)"
        lines.append(f"  {row.status}: {row.hand_in.learner}, {row.hand_in.assignment}{points}: {'; '.join(row.notes)}")
    if len(odd) > MAX_LISTED:
        lines.append(f"  and {len(odd) - MAX_LISTED} more that are not graded; see grades.csv")
    missing = [f"{row.hand_in.learner} ({row.hand_in.assignment})" for row in rows if row.status == "missing"]
    if missing:
        lines.append(f"  missing: {', '.join(missing)}")
    lines += [f"Another score than before: {sentence}" for sentence in report.moved[:MAX_LISTED]]
    lines += _first(report.told)
    several = [
        f"  {row.hand_in.learner}, {row.hand_in.assignment}: {row.hand_in.file.shown}, of {len(row.hand_in.others) + 1}"
        for row in rows
        if row.hand_in.file is not None and row.hand_in.others
    ]
    if several:
        lines += ["Of several notebooks one counts (the others in left_out.csv); are they several learners'?"]
        lines += _first(several)
    if report.strange:
        lines += _left_out(report.strange)
    lines.append(report.setting.walls.sentence)
    return "\n".join([_shortened(line) for line in lines] + [f"Scores: {work / 'grades.csv'}."])


def _left_out(strange: Sequence[str]) -> list[str]:
    """What is not recognised, a line for each file or folder at the top, so that no crowd hides the rest."""
    by_top: dict[str, list[str]] = defaultdict(list)
    for name in strange:
        by_top[name.partition("/")[0]].append(name)
    lines = [
        f"  {names[0]}" + (f", and {len(names) - 1} more in {top}" if len(names) > 1 else "")
        for top, names in by_top.items()
    ]
    return ["Not recognised, so left out (all in left_out.csv):", *_first(lines)]


def _first(lines: Sequence[str]) -> list[str]:
    more = [f"  and {len(lines) - MAX_LISTED} more"] if len(lines) > MAX_LISTED else []
    return [*lines[:MAX_LISTED], *more]


def _shortened(line: str) -> str:
    return line if len(line) <= MAX_WIDTH else f"{line[: MAX_WIDTH - 4]} ..."
