"""A page, run as it stands but from other random numbers, and which of its claims do not hold then."""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import numpy as np
import torch

APART = 10_000_000  # between the seeds of two trials: no page counts so far
MARK = "(on this machine)"


class Trial:
    """One run of a page, with all its random numbers drawn anew; the one with seed 0 is the page as it is stored."""

    def __init__(self, page: Path, seed: int) -> None:
        self.page = page
        self.seed = seed
        self.names: dict[str, Any] = {}  # what the page has defined, for what is tried beyond it
        self.found: dict[str, Any] = {}  # figures of this run, by their names
        self.broken: list[str] = []  # the claims that do not hold, each once

    def __str__(self) -> str:
        return f"page {self.page.stem[:2]}, seed {self.seed}"

    def claim(self, sentence: str, holds: Any) -> None:
        """Note whether a claim of the page holds in this run."""
        if not holds and sentence not in self.broken:
            self.broken.append(sentence)

    def run(self, further: Callable[[Trial], None] | None = None) -> str:
        """Run the page, and what its module tries beyond it; return what is to be told of it, in one line."""
        try:
            with another_start(self.seed), np.errstate(all="ignore"):  # a network that fails may well overflow
                printed = self._run_page()
                if further:
                    further(self)
        except Exception as error:
            error.add_note(f"on {self}")
            raise
        figures = [f"{name} {_short(value)}" for name, value in self.found.items()]
        return "; ".join([*_marked(printed), *figures])

    def _run_page(self) -> str:
        """Run the page's cells, whose assertions become claims; return what they print."""
        self.names["_claim"] = self.claim
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for cell in nbformat.read(self.page, as_version=4).cells:
                if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", []):
                    tree = ast.fix_missing_locations(_Claims().visit(ast.parse(cell.source)))
                    exec(compile(tree, f"{self.page.stem}, cell {cell.id}", "exec"), self.names)
        return printed.getvalue()


class _Claims(ast.NodeTransformer):
    """Makes a claim of each assertion, so that the page runs on where one does not hold."""

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        joined = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And)
        parts = node.test.values if joined else [node.test]
        return [ast.parse(f"_claim({ast.unparse(part)!r}, {ast.unparse(part)})").body[0] for part in parts]


@contextlib.contextmanager
def another_start(seed: int) -> Iterator[None]:
    """Draw other numbers than usual from every seed that is set: weights, data and order of training alike."""
    shift, default_rng, manual_seed = APART * seed, np.random.default_rng, torch.manual_seed

    def shifted(draw: Callable[..., Any]) -> Callable[..., Any]:
        return lambda its_seed=None: draw(its_seed + shift if isinstance(its_seed, int | np.integer) else its_seed)

    manual_seed(shift)  # for what a page draws without setting a seed
    with (
        patch.object(np.random, "default_rng", shifted(default_rng)),
        patch.object(torch, "manual_seed", shifted(manual_seed)),
        patch("rnn_helpers.plots.show"),  # a picture is drawn, and shown to nobody
    ):
        yield


def _marked(printed: str) -> list[str]:
    """The lines whose numbers differ from run to run; what a network has written, after a >, is left out."""
    lines = [line for line in printed.splitlines() if line.endswith(MARK) and not line.startswith(">")]
    return [" ".join(line.removesuffix(MARK).split()) for line in lines]


def _short(value: Any) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
