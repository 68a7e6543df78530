"""The book's appendix of other people's names: each convention, in its own formula, gives the trace of page 02."""

import re

import numpy as np
import pytest

from rnn_helpers import data, rnn_forward
from tools.settings import ROOT

U, W, b = data.U, data.W, data.b
APPENDIX = (ROOT / "book" / "names.md").read_text(encoding="utf-8")
STATES, _ = rnn_forward(data.X, U, W, b)


def pytorch(x, h):
    """Any split of b will do, as only the sum counts."""
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 = U, W, 0.75 * b, 0.25 * b
    return np.tanh(x @ weight_ih_l0.T + bias_ih_l0 + h @ weight_hh_l0.T + bias_hh_l0)


def keras(x, h):
    kernel, recurrent_kernel, bias = U.T, W.T, b
    return np.tanh(x @ kernel + bias + h @ recurrent_kernel)


def onnx(x, h):
    input_weights, R, B = U[np.newaxis], W[np.newaxis], np.concatenate([0.75 * b, 0.25 * b])[np.newaxis]
    Wb, Rb = np.split(B[0], 2)
    return np.tanh(x @ input_weights[0].T + h @ R[0].T + Wb + Rb)


def dive_into_deep_learning(x, h):
    W_xh, W_hh, b_h = U.T, W.T, b
    return np.tanh(x @ W_xh + h @ W_hh + b_h)


def cs231n(x, h):
    Wx, Wh = U.T, W.T
    return np.tanh(x @ Wx + h @ Wh + b)


@pytest.mark.parametrize("step", [pytorch, keras, onnx, dive_into_deep_learning, cs231n])
def test_each_convention_gives_the_trace(step):
    h = np.zeros(4)
    for x, expected in zip(data.X, STATES, strict=True):
        h = step(x, h)
        assert np.allclose(h, expected, rtol=0, atol=1e-12)  # float64: rounding alone


def test_a_forgotten_transposition_raises_no_error_and_is_off():
    h = np.tanh(data.X[1] @ U.T + STATES[0] @ W + b)
    assert np.abs(h - STATES[1]).max() > 0.1


def test_the_names_of_pytorch_are_those_of_its_layer():
    torch = pytest.importorskip("torch")
    own = dict(torch.nn.RNN(3, 4).named_parameters())
    column = [row.split("|")[2] for row in APPENDIX.splitlines() if re.match(r"\| [UWb] \(", row)]
    assert re.findall(r"`(\w+)`", " ".join(column)) == list(own)
    assert [tuple(value.shape) for value in own.values()] == [U.shape, W.shape, b.shape, b.shape]
    of_a_cell = [name for name, _ in torch.nn.RNNCell(3, 4).named_parameters()]
    assert of_a_cell == [name.removesuffix("_l0") for name in own]
