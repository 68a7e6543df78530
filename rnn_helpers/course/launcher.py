"""Starts a kernel behind walls; run by its path, so that no other module of the grader is loaded beside it.

``python -P -s launcher.py SETTINGS -f CONNECTION_FILE``. SETTINGS is a JSON object: the limits (bytes, seconds,
counts), the uid to run as, and, for Linux started by root, which folders to cover. ``--probe`` in place of ``-f`` only
tries whether all of it works.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWNET = 0x00020000, 0x08000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18


def limit(limits: dict[str, int | None]) -> None:
    """Set every limit, hard and soft, so that learner code cannot raise it again."""
    kinds = {
        "memory": resource.RLIMIT_AS,
        "cpu_seconds": resource.RLIMIT_CPU,
        "file": resource.RLIMIT_FSIZE,
        "processes": resource.RLIMIT_NPROC,
        "core": resource.RLIMIT_CORE,
    }
    for name, kind in kinds.items():
        bound = limits.get(name)
        if bound is not None:
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(kind, (bound, bound))


def withdraw(keep: list[str], cover: list[str]) -> None:
    """Give this process a view of its own of the files, and no network.

    Linux lets root do this without a container engine. In the new view every folder of `cover` is empty but for the
    paths of `keep` inside it, and so is a folder that only root may enter and that stands above one of `keep`.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC):
        raise OSError(ctypes.get_errno(), "no namespaces of its own")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    closed = {str(folder) for path in keep for folder in Path(path).parents if not folder.stat().st_mode & 0o001}
    for folder in sorted({*cover, *closed}, key=len):
        if not os.path.isdir(folder):
            continue
        inside = [path for path in keep if Path(path).is_relative_to(folder) and os.path.exists(path)]
        opened = {path: os.open(path, os.O_PATH) for path in inside}
        _mount("tmpfs", folder, "tmpfs", 0, f"size=256m,mode={oct(os.stat(folder).st_mode & 0o7777 | 0o555)[2:]}")
        for path, descriptor in sorted(opened.items()):
            os.makedirs(path, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
            os.close(descriptor)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    if ctypes.CDLL(None, use_errno=True).mount(*words, ctypes.c_ulong(flags), options.encode()):
        raise OSError(ctypes.get_errno(), f"cannot mount on {target}")


def become(uid: int) -> None:
    """Give up root's rights for good."""
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    os.umask(0o077)


def die_with_parent() -> None:
    """Have Linux kill this process when the grader dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def load_guard() -> None:
    """Register the guard under a name that the kernel finds later."""
    spec = importlib.util.spec_from_file_location("_course_guard", Path(__file__).with_name("guard.py"))
    assert spec is not None, "they are None for files that are not Python's"
    assert spec.loader is not None
    guard = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = guard
    spec.loader.exec_module(guard)


def main() -> None:
    """Put up the walls, from the outermost inwards, and start the kernel behind them."""
    settings = json.loads(sys.argv.pop(1))
    folder = os.getcwd()
    if settings["withdraw"]:
        withdraw(**settings["withdraw"])
    os.chdir(folder)  # the same folder, in the new view
    limit(settings["limits"])
    if settings["uid"] is not None:
        become(settings["uid"])
    die_with_parent()
    load_guard()
    sys.modules["debugpy"] = None  # type: ignore[assignment] # the kernel does without, and starts a tenth of a second sooner
    if sys.argv[1] == "--probe":
        import ipykernel  # noqa: F401
        import numpy  # noqa: F401

        import rnn_helpers

        Path(rnn_helpers.__file__).read_bytes()
        return
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
