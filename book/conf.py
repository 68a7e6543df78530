"""How Sphinx sets the book. The pages come from pages.py; `make book` calls both."""

from __future__ import annotations

import html
import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import rnn_helpers
from book import exercises, mistake_pages
from book.answers import at_the_end
from tools import series

ROOT = series.ROOT

project = "The RNN notebooks"
copyright = "the authors of the RNN notebooks. Text and figures: CC BY 4.0; code: MIT"
version = release = rnn_helpers.__version__
language = "en"
highlight_language = "none"  # for what names no language: folders, messages

templates_path = [str(ROOT / "book" / "templates")]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]

# The stored outputs are the ones that nbval compares; nothing is executed here.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = nb_code_prompt_hide = "How this is drawn"  # the code of pictures; exercises.py has other words
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it, with shapes
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = napoleon_use_rtype = False
default_role = "py:obj"  # one pair of backticks in a docstring: code, and a link where the package has it

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = [str(ROOT / "book" / "static"), str(ROOT / "build" / "from_npm")]
html_favicon = str(ROOT / "book" / "static" / "favicon.svg")
html_css_files = ["book.css"]
html_context = {"default_mode": "auto"}
html_show_sphinx = False
html_search_scorer = str(ROOT / "book" / "search.js")
# Where the book is published, ending in a slash; each page then says its own address.
html_baseurl = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["series"].get("site", "")
html_sidebars = {"**": ["book-head.html", "sbt-sidebar-nav.html"]}
html_domain_indices = html_use_index = False  # the search finds what an index would
html_theme_options: dict[str, Any] = {
    "footer_content_items": ["copyright.html"],
    "home_page_in_toc": True,
    "max_navbar_depth": 1,
    "navbar_persistent": [],
    "pygments_dark_style": "github-dark-high-contrast",
    "pygments_light_style": "a11y-high-contrast-light",
    "search_bar_text": "Search the book",
    "show_toc_level": 2,
    "toc_title": "On this page",
    "use_fullscreen_button": False,
}
address = series.repository()
if address.startswith("https://github.com/"):  # Colab opens nothing else, and the theme knows few other hosts
    html_theme_options |= {
        "repository_url": address,
        "repository_branch": "main",
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }

# No request leaves the site: MathJax and its fonts are served from it.
mathjax_path = "mathjax/tex-chtml.js"
# One size in every case, the one that fits the text's type: measured by MathJax, it would be too large where that type
# comes later than the formulas.
mathjax4_config = {
    "loader": {"paths": {"fonts": "[mathjax]/fonts"}},
    "output": {"matchFontHeight": False, "scale": 1.075},
}


# A shape, a product: what reads badly when a line ends within it.
UNBROKEN = re.compile(r"\((?:[\dA-Z?]+(?: · [A-Z])?,? ?)+\)|\b[UW] [hx]\b|\d · (?=[\dA-Z])|[\w)] = (?=[−\w(])")


def keep_together(app: Sphinx, page: nodes.document) -> None:
    """Put no-break spaces where a line must not end."""
    for text in list(page.findall(nodes.Text)):
        whole = UNBROKEN.sub(lambda match: match[0].replace(" ", "\N{NO-BREAK SPACE}"), text)
        if whole != text and not isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.math | nodes.raw):
            text.parent.replace(text, nodes.Text(whole))


def lead_in(app: Sphinx, page: nodes.document) -> None:
    """Mark what leads to something below it, and must not be parted from that on paper."""
    for paragraph in page.findall(nodes.paragraph):
        if paragraph.astext().endswith(":"):
            paragraph["classes"].append("leads-in")


def dress(app: Sphinx, page: nodes.document) -> None:
    """Give the recurring parts of a notebook the classes that book.css sets them by, and link terms to the glossary."""
    place = app.env.docname
    if not place.startswith(("notebooks/", "assignments/")):
        return
    chapter = next(page.findall(nodes.section))
    chapter["classes"].append("chapter" if place.startswith("notebooks/") else "assignment")
    for section in page.findall(nodes.section):
        if section[0].astext() == "What you should remember":
            section["classes"].append("remember")
    for box in list(page.findall(nodes.block_quote))[:1]:
        box["classes"].append("at-a-glance")
    for paragraph in list(page.findall(nodes.paragraph)):
        if paragraph.astext().startswith("Predict"):
            paragraph["classes"].append("predict")
            if isinstance(paragraph.parent, nodes.block_quote):  # which is its frame in JupyterLab
                paragraph.parent.replace_self(paragraph.parent.children)
    number_figures(page, place)
    last = list(page.findall(nodes.paragraph))[-1]
    if last.astext().startswith("Next:"):  # the theme says it too, right below
        last.parent.remove(last)
    known = terms(app)
    for emphasis in list(page.findall(nodes.emphasis)):
        if emphasis.astext().lower() in known:
            link = pending_xref(
                "", refdomain="std", reftype="term", reftarget=emphasis.astext(), refdoc=place, refwarn=True
            )
            emphasis.replace_self(link)
            link += emphasis


# A sentence ends before a capital: "What time is it ?" within one does not end it.
FIRST_SENTENCE = re.compile(r"(.+?[.?!])(?= [A-Z]|$)", flags=re.S)
SHOWN_WHOLE = 560  # pixels: what a telephone shows without making its type too small


def number_figures(page: nodes.document, place: str) -> None:
    """Make each picture a figure with a number, an anchor and a caption, which is the start of its alt text."""
    number = re.match(r"notebooks/0?(\d+)_", place)
    for count, image in enumerate(list(page.findall(nodes.image)), start=1):
        alt = image["alt"]
        sides = alt.startswith(("Left", "Above"))  # the caption of two panels is not that of the first
        told = alt if sides else FIRST_SENTENCE.match(alt)[1]  # type: ignore[index]
        name = f"Figure {number[1]}.{count}" if number else f"Figure {count}"
        caption = nodes.caption("", "", nodes.strong("", name), nodes.Text(f" {told}"))
        wide = int(re.sub(r"\D", "", str(image.get("width", "")) or "0") or 0) > SHOWN_WHOLE
        figure = nodes.figure("", ids=[f"figure-{count}"], classes=["wide"] if wide else [])
        image.replace_self(figure)
        figure += [image, caption]


def terms(app: Sphinx) -> set[str]:
    """The terms of the glossary, which are the lines at the margin of its directive."""
    text = (Path(app.srcdir) / "glossary.md").read_text(encoding="utf-8")
    body = text.partition("```{glossary}")[2].partition("```")[0]
    return {line.strip().lower() for line in body.splitlines() if line and not line[0].isspace()}


def only_published_pages_are_launched(
    app: Sphinx, place: str, template: str, context: dict[str, Any], page: nodes.document | None
) -> None:
    """Binder and Colab open files of the repository, and the learners' versions of the assignments are none."""
    if not place.startswith("notebooks/"):
        buttons = context.get("header_buttons", [])
        buttons[:] = [button for button in buttons if button.get("label") != "launch-buttons"]


def answers(app: Sphinx, page: nodes.document) -> None:
    """Set what is folded once more at the end of a page; what a page about a mistake folds is no answer."""
    if not app.env.docname.startswith(f"{mistake_pages.FOLDER}/"):
        at_the_end(page)


def skip(app: Sphinx, kind: str, name: str, member: object, skipped: bool, options: dict[str, Any]) -> bool | None:
    """Leave out the fields of a named tuple: its docstring has said what they are."""
    return True if (getattr(member, "__doc__", "") or "").startswith("Alias for field number") else None


def folds_are_called_what_they_say(
    app: Sphinx, place: str, template: str, context: dict[str, Any], page: nodes.document | None
) -> None:
    """Take off folded code the label that hides its text from screen readers."""
    context["body"] = context.get("body", "").replace(' aria-label="Toggle hidden content"', "")


CODE = re.compile(r'(?<=<div class="highlight"><pre>)(.*?)(?=</pre>)', flags=re.S)


def lines_know_their_indentation(
    app: Sphinx, place: str, template: str, context: dict[str, Any], page: nodes.document | None
) -> None:
    """Make each line of code an element that says how far it is set in: what does not fit goes on further in than that.

    Its line break stays inside, so that what is selected and copied has as many lines as before.
    """
    context["body"] = CODE.sub(lambda code: "".join(map(_line, code[1].splitlines(True))), context.get("body", ""))


LEADING = re.compile(r"((?:<[^>]*>)*)( *)")


def _line(line: str) -> str:
    tags, blanks = LEADING.match(line).groups()  # type: ignore[union-attr]
    rest = line[len(tags + blanks) :]
    start = f'<span class="start">{blanks}</span>' if blanks else ""
    return f'<span class="line" style="--in: {len(blanks)}ch">{tags}{start}{rest}</span>'


def describe(app: Sphinx, place: str, template: str, context: dict[str, Any], page: nodes.document | None) -> None:
    """Tell what the page is about, to whoever shows a link to it."""
    if page is None:
        return
    first = next((each for each in page.findall(nodes.paragraph) if len(each.astext().split()) > 8), None)
    told = " ".join(first.astext().split()) if first else project
    if len(told) > DESCRIBED:
        told = told[:DESCRIBED].rpartition(" ")[0] + " ..."
    title = re.sub("<.*?>", "", context.get("title", "")) or project
    picture = (
        f"{html_baseurl}_static/card.png" if html_baseurl else context["pathto"]("_static/card.png", resource=True)
    )
    tags = {"og:type": "article", "og:title": title, "og:description": told, "og:image": picture}
    tags |= {"og:image:alt": context_alt(app), "og:site_name": project}
    if html_baseurl:
        tags["og:url"] = context.get("pageurl") or html_baseurl
    lines = [f'<meta name="description" content="{html.escape(told)}" />']
    lines += [f'<meta property="{name}" content="{html.escape(html.unescape(text))}" />' for name, text in tags.items()]
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(lines)


DESCRIBED = 200  # letters that a list of links shows


def context_alt(app: Sphinx) -> str:
    """The alt text of the picture that stands for the book."""
    return (Path(app.srcdir) / "card.txt").read_text(encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the functions above."""
    app.connect("autodoc-skip-member", skip)
    app.connect("doctree-read", keep_together)
    app.connect("doctree-read", lead_in)
    app.connect("doctree-read", dress)
    app.connect("doctree-read", exercises.frame)
    app.connect("doctree-read", answers)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", lines_know_their_indentation)
    app.connect("html-page-context", folds_are_called_what_they_say)
    app.connect("html-page-context", only_published_pages_are_launched, priority=1000)  # after the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}
