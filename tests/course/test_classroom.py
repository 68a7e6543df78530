"""The page of the class, and the cluster that makes scores elsewhere."""

from __future__ import annotations

import csv
import os
import re

import corpus
import pytest
from conftest import LIMITS, grade_into, hand_in, read_csv

from rnn_grading import cluster
from rnn_grading.classroom import named, write_classroom
from rnn_grading.cluster import judge_elsewhere
from rnn_grading.gradebook import Course
from rnn_grading.scores import Result, Setting
from rnn_grading.walls import Problem
from rnn_helpers.checks import MISTAKES

STEP = corpus.STEP


@pytest.fixture(scope="module")
def written(graded):
    course = Course(corpus.SOURCES, graded.work)
    write_classroom(graded.report.rows, course, lambda mistake: f"https://example.org/{mistake.anchor}")
    with open(graded.work / "class.csv", newline="", encoding="utf-8") as file:
        return (graded.work / "class.html").read_text(encoding="utf-8"), list(csv.DictReader(file))


def test_each_hint_names_its_mistake():
    for mistake in MISTAKES:
        assert named(f"{mistake.target}: {mistake.told}")[1].hint == mistake.hint
    assert named("")[0] == "right"
    assert named("trace is not written yet: put ...")[0] == "not written yet"


def test_every_learner_is_counted_once_in_each_item(written, graded):
    _, rows = written
    counted = {}
    for row in rows:
        learners = row["learners"].split(", ")
        assert len(learners) == int(row["how many"])
        counted.setdefault((row["assignment"], row["item"]), []).extend(learners)
    for (name, item), learners in counted.items():
        there = [who for (who, what), row in graded.rows.items() if what == name and row["items"]]
        assert sorted(learners) == sorted(there), item


def test_the_most_frequent_mistake_stands_first_and_right_last(written):
    _, rows = written
    for name, item in {(row["assignment"], row["item"]) for row in rows}:
        found = [row for row in rows if (row["assignment"], row["item"]) == (name, item)]
        wrong = [int(row["how many"]) for row in found if row["found"] != "right"]
        assert wrong == sorted(wrong, reverse=True)
        assert [row["found"] for row in found][-1] == "right"


def test_the_page_names_mistakes_and_no_learner(written, graded):
    page, _ = written
    for mistake in corpus.mistakes_shown(STEP):
        assert f"https://example.org/{mistake.anchor}" in page
    assert not [who for who, _ in graded.rows if who.startswith("mistaken") and who in page]
    assert len(re.findall(r"<img src='data:image/png;base64,[^']+' alt='Right answers: Item 1", page)) == len(
        corpus.NAMES
    )
    assert "<script" not in page


# Elsewhere


def test_a_cluster_loses_nothing_and_does_nothing_twice_when_a_worker_is_killed(best, step, tmp_path):
    distributed = pytest.importorskip("distributed")
    content = corpus.as_bytes(corpus.with_own_cell(corpus.solved(STEP), "import time\ntime.sleep(0.5)"))
    tasks = {number: (content, {}, step) for number in range(8)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path
    ) as two:
        found = {}
        for number, result in judge_elsewhere(tasks, Setting(best, LIMITS), two.scheduler_address):
            assert number not in found
            found[number] = result
            if len(found) == 1:
                os.kill(next(iter(two.workers.values())).process.process.pid, 9)
    assert sorted(found) == list(range(8))
    assert [result.messages for result in found.values()] == [dict.fromkeys(step.items, "")] * 8


def test_a_time_out_on_the_clock_elsewhere_is_tried_again_here(monkeypatch, best, tmp_path):
    """Who shares a machine of a cluster with others loses nothing by it."""
    slow = Result("timed out", {"first-test": "first_step: it ran too long"}, by_the_clock=True)
    monkeypatch.setattr(cluster, "judge_elsewhere", lambda tasks, *about: ((key, slow) for key in tasks))
    for learner in ("ada", "bo"):
        hand_in(tmp_path / "in", learner, corpus.solved(STEP))
    grade_into(tmp_path / "course", tmp_path / "in", best, pages=False, scheduler="tcp://nowhere")
    assert [row["score"] for row in read_csv(tmp_path / "course").values()] == ["16", "16"]


def test_a_scheduler_that_does_not_answer_is_told(best, step, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2.0)
    with pytest.raises(Problem, match="no Dask scheduler answers"):
        list(judge_elsewhere({0: (b"{}", {}, step)}, Setting(best, LIMITS), "tcp://127.0.0.1:1"))
