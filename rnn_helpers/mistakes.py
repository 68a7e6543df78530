"""The catalogue of known mistakes: each one runs, gives a wrong result, and carries the sentence that helps.

The checks recognise a learner's mistake by it, and notebook 04 shows what each mistake costs. The mistakes that only
the assignments' checks know are in `assignment_mistakes`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_helpers.rnn import rnn_step

__all__ = ["CATALOGUE", "Mistake", "forward_from"]

WRONG = "# wrong"


@dataclass(frozen=True, eq=False)
class Mistake:
    """One known mistake.

    Attributes
    ----------
    name : str
        What the mistake is called.
    target : str
        The check that it fails, by its name in `checks`.
    function : callable
        A wrong implementation that runs, with the signature of `target`; an rnn_forward needs its `h_0`.
    hint : str
        The sentence that a learner who made this mistake needs.
    sign : str, optional
        How to recognise it from outside, in a few words.
    variants : list of callable
        The same mistake written in other ways, where that makes it behave in other ways.
    """

    name: str
    target: str
    function: Callable[..., Any]
    hint: str
    sign: str = ""
    variants: list[Callable[..., Any]] = field(default_factory=list)

    def variant(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate the same mistake, written in another way."""
        self.variants.append(function)
        return function

    @property
    def line(self) -> str:
        """The line of `function` that is wrong, without the comment that marks it."""
        for line in inspect.getsource(self.function).splitlines():
            code, mark, _ = line.partition(WRONG)
            if mark:
                return code.strip()
        raise ValueError(f"no line of the mistake {self.name!r} is marked {WRONG!r}")


CATALOGUE: list[Mistake] = []


def into(catalogue: list[Mistake]) -> Callable[..., Any]:
    """Make the decorator that puts a wrong function, with its docstring as the hint, into a catalogue."""

    def mistake(target: str, name: str, sign: str) -> Callable[..., Mistake]:
        def decorate(function: Callable[..., Any]) -> Mistake:
            catalogue.append(Mistake(name, target, function, " ".join(function.__doc__.split()), sign))
            return catalogue[-1]

        return decorate

    return mistake


mistake = into(CATALOGUE)


def forward_from(step: Callable[..., Any]) -> Callable[..., Any]:
    """Lift a step function, right or wrong, into a function that reads a whole sequence with it.

    Parameters
    ----------
    step : callable
        Called as ``step(x_t, h, U, W, b)``, as `rnn_helpers.rnn.rnn_step` is.

    Returns
    -------
    callable
        Called as ``forward(x, U, W, b, h_0)`` with `x` of shape (T, I) or (T, N, I); returns `output` and `h_n`.
    """

    def forward(x, U, W, b, h_0):
        h, output = h_0, []
        for x_t in x:
            h = step(x_t, h, U, W, b)
            output.append(h)
        return np.array(output), h

    return forward


# Shapes


@mistake("parameter_shapes", "U's shape transposed", "an error as soon as I and H differ")
def _u_shape_transposed(input_size, hidden_size):
    """U has its two sizes swapped: U turns an input of I numbers into H numbers, so it has H rows and I columns, (H,
    I).
    """
    return {
        "U": (input_size, hidden_size),  # wrong
        "W": (hidden_size, hidden_size),
        "b": (hidden_size,),
    }


@mistake("parameter_shapes", "W sized by the input", "an error as soon as I and H differ")
def _w_sized_by_input(input_size, hidden_size):
    """W has the size of the input: W multiplies the hidden state and gives a hidden state, so it is (H, H), whatever I
    is.
    """
    return {
        "U": (hidden_size, input_size),
        "W": (input_size, input_size),  # wrong
        "b": (hidden_size,),
    }


@mistake("parameter_shapes", "b sized by the input", "an error as soon as I and H differ")
def _b_sized_by_input(input_size, hidden_size):
    """b has the size of the input: it is added to W h and U x, which are vectors of H numbers, so it is (H,)."""
    return {
        "U": (hidden_size, input_size),
        "W": (hidden_size, hidden_size),
        "b": (input_size,),  # wrong
    }


# One step


@mistake("rnn_step", "missing tanh", "states beyond −1 and 1, but only for larger sums")
def _missing_tanh(x, h, U, W, b):
    """The tanh is missing: the new state is tanh of the sum, not the sum itself."""
    return x @ U.T + h @ W.T + b  # wrong


@mistake("rnn_step", "tanh on one term only", "states beyond −1 and 1, but only for larger sums")
def _tanh_on_one_term(x, h, U, W, b):
    """The tanh is around U x only: add all three terms first, then take the tanh of the whole sum (look at the closing
    parenthesis).
    """
    return np.tanh(x @ U.T) + h @ W.T + b  # wrong


@mistake("rnn_step", "bias left out", "zero input and zero state give zero")
def _bias_left_out(x, h, U, W, b):
    """The bias b is left out: add it to U x + W h before the tanh."""
    return np.tanh(x @ U.T + h @ W.T)  # wrong


@mistake("rnn_step", "bias twice", "zero input and zero state give tanh(2b)")
def _bias_twice(x, h, U, W, b):
    """The bias b is added twice: the formula adds it once to the whole sum, not once to each product."""
    return np.tanh((x @ U.T + b) + (h @ W.T + b))  # wrong


@mistake("rnn_step", "bias outside", "zero input and zero state give b itself")
def _bias_outside(x, h, U, W, b):
    """The bias b is outside the tanh: add it to U x + W h first, then take the tanh of the sum."""
    return np.tanh(x @ U.T + h @ W.T) + b  # wrong


@mistake("rnn_step", "W transposed", "no error; wrong from the first non-zero state on")
def _w_transposed(x, h, U, W, b):
    """W is transposed: with states in rows, W h is written h @ W.T; because W is square, h @ W raises no error."""
    return np.tanh(x @ U.T + h @ W + b)  # wrong


@mistake("rnn_step", "U transposed", "an error, but none if I = H")
def _u_transposed(x, h, U, W, b):
    """U is transposed: with inputs in rows, U x is written x @ U.T; x @ U runs only if I = H, and is wrong there."""
    return np.tanh(x @ U + h @ W.T + b)  # wrong


@mistake("rnn_step", "U and W transposed", "an error, but none if I = H")
def _u_and_w_transposed(x, h, U, W, b):
    """U and W are both transposed: with one input in each row, U x is written x @ U.T, and W h is written h @ W.T."""
    return np.tanh(x @ U + h @ W + b)  # wrong


@mistake("rnn_step", "W h outside the tanh", "right from a zero state, wrong from any other")
def _w_h_outside(x, h, U, W, b):
    """W h is outside the tanh: add all three terms first, then take the tanh of the whole sum."""
    return np.tanh(x @ U.T + b) + h @ W.T  # wrong


@mistake("rnn_step", "U and W swapped", "an error, but none if I = H")
def _u_and_w_swapped(x, h, U, W, b):
    """U and W are swapped: U belongs to the input x, and W to the hidden state h. (Or x and h are: the function is
    called with x first.)
    """
    return np.tanh(x @ W.T + h @ U.T + b)  # wrong


@mistake("rnn_step", "no memory", "the order of the earlier inputs makes no difference")
def _no_memory(x, h, U, W, b):
    """The state before this step has no influence: add the term W h, which is the network's memory."""
    return np.tanh(x @ U.T + b)  # wrong


@mistake("rnn_step", "columns only", "right for one sequence, an error on a batch")
def _columns_only(x, h, U, W, b):
    """This is right for one vector, but not for a batch, which has one input in each row: write x @ U.T and h @ W.T,
    which mean the same for one vector and fit both.
    """
    return np.tanh(U @ x + W @ h + b)  # wrong


@_columns_only.variant
def _columns_unit_by_unit(x, h, U, W, b):
    return np.array([np.tanh((U[i] * x).sum() + (W[i] * h).sum() + b[i]) for i in range(len(b))])


@_columns_only.variant
def _columns_by_rows(x, h, U, W, b):
    return np.tanh((U * x).sum(axis=1) + (W * h).sum(axis=1) + b)


# A whole sequence. Unlike `rnn_step`, a learner's own step stretches sizes that do not fit: hence some of the variants.


def _unchecked_step(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


@mistake("rnn_forward", "state not carried", "the first step is right, all others are off")
def _state_not_carried(x, U, W, b, h_0):
    """The state is not carried on: every step starts from h_0 again, instead of from the state that the step before
    returned.
    """
    output = []
    for x_t in x:
        h = rnn_step(x_t, h_0, U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "h_0 ignored", "right as long as h_0 is zero")
def _h_0_ignored(x, U, W, b, h_0):
    """h_0 is ignored: the first step must start from the h_0 that was given, not from zeros."""
    h, output = np.zeros(h_0.shape), []  # wrong
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@_h_0_ignored.variant
def _h_0_ignored_in_a_batch(x, U, W, b, h_0):
    h, output = np.zeros(len(b)), []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "input order reversed", "right only for a sequence of one step")
def _input_reversed(x, U, W, b, h_0):
    """The input is read from its end: the first step must read x[0]."""
    h, output = h_0, []
    for x_t in x[::-1]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "output reversed", "h_n equals output[0], not output[-1]")
def _output_reversed(x, U, W, b, h_0):
    """The output is in reversed order: output[0] must be the state after the first step, and output[-1] equal h_n."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.insert(0, h)  # wrong
    return np.array(output), h


@_output_reversed.variant
def _output_reversed_last_row(x, U, W, b, h_0):
    output, _ = _output_reversed.function(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "stored before the step", "output[0] is h_0, and h_n is right")
def _stored_before_the_step(x, U, W, b, h_0):
    """Each state is stored before the step instead of after it: output[0] must be the state after the first step, not
    h_0.
    """
    h, output = h_0, []
    for x_t in x:
        output, h = [*output, h], rnn_step(x_t, h, U, W, b)  # wrong
    return np.array(output), h


@mistake("rnn_forward", "returns swapped", "the first result has no time axis")
def _returns_swapped(x, U, W, b, h_0):
    """The two results are swapped: return output first, with the states of all steps, and then h_n, the last one."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return h, np.array(output)  # wrong


@mistake("rnn_forward", "one shared buffer", "all rows of output are equal")
def _shared_buffer(x, U, W, b, h_0):
    """All rows of output are the same, the last state: every step writes into one array and the list holds that array T
    times, so store a copy at each step.
    """
    h, output = h_0.astype(float), []
    for x_t in x:
        h[...] = rnn_step(x_t, h, U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@_shared_buffer.variant
def _shared_buffer_of_integers(x, U, W, b, h_0):
    h, output = h_0.copy(), []
    for x_t in x:
        h[...] = _unchecked_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "integer output", "integer input gives whole numbers, mostly zeros")
def _integer_output(x, U, W, b, h_0):
    """The output array has the integer type of the input, which cuts every state off to a whole number: create it with
    a float type.
    """
    h = h_0
    output = np.zeros((len(x), *h_0.shape), dtype=x.dtype)  # wrong
    for t, x_t in enumerate(x):
        h = output[t] = rnn_step(x_t, h, U, W, b)
    return output, h


@_integer_output.variant
def _integer_output_carried(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape), dtype=x.dtype)
    for t, x_t in enumerate(x):
        output[t] = _unchecked_step(x_t, h, U, W, b)
        h = output[t]
    return output, h


@_integer_output.variant
def _integer_output_last_row(x, U, W, b, h_0):
    output, _ = _integer_output.function(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "wrong axis taken for time", "an error, but none if N = T")
def _wrong_axis(x, U, W, b, h_0):
    """The loop runs over the second axis of x, but time is the first: x is (T, I) or (T, N, I), and x[t] is what step t
    reads.
    """
    h, output = h_0, []
    for x_t in x.swapaxes(0, 1):  # wrong
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@_wrong_axis.variant
def _wrong_axis_unchecked(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x.swapaxes(0, 1):
        h = _unchecked_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "batch first", "right for one sequence; on a batch an error, but none if N = T")
def _batch_first(x, U, W, b, h_0):
    """A batch is read as if it were (N, T, I), batch first: here time is the first axis, (T, N, I), and x[t] holds what
    all sequences read at step t.
    """
    h, output = h_0, []
    for t in range(x.shape[-2]):
        h = rnn_step(x[..., t, :], h, U, W, b)  # wrong
        output.append(h)
    return np.stack(output, axis=-2), h


@_batch_first.variant
def _batch_first_unchecked(x, U, W, b, h_0):
    h, output = h_0, []
    for t in range(x.shape[-2]):
        h = _unchecked_step(x[..., t, :], h, U, W, b)
        output.append(h)
    return np.stack(output, axis=-2), h


@mistake("rnn_forward", "h_0 overwritten in place", "a second call with the same h_0 differs from the first")
def _h_0_overwritten(x, U, W, b, h_0):
    """The caller's h_0 is overwritten: h and h_0 are one array here, so h[...] = and h += change both; start from a
    copy, or bind h to a new array at each step.
    """
    h, output = h_0, []
    for x_t in x:
        h[...] = rnn_step(x_t, h, U, W, b)  # wrong
        output.append(h.copy())
    return np.array(output), h
