"""Nothing that a learner hands in runs in a page; formulas are MathML; the page says what was wrong at its top."""

from __future__ import annotations

import base64
import io
import os
import re
import time

import corpus
import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import grade_into, hand_in
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from payloads import PAYLOADS, hostile_notebook
from PIL import Image

import rnn_grading.pages
from rnn_grading import drawing
from rnn_grading.clean import MATH_TAGS, TAGS, clean_html, clean_outputs, markdown_to_html, to_mathml
from rnn_grading.pages import within_limits

STEP = corpus.STEP


def harm_in(page: str) -> list[str]:
    """What could run, load or lead to a script, as Python reads the page."""
    found = []
    for element in BeautifulSoup(page, "html.parser").find_all(True):
        if element.name == "style" and element.find_parent("head") is None:
            found.append("style")
        if element.name not in TAGS | MATH_TAGS | {
            "main",
            "header",
            "section",
            "article",
            "body",
            "html",
            "head",
            "meta",
            "title",
            "style",
        }:
            found.append(element.name)
        for name, value in element.attrs.items():
            address = re.sub(r"\s", "", str(value)).lower()
            if name.startswith("on") or (
                name in {"href", "src", "action", "data"} and re.match(r"(javascript|data:text)", address)
            ):
                found.append(f"{element.name} {name}={value}")
            if name == "src" and not address.startswith("data:image/"):
                found.append(f"{element.name} {name}={value}")
    return found


@pytest.mark.parametrize("name", PAYLOADS)
def test_no_payload_survives_the_cleaning_wherever_it_is_read_again(name):
    for cleaned in (clean_html(PAYLOADS[name]), markdown_to_html(PAYLOADS[name]), to_mathml(PAYLOADS[name])):
        assert not harm_in(cleaned)
    cell = nbformat.v4.new_markdown_cell(markdown_to_html(PAYLOADS[name]))
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert not [harm for harm in harm_in(page) if harm.split()[0] not in {"style", "link"}]


def test_the_payloads_would_run_if_nobody_cleaned_them():
    assert sum(bool(harm_in(f"<body>{text}</body>")) for text in PAYLOADS.values()) > 20


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*PAYLOADS.values(), "\n\n", "<", ">", "'", '"', "`", "$", "[", "](", "<!--", "</", "&lt;", "a"]
        ),
        max_size=8,
    )
)
def test_no_mixture_of_payloads_survives(parts):
    text = "".join(parts)
    cleaned = markdown_to_html(text)
    assert not harm_in(cleaned)
    assert "\n\n" not in cleaned


def test_what_is_meant_stays():
    found = markdown_to_html(
        "**bold** `code` and $h_t = \\tanh(W h)$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n\n```\nx = 1\n\ny\n```"
    )
    soup = BeautifulSoup(found, "html.parser")
    assert soup.strong.text == "bold"
    assert soup.code.text == "code"
    assert [cell.text for cell in soup.find_all("td")] == ["1", "2"]
    assert soup.math.find("mi").text == "h"
    assert soup.pre.text == "x = 1\n\ny\n"
    assert [item.text.strip() for item in soup.find_all("li")] == ["one", "two"]


def test_outputs_of_another_form_are_dropped():
    assert clean_outputs(None) == []
    assert (
        clean_outputs([3, {}, {"output_type": "stream"}, {"output_type": "display_data", "data": {"text/plain": 3}}])
        == []
    )
    assert clean_outputs([{"output_type": "display_data", "data": {"image/png": "bm90IGEgcGljdHVyZQ=="}}]) == []


@pytest.fixture(scope="module")
def pages(tmp_path_factory, best):
    place = tmp_path_factory.mktemp("pages")
    hand_in(place / "in", "<img src=x onerror=alert(1)>", hostile_notebook())
    hand_in(
        place / "in",
        "ada",
        corpus.solved(STEP, rnn_step="def rnn_step(x, h, U, W, b):\n    return x @ U.T + h @ W.T + b"),
    )
    grade_into(place / "course", place / "in", best)
    return {
        path.parts[-3]: path.read_text(encoding="utf-8") for path in (place / "course" / "feedback").rglob("*.html")
    }, place


def test_a_hostile_notebook_gives_a_harmless_page_and_a_harmless_notebook(pages):
    found, place = pages
    page = found["_img src=x onerror=alert(1)_"]
    assert not harm_in(page)
    assert (
        "default-src &#x27;none&#x27;" in page or "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    )
    assert "<script" not in page
    (stored,) = (place / "course" / "autograded").glob("_img*/*/*.ipynb")
    notebook = nbformat.read(stored, as_version=4)
    shown, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert not [harm for harm in harm_in(shown) if harm.split()[0] not in {"style", "link", "button", "input", "label"}]
    assert not any("attachments" in cell for cell in notebook.cells)


def test_the_page_begins_with_name_score_and_what_was_wrong(pages):
    soup = BeautifulSoup(pages[0]["ada"], "html.parser")
    header = soup.header.text
    assert "ada" in header
    assert "10 of 20 points so far" in header
    items = soup.find_all("article")
    assert [item["class"] for item in items] == [["right"], ["right"], ["wrong"], ["right"], ["waits"]]
    assert items[2].h2.text.startswith("Item 3 · A step with memory")
    assert "tanh" in items[2].p.text
    assert soup.main.find("img")["alt"].startswith("The unrolled RNN")


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written():
    shown = BeautifulSoup(markdown_to_html("$\\text{it's <b>}$ and `f'(x)`"), "html.parser").get_text()
    assert shown.strip() == "\\text{it's <b>} and f'(x)"


# More than a page can hold

TOO_MUCH = {
    "nested": "<div>" * 20_000 + "deep",
    "nested in two ways": "<b><i>" * 10_000 + "deep" + "<table>" * 10_000,
    "a long table": "<table>" + "<tr><td>deep</td></tr>" * 50_000 + "</table>",
    "half tags": "<a " * 20_000 + "deep",
    "brackets": "[" * 100_000 + "deep",
    "formulas": "$x$ " * 100_000 + "deep",
    "a nested formula": r"$\frac{1}{" * 3000 + "deep" + "}" * 3000 + "$",
    "a formula nested less": "$" + r"\sqrt{" * 400 + "deep" + "}" * 400 + "$",
    "a long formula": "$" + "x^2_3+" * 50_000 + "deep$",
    "tables": "a|b\n-|-\n" * 20_000 + "deep",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_to_be_read_is_shown_as_it_was_written(name):
    begun = time.process_time()
    for read in (clean_html, markdown_to_html):
        assert "deep" in read(TOO_MUCH[name])
    # Less than 2 s here in any of them; the square of these sizes would take a minute.
    assert time.process_time() - begun < 10


def test_a_picture_that_would_fill_a_browsers_memory_is_not_shown():
    def output(width, height):
        data = io.BytesIO()
        Image.new("1", (width, height)).save(data, "png")
        return {"output_type": "display_data", "data": {"image/png": base64.b64encode(data.getvalue()).decode()}}

    assert len(clean_outputs([output(2400, 1800)])) == 1
    assert clean_outputs([output(12_000, 12_000)]) == []


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (lambda: None, ""),
        (lambda: sum(1 for _ in iter(int, 1)) and None, "it takes too long to read"),
        (lambda: time.sleep(600), "it takes too long to read"),
        (lambda: bytearray(2**31) and None, "MemoryError"),
        (lambda: OSError.__new__(OSError).missing, "AttributeError: .*"),
        (lambda: os._exit(3), r"its process ended \(3\)"),
    ],
)
def test_a_process_of_its_own_has_limits(do, told):
    def used():
        return time.process_time() + os.times().children_user

    begun, since = used(), time.monotonic()
    assert re.fullmatch(told, within_limits(do, seconds=1))
    assert used() - begun < 2  # who counts for ever never stops by himself
    assert time.monotonic() - since < 30  # three seconds, and what a busy machine takes to look again


def test_a_page_that_cannot_be_made_is_plain_and_stops_no_other(tmp_path, best, monkeypatch):
    folder, work = tmp_path / "in", tmp_path / "course"
    hard = corpus.with_own_cell(corpus.solved(STEP), "print('for ' + 'ever')")
    corpus.cell_of(hard, "words-answer").source = "It reads <for ever>."
    hand_in(folder, "ada", hard)
    hand_in(folder, "bo", corpus.with_own_cell(corpus.solved(STEP), "print('for ' + 'ever')"))

    def endless(text, *more):
        while "<for ever>" in text:
            pass
        return markdown_to_html(text, *more)

    monkeypatch.setattr(rnn_grading.pages, "markdown_to_html", endless)
    monkeypatch.setattr(rnn_grading.pages, "PAGE_SECONDS", 2)
    grade_into(work, folder, best)
    pages = {
        who: (work / "feedback" / who / STEP / f"{STEP}.html").read_text(encoding="utf-8") for who in ("ada", "bo")
    }
    told = "the notebook could not be shown with its outputs: it takes too long to read"
    assert told in pages["ada"]
    assert "It reads &lt;for ever&gt;&#46;" in pages["ada"]
    assert "16 of 20 points" in pages["ada"]
    assert (told in pages["bo"], "for ever" in pages["bo"]) == (False, True)
    assert (work / "autograded" / "ada" / STEP / f"{STEP}.ipynb").exists()
    grades = (work / "grades.csv").read_text(encoding="utf-8")
    assert grades.count(told) == 1
    made = {path: path.stat().st_mtime_ns for path in work.rglob("*.html")}
    grade_into(work, folder, best)
    assert {path: path.stat().st_mtime_ns for path in work.rglob("*.html")} == made
    assert (work / "grades.csv").read_text(encoding="utf-8") == grades


def test_a_learners_own_plots_are_pictures_and_what_is_too_much_of_them_is_cut(sandboxes, step, monkeypatch):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    notebook = corpus.with_own_cell(corpus.with_own_cell(corpus.solved(STEP), plot), f"{plot}\nplt.show()")
    monkeypatch.setattr(drawing, "MAX_SHOWN", 40_000)  # the size of one and a half
    shown = [output for outputs in drawing.draw(corpus.as_bytes(notebook), {}, step, sandboxes) for output in outputs]
    assert [output["data"].keys() & {"image/png"} for output in shown if "Figure" in str(output)] == [{"image/png"}]
    assert drawing.CUT in shown
