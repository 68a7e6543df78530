"""The commands behind `make assignments` and `make grade`."""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_helpers.course.gradebook import Course

NEEDS_COURSE = "expected the extra `course` to be installed: python -m pip install -e '.[course]'"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _options(arguments)
    # nbgrader calls a tool of its own environment by its bare name.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    if sys.platform == "win32":
        return _say("expected Linux or macOS: grading needs limits that Windows does not have (WSL has them)")
    try:
        from rnn_helpers.course.gradebook import Course, Problem
    except ModuleNotFoundError:
        return _say(NEEDS_COURSE)
    try:
        course = Course(options.sources, options.work)
        if options.command == "assignments":
            from rnn_helpers.course.release import make_assignments

            print("\n".join(make_assignments(course, options.into)))
        else:
            _grade(options, course)
    except Problem as problem:
        return _say(str(problem))
    except KeyboardInterrupt:
        return _say("stopped; the same command goes on from here", 130)
    return 0


def _grade(options: argparse.Namespace, course: Course) -> None:
    from rnn_helpers.course.grade import grade
    from rnn_helpers.course.gradebook import Problem
    from rnn_helpers.course.report import summary, write_csv
    from rnn_helpers.course.sandbox import Limits

    if not options.folder:
        raise Problem("expected a folder of submissions: make grade SUBMISSIONS=folder")
    limits = Limits(
        cell_seconds=options.cell_seconds,
        submission_seconds=options.submission_seconds,
        memory=int(options.memory_gb * 2**30),
    )
    report = grade(Path(options.folder), course, jobs=options.jobs, limits=limits, quiet=options.quiet)
    write_csv(report.rows, course.work / "grades.csv")
    print(summary(report, options.work))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(prog="python -m rnn_helpers.course", description=__doc__)
    parser.add_argument("--sources", type=Path, default=root / "notebooks" / "assignments", help="the assignments")
    parser.add_argument("--work", type=Path, default=root / "build" / "course", help="nbgrader's course directory")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("assignments", help="make the learners' versions")
    make.add_argument("--into", type=Path, default=root / "build" / "assignments")
    grade = commands.add_parser("grade", help="grade a folder of submissions")
    grade.add_argument("folder", nargs="?", default="")
    grade.add_argument("--jobs", type=int, default=2, help="submissions at a time")
    grade.add_argument("--cell-seconds", type=float, default=20)
    grade.add_argument("--submission-seconds", type=float, default=90)
    grade.add_argument("--memory-gb", type=float, default=4)
    grade.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(arguments)


def _say(sentence: str, code: int = 1) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
