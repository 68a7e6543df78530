"""The autograder for Gradescope, tried as far as it can be here: its folders laid out, its script run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile

import corpus
import pytest

from rnn_grading.gradescope import make_autograders

STEP = corpus.STEP


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """A folder as Gradescope lays it out, with this Python in place of the one that `setup.sh` would install."""
    place = tmp_path_factory.mktemp("gradescope")
    sentences = make_autograders(corpus.SOURCES, corpus.ROOT, place / "zips")
    assert len(sentences) == len(corpus.NAMES)
    root = place / "autograder"
    with zipfile.ZipFile(place / "zips" / f"{STEP}.zip") as archive:
        archive.extractall(root / "source")
    for name in ("submission", "results", "venv/bin"):
        (root / name).mkdir(parents=True)
    python = root / "venv" / "bin" / "python"
    python.write_text(
        f'#!/bin/sh\nexec env PYTHONPATH="{root}/source:{os.environ.get("PYTHONPATH", "")}" {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    script = root / "run_autograder"
    script.write_text((root / "source" / "run_autograder").read_text().replace("/autograder", str(root)))
    script.chmod(0o755)
    return root


def results_of(autograder, content, name=f"{STEP}.ipynb"):
    for path in (autograder / "submission").iterdir():
        path.unlink()
    if content is not None:
        (autograder / "submission" / name).write_bytes(content)
    done = subprocess.run([str(autograder / "run_autograder")], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads((autograder / "results" / "results.json").read_text(encoding="utf-8"))


def test_right_work_gets_its_points_and_what_is_marked_by_hand_is_left_out(autograder):
    results = results_of(autograder, corpus.as_bytes(corpus.solved(STEP)), "mine.ipynb")
    *shown, points = results["tests"]
    assert [test["status"] for test in shown] == ["passed"] * 4
    assert all("score" not in test and test["visibility"] == "visible" for test in shown)
    assert (points["score"], points["max_score"], points["visibility"]) == (16, 16, "after_published")
    assert "score" not in results


def test_what_only_hidden_cases_find_is_not_shown_before_grades_are(autograder):
    told = (
        "def parameter_shapes(input_size, hidden_size):\n    if input_size > 10:\n        return None\n"
        + corpus.answer_of(STEP, "parameter_shapes").partition("\n")[2]
    )
    results = results_of(autograder, corpus.as_bytes(corpus.solved(STEP, parameter_shapes=told)))
    *shown, points = results["tests"]
    assert shown[0]["status"] == "passed"
    assert "returns None" not in json.dumps(shown)
    assert points["score"] == 13
    assert "returns None" in points["output"]


def test_a_wrong_answer_is_told_by_its_check(autograder):
    wrong = corpus.solved(STEP, rnn_step="def rnn_step(x, h, U, W, b):\n    return x @ U.T + h @ W.T + b")
    shown = results_of(autograder, corpus.as_bytes(wrong))["tests"][2]
    assert (shown["name"], shown["status"]) == ("Item 3 · A step with memory", "failed")
    assert "tanh" in shown["output"]


@pytest.mark.parametrize("content", [None, b"{"])
def test_what_cannot_be_graded_is_a_result_too(autograder, content):
    results = results_of(autograder, content)
    assert results["score"] == 0
    assert results["output"]


def test_the_zip_holds_all_that_the_set_up_names(autograder):
    setup = (autograder / "source" / "setup.sh").read_text()
    for path in re.findall(r"/autograder/source/?([\w./-]*)", setup):
        assert (autograder / "source" / path).exists(), path
    assert (autograder / "source" / "rnn_helpers" / "checks.py").exists()
    assert (autograder / "source" / "assignments" / STEP / f"{STEP}.ipynb").exists()
    # Of the zip itself: what ran in the laid-out folder may have left some there.
    with zipfile.ZipFile(autograder.parent / "zips" / f"{STEP}.zip") as archive:
        assert not [name for name in archive.namelist() if name.endswith(".pyc")]
