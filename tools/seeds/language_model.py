"""What page 12 says beyond its assertions: of its curve, of smaller weights at the start, of a GRU, of temperatures."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Follow the bits a character, train two other networks, and read what the 5-gram writes cold and hot."""
    page, curve = trial.names, trial.names["curve"]
    trial.found["curve"] = " ".join(f"{bits:.2f}" for bits in curve)
    trial.claim("each reading brings the bits down", all(later < earlier for earlier, later in pairwise(curve)))

    words = set(page["text"].characters.split())
    written = {heat: page["write"](page["n_gram"](5), "Alice ", 400, heat).split() for heat in (0.1, 1.0, 3.0)}
    known = {heat: float(np.mean([word in words for word in written[heat]])) for heat in written}
    trial.found["known words at 0.1, 1, 3"] = [round(share, 2) for share in known.values()]
    trial.claim("cold, it goes round in the likeliest words", len(set(written[0.1])) < len(set(written[1.0])) / 2)
    trial.claim("hot, the words break apart", known[3.0] < known[1.0] / 2)

    trial.found["with PyTorch's U"] = trained_anew(trial, torch.nn.RNN(page["K"], 128))
    trial.claim("with PyTorch's smaller U it learns more slowly", trial.found["with PyTorch's U"] > curve[-1] + 0.05)
    gru = torch.nn.GRU(page["K"], 128)
    torch.nn.init.normal_(gru.weight_ih_l0)
    trial.found["a GRU"] = trained_anew(trial, gru)
    trial.claim("a GRU goes further", trial.found["a GRU"] < curve[-1])
    if trial.seed == 0:
        longer(trial)


def longer(trial: Trial) -> None:
    """Does a network ever beat counting? Two minutes of training, so it is tried from one start."""
    page = trial.names
    rnn, gru = torch.nn.RNN(page["K"], 128), torch.nn.GRU(page["K"], 256)
    for net in (rnn, gru):
        torch.nn.init.normal_(net.weight_ih_l0)
    trial.found["this RNN, 30 readings"] = trained_anew(trial, rnn, n_readings=30)
    trial.claim("this RNN does not pass the 4-gram", trial.found["this RNN, 30 readings"] > page["by_counting"][3])
    trial.found["a GRU of 256, 10 readings"] = trained_anew(trial, gru, n_readings=10, rate=0.002)
    trial.claim("the GRU beats the 5-gram", trial.found["a GRU of 256, 10 readings"] < page["by_counting"][4] - 0.03)


def trained_anew(trial: Trial, net: torch.nn.Module, n_readings: int = 5, rate: float = 0.005) -> float:
    """Put another network in the place of the page's, with a new readout; its bits after so many readings."""
    page = trial.names
    page["net"], page["readout"] = net, torch.nn.Linear(net.hidden_size, page["K"])
    page["parameters"] = [*net.parameters(), *page["readout"].parameters()]
    page["optimizer"] = torch.optim.Adam(page["parameters"], lr=rate)
    for _ in range(n_readings):
        page["read_once"](page["codes"][: page["n_train"]])
    return float(page["network_bits"]())
