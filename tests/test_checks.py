"""The checks: right is right in any style, wrong is told, and nothing crashes them or makes wrong right.

What the catalogue of mistakes promises is in test_mistakes.py; functions of learners in
test_learners.py.
"""

import ast
import builtins
import functools
import itertools
import logging
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_helpers import checking, checks, explaining, gated, rnn
from rnn_helpers.mistakes import CATALOGUE, forward_from

SEEDS = (0, 1, 2)
by_check = pytest.mark.parametrize("name", checks.PARTS)
by_seed = pytest.mark.parametrize("seed", SEEDS)


def failure(name, fn, **seed):
    with pytest.raises(checks.CheckFailed) as caught:
        getattr(checks, name)(fn, **seed)
    return str(caught.value)


# The cases


def arrays(check):
    return [np.asarray(value) for case in check.cases for value in case.arguments.values() if not callable(value)]


@by_check
def test_another_seed_gives_the_same_kinds_of_cases_with_other_numbers(name):
    one, other = (checks.build(name, seed) for seed in (0, 1))
    assert len(one.cases) == len(other.cases)
    assert [list(case.arguments) for case in one.cases] == [list(case.arguments) for case in other.cases]
    pairs = zip(arrays(one), arrays(other), strict=True)
    assert not all(np.array_equal(*pair, equal_nan=True) for pair in pairs)
    assert checks.build(name, 0) is one


@by_seed
@pytest.mark.parametrize("function", [rnn.rnn_step, rnn.rnn_forward, rnn.rnn_backward, gated.gru_step, gated.lstm_step])
def test_the_right_results_are_those_of_the_package(function, seed):
    for case in checks.build(function.__name__, seed).cases:
        results = function(*case.arguments.values())
        for result, expected in zip(results if isinstance(results, tuple) else [results], case.expected, strict=True):
            assert np.allclose(result, expected, rtol=0, atol=1e-14 * (1 + np.abs(expected).max()))


@by_seed
def test_the_probe_never_has_to_choose_between_two_equals(seed):
    for case in checks.build("read_back", seed).cases:
        scores = np.sort(checks._linear_probe(**case.arguments), axis=1)
        assert (scores[:, -1] - scores[:, -2]).min() > 1e-5  # right in float32 too


@by_seed
def test_summaries_are_either_the_same_or_clearly_not(seed):
    for case in checks.build("distinct_summaries", seed).cases:
        summary, x = case.arguments.values()
        results = np.array([summary(x[list(order)]) for order in itertools.permutations(range(len(x)))])
        apart = np.abs(results[:, np.newaxis] - results).max(axis=-1)
        assert not ((1e-13 < apart) & (apart < 3e-9)).any()  # two results are the same if they agree to 1e-9


@by_seed
@pytest.mark.parametrize("name", ["rnn_step", "rnn_forward"])
def test_weights_of_the_cases_are_tame(name, seed):
    for case in checks.build(name, seed).cases:
        assert np.linalg.norm(case.arguments["W"], 2) <= 0.9 + 1e-12


# Right is right


def step_loops(x, h, U, W, b):
    """In plain Python, returning nested lists of Python floats."""
    if np.ndim(x) == 2:
        return [step_loops(x_n, h_n, U, W, b) for x_n, h_n in zip(x, h, strict=True)]
    new = []
    for i in range(len(b)):
        total = float(b[i])
        for j in range(len(x)):
            total += U[i][j] * x[j]
        for j in range(len(h)):
            total += W[i][j] * h[j]
        new.append(math.tanh(total))
    return new


def step_einsum(token, memory, u, w, bias):
    return np.tanh(np.einsum("hi,...i->...h", u, token) + np.einsum("hk,...k->...h", w, memory) + bias)


def step_float32(x, h, U, W, b):
    x, h, U, W, b = (np.asarray(a, dtype=np.float32) for a in (x, h, U, W, b))
    return np.tanh(x @ U.T + h @ W.T + b)


def step_torch(x, h, U, W, b):
    x, h, U, W, b = (torch.tensor(a, dtype=torch.float32) for a in (x, h, U, W, b))
    return torch.tanh(x @ U.T + h @ W.T + b)


def step_torch_list(x, h, U, W, b):
    return step_torch(x, h, U, W, b).tolist()


def step_torch_requires_grad(x, h, U, W, b):
    x, h, U, W, b = (torch.tensor(a, dtype=torch.float64).requires_grad_() for a in (x, h, U, W, b))
    return torch.tanh(x @ U.T + h @ W.T + b)


def step_noisy(x, h, U, W, b):
    print("x is", x)
    print("error", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    np.log(np.zeros(1))
    return rnn.rnn_step(x, h, U, W, b)


def forward_list_of_tensors(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step_torch_requires_grad(x_t, h.detach() if isinstance(h, torch.Tensor) else h, U, W, b)
        output.append(h)
    return output, output[-1]


def forward_torch_layer(x, U, W, b, h_0):
    x, U, W, b, h_0 = (torch.tensor(a, dtype=torch.float32) for a in (x, U, W, b, h_0))
    layer = torch.nn.RNN(U.shape[1], U.shape[0])
    layer.load_state_dict({"weight_ih_l0": U, "weight_hh_l0": W, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)})
    output, h_n = layer(x, h_0[None])
    return [output, h_n[0]]


def forward_lists(x, U, W, b, h_0):
    states = [h_0]
    for x_t in x:
        states.append(step_loops(x_t, states[-1], U, W, b))
    return states[1:], states[-1]


def shapes_lists(n, m):
    return {"b": [m], "W": [np.int64(m), m], "U": torch.zeros(m, n).shape}


def output_shapes_of_a_layer(T, N, H, num_layers, num_directions, batch_first):
    layer = torch.nn.RNN(2, H, num_layers, bidirectional=num_directions == 2, batch_first=batch_first)
    return [result.shape for result in layer(torch.zeros((N, T, 2) if batch_first else (T, N, 2)))]


def output_shapes_in_lists(T, N, H, L, D, batch_first):
    return [np.array([*((N, T) if batch_first else (T, N)), D * H]), [np.int64(L * D), N, H]]


def step_tuples(x, h, U, W, b):
    return tuple(map(tuple, step_loops(x, h, U, W, b))) if np.ndim(x) == 2 else tuple(step_loops(x, h, U, W, b))


def step_with_a_subprocess(x, h, U, W, b):
    os.write(1, b"past sys.stdout\n")
    os.write(2, b"past sys.stderr\n")
    print("past the notebook", file=sys.__stdout__)
    return rnn.rnn_step(x, h, U, W, b)


RIGHT_STEPS = [
    step_loops, step_tuples, step_einsum, step_float32, step_torch, step_torch_list, step_torch_requires_grad,
    step_noisy, step_with_a_subprocess,
]  # fmt: skip


def first_step_loops(x_1, U, b):
    sums = [b[i] + sum(U[i][j] * x_1[j] for j in range(len(x_1))) for i in range(len(b))]
    return torch.tanh(torch.tensor(sums, dtype=torch.float64))


def trace_in_advance(x, U, W, b):
    states = 1.0 * x @ U.T + b
    states[0] = np.tanh(states[0])
    for t in range(1, len(x)):
        states[t] = np.tanh(states[t] + W @ states[t - 1])
    return states


def trace_lists(x, U, W, b):
    states = [np.zeros(len(b))]
    for x_t in x:
        states.append(np.tanh(U @ x_t + W @ states[-1] + b))
    return [state.tolist() for state in states[1:]]


class LayerOnItsOwn:
    """Step by step, with lists of tensors, from a state that broadcasts."""

    def __init__(self, input_size, hidden_size, seed=0):
        rng = np.random.default_rng(seed)
        shapes = rnn.parameter_shapes(input_size, hidden_size)
        self.U, self.W, self.b = (rng.normal(size=shape) for shape in shapes.values())

    def __call__(self, x, h_0=None):
        h, output = np.zeros(len(self.b)) if h_0 is None else h_0, []
        for x_t in x:
            h = step_torch_requires_grad(x_t, h.detach() if isinstance(h, torch.Tensor) else h, self.U, self.W, self.b)
            output.append(h)
        return output, output[-1]


class LayerOfTheFunction(LayerOnItsOwn):
    def __call__(self, x, h_0=None):
        return rnn.rnn_forward(x, self.U, self.W, self.b, h_0)


def continue_in_one_pass(first_half, second_half, U, W, b):
    return rnn.rnn_forward(np.concatenate([first_half, second_half]), U, W, b)[1]


def continue_in_two(first_half, second_half, U, W, b):
    _, h = rnn.rnn_forward(first_half, U, W, b)
    return list(rnn.rnn_forward(second_half, U, W, b, h)[1])


def from_torch_tensors(layer):
    return [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0 + layer.bias_hh_l0]


def from_torch_state_dict(layer):
    U, W, *biases = (parameter.numpy() for parameter in layer.state_dict().values())
    return U, W, np.sum(biases, axis=0)


def lengths_one_by_one(x, lengths, U, W, b):
    return np.array([rnn.rnn_forward(x[:length, n], U, W, b)[1] for n, length in enumerate(lengths)])


def lengths_by_index(x, lengths, U, W, b):
    output, _ = rnn.rnn_forward(x, U, W, b)
    return output[lengths - 1, np.arange(x.shape[1])]


def lengths_packed(x, lengths, U, W, b):
    layer = torch.nn.RNN(U.shape[1], len(b), dtype=torch.float64)
    parameters = {"weight_ih_l0": U, "weight_hh_l0": W, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    layer.load_state_dict({name: torch.tensor(value) for name, value in parameters.items()})
    pack = torch.nn.utils.rnn.pack_padded_sequence
    return layer(pack(torch.tensor(x, dtype=torch.float64), torch.tensor(lengths), enforce_sorted=False))[1][0]


def batch_first_one_by_one(x, U, W, b):
    return [rnn.rnn_forward(sequence, U, W, b)[1] for sequence in x]


def backwards_by_reversing(x, U, W, b):
    output, h_n = rnn.rnn_forward(x[::-1], U, W, b)
    return output[::-1], h_n


def mean_by_loop(x):
    total = np.zeros(x.shape[1:])
    for x_t in x:
        total += x_t
    return total / len(x)


def max_by_loop(x):
    largest = x[0]
    for x_t in x[1:]:
        largest = np.where(x_t > largest, x_t, largest)
    return largest


def distinct_pairwise(summary, x):
    kept = []
    for order in itertools.permutations(x):
        result = summary(np.array(order))
        if all(np.abs(result - other).max() > 1e-9 for other in kept):
            kept.append(result)
    return np.int64(len(kept))


def distinct_unique(summary, x):
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return np.array(len(np.unique(np.round(results, 9), axis=0)))


def probe_by_pinv(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs = np.hstack([np.ones((len(tokens), 1)), summaries])
    weights = np.linalg.pinv(inputs[:n_fit]) @ (tokens[:n_fit, np.newaxis] == np.arange(tokens.max() + 1))
    right = 0
    for scores, token in zip(inputs[n_fit:] @ weights, tokens[n_fit:], strict=True):
        right += np.argmax(scores) == token
    return float(right / (len(tokens) - n_fit))


def probe_by_scikit_learn(summaries, tokens):
    from sklearn.linear_model import LinearRegression

    n_fit = 3 * len(tokens) // 4
    model = LinearRegression().fit(summaries[:n_fit], np.eye(tokens.max() + 1)[tokens[:n_fit]])
    return np.mean(model.predict(summaries[n_fit:]).argmax(axis=1) == tokens[n_fit:])


def orthogonal_by_svd(H, scale, seed):
    left, _, right = np.linalg.svd(np.random.default_rng(seed).uniform(-1, 1, size=(H, H)))
    return scale * left @ right


def orthogonal_in_torch(H, scale, seed):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.empty(H, H, dtype=torch.float64)
    return torch.nn.init.orthogonal_(matrix, gain=scale, generator=generator)


def slopes_in_place(f, w, step):
    """Moved and moved back in the caller's own array, entry by entry."""
    w = w if w.dtype.kind == "f" else w.astype(float)
    slopes = []
    for i in range(w.size):
        before = w.flat[i]
        w.flat[i] = before + step
        above = f(w)
        w.flat[i] = before - step
        slopes.append((above - f(w)) / (2 * step))
        w.flat[i] = before
    return np.reshape(slopes, w.shape).tolist()


def slopes_by_moves(f, w, step):
    moves = step * np.eye(w.size).reshape(-1, *w.shape)
    return np.array([f(w + move) - f(w - move) for move in moves]).reshape(w.shape) / step / 2


def readout_by_autograd(h, y, V, d):
    h, V, d = (torch.tensor(value, requires_grad=True) for value in (h, V, d))
    torch.nn.functional.cross_entropy(h @ V.T + d, torch.tensor(y)).backward()
    return h.grad, V.grad, d.grad


def readout_one_by_one(h, y, V, d):
    d_h, d_V, d_d = np.zeros(h.shape), np.zeros(V.shape), np.zeros(d.shape)
    for n, label in enumerate(y):
        scores = V @ h[n] + d
        error = np.exp(scores - scores.max() - np.log(np.exp(scores - scores.max()).sum()))
        error[label] -= 1
        error /= len(y)
        d_h[n], d_V, d_d = V.T @ error, d_V + np.outer(error, h[n]), d_d + error
    return [d_h, d_V, d_d]


def back_by_autograd(x, U, W, output, d_output, d_h_n, h_0):
    """Of a network that is linear about the states that were given: the bias does not matter there."""
    b = np.zeros(len(W))
    leaves = x, U, W, b, h = [
        torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (x, U, W, b, h_0)
    ]
    loss = 0.0
    for x_t, h_t, d_t in zip(x, torch.tensor(output), torch.tensor(d_output), strict=True):
        z = x_t @ U.T + h @ W.T + b
        h = h_t + (1 - h_t**2) * (z - z.detach())
        loss = loss + (d_t * h).sum()
    return torch.autograd.grad(loss + (torch.tensor(d_h_n) * h).sum(), leaves)


def back_step_by_step(x, U, W, output, d_output, d_h_n, h_0):
    d_x, d_U, d_W, d_b, d_h = np.zeros(x.shape), 0 * U, 0 * W, np.zeros(len(W)), d_h_n
    for t in range(len(x))[::-1]:
        d_z = (1 - output[t] ** 2) * (d_h + d_output[t])
        before = output[t - 1] if t else h_0
        d_x[t] = d_z @ U
        for shares in zip(np.atleast_2d(d_z), np.atleast_2d(x[t]), np.atleast_2d(before), strict=True):
            d_U, d_W, d_b = d_U + np.outer(*shares[:2]), d_W + np.outer(*shares[::2]), d_b + shares[0]
        d_h = d_z @ W
    return d_x, d_U, d_W, d_b, d_h


def jacobian_by_autograd(states, W):
    slopes, W = 1 - torch.tensor(states) ** 2, torch.tensor(W)

    def carry(move):
        for slope in slopes:
            move = slope * (W @ move)
        return move

    return torch.autograd.functional.jacobian(carry, torch.zeros(len(W), dtype=torch.float64))


def jacobian_of_diagonals(states, W):
    steps = [np.diag(1 - h**2) @ W for h in states]
    return steps[0] if len(steps) == 1 else np.linalg.multi_dot(steps[::-1])


def clip_in_torch(gradients, limit):
    gradients = [torch.tensor(gradient) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.cat([gradient.flatten() for gradient in gradients])).item()
    return [gradient * (limit / norm if norm > limit else 1.0) for gradient in gradients]


def clip_as_one_vector(gradients, limit):
    norm = np.linalg.norm(np.concatenate([np.ravel(gradient) for gradient in gradients]))
    return tuple(gradient / max(1.0, norm / limit) for gradient in gradients)


def bits_as_cross_entropy(p, codes):
    nats = torch.nn.functional.cross_entropy(torch.log(torch.tensor(p)), torch.tensor(codes))
    return nats / np.log(2)


def bits_one_by_one(p, codes):
    total = 0.0
    for step, code in enumerate(codes):
        total -= math.log2(p[step][code])
    return total / len(codes)


def exponential_sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def gru_as_torch(x, h, U, W, b_ih, b_hh):
    x, h, *parameters = (torch.tensor(value, dtype=torch.float64) for value in (x, h, U, W, b_ih, b_hh))
    return torch.gru_cell(torch.atleast_2d(x), torch.atleast_2d(h), *parameters).reshape(h.shape)


def gru_by_rows(x, h, U, W, b_ih, b_hh):
    H = h.shape[-1]
    gates = exponential_sigmoid(x @ U[: 2 * H].T + h @ W[: 2 * H].T + b_ih[: 2 * H] + b_hh[: 2 * H])
    n = np.tanh(x @ U[2 * H :].T + b_ih[2 * H :] + gates[..., :H] * (h @ W[2 * H :].T + b_hh[2 * H :]))
    return n + gates[..., H:] * (h - n)


def lstm_as_torch(x, h, c, U, W, b):
    x, h, c, U, W, b = (torch.tensor(value, dtype=torch.float64) for value in (x, h, c, U, W, b))
    states = torch.atleast_2d(h), torch.atleast_2d(c)
    return [state.reshape(h.shape) for state in torch.lstm_cell(torch.atleast_2d(x), states, U, W, b, 0 * b)]


def lstm_by_rows(x, h, c, U, W, b):
    H = h.shape[-1]
    sums = np.concatenate([x, h], axis=-1) @ np.concatenate([U, W], axis=1).T + b
    i, f, g, o = (sums[..., k * H : (k + 1) * H] for k in range(4))
    c = exponential_sigmoid(f) * c + exponential_sigmoid(i) * np.tanh(g)
    return exponential_sigmoid(o) * np.tanh(c), c


RIGHT = {
    "parameter_shapes": [rnn.parameter_shapes, shapes_lists],
    "first_step": [lambda x_1, U, b: np.tanh(U @ x_1 + b), first_step_loops],
    "rnn_step": [rnn.rnn_step, *RIGHT_STEPS],
    "trace": [lambda *args: rnn.rnn_forward(*args)[0], trace_in_advance, trace_lists],
    "rnn_forward": [
        rnn.rnn_forward,
        forward_list_of_tensors,
        forward_torch_layer,
        forward_lists,
        *(forward_from(step) for step in (rnn.rnn_step, step_einsum, step_float32, step_noisy)),
    ],
    "rnn_layer": [LayerOfTheFunction, LayerOnItsOwn],
    "continue_reading": [continue_in_one_pass, continue_in_two],
    "from_torch": [from_torch_tensors, from_torch_state_dict],
    "forward_lengths": [lengths_one_by_one, lengths_by_index, lengths_packed],
    "read_counts": [lambda *args: rnn.rnn_forward(*args)[0], trace_in_advance],
    "read_batch_first": [lambda x, *rest: rnn.rnn_forward(x.swapaxes(0, 1), *rest)[1], batch_first_one_by_one],
    "read_backwards": [backwards_by_reversing],
    "mean_pool": [lambda x: x.mean(axis=0), mean_by_loop],
    "max_pool": [lambda x: x.max(axis=0), max_by_loop],
    "distinct_summaries": [distinct_pairwise, distinct_unique],
    "read_back": [probe_by_pinv, probe_by_scikit_learn],
    "orthogonal": [orthogonal_by_svd, orthogonal_in_torch],
    "output_shapes": [output_shapes_in_lists, output_shapes_of_a_layer],
    "numerical_gradient": [slopes_by_moves, slopes_in_place],
    "output_gradient": [readout_by_autograd, readout_one_by_one],
    "rnn_backward": [rnn.rnn_backward, back_by_autograd, back_step_by_step],
    "state_jacobian": [jacobian_by_autograd, jacobian_of_diagonals],
    "clip_by_norm": [clip_in_torch, clip_as_one_vector],
    "gru_step": [gated.gru_step, gru_as_torch, gru_by_rows],
    "lstm_step": [gated.lstm_step, lstm_as_torch, lstm_by_rows],
    "bits_a_character": [bits_as_cross_entropy, bits_one_by_one],
}


def test_every_check_has_right_variants():
    assert set(RIGHT) == set(checks.PARTS)


@by_seed
@pytest.mark.parametrize(("name", "fn"), [(name, fn) for name, variants in RIGHT.items() for fn in variants])
def test_right_variants_pass_with_one_line(name, fn, seed, capfd, recwarn):
    assert getattr(checks, name)(fn, seed=seed) is None
    assert capfd.readouterr() == (f"{name}: all {len(checks.build(name, seed).cases)} cases are right.\n", "")
    assert not recwarn.list


def test_a_layer_costs_the_learner_no_random_numbers():
    before = torch.random.get_rng_state()
    checks.from_torch(from_torch_tensors)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_layer_is_a_working_one():
    def from_torch(layer):
        x = torch.ones(5, layer.input_size, dtype=layer.weight_ih_l0.dtype)
        U, W, b = from_torch_tensors(layer)
        expected = rnn.rnn_forward(x, U, W, b)[1]
        assert np.allclose(layer(x)[1][0].detach().numpy(), expected, atol=1e-6)
        return U, W, b

    checks.from_torch(from_torch)


def test_logging_works_after_a_check_as_before(capfd):
    def step(x, h, U, W, b):
        logging.warning("inside")
        return rnn.rnn_step(x, h, U, W, b)

    handlers = logging.root.handlers[:]
    logging.root.handlers.clear()
    try:
        checks.rnn_step(step)
        assert not logging.root.handlers
    finally:
        logging.root.handlers[:] = handlers
    assert "inside" not in capfd.readouterr().err


def test_displays_are_caught_when_ipython_is_loaded(capfd):
    from IPython.display import display

    def displaying(x, h, U, W, b):
        display(x)
        return rnn.rnn_step(x, h, U, W, b)

    checks.rnn_step(displaying)
    assert capfd.readouterr().out.count("\n") == 1


def test_a_notebook_that_overwrote_numpy_names_is_still_checked(monkeypatch):
    tanh = np.tanh

    def step(x, h, U, W, b):
        return tanh(x @ U.T + h @ W.T + b)

    def off(x, h, U, W, b):
        return tanh(x @ U.T + h @ W.T + 3 * b)

    checks.rnn_step(step)  # its cases are drawn once; NumPy cannot draw while its own names are overwritten
    for name in ("tanh", "array", "zeros", "isnan", "allclose"):
        monkeypatch.setattr(np, name, 3)
    checks.rnn_step(step)
    assert "off with only the bias" in failure("rnn_step", off)


def test_a_bad_seed_or_name_is_not_the_learners_fault():
    for seed in (-1, 1.5, None, True):
        with pytest.raises(ValueError, match="seed must be a whole number of at least 0"):
            checks.rnn_step(rnn.rnn_step, seed=seed)
    with pytest.raises(ValueError, match=r"name must be one of parameter_shapes, .* got 'rnn'"):
        checks.build("rnn", 0)


@pytest.mark.parametrize("off_by", [1e-10, -1e-10])
def test_a_formula_that_is_off_by_a_little_fails(off_by):
    assert "off on one input" in failure("rnn_step", lambda *args: rnn.rnn_step(*args) + off_by)
    with_numbers_of_numpy = failure("rnn_step", lambda *args: list(rnn.rnn_step(*args) + off_by))
    assert "off on one input" in with_numbers_of_numpy  # float64, not the Python floats of a float32 tensor


# Wrong is told


@by_check
def test_unfinished_is_not_written_yet(name):
    def unfinished(*args):
        raise NotImplementedError

    assert failure(name, unfinished) == (
        f"{name} is not written yet: put your code where it raises NotImplementedError."
    )


def with_dots(*args): ...


def with_a_docstring(*args):
    """Return the right thing."""


def with_pass(*args):
    pass


@by_check
@pytest.mark.parametrize("fn", [with_dots, with_a_docstring, with_pass])
def test_an_empty_body_is_not_written_yet(name, fn):
    assert failure(name, fn) == f"{name} is not written yet: put your code where its body is still empty."


def test_a_layer_whose_call_is_empty_is_not_written_yet():
    class TinyRNN(LayerOnItsOwn):
        def __call__(self, x, h_0=None):
            """Read x from h_0."""

    assert failure("rnn_layer", TinyRNN) == (
        "rnn_layer is not written yet: put your code where its body is still empty."
    )


def test_a_layer_that_calls_an_empty_function_is_told_so():
    class TinyRNN(LayerOnItsOwn):
        def __call__(self, x, h_0=None):
            return with_dots(x, self.U, self.W, self.b, h_0)

    assert failure("rnn_layer", TinyRNN) == "rnn_layer calls with_dots, which is not written yet."


def test_a_layer_without_a_call_is_told_so():
    class TinyRNN:
        def __init__(self, input_size, hidden_size):
            pass

    assert "'TinyRNN' object is not callable" in failure("rnn_layer", TinyRNN)


def test_an_empty_function_that_is_called_is_named():
    def continue_reading(first_half, second_half, U, W, b):
        return with_dots(first_half, U, W, b)[1]

    assert failure("continue_reading", continue_reading) == (
        "continue_reading calls with_dots, which is not written yet."
    )


def test_an_unfinished_function_that_is_called_is_named():
    def rnn_forward(*args):
        raise NotImplementedError

    def reading(first_half, second_half, U, W, b):
        return rnn_forward(first_half, U, W, b, np.zeros(len(b)))

    assert failure("continue_reading", reading) == "continue_reading calls rnn_forward, which is not written yet."


@by_check
def test_nothing_returned_is_told(name):
    assert "returns None (is the return missing?)" in failure(name, lambda *args: None)


@by_check
def test_an_error_is_told(name):
    assert f"{name} raises an error on " in failure(name, lambda *args: 1 / 0)


def off(name, by):
    right = RIGHT[name][0]
    return lambda *args: right(*args) + by


@pytest.mark.parametrize(
    ("name", "fn", "says"),
    [
        ("first_step", off("first_step", 1), "is off on one input with only the bias"),
        ("first_step", lambda *args: args[1], "the new state has the wrong shape"),
        ("trace", off("trace", 1), "the trace is off at step 1 of 1, on one sequence of T=1 (I=3, H=4): expected ["),
        ("trace", lambda x, U, W, b: (b, b), "the trace has the wrong shape"),
        ("continue_reading", off("continue_reading", 1), "the last state is off, on halves of 3 and 3 steps"),
        ("from_torch", lambda layer: layer.weight_ih_l0.T, "returns one Tensor, where a tuple of three belongs, U"),
        ("from_torch", lambda layer: (*from_torch_tensors(layer)[:2], layer.bias_hh_l0 * 5), "b is off, on a layer in"),
        ("forward_lengths", off("forward_lengths", 1), "the state is off at sequence 1 of 1, on one sequence with"),
        ("read_counts", off("read_counts", 1), "the result is off at step 1 of 1"),
        ("read_backwards", lambda *args: (args[0], args[3]), "output has the wrong shape"),
        ("max_pool", off("max_pool", 1), "the maximum is off, on one sequence"),
        ("distinct_summaries", lambda summary, x: 1.0, "returns 1.0, where a whole number belongs"),
        ("distinct_summaries", lambda summary, x: [1], "returns a list, where a whole number belongs"),
        ("distinct_summaries", lambda summary, x: 2, "the number is off, on the mean of 3 rows: expected 1, got 2."),
        ("distinct_summaries", lambda summary, x: x.sort(axis=0) or 1, "changes its argument x"),
        ("read_back", lambda summaries, tokens: 0.5, "the accuracy is off, on summaries that are the token itself"),
        ("read_back", lambda summaries, tokens: np.nan, "the accuracy holds NaN"),
        ("output_shapes", lambda *sizes: sizes[:2], "gives 46 for output, where a tuple of whole numbers belongs"),
        ("output_shapes", lambda *sizes: sizes[0], "returns a int, where a tuple of two shapes belongs"),
        ("output_shapes", lambda *sizes: sizes[:3], "returns a tuple of 3, where a tuple of two shapes belongs"),
        ("output_shapes", lambda T, N, H, *_: ((T, N, H + 1), (1, N, H)), "the shape of output is off on T=46"),
        ("output_shapes", lambda T, N, H, *_: ((T, N, H), (H, N)), "the shape of h_n is off on T=46"),
        ("numerical_gradient", off("numerical_gradient", 1), "the gradient is off, on a sum of cubes of w with"),
        ("numerical_gradient", lambda f, w, step: w.__imul__(2), "changes its argument w"),
        (
            "output_gradient",
            lambda *args: [part * (1 + (n == 1)) for n, part in enumerate(readout_one_by_one(*args))],
            "is right for h and d, and off for V, on one sequence (N=1, H=4, K=3); the gradient of V at row 1 of 3:",
        ),
        (
            "output_gradient",
            lambda h, y, V, d: readout_one_by_one(h, y, V, np.exp(1000 * d)),
            "the gradient of h holds NaN (not a number) on one sequence (N=1, H=4, K=3)",
        ),
        ("rnn_backward", lambda x, U, *args: (x, U), "a tuple of 2, where five arrays belong, x, U, W, b and h_0"),
        (
            "rnn_backward",
            lambda *args: [part * (3 if n == 2 else 1) for n, part in enumerate(rnn.rnn_backward(*args))],
            "is right for x, U, b and h_0, and off for W, on one step with d_output alone",
        ),
        ("rnn_backward", lambda *args: [2 * each for each in rnn.rnn_backward(*args)], "off for x, U, b and h_0, on"),
        ("state_jacobian", off("state_jacobian", 2), "the Jacobian is off at row 1 of 4, on one step (H=4)"),
        ("clip_by_norm", lambda gradients, limit: gradients[0], "returns one ndarray, where a tuple of three belongs"),
        ("clip_by_norm", lambda gradients, limit: [each / 2 for each in gradients], "the first gradient is off at row"),
        ("clip_by_norm", lambda gradients, limit: [each.__imul__(2) for each in gradients], "changes its argument fir"),
        ("bits_a_character", off("bits_a_character", 1), "the number of bits is off, on a uniform guess (T=3, K=4)"),
        ("bits_a_character", lambda p, codes: p.__imul__(2), "changes its argument p"),
        ("gru_step", off("gru_step", 1), "the new state is off, on one input with a zero state (I=3, H=4)"),
        ("lstm_step", lambda x, h, *args: h, "returns one ndarray, where a tuple of two belongs, h and c"),
        ("lstm_step", lambda *args: (args[2], gated.lstm_step(*args)[1]), "the new state h is off"),
        ("orthogonal", lambda H, scale, seed: scale * np.eye(H), "Every seed gives the same matrix"),
        ("orthogonal", lambda H, scale, seed: (H + seed) * np.eye(H), "column 1 has the length 64.000"),
        ("orthogonal", lambda H, scale, seed: np.ones((H, H)), "columns 1 and 2 are not orthogonal on H=2, scale=1.0"),
        ("orthogonal", lambda H, scale, seed: np.ones(H), "the matrix has the wrong shape"),
        ("orthogonal", lambda H, scale, seed: np.ones((H, H + 1)), "the matrix has the wrong shape"),
        ("orthogonal", lambda H, scale, seed: np.random.normal(size=(H, H)), "gives different results"),  # noqa: NPY002
    ],
)  # fmt: skip
def test_an_unknown_mistake_is_told_in_one_line(name, fn, says):
    message = failure(name, fn)
    assert says in message
    assert message.startswith(name)
    assert "\n" not in message


def test_matrices_that_come_back_after_two_seeds_are_told():
    def one_of_three(H, scale, seed):
        return RIGHT["orthogonal"][0](H, scale, seed % 3)

    assert "gives the same matrix for two different seeds, on H=8" in failure("orthogonal", one_of_three)


@pytest.mark.parametrize(
    "not_drawn",
    [
        lambda H, scale, seed: scale * np.roll(np.eye(H), seed, axis=0),
        lambda H, scale, seed: scale * np.diag([-1.0 if i == seed % H else 1.0 for i in range(H)]),
        lambda H, scale, seed: scale * np.diag([(-1.0) ** (seed >> i) for i in range(H)]),
        lambda H, scale, seed: RIGHT["orthogonal"][0](H, scale, seed % 100),
    ],
    ids=["moved on by one", "one sign in turn", "signs of a counter", "one of a hundred"],
)
def test_matrices_that_take_turns_are_not_drawn(not_drawn):
    for seed in (5, 34, 3034):
        assert "gives the same matrix for two different seeds, on H=8" in failure("orthogonal", not_drawn, seed=seed)


def test_the_right_numbers_of_one_seed_are_wrong_for_most_others():
    def numbers(seed):
        return tuple(int(case.expected[0]) for case in checks.build("distinct_summaries", seed).cases)

    drawn = [numbers(seed) for seed in (32, 3032, *range(50))]
    assert drawn[0] != drawn[1]  # what a learner sees, and what is hidden in the assignment
    assert len(set(drawn)) > 30  # of 180
    remembered = itertools.cycle(drawn[0])
    assert "distinct_summaries" in failure("distinct_summaries", lambda summary, x: next(remembered), seed=3032)


def test_matrices_of_which_there_are_few_may_come_back():
    def permuted(H, scale, seed):
        return scale * np.eye(H)[np.random.default_rng(seed).permutation(H)]

    checks.orthogonal(permuted, seed=5)


# Mistakes that are not known


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + 2 * b + b), "off with only the bias and all three terms"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + 3 * b), "Inside the tanh b counts 3 times"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T / 2 + h @ W.T + b), "Inside the tanh U x counts 0.5 times"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T - 2 * h @ W.T + b), "off with only h and all three terms. Inside the"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b) / 2, "Every number is 0.5 times what it should be."),
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b) + 1, "it is off with only the bias, only x, only h and"),
        (
            lambda x, h, U, W, b: rnn.rnn_step(x, h, U, W, b) * (1 + (np.ndim(x) == 2)),
            "it is right with only the bias,",
        ),
        (lambda x, h, U, W, b: step_float32(x, h, U, W, b).astype(float), "is there a float32 on the way?)."),
        (lambda x, h, U, W, b: rnn.rnn_step(x, h, U, W, b) * 1e9, "e+"),
    ],
)
def test_an_unknown_mistake_in_a_step_names_the_term(wrong, says):
    message = failure("rnn_step", wrong)
    assert says in message
    assert "expected [" in message
    assert ", got [" in message


def forget_at(step):
    def forward(x, U, W, b, h_0):
        h, output = h_0, []
        for t, x_t in enumerate(x):
            h = rnn.rnn_step(x_t, 0 * h if t == step else h, U, W, b)
            output.append(h)
        return np.array(output), h

    return forward


def test_an_unknown_mistake_in_a_loop_names_the_step():
    assert "right before step 3 and off at step 3 of 5, on one sequence of T=5" in failure("rnn_forward", forget_at(2))
    assert "output is off at step 1 of 1" in failure(
        "rnn_forward", lambda *args: (rnn.rnn_forward(*args)[0] + 1, 0 * args[-1])
    )


def test_a_wrong_last_state_is_named():
    def first_state(*args):
        output, _ = rnn.rnn_forward(*args)
        return output, output[0]

    assert "The state that is returned as h_n is not the one after the last step" in failure("rnn_forward", first_state)

    def no_state(*args):
        output, h_n = rnn.rnn_forward(*args)
        return output, h_n / 2

    assert "output is right but h_n is off on one sequence of T=1" in failure("rnn_forward", no_state)


def test_unknown_wrong_shapes_are_named():
    message = failure("parameter_shapes", lambda n, m: {"U": (m, n), "W": (m, m), "b": (m, m)})
    assert message == (
        "parameter_shapes: the shape of b is off on input_size=3, hidden_size=4: expected (4,), got (4, 4)."
    )


# Whatever a learner's function does


def raises(error):
    def fn(*args):
        raise error

    return fn


def changes_its_arguments(x, h, U, W, b):
    h_next = rnn.rnn_step(x, h, U, W, b)
    x += 1
    return h_next


def changes_and_then_raises(x, h, U, W, b):
    x += 1
    raise ValueError


def right_at_first(x, h, U, W, b, calls=[]):  # noqa: B006 - what it keeps between calls
    calls.append(1)
    if len(calls) > len(checks.build("rnn_step", 0).cases):
        raise KeyError("it was here before")
    return rnn.rnn_step(x, h, U, W, b)


def random_results(x, h, U, W, b):
    return np.random.default_rng().normal(size=h.shape)


def writes_to_stderr(x, h, U, W, b):
    print("oh", file=sys.stderr)
    logging.warning("oh")
    warnings.warn("oh", stacklevel=1)
    return h


def endless(x, h, U, W, b):
    return endless(x, h, U, W, b)


def holding_itself(*args):
    result = []
    result.append(result)
    return result


class Unspeakable(Exception):  # noqa: N818
    def __str__(self):
        raise self.args[0] if self.args else RuntimeError("no text either")


class NoTraceback(NotImplementedError):  # noqa: N818
    __traceback__ = None


class NoName(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class Nameless(Exception, metaclass=NoName):  # noqa: N818
    pass


def changes_a_dtype(x, h, U, W, b):
    h_next = rnn.rnn_step(x, h, U, W, b)
    x.dtype = "V8"
    return h_next


def right_on_vectors_only(x, h, U, W, b):
    if np.ndim(x) == 2:
        raise NotImplementedError
    return rnn.rnn_step(x, h, U, W, b)


def wrong_and_then_nothing(x, h, U, W, b):
    return x @ U.T + h @ W.T + b if np.ndim(x) == 1 else None


BUFFERS = {}


def always_the_same_array(x, h, U, W, b):
    buffer = BUFFERS.setdefault((*np.shape(x)[:-1], len(b)), np.empty((*np.shape(x)[:-1], len(b))))
    buffer[...] = rnn.rnn_step(x, h, U, W, b)
    return buffer


def naive_tanh(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def cut_off_sums(x, h, U, W, b):
    return np.tanh(np.clip(x, -5, 5) @ U.T + h @ W.T + b)


def columns_if_they_fit(x, h, U, W, b):
    try:
        return np.tanh(U @ x + W @ h + b)
    except ValueError:
        return rnn.rnn_step(x, h, U, W, b)


class Liar:
    def __array__(self, *args, **kwargs):
        raise KeyError("no array")

    def __getattr__(self, name):
        raise ZeroDivisionError(name)


NASTY_STEPS = [
    (3, "rnn_step wants a function, without calling it: got an object of type int."),
    (raises(NotImplementedError()), "is not written yet"),
    (raises(NoTraceback()), "is not written yet: put your code where it"),
    (functools.partial(raises(NotImplementedError())), "is not written yet: put your code where it"),
    (functools.partial(raises(NoTraceback())), "is not written yet: put your code where it"),
    (lambda *args: None, "returns None (is the return missing?) on one input with only the bias (I=3, H=4)"),
    (lambda *args: (args[1], args[1]), "expected (4,), got (2, 4): it is a tuple of 2 results; return one of them"),
    (lambda *args: (args[1],), "(1, 4): it is a tuple of one (is there a stray comma after the result?)."),
    (lambda *args: [args[1]], "got (1, 4): it is a list of one (leave out the brackets)."),
    (lambda *args: np.matrix(args[1]), "got (1, 4): an np.matrix always has two axes; use np.array."),
    (
        lambda *args: (rnn.rnn_step(*args), 0.5),
        "read as one array of numbers, on one input with only the bias (I=3, H=4)",
    ),
    (lambda *args: (rnn.rnn_step(*args), 0.5), ": it is a tuple of 2; return its first part alone."),
    (lambda *args: torch.tensor(np.stack([args[1]] * 2)).max(dim=0), "as torch's max gives them; take its .values."),
    (lambda *args: ..., "rnn_step returns three dots, which still stand where your code belongs, on one input"),
    (
        lambda *args: [math.exp(1e4)],
        "raises an error on one input with only the bias (I=3, H=4): OverflowError: math range error; an exponential "
        "of a large number overflows: use np.tanh or math.tanh, which cope with any number.",
    ),
    (
        lambda *args: np.broadcast_to(0.0, (1000, 1000, 1000)),
        "returns an array of shape (1000, 1000, 1000), far larger than what belongs there, on one input",
    ),
    (lambda *args: args[1] * np.nan, "holds NaN"),
    (lambda *args: rnn.rnn_step(*args)[None], "expected (4,), got (1, 4)"),
    (lambda *args: 0.5, "expected (4,), got ()"),
    (lambda *args: [], "expected (4,), got (0,)"),
    (lambda *args: [[1.0], [1.0, 2.0]], "returns a list that cannot be read as one array of numbers, on"),
    (lambda *args: [None], "returns a list where an array of real numbers belongs"),
    (lambda *args: "tanh", "returns a str where an array of real numbers belongs, on"),
    (lambda *args: ["a", "b"], "returns a list where an array of real numbers belongs"),
    (lambda *args: object(), "returns a object where"),
    (lambda *args: args[1] + 0j, "returns an array of dtype complex128 where an array of real numbers belongs"),
    (lambda *args: (n for n in args[1]), "returns a generator where"),
    (lambda *args: Liar(), "returns a Liar that cannot be read"),
    (lambda: None, "TypeError: "),
    (
        lambda *args: 1 / 0,
        "raises an error on one input with only the bias (I=3, H=4): ZeroDivisionError: division by zero.",
    ),
    (lambda *args: undefined_name, "NameError: name 'undefined_name' is not defined"),  # noqa: F821
    (
        raises(ValueError("first line\nsecond line")),
        "rnn_step raises an error on one input with only the bias (I=3, H=4): ValueError: first line.",
    ),
    (raises(Unspeakable()), "Unspeakable."),
    (raises(BaseException("base")), "BaseException: base."),
    (
        lambda *args: sys.exit("bye"),
        "tries to end Python on one input with only the bias (I=3, H=4): leave out exit() and sys.exit().",
    ),
    (changes_its_arguments, "changes its argument x"),
    (changes_and_then_raises, "changes its argument x, on"),
    (right_at_first, "gives different results for the same input when it is called again"),
    (
        random_results,
        "rnn_step gives different results for the same input when it is called again: does it use random numbers "
        "without a fixed seed, an array from np.empty, or something that it keeps between calls?",
    ),
    (writes_to_stderr, "is off on one input with only the bias"),
    (endless, "RecursionError"),
    (raises(ValueError("\n\n  matmul")), "ValueError: matmul."),
    (raises(Unspeakable(SystemExit())), "Unspeakable."),
    (raises(Nameless()), "raises an error on one input with only the bias"),
    (changes_a_dtype, "changes its argument x"),
    (right_on_vectors_only, "is not written yet on a batch of 5 (I=3, H=4), but right before"),
    (wrong_and_then_nothing, "The tanh is missing"),
    (
        always_the_same_array,
        "rnn_step returns one and the same array at every call, so that a later call changes an earlier result: "
        "make a new array each time.",
    ),
    (naive_tanh, "np.exp overflows for numbers beyond 709"),
    (cut_off_sums, "is off on one input of large numbers"),
    (cut_off_sums, "The sums are large here: does an exponential overflow, or is a sum cut off?"),
    (columns_if_they_fit, "This is right for one vector, but not for a batch"),
    (holding_itself, "cannot be read"),
]


@pytest.mark.parametrize(("fn", "says"), NASTY_STEPS)
def test_nasty_steps_fail_with_a_message_and_in_silence(fn, says, capfd, recwarn):
    message = failure("rnn_step", fn)
    assert says in message
    assert message.startswith("rnn_step")
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_a_mistake_on_one_of_two_ways_is_told_with_the_first_case_of_it():
    def no_tanh_in_a_batch(x, h, U, W, b):
        return rnn.rnn_step(x, h, U, W, b) if np.ndim(x) == 1 else x @ U.T + h @ W.T + b

    (told,) = [mistake.told for mistake in CATALOGUE if mistake.name == "missing tanh"]
    assert failure("rnn_step", no_tanh_in_a_batch) == (
        f"rnn_step: right in some cases, but not on a batch of 5 (I=3, H=4). {told}"
    )
    assert told.endswith(' (In the book: Silent mistakes, "missing tanh".)')


def test_all_changed_arguments_are_named_with_the_remedy():
    def changes_two(x, h, U, W, b):
        h_next = rnn.rnn_step(x, h, U, W, b)
        x += 1
        h += 1
        return h_next

    assert failure("rnn_step", changes_two) == (
        "rnn_step changes its argument x and h, on one input with only the bias (I=3, H=4): the caller still needs it, "
        "so work on a copy, or make a new array."
    )


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (
            lambda *args: rnn.rnn_forward(*args)[0],
            "returns one ndarray, where a tuple of two belongs, output and h_n, on",
        ),
        (
            lambda *args: (*rnn.rnn_forward(*args), 0),
            "returns a tuple of 3, where two arrays belong, output and h_n, on",
        ),
        (lambda *args: (rnn.rnn_forward(*args)[0], None), "returns None (is the return missing?)"),
        (lambda *args: None, "returns None (is the return missing?)"),
        (lambda *args: (rnn.rnn_forward(*args)[0], rnn.rnn_forward(*args)[1][None]), "h_n has an axis of 1 in front"),
        (lambda *args: (rnn.rnn_forward(*args)[0], rnn.rnn_forward(*args)[0]), "h_n has the wrong shape"),
        (lambda *args: (rnn.rnn_forward(*args)[0], np.nan * args[-1]), "h_n holds NaN"),
        (lambda *args: "ab", "returns one str"),
    ],
)
def test_nasty_forwards_fail_with_a_message(fn, says, capfd):
    assert says in failure("rnn_forward", fn)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (lambda n, m: None, "returns None"),
        (lambda n, m: ((m, n), (m, m), (m,)), 'returns a tuple, where a dict with the keys "U", "W" and "b" belongs'),
        (lambda n, m: {"U": (m, n)}, "returns a dict with the keys ['U']"),
        (
            lambda n, m: {"U": (m, n), "W": (m, m), "b": m},
            "gives 4 for b, where a tuple of whole numbers belongs, such as (4,) or (4, 3) "
            "(a tuple of one number is written with a comma), on input_size=3",
        ),
        (
            lambda n, m: {"U": (m, n), "W": (m, m), "b": "m"},
            "gives a str for b, where a tuple of whole numbers belongs, such as (4,) or (4, 3), on input_size=3",
        ),
        (lambda n, m: {"U": (m, n), "W": (m, 4.0), "b": (m,)}, "gives (4, 4.0) for W"),
        (lambda n, m: {"U": (m, n), "W": (10**400, m), "b": (m,)}, "00... for W, where"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": (True,)}, "gives (True,) for b"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": {m: 0}}, "gives a dict for b"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": bytes([m])}, "gives a bytes for b"),
        (lambda n, m: dict.fromkeys(range(500)), "returns a dict with the keys [0, 1, 2"),
    ],
)
def test_nasty_shapes_fail_with_a_message(fn, says):
    assert says in failure("parameter_shapes", fn)


def test_an_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        checks.rnn_step(raises(KeyboardInterrupt()))


# The parts of the engine, where a whole check would not tell


def likeness(learner, mistake):
    """How much a mistake is like a learner's function, by what both return on case after case.

    0 is right, and None stands for an array that does not fit.
    """

    def by_case(results):
        def fn(n):
            if results[n] is None:
                raise ValueError
            return np.full(1, float(results[n]))

        return fn

    cases = [checking.Case(f"case {n}", {"n": n}, (np.zeros(1),)) for n in range(len(learner))]
    check = checking.Check("check", cases, checking.read_array, lambda *args: "")
    outcomes, right = checking._run(by_case(learner), check), [result == 0 for result in learner]
    calls = list(map(checking._Call, outcomes, cases, right))
    return checking._likeness(by_case(mistake), check, calls).name


@pytest.mark.parametrize(
    ("learner", "mistake", "how_much"),
    [
        ([1, 0, None], [1, 0, None], "FULL"),
        ([1, 2], [1 + 1e-7, 2], "FULL"),  # rounded as float32 is
        ([1, None], [1, 5], "NEARLY"),
        ([1, 1], [1, None], "NEARLY"),
        ([1, 1, None, None, None], [1, 1, 5, 5, 5], "NONE"),  # most cases do not speak
        ([0, None], [0, 5], "NONE"),  # nothing wrong in common
        ([1, 2, 0], [1, 2, 5], "WHERE_WRONG"),
        ([1, 0], [1, 5], "NONE"),  # one result in common may be chance
        ([1, 2, 0, None], [1, 2, 5, 5], "NONE"),
        ([1, 2, 3], [1, 2, 5], "NONE"),
    ],
)
def test_how_much_a_mistake_is_like_a_function(learner, mistake, how_much):
    assert likeness(learner, mistake) == how_much


FIVE, ROWS = np.zeros(5), np.zeros((2, 3))


@pytest.mark.parametrize(
    ("returned", "expected", "told"),
    [
        ((FIVE, 0.5, 0.5), FIVE, ": it is a tuple of 3; return its first part alone"),
        ((0.5, FIVE, 0.5), FIVE, ": it is a tuple of 3; return its second part alone"),
        ([0.5, 0.5, FIVE], FIVE, ": it is a list of 3; return its third part alone"),
        ((FIVE, 0.5, 0.5, 0.5), FIVE, ": it is a tuple of 4 results; return one of them alone"),
        ((0.5, 0.5), FIVE, ""),
        ([0.5] * 5, FIVE, ""),
        ([ROWS, ROWS], ROWS, ""),  # as many as there are rows
        ({}, FIVE, ""),  # a dict has values too
        ((Liar(), FIVE), FIVE, ""),
    ],
)
def test_what_a_returned_object_tells(returned, expected, told):
    assert checking.kind_told(returned, (expected,)) == told
    assert checking.kind_told(returned, (expected, expected)) == ""


@pytest.mark.parametrize("matrices", [[np.ones((2, 3))] * 3, [2 * np.eye(2), 2 * np.eye(2), np.eye(3)]])
def test_matrices_of_a_wrong_shape_are_read_as_they_are(matrices):
    first, apart, repeated = checking.read_orthogonal(matrices)
    assert np.array_equal(first, matrices[0])
    assert np.array_equal(apart, 0 * first)
    assert repeated == 0


def test_results_without_rows_are_alike_where_rounding_does_not_count():
    nothing, none_of_four, two = np.zeros(0), np.zeros((0, 4)), np.zeros(2)
    assert checking.close(nothing, none_of_four, coarse=True)
    assert not checking.close(nothing, none_of_four)
    assert not checking.close(nothing, two, coarse=True)
    assert not checking.close(two, nothing, coarse=True)


def test_within_takes_its_bounds_in_and_bears_what_is_not_finite():
    zero, one, infinite = np.zeros(1), np.ones(1), np.full(1, np.inf)
    assert checking.within(one, zero, 1.0, 0.0)
    assert checking.within(-one, zero, 1.0, 0.0)
    with np.errstate(all="raise"):  # infinity minus infinity
        assert checking.within(infinite, infinite, 0.0, 0.0)
        assert not checking.within(infinite, -infinite, 0.0, 0.0)

    nan = np.full(1, np.nan)
    assert checking.within(nan, nan, 0.0, 0.0)
    assert checking.within(nan, -nan, 0.0, 0.0)  # 0 / 0 and infinity minus infinity are stored in two ways
    assert checking.within(nan.astype(np.float32), nan, 0.0, 0.0)
    assert not checking.within(nan, one, 1.0, 1.0)
    assert not checking.within(one, nan, 1.0, 1.0)


def test_an_argument_is_the_same_to_its_last_digit_or_changed_or_gone():
    one = np.ones(1)
    assert checking._same(one, np.ones(1))
    assert not checking._same(one, one + 1e-15)
    case = checking.Case("case", {"x": one, "U": one, "W": one, "n": 3}, ())
    assert checking._changed({"x": None, "U": 2 * one, "W": np.ones(1), "n": 3}, case) == ("x (it is gone)", "U")


def test_an_error_that_no_known_mistake_raises_is_like_no_other_outcome():
    strange, misfit = checking.Outcome(None, strange=True), checking.Outcome(None)
    assert checking._alike(misfit, misfit)
    assert not any(checking._alike(*pair) for pair in [(strange, misfit), (misfit, strange), (strange, strange)])


class ReadOnce:
    """What gives its numbers at the first reading alone."""

    def __init__(self, numbers):
        self.numbers = [numbers]

    def __array__(self, *args, **kwargs):
        return self.numbers.pop()


def test_a_result_that_cannot_be_read_a_second_time_is_taken_as_it_was():
    checks.rnn_step(lambda *args: ReadOnce(rnn.rnn_step(*args)))


def test_a_result_may_be_as_large_as_the_largest_and_no_larger():
    assert checking.as_numbers(np.zeros(checking.LARGEST)).size == checking.LARGEST
    with pytest.raises(checking.Unreadable, match="far larger"):
        checking.as_numbers(np.zeros(checking.LARGEST + 1))


def test_words_of_the_messages():
    assert [checking.listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert [len(checking._shown("x" * n)) for n in (57, 58, 59)] == [59, 60, 63]  # two quotes; three dots
    errors = ValueError(""), ValueError("no X."), ValueError(".5 is too much.. "), ValueError(250 * "x")
    assert [checking._error(error) for error in errors] == [
        "ValueError",
        "ValueError: no X",
        "ValueError: .5 is too much",
        f"ValueError: {200 * 'x'}",
    ]


# What the learner sees


def test_the_failure_shows_its_message_alone():
    with pytest.raises(checks.CheckFailed) as caught:
        checks.rnn_step(lambda *args: 1 / 0)
    error = caught.value
    assert isinstance(error, AssertionError)
    assert error._render_traceback_() == [f"CheckFailed: {error}"]
    assert error.__cause__ is None
    assert error.__context__ is None


def test_jupyter_shows_no_path(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    result = shell.run_cell("from rnn_helpers import checks\nchecks.rnn_step(lambda *args: None)")
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, checks.CheckFailed)
    assert shown.strip() == f"CheckFailed: {result.error_in_exec}"
    assert str(Path(checks.__file__).parent) not in shown


def test_importing_the_checks_imports_neither_torch_nor_ipython():
    code = "import sys, rnn_helpers.checks; print([m for m in ('torch', 'IPython', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


# What a notebook may overwrite

LIES = {
    "allclose": "np.allclose = lambda *args, **options: True",
    "array_equal": "np.array_equal = lambda *args, **options: True",
    "isclose": "np.isclose = lambda *args, **options: True",
    "abs": "np.abs = np.absolute = lambda values: 0 * values",
    "all": "np.all = lambda *args, **options: True",
    "norm": "np.linalg.norm = lambda *args, **options: 0.0",
    "tanh": "np.tanh = lambda values: 0 * values",
    "stack": "np.stack = lambda values: 0 * np.asarray(values)",
    "builtin all": "builtins.all = lambda values: True",
    "builtin zip": "builtins.zip = lambda *args, **options: iter(())",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lie_told_to_numpy_does_not_make_wrong_right(name, when):
    if (name, when) == ("builtin zip", "before") and sys.version_info >= (3, 13):
        pytest.skip("from 3.13 on Python's own dataclasses need zip: without it nothing can be imported")
    steps = ["from rnn_helpers import checks", LIES[name]]
    code = [
        "import builtins",
        "import numpy as np",
        *(steps if when == "after" else steps[::-1]),
        "try:",
        "    checks.trace(lambda x, U, W, b: 0.0 * x @ U.T)",
        "except checks.CheckFailed as error:",
        "    print(error)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.startswith("trace")
    assert "are right" not in done.stdout


def test_what_is_overwritten_once_the_cases_are_drawn_changes_nothing(monkeypatch):
    for name in ("rnn_step", "mean_pool", "orthogonal"):
        checks.build(name, 77)
    for name in ("allclose", "array_equal", "isclose", "abs", "all", "stack", "zeros"):
        monkeypatch.setattr(np, name, lambda *args, **options: True)
    monkeypatch.setattr(np.linalg, "norm", lambda *args, **options: 0.0)
    assert "is off" in failure("rnn_step", lambda x, h, U, W, b: h + 3, seed=77)
    assert "is off" in failure("mean_pool", lambda x: x[0] + 3, seed=77)
    checks.rnn_step(lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b), seed=77)


def test_a_mistake_is_known_again_once_numpy_is_whole_again(monkeypatch):
    """What a known mistake returned while NumPy was overwritten is not remembered."""
    tanh = np.tanh

    def transposed(x, h, U, W, b):
        return tanh(x @ U.T + h @ W + b)

    checks.build("rnn_step", 78)
    monkeypatch.setattr(np, "tanh", lambda values: 0 * values)
    assert "is off" in failure("rnn_step", transposed, seed=78)
    monkeypatch.undo()
    assert "W is transposed" in failure("rnn_step", transposed, seed=78)


def test_numpy_is_not_whole_without_one_of_its_functions(monkeypatch):
    assert checking._numpy_is_whole()
    monkeypatch.delattr(np, "kron")
    assert not checking._numpy_is_whole()


def test_what_is_overwritten_before_is_told(monkeypatch):
    monkeypatch.setattr(np, "zeros", 3)
    message = failure("rnn_step", RIGHT["rnn_step"][0], seed=4712)
    assert message.startswith("rnn_step cannot be checked, because a function of NumPy or Python was overwritten")


class Agreeing(np.ndarray):
    """An array that says yes to every comparison."""

    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    __le__ = __ge__ = __sub__ = __rsub__ = __eq__


def test_an_array_that_agrees_with_everything_is_read_as_its_numbers():
    assert "off" in failure("rnn_step", lambda x, h, U, W, b: (h + 3).view(Agreeing))
    assert "off" in failure("mean_pool", lambda x: list((x[0] + 3).view(Agreeing)))


def test_functions_under_their_names_are_told_from_others():
    def tanh(values):
        return values

    assert checks.OVERWRITTEN == []
    for module in (checking, explaining, checks):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        bound = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in ("builtins", "numpy")
            for alias in node.names
        }
        (call,) = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "overwritten"]
        constants = {"float32", "float64", "ndarray", "ufunc", "nan"}
        assert {keyword.arg for keyword in call.keywords} == bound - constants, "each function must be looked at"
    assert checking.overwritten(tanh=np.tanh, all=builtins.all, norm=np.linalg.norm) == []
    liars = {"tanh": tanh, "array": np.asarray, "stack": 3}
    assert checking.overwritten(**liars) == list(liars)
    assert checking.overwritten(tanh=np.frompyfunc(tanh, 1, 1)) == ["tanh"]
    assert checking.overwritten(array=np.poly1d([1])) == ["array"]  # of a class of NumPy, without a name of its own


def test_an_overwritten_numpy_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "OVERWRITTEN", ["tanh"])
    assert failure("trace", RIGHT["trace"][0], seed=4711) == (
        "trace cannot be checked, because a function of NumPy or Python was overwritten in this notebook "
        "(tanh is not itself). Remove that line, restart the kernel, and run the notebook again."
    )


# Which function a page goes on with


def rnn_step_solution(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


def rnn_step_unwritten(x, h, U, W, b): ...


def rnn_step_loud(x, h, U, W, b):
    print("loud")
    return np.tanh(x @ U.T + h @ W.T + b)


def rnn_step_raising(x, h, U, W, b):
    raise RuntimeError("no")


def named(name, function):
    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("mine", "is_taken"),
    [
        (lambda *arguments: rnn_step_solution(*arguments), True),
        (rnn_step_loud, True),
        (rnn_step_unwritten, False),
        (rnn_step_raising, False),
        (lambda *arguments: 2 * rnn_step_solution(*arguments), False),
        (lambda: None, False),
    ],
)
@pytest.mark.parametrize("check", [None, "rnn_step", checks.rnn_step, lambda fn: checks.rnn_step(fn, seed=3)])
def test_a_page_goes_on_with_the_readers_function_where_it_is_right(mine, is_taken, check, capfd):
    chosen = checks.choose(mine, rnn_step_solution, check)
    assert chosen is (mine if is_taken else rnn_step_solution)
    said = capfd.readouterr()
    assert said.out == f"from here on with {'your rnn_step' if is_taken else 'the solution'}\n"
    assert said.err == ""


def test_the_check_is_the_one_of_the_same_name():
    def mean_pool(x):
        return x.mean(axis=0)

    def max_pool(x):
        return x.max(axis=0)

    other = named("other", lambda x: x.mean(axis=0))
    assert checks.choose(mean_pool, other) is mean_pool
    assert checks.choose(other, named("mean_pool_solution", lambda x: 0)) is other
    assert checks.choose(max_pool, named("mean_pool_solution", other)) is other  # what the page asks for is the mean
    assert checks.choose(mean_pool, other, "max_pool") is other


def test_a_class_is_chosen_by_a_function_that_checks_it(capsys):
    class TinyRNN:
        def __call__(self, x):
            return x

    class TinyRNN_solution(TinyRNN):  # noqa: N801
        pass

    def check_call(layer):
        assert layer()(3) == 3

    assert checks.choose(TinyRNN, TinyRNN_solution, check_call) is TinyRNN
    TinyRNN.__call__ = lambda self, x: None
    assert checks.choose(TinyRNN, TinyRNN_solution, check_call) is TinyRNN_solution
    TinyRNN.__call__ = lambda self: None  # the check itself stumbles over it
    assert checks.choose(TinyRNN, TinyRNN_solution, check_call) is TinyRNN_solution
    assert capsys.readouterr().out.splitlines()[:2] == [
        "from here on with your TinyRNN",
        "from here on with the solution",
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((np.ones(4), rnn_step_solution), TypeError, "mine must be .* without calling it, got .* ndarray"),
        ((rnn_step_loud, None), TypeError, "solution must be .* got an object of type NoneType"),
        ((rnn_step_loud, rnn_step_loud), ValueError, "check must be one of parameter_shapes, .* got 'rnn_step_loud'"),
        ((rnn_step_loud, rnn_step_solution, "rnn_stop"), ValueError, "check must be one of .* got 'rnn_stop'"),
        ((rnn_step_loud, rnn_step_solution, 3), TypeError, "check must be .* got an object of type int"),
    ],
)
def test_choose_refuses_what_is_no_function_or_no_check(arguments, error, says):
    with pytest.raises(error, match=says):
        checks.choose(*arguments)
