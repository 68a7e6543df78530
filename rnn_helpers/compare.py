"""NumPy against torch, on the same weights: how far apart their results are, and how long each takes.

``python -m rnn_helpers.compare`` prints the table of times. torch is imported only where it is used.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnn_helpers._torch import need_torch
from rnn_helpers.rnn import RNN, _as_array

if TYPE_CHECKING:
    import torch

__all__ = ["OPTIONS", "SIZES", "TOLERANCES", "Difference", "against_torch", "grid", "main", "time_both"]

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

ROUNDS = 5
BLOCK_SECONDS = 0.05
PAUSE_SECONDS = 0.1


class Difference(NamedTuple):
    """How far apart NumPy's and torch's numbers are.

    Attributes
    ----------
    output : float
        The largest absolute difference in the states of all steps; NaN where one side has NaN.
    h_n : float
        The same for the last states.
    agrees : bool
        Whether every number of both is within the tolerance of the dtype: ``TOLERANCES``, as `numpy.allclose` takes it.
    """

    output: float
    h_n: float
    agrees: bool


def against_torch(
    layer: torch.nn.RNN, x: ArrayLike, h_0: ArrayLike | None = None, lengths: ArrayLike | None = None
) -> Difference:
    """Run a torch layer and the NumPy layer with the same weights on the same data.

    Parameters
    ----------
    layer : torch.nn.RNN
        In float32 or float64, on the CPU.
    x : array_like, shape (T, I), (T, N, I), or (N, T, I) with `batch_first`
        The inputs; cast to the layer's dtype for both.
    h_0 : array_like, shape (L * D, H) or (L * D, N, H), optional
        The states before the first step; zeros if left out.
    lengths : array_like of N integers from 1 to T, optional
        The number of steps of each sequence; torch reads them as a packed sequence, padded again to T steps.

    Returns
    -------
    Difference
        Between the two in `output` and `h_n`.

    Raises
    ------
    TypeError, ValueError
        If `RNN.from_torch` refuses the layer, or either side refuses the data.
    ValueError
        If the two results differ in shape or dtype.
    """
    rnn = RNN.from_torch(layer)
    ours = rnn(x, h_0, lengths)  # first, because it says what is wrong with bad data
    # Copies, because torch reads no array with negative strides.
    theirs = _run_torch(
        layer,
        np.array(_as_array(x, "x"), rnn.dtype),
        None if h_0 is None else np.array(_as_array(h_0, "h_0"), rnn.dtype),
        None if lengths is None else np.array(_as_array(lengths, "lengths"), np.int64),
    )
    output, h_n = (_largest(*pair) for pair in zip(("output", "h_n"), ours, theirs, strict=True))
    return Difference(output, h_n, all(_agree(*pair) for pair in zip(ours, theirs, strict=True)))


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
    rounds: int = ROUNDS,
) -> tuple[float, float]:
    """Time one forward pass of both, in float32, without gradients.

    Parameters
    ----------
    T, N, I, H : int
        Time steps, sequences, input features, hidden units.
    rounds : int, default 5
        How often each is measured, in turn.

    Returns
    -------
    numpy_seconds, torch_seconds : float
        Seconds for one call: the median over the rounds.
    """
    need_torch()
    import torch

    with torch.random.fork_rng(devices=[]):  # leaves torch's own random state as it was
        layer = torch.nn.RNN(I, H, dtype=torch.float32, device="cpu")
    rnn = RNN.from_torch(layer)
    x = np.random.default_rng(0).standard_normal((T, N, I), dtype=np.float32)
    x_torch = torch.from_numpy(x)
    numpy_seconds, torch_seconds = [], []
    with _undisturbed():
        # In blocks, with a pause between them: torch's threads and OpenBLAS's keep spinning for a while after a call,
        # in wait of the next. Call by call in turn, each would be timed while the other's threads hold the cores.
        for _ in range(rounds):
            numpy_seconds.append(_time_block(rnn, x))
            torch_seconds.append(_time_block(layer, x_torch))
    return float(np.median(numpy_seconds)), float(np.median(torch_seconds))


def main() -> None:
    """Print both times at each of the `SIZES`, their ratio, and the geometric mean of the ratios."""
    need_torch()
    import torch

    versions = f"NumPy {np.__version__}, torch {torch.__version__}, {os.cpu_count()} cores"
    print(f"One forward pass, float32, in milliseconds ({versions})\n")
    print(f"{'(T, N, I, H)':22}{'NumPy':>10}{'torch':>10}{'NumPy / torch':>16}")
    ratios = []
    for size in SIZES:
        numpy_seconds, torch_seconds = time_both(*size)
        ratios.append(numpy_seconds / torch_seconds)
        print(f"{size!s:22}{1e3 * numpy_seconds:10.3f}{1e3 * torch_seconds:10.3f}{ratios[-1]:16.2f}", flush=True)
    print(f"{'geometric mean':42}{np.exp(np.mean(np.log(ratios))):16.2f}")


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
    with np.errstate(invalid="ignore"):  # inf - inf, which agree
        return float(np.where(ours == theirs, 0, np.abs(ours - theirs)).max(initial=0.0))


def _time_block(layer: Callable[..., Any], x: Any) -> float:
    """Seconds for one call, as the mean of a block of calls after one that warms up."""
    time.sleep(PAUSE_SECONDS)
    layer(x)
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < BLOCK_SECONDS or calls < 2:
        layer(x)
        calls += 1
    return elapsed / calls


if __name__ == "__main__":
    main()
