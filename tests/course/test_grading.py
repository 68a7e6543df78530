"""How grading behaves: stopped, repeated, in parallel, marked by hand in between, and when something is amiss."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import corpus
import nbformat
import psutil
import pytest
from conftest import LIMITS, grade_into, items_of, read_csv
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from rnn_helpers.course import grade as grading
from rnn_helpers.course import sandbox
from rnn_helpers.course.__main__ import main
from rnn_helpers.course.gradebook import Course, Problem

from tools.processes import running

STEP = corpus.STEP


def hand_in(folder, learner, notebook):
    path = folder / learner / STEP / f"{STEP}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Five submissions, good and bad, graded by one job without any disturbance."""
    folder = tmp_path_factory.mktemp("few") / "submissions"
    hand_in(folder, "ada", corpus.solved(STEP))
    hand_in(folder, "bo", corpus.handed_out(STEP))
    hand_in(folder, "cy", corpus.solved(STEP, trace=corpus.LEAVES))
    hand_in(folder, "di", corpus.solved(STEP, first_step=corpus.BROKEN))
    hand_in(folder, "ed", corpus.solved(STEP, **corpus.LOOPS))
    work = folder.parent / "course"
    report = grade_into(work, folder, jobs=1)
    assert report.newly_graded == 5
    return folder, work


@pytest.fixture
def again(few, tmp_path):
    """A copy of these, graded."""
    folder, work = tmp_path / "submissions", tmp_path / "course"
    shutil.copytree(few[0], folder)
    shutil.copytree(few[1], work)
    return folder, work


def csv_of(work):
    return (work / "grades.csv").read_text(encoding="utf-8")


def fresh(few, work):
    """A course directory in which nothing is graded, but matplotlib's list of fonts is there."""
    shutil.copytree(few[1] / "fonts", work / "fonts")
    return work


# The same result, however it comes about


def test_two_jobs_and_a_flat_folder_come_to_the_same(few, tmp_path):
    folder, work = tmp_path / "flat", fresh(few, tmp_path / "course")
    folder.mkdir()
    for path in few[0].rglob("*.ipynb"):
        shutil.copy(path, folder / f"{path.parts[-3]}_{path.name}")
    grade_into(work, folder, jobs=2)
    assert csv_of(work) == csv_of(few[1])


def test_company_makes_no_difference(few, graded):
    alone, in_company = read_csv(few[1])["ada", STEP], graded.rows["right", STEP]
    assert alone | {"learner": ""} == in_company | {"learner": ""}


def test_what_has_not_changed_is_not_graded_again(again):
    folder, work = again
    before = csv_of(work)
    pages = {path: path.stat().st_mtime_ns for path in (work / "feedback").rglob("*.html")}
    assert grade_into(work, folder).newly_graded == 0
    assert csv_of(work) == before
    assert {path: path.stat().st_mtime_ns for path in (work / "feedback").rglob("*.html")} == pages
    hand_in(folder, "bo", corpus.solved(STEP))
    assert grade_into(work, folder).newly_graded == 1
    assert read_csv(work)["bo", STEP]["score"] == "16"


def command(folder, work):
    arguments = ["--work", str(work), "grade", str(folder), "--quiet", "--cell-seconds", f"{LIMITS.cell_seconds}"]
    return [
        sys.executable,
        "-m",
        "rnn_helpers.course",
        *arguments,
        "--submission-seconds",
        f"{LIMITS.submission_seconds}",
    ]


def stop_in_the_middle(few, folder, work, number):
    """Start grading, and send it a signal when something is graded and more is to come; returns the process."""
    with running(command(folder, work), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list((work / "records" / STEP).glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        process.wait(60)
    recorded = {path.stem: path.stat().st_mtime_ns for path in (work / "records" / STEP).glob("*.json")}
    assert 1 <= len(recorded) < 5
    return process, recorded


def goes_on(few, folder, work, recorded):
    done = subprocess.run(command(folder, work), capture_output=True, text=True, check=True, timeout=600)
    assert f"5 in all, {5 - len(recorded)} of them run now" in done.stdout
    assert csv_of(work) == csv_of(few[1])
    now = {path.stem: path.stat().st_mtime_ns for path in (work / "records" / STEP).glob("*.json")}
    assert recorded.items() <= now.items()


def test_killed_in_the_middle_it_goes_on_where_it_was(few, tmp_path):
    work = fresh(few, tmp_path / "course")
    _, recorded = stop_in_the_middle(few, few[0], work, signal.SIGKILL)
    time.sleep(1)
    launched = [p for p in psutil.process_iter(["cmdline"]) if str(sandbox.LAUNCHER) in (p.info["cmdline"] or ())]
    if sys.platform == "linux":
        assert not [p for p in launched if p.status() != psutil.STATUS_ZOMBIE]
    goes_on(few, few[0], work, recorded)


def test_stopped_by_hand_it_says_how_to_go_on(few, tmp_path):
    work = fresh(few, tmp_path / "course")
    process, recorded = stop_in_the_middle(few, few[0], work, signal.SIGINT)
    assert process.returncode == 130
    assert process.stderr.read().splitlines()[-1] == "stopped; the same command goes on from here"
    assert recorded.keys() <= {"ada", "bo", "cy", "di", "ed"}


# By hand


def test_marks_given_by_hand_stay(again):
    folder, work = again
    with Gradebook(f"sqlite:///{work}/gradebook.db", "rnn") as gradebook:
        grade = gradebook.find_grade("words-answer", STEP, STEP, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment("words-answer", STEP, STEP, "ada").manual_comment = "Say what would go wrong."
        gradebook.db.commit()
    assert grade_into(work, folder).newly_graded == 0
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["auto_score"], row["hand_score"], row["needs_marking_by_hand"]) == ("19", "16", "3", "no")
    page = (work / "feedback" / "ada" / STEP / f"{STEP}.html").read_text(encoding="utf-8")
    assert "Say what would go wrong." in page

    changed = corpus.solved(STEP)
    changed.cells.append(new_markdown_cell("One more thought."))
    hand_in(folder, "ada", changed)
    assert grade_into(work, folder).newly_graded == 1
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["hand_score"], row["needs_marking_by_hand"]) == ("19", "3", "yes")


def test_nbgraders_own_commands_work_on_the_course(again):
    _, work = again

    def nbgrader(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments], cwd=work, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr

    (work / "grades.csv").write_text("ours")
    nbgrader("export")
    assert (work / "grades.csv").read_text() == "ours"
    exported = (work / "nbgrader_grades.csv").read_text()
    assert re.search(rf"{STEP},.*,ada,.*,16\.0,20\.0", exported)
    nbgrader("generate_feedback", STEP, "--force")
    page = (work / "feedback" / "ada" / STEP / f"{STEP}.html").read_text(encoding="utf-8")
    assert "seed" not in page
    assert "HIDDEN" not in page


# What is not as it should be


def test_a_second_run_at_the_same_time_is_told(again):
    folder, work = again
    with Course(corpus.SOURCES, work).alone(), pytest.raises(Problem, match="another run is handing out or grading"):
        grade_into(work, folder)


def test_a_source_that_fails_its_own_tests_is_told(few, tmp_path):
    notebook = corpus.source(STEP)
    corpus.cell_of(notebook, "first-test").source += "\nassert False, 'by design'"
    path = tmp_path / "sources" / STEP / f"{STEP}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    course = Course(tmp_path / "sources", fresh(few, tmp_path / "course"))
    with pytest.raises(Problem, match=r"does not run: its cell first-test says AssertionError: by design"):
        grading.grade(few[0], course, limits=LIMITS, quiet=True)


def test_cells_that_are_renamed_later_are_told(again, tmp_path):
    folder, work = again
    notebook = corpus.source(STEP)
    corpus.cell_of(notebook, "first-test").metadata.nbgrader.grade_id = "another-test"
    path = tmp_path / "sources" / STEP / f"{STEP}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    with pytest.raises(Problem, match="Cannot add or remove cells"):
        grading.grade(folder, Course(tmp_path / "sources", work), limits=LIMITS, quiet=True)


def test_scores_are_written_even_if_no_feedback_can_be(again, monkeypatch):
    folder, work = again
    shutil.rmtree(work / "feedback")

    def fail(*arguments):
        raise ValueError("no template")

    monkeypatch.setattr(Course, "_run", fail)
    grade_into(work, folder)
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["note"]) == ("16", "no feedback page could be made")
    assert (work / "feedback" / "ada" / STEP / f"{STEP}.html").exists()


def test_an_unreadable_second_try_leaves_the_first_in_the_gradebook_and_says_so(again):
    folder, work = again
    (folder / "ada" / STEP / f"{STEP}.ipynb").write_text("{")
    grade_into(work, folder)
    row = read_csv(work)["ada", STEP]
    assert (row["status"], row["score"]) == ("unreadable", "")
    assert "the gradebook still holds" in row["note"]


def test_a_kernel_that_does_not_start_is_a_row_and_is_tried_again(again, monkeypatch, tmp_path):
    folder, work = again
    hand_in(folder, "flo", corpus.solved(STEP))
    (tmp_path / "launcher.py").write_text("import sys\nsys.exit(0 if '--probe' in sys.argv else 1)")
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "LAUNCHER", tmp_path / "launcher.py")
        grade_into(work, folder)
    row = read_csv(work)["flo", STEP]
    assert (row["status"], row["score"]) == ("crashed", "")
    assert "the grader failed, try again" in row["note"]
    assert read_csv(work)["ada", STEP]["score"] == "16"
    assert grade_into(work, folder).newly_graded == 1
    assert read_csv(work)["flo", STEP]["score"] == "16"


def test_without_rights_to_give_up_it_says_so(again, monkeypatch):
    folder, work = again
    hand_in(folder, "flo", corpus.solved(STEP, rnn_step=corpus.EINSUM["rnn_step"]))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    report = grade_into(work, folder)
    assert report.walls.uids == ()
    assert "your own user" in report.walls.sentence
    assert read_csv(work)["flo", STEP]["score"] == "16"


def test_where_no_kernel_starts_it_says_so(few, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "LAUNCHER", tmp_path / "launcher.py")
    (tmp_path / "launcher.py").write_text("raise SystemExit('--probe' not in __import__('sys').argv)")
    with pytest.raises(Problem, match="no notebook can be run here: the kernel ended with exit code 1"):
        grade_into(fresh(few, tmp_path / "course"), few[0])


def test_root_that_cannot_give_its_rights_up_says_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda *arguments: None)
    monkeypatch.setattr(sandbox, "LAUNCHER", "there is no such file")
    walls = sandbox.find_walls(2)
    assert walls.uids == ()
    assert walls.sentence.startswith("Learner code ran as root")


# In words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade"], "expected a folder of submissions: make grade SUBMISSIONS=folder"),
        (["grade", "nowhere"], "there is no folder nowhere"),
        (["grade", "."], "holds neither"),
        (["grade", ".", "--jobs", "0"], "expected 1 to 8 jobs, got 0"),
    ],
)
def test_the_command_says_in_one_line_what_it_expected(arguments, sentence, tmp_path, capsys, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["--work", str(tmp_path / "course"), *arguments]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_on_windows_it_says_so(capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        code = main(["grade", "x"])
    assert code == 1
    assert capsys.readouterr().err.startswith("expected Linux or macOS")


def test_without_the_extra_it_names_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    for name in [name for name in sys.modules if name.startswith("rnn_helpers.course.g")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["--work", str(tmp_path / "course"), "grade", "x"]) == 1
    assert (
        capsys.readouterr().err == "expected the extra `course` to be installed: python -m pip install -e '.[course]'\n"
    )


def test_the_command_grades_and_sums_up(again, capsys):
    folder, work = again
    assert main(command(folder, work)[3:]) == 0
    assert "5 in all, 0 of them run now" in capsys.readouterr().out


def test_the_command_makes_the_assignments(tmp_path, capsys):
    path = tmp_path / "sources" / STEP / f"{STEP}.ipynb"
    path.parent.mkdir(parents=True)
    shutil.copy(corpus.SOURCES / STEP / path.name, path)
    work, into = tmp_path / "course", tmp_path / "made"
    assert main(["--sources", str(tmp_path / "sources"), "--work", str(work), "assignments", "--into", str(into)]) == 0
    assert capsys.readouterr().out.startswith(f"{STEP}: {into / STEP}.zip")


# What wins all the same


def test_what_the_instructors_page_says_wins_does_win(few, tmp_path):
    folder, work = tmp_path / "submissions", fresh(few, tmp_path / "course")
    for learner, notebook in corpus.cheats(corpus.WINNERS).items():
        hand_in(folder, learner, notebook)
    grade_into(work, folder)
    assert {learner: items_of(row)["rnn-step-test"] for (learner, _), row in read_csv(work).items()} == dict.fromkeys(
        corpus.WINNERS, 6
    )
