"""Programs that a test starts, ended with all that they started themselves, whatever happens and within a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def running(command: list[str], *, patience: float = 20, **settings: Any) -> Iterator[subprocess.Popen]:
    """Start a program in a group of its own; at the end ask it to stop, and after a while make it stop.

    Parameters
    ----------
    command : list of str
        The program and its arguments.
    patience : float, default 20
        Seconds that it may take to stop: JupyterLab sometimes waits for a thread that never ends.
    **settings
        For `subprocess.Popen`.

    Yields
    ------
    subprocess.Popen
        The running program.
    """
    process = subprocess.Popen(command, start_new_session=True, **settings)
    try:
        yield process
    finally:
        _send(process, "SIGTERM")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
        _send(process, "SIGKILL")  # whoever is left of the group
        process.wait(timeout=patience)


def _send(process: subprocess.Popen, name: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        if os.name == "nt":  # which has neither groups nor these signals
            process.kill()
        else:
            os.killpg(process.pid, getattr(signal, name))
