"""Run page 08 from ten starts: all that it asserts has to hold whatever weights its networks begin with.

Run by `python -m tools.seeds.learning`; takes a minute or two, which is why it is apart from the tests.
"""

from __future__ import annotations

import contextlib
import io
import re

import nbformat

from tools.series import DRAWING, ROOT

PAGE = ROOT / "notebooks" / "08_learning.ipynb"
SEEDS = range(10)


def cells(seed: int) -> list[str]:
    """The page's code, with another seed for every network; without what an exercise's empty body raises."""
    found = [cell for cell in nbformat.read(PAGE, 4).cells if cell.cell_type == "code"]
    asked = [cell for cell in found if "raises-exception" not in cell.metadata.get("tags", [])]
    return [re.sub(r"\bseed=0\b", f"seed={seed}", _without_pictures(cell)) for cell in asked]


def _without_pictures(cell: nbformat.NotebookNode) -> str:
    """The source of a cell, whose picture is drawn but not displayed."""
    is_drawing = DRAWING in cell.metadata.get("tags", [])
    return cell.source.replace("plots.show(", "(lambda fig, alt: fig)(") if is_drawing else cell.source


def run(seed: int) -> str:
    """Run the page; an assertion that does not hold is an error."""
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for source in cells(seed):
            try:
                exec(source, names)
            except AssertionError as error:
                raise AssertionError(f"with seed {seed} this does not hold:\n{source}") from error
    return "; ".join(
        line.partition(" (on this machine)")[0] for line in printed.getvalue().splitlines() if ": " in line
    )


def main() -> None:
    """Print one line for each seed."""
    for seed in SEEDS:
        print(f"seed {seed}: {run(seed)}", flush=True)


if __name__ == "__main__":
    main()
