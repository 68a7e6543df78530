"""What page 08 says of its loss curve, of networks that leak on 0s, and of the bits that mend them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.seeds.trial import Trial

# The page's own network was chosen because it leaks, and so was that which counts by three: many others hold.
CHOSEN = (
    "right.sum() ==",
    "len(places) == 1",
    "told.startswith",
    "len(resting_places(by_",
)


def further(trial: Trial) -> None:
    """Time the fall of the loss, and mend the first of other networks that leaks."""
    page = trial.names
    if trial.seed:
        trial.broken = [claim for claim in trial.broken if not claim.startswith(CHOSEN)]
    curve = page["of_twenty"]
    begins, ends = 20 * np.flatnonzero(curve > 0.1)[-1] + 20, 20 * np.flatnonzero(curve < 0.0125)[0] + 20
    trial.found |= {"loss above 0.1 until": int(begins), "below 0.0125 from": int(ends)}
    trial.claim("the loss stays of the order of 0.125 for the first hundred updates", min(curve[:5]) > 0.06)
    trial.claim("then it falls, in less than half the time that this took", ends - begins < begins / 2)

    for tried in range(1, 40):
        leaky, _ = page["train"](page["draw_parameters"](8, 7 + tried), page["random_bits"])
        if _right(trial, leaky) and not _holds(trial, leaky):
            break
    trial.found["the first that leaks"] = tried
    again, _ = page["train"](leaky, page["random_bits"], n_updates=500, rate=0.002)
    trial.found["mended by more random bits"] = int(_right(trial, again) and _holds(trial, again))
    mended, _ = page["train"](leaky, page["bits_with_runs_solution"], n_updates=500, rate=0.002)
    trial.claim("the page's bits mend one that leaks", _right(trial, mended) and _holds(trial, mended))
    trial.claim("it is a machine of two states then", np.array_equal(page["read_out"](mended), [[0, 1], [1, 0]]))


def _right(trial: Trial, net: dict[str, np.ndarray]) -> bool:
    """Whether all 200,000 answers on random bits are right."""
    long = trial.names["long"]
    return bool((np.rint(trial.names["read"](net, long.x)[1]) == long.counts).all())


def _holds(trial: Trial, net: dict[str, np.ndarray]) -> bool:
    """Whether all answers are right through 10,000 0s."""
    kept = np.rint(trial.names["read_0s"](net, 10_000)[1]) == trial.names["long"].counts[99]
    return bool(kept.all())


def together(trials: list[Trial]) -> Iterator[tuple[str, bool]]:
    """How many leak, and how many of these are mended by more of the same."""
    n, tried = len(trials), sum(trial.found["the first that leaks"] for trial in trials)
    yield "about 10 of 44 networks leak on 0s", 0.1 <= n / tried <= 0.5
    again = sum(trial.found["mended by more random bits"] for trial in trials)
    yield "more random bits mend about three of ten", 0 < again < 0.6 * n
