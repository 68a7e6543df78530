"""What page 08 says of its loss curve, and of what counting by three asks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.seeds.trial import Trial


def further(trial: Trial) -> None:
    """Time the fall of the loss, and count by three with no more than parity has."""
    page = trial.names
    curve = page["of_twenty"]
    begins, ends = 20 * np.flatnonzero(curve > 0.1)[-1] + 20, 20 * np.flatnonzero(curve < 0.0125)[0] + 20
    trial.found |= {"loss above 0.1 until": int(begins), "below 0.0125 from": int(ends)}
    trial.claim("the loss stays of the order of 0.125 for the first hundred updates", min(curve[:5]) > 0.06)
    trial.claim("then it falls, in less than half the time that this took", ends - begins < begins / 2)

    trial.found["leaks on 0s"] = sum(abs(y[-1]) > 0.5 for y in page["on_0s"].values())

    small, _ = page["train"](modulus=3, n_units=8, seed=0)
    answers = np.rint(page["read"](small, page["long_3"].x[:100])[1])
    trial.found["by three, 8 units, 2500 updates"] = float(np.mean(answers == page["long_3"].counts[:100]))


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """Whether a third group wants more room and time, and a hollow may leak."""
    right = [trial.found["by three, 8 units, 2500 updates"] for trial in trials]
    yield "a third group wants more room and time", min(right) < 1
    leaks = [trial.found["leaks on 0s"] for trial in trials]
    yield "about 6 of 20 networks leak on 0s only", 0.15 <= sum(leaks) / (2 * len(leaks)) <= 0.5
