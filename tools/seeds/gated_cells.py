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
    """What is said of ten draws: of LSTMs that add, and of orthogonal starts that name the first of twenty."""
    later = np.array([trial.found["LSTM, 900 updates"] for trial in trials])
    yield "nine of ten LSTMs have learned to add after 900 updates", np.mean(later < 0.02) >= 0.9
    orthogonal = np.array([trial.names["percent"]["RNN, orthogonal"] for trial in trials])
    yield "all orthogonal starts but one in ten learn the first of twenty", np.mean(orthogonal > 90) >= 0.9
