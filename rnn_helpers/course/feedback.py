"""Feedback pages: nbgrader's own, without the hidden tests, and a short one where nothing could be graded."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from rnn_helpers.course.cells import is_test

__all__ = ["HideTests", "write_short_page"]

BEGIN, END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"

PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{assignment}</title>
<h1>{assignment}</h1>
<p>{learner}: <strong>{status}</strong>.</p>
<p>{note}</p>
</html>
"""


class HideTests(Preprocessor):
    """Take the hidden tests out of the test cells, and wherever else an output quotes them.

    nbgrader's own `ClearHiddenTests` stops at a learner's cell that contains its delimiter.
    """

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook without hidden tests."""
        hidden: set[str] = set()
        for cell in nb.cells:
            if is_test(cell):
                shown, lines = _split(cell.source)
                cell.source = shown
                hidden |= {line.strip() for line in lines if line.strip()}
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                _replace(output, hidden)
        return nb, resources


def _split(source: str) -> tuple[str, list[str]]:
    """A test cell's source without its hidden part, and the lines of that part."""
    shown, hidden, inside = list[str](), list[str](), False
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        else:
            (hidden if inside else shown).append(line)
    return "\n".join(shown), hidden


def _replace(part: Any, hidden: set[str]) -> None:
    """Replace every hidden line in all texts of an output, in place."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, str):
            for line in hidden:
                value = value.replace(line, "[hidden test]")
            part[key] = value
        elif isinstance(value, dict | list):
            _replace(value, hidden)


def write_short_page(path: Path, learner: str, assignment: str, status: str, note: str) -> None:
    """Say why there is no graded notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = {"learner": learner, "assignment": assignment, "status": status, "note": note}
    path.write_text(PAGE.format_map({name: html.escape(word) for name, word in words.items()}), encoding="utf-8")
