"""The course directory of nbgrader and its database: everything here goes through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveAutoGrades,
)
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from rnn_helpers.course import sandbox
from rnn_helpers.course.cells import is_answer, is_test

__all__ = ["Assignment", "Course", "Problem", "Score", "digest_of", "for_reading", "make_template"]

CONFIG = """# An ordinary nbgrader course; written anew by every run. Run nbgrader's commands in this folder.
c = get_config()
c.CourseDirectory.course_id = "rnn"
# Feedback never shows hidden tests, whoever makes it.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "rnn_helpers.course.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# nbgrader's own table goes beside grades.csv, not over it.
c.ExportPlugin.to = "nbgrader_grades.csv"
# A submission's HTML and JavaScript never run in the browser of whoever marks it.
c.HTMLExporter.sanitize_html = True
"""


class Problem(Exception):  # noqa: N818 - a sentence for the instructor
    """Something that the instructor has to mend; the message is one line."""


@dataclass(frozen=True)
class Assignment:
    """One assignment, as the grader needs it.

    Attributes
    ----------
    name : str
        Of the folder and the notebook.
    source : NotebookNode
        With solutions and hidden tests.
    template : NotebookNode
        With stubs in place of solutions, and with hidden tests.
    digest : str
        Of the source file.
    """

    name: str
    source: NotebookNode
    template: NotebookNode
    digest: str


@dataclass(frozen=True)
class Score:
    """The points of one graded cell; `auto` and `by_hand` are None where there are none."""

    name: str
    points: float
    max_points: float
    auto: float | None
    by_hand: float | None
    needs_marking: bool


class Course:
    """The course directory."""

    def __init__(self, sources: Path, work: Path) -> None:
        """Make the directory if it is not there; nobody else may read it.

        Parameters
        ----------
        sources : pathlib.Path
            Holds ``<name>/<name>.ipynb`` for each assignment.
        work : pathlib.Path
            nbgrader's course directory.
        """
        self.sources, self.work = sources.resolve(), work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.work.chmod(0o700)
        (self.work / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbgrader tells every step
        self.url = f"sqlite:///{self.work / 'gradebook.db'}"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold what two runs at a time must not share: this directory, and the users that learner code runs as."""
        with open(self.work / ".lock", "w") as lock, sandbox.alone() as free:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                free = False
            if not free:
                raise Problem("another run is handing out or grading here; wait until it is done")
            yield

    @cached_property
    def gradebook(self) -> Gradebook:
        """The database, opened once for all."""
        return Gradebook(self.url, "rnn")

    @property
    def names(self) -> list[str]:
        """The assignments that there are sources of."""
        return sorted(path.stem for path in self.sources.glob("*/*.ipynb") if path.stem == path.parent.name)

    def prepare(self, name: str) -> Assignment:
        """Read a source, generate the learners' version, and tell the database of its cells, unless that is done."""
        path = self.sources / name / f"{name}.ipynb"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = nbformat.read(path, as_version=4)
        done = self.work / "records" / f"{name}.source"
        if not done.exists() or done.read_text() != digest or not self.release(name).exists():
            target = self.work / "source" / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            self._release(name)
            done.parent.mkdir(exist_ok=True)
            done.write_text(digest)
        return Assignment(name, source, make_template(source), digest)

    def _release(self, name: str) -> None:
        told: list[str] = []
        logger, handler = logging.getLogger("traitlets"), _Listener(told)
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)
        try:
            self._run(GenerateAssignment, name, ".")
        except (Exception, SystemExit) as error:
            # nbgrader tells the cause in its log, the last line of a traceback, before it says that it gives up.
            cause = next((line for line in told if "Error: " in line), str(error))
            raise Problem(
                f"nbgrader cannot make the learners' version of {name}: {cause} (to start anew, move {self.work} away)"
            ) from None
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.CRITICAL)

    def release(self, name: str) -> Path:
        """Where the learners' version is."""
        return self.work / "release" / name / f"{name}.ipynb"

    @property
    def fonts(self) -> list[Path]:
        """Matplotlib's lists of fonts, once a run has made them."""
        return sorted((self.work / "fonts").glob("*.json"))

    def keep_fonts(self, fonts: dict[str, bytes]) -> None:
        """Store lists of fonts that a trusted run has made."""
        (self.work / "fonts").mkdir(exist_ok=True)
        for name, content in fonts.items():
            (self.work / "fonts" / name).write_bytes(content)

    def save(self, assignment: str, learner: str, notebook: NotebookNode) -> None:
        """Store an executed notebook and let nbgrader read the points from it; marks given by hand stay."""
        path = self.work / "autograded" / learner / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        step = SaveAutoGrades()
        step.gradebook, step.notebook_id, step.assignment_id, step.student_id = (
            self.gradebook,
            assignment,
            assignment,
            learner,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own use of the database sets it off
            self.gradebook.update_or_create_student(learner)
            self.gradebook.update_or_create_submission(assignment, learner)
            # Cell by cell, because its `preprocess` opens the database anew for each notebook.
            for index, cell in enumerate(notebook.cells):
                step.preprocess_cell(cell, {}, index)

    def scores(self, assignment: str, learner: str) -> tuple[list[Score], list[str]]:
        """The points of every graded cell in the order of the notebook, and the comments; empty if there are none."""
        try:
            found = self.gradebook.find_submission_notebook(assignment, assignment, learner)
        except MissingEntry:
            return [], []
        scores = [
            Score(g.name, g.score, g.max_score, g.auto_score, g.manual_score, bool(g.needs_manual_grade))
            for g in found.grades
        ]
        comments = [f"{comment.name}: {comment.comment}" for comment in found.comments if comment.comment]
        return sorted(scores, key=lambda score: score.name), sorted(comments)

    def write_feedback(self, assignment: str, learners: Iterable[str]) -> None:
        """Make the pages of these learners anew."""
        learners = list(learners)
        for learner in learners:
            shutil.rmtree(self.work / "feedback" / learner / assignment, ignore_errors=True)
        if learners:
            # On an error it has made all that it could; the caller looks for what is missing.
            with contextlib.suppress(Exception, SystemExit):
                self._run(GenerateFeedback, assignment, "*")

    def _run(self, converter: type, assignment: str, learner: str) -> None:
        config = Config(PyFileConfigLoader("nbgrader_config.py", str(self.work)).load_config())
        folder = CourseDirectory(
            root=str(self.work), assignment_id=assignment, student_id=learner, config=config, db_url=self.url
        )
        force = converter is GenerateAssignment
        converter(coursedir=folder, config=config, force=force).start()


class _Listener(logging.Handler):
    """Keeps the last line of everything that is logged, and prints nothing."""

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self.told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage().strip().rpartition("\n")[2])


def make_template(source: NotebookNode) -> NotebookNode:
    """The source as nbgrader saves it in its database: stubs, locks and checksums, and the hidden tests."""
    notebook, resources = copy.deepcopy(source), dict[str, Any]()
    for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums):
        notebook, resources = step().preprocess(notebook, resources)
    return notebook


def for_reading(source: NotebookNode) -> NotebookNode:
    """The learners' version with the stored outputs of what is given: a page to read before one works on it."""
    notebook, resources = copy.deepcopy(source), dict[str, Any]()
    for step in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
        notebook, resources = step().preprocess(notebook, resources)
    for cell in notebook.cells:
        if is_answer(cell) or is_test(cell):  # what they print tells the answer
            cell.outputs = []
    return notebook


def digest_of(parts: object) -> str:
    """A short name for a value that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
