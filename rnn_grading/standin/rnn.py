"""In place of `rnn_helpers.rnn`, unless the assignment imports from it: names that refuse when called."""

from __future__ import annotations

from typing import Any

from rnn_helpers.withheld import withheld

RNN, parameter_shapes, rnn_forward, rnn_step = map(withheld, ("RNN", "parameter_shapes", "rnn_forward", "rnn_step"))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return withheld(name)
