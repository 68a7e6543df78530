"""The recurrent neural network in NumPy: one step, one sequence and back, and a layer that means what torch's means.

Sizes: T time steps, N sequences in a batch, I input features, H hidden units, L layers, D directions (1 or 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

__all__ = ["RNN", "Gradients", "parameter_shapes", "rnn_backward", "rnn_forward", "rnn_step"]

# Each is called as f(values, out=values): the state is the only array of its size that a step needs.
NONLINEARITIES: dict[str, Callable[..., np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda values, out: np.maximum(values, 0, out=out),
}


def parameter_shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Work the shapes of U, W and b back from the sizes of one input and one hidden state.

    Parameters
    ----------
    input_size, hidden_size : int
        I, the number of features of one input, and H, the number of hidden units; both at least 1.

    Returns
    -------
    dict
        ``{"U": (H, I), "W": (H, H), "b": (H,)}``: what makes every term of
        ``b + W h(t-1) + U x(t)`` a vector of H numbers.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number, or is below 1.
    """
    n_features = _as_size(input_size, "input_size")
    n_units = _as_size(hidden_size, "hidden_size")
    return {"U": (n_units, n_features), "W": (n_units, n_units), "b": (n_units,)}


def rnn_step(x: ArrayLike, h: ArrayLike, U: ArrayLike, W: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Read one input and return the next hidden state, tanh(U x + W h + b).

    Parameters
    ----------
    x : array_like, shape (..., I)
        The input at this step: one vector, or one row for each sequence of a batch.
    h : array_like, shape (..., H)
        The hidden state before this step, with the same leading axes as `x`.
    U : array_like, shape (H, I)
        Weights from input to hidden state.
    W : array_like, shape (H, H)
        Weights from hidden state to hidden state.
    b : array_like, shape (H,)
        Bias.

    Returns
    -------
    ndarray, shape (..., H)
        The hidden state after this step, in the dtype that NumPy promotes the arguments to: float64 for integers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not hold real numbers, or a shape does not fit the others.

    Notes
    -----
    The formula is that of `torch.nn.RNN` (Elman, "Finding structure in time", 1990), with the two biases of torch
    added into one. The code writes ``x @ U.T`` where the formula writes U x, because x holds one input in each row.
    """
    x, h, U, W, b = _as_arrays(x=x, h=h, U=U, W=W, b=b)
    _check_parameters(x, U, W, b)
    _check_shape(h, "h", (*x.shape[:-1], len(W)), "one row for each row of x, one number for each hidden unit")
    return np.tanh(x @ U.T + h @ W.T + b)


def rnn_forward(
    x: ArrayLike, U: ArrayLike, W: ArrayLike, b: ArrayLike, h_0: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read a whole sequence, or a batch of sequences of one length, step by step.

    Parameters
    ----------
    x : array_like, shape (T, I) or (T, N, I)
        The inputs, time first.
    U, W, b : array_like
        The parameters, as in `rnn_step`.
    h_0 : array_like, shape (H,) or (N, H), optional
        The hidden state before the first step; zeros if left out.

    Returns
    -------
    output : ndarray, shape (T, H) or (T, N, H)
        The hidden state after every step.
    h_n : ndarray, shape (H,) or (N, H)
        The hidden state after the last step; a copy of ``output[-1]``. Both are in the dtype that NumPy promotes the
        arguments to: float64 for integers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not hold real numbers, a shape does not fit the others, or there are no time steps.

    See Also
    --------
    rnn_step : One step, with the formula.
    rnn_backward : The gradient through all steps.
    RNN : Several layers, two directions, sequences of different lengths.
    """
    given = {} if h_0 is None else {"h_0": h_0}
    x, U, W, b, *rest = _as_arrays(x=x, U=U, W=W, b=b, **given)
    _check_parameters(x, U, W, b)
    _check_time_steps(x, "(T, I) or (T, N, I)")
    h = _state_or_zeros(dict(zip(given, rest, strict=True)), "h_0", x, len(W))
    output = _read(_from_inputs(x, U, b), h, W, "tanh")
    return output, output[-1].copy()


class Gradients(NamedTuple):
    """The derivatives of a loss with respect to all that `rnn_forward` was given, each in the shape of its own."""

    x: np.ndarray  # (T, I) or (T, N, I)
    U: np.ndarray  # (H, I), summed over steps and sequences, as W and b are
    W: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)
    h_0: np.ndarray  # (H,) or (N, H)


def rnn_backward(
    x: ArrayLike,
    U: ArrayLike,
    W: ArrayLike,
    output: ArrayLike,
    d_output: ArrayLike | None = None,
    d_h_n: ArrayLike | None = None,
    h_0: ArrayLike | None = None,
) -> Gradients:
    """Carry the derivative of a loss back through all steps of `rnn_forward`: backpropagation through time.

    Parameters
    ----------
    x : array_like, shape (T, I) or (T, N, I)
        The inputs that `rnn_forward` read.
    U, W : array_like
        The weights that it read them with. The bias is not needed.
    output : array_like, shape (T, H) or (T, N, H)
        The states that it returned.
    d_output : array_like, shape (T, H) or (T, N, H), optional
        The derivative of the loss with respect to `output`: what the loss makes of each state directly.
    d_h_n : array_like, shape (H,) or (N, H), optional
        The derivative with respect to `h_n`. If both are given, they add up: the last state is in both.
    h_0 : array_like, shape (H,) or (N, H), optional
        The hidden state before the first step, as `rnn_forward` had it; zeros if left out.

    Returns
    -------
    Gradients
        ``(x, U, W, b, h_0)``, a named tuple: the exact derivative of the loss with respect to each, through all steps;
        that of U, W and b is the sum over the steps and the sequences. In the dtype that NumPy promotes the arguments
        to: float64 for integers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not hold real numbers, a shape does not fit the others, there are no time steps, or neither
        `d_output` nor `d_h_n` is given.

    Notes
    -----
    A state counts directly, and through the next one: d_h(t) = d_output(t) + Wᵀ d_z(t+1), where z(t) = U x(t) +
    W h(t-1) + b is the sum inside tanh; for the last state d_h_n stands in the place of the second term. The slope of
    tanh there is 1 - h(t)², so d_z(t) = (1 - h(t)²) d_h(t). Every step uses the same weights, so the gradients of U, W
    and b add up over the steps (Werbos, "Backpropagation through time: what it does and how to do it", 1990).

    Examples
    --------
    The gradient of the loss ``(h_n ** 2).sum() / 2``, whose derivative with respect to `h_n` is `h_n` itself:

    >>> x, U, W, b = np.ones((5, 3)), np.eye(4, 3), np.eye(4) / 2, np.zeros(4)
    >>> output, h_n = rnn_forward(x, U, W, b)
    >>> rnn_backward(x, U, W, output, d_h_n=h_n).W.shape
    (4, 4)
    """
    x, U, W, output, d_output, d_h_n, before = _checked_way_back(x, U, W, output, d_output, d_h_n, h_0)
    d_h = d_h_n.copy()  # overwritten at each step
    d_z = output * output
    np.subtract(1, d_z, out=d_z)  # the slope of tanh, of which the loop makes d_z in place
    for step, direct in zip(d_z[::-1], d_output[::-1], strict=True):
        d_h += direct
        step *= d_h
        np.dot(step, W, out=d_h)

    d_W = _summed(d_z[1:], output[:-1])
    d_W += _summed(d_z[0], before)
    rows = d_z.reshape(-1, len(W))
    return Gradients(x=(rows @ U).reshape(x.shape), U=_summed(d_z, x), W=d_W, b=rows.sum(axis=0), h_0=d_h)


def _summed(d_z: np.ndarray, read: np.ndarray) -> np.ndarray:
    """Derivatives of weights: d_z times what they read, in one product that is the sum over steps and sequences too."""
    return d_z.reshape(-1, d_z.shape[-1]).T @ read.reshape(-1, read.shape[-1])


class RNN:
    """A recurrent layer in NumPy that means what `torch.nn.RNN` means, for every combination of the options below.

    Parameters
    ----------
    input_size, hidden_size : int
        I and H: features of one input, hidden units of each layer and direction.
    num_layers : int, default 1
        L; each layer after the first reads the output of the layer below.
    nonlinearity : {"tanh", "relu"}, default "tanh"
        The function around the sum.
    bias : bool, default True
        Whether the layer has biases: two for each layer and direction, as in torch.
    batch_first : bool, default False
        Whether batches of inputs and outputs are (N, T, ...) rather than (T, N, ...). Never moves `h_0` and `h_n`.
    bidirectional : bool, default False
        Whether each layer reads the sequence backwards too; D is then 2.
    dtype : numpy.float32 or numpy.float64, default numpy.float32
        The dtype of weights and results; inputs are cast to it.
    seed : int, optional
        Makes the initial weights repeatable. They are uniform between -1/sqrt(H) and 1/sqrt(H), as in torch.

    Attributes
    ----------
    weight_ih_l0 : ndarray, shape (H, I)
        Under torch's name and in torch's shape, as those below. From layer ``_l1`` on the inputs are the D * H numbers
        of the layer below; ``_reverse`` ends the names of the second direction.
    weight_hh_l0 : ndarray, shape (H, H)
        From hidden state to hidden state.
    bias_ih_l0 : ndarray, shape (H,)
        One of two biases, of which only the sum matters.
    bias_hh_l0 : ndarray, shape (H,)
        The other.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, a flag is not a bool, or the nonlinearity or the dtype is not one
        of those above.
    AttributeError
        If a name that is not one of the parameters is assigned.

    Notes
    -----
    What is assigned to a parameter is checked, cast and copied as `load_state_dict` does it. The options, which are
    attributes too, stay as they were given: the shapes of the parameters follow from them.

    Examples
    --------
    >>> rnn = RNN(3, 4, seed=0)
    >>> output, h_n = rnn(np.ones((5, 3)))
    >>> output.shape, h_n.shape
    ((5, 4), (1, 4))
    >>> rnn.weight_hh_l0 = 0.5 * np.eye(4)
    >>> rnn.weight_hh_l0.dtype
    dtype('float32')
    """

    input_size: int
    hidden_size: int
    num_layers: int
    nonlinearity: str
    bias: bool
    batch_first: bool
    bidirectional: bool
    dtype: np.dtype[Any]
    _num_directions: int
    _suffixes: list[list[str]]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> np.ndarray:
            """Say that every other attribute is a parameter: which ones there are depends on the options."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        bidirectional: bool = False,
        dtype: DTypeLike = np.float32,
        seed: int | None = None,
    ) -> None:
        if not isinstance(nonlinearity, str) or nonlinearity not in NONLINEARITIES:
            raise ValueError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}, got {nonlinearity!r}")
        n_layers, two = _as_size(num_layers, "num_layers"), _as_flag(bidirectional, "bidirectional")
        self._set(
            input_size=_as_size(input_size, "input_size"),
            hidden_size=_as_size(hidden_size, "hidden_size"),
            num_layers=n_layers,
            nonlinearity=nonlinearity,
            bias=_as_flag(bias, "bias"),
            batch_first=_as_flag(batch_first, "batch_first"),
            bidirectional=two,
            dtype=_as_float_dtype(dtype),
            _num_directions=2 if two else 1,
            # How torch ends the names of the parameters, for each layer and direction.
            _suffixes=[[f"_l{layer}", f"_l{layer}_reverse"][: 2 if two else 1] for layer in range(n_layers)],
        )

        bound = self.hidden_size**-0.5
        rng = np.random.default_rng(seed)
        self._set(
            **{name: rng.uniform(-bound, bound, shape).astype(self.dtype) for name, shape in self._shapes().items()}
        )

    def __setattr__(self, name: str, value: Any) -> None:
        """Take over the new values of a parameter, and refuse every other name: nothing would read it."""
        shapes = self._shapes()
        if name in shapes:
            self._set(**{name: self._as_parameter(value, name, shapes[name])})
        elif name in vars(self):
            raise AttributeError(f"{name} is fixed once the layer is built, as {self!r}: build another layer")
        else:
            raise AttributeError(
                f"{self!r} has no parameter {name}; it has {', '.join(shapes)} (l is a letter and stands for layer)"
            )

    def __call__(
        self, x: ArrayLike, h_0: ArrayLike | None = None, lengths: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read sequences and return every step's output and each one's last hidden states.

        Parameters
        ----------
        x : array_like, shape (T, I), (T, N, I), or (N, T, I) with `batch_first`
            One sequence or a batch, with at least one time step.
        h_0 : array_like, shape (L * D, H) or (L * D, N, H), optional
            The states before the first step; zeros if left out.
        lengths : array_like of N integers from 1 to T, optional
            The number of steps of each sequence of a batch; what stands after them is padding and is not read.

        Returns
        -------
        output : ndarray, shape (T, D * H), (T, N, D * H), or (N, T, D * H) with `batch_first`
            The top layer's hidden state after every step, the two directions side by side; zeros in the padding.
        h_n : ndarray, shape (L * D, H) or (L * D, N, H)
            The state of every layer and direction after the last step that it read.

        Raises
        ------
        TypeError, ValueError
            If an argument does not hold numbers of the right kind, or has the wrong shape or range.

        Notes
        -----
        With `lengths` this means what `torch.nn.utils.rnn.pack_padded_sequence` with ``enforce_sorted=False``, the
        layer, and `pad_packed_sequence` with ``total_length=T`` mean together.
        """
        x, batched = self._checked_input(x)
        n_steps, n_sequences, _ = x.shape
        h_0 = self._checked_state(h_0, n_sequences, batched)
        if lengths is not None:
            lengths = _checked_lengths(lengths, n_steps, n_sequences, batched)
            padding = np.arange(n_steps)[:, np.newaxis] >= lengths
        h_n = np.empty_like(h_0)

        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes[layer]):
                U, W, b = self._parameters(suffix)
                inputs = _reversed(x, lengths) if direction else x
                state = layer * self._num_directions + direction
                output = _read(_from_inputs(inputs, U, b), h_0[state], W, self.nonlinearity)
                h_n[state] = output[-1] if lengths is None else output[lengths - 1, np.arange(n_sequences)]
                outputs.append(_reversed(output, lengths) if direction else output)
            x = np.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]

        if lengths is not None:
            x[padding] = 0  # whatever stood there, NaN included, was read after the end of its sequence alone
        if not batched:
            return x[:, 0], h_n[:, 0]
        return (x.swapaxes(0, 1) if self.batch_first else x), h_n

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all parameters under torch's names, in torch's order."""
        return {name: getattr(self, name).copy() for name in self._shapes()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over the parameters of another layer.

        Parameters
        ----------
        state_dict : mapping of str to array or torch tensor
            Exactly the names of this layer's own `state_dict`, with the same shapes; cast to this layer's dtype.

        Raises
        ------
        TypeError, ValueError
            If a name is missing or unknown, a shape differs, or a value does not hold numbers. The layer is then as
            it was before.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict wants a mapping of names to arrays, got {type(state_dict).__name__}")
        shapes = self._shapes()
        missing = [name for name in shapes if name not in state_dict]
        unknown = [str(name) for name in state_dict if name not in shapes]
        if missing or unknown:
            raise ValueError(
                f"expected the parameters {', '.join(shapes)}; "
                f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}"
            )
        # All of them before any is taken over, so that a refusal changes nothing.
        self._set(**{name: self._as_parameter(state_dict[name], name, shapes[name]) for name in shapes})

    @classmethod
    def from_torch(cls, module: Any) -> RNN:
        """Build a layer that computes what a `torch.nn.RNN` computes, with a copy of its weights.

        Parameters
        ----------
        module : torch.nn.RNN
            In float32 or float64, on any device. Dropout between layers is accepted only in evaluation mode.

        Returns
        -------
        RNN
            With the same options and dtype.

        Raises
        ------
        TypeError, ValueError
            If the module is not an `nn.RNN`, is in training mode with dropout, or is of another dtype.
        """
        # Told by torch's own mark, which is also what torch computes by; so this module does not import torch.
        nonlinearity = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}.get(str(getattr(module, "mode", None)))
        forward = getattr(type(module), "forward", None)
        if nonlinearity is None or getattr(forward, "__module__", None) != "torch.nn.modules.rnn":
            raise TypeError(f"from_torch wants a torch.nn.RNN with torch's own forward, got {type(module).__name__}")
        if module.dropout and module.training and module.num_layers > 1:  # torch drops between layers only
            raise ValueError(
                f"this module drops outputs at random (dropout={module.dropout}, in training mode): call module.eval()"
            )
        dtype = str(module.weight_ih_l0.dtype).removeprefix("torch.")
        if dtype not in ("float32", "float64"):
            raise ValueError(f"the module's weights must be float32 or float64, got {dtype}")
        rnn = cls(
            module.input_size,
            module.hidden_size,
            module.num_layers,
            nonlinearity=nonlinearity,
            bias=module.bias,
            batch_first=module.batch_first,
            bidirectional=module.bidirectional,
            dtype=dtype,
        )
        rnn.load_state_dict(module.state_dict())
        return rnn

    def __repr__(self) -> str:
        options = {"num_layers": 1, "nonlinearity": "tanh", "bias": True, "batch_first": False, "bidirectional": False}
        changed = [
            f", {name}={getattr(self, name)!r}" for name, usual in options.items() if getattr(self, name) != usual
        ]
        return f"RNN({self.input_size}, {self.hidden_size}{''.join(changed)}, dtype={self.dtype})"

    def _set(self, **attributes: Any) -> None:
        """Set attributes past `__setattr__`, which checks parameters and refuses options."""
        for name, value in attributes.items():
            super().__setattr__(name, value)  # vars(self).update would slow down every later look-up

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter's name and shape, in torch's order."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.num_layers):
            n_features = self.hidden_size * self._num_directions if layer else self.input_size
            one = parameter_shapes(n_features, self.hidden_size)
            for suffix in self._suffixes[layer]:
                shapes |= {f"weight_ih{suffix}": one["U"], f"weight_hh{suffix}": one["W"]}
                if self.bias:
                    shapes |= {f"bias_ih{suffix}": one["b"], f"bias_hh{suffix}": one["b"]}
        return shapes

    def _as_parameter(self, value: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A copy of a parameter's new values in the layer's dtype."""
        array = _as_array(value, name)
        _check_shape(array, name, shape, f"as in {self!r}")
        # `rnn.weight_hh_l0 *= 2` ends with an assignment of the layer's own array, which is to stay the same one.
        return array if array is getattr(self, name) else array.astype(self.dtype)

    def _parameters(self, suffix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
        """U, W and b of one layer and direction, with torch's two biases added into one."""
        b = getattr(self, f"bias_ih{suffix}") + getattr(self, f"bias_hh{suffix}") if self.bias else 0.0
        return getattr(self, f"weight_ih{suffix}"), getattr(self, f"weight_hh{suffix}"), b

    def _checked_input(self, x: ArrayLike) -> tuple[np.ndarray, bool]:
        """The input as (T, N, I) in the layer's dtype, and whether it came as a batch."""
        array = _as_array(x, "x").astype(self.dtype, copy=False)
        _check_time_steps(array, "(T, I) or (N, T, I)" if self.batch_first else "(T, I) or (T, N, I)", self.batch_first)
        if array.shape[-1] != self.input_size:
            raise ValueError(
                f"x has {array.shape[-1]} features, but this layer was built for input_size={self.input_size}"
            )
        if array.ndim == 2:
            return array[:, np.newaxis], False
        return (array.swapaxes(0, 1) if self.batch_first else array), True

    def _checked_state(self, h_0: ArrayLike | None, n_sequences: int, batched: bool) -> np.ndarray:
        """The first states as (L * D, N, H) in the layer's dtype."""
        n_states = self.num_layers * self._num_directions
        if h_0 is None:
            return np.zeros((n_states, n_sequences, self.hidden_size), self.dtype)
        array = _as_array(h_0, "h_0").astype(self.dtype, copy=False)
        shape = (n_states, n_sequences, self.hidden_size) if batched else (n_states, self.hidden_size)
        _check_shape(array, "h_0", shape, "(L*D, N, H)" if batched else "(L*D, H) for one sequence")
        return array if batched else array[:, np.newaxis]


def _from_inputs(x: np.ndarray, U: np.ndarray, b: np.ndarray | float) -> np.ndarray:
    """U x + b of all steps and sequences, in one product: only W h has to wait for the step before."""
    rows = x.reshape(-1, x.shape[-1])  # of three axes, NumPy would make a product for each step
    sums = (rows @ U.T).reshape(*x.shape[:-1], len(U))
    sums += b
    return sums


def _read(inputs_to_hidden: np.ndarray, h: np.ndarray, W: np.ndarray, nonlinearity: str) -> np.ndarray:
    """Run the recurrence: turn ``U x(t) + b`` of every step, in place, into h(t)."""
    f = NONLINEARITIES[nonlinearity]
    W_T = np.ascontiguousarray(W.T)  # laid out once in the order in which every step reads it
    W_h = np.empty(inputs_to_hidden.shape[1:], inputs_to_hidden.dtype)  # one buffer for all steps
    for sums in inputs_to_hidden:
        np.dot(h, W_T, out=W_h)
        sums += W_h
        h = f(sums, out=sums)
    return inputs_to_hidden


def _reversed(x: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """The steps of each sequence in reverse order; the padding after its end stays where it is."""
    if lengths is None:
        return x[::-1]
    steps = np.arange(len(x))[:, np.newaxis]
    order = np.where(steps < lengths, lengths - 1 - steps, steps)
    return x[order, np.arange(x.shape[1])]


def _as_float_dtype(value: Any) -> np.dtype[Any]:
    try:
        dtype = np.dtype(value)
    except Exception:  # NumPy raises errors of several types here, SyntaxError among them
        dtype = None
    if value is None or dtype not in (np.float32, np.float64):  # np.dtype(None) would be float64
        raise ValueError(f"dtype must be float32 or float64, as NumPy or a string names it; got {value!r}")
    return dtype


def _as_flag(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def _as_size(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return int(value)


def _as_array(value: ArrayLike, name: str) -> np.ndarray:
    """Numbers, or a torch tensor that holds them, as an array."""
    array = value if type(value) is np.ndarray else _converted(value, name)
    if array.dtype.kind not in "biuf":
        # Fractions, or a table whose missing values are marked in a way of its own.
        remedy = "; if these are numbers, convert them to float first" if array.ndim and array.dtype.kind == "O" else ""
        raise TypeError(f"{name} must hold real numbers, got {type(value).__name__} of dtype {array.dtype}{remedy}")
    return array


def _converted(value: Any, name: str) -> np.ndarray:
    readable = _readable(value, name)
    try:
        return np.asarray(readable)
    except Exception as error:  # objects with an __array__ of their own raise errors of every type
        kind = type(value).__name__
        raise TypeError(f"{name} must be a rectangular array of numbers, got {kind}: {error}") from error


def _readable(value: Any, name: str) -> Any:
    """Numbers, arrays, tensors, or nested lists of them, as what NumPy reads without losing anything."""
    if type(value).__name__ == "PackedSequence":  # a tuple, whose parts are no rows of an array
        raise TypeError(
            f"{name} must be an array, got a PackedSequence: unpack it with torch.nn.utils.rnn.pad_packed_sequence, "
            "which gives a padded batch and the lengths of its sequences; RNN reads both"
        )
    if isinstance(value, list | tuple):
        return [item if isinstance(item, float | int) else _readable(item, name) for item in value]
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(f"{name} must hold real numbers, got a masked array with masked values: fill them first")
    return _tensor_as_array(value, name) if hasattr(value, "requires_grad") else value


def _tensor_as_array(tensor: Any, name: str) -> np.ndarray:
    try:
        return tensor.detach().cpu().numpy()
    except Exception as error:  # torch raises errors of every type here
        kind, reason = str(tensor.dtype).removeprefix("torch."), str(error)
        if tensor.is_nested:
            kind, reason = "nested", "pad it with to_padded_tensor(0), and give RNN the lengths of its sequences"
        elif kind.startswith(("bfloat16", "float8")):
            reason = "NumPy has no such numbers, make float32 of them with float()"
        raise TypeError(f"{name} must be a tensor that NumPy can read, got a {kind} one: {reason}") from error


def _as_arrays(**values: ArrayLike) -> list[np.ndarray]:
    """All arguments as arrays of one floating dtype, so that integers cannot truncate a result."""
    arrays = [_as_array(value, name) for name, value in values.items()]
    dtype = np.result_type(*arrays)
    return [array.astype(dtype if dtype.kind == "f" else np.float64, copy=False) for array in arrays]


def _check_shape(array: np.ndarray, name: str, expected: tuple[int, ...], meaning: str) -> None:
    if array.shape != expected:
        raise ValueError(f"{name} must have shape {expected}, {meaning}; got {array.shape}")


def _state_or_zeros(given: Mapping[str, np.ndarray], name: str, x: np.ndarray, n_units: int) -> np.ndarray:
    """A state of each sequence of x, (H,) or (N, H): that of this name if it was given, zeros else."""
    shape = (*x.shape[1:-1], n_units)
    state = given[name] if name in given else np.zeros(shape, x.dtype)
    _check_shape(state, name, shape, "one number for each hidden unit of each sequence")
    return state


def _checked_way_back(
    x: ArrayLike,
    U: ArrayLike,
    W: ArrayLike,
    output: ArrayLike,
    d_output: ArrayLike | None,
    d_h_n: ArrayLike | None,
    h_0: ArrayLike | None,
) -> tuple[np.ndarray, ...]:
    """The arguments of `rnn_backward` as arrays that fit each other, with zeros for those that were left out."""
    if d_output is None and d_h_n is None:
        raise ValueError("rnn_backward needs d_output, d_h_n or both: what the loss makes of the states; got neither")
    optional = {"d_output": d_output, "d_h_n": d_h_n, "h_0": h_0}
    given = {name: value for name, value in optional.items() if value is not None}
    x, U, W, output, *rest = _as_arrays(x=x, U=U, W=W, output=output, **given)
    arrays = dict(zip(given, rest, strict=True))
    _check_parameters(x, U, W)
    _check_time_steps(x, "(T, I) or (T, N, I)")
    states = "the states of `rnn_forward`, one row for each row of x"
    _check_shape(output, "output", (*x.shape[:-1], len(W)), states)
    d_output = arrays["d_output"] if "d_output" in arrays else np.zeros_like(output)
    _check_shape(d_output, "d_output", output.shape, "that of output")
    d_h, before = (_state_or_zeros(arrays, name, x, len(W)) for name in ("d_h_n", "h_0"))
    return x, U, W, output, d_output, d_h, before


def _check_parameters(x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray | None = None) -> None:
    """Whether U, W and, where there is one, b fit each other and the features of x."""
    if U.ndim != 2:
        raise ValueError(f"U must have shape (H, I), got {U.shape}")
    n_units, n_features = U.shape
    _check_shape(W, "W", (n_units, n_units), f"(H, H) for a U of shape {U.shape}")
    if b is not None:
        _check_shape(b, "b", (n_units,), f"(H,) for a U of shape {U.shape}")
    if x.ndim < 1 or x.shape[-1] != n_features:
        came = f"{x.shape[-1]} features" if x.ndim else "no axes"
        raise ValueError(f"x has {came}, but U of shape {U.shape} reads {n_features}")


def _check_time_steps(x: np.ndarray, shapes: str, batch_first: bool = False) -> None:
    if x.ndim not in (2, 3):
        raise ValueError(f"x must have shape {shapes}, got {x.shape}")
    if x.shape[1 if batch_first and x.ndim == 3 else 0] == 0:
        raise ValueError(f"x has no time steps: expected {shapes} with T of at least 1, got {x.shape}")


def _checked_lengths(lengths: ArrayLike, n_steps: int, n_sequences: int, batched: bool) -> np.ndarray:
    if not batched:
        raise ValueError("lengths go with a batch of sequences, but x is one sequence: cut it to its length instead")
    array = _as_array(lengths, "lengths")
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"lengths must be integers, got dtype {array.dtype}")
    _check_shape(array, "lengths", (n_sequences,), "one for each sequence")
    if n_sequences and not (1 <= array.min() and array.max() <= n_steps):
        raise ValueError(f"lengths must be from 1 to T={n_steps}, got {array.min()} to {array.max()}")
    return array.astype(np.int64)
