"""Try the pages, or those whose numbers are given, from ten starts each: `python -m tools.seeds 09 10`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import torch

from tools import series
from tools.seeds.trial import Trial


def modules() -> dict[Path, ModuleType]:
    """The pages that are tried, each with the module that is named as it is."""
    here = Path(__file__).parent
    named = {page: page.stem.partition("_")[2] for page in series.NOTEBOOKS}
    tried = {page: name for page, name in named.items() if (here / f"{name}.py").exists()}
    return {page: importlib.import_module(f"tools.seeds.{name}") for page, name in tried.items()}


def try_page(page: Path, module: ModuleType, seeds: Iterable[int]) -> list[str]:
    """Print one line for each seed; return the claims that do not hold, each with its page and seed."""
    trials, broken = [], []
    for seed in seeds:
        trial = Trial(page, seed)
        print(f"{trial}: {trial.run(getattr(module, 'further', None))}", flush=True)
        trials.append(trial)
        broken += _told(f"{trial}: {claim}" for claim in trial.broken)
    over_all = getattr(module, "together", lambda trials: ())(trials)
    name = f"page {page.stem[:2]}, {len(trials)} seeds"
    return broken + _told(f"{name}: {claim}" for claim, holds in over_all if not holds)


def _told(broken: Iterable[str]) -> list[str]:
    found = list(broken)
    for claim in found:
        print(f"  does not hold: {claim}", flush=True)
    return found


def main(*arguments: str) -> None:
    """Try the pages, and end with the claims that do not hold, if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.seeds", description=__doc__)
    parser.add_argument("pages", nargs="*", help="numbers of pages, such as 09; without any, all that are tried")
    parser.add_argument("--seeds", type=int, default=10, help="how many starts; default 10")
    asked = parser.parse_args(arguments)
    tried = modules()
    unknown = set(asked.pages) - {page.stem[:2] for page in tried}
    if unknown:
        parser.error(
            f"no such page is tried: {', '.join(sorted(unknown))}; there are {', '.join(p.stem for p in tried)}"
        )
    torch.set_num_threads(1)  # work this small is faster on one core than shared out
    broken = []
    for page, module in tried.items():
        if not asked.pages or page.stem[:2] in asked.pages:
            broken += try_page(page, module, range(asked.seeds))
    if broken:
        sys.exit("\n".join([f"{len(broken)} claims do not hold:", *broken]))


if __name__ == "__main__":
    main(*sys.argv[1:])
