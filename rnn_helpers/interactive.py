"""What a reader can move: elements that run in the page itself, with no kernel behind them.

Each is one ES module beside this file, in the form that anywidget reads, put into an HTML output together with its
data: it moves in the book, in a notebook that is opened again, and on a page without a kernel. JupyterLab runs the
scripts of a notebook once its cells have been run on that machine; Colab and VS Code should run them too, which was
not tried. Before that, on paper, and in the preview of a code host, a still table stands in its place.
"""

from __future__ import annotations

import functools
import html
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from
from rnn_helpers.rnn import RNN, rnn_backward, rnn_forward

__all__ = [
    "show_gate",
    "show_kept",
    "show_machine",
    "show_shapes",
    "show_size_of_w",
    "show_stepper",
    "show_temperature",
    "show_way_back",
    "show_which_mistake",
]

MODULES = Path(__file__).with_name("javascript")
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.mjs";\n', flags=re.M)
EXPORT = re.compile(r"^export (?!default)", flags=re.M)
MARK = "(on this machine)"  # ends a line whose numbers nbval does not compare; see `pytest_pages`
MARKED = re.compile(rf'(\[[^][]*"{re.escape(MARK)}")\]')  # a list of numbers with the mark behind them
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
    names = _a_token_a_row(tokens, x)
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


def show_size_of_w(x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray) -> None:
    """Display what the size of W does to the state, and to the influence of the first input, with and without tanh.

    The influence is the norm of the derivative of h(t) by x(1). A reader moves the spectral radius of W, the largest
    absolute value of its eigenvalues, from 0.5 to 1.5.

    Parameters
    ----------
    x : ndarray, shape (T, I)
        The inputs; some forty steps show more than five.
    U : ndarray, shape (H, I)
        Weights of the input.
    W : ndarray, shape (H, H)
        Weights of the state.
    b : ndarray, shape (H,)
        The bias.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or the spectral radius of W is zero.
    """
    x, U, W, b = _network(x, U, W, b)
    # Rounded, because its last digits differ between machines; the same rounded one is used on both sides.
    radius = round(float(np.abs(np.linalg.eigvals(W)).max()), 6)
    if not radius:
        raise ValueError("W must have a spectral radius above 0, or it cannot be scaled to another")
    rows = []
    for wanted in (0.5, 1.0, 1.5):
        (size, influence), (size_without, influence_without) = (
            _reach(x, U, W * wanted / radius, b, bent)[-1] for bent in (True, False)
        )
        rows.append([f"{wanted}", *map(_rough, (size, size_without, influence, influence_without))])
    headings = ["spectral radius of W", "largest unit", "without tanh", "influence of x(1)", "without tanh"]
    alt = (
        f"An element to move: the spectral radius of W from 0.5 to 1.5, here {radius:.2f}. At 1.5 the influence of "
        f"x(1) after {len(x)} steps is about {rows[-1][3]} with tanh and {rows[-1][4]} without."
    )
    still = _table(f"After {len(x)} steps", headings, rows)
    _show("size_of_w", {**_listed(x=x, U=U, W=W, b=b), "radius": radius}, still, alt)


def show_kept(table: Mapping[int, Mapping[float, Sequence[float]]], *, chance: float, enough: float = 0.95) -> None:
    """Display which positions were read back from the last state, for each length and each scale of W.

    Nothing is computed here. The numbers are rounded to whole percents, and stand on lines that end in "(on this
    machine)": the cell that measured them bounds them by an assertion.

    Parameters
    ----------
    table : mapping of int to mapping of float to sequence of float
        For each T, for each scale of W: the part of the sequences, from 0 to 1, in which each of the T positions was
        read back rightly. The scales are the same for each T.
    chance : float
        The part that guessing gets right.
    enough : float, default 0.95
        From which part on a position counts as kept.

    Raises
    ------
    ValueError
        If the table is empty or has holes, or a part is not from 0 to 1.
    """
    lengths = list(table)
    scales = sorted(table[lengths[0]]) if lengths else []
    if not scales or any(sorted(row) != scales for row in table.values()):
        raise ValueError("the table needs the same scales of W for each T, and at least one of both")
    parts = {(T, scale): _array(f"table[{T}][{scale}]", table[T][scale], T) for T in lengths for scale in scales}
    for each in [_array("chance", chance), _array("enough", enough), *parts.values()]:
        if each.min() < 0 or each.max() > 1:
            raise ValueError(f"every part must be from 0 to 1, got {each}")
    percents = {place: [round(100 * part) for part in row.tolist()] for place, row in parts.items()}
    least = round(100 * enough)
    rows = [
        [str(T), str(scale), str(sum(percent >= least for percent in percents[T, scale]))]
        for T in lengths
        for scale in scales
    ]
    caption = f"Positions read back in {least} % of the sequences or more"
    still = _table(caption, ["T", "scale of W", "positions"], rows, marked=True)
    alt = (
        f"An element to move: how many of T = {' or '.join(map(str, lengths))} positions can be read back from the "
        f"last state, for W scaled to {', '.join(map(str, scales))}."
    )
    values = {
        "lengths": lengths,
        "scales": scales,
        "chance": round(100 * chance),
        "enough": least,
        "kept": [[[*percents[T, scale], MARK] for scale in scales] for T in lengths],
    }
    _show("kept", values, still, alt)


def show_machine(
    U: np.ndarray, W: np.ndarray, b: np.ndarray, V: np.ndarray, d: float, *, names: Sequence[str] = ("even", "odd")
) -> None:
    """Display a trained network that reads bits as the machine that it has become: a reader says where each bit leads.

    Its answer y = V h + d, rounded, is the number of the group in which the state is. Beside it, the picture shows the
    last bit, as a linear probe (least squares, on all sequences of six bits) reads it. The weights are rounded to three
    decimals, and stand on lines that end in "(on this machine)": the cell bounds them by an assertion.

    Parameters
    ----------
    U : ndarray, shape (H, 1)
        Weights of the bit.
    W : ndarray, shape (H, H)
        Weights of the state.
    b : ndarray, shape (H,)
        The bias.
    V : ndarray, shape (H,)
        Weights of the answer.
    d : float
        Its bias.
    names : sequence of str, default ("even", "odd")
        What the groups are called, from 0 on. Before the first bit it is in group 0.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or the network is no such machine on six bits: its answer is
        none of the groups, or a bit leads from one group to two.
    """
    size = np.shape(U)[:1]
    shapes = {"U": (*size, 1), "W": (*size, *size), "b": size, "V": size, "d": ()}
    given = {"U": U, "W": W, "b": b, "V": V, "d": d}
    # Three decimals, and zero without a sign.
    net = {name: _array(name, given[name], *shape).round(3) + 0.0 for name, shape in shapes.items()}
    groups = _texts("names", names)
    states, bits = _after_six_bits(net["U"], net["W"], net["b"])
    table = _moves(states @ net["V"] + net["d"], bits, len(groups))
    columns = np.column_stack([states.reshape(-1, *size), np.ones(bits.size)])
    *probe, bias = np.linalg.lstsq(columns, bits.ravel())[0].round(3) + 0.0
    net |= {"probe": np.array(probe), "bias": np.array(bias)}
    rows = [[name, *(groups[to] for to in row)] for name, row in zip(groups, table, strict=True)]
    leads = "; ".join(f"from {name}, 0 leads to {zero} and 1 to {one}" for name, zero, one in rows)
    alt = (
        "An element to move: feed bits to a trained network, and see its state move between groups. It is a machine: "
        f"{leads}."
    )
    marked = {name: [*array.ravel().tolist(), MARK] for name, array in net.items() if name != "W"}
    values = {"names": groups, **marked, "W": [[*row, MARK] for row in net["W"].tolist()]}
    _show("machine", values, _table("Where each bit leads", ["group", "bit 0", "bit 1"], rows), alt)


def show_which_mistake(
    tokens: Sequence[str],
    x: np.ndarray,
    U: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    mistakes: Sequence[str],
    *,
    h_0: np.ndarray | None = None,
) -> None:
    """Display the errors that a mistake makes, token by token, for the reader to say which mistake it is.

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
    mistakes : sequence of str
        Names from `rnn_helpers.mistakes.CATALOGUE` to choose from, at least two.
    h_0 : ndarray, shape (H,), optional
        The state before the first step; zeros, in which some mistakes do not show, if left out.

    Raises
    ------
    ValueError
        If the shapes do not fit, a mistake does not run here or gives the right states, or two give the same pattern.
    """
    x, U, W, b = _network(x, U, W, b)
    texts, names = _a_token_a_row(tokens, x), _texts("mistakes", mistakes)
    start = np.zeros(len(b)) if h_0 is None else _array("h_0", h_0, len(b))
    silent = {mistake.name: mistake for mistake in _silent(x, U, W, b, start)}
    if unknown := [name for name in names if name not in silent]:
        raise ValueError(f"{unknown[0]!r} is no mistake of the catalogue that runs on this sequence and is wrong")
    if len(names) < 2:
        raise ValueError(f"there must be at least two mistakes to choose from, got {names}")
    right = rnn_forward(x, U, W, b, start)
    errors = {name: _errors(silent[name], right, x, U, W, b, start) for name in names}
    for place, name in enumerate(names):
        for other in names[:place]:
            if np.abs(errors[name] - errors[other]).max() < 0.005:  # as written, two decimals
                raise ValueError(f"{other!r} and {name!r} give the same pattern here")
    # Not in the order of the answers, and the same on every machine.
    order = [*names[1::2], *names[::2]]
    rows = [
        [str(number), *(_written(np.abs(error).max()) for error in errors[name])]
        for number, name in enumerate(order, 1)
    ]
    values = {
        "tokens": texts,
        **_listed(x=x, U=U, W=W, b=b, h_0=start),
        "mistakes": [{**_told(silent[name]), "hint": silent[name].hint} for name in names],
        "order": order,
    }
    alt = (
        f"An element to move: {len(names)} patterns of errors over the tokens of “{' '.join(texts)}”; say which of "
        f"these mistakes makes each: {'; '.join(names)}."
    )
    still = _table("The largest error after each token", ["pattern", *texts, "h_n"], rows)
    _show("which_mistake", values, still, alt)


def show_way_back(
    tokens: Sequence[str],
    x: np.ndarray,
    U: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    V: np.ndarray,
    target: float,
    *,
    weight: tuple[int, int] = (0, 0),
) -> None:
    """Display how a loss goes back through a sentence, step by step, and what each step sends into one weight of W.

    The loss is half the square of y - target, with the answer y = V h(T). A reader says of each step whether its share
    is above or below zero, changes W, V and the target, and moves all weights against their gradients.

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
    V : ndarray, shape (H,)
        Weights of the answer.
    target : float
        What the answer should be.
    weight : tuple of int, default (0, 0)
        Row and column of the weight of W to begin with, from 0 on.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no token, a number is not finite, or W has no such weight.
    """
    x, U, W, b = _network(x, U, W, b)
    V, wanted = _array("V", V, len(b)), float(_array("target", target))
    names = _a_token_a_row(tokens, x)
    if weight not in list(np.ndindex(W.shape)):
        raise ValueError(f"weight must be row and column of a number of W, whose shape is {W.shape}; got {weight!r}")
    unit, source = weight
    _, d_z, before = _way_back(x, U, W, b, V, wanted)
    shares = d_z[:, unit] * before[:, source]
    called = f"W{_lowered(unit, source)}"
    rows = [
        [f"{t + 1}, {names[t]}", *map(_written, (d_z[t, unit], before[t, source], shares[t]))]
        for t in reversed(range(len(x)))
    ]
    headings = ["step", f"d_z of unit {unit + 1}", f"times unit {source + 1} before", f"share for {called}"]
    still = _table(
        f"From the last step to the first, with target {wanted:g}",
        headings,
        [*rows, ["sum", "", "", _written(shares.sum())]],
    )
    alt = (
        f"An element to move: walk back from the loss through the {len(names)} tokens of “{' '.join(names)}”. From the "
        f"last step to the first, the shares of {called} are {', '.join(row[-1] for row in rows)}; they add up to "
        f"{_written(shares.sum())}."
    )
    values = {"tokens": names, **_listed(x=x, U=U, W=W, b=b, V=V[np.newaxis]), "target": wanted, "weight": list(weight)}
    _show("way_back", values, still, alt)


def show_shapes(
    *,
    T: int = 5,
    N: int = 7,
    I: int = 3,  # noqa: E741 - the letter of the series
    H: int = 6,  # no two numbers of the three shapes are equal: 5, 7, 3; D * H = 12; L * D = 4, 6
    num_layers: int = 2,
    bidirectional: bool = True,
    batch_first: bool = False,
) -> None:
    """Display a stacked or bidirectional layer, with the shapes of what goes in and comes out, for sizes to choose.

    Parameters
    ----------
    T, N, I, H : int
        Steps, sequences, features and hidden units to begin with, from 1 to 9.
    num_layers : int, default 2
        Layers to begin with, from 1 to 3.
    bidirectional : bool, default True
        Whether it begins with two directions.
    batch_first : bool, default False
        Whether it begins with the sequences as the first axis of x and output.

    Raises
    ------
    ValueError
        If a size is not a whole number in its range.
    """
    sizes = {"T": T, "N": N, "I": I, "H": H, "num_layers": num_layers}
    for name, size in sizes.items():
        most = 3 if name == "num_layers" else 9
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= most:
            raise ValueError(f"{name} must be a whole number from 1 to {most}, got {size!r}")
    layer = RNN(I, H, num_layers, bidirectional=bool(bidirectional), batch_first=bool(batch_first), seed=0)
    x = np.zeros((N, T, I) if batch_first else (T, N, I))
    output, h_n = layer(x)
    rows = [[name, str(np.shape(array))] for name, array in {"x": x, "output": output, "h_n": h_n}.items()]
    rows += [[name, str(np.shape(array))] for name, array in layer.state_dict().items() if name.startswith("weight")]
    kind = (
        f"{num_layers} layer{'s' if num_layers > 1 else ''}, {'both directions' if bidirectional else 'one direction'}"
    )
    alt = (
        f"An element to move: the shapes of output and h_n of a layer, here with {kind}: x {x.shape}, output "
        f"{output.shape}, h_n {h_n.shape}."
    )
    values = {
        **{name: size for name, size in sizes.items() if len(name) == 1},
        "L": num_layers,
        "D": 2 if bidirectional else 1,
        "batch_first": bool(batch_first),
    }
    _show("shapes", values, _table(f"Shapes for {kind}", ["array", "shape"], rows), alt)


def show_gate(
    tokens: Sequence[str], x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, *, asked: float = 0.5
) -> None:
    """Display a gate z to set by hand at each token, in a cell that mixes the old state with a plain RNN's new value.

    The cell is h(t) = z(t) h(t-1) + (1 - z(t)) tanh(b + W h(t-1) + U x(t)), with one z for all units. Shown is what
    the first unit keeps and takes, and the influence of the first token: the norm of the derivative of h(t) by x(1),
    whole, and what of it comes along the factors z alone.

    Parameters
    ----------
    tokens : sequence of str
        The first tokens of the sequence, each with a z of its own.
    x : ndarray, shape (T, I)
        The inputs; the steps after those of `tokens` share one more z.
    U : ndarray, shape (H, I)
        Weights of the input.
    W : ndarray, shape (H, H)
        Weights of the state.
    b : ndarray, shape (H,)
        The bias.
    asked : float, default 0.5
        The z after the first token that a reader is asked about, from 0 to 1.

    Raises
    ------
    ValueError
        If the shapes do not fit, there are more tokens than inputs, `asked` is out of range, or a number is not finite.
    """
    x, U, W, b = _network(x, U, W, b)
    names = _texts("tokens", tokens)
    if not 1 <= len(names) <= len(x):
        raise ValueError(f"there must be 1 to {len(x)} tokens, as x has so many rows; got {len(names)}")
    if not 0 <= _array("asked", asked) <= 1:
        raise ValueError(f"asked must be a number from 0 to 1, got {asked!r}")
    rows = []
    for z in (0.0, 0.5, 0.9, 1.0):
        h, influence, alone = _mixed(x, U, W, b, np.append(0, np.full(len(x) - 1, z)))
        unit = (_written(h[t, 0]) for t in (len(names) - 1, -1))
        rows.append([f"{z:.1f}", *unit, _rough(influence[-1]), _rough(alone[-1])])
    headings = [
        f"z after “{names[0]}”",
        f"unit 1 at “{names[-1]}”",
        f"at step {len(x)}",
        "influence of x(1)",
        "along z",
    ]
    alt = (
        f"An element to move: a gate z for each token of “{' '.join(names)}”, and what it keeps and takes. With z = 0 "
        f"at “{names[0]}” and 0.9 after it, the influence of x(1) at step {len(x)} is about {rows[2][3]}; with z = 0 "
        f"everywhere, as in a plain RNN, {rows[0][3]}."
    )
    still = _table(f"z is 0 at “{names[0]}”, and then alike at all tokens", headings, rows)
    _show("gate", {"tokens": names, **_listed(x=x, U=U, W=W, b=b), "asked": float(asked)}, still, alt)


def show_temperature(alphabet: Sequence[str], guesses: Mapping[str, np.ndarray]) -> None:
    """Display guesses of the next character as bars, for a temperature to move, with forty seeded draws from them.

    At a temperature each p is raised to the power 1 / temperature, and divided by the new sum; the entropy is the mean
    of -log2 p over what is drawn. The element carries each p in millionths, on lines that end in "(on this machine)":
    what a network has learned differs between machines, and the cell that shows it bounds it by an assertion.

    Parameters
    ----------
    alphabet : sequence of str
        The K kinds of characters, each once.
    guesses : mapping of str to ndarray of shape (K,)
        For each text to choose from, the probability of each kind to come next.

    Raises
    ------
    ValueError
        If there is no guess, a kind is not one character or comes twice, or a guess is not K probabilities with sum 1.
    """
    kinds, contexts = list(alphabet), _texts("guesses", guesses)
    if not all(isinstance(kind, str) and len(kind) == 1 for kind in kinds) or len(set(kinds)) < len(kinds):
        raise ValueError(f"alphabet must hold single characters, each once, got {alphabet!r}")
    if not contexts:
        raise ValueError("there must be at least one guess")
    carried, rows = [], []
    for context in contexts:
        p = _array(f"the guess after {context!r}", guesses[context], len(kinds))
        if p.min() < 0 or abs(p.sum() - 1) > 1e-4:  # as far off as float32 may be
            raise ValueError(f"the guess after {context!r} must be probabilities with sum 1, got sum {p.sum():.4f}")
        millionths = np.rint(1e6 * p)
        carried.append([*map(int, millionths), MARK])
        for temperature in (0.1, 0.5, 1.0, 2.0):
            now = _at_temperature(millionths, temperature)
            rows.append([f"{temperature}", f"“{context}”", f"{100 * now.max():.1f} %", _written(_entropy(now))])
    still = _table(
        "The likeliest kind, and the entropy", ["temperature", "after", "likeliest", "bits"], rows, marked=True
    )
    alt = (
        f"An element to move: the guess of the next character after {' and after '.join(f'“{c}”' for c in contexts)}, "
        f"at temperatures from 0.1, where nearly all goes to the likeliest kind, to 2, where all become more alike."
    )
    _show("temperature", {"alphabet": "".join(kinds), "contexts": contexts, "guesses": carried}, still, alt)


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
    texts = list(values)
    if isinstance(values, str) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{name} must be a sequence of non-empty strings, got {values!r}")
    return texts


def _a_token_a_row(tokens: Any, x: np.ndarray) -> list[str]:
    """The tokens, one for each row of x."""
    texts = _texts("tokens", tokens)
    if len(texts) != len(x):
        raise ValueError(f"x has {len(x)} rows, but there are {len(texts)} tokens")
    return texts


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


def _errors(mistake: Mistake, right: tuple[np.ndarray, np.ndarray], *arguments: np.ndarray) -> np.ndarray:
    """Wrong minus right, after each token and in h_n, of shape (T + 1, H)."""
    output, h_n = _reads(mistake)(*(array.copy() for array in arguments))
    return np.vstack([output, h_n]) - np.vstack(right)


def _reach(x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, bent: bool) -> np.ndarray:
    """For each step: the largest unit, and the norm of the derivative of h(t) by x(1); without tanh if not `bent`."""
    h, derivative, rows = np.zeros(len(b)), U, []
    for t, x_t in enumerate(x):
        h = b + W @ h + U @ x_t
        derivative = W @ derivative if t else U
        if bent:
            h = np.tanh(h)
            derivative = (1 - h**2)[:, np.newaxis] * derivative
        rows.append((np.abs(h).max(), np.linalg.norm(derivative)))
    return np.array(rows)


def _mixed(
    x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a cell with a gate given for each step: the states (T, H), the influence of x(1), and along z alone (T,)."""
    h, derivative, states, influences = np.zeros(len(b)), np.zeros(U.shape), [], []
    for t, x_t in enumerate(x):
        n = np.tanh(b + W @ h + U @ x_t)
        slope = (1 - n**2)[:, np.newaxis] * (W @ derivative if t else U)
        derivative = z[t] * derivative + (1 - z[t]) * slope
        h = z[t] * h + (1 - z[t]) * n
        states.append(h)
        influences.append(np.linalg.norm(derivative))
    return np.array(states), np.array(influences), influences[0] * np.cumprod([1, *z[1:]])


def _at_temperature(p: np.ndarray, temperature: float) -> np.ndarray:
    """The guess p, of any sum, at a temperature; its largest is 1 before the power, so that none becomes too small."""
    powers = (p / p.max()) ** (1 / temperature)
    return powers / powers.sum()


def _entropy(p: np.ndarray) -> float:
    """The mean of -log2 p over what is drawn from p, in bits."""
    some = p[p > 0]
    return float(-(some * np.log2(some)).sum())


def _way_back(
    x: np.ndarray, U: np.ndarray, W: np.ndarray, b: np.ndarray, V: np.ndarray, target: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """The answer y = V h(T); for each step, the derivative of (y - target)² / 2 by the sum in tanh, and h(t-1)."""
    states, h_n = rnn_forward(x, U, W, b)
    y = V @ h_n
    # Read as an input of its own, the sum would have U = 1: what `rnn_backward` calls the gradient of x is then d_z.
    d_z = rnn_backward(states, np.eye(len(b)), W, states, d_h_n=(y - target) * V).x
    return float(y), d_z, np.vstack([np.zeros(len(b)), states[:-1]])


def _after_six_bits(U: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The states (6, 64, H) while all sequences of six bits are read, and the bits (6, 64)."""
    bits = np.array(list(itertools.product((0, 1), repeat=6))).T
    return rnn_forward(bits[..., np.newaxis], U, W, b)[0], bits


def _moves(answers: np.ndarray, bits: np.ndarray, n_groups: int) -> np.ndarray:
    """The table (G, 2) of the machine that gives these answers (T, N) to bits (T, N): what follows on group and bit."""
    after = np.rint(answers).astype(int)
    if not np.isin(after, range(n_groups)).all():
        raise ValueError(f"every answer must round to a group from 0 to {n_groups - 1}, got up to {answers.max():.2f}")
    before = np.vstack([np.zeros_like(after[:1]), after[:-1]])
    table = np.zeros((n_groups, 2), dtype=int)
    table[before, bits] = after
    if (table[before, bits] != after).any():
        raise ValueError("this network is no machine of its groups: from one of them, the same bit leads to two")
    return table


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
    data = MARKED.sub(r"\n\1\n]", data)
    element = _source(name).replace("export default ", "const element = ")
    return (
        f'<div class="rnn-moves">\n'
        f'<div class="rnn-still">\n{still}\n<p>{STILL}</p>\n</div>\n'
        f"<script>\n(() => {{\n{element}bring(element, {data});\n}})();\n</script>\n</div>"
    )


def _show(name: str, values: Mapping[str, Any], still: str, alt: str) -> None:
    from IPython.display import display

    display({"text/html": _html(name, values, still), "text/plain": alt}, raw=True)


def _listed(**arrays: np.ndarray) -> dict[str, Any]:
    return {name: array.tolist() for name, array in arrays.items()}


def _table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], *, marked: bool = False) -> str:
    """An HTML table, the first entry of each row its heading; the line of each row ends in the mark if `marked`."""
    head = "".join(f'<th scope="col">{html.escape(heading)}</th>' for heading in headings)
    numbers = ["".join(f"<td>{html.escape(cell)}</td>" for cell in cells) for _, *cells in rows]
    end = f"</tr><!-- {MARK}\n-->" if marked else "</tr>"
    body = "\n".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>{cells}{end}' for row, cells in zip(rows, numbers, strict=True)
    )
    return (
        f"<table>\n<caption>{html.escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _lowered(*places: int) -> str:
    """Row and column of a weight, counted from 1, as they are written small below the line."""
    digits = ["".join(chr(0x2080 + int(digit)) for digit in str(place + 1)) for place in places]
    return ("," if max(places) > 8 else "").join(digits)


def _rough(number: float) -> str:
    """One digit and a power of ten where two decimals would say nothing."""
    return _written(number) if number == 0 or 0.01 <= abs(number) < 1e4 else f"{number:.0e}"


def _written(number: float) -> str:
    """Two decimals; zero has no sign, which differs between machines."""
    return f"{round(float(number), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
