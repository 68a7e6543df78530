"""Checks that learners call on their own functions: one line when all is well, one helpful sentence when not.

A check is put together here from its cases, its known mistakes, and how to read and explain a result; `checking` runs
it. Every check takes a `seed`: another one means the same kinds of cases with other numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rnn_helpers import check_cases, checking
from rnn_helpers.assignment_mistakes import ASSIGNMENT_MISTAKES
from rnn_helpers.checking import Case, Check, CheckFailed, run_check
from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from

__all__ = [
    "Case",
    "Check",
    "CheckFailed",
    "build",
    "continue_reading",
    "distinct_summaries",
    "first_step",
    "forward_lengths",
    "from_torch",
    "max_pool",
    "mean_pool",
    "orthogonal",
    "parameter_shapes",
    "read_back",
    "read_backwards",
    "read_batch_first",
    "read_counts",
    "rnn_forward",
    "rnn_step",
    "run_check",
    "trace",
]


def parameter_shapes(fn: Callable[..., Any], *, seed: int = 0) -> None:
    """Check a function that gives the shapes of U, W and b.

    Parameters
    ----------
    fn : callable
        Called as ``fn(input_size, hidden_size)``; must return a dict of tuples or lists, as
        `rnn_helpers.rnn.parameter_shapes` does.
    seed : int, default 0
        Of the sizes.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("parameter_shapes", seed))


def first_step(fn: Callable[..., Any], *, seed: int = 22) -> None:
    """Check a function that reads the first input, when there is no memory yet.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x_1, U, b)`` with x_1 (I,), U (H, I) and b (H,); must return h(1), of shape (H,), as an array, a
        list or a tensor.
    seed : int, default 22
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("first_step", seed))


def rnn_step(fn: Callable[..., Any], *, seed: int = 20) -> None:
    """Check a function that reads one input and returns the next hidden state.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, h, U, W, b)`` with x (I,) or (N, I) and h (H,) or (N, H); must return what
        `rnn_helpers.rnn.rnn_step` does, as an array, a list or a tensor.
    seed : int, default 20
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("rnn_step", seed))


def trace(fn: Callable[..., Any], *, seed: int = 23) -> None:
    """Check a function that returns the state after every step of one sequence, from h(0) = 0.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b)`` with x (T, I); must return an array, a list or a tensor of shape (T, H).
    seed : int, default 23
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("trace", seed))


def rnn_forward(fn: Callable[..., Any], *, seed: int = 21) -> None:
    """Check a function that reads a whole sequence.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b, h_0)`` with x (T, I) or (T, N, I) and h_0 (H,) or (N, H), always an array; must
        return `output` and `h_n` as `rnn_helpers.rnn.rnn_forward` does, as arrays, lists or tensors.
    seed : int, default 21
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("rnn_forward", seed))


def continue_reading(fn: Callable[..., Any], *, seed: int = 24) -> None:
    """Check a function that reads a sequence in two halves, from h(0) = 0.

    Parameters
    ----------
    fn : callable
        Called as ``fn(first_half, second_half, U, W, b)`` with halves of shape (T, I), each with a T of its own; must
        return the last state (H,), the same as after one reading of both.
    seed : int, default 24
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("continue_reading", seed))


def from_torch(fn: Callable[..., Any], *, seed: int = 25) -> None:
    """Check a function that takes U, W and b out of a `torch.nn.RNN`.

    Parameters
    ----------
    fn : callable
        Called as ``fn(layer)`` with a layer of one layer and one direction that has biases, in float32 or float64;
        must return ``(U, W, b)`` as arrays or tensors, and leave the layer as it was.
    seed : int, default 25
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("from_torch", seed))


def forward_lengths(fn: Callable[..., Any], *, seed: int = 26) -> None:
    """Check a function that reads a padded batch and returns the state at the end of each sequence.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, lengths, U, W, b)`` with x (T, N, I) and lengths (N,), integers from 1 to T; after its end a
        sequence holds anything, NaN included. Must return (N, H), read from h(0) = 0.
    seed : int, default 26
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("forward_lengths", seed))


def read_counts(fn: Callable[..., Any], *, seed: int = 27) -> None:
    """Check a function that returns the state after every step, for inputs of whole numbers too.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b)`` with x (T, I); must return the states (T, H), read from h(0) = 0.
    seed : int, default 27
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("read_counts", seed))


def read_batch_first(fn: Callable[..., Any], *, seed: int = 28) -> None:
    """Check a function that reads a batch whose first axis is the sequence, not the step.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b)`` with x (N, T, I); must return the last state of each sequence (N, H), read from
        h(0) = 0.
    seed : int, default 28
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("read_batch_first", seed))


def read_backwards(fn: Callable[..., Any], *, seed: int = 29) -> None:
    """Check a function that reads one sequence from its end to its beginning.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b)`` with x (T, I); must return ``(output, h_n)``: the states (T, H), output[t] being
        the one after reading x[t], and the state (H,) after the last step that was read, at x[0].
    seed : int, default 29
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("read_backwards", seed))


def mean_pool(fn: Callable[..., Any], *, seed: int = 30) -> None:
    """Check a function that returns the mean of each feature over time.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x)`` with x (T, I) or (T, N, I); must return (I,) or (N, I).
    seed : int, default 30
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("mean_pool", seed))


def max_pool(fn: Callable[..., Any], *, seed: int = 31) -> None:
    """Check a function that returns the maximum of each feature over time.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x)`` with x (T, I) or (T, N, I); must return (I,) or (N, I).
    seed : int, default 31
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("max_pool", seed))


def distinct_summaries(fn: Callable[..., Any], *, seed: int = 32) -> None:
    """Check a function that counts the different results of a summary over all orders of the rows.

    Parameters
    ----------
    fn : callable
        Called as ``fn(summary, x)`` with x (T, I) and a function `summary` that turns such an array into a vector; must
        return a whole number. Two results are the same if all their numbers agree to 1e-9.
    seed : int, default 32
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("distinct_summaries", seed))


def read_back(fn: Callable[..., Any], *, seed: int = 33) -> None:
    """Check a function that measures how well a linear probe reads a token back out of summaries.

    Parameters
    ----------
    fn : callable
        Called as ``fn(summaries, tokens)`` with summaries (N, S) and tokens (N,), integers from 0 on; must return the
        accuracy, from 0 to 1, on the sequences from ``3 * N // 4`` on, of the least-squares map with intercept from
        summaries to one-hot tokens that is fitted on the sequences before.
    seed : int, default 33
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("read_back", seed))


def orthogonal(fn: Callable[..., Any], *, seed: int = 34) -> None:
    """Check a function that draws a scaled orthogonal matrix.

    Parameters
    ----------
    fn : callable
        Called as ``fn(H, scale, seed)``; must return an (H, H) matrix whose columns are orthogonal to each other and of
        length `scale`: the same for the same seed, another for another.
    seed : int, default 34
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, build("orthogonal", seed))


# What each check is made of

OVERWRITTEN = [*checking.OVERWRITTEN, *check_cases.OVERWRITTEN]

Lift = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class _Parts:
    """A check before its cases are drawn: as in `Check`, with `cases` as a function of the seed.

    `lift` turns a mistake in one step into one in this check's function, so that it is recognised here too; a mistake
    that makes no difference there, or the same as one of the check's own, is named in `not_lifted`.
    """

    cases: Callable[[int], list[Case]]
    read: Callable[[Any], tuple[Any, ...]]
    explain: checking.Explain
    lift: Lift | None = None
    not_lifted: tuple[str, ...] = ()
    call: Callable[[Callable[..., Any], dict[str, Any]], Any] = checking.by_position


@lru_cache(maxsize=None, typed=True)  # typed: True is not the seed 1
def build(name: str, seed: int) -> Check:
    """Draw the cases of one check.

    Parameters
    ----------
    name : str
        Of one of the checks of this module.
    seed : int
        Of the numbers in the cases.

    Returns
    -------
    Check
        What `run_check` wants, and all that is needed to run it elsewhere.

    Raises
    ------
    CheckFailed
        If a function that the cases need was overwritten.
    ValueError
        If there is no such check, or the seed is not a whole number of at least 0.
    """
    if name not in PARTS:
        raise ValueError(f"name must be one of {', '.join(PARTS)}, got {name!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {seed!r}")
    parts = PARTS[name]
    mistakes = _mistakes_of(name)
    if parts.lift is not None:
        steps = [pair for pair in _mistakes_of("rnn_step") if pair[0].name not in parts.not_lifted]
        mistakes += [(mistake, parts.lift(step)) for mistake, step in steps]
    try:
        if OVERWRITTEN:
            raise TypeError(f"{OVERWRITTEN[0]} is not itself")
        cases = parts.cases(seed)
    except Exception as error:  # NumPy calls its own functions by names that a notebook can overwrite
        raise CheckFailed(
            f"{name} cannot be checked, because a function of NumPy or Python was overwritten in this notebook "
            f"({error}). Remove that line, restart the kernel, and run the notebook again."
        ) from None
    return Check(name, cases, parts.read, parts.explain, mistakes, parts.call)


def _mistakes_of(target: str) -> list[tuple[Mistake, Callable[..., Any]]]:
    both = (*CATALOGUE, *ASSIGNMENT_MISTAKES)
    return [
        (mistake, function)
        for mistake in both
        if mistake.target == target
        for function in (mistake.function, *mistake.variants)
    ]


def _last_state_from(step: Callable[..., Any]) -> Callable[..., Any]:
    def continue_reading(first_half, second_half, U, W, b):
        return forward_from(step)([*first_half, *second_half], U, W, b, 0.0 * b)[1]

    return continue_reading


def _trace_from(step: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, U, W, b: forward_from(step)(x, U, W, b, 0.0 * b)[0]


PARTS = {
    "parameter_shapes": _Parts(check_cases.parameter_shapes, checking.read_shapes, checking.explain_shapes),
    "first_step": _Parts(check_cases.first_step, checking.read_array, checking.explain_terms(*check_cases.FIRST_TERMS)),
    "rnn_step": _Parts(check_cases.rnn_step, checking.read_array, checking.explain_terms(*check_cases.TERMS)),
    "trace": _Parts(
        check_cases.trace,
        checking.read_array,
        checking.explain_rows("the trace", row="step"),
        _trace_from,
        not_lifted=("no memory", "columns only"),
    ),
    "rnn_forward": _Parts(
        check_cases.rnn_forward, checking.read_parts("output", "h_n"), checking.explain_forward, forward_from
    ),
    "continue_reading": _Parts(
        check_cases.continue_reading,
        checking.read_array,
        checking.explain_rows("the last state"),
        _last_state_from,
        not_lifted=("columns only",),
    ),
    "from_torch": _Parts(
        check_cases.from_torch,
        checking.read_parts("U", "W", "b"),
        checking.explain_rows("U", "W", "b"),
        call=check_cases.call_with_layer,
    ),
    "forward_lengths": _Parts(
        check_cases.forward_lengths, checking.read_array, checking.explain_rows("the state", row="sequence")
    ),
    "read_counts": _Parts(
        check_cases.read_counts, checking.read_array, checking.explain_rows("the result", row="step")
    ),
    "read_batch_first": _Parts(
        check_cases.read_batch_first, checking.read_array, checking.explain_rows("the state", row="sequence")
    ),
    "read_backwards": _Parts(
        check_cases.read_backwards,
        checking.read_parts("output", "h_n"),
        checking.explain_rows("output", "h_n", row="step"),
    ),
    "mean_pool": _Parts(check_cases.mean_pool, checking.read_array, checking.explain_rows("the mean", row="sequence")),
    "max_pool": _Parts(check_cases.max_pool, checking.read_array, checking.explain_rows("the maximum", row="sequence")),
    "distinct_summaries": _Parts(
        check_cases.distinct_summaries, checking.read_whole_number, checking.explain_rows("the number")
    ),
    "read_back": _Parts(check_cases.read_back, checking.read_array, checking.explain_rows("the accuracy")),
    "orthogonal": _Parts(
        check_cases.orthogonal,
        checking.read_orthogonal,
        checking.explain_orthogonal,
        call=check_cases.call_with_seeds,
    ),
}
