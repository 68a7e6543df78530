"""What page 10 says beyond its assertions: of other windows, of ten networks, of thirty trainings with a limit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader."""
    page = trial.names
    runs = {f"limit {limit}, rate {rate}": of_three for (limit, rate), of_three in page["runs"].items()}
    trial.found |= {name: [round(percent) for percent in of_three] for name, of_three in runs.items()}
    trial.found["factor a step"] = page["falls"]

    page["echoes"] = torch.tensor(page["stream"].echoes)  # the last section has put others in their place
    learned = {k: page["train"](*page["network"](1, 2), k) for k in (2, 5, 24, 300)}
    trial.found |= {f"k = {k}": round(percent) for k, percent in learned.items()}
    trial.claim("windows of 2 and 5 learn little", max(learned[2], learned[5]) < 70)
    trial.claim("a window of 24 learns it, and one of 300 does not", learned[300] < 85 < 95 < learned[24])
    trial.found["updates before nan"] = len(page["norms"])


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """What is said of the trainings of all seeds, three in each."""
    runs = {
        setting: np.ravel([trial.names["runs"][setting] for trial in trials]) for setting in trials[0].names["runs"]
    }
    without, limited = np.max([runs[np.inf, rate] for rate in (0.1, 0.3, 1.0)]), runs[1.0, 0.3]
    print(f"  limit 1, rate 0.3: {min(limited):.0f} to {max(limited):.0f} %; without a limit: at most {without:.0f} %")
    factors = [trial.found["factor a step"] for trial in trials]
    yield "the error falls by a factor of 0.50 to 0.65 a step", 0.49 < min(factors) < max(factors) < 0.66
    yield "the usual training with a limit is above the best without", np.median(limited) > without
