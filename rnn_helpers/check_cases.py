"""The cases of the checks: what a learner's function is called with, and what must come back.

Every list of cases is drawn from a seed: another seed gives the same kinds of cases with other numbers.
"""

from __future__ import annotations

from typing import Any

# Bound here by name, as in `checking`: the right results stay right, whatever a notebook does to `np.tanh`. That is
# also why the formula stands here once more, instead of a call of `rnn_helpers.rnn`; tests hold the two equal.
from numpy import array, eye, ndarray, roll, stack, tanh, zeros
from numpy.linalg import norm
from numpy.random import default_rng

from rnn_helpers.checking import Case

TERMS = ("only the bias", "only x", "only h", "all three terms")
FIRST_TERMS = ("only the bias", "only x_1", "both terms")


def _next_state(x: ndarray, h: ndarray, U: ndarray, W: ndarray, b: ndarray) -> ndarray:
    return tanh(x @ U.T + h @ W.T + b)


def _states(x: ndarray, U: ndarray, W: ndarray, b: ndarray, h_0: ndarray | None = None) -> ndarray:
    """The state after every step."""
    h, states = zeros((*x.shape[1:-1], len(b))) if h_0 is None else h_0, []
    for x_t in x:
        h = _next_state(x_t, h, U, W, b)
        states.append(h)
    return stack(states)


def _draw(rng: Any, n_features: int, n_units: int, *lead: int) -> dict[str, ndarray]:
    """Random x of shape (*lead, I), and U, W, b for it.

    W has spectral norm 0.9, because with larger weights the recurrence is chaotic, and two right implementations
    that round differently drift apart.
    """
    W = rng.normal(size=(n_units, n_units))
    return {
        "x": rng.normal(size=(*lead, n_features)),
        "U": rng.normal(size=(n_units, n_features)) / 2,
        "W": W * (0.9 / norm(W, 2)),
        "b": rng.normal(size=n_units) / 2,
    }


def _draw_integers(rng: Any, n_features: int, n_units: int, *lead: int) -> dict[str, ndarray]:
    """The same in small integers. W is a rotated identity: the only integers with a spectral norm of 1 or less."""
    return {
        "x": rng.integers(-1, 2, size=(*lead, n_features)),
        "U": rng.integers(-1, 2, size=(n_units, n_features)),
        "W": roll(eye(n_units, dtype="int64"), 1, axis=1),
        "b": rng.integers(-1, 2, size=n_units),
    }


def _sizes(draw: dict[str, ndarray]) -> str:
    n_units, n_features = draw["U"].shape
    return f"(I={n_features}, H={n_units})"


# One step


def parameter_shapes(seed: int) -> list[Case]:
    """Sizes that differ, agree, and are 1; the seed moves all but the last."""
    cases = []
    shift = seed % 50
    for n_features, n_units in [(3, 4), (4, 3), (5, 5), (1, 6), (6, 1)]:
        n_features, n_units = (size + shift if size > 1 else 1 for size in (n_features, n_units))
        sizes = {"input_size": n_features, "hidden_size": n_units}
        expected = (array([n_units, n_features]), array([n_units, n_units]), array([n_units]))
        cases.append(Case(f"input_size={n_features}, hidden_size={n_units}", sizes, expected))
    return cases


def _step_case(label: str, draw: dict[str, ndarray], h: ndarray) -> Case:
    arguments = {"x": draw["x"], "h": h, "U": draw["U"], "W": draw["W"], "b": draw["b"]}
    return Case(f"{label} {_sizes(draw)}", arguments, (_next_state(**arguments),))


def rnn_step(seed: int) -> list[Case]:
    """Each term alone, all three, integers, batches."""
    rng = default_rng(seed)
    cases = []
    for n_features, n_units in [(3, 4), (4, 4), (5, 2)]:
        draw, h = _draw(rng, n_features, n_units), rng.uniform(-1, 1, n_units)
        x, b = draw["x"], draw["b"]
        only_bias, only_x, only_h = {"x": 0 * x}, {"b": 0 * b}, {"x": 0 * x, "b": 0 * b}
        isolated = [(only_bias, 0 * h), (only_x, 0 * h), (only_h, h), ({}, h)]
        for term, (zeroed, state) in zip(TERMS, isolated, strict=True):
            cases.append(_step_case(f"one input with {term}", draw | zeroed, state))
    cases.append(_step_case("one input of integers", _draw_integers(rng, 3, 4), rng.integers(-1, 2, 4)))
    for n_sequences, n_features, n_units in [(5, 3, 4), (5, 4, 4), (1, 3, 4)]:
        draw, h = _draw(rng, n_features, n_units, n_sequences), rng.uniform(-1, 1, (n_sequences, n_units))
        cases.append(_step_case(f"a batch of {n_sequences}", draw, h))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_step_case("a batch of 5, of integers", draw, rng.integers(-1, 2, (5, 4))))
    return cases


def first_step(seed: int) -> list[Case]:
    """Each of the two terms alone, both, integers."""
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray]) -> None:
        arguments = {"x_1": draw["x"], "U": draw["U"], "b": draw["b"]}
        expected = tanh(draw["U"] @ draw["x"] + draw["b"])
        cases.append(Case(f"one input {label} {_sizes(draw)}", arguments, (expected,)))

    for n_features, n_units in [(3, 4), (4, 4), (5, 2)]:
        draw = _draw(rng, n_features, n_units)
        for term, zeroed in zip(FIRST_TERMS, ({"x": 0 * draw["x"]}, {"b": 0 * draw["b"]}, {}), strict=True):
            add(f"with {term}", draw | zeroed)
    add("of integers", _draw_integers(rng, 3, 4))
    return cases


# A whole sequence


def _forward_case(label: str, draw: dict[str, ndarray], h_0: ndarray) -> Case:
    output = _states(**draw, h_0=h_0)
    return Case(f"{label} {_sizes(draw)}", draw | {"h_0": h_0}, (output, output[-1]))


def rnn_forward(seed: int) -> list[Case]:
    """One sequence and batches, from zero and other states, of integers, with N = T, and a long one."""
    rng = default_rng(seed)
    cases = []
    for n_steps, n_features, n_units in [(1, 3, 4), (5, 3, 4), (5, 4, 4), (6, 4, 2)]:
        draw, h_0 = _draw(rng, n_features, n_units, n_steps), rng.uniform(-1, 1, n_units)
        label = f"one sequence of T={n_steps}"
        cases.append(_forward_case(f"{label} with h_0 = 0", draw, zeros(n_units)))
        cases.append(_forward_case(f"{label} with a non-zero h_0", draw, h_0))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_forward_case("one sequence of integers", draw, rng.integers(-1, 2, 4)))
    # With as many sequences as steps, a mix-up of the two axes raises no error.
    for n_steps, n_sequences, n_features, n_units in [(5, 2, 3, 4), (5, 2, 4, 4), (6, 6, 3, 4), (4, 1, 3, 5)]:
        draw = _draw(rng, n_features, n_units, n_steps, n_sequences)
        label = f"a batch of N={n_sequences} with T={n_steps}"
        cases.append(_forward_case(label, draw, rng.uniform(-1, 1, (n_sequences, n_units))))
    draw = _draw_integers(rng, 3, 4, 5, 2)
    cases.append(_forward_case("a batch of N=2 of integers", draw, rng.integers(-1, 2, (2, 4))))
    cases.append(_forward_case("a long sequence of T=200", _draw(rng, 3, 4, 200), rng.uniform(-1, 1, 4)))
    return cases


def trace(seed: int) -> list[Case]:
    """Sequences of several lengths, with I = H and not, and of integers."""
    rng = default_rng(seed)
    sizes = [(1, 3, 4), (2, 3, 4), (5, 3, 4), (5, 4, 4), (6, 5, 2)]
    draws = [
        (f"one sequence of T={n_steps}", _draw(rng, n_features, n_units, n_steps))
        for n_steps, n_features, n_units in sizes
    ]
    draws.append(("one sequence of integers", _draw_integers(rng, 3, 4, 5)))
    return [Case(f"{label} {_sizes(draw)}", draw, (_states(**draw),)) for label, draw in draws]
