"""What a page stores of an element that moves; that it moves, and computes what Python does, is seen in a browser."""

import configparser
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from unittest import mock

import nbformat
import numpy as np
import pytest

from rnn_helpers import RNN, data, interactive, plots, pytest_pages, rnn_forward
from rnn_helpers.mistakes import CATALOGUE

NETWORK = (data.X, data.U, data.W, data.b)
START = np.array([0.5, -0.5, 0.2, 0.4])
ANSWER = np.array([0.0, 0.0, 1.0, -1.0])
CHOICE = ("W transposed", "bias twice", "missing tanh", "state not carried", "h_0 ignored")
TABLE = {T: {scale: np.linspace(scale / 9, 1, T) for scale in (0.5, 0.9)} for T in (5, 20)}
KINDS = ' abc\n<"'
GUESSES = {
    "Alice ": np.array([0.05, 0.5, 0.25, 0.1, 0.06, 0.04, 0.0]),
    "ab": np.array([0.01, 0.0, 0.02, 0.9, 0.03, 0.03, 0.01]),
}
# Parity in two units, one for "one or more" and one for "two", as page 08 sets it by hand.
PARITY = {"U": np.full((2, 1), 10.0), "W": np.array([[5.0, -5.0], [5.0, -5.0]]), "b": np.array([-5.0, -15.0])}
PARITY |= {"V": np.array([0.5, -0.5]), "d": 0.0}
# Its answer is the bit before the last, which no group of its answers tells the next one.
DELAY = {"U": np.array([[10.0], [0.0]]), "W": np.array([[0.0, 0.0], [10.0, 0.0]]), "b": np.array([-5.0, 0.0])}
DELAY |= {"V": np.array([0.0, 0.5]), "d": 0.5}
SHOWN = {
    "stepper": lambda: interactive.show_stepper(data.TOKENS, *NETWORK),
    "machine": lambda: interactive.show_machine(**PARITY),
    "way_back": lambda: interactive.show_way_back(data.TOKENS, *NETWORK, ANSWER, 1, weight=(2, 2)),
    "size_of_w": lambda: interactive.show_size_of_w(np.tile(data.X, (8, 1)), *NETWORK[1:]),
    "kept": lambda: interactive.show_kept(TABLE, chance=1 / 6),
    "which_mistake": lambda: interactive.show_which_mistake(data.TOKENS, *NETWORK, CHOICE, h_0=START),
    "shapes": lambda: interactive.show_shapes(),
    "gate": lambda: interactive.show_gate(data.TOKENS, np.tile(data.X, (8, 1)), *NETWORK[1:]),
    "temperature": lambda: interactive.show_temperature(KINDS, GUESSES),
}
by_element = pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN.keys())


def shown(show):
    with mock.patch("IPython.display.display") as display:
        assert show() is None
    display.assert_called_once()
    ((bundle,), settings) = display.call_args
    assert settings == {"raw": True}
    assert set(bundle) == {"text/html", "text/plain"}
    return bundle


def sanitized(html):
    """What nbval compares of an output."""
    rules = configparser.ConfigParser()
    rules.read(pytest_pages.SANITIZE_FILE, encoding="utf-8")
    for rule in rules.values():
        if rule.name != "DEFAULT":
            html = re.sub(rule["regex"], rule["replace"], html)
    return html


def compared(show):
    """What nbval compares of an output: without the numbers of its marked lines."""
    return sanitized(shown(show)["text/html"])


def values(show):
    """The data that an element carries."""
    return json.loads(re.search(r"^bring\(element, (.*?)\);$", shown(show)["text/html"], flags=re.M | re.S)[1])


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


# The size of W


def test_the_size_of_w_carries_its_radius_and_shows_three_others():
    assert values(SHOWN["size_of_w"])["radius"] == round(np.abs(np.linalg.eigvals(data.W)).max(), 6)
    text = Still(shown(SHOWN["size_of_w"])["text/html"]).text
    for radius in ("0.5", "1.0", "1.5"):
        assert radius in text


def test_the_influence_is_what_a_nudge_of_the_first_input_does():
    x, nudge = np.tile(data.X, (3, 1)), 1e-6
    for bent in (True, False):
        slopes = []
        for feature in range(3):
            up, down = x.copy(), x.copy()
            up[0, feature] += nudge
            down[0, feature] -= nudge
            if bent:
                ends = [rnn_forward(each, *NETWORK[1:])[1] for each in (up, down)]
            else:
                ends = []
                for each in (up, down):
                    h = np.zeros(4)
                    for x_t in each:
                        h = data.b + data.W @ h + data.U @ x_t
                    ends.append(h)
            slopes.append((ends[0] - ends[1]) / (2 * nudge))
        # A nudge of 1e-6 leaves ten digits of an influence that is a few thousandths.
        assert interactive._reach(x, *NETWORK[1:], bent)[-1, 1] == pytest.approx(np.linalg.norm(slopes), rel=1e-5)
    sizes = interactive._reach(data.X, *NETWORK[1:], True)[:, 0]
    np.testing.assert_allclose(sizes, np.abs(rnn_forward(*NETWORK)[0]).max(axis=1), rtol=0, atol=1e-12)


def test_a_w_that_cannot_be_scaled_is_refused():
    with pytest.raises(ValueError, match="W must have a spectral radius above 0"):
        interactive.show_size_of_w(data.X, data.U, np.zeros((4, 4)), data.b)


# The way back


def test_the_shares_that_stand_still_are_those_of_a_w_for_each_step():
    """Each share is found by trying: the weight is moved at one step alone."""

    def loss(steps_w):
        h = np.zeros(4)
        for x_t, W in zip(data.X, steps_w, strict=True):
            h = np.tanh(data.b + W @ h + data.U @ x_t)
        return (ANSWER @ h - 1) ** 2 / 2

    shares = []
    for step in range(5):
        losses = []
        for move in (1e-5, -1e-5):
            steps_w = np.array([data.W] * 5)
            steps_w[step, 2, 2] += move
            losses.append(loss(steps_w))
        shares.append((losses[0] - losses[1]) / 2e-5)
    _, d_z, before = interactive._way_back(*NETWORK, ANSWER, 1)
    # A move of 1e-5 is off by its square, and leaves ten digits of a loss near one.
    np.testing.assert_allclose(d_z[:, 2] * before[:, 2], shares, rtol=0, atol=1e-9)
    bundle = shown(SHOWN["way_back"])
    text = "".join(Still(bundle["text/html"]).text)
    for number in [*shares, sum(shares)]:
        assert interactive._written(number) in text
    assert "the shares of W₃₃ are 0.27, −0.26, 0.01, −0.14, 0.00; they add up to −0.12." in bundle["text/plain"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": data.TOKENS[1:]}, "x has 5 rows, but there are 4 tokens"),
        ({"V": ANSWER[:3]}, r"V must have shape \(4,\), got \(3,\)"),
        ({"target": np.inf}, "target must hold finite real numbers"),
        ({"target": [1]}, r"target must have shape \(\), got \(1,\)"),
        ({"weight": (4, 0)}, r"weight must be row and column of a number of W, whose shape is \(4, 4\); got \(4, 0\)"),
        ({"weight": (-1, 0)}, "weight must be row and column"),
    ],
)
def test_a_way_back_that_cannot_be_walked_is_refused(changes, message):
    given = dict(zip(("tokens", "x", "U", "W", "b", "V", "target"), (data.TOKENS, *NETWORK, ANSWER, 1), strict=True))
    with pytest.raises(ValueError, match=message):
        interactive.show_way_back(**(given | changes))


def test_a_weight_of_a_large_w_is_written_with_a_comma():
    assert interactive._lowered(2, 2) == "₃₃"
    assert interactive._lowered(0, 9) == "₁,₁₀"


# What is kept


def test_what_is_kept_is_rounded_and_no_other_machine_disagrees():
    """The numbers stand on marked lines, and the guards know them: the cell must bound them."""
    carried = values(SHOWN["kept"])
    assert carried["lengths"] == [5, 20]
    assert carried["kept"][0][1] == [10, 32, 55, 78, 100, interactive.MARK]
    assert (carried["chance"], carried["enough"]) == (17, 95)

    def sanitized(table):
        return compared(lambda: interactive.show_kept(table, chance=1 / 6))

    other = {T: {scale: part / 2 for scale, part in row.items()} for T, row in TABLE.items()}
    assert sanitized(other) == sanitized(TABLE)
    assert sanitized({T: {0.7: row[0.5], 0.9: row[0.9]} for T, row in TABLE.items()}) != sanitized(TABLE)

    output = nbformat.v4.new_output("display_data", shown(SHOWN["kept"]))
    cell = nbformat.v4.new_code_cell("show_kept(table)", outputs=[output], execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert list(pytest_pages.faults(notebook)) == ["marked numbers are bounded"]
    cell.source = "assert all_is_bounded\nshow_kept(table)"
    assert pytest_pages.faults(notebook) == {}
    assert len(pytest_pages.marked_lines(notebook)) == 8  # each T and scale, in the data and in what stands still


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "the table needs the same scales of W for each T"),
        ({5: {}}, "the table needs the same scales of W for each T"),
        ({5: TABLE[5], 20: {0.5: TABLE[20][0.5]}}, "the table needs the same scales of W for each T"),
        ({5: {0.5: TABLE[20][0.5]}}, r"table\[5\]\[0.5\] must have shape \(5,\), got \(20,\)"),
        ({2: {0.5: [0.5, 1.1]}}, "every part must be from 0 to 1"),
        ({2: {0.5: [0.5, np.nan]}}, "must hold finite real numbers"),
    ],
)
def test_a_table_with_holes_or_impossible_parts_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_kept(table, chance=1 / 6)


# The machine


def test_the_machine_that_stands_still_is_that_of_the_network():
    carried = values(SHOWN["machine"])
    assert carried["names"] == ["even", "odd"]
    assert carried["W"] == [[5.0, -5.0, interactive.MARK]] * 2
    bundle = shown(SHOWN["machine"])
    cells = re.findall("<t[hd][^>]*>([^<]*)</t[hd]>", bundle["text/html"])
    assert cells == ["group", "bit 0", "bit 1", "even", "even", "odd", "odd", "odd", "even"]
    assert "from even, 0 leads to even and 1 to odd; from odd, 0 leads to odd and 1 to even." in bundle["text/plain"]


def test_the_weights_of_a_machine_are_rounded_and_no_other_machine_disagrees():
    """A network that was trained on another computer differs in its weights, and in nothing that is compared."""
    elsewhere = PARITY | {"W": PARITY["W"] * np.array([[1.01, 1.0004], [0.99, 1]]), "d": -1e-4}
    carried = values(lambda: interactive.show_machine(**elsewhere))
    assert carried["W"] == [[5.05, -5.002, interactive.MARK], [4.95, -5.0, interactive.MARK]]
    assert carried["d"] == [0.0, interactive.MARK]
    assert str(carried["d"][0]) == "0.0"  # without a sign
    one, other = (shown(lambda net=net: interactive.show_machine(**net))["text/html"] for net in (PARITY, elsewhere))
    assert one != other
    assert sanitized(one) == sanitized(other)
    assert "0.5" not in re.search(r'"V": (.*?)\n\]', sanitized(one), flags=re.S)[1]


def test_a_probe_reads_the_last_bit_where_the_state_has_it():
    """The network that answers with the bit before has the last one in its first unit, and nothing of it elsewhere."""
    with mock.patch.object(interactive, "_moves", return_value=np.zeros((2, 2), dtype=int)):
        carried = values(lambda: interactive.show_machine(**DELAY))
    weights, bias = (np.array(carried[name][:-1]) for name in ("probe", "bias"))
    assert carried["probe"][-1] == carried["bias"][-1] == interactive.MARK
    # The unit is tanh(5) or tanh(-5), 0.0001 from 1 and -1; three decimals are kept.
    np.testing.assert_allclose([*weights, *bias], [0.5, 0, 0.5], rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"U": np.ones((2, 2))}, r"U must have shape \(2, 1\), got \(2, 2\)"),
        ({"W": np.ones((3, 3))}, r"W must have shape \(2, 2\), got \(3, 3\)"),
        ({"d": [0]}, r"d must have shape \(\), got \(1,\)"),
        ({"V": np.array([np.nan, 1])}, "V must hold finite real numbers"),
        ({"d": 1.0}, r"every answer must round to a group from 0 to 1, got up to 2\.00"),
        (DELAY, "this network is no machine of its groups"),
        ({"names": "even"}, "names must be a sequence of non-empty strings"),
    ],
)
def test_what_is_no_machine_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_machine(**(PARITY | changes))


# Which mistake is this?


def test_each_mistake_to_choose_from_has_a_pattern_with_its_sign_and_hint():
    carried = values(SHOWN["which_mistake"])
    assert sorted(carried["order"]) == sorted(CHOICE)
    assert [mistake["name"] for mistake in carried["mistakes"]] == list(CHOICE) != carried["order"]
    told = {mistake.name: (mistake.sign, mistake.hint, mistake.line) for mistake in CATALOGUE}
    for mistake in carried["mistakes"]:
        assert (mistake["sign"], mistake["hint"], mistake["line"]) == told[mistake["name"]]


@pytest.mark.parametrize(
    ("choice", "settings", "message"),
    [
        (CHOICE[:1], {}, "at least two mistakes"),
        (("W transposed", "no such mistake"), {}, "'no such mistake' is no mistake of the catalogue"),
        (
            ("W transposed", "h_0 ignored"),
            {},
            "'h_0 ignored' is no mistake of the catalogue that runs on this sequence",
        ),
        (("no memory", "no memory in the loop"), {}, "'no memory' and 'no memory in the loop' give the same pattern"),
        (CHOICE, {"h_0": START[:3]}, r"h_0 must have shape \(4,\), got \(3,\)"),
        ("W transposed", {}, "mistakes must be a sequence of non-empty strings"),
    ],
)
def test_a_choice_that_cannot_be_told_apart_is_refused(choice, settings, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_which_mistake(data.TOKENS, *NETWORK, choice, **settings)
    with pytest.raises(ValueError, match="x has 5 rows, but there are 4 tokens"):
        interactive.show_which_mistake(data.TOKENS[1:], *NETWORK, CHOICE)


# Shapes


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_the_shapes_that_stand_still_are_those_of_the_layer(bidirectional, batch_first):
    options = {"num_layers": 2, "bidirectional": bidirectional, "batch_first": batch_first}
    output, h_n = RNN(2, 7, **options)(np.zeros((5, 6, 2)))
    T, N = (6, 5) if batch_first else (5, 6)
    bundle = shown(lambda: interactive.show_shapes(T=T, N=N, I=2, H=7, **options))
    text = Still(bundle["text/html"]).text
    assert str(output.shape) in text
    assert str(h_n.shape) in text
    assert f"output {output.shape}, h_n {h_n.shape}" in bundle["text/plain"]


def test_the_shapes_to_begin_with_hold_no_number_twice():
    told = shown(interactive.show_shapes)["text/plain"]
    numbers = re.findall(r"\d+", told.partition(": x ")[2])
    assert numbers == ["5", "7", "3", "5", "7", "12", "4", "7", "6"]
    assert len(set(numbers)) == 6  # T, N, I, D · H, L · D and H


@pytest.mark.parametrize("settings", [{"T": 0}, {"N": 10}, {"I": 2.0}, {"H": True}, {"num_layers": 4}])
def test_sizes_out_of_range_are_refused(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"{name} must be a whole number from 1 to [39], got"):
        interactive.show_shapes(**settings)


# A gate by hand


def gated_run(x, z):
    """The states of the cell that mixes, written for itself."""
    h, states = np.zeros(4), []
    for x_t, z_t in zip(x, z, strict=True):
        h = z_t * h + (1 - z_t) * np.tanh(data.b + data.W @ h + data.U @ x_t)
        states.append(h)
    return np.array(states)


def test_the_gate_mixes_and_its_influence_is_what_a_nudge_of_the_first_input_does():
    x, z, nudge = np.tile(data.X, (3, 1)), np.random.default_rng(0).uniform(size=15), 1e-6
    states, influence, alone = interactive._mixed(x, *NETWORK[1:], z)
    np.testing.assert_allclose(states, gated_run(x, z), rtol=0, atol=1e-12)
    slopes = []
    for feature in range(3):
        up, down = x.copy(), x.copy()
        up[0, feature] += nudge
        down[0, feature] -= nudge
        slopes.append((gated_run(up, z) - gated_run(down, z)) / (2 * nudge))
    # A nudge of 1e-6 leaves six digits of an influence that is a few ten thousandths.
    np.testing.assert_allclose(influence, np.linalg.norm(slopes, axis=(0, 2)), rtol=1e-5, atol=0)
    np.testing.assert_allclose(alone[[0, -1]], influence[0] * np.array([1, np.prod(z[1:])]), rtol=1e-12, atol=0)


def test_a_gate_of_zero_is_the_plain_rnn_and_one_of_one_keeps_all():
    states, influence, _ = interactive._mixed(*NETWORK, np.zeros(5))
    np.testing.assert_allclose(states, rnn_forward(*NETWORK)[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(influence, interactive._reach(*NETWORK, True)[:, 1], rtol=1e-12, atol=0)
    states, influence, alone = interactive._mixed(*NETWORK, np.array([0, 1, 1, 1, 1]))
    assert (states == states[0]).all()
    assert (influence == influence[0]).all()
    assert (alone == influence[0]).all()


def test_the_gate_that_stands_still_shows_four_settings():
    carried = values(SHOWN["gate"])
    assert carried["tokens"] == list(data.TOKENS)
    assert carried["asked"] == 0.5
    text = "".join(Still(shown(SHOWN["gate"])["text/html"]).text)
    for z in (0, 0.5, 0.9, 1):
        states, influence, _ = interactive._mixed(np.tile(data.X, (8, 1)), *NETWORK[1:], np.array([0] + [z] * 39))
        for number in (states[4, 0], states[-1, 0], influence[-1]):
            assert interactive._rough(number) in text


@pytest.mark.parametrize(
    ("tokens", "settings", "message"),
    [
        ([*data.TOKENS, "!"], {}, "there must be 1 to 5 tokens, as x has so many rows; got 6"),
        ([], {}, "there must be 1 to 5 tokens, as x has so many rows; got 0"),
        (data.TOKENS, {"asked": 1.5}, "asked must be a number from 0 to 1, got 1.5"),
        ("What?", {}, "tokens must be a sequence of non-empty strings"),
    ],
)
def test_a_gate_that_does_not_fit_is_refused(tokens, settings, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_gate(tokens, *NETWORK, **settings)


# The temperature


def test_the_temperature_sharpens_and_levels():
    p = GUESSES["Alice "]
    np.testing.assert_allclose(interactive._at_temperature(p, 1), p, rtol=1e-12, atol=0)
    np.testing.assert_allclose(interactive._at_temperature(1e6 * p, 0.5), p**2 / (p**2).sum(), rtol=1e-12, atol=0)
    assert interactive._at_temperature(p, 0.001)[1] == 1  # (0.25 / 0.5) ** 1000 is below the rounding of 1
    assert interactive._entropy(np.full(8, 1 / 8)) == 3
    assert interactive._entropy(np.array([0.0, 1.0])) == 0


def test_the_guesses_are_carried_in_millionths_and_no_other_machine_disagrees():
    carried = values(SHOWN["temperature"])
    assert carried["alphabet"] == KINDS
    assert carried["contexts"] == list(GUESSES)
    assert carried["guesses"][0] == [50000, 500000, 250000, 100000, 60000, 40000, 0, interactive.MARK]
    other = {context: np.roll(p, 1) for context, p in GUESSES.items()}
    assert compared(lambda: interactive.show_temperature(KINDS, other)) == compared(SHOWN["temperature"])
    changed = {"Bob ": GUESSES["Alice "], "ab": GUESSES["ab"]}
    assert compared(lambda: interactive.show_temperature(KINDS, changed)) != compared(SHOWN["temperature"])
    assert "\\n<" not in shown(SHOWN["temperature"])["text/html"]


def test_the_guess_that_stands_still_shows_the_likeliest_kind_and_the_entropy():
    text = "".join(Still(shown(SHOWN["temperature"])["text/html"]).text)
    assert "50.0 %" in text
    assert f"{100 * 0.25 / (0.25 + 0.0625 + 0.01 + 0.0036 + 0.0025 + 0.0016):.1f} %" in text  # squared
    assert interactive._written(interactive._entropy(GUESSES["ab"])) in text


@pytest.mark.parametrize(
    ("alphabet", "guesses", "message"),
    [
        (KINDS, {}, "there must be at least one guess"),
        ("aab", {"x": [0.5, 0.25, 0.25]}, "alphabet must hold single characters, each once, got 'aab'"),
        (["a", "bc"], {"x": [0.5, 0.5]}, "alphabet must hold single characters"),
        ("abc", {"x": [0.5, 0.5]}, r"the guess after 'x' must have shape \(3,\), got \(2,\)"),
        ("ab", {"x": [0.5, 0.6]}, "the guess after 'x' must be probabilities with sum 1, got sum 1.1000"),
        ("ab", {"x": [1.5, -0.5]}, "the guess after 'x' must be probabilities"),
        ("ab", {" ": [0.5, 0.5]}, "guesses must be a sequence of non-empty strings"),
    ],
)
def test_guesses_that_are_none_are_refused(alphabet, guesses, message):
    with pytest.raises(ValueError, match=message):
        interactive.show_temperature(alphabet, guesses)
