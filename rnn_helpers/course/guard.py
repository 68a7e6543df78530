"""In the learner's kernel: puts back, before each test cell, what a notebook may have replaced.

It defends against the cheap ways to win points in one's own process, such as a patched `np.allclose` or a replaced
check. It is no wall: code that looks for this module can change it too.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

# What the checks stand on. Not every module: some keep their state in names that change for good reasons.
KEPT = ("builtins", "collections", "contextlib", "dataclasses", "functools", "io", "itertools", "math", "operator")
TRUSTED_CALLBACKS = ("IPython", "ipykernel", "matplotlib")

_kept: dict[str, Any] = {}


def take(package_root: str) -> str:
    """Remember everything, before the first cell of the notebook runs."""
    import numpy.linalg
    import numpy.random  # noqa: F401 - numpy loads it only when it is asked for
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    manager = shell.input_transformer_manager
    _kept.update(
        modules={
            name: (module, dict(vars(module)))
            for name, module in list(sys.modules.items())
            if module is not None and (name in KEPT or name.partition(".")[0] == "numpy")
        },
        path=[package_root, *(entry for entry in sys.path if entry)],
        finders=(list(sys.meta_path), list(sys.path_hooks)),
        streams=(sys.stdout, sys.stderr),
        shell=shell,
        manager=manager,
        transforms={
            name: list(getattr(manager, name))
            for name in ("cleanup_transforms", "line_transforms", "token_transformers")
        },
        post=list(shell.input_transformers_post),
        own=[(thing, dict(vars(thing))) for thing in (shell, shell.kernel)],  # type: ignore[attr-defined]
        hooks=(sys.gettrace(), sys.getprofile()),
    )
    return "ready"


def renew() -> str:
    """Put everything back, and forget rnn_helpers, so that the next import reads it from its files again."""
    for name, (module, content) in _kept["modules"].items():
        sys.modules[name] = module
        vars(module).update(content)
    sys.path[:] = _kept["path"]
    sys.meta_path[:], sys.path_hooks[:] = _kept["finders"]
    sys.path_importer_cache.clear()
    sys.stdout, sys.stderr = _kept["streams"]
    sys.settrace(_kept["hooks"][0])
    sys.setprofile(_kept["hooks"][1])
    for name in [name for name in sys.modules if name.partition(".")[0] == "rnn_helpers"]:
        del sys.modules[name]
    _renew_shell(_kept["shell"])
    return "ready"


def _renew_shell(shell: Any) -> None:
    for thing, content in _kept["own"]:
        for name, value in list(vars(thing).items()):
            if callable(value) and name not in content:  # a method that was replaced on the object
                with contextlib.suppress(Exception):
                    delattr(thing, name)
    shell.input_transformer_manager = manager = _kept["manager"]
    for name, functions in _kept["transforms"].items():
        getattr(manager, name)[:] = functions
    shell.input_transformers_post[:] = _kept["post"]
    shell.ast_transformers[:] = []
    shell.custom_exceptions = ()
    for callbacks in shell.events.callbacks.values():
        callbacks[:] = [call for call in callbacks if _is_trusted(call)]


def _is_trusted(call: Any) -> bool:
    """Whether a callback is IPython's or matplotlib's own: figures need theirs."""
    return str(getattr(call, "__module__", "")).partition(".")[0] in TRUSTED_CALLBACKS
