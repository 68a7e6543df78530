"""What page 10 says beyond its assertions: of other windows, of the mended loop, of other limits."""

from __future__ import annotations

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader."""
    page = trial.names
    trial.found |= {f"broken, {way}": len(those) for way, those in page["broken"].items()}
    try_limits(trial)

    page["echoes"] = torch.tensor(page["stream"].echoes)  # the last section has put others in their place
    learned = {k: page["train"](*page["network"](1, 2), k, torch.Tensor.detach) for k in (2, 5, 24, 300)}
    trial.found |= {f"k = {k}": round(percent) for k, percent in learned.items()}
    trial.claim("windows of 2 and 5 learn little", max(learned[2], learned[5]) < 70)
    trial.claim("a window of 24 learns it, and one of 300 does not", learned[300] < 85 < 95 < learned[24])

    mended = page["train"](*page["network"](1, 2), 7, lambda h: h.detach())
    trial.claim("the mended loop learns the echo", mended > 99.5)
    untaught = page["train"](*page["network"](1, 2), 6, torch.Tensor.detach, all_of_it=False)
    trial.found["readout alone, default W"] = round(untaught)
    trial.claim("W leaves traces of old bits untaught", untaught > 51)


def try_limits(trial: Trial) -> None:
    """Train with limits far below and far above the usual norms, nine networks each."""
    page = trial.names
    for limit in (0.1, 10.0):
        nine = [page["train_on_digits"](*page["halves"], 0.3, limit, "relu", seed) for seed in range(9)]
        median = float(np.median([right for right, _ in nine]))
        trial.found[f"limit {limit}"] = median
        trial.claim("a limit of 1 is better than others", median < page["right"]["limit 1"])
        trial.claim("with a limit none breaks", all(np.isfinite(seen).all() for _, seen in nine))
