"""What page 12 asserts of trained networks, for ten seeds: with the page's own cells, whose assertions decide.

Run: ``python -m tools.seeds.language_model``; some three minutes.
"""

from __future__ import annotations

from typing import Any

import nbformat

from tools.series import DRAWING, ROOT

SEEDS = range(10)
FIRST_SEEDED = "torch.manual_seed(0)"  # from this cell on all depends on the seed


def main() -> None:
    """Print what each seed's cells print, on one line a seed."""
    import contextlib
    import io

    cells = nbformat.read(ROOT / "notebooks" / "12_language_model.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code" and _computes(cell)]
    begin = next(place for place, source in enumerate(sources) if source.startswith(FIRST_SEEDED))
    end = next(place for place, source in enumerate(sources) if source.startswith("X = data.X"))
    page: dict[str, Any] = {}
    for source in sources[:begin]:
        exec(source, page)
    for seed in SEEDS:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            for source in sources[begin:end]:
                exec(source.replace(FIRST_SEEDED, f"torch.manual_seed({seed})"), page)
        lines = [line.removesuffix(" (on this machine)") for line in told.getvalue().splitlines()]
        print(f"seed {seed}:", "; ".join(line for line in lines if not line.startswith(">")), flush=True)


def _computes(cell: Any) -> bool:
    tags = cell.metadata.get("tags", [])
    return DRAWING not in tags and "raises-exception" not in tags


if __name__ == "__main__":
    main()
