"""Nobody is talked into a point: each attack wins where the tests run in its process, and nothing behind the wall."""

from __future__ import annotations

import time

import corpus
import pytest
from attacks import AGAINST_THE_WIRE, ATTACKS, WIN_WITHOUT_WALLS
from conftest import points

import rnn_grading.examiner
from rnn_grading.scores import judge
from rnn_grading.walls import MIB

CHEATS = corpus.cheats(ATTACKS)


def test_the_corpus_of_attacks_is_large():
    assert len(ATTACKS) + len(AGAINST_THE_WIRE) >= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_wins_without_the_wall_and_nothing_behind_it(name, in_one_process, judged, step, sandboxes):
    assert in_one_process(CHEATS[name]) > 0
    won = sum(points(judged(CHEATS[name]), step).values())
    wins_here = sandboxes.setting.walls.form != "bwrap" and name in WIN_WITHOUT_WALLS
    assert (won > 0) == wins_here


def test_the_control_gives_right_answers_all_and_empty_ones_nothing(in_one_process):
    assert in_one_process(corpus.solved(corpus.STEP)) == 16
    assert in_one_process(corpus.handed_out(corpus.STEP)) == 0


@pytest.mark.parametrize(
    "name", [*sorted(WIN_WITHOUT_WALLS), "calls_the_reference", "run_check", "looks_into_the_caller"]
)
def test_what_wins_in_a_weaker_form_is_what_the_instructors_page_says(name, weaker, step):
    content = corpus.as_bytes(CHEATS[name])
    won = sum(points(judge(content, {}, step, weaker), step).values())
    assert (won > 0) == (name in WIN_WITHOUT_WALLS)


@pytest.mark.parametrize("name", AGAINST_THE_WIRE)
def test_a_worker_that_plays_with_its_wire_wins_nothing_and_costs_little(name, impatient, step):
    begun = time.monotonic()
    attack = corpus.as_bytes(corpus.cheats({name: AGAINST_THE_WIRE[name]})[name])
    assert sum(points(judge(attack, {}, step, impatient), step).values()) == 0
    assert time.monotonic() - begun < 20  # three times its 2 s on the clock, and what a new sandbox takes
    right = corpus.as_bytes(corpus.solved(corpus.STEP))
    assert sum(points(judge(right, {}, step, impatient), step).values()) == 16  # whoever comes next


def test_an_answer_to_another_question_would_count_if_nobody_looked(judged, step, monkeypatch):
    """The control of the forged answers: a worker that answers right before it is asked, in an examiner that believes it."""
    early = corpus.cheats({"x": AGAINST_THE_WIRE["answers_before_it_is_asked"]})["x"]
    assert "another question" in " ".join(judged(early).notes)
    monkeypatch.setattr(rnn_grading.examiner, "is_answer_to", lambda answer, number: True)
    assert "another question" not in " ".join(judged(early).notes)


def test_the_examiner_takes_no_more_memory_than_its_caps(judged):
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("one_frame_many_times", "as_large_as_it_gets", "too_large_arrays"):
        judged(corpus.cheats({name: AGAINST_THE_WIRE[name]})[name])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * MIB / 1024
