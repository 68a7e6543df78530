"""Finding, reading and rebuilding submissions, without running any."""

from __future__ import annotations

import copy
import json
import os

import corpus
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rnn_helpers.course import submissions
from rnn_helpers.course.cells import grade_id_of, is_answer
from rnn_helpers.course.gradebook import make_template
from rnn_helpers.course.submissions import HandIn, Unreadable, collect, parse, read_bytes, rebuild

TEMPLATE = make_template(corpus.source(corpus.STEP))
GOOD = nbformat.writes(corpus.solved(corpus.STEP)).encode()


def put(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(GOOD)


def found(folder):
    hand_ins, strange = collect(folder, corpus.NAMES)
    return {(h.learner, h.assignment): h for h in hand_ins}, strange


# Finding


def test_both_layouts_are_found(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", "bo_step_and_shapes.ipynb", "c_d_rnn_from_scratch.ipynb")
    hand_ins, strange = found(tmp_path)
    assert not strange
    assert {key: h.path is not None for key, h in hand_ins.items()} == {
        ("ada", "step_and_shapes"): True,
        ("ada", "rnn_from_scratch"): False,
        ("bo", "step_and_shapes"): True,
        ("bo", "rnn_from_scratch"): False,
        ("c_d", "step_and_shapes"): False,
        ("c_d", "rnn_from_scratch"): True,
    }


@pytest.mark.parametrize(
    ("paths", "taken", "note"),
    [
        (["ada/step_and_shapes.ipynb"], "step_and_shapes.ipynb", "not in a folder"),
        (["ada/step_and_shapes/mine.ipynb"], "mine.ipynb", "called mine.ipynb"),
        (["ada/step_and_shapes/a.ipynb", "ada/step_and_shapes/b.ipynb"], "a.ipynb", "the first is taken"),
        (["ada/step_and_shapes/.a.ipynb", "ada/step_and_shapes/b.ipynb"], "b.ipynb", "called b.ipynb"),
        (["ada_step_and_shapes (2).ipynb"], "ada_step_and_shapes (2).ipynb", "called ada_step_and_shapes (2).ipynb"),
        (
            ["ada/step_and_shapes/step_and_shapes.ipynb", "ada_step_and_shapes.ipynb"],
            "step_and_shapes.ipynb",
            "two files",
        ),
    ],
)
def test_other_names_are_taken_and_told(tmp_path, paths, taken, note):
    put(tmp_path, *paths)
    (hand_in,) = found(tmp_path)[0].values()
    assert hand_in.path.name == taken
    assert note in hand_in.notes[0]


def test_what_is_not_recognised_is_told(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", "notes.txt", "bo/homework.ipynb", ".git/x", "__MACOSX/x")
    assert found(tmp_path)[1] == ["bo", "notes.txt"]


def test_names_are_made_fit_for_patterns(tmp_path):
    put(tmp_path, "a[b]*/step_and_shapes/step_and_shapes.ipynb")
    assert list(found(tmp_path)[0]) == [("a_b__", "step_and_shapes")]


# Reading


def test_a_large_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    put(tmp_path, "a.ipynb")
    with pytest.raises(Unreadable, match="at most"):
        read_bytes(tmp_path / "a.ipynb")


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.ipynb")
    with pytest.raises(Unreadable, match="special file"):
        read_bytes(tmp_path / "a.ipynb")


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(Unreadable, match="cannot be opened"):
        read_bytes(tmp_path / "a.ipynb")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (GOOD[:-10], "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no cells"),
        (b'{"cells": 3, "nbformat": 4}', "without cells"),
        (b'{"cells": [1, 2], "nbformat": 4}', "without cells"),
        (json.dumps({"cells": [{}] * 1001, "nbformat": 4}).encode(), "at most 1000"),
        (b'{"worksheets": [{"cells": 3}], "nbformat": 3}', "format cannot be read"),
        (b'{"cells": [{}], "nbformat": "x"}', "format cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(content, message):
    with pytest.raises(Unreadable, match=message):
        parse(content)


def test_odd_cells_are_read_as_far_as_they_go():
    odd = {"nbformat": 4, "cells": [{"cell_type": 7, "source": ["a", 3, "b"]}, {"source": {}, "metadata": [1]}]}
    cells, notes = parse(json.dumps(odd).encode())
    assert [(cell["cell_type"], cell["source"]) for cell in cells] == [("raw", "ab"), ("raw", "")]
    assert not notes
    assert rebuild(cells, TEMPLATE).removed == [grade_id_of(cell) for cell in TEMPLATE.cells if is_answer(cell)]


# Rebuilding

KNOWN = parse(GOOD)[0]
OWN = [{"cell_type": "code", "source": f"own {i}", "metadata": {}, "attachments": None} for i in range(3)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*KNOWN, *OWN]), max_size=40))
def test_whatever_is_handed_in_the_frame_is_whole(cells):
    cells = copy.deepcopy(cells)
    for number, cell in enumerate(cells):
        cell["source"] += f"\n# {number}"
    rebuilt = rebuild(cells, TEMPLATE)
    names = [grade_id_of(cell) for cell in rebuilt.notebook.cells]
    in_frame = [grade_id_of(cell) for cell in TEMPLATE.cells]
    assert sorted(filter(None, names)) == sorted(in_frame)
    nbformat.validate(rebuilt.notebook)
    frame = {grade_id_of(cell): cell for cell in TEMPLATE.cells}
    for index, cell in enumerate(rebuilt.notebook.cells):
        name = names[index]
        if not name:
            continue
        assert cell.metadata == frame[name].metadata
        given = [submitted["source"] for submitted in cells if grade_id_of(submitted) == name]
        if is_answer(cell):
            assert cell.source == (given or [frame[name].source])[0]
        else:
            assert cell.source == frame[name].source
            earlier = [other for other in in_frame[: in_frame.index(name)] if is_answer(frame[other])]
            assert set(earlier) <= set(names[:index])
    own = [cell.source for cell in rebuilt.notebook.cells if cell.source.startswith("own")]
    assert sorted(own) == sorted(cell["source"] for cell in cells if cell["source"].startswith("own"))
    assert set(rebuilt.removed) == {n for n in in_frame if is_answer(frame[n])} - {grade_id_of(c) for c in cells}


def test_an_untouched_notebook_keeps_its_order():
    rebuilt = rebuild(KNOWN, TEMPLATE)
    assert [grade_id_of(cell) for cell in rebuilt.notebook.cells] == [grade_id_of(cell) for cell in TEMPLATE.cells]
    assert (rebuilt.removed, rebuilt.unwritten, rebuilt.notes) == ([], [], [])


def test_pictures_in_a_written_answer_stay():
    cells = copy.deepcopy(KNOWN)
    (words,) = [cell for cell in cells if grade_id_of(cell) == "words-answer"]
    words["attachments"] = {"a.png": {"image/png": "AAAA"}}
    (kept,) = [c for c in rebuild(cells, TEMPLATE).notebook.cells if grade_id_of(c) == "words-answer"]
    assert kept.attachments == words["attachments"]
    words["attachments"] = {"a.png": 3}
    (kept,) = [c for c in rebuild(cells, TEMPLATE).notebook.cells if grade_id_of(c) == "words-answer"]
    assert "attachments" not in kept


def test_a_hand_in_is_missing_without_a_path():
    assert HandIn("ada", corpus.STEP).path is None
