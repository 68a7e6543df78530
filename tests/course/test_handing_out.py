"""The learners' versions: complete, runnable, and without a trace of solutions or hidden tests."""

from __future__ import annotations

import re
import zipfile

import corpus
import nbformat
import pytest

from rnn_grading.gradebook import Course
from rnn_grading.handing_out import make_assignments
from rnn_grading.scores import Setting
from rnn_grading.walls import Problem


@pytest.fixture(scope="module")
def made(tmp_path_factory, best):
    place = tmp_path_factory.mktemp("release")
    sentences = make_assignments(Course(corpus.SOURCES, place / "course"), place / "assignments", Setting(best))
    return place / "assignments", sentences


def secrets(name: str) -> set[str]:
    """Every line of a solution or of a hidden test that does not stand elsewhere in the source, too."""
    notebook = corpus.source(name)
    text = "\n".join(cell.source for cell in notebook.cells)
    regions = re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", text, flags=re.S)
    regions += [
        cell.source for cell in notebook.cells if cell.metadata.nbgrader.solution and cell.metadata.nbgrader.grade
    ]
    lines = {line.strip() for region in regions for line in region.splitlines() if len(line.strip()) > 12}
    shown = "\n".join(
        corpus.without_regions(cell.source, "") for cell in notebook.cells if not cell.metadata.nbgrader.solution
    )
    return {line for line in lines if line not in shown}


@pytest.mark.parametrize("name", corpus.NAMES)
def test_no_solution_and_no_hidden_test_gets_out(made, name):
    folder, _ = made
    text = (folder / name / f"{name}.ipynb").read_text(encoding="utf-8")
    found = secrets(name)
    assert len(found) > 5
    written = "\n".join(str(part) for part in _texts(nbformat.reads(text, as_version=4)))
    assert not [line for line in found if line in written]
    assert not re.search(r"HIDDEN TESTS|(BEGIN|END) SOLUTION", text)
    assert not any(cell.get("outputs") for cell in nbformat.reads(text, as_version=4).cells)


def _texts(part):
    """All texts anywhere in a notebook: sources, metadata, outputs, attachments."""
    if isinstance(part, dict):
        for value in part.values():
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)
    else:
        yield part


@pytest.mark.parametrize("name", corpus.NAMES)
def test_the_learners_version_is_the_source_with_stubs(made, name):
    folder, _ = made
    made_by_nbgrader = nbformat.read(folder / name / f"{name}.ipynb", as_version=4)
    for cell, expected in zip(made_by_nbgrader.cells, corpus.handed_out(name).cells, strict=True):
        assert cell.source == expected.source
        assert cell.metadata.get("tags") == expected.metadata.get("tags")


@pytest.mark.parametrize("name", corpus.NAMES)
def test_the_zip_holds_the_notebook_and_a_how_to(made, name):
    folder, sentences = made
    assert any(sentence.startswith(name) for sentence in sentences)
    with zipfile.ZipFile(folder / f"{name}.zip") as packed:
        assert set(packed.namelist()) == {f"{name}/{name}.ipynb", f"{name}/how_to.txt"}
        assert packed.read(f"{name}/{name}.ipynb") == (folder / name / f"{name}.ipynb").read_bytes()
        assert f"{name}.ipynb" in packed.read(f"{name}/how_to.txt").decode()


def broken_source(place, change):
    notebook = corpus.source(corpus.STEP)
    change(notebook)
    path = place / "sources" / corpus.STEP / f"{corpus.STEP}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return Course(place / "sources", place / "course")


def test_a_given_cell_that_fails_is_told(tmp_path, best):
    course = broken_source(tmp_path, lambda nb: nb.cells[2].__setattr__("source", "import nothing_of_this_name"))
    with pytest.raises(Problem, match=r"step-imports .* raises an error"):
        make_assignments(course, tmp_path / "made", Setting(best))


def test_a_solution_that_fails_is_told(tmp_path, best):
    def change(notebook):
        cell = corpus.cell_of(notebook, "first-answer")
        cell.source = cell.source.replace("np.tanh", "np.sin")

    course = broken_source(tmp_path, change)
    with pytest.raises(Problem, match="does not pass its own tests: first-test"):
        make_assignments(course, tmp_path / "made", Setting(best))


def test_a_stub_that_passes_is_told(tmp_path, best):
    def change(notebook):
        cell = corpus.cell_of(notebook, "shapes-answer")
        cell.source = (
            re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", cell.source) + "\n### BEGIN SOLUTION\n### END SOLUTION"
        )

    course = broken_source(tmp_path, change)
    with pytest.raises(Problem, match="should say 'not written yet'"):
        make_assignments(course, tmp_path / "made", Setting(best))


def test_a_folder_without_sources_is_told(tmp_path, best):
    with pytest.raises(Problem, match="there is none"):
        make_assignments(Course(tmp_path / "empty", tmp_path / "course"), tmp_path / "made", Setting(best))
