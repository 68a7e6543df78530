"""What page 09 says of starts that it does not run: 0.9 Q and 1.5 Q, patience, and where influence begins to grow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Run what the page leaves to its reader."""
    page = trial.names
    trial.found |= {name: page["sizes"][place] for place, name in enumerate(("default W", "Q", "2 Q"))}
    for scale in (0.9, 1.5):
        trial.found[f"{scale} Q"] = page["learn_the_first"](scale, 0)
        trial.claim(f"{scale} Q learns the first of twenty", trial.found[f"{scale} Q"] > 80)
    trial.found["patient"] = page["learn_the_first"](None, 0, updates=600)
    trial.found["grows from"] = grows_from(trial)


def grows_from(trial: Trial) -> float:
    """The scale of Q from which on the influence of x(1) after forty steps is more than at its start."""
    page = trial.names
    net, Q, x = page["net"], page["Q"], page["x"][:40]
    for scale in np.arange(1, 2, 0.05):
        net.weight_hh_l0 = scale * Q
        states, _ = net(x)
        if np.linalg.norm(page["jacobian"](states[1:], scale * Q), 2) > 1:
            return float(scale)
    return np.inf


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """What is said of most starts."""
    patient = [trial.found["patient"] for trial in trials]
    yield "patience mends some poor starts", 1 <= sum(percent > 95 for percent in patient) < len(trials)
