"""What decides a score, in one word: so a change regrades the assignments that it touches, and no other."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Set
from dataclasses import asdict
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from rnn_grading.assignments import Assignment
from rnn_grading.examiner import checks_in
from rnn_grading.scores import Setting
from rnn_grading.walls import HELPERS, HERE
from rnn_helpers import checks

__all__ = ["digest_of", "key_of"]

# Modules of rnn_helpers that no check imports; whatever else there is counts.
APART = {"compare.py", "gated.py", "interactive.py", "locating.py", "ports.py", "pytest_pages.py"}
# Modules of rnn_grading that only make pages, tables and zips.
PAGES = {
    "classroom.py",
    "clean.py",
    "drawing.py",
    "gradescope.py",
    "handing_out.py",
    "marks.py",
    "pages.py",
    "report.py",
}


def key_of(assignment: Assignment, setting: Setting) -> str:
    """All that decides a score of an assignment: its source, the checks that it uses, the grader, the limits."""
    used = {name for cell in assignment.cells if cell.part == "test" for name in checks_in(cell.source)}
    lifted = {name for check in used if checks.PARTS[check].lifts for name in checks.PARTS[check].lifted}
    code = [_about(path.read_text(encoding="utf-8"), frozenset(used | lifted)) for path in _modules(HELPERS, APART)]
    code += [path.read_text(encoding="utf-8") for path in _modules(HERE, PAGES)]
    return digest_of(
        [assignment.digest, code, asdict(setting.limits), setting.walls.form, metadata.version("nbgrader")]
    )


def digest_of(parts: object) -> str:
    """A short name for a value that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _modules(folder: Path, apart: Set[str]) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.name not in apart)


@lru_cache(maxsize=100)
def _about(source: str, functions: frozenset[str]) -> str:
    """A module of `rnn_helpers` without its checks of other functions and the mistakes that are made in those."""
    of_mistakes: dict[str, str] = {}
    kept = []
    for node in ast.parse(source).body:
        about = _what_about(node, of_mistakes)
        if not about or about in functions:
            kept.append(ast.unparse(node))
    return "\n".join(kept)


def _what_about(node: ast.stmt, of_mistakes: dict[str, str]) -> str:
    """The function that a check checks, or in which a mistake is made; empty for anything else."""
    if not isinstance(node, ast.FunctionDef):
        return ""
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(ast.Name("check")):
                return node.name
            case ast.Call(ast.Name("mistake"), [ast.Constant(str(target)), *_]):
                of_mistakes[node.name] = target
                return target
            case ast.Attribute(ast.Name(first), "variant"):
                return of_mistakes.get(first, "")
    return ""
