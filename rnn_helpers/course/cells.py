"""What nbgrader's metadata say of a cell, read without nbgrader and without trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["grade_id_of", "is_answer", "is_graded", "is_hand_marked", "is_test"]


def _about(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The cell's name in the assignment; empty for a cell that is the learner's own."""
    found = _about(cell).get("grade_id")
    return found if isinstance(found, str) else ""


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Whether the learner writes in it."""
    return bool(_about(cell).get("solution"))


def is_graded(cell: Mapping[str, Any]) -> bool:
    """Whether it carries points."""
    return bool(_about(cell).get("grade"))


def is_test(cell: Mapping[str, Any]) -> bool:
    """Whether it is code that grades an answer."""
    return is_graded(cell) and not is_answer(cell) and cell["cell_type"] == "code"


def is_hand_marked(cell: Mapping[str, Any]) -> bool:
    """Whether a person gives the points."""
    return is_graded(cell) and not is_test(cell)
