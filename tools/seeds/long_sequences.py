"""What page 10 says beyond its assertions: of other windows and streams, of the mended loop, of limits, and of room."""

from __future__ import annotations

import numpy as np
import torch

from rnn_helpers import data
from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader."""
    page = trial.names
    trial.found |= {f"broken, {way}": len(those) for way, those in page["broken"].items()}
    try_limits(trial)
    try_room(trial)

    learned = {k: page["train"](*page["network"](1, 2), k, torch.Tensor.detach) for k in (2, 5, 24, 300)}
    trial.found |= {f"k = {k}": round(percent) for k, percent in learned.items()}
    trial.claim("windows of 2 and 5 learn little", max(learned[2], learned[5]) < 70)
    trial.claim("a window of 24 learns it, and one of 300 does not", learned[300] < 85 < 95 < learned[24])
    longer = page["train"](*page["network"](1, 2), 6, torch.Tensor.detach, stream_of(42_000, delay=6))
    trial.found["k = 6, 42,000 steps"] = round(longer)
    trial.claim("six does not learn from a stream ten times as long", longer < 60)

    mended = page["train"](*page["network"](1, 2), 12, lambda h: h.detach())
    trial.claim("the mended loop learns the echo", mended > 99.5)
    layer, readout = page["network"](1, 2)
    untaught = page["train"](layer.requires_grad_(False), readout, 6, torch.Tensor.detach)
    trial.found["readout alone, default W"] = round(untaught)
    trial.claim("W leaves traces of old bits untaught", untaught > 51)


def stream_of(n_steps: int, *, delay: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw bits and their echoes as the page does."""
    drawn = data.echo(32, n_steps, delay=delay, seed=0)
    return torch.tensor(drawn.x, dtype=torch.float32), torch.tensor(drawn.echoes)


def try_room(trial: Trial) -> None:
    """Give 32 units that start from Q more windows than the page does, at twenty steps and at forty."""
    page, right = trial.names, {}
    for delay in (20, 40):
        layer, readout = page["network"](1, 2)
        torch.nn.init.orthogonal_(layer.weight_hh_l0)
        stream = stream_of(400 * 2 * delay, delay=delay)
        right[delay] = page["train"](layer, readout, 2 * delay, torch.Tensor.detach, stream, rate=0.001)
        trial.found[f"{delay} steps, 400 windows"] = round(right[delay])
    trial.claim("400 windows are enough for twenty steps", right[20] > 98.5)
    trial.claim("and not for forty", 55 < right[40] < 85)


def try_limits(trial: Trial) -> None:
    """Train with limits far below and far above the usual norms, nine networks each."""
    page = trial.names
    norms = page["clipped"][:, 0]
    trial.found |= {"norm with limit 1": float(np.median(norms)), "shortened": float((norms > 1).mean())}
    for limit in (0.1, 10.0):
        nine = [page["train_on_digits"](*page["halves"], 0.3, limit, "relu", seed) for seed in range(9)]
        median = float(np.median([right for right, _ in nine]))
        trial.found[f"limit {limit}"] = median
        trial.claim("a limit of 1 is better than others", median < page["right"]["limit 1"])
        trial.claim("with a limit none breaks", all(np.isfinite(seen).all() for _, seen in nine))
