"""One set of requirements in four places: pyproject.toml, environment.yml, constraints.txt, and what is imported."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))

CONDA_NAME = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}  # PyPI's name: conda-forge's
IMPORT_NAME = {
    "scikit-learn": "sklearn",
    "ipython": "IPython",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "pytest-cov": "pytest_cov",
}
# Imported by the tests without being asked for by name, because the package on the right always brings them.
BROUGHT_BY = {
    "packaging": "pytest",
    "nbformat": "nbval",
    "jupyter_client": "nbval",
    "ipykernel": "nbval",
    "nbconvert": "jupyter-server",
}
# The same for what hands out and grades assignments.
COURSE_BROUGHT_BY = {
    "ipykernel": "jupyterlab",
    "jupyter_client": "nbgrader",
    "nbconvert": "nbgrader",
    "nbformat": "nbconvert",
    "sqlalchemy": "nbgrader",
    "traitlets": "nbconvert",
}


def requirements(*extras: str) -> list[Requirement]:
    """The direct dependencies in pyproject.toml, with those of the extras and of the extras that these name."""
    found = {line: Requirement(line) for line in PROJECT["dependencies"]}
    for extra in extras:
        for requirement in map(Requirement, PROJECT["optional-dependencies"][extra]):
            own = requirement.name == PROJECT["name"]
            found |= {str(r): r for r in (requirements(*requirement.extras) if own else [requirement])}
    return list(found.values())


EVERY = requirements(*PROJECT["optional-dependencies"])


def lower_bound(requirement: Requirement) -> str:
    (bound,) = requirement.specifier
    assert bound.operator == ">=", f"{requirement} is not a lower bound"
    return bound.version


def conda_lines() -> list[str]:
    return [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]


def conda_bounds() -> dict[str, str | None]:
    """Name and lower bound of every conda line."""
    bounds = {}
    for line in conda_lines():
        match = re.fullmatch(r"([a-z0-9-]+)(?:>=([0-9.]+))?", line)
        assert match, f"{line!r} is neither a name nor name>=version"
        assert match[1] not in bounds, f"{match[1]} is there twice"
        bounds[match[1]] = match[2]
    return bounds


@cache
def pins() -> dict[str, list[Requirement]]:
    """The lines of constraints.txt by name; one name may have several, for several Pythons or systems."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pin = Requirement(line)
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


# pyproject.toml


def test_pyproject_has_lower_bounds_only():
    for requirement in EVERY:
        assert lower_bound(requirement)
        assert requirement.marker is None, requirement
        assert requirement.url is None, requirement


def test_pyproject_sets_no_upper_bound_on_python():
    assert PROJECT["requires-python"] == ">=3.11"


# environment.yml


def test_environment_uses_conda_forge_alone():
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


def test_environment_is_pyproject_under_conda_names():
    expected = {CONDA_NAME.get(r.name, r.name): lower_bound(r) for r in requirements("lab", "test")}
    expected["python"] = PROJECT["requires-python"].removeprefix(">=")
    expected["pip"] = None
    assert conda_bounds() == expected


def test_environment_takes_only_the_package_itself_through_pip():
    assert [line for line in ENVIRONMENT["dependencies"] if not isinstance(line, str)] == [{"pip": ["-e ."]}]


# constraints.txt


def test_constraints_pin_exactly():
    for alternatives in pins().values():
        for pin in alternatives:
            operators = [(s.operator, s.version.endswith(".*")) for s in pin.specifier]
            assert operators == [("==", False)], f"{pin} is not one exact version"


PLATFORMS = [
    default_environment() | {"python_version": python, "python_full_version": f"{python}.0"} | system
    for python in ("3.11", "3.12", "3.13", "3.14")
    for system in (
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
    )
]


def test_constraints_hold_every_direct_dependency_on_every_platform():
    for requirement in EVERY:
        found = pins().get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not pinned"
        for pin in found:
            (exact,) = pin.specifier
            assert requirement.specifier.contains(exact.version, prereleases=True), f"{pin} is below {requirement}"
        for platform in PLATFORMS:
            fitting = [pin for pin in found if pin.marker is None or pin.marker.evaluate(platform)]
            assert len(fitting) == 1, f"{len(fitting)} pins of {requirement.name} on {platform}"


def test_constraints_hold_whatever_is_brought_along_here():
    """All that the direct dependencies bring, as installed; CUDA's libraries are left to torch."""
    direct = requirements("lab", "test")
    for requirement in direct:
        installed = metadata.version(requirement.name)
        if not any(pin.specifier.contains(installed) for pin in pins()[canonicalize_name(requirement.name)]):
            pytest.skip(f"not made with constraints.txt: {requirement.name} {installed} is installed here")
    waiting, seen = [(canonicalize_name(r.name), frozenset(r.extras)) for r in direct], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen or name.startswith(("nvidia", "cuda", "triton")):
            continue
        seen.add((name, extras))
        assert name in pins(), f"{name} is not pinned"
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            environments = [{"extra": extra} for extra in extras | {""}]
            if needed.marker is None or any(needed.marker.evaluate(environment) for environment in environments):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))


def test_constraints_name_the_torch_of_the_stored_outputs():
    assert [str(pin.specifier) for pin in pins()["torch"]] == ["==2.13.0"]


def test_constraints_pin_nothing_twice():
    repeated = {
        name: found for name, found in pins().items() if len(found) > 1 and any(p.marker is None for p in found)
    }
    assert not repeated


# What is imported


def imported(source: str) -> set[str]:
    """Top-level names of all absolute imports, wherever in the source they stand."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"pytest.importorskip", "importlib.import_module", "import_module"}
            and isinstance(node.args[0], ast.Constant)
        ):
            names.add(node.args[0].value.partition(".")[0])
    return names


def code_of(path: Path) -> str:
    """A module's source, or a notebook's code cells in a row, without their magics."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in cell.splitlines()]
    return "\n".join("" if line.startswith(("%", "!")) else line for line in lines)


@cache
def foreign(path: Path) -> set[str]:
    """The imports that neither Python nor the series itself provides."""
    own = {"rnn_helpers", "rnn_grading", "tests", "tools"}
    own |= {"wire"} if path.name == "worker.py" else set()  # a copy of it lies beside a worker
    if path.is_relative_to(ROOT / "tests"):
        own |= {p.stem for p in (ROOT / "tests").rglob("*.py")}
    return imported(code_of(path)) - own - sys.stdlib_module_names


def offered(*extras: str) -> set[str]:
    return {IMPORT_NAME.get(r.name, r.name.replace("-", "_")) for r in requirements(*extras)}


def sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def unknown(
    patterns: tuple[str, ...], known: set[str], further: dict[str, set[str]] | None = None
) -> dict[str, set[str]]:
    """What the files import besides what is known, by file; some may import further things, by stem."""
    paths = sources(*patterns)
    assert paths
    found = {
        path.relative_to(ROOT).as_posix(): foreign(path) - known - (further or {}).get(path.stem, set())
        for path in paths
    }
    return {path: names for path, names in found.items() if names}


# Beyond what `pip install rnn-helpers` brings: torch, from page 04 on, and what the plugin works with.
WITH_TORCH = {
    "_torch",
    "checks",
    "compare",
    "rnn_from_scratch",
    "04_torch_comparison",
    "05_compression_vs_pooling",
    "06_layer_options",
    "07_gradient",
    "09_long_memory",
    "10_long_sequences",
    "11_gated_cells",
    "12_language_model",
}
PLUGIN_IMPORTS = {"pytest", "nbval", "nbformat"}


def test_the_first_three_pages_need_no_torch():
    assert "torch" not in offered()
    assert not WITH_TORCH & {"01_motivation", "02_formula", "03_numpy_rnn"}


def test_package_and_notebooks_import_dependencies_only():
    patterns = ("rnn_helpers/*.py", "notebooks/[0-9]*.ipynb", "notebooks/assignments/*/*.ipynb")
    further = dict.fromkeys(WITH_TORCH, offered("torch")) | {"pytest_pages": PLUGIN_IMPORTS}
    assert unknown(patterns, offered(), further) == {}


def test_grading_imports_what_the_extra_course_brings():
    patterns = ("rnn_grading/**/*.py", "tests/course/*.py")
    brought = COURSE_BROUGHT_BY.keys() | BROWSER_BROUGHT_BY.keys() | {"book"}  # the project's own, where it is there
    assert unknown(patterns, offered("test", "course", "cluster") | brought) == {}


# The same for the book, and for what tries it in a browser.
BOOK_BROUGHT_BY = {"docutils": "sphinx", "nbformat": "myst-nb"}
BROWSER_BROUGHT_BY = {"bs4": "nbconvert"}


def test_the_book_imports_what_the_extras_bring():
    brought = BOOK_BROUGHT_BY.keys() | BROWSER_BROUGHT_BY.keys() | COURSE_BROUGHT_BY.keys() | {"book"}
    extras = offered("lab", "test", "course", "book", "browser")
    assert unknown(("book/*.py", "tests/browser/*.py"), extras | brought) == {}


def test_tests_and_tools_import_what_the_extras_bring():
    to_build = {Requirement(line).name for line in PYPROJECT["build-system"]["requires"]}
    known = offered("lab", "test", "dev") | {"rattler", "book"} | BROUGHT_BY.keys()
    assert unknown(("tests/*.py", "tools/*.py"), known | to_build) == {}


def test_only_grading_imports_nbgrader():
    patterns = ("rnn_helpers/**/*.py", "rnn_grading/**/*.py", "tests/**/*.py")
    users = {path for pattern in patterns for path in ROOT.glob(pattern)}
    users = {path.relative_to(ROOT).parts[:-1] for path in users if "nbgrader" in foreign(path)}
    assert users == {("rnn_grading",), ("tests", "course")}


def test_what_learners_import_never_imports_the_grader():
    assert not [
        path for path in sources("rnn_helpers/**/*.py", "notebooks/**/*.ipynb") if "rnn_grading" in code_of(path)
    ]


def test_every_dependency_is_imported_somewhere():
    used = set().union(*(foreign(path) for path in sources("rnn_helpers/**/*.py", "notebooks/[0-9]*.ipynb")))
    assert offered() <= used


def test_what_others_bring_is_brought_by_them():
    looked_at = 0
    for name, by in [*BROUGHT_BY.items(), *COURSE_BROUGHT_BY.items(), *BOOK_BROUGHT_BY.items()]:
        with contextlib.suppress(metadata.PackageNotFoundError):  # of an extra that is not installed
            brought = {canonicalize_name(Requirement(line).name) for line in metadata.requires(by)}
            assert canonicalize_name(name) in brought, f"{by} does not bring {name}"
            looked_at += 1
    assert looked_at >= len(BROUGHT_BY)


# The readers of environment.yml themselves: extra `dev`


def dev_package(name: str) -> None:
    """Skip where a package of the extra `dev` is missing, unless REQUIRE_DEV is set: then fail."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        reason = f"{name} is not installed: it comes with the extra dev"
        if os.environ.get("REQUIRE_DEV"):
            pytest.fail(reason)
        pytest.skip(reason)


def test_conda_reads_every_line():
    dev_package("py-rattler")
    from rattler import MatchSpec

    for line, (name, bound) in zip(conda_lines(), conda_bounds().items(), strict=True):
        spec = MatchSpec(line, strict=True)
        assert str(spec).split()[0] == name
        assert spec.version == (f">={bound}" if bound else None)


def test_pins_satisfy_the_conda_lines_too():
    for requirement in requirements("lab", "test"):
        bound = conda_bounds()[CONDA_NAME.get(requirement.name, requirement.name)]
        for pin in pins()[canonicalize_name(requirement.name)]:
            (exact,) = pin.specifier
            assert Version(exact.version) >= Version(bound)


def test_binder_recognises_the_folder():
    dev_package("jupyter-repo2docker")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # With --debug it prints the Dockerfile; only its conda build pack writes this line there. No engine is needed.
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in done.stdout, done.stdout + done.stderr
