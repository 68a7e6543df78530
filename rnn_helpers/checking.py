"""The engine behind the checks: run a learner's function on cases, compare, and say in one message what is off.

A check is data (cases with the right results, and known mistakes); one short algorithm runs them all.
"""

from __future__ import annotations

import logging
import operator
import os
import sys
import warnings

# Bound here by name, so that a check still works in a notebook in which `np.something`, or `all`, was overwritten.
from builtins import abs, all, any, callable, isinstance, len, list, map, max, tuple, zip  # noqa: A004, UP029
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import product
from typing import Any

from numpy import array, asarray, errstate, float32, float64, ndarray, stack, ufunc, zeros

from rnn_helpers.mistakes import Mistake

__all__ = ["Case", "Check", "CheckFailed", "Outcome", "Unreadable", "run_check"]


def overwritten(**functions: Any) -> list[str]:
    """The names that no longer stand for the function of Python or NumPy that they were given to.

    What was overwritten before this import would make wrong results look right: as many zeros as one likes.
    """

    def is_itself(name: str, function: Any) -> bool:
        # A ufunc, such as tanh, has no module in NumPy 2.0; one made of a Python function has a longer name.
        home = "numpy" if type(function) is ufunc else str(getattr(function, "__module__", "")).partition(".")[0]
        return home in ("builtins", "numpy") and getattr(function, "__name__", "") == name

    return [name for name, function in functions.items() if not is_itself(name, function)]


OVERWRITTEN = overwritten(
    abs=abs, all=all, any=any, callable=callable, isinstance=isinstance, len=len, list=list, map=map, max=max,
    tuple=tuple, zip=zip, array=array, asarray=asarray, errstate=errstate, stack=stack, zeros=zeros,
)  # fmt: skip

# An array that does not fit another: what a known mistake may raise. Any other error is told as it is.
MISFITS = (ValueError, TypeError, IndexError, RuntimeError)


class CheckFailed(AssertionError):  # noqa: N818 - it is the name that learners read, and it reads as a sentence
    """What a check found; Jupyter shows its message alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True, eq=False)  # told apart by identity: a key of a cache
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
    telling : bool, default True
        Whether known mistakes are recognised by it: not by sizes at which one mistake, written in two ways, behaves in
        two ways.
    """

    label: str
    arguments: dict[str, Any]
    expected: tuple[ndarray, ...]
    telling: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of one call: `values`, or an `error`; and the arguments it changed.

    An error of an array that does not fit may be the sign of a known mistake; one that is `strange` never is.
    `returned` is what the function returned, as it came.
    """

    values: tuple[ndarray, ...] | None
    error: str = ""
    changed: tuple[str, ...] = ()
    strange: bool = False
    returned: Any = None


def by_position(fn: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call a function with the arguments of a case, as most checks do."""
    return fn(*arguments.values())


@dataclass(frozen=True, eq=False)  # as a Case
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
    explain : callable
        ``explain(check, outcomes, first_wrong)`` says what is off when the mistake is not a known one.
    mistakes : sequence of (Mistake, callable)
        Known mistakes, each with a function that the check can call.
    call : callable
        ``call(fn, arguments)`` calls a function with the arguments of a case and returns what it returned.
    """

    name: str
    cases: Sequence[Case]
    read: Callable[[Any], tuple[ndarray, ...]]
    explain: Callable[[Check, list[Outcome], int], str]
    mistakes: Sequence[tuple[Mistake, Callable[..., Any]]] = ()
    call: Callable[[Callable[..., Any], dict[str, Any]], Any] = by_position


class Unreadable(Exception):  # noqa: N818 - no learner ever sees it
    """The result is not of the kind that belongs there."""


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
    outcomes = [_run(fn, check, case) for case in check.cases]
    right = [is_right(outcome, case) for outcome, case in zip(outcomes, check.cases, strict=True)]
    first_wrong = None if all(right) else right.index(False)
    if first_wrong is not None and outcomes[first_wrong].strange:
        return outcomes[first_wrong].error
    repeated = [_run(fn, check, case) for case in check.cases]
    if not all(_alike(*pair) for pair in zip(outcomes, repeated, strict=True) if not pair[0].strange):
        return (
            f"{check.name} gives different results for the same input when it is called again: does it use random "
            "numbers, an array from np.empty, or something that it keeps between calls?"
        )
    if not all(_still_the_same(outcome, check) for outcome in outcomes):
        return (
            f"{check.name} returns one and the same array at every call, so that a later call changes an earlier "
            "result: make a new array each time."
        )
    if first_wrong is None:
        return ""
    mistake = _known_mistake(outcomes, check)
    if mistake:
        return f"{check.name}: {mistake.hint}"
    return _unknown_mistake(check, outcomes, first_wrong)


def _run(fn: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """Call `fn` once on copies of the arguments, and read what it returns; nothing that it prints gets out."""
    given = {name: _copy(value) for name, value in case.arguments.items()}
    where = f" on {case.label}"
    with _silence():  # around the handlers too: even the text of an error may be a learner's own code
        try:
            returned = check.call(fn, given)
            return Outcome(check.read(returned), changed=_changed(given, case), returned=returned)
        except KeyboardInterrupt:
            raise
        except Unreadable as error:
            problem = f"{check.name} {error}{where}."
        except NotImplementedError as error:
            problem = f"{check.name} {_unwritten(fn, error, '' if case is check.cases[0] else where)}."
        except SystemExit:
            problem = f"{check.name} tries to end Python{where}: leave out exit() and sys.exit()."
        except MISFITS as error:
            return Outcome(None, f"{check.name} raises an error{where}: {_error(error)}.", _changed(given, case))
        except BaseException as error:  # a learner's function may raise anything at all
            problem = f"{check.name} raises an error{where}: {_error(error)}."
        return Outcome(None, problem, strange=True)


def _still_the_same(outcome: Outcome, check: Check) -> bool:
    """Whether what a call returned still holds what it held, after all the calls that came later."""
    if outcome.values is None:
        return True
    with _silence():
        try:
            return _alike(Outcome(check.read(outcome.returned), changed=outcome.changed), outcome)
        except Exception:  # an iterator that has been read, or an object with code of its own
            return True


def _unwritten(fn: Callable[..., Any], error: NotImplementedError, where: str) -> str:
    """Whether `fn` itself is not written yet, or another function that it calls; `where`, if it was right before."""
    yet = f" yet{where}, but right before" if where else " yet"
    place = error.__traceback__
    while place.tb_next:
        place = place.tb_next
    code = place.tb_frame.f_code
    if code is getattr(fn, "__code__", code):
        return f"is not written{yet}: put your code where it raises NotImplementedError"
    return f"calls {code.co_name}, which is not written{yet}"


def _known_mistake(outcomes: list[Outcome], check: Check) -> Mistake | None:
    """The mistake of the catalogue that behaves like the learner's function on every case."""
    pairs = [pair for pair in zip(outcomes, check.cases, strict=True) if pair[1].telling]
    if all(outcome.values is None for outcome, _ in pairs) or all(is_right(*pair) for pair in pairs):
        return None  # it never runs, and its own error says more than a hint; or no telling case is wrong
    for mistake, function in check.mistakes:
        if all(_alike(outcome, _run_mistake(function, check, case), coarse=True) for outcome, case in pairs):
            return mistake
    return None


@cache
def _run_mistake(function: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """What comes of a known mistake, which is the same every time."""
    return _run(function, check, case)


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


def is_right(outcome: Outcome, case: Case) -> bool:
    return _alike(outcome, Outcome(case.expected))


def _alike(one: Outcome, other: Outcome, coarse: bool = False) -> bool:
    """Whether two outcomes are the same: equal numbers, or an error in both; and the same arguments changed."""
    if one.changed != other.changed or one.strange or other.strange:
        return False
    if one.values is None or other.values is None:
        return one.values is other.values
    return all(close(*pair, coarse) for pair in zip(one.values, other.values, strict=True))


def close(value: ndarray, expected: ndarray, coarse: bool = False) -> bool:
    """Whether two arrays are equal, in shape and up to the rounding of the coarser of their dtypes.

    In float64 two right implementations differ by about 1e-15 on such inputs, and in float32 (NumPy against torch,
    measured) by less than 5e-7: bounds much wider than these would let a wrong formula pass. `coarse` takes the second
    bound for both.
    """
    if value.dtype == expected.dtype == float64 and not coarse:
        return _within(value, expected, 1e-12, 0.0)
    return _within(value, expected, 1e-6, 1e-5)


def _within(value: ndarray, expected: ndarray, atol: float, rtol: float) -> bool:
    """Whether two arrays have one shape and nowhere differ by more than ``atol + rtol * |expected|``.

    Written with operators and an array's own methods, because a notebook can overwrite `np.allclose`, or what
    `np.allclose` calls, but not these.
    """
    if value.shape != expected.shape:
        return False
    with errstate(all="ignore"):  # infinity minus infinity
        off_by, bound = value - expected, atol + rtol * abs(expected)
        fine = (value == expected) | ((value != value) & (expected != expected))  # NaN differs from itself
        fine |= (off_by <= bound) & (off_by >= -bound)
    return False not in fine.ravel().tolist()


@contextmanager
def _silence() -> Iterator[None]:
    """Let nothing out: no print, no stderr, no warning, and in Jupyter no display."""
    with ExitStack() as layers:
        if "IPython" in sys.modules:  # never imported for the sake of this
            from IPython.utils.capture import capture_output

            layers.enter_context(capture_output())
        layers.enter_context(redirect_stdout(StringIO()))
        layers.enter_context(redirect_stderr(StringIO()))
        layers.enter_context(_silent_descriptors())
        layers.enter_context(warnings.catch_warnings())
        layers.enter_context(errstate(all="ignore"))
        # Without this the first logging.warning() would tie all later ones to a stream that is thrown away.
        layers.callback(setattr, logging.root, "handlers", logging.root.handlers[:])
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _silent_descriptors() -> Iterator[None]:
    """Send what goes past sys.stdout and sys.stderr, such as a subprocess's output, to nowhere."""
    with ExitStack() as layers:
        for stream in (sys.__stdout__, sys.__stderr__):
            try:
                descriptor = stream.fileno()
                stream.flush()
            except (AttributeError, OSError, ValueError):  # none, or closed
                continue
            saved, nowhere = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
            layers.callback(os.close, saved)
            layers.callback(os.dup2, saved, descriptor)
            layers.callback(stream.flush)
        yield


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, ndarray) else value


def _changed(given: dict[str, Any], case: Case) -> tuple[str, ...]:
    """The names of the arguments that are no longer what they were."""
    return tuple(name for name, value in case.arguments.items() if not _same(given[name], value))


def _same(value: Any, before: Any) -> bool:
    if not isinstance(before, ndarray):
        return value is before
    return value.dtype == before.dtype and _within(value, before, 0.0, 0.0)  # even the dtype can be changed in place


# Reading what a function returned


def read_array(result: Any) -> tuple[ndarray]:
    """One array, as a tuple of one."""
    return (as_numbers(result),)


def read_parts(*names: str) -> Callable[[Any], tuple[ndarray, ...]]:
    """A reader of a tuple of as many arrays as there are names."""
    how_many, listed = ("zero", "one", "two", "three")[len(names)], _listed(list(names))

    def read(result: Any) -> tuple[ndarray, ...]:
        _expect_something(result)
        if not isinstance(result, tuple | list):
            raise Unreadable(f"returns one {_type(result)}, where a tuple of {how_many} belongs, {listed},")
        if len(result) != len(names):
            came = f"returns a {_type(result)} of {len(result)}"
            raise Unreadable(f"{came}, where {how_many} arrays belong, {listed},")
        return tuple(as_numbers(part) for part in result)

    return read


def read_shapes(result: Any) -> tuple[ndarray, ...]:
    """The three shapes, each as an array of its sizes."""
    _expect_something(result)
    if not isinstance(result, Mapping):
        raise Unreadable(f'returns a {_type(result)}, where a dict with the keys "U", "W" and "b" belongs,')
    if set(result) != {"U", "W", "b"}:
        raise Unreadable(f'returns a dict with the keys {_shown(list(result))}, where "U", "W" and "b" belong,')
    shapes = []
    for name in ("U", "W", "b"):
        shape = result[name]
        try:
            if not isinstance(shape, tuple | list | ndarray) or any(isinstance(size, bool) for size in shape):
                raise TypeError
            shapes.append(array([operator.index(size) for size in shape], dtype="int64"))
        except Exception:  # whatever the learner put there
            shown = _shown(shape) if isinstance(shape, int | float | tuple | list) else f"a {_type(shape)}"
            raise Unreadable(
                f"gives {shown} for {name}, where a tuple of whole numbers belongs, such as (4,) or (4, 3),"
            ) from None
    return tuple(shapes)


def read_whole_number(result: Any) -> tuple[ndarray]:
    """One whole number, as an array without axes."""
    _expect_something(result)
    try:
        return (array(operator.index(result), dtype="int64"),)
    except Exception:  # whatever the learner returned
        shown = result if isinstance(result, int | float) else f"a {_type(result)}"
        raise Unreadable(f"returns {shown}, where a whole number belongs,") from None


def read_orthogonal(result: list[Any]) -> tuple[ndarray, ...]:
    """What tells whether matrices are orthogonal and drawn from their seeds: any that are will do.

    Of the matrices of one seed, the same seed again, and another one: the products of the first one's columns with
    each other, its difference from the second, and 1 or 0 for whether the third one differs.
    """
    first, again, other = (as_numbers(matrix) for matrix in result)
    if first.ndim != 2 or first.shape[0] != first.shape[1] or not first.shape == again.shape == other.shape:
        return first, zeros(first.shape), array(1.0)  # the shape is what a message must speak of
    return first.T @ first, first - again, array(0.0 if close(first, other) else 1.0)


def _expect_something(result: Any) -> None:
    if result is None:
        raise Unreadable("returns None (is the return missing?)")


def as_numbers(value: Any) -> ndarray:
    """Copy an array, a tensor, or nested lists of either into an array of real numbers."""
    _expect_something(value)
    try:
        numbers = _to_array(value)
        coarse = _holds_python_floats(value)
    except Exception:  # whatever the learner put there: ragged lists, an object with a broken __array__
        raise Unreadable(f"returns a {_type(value)} that cannot be read as one array of numbers,") from None
    if numbers.dtype.kind not in "fiu":
        what = f"an array of dtype {numbers.dtype}" if isinstance(value, ndarray) else f"a {_type(value)}"
        raise Unreadable(f"returns {what} where an array of real numbers belongs,")
    if numbers.size > LARGEST:
        raise Unreadable(f"returns an array of shape {numbers.shape}, far larger than what belongs there,")
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

LARGEST = 1_000_000  # numbers in a result; what belongs there has a thousand at most

Explain = Callable[[Check, list[Outcome], int], str]


def _unlike(check: Check, outcome: Outcome, case: Case, names: Sequence[str]) -> str:
    """Name the first result that has the wrong shape or holds NaN; an empty string if there is none."""
    for name, value, expected in zip(names, outcome.values, case.expected, strict=True):
        if value.shape != expected.shape:
            shapes = f"expected {expected.shape}, got {value.shape}"
            if value.shape == (1, *expected.shape):
                shapes += " (is there a stray comma after the result?)"
            return f"{check.name}: {name} has the wrong shape on {case.label}: {shapes}."
        if True in (value != value).ravel().tolist():
            return f"{check.name}: {name} holds NaN (not a number) on {case.label}."
    return ""


def explain_shapes(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    case = check.cases[first_wrong]
    for name, value, expected in zip("UWb", outcomes[first_wrong].values, case.expected, strict=True):
        if not close(value, expected):
            got, wanted = tuple(value.tolist()), tuple(expected.tolist())
            return f"{check.name}: the shape of {name} is off on {case.label}: expected {wanted}, got {got}."
    return ""


def explain_terms(*terms: str) -> Explain:
    """An explanation by terms, which the first cases isolate: which are right, which are off, and the first row off."""

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case = check.cases[first_wrong]
        unlike = _unlike(check, outcomes[first_wrong], case, ["the new state"])
        if unlike:
            return unlike
        (value,), (expected,) = outcomes[first_wrong].values, case.expected
        row = _first_difference(value, expected)
        numbers = _expected_and_got(expected[row], value[row])
        if close(value, expected, coarse=True):
            return f"{check.name} is off on {case.label}: {numbers}."
        fine = {term: is_right(outcomes[i], check.cases[i]) for i, term in enumerate(terms)}
        return f"{check.name} is off on {case.label}: {numbers}. {_told_by_terms(fine)}"

    return explain


def _told_by_terms(fine: dict[str, bool]) -> str:
    right = [term for term in fine if fine[term]]
    off = [term for term in fine if not fine[term]]
    if right and off:
        return f"For one input it is right with {_listed(right)}, and off with {_listed(off)}."
    return f"For one input it is {'right' if right else 'off'} with {_listed(right or off)}."


def explain_rows(*names: str, row: str = "row") -> Explain:
    """An explanation that names the first result that is off, and the first of its rows (steps, sequences, ...)."""

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case, values = check.cases[first_wrong], outcomes[first_wrong].values
        unlike = _unlike(check, outcomes[first_wrong], case, names)
        if unlike:
            return unlike
        parts = zip(names, values, case.expected, strict=True)
        name, value, expected = next(part for part in parts if not close(part[1], part[2]))
        place = _first_difference(value, expected)
        where = f" at {row} {place[0] + 1} of {len(expected)}" if place else ""
        numbers = _expected_and_got(expected[place], value[place])
        return f"{check.name}: {name} is off{where}, on {case.label}: {numbers}."

    return explain


def explain_orthogonal(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Name two columns that are not orthogonal, or one that has the wrong length, or say that the seed does nothing."""
    case = check.cases[first_wrong]
    unlike = _unlike(check, outcomes[first_wrong], case, ["the matrix", "the difference", "the comparison"])
    if unlike:
        return unlike
    products, expected = outcomes[first_wrong].values[0], case.expected[0]
    if close(products, expected):
        return f"{check.name} gives the same matrix for this seed and the next one, on {case.label}."
    squares, n_columns = products.diagonal(), range(len(products))
    for one, other in product(n_columns, n_columns):
        if one < other and not close(products[one, other], expected[one, other]):
            numbers = _expected_and_got(expected[one, other], products[one, other])
            columns = f"columns {one + 1} and {other + 1} are not orthogonal"
            return f"{check.name}: {columns} on {case.label}: {numbers} for their product."
    column = next(column for column in n_columns if not close(squares[column], expected[column, column]))
    numbers = _expected_and_got(expected[column, column] ** 0.5, squares[column] ** 0.5)
    return f"{check.name}: column {column + 1} has the wrong length on {case.label}: {numbers}."


def explain_forward(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Name the first time step that is off, and show its state."""
    case = check.cases[first_wrong]
    unlike = _unlike(check, outcomes[first_wrong], case, ["output", "h_n"])
    if unlike:
        return unlike
    (output, h_n), (expected, expected_h_n) = outcomes[first_wrong].values, case.expected
    if close(output, expected):
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
    return next(row for row in rows if not close(value[row], expected[row]))


def _expected_and_got(expected: ndarray, value: ndarray) -> str:
    """Both in as few digits as show that the difference is none of rounding."""
    largest = max(abs(expected - value).ravel().tolist())
    digits = next((digits for digits in (3, 6, 9) if not largest < 3 * 10**-digits), 13)
    shown = [_digits(numbers, digits) for numbers in (expected, value)]
    text = f"expected {shown[0]}, got {shown[1]}"
    if _within(value, expected, 1e-6, 1e-5):
        text += " (as accurate as float32, but stored as float64: is there a float32 on the way?)"
    return text


def _digits(numbers: ndarray, digits: int) -> str:
    shown = [_number(number, digits) for number in numbers.ravel().tolist()]
    return f"[{', '.join(shown)}]" if numbers.ndim else shown[0]


def _number(number: float, digits: int) -> str:
    if isinstance(number, int):
        return str(number)
    return f"{number:.{digits}f}" if abs(number) < 1e4 else f"{number:.{digits}e}"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _shown(value: Any) -> str:
    """A learner's value in a message, cut off where it grows long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _type(value: Any) -> str:
    return type.__dict__["__name__"].__get__(type(value))  # past a metaclass with a __name__ of its own


def _error(error: BaseException) -> str:
    """Type and first line of an error."""
    try:
        first_line = (str(error).strip().splitlines() or [""])[0][:200]
    except BaseException:  # even this may be a learner's own code
        first_line = ""
    return f"{_type(error)}: {first_line.rstrip('.')}" if first_line else _type(error)
