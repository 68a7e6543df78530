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
from rnn_grading.grade import Graded, Report
from rnn_grading.report import summary, write_left_out
from rnn_grading.scores import Result, Setting
from rnn_grading.submissions import File, NotGradable, collect, fit, learner_of, parse, read_file
from rnn_grading.walls import Walls

ASSIGNMENTS = [read(corpus.SOURCES / name / f"{name}.ipynb")[0] for name in corpus.NAMES]
STEP = next(assignment for assignment in ASSIGNMENTS if assignment.name == corpus.STEP)
GOOD = corpus.as_bytes(corpus.solved(corpus.STEP))
BLANK = corpus.as_bytes(corpus.handed_out(corpus.STEP))


def put(folder, *paths, content=GOOD):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def found(folder):
    hand_ins, strange, _ = collect(folder, ASSIGNMENTS)
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
    put(tmp_path, "bo/step_and_shapes.zip", content=b"PK nothing")
    put(tmp_path, "cy/step_and_shapes.zip", content=zipped({"a.zip": b"PK nothing", "step_and_shapes.ipynb": GOOD}))
    hand_ins, strange = found(tmp_path)
    assert [name.partition(" (")[0] for name in strange] == [
        "ada_step_and_shapes.zip",
        "bo/step_and_shapes.zip",
        "cy/step_and_shapes.zip/a.zip",
    ]
    assert list(hand_ins) == [("cy", corpus.STEP)]


def test_a_damaged_zip_costs_nobody_else_anything(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("step_and_shapes.ipynb", GOOD)
    content = bytearray(packed.getvalue())
    content[60:90] = b"\xff" * 30  # in the middle of what is packed
    put(tmp_path, "ada.zip", content=bytes(content))
    put(tmp_path, "bo.zip", content=zipped({"step_and_shapes.ipynb": GOOD}))
    hand_ins, _ = found(tmp_path)
    with pytest.raises(NotGradable, match="cannot be taken out"):
        read_file(hand_ins["ada", corpus.STEP].file)
    assert read_file(hand_ins["bo", corpus.STEP].file) == GOOD


def test_a_zip_of_more_files_than_a_class_has_is_named_and_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_MEMBERS", 6)
    monkeypatch.setattr(submissions, "MAX_INNER", 3)
    monkeypatch.setattr(submissions, "MAX_ENTRIES", 20)
    few, many, too_many = ({f"d{k}/step_and_shapes.ipynb": GOOD for k in range(n)} for n in (3, 7, 21))
    put(tmp_path, "few.zip", content=zipped(few))
    put(tmp_path, "many.zip", content=zipped(many))
    put(tmp_path, "too_many.zip", content=zipped(too_many))
    put(tmp_path, "class.zip", content=zipped(few | {"ada.zip": zipped(dict(list(many.items())[:4]))}))
    put(tmp_path, "together.zip", content=zipped({f"a{k}.zip": zipped(few) for k in range(3)}))
    hand_ins, strange = found(tmp_path)
    assert strange == [
        "class.zip/ada.zip (not unpacked: it has more than 3 files)",
        "many.zip (not unpacked: it has more than 6 files)",
        "together.zip (not unpacked: it has more than 6 files)",
        "too_many.zip (not unpacked: it has more than 20 files)",
    ]
    assert {learner for learner, _ in hand_ins} == {"d0", "d1", "d2"}


def test_a_zip_that_would_grow_without_measure_is_named_and_not_unpacked(tmp_path, monkeypatch):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(8):
            archive.writestr(f"d{k}/x.ipynb", b" " * 2**20)
    put(tmp_path, "bomb.zip", content=packed.getvalue())
    assert len(found(tmp_path)[1]) == 8  # each of them is read, and is no notebook
    monkeypatch.setattr(submissions, "MAX_ZIPPED", 2**20)
    assert found(tmp_path)[1] == ["bomb.zip (not unpacked: it would grow to 8 MB)"]


def test_the_table_of_a_zip_is_read_once_not_for_each_of_its_files(tmp_path, monkeypatch):
    opened = []
    original = zipfile.ZipFile.__init__
    monkeypatch.setattr(
        zipfile.ZipFile, "__init__", lambda self, *a, **k: (opened.append(a), original(self, *a, **k))[1]
    )
    inner = zipped({f"{k}.ipynb": b"{}" for k in range(30)})
    put(tmp_path, "many.zip", content=zipped({f"d{k}/x.ipynb": b"{}" for k in range(300)} | {"in.zip": inner}))
    opened.clear()
    assert len(found(tmp_path)[1]) == 330
    assert len(opened) == 2


def test_of_very_many_notebooks_of_one_learner_the_last_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_CHOICE", 3)
    put(tmp_path, *(f"ada/step_and_shapes/step_and_shapes-{k}.ipynb" for k in range(100, 120)))
    read = []
    monkeypatch.setattr(submissions, "_written", lambda file, _: read.append(file) or 0)
    (hand_in,) = found(tmp_path)[0].values()
    assert (hand_in.file.name, len(read)) == ("step_and_shapes-119.ipynb", 3)
    assert hand_in.notes[0].startswith("20 notebooks")
    assert hand_in.notes[0].endswith(", 14 more")


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


# Whose a file is


def told_of(folder):
    """Who handed in which files, and what is said of them."""
    hand_ins, _, told = collect(folder, ASSIGNMENTS)
    return {(h.learner, h.file.shown) for h in hand_ins if h.file is not None}, told


def test_two_people_of_one_name_are_kept_apart_by_the_platforms_number(tmp_path):
    moodle = [f"Ann Lee_{number}_assignsubmission_file_" for number in (111, 222)]
    canvas = ["kimjo_17_111_step_and_shapes.ipynb", "kimjo_18_112_step_and_shapes.ipynb"]
    put(tmp_path, *(f"{name}/step_and_shapes.ipynb" for name in moodle), *canvas)
    put(tmp_path, f"{moodle[1]}/plan.txt", "Bo L_333_assignsubmission_file_/step_and_shapes.ipynb")
    hand_ins, strange = found(tmp_path)
    assert [who for who, _ in hand_ins] == ["Ann Lee_111", "Ann Lee_222", "Bo L", "kimjo_17", "kimjo_18"]
    assert not strange
    assert all(h.file is not None and not h.others for h in hand_ins.values())
    assert hand_ins["Ann Lee_222", corpus.STEP].notes == (f"also handed in, and not read: {moodle[1]}/plan.txt",)
    assert told_of(tmp_path)[1] == [
        f"Several learners are called {who}, so the platform's numbers keep them apart: {who}_{one}, {who}_{two}"
        for who, one, two in (("Ann Lee", 111, 222), ("kimjo", 17, 18))
    ]


def test_one_persons_numbers_of_several_files_and_assignments_stay_one_persons(tmp_path):
    put(tmp_path, "Ann Lee_111_assignsubmission_file_/step_and_shapes.ipynb")
    put(tmp_path, "Ann Lee_555_assignsubmission_file_/rnn_from_scratch.ipynb")  # each assignment has its own numbers
    put(tmp_path, "kimjo_17_111_step_and_shapes.ipynb", "kimjo_LATE_17_115_step_and_shapes-1.ipynb")
    assert {who for who, _ in found(tmp_path)[0]} == {"Ann Lee", "kimjo"}
    put(tmp_path, "kimjo_18_116_rnn_from_scratch.ipynb")  # this platform's number is the learner's
    assert {who for who, _ in found(tmp_path)[0]} == {"Ann Lee", "kimjo_17", "kimjo_18"}


@pytest.mark.parametrize(
    ("paths", "learners"),
    [
        (["hw1/{}/step_and_shapes.ipynb", "hw2/{}/rnn_from_scratch.ipynb"], "ada bo"),
        (["hw1/{}_step_and_shapes.ipynb", "hw2/{}.zip"], "ada bo"),
        (["all/{}/step_and_shapes.ipynb"], "ada bo"),  # it stands alone
        (["hw1/{}/step_and_shapes.ipynb", "hw2/{}/step_and_shapes.ipynb"], "hw1 hw2"),  # may be two learners' tries
    ],
)
def test_a_folder_of_a_class_holds_many_learners(tmp_path, paths, learners):
    packed = zipped({"rnn_from_scratch.ipynb": corpus.as_bytes(corpus.solved(corpus.SCRATCH))})
    for path in paths:
        put(tmp_path, path.format("ada"), path.format("bo"), content=packed if path.endswith(".zip") else GOOD)
    hand_ins, strange = found(tmp_path)
    assert (sorted({who for who, _ in hand_ins}), strange) == (learners.split(), [])
    is_class = learners == "ada bo"
    tops = dict.fromkeys(path.partition("/")[0] for path in paths)
    sentences = [f"{top} was taken for a folder of a class: learners are ada, bo" for top in tops]
    assert told_of(tmp_path)[1] == (sentences if is_class else [])
    assert all(len(h.others) == (0 if is_class else 1) for h in hand_ins.values())


def test_a_learners_folder_of_several_tries_is_one_learners(tmp_path):
    put(tmp_path, "ada/try1/step_and_shapes.ipynb", "ada/try2/step_and_shapes.ipynb", "bo/step_and_shapes.ipynb")
    put(tmp_path, "cy/hw1/step_and_shapes.ipynb", "cy/hw2/rnn_from_scratch.ipynb")
    put(tmp_path, "di/hw1/step_and_shapes.ipynb", "di/hw2/rnn_from_scratch.ipynb")
    assert {who for who, _ in found(tmp_path)[0]} == {"ada", "bo", "cy", "di"}
    assert told_of(tmp_path)[1] == []


def test_the_summary_and_left_out_name_who_has_several_notebooks(tmp_path):
    put(tmp_path, "hw1/ada/step_and_shapes.ipynb", "hw1/bo/step_and_shapes.ipynb", "cy/step_and_shapes.ipynb")
    hand_ins, strange, told = collect(tmp_path, ASSIGNMENTS)
    rows = [Graded(hand_in, Result("graded")) for hand_in in hand_ins]
    report = Report(rows, strange, Setting(Walls("no")), 0, told)
    lines = summary(report, tmp_path).splitlines()
    place = lines.index("Of several notebooks one counts (the others in left_out.csv); are they several learners'?")
    assert lines[place + 1] == "  hw1, step_and_shapes: hw1/bo/step_and_shapes.ipynb, of 2"
    write_left_out(report, tmp_path / "left_out.csv")
    other = "hw1/ada/step_and_shapes.ipynb (another notebook of hw1 for step_and_shapes counts)"
    assert (tmp_path / "left_out.csv").read_text().splitlines() == ["file", other]


def test_modules_beside_a_notebook_are_taken_along(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb")
    put(tmp_path, "ada/step_and_shapes/my_step.py", content=b"x = 1")
    (hand_in,) = found(tmp_path)[0].values()
    assert [file.name for file in hand_in.helpers] == ["my_step.py"]
    put(tmp_path, "ada/step_and_shapes/old/my_step.py")
    (hand_in,) = found(tmp_path)[0].values()
    assert hand_in.notes == ("also handed in, and not read: ada/step_and_shapes/old/my_step.py",)


def test_what_is_not_recognised_is_told(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", ".git/x", "__MACOSX/x")
    put(tmp_path, "bo/homework.ipynb", "notes.txt", content=b"{}")
    assert found(tmp_path)[1] == ["bo/homework.ipynb", "notes.txt"]


@pytest.mark.parametrize("ending", [".txt", ".json", ".TXT"])
def test_a_notebook_to_which_a_browser_gave_another_ending_is_read(tmp_path, ending):
    put(tmp_path, f"ada/step_and_shapes.ipynb{ending}", f"bo_step_and_shapes (2).ipynb{ending}")
    put(tmp_path, f"cy.ipynb{ending}", content=b"{}")
    hand_ins, strange = found(tmp_path)
    assert [learner for learner, _ in hand_ins] == ["ada", "bo"]
    assert hand_ins["ada", corpus.STEP].notes == (f"the file was called step_and_shapes.ipynb{ending}",)
    assert read_file(hand_ins["bo", corpus.STEP].file) == GOOD
    assert strange == [f"cy.ipynb{ending}"]


def test_links_are_named_and_not_followed(tmp_path):
    there = tmp_path / "elsewhere"
    put(there, "step_and_shapes.ipynb", "all.zip")
    folder = tmp_path / "in"
    put(folder, "ada/step_and_shapes.ipynb")
    (folder / "bo").mkdir()
    (folder / "bo" / "step_and_shapes").symlink_to(there)
    (folder / "bo" / "all.zip").symlink_to(there / "all.zip")
    (folder / "cy").symlink_to(there)
    for name, member in {"dan.zip": "step_and_shapes", "eve.zip": "step_and_shapes.ipynb"}.items():
        link = zipfile.ZipInfo(member)
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(link, str(there))
    hand_ins, strange = found(folder)
    told = "(a link, which is not followed)"
    assert strange == [f"bo/all.zip {told}", f"bo/step_and_shapes {told}", f"cy {told}", "dan.zip/step_and_shapes"]
    assert [learner for learner, _ in hand_ins] == ["ada", "eve"]
    with pytest.raises(NotGradable, match="a link"):
        read_file(hand_ins["eve", corpus.STEP].file)


def test_hidden_notebooks_are_named_and_no_other_hidden_file(tmp_path):
    put(tmp_path, "ada/step_and_shapes.ipynb", ".bo/a/step_and_shapes.ipynb", "..cy/step_and_shapes.ipynb")
    put(tmp_path, "dan/.step_and_shapes.ipynb", "ada/.git/x", "ada/._step_and_shapes.ipynb")
    put(tmp_path, "ada/.ipynb_checkpoints/step_and_shapes-checkpoint.ipynb")
    members = [".a/step_and_shapes.ipynb", ".step_and_shapes.ipynb", ".DS_Store", "._x.ipynb", ".a/notes"]
    put(tmp_path, "eve.zip", content=zipped(dict.fromkeys(members, GOOD)))
    hand_ins, strange = found(tmp_path)
    assert [learner for learner, _ in hand_ins] == ["ada"]
    hidden = ["..cy", ".bo", "dan/.step_and_shapes.ipynb", "eve.zip/.a/step_and_shapes.ipynb"]
    assert strange == [f"{name} (hidden)" for name in [*hidden, "eve.zip/.step_and_shapes.ipynb"]]


def test_other_files_are_named_in_a_note_or_if_there_is_no_notebook_in_the_summary(tmp_path):
    put(tmp_path, "ada/step_and_shapes/step_and_shapes.ipynb", "ada/step_and_shapes/answers.docx", "ada/plan.md")
    put(tmp_path, "ada/step_and_shapes/how_to.txt", "bo/step_and_shapes.docx", "bo/my_step.py", "cy/a/b/c/notes.txt")
    hand_ins, strange = found(tmp_path)
    note = "also handed in, and not read: ada/plan.md, ada/step_and_shapes/answers.docx"
    assert hand_ins["ada", corpus.STEP].notes == (note,)
    assert strange == ["bo/my_step.py", "bo/step_and_shapes.docx", "cy/a/b/c/notes.txt"]


def test_no_crowd_of_unrecognised_files_hides_another(tmp_path):
    strange = [*(f"many.zip/d{k}/x.ipynb" for k in range(4000)), "zoe/homework.docx"]
    setting = Setting(Walls("no"))
    report = Report([], strange, setting, 0)
    told = summary(report, tmp_path).splitlines()
    assert "  many.zip/d0/x.ipynb, and 3999 more in many.zip" in told
    assert "  zoe/homework.docx" in told
    write_left_out(report, tmp_path / "left_out.csv")
    assert (tmp_path / "left_out.csv").read_text().split() == ["file", *strange]


def test_what_lies_too_deep_is_named(tmp_path):
    deep = "/".join("abcdefghijkl")
    put(tmp_path, f"{deep}/step_and_shapes.ipynb")
    assert found(tmp_path)[1] == [f"{deep} (too deep)"]


def test_no_name_turns_text_around_or_hides_in_it_or_cannot_be_written(tmp_path):
    put(tmp_path, "\u202egnp/step_and_shapes/a.ipynb", "a\u200bda/a\x1b[2J\u2028.ipynb", "\u2066x.txt")
    put(tmp_path, os.fsdecode(b"\xff/step_and_shapes.ipynb"))
    hand_ins, strange = found(tmp_path)
    assert {learner for learner, _ in hand_ins} == {"_gnp", "a_da", "_"}
    assert hand_ins["a_da", corpus.STEP].notes == ("the file was called a_[2J_.ipynb",)
    assert strange == ["_x.txt"]


def test_letters_of_every_alphabet_stay_in_a_name():
    assert submissions.name_of("Zoë 李 Ａda ٣ नमस्ते") == "Zoë 李 Ａda ٣ नमस्ते"


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


@pytest.mark.parametrize("name", [corpus.SCRATCH, corpus.MEMORY])
def test_a_notebook_of_another_assignment_is_told(name):
    with pytest.raises(NotGradable, match=r"another assignment|no cell of it belongs"):
        fit(parse(corpus.as_bytes(corpus.solved(name)))[0], STEP)


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
