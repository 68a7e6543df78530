"""What holds for the pages of this series, beyond the guards of any page in rnn_helpers/pytest_pages.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from functools import cache
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools import exercises, pictures, series
from tools.processes import running

ALLOWED_TAGS = {"raises-exception", series.AFTER_TRYING, series.TIMING, series.TRAINING, *series.FOLDED}
SCALAR = re.compile(r"\bnp\.(?:float|int|uint|bool|str|complex)\w*\(")  # NumPy 2 shows bare scalars in its own way
by_page = pytest.mark.parametrize("path", series.PAGES, ids=lambda path: path.stem)


@cache
def stored(path: Path) -> nbformat.NotebookNode:
    """A page as it is stored, for all tests the same one: none of them changes it."""
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in stored(path).cells if cell.cell_type == "code"]


def outputs(path: Path) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(path) for output in cell.outputs]


def test_the_series_has_its_notebooks():
    assert series.NOTEBOOKS
    assert [path.name[:2] for path in series.NOTEBOOKS] == [f"{n:02}" for n in range(1, len(series.NOTEBOOKS) + 1)]


@by_page
def test_stored_in_canonical_form(path):
    canonical = path.read_text(encoding="utf-8") == nbformat.writes(series.canonical(stored(path))) + "\n"
    assert canonical, "it was run or edited: make reset brings the published page back, make refresh stores yours"
    nbformat.validate(stored(path))


@pytest.mark.parametrize("tag", series.FOLDED)
def test_cells_that_not_everybody_reads_are_folded_in_jupyterlab(tag):
    cell = nbformat.v4.new_code_cell("x", metadata={"tags": [tag], "jupyter": {"outputs_hidden": True}, "own": 1})
    other = nbformat.v4.new_code_cell("x", metadata={"tags": ["timing"], "jupyter": {"source_hidden": True}})
    folded, open_ = series.canonical(nbformat.v4.new_notebook(cells=[cell, other])).cells
    assert folded.metadata == {"jupyter": {"source_hidden": True}, "tags": [tag]}
    assert open_.metadata == {"tags": ["timing"]}


def test_what_names_a_mistake_is_folded_in_jupyterlab():
    cell = nbformat.v4.new_code_cell("x", metadata={"tags": [series.AFTER_TRYING]})
    (folded,) = series.canonical(nbformat.v4.new_notebook(cells=[cell])).cells
    assert folded.metadata == {"jupyter": {"outputs_hidden": True}, "tags": [series.AFTER_TRYING]}


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_prediction_stands_in_a_frame(path):
    prose = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    assert re.findall(r"^> \*\*Predict", prose, flags=re.M)
    assert not re.findall(r"^\*\*Predict", prose, flags=re.M), (
        "JupyterLab draws the frame of a quotation: > **Predict.**"
    )


@by_page
def test_enough_is_compared_and_held(path):
    compared = [output for output in outputs(path) if output.output_type != "error"]
    assert len(compared) >= 5
    held = "assert " if path in series.NOTEBOOKS else "checks."
    assert any(held in cell.source for cell in code_cells(path))


@by_page
def test_code_cells_are_plain_python_and_their_tags_known(path):
    for cell in code_cells(path):
        assert set(cell.metadata.get("tags", [])) <= ALLOWED_TAGS
        plain = TransformerManager().transform_cell(cell.source) == cell.source + "\n"
        assert plain and "get_ipython" not in cell.source  # noqa: PT018


@by_page
def test_exercises_and_folded_cells_are_what_their_tags_say(path):
    assert not list(exercises.faults(stored(path)))


@by_page
def test_what_is_stored_looks_the_same_on_every_machine(path):
    for output in outputs(path):
        text = json.dumps({kind: value for kind, value in output.get("data", {}).items() if kind != "image/png"})
        assert not SCALAR.search(text + output.get("text", ""))
        assert {kind for kind in output.get("data", {}) if kind.startswith("image/")} <= {"image/png"}


@by_page
def test_every_figure_is_shown_with_a_full_alt_text(path):
    for cell in code_cells(path):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == cell.source.count("plots.show(")
        for picture in pictures:
            alt = picture.data["text/plain"]
            assert len(alt.split()) >= 12
            assert alt == picture.metadata["image/png"]["alt"]


def test_the_readme_shows_the_picture_of_the_first_notebook():
    picture, alt = series.first_picture(stored(series.NOTEBOOKS[0]))
    assert series.PICTURE.read_bytes() == picture
    readme = (series.ROOT / "README.md").read_text(encoding="utf-8")
    assert f"![{alt}]({series.PICTURE.relative_to(series.ROOT).as_posix()})" in readme


@by_page
def test_every_picture_was_drawn_by_the_code_of_today(path):
    page = stored(path)
    for cell in page.cells:
        for output in cell.get("outputs", []):
            today = pictures.drawn_by(cell, page) if pictures.is_picture(output) else None
            assert output.get("metadata", {}).get("drawn_by") == today, "make refresh draws it anew"


@by_page
def test_pages_draw_by_the_package_alone(path):
    for cell in code_cells(path):
        words = set(re.findall(r"\w+", cell.source))
        assert not words & {"matplotlib", "pylab", "pyplot", "plt"}, (
            "what draws belongs in rnn_helpers.plots, and its style"
        )


@by_page
def test_cells_that_measure_times_are_marked(path):
    for cell in code_cells(path):
        if "timeit." in cell.source or "time_both(" in cell.source:
            assert series.TIMING in cell.metadata.get("tags", [])


MODULE = '''
"""Words."""
COLORS = {"one": 1}  # words
COLORS |= {"two": 2}


def lines(x) -> Figure:
    """Words."""
    # words
    return _styled(x, COLORS)


@decorated
def _styled(x, colors):
    return """kept"""


def heat_map() -> Figure:
    return 3


def table():
    return 4


def show(fig):
    return 5
'''


OTHER_CODE = {'"one": 1': '"one": 7', '"two": 2': '"two": 7', "(x, COLORS)": "(x)", "@decorated": "@other"}
OTHER_CODE |= {"kept": "other", "return 5": "return 7"}


@pytest.mark.parametrize(("before", "after"), OTHER_CODE.items())
def test_another_line_that_draws_is_another_code(before, after):
    assert MODULE.count(before) == 1
    assert pictures.drawing_code({"lines"}, MODULE) != pictures.drawing_code({"lines"}, MODULE.replace(before, after))


@pytest.mark.parametrize(("before", "after"), [("ords", "ord"), ("return 3", "return 7"), ("return 4", "return 7")])
def test_words_and_other_figures_are_no_other_code(before, after):
    named = {"lines", "table"}  # a table is shown as text, which nbval compares
    assert before in MODULE
    assert pictures.drawing_code(named, MODULE) == pictures.drawing_code(named, MODULE.replace(before, after))


def test_what_drew_a_picture_is_told_by_its_cell_and_its_page():
    def page(*sources):
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])

    def told(*sources):
        return pictures.drawn_by(page(*sources).cells[-1], page(*sources))

    assert told("x = 1", "draw(x)") == told("x = 2", "draw(x)")  # what it cannot see
    assert told("x = 1", "draw(x)") != told("x = 1", "draw(2 * x)")
    assert told("draw = plots.lines", "draw(x)") != told("draw = plots.heat_map", "draw(x)")


def test_a_refresh_keeps_a_picture_of_times_only_while_what_drew_it_is_the_same():
    def page(picture, drawn_by, alt="Two curves.", tags=("timing",)):
        data = {"image/png": picture, "text/plain": alt}
        output = nbformat.v4.new_output("display_data", data, metadata={"drawn_by": drawn_by})
        cell = nbformat.v4.new_code_cell("draw()", outputs=[output], metadata={"tags": list(tags)})
        return nbformat.v4.new_notebook(cells=[cell])

    def kept(new, old):
        series.keep_measured_times(new, old)
        return new.cells[0].outputs[0].data["image/png"]

    assert kept(page("new", "a"), page("old", "a")) == "old"
    assert kept(page("new", "b"), page("old", "a")) == "new"
    assert kept(page("new", "a", "Three curves."), page("old", "a")) == "new"
    assert kept(page("new", "a", tags=()), page("old", "a")) == "new"  # not of times: always drawn anew


def test_a_refresh_keeps_a_line_of_times_only_while_its_cell_is_the_same():
    def page(text, source="time()", tags=("timing",)):
        outputs = [nbformat.v4.new_output("stream", text=text)]
        cell = nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})
        return nbformat.v4.new_notebook(cells=[cell])

    def kept(new, old):
        series.keep_measured_times(new, old)
        return new.cells[0].outputs[0].text

    assert kept(page("1.8 times"), page("1.7 times")) == "1.7 times"
    assert kept(page("1.8 times", source="time_more()"), page("1.7 times")) == "1.8 times"
    assert kept(page("1.8 times", tags=()), page("1.7 times")) == "1.8 times"


@by_page
def test_size_of_the_file(path):
    assert path.stat().st_size <= 400_000


READMES = [series.ROOT / "README.md", series.ROOT / "notebooks" / "assignments" / "README.md"]


@pytest.mark.parametrize("path", [*series.PAGES, *READMES], ids=lambda path: path.stem)
def test_every_link_to_a_file_resolves(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert not re.search(r"^\[[^\]]+\]: ", text, flags=re.M), "a link by reference is not checked"
    for in_markdown, in_html in re.findall(r"\]\(([^)\s]+)|(?:href|src)=[\"']([^\"']+)", text):
        target = in_markdown or in_html
        if target.startswith("#"):  # JupyterLab names a heading so
            assert target[1:].replace("-", " ") in re.findall("^#+ (.+)$", text, flags=re.M), target
        elif not target.startswith(("http:", "https:")):
            assert (path.parent / target).exists(), target


def test_the_readme_says_where_to_get_the_project_once_that_is_known():
    readme = (series.ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == series.readme_with(series.where_to_get_it(series.repository()))
    assert series.where_to_get_it("") == ""
    elsewhere = series.where_to_get_it("https://example.org/rnn")
    assert "git clone https://example.org/rnn" in elsewhere
    assert "Binder" not in elsewhere
    known = series.readme_with(series.where_to_get_it("https://github.com/owner/name"))
    assert "git clone https://github.com/owner/name`" in known
    assert "/gh/owner/name/HEAD?" in known
    assert "/github/owner/name/blob/main/notebooks/01_motivation.ipynb" in known
    assert known.replace(series.where_to_get_it("https://github.com/owner/name"), "", 1) == series.readme_with("")


@pytest.mark.parametrize("path", series.NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cell_for_colab_is_there_once_the_address_is_known(path):
    page = stored(path)
    assert page == series.with_colab_cell(page, series.repository()), "make refresh writes it"
    known = series.with_colab_cell(page, "https://github.com/owner/name")
    assert len(known.cells) == len(series.with_colab_cell(page, "").cells) + 1
    assert next(cell for cell in known.cells if cell.cell_type == "code").id == series.COLAB_CELL
    assert series.with_colab_cell(known, "") == series.with_colab_cell(page, "")
    nbformat.validate(known)


def test_the_cell_for_colab_brings_the_package_there_and_does_nothing_elsewhere(monkeypatch):
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: ran.append(command))
    source = series.COLAB_SOURCE.format(address="https://github.com/owner/name")
    exec(source, {})
    assert ran == []
    monkeypatch.setitem(sys.modules, "google.colab", object())
    exec(source, {})
    (command,) = ran
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-1] == "git+https://github.com/owner/name"


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git on this machine")


@needs_git
def test_every_notebook_is_one_of_the_pages():
    try:
        in_git = series.git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.ipynb").split("\0")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"git does not list this folder, as when it was downloaded without its history: {error.stderr}")
    assert {series.ROOT / name for name in in_git if name} == set(series.PAGES)


@by_page
def test_every_question_has_a_folded_answer(path):
    for cell in stored(path).cells:
        asked = cell.source.count("**Predict first.**") + len(re.findall(r"^\*\*\d\.\*\*", cell.source, flags=re.M))
        if cell.cell_type == "markdown" and asked:
            assert cell.source.count("<details>") == asked == cell.source.count("</details>")
            assert (
                len(re.findall(rf"<details>{series.SUMMARY}Answer</summary>.{{15,}}</details>", cell.source)) == asked
            )


@pytest.fixture
def clone(request, tmp_path, monkeypatch):
    """A small git repository in place of the project's, or a folder of a larger one."""
    root = tmp_path / request.param
    page = root / "notebooks" / "01_page.ipynb"
    page.parent.mkdir(parents=True)
    page.write_text("published")
    (root / ".gitignore").write_text("notebooks/my_copies/\n")
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, timeout=60)
    monkeypatch.setattr(series, "ROOT", root)
    return page


@needs_git
@pytest.mark.parametrize("clone", [".", "a course/rnn"], indirect=True)
def test_reset_brings_published_pages_back_and_loses_nothing(clone, capsys):
    series.reset()
    assert "nothing to reset" in capsys.readouterr().out
    for played in ("first", "second"):
        clone.write_text(played)
        series.reset()
        assert clone.read_text() == "published"
    copies = sorted((clone.parent / "my_copies").glob("*/01_page.ipynb"))
    assert [copy.read_text() for copy in copies] == ["first", "second"]
    clone.unlink()
    series.reset()
    assert clone.read_text() == "published"
    assert series.git("status", "--porcelain") == ""
    capsys.readouterr()
    own = clone.with_name("99_own.ipynb")
    own.write_text("my own")
    series.git("add", "notebooks/99_own.ipynb")
    series.reset()
    assert own.read_text() == "my own"
    assert "nothing to reset" in capsys.readouterr().out


def test_reset_outside_a_clone_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match="not a git clone"):
        series.reset()


@pytest.mark.skipif(os.name == "nt", reason="make is not used on Windows")
@pytest.mark.parametrize(
    ("python", "says"),
    [
        (None, "Python 3.11 or newer is needed, and there is no "),
        (
            "case $1 in -c) exit 1;; *) echo Python 3.9.2;; esac",
            "Python 3.11 or newer is needed, and .* is Python 3.9.2",
        ),
        ("case $2 in *venv*) exit 1;; esac", "Python's venv module is missing; on Debian and Ubuntu: apt install"),
    ],
)
@pytest.mark.parametrize("verb", ["lab", "test"])
def test_make_says_in_one_line_what_is_missing(verb, python, says, tmp_path):
    fake = tmp_path / "python"
    if python:
        fake.write_text(f"#!/bin/sh\n{python}\n")
        fake.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", verb, f"PYTHON={fake}", f"VENV={tmp_path / 'venv'}"]
    run = subprocess.run(command, cwd=series.ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert re.match(says, run.stdout)
    assert run.stdout.count("\n") == 1
    assert not (tmp_path / "venv").exists()


def test_make_lab_serves_the_notebooks(tmp_path):
    in_use = Path(sys.prefix).name
    if os.name == "nt" or not (series.ROOT / in_use / "bin").exists():
        pytest.skip("`make lab` is tried from the project's own virtual environment")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment["JUPYTER_RUNTIME_DIR"] = str(tmp_path)
    environment["JUPYTER_CONFIG_DIR"] = str(tmp_path)
    command = ["make", "lab", f"VENV={in_use}", "LAB_ARGS=--no-browser --port=0"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, cwd=series.ROOT, env=environment, **quiet) as server:
        deadline = time.monotonic() + 60
        while not (found := list(tmp_path.glob("jpserver-*.json"))) and time.monotonic() < deadline:
            assert server.poll() is None
            time.sleep(0.2)
        assert found, "no server within a minute"
        listing = _get(json.loads(found[0].read_text()), "api/contents/")
        names = {entry["name"] for entry in listing["content"]}
        assert {path.name for path in series.NOTEBOOKS} <= names


def _get(server: dict, where: str) -> dict:
    request = urllib.request.Request(server["url"] + where, headers={"Authorization": f"token {server['token']}"})
    for _ in range(50):  # the file appears a moment before the port answers
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")
