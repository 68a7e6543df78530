"""The autograder for Gradescope, tried as far as it can be here: its folders laid out, its script run."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
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


def results_of(autograder, content, name=f"{STEP}.ipynb", others=()):
    """What is written for a file, and others beside it."""
    folder = autograder / "submission"
    shutil.rmtree(folder)
    folder.mkdir()
    for inside, text in {**dict(others), **({} if content is None else {name: content})}.items():
        (folder / inside).parent.mkdir(parents=True, exist_ok=True)
        (folder / inside).write_bytes(text)
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


def test_of_several_files_the_one_is_chosen_that_grade_would_choose_and_all_are_named(autograder):
    """Another rule in Gradescope's zip would cost points there that the same files have here."""
    full, blank = (corpus.as_bytes(make(STEP)) for make in (corpus.solved, corpus.handed_out))
    results = results_of(autograder, blank, others={"bo/old.ipynb": full, "more/notes.docx": b"x", "a.py": b"x = 1"})
    assert results["tests"][-1]["score"] == 16
    assert f"taken is bo/old.ipynb, in which most is written; left out: {STEP}.ipynb" in results["output"]
    assert "also handed in, and not read: a.py, more/notes.docx" in results["output"]


@pytest.mark.parametrize("name", [f"{STEP}.ipynb.txt", "mine.zip"])
def test_what_a_browser_or_a_learner_packed_is_read(autograder, name):
    content = corpus.as_bytes(corpus.solved(STEP))
    if name.endswith(".zip"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"a/{STEP}.ipynb", content)
        content = packed.getvalue()
    assert results_of(autograder, content, name)["tests"][-1]["score"] == 16


def test_where_there_is_no_notebook_it_says_what_came(autograder):
    told = results_of(autograder, b"x = 1", f"{STEP}.py", others={".x/mine.ipynb": b"{}"})["output"]
    assert "no notebook was submitted" in told
    assert f"not read: .x (hidden), {STEP}.py" in told


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
