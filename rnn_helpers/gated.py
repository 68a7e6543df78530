"""The GRU and the LSTM in NumPy: one step of each as its formula reads, and a whole sequence, as torch computes them.

Sizes: T time steps, N sequences in a batch, I input features, H hidden units.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rnn_helpers.rnn import _as_arrays, _check_shape, _check_time_steps, _state_or_zeros

__all__ = ["gru_forward", "gru_step", "lstm_forward", "lstm_step"]

GRU_GATES = ("r", "z", "n")  # torch's order of the blocks of rows
LSTM_GATES = ("i", "f", "g", "o")


def gru_step(x: ArrayLike, h: ArrayLike, U: ArrayLike, W: ArrayLike, b_ih: ArrayLike, b_hh: ArrayLike) -> np.ndarray:
    """Read one input and return the next hidden state of a GRU.

    Parameters
    ----------
    x : array_like, shape (..., I)
        The input at this step: one vector, or one row for each sequence of a batch.
    h : array_like, shape (..., H)
        The hidden state before this step, with the same leading axes as `x`.
    U : array_like, shape (3H, I)
        Weights from the input: H rows each for the reset gate r, the update gate z and the new value n.
    W : array_like, shape (3H, H)
        Weights from the hidden state, in the same order.
    b_ih, b_hh : array_like, shape (3H,)
        The biases beside U x and beside W h. Their last thirds are not one: r multiplies that of `b_hh`.

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
    The formula is that of `torch.nn.GRU`, which resets after the product with W: n = tanh(U x + r W h), and biases. The
    paper that introduced it resets before, in the version that was published: n = tanh(U x + W (r h)) (Cho et al.,
    "Learning phrase representations using RNN encoder-decoder for statistical machine translation", EMNLP 2014).
    """
    x, h, U, W, b_ih, b_hh = _as_arrays(x=x, h=h, U=U, W=W, b_ih=b_ih, b_hh=b_hh)
    n_units = _check_parameters(x, U, W, {"b_ih": b_ih, "b_hh": b_hh}, GRU_GATES)
    _check_state(h, "h", x, n_units)
    r_x, z_x, n_x = np.split(x @ U.T + b_ih, 3, axis=-1)
    r_h, z_h, n_h = np.split(h @ W.T + b_hh, 3, axis=-1)
    r = _sigmoid(r_x + r_h)  # how much of the state the new value sees
    z = _sigmoid(z_x + z_h)  # how much of the state stays
    n = np.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


def lstm_step(
    x: ArrayLike, h: ArrayLike, c: ArrayLike, U: ArrayLike, W: ArrayLike, b: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Read one input and return the next hidden state and the next cell of an LSTM.

    Parameters
    ----------
    x : array_like, shape (..., I)
        The input at this step: one vector, or one row for each sequence of a batch.
    h, c : array_like, shape (..., H)
        The hidden state and the cell before this step, with the same leading axes as `x`.
    U : array_like, shape (4H, I)
        Weights from the input: H rows each for the input gate i, the forget gate f, the new value g, the output gate o.
    W : array_like, shape (4H, H)
        Weights from the hidden state, in the same order.
    b : array_like, shape (4H,)
        Bias: the sum of torch's two.

    Returns
    -------
    h_next, c_next : ndarray, shape (..., H)
        Both after this step, in the dtype that NumPy promotes the arguments to: float64 for integers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not hold real numbers, or a shape does not fit the others.

    Notes
    -----
    The formula is that of `torch.nn.LSTM` (Gers, Schmidhuber and Cummins, "Learning to forget: continual prediction
    with LSTM", 2000: the first one, of 1997, had no forget gate).
    """
    x, h, c, U, W, b = _as_arrays(x=x, h=h, c=c, U=U, W=W, b=b)
    n_units = _check_parameters(x, U, W, {"b": b}, LSTM_GATES)
    _check_state(h, "h", x, n_units)
    _check_state(c, "c", x, n_units)
    i, f, g, o = np.split(x @ U.T + h @ W.T + b, 4, axis=-1)
    c_next = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c_next), c_next


def gru_forward(
    x: ArrayLike, U: ArrayLike, W: ArrayLike, b_ih: ArrayLike, b_hh: ArrayLike, h_0: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read a whole sequence, or a batch of sequences of one length, with a GRU.

    Parameters
    ----------
    x : array_like, shape (T, I) or (T, N, I)
        The inputs, time first.
    U, W, b_ih, b_hh : array_like
        The parameters, as in `gru_step`: torch's ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``.
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
    gru_step : One step, with the formula.
    """
    given = {} if h_0 is None else {"h_0": h_0}
    x, U, W, b_ih, b_hh, *states = _as_arrays(x=x, U=U, W=W, b_ih=b_ih, b_hh=b_hh, **given)
    n_units = _check_parameters(x, U, W, {"b_ih": b_ih, "b_hh": b_hh}, GRU_GATES)
    _check_time_steps(x, "(T, I) or (T, N, I)")
    h = _state_or_zeros(dict(zip(given, states, strict=True)), "h_0", x, n_units).reshape(-1, n_units)

    # Of b_hh only the last block waits for the loop: the others stand in plain sums, with those of b_ih.
    b_n = b_hh[2 * n_units :]
    biases = b_ih + np.concatenate([b_hh[: 2 * n_units], 0 * b_n])
    halves = np.array([0.5, 0.5, 1.0], x.dtype)  # for r and z, which are sigmoids
    from_inputs, W_T = _by_gate(x, U, W, biases, halves)
    from_state = np.empty_like(from_inputs[:, 0])
    gates, n = from_state[:2], from_state[2]
    r, z = gates
    output = np.empty(from_inputs.shape[1:], x.dtype)
    for t, state in enumerate(output):
        np.matmul(h, W_T, out=from_state)
        gates += from_inputs[:2, t]
        np.tanh(gates, out=gates)
        gates *= 0.5
        gates += 0.5
        n += b_n
        n *= r
        n += from_inputs[2, t]
        np.tanh(n, out=n)
        np.subtract(h, n, out=state)  # (1 - z) n + z h, as n + z (h - n)
        state *= z
        state += n
        h = state
    output = output.reshape(*x.shape[:-1], n_units)
    return output, output[-1].copy()


def lstm_forward(
    x: ArrayLike,
    U: ArrayLike,
    W: ArrayLike,
    b: ArrayLike,
    h_0: ArrayLike | None = None,
    c_0: ArrayLike | None = None,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Read a whole sequence, or a batch of sequences of one length, with an LSTM.

    Parameters
    ----------
    x : array_like, shape (T, I) or (T, N, I)
        The inputs, time first.
    U, W, b : array_like
        The parameters, as in `lstm_step`: torch's ``weight_ih_l0``, ``weight_hh_l0``, and the sum of its two biases.
    h_0, c_0 : array_like, shape (H,) or (N, H), optional
        The hidden state and the cell before the first step; zeros if left out.

    Returns
    -------
    output : ndarray, shape (T, H) or (T, N, H)
        The hidden state after every step.
    (h_n, c_n) : tuple of ndarray, shape (H,) or (N, H)
        Hidden state and cell after the last step; `h_n` is a copy of ``output[-1]``. All are in the dtype that NumPy
        promotes the arguments to: float64 for integers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not hold real numbers, a shape does not fit the others, or there are no time steps.

    See Also
    --------
    lstm_step : One step, with the formula.
    """
    given = {name: value for name, value in {"h_0": h_0, "c_0": c_0}.items() if value is not None}
    x, U, W, b, *states = _as_arrays(x=x, U=U, W=W, b=b, **given)
    n_units = _check_parameters(x, U, W, {"b": b}, LSTM_GATES)
    _check_time_steps(x, "(T, I) or (T, N, I)")
    firsts = dict(zip(given, states, strict=True))
    h, c = (_state_or_zeros(firsts, name, x, n_units).reshape(-1, n_units) for name in ("h_0", "c_0"))
    c = c.copy()  # it is overwritten at each step

    halves = np.array([0.5, 0.5, 1.0, 0.5], x.dtype)  # for i, f and o, which are sigmoids
    from_inputs, W_T = _by_gate(x, U, W, b, halves)
    scale, shift = halves.reshape(4, 1, 1), (1 - halves).reshape(4, 1, 1)
    gates = np.empty_like(from_inputs[:, 0])
    i, f, g, o = gates
    output = np.empty(from_inputs.shape[1:], x.dtype)
    for t, state in enumerate(output):
        np.matmul(h, W_T, out=gates)
        gates += from_inputs[:, t]
        np.tanh(gates, out=gates)
        gates *= scale
        gates += shift
        c *= f
        g *= i
        c += g
        h = np.tanh(c, out=state)
        h *= o
    output = output.reshape(*x.shape[:-1], n_units)
    return output, (output[-1].copy(), c.reshape(output.shape[1:]))


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), written with tanh, which overflows for no number."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def _by_gate(
    x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, halves: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the loop needs, with the gates on an axis of their own, so that each is one block of memory.

    As sigmoid(z) = tanh(z / 2) / 2 + 1 / 2, one tanh does for all gates once the sums of the sigmoids are halved. So
    here each gate's weights are multiplied by its number of `halves`.

    Returns
    -------
    from_inputs : ndarray, shape (gates, T, N, H)
        U x + b at all steps: only W h has to wait for the step before. One sequence is a batch of one.
    W_T : ndarray, shape (gates, H, H)
        For ``h @ W_T``, which is then (gates, N, H).
    """
    n_gates, n_units = len(halves), W.shape[1]
    n_steps, n_sequences = x.shape[0], x.shape[1] if x.ndim == 3 else 1
    factors = halves.reshape(-1, 1, 1)
    U_T, W_T = (
        np.ascontiguousarray(factors * weights.reshape(n_gates, n_units, -1).swapaxes(1, 2)) for weights in (U, W)
    )
    from_inputs = x.reshape(n_steps * n_sequences, x.shape[-1]) @ U_T
    from_inputs += factors * b.reshape(n_gates, 1, n_units)
    return from_inputs.reshape(n_gates, n_steps, n_sequences, n_units), W_T


def _check_parameters(
    x: np.ndarray, U: np.ndarray, W: np.ndarray, biases: dict[str, np.ndarray], gates: tuple[str, ...]
) -> int:
    """Whether the parameters fit each other and the features of x; returns H."""
    n_gates, blocks = len(gates), f"H rows each for {', '.join(gates)}"
    if W.ndim != 2 or W.shape[0] != n_gates * W.shape[1]:
        raise ValueError(f"W must have shape ({n_gates}H, H), {blocks}; got {W.shape}")
    n_rows, n_units = W.shape
    if U.ndim != 2 or len(U) != n_rows:
        raise ValueError(f"U must have shape ({n_rows}, I), {blocks}, as W of shape {W.shape}; got {U.shape}")
    for name, bias in biases.items():
        _check_shape(bias, name, (n_rows,), f"({n_gates}H,) for a W of shape {W.shape}")
    if x.ndim < 1 or x.shape[-1] != U.shape[1]:
        came = f"{x.shape[-1]} features" if x.ndim else "no axes"
        raise ValueError(f"x has {came}, but U of shape {U.shape} reads {U.shape[1]}")
    return n_units


def _check_state(state: np.ndarray, name: str, x: np.ndarray, n_units: int) -> None:
    _check_shape(state, name, (*x.shape[:-1], n_units), "one row for each row of x, one number for each hidden unit")
