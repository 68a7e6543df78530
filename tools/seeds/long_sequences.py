"""What page 10 says beyond its assertions: of other windows, and of how many updates are clipped."""

from __future__ import annotations

import numpy as np

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader, and count clipped updates."""
    page = trial.names
    learned = {k: page["train"](*page["network"](1, 2), k) for k in (2, 5, 24, 100)}
    trial.found |= {f"k = {k}": f"{percent:.0f} %" for k, percent in learned.items()}
    trial.claim("windows of 2 and 5 learn little", max(learned[2], learned[5]) < 70)
    trial.claim("a window of 24 learns it", learned[24] > 90)
    trial.claim("the longest is not the best", learned[100] < min(learned[24], page["learned"][12]))
    for rate, limit in ((1, 0.1), (0.1, 1)):
        trial.found[f"clipped at rate {rate}, limit {limit}"] = share_clipped(trial, rate, limit)
        trial.claim("nearly every gradient is clipped", share_clipped(trial, rate, limit) > 0.9)


def share_clipped(trial: Trial, rate: float, limit: float) -> float:
    """In how many of the updates the gradient was above the limit."""
    page, clip, was_clipped = trial.names, trial.names["clip"], []

    def watched(gradients: list[np.ndarray], limit: float) -> list[np.ndarray]:
        clipped = clip(gradients, limit)
        was_clipped.append(np.abs(clipped[0]).sum() < np.abs(gradients[0]).sum())
        return clipped

    page["clip"] = watched
    page["train_on_digits"](page["images"], page["test_images"], rate, limit, size=2)
    page["clip"] = clip
    return float(np.mean(was_clipped))
