"""What drew a stored picture: nbval compares no pictures, so each carries a fingerprint of the code behind it."""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import nbformat

DRAWING = Path(__file__).resolve().parent.parent / "rnn_helpers" / "plots.py"


def is_picture(output: nbformat.NotebookNode) -> bool:
    """Whether an output of a cell holds a picture."""
    return "image/png" in output.get("data", {})


def drawn_by(cell: nbformat.NotebookNode, notebook: nbformat.NotebookNode) -> str:
    """The fingerprint of what draws a cell's pictures: its source, and the code of the figures that its page names.

    Not in it: what earlier cells computed (nbval compares what they show, and the alt text of each picture, which
    holds the numbers that matter), the package's other modules, and the version of matplotlib.
    """
    sources = [each.source for each in notebook.cells if each.cell_type == "code"]
    # All of the page, because a cell may draw with a function of an earlier one.
    named = set(re.findall(r"\bplots\.(\w+)", "\n".join(sources)))
    code = "\n".join([cell.source, *drawing_code(named, DRAWING.read_text(encoding="utf-8"))])
    return hashlib.sha256(code.encode()).hexdigest()[:12]


def drawing_code(named: set[str], text: str) -> list[str]:
    """The lines of a module that draw the figures so named: their functions, `show`, and all in it that these use.

    So a new figure leaves the fingerprints of pages that do not have it as they are.
    """
    module, lines = _read(text)
    figures = {each.name for each in module.body if isinstance(each, ast.FunctionDef) and _gives_a_figure(each)}
    needed = {"show"} | (named & figures)
    while more := {name for each in module.body if _binds(each) & needed for name in _names(each)} - needed:
        needed |= more
    definitions = [each for each in module.body if _binds(each) & needed]
    return [line for each in definitions for line in lines[_first_line(each) - 1 : each.end_lineno] if line.strip()]


def _gives_a_figure(function: ast.FunctionDef) -> bool:
    return isinstance(function.returns, ast.Name) and function.returns.id == "Figure"


@cache
def _binds(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module defines or changes."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


@cache
def _names(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _first_line(statement: ast.stmt) -> int:
    return min(node.lineno for node in [statement, *getattr(statement, "decorator_list", [])])


@cache
def _read(text: str) -> tuple[ast.Module, list[str]]:
    """A module, and its lines without comments and docstrings, which draw nothing; empty where they stood alone.

    Not `ast.unparse` or `ast.dump`, which write the same code in other ways in other versions of Python.
    """
    module, lines = ast.parse(text), text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            words = node.body[0]
            lines[words.lineno - 1 : words.end_lineno] = [""] * (words.end_lineno - words.lineno + 1)
    return module, lines
