"""The corpus, written and graded once for all tests."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import corpus
import pytest
from rnn_helpers.course.grade import Report, grade
from rnn_helpers.course.gradebook import Course
from rnn_helpers.course.report import summary, write_csv
from rnn_helpers.course.sandbox import Limits, find_walls

# Shorter than in earnest, so that endless loops cost little; long enough for the longest right answer.
LIMITS = Limits(cell_seconds=12, submission_seconds=40)


@dataclass
class GradedCorpus:
    """A graded folder and what came of it."""

    folder: Path
    work: Path
    expected: dict
    before: dict[Path, bytes]
    report: Report
    summary: str

    @property
    def rows(self) -> dict[tuple[str, str], dict[str, str]]:
        return read_csv(self.work)


def read_csv(work: Path) -> dict[tuple[str, str], dict[str, str]]:
    with open(work / "grades.csv", newline="", encoding="utf-8") as file:
        return {(row["learner"], row["assignment"]): row for row in csv.DictReader(file)}


def items_of(row: dict[str, str]) -> dict[str, float]:
    """The points of each graded cell of a row of grades.csv."""
    pairs = (item.rsplit(" ", 1) for item in row["items"].split(", ") if item)
    return {name: float(points.partition("/")[0]) for name, points in pairs}


def grade_into(work: Path, folder: Path, **options) -> Report:
    """What `make grade` does, without its progress bar."""
    course = Course(corpus.SOURCES, work)
    report = grade(folder, course, **({"limits": LIMITS, "quiet": True} | options))
    write_csv(report.rows, work / "grades.csv")
    return report


@pytest.fixture(scope="session", autouse=True)
def _tools_on_the_path():
    """nbgrader calls alembic by its bare name."""
    import sysconfig

    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> GradedCorpus:
    place = tmp_path_factory.mktemp("corpus")
    folder, work = place / "submissions", place / "course"
    expected = corpus.write(folder, work, attack=bool(find_walls(1).uids))
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    report = grade_into(work, folder)
    return GradedCorpus(folder, work, expected, before, report, summary(report, work))
