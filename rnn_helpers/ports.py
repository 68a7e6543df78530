"""The mistakes that ports of an RNN make: each changes one piece of the right loop. `compare.locate` tries them.

A port is the same layer written again elsewhere, in C, Rust or JAX, with the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import numpy as np

from rnn_helpers.rnn import NONLINEARITIES, RNN, _read, _reversed

__all__ = ["KNOWN", "PADDING_NOT_ZERO", "Loop", "Place", "PortMistake", "Results", "scopes"]

Array = np.ndarray
Place = tuple[int, int]  # a layer and a direction of it
Results = tuple[Array, Array]  # output (T, N, D * H) and h_n (L * D, N, H)
Parameters = tuple[Array, Array, Array]  # U, W and the sum of both biases


class Loop:
    """The loop of `RNN.__call__` in pieces: each is a method, in whose place a mistake can stand.

    Parameters
    ----------
    rnn : RNN
        The right layer.
    x : ndarray, shape (T, N, I)
        The inputs, time first whatever the layer says.
    h_0 : ndarray, shape (L * D, N, H)
        The first states.
    lengths : ndarray of N integers, optional
        The number of steps of each sequence.
    """

    def __init__(self, rnn: RNN, x: Array, h_0: Array, lengths: Array | None) -> None:
        self.rnn, self.x, self.h_0, self.lengths = rnn, x, h_0, lengths
        self.n_layers, self.n_directions = rnn.num_layers, 2 if rnn.bidirectional else 1
        self.n_steps, self.n_sequences = x.shape[:2]
        self.ends = np.full(self.n_sequences, self.n_steps) if lengths is None else lengths
        self.padding = np.arange(self.n_steps)[:, np.newaxis] >= self.ends  # (T, N)
        self.places: list[Place] = [(layer, d) for layer in range(self.n_layers) for d in range(self.n_directions)]

    def after_each_layer(
        self, mistake: PortMistake | None, where: frozenset[Place]
    ) -> Iterator[tuple[int, Array, Array]]:
        """Run the loop with a mistake at some places, or with none.

        Parameters
        ----------
        mistake : PortMistake, optional
            Of a piece of the loop.
        where : frozenset
            The places at which it is made.

        Yields
        ------
        layer : int
            From the first that has the mistake on; what is below is right.
        output, h_n : ndarray
            As far as they are known once this layer is read; in h_n, what is not yet computed is NaN.
        """

        def piece(name: str, at: Place) -> Callable[..., Any]:
            if mistake is not None and mistake.piece == name and at in where:
                return lambda *arguments: mistake.wrong(self, at, *arguments)
            return lambda *arguments: getattr(self, name)(at, *arguments)

        start = min((layer for layer, _ in where), default=0)
        x, h_n = self.before[start] if start else (self.x, np.full_like(self.h_0, np.nan))
        h_n = h_n.copy()
        for layer in range(start, self.n_layers):
            halves = []
            for at in self.places[layer * self.n_directions : (layer + 1) * self.n_directions]:
                if layer == start and where and at not in where:  # beside the first mistake, not after it
                    h_n[self.entry(at)], states = self.right[at]
                else:
                    parameters = piece("parameters", at)()
                    h = piece("first", at)(h_n)
                    h_n[self.entry(at)], states = piece("direction", at)(x, h, parameters)
                halves.append(states)
            x = piece("joined", at)(halves)
            yield layer, x, h_n

    @cached_property
    def before(self) -> list[Results]:
        """What each layer reads when all is right, and h_n so far; last, what the top layer gives."""
        return [(self.x, self.h_0), *((x, h_n.copy()) for _, x, h_n in self.after_each_layer(None, frozenset()))]

    @cached_property
    def right(self) -> dict[Place, Results]:
        """What each direction gives when all is right."""
        inputs = {at: self.before[at[0]][0] for at in self.places}
        return {at: self.direction(at, x, self.first(at, self.h_0), self.parameters(at)) for at, x in inputs.items()}

    def run(self, mistake: PortMistake | None = None, where: frozenset[Place] = frozenset()) -> Results:
        """The results after the last layer, as `RNN` returns them, time first."""
        if mistake is None:
            output, h_n = self.before[-1]
        else:
            *_, (_, output, h_n) = self.after_each_layer(mistake, where)
        return np.where(self.padding[..., np.newaxis], 0, output), h_n.copy()

    # The pieces.

    def parameters(self, at: Place) -> Parameters:
        """U, W and b of a place."""
        U, W = self.weights(at)
        b_ih, b_hh = self.biases(at)
        return U, W, b_ih + b_hh

    def first(self, at: Place, h_n: Array) -> Array:
        """The state before the first step."""
        return self.h_0[self.entry(at)]

    def direction(self, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
        """The last state and every step's state, turned back."""
        states = self.read(self.turned(at, x), h, parameters)
        return self.last(states), self.turned(at, states)

    def joined(self, at: Place, halves: list[Array]) -> Array:
        """The directions of a layer side by side."""
        return np.concatenate(halves, axis=-1)

    # What the pieces are made of.

    def entry(self, at: Place) -> int:
        """Where a place's states stand in h_0 and h_n."""
        layer, direction = at
        return self.n_directions * layer + direction

    def weights(self, at: Place) -> tuple[Array, Array]:
        """U and W of a place."""
        return getattr(self.rnn, "weight_ih" + _suffix(at)), getattr(self.rnn, "weight_hh" + _suffix(at))

    def biases(self, at: Place) -> tuple[Array, Array]:
        """Both biases of a place; zeros if there are none."""
        if not self.rnn.bias:
            return (np.zeros(self.rnn.hidden_size, self.rnn.dtype),) * 2
        return getattr(self.rnn, "bias_ih" + _suffix(at)), getattr(self.rnn, "bias_hh" + _suffix(at))

    def turned(self, at: Place, x: Array) -> Array:
        """For the backward direction, the steps of each sequence the other way round."""
        return _reversed(x, self.lengths) if at[1] else x

    def last(self, states: Array, back: int = 1) -> Array:
        """The state of each sequence at its own last step, or some steps before."""
        return states[np.maximum(self.ends - back, 0), np.arange(states.shape[1])]

    def f(self, sums: Array) -> Array:
        """The layer's nonlinearity, in place."""
        return NONLINEARITIES[self.rnn.nonlinearity](sums, out=sums)

    def read(
        self,
        x: Array,
        h: Array,
        parameters: Parameters,
        step: Callable[[Array, Array, Array], Array] | None = None,
    ) -> Array:
        """Every step's state, by the right step or by another one, which is given U x, W h and b."""
        U, W, b = parameters
        U_x = (x.reshape(-1, x.shape[-1]) @ U.T).reshape(*x.shape[:2], len(W))
        if step is None:
            return _read(U_x + b, h, W, self.rnn.nonlinearity)
        states = np.empty((*x.shape[:2], len(W)), x.dtype)
        for t, U_x_t in enumerate(U_x):
            h = states[t] = step(U_x_t, h @ W.T, b)
        return states


def _suffix(at: Place) -> str:
    """How torch ends the names of a place's parameters."""
    layer, direction = at
    return f"_l{layer}" + ("_reverse" if direction else "")


def scopes(loop: Loop) -> list[frozenset[Place]]:
    """The sets of places at which one slip of a port shows, from the smallest on.

    Parameters
    ----------
    loop : Loop
        Whose layers and directions they are.

    Returns
    -------
    list of frozenset
        One place; a layer; a direction in all layers, or in all but the first or the last; all of these.
    """
    layers, directions = range(loop.n_layers), range(loop.n_directions)
    some_layers = [*([layer] for layer in layers), layers[1:], layers[:-1], layers]
    some_directions = [*([direction] for direction in directions), directions]
    found = {frozenset((la, d) for la in some for d in those) for some in some_layers for those in some_directions}
    return sorted(found - {frozenset()}, key=lambda places: (len(places), sorted(places)))


@dataclass(frozen=True, eq=False)
class PortMistake:
    """One known mistake of a port.

    Attributes
    ----------
    name : str
        What the port does; where it does so is said beside it.
    mend : str
        What it should do.
    piece : str
        The method of `Loop` in whose place `wrong` stands, or "whole".
    wrong : callable
        Called as the piece is, with the loop before it; a whole one is given the loop alone.
    applies : callable
        Whether a place can have the mistake; called with the loop and the place.
    """

    name: str
    mend: str
    piece: str
    wrong: Callable[..., Any]
    applies: Callable[[Loop, Place], bool]


KNOWN: list[PortMistake] = []


def _anywhere(loop: Loop, at: Place) -> bool:
    return True


def _backward(loop: Loop, at: Place) -> bool:
    return at[1] == 1


def _forward(loop: Loop, at: Place) -> bool:
    return at[1] == 0


def _two_directions(loop: Loop, at: Place) -> bool:
    return loop.n_directions == 2


def _two_layers(loop: Loop, at: Place) -> bool:
    return loop.n_layers > 1


def _upper_layer(loop: Loop, at: Place) -> bool:
    return at[0] > 0


def _not_the_first(loop: Loop, at: Place) -> bool:
    return at != (0, 0)


def _with_bias(loop: Loop, at: Place) -> bool:
    return loop.rnn.bias


def _with_lengths(loop: Loop, at: Place) -> bool:
    return loop.lengths is not None


def _with_h_0(loop: Loop, at: Place) -> bool:
    return bool(loop.h_0.any())


def _with_batch(loop: Loop, at: Place) -> bool:
    return loop.n_sequences > 1


def _with_states(loop: Loop, at: Place) -> bool:
    return loop.n_sequences > 1 and len(loop.h_0) > 1


def _square_U(loop: Loop, at: Place) -> bool:
    U, W = loop.weights(at)
    return U.shape == W.shape


def _oblong_U(loop: Loop, at: Place) -> bool:
    return not _square_U(loop, at)  # of a square one it is the transpose


def _not_at_its_end(loop: Loop, at: Place) -> bool:
    return at[1] == 1 or loop.lengths is not None


def _backward_with_lengths(loop: Loop, at: Place) -> bool:
    return at[1] == 1 and loop.lengths is not None


def _both(*conditions: Callable[[Loop, Place], bool]) -> Callable[[Loop, Place], bool]:
    return lambda loop, at: all(condition(loop, at) for condition in conditions)


def _known(
    piece: str, name: str, mend: str, applies: Callable[[Loop, Place], bool] = _anywhere
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a wrong piece: it goes into `KNOWN`."""

    def decorate(wrong: Callable[..., Any]) -> Callable[..., Any]:
        KNOWN.append(PortMistake(name, mend, piece, wrong, applies))
        return wrong

    return decorate


# Biases

ADD_BOTH = "b is bias_ih + bias_hh: add both, each once"


@_known("parameters", "bias_ih left out", ADD_BOTH, _with_bias)
def _without_b_ih(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.biases(at)[1]


@_known("parameters", "bias_hh left out", ADD_BOTH, _with_bias)
def _without_b_hh(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.biases(at)[0]


@_known("parameters", "both biases left out", ADD_BOTH, _with_bias)
def _without_b(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), 0 * loop.biases(at)[0]


@_known("parameters", "the bias added twice", ADD_BOTH, _with_bias)
def _b_twice(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return U, W, 2 * b


@_known("parameters", "bias_ih taken twice, for bias_hh too", ADD_BOTH, _with_bias)
def _b_ih_twice(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), 2 * loop.biases(at)[0]


@_known("parameters", "bias_hh taken twice, for bias_ih too", ADD_BOTH, _with_bias)
def _b_hh_twice(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), 2 * loop.biases(at)[1]


# Weights


@_known("parameters", "W transposed", "row i of weight_hh makes unit i: for rows of states write h @ W.T")
def _w_transposed(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return U, W.T, b


@_known("parameters", "U transposed", "row i of weight_ih makes unit i: for rows of inputs write x @ U.T", _square_U)
def _u_transposed(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return U.T, W, b


@_known("parameters", "U and W both transposed", "row i of a matrix makes unit i: write x @ U.T + h @ W.T", _square_U)
def _both_transposed(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return U.T, W.T, b


def _in_columns(matrix: Array) -> Array:
    """What becomes of a matrix when its memory, which holds row after row, is read column after column."""
    return matrix.ravel().reshape(matrix.shape, order="F")


@_known("parameters", "U read column by column", "torch stores row after row: U[i][j] is at i * columns + j", _oblong_U)
def _u_in_columns(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return _in_columns(U), W, b


@_known(
    "parameters",
    "U and W read column by column",
    "torch stores row after row: W[i][j] is at i * columns + j",
    _oblong_U,
)
def _all_in_columns(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return _in_columns(U), _in_columns(W), b


@_known("parameters", "U and W exchanged", "weight_ih multiplies the input, weight_hh the state", _square_U)
def _exchanged(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return W, U, b


@_known("parameters", "no memory: W h left out", "hand each state on to the next step, and add W h there")
def _no_memory(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return U, 0 * W, b


# Parameters of another place

OWN = "each direction of each layer has parameters of its own; the backward ones end in _reverse"


def _other(at: Place) -> Place:
    return at[0], 1 - at[1]


@_known("parameters", "the other direction's parameters", OWN, _two_directions)
def _other_parameters(loop: Loop, at: Place) -> Parameters:
    return loop.parameters(_other(at))


@_known("parameters", "the other direction's W", OWN, _two_directions)
def _other_w(loop: Loop, at: Place) -> Parameters:
    U, _, b = loop.parameters(at)
    return U, loop.weights(_other(at))[1], b


@_known("parameters", "the other direction's U", OWN, _two_directions)
def _other_u(loop: Loop, at: Place) -> Parameters:
    _, W, b = loop.parameters(at)
    return loop.weights(_other(at))[0], W, b


@_known("parameters", "the other direction's biases", OWN, _both(_two_directions, _with_bias))
def _other_b(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.parameters(_other(at))[2]


@_known("parameters", "the other direction's bias_hh", OWN, _both(_two_directions, _with_bias))
def _other_b_hh(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.biases(at)[0] + loop.biases(_other(at))[1]


@_known("parameters", "the other direction's bias_ih", OWN, _both(_two_directions, _with_bias))
def _other_b_ih(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.biases(_other(at))[0] + loop.biases(at)[1]


def _fits_below(loop: Loop, at: Place) -> bool:
    return at[0] > 0 and loop.weights((at[0] - 1, at[1]))[0].shape == loop.weights(at)[0].shape


@_known("parameters", "the parameters of the layer below", OWN, _fits_below)
def _of_the_layer_below(loop: Loop, at: Place) -> Parameters:
    return loop.parameters((at[0] - 1, at[1]))


@_known("parameters", "W and the biases of the layer below", OWN, _upper_layer)
def _but_u_of_the_layer_below(loop: Loop, at: Place) -> Parameters:
    _, W, b = loop.parameters((at[0] - 1, at[1]))
    return loop.weights(at)[0], W, b


@_known("parameters", "W of the layer below", OWN, _upper_layer)
def _w_of_the_layer_below(loop: Loop, at: Place) -> Parameters:
    U, _, b = loop.parameters(at)
    return U, loop.weights((at[0] - 1, at[1]))[1], b


@_known("parameters", "the biases of the layer below", OWN, _both(_upper_layer, _with_bias))
def _b_of_the_layer_below(loop: Loop, at: Place) -> Parameters:
    return *loop.weights(at), loop.parameters((at[0] - 1, at[1]))[2]


# U of an upper layer: its columns are those of the two halves that it reads

SIDE_BY_SIDE = "the forward direction's H numbers stand first, then the backward direction's H"


def _swapped_columns(loop: Loop, at: Place) -> Parameters:
    U, W, b = loop.parameters(at)
    return np.roll(U, U.shape[1] // 2, axis=1), W, b


# Twice, once for each direction: made in both it is another mistake, "halves swapped" in what the layer reads.
for _one in (_forward, _backward):
    _known(
        "parameters",
        "U's columns swapped in one direction",
        f"in both directions of a layer, U's columns are for this: {SIDE_BY_SIDE}",
        _both(_upper_layer, _two_directions, _one),
    )(_swapped_columns)


# First states

ITS_OWN_H_0 = "layer l and direction d begin with h_0[D * l + d], which is zero unless one is given"


@_known("first", "h_0 ignored", ITS_OWN_H_0, _with_h_0)
def _h_0_ignored(loop: Loop, at: Place, h_n: Array) -> Array:
    return 0 * loop.h_0[0]


@_known("first", "h_0[0] for every entry", ITS_OWN_H_0, _both(_with_h_0, _not_the_first))
def _first_h_0(loop: Loop, at: Place, h_n: Array) -> Array:
    return loop.h_0[0]


@_known("first", "the other direction's h_0", ITS_OWN_H_0, _both(_with_h_0, _two_directions))
def _other_h_0(loop: Loop, at: Place, h_n: Array) -> Array:
    return loop.h_0[loop.entry(_other(at))]


@_known(
    "first",
    "h_0[layer] in place of h_0[D * layer + direction]",
    ITS_OWN_H_0,
    _both(_with_h_0, _two_directions, _not_the_first),
)
def _h_0_by_layer(loop: Loop, at: Place, h_n: Array) -> Array:
    return loop.h_0[at[0]]


@_known("first", "begins with the last state of the entry before it", ITS_OWN_H_0, _not_the_first)
def _carried_over(loop: Loop, at: Place, h_n: Array) -> Array:
    return h_n[loop.entry(at) - 1]


@_known("first", "begins with the last state of the layer below", ITS_OWN_H_0, _both(_upper_layer, _two_directions))
def _carried_up(loop: Loop, at: Place, h_n: Array) -> Array:
    return h_n[loop.entry((at[0] - 1, at[1]))]


# One direction of one layer reads

TURN = "read each sequence from its own end, and turn the states back so that step t stands at t again"


@_known("direction", "backward not turned back", TURN, _backward)
def _not_turned_back(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(loop.turned(at, x), h, parameters)
    return loop.last(states), states


@_known("direction", "backward reads forwards", TURN, _backward)
def _reads_forwards(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(x, h, parameters)
    return loop.last(states), states


@_known("direction", "backward reads forwards, and is turned all the same", TURN, _backward)
def _only_turned_back(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(x, h, parameters)
    return loop.last(states), loop.turned(at, states)


def _flipped(loop: Loop, x: Array, h: Array, parameters: Parameters, own_ends: bool) -> Results:
    states = loop.read(x[::-1], h, parameters)
    return loop.last(states) if own_ends else states[-1], states[::-1]


def _masked(loop: Loop, at: Place, x: Array) -> Array:
    """What a layer reads where each layer's output has zeros in the padding; x itself stays as it is."""
    return np.where(loop.padding[..., np.newaxis], 0, x) if at[0] else x


FLIP = "turn lengths[n] steps of sequence n and leave its padding where it is"


@_known("direction", "the padded axis flipped", FLIP, _backward_with_lengths)
def _axis_flipped(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    return _flipped(loop, x, h, parameters, own_ends=False)


@_known("direction", "the padded axis flipped", FLIP, _backward_with_lengths)
def _axis_of_masked_flipped(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    return _flipped(loop, _masked(loop, at, x), h, parameters, own_ends=False)


@_known("direction", "the padded axis flipped", FLIP, _backward_with_lengths)
def _axis_flipped_with_ends(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    return _flipped(loop, x, h, parameters, own_ends=True)


@_known("direction", "the padded axis flipped", FLIP, _backward_with_lengths)
def _axis_of_masked_flipped_with_ends(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    return _flipped(loop, _masked(loop, at, x), h, parameters, own_ends=True)


OWN_END = "h_n of sequence n is its state after lengths[n] steps"


@_known("direction", "h_n taken after the padding", OWN_END, _with_lengths)
def _after_the_padding(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(loop.turned(at, x), h, parameters)
    return states[-1], loop.turned(at, states)


@_known("direction", "h_n taken after the padding", OWN_END, _with_lengths)
def _after_masked_padding(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(loop.turned(at, _masked(loop, at, x)), h, parameters)
    return states[-1], loop.turned(at, states)


@_known("direction", "h_n one step early", "h_n is the state after the last step")
def _one_step_early(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    _, states = loop.direction(at, x, h, parameters)
    turned = loop.turned(at, states)
    return np.where(loop.ends[:, np.newaxis] > 1, loop.last(turned, back=2), h), states


@_known("direction", "forward h_n taken from output[0]", "forward, h_n is the state after the last step", _forward)
def _after_the_first_step(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    _, states = loop.direction(at, x, h, parameters)
    return states[0], states


BACKWARD_ENDS_AT_THE_FIRST = (
    "the forward direction ends at its sequence's last step, the backward one at step 0: its h_n is the second half "
    "of output[0]"
)


@_known("direction", "h_n taken from output[-1]", BACKWARD_ENDS_AT_THE_FIRST, _not_at_its_end)
def _h_n_from_the_last_step(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    _, states = loop.direction(at, x, h, parameters)
    return np.where(loop.padding[-1][:, np.newaxis], 0, states[-1]), states


@_known(
    "direction", "backward h_n taken at the end of its sequence", BACKWARD_ENDS_AT_THE_FIRST, _backward_with_lengths
)
def _h_n_at_the_wrong_end(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    _, states = loop.direction(at, x, h, parameters)
    return loop.last(states), states


@_known("direction", "output holds the state before each step", "compute the state first, then store it")
def _stored_before(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    states = loop.read(loop.turned(at, x), h, parameters)
    before = np.concatenate([h[np.newaxis], states[:-1]])
    return loop.last(states), loop.turned(at, before)


@_known("direction", "every step begins with h_0", "hand each state on to the next step", _with_h_0)
def _not_carried(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    turned = loop.turned(at, x)
    states = np.concatenate([loop.read(x_t[np.newaxis], h, parameters) for x_t in turned])
    return loop.last(states), loop.turned(at, states)


@_known(
    "direction",
    "each sequence begins with the last state of the one before it",
    "begin every sequence with its own h_0",
    _with_batch,
)
def _not_reset(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
    turned, states, h_n = loop.turned(at, x), [], h[:1]
    for n, end in enumerate(loop.ends):
        states.append(loop.read(turned[:, n : n + 1], h_n, parameters))
        h_n = states[-1][end - 1]
    read = np.concatenate(states, axis=1)
    return loop.last(read), loop.turned(at, read)


THE_FORMULA = "h(t) = tanh(U x(t) + W h(t-1) + b), with relu for tanh where the layer says so"
Step = Callable[[Loop, Array, Array, Array], Array]  # of U x, W h and b


def _wrong_step(name: str, applies: Callable[[Loop, Place], bool] = _anywhere) -> Callable[[Step], Step]:
    """Decorate a step in which the terms of the formula are put together wrongly."""

    def decorate(step: Step) -> Step:
        @wraps(step)  # so that its lines are those that the book shows
        def direction(loop: Loop, at: Place, x: Array, h: Array, parameters: Parameters) -> Results:
            states = loop.read(loop.turned(at, x), h, parameters, lambda *terms: step(loop, *terms))
            return loop.last(states), loop.turned(at, states)

        _known("direction", name, THE_FORMULA, applies)(direction)
        return step

    return decorate


@_wrong_step("no nonlinearity")
def _linear(loop: Loop, U_x: Array, W_h: Array, b: Array) -> Array:
    return U_x + W_h + b


@_wrong_step("the sigmoid for the nonlinearity")
def _sigmoid(loop: Loop, U_x: Array, W_h: Array, b: Array) -> Array:
    return 1 / (1 + np.exp(-(U_x + W_h + b)))


@_wrong_step("the bias outside the nonlinearity", _with_bias)
def _b_outside(loop: Loop, U_x: Array, W_h: Array, b: Array) -> Array:
    return loop.f(U_x + W_h) + b


@_wrong_step("W h outside the nonlinearity")
def _w_h_outside(loop: Loop, U_x: Array, W_h: Array, b: Array) -> Array:
    return loop.f(U_x + b) + W_h


@_wrong_step("relu and tanh exchanged")
def _other_nonlinearity(loop: Loop, U_x: Array, W_h: Array, b: Array) -> Array:
    sums = U_x + W_h + b
    return np.maximum(sums, 0) if loop.rnn.nonlinearity == "tanh" else np.tanh(sums)


# The two directions side by side


@_known("joined", "halves swapped", SIDE_BY_SIDE, _two_directions)
def _halves_swapped(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.concatenate(halves[::-1], axis=-1)


@_known("joined", "units interleaved", SIDE_BY_SIDE, _two_directions)
def _interleaved(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.stack(halves, axis=-1).reshape(*halves[0].shape[:2], -1)


@_known("joined", "units taken for interleaved", SIDE_BY_SIDE, _two_directions)
def _taken_for_interleaved(loop: Loop, at: Place, halves: list[Array]) -> Array:
    both_halves = np.concatenate(halves, axis=-1)
    return np.concatenate([both_halves[..., ::2], both_halves[..., 1::2]], axis=-1)


@_known("joined", "the forward half alone", SIDE_BY_SIDE, _two_directions)
def _forward_half(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.concatenate([halves[0], 0 * halves[1]], axis=-1)


@_known("joined", "the backward half alone", SIDE_BY_SIDE, _two_directions)
def _backward_half(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.concatenate([0 * halves[0], halves[1]], axis=-1)


@_known("joined", "the forward half twice", SIDE_BY_SIDE, _two_directions)
def _forward_twice(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.concatenate([halves[0], halves[0]], axis=-1)


@_known("joined", "the sum of the halves in both", SIDE_BY_SIDE, _two_directions)
def _summed(loop: Loop, at: Place, halves: list[Array]) -> Array:
    return np.concatenate([halves[0] + halves[1]] * 2, axis=-1)


# The layer as a whole

BY_LAYER = "entry D * layer + direction: the directions of a layer stand together"
STATES_ARE_NOT_BATCH_FIRST = "h_0 and h_n are (L * D, N, H), whatever batch_first says"


def _by_direction(loop: Loop, states: Array) -> Array:
    """Ordered by direction first, where the right ones are ordered by layer."""
    return states.reshape(loop.n_layers, loop.n_directions, *states.shape[1:]).swapaxes(0, 1).reshape(states.shape)


@_known("whole", "h_n ordered by direction", BY_LAYER, _both(_two_layers, _two_directions))
def _h_n_by_direction(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output, _by_direction(loop, h_n)


@_known("whole", "h_0 ordered by direction", BY_LAYER, _both(_two_layers, _two_directions, _with_h_0))
def _h_0_by_direction(loop: Loop) -> Results:
    # The port takes entry d * L + l for layer l and direction d.
    taken = loop.h_0.reshape(loop.n_directions, loop.n_layers, *loop.h_0.shape[1:]).swapaxes(0, 1)
    return Loop(loop.rnn, loop.x, taken.reshape(loop.h_0.shape), loop.lengths).run()


@_known("whole", "h_0 and h_n ordered by direction", BY_LAYER, _both(_two_layers, _two_directions, _with_h_0))
def _states_by_direction(loop: Loop) -> Results:
    output, h_n = _h_0_by_direction(loop)
    return output, _by_direction(loop, h_n)


@_known("whole", "h_0 read batch first", STATES_ARE_NOT_BATCH_FIRST, _both(_with_h_0, _with_states))
def _h_0_batch_first(loop: Loop) -> Results:
    return Loop(loop.rnn, loop.x, _read_batch_first(loop.h_0), loop.lengths).run()


@_known("whole", "h_n written batch first", STATES_ARE_NOT_BATCH_FIRST, _with_states)
def _h_n_batch_first(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output, _written_batch_first(h_n)


@_known("whole", "h_0 read and h_n written batch first", STATES_ARE_NOT_BATCH_FIRST, _both(_with_h_0, _with_states))
def _states_batch_first(loop: Loop) -> Results:
    output, h_n = _h_0_batch_first(loop)
    return output, _written_batch_first(h_n)


def _read_batch_first(array: Array) -> Array:
    """The memory of (A, N, ...) read as if it were (N, A, ...)."""
    return array.reshape(array.shape[1], array.shape[0], *array.shape[2:]).swapaxes(0, 1)


def _written_batch_first(array: Array) -> Array:
    """The memory of (N, A, ...) read as what it should have been, (A, N, ...)."""
    return np.ascontiguousarray(array.swapaxes(0, 1)).reshape(array.shape)


WHERE_N_STANDS = "x and output are (T, N, ...), or (N, T, ...) with batch_first: read and write them by the same rule"


@_known("whole", "time and batch of x exchanged", WHERE_N_STANDS, _with_batch)
def _x_exchanged(loop: Loop) -> Results:
    # The memory of the layer's own layout, read in the other one.
    exchange = _written_batch_first if loop.rnn.batch_first else _read_batch_first
    return Loop(loop.rnn, exchange(loop.x), loop.h_0, loop.lengths).run()


@_known("whole", "time and batch of output exchanged", WHERE_N_STANDS, _with_batch)
def _output_exchanged(loop: Loop) -> Results:
    output, h_n = loop.run()
    return _exchanged_output(loop, output), h_n


@_known("whole", "time and batch of x and of output exchanged", WHERE_N_STANDS, _with_batch)
def _x_and_output_exchanged(loop: Loop) -> Results:
    output, h_n = _x_exchanged(loop)
    return _exchanged_output(loop, output), h_n


def _exchanged_output(loop: Loop, output: Array) -> Array:
    return _read_batch_first(output) if loop.rnn.batch_first else _written_batch_first(output)


@_known("whole", "lengths ignored", "end each sequence at its own length, as a packed batch does", _with_lengths)
def _lengths_ignored(loop: Loop) -> Results:
    return Loop(loop.rnn, loop.x, loop.h_0, None).run()


SORTED = "packing sorts the sequences by length: put the results back into the order in which they came"


def _by_length(loop: Loop) -> Array:
    return np.argsort(-loop.ends, kind="stable")


@_known("whole", "output and h_n in order of length", SORTED, _with_lengths)
def _both_sorted(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output[:, _by_length(loop)], h_n[:, _by_length(loop)]


@_known("whole", "h_n in order of length", SORTED, _with_lengths)
def _h_n_sorted(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output, h_n[:, _by_length(loop)]


@_known("whole", "output in order of length", SORTED, _with_lengths)
def _output_sorted(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output[:, _by_length(loop)], h_n


@_known("whole", "h_n holds the first states", "h_n is the state after the last step")
def _h_n_is_h_0(loop: Loop) -> Results:
    return loop.run()[0], loop.h_0


@_known("whole", "output runs from the last step to the first", "output[t] is the state after step t")
def _output_reversed(loop: Loop) -> Results:
    output, h_n = loop.run()
    return output[::-1], h_n


def _padding_kept(loop: Loop) -> Results:
    *_, (_, output, h_n) = loop.after_each_layer(None, frozenset())
    return output, h_n


# Not among the known, which are tried on what stands before the ends; told when nothing but the padding is off.
PADDING_NOT_ZERO = PortMistake(
    "the padding of output is not zero",
    "put zeros into output after the end of each sequence, as pad_packed_sequence does",
    "whole",
    _padding_kept,
    _with_lengths,
)
