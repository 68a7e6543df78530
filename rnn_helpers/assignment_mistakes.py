"""The catalogue of mistakes that the assignments' own checks know; the core's is in `mistakes`.

Two catalogues, because notebook 04 shows what each mistake of the first one costs, and its table is about one step and
one sequence alone. Each function here stands on its own, with NumPy and `rnn_step` only.
"""

from __future__ import annotations

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
)
