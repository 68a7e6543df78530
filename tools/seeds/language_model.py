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
    """How many GRUs grow a unit for the place in the line."""
    in_line = sorted(trial.found["the GRU's unit for the line"] for trial in trials)
    print("the GRUs' units for the line:", *(f"{each:.2f}" for each in in_line))
    yield "in most starts the GRU grows a unit for the line", in_line[len(in_line) // 2] > 0.4
    yield "untrained, no GRU has one", max(trial.found["untrained"] for trial in trials) < 0.25


def longer(trial: Trial) -> None:
    """Does a network ever beat counting? Minutes of training, so it is tried from one start."""
    page = trial.names
    rnn, gru = (page["with_readout"](layer) for layer in (torch.nn.RNN(page["K"], 128), torch.nn.GRU(page["K"], 256)))
    trial.found["an RNN, 30 readings"] = trained(trial, rnn, n_readings=30, rate=0.005)
    trial.claim("this RNN does not pass the 4-gram", trial.found["an RNN, 30 readings"] > page["by_counting"][3])
    trial.found["a GRU of 256, 10 readings"] = trained(trial, gru, n_readings=10, rate=0.002)
    trial.claim("the GRU beats the 5-gram", trial.found["a GRU of 256, 10 readings"] < page["by_counting"][4] - 0.03)


def trained(trial: Trial, net: torch.nn.Module, n_readings: int, rate: float = 0.01) -> float:
    """The bits of a network after so many readings, trained as the page does."""
    page = trial.names
    return float(page["train"](net, page["training"], page["kept"], n_readings, rate)[-1])
