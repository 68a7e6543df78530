"""The guards: each way in which a notebook could pass nbval with nothing proved turns one of these red."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbval.plugin import find_comment_markers
from PIL import Image

import rnn_helpers
from tools import series
from tools.processes import running

ALLOWED_TAGS = {"raises-exception", series.TIMING}
ANY_PATH = re.compile(r"(?<![\w.:/<])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\")  # an absolute one, of any system
SCALAR = re.compile(r"\bnp\.(?:float|int|uint|bool|str|complex)\w*\(")  # NumPy 2 shows bare scalars in its own way
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
by_page = pytest.mark.parametrize("path", series.PAGES, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path: Path) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(path) for output in cell.outputs]


def run_nbval(*paths: Path) -> subprocess.CompletedProcess[str]:
    settings = ["-c", str(series.ROOT / "pyproject.toml"), "--rootdir", str(series.ROOT)]
    command = [sys.executable, "-m", "pytest", *settings, "-p", "no:cacheprovider", "-q", *map(str, paths)]
    return subprocess.run(command, cwd=series.ROOT, capture_output=True, text=True, timeout=120)


def test_the_series_has_its_notebooks():
    assert series.NOTEBOOKS
    assert [path.name[:2] for path in series.NOTEBOOKS] == [f"{n:02}" for n in range(1, len(series.NOTEBOOKS) + 1)]


@by_page
def test_stored_in_canonical_form(path):
    stored = nbformat.read(path, as_version=4)
    canonical = path.read_text(encoding="utf-8") == nbformat.writes(series.canonical(stored)) + "\n"
    assert canonical, "it was run or edited: make reset brings the published page back, make refresh stores yours"
    nbformat.validate(stored)


@by_page
def test_executed_in_order_from_a_fresh_kernel(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@by_page
def test_something_is_compared(path):
    compared = [output for output in outputs(path) if output.output_type != "error"]
    assert len(compared) >= 5, "nbval compares stored outputs: a page with none passes whatever it computes"
    held = "assert " if path in series.NOTEBOOKS else "checks."
    assert any(held in cell.source for cell in code_cells(path))


@by_page
def test_no_cell_can_hide_from_nbval(path):
    for cell in code_cells(path):
        assert set(cell.metadata.get("tags", [])) <= ALLOWED_TAGS
        assert not list(find_comment_markers(cell.source)), "nbval takes this comment for an order"
        plain = TransformerManager().transform_cell(cell.source) == cell.source + "\n"
        assert plain and "get_ipython" not in cell.source, "a magic may swallow the cell"  # noqa: PT018
        # A test cell of an assignment has the tag for the sake of the learner's version; its solution raises nothing.
        graded = cell.metadata.get("nbgrader", {}).get("grade")
        if "raises-exception" in cell.metadata.get("tags", []) and not graded:
            assert [output.ename for output in cell.outputs if output.output_type == "error"]


@by_page
def test_nothing_of_a_machine_is_stored(path):
    for output in outputs(path):
        assert output.get("name") != "stderr"
        text = json.dumps({key: value for key, value in output.items() if key != "data"})
        text += json.dumps({kind: value for kind, value in output.get("data", {}).items() if kind != "image/png"})
        assert not ANY_PATH.search(text.replace("\\n", " "))
        assert not ADDRESS.search(text)
        assert not SCALAR.search(text)
        assert "<Figure" not in text
        assert {kind for kind in output.get("data", {}) if kind.startswith("image/")} <= {"image/png"}
    for cell in nbformat.read(path, as_version=4).cells:
        assert not ANY_PATH.search(cell.source)


@by_page
def test_every_picture_has_its_alt_text_and_every_alt_text_its_picture(path):
    for cell in code_cells(path):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == cell.source.count("plots.show(")
        for picture in pictures:
            alt = picture.data["text/plain"]
            assert len(alt.split()) >= 12
            assert alt == picture.metadata["image/png"]["alt"]
            pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.data["image/png"]))).convert("L"))
            assert np.mean(pixels < 200) > 0.005, "the picture is blank"


def test_the_readme_shows_the_picture_of_the_first_notebook():
    picture, alt = series.first_picture(nbformat.read(series.NOTEBOOKS[0], as_version=4))
    assert series.PICTURE.read_bytes() == picture
    readme = (series.ROOT / "README.md").read_text(encoding="utf-8")
    assert f"![{alt}]({series.PICTURE.relative_to(series.ROOT).as_posix()})" in readme


@by_page
def test_pictures_of_times_were_drawn_by_the_source_beside_them(path):
    for cell in code_cells(path):
        if "timeit." in cell.source or "time_both(" in cell.source:
            assert series.TIMING in cell.metadata.get("tags", [])
        if series.TIMING in cell.metadata.get("tags", []):
            assert [output.metadata.source for output in cell.outputs] == [series.fingerprint(cell.source)]
        else:
            assert not any("source" in output.get("metadata", {}) for output in cell.outputs)


def test_a_refresh_keeps_a_picture_of_times_only_while_its_source_is_the_same():
    def page(source, picture, drawn_by):
        data = {"image/png": picture, "text/plain": "Two curves."}
        output = nbformat.v4.new_output("display_data", data, metadata={"source": series.fingerprint(drawn_by)})
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, outputs=[output])])

    def kept(old_source, old_drawn_by, new_source):
        new = page(new_source, "new", new_source)
        series.keep_timing_pictures(new, page(old_source, "old", old_drawn_by))
        return new.cells[0].outputs[0].data["image/png"]

    assert kept("draw()", "draw()", "draw()") == "old"
    assert kept("draw()", "draw()", "redraw()") == "new"
    assert kept("redraw()", "draw()", "redraw()") == "new"  # edited in place: the stored picture is out of date


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
        if not target.startswith(("http:", "https:")):
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
    stored = nbformat.read(path, as_version=4)
    assert stored == series.with_colab_cell(stored, series.repository()), "make refresh writes it"
    known = series.with_colab_cell(stored, "https://github.com/owner/name")
    assert len(known.cells) == len(series.with_colab_cell(stored, "").cells) + 1
    assert next(cell for cell in known.cells if cell.cell_type == "code").id == series.COLAB_CELL
    assert series.with_colab_cell(known, "") == series.with_colab_cell(stored, "")
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
        in_git = series._git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.ipynb").split("\0")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"git does not list this folder, as when it was downloaded without its history: {error.stderr}")
    assert {series.ROOT / name for name in in_git if name} == set(series.PAGES)


def test_the_readme_cites_this_version():
    for name in ("README.md", "LICENSE-text"):
        assert f"version {rnn_helpers.__version__}" in (series.ROOT / name).read_text(encoding="utf-8")


@by_page
def test_every_question_has_a_folded_answer(path):
    for cell in nbformat.read(path, as_version=4).cells:
        asked = cell.source.count("**Predict first.**") + len(re.findall(r"^\*\*\d\.\*\*", cell.source, flags=re.M))
        if cell.cell_type == "markdown" and asked:
            assert cell.source.count("<details>") == asked == cell.source.count("</details>")
            assert len(re.findall(r"<details><summary>Answer</summary>.{15,}</details>", cell.source)) == asked


def test_one_changed_digit_turns_nbval_red(tmp_path):
    notebook = nbformat.read(series.NOTEBOOKS[0], as_version=4)
    notebook.cells = notebook.cells[: next(i for i, c in enumerate(notebook.cells) if c.get("outputs")) + 1]
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    nbformat.write(notebook, good)
    data = notebook.cells[-1].outputs[0].data
    data["text/plain"] = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), data["text/plain"], count=1)
    nbformat.write(notebook, bad)
    run = run_nbval(good, bad)
    assert run.returncode == 1
    assert "Cell outputs differ" in run.stdout
    assert run.stdout.startswith(".F")  # the good one passes, the bad one fails


def test_the_sanitize_file_forgives_a_negative_zero_and_nothing_else():
    from nbval.plugin import get_sanitize_patterns

    ((pattern, replacement),) = dict(
        get_sanitize_patterns((series.ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8"))
    ).items()
    for before, after in {"-0.": "0.", "-0.00 1": "0.00 1", "-0.05": "-0.05", "-10.0": "-10.0", "-1.": "-1."}.items():
        assert re.sub(pattern, replacement, before) == after


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
    assert series._git("status", "--porcelain") == ""
    capsys.readouterr()
    own = clone.with_name("99_own.ipynb")
    own.write_text("my own")
    series._git("add", "notebooks/99_own.ipynb")
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
