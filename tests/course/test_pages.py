"""Nothing that a learner hands in runs in a page; formulas are MathML; the page says what was wrong at its top."""

from __future__ import annotations

import re

import corpus
import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import grade_into, hand_in
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from payloads import PAYLOADS, hostile_notebook

from rnn_grading.clean import MATH_TAGS, TAGS, clean_html, clean_outputs, markdown_to_html, to_mathml

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
