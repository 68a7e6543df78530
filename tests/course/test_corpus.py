"""What the corpus of submissions must come to, all graded in one run."""

from __future__ import annotations

import html
import re
import sqlite3

import corpus
import nbformat
import psutil
import pytest
from conftest import items_of


def test_every_submission_gets_its_status_and_points(graded):
    assert graded.rows.keys() == graded.expected.keys()
    wrong = {}
    for key, expected in graded.expected.items():
        row = graded.rows[key]
        found = [row["status"], expected.note in row["note"]]
        wanted = [expected.status, True]
        if expected.status in {"missing", "unreadable"}:
            found += [row["score"], row["items"]]
            wanted += ["", ""]
        else:
            points = items_of(row)
            tests = expected.points(key[1])
            found += [{test: points[test] for test in tests}, float(row["auto_score"])]
            wanted += [tests, sum(tests.values())]
        if found != wanted:
            wrong[key] = (found, wanted, row["note"])
    assert not wrong


def test_the_corpus_is_large_and_has_every_status(graded):
    assert len({learner for learner, _ in graded.expected}) > 45
    statuses = {row["status"] for row in graded.rows.values()}
    assert statuses == {"graded", "timed out", "out of memory", "crashed", "unreadable", "missing", "incomplete"}


@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_mistake_is_told_by_its_own_hint(graded, name):
    for k, (_, _, hints) in enumerate(corpus.mistaken(name)):
        path = graded.work / "autograded" / f"mistaken_{k:02d}" / name / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for test, hint in hints.items():
            (error,) = [o for o in corpus.cell_of(notebook, test).outputs if o.output_type == "error"]
            assert hint in error.evalue, f"{path.parent.parent.name}, {test}"


def test_mistakes_of_every_function_are_in_the_corpus():
    for name in corpus.NAMES:
        shown = [function for _, functions, _ in corpus.mistaken(name) for function in functions]
        assert all(shown.count(function) >= 3 for function in corpus.ITEMS[name])


def test_written_answers_wait_for_a_person(graded):
    right, unfinished = graded.rows["right", corpus.STEP], graded.rows["unfinished", corpus.STEP]
    assert (right["needs_marking_by_hand"], right["score"], right["max_score"]) == ("yes", "16", "20")
    assert (unfinished["needs_marking_by_hand"], unfinished["score"]) == ("no", "0")


def test_no_submission_changes_what_others_handed_in(graded):
    if graded.report.setting.walls.form == "no":
        pytest.skip("learner code has the rights of the grader here, so the attack is left out")
    assert {path: path.read_bytes() for path in graded.folder.rglob("*.ipynb")} == graded.before
    assert not (graded.folder / "zz_victim").exists()


def test_nobody_writes_into_the_gradebook(graded):
    if graded.report.setting.walls.form == "no":
        pytest.skip("learner code has the rights of the grader here, so the attack is left out")
    with sqlite3.connect(graded.work / "gradebook.db") as database:
        assert database.execute("SELECT MAX(auto_score) FROM grade").fetchone() == (6,)


def test_nobody_else_may_look_into_the_course(graded):
    assert graded.work.stat().st_mode & 0o077 == 0


def test_nothing_is_left_running(graded):
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if "left-over-of-the-corpus" in line]


def test_feedback_never_holds_hidden_tests_or_solutions(graded):
    hidden = {
        line.strip()
        for name in corpus.NAMES
        for cell in corpus.source(name).cells
        for region in re.findall(r"BEGIN HIDDEN TESTS\n(.*?)###", cell.source, flags=re.S)
        for line in region.splitlines()
        if line.strip()
    }
    assert len(hidden) == sum(map(len, corpus.ITEMS.values()))
    pages = sorted((graded.work / "feedback").rglob("*.html"))
    assert len(pages) == len(graded.rows)
    for page in pages:
        text = re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))
        text = html.unescape(text)
        if page.parts[-3] != "quotes_the_delimiter":
            assert "HIDDEN TESTS" not in text, page
        for line in hidden:
            assert line not in text, page
        assert "BEGIN SOLUTION" not in text, page
        assert "return np.tanh(x @ U.T + h @ W.T + b)" not in text or page.parts[-3] != "unfinished", page


def test_feedback_says_what_the_checks_said(graded):
    def page(learner: str) -> str:
        return (graded.work / "feedback" / learner / corpus.STEP / f"{corpus.STEP}.html").read_text(encoding="utf-8")

    assert "not written yet" in page("unfinished")
    assert "ran too long" in page("endless")
    assert "MemoryError" in page("greedy")
    assert "answer cells that are gone: Item 2 · The first step" in page("answer_deleted")
    assert "it is not JSON" in page("cut_off")
    assert "the folder holds no notebook" in page("nothing_inside")


def test_a_submissions_script_does_not_run_in_the_page(graded):
    path = graded.work / "feedback" / "runs_script" / corpus.STEP / f"{corpus.STEP}.html"
    page = path.read_text(encoding="utf-8")
    assert "<b>bold</b>" in page
    assert not re.search(r"<script[^>]*>\s*steal|<img[^>]*steal", page)


def test_output_is_cut(graded):
    for learner in ("flood", "one_long_line"):
        path = graded.work / "autograded" / learner / corpus.STEP / f"{corpus.STEP}.ipynb"
        assert path.stat().st_size < 2_000_000
        assert "The rest of the output is cut" in path.read_text(encoding="utf-8")


def test_many_outputs_are_cut_and_cleared_ones_are_gone(graded):
    path = graded.work / "autograded" / "shows_much" / corpus.STEP / f"{corpus.STEP}.ipynb"
    (outputs,) = [c.outputs for c in nbformat.read(path, as_version=4).cells if "clear_output" in c.source]
    texts = [output.get("text", "") for output in outputs]
    assert "kept" in texts[0]
    assert "cleared" not in "".join(texts)
    assert "The rest of the output is cut" in texts[-1]
    assert len(outputs) < 250


def test_the_summary_fits_on_a_screen(graded):
    lines = graded.summary.splitlines()
    assert len(lines) < 40
    assert max(map(len, lines[:-1])) <= 160
    for words in (
        "unreadable: cut_off",
        "step_and_shapes: ",
        "missing: ",
        "to be marked by hand",
        "Learner code ran",
    ):
        assert words in graded.summary


def test_the_summary_says_what_learner_code_could_reach(graded):
    assert graded.report.setting.walls.sentence in graded.summary
