"""What a reader has written survives an update: their functions stand in the new pages, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.small_page import STUB, cell, page
from tools import series, update

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="there is no git on this machine")

MEAN = "def mean_pool(x):\n    return sum(x) / len(x)  # mine"
MAX = "def max_pool(x):\n    return x.max(axis=0)  # mine"
FIRST = Path("notebooks/01_first.ipynb")
SECOND = Path("notebooks/02_second.ipynb")
OTHER = Path("notebooks/03_other.ipynb")


def git(folder, *arguments):
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout


class Project:
    """A project with its upstream, and the reader's clone of it."""

    def __init__(self, folder):
        self.upstream, self.clone = folder / "upstream", folder / "clone"

    def begin(self):
        self.upstream.mkdir()
        (self.upstream / ".gitignore").write_text("notebooks/my_copies/\n")
        git(self.upstream, "init", "-q")
        self.publish({FIRST: page(), OTHER: new_notebook(cells=[new_markdown_cell("# Other", id="other")])})
        git(self.upstream.parent, "clone", "-q", str(self.upstream), str(self.clone))

    def publish(self, pages):
        for path, notebook in pages.items():
            (self.upstream / path).parent.mkdir(exist_ok=True)
            if notebook is None:
                (self.upstream / path).unlink()
            else:
                nbformat.write(notebook, self.upstream / path)
        git(self.upstream, "add", "-A")
        git(self.upstream, "commit", "-qm", "another version")

    def write(self, sources=(), path=FIRST, own=()):
        """What a reader does in JupyterLab."""
        notebook = self.read(path)
        for name, source in dict(sources).items():
            cell(notebook, name).source = source
        notebook.cells += own
        nbformat.write(notebook, self.clone / path)

    def read(self, path=FIRST):
        return nbformat.read(self.clone / path, as_version=4)

    def source(self, name, path=FIRST):
        return cell(self.read(path), name).source

    def copies(self):
        return sorted((self.clone / "notebooks" / "my_copies").rglob("*.ipynb"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The folder of a project that no test changes: each has a copy."""
    folder = tmp_path_factory.mktemp("begun")
    Project(folder).begin()
    return folder


@pytest.fixture
def project(begun, tmp_path, monkeypatch):
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    made = Project(tmp_path)
    git(made.clone, "remote", "set-url", "origin", str(made.upstream))
    monkeypatch.setattr(series, "ROOT", made.clone)
    return made


def new_version(**sources):
    """The page with another sentence above, and with these sources."""
    notebook = page()
    cell(notebook, "title").source = "# A small page, better said"
    for name, source in sources.items():
        cell(notebook, name).source = source
    return notebook


def told(capsys):
    return capsys.readouterr().out


def test_nothing_changed(project, capsys):
    update.update()
    assert told(capsys) == ("this is the newest version already\nnothing to put back: the notebooks are as published\n")
    assert project.copies() == []


def test_a_function_comes_back_and_the_page_is_else_as_published(project, capsys):
    project.write({"mean": MEAN})
    written = (project.clone / FIRST).read_text()
    update.update()
    assert f"your mean_pool was put back into {FIRST.as_posix()}\n" in told(capsys)
    (copy,) = project.copies()
    assert copy.read_text() == written
    now, published = project.read(), page()
    assert cell(now, "mean").source == MEAN
    assert [each.outputs for each in now.cells if each.id in ("check-mean", "choice-mean")] == [[], []]
    for each in published.cells:
        if each.id not in ("mean", "check-mean", "choice-mean"):
            assert cell(now, each.id) == each
    nbformat.validate(now)


def test_before_a_pull_the_newer_version_is_brought(project, capsys):
    project.write({"mean": MEAN})
    project.publish({FIRST: new_version()})
    update.update()
    assert "a newer version is here now\n" in told(capsys)
    assert project.source("title").endswith("better said")
    assert project.source("mean") == MEAN


def test_after_a_pull_too(project):
    project.write({"mean": MEAN})
    project.publish({OTHER: new_notebook(cells=[new_markdown_cell("# Other, better said", id="other")])})
    git(project.clone, "pull", "-q")
    update.update()
    assert project.source("mean") == MEAN
    assert project.source("other", OTHER).endswith("better said")


def test_what_was_reset_before_a_pull_comes_back_from_its_folder(project, capsys):
    project.write({"mean": MEAN})
    series.reset()
    project.publish({FIRST: new_version()})
    git(project.clone, "pull", "-q")
    capsys.readouterr()
    update.update()
    (copy,) = project.copies()
    assert project.source("mean") == STUB
    said = told(capsys).splitlines()[-1]
    assert said.endswith(f"make update FROM={copy.parent.relative_to(project.clone).as_posix()}")
    update.update(str(copy.parent))
    assert project.source("mean") == MEAN
    assert "not put back" not in told(capsys)  # what was published once is not the reader's


def test_a_folder_that_is_not_there(project):
    with pytest.raises(SystemExit, match="FROM must be a folder of notebooks/my_copies, got elsewhere"):
        update.update("elsewhere")


def test_a_pull_that_fails_is_told_and_the_function_comes_back(project, capsys):
    project.write({"mean": MEAN})
    shutil.rmtree(project.upstream)
    update.update()
    assert told(capsys).startswith("no newer version was brought (")
    assert project.source("mean") == MEAN


def test_a_clone_without_an_upstream(project, capsys):
    project.write({"mean": MEAN})
    git(project.clone, "remote", "remove", "origin")
    update.update()
    assert told(capsys).startswith(FIRST.as_posix())
    assert project.source("mean") == MEAN


def test_a_renamed_cell_is_known_by_its_functions_name(project):
    notebook = new_version()
    cell(notebook, "mean").id = "other-words"
    project.write({"mean": MEAN})
    project.publish({FIRST: notebook})
    update.update()
    assert project.source("other-words") == MEAN


def test_a_notebook_that_lost_the_ids_of_its_cells(project, capsys):
    project.write({"mean": MEAN})
    notebook = project.read()
    for number, each in enumerate(notebook.cells):
        each.id = f"new-{number}"
    nbformat.write(notebook, project.clone / FIRST)
    update.update()
    assert project.source("mean") == MEAN
    assert "not put back" not in told(capsys)


def test_a_notebook_of_the_older_form_without_ids(project):
    project.write({"mean": MEAN})
    notebook = project.read()
    for each in notebook.cells:
        del each["id"]
    notebook.nbformat_minor = 4
    nbformat.write(notebook, project.clone / FIRST)
    assert '"id"' not in (project.clone / FIRST).read_text()
    update.update()
    assert project.source("mean") == MEAN


def test_a_page_that_moved(project, capsys):
    project.write({"mean": MEAN, "max": MAX})
    project.publish({FIRST: None, SECOND: new_version()})
    update.update()
    said = told(capsys)
    assert "there is no such page any more" in said
    assert f"your mean_pool was put back into {SECOND.as_posix()}" in said
    assert project.source("mean", SECOND) == MEAN
    assert project.source("max", SECOND) == MAX
    assert not (project.clone / FIRST).exists()


def test_an_exercise_that_two_pages_have_now_is_left_to_the_reader(project, capsys):
    project.write({"mean": MEAN})
    project.publish({FIRST: None, SECOND: page(), Path("notebooks/04_third.ipynb"): page()})
    update.update()
    assert "more than one page asks for mean_pool now: it was not put back" in told(capsys)
    assert project.source("mean", SECOND) == STUB
    assert MEAN in [each.source for each in nbformat.read(project.copies()[0], as_version=4).cells]


def test_an_exercise_that_is_gone_is_named(project, capsys):
    notebook = new_version()
    notebook.cells = [each for each in notebook.cells if "max" not in each.id]
    project.write({"max": MAX})
    project.publish({FIRST: notebook})
    update.update()
    said = told(capsys)
    assert "no page asks for max_pool any more: it was not put back" in said
    assert "def max_pool(x): return x.max(axis=0) # mine" in said
    (copy,) = project.copies()
    assert f"{FIRST.as_posix()}: yours is {copy.relative_to(project.clone).as_posix()}\n" in said


def test_a_function_that_the_project_renamed_is_named(project, capsys):
    renamed = {name: cell(page(), name).source.replace("mean_pool", "mean_of") for name in ("mean", "solution-mean")}
    project.write({"mean": MEAN})
    project.publish({FIRST: new_version(**renamed)})
    update.update()
    assert "what was mean_pool is mean_of now: it was not put back" in told(capsys)
    assert project.source("mean") == renamed["mean"]


def test_a_function_that_the_reader_renamed_is_named(project, capsys):
    project.write({"mean": MEAN.replace("mean_pool", "my_mean")})
    update.update()
    said = told(capsys)
    assert "your cell does not define mean_pool, which the page asks for: it was not put back" in said
    assert "def my_mean(x)" in said
    assert project.source("mean") == STUB


@pytest.mark.parametrize(
    "source",
    [
        f"{MEAN.replace('mean_pool', 'my_mean')}\n\n\nmean_pool = my_mean",
        "mean_pool = lambda x: x.mean(axis=0)",
        f"import math\n\n\ndef helper(x):\n    return x\n\n\n{MEAN}",
        "def mean_pool(x):\n    return (",
    ],
)
def test_whatever_answers_comes_back_as_it_was(project, source):
    project.write({"mean": source})
    project.publish({FIRST: new_version()})
    update.update()
    assert project.source("mean") == source


def test_what_is_not_finished_is_told(project, capsys):
    project.write({"mean": "def mean_pool(x):\n    return ("})
    update.update()
    assert "it is not finished: Python cannot read it yet" in told(capsys)


def test_what_is_not_finished_does_not_go_into_a_cell_that_has_changed(project, capsys):
    project.write({"mean": "def mean_pool(x):\n    return ("})
    project.publish({FIRST: new_version(mean=STUB.replace("feature", "column"))})
    update.update()
    assert "was not put back" in told(capsys)
    assert project.source("mean") == STUB.replace("feature", "column")


def test_a_function_in_a_cell_of_the_readers_own(project, capsys):
    project.write(own=[new_code_cell(f"# my way\n{MEAN}", id="own"), new_markdown_cell("my note", id="note")])
    update.update()
    said = told(capsys)
    assert "your mean_pool was put back" in said
    assert said.count("  my note\n") == 1
    assert project.source("mean") == f"# my way\n{MEAN}"


def test_of_two_the_one_at_its_place_comes_back_and_the_other_is_named(project, capsys):
    project.write({"mean": MEAN}, own=[new_code_cell("def mean_pool(x):\n    return 'an experiment'", id="own")])
    update.update()
    assert project.source("mean") == MEAN
    assert "an experiment" in told(capsys)


def test_a_cell_that_has_changed_around_the_function_keeps_its_new_lines(project):
    old = "import os\n\n\ndef mean_pool(x): ..."
    project.publish({FIRST: new_version(mean=old)})
    git(project.clone, "pull", "-q")
    project.write({"mean": f"import os\nimport math\n\n\n# by hand\n{MEAN}\n\n\nprint(1)  # a try\n# the end"})
    project.publish({FIRST: new_version(mean="import sys\n\n\ndef mean_pool(x): ...\n\n\nLIMIT = 3")})
    update.update()
    assert project.source("mean") == (
        f"import sys\n\n\nimport math\n\n\n# by hand\n{MEAN}\n\n\nprint(1)  # a try\n# the end\n\n\nLIMIT = 3"
    )


def test_other_arguments_are_told(project, capsys):
    project.write({"mean": MEAN})
    project.publish({FIRST: new_version(mean=STUB.replace("(x)", "(x, axis=0)"))})
    update.update()
    assert "it was called with (x), and is called with (x, axis=0) now" in told(capsys)
    assert project.source("mean") == MEAN


def test_two_changed_pages(project, capsys):
    second = page()
    second.cells[0].source = "# Second"
    project.publish({SECOND: second})
    git(project.clone, "pull", "-q")
    project.write({"mean": MEAN})
    project.write({"max": MAX}, path=SECOND)
    update.update()
    assert project.source("mean") == MEAN
    assert project.source("max", SECOND) == MAX
    assert project.source("mean", SECOND) == STUB
    assert len(project.copies()) == 2
    assert told(capsys).count("was put back into") == 2


def test_of_two_copies_of_one_page_the_newer_comes_back(project, capsys):
    project.write({"mean": MEAN})
    series.reset()
    project.write({"mean": MEAN.replace("mine", "newer")})
    update.update(str(project.copies()[0].parent))
    assert project.source("mean").endswith("newer")
    assert "another mean_pool of yours was put back" in told(capsys)


def test_what_was_only_run_is_no_writing(project, capsys):
    notebook = project.read()
    cell(notebook, "imports").execution_count = 7
    nbformat.write(notebook, project.clone / FIRST)
    update.update()
    assert "you ran it, and wrote nothing into it" in told(capsys)
    assert git(project.clone, "status", "--porcelain") == ""
    assert len(project.copies()) == 1


def test_an_empty_function_with_a_remark_is_not_an_answer(project, capsys):
    project.write({"mean": f"{STUB}  # later"})
    update.update()
    said = told(capsys)
    assert "was put back" not in said
    assert "# later" in said
    assert project.source("mean") == STUB


@pytest.mark.parametrize("text", ["", "{}", '{"cells": [', '{"cells": [{}], "metadata": {}, "nbformat": 4}', "[1]"])
def test_an_invalid_notebook_is_kept_and_told(project, text, capsys):
    (project.clone / FIRST).write_text(text)
    update.update()
    assert "it cannot be read as a notebook: nothing of it was put back" in told(capsys)
    assert project.copies()[0].read_text() == text
    assert git(project.clone, "status", "--porcelain") == ""


def test_the_marks_of_a_merge_are_kept_and_told(project, capsys):
    project.write({"mean": MEAN, "title": "# Mine"})
    project.publish({FIRST: new_version(mean=STUB.replace("feature", "column"))})
    git(project.clone, "stash", "-q")
    git(project.clone, "pull", "-q")
    with pytest.raises(subprocess.CalledProcessError):
        git(project.clone, "stash", "pop")
    update.update()
    assert "it cannot be read as a notebook" in told(capsys)
    assert "<<<<<<<" in project.copies()[0].read_text()
    assert git(project.clone, "status", "--porcelain") == ""


def test_a_page_that_the_reader_deleted_or_moved_away(project, capsys):
    project.write({"mean": MEAN})
    own = project.clone / "notebooks" / "mine.ipynb"
    (project.clone / FIRST).rename(own)
    update.update()
    assert project.source("mean") == STUB
    assert own.exists()
    assert project.copies() == []


def test_outside_a_clone_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match=r"make update restores .* not a git clone"):
        update.update()


def test_it_works_without_make_and_without_what_only_the_tests_need(project):
    shutil.copytree(series.__file__.removesuffix("/series.py"), project.clone / "tools")
    project.write({"mean": MEAN})
    absent = "import sys\nsys.modules.update(dict.fromkeys(['pytest', 'nbval', 'rnn_helpers']))\n"
    (project.clone / "sitecustomize.py").write_text(absent)
    command = [sys.executable, "-m", "tools.series", "update"]
    environment = os.environ | {"PYTHONPATH": str(project.clone)}
    run = subprocess.run(command, cwd=project.clone, env=environment, capture_output=True, text=True, timeout=60)
    assert run.stderr == ""
    assert "your mean_pool was put back into notebooks/01_first.ipynb" in run.stdout
    assert project.source("mean") == MEAN
