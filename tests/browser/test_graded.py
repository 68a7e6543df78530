"""What an instructor opens, in a real browser: no script of a submission runs, in feedback or in a stored notebook."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

sys.path.append(str(Path(__file__).resolve().parent.parent / "course"))

import corpus
from conftest import SCREENSHOTS, jupyterlab
from payloads import hostile_notebook

from rnn_grading.grade import Plan, grade
from rnn_grading.gradebook import Course
from rnn_grading.scores import Setting
from rnn_grading.walls import Problem, Walls, find_walls

NAME = "_img src=x onerror=window.ran=1_"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a course in which one hostile notebook has been graded."""
    place = tmp_path_factory.mktemp("graded")
    path = place / "in" / "<img src=x onerror=window.ran=1>" / corpus.STEP / f"{corpus.STEP}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(corpus.as_bytes(hostile_notebook()))
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    try:
        walls = find_walls()
    except Problem:
        walls = Walls("no")
    grade(place / "in", Course(corpus.SOURCES, place / "course"), Plan(Setting(walls), quiet=True))
    return place / "course"


def ran(browser, tmp_path, text: str, shown: str = "") -> bool:
    """Whether a script set `window.ran`, after the page has been read and all its links have been clicked."""
    (tmp_path / "x.html").write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto((tmp_path / "x.html").as_uri())
    page.wait_for_timeout(500)
    if shown:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{shown}.png")
    if not page.evaluate("!!window.ran"):
        page.evaluate("for (const link of document.querySelectorAll('a')) { link.target = ''; link.click() }")
        page.wait_for_timeout(500)
    found = page.evaluate("!!window.ran")
    page.close()
    return found


def test_a_feedback_page_runs_nothing_with_its_policy_and_without(browser, graded, tmp_path):
    page = (graded / "feedback" / NAME / corpus.STEP / f"{corpus.STEP}.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not ran(browser, tmp_path, page, "feedback")
    without = re.sub(r"<meta http-equiv[^>]*>", "", page)
    assert without != page
    assert not ran(browser, tmp_path, without)


def test_the_notebook_that_formgrader_shows_runs_nothing(browser, graded, tmp_path):
    path = graded / "autograded" / NAME / corpus.STEP / f"{corpus.STEP}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    page, _ = HTMLExporter(template_name="classic", sanitize_html=False).from_notebook_node(notebook)
    assert not ran(browser, tmp_path, page)


def test_formgrader_runs_nothing_and_takes_marks(browser, graded, tmp_path):
    """nbgrader's own page, as an instructor marks in it; the points are in the gradebook then."""
    number = Course(corpus.SOURCES, graded).gradebook.find_submission_notebook(corpus.STEP, corpus.STEP, NAME).id
    with jupyterlab(tmp_path, graded) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
        for path in (f"gradebook/{corpus.STEP}/{corpus.STEP}", "manage_students", f"submissions/{number}/"):
            page.goto(f"{address}formgrader/{path}")
            page.wait_for_load_state("networkidle")
            assert not page.evaluate("!!window.ran"), path
        assert page.get_by_text("click me").count() > 3  # the payloads are there, as text
        points = page.locator("input.score").last
        points.fill("3")
        with page.expect_response(lambda answer: "/api/grade" in answer.url and answer.request.method == "PUT"):
            points.press("Tab")
        page.close()
    marked = Course(corpus.SOURCES, graded).gradebook.find_grade("words-answer", corpus.STEP, corpus.STEP, NAME)
    assert marked.manual_score == 3


def test_as_it_was_handed_in_it_would(browser, tmp_path):
    notebook = hostile_notebook()
    notebook.cells = [cell for cell in notebook.cells if "attachments" not in cell]  # which nbconvert cannot find
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    assert ran(browser, tmp_path, page)
