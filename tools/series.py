"""Notebooks and assignments as files: list, execute, store in one canonical form, bring the published ones back.

Run by `make refresh`, `make reset` and `make update`; the guards in tests/test_series.py hold the stored files to the
same form.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tools.pictures import drawn_by, is_picture
from tools.settings import ROOT, leave_out_the_readers

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
PICTURE = ROOT / ".github" / "linear_and_rnn.png"  # the first picture of the first notebook, for the README
ASSIGNMENTS = [
    ROOT / "notebooks" / "assignments" / name / f"{name}.ipynb"
    for name in ("step_and_shapes", "rnn_from_scratch", "memory_and_pooling")  # in their order
]
PAGES = [*NOTEBOOKS, *ASSIGNMENTS]
SECONDS_OF_A_CELL = 300  # the limit, as in pyproject.toml: a busy machine may take long, and is not wrong
# Tags of cells
TIMING = "timing"  # it shows measured times
SOLUTION, GUARD, DRAWING = FOLDED = ("solution", "guard", "drawing")  # its source is folded: not everybody reads it
TRAINING = "training"  # beside guard: what is folded trains a network, and is announced as that
AFTER_TRYING = "after-trying"  # its outputs are folded: a check names the mistake, for which the reader looks first

# JupyterLab leaves no space between a closed answer and the text below it.
SUMMARY = '<summary style="margin-bottom: 0.8em">'

# The kernel's name without a version: the machine that refreshed a page must not show in its diff.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run all cells in order in a fresh kernel of this Python; an unexpected error stops with its traceback."""
    # Whether two prints arrive in one piece is chance; stored, they are one.
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=SECONDS_OF_A_CELL, coalesce_streams=True, resources=resources)
    client.execute()
    return notebook


def canonical(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop whatever depends on who ran the notebook, when, and where."""
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        tags = sorted(cell.metadata.get("tags", []))
        hidden = {"source_hidden": bool(set(tags) & set(FOLDED)), "outputs_hidden": AFTER_TRYING in tags}
        folded = {name: True for name, is_so in hidden.items() if is_so}  # JupyterLab shows a bar in its place
        kept = {"jupyter": folded, "nbgrader": cell.metadata.get("nbgrader"), "tags": tags}
        cell.metadata = nbformat.from_dict({name: value for name, value in kept.items() if value})
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"<summary[^>]*>", SUMMARY, cell.source)
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename != "CheckFailed":
                output.traceback = []  # holds the machine's paths; a reader needs the message
            if "execution_count" in output:
                output.execution_count = cell.execution_count
            if is_picture(output):
                output.metadata.setdefault("drawn_by", drawn_by(cell, notebook))
    return notebook


def keep_measured_times(new: nbformat.NotebookNode, old: nbformat.NotebookNode) -> None:
    """Keep the stored picture and lines of measured times, together, while what made them is the same."""
    stored = {tuple(_made(cell)): cell.outputs for cell in old.cells if cell.get("outputs")}
    for cell in new.cells:
        if TIMING in cell.metadata.get("tags", []):
            cell.outputs = stored.get(tuple(_made(cell)), cell.outputs)


def _made(cell: nbformat.NotebookNode) -> Iterator[tuple[str | None, str | None]]:
    for output in cell.outputs:
        if is_picture(output):
            yield output.get("metadata", {}).get("drawn_by"), output.data.get("text/plain")
        else:
            yield cell.source, output.output_type


def first_picture(notebook: nbformat.NotebookNode) -> tuple[bytes, str]:
    """The first picture that is stored in a notebook, and its alt text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    data = next(output.data for output in outputs if is_picture(output))
    return base64.b64decode(data["image/png"]), data["text/plain"]


def where_to_get_it(address: str) -> str:
    """The README's lines that need the project's address: how to clone it and, on GitHub, Binder and Colab."""
    if not address:
        return ""
    lines = [f"To get the project: `git clone {address}`."]
    if address.startswith("https://github.com/"):
        place = address.removeprefix("https://github.com/")
        binder = f"https://mybinder.org/v2/gh/{place}/HEAD?urlpath=lab/tree/notebooks"
        colab = f"https://colab.research.google.com/github/{place}/blob/main/notebooks/{NOTEBOOKS[0].name}"
        lines += [
            f"To read and run it without installing anything: [Binder]({binder}), or [Colab]({colab}), where the first",
            "code cell brings the helper package.",
        ]
    return "\n".join(lines) + "\n"


def readme_with(block: str) -> str:
    """The README with this text between its two marks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition("<!-- address: written by make refresh -->\n")
    _, end, after = rest.partition("<!-- end of address -->\n")
    return before + begin + block + end + after


COLAB_CELL = "set-up-for-colab"  # its id
COLAB_SOURCE = """import subprocess
import sys

if "google.colab" in sys.modules:  # elsewhere the package is there already; Colab has all that it builds on
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "git+{address}"], check=True)"""


def with_colab_cell(notebook: nbformat.NotebookNode, address: str) -> nbformat.NotebookNode:
    """The notebook with a first code cell that brings the package in Colab; without it, while there is no address."""
    notebook = nbformat.from_dict(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell.id != COLAB_CELL]
    if address:
        cell = nbformat.v4.new_code_cell(COLAB_SOURCE.format(address=address), id=COLAB_CELL)
        first = next(index for index, each in enumerate(notebook.cells) if each.cell_type == "code")
        notebook.cells.insert(first, cell)
    return notebook


def repository() -> str:
    """The project's address, as set in pyproject.toml, without what people copy along at its end."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["series"]["repository"].rstrip("/").removesuffix(".git")


def refresh(*names: str) -> None:
    """Re-execute every notebook in order and store it; pages that have not changed keep their bytes.

    With names, such as 05 or rnn_from_scratch, only the notebooks whose names begin so.
    """
    from tools import places  # which builds on this module

    leave_out_the_readers()
    chosen = [path for path in PAGES if not names or path.stem.startswith(names)]
    if not chosen:
        sys.exit(f"no notebook's name begins with {' or '.join(names)}; there are {', '.join(p.stem for p in PAGES)}")
    for path in chosen:
        old = nbformat.read(path, as_version=4)
        page = with_colab_cell(old, repository()) if path in NOTEBOOKS else nbformat.from_dict(old)
        new = canonical(execute(page, path.parent))
        keep_measured_times(new, old)
        nbformat.write(new, path)
        print(f"refreshed {path.relative_to(ROOT)}")
    PICTURE.write_bytes(first_picture(nbformat.read(NOTEBOOKS[0], as_version=4))[0])
    (ROOT / "README.md").write_text(readme_with(where_to_get_it(repository())), encoding="utf-8")
    places.write({path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS})


def reset() -> None:
    """Move every changed notebook into a folder of its own and restore the published one. Nothing is lost."""
    changed = put_aside("reset")
    if not changed:
        print("nothing to reset: the notebooks are as in the last commit")
    for path in changed:
        print(f"restored {path.relative_to(ROOT)}")
    for folder in {copy.relative_to(ROOT).parts[:3] for copy in changed.values() if copy}:
        print(f"your versions are in {Path(*folder)}")


def put_aside(verb: str) -> dict[Path, Path | None]:
    """Restore every changed notebook; where each one that the reader changed is now, and None for one that was gone."""
    # Relative, because the folder may lie in a larger repository; without A, because a notebook that was added is not
    # one of the pages.
    which = ["--name-only", "--relative", "--diff-filter=DMTU", "-z", "HEAD", "--", "notebooks/*.ipynb"]
    try:
        paths = [ROOT / name for name in git("diff", *which).split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"make {verb} restores the pages from git, and this folder is not a git clone (or git is missing)")
    copies = ROOT / "notebooks" / "my_copies" / f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}"
    changed = {path: copies / path.relative_to(ROOT / "notebooks") if path.exists() else None for path in paths}
    for path, copy in changed.items():
        if copy:
            copy.parent.mkdir(parents=True, exist_ok=True)
            path.rename(copy)
    if changed:
        git("checkout", "--quiet", "HEAD", "--", *(str(path.relative_to(ROOT)) for path in changed))
    return changed


def git(*arguments: str) -> str:
    """What git says to these arguments."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8")
    return run.stdout


if __name__ == "__main__":
    from tools.update import update  # which builds on this module

    {"refresh": refresh, "reset": reset, "update": update}[sys.argv[1]](*sys.argv[2:])
