"""Checks that learners call on their own functions: one line when all is well, one helpful sentence when not.

A check is put together here from its cases, its known mistakes, and how to read and explain a result; `checking` runs
it. Every check takes a `seed`: another one means the same kinds of cases with other numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
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
    "first_step",
    "parameter_shapes",
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


# What each check is made of

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
    more: dict[str, Any] = field(default_factory=dict)


@cache
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
    """
    parts = PARTS[name]
    mistakes = _mistakes_of(name)
    if parts.lift is not None:
        steps = [pair for pair in _mistakes_of("rnn_step") if pair[0].name not in parts.not_lifted]
        mistakes += [(mistake, parts.lift(step)) for mistake, step in steps]
    return Check(name, parts.cases(seed), parts.read, parts.explain, mistakes, **parts.more)


def _mistakes_of(target: str) -> list[tuple[Mistake, Callable[..., Any]]]:
    both = (*CATALOGUE, *ASSIGNMENT_MISTAKES)
    return [(mistake, mistake.function) for mistake in both if mistake.target == target]


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
        ("no memory", "columns only"),
    ),
    "rnn_forward": _Parts(
        check_cases.rnn_forward, checking.read_parts("output", "h_n"), checking.explain_forward, forward_from
    ),
}
