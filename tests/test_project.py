"""What a project promises about itself: one version, careful workflows, documents that agree with the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

import rnn_helpers
from rnn_helpers import compare, pytest_pages

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
JOBS = {
    f"{path.stem}-{name}": job
    for path in WORKFLOWS
    for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job.get("steps", [])]


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# One version, no names


def test_the_version_is_the_same_wherever_it_stands():
    for name in ("README.md", "LICENSE-text"):
        assert f"version {rnn_helpers.__version__}" in text_of(name)
    assert yaml.safe_load(text_of("CITATION.cff"))["version"] == rnn_helpers.__version__
    released = re.findall(r"^## (\d.*)$", text_of("CHANGELOG.md"), flags=re.M)
    assert released[0] == rnn_helpers.__version__


def test_an_entity_is_cited_as_the_licence_names_it():
    authors = yaml.safe_load(text_of("CITATION.cff"))["authors"]
    assert [list(author) for author in authors] == [["name"]]  # a person would have family-names
    assert authors[0]["name"].lower() in text_of("LICENSE").lower()


# The workflows


def test_every_action_is_pinned_by_its_commit_and_says_its_version():
    lines = [line for path in WORKFLOWS for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    foreign = [line.partition("uses:")[2].strip() for line in lines if "uses: ./" not in line]
    assert foreign
    for action in foreign:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    assert len({action.partition("@")[0] for action in foreign}) == len(set(foreign)), "two versions of one action"


def test_no_checkout_keeps_credentials():
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("name", JOBS)
def test_every_job_has_a_time_limit_and_may_only_read(name):
    job = JOBS[name]
    assert job["permissions"] == {"contents": "read"}
    assert "timeout-minutes" in job or job["uses"].startswith("./")  # one that calls another has that one's limit


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_is_permitted_that_a_job_does_not_ask_for(path):
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}


def test_a_pull_request_runs_once_and_main_is_never_cancelled():
    workflow = yaml.safe_load(text_of(".github/workflows/test.yml"))
    triggers = workflow[True]  # what YAML 1.1 makes of the word on
    assert triggers["push"] == {"branches": ["main"]}
    assert {"pull_request", "schedule"} <= triggers.keys()
    assert workflow["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_zizmor_finds_nothing():
    try:
        metadata.version("zizmor")
    except metadata.PackageNotFoundError:
        if os.environ.get("REQUIRE_DEV"):
            pytest.fail("zizmor is not installed: it comes with the extra dev")
        pytest.skip("zizmor is not installed: it comes with the extra dev")
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--quiet", ROOT / ".github"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


# The documents


def test_the_readme_names_every_guard():
    section = text_of("README.md").partition("## In CI")[2].partition("\n## ")[0]
    for name in pytest_pages.GUARDS:
        assert f"`{name}`" in section, name


HOURS = {6: "six", 6.5: "six and a half", 9.5: "nine and a half", 10: "ten"}


def test_the_readme_says_how_long_each_notebook_takes_and_all_of_them():
    readme = text_of("README.md")
    row = r"\]\((notebooks/\d\d_\w+\.ipynb)\) \|.*\| ((\d+) to (\d+)) \|$"
    rows = re.findall(row, readme, flags=re.M)
    pages = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [path for path, *_ in rows] == [f"notebooks/{page.name}" for page in pages]
    for path, minutes, *_ in rows:
        assert f"**Time** {minutes} minutes" in text_of(path), path
    hours = [HOURS[round(sum(map(int, column)) / 30) / 2] for column in list(zip(*rows, strict=True))[2:]]
    told = f"together they take about {hours[0]} hours to read, and about {hours[1]} with everything written."
    assert told in " ".join(readme.split())


def test_contributing_names_verbs_and_files_that_are_there():
    text = text_of("CONTRIBUTING.md")
    verbs = set(re.findall(r"`make ([a-z-]+)`", text))
    known = set(re.findall(r"^([a-z-]+):.*##", text_of("Makefile"), flags=re.M))
    assert verbs
    assert verbs <= known
    files = set(re.findall(r"`([\w/]+\.(?:py|toml|yml|txt))`", text)) - {"assignment_mistakes.py"}
    assert files
    assert not [name for name in files if not (ROOT / name).exists()]


def test_a_commit_is_checked_by_make_lint():
    (repository,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == ["make lint"]


# What the package needs, and does not


def test_the_package_says_that_it_has_types():
    assert Path(rnn_helpers.__file__).with_name("py.typed").exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda: next(compare.grid()),
        lambda: compare.time_both(1, 1, 1, 1),
        lambda: compare.time_gradients(1, 1, 1, 1),
        compare.main,
    ],
    ids=["grid", "time_both", "time_gradients", "main"],
)
def test_what_needs_torch_says_in_one_line_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        ModuleNotFoundError, match=r'^this needs PyTorch.*: pip install "rnn-helpers\[torch\]"$'
    ) as said:
        call()
    assert "\n" not in str(said.value)


def test_importing_the_package_and_its_modules_brings_no_torch():
    modules = "checks, compare, data, mistakes, plots, pytest_pages"
    code = f"import sys, rnn_helpers; from rnn_helpers import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
