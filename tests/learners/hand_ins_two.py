"""Functions as students write them, the second collection: most of them wrong, in one respect each, and some right.

They were written before any run, by eyes that had seen neither the checks nor their catalogue of mistakes.
"""

import itertools
import math

import numpy as np

from tests.learners.hand_ins import right, wrong

# =====================================================================
# WRONG
# =====================================================================

# ---------------------------------------------------------------- parameter_shapes (2)


@wrong("parameter_shapes", "gives U as (I, H), input size first, instead of (H, I)", "U's shape transposed")
def parameter_shapes(input_size, hidden_size):
    return {"U": (input_size, hidden_size), "W": (hidden_size, hidden_size), "b": (hidden_size,)}


@wrong("parameter_shapes", "takes the bias to be a column matrix (H, 1) instead of a vector (H,)", "b with two axes")
def parameter_shapes(input_size, hidden_size):
    shapes = {}
    shapes["U"] = (hidden_size, input_size)
    shapes["W"] = (hidden_size, hidden_size)
    shapes["b"] = (hidden_size, 1)
    return shapes


# ---------------------------------------------------------------- first_step (3)


@wrong("first_step", "forgets the tanh and returns the weighted sum itself", "first step without tanh")
def first_step(x_1, U, b):
    # h(0) = 0 so W h(0) vanishes
    h_1 = U @ x_1 + b
    return h_1


@wrong("first_step", "drops the bias, as if it vanished together with W h(0)", "first step without bias")
def first_step(x_1, U, b):
    return np.tanh(np.dot(U, x_1))


@wrong(
    "first_step",
    "stores the state into an array of x_1's dtype, so that integer x_1 cuts the state to whole numbers",
    "state in integers",
)
def first_step(x_1, U, b):
    H = U.shape[0]
    h = np.zeros(H, dtype=x_1.dtype)
    for j in range(H):
        h[j] = np.tanh(np.sum(U[j] * x_1) + b[j])
    return h


# ---------------------------------------------------------------- rnn_step (16)


@wrong("rnn_step", "multiplies x by U without transposing U", "U transposed")
def rnn_step(x, h, U, W, b):
    return np.tanh(x @ U + h @ W.T + b)


@wrong("rnn_step", "multiplies the row h by W without transposing W", "W transposed")
def rnn_step(x, h, U, W, b):
    a = x @ U.T + h @ W + b
    return np.tanh(a)


@wrong("rnn_step", "forgets the tanh", "missing tanh")
def rnn_step(x, h, U, W, b):
    new_h = x @ U.T + h @ W.T + b
    return new_h


@wrong("rnn_step", "uses the logistic sigmoid in place of tanh", "sigmoid for tanh")
def rnn_step(x, h, U, W, b):
    z = np.dot(x, U.T) + np.dot(h, W.T) + b
    return 1.0 / (1.0 + np.exp(-z))


@wrong("rnn_step", "forgets to add the bias", "bias left out")
def rnn_step(x, h, U, W, b):
    from_input = x @ U.T
    from_state = h @ W.T
    return np.tanh(from_input + from_state)


@wrong("rnn_step", "swaps the two matrices: W is applied to the input and U to the state", "U and W swapped")
def rnn_step(x, h, U, W, b):
    return np.tanh(x @ W.T + h @ U.T + b)


@wrong(
    "rnn_step",
    "closes the parenthesis of tanh too early, so that the state's part is added outside tanh",
    "W h outside the tanh",
)
def rnn_step(x, h, U, W, b):
    return np.tanh(x @ U.T + b) + h @ W.T


@wrong("rnn_step", "adds the bias once for the input and once more for the state", "bias twice")
def rnn_step(x, h, U, W, b):
    i_part = x @ U.T + b
    h_part = h @ W.T + b
    return np.tanh(i_part + h_part)


@wrong("rnn_step", "multiplies the state elementwise by W's diagonal instead of by the matrix W", "diagonal of W only")
def rnn_step(x, h, U, W, b):
    # every unit remembers itself
    w = np.diag(W)
    return np.tanh(x @ U.T + w * h + b)


@wrong("rnn_step", "uses ReLU in place of tanh", "relu for tanh")
def rnn_step(x, h, U, W, b):
    pre = x @ U.T + h @ W.T + b
    return np.maximum(pre, 0)


@wrong(
    "rnn_step",
    "writes the step for a single vector only (U @ x), which does not work for a batch of rows",
    "columns only",
)
def rnn_step(x, h, U, W, b):
    return np.tanh(U @ x + W @ h + b)


@wrong(
    "rnn_step",
    "writes the result into an array like h, so that integer h cuts the new state to whole numbers",
    "state in integers",
)
def rnn_step(x, h, U, W, b):
    h_new = np.zeros_like(h)
    h_new[...] = np.tanh(x @ U.T + h @ W.T + b)
    return h_new


@wrong("rnn_step", "adds the old state to the tanh instead of replacing the state", "old state added")
def rnn_step(x, h, U, W, b):
    update = np.tanh(x @ U.T + h @ W.T + b)
    return h + update


@wrong(
    "rnn_step",
    "works in columns for a batch and forgets to transpose the result back, giving (H, N)",
    "batch in columns",
)
def rnn_step(x, h, U, W, b):
    if x.ndim == 1:
        return np.tanh(U @ x + W @ h + b)
    return np.tanh(U @ x.T + W @ h.T + b[:, None])


@wrong(
    "rnn_step",
    "joins [x, h] but joins the matrices in the other order [W, U], so weights meet the wrong numbers",
    "joined in two orders",
)
def rnn_step(x, h, U, W, b):
    xh = np.concatenate([x, h], axis=-1)
    M = np.concatenate([W, U], axis=1)
    return np.tanh(xh @ M.T + b)


@wrong(
    "rnn_step",
    "overwrites the state unit by unit, so that later units already see the new values of earlier units",
    "units updated one by one",
)
def rnn_step(x, h, U, W, b):
    h = np.array(h, dtype=float)
    H = W.shape[0]
    for j in range(H):
        h[..., j] = np.tanh(x @ U[j] + h @ W[j] + b[j])
    return h


# ---------------------------------------------------------------- trace (6)


@wrong("trace", "uses the transpose of W where W itself is meant (W.T @ h with column vectors)", "W transposed")
def trace(x, U, W, b):
    T = x.shape[0]
    H = W.shape[0]
    h = np.zeros(H)
    states = np.zeros((T, H))
    for t in range(T):
        h = np.tanh(U @ x[t] + W.T @ h + b)
        states[t] = h
    return states


@wrong(
    "trace",
    "records the state before each step instead of after it, so the list starts with h(0) and lacks the last state",
    "states one step late",
)
def trace(x, U, W, b):
    h = np.zeros(len(b))
    out = []
    for x_t in x:
        out.append(h)
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return np.array(out)


@wrong("trace", "returns only the last state instead of all of them", "only the last state")
def trace(x, U, W, b):
    h = np.zeros(W.shape[0])
    for t in range(len(x)):
        h = np.tanh(U @ x[t] + W @ h + b)
    return h


@wrong("trace", "keeps h(0) as the first row, giving T + 1 rows", "h(0) in the trace")
def trace(x, U, W, b):
    states = [np.zeros(W.shape[0])]
    for x_t in x:
        states.append(np.tanh(U @ x_t + W @ states[-1] + b))
    return np.stack(states)


@wrong(
    "trace",
    "changes one array in place and appends that same array every time, so all rows show the last state",
    "one shared buffer in the trace",
)
def trace(x, U, W, b):
    h = np.zeros(W.shape[0])
    history = []
    for t in range(x.shape[0]):
        h[:] = np.tanh(U @ x[t] + W @ h + b)
        history.append(h)
    return np.array(history)


@wrong(
    "trace", "sets the state to zero inside the loop, so nothing is carried from step to step", "no memory in the trace"
)
def trace(x, U, W, b):
    H = U.shape[0]
    result = []
    for x_t in x:
        h = np.zeros(H)
        h = np.tanh(U @ x_t + W @ h + b)
        result.append(h)
    return np.array(result)


# ---------------------------------------------------------------- rnn_forward (16)


@wrong("rnn_forward", "multiplies the row h by W without transposing W", "W transposed")
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    outs = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W + b)
        outs.append(h)
    return np.stack(outs), h


@wrong("rnn_forward", "ignores h_0 and always starts from zeros", "h_0 ignored")
def rnn_forward(x, U, W, b, h_0):
    h = np.zeros_like(h_0, dtype=float)
    output = []
    for t in range(x.shape[0]):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        output.append(h)
    return np.array(output), h


@wrong("rnn_forward", "keeps h_0 as the first row of output, giving T + 1 rows", "h_0 in the output")
def rnn_forward(x, U, W, b, h_0):
    hs = [h_0]
    for x_t in x:
        hs.append(np.tanh(x_t @ U.T + hs[-1] @ W.T + b))
    return np.array(hs), hs[-1]


@wrong("rnn_forward", "stores the state before the step is made, so output is one step late", "stored before the step")
def rnn_forward(x, U, W, b, h_0):
    T = x.shape[0]
    output = np.zeros((T,) + h_0.shape)
    h = h_0
    for t in range(T):
        output[t] = h
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return output, h


@wrong(
    "rnn_forward",
    "takes h_n along the batch axis (the last sequence at every step) instead of the last step",
    "states of the last sequence",
)
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
    output = np.stack(output)
    h_n = output[..., -1, :]
    return output, h_n


@wrong("rnn_forward", "puts h_0 into every step instead of the previous state", "state not carried")
def rnn_forward(x, U, W, b, h_0):
    output = []
    for t in range(len(x)):
        h_t = np.tanh(x[t] @ U.T + h_0 @ W.T + b)
        output.append(h_t)
    return np.array(output), output[-1]


@wrong("rnn_forward", "runs the loop to T - 1 only, so the last input is never read", "last step skipped")
def rnn_forward(x, U, W, b, h_0):
    T = x.shape[0]
    output = np.zeros((T,) + h_0.shape)
    h = h_0
    for t in range(T - 1):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        output[t] = h
    return output, h


@wrong("rnn_forward", "takes a batch to be (N, T, I) and loops over the second axis as time", "batch first")
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    if x.ndim == 2:
        for t in range(x.shape[0]):
            h = np.tanh(x[t] @ U.T + h @ W.T + b)
            output.append(h)
        return np.stack(output), h
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ U.T + h @ W.T + b)
        output.append(h)
    return np.stack(output, axis=1), h


@wrong(
    "rnn_forward",
    "overwrites one array in place and appends it each time, so every row of output is the last state",
    "one shared buffer",
)
def rnn_forward(x, U, W, b, h_0):
    h = h_0.astype(float).copy()
    outputs = []
    for x_t in x:
        h[...] = np.tanh(x_t @ U.T + h @ W.T + b)
        outputs.append(h)
    return np.stack(outputs), h


@wrong(
    "rnn_forward",
    "applies tanh only to what is put out and carries the sum without tanh to the next step",
    "sum carried on",
)
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    for x_t in x:
        h = x_t @ U.T + h @ W.T + b
        output.append(np.tanh(h))
    return np.stack(output), output[-1]


@wrong("rnn_forward", "returns the two results in the wrong order (h_n, output)", "returns swapped")
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
    return h, np.stack(output)


@wrong("rnn_forward", "gives h_n a leading axis of layers (1, ...) as PyTorch does", "h_n with an axis more")
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = np.empty((len(x),) + h_0.shape)
    for t in range(len(x)):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        output[t] = h
    return output, h[None]


@wrong(
    "rnn_forward",
    "takes x[t - 1] for the input of step t while counting from 0, so the first step reads the last input",
    "input of the step before",
)
def rnn_forward(x, U, W, b, h_0):
    T = x.shape[0]
    output = np.zeros((T,) + h_0.shape)
    h = h_0
    for t in range(T):
        # h(t) depends on x(t) and h(t-1), arrays start from 0
        h = np.tanh(x[t - 1] @ U.T + h @ W.T + b)
        output[t] = h
    return output, h


@wrong("rnn_forward", "indents the return into the loop, so only the first step is made", "return inside the loop")
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
        return np.array(output), h


@wrong(
    "rnn_forward",
    "stacks the states of a batch with the sequences first (N, T, H) instead of time first",
    "output with the sequences first",
)
def rnn_forward(x, U, W, b, h_0):
    h = h_0
    output = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
    return np.stack(output, axis=-2), h


@wrong(
    "rnn_forward",
    "takes the previous state from output[t - 1], which at t = 0 is the last, still empty row, so h_0 is never used",
    "h_0 ignored",
)
def rnn_forward(x, U, W, b, h_0):
    T = x.shape[0]
    output = np.zeros((T,) + h_0.shape)
    for t in range(T):
        output[t] = np.tanh(x[t] @ U.T + output[t - 1] @ W.T + b)
    return output, output[-1]


# ---------------------------------------------------------------- continue_reading (3)


@wrong("continue_reading", "sets the state back to zero before the second half", "second half from zero")
def continue_reading(first_half, second_half, U, W, b):
    H = W.shape[0]
    for half in (first_half, second_half):
        h = np.zeros(H)
        for x_t in half:
            h = np.tanh(U @ x_t + W @ h + b)
    return h


@wrong("continue_reading", "reads both halves separately from zero and adds the two last states", "halves added")
def continue_reading(first_half, second_half, U, W, b):
    h1 = np.zeros(W.shape[0])
    for x_t in first_half:
        h1 = np.tanh(U @ x_t + W @ h1 + b)
    h2 = np.zeros(W.shape[0])
    for x_t in second_half:
        h2 = np.tanh(U @ x_t + W @ h2 + b)
    return h1 + h2


@wrong(
    "continue_reading",
    "copies the first loop and leaves first_half in it, so the first half is read twice and the second never",
    "first half read twice",
)
def continue_reading(first_half, second_half, U, W, b):
    h = np.zeros(W.shape[0])
    for x_t in first_half:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    # now go on with the second half
    for x_t in first_half:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


# ---------------------------------------------------------------- from_torch (3)


@wrong("from_torch", "takes bias_ih_l0 only and forgets that the second bias must be added", "only the input's bias")
def from_torch(layer):
    U = layer.weight_ih_l0.detach().numpy().copy()
    W = layer.weight_hh_l0.detach().numpy().copy()
    b = layer.bias_ih_l0.detach().numpy().copy()
    return U, W, b


@wrong(
    "from_torch",
    "adds the second bias in place to an array that shares memory with the layer, and so changes the layer",
    "the layer itself changed",
)
def from_torch(layer):
    U = layer.weight_ih_l0.detach().numpy()
    W = layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()
    b += layer.bias_hh_l0.detach().numpy()
    return U, W, b


@wrong(
    "from_torch",
    "transposes the weights, believing that torch stores them the other way round",
    "both matrices transposed",
)
def from_torch(layer):
    p = {k: v.detach().cpu().numpy() for k, v in layer.named_parameters()}
    U = p["weight_ih_l0"].T.copy()
    W = p["weight_hh_l0"].T.copy()
    b = p["bias_ih_l0"] + p["bias_hh_l0"]
    return U, W, b


# ---------------------------------------------------------------- forward_lengths (8)


@wrong("forward_lengths", "returns the state after step T for everyone and does not use the lengths", "lengths ignored")
def forward_lengths(x, lengths, U, W, b):
    T, N, I = x.shape
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return h


@wrong("forward_lengths", "uses the length itself as index of the last step instead of length - 1", "one step too far")
def forward_lengths(x, lengths, U, W, b):
    T, N, _ = x.shape
    H = W.shape[0]
    h = np.zeros((N, H))
    states = np.zeros((T, N, H))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        states[t] = h
    last = np.zeros((N, H))
    for n in range(N):
        last[n] = states[lengths[n], n]
    return last


@wrong(
    "forward_lengths",
    "indexes only the time axis with lengths - 1 and gets every sequence at every end, (N, N, H)",
    "rows not paired with sequences",
)
def forward_lengths(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], W.shape[0]))
    states = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        states.append(h)
    states = np.stack(states)
    return states[np.asarray(lengths) - 1]


@wrong("forward_lengths", "sets the state to zero in the padding instead of keeping it", "ended sequences set to zero")
def forward_lengths(x, lengths, U, W, b):
    T, N, I = x.shape
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        h[t >= np.asarray(lengths)] = 0.0
    return h


@wrong(
    "forward_lengths",
    "blends new and old state with a 0/1 mask by multiplication, so NaN in the padding survives as 0 * NaN",
    "masked by multiplying",
)
def forward_lengths(x, lengths, U, W, b):
    T, N, I = x.shape
    lengths = np.asarray(lengths)
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        mask = (t < lengths).astype(float)[:, None]
        new = np.tanh(x[t] @ U.T + h @ W.T + b)
        h = mask * new + (1 - mask) * h
    return h


@wrong(
    "forward_lengths",
    "fills the padding with zeros and reads on to T, believing that a zero input leaves the state unchanged",
    "padding read as zeros",
)
def forward_lengths(x, lengths, U, W, b):
    T, N, I = x.shape
    x = np.array(x, dtype=float)
    for n in range(N):
        x[lengths[n] :, n] = 0
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return h


@wrong(
    "forward_lengths",
    "sorts the sequences by length and forgets to bring the results back to the original order",
    "order of lengths kept",
)
def forward_lengths(x, lengths, U, W, b):
    order = np.argsort(-np.asarray(lengths), kind="stable")
    xs = x[:, order]
    ls = np.asarray(lengths)[order]
    h = np.zeros((x.shape[1], W.shape[0]))
    for t in range(x.shape[0]):
        k = np.sum(ls > t)  # how many still alive
        h[:k] = np.tanh(xs[t, :k] @ U.T + h[:k] @ W.T + b)
    return h


@wrong(
    "forward_lengths",
    "sets the state to zero once before the loop over sequences, so each sequence starts from the end of the one before",
    "handed to the next sequence",
)
def forward_lengths(x, lengths, U, W, b):
    N = x.shape[1]
    h = np.zeros(W.shape[0])
    result = []
    for n in range(N):
        for t in range(lengths[n]):
            h = np.tanh(U @ x[t, n] + W @ h + b)
        result.append(h)
    return np.array(result)


# ---------------------------------------------------------------- read_counts (3)


@wrong(
    "read_counts",
    "leaves x's dtype in the array of states, so integer counts cut the states to whole numbers",
    "counts as given",
)
def read_counts(x, U, W, b):
    T = x.shape[0]
    H = W.shape[0]
    states = np.zeros((T, H), dtype=x.dtype)
    h = np.zeros(H)
    for t in range(T):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


@wrong(
    "read_counts",
    "converts to float only at the return, when the fractions have already been cut off",
    "counts as given",
)
def read_counts(x, U, W, b):
    states = np.zeros((len(x), len(b)), dtype=x.dtype)
    h = np.zeros(len(b))
    for t in range(len(x)):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        states[t] = h
    return states.astype(float)


@wrong(
    "read_counts",
    "calls x.astype(float) without keeping its result, so x and the states stay integer",
    "counts as given",
)
def read_counts(x, U, W, b):
    x.astype(float)
    T, I = x.shape
    H = U.shape[0]
    states = np.zeros((T, H), dtype=x.dtype)
    h = np.zeros(H)
    for t in range(T):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


# ---------------------------------------------------------------- read_batch_first (3)


@wrong(
    "read_batch_first",
    "loops over the first axis as if it were time, though it counts the sequences",
    "batch first as given",
)
def read_batch_first(x, U, W, b):
    h = np.zeros((x.shape[1], W.shape[0]))
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@wrong(
    "read_batch_first",
    "uses reshape to bring time to the front, which mixes the sequences, instead of transposing",
    "batch first reshaped",
)
def read_batch_first(x, U, W, b):
    N, T, I = x.shape
    x = x.reshape(T, N, I)
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return h


@wrong("read_batch_first", "does not reset the state between sequences", "state handed to the next sequence")
def read_batch_first(x, U, W, b):
    N, T, I = x.shape
    H = W.shape[0]
    last = np.zeros((N, H))
    h = np.zeros(H)
    for n in range(N):
        for t in range(T):
            h = np.tanh(U @ x[n, t] + W @ h + b)
        last[n] = h
    return last


# ---------------------------------------------------------------- read_backwards (3)


@wrong(
    "read_backwards",
    "leaves output in the order of reading instead of turning it back to the order of x",
    "backwards in reading order",
)
def read_backwards(x, U, W, b):
    h = np.zeros(W.shape[0])
    output = []
    for x_t in x[::-1]:
        h = np.tanh(U @ x_t + W @ h + b)
        output.append(h)
    return np.array(output), h


@wrong("read_backwards", "takes output[-1] for h_n, though the last step read is at position 0", "backwards as given")
def read_backwards(x, U, W, b):
    T = len(x)
    output = np.zeros((T, W.shape[0]))
    h = np.zeros(W.shape[0])
    for t in reversed(range(T)):
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, output[-1]


@wrong("read_backwards", "stops the range at 0, so x[0] is never read", "last step skipped")
def read_backwards(x, U, W, b):
    T = x.shape[0]
    H = W.shape[0]
    output = np.zeros((T, H))
    h = np.zeros(H)
    for t in range(T - 1, 0, -1):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        output[t] = h
    return output, h


# ---------------------------------------------------------------- mean_pool (3)


@wrong("mean_pool", "averages over the features (last axis) instead of over time", "mean over the features")
def mean_pool(x):
    return np.mean(x, axis=-1)


@wrong("mean_pool", "divides by T - 1 instead of T", "divided by T − 1")
def mean_pool(x):
    T = x.shape[0]
    return x.sum(axis=0) / (T - 1)


@wrong("mean_pool", "averages a batch over the sequences as well as over time", "mean over the sequences too")
def mean_pool(x):
    I = x.shape[-1]
    return x.reshape(-1, I).mean(axis=0)


# ---------------------------------------------------------------- max_pool (2)


@wrong(
    "max_pool",
    "starts the running maximum at 0, so features that are always negative come out as 0",
    "maximum from zero",
)
def max_pool(x):
    best = np.zeros(x.shape[1:])
    for x_t in x:
        best = np.maximum(best, x_t)
    return best


@wrong(
    "max_pool", "returns the time at which the maximum occurs (argmax) instead of the maximum", "place of the maximum"
)
def max_pool(x):
    return np.argmax(x, axis=0)


# ---------------------------------------------------------------- distinct_summaries (3)


@wrong(
    "distinct_summaries",
    "compares results exactly, so rounding noise makes equal results count as different",
    "compared exactly",
)
def distinct_summaries(summary, x):
    seen = set()
    for p in itertools.permutations(range(len(x))):
        s = summary(x[list(p)])
        seen.add(tuple(np.asarray(s).tolist()))
    return len(seen)


@wrong("distinct_summaries", "tries only the T cyclic shifts of the rows instead of all orders", "only rotations")
def distinct_summaries(summary, x):
    found = []
    for k in range(len(x)):
        s = summary(np.roll(x, k, axis=0))
        if not any(np.allclose(s, f, rtol=0, atol=1e-9) for f in found):
            found.append(s)
    return len(found)


@wrong(
    "distinct_summaries",
    "counts two results as the same as soon as any one number agrees instead of all numbers",
    "one number in common",
)
def distinct_summaries(summary, x):
    found = []
    for p in itertools.permutations(range(x.shape[0])):
        s = np.asarray(summary(x[list(p)]))
        new = True
        for f in found:
            if np.any(np.abs(s - f) < 1e-9):
                new = False
        if new:
            found.append(s)
    return len(found)


# ---------------------------------------------------------------- read_back (3)


@wrong("read_back", "counts the accuracy on the sequences the probe was fitted on", "scored on the fitted part")
def read_back(summaries, tokens):
    N = len(tokens)
    cut = 3 * N // 4
    A = np.hstack([summaries, np.ones((N, 1))])
    Y = np.eye(tokens.max() + 1)[tokens]
    C, *_ = np.linalg.lstsq(A[:cut], Y[:cut], rcond=None)
    guess = (A[:cut] @ C).argmax(axis=1)
    return float(np.mean(guess == tokens[:cut]))


@wrong(
    "read_back",
    "regresses the token number itself and rounds it, instead of using one-hot targets and argmax",
    "numbers predicted",
)
def read_back(summaries, tokens):
    N = len(tokens)
    n_train = 3 * N // 4
    X = np.column_stack([np.ones(N), summaries])
    coef = np.linalg.lstsq(X[:n_train], tokens[:n_train].astype(float), rcond=None)[0]
    pred = np.rint(X[n_train:] @ coef).astype(int)
    return (pred == tokens[n_train:]).mean()


@wrong("read_back", "fits the probe on all sequences, the ones kept for the test included", "fitted on everything")
def read_back(summaries, tokens):
    N, S = summaries.shape
    cut = 3 * N // 4
    K = int(np.max(tokens)) + 1
    onehot = np.zeros((N, K))
    onehot[np.arange(N), tokens] = 1
    X = np.concatenate([summaries, np.ones((N, 1))], axis=1)
    B = np.linalg.lstsq(X, onehot, rcond=None)[0]
    pred = np.argmax(X[cut:] @ B, axis=1)
    return np.mean(pred == tokens[cut:])


# ---------------------------------------------------------------- orthogonal (3)


@wrong(
    "orthogonal",
    "scales the random matrix before the QR decomposition, which takes the scale out again",
    "scale forgotten",
)
def orthogonal(H, scale, seed):
    rng = np.random.default_rng(seed)
    A = scale * rng.standard_normal((H, H))
    Q, R = np.linalg.qr(A)
    return Q


@wrong(
    "orthogonal",
    "does not use the seed, so every call gives another matrix",
    "does it use random numbers without a fixed seed",
)
def orthogonal(H, scale, seed):
    rng = np.random.default_rng()
    Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
    return scale * Q


@wrong(
    "orthogonal",
    "only brings each random column to the wanted length and does not make the columns orthogonal",
    "columns of the right length",
)
def orthogonal(H, scale, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(H, H))
    A = A / np.linalg.norm(A, axis=0)
    return scale * A


# =====================================================================
# RIGHT
# =====================================================================


@right("parameter_shapes", "plain dict call")
def parameter_shapes(input_size, hidden_size):
    I, H = input_size, hidden_size
    return dict(b=(H,), W=(H,) * 2, U=(H, I))


@right("first_step", "unit by unit with math.tanh, returned as a list")
def first_step(x_1, U, b):
    h = []
    for row, bias in zip(U, b):
        s = float(bias)
        for u, v in zip(row, x_1):
            s += float(u) * float(v)
        h.append(math.tanh(s))
    return h


@right("first_step", "einsum")
def first_step(x_1, U, b):
    return np.tanh(np.einsum("hi,i->h", U, x_1) + b)


@right("rnn_step", "columns and transposes back")
def rnn_step(x, h, U, W, b):
    x = np.asarray(x)
    h = np.asarray(h)
    a = U @ x.T + W @ h.T  # (H,) or (H, N)
    return np.tanh(a.T + b)


@right("rnn_step", "einsum with an ellipsis")
def rnn_step(x, h, U, W, b):
    z = np.einsum("...i,hi->...h", x, U)
    z = z + np.einsum("...k,hk->...h", h, W)
    return np.tanh(z + b)


@right("rnn_step", "one joined matrix, tanh written with exponentials")
def rnn_step(x, h, U, W, b):
    xh = np.concatenate([x, h], axis=-1)
    UW = np.hstack([U, W])
    z = xh @ UW.T + b
    return 2.0 / (1.0 + np.exp(-2.0 * z)) - 1.0


@right("rnn_step", "torch, returned as a tensor")
def rnn_step(x, h, U, W, b):
    import torch
    import torch.nn.functional as F

    x, h, U, W, b = (torch.tensor(np.asarray(a), dtype=torch.float64) for a in (x, h, U, W, b))
    return torch.tanh(F.linear(x, U, b) + F.linear(h, W))


@right("trace", "itertools.accumulate")
def trace(x, U, W, b):
    drive = x @ U.T + b
    start = np.zeros(W.shape[0])
    states = itertools.accumulate(drive, lambda h, d: np.tanh(d + W @ h), initial=start)
    return np.array(list(states)[1:])


@right("trace", "recursion from the end")
def trace(x, U, W, b):
    def states(t):
        """The list of states after the first t steps."""
        if t == 0:
            return []
        before = states(t - 1)
        h = before[-1] if before else np.zeros(W.shape[0])
        return before + [np.tanh(U @ x[t - 1] + W @ h + b)]

    return np.array(states(len(x)))


@right("rnn_forward", "input part computed for all steps at once")
def rnn_forward(x, U, W, b, h_0):
    output = x @ U.T + b
    h = h_0
    for row in output:
        row += h @ W.T
        np.tanh(row, out=row)
        h = row
    return output, h.copy()


@right("rnn_forward", "generator")
def rnn_forward(x, U, W, b, h_0):
    def states():
        h = h_0
        for x_t in x:
            h = np.tanh(x_t @ U.T + h @ W.T + b)
            yield h

    output = np.stack(list(states()))
    return output, output[-1]


@right("rnn_forward", "torch.nn.RNN with the weights copied in, returned as tensors")
def rnn_forward(x, U, W, b, h_0):
    import torch

    H, I = np.shape(U)
    t = lambda a: torch.tensor(np.asarray(a), dtype=torch.float64)
    layer = torch.nn.RNN(I, H).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(t(U))
        layer.weight_hh_l0.copy_(t(W))
        layer.bias_ih_l0.copy_(t(b))
        layer.bias_hh_l0.zero_()
        output, h_n = layer(t(x), t(h_0)[None])
    return output, h_n[0]


@right("rnn_forward", "T + 1 rows with h_0 in front, cut off at the end; one sequence treated as a batch of one")
def rnn_forward(x, U, W, b, h_0):
    single = np.ndim(x) == 2
    if single:
        x, h_0 = x[:, None, :], h_0[None, :]
    T, N, _ = x.shape
    hs = np.zeros((T + 1, N, W.shape[0]))
    hs[0] = h_0
    for t in range(1, T + 1):
        hs[t] = np.tanh(x[t - 1] @ U.T + hs[t - 1] @ W.T + b)
    output, h_n = hs[1:], hs[T]
    if single:
        return output[:, 0], h_n[0]
    return output, h_n


@right("continue_reading", "itertools.chain")
def continue_reading(first_half, second_half, U, W, b):
    h = np.zeros_like(b, dtype=float)
    for x_t in itertools.chain(first_half, second_half):
        h = np.tanh(U.dot(x_t) + W.dot(h) + b)
    return h


@right("continue_reading", "inner function with a starting state, called twice")
def continue_reading(first_half, second_half, U, W, b):
    def read(xs, h):
        if len(xs) == 0:
            return h
        return read(xs[1:], np.tanh(xs[0] @ U.T + h @ W.T + b))

    middle = read(first_half, np.zeros(len(b)))
    return read(second_half, middle)


@right("from_torch", "state_dict, copied into float64")
def from_torch(layer):
    p = {name: v.cpu().numpy().astype(np.float64) for name, v in layer.state_dict().items()}
    return p["weight_ih_l0"], p["weight_hh_l0"], p["bias_ih_l0"] + p["bias_hh_l0"]


@right("from_torch", "all_weights unpacked, returned as tensors")
def from_torch(layer):
    import torch

    w_ih, w_hh, b_ih, b_hh = layer.all_weights[0]
    with torch.no_grad():
        return w_ih.detach().clone(), w_hh.detach().clone(), b_ih + b_hh


@right("forward_lengths", "each sequence by itself, cut to its length")
def forward_lengths(x, lengths, U, W, b):
    last = []
    for n, length in enumerate(lengths):
        h = np.zeros(W.shape[0])
        for x_t in x[:length, n]:
            h = np.tanh(U @ x_t + W @ h + b)
        last.append(h)
    return np.array(last)


@right("forward_lengths", "np.where keeps the old state in the padding")
def forward_lengths(x, lengths, U, W, b):
    lengths = np.asarray(lengths)
    h = np.zeros((x.shape[1], W.shape[0]))
    for t, x_t in enumerate(x):
        new = np.tanh(x_t @ U.T + h @ W.T + b)
        h = np.where((t < lengths)[:, None], new, h)
    return h


@right("forward_lengths", "sorted by length, only the living rows stepped, order restored")
def forward_lengths(x, lengths, U, W, b):
    lengths = np.asarray(lengths)
    order = np.argsort(-lengths)
    xs, ls = x[:, order], lengths[order]
    h = np.zeros((x.shape[1], W.shape[0]))
    for t in range(ls[0]):
        k = int((ls > t).sum())
        h[:k] = np.tanh(xs[t, :k] @ U.T + h[:k] @ W.T + b)
    result = np.empty_like(h)
    result[order] = h
    return result


@right("forward_lengths", "all states kept, picked with two index arrays")
def forward_lengths(x, lengths, U, W, b):
    T, N, _ = x.shape
    states = np.empty((T, N, W.shape[0]))
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        states[t] = h = np.tanh(x[t] @ U.T + h @ W.T + b)
    return states[np.asarray(lengths) - 1, np.arange(N)]


@right("read_counts", "float array of states")
def read_counts(x, U, W, b):
    T, H = x.shape[0], W.shape[0]
    states = np.zeros((T, H), dtype=float)
    h = np.zeros(H)
    for t in range(T):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


@right("read_counts", "float32 throughout")
def read_counts(x, U, W, b):
    x, U, W, b = (np.asarray(a, dtype=np.float32) for a in (x, U, W, b))
    states = np.zeros((x.shape[0], W.shape[0]), dtype=x.dtype)
    h = np.zeros(W.shape[0], dtype=x.dtype)
    for t in range(x.shape[0]):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


@right("read_batch_first", "swapaxes, then over time")
def read_batch_first(x, U, W, b):
    h = np.zeros((x.shape[0], W.shape[0]))
    for x_t in np.swapaxes(x, 0, 1):
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@right("read_batch_first", "nested pure Python lists")
def read_batch_first(x, U, W, b):
    U, W, b = np.asarray(U).tolist(), np.asarray(W).tolist(), np.asarray(b).tolist()
    H = len(b)
    result = []
    for sequence in np.asarray(x).tolist():
        h = [0.0] * H
        for x_t in sequence:
            h = [
                math.tanh(b[j] + sum(u * v for u, v in zip(U[j], x_t)) + sum(w * s for w, s in zip(W[j], h)))
                for j in range(H)
            ]
        result.append(h)
    return result


@right("read_backwards", "reversed views of x and output")
def read_backwards(x, U, W, b):
    output = np.zeros((len(x), W.shape[0]))
    h = np.zeros(W.shape[0])
    for x_t, place in zip(x[::-1], output[::-1]):
        h = np.tanh(U @ x_t + W @ h + b)
        place[:] = h
    return output, h


@right("read_backwards", "inserts each state at the front of a list")
def read_backwards(x, U, W, b):
    states = []
    h = np.zeros(len(b))
    t = len(x)
    while t > 0:
        t -= 1
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        states.insert(0, h)
    return states, states[0]


@right("mean_pool", "running mean")
def mean_pool(x):
    m = np.zeros(x.shape[1:])
    for k, x_t in enumerate(x, start=1):
        m = m + (x_t - m) / k
    return m


@right("mean_pool", "einsum divided by T")
def mean_pool(x):
    return np.einsum("t...->...", np.asarray(x, dtype=float)) / len(x)


@right("max_pool", "torch amax, returned as a tensor")
def max_pool(x):
    import torch

    return torch.tensor(np.asarray(x)).amax(dim=0)


@right("distinct_summaries", "list of representatives, compared with a tolerance")
def distinct_summaries(summary, x):
    found = []
    for rows in itertools.permutations(x):
        s = np.asarray(summary(np.array(rows)), dtype=float)
        if all(np.max(np.abs(s - f)) > 1e-9 for f in found):
            found.append(s)
    return len(found)


@right("read_back", "pseudo-inverse with a column of ones")
def read_back(summaries, tokens):
    summaries = np.asarray(summaries, dtype=float)
    tokens = np.asarray(tokens)
    cut = 3 * len(tokens) // 4
    A = np.c_[summaries, np.ones(len(tokens))]
    classes = np.unique(tokens)
    Y = (tokens[:, None] == classes).astype(float)
    P = np.linalg.pinv(A[:cut]) @ Y[:cut]
    guess = classes[np.argmax(A[cut:] @ P, axis=1)]
    return float((guess == tokens[cut:]).sum() / len(guess))


@right("orthogonal", "QR of a random matrix")
def orthogonal(H, scale, seed):
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((H, H)))
    return scale * q * np.sign(np.diag(r))


@right("orthogonal", "Gram-Schmidt by hand, twice for accuracy")
def orthogonal(H, scale, seed):
    rng = np.random.RandomState(seed)
    cols = []
    while len(cols) < H:
        v = rng.randn(H)
        for _ in range(2):
            for c in cols:
                v = v - (c @ v) * c
        cols.append(v / np.linalg.norm(v))
    return scale * np.stack(cols, axis=1)
