"""What learners wrote and what their code showed, as HTML in which nothing runs and nothing is fetched."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import re
import secrets
import warnings
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import bleach
import latex2mathml.converter
import mistune
from bleach.css_sanitizer import CSSSanitizer
from PIL import Image

__all__ = ["as_text", "clean_html", "clean_outputs", "markdown_to_html", "picture"]

TAGS = frozenset({
    *("a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl"),
    *("dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark"),
    *("ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td"),
    *("tfoot", "th", "thead", "tr", "u", "ul"),
})  # fmt: skip
LINK = re.compile(r"(https?:|mailto:|#)", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=]*")


def _of_a_link(tag: str, name: str, value: str) -> bool:
    return name == "href" and LINK.match(value.strip()) is not None


def _of_a_picture(tag: str, name: str, value: str) -> bool:
    return name in {"alt", "width", "height"} or (name == "src" and PICTURE.fullmatch(value) is not None)


ATTRIBUTES = {
    "*": ["title", "lang"],
    "a": _of_a_link,
    "img": _of_a_picture,
    "ol": ["start"],
    "td": ["colspan", "rowspan", "style"],
    "th": ["colspan", "rowspan", "scope", "style"],
}
STYLES = CSSSanitizer(allowed_css_properties=["text-align"])
PICTURES = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}
MATH_TAGS = frozenset({
    *("math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts"),
    *("mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr"),
    *("munder", "munderover"),
})  # fmt: skip
MATH_ATTRIBUTES = frozenset(
    {"columnalign", "display", "displaystyle", "fence", "mathvariant", "separator", "stretchy", "width"}
)
MATHML = "{http://www.w3.org/1998/Math/MathML}"
# What is larger is shown as it was written: the time to read it may grow with the square of its size, or worse.
MAX_TAGS = 5000  # of HTML: a table of 60 rows and 20 columns has 2500
MAX_MARKDOWN, MAX_FORMULA = 50_000, 20_000  # characters
PICTURE_IN_TEXT = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]{1000,}")  # which is not shown anyway


def clean_html(text: str) -> str:
    """HTML without whatever could run or load something: links lead to the web, pictures stand inside."""
    if has_too_many_tags(text):
        return f"<pre>{html.escape(text)}</pre>"
    protocols = ["http", "https", "mailto", "data"]
    cleaner = bleach.Cleaner(TAGS, ATTRIBUTES, protocols, strip=True, css_sanitizer=STYLES)
    return str(cleaner.clean(re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)", "", text)))


def has_too_many_tags(text: str) -> bool:
    """Whether HTML is left as text."""
    return text.count("<") > MAX_TAGS


def markdown_to_html(text: str, attachments: Any = None) -> str:
    """A Markdown cell as clean HTML: formulas become MathML, attached pictures stand inside.

    Parameters
    ----------
    text : str
        The cell's source.
    attachments : dict, optional
        As in a notebook: for each name, data by type.

    Returns
    -------
    str
        Without empty lines and with nothing that Markdown reads as a sign, so that it stays the same where it is read
        as Markdown again, as a cell of a notebook is.
    """
    renderer = _Renderer(_pictures(attachments))
    read = mistune.create_markdown(renderer=renderer, plugins=["table", "math", "strikethrough", "url"])
    text = PICTURE_IN_TEXT.sub("", text)
    found = None
    if len(text) <= MAX_MARKDOWN:
        with contextlib.suppress(RecursionError, ValueError, IndexError, KeyError):  # text made to break the reader
            found = str(read(text))
    if found is None or has_too_many_tags(found):
        return as_text(text)
    cleaned = clean_html(found)
    for mark, formula in renderer.formulas.items():
        cleaned = cleaned.replace(mark, formula)
    return _out_of_markdown(cleaned)


def as_text(text: str, attachments: Any = None) -> str:
    """A Markdown cell as it was written, as HTML."""
    return _out_of_markdown(f"<pre>{html.escape(text)}</pre>")


class _Renderer(mistune.HTMLRenderer):
    """HTML, with formulas as MathML and pictures of the cell's own inside."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        super().__init__(escape=False)
        self.pictures = pictures
        self.formulas: dict[str, str] = {}
        self._mark = secrets.token_hex(8)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture that the cell brings along; of any other its words."""
        source = self.pictures.get(url.removeprefix("attachment:"), "")
        return f'<img src="{source}" alt="{html.escape(text)}">' if source else html.escape(text)

    def inline_math(self, text: str) -> str:
        """A formula in a line."""
        return self._formula(text, "inline")

    def block_math(self, text: str) -> str:
        """A formula on a line of its own."""
        return f"<p>{self._formula(text, 'block')}</p>\n"

    def _formula(self, text: str, display: str) -> str:
        mark = f"formula{self._mark}n{len(self.formulas)}end"  # put in after the cleaning, which knows no MathML
        self.formulas[mark] = to_mathml(text, display)
        return mark


def to_mathml(formula: str, display: str = "inline") -> str:
    """A formula of LaTeX in MathML; as it was written if it cannot be read."""
    try:
        if len(formula) > MAX_FORMULA:
            raise ValueError("too long to be read")
        root = ElementTree.fromstring(latex2mathml.converter.convert(formula, display=display))
        for element in root.iter():
            tag = element.tag.removeprefix(MATHML)
            element.tag = tag if tag in MATH_TAGS else "mrow"
            element.attrib = {name: value for name, value in element.attrib.items() if name in MATH_ATTRIBUTES}
        return ElementTree.tostring(root, encoding="unicode")
    except Exception:  # whatever a learner wrote between two dollars, nested as deep as it may be
        return f"<code>{html.escape(formula)}</code>"


def _pictures(attachments: Any) -> dict[str, str]:
    """The attached pictures by name, as addresses that hold them."""
    found = {}
    for name, bundle in attachments.items() if isinstance(attachments, Mapping) else ():
        for kind, data in bundle.items() if isinstance(bundle, Mapping) else ():
            if address := picture(kind, data):
                found[str(name)] = address
    return found


def picture(kind: str, data: Any) -> str:
    """The address of a picture that holds it; empty if it is none."""
    if kind not in PICTURES or not isinstance(data, str):
        return ""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return ""
    if not content.startswith(PICTURES[kind]) or _is_a_bomb(content):
        return ""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _is_a_bomb(content: bytes) -> bool:
    """Whether a picture of few bytes would fill the memory of the browser that shows it."""
    with warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning):
        try:
            Image.open(io.BytesIO(content))  # reads its size alone
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            return True
        except Exception:  # half a picture: the browser shows as much of it as there is
            return False
    return False


def _out_of_markdown(cleaned: str) -> str:
    """The same HTML in one block without empty lines, and in texts no sign that Markdown or MathJax knows."""
    parts = re.split(r"(<[^<>]*>)", cleaned)
    inside = 0
    for number, part in enumerate(parts):
        if part.startswith("<"):
            inside += part.startswith("<pre") - part.startswith("</pre")
            continue
        part = re.sub(r"&#?\w+;|[\\`*_{}\[\]#+\-.!|$~^]", _as_entity, part)
        parts[number] = part.replace("\n", "&#10;") if inside else re.sub(r"\s*\n\s*", " ", part)
    return f"<div>{''.join(parts)}</div>"


def _as_entity(sign: re.Match[str]) -> str:
    return sign[0] if sign[0].startswith("&") else f"&#{ord(sign[0])};"


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """Outputs as a notebook stores them, of those kinds alone in which nothing runs; whatever has another form goes."""
    kept = []
    for output in outputs if isinstance(outputs, list) else []:
        match output:
            case {"output_type": "stream", "name": "stdout" | "stderr" as name, "text": str(text)}:
                kept.append({"output_type": "stream", "name": name, "text": text})
            case {"output_type": "error", "ename": str(name), "evalue": str(text)}:
                shown = {"ename": name[:200], "evalue": text[:2000], "traceback": [f"{name[:200]}: {text[:2000]}"]}
                kept.append({"output_type": "error", **shown})
            case {"output_type": "display_data" | "execute_result" as kind, "data": dict(data)}:
                cleaned = _clean_data(data)
                if cleaned:
                    more = {"execution_count": None} if kind == "execute_result" else {}
                    kept.append({"output_type": kind, "data": cleaned, "metadata": {}, **more})
    return kept


def _clean_data(data: dict[str, Any]) -> dict[str, str]:
    cleaned = {}
    for kind, value in data.items():
        if not isinstance(value, str):
            continue
        if kind == "text/plain":
            cleaned[kind] = value
        elif kind == "text/html" and has_too_many_tags(value):
            cleaned.setdefault("text/plain", f"[HTML of {value.count('<')} tags, which is not shown.]")
        elif kind == "text/html":
            cleaned[kind] = clean_html(value)
        elif kind == "text/markdown":
            cleaned["text/html"] = markdown_to_html(value)
        elif kind == "text/latex":
            cleaned["text/html"] = to_mathml(value.strip().strip("$"), "block")
        elif address := picture(kind, value):
            cleaned[kind] = address.partition(",")[2]
    return cleaned
