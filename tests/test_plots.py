"""The figures by their content, labels, arrows, colours, and by their pixels, which no setting of a reader changes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from itertools import combinations, groupby, pairwise
from unittest import mock

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from rnn_helpers import data, plots, rnn_forward

STATES, _ = rnn_forward(data.X, data.U, data.W, data.b)


def texts(fig):
    return [text for text in fig.findobj(mpl.text.Text) if text.get_text().strip() and text.get_visible()]


def arrows(fig):
    return [note for note in fig.findobj(mpl.text.Annotation) if note.arrow_patch is not None]


def assert_readable(fig):
    """No text touches another or leaves the picture, and none is smaller than 8 points."""
    fig.draw_without_rendering()
    # An axis makes labels for ticks beyond its limits too, and for an axis that is off; they are not drawn.
    within = [text for text in texts(fig) if not _not_drawn(text)]
    boxes = [(text.get_text(), text.get_window_extent()) for text in within]
    for (one, a), (other, b) in combinations(boxes, 2):
        apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
        assert apart, f"{one!r} lies over {other!r}"
    width, height = fig.canvas.get_width_height()
    for text, box in boxes:
        inside = -1 <= box.x0 and box.x1 <= width + 1 and -1 <= box.y0 and box.y1 <= height + 1
        assert inside, f"{text!r} is cut off"
    assert min(text.get_fontsize() for text in within) >= 8


def _not_drawn(text):
    for ax in text.figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if text in (tick.label1, tick.label2):
                    low, high = sorted(axis.get_view_interval())
                    return not ax.axison or not low <= tick.get_loc() <= high
    return False


def boxes(ax):
    """The boxes of a diagram, by the text in the middle of each: its corners."""
    found = {}
    for box in ax.patches:
        x, y, width, height = box.get_x(), box.get_y(), box.get_width(), box.get_height()
        (text,) = [text for text in ax.texts if text.get_position() == pytest.approx((x + width / 2, y + height / 2))]
        assert (text.get_ha(), text.get_va()) == ("center", "center")
        name = text.get_text() if text.get_text() != "cell" else f"cell {len(found)}"
        found[name] = (x, y, x + width, y + height)
        (x_0, x_1), (y_0, y_1) = ax.get_xlim(), ax.get_ylim()
        assert x_0 <= x <= x + width <= x_1, f"{name!r} is cut off"
        assert y_0 <= y <= y + height <= y_1, f"{name!r} is cut off"
        assert to_hex(box.get_facecolor(), keep_alpha=True) == to_hex(box.get_edgecolor()) + "22"
        assert box.get_linewidth() == 1.5
        corners = box.get_boxstyle()
        assert (corners.pad, corners.rounding_size) == (0, 0.08), "as large as it is told, and rounded"
    return found


def edge(point, among):
    """The box whose edge a point is on, without the number of a cell; None in free space."""
    x, y = point
    for name, (x_0, y_0, x_1, y_1) in among.items():
        if (x_0 <= x <= x_1 and min(abs(y - y_0), abs(y - y_1)) < 1e-9) or (
            y_0 <= y <= y_1 and min(abs(x - x_0), abs(x - x_1)) < 1e-9
        ):
            return name.split()[0]
    return None


def edge_of(point, ax):
    """The text of the box whose edge a point is on; None in free space."""
    x, y = point
    for box in ax.patches:
        x_0, y_0, x_1, y_1 = box.get_x(), box.get_y(), box.get_x() + box.get_width(), box.get_y() + box.get_height()
        on_an_edge = min(abs(y - y_0), abs(y - y_1)) < 1e-9 if x_0 <= x <= x_1 else False
        beside = min(abs(x - x_0), abs(x - x_1)) < 1e-9 if y_0 <= y <= y_1 else False
        if on_an_edge or beside:
            return box_text(box, ax)
    return None


def box_text(box, ax):
    """What is written in the middle of a box."""
    middle = (box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2)
    (text,) = [text for text in ax.texts if text.get_text() and text.get_position() == pytest.approx(middle)]
    return text.get_text()


def links(ax):
    """From what box to what box each arrow goes."""
    among = boxes(ax)
    for arrow in ax.texts:
        if getattr(arrow, "arrow_patch", None) is not None:
            look = arrow.arrowprops
            assert (look["shrinkA"], look["shrinkB"]) == (0, 0), "an arrow ends where it is told"
            assert (look["arrowstyle"], look["linewidth"]) == ("-|>", 1.5)
            assert arrow.get_text() == ""
            for x, y in np.linspace(arrow.xyann, arrow.xy, 21)[1:-1]:
                inside = [name for name, (x_0, y_0, x_1, y_1) in among.items() if x_0 < x < x_1 and y_0 < y < y_1]
                assert not inside, "an arrow joins boxes and goes through none"
    return [(edge(arrow.xyann, among), edge(arrow.xy, among)) for arrow in ax.texts if hasattr(arrow, "arrow_patch")]


def assert_no_frame(ax):
    """The cells are the frame: no line around them, and no ticks beside the names of rows and columns."""
    assert not any(spine.get_visible() for spine in ax.spines.values())
    ticks = [*ax.xaxis.get_major_ticks(), *ax.yaxis.get_major_ticks()]
    assert {tick.tick1line.get_markersize() for tick in ticks} == {0}
    assert ax.get_aspect() == "auto"


def test_the_arrows_of_the_picture_join_its_boxes():
    fig = plots.linear_and_rnn(data.TOKENS, STATES)
    left, right = fig.axes
    assert tuple(fig.get_size_inches()) == (5.2, 5.8)
    assert [ax.get_title(loc="left") for ax in fig.axes] == [
        "Linear layer: all at once",
        "RNN: one at a time, the same cell each time",
    ]
    assert not left.axison
    assert not right.axison
    into_one = [(token, "one") for token in data.TOKENS]
    assert sorted(links(left)) == sorted([*into_one, ("one", "output:")])
    in_turn = [(token, "cell") for token in data.TOKENS] + [("cell", "cell")] * 4
    free = [link for link in links(right) if None in link]
    assert sorted(link for link in links(right) if None not in link) == sorted(in_turn)
    assert sorted(free, key=str) == [("cell", None), (None, "cell")]
    colors = {text.get_text(): to_hex(text.get_color()).upper() for text in right.texts}
    across = [arrow for arrow in arrows(fig) if arrow.xy[1] == arrow.xyann[1] == 1.35]
    for t, arrow in enumerate(sorted(across, key=lambda arrow: arrow.xy[0])):
        name = f"h({t})" if t else "h(0) = 0"
        (label,) = [text for text in right.texts if text.get_text() == name]
        (x, y), middle = label.get_position(), (arrow.xy[0] + arrow.xyann[0]) / 2
        assert abs(x - middle) < 0.3, "over the middle of its arrow"
        assert arrow.xy[1] < y < arrow.xy[1] + 0.3
        assert (label.get_ha(), label.get_va()) == ("center", "bottom")
        assert colors[name] == plots.TEXT_OF_STATES
    assert colors["h(5) = (0.37, −0.46, 0.41, 0.57)"] == plots.TEXT_OF_STATES


def test_the_arrows_of_the_unrolled_diagram_join_its_boxes():
    fig = plots.unrolled(data.TOKENS, STATES, data.X)
    (ax,) = fig.axes
    assert tuple(fig.get_size_inches()) == (7.2, 3.4)
    assert not ax.axison
    handed_on = [(None, "cell"), *[("cell", "cell")] * 4, ("cell", None)]
    assert links(ax) == [(token, "cell") for token in data.TOKENS] + handed_on
    across = sorted((arrow for arrow in arrows(fig) if arrow.xy[1] == arrow.xyann[1]), key=lambda arrow: arrow.xy[0])
    cells = [box for name, box in boxes(ax).items() if name.startswith("cell")]
    for t, arrow in enumerate(across):
        assert arrow.xy[1] == 0.5, "through the middles of the cells"
        (vector,) = [text for text in ax.texts if text.get_text().startswith(f"h({t})")]
        assert arrow.xyann[0] < vector.get_position()[0] < arrow.xy[0]
        assert arrow.xy[1] < vector.get_position()[1] < arrow.xy[1] + 0.3
        assert to_hex(vector.get_color()).upper() == plots.TEXT_OF_STATES
    for t, (token, cell) in enumerate(zip(data.TOKENS, cells, strict=True), start=1):
        (vector,) = [text for text in ax.texts if text.get_text().startswith(f"x({t})")]
        x, y = vector.get_position()
        middle = (cell[0] + cell[2]) / 2
        assert middle < x < middle + 0.3, "beside the arrow"
        assert boxes(ax)[token][3] < y < cell[1]
        assert (vector.get_ha(), vector.get_va()) == ("left", "center")
        assert to_hex(vector.get_color()).upper() == plots.COLORS["input"]
    assert {text.get_fontsize() for text in texts(fig)} == {11}, "as in every plot"


@pytest.mark.parametrize(("L", "D"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)])
def test_layers_and_directions_hand_on_what_the_layer_hands_on(L, D):
    fig = plots.layers_and_directions(data.TOKENS, 4, L, D)
    (ax,) = fig.axes
    assert fig.get_size_inches()[0] == 5.6, "as wide as a telephone shows it"
    assert not ax.axison
    T = len(data.TOKENS)
    drawn = [(edge_of(arrow.xyann, ax), edge_of(arrow.xy, ax)) for arrow in arrows(fig)]
    from_tokens = [link for link in drawn if link[0] in data.TOKENS]
    assert sorted(from_tokens) == sorted((token, "cell") for token in data.TOKENS for _ in range(D))
    between_states = [link for link in drawn if link[0] == "4 + 4"]
    assert between_states == [("4 + 4", "cell")] * (T * 2 * (L - 1) if D == 2 else 0), (
        "a second layer reads both states"
    )
    assert drawn.count(("cell", "4 + 4")) == len(between_states)
    assert drawn.count(("cell", "4")) == T * D
    assert [text.get_text() for text in texts(fig)].count("both read\nall 8") == (L - 1) * (D - 1)
    # Along each row, and from one layer of one direction up to the next.
    assert drawn.count(("cell", "cell")) == L * D * (T - 1) + (T * (L - 1) if D == 1 else 0)
    assert drawn.count(("cell", None)) == L * D, "one last state of each layer and direction"
    assert_readable(fig)


@pytest.mark.parametrize(("L", "D"), [(2, 1), (1, 2), (2, 2)])
def test_the_last_states_stand_where_each_direction_ends(L, D):
    fig = plots.layers_and_directions(data.TOKENS, 4, L, D)
    ends = [arrow for arrow in arrows(fig) if edge_of(arrow.xy, fig.axes[0]) is None]
    ends = sorted(ends, key=lambda arrow: arrow.xy[1])  # from the lowest row up: the order of h_n
    for entry, arrow in enumerate(ends):
        way = -1 if D == 2 and entry % 2 else 1
        assert (arrow.xy[0] - arrow.xyann[0]) * way > 0, "the backward direction ends at the first token"
        assert (arrow.xy[0] > 4) is (way == 1)
        (label,) = [text for text in texts(fig) if text.get_text() == f"h_n[{entry}]"]
        x, y = label.get_position()
        assert y == arrow.xy[1]
        assert 0 < (x - arrow.xy[0]) * way < 0.1, "beyond the arrow's end"
        assert to_hex(label.get_color()).upper() == plots.TEXT_OF_STATES
    assert len(ends) == L * D
    written = [text.get_text() for text in sorted(texts(fig), key=lambda text: text.get_position()[1])]
    names = [name for name in written if name in ("input", "output", "forward", "backward", "layer 0", "layer 1")]
    in_a_layer = ["forward", "backward"] if D == 2 else ["layer 0"]
    assert names[: 1 + len(in_a_layer)] == ["input", *in_a_layer]
    assert names[-1] == "output"
    # A row of cells reads from the side of its name to that of its last state.
    along = [arrow for arrow in arrows(fig) if arrow.xy[1] == arrow.xyann[1]]
    colors = {to_hex(arrow.arrow_patch.get_edgecolor()).upper() for arrow in along}
    assert colors == {plots.COLORS["state"]}
    for arrow in along:
        (end,) = [end for end in ends if end.xy[1] == arrow.xy[1]]
        assert (arrow.xy[0] > arrow.xyann[0]) is (end.xy[0] > end.xyann[0])


def test_forward_stands_before_backward_in_the_states_side_by_side():
    ax = plots.layers_and_directions(["a", "b"], 4, num_directions=2).axes[0]
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    forward, backward, output = (heights[name] for name in ("forward", "backward", "output"))
    up = [arrow for arrow in ax.texts if hasattr(arrow, "arrow_patch") and arrow.xy[1] > output - 0.5]
    first, second = sorted(up, key=lambda arrow: arrow.xy[0])[:2]
    assert forward < first.xyann[1] < backward < second.xyann[1] < output


def test_a_network_without_layers_is_refused():
    for L, D in [(0, 1), (1, 0), (1, 3)]:
        with pytest.raises(ValueError, match=f"at least one layer and one or two directions, got {L} and {D}"):
            plots.layers_and_directions(data.TOKENS, 4, L, D)


def test_a_packed_batch_has_each_token_once_and_no_padding():
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence

    sequences = [["a", "b", "c", "d"], ["e", "f"], ["g"]]
    fig = plots.packed_batch(sequences)
    (ax,) = fig.axes
    assert fig.get_size_inches()[0] == 5.6, "as wide as a telephone shows it"
    assert not ax.axison
    middles = [(round(text.get_position()[0], 6), -text.get_position()[1], text.get_text()) for text in texts(fig)]
    columns = {x: [text for _, _, text in sorted(at)] for x, at in groupby(sorted(middles), lambda at: at[0])}
    assert list(columns.values()) == [
        ["step 1", "step 2", "step 3", "step 4"],
        ["sequence\n0", "a", "b", "c", "d"],
        ["sequence\n1", "e", "f", "0", "0"],
        ["sequence\n2", "g", "0", "0", "0"],
        ["packed:\n7 rows", "a", "e", "g", "b", "f", "c", "d"],
        ["batch_sizes", "3", "2", "1", "1"],
    ]
    colors = [(box_text(box, ax), to_hex(box.get_edgecolor()).upper()) for box in ax.patches]
    assert all(color == plots.COLORS["other" if text == "0" else "input"] for text, color in colors)
    assert len(colors) == 12 + 7
    packed = pack_padded_sequence(torch.zeros(4, 3, 1), torch.tensor([4, 2, 1]))
    assert columns[5.2][1:] == [str(count) for count in packed.batch_sizes.tolist()]
    assert len(packed.data) == 7
    assert_readable(fig)


def test_the_arrows_of_a_packed_batch_lead_from_a_step_to_its_rows():
    fig = plots.packed_batch([data.TOKENS, data.TOKENS[:3]])
    (ax,) = fig.axes
    steps = {text.get_position()[1] for text in texts(fig) if text.get_text().startswith("step ")}
    assert [arrow.xy[1] for arrow in arrows(fig)] == [arrow.xyann[1] for arrow in arrows(fig)] == sorted(steps)[::-1]
    rows = [box for box in ax.patches if box.get_x() > 2]
    for arrow in arrows(fig):
        assert all(box.get_x() + box.get_width() < arrow.xyann[0] for box in ax.patches if box not in rows)
        assert all(arrow.xy[0] < box.get_x() for box in rows)
        beside = [box.get_y() + box.get_height() / 2 - arrow.xy[1] for box in rows]
        assert sum(distance for distance in beside if abs(distance) < 0.3) == pytest.approx(0), "to their middle"


@pytest.mark.parametrize("sequences", [[], [[]], [["a"], ["b", "c"]], [["a"], []]])
def test_what_torch_would_not_pack_is_refused(sequences):
    with pytest.raises(ValueError, match=r"sequences with tokens, the longest first, got the lengths \["):
        plots.packed_batch(sequences)


def around(x, y, width, height):
    """The corners of a box, from its middle and its size."""
    return pytest.approx((x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def test_what_the_picture_compares_stands_one_above_the_other():
    """Tokens, layers and results are at one height in both panels, and the wide boxes over the middle of the tokens."""
    fig = plots.linear_and_rnn(data.TOKENS, STATES)
    left, right = fig.axes
    fig.draw_without_rendering()
    assert right.bbox.width == left.bbox.width
    assert right.bbox.y1 < left.bbox.y0
    assert left.get_xlim() == right.get_xlim() == (-1.0, 4.6)
    assert left.get_ylim() == right.get_ylim() == (-0.5, 3.1)
    for t, token in enumerate(data.TOKENS):
        assert boxes(left)[token] == boxes(right)[token] == around(t, 0, 0.82, 0.5)
    cells = [box for name, box in boxes(right).items() if name.startswith("cell")]
    assert cells == [around(t, 1.35, 0.5, 0.6) for t in range(5)]
    assert boxes(left)["one matrix, all tokens at once"] == around(2, 1.35, 4.8, 0.6)
    assert boxes(left)["output: 4 numbers"] == around(2, 2.6, 2.9, 0.5)
    upwards = [[arrow for arrow in ax.texts if hasattr(arrow, "arrow_patch") and arrow.xy[1] > 2] for ax in fig.axes]
    assert [[(arrow.xyann, arrow.xy) for arrow in up] for up in upwards] == [
        [((2, 1.65), (2, 2.35))],
        [((4, 1.65), (4, 2.35))],
    ]
    (last,) = [text for text in right.texts if text.get_text().startswith("h(5)")]
    assert last.get_position() == pytest.approx((4.45, 2.6))  # from there to the left, where there is room for it
    assert (last.get_ha(), last.get_va()) == ("right", "center")


def test_the_unrolled_diagram_has_a_column_for_each_token():
    (ax,) = plots.unrolled(data.TOKENS, STATES, data.X).axes
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2.0, 10.0), (-1.55, 1.85))
    found = boxes(ax)
    assert [box for name, box in found.items() if name.startswith("cell")] == [
        around(2 * t, 0.5, 0.7, 0.8) for t in range(5)
    ]
    assert [found[token] for token in data.TOKENS] == [around(2 * t, -1.2, 0.95, 0.5) for t in range(5)]
    states = [text for text in ax.texts if text.get_text().startswith("h(")]
    assert {(text.get_ha(), text.get_va()) for text in states} == {("center", "bottom")}


def test_each_step_sends_its_share_into_the_one_weight():
    shares = [0.0, -0.1386, 0.0068, -0.2552, 0.2708]
    fig = plots.into_one_weight(data.TOKENS, shares, "w")
    (ax,) = fig.axes
    assert "w: the shares add up to −0.12" in boxes(ax)
    steps = [*data.TOKENS, "loss"]
    there = list(pairwise(steps))
    back = [(after, before) for before, after in there]
    into = [(token, "w:") for token in data.TOKENS]  # `links` names a box by its first word
    assert sorted(links(ax)) == sorted(there + back + into)
    down = sorted((arrow for arrow in arrows(fig) if arrow.xy[0] == arrow.xyann[0]), key=lambda arrow: arrow.xy[0])
    for arrow, share in zip(down, shares, strict=True):
        (beside,) = [text for text in ax.texts if text.get_position() == (arrow.xy[0] + 0.1, -0.35)]
        assert beside.get_text() == f"{share + 0.0:.2f}".replace("-", "−")
    assert_readable(fig)


def test_the_states_go_there_in_their_colour_and_the_derivatives_come_back_in_another():
    fig = plots.into_one_weight(["1", "2"], [0.5, -0.25], "w", digits=3)
    colors = {"state": 0, "wine": 0}
    for arrow in arrows(fig):
        rises = arrow.xy[0] > arrow.xyann[0]
        color = to_hex(arrow.arrow_patch.get_edgecolor()).upper()
        assert color == plots.COLORS["state" if rises else "wine"]
        colors["state" if rises else "wine"] += 1
    assert colors == {"state": 2, "wine": 4}
    assert {"0.500", "−0.250", "w: the shares add up to 0.250"} <= {text.get_text() for text in texts(fig)}


def test_a_share_too_few_is_refused():
    with pytest.raises(ValueError, match="each of the 5 steps, got 4"):
        plots.into_one_weight(data.TOKENS, [0.0] * 4, "w")


@pytest.mark.parametrize("size", [1, 3, 6, 7])
def test_the_state_crosses_the_cut_of_a_stream_and_the_gradient_ends_at_it(size):
    fig = plots.windows_of_a_stream((size,), delay=6)
    (ax,) = fig.axes
    written = {text.get_text(): text.get_position()[0] for text in texts(fig) if text.get_text() in ("bit", "echo")}
    assert written == {"bit": 1, "echo": 7}  # as far apart as the delay says
    places = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert places[-size:] == [str(place) for place in range(1, size + 1)]
    assert places[-size - 1] == str(size)  # the last of the window before
    (cut,) = {x for line in ax.get_lines() for x in line.get_xdata()}
    assert cut == 7.5 - size
    ways = {"state": [], "wine": []}
    for arrow in arrows(fig):
        if arrow.xy[1] == arrow.xyann[1]:  # from step to step
            color = to_hex(arrow.arrow_patch.get_edgecolor()).upper()
            (name,) = [name for name in ways if plots.COLORS[name] == color]
            ways[name].append((arrow.xyann[0], arrow.xy[0]))
    assert [round(end) for _, end in ways["state"]] == list(range(8))
    assert any(start < cut < end for start, end in ways["state"])
    assert sorted(round(end) for _, end in ways["wine"]) == list(range(8 - size, 7))
    assert all(start > end > cut for start, end in ways["wine"])
    assert_readable(fig)


@pytest.mark.parametrize("size", [0, 8])
def test_a_window_that_is_not_among_the_steps_is_refused(size):
    with pytest.raises(ValueError, match=rf"1 to delay \+ 1 = 7 steps here, got \[6, {size}\]"):
        plots.windows_of_a_stream((6, size), delay=6)


def test_the_picture_has_every_token_twice_and_hands_the_state_on():
    fig = plots.linear_and_rnn(data.TOKENS, STATES)
    written = [text.get_text() for text in texts(fig)]
    assert all(written.count(token) == 2 for token in data.TOKENS)
    assert written.count("cell") == 5
    assert "h(5) = (0.37, −0.46, 0.41, 0.57)" in written
    colors = [to_hex(arrow.arrow_patch.get_edgecolor()).upper() for arrow in arrows(fig)]
    assert colors.count(plots.COLORS["input"]) == 10
    assert written.count("output: 4 numbers") == 1
    assert colors.count(plots.COLORS["state"]) == 6  # five into the cells of the RNN, and its last state out
    assert colors.count(plots.COLORS["other"]) == 1  # what comes out of the linear layer is no state
    assert_readable(fig)


def test_the_orange_of_text_can_be_read_on_white():
    def channel(value):
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(int(plots.TEXT_OF_STATES[at : at + 2], 16) / 255) for at in (1, 3, 5))
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def test_the_unrolled_diagram_carries_the_numbers():
    fig = plots.unrolled(data.TOKENS, STATES, data.X)
    written = [text.get_text() for text in texts(fig)]
    assert "x(1)\n1.0\n0.0\n0.5" in written
    assert "h(1)\n0.64\n−0.20\n0.54\n−0.15" in written
    assert [token for token in written if token in data.TOKENS] == list(data.TOKENS)
    assert "h(0)\n0\n0\n0\n0" in written
    colors = [to_hex(arrow.arrow_patch.get_edgecolor()).upper() for arrow in arrows(fig)]
    assert (colors.count(plots.COLORS["input"]), colors.count(plots.COLORS["state"])) == (5, 6)
    for arrow in arrows(fig):  # upwards or to the right: xyann is where it starts, xy where it ends
        (x0, y0), (x1, y1) = arrow.xyann, arrow.xy
        assert (x1 > x0, y1 > y0) in {(True, False), (False, True)}
    at = {text.get_text().split("\n")[0]: text.get_position()[0] for text in texts(fig)}
    steps = [at[f"h({t})"] for t in range(6)]
    cells = sorted(text.get_position()[0] for text in texts(fig) if text.get_text() == "cell")
    assert all(before < cell < after for before, cell, after in zip(steps, cells, steps[1:], strict=False))
    assert_readable(fig)


def test_heat_map_writes_every_number_on_its_colour():
    fig = plots.heat_map(STATES, rows=data.TOKENS, columns=list("abcd"), title="states", xlabel="unit")
    (ax,) = fig.axes
    assert (ax.get_title(loc="left"), ax.get_xlabel()) == ("states", "unit")
    assert [text.get_text() for text in ax.texts][:4] == ["0.64", "−0.20", "0.54", "−0.15"]
    assert np.array_equal(ax.images[0].get_array(), STATES)
    assert ax.images[0].get_clim() == (-1, 1)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == list("abcd")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(data.TOKENS)
    assert [text.get_position() for text in ax.texts] == [(c, r) for r in range(5) for c in range(4)]
    assert {(text.get_ha(), text.get_va()) for text in ax.texts} == {("center", "center")}
    assert_no_frame(ax)
    assert_readable(fig)
    assert tuple(fig.get_size_inches()) == pytest.approx((7.2, 3.25))  # 0.42 a row, and 0.25 for the name of the axis
    fig = plots.heat_map(np.array([[12.0]]), rows=["r"], columns=["c"], digits=0, limits=(0, 100), cmap="Greys")
    (ax,) = fig.axes
    assert ax.images[0].get_clim() == (0, 100)
    assert ax.images[0].get_cmap().name == "Greys"
    assert (ax.get_title(loc="left"), ax.get_xlabel()) == ("", "")
    assert tuple(fig.get_size_inches()) == pytest.approx((7.2, 1.32))
    assert [text.get_text() for text in ax.texts] == ["12"]
    with pytest.raises(ValueError, match=r"\(5, 3\).*\(5, 4\)"):
        plots.heat_map(STATES, rows=data.TOKENS, columns=list("abc"))


def test_heat_map_writes_white_on_dark_and_black_on_light():
    fig = plots.heat_map(np.array([[-1.0, 0.0, -0.7, -0.6]]), rows=["r"], columns=list("abcd"))
    assert [text.get_color() for text in fig.axes[0].texts] == ["white", "black", "white", "black"]


def test_lines_draw_the_data_and_label_each_end():
    look = {"xlabel": "x", "ylabel": "y", "title": "title", "log": "xy", "markers": True}
    fig = plots.lines([1, 10], {"a": [1, 2], "b": [1, 2], "c": [1, 3]}, **look)
    (ax,) = fig.axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("x", "y", "title")
    assert {line.get_marker() for line in ax.lines} == {"o"}
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 2], [1, 2], [1, 3]]
    assert {"a", "b", "c"} <= {text.get_text() for text in texts(fig)}
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "-."]
    assert len({line.get_color() for line in ax.lines}) == 3
    assert {line.get_linewidth() for line in ax.lines} == {2}
    assert [text.xy for text in ax.texts] == [(10, 2), (10, 2), (10, 3)]
    assert {text.get_va() for text in ax.texts} == {"center"}
    assert {text.get_position()[0] for text in ax.texts} == {8}
    assert tuple(fig.get_size_inches()) == (7.2, 3.4)
    assert {name: spine.get_visible() for name, spine in ax.spines.items()} == {
        "left": True,
        "bottom": True,
        "top": False,
        "right": False,
    }
    assert {line.get_visible() for line in ax.get_ygridlines()} == {True}
    assert {line.get_visible() for line in ax.get_xgridlines()} == {False}
    assert_readable(fig)


def test_lines_take_the_colours_that_they_are_given():
    fig = plots.lines([1, 2], {"a": [1, 2], "b": [2, 1]}, xlabel="", ylabel="", colors=("state", "weight"))
    (ax,) = fig.axes
    assert [line.get_color() for line in ax.lines] == [plots.COLORS["state"], plots.COLORS["weight"]]
    assert [text.get_color() for text in ax.texts] == [plots.COLORS["state"], plots.COLORS["weight"]]
    assert {line.get_marker() for line in ax.lines} == {"None"}
    assert ax.get_title(loc="left") == ""
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")


def test_steps_that_are_whole_are_marked_at_whole_numbers():
    for steps in (range(1, 21), np.arange(1, 21)):
        (ax,) = plots.lines(steps, {"a": range(20)}, xlabel="t", ylabel="").axes
        marked = ax.get_xticks()
        assert len(marked) > 3
        assert all(mark == round(mark) for mark in marked)
    (ax,) = plots.lines(np.linspace(0, 1, 5), {"a": range(5)}, xlabel="seconds", ylabel="").axes
    assert any(mark != round(mark) for mark in ax.get_xticks())


def test_more_curves_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="at most 4 curves that can be told apart, got 5"):
        plots.lines([1], {name: [1] for name in "abcde"}, xlabel="", ylabel="")


def test_labels_that_would_touch_share_the_space_around_their_points():
    fig = plots.lines(
        [1, 2], {"low": [0, 1], "middle": [0, 1.01], "high": [0, 1.02], "far": [0, 9]}, xlabel="", ylabel=""
    )
    assert_readable(fig)
    shifts = {text.get_text(): text.get_position()[1] for text in fig.axes[0].texts}
    assert shifts["low"] < 0 < shifts["high"]
    assert shifts["middle"] == pytest.approx(0, abs=0.5)
    assert shifts["far"] == 0


def test_curves_of_no_meaning_have_no_colour_of_a_meaning():
    fig = plots.lines([1, 2], {name: [1, 2] for name in "abcd"}, xlabel="", ylabel="")
    used = {to_hex(line.get_color()).upper() for line in fig.axes[0].lines}
    assert len(used) == 4
    assert used.isdisjoint(plots.COLORS[name] for name in ("input", "state", "weight"))


PLACES = np.array([[0.1, 0.0], [0.4, 0.2], [-0.3, 1.0], [0.0, 0.9], [0.2, 1.1]])


def test_points_have_the_mark_of_their_group_and_its_name_beside_them():
    look = {"names": ["even", "odd"], "xlabel": "x", "ylabel": "y", "title": "title"}
    fig = plots.points(PLACES, np.array([0, 0, 1, 1, 1]), **look)
    (ax,) = fig.axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("x", "y", "title")
    even, odd = ax.lines
    assert np.array_equal(even.get_xydata(), PLACES[:2])
    assert np.array_equal(odd.get_xydata(), PLACES[2:])
    assert [line.get_marker() for line in ax.lines] == ["o", "x"]
    assert {line.get_linestyle() for line in ax.lines} == {"None"}
    assert [text.get_text() for text in ax.texts] == ["even", "odd"]
    assert [text.get_color() for text in ax.texts] == [line.get_color() for line in ax.lines]
    assert [text.xy[1] for text in ax.texts] == pytest.approx([0.1, 1.0])
    assert tuple(fig.get_size_inches()) == (7.2, 3.4)
    assert_readable(fig)


def test_a_group_without_points_has_no_name_in_the_picture():
    fig = plots.points(PLACES, np.array([0, 0, 0, 2, 2]), names=list("abc"), xlabel="x", ylabel="y")
    assert [text.get_text() for text in fig.axes[0].texts] == ["a", "c"]


def test_points_that_fit_no_group_are_refused():
    look = {"xlabel": "x", "ylabel": "y"}
    with pytest.raises(ValueError, match=r"places \(n, 2\) and groups \(n,\), got \(5, 2\) and \(4,\)"):
        plots.points(PLACES, np.zeros(4, int), names=["a"], **look)
    with pytest.raises(ValueError, match="at most 4 groups that can be told apart, got 5"):
        plots.points(PLACES, np.zeros(5, int), names=list("abcde"), **look)


def moves(fig):
    """The arrows of a drawn machine, as (from, to): the circles in which, or at whose edge, they begin and end."""
    (ax,) = fig.axes
    circles = [patch for patch in ax.patches if isinstance(patch, mpl.patches.Circle)]

    def at(point):
        return int(np.argmin([np.hypot(*np.subtract(point, circle.center)) for circle in circles]))

    drawn = [patch for patch in ax.patches if isinstance(patch, mpl.patches.FancyArrowPatch)]
    return circles, sorted((at(arrow._posA_posB[0]), at(arrow._posA_posB[1])) for arrow in drawn)


@pytest.mark.parametrize(
    ("table", "arrows_drawn"),
    [
        ([[0, 1], [1, 0]], [(0, 0), (0, 1), (1, 0), (1, 1)]),
        ([[0, 1], [1, 2], [2, 0]], [(0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 2)]),
        ([[1, 1], [2, 1], [3, 0], [3, 0]], [(0, 1), (1, 1), (1, 2), (2, 0), (2, 3), (3, 0), (3, 3)]),
    ],
)
def test_a_machine_has_an_arrow_for_each_move_with_its_bits(table, arrows_drawn):
    names = [f"group {place}" for place in range(len(table))]
    fig = plots.machine(np.array(table), names=names)
    (ax,) = fig.axes
    circles, drawn = moves(fig)
    assert drawn == arrows_drawn
    written = [text.get_text() for text in ax.texts]
    assert written[: len(table)] == names
    assert [text.get_position() for text in ax.texts[: len(table)]] == [pytest.approx(c.center) for c in circles]
    labels = [", ".join(map(str, np.flatnonzero(np.array(row) == to))) for row in table for to in dict.fromkeys(row)]
    assert written[len(table) :] == labels
    assert {text.get_color() for text in ax.texts[len(table) :]} == {plots.COLORS["input"]}
    assert {to_hex(circle.get_edgecolor()) for circle in circles} == {plots.COLORS["state"].lower()}
    for text in ax.texts[len(table) :]:  # outside of all circles
        assert min(np.hypot(*np.subtract(text.get_position(), circle.center)) for circle in circles) > 0.6
    assert_readable(fig)


def test_a_table_that_leads_nowhere_is_refused():
    for table in ([[0, 1], [1, 2]], [[0, 1]], [[0], [1]]):
        with pytest.raises(ValueError, match=r"a machine with 2 names needs a table \(2, 2\) of 0 to 1"):
            plots.machine(np.array(table), names=["even", "odd"])


def test_stripes_have_one_column_for_each_order_and_one_row_for_each_number():
    pools, states = np.full((6, 3), 0.5), np.linspace(-1, 1, 12).reshape(6, 2)
    fig = plots.pool_and_states({"pool": pools, "states": states})
    above, below, scale = fig.axes
    assert tuple(fig.get_size_inches()) == pytest.approx((7.2, 0.7 * 2 + 0.27 * (3 + 2)))
    fig.draw_without_rendering()
    assert above.bbox.height / 3 == pytest.approx(below.bbox.height / 2, rel=0.01)  # a stripe is as high in both
    assert scale.get_ylabel() == "value"
    assert scale.bbox.height == pytest.approx(above.bbox.y1 - below.bbox.y0, rel=0.05)  # beside both
    assert above.get_xlim() == below.get_xlim() == (-0.5, 5.5)
    assert list(above.get_yticks()) == [0, 1, 2]
    assert above.get_xlabel() == ""
    assert not any(label.get_visible() for label in above.get_xticklabels()), "the orders are named once, below"
    for ax in (above, below):
        assert_no_frame(ax)
        assert ax.images[0].get_cmap().name == "PuOr_r"
        assert ax.images[0].get_interpolation() == "nearest"
    assert np.array_equal(above.images[0].get_array(), pools.T)
    assert np.array_equal(below.images[0].get_array(), states.T)
    assert all(ax.images[0].get_clim() == (-1, 1) for ax in (above, below))
    assert [ax.get_title(loc="left") for ax in (above, below)] == ["pool", "states"]
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["1", "2"]
    assert below.get_xlabel() == "which of the 6 orders of the tokens"
    assert [
        (tick.get_text(), place) for tick, place in zip(below.get_xticklabels(), below.get_xticks(), strict=True)
    ] == [
        ("1", 0),
        ("6", 5),
    ]
    assert_readable(fig)


def test_a_figure_with_one_text_over_another_is_caught():
    fig = Figure()
    ax = fig.subplots()
    ax.text(0.5, 0.5, "one")
    ax.text(0.5, 0.5, "two")
    with pytest.raises(AssertionError, match="lies over"):
        assert_readable(fig)


def shown(fig, alt="A figure."):
    """What `show` displays: the bundle of forms, and their metadata."""
    with mock.patch("IPython.display.display") as display:
        plots.show(fig, alt=alt)
    ((bundle,), settings) = display.call_args
    assert settings["raw"]
    return bundle, settings["metadata"]


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_show_stores_picture_alt_text_and_size():
    fig = plots.lines([1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y")
    bundle, metadata = shown(fig, "A line that rises from 1 to 2.")
    assert bundle.keys() == {"image/png", "text/plain"}
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert b"Software" not in bundle["image/png"]
    assert len(bundle["image/png"]) < 30_000
    picture = pixels(bundle["image/png"])
    assert picture.shape == (680, 1440, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20  # not blank, and its edges are smooth
    assert bundle["text/plain"] == "A line that rises from 1 to 2."
    assert metadata == {"image/png": {"alt": "A line that rises from 1 to 2.", "width": 720}}
    with pytest.raises(ValueError, match="show needs an alt text that says what the figure shows"):
        plots.show(fig, alt=" ")


def test_no_figure_is_shown_a_second_time():
    before = plt.get_fignums()
    plots.lines([1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y")
    own = plt.figure()  # a reader's own
    shown(own)
    assert plt.get_fignums() == before


def test_a_figure_at_the_end_of_a_cell_is_the_same_picture():
    look = {"xlabel": "x", "ylabel": "y"}
    picture, metadata = plots.lines([1, 2], {"a": [1, 2]}, **look)._repr_png_()
    assert picture == shown(plots.lines([1, 2], {"a": [1, 2]}, **look))[0]["image/png"]
    assert metadata == {"width": 720}


FIGURES = {
    "linear_and_rnn": lambda: plots.linear_and_rnn(data.TOKENS, STATES),
    "unrolled": lambda: plots.unrolled(data.TOKENS, STATES, data.X),
    "layers_and_directions": lambda: plots.layers_and_directions(data.TOKENS, 4, 2, 2),
    "packed_batch": lambda: plots.packed_batch([data.TOKENS, data.TOKENS[:3]]),
    "heat_map": lambda: plots.heat_map(STATES, rows=data.TOKENS, columns=list("abcd"), title="states", xlabel="unit"),
    "lines": lambda: plots.lines([1, 10], {"a": [1, -2], "b": [2, 1]}, xlabel="x", ylabel="y", log="x", markers=True),
    "into_one_weight": lambda: plots.into_one_weight(data.TOKENS, [0.0, -0.14, 0.01, -0.26, 0.27], "W₃₃"),
    "machine": lambda: plots.machine(np.array([[0, 1], [1, 0]]), names=["even", "odd"]),
    "points": lambda: plots.points(PLACES, np.array([0, 0, 1, 1, 1]), names=["a", "b"], xlabel="x", ylabel="y"),
    "windows_of_a_stream": lambda: plots.windows_of_a_stream((6, 7), delay=6),
    "pool_and_states": lambda: plots.pool_and_states({"pool": np.full((6, 3), 0.5), "states": np.eye(6)}),
}


def test_each_figure_is_among_those_that_are_drawn_under_other_settings():
    public = {name: getattr(plots, name) for name in plots.__all__}
    draws = {name for name, thing in public.items() if getattr(thing, "__annotations__", {}).get("return") == "Figure"}
    assert draws == set(FIGURES)


OTHER_VALUES = ("False", "True", "7", "0.3", "1,2", "#123456", "serif", "dashed")
OTHER_VALUES += ("in", "both", "minor", "tight", "none", "log", "cycler(color=['#123456'])")


def every_setting_changed():
    """Each setting of matplotlib at a value other than its default, where one is found that it takes."""
    changed = {}
    for name, default in mpl.rcParamsDefault.items():
        taken = (as_in_a_file(name, text) for text in OTHER_VALUES)
        value = next((value for value in taken if value not in (None, default)), default)
        if value != default and "backend" not in name:  # that cannot be set to and fro; the last of these tests has one
            changed[name] = value
    return changed


def as_in_a_file(name, text):
    with warnings.catch_warnings(action="error"):  # of names that are on their way out
        try:
            return mpl.RcParams({name: text})[name]
        except Exception:  # mostly ValueError, but not in every validator
            return None


ALL_OTHER = every_setting_changed()


def drawn(name):
    """A figure at half its size, which is drawn faster, and where a line of another look shows as well."""
    with mock.patch.object(plots, "PIXELS_PER_INCH", 50):
        return pixels(shown(FIGURES[name]())[0]["image/png"])


@pytest.mark.parametrize("name", FIGURES)
def test_figures_look_the_same_whatever_the_readers_settings(name):
    with mpl.rc_context():
        mpl.rcdefaults()
        expected = drawn(name)
    with mpl.rc_context(ALL_OTHER):  # among them those of a dark style
        before = dict(mpl.rcParams)
        assert np.array_equal(drawn(name), expected)
        assert dict(mpl.rcParams) == before, "what the reader set must stay as it was"


def test_most_settings_are_changed():
    assert len(ALL_OTHER) > 0.8 * len(mpl.rcParamsDefault)
    assert set(mpl.style.library["dark_background"]) <= set(ALL_OTHER)
    assert {"savefig.facecolor", "savefig.bbox", "savefig.dpi", "font.size", "text.usetex"} <= set(ALL_OTHER)


def test_no_file_of_settings_no_backend_and_no_locked_folder_shows(tmp_path):
    """In a Python of its own, because matplotlib reads these when it is imported first, and then warns of them."""
    wrong = "text.latex.unicode: True\nno.such.setting: 1\nfont.size: large\n"
    (tmp_path / "matplotlibrc").write_text(f"backend: tkagg\ninteractive: True\nfigure.facecolor: red\n{wrong}")
    no_folder = tmp_path / "file"
    no_folder.touch()
    code = """
from rnn_helpers import plots
plots.show(plots.lines([1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y"), alt="A line.")
"""
    environment = os.environ | {"MATPLOTLIBRC": str(tmp_path), "MPLCONFIGDIR": str(no_folder), "MPLBACKEND": "tkagg"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    bundle, _ = shown(plots.lines([1, 2], {"a": [1, 2]}, xlabel="x", ylabel="y"), "A line.")
    assert run.stdout == f"{bundle}\n"  # without a notebook, IPython prints what it would display


def test_table_as_text_and_as_html():
    made = plots.table({"name": ["a<b", "c"], "value": [-0.0004, 1], "row": [(1, 0.5), (2, 1.5)], "ok": [True, False]})
    assert repr(made).splitlines()[1] == "a<b   0.000  1, 0.500  yes"
    left, right = 'style="text-align: left"', 'style="text-align: right"'
    assert (
        f'<tr><th scope="row" {left}>a&lt;b</th><td {right}>0.000</td><td {right}>1, 0.500</td>' in made._repr_html_()
    )
    assert f'<th scope="col" {left}>name</th><th scope="col" {right}>value</th>' in made._repr_html_()
    assert f'<th scope="col" {left}>&lt;b&gt;</th>' in plots.Table(["<b>"], [])._repr_html_()
    assert (
        f"<td {left}>take <code>x &lt; 1</code></td>" in plots.Table(["a", "b"], [["c", "take `x < 1`"]])._repr_html_()
    )
    assert "−0.40<br>0.50<br>0.00</td>" in plots.table({"h": ["a"], "W h": [(-0.4, 0.5, 0.0)]}, digits=2)._repr_html_()
    assert repr(plots.table_of_rows(["name", "value"], [("c", 1), ("d", 0.25)], digits=2)) == repr(
        plots.table({"name": ["c", "d"], "value": [1, 0.25]}, digits=2)
    )
    with pytest.raises(ValueError, match="one length"):
        plots.table({"a": [1], "b": [1, 2]})
    with pytest.raises(ValueError, match="each row needs 2 entries"):
        plots.Table(["a", "b"], [["1"]])


@pytest.mark.parametrize("name", plots.COLORS)
def test_colours_differ_in_grey_from_paper(name):
    red, green, blue = (int(plots.COLORS[name][i : i + 2], 16) / 255 for i in (1, 3, 5))
    assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.6
