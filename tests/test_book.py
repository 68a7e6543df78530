"""The book's own pages say what the chapters say: every term, first use, reference and number is looked up there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import rnn_helpers
from book import mistake_pages, port_pages
from book.right import RIGHT
from rnn_helpers import RNN, checks, compare, data, mistakes
from tools import places, series

BOOK = series.ROOT / "book"
CHAPTERS = {path.name: nbformat.read(path, as_version=4) for path in series.NOTEBOOKS}

# What is set in italics for its sound and not because it is defined there.
STRESSED = {
    "by itself", "inside", "bounded", "centred", "row", "so far", "cost of a call", "cost of a number",
    "untrained", "factor",
    # notebooks 4 and 6
    "Bias left out", "One shared buffer", "Output reversed", "Stored before the step", "one shared buffer",
    "output reversed", "stored before the step", "difference", "every", "last", "new", "backward", "directions",
    "first", "forward", "layers", "top", "without",
}  # fmt: skip


def text_of(name: str) -> str:
    return (BOOK / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    return places.prose(CHAPTERS[name])


def printed(name: str) -> str:
    """All that the cells of a chapter show or assert, and its folded answers."""
    shown = [json.dumps(cell.get("outputs", []), ensure_ascii=False) for cell in CHAPTERS[name].cells]
    shown += re.findall(r"^assert .*$", "\n".join(cell.source for cell in CHAPTERS[name].cells), flags=re.M)
    return "\n".join([*shown, *re.findall(r"<details>.*?</details>", prose(name), flags=re.S)])


def links(text: str) -> list[tuple[str, str]]:
    """Chapter and anchor of every link into a chapter."""
    return re.findall(r"\(notebooks/(\w+\.ipynb)#?([^)]*)\)", text)


@pytest.mark.parametrize("name", ["index.md", "notation.md", "glossary.md"])
def test_links_into_the_chapters_lead_to_a_section(name):
    assert links(text_of(name))
    anchors = {(section.chapter, section.anchor) for section in places.sections(CHAPTERS)}
    assert set(links(text_of(name))) <= anchors


def entries() -> dict[str, str]:
    """Each term of the glossary, and what is said of it."""
    body = text_of("glossary.md").partition("```{glossary}\n")[2].partition("```")[0]
    parts = (entry.partition("\n") for entry in body.strip().split("\n\n"))
    return {term: text for term, _, text in parts}


def test_every_term_is_explained():
    for term, text in entries().items():
        assert len(re.sub(r"\[.*?\]\(.*?\)", "", text).split()) >= 5, term


def test_the_shapes_of_the_parameters_are_those_of_the_package():
    rows = re.findall(r"^\| (U|W|b) \| \(([HI, ]+)\) \|", text_of("notation.md"), flags=re.M)
    sizes = {"H": 4, "I": 3}
    assert {name: tuple(sizes[size] for size in re.findall("[HI]", shape)) for name, shape in rows} == (
        rnn_helpers.parameter_shapes(3, 4)
    )


def test_every_term_that_a_chapter_sets_in_italics_is_in_the_glossary():
    known = {term.lower() for term in entries()}
    met = {term for name in CHAPTERS for term in places.italics(prose(name))}
    assert {term for term in met if term.lower() not in known} == STRESSED


# The links that make refresh writes


@pytest.mark.parametrize("name", places.PAGES)
def test_the_first_places_are_those_of_the_chapters(name):
    assert text_of(name) == places.PAGES[name](text_of(name), CHAPTERS), "make refresh writes them"


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("glossary.md", "01_motivation.ipynb#a-window-of-two)", "02_formula.ipynb#a-window-of-three)"),
        ("glossary.md", "\n  [Notebook 3](notebooks/03_numpy_rnn.ipynb#a-batch-at-once)\n", "\n"),
        ("notation.md", "[3, A batch at once](notebooks/03_numpy_rnn.ipynb#a-batch-at-once)", ""),
        ("references.md", "*Notebooks 1 and 2.*", "*Notebook 3.*"),
        ("references.md", "sentences. *Notebooks 1 and 2.*", "sentences."),
    ],
)
def test_a_place_that_has_moved_is_found_again(name, right, wrong):
    assert right in text_of(name)
    assert places.PAGES[name](text_of(name).replace(right, wrong), CHAPTERS) == text_of(name)


def test_refresh_writes_the_pages_anew(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    for name in places.PAGES:
        moved = text_of(name).replace("#a-batch-at-once", "#elsewhere").replace("1 and 2", "3")
        assert moved != text_of(name)
        (tmp_path / "book" / name).write_text(moved, encoding="utf-8")
    monkeypatch.setattr(series, "ROOT", tmp_path)
    places.write(CHAPTERS)
    for name in places.PAGES:
        assert (tmp_path / "book" / name).read_text(encoding="utf-8") == places.PAGES[name](text_of(name), CHAPTERS)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("glossary.md", "the glossary's '.+' in italics"),
        ("notation.md", "the notation's T"),
        ("references.md", "the reference https://doi.org/10.1207/s15516709cog1402_1"),
    ],
)
def test_what_no_chapter_has_is_named(name, what):
    with pytest.raises(ValueError, match=f"^no notebook has {what}$"):
        places.PAGES[name](text_of(name), {})


def test_every_symbol_with_a_look_is_a_row_of_the_notation():
    rows = {line.strip("| ").partition(" | ")[0] for line in text_of("notation.md").splitlines()}
    assert rows >= places.LOOKS.keys()


def test_every_reference_of_a_chapter_is_in_the_list():
    told = {link for name in CHAPTERS for link in places.ADDRESS.findall(prose(name))}
    assert set(places.ADDRESS.findall(text_of("references.md"))) == told


def test_the_numbers_of_the_front_page_are_printed_by_the_chapters_it_links():
    findings = re.split(r"\n- \*\*", text_of("index.md").partition("## Where to begin")[0])[1:]
    assert len(findings) == 6
    for finding in findings:
        ((chapter, _),) = links(finding)
        plain = re.sub(r"\[[^]]*\]\([^)]*\)", "", finding)
        for number in re.findall(r"\d[\d.]*(?:e-\d+)?", plain):
            whole = rf"(?<![\d.]){re.escape(number.strip('.'))}(?![\d]|\.\d|e-)"
            assert re.search(whole, printed(chapter)), f"{number} is not printed by {chapter}"


def test_the_front_page_says_how_long_the_first_chapter_takes():
    assert "in half an hour" in text_of("index.md")
    assert "**Time** 25 to 35 minutes" in prose("01_motivation.ipynb")


def test_the_package_lists_every_public_module():
    modules = {path.stem for path in (BOOK / "api").glob("*.md")} - {"index"}
    own = {path.stem for path in (series.ROOT / "rnn_helpers").glob("[a-z]*.py")}
    assert modules == own - {
        "assignment_mistakes",
        "checking",
        "explaining",
        "learning_mistakes",
        "locating",
        "ports",
        "pytest_pages",
    }  # behind `checks`, `mistakes` and `compare`; for CI
    for name in modules:
        assert f"\n{name}\n" in text_of("api/index.md")


def test_nothing_is_downloaded_by_name_of_a_host():
    locked = json.loads(Path(BOOK / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in locked["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in locked["packages"].items() if name)


# The pages of the silent mistakes

KNOWN = {mistake.name: mistake for mistake in mistake_pages.ALL}


@pytest.mark.parametrize("name", checks.PARTS)
def test_what_the_pages_call_right_is_right(name):
    getattr(checks, name)(RIGHT[name].function)


def test_every_check_has_its_page_and_what_is_right():
    placed = [target for targets in mistake_pages.KINDS.values() for target in targets]
    assert len(set(placed)) == len(placed)
    assert set(placed) == set(RIGHT) >= set(checks.PARTS)
    assert list(mistake_pages.TITLES) == list(mistake_pages.KINDS)


def test_a_mistake_of_no_kind_says_so():
    with pytest.raises(ValueError, match="no page has the mistakes of the check 'flying'"):
        mistake_pages.kind_of(mistakes.Mistake("none", "flying", print, ""))


def test_every_mistake_has_one_entry_and_one_place_in_the_index():
    by_sign = mistake_pages.index().partition("## By sign")[2]
    headings = {kind: re.findall("^### (.+)$", mistake_pages.page(kind), flags=re.M) for kind in mistake_pages.PAGES}
    assert sum(len(names) for names in headings.values()) == len(KNOWN)
    for mistake in KNOWN.values():
        assert headings[mistake_pages.kind_of(mistake)].count(mistake.name) == 1
        assert by_sign.count(f"]({mistake_pages.kind_of(mistake)}.md#{mistake.anchor})") == 1, mistake.name
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", mistake.anchor)
    assert len({mistake.anchor for mistake in KNOWN.values()}) == len(KNOWN)


def test_what_people_write_leads_to_the_mistake():
    written = mistake_pages.index().partition("## What people write")[2].partition("## By sign")[0]
    assert "| “my RNN's rows are all the same” | [one shared buffer](loop.md#one-shared-buffer) |" in written
    assert written.count("| “") == sum(len(mistake.also) for mistake in KNOWN.values()) >= 15


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("W transposed", "return np.tanh(x @ U.T + h @ W.T + b)"),
        ("output reversed", "output.append(h)"),
        ("first step skipped", "for x_t in x:"),
        ("only the input's bias", "b = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()"),
        ("state not carried", None),  # its h does not exist before the loop
    ],
)
def test_the_right_line_is_the_one_that_mends(name, line):
    assert mistake_pages.right_line(KNOWN[name]) == line


def test_most_mistakes_are_mended_by_a_line():
    assert sum(mistake_pages.right_line(mistake) is None for mistake in KNOWN.values()) <= len(KNOWN) / 6


def test_the_costs_are_those_of_the_running_example():
    right, _ = rnn_helpers.rnn_forward(data.X, data.U, data.W, data.b)
    h, states = np.zeros(4), []
    for x_t in data.X:
        h = np.tanh(x_t @ data.U.T + h @ data.W + data.b)
        states.append(h)
    errors = np.abs(np.array(states) - right).max(axis=1)
    told = mistake_pages.cost(KNOWN["W transposed"])
    assert f"off by up to {errors.max():.2f}" in told
    assert " | ".join(["0", *(f"{error:.2f}" for error in errors[1:])]) in told
    assert "an error (`ValueError: matmul" in mistake_pages.cost(KNOWN["U transposed"])
    assert "it is 120 in place of 1." in mistake_pages.cost(KNOWN["orders counted"])
    # Where nothing shows there, the first case in which something does.
    mixed = mistake_pages.cost(KNOWN["states of a batch mixed"])
    assert "running example: all is right. On a batch of 5 (I=3, H=4): it is off by up to" in mixed


def test_what_complains_is_counted():
    assert "**Nothing complains.** Of the check's 21 cases: 9 right, 12 wrong" in mistake_pages.silence(
        KNOWN["W transposed"]
    )
    assert mistake_pages.silence(KNOWN["U transposed"]).endswith("3 right, 4 wrong without a word, 14 an error.")
    assert "of another shape" in mistake_pages.silence(KNOWN["stored after the loop"])


# The page of a port's mistakes

PORTS = port_pages.page()


def test_every_mistake_of_a_port_has_an_entry_under_the_name_that_locate_tells():
    headings = re.findall("^### (.+)$", PORTS, flags=re.M)
    assert headings == port_pages.names()
    assert {mistake.name for mistake in port_pages.ALL} == set(headings)
    deep = RNN(3, 4, 2, bidirectional=True, seed=0)
    output, h_n = deep(data.X)
    last_line = str(compare.locate(deep, data.X, output, h_n[[0, 2, 1, 3]])).splitlines()[-1]
    place, name = re.fullmatch('in the book: (.*): "(.*)"', last_line).groups()
    assert PORTS.startswith(f"# {place.replace(', ', ': ')}\n")
    assert name in headings


def test_the_cost_of_a_mistake_of_a_port_is_what_it_costs():
    layer = RNN(3, 4, 2, bidirectional=True, dtype="float64", seed=0)
    x = np.stack([data.X, data.X], axis=1)
    x[3:, 0] = 0
    h_0 = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 2, 4))
    right = layer(x, h_0, [3, 5])
    for name in ("weight_hh_l0", "weight_hh_l0_reverse", "weight_hh_l1", "weight_hh_l1_reverse"):
        setattr(layer, name, getattr(layer, name).T)
    wrong = layer(x, h_0, [3, 5])
    costs = [np.abs(wrong[0] - right[0]).max(), *np.abs(wrong[1] - right[1]).max(axis=(1, 2))]
    entry = PORTS.partition("### W transposed\n")[2].partition("###")[0]
    assert "| " + " | ".join(f"{cost:.2f}" for cost in costs) + " |" in entry
    assert "return U, W.T, b" in entry


def test_no_mistake_of_a_port_is_free_of_cost_on_its_page():
    for mistake in port_pages.ALL:
        assert max(port_pages.off_by(mistake)) > 1e-3, mistake.name


def test_what_no_layer_can_have_is_refused():
    never = port_pages.PortMistake("none", "", "whole", print, lambda loop, at: False)
    with pytest.raises(ValueError, match="no layer here can have the mistake 'none'"):
        port_pages.loop_for(never)


def test_the_page_of_ports_is_in_the_book():
    places = dict(mistake_pages.gathered())
    assert "in a port](ports.md)" in mistake_pages.index()
    assert mistake_pages.index().rstrip("`\n").endswith("ports")
    assert "silent_mistakes/ports.md" not in places
