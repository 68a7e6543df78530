"""Checks that learners call on their own functions: one line when all is well, one helpful sentence when not.

A check is one function here: its docstring says what the learner's function is called with, its body draws the cases
from a seed, and its decorator says how a result is read and explained. `checking` runs it on a learner's function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from typing import Any

# Bound here by name, as in `checking`: the right results stay right, whatever a notebook does to `np.tanh`. That is
# also why the formula stands here once more, instead of a call of `rnn_helpers.rnn`; tests hold the two equal.
from numpy import arange, array, column_stack, exp, eye, log2, nan, ndarray, ones, roll, stack, tanh, where, zeros
from numpy.linalg import lstsq, norm
from numpy.random import default_rng

from rnn_helpers import checking, explaining
from rnn_helpers._torch import need_torch
from rnn_helpers.assignment_mistakes import ASSIGNMENT_MISTAKES
from rnn_helpers.checking import (
    Case,
    Check,
    CheckFailed,
    Explain,
    by_position,
    overwritten,
    read_array,
    read_orthogonal,
    read_parts,
    read_shapes,
    read_two_shapes,
    read_whole_number,
    run_check,
)
from rnn_helpers.explaining import (
    explain_forward,
    explain_orthogonal,
    explain_parts,
    explain_rows,
    explain_shapes,
    explain_terms,
)
from rnn_helpers.learning_mistakes import LEARNING_MISTAKES
from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from

OWN = overwritten(
    arange=arange, array=array, column_stack=column_stack, exp=exp, eye=eye, log2=log2, ones=ones, roll=roll,
    stack=stack, tanh=tanh, where=where, zeros=zeros, lstsq=lstsq, norm=norm, default_rng=default_rng,
)  # fmt: skip
OVERWRITTEN = [*checking.OVERWRITTEN, *explaining.OVERWRITTEN, *OWN]

# and each check: its decorator adds it
__all__ = ["MISTAKES", "Case", "Check", "CheckFailed", "build", "choose", "run_check"]

MISTAKES = (*CATALOGUE, *ASSIGNMENT_MISTAKES, *LEARNING_MISTAKES)  # all that the checks know

Forward = Callable[..., Any]  # a function that reads a sequence as `rnn_forward` does, right or wrong
Lift = Callable[[Forward], Callable[..., Any]]


@dataclass(frozen=True)
class _Parts:
    """A check before its cases are drawn: as in `Check`, with `cases` as a function of the seed.

    Each of `lifts` makes this check's function of a function that reads a sequence: so the mistakes known to the checks
    in `lifted`, in a loop and in a step, are recognised in it too, but for those in `not_lifted`, whose hints would not
    be true here.
    """

    cases: Callable[[int], list[Case]]
    read: Callable[[Any], tuple[Any, ...]]
    explain: Explain
    lifts: tuple[Lift, ...] = ()
    lifted: tuple[str, ...] = ("rnn_forward", "rnn_step")
    not_lifted: tuple[str, ...] = ()
    call: Callable[[Callable[..., Any], dict[str, Any]], Any] = by_position


PARTS: dict[str, _Parts] = {}  # filled by the decorator

TAIL = """

    Parameters
    ----------
    fn : callable
        The function to check.
    seed : int, default {seed}
        Of the numbers in the cases.

    Raises
    ------
    CheckFailed
        If it is not right.
    """


def check(read: Any, explain: Explain, *, seed: int, **options: Any) -> Callable[..., Any]:
    """Make a check of a function that draws cases from a seed."""

    def decorate(cases: Callable[[int], list[Case]]) -> Callable[..., None]:
        name, default = cases.__name__, seed
        PARTS[name] = _Parts(cases, read, explain, **options)
        __all__.append(name)

        def run(fn: Callable[..., Any], *, seed: int = default) -> None:
            run_check(fn, build(name, seed))

        run.__name__, run.__qualname__, run.__module__ = name, name, cases.__module__
        run.__doc__ = str(cases.__doc__).rstrip() + TAIL.format(seed=default)
        return run

    return decorate


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
    lifted = [
        (mistake, lift(forward_from(function) if target == "rnn_step" else function))
        for lift in parts.lifts
        for target in parts.lifted
        for mistake, function in _mistakes_of(target)
        if mistake.name not in parts.not_lifted
    ]
    try:
        if OVERWRITTEN:
            raise TypeError(f"{OVERWRITTEN[0]} is not itself")
        cases = parts.cases(seed)
    except ModuleNotFoundError:  # torch, which only some checks need
        raise
    except Exception as error:  # NumPy calls its own functions by names that a notebook can overwrite
        raise CheckFailed(
            f"{name} cannot be checked, because a function of NumPy or Python was overwritten in this notebook "
            f"({error}). Remove that line, restart the kernel, and run the notebook again."
        ) from None
    return Check(name, cases, parts.read, parts.explain, _mistakes_of(name) + lifted, parts.call)


def _mistakes_of(target: str) -> list[tuple[Mistake, Callable[..., Any]]]:
    return [
        (mistake, function)
        for mistake in MISTAKES
        if mistake.target == target
        for function in (mistake.function, *mistake.variants)
    ]


SOLUTION = "_solution"  # the name of a page's own solution ends so


def choose(
    mine: Callable[..., Any], solution: Callable[..., Any], check: str | Callable[[Any], Any] | None = None
) -> Callable[..., Any]:
    """Take the reader's function if it is right, and the page's solution if not; print one line that says which.

    So a page goes on whether its exercise has been done or not, and nothing of the reader's is overwritten.

    Parameters
    ----------
    mine : callable
        What the reader writes: a function or a class.
    solution : callable
        What the page goes on with until `mine` is right.
    check : str or callable, optional
        The name of a check of this module, or a function that is called with `mine` and raises if it is wrong. If it is
        not given: the check that is named as `solution` is without its ending ``_solution``, or else as `mine` is.

    Returns
    -------
    callable
        `mine` or `solution`.

    Raises
    ------
    TypeError
        If `mine` or `solution` cannot be called, or `check` is neither a name nor a function.
    ValueError
        If there is no such check.
    """
    for role, function in {"mine": mine, "solution": solution}.items():
        if not callable(function):
            what = f"an object of type {type(function).__name__}"
            raise TypeError(f"{role} must be a function or a class, without calling it, got {what}")
    of_mine, of_solution = (str(getattr(function, "__name__", "function")) for function in (mine, solution))
    # A solution is named after the exercise; what the reader wrote may be a lambda, or have been named otherwise.
    name = of_solution.removesuffix(SOLUTION) if of_solution.endswith(SOLUTION) else of_mine
    if check is None:
        check = name if name in PARTS else of_mine
    if isinstance(check, str) and check not in PARTS:
        raise ValueError(f"check must be one of {', '.join(PARTS)}, or a function that checks, got {check!r}")
    if not (isinstance(check, str) or callable(check)):
        raise TypeError(
            f"check must be the name of a check or a function, got an object of type {type(check).__name__}"
        )
    is_right = _passes(mine, check)
    print(f"from here on with {f'your {name}' if is_right else 'the solution'}")
    return mine if is_right else solution


def _passes(mine: Callable[..., Any], check: str | Callable[[Any], Any]) -> bool:
    """Whether a check is content; nothing that it prints gets out."""
    # A check of this module turns all that a learner's function raises into its own error; another may let it through.
    run, is_wrong = (globals()[check], CheckFailed) if isinstance(check, str) else (check, Exception)
    try:
        with checking.silence():
            run(mine)
    except is_wrong:
        return False
    return True


# What makes a check's function of one that reads a sequence: only the way in and the way out differ


def _as_it_is(forward: Forward) -> Callable[..., Any]:
    return forward


def _first_step_of(forward: Forward) -> Callable[..., Any]:
    return lambda x_1, U, b: forward(x_1[None], U, zeros((len(b), len(b))), b, zeros(len(b)))[0][0]


def _trace_of(forward: Forward) -> Callable[..., Any]:
    return lambda x, U, W, b: forward(x, U, W, b, zeros(len(b)))[0]


def _last_state_of(forward: Forward) -> Callable[..., Any]:
    return lambda first, second, U, W, b: forward(array([*first, *second]), U, W, b, zeros(len(b)))[1]


def _half_by_half_of(first_forward: Forward, second_forward: Forward) -> Callable[..., Any]:
    def continue_reading(first_half: Any, second_half: Any, U: Any, W: Any, b: Any) -> Any:
        _, h = first_forward(first_half, U, W, b, zeros(len(b)))
        return second_forward(second_half, U, W, b, h)[1]

    return continue_reading


def _both_halves_of(forward: Forward) -> Callable[..., Any]:
    return _half_by_half_of(forward, forward)


def _first_half_of(forward: Forward) -> Callable[..., Any]:
    return _half_by_half_of(forward, _forward)


def _second_half_of(forward: Forward) -> Callable[..., Any]:
    return _half_by_half_of(_forward, forward)


def _layer_of(forward: Forward) -> Callable[..., Any]:
    class Layer:
        def __init__(self, input_size: int, hidden_size: int) -> None:
            self.U, self.W, self.b = (
                zeros((hidden_size, input_size)),
                zeros((hidden_size, hidden_size)),
                zeros(hidden_size),
            )

        def __call__(self, x: Any, h_0: Any = None) -> Any:
            return forward(x, self.U, self.W, self.b, zeros((*x.shape[1:-1], len(self.b))) if h_0 is None else h_0)

    return Layer


def _ends_of(forward: Forward) -> Callable[..., Any]:
    def forward_lengths(x: Any, lengths: Any, U: Any, W: Any, b: Any) -> Any:
        output, _ = forward(x, U, W, b, zeros((x.shape[1], len(b))))
        return output[lengths - 1, list(range(x.shape[1]))]

    return forward_lengths


def _ends_one_by_one(forward: Forward) -> Callable[..., Any]:
    def forward_lengths(x: Any, lengths: Any, U: Any, W: Any, b: Any) -> Any:
        return stack([forward(x[:length, n], U, W, b, zeros(len(b)))[1] for n, length in enumerate(lengths.tolist())])

    return forward_lengths


def _time_first_of(forward: Forward) -> Callable[..., Any]:
    return lambda x, U, W, b: forward(x.swapaxes(0, 1), U, W, b, zeros((len(x), len(b))))[1]


def _sequences_one_by_one(forward: Forward) -> Callable[..., Any]:
    return lambda x, U, W, b: stack([forward(x_n, U, W, b, zeros(len(b)))[1] for x_n in x])


def _backwards_of(forward: Forward) -> Callable[..., Any]:
    def read_backwards(x: Any, U: Any, W: Any, b: Any) -> Any:
        output, h_n = forward(x[::-1], U, W, b, zeros(len(b)))
        return output[::-1], h_n

    return read_backwards


# How a learner's function is called, where it is not with the arguments alone


def call_with_layer(fn: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call `fn` with a `torch.nn.RNN` made of the arguments, and put its parameters back as they are after the call."""
    from torch import from_numpy, nn

    n_units, n_features = arguments["weight_ih_l0"].shape
    layer = nn.RNN(n_features, n_units, device="meta")  # no memory of its own, and no random numbers drawn for it
    for name, values in arguments.items():
        setattr(layer, name, nn.Parameter(from_numpy(values)))
    result = fn(layer)
    for name in arguments:
        parameter: Any = getattr(layer, name, None)
        as_it_was = isinstance(parameter, nn.Parameter) and parameter.requires_grad
        arguments[name] = parameter.detach().numpy().copy() if as_it_was else None
    return result


def call_as_layer(fn: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Make a layer of the class `fn`, give it the parameters, and read the sequence with it twice.

    The second reading counts: a layer that keeps its state from one call to the next is off there.
    """
    n_units, n_features = arguments["U"].shape
    layer = fn(n_features, n_units)
    if layer is None:  # a function that is empty, or has no return
        return None
    for name in "UWb":
        setattr(layer, name, arguments[name])
    sequence = [arguments[name] for name in ("x", "h_0") if name in arguments]
    layer(*sequence)
    return layer(*sequence)


def call_with_list(fn: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call `fn` with the gradients in a list, and with the limit, which is the last argument."""
    *gradients, limit = arguments.values()
    return fn(gradients, limit)


def call_with_seeds(fn: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    """Call `fn` with its seed, with the same seed again and, where no chance makes two matrices alike, with others.

    Near ones, and ones so far away that matrices which take turns come round again: 2520 is a multiple of each number
    up to 10.
    """
    n_units, scale, seed = arguments.values()
    others = (1, 2, 3, 4, 5, 1000, 1024, 2520) if n_units > 6 else ()
    return [fn(n_units, scale, chosen) for chosen in (seed, seed, *(seed + far for far in others))]


# What is drawn

TERMS = ("only the bias", "only x", "only h", "all three terms")
FIRST_TERMS = ("only the bias", "only x_1", "both terms")


def _next_state(x: ndarray, h: ndarray, U: ndarray, W: ndarray, b: ndarray) -> ndarray:
    return tanh(x @ U.T + h @ W.T + b)


def _states(x: ndarray, U: ndarray, W: ndarray, b: ndarray, h_0: ndarray | None = None) -> ndarray:
    """The state after every step."""
    h, states = zeros((*x.shape[1:-1], len(b))) if h_0 is None else h_0, []
    for x_t in x:
        h = _next_state(x_t, h, U, W, b)
        states.append(h)
    return stack(states)


def _forward(x: ndarray, U: ndarray, W: ndarray, b: ndarray, h_0: ndarray) -> tuple[ndarray, ndarray]:
    output = _states(x, U, W, b, h_0)
    return output, output[-1]


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
    """The same with x of small integers, as counts and word numbers are."""
    return _draw(rng, n_features, n_units, *lead) | {"x": rng.integers(-2, 3, size=(*lead, n_features))}


def _sizes(draw: dict[str, ndarray]) -> str:
    n_units, n_features = draw["U"].shape
    return f"(I={n_features}, H={n_units})"


# One step


@check(read_shapes, explain_shapes("U", "W", "b"), seed=0)
def parameter_shapes(seed: int) -> list[Case]:
    """Check a function that gives the shapes of U, W and b.

    `fn` is called as ``fn(input_size, hidden_size)``; must return a dict of tuples or lists, as
    `rnn_helpers.rnn.parameter_shapes` does.

    The cases: sizes that differ, agree, and are 1; the seed moves all but the last.
    """
    cases = []
    shift = seed % 50
    for n_features, n_units in [(3, 4), (4, 3), (5, 5), (1, 6), (6, 1)]:
        n_features, n_units = (size + shift if size > 1 else 1 for size in (n_features, n_units))
        sizes = {"input_size": n_features, "hidden_size": n_units}
        expected = (array([n_units, n_features]), array([n_units, n_units]), array([n_units]))
        cases.append(Case(f"input_size={n_features}, hidden_size={n_units}", sizes, expected))
    return cases


LARGE_SUMS = "The sums are large here: does an exponential overflow, or is a sum cut off?"
WHOLE_NUMBERS = "These inputs are whole numbers: is a state stored in an array of integers, or divided with //?"


def _step_case(label: str, draw: dict[str, ndarray], h: ndarray, telling: bool = True, says: str = "") -> Case:
    arguments = {"x": draw["x"], "h": h, "U": draw["U"], "W": draw["W"], "b": draw["b"]}
    return Case(f"{label} {_sizes(draw)}", arguments, (_next_state(**arguments),), telling, says)


@check(read_array, explain_terms(*TERMS), seed=20)
def rnn_step(seed: int) -> list[Case]:
    """Check a function that reads one input and returns the next hidden state.

    `fn` is called as ``fn(x, h, U, W, b)`` with x (I,) or (N, I) and h (H,) or (N, H); must return what
    `rnn_helpers.rnn.rnn_step` does, as an array, a list or a tensor.

    The cases: each term alone, all three, integers, batches, large numbers.
    """
    rng = default_rng(seed)
    cases = []
    for n_features, n_units in [(3, 4), (4, 4), (5, 2)]:
        draw, h = _draw(rng, n_features, n_units), rng.uniform(-1, 1, n_units)
        x, b = draw["x"], draw["b"]
        only_bias, only_x, only_h = {"x": 0 * x}, {"b": 0 * b}, {"x": 0 * x, "b": 0 * b}
        isolated = [(only_bias, 0 * h), (only_x, 0 * h), (only_h, h), ({}, h)]
        for term, (zeroed, state) in zip(TERMS, isolated, strict=True):
            cases.append(_step_case(f"one input with {term}", draw | zeroed, state))
    draw = _draw_integers(rng, 3, 4)
    cases.append(_step_case("one input of integers", draw, rng.integers(-1, 2, 4), says=WHOLE_NUMBERS))
    for n_sequences, n_features, n_units in [(5, 3, 4), (5, 4, 4), (1, 3, 4)]:
        draw, h = _draw(rng, n_features, n_units, n_sequences), rng.uniform(-1, 1, (n_sequences, n_units))
        cases.append(_step_case(f"a batch of {n_sequences}", draw, h))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_step_case("a batch of 5, of integers", draw, rng.integers(-1, 2, (5, 4))))
    # As many sequences as features and units: a formula for columns runs here. And a single unit.
    for n_sequences, n_features, n_units in [(4, 4, 4), (3, 1, 1)]:
        draw, h = _draw(rng, n_features, n_units, n_sequences), rng.uniform(-1, 1, (n_sequences, n_units))
        cases.append(_step_case(f"a batch of {n_sequences}", draw, h, telling=False))
    # A tanh made of exponentials overflows here, and a sum that was cut off shows.
    draw = _draw(rng, 3, 4)
    for sign, label in [(1, "large numbers"), (-1, "the opposite large numbers")]:  # so that each sum has either sign
        large = draw | {"x": sign * 1e4 * draw["x"]}
        cases.append(_step_case(f"one input of {label}", large, rng.uniform(-1, 1, 4), telling=False, says=LARGE_SUMS))
    return cases


@check(read_array, explain_terms(*FIRST_TERMS), lifts=(_first_step_of,), lifted=("rnn_step",), seed=22)
def first_step(seed: int) -> list[Case]:
    """Check a function that reads the first input, when there is no memory yet.

    `fn` is called as ``fn(x_1, U, b)`` with x_1 (I,), U (H, I) and b (H,); must return h(1), of shape (H,), as an
    array, a list or a tensor.

    The cases: each of the two terms alone, both, integers, large numbers.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray], says: str = "", telling: bool = True) -> None:
        arguments = {"x_1": draw["x"], "U": draw["U"], "b": draw["b"]}
        expected = tanh(draw["U"] @ draw["x"] + draw["b"])
        cases.append(Case(f"one input {label} {_sizes(draw)}", arguments, (expected,), telling, says))

    for n_features, n_units in [(3, 4), (4, 4), (5, 2)]:
        draw = _draw(rng, n_features, n_units)
        for term, zeroed in zip(FIRST_TERMS, ({"x": 0 * draw["x"]}, {"b": 0 * draw["b"]}, {}), strict=True):
            add(f"with {term}", draw | zeroed)
    add("of integers", _draw_integers(rng, 3, 4), WHOLE_NUMBERS)
    draw = _draw(rng, 3, 4)
    for sign, label in [(1, "large numbers"), (-1, "the opposite large numbers")]:
        add(f"of {label}", draw | {"x": sign * 1e4 * draw["x"]}, LARGE_SUMS, telling=False)
    return cases


# A whole sequence


def _forward_case(label: str, draw: dict[str, ndarray], h_0: ndarray, telling: bool = True, says: str = "") -> Case:
    output = _states(**draw, h_0=h_0)
    return Case(f"{label} {_sizes(draw)}", draw | {"h_0": h_0}, (output, output[-1]), telling, says)


@check(read_parts("output", "h_n"), explain_forward, lifts=(_as_it_is,), lifted=("rnn_step",), seed=21)
def rnn_forward(seed: int) -> list[Case]:
    """Check a function that reads a whole sequence.

    `fn` is called as ``fn(x, U, W, b, h_0)`` with x (T, I) or (T, N, I) and h_0 (H,) or (N, H), always an array; must
    return `output` and `h_n` as `rnn_helpers.rnn.rnn_forward` does, as arrays, lists or tensors.

    The cases: one sequence and batches, from zero and other states, of integers, with N = T, and a long one.
    """
    rng = default_rng(seed)
    cases = []
    for n_steps, n_features, n_units in [(1, 3, 4), (5, 3, 4), (5, 4, 4), (6, 4, 2)]:
        draw, h_0 = _draw(rng, n_features, n_units, n_steps), rng.uniform(-1, 1, n_units)
        label = f"one sequence of T={n_steps}"
        cases.append(_forward_case(f"{label} with h_0 = 0", draw, zeros(n_units)))
        cases.append(_forward_case(f"{label} with a non-zero h_0", draw, h_0))
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(_forward_case("one sequence of integers", draw, rng.integers(-1, 2, 4), says=WHOLE_NUMBERS))
    # With as many sequences as steps, a mix-up of the two axes raises no error.
    for n_steps, n_sequences, n_features, n_units in [(5, 2, 3, 4), (5, 2, 4, 4), (6, 6, 3, 4), (4, 1, 3, 5)]:
        draw = _draw(rng, n_features, n_units, n_steps, n_sequences)
        label = f"a batch of N={n_sequences} with T={n_steps}"
        cases.append(_forward_case(label, draw, rng.uniform(-1, 1, (n_sequences, n_units))))
    draw = _draw_integers(rng, 3, 4, 5, 2)
    cases.append(_forward_case("a batch of N=2 of integers", draw, rng.integers(-1, 2, (2, 4)), says=WHOLE_NUMBERS))
    # All sizes alike, so that no mix-up of axes raises an error; and a batch of one step.
    for n_steps, n_sequences, n_features, n_units in [(4, 4, 4, 4), (1, 2, 3, 4)]:
        draw, h_0 = _draw(rng, n_features, n_units, n_steps, n_sequences), rng.uniform(-1, 1, (n_sequences, n_units))
        cases.append(_forward_case(f"a batch of N={n_sequences} with T={n_steps}", draw, h_0, telling=False))
    cases.append(_forward_case("a long sequence of T=50", _draw(rng, 3, 4, 50), rng.uniform(-1, 1, 4)))
    return cases


@check(
    read_parts("output", "h_n"),
    explain_forward,
    lifts=(_layer_of,),
    call=call_as_layer,
    seed=35,
)
def rnn_layer(seed: int) -> list[Case]:
    """Check a class whose objects are layers: they keep U, W and b, and read a sequence when they are called.

    `fn` is a class. It is called as ``layer = fn(input_size, hidden_size)``; the layer's attributes U, W and b are then
    set, and it is called twice, as ``layer(x)`` or as ``layer(x, h_0)``, with x (T, I) or (T, N, I) and h_0 (H,) or
    (N, H). Without an `h_0` it must begin from zeros; must return `output` and `h_n` as `rnn_helpers.rnn.rnn_forward`
    does.

    The cases: one sequence and batches, with a first state and without, of integers, with N = T.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray], h_0: ndarray | None = None, says: str = "") -> None:
        output = _states(**draw, h_0=h_0)
        given = {} if h_0 is None else {"h_0": h_0}
        label += " without an h_0" if h_0 is None else " with an h_0"
        cases.append(Case(f"{label} {_sizes(draw)}", draw | given, (output, output[-1]), says=says))

    for n_steps, n_features, n_units in [(1, 3, 4), (5, 3, 4), (5, 4, 4)]:
        draw, h_0 = _draw(rng, n_features, n_units, n_steps), rng.uniform(-1, 1, n_units)
        add(f"one sequence of T={n_steps}", draw)
        add(f"one sequence of T={n_steps}", draw, h_0)
    add("one sequence of integers", _draw_integers(rng, 3, 4, 5), says=WHOLE_NUMBERS)
    for n_steps, n_sequences, n_features, n_units in [(5, 2, 3, 4), (6, 6, 3, 4), (1, 2, 3, 4)]:
        draw = _draw(rng, n_features, n_units, n_steps, n_sequences)
        add(f"a batch of N={n_sequences} with T={n_steps}", draw)
        add(f"a batch of N={n_sequences} with T={n_steps}", draw, rng.uniform(-1, 1, (n_sequences, n_units)))
    return cases


@check(read_array, explain_rows("the trace", row="step"), lifts=(_trace_of,), seed=23)
def trace(seed: int) -> list[Case]:
    """Check a function that returns the state after every step of one sequence, from h(0) = 0.

    `fn` is called as ``fn(x, U, W, b)`` with x (T, I); must return an array, a list or a tensor of shape (T, H).

    The cases: sequences of several lengths, with I = H and not, and of integers.
    """
    rng = default_rng(seed)
    sizes = [(1, 3, 4), (2, 3, 4), (5, 3, 4), (5, 4, 4), (6, 5, 2)]
    draws = [
        (f"one sequence of T={n_steps}", _draw(rng, n_features, n_units, n_steps))
        for n_steps, n_features, n_units in sizes
    ]
    cases = [Case(f"{label} {_sizes(draw)}", draw, (_states(**draw),)) for label, draw in draws]
    draw = _draw_integers(rng, 3, 4, 5)
    cases.append(Case(f"one sequence of integers {_sizes(draw)}", draw, (_states(**draw),), says=WHOLE_NUMBERS))
    return cases


@check(
    read_array,
    explain_rows("the last state"),
    lifts=(_last_state_of, _both_halves_of, _first_half_of, _second_half_of),
    seed=24,
)
def continue_reading(seed: int) -> list[Case]:
    """Check a function that reads a sequence in two halves, from h(0) = 0.

    `fn` is called as ``fn(first_half, second_half, U, W, b)`` with halves of shape (T, I), each with a T of its own;
    must return the last state (H,), the same as after one reading of both.

    The cases: halves of one length and of different ones, down to a single step, and of integers.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray], n_first: int) -> None:
        x, parameters = draw["x"], {name: draw[name] for name in "UWb"}
        arguments = {"first_half": x[:n_first].copy(), "second_half": x[n_first:].copy(), **parameters}
        cases.append(Case(f"{label} {_sizes(draw)}", arguments, (_states(**draw)[-1],)))

    for n_first, n_second, n_features, n_units in [(3, 3, 3, 4), (2, 4, 3, 4), (4, 1, 4, 4), (1, 5, 5, 2)]:
        draw = _draw(rng, n_features, n_units, n_first + n_second)
        add(f"halves of {n_first} and {n_second} steps", draw, n_first)
    add("halves of 3 and 2 steps, of integers", _draw_integers(rng, 3, 4, 5), 3)
    return cases


@check(read_parts("U", "W", "b"), explain_rows("U", "W", "b"), call=call_with_layer, seed=25)
def from_torch(seed: int) -> list[Case]:
    """Check a function that takes U, W and b out of a `torch.nn.RNN`.

    `fn` is called as ``fn(layer)`` with a layer of one layer and one direction that has biases, in float32 or float64;
    must return ``(U, W, b)`` as arrays or tensors, and leave the layer as it was.

    The cases: layers in both dtypes, with I = H and not. The arguments are the layer's parameters under torch's names.
    """
    need_torch()
    rng = default_rng(seed)
    cases = []
    for dtype, n_features, n_units in [("float64", 3, 4), ("float64", 4, 4), ("float32", 3, 4), ("float32", 5, 2)]:
        draw = {name: array(values, dtype=dtype) for name, values in _draw(rng, n_features, n_units).items()}
        bias = array(rng.normal(size=n_units) / 2, dtype=dtype)
        arguments = {
            "weight_ih_l0": draw["U"],
            "weight_hh_l0": draw["W"],
            "bias_ih_l0": draw["b"],
            "bias_hh_l0": bias,
        }
        expected = (draw["U"], draw["W"], draw["b"] + bias)
        cases.append(Case(f"a layer in {dtype} {_sizes(draw)}", arguments, expected))
    return cases


@check(
    read_array,
    explain_rows("the state", row="sequence"),
    lifts=(_ends_of, _ends_one_by_one),
    not_lifted=("wrong axis taken for time", "batch first"),
    seed=26,
)
def forward_lengths(seed: int) -> list[Case]:
    """Check a function that reads a padded batch and returns the state at the end of each sequence.

    `fn` is called as ``fn(x, lengths, U, W, b)`` with x (T, N, I) and lengths (N,), integers from 1 to T; after its end
    a sequence holds anything, NaN included. Must return (N, H), read from h(0) = 0.

    The cases: no padding, padding of large numbers and of NaN, N = 1, N = T, integers. What stands there must not
    matter.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray], lengths: list[int], padding: Any) -> None:
        n_steps = len(draw["x"])
        x, steps = draw["x"], array(lengths)
        ends = [_states(**(draw | {"x": x[:length, [n]]}))[-1, 0] for n, length in enumerate(lengths)]
        is_padding = array([[t >= length for length in lengths] for t in range(n_steps)])
        x = where(is_padding[..., None], padding, x)
        arguments = {"x": x, "lengths": steps, **{name: draw[name] for name in "UWb"}}
        cases.append(Case(f"{label} with lengths={lengths} and T={n_steps} {_sizes(draw)}", arguments, (stack(ends),)))

    add("one sequence", _draw(rng, 3, 4, 5, 1), [3], 0.0)
    add("a batch without padding", _draw(rng, 3, 4, 4, 2), [4, 4], 0.0)
    add("a batch padded with zeros", _draw(rng, 3, 4, 5, 3), [2, 5, 4], 0.0)
    add("a batch padded with large numbers", _draw(rng, 4, 4, 5, 5), [1, 5, 3, 2, 4], 100.0)
    add("a batch padded with large numbers", _draw(rng, 3, 2, 6, 2), [3, 2], -100.0)
    add("a batch padded with NaN", _draw(rng, 3, 4, 5, 3), [5, 3, 1], nan)
    add("a batch of integers, padded with 9,", _draw_integers(rng, 3, 4, 5, 3), [4, 2, 5], 9)
    return cases


# Functions to mend


@check(read_array, explain_rows("the result", row="step"), lifts=(_trace_of,), seed=27)
def read_counts(seed: int) -> list[Case]:
    """Check a function that returns the state after every step, for inputs of whole numbers too.

    `fn` is called as ``fn(x, U, W, b)`` with x (T, I); must return the states (T, H), read from h(0) = 0.

    The cases: inputs of whole numbers, and of others.
    """
    rng = default_rng(seed)
    cases = []
    for n_steps, n_features, n_units in [(1, 3, 4), (5, 3, 4), (6, 4, 4)]:
        draw = _draw(rng, n_features, n_units, n_steps)
        counts = draw | {"x": rng.integers(0, 4, size=(n_steps, n_features))}
        label = f"T={n_steps} inputs of decimal numbers {_sizes(draw)}"
        cases.append(Case(label, draw, (_states(**draw),)))
        label = f"T={n_steps} inputs of whole numbers {_sizes(draw)}"
        cases.append(Case(label, counts, (_states(**counts),), says=WHOLE_NUMBERS))
    return cases


@check(
    read_array,
    explain_rows("the state", row="sequence"),
    lifts=(_time_first_of, _sequences_one_by_one),
    not_lifted=("wrong axis taken for time", "batch first"),
    seed=28,
)
def read_batch_first(seed: int) -> list[Case]:
    """Check a function that reads a batch whose first axis is the sequence, not the step.

    `fn` is called as ``fn(x, U, W, b)`` with x (N, T, I); must return the last state of each sequence (N, H), read from
    h(0) = 0.

    The cases: batches (N, T, I) with N below, above and equal to T, N = 1, T = 1.
    """
    rng = default_rng(seed)
    cases = []
    for n_sequences, n_steps, n_features, n_units in [(1, 5, 3, 4), (2, 5, 3, 4), (6, 3, 4, 4), (4, 4, 3, 4)]:
        draw = _draw(rng, n_features, n_units, n_steps, n_sequences)
        arguments = draw | {"x": draw["x"].swapaxes(0, 1).copy()}
        label = f"a batch of N={n_sequences} with T={n_steps} {_sizes(draw)}"
        cases.append(Case(label, arguments, (_states(**draw)[-1],)))
    return cases


@check(
    read_parts("output", "h_n"),
    explain_rows("output", "h_n", row="step"),
    lifts=(_backwards_of,),
    not_lifted=("input order reversed",),
    seed=29,
)
def read_backwards(seed: int) -> list[Case]:
    """Check a function that reads one sequence from its end to its beginning.

    `fn` is called as ``fn(x, U, W, b)`` with x (T, I); must return ``(output, h_n)``: the states (T, H), output[t]
    being the one after reading x[t], and the state (H,) after the last step that was read, at x[0].

    The cases: sequences of several lengths.
    """
    rng = default_rng(seed)
    cases = []
    for n_steps, n_features, n_units in [(1, 3, 4), (2, 3, 4), (5, 3, 4), (5, 4, 4)]:
        draw = _draw(rng, n_features, n_units, n_steps)
        in_reading_order = _states(**(draw | {"x": draw["x"][::-1]}))
        expected = (in_reading_order[::-1], in_reading_order[-1])
        cases.append(Case(f"one sequence of T={n_steps} {_sizes(draw)}", draw, expected))
    return cases


# Summaries


def _pool_cases(seed: int, pool: Callable[[ndarray], ndarray]) -> list[Case]:
    """Numbers of both signs, negative ones alone, integers, a batch."""
    rng = default_rng(seed)
    inputs = {
        "one sequence (T=5, I=3)": rng.normal(size=(5, 3)),
        "one sequence (T=4, I=4)": rng.normal(size=(4, 4)),
        "one sequence of negative numbers (T=5, I=3)": -rng.uniform(0.5, 2, size=(5, 3)),
        "one sequence of integers (T=4, I=3)": rng.integers(-5, 6, size=(4, 3)),
        "one step (T=1, I=3)": rng.normal(size=(1, 3)),
        "a batch (T=5, N=2, I=3)": rng.normal(size=(5, 2, 3)),
        "a batch (T=4, N=4, I=4)": rng.normal(size=(4, 4, 4)),
    }
    return [Case(label, {"x": x}, (pool(x),)) for label, x in inputs.items()]


@check(read_array, explain_rows("the mean", row="sequence"), seed=30)
def mean_pool(seed: int) -> list[Case]:
    """Check a function that returns the mean of each feature over time.

    `fn` is called as ``fn(x)`` with x (T, I) or (T, N, I); must return (I,) or (N, I).

    The cases: numbers of both signs, negative ones alone, integers, a single step, batches.
    """
    return _pool_cases(seed, lambda x: x.sum(axis=0) / len(x))


@check(read_array, explain_rows("the maximum", row="sequence"), seed=31)
def max_pool(seed: int) -> list[Case]:
    """Check a function that returns the maximum of each feature over time.

    `fn` is called as ``fn(x)`` with x (T, I) or (T, N, I); must return (I,) or (N, I).

    The cases: numbers of both signs, negative ones alone, integers, a single step, batches, and very negative numbers.
    """
    x = -(10.0 ** default_rng(seed).uniform(12, 15, size=(5, 3)))
    says = "All numbers are far below zero here: a search that starts from a fixed number stays there; start from x[0]."
    far_below = Case("one sequence of very negative numbers (T=5, I=3)", {"x": x}, (x.max(axis=0),), says=says)
    return [*_pool_cases(seed, lambda x: x.max(axis=0)), far_below]


@check(read_whole_number, explain_rows("the number"), seed=32)
def distinct_summaries(seed: int) -> list[Case]:
    """Check a function that counts the different results of a summary over all orders of the rows.

    `fn` is called as ``fn(summary, x)`` with x (T, I) and a function `summary` that turns such an array into a vector;
    must return a whole number. Two results are the same if all their numbers agree to 1e-9.

    The cases: summaries that see no order, all of it, and some; rows that occur twice; results that differ by little.
    """
    rng = default_rng(seed)

    def mean(x: ndarray) -> ndarray:
        return x.sum(axis=0) / len(x)

    def first_row(x: ndarray) -> ndarray:
        return x[0]

    def ends(x: ndarray) -> ndarray:
        return x[-1] - x[0]

    def flattened(x: ndarray) -> ndarray:
        return x.ravel()

    draw = _draw(rng, 3, 4, 4)

    def last_state(x: ndarray) -> ndarray:
        return _states(**(draw | {"x": x}))[-1]

    rows = rng.normal(size=(4, 3))
    places = rng.permutation(12).reshape(4, 3)
    close_rows = rng.integers(1, 9, size=3) / 10 + 1e-4 * places
    closer_rows = rng.integers(1, 9, size=3) / 10 + 4e-9 * places
    says = (
        "The results lie close together here, and those that agree to 1e-9 are the same, no others: round to 9 "
        "decimals, or give np.allclose rtol=0 and atol=1e-9."
    )
    counted = [
        ("the mean of 4 rows", mean, rows[:4], 1),
        ("the first of 4 rows", first_row, rows[:4], 4),
        ("the difference of the last and the first of 4 rows", ends, rows[:4], 4 * 3),
        ("4 rows written one behind the other", flattened, rows[:4], factorial(4)),
        ("4 rows, two of them equal, one behind the other", flattened, rows[[0, 1, 2, 1]], factorial(4) // 2),
        ("the last state of an RNN after 4 rows", last_state, draw["x"], factorial(4)),
    ]
    # In an order that nobody knows who knows the results of another seed: they are few, and small numbers.
    in_any_order = [counted[place] for place in rng.permutation(len(counted))]
    cases = [
        Case(label, {"summary": summary, "x": x}, (array(n),))
        for label, summary, x, n in [("the mean of 3 rows", mean, rows[:3], 1), *in_any_order]
    ]
    for by, x in {"little": close_rows, "a few 1e-9": closer_rows}.items():
        label = f"the first of 4 rows that differ by {by}"
        cases.append(Case(label, {"summary": first_row, "x": x}, (array(4),), says=says))
    return cases


def _linear_probe(summaries: ndarray, tokens: ndarray) -> ndarray:
    """Scores (N - n_fit, n_kinds) of the held-out sequences, by least squares on the first three quarters."""
    n_fit = 3 * len(tokens) // 4
    with_intercept = column_stack([summaries, ones(len(tokens))])
    weights, *_ = lstsq(with_intercept[:n_fit], eye(tokens.max() + 1)[tokens[:n_fit]], rcond=None)
    return with_intercept[n_fit:] @ weights


@check(read_array, explain_rows("the accuracy"), seed=33)
def read_back(seed: int) -> list[Case]:
    """Check a function that measures how well a linear probe reads a token back out of summaries.

    `fn` is called as ``fn(summaries, tokens)`` with summaries (N, S) and tokens (N,), integers from 0 on; must return
    the accuracy, from 0 to 1, on the sequences from ``3 * N // 4`` on, of the least-squares map with intercept from
    summaries to one-hot tokens that is fitted on the sequences before.

    The cases: summaries that tell the token fully, in part and not at all, or by another rule at the end; few
    numbers that lie far from zero, and counts.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, summaries: ndarray, tokens: ndarray, says: str = "") -> None:
        n_fit = 3 * len(tokens) // 4
        accuracy = (_linear_probe(summaries, tokens).argmax(axis=1) == tokens[n_fit:]).mean()
        cases.append(Case(label, {"summaries": summaries, "tokens": tokens}, (array(accuracy),), says=says))

    def draw_tokens(n_sequences: int, n_kinds: int) -> ndarray:
        return roll(rng.permutation(n_sequences) % n_kinds, 1)  # every kind occurs, before and after the cut

    tokens = draw_tokens(120, 3)
    add("summaries that are the token itself, one-hot", eye(3)[tokens], tokens)
    says = (
        "The last quarter follows another rule here than the sequences before it, so none of its tokens can be "
        "guessed: a probe that is right has been fitted on some of them. Cut at 3 * N // 4, and do not shuffle."
    )
    told = where(arange(120) < 90, tokens, (tokens + 1) % 3)
    add("summaries that follow another rule at the end", eye(3)[told] + rng.normal(size=(120, 3)) / 20, tokens, says)
    tokens = draw_tokens(12, 3)
    add("12 summaries, as many held out as there are kinds", (tokens + rng.normal(size=12) / 9)[:, None], tokens)
    for n_sequences, n_numbers, n_kinds, noise in [(200, 4, 3, 1.0), (202, 5, 6, 0.7), (400, 8, 6, 2.0)]:
        tokens = draw_tokens(n_sequences, n_kinds)
        centers, noises = rng.normal(size=(n_kinds, n_numbers)), rng.normal(size=(n_sequences, n_numbers))
        add(f"{n_sequences} noisy summaries", centers[tokens] + noise * noises, tokens)
    tokens = draw_tokens(400, 3)
    add("400 summaries of one number, far from zero", (10.0 + tokens + rng.normal(size=400) / 4)[:, None], tokens)
    tokens = draw_tokens(400, 4)
    others = rng.integers(4, size=(400, 3))
    add(
        "400 summaries that count the tokens",
        eye(4, dtype="int64")[tokens] + eye(4, dtype="int64")[others].sum(1),
        tokens,
    )
    return cases


@check(read_orthogonal, explain_orthogonal, call=call_with_seeds, seed=34)
def orthogonal(seed: int) -> list[Case]:
    """Check a function that draws a scaled orthogonal matrix.

    `fn` is called as ``fn(H, scale, seed)``; must return an (H, H) matrix whose columns are orthogonal to each other
    and of length `scale`: the same for the same seed, another for another.

    The cases: sizes, scales and seeds. What must come back is not a matrix but its properties; see `read_orthogonal`.
    """
    rng = default_rng(seed)
    cases = []
    for n_units, scale in [(2, 1.0), (4, 0.9), (5, 0.5), (8, 1.1)]:
        arguments = {"H": n_units, "scale": scale, "seed": int(rng.integers(1000))}
        label = ", ".join(f"{name}={value}" for name, value in arguments.items())
        cases.append(Case(label, arguments, (scale**2 * eye(n_units), zeros((n_units, n_units)), array(0))))
    return cases


# Options of a layer


@check(read_two_shapes, explain_shapes("output", "h_n"), seed=35)
def output_shapes(seed: int) -> list[Case]:
    """Check a function that gives the shapes of what a layer returns for a batch.

    `fn` is called as ``fn(T, N, H, num_layers, num_directions, batch_first)``; must return the shape of `output` and
    that of `h_n`, each as a tuple or a list.

    The cases: each option by itself, then several; all sizes differ, and the seed moves them.
    """
    cases = []
    T, N, H = (size + seed % 50 for size in (11, 5, 7))
    for n_layers, n_directions, batch_first in [
        (1, 1, False), (1, 1, True), (2, 1, False), (1, 2, False), (3, 1, True), (1, 2, True), (3, 2, False),
        (3, 2, True),
    ]:  # fmt: skip
        arguments = {
            **{"T": T, "N": N, "H": H},
            **{"num_layers": n_layers, "num_directions": n_directions, "batch_first": batch_first},
        }
        lead = [N, T] if batch_first else [T, N]
        expected = (array([*lead, n_directions * H]), array([n_layers * n_directions, N, H]))
        label = ", ".join(f"{name}={value}" for name, value in arguments.items())
        cases.append(Case(label, arguments, expected))
    return cases


# Gradients


@check(read_array, explain_rows("the gradient"), seed=36)
def numerical_gradient(seed: int) -> list[Case]:
    """Check a function that measures a gradient by central differences.

    `fn` is called as ``fn(f, w, step)`` with a function `f` that makes one number of an array like `w`, of any shape;
    must return an array like w, whose entries are ``(f(w + step) - f(w - step)) / (2 * step)``, with one entry of w
    moved at a time. The caller's w is to be left, or put back, as it was.

    The cases: vectors and matrices, a single number, whole numbers. The steps are large, so that the differences are
    far from the derivative, and what counts is how they are taken.
    """
    rng = default_rng(seed)

    def cubes(w: ndarray) -> float:
        return float(w.ravel() @ w.ravel() * w.sum() + (w * w * w).sum())

    def squashed(w: ndarray) -> float:
        return float(tanh(w).sum() * (1 + w.ravel()[0]))

    cases = []
    for f, told in [(cubes, "a sum of cubes"), (squashed, "a sum of tanhs")]:
        # Multiples of 1/8, and steps of powers of 2: moved and moved back, an entry is what it was to its last digit.
        for shape, step in [((1,), 0.25), ((3,), 0.5), ((2, 3), 0.125), ((3, 3), 0.0625)]:
            w = rng.integers(-8, 9, size=shape) / 8
            cases.append(_difference_case(f"{told} of w with shape {shape}", f, w, step))
        says = "w holds whole numbers here: a copy that is to take in the step must be one of floats."
        whole = rng.integers(-2, 3, size=(2, 2))
        cases.append(_difference_case(f"{told} of whole numbers w with shape (2, 2)", f, whole, 0.25, says))
    return cases


def _difference_case(label: str, f: Callable[[ndarray], float], w: ndarray, step: float, says: str = "") -> Case:
    moves = step * eye(w.size)
    differences = [f(w + move.reshape(w.shape)) - f(w - move.reshape(w.shape)) for move in moves]
    expected = array(differences).reshape(w.shape) / (2 * step)
    return Case(f"{label} and step={step}", {"f": f, "w": w, "step": step}, (expected,), says=says)


@check(read_parts("h", "V", "d"), explain_parts("h", "V", "d"), seed=37)
def output_gradient(seed: int) -> list[Case]:
    """Check a function that gives the gradient of the loss of a readout: of softmax(V h + d) and its cross-entropy.

    `fn` is called as ``fn(h, y, V, d)`` with h (N, H), labels y (N,), integers from 0 to K - 1, V (K, H) and d (K,);
    must return ``(h, V, d)``, the derivatives of the mean cross-entropy over the N sequences, each in the shape of its
    own.

    The cases: one sequence and several, two classes and more, K = H, N = K, large scores.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, n_sequences: int, n_units: int, n_classes: int, scale: float = 1.0, says: str = "") -> None:
        h, y = rng.uniform(-1, 1, (n_sequences, n_units)), rng.integers(n_classes, size=n_sequences)
        # Scores are made large by d: a large V would enlarge the rounding of the probabilities in the gradient of h.
        V, d = rng.normal(size=(n_classes, n_units)), scale * rng.normal(size=n_classes)
        scores = h @ V.T + d
        powers = exp(scores - scores.max(axis=1)[:, None])
        d_scores = (powers / powers.sum(axis=1)[:, None] - eye(n_classes)[y]) / n_sequences
        expected = (d_scores @ V, d_scores.T @ h, d_scores.sum(axis=0))
        label = f"{label} (N={n_sequences}, H={n_units}, K={n_classes})"
        arguments = {"h": h, "y": y, "V": V, "d": d}
        cases.append(Case(label, arguments, expected, telling=not says, says=says))

    add("one sequence", 1, 4, 3)
    add("two classes", 5, 4, 2)
    add("several sequences", 6, 3, 5)
    add("as many classes as units", 5, 4, 4)
    add("all sizes alike", 4, 4, 4)
    says = "The scores are large here: does np.exp overflow? Subtract each row's largest score first."
    add("large scores", 5, 4, 3, 1000.0, says)
    return cases


def _gradients(
    x: ndarray, U: ndarray, W: ndarray, output: ndarray, d_output: ndarray, d_h_n: ndarray, h_0: ndarray
) -> tuple[ndarray, ...]:
    """Back through all steps; the weights' gradients are the sums over steps and sequences."""
    d_h, d_z = d_h_n, 0 * output
    for t in reversed(range(len(x))):
        d_z[t] = (1 - output[t] * output[t]) * (d_output[t] + d_h)
        d_h = d_z[t] @ W
    rows, before = d_z.reshape(-1, len(W)), stack([h_0, *output[:-1]])
    d_U, d_W = (rows.T @ values.reshape(len(rows), -1) for values in (x, before))
    return d_z @ U, d_U, d_W, rows.sum(axis=0), d_h


@check(read_parts("x", "U", "W", "b", "h_0"), explain_parts("x", "U", "W", "b", "h_0"), seed=38)
def rnn_backward(seed: int) -> list[Case]:
    """Check a function that carries a gradient back through all steps.

    `fn` is called as ``fn(x, U, W, output, d_output, d_h_n, h_0)`` with x (T, I) or (T, N, I), the states `output` that
    `rnn_forward` made of it from `h_0`, and the derivatives of a loss with respect to `output` and to the last state:
    all are arrays, and both derivatives count. Must return ``(x, U, W, b, h_0)``, the derivatives with respect to each,
    as `rnn_helpers.rnn.rnn_backward` does.

    The cases: one step, the last state alone, every state alone, both; from zeros and not; batches, with N = T;
    integers.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, draw: dict[str, ndarray], zero: str = "", telling: bool = True, says: str = "") -> None:
        h_0 = rng.uniform(-1, 1, (*draw["x"].shape[1:-1], len(draw["b"])))
        h_0 = 0 * h_0 if "h_0" in zero.split() else h_0
        output = _states(**draw, h_0=h_0)
        d_output, d_h_n = rng.normal(size=output.shape), rng.normal(size=h_0.shape)
        d_output, d_h_n = (
            0 * d if name in zero.split() else d for name, d in (("d_output", d_output), ("d_h_n", d_h_n))
        )
        arguments = {"x": draw["x"], "U": draw["U"], "W": draw["W"], "output": output}
        arguments |= {"d_output": d_output, "d_h_n": d_h_n, "h_0": h_0}
        cases.append(Case(f"{label} {_sizes(draw)}", arguments, _gradients(**arguments), telling, says))

    add("one step with d_h_n alone and h_0 = 0", _draw(rng, 3, 4, 1), "d_output h_0")
    add("one step with d_output alone", _draw(rng, 3, 4, 1), "d_h_n")
    add("T=5 steps with d_h_n alone and h_0 = 0", _draw(rng, 3, 4, 5), "d_output h_0")
    add("T=5 steps with d_output alone", _draw(rng, 3, 4, 5), "d_h_n")
    add("T=5 steps with both", _draw(rng, 4, 4, 5))
    add("T=6 steps with both", _draw(rng, 4, 2, 6))
    add("T=5 steps of integers", _draw_integers(rng, 3, 4, 5), says=WHOLE_NUMBERS)
    for n_steps, n_sequences, n_features, n_units in [(5, 2, 3, 4), (5, 1, 3, 4), (6, 6, 3, 4)]:
        add(f"a batch of N={n_sequences} with T={n_steps}", _draw(rng, n_features, n_units, n_steps, n_sequences))
    add("a batch of N=4 with T=4", _draw(rng, 4, 4, 4, 4), telling=False)
    return cases


@check(read_array, explain_rows("the Jacobian"), seed=42)
def state_jacobian(seed: int) -> list[Case]:
    """Check a function that gives the derivative of a state by the state some steps before it.

    `fn` is called as ``fn(states, W)`` with the states (n, H) after each of n steps, in their order, and W (H, H); must
    return the (H, H) table of the derivatives of the last of them by the state before the first: entry (i, j) says how
    many times as far unit i moves as unit j did.

    The cases: one step, two and more; one unit.
    """
    rng = default_rng(seed)
    cases = []
    for n_units, n_steps in [(4, 1), (3, 1), (4, 2), (3, 4), (5, 3), (1, 3)]:
        draw = _draw(rng, 3, n_units, n_steps)
        states, jacobian = _states(**draw, h_0=rng.uniform(-1, 1, n_units)), eye(n_units)
        for h in states:
            jacobian = (1 - h * h)[:, None] * (draw["W"] @ jacobian)
        label = f"{'one step' if n_steps == 1 else f'{n_steps} steps'} (H={n_units})"
        cases.append(Case(label, {"states": states, "W": draw["W"]}, (jacobian,)))
    return cases


@check(
    read_parts("the first", "the second", "the third"),
    explain_rows("the first gradient", "the second gradient", "the third gradient"),
    call=call_with_list,
    seed=39,
)
def clip_by_norm(seed: int) -> list[Case]:
    """Check a function that shortens a gradient in several pieces to a limit, by their common norm.

    `fn` is called as ``fn(gradients, limit)`` with a list of three arrays and a number; must return a list of three
    arrays, all multiplied by one factor, so that the root of the sum of all squares is at most the limit; gradients
    that are not longer than the limit come back as they were.

    The cases: longer and shorter than the limit, limits above and below 1, one piece long and the others short, zeros.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, length: float, limit: float, weights: tuple[float, ...] = (1.0, 1.0, 1.0)) -> None:
        shapes = ((4, 3), (4, 4), (4,))
        drawn = [weight * rng.normal(size=shape) for weight, shape in zip(weights, shapes, strict=True)]
        drawn_length = sum((gradient * gradient).sum() for gradient in drawn) ** 0.5
        gradients = [length / drawn_length * gradient for gradient in drawn]
        factor = limit / length if length > limit else 1.0
        arguments = dict(zip(("first", "second", "third"), gradients, strict=True)) | {"limit": limit}
        expected = tuple(factor * gradient for gradient in gradients)
        cases.append(Case(f"gradients {label}, limit={limit:g}", arguments, expected))

    add("of norm 5", 5.0, 1.0)
    add("of norm 5", 5.0, 2.0)
    add("of norm 0.5", 0.5, 0.25)
    add("of norm 0.5", 0.5, 1.0)
    add("of norm 3", 3.0, 4.0)
    add("of norm 20, most of it in the second", 20.0, 5.0, (0.1, 10.0, 0.1))
    add("of norm 1.5, a little longer than the limit", 1.5, 1.4)
    add("of zeros", 0.0, 1.0)
    return cases


# One step of a gated cell


def _sigmoid(z: ndarray) -> ndarray:
    return 0.5 * tanh(0.5 * z) + 0.5


def _gru_next(x: ndarray, h: ndarray, U: ndarray, W: ndarray, b_ih: ndarray, b_hh: ndarray) -> ndarray:
    n_units = h.shape[-1]
    r, z, n = (slice(gate * n_units, (gate + 1) * n_units) for gate in range(3))
    of_x, of_h = x @ U.T + b_ih, h @ W.T + b_hh
    reset, update = (_sigmoid(of_x[..., rows] + of_h[..., rows]) for rows in (r, z))
    return (1 - update) * tanh(of_x[..., n] + reset * of_h[..., n]) + update * h


def _lstm_next(x: ndarray, h: ndarray, c: ndarray, U: ndarray, W: ndarray, b: ndarray) -> tuple[ndarray, ndarray]:
    n_units = h.shape[-1]
    sums = x @ U.T + h @ W.T + b
    i, f, g, o = (sums[..., gate * n_units : (gate + 1) * n_units] for gate in range(4))
    c_next = _sigmoid(f) * c + _sigmoid(i) * tanh(g)
    return _sigmoid(o) * tanh(c_next), c_next


def _gated_cases(seed: int, n_gates: int, states: tuple[str, ...], biases: tuple[str, ...], step: Any) -> list[Case]:
    """One input and batches, zero states, one unit, and large numbers, for a cell of so many gates."""
    rng = default_rng(seed)
    cases = []

    def add(label: str, n_features: int, n_units: int, *lead: int, scale: float = 1.0, state: float = 1.0) -> None:
        arguments = {"x": scale * rng.normal(size=(*lead, n_features))}
        arguments |= {name: state * rng.uniform(-1, 1, (*lead, n_units)) for name in states}
        arguments |= {
            "U": rng.normal(size=(n_gates * n_units, n_features)),
            "W": rng.normal(size=(n_gates * n_units, n_units)),
        }
        arguments |= {name: rng.normal(size=n_gates * n_units) for name in biases}
        expected = step(**arguments)
        large = scale > 1
        label = f"{label} (I={n_features}, H={n_units})"
        results = expected if isinstance(expected, tuple) else (expected,)
        cases.append(Case(label, arguments, results, telling=not large, says=LARGE_SUMS if large else ""))

    add("one input with a zero state", 3, 4, state=0.0)
    add("one input", 3, 4)
    add("one input", 4, 4)
    add("one input and one unit", 3, 1)
    add("a batch of 5", 3, 4, 5)
    add("a batch of 1", 3, 4, 1)
    add("a batch of 4", 5, 2, 4)
    add("one input of large numbers", 3, 4, scale=1e4)
    return cases


@check(read_array, explain_rows("the new state", row="sequence"), seed=40)
def gru_step(seed: int) -> list[Case]:
    """Check a function that reads one input and returns the next hidden state of a GRU.

    `fn` is called as ``fn(x, h, U, W, b_ih, b_hh)`` with x (I,) or (N, I), h (H,) or (N, H), U (3H, I), W (3H, H) and
    two biases (3H,), the rows in torch's order r, z, n; must return what `rnn_helpers.gated.gru_step` does.

    The cases: one input and batches, a zero state, one unit, large numbers.
    """
    return _gated_cases(seed, 3, ("h",), ("b_ih", "b_hh"), _gru_next)


@check(read_parts("h", "c"), explain_rows("the new state h", "the new cell c", row="sequence"), seed=41)
def lstm_step(seed: int) -> list[Case]:
    """Check a function that reads one input and returns the next hidden state and cell of an LSTM.

    `fn` is called as ``fn(x, h, c, U, W, b)`` with x (I,) or (N, I), h and c (H,) or (N, H), U (4H, I), W (4H, H) and b
    (4H,), the rows in torch's order i, f, g, o; must return ``(h, c)`` as `rnn_helpers.gated.lstm_step` does.

    The cases: one input and batches, a zero state and cell, one unit, large numbers.
    """
    return _gated_cases(seed, 4, ("h", "c"), ("b",), _lstm_next)


# A language model


@check(read_array, explain_rows("the number of bits"), seed=42)
def bits_a_character(seed: int) -> list[Case]:
    """Check a function that measures how well characters were predicted: the mean of their surprise, in bits.

    `fn` is called as ``fn(p, codes)`` with p (T, K), at each step a probability above 0 for each of K kinds, and codes
    (T,), the kinds that came, integers from 0 to K - 1; must return the mean of ``-log2 p[t, codes[t]]``, one number.

    The cases: one character and many, a uniform guess, two kinds, as many characters as kinds.
    """
    rng = default_rng(seed)
    cases = []

    def add(label: str, n_steps: int, n_kinds: int, spread: float = 2.0, says: str = "") -> None:
        powers = exp(spread * rng.normal(size=(n_steps, n_kinds)))
        p, codes = powers / powers.sum(axis=1)[:, None], rng.integers(n_kinds, size=n_steps)
        expected = -log2(p[arange(n_steps), codes]).mean()
        label = f"{label} (T={n_steps}, K={n_kinds})"
        cases.append(Case(label, {"p": p, "codes": codes}, (array(expected),), says=says))

    says = "Each of 4 kinds has the probability 1/4 here, so each character that came has log2(4) = 2 bits."
    add("a uniform guess", 3, 4, 0.0, says)
    add("one character", 1, 5)
    add("several characters", 6, 4)
    add("characters of two kinds", 7, 2)
    add("as many characters as kinds", 5, 5)
    add("many characters", 40, 9)
    return cases
