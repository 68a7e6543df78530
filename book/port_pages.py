"""The page of the mistakes that ports make, made from those that `compare.locate` knows: each stands there by its name.

As on the other pages of the silent mistakes, every number is computed when the book is built.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from book.mistake_pages import helpers, in_prose, number, source
from rnn_helpers import RNN, data
from rnn_helpers.locating import distance
from rnn_helpers.ports import KNOWN, PADDING_NOT_ZERO, Loop, PortMistake

ALL = (*KNOWN, PADDING_NOT_ZERO)
# The pieces of the loop in the order in which it comes to them.
PIECES = {
    "parameters": "Which parameters a layer and a direction have",
    "first": "The state before the first step",
    "direction": "One direction of one layer reads",
    "joined": "Two directions side by side",
    "whole": "What goes in and what comes out",
}
LENGTHS = np.array([3, 5])  # the short one first: who packs sorts it behind the long one


def names(piece: str | None = None) -> list[str]:
    """The names of the mistakes in one piece of the loop, or of all."""
    return list(dict.fromkeys(mistake.name for mistake in ALL if piece in (None, mistake.piece)))


def loop_for(mistake: PortMistake) -> Loop:
    """Part of the sentence, padded, and all of it, read by a layer that can have the mistake at one of its places."""
    for n_features in (3, 4, 8):  # with 4, U of layer 0 is as large as W; with 8, as large as that of layer 1
        rng = np.random.default_rng(0)
        sentence = data.X if n_features == 3 else rng.uniform(-1, 1, (5, n_features))
        x = np.stack([sentence, sentence], axis=1)
        x[LENGTHS[0] :, 0] = 0
        rnn = RNN(n_features, 4, num_layers=2, bidirectional=True, dtype=np.float64, seed=0)
        loop = Loop(rnn, x, rng.uniform(-0.5, 0.5, (4, 2, 4)), LENGTHS)
        if any(mistake.applies(loop, at) for at in loop.places):
            return loop
    raise ValueError(f"no layer here can have the mistake {mistake.name!r}: give loop_for another")


def off_by(mistake: PortMistake) -> list[float]:
    """How far `output` and each entry of `h_n` are off, if the mistake is made wherever it can be."""
    loop = loop_for(mistake)
    where = frozenset(at for at in loop.places if mistake.applies(loop, at))
    output, h_n = mistake.wrong(loop) if mistake.piece == "whole" else loop.run(mistake, where)
    right_output, right_h_n = loop.run()
    return [distance(output, right_output), *map(distance, h_n, right_h_n)]


def cost(mistake: PortMistake) -> str:
    """The same as a table."""
    features = loop_for(mistake).rnn.input_size
    told = "" if features == 3 else f" (random tokens of {features} features: with 3 it would be an error)"
    head = " | ".join(["`output`", *(f"`h_n[{entry}]`" for entry in range(4))])
    row = " | ".join(map(number, off_by(mistake)))
    return f"**Off by**{told}\n\n| {head} |\n|{' ---: |' * 5}\n| {row} |"


def entry(name: str) -> str:
    """All about the mistake of one name, which may be written in several ways."""
    same = [mistake for mistake in ALL if mistake.name == name]
    codes = list(dict.fromkeys(source(mistake.wrong) for mistake in same))
    parts = [f"### {name}", f"```python\n{codes[0]}\n```", f"**Mend:** {in_prose(same[0].mend)}.", cost(same[0])]
    if len(codes) > 1:
        others = "\n\n\n".join(codes[1:])
        summary = "<summary>The same mistake, written in other ways</summary>"
        parts.append(f"<details>\n{summary}\n\n```python\n{others}\n```\n\n</details>")
    return "\n\n".join(parts)


def right_piece(piece: str) -> str:
    """The method of the loop in whose place a mistake stands, if it is one."""
    if piece == "whole":
        return ""
    method: Any = getattr(Loop, piece)
    return f"What is right:\n\n```python\n{source(method)}\n```"


def page() -> str:
    """The page."""
    parts = [
        "# Silent mistakes: in a port",
        "A port is the layer written again in other code, with the same weights. These are the "
        f"{len(names())} mistakes that [`compare.locate`](../api/compare.md) names from a port's numbers alone; "
        "[My code disagrees](../my_code_disagrees.md) says how to ask it.",
        "Each entry has the wrong piece of the loop in Python, whatever your port is written in. `at` is a layer and a "
        "direction. Beneath stands how far off the results are if the mistake is made wherever it can be: by a layer "
        "of two layers and two directions that reads the first three tokens of the running example, padded, and all "
        "five, with `lengths` and `h_0`.",
    ]
    for piece, title in PIECES.items():
        functions = [mistake.wrong for mistake in ALL if mistake.piece == piece]
        entries = map(entry, names(piece))
        parts += itertools.chain([f"## {title}", right_piece(piece), helpers(functions)], entries)
    return "\n\n".join(part for part in parts if part) + "\n"
