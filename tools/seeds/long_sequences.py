"""Run page 10 from ten starts: all that it asserts has to hold whatever weights and streams its networks begin with.

Run by `python -m tools.seeds.long_sequences`; takes some minutes, which is why it is apart from the tests.
"""

from __future__ import annotations

import contextlib
import io
import re

import nbformat

from tools.series import DRAWING, ROOT

PAGE = ROOT / "notebooks" / "10_long_sequences.ipynb"
SEEDS = range(10)


def cells(seed: int) -> list[str]:
    """The page's code with other seeds everywhere; without what an exercise's empty body raises."""
    found = [cell for cell in nbformat.read(PAGE, 4).cells if cell.cell_type == "code"]
    asked = [cell for cell in found if "raises-exception" not in cell.metadata.get("tags", [])]
    return [_from_another_start(_without_pictures(cell), seed) for cell in asked]


def _without_pictures(cell: nbformat.NotebookNode) -> str:
    """The source of a cell, whose picture is drawn but not displayed."""
    is_drawing = DRAWING in cell.metadata.get("tags", [])
    return cell.source.replace("plots.show(", "(lambda fig, alt: fig)(") if is_drawing else cell.source


def _from_another_start(source: str, seed: int) -> str:
    """The same with `seed` in place of 0 and 1, and three times as much for the three networks of each line."""
    source = re.sub(r"\b(seed=|default_rng\()[01]\b", rf"\g<1>{seed}", source)
    return source.replace("seed=n)", f"seed=n + {3 * seed})")


def run(seed: int) -> str:
    """Run the page; an assertion that does not hold is an error."""
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for source in cells(seed):
            exec(source, names)
    lines = [line.partition(" (on this machine)") for line in printed.getvalue().splitlines()]
    return "; ".join(" ".join(before.split()) for before, mark, _ in lines if mark)


def main() -> None:
    """Print one line for each seed."""
    for seed in SEEDS:
        print(f"seed {seed}: {run(seed)}", flush=True)


if __name__ == "__main__":
    main()
