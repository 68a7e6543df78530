"""How grading behaves: stopped, repeated, in parallel, marked by hand in between, and when something is amiss."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from functools import partial

import corpus
import nbformat
import psutil
import pytest
from conftest import LIMITS, grade_into, hand_in, read_csv
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook, InvalidEntry

import rnn_grading.pages
from rnn_grading import grade as grading
from rnn_grading import keys, walls
from rnn_grading.__main__ import main
from rnn_grading.gradebook import Course
from rnn_grading.report import summary
from rnn_grading.scores import Pool, Setting
from rnn_grading.walls import Limits, Problem
from rnn_helpers.mistakes import CATALOGUE
from tools.processes import running

STEP = corpus.STEP


@pytest.fixture(scope="module")
def few(tmp_path_factory, best):
    """Five submissions, good and bad, graded by one job without any disturbance."""
    folder = tmp_path_factory.mktemp("few") / "submissions"
    hand_in(folder, "ada", corpus.solved(STEP))
    hand_in(folder, "bo", corpus.handed_out(STEP))
    hand_in(folder, "cy", corpus.solved(STEP, trace=corpus.LEAVES))
    hand_in(folder, "di", corpus.solved(STEP, first_step=corpus.BROKEN))
    hand_in(folder, "ed", corpus.solved(STEP, **corpus.LOOPS))
    work = folder.parent / "course"
    assert grade_into(work, folder, best, jobs=1).newly_graded == 5
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


def changed_source(tmp_path, change):
    notebook = corpus.source(STEP)
    change(notebook)
    path = tmp_path / "sources" / STEP / f"{STEP}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return tmp_path / "sources"


# The same result, however it comes about


def test_two_jobs_and_a_flat_folder_come_to_the_same(few, tmp_path, best):
    folder, work = tmp_path / "flat", tmp_path / "course"
    folder.mkdir()
    for path in few[0].rglob("*.ipynb"):
        shutil.copy(path, folder / f"{path.parts[-3]}_{path.name}")
    grade_into(work, folder, best, jobs=2, pages=False)
    assert csv_of(work) == csv_of(few[1])
    assert not (work / "feedback").exists()


def test_pages_can_follow_later_and_change_no_score(few, tmp_path, best):
    work = tmp_path / "course"
    grade_into(work, few[0], best, pages=False)
    before = csv_of(work)
    assert grade_into(work, few[0], best).newly_graded == 0
    assert csv_of(work) == before
    assert len(list((work / "feedback").rglob("*.html"))) == 5


def test_company_makes_no_difference(few, graded):
    alone, in_company = read_csv(few[1])["ada", STEP], graded.rows["right", STEP]
    assert alone | {"learner": ""} == in_company | {"learner": ""}


def test_what_has_not_changed_is_not_graded_again(again, best):
    folder, work = again
    before = csv_of(work)
    made = {path: path.stat().st_mtime_ns for path in work.rglob("*.html")}
    made |= {path: path.stat().st_mtime_ns for path in (work / "autograded").rglob("*.ipynb")}
    assert grade_into(work, folder, best).newly_graded == 0
    assert csv_of(work) == before
    assert {path: path.stat().st_mtime_ns for path in made} == made
    hand_in(folder, "bo", corpus.solved(STEP))
    assert grade_into(work, folder, best).newly_graded == 1
    assert read_csv(work)["bo", STEP]["score"] == "16"


def command(folder, work, *options):
    limits = ["--cell-seconds", f"{LIMITS.cell_seconds}", "--submission-seconds", f"{LIMITS.submission_seconds}"]
    about = ["--work", str(work), "grade", str(folder), "--quiet", *limits, *options]
    return [sys.executable, "-m", "rnn_grading", *about]


def done_in(work, stage):
    """The learners of whom a stage is recorded as done, each with the time of what it made."""
    if stage == "scores":
        records = (work / "records" / STEP).glob("*.json")
        return {path.stem: path.stat().st_mtime_ns for path in records if not path.name.endswith(".shown.json")}
    learners = [path.name.partition(".")[0] for path in (work / "records" / STEP).glob("*.shown.json")]
    return {who: (work / "autograded" / who / STEP / f"{STEP}.ipynb").stat().st_mtime_ns for who in learners}


def stop_in_the_middle(command, work, number, stage):
    """Start grading, and send it a signal when something is done in a stage and more is to come; who lives on then?"""
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which what runs in the background ignores
    with running(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        deadline = time.monotonic() + 120
        while not done_in(work, stage) and time.monotonic() < deadline:
            time.sleep(0.005)
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.wait(60)
        _, alive = psutil.wait_procs(started, timeout=20)
        alive = [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    return process, started, alive


@pytest.mark.parametrize(("number", "stage"), [(signal.SIGKILL, "scores"), (signal.SIGINT, "pages")])
def test_stopped_in_the_middle_of_a_stage_it_goes_on_where_it_was(number, stage, few, tmp_path):
    work, folder = tmp_path / "course", tmp_path / "many"
    for learner in range(10):
        hand_in(folder, f"learner{learner:02d}", corpus.solved(STEP))
    grades = command(folder, work, "--pages", "yes" if stage == "pages" else "no")
    process, started, alive = stop_in_the_middle(grades, work, number, stage)
    assert len(started) > 2  # the pool and its sandboxes
    assert not alive
    recorded, scored = done_in(work, stage), len(done_in(work, "scores"))
    assert 1 <= len(recorded) < 10
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert process.stderr.read().splitlines()[-1] == "stopped; the same command goes on from here"
    done = subprocess.run(grades, capture_output=True, text=True, check=True, timeout=600)
    assert f"10 handed in: {10 - scored} run now, {scored} known from before" in done.stdout
    rows = read_csv(work)
    assert {row["score"] for row in rows.values()} == {"16"}
    assert len(rows) == len(done_in(work, stage)) == 10
    assert recorded.items() <= done_in(work, stage).items()


def test_a_time_out_on_the_clock_is_tried_again_alone(tmp_path, best, monkeypatch):
    """Who waits may only have been slowed down by others; what costs no points needs no second try."""
    work, folder = tmp_path / "course", tmp_path / "two"
    waits = "import time\n\ndef first_step(x_1, U, b):\n    time.sleep(600)"
    hand_in(folder, "ada", corpus.with_own_cell(corpus.solved(STEP), "import time\ntime.sleep(600)"))
    hand_in(folder, "cy", corpus.solved(STEP, first_step=waits))
    hand_in(folder, "bo", corpus.solved(STEP))
    tried = []
    original = Pool.each

    def counting(self, work, tasks):
        tried.append(len(tasks))
        return original(self, work, tasks)

    monkeypatch.setattr(Pool, "each", counting)
    hurried = Setting(best, Limits(cell_seconds=1, submission_seconds=3))
    grade_into(work, folder, best, pages=False, setting=hurried)
    assert tried[1:] == [3, 1]  # after the source
    rows = read_csv(work)
    assert {who: row["score"] for (who, _), row in rows.items()} == {"ada": "16", "bo": "16", "cy": "13"}
    assert rows["cy", STEP]["status"] == "timed out"


# By hand


def mark(work, points, comment="", learner="ada"):
    with Gradebook(f"sqlite:///{work}/gradebook.db", "rnn") as gradebook:
        grade = gradebook.find_grade("words-answer", STEP, STEP, learner)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.find_comment("words-answer", STEP, STEP, learner).manual_comment = comment
        gradebook.db.commit()


def test_marks_given_by_hand_stay(again, best):
    folder, work = again
    mark(work, 3, "Say what would go wrong.")
    assert grade_into(work, folder, best).newly_graded == 0
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["auto_score"], row["hand_score"], row["needs_marking_by_hand"]) == ("19", "16", "3", "no")
    page = (work / "feedback" / "ada" / STEP / f"{STEP}.html").read_text(encoding="utf-8")
    assert "Say what would go wrong." in page
    assert "19 of 20 points" in page

    changed = corpus.solved(STEP)
    changed.cells.append(new_markdown_cell("One more thought."))
    hand_in(folder, "ada", changed)
    assert grade_into(work, folder, best).newly_graded == 1
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["hand_score"], row["needs_marking_by_hand"]) == ("19", "3", "yes")


@pytest.mark.parametrize("points", [99, 4.5, -5, float("inf")])
def test_a_mark_that_cannot_be_does_not_count_and_is_asked_for_again(points, again, best):
    folder, work = again
    mark(work, points)
    report = grade_into(work, folder, best, pages=False)
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["hand_score"], row["needs_marking_by_hand"]) == ("16", "", "yes")
    sentence = f"Item 5 · In words: the mark {points:g} is not between 0 and 4 and does not count: please mark it again"
    assert sentence in row["note"]
    assert f"ada, {STEP}, {sentence}" in summary(report, work)
    with Gradebook(f"sqlite:///{work}/gradebook.db", "rnn") as gradebook:
        assert gradebook.find_grade("words-answer", STEP, STEP, "ada").needs_manual_grade
    mark(work, 4)
    report = grade_into(work, folder, best, pages=False)
    assert (read_csv(work)["ada", STEP]["score"], report.told) == ("20", [])


def test_extra_credit_above_the_maximum_counts_and_is_named(again, best):
    folder, work = again
    mark(work, 4)
    with Gradebook(f"sqlite:///{work}/gradebook.db", "rnn") as gradebook:
        gradebook.find_grade("words-answer", STEP, STEP, "ada").extra_credit = 2
        gradebook.db.commit()
    report = grade_into(work, folder, best, pages=False)
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["needs_marking_by_hand"]) == ("22", "no")
    assert report.told == [f"ada, {STEP}, Item 5 · In words: 6 of 4 points, with extra credit of 2"]


@pytest.mark.parametrize(("given", "most", "score"), [(2, 2, "18"), (3, 2, "16"), (3, 8, "19")])
def test_a_mark_that_was_given_under_another_maximum_is_asked_for_again(given, most, score, again, tmp_path, best):
    folder, work = again
    mark(work, given)

    def change(notebook):
        corpus.cell_of(notebook, "words-answer").metadata.nbgrader.points = most

    report = grade_into(work, folder, best, pages=False, sources=changed_source(tmp_path, change))
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["needs_marking_by_hand"]) == (score, "yes")
    told = f"marked when it had 4 points, and has {most} now: please mark it again"
    assert f"ada, {STEP}, Item 5 · In words: {told}" in summary(report, work)


def test_who_is_not_in_the_folder_keeps_the_row_and_the_mark(again, tmp_path, best):
    _, work = again
    mark(work, 3, "Well said.")
    others = tmp_path / "others"
    hand_in(others, "fy", corpus.solved(STEP))
    (others / "bo" / STEP).mkdir(parents=True)
    report = grade_into(work, others, best)
    rows = read_csv(work)
    assert [who for who, _ in rows] == ["ada", "bo", "cy", "di", "ed", "fy"]
    assert (rows["ada", STEP]["score"], rows["ada", STEP]["hand_score"], rows["cy", STEP]["status"]) == (
        "19", "3", "crashed",
    )  # fmt: skip
    assert f"not in this folder; graded earlier, from ada/{STEP}/{STEP}.ipynb of " in rows["ada", STEP]["note"]
    assert rows["bo", STEP]["note"].startswith("the folder holds no notebook; not in this folder")
    assert "changed since" not in rows["ada", STEP]["note"]
    assert "Well said." in (work / "feedback" / "ada" / STEP / f"{STEP}.html").read_text(encoding="utf-8")
    told = summary(report, work)
    assert "6 handed in: 1 run now, 5 known from before." in told
    assert "not in this folder, but kept from earlier runs until you `delete` them: ada, bo, cy, di, ed\n" in told
    slow = Setting(best, Limits(cell_seconds=3, submission_seconds=6))
    grade_into(work, others, best, setting=slow, pages=False)
    assert "changed since" in read_csv(work)["ada", STEP]["note"]
    assert "changed since" not in read_csv(work)["fy", STEP]["note"]


def test_two_who_mark_on_two_machines_do_not_overwrite_each_other(again, tmp_path, capsys, best):
    folder, work = again
    other = tmp_path / "other" / "course"
    shutil.copytree(work, other)
    mark(work, 3, "Mine.")
    mark(work, 2, learner="di")
    mark(other, 2, "Theirs.")
    mark(other, 2, learner="di")
    mark(other, 4, "Well said.", learner="ed")
    mark(other, 1, learner="cy")
    hand_in(folder, "cy", corpus.solved(STEP))  # after the copy was made
    grade_into(work, folder, best, pages=False)
    there = {path: path.read_bytes() for path in other.rglob("*") if path.is_file()}

    assert main(["--work", str(work), "marks", str(other)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "3 marks and comments taken over",
        f"ada, {STEP}, Item 5 · In words: 2.0 there, 3.0 here, which is kept",
        f"ada, {STEP}, Item 5 · In words: Theirs. there, Mine. here, which is kept",
        f"cy, {STEP}, Item 5 · In words: was given for another hand-in",
    ]
    assert {path: path.read_bytes() for path in other.rglob("*") if path.is_file()} == there
    grade_into(work, folder, best)
    rows = {who: (row["hand_score"], row["needs_marking_by_hand"]) for (who, _), row in read_csv(work).items()}
    waits_anyway = ("2", "yes")  # another item of di's, which cannot be read
    assert rows == {"ada": ("3", "yes"), "bo": ("", "no"), "cy": ("1", "yes"), "di": waits_anyway, "ed": ("4", "no")}
    assert "Well said." in (work / "feedback" / "ed" / STEP / f"{STEP}.html").read_text(encoding="utf-8")

    assert main(["--work", str(work), "marks", str(other)]) == 0  # once more changes nothing
    assert capsys.readouterr().out.startswith("0 marks")
    assert main(["--work", str(work), "marks", str(tmp_path)]) == 1
    assert "expected a course directory" in capsys.readouterr().err


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


def test_a_second_run_at_the_same_time_is_told(again, best):
    folder, work = again
    with Course(corpus.SOURCES, work).alone(), pytest.raises(Problem, match="another run is handing out or grading"):
        grade_into(work, folder, best)


def test_a_source_that_fails_its_own_tests_is_told(few, tmp_path, best):
    def change(notebook):
        corpus.cell_of(notebook, "first-test").source += "\nassert False, 'by design'"

    with pytest.raises(Problem, match=r"does not pass its own tests: first-test: by design"):
        grade_into(tmp_path / "course", few[0], best, sources=changed_source(tmp_path, change))


def test_cells_that_are_renamed_later_are_told(again, tmp_path, best):
    folder, work = again

    def change(notebook):
        corpus.cell_of(notebook, "first-test").metadata.nbgrader.grade_id = "another-test"

    with pytest.raises(Problem, match="Cannot add or remove cells"):
        grade_into(work, folder, best, sources=changed_source(tmp_path, change))


def test_a_changed_check_regrades_and_says_whose_score_moved(again, tmp_path, best):
    folder, work = again
    hand_in(folder, "fy", corpus.solved(STEP, trace="def trace(x, U, W, b):\n    return None"))
    grade_into(work, folder, best, pages=False)

    def change(notebook):
        cell = corpus.cell_of(notebook, "trace-test")
        cell.source = "assert callable(trace)"

    report = grade_into(work, folder, best, pages=False, sources=changed_source(tmp_path, change))
    assert sorted(report.moved) == [
        f"{who}, step_and_shapes: Item 4 · The trace of a sentence 0 -> 4" for who in ("bo", "cy", "fy")
    ]
    assert "Another score than before: bo, step_and_shapes: Item 4 · The trace of a sentence 0 -> 4" in summary(
        report, work
    )
    assert read_csv(work)["fy", STEP]["score"] == "16"


def test_a_changed_check_asks_for_no_mark_a_second_time(again, tmp_path, best):
    folder, work = again
    mark(work, 3, "Say what would go wrong.")
    sources = changed_source(tmp_path, lambda notebook: corpus.cell_of(notebook, "trace-test").update(source="1 / 1"))
    assert grade_into(work, folder, best, pages=False, sources=sources).newly_graded == 5
    row = read_csv(work)["ada", STEP]
    assert (row["score"], row["hand_score"], row["needs_marking_by_hand"]) == ("19", "3", "no")


def test_a_changed_check_touches_the_assignments_that_use_it_and_no_other(monkeypatch, tmp_path, assignments, best):
    """A hint of a step is known to the sequences of other assignments, too; one of a shape to the first alone."""
    monkeypatch.setattr(keys, "HELPERS", tmp_path / "helpers")
    shutil.copytree(walls.HELPERS, keys.HELPERS)

    def changed_by(module, old, new):
        before = {name: keys.key_of(assignment, Setting(best)) for name, assignment in assignments.items()}
        path = keys.HELPERS / module
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return {
            name for name, assignment in assignments.items() if keys.key_of(assignment, Setting(best)) != before[name]
        }

    def hint(target):
        return next(mistake for mistake in CATALOGUE if mistake.target == target).hint.partition("\n")[0][:30]

    assert changed_by("mistakes.py", hint("parameter_shapes"), "Another hint. ") == {STEP}
    assert changed_by("mistakes.py", hint("rnn_step"), "Another hint. ") == {STEP, "rnn_from_scratch"}
    assert changed_by(
        "checks.py", "\ndef mean_pool(seed: int) -> list[Case]:\n", "\n@print\ndef mean_pool(seed):\n"
    ) == {"memory_and_pooling"}
    assert changed_by("checks.py", "\ndef gru_step(seed: int)", "\n@print\ndef gru_step(seed: int)") == set()
    assert changed_by("checking.py", "\ndef _fault(", "\n@print\ndef _fault(") == set(assignments)
    assert changed_by("interactive.py", "\ndef ", "\n@print\ndef ") == set()


def test_what_cannot_change_a_score_is_imported_by_no_check():
    code = "import sys, rnn_helpers.checks; print(*[name for name in sys.modules if name.startswith('rnn_helpers.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    imported = {f"{name.removeprefix('rnn_helpers.')}.py" for name in done.stdout.split()}
    assert "checking.py" in imported
    assert not imported & (keys.APART | set(walls.VISIBLE)) - {"_threads.py", "_torch.py"}
    assert not keys.APART & set(walls.VISIBLE)
    assert all((walls.HELPERS / name).exists() for name in keys.APART)
    assert all((walls.HERE / name).exists() for name in keys.PAGES)


def test_a_later_hand_in_replaces_the_earlier_and_both_are_named(again, tmp_path, best):
    folder, work = again
    path = folder / "bo" / STEP / f"{STEP}.ipynb"
    os.utime(path, (0, 86_400 * 366))
    grade_into(tmp_path / "course2", folder, best, pages=False)
    changed = corpus.solved(STEP)
    hand_in(folder, "bo", changed)
    os.utime(path, (0, 86_400 * 731))
    for work in (tmp_path / "course2",) * 2:  # it is still told when nothing is run
        grade_into(work, folder, best, pages=False)
        row = read_csv(work)["bo", STEP]
        assert row["score"] == "16"
        name = f"bo/{STEP}/{STEP}.ipynb"
        assert re.search(rf"handed in again: {name} of 1972-01-.* replaces {name} of 1971-01-", row["note"])
        assert "replaces" not in read_csv(work)["ada", STEP]["note"]


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"key": "x", "content": "y", "result": {}}'])
def test_a_record_that_is_broken_or_of_another_version_costs_nothing(record, again, best):
    folder, work = again
    before = csv_of(work)
    (work / "records" / STEP / "ada.json").write_text(record)
    report = grade_into(work, folder, best, pages=False)
    assert (report.newly_graded, report.moved) == (1, [])
    assert csv_of(work) == before


def test_a_page_that_fails_changes_no_score(again, monkeypatch, best):
    folder, work = again
    before = csv_of(work)
    shutil.rmtree(work / "autograded")
    monkeypatch.setattr(Pool, "each", lambda self, work, tasks: ((key, OSError("no page")) for key in tasks))
    grade_into(work, folder, best)
    rows = read_csv(work)
    assert rows["ada", STEP]["score"] == "16"
    assert "could not be shown with its outputs" in rows["ada", STEP]["note"]
    assert before.count("16") == csv_of(work).count("16")


def test_the_scores_are_written_before_the_pages(tmp_path, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    folder, work = tmp_path / "submissions", tmp_path / "course"
    hand_in(folder, "ada", corpus.solved(STEP))
    monkeypatch.setattr(rnn_grading.pages, "write_pages", stopped)
    assert main(command(folder, work)[3:]) == 130
    assert read_csv(work)["ada", STEP]["score"] == "16"
    assert all((work / name).exists() for name in ("class.html", "class.csv", "left_out.csv"))


def test_an_unreadable_second_try_leaves_the_first_in_the_gradebook_and_says_so(again, best):
    folder, work = again
    (folder / "ada" / STEP / f"{STEP}.ipynb").write_text("{")
    grade_into(work, folder, best)
    row = read_csv(work)["ada", STEP]
    assert (row["status"], row["score"]) == ("unreadable", "")
    assert "the gradebook still holds" in row["note"]


def test_a_worker_that_does_not_start_is_a_row_and_is_tried_again(again, monkeypatch, best):
    folder, work = again
    hand_in(folder, "flo", corpus.solved(STEP))
    with monkeypatch.context() as patched:
        patched.setattr(Pool, "judge", lambda self, tasks: ((key, Problem("no worker starts")) for key in tasks))
        grade_into(work, folder, best)
    row = read_csv(work)["flo", STEP]
    assert (row["status"], row["score"]) == ("not graded", "")
    assert "the grader failed, try again" in row["note"]
    assert read_csv(work)["ada", STEP]["score"] == "16"
    assert grade_into(work, folder, best).newly_graded == 1
    assert read_csv(work)["flo", STEP]["score"] == "16"


def test_where_no_worker_starts_it_says_so(few, tmp_path, best, monkeypatch):
    monkeypatch.setattr(Pool, "judge", lambda self, tasks: ((key, Problem("no worker")) for key in tasks))
    with pytest.raises(Problem, match="no notebook can be run here: no worker"):
        grade_into(tmp_path / "course", few[0], best)


@pytest.mark.parametrize("folder", ["[a]da", "jose\u0301"])
def test_a_learner_is_found_by_the_folders_own_name(folder, tmp_path, best, capsys):
    submissions, work = tmp_path / "submissions", tmp_path / "course"
    hand_in(submissions, folder, corpus.handed_out(STEP))
    grade_into(work, submissions, best, pages=False)
    name = {"[a]da": "_a_da"}.get(folder, "josé")
    assert main(["--work", str(work), "export", folder, "--into", str(tmp_path)]) == 0
    assert (tmp_path / f"{name}.zip").stat().st_mode & 0o777 == 0o600
    assert main(["--work", str(work), "delete", folder]) == 0
    assert f"{name}: removed from the gradebook" in capsys.readouterr().out
    assert not (work / "submitted" / name).exists()


def test_one_learner_is_exported_and_deleted_whole(again, tmp_path, capsys, best):
    folder, work = again
    mark(work, 3, "A comment.")
    assert main(["--work", str(work), "export", "ada", "--into", str(tmp_path)]) == 0
    with zipfile.ZipFile(tmp_path / "ada.zip") as packed:
        known = json.loads(packed.read("gradebook.json"))[STEP]
        assert {score["name"]: score["points"] for score in known["scores"]}["words-answer"] == 3
        assert known["comments"] == {"words-answer": "A comment."}
        names = packed.namelist()
        assert (
            packed.read(f"submitted/ada/{STEP}/{STEP}.ipynb") == (folder / "ada" / STEP / f"{STEP}.ipynb").read_bytes()
        )
    assert {name.partition("/")[0] for name in names} == {
        "gradebook.json",
        "submitted",
        "autograded",
        "feedback",
        "records",
    }
    assert not [name for name in names if "bo" in name.split("/")]

    assert main(["--work", str(work), "delete", "ada"]) == 0
    assert "ada: removed from the gradebook" in capsys.readouterr().out
    for path in work.rglob("*"):
        assert not re.search(r"\bada\b", str(path.relative_to(work)))
        assert path.is_dir() or not re.search(rb"\bada\b", path.read_bytes()), path
    with Gradebook(f"sqlite:///{work}/gradebook.db", "rnn") as gradebook:
        assert {student.id for student in gradebook.students} == {"bo", "cy", "di", "ed"}
    shutil.rmtree(folder / "ada")
    assert grade_into(work, folder, best).newly_graded == 0
    assert "ada" not in csv_of(work)


@pytest.mark.parametrize("name", ["nobody", "..", ".", "", "../records", "ada/../bo"])
def test_nothing_is_deleted_or_exported_of_somebody_unknown(name, again, tmp_path, capsys):
    _, work = again
    before = sorted(work.rglob("*"))
    for verb in ("delete", "export"):
        assert main(["--work", str(work), verb, name]) == 1
        assert capsys.readouterr().err == f"nothing is known of a learner called {name!r}\n"
    assert sorted(work.rglob("*")) == before


# One file


def test_one_file_comes_to_the_same_and_needs_no_gradebook(few, tmp_path, capsys):
    file = few[0] / "di" / STEP / f"{STEP}.ipynb"
    assert main(["--work", str(tmp_path / "course"), "one", str(file), "--assignment", STEP, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    row = read_csv(few[1])["di", STEP]
    assert (f"{told['score']:g}", told["status"], told["assignment"]) == (row["score"], row["status"], STEP)
    assert {item["name"]: item["score"] for item in told["items"]} == {
        "shapes-test": 3, "first-test": 0, "rnn-step-test": 6, "trace-test": 4, "words-answer": None,
    }  # fmt: skip
    assert set(told["items"][0]) == {"name", "title", "score", "max", "message", "by_hand"}
    assert {"notes", "seconds", "walls", "versions", "max_score"} <= set(told)
    assert [item["by_hand"] for item in told["items"]] == [False, True, False, False, True]
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing"], "expected the notebook of an assignment in"),
        ([STEP, "--walls", "glass"], "expected WALLS to be"),
        ([STEP, "--memory-gb", "0"], "expected --memory-gb from 0.1 to 1024, got 0"),
    ],
)
def test_one_file_gives_one_object_even_where_the_grader_fails(arguments, sentence, tmp_path, capsys):
    (tmp_path / "x.ipynb").write_text("{")
    assert main(["one", str(tmp_path / "x.ipynb"), "--json", "--assignment", *arguments]) == 1
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["assignment"], told["status"], told["score"], told["items"]) == (arguments[0], "not graded", None, [])
    assert sentence in told["notes"][0]
    assert sentence in err
    assert set(told) == {
        "assignment", "status", "score", "max_score", "items", "notes", "seconds", "walls", "versions",
    }  # fmt: skip


def test_one_learners_zip_is_graded_as_a_file_is(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/x.ipynb", corpus.as_bytes(corpus.solved(STEP)))
        archive.writestr("plan.txt", "first")
    assert main(["one", str(tmp_path / "x.zip"), "--assignment", STEP, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["score"] == 16
    assert "also handed in, and not read: x.zip/plan.txt" in told["notes"]


def test_one_file_that_cannot_be_read_is_no_failure_of_the_grader(tmp_path, capsys):
    (tmp_path / "x.ipynb").write_text("{")
    assert main(["one", str(tmp_path / "x.ipynb"), "--assignment", STEP, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["score"], told["items"]) == ("unreadable", None, [])
    assert main(["one", str(tmp_path / "x.ipynb"), "--assignment", "nothing"]) == 1


# In words


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade"], "expected a folder of submissions: make grade SUBMISSIONS=folder"),
        (["grade", "nowhere"], "there is no folder nowhere"),
        (["grade", "."], "holds neither"),
        (["grade", ".", "--jobs", "0"], "expected 1 to 64 jobs, got 0"),
        (["grade", ".", "--walls", "glass"], "expected WALLS to be bwrap, user (as root) or no, got 'glass'"),
        (["grade", ".", "--cell-seconds", "-1"], "expected --cell-seconds from 0.1 to 86400, got -1"),
        (["grade", ".", "--submission-seconds", "nan"], "expected --submission-seconds from 0.1 to 86400, got nan"),
        (["grade", ".", "--memory-gb", "inf"], "expected --memory-gb from 0.1 to 1024, got inf"),
    ],
)
def test_the_command_says_in_one_line_what_it_expected(arguments, sentence, tmp_path, capsys, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["--work", str(tmp_path / "course"), *arguments]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("points", [-3, "x", None, float("inf"), True])
def test_points_that_are_none_are_told_with_their_cell(points, few, tmp_path, best):
    def change(notebook):
        corpus.cell_of(notebook, "first-test").metadata.nbgrader.points = points

    with pytest.raises(Problem, match=r"expected points of 0 or more in the cell 'first-test' of .*, got "):
        grade_into(tmp_path / "course", few[0], best, sources=changed_source(tmp_path, change))


def test_a_source_that_nbgrader_refuses_is_told(few, tmp_path, best):
    def change(notebook):
        corpus.cell_of(notebook, "first-test").metadata.nbgrader.locked = "x"

    with pytest.raises(Problem, match=r"nbgrader cannot read .*step_and_shapes.ipynb: "):
        grade_into(tmp_path / "course", few[0], best, sources=changed_source(tmp_path, change))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no database", "cannot be read or written: file is not a database; mend that, or put a copy of it back"),
        (b"", "is gone or empty: put a copy of it back, or move"),
        (None, "is gone or empty"),
    ],
)
def test_a_damaged_gradebook_is_told_in_one_line(content, why, again, capsys):
    folder, work = again
    database = work / "gradebook.db"
    database.unlink()
    if content is not None:
        database.write_bytes(content)
    for arguments in (["grade", str(folder), "--quiet", "--pages", "no", "--jobs", "1"], ["export", "ada"]):
        assert main(["--work", str(work), *arguments]) == 1
        said = capsys.readouterr().err
        assert f"{database} {why}" in said
        assert said.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"no database", "half"])
def test_marks_of_a_damaged_gradebook_are_not_taken_and_it_says_so(content, few, tmp_path, capsys):
    half = (few[1] / "gradebook.db").read_bytes()[:30_000]
    (tmp_path / "gradebook.db").write_bytes(half if content == "half" else content)
    assert main(["--work", str(few[1]), "marks", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"expected nbgrader's database in {tmp_path / 'gradebook.db'}, and it is none or damaged: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "x.html"), "No space left on device (x.html); mend that"),
        (OSError(30, "Read-only file system"), "Read-only file system; mend that, and run it again"),
        (InvalidEntry("database or disk is full"), "cannot be read or written: database or disk is full; mend that"),
    ],
)
def test_what_the_system_refuses_is_told_in_one_line(error, said, again, capsys, monkeypatch):
    folder, work = again

    def refuse(*arguments):
        raise error

    monkeypatch.setattr("rnn_grading.report.write_table", refuse)
    assert main(["--work", str(work), "grade", str(folder), "--quiet", "--pages", "no", "--jobs", "1"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_reader_who_has_had_enough_is_no_error(few):
    """Such as `head`; the pipe is closed before anything is written into it."""
    command = [sys.executable, "-m", "rnn_grading", "--work", str(few[1]), "marks", str(few[1])]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_on_windows_it_says_so(capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        code = main(["grade", "x"])
    assert code == 1
    assert capsys.readouterr().err.startswith("expected Linux or macOS")


def test_without_the_extra_it_names_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.preprocessors", None)
    assert main(["grade", "x"]) == 1
    said = capsys.readouterr().err
    assert said == "expected the extra `course` to be installed: python -m pip install -e '.[course]'\n"


def test_the_command_grades_and_sums_up(again, capsys):
    folder, work = again
    assert main(command(folder, work)[3:]) == 0
    said = capsys.readouterr().out
    assert "5 handed in: " in said
    assert "step_and_shapes: 4 graded, 1 crashed; " in said
    assert walls.find_walls(os.environ.get("WALLS", "")).sentence in said


def test_the_command_makes_the_assignments(tmp_path, capsys):
    sources = changed_source(tmp_path, lambda notebook: None)
    work, into = tmp_path / "course", tmp_path / "made"
    assert main(["--sources", str(sources), "--work", str(work), "assignments", "--into", str(into)]) == 0
    assert capsys.readouterr().out.startswith(f"{STEP}: {into / STEP}.zip")


def test_a_name_that_looks_like_a_formula_stays_findable(tmp_path, best):
    folder = tmp_path / "submissions"
    hand_in(folder, "-rf", corpus.handed_out(STEP))
    hand_in(folder, "=1+1", corpus.handed_out(STEP))
    hand_in(folder, "\uff1d1+1", corpus.handed_out(STEP))  # full width, which some spreadsheets take for "="
    hand_in(folder, "-5", corpus.handed_out(STEP))  # a number is no formula
    grade_into(tmp_path / "course", folder, best, pages=False)
    names = [learner for learner, _ in read_csv(tmp_path / "course")]
    assert names == ["-5", "\t-rf", "\t=1+1", "\t\uff1d1+1"]
    assert all((folder / name.strip()).is_dir() for name in names)


def test_what_waits_does_not_count_in_a_mean(few, capsys, best):
    report = grading.grade(few[0], Course(corpus.SOURCES, few[1]), grading.Plan(Setting(best, LIMITS), quiet=True))
    line = next(line for line in summary(report, few[1]).splitlines() if line.startswith(STEP))
    assert "mean 0.0 of 20 over the 1 of 5 with no mark to come; 4 to be marked by hand" in line  # bo's
