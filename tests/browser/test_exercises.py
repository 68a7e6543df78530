"""Exercises and folds in the book: an exercise is no failure, and a fold says what it holds."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import Browser

from book.exercises import FOLDS, with_exercises, with_folds
from tests import small_page
from tools import exercises, series

by_page = pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)


def test_an_exercise_is_marked_and_its_message_is_no_error():
    page = with_exercises(with_folds(small_page.page()))
    stub, check, solution, guard = (
        small_page.cell(page, name) for name in ("mean", "check-mean", "solution-mean", "guard-mean")
    )
    assert stub.metadata == {"tags": ["exercise"], "exercise": {"verb": "write", "name": "mean_pool"}}
    assert small_page.cell(page, "max").metadata["exercise"] == {"verb": "mend", "name": "max_pool"}
    assert check.metadata["exercise"]["says"].startswith("mean_pool is not written yet")
    assert check.outputs == []
    assert solution.metadata["mystnb"]["code_prompt_show"] == "Solution"
    assert guard.metadata["mystnb"]["code_prompt_hide"] == "Checked here"
    assert [each.id for each in page.cells if "hide-input" in exercises.tags(each)] == [
        each.id for each in small_page.page().cells if exercises.is_folded(each)
    ]


def test_a_folded_cell_that_trains_is_announced_as_that():
    page = small_page.page()
    small_page.cell(page, "guard-mean").metadata["tags"] = [series.GUARD, series.TRAINING]
    guard = small_page.cell(with_folds(page), "guard-mean")
    assert guard.metadata["mystnb"]["code_prompt_show"] == "How it is trained"


@by_page
def test_each_exercise_is_one_frame(path, browser: Browser, site: str):
    stored = nbformat.read(path, as_version=4)
    found = exercises.find(stored)
    page = browser.new_page()
    page.goto(f"{site}notebooks/{path.stem}.html")
    blocks = page.locator(".exercise-block")
    assert blocks.count() == len(found)
    assert page.locator(".exercise-block .exercise-block, .exercise-block .traceback").count() == 0
    for block, exercise in zip(blocks.all(), found, strict=True):
        text = block.inner_text()
        (error,) = stored.cells[exercise.check].outputs
        if series.AFTER_TRYING in exercises.tags(stored.cells[exercise.check]):
            assert error.evalue not in text
            block.get_by_text("What the check says").click()
            assert error.evalue in block.inner_text()
        else:
            assert f"The check says: {error.evalue}" in text
        assert text.startswith(("Exercise: write ", "Exercise: mend "))
        assert block.locator("details.hide > summary").all_inner_texts() == ["Solution"]
    page.close()


@by_page
def test_each_fold_says_what_it_holds(path, browser: Browser, site: str):
    page = browser.new_page()
    page.goto(f"{site}notebooks/{path.stem}.html")
    for tag, words in FOLDS.items():
        stored = [cell for cell in nbformat.read(path, as_version=4).cells if tag in exercises.tags(cell)]
        says = [FOLDS[series.TRAINING] if series.TRAINING in exercises.tags(cell) else words for cell in stored]
        assert page.locator(f"div.cell.tag_{tag} details.hide > summary").all_inner_texts() == says
    page.close()
