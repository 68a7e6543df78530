"""Executes a submission for what its cells show: pictures, tables, text. Nothing of it touches a score."""

from __future__ import annotations

from typing import Any

from rnn_grading.assignments import Assignment
from rnn_grading.clean import clean_outputs
from rnn_grading.examiner import Notebook, Stopped
from rnn_grading.scores import Sandboxes
from rnn_grading.submissions import fit, parse
from rnn_grading.walls import View

__all__ = ["Outputs", "draw"]

Outputs = list[list[dict[str, Any]]]


def draw(content: bytes, helpers: dict[str, str], assignment: Assignment, sandboxes: Sandboxes) -> Outputs:
    """Execute a submission for its outputs: those of each piece in turn, cleaned. Runs in a process of the pool."""
    fitted = fit(parse(content)[0], assignment)
    view = View(pages=True, torch=assignment.imports_torch or b"torch" in content)
    notebook = Notebook(lambda: sandboxes.get(view), sandboxes.setting.limits)
    for name, text in helpers.items():
        notebook.cell(f"%%writefile {name}\n{text}")
    found: Outputs = []
    for piece in fitted.pieces:
        if piece.kind != "code" or (piece.cell is not None and piece.cell.part == "test") or not piece.text.strip():
            found.append([])
            continue
        answer = notebook.cell(piece.text)
        if isinstance(answer, Stopped):
            found.append([{"output_type": "error", "ename": "Stopped", "evalue": answer.sentence, "traceback": []}])
        else:
            found.append(answer.get("outputs", []))
    notebook.close()
    return [clean_outputs(outputs) for outputs in found]
