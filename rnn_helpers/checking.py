"""The engine behind the checks: run a learner's function on cases, read what it returns, compare, recognise mistakes.

A check is data (cases with the right results, and known mistakes); one short algorithm runs them all. What is said of a
mistake that is not known is in `explaining`.
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
from enum import IntEnum
from functools import cache
from io import StringIO
from types import FunctionType
from typing import Any, NamedTuple

import numpy
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

WHOLE = {(home, name): value for home in (numpy, numpy.linalg) for name, value in vars(home).items() if callable(value)}


def _numpy_is_whole() -> bool:
    """Whether each function of NumPy still is what it was when this module was imported."""
    return all(getattr(home, name, None) is value for (home, name), value in WHOLE.items())


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
        two ways. Only a function that is right on all the others is recognised by these.
    says : str, optional
        What it means if this case is the first that is off: a sentence for a case that exercises one rule.
    """

    label: str
    arguments: dict[str, Any]
    expected: tuple[ndarray, ...]
    telling: bool = True
    says: str = ""


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

    @property
    def results(self) -> tuple[ndarray, ...]:
        """The values, where it is known that there are some."""
        if self.values is None:
            raise ValueError("this call returned no values")
        return self.values


Explain = Callable[["Check", list[Outcome], int], str]


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
    explain: Explain
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
    outcomes = _run(fn, check)
    right = [is_right(outcome, case) for outcome, case in zip(outcomes, check.cases, strict=True)]
    first_wrong = None if all(right) else right.index(False)
    if first_wrong is not None and outcomes[first_wrong].values is None:
        unwritten = _unwritten_body(fn, outcomes[first_wrong])
        if unwritten:
            return f"{check.name} {unwritten}."
    if first_wrong is not None and outcomes[first_wrong].strange:
        return outcomes[first_wrong].error
    if not all(_alike(*pair) for pair in zip(outcomes, _run(fn, check), strict=True) if not pair[0].strange):
        return (
            f"{check.name} gives different results for the same input when it is called again: does it use random "
            "numbers without a fixed seed, an array from np.empty, or something that it keeps between calls?"
        )
    if not _still_the_same(outcomes, check):
        return (
            f"{check.name} returns one and the same array at every call, so that a later call changes an earlier "
            "result: make a new array each time."
        )
    if first_wrong is None:
        return ""
    hint = _known_mistake(outcomes, check)
    if hint:
        return f"{check.name}: {hint}"
    return _unknown_mistake(check, outcomes, first_wrong)


def _run(fn: Callable[..., Any], check: Check) -> list[Outcome]:
    """Call `fn` once on each case; nothing that it prints gets out."""
    with silence():  # around the handlers too: even the text of an error may be a learner's own code
        return [_call(fn, check, case) for case in check.cases]


def _call(fn: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """Call `fn` on copies of the arguments, and read what it returns."""
    given = {name: _copy(value) for name, value in case.arguments.items()}
    where = f" on {case.label}"
    returned = None
    try:
        returned = check.call(fn, given)
        return Outcome(check.read(returned), changed=_changed(given, case), returned=returned)
    except KeyboardInterrupt:
        raise
    except Unreadable as error:
        problem = f"{check.name} {error}{where}{kind_told(returned, case.expected)}."
    except NotImplementedError as error:
        problem = f"{check.name} {_unwritten(fn, error, '' if case is check.cases[0] else where)}."
    except SystemExit:
        problem = f"{check.name} tries to end Python{where}: leave out exit() and sys.exit()."
    except MISFITS as error:
        return Outcome(None, f"{check.name} raises an error{where}: {_error(error)}.", _changed(given, case))
    except OverflowError as error:
        hint = "an exponential of a large number overflows: use np.tanh or math.tanh, which cope with any number"
        problem = f"{check.name} raises an error{where}: {_error(error)}; {hint}."
    except BaseException as error:  # a learner's function may raise anything at all
        problem = f"{check.name} raises an error{where}: {_error(error)}."
    return Outcome(None, problem, strange=True)


def _still_the_same(outcomes: list[Outcome], check: Check) -> bool:
    """Whether what each call returned still holds what it held, after all the calls that came later."""

    def as_it_was(outcome: Outcome) -> bool:
        if outcome.values is None:
            return True
        try:
            return _alike(Outcome(check.read(outcome.returned), changed=outcome.changed), outcome)
        except Exception:  # an iterator that has been read, or an object with code of its own
            return True

    with silence():
        return all(as_it_was(outcome) for outcome in outcomes)


def _unwritten(fn: Callable[..., Any], error: NotImplementedError, where: str) -> str:
    """Whether `fn` itself is not written yet, or another function that it calls; `where`, if it was right before."""
    yet = f" yet{where}, but right before" if where else " yet"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    code: Any = getattr(fn, "__code__", None) if place is None else place.tb_frame.f_code
    if code is getattr(fn, "__code__", code):
        return f"is not written{yet}: put your code where it raises NotImplementedError"
    return f"calls {code.co_name}, which is not written{yet}"


def _unwritten_body(fn: Callable[..., Any], outcome: Outcome) -> str:
    """Whether the body of `fn` is still empty, or that of a function of the same notebook that it calls."""
    body = vars(fn).get("__call__") if isinstance(fn, type) else fn  # a layer's class, whose objects are called
    if _is_empty(body) and outcome.strange:  # it was called, and returned None
        return "is not written yet: put your code where its body is still empty"
    if isinstance(body, FunctionType):
        for name in body.__code__.co_names:
            if _is_empty(body.__globals__.get(name)):
                return f"calls {name}, which is not written yet"
    return ""


def _is_empty(fn: Any) -> bool:
    """Whether a function does nothing but return None: its body is `...`, `pass`, or a docstring alone."""
    if not isinstance(fn, FunctionType) or fn.__name__ == "<lambda>":
        return False
    code = fn.__code__
    # An empty function of the same Python compiles to the same instructions; a docstring makes None another constant.
    return code.co_code in EMPTY_BODIES and not code.co_names and set(code.co_consts) <= {None, fn.__doc__}


def _nothing() -> None: ...


def _nothing_with_a_docstring() -> None:
    """Nothing."""


EMPTY_BODIES = (_nothing.__code__.co_code, _nothing_with_a_docstring.__code__.co_code)


class _Likeness(IntEnum):
    """How much a known mistake behaves like the learner's function."""

    NONE = 0
    WHERE_WRONG = 1  # in all cases in which the learner's function is wrong: it has two ways, and one is right
    NEARLY = 2  # wherever both return numbers; where a size does not fit, one of them raises and the other stretches it
    FULL = 3


def _known_mistake(outcomes: list[Outcome], check: Check) -> str:
    """The hint of the mistake that behaves most like the learner's function; an empty string if none does.

    The mistakes do not run while a function of NumPy is overwritten: it would make others of them.
    """
    if not _numpy_is_whole():
        return ""
    calls = [_Call(*pair, _is_nearly_right(*pair)) for pair in zip(outcomes, check.cases, strict=True)]
    telling = [call for call in calls if call.case.telling]
    if not all(call.nearly_right for call in telling):
        calls = telling
    if all(call.nearly_right for call in calls):
        return ""  # no known mistake is as close as this
    if all(call.outcome.values is None for call in calls):
        return ""  # it never runs, and its own error says more than a hint
    # First what excludes most mistakes: a wrong result, which another mistake does not give.
    most_telling_first = sorted(calls, key=lambda call: call.nearly_right or call.outcome.values is None)
    best, hint = _Likeness.NONE, ""
    with silence():
        for mistake, function in check.mistakes:
            likeness = _likeness(function, check, most_telling_first)
            if likeness > best:
                best, hint = likeness, mistake.told
            if best is _Likeness.FULL:
                return hint
    if best is _Likeness.WHERE_WRONG:
        wrong = next(call.case.label for call in calls if not call.nearly_right)
        return f"right in some cases, but not on {wrong}. {hint}"
    return hint


@cache
def _made_by_mistake(function: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """What a known mistake makes of a case: the same every time, whatever the learner's function is."""
    return _call(function, check, case)


class _Call(NamedTuple):
    """What a learner's function made of a case, and whether that is right but for rounding as in float32."""

    outcome: Outcome
    case: Case
    nearly_right: bool


def _likeness(function: Callable[..., Any], check: Check, calls: Sequence[_Call]) -> _Likeness:
    told, apart, others = 0, 0, 0
    for outcome, case, nearly_right in calls:
        theirs = _made_by_mistake(function, check, case)
        if _alike(outcome, theirs, coarse=True):
            told += outcome.values is not None and not nearly_right
        elif outcome.values is None or theirs.values is None:
            apart += 1
        elif nearly_right:
            others += 1
        else:
            return _Likeness.NONE
    if not apart and not others:
        return _Likeness.FULL
    # Random numbers do not agree to six digits by chance: few wrong results in common tell, if most cases speak.
    if told and not others and 2 * apart <= len(calls):
        return _Likeness.NEARLY
    return _Likeness.WHERE_WRONG if told >= 2 and not apart else _Likeness.NONE


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
    return " ".join(part for part in (check.explain(check, outcomes, first_wrong), case.says) if part)


def is_right(outcome: Outcome, case: Case) -> bool:
    return _alike(outcome, Outcome(case.expected))


def _is_nearly_right(outcome: Outcome, case: Case) -> bool:
    """Whether a result is right but for rounding as in float32."""
    return _alike(outcome, Outcome(case.expected), coarse=True)


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
        return within(value, expected, 1e-12, 0.0)
    if coarse and not value.size and not expected.size:  # no rows at all, whether or not they have a length
        return True
    return within(value, expected, 1e-6, 1e-5)


def within(value: ndarray, expected: ndarray, atol: float, rtol: float) -> bool:
    """Whether two arrays have one shape and nowhere differ by more than ``atol + rtol * |expected|``.

    In plain Python, because a notebook can overwrite `np.allclose`, or what `np.allclose` calls, but not what numbers
    do; and for arrays of a few numbers, of which most differ in the first one, it is faster.
    """
    if value.shape != expected.shape:
        return False
    if value.dtype == expected.dtype and value.tobytes() == expected.tobytes():
        return True
    pairs = zip(value.ravel().tolist(), expected.ravel().tolist(), strict=True)
    return all(
        one == other or abs(one - other) <= atol + rtol * abs(other) or (one != one and other != other)  # NaN
        for one, other in pairs
    )


@contextmanager
def silence() -> Iterator[None]:
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
        streams: list[Any] = [sys.__stdout__, sys.__stderr__]  # either may be None
        for stream in streams:
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
    changed = [name for name, value in case.arguments.items() if not _same(given[name], value)]
    return tuple(f"{name} (it is gone)" if given[name] is None else name for name in changed)


def _same(value: Any, before: Any) -> bool:
    if not isinstance(before, ndarray) or not isinstance(value, ndarray):
        return value is before
    return value.dtype == before.dtype and within(value, before, 0.0, 0.0)  # even the dtype can be changed in place


# Reading what a function returned


LARGEST = 1_000_000  # numbers in a result; what belongs there has a thousand at most


def read_array(result: Any) -> tuple[ndarray, ...]:
    """One array, as a tuple of one."""
    return (as_numbers(result),)


def read_parts(*names: str) -> Callable[[Any], tuple[ndarray, ...]]:
    """A reader of a tuple of as many arrays as there are names."""
    how_many, named = ("zero", "one", "two", "three", "four", "five")[len(names)], listed(list(names))

    def read(result: Any) -> tuple[ndarray, ...]:
        _expect_something(result)
        if not isinstance(result, tuple | list):
            raise Unreadable(f"returns one {_type(result)}, where a tuple of {how_many} belongs, {named},")
        if len(result) != len(names):
            came = f"returns a {_type(result)} of {len(result)}"
            raise Unreadable(f"{came}, where {how_many} arrays belong, {named},")
        return tuple(as_numbers(part) for part in result)

    return read


def read_shapes(result: Any) -> tuple[ndarray, ...]:
    """The three shapes, each as an array of its sizes."""
    _expect_something(result)
    if not isinstance(result, Mapping):
        raise Unreadable(f'returns a {_type(result)}, where a dict with the keys "U", "W" and "b" belongs,')
    if set(result) != {"U", "W", "b"}:
        raise Unreadable(f'returns a dict with the keys {_shown(list(result))}, where "U", "W" and "b" belong,')
    return tuple(_one_shape(name, result[name]) for name in ("U", "W", "b"))


def read_two_shapes(result: Any) -> tuple[ndarray, ...]:
    """The shapes of `output` and `h_n`, each as an array of its sizes."""
    _expect_something(result)
    if not isinstance(result, tuple | list) or len(result) != 2:
        came = f"a {_type(result)} of {len(result)}" if isinstance(result, tuple | list) else f"a {_type(result)}"
        raise Unreadable(f"returns {came}, where a tuple of two shapes belongs, that of output and that of h_n,")
    return tuple(_one_shape(name, shape) for name, shape in zip(("output", "h_n"), result, strict=True))


def _one_shape(name: str, shape: Any) -> ndarray:
    """A shape as an array of its sizes."""
    try:
        if not isinstance(shape, tuple | list | ndarray) or any(isinstance(size, bool) for size in shape):
            raise TypeError
        return array([operator.index(size) for size in shape], dtype="int64")
    except Exception:  # whatever the learner put there
        shown = _shown(shape) if isinstance(shape, int | float | tuple | list) else f"a {_type(shape)}"
        comma = " (a tuple of one number is written with a comma)" if isinstance(shape, int) else ""
        raise Unreadable(
            f"gives {shown} for {name}, where a tuple of whole numbers belongs, such as (4,) or (4, 3){comma},"
        ) from None


def read_whole_number(result: Any) -> tuple[ndarray, ...]:
    """One whole number, as an array without axes."""
    _expect_something(result)
    try:
        return (array(operator.index(result), dtype="int64"),)
    except Exception:  # whatever the learner returned
        shown = result if isinstance(result, int | float) else f"a {_type(result)}"
        raise Unreadable(f"returns {shown}, where a whole number belongs,") from None


def read_orthogonal(result: list[Any]) -> tuple[ndarray, ...]:
    """What tells whether matrices are orthogonal and drawn from their seeds: any that are will do.

    Of the matrix of one seed, that of the same seed again, and those of other seeds: the products of the first one's
    columns with each other, its difference from the second, and how many matrices are like one of an earlier seed.
    """
    first, again, *others = (as_numbers(matrix) for matrix in result)
    shapes = {matrix.shape for matrix in (first, again, *others)}
    if first.ndim != 2 or first.shape[0] != first.shape[1] or len(shapes) > 1:
        return first, zeros(first.shape), array(0)  # the shape is what a message must speak of
    drawn = [first, *others]
    repeated = sum(any(close(one, other) for other in drawn[:n]) for n, one in enumerate(drawn))
    return first.T @ first, first - again, array(repeated)


def _expect_something(result: Any) -> None:
    if result is None:
        raise Unreadable("returns None (is the return missing?)")
    if result is ...:
        raise Unreadable("returns three dots, which still stand where your code belongs,")


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


# What the object itself tells


def kind_told(returned: Any, expected: tuple[ndarray, ...]) -> str:
    """What a returned object says more than its numbers, as the end of a sentence; an empty string if nothing."""
    if len(expected) != 1:
        return ""
    (right,) = expected
    kind = _type(returned)
    try:
        if isinstance(returned, tuple) and hasattr(returned, "indices") and hasattr(returned, "values"):
            return ": it holds values and their places, as torch's max gives them; take its .values"
        if kind == "matrix":
            return ": an np.matrix always has two axes; use np.array"
        if not isinstance(returned, tuple | list) or right.shape[:1] == (len(returned),):
            return ""
        if len(returned) == 1:
            why = "is there a stray comma after the result?" if kind == "tuple" else "leave out the brackets"
            return f": it is a {kind} of one ({why})"
        fitting = [place for place, part in enumerate(returned) if as_numbers(part).shape == right.shape]
        if fitting and len(fitting) < len(returned) <= 3:
            which = ("first", "second", "third")[fitting[0]]
            return f": it is a {kind} of {len(returned)}; return its {which} part alone"
        if fitting:
            return f": it is a {kind} of {len(returned)} results; return one of them alone"
    except Exception:  # an object with code of its own
        return ""
    return ""


# Words


def listed(names: list[str]) -> str:
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
