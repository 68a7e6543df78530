"""Executes a submission for what its cells show: pictures, tables, text. Nothing of it touches a score."""

from __future__ import annotations

import json
from typing import Any

from rnn_grading.assignments import Assignment
from rnn_grading.examiner import Notebook, Stopped
from rnn_grading.scores import Sandboxes
from rnn_grading.submissions import fit, parse
from rnn_grading.walls import View

__all__ = ["Outputs", "draw"]

Outputs = list[list[dict[str, Any]]]
MAX_SHOWN = 32 * 2**20  # characters of all outputs of a notebook
CUT = {"output_type": "stream", "name": "stdout", "text": "[Cut: the cells above have shown too much.]\n"}


def draw(content: bytes, helpers: dict[str, str], assignment: Assignment, sandboxes: Sandboxes) -> Outputs:
    """Execute a submission for its outputs: those of each piece in turn, as the worker sent them. Runs in the pool."""
    fitted = fit(parse(content)[0], assignment)
    view = View(pages=True, torch=assignment.imports_torch or b"torch" in content)
    notebook = Notebook(lambda: sandboxes.get(view), sandboxes.setting.limits)
    for name, text in helpers.items():
        notebook.cell(f"%%writefile {name}\n{text}")
    found: Outputs = []
    left = MAX_SHOWN
    for piece in fitted.pieces:
        if piece.kind != "code" or (piece.cell is not None and piece.cell.part == "test") or not piece.text.strip():
            found.append([])
            continue
        answer = notebook.cell(piece.text)
        if isinstance(answer, Stopped):
            found.append([{"output_type": "error", "ename": "Stopped", "evalue": answer.sentence, "traceback": []}])
        else:
            outputs = answer.get("outputs", [])
            left -= len(json.dumps(outputs))
            found.append(outputs if left >= 0 else [CUT])
    notebook.close()
    return found
