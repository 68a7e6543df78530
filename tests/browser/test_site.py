"""The built site as files: its links, its size, what it must not hold, and its buttons once the address is known."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import PACKAGES, ROOT, SITE

from book import mistake_pages, pages
from rnn_grading.assignments import grade_id_of, is_answer
from tools import series

PAGES = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
assert PAGES, "the book is not built: make book"
by_path = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(SITE).as_posix())
MEGABYTE = 1_000_000


@functools.cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@functools.cache
def anchors(path: Path) -> set[str]:
    return {tag["id"] for tag in parsed(path).find_all(id=True)}


@by_path
def test_every_link_and_anchor_resolves(path):
    targets = [tag[name] for name in ("href", "src") for tag in parsed(path).find_all(attrs={name: True})]
    assert targets
    for target in targets:
        if re.match(r"(https?|data|mailto):", target):
            continue
        place, anchor = urldefrag(unquote(target))
        place = place.partition("?")[0]  # a digest that tells the browser to fetch it anew
        file = (path.parent / place).resolve() if place else path
        assert file.is_file(), target
        if anchor and file in PAGES:
            assert anchor in anchors(file), f"{target}: no such anchor"


@by_path
def test_a_page_with_its_pictures_is_small(path):
    pictures = {(path.parent / tag["src"]).resolve() for tag in parsed(path).find_all("img")}
    assert path.stat().st_size + sum(picture.stat().st_size for picture in pictures) <= MEGABYTE


def test_the_site_is_small():
    assert sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) <= 40 * MEGABYTE


def test_the_mathematics_is_served_whole_and_no_more():
    mathjax = SITE / "_static" / "mathjax"
    assert {path.name for path in mathjax.iterdir()} >= {
        "tex-chtml.js",
        "input",
        "output",
        "a11y",
        "ui",
        "sre",
        "fonts",
    }
    assert {path.name for path in (mathjax / "fonts" / "mathjax-newcm-font").iterdir()} == {"chtml"}


def test_no_solution_is_in_the_site():
    texts = {path: parsed(path).get_text() for path in PAGES}
    kinds = {".ipynb", ".md", ".txt", ".json", ".py"}
    texts |= {path: path.read_text("utf-8") for path in SITE.rglob("*") if path.suffix in kinds}
    for source in series.ASSIGNMENTS:
        cells = nbformat.read(source, as_version=4).cells
        given = {line for cell in cells if not is_answer(cell) for line in cell.source.splitlines()}
        own = {path: text for path, text in texts.items() if path.name.startswith(source.stem)}
        learners = "\n".join(own.values())
        assert {path.suffix for path in own} >= {".html", ".ipynb"}, f"{source.stem} is not in the site"
        assert "NotImplementedError" in learners or "YOUR " in learners
        for cell in cells:
            secrets = re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)\s*### END", cell.source, flags=re.S)
            if is_answer(cell) and not secrets:  # without marks, all of it is the answer
                secrets = [cell.source]
            assert not is_answer(cell) or secrets, grade_id_of(cell)
            for secret in secrets:
                # A last hint may give one line away, but never most of them.
                own_lines = {line.strip() for line in secret.splitlines() if line not in given and len(line) > 24}
                leaked = {line for line in own_lines if line in learners}
                assert len(own_lines) < 3 or len(leaked) <= len(own_lines) / 2, f"{grade_id_of(cell)}: {leaked}"
                # A line of code may stand in a chapter, which is public; a written answer nowhere.
                for path, text in (texts if cell.cell_type == "markdown" else own).items():
                    assert secret.strip() not in text, f"{grade_id_of(cell)} is in {path}"
                    assert secret.strip().replace("\n", "\\n").replace('"', '\\"') not in text


def buttons(site: Path, place: str) -> list[str]:
    links = [tag["href"] for tag in parsed(site / place).select(".article-header-buttons a[href]")]
    return [link for link in links if "mybinder" in link or "colab" in link]


@by_path
def test_nothing_is_launched_while_there_is_no_address(path):
    assert series.repository() or not buttons(SITE, path.relative_to(SITE).as_posix())


def test_chapters_are_launched_once_there_is_an_address(tmp_path):
    for name in ("book", "notebooks", "rnn_helpers", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("my_copies", "__pycache__"))
    shutil.copy(ROOT / "README.md", tmp_path)
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    settings = re.sub(r'^site = ".*"$', 'site = "https://owner.example/book/"', settings, flags=re.M)
    settings = re.sub(r'^repository = ".*"$', 'repository = "https://github.com/owner/name.git"', settings, flags=re.M)
    (tmp_path / "pyproject.toml").write_text(settings)
    command = [sys.executable, "-m", "book.build", PACKAGES]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PATH": ""}, timeout=300)
    site = tmp_path / "build" / "book"
    assert (
        parsed(site / "glossary.html").find("link", rel="canonical")["href"]
        == "https://owner.example/book/glossary.html"
    )
    picture = parsed(site / "glossary.html").find("meta", property="og:image")["content"]
    assert picture == "https://owner.example/book/_static/card.png"
    for path in series.NOTEBOOKS:
        binder, colab = sorted(buttons(site, f"notebooks/{path.stem}.html"), key=lambda link: "colab" in link)
        assert binder == f"https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/notebooks/{path.name}"
        assert colab == f"https://colab.research.google.com/github/owner/name/blob/main/notebooks/{path.name}"
    files = [link["href"] for link in parsed(site / "setup.html").select("article a[href*='/blob/']")]
    assert files
    for link in files:
        start, _, file = link.partition("/blob/main/")
        assert start == "https://github.com/owner/name"
        assert (ROOT / file).is_file(), link
    for place in ("index.html", "setup.html", "assignments/step_and_shapes.html", "assignments/for_instructors.html"):
        assert buttons(site, place) == []


def bare(text: str) -> str:
    """A text without blanks and with the quotes that a keyboard has, to be found in a page."""
    return re.sub(r"\s+", "", text).translate(str.maketrans("’‘“”", "''\"\""))


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_is_whole(path):
    soup = parsed(SITE / "notebooks" / f"{path.stem}.html")
    shown = bare(soup.find("article").get_text())
    cells = nbformat.read(path, as_version=4).cells
    for cell in cells:
        if cell.cell_type == "markdown":
            for title in re.findall(r"^#+ (.+)$", cell.source, flags=re.M):
                assert bare(title.replace("`", "").replace("*", "")) in shown, title
        else:
            assert bare(cell.source) in shown, cell.source
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = output.get("text", "") or (
                "" if data.keys() & {"image/png", "text/html"} else data.get("text/plain")
            )
            assert bare(text or "") in shown, text
    prose = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert len(soup.select("div.cell")) == sum(cell.cell_type == "code" for cell in cells)
    assert len(soup.select("p.predict")) == prose.count("**Predict") > 0
    assert len(soup.select("blockquote.at-a-glance")) == len(soup.select("section.remember")) == 1
    assert soup.select("article a[href*='glossary.html#term-']")
    assert "CC BY 4.0" in soup.select_one(".bd-footer-content").get_text()


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_is_a_figure_with_a_number_and_a_caption(path):
    soup = parsed(SITE / "notebooks" / f"{path.stem}.html")
    figures = soup.select("article figure")
    assert len(figures) == len(soup.select("article div.cell_output img")) > 0
    for number, figure in enumerate(figures, start=1):
        caption = figure.find("figcaption").get_text(" ", strip=True)
        assert figure["id"] == f"figure-{number}"
        assert caption.startswith(f"Figure {int(path.stem[:2])}.{number} ")
        told = caption.partition(f".{number} ")[2].rstrip("# ")
        assert len(told.split()) >= 4
        assert bare(figure.find("img")["alt"]).startswith(bare(told))


def test_the_next_page_begins_with_another_number():
    """So that a number names one figure of the book."""
    captions = [
        tag.get_text()
        for path in PAGES
        if path.parent.name == "notebooks"
        for tag in parsed(path).select("figcaption strong")
    ]
    assert len(captions) == len(set(captions)) >= 10


@by_path
def test_a_page_describes_itself(path):
    if path.stem in ("search", "genindex"):
        return
    head = parsed(path).head
    told = head.find("meta", attrs={"name": "description"})["content"]
    assert 20 <= len(told) <= 210
    properties = {tag["property"]: tag["content"] for tag in head.find_all("meta", property=True)}
    assert properties["og:description"] == told
    assert (path.parent / properties["og:image"]).resolve().is_file()
    assert head.find("link", rel="canonical") is None


@pytest.mark.parametrize("path", [*series.NOTEBOOKS, Path("names.md")], ids=lambda path: path.stem)
def test_what_is_folded_stands_once_more_at_the_end(path):
    soup = parsed(next(page for page in PAGES if page.stem == path.stem))
    shown = [bare(tag.get_text()) for tag in soup.select("div.answer")]
    folds = soup.select("article details:not(.hide), article div.cell.tag_solution")
    for number, (fold, answer) in enumerate(zip(folds, shown, strict=True), start=1):
        if fold.name == "details":
            name, here = fold.summary.contents[0], fold.select_one("summary > .on-paper").get_text()
            told = fold.get_text().removeprefix(fold.summary.get_text())
        else:
            _, name, here = fold.find_previous("p", class_="on-paper").get_text().partition("Solution")
            told = fold.select_one("pre").get_text()
        assert here == f": no. {number} at the end"
        assert answer == bare(f"{number}. {name}{told}")
    names = {fold.summary.get_text().partition(":")[0] for fold in folds if fold.name == "details"}
    assert "Answer" in names
    if path in series.NOTEBOOKS:
        assert {"Hint 1", "Hint 2"} <= names


@by_path
def test_what_stands_still_asks_for_no_cell_to_be_run(path):
    stills = [tag.get_text() for tag in parsed(path).select(".rnn-still > p")]
    assert stills == [pages.STILL_HERE] * len(parsed(path).select(".rnn-moves"))


def test_the_mistakes_of_ports_are_a_page():
    assert parsed(SITE / "silent_mistakes" / "ports.html").select("article h2, article h3")


def test_the_setup_page_is_the_readme():
    shown = [title.get_text().rstrip("#") for title in parsed(SITE / "setup.html").select("article h2")]
    assert shown == re.findall(r"^## (.+)$", (ROOT / "README.md").read_text("utf-8"), flags=re.M)


def test_the_chapters_are_listed_in_their_order():
    links = [link["href"] for link in parsed(SITE / "index.html").select("nav.bd-links a[href]")]
    chapters = [f"notebooks/{path.stem}.html" for path in series.NOTEBOOKS]
    assert [link for link in links if link.startswith("notebooks/")] == chapters


@pytest.mark.parametrize("module", sorted((ROOT / "book" / "api").glob("[!i]*.md")), ids=lambda module: module.stem)
def test_the_reference_has_every_public_name(module):
    tree = ast.parse((ROOT / "rnn_helpers" / f"{module.stem}.py").read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    public = {each.name for each in tree.body if isinstance(each, kinds)}
    public &= set(importlib.import_module(f"rnn_helpers.{module.stem}").__all__)
    named = {tag["id"].rpartition(".")[2] for tag in parsed(SITE / "api" / f"{module.stem}.html").select("dt.sig[id]")}
    assert public
    assert public <= named


@pytest.mark.parametrize("mistake", mistake_pages.ALL, ids=lambda mistake: mistake.name)
def test_every_mistake_stands_at_its_anchor(mistake):
    section = parsed(SITE / "silent_mistakes" / f"{mistake_pages.kind_of(mistake)}.html").find(
        "section", id=mistake.anchor
    )
    title = section.find("h3").get_text().rstrip("#").replace("\N{NO-BREAK SPACE}", " ")
    assert bare(title) == bare(mistake.name)
    assert bare(mistake.line) in bare(section.find("pre").get_text())
