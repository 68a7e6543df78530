"""The book in a real browser: every page, in light and dark, on a desk, in a hand and on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import series
from conftest import PACKAGES, SCREENSHOTS, SITE, listen
from playwright.sync_api import Browser, Page, expect

PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
by_page = pytest.mark.parametrize("place", PAGES)

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
}
by_look = pytest.mark.parametrize("look", LOOKS)

# The text that a reader sees, without code, in which a dollar may be meant.
PROSE = """() => {
  const copy = document.querySelector('article').cloneNode(true);
  copy.querySelectorAll('pre, code, mjx-container, script, style').forEach(each => each.remove());
  return copy.textContent;
}"""


@dataclass
class Visit:
    """What one load of a page in one look showed."""

    told: list[str]
    prose: str
    pictures: list[dict]
    violations: list[str]
    wide: list[str]


@pytest.fixture(scope="session")
def visit(browser: Browser, site: str) -> Callable[[str, str], Visit]:
    """Load a page in a look, once for all tests, and keep its screenshot."""
    seen: dict[tuple[str, str], Visit] = {}

    def look_at(place: str, look: str) -> Visit:
        if (place, look) not in seen:
            context = browser.new_context(**LOOKS[look])
            seen[place, look] = _visit(context.new_page(), site, place, look)
            context.close()
        return seen[place, look]

    return look_at


def settle(page: Page) -> None:
    """Wait until nothing is fetched any more and the mathematics is set."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => window.MathJax?.startup?.promise")


def _visit(page: Page, site: str, place: str, look: str) -> Visit:
    told = listen(page, site)
    page.goto(site + place)
    settle(page)
    prose = page.evaluate(PROSE)
    pictures = page.evaluate(
        "() => [...document.images].map(i => ({alt: i.getAttribute('alt'), src: i.getAttribute('src'),"
        " width: i.naturalWidth, figure: !!i.closest('article')}))"
    )
    wide = page.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth ? [] :"
        " [...document.querySelectorAll('article *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 120))"
        ".concat(`${document.documentElement.scrollWidth} of ${innerWidth}`)"
    )
    page.add_script_tag(path=PACKAGES / "axe-core" / "axe.min.js")
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    violations = [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
    target = SCREENSHOTS / look / Path(place).with_suffix(".png")
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, full_page=True)
    if look != "phone":
        for number, picture in enumerate(page.locator("article img").all(), 1):
            picture.screenshot(path=target.with_name(f"{target.stem}_figure_{number}.png"))
    return Visit(told, prose, pictures, violations, wide)


@by_look
@by_page
def test_loads_without_error_and_without_leaving_the_site(place, look, visit):
    assert visit(place, look).told == []


@by_page
def test_no_mathematics_is_left_unset(place, visit):
    assert "$" not in visit(place, "light").prose


@by_look
@by_page
def test_axe_finds_nothing(place, look, visit):
    assert visit(place, look).violations == []


@by_page
def test_fits_a_telephone(place, visit):
    assert visit(place, "phone").wide == []


@by_page
def test_every_picture_is_there_and_has_an_alt_text(place, visit):
    for picture in visit(place, "light").pictures:
        assert picture["width"] > 0, f"{picture['src']} is not there"
        assert picture["alt"], f"{picture['src']} has no alt text"
        assert Path(picture["src"]).stem not in picture["alt"]
        assert not picture["alt"].endswith((".png", ".svg"))
        if picture["figure"]:
            assert len(picture["alt"].split()) >= 12


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_alt_texts_are_those_of_the_notebook(path, visit):
    outputs = [o for cell in nbformat.read(path, as_version=4).cells for o in cell.get("outputs", [])]
    stored = [output.data["text/plain"] for output in outputs if "image/png" in output.get("data", {})]
    assert stored
    pictures = visit(f"notebooks/{path.stem}.html", "light").pictures
    assert [picture["alt"] for picture in pictures if picture["figure"]] == stored


@pytest.fixture
def page(browser: Browser, site: str) -> Page:
    context = browser.new_context(**LOOKS["light"], permissions=["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def test_a_search_finds_the_pages(page, site):
    page.goto(site + "index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("hidden state")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=hidden+state*")
    expect(page.locator("#search-results p.search-summary, #search-results p").first).to_contain_text("found")
    settle(page)
    found = page.locator("#search-results ul.search li a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    places = [each.partition("?")[0].partition("#")[0] for each in found]
    for wanted in ("notebooks/01_motivation.html", "notebooks/02_formula.html", "glossary.html", "notation.html"):
        assert wanted in places, found


def test_a_folded_answer_opens(page, site):
    page.goto(site + "notebooks/01_motivation.html")
    answers = page.locator("article details")
    assert answers.count() >= 5
    text = answers.first.evaluate("e => e.lastChild.textContent.slice(0, 40)")
    assert text.startswith("(5, 4)")
    assert answers.first.get_attribute("open") is None
    folded = answers.first.bounding_box()["height"]
    answers.first.locator("summary").click()
    assert answers.first.get_attribute("open") is not None
    assert answers.first.bounding_box()["height"] > folded + 20


def test_code_is_copied_with_one_click(page, site):
    page.goto(site + "notebooks/01_motivation.html")
    settle(page)
    cell = page.locator("div.cell_input").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    cells = [cell for cell in nbformat.read(series.NOTEBOOKS[0], as_version=4).cells if cell.cell_type == "code"]
    assert copied.strip() == cells[0].source.strip()


def test_nothing_is_folded_or_cut_on_paper(page, site):
    page.goto(site + "notebooks/01_motivation.html")
    settle(page)
    page.emulate_media(media="print")
    cut = page.evaluate(
        "() => [...document.querySelectorAll('article pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    heights = page.locator("article details").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert min(heights) > 40, "a folded answer cannot be unfolded on paper"
    for hidden in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-footer", "button.copybtn"):
        assert not page.locator(hidden).first.is_visible()
    page.pdf(path=SCREENSHOTS / "01_motivation.pdf", format="A4")
