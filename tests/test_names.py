"""The book's appendix of other people's names: each convention, in its own formula, gives the trace of page 02."""

import re

import numpy as np
import pytest

from rnn_helpers import data, rnn_forward
from rnn_helpers.gated import gru_step, lstm_step
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


# Gated cells

RNG = np.random.default_rng(0)
GRU = [RNG.normal(size=shape) for shape in [(12, 3), (12, 4), (12,), (12,)]]
LSTM = [RNG.normal(size=shape) for shape in [(16, 3), (16, 4), (16,)]]
X_1, H_0, C_0 = RNG.normal(size=3), RNG.uniform(-1, 1, 4), RNG.uniform(-1, 1, 4)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def in_order(values, order, here):
    """The blocks of rows, in another library's order of these letters."""
    blocks = dict(zip(here, np.split(values, len(here)), strict=True))
    return np.concatenate([blocks[gate] for gate in order])


def keras_gru(x, h):
    kernel, recurrent_kernel, *biases = (in_order(values, "zrn", "rzn").T for values in GRU)
    bias = np.stack(biases)  # (2, 3H)
    x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3)
    recurrent_z, recurrent_r, recurrent_h = np.split(h @ recurrent_kernel + bias[1], 3)
    z, r = sigmoid(x_z + recurrent_z), sigmoid(x_r + recurrent_r)
    return z * h + (1 - z) * np.tanh(x_h + r * recurrent_h)


def onnx_gru(x, h):
    input_weights, R, *biases = (in_order(values, "zrn", "rzn") for values in GRU)
    Wz, Wr, Wh = np.split(input_weights, 3)
    Rz, Rr, Rh = np.split(R, 3)
    Wbz, Wbr, Wbh, Rbz, Rbr, Rbh = np.split(np.concatenate(biases), 6)
    zt = sigmoid(x @ Wz.T + h @ Rz.T + Wbz + Rbz)
    rt = sigmoid(x @ Wr.T + h @ Rr.T + Wbr + Rbr)
    ht = np.tanh(x @ Wh.T + rt * (h @ Rh.T + Rbh) + Wbh)
    return (1 - zt) * ht + zt * h


def keras_lstm(x, h, c):
    kernel, recurrent_kernel, bias = (values.T for values in LSTM)
    i, f, new, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
    return sigmoid(o) * np.tanh(c), c


def onnx_lstm(x, h, c):
    input_weights, R, Wb = (in_order(values, "iofg", "ifgo") for values in LSTM)
    it, ot, ft, ct = np.split(x @ input_weights.T + h @ R.T + 0.75 * Wb + 0.25 * Wb, 4)
    Ct = sigmoid(ft) * c + sigmoid(it) * np.tanh(ct)
    return sigmoid(ot) * np.tanh(Ct), Ct


def test_each_order_of_gates_gives_the_same_step():
    for step in (keras_gru, onnx_gru):
        assert np.allclose(step(X_1, H_0), gru_step(X_1, H_0, *GRU), rtol=0, atol=1e-12)  # float64: rounding alone
    for step in (keras_lstm, onnx_lstm):
        assert np.allclose(step(X_1, H_0, C_0), lstm_step(X_1, H_0, C_0, *LSTM), rtol=0, atol=1e-12)


def test_the_names_of_pytorch_are_those_of_its_layer():
    torch = pytest.importorskip("torch")
    own = dict(torch.nn.RNN(3, 4).named_parameters())
    column = [row.split("|")[2] for row in APPENDIX.splitlines() if re.match(r"\| [UWb] \(", row)]
    assert re.findall(r"`(\w+)`", " ".join(column)) == list(own)
    assert [tuple(value.shape) for value in own.values()] == [U.shape, W.shape, b.shape, b.shape]
    of_a_cell = [name for name, _ in torch.nn.RNNCell(3, 4).named_parameters()]
    assert of_a_cell == [name.removesuffix("_l0") for name in own]
