"""What a page stores of an element that moves; that it moves, and computes what Python does, is seen in a browser."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from unittest import mock

import numpy as np
import pytest

from rnn_helpers import data, interactive, plots, pytest_pages, rnn_forward

NETWORK = (data.X, data.U, data.W, data.b)
SHOWN = {"stepper": lambda: interactive.show_stepper(data.TOKENS, *NETWORK)}
by_element = pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN.keys())


def shown(show):
    with mock.patch("IPython.display.display") as display:
        assert show() is None
    display.assert_called_once()
    ((bundle,), settings) = display.call_args
    assert settings == {"raw": True}
    assert set(bundle) == {"text/html", "text/plain"}
    return bundle


def values(show):
    """The data that an element carries."""
    return json.loads(re.search(r"^bring\(element, (.*)\);$", shown(show)["text/html"], flags=re.M)[1])


class Still(HTMLParser):
    """What is left of an output where no script runs: its tags, and its text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(html)
        assert not self.open, "every tag is closed"

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if "script" not in self.open:
            self.text.append(text)


@by_element
def test_an_element_stands_still_where_no_script_runs_and_says_how_to_move_it(show):
    still = Still(shown(show)["text/html"])
    assert "run this cell to move it" in "".join(still.text)
    assert {"table", "caption", "th", "td"} <= set(still.tags)
    assert still.tags.count("script") == 1


@by_element
def test_an_element_is_told_in_words(show):
    alt = shown(show)["text/plain"]
    assert len(alt.split()) >= pytest_pages.NUMBER_OF_WORDS
    assert alt.startswith("An element to move: ")


@by_element
def test_the_same_call_stores_the_same_bytes(show):
    assert shown(show) == shown(show)
    html = shown(show)["text/html"]
    assert not re.search(r" id=|0x[0-9a-f]{6}|https?://(?!www\.w3\.org/2000/svg)|Math\.random|Date", html)


@by_element
def test_a_script_is_all_of_one_piece(show):
    script = re.search(r"<script>(.*)</script>", shown(show)["text/html"], flags=re.S)[1]
    assert not re.search(r"^(import|export)\b", script, flags=re.M)
    assert "<!--" not in script
    assert "</" not in script
    assert script.count("const make = ") == 1


def test_an_element_is_the_same_in_a_process_of_its_own():
    code = "from rnn_helpers import data, interactive as i; i.show_stepper(data.TOKENS, data.X, data.U, data.W, data.b)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, encoding="utf-8")
    assert run.stdout == f"{shown(SHOWN['stepper'])}\n"  # without a notebook, IPython prints what it would display


def test_the_colours_are_those_of_the_figures():
    script = (interactive.MODULES / "shared.mjs").read_text(encoding="utf-8")
    for name in ("input", "state", "weight"):
        assert f"--{name}: color-mix(in srgb, {plots.COLORS[name]}" in script
    assert f"--wrong: color-mix(in srgb, {plots.COLORS['wine']}" in script


def test_what_comes_from_outside_cannot_leave_its_place():
    token = "</script><b>&'\"\u2028"
    bundle = shown(lambda: interactive.show_stepper([token], data.X[:1], data.U, data.W, data.b))
    still = Still(bundle["text/html"])
    assert "b" not in still.tags
    assert token in "".join(still.text)
    assert values(lambda: interactive.show_stepper([token], data.X[:1], data.U, data.W, data.b))["tokens"] == [token]


# The stepper


def test_the_stepper_carries_the_numbers_as_they_are_and_shows_the_right_states():
    carried = values(SHOWN["stepper"])
    assert carried["tokens"] == list(data.TOKENS)
    for name, array in zip("xUWb", NETWORK, strict=True):
        assert carried[name] == array.tolist()
    text = "".join(Still(shown(SHOWN["stepper"])["text/html"]).text).replace("\N{MINUS SIGN}", "-")
    for number in rnn_forward(*NETWORK)[0].ravel():
        assert f"{number:.2f}" in text


def test_the_mistakes_that_say_nothing_on_the_sentence_are_offered():
    offered = values(SHOWN["stepper"])["mistakes"]
    names = [mistake["name"] for mistake in offered]
    assert {"W transposed", "no memory", "bias twice", "state not carried", "one shared buffer"} <= set(names)
    # an error; other shapes; right on the sentence; no mistake of step or loop
    assert {"U transposed", "first step skipped", "columns only", "four gates"}.isdisjoint(names)
    assert len(names) == len(set(names)) >= 60
    assert all(mistake[key] for mistake in offered for key in ("line", "sign"))


def test_the_small_stepper_offers_no_mistakes():
    carried = values(lambda: interactive.show_stepper(data.TOKENS, *NETWORK, small=True))
    assert carried["small"]
    assert carried["mistakes"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((data.TOKENS[1:], *NETWORK), "x has 5 rows, but there are 4 tokens"),
        (("What?", *NETWORK), "tokens must be a sequence of non-empty strings"),
        (([*data.TOKENS[:-1], " "], *NETWORK), "tokens must be a sequence of non-empty strings"),
        (([], data.X[:0], *NETWORK[1:]), r"x must have shape \(any, 3\), got \(0, 3\)"),
        ((data.TOKENS, data.X.T, *NETWORK[1:]), r"x must have shape \(any, 3\), got \(3, 5\)"),
        ((data.TOKENS, data.X, data.U, data.W[:3], data.b), r"W must have shape \(4, 4\), got \(3, 4\)"),
        ((data.TOKENS, data.X, data.U, data.W, data.b[:3]), r"b must have shape \(4,\), got \(3,\)"),
        ((data.TOKENS, data.X, data.U[0], data.W, data.b), r"U must have shape \(any, any\), got \(3,\)"),
        ((data.TOKENS, data.X * np.nan, *NETWORK[1:]), "x must hold finite real numbers, got float64"),
        ((data.TOKENS, data.X, data.U, data.W, ["a"] * 4), "b must hold finite real numbers, got <U1"),
    ],
)
def test_the_stepper_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_stepper(*arguments)


def test_whole_numbers_are_numbers():
    U, W, b = np.ones((2, 1), dtype=int), np.eye(2, dtype=int), np.zeros(2, dtype=np.float32)
    assert values(lambda: interactive.show_stepper(["a"], np.ones((1, 1), dtype=int), U, W, b))["U"] == [[1.0], [1.0]]
