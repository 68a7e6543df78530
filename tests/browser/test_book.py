"""The book in a real browser: every page, in light and dark, on a desk, in a hand and on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from conftest import PACKAGES, SCREENSHOTS, SITE, listen
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from rnn_grading.assignments import for_reading
from tools import series

PLACES = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
by_page = pytest.mark.parametrize("place", PLACES)
LOOKS = ("light", "dark", "phone")
AUDITED = ("light", "dark")
by_look = pytest.mark.parametrize("look", LOOKS)

# The browser draws no picture higher than 16384 pixels: below, it stays white.
PIECE = 8000
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# The text that a reader sees, without code, in which a dollar may be meant.
PROSE = """() => {
  const copy = document.querySelector('main').cloneNode(true);
  copy.querySelectorAll('pre, code, mjx-container, script, style').forEach(each => each.remove());
  return copy.textContent;
}"""
# What a style sheet could hide, though it is there.
UNSEEN = """() => [...document.querySelectorAll('article img')].filter(image => {
  const style = getComputedStyle(image), box = image.getBoundingClientRect();
  return style.opacity !== '1' || style.visibility !== 'visible' || box.width < 50 || /brightness/.test(style.filter);
}).length"""
CUT = """() => [...document.querySelectorAll('article *')].filter(each =>
  ['hidden', 'clip'].includes(getComputedStyle(each).overflowX) && each.clientWidth > 1
  && each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 120))"""
PICTURES = """() => [...document.images].map(image => ({
  alt: image.getAttribute('alt'), src: image.getAttribute('src'), width: image.naturalWidth,
  figure: !!image.closest('article'),
}))"""
WIDER_THAN_THE_SCREEN = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('main *')].filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 5)"""
# What scrolls by itself and does not say so.
EQUATIONS_THAT_GO_ON = """() => [...document.querySelectorAll('article mjx-container[display]')]
  .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent.slice(0, 40))"""
AXE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


@dataclass
class Visit:
    """What one load of a page showed, in each of the looks."""

    prose: str
    unset: int  # formulas that MathJax did not set, or set in red because it does not know a command
    pictures: list[dict]
    told: dict[str, list[str]]
    violations: dict[str, list[str]]
    wide: list[str]
    unseen: int  # pictures, over all looks


@pytest.fixture(scope="session")
def visit(browser: Browser, site: str) -> Callable[[str], Visit]:
    """Load a page, once for all tests, look at it in every look, and keep the screenshots."""
    seen: dict[str, Visit] = {}
    page = browser.new_page()  # one for all: to start another for each costs a fifth of the whole time
    heard = listen(page, site)

    def look_at(place: str) -> Visit:
        if place not in seen:
            page.goto("about:blank")
            heard.clear()
            seen[place] = _visit(page, heard, site, place)
        return seen[place]

    return look_at


def settle(page: Page) -> None:
    """Wait until the mathematics is set, in its own type: in another it is wider."""
    page.evaluate("async () => { await window.MathJax?.startup?.promise; await document.fonts.ready; }")


def _visit(page: Page, heard: list[str], site: str, place: str) -> Visit:
    told, violations, wide, unseen = {}, {}, [], 0
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)
    page.goto(site + place)
    settle(page)
    prose, pictures = page.evaluate(PROSE), page.evaluate(PICTURES)
    well_set = "article mjx-container:not(:has(mjx-merror, [style*='color: red']))"
    unset = page.locator("article .math").count() - page.locator(well_set).count()
    page.add_script_tag(path=PACKAGES / "axe-core" / "axe.min.js")
    page.add_style_tag(content="* { transition: none !important }")  # no colour is caught halfway to another
    for look in LOOKS:
        scheme = "dark" if look == "dark" else "light"
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(PHONE if look == "phone" else DESK)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        wide += page.evaluate(CUT)
        unseen += page.evaluate(UNSEEN)
        if look in AUDITED:
            found = page.evaluate(AXE)
            violations[look] = [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
        _keep(page, SCREENSHOTS / look / Path(place).with_suffix(".jpg"))
        told[look] = list(heard)
    settle(page)
    wide += page.evaluate(WIDER_THAN_THE_SCREEN) + page.evaluate(EQUATIONS_THAT_GO_ON)
    return Visit(prose, unset, pictures, told, violations, wide, unseen)


def _keep(page: Page, target: Path) -> None:
    """Keep the screenshot of a whole page, and of each figure on it by itself."""
    target.parent.mkdir(parents=True, exist_ok=True)
    width, height = page.evaluate("() => [innerWidth, document.documentElement.scrollHeight]")
    whole = Image.new("RGB", (width, height))
    for top in range(0, height, PIECE):
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
        piece = page.screenshot(full_page=True, clip=clip, type="jpeg", quality=85)
        whole.paste(Image.open(io.BytesIO(piece)), (0, top))
    whole.save(target, quality=85)
    scrolled = page.evaluate("() => scrollY")
    for number, figure in enumerate(page.locator("article img").all(), 1):
        box = figure.bounding_box()
        left, top = box["x"], box["y"] + scrolled
        part = whole.crop((left, top, left + box["width"], top + box["height"]))
        part.save(target.with_name(f"{target.stem}_figure_{number}.png"))


@by_look
@by_page
def test_loads_without_error_and_without_leaving_the_site(place, look, visit):
    assert visit(place).told[look] == []


@by_page
def test_no_mathematics_is_left_unset(place, visit):
    assert "$" not in visit(place).prose
    assert visit(place).unset == 0


@pytest.mark.parametrize("look", AUDITED)
@by_page
def test_axe_finds_nothing(place, look, visit):
    assert visit(place).violations[look] == []


@by_page
def test_fits_a_telephone_and_cuts_nothing(place, visit):
    assert visit(place).wide == []


@by_page
def test_mathematics_fits_a_telephone_before_the_type_has_come(place, page, site):
    # Measured from a type that stands in for it, every formula would be a sixth larger, and stay so.
    page.route("**/*.woff2", lambda route: route.abort())
    page.set_viewport_size(PHONE)
    page.goto(site + place)
    settle(page)
    assert page.evaluate(EQUATIONS_THAT_GO_ON) == []


@by_page
def test_every_picture_is_there_and_has_an_alt_text(place, visit):
    assert visit(place).unseen == 0
    for picture in visit(place).pictures:
        assert picture["width"] > 0, f"{picture['src']} is not there"
        assert picture["alt"], f"{picture['src']} has no alt text"
        assert Path(picture["src"]).stem not in picture["alt"]
        assert not picture["alt"].endswith((".png", ".svg"))
        if picture["figure"]:
            assert len(picture["alt"].split()) >= 12


@pytest.mark.parametrize("path", series.NOTEBOOKS + series.ASSIGNMENTS, ids=lambda path: path.stem)
def test_alt_texts_are_those_of_the_notebook(path, visit):
    notebook = nbformat.read(path, as_version=4)
    cells = (for_reading(notebook) if path in series.ASSIGNMENTS else notebook).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    stored = [output.data["text/plain"] for output in outputs if "image/png" in output.get("data", {})]
    assert stored or path in series.ASSIGNMENTS
    pictures = visit(f"{'notebooks' if path in series.NOTEBOOKS else 'assignments'}/{path.stem}.html").pictures
    assert [picture["alt"] for picture in pictures if picture["figure"]] == stored


@pytest.fixture
def page(browser: Browser, site: str) -> Page:
    context = browser.new_context(viewport=DESK, permissions=["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def found_by(page: Page, site: str, words: str) -> list[str]:
    """The places that the search lists for these words, in its order."""
    page.goto(f"{site}search.html?q={words.replace(' ', '+')}")
    expect(page.locator("#search-results p.search-summary, #search-results p").first).to_contain_text("found")
    page.wait_for_load_state("networkidle")  # the hits are fetched and listed one after the other
    links = page.locator("#search-results ul.search li a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return [each.partition("?")[0].partition("#")[0] for each in links]


def test_a_search_finds_the_pages(page, site):
    page.goto(site + "index.html")
    page.locator("button.search-button__button:visible").first.click()
    page.keyboard.type("hidden state")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=hidden+state*")
    found = found_by(page, site, "hidden state")
    for wanted in ("notebooks/01_motivation.html", "notebooks/02_formula.html", "glossary.html", "notation.html"):
        assert wanted in found


@pytest.mark.parametrize("words", ["exploding", "backpropagation", "GRU", "LSTM"])
def test_a_search_finds_what_comes_later(words, page, site):
    assert "glossary.html" in found_by(page, site, words)


@pytest.mark.parametrize("words", ["batch", "mistake", "state"])
def test_a_search_lists_the_notebooks_before_the_reference(words, page, site):
    found = found_by(page, site, words)
    notebooks = [at for at, place in enumerate(found) if place.startswith("notebooks/")]
    reference = [at for at, place in enumerate(found) if place.startswith("api/")]
    assert notebooks
    assert reference
    assert min(notebooks) < min(reference)


def test_a_wide_figure_says_that_it_goes_on(page, site):
    page.set_viewport_size(PHONE)
    page.goto(site + "notebooks/02_formula.html")
    figure = page.locator("figure.wide").first
    assert figure.locator("a.image-reference").evaluate("a => a.scrollWidth > a.clientWidth + 50")
    assert "move it" in figure.locator("figcaption p").evaluate("e => getComputedStyle(e, '::after').content")
    page.set_viewport_size(DESK)
    assert figure.locator("figcaption p").evaluate("e => getComputedStyle(e, '::after').content") == "none"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_caption_begins_where_its_picture_does(size, page, site):
    page.set_viewport_size(size)
    page.goto(site + "notebooks/06_layer_options.html")
    for figure in page.locator("figure").all():
        picture, caption = (figure.locator(part).bounding_box()["x"] for part in ("img", "figcaption p"))
        assert caption == pytest.approx(picture, abs=1)


def test_no_table_of_numbers_is_wider_than_a_telephone(page, site):
    page.set_viewport_size(PHONE)
    page.goto(site + "notebooks/02_formula.html")
    tables = page.locator("div.cell_output table")
    assert tables.count() >= 2
    assert tables.evaluate_all("all => all.every(each => each.getBoundingClientRect().right <= innerWidth)")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_touches_what_stands_above_it(size, page, site):
    page.set_viewport_size(size)
    gaps = """([above, below]) => [...document.querySelectorAll(`${above} + ${below}`)].map(each =>
      each.getBoundingClientRect().top - each.previousElementSibling.getBoundingClientRect().bottom)"""
    for place, above, below in (
        ("index", ".rnn-moves", "p"),
        ("notebooks/04_torch_comparison", "p.predict", ":not(details)"),
        ("notebooks/05_compression_vs_pooling", "p.predict", ":not(details)"),
    ):
        page.goto(f"{site}{place}.html")
        found = page.evaluate(gaps, [above, below])
        assert found
        assert min(found) >= 14  # pixels, most of a line


def test_the_next_links_lead_through_the_chapters(page, site):
    page.goto(site + "index.html")
    for path in series.NOTEBOOKS:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/notebooks/{path.stem}.html")


def test_the_reader_can_choose_the_dark(page, site):
    page.goto(site + "index.html")
    page.locator(".theme-switch-button:visible").click()
    page.locator(".dropdown-menu.show").get_by_text("Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_folded_answer_opens(page, site):
    page.goto(site + "notebooks/01_motivation.html")
    answers = page.locator("article details:not(.cell details)")
    assert answers.count() >= 3
    answer = answers.filter(has_text="No. It is one cell")
    assert answer.count() == 1
    assert answer.get_attribute("open") is None
    folded = answer.bounding_box()["height"]
    answer.locator("summary").click()
    assert answer.get_attribute("open") is not None
    assert answer.bounding_box()["height"] > folded + 20


def test_code_is_copied_with_one_click(page, site):
    page.goto(site + "notebooks/01_motivation.html")
    settle(page)
    cell = page.locator("div.cell_input").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    cells = [cell for cell in nbformat.read(series.NOTEBOOKS[0], as_version=4).cells if cell.cell_type == "code"]
    assert copied.strip() == cells[0].source.strip()
    cell.locator("pre").evaluate("e => getSelection().selectAllChildren(e)")
    page.keyboard.press("Control+c")
    selected = page.evaluate("() => navigator.clipboard.readText()")
    assert selected.strip() == cells[0].source.strip()


# Of each line of code that is broken: how far its first word stands in, and how far what is left of it, in letters.
BROKEN_LINES = """() => [...document.querySelectorAll('article pre .line')].flatMap(line => {
  const text = document.createTreeWalker(line, NodeFilter.SHOW_TEXT), found = [], range = document.createRange();
  while (text.nextNode())
    [...text.currentNode.data].forEach((letter, k) => {
      if (!letter.trim()) return;
      range.setStart(text.currentNode, k), range.setEnd(text.currentNode, k + 1);
      found.push(range.getBoundingClientRect());
    });
  const below = found.filter((box, k) => k && box.left < found[k - 1].left);
  const margin = line.getBoundingClientRect().left;
  return below.map(box => [found[0].left, box.left].map(left => (left - margin) / box.width));
})"""


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    "place", ["notebooks/03_numpy_rnn", "notebooks/05_compression_vs_pooling", "my_code_disagrees"]
)
def test_a_broken_line_of_code_goes_on_further_in_than_it_begins(place, size, page, site):
    page.set_viewport_size(size)
    page.goto(f"{site}{place}.html")
    page.add_style_tag(content="article details::details-content { content-visibility: visible; block-size: auto; }")
    broken = page.evaluate(BROKEN_LINES)
    assert len(broken) >= 20 or size == DESK
    for begins, goes_on in broken:
        assert begins % 1 == pytest.approx(0, abs=0.05) or begins % 1 == pytest.approx(1, abs=0.05)
        assert goes_on - begins == pytest.approx(6, abs=0.1)  # no depth of a block, which is 4 or 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_folded_cut_or_grey_on_paper(scheme, page, site):
    page.emulate_media(color_scheme=scheme)
    page.goto(site + "notebooks/01_motivation.html")
    settle(page)
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate(UNSEEN) == 0
    assert page.evaluate("() => getComputedStyle(document.querySelector('article p')).color") == "rgb(0, 0, 0)"
    assert page.evaluate("() => getComputedStyle(document.querySelector('article img')).filter") == "none"
    cut = page.evaluate(
        "() => [...document.querySelectorAll('article pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    for hidden in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-footer", "button.copybtn"):
        assert not page.locator(hidden).first.is_visible()
    page.pdf(path=SCREENSHOTS / "01_motivation.pdf", format="A4", prefer_css_page_size=True)


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_folded_is_not_read_in_its_place_on_paper(path, page, site):
    """There is nothing to unfold: an answer stands at the end, under the number that its place names."""
    page.goto(f"{site}notebooks/{path.stem}.html")
    page.emulate_media(media="print")
    for fold in page.locator("article details:not(.hide)").all():
        (line,) = fold.inner_text().split("\n")
        assert re.search(r": no\. \d+ at the end$", line)
    assert "".join(page.locator("article div.cell.tag_solution").all_inner_texts()) == ""
    heights = page.locator("article div.answer").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert len(heights) >= 4
    assert min(heights) > 30


def test_on_paper_nothing_is_left_on_the_sheet_before(page, site):
    """A rule at the very top of a sheet is drawn on the one before, too: it must begin a little below."""
    page.goto(site + "notebooks/01_motivation.html")
    page.emulate_media(media="print")
    above = """all => all.filter(each => each.offsetHeight).map(each =>
      each.firstElementChild.getBoundingClientRect().top - each.getBoundingClientRect().top)"""
    for boxes in ("div.cell_input div.highlight", "article table:not(:has(caption))"):
        distances = page.locator(boxes).evaluate_all(above)
        assert distances
        assert min(distances) >= 1.5
    # What is parted is framed on both sheets, and what leads to a table stands on the sheet of the table.
    assert page.locator(".leads-in").evaluate_all("all => all.map(e => getComputedStyle(e).breakAfter)")[0] == "avoid"
    assert all(text.endswith(":") for text in page.locator("p.leads-in").all_inner_texts())
