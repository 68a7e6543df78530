"""Functions as students write them, the first collection: most of them wrong, in one respect each, and some right.

They were written before any run, by eyes that had seen neither the checks nor their catalogue of mistakes.
"""

import itertools
import math

import numpy as np

from tests.learners.hand_ins import right, wrong


# ===================================================================== WRONG
# ---------------------------------------------------------- parameter_shapes
@wrong(
    "parameter_shapes",
    "gives U as (inputs, hidden) instead of (hidden, inputs), the layout for x @ U",
    "U's shape transposed",
)
def w_shapes_1(input_size, hidden_size):
    shapes = {}
    shapes["U"] = (input_size, hidden_size)
    shapes["W"] = (hidden_size, hidden_size)
    shapes["b"] = (hidden_size,)
    return shapes


@wrong(
    "parameter_shapes",
    "thinks W also acts on the input, so gives it H rows and I columns instead of H by H",
    "W with U's shape",
)
def w_shapes_2(input_size, hidden_size):
    matrix = (hidden_size, input_size)
    return dict(U=matrix, W=matrix, b=(hidden_size,))


# ---------------------------------------------------------------- first_step
@wrong("first_step", "drops the bias together with the recurrent term because h(0) is zero", "first step without bias")
def w_first_1(x_1, U, b):
    # h(0) = 0, so only the input counts
    h_1 = np.tanh(U.dot(x_1))
    return h_1


@wrong(
    "first_step",
    "stores the state in an array of the input's dtype, so whole-number inputs cut the state to 0 or 1",
    "state in integers",
)
def w_first_2(x_1, U, b):
    x_1 = np.asarray(x_1)
    h = np.zeros(len(b), dtype=x_1.dtype)
    for i in range(len(b)):
        total = b[i]
        for j in range(len(x_1)):
            total += U[i, j] * x_1[j]
        h[i] = np.tanh(total)
    return h


# ------------------------------------------------------------------ rnn_step
@wrong(
    "rnn_step",
    "forgets the tanh in the branch for a batch",
    "right in some cases, but not on a batch of 5 (I=3, H=4). The tanh is missing",
)
def w_step_1(x, h, U, W, b):
    if x.ndim == 1:
        return np.tanh(U @ x + W @ h + b)
    else:
        from_input = x @ U.T
        from_state = h @ W.T
        return from_input + from_state + b


@wrong("rnn_step", "adds the bias after the tanh instead of inside it", "bias outside")
def w_step_2(x, h, U, W, b):
    new = np.dot(x, np.transpose(U))
    new = np.add(new, np.dot(h, np.transpose(W)))
    new = np.tanh(new)
    new = np.add(new, b)
    return new


@wrong("rnn_step", "uses the logistic sigmoid instead of tanh", "sigmoid for tanh")
def w_step_3(x, h, U, W, b):
    def act(z):
        return 1 / (1 + np.exp(-z))

    return act(x @ U.T + h @ W.T + b)


@wrong("rnn_step", "does not transpose W for rows, believing that a square matrix needs no transpose", "W transposed")
def w_step_4(x, h, U, W, b):
    a = np.matmul(x, U.T) + np.matmul(h, W) + b
    return np.tanh(a)


@wrong(
    "rnn_step",
    "works with sequences as columns and gives a batch back as (H, N), never turned back to (N, H)",
    "batch in columns",
)
def w_step_5(x, h, U, W, b):
    if len(x.shape) == 2:
        b = b[:, None]
    h_new = np.tanh(U @ x.T + W @ h.T + b)
    return h_new


@wrong("rnn_step", "writes tanh by hand with exp(-z) instead of exp(-2z), which is tanh(z/2)", "tanh of half the sum")
def w_step_6(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    e = np.exp(-z)
    return (1 - e) / (1 + e)


@wrong(
    "rnn_step",
    "makes the new state with zeros_like(h), so a whole-number h cuts the new state to whole numbers",
    "state in integers",
)
def w_step_7(x, h, U, W, b):
    h_next = np.zeros_like(h)
    h_next[...] = np.tanh(x @ U.T + h @ W.T + b)
    return h_next


@wrong(
    "rnn_step",
    "updates the units one by one in the same array, so later units read the new values of earlier ones instead of the old state",
    "units updated one by one",
)
def w_step_8(x, h, U, W, b):
    new_h = np.array(h, dtype=float)
    for k in range(b.shape[0]):
        new_h[..., k] = np.tanh(x @ U[k] + new_h @ W[k] + b[k])
    return new_h


@wrong(
    "rnn_step",
    "overwrites the input's part with the state's part (= where += was meant), so x has no effect",
    "no input",
)
def w_step_9(x, h, U, W, b):
    s = x @ U.T
    s = h @ W.T
    s = s + b
    return np.tanh(s)


@wrong("rnn_step", "makes U fit by reshape instead of transposing it, which mixes up its entries", "U reshaped")
def w_step_10(x, h, U, W, b):
    H, I = U.shape
    return np.tanh(np.dot(x, U.reshape(I, H)) + np.dot(h, W.T) + b)


@wrong("rnn_step", "adds the single bias twice, once with the input and once with the state", "bias twice")
def w_step_11(x, h, U, W, b):
    input_part = x @ U.T + b
    hidden_part = h @ W.T + b
    return np.tanh(input_part + hidden_part)


@wrong(
    "rnn_step",
    "takes the tanh of the two parts separately and adds them, instead of the tanh of the sum",
    "two tanhs, one for each product",
)
def w_step_12(x, h, U, W, b):
    u = np.tanh(np.einsum("hi,...i->...h", U, x))
    w = np.tanh(np.einsum("hk,...k->...h", W, h) + b)
    return u + w


@wrong(
    "rnn_step",
    "joins the vectors as [h, x] but the matrices as [U, W], so weights meet the wrong numbers",
    "joined in two orders",
)
def w_step_13(x, h, U, W, b):
    both = np.concatenate([h, x], axis=-1)
    M = np.concatenate([U, W], axis=1)
    return np.tanh(both @ M.T + b)


# --------------------------------------------------------------------- trace
@wrong(
    "trace",
    "makes the first step before the loop and then starts the loop at 0 again, so x[0] is read twice",
    "first input read twice",
)
def w_trace_1(x, U, W, b):
    h = np.tanh(U @ x[0] + b)
    states = []
    for t in range(len(x)):
        h = np.tanh(U @ x[t] + W @ h + b)
        states.append(h)
    return np.stack(states)


@wrong("trace", "writes down the sum before the tanh instead of the state", "sum stored")
def w_trace_2(x, U, W, b):
    T = x.shape[0]
    H = b.size
    out = np.empty((T, H))
    h = np.zeros(H)
    for t in range(T):
        out[t] = z = x[t] @ U.T + h @ W.T + b
        h = np.tanh(z)
    return out


@wrong(
    "trace",
    "thinks memory means the sum of all earlier states and feeds that to W instead of the last state",
    "sum of all states carried on",
)
def w_trace_3(x, U, W, b):
    states = np.zeros((len(x), len(b)))
    for t, x_t in enumerate(x):
        memory = states[:t].sum(axis=0)
        states[t] = np.tanh(U @ x_t + W @ memory + b)
    return states


@wrong(
    "trace",
    "makes the list with [row] * T, T times the same array, so every row ends as the last state",
    "one shared buffer in the trace",
)
def w_trace_4(x, U, W, b):
    T = len(x)
    rows = [np.zeros(len(b))] * T
    for t in range(T):
        prev = rows[t - 1] if t > 0 else np.zeros(len(b))
        rows[t][:] = np.tanh(np.dot(U, x[t]) + np.dot(W, prev) + b)
    return np.array(rows)


# --------------------------------------------------------------- rnn_forward
@wrong(
    "rnn_forward",
    "reads output[t-1] at t = 0 too, which is the still empty last row, so h_0 is never used",
    "h_0 ignored",
)
def w_fwd_1(x, U, W, b, h_0):
    output = np.zeros(x.shape[:-1] + (len(b),))
    for t in range(len(x)):
        output[t] = np.tanh(x[t] @ U.T + output[t - 1] @ W.T + b)
    return output, output[-1]


@wrong(
    "rnn_forward",
    "cuts the last row off instead of h_0, so output holds the state before each step",
    "stored before the step",
)
def w_fwd_2(x, U, W, b, h_0):
    T = x.shape[0]
    hs = np.zeros((T + 1,) + h_0.shape)
    hs[0] = h_0
    for t in range(T):
        hs[t + 1] = np.tanh(x[t] @ U.T + hs[t] @ W.T + b)
    return hs[:T], hs[T]


@wrong(
    "rnn_forward",
    "takes the last step of a batch with [:, -1], as if the batch axis came first, and so gets the last sequence",
    "states of the last sequence",
)
def w_fwd_3(x, U, W, b, h_0):
    h = h_0
    out = []
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        out.append(h)
    out = np.array(out)
    if x.ndim == 3:
        return out, out[:, -1, :]
    return out, out[-1]


@wrong(
    "rnn_forward",
    "appends the same array, changed in place, at every step, so all of output is the last state",
    "one shared buffer",
)
def w_fwd_4(x, U, W, b, h_0):
    h = h_0.astype(float).copy()
    outputs = []
    for t in range(x.shape[0]):
        h[:] = np.tanh(x[t] @ U.T + h @ W.T + b)
        outputs.append(h)
    return np.stack(outputs, axis=0), h


@wrong(
    "rnn_forward",
    "stops at T - 1, thinking range includes its end, so the last step is never made",
    "last step skipped",
)
def w_fwd_5(x, U, W, b, h_0):
    T = len(x)
    h = h_0
    output = np.zeros((T, *np.shape(h_0)))
    for t in range(0, T - 1):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        output[t] = h
    return output, h


@wrong(
    "rnn_forward", "carries the sum before the tanh to the next step instead of the state after it", "sum carried on"
)
def w_fwd_6(x, U, W, b, h_0):
    a = h_0
    ys = []
    for xt in x:
        a = xt @ U.T + a @ W.T + b
        ys.append(np.tanh(a))
    return np.stack(ys), ys[-1]


@wrong(
    "rnn_forward",
    "does not go back to its own h_0 for each sequence of a batch: the state runs on from one sequence to the next",
    "state handed to the next sequence",
)
def w_fwd_7(x, U, W, b, h_0):
    if x.ndim == 2:
        x3, h = x[:, None, :], h_0
    else:
        x3, h = x, h_0[0]
    T, N, _ = x3.shape
    output = np.zeros((T, N, len(b)))
    for n in range(N):
        for t in range(T):
            h = np.tanh(U @ x3[t, n] + W @ h + b)
            output[t, n] = h
    if x.ndim == 2:
        output = output[:, 0]
    return output, output[-1]


@wrong("rnn_forward", "takes the tanh a second time when storing the state in output", "tanh once more when stored")
def w_fwd_8(x, U, W, b, h_0):
    h_t = h_0
    output = []
    for t in range(len(x)):
        h_t = np.tanh(x[t].dot(U.T) + h_t.dot(W.T) + b)
        output.append(np.tanh(h_t))
    return np.array(output), h_t


@wrong(
    "rnn_forward",
    "takes h_0 for the state of the first step and begins at t = 1, so x[0] is never read",
    "first step skipped",
)
def w_fwd_9(x, U, W, b, h_0):
    output = np.zeros((len(x),) + h_0.shape)
    output[0] = h_0
    for t in range(1, len(x)):
        output[t] = np.tanh(x[t] @ U.T + output[t - 1] @ W.T + b)
    return output, output[-1]


@wrong(
    "rnn_forward",
    "gives h_n an extra layer axis at the front as torch does, instead of the shape of h_0",
    "h_n with an axis more",
)
def w_fwd_10(x, U, W, b, h_0):
    output, h = [], h_0
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
    h_n = h[np.newaxis]
    return np.array(output), h_n


@wrong(
    "rnn_forward",
    "computes all steps at once with h_0 as the state before each, so there is no recurrence",
    "state not carried",
)
def w_fwd_11(x, U, W, b, h_0):
    # no loop needed, broadcasting does it
    output = np.tanh(np.matmul(x, U.T) + np.matmul(h_0, W.T) + b)
    h_n = output[-1]
    return output, h_n


@wrong("rnn_forward", "adds the bias once to the starting state instead of at every step", "bias added once only")
def w_fwd_12(x, U, W, b, h_0):
    h = h_0 + b
    states = []
    t = 0
    while t < x.shape[0]:
        h = np.tanh(x[t] @ U.T + h @ W.T)
        states.append(h)
        t += 1
    return np.array(states), states[-1]


@wrong(
    "rnn_forward",
    "turns (N, T, H) into (T, N, H) by reshape instead of swapping the axes, so times and sequences are mixed",
    "batch reshaped",
)
def w_fwd_13(x, U, W, b, h_0):
    def one(seq, h):
        res = []
        for v in seq:
            h = np.tanh(U @ v + W @ h + b)
            res.append(h)
        return res

    if x.ndim == 2:
        res = one(x, h_0)
        return np.array(res), res[-1]
    T, N, I = x.shape
    res = np.array([one(x[:, n], h_0[n]) for n in range(N)])
    return res.reshape(T, N, -1), res[:, -1]


# ---------------------------------------------------------- continue_reading
@wrong(
    "continue_reading",
    "sets the state back to zero at the beginning of the second half, so the first is forgotten",
    "second half from zero",
)
def w_cont_1(first_half, second_half, U, W, b):
    for half in (first_half, second_half):
        h = np.zeros(len(b))
        for x in half:
            h = np.tanh(U @ x + W @ h + b)
    return h


@wrong(
    "continue_reading",
    "thinks the first half's last state is already the second half's first step and so skips second_half[0]",
    "first step skipped",
)
def w_cont_2(first_half, second_half, U, W, b):
    h = np.zeros(W.shape[0])
    for t in range(len(first_half)):
        h = np.tanh(U @ first_half[t] + W @ h + b)
    # h is the first state of the second half
    for t in range(1, len(second_half)):
        h = np.tanh(U @ second_half[t] + W @ h + b)
    return h


# ---------------------------------------------------------------- from_torch
@wrong("from_torch", "takes only the input bias and leaves out bias_hh", "only the input's bias")
def w_torch_1(layer):
    U, W, b, _ = [p.detach().numpy().copy() for p in layer.parameters()]
    return U, W, b


@wrong(
    "from_torch",
    "adds bias_hh with += to an array which shares the layer's memory, so the layer's own bias is changed",
    "the layer itself changed",
)
def w_torch_2(layer):
    U = layer.weight_ih_l0.detach().numpy()
    W = layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()
    b += layer.bias_hh_l0.detach().numpy()
    return U, W, b


# ----------------------------------------------------------- forward_lengths
@wrong(
    "forward_lengths", "switches the padding off by multiplying with 0, but 0 times NaN is NaN", "masked by multiplying"
)
def w_len_1(x, lengths, U, W, b):
    T, N, _ = x.shape
    h = np.zeros((N, len(b)))
    for t in range(T):
        m = (t < lengths).astype(float)[:, None]
        new = np.tanh(x[t] @ U.T + h @ W.T + b)
        h = m * new + (1 - m) * h
    return h


@wrong(
    "forward_lengths",
    "compares with t <= length although t counts from 0, so one step of padding is read",
    "one step of padding read",
)
def w_len_2(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], b.shape[0]))
    for t in range(x.shape[0]):
        for n in range(x.shape[1]):
            if t <= lengths[n]:
                h[n] = np.tanh(U @ x[t, n] + W @ h[n] + b)
    return h


@wrong(
    "forward_lengths",
    "sorts the sequences by length and does not put the results back in the order of the batch",
    "order of lengths kept",
)
def w_len_3(x, lengths, U, W, b):
    order = np.argsort(-np.asarray(lengths))
    x = x[:, order]
    lens = np.asarray(lengths)[order]
    h = np.zeros((len(lens), len(b)))
    for t in range(lens[0]):
        k = (lens > t).sum()  # still running
        h[:k] = np.tanh(x[t, :k] @ U.T + h[:k] @ W.T + b)
    return h


@wrong(
    "forward_lengths",
    "sets the padding to zero and reads on to T, thinking that a zero input leaves the state as it is",
    "padding read as zeros",
)
def w_len_4(x, lengths, U, W, b):
    x = x.copy()
    for n, L in enumerate(lengths):
        x[L:, n] = 0
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x:
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@wrong(
    "forward_lengths",
    "believes the padding is in front and reads the last `length` rows of each column instead of the first",
    "padding taken for the front",
)
def w_len_5(x, lengths, U, W, b):
    result = []
    for n in range(len(lengths)):
        h = np.zeros(len(b))
        for v in x[-lengths[n] :, n]:
            h = np.tanh(U @ v + W @ h + b)
        result.append(h)
    return np.array(result)


@wrong(
    "forward_lengths",
    "sets the state of a finished sequence to zero instead of keeping its last one",
    "ended sequences set to zero",
)
def w_len_6(x, lengths, U, W, b):
    T, N = x.shape[:2]
    h = np.zeros((N, len(b)))
    for t in range(T):
        active = np.asarray(lengths) > t
        h = np.where(active[:, None], np.tanh(x[t] @ U.T + h @ W.T + b), 0.0)
    return h


# --------------------------------------------------------------- read_counts
@wrong(
    "read_counts",
    "still stores into an array of x's dtype and turns it to float only at the end, when the fractions are gone",
    "counts as given",
)
def w_counts_1(x, U, W, b):
    T = x.shape[0]
    states = np.zeros((T, len(b)), dtype=x.dtype)
    h = np.zeros(len(b))
    for t in range(T):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states.astype(float)


@wrong("read_counts", "mends the array of results but keeps the running state itself in x's dtype", "counts as given")
def w_counts_2(x, U, W, b):
    states = np.zeros((len(x), len(b)))
    h = np.zeros(len(b), dtype=x.dtype)
    for t in range(len(x)):
        h[:] = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


# ---------------------------------------------------------- read_batch_first
@wrong(
    "read_batch_first",
    "reshapes (N, T, I) to (T, N, I) instead of swapping the axes, which mixes the sequences",
    "batch first reshaped",
)
def w_bf_1(x, U, W, b):
    N, T, I = x.shape
    xs = x.reshape((T, N, I))
    h = np.zeros((N, W.shape[0]))
    for t in range(T):
        h = np.tanh(xs[t] @ U.T + h @ W.T + b)
    return h


@wrong(
    "read_batch_first",
    "takes states[-1] of an (N, T, H) array: all states of the last sequence, not the last of all sequences",
    "states of the last sequence",
)
def w_bf_2(x, U, W, b):
    N, T, I = x.shape
    states = np.zeros((N, T, len(b)))
    h = np.zeros((N, len(b)))
    for t in range(T):
        h = np.tanh(x[:, t, :] @ U.T + h @ W.T + b)
        states[:, t, :] = h
    return states[-1]


# ------------------------------------------------------------ read_backwards
@wrong(
    "read_backwards",
    "reads forwards and turns the finished states round, instead of turning the input round",
    "states turned round, not the input",
)
def w_back_1(x, U, W, b):
    h = np.zeros(len(b))
    output = []
    for x_t in x:
        h = np.tanh(U @ x_t + W @ h + b)
        output.insert(0, h)
    return np.array(output), h


@wrong("read_backwards", "takes output[-1] for the last state, but the last step read is at x[0]", "backwards as given")
def w_back_2(x, U, W, b):
    T = len(x)
    output = np.zeros((T, len(b)))
    h = np.zeros(len(b))
    for t in range(T - 1, -1, -1):
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, output[-1]


# ----------------------------------------------------------------- mean_pool
@wrong(
    "mean_pool",
    "halves the running mean with each new row, which weights late rows more than early ones",
    "running halves",
)
def w_mean_1(x):
    m = x[0]
    for row in x[1:]:
        m = (m + row) / 2
    return m


@wrong(
    "mean_pool",
    "counts the time axis from the end (-2), which for a batch is the axis of the sequences",
    "mean over the last axis but one",
)
def w_mean_2(x):
    return np.mean(x, axis=-2)


# ------------------------------------------------------------------ max_pool
@wrong(
    "max_pool", "starts the running maximum at zero, so a feature which is always negative gives 0", "maximum from zero"
)
def w_max_1(x):
    best = np.zeros(x.shape[1:])
    for t in range(x.shape[0]):
        best = np.where(x[t] > best, x[t], best)
    return best


@wrong(
    "max_pool",
    "picks the one time step whose sum is largest, instead of the maximum of each feature by itself",
    "row with the largest sum",
)
def w_max_2(x):
    score = x.sum(axis=-1)
    t = score.argmax(axis=0)
    if x.ndim == 2:
        return x[t]
    return x[t, np.arange(x.shape[1])]


# -------------------------------------------------------- distinct_summaries
@wrong(
    "distinct_summaries",
    "compares the floats exactly, so rounding noise counts as a different result",
    "compared exactly",
)
def w_dist_1(summary, x):
    seen = set()
    for order in itertools.permutations(range(len(x))):
        s = summary(x[list(order)])
        seen.add(tuple(np.asarray(s).tolist()))
    return len(seen)


@wrong("distinct_summaries", "tries only the rotations of the rows instead of all orders", "only rotations")
def w_dist_2(summary, x):
    found = []
    for k in range(len(x)):
        s = summary(np.roll(x, k, axis=0))
        if not any(np.allclose(s, f, rtol=0, atol=1e-9) for f in found):
            found.append(s)
    return len(found)


# ----------------------------------------------------------------- read_back
@wrong("read_back", "fits the probe on all sequences, those it is tested on included", "fitted on everything")
def w_rb_1(summaries, tokens):
    N = len(tokens)
    cut = 3 * N // 4
    A = np.hstack([summaries, np.ones((N, 1))])
    Y = np.eye(tokens.max() + 1)[tokens]
    C, *_ = np.linalg.lstsq(A, Y, rcond=None)
    guess = (A[cut:] @ C).argmax(axis=1)
    return (guess == tokens[cut:]).mean()


@wrong(
    "read_back",
    "fits the token numbers themselves and rounds, as if tokens were quantities, instead of one-hot vectors",
    "numbers predicted",
)
def w_rb_2(summaries, tokens):
    cut = 3 * len(tokens) // 4
    A = np.column_stack((np.ones(len(tokens)), summaries))
    coef = np.linalg.lstsq(A[:cut], tokens[:cut].astype(float), rcond=None)[0]
    guess = np.rint(A[cut:] @ coef).astype(int)
    return float(np.mean(guess == tokens[cut:]))


# ---------------------------------------------------------------- orthogonal
@wrong(
    "orthogonal",
    "scales the random matrix before the QR, which takes the scale out again: the columns have length 1",
    "scale forgotten",
)
def w_orth_1(H, scale, seed):
    rng = np.random.default_rng(seed)
    A = scale * rng.standard_normal((H, H))
    Q, R = np.linalg.qr(A)
    return Q


@wrong(
    "orthogonal",
    "only brings random columns to the right length and does not make them orthogonal to each other",
    "columns 1 and 2 are not orthogonal on H=2",
)
def w_orth_2(H, scale, seed):
    np.random.seed(seed)
    M = np.random.randn(H, H)
    for j in range(H):
        M[:, j] = scale * M[:, j] / np.linalg.norm(M[:, j])
    return M


# ===================================================================== RIGHT
@right("parameter_shapes", "shapes of arrays really made, in another order of keys")
def r_shapes_1(input_size, hidden_size):
    W = np.zeros((hidden_size, hidden_size))
    U = np.zeros((hidden_size, input_size))
    b = np.zeros(hidden_size)
    return {"b": b.shape, "W": W.shape, "U": U.shape}


@right("first_step", "pure lists with math.tanh and sum, returned as a list")
def r_first_1(x_1, U, b):
    return [math.tanh(sum(float(u) * float(v) for u, v in zip(row, x_1)) + float(bias)) for row, bias in zip(U, b)]


@right("rnn_step", "einsum with an ellipsis")
def r_step_1(x, h, U, W, b):
    z = np.einsum("hi,...i->...h", U, x) + np.einsum("hk,...k->...h", W, h)
    return np.tanh(z + b)


@right("rnn_step", "one joined matrix [U W b] on the joined vector [x h 1]")
def r_step_2(x, h, U, W, b):
    x = np.asarray(x, dtype=float)
    h = np.asarray(h, dtype=float)
    one = np.ones(x.shape[:-1] + (1,))
    M = np.hstack([U, W, b[:, None]])
    return np.tanh(np.concatenate([x, h, one], axis=-1) @ M.T)


@right("rnn_step", "columns: transposed whole, tanh out of the exponential exp(2z)")
def r_step_3(x, h, U, W, b):
    z = (U @ np.transpose(x) + W @ np.transpose(h)).T + b
    return 1 - 2 / (np.exp(2 * z) + 1)


@right("rnn_step", "torch functions, returned as a tensor")
def r_step_4(x, h, U, W, b):
    import torch

    x, h, U, W, b = (torch.tensor(np.array(a), dtype=torch.float64) for a in (x, h, U, W, b))
    return torch.tanh(torch.nn.functional.linear(x, U, b) + torch.nn.functional.linear(h, W))


@right("trace", "generator gathered with np.array")
def r_trace_1(x, U, W, b):
    def states():
        h = 0 * b
        for v in x:
            h = np.tanh(U @ v + W @ h + b)
            yield h

    return np.array(list(states()))


@right("trace", "itertools.accumulate with an initial state")
def r_trace_2(x, U, W, b):
    drive = x @ U.T + b
    steps = itertools.accumulate(drive, lambda h, d: np.tanh(d + W @ h), initial=np.zeros(len(b)))
    return np.stack(list(steps)[1:])


@right("trace", "float32 throughout")
def r_trace_3(x, U, W, b):
    x, U, W, b = [np.asarray(a, dtype=np.float32) for a in (x, U, W, b)]
    out = np.zeros((len(x), len(b)), dtype=np.float32)
    h = np.zeros(len(b), dtype=np.float32)
    for t in range(len(x)):
        h = np.tanh(U @ x[t] + W @ h + b)
        out[t] = h
    return out


@right("rnn_forward", "recursion over the sequence, from its last step down")
def r_fwd_1(x, U, W, b, h_0):
    def upto(t):
        if t == 0:
            return [h_0]
        before = upto(t - 1)
        return before + [np.tanh(x[t - 1] @ U.T + before[-1] @ W.T + b)]

    states = upto(len(x))
    return np.stack(states[1:]), states[-1]


@right("rnn_forward", "T + 1 rows with h_0 as row 0, returned as views")
def r_fwd_2(x, U, W, b, h_0):
    hs = np.empty((len(x) + 1,) + np.shape(h_0))
    hs[0] = h_0
    for t, x_t in enumerate(x):
        hs[t + 1] = np.tanh(x_t @ U.T + hs[t] @ W.T + b)
    return hs[1:], hs[-1]


@right("rnn_forward", "torch.nn.RNN with the weights copied in and bias_hh zero, returned as numpy")
def r_fwd_3(x, U, W, b, h_0):
    import torch

    layer = torch.nn.RNN(U.shape[1], U.shape[0]).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(np.array(U)))
        layer.weight_hh_l0.copy_(torch.tensor(np.array(W)))
        layer.bias_ih_l0.copy_(torch.tensor(np.array(b)))
        layer.bias_hh_l0.zero_()
        out, h_n = layer(torch.tensor(np.array(x, dtype=float)), torch.tensor(np.array(h_0, dtype=float))[None])
    return out.numpy(), h_n[0].numpy()


@right("rnn_forward", "one sequence after another, stacked on axis 1")
def r_fwd_4(x, U, W, b, h_0):
    if x.ndim == 3:
        parts = [r_fwd_4(x[:, n], U, W, b, h_0[n]) for n in range(x.shape[1])]
        return np.stack([p[0] for p in parts], axis=1), np.stack([p[1] for p in parts])
    h = h_0
    rows = []
    for v in x:
        h = np.tanh(U @ v + W @ h + b)
        rows.append(h)
    return np.vstack(rows), h


@right("rnn_forward", "output as a plain list of arrays, the input's part computed before the loop")
def r_fwd_5(x, U, W, b, h_0):
    pre = np.tensordot(x, U, axes=(-1, 1)) + b
    output = []
    for p in pre:
        output.append(np.tanh(p + (output[-1] if output else h_0) @ W.T))
    return output, output[-1]


@right("continue_reading", "chained iterators over both halves")
def r_cont_1(first_half, second_half, U, W, b):
    h = np.zeros_like(b, dtype=float)
    for v in itertools.chain(first_half, second_half):
        h = np.tanh(U.dot(v) + W.dot(h) + b)
    return h


@right("from_torch", "state_dict, returned as cloned tensors")
def r_torch_1(layer):
    sd = layer.state_dict()
    return (sd["weight_ih_l0"].clone(), sd["weight_hh_l0"].clone(), sd["bias_ih_l0"] + sd["bias_hh_l0"])


@right("from_torch", "tolist and back to float64 arrays")
def r_torch_2(layer):
    U = np.array(layer.weight_ih_l0.tolist())
    W = np.array(layer.weight_hh_l0.tolist())
    b = np.array([p + q for p, q in zip(layer.bias_ih_l0.tolist(), layer.bias_hh_l0.tolist())])
    return U, W, b


@right("forward_lengths", "each sequence cut to its length and read alone")
def r_len_1(x, lengths, U, W, b):
    ends = []
    for n, L in enumerate(lengths):
        h = np.zeros(len(b))
        for v in x[:L, n]:
            h = np.tanh(U @ v + W @ h + b)
        ends.append(h)
    return np.stack(ends)


@right("forward_lengths", "all states computed, NaN left to run, then picked with two index arrays")
def r_len_2(x, lengths, U, W, b):
    T, N, _ = x.shape
    h = np.zeros((N, len(b)))
    out = np.empty((T, N, len(b)))
    for t in range(T):
        h = np.tanh(x[t] @ U.T + h @ W.T + b)
        out[t] = h
    return out[np.asarray(lengths) - 1, np.arange(N)]


@right("forward_lengths", "sorted by length, shrinking batch, put back in order with the inverse order")
def r_len_3(x, lengths, U, W, b):
    lengths = np.asarray(lengths)
    order = np.argsort(lengths)[::-1]
    xs, ls = x[:, order], lengths[order]
    h = np.zeros((len(ls), len(b)))
    for t in range(ls.max()):
        k = np.count_nonzero(ls > t)
        h[:k] = np.tanh(xs[t, :k] @ U.T + h[:k] @ W.T + b)
    return h[np.argsort(order)]


@right("read_counts", "array made with np.result_type of x and the weights")
def r_counts_1(x, U, W, b):
    states = np.zeros((len(x), len(b)), dtype=np.result_type(x.dtype, U.dtype))
    h = np.zeros(len(b))
    for t in range(len(x)):
        h = np.tanh(U @ x[t] + W @ h + b)
        states[t] = h
    return states


@right("read_batch_first", "moveaxis view, loop over time")
def r_bf_1(x, U, W, b):
    h = np.zeros((len(x), len(b)))
    for x_t in np.moveaxis(x, 1, 0):
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@right("read_backwards", "reversed view read forwards, the output a reversed view too")
def r_back_1(x, U, W, b):
    h = np.zeros(len(b))
    rows = []
    for v in x[::-1]:
        h = np.tanh(U @ v + W @ h + b)
        rows.append(h)
    return np.array(rows)[::-1], rows[-1]


@right("mean_pool", "dot product with equal weights 1/T")
def r_mean_1(x):
    T = x.shape[0]
    return np.tensordot(np.full(T, 1 / T), x, axes=1)


@right("max_pool", "functools-like fold with np.maximum from the first row")
def r_max_1(x):
    best = x[0].copy()
    for row in x[1:]:
        best = np.maximum(best, row)
    return best


@right("max_pool", "sorted along time, last row, returned as nested lists")
def r_max_2(x):
    return np.sort(x, axis=0)[-1].tolist()


@right("distinct_summaries", "keeps a list of representatives and compares with max abs difference")
def r_dist_1(summary, x):
    kept = []
    for order in itertools.permutations(x):
        s = np.asarray(summary(np.array(order)), dtype=float)
        for k in kept:
            if np.max(np.abs(k - s)) <= 1e-9:
                break
        else:
            kept.append(s)
    return len(kept)


@right("read_back", "pseudo-inverse, classes from np.unique over all tokens")
def r_rb_1(summaries, tokens):
    N = len(tokens)
    cut = 3 * N // 4
    names = np.unique(tokens)
    onehot = (np.asarray(tokens)[:, None] == names[None, :]).astype(float)
    A = np.c_[summaries, np.ones(N)]
    coef = np.linalg.pinv(A[:cut]) @ onehot[:cut]
    hits = 0
    for row, tok in zip(A[cut:] @ coef, tokens[cut:]):
        hits += int(names[np.argmax(row)] == tok)
    return hits / (N - cut)


@right("orthogonal", "Gram-Schmidt by hand, twice over each column")
def r_orth_1(H, scale, seed):
    rng = np.random.RandomState(seed)
    columns = []
    while len(columns) < H:
        v = rng.normal(size=H)
        for _ in range(2):
            for c in columns:
                v = v - (v @ c) * c
        columns.append(v / math.sqrt(v @ v))
    return scale * np.array(columns).T


@right("orthogonal", "left singular vectors times right singular vectors of a random matrix")
def r_orth_2(H, scale, seed):
    A = np.random.default_rng(seed).normal(size=(H, H))
    left, _, right_ = np.linalg.svd(A)
    return scale * (left @ right_)
