"""What is said of a mistake that is not known: which result is off, where, and what it has to do with the right one.

Each explanation is called as ``explain(check, outcomes, first_wrong)`` by the engine in `checking`.
"""

from __future__ import annotations

# Bound here by name, as in `checking`.
from builtins import abs, enumerate, isinstance, len, list, map, max, range, tuple, zip  # noqa: A004, UP029
from collections.abc import Iterator, Sequence
from itertools import product

from numpy import arctanh, errstate, ndarray, tanh, zeros

from rnn_helpers.checking import Case, Check, Explain, Outcome, close, is_right, kind_told, listed, overwritten, within

__all__ = ["explain_forward", "explain_orthogonal", "explain_parts", "explain_rows", "explain_shapes", "explain_terms"]

OVERWRITTEN = overwritten(
    abs=abs, enumerate=enumerate, isinstance=isinstance, len=len, list=list, map=map, max=max, range=range,
    tuple=tuple, zip=zip, arctanh=arctanh, errstate=errstate, tanh=tanh, zeros=zeros,
)  # fmt: skip


def explain_shapes(*names: str) -> Explain:
    """An explanation that names the first shape that is off."""

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case = check.cases[first_wrong]
        parts = zip(names, outcomes[first_wrong].results, case.expected, strict=True)
        name, value, expected = next(part for part in parts if not close(part[1], part[2]))
        got, wanted = tuple(value.tolist()), tuple(expected.tolist())
        return f"{check.name}: the shape of {name} is off on {case.label}: expected {wanted}, got {got}."

    return explain


def explain_terms(*terms: str) -> Explain:
    """An explanation by terms, which the first cases isolate: which are right, which are off, and the first row off.

    Each term is given as "only x", the words for its case; the last one stands for all of them.
    """

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case = check.cases[first_wrong]
        unlike = _unlike(check, outcomes[first_wrong], case, ["the new state"])
        if unlike:
            return unlike
        (value,), (expected,) = outcomes[first_wrong].results, case.expected
        row = _first_difference(value, expected)
        said = f"{check.name} is off on {case.label}: {_expected_and_got(expected[row], value[row])}."
        if close(value, expected, coarse=True):
            return said
        fine = {term: is_right(outcomes[i], check.cases[i]) for i, term in enumerate(terms)}
        inside = _told_inside(check, outcomes, terms[:-1])
        related = "" if inside else _sentence(_relation(value, expected))
        return " ".join(part for part in (said, _told_by_terms(fine), inside, related) if part)

    return explain


def _told_by_terms(fine: dict[str, bool]) -> str:
    right = [term for term in fine if fine[term]]
    off = [term for term in fine if not fine[term]]
    if right and off:
        return f"For one input it is right with {listed(right)}, and off with {listed(off)}."
    return f"For one input it is {'right' if right else 'off'} with {listed(right or off)}."


def _told_inside(check: Check, outcomes: list[Outcome], terms: Sequence[str]) -> str:
    """How many times a term counts that enters the tanh with a factor: undo the tanh, and divide."""
    for outcome, case, term in zip(outcomes, check.cases, terms, strict=False):
        if outcome.values is None or is_right(outcome, case) or outcome.results[0].shape != case.expected[0].shape:
            continue
        with errstate(all="ignore"):
            inside, expected = arctanh(1.0 * outcome.results[0]), arctanh(case.expected[0])
            factor = _factor(inside, expected)
        if factor is not None:
            what = {"only the bias": "b", "only x": "U x", "only h": "W h", "only x_1": "U x_1"}[term]
            return f"Inside the tanh {what} counts {factor:.4g} times, and should count once."
    return ""


def explain_rows(*names: str, row: str = "row") -> Explain:
    """An explanation that names the first result that is off, and the first of its rows (steps, sequences, ...)."""

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case, outcome = check.cases[first_wrong], outcomes[first_wrong]
        unlike = _unlike(check, outcome, case, names)
        if unlike:
            return unlike
        parts = zip(names, outcome.results, case.expected, strict=True)
        name, value, expected = next(part for part in parts if not close(part[1], part[2]))
        place = _first_difference(value, expected)
        where = f" at {row} {place[0] + 1} of {len(expected)}" if place else ""
        numbers = _expected_and_got(expected[place], value[place])
        said = f"{check.name}: {name} is off{where}, on {case.label}: {numbers}."
        related = _relation(value, expected) or (_step_told(case, value) if row == "step" else "")
        return f"{said} {_sentence(related)}".rstrip()

    return explain


def explain_parts(*names: str) -> Explain:
    """An explanation that says which of several gradients are right and which are off, and shows the first of these."""

    def explain(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
        case, outcome = check.cases[first_wrong], outcomes[first_wrong]
        unlike = _unlike(check, outcome, case, [f"the gradient of {name}" for name in names])
        if unlike:
            return unlike
        parts = list(zip(names, outcome.results, case.expected, strict=True))
        off = [part for part in parts if not close(part[1], part[2])]
        right = [name for name, value, expected in parts if close(value, expected)]
        name, value, expected = off[0]
        place = _first_difference(value, expected)
        where = f" at row {place[0] + 1} of {len(expected)}" if place else ""
        told = f"right for {listed(right)}, and off" if right else "off"
        numbers = f"the gradient of {name}{where}: {_expected_and_got(expected[place], value[place])}"
        said = f"{check.name} is {told} for {listed([name for name, *_ in off])}, on {case.label}; {numbers}."
        return f"{said} {_sentence(_relation(value, expected))}".rstrip()

    return explain


def explain_forward(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Name the first time step that is off, and show its state."""
    case, outcome = check.cases[first_wrong], outcomes[first_wrong]
    unlike = _unlike(check, outcome, case, ["output", "h_n"])
    if unlike:
        return unlike
    (output, h_n), (expected, expected_h_n) = outcome.results, case.expected
    if close(output, expected):
        row = _first_difference(h_n, expected_h_n)
        numbers = _expected_and_got(expected_h_n[row], h_n[row])
        return f"{check.name}: output is right but h_n is off on {case.label}: {numbers}; h_n should be output[-1]."
    row = _first_difference(output, expected)
    step = row[0] + 1
    whose = f" in sequence {row[1] + 1}" if len(row) > 1 else ""
    before = f"right before step {step} and " if step > 1 else ""
    numbers = _expected_and_got(expected[row], output[row])
    said = f"output is {before}off at step {step} of {len(expected)}{whose}, on {case.label}: {numbers}."
    related = _relation(output, expected) or _step_told(case, output)
    return f"{check.name}: {said} {_sentence(related)}".rstrip()


def explain_orthogonal(check: Check, outcomes: list[Outcome], first_wrong: int) -> str:
    """Name two columns that are not orthogonal, or one that has the wrong length, or say that the seed does nothing."""
    case, outcome = check.cases[first_wrong], outcomes[first_wrong]
    unlike = _unlike(check, outcome, case, ["the matrix", "the difference", "the comparison"])
    if unlike:
        return unlike
    products, expected = outcome.results[0], case.expected[0]
    if close(products, expected):
        return f"{check.name} gives the same matrix for two different seeds, on {case.label}."
    n_columns = len(products)
    squares, wanted = [[matrix[i, i].item() for i in range(n_columns)] for matrix in (products, expected)]
    off = [(i, j) for i, j in product(range(n_columns), range(n_columns)) if i < j and not _is_small(products[i, j])]
    lengths = "every column has the right length"
    for i in reversed(range(n_columns)):
        if not close(products[i, i], expected[i, i]):
            lengths = f"column {i + 1} has the length {squares[i] ** 0.5:.3f} instead of {wanted[i] ** 0.5:.3f}"
    if not off:
        return f"{check.name}: the columns are orthogonal, but {lengths}, on {case.label}."
    one, other = off[0]
    numbers = _expected_and_got(expected[one, other], products[one, other])
    columns = f"columns {one + 1} and {other + 1} are not orthogonal"
    advice = "the Q of np.linalg.qr, times scale, is right in both"
    return f"{check.name}: {columns} on {case.label}: {numbers} for their product; {lengths}. ({advice})"


def _is_small(number: ndarray) -> bool:
    return close(number, 0 * number)


# What a result has to do with the right one


def _unlike(check: Check, outcome: Outcome, case: Case, names: Sequence[str]) -> str:
    """Name the first result that has the wrong shape or holds NaN; an empty string if there is none."""
    for name, value, expected in zip(names, outcome.results, case.expected, strict=True):
        if value.shape != expected.shape:
            shapes = f"expected {expected.shape}, got {value.shape}"
            more = kind_told(outcome.returned, case.expected) or _sentence(_relation(value, expected), ": ")
            return f"{check.name}: {name} has the wrong shape on {case.label}: {shapes}{more.rstrip('.')}."
        if True in (value != value).ravel().tolist():
            return f"{check.name}: {name} holds NaN (not a number) on {case.label}."
    return ""


def _sentence(phrase: str, before: str = "") -> str:
    if not phrase:
        return ""
    return f"{before}{phrase}" if before else f"{phrase[0].upper()}{phrase[1:]}."


@errstate(over="ignore", invalid="ignore")  # a wrong result may be infinite, or nearly
def _relation(value: ndarray, expected: ndarray) -> str:
    """What a wrong result has to do with the right one, as a phrase; an empty string if nothing is seen."""
    if not expected.ndim:
        return ""
    for phrase, other in _relatives(expected):
        if other.shape == value.shape and close(value, other, coarse=True):
            return phrase
    if value.ndim and value.shape[1:] == expected.shape[1:] and len(value) == len(expected) + 1:
        if close(value[1:], expected, coarse=True):
            return "the rows are right, but there is one more in front of them"
        if close(value[:-1], expected, coarse=True):
            return "the rows are right, but there is one more behind them"
    if value.size == expected.size and close(value.reshape(expected.shape), expected, coarse=True):
        ones = [size for size in value.shape if size != 1] == [size for size in expected.shape if size != 1]
        return f"the numbers are right, but they stand in {'an axis of 1 too many' if ones else 'another shape'}"
    if value.shape == expected.shape and value.size > 1:
        factor = _factor(value, expected)
        if factor is not None:
            return f"every number is {factor:.4g} times what it should be"
        difference = value - expected
        if close(difference, 0 * difference + difference.ravel()[0], coarse=True):
            return f"every number is off by the same {difference.ravel()[0]:.4g}"
    return ""


def _relatives(expected: ndarray) -> Iterator[tuple[str, ndarray]]:
    """Results that come of the right one by a small slip."""
    n_rows, n_axes = len(expected), expected.ndim
    if n_axes == 2:
        yield "the numbers are right, but rows and columns are exchanged", expected.T
    if n_axes == 3:
        yield "the numbers are right, but the first two axes are exchanged", expected.swapaxes(0, 1)
        yield "the numbers are right, but the last two axes are exchanged", expected.swapaxes(1, 2)
    if n_rows > 1:
        yield "this is the last row alone", expected[-1]
        yield "this is the last row alone", expected[-1:]
        yield "this is the first row alone", expected[0]
        yield "this is the first row alone", expected[:1]
        yield "the first row is missing", expected[1:]
        yield "the last row is missing", expected[:-1]
        yield "the rows are right, but stand in reverse order", expected[::-1]
        yield "every row is the last one", 0 * expected + expected[-1]
        yield "every row is the first one", 0 * expected + expected[0]
    if n_rows and True in (expected != 0).ravel().tolist():
        yield "all numbers are zero", 0 * expected
        yield "every sign is turned round", -expected
        yield "every number is 1 minus what it should be", 1 - expected
        yield "every number is squared", expected * expected


def _factor(value: ndarray, expected: ndarray) -> float | None:
    """The one factor between two arrays of at least two numbers, if there is one, and it is not 1."""
    pairs = list(zip((1.0 * value).ravel().tolist(), (1.0 * expected).ravel().tolist(), strict=True))
    if len(pairs) < 2 or not all(abs(right) > 1e-6 for _, right in pairs):
        return None
    factors = [number / right for number, right in pairs]
    first = factors[0]
    alike = all(abs(factor - first) <= 1e-5 * abs(first) for factor in factors)
    return first if alike and abs(first - 1) > 1e-5 and 1e-6 < abs(first) < 1e6 else None


def _step_told(case: Case, output: ndarray) -> str:
    """Which input and which state the first wrong step of one sequence did read, if it was a right step of others."""
    x, expected = case.arguments["x"], case.expected[0]
    if x.ndim != 2 or output.shape != expected.shape:
        return ""
    U, W, b = (case.arguments[name] for name in "UWb")
    h_0 = case.arguments.get("h_0", zeros(len(b)))
    (t,) = _first_difference(output, expected)
    states = {"zeros": 0 * h_0, "h_0": h_0} | {f"the state after step {r + 1}": expected[r] for r in range(len(x))}
    before = f"the state after step {t}" if t else "h_0"
    for s in [t, *(s for s in range(len(x)) if s != t)]:
        for name, h in states.items():
            if (s, name) != (t, before) and close(output[t], tanh(x[s] @ U.T + h @ W.T + b), coarse=True):
                return f"it is what a step makes of x[{s}] and {name}, where x[{t}] and {before} belong"
    return ""


# Numbers


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
    if within(value, expected, 1e-6, 1e-5):
        text += " (as accurate as float32, but stored as float64: is there a float32 on the way?)"
    return text


def _digits(numbers: ndarray, digits: int) -> str:
    shown = [_number(number, digits) for number in numbers.ravel().tolist()]
    return f"[{', '.join(shown)}]" if numbers.ndim else shown[0]


def _number(number: float, digits: int) -> str:
    if isinstance(number, int):
        return str(number)
    return f"{number:.{digits}f}" if abs(number) < 1e4 else f"{number:.{digits}e}"
