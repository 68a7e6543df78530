"""In place of `rnn_helpers.checks`: checks that say nothing, because the examiner runs the real ones elsewhere."""

from __future__ import annotations

from typing import Any


class CheckFailed(AssertionError):  # noqa: N818 - as the real one
    """Never raised here."""


def choose(mine: Any, solution: Any, check: Any = None) -> Any:
    """What the reader wrote."""
    return mine


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments, **options: None
