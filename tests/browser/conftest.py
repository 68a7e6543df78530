"""A real browser, and the site and JupyterLab for it to look at, both on this machine alone."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tools.processes import running

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "build" / "book"
SCREENSHOTS = ROOT / "build" / "screenshots"
PACKAGES = ROOT / os.environ.get("NODE_MODULES", ".venv/node/node_modules")

# Nothing of what a browser asks its maker about at every start, so that the only requests are the page's own.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("CHROMIUM", "chromium")
    program = shutil.which(named)
    if not program:
        pytest.exit(f"expected Chromium under the name {named!r}, found none: make test-browser CHROMIUM=path", 1)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built book, ending in a slash."""
    assert (SITE / "index.html").exists(), "the book is not built: make book"
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextlib.contextmanager
def jupyterlab(home: Path, folder: Path) -> Iterator[str]:
    """The address of a JupyterLab on a folder, with nobody's settings but those in `home`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    address = f"http://127.0.0.1:{port}/"
    with (
        open(home / "log", "w") as log,
        running(command, env=environment, cwd=folder, stdout=log, stderr=log) as server,
    ):
        _wait_for(address + "api/status", server, home / "log")
        yield address


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=1)
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"JupyterLab does not answer: {log.read_text()}")


def listen(page: Page, home: str) -> list[str]:
    """A list that fills with whatever goes wrong on a page: errors, failed requests, requests that leave the site."""
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(f"page error: {error}"))
    page.on("console", lambda message: message.type == "error" and told.append(f"console: {message.text}"))
    page.on("requestfailed", lambda request: told.append(f"failed: {request.url} {request.failure}"))
    page.on("response", lambda answer: answer.status >= 400 and told.append(f"{answer.status}: {answer.url}"))
    own = (home, "data:", "blob:")
    page.on("request", lambda request: request.url.startswith(own) or told.append(f"leaves the site: {request.url}"))
    return told
