"""A real browser, and the site and JupyterLab for it to look at, both on this machine alone."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
