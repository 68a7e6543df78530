"""The figures of the series in one style, tables, and `show`, which gives every picture its alt text.

One colour for one thing in all notebooks: inputs blue, hidden states orange, weights green; all else is neutral.
Nothing of the reader's matplotlib shows in a picture: no setting, no style sheet, no backend.
"""

from __future__ import annotations

import html
import io
import itertools
import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLORS",
    "Table",
    "heat_map",
    "into_one_weight",
    "layers_and_directions",
    "linear_and_rnn",
    "lines",
    "machine",
    "packed_batch",
    "points",
    "pool_and_states",
    "show",
    "table",
    "table_of_rows",
    "unrolled",
    "windows_of_a_stream",
]

# The first three are from the palette of Okabe and Ito, which colour-blind readers can tell apart. The neutral ones are
# for whatever is none of these; curves differ in line style too, so that they stay apart in grey.
COLORS = {"input": "#0072B2", "state": "#D55E00", "weight": "#009E73"}
COLORS |= {"ink": "#222222", "wine": "#882255", "other": "#777777", "violet": "#5D3A9B"}
# As text the orange is darker: 5.3 to 1 against white, where that of the palette has 3.9 to 1.
TEXT_OF_STATES = "#B34C00"
NEUTRAL = ("ink", "wine", "other", "violet")
LINE_STYLES = ("-", "--", "-.", ":")
MARKS = ("o", "x", "^", "s")
WIDTH = 7.2  # inches; shown at 100 pixels an inch, stored at twice that for sharp screens
PIXELS_PER_INCH = 100
STYLE = {"font.size": 11, "axes.titlesize": 12, "axes.spines.top": False, "axes.spines.right": False}


@contextmanager
def _style(*changes: Mapping[str, Any]) -> Iterator[None]:
    """Work in the project's style: matplotlib's defaults, `STYLE`, and changes to it, whatever the reader has set."""
    # When first imported, matplotlib warns of what it meets, such as a folder of its own that it cannot write. That
    # changes no picture, and would stand on the page as an output of the cell.
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            import matplotlib.figure  # with the fonts, whose list may have to be made
            import matplotlib.style
    finally:
        logger.setLevel(level)
    with matplotlib.style.context(["default", STYLE, *map(dict, changes)]):
        yield


def _figure(width: float, height: float) -> Figure:
    """Make an empty figure of so many inches, within `_style`."""
    from matplotlib.figure import Figure

    # Not pyplot's: that would ask the reader's backend, which may open a window, or fail where there is no screen.
    fig = Figure(figsize=(width, height), layout="constrained")
    fig._repr_png_ = lambda: _png(fig)  # type: ignore[attr-defined]  # a notebook looks for it at a cell's end
    return fig


def _png(fig: Figure) -> tuple[bytes, dict[str, Any]]:
    """The picture in the project's style, and the width to show it at."""
    from PIL import Image

    drawn, picture = io.BytesIO(), io.BytesIO()
    with _style():
        fig.savefig(drawn, format="png", dpi=2 * PIXELS_PER_INCH)
    # With a palette a picture takes less than half the space; without metadata, the same drawing gives the same bytes.
    palette = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    palette.save(picture, format="png", optimize=True)
    return picture.getvalue(), {"width": round(fig.get_figwidth() * PIXELS_PER_INCH)}


def show(fig: Figure, *, alt: str) -> None:
    """Display a figure as a picture with alt text, and close it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure; it is closed, so that no cell shows it a second time.
    alt : str
        What the figure shows and what to conclude from it. It becomes the output's ``text/plain``, which nbval
        compares, and its metadata, which page builders read.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("show needs an alt text that says what the figure shows")
    picture, size = _png(fig)
    plt.close(fig)
    display({"image/png": picture, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt, **size}})


class Table:
    """Rows under headings, shown as an HTML table in a notebook and as aligned text elsewhere."""

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        wrong = [row for row in rows if len(row) != len(headings)]
        if wrong:
            raise ValueError(f"each row needs {len(headings)} entries, one for each heading; got {wrong[0]!r}")
        self.headings, self.rows = list(headings), [list(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _repr_html_(self) -> str:
        # Words at the left, numbers at the right, which JupyterLab would all set at the right. A vector is a column, as
        # in the formulas: so its numbers stand under each other, and a table of vectors fits a telephone.
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.headings)
        sides = ["right" if column and all(map(NUMBERS.fullmatch, column)) else "left" for column in columns]

        def cells(texts: Sequence[str], tags: Sequence[str]) -> str:
            return "".join(
                f'<{tag} style="text-align: {side}">{_stacked(text)}</{tag.partition(" ")[0]}>'
                for tag, side, text in zip(tags, sides, texts, strict=True)
            )

        head = cells(self.headings, ['th scope="col"'] * len(sides))
        tags = ['th scope="row"', *["td"] * (len(sides) - 1)]
        body = "".join(f"<tr>{cells(row, tags)}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


NUMBERS = re.compile(r"(?:[−-]?\d[\d.]*(?:e[−-]?\d+)?(?: ?%)?(?:, )?)+")


def _stacked(text: str) -> str:
    """The HTML of a cell: of a vector, its numbers one under another; what stands between backticks is code."""
    numbers = text.split(", ")
    if len(numbers) > 2 and NUMBERS.fullmatch(text):
        return "<br>".join(numbers)
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


def table(columns: Mapping[str, Sequence[Any]], digits: int = 3) -> Table:
    """Make a table of columns, for display.

    Parameters
    ----------
    columns : mapping of str to sequence
        The columns under their headings, all of one length. A number is rounded, a row of numbers is written as one.
    digits : int, default 3
        Decimals of every number that is not a whole number.

    Returns
    -------
    Table
        Displays itself at the end of a cell.

    Raises
    ------
    ValueError
        If the columns differ in length.
    """
    lengths = {heading: len(column) for heading, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all columns of a table must have one length, got {lengths}")
    return table_of_rows(list(columns), zip(*columns.values(), strict=True), digits)


def table_of_rows(headings: Sequence[str], rows: Iterable[Sequence[Any]], digits: int = 3) -> Table:
    """Make a table of rows, for display; as `table`, which takes columns.

    Parameters
    ----------
    headings : sequence of str
        One for each entry of a row.
    rows : iterable of sequence
        The rows.
    digits : int, default 3
        Decimals of every number that is not a whole number.

    Returns
    -------
    Table
        Displays itself at the end of a cell.

    Raises
    ------
    ValueError
        If a row does not have one entry for each heading.
    """
    return Table(headings, [[_written(value, digits) for value in row] for row in rows])


def _written(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return ", ".join(_written(number, digits) for number in value)
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    # Adding 0.0 turns a negative zero, which differs between machines, into zero. U+2212 is the minus of figures.
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def heat_map(
    values: np.ndarray,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    xlabel: str = "",
    digits: int = 2,
    limits: tuple[float, float] = (-1.0, 1.0),
    cmap: str = "PuOr_r",
) -> Figure:
    """Draw a matrix as coloured cells with its numbers in them.

    Parameters
    ----------
    values : ndarray, shape (len(rows), len(columns))
        The numbers.
    rows, columns : sequence of str
        Labels.
    title, xlabel : str
        Stand above and below.
    digits : int, default 2
        Decimals written in the cells.
    limits : (float, float), default (-1, 1)
        The values at the two ends of the colours.
    cmap : str, default "PuOr_r"
        Matplotlib's name of the colours.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with the drawing.

    Raises
    ------
    ValueError
        If the labels do not fit the matrix.
    """
    values = np.asarray(values)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"values must have shape {(len(rows), len(columns))} for these labels, got {values.shape}")
    with _style():
        height = 0.9 + 0.42 * len(rows) + (0.25 if xlabel else 0)
        fig = _figure(WIDTH, height)
        ax = fig.subplots()
        image = ax.imshow(values, cmap=cmap, vmin=limits[0], vmax=limits[1], aspect="auto")
        ax.set_title(title, loc="left")
        ax.set_xlabel(xlabel)
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for (row, column), value in np.ndenumerate(values):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.45
            ax.text(column, row, _written(value, digits), ha="center", va="center", color="white" if dark else "black")
    return fig


def lines(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    colors: Sequence[str] = NEUTRAL,
    log: str = "",
    markers: bool = False,
) -> Figure:
    """Draw curves over one axis, each labelled at its end.

    Parameters
    ----------
    x : sequence of float
        Common positions.
    series : mapping of str to sequence of float
        One curve for each label.
    xlabel, ylabel, title : str
        What the axes measure, with units, and what stands above.
    colors : sequence of str
        Names of `COLORS`, in the order of the curves; neutral ones if left out, which mean nothing in particular.
    log : str, default ""
        "x", "y" or "xy": which axes are logarithmic.
    markers : bool, default False
        Whether each point is marked.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with the drawing.

    Raises
    ------
    ValueError
        If there are more curves than line styles that stay apart in grey.
    """
    if len(series) > len(LINE_STYLES):
        raise ValueError(f"lines draws at most {len(LINE_STYLES)} curves that can be told apart, got {len(series)}")
    with _style():
        from matplotlib.ticker import MaxNLocator

        fig = _figure(WIDTH, 3.4)
        ax = fig.subplots()
        if "x" in log:
            ax.set_xscale("log")
        if "y" in log:
            ax.set_yscale("log")
        for index, (label, values) in enumerate(series.items()):
            color = COLORS[colors[index % len(colors)]]
            ax.plot(
                x, values, LINE_STYLES[index], color=color, marker="o" if markers else None, label=label, linewidth=2
            )
        if "x" not in log and all(isinstance(each, Integral) for each in x):
            # No step 2.5 on an axis of whole steps.
            ax.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.set_title(title, loc="left")
        ax.grid(axis="y", alpha=0.3)
        _label_ends(ax)
    return fig


def _label_ends(ax: Axes) -> None:
    """Write each curve's label beside its last point; labels that would touch share the space around their points."""
    fig = ax.figure
    texts = [
        ax.annotate(
            str(line.get_label()),
            tuple(np.asarray(line.get_xydata())[-1]),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
        )
        for line in ax.get_lines()
    ]
    fig.draw_without_rendering()  # type: ignore[union-attr] # no subfigures here
    extents = {text: text.get_window_extent() for text in texts}
    middles = {text: (extent.y0 + extent.y1) / 2 for text, extent in extents.items()}
    height = 1 + max((extent.height for extent in extents.values()), default=0)
    groups: list[list[Any]] = []

    def middle(group: list[Any]) -> float:
        return float(np.mean([middles[text] for text in group]))

    for text in sorted(texts, key=middles.__getitem__):
        groups.append([text])
        while len(groups) > 1 and middle(groups[-1]) - middle(groups[-2]) < height * len(groups[-2] + groups[-1]) / 2:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        for place, text in enumerate(group):
            target = middle(group) + (place - (len(group) - 1) / 2) * height
            text.set_position((8, (target - middles[text]) * 72 / fig.dpi))


def points(
    places: np.ndarray, groups: np.ndarray, *, names: Sequence[str], xlabel: str, ylabel: str, title: str = ""
) -> Figure:
    """Draw points in the plane, each with the mark and colour of its group, whose name stands at the right.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Where the points stand.
    groups : ndarray of int, shape (n,)
        The group of each point, from 0 on.
    names : sequence of str
        One for each group.
    xlabel, ylabel, title : str
        What the axes measure, and what stands above.

    Returns
    -------
    matplotlib.figure.Figure
        The figure with the drawing.

    Raises
    ------
    ValueError
        If there are more groups than marks, or the shapes do not fit each other.
    """
    places, groups = np.asarray(places), np.asarray(groups)
    if places.shape != (len(groups), 2) or groups.ndim != 1:
        raise ValueError(f"points needs places (n, 2) and groups (n,), got {places.shape} and {groups.shape}")
    if len(names) > len(MARKS):
        raise ValueError(f"points draws at most {len(MARKS)} groups that can be told apart, got {len(names)}")
    with _style():
        fig = _figure(WIDTH, 3.4)
        ax = fig.subplots()
        right = places[:, 0].max()
        for group, name in enumerate(names):
            own, color = places[groups == group], COLORS[NEUTRAL[group]]
            ax.plot(*own.T, MARKS[group], color=color, markersize=5, markerfacecolor="none", alpha=0.6)
            if len(own):
                beside = (right, own[:, 1].mean())
                ax.annotate(name, beside, (12, 0), textcoords="offset points", va="center", color=color)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.set_title(title, loc="left")
    return fig


def machine(table: np.ndarray, *, names: Sequence[str]) -> Figure:
    """Draw a machine that reads bits: a circle for each group of states, an arrow for each move, with its bit.

    Parameters
    ----------
    table : ndarray of int, shape (G, 2)
        Row g holds the groups that follow on group g: with bit 0, and with bit 1.
    names : sequence of str
        What stands in the circles.

    Returns
    -------
    matplotlib.figure.Figure
        Two circles side by side, or more of them in a ring.

    Raises
    ------
    ValueError
        If the table does not have two columns and a name for each row, or leads to a group that it has no row for.
    """
    from matplotlib.patches import Circle

    table = np.asarray(table)
    n_groups = len(names)
    if table.shape != (n_groups, 2) or not np.isin(table, range(n_groups)).all():
        raise ValueError(f"a machine with {n_groups} names needs a table ({n_groups}, 2) of 0 to {n_groups - 1}")
    angles = np.pi - 2 * np.pi * np.arange(n_groups) / n_groups
    centers = 1.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    with _style():
        fig = _figure(5.2, 2.2 if n_groups == 2 else 4.4)
        ax = fig.subplots()
        ax.set_aspect("equal")
        ax.axis("off")
        look = {"facecolor": COLORS["state"] + "22", "edgecolor": COLORS["state"], "linewidth": 1.5}
        circles = [ax.add_patch(Circle(tuple(center), 0.5, **look)) for center in centers]
        for (x, y), name in zip(centers, names, strict=True):
            ax.text(x, y, name, ha="center", va="center")
        for group, row in enumerate(table):
            for following in dict.fromkeys(row.tolist()):  # one arrow, if both bits lead there
                bits = ", ".join(map(str, np.flatnonzero(row == following)))
                move = _back_to_itself if group == following else _across
                x, y = move(ax, circles[group], circles[following])
                ax.text(x, y, bits, ha="center", va="center", color=COLORS["input"])
        width, height = np.abs(centers).max(axis=0) + np.array([1.5, 1.1 if n_groups == 2 else 1.5])
        ax.set(xlim=(-width, width), ylim=(-height, height))
    return fig


MOVE: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 16, "color": COLORS["input"], "linewidth": 1.5}


def _back_to_itself(ax: Axes, circle: Any, _: Any) -> np.ndarray:
    """Draw an arrow outside of the ring, from a circle to itself, and return the place for its label."""
    from matplotlib.patches import FancyArrowPatch

    center = np.array(circle.center)
    outward = center / np.linalg.norm(center)
    aside = 0.35 * np.array([-outward[1], outward[0]])
    ends = [center + 0.37 * outward + side for side in (aside, -aside)]  # half a unit from the centre: on its edge
    ax.add_patch(FancyArrowPatch(*ends, connectionstyle="arc3,rad=-1.8", shrinkA=0, shrinkB=0, **MOVE))
    return center + 1.25 * outward


def _across(ax: Axes, start: Any, end: Any) -> np.ndarray:
    """Draw a bent arrow from circle to circle, so that there is room for its way back; return its label's place."""
    from matplotlib.patches import FancyArrowPatch

    bend = "arc3,rad=-0.3"
    ax.add_patch(FancyArrowPatch(start.center, end.center, patchA=start, patchB=end, connectionstyle=bend, **MOVE))
    (x_0, y_0), (x_1, y_1) = start.center, end.center
    aside = np.array([y_0 - y_1, x_1 - x_0])  # as long as the way
    return np.array([x_0 + x_1, y_0 + y_1]) / 2 + (0.15 + 0.2 / np.linalg.norm(aside)) * aside


def linear_and_rnn(tokens: Sequence[str], states: np.ndarray) -> Figure:
    """Draw the picture of the series: a linear layer that sees all tokens at once, and a cell that reads them in turn.

    Parameters
    ----------
    tokens : sequence of str
        The T tokens.
    states : ndarray, shape (T, H)
        The hidden state after each token; the last one is written out.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, one above the other: as wide as a telephone shows it, with type that can be read there.
    """
    n = len(tokens)
    with _style():
        fig = _figure(5.2, 5.8)
        left, right = fig.subplots(2)
        left.set_title("Linear layer: all at once", loc="left")
        right.set_title("RNN: one at a time, the same cell each time", loc="left")
        for ax in (left, right):
            ax.set(xlim=(-0.75, n - 0.25), ylim=(-0.5, 3.1))
            ax.axis("off")
            ax.set_xlim(-1.0, n - 0.4)

        _box(left, ((n - 1) / 2, 1.35), (n - 0.2, 0.6), "one matrix, all tokens at once", "weight")
        _box(left, ((n - 1) / 2, 2.6), (2.9, 0.5), f"output: {states.shape[1]} numbers", "other")
        _arrow(left, ((n - 1) / 2, 1.65), ((n - 1) / 2, 2.35), "other")
        for place, token in enumerate(tokens):
            for ax in (left, right):
                _box(ax, (place, 0.0), (0.82, 0.5), token, "input")
            _arrow(left, (place, 0.25), (place, 1.05), "input")
            _arrow(right, (place, 0.25), (place, 1.05), "input")
            _box(right, (place, 1.35), (0.5, 0.6), "cell", "weight")
            if place:
                _arrow(right, (place - 0.75, 1.35), (place - 0.25, 1.35), "state")
                right.text(place - 0.5, 1.5, f"h({place})", ha="center", va="bottom", color=TEXT_OF_STATES)
        _arrow(right, (-0.75, 1.35), (-0.25, 1.35), "state")
        right.text(-0.7, 1.5, "h(0) = 0", ha="center", va="bottom", color=TEXT_OF_STATES)
        _arrow(right, (n - 1, 1.65), (n - 1, 2.35), "state")
        last = ", ".join(_written(value, 2) for value in states[-1])
        right.text(n - 0.55, 2.6, f"h({n}) = ({last})", ha="right", va="center", color=TEXT_OF_STATES)
    return fig


def layers_and_directions(
    tokens: Sequence[str], hidden_size: int, num_layers: int = 1, num_directions: int = 1
) -> Figure:
    """Draw a stacked or bidirectional network, with what goes into `output` and which state is which entry of `h_n`.

    Parameters
    ----------
    tokens : sequence of str
        The T tokens.
    hidden_size : int
        H, the numbers in one state.
    num_layers : int, default 1
        Layers, one above the other.
    num_directions : {1, 2}, default 1
        With 2, each layer has a row of cells that reads from the last token to the first.

    Returns
    -------
    matplotlib.figure.Figure
        The tokens below, a row of cells for each layer and direction, and `output` above.

    Raises
    ------
    ValueError
        If there is no layer, or the directions are neither one nor two.
    """
    if num_layers < 1 or num_directions not in (1, 2):
        raise ValueError(
            f"a network has at least one layer and one or two directions, got {num_layers} and {num_directions}"
        )
    n, two = len(tokens), num_directions == 2
    shifts = (-0.22, 0.22) if two else (0.0,)  # of a direction's cells from the middle of their column
    row_height, height_of_layer = 0.95, 0.95 * num_directions + (0.8 if two else 0.0)
    top = height_of_layer * num_layers + (0.0 if two else 0.85)
    with _style():
        fig = _figure(5.6, 0.6 + 0.72 * top)
        ax = fig.subplots()
        ax.set(xlim=(-1.5, n + 0.5), ylim=(-0.4, top + 0.4))
        ax.axis("off")
        ax.text(-0.6, 0, "input", ha="right", va="center")
        for place, token in enumerate(tokens):
            _box(ax, (place, 0.0), (0.88, 0.46), token, "input")
        for layer in range(num_layers):
            bottom = height_of_layer * layer
            is_top = layer == num_layers - 1
            states_above = bottom + height_of_layer if two else (top if is_top else bottom + 2 * row_height)
            for direction, shift in enumerate(shifts):
                _row_of_cells(
                    ax,
                    [place + shift for place in range(n)],
                    (bottom, bottom + row_height * (direction + 1), states_above),
                    "input" if not layer else "state",
                    backwards=direction == 1,
                    last_state=f"h_n[{num_directions * layer + direction}]",
                    name=f"layer {layer}" if not two else ("forward", "backward")[direction],
                    goes_up=two or is_top,
                )
            if is_top:
                ax.text(-0.6, states_above, "output", ha="right", va="center")
                for place, shift in itertools.product(range(n), shifts):
                    _box(ax, (place + shift, states_above), (0.88 / num_directions, 0.46), str(hidden_size), "state")
            elif two:
                # One box, as an input is: both directions of the layer above read all of it.
                ax.text(-0.6, states_above, f"layer {layer}", ha="right", va="center")
                for place in range(n):
                    _box(ax, (place, states_above), (0.88, 0.46), f"{hidden_size} + {hidden_size}", "state")
                ax.text(n - 0.41, states_above, f"both read\nall {2 * hidden_size}", va="center", color=TEXT_OF_STATES)
    return fig


def _row_of_cells(
    ax: Axes,
    columns: Sequence[float],
    heights: tuple[float, float, float],
    reads: str,
    *,
    backwards: bool,
    last_state: str,
    name: str,
    goes_up: bool,
) -> None:
    """Cells that hand their states on, each with an arrow from the row below and one to the row above.

    `heights` are those of the row below, of the cells, and of the row above; `reads` is the colour of what is read.
    """
    below, middle, above = heights
    width, edge = 0.44, 0.23
    for column in columns:
        _box(ax, (column, middle), (width, 2 * edge), "cell", "weight")
        _arrow(ax, (column, below + edge), (column, middle - edge), reads)
        if goes_up:
            _arrow(ax, (column, middle + edge), (column, above - edge), "state")
    way = -1 if backwards else 1
    in_order = list(columns)[::way]
    ends = [*(column - way * width / 2 for column in in_order[1:]), in_order[-1] + way * 0.66]
    for column, end in zip(in_order, ends, strict=True):
        _arrow(ax, (column + way * width / 2, middle), (end, middle), "state")
    near, far = ("left", "right") if not backwards else ("right", "left")
    ax.text(ends[-1] + way * 0.06, middle, last_state, ha=near, va="center", color=TEXT_OF_STATES)
    ax.text(in_order[0] - way * 0.37, middle, name, ha=far, va="center")


def packed_batch(sequences: Sequence[Sequence[str]]) -> Figure:
    """Draw a padded batch, time downward as in its array, and beside it the rows that are left when it is packed.

    Parameters
    ----------
    sequences : sequence of sequence of str
        The tokens of each sequence, the longest first, as `torch.nn.utils.rnn.pack_padded_sequence` asks for them.

    Returns
    -------
    matplotlib.figure.Figure
        At the left a column for each sequence, with zeros after its end; at the right the packed rows, step by step,
        and how many there are of each step.

    Raises
    ------
    ValueError
        If there is no token, or a sequence is longer than the one before it.
    """
    lengths = [len(tokens) for tokens in sequences]
    if 0 in lengths or lengths != sorted(lengths, reverse=True) or not lengths:
        raise ValueError(f"packed_batch needs sequences with tokens, the longest first, got the lengths {lengths}")
    n, n_rows = len(sequences), sum(lengths)
    packed, counts = n + 0.9, n + 2.2  # where the columns of the right half stand
    row_height, gap = 0.54, 0.14  # from row to row, and more of it from step to step
    bottom = -row_height * (n_rows - 1) - gap * (lengths[0] - 1)
    with _style():
        fig = _figure(5.6, 0.8 + 0.31 * n_rows)
        ax = fig.subplots()
        ax.set(xlim=(-1.3, counts + 0.9), ylim=(bottom - 0.3, 1.5))
        ax.axis("off")
        heads = [f"sequence\n{column}" for column in range(n)]
        for x, head in zip(
            [*range(n), packed, counts], [*heads, f"packed:\n{n_rows} rows", "batch_sizes"], strict=True
        ):
            ax.text(x, 0.95, head, ha="center", va="center")
        y = 0.0
        for step in range(lengths[0]):
            running = sum(step < length for length in lengths)
            middle = y - row_height * (running - 1) / 2
            ax.text(-0.6, middle, f"step {step + 1}", ha="right", va="center")
            ax.text(counts, middle, str(running), ha="center", va="center")
            _arrow(ax, (n - 0.46, middle), (packed - 0.54, middle), "input")
            for column, tokens in enumerate(sequences):
                is_padding = step >= len(tokens)
                text, color = ("0", "other") if is_padding else (tokens[step], "input")
                _box(ax, (column, middle), (0.88, 0.46), text, color)
                if not is_padding:
                    _box(ax, (packed, y), (0.88, 0.46), text, color)
                    y -= row_height
            y -= gap
    return fig


def unrolled(tokens: Sequence[str], states: np.ndarray, inputs: np.ndarray) -> Figure:
    """Draw the unrolled network with the numbers that flow along its arrows.

    Parameters
    ----------
    tokens : sequence of str
        The T tokens.
    states : ndarray, shape (T, H)
        The hidden state after each token.
    inputs : ndarray, shape (T, I)
        The vector of each token.

    Returns
    -------
    matplotlib.figure.Figure
        The cells in a row, inputs below, states between them.
    """
    n = len(tokens)
    columns = np.arange(n) * 2.0
    handed_on = [["0"] * states.shape[1], *([_written(value, 2) for value in state] for state in states)]
    with _style():
        fig = _figure(WIDTH, 3.4)
        ax = fig.subplots()
        ax.set(xlim=(-2.0, columns[-1] + 2.0), ylim=(-1.55, 1.85))
        ax.axis("off")
        for place, (column, token) in enumerate(zip(columns, tokens, strict=True), start=1):
            _box(ax, (column, 0.5), (0.7, 0.8), "cell", "weight")
            _box(ax, (column, -1.2), (0.95, 0.5), token, "input")
            _arrow(ax, (column, -0.95), (column, 0.1), "input")
            vector = "\n".join([f"x({place})", *(_written(value, 1) for value in inputs[place - 1])])
            ax.text(column + 0.12, -0.45, vector, ha="left", va="center", color=COLORS["input"])
        for place, state in enumerate(handed_on):
            start = 2.0 * place - 1.65
            _arrow(ax, (start, 0.5), (start + 1.3, 0.5), "state")
            vector = "\n".join([f"h({place})", *state])
            ax.text(start + 0.6, 0.6, vector, ha="center", va="bottom", color=TEXT_OF_STATES)
    return fig


def windows_of_a_stream(sizes: Sequence[int], delay: int) -> Figure:
    """Draw the same steps of a stream, cut into windows of several sizes: what goes on across the cut, and what ends.

    Parameters
    ----------
    sizes : sequence of int
        Steps in a window, from 1 to `delay` + 1: a row of cells for each.
    delay : int
        How many steps after its bit the echo is asked for; it stands at the end of a window.

    Returns
    -------
    matplotlib.figure.Figure
        In each row the cells of `delay` + 2 steps with their places in the window, states from left to right across
        the cut, and the way back from the echo, which ends at the cut.

    Raises
    ------
    ValueError
        If a window is empty, or begins before the steps that are drawn.
    """
    if not all(1 <= size <= delay + 1 for size in sizes):
        raise ValueError(f"windows of a stream have 1 to delay + 1 = {delay + 1} steps here, got {list(sizes)}")
    n = delay + 2
    bit, echo = 1, n - 1  # the steps that read the bit and are asked for it
    with _style():
        fig = _figure(5.6, 1.95 * len(sizes))
        axes = fig.subplots(len(sizes), squeeze=False)
        for ax, size in zip(axes[:, 0], sizes, strict=True):
            ax.set(xlim=(-0.75, n - 0.4), ylim=(-1.25, 1.6))
            ax.axis("off")
            ax.set_title(f"windows of {size}", loc="left")
            first = n - size
            for step in range(n):
                _box(ax, (step, 0.0), (0.44, 0.62), str((step - first) % size + 1), "weight")
                _arrow(ax, (step - 0.78, 0.14), (step - 0.22, 0.14), "state")
                if step > first:
                    _arrow(ax, (step - 0.22, -0.14), (step - 0.78, -0.14), "wine")
            ax.plot([first - 0.5] * 2, [-0.75, 0.85], ":", color=COLORS["ink"], linewidth=2)
            ax.text(first - 0.5, 0.9, "cut", ha="center", va="bottom")
            _box(ax, (bit, -1.0), (0.6, 0.42), "bit", "input")
            _arrow(ax, (bit, -0.79), (bit, -0.31), "input")
            _box(ax, (echo, 1.18), (0.8, 0.42), "echo", "ink")
            _arrow(ax, (echo, 0.31), (echo, 0.97), "state")
            ax.text((first + echo) / 2, -0.35, "gradient", ha="center", va="top", color=COLORS["wine"])
            ax.text((first + echo) / 2, 0.37, "state", ha="center", va="bottom", color=TEXT_OF_STATES)
    return fig


def into_one_weight(steps: Sequence[str], shares: Sequence[float], weight: str, digits: int = 2) -> Figure:
    """Draw how a loss goes back through all steps, and what each of them adds to the gradient of one shared weight.

    Parameters
    ----------
    steps : sequence of str
        What is written on the T cells.
    shares : sequence of float
        What each step says of the weight; the gradient is their sum.
    weight : str
        The name of the weight.
    digits : int, default 2
        Decimals written.

    Returns
    -------
    matplotlib.figure.Figure
        The cells in a row, states from left to right, derivatives from right to left, and an arrow from each cell
        into one box.

    Raises
    ------
    ValueError
        If there is not one share for each step.
    """
    if len(steps) != len(shares):
        raise ValueError(f"shares must be one number for each of the {len(steps)} steps, got {len(shares)}")
    n = len(steps)
    columns = np.arange(n + 1) * 2.0
    with _style():
        fig = _figure(WIDTH, 3.0)
        ax = fig.subplots()
        ax.set(xlim=(-1.0, columns[-1] + 0.8), ylim=(-1.75, 1.45))
        ax.axis("off")
        for start, end in itertools.pairwise(columns):
            _arrow(ax, (start + 0.5, 0.85), (end - 0.5, 0.85), "state")
            _arrow(ax, (end - 0.5, 0.55), (start + 0.5, 0.55), "wine")
        ax.text(columns[-1] - 1, 0.98, "there", ha="center", va="bottom", color=TEXT_OF_STATES)
        ax.text(columns[-1] - 1, 0.42, "back", ha="center", va="top", color=COLORS["wine"])
        _box(ax, (columns[-1], 0.7), (1.0, 0.8), "loss", "ink")
        for column, step, share in zip(columns, steps, shares, strict=False):
            _box(ax, (column, 0.7), (1.0, 0.8), step, "weight")
            _arrow(ax, (column, 0.3), (column, -1.0), "wine")
            ax.text(column + 0.1, -0.35, _written(share, digits), ha="left", va="center", color=COLORS["wine"])
        total = f"{weight}: the shares add up to {_written(sum(shares), digits)}"
        _box(ax, (columns[-2] / 2, -1.3), (columns[-2] + 1.0, 0.6), total, "weight")
    return fig


def pool_and_states(summaries: Mapping[str, np.ndarray]) -> Figure:
    """Draw summaries of all orders of one sequence as stripes: one column for each order, one row for each number.

    Parameters
    ----------
    summaries : mapping of str to ndarray, shape (n_orders, n_numbers)
        Each summary of every order, under its title.

    Returns
    -------
    matplotlib.figure.Figure
        The summaries below each other, in one scale of colours.
    """
    heights = [values.shape[1] for values in summaries.values()]
    with _style():
        fig = _figure(WIDTH, 0.7 * len(heights) + 0.27 * sum(heights))
        axes = fig.subplots(len(summaries), height_ratios=heights, sharex=True, squeeze=False)
        for ax, (title, values) in zip(axes[:, 0], summaries.items(), strict=True):
            image = ax.imshow(values.T, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
            ax.set_title(title, loc="left")
            ax.set_yticks(range(values.shape[1]), range(1, values.shape[1] + 1))
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
        axes[-1, 0].set_xticks([0, len(values) - 1], ["1", str(len(values))])
        axes[-1, 0].set_xlabel(f"which of the {len(values)} orders of the tokens")
        fig.colorbar(image, ax=axes[:, 0], label="value", aspect=30)
    return fig


def _box(ax: Axes, center: tuple[float, float], size: tuple[float, float], text: str, color: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = center, size
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=COLORS[color] + "22",
            edgecolor=COLORS[color],
            linewidth=1.5,
        )
    )
    ax.text(x, y, text, ha="center", va="center")


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    ax.annotate(
        "",
        end,
        start,
        arrowprops={"arrowstyle": "-|>", "color": COLORS[color], "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0},
    )
