"""The commands behind `make assignments`, `make grade`, and what stands on one file alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

NEEDS_COURSE = "expected the extra `course` to be installed: python -m pip install -e '.[course]'"
ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _options(arguments)
    # nbgrader calls a tool of its own environment by its bare name.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    if sys.platform == "win32":
        return _say("expected Linux or macOS: grading needs limits that Windows does not have (WSL has them)")
    try:
        import bleach  # noqa: F401
        import latex2mathml  # noqa: F401
        import nbgrader.preprocessors  # noqa: F401
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import DBAPIError

        from rnn_grading.walls import Problem
    except ModuleNotFoundError:
        return _say(NEEDS_COURSE)
    try:
        code = options.run(options)
        sys.stdout.flush()
        return code
    except Problem as problem:
        return _say(str(problem))
    except KeyboardInterrupt:
        return _say("stopped; the same command goes on from here", 130)
    except BrokenPipeError:  # whoever reads, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _say(f"stopped, as the system says: {error.strerror or error}{where}; mend that, and run it again")
    except (DBAPIError, InvalidEntry) as error:
        database, why = options.work / "gradebook.db", getattr(error, "orig", error)
        return _say(f"stopped, as {database} cannot be read or written: {why}; mend that, or put a copy of it back")


def _one(options: argparse.Namespace) -> int:
    from rnn_grading.one import as_data, failed, grade_one
    from rnn_grading.walls import Problem

    source = options.sources / options.assignment / f"{options.assignment}.ipynb"
    try:
        setting = _setting(options)
        told = as_data(*grade_one(options.file, source, setting), setting)
    except (Problem, OSError) as problem:
        if options.json:
            print(json.dumps(failed(options.assignment, str(problem)), ensure_ascii=False, indent=1))
        raise
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for item in told["items"]:
            points = "by hand" if item["by_hand"] else f"{item['score']:g}/{item['max']:g}"
            print(f"{points:>8}  {item['title']}" + (f": {item['message']}" if item["message"] else ""))
        print("\n".join([f"{told['status']}: {told['score']} of {told['max_score']:g}", *told["notes"], told["walls"]]))
    return 0


def _grade(options: argparse.Namespace) -> int:
    from rnn_grading.classroom import pages_of_the_book, write_classroom
    from rnn_grading.grade import Plan, Report, grade
    from rnn_grading.gradebook import Course
    from rnn_grading.report import summary, write_csv, write_left_out
    from rnn_grading.walls import Problem

    if not options.folder:
        raise Problem("expected a folder of submissions: make grade SUBMISSIONS=folder")
    course = Course(options.sources, options.work)
    options.hidden = [course.work, Path(options.folder)]
    plan = Plan(_setting(options), options.jobs, options.pages != "no", options.quiet, options.scheduler)

    def write(report: Report) -> None:
        write_csv(report.rows, course.work / "grades.csv")
        write_left_out(report, course.work / "left_out.csv")
        write_classroom(report.rows, course, pages_of_the_book(ROOT))

    report = grade(Path(options.folder), course, plan, write)
    print(summary(report, options.work))
    return 0


def _assignments(options: argparse.Namespace) -> int:
    from rnn_grading.gradebook import Course
    from rnn_grading.handing_out import make_assignments

    print("\n".join(make_assignments(Course(options.sources, options.work), options.into, _setting(options))))
    return 0


def _gradescope(options: argparse.Namespace) -> int:
    from rnn_grading.gradescope import make_autograders

    print("\n".join(make_autograders(options.sources, ROOT, options.into)))
    return 0


def _results(options: argparse.Namespace) -> int:
    from rnn_grading.gradescope import write_results

    write_results(options.submission, options.sources / options.assignment, options.into, _setting(options))
    return 0


def _learner(options: argparse.Namespace) -> int:
    from rnn_grading.gradebook import Course
    from rnn_grading.submissions import name_of

    course, learner = Course(options.sources, options.work), options.learner
    if learner.strip(".") and not {"/", "\\"} & set(learner):  # a folder's name, not a way to somewhere else
        learner = name_of(learner)
    with course.alone():
        if options.command == "export":
            print(f"{learner}: {course.export(learner, options.into)}")
        else:
            print("\n".join([f"{learner}: removed from the gradebook", *map(str, course.delete(learner))]))
    return 0


def _marks(options: argparse.Namespace) -> int:
    from rnn_grading.gradebook import Course
    from rnn_grading.marks import take_marks

    course = Course(options.sources, options.work)
    with course.alone():
        print("\n".join(take_marks(course, options.other)))
    return 0


def _setting(options: argparse.Namespace) -> Any:
    from rnn_grading.scores import Setting
    from rnn_grading.walls import Limits, Problem, find_walls

    for name, (least, most) in {
        "cell_seconds": (0.1, 86_400),
        "submission_seconds": (0.1, 86_400),
        "memory_gb": (0.1, 1024),
    }.items():
        given = getattr(options, name)
        if not least <= given <= most:  # nor is what is no number
            raise Problem(f"expected --{name.replace('_', '-')} from {least:g} to {most:g}, got {given:g}")
    limits = Limits(options.cell_seconds, options.submission_seconds, int(options.memory_gb * 2**30))
    private = [ROOT / name for name in ("notebooks", "tests", "build", ".git")]
    return Setting(find_walls(options.walls, [*private, options.sources, *options.hidden]), limits)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rnn_grading", description=__doc__)
    parser.add_argument("--sources", type=Path, default=ROOT / "notebooks" / "assignments", help="the assignments")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "course", help="nbgrader's course directory")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Any, text: str, *, runs_code: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text)
        added.set_defaults(run=run, hidden=())
        if runs_code:
            added.add_argument("--walls", default=os.environ.get("WALLS", ""), help="bwrap, user (as root) or no")
            added.add_argument("--cell-seconds", type=float, default=10)
            added.add_argument("--submission-seconds", type=float, default=60)
            added.add_argument("--memory-gb", type=float, default=4)
        return added

    make = command("assignments", _assignments, "make the learners' versions")
    make.add_argument("--into", type=Path, default=ROOT / "build" / "assignments")
    one = command("one", _one, "grade one file, without a gradebook")
    one.add_argument("file", type=Path)
    one.add_argument("--assignment", required=True)
    one.add_argument("--json", action="store_true", help="print one JSON object")
    grade = command("grade", _grade, "grade a folder of submissions")
    grade.add_argument("folder", nargs="?", default="")
    grade.add_argument("--jobs", type=int, default=2, help="submissions at a time")
    grade.add_argument("--pages", choices=("yes", "no"), default="yes", help="executed notebooks and feedback too")
    grade.add_argument("--scheduler", default="", help="the address of a Dask scheduler")
    grade.add_argument("--quiet", action="store_true", help="no progress bar")
    scope = command("gradescope", _gradescope, "make an autograder's zip of each assignment", runs_code=False)
    scope.add_argument("--into", type=Path, default=ROOT / "build" / "gradescope")
    results = command("results", _results, "in an autograder: grade what was submitted, write results.json")
    results.add_argument("submission", type=Path)
    results.add_argument("--assignment", required=True)
    results.add_argument("--into", type=Path, required=True)
    export = command("export", _learner, "put all that is known of a learner into a zip", runs_code=False)
    export.add_argument("--into", type=Path, default=ROOT / "build")
    for one_learner in (export, command("delete", _learner, "forget a learner", runs_code=False)):
        one_learner.add_argument("learner", help="a name in grades.csv, or the name of the learner's folder")
    marks = command("marks", _marks, "take over the marks of whoever marks on another machine", runs_code=False)
    marks.add_argument("other", type=Path, help="the course directory of that machine")
    return parser.parse_args(arguments)


def _say(sentence: str, code: int = 1) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
