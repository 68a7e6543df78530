"""The catalogue of mistakes in what Part II writes: gradients, clipping, one step of a gated cell, bits a character.

A catalogue of its own, because these are about other functions than a step and a sequence, and the two others are long
enough. Each function here stands on its own, with NumPy and the helpers at the top.
"""

from __future__ import annotations

import numpy as np

from rnn_helpers.mistakes import Mistake, into

__all__ = ["LEARNING_MISTAKES"]

LEARNING_MISTAKES: list[Mistake] = []
mistake = into(LEARNING_MISTAKES)


def _sigmoid(z):
    return 0.5 * np.tanh(0.5 * z) + 0.5


def _softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _summed(d_z, values):
    """The sum over steps and sequences of d_z(t) times what it multiplied, as a matrix."""
    return d_z.reshape(-1, d_z.shape[-1]).T @ values.reshape(-1, values.shape[-1])


def _before(output, h_0):
    """The state before each step."""
    return np.concatenate([h_0[np.newaxis], output[:-1]])


def _gradients(x, U, d_z, before, d_h):
    """All five, of d_z(t) at every step; `d_h` is what has arrived at h_0."""
    return d_z @ U, _summed(d_z, x), _summed(d_z, before), d_z.reshape(-1, len(U)).sum(axis=0), d_h


# numerical_gradient


@mistake(
    "numerical_gradient", "difference to one side", "off by an amount that shrinks with the step, not with its square"
)
def _one_sided(f, w, step):
    """The difference is taken to one side, f(w + step) − f(w): a central one, f(w + step) − f(w − step), divided by
    twice the step, is far more accurate.
    """
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = (f(w + moved) - f(w)) / step  # wrong
    return gradient


@_one_sided.variant
def _one_sided_below(f, w, step):
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = (f(w) - f(w - moved)) / step
    return gradient


@mistake("numerical_gradient", "divided by one step", "twice as large as it should be")
def _divided_by_one_step(f, w, step):
    """The difference is divided by the step, but its two points are two steps apart: divide by 2 * step."""
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = (f(w + moved) - f(w - moved)) / step  # wrong
    return gradient


@mistake("numerical_gradient", "difference not divided", "smaller than it should be, in proportion to the step")
def _not_divided(f, w, step):
    """The difference is not divided: a slope is how much f changes for each unit that w moves, so divide by the
    distance of the two points, 2 * step.
    """
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = f(w + moved) - f(w - moved)  # wrong
    return gradient


@mistake("numerical_gradient", "points exchanged in the difference", "every sign turned round")
def _points_exchanged(f, w, step):
    """The difference is taken the wrong way round: f at the larger w comes first, f(w + step) − f(w − step), or every
    sign is turned."""
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[place] = step
        gradient[place] = (f(w - moved) - f(w + moved)) / (2 * step)  # wrong
    return gradient


@mistake("numerical_gradient", "all entries moved at once", "all numbers are equal")
def _all_moved_at_once(f, w, step):
    """All entries of w are moved at once: move one entry, leave the others where they are, and repeat this for each
    entry."""
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        moved = np.zeros(w.shape)
        moved[...] = step  # wrong
        gradient[place] = (f(w + moved) - f(w - moved)) / (2 * step)
    return gradient


@mistake("numerical_gradient", "entry not moved back", "the first number is right, the others are off")
def _not_moved_back(f, w, step):
    """An entry that was moved stays moved while the next ones are measured: put it back before you go on."""
    gradient, moved = np.zeros(w.shape), np.zeros(w.shape)  # wrong
    for place in np.ndindex(w.shape):
        moved[place] = step
        gradient[place] = (f(w + moved) - f(w - moved)) / (2 * step)
    return gradient


@_not_moved_back.variant
def _left_below(f, w, step):
    gradient, other = np.zeros(w.shape), 1.0 * w
    for place in np.ndindex(w.shape):
        other[place] += step
        above = f(other)
        other[place] -= 2 * step
        gradient[place] = (above - f(other)) / (2 * step)
    return gradient


@mistake("numerical_gradient", "step lost in whole numbers", "off where w holds whole numbers")
def _step_lost(f, w, step):
    """A copy of w that holds whole numbers cannot take in a step of a fraction: make the copy a float one, with
    w.astype(float)."""
    gradient = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()  # wrong
        above[place] = w[place] + step
        below[place] = w[place] - step
        gradient[place] = (f(above) - f(below)) / (2 * step)
    return gradient


# output_gradient


@mistake("output_gradient", "labels not subtracted", "the gradient of d is never negative")
def _labels_not_subtracted(h, y, V, d):
    """The labels have no influence: the derivative of the cross-entropy by the scores is softmax minus the one-hot
    label, so subtract 1 at each sequence's label."""
    d_scores = _softmax(h @ V.T + d) / len(y)  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "labels minus softmax", "every sign turned round, so that the loss grows")
def _labels_minus_softmax(h, y, V, d):
    """Every sign is turned round, label minus softmax: the derivative is softmax minus label; a step against it then
    lowers the loss."""
    d_scores = (np.eye(len(d))[y] - _softmax(h @ V.T + d)) / len(y)  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "softmax left out of the gradient", "much larger where scores are large")
def _softmax_left_out(h, y, V, d):
    """The scores are taken for probabilities: the derivative is softmax(V h + d) minus the one-hot label, not
    V h + d minus the label, which belongs to another loss."""
    d_scores = (h @ V.T + d - np.eye(len(d))[y]) / len(y)  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "softmax over the sequences", "the sequences of a batch change each other's gradient")
def _softmax_over_the_sequences(h, y, V, d):
    """The softmax is taken over the sequences, axis 0: the probabilities of one sequence's classes add up to 1, so take
    it over the last axis."""
    d_scores = (_softmax(h @ V.T + d, axis=0) - np.eye(len(d))[y]) / len(y)  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "loss summed, not averaged", "N times as large as it should be")
def _loss_summed(h, y, V, d):
    """This is the gradient of the sum of the losses: the loss is their mean over the sequences, so divide by N."""
    d_scores = _softmax(h @ V.T + d) - np.eye(len(d))[y]  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "divided by N twice", "right for one sequence only; a batch's V and d are too small")
def _divided_twice(h, y, V, d):
    """The gradients of V and d are divided by N twice: once in the derivative of the mean, and again by a mean over the
    sequences, where a sum belongs."""
    d_scores = (_softmax(h @ V.T + d) - np.eye(len(d))[y]) / len(y)
    return d_scores @ V, d_scores.T @ h / len(y), d_scores.mean(axis=0)  # wrong


@mistake("output_gradient", "averaged over the classes too", "K times too small")
def _averaged_over_the_classes(h, y, V, d):
    """The loss is averaged over the classes too, N * K numbers: each sequence has one loss, −log of the probability of
    its label, so divide by N."""
    d_scores = (_softmax(h @ V.T + d) - np.eye(len(d))[y]) / (len(y) * len(d))  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


@mistake("output_gradient", "gradient of V transposed", "the gradient of V has the shape (H, K)")
def _gradient_of_v_transposed(h, y, V, d):
    """The gradient of V is transposed: it has the shape of V, (K, H), one row for each class, d_scores.T @ h."""
    d_scores = (_softmax(h @ V.T + d) - np.eye(len(d))[y]) / len(y)
    return d_scores @ V, h.T @ d_scores, d_scores.sum(axis=0)  # wrong


@mistake("output_gradient", "slope of the softmax once more", "far too small where a class is certain")
def _slope_once_more(h, y, V, d):
    """The slope p (1 − p) is multiplied in once more: softmax minus label is already the derivative by the scores,
    through logarithm and softmax together."""
    p = _softmax(h @ V.T + d)
    d_scores = (p - np.eye(len(d))[y]) * p * (1 - p) / len(y)  # wrong
    return d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0)


# rnn_backward


@mistake("rnn_backward", "gradient not carried back", "right for one step; only direct effects are left")
def _not_carried_back(x, U, W, output, d_output, d_h_n, h_0):
    """Each step gets its direct gradient alone, as if no state were carried on: what arrives at h(t) from step t + 1,
    Wᵀ d_z(t+1), has to be added to d_output[t].
    """
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = np.zeros(d_h_n.shape)  # wrong
    return _gradients(x, U, d_z, _before(output, h_0), d_z[0] @ W)


@_not_carried_back.variant
def _nothing_carried_back_not_even_to_h_0(x, U, W, output, d_output, d_h_n, h_0):
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = 0 * d_h
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "direct gradients forgotten", "right if only the last state enters the loss")
def _direct_forgotten(x, U, W, output, d_output, d_h_n, h_0):
    """Only the last row of d_output is used: a state in the middle counts directly too, so add d_output[t] at every
    step to what comes back from the step after."""
    d_z, direct, d_h = np.zeros(output.shape), np.zeros(output.shape), d_h_n
    direct[-1] = d_output[-1]  # wrong
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (direct[t] + d_h)
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "d_output forgotten", "right if the loss counts h_n alone")
def _d_output_forgotten(x, U, W, output, d_output, d_h_n, h_0):
    """d_output has no influence, not even at the last step: whatever comes back from the step after, each state also
    counts directly, so add d_output[t]."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * d_h  # wrong
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "d_h_n forgotten", "right where only d_output counts")
def _d_h_n_forgotten(x, U, W, output, d_output, d_h_n, h_0):
    """d_h_n has no influence: the way back starts from it, as the way there starts from h_0; d_output[-1] is added to
    it."""
    d_z, d_h = np.zeros(output.shape), np.zeros(d_h_n.shape)  # wrong
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "d_h_n at every step", "right for one step, or where only d_output counts")
def _d_h_n_at_every_step(x, U, W, output, d_output, d_h_n, h_0):
    """d_h_n is added at every step: it is the gradient of the last state alone, so it stands at the start of the way
    back."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W + d_h_n  # wrong
    return _gradients(x, U, d_z, _before(output, h_0), d_z[0] @ W)


@mistake("rnn_backward", "slope of tanh forgotten", "too large, and most where units are near −1 or 1")
def _slope_forgotten(x, U, W, output, d_output, d_h_n, h_0):
    """The slope of tanh is missing: on the way from h(t) back to the sum inside tanh, multiply by 1 − h(t)²."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = d_output[t] + d_h  # wrong
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "slope of tanh at the state", "too large, and most where units are near −1 or 1")
def _slope_at_the_state(x, U, W, output, d_output, d_h_n, h_0):
    """The slope of tanh is taken of the wrong side, 1 − tanh(h)²: h is the result of tanh already, so the slope at its
    sum is 1 − h²."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - np.tanh(output[t]) ** 2) * (d_output[t] + d_h)  # wrong
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "slope of the state before", "the last step's is off already")
def _slope_of_the_state_before(x, U, W, output, d_output, d_h_n, h_0):
    """The slope is that of the state before: step t made h(t), so its slope is 1 − h(t)², with output[t]."""
    d_z, d_h, before = np.zeros(output.shape), d_h_n, _before(output, h_0)
    for t in reversed(range(len(x))):
        d_z[t] = (1 - before[t] ** 2) * (d_output[t] + d_h)  # wrong
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, before, d_h)


@mistake("rnn_backward", "W not transposed on the way back", "the last step is right, the others are off")
def _w_not_transposed_back(x, U, W, output, d_output, d_h_n, h_0):
    """W is not transposed on the way back: forwards a row of states times W.T, backwards a row of gradients times W,
    which is Wᵀ d_z in the formula."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W.T  # wrong
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


@mistake("rnn_backward", "h_0 forgotten in W's gradient", "right from a zero state")
def _h_0_forgotten_in_w(x, U, W, output, d_output, d_h_n, h_0):
    """The first step's share in the gradient of W is missing: it is d_z(1) times h(0), so the states before the steps
    begin with h_0, not with zeros."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, np.zeros(h_0.shape)), d_h)  # wrong


@mistake("rnn_backward", "state after for state before", "all is right but the gradient of W")
def _state_after(x, U, W, output, d_output, d_h_n, h_0):
    """In the gradient of W each step's d_z meets the state after the step: W has multiplied the state before it,
    h(t−1)."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, output, d_h)  # wrong


@mistake("rnn_backward", "input of another step", "all is right but the gradient of U")
def _input_of_another_step(x, U, W, output, d_output, d_h_n, h_0):
    """In the gradient of U each step's d_z meets the input of another step: U has multiplied x(t) at step t, the same t
    as in d_z(t)."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    d_x, _, d_W, d_b, d_h_0 = _gradients(x, U, d_z, _before(output, h_0), d_h)
    return d_x, _summed(d_z, np.concatenate([x[1:], 0 * x[:1]])), d_W, d_b, d_h_0  # wrong


@_input_of_another_step.variant
def _input_of_the_step_before(x, U, W, output, d_output, d_h_n, h_0):
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    d_x, _, d_W, d_b, d_h_0 = _gradients(x, U, d_z, _before(output, h_0), d_h)
    return d_x, _summed(d_z, np.concatenate([0 * x[:1], x[:-1]])), d_W, d_b, d_h_0


@mistake("rnn_backward", "overwritten, not added up", "right for one step; the first step's share alone is left")
def _overwritten(x, U, W, output, d_output, d_h_n, h_0):
    """The gradients of U, W and b hold one step's share alone: all steps use the same weights, so their shares add up,
    with +=."""
    d_z, d_h, before, sums = np.zeros(output.shape), d_h_n, _before(output, h_0), [0, 0, 0]
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
        shares = _gradients(x[[t]], U, d_z[[t]], before[[t]], d_h)[1:4]
        sums = shares  # wrong
    return d_z @ U, *sums, d_h


@_overwritten.variant
def _last_step_alone(x, U, W, output, d_output, d_h_n, h_0):
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    last = d_z[-1:]
    shares = _summed(last, x[-1:]), _summed(last, _before(output, h_0)[-1:]), last.reshape(-1, len(U)).sum(axis=0)
    return d_z @ U, *shares, d_h


@mistake("rnn_backward", "averaged over the sequences", "right for one sequence; a batch's is N times too small")
def _averaged_over_the_sequences(x, U, W, output, d_output, d_h_n, h_0):
    """The gradients of U, W and b are divided by the number of sequences: what is to be averaged is in d_output and
    d_h_n already, so here sum over steps and sequences.
    """
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    n = 1 if x.ndim == 2 else x.shape[1]  # wrong
    d_x, d_U, d_W, d_b, d_h_0 = _gradients(x, U, d_z, _before(output, h_0), d_h)
    return d_x, d_U / n, d_W / n, d_b / n, d_h_0


@mistake("rnn_backward", "sequences not summed", "right for one sequence; a batch's b has the shape (N, H)")
def _sequences_not_summed(x, U, W, output, d_output, d_h_n, h_0):
    """The gradient of b is summed over the steps, but not over the sequences: all sequences share one b, of shape
    (H,)."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    return d_z @ U, _summed(d_z, x), _summed(d_z, _before(output, h_0)), d_z.sum(axis=0), d_h  # wrong


@mistake("rnn_backward", "gradient of W transposed", "all is right but the gradient of W")
def _gradient_of_w_transposed(x, U, W, output, d_output, d_h_n, h_0):
    """The gradient of W is transposed, which its shape cannot tell: row i holds what belongs to unit i's sum, d_z(t)
    times h(t−1)ᵀ, so d_z.T @ states and not states.T @ d_z.
    """
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    d_x, d_U, _, d_b, d_h_0 = _gradients(x, U, d_z, _before(output, h_0), d_h)
    return d_x, d_U, _summed(_before(output, h_0), d_z), d_b, d_h_0  # wrong


@mistake("rnn_backward", "h_0's gradient one step short", "all is right but the gradient of h_0")
def _one_step_short(x, U, W, output, d_output, d_h_n, h_0):
    """The gradient of h_0 is that of h(1): one step lies between them, so go through the slope and W once more,
    d_z(1) times W."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in reversed(range(len(x))):
        d_h_1 = d_output[t] + d_h
        d_z[t] = (1 - output[t] ** 2) * d_h_1
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h_1)  # wrong


@mistake("rnn_backward", "way back from the first step", "right for one step")
def _way_back_from_the_first_step(x, U, W, output, d_output, d_h_n, h_0):
    """The loop runs from the first step to the last: the gradient of a state needs that of the state after it, so go
    from the last step to the first."""
    d_z, d_h = np.zeros(output.shape), d_h_n
    for t in range(len(x)):  # wrong
        d_z[t] = (1 - output[t] ** 2) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    return _gradients(x, U, d_z, _before(output, h_0), d_h)


# state_jacobian


@mistake("state_jacobian", "slopes on the columns of W", "right only for one unit, or where all units are alike")
def _slopes_on_columns(states, W):
    """The slopes stand on the columns of W: slope * W multiplies column j by the slope of unit j, but a row of W makes
    a unit's sum, so row i takes the slope of unit i: slope[:, np.newaxis] * W.
    """
    jacobian = np.eye(len(W))
    for h in states:
        jacobian = ((1 - h**2) * W) @ jacobian  # wrong
    return jacobian


@mistake("state_jacobian", "slopes left out of the Jacobian", "the power of W, whatever the states are")
def _slopes_left_out(states, W):
    """The slopes of tanh are missing, as if the states were sums: each row of W is multiplied by the slope of its unit,
    1 − h².
    """
    jacobian = np.eye(len(W))
    for _ in states:
        jacobian = W @ jacobian  # wrong
    return jacobian


@mistake("state_jacobian", "Jacobians in the wrong order", "right for one step")
def _wrong_order(states, W):
    """The Jacobians are multiplied in the wrong order: a move goes through the first step first, so each later step's
    Jacobian is multiplied on the left of what has come so far.
    """
    jacobian = np.eye(len(W))
    for h in states:
        jacobian = jacobian @ ((1 - h**2)[:, np.newaxis] * W)  # wrong
    return jacobian


@mistake("state_jacobian", "W transposed in the Jacobian", "right for one unit, or where W is symmetric")
def _w_transposed_in_jacobian(states, W):
    """W is transposed: the sum of unit i is row i of W times the state before, so its derivative by unit j is W[i, j],
    and W stands as it is.
    """
    jacobian = np.eye(len(W))
    for h in states:
        jacobian = ((1 - h**2)[:, np.newaxis] * W.T) @ jacobian  # wrong
    return jacobian


@mistake("state_jacobian", "only the last step's Jacobian", "right for one step")
def _only_the_last_jacobian(states, W):
    """Only the last step has an influence on the result: a move goes through all the steps, so multiply the Jacobians
    of all of them.
    """
    jacobian = np.eye(len(W))
    for h in states:
        jacobian = (1 - h**2)[:, np.newaxis] * W  # wrong
    return jacobian


@mistake("state_jacobian", "Jacobians added up", "right for one step")
def _jacobians_added(states, W):
    """The Jacobians of the steps are added: one step after another multiplies their derivatives, so multiply the
    matrices.
    """
    jacobian = np.zeros(W.shape)
    for h in states:
        jacobian = jacobian + (1 - h**2)[:, np.newaxis] * W  # wrong
    return jacobian


# clip_by_norm


@mistake("clip_by_norm", "clipped by value", "the direction is another, and no entry is beyond the limit")
def _clipped_by_value(gradients, limit):
    """Each entry is cut off by itself, which turns the direction: divide all of them by one number, so that their
    common norm is the limit."""
    return [np.clip(gradient, -limit, limit) for gradient in gradients]  # wrong


@mistake("clip_by_norm", "each by its own norm", "the gradients do not keep their proportion")
def _each_by_its_own_norm(gradients, limit):
    """Each array is clipped by its own norm: they are one gradient in several pieces, so take one norm, the root of the
    sum of all squares, and one factor."""
    factors = [min(1, limit / max(np.sqrt((gradient**2).sum()), 1e-300)) for gradient in gradients]  # wrong
    return [gradient * factor for gradient, factor in zip(gradients, factors, strict=True)]


@mistake("clip_by_norm", "short gradients stretched", "the norm is always equal to the limit; zeros give NaN")
def _stretched(gradients, limit):
    """Gradients shorter than the limit are stretched to it: clipping makes them shorter, never longer, so the factor is
    min(1, limit / norm)."""
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * (limit / norm) for gradient in gradients]  # wrong


@mistake("clip_by_norm", "root of the squares forgotten", "too small, where the norm is above 1")
def _root_forgotten(gradients, limit):
    """The root is missing: the norm is the root of the sum of the squares, not the sum itself."""
    norm = sum((gradient**2).sum() for gradient in gradients)  # wrong
    return [gradient * min(1, limit / max(norm, 1e-300)) for gradient in gradients]


@mistake("clip_by_norm", "norms added up", "too small, as the norm is taken for more than it is")
def _norms_added_up(gradients, limit):
    """The norms of the arrays are added up: the common norm is the root of the sum of all squares, as of one long
    vector."""
    norm = sum(np.sqrt((gradient**2).sum()) for gradient in gradients)  # wrong
    return [gradient * min(1, limit / max(norm, 1e-300)) for gradient in gradients]


@mistake("clip_by_norm", "clipped to 1", "right for a limit of 1 only")
def _clipped_to_one(gradients, limit):
    """Gradients that are too long come back with a norm of 1, whatever the limit is: divide by the norm and multiply by
    the limit."""
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient / norm if norm > limit else gradient + 0.0 for gradient in gradients]  # wrong


@mistake("clip_by_norm", "largest entry for the norm", "still longer than the limit")
def _largest_entry(gradients, limit):
    """The largest entry is taken for the norm: the norm is a length, the root of the sum of all squares."""
    norm = max(np.abs(gradient).max() for gradient in gradients)  # wrong
    return [gradient * min(1, limit / max(norm, 1e-300)) for gradient in gradients]


# gru_step


@mistake("gru_step", "update gate the other way round", "a gate near 1 forgets where it should keep")
def _update_the_other_way(x, h, U, W, b_ih, b_hh):
    """The update gate works the other way round: in torch z says how much of the old state stays,
    (1 − z) n + z h; some papers call 1 − z by this name."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n = np.tanh(n_x + r * n_h)
    return z * n + (1 - z) * h  # wrong


@mistake("gru_step", "r and z exchanged", "right only where both gates are alike")
def _r_and_z_exchanged(x, h, U, W, b_ih, b_hh):
    """The gates are read in another order: torch's first block of rows is the reset gate r, the second the update gate
    z (other libraries have z first), the third the new value n."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(z_x + z_h), _sigmoid(r_x + r_h)  # wrong
    n = np.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


@mistake(
    "gru_step", "reset before the product", "right for a zero state, and for one unit; then off by a few hundredths"
)
def _reset_before(x, h, U, W, b_ih, b_hh):
    """The reset gate is multiplied to the state before the product with W, as in the published paper of 2014: torch
    multiplies after it, r * (W h + b)."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, _ = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n_units = len(W) // 3
    n = np.tanh(n_x + (r * h) @ W[2 * n_units :].T + b_hh[2 * n_units :])  # wrong
    return (1 - z) * n + z * h


@_reset_before.variant
def _reset_before_with_its_bias(x, h, U, W, b_ih, b_hh):
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, _ = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n_units = len(W) // 3
    n = np.tanh(n_x + (r * h) @ W[2 * n_units :].T + r * b_hh[2 * n_units :])
    return (1 - z) * n + z * h


@mistake("gru_step", "one bias in a GRU", "off even from a zero state, where b_hh is not zero")
def _one_bias(x, h, U, W, b_ih, b_hh):
    """The two biases are added into one, outside the reset gate: the last third of b_hh belongs inside, r * (W h +
    b_hh), so a GRU needs both."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, _ = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n_units = len(W) // 3
    n = np.tanh(n_x + b_hh[2 * n_units :] + r * (h @ W[2 * n_units :].T))  # wrong
    return (1 - z) * n + z * h


@mistake("gru_step", "b_hh left out", "right without a b_hh")
def _b_hh_left_out(x, h, U, W, b_ih, b_hh):
    """b_hh is left out: it stands beside W h in both gates and in the new value."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T, 3, axis=-1)  # wrong
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n = np.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


@mistake("gru_step", "no reset gate", "right for a zero state without bias")
def _no_reset_gate(x, h, U, W, b_ih, b_hh):
    """The reset gate r has no influence: in the new value it multiplies what comes from the state, r * (W h + b_hh)."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)  # noqa: F841 - made, and forgotten
    n = np.tanh(n_x + n_h)  # wrong
    return (1 - z) * n + z * h


@mistake("gru_step", "reset on the whole new value", "too small where the reset gate is shut")
def _reset_on_the_whole(x, h, U, W, b_ih, b_hh):
    """The reset gate multiplies the input's part too: only what comes from the state passes it,
    U x + b_ih + r * (W h + b_hh)."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n = np.tanh(r * (n_x + n_h))  # wrong
    return (1 - z) * n + z * h


@_reset_on_the_whole.variant
def _reset_outside_the_tanh(x, h, U, W, b_ih, b_hh):
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    n = r * np.tanh(n_x + n_h)
    return (1 - z) * n + z * h


@mistake("gru_step", "tanh for the gates", "gates that are negative turn signs")
def _tanh_for_the_gates(x, h, U, W, b_ih, b_hh):
    """The gates are made with tanh: a gate lies between 0 and 1, so r and z are sigmoids; tanh is for the new value
    n."""
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r, z = np.tanh(r_x + r_h), np.tanh(z_x + z_h)  # wrong
    n = np.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


# lstm_step


@mistake("lstm_step", "output gate before the new value", "right only where two blocks are alike")
def _output_gate_third(x, h, c, U, W, b):
    """The blocks are read in another order: torch's are i, f, g, o, the new value g third and the output gate last."""
    i, f, o, g = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)  # wrong
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c_next), c_next


@_output_gate_third.variant
def _output_gate_second(x, h, c, U, W, b):
    i, o, f, g = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "i and f exchanged", "keeps what it should overwrite")
def _i_and_f_exchanged(x, h, c, U, W, b):
    """The input gate and the forget gate are exchanged: torch's first block is i, which multiplies the new value, the
    second is f, which multiplies the old cell."""
    f, i, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)  # wrong
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "no forget gate", "the cell grows without bound")
def _no_forget_gate(x, h, c, U, W, b):
    """The old cell is kept whole, as in the LSTM of 1997: today's has a forget gate f that multiplies it, f * c."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)  # noqa: RUF059 - made, and forgotten
    c_next = c + _sigmoid(i) * np.tanh(g)  # wrong
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "input gate as 1 − f", "right only where i and f add up to 1")
def _coupled_gates(x, h, c, U, W, b):
    """The input gate is 1 − f, as in a GRU: an LSTM has an input gate of its own, with rows of its own."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)  # noqa: RUF059 - made, and forgotten
    c_next = _sigmoid(f) * c + (1 - _sigmoid(f)) * np.tanh(g)  # wrong
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "state for the cell", "right only where h and c are alike")
def _state_for_the_cell(x, h, c, U, W, b):
    """The forget gate multiplies the hidden state h: what it keeps is the old cell, f * c."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * h + _sigmoid(i) * np.tanh(g)  # wrong
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "tanh of the cell forgotten", "states beyond −1 and 1, but only for larger cells")
def _tanh_of_the_cell_forgotten(x, h, c, U, W, b):
    """The tanh of the cell is missing in the new state: h = o * tanh(c), with the new c."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * c_next, c_next  # wrong


@mistake("lstm_step", "state from the old cell", "the cell is right, and the state is one step late")
def _state_from_the_old_cell(x, h, c, U, W, b):
    """The new state is made of the old cell: make the new cell first, and the state of it."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c_next  # wrong


@mistake("lstm_step", "sigmoid for the new value", "the cell never falls below zero, from a zero cell")
def _sigmoid_for_the_new_value(x, h, c, U, W, b):
    """The new value g is made with a sigmoid: it is no gate, and may be negative, so take its tanh."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * _sigmoid(g)  # wrong
    return _sigmoid(o) * np.tanh(c_next), c_next


@mistake("lstm_step", "state and cell swapped", "the first result is the cell, and lies beyond −1 and 1")
def _state_and_cell_swapped(x, h, c, U, W, b):
    """The two results are swapped: return the new state h first, then the new cell c."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return c_next, _sigmoid(o) * np.tanh(c_next)  # wrong


@mistake("lstm_step", "forget bias added", "close to right, with a forget gate that is more open")
def _forget_bias_added(x, h, c, U, W, b):
    """The forget gate has 1 added to its sum, as some libraries do: a start at 1 belongs into the values of b when they
    are drawn, and here b is used as it is given."""
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f + 1) * c + _sigmoid(i) * np.tanh(g)  # wrong
    return _sigmoid(o) * np.tanh(c_next), c_next


# bits_a_character


@mistake("bits_a_character", "natural logarithm", "too small by a factor of 0.69, ln 2: nats, not bits")
def _natural_logarithm(p, codes):
    """The logarithm is the natural one, which gives nats: bits take the logarithm to the base 2, np.log2."""
    return -np.log(p[np.arange(len(codes)), codes]).mean()  # wrong


@mistake("bits_a_character", "decimal logarithm", "too small by a factor of 0.30")
def _decimal_logarithm(p, codes):
    """The logarithm is to the base 10: bits take the one to the base 2, np.log2."""
    return -np.log10(p[np.arange(len(codes)), codes]).mean()  # wrong


@mistake("bits_a_character", "minus forgotten", "below zero")
def _minus_forgotten(p, codes):
    """The minus is missing: the logarithm of a probability is at most 0, and the bits are its negative."""
    return np.log2(p[np.arange(len(codes)), codes]).mean()  # wrong


@mistake("bits_a_character", "bits summed", "grows with the length of the text")
def _bits_summed(p, codes):
    """The bits of all characters are added up: take their mean, so that texts of any length can be compared."""
    return -np.log2(p[np.arange(len(codes)), codes]).sum()  # wrong


@mistake("bits_a_character", "mean before the logarithm", "too small where some characters are a surprise")
def _mean_before(p, codes):
    """The mean is taken of the probabilities, and then the logarithm of this mean: take the logarithm of each first."""
    return -np.log2(p[np.arange(len(codes)), codes].mean())  # wrong


@mistake("bits_a_character", "bits that the guess expects", "the same whatever comes")
def _expected_bits(p, codes):
    """What is measured is the entropy of the guess itself, the sum of −p log2 p over all kinds, whatever came: only the
    probability of the character that came counts.
    """
    return -(p * np.log2(p)).sum(axis=1).mean()  # wrong


@mistake("bits_a_character", "bits of the likeliest", "too small: as if the best guess had always come")
def _likeliest(p, codes):
    """The largest probability of each row is taken, as if the likeliest character had come: take that of the character
    that did come.
    """
    return -np.log2(p.max(axis=1)).mean()  # wrong


@mistake("bits_a_character", "every row at every code", "off wherever there is more than one character")
def _every_pair(p, codes):
    """p[:, codes] takes each row at the codes of all steps: row t belongs to codes[t] alone, p[np.arange(T), codes]."""
    return -np.log2(p[:, codes]).mean()  # wrong


@mistake("bits_a_character", "divided by the kinds too", "too small by a factor of K")
def _divided_by_kinds(p, codes):
    """The mean is taken over all T · K entries, most of which are zero: divide by the number of characters alone."""
    one_hot = np.eye(p.shape[1])[codes]
    return -(one_hot * np.log2(p)).mean()  # wrong


@mistake("bits_a_character", "perplexity", "2 to the power of what it should be")
def _perplexity(p, codes):
    """What comes back is 2 to the power of the bits, which is called perplexity: return the bits themselves."""
    return 2 ** -np.log2(p[np.arange(len(codes)), codes]).mean()  # wrong


@mistake("bits_a_character", "probability for the bits", "between 0 and 1")
def _no_logarithm(p, codes):
    """The logarithm is missing: what comes back is a probability, and bits are −log2 of it."""
    return p[np.arange(len(codes)), codes].mean()  # wrong
