"""NumPy against torch, on the same weights: how far apart they are, how long each takes, and where a port departs.

``python -m rnn_helpers.compare`` prints the table of times. torch is imported only where it is used.
"""

from __future__ import annotations

import functools
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnn_helpers._torch import need_torch
from rnn_helpers.gated import gru_forward, lstm_forward
from rnn_helpers.locating import Comparison, Report, Suspect, distance
from rnn_helpers.ports import Loop, Results
from rnn_helpers.rnn import RNN, _as_array, _checked_lengths, rnn_backward, rnn_forward

if TYPE_CHECKING:
    import torch

__all__ = [
    "CELLS",
    "OPTIONS",
    "SIZES",
    "SIZES_OF_GRADIENTS",
    "TOLERANCES",
    "Difference",
    "Report",
    "Suspect",
    "against_torch",
    "grid",
    "locate",
    "main",
    "time_both",
    "time_gradients",
]

# The layers of torch that there is a counterpart of here: `RNN` of the first, `rnn_helpers.gated` of the others.
CELLS = ("RNN", "GRU", "LSTM")

# Every option of the NumPy layer, and whether a call is given first states and lengths: 192 combinations.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "num_layers": (1, 2, 3),
    "bidirectional": (False, True),
    "bias": (True, False),
    "batch_first": (False, True),
    "nonlinearity": ("tanh", "relu"),
    "with_h_0": (False, True),
    "with_lengths": (False, True),
}

# How close two right implementations come, with room for another processor: measured at torch's first weights, with
# inputs of at most 3, they differ by up to 1e-15 and 5e-7. The relative part is for relu, whose states grow beyond 1.
TOLERANCES = {"float32": {"atol": 1e-6, "rtol": 1e-5}, "float64": {"atol": 1e-12, "rtol": 0.0}}

# (T, N, I, H), from the running example's to sizes at which the matrix products are all that counts.
SIZES = (
    (5, 1, 3, 4),
    (5, 1, 16, 16),
    (100, 1, 64, 64),
    (100, 32, 64, 128),
    (35, 20, 200, 200),
    (1000, 1, 128, 128),
    (200, 64, 256, 256),
    (100, 128, 512, 512),
)

# Of forwards and back: the running example's, a long sequence, digits by rows, a batch of long sequences.
SIZES_OF_GRADIENTS = ((5, 1, 3, 4), (100, 1, 64, 64), (35, 20, 28, 128), (100, 32, 64, 128))

ROUNDS = 5
BLOCK_SECONDS = 0.05
PAUSE_SECONDS = 0.1


class Difference(NamedTuple):
    """How far apart the numbers of this package and of torch are; nothing is said of any other code.

    Attributes
    ----------
    output : float
        The largest absolute difference in the states of all steps; NaN where one side has NaN.
    h_n : float
        The same for the last states, and an LSTM's last cells.
    agrees : bool
        Whether every number of both is within the tolerance of the dtype: ``TOLERANCES``, as `numpy.allclose` takes it.
    """

    output: float
    h_n: float
    agrees: bool

    def __repr__(self) -> str:
        return f"rnn_helpers.RNN and torch {self._told()} (your own code was not run: compare.locate reads it)"

    def _told(self) -> str:
        return f"{'agree' if self.agrees else 'differ'}: output by {self.output:.1e}, h_n by {self.h_n:.1e}"


class DifferenceOfGated(Difference):
    """The same for `rnn_helpers.gated`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"rnn_helpers.gated and torch {self._told()} (your own code was not run)"


def against_torch(
    layer: torch.nn.RNN | torch.nn.GRU | torch.nn.LSTM,
    x: ArrayLike,
    h_0: ArrayLike | tuple[ArrayLike, ArrayLike] | None = None,
    lengths: ArrayLike | None = None,
) -> Difference:
    """Run a torch layer and this package's with the same weights on the same data.

    It shows that the two agree on your weights and your data, so that you may hold your own code against either. It
    does not show that your code is right, for it never runs it: give `locate` the arrays of your port.

    Parameters
    ----------
    layer : torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM
        In float32 or float64, on the CPU. A GRU or an LSTM has one layer and one direction.
    x : array_like, shape (T, I), (T, N, I), or (N, T, I) with `batch_first`
        The inputs; cast to the layer's dtype for both.
    h_0 : array_like, shape (L * D, H) or (L * D, N, H), optional
        The states before the first step; zeros if left out. Of an LSTM the pair ``(h_0, c_0)``, as torch wants it.
    lengths : array_like of N integers from 1 to T, optional
        The number of steps of each sequence; torch reads them as a packed sequence, padded again to T steps. For an
        `nn.RNN` only.

    Returns
    -------
    Difference
        Between the two in `output` and `h_n`.

    Raises
    ------
    TypeError, ValueError
        If `RNN.from_torch` refuses the layer, it is a GRU or an LSTM with other options than `bias` and `batch_first`,
        or either side refuses the data.
    ValueError
        If the two results differ in shape or dtype.

    See Also
    --------
    locate : Where the arrays of your own port depart from a layer's.
    """
    if getattr(layer, "mode", None) in CELLS[1:]:
        return _gated_against_torch(layer, x, h_0, lengths)
    return _rnn_against_torch(layer, x, h_0, lengths)


def locate(
    layer: torch.nn.RNN | RNN,
    x: ArrayLike,
    output: ArrayLike,
    h_n: ArrayLike,
    h_0: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> Report:
    """Say where the arrays of a port depart from what a layer gives, and which known mistake gives just these.

    A port is the same layer in other code, with the same weights. Run it on `x`, bring its two results here as arrays,
    and print what comes back.

    Parameters
    ----------
    layer : torch.nn.RNN or RNN
        The right one, in float32 or float64, on the CPU.
    x : array_like, shape (T, I), (T, N, I), or (N, T, I) with `batch_first`
        What the port has read.
    output : array_like, shape (T, D * H), (T, N, D * H), or (N, T, D * H) with `batch_first`
        The port's states of all steps, in float32 or float64.
    h_n : array_like, shape (L * D, H) or (L * D, N, H)
        The port's last states.
    h_0 : array_like, shape (L * D, H) or (L * D, N, H), optional
        The states that the port began with; zeros if left out.
    lengths : array_like of N integers from 1 to T, optional
        The number of steps of each sequence.

    Returns
    -------
    Report
        Named fields, and a few lines of text when it is printed.

    Raises
    ------
    TypeError, ValueError
        If the layer is of another kind, either side refuses the data, or a result of the port has another shape than
        the layer's, or another dtype than float32 and float64.

    Notes
    -----
    **Split the bias over both before you compare.** Only the sum of torch's two biases matters. Whoever has one bias
    b is tempted to give torch all of it in `bias_ih` and zeros in `bias_hh`; then a port that forgets `bias_hh` agrees
    on every number. Give 0.75 b to one and 0.25 b to the other: unequal, so that one taken twice shows too. When a
    layer hides a mistake so, the report lists it under `unseen`.

    It runs the layer a few hundred times, so a few short sequences of random numbers, some of them shorter than T, tell
    more than real data: no symmetry can hide a mistake, and the answer comes in a second.

    A mistake is named only if it gives every number of the port within the tolerance, while the right layer is ten
    times as far off or more. So two mistakes at once are not named; the first entry that is off is right all the same.

    Examples
    --------
    >>> rnn = RNN(3, 4, 2, bidirectional=True, dtype="float64", seed=0)
    >>> x = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    >>> output, h_n = rnn(x)
    >>> locate(rnn, x, output, h_n[[0, 2, 1, 3]]).mistakes[0].name
    'h_n ordered by direction'
    """
    rnn = layer if isinstance(layer, RNN) else RNN.from_torch(layer)
    right = rnn(x, h_0, lengths)  # first, because it says what is wrong with bad data
    loop = _loop(rnn, x, h_0, lengths)
    if not isinstance(layer, RNN):
        right = _run_torch(layer, *_for_torch(rnn, x, h_0, lengths))
    port = _of_port(output, "output", right[0], rnn), _of_port(h_n, "h_n", right[1], rnn)
    dtype = min(rnn.dtype, port[0].dtype, port[1].dtype, key=lambda each: each.itemsize).name
    return Comparison(loop, _time_first(rnn, *right), _time_first(rnn, *port), dtype, **TOLERANCES[dtype]).report()


def grid(dtype: str = "float32", seed: int = 0) -> Iterator[tuple[dict[str, Any], Difference]]:
    """Compare NumPy with torch on every combination of `OPTIONS`.

    Parameters
    ----------
    dtype : {"float32", "float64"}, default "float32"
        Of weights and data.
    seed : int, default 0
        Of weights and data. torch's own random state is left as it was.

    Yields
    ------
    options : dict
        One value for each name in `OPTIONS`.
    difference : Difference
        Over T = 7 steps of N = 5 sequences, I = 3, H = 4.
    """
    need_torch()
    import torch

    rng = np.random.default_rng(seed)
    n_steps, n_sequences, n_features, n_units = 7, 5, 3, 4
    for values in itertools.product(*OPTIONS.values()):
        options = dict(zip(OPTIONS, values, strict=True))
        arguments = {name: value for name, value in options.items() if not name.startswith("with_")}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            layer = torch.nn.RNN(n_features, n_units, **arguments, dtype=getattr(torch, dtype), device="cpu")
        # At most 3 in size, as a standardised feature is: far larger ones would saturate every unit and hide much.
        shape = (n_sequences, n_steps) if options["batch_first"] else (n_steps, n_sequences)
        x = rng.uniform(-3, 3, (*shape, n_features))
        n_states = options["num_layers"] * (2 if options["bidirectional"] else 1)
        h_0 = rng.uniform(-1, 1, (n_states, n_sequences, n_units)) if options["with_h_0"] else None
        # Unsorted, with a tie, the longest and the shortest possible.
        lengths = np.array([3, n_steps, 1, 5, n_steps]) if options["with_lengths"] else None
        yield options, against_torch(layer, x, h_0, lengths)


def time_both(
    T: int,
    N: int,
    I: int,  # noqa: E741 - the letter of the formula
    H: int,
    *,
    cell: str = "RNN",
    rounds: int = ROUNDS,
) -> tuple[float, float]:
    """Time one forward pass of both, in float32, without gradients.

    Parameters
    ----------
    T, N, I, H : int
        Time steps, sequences, input features, hidden units.
    cell : {"RNN", "GRU", "LSTM"}, default "RNN"
        Which layer of torch, and its counterpart here.
    rounds : int, default 5
        How often each is measured, in turn.

    Returns
    -------
    numpy_seconds, torch_seconds : float
        Seconds for one call: the median over the rounds.

    Raises
    ------
    ValueError
        If `cell` is not one of the three.
    """
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
    need_torch()
    layer, x, x_torch = _layer_and_data(cell, T, N, I, H)
    read = RNN.from_torch(layer) if cell == "RNN" else _reader(layer)
    with _undisturbed():
        return _in_turn(lambda: read(x), lambda: layer(x_torch), rounds)


def time_gradients(
    T: int,
    N: int,
    I: int,  # noqa: E741 - the letter of the formula
    H: int,
    *,
    rounds: int = ROUNDS,
) -> tuple[float, float]:
    """Time one pass forwards and back of both, in float32: `rnn_forward` and `rnn_backward` against torch's RNN.

    Both compute the derivatives of the sum of all states, with respect to the input and all parameters.

    Parameters
    ----------
    T, N, I, H : int
        Time steps, sequences, input features, hidden units.
    rounds : int, default 5
        How often each is measured, in turn.

    Returns
    -------
    numpy_seconds, torch_seconds : float
        Seconds for one pass forwards and back: the median over the rounds.
    """
    need_torch()
    import torch

    layer, x, x_torch = _layer_and_data("RNN", T, N, I, H)
    U, W, b_ih, b_hh = (parameter.detach().numpy() for parameter in layer.parameters())
    b, d_output = b_ih + b_hh, np.ones((T, N, H), np.float32)
    leaves, d_torch = [x_torch.requires_grad_(), *layer.parameters()], torch.from_numpy(d_output)

    def ours() -> None:
        output, _ = rnn_forward(x, U, W, b)
        rnn_backward(x, U, W, output, d_output)

    def theirs() -> None:
        output, _ = layer(x_torch)
        torch.autograd.grad(output, leaves, d_torch)

    with torch.autocast("cpu", enabled=False), torch.inference_mode(False), torch.enable_grad():
        return _in_turn(ours, theirs, rounds)


def main() -> None:
    """Print both times at each of the `SIZES`, their ratio, and the geometric mean: of each cell, and of gradients."""
    need_torch()
    import torch

    versions = f"NumPy {np.__version__}, torch {torch.__version__}, {os.cpu_count()} cores"
    print(f"One pass, float32, in milliseconds ({versions})")
    for cell in CELLS:
        _print_times(f"{cell}, forwards", SIZES, functools.partial(time_both, cell=cell))
    _print_times("RNN, forwards and back", SIZES_OF_GRADIENTS, time_gradients)


def _print_times(
    what: str, sizes: Sequence[tuple[int, int, int, int]], time_size: Callable[..., tuple[float, float]]
) -> None:
    print(f"\n{what}\n{'(T, N, I, H)':22}{'NumPy':>10}{'torch':>10}{'NumPy / torch':>16}")
    ratios = []
    for size in sizes:
        numpy_seconds, torch_seconds = time_size(*size)
        ratios.append(numpy_seconds / torch_seconds)
        print(f"{size!s:22}{1e3 * numpy_seconds:10.3f}{1e3 * torch_seconds:10.3f}{ratios[-1]:16.2f}", flush=True)
    print(f"{'geometric mean':42}{np.exp(np.mean(np.log(ratios))):16.2f}")


def _rnn_against_torch(layer: Any, x: ArrayLike, h_0: Any, lengths: ArrayLike | None) -> Difference:
    """The same for an `nn.RNN`, and `rnn_helpers.RNN`."""
    rnn = RNN.from_torch(layer)
    ours = rnn(x, h_0, lengths)  # first, because it says what is wrong with bad data
    theirs = _run_torch(layer, *_for_torch(rnn, x, h_0, lengths))
    output, h_n = (_largest(*pair) for pair in zip(("output", "h_n"), ours, theirs, strict=True))
    return Difference(output, h_n, all(_agree(*pair) for pair in zip(ours, theirs, strict=True)))


def _gated_against_torch(layer: Any, x: ArrayLike, states: Any, lengths: ArrayLike | None) -> Difference:
    """The same for a GRU or an LSTM, and `rnn_helpers.gated`."""
    import torch

    read = _reader(layer)
    if lengths is not None:
        raise ValueError(f"lengths go with an nn.RNN: {layer.mode.lower()}_forward reads sequences of one length")
    dtype = layer.weight_ih_l0.detach().numpy().dtype
    data, firsts = np.array(_as_array(x, "x"), dtype), _first_states(layer, states, dtype)
    batch_first = layer.batch_first and data.ndim == 3
    # Ours first, because it says what is wrong with bad data.
    output, last = read(data.swapaxes(0, 1) if batch_first else data, *(first[0] for first in firsts))
    ours = [output.swapaxes(0, 1) if batch_first else output, *(each[np.newaxis] for each in _as_tuple(last))]
    given = tuple(map(torch.from_numpy, firsts))
    with _undisturbed():
        output, last = layer(torch.from_numpy(data), given if len(given) == 2 else given[0] if given else None)
    theirs = [each.numpy() for each in (output, *_as_tuple(last))]
    apart = [_largest(*each) for each in zip(("output", "h_n", "c_n"), ours, theirs, strict=False)]
    agrees = all(_agree(*pair) for pair in zip(ours, theirs, strict=True))
    return DifferenceOfGated(apart[0], float(np.max(apart[1:])), agrees)  # np.max: NaN counts


def _reader(layer: Any) -> Callable[..., Any]:
    """`gru_forward` or `lstm_forward` with the parameters of a layer of torch."""
    if getattr(type(layer).forward, "__module__", None) != "torch.nn.modules.rnn":
        raise TypeError(f"expected a torch.nn.{layer.mode} with torch's own forward, got {type(layer).__name__}")
    if layer.num_layers != 1 or layer.bidirectional or layer.proj_size:
        raise ValueError(f"expected a {layer.mode} of one layer and one direction, without a projection; got {layer!r}")
    dtype = str(layer.weight_ih_l0.dtype).removeprefix("torch.")
    if dtype not in TOLERANCES:
        raise ValueError(f"the layer's weights must be {' or '.join(TOLERANCES)}, got {dtype}")
    U, W, *biases = (parameter.detach().numpy() for parameter in layer.parameters())
    b_ih, b_hh = biases or (np.zeros(len(U), U.dtype), np.zeros(len(U), U.dtype))
    if layer.mode == "GRU":
        return lambda x, *states: gru_forward(x, U, W, b_ih, b_hh, *states)
    b = b_ih + b_hh
    return lambda x, *states: lstm_forward(x, U, W, b, *states)


def _first_states(layer: torch.nn.GRU | torch.nn.LSTM, states: Any, dtype: np.dtype[Any]) -> list[np.ndarray]:
    """What was given as h_0, or as the pair (h_0, c_0), in the layer's dtype and torch's shapes."""
    if states is None:
        return []
    if layer.mode == "LSTM" and not (isinstance(states, tuple | list) and len(states) == 2):
        raise ValueError(f"h_0 of an LSTM must be the pair (h_0, c_0), got {type(states).__name__}")
    parts = {"h_0": states[0], "c_0": states[1]} if layer.mode == "LSTM" else {"h_0": states}
    firsts = {name: np.array(_as_array(part, name), dtype) for name, part in parts.items()}
    for name, first in firsts.items():
        if first.shape[:1] != (1,):
            raise ValueError(f"{name} must have shape (1, H) or (1, N, H), as torch wants it; got {first.shape}")
    return list(firsts.values())


def _as_tuple(last: Any) -> tuple[Any, ...]:
    """The last state, or state and cell."""
    return last if isinstance(last, tuple) else (last,)


def _layer_and_data(cell: str, T: int, N: int, I: int, H: int) -> tuple[Any, np.ndarray, Any]:  # noqa: E741
    """A layer of torch in float32, and data to time it on, as an array and as a tensor of the same memory."""
    import torch

    with torch.random.fork_rng(devices=[]):  # leaves torch's own random state as it was
        layer = getattr(torch.nn, cell)(I, H, dtype=torch.float32, device="cpu")
    x = np.random.default_rng(0).standard_normal((T, N, I), dtype=np.float32)
    return layer, x, torch.from_numpy(x)


def _in_turn(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """The median seconds of one call of each.

    In blocks, with a pause between them: torch's threads and OpenBLAS's keep spinning for a while after a call, in wait
    of the next. Call by call in turn, each would be timed while the other's threads hold the cores.
    """
    pause, seconds = PAUSE_SECONDS if _several_threads() else 0, []
    for _ in range(rounds):
        for call in (ours, theirs):
            time.sleep(pause)
            seconds.append(_time_block(call))
    return float(np.median(seconds[::2])), float(np.median(seconds[1::2]))


def _loop(rnn: RNN, x: ArrayLike, h_0: ArrayLike | None, lengths: ArrayLike | None) -> Loop:
    """The loop in pieces, on data that `rnn` has accepted."""
    inputs, batched = rnn._checked_input(x)
    n_steps, n_sequences, _ = inputs.shape
    ends = None if lengths is None else _checked_lengths(lengths, n_steps, n_sequences, batched)
    return Loop(rnn, inputs, rnn._checked_state(h_0, n_sequences, batched), ends)


def _of_port(value: ArrayLike, name: str, right: np.ndarray, rnn: RNN) -> np.ndarray:
    """A result of a port as an array, if it can be compared."""
    array = _as_array(value, name)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(
            f"{name} must be float32 or float64, as the port computed it; got {array.dtype}"
            + (": whole numbers have lost what is compared" if array.dtype.kind in "iub" else "")
        )
    if array.shape != right.shape:
        remedy = ""
        if array.ndim == 3 and array.swapaxes(0, 1).shape == right.shape:
            layout = f"the layer has batch_first={rnn.batch_first}" if name == "output" else "it is never batch first"
            remedy = f": exchange the first two axes, {layout}"
        elif array.size == right.size:
            remedy = f": as many numbers, so reshape a flat dump to {right.shape} if its order is that"
        raise ValueError(
            f"{name} must have shape {right.shape}, as the layer gives it for this x; got {array.shape}{remedy}"
        )
    return array


def _time_first(rnn: RNN, output: np.ndarray, h_n: np.ndarray) -> Results:
    """Both with an axis for the sequences, the second one."""
    if output.ndim == 2:
        return output[:, np.newaxis], h_n[:, np.newaxis]
    return (output.swapaxes(0, 1) if rnn.batch_first else output), h_n


def _for_torch(
    rnn: RNN, x: ArrayLike, h_0: ArrayLike | None, lengths: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    # Copies, because torch reads no array with negative strides.
    return (
        np.array(_as_array(x, "x"), rnn.dtype),
        None if h_0 is None else np.array(_as_array(h_0, "h_0"), rnn.dtype),
        None if lengths is None else np.array(_as_array(lengths, "lengths"), np.int64),
    )


def _run_torch(
    layer: torch.nn.RNN, x: np.ndarray, h_0: np.ndarray | None, lengths: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    batch_first = layer.batch_first
    # from_numpy, because the tensors that torch.tensor makes follow torch's default device.
    data, state = torch.from_numpy(x), None if h_0 is None else torch.from_numpy(h_0)
    with _undisturbed():
        if lengths is None:
            output, h_n = layer(data, state)
        else:
            packed = pack_padded_sequence(data, torch.from_numpy(lengths), batch_first, enforce_sorted=False)
            packed, h_n = layer(packed, state)
            output, _ = pad_packed_sequence(packed, batch_first, total_length=x.shape[1 if batch_first else 0])
    return output.numpy(), h_n.numpy()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Torch without gradients, and in the dtype of its weights even where the reader has turned autocast on."""
    import torch

    with torch.inference_mode(), torch.autocast("cpu", enabled=False):
        yield


def _agree(ours: np.ndarray, theirs: np.ndarray) -> bool:
    tolerance = TOLERANCES[ours.dtype.name]
    return np.allclose(ours, theirs, rtol=tolerance["rtol"], atol=tolerance["atol"])


def _largest(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
        raise ValueError(
            f"{name}: NumPy gives {ours.shape} in {ours.dtype}, torch gives {theirs.shape} in {theirs.dtype}"
        )
    return distance(ours, theirs)


def _several_threads() -> bool:
    """Whether a product is shared out among threads, which in a notebook it is not."""
    import threadpoolctl
    import torch

    return max(torch.get_num_threads(), *(pool["num_threads"] for pool in threadpoolctl.threadpool_info())) > 1


def _time_block(call: Callable[[], Any]) -> float:
    """Seconds for one call, as the mean of a block of calls after one that warms up."""
    call()
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < BLOCK_SECONDS or calls < 2:
        call()
        calls += 1
    return elapsed / calls


if __name__ == "__main__":
    main()
