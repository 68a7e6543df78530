"""Where the notebooks first say a thing: the links of the book's glossary and notation, and who names a reference.

`make refresh` writes them, and tests/test_book.py holds the stored ones to the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from nbformat import NotebookNode

from tools import series

Chapters = Mapping[str, NotebookNode]  # by the names of their files, in their order

# How a symbol of the notation page looks in the prose; a row whose symbol is not here has no place to be kept.
LOOKS = {
    "T": r"\bT = ", "I": r"\bI = ", "H": r"\bH = |of H numbers", "N": r"\bN sequences", "L": r"\bL \*layers",
    "D": r"\bD \*directions", "x(t)": r"\bx\(t\)", "X": r"\bX\b", "h(t)": r"\bh\(t\)", "h(0), `h_0`": r"\bh\(0\)",
    "`output`": r"\*output\*", "`h_n`": r"`h_n`", "h(T)": r"\bh\(T\)", "U": r"\bU\b", "W": r"\bW\b",
    "b": r"\bb, \(4,\)",
    "c(t)": r"\bc\(t\)", "tanh": r"tanh", "U x": r"\bU x", "x Uᵀ": r"x Uᵀ", "`atol`, `rtol`": r"`atol`",
}  # fmt: skip

LINK = re.compile(r"\[Notebook \d+\]\(notebooks/[^)]*\)")
NAMED_BY = re.compile(r"\*Notebooks?\s+[^*]+\.\*")
ADDRESS = re.compile(r"""(?:\(|href=")(https?://[^)"\s]+)[)"]""")


class Section(NamedTuple):
    """One section of a chapter; the opening has no heading."""

    chapter: str
    heading: str
    text: str

    @property
    def anchor(self) -> str:
        """What the book calls it in an address."""
        return re.sub(r"[^\w\- ]", "", self.heading.lower()).replace(" ", "-")

    @property
    def address(self) -> str:
        """Where it stands, from the book's first folder."""
        return f"notebooks/{self.chapter}#{self.anchor}".rstrip("#")


def prose(chapter: NotebookNode) -> str:
    """The text of a chapter."""
    return "\n\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")


def sections(chapters: Chapters) -> Iterator[Section]:
    """All sections, as a reader meets them."""
    for name, chapter in chapters.items():
        opening, *rest = re.split(r"^## (.+)\n", prose(chapter), flags=re.M)
        yield Section(name, "", opening)
        for heading, text in zip(rest[::2], rest[1::2], strict=True):
            yield Section(name, heading, f"## {heading}\n{text}")


def italics(text: str) -> list[str]:
    """What is set in italics: a term where it is explained, and a word that is stressed."""
    found = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)|<em>(.*?)</em>", text)
    return [(star or tag) for star, tag in found]


def first(chapters: Chapters, says: Callable[[str], object], what: str) -> Section:
    """The first section whose text says it; a ValueError names what none says."""
    for section in sections(chapters):
        if says(section.text):
            return section
    raise ValueError(f"no notebook has {what}")


def glossary(text: str, chapters: Chapters) -> str:
    """The page of the glossary, each term with a link to the first place that sets it in italics."""
    before, fence, rest = text.partition("```{glossary}\n")
    body, after = re.split(r"(?=^```)", rest, maxsplit=1, flags=re.M)

    def placed(entry: str) -> str:
        term = entry.partition("\n")[0]
        place = first(
            chapters,
            lambda text: term.lower() in (each.lower() for each in italics(text)),
            f"the glossary's {term!r} in italics",
        )
        link = f"[Notebook {int(place.chapter[:2])}]({place.address})"
        return LINK.sub(link, entry) if LINK.search(entry) else f"{entry}\n  {link}"

    return before + fence + "\n\n".join(map(placed, body.rstrip("\n").split("\n\n"))) + "\n" + after


def notation(text: str, chapters: Chapters) -> str:
    """The page of the notation, each symbol with a link to its first use."""

    def placed(line: str) -> str:
        symbol, *told = line.removeprefix("| ").removesuffix(" |").split(" | ")
        if not told or symbol not in LOOKS:
            return line
        place = first(chapters, re.compile(LOOKS[symbol]).search, f"the notation's {symbol}")
        link = f"[{int(place.chapter[:2])}, {place.heading}]({place.address})"
        return f"| {' | '.join([symbol, *told[:-1], link])} |"

    return "\n".join(map(placed, text.split("\n")))


def references(text: str, chapters: Chapters) -> str:
    """The page of the references, each entry with the numbers of the notebooks that name it."""

    def told(entry: str) -> str:
        (address,) = ADDRESS.findall(entry)
        numbers = [str(int(name[:2])) for name, chapter in chapters.items() if address in prose(chapter)]
        if not numbers:
            raise ValueError(f"no notebook has the reference {address}")
        *most, last = numbers
        named = f"*Notebooks {', '.join(most)} and {last}.*" if most else f"*Notebook {last}.*"
        stands = NAMED_BY.search(entry)
        if stands is None:
            return f"{entry} {named}"
        same = re.findall(r"\d+", stands[0]) == numbers  # however its line is broken
        return entry if same else entry.replace(stands[0], named)

    # An entry goes on in lines that are set in.
    return re.sub(r"^- .+(?:\n  .+)*", lambda match: told(match[0]), text, flags=re.M)


PAGES = {"glossary.md": glossary, "notation.md": notation, "references.md": references}


def write(chapters: Chapters) -> None:
    """Bring the links of the three pages up to date."""
    for name, with_places in PAGES.items():
        path = series.ROOT / "book" / name
        path.write_text(with_places(path.read_text(encoding="utf-8"), chapters), encoding="utf-8")
