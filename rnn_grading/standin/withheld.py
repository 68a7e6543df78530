"""The names of a reference that is not here: they can be imported, and refuse when they are called."""

from __future__ import annotations

from typing import Any


class Withheld(Exception):  # noqa: N818 - it reads as a sentence
    """A function of `rnn_helpers` was called in place of one's own."""


def withheld(name: str) -> Any:
    """A function of that name, which refuses."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise Withheld(f"{name} of rnn_helpers is not there while an answer is graded: write it yourself")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse
