"""What learners wrote in the field and a check once did not name, or accepted: with what it must say now.

Each is (check, told, function), `told` being a known mistake's name or words of the message.
"""

import itertools

import numpy as np

CASES = []


def case(check, told):
    """Collect a function that `check` must refuse with these words."""

    def add(function):
        CASES.append((check, told, function))
        return function

    return add


def step(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


# Another function than tanh


def with_function(function):
    def rnn_step(x, h, U, W, b):
        return function(x @ U.T + h @ W.T + b)

    return rnn_step


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def exponentials(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


FUNCTIONS = {
    "sigmoid for tanh": sigmoid,
    "relu for tanh": lambda z: np.where(z > 0, z, 0.0),
    "another function for tanh": np.tan,
    "tanh twice": lambda z: np.tanh(np.tanh(z)),
    "tanh of exponentials": exponentials,
}
for told, function in {**FUNCTIONS, "another function for tanh ": np.arctan}.items():
    case("rnn_step", told.strip())(with_function(function))
    case("first_step", told.strip())(lambda x_1, U, b, function=function: function(U @ x_1 + b))


def loop_with(step):
    def rnn_forward(x, U, W, b, h_0):
        h, output = h_0, []
        for x_t in x:
            h = step(x_t, h, U, W, b)
            output.append(h)
        return np.array(output), h

    return rnn_forward


for told, function in FUNCTIONS.items():
    if told != "tanh of exponentials":  # which overflows only where sums are large
        case("rnn_forward", told)(loop_with(with_function(function)))

# Parentheses

for told, wrong in {
    "tanh on W h only": lambda x, h, U, W, b: x @ U.T + np.tanh(h @ W.T) + b,
    "tanh on each product": lambda x, h, U, W, b: np.tanh(x @ U.T) + np.tanh(h @ W.T) + b,
    "tanh on each term": lambda x, h, U, W, b: np.tanh(x @ U.T) + np.tanh(h @ W.T) + np.tanh(b),
    "U x outside the tanh": lambda x, h, U, W, b: x @ U.T + np.tanh(h @ W.T + b),
    "old state added": lambda x, h, U, W, b: h + np.tanh(x @ U.T + h @ W.T + b),
    "no input": lambda x, h, U, W, b: np.tanh(h @ W.T + b),
    "bias subtracted": lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T - b),
}.items():
    case("rnn_step", told)(wrong)
    case("rnn_forward", told)(loop_with(wrong))

# Columns


@case("rnn_step", "columns plus a row")
def _(x, h, U, W, b):
    return np.tanh(U @ x.reshape(-1, 1) + W @ h.reshape(-1, 1) + b)


@case("rnn_step", "a column comes back")
def _(x, h, U, W, b):
    return np.tanh(U @ x[:, None] + W @ h[:, None] + b[:, None])


@case("rnn_step", "columns only")
def _(x, h, U, W, b):
    return np.tanh(np.dot(U, x) + np.dot(W, h) + b)


@case("rnn_step", "rows only")
def _(x, h, U, W, b):
    return np.array([np.tanh(U @ x[n] + W @ h[n] + b) for n in range(len(x))])


# The loop


@case("rnn_forward", "return inside the loop")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
        return np.array(output), h


@case("trace", "return inside the loop")
def _(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        states.append(h)
        return np.array(states)


@case("rnn_forward", "stored after the loop")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
    output.append(h)
    return np.array(output), h


@case("rnn_forward", "first step skipped")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(1, len(x)):
        h = step(x[t], h, U, W, b)
        output.append(h)
    return np.array(output), h


@case("trace", "last step skipped")
def _(x, U, W, b):
    h, states = np.zeros(len(b)), np.zeros((len(x), len(b)))
    for t in range(len(x) - 1):
        states[t] = h = step(x[t], h, U, W, b)
    return states


@case("rnn_forward", "first input at every step")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for _ in range(len(x)):
        h = step(x[0], h, U, W, b)
        output.append(h)
    return np.array(output), h


@case("rnn_forward", "joined, not stacked")
def _(x, U, W, b, h_0):
    output, h = loop_with(step)(x, U, W, b, h_0)
    return np.concatenate(list(output)), h


@case("rnn_forward", "h_0 in the output")
def _(x, U, W, b, h_0):
    output = [h_0]
    for x_t in x:
        output.append(step(x_t, output[-1], U, W, b))
    return np.stack(output), output[-1]


@case("rnn_forward", "another start than h_0")
def _(x, U, W, b, h_0):
    return loop_with(step)(x, U, W, b, np.ones_like(h_0, dtype=float))


@case("trace", "another start than h_0")
def _(x, U, W, b):
    return loop_with(step)(x, U, W, b, b)[0]


@case("rnn_forward", "no memory in the loop")
def _(x, U, W, b, h_0):
    output = np.zeros((len(x), *h_0.shape))
    for t in range(len(x)):
        output[t] = np.tanh(x[t] @ U.T + output[t] @ W.T + b)
    return output, output[-1]


@case("rnn_forward", "h_n with an axis more")
def _(x, U, W, b, h_0):
    output, _ = loop_with(step)(x, U, W, b, h_0)
    return output, output[-1:]


@case("rnn_forward", "sum carried on")
def _(x, U, W, b, h_0):
    z, output = h_0, []
    for x_t in x:
        z = x_t @ U.T + z @ W.T + b
        output.append(np.tanh(z))
    return np.array(output), np.tanh(z)


@case("rnn_forward", "step taken twice")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        output.append(step(x_t, h, U, W, b))
        h = step(x_t, step(x_t, h, U, W, b), U, W, b)
    return np.array(output), h


# Shapes


@case("parameter_shapes", "U's and W's shapes exchanged")
def _(n, m):
    return {"U": (m, m), "W": (m, n), "b": (m,)}


@case("parameter_shapes", "I and H exchanged")
def _(n, m):
    return {"U": (n, m), "W": (n, n), "b": (n,)}


@case("parameter_shapes", "b with two axes")
def _(n, m):
    return {"U": (m, n), "W": (m, m), "b": (m, 1)}


@case("parameter_shapes", "b with two axes")
def _(n, m):
    return {"U": (m, n), "W": (m, m), "b": (1, m)}


@case("parameter_shapes", "W with U's shape")
def _(n, m):
    return {"U": (m, n), "W": (m, n), "b": (m,)}


# A leading axis of 1, and two results where one belongs


@case("mean_pool", "the numbers are right, but they stand in an axis of 1 too many")
def _(x):
    return x.mean(axis=0, keepdims=True)


@case("rnn_step", "it is a tuple of one (is there a stray comma after the result?)")
def _(x, h, U, W, b):
    return (step(x, h, U, W, b),)


@case("rnn_step", "an axis of 1 too many")
def _(x, h, U, W, b):
    return step(x, h, U, W, b)[None]


@case("rnn_step", "an np.matrix always has two axes; use np.array")
def _(x, h, U, W, b):
    return np.matrix(step(x, h, U, W, b))


@case("continue_reading", "h_n with an axis more")
def _(first_half, second_half, U, W, b):
    output, _ = loop_with(step)(np.concatenate([first_half, second_half]), U, W, b, 0 * b)
    return output[-1:]


@case("rnn_step", "it is a tuple of 2; return its first part alone")
def _(x, h, U, W, b):
    h = step(x, h, U, W, b)
    return h, h[..., :1]


@case("max_pool", "as torch's max gives them; take its .values")
def _(x):
    import torch

    return torch.tensor(x).max(dim=0)


# from_torch


def parameters(layer):
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return [getattr(layer, name).detach().numpy() for name in names]


@case("from_torch", "only W transposed")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer)
    return U, W.T, b_ih + b_hh


@case("from_torch", "only U transposed")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer)
    return U.T, W, b_ih + b_hh


@case("from_torch", "one bias taken twice")
def _(layer):
    U, W, b_ih, _ = parameters(layer)
    return U, W, b_ih * 2


@case("from_torch", "biases side by side")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer)
    return U, W, np.stack([b_ih, b_hh])


@case("from_torch", "biases side by side")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer)
    return U, W, np.hstack([b_ih, b_hh])


@case("from_torch", "the layer converted")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer.double())
    return U, W, b_ih + b_hh


@case("from_torch", "the layer converted")
def _(layer):
    U, W, b_ih, b_hh = parameters(layer.float())
    return U, W, b_ih + b_hh


@case("from_torch", "changes its argument weight_hh_l0")
def _(layer):
    U, W, b_ih, b_hh = (values.copy() for values in parameters(layer))
    layer.weight_hh_l0.data = layer.weight_hh_l0.data.T
    return U, W, b_ih + b_hh


@case("from_torch", "changes its argument bias_hh_l0 (it is gone)")
def _(layer):
    U, W, b_ih, b_hh = (values.copy() for values in parameters(layer))
    layer.bias_hh_l0 = None
    return U, W, b_ih + b_hh


@case("from_torch", "changes its argument bias_ih_l0 (it is gone)")
def _(layer):
    U, W, b_ih, b_hh = (values.copy() for values in parameters(layer))
    del layer.bias_ih_l0
    return U, W, b_ih + b_hh


# forward_lengths


def one_by_one(x, lengths, U, W, b):
    return np.array([loop_with(step)(x[:length, n], U, W, b, 0 * b)[1] for n, length in enumerate(lengths)])


@case("forward_lengths", "order of lengths kept")
def _(x, lengths, U, W, b):
    order = np.argsort(lengths)[::-1]
    return one_by_one(x[:, order], lengths[order], U, W, b)


@case("forward_lengths", "order restored the wrong way")
def _(x, lengths, U, W, b):
    order = np.argsort(-lengths)
    return one_by_one(x[:, order], lengths[order], U, W, b)[order]


def masked(going_on):
    def forward_lengths(x, lengths, U, W, b):
        h = np.zeros((x.shape[1], len(b)))
        for t, x_t in enumerate(x):
            h = going_on(t, lengths[:, None], step(x_t, h, U, W, b), h)
        return h

    return forward_lengths


case("forward_lengths", "one step of padding read")(masked(lambda t, n, new, h: np.where(t <= n, new, h)))
case("forward_lengths", "ended sequences set to zero")(masked(lambda t, n, new, h: np.where(t < n, new, 0)))
case("forward_lengths", "the two states exchanged")(masked(lambda t, n, new, h: np.where(t < n, h, new)))


@case("forward_lengths", "handed to the next sequence")
def _(x, lengths, U, W, b):
    h, ends = np.zeros(len(b)), []
    for n in range(x.shape[1]):
        for t in range(lengths[n]):
            h = np.tanh(U @ x[t, n] + W @ h + b)
        ends.append(h)
    return np.array(ends)


# The same mistake behind another check


def transposed(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W + b)


@case("forward_lengths", "W transposed")
def _(x, lengths, U, W, b):
    output, _ = loop_with(transposed)(x, U, W, b, np.zeros((x.shape[1], len(b))))
    return output[lengths - 1, np.arange(len(lengths))]


@case("read_counts", "W transposed")
def _(x, U, W, b):
    return loop_with(transposed)(x, U, W, b, 0 * b)[0]


@case("read_batch_first", "W transposed")
def _(x, U, W, b):
    return loop_with(transposed)(x.swapaxes(0, 1), U, W, b, np.zeros((len(x), len(b))))[1]


@case("read_backwards", "W transposed")
def _(x, U, W, b):
    output, h_n = loop_with(transposed)(x[::-1], U, W, b, 0 * b)
    return output[::-1], h_n


# Pools

for told, wrong in {
    "mean over axis 1": lambda x: x.mean(axis=1),
    "divided by T − 1": lambda x: x.sum(axis=0) / (len(x) - 1),
    "divided by the number of numbers": lambda x: x.sum(axis=0) / x.size,
    "divided with //": lambda x: x.sum(axis=0) // len(x),
    "last row for the mean": lambda x: x[-1],
}.items():
    case("mean_pool", told)(wrong)
for told, wrong in {
    "maximum over axis 1": lambda x: x.max(axis=1),
    "minimum for the maximum": lambda x: x.min(axis=0),
    "last row for the maximum": lambda x: x[-1],
}.items():
    case("max_pool", told)(wrong)


def max_from(start):
    def max_pool(x):
        largest = np.full(x.shape[1:], float(start))
        for x_t in x:
            largest = np.maximum(largest, x_t)
        return largest

    return max_pool


for start in (-10, -999, -1e9):
    case("max_pool", "All numbers are far below zero here: a search that starts from a fixed number stays there")(
        max_from(start)
    )
case("max_pool", "is off, on one sequence")(max_from(-1))

# read_back


def probe(summaries, tokens, n_fit, axis=1):
    inputs = np.column_stack([summaries, np.ones(len(tokens))])
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], np.eye(tokens.max() + 1)[tokens[:n_fit]], rcond=None)
    return (inputs[n_fit:] @ weights).argmax(axis=axis), tokens[n_fit:]


@case("read_back", "error rate")
def _(summaries, tokens):
    guesses, right = probe(summaries, tokens, 3 * len(tokens) // 4)
    return np.mean(guesses != right)


@case("read_back", "right guesses counted")
def _(summaries, tokens):
    guesses, right = probe(summaries, tokens, 3 * len(tokens) // 4)
    return np.sum(guesses == right)


@case("read_back", "another part held out")
def _(summaries, tokens):
    guesses, right = probe(summaries, tokens, len(tokens) // 2)
    return np.mean(guesses == right)


@case("read_back", "another part held out")
def _(summaries, tokens):
    guesses, right = probe(summaries, tokens, 4 * len(tokens) // 5)
    return np.mean(guesses == right)


@case("read_back", "Cut at 3 * N // 4, and do not shuffle")
def _(summaries, tokens):
    order = np.random.default_rng(0).permutation(len(tokens))
    guesses, right = probe(summaries[order], tokens[order], 3 * len(tokens) // 4)
    return np.mean(guesses == right)


@case("read_back", "largest of each kind")
def _(summaries, tokens):
    guesses, right = probe(summaries, tokens, 3 * len(tokens) // 4, axis=0)
    return np.mean(guesses == right)


# distinct_summaries


def results(summary, x, orders=itertools.permutations):
    return np.array([summary(x[list(order)]) for order in orders(range(len(x)))])


@case("distinct_summaries", "numbers counted")
def _(summary, x):
    return len(np.unique(results(summary, x).round(9)))


@case("distinct_summaries", "sums compared")
def _(summary, x):
    return len(np.unique(results(summary, x).sum(axis=1).round(9)))


@case("distinct_summaries", "combinations for orders")
def _(summary, x):
    return len(np.unique(results(summary, x, lambda rows: itertools.combinations(rows, len(rows))).round(9), axis=0))


@case("distinct_summaries", "rounded too coarsely")
def _(summary, x):
    return len(np.unique(results(summary, x).round(4), axis=0))


@case("distinct_summaries", "rounded too coarsely")
def _(summary, x):
    return len(np.unique(results(summary, x).round(5), axis=0))


@case("distinct_summaries", "rounded too coarsely")
def _(summary, x):
    kept = []
    for result in results(summary, x):
        if not any(np.allclose(result, other) for other in kept):
            kept.append(result)
    return len(kept)


# orthogonal


@case("orthogonal", "gives the same matrix for two different seeds")
def _(H, scale, seed):
    return scale * np.eye(H) * (-1) ** seed
