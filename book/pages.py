"""Gather the book's pages: the notebooks as they are stored, the assignments as learners get them, and book/*.md.

No notebook is executed, and no page is written twice: what a page says is changed in its notebook, never here.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from book import mistake_pages, port_pages
from book.exercises import fold, with_exercises, with_folds
from rnn_grading.assignments import for_reading
from rnn_helpers.interactive import STILL
from tools import series

ROOT = series.ROOT
README = ROOT / "README.md"
INSTRUCTORS = ROOT / "notebooks" / "assignments" / "README.md"
STILL_HERE = "On a screen, with JavaScript, this can be moved."


def with_alt(notebook: NotebookNode) -> NotebookNode:
    """Tell myst-nb each picture's alt text, which it takes from a cell's metadata only, and not from the output's.

    The code that draws a picture is folded: it is about drawing, and half of it is the alt text. What the fold is
    called stands in conf.py.

    Parameters
    ----------
    notebook : NotebookNode
        As stored. It is changed in place.

    Returns
    -------
    NotebookNode
        The same.

    Raises
    ------
    ValueError
        If a picture has no alt text, or a cell has several pictures, which would all get one text.
    """
    for cell in notebook.cells:
        pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        if len(pictures) > 1:
            raise ValueError(f"expected at most one picture from a cell, got {len(pictures)} from {cell.source!r}")
        for picture in pictures:
            alt = picture.metadata.get("image/png", {}).get("alt", "")
            if not alt:
                raise ValueError(f"expected an alt text for the picture of {cell.source!r}, got none")
            fold(cell, image={"alt": alt})
    return notebook


def set_up() -> str:
    """The README from its two commands on.

    A link to a file that is no page of the book goes to the repository, once that has an address, and is plain text
    until then.
    """

    def link(match: re.Match[str]) -> str:
        text, target = match.groups()
        if target == INSTRUCTORS.relative_to(ROOT).as_posix():
            return f"[{text}](assignments/for_instructors.md)"
        if target.endswith(".ipynb") or "://" in target:
            return match[0]
        address = series.repository()
        return f"[{text}]({address}/blob/main/{target})" if address else text

    text = README.read_text(encoding="utf-8").partition("## Two commands\n")[2]
    return "# Set up, run, teach, check\n\n## Two commands\n" + re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def stepper() -> str:
    """What a reader can move on the front page: the stepper of the first notebook, as it is stored there."""
    notebook = with_still(nbformat.read(series.NOTEBOOKS[0], as_version=4))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    moves = next(html for output in outputs if 'class="rnn-moves"' in (html := output.data.get("text/html", "")))
    return f"``````{{raw}} html\n{moves}\n``````"  # a blank line does not end it


def with_still(notebook: NotebookNode) -> NotebookNode:
    """Say of what can be moved what is true in the book, where no cell can be run, on paper, and without scripts.

    Parameters
    ----------
    notebook : NotebookNode
        As stored. It is changed in place.

    Returns
    -------
    NotebookNode
        The same.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if STILL in output.get("data", {}).get("text/html", ""):
                output.data["text/html"] = output.data["text/html"].replace(STILL, STILL_HERE)
    return notebook


def with_links(notebook: NotebookNode) -> NotebookNode:
    """Lead links of a notebook to where their targets are in the book.

    JupyterLab names a heading as it is written, Sphinx in small letters. And the book's own pages stand at its top.

    Parameters
    ----------
    notebook : NotebookNode
        As stored. It is changed in place.

    Returns
    -------
    NotebookNode
        The same.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = re.sub(r"(?<=\]\()#[^)\s]+", lambda match: match[0].lower(), cell.source)
            cell.source = source.replace("](../book/", "](../")
    return notebook


CARD = (1200, 630)  # what sites that show a link make room for


def card(picture: bytes) -> bytes:
    """The picture that stands for the book where it is linked: the first one, in the middle of a card."""
    drawing = Image.open(io.BytesIO(picture)).convert("RGB")
    drawing.thumbnail((CARD[0] - 120, CARD[1] - 60))
    whole, stored = Image.new("RGB", CARD, "white"), io.BytesIO()
    whole.paste(drawing, ((CARD[0] - drawing.width) // 2, (CARD[1] - drawing.height) // 2))
    whole.quantize(64).save(stored, format="png", optimize=True)
    return stored.getvalue()


def gathered() -> Iterator[tuple[str, bytes]]:
    """Every source of the book, as its place in the book and its content."""
    for path in series.NOTEBOOKS:
        # The cell for Colab does nothing for who reads here.
        notebook = with_alt(series.with_colab_cell(nbformat.read(path, as_version=4), ""))
        notebook = with_links(with_still(with_exercises(with_folds(notebook))))
        yield f"notebooks/{path.name}", nbformat.writes(notebook).encode()
    for path in series.ASSIGNMENTS:
        notebook = with_alt(for_reading(nbformat.read(path, as_version=4)))
        yield f"assignments/{path.name}", nbformat.writes(notebook).encode()
    yield "assignments/for_instructors.md", INSTRUCTORS.read_bytes()
    yield "setup.md", set_up().encode()
    yield from mistake_pages.gathered()
    yield f"{mistake_pages.FOLDER}/ports.md", port_pages.page().encode()
    picture, alt = series.first_picture(nbformat.read(series.NOTEBOOKS[0], as_version=4))
    yield "linear_and_rnn.png", picture
    yield "card.txt", alt.encode()
    for path in sorted((ROOT / "book").rglob("*.md")):
        text = path.read_text(encoding="utf-8").replace("ALT_OF_THE_FIRST_PICTURE", alt)
        text = text.replace("<!-- stepper -->", stepper())
        yield path.relative_to(ROOT / "book").as_posix(), text.encode()


def gather(target: Path) -> None:
    """Write every source into a folder of its own.

    Parameters
    ----------
    target : pathlib.Path
        Is made anew.
    """
    shutil.rmtree(target, ignore_errors=True)
    for name, content in gathered():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


def gather_from_npm(packages: Path, target: Path) -> None:
    """Copy what the reader's browser needs from npm's packages: about 11 MB of 75.

    Parameters
    ----------
    packages : pathlib.Path
        npm's node_modules.
    target : pathlib.Path
        Becomes a folder of static files.
    """
    mathjax, font = packages / "mathjax", packages / "@mathjax" / "mathjax-newcm-font"
    serif = packages / "@fontsource-variable" / "source-serif-4"
    wanted = {
        # The single file tex-chtml.js fetches more when it meets bold symbols, or a reader who wants speech.
        **{mathjax / name: f"mathjax/{name}" for name in ("tex-chtml.js", "input", "output", "a11y", "ui", "sre")},
        font / "chtml": "mathjax/fonts/mathjax-newcm-font/chtml",
        mathjax / "LICENSE": "mathjax/LICENSE",
        serif / "LICENSE": "fonts/LICENSE",
    }
    for face in ("latin-wght-normal", "latin-wght-italic", "latin-ext-wght-normal", "greek-wght-normal"):
        name = f"source-serif-4-{face}.woff2"
        wanted[serif / "files" / name] = f"fonts/{name}"
    shutil.rmtree(target, ignore_errors=True)
    for source, place in wanted.items():
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / place)
        else:
            shutil.copy(source, target / place)
    (target / "card.png").write_bytes(card(series.first_picture(nbformat.read(series.NOTEBOOKS[0], as_version=4))[0]))
