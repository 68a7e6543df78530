"""The catalogue of mistakes that the assignments' own checks know; the core's is in `mistakes`.

Two catalogues, because notebook 04 shows what each mistake of the first one costs, and its table is about one step and
one sequence alone. Each function here stands on its own, with NumPy, itertools and `rnn_step` only.
"""

from __future__ import annotations

import itertools

import numpy as np

from rnn_helpers.mistakes import Mistake
from rnn_helpers.rnn import rnn_step

__all__ = ["ASSIGNMENT_MISTAKES"]


# first_step


def _first_missing_tanh(x_1, U, b):
    return U @ x_1 + b  # wrong


def _first_without_bias(x_1, U, b):
    return np.tanh(U @ x_1)  # wrong


def _first_bias_outside(x_1, U, b):
    return np.tanh(U @ x_1) + b  # wrong


def _first_u_transposed(x_1, U, b):
    return np.tanh(x_1 @ U + b)  # wrong


# trace


def _trace_only_last(x, U, W, b):
    h = np.zeros(len(b))
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
    return h  # wrong


def _trace_with_h_0(x, U, W, b):
    states = [np.zeros(len(b))]  # wrong
    for x_t in x:
        states.append(rnn_step(x_t, states[-1], U, W, b))
    return np.array(states)


def _trace_before_step(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        states.append(h)  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return np.array(states)


def _trace_not_carried(x, U, W, b):
    states = []
    for x_t in x:
        h = rnn_step(x_t, np.zeros(len(b)), U, W, b)  # wrong
        states.append(h)
    return np.array(states)


def _trace_shared_buffer(x, U, W, b):
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h[:] = rnn_step(x_t, h, U, W, b)
        states.append(h)  # wrong
    return np.array(states)


def _trace_in_integers(x, U, W, b):
    h, states = np.zeros(len(b)), np.zeros((len(x), len(b)), dtype=x.dtype)  # wrong
    for t, x_t in enumerate(x):
        h = states[t] = rnn_step(x_t, h, U, W, b)
    return states


# continue_reading


def _second_half_from_zero(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for x_t in first_half:
        h = rnn_step(x_t, h, U, W, b)
    h = np.zeros(len(b))  # wrong
    for x_t in second_half:
        h = rnn_step(x_t, h, U, W, b)
    return h


def _halves_swapped(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for x_t in np.concatenate([second_half, first_half]):  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


def _from_the_first_state(first_half, second_half, U, W, b):
    states = [np.zeros(len(b))]
    for x_t in first_half:
        states.append(rnn_step(x_t, states[-1], U, W, b))
    h = states[1]  # wrong
    for x_t in second_half:
        h = rnn_step(x_t, h, U, W, b)
    return h


def _halves_added(first_half, second_half, U, W, b):
    last_states = []
    for half in (first_half, second_half):
        h = np.zeros(len(b))
        for x_t in half:
            h = rnn_step(x_t, h, U, W, b)
        last_states.append(h)
    return last_states[0] + last_states[1]  # wrong


def _all_states_of_the_second_half(first_half, second_half, U, W, b):
    h, states = np.zeros(len(b)), []
    for x_t in np.concatenate([first_half, second_half]):
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states[len(first_half) :])  # wrong


# from_torch


def _only_the_input_bias(layer):
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()  # wrong
    return U, W, b


def _only_the_hidden_bias(layer):
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_hh_l0.detach().numpy()  # wrong
    return U, W, b


def _mean_of_the_biases(layer):
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy() / 2  # wrong
    return U, W, b


def _layer_changed(layer):
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()
    b += layer.bias_hh_l0.detach().numpy()  # wrong
    return U, W, b


def _names_swapped(layer):
    U, W = layer.weight_hh_l0.detach().numpy(), layer.weight_ih_l0.detach().numpy()  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


def _both_transposed(layer):
    U, W = layer.weight_ih_l0.detach().numpy().T, layer.weight_hh_l0.detach().numpy().T  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


# forward_lengths


def _lengths_ignored(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
    return h  # wrong


def _all_to_the_shortest(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x[: min(lengths)]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


def _one_step_short(x, lengths, U, W, b):
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        states.append(h)  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return np.array(states)[lengths - 1, np.arange(len(lengths))]


def _one_step_too_far(x, lengths, U, W, b):
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)[lengths, np.arange(len(lengths))]  # wrong


def _rows_not_paired(x, lengths, U, W, b):
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)[lengths - 1]  # wrong


def _padding_read_as_zeros(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        x_t = np.where((t < lengths)[:, np.newaxis], x_t, 0)
        h = rnn_step(x_t, h, U, W, b)  # wrong
    return h


def _masked_by_multiplying(x, lengths, U, W, b):
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        mask = (t < lengths)[:, np.newaxis]
        h = mask * rnn_step(x_t, h, U, W, b) + (1 - mask) * h  # wrong
    return h


# read_counts, read_batch_first, read_backwards: the first of each is the function as it is given


def _counts_as_given(x, U, W, b):
    states = np.zeros((len(x), len(b)), dtype=x.dtype)  # wrong
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = h
    return states


def _counts_rounded(x, U, W, b):
    states = np.zeros((len(x), len(b)))
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = np.round(h)  # wrong
    return states


def _batch_first_as_given(x, U, W, b):
    h = np.zeros(len(b))
    for x_t in x:  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


def _batch_first_reshaped(x, U, W, b):
    n_sequences, n_steps, n_features = x.shape
    h = np.zeros((n_sequences, len(b)))
    for x_t in x.reshape(n_steps, n_sequences, n_features):  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


def _batch_first_last_input(x, U, W, b):
    h = np.zeros((len(x), len(b)))
    return np.tanh(x[:, -1] @ U.T + h @ W.T + b)  # wrong


def _batch_first_all_states(x, U, W, b):
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ U.T + h @ W.T + b)
        states.append(h)
    return np.array(states)  # wrong


def _backwards_as_given(x, U, W, b):
    h = np.zeros(len(b))
    output = np.zeros((len(x), len(b)))
    for t in reversed(range(len(x))):
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, output[-1]  # wrong


def _backwards_in_reading_order(x, U, W, b):
    h, output = np.zeros(len(b)), []
    for x_t in x[::-1]:
        h = np.tanh(U @ x_t + W @ h + b)
        output.append(h)
    return np.array(output), h  # wrong


def _backwards_read_forwards(x, U, W, b):
    h = np.zeros(len(b))
    output = np.zeros((len(x), len(b)))
    for t in range(len(x)):  # wrong
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, h


# mean_pool and max_pool


def _mean_over_features(x):
    return x.mean(axis=-1)  # wrong


def _mean_over_everything(x):
    return x.mean()  # wrong


def _sum_instead_of_mean(x):
    return x.sum(axis=0)  # wrong


def _mean_over_second_axis(x):
    return x.mean(axis=-2)  # wrong


def _max_over_features(x):
    return x.max(axis=-1)  # wrong


def _max_over_everything(x):
    return x.max()  # wrong


def _max_over_second_axis(x):
    return x.max(axis=-2)  # wrong


def _max_from_zero(x):
    largest = np.zeros(x.shape[1:])  # wrong
    for x_t in x:
        largest = np.maximum(largest, x_t)
    return largest


def _max_of_sizes(x):
    return np.abs(x).max(axis=0)  # wrong


def _place_of_the_max(x):
    return x.argmax(axis=0)  # wrong


# distinct_summaries


def _orders_counted(summary, x):
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return len(results)  # wrong


def _compared_exactly(summary, x):
    results = {tuple(summary(x[list(order)])) for order in itertools.permutations(range(len(x)))}  # wrong
    return len(results)


def _rounded_too_coarsely(summary, x):
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 2)) for order in orders})  # wrong


def _only_the_first_number(summary, x):
    orders = itertools.permutations(range(len(x)))
    return len({np.round(summary(x[list(order)])[0], 9) for order in orders})  # wrong


def _only_rotations(summary, x):
    orders = [np.roll(np.arange(len(x)), shift) for shift in range(len(x))]  # wrong
    return len({tuple(np.round(summary(x[order]), 9)) for order in orders})


def _columns_reordered(summary, x):
    orders = itertools.permutations(range(x.shape[1]))  # wrong
    return len({tuple(np.round(summary(x[:, list(order)]), 9)) for order in orders})


# read_back


def _probe_without_intercept(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = summaries, np.eye(tokens.max() + 1)[tokens]  # wrong
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])


def _scored_on_the_fitted(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs[:n_fit] @ weights).argmax(axis=1) == tokens[:n_fit])  # wrong


def _fitted_on_all(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs, one_hot, rcond=None)  # wrong
    return np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])


def _scored_on_all(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs @ weights).argmax(axis=1) == tokens)  # wrong


def _numbers_predicted(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs = np.column_stack([summaries, np.ones(len(tokens))])
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], tokens[:n_fit], rcond=None)  # wrong
    return np.mean(np.round(inputs[n_fit:] @ weights) == tokens[n_fit:])


def _in_per_cent(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return 100 * np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])  # wrong


# orthogonal


def _scale_forgotten(H, scale, seed):
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return Q  # wrong


def _seed_ignored(H, scale, seed):
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(H, H)))  # wrong
    return scale * Q


def _random_not_orthogonal(H, scale, seed):
    return scale * np.random.default_rng(seed).normal(size=(H, H))  # wrong


def _columns_of_right_length(H, scale, seed):
    M = np.random.default_rng(seed).normal(size=(H, H))
    return scale * M / np.linalg.norm(M, axis=0)  # wrong


ASSIGNMENT_MISTAKES = (
    Mistake(
        "first step without tanh",
        "first_step",
        _first_missing_tanh,
        "The tanh is missing: the state is tanh of the sum U x + b, not the sum itself.",
        "states beyond -1 and 1",
    ),
    Mistake(
        "first step without bias",
        "first_step",
        _first_without_bias,
        "The bias b is left out: without memory two terms remain, U x and b; add them before the tanh.",
        "zero input gives zero",
    ),
    Mistake(
        "first step with the bias outside",
        "first_step",
        _first_bias_outside,
        "The bias b is outside the tanh: add it to U x first, then take the tanh of the sum "
        "(look at the closing parenthesis).",
        "zero input gives b itself",
    ),
    Mistake(
        "first step with U transposed",
        "first_step",
        _first_u_transposed,
        "U is transposed: U x is written U @ x_1 or x_1 @ U.T; x_1 @ U runs only if I = H, and is wrong there.",
        "an error, but none if I = H",
    ),
    Mistake(
        "only the last state",
        "trace",
        _trace_only_last,
        "This returns the last state alone: the trace is the state after every step, T rows of H numbers, "
        "so collect each one.",
        "a result of shape (H,)",
    ),
    Mistake(
        "h(0) in the trace",
        "trace",
        _trace_with_h_0,
        "The trace has T + 1 rows, because it begins with h(0): its first row must be the state after the first step.",
        "one row too many, the first one all zeros",
    ),
    Mistake(
        "states one step late",
        "trace",
        _trace_before_step,
        "Every row is the state before its step: compute the new state first, then store it, so that the first row is "
        "not h(0) and the last state is not lost.",
        "the first row is all zeros",
    ),
    Mistake(
        "no memory in the trace",
        "trace",
        _trace_not_carried,
        "The first row is right, but no later row depends on the inputs before it: the state of each step must be "
        "handed on to the next, which uses it in the term W h.",
        "the first row is right, all others are off",
    ),
    Mistake(
        "one shared buffer in the trace",
        "trace",
        _trace_shared_buffer,
        "All rows are the same, the last state: every step writes into one array and the list holds that array T "
        "times, so store a copy at each step.",
        "all rows are equal",
    ),
    Mistake(
        "a trace in integers",
        "trace",
        _trace_in_integers,
        "The array that you return has the integer type of x, which cuts every state off to a whole number: "
        "create it with a float type.",
        "integer input gives whole numbers, mostly zeros",
    ),
    Mistake(
        "second half from zero",
        "continue_reading",
        _second_half_from_zero,
        "The second half starts from zeros, so the first half is forgotten: start it from the last state of the first.",
        "the first half makes no difference",
    ),
    Mistake(
        "halves swapped",
        "continue_reading",
        _halves_swapped,
        "The second half is read before the first: begin with first_half.",
        "right only if both halves are equal",
    ),
    Mistake(
        "continued from the first state",
        "continue_reading",
        _from_the_first_state,
        "The second half starts from the first state of the first half (output[0]): take its last one, "
        "output[-1] or h_n.",
        "right if the first half has one step",
    ),
    Mistake(
        "halves added",
        "continue_reading",
        _halves_added,
        "The two halves are read separately and their last states added: an RNN continues by starting the second half "
        "from the state in which the first one ended.",
        "swapping the halves makes no difference",
    ),
    Mistake(
        "all states of the second half",
        "continue_reading",
        _all_states_of_the_second_half,
        "This returns the state after every step of the second half: only the last one is wanted, of shape (H,).",
        "one axis too many",
    ),
    Mistake(
        "only the input's bias",
        "from_torch",
        _only_the_input_bias,
        "b is bias_ih_l0 alone: torch adds two biases inside the tanh, so b is the sum of bias_ih_l0 and bias_hh_l0.",
        "zero input and zero state give tanh(bias_ih_l0)",
    ),
    Mistake(
        "only the state's bias",
        "from_torch",
        _only_the_hidden_bias,
        "b is bias_hh_l0 alone: torch adds two biases inside the tanh, so b is the sum of bias_ih_l0 and bias_hh_l0.",
        "zero input and zero state give tanh(bias_hh_l0)",
    ),
    Mistake(
        "mean of the biases",
        "from_torch",
        _mean_of_the_biases,
        "b is the mean of the two biases: torch adds both of them, so b is their sum.",
        "b is half as large as it should be",
    ),
    Mistake(
        "the layer itself changed",
        "from_torch",
        _layer_changed,
        "The layer is changed: .numpy() gives the layer's own memory, so b += ... writes into its bias_ih_l0, and the "
        "layer now adds bias_hh_l0 twice; make a new array, with +.",
        "a second call gives another b",
    ),
    Mistake(
        "U and W from each other's names",
        "from_torch",
        _names_swapped,
        "U and W are swapped: ih means from input to hidden, which is U, and hh from hidden to hidden, which is W.",
        "an error later, but none if I = H",
    ),
    Mistake(
        "both matrices transposed",
        "from_torch",
        _both_transposed,
        "U and W are transposed: torch stores them as (H, I) and (H, H), as this course does, so take them as they "
        "are (it is Keras that stores the transposes).",
        "U has shape (I, H)",
    ),
    Mistake(
        "lengths ignored",
        "forward_lengths",
        _lengths_ignored,
        "The padding is read too: this is the state after step T of every sequence; take each one's state after its "
        "own last step.",
        "right if all lengths are T",
    ),
    Mistake(
        "all cut to the shortest",
        "forward_lengths",
        _all_to_the_shortest,
        "Every sequence is cut at the shortest length: each one has a length of its own.",
        "right if all lengths are equal",
    ),
    Mistake(
        "one step short",
        "forward_lengths",
        _one_step_short,
        "Each state is the one before the sequence's last step: of a sequence of 3 steps, the state after the third "
        "is wanted, which stands in row 2 of the output.",
        "a sequence of one step gives zeros",
    ),
    Mistake(
        "one step too far",
        "forward_lengths",
        _one_step_too_far,
        "The state after the last step stands in row lengths - 1 of the output, because rows are counted from 0; row "
        "lengths is one step too far, in the padding.",
        "an error where a length is T",
    ),
    Mistake(
        "rows not paired with sequences",
        "forward_lengths",
        _rows_not_paired,
        "output[lengths - 1] takes whole rows, each with all N sequences: pair every row with its own sequence, "
        "output[lengths - 1, np.arange(N)].",
        "a result of shape (N, N, H)",
    ),
    Mistake(
        "padding read as zeros",
        "forward_lengths",
        _padding_read_as_zeros,
        "The padding is set to zero, but it is still read: W h + b moves the state on at every step, so a sequence "
        "that has ended must keep its state.",
        "right if all lengths are T",
    ),
    Mistake(
        "masked by multiplying",
        "forward_lengths",
        _masked_by_multiplying,
        "Padding that holds NaN gets through, because 0 * NaN is NaN: choose between the new state and the old one "
        "with np.where, or take the states from the output by index.",
        "right until the padding holds NaN or infinity",
    ),
    Mistake(
        "counts as given",
        "read_counts",
        _counts_as_given,
        "The states still come out as whole numbers when the inputs are: look at the type of the array that they are "
        "stored in.",
        "integer input gives whole numbers, mostly zeros",
    ),
    Mistake(
        "counts rounded",
        "read_counts",
        _counts_rounded,
        "The states are rounded to whole numbers: a state is between -1 and 1, so nearly all of it is after the point.",
        "whole numbers for every input",
    ),
    Mistake(
        "batch first as given",
        "read_batch_first",
        _batch_first_as_given,
        "The loop still runs over the first axis, which holds the N sequences here: a step must read x[:, t], "
        "what all sequences have at step t.",
        "a result of shape (T, H)",
    ),
    Mistake(
        "batch first reshaped",
        "read_batch_first",
        _batch_first_reshaped,
        "reshape does not move axes: it cuts the same row of numbers anew, and so mixes the sequences; "
        "use x.swapaxes(0, 1), or read x[:, t].",
        "right only if N or T is 1",
    ),
    Mistake(
        "batch first, last input only",
        "read_batch_first",
        _batch_first_last_input,
        "Only the last input is read: the state has to be carried through all T steps.",
        "the earlier inputs make no difference",
    ),
    Mistake(
        "batch first, all states",
        "read_batch_first",
        _batch_first_all_states,
        "This returns the state after every step: only the last one of each sequence is wanted, (N, H).",
        "a result of shape (T, N, H)",
    ),
    Mistake(
        "backwards as given",
        "read_backwards",
        _backwards_as_given,
        "output is right, but h_n is still output[-1]: whoever reads backwards reads x[-1] first, "
        "so the last state stands elsewhere.",
        "h_n depends on one input only",
    ),
    Mistake(
        "backwards in reading order",
        "read_backwards",
        _backwards_in_reading_order,
        "output is in the order of reading: output[t] must belong to x[t], so turn it round before you return it.",
        "h_n equals output[-1]",
    ),
    Mistake(
        "backwards read forwards",
        "read_backwards",
        _backwards_read_forwards,
        "Now the sequence is read forwards: that h_n equals output[-1] is right there, but not here; "
        "the first step must read x[-1].",
        "output[0] depends on x[0] only",
    ),
    Mistake(
        "mean over the features",
        "mean_pool",
        _mean_over_features,
        "The mean is taken over the features: it must run over time, the first axis, and leave I numbers.",
        "a result of shape (T,)",
    ),
    Mistake(
        "mean over the last axis but one",
        "mean_pool",
        _mean_over_second_axis,
        "For one sequence this is right, but in a batch the last axis but one holds the sequences: time is the first "
        "axis, in both.",
        "right for one sequence",
    ),
    Mistake(
        "mean over everything",
        "mean_pool",
        _mean_over_everything,
        "This is one number for the whole sequence: the mean over time leaves one number for each feature "
        "(name the axis).",
        "a single number",
    ),
    Mistake(
        "sum instead of mean",
        "mean_pool",
        _sum_instead_of_mean,
        "This is the sum over time: divide it by the number of steps, T.",
        "it grows with the length of the sequence",
    ),
    Mistake(
        "maximum over the features",
        "max_pool",
        _max_over_features,
        "The maximum is taken over the features: it must run over time, the first axis, and leave I numbers.",
        "a result of shape (T,)",
    ),
    Mistake(
        "maximum over the last axis but one",
        "max_pool",
        _max_over_second_axis,
        "For one sequence this is right, but in a batch the last axis but one holds the sequences: time is the first "
        "axis, in both. The maximum runs over it.",
        "right for one sequence",
    ),
    Mistake(
        "maximum over everything",
        "max_pool",
        _max_over_everything,
        "This is one number for the whole sequence: the maximum over time leaves one number for each feature "
        "(name the axis).",
        "a single number",
    ),
    Mistake(
        "maximum from zero",
        "max_pool",
        _max_from_zero,
        "The search starts from zero, so a feature that is negative at every step gives 0: start from the first row.",
        "never a negative number",
    ),
    Mistake(
        "maximum of the sizes",
        "max_pool",
        _max_of_sizes,
        "The signs are gone: take the maximum of the numbers themselves, not of their absolute values.",
        "never a negative number",
    ),
    Mistake(
        "place of the maximum",
        "max_pool",
        _place_of_the_max,
        "This is the step at which the maximum occurs (argmax): the maximum itself is wanted.",
        "whole numbers",
    ),
    Mistake(
        "orders counted",
        "distinct_summaries",
        _orders_counted,
        "This counts the orders, not their different results: results that agree count once.",
        "always T factorial",
    ),
    Mistake(
        "compared exactly",
        "distinct_summaries",
        _compared_exactly,
        "The results are compared to the last digit: a sum in another order can be rounded differently, so the mean "
        "seems to have several values; two results that agree to 1e-9 are the same.",
        "more than one mean",
    ),
    Mistake(
        "rounded too coarsely",
        "distinct_summaries",
        _rounded_too_coarsely,
        "Results that differ by less than a hundredth are taken for the same: only those that agree to 1e-9 are.",
        "too few, where results lie close together",
    ),
    Mistake(
        "only the first number compared",
        "distinct_summaries",
        _only_the_first_number,
        "Only the first number of each result is compared: two summaries are the same if all their numbers are.",
        "too few, where the first number repeats",
    ),
    Mistake(
        "only rotations",
        "distinct_summaries",
        _only_rotations,
        "Only the T rotations of the rows are tried: there are T factorial orders; see itertools.permutations.",
        "never more than T",
    ),
    Mistake(
        "columns reordered",
        "distinct_summaries",
        _columns_reordered,
        "The columns change places, not the rows: an order of the sequence is an order of its rows, x[list(order)].",
        "the number of features decides",
    ),
    Mistake(
        "probe without intercept",
        "read_back",
        _probe_without_intercept,
        "The intercept is missing: add a column of ones to the summaries, in both parts.",
        "worse on summaries that lie far from zero",
    ),
    Mistake(
        "scored on the fitted part",
        "read_back",
        _scored_on_the_fitted,
        "The accuracy is counted on the sequences that the probe was fitted on: count on the last quarter, "
        "which it has not seen.",
        "a little too good",
    ),
    Mistake(
        "fitted on everything",
        "read_back",
        _fitted_on_all,
        "The probe is fitted on all sequences, and so has seen those that it is tested on: fit on the first three "
        "quarters only.",
        "a little too good",
    ),
    Mistake(
        "scored on everything",
        "read_back",
        _scored_on_all,
        "The accuracy is counted on all sequences: count on the last quarter only.",
        "a little too good",
    ),
    Mistake(
        "numbers predicted",
        "read_back",
        _numbers_predicted,
        "The probe predicts the token's number, as if token 2 lay between 1 and 3: predict the one-hot vector, one "
        "column for each kind, and guess the kind with the largest value.",
        "too low, as soon as there are more than two kinds",
    ),
    Mistake(
        "in per cent",
        "read_back",
        _in_per_cent,
        "This is a percentage: return the fraction, between 0 and 1.",
        "numbers above 1",
    ),
    Mistake(
        "scale forgotten",
        "orthogonal",
        _scale_forgotten,
        "The columns are orthogonal, but have length 1: multiply the matrix by scale.",
        "right if scale is 1",
    ),
    Mistake(
        "seed ignored",
        "orthogonal",
        _seed_ignored,
        "Every seed gives the same matrix: start the random numbers from the seed that comes in.",
        "the same matrix for seeds 1 and 2",
    ),
    Mistake(
        "random, not orthogonal",
        "orthogonal",
        _random_not_orthogonal,
        "These are random numbers times scale, and their columns are not orthogonal: take the Q of np.linalg.qr.",
        "the columns have different lengths",
    ),
    Mistake(
        "columns of the right length",
        "orthogonal",
        _columns_of_right_length,
        "Every column has the right length, but they are not orthogonal to each other: dividing by lengths does not "
        "turn them; take the Q of np.linalg.qr.",
        "M.T @ M is right on its diagonal only",
    ),
)
