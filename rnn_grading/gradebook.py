"""The course directory of nbgrader and its database: everything here goes through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import warnings
import zipfile
from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from rnn_grading.assignments import Assignment, read
from rnn_grading.scores import Result
from rnn_grading.submissions import name_of
from rnn_grading.walls import Problem

__all__ = ["Course", "Score", "read_json", "write_json"]

CONFIG = """# An ordinary nbgrader course; written anew by every run. Run nbgrader's commands in this folder.
c = get_config()
c.CourseDirectory.course_id = "rnn"
# nbgrader's own table goes beside grades.csv, not over it.
c.ExportPlugin.to = "nbgrader_grades.csv"
# A submission's HTML and JavaScript never run in the browser of whoever marks it; what is stored is cleaned already.
c.HTMLExporter.sanitize_html = True
"""


@dataclass(frozen=True)
class Score:
    """The points of one item; `auto` and `by_hand` are None where there are none.

    `problem` says what is odd about what a person gave: a mark above the maximum or below 0 does not count and has to
    be given again; extra credit counts, and is named where it leads above the maximum.
    """

    name: str
    points: float
    max_points: float
    auto: float | None
    by_hand: float | None
    needs_marking: bool
    problem: str = ""


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
        self._read: dict[str, tuple[Assignment, NotebookNode]] = {}

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold what two runs at a time must not share."""
        with open(self.work / ".lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Problem("another run is handing out or grading here; wait until it is done") from None
            yield

    @cached_property
    def gradebook(self) -> Gradebook:
        """The database, opened once for all; raises `Problem` if it was there, and is gone or empty."""
        path = self.work / "gradebook.db"
        if (self.work / "records").exists() and not (path.exists() and path.stat().st_size):
            raise Problem(f"{path} is gone or empty: put a copy of it back, or move {self.work} away to start anew")
        return Gradebook(self.url, "rnn")

    @property
    def names(self) -> list[str]:
        """The assignments that there are sources of."""
        return sorted(path.stem for path in self.sources.glob("*/*.ipynb") if path.stem == path.parent.name)

    @property
    def assignments(self) -> dict[str, Assignment]:
        """All of them, by name."""
        return {name: self.assignment(name) for name in self.names}

    def assignment(self, name: str) -> Assignment:
        """The plan of one."""
        return self._of_source(name)[0]

    def source(self, name: str) -> NotebookNode:
        """The notebook of one, with solutions and hidden tests."""
        return self._of_source(name)[1]

    def _of_source(self, name: str) -> tuple[Assignment, NotebookNode]:
        if name not in self._read:
            self._read[name] = read(self.sources / name / f"{name}.ipynb")
        return self._read[name]

    def register(self, name: str) -> None:
        """Generate the learners' version of an assignment, and tell the database of its cells, unless that is done."""
        digest = self.assignment(name).digest
        done = self.work / "records" / f"{name}.source"
        if done.exists() and done.read_text() == digest and self.learners_version(name).exists():
            return
        target = self.work / "source" / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.sources / name / f"{name}.ipynb", target)
        self._generate(name)
        done.parent.mkdir(exist_ok=True)
        done.write_text(digest)

    def _generate(self, name: str) -> None:
        told: list[str] = []
        logger, handler = logging.getLogger("traitlets"), _Listener(told)
        logger.addHandler(handler)
        logger.setLevel(logging.ERROR)
        try:
            config = Config(PyFileConfigLoader("nbgrader_config.py", str(self.work)).load_config())
            folder = CourseDirectory(
                root=str(self.work), assignment_id=name, student_id=".", config=config, db_url=self.url
            )
            GenerateAssignment(coursedir=folder, config=config, force=True).start()
        except (Exception, SystemExit) as error:
            # nbgrader tells the cause in its log, the last line of a traceback, before it says that it gives up.
            cause = next((line for line in told if "Error: " in line), str(error))
            raise Problem(
                f"nbgrader cannot make the learners' version of {name}: {cause} (to start anew, move {self.work} away)"
            ) from None
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.CRITICAL)

    def learners_version(self, name: str) -> Path:
        """Where it is."""
        return self.work / "release" / name / f"{name}.ipynb"

    def save(self, assignment: Assignment, learner: str, result: Result, again: Set[str]) -> set[str]:
        """Put the points of one submission into the database; marks given by hand stay.

        Those of the items in `again` are to be looked at again; returns which of them there are.
        """
        marked = set()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own use of the database sets it off
            self.gradebook.update_or_create_student(learner)
            submission = self.gradebook.update_or_create_submission(assignment.name, learner)
            for grade in submission.notebooks[0].grades:
                grade.auto_score = result.points_of(grade.name, grade.max_score)
                if grade.manual_score is None:
                    grade.needs_manual_grade = grade.auto_score is None or grade.name in result.for_a_person
                elif grade.name in again:
                    grade.needs_manual_grade = True
                    marked.add(grade.name)
            self.gradebook.db.commit()
        return marked

    def scores(self, assignment: Assignment, learner: str) -> tuple[list[Score], dict[str, str]]:
        """The points of every item in the order of the notebook, and the comments by cell; empty if there are none."""
        try:
            found = self.gradebook.find_submission_notebook(assignment.name, assignment.name, learner)
        except MissingEntry:
            return [], {}
        order = list(assignment.frame)
        scores = [_score_of(grade) for grade in found.grades if grade.name in assignment.frame]
        self.gradebook.db.commit()
        comments = {comment.name: comment.comment for comment in found.comments if comment.comment}
        return sorted(scores, key=lambda score: order.index(score.name)), comments

    # One learner

    def places_of(self, learner: str) -> list[Path]:
        """All files and folders that hold something of a learner; raises `Problem` if nothing is known of one."""
        if name_of(learner) != learner:  # a name such as ".." leads elsewhere
            raise Problem(f"nothing is known of a learner called {learner!r}")
        folders = [self.work / kind / learner for kind in ("submitted", "autograded", "feedback")]
        records = [self.work / "records" / name / learner for name in self.names]
        files = [path.with_name(f"{learner}{end}") for path in records for end in (".json", ".shown.json")]
        places = [path for path in [*folders, *files] if path.exists()]
        if not places and learner not in {student.id for student in self.gradebook.students}:
            raise Problem(f"nothing is known of a learner called {learner!r}")
        return places

    def export(self, learner: str, into: Path) -> Path:
        """Put all that is known of a learner into a zip: what was handed in, points, comments, pages."""
        places = self.places_of(learner)
        known = {}
        for name, assignment in self.assignments.items():
            scores, comments = self.scores(assignment, learner)
            if scores:
                known[name] = {"scores": [asdict(score) for score in scores], "comments": comments}
        into.mkdir(parents=True, exist_ok=True)
        target = into / f"{learner}.zip"
        target.touch(0o600)  # before anything is in it
        target.chmod(0o600)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("gradebook.json", json.dumps(known, ensure_ascii=False, indent=1))
            for place in places:
                for path in [place] if place.is_file() else sorted(place.rglob("*")):
                    if path.is_file():
                        packed.write(path, str(path.relative_to(self.work)))
        return target

    def delete(self, learner: str) -> list[Path]:
        """Remove a learner from the database and from the disk; returns what was removed.

        The tables of all learners go too: the next run writes them anew, without this one.
        """
        places = [*self.places_of(learner), *self.work.glob("*.csv")]
        with contextlib.suppress(MissingEntry):
            self.gradebook.remove_student(learner)
        for place in places:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
        with contextlib.suppress(Exception):
            self.gradebook.db.connection().exec_driver_sql("VACUUM")  # what is deleted is not left in the file
        return places


def _score_of(grade: Grade) -> Score:
    """What nbgrader has of an item; a mark that cannot be is set to be given again."""
    most = grade.max_score
    about = grade.name, grade.score, most, grade.auto_score, grade.manual_score
    if grade.manual_score is not None and not 0 <= grade.manual_score <= most:
        grade.needs_manual_grade = True
        problem = (
            f"the mark {grade.manual_score:g} is not between 0 and {most:g} and does not count: please mark it again"
        )
        return Score(grade.name, grade.auto_score or 0.0, most, grade.auto_score, None, True, problem)
    fits = 0 <= grade.score <= most
    problem = "" if fits else f"{grade.score:g} of {most:g} points, with extra credit of {grade.extra_credit:g}"
    return Score(*about, bool(grade.needs_manual_grade), problem)


class _Listener(logging.Handler):
    """Keeps the last line of everything that is logged, and prints nothing."""

    def __init__(self, told: list[str]) -> None:
        super().__init__()
        self.told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage().strip().rpartition("\n")[2])


# Small files


def read_json(path: Path) -> dict[str, Any]:
    """What a file of ours holds; empty if it is not there or broken."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """All or nothing, whenever the run is stopped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(new, path)
