"""Build the book: gather its pages, then let Sphinx set them. Run by `make book`."""

from __future__ import annotations

import gc
import shutil
import sys
from pathlib import Path

gc.disable()  # in a process this short no memory need be freed, and looking for it takes a part of the time

from sphinx.cmd.build import main  # noqa: E402 - after what is above

from book import pages  # noqa: E402


def build(packages: Path) -> int:
    """Build the site in ``build/book``, and beside it what leads there.

    Parameters
    ----------
    packages : pathlib.Path
        npm's node_modules.

    Returns
    -------
    int
        0 if Sphinx had nothing to object to.
    """
    target = pages.ROOT / "build"
    pages.gather(target / "book_pages")
    pages.gather_from_npm(packages, target / "from_npm")
    for left_over in ("book", "book_cache", "jupyter_execute"):  # a page that is no longer made must not stay
        shutil.rmtree(target / left_over, ignore_errors=True)
    places = [str(target / name) for name in ("book_pages", "book")]
    settings = ["-c", str(pages.ROOT / "book"), "-d", str(target / "book_cache")]
    return main(["--fail-on-warning", "--keep-going", "--quiet", *settings, *places])


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1])))
