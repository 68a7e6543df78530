"""What page 12 says of its curve, beyond what it asserts."""

from __future__ import annotations

from itertools import pairwise

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Follow the bits a character from a hundred updates to the next."""
    curve = trial.names["curve"]
    trial.found["curve"] = " ".join(f"{bits:.2f}" for bits in curve)
    trial.claim("the curve is still falling", curve[-1] < curve[-2])
    trial.claim("it falls all the way", all(later < earlier for earlier, later in pairwise(curve)))
