"""Each mistake of the catalogue once more, spelled from its hint alone, without sight of the catalogue's own function.

So a function of the catalogue that does something else than its hint says turns a test red: see test_mistakes.
"""

import itertools

import numpy as np

SPELLED = {}


def spelled(name):
    """Decorate the function that makes the mistake of this name."""

    def decorate(function):
        assert name not in SPELLED, name
        SPELLED[name] = function
        return function

    return decorate


def step(x, h, U, W, b):
    """Take one step, rightly."""
    return np.tanh(x @ U.T + h @ W.T + b)


def sigmoid(z):
    """Squeeze numbers into 0 to 1."""
    return 1 / (1 + np.exp(-z))


# ---- parameter_shapes


@spelled("U's shape transposed")
def _(input_size, hidden_size):
    return {"U": (input_size, hidden_size), "W": (hidden_size, hidden_size), "b": (hidden_size,)}


@spelled("W sized by the input")
def _(input_size, hidden_size):
    return {"U": (hidden_size, input_size), "W": (input_size, input_size), "b": (hidden_size,)}


@spelled("b sized by the input")
def _(input_size, hidden_size):
    shapes = {}
    shapes["U"] = (hidden_size, input_size)
    shapes["W"] = (hidden_size, hidden_size)
    shapes["b"] = (input_size,)
    return shapes


@spelled("U's and W's shapes exchanged")
def _(input_size, hidden_size):
    return {"W": (hidden_size, input_size), "U": (hidden_size, hidden_size), "b": (hidden_size,)}


@spelled("W with U's shape")
def _(input_size, hidden_size):
    matrix = (hidden_size, input_size)
    return {"U": matrix, "W": matrix, "b": (hidden_size,)}


@spelled("I and H exchanged")
def _(hidden_size, input_size):
    return {"U": (hidden_size, input_size), "W": (hidden_size, hidden_size), "b": (hidden_size,)}


@spelled("b with two axes")
def _(input_size, hidden_size):
    return {"U": (hidden_size, input_size), "W": (hidden_size, hidden_size), "b": (hidden_size, 1)}


@spelled("four gates")
def _(input_size, hidden_size):
    rows = 4 * hidden_size
    return {"U": (rows, input_size), "W": (rows, hidden_size), "b": (rows,)}


# ---- rnn_step


@spelled("missing tanh")
def _(x, h, U, W, b):
    return b + np.dot(x, U.T) + np.dot(h, W.T)


@spelled("tanh on one term only")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T) + h @ W.T + b


@spelled("tanh on W h only")
def _(x, h, U, W, b):
    memory = np.tanh(h @ W.T)
    return x @ U.T + memory + b


@spelled("tanh on each product")
def _(x, h, U, W, b):
    return np.tanh(np.inner(x, U)) + np.tanh(np.inner(h, W)) + b


@spelled("tanh on each term")
def _(x, h, U, W, b):
    return sum(np.tanh(term) for term in (x @ U.T, h @ W.T, b))


@spelled("two tanhs, one for each product")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + b) + np.tanh(h @ W.T)


@spelled("tanh twice")
def _(x, h, U, W, b):
    z = np.tanh(x @ U.T + h @ W.T + b)
    return np.tanh(z)


@spelled("slope of tanh")
def _(x, h, U, W, b):
    new = step(x, h, U, W, b)
    return 1 - new * new


@spelled("sigmoid for tanh")
def _(x, h, U, W, b):
    z = np.einsum("hi,...i->...h", U, x) + np.einsum("gh,...h->...g", W, h) + b
    return 1.0 / (1.0 + np.exp(-z))


@spelled("relu for tanh")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.where(z > 0, z, 0.0)


@spelled("another function for tanh")
def _(x, h, U, W, b):
    return np.tan(x @ U.T + h @ W.T + b)


@spelled("tanh of half the sum")
def _(x, h, U, W, b):
    e = np.exp(x @ U.T + h @ W.T + b)
    return (e - 1) / (e + 1)


@spelled("sum scaled")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.tanh(z / len(b) ** 0.5)


@spelled("normalised over the units")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    mean, var = z.mean(axis=-1, keepdims=True), z.var(axis=-1, keepdims=True)
    return np.tanh((z - mean) / np.sqrt(var + 1e-5))


@spelled("gate of another network")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    gate = sigmoid(z)
    return gate * h + (1 - gate) * np.tanh(z)


@spelled("softmax for tanh")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@spelled("tanh of exponentials")
def _(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    up, down = np.exp(z), np.exp(-z)
    return (up - down) / (up + down)


@spelled("bias left out")
def _(x, h, U, W, b):
    return np.tanh(np.dot(x, U.T) + np.dot(h, W.T))


@spelled("bias twice")
def _(x, h, U, W, b):
    from_input = x @ U.T + b
    from_state = h @ W.T + b
    return np.tanh(from_input + from_state)


@spelled("bias outside")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T) + b


@spelled("bias once for each feature")
def _(x, h, U, W, b):
    z = h @ W.T
    for i in range(U.shape[1]):
        z = z + x[..., i : i + 1] * U[:, i] + b
    return np.tanh(z)


@spelled("bias through W")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + (h + b) @ W.T)


@spelled("bias subtracted")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T - b)


@spelled("U x subtracted")
def _(x, h, U, W, b):
    return np.tanh(h @ W.T + b - x @ U.T)


@spelled("W h subtracted")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T - h @ W.T + b)


@spelled("W transposed")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W + b)


@spelled("U transposed")
def _(x, h, U, W, b):
    return np.tanh(np.dot(x, U) + np.dot(h, W.T) + b)


@spelled("U reshaped")
def _(x, h, U, W, b):
    fitted = U.reshape(x.shape[-1], -1)
    return np.tanh(x @ fitted + h @ W.T + b)


@spelled("U and W transposed")
def _(x, h, U, W, b):
    return np.tanh(x @ U + h @ W + b)


@spelled("W h outside the tanh")
def _(x, h, U, W, b):
    return np.tanh(b + x @ U.T) + h @ W.T


@spelled("U x outside the tanh")
def _(x, h, U, W, b):
    return x @ U.T + np.tanh(h @ W.T + b)


@spelled("old state added")
def _(x, h, U, W, b):
    return h + np.tanh(x @ U.T + h @ W.T + b)


@spelled("old state inside without W")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + h + b)


@spelled("U and W swapped")
def _(x, h, U, W, b):
    return np.tanh(x @ W.T + h @ U.T + b)


@spelled("no memory")
def _(x, h, U, W, b):
    h = np.zeros(h.shape)
    return np.tanh(x @ U.T + h @ W.T + b)


@spelled("no input")
def _(x, h, U, W, b):
    return np.tanh(h @ W.T + b)


@spelled("one loop for both sums")
def _(x, h, U, W, b):
    z = np.zeros(h.shape) + b
    for i in range(x.shape[-1]):
        z += x[..., i, None] * U[:, i] + h[..., i, None] * W[:, i]
    return np.tanh(z)


@spelled("diagonal of W only")
def _(x, h, U, W, b):
    z = x @ U.T + b
    for unit in range(len(b)):
        z[..., unit] += W[unit, unit] * h[..., unit]
    return np.tanh(z)


@spelled("diagonal of W left out")
def _(x, h, U, W, b):
    z = x @ U.T + b
    for j in range(len(b)):
        for k in range(len(b)):
            if j != k:
                z[..., j] += W[j, k] * h[..., k]
    return np.tanh(z)


@spelled("tanh of the old state")
def _(x, h, U, W, b):
    return np.tanh(x @ U.T + np.tanh(h) @ W.T + b)


@spelled("products multiplied")
def _(x, h, U, W, b):
    return np.tanh((x @ U.T) * (h @ W.T) + b)


@spelled("input twice, state never")
def _(x, h, U, W, b):
    a = x @ U.T
    c = x @ U.T
    return np.tanh(a + c + b)


@spelled("state twice, input never")
def _(x, h, U, W, b):
    a = h @ W.T
    c = h @ W.T
    return np.tanh(a + c + b)


@spelled("one feature left out")
def _(x, h, U, W, b):
    z = h @ W.T + b
    for i in range(1, U.shape[1]):
        z = z + x[..., i : i + 1] * U[:, i]
    return np.tanh(z)


@spelled("one number of the state left out")
def _(x, h, U, W, b):
    z = x @ U.T + b
    for k in range(1, len(W)):
        z = z + h[..., k : k + 1] * W[:, k]
    return np.tanh(z)


@spelled("one unit left out")
def _(x, h, U, W, b):
    new = np.zeros(h.shape)
    for unit in range(1, h.shape[-1]):
        new[..., unit] = np.tanh(x @ U[unit] + h @ W[unit] + b[unit])
    return new


@spelled("states of a batch mixed")
def _(x, h, U, W, b):
    if h.ndim == 2:
        h = h.mean(axis=0)
    return np.tanh(x @ U.T + h @ W.T + b)


@spelled("input through W too")
def _(x, h, U, W, b):
    return np.tanh((h + x @ U.T) @ W.T + b)


@spelled("joined in two orders")
def _(x, h, U, W, b):
    joined = np.concatenate([x, h], axis=-1)
    weights = np.concatenate([W, U], axis=1)
    return np.tanh(joined @ weights.T + b)


@spelled("units updated one by one")
def _(x, h, U, W, b):
    h = np.array(h, dtype=float)
    for unit in range(len(b)):
        h[..., unit] = np.tanh(x @ U[unit] + h @ W[unit] + b[unit])
    return h


@spelled("state in integers")
def _(x, h, U, W, b):
    new = np.zeros(h.shape, dtype=x.dtype)
    new[...] = np.tanh(x @ U.T + h @ W.T + b)
    return new


@spelled("columns only")
def _(x, h, U, W, b):
    return np.tanh(U @ x + W @ h + b)


@spelled("rows only")
def _(x, h, U, W, b):
    return np.stack([np.tanh(U @ x[n] + W @ h[n] + b) for n in range(len(x))])


@spelled("columns plus a row")
def _(x, h, U, W, b):
    x = x.reshape(-1, 1)
    h = h.reshape(-1, 1)
    return np.tanh(U @ x + W @ h + b)


@spelled("a column comes back")
def _(x, h, U, W, b):
    return np.tanh(U @ x[:, np.newaxis] + W @ h[:, np.newaxis] + b[:, np.newaxis])


@spelled("batch in columns")
def _(x, h, U, W, b):
    z = U @ x.T + W @ h.T
    return np.tanh(z + (b if x.ndim == 1 else b[:, None]))


# ---- rnn_forward


@spelled("state not carried")
def _(x, U, W, b, h_0):
    output = np.stack([step(x_t, h_0, U, W, b) for x_t in x])
    return output, output[-1]


@spelled("no memory in the loop")
def _(x, U, W, b, h_0):
    output = np.zeros((len(x), *h_0.shape))
    for t in range(len(x)):
        output[t] = np.tanh(x[t] @ U.T + output[t] @ W.T + b)
    return output, output[-1]


@spelled("sum carried on")
def _(x, U, W, b, h_0):
    output, h = [], h_0
    for x_t in x:
        h = x_t @ U.T + h @ W.T + b
        output.append(np.tanh(h))
    return np.array(output), output[-1]


@spelled("sum stored")
def _(x, U, W, b, h_0):
    output, h = [], h_0
    for x_t in x:
        z = x_t @ U.T + h @ W.T + b
        h = np.tanh(z)
        output.append(z)
    return np.array(output), h


@spelled("tanh once more when stored")
def _(x, U, W, b, h_0):
    output, h = np.zeros((len(x), *h_0.shape)), h_0
    for t, x_t in enumerate(x):
        h = step(x_t, h, U, W, b)
        output[t] = np.tanh(h)
    return output, h


@spelled("bias added once only")
def _(x, U, W, b, h_0):
    h = h_0 + b
    output = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T)
        output.append(h)
    return np.stack(output), h


@spelled("sum of all states carried on")
def _(x, U, W, b, h_0):
    output = [step(x[0], h_0, U, W, b)]
    for x_t in x[1:]:
        output.append(step(x_t, sum(output), U, W, b))
    return np.array(output), output[-1]


@spelled("step taken twice")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("first input read twice")
def _(x, U, W, b, h_0):
    h, output = step(x[0], h_0, U, W, b), []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("input of the step before")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(len(x)):
        h = step(x[t - 1], h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("state of two steps before")
def _(x, U, W, b, h_0):
    states = [h_0]
    for t in range(len(x)):
        states.append(step(x[t], states[max(t - 1, 0)], U, W, b))
    return np.array(states[1:]), states[-1]


@spelled("h_0 at every step")
def _(x, U, W, b, h_0):
    h, output = np.zeros(h_0.shape), []
    for x_t in x:
        h = step(x_t, h + h_0, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("first input at every step")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for _t in range(len(x)):
        h = step(x[0], h, U, W, b)
        output.append(h)
    return np.array(output), h


def right_forward(x, U, W, b, h_0):
    """Read a sequence, rightly."""
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("mean for the last state")
def _(x, U, W, b, h_0):
    output, _h = right_forward(x, U, W, b, h_0)
    return output, np.mean(output, axis=0)


@spelled("last number of the last state")
def _(x, U, W, b, h_0):
    output, h = right_forward(x, U, W, b, h_0)
    return output, h[-1]


@spelled("h_n from another step")
def _(x, U, W, b, h_0):
    output, _h = right_forward(x, U, W, b, h_0)
    return output, output[0]


@spelled("states of the last sequence")
def _(x, U, W, b, h_0):
    output, _h = right_forward(x, U, W, b, h_0)
    return output, output[:, -1]


@spelled("return inside the loop")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
        return np.array(output), h


@spelled("stored after the loop")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
    output.append(h)
    return np.array(output), h


@spelled("first step skipped")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(1, len(x)):
        h = step(x[t], h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("last step skipped")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(len(x) - 1):
        h = step(x[t], h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("h_0 ignored")
def _(x, U, W, b, h_0):
    h = np.zeros(x.shape[1:-1] + b.shape)
    output = np.empty((x.shape[0], *h.shape))
    for t in range(x.shape[0]):
        output[t] = h = step(x[t], h, U, W, b)
    return output, h


@spelled("another start than h_0")
def _(x, U, W, b, h_0):
    h, output = np.ones(h_0.shape), []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("input order reversed")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in reversed(x):
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("output reversed")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.insert(0, h)
    return np.array(output), h


@spelled("stored before the step")
def _(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape))
    for t, x_t in enumerate(x):
        output[t] = h
        h = step(x_t, h, U, W, b)
    return output, h


@spelled("rows shifted round")
def _(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape))
    for t, x_t in enumerate(x):
        h = step(x_t, h, U, W, b)
        output[t - 1] = h
    return output, h


@spelled("output without its last row")
def _(x, U, W, b, h_0):
    output, h = right_forward(x, U, W, b, h_0)
    return output[:-1], h


@spelled("states added up")
def _(x, U, W, b, h_0):
    h, total, output = h_0, 0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        total = total + h
        output.append(total)
    return np.array(output), h


@spelled("h_0 in the output")
def _(x, U, W, b, h_0):
    output = [h_0]
    for x_t in x:
        output.append(step(x_t, output[-1], U, W, b))
    return np.array(output), output[-1]


@spelled("joined, not stacked")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.concatenate(output), h


@spelled("output with the sequences first")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.stack(output, axis=1), h


@spelled("batch reshaped")
def _(x, U, W, b, h_0):
    if x.ndim == 2:
        return right_forward(x, U, W, b, h_0)
    steps, sequences, features = x.shape
    x = x.reshape(sequences, steps, features)
    output = np.zeros((steps, sequences, len(b)))
    for n in range(sequences):
        h = h_0[n]
        for t in range(steps):
            h = step(x[n, t], h, U, W, b)
            output[t, n] = h
    return output, output[-1]


@spelled("h_n with an axis more")
def _(x, U, W, b, h_0):
    output, _h = right_forward(x, U, W, b, h_0)
    return output, output[-1:]


@spelled("state handed to the next sequence")
def _(x, U, W, b, h_0):
    if x.ndim == 2:
        return right_forward(x, U, W, b, h_0)
    output, h = np.zeros((*x.shape[:2], len(b))), h_0[0]
    for n in range(x.shape[1]):
        for t in range(x.shape[0]):
            h = step(x[t, n], h, U, W, b)
            output[t, n] = h
    return output, output[-1]


@spelled("returns swapped")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return h, np.array(output)


@spelled("one shared buffer")
def _(x, U, W, b, h_0):
    h, output = np.array(h_0, dtype=float), []
    for x_t in x:
        h[:] = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("integer output")
def _(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape), dtype=x.dtype)
    for t, x_t in enumerate(x):
        h = step(x_t, h, U, W, b)
        output[t] = h
    return output, h


@spelled("wrong axis taken for time")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(x.shape[1]):
        h = step(x[:, t], h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("batch first")
def _(x, U, W, b, h_0):
    if x.ndim == 3:
        x = x.transpose(1, 0, 2)
    h, output = h_0, []
    for x_t in x:
        h = step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@spelled("h_0 overwritten in place")
def _(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h[...] = step(x_t, h, U, W, b)
        output.append(h.copy())
    return np.array(output), h


# ---- first_step


@spelled("first step without tanh")
def _(x_1, U, b):
    return np.dot(U, x_1) + b


@spelled("first step without bias")
def _(x_1, U, b):
    return np.tanh(U @ x_1)


@spelled("first step with the bias outside")
def _(x_1, U, b):
    return b + np.tanh(np.dot(U, x_1))


@spelled("first step with U transposed")
def _(x_1, U, b):
    return np.tanh(U.T @ x_1 + b)


# ---- trace


@spelled("only the last state")
def _(x, U, W, b):
    h = np.zeros(len(b))
    for row in x:
        h = np.tanh(U @ row + W @ h + b)
    return h


@spelled("h(0) in the trace")
def _(x, U, W, b):
    states = np.zeros((len(x) + 1, len(b)))
    for t in range(len(x)):
        states[t + 1] = np.tanh(U @ x[t] + W @ states[t] + b)
    return states


@spelled("states one step late")
def _(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for row in x:
        states.append(h)
        h = np.tanh(U @ row + W @ h + b)
    return np.array(states)


@spelled("no memory in the trace")
def _(x, U, W, b):
    h = np.zeros(len(b))
    return np.array([np.tanh(U @ row + W @ h + b) for row in x])


@spelled("one shared buffer in the trace")
def _(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for row in x:
        np.tanh(U @ row + W @ h + b, out=h)
        states.append(h)
    return np.stack(states)


@spelled("a trace in integers")
def _(x, U, W, b):
    h, states = np.zeros(len(b)), np.empty((len(x), len(b)), dtype=x.dtype)
    for t, row in enumerate(x):
        h = np.tanh(U @ row + W @ h + b)
        states[t] = h
    return states


# ---- continue_reading


def read(rows, h, U, W, b):
    """Return the last state after these rows."""
    for row in rows:
        h = np.tanh(U @ row + W @ h + b)
    return h


@spelled("second half from zero")
def _(first_half, second_half, U, W, b):
    h = read(first_half, np.zeros(len(b)), U, W, b)
    h = read(second_half, np.zeros(len(b)), U, W, b)
    return h


@spelled("halves swapped")
def _(first_half, second_half, U, W, b):
    return read(np.concatenate([second_half, first_half]), np.zeros(len(b)), U, W, b)


@spelled("continued from the first state")
def _(first_half, second_half, U, W, b):
    output, _h = right_forward(first_half, U, W, b, np.zeros(len(b)))
    return right_forward(second_half, U, W, b, output[0])[1]


@spelled("halves added")
def _(first_half, second_half, U, W, b):
    return sum(read(half, np.zeros(len(b)), U, W, b) for half in (first_half, second_half))


@spelled("all states of the second half")
def _(first_half, second_half, U, W, b):
    _output, h = right_forward(first_half, U, W, b, np.zeros(len(b)))
    output, _h = right_forward(second_half, U, W, b, h)
    return output


@spelled("halves read in turn")
def _(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for pair in itertools.zip_longest(first_half, second_half):
        h = read([row for row in pair if row is not None], h, U, W, b)
    return h


@spelled("last row of each half left out")
def _(first_half, second_half, U, W, b):
    h = read(first_half[:-1], np.zeros(len(b)), U, W, b)
    return read(second_half[:-1], h, U, W, b)


@spelled("first half read twice")
def _(first_half, second_half, U, W, b):
    h = read(first_half, np.zeros(len(b)), U, W, b)
    return read(first_half, h, U, W, b)


# ---- right pieces that the wrong functions share ----


def _cell(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


def _read(x, U, W, b, h=None):
    """All states, from h (zeros), of x (T, I) or (T, N, I)."""
    if h is None:
        h = np.zeros(x.shape[1:-1] + b.shape)
    states = []
    for row in x:
        h = _cell(row, h, U, W, b)
        states.append(h)
    return np.array(states)


def _take(parameter):
    return parameter.detach().cpu().numpy().copy()


def _parts(layer):
    names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
    return [_take(getattr(layer, name)) for name in names]


# ---- from_torch ----


@spelled("only the input's bias")
def _(layer):
    U, W, first, _second = _parts(layer)
    return U, W, first


@spelled("only the state's bias")
def _(layer):
    U, W, _first, second = _parts(layer)
    return U, W, second


@spelled("mean of the biases")
def _(layer):
    U, W, first, second = _parts(layer)
    return U, W, (first + second) / 2


@spelled("the layer itself changed")
def _(layer):
    U = layer.weight_ih_l0.detach().numpy()
    W = layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()
    b += layer.bias_hh_l0.detach().numpy()
    return U, W, b


@spelled("U and W from each other's names")
def _(layer):
    ih, hh, first, second = _parts(layer)
    return hh, ih, first + second


@spelled("both matrices transposed")
def _(layer):
    U, W, first, second = _parts(layer)
    return U.T, W.T, first + second


@spelled("only W transposed")
def _(layer):
    U, W, first, second = _parts(layer)
    return U, W.T, first + second


@spelled("only U transposed")
def _(layer):
    U, W, first, second = _parts(layer)
    return U.T, W, first + second


@spelled("one bias taken twice")
def _(layer):
    U, W, first, _second = _parts(layer)
    return U, W, first + first


@spelled("difference of the biases")
def _(layer):
    U, W, first, second = _parts(layer)
    return U, W, first - second


@spelled("product of the biases")
def _(layer):
    U, W, first, second = _parts(layer)
    return U, W, first * second


@spelled("biases side by side")
def _(layer):
    U, W, first, second = _parts(layer)
    return U, W, np.concatenate([first, second])


@spelled("the layer converted")
def _(layer):
    U, W, first, second = _parts(layer.double())
    return U, W, first + second


# ---- forward_lengths ----


@spelled("lengths ignored")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@spelled("all cut to the shortest")
def _(x, lengths, U, W, b):
    return _read(x[: min(lengths)], U, W, b)[-1]


@spelled("one step short")
def _(x, lengths, U, W, b):
    rows = [np.zeros((x.shape[1], len(b)))]
    for x_t in x:
        rows.append(_cell(x_t, rows[-1], U, W, b))
    return np.array([rows[length - 1][n] for n, length in enumerate(lengths)])


@spelled("one step too far")
def _(x, lengths, U, W, b):
    output = _read(x, U, W, b)
    return output[np.asarray(lengths), np.arange(x.shape[1])]


@spelled("rows not paired with sequences")
def _(x, lengths, U, W, b):
    return _read(x, U, W, b)[np.asarray(lengths) - 1]


@spelled("padding read as zeros")
def _(x, lengths, U, W, b):
    x = np.array(x, dtype=float)
    for n, length in enumerate(lengths):
        x[length:, n] = 0
    return _read(x, U, W, b)[-1]


@spelled("masked by multiplying")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        on = (t < np.asarray(lengths)).astype(float)[:, None]
        h = on * _cell(x_t, h, U, W, b) + (1 - on) * h
    return h


@spelled("order of lengths kept")
def _(x, lengths, U, W, b):
    order = np.argsort(-np.asarray(lengths), kind="stable")
    return np.array([_read(x[: lengths[n], n], U, W, b)[-1] for n in order])


@spelled("order restored the wrong way")
def _(x, lengths, U, W, b):
    order = np.argsort(-np.asarray(lengths), kind="stable")
    states = np.array([_read(x[: lengths[n], n], U, W, b)[-1] for n in order])
    return states[order]


@spelled("one step of padding read")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t in range(len(x)):
        goes_on = (t <= np.asarray(lengths))[:, None]
        h = np.where(goes_on, _cell(x[t], h, U, W, b), h)
    return h


@spelled("ended sequences set to zero")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t in range(len(x)):
        h = _cell(x[t], h, U, W, b)
        h[t >= np.asarray(lengths)] = 0
    return h


@spelled("the two states exchanged")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t in range(len(x)):
        goes_on = (t < np.asarray(lengths))[:, None]
        h = np.where(goes_on, h, _cell(x[t], h, U, W, b))
    return h


@spelled("handed to the next sequence")
def _(x, lengths, U, W, b):
    ends = []
    h = np.zeros(len(b))
    for n in range(x.shape[1]):
        for t in range(lengths[n]):
            h = _cell(x[t, n], h, U, W, b)
        ends.append(h)
    return np.array(ends)


@spelled("axes of x exchanged")
def _(x, lengths, U, W, b):
    last = []
    for n in range(len(lengths)):
        h = np.zeros(W.shape[0])
        for x_t in x[n, : lengths[n]]:
            h = np.tanh(U @ x_t + W @ h + b)
        last.append(h)
    return np.stack(last)


@spelled("ends looked for in the padding")
def _(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x:
        padding = np.isnan(x_t).any(axis=1, keepdims=True)
        h = np.where(padding, h, _cell(x_t, h, U, W, b))
    return h


@spelled("taken one step late")
def _(x, lengths, U, W, b):
    ends = np.zeros((x.shape[1], len(b)))
    h = np.zeros_like(ends)
    for t in range(len(x)):
        h = _cell(x[t], h, U, W, b)
        for n, length in enumerate(lengths):
            if t == length:
                ends[n] = h[n]
    return ends


@spelled("padding taken for the front")
def _(x, lengths, U, W, b):
    T = len(x)
    return np.array([_read(x[T - length :, n], U, W, b)[-1] for n, length in enumerate(lengths)])


@spelled("mean of the states")
def _(x, lengths, U, W, b):
    output = _read(x, U, W, b)
    return np.array([output[:length, n].mean(axis=0) for n, length in enumerate(lengths)])


@spelled("first length for all")
def _(x, lengths, U, W, b):
    return _read(x[: lengths[0]], U, W, b)[-1]


# ---- read_counts ----


@spelled("counts as given")
def _(x, U, W, b):
    states = np.zeros((len(x), len(b)), dtype=x.dtype)
    h = np.zeros(len(b))
    for t in range(len(x)):
        h = _cell(x[t], h, U, W, b)
        states[t] = h
    return states


@spelled("counts rounded")
def _(x, U, W, b):
    return np.round(_read(x, U, W, b))


@spelled("counts scaled")
def _(x, U, W, b):
    return _read(x / np.max(x), U, W, b)


@spelled("weights made whole numbers")
def _(x, U, W, b):
    kind = x.dtype
    return _read(x, U.astype(kind), W.astype(kind), b.astype(kind))


# ---- read_batch_first ----


@spelled("batch first as given")
def _(x, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for row in x:
        h = np.tanh(row @ U.T + h @ W.T + b)
    return h


@spelled("batch first reshaped")
def _(x, U, W, b):
    N, T, features = x.shape
    return _read(x.reshape(T, N, features), U, W, b)[-1]


@spelled("sequences read as steps")
def _(x, U, W, b):
    return _read(x, U, W, b)[:, -1]


@spelled("batch first, last input only")
def _(x, U, W, b):
    return np.tanh(x[:, -1] @ U.T + b)


@spelled("batch first, all states")
def _(x, U, W, b):
    return _read(x.swapaxes(0, 1), U, W, b)


# ---- read_backwards ----


@spelled("backwards as given")
def _(x, U, W, b):
    output = _read(x[::-1], U, W, b)[::-1]
    return output, output[-1]


@spelled("backwards in reading order")
def _(x, U, W, b):
    output = _read(x[::-1], U, W, b)
    return output, output[-1]


@spelled("backwards read forwards")
def _(x, U, W, b):
    output = _read(x, U, W, b)
    return output, output[-1]


@spelled("features turned round, not the steps")
def _(x, U, W, b):
    output = _read(x[:, ::-1], U, W, b)
    return output[::-1], output[-1]


@spelled("started from a forward reading")
def _(x, U, W, b):
    forward = _read(x, U, W, b)
    output = _read(x[::-1], U, W, b, forward[-1])[::-1]
    return output, output[0]


@spelled("states turned round, not the input")
def _(x, U, W, b):
    output = _read(x, U, W, b)[::-1]
    return output, output[0]


@spelled("features turned round too")
def _(x, U, W, b):
    output = np.flip(_read(np.flip(x), U, W, b), axis=0)
    return output, output[0]


# ---- orthogonal ----


def _q(H, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))[0]


@spelled("scale forgotten")
def _(H, scale, seed):
    return _q(H, seed)


@spelled("seed ignored")
def _(H, scale, seed):
    rng = np.random.default_rng(0)
    return scale * np.linalg.qr(rng.normal(size=(H, H)))[0]


@spelled("random, not orthogonal")
def _(H, scale, seed):
    return scale * np.random.default_rng(seed).normal(size=(H, H))


@spelled("columns of the right length")
def _(H, scale, seed):
    M = np.random.default_rng(seed).normal(size=(H, H))
    return scale * M / np.sqrt((M**2).sum(axis=0))


@spelled("scale taken twice")
def _(H, scale, seed):
    return scale * _q(H, seed) * scale


@spelled("root of the scale")
def _(H, scale, seed):
    return np.sqrt(scale) * _q(H, seed)


@spelled("divided by the scale")
def _(H, scale, seed):
    return _q(H, seed) / scale


@spelled("scale added")
def _(H, scale, seed):
    return _q(H, seed) + scale


# ---- mean_pool ----


@spelled("mean over the features")
def _(x):
    return np.mean(x, axis=-1)


@spelled("mean over everything")
def _(x):
    return np.mean(x)


@spelled("sum instead of mean")
def _(x):
    total = np.zeros(x.shape[1:])
    for row in x:
        total = total + row
    return total


@spelled("mean over axis 1")
def _(x):
    return np.mean(x, axis=1)


@spelled("mean over the last axis but one")
def _(x):
    return np.mean(x, axis=-2)


@spelled("divided by T − 1")
def _(x):
    return np.sum(x, axis=0) / (len(x) - 1)


@spelled("divided by the number of numbers")
def _(x):
    return np.sum(x, axis=0) / x.size


@spelled("divided by the number of features")
def _(x):
    return np.sum(x, axis=0) / x.shape[-1]


@spelled("divided by axis 1")
def _(x):
    return np.sum(x, axis=0) / x.shape[1]


@spelled("divided with //")
def _(x):
    return np.sum(x, axis=0) // len(x)


@spelled("mean in integers")
def _(x):
    mean = np.empty_like(x[0])
    mean[...] = np.sum(x, axis=0) / len(x)
    return mean


@spelled("running halves")
def _(x):
    mean = x[0]
    for row in x[1:]:
        mean = (mean + row) / 2
    return mean


@spelled("mean over the sequences too")
def _(x):
    return np.mean(x.reshape(-1, x.shape[-1]), axis=0)


@spelled("last row for the mean")
def _(x):
    return x[-1]


@spelled("first row for the mean")
def _(x):
    return x[0]


@spelled("maximum for the mean")
def _(x):
    return np.max(x, axis=0)


@spelled("median for the mean")
def _(x):
    return np.median(x, axis=0)


# ---- max_pool ----


@spelled("maximum over the features")
def _(x):
    return np.max(x, axis=-1)


@spelled("maximum over everything")
def _(x):
    return np.max(x)


@spelled("maximum over axis 1")
def _(x):
    return np.max(x, axis=1)


@spelled("maximum over the last axis but one")
def _(x):
    return np.max(x, axis=-2)


@spelled("maximum from zero")
def _(x):
    best = np.zeros(x.shape[1:])
    for row in x:
        best = np.maximum(best, row)
    return best


@spelled("maximum of the sizes")
def _(x):
    return np.max(np.abs(x), axis=0)


@spelled("place of the maximum")
def _(x):
    return np.argmax(x, axis=0)


@spelled("minimum for the maximum")
def _(x):
    return np.min(x, axis=0)


@spelled("mean for the maximum")
def _(x):
    return np.mean(x, axis=0)


@spelled("maximum over the sequences too")
def _(x):
    return np.max(x.reshape(-1, x.shape[-1]), axis=0)


@spelled("last row for the maximum")
def _(x):
    return x[-1]


@spelled("first row for the maximum")
def _(x):
    return x[0]


@spelled("number of largest size")
def _(x):
    best = x[0]
    for row in x[1:]:
        best = np.where(np.abs(row) > np.abs(best), row, best)
    return best


@spelled("row with the largest sum")
def _(x):
    best = x[0]
    for row in x[1:]:
        larger = row.sum(axis=-1, keepdims=True) > best.sum(axis=-1, keepdims=True)
        best = np.where(larger, row, best)
    return best


@spelled("last row not looked at")
def _(x):
    best = x[0]
    for t in range(1, len(x) - 1):
        best = np.maximum(best, x[t])
    return best


@spelled("first row not looked at")
def _(x):
    return np.max(x[1:], axis=0)


# ---- distinct_summaries ----


def _same(one, other):
    return np.abs(one - other).max() <= 1e-9


def _different(results, same=_same):
    """Return how many results are the same as none that came before."""
    kept = []
    for result in results:
        if not any(same(result, old) for old in kept):
            kept.append(result)
    return len(kept)


def _orders(x):
    return [x[list(order)] for order in itertools.permutations(range(len(x)))]


@spelled("orders counted")
def _(summary, x):
    count = 0
    for rows in _orders(x):
        summary(rows)
        count += 1
    return count


@spelled("compared exactly")
def _(summary, x):
    return len({tuple(np.ravel(summary(rows)).tolist()) for rows in _orders(x)})


@spelled("rounded too coarsely")
def _(summary, x):
    return len({tuple(np.ravel(summary(rows)).round(6).tolist()) for rows in _orders(x)})


@spelled("only the first number compared")
def _(summary, x):
    return _different([np.ravel(summary(rows))[0] for rows in _orders(x)])


@spelled("only rotations")
def _(summary, x):
    return _different([summary(np.roll(x, k, axis=0)) for k in range(len(x))])


@spelled("columns reordered")
def _(summary, x):
    orders = itertools.permutations(range(x.shape[1]))
    return _different([summary(x[:, list(order)]) for order in orders])


@spelled("numbers counted")
def _(summary, x):
    results = np.array([summary(rows) for rows in _orders(x)])
    return len(np.unique(np.round(results, 9)))


@spelled("sums compared")
def _(summary, x):
    return _different([np.sum(summary(rows)) for rows in _orders(x)])


@spelled("one number in common")
def _(summary, x):
    def same(one, other):
        return np.any(np.abs(one - other) <= 1e-9)

    return _different([np.asarray(summary(rows)) for rows in _orders(x)], same)


@spelled("combinations for orders")
def _(summary, x):
    orders = itertools.combinations(range(len(x)), len(x))
    return _different([summary(x[list(order)]) for order in orders])


@spelled("pairs for orders")
def _(summary, x):
    orders = itertools.permutations(range(len(x)), 2)
    return _different([summary(x[list(order)]) for order in orders])


@spelled("one exchange only")
def _(summary, x):
    results = [summary(x)]
    for i in range(len(x)):
        for j in range(i):
            rows = x.copy()
            rows[[i, j]] = rows[[j, i]]
            results.append(summary(rows))
    return _different(results)


@spelled("rows taken more than once")
def _(summary, x):
    orders = itertools.product(range(len(x)), repeat=len(x))
    return _different([summary(x[list(order)]) for order in orders])


@spelled("neighbours compared")
def _(summary, x):
    results = [summary(rows) for rows in _orders(x)]
    return 1 + sum(not _same(one, other) for one, other in itertools.pairwise(results))


@spelled("compared with the first only")
def _(summary, x):
    results = [summary(rows) for rows in _orders(x)]
    return 1 + sum(not _same(results[0], other) for other in results[1:])


@spelled("rows of x counted")
def _(summary, x):
    return _different(_orders(x))


@spelled("one too few")
def _(summary, x):
    return _different([summary(rows) for rows in _orders(x)]) - 1


# ---- read_back ----


def _ones(summaries):
    return np.column_stack([summaries, np.ones(len(summaries))])


def _kinds(tokens):
    return np.eye(int(np.max(tokens)) + 1)[tokens]


def _values(summaries, tokens, fitted, counted):
    """Return what the probe fitted on one part gives on the other."""
    A = _ones(summaries)
    weights = np.linalg.lstsq(A[fitted], _kinds(tokens)[fitted], rcond=None)[0]
    return A[counted] @ weights


def _right(summaries, tokens, fitted, counted):
    guesses = _values(summaries, tokens, fitted, counted).argmax(axis=1)
    return guesses == tokens[counted]


def _cut(tokens):
    cut = 3 * len(tokens) // 4
    return slice(None, cut), slice(cut, None)


@spelled("probe without intercept")
def _(summaries, tokens):
    fitted, rest = _cut(tokens)
    weights = np.linalg.lstsq(summaries[fitted], _kinds(tokens)[fitted], rcond=None)[0]
    return np.mean((summaries[rest] @ weights).argmax(axis=1) == tokens[rest])


@spelled("scored on the fitted part")
def _(summaries, tokens):
    fitted, _rest = _cut(tokens)
    return np.mean(_right(summaries, tokens, fitted, fitted))


@spelled("fitted on everything")
def _(summaries, tokens):
    _fitted, rest = _cut(tokens)
    return np.mean(_right(summaries, tokens, slice(None), rest))


@spelled("scored on everything")
def _(summaries, tokens):
    fitted, _rest = _cut(tokens)
    return np.mean(_right(summaries, tokens, fitted, slice(None)))


@spelled("numbers predicted")
def _(summaries, tokens):
    fitted, rest = _cut(tokens)
    A = _ones(summaries)
    weights = np.linalg.lstsq(A[fitted], tokens[fitted].astype(float), rcond=None)[0]
    return np.mean(np.round(A[rest] @ weights) == tokens[rest])


@spelled("in per cent")
def _(summaries, tokens):
    return 100 * np.mean(_right(summaries, tokens, *_cut(tokens)))


@spelled("error rate")
def _(summaries, tokens):
    return np.mean(~_right(summaries, tokens, *_cut(tokens)))


@spelled("right guesses counted")
def _(summaries, tokens):
    return np.sum(_right(summaries, tokens, *_cut(tokens)))


@spelled("single numbers compared")
def _(summaries, tokens):
    fitted, rest = _cut(tokens)
    values = _values(summaries, tokens, fitted, rest)
    guesses = np.eye(values.shape[1])[values.argmax(axis=1)]
    return np.mean(guesses == _kinds(tokens)[rest])


@spelled("divided by all sequences")
def _(summaries, tokens):
    return np.sum(_right(summaries, tokens, *_cut(tokens))) / len(tokens)


@spelled("divided by the fitted")
def _(summaries, tokens):
    fitted, rest = _cut(tokens)
    return np.sum(_right(summaries, tokens, fitted, rest)) / len(tokens[fitted])


@spelled("another part held out")
def _(summaries, tokens):
    cut = 4 * len(tokens) // 5
    return np.mean(_right(summaries, tokens, slice(None, cut), slice(cut, None)))


@spelled("largest of each kind")
def _(summaries, tokens):
    fitted, rest = _cut(tokens)
    guesses = _values(summaries, tokens, fitted, rest).argmax(axis=0)
    return np.mean(guesses == tokens[rest])


# ---- rnn_layer


class Layer:
    """Parameters at random; the spelled layers differ in how they read."""

    def __init__(self, n_features, n_units):
        rng = np.random.default_rng(0)
        self.U = rng.uniform(-1, 1, (n_units, n_features))
        self.W = rng.uniform(-1, 1, (n_units, n_units))
        self.b = rng.uniform(-1, 1, n_units)

    def read(self, x, h):
        rows = []
        for x_t in x:
            h = step(x_t, h, self.U, self.W, self.b)
            rows.append(h)
        return np.stack(rows), rows[-1]


@spelled("a given h_0 not used")
class FromZeros(Layer):
    def __call__(self, x, h_0=None):
        return self.read(x, np.zeros(len(self.b)))


@spelled("no zeros for a missing h_0")
class WithoutZeros(Layer):
    def __call__(self, x, h_0=None):
        return self.read(x, h_0)


@spelled("h_0 taken for true or false")
class AskingForTruth(Layer):
    def __call__(self, x, h_0=None):
        if not h_0:
            h_0 = np.zeros(len(self.b))
        return self.read(x, h_0)


@spelled("state kept between calls")
class Remembering(Layer):
    def __init__(self, n_features, n_units):
        super().__init__(n_features, n_units)
        self.state = np.zeros(n_units)

    def __call__(self, x, h_0=None):
        if h_0 is not None:
            self.state = h_0
        output, self.state = self.read(x, self.state)
        return output, self.state


@spelled("zeros for every step")
class OneForEachStep(Layer):
    def __call__(self, x, h_0=None):
        if h_0 is None:
            h_0 = np.zeros(x.shape[:-1] + self.b.shape)
        return self.read(x, h_0)


# ---- output_shapes


def _right_shapes(T, N, H, L, D, batch_first):
    output = [T, N, D * H]
    if batch_first:
        output[0], output[1] = N, T
    return output, [L * D, N, H]


@spelled("h_n batch first too")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    if batch_first:
        h_n[0], h_n[1] = h_n[1], h_n[0]
    return output, h_n


@spelled("batch_first ignored")
def _(T, N, H, L, D, batch_first):
    return _right_shapes(T, N, H, L, D, False)


@spelled("batch_first turned round")
def _(T, N, H, L, D, batch_first):
    return _right_shapes(T, N, H, L, D, not batch_first)


@spelled("output always batch first")
def _(T, N, H, L, D, batch_first):
    return _right_shapes(T, N, H, L, D, True)


@spelled("directions forgotten in output")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    return [*output[:2], H], h_n


@spelled("layers in output")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    return [*output[:2], output[2] * L], h_n


@spelled("top layer only in h_n")
def _(T, N, H, L, D, batch_first):
    output, _ = _right_shapes(T, N, H, L, D, batch_first)
    return output, (D, N, H)


@spelled("directions forgotten in h_n")
def _(T, N, H, L, D, batch_first):
    output, _ = _right_shapes(T, N, H, L, D, batch_first)
    return output, (L, N, H)


@spelled("one state in h_n")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    return output, (1, *h_n[1:])


@spelled("directions side by side in h_n")
def _(T, N, H, L, D, batch_first):
    output, _ = _right_shapes(T, N, H, L, D, batch_first)
    return output, (L, N, H * D)


@spelled("layers and directions added")
def _(T, N, H, L, D, batch_first):
    output, _ = _right_shapes(T, N, H, L, D, batch_first)
    return output, (L + D, N, H)


@spelled("output and h_n exchanged")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    return h_n, output


@spelled("last step only in output")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    return (N, output[-1]), h_n


@spelled("all steps in h_n")
def _(T, N, H, L, D, batch_first):
    output, h_n = _right_shapes(T, N, H, L, D, batch_first)
    h_n.insert(1, T)
    return output, h_n


# ---- gradients


def _two_points(f, w, step, place):
    """f where one entry is larger, and where it is smaller."""
    above, below = np.array(w, float), np.array(w, float)
    above[place] += step
    below[place] -= step
    return f(above), f(below)


def _numerically(w, slope):
    """An array like w of the slopes at its places."""
    return np.array([slope(place) for place in np.ndindex(w.shape)]).reshape(w.shape)


@spelled("difference to one side")
def _(f, w, step):
    return _numerically(w, lambda place: (_two_points(f, w, step, place)[0] - f(w)) / step)


@spelled("divided by one step")
def _(f, w, step):
    return _numerically(w, lambda place: -np.subtract(*_two_points(f, w, step, place)[::-1]) / step)


@spelled("difference not divided")
def _(f, w, step):
    return _numerically(w, lambda place: np.subtract(*_two_points(f, w, step, place)))


@spelled("points exchanged in the difference")
def _(f, w, step):
    def slope(place):
        above, below = _two_points(f, w, step, place)
        return (below - above) / step / 2

    return _numerically(w, slope)


@spelled("all entries moved at once")
def _(f, w, step):
    return np.ones(w.shape) * (f(w + step) - f(w - step)) / (2 * step)


@spelled("entry not moved back")
def _(f, w, step):
    above, below, slopes = w.astype(float), w.astype(float), []
    for place in np.ndindex(w.shape):
        above[place], below[place] = w[place] + step, w[place] - step
        slopes.append((f(above) - f(below)) / (2 * step))
    return np.reshape(slopes, w.shape)


@spelled("step lost in whole numbers")
def _(f, w, step):
    slopes, w = np.zeros(w.shape), w.copy()
    for place in np.ndindex(w.shape):
        old = w[place]
        w[place] = old + step
        larger = f(w)
        w[place] = old - step
        slopes[place], w[place] = (larger - f(w)) / (2 * step), old
    return slopes


def _probabilities(scores):
    scores = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return scores / np.sum(scores, axis=1, keepdims=True)


def _from_scores(e, h, V):
    """The three gradients of the derivative by the scores."""
    return np.dot(e, V), np.einsum("nk,nh->kh", e, h), np.einsum("nk->k", e)


def _errors(h, y, V, d):
    """Softmax minus label."""
    p = _probabilities(np.dot(h, V.T) + d)
    p[np.arange(len(y)), y] -= 1
    return p


@spelled("labels not subtracted")
def _(h, y, V, d):
    return _from_scores(_probabilities(h @ V.T + d) / len(h), h, V)


@spelled("labels minus softmax")
def _(h, y, V, d):
    return _from_scores(-_errors(h, y, V, d) / len(h), h, V)


@spelled("softmax left out of the gradient")
def _(h, y, V, d):
    e = h @ V.T + d
    e[np.arange(len(y)), y] -= 1
    return _from_scores(e / len(h), h, V)


@spelled("softmax over the sequences")
def _(h, y, V, d):
    p = _probabilities((h @ V.T + d).T).T
    p[np.arange(len(y)), y] -= 1
    return _from_scores(p / len(h), h, V)


@spelled("loss summed, not averaged")
def _(h, y, V, d):
    return _from_scores(_errors(h, y, V, d), h, V)


@spelled("divided by N twice")
def _(h, y, V, d):
    d_h, d_V, d_d = _from_scores(_errors(h, y, V, d) / len(h), h, V)
    return d_h, d_V / len(h), d_d / len(h)


@spelled("averaged over the classes too")
def _(h, y, V, d):
    e = _errors(h, y, V, d)
    return _from_scores(e / e.size, h, V)


@spelled("gradient of V transposed")
def _(h, y, V, d):
    d_h, d_V, d_d = _from_scores(_errors(h, y, V, d) / len(h), h, V)
    return d_h, d_V.T, d_d


@spelled("slope of the softmax once more")
def _(h, y, V, d):
    p = _probabilities(h @ V.T + d)
    return _from_scores(_errors(h, y, V, d) * (p - p**2) / len(h), h, V)


def _back(x, U, W, output, d_output, d_h_n, h_0, *, slope=None, carry=None, states=None, inputs=None):
    """Go back step by step, adding up each step's share; the options are what goes wrong."""
    many = x.ndim == 3
    d_x, d_U, d_W, d_b = np.zeros(x.shape), np.zeros(U.shape), np.zeros(W.shape), np.zeros(len(W))
    states = [h_0, *output[:-1]] if states is None else states
    inputs = x if inputs is None else inputs
    arriving = np.array(d_h_n, float)
    for t in range(len(x) - 1, -1, -1):
        d_sum = (arriving + d_output[t]) * (1 - output[t] * output[t] if slope is None else slope(t))
        for n in range(x.shape[1]) if many else [...]:
            d_U += np.outer(d_sum[n], inputs[t][n])
            d_W += np.outer(d_sum[n], states[t][n])
            d_b += d_sum[n]
        d_x[t] = d_sum @ U
        arriving = d_sum @ W if carry is None else carry(d_sum, arriving)
    return d_x, d_U, d_W, d_b, arriving


@spelled("gradient not carried back")
def _(x, U, W, output, d_output, d_h_n, h_0):
    direct = d_output.copy()
    direct[-1] += d_h_n
    d_z = direct * (1 - output**2)
    states = np.stack([h_0, *output[:-1]])
    axes = tuple(range(x.ndim - 1))
    sums = [np.tensordot(d_z, values, (axes, axes)) for values in (x, states)]
    return d_z @ U, *sums, d_z.sum(axis=axes), d_z[0] @ W


@spelled("direct gradients forgotten")
def _(x, U, W, output, d_output, d_h_n, h_0):
    last = np.zeros(d_output.shape)
    last[-1] = d_output[-1]
    return _back(x, U, W, output, last, d_h_n, h_0)


@spelled("d_output forgotten")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, np.zeros_like(d_output), d_h_n, h_0)


@spelled("d_h_n forgotten")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, np.zeros_like(d_h_n), h_0)


@spelled("d_h_n at every step")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output + d_h_n, 0 * d_h_n, h_0)


@spelled("slope of tanh forgotten")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, slope=lambda t: 1)


@spelled("slope of tanh at the state")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, slope=lambda t: 1 / np.cosh(output[t]) ** 2)


@spelled("slope of the state before")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(
        x, U, W, output, d_output, d_h_n, h_0, slope=lambda t: 1 - np.square(output[t - 1] if t else h_0)
    )  # fmt: skip


@spelled("W not transposed on the way back")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, carry=lambda d_sum, _: np.einsum("ij,...j->...i", W, d_sum))


@spelled("h_0 forgotten in W's gradient")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, states=[0 * h_0, *output[:-1]])


@spelled("state after for state before")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, states=output)


@spelled("input of another step")
def _(x, U, W, output, d_output, d_h_n, h_0):
    return _back(x, U, W, output, d_output, d_h_n, h_0, inputs=[*x[1:], np.zeros(x[0].shape)])


@spelled("overwritten, not added up")
def _(x, U, W, output, d_output, d_h_n, h_0):
    d_x, _, _, _, d_h_0 = _back(x, U, W, output, d_output, d_h_n, h_0)
    d_h_1 = d_h_n if len(x) == 1 else _back(x[1:], U, W, output[1:], d_output[1:], d_h_n, output[0])[4]
    _, d_U, d_W, d_b, _ = _back(x[:1], U, W, output[:1], d_output[:1], d_h_1, h_0)
    return d_x, d_U, d_W, d_b, d_h_0


@spelled("averaged over the sequences")
def _(x, U, W, output, d_output, d_h_n, h_0):
    d_x, *weights, d_h_0 = _back(x, U, W, output, d_output, d_h_n, h_0)
    return d_x, *(each / (h_0.shape[0] if h_0.ndim == 2 else 1) for each in weights), d_h_0


@spelled("sequences not summed")
def _(x, U, W, output, d_output, d_h_n, h_0):
    d_x, d_U, d_W, d_b, d_h_0 = _back(x, U, W, output, d_output, d_h_n, h_0)
    if x.ndim == 3:
        one = [_back(x[:, n], U, W, output[:, n], d_output[:, n], d_h_n[n], h_0[n])[3] for n in range(x.shape[1])]
        d_b = np.array(one)
    return d_x, d_U, d_W, d_b, d_h_0


@spelled("gradient of W transposed")
def _(x, U, W, output, d_output, d_h_n, h_0):
    d_x, d_U, d_W, d_b, d_h_0 = _back(x, U, W, output, d_output, d_h_n, h_0)
    return d_x, d_U, d_W.T, d_b, d_h_0


@spelled("h_0's gradient one step short")
def _(x, U, W, output, d_output, d_h_n, h_0):
    gradients = _back(x, U, W, output, d_output, d_h_n, h_0)
    d_h_1 = d_h_n if len(x) == 1 else _back(x[1:], U, W, output[1:], d_output[1:], d_h_n, output[0])[4]
    return *gradients[:4], d_h_1 + d_output[0]


@spelled("way back from the first step")
def _(x, U, W, output, d_output, d_h_n, h_0):
    d_z, arriving = [], d_h_n
    for h_t, direct in zip(output, d_output, strict=True):
        d_z.append((1 - h_t**2) * (direct + arriving))
        arriving = d_z[-1] @ W
    d_z, axes = np.array(d_z), tuple(range(x.ndim - 1))
    sums = [np.tensordot(d_z, values, (axes, axes)) for values in (x, np.stack([h_0, *output[:-1]]))]
    return d_z @ U, *sums, d_z.sum(axis=axes), arriving


def _product(matrices):
    """The later ones on the left."""
    product = matrices[0]
    for matrix in matrices[1:]:
        product = matrix @ product
    return product


def _of_step(h, W):
    """The Jacobian of one step."""
    return np.diag(1 - h * h) @ W


@spelled("slopes on the columns of W")
def _(states, W):
    return _product([W @ np.diag(1 - h * h) for h in states])


@spelled("slopes left out of the Jacobian")
def _(states, W):
    return np.linalg.matrix_power(W, len(states))


@spelled("Jacobians in the wrong order")
def _(states, W):
    return _product([_of_step(h, W) for h in states[::-1]])


@spelled("W transposed in the Jacobian")
def _(states, W):
    return _product([_of_step(h, W.T) for h in states])


@spelled("only the last step's Jacobian")
def _(states, W):
    return _of_step(states[-1], W)


@spelled("Jacobians added up")
def _(states, W):
    return np.sum([_of_step(h, W) for h in states], axis=0)


def _norm(gradients):
    return np.linalg.norm(np.concatenate([gradient.ravel() for gradient in gradients]))


@spelled("clipped by value")
def _(gradients, limit):
    return [np.minimum(np.maximum(gradient, -limit), limit) for gradient in gradients]


@spelled("each by its own norm")
def _(gradients, limit):
    return [
        gradient * limit / np.linalg.norm(gradient) if np.linalg.norm(gradient) > limit else gradient.copy()
        for gradient in gradients
    ]


@spelled("short gradients stretched")
def _(gradients, limit):
    return [limit * gradient / _norm(gradients) for gradient in gradients]


@spelled("root of the squares forgotten")
def _(gradients, limit):
    norm = _norm(gradients) ** 2
    return [gradient / norm * limit if norm > limit else gradient.copy() for gradient in gradients]


@spelled("norms added up")
def _(gradients, limit):
    norm = np.sum([np.linalg.norm(gradient) for gradient in gradients])
    return [gradient / norm * limit if norm > limit else gradient.copy() for gradient in gradients]


@spelled("clipped to 1")
def _(gradients, limit):
    norm = _norm(gradients)
    return tuple(gradient / (norm if norm > limit else 1) for gradient in gradients)


@spelled("largest entry for the norm")
def _(gradients, limit):
    norm = np.max(np.abs(np.concatenate([gradient.ravel() for gradient in gradients])))
    return [gradient / norm * limit if norm > limit else gradient.copy() for gradient in gradients]


# ---- gates


def _blocks(values, count):
    """The rows of each gate by themselves."""
    size = len(values) // count
    return [values[gate * size : (gate + 1) * size] for gate in range(count)]


def _gru(x, h, U, W, b_ih, b_hh, *, order=(0, 1, 2), gate=sigmoid, new=None, mix=None):
    parts = [_blocks(each, 3) for each in (U, W, b_ih, b_hh)]
    (U_r, W_r, b_r, a_r), (U_z, W_z, b_z, a_z), (U_n, W_n, b_n, a_n) = [[part[k] for part in parts] for k in order]
    r = gate(x @ U_r.T + b_r + h @ W_r.T + a_r)
    z = gate(x @ U_z.T + b_z + h @ W_z.T + a_z)
    of_x, of_h = x @ U_n.T + b_n, h @ W_n.T + a_n
    n = np.tanh(of_x + r * of_h) if new is None else new(of_x, of_h, r, h, W_n, a_n)
    return n + z * (h - n) if mix is None else mix(n, z, h)


@spelled("update gate the other way round")
def _(*arguments):
    return _gru(*arguments, mix=lambda n, z, h: h + z * (n - h))


@spelled("r and z exchanged")
def _(*arguments):
    return _gru(*arguments, order=(1, 0, 2))


@spelled("reset before the product")
def _(*arguments):
    return _gru(*arguments, new=lambda of_x, of_h, r, h, W_n, a_n: np.tanh(of_x + np.dot(h * r, W_n.T) + a_n))


@spelled("one bias in a GRU")
def _(x, h, U, W, b_ih, b_hh):
    return _gru(x, h, U, W, np.add(b_ih, b_hh), np.zeros(len(b_hh)))


@spelled("b_hh left out")
def _(x, h, U, W, b_ih, b_hh):
    return _gru(x, h, U, W, b_ih, 0 * b_hh)


@spelled("no reset gate")
def _(*arguments):
    return _gru(*arguments, new=lambda of_x, of_h, *rest: np.tanh(of_x + of_h))


@spelled("reset on the whole new value")
def _(*arguments):
    return _gru(*arguments, new=lambda of_x, of_h, r, *rest: np.tanh(r * of_x + r * of_h))


@spelled("tanh for the gates")
def _(*arguments):
    return _gru(*arguments, gate=np.tanh)


def _lstm(x, h, c, U, W, b, *, order=(0, 1, 2, 3), new=np.tanh, keep=None, shift=0):
    sums = [x @ u.T + h @ w.T + a for u, w, a in zip(*(_blocks(each, 4) for each in (U, W, b)), strict=True)]
    i, f, g, o = (sums[k] for k in order)
    i, f, g, o = sigmoid(i), sigmoid(f + shift), new(g), sigmoid(o)
    c_next = i * g + f * c if keep is None else keep(i, f, g, h, c)
    return o * np.tanh(c_next), c_next, o


@spelled("output gate before the new value")
def _(*arguments):
    return _lstm(*arguments, order=(0, 1, 3, 2))[:2]


@spelled("i and f exchanged")
def _(*arguments):
    return _lstm(*arguments, order=(1, 0, 2, 3))[:2]


@spelled("no forget gate")
def _(*arguments):
    return _lstm(*arguments, keep=lambda i, f, g, h, c: c + i * g)[:2]


@spelled("input gate as 1 − f")
def _(*arguments):
    return _lstm(*arguments, keep=lambda i, f, g, h, c: g + f * (c - g))[:2]


@spelled("state for the cell")
def _(*arguments):
    return _lstm(*arguments, keep=lambda i, f, g, h, c: i * g + f * h)[:2]


@spelled("tanh of the cell forgotten")
def _(*arguments):
    _, c_next, o = _lstm(*arguments)
    return o * c_next, c_next


@spelled("state from the old cell")
def _(x, h, c, U, W, b):
    _, c_next, o = _lstm(x, h, c, U, W, b)
    return np.tanh(c) * o, c_next


@spelled("sigmoid for the new value")
def _(*arguments):
    return _lstm(*arguments, new=sigmoid)[:2]


@spelled("state and cell swapped")
def _(*arguments):
    h_next, c_next, _ = _lstm(*arguments)
    return c_next, h_next


@spelled("forget bias added")
def _(*arguments):
    return _lstm(*arguments, shift=1.0)[:2]


# ---- bits_a_character


def that_came(p, codes):
    """Pick the probability of each character that came."""
    return np.take_along_axis(p, np.reshape(codes, (-1, 1)), axis=1)[:, 0]


@spelled("natural logarithm")
def _(p, codes):
    return np.mean(-np.log(that_came(p, codes)))


@spelled("decimal logarithm")
def _(p, codes):
    return sum(-np.log10(row[code]) for row, code in zip(p, codes, strict=True)) / len(codes)


@spelled("minus forgotten")
def _(p, codes):
    return sum(np.log2(row[code]) for row, code in zip(p, codes, strict=True)) / len(codes)


@spelled("bits summed")
def _(p, codes):
    return sum(-np.log2(row[code]) for row, code in zip(p, codes, strict=True))


@spelled("mean before the logarithm")
def _(p, codes):
    return -np.log2(np.mean(that_came(p, codes)))


@spelled("bits that the guess expects")
def _(p, codes):
    return np.mean([-sum(each * np.log2(each) for each in row) for row in p])


@spelled("bits of the likeliest")
def _(p, codes):
    return np.mean([-np.log2(max(row)) for row in p])


@spelled("every row at every code")
def _(p, codes):
    return np.mean([-np.log2(row[code]) for row in p for code in codes])


@spelled("divided by the kinds too")
def _(p, codes):
    return np.sum(-np.log2(that_came(p, codes))) / p.size


@spelled("perplexity")
def _(p, codes):
    return np.prod(1 / that_came(p, codes)) ** (1 / len(codes))


@spelled("probability for the bits")
def _(p, codes):
    return sum(row[code] for row, code in zip(p, codes, strict=True)) / len(codes)
