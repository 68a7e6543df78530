"""hatchling, with an editable install that every Python of every locale can read: pyproject.toml names it.

Python up to 3.12 reads the install's path file in the locale's encoding. A folder with a letter that this encoding
lacks then ends every start of the environment's Python, so the folder is written in ASCII here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from pathlib import Path
from typing import Any

from hatchling import build
from hatchling.build import *  # noqa: F403 - the hooks for wheel and sdist


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build hatchling's editable wheel, and write its path file anew.

    Parameters
    ----------
    wheel_directory, config_settings, metadata_directory
        As in PEP 660.

    Returns
    -------
    str
        The wheel's name.
    """
    name = build.build_editable(wheel_directory, config_settings, metadata_directory)
    wheel = Path(wheel_directory, name)
    with zipfile.ZipFile(wheel) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    (path_file,) = (entry for entry in files if entry.endswith(".pth"))
    (record,) = (entry for entry in files if entry.endswith(".dist-info/RECORD"))
    files[path_file] = in_ascii(Path.cwd())
    lines = files[record].decode().splitlines()
    lines = [record_line(path_file, files[path_file]) if line.startswith(f"{path_file},") else line for line in lines]
    files[record] = "\n".join([*lines, ""]).encode()
    with zipfile.ZipFile(wheel, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return name


def in_ascii(folder: Path) -> bytes:
    """A path file's line that puts the folder on the path; Python executes a line that begins with "import"."""
    return f"import os, sys; sys.path.append(os.fsdecode({os.fsencode(folder)!r}))\n".encode("ascii")


def record_line(name: str, content: bytes) -> str:
    """What a wheel's RECORD says of a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}"
