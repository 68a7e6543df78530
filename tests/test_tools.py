"""The house itself: settings that are left out, an install that any locale can read, limits, a Makefile only read."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient

from tools import editable, settings
from tools.processes import running
from tools.seeds import __main__ as seeds

ROOT = settings.ROOT
on_posix = pytest.mark.skipif(os.name == "nt", reason="make, signals and locales are those of Linux and macOS")


def test_a_readers_settings_reach_no_kernel(monkeypatch, tmp_path):
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("import numpy; numpy.set_printoptions(precision=1)")
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text('{"argv": ["/no/such/python"], "display_name": "Another", "language": "python"}')
    locked = tmp_path / "a file"  # as good as a folder that cannot be written, and root cannot write in it either
    locked.write_text("")
    for name, value in {
        "IPYTHONDIR": tmp_path / "ipython",
        "JUPYTER_PATH": tmp_path / "jupyter",
        "JUPYTER_CONFIG_DIR": locked,
        "JUPYTER_DATA_DIR": tmp_path / "jupyter",
        "JUPYTER_RUNTIME_DIR": locked / "runtime",
        "MPLCONFIGDIR": locked / "matplotlib",
        "PYTHONPATH": tmp_path,
        "PYTHONOPTIMIZE": 1,
    }.items():
        monkeypatch.setenv(name, str(value))
    settings.leave_out_the_readers()
    cell = (
        "import sys, numpy, matplotlib.pyplot, rnn_helpers; assert __debug__; print(numpy.ones(1) / 3, sys.executable)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, kernel_name="python3", timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    assert [output.text for output in notebook.cells[0].outputs] == [f"[0.33333333] {sys.executable}\n"]


def test_the_settings_are_left_out_in_every_run():
    assert os.environ["IPYTHONDIR"].endswith("ipythondir")
    assert not set(settings.LEFT_OUT) & set(os.environ)


def test_no_process_that_reads_notebooks_waits_for_a_grammar_of_addresses():
    assert sys.modules["rfc3987_syntax"] is None, "tools must be imported before what brings jsonschema"


@on_posix
def test_the_editable_install_works_in_a_folder_of_another_alphabet_and_a_locale_without_it(tmp_path, monkeypatch):
    project = tmp_path / "ein Ordner" / "日本 ру"
    (project / "rnn_helpers").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text", "rnn_helpers/__init__.py"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    (project / "rnn_helpers" / "__init__.py").write_text('"""Empty."""\n__version__ = "1"\n')
    monkeypatch.chdir(project)
    wheel = tmp_path / editable.build_editable(str(tmp_path))
    venv.create(tmp_path / "venv", symlinks=True)
    (place,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
        (path_file,) = (name for name in archive.namelist() if name.endswith(".pth"))
        assert archive.read(path_file).isascii()
        record = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("RECORD"))
        assert editable.record_line(path_file, archive.read(path_file)) in record.splitlines()
    command = [
        str(tmp_path / "venv" / "bin" / "python"),
        "-c",
        "import rnn_helpers, os; print(rnn_helpers.__version__)",
    ]
    for locale in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "C.UTF-8"}):
        done = subprocess.run(command, cwd=tmp_path, env=locale, capture_output=True, text=True, timeout=60)
        assert (done.stdout, done.stderr) == ("1\n", "")


def make(*arguments: str, environment: Path) -> subprocess.CompletedProcess[str]:
    """Run make on an environment, and not as a part of the make that may have started the tests."""
    command = ["make", *arguments, f"VENV={environment}", "EXTRAS=lab,test"]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=60)


@on_posix
@pytest.mark.parametrize("verb", ["help", "lab", "test", "seeds", "grade", "test-oldest"])
def test_a_makefile_that_is_only_read_changes_nothing(verb, tmp_path):
    ready = tmp_path / ".ready-lab,test"  # of an environment whose Python is gone
    ready.write_text("")
    done = make("-n", verb, environment=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == [ready]


@pytest.fixture
def environment(tmp_path):
    """An environment for make whose Python says what it is asked to run, and has no network."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\n[ "$2" != pip ] && echo ran "$@"\n')
    python.chmod(0o755)
    return tmp_path


@on_posix
def test_a_set_up_that_fails_goes_on_with_what_is_installed(environment):
    """As without a network, after a pull has changed a requirement."""
    assert make("lint", environment=environment).returncode != 0  # nothing is installed
    ready = environment / ".ready-lab,test"
    ready.write_text("")
    os.utime(ready, (0, 0))
    done = make("lint", environment=environment)
    assert done.returncode == 0
    assert done.stdout.count("going on with what is installed") == 1
    assert "ran -m ruff check" in done.stdout


@on_posix
def test_a_folder_of_submissions_may_have_any_name(environment):
    (environment / ".ready-lab,test,course,cluster").write_text("")
    done = make("grade", "SUBMISSIONS=Ada's course, 日本", environment=environment)
    assert done.stdout == "ran -m rnn_grading grade --jobs 2 --pages yes --scheduler  Ada's course, 日本\n"


@on_posix
def test_a_program_that_does_not_want_to_end_is_ended_with_its_children():
    stubborn = "trap '' TERM; sleep 600 & echo $!; wait"
    started = time.monotonic()
    with running(["sh", "-c", stubborn], patience=0.5, stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
    assert process.returncode == -9
    assert time.monotonic() - started < 10
    for _ in range(50):  # until whoever inherits it has taken note of its end
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if "Z" in Path(f"/proc/{child}/stat").read_text().split()[2:3]:
            return
        time.sleep(0.1)
    raise AssertionError("the child still runs")


# What may wait without end if it is not told for how long.
WAITS = {"run", "check_output", "check_call", "call", "wait", "communicate", "urlopen", "NotebookClient"}


def without_limit(source: str) -> list[str]:
    """The calls of a test that wait for another program, and name no limit."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name.startswith("subprocess.") or name.endswith((".wait", ".communicate", ".urlopen", "NotebookClient")):
            limits = {keyword.arg for keyword in node.keywords} & {"timeout", None}
            positional = name.endswith(".wait") and node.args
            if name.rpartition(".")[2] in WAITS and not limits and not positional:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


def test_every_wait_in_the_tests_has_a_limit():
    assert without_limit("subprocess.run(['sh'])\nserver.wait()\nserver.wait(3)") == [
        "line 1: subprocess.run(['sh'])",
        "line 2: server.wait()",
    ]
    found = {path.name: without_limit(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("*.py")}
    assert {name: calls for name, calls in found.items() if calls} == {}


@on_posix
def test_make_seeds_is_given_pages_by_their_numbers(environment):
    (environment / ".ready-lab,test").write_text("")
    done = make("seeds", "PAGES=09 10", environment=environment)
    assert "ran -m tools.seeds 09 10\n" in done.stdout


def test_make_seeds_tries_each_page_that_trains():
    assert [page.stem[:2] for page in seeds.modules()] == ["07", "08", "09", "10", "11", "12"]


@pytest.fixture
def small_page(tmp_path):
    """A page of one random number from 0 to 1, which two of its cells speak of."""
    cells = ["import numpy as np\nu = np.random.default_rng(0).uniform()\nprint(f'{u:.4f} (on this machine)')"]
    cells += ["assert 0 <= u <= 1 and round(u, 4) == 0.637", "half = u / 2"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "13_small.ipynb")
    return tmp_path / "13_small.ipynb"


def test_a_claim_that_holds_for_one_seed_only_is_named(small_page, capsys):
    broken = seeds.try_page(small_page, ModuleType("nothing further"), range(3))
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("page")]
    assert told[0] == "page 13, seed 0: 0.6370"
    assert len({line.partition(": ")[2] for line in told}) == 3, "each seed draws another number"
    assert broken == [f"page 13, seed {seed}: round(u, 4) == 0.637" for seed in (1, 2)]


def test_what_a_page_says_beyond_its_assertions_is_tried_too(small_page):
    module = ModuleType("more")
    module.further = lambda trial: trial.claim("half is below 0.1", trial.names["half"] < 0.1)
    module.together = lambda trials: [("two seeds are tried", len(trials) == 2), ("a false one", False)]
    broken = seeds.try_page(small_page, module, range(2))
    assert {"page 13, seed 0: half is below 0.1", "page 13, 2 seeds: a false one"} <= set(broken)
    assert not any("two seeds" in claim for claim in broken)


def test_a_page_that_stops_is_named(small_page):
    module = ModuleType("more")
    module.further = lambda trial: trial.names["no such name"]
    with pytest.raises(KeyError) as stopped:
        seeds.try_page(small_page, module, [7])
    assert stopped.value.__notes__ == ["on page 13, seed 7"]


def test_make_seeds_ends_red_when_a_claim_does_not_hold(small_page, monkeypatch):
    monkeypatch.setattr(seeds, "modules", lambda: {small_page: ModuleType("nothing further")})
    seeds.main("13", "--seeds", "1")  # the page as it is stored
    with pytest.raises(SystemExit, match=r"page 13, seed 1: round\(u, 4\) == 0\.637"):
        seeds.main("13", "--seeds", "2")
    with pytest.raises(SystemExit, match="2"):
        seeds.main("14")
