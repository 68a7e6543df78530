"""The catalogue of mistakes that the assignments' own checks know; the core's is in `mistakes`.

Two catalogues, because notebook 04 shows what each mistake of the first one costs, and its table is about one step and
one sequence alone. Each function here stands on its own, with NumPy, itertools and `rnn_step` only.
"""

from __future__ import annotations

import itertools

import numpy as np

from rnn_helpers.mistakes import Mistake, into
from rnn_helpers.rnn import rnn_step

__all__ = ["ASSIGNMENT_MISTAKES"]

ASSIGNMENT_MISTAKES: list[Mistake] = []
mistake = into(ASSIGNMENT_MISTAKES)


# first_step


@mistake("first_step", "first step without tanh", "states beyond -1 and 1")
def _first_missing_tanh(x_1, U, b):
    """The tanh is missing: the state is tanh of the sum U x + b, not the sum itself."""
    return U @ x_1 + b  # wrong


@mistake("first_step", "first step without bias", "zero input gives zero")
def _first_without_bias(x_1, U, b):
    """The bias b is left out: without memory two terms remain, U x and b; add them before the tanh."""
    return np.tanh(U @ x_1)  # wrong


@mistake("first_step", "first step with the bias outside", "zero input gives b itself")
def _first_bias_outside(x_1, U, b):
    """The bias b is outside the tanh: add it to U x first, then take the tanh of the sum (look at the closing
    parenthesis).
    """
    return np.tanh(U @ x_1) + b  # wrong


@mistake("first_step", "first step with U transposed", "an error, but none if I = H")
def _first_u_transposed(x_1, U, b):
    """U is transposed: U x is written U @ x_1 or x_1 @ U.T; x_1 @ U runs only if I = H, and is wrong there."""
    return np.tanh(x_1 @ U + b)  # wrong


# trace


@mistake("trace", "only the last state", "a result of shape (H,)")
def _trace_only_last(x, U, W, b):
    """This returns the last state alone: the trace is the state after every step, T rows of H numbers, so collect each
    one.
    """
    h = np.zeros(len(b))
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
    return h  # wrong


@mistake("trace", "h(0) in the trace", "one row too many, the first one all zeros")
def _trace_with_h_0(x, U, W, b):
    """The trace has T + 1 rows, because it begins with h(0): its first row must be the state after the first step."""
    states = [np.zeros(len(b))]  # wrong
    for x_t in x:
        states.append(rnn_step(x_t, states[-1], U, W, b))
    return np.array(states)


@mistake("trace", "states one step late", "the first row is all zeros")
def _trace_before_step(x, U, W, b):
    """Every row is the state before its step: compute the new state first, then store it, so that the first row is not
    h(0) and the last state is not lost.
    """
    h, states = np.zeros(len(b)), []
    for x_t in x:
        states.append(h)  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return np.array(states)


@mistake("trace", "no memory in the trace", "the first row is right, all others are off")
def _trace_not_carried(x, U, W, b):
    """The first row is right, but no later row depends on the inputs before it: the state of each step must be handed
    on to the next, which uses it in the term W h.
    """
    states = []
    for x_t in x:
        h = rnn_step(x_t, np.zeros(len(b)), U, W, b)  # wrong
        states.append(h)
    return np.array(states)


@mistake("trace", "one shared buffer in the trace", "all rows are equal")
def _trace_shared_buffer(x, U, W, b):
    """All rows are the same, the last state: every step writes into one array and the list holds that array T times, so
    store a copy at each step.
    """
    h, states = np.zeros(len(b)), []
    for x_t in x:
        h[:] = rnn_step(x_t, h, U, W, b)
        states.append(h)  # wrong
    return np.array(states)


@mistake("trace", "a trace in integers", "integer input gives whole numbers, mostly zeros")
def _trace_in_integers(x, U, W, b):
    """The array that you return has the integer type of x, which cuts every state off to a whole number: create it with
    a float type.
    """
    h, states = np.zeros(len(b)), np.zeros((len(x), len(b)), dtype=x.dtype)  # wrong
    for t, x_t in enumerate(x):
        h = states[t] = rnn_step(x_t, h, U, W, b)
    return states


# continue_reading


@mistake("continue_reading", "second half from zero", "the first half makes no difference")
def _second_half_from_zero(first_half, second_half, U, W, b):
    """The second half starts from zeros, so the first half is forgotten: start it from the last state of the first."""
    h = np.zeros(len(b))
    for x_t in first_half:
        h = rnn_step(x_t, h, U, W, b)
    h = np.zeros(len(b))  # wrong
    for x_t in second_half:
        h = rnn_step(x_t, h, U, W, b)
    return h


@mistake("continue_reading", "halves swapped", "right only if both halves are equal")
def _halves_swapped(first_half, second_half, U, W, b):
    """The second half is read before the first: begin with first_half."""
    h = np.zeros(len(b))
    for x_t in np.concatenate([second_half, first_half]):  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


@mistake("continue_reading", "continued from the first state", "right if the first half has one step")
def _from_the_first_state(first_half, second_half, U, W, b):
    """The second half starts from the first state of the first half (output[0]): take its last one, output[-1] or
    h_n.
    """
    states = [np.zeros(len(b))]
    for x_t in first_half:
        states.append(rnn_step(x_t, states[-1], U, W, b))
    h = states[1]  # wrong
    for x_t in second_half:
        h = rnn_step(x_t, h, U, W, b)
    return h


@mistake("continue_reading", "halves added", "swapping the halves makes no difference")
def _halves_added(first_half, second_half, U, W, b):
    """The two halves are read separately and their last states added: an RNN continues by starting the second half from
    the state in which the first one ended.
    """
    last_states = []
    for half in (first_half, second_half):
        h = np.zeros(len(b))
        for x_t in half:
            h = rnn_step(x_t, h, U, W, b)
        last_states.append(h)
    return last_states[0] + last_states[1]  # wrong


@mistake("continue_reading", "all states of the second half", "one axis too many")
def _all_states_of_the_second_half(first_half, second_half, U, W, b):
    """This returns the state after every step of the second half: only the last one is wanted, of shape (H,)."""
    h, states = np.zeros(len(b)), []
    for x_t in np.concatenate([first_half, second_half]):
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states[len(first_half) :])  # wrong


# from_torch


@mistake("from_torch", "only the input's bias", "zero input and zero state give tanh(bias_ih_l0)")
def _only_the_input_bias(layer):
    """b is bias_ih_l0 alone: torch adds two biases inside the tanh, so b is the sum of bias_ih_l0 and bias_hh_l0."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()  # wrong
    return U, W, b


@mistake("from_torch", "only the state's bias", "zero input and zero state give tanh(bias_hh_l0)")
def _only_the_hidden_bias(layer):
    """b is bias_hh_l0 alone: torch adds two biases inside the tanh, so b is the sum of bias_ih_l0 and bias_hh_l0."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_hh_l0.detach().numpy()  # wrong
    return U, W, b


@mistake("from_torch", "mean of the biases", "b is half as large as it should be")
def _mean_of_the_biases(layer):
    """b is the mean of the two biases: torch adds both of them, so b is their sum."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy() / 2  # wrong
    return U, W, b


@mistake("from_torch", "the layer itself changed", "a second call gives another b")
def _layer_changed(layer):
    """The layer is changed: .numpy() gives the layer's own memory, so b += ... writes into its bias_ih_l0, and the
    layer now adds bias_hh_l0 twice; make a new array, with +.
    """
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    b = layer.bias_ih_l0.detach().numpy()
    b += layer.bias_hh_l0.detach().numpy()  # wrong
    return U, W, b


@mistake("from_torch", "U and W from each other's names", "an error later, but none if I = H")
def _names_swapped(layer):
    """U and W are swapped: ih means from input to hidden, which is U, and hh from hidden to hidden, which is W."""
    U, W = layer.weight_hh_l0.detach().numpy(), layer.weight_ih_l0.detach().numpy()  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


@mistake("from_torch", "both matrices transposed", "U has shape (I, H)")
def _both_transposed(layer):
    """U and W are transposed: torch stores them as (H, I) and (H, H), as this course does, so take them as they are (it
    is Keras that stores the transposes).
    """
    U, W = layer.weight_ih_l0.detach().numpy().T, layer.weight_hh_l0.detach().numpy().T  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


# forward_lengths


@mistake("forward_lengths", "lengths ignored", "right if all lengths are T")
def _lengths_ignored(x, lengths, U, W, b):
    """The padding is read too: this is the state after step T of every sequence; take each one's state after its own
    last step.
    """
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
    return h  # wrong


@mistake("forward_lengths", "all cut to the shortest", "right if all lengths are equal")
def _all_to_the_shortest(x, lengths, U, W, b):
    """Every sequence is cut at the shortest length: each one has a length of its own."""
    h = np.zeros((x.shape[1], len(b)))
    for x_t in x[: min(lengths)]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


@mistake("forward_lengths", "one step short", "a sequence of one step gives zeros")
def _one_step_short(x, lengths, U, W, b):
    """Each state is the one before the sequence's last step: of a sequence of 3 steps, the state after the third is
    wanted, which stands in row 2 of the output.
    """
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        states.append(h)  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return np.array(states)[lengths - 1, np.arange(len(lengths))]


@mistake("forward_lengths", "one step too far", "an error where a length is T")
def _one_step_too_far(x, lengths, U, W, b):
    """The state after the last step stands in row lengths - 1 of the output, because rows are counted from 0; row
    lengths is one step too far, in the padding.
    """
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)[lengths, np.arange(len(lengths))]  # wrong


@mistake("forward_lengths", "rows not paired with sequences", "a result of shape (N, N, H)")
def _rows_not_paired(x, lengths, U, W, b):
    """output[lengths - 1] takes whole rows, each with all N sequences: pair every row with its own sequence,
    output[lengths - 1, np.arange(N)].
    """
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)[lengths - 1]  # wrong


@mistake("forward_lengths", "padding read as zeros", "right if all lengths are T")
def _padding_read_as_zeros(x, lengths, U, W, b):
    """The padding is set to zero, but it is still read: W h + b moves the state on at every step, so a sequence that
    has ended must keep its state.
    """
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        x_t = np.where((t < lengths)[:, np.newaxis], x_t, 0)
        h = rnn_step(x_t, h, U, W, b)  # wrong
    return h


@mistake("forward_lengths", "masked by multiplying", "right until the padding holds NaN or infinity")
def _masked_by_multiplying(x, lengths, U, W, b):
    """Padding that holds NaN gets through, because 0 * NaN is NaN: choose between the new state and the old one with
    np.where, or take the states from the output by index.
    """
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        mask = (t < lengths)[:, np.newaxis]
        h = mask * rnn_step(x_t, h, U, W, b) + (1 - mask) * h  # wrong
    return h


# read_counts, read_batch_first, read_backwards: the first of each is the function as it is given


@mistake("read_counts", "counts as given", "integer input gives whole numbers, mostly zeros")
def _counts_as_given(x, U, W, b):
    """The states still come out as whole numbers when the inputs are: look at the type of the array that they are
    stored in.
    """
    states = np.zeros((len(x), len(b)), dtype=x.dtype)  # wrong
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = h
    return states


@mistake("read_counts", "counts rounded", "whole numbers for every input")
def _counts_rounded(x, U, W, b):
    """The states are rounded to whole numbers: a state is between -1 and 1, so nearly all of it is after the point."""
    states = np.zeros((len(x), len(b)))
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = np.round(h)  # wrong
    return states


@mistake("read_batch_first", "batch first as given", "a result of shape (T, H)")
def _batch_first_as_given(x, U, W, b):
    """The loop still runs over the first axis, which holds the N sequences here: a step must read x[:, t], what all
    sequences have at step t.
    """
    h = np.zeros(len(b))
    for x_t in x:  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@mistake("read_batch_first", "batch first reshaped", "right only if N or T is 1")
def _batch_first_reshaped(x, U, W, b):
    """reshape does not move axes: it cuts the same row of numbers anew, and so mixes the sequences; use x.swapaxes(0,
    1), or read x[:, t].
    """
    n_sequences, n_steps, n_features = x.shape
    h = np.zeros((n_sequences, len(b)))
    for x_t in x.reshape(n_steps, n_sequences, n_features):  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@mistake("read_batch_first", "batch first, last input only", "the earlier inputs make no difference")
def _batch_first_last_input(x, U, W, b):
    """Only the last input is read: the state has to be carried through all T steps."""
    h = np.zeros((len(x), len(b)))
    return np.tanh(x[:, -1] @ U.T + h @ W.T + b)  # wrong


@mistake("read_batch_first", "batch first, all states", "a result of shape (T, N, H)")
def _batch_first_all_states(x, U, W, b):
    """This returns the state after every step: only the last one of each sequence is wanted, (N, H)."""
    h, states = np.zeros((len(x), len(b))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ U.T + h @ W.T + b)
        states.append(h)
    return np.array(states)  # wrong


@mistake("read_backwards", "backwards as given", "h_n depends on one input only")
def _backwards_as_given(x, U, W, b):
    """output is right, but h_n is still output[-1]: whoever reads backwards reads x[-1] first, so the last state stands
    elsewhere.
    """
    h = np.zeros(len(b))
    output = np.zeros((len(x), len(b)))
    for t in reversed(range(len(x))):
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, output[-1]  # wrong


@mistake("read_backwards", "backwards in reading order", "h_n equals output[-1]")
def _backwards_in_reading_order(x, U, W, b):
    """output is in the order of reading: output[t] must belong to x[t], so turn it round before you return it."""
    h, output = np.zeros(len(b)), []
    for x_t in x[::-1]:
        h = np.tanh(U @ x_t + W @ h + b)
        output.append(h)
    return np.array(output), h  # wrong


@mistake("read_backwards", "backwards read forwards", "output[0] depends on x[0] only")
def _backwards_read_forwards(x, U, W, b):
    """Now the sequence is read forwards: that h_n equals output[-1] is right there, but not here; the first step must
    read x[-1].
    """
    h = np.zeros(len(b))
    output = np.zeros((len(x), len(b)))
    for t in range(len(x)):  # wrong
        h = np.tanh(U @ x[t] + W @ h + b)
        output[t] = h
    return output, h


# mean_pool and max_pool


@mistake("mean_pool", "mean over the features", "a result of shape (T,)")
def _mean_over_features(x):
    """The mean is taken over the features: it must run over time, the first axis, and leave I numbers."""
    return x.mean(axis=-1)  # wrong


@mistake("mean_pool", "mean over everything", "a single number")
def _mean_over_everything(x):
    """This is one number for the whole sequence: the mean over time leaves one number for each feature (name the
    axis).
    """
    return x.mean()  # wrong


@mistake("mean_pool", "sum instead of mean", "it grows with the length of the sequence")
def _sum_instead_of_mean(x):
    """This is the sum over time: divide it by the number of steps, T."""
    return x.sum(axis=0)  # wrong


@mistake("mean_pool", "mean over the last axis but one", "right for one sequence")
def _mean_over_second_axis(x):
    """For one sequence this is right, but in a batch the last axis but one holds the sequences: time is the first axis,
    in both.
    """
    return x.mean(axis=-2)  # wrong


@mistake("max_pool", "maximum over the features", "a result of shape (T,)")
def _max_over_features(x):
    """The maximum is taken over the features: it must run over time, the first axis, and leave I numbers."""
    return x.max(axis=-1)  # wrong


@mistake("max_pool", "maximum over everything", "a single number")
def _max_over_everything(x):
    """This is one number for the whole sequence: the maximum over time leaves one number for each feature (name the
    axis).
    """
    return x.max()  # wrong


@mistake("max_pool", "maximum over the last axis but one", "right for one sequence")
def _max_over_second_axis(x):
    """For one sequence this is right, but in a batch the last axis but one holds the sequences: time is the first axis,
    in both. The maximum runs over it.
    """
    return x.max(axis=-2)  # wrong


@mistake("max_pool", "maximum from zero", "never a negative number")
def _max_from_zero(x):
    """The search starts from zero, so a feature that is negative at every step gives 0: start from the first row."""
    largest = np.zeros(x.shape[1:])  # wrong
    for x_t in x:
        largest = np.maximum(largest, x_t)
    return largest


@mistake("max_pool", "maximum of the sizes", "never a negative number")
def _max_of_sizes(x):
    """The signs are gone: take the maximum of the numbers themselves, not of their absolute values."""
    return np.abs(x).max(axis=0)  # wrong


@mistake("max_pool", "place of the maximum", "whole numbers")
def _place_of_the_max(x):
    """This is the step at which the maximum occurs (argmax): the maximum itself is wanted."""
    return x.argmax(axis=0)  # wrong


# distinct_summaries


@mistake("distinct_summaries", "orders counted", "always T factorial")
def _orders_counted(summary, x):
    """This counts the orders, not their different results: results that agree count once."""
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return len(results)  # wrong


@mistake("distinct_summaries", "compared exactly", "more than one mean")
def _compared_exactly(summary, x):
    """The results are compared to the last digit: a sum in another order can be rounded differently, so the mean seems
    to have several values; two results that agree to 1e-9 are the same.
    """
    results = {tuple(summary(x[list(order)])) for order in itertools.permutations(range(len(x)))}  # wrong
    return len(results)


@mistake("distinct_summaries", "rounded too coarsely", "too few, where results lie close together")
def _rounded_too_coarsely(summary, x):
    """Results that differ by less than a hundredth are taken for the same: only those that agree to 1e-9 are."""
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 2)) for order in orders})  # wrong


@mistake("distinct_summaries", "only the first number compared", "too few, where the first number repeats")
def _only_the_first_number(summary, x):
    """Only the first number of each result is compared: two summaries are the same if all their numbers are."""
    orders = itertools.permutations(range(len(x)))
    return len({np.round(summary(x[list(order)])[0], 9) for order in orders})  # wrong


@mistake("distinct_summaries", "only rotations", "never more than T")
def _only_rotations(summary, x):
    """Only the T rotations of the rows are tried: there are T factorial orders; see itertools.permutations."""
    orders = [np.roll(np.arange(len(x)), shift) for shift in range(len(x))]  # wrong
    return len({tuple(np.round(summary(x[order]), 9)) for order in orders})


@mistake("distinct_summaries", "columns reordered", "the number of features decides")
def _columns_reordered(summary, x):
    """The columns change places, not the rows: an order of the sequence is an order of its rows, x[list(order)]."""
    orders = itertools.permutations(range(x.shape[1]))  # wrong
    return len({tuple(np.round(summary(x[:, list(order)]), 9)) for order in orders})


# read_back


@mistake("read_back", "probe without intercept", "worse on summaries that lie far from zero")
def _probe_without_intercept(summaries, tokens):
    """The intercept is missing: add a column of ones to the summaries, in both parts."""
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = summaries, np.eye(tokens.max() + 1)[tokens]  # wrong
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])


@mistake("read_back", "scored on the fitted part", "a little too good")
def _scored_on_the_fitted(summaries, tokens):
    """The accuracy is counted on the sequences that the probe was fitted on: count on the last quarter, which it has
    not seen.
    """
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs[:n_fit] @ weights).argmax(axis=1) == tokens[:n_fit])  # wrong


@mistake("read_back", "fitted on everything", "a little too good")
def _fitted_on_all(summaries, tokens):
    """The probe is fitted on all sequences, and so has seen those that it is tested on: fit on the first three quarters
    only.
    """
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs, one_hot, rcond=None)  # wrong
    return np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])


@mistake("read_back", "scored on everything", "a little too good")
def _scored_on_all(summaries, tokens):
    """The accuracy is counted on all sequences: count on the last quarter only."""
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return np.mean((inputs @ weights).argmax(axis=1) == tokens)  # wrong


@mistake("read_back", "numbers predicted", "too low, as soon as there are more than two kinds")
def _numbers_predicted(summaries, tokens):
    """The probe predicts the token's number, as if token 2 lay between 1 and 3: predict the one-hot vector, one column
    for each kind, and guess the kind with the largest value.
    """
    n_fit = 3 * len(tokens) // 4
    inputs = np.column_stack([summaries, np.ones(len(tokens))])
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], tokens[:n_fit], rcond=None)  # wrong
    return np.mean(np.round(inputs[n_fit:] @ weights) == tokens[n_fit:])


@mistake("read_back", "in per cent", "numbers above 1")
def _in_per_cent(summaries, tokens):
    """This is a percentage: return the fraction, between 0 and 1."""
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return 100 * np.mean((inputs[n_fit:] @ weights).argmax(axis=1) == tokens[n_fit:])  # wrong


# orthogonal


@mistake("orthogonal", "scale forgotten", "right if scale is 1")
def _scale_forgotten(H, scale, seed):
    """The columns are orthogonal, but have length 1: multiply the matrix by scale."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return Q  # wrong


@mistake("orthogonal", "seed ignored", "the same matrix for seeds 1 and 2")
def _seed_ignored(H, scale, seed):
    """Every seed gives the same matrix: start the random numbers from the seed that comes in."""
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(H, H)))  # wrong
    return scale * Q


@mistake("orthogonal", "random, not orthogonal", "the columns have different lengths")
def _random_not_orthogonal(H, scale, seed):
    """These are random numbers times scale, and their columns are not orthogonal: take the Q of np.linalg.qr."""
    return scale * np.random.default_rng(seed).normal(size=(H, H))  # wrong


@mistake("orthogonal", "columns of the right length", "M.T @ M is right on its diagonal only")
def _columns_of_right_length(H, scale, seed):
    """Every column has the right length, but they are not orthogonal to each other: dividing by lengths does not turn
    them; take the Q of np.linalg.qr.
    """
    M = np.random.default_rng(seed).normal(size=(H, H))
    return scale * M / np.linalg.norm(M, axis=0)  # wrong
