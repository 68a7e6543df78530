"""Finding, reading and fitting submissions, without running any."""

from __future__ import annotations

import copy
import io
import json
import os
import zipfile

import corpus
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_grading import submissions
from rnn_grading.assignments import grade_id_of, read
from rnn_grading.submissions import File, NotGradable, collect, fit, learner_of, parse, read_file

ASSIGNMENTS = [read(corpus.SOURCES / name / f"{name}.ipynb")[0] for name in corpus.NAMES]
STEP = next(assignment for assignment in ASSIGNMENTS if assignment.name == corpus.STEP)
GOOD = corpus.as_bytes(corpus.solved(corpus.STEP))
BLANK = corpus.as_bytes(corpus.handed_out(corpus.STEP))


def put(folder, *paths, content=GOOD):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def found(folder):
    hand_ins, strange = collect(folder, ASSIGNMENTS)
    return {(h.learner, h.assignment): h for h in hand_ins}, strange


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


# Finding


def test_both_layouts_are_found(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", "bo_step_and_shapes.ipynb", "c_d_rnn_from_scratch.ipynb")
    hand_ins, strange = found(tmp_path)
    assert not strange
    assert {key: h.file is not None for key, h in hand_ins.items()} == {
        ("ada", "step_and_shapes"): True,
        ("ada", "rnn_from_scratch"): False,
        ("bo", "step_and_shapes"): True,
        ("bo", "rnn_from_scratch"): False,
        ("c_d", "step_and_shapes"): False,
        ("c_d", "rnn_from_scratch"): True,
    }


@pytest.mark.parametrize(
    ("path", "learner"),
    [
        ("ada/step_and_shapes/step_and_shapes.ipynb", "ada"),
        ("ada/step_and_shapes.ipynb", "ada"),
        ("ada/step_and_shapes/step_and_shapes/step_and_shapes.ipynb", "ada"),
        ("ada/step_and_shapes/mine.ipynb", "ada"),
        ("ada/homework.ipynb", "ada"),  # told by its cells
        ("ada/step_and_shapes/.a.ipynb.b/../step_and_shapes.ipynb", "ada"),
        ("ada_step_and_shapes.ipynb", "ada"),
        ("ada_step_and_shapes (2).ipynb", "ada"),
        ("ada_step_and_shapes-1.ipynb", "ada"),
        ("ada step_and_shapes.ipynb", "ada"),
        ("ada-step_and_shapes.ipynb", "ada"),
        ("ada_step_and_shapes - Copy.ipynb", "ada"),
        ("ada_step_and_shapes_final.ipynb", "ada"),
        ("ada_step_and_shapes_final_v2 (1).ipynb", "ada"),
        ("ada_step_and_shapes.IPYNB", "ada"),
        ("adal_17_111_step_and_shapes.ipynb", "adal"),
        ("adal_LATE_17_334_step_and_shapes-1.ipynb", "adal"),
        ("Ada L_111_assignsubmission_file_/step_and_shapes.ipynb", "Ada L"),
        ("Ada L_111_assignsubmission_file_/step_and_shapes/step_and_shapes.ipynb", "Ada L"),
        ("export/Ada L_111_assignsubmission_file_/step_and_shapes.ipynb", "Ada L"),
        ("O'Brien_step_and_shapes.ipynb", "O'Brien"),
        ("Zoë Ångström 李_step_and_shapes.ipynb", "Zoë Ångström 李"),
        ("-rf_step_and_shapes.ipynb", "-rf"),
    ],
)
def test_names_as_people_and_platforms_give_them(tmp_path, path, learner):
    put(tmp_path, path)
    hand_ins, strange = found(tmp_path)
    assert (list(hand_ins), strange) == ([(learner, corpus.STEP)], [])
    assert hand_ins[learner, corpus.STEP].file is not None


@pytest.mark.parametrize(
    ("name", "inside", "learner"),
    [
        ("ada_step_and_shapes.zip", "step_and_shapes/step_and_shapes.ipynb", "ada"),
        ("ada.zip", "step_and_shapes.ipynb", "ada"),
        ("ada/step_and_shapes.zip", "step_and_shapes/step_and_shapes.ipynb", "ada"),
        ("ada/step_and_shapes/mine.zip", "a/b/step_and_shapes.ipynb", "ada"),
        ("adal_17_111_step_and_shapes.zip", "step_and_shapes.ipynb", "adal"),
        ("class.zip", "Ada L_111_assignsubmission_file_/step_and_shapes.ipynb", "Ada L"),
        ("class.zip", "adal_17_111_step_and_shapes.ipynb", "adal"),
        ("step_and_shapes.zip", "ada/step_and_shapes.ipynb", "ada"),
    ],
)
def test_zips_are_looked_into(tmp_path, name, inside, learner):
    put(tmp_path, name, content=zipped({inside: GOOD, "__MACOSX/._x.ipynb": b"x"}))
    hand_ins, strange = found(tmp_path)
    assert (list(hand_ins), strange) == ([(learner, corpus.STEP)], [])
    assert read_file(hand_ins[learner, corpus.STEP].file) == GOOD


def test_a_zip_of_a_whole_class_holds_many_learners(tmp_path):
    files = {f"{who}/step_and_shapes.ipynb": GOOD for who in ("ada", "bo")}
    put(tmp_path, "everybody.zip", content=zipped(files | {"cy.zip": zipped({"step_and_shapes.ipynb": GOOD})}))
    hand_ins, strange = found(tmp_path)
    assert ([learner for learner, _ in hand_ins], strange) == (["ada", "bo", "cy"], [])


def test_a_zip_that_is_none_is_named(tmp_path):
    put(tmp_path, "ada_step_and_shapes.zip", content=b"PK nothing")
    assert found(tmp_path)[1] == ["ada_step_and_shapes.zip"]


def test_a_bomb_in_a_zip_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    put(tmp_path, "ada.zip", content=zipped({"step_and_shapes.ipynb": b"0" * 2000}))
    (hand_in,) = found(tmp_path)[0].values()
    with pytest.raises(NotGradable, match="more than"):
        read_file(hand_in.file)


def test_no_path_of_a_zip_leads_out_of_it(tmp_path):
    put(tmp_path / "in", "ada.zip", content=zipped({"../../../etc/step_and_shapes.ipynb": GOOD}))
    (hand_in,) = found(tmp_path / "in")[0].values()
    assert ".." not in hand_in.file.where
    assert read_file(hand_in.file) == GOOD


@pytest.mark.parametrize(
    ("paths", "taken"),
    [
        (
            {"ada/step_and_shapes/step_and_shapes.ipynb": BLANK, "ada/step_and_shapes/step_and_shapes (1).ipynb": GOOD},
            1,
        ),
        ({"ada/step_and_shapes/a.ipynb": GOOD, "ada/step_and_shapes/step_and_shapes.ipynb": BLANK}, 0),
        ({"adal_17_111_step_and_shapes.ipynb": GOOD, "adal_LATE_17_334_step_and_shapes-1.ipynb": GOOD}, 1),
        ({"ada_step_and_shapes.ipynb": b"{", "ada step_and_shapes.ipynb": GOOD}, 1),
        ({"ada_step_and_shapes-2.ipynb": GOOD, "ada_step_and_shapes-1.ipynb": GOOD}, 0),
    ],
)
def test_of_several_the_fuller_is_taken_then_the_later_and_all_are_named(tmp_path, paths, taken):
    for path, content in paths.items():
        put(tmp_path, path, content=content)
    (hand_in,) = found(tmp_path)[0].values()
    names = list(paths)
    assert "/".join(hand_in.file.where) == names[taken]
    assert all(name in hand_in.notes[0] for name in names)


def test_modules_beside_a_notebook_are_taken_along(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb")
    put(tmp_path, "ada/step_and_shapes/my_step.py", content=b"x = 1")
    (hand_in,) = found(tmp_path)[0].values()
    assert [file.name for file in hand_in.helpers] == ["my_step.py"]


def test_what_is_not_recognised_is_told(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", ".git/x", "__MACOSX/x")
    put(tmp_path, "bo/homework.ipynb", "notes.txt", content=b"{}")
    assert found(tmp_path)[1] == ["bo/homework.ipynb", "notes.txt"]


def test_a_folder_without_a_notebook_is_missing_and_says_so(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb")
    (tmp_path / "bo" / "step_and_shapes").mkdir(parents=True)
    assert found(tmp_path)[0]["bo", corpus.STEP].notes == ("the folder holds no notebook",)


def test_names_are_made_fit_for_patterns_and_pages(tmp_path):
    put(tmp_path, "a[b]*/step_and_shapes/step_and_shapes.ipynb")
    put(tmp_path, "<img src=x onerror=alert(1)>_step_and_shapes.ipynb")
    assert [learner for learner, _ in found(tmp_path)[0]] == ["_img src=x onerror=alert(1)_", "a_b__"]


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=30), min_size=1, max_size=4))
def test_whatever_files_are_called_a_learner_has_a_name_or_none(parts):
    name = learner_of(parts, list(corpus.NAMES))
    assert not set(name) & set('[]*?{}\\/<>&"`\0')


# Reading


def read_path(path):
    return read_file(File((path.name,), path))


def test_a_large_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    put(tmp_path, "a.ipynb")
    with pytest.raises(NotGradable, match="at most"):
        read_path(tmp_path / "a.ipynb")


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.ipynb")
    with pytest.raises(NotGradable, match="special file"):
        read_path(tmp_path / "a.ipynb")


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(NotGradable, match="cannot be opened"):
        read_path(tmp_path / "a.ipynb")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_that_a_tool_writes_is_read(encoding):
    text = json.dumps(json.loads(GOOD), ensure_ascii=False)
    text = text.encode("cp1252", errors="ignore").decode("cp1252").replace("# YOUR", "# é YOUR") + " "
    cells, notes = parse(text.encode(encoding))
    assert len(cells) == len(STEP.cells)
    assert notes == (["the file was not in UTF-8 and was read as Windows-1252"] if encoding == "cp1252" else [])


def test_stored_pictures_cost_nothing():
    notebook = corpus.solved(corpus.STEP)
    notebook.cells[4].outputs = [corpus.picture_of(22)]
    content = corpus.as_bytes(notebook)
    assert len(content) > 22_000_000
    assert len(parse(content)[0]) == len(STEP.cells)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "empty"),
        (GOOD[:-10], "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not JSON"),
        (b"[]", "no cells"),
        (b'{"cells": 3, "nbformat": 4}', "without cells"),
        (b'{"cells": [1, 2], "nbformat": 4}', "without cells"),
        (json.dumps({"cells": [{}] * 1001, "nbformat": 4}).encode(), "at most 1000"),
        (b'{"worksheets": [{"cells": 3}], "nbformat": 3}', "format cannot be read"),
        (b'{"cells": [{}], "nbformat": "x"}', "format cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(content, message):
    with pytest.raises(NotGradable, match=message):
        parse(content)


def test_odd_cells_are_read_as_far_as_they_go():
    odd = {"nbformat": 4, "cells": [{"cell_type": 7, "source": ["a", 3, "b"]}, {"source": {}, "metadata": [1]}]}
    cells, notes = parse(json.dumps(odd).encode())
    assert [(cell["cell_type"], cell["source"]) for cell in cells] == [("raw", "ab"), ("raw", "")]
    assert not notes
    with pytest.raises(NotGradable, match="no cell of it belongs"):
        fit(cells, STEP)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_read_or_refused(content):
    try:
        parse(content)
    except NotGradable:
        return


# Fitting

KNOWN = parse(GOOD)[0]
OWN = [{"cell_type": "code", "source": f"own {i}", "metadata": {}, "attachments": None, "id": ""} for i in range(3)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*KNOWN, *OWN]), max_size=40).filter(
        lambda cells: len({cell["id"] for cell in cells} - {""}) > 1
    )
)
def test_whatever_is_handed_in_the_frame_is_whole(cells):
    cells = copy.deepcopy(cells)
    for number, cell in enumerate(cells):
        cell["source"] += f"\n# {number}"
    fitted = fit(cells, STEP)
    names = [piece.cell.name if piece.cell else "" for piece in fitted.pieces]
    in_frame = list(STEP.frame)
    assert sorted(filter(None, names)) == sorted(in_frame)
    for index, piece in enumerate(fitted.pieces):
        if piece.cell is None:
            continue
        given_texts = [cell["source"] for cell in cells if grade_id_of(cell) == piece.cell.name]
        if piece.cell.is_answer:
            assert piece.text == (given_texts or [piece.cell.source])[0]
        else:
            assert piece.text == piece.cell.source
            earlier = [n for n in in_frame[: in_frame.index(piece.cell.name)] if STEP.frame[n].is_answer]
            assert set(earlier) <= set(names[:index])
    # Nothing that a learner wrote is lost: every cell's text is there, but for what was handed out.
    texts = "\n".join(piece.text for piece in fitted.pieces)
    for number, cell in enumerate(cells):
        assert f"# {number}" in texts or not grade_id_of(cell) or not STEP.frame[grade_id_of(cell)].is_answer
    assert set(fitted.removed) == {n for n in in_frame if STEP.frame[n].is_answer} - {grade_id_of(c) for c in cells}


def test_an_untouched_notebook_keeps_its_order():
    fitted = fit(KNOWN, STEP)
    assert [piece.cell.name for piece in fitted.pieces] == list(STEP.frame)
    assert (fitted.removed, fitted.unwritten, fitted.notes, fitted.for_a_person) == ([], [], [], set())


def test_pictures_in_a_written_answer_stay():
    cells = copy.deepcopy(KNOWN)
    (words,) = [cell for cell in cells if grade_id_of(cell) == "words-answer"]
    words["attachments"] = {"a.png": {"image/png": "AAAA"}}
    (kept,) = [p for p in fit(cells, STEP).pieces if p.cell is not None and p.cell.name == "words-answer"]
    assert kept.attachments == words["attachments"]
