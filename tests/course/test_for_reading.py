"""The learners' versions that the book shows are those that are handed out."""

from __future__ import annotations

import corpus
import nbformat
import pytest

from rnn_grading.assignments import for_reading, is_answer, part_of
from rnn_grading.gradebook import Course


@pytest.mark.parametrize("name", sorted(path.stem for path in corpus.SOURCES.glob("*/*.ipynb")))
def test_what_is_read_is_what_is_handed_out(name, tmp_path):
    course = Course(corpus.SOURCES, tmp_path)
    with course.alone():
        course.register(name)
    handed_out = nbformat.read(course.learners_version(name), as_version=4)
    source = nbformat.read(corpus.SOURCES / name / f"{name}.ipynb", as_version=4)
    shown = for_reading(source)
    assert [cell.source for cell in shown.cells] == [cell.source for cell in handed_out.cells]
    # Only what is given keeps its output: what an answer or a test prints tells the answer.
    for cell, original in zip(shown.cells, source.cells, strict=True):
        secret = is_answer(cell) or part_of(cell) == "test"
        assert cell.get("outputs", []) == ([] if secret else original.get("outputs", []))
