"""What page 12 says beyond its assertions: of temperatures, small weights at the start, units, and larger networks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Read what the 5-gram writes cold and hot, train with PyTorch's U, and note what the best units follow."""
    page, curves = trial.names, trial.names["curves"]
    for name, curve in curves.items():
        trial.found[name] = " ".join(f"{bits:.2f}" for bits in curve)

    words = set(page["text"].characters.split())
    five = partial(page["n_gram"], 5)
    written = {heat: page["written_by"](five, "Alice ", 400, heat).split() for heat in (0.1, 1.0, 3.0)}
    known = {heat: float(np.mean([word in words for word in written[heat]])) for heat in written}
    trial.found["known words at 0.1, 1, 3"] = [round(share, 2) for share in known.values()]
    trial.claim("cold, it goes round in the likeliest words", len(set(written[0.1])) < len(set(written[1.0])) / 2)
    trial.claim("hot, the words break apart", known[3.0] < known[1.0] / 2)

    layer = torch.nn.RNN(page["K"], 128)
    small_u = torch.nn.ModuleList([layer, torch.nn.Linear(128, page["K"])])
    trial.found["with PyTorch's U"] = trained(trial, small_u, n_readings=3)
    trial.claim("with PyTorch's U it learns more slowly", trial.found["with PyTorch's U"] > curves["RNN"][-1] + 0.05)

    in_line, untrained = (each["unit"] for each in page["found"]["GRU", "line"])
    trial.found["the GRU's unit for the line"], trial.found["untrained"] = in_line, untrained
    if trial.seed == 0:
        longer(trial)


def together(trials: list[Trial]) -> Iterable[tuple[str, bool]]:
    """How many GRUs grow a unit for the place in the line: one that follows it well, or none."""
    in_line = np.array([trial.found["the GRU's unit for the line"] for trial in trials])
    yield "about half of the GRUs grow a unit for the line", 0.2 < np.mean(in_line > 0.6) < 0.8
    yield "the others do not", max(in_line[in_line < 0.6], default=0) < 0.3
    yield "untrained, no GRU has one", max(trial.found["untrained"] for trial in trials) < 0.25


def longer(trial: Trial) -> None:
    """Does a network ever beat counting? Minutes of training, so it is tried from one start."""
    page = trial.names
    rnn, gru = (page["with_readout"](layer) for layer in (torch.nn.RNN(page["K"], 128), torch.nn.GRU(page["K"], 256)))
    of_rnn = trained(trial, rnn, n_readings=30, rate=0.005)
    of_gru = trained(trial, gru, n_readings=10, rate=0.002)
    trial.found["an RNN, 30 readings"], trial.found["a GRU of 256, 10 readings"] = f"{of_rnn:.2f}", f"{of_gru:.2f}"
    trial.claim("this RNN does not pass the 4-gram", of_rnn > page["by_counting"][3])
    trial.claim("the GRU beats the 5-gram", of_gru < page["by_counting"][4] - 0.03)


def trained(trial: Trial, net: torch.nn.Module, n_readings: int, rate: float = 0.01) -> float:
    """The bits of a network after so many readings, trained as the page does."""
    page = trial.names
    return float(page["train"](net, page["training"], page["kept"], n_readings, rate)[-1])
