"""What page 09 says beyond its assertions: of more starts, and of patience."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader, or says of other runs."""
    page = trial.names
    trial.found |= {f"size of {name}": float(size) for name, size in page["sizes"].items()}
    for scale in (0.9, 1.5):
        page["learned"][f"{scale} Q"] = [page["learn_the_first"]("Q", seed, scale) for seed in range(4)]
        trial.found[f"{scale} Q"] = [right for right, _ in page["learned"][f"{scale} Q"]]
    trial.found["default W, 600 updates"] = page["learn_the_first"]("W", 0, updates=600)[0]
    trial.found["influence grows from"] = grows_from(trial)
    trial.claim("influence grows from about 1.2 on", 1.05 <= trial.found["influence grows from"] <= 1.3)
    trial.found["probes"] = page["read"]
    for name in ("Q", "default W"):
        layer = torch.nn.RNN(2, 32)
        if name == "Q":
            torch.nn.init.orthogonal_(layer.weight_hh_l0)
        trial.found[f"adding with patience, {name}"] = page["learn_to_add"](layer, 0.001, 6000)[1]
    page["first_of_twenty"] = first_of_fifty
    trial.found["Q, 50 tokens"] = page["learn_the_first"]("Q", 0)[0]


def first_of_fifty(n_sequences: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw the page's task for 50 tokens in place of 20."""
    tokens = torch.randint(6, (50, n_sequences))
    return torch.nn.functional.one_hot(tokens, 6).float(), tokens[0]


def grows_from(trial: Trial) -> float:
    """The scale of Q from which on x(1) has more influence on h(40) than on h(1), as in the page's element."""
    page = trial.names
    net, x = page["net"], page["x"][:40]
    for scale in np.arange(0.5, 2, 0.05):
        net.weight_hh_l0 = scale * page["Q"]
        states, _ = net(x)
        first = (1 - states[0] ** 2)[:, np.newaxis] * net.weight_ih_l0
        last = page["jacobian"](states[1:], net.weight_hh_l0) @ first
        if np.linalg.norm(last) > np.linalg.norm(first):
            return round(float(scale), 2)
    return np.inf


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """What is said of all starts, four in each trial."""
    learned = {
        name: [run for trial in trials for run in trial.names["learned"][name]] for name in trials[0].names["learned"]
    }
    of = {name: np.array([right for right, _ in runs]) for name, runs in learned.items()}
    yield "most starts with Q are above 90 %", np.mean(of["1 Q"] > 90) > 0.75
    yield "most with 1.75 W are above 80 %", np.mean(of["1.75 W"] > 80) > 0.6
    yield "none with 0.5 Q is above 30 %", max(of["0.5 Q"]) <= 30
    yield "most with the default W are below 25 %", np.mean(of["1 W"] < 25) > 0.5
    yield "0.9 Q learns from most starts", np.mean(of["0.9 Q"] > 80) > 0.7
    yield "1.5 Q learns from all", min(of["1.5 Q"]) > 80
    on_fifty = [trial.found["Q, 50 tokens"] for trial in trials]
    yield "with 50 tokens Q learns only in part", 20 < np.median(on_fifty) < 95
    patient = [trial.found["default W, 600 updates"] for trial in trials]
    yield "after 600 updates, some with the default W are above 95 %", 1 <= sum(np.array(patient) > 95) < len(trials)
    for name in ("Q", "default W"):
        errors = np.array([trial.found[f"adding with patience, {name}"] for trial in trials])
        yield f"with patience, about half or more with {name} learn to add", np.mean(errors < 0.04) >= 0.4
        yield f"and not all with {name}", max(errors) > 0.04
