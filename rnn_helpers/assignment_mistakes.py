"""The catalogue of mistakes that the assignments' own checks know; the core's is in `mistakes`.

Two catalogues, because notebook 04 shows what each mistake of the first one costs, and its table is about one step and
one sequence alone. Each function here stands on its own, with NumPy, itertools, `rnn_step` and `rnn_forward` only.
"""

from __future__ import annotations

import itertools

import numpy as np

from rnn_helpers.mistakes import Mistake, into
from rnn_helpers.rnn import rnn_forward, rnn_step

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


# rnn_layer


class _Layer:
    """What the wrong layers have in common; only their calls differ."""

    def __init__(self, input_size, hidden_size):
        self.U, self.W, self.b = np.zeros((hidden_size, input_size)), np.zeros((hidden_size, hidden_size)), 0.0

    def zeros(self, x):
        return np.zeros((*x.shape[1:-1], len(self.b)))


@mistake("rnn_layer", "a given h_0 not used", "cutting a sequence in two changes the last state")
class _LayerFromZeros(_Layer):
    """The h_0 that is given has no influence: make zeros only if h_0 is None, and start from h_0 otherwise."""

    def __call__(self, x, h_0=None):
        h_0 = self.zeros(x)  # wrong
        return rnn_forward(x, self.U, self.W, self.b, h_0)


@mistake("rnn_layer", "no zeros for a missing h_0", "an error of None, as soon as no state is given")
class _LayerWithoutZeros(_Layer):
    """Without an h_0 the layer must begin from zeros: h_0 is None then, and None times W is an error."""

    def __call__(self, x, h_0=None):
        return rnn_forward(x, self.U, self.W, self.b, 1.0 * h_0)  # wrong


@mistake("rnn_layer", "h_0 taken for true or false", "an error of truth values, as soon as a state is given")
class _LayerThatAsksForTruth(_Layer):
    """An array of several numbers is neither true nor false: ask whether h_0 is None (h_0 is None), not whether it is
    true (h_0 or zeros, not h_0).
    """

    def __call__(self, x, h_0=None):
        return rnn_forward(x, self.U, self.W, self.b, h_0 or self.zeros(x))  # wrong


@mistake("rnn_layer", "state kept between calls", "the same sequence gives other numbers when it is read again")
class _LayerThatRemembers(_Layer):
    """The second call begins where the first one ended: without an h_0 a layer begins from zeros at every call, so
    keep no state in self; who wants to read on hands over h_n as h_0.
    """

    h = None

    def __call__(self, x, h_0=None):
        begin = self.h if h_0 is None else h_0  # wrong
        output, self.h = rnn_forward(x, self.U, self.W, self.b, self.zeros(x) if begin is None else begin)
        return output, self.h


@mistake("rnn_layer", "zeros for every step", "an axis too many in every state")
class _LayerWithTimeInItsState(_Layer):
    """The zeros have one row for every step: h_0 is one state, (H,) for one sequence and (N, H) for a batch, so leave
    out the axis of time.
    """

    def __call__(self, x, h_0=None):
        h, output = np.zeros((*x.shape[:-1], len(self.b))) if h_0 is None else h_0, []  # wrong
        for x_t in x:
            h = np.tanh(x_t @ self.U.T + h @ self.W.T + self.b)
            output.append(h)
        return np.array(output), h


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


@mistake("continue_reading", "halves read in turn", "right only for halves of one step")
def _halves_read_in_turn(first_half, second_half, U, W, b):
    """The halves are read in turn, one row of the first, one of the second: read the first to its end, then the
    second."""
    h = np.zeros(len(b))
    for pair in zip(first_half, second_half, strict=False):
        for x_t in pair:  # wrong
            h = rnn_step(x_t, h, U, W, b)
    return h


@_halves_read_in_turn.variant
def _halves_read_in_turn_to_the_end(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for pair in itertools.zip_longest(first_half, second_half):
        for x_t in pair:
            h = h if x_t is None else rnn_step(x_t, h, U, W, b)
    return h


@mistake("continue_reading", "last row of each half left out", "two steps are missing")
def _last_rows_left_out(first_half, second_half, U, W, b):
    """The last row of each half is not read: both loops run over all rows of their half."""
    h = np.zeros(len(b))
    for x_t in [*first_half[:-1], *second_half[:-1]]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


@mistake("continue_reading", "first half read twice", "the second half makes no difference")
def _first_half_twice(first_half, second_half, U, W, b):
    """The first half is read twice, and the second not at all."""
    h = np.zeros(len(b))
    for x_t in [*first_half, *first_half]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
    return h


# from_torch


@mistake(
    "from_torch",
    "only the input's bias",
    "zero input and zero state give tanh(bias_ih_l0)",
    also=("off from PyTorch from the first step on",),
)
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


@mistake("from_torch", "only W transposed", "right for a symmetric W only")
def _w_taken_transposed(layer):
    """W is transposed: torch stores it in the order of this course, so take it as it is; because it is square,
    nothing but the numbers tells."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy().T  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


@mistake("from_torch", "only U transposed", "U has shape (I, H)")
def _u_taken_transposed(layer):
    """U is transposed: torch stores it as (H, I), as this course does, so take it as it is."""
    U, W = layer.weight_ih_l0.detach().numpy().T, layer.weight_hh_l0.detach().numpy()  # wrong
    return U, W, (layer.bias_ih_l0 + layer.bias_hh_l0).detach().numpy()


@mistake("from_torch", "one bias taken twice", "b does not change with the other bias")
def _input_bias_twice(layer):
    """One of the two biases is taken twice: b is the sum of both, bias_ih_l0 + bias_hh_l0."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    return U, W, (layer.bias_ih_l0 + layer.bias_ih_l0).detach().numpy()  # wrong


@_input_bias_twice.variant
def _hidden_bias_twice(layer):
    U, W, _ = _input_bias_twice.function(layer)
    return U, W, 2 * layer.bias_hh_l0.detach().numpy()


@mistake("from_torch", "difference of the biases", "b is zero where the two biases are equal")
def _biases_subtracted(layer):
    """The two biases are subtracted: torch adds both of them, so b is their sum."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    return U, W, (layer.bias_ih_l0 - layer.bias_hh_l0).detach().numpy()  # wrong


@_biases_subtracted.variant
def _biases_subtracted_the_other_way(layer):
    U, W, b = _biases_subtracted.function(layer)
    return U, W, -b


@mistake("from_torch", "product of the biases", "b is zero where one of the biases is")
def _biases_multiplied(layer):
    """The two biases are multiplied: torch adds both of them, so b is their sum."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    return U, W, (layer.bias_ih_l0 * layer.bias_hh_l0).detach().numpy()  # wrong


@mistake("from_torch", "biases side by side", "b holds 2 H numbers")
def _biases_joined(layer):
    """The two biases stand side by side or one above the other, 2 H numbers: add them, so that b has H."""
    U, W = layer.weight_ih_l0.detach().numpy(), layer.weight_hh_l0.detach().numpy()
    return U, W, np.concatenate([layer.bias_ih_l0.detach(), layer.bias_hh_l0.detach()])  # wrong


@_biases_joined.variant
def _biases_stacked(layer):
    U, W, b = _biases_joined.function(layer)
    return U, W, b.reshape(2, -1)


@_biases_joined.variant
def _biases_in_columns(layer):
    U, W, b = _biases_joined.function(layer)
    return U, W, b.reshape(2, -1).T


@mistake("from_torch", "the layer converted", "the layer has another dtype after the call")
def _layer_converted(layer):
    """The layer is converted: .double(), .float() and .half() change the layer itself. Convert what you take out of it,
    not the layer."""
    layer.double()  # wrong
    return layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0 + layer.bias_hh_l0


@_layer_converted.variant
def _layer_converted_to_float32(layer):
    layer.float()
    return layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0 + layer.bias_hh_l0


# forward_lengths


def _by_index(x, lengths, U, W, b):
    h, states = np.zeros((x.shape[1], len(b))), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)[lengths - 1, np.arange(len(lengths))]


@mistake(
    "forward_lengths",
    "lengths ignored",
    "right if all lengths are T",
    also=("padding changes my last hidden state", "output[-1] is wrong for padded sequences"),
)
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


@mistake(
    "forward_lengths",
    "order of lengths kept",
    "the right states, for other sequences",
    also=("pack_padded_sequence has sorted my batch",),
)
def _order_of_lengths_kept(x, lengths, U, W, b):
    """The states are right, but they stand in the order in which the sequences were sorted by length: put them back
    in the order in which the sequences came."""
    order = np.argsort(-lengths)
    return _by_index(x, lengths, U, W, b)[order]  # wrong


@_order_of_lengths_kept.variant
def _order_of_rising_lengths_kept(x, lengths, U, W, b):
    return _by_index(x, lengths, U, W, b)[np.argsort(lengths)]


@_order_of_lengths_kept.variant
def _order_of_lengths_kept_turned_round(x, lengths, U, W, b):
    return _by_index(x, lengths, U, W, b)[np.argsort(lengths)[::-1]]


@mistake("forward_lengths", "order restored the wrong way", "right where two sequences change places, not for three")
def _order_restored_the_wrong_way(x, lengths, U, W, b):
    """The states are put back in a wrong order: sorting them by the same order once more does not undo it; write
    restored[order] = states, or sort the order itself, np.argsort(order)."""
    order = np.argsort(-lengths)
    return _by_index(x, lengths, U, W, b)[order][order]  # wrong


@_order_restored_the_wrong_way.variant
def _order_of_rising_lengths_restored_the_wrong_way(x, lengths, U, W, b):
    order = np.argsort(lengths)
    return _by_index(x, lengths, U, W, b)[order][order]


@mistake("forward_lengths", "one step of padding read", "right if all lengths are T")
def _one_step_of_padding_read(x, lengths, U, W, b):
    """Each sequence reads one step of its padding: steps are counted from 0 here, so a sequence goes on while
    t < lengths, not t <= lengths."""
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        h = np.where((t <= lengths)[:, np.newaxis], rnn_step(x_t, h, U, W, b), h)  # wrong
    return h


@mistake("forward_lengths", "ended sequences set to zero", "zeros for all but the longest")
def _ended_sequences_set_to_zero(x, lengths, U, W, b):
    """The state of a sequence that has ended is set to zero: it must keep the state that it has."""
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        h = np.where((t < lengths)[:, np.newaxis], rnn_step(x_t, h, U, W, b), 0)  # wrong
    return h


@mistake("forward_lengths", "the two states exchanged", "zeros, or a state of padding alone")
def _the_two_states_exchanged(x, lengths, U, W, b):
    """The two states are exchanged: a sequence that goes on takes the new state, one that has ended keeps the old one;
    np.where gives its second argument where the condition holds."""
    h = np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        h = np.where((t < lengths)[:, np.newaxis], h, rnn_step(x_t, h, U, W, b))  # wrong
    return h


@mistake("forward_lengths", "handed to the next sequence", "the first sequence is right, the others are off")
def _handed_to_the_next_sequence(x, lengths, U, W, b):
    """The end of one sequence is the start of the next: each one starts from h(0) = 0."""
    h, states = np.zeros(len(b)), []
    for n, length in enumerate(lengths):
        for x_t in x[:length, n]:
            h = rnn_step(x_t, h, U, W, b)  # wrong
        states.append(h)
    return np.array(states)


@mistake("forward_lengths", "axes of x exchanged", "an error, or right only if N = T = 1")
def _axes_exchanged(x, lengths, U, W, b):
    """The first axis of x is taken for the sequences: x is (T, N, I), so x[t] holds what all sequences read at step t,
    and x[:, n] is sequence n."""
    states = []
    for n, length in enumerate(lengths):
        h = np.zeros(len(b))
        for x_t in x[n, :length]:  # wrong
            h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)


@mistake("forward_lengths", "ends looked for in the padding", "right where the padding is NaN")
def _ends_looked_for_in_the_padding(x, lengths, U, W, b):
    """The ends are looked for in x, where padding of NaN or of zeros begins: padding may hold anything, so use
    lengths."""
    found = np.array([min([*np.flatnonzero(np.isnan(x[:, n]).any(axis=1)), len(x)]) for n in range(len(lengths))])
    return _by_index(x, found, U, W, b)  # wrong


@_ends_looked_for_in_the_padding.variant
def _ends_looked_for_in_zeros(x, lengths, U, W, b):
    found = np.array([min([*np.flatnonzero((x[:, n] == 0).all(axis=1)), len(x)]) for n in range(len(lengths))])
    return _by_index(x, found, U, W, b)


@mistake("forward_lengths", "taken one step late", "zeros where a length is T")
def _taken_one_step_late(x, lengths, U, W, b):
    """Each state is taken one step late, and never where a length is T: steps are counted from 0 here, so the last step
    of a sequence is t = lengths − 1."""
    h, ends = np.zeros((x.shape[1], len(b))), np.zeros((x.shape[1], len(b)))
    for t, x_t in enumerate(x):
        h = rnn_step(x_t, h, U, W, b)
        ends[t == lengths] = h[t == lengths]  # wrong
    return ends


@mistake("forward_lengths", "padding taken for the front", "right if all lengths are T")
def _padding_taken_for_the_front(x, lengths, U, W, b):
    """The last steps of each sequence are read, as if its padding stood in front: a sequence fills the first lengths[n]
    steps, and its padding follows."""
    states = []
    for n, length in enumerate(lengths):
        h = np.zeros(len(b))
        for x_t in x[len(x) - length :, n]:  # wrong
            h = rnn_step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states)


@mistake("forward_lengths", "mean of the states", "right for a sequence of one step")
def _mean_of_the_states(x, lengths, U, W, b):
    """This is the mean of the states of each sequence: its last one is wanted."""
    means = []
    for n, length in enumerate(lengths):
        h, states = np.zeros(len(b)), []
        for x_t in x[:length, n]:
            h = rnn_step(x_t, h, U, W, b)
            states.append(h)
        means.append(np.mean(states, axis=0))  # wrong
    return np.array(means)


@mistake("forward_lengths", "first length for all", "right if all lengths are equal")
def _first_length_for_all(x, lengths, U, W, b):
    """Every sequence is read as far as the first one: lengths[n] belongs to sequence n."""
    return _by_index(x, np.full_like(lengths, lengths[0]), U, W, b)  # wrong


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


@_counts_as_given.variant
def _counts_carried_as_given(x, U, W, b):
    h, states = np.zeros(len(b), dtype=x.dtype), []
    for x_t in x:
        new = np.tanh(U @ x_t + W @ h + b)
        h[:] = new
        states.append(new)
    return np.array(states)


@mistake("read_counts", "counts rounded", "whole numbers for every input")
def _counts_rounded(x, U, W, b):
    """The states are rounded to whole numbers: a state is between -1 and 1, so nearly all of it is after the point."""
    states = np.zeros((len(x), len(b)))
    h = np.zeros(len(b))
    for t, x_t in enumerate(x):
        h = np.tanh(U @ x_t + W @ h + b)
        states[t] = np.round(h)  # wrong
    return states


@mistake("read_counts", "counts scaled", "right where the largest number is 1")
def _counts_scaled(x, U, W, b):
    """The inputs are changed before they are read, divided or made 0 and 1: read the numbers as they are, and store the
    states in a float type."""
    return rnn_forward(x / x.max(), U, W, b)[0]  # wrong


@_counts_scaled.variant
def _counts_scaled_by_size(x, U, W, b):
    return rnn_forward(x / np.abs(x).max(), U, W, b)[0]


@_counts_scaled.variant
def _counts_made_shares(x, U, W, b):
    return rnn_forward(x / x.sum(axis=1, keepdims=True), U, W, b)[0]


@_counts_scaled.variant
def _counts_made_shares_of_all(x, U, W, b):
    return rnn_forward(x / x.sum(), U, W, b)[0]


@_counts_scaled.variant
def _counts_made_yes_or_no(x, U, W, b):
    return rnn_forward((x > 0).astype(float), U, W, b)[0]


@mistake("read_counts", "weights made whole numbers", "mostly zeros, for input of whole numbers")
def _weights_made_whole_numbers(x, U, W, b):
    """The weights are converted to the type of x, which cuts them off to whole numbers: convert x to float instead, or
    nothing at all."""
    return rnn_forward(x, U.astype(x.dtype), W.astype(x.dtype), b.astype(x.dtype))[0]  # wrong


@mistake("read_batch_first", "batch first as given", "a result of shape (T, H)")
def _batch_first_as_given(x, U, W, b):
    """The loop still runs over the first axis, which holds the N sequences here: a step must read x[:, t], what all
    sequences have at step t.
    """
    h = np.zeros(len(b))
    for x_t in x:  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@mistake(
    "read_batch_first",
    "batch first reshaped",
    "right only if N or T is 1",
    also=("reshape where a transpose belongs", "view in place of permute"),
)
def _batch_first_reshaped(x, U, W, b):
    """reshape does not move axes: it cuts the same row of numbers anew, and so mixes the sequences; use x.swapaxes(0,
    1), or read x[:, t].
    """
    n_sequences, n_steps, n_features = x.shape
    h = np.zeros((n_sequences, len(b)))
    for x_t in x.reshape(n_steps, n_sequences, n_features):  # wrong
        h = np.tanh(x_t @ U.T + h @ W.T + b)
    return h


@mistake(
    "read_batch_first",
    "sequences read as steps",
    "the sequences influence each other",
    also=("forgot batch_first=True",),
)
def _sequences_read_as_steps(x, U, W, b):
    """The N sequences are read as if they were N steps, as torch does with batch_first=False: swap the first two axes,
    or give the layer batch_first=True."""
    output, _ = rnn_forward(x, U, W, b)
    return output[:, -1]  # wrong


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


@mistake(
    "read_backwards",
    "backwards as given",
    "h_n depends on one input only",
    also=("output[:, -1] of a bidirectional RNN is wrong",),
)
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


@mistake("read_backwards", "features turned round, not the steps", "each input is read from its last feature")
def _features_turned_round_not_the_steps(x, U, W, b):
    """The features are turned round, and not the steps: x[::-1] turns the first axis, which is time."""
    return rnn_forward(x[:, ::-1], U, W, b)  # wrong


@_features_turned_round_not_the_steps.variant
def _features_turned_round_and_the_states(x, U, W, b):
    output, h_n = rnn_forward(x[:, ::-1], U, W, b)
    return output[::-1], h_n


@mistake("read_backwards", "started from a forward reading", "off at the last input already")
def _started_from_a_forward_reading(x, U, W, b):
    """The backward reading starts from the last state of a forward one: it starts from h(0) = 0 too."""
    _, h = rnn_forward(x, U, W, b)
    output, h_n = rnn_forward(x[::-1], U, W, b, h)  # wrong
    return output[::-1], h_n


@mistake("read_backwards", "states turned round, not the input", "right only for a sequence of one step")
def _states_turned_round(x, U, W, b):
    """The sequence is read forwards and its states turned round afterwards: turning the input round is another thing,
    because each state must have read the inputs after it, not those before it."""
    h, output = np.zeros(len(b)), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output)[::-1], h  # wrong


@_states_turned_round.variant
def _states_turned_round_first_row(x, U, W, b):
    output, _ = _states_turned_round.function(x, U, W, b)
    return output, output[-1]


@mistake("read_backwards", "features turned round too", "right where all features of an input are equal")
def _features_turned_round(x, U, W, b):
    """The features are turned round too, because the axis is not named: x[::-1], or np.flip(x, axis=0), turns the steps
    alone."""
    h, output = np.zeros(len(b)), []
    for x_t in np.flip(x):  # wrong
        h = rnn_step(x_t, h, U, W, b)
        output.insert(0, h)
    return np.array(output), h


@_features_turned_round.variant
def _features_and_units_turned_round(x, U, W, b):
    output, h = _features_turned_round.function(x, U, W, b)
    return np.flip(output[::-1]), h


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


@mistake("mean_pool", "mean over axis 1", "a result of shape (T,), or (T, I) for a batch")
def _mean_over_axis_1(x):
    """The mean is taken over axis 1, which holds the features of one sequence, and the sequences of a batch: time is
    axis 0, in both."""
    return x.mean(axis=1)  # wrong


@mistake("mean_pool", "mean over the last axis but one", "right for one sequence")
def _mean_over_second_axis(x):
    """For one sequence this is right, but in a batch the last axis but one holds the sequences: time is the first axis,
    in both.
    """
    return x.mean(axis=-2)  # wrong


@mistake("mean_pool", "divided by T − 1", "a little too large")
def _divided_by_one_less(x):
    """The sum is divided by T − 1: the mean of T rows is their sum divided by T."""
    return x.sum(axis=0) / max(len(x) - 1, 1)  # wrong


@_divided_by_one_less.variant
def _divided_by_one_less_to_infinity(x):
    return x.sum(axis=0) / (len(x) - 1)


@mistake("mean_pool", "divided by the number of numbers", "much too small")
def _divided_by_the_size(x):
    """The sum is divided by the number of all numbers of x, x.size: each feature's sum has T terms, so divide by T,
    len(x)."""
    return x.sum(axis=0) / x.size  # wrong


@mistake("mean_pool", "divided by the number of features", "too large or too small, unless I = T")
def _divided_by_the_features(x):
    """The sum is divided by the number of features: it has T terms, so divide by T, len(x)."""
    return x.sum(axis=0) / x.shape[-1]  # wrong


@mistake("mean_pool", "divided by axis 1", "right if axis 1 is as long as time")
def _divided_by_axis_1(x):
    """The sum is divided by the length of axis 1, which is not time: it has T terms, so divide by T, len(x)."""
    return x.sum(axis=0) / x.shape[1]  # wrong


@mistake("mean_pool", "divided with //", "whole numbers")
def _divided_to_whole_numbers(x):
    """The mean is rounded down to a whole number, because // cuts off what is after the point: divide with /."""
    return x.sum(axis=0) // len(x)  # wrong


@mistake("mean_pool", "mean in integers", "whole numbers, for input of whole numbers")
def _mean_in_integers(x):
    """The mean is stored in the integer type of x, which cuts it off to a whole number: store it in a float type."""
    return x.mean(axis=0).astype(x.dtype)  # wrong


@mistake("mean_pool", "running halves", "the last rows count most")
def _running_halves(x):
    """Each row is averaged with the mean so far, so that the last row counts for a half and the first for hardly
    anything: add all rows, then divide once by T."""
    mean = x[0]
    for x_t in x[1:]:
        mean = (mean + x_t) / 2  # wrong
    return mean


@_running_halves.variant
def _running_halves_from_zero(x):
    mean = np.zeros(x.shape[1:])
    for x_t in x:
        mean = (mean + x_t) / 2
    return mean


@mistake("mean_pool", "mean over the sequences too", "right for one sequence; one row for a whole batch")
def _mean_over_the_sequences_too(x):
    """In a batch the mean is taken over the sequences too: time is the first axis, and each sequence keeps a mean
    of its own.
    """
    return x.reshape(-1, x.shape[-1]).mean(axis=0)  # wrong


@mistake("mean_pool", "last row for the mean", "the other rows make no difference")
def _last_row_for_the_mean(x):
    """This is the last row: the mean counts every row alike."""
    return x[-1]  # wrong


@mistake("mean_pool", "first row for the mean", "the other rows make no difference")
def _first_row_for_the_mean(x):
    """This is the first row: the mean counts every row alike."""
    return x[0]  # wrong


@mistake("mean_pool", "maximum for the mean", "too large")
def _maximum_for_the_mean(x):
    """This is the maximum over time: the mean is wanted, the sum of the rows divided by T."""
    return x.max(axis=0)  # wrong


@mistake("mean_pool", "median for the mean", "an extreme value makes no difference")
def _median_for_the_mean(x):
    """This is the median, the value in the middle: the mean is wanted, the sum of the rows divided by T."""
    return np.median(x, axis=0)  # wrong


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


@mistake("max_pool", "maximum over axis 1", "a result of shape (T,), or (T, I) for a batch")
def _max_over_axis_1(x):
    """The maximum is taken over axis 1, which holds the features of one sequence, and the sequences of a batch: time is
    axis 0, in both. The maximum runs over it."""
    return x.max(axis=1)  # wrong


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


@mistake("max_pool", "minimum for the maximum", "too small")
def _minimum_for_the_maximum(x):
    """This is the minimum over time: the maximum is wanted."""
    return x.min(axis=0)  # wrong


@mistake("max_pool", "mean for the maximum", "too small")
def _mean_for_the_maximum(x):
    """This is the mean over time: the maximum is wanted."""
    return x.mean(axis=0)  # wrong


@mistake("max_pool", "maximum over the sequences too", "right for one sequence; one row for a whole batch")
def _max_over_the_sequences_too(x):
    """In a batch the maximum is taken over the sequences too: time is the first axis, and each sequence keeps a maximum
    of its own."""
    return x.reshape(-1, x.shape[-1]).max(axis=0)  # wrong


@mistake("max_pool", "last row for the maximum", "the other rows make no difference")
def _last_row_for_the_maximum(x):
    """This is the last row: the maximum looks at every row."""
    return x[-1]  # wrong


@mistake("max_pool", "first row for the maximum", "the other rows make no difference")
def _first_row_for_the_maximum(x):
    """This is the first row: the maximum looks at every row."""
    return x[0]  # wrong


@mistake("max_pool", "number of largest size", "right where no number is negative")
def _number_of_largest_size(x):
    """This is the number that lies furthest from zero, with its sign: the maximum is the largest number, and -1 is
    larger than -3."""
    return np.take_along_axis(x, np.abs(x).argmax(axis=0)[np.newaxis], axis=0)[0]  # wrong


@mistake("max_pool", "row with the largest sum", "one of the rows, as it stands")
def _row_with_the_largest_sum(x):
    """One whole row is chosen: the maximum is taken of each feature by itself, and different features can have theirs
    at different steps."""
    if x.ndim == 3:
        return np.take_along_axis(x, x.sum(axis=-1).argmax(axis=0)[np.newaxis, :, np.newaxis], axis=0)[0]
    return x[x.sum(axis=-1).argmax()]  # wrong


@mistake("max_pool", "last row not looked at", "right unless the last row holds the maximum")
def _last_row_not_looked_at(x):
    """The last row is left out: the maximum looks at all T rows."""
    return x[: max(len(x) - 1, 1)].max(axis=0)  # wrong


@mistake("max_pool", "first row not looked at", "right unless the first row holds the maximum")
def _first_row_not_looked_at(x):
    """The first row is left out: the maximum looks at all T rows."""
    return x[min(1, len(x) - 1) :].max(axis=0)  # wrong


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
    """Results that lie close together are taken for the same: only those that agree to 1e-9 are. Round to 9 decimals,
    no fewer, and give np.allclose both of its tolerances, rtol=0 and atol=1e-9: its own are far wider."""
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 2)) for order in orders})  # wrong


@_rounded_too_coarsely.variant
def _rounded_to_six_decimals(summary, x):
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 6)) for order in orders})


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


@mistake("distinct_summaries", "numbers counted", "more than there are orders")
def _numbers_counted(summary, x):
    """Single numbers are counted, not results: a result is a whole vector; np.unique needs axis=0 to keep rows whole,
    and a set needs a tuple of each result."""
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return len(np.unique(np.round(results, 9)))  # wrong


@mistake("distinct_summaries", "sums compared", "too few, where two results have one sum")
def _sums_compared(summary, x):
    """Each result is reduced to one number, such as its sum, or its numbers are sorted, before it is compared: two
    results are the same only if all their numbers are, each in its place."""
    orders = itertools.permutations(range(len(x)))
    return len({np.round(np.sum(summary(x[list(order)])), 9) for order in orders})  # wrong


@_sums_compared.variant
def _lengths_compared(summary, x):
    orders = itertools.permutations(range(len(x)))
    return len({np.round(np.linalg.norm(summary(x[list(order)])), 9) for order in orders})


@mistake("distinct_summaries", "one number in common", "too few, where results share a number")
def _one_number_in_common(summary, x):
    """Two results are taken for the same as soon as one of their numbers agrees: all of them must."""
    kept = []
    for order in itertools.permutations(range(len(x))):
        result = np.asarray(summary(x[list(order)]))
        if not any((np.abs(result - other) <= 1e-9).any() for other in kept):  # wrong
            kept.append(result)
    return len(kept)


@mistake("distinct_summaries", "combinations for orders", "always 1")
def _combinations_for_orders(summary, x):
    """There is no other order than the given one: itertools.combinations of all rows gives it alone. The orders are
    itertools.permutations."""
    orders = itertools.combinations(range(len(x)), len(x))  # wrong
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})


@mistake("distinct_summaries", "pairs for orders", "rows are left out")
def _pairs_for_orders(summary, x):
    """Only two rows at a time are put in order: an order holds all T rows, each of them once."""
    orders = itertools.permutations(range(len(x)), min(2, len(x)))  # wrong
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})


@_pairs_for_orders.variant
def _pairs_in_one_order(summary, x):
    orders = itertools.combinations(range(len(x)), min(2, len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})


@mistake("distinct_summaries", "one exchange only", "never more than 1 + T (T − 1) / 2")
def _one_exchange_only(summary, x):
    """Only the orders are tried in which two rows have changed places: there are T factorial orders; see
    itertools.permutations."""
    orders = [list(range(len(x)))]
    for i, j in itertools.combinations(range(len(x)), 2):
        orders.append(list(range(len(x))))
        orders[-1][i], orders[-1][j] = j, i
    return len({tuple(np.round(summary(x[order]), 9)) for order in orders})  # wrong


@mistake("distinct_summaries", "rows taken more than once", "more than T factorial")
def _rows_taken_more_than_once(summary, x):
    """Rows are taken more than once: itertools.product gives every choice of T rows, also three times the same; the
    orders, with each row once, are itertools.permutations."""
    orders = itertools.product(range(len(x)), repeat=len(x))  # wrong
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders})


@mistake("distinct_summaries", "neighbours compared", "too many, where a result comes back later")
def _neighbours_compared(summary, x):
    """Each result is compared with the one before it only: compare it with all that came before."""
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    neighbours = itertools.pairwise(results)
    return 1 + sum(np.abs(one - other).max() > 1e-9 for one, other in neighbours)  # wrong


@mistake("distinct_summaries", "compared with the first only", "too many, where two others agree")
def _compared_with_the_first_only(summary, x):
    """Each result is compared with the first one only: compare it with all that came before."""
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return 1 + sum(np.abs(result - results[0]).max() > 1e-9 for result in results)  # wrong


@mistake("distinct_summaries", "rows of x counted", "the summary makes no difference")
def _rows_of_x_counted(summary, x):
    """The orders of x are compared, not their summaries: call summary on each."""
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(x[list(order)], 9).ravel()) for order in orders})  # wrong


@mistake("distinct_summaries", "one too few", "too small by 1")
def _one_too_few(summary, x):
    """The result is too small by one: the first result is a different one too, and counts."""
    orders = itertools.permutations(range(len(x)))
    return len({tuple(np.round(summary(x[list(order)]), 9)) for order in orders}) - 1  # wrong


# read_back


def _guesses(summaries, tokens, n_fit):
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    return (inputs[n_fit:] @ weights).argmax(axis=1), tokens[n_fit:]


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


@mistake(
    "read_back",
    "fitted on everything",
    "a little too good",
    also=("my probe is too good", "leak between training and test set"),
)
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


@mistake("read_back", "error rate", "1 minus the accuracy")
def _error_rate(summaries, tokens):
    """This is the fraction of wrong guesses: the accuracy is the fraction of right ones."""
    guesses, held_out = _guesses(summaries, tokens, 3 * len(tokens) // 4)
    return np.mean(guesses != held_out)  # wrong


@mistake("read_back", "right guesses counted", "whole numbers")
def _right_guesses_counted(summaries, tokens):
    """This is the number of right guesses: divide it by the number of sequences that were held out."""
    guesses, held_out = _guesses(summaries, tokens, 3 * len(tokens) // 4)
    return np.sum(guesses == held_out)  # wrong


@mistake("read_back", "single numbers compared", "too good, more so the more kinds there are")
def _single_numbers_compared(summaries, tokens):
    """Single numbers of the one-hot vectors are compared, so that each zero that is right counts too: compare the
    kinds, once for each sequence.
    """
    guesses, held_out = _guesses(summaries, tokens, 3 * len(tokens) // 4)
    one_hot = np.eye(tokens.max() + 1)
    return np.mean(one_hot[guesses] == one_hot[held_out])  # wrong


@mistake("read_back", "divided by all sequences", "a quarter of the accuracy")
def _divided_by_all_sequences(summaries, tokens):
    """The right guesses are divided by the number of all sequences: only those that were held out could be right."""
    guesses, held_out = _guesses(summaries, tokens, 3 * len(tokens) // 4)
    return np.sum(guesses == held_out) / len(tokens)  # wrong


@mistake("read_back", "divided by the fitted", "a third of the accuracy")
def _divided_by_the_fitted(summaries, tokens):
    """The right guesses are divided by the number of sequences that the probe was fitted on: divide by the number of
    those that were held out."""
    n_fit = 3 * len(tokens) // 4
    guesses, held_out = _guesses(summaries, tokens, n_fit)
    return np.sum(guesses == held_out) / n_fit  # wrong


@mistake("read_back", "another part held out", "a little off")
def _half_held_out(summaries, tokens):
    """The sequences are cut at another place: fit on those before 3 * N // 4, and count on those from there on."""
    guesses, held_out = _guesses(summaries, tokens, len(tokens) // 2)  # wrong
    return np.mean(guesses == held_out)


@_half_held_out.variant
def _fifth_held_out(summaries, tokens):
    guesses, held_out = _guesses(summaries, tokens, 4 * len(tokens) // 5)
    return np.mean(guesses == held_out)


@_half_held_out.variant
def _tenth_held_out(summaries, tokens):
    guesses, held_out = _guesses(summaries, tokens, 9 * len(tokens) // 10)
    return np.mean(guesses == held_out)


@_half_held_out.variant
def _three_quarters_held_out(summaries, tokens):
    guesses, held_out = _guesses(summaries, tokens, len(tokens) // 4)
    return np.mean(guesses == held_out)


@_half_held_out.variant
def _first_quarter_held_out(summaries, tokens):
    n_held_out = len(tokens) - 3 * len(tokens) // 4
    places = np.roll(np.arange(len(tokens)), -n_held_out)
    guesses, held_out = _guesses(summaries[places], tokens[places], 3 * len(tokens) // 4)
    return np.mean(guesses == held_out)


@_half_held_out.variant
def _parts_exchanged(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    places = np.roll(np.arange(len(tokens)), -n_fit)
    guesses, held_out = _guesses(summaries[places], tokens[places], len(tokens) - n_fit)
    return np.mean(guesses == held_out)


@mistake("read_back", "largest of each kind", "0, or an error: as many guesses as there are kinds")
def _largest_of_each_kind(summaries, tokens):
    """The largest number is looked for among the sequences, once for each kind: look among the kinds, once for each
    sequence, argmax(axis=1)."""
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    guesses = (inputs[n_fit:] @ weights).argmax(axis=0)  # wrong
    return np.mean(guesses == tokens[n_fit:])


@_largest_of_each_kind.variant
def _largest_of_each_kind_over_all(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs, one_hot = np.column_stack([summaries, np.ones(len(tokens))]), np.eye(tokens.max() + 1)[tokens]
    weights, *_ = np.linalg.lstsq(inputs[:n_fit], one_hot[:n_fit], rcond=None)
    guesses = (inputs[n_fit:] @ weights).argmax(axis=0)
    return sum(guess == token for guess, token in zip(guesses, tokens[n_fit:], strict=False)) / len(tokens[n_fit:])


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


@mistake("orthogonal", "scale taken twice", "right if scale is 1")
def _scale_taken_twice(H, scale, seed):
    """The columns have the length scale²: multiply by scale once."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return scale * scale * Q  # wrong


@mistake("orthogonal", "root of the scale", "right if scale is 1")
def _root_of_the_scale(H, scale, seed):
    """The columns have the length √scale: multiply by scale itself."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return np.sqrt(scale) * Q  # wrong


@mistake("orthogonal", "divided by the scale", "right if scale is 1")
def _divided_by_the_scale(H, scale, seed):
    """The columns have the length 1 / scale: multiply by scale, do not divide by it."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return Q / scale  # wrong


@mistake("orthogonal", "scale added", "columns that are not orthogonal")
def _scale_added(H, scale, seed):
    """The scale is added to every number: multiply by it."""
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(H, H)))
    return Q + scale  # wrong


# output_shapes


@mistake("output_shapes", "h_n batch first too", "h_n begins with N")
def _h_n_batch_first_too(T, N, H, num_layers, num_directions, batch_first):
    """h_n is given batch first: batch_first moves N in the input and in output only; h_n keeps (L · D, N, H)."""
    lead = (N, T) if batch_first else (T, N)
    h_n = (num_layers * num_directions, N, H)
    if batch_first:
        h_n = (N, num_layers * num_directions, H)  # wrong
    return (*lead, num_directions * H), h_n


@mistake("output_shapes", "batch_first ignored", "right with batch_first=False")
def _batch_first_ignored(T, N, H, num_layers, num_directions, batch_first):
    """batch_first is not looked at: with it output begins with N, then T."""
    return (T, N, num_directions * H), (num_layers * num_directions, N, H)  # wrong


@mistake("output_shapes", "batch_first turned round", "T and N exchanged in output, always")
def _batch_first_turned_round(T, N, H, num_layers, num_directions, batch_first):
    """T and N stand the other way round in output: T comes first, unless batch_first is True."""
    lead = (T, N) if batch_first else (N, T)  # wrong
    return (*lead, num_directions * H), (num_layers * num_directions, N, H)


@mistake("output_shapes", "output always batch first", "right with batch_first=True")
def _output_always_batch_first(T, N, H, num_layers, num_directions, batch_first):
    """output begins with N always: without batch_first it begins with T."""
    return (N, T, num_directions * H), (num_layers * num_directions, N, H)  # wrong


@mistake("output_shapes", "directions forgotten in output", "right for one direction")
def _directions_forgotten_in_output(T, N, H, num_layers, num_directions, batch_first):
    """output has the states of both directions side by side at every step: its last axis has D · H numbers."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, H), (num_layers * num_directions, N, H)  # wrong


@mistake("output_shapes", "layers in output", "right for one layer")
def _layers_in_output(T, N, H, num_layers, num_directions, batch_first):
    """output grows with the layers: it holds the top layer's states alone, so its last axis is D · H however many
    layers there are."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_layers * num_directions * H), (num_layers * num_directions, N, H)  # wrong


@mistake("output_shapes", "top layer only in h_n", "right for one layer")
def _top_layer_only_in_h_n(T, N, H, num_layers, num_directions, batch_first):
    """h_n has the top layer alone: it holds a last state of every layer and direction, L · D of them."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_directions, N, H)  # wrong


@mistake("output_shapes", "directions forgotten in h_n", "right for one direction")
def _directions_forgotten_in_h_n(T, N, H, num_layers, num_directions, batch_first):
    """h_n has one entry for each layer: each direction of a layer has its own, so there are L · D."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_layers, N, H)  # wrong


@mistake("output_shapes", "one state in h_n", "right for one layer and one direction")
def _one_state_in_h_n(T, N, H, num_layers, num_directions, batch_first):
    """h_n has a first axis of 1, whatever the options are: it holds a last state of every layer and direction, L ·
    D of them."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (1, N, H)  # wrong


@mistake("output_shapes", "directions side by side in h_n", "right for one direction")
def _directions_side_by_side_in_h_n(T, N, H, num_layers, num_directions, batch_first):
    """in h_n the directions are laid side by side: they are in output; in h_n each has an entry of its own on the
    first axis, (L · D, N, H)."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_layers, N, num_directions * H)  # wrong


@mistake("output_shapes", "layers and directions added", "one entry too many in h_n for most")
def _layers_and_directions_added(T, N, H, num_layers, num_directions, batch_first):
    """layers and directions are added: every layer has D directions, so h_n has L times D entries."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_layers + num_directions, N, H)  # wrong


@mistake("output_shapes", "output and h_n exchanged", "an array that belongs to the other")
def _output_and_h_n_exchanged(T, N, H, num_layers, num_directions, batch_first):
    """the two shapes stand in the other order: output comes first, then h_n."""
    lead = (N, T) if batch_first else (T, N)
    return (num_layers * num_directions, N, H), (*lead, num_directions * H)  # wrong


@mistake("output_shapes", "last step only in output", "one axis too few in output")
def _last_step_only_in_output(T, N, H, num_layers, num_directions, batch_first):
    """output is given for one step: it has the states of all T steps."""
    return (N, num_directions * H), (num_layers * num_directions, N, H)  # wrong


@mistake("output_shapes", "all steps in h_n", "a first axis that grows with T")
def _all_steps_in_h_n(T, N, H, num_layers, num_directions, batch_first):
    """h_n has an axis for the steps: it holds the last states only, (L · D, N, H)."""
    lead = (N, T) if batch_first else (T, N)
    return (*lead, num_directions * H), (num_layers * num_directions, T, N, H)  # wrong
