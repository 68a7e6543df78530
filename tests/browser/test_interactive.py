"""What a reader can move, in a real browser: it computes what Python does, by keyboard and by touch, in any look."""

from __future__ import annotations

import functools
import http.server
import itertools
import re
import threading
from collections.abc import Iterator
from unittest import mock

import numpy as np
import pytest
from conftest import PACKAGES, SCREENSHOTS, Quiet
from playwright.sync_api import Browser, Locator, Page, expect

from rnn_helpers import RNN, data, interactive, rnn_backward, rnn_forward
from rnn_helpers.mistakes import CATALOGUE

NETWORK = (data.X, data.U, data.W, data.b)
SHOWN = {
    "stepper": lambda: interactive.show_stepper(data.TOKENS, *NETWORK),
    "small stepper": lambda: interactive.show_stepper(data.TOKENS, *NETWORK, small=True),
}
START = np.array([0.5, -0.5, 0.2, 0.4])
ANSWER = np.array([0.0, 0.0, 1.0, -1.0])
CHOICE = ("W transposed", "bias twice", "missing tanh", "state not carried", "h_0 ignored")
TABLE = {T: {scale: np.linspace(scale / 9, 1, T) for scale in (0.5, 0.9)} for T in (5, 20)}
KINDS = ' abcdefghijk\n<"'
GUESSES = {"Alice ": np.array([0, 30, 19, 15, 9, 8, 7, 5, 3, 1, 1, 0.5, 1, 0.5, 0]) / 100, "Quee": np.eye(15)[3]}
# Parity in two units, one for "one or more" and one for "two", as page 08 sets it by hand.
PARITY = {"U": np.full((2, 1), 10.0), "W": np.array([[5.0, -5.0], [5.0, -5.0]]), "b": np.array([-5.0, -15.0])}
PARITY |= {"V": np.array([0.5, -0.5]), "d": 0.0}
SHOWN |= {
    "way back": lambda: interactive.show_way_back(data.TOKENS, *NETWORK, ANSWER, 1, weight=(2, 2)),
    "machine": lambda: interactive.show_machine(**PARITY),
    "size of w": lambda: interactive.show_size_of_w(np.tile(data.X, (8, 1)), *NETWORK[1:]),
    "kept": lambda: interactive.show_kept(TABLE, chance=1 / 6),
    "which mistake": lambda: interactive.show_which_mistake(data.TOKENS, *NETWORK, CHOICE, h_0=START),
    "shapes": lambda: interactive.show_shapes(),
    "gate": lambda: interactive.show_gate(data.TOKENS, np.tile(data.X, (8, 1)), *NETWORK[1:]),
    "temperature": lambda: interactive.show_temperature(KINDS, GUESSES),
}
by_element = pytest.mark.parametrize("name", SHOWN)
LIGHT, DARK = "background: #fffefb; color: #23211f", "background: #16181c; color: #dcd9d2; color-scheme: dark"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
# What is wider than the screen, inside the frames of the elements too; what scrolls by itself may be.
WIDE = """() => [document, ...[...document.querySelectorAll('.rnn-live')].map(each => each.shadowRoot)]
  .flatMap(root => [...root.querySelectorAll('*')])
  .filter(each => !each.closest('.scroll') && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.outerHTML.slice(0, 120))"""


def html(name: str) -> str:
    with mock.patch("IPython.display.display") as display:
        SHOWN[name]()
    return display.call_args.args[0]["text/html"]


def page_with(body: str, look: str = LIGHT) -> str:
    """A page without a kernel, and without any style but the colours of its text and paper."""
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>Elements</title><body style='{look}; margin: 1rem'><main><h1>Elements</h1>{body}</main>"
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing goes wrong, and from which no request leaves."""
    context = browser.new_context(viewport=DESK, has_touch=True)
    page = context.new_page()
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda message: message.type == "error" and told.append(message.text))
    page.on("request", lambda request: told.append(request.url))
    yield page
    context.close()
    assert told == []


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page that can import the modules as they lie beside interactive.py."""
    handler = functools.partial(Quiet, directory=str(interactive.MODULES))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        page.close()
        server.shutdown()


def computed(modules: Page, module: str, function: str, *arguments: object) -> object:
    """What a module's function gives in the browser."""
    plain = [each.tolist() if isinstance(each, np.ndarray) else each for each in arguments]
    return modules.evaluate(f"async given => (await import('/{module}.mjs')).{function}(...given)", plain)


def numbers(cells: Locator) -> list[float]:
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in cells.all_text_contents()]


# Against Python


def settings() -> Iterator[tuple[np.ndarray, ...]]:
    """Networks to compare on: x, U, W, b, h_0."""
    yield (*NETWORK, np.zeros(4))
    yield (*NETWORK, np.array([0.3, -0.2, 0.5, 0.1]))
    for seed, (T, n_features, H) in enumerate([(1, 3, 4), (2, 2, 2), (5, 3, 3), (7, 4, 2), (4, 1, 5)]):
        # Small, because one of the mistakes takes tan for tanh, which blows up rounding near its poles.
        draw = np.random.default_rng(seed).normal
        yield tuple(0.4 * draw(size=size) for size in ((T, n_features), (H, n_features), (H, H), H, H))


@pytest.mark.parametrize("setting", list(settings()), ids=lambda setting: str(setting[0].shape + setting[2].shape[:1]))
def test_the_network_and_each_mistake_equal_pythons(modules, setting):
    x, U, W, b, h_0 = setting
    parameters = {"U": U.tolist(), "W": W.tolist(), "b": b.tolist()}
    right = computed(modules, "rnn", "read", x, parameters, "", h_0)
    expected = rnn_forward(x, U, W, b, h_0)
    for name, wanted in zip(("output", "h_n"), expected, strict=True):
        np.testing.assert_allclose(right[name], wanted, rtol=0, atol=1e-12)
    compared, written = 0, known(modules)
    for mistake in interactive._silent(x, U, W, b, h_0):
        if mistake.name in written:
            wrong = computed(modules, "rnn", "read", x, parameters, mistake.name, h_0)
            output, h_n = interactive._reads(mistake)(x.copy(), U, W, b, h_0.copy())
            np.testing.assert_allclose(wrong["output"], output, rtol=1e-12, atol=1e-12, err_msg=mistake.name)
            np.testing.assert_allclose(wrong["h_n"], h_n, rtol=1e-12, atol=1e-12, err_msg=mistake.name)
            compared += 1
    assert compared >= 35  # a sequence of one step from zero would show few


def known(modules: Page) -> set[str]:
    """The mistakes that the JavaScript can make."""
    return set(modules.evaluate("import('/rnn.mjs').then(({ STEPS, LOOPS }) => Object.keys({ ...STEPS, ...LOOPS }))"))


def test_every_silent_mistake_of_the_sentence_can_be_switched_on_and_no_other_is_written(modules):
    silent = {mistake.name for h_0 in (np.zeros(4), np.full(4, 0.3)) for mistake in interactive._silent(*NETWORK, h_0)}
    written = known(modules)
    assert silent <= written
    square = (data.X, data.W[:3, :3], data.W[:3, :3] + 1, data.b[:3])  # as many units as features
    assert written <= silent | {mistake.name for mistake in interactive._silent(*square)}
    assert written <= {mistake.name for mistake in CATALOGUE}


@pytest.mark.parametrize("bent", [True, False])
@pytest.mark.parametrize("radius", [0.5, 0.9, 1.2, 1.5])
def test_the_reach_of_the_first_input_equals_pythons(modules, radius, bent):
    x, W = np.tile(data.X, (8, 1)), data.W * radius / np.abs(np.linalg.eigvals(data.W)).max()
    steps = computed(modules, "rnn", "reach", x, {"U": data.U.tolist(), "W": W.tolist(), "b": data.b.tolist()}, bent)
    expected = interactive._reach(x, data.U, W, data.b, bent)
    # Relative: without tanh the numbers grow to millions, with it they fade below 1e-14.
    np.testing.assert_allclose([[step["size"], step["influence"]] for step in steps], expected, rtol=1e-12, atol=0)


GATES = [np.full(40, z) for z in (0, 0.3, 0.99, 1)] + [
    np.random.default_rng(seed).uniform(size=40) for seed in range(4)
]


@pytest.mark.parametrize("z", GATES, ids=lambda z: f"{z[0]:.2f}")
def test_the_gate_mixes_as_pythons(modules, z):
    x, z = np.tile(data.X, (8, 1)), np.append(z[::2], np.round(z[1::2]))  # half of them open or shut
    steps = computed(modules, "gate", "mixed", x, {name: getattr(data, name).tolist() for name in "UWb"}, z)
    states, influence, alone = interactive._mixed(x, data.U, data.W, data.b, z)
    old = np.vstack([np.zeros(4), states[:-1]])
    expected = {"h": states, "kept": z[:, np.newaxis] * old, "taken": states - z[:, np.newaxis] * old}
    for name, wanted in expected.items():
        np.testing.assert_allclose([step[name] for step in steps], wanted, rtol=0, atol=1e-12)
    # Relative: with low gates they fade below 1e-8, along z alone below 1e-20.
    np.testing.assert_allclose([step["influence"] for step in steps], influence, rtol=1e-12, atol=0)
    np.testing.assert_allclose([step["alone"] for step in steps], alone, rtol=1e-12, atol=0)


@pytest.mark.parametrize("temperature", [0.1, 0.25, 0.5, 1, 1.3, 2])
def test_the_temperature_is_pythons(modules, temperature):
    rng = np.random.default_rng(0)
    for p in (np.ones(1), GUESSES["Alice "], GUESSES["Quee"], *rng.dirichlet(np.full(70, 0.1), size=5)):
        given = np.rint(1e6 * p)  # as the element carries them
        expected = interactive._at_temperature(given, temperature)
        now = computed(modules, "temperature", "atTemperature", given, temperature)
        np.testing.assert_allclose(now, expected, rtol=0, atol=1e-12)
        assert computed(modules, "temperature", "entropy", now) == pytest.approx(
            interactive._entropy(expected), abs=1e-12
        )
        numbers = rng.uniform(size=40)
        places = np.minimum(np.searchsorted(np.cumsum(expected), numbers, side="right"), len(p) - 1)
        assert computed(modules, "temperature", "drawn", now, numbers) == places.tolist()


def test_the_draws_are_even_and_the_same_for_the_same_seed(modules):
    state, expected = 7, []
    for _ in range(1000):
        state = state * 16807 % (2**31 - 1)
        expected.append(state / (2**31 - 1))
    numbers = computed(modules, "temperature", "uniforms", 7, 1000)
    assert numbers == expected
    assert np.histogram(numbers, bins=4, range=(0, 1))[0].min() > 210  # 250 each; 40 away is three standard deviations


@pytest.mark.parametrize("setting", list(settings()), ids=lambda setting: str(setting[0].shape + setting[2].shape[:1]))
@pytest.mark.parametrize("target", [1.0, -0.4])
def test_the_way_back_equals_pythons(modules, setting, target):
    x, U, W, b, V = setting  # what stands for h_0 elsewhere
    way = computed(modules, "way_back", "wayBack", x, {"U": U.tolist(), "W": W.tolist(), "b": b.tolist()}, V, target)
    states, h_n = rnn_forward(x, U, W, b)
    error = V @ h_n - target
    gradients = rnn_backward(x, U, W, states, d_h_n=error * V)
    expected = {"y": V @ h_n, "error": error, "loss": error**2 / 2}
    for name, wanted in expected.items():
        np.testing.assert_allclose(way[name], wanted, rtol=0, atol=1e-12)
    for name in "UWb":
        np.testing.assert_allclose(way["gradients"][name], getattr(gradients, name), rtol=0, atol=1e-12)
    _, d_z, before = interactive._way_back(x, U, W, b, V, target)
    d_h = np.vstack([d_z[1:] @ W, error * V])
    shares = d_z[:, :, np.newaxis] * before[:, np.newaxis]
    for name, wanted in {"d_h": d_h, "slope": 1 - states**2, "d_z": d_z, "before": before, "share": shares}.items():
        np.testing.assert_allclose([step[name] for step in way["steps"]], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [None, *range(6)])
def test_a_machine_moves_and_answers_as_pythons(modules, seed):
    net = {name: np.asarray(value) for name, value in PARITY.items()}
    if seed is not None:
        draw, H = np.random.default_rng(seed).normal, 1 + seed
        shapes = {"U": (H, 1), "W": (H, H), "b": H, "V": H, "d": ()}
        net = {name: np.asarray(draw(size=shape)) for name, shape in shapes.items()}
    plain = {name: value.tolist() for name, value in net.items()} | {"U": net["U"].ravel().tolist()}
    seen = computed(modules, "machine", "visited", plain, 6)
    states = []
    for length in range(1, 7):
        bits = np.array(list(itertools.product((0, 1), repeat=length))).T
        states += [*rnn_forward(bits[..., np.newaxis], net["U"], net["W"], net["b"])[1]]
    np.testing.assert_allclose(seen, states, rtol=0, atol=1e-12)
    answers = modules.evaluate(
        "async ([seen, net]) => { const { answer } = await import('/machine.mjs');"
        "return seen.map((h) => answer(h, net)); }",
        [seen, plain],
    )
    np.testing.assert_allclose(answers, states @ net["V"] + net["d"], rtol=0, atol=1e-12)


def test_the_shapes_are_those_of_the_layer(modules):
    for layers, bidirectional, batch_first in itertools.product((1, 2, 3), (False, True), (False, True)):
        for T, N, n_features, H in ((1, 1, 1, 1), (5, 3, 2, 4), (2, 6, 7, 3)):
            options = {"num_layers": layers, "bidirectional": bidirectional, "batch_first": batch_first}
            layer = RNN(n_features, H, **options)
            x = np.zeros((N, T, n_features) if batch_first else (T, N, n_features))
            output, h_n = layer(x)
            expected = {"x": x.shape, "output": output.shape, "h_n": h_n.shape}
            expected |= {name: array.shape for name, array in layer.state_dict().items() if "weight" in name}
            settings = {"T": T, "N": N, "I": n_features, "H": H, "L": layers, "D": 1 + bidirectional}
            symbols = computed(modules, "shapes", "shapes", settings | {"batch_first": batch_first})
            shown = {name: tuple(computed(modules, "shapes", "sizes", symbols[name], settings)) for name in symbols}
            assert shown == expected


# As a page


@by_element
def test_an_element_is_accessible_and_fits_in_every_look(page, name):
    for look, colours, size in (("light", LIGHT, DESK), ("dark", DARK, DESK), ("phone", LIGHT, PHONE)):
        page.set_viewport_size(size)
        page.set_content(page_with(html(name), colours))
        page.emulate_media(reduced_motion="reduce")
        exercise(page)
        assert page.evaluate(WIDE) == []
        page.add_script_tag(path=PACKAGES / "axe-core" / "axe.min.js")
        violations = page.evaluate(AXE)
        assert [f"{rule['id']}: {node['html'][:200]}" for rule in violations for node in rule["nodes"]] == []
        target = SCREENSHOTS / look / "interactive" / f"{name.replace(' ', '_')}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target, full_page=True)


def exercise(page: Page) -> None:
    """Open what an element keeps closed, so that all of it is looked at."""
    for button in page.get_by_role("button", name=re.compile("^(Show|it grows|bias twice|about as much)")).all():
        button.click()
    for name in ("Read 1", "odd"):  # of the machine: the second is there when the first was pressed
        for button in page.get_by_role("button", name=name, exact=True).all():
            button.click()
    for closed in page.locator("summary").all():
        closed.click()
    for select in page.locator("select").all():
        if select.locator("option").filter(has_text="W transposed").count():
            select.select_option("W transposed")


@by_element
def test_on_paper_and_without_scripts_it_stands_still(browser, page, name):
    page.set_content(page_with(html(name)))
    still, live = page.locator(".rnn-still"), page.locator(".rnn-live")
    expect(live).to_be_visible()
    expect(still).to_be_hidden()
    page.emulate_media(media="print")
    expect(still).to_be_visible()
    expect(live).to_be_hidden()
    with browser.new_context(java_script_enabled=False) as context:
        dead = context.new_page()
        dead.set_content(page_with(html(name)))
        expect(dead.get_by_text("run this cell to move it")).to_be_visible()
        expect(dead.locator("table")).to_be_visible()


@by_element
def test_an_element_moves_again_wherever_a_host_puts_its_script(page, name):
    """JupyterLab puts a copy in the script's place; VS Code runs a copy at the end of the output."""
    inert = "<div id='output'></div>"
    page.set_content(page_with(inert))
    for place in ("script.replaceWith(copy)", "output.append(copy)"):
        page.evaluate(
            f"""html => {{ output.innerHTML = html; const script = output.querySelector('script');
            const copy = document.createElement('script'); copy.textContent = script.textContent; {place} }}""",
            html(name),
        )
        expect(page.locator(".rnn-live")).to_be_visible()


def test_two_elements_do_not_disturb_each_other(page):
    page.set_content(page_with(html("stepper") + html("stepper")))
    first, second = page.locator(".rnn-live").all()
    first.get_by_role("button", name="Show h(1)").click()
    expect(first.get_by_role("button", name="Read “time”")).to_be_visible()
    expect(second.get_by_role("button", name="Show h(1)")).to_be_visible()


# The stepper


def strip(page: Page, row: int, body: int = 0) -> list[str]:
    return page.locator(".strip tbody").nth(body).locator("tr").nth(row).locator("td").all_text_contents()


def test_the_stepper_asks_then_shows_then_reads_on(page):
    page.set_content(page_with(html("stepper")))
    states, _ = rnn_forward(*NETWORK)
    assert strip(page, 0) == ["?"] * 5
    page.get_by_label("What will the first unit be after “What”?").fill("0.6")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        "h(1), after “What”, is (0.64, −0.20, 0.54, −0.15). You said 0.60; it is 0.64, 0.04 away."
    )
    assert strip(page, 0) == ["0.64", "?", "?", "?", "?"]
    for _ in range(8):  # read on, show, read on ...: the focus stays on the one button
        page.keyboard.press("Enter")
    for unit in range(4):
        assert numbers(page.locator(".strip tbody tr").nth(unit).locator("td")) == states[:, unit].round(2).tolist()
    page.keyboard.press("Enter")  # start again
    assert strip(page, 0) == ["?"] * 5


def test_enter_hands_in_an_answer_in_jupyterlab_too(page):
    """JupyterLab takes from every cell what a browser does at Enter in a field."""
    page.set_content(page_with(html("stepper")))
    page.evaluate(
        "document.addEventListener('beforeinput', e => e.inputType === 'insertLineBreak' && e.preventDefault())"
    )
    page.get_by_label("What will the first unit be").press("Enter")
    assert strip(page, 0)[0] == "0.64"


def test_every_number_can_be_changed_by_keyboard_and_put_back(page):
    page.set_content(page_with(html("stepper")))
    page.get_by_role("button", name="?", exact=True).click()
    page.get_by_role("button", name="Show h(5)").click()
    x, U, W, b = (array.copy() for array in NETWORK)
    for label, array, place in (
        ("U, row 1, column 2", U, (0, 1)),
        ("W, row 4, column 3", W, (3, 2)),
        ("x, feature 3", x, (4, 2)),
        ("b, unit 2", b, (1,)),
    ):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.press("ArrowUp")
        array[place] += 0.1
        expect(page.get_by_label(label, exact=True)).to_be_focused()
        expected, _ = rnn_forward(x, U, W, b)
        shown = [numbers(page.locator(".strip tbody tr").nth(unit).locator("td")) for unit in range(4)]
        np.testing.assert_allclose(np.transpose(shown), expected, rtol=0, atol=0.00501)  # as written, two decimals
        expect(page.get_by_role("status")).to_contain_text(f"is ({interactive._written(expected[4, 0])},")
    slider = page.get_by_label("Move b, unit 2")
    slider.fill("-1.5")
    expect(page.get_by_label("b, unit 2", exact=True)).to_have_value("-1.5")
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Show h(1)").click()
    expect(page.get_by_label("b, unit 2", exact=True)).to_have_value("0.2")
    assert strip(page, 0)[0] == "0.64"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("value", ["-1.25", "-12.75"])
def test_a_typed_number_is_shown_whole(page, size, value):
    page.set_viewport_size(size)
    page.set_content(page_with(html("stepper")))
    for label in ("U, row 1, column 1", "W, row 2, column 4", "b, unit 3"):
        field = page.get_by_label(label, exact=True)
        field.fill(value)
        assert field.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.evaluate(WIDE) == []


def test_a_mistake_stands_beside_the_right_states_with_the_path_it_takes(page):
    page.set_content(page_with(html("stepper")))
    page.get_by_role("button", name="?", exact=True).click()
    page.get_by_role("button", name="Show h(5)").click()
    right, _ = rnn_forward(*NETWORK)
    for name in ("W transposed", "state not carried"):
        page.get_by_label("Switch on a silent mistake").select_option(name)
        (mistake,) = [each for each in CATALOGUE if each.name == name]
        output, _ = interactive._reads(mistake)(*NETWORK, np.zeros(4))
        for unit in range(4):
            assert strip(page, unit)[:5] == [interactive._written(number) for number in right[:, unit]]
            assert strip(page, 1 + unit, 1)[:5] == [interactive._written(number) for number in output[:, unit]]
        off = page.locator("tbody.wrong td:nth-of-type(-n + 5).off").count()
        assert off == (np.abs(output - right) >= 0.005).sum()
        expect(page.get_by_text(mistake.line)).to_be_visible()
        expect(page.get_by_text(mistake.sign)).to_be_visible()
        start = output[3] if name == "W transposed" else np.zeros(4)
        listed = ", ".join(interactive._written(number) for number in start)
        expect(page.get_by_text(f"starts from ({listed})")).to_be_visible()
    page.get_by_label("Switch on a silent mistake").select_option("mean for the last state")
    expect(page.get_by_role("status")).to_contain_text("With the mistake it is the same, but h_n is off by up to 0.46.")


def test_a_long_sequence_scrolls_by_itself(page):
    tokens, x = list(data.TOKENS) * 4, np.tile(data.X, (4, 1))
    with mock.patch("IPython.display.display") as display:
        interactive.show_stepper(tokens, x, *NETWORK[1:])
    page.set_viewport_size(PHONE)
    page.set_content(page_with(display.call_args.args[0]["text/html"]))
    assert page.evaluate(WIDE) == []
    page.get_by_role("button", name="?", exact=True).last.click()
    page.get_by_role("button", name="Show h(20)").click()
    h_n = interactive._written(rnn_forward(x, *NETWORK[1:])[1][0])
    assert strip(page, 0)[-1] == h_n
    assert page.locator(".strip td").last.bounding_box()["width"] > 30  # wide enough for a number


def test_the_tokens_can_be_reordered(page):
    page.set_content(page_with(html("stepper")))
    page.get_by_role("button", name="?", exact=True).tap()
    page.get_by_role("button", name="Show h(5)").tap()
    page.get_by_role("button", name="is", exact=True).tap()
    page.get_by_role("button", name="earlier").tap()
    h_n = rnn_forward(data.X[[0, 2, 1, 3, 4]], *NETWORK[1:])[1]
    listed = ", ".join(interactive._written(number) for number in h_n)
    expect(page.get_by_role("status")).to_contain_text(
        f"The sentence is now: What is time it ?. Its last state is ({listed}); in the first order it is (0.37"
    )


# The size of W


def test_the_size_of_w_asks_then_moves(page):
    page.set_content(page_with(html("size of w")))
    influences = page.get_by_role("row", name=re.compile("^with tanh"))
    expect(influences).to_contain_text("?")
    page.get_by_role("button", name="it grows").click()
    expect(page.get_by_role("status")).to_contain_text("No, it fades: from 1.01 at step 1 to 0.02 at step 40.")
    slider = page.get_by_role("slider", name="Spectral radius of W")
    for radius in ("1.5", "0.5"):
        slider.fill(radius)
        W = data.W * float(radius) / round(np.abs(np.linalg.eigvals(data.W)).max(), 6)
        size, _ = interactive._reach(np.tile(data.X, (8, 1)), data.U, W, data.b, True)[-1]
        expect(influences.get_by_role("cell").first).to_have_text(f"{size:.2f}")
    curve = page.locator("figure path.bent").last.get_attribute("d")
    slider.press("ArrowRight")
    expect(page.locator("figure path.bent").last).not_to_have_attribute("d", curve)
    assert page.locator("figure path").count() == 4


# The way back


def test_the_way_back_asks_for_each_share_then_adds_them_up(page):
    page.set_content(page_with(html("way back")))
    _, d_z, before = interactive._way_back(*NETWORK, ANSWER, 1)
    shares = d_z[:, 2] * before[:, 2]
    labels = page.locator("svg text.back")
    assert labels.all_text_contents() == ["", "", "", "", "?"]
    for t in range(5, 0, -1):
        truth = {-1: "below 0", 0: "0", 1: "above 0"}[np.sign(shares[t - 1].round(2))]
        expect(page.get_by_text(re.compile(f"Step {t}, “.*into W₃₃\\?"))).to_be_visible()
        guess = "below 0" if t == 5 else truth
        page.get_by_role("button", name=guess, exact=True).press("Enter")
        expect(page.get_by_role("button", name=guess, exact=True)).to_be_focused()
        verdict = "Yes" if guess == truth else "No"
        expect(page.get_by_role("status")).to_contain_text(f"{verdict}, it is {truth}: d_z({t}) is slope")
        expect(page.get_by_role("status")).to_contain_text(f"= {interactive._written(shares[t - 1])}.")
        assert numbers(labels.nth(t - 1)) == [shares[t - 1].round(2) + 0.0]
        page.get_by_role("button", name=re.compile("^(Go back|Add the shares)")).press("Enter")
    expect(page.get_by_role("status")).to_have_text("The 5 shares of W₃₃ add up to −0.12. So W₃₃ should go up.")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile("W₃₃.*: What 0.00; .*; \\? 0.27.$"))
    page.get_by_role("button", name="Start again").click()
    assert labels.all_text_contents() == ["", "", "", "", "?"]


def test_a_walk_back_follows_the_weight_that_is_chosen_and_what_is_changed(page):
    page.set_content(page_with(html("way back")))
    page.get_by_role("button", name="Show all steps").tap()
    x, U, W, b = (array.copy() for array in NETWORK)
    page.get_by_label("W, row 1, column 4").focus()
    page.keyboard.press("ArrowDown")
    W[0, 3] -= 0.1
    page.get_by_label("V, row 1, column 2").fill("0.5")
    page.get_by_label("what y should be").fill("0.5")
    V = np.array([0.0, 0.5, 1.0, -1.0])
    states, h_n = rnn_forward(x, U, W, b)
    gradient = rnn_backward(x, U, W, states, d_h_n=(V @ h_n - 0.5) * V)
    _, d_z, before = interactive._way_back(x, U, W, b, V, 0.5)
    np.testing.assert_allclose(numbers(page.locator("svg text.back")), d_z[:, 0] * before[:, 3], rtol=0, atol=0.00501)
    sums = page.get_by_role("group", name="gradient of W").locator("span")
    np.testing.assert_allclose(numbers(sums), gradient.W.ravel(), rtol=0, atol=0.00501)  # as written, two decimals
    page.get_by_role("button", name="is", exact=True).tap()
    columns = np.stack([d_z[3] @ W, 1 - states[2] ** 2, d_z[2], states[1], d_z[2] @ W], axis=1)
    shown = np.reshape(numbers(page.locator(".rnn-live td")), (4, 5))
    np.testing.assert_allclose(shown, columns, rtol=0, atol=0.00501)
    page.get_by_role("button", name="Move U, W and b by −0.1 times their gradients").tap()
    U, W, b = U - 0.1 * gradient.U, W - 0.1 * gradient.W, b - 0.1 * gradient.b
    y = interactive._written(V @ rnn_forward(x, U, W, b)[1])
    expect(page.get_by_role("status")).to_contain_text(f"is now {y}; it should be 0.50.")


# What is kept


def test_what_is_kept_is_shown_after_a_guess_for_each_length(page):
    page.set_content(page_with(html("kept")))
    page.get_by_role("button", name="T = 20").tap()
    assert page.locator(".bars").count() == 0
    page.get_by_label("how many will be read back").fill("3")
    page.keyboard.press("Enter")
    for index, scale in enumerate((0.5, 0.9)):
        page.get_by_role("slider", name="Scale of W").fill(str(index))
        expected = [round(100 * part) for part in TABLE[20][scale]]
        kept = sum(percent >= 95 for percent in expected)
        expect(page.get_by_role("status")).to_contain_text(f"scaled to {scale}, {kept} of 20 positions")
        page.get_by_text("The numbers").click()
        assert page.locator("details td").all_text_contents() == [f"{percent} %" for percent in expected]
        assert page.locator(".bars .read").count() == kept
    page.get_by_role("button", name="T = 5").tap()
    assert page.locator(".bars").count() == 0


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_the_bars_are_explained_by_their_own_colours_and_have_a_scale(page, look):
    page.set_content(page_with(html("kept"), look))
    page.get_by_role("button", name="Show").click()
    colour = "e => getComputedStyle(e).backgroundColor"
    for kind in ("read", ""):
        bar = page.locator(f".bars div[class='{kind}']").first
        swatch = page.locator(f".legend .swatch{'.read' if kind else ':not(.read)'}")
        assert bar.evaluate(colour) == swatch.evaluate(colour)
    box = page.locator(".bars").bounding_box()
    for percent in (95, 17):
        label = page.locator(".scale").get_by_text(f"{percent} %").bounding_box()
        height = (box["y"] + box["height"] - label["y"] - label["height"] / 2) / box["height"]
        assert height == pytest.approx(percent / 100, abs=0.02)  # a third of a line of text


def test_one_length_is_not_offered_as_a_choice(page):
    with mock.patch("IPython.display.display") as display:
        interactive.show_kept({20: TABLE[20]}, chance=1 / 6)
    page.set_content(page_with(display.call_args.args[0]["text/html"]))
    assert page.get_by_role("button").all_inner_texts() == ["Show"]
    expect(page.get_by_text("Of 20 positions")).to_be_visible()


# The machine


def test_the_machine_asks_where_each_bit_leads_and_fills_its_table(page):
    page.set_content(page_with(html("machine")))
    body = page.locator(".rnn-live tbody")
    read, choices = page.get_by_role("button", name="Read 1", exact=True), page.locator(".ask")
    assert body.locator("td").all_text_contents() == ["?"] * 4
    read.press("Enter")
    expect(choices.get_by_text("The state is in “even”, and the next bit is 1.")).to_be_visible()
    expect(choices.get_by_role("button", name="even")).to_be_focused()
    expect(read).to_be_disabled()
    choices.get_by_role("button", name="even").press("Enter")
    expect(page.get_by_role("status")).to_have_text("No. Bit 1 is 1: y = 1.00, so it is in “odd”.")
    choices.get_by_role("button", name="odd").press("Enter")  # said again, and not read again
    expect(page.get_by_role("status")).to_have_text("Yes. Bit 1 is 1: y = 1.00, so it is in “odd”.")
    assert body.locator("td").all_text_contents() == ["?", "odd", "?", "?"]
    page.get_by_label("or many").fill("1 0 1 0, 1")
    page.keyboard.press("Enter")
    for guess in ("even", "even", "odd"):
        choices.get_by_role("button", name=guess).press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Yes. Bit")
        if page.get_by_role("button", name="Read on").is_visible():
            page.get_by_role("button", name="Read on").press("Enter")
    assert body.locator("td").all_text_contents() == ["even", "odd", "odd", "even"]
    expect(page.get_by_role("status")).to_have_text("Bit 6 is 1: y = 0.00, so it is in “even”.")
    expect(page.get_by_text("Read so far, 6 bits: 110101")).to_be_visible()
    page.get_by_role("button", name="Start again").click()
    assert body.locator("td").all_text_contents() == ["?"] * 4


def test_the_machine_reads_as_the_network_does_and_the_disk_is_where_its_state_is(page):
    page.set_content(page_with(html("machine")))
    page.emulate_media(reduced_motion="reduce")
    bits = np.random.default_rng(0).integers(0, 2, 40)
    field = page.get_by_label("or many")
    field.fill("".join(map(str, bits)))
    field.press("Enter")
    while choices := page.locator(".ask button").all():
        choices[0].tap()
        onward = page.get_by_role("button", name="Read on")
        if not onward.is_visible():
            break
        onward.tap()
    _, h_n = rnn_forward(bits[:, np.newaxis], PARITY["U"], PARITY["W"], PARITY["b"])
    y = PARITY["V"] @ h_n
    group = ["even", "odd"][round(y)]
    expect(page.get_by_role("status")).to_contain_text(
        f"Bit 40 is {bits[-1]}: y = {interactive._written(y)}, so it is in “{group}”."
    )
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile(f"It is in “{group}”, with the answer"))
    disk = page.locator("circle.state").bounding_box()
    marks = [each.bounding_box() for each in page.locator(".seen").all()]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in (disk, *marks)]
    # On one of the states that were reached within six bits; as many, of only two units, coincide.
    assert np.abs(np.array(middles[1:]) - middles[0]).max(axis=1).min() < 1


# Which mistake is this?


def test_each_pattern_is_the_mistakes_own_and_its_sign_is_told(page):
    page.set_content(page_with(html("which mistake")))
    by_name = {mistake.name: mistake for mistake in CATALOGUE}
    right = rnn_forward(*NETWORK, START)
    seen = []
    for _ in CHOICE:
        pattern = np.reshape(numbers(page.locator(".errors").first.locator("td")), (4, 6))
        errors = {name: interactive._errors(by_name[name], right, *NETWORK, START).T for name in CHOICE}
        (name,) = [name for name, error in errors.items() if np.allclose(error, pattern, rtol=0, atol=0.00501)]
        other = next(each for each in CHOICE if each != name)
        page.get_by_role("button", name=other).click()
        expect(page.get_by_role("status")).to_contain_text(f"No. Its sign would be: {by_name[other].sign}.")
        assert page.locator(".errors").count() == 2
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("status")).to_contain_text(f"Yes, {name}, at try 2. The sign to know it by:")
        expect(page.get_by_role("status")).to_contain_text(by_name[name].hint)
        seen.append(name)
        page.get_by_role("button", name="Next pattern").click()
    assert sorted(seen) == sorted(CHOICE)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_chosen_moves_nothing(page, size):
    page.set_viewport_size(size)
    page.set_content(page_with(html("which mistake")))
    places = "all => all.map(e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight].join())"
    buttons = page.locator(".bar[role=group] button")
    before = buttons.evaluate_all(places)
    for button in buttons.all():
        looks = button.evaluate("e => getComputedStyle(e).boxShadow")
        button.click()
        assert button.evaluate("e => getComputedStyle(e).boxShadow") != looks
        assert buttons.evaluate_all(places) == before


# Shapes


def test_the_drawing_of_the_shapes_cuts_no_text(page):
    page.set_content(page_with(html("shapes")))
    page.get_by_label("H hidden units").fill("9")
    page.get_by_role("button", name="Show").click()
    drawing = page.locator("svg").bounding_box()
    for text in page.locator("svg text").all():
        box = text.bounding_box()
        assert drawing["x"] <= box["x"]
        assert box["x"] + box["width"] <= drawing["x"] + drawing["width"]


def test_a_setting_out_of_reach_is_answered(page):
    page.set_content(page_with(html("shapes")))
    field = page.get_by_label("H hidden units")
    field.fill("128")
    field.blur()
    expect(page.get_by_role("status")).to_have_text("H may be a whole number from 1 to 9.")
    expect(field).to_have_value("6")


def test_the_shapes_are_asked_for_judged_and_move_with_the_settings(page):
    page.set_content(page_with(html("shapes")))
    row = page.get_by_role("row", name="output")
    expect(row).to_contain_text("?")
    for axis, size in enumerate((5, 7, 6), 1):
        page.get_by_label(f"output, axis {axis}").fill(str(size))
    for axis, size in enumerate((4, 7, 6), 1):
        page.get_by_label(f"h_n, axis {axis}").fill(str(size))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("output: no, it is (5, 7, 12). h_n: right, (4, 7, 6).")
    expect(row).to_contain_text("(T, N, D · H)(5, 7, 12)")
    page.get_by_label("batch_first").check()
    expect(row).to_contain_text("(N, T, D · H)(7, 5, 12)")
    page.get_by_label("bidirectional").uncheck()
    page.get_by_label("L layers").fill("3")
    expect(row).to_contain_text("(N, T, H)(7, 5, 6)")
    expect(page.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"3 layers.*h_n\[2\]: layer 3\."))
    assert row.locator("b").last.get_attribute("class") == "H"  # 6 in the colour of hidden units
    page.get_by_role("button", name="Hide them and ask again").click()
    expect(row).to_contain_text("?")


# A gate by hand


def test_the_gate_asks_then_shows_how_far_the_first_token_reaches(page):
    page.set_content(page_with(html("gate")))
    reached = page.get_by_role("row", name=re.compile("^the whole cell"))
    expect(reached).to_contain_text("?")
    page.get_by_role("button", name="more than 10 times as much").click()
    expect(page.get_by_role("status")).to_contain_text("No, about as much: 4 · 10⁻⁹, and 2 · 10⁻⁸ in the plain RNN.")
    expect(reached).to_contain_text("4 · 10⁻⁹")
    page.get_by_role("button", name="z = 1", exact=True).tap()
    assert numbers(reached.get_by_role("cell")) == [1.01, 1.01, 1.01]
    assert page.locator("figure path").count() == 4


def test_each_gate_is_moved_by_keyboard_and_mixes_at_its_token(page):
    page.set_content(page_with(html("gate")))
    z = np.zeros(40)
    for place, (name, presses) in enumerate((("“What”", 0), ("“time”", 3), ("“is”", 1), ("“it”", 2))):
        slider = page.get_by_role("slider", name=f"z at {name}")
        slider.focus()
        slider.press("End")
        for _ in range(presses):
            slider.press("ArrowLeft")
        expect(slider).to_be_focused()
        z[place] = 1 - presses / 100
    page.get_by_role("slider", name="z at all later steps").fill("0.7")
    z[5:] = 0.7
    states, _, _ = interactive._mixed(np.tile(data.X, (8, 1)), *NETWORK[1:], z)
    rows = page.locator(".rnn-live tbody tr")
    for place, row in enumerate([0, 1, 2, 3, 4, 39]):
        shown = numbers(rows.nth(place).locator("td span"))
        kept = z[row] * states[row - 1, 0] if row else 0
        expected = [z[row], kept, states[row, 0] - kept, states[row, 0]]
        np.testing.assert_allclose(shown, expected, rtol=0, atol=0.00501)  # as written, two decimals
    expect(page.get_by_role("slider", name="z at “time”")).to_have_attribute(
        "aria-valuetext", re.compile("^0.97; unit 1")
    )


# The temperature


def test_the_temperature_asks_then_moves_for_each_guess(page):
    page.set_content(page_with(html("temperature")))
    expect(page.get_by_role("slider")).to_be_hidden()
    likeliest = page.get_by_role("row", name="“a”")
    expect(likeliest).to_contain_text("30.0 %")
    page.get_by_label("At temperature 1, “a” has 30.0 %. What will it have at 0.5?").fill("40")
    page.keyboard.press("Enter")
    p = GUESSES["Alice "]
    sharp = interactive._at_temperature(p, 0.5)
    expect(page.get_by_role("status")).to_contain_text(
        f"At 0.5 it is {100 * sharp.max():.1f} %; you said 40.0 %. The square of each p, divided by the new sum: "
        "“a” was 1.6 times as likely as “b”, and is now 2.5 times as likely."
    )
    slider = page.get_by_role("slider", name="Temperature")
    for temperature in (0.1, 0.8, 2):
        slider.fill(str(temperature))
        now = interactive._at_temperature(p, temperature)
        expect(likeliest).to_contain_text(f"{100 * now.max():.1f} %")
        expect(page.get_by_text("the mean surprise of a draw")).to_contain_text(f"{interactive._entropy(now):.2f} bits")
        others = f"{100 * np.sort(now)[:-8].sum():.1f} %"
        expect(page.get_by_role("row", name="7 others")).to_contain_text(others)
    page.get_by_role("button", name="after “Quee”").tap()
    expect(slider).to_be_hidden()


def test_the_draws_change_with_the_temperature_and_with_their_seed(page):
    page.set_content(page_with(html("temperature")))
    page.get_by_role("button", name="Show").click()
    slider, draws, seen = page.get_by_role("slider", name="Temperature"), page.locator(".drawn"), []
    for temperature in ("2", "0.5", "0.1", "2"):
        slider.fill(temperature)
        seen.append(draws.text_content())
        assert len(seen[-1]) == 40
    assert seen[0] == seen[3] != seen[1] != seen[2]
    assert len(set(seen[0])) > len(set(seen[1])) > len(set(seen[2]))
    assert seen[2].count("a") > 30
    page.get_by_role("button", name="Draw others").click()
    expect(draws).not_to_have_text(seen[3])
    page.get_by_role("button", name="after “Quee”").click()
    expect(draws).to_have_text(40 * "c")
