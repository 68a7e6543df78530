"""What a reader can move: elements that run in the page itself, with no kernel behind them.

Each is one ES module beside this file, in the form that anywidget reads, put into an HTML output together with its
data: it moves in the book, in a notebook that is opened again, and on a page without a kernel. Where scripts do not
run, such as in a notebook that is not trusted yet, and on paper, a still table stands in its place.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from
from rnn_helpers.rnn import rnn_forward

__all__ = ["show_stepper"]

MODULES = Path(__file__).with_name("javascript")
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.mjs";\n', flags=re.M)
EXPORT = re.compile(r"^export (?!default)", flags=re.M)
STILL = "This stands still here: run this cell to move it."


def show_stepper(
    tokens: Sequence[str], x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, *, small: bool = False
) -> None:
    """Display a sequence to step through, token by token, with every number of the network open to change.

    Parameters
    ----------
    tokens : sequence of str
        The T tokens.
    x : ndarray, shape (T, I)
        The vector of each token.
    U : ndarray, shape (H, I)
        Weights of the input.
    W : ndarray, shape (H, H)
        Weights of the state.
    b : ndarray, shape (H,)
        The bias.
    small : bool, default False
        Only the tokens and their states: no weights, and no mistakes to switch on.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no token, or a number is not finite.

    See Also
    --------
    rnn_helpers.mistakes.CATALOGUE : the mistakes; those that run on this sequence and give other states are offered.
    """
    x, U, W, b = _network(x, U, W, b)
    names = _texts("tokens", tokens)
    if len(names) != len(x):
        raise ValueError(f"x has {len(x)} rows, but there are {len(names)} tokens")
    states, h_n = rnn_forward(x, U, W, b)
    offered = [] if small else [_told(mistake) for mistake in _silent(x, U, W, b)]
    values = {"tokens": names, **_listed(x=x, U=U, W=W, b=b), "small": bool(small), "mistakes": offered}
    headings = ["after", *(f"unit {unit}" for unit in range(1, len(b) + 1))]
    rows = [[token, *map(_written, state)] for token, state in zip(names, states, strict=True)]
    alt = (
        f"An element to move: step through the {len(names)} tokens of “{' '.join(names)}”, change any number, reorder "
        f"the tokens. The last state is ({', '.join(map(_written, h_n))})."
    )
    _show("stepper", values, _table("The states of the network", headings, rows), alt)


# What is asked of the arguments


def _array(name: str, value: Any, *shape: int | None) -> np.ndarray:
    """The value as a float64 array of a shape, in which None stands for any size but zero."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        raise ValueError(f"{name} must hold finite real numbers, got {array.dtype}: {value!r}")
    fits = array.ndim == len(shape) and all(
        size == wanted if wanted is not None else size for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} must have shape ({wanted}{',' if len(shape) == 1 else ''}), got {array.shape}")
    return array.astype(np.float64)


def _network(x: Any, U: Any, W: Any, b: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sequence and parameters of one network, in float64."""
    U = _array("U", U, None, None)
    size, features = U.shape
    return _array("x", x, None, features), U, _array("W", W, size, size), _array("b", b, size)


def _texts(name: str, values: Any) -> list[str]:
    """The values as a list of non-empty strings."""
    if isinstance(values, str) or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError(f"{name} must be a sequence of non-empty strings, got {values!r}")
    return list(values)


# Mistakes that run and say nothing


def _reads(mistake: Mistake) -> Callable[..., Any]:
    """The mistake's function as one that reads a whole sequence."""
    return mistake.function if mistake.target == "rnn_forward" else forward_from(mistake.function)


def _silent(
    x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, h_0: np.ndarray | None = None
) -> Iterator[Mistake]:
    """The mistakes of a step or a loop that run on this sequence, give results of the right shapes, and wrong ones."""
    start = np.zeros(len(b)) if h_0 is None else h_0
    right = rnn_forward(x, U, W, b, start)
    for mistake in CATALOGUE:
        if mistake.target not in ("rnn_step", "rnn_forward"):
            continue
        try:
            with np.errstate(all="ignore"):
                results = [np.asarray(each) for each in _reads(mistake)(x.copy(), U, W, b, start.copy())]
        except (IndexError, TypeError, ValueError):  # it is not silent here
            continue
        pairs = list(zip(results, right, strict=True))
        fits = all(result.shape == wanted.shape and np.isfinite(result).all() for result, wanted in pairs)
        if fits and not all(np.allclose(*pair, rtol=0, atol=1e-9) for pair in pairs):
            yield mistake


def _told(mistake: Mistake) -> dict[str, str]:
    """What an element needs to know of a mistake."""
    return {"name": mistake.name, "target": mistake.target, "line": mistake.line, "sign": mistake.sign}


# From module and data to an output


@functools.cache
def _source(name: str) -> str:
    """An element's module in one piece: after those that it imports, none of them twice."""
    done: list[str] = []

    def gather(module: str) -> str:
        if module in done:
            return ""
        done.append(module)
        text = (MODULES / f"{module}.mjs").read_text(encoding="utf-8")
        return "".join(map(gather, IMPORT.findall(text))) + IMPORT.sub("", text)

    return EXPORT.sub("", gather(name))


def _html(name: str, values: Mapping[str, Any], still: str) -> str:
    """The output: what stands still, and the script that brings in its place what moves.

    The same values give the same text on every machine, because nbval compares it.
    """
    data = json.dumps(values, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    element = _source(name).replace("export default ", "const element = ")
    return (
        f'<div class="rnn-moves" data-lm-suppress-shortcuts="true">\n'  # JupyterLab's, for whoever types in it
        f'<div class="rnn-still">\n{still}\n<p>{STILL}</p>\n</div>\n'
        f"<script>\n(() => {{\n{element}bring(element, {data});\n}})();\n</script>\n</div>"
    )


def _show(name: str, values: Mapping[str, Any], still: str, alt: str) -> None:
    from IPython.display import display

    display({"text/html": _html(name, values, still), "text/plain": alt}, raw=True)


def _listed(**arrays: np.ndarray) -> dict[str, Any]:
    return {name: array.tolist() for name, array in arrays.items()}


def _table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table, the first entry of each row its heading."""
    head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in headings)
    numbers = ["".join(f"<td>{html.escape(cell)}</td>" for cell in cells) for _, *cells in rows]
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>{cells}</tr>' for row, cells in zip(rows, numbers, strict=True)
    )
    return (
        f"<table>\n<caption>{html.escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _written(number: float) -> str:
    """Two decimals; zero has no sign, which differs between machines."""
    return f"{round(float(number), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
