"""What learners' code finds under the name `rnn_helpers` while it is graded: nothing in it knows a right result.

`data` and `plots` are the real ones. What a given cell of the assignment imports by name is real too; see `walls`.
"""

from __future__ import annotations

from typing import Any

from rnn_helpers.rnn import RNN, parameter_shapes, rnn_forward, rnn_step

__all__ = ["RNN", "parameter_shapes", "rnn_forward", "rnn_step"]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from importlib import import_module

    try:
        return import_module(f"rnn_helpers.{name}")
    except ModuleNotFoundError:
        from rnn_helpers.withheld import withheld

        return withheld(name)
