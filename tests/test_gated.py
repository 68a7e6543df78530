"""The GRU and the LSTM in NumPy against torch, against their own steps, and against bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_helpers.compare import TOLERANCES
from rnn_helpers.gated import gru_forward, gru_step, lstm_forward, lstm_step

quick = settings(deadline=None, derandomize=True, max_examples=40)
SIZES = {
    "n_steps": st.one_of(st.just(1), st.integers(1, 40)),
    "batch": st.one_of(st.just(()), st.tuples(st.integers(1, 6))),
    "sizes": st.one_of(st.tuples(st.integers(1, 9), st.integers(1, 12)), st.integers(1, 9).map(lambda n: (n, n))),
    "with_states": st.booleans(),
    "seed": st.integers(0, 2**31 - 1),
}


def torch_layer(kind, n_features, n_units, *, dtype="float64", seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(torch.nn, kind)(n_features, n_units, dtype=getattr(torch, dtype))


def parameters(layer):
    """U, W and torch's two biases."""
    return [each.detach().numpy().copy() for each in layer.parameters()]


def assert_same(ours, theirs, dtype):
    for one, other in zip(ours, theirs, strict=True):
        other = other.detach().numpy()
        assert one.shape == other.shape
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, **TOLERANCES[dtype])


def draw(rng, dtype, n_steps, batch, n_features, n_units, n_states):
    x = rng.uniform(-3, 3, (n_steps, *batch, n_features)).astype(dtype)
    return x, [rng.uniform(-1, 1, (*batch, n_units)).astype(dtype) for _ in range(n_states)]


@pytest.mark.parametrize("dtype", TOLERANCES)
@given(**SIZES)
@quick
def test_gru_means_what_torch_means(dtype, n_steps, batch, sizes, with_states, seed):
    layer = torch_layer("GRU", *sizes, dtype=dtype, seed=seed)
    x, (h_0,) = draw(np.random.default_rng(seed), dtype, n_steps, batch, *sizes, 1)
    output, h_n = layer(torch.tensor(x), torch.tensor(h_0)[None] if with_states else None)
    assert_same(gru_forward(x, *parameters(layer), h_0 if with_states else None), (output, h_n[0]), dtype)


@pytest.mark.parametrize("dtype", TOLERANCES)
@given(**SIZES)
@quick
def test_lstm_means_what_torch_means(dtype, n_steps, batch, sizes, with_states, seed):
    layer = torch_layer("LSTM", *sizes, dtype=dtype, seed=seed)
    x, states = draw(np.random.default_rng(seed), dtype, n_steps, batch, *sizes, 2)
    U, W, b_ih, b_hh = parameters(layer)
    given = tuple(torch.tensor(state)[None] for state in states) if with_states else None
    output, (h_n, c_n) = layer(torch.tensor(x), given)
    ours, last = lstm_forward(x, U, W, b_ih + b_hh, *(states if with_states else ()))
    assert_same((ours, *last), (output, h_n[0], c_n[0]), dtype)


@given(**SIZES)
@quick
def test_one_step_after_the_other_gives_the_sequence(n_steps, batch, sizes, with_states, seed):
    rng = np.random.default_rng(seed)
    x, (h, c) = draw(rng, "float64", n_steps, batch, *sizes, 2)
    states = (h, c) if with_states else ()
    U, W, b_ih, b_hh = parameters(torch_layer("GRU", *sizes, seed=seed))
    output, _ = gru_forward(x, U, W, b_ih, b_hh, *states[:1])
    state = h if with_states else 0 * h
    for x_t, expected in zip(x, output, strict=True):
        state = gru_step(x_t, state, U, W, b_ih, b_hh)
        np.testing.assert_allclose(state, expected, rtol=0, atol=1e-12)  # float64: rounding alone
    U, W, b_ih, b_hh = parameters(torch_layer("LSTM", *sizes, seed=seed))
    output, (_, c_n) = lstm_forward(x, U, W, b_ih + b_hh, *states)
    state, cell = states or (0 * h, 0 * c)
    for x_t, expected in zip(x, output, strict=True):
        state, cell = lstm_step(x_t, state, cell, U, W, b_ih + b_hh)
        np.testing.assert_allclose(state, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cell, c_n, rtol=0, atol=1e-12)


def test_a_step_is_the_one_of_torchs_cell():
    rng = np.random.default_rng(0)
    x, h, c = rng.uniform(-3, 3, (5, 3)), rng.uniform(-1, 1, (5, 4)), rng.uniform(-1, 1, (5, 4))
    cell = torch.nn.GRUCell(3, 4, dtype=torch.float64)
    assert_same([gru_step(x, h, *parameters(cell))], [cell(torch.tensor(x), torch.tensor(h))], "float64")
    cell = torch.nn.LSTMCell(3, 4, dtype=torch.float64)
    U, W, b_ih, b_hh = parameters(cell)
    expected = cell(torch.tensor(x), (torch.tensor(h), torch.tensor(c)))
    assert_same(lstm_step(x, h, c, U, W, b_ih + b_hh), expected, "float64")
    ours = lstm_step(x.reshape(5, 1, 3), h[:, None], c[:, None], U, W, b_ih + b_hh)  # any leading axes
    assert_same([each[:, 0] for each in ours], expected, "float64")


def test_the_two_biases_of_a_gru_are_not_one():
    """Why `gru_step` takes both: moved from b_hh to b_ih, the last third no longer passes the reset gate."""
    layer = torch_layer("GRU", 3, 4)
    U, W, b_ih, b_hh = parameters(layer)
    x = np.random.default_rng(0).uniform(-3, 3, (9, 3))
    right, _ = gru_forward(x, U, W, b_ih, b_hh)
    one, _ = gru_forward(x, U, W, b_ih + b_hh, 0 * b_hh)
    assert np.abs(one - right).max() > 1e-3
    moved = np.concatenate([b_hh[:8], np.zeros(4)])  # of r and z they are
    two_thirds, _ = gru_forward(x, U, W, b_ih + moved, b_hh - moved)
    np.testing.assert_allclose(two_thirds, right, rtol=0, atol=1e-12)


def test_cut_in_two_and_continued():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (7, 5, 3))
    U, W, b_ih, b_hh = parameters(torch_layer("GRU", 3, 4))
    whole, h_n = gru_forward(x, U, W, b_ih, b_hh)
    half, h = gru_forward(x[:3], U, W, b_ih, b_hh)
    rest, last = gru_forward(x[3:], U, W, b_ih, b_hh, h)
    np.testing.assert_allclose(np.concatenate([half, rest]), whole, rtol=0, atol=1e-12)
    np.testing.assert_allclose(last, h_n, rtol=0, atol=1e-12)
    U, W, b, _ = parameters(torch_layer("LSTM", 3, 4))
    whole, ends = lstm_forward(x, U, W, b)
    half, states = lstm_forward(x[:3], U, W, b)
    rest, last = lstm_forward(x[3:], U, W, b, *states)
    np.testing.assert_allclose(np.concatenate([half, rest]), whole, rtol=0, atol=1e-12)
    np.testing.assert_allclose(last, ends, rtol=0, atol=1e-12)


def test_a_cell_may_be_given_without_a_hidden_state():
    U, W, b, _ = parameters(torch_layer("LSTM", 3, 4))
    x, c_0 = np.ones((2, 3)), np.full(4, 0.5)
    expected = lstm_forward(x, U, W, b, np.zeros(4), c_0)
    np.testing.assert_array_equal(lstm_forward(x, U, W, b, c_0=c_0)[0], expected[0])


def test_large_sums_overflow_nowhere():
    with np.errstate(all="raise", under="ignore"):
        one, three, four = np.ones((1, 1)), np.full((3, 1), 1e4), np.full((4, 1), -1e4)
        assert gru_step(one[0], [0.5], three, three, three[:, 0], three[:, 0]) == 0.5  # z is 1: the state stays
        h, c = lstm_step(one[0], [0.5], [0.5], four, four, four[:, 0])
        assert (h, c) == (0, 0)  # every gate is shut
        assert gru_forward(one, three, three, three[:, 0], three[:, 0])[1] == 0


def test_integers_give_float64_and_float32_stays():
    U, W, b_ih, b_hh = parameters(torch_layer("GRU", 3, 4, dtype="float32"))
    x = np.ones((5, 3), np.float32)
    assert gru_forward(x, U, W, b_ih, b_hh)[0].dtype == np.float32
    assert gru_step(x[0], np.zeros(4), U, W, b_ih, b_hh).dtype == np.float64
    whole = [np.ones(shape, int) for shape in [(5, 3), (8, 3), (8, 2), (8,)]]
    output, (h_n, c_n) = lstm_forward(*whole)
    assert output.dtype == h_n.dtype == c_n.dtype == np.float64
    np.testing.assert_array_equal(output, lstm_forward(*(value.astype(float) for value in whole))[0])


def test_nothing_that_they_are_given_is_changed_or_returned():
    rng = np.random.default_rng(0)
    x, (h_0, c_0) = draw(rng, "float64", 5, (2,), 3, 4, 2)
    U, W, b_ih, b_hh = parameters(torch_layer("GRU", 3, 4))
    V, R, b, _ = parameters(torch_layer("LSTM", 3, 4))
    arrays = [x, h_0, c_0, U, W, b_ih, b_hh, V, R, b]
    before = [value.copy() for value in arrays]
    for value in arrays:
        value.flags.writeable = False
    output, h_n = gru_forward(x, U, W, b_ih, b_hh, h_0)
    states, (h, c) = lstm_forward(x, V, R, b, h_0, c_0)
    for result, others in [(h_n, [output]), (h, [states, c]), (c, [states, h])]:
        assert not any(np.shares_memory(result, other) for other in others)
    output[...], states[...], c[...] = 9, 9, 9
    for value, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_an_empty_batch_gives_empty_results():
    U, W, b_ih, b_hh = parameters(torch_layer("GRU", 3, 4))
    assert [each.shape for each in gru_forward(np.ones((5, 0, 3)), U, W, b_ih, b_hh)] == [(5, 0, 4), (0, 4)]


GRU = {"x": np.zeros((5, 2, 3)), "U": np.zeros((12, 3)), "W": np.zeros((12, 4)), "b_ih": np.zeros(12),
       "b_hh": np.zeros(12), "h_0": np.zeros((2, 4))}  # fmt: skip
LSTM = {"x": np.zeros((5, 2, 3)), "U": np.zeros((16, 3)), "W": np.zeros((16, 4)), "b": np.zeros(16),
        "h_0": np.zeros((2, 4)), "c_0": np.zeros((2, 4))}  # fmt: skip


@pytest.mark.parametrize(
    ("forward", "change", "error", "message"),
    [
        (gru_forward, {"x": np.zeros(3)}, ValueError, r"x must have shape \(T, I\) or \(T, N, I\), got \(3,\)"),
        (gru_forward, {"x": np.zeros((0, 3))}, ValueError, r"x has no time steps.*got \(0, 3\)"),
        (gru_forward, {"x": np.zeros((5, 4))}, ValueError, r"x has 4 features, but U of shape \(12, 3\) reads 3"),
        (gru_forward, {"x": 1.0}, ValueError, "x has no axes"),
        (
            gru_forward,
            {"W": np.zeros((4, 4))},
            ValueError,
            r"W must have shape \(3H, H\), H rows each for r, z, n; got \(4, 4\)",
        ),
        (gru_forward, {"W": np.zeros(12)}, ValueError, r"W must have shape \(3H, H\).*got \(12,\)"),
        (
            gru_forward,
            {"U": np.zeros((4, 3))},
            ValueError,
            r"U must have shape \(12, I\), H rows each for r, z, n, as W of shape \(12, 4\); got \(4, 3\)",
        ),
        (gru_forward, {"U": np.zeros(12)}, ValueError, r"U must have shape \(12, I\).*got \(12,\)"),
        (gru_forward, {"b_hh": np.zeros(4)}, ValueError, r"b_hh must have shape \(12,\), \(3H,\) for .*; got \(4,\)"),
        (gru_forward, {"h_0": np.zeros(4)}, ValueError, r"h_0 must have shape \(2, 4\), one number.*got \(4,\)"),
        (gru_forward, {"b_ih": "b"}, TypeError, "b_ih must hold real numbers"),
        (lstm_forward, {"x": np.zeros((0, 2, 3))}, ValueError, "x has no time steps"),
        (
            lstm_forward,
            {"W": np.zeros((12, 4))},
            ValueError,
            r"W must have shape \(4H, H\), H rows each for i, f, g, o; got \(12, 4\)",
        ),
        (lstm_forward, {"b": np.zeros(12)}, ValueError, r"b must have shape \(16,\), \(4H,\) for .*got \(12,\)"),
        (lstm_forward, {"c_0": np.zeros((1, 4))}, ValueError, r"c_0 must have shape \(2, 4\).*got \(1, 4\)"),
        (lstm_forward, {"c_0": [[0], [1, 2]]}, TypeError, "c_0 must be a rectangular array of numbers, got list"),
    ],
)
def test_a_sequence_that_does_not_fit_is_refused(forward, change, error, message):
    with pytest.raises(error, match=message):
        forward(**((GRU if forward is gru_forward else LSTM) | change))


@pytest.mark.parametrize(
    ("step", "change", "error", "message"),
    [
        (
            gru_step,
            {"h": np.zeros(4)},
            ValueError,
            r"h must have shape \(2, 4\), one row for each row of x.*got \(4,\)",
        ),
        (gru_step, {"x": np.zeros((2, 4))}, ValueError, r"x has 4 features, but U of shape \(12, 3\) reads 3"),
        (gru_step, {"W": np.zeros((12, 3))}, ValueError, r"W must have shape \(3H, H\).*got \(12, 3\)"),
        (lstm_step, {"c": np.zeros((2, 3))}, ValueError, r"c must have shape \(2, 4\).*got \(2, 3\)"),
        (lstm_step, {"h": None}, TypeError, "h must hold real numbers"),
    ],
)
def test_a_step_that_does_not_fit_is_refused(step, change, error, message):
    good = dict(GRU if step is gru_step else LSTM, x=np.zeros((2, 3)), h=np.zeros((2, 4)))
    good = {name: value for name, value in good.items() if name not in ("h_0", "c_0")}
    if step is lstm_step:
        good["c"] = np.zeros((2, 4))
    with pytest.raises(error, match=message):
        step(**(good | change))
