"""Script in every form in which a learner can hand it in; each sets `window.ran` where it runs."""

from __future__ import annotations

import corpus
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

RUN = "window.ran=1"
PAYLOADS = {
    "script": f"<script>{RUN}</script>",
    "script in a paragraph": f"a <b>b</b><script>{RUN}</script> c",
    "image": f"<img src=x onerror='{RUN}'>",
    "image without quotes": f"<img/src=x/onerror={RUN}>",
    "svg": f"<svg onload='{RUN}'></svg>",
    "svg script": f"<svg><script>{RUN}</script></svg>",
    "svg animation": f"<svg><animate onbegin='{RUN}' attributeName=x dur=1s></svg>",
    "details": f"<details open ontoggle='{RUN}'>a</details>",
    "frame": f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "frame to a script": f"<iframe src='javascript:parent.{RUN}'></iframe>",
    "object": f"<object data='data:text/html,<script>parent.{RUN}</script>'></object>",
    "link": f"<a href='javascript:{RUN}'>click me</a>",
    "link of Markdown": f"[click me](javascript:{RUN})",
    "link by reference": f"[click me][1]\n\n[1]: javascript:{RUN}",
    "automatic link": f"<javascript:{RUN}>",
    "link with entities": f"<a href='jav&#x09;ascript:{RUN}'>click me</a>",
    "style": f"<style>@import 'javascript:{RUN}';</style><p style='background:url(javascript:{RUN})'>a</p>",
    "form": f"<form action='javascript:{RUN}'><input type=submit autofocus onfocus='{RUN}'></form>",
    "video": f"<video><source onerror='{RUN}'></video>",
    "base": "<base href='javascript:/a/'><a href='#x'>click me</a>",
    "meta": f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    "math": f"<math><mtext><table><mglyph><style><img src=x onerror='{RUN}'></style></mglyph></table></mtext></math>",
    "noscript": f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    "formula": rf"$\href{{javascript:{RUN}}}{{x}} \text{{<img src=x onerror='{RUN}'>}}$",
    "formula on a line": f"$$\n<img src=x onerror='{RUN}'>\n$$",
    "code": f"```html\n<img src=x onerror='{RUN}'>\n```",
    "after an empty line": f"<div>\n\n<img src=x onerror='{RUN}'>\n\n[x](javascript:{RUN})\n\n</div>",
    "half a tag": f"<img src=x onerror='{RUN}' ",
    "comment": f"<!--><img src=x onerror='{RUN}'>-->",
    "title": f"<p title='\"><img src=x onerror={RUN}>'>a</p>",
}


def hostile_notebook() -> NotebookNode:
    """All of them, in the written answer, in cells of one's own, in outputs, in an attachment's name."""
    notebook = corpus.solved(corpus.STEP)
    corpus.cell_of(notebook, "words-answer").source = "\n\n".join(PAYLOADS.values())
    notebook.cells += [new_markdown_cell(text) for text in PAYLOADS.values()]
    attached = new_markdown_cell(f"![x](attachment:a'onerror='{RUN}.png)")
    attached["attachments"] = {f"a'onerror='{RUN}.png": {"image/png": "iVBORw0KGgo=", "text/html": PAYLOADS["image"]}}
    notebook.cells.append(attached)
    shown = "from IPython.display import HTML, Javascript, Latex, Markdown, SVG, display\n"
    shown += f"display(Javascript({RUN!r}))\nprint({PAYLOADS['script']!r})\n"
    for text in PAYLOADS.values():
        shown += f"display(HTML({text!r}), Markdown({text!r}), Latex({text!r}))\n"
    shown += f"display({{'image/svg+xml': {PAYLOADS['svg']!r}, 'image/png': {PAYLOADS['image']!r}, "
    shown += f"'text/plain': {PAYLOADS['image']!r}}}, raw=True)\nraise ValueError({PAYLOADS['image']!r})"
    return corpus.with_own_cell(notebook, shown)
