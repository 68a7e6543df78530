"""Checks that learners call on their own functions: one line when all is well, one helpful sentence when not.

A check is data (cases with the right results, and known mistakes); one short algorithm runs them all.
"""

from __future__ import annotations

import operator
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from itertools import product
from typing import Any

# Bound here by name, so that a check still works in a notebook in which `np.something` was overwritten by mistake.
from numpy import (
    allclose,
    array,
    array_equal,
    asarray,
    errstate,
    eye,
    float32,
    float64,
    isnan,
    ndarray,
    roll,
    stack,
    zeros,
)
from numpy.linalg import norm
from numpy.random import default_rng

from rnn_helpers import rnn
from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from

__all__ = ["Case", "Check", "CheckFailed", "parameter_shapes", "rnn_forward", "rnn_step", "run_check"]

# An array that does not fit another: what a known mistake may raise. Any other error is told as it is.
MISFITS = (ValueError, TypeError, IndexError, RuntimeError)


class CheckFailed(AssertionError):  # noqa: N818 - it is the name that learners read, and it reads as a sentence
    """What a check found; Jupyter shows its message alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Case:
    """One call of a learner's function.

    Attributes
    ----------
    label : str
        What kind of input it is, in words that fit after "on".
    arguments : dict
        The arguments by name, in the order in which they are passed.
    expected : tuple of ndarray
        The right results.
    """

    label: str
    arguments: dict[str, Any]
    expected: tuple[ndarray, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one call: `values`, or an `error` of an array that does not fit; and the arguments it changed."""

    values: tuple[ndarray, ...] | None
    error: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """All that the algorithm needs to know of one check.

    Attributes
    ----------
    name : str
        What the learner's function is called in messages.
    cases : sequence of Case
        From small to large: the first one that fails is the one that a message shows.
    read : callable
        Turns what the function returned into a tuple of arrays, or raises `Unreadable`.
    mistakes : sequence of (Mistake, callable)
        Known mistakes, each with a function that the check can call.
    explain : callable
        ``explain(check, outcomes, first_wrong)`` says what is off when the mistake is not a known one.
    """

    name: str
    cases: Sequence[Case]
    read: Callable[[Any], tuple[ndarray, ...]]
    explain: Callable[[Check, list[Outcome], int], str]
    mistakes: Sequence[tuple[Mistake, Callable[..., Any]]] = field(default=())


class Unreadable(Exception):  # noqa: N818 - it never leaves this module
    """The result is not of the kind that belongs there."""


def parameter_shapes(fn: Callable[..., Any]) -> None:
    """Check a function that gives the shapes of U, W and b.

    Parameters
    ----------
    fn : callable
        Called as ``fn(input_size, hidden_size)``; must return a dict of tuples or lists, as
        `rnn_helpers.rnn.parameter_shapes` does.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, SHAPES_CHECK)


def rnn_step(fn: Callable[..., Any]) -> None:
    """Check a function that reads one input and returns the next hidden state.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, h, U, W, b)`` with x (I,) or (N, I) and h (H,) or (N, H); must return what
        `rnn_helpers.rnn.rnn_step` does, as an array, a list or a tensor.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, STEP_CHECK)


def rnn_forward(fn: Callable[..., Any]) -> None:
    """Check a function that reads a whole sequence.

    Parameters
    ----------
    fn : callable
        Called as ``fn(x, U, W, b, h_0)`` with x (T, I) or (T, N, I) and h_0 (H,) or (N, H), always an array; must
        return `output` and `h_n` as `rnn_helpers.rnn.rnn_forward` does, as arrays, lists or tensors.

    Raises
    ------
    CheckFailed
        If it does not.
    """
    run_check(fn, FORWARD_CHECK)


# The algorithm


def run_check(fn: Callable[..., Any], check: Check) -> None:
    """Run `fn` on all cases of `check`; print one line if all is well, and raise `CheckFailed` if not."""
    message = _fault(fn, check)
    if message:
        raise CheckFailed(message) from None
    print(f"{check.name}: all {len(check.cases)} cases are right.")


def _fault(fn: Callable[..., Any], check: Check) -> str:
    """What is wrong with `fn`, or an empty string."""
    if not callable(fn):
        return f"{check.name} wants a function, without calling it: got an object of type {_type(fn)}."
    try:
        outcomes = [_run(fn, check, case) for case in check.cases]
        repeated = [_run(fn, check, case) for case in check.cases]
    except Unreadable as error:
        return str(error)
    if not all(_alike(*pair) for pair in zip(outcomes, repeated, strict=True)):
        return (
            f"{check.name} gives different results for the same input when it is called again: does it use random "
            "numbers, an array from np.empty, or something that it keeps between calls?"
        )
    right = [_right(outcome, case) for outcome, case in zip(outcomes, check.cases, strict=True)]
    if all(right):
        return ""
    mistake = _known_mistake(outcomes, check)
    if mistake:
        return f"{check.name}: {mistake.hint}"
    return _unknown_mistake(check, outcomes, right.index(False))


def _run(fn: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """Call `fn` once on copies of the arguments, and read what it returns; nothing that it prints gets out."""
    given = {name: _copy(value) for name, value in case.arguments.items()}
    where = f" on {case.label}"
    try:
        with _silence():
            values = check.read(fn(*given.values()))
    except KeyboardInterrupt:
        raise
    except Unreadable as error:
        problem = f"{check.name} {error}{where}."
    except NotImplementedError:
        problem = f"{check.name} is not written yet: put your code where it raises NotImplementedError."
    except SystemExit:
        problem = f"{check.name} tries to end Python{where}: leave out exit() and sys.exit()."
    except MISFITS as error:
        return Outcome(None, f"{check.name} raises an error{where}: {_error(error)}.", _changed(given, case))
    except BaseException as error:  # a learner's function may raise anything at all
        problem = f"{check.name} raises an error{where}: {_error(error)}."
    else:
        return Outcome(values, changed=_changed(given, case))
    raise Unreadable(problem)


def _known_mistake(outcomes: list[Outcome], check: Check) -> Mistake | None:
    """The mistake of the catalogue that behaves like the learner's function on every case."""
    if all(outcome.values is None for outcome in outcomes):
        return None  # it never runs: its own error says more than a hint
    for mistake, function in check.mistakes:
        pairs = zip(outcomes, check.cases, strict=True)
        try:
            if all(_alike(outcome, _run(function, check, case)) for outcome, case in pairs):
                return mistake
        except Unreadable:  # the mistake itself fails, in a notebook that overwrote a function of NumPy
            continue
    return None


def _unknown_mistake(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Say what is off in the first case that is not right: the arguments, an error, or what the check explains."""
    outcome, case = outcomes[first_wrong], check.cases[first_wrong]
    if outcome.changed:
        names = " and ".join(outcome.changed)
        return (
            f"{check.name} changes its argument {names}, on {case.label}: the caller still needs it, "
            "so work on a copy, or make a new array."
        )
    if outcome.values is None:
        return outcome.error
    return check.explain(check, outcomes, first_wrong)


def _right(outcome: Outcome, case: Case) -> bool:
    return _alike(outcome, Outcome(case.expected))


def _alike(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes are the same: equal numbers, or an error in both; and the same arguments changed."""
    if one.changed != other.changed:
        return False
    if one.values is None or other.values is None:
        return one.values is other.values
    return all(_close(*pair) for pair in zip(one.values, other.values, strict=True))


def _close(value: ndarray, expected: ndarray) -> bool:
    """Whether two arrays are equal, in shape and up to the rounding of the coarser of their dtypes.

    In float64 two right implementations differ by about 1e-15 on such inputs, and in float32 (NumPy against torch,
    measured) by less than 5e-7: bounds much wider than these would let a wrong formula pass.
    """
    if value.shape != expected.shape:
        return False
    if value.dtype == expected.dtype == float64:
        return bool(allclose(value, expected, atol=1e-12, rtol=0, equal_nan=True))
    return bool(allclose(value, expected, atol=1e-6, rtol=1e-5, equal_nan=True))


@contextmanager
def _silence() -> Iterator[None]:
    """Let nothing out: no print, no stderr, no warning, and in Jupyter no display."""
    with ExitStack() as layers:
        if "IPython" in sys.modules:  # never imported for the sake of this
            from IPython.utils.capture import capture_output

            layers.enter_context(capture_output())
        layers.enter_context(redirect_stdout(StringIO()))
        layers.enter_context(redirect_stderr(StringIO()))
        layers.enter_context(warnings.catch_warnings())
        layers.enter_context(errstate(all="ignore"))
        warnings.simplefilter("ignore")
        yield


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, ndarray) else value


def _changed(given: dict[str, Any], case: Case) -> tuple[str, ...]:
    """The names of the arguments that are no longer what they were."""
    return tuple(name for name, value in case.arguments.items() if not array_equal(given[name], value))


# Reading what a function returned


def _read_array(result: Any) -> tuple[ndarray]:
    """One array, as a tuple of one."""
    if isinstance(result, tuple):
        raise Unreadable(f"returns a tuple of {len(result)}, where one array belongs (is there a stray comma?),")
    return (_as_numbers(result),)


def _read_pair(result: Any) -> tuple[ndarray, ndarray]:
    """The two arrays `output` and `h_n`."""
    _expect_something(result)
    if not isinstance(result, tuple | list):
        raise Unreadable(f"returns one {_type(result)}, where a tuple of two belongs, output and h_n,")
    if len(result) != 2:
        raise Unreadable(f"returns a {_type(result)} of {len(result)}, where two arrays belong, output and h_n,")
    return _as_numbers(result[0]), _as_numbers(result[1])


def _read_shapes(result: Any) -> tuple[ndarray, ...]:
    """The three shapes, each as an array of its sizes."""
    _expect_something(result)
    if not isinstance(result, Mapping):
        raise Unreadable(f'returns a {_type(result)}, where a dict with the keys "U", "W" and "b" belongs,')
    if set(result) != {"U", "W", "b"}:
        raise Unreadable(f'returns a dict with the keys {list(result)}, where "U", "W" and "b" belong,')
    shapes = []
    for name in ("U", "W", "b"):
        try:
            shapes.append(array([operator.index(size) for size in result[name]], dtype="int64"))
        except Exception:  # whatever the learner put there
            shown = result[name] if isinstance(result[name], int | float) else f"a {_type(result[name])}"
            raise Unreadable(
                f"gives {shown} for {name}, where a tuple of whole numbers belongs, such as (4,) or (4, 3),"
            ) from None
    return tuple(shapes)


def _expect_something(result: Any) -> None:
    if result is None:
        raise Unreadable("returns None (is the return missing?)")


def _as_numbers(value: Any) -> ndarray:
    """Copy an array, a tensor, or nested lists of either into an array of real numbers."""
    _expect_something(value)
    try:
        numbers = _to_array(value)
        coarse = _holds_python_floats(value)
    except Exception:  # whatever the learner put there: ragged lists, an object with a broken __array__
        raise Unreadable(f"returns a {_type(value)} that cannot be read as one array of numbers,") from None
    if numbers.dtype.kind not in "fiu":
        raise Unreadable(f"returns a {_type(value)} where an array of real numbers belongs,")
    # The Python floats that a float32 tensor's tolist() gives have no more than float32's accuracy.
    return numbers.astype(float32) if coarse else array(numbers)


def _to_array(value: Any) -> ndarray:
    if isinstance(value, list | tuple) and value:
        return stack([_to_array(item) for item in value])
    if hasattr(value, "detach"):  # a torch tensor: NumPy refuses one that requires grad
        value = value.detach().cpu().numpy()
    return asarray(value)


def _holds_python_floats(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_python_floats(item) for item in value)
    return type(value) is float


# Saying what is off


def _unlike(check: Check, outcome: Outcome, case: Case, names: Sequence[str]) -> str:
    """Name the first result that has the wrong shape or holds NaN; an empty string if there is none."""
    for name, value, expected in zip(names, outcome.values, case.expected, strict=True):
        if value.shape != expected.shape:
            shapes = f"expected {expected.shape}, got {value.shape}"
            return f"{check.name}: {name} has the wrong shape on {case.label}: {shapes}."
        if isnan(value).any():
            return f"{check.name}: {name} holds NaN (not a number) on {case.label}."
    return ""


def _explain_shapes(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    case = check.cases[first_wrong]
    for name, value, expected in zip("UWb", outcomes[first_wrong].values, case.expected, strict=True):
        if not _close(value, expected):
            got, wanted = tuple(value.tolist()), tuple(expected.tolist())
            return f"{check.name}: the shape of {name} is off on {case.label}: expected {wanted}, got {got}."
    return ""


def _explain_step(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Say which of the isolated terms are right and which are off, and show the first row that is off."""
    case = check.cases[first_wrong]
    unlike = _unlike(check, outcomes[first_wrong], case, ["the new state"])
    if unlike:
        return unlike
    (value,), (expected,) = outcomes[first_wrong].values, case.expected
    row = _first_difference(value, expected)
    numbers = _expected_and_got(expected[row], value[row])
    return f"{check.name} is off on {case.label}: {numbers}. {_terms(check, outcomes)}"


def _terms(check: Check, outcomes: list[Outcome]) -> str:
    """Say which of the terms, isolated by the first cases, are right and which are off."""
    is_right = {term: _right(outcomes[i], check.cases[i]) for i, term in enumerate(TERMS)}
    right = [term for term, fine in is_right.items() if fine]
    off = [term for term, fine in is_right.items() if not fine]
    if right and off:
        return f"For one input it is right with {_listed(right)}, and off with {_listed(off)}."
    return f"For one input it is {'right' if right else 'off'} with {_listed(right or off)}."


def _explain_forward(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Name the first time step that is off, and show its state."""
    case = check.cases[first_wrong]
    unlike = _unlike(check, outcomes[first_wrong], case, ["output", "h_n"])
    if unlike:
        return unlike
    (output, h_n), (expected, expected_h_n) = outcomes[first_wrong].values, case.expected
    if _close(output, expected):
        row = _first_difference(h_n, expected_h_n)
        numbers = _expected_and_got(expected_h_n[row], h_n[row])
        return f"{check.name}: output is right but h_n is off on {case.label}: {numbers}; h_n should be output[-1]."
    row = _first_difference(output, expected)
    step = row[0] + 1
    whose = f" in sequence {row[1] + 1}" if len(row) > 1 else ""
    before = f"right before step {step} and " if step > 1 else ""
    numbers = _expected_and_got(expected[row], output[row])
    return f"{check.name}: output is {before}off at step {step} of {len(expected)}{whose}, on {case.label}: {numbers}."


def _first_difference(value: ndarray, expected: ndarray) -> tuple[int, ...]:
    """The index of the first row in which two arrays of one shape differ."""
    rows = product(*map(range, expected.shape[:-1]))
    return next(row for row in rows if not _close(value[row], expected[row]))


def _expected_and_got(expected: ndarray, value: ndarray) -> str:
    """Both in as few digits as show the difference."""
    for digits in (3, 6, 9, 13):
        shown = [_digits(numbers, digits) for numbers in (expected, value)]
        if shown[0] != shown[1]:
            break
    text = f"expected {shown[0]}, got {shown[1]}"
    if allclose(value, expected, atol=1e-6, rtol=1e-5):
        text += " (as accurate as float32, but stored as float64: is there a float32 on the way?)"
    return text


def _digits(numbers: ndarray, digits: int) -> str:
    shown = ", ".join(f"{number:.{digits}f}" if abs(number) < 1e4 else f"{number:.{digits}e}" for number in numbers)
    return f"[{shown}]"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _type(value: Any) -> str:
    return type(value).__name__


def _error(error: BaseException) -> str:
    """Type and first line of an error."""
    try:
        first_line = (str(error).splitlines() or [""])[0][:200]
    except Exception:  # even this may be a learner's own code
        first_line = ""
    return f"{_type(error)}: {first_line.rstrip('.')}" if first_line else _type(error)


# The cases

TERMS = ("only the bias", "only x", "only h", "all three terms")


def _draw(rng: Any, n_features: int, n_units: int, *lead: int) -> dict[str, ndarray]:
    """Random x of shape (*lead, I), and U, W, b for it.

    W has spectral norm 0.9, because with larger weights the recurrence is chaotic, and two right implementations
    that round differently drift apart.
    """
    W = rng.normal(size=(n_units, n_units))
    return {
        "x": rng.normal(size=(*lead, n_features)),
        "U": rng.normal(size=(n_units, n_features)) / 2,
        "W": W * (0.9 / norm(W, 2)),
        "b": rng.normal(size=n_units) / 2,
    }


def _draw_integers(rng: Any, n_features: int, n_units: int, *lead: int) -> dict[str, ndarray]:
    """The same in small integers. W is a rotated identity: the only integers with a spectral norm of 1 or less."""
    return {
        "x": rng.integers(-1, 2, size=(*lead, n_features)),
        "U": rng.integers(-1, 2, size=(n_units, n_features)),
        "W": roll(eye(n_units, dtype="int64"), 1, axis=1),
        "b": rng.integers(-1, 2, size=n_units),
    }


def _shapes_cases() -> list[Case]:
    cases = []
    for n_features, n_units in [(3, 4), (4, 3), (5, 5), (1, 6), (6, 1)]:
        shapes = rnn.parameter_shapes(n_features, n_units)
        sizes = {"input_size": n_features, "hidden_size": n_units}
        expected = tuple(array(shapes[name]) for name in "UWb")
        cases.append(Case(f"input_size={n_features}, hidden_size={n_units}", sizes, expected))
    return cases


def _step_case(label: str, draw: dict[str, ndarray], h: ndarray) -> Case:
    arguments = {"x": draw["x"], "h": h, "U": draw["U"], "W": draw["W"], "b": draw["b"]}
    n_units, n_features = draw["U"].shape
    return Case(f"{label} (I={n_features}, H={n_units})", arguments, (rnn.rnn_step(*arguments.values()),))


def _step_cases() -> list[Case]:
    rng = default_rng(20)
    cases = []
    for n_features, n_units in [(3, 4), (4, 4), (5, 2)]:
        draw, h = _draw(rng, n_features, n_units), rng.uniform(-1, 1, n_units)
        x, b = draw["x"], draw["b"]
        only_bias, only_x, only_h = {"x": 0 * x}, {"b": 0 * b}, {"x": 0 * x, "b": 0 * b}
        isolated = [(only_bias, 0 * h), (only_x, 0 * h), (only_h, h), ({}, h)]
        for term, (zeroed, state) in zip(TERMS, isolated, strict=True):
            cases.append(_step_case(f"one input with {term}", draw | zeroed, state))
    cases.append(_step_case("one input of integers", _draw_integers(rng, 3, 4), rng.integers(-1, 2, 4)))
    for n_sequences, n_features, n_units in [(5, 3, 4), (5, 4, 4), (1, 3, 4)]:
        draw, h = _draw(rng, n_features, n_units, n_sequences), rng.uniform(-1, 1, (n_sequences, n_units))
        cases.append(_step_case(f"a batch of {n_sequences}", draw, h))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_step_case("a batch of 5, of integers", draw, rng.integers(-1, 2, (5, 4))))
    return cases


def _forward_case(label: str, draw: dict[str, ndarray], h_0: ndarray) -> Case:
    n_units, n_features = draw["U"].shape
    arguments = draw | {"h_0": h_0}
    return Case(f"{label} (I={n_features}, H={n_units})", arguments, rnn.rnn_forward(*arguments.values()))


def _forward_cases() -> list[Case]:
    rng = default_rng(21)
    cases = []
    for n_steps, n_features, n_units in [(1, 3, 4), (5, 3, 4), (5, 4, 4), (6, 4, 2)]:
        draw, h_0 = _draw(rng, n_features, n_units, n_steps), rng.uniform(-1, 1, n_units)
        label = f"one sequence of T={n_steps}"
        cases.append(_forward_case(f"{label} with h_0 = 0", draw, zeros(n_units)))
        cases.append(_forward_case(f"{label} with a non-zero h_0", draw, h_0))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_forward_case("one sequence of integers", draw, rng.integers(-1, 2, 4)))
    # With as many sequences as steps, a mix-up of the two axes raises no error.
    for n_steps, n_sequences, n_features, n_units in [(5, 2, 3, 4), (5, 2, 4, 4), (6, 6, 3, 4), (4, 1, 3, 5)]:
        draw = _draw(rng, n_features, n_units, n_steps, n_sequences)
        label = f"a batch of N={n_sequences} with T={n_steps}"
        cases.append(_forward_case(label, draw, rng.uniform(-1, 1, (n_sequences, n_units))))
    draw = _draw_integers(rng, 3, 4, 5, 2)
    cases.append(_forward_case("a batch of N=2 of integers", draw, rng.integers(-1, 2, (2, 4))))
    cases.append(_forward_case("a long sequence of T=200", _draw(rng, 3, 4, 200), rng.uniform(-1, 1, 4)))
    return cases


def _mistakes_of(target: str) -> list[tuple[Mistake, Callable[..., Any]]]:
    return [(mistake, mistake.function) for mistake in CATALOGUE if mistake.target == target]


SHAPES_CHECK = Check(
    "parameter_shapes", _shapes_cases(), _read_shapes, _explain_shapes, _mistakes_of("parameter_shapes")
)
STEP_CHECK = Check("rnn_step", _step_cases(), _read_array, _explain_step, _mistakes_of("rnn_step"))
FORWARD_CHECK = Check(
    "rnn_forward",
    _forward_cases(),
    _read_pair,
    _explain_forward,
    # A step mistake inside a loop is recognised too.
    _mistakes_of("rnn_forward") + [(mistake, forward_from(step)) for mistake, step in _mistakes_of("rnn_step")],
)
