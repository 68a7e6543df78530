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


def trained_anew(trial: Trial, net: torch.nn.Module) -> float:
    """Put another network in the place of the page's, with a new readout; its bits after as many readings."""
    page = trial.names
    page["net"], page["readout"] = net, torch.nn.Linear(128, page["K"])
    page["parameters"] = [*net.parameters(), *page["readout"].parameters()]
    page["optimizer"] = torch.optim.Adam(page["parameters"], lr=0.005)
    for _ in page["curve"][1:]:
        page["read_once"](page["codes"][: page["n_train"]])
    return float(page["network_bits"]())
