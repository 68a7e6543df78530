"""What page 11 says of an LSTM and the adding problem, which it leaves to its reader."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Train an LSTM for longer than the page trains a GRU."""
    page = trial.names
    torch.manual_seed(0)
    learner = torch.nn.LSTM(2, 32), torch.nn.Linear(32, 1), page["draw_sums"], torch.nn.functional.mse_loss
    losses = page["train"](*learner, 900)
    after = {n: float(np.mean(losses[n - 20 : n])) for n in (260, 900)}
    trial.found |= {f"LSTM, {n} updates": loss for n, loss in after.items()}
    trial.claim("an LSTM has not learned to add after 260 updates", after[260] > 0.1)


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """What the answer to question 3 says of ten draws."""
    later = [trial.found["LSTM, 900 updates"] for trial in trials]
    yield (
        "nine of ten LSTMs have learned to add after 900 updates",
        sum(loss < 0.02 for loss in later) >= 0.9 * len(later),
    )
    yield "the others have begun to", max(later) < 0.15
