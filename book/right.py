"""What is right, for each check: a function, the lines of it that can be written otherwise, and an example to run.

The pages of the silent mistakes (mistake_pages.py) set a mistake's wrong line beside the line of these that mends it,
and run the mistake on the example. Each function is held to its check by the tests.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_helpers import data, rnn
from rnn_helpers.gated import gru_step as next_gru_state
from rnn_helpers.gated import lstm_step as next_lstm_states


@dataclass(frozen=True)
class Right:
    """What is right in the place of a mistake.

    Attributes
    ----------
    function : callable
        Passes the check.
    example : dict
        The arguments of a call, by name, in the order in which they are passed.
    told : str
        What the example is, as the end of a sentence.
    lines : tuple of str
        Right lines beside those of `function`: other ways to write it, where a mistake is one of that way.
    """

    function: Callable[..., Any]
    example: dict[str, Any]
    told: str
    lines: tuple[str, ...] = field(default=())


RIGHT: dict[str, Right] = {}

x, U, W, b = data.X, data.U, data.W, data.b
LAYER = {"U": U, "W": W, "b": b}
SENTENCE = "the five tokens of the running example"


def right(example: dict[str, Any], told: str, *lines: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make the decorator that says of a function that it is right."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        RIGHT[function.__name__] = Right(function, example, told, lines)
        return function

    return decorate


@right({"input_size": 3, "hidden_size": 4}, "the running example, where I = 3 and H = 4")
def parameter_shapes(input_size, hidden_size):
    return {
        "U": (hidden_size, input_size),
        "W": (hidden_size, hidden_size),
        "b": (hidden_size,),
    }


@right(
    {"x": x[1], "h": np.tanh(U @ x[0] + b), **LAYER},
    SENTENCE,
    "return np.tanh(z)",
    "new = np.zeros(h.shape)",
    "h, old = 1.0 * h, h.copy()",
    "both, weights = np.concatenate([x, h], axis=-1), np.concatenate([U, W], axis=1)",
    "h[..., i] = np.tanh(x @ U[i] + old @ W[i] + b[i])",
)
def rnn_step(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


@right(
    {"x": x, **LAYER, "h_0": np.zeros(4)},
    SENTENCE,
    "return rnn_forward(x, U, W, b, h_0)",
    "return output, h_n",
    "return output, output[-1]",
    "for x_t in x:",
    "for t, x_t in enumerate(x):",
    "h = rnn_step(x[t], h, U, W, b)",
    "h = rnn_step(x[..., t, :], h, U, W, b)",
    "z = np.tanh(x_t @ U.T + z @ W.T + b)",
    "output[t] = rnn_step(x_t, output[t - 1] if t else h_0, U, W, b)",
    "states.append(rnn_step(x_t, states[-1], U, W, b))",
    "output = np.zeros((len(x), *h_0.shape))",
    "output, h = [*output, rnn_step(x_t, h, U, W, b)], rnn_step(x_t, h, U, W, b)",
    "h = h.copy()",
    "h = output[-1]",
    "return np.stack(output, axis=0), h",
)
def rnn_forward(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@right(
    {"x": x, **LAYER, "h_0": np.array([0.5, -0.5, 0.5, -0.5])},
    SENTENCE + ", read from the state (0.5, −0.5, 0.5, −0.5)",
    "h_0 = self.zeros(x) if h_0 is None else h_0",
    "begin = h_0",
    "return rnn_forward(x, self.U, self.W, self.b, self.zeros(x) if h_0 is None else h_0)",
    "h, output = np.zeros((*x.shape[1:-1], len(self.b))) if h_0 is None else h_0, []",
)
class rnn_layer:  # noqa: N801 - the check's name
    def __init__(self, input_size, hidden_size):
        self.U = np.zeros((hidden_size, input_size))
        self.W = np.zeros((hidden_size, hidden_size))
        self.b = np.zeros(hidden_size)

    def __call__(self, x, h_0=None):
        if h_0 is None:
            h_0 = np.zeros((*x.shape[1:-1], len(self.b)))
        return rnn_forward(x, self.U, self.W, self.b, h_0)


@right({"x_1": x[0], "U": U, "b": b}, 'the first token, "What"')
def first_step(x_1, U, b):
    return np.tanh(U @ x_1 + b)


@right({"x": x, **LAYER}, SENTENCE, "return np.array(states[1:])", "states.append(h.copy())", "return states",
       "h, states = np.zeros(len(b)), np.zeros((len(x), len(b)))")  # fmt: skip
def trace(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)


@right(
    {"first_half": x[:3], "second_half": x[3:], **LAYER},
    "the running example, cut after its third token",
    "h = states[-1]",
    "return states[-1]",
    "return h",
    "for x_t in np.concatenate([first_half, second_half]):",
    "for x_t in [*first_half, *second_half]:",
)
def continue_reading(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for x_t in first_half:
        h = rnn_step(x_t, h, U, W, b)
    for x_t in second_half:
        h = rnn_step(x_t, h, U, W, b)
    return h


# Two biases that add up to b, and differ, so that each mistake with them shows.
BIASES = {"bias_ih_l0": np.array([0.3, 0.1, -0.2, 0.1]), "bias_hh_l0": np.array([-0.2, 0.1, 0.3, 0.1])}


@right(
    {"weight_ih_l0": U, "weight_hh_l0": W, **BIASES},
    "a layer with the running example's parameters",
    "U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()",
    "b = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()",
    "b = b + layer.bias_hh_l0.detach().numpy()",
    "return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()",
)
def from_torch(layer):
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()
    return U, W, b


@right(
    {"T": 5, "N": 2, "H": 4, "num_layers": 3, "num_directions": 2, "batch_first": True},
    "T = 5, N = 2, H = 4, three layers, two directions, batch first",
    "lead = (N, T) if batch_first else (T, N)",
    "h_n = (num_layers * num_directions, N, H)",
    "return (*lead, num_directions * H), (num_layers * num_directions, N, H)",
    "return (*((N, T) if batch_first else (T, N)), num_directions * H), (num_layers * num_directions, N, H)",
)
def output_shapes(T, N, H, num_layers, num_directions, batch_first):
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_layers * num_directions, N, H)


PADDED = np.stack([x, np.concatenate([x[:3], np.zeros((2, 3))])], axis=1)


@right(
    {"x": PADDED, "lengths": np.array([5, 3]), **LAYER},
    "the running example, and its first three tokens padded with zeros",
    "h = np.where((t < lengths)[:, np.newaxis], rnn_step(x_t, h, U, W, b), h)",
    "return np.array(states)[lengths - 1, np.arange(len(lengths))]",
    "return _by_index(x, lengths, U, W, b)",
    "ends[t == lengths - 1] = h[t == lengths - 1]",
    "for x_t in x[:length, n]:",
    "means.append(states[-1])",
)
def forward_lengths(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        h = np.where((t < lengths)[:, np.newaxis], rnn_step(x_t, h, U, W, b), h)
    return h


@right(
    {"x": np.rint(x).astype(int), **LAYER},
    "the running example, rounded to whole numbers",
    "return rnn_forward(x, U, W, b)[0]",
    "states[t] = h",
)
def read_counts(x, U, W, b):
    states = np.zeros((len(x), len(b)))
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = h
    return states


@right(
    {"x": np.stack([x, x[::-1]]), **LAYER},
    "the running example and its reverse, as a batch (2, 5, 3)",
    "output, _ = rnn_forward(x.swapaxes(0, 1), U, W, b)",
    "for x_t in x.swapaxes(0, 1):",
    "return states[-1]",
    "return rnn_forward(x.swapaxes(0, 1), U, W, b)[1]",
)
def read_batch_first(x, U, W, b):
    h = np.zeros((len(x), len(b)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ U.T + h @ W.T + b)
    return h


@right(
    {"x": x, **LAYER},
    SENTENCE + ", read from the last one",
    "output, h_n = rnn_forward(x[::-1], U, W, b)",
    "return np.array(output)[::-1], h",
    "for x_t in x[::-1]:",
    "for x_t in np.flip(x, axis=0):",
)
def read_backwards(x, U, W, b):
    h = np.zeros(len(b))
    output = np.zeros((len(x), len(b)))
    for t in reversed(range(len(x))):
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, h


@right({"x": x}, SENTENCE, "return x.sum(axis=0) / len(x)", "mean = mean + x_t / len(x)")
def mean_pool(x):
    return x.mean(axis=0)


@right({"x": x}, SENTENCE, "largest = x[0]")
def max_pool(x):
    return x.max(axis=0)


@right(
    {"summary": lambda rows: rows.mean(axis=0), "x": x},
    "the means of all 120 orders of the running example",
    "results = {tuple(np.round(summary(x[list(order)]), 9)) for order in itertools.permutations(range(len(x)))}",
    "return len({tuple(np.round(result, 9)) for result in results})",
    "orders = [list(order) for order in itertools.permutations(range(len(x)))]",
    "return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})",
    "if not any((np.abs(result - other) <= 1e-9).all() for other in kept):",
)
def distinct_summaries(summary, x):
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})


def _summaries() -> dict[str, Any]:
    """The mean pools of 400 sequences of three random tokens, and the first token of each, which they half tell."""
    drawn = data.token_sequences(400, 3, n_kinds=4, seed=0)
    return {"summaries": drawn.x.mean(axis=0), "tokens": drawn.tokens[0]}


@right(
    _summaries(),
    "the mean pools of 400 sequences of three tokens of four kinds, from which the first token is read back",
    "guesses, held_out = _guesses(summaries, tokens, 3 * len(tokens) // 4)",
    "return np.mean(guesses == held_out)",
    "guesses = (inputs[n_fit:] @ weights).argmax(axis=1)",
)
def read_back(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])


@right(
    {"H": 4, "scale": 0.9, "seed": 0},
    "H = 4 and scale = 0.9",
    "M, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))",
)
def orthogonal(H, scale, seed):
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return scale * Q


def _loss(w: np.ndarray) -> float:
    """Half the squared length of the sentence's last state, read with the weights w in the place of W."""
    return float((rnn.rnn_forward(x, U, w, b)[1] ** 2).sum() / 2)


@right(
    {"f": _loss, "w": W, "step": 1e-5},
    "half the squared length of the running example's last state, as W moves",
    "gradient[place] = (f(w + moved) - f(w - moved)) / (2 * step)",
    "moved = np.zeros(w.shape)",
    "above, below = w.astype(float), w.astype(float)",
)
def numerical_gradient(f, w, step):
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = (f(w + moved) - f(w - moved)) / (2 * step)
    return gradient


STATES = rnn.rnn_forward(x, U, W, b)[0]
# A readout with two classes: a question, or none.
V, d = np.array([[0.5, -0.2, 0.3, 0.1], [-0.3, 0.4, 0.1, -0.2]]), np.array([0.1, -0.1])


@right(
    {"h": STATES, "y": np.array([0, 0, 0, 0, 1]), "V": V, "d": d},
    "the five states of the running example, of which the last one has another label",
    "d_scores = (_softmax(h @ V.T + d) - np.eye(len(d))[y]) / len(y)",
    "d_scores = (p - np.eye(len(d))[y]) / len(y)",
    "return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)",
)
def output_gradient(h, y, V, d):
    scores = h @ V.T + d
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    d_scores = (powers / powers.sum(axis=1, keepdims=True) - np.eye(len(d))[y]) / len(y)
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


READ_FROM = np.array([0.5, -0.5, 0.5, -0.5])
READ = rnn.rnn_forward(x, U, W, b, READ_FROM)[0]


@right(
    {"x": x, "U": U, "W": W, "output": READ, "d_output": READ, "d_h_n": READ[-1], "h_0": READ_FROM},
    SENTENCE + ", read from the state (0.5, −0.5, 0.5, −0.5); the loss is half the sum of the squared states, with the "
    "last one twice",
    "d_z, d_h = np.zeros(output.shape), d_h_n",
    "d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)",
    "d_h = d_z[t] @ W",
    "return _gradients(x, U, d_z, _before(output, h_0), d_h)",
    "return d_x, d_U, _summed(d_z, _before(output, h_0)), d_b, d_h_0",
    "return d_x, _summed(d_z, x), d_W, d_b, d_h_0",
    "return d_z @ U, _summed(d_z, x), _summed(d_z, _before(output, h_0)), d_z.reshape(-1, len(U)).sum(axis=0), d_h",
    "n = 1",
    "direct[:] = d_output",
    "sums = [total + share for total, share in zip(sums, shares, strict=True)]",
)
def rnn_backward(x, U, W, output, d_output, d_h_n, h_0):
    d_x, d_U, d_W, d_b = np.zeros(x.shape), np.zeros(U.shape), np.zeros(W.shape), np.zeros(len(W))
    d_h = d_h_n
    for t in reversed(range(len(x))):
        d_z = (1 - output[t] ** 2) * (d_output[t] + d_h)
        before = output[t - 1] if t else h_0
        d_x[t] = d_z @ U
        rows = np.atleast_2d(d_z)
        d_U += rows.T @ np.atleast_2d(x[t])
        d_W += rows.T @ np.atleast_2d(before)
        d_b += rows.sum(axis=0)
        d_h = d_z @ W
    return d_x, d_U, d_W, d_b, d_h


@right(
    {"states": STATES[1:], "W": W},
    "the last four states of the running example: the last one by the first one",
    "jacobian = ((1 - h**2)[:, np.newaxis] * W) @ jacobian",
    "jacobian = np.eye(len(W))",
)
def state_jacobian(states, W):
    jacobian = np.eye(len(W))
    for h in states:
        jacobian = ((1 - h**2)[:, np.newaxis] * W) @ jacobian
    return jacobian


@right(
    {"first": 2 * U, "second": 2 * W, "third": 2 * b, "limit": 1.5},
    "twice the numbers of U, W and b as gradients, with a limit of 1.5",
    "norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))",
    "return [gradient * min(1, limit / max(norm, 1e-300)) for gradient in gradients]",
    "return [gradient * (limit / norm) if norm > limit else gradient + 0.0 for gradient in gradients]",
    "factors = len(gradients) * [min(1, limit / max(np.sqrt(sum((each**2).sum() for each in gradients)), 1e-300))]",
)
def clip_by_norm(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    factor = limit / norm if norm > limit else 1.0
    return [factor * gradient for gradient in gradients]


# Three and four blocks of rows made of the running example's, so that no two gates have the same.
GRU = {
    "U": np.concatenate([U, U[::-1], -U]),
    "W": np.concatenate([W, W[::-1], -W]),
    "b_ih": np.concatenate([b, -b, b]),
    "b_hh": np.concatenate([b, b, b[::-1]]),
}
LSTM = {
    "U": np.concatenate([U, U[::-1], -U, -U[::-1]]),
    "W": np.concatenate([W, W[::-1], -W, -W[::-1]]),
    "b": np.concatenate([b, -b, b[::-1], b]),
}
ROWS = "with rows of U and W for each gate"


@right(
    {"x": x[1], "h": next_gru_state(x[0], np.zeros(4), **GRU), **GRU},
    f"the second token of the running example, {ROWS}",
    "r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)",
    "n = np.tanh(n_x + r * n_h)",
    "n = np.tanh(n_x + r * (h @ W[2 * n_units :].T + b_hh[2 * n_units :]))",
    "r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)",
)
def gru_step(x, h, U, W, b_ih, b_hh):
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r = (1 + np.tanh((r_x + r_h) / 2)) / 2
    z = (1 + np.tanh((z_x + z_h) / 2)) / 2
    n = np.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


@right(
    {"x": x[1], **dict(zip("hc", next_lstm_states(x[0], np.zeros(4), np.zeros(4), **LSTM), strict=True)), **LSTM},
    f"the second token of the running example, {ROWS}",
    "c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)",
    "return _sigmoid(o) * np.tanh(c_next), c_next",
)
def lstm_step(x, h, c, U, W, b):
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    i, f, o = (1 + np.tanh(np.array([i, f, o]) / 2)) / 2
    c_next = f * c + i * np.tanh(g)
    return o * np.tanh(c_next), c_next


# How likely each of three kinds was to come at each of four steps.
GUESSES = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.25, 0.5, 0.25]])


@right(
    {"p": GUESSES, "codes": np.array([0, 1, 0, 2])},
    "four characters of three kinds, which had the probabilities 0.5, 0.8, 0.2 and 0.25",
    "return -(one_hot * np.log2(p)).sum() / len(codes)",
)
def bits_a_character(p, codes):
    return -np.log2(p[np.arange(len(codes)), codes]).mean()
