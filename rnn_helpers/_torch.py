"""One line that says how to get torch, where it is needed: `pip install rnn-helpers` alone does not bring it."""

from __future__ import annotations

import importlib.util

__all__ = ["need_torch"]


def need_torch() -> None:
    """Call before ``import torch``.

    Raises
    ------
    ModuleNotFoundError
        If torch is not installed; its message is the command that brings it.
    """
    if importlib.util.find_spec("torch") is None:
        message = 'this needs PyTorch, which is not installed; this brings it: pip install "rnn-helpers[torch]"'
        raise ModuleNotFoundError(message, name="torch")
