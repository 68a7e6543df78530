"""Walls to test behind, and what runs submissions, made once for all tests."""

from __future__ import annotations

import csv
import os
import shutil
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import corpus
import pytest

from rnn_grading.assignments import Assignment, read
from rnn_grading.examiner import Notebook, Stopped
from rnn_grading.grade import Plan, Report, grade
from rnn_grading.gradebook import Course
from rnn_grading.report import summary, write_csv
from rnn_grading.scores import Result, Sandboxes, Setting, judge
from rnn_grading.submissions import fit, parse
from rnn_grading.walls import HELPERS, Limits, Problem, View, Walls, find_walls

# Shorter than in earnest, so that endless loops cost little.
LIMITS = Limits(cell_seconds=2, submission_seconds=6)


@cache
def _tried(form: str) -> Walls | str:
    """Walls of a form, or why they cannot be had."""
    try:
        return find_walls(form)
    except Problem as problem:
        return str(problem)


def walls_of(form: str) -> Walls:
    """Walls of a form, or a skipped test where they cannot be had; a failed one if REQUIRE_WALLS names the form."""
    walls = _tried(form)
    if isinstance(walls, str):
        (pytest.fail if os.environ.get("REQUIRE_WALLS") == form else pytest.skip)(walls)
    return walls


@pytest.fixture(scope="session", autouse=True)
def _as_from_make():
    """nbgrader calls alembic by its bare name; where no walls can be had, the commands are told so."""
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    if isinstance(_tried("bwrap"), str) and isinstance(_tried("user"), str):
        os.environ["WALLS"] = "no"


def pytest_terminal_summary(terminalreporter):
    """Say which walls were tried: where they cannot be had, a green run has shown less."""
    for form, told in {"bwrap": "bubblewrap", "user": "another user, as root", "no": "no walls"}.items():
        walls = _tried(form)
        terminalreporter.write_line(f"walls: {told}: {f'not tried ({walls})' if isinstance(walls, str) else 'tried'}")


@pytest.fixture(scope="session")
def bwrap() -> Walls:
    return walls_of("bwrap")


@pytest.fixture(scope="session", params=["user", "no"])
def weaker(request):
    """What runs submissions where there is no bubblewrap: as another user, and with no walls."""
    made = Sandboxes(Setting(walls_of(request.param), LIMITS))
    yield made
    made.close()


@pytest.fixture(scope="session")
def best() -> Walls:
    """The best that can be had here, walls or none."""
    try:
        return find_walls()
    except Problem:
        return Walls("no")


@pytest.fixture(scope="session")
def assignments() -> dict[str, Assignment]:
    return {name: read(corpus.SOURCES / name / f"{name}.ipynb")[0] for name in corpus.NAMES}


@pytest.fixture(scope="session")
def step(assignments) -> Assignment:
    return assignments[corpus.STEP]


@pytest.fixture(scope="session")
def sandboxes(best):
    made = Sandboxes(Setting(best, LIMITS))
    yield made
    made.close()


@pytest.fixture(scope="session")
def impatient(best):
    """For what keeps the examiner waiting until the end of its time."""
    made = Sandboxes(Setting(best, Limits(cell_seconds=1, submission_seconds=2)))
    yield made
    made.close()


@pytest.fixture(scope="session")
def without_walls():
    made = Sandboxes(Setting(Walls("no"), LIMITS))
    yield made
    made.close()


@pytest.fixture
def judged(sandboxes, assignments) -> Callable[..., Result]:
    """Judge a notebook, or the bytes of one."""

    def run(notebook: Any, name: str = corpus.STEP, helpers: dict[str, str] | None = None) -> Result:
        content = notebook if isinstance(notebook, bytes) else corpus.as_bytes(notebook)
        return judge(content, helpers or {}, assignments[name], sandboxes)

    return run


def points(result: Result, assignment: Assignment) -> dict[str, float]:
    """The points of each test."""
    return {name: result.points_of(name, item.points) or 0.0 for name, item in assignment.items.items()}


# Controls: tests that run in the learner's own process, as they would without the wall


@dataclass(frozen=True)
class Together(View):
    """A view in which everything is there, the checks and the reference too."""

    def write(self, folder: Path) -> None:
        super().write(folder)
        shutil.copytree(HELPERS, folder / "rnn_helpers", dirs_exist_ok=True)

    @property
    def preload(self) -> list[str]:
        """Nothing that only draws: without bubblewrap a new server loads all of this for each notebook."""
        return ["rnn_helpers.checks", *(["torch"] if self.torch else [])]


@pytest.fixture(scope="session")
def in_one_process(best, step) -> Callable[[Any], float]:
    """The points that a notebook wins where its tests run as cells of it, with hidden cases."""
    made = Sandboxes(Setting(best, LIMITS))

    def run(notebook: Any) -> float:
        content = corpus.as_bytes(notebook)
        view = Together(pages=True, torch=b"torch" in content)
        fitted = fit(parse(content)[0], step)
        worker, won = Notebook(lambda: made.get(view), LIMITS), 0.0
        for piece in fitted.pieces:
            if piece.kind != "code" or (piece.cell is not None and piece.cell.name == "step-picture"):
                continue
            answer = worker.cell(piece.text)
            if piece.cell is not None and piece.cell.part == "test" and not isinstance(answer, Stopped):
                won += piece.cell.points * all(output["output_type"] != "error" for output in answer["outputs"])
        worker.close()
        return won

    yield run
    made.close()


# Grading a folder


def read_csv(work: Path) -> dict[tuple[str, str], dict[str, str]]:
    with open(work / "grades.csv", newline="", encoding="utf-8") as file:
        return {(row["learner"], row["assignment"]): row for row in csv.DictReader(file)}


def items_of(row: dict[str, str]) -> dict[str, float]:
    """The points of each item of a row of grades.csv."""
    pairs = (item.rsplit(" ", 1) for item in row["items"].split(", ") if item)
    return {name: float(points.partition("/")[0]) for name, points in pairs}


def grade_into(work: Path, folder: Path, walls: Walls, *, sources: Path = corpus.SOURCES, **options: Any) -> Report:
    """What `make grade` does, without its progress bar."""
    plan = Plan(**({"setting": Setting(walls, LIMITS), "quiet": True} | options))
    return grade(folder, Course(sources, work), plan, lambda report: write_csv(report.rows, work / "grades.csv"))


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


@pytest.fixture(scope="session")
def graded(tmp_path_factory, best) -> GradedCorpus:
    place = tmp_path_factory.mktemp("corpus")
    folder, work = place / "submissions", place / "course"
    expected = corpus.write(folder, work, attack=best.form != "no")
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    report = grade_into(work, folder, best)
    return GradedCorpus(folder, work, expected, before, report, summary(report, work))


def hand_in(folder: Path, learner: str, notebook: Any, name: str = corpus.STEP) -> Path:
    path = folder / learner / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook if isinstance(notebook, bytes) else corpus.as_bytes(notebook))
    return path
