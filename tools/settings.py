"""Nothing of a reader's own settings matters: a plugin of pytest, and what `make refresh` starts its kernels with.

The notebooks must give the same whatever IPython profile, matplotlibrc or Jupyter settings their reader has.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What would lead Python, Jupyter or matplotlib to things that are not the project's.
LEFT_OUT = (
    *("JUPYTER_CONFIG_PATH", "JUPYTER_PATH", "MATPLOTLIBRC", "MPLBACKEND"),
    *("PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONWARNINGS"),
)
FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR")


def leave_out_the_readers() -> None:
    """Give this process, and all that it starts, settings folders of the project's own, and one thread."""
    for name in LEFT_OUT:
        os.environ.pop(name, None)
    home = _folder()
    for name in FOLDERS:
        os.environ[name] = str(home / name.lower())
        os.makedirs(os.environ[name], exist_ok=True)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel is this environment's
    os.environ["PYTHONUTF8"] = "1"  # whatever letters are in the name of a folder
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two notebooks on two cores: threads would wait for each other
    if not list((home / "mplconfigdir").glob("fontlist*")):
        importlib.import_module("matplotlib.font_manager")  # the list of fonts is made once, not by every kernel


def _folder() -> Path:
    """A folder that stays, for matplotlib's list of fonts; elsewhere where the project's cannot be written."""
    folder = ROOT / "build" / "settings"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    elsewhere = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, elsewhere, ignore_errors=True)
    return elsewhere


def pytest_load_initial_conftests() -> None:
    """Before the first test is looked for."""
    if "PYTEST_XDIST_WORKER" not in os.environ:  # which has them from who started it
        leave_out_the_readers()
