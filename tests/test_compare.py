"""The comparison with torch: it sees a wrong weight, finds none in the whole grid, and times both."""

import contextlib
import itertools
import re
import time

import numpy as np
import pytest
import threadpoolctl
import torch

from rnn_helpers import RNN, compare


@pytest.fixture
def layer():
    return torch.nn.RNN(3, 4, 2, bidirectional=True, batch_first=True, dtype=torch.float64)


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(compare, "SIZES", ((2, 1, 3, 4), (3, 2, 1, 1)))
    monkeypatch.setattr(compare, "SIZES_OF_GRADIENTS", ((4, 1, 2, 2),))
    monkeypatch.setattr(compare, "BLOCK_SECONDS", 0.001)
    monkeypatch.setattr(compare, "PAUSE_SECONDS", 0)


def test_same_weights_give_the_same_numbers(layer):
    x = np.random.default_rng(0).uniform(-3, 3, (2, 5, 3))
    for arguments in [(x,), (x[0],), (x, np.ones((4, 2, 4))), (x, None, [2, 5]), (x.tolist(), None, (5, 1))]:
        difference = compare.against_torch(layer, *arguments)
        assert max(difference.output, difference.h_n) < 1e-12
        assert difference.agrees


def test_any_view_of_an_array_is_read(layer):
    x = np.random.default_rng(0).uniform(-3, 3, (2, 5, 3))
    assert compare.against_torch(layer, x[::-1, ::-1], np.ones((4, 2, 4))[::-1], np.array([2, 5])[::-1]).agrees


def test_tensors_that_require_grad_are_read(layer):
    x = torch.ones((2, 5, 3), dtype=torch.float64, requires_grad=True)
    assert compare.against_torch(layer, x, torch.zeros((4, 2, 4))).agrees


def test_what_the_layer_refuses_is_refused_here_too(layer):
    with pytest.raises(TypeError, match="x must hold real numbers"):
        compare.against_torch(layer, np.ones((2, 5, 3), complex))


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def default_device(name):
    torch.set_default_device(name)
    try:
        yield
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize(
    "setting",
    [
        lambda: default_dtype(torch.float64),
        lambda: default_dtype(torch.bfloat16),
        lambda: default_device("meta"),
        lambda: torch.autocast("cpu", dtype=torch.bfloat16),
        lambda: torch.inference_mode(),
        lambda: np.errstate(all="raise"),
    ],
    ids=["float64", "bfloat16", "meta", "autocast", "inference", "errstate"],
)
def test_the_readers_settings_do_not_matter(setting, monkeypatch, layer):
    float32, x = torch.nn.RNN(3, 4, batch_first=True), np.random.default_rng(0).uniform(-3, 3, (2, 5, 3))
    timed, gated, gru = [], torch.nn.LSTM(3, 4), torch.nn.GRU(3, 4, batch_first=True, dtype=torch.float64)
    monkeypatch.setattr(compare, "_time_block", lambda call: timed.append(call()[0].dtype) or 1.0)
    with setting():
        assert compare.against_torch(gated, x, (np.ones((1, 5, 4)), np.ones((1, 5, 4)))).agrees
        assert compare.against_torch(gru, x, np.ones((1, 2, 4))).agrees
        for lengths in (None, [5, 3]):
            assert compare.against_torch(float32, x, np.ones((1, 2, 4)), lengths).agrees
            assert compare.against_torch(layer, x, None, lengths).agrees
        some = list(itertools.islice(compare.grid(), 5, None, 31))  # all 192 would take too long six times
        assert len(some) == 7
        assert all(difference.agrees for _, difference in some)
        compare.time_both(2, 1, 3, 4, rounds=1)
    assert timed == [np.float32, torch.float32]


def test_equal_infinities_agree():
    layer = torch.nn.RNN(1, 1, nonlinearity="relu", bias=False, dtype=torch.float64)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(1)
    difference = compare.against_torch(layer, np.full((3, 1), np.inf))
    assert difference == (0, 0, True)


GATED = [torch.nn.GRU, torch.nn.LSTM]


@pytest.mark.parametrize("kind", GATED)
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bias": False}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gated_layers_are_compared_too(kind, options, dtype):
    layer = kind(3, 4, dtype=dtype, **options)
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (2, 5, 3))
    states = [rng.uniform(-1, 1, (1, 2 if layer.batch_first else 5, 4)) for _ in range(2)]
    given = tuple(states) if kind is torch.nn.LSTM else states[0]
    alone = [state[:, 0] for state in states]
    for arguments in [(x,), (x[0],), (x, given), (x[0], tuple(alone) if kind is torch.nn.LSTM else alone[0])]:
        difference = compare.against_torch(layer, *arguments)
        assert difference.agrees
        assert max(difference.output, difference.h_n) < (1e-12 if dtype is torch.float64 else 1e-6)
        assert repr(difference).startswith("rnn_helpers.gated and torch agree: output by ")
        assert "locate" not in repr(difference)  # which reads ports of nn.RNN


@pytest.mark.parametrize("kind", GATED)
def test_a_wrong_gated_cell_shows(kind, monkeypatch):
    layer, name = kind(3, 4), "gru_forward" if kind is torch.nn.GRU else "lstm_forward"
    right = getattr(compare, name)
    monkeypatch.setattr(compare, name, lambda x, U, *rest: right(x, 1.01 * U, *rest))
    difference = compare.against_torch(layer, np.ones((5, 2, 3)))
    assert not difference.agrees
    assert 1e-5 < difference.output < 0.1
    assert "differ" in repr(difference)


def test_a_wrong_last_cell_shows(monkeypatch):
    right = compare.lstm_forward

    def off(*arguments):
        output, (h_n, c_n) = right(*arguments)
        return output, (h_n, c_n + 0.5)

    monkeypatch.setattr(compare, "lstm_forward", off)
    difference = compare.against_torch(torch.nn.LSTM(3, 4), np.ones((5, 2, 3)))
    assert difference.h_n == pytest.approx(0.5, abs=1e-6)
    assert not difference.agrees


class OtherGRU(torch.nn.GRU):
    def forward(self, x, h_0=None):
        return super().forward(2 * x, h_0)


@pytest.mark.parametrize(
    ("layer", "arguments", "error", "message"),
    [
        (torch.nn.GRU(3, 4, 2), (), ValueError, r"expected a GRU of one layer.*; got GRU\(3, 4, num_layers=2\)"),
        (torch.nn.LSTM(3, 4, bidirectional=True), (), ValueError, "expected a LSTM of one layer and one direction"),
        (torch.nn.LSTM(3, 4, proj_size=2), (), ValueError, "without a projection; got LSTM"),
        (torch.nn.GRU(3, 4, dtype=torch.float16), (), ValueError, "must be float32 or float64, got float16"),
        (OtherGRU(3, 4), (), TypeError, "expected a torch.nn.GRU with torch's own forward, got OtherGRU"),
        (torch.nn.GRU(3, 4), (None, [5, 5]), ValueError, "lengths go with an nn.RNN: gru_forward reads sequences of"),
        (torch.nn.GRU(3, 4), (np.ones((5, 4)),), ValueError, r"h_0 must have shape \(1, H\) or .*; got \(5, 4\)"),
        (torch.nn.GRU(3, 4), (np.ones((1, 5, 3)),), ValueError, r"h_0 must have shape \(2, 4\).*; got \(5, 3\)"),
        (torch.nn.LSTM(3, 4), (np.ones((1, 2, 4)),), ValueError, r"the pair \(h_0, c_0\), got ndarray"),
    ],
)
def test_what_gated_layers_are_not_compared_with_is_said(layer, arguments, error, message):
    with pytest.raises(error, match=message):
        compare.against_torch(layer, np.ones((5, 2, 3)), *arguments)


def test_a_wrong_weight_shows(layer, monkeypatch):
    right = RNN.from_torch(layer)
    right.weight_hh_l1_reverse[2, 1] += 0.01
    monkeypatch.setattr(compare.RNN, "from_torch", lambda module: right)
    difference = compare.against_torch(layer, np.ones((2, 5, 3)))
    assert 1e-5 < difference.output < 0.1
    assert 1e-5 < difference.h_n < 0.1
    assert not difference.agrees


def test_nan_shows(layer, monkeypatch):
    rnn = RNN.from_torch(layer)
    rnn.weight_hh_l1[2, 1] = np.nan
    monkeypatch.setattr(compare.RNN, "from_torch", lambda module: rnn)
    difference = compare.against_torch(layer, np.ones((2, 5, 3)))
    assert np.isnan([difference.output, difference.h_n]).all()
    assert not difference.agrees


def test_another_dtype_or_shape_is_an_error(layer, monkeypatch):
    h_n = np.ones((4, 2, 4))
    wrong = {
        "output: .* in float32, torch gives .* in float64": (np.ones((2, 5, 8), np.float32), h_n),
        r"output: .*\(2, 5, 7\) .*torch gives \(2, 5, 8\)": (np.ones((2, 5, 7)), h_n),
        r"h_n: .*\(1, 2, 4\) .*torch gives \(4, 2, 4\)": (np.ones((2, 5, 8)), h_n[:1]),
    }
    for message, results in wrong.items():
        monkeypatch.setattr(RNN, "__call__", lambda *_, results=results: results)
        with pytest.raises(ValueError, match=message):
            compare.against_torch(layer, np.ones((2, 5, 3)))


def test_the_tolerances_are_those_of_two_right_implementations():
    assert compare.TOLERANCES == {"float32": {"atol": 1e-6, "rtol": 1e-5}, "float64": {"atol": 1e-12, "rtol": 0}}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_whole_grid_agrees(dtype):
    results = list(compare.grid(dtype))
    assert len(results) == len({tuple(options.values()) for options, _ in results}) == 3 * 2**6
    assert all(list(options) == list(compare.OPTIONS) for options, _ in results)
    assert all(difference.agrees for _, difference in results)
    # In float32 the two must not be one and the same computation.
    assert dtype == "float64" or max(difference.output for _, difference in results) > 0


def test_grid_gives_first_states_and_lengths_where_it_says_so(monkeypatch):
    given = []
    monkeypatch.setattr(compare, "against_torch", lambda layer, x, h_0, lengths: given.append((layer, h_0, lengths)))
    for (options, _), (layer, h_0, lengths) in zip(compare.grid(), given, strict=False):
        assert (h_0 is not None, lengths is not None) == (options["with_h_0"], options["with_lengths"])
        assert all(getattr(layer, name) == options[name] for name in options if not name.startswith("with_"))
    assert len(given) == 192


def test_time_both_times_each_on_the_size_that_it_is_given(monkeypatch):
    timed = []

    def time_block(call):
        output, last = call()
        timed.append((type(output).__module__, tuple(output.shape), isinstance(last, tuple)))
        return 1.0 if isinstance(output, np.ndarray) else 2.0

    monkeypatch.setattr(compare, "_time_block", time_block)
    for cell in compare.CELLS:
        timed.clear()
        assert compare.time_both(5, 2, 3, 4, cell=cell, rounds=2) == (1.0, 2.0)
        assert timed == 2 * [(home, (5, 2, 4), cell == "LSTM") for home in ("numpy", "torch")]
    with pytest.raises(ValueError, match="cell must be one of RNN, GRU, LSTM, got 'gru'"):
        compare.time_both(5, 2, 3, 4, cell="gru")


def test_time_gradients_times_the_same_derivatives(monkeypatch):
    """Both sides are run, on what they close over: their gradients are equal."""
    calls, forward, back = [], compare.rnn_forward, compare.rnn_backward
    monkeypatch.setattr(compare, "rnn_forward", lambda *given: calls.append(given) or forward(*given))
    monkeypatch.setattr(compare, "rnn_backward", lambda *given: calls.append(back(*given)))
    grad = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *given: calls.append(grad(*given)))
    monkeypatch.setattr(compare, "_time_block", lambda call: call() or 1.0)
    with torch.no_grad():  # a reader's setting
        assert compare.time_gradients(5, 2, 3, 4, rounds=1) == (1.0, 1.0)
    (x, *_), ours, theirs = calls
    assert x.shape == (5, 2, 3)
    for one, other in zip(ours[:4], theirs, strict=False):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)  # float32, sums of ten terms


def test_time_gradients_gives_positive_seconds(tiny):
    assert all(0 < seconds < 1 for seconds in compare.time_gradients(2, 1, 3, 4, rounds=1))


@pytest.mark.parametrize(("of_torch", "of_numpy", "pause"), [(1, 1, 0), (2, 1, 0.1), (1, 2, 0.1)])
def test_only_threads_that_may_still_spin_are_waited_for(of_torch, of_numpy, pause, monkeypatch):
    slept = []
    monkeypatch.setattr(compare.time, "sleep", slept.append)
    monkeypatch.setattr(compare, "_time_block", lambda call: 1.0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: of_torch)
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: [{"num_threads": 1}, {"num_threads": of_numpy}])
    compare.time_both(2, 1, 3, 4, rounds=2)
    assert slept == [pause] * 4


def test_a_block_gives_the_seconds_of_one_call(monkeypatch):
    calls = []
    seconds = compare._time_block(lambda: calls.append(time.sleep(0.02)))
    assert len(calls) >= 3  # one to warm up
    assert 0.02 <= seconds < 0.04 + 0.05  # on a busy machine a call may take longer


def test_grid_repeats_and_leaves_the_random_state_alone():
    state = torch.get_rng_state()
    first, again, other = (next(compare.grid(seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert torch.equal(torch.get_rng_state(), state)


def test_time_both_gives_positive_seconds(tiny):
    state = torch.get_rng_state()
    numpy_seconds, torch_seconds = compare.time_both(2, 1, 3, 4, rounds=2)
    assert 0 < numpy_seconds < 1
    assert 0 < torch_seconds < 1
    assert torch.equal(torch.get_rng_state(), state)


def test_main_prints_a_table(tiny, monkeypatch, capsys):
    times = {(2, 1, 3, 4): (0.002, 0.008), (3, 2, 1, 1): (0.003, 0.003)}
    factor = {"RNN": 1, "GRU": 2, "LSTM": 4}
    monkeypatch.setattr(compare, "time_both", lambda *size, cell: (factor[cell] * times[size][0], times[size][1]))
    monkeypatch.setattr(compare, "time_gradients", lambda *size: (0.001, 0.004))
    compare.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "RNN, forwards"
    assert "NumPy / torch" in lines[3]
    assert re.fullmatch(r"\(2, 1, 3, 4\) +2\.000 +8\.000 +0\.25", lines[4])
    assert re.fullmatch(r"\(3, 2, 1, 1\) +3\.000 +3\.000 +1\.00", lines[5])
    assert re.fullmatch(r"geometric mean +0\.50", lines[6])
    means = [line.split()[-1] for line in lines if line.startswith("geometric mean")]
    assert means == ["0.50", "1.00", "2.00", "0.25"]
    assert re.fullmatch(r"\(4, 1, 2, 2\) +1\.000 +4\.000 +0\.25", lines[-2])


def test_sizes_are_the_eight():
    assert len(set(compare.SIZES)) == 8
    assert all(len(size) == 4 for size in compare.SIZES)
