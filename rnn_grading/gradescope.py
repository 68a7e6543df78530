"""Autograders for Gradescope: a zip for each assignment, with `setup.sh`, `run_autograder` and the package inside."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from rnn_grading.assignments import Assignment
from rnn_grading.one import grade_one
from rnn_grading.scores import Result, Setting
from rnn_grading.walls import Problem

__all__ = ["as_results", "make_autograders", "write_results"]

SETUP = """#!/usr/bin/env bash
# Runs once, as root, when the image is built.
set -euo pipefail
apt-get update
apt-get install -y python3-venv bubblewrap
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install -c /autograder/source/constraints.txt "/autograder/source[course,torch]"
chmod -R go-rwx /autograder/source
"""

RUN = """#!/usr/bin/env bash
# Runs for each submission, as root. Without bubblewrap, which some containers forbid, learner code is another user.
set -uo pipefail
cd /autograder
/autograder/venv/bin/python -m rnn_grading --sources /autograder/source/assignments results \\
  /autograder/submission --assignment {name} --into /autograder/results/results.json
"""

PACKED = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "LICENSE-text", "tools/editable.py")


def make_autograders(sources: Path, project: Path, target: Path) -> list[str]:
    """Pack an autograder for each assignment.

    Parameters
    ----------
    sources : pathlib.Path
        The assignments.
    project : pathlib.Path
        Where the packages are.
    target : pathlib.Path
        Gets ``<name>.zip``.

    Returns
    -------
    list of str
        One sentence for each.
    """
    paths = sorted(path for path in sources.glob("*/*.ipynb") if path.stem == path.parent.name)
    if not paths:
        raise Problem(f"expected <name>/<name>.ipynb in {sources}, and there is none")
    target.mkdir(parents=True, exist_ok=True)
    files = [project / name for name in PACKED]
    for package in ("rnn_helpers", "rnn_grading"):
        files += [
            path
            for path in sorted((project / package).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
    sentences = []
    for path in paths:
        packed = target / f"{path.stem}.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("setup.sh", SETUP)
            archive.writestr("run_autograder", RUN.format(name=path.stem))
            archive.write(path, f"assignments/{path.stem}/{path.name}")
            for file in files:
                archive.write(file, str(file.relative_to(project)))
        sentences.append(f"{path.stem}: {packed}")
    return sentences


def write_results(submission: Path, source: Path, into: Path, setting: Setting) -> None:
    """Grade what lies in a folder, and write what Gradescope reads; that there is no notebook is a result too."""
    results = as_results(*grade_one(submission.resolve(), source / f"{source.name}.ipynb", setting), setting)
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


def as_results(assignment: Assignment, result: Result, setting: Setting) -> dict[str, Any]:
    """A result in Gradescope's form; items that a person marks are left to the rubric there.

    What a learner sees at once is each item as its own check sees it. All points are in one test more, which counts the
    hidden cases too, and is seen when grades are published.
    """
    if result.status in {"missing", "unreadable"}:
        return {"score": 0, "output": "Nothing could be graded: " + "; ".join(result.notes), "tests": []}
    tests: list[dict[str, Any]] = []
    for name, message in result.messages.items():
        shown = "" if name in result.in_hidden else message
        tests.append(
            {
                "name": assignment.frame[name].title,
                "status": "failed" if shown else "passed",
                "output": shown or "The cases of its check are right.",
                "visibility": "visible",
            }
        )
    points = {name: result.points_of(name, assignment.items[name].points) or 0.0 for name in result.messages}
    hidden = [f"{assignment.frame[name].title}: {result.messages[name]}" for name in result.in_hidden]
    tests.append(
        {
            "name": "Points, with hidden cases",
            "score": sum(points.values()),
            "max_score": sum(item.points for item in assignment.items.values()),
            "output": "\n".join(hidden) or "The hidden cases say the same as the checks.",
            "visibility": "after_published",
        }
    )
    return {
        "output": "; ".join(result.notes) or "Graded.",
        "execution_time": round(result.seconds),
        "tests": tests,
        "extra_data": {"walls": setting.walls.sentence, "points": points},
    }
