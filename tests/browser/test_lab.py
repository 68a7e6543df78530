"""JupyterLab in a real browser: every notebook opened and run from its menu, as a learner does it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterator

import nbformat
import pytest
from conftest import SCREENSHOTS, jupyterlab
from playwright.sync_api import Browser, Page, expect

from tools import series
from tools.exercises import is_folded

SECONDS_TO_RUN = 300  # the longest notebook takes about 12 s by itself; on a busy machine many times that


SOURCES = {path.name: path for path in series.NOTEBOOKS}
PROMPTS = ".jp-Notebook .jp-CodeCell .jp-InputPrompt"
ERRORS = ".jp-Notebook .jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[str]:
    """The address of a JupyterLab on the notebooks with their outputs cleared, and with nobody's settings."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    for path in series.NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, home / "notebooks" / path.name)
    # JupyterLab takes cells off the page that are out of sight; here all of them are looked at.
    settings = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}))
    with jupyterlab(home, home / "notebooks") as address:
        yield address
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def desk(lab: str, browser: Browser) -> Iterator[Page]:
    """JupyterLab with nothing open, one for all notebooks: to start it costs more than most of them."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(lab + "lab")
    yield page
    page.close()


def choose(page: Page, menu: str, entry: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}…?$")).click()


@contextlib.contextmanager
def opened_and_run(page: Page, name: str) -> Iterator[None]:
    """Open a notebook from the list of files and choose Run All Cells; wait until each code cell has its number."""
    page.locator(".jp-DirListing-item", has_text=name).dblclick()
    try:
        expect(page.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible(timeout=60_000)
        # The indicator beside the notebook says "idle" before there is a kernel; the status bar waits for it.
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=60_000)
        folded = [cell for cell in nbformat.read(SOURCES[name], as_version=4).cells if is_folded(cell)]
        expect(page.locator(".jp-Notebook .jp-InputPlaceholder")).to_have_count(len(folded))
        choose(page, "View", "Expand All Code")  # a bar in a cell's place has no number
        choose(page, "Run", "Run All Cells")
        prompts = page.locator(PROMPTS)
        deadline = time.monotonic() + SECONDS_TO_RUN
        while not all(re.fullmatch(r"\[\d+\]:", text.strip()) for text in prompts.all_text_contents()):
            if time.monotonic() > deadline:
                errors = page.locator(ERRORS).all_text_contents()
                pytest.fail(f"not run to the end: {prompts.all_text_contents()}; {errors}")
            page.wait_for_timeout(250)
        yield
    finally:
        choose(page, "File", "Close and Shut Down Notebook")
        page.locator(".jp-Dialog button.jp-mod-accept").click()
        expect(page.locator(".jp-Notebook")).to_have_count(0)


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_the_menu(path, desk):
    told: list[str] = []
    desk.on("pageerror", lambda error: told.append(str(error)))
    with opened_and_run(desk, path.name):
        stored = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        prompts = desk.locator(PROMPTS).all_text_contents()
        assert [prompt.strip() for prompt in prompts] == [f"[{number}]:" for number in range(1, len(stored) + 1)]

        pictures = [output for cell in stored for output in cell.outputs if "image/png" in output.get("data", {})]
        drawn = desk.locator(".jp-Notebook .jp-OutputArea-output img")
        expect(drawn).to_have_count(len(pictures))
        assert all(width > 0 for width in drawn.evaluate_all("all => all.map(each => each.naturalWidth)"))

        # The one error that a page may show is that of a check which fails on purpose: its message, and nothing else.
        errors = [output for cell in stored for output in cell.outputs if output.output_type == "error"]
        texts = [text.strip() for text in desk.locator(ERRORS).all_text_contents()]
        assert texts == [f"{error.ename}: {error.evalue}" for error in errors]
        target = SCREENSHOTS / "lab" / f"{path.stem}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        desk.screenshot(path=target, quality=85)
    assert told == []


def test_some_check_fails_on_purpose():
    """So that the test above has an error to look at."""
    outputs = [
        o for path in series.NOTEBOOKS for c in nbformat.read(path, as_version=4).cells for o in c.get("outputs", [])
    ]
    messages = [output.evalue for output in outputs if output.output_type == "error"]
    assert messages
    assert not any("\n" in message for message in messages)
