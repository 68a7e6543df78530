"""The catalogue of known mistakes: each one runs, gives a wrong result, and carries the sentence that helps.

The checks recognise a learner's mistake by it, and notebook 04 shows what each mistake costs. The mistakes that only
the assignments' checks know are in `assignment_mistakes`, those about gradients and gated cells in `learning_mistakes`.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_helpers.rnn import rnn_forward, rnn_step

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
    also : tuple of str
        What people write when they look for it, for the mistakes that are looked for most.
    """

    name: str
    target: str
    function: Callable[..., Any]
    hint: str
    sign: str = ""
    variants: list[Callable[..., Any]] = field(default_factory=list)
    also: tuple[str, ...] = ()

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

    @property
    def told(self) -> str:
        """What a check says of it: the hint, and under what name the book has the line, the sign and the cost."""
        return f'{self.hint} (In the book: Silent mistakes, "{self.name}".)'

    @property
    def anchor(self) -> str:
        """Where it stands on its page in the book: its name, in the letters of an address."""
        plain = unicodedata.normalize("NFKD", self.name.lower()).encode("ascii", "ignore").decode()
        return re.sub("[^a-z0-9]+", "-", plain).strip("-")


CATALOGUE: list[Mistake] = []


def into(catalogue: list[Mistake]) -> Callable[..., Any]:
    """Make the decorator that puts a wrong function, with its docstring as the hint, into a catalogue."""

    def mistake(target: str, name: str, sign: str, also: tuple[str, ...] = ()) -> Callable[..., Mistake]:
        def decorate(function: Callable[..., Any]) -> Mistake:
            hint = " ".join(str(function.__doc__).split())
            catalogue.append(Mistake(name, target, function, hint, sign, also=also))
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


@mistake("parameter_shapes", "U's and W's shapes exchanged", "an error as soon as I and H differ")
def _u_and_w_shapes_exchanged(input_size, hidden_size):
    """The shapes of U and W are exchanged: U multiplies the input, so it is (H, I); W multiplies the hidden state, so
    it is (H, H)."""
    return {
        "U": (hidden_size, hidden_size),  # wrong
        "W": (hidden_size, input_size),
        "b": (hidden_size,),
    }


@mistake("parameter_shapes", "W with U's shape", "an error as soon as I and H differ")
def _w_with_the_shape_of_u(input_size, hidden_size):
    """W has the shape of U: W multiplies the hidden state, which has H numbers, so it is (H, H)."""
    return {
        "U": (hidden_size, input_size),
        "W": (hidden_size, input_size),  # wrong
        "b": (hidden_size,),
    }


@mistake("parameter_shapes", "I and H exchanged", "an error as soon as I and H differ")
def _sizes_exchanged(input_size, hidden_size):
    """I and H are exchanged throughout: the first argument is I, the size of an input, the second is H, the size of a
    state; U is (H, I), W is (H, H), b is (H,)."""
    return {
        "U": (input_size, hidden_size),  # wrong
        "W": (input_size, input_size),
        "b": (input_size,),
    }


@mistake("parameter_shapes", "b with two axes", "states come back with an axis too many")
def _b_as_a_column(input_size, hidden_size):
    """b has two axes: it is a vector of H numbers, one for each unit, so its shape is (H,), neither a column (H, 1) nor
    a row (1, H)."""
    return {
        "U": (hidden_size, input_size),
        "W": (hidden_size, hidden_size),
        "b": (hidden_size, 1),  # wrong
    }


@_b_as_a_column.variant
def _b_as_a_row(input_size, hidden_size):
    return {"U": (hidden_size, input_size), "W": (hidden_size, hidden_size), "b": (1, hidden_size)}


@mistake("parameter_shapes", "four gates", "matrices four times as tall")
def _four_gates(input_size, hidden_size):
    """There are four times as many rows as belong there, one block for each gate of an LSTM: a plain RNN has no
    gates, so H rows are enough.
    """
    return {
        "U": (4 * hidden_size, input_size),  # wrong
        "W": (4 * hidden_size, hidden_size),
        "b": (4 * hidden_size,),
    }


@_four_gates.variant
def _three_gates(input_size, hidden_size):
    return {"U": (3 * hidden_size, input_size), "W": (3 * hidden_size, hidden_size), "b": (3 * hidden_size,)}


# One step


@mistake(
    "rnn_step",
    "missing tanh",
    "states beyond −1 and 1, but only for larger sums",
    also=("my hidden states explode", "my states grow without bound"),
)
def _missing_tanh(x, h, U, W, b):
    """The tanh is missing: the new state is tanh of the sum, not the sum itself."""
    return x @ U.T + h @ W.T + b  # wrong


@mistake("rnn_step", "tanh on one term only", "states beyond −1 and 1, but only for larger sums")
def _tanh_on_one_term(x, h, U, W, b):
    """The tanh is around U x only: add all three terms first, then take the tanh of the whole sum (look at the closing
    parenthesis).
    """
    return np.tanh(x @ U.T) + h @ W.T + b  # wrong


@mistake("rnn_step", "tanh on W h only", "states beyond −1 and 1, but only for larger sums")
def _tanh_on_w_h_only(x, h, U, W, b):
    """The tanh is around W h only: add all three terms first, then take the tanh of the whole sum."""
    return x @ U.T + np.tanh(h @ W.T) + b  # wrong


@mistake("rnn_step", "tanh on each product", "states beyond −1 and 1, but only for larger sums")
def _tanh_on_each_product(x, h, U, W, b):
    """The tanh is taken of U x and of W h, each by itself, and b is added outside: add all three terms first, then take
    one tanh of the whole sum."""
    return np.tanh(x @ U.T) + np.tanh(h @ W.T) + b  # wrong


@mistake("rnn_step", "tanh on each term", "states beyond −1 and 1, but only for larger sums")
def _tanh_on_each_term(x, h, U, W, b):
    """The tanh is taken of each term by itself: add U x, W h and b first, then take one tanh of the whole sum."""
    return np.tanh(x @ U.T) + np.tanh(h @ W.T) + np.tanh(b)  # wrong


@mistake("rnn_step", "two tanhs, one for each product", "states beyond −1 and 1, but only for larger sums")
def _tanh_of_u_x_and_of_the_rest(x, h, U, W, b):
    """There are two tanhs, and the bias is inside one of them: add all three terms first, then take one tanh of the
    whole sum."""
    return np.tanh(x @ U.T) + np.tanh(h @ W.T + b)  # wrong


@_tanh_of_u_x_and_of_the_rest.variant
def _tanh_of_w_h_and_of_the_rest(x, h, U, W, b):
    return np.tanh(x @ U.T + b) + np.tanh(h @ W.T)


@mistake("rnn_step", "tanh twice", "states that stay within −0.77 and 0.77")
def _tanh_twice(x, h, U, W, b):
    """The tanh is taken twice: once, of the whole sum, is enough."""
    return np.tanh(np.tanh(x @ U.T + h @ W.T + b))  # wrong


@mistake("rnn_step", "slope of tanh", "states that are never negative")
def _slope_of_tanh(x, h, U, W, b):
    """This is the derivative of tanh, 1 − tanh², which belongs to training: the new state is tanh of the sum itself."""
    return 1 - np.tanh(x @ U.T + h @ W.T + b) ** 2  # wrong


@mistake(
    "rnn_step",
    "sigmoid for tanh",
    "states that are never negative; zero input and zero state give about 0.5",
    also=("my hidden states are never negative",),
)
def _sigmoid(x, h, U, W, b):
    """The sigmoid, 1 / (1 + exp(−z)), is taken where tanh belongs: it gives 0.5 for a sum of 0 and never a negative
    state. Write np.tanh of the sum."""
    return 1 / (1 + np.exp(-(x @ U.T + h @ W.T + b)))  # wrong


@mistake("rnn_step", "relu for tanh", "states that are never negative, and have no upper bound")
def _relu(x, h, U, W, b):
    """The relu, max(z, 0), is taken where tanh belongs: it cuts off every negative sum. Write np.tanh of the sum."""
    return np.maximum(x @ U.T + h @ W.T + b, 0)  # wrong


@mistake("rnn_step", "another function for tanh", "close to right for small sums only")
def _another_function(x, h, U, W, b):
    """The sum is right, but the function around it is not tanh, the hyperbolic tangent: write np.tanh (np.tan,
    np.arctan and np.sin are other functions, and a cut at −1 and 1 is not tanh either)."""
    return np.tan(x @ U.T + h @ W.T + b)  # wrong


@_another_function.variant
def _arctan(x, h, U, W, b):
    return np.arctan(x @ U.T + h @ W.T + b)


@_another_function.variant
def _sine(x, h, U, W, b):
    return np.sin(x @ U.T + h @ W.T + b)


@_another_function.variant
def _hyperbolic_sine(x, h, U, W, b):
    return np.sinh(x @ U.T + h @ W.T + b)


@_another_function.variant
def _softsign(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return z / (1 + np.abs(z))


@_another_function.variant
def _cut_at_one(x, h, U, W, b):
    return np.clip(x @ U.T + h @ W.T + b, -1, 1)


@_another_function.variant
def _inverse_tanh(x, h, U, W, b):
    return np.arctanh(x @ U.T + h @ W.T + b)


@mistake("rnn_step", "tanh of half the sum", "too small, close to half for small sums")
def _tanh_of_half_the_sum(x, h, U, W, b):
    """This is tanh of half the sum, or of twice the sum: tanh(z) is (exp(2z) − 1) / (exp(2z) + 1), with the 2 in both
    places. Write np.tanh, which also copes with large numbers."""
    return np.tanh((x @ U.T + h @ W.T + b) / 2)  # wrong


@_tanh_of_half_the_sum.variant
def _tanh_of_twice_the_sum(x, h, U, W, b):
    return np.tanh(2 * (x @ U.T + h @ W.T + b))


@mistake("rnn_step", "sum scaled", "smaller than it should be")
def _sum_scaled(x, h, U, W, b):
    """The sum is divided before the tanh, by the root or the number of units or of terms, as attention and means
    do: the formula takes tanh of the sum as it is.
    """
    return np.tanh((x @ U.T + h @ W.T + b) / np.sqrt(len(b)))  # wrong


@_sum_scaled.variant
def _sum_divided_by_the_units(x, h, U, W, b):
    return np.tanh((x @ U.T + h @ W.T + b) / len(b))


@_sum_scaled.variant
def _sum_divided_by_three(x, h, U, W, b):
    return np.tanh((x @ U.T + h @ W.T + b) / 3)


@mistake("rnn_step", "normalised over the units", "each state has mean 0 before the tanh")
def _normalised_over_the_units(x, h, U, W, b):
    """The sum, or the state, is normalised over its units, as a layer norm does: a plain RNN does not."""
    z = x @ U.T + h @ W.T + b
    centred = z - z.mean(axis=-1, keepdims=True)
    return np.tanh(centred / np.sqrt(z.var(axis=-1, keepdims=True) + 1e-5))  # wrong


@_normalised_over_the_units.variant
def _normalised_with_a_small_number_outside(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.tanh((z - z.mean(axis=-1, keepdims=True)) / (z.std(axis=-1, keepdims=True) + 1e-5))


@_normalised_over_the_units.variant
def _normalised_without_a_small_number(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.tanh((z - z.mean(axis=-1, keepdims=True)) / z.std(axis=-1, keepdims=True))


@_normalised_over_the_units.variant
def _state_of_length_one(x, h, U, W, b):
    state = np.tanh(x @ U.T + h @ W.T + b)
    return state / np.linalg.norm(state, axis=-1, keepdims=True)


@mistake("rnn_step", "gate of another network", "between the old state and the new one")
def _update_gate(x, h, U, W, b):
    """There is a gate that mixes the old state with the new one, or scales the new one, as in a GRU or an LSTM: a plain
    RNN has none, and replaces its state by tanh of the sum."""
    z = x @ U.T + h @ W.T + b
    gate = 1 / (1 + np.exp(-z))
    return gate * h + (1 - gate) * np.tanh(z)  # wrong


@_update_gate.variant
def _update_gate_the_other_way(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    gate = 1 / (1 + np.exp(-z))
    return (1 - gate) * h + gate * np.tanh(z)


@_update_gate.variant
def _output_gate(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return np.tanh(z) / (1 + np.exp(-z))


@_update_gate.variant
def _half_of_the_old_state(x, h, U, W, b):
    return (h + np.tanh(x @ U.T + h @ W.T + b)) / 2


@_update_gate.variant
def _times_the_old_state(x, h, U, W, b):
    return h * np.tanh(x @ U.T + h @ W.T + b)


@mistake("rnn_step", "softmax for tanh", "the numbers of a state add up to 1")
def _softmax(x, h, U, W, b):
    """The softmax is taken where tanh belongs: it makes probabilities, which add up to 1. Each unit has a tanh of its
    own: write np.tanh of the sum."""
    powers = np.exp(x @ U.T + h @ W.T + b)
    return powers / powers.sum(axis=-1, keepdims=True)  # wrong


@mistake(
    "rnn_step",
    "tanh of exponentials",
    "NaN as soon as a sum is large",
    also=("my RNN gives NaN", "overflow encountered in exp"),
)
def _tanh_of_exponentials(x, h, U, W, b):
    """The formula of tanh with exponentials is right until a sum is large: np.exp overflows for numbers beyond 709, and
    infinity divided by infinity is NaN. Write np.tanh, which copes with any number."""
    z = x @ U.T + h @ W.T + b
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))  # wrong


@_tanh_of_exponentials.variant
def _tanh_of_one_exponential(x, h, U, W, b):
    power = np.exp(2 * (x @ U.T + h @ W.T + b))
    return (power - 1) / (power + 1)


@_tanh_of_exponentials.variant
def _tanh_of_one_negative_exponential(x, h, U, W, b):
    power = np.exp(-2 * (x @ U.T + h @ W.T + b))
    return (1 - power) / (1 + power)


@mistake("rnn_step", "bias left out", "zero input and zero state give zero")
def _bias_left_out(x, h, U, W, b):
    """The bias b is left out: add it to U x + W h before the tanh."""
    return np.tanh(x @ U.T + h @ W.T)  # wrong


@mistake(
    "rnn_step",
    "bias twice",
    "zero input and zero state give tanh(2b)",
    also=("PyTorch has two biases, bias_ih and bias_hh",),
)
def _bias_twice(x, h, U, W, b):
    """The bias b is added twice: the formula adds it once to the whole sum, not once to each product."""
    return np.tanh((x @ U.T + b) + (h @ W.T + b))  # wrong


@mistake("rnn_step", "bias outside", "zero input and zero state give b itself")
def _bias_outside(x, h, U, W, b):
    """The bias b is outside the tanh: add it to U x + W h first, then take the tanh of the sum."""
    return np.tanh(x @ U.T + h @ W.T) + b  # wrong


@mistake("rnn_step", "bias once for each feature", "zero input and zero state give tanh(I b)")
def _bias_once_for_each_feature(x, h, U, W, b):
    """The bias is added too often, once for each number of the input or the state: add it once to each unit's sum,
    outside the inner loop."""
    return np.tanh(x @ U.T + h @ W.T + x.shape[-1] * b)  # wrong


@_bias_once_for_each_feature.variant
def _bias_once_for_each_unit(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + h.shape[-1] * b)


@mistake("rnn_step", "bias through W", "zero input and zero state give tanh(W b)")
def _bias_through_w(x, h, U, W, b):
    """The bias is multiplied by W, because it stands in one parenthesis with h: W multiplies the state alone."""
    return np.tanh(x @ U.T + (h + b) @ W.T)  # wrong


@mistake("rnn_step", "bias subtracted", "zero input and zero state give −tanh(b)")
def _bias_subtracted(x, h, U, W, b):
    """The bias b is subtracted: the formula adds it to U x + W h."""
    return np.tanh(x @ U.T + h @ W.T - b)  # wrong


@mistake("rnn_step", "U x subtracted", "without bias and state, the input gives the state of its opposite")
def _u_x_subtracted(x, h, U, W, b):
    """U x is subtracted: the formula adds it to W h + b."""
    return np.tanh(h @ W.T + b - x @ U.T)  # wrong


@mistake("rnn_step", "W h subtracted", "right from a zero state, wrong from any other")
def _w_h_subtracted(x, h, U, W, b):
    """W h is subtracted: the formula adds it to U x + b."""
    return np.tanh(x @ U.T + b - h @ W.T)  # wrong


@mistake(
    "rnn_step",
    "W transposed",
    "no error; wrong from the first non-zero state on",
    also=("my weights are right and my states are not", "weight_hh transposed"),
)
def _w_transposed(x, h, U, W, b):
    """W is transposed: with states in rows, W h is written h @ W.T; because W is square, h @ W raises no error."""
    return np.tanh(x @ U.T + h @ W + b)  # wrong


@mistake(
    "rnn_step",
    "U transposed",
    "an error, but none if I = H",
    also=("mismatch in its core dimension", "shapes not aligned"),
)
def _u_transposed(x, h, U, W, b):
    """U is transposed: with inputs in rows, U x is written x @ U.T; x @ U runs only if I = H, and is wrong there."""
    return np.tanh(x @ U + h @ W.T + b)  # wrong


@mistake("rnn_step", "U reshaped", "no error; right only if I or H is 1")
def _u_reshaped(x, h, U, W, b):
    """U is made to fit by reshape, which puts its numbers elsewhere: a transpose, U.T, turns rows into columns."""
    return np.tanh(x @ U.reshape(U.shape[::-1]) + h @ W.T + b)  # wrong


@mistake("rnn_step", "U and W transposed", "an error, but none if I = H")
def _u_and_w_transposed(x, h, U, W, b):
    """U and W are both transposed: with one input in each row, U x is written x @ U.T, and W h is written h @ W.T."""
    return np.tanh(x @ U + h @ W + b)  # wrong


@mistake("rnn_step", "W h outside the tanh", "right from a zero state, wrong from any other")
def _w_h_outside(x, h, U, W, b):
    """W h is outside the tanh: add all three terms first, then take the tanh of the whole sum."""
    return np.tanh(x @ U.T + b) + h @ W.T  # wrong


@mistake("rnn_step", "U x outside the tanh", "right for zero input, wrong for any other")
def _u_x_outside(x, h, U, W, b):
    """U x is outside the tanh: add all three terms first, then take the tanh of the whole sum."""
    return np.tanh(h @ W.T + b) + x @ U.T  # wrong


@mistake("rnn_step", "old state added", "states beyond −1 and 1, and growing")
def _old_state_added(x, h, U, W, b):
    """The old state is added to the new one: it enters through W h alone, inside the tanh, and is then replaced."""
    return h + np.tanh(x @ U.T + h @ W.T + b)  # wrong


@mistake("rnn_step", "old state inside without W", "right from a zero state, wrong from any other")
def _state_without_w(x, h, U, W, b):
    """The old state enters without its weights, as h where W h belongs: multiply it by W."""
    return np.tanh(x @ U.T + h + b)  # wrong


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


@mistake("rnn_step", "no input", "every input gives the same states")
def _no_input(x, h, U, W, b):
    """The input x has no influence: add the term U x."""
    return np.tanh(h @ W.T + b)  # wrong


@mistake("rnn_step", "one loop for both sums", "right if I = H, an error if I is larger")
def _one_loop_for_both_sums(x, h, U, W, b):
    """Only the first I numbers of the state are used, or there is an error where I is larger than H: U x is a sum over
    the I features, W h is one over the H units, so each needs a range of its own."""
    n_features = x.shape[-1]
    if n_features > len(b):
        raise IndexError
    return np.tanh(x @ U.T + h[..., :n_features] @ W[:, :n_features].T + b)  # wrong


@mistake("rnn_step", "diagonal of W only", "right for a diagonal W only")
def _diagonal_only(x, h, U, W, b):
    """Each unit sees its own old number only, because W is multiplied number by number, or by its diagonal: W h is a
    product of matrix and vector, a sum over all units."""
    return np.tanh(x @ U.T + h * np.diag(W) + b)  # wrong


@mistake("rnn_step", "diagonal of W left out", "right for a W with a zero diagonal only")
def _diagonal_left_out(x, h, U, W, b):
    """No unit sees its own old number: the sum W h runs over all units, its own included."""
    return np.tanh(x @ U.T + h @ (W - np.diag(np.diag(W))).T + b)  # wrong


@mistake("rnn_step", "tanh of the old state", "right from a zero state, nearly right from small ones")
def _tanh_of_the_old_state(x, h, U, W, b):
    """A second tanh is taken, of the old state: it is a state already, so multiply it by W as it is."""
    return np.tanh(x @ U.T + np.tanh(h) @ W.T + b)  # wrong


@mistake("rnn_step", "products multiplied", "zero input, or zero state, leaves the bias alone")
def _products_multiplied(x, h, U, W, b):
    """U x and W h are multiplied with each other: add them."""
    return np.tanh((x @ U.T) * (h @ W.T) + b)  # wrong


@mistake("rnn_step", "input twice, state never", "the order of the earlier inputs makes no difference")
def _input_twice(x, h, U, W, b):
    """U x is added twice, and W h not at all: the second product belongs to W and the state."""
    return np.tanh(x @ U.T + x @ U.T + b)  # wrong


@mistake("rnn_step", "state twice, input never", "every input gives the same states")
def _state_twice(x, h, U, W, b):
    """W h is added twice, and U x not at all: the first product belongs to U and the input."""
    return np.tanh(h @ W.T + h @ W.T + b)  # wrong


@mistake("rnn_step", "one feature left out", "right where that feature is zero")
def _first_feature_left_out(x, h, U, W, b):
    """One feature of the input is left out: the sum U x runs over all I features, the first and the last included."""
    return np.tanh(x[..., 1:] @ U[:, 1:].T + h @ W.T + b)  # wrong


@_first_feature_left_out.variant
def _last_feature_left_out(x, h, U, W, b):
    return np.tanh(x[..., :-1] @ U[:, :-1].T + h @ W.T + b)


@mistake("rnn_step", "one number of the state left out", "right where that number is zero")
def _first_number_of_the_state_left_out(x, h, U, W, b):
    """One number of the old state is left out: the sum W h runs over all H units, the first and the last included."""
    return np.tanh(x @ U.T + h[..., 1:] @ W[:, 1:].T + b)  # wrong


@_first_number_of_the_state_left_out.variant
def _last_number_of_the_state_left_out(x, h, U, W, b):
    return np.tanh(x @ U.T + h[..., :-1] @ W[:, :-1].T + b)


@mistake("rnn_step", "one unit left out", "one unit is always zero")
def _last_unit_left_out(x, h, U, W, b):
    """One unit is never computed and stays zero: the loop runs over all H units, the first and the last included."""
    return np.tanh(x @ U.T + h @ W.T + b) * (np.arange(len(b)) < len(b) - 1)  # wrong


@_last_unit_left_out.variant
def _first_unit_left_out(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b) * (np.arange(len(b)) > 0)


@mistake("rnn_step", "states of a batch mixed", "right for one sequence")
def _states_of_a_batch_averaged(x, h, U, W, b):
    """In a batch each sequence sees the states of the others, their mean, their sum, or the first one's: row n of h
    belongs to row n of x alone."""
    return np.tanh(x @ U.T + (h.mean(axis=0) if h.ndim == 2 else h) @ W.T + b)  # wrong


@_states_of_a_batch_averaged.variant
def _states_of_a_batch_added(x, h, U, W, b):
    return np.tanh(x @ U.T + (h.sum(axis=0) if h.ndim == 2 else h) @ W.T + b)


@_states_of_a_batch_averaged.variant
def _state_of_the_first_sequence(x, h, U, W, b):
    return np.tanh(x @ U.T + (h[0] if h.ndim == 2 else h) @ W.T + b)


@mistake("rnn_step", "input through W too", "right without input, wrong with it")
def _input_through_w(x, h, U, W, b):
    """The input goes through W as well: W multiplies the state h alone, not the sum of h and U x."""
    return np.tanh((x @ U.T + h) @ W.T + b)  # wrong


@mistake("rnn_step", "joined in two orders", "no error, because the sizes add up")
def _joined_in_two_orders(x, h, U, W, b):
    """x and h are joined in one order and U and W in the other, so that U meets the state: [x, h] goes with [U, W]."""
    both, weights = np.concatenate([h, x], axis=-1), np.concatenate([U, W], axis=1)  # wrong
    return np.tanh(both @ weights.T + b)


@_joined_in_two_orders.variant
def _joined_in_the_other_two_orders(x, h, U, W, b):
    both, weights = np.concatenate([x, h], axis=-1), np.concatenate([W, U], axis=1)
    return np.tanh(both @ weights.T + b)


@mistake("rnn_step", "units updated one by one", "the first unit is right, the others are off")
def _units_updated_one_by_one(x, h, U, W, b):
    """The units are overwritten one after the other, so that later ones already see new numbers: all units read the old
    state, so put the new numbers into another array."""
    h = 1.0 * h
    for i in range(len(b)):
        h[..., i] = np.tanh(x @ U[i] + h @ W[i] + b[i])  # wrong
    return h


@mistake("rnn_step", "state in integers", "integer input gives whole numbers, mostly zeros")
def _state_in_integers(x, h, U, W, b):
    """The new state is stored in an array that has the integer type of an argument, which cuts every number off to a
    whole one: create it with a float type."""
    new = np.zeros(h.shape, dtype=x.dtype)  # wrong
    new[...] = np.tanh(x @ U.T + h @ W.T + b)
    return new


@_state_in_integers.variant
def _state_in_integers_always(x, h, U, W, b):
    new = np.zeros(h.shape, dtype=int)
    new[...] = np.tanh(x @ U.T + h @ W.T + b)
    return new


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


@mistake("rnn_step", "rows only", "right for a batch, an error on one sequence")
def _rows_only(x, h, U, W, b):
    """This is right for a batch, but not for one vector, which has a single axis: x @ U.T + h @ W.T + b fits both, and
    needs no loop over the rows and no second axis."""
    if x.ndim == 1:
        raise IndexError
    return np.tanh(x @ U.T + h @ W.T + b)  # wrong


@mistake("rnn_step", "columns plus a row", "a state of shape (H, H)")
def _columns_plus_a_row(x, h, U, W, b):
    """x and h are made columns, but b is not: a column (H, 1) plus a vector (H,) gives (H, H), each number with each
    other. Leave x, h and b as they are, and write x @ U.T + h @ W.T + b."""
    return np.tanh(U @ x.reshape(-1, 1) + W @ h.reshape(-1, 1) + b)  # wrong


@mistake("rnn_step", "a column comes back", "a state of shape (H, 1)")
def _a_column_comes_back(x, h, U, W, b):
    """The new state is a column, (H, 1): for one vector it has one axis, (H,), as h has. Leave x, h and b as they are,
    and write x @ U.T + h @ W.T + b."""
    return np.tanh(U @ x.reshape(-1, 1) + W @ h.reshape(-1, 1) + b.reshape(-1, 1))  # wrong


@mistake("rnn_step", "batch in columns", "right for one vector, (H, N) for a batch")
def _batch_in_columns(x, h, U, W, b):
    """The states of a batch come back in columns, (H, N): one sequence stands in each row, (N, H), as in x and h."""
    return np.tanh(x @ U.T + h @ W.T + b).T  # wrong


# A whole sequence. Unlike `rnn_step`, a learner's own step stretches sizes that do not fit: hence some of the variants.


def _unchecked_step(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)


@mistake(
    "rnn_forward",
    "state not carried",
    "the first step is right, all others are off",
    also=("my RNN has no memory", "the hidden state is reset at every step"),
)
def _state_not_carried(x, U, W, b, h_0):
    """The state is not carried on: every step starts from h_0 again, instead of from the state that the step before
    returned.
    """
    output = []
    for x_t in x:
        h = rnn_step(x_t, h_0, U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "no memory in the loop", "the order of the earlier inputs makes no difference")
def _row_that_is_still_empty(x, U, W, b, h_0):
    """No step is influenced by the state before it: W belongs to the state after the step before, which is
    output[t − 1] (output[t] is still zero while step t is computed)."""
    output = np.zeros((len(x), *h_0.shape))
    for t, x_t in enumerate(x):
        output[t] = rnn_step(x_t, output[t], U, W, b)  # wrong
    return output, output[-1]


@mistake("rnn_forward", "sum carried on", "right for one step, and as long as the sums are small")
def _sum_carried_on(x, U, W, b, h_0):
    """What is carried on is the sum before the tanh: the next step needs the state itself, tanh of that sum."""
    z, output = h_0, []
    for x_t in x:
        z = x_t @ U.T + z @ W.T + b  # wrong
        output.append(np.tanh(z))
    return np.array(output), output[-1]


@mistake("rnn_forward", "sum stored", "numbers beyond −1 and 1, but only for larger sums")
def _sum_stored(x, U, W, b, h_0):
    """What is stored is the sum before the tanh: the state is tanh of that sum, for the output as for the next step."""
    h, output = h_0, []
    for x_t in x:
        z = x_t @ U.T + h @ W.T + b
        h = np.tanh(z)
        output.append(z)  # wrong
    return np.array(output), h


@_sum_stored.variant
def _sum_stored_and_returned(x, U, W, b, h_0):
    output, _ = _sum_stored.function(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "tanh once more when stored", "smaller than the states, h_n may be right")
def _tanh_when_stored(x, U, W, b, h_0):
    """The states are right, but they are changed when they are stored: a second tanh is taken of them. Store the state
    as it is."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(np.tanh(h))  # wrong
    return np.array(output), h


@_tanh_when_stored.variant
def _tanh_when_stored_and_returned(x, U, W, b, h_0):
    output, _ = _tanh_when_stored.function(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "bias added once only", "off from the first step on")
def _bias_added_to_the_start(x, U, W, b, h_0):
    """The bias is added to the state before the first step: it belongs into the sum of every step."""
    return rnn_forward(x, U, W, 0 * b, h_0 + b)  # wrong


@_bias_added_to_the_start.variant
def _bias_in_the_first_step_only(x, U, W, b, h_0):
    first, h = rnn_forward(x[:1], U, W, b, h_0)
    rest, h = rnn_forward(x[1:], U, W, 0 * b, h) if len(x) > 1 else (first[:0], h)
    return np.concatenate([first, rest]), h


@mistake("rnn_forward", "sum of all states carried on", "the first steps are right")
def _sum_of_all_states_carried_on(x, U, W, b, h_0):
    """What is carried on is the sum, or the mean, of all states so far: W multiplies the state after the step before,
    and that one alone."""
    h, output = h_0, []
    for x_t in x:
        output.append(rnn_step(x_t, h, U, W, b))
        h = h + output[-1]  # wrong
    return np.array(output), output[-1]


@_sum_of_all_states_carried_on.variant
def _sum_of_all_outputs_carried_on(x, U, W, b, h_0):
    output = []
    for x_t in x:
        output.append(rnn_step(x_t, np.sum(output, axis=0) if output else h_0, U, W, b))
    return np.array(output), output[-1]


@_sum_of_all_states_carried_on.variant
def _mean_of_all_outputs_carried_on(x, U, W, b, h_0):
    output = []
    for x_t in x:
        output.append(rnn_step(x_t, np.mean(output, axis=0) if output else h_0, U, W, b))
    return np.array(output), output[-1]


@_sum_of_all_states_carried_on.variant
def _mean_of_all_states_carried_on(x, U, W, b, h_0):
    states = [h_0]
    for x_t in x:
        states.append(rnn_step(x_t, np.mean(states, axis=0), U, W, b))
    return np.array(states[1:]), states[-1]


@mistake("rnn_forward", "step taken twice", "the first state is that of two steps")
def _step_taken_twice(x, U, W, b, h_0):
    """Every input is read twice: one call of the step for each x[t]; keep its result in a variable, and use that both
    for the output and for the next step."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, rnn_step(x_t, h, U, W, b), U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@_step_taken_twice.variant
def _step_taken_twice_stored_once(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        output.append(rnn_step(x_t, h, U, W, b))
        h = rnn_step(x_t, output[-1], U, W, b)
    return np.array(output), h


@_step_taken_twice.variant
def _step_taken_twice_last_row(x, U, W, b, h_0):
    output, _ = _step_taken_twice_stored_once(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "first input read twice", "as if the sequence began twice")
def _first_input_read_twice(x, U, W, b, h_0):
    """The first input is read twice, once before the loop and once in it: begin the loop with x[1], or leave out the
    step before it."""
    return rnn_forward(x, U, W, b, rnn_step(x[0], h_0, U, W, b))  # wrong


@mistake("rnn_forward", "input of the step before", "the first step reads the last input")
def _input_of_the_step_before(x, U, W, b, h_0):
    """Each step reads the input of the step before, and the first one the last input, x[-1]: step t reads x[t]."""
    return rnn_forward(np.roll(x, 1, axis=0), U, W, b, h_0)  # wrong


@_input_of_the_step_before.variant
def _input_of_the_step_after(x, U, W, b, h_0):
    return rnn_forward(np.roll(x, -1, axis=0), U, W, b, h_0)


@mistake("rnn_forward", "state of two steps before", "the first step is right, the second is not")
def _state_of_two_steps_before(x, U, W, b, h_0):
    """W multiplies the state of two steps before: it belongs to the state after the step before."""
    states = [h_0, h_0]
    for x_t in x:
        states.append(rnn_step(x_t, states[-2], U, W, b))  # wrong
    return np.array(states[2:]), states[-1]


@mistake("rnn_forward", "h_0 at every step", "right as long as h_0 is zero")
def _h_0_at_every_step(x, U, W, b, h_0):
    """h_0 is added at every step: it is the state before the first step, and has no place in the later ones."""
    h, output = 0 * h_0, []
    for x_t in x:
        h = rnn_step(x_t, h + h_0, U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "first input at every step", "the first state is right, and later inputs change nothing")
def _first_input_at_every_step(x, U, W, b, h_0):
    """Every step reads the same input: step t reads x[t]."""
    h, output = h_0, []
    for _ in x:
        h = rnn_step(x[0], h, U, W, b)  # wrong
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "mean for the last state", "h_n depends on all steps alike")
def _mean_for_the_last_state(x, U, W, b, h_0):
    """What is returned as the last state is the mean of all states: the last one alone is wanted."""
    output, _ = rnn_forward(x, U, W, b, h_0)
    return output, output.mean(axis=0)  # wrong


@mistake("rnn_forward", "last number of the last state", "h_n has one axis too few")
def _last_number_of_the_last_state(x, U, W, b, h_0):
    """The last state is indexed once more: h is the last state already, and h[-1] its last number, or the state of the
    last sequence."""
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return output, h_n[-1]  # wrong


@mistake("rnn_forward", "h_n from another step", "output is right, h_n is not its last row")
def _h_n_is_the_first_state(x, U, W, b, h_0):
    """The state that is returned as h_n is not the one after the last step that is read, which is output[-1] where a
    sequence is read forwards."""
    output, _ = rnn_forward(x, U, W, b, h_0)
    return output, output[0]  # wrong


@_h_n_is_the_first_state.variant
def _h_n_is_h_0(x, U, W, b, h_0):
    return rnn_forward(x, U, W, b, h_0)[0], h_0


@mistake("rnn_forward", "states of the last sequence", "h_n has the states of one sequence")
def _states_of_the_last_sequence(x, U, W, b, h_0):
    """What is returned are states of the last sequence, not the last states of all sequences: the index -1 stands
    at the wrong axis. Time is the first axis of (T, N, H), and the second of (N, T, H).
    """
    output, _ = rnn_forward(x, U, W, b, h_0)
    return output, output[..., -1, :]  # wrong


@_states_of_the_last_sequence.variant
def _last_number_of_each_state(x, U, W, b, h_0):
    output, _ = rnn_forward(x, U, W, b, h_0)
    return output, output[:, -1]


@mistake("rnn_forward", "return inside the loop", "one row, whatever T is")
def _return_inside_the_loop(x, U, W, b, h_0):
    """The loop ends after its first step, because return stands inside it: indent return as far as the word for."""
    output = []
    for x_t in x:
        h = rnn_step(x_t, h_0, U, W, b)
        output.append(h)
        return np.array(output), h  # wrong


@_return_inside_the_loop.variant
def _return_inside_the_loop_of_zeros(x, U, W, b, h_0):
    output = np.zeros((len(x), *h_0.shape))
    output[0] = rnn_step(x[0], h_0, U, W, b)
    return output, output[0]


@mistake("rnn_forward", "stored after the loop", "one row, the last state")
def _stored_after_the_loop(x, U, W, b, h_0):
    """Only the last state is stored, because storing it stands after the loop: indent it, so that it happens at every
    step."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
    output.append(h)  # wrong
    return np.array(output), h


@_stored_after_the_loop.variant
def _last_state_for_output(x, U, W, b, h_0):
    h = _stored_after_the_loop.function(x, U, W, b, h_0)[1]
    return h, h


@mistake("rnn_forward", "first step skipped", "T − 1 rows, or a first row of zeros")
def _first_step_skipped(x, U, W, b, h_0):
    """The first step is skipped: the loop runs over all T inputs, as range(T) does; range(1, T) leaves out the
    first."""
    h, output = h_0, []
    for x_t in x[1:]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@_first_step_skipped.variant
def _first_row_left_empty(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape))
    for t in range(1, len(x)):
        h = output[t] = rnn_step(x[t], h, U, W, b)
    return output, h


@_first_step_skipped.variant
def _first_row_left_empty_and_read(x, U, W, b, h_0):
    output = np.zeros((len(x), *h_0.shape))
    for t in range(1, len(x)):
        output[t] = rnn_step(x[t], output[t - 1], U, W, b)
    return output, output[-1]


@_first_step_skipped.variant
def _first_row_is_h_0(x, U, W, b, h_0):
    output = np.zeros((len(x), *h_0.shape))
    output[0] = h_0
    for t in range(1, len(x)):
        output[t] = rnn_step(x[t], output[t - 1], U, W, b)
    return output, output[-1]


@mistake("rnn_forward", "last step skipped", "T − 1 rows, or a last row of zeros")
def _last_step_skipped(x, U, W, b, h_0):
    """The last step is skipped: the loop runs over all T inputs, as range(T) does; range(T − 1) leaves out the
    last."""
    h, output = h_0, []
    for x_t in x[:-1]:  # wrong
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@_last_step_skipped.variant
def _last_row_left_empty(x, U, W, b, h_0):
    h, output = h_0, np.zeros((len(x), *h_0.shape))
    for t in range(len(x) - 1):
        h = output[t] = rnn_step(x[t], h, U, W, b)
    return output, h


@_last_step_skipped.variant
def _last_row_left_empty_and_returned(x, U, W, b, h_0):
    output, _ = _last_row_left_empty(x, U, W, b, h_0)
    return output, output[-1]


@mistake("rnn_forward", "h_0 ignored", "right as long as h_0 is zero")
def _h_0_ignored(x, U, W, b, h_0):
    """h_0 is ignored: the first step must start from the h_0 that was given, not from zeros."""
    h, output = np.zeros(h_0.shape), []  # wrong
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@mistake("rnn_forward", "another start than h_0", "off from the first step on, less and less")
def _starts_from_ones(x, U, W, b, h_0):
    """The first step does not start from h_0: neither ones nor b are the state before the first step, h_0 is (zeros,
    where none is given)."""
    h, output = np.ones(h_0.shape), []  # wrong
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.array(output), h


@_starts_from_ones.variant
def _starts_from_b(x, U, W, b, h_0):
    h, output = np.broadcast_to(b, h_0.shape), []
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


@_input_reversed.variant
def _input_reversed_stored_at_its_place(x, U, W, b, h_0):
    output, h_n = rnn_forward(x[::-1], U, W, b, h_0)
    return output[::-1], h_n


@_input_reversed.variant
def _input_reversed_last_row(x, U, W, b, h_0):
    output, _ = rnn_forward(x[::-1], U, W, b, h_0)
    return output[::-1], output[0]


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


@mistake("rnn_forward", "rows shifted round", "the first state stands in the last row, or the last in the first")
def _rows_shifted_round(x, U, W, b, h_0):
    """The states are right, but each stands one row off: output[t] is the state after x[t] was read; the index −1
    is the last row.
    """
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return np.roll(output, -1, axis=0), h_n  # wrong


@_rows_shifted_round.variant
def _rows_shifted_round_the_other_way(x, U, W, b, h_0):
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return np.roll(output, 1, axis=0), h_n


@mistake("rnn_forward", "output without its last row", "T − 1 rows, and h_n is right")
def _output_without_its_last_row(x, U, W, b, h_0):
    """The last row of output is left out: it holds the states of all T steps, also the one that is returned as h_n."""
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return output[:-1], h_n  # wrong


@mistake("rnn_forward", "states added up", "beyond −1 and 1, and growing")
def _states_added_up(x, U, W, b, h_0):
    """What is stored is the sum, or the mean, of all states so far: store each state by itself."""
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return output.cumsum(axis=0), h_n  # wrong


@_states_added_up.variant
def _states_averaged_so_far(x, U, W, b, h_0):
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return np.array([output[: t + 1].mean(axis=0) for t in range(len(x))]), h_n


@mistake("rnn_forward", "h_0 in the output", "T + 1 rows, the first of them h_0")
def _h_0_in_the_output(x, U, W, b, h_0):
    """The output has T + 1 rows, because it begins with h_0: its first row must be the state after the first step."""
    output = [h_0]  # wrong
    for x_t in x:
        output.append(rnn_step(x_t, output[-1], U, W, b))
    return np.array(output), output[-1]


@mistake("rnn_forward", "joined, not stacked", "T times H numbers in one row")
def _joined_not_stacked(x, U, W, b, h_0):
    """The states are joined end to end: np.concatenate and np.hstack put the rows into one; np.array or np.stack keep
    an axis for the steps."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.concatenate(output), h  # wrong


@_joined_not_stacked.variant
def _joined_along_the_units(x, U, W, b, h_0):
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return np.hstack(list(output)), h_n


@mistake("rnn_forward", "output with the sequences first", "a batch comes back as (N, T, H)")
def _output_batch_first(x, U, W, b, h_0):
    """The output is right, but its axes are in another order: time comes first, (T, H) or (T, N, H), so stack the
    states along axis 0."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return np.stack(output, axis=1), h  # wrong


@_output_batch_first.variant
def _output_batch_first_in_a_batch(x, U, W, b, h_0):
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return np.stack(list(output), axis=-2), h_n


@mistake("rnn_forward", "batch reshaped", "right for one sequence; the sequences of a batch are mixed")
def _batch_reshaped(x, U, W, b, h_0):
    """The sequences of a batch are mixed, because reshape does not move axes: it cuts the same row of numbers anew. Use
    swapaxes, or leave time as the first axis throughout."""
    if x.ndim == 2:
        return rnn_forward(x, U, W, b, h_0)
    states, h_n = rnn_forward(x, U, W, b, h_0)
    return states.swapaxes(0, 1).reshape(states.shape), h_n  # wrong


@_batch_reshaped.variant
def _batch_reshaped_at_the_start(x, U, W, b, h_0):
    if x.ndim == 2:
        return rnn_forward(x, U, W, b, h_0)
    n_steps, n_sequences, n_features = x.shape
    sequences = x.reshape(n_sequences, n_steps, n_features)
    return rnn_forward(sequences.swapaxes(0, 1), U, W, b, h_0)


@mistake("rnn_forward", "h_n with an axis more", "h_n is (1, H), or (1, N, H)", also=("h_n has shape (1, N, H)",))
def _h_n_with_an_axis_more(x, U, W, b, h_0):
    """h_n has an axis of 1 in front, as torch's layer gives it: here it is (H,), or (N, H) for a batch; output[-1] has
    that shape, output[-1:] has not."""
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return output, h_n[np.newaxis]  # wrong


@mistake("rnn_forward", "state handed to the next sequence", "the first sequence is right, the others are off")
def _state_handed_to_the_next_sequence(x, U, W, b, h_0):
    """The end of one sequence is the start of the next: the sequences of a batch have nothing to do with each other,
    and each starts from its own row of h_0."""
    if x.ndim == 2:
        return rnn_forward(x, U, W, b, h_0)
    h, output = h_0[0], np.zeros((*x.shape[:2], len(b)))
    for n in range(x.shape[1]):
        for t in range(len(x)):
            h = output[t, n] = rnn_step(x[t, n], h, U, W, b)  # wrong
    return output, output[-1]


@mistake("rnn_forward", "returns swapped", "the first result has no time axis", also=("output and h_n mixed up",))
def _returns_swapped(x, U, W, b, h_0):
    """The two results are swapped: return output first, with the states of all steps, and then h_n, the last one."""
    h, output = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, U, W, b)
        output.append(h)
    return h, np.array(output)  # wrong


@mistake(
    "rnn_forward",
    "one shared buffer",
    "all rows of output are equal",
    also=("my RNN's rows are all the same", "every row of output equals the last one"),
)
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


@mistake(
    "rnn_forward",
    "integer output",
    "integer input gives whole numbers, mostly zeros",
    also=("my hidden states are all zero",),
)
def _integer_output(x, U, W, b, h_0):
    """The output array has an integer type, such as that of the input, which cuts every state off to a whole number:
    create it with a float type.
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


@_integer_output.variant
def _output_in_whole_numbers(x, U, W, b, h_0):
    output, h_n = rnn_forward(x, U, W, b, h_0)
    return output.astype(int), h_n


@_integer_output.variant
def _output_in_whole_numbers_last_row(x, U, W, b, h_0):
    output, _ = _output_in_whole_numbers(x, U, W, b, h_0)
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
def _sequences_taken_for_steps(x, U, W, b, h_0):
    if x.ndim == 2:
        return rnn_forward(x, U, W, b, h_0)
    steps = [rnn_forward(x_t, U, W, b, h_0[0])[0] for x_t in x]
    return np.array(steps), steps[-1]


@mistake(
    "rnn_forward",
    "batch first",
    "right for one sequence; on a batch an error, but none if N = T",
    also=("batch_first gives other numbers",),
)
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
def _batch_first_stored_time_first(x, U, W, b, h_0):
    output, h_n = _batch_first.function(x, U, W, b, h_0)
    return output.swapaxes(0, -2), h_n


@mistake(
    "rnn_forward",
    "h_0 overwritten in place",
    "a second call with the same h_0 differs from the first",
    also=("the second call gives another result",),
)
def _h_0_overwritten(x, U, W, b, h_0):
    """The caller's h_0 is overwritten: h and h_0 are one array here, so h[...] = and h += change both; start from a
    copy, or bind h to a new array at each step.
    """
    h, output = h_0, []
    for x_t in x:
        h[...] = rnn_step(x_t, h, U, W, b)  # wrong
        output.append(h.copy())
    return np.array(output), h
