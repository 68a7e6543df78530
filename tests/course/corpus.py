"""Submissions, good, bad and hostile, made from the sources of the assignments, each with what grading must say of it.

`python tests/course/corpus.py FOLDER` writes them for a look.
"""

from __future__ import annotations

import copy
import inspect
import json
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from attacks import ATTACKS
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from rnn_helpers.assignment_mistakes import ASSIGNMENT_MISTAKES
from rnn_helpers.mistakes import CATALOGUE, Mistake

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "notebooks" / "assignments"
STEP, SCRATCH, MEMORY = "step_and_shapes", "rnn_from_scratch", "memory_and_pooling"
NAMES = (STEP, SCRATCH, MEMORY)

# The name of each automatically graded function: its answer cell, its test cell, its points.
ITEMS = {
    STEP: {
        "parameter_shapes": ("shapes-answer", "shapes-test", 3),
        "first_step": ("first-answer", "first-test", 3),
        "rnn_step": ("rnn-step-answer", "rnn-step-test", 6),
        "trace": ("trace-answer", "trace-test", 4),
    },
    SCRATCH: {
        "rnn_forward": ("forward-answer", "forward-test", 6),
        "continue_reading": ("continue-answer", "continue-test", 4),
        "from_torch": ("torch-answer", "torch-test", 5),
        "read_counts": ("counts-answer", "counts-test", 3),
        "read_batch_first": ("batch-first-answer", "batch-first-test", 3),
        "read_backwards": ("backwards-answer", "backwards-test", 3),
        "forward_lengths": ("lengths-answer", "lengths-test", 6),
    },
    MEMORY: {
        "mean_pool": ("mean-answer", "mean-test", 2),
        "max_pool": ("max-answer", "max-test", 2),
        "distinct_summaries": ("distinct-answer", "distinct-test", 5),
        "read_back": ("probe-answer", "probe-test", 6),
        "orthogonal": ("orthogonal-answer", "orthogonal-test", 3),
    },
}


@dataclass(frozen=True)
class Expected:
    """What grading must find: the status, the points of the functions that are not right, and words of the note."""

    status: str = "graded"
    wrong: tuple[str, ...] = ()  # functions that get nothing; all others get all their points
    note: str = ""

    def points(self, assignment: str) -> dict[str, float]:
        """The points of each test cell."""
        items = ITEMS[assignment].items()
        return {test: 0 if function in self.wrong else points for function, (_, test, points) in items}


ALL_WRONG = {name: tuple(ITEMS[name]) for name in NAMES}


def source(name: str) -> NotebookNode:
    return nbformat.read(SOURCES / name / f"{name}.ipynb", as_version=4)


def without_regions(text: str, replacement: str | None) -> str:
    """A source cell without its solution, or with it but without the markers; and without hidden tests."""
    text = re.sub(r"### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", "", text, flags=re.S).rstrip("\n")
    if replacement is None:
        return re.sub(r"\n? *### (BEGIN|END) SOLUTION", "", text)
    region = r"### BEGIN SOLUTION\n.*?### END SOLUTION"
    return re.sub(region, replacement, text, flags=re.S)


def handed_out(name: str) -> NotebookNode:
    """The notebook with stubs, made without the grader, so that its tests do not lean on it."""
    notebook = source(name)
    for cell in notebook.cells:
        cell.source = without_regions(cell.source, "# YOUR CODE HERE\n    raise NotImplementedError()")
        about = cell.metadata.nbgrader
        if about.solution and about.grade:
            whole = {"markdown": "YOUR ANSWER HERE", "code": "# YOUR CODE HERE\nraise NotImplementedError()"}
            cell.source = whole[cell.cell_type]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def solved(name: str, **answers: str) -> NotebookNode:
    """The notebook with right answers, but for those given here by the name of their function."""
    notebook = source(name)
    by_cell = {ITEMS[name][function][0]: text for function, text in answers.items()}
    for cell in notebook.cells:
        cell.source = by_cell.get(cell.id, without_regions(cell.source, None))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook."""
    with warnings.catch_warnings(action="ignore"):  # copied cells have one id twice, as in a real notebook
        return nbformat.writes(notebook).encode()


def picture_of(megabytes: int) -> NotebookNode:
    """An output with a stored picture of that size."""
    return new_output("display_data", data={"image/png": "A" * (megabytes * 10**6)})


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    (found,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name]
    return found


def with_own_cell(notebook: NotebookNode, text: str, *, after: str = "step-imports") -> NotebookNode:
    """The notebook with a cell of the learner's own after the one of that name."""
    notebook = copy.deepcopy(notebook)
    index = notebook.cells.index(cell_of(notebook, after))
    notebook.cells.insert(index + 1, new_code_cell(text))
    return notebook


# Right, in three other styles

LOOPS = {
    "parameter_shapes": """
def parameter_shapes(input_size, hidden_size):
    shapes = dict(b=[hidden_size])
    shapes["W"] = [hidden_size, hidden_size]
    shapes["U"] = [hidden_size, input_size]
    return shapes
""",
    "first_step": """
import math

def first_step(x_1, U, b):
    return [math.tanh(b_i + sum(u * x for u, x in zip(row, x_1))) for b_i, row in zip(b, U)]
""",
    "rnn_step": """
def one(x, h, U, W, b):
    return [math.tanh(b[i] + np.dot(W[i], h) + np.dot(U[i], x)) for i in range(len(b))]

def rnn_step(x, h, U, W, b):
    if np.ndim(x) == 1:
        return one(x, h, U, W, b)
    return [one(*pair, U, W, b) for pair in zip(x, h)]
""",
    "trace": """
def trace(x, U, W, b):
    print("reading", len(x), "steps")
    states = []
    for t in range(len(x)):
        states.append(rnn_step(x[t], states[-1] if states else [0] * len(b), U, W, b))
    return states
""",
}
EINSUM = {
    "first_step": 'def first_step(x_1, U, b):\n    return np.tanh(b + np.einsum("hi,i->h", U, x_1))',
    "rnn_step": """
def rnn_step(x, h, U, W, b):
    total = np.einsum("hi,...i->...h", U, x) + np.einsum("hk,...k->...h", W, h) + b
    return 1 - 2 / (np.exp(2 * total) + 1)
""",
    "trace": """
from functools import reduce

def trace(x, U, W, b):
    def extend(states, x_t):
        return [*states, rnn_step(x_t, states[-1], U, W, b)]
    return np.stack(reduce(extend, x, [np.zeros(b.shape)])[1:])
""",
}
TORCH = {
    "first_step": """
import torch

def first_step(x_1, U, b):
    return torch.tanh(torch.tensor(U, dtype=torch.float64) @ torch.tensor(x_1, dtype=torch.float64) + torch.tensor(b))
""",
    "rnn_step": """
def rnn_step(x, h, U, W, b):
    x, h, U, W, b = (torch.as_tensor(array).double() for array in (x, h, U, W, b))
    return torch.tanh(torch.nn.functional.linear(x, U) + torch.nn.functional.linear(h, W, b))
""",
}

# Mistakes

CONTINUE = """
def continue_reading(first_half, second_half, U, W, b):
    h = np.zeros(len(b))
    for x_t in [*first_half, *second_half]:
        h = np.tanh(U @ x_t + W @ h + b)
    return h
"""


# What mistakes of the catalogue call, since the reference is not there while an answer is graded.
CALLED = """
import itertools
import numpy as np

def _step(x, h, U, W, b):
    return np.tanh(x @ U.T + h @ W.T + b)

def _forward(x, U, W, b, h_0=None):
    h, states = np.zeros((*x.shape[1:-1], len(b))) if h_0 is None else h_0, []
    for x_t in x:
        h = _step(x_t, h, U, W, b)
        states.append(h)
    return np.array(states), h
"""

SHOWN = 4  # mistakes of each function: that every one is told by its hint is shown by tests/test_mistakes.py


def as_answer(function: Callable, name: str) -> str:
    """A mistake's own source under the name of the item; what it calls is there under names nobody uses."""
    source = inspect.getsource(function)
    source = source[source.index("def ") :].replace(function.__name__, name, 1)
    head, _, body = source.partition("\n")
    return f"{CALLED}\n{head}\n" + body.replace("rnn_step(", "_step(").replace("rnn_forward(", "_forward(")


def stands_alone(function: Callable) -> bool:
    """Whether a mistake is a function, and calls nothing else of the module that it stands in."""
    if not inspect.isfunction(function):
        return False
    own = set(function.__code__.co_names) & set(vars(sys.modules[function.__module__]))
    return own <= {"np", "itertools", "rnn_step", "rnn_forward"}


def mistakes_shown(name: str) -> list[Mistake]:
    """The mistakes of the catalogues that `mistaken` shows."""
    both = [mistake for mistake in (*CATALOGUE, *ASSIGNMENT_MISTAKES) if stands_alone(mistake.function)]
    return [m for function in ITEMS[name] for m in [m for m in both if m.target == function][:SHOWN]]


def mistaken(name: str) -> list[tuple[NotebookNode, tuple[str, ...], dict[str, str]]]:
    """Notebooks that show some mistakes of the catalogues: the k-th holds the k-th of each function."""
    both = [mistake for mistake in (*CATALOGUE, *ASSIGNMENT_MISTAKES) if stands_alone(mistake.function)]
    known = {function: [mistake for mistake in both if mistake.target == function][:SHOWN] for function in ITEMS[name]}
    made = []
    for k in range(max(map(len, known.values()))):
        here = {function: mistakes[k] for function, mistakes in known.items() if k < len(mistakes)}
        answers = {function: as_answer(mistake.function, function) for function, mistake in here.items()}
        if "rnn_forward" in here:  # whose own solution calls the learner's rnn_forward
            answers.setdefault("continue_reading", CONTINUE)
        hints = {ITEMS[name][function][1]: mistake.hint for function, mistake in here.items()}
        made.append((solved(name, **answers), tuple(here), hints))
    return made


# Hostile, broken, unlucky

ENDLESS = "def rnn_step(x, h, U, W, b):\n    while True:\n        pass"
STUBBORN = """
def first_step(x_1, U, b):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
GREEDY = "def first_step(x_1, U, b):\n    return np.ones(800_000_000).sum() * b"
FLOOD = 'for _ in range(10):\n    print("x" * 10_000_000)'
LEAVES = "import os\n\ndef trace(x, U, W, b):\n    os._exit(3)"
BROKEN = "def first_step(x_1, U, b)\n    return np.tanh(U @ x_1 + b)"
NO_IMPORT = "def first_step(x_1, U, b):\n    return scipy.special.expit(2 * (U @ x_1 + b)) * 2 - 1"
NOISY = """
import sys
import threading
import time

def complain():
    while True:
        print("a warning", file=sys.stderr)
        time.sleep(0.01)

threading.Thread(target=complain, daemon=True).start()
"""
LEAVES_A_PROCESS = """
import subprocess
subprocess.Popen("trap '' TERM HUP; while true; do sleep 1; done # left-over-of-the-corpus", shell=True,
                 start_new_session=True)
"""
SHOWS_MUCH = """
from IPython.display import clear_output, display
print("cleared")
clear_output()
print("cleared")
clear_output(wait=True)
print("kept")
for number in range(500):
    display(number)
"""
SCRIPT = """
from IPython.display import HTML, Javascript, display
display(HTML("<b>bold</b><script>steal()</script><img src=x onerror='steal()'>"), Javascript("steal()"))
"""
WRITE = """
import contextlib
import glob
import sqlite3

for path in [*glob.glob({work!r} + "/**", recursive=True), *glob.glob({folder!r} + "/**/*.ipynb", recursive=True)]:
    with contextlib.suppress(OSError):
        with open(path, "w") as file:
            file.write("broken")
for path in ({work!r} + "/autograded/right/step_and_shapes/step_and_shapes.ipynb", {folder!r} + "/zz_victim/x"):
    with contextlib.suppress(OSError):
        open(path, "w").close()
with contextlib.suppress(sqlite3.Error):
    database = sqlite3.connect({work!r} + "/gradebook.db")
    database.execute("UPDATE grade SET auto_score = 1000")
    database.commit()
"""


def hostile(work: Path, folder: Path) -> dict[str, tuple[NotebookNode, Expected]]:
    """Notebooks of assignment 1 by learner."""
    good = solved(STEP)
    made = {
        "endless": (solved(STEP, rnn_step=ENDLESS), Expected("timed out", ("rnn_step",), "ran too long")),
        "stubborn": (
            solved(STEP, first_step=STUBBORN),
            Expected("timed out", ("first_step",), "ran too long"),
        ),
        "greedy": (solved(STEP, first_step=GREEDY), Expected("out of memory", ("first_step",))),
        "flood": (with_own_cell(good, FLOOD), Expected()),
        "one_long_line": (with_own_cell(good, 'print("x" * 100_000_000)'), Expected()),
        "leaves": (solved(STEP, trace=LEAVES), Expected("crashed", ("trace",), "exit code 3")),
        "syntax_error": (solved(STEP, first_step=BROKEN), Expected(wrong=("first_step",), note="cannot read a cell")),
        "no_import": (solved(STEP, first_step=NO_IMPORT), Expected(wrong=("first_step",))),
        "noisy": (with_own_cell(good, NOISY), Expected()),
        "leaves_a_process": (with_own_cell(good, LEAVES_A_PROCESS), Expected()),
        "writes_elsewhere": (with_own_cell(good, WRITE.format(work=str(work), folder=str(folder))), Expected()),
        "quotes_the_delimiter": (with_own_cell(good, "### BEGIN HIDDEN TESTS\n1 / 0"), Expected()),
        "shows_much": (with_own_cell(good, SHOWS_MUCH), Expected()),
        "runs_script": (with_own_cell(good, SCRIPT), Expected()),
        "asks_for_input": (with_own_cell(good, 'input("your name? ")'), Expected()),
    }
    return made | _tampered(good)


def _tampered(good: NotebookNode) -> dict[str, tuple[NotebookNode, Expected]]:
    """Right answers, but for some, in notebooks whose frame was changed."""
    wrong_step = solved(STEP, rnn_step="def rnn_step(x, h, U, W, b):\n    return 0 * b")
    deleted, edited, copied, mixed, points, gone, no_answer, kernel, answer_twice, as_text = (
        copy.deepcopy(good) for _ in range(10)
    )
    deleted.cells = [cell for cell in deleted.cells if not cell.id.endswith("-test")]
    edited = copy.deepcopy(wrong_step)
    cell_of(edited, "rnn-step-test").source = "pass"
    for name in ("rnn-step-test", "trace-test"):
        copied.cells.append(copy.deepcopy(cell_of(copied, name)))
    tests = [cell for cell in mixed.cells if cell.id.endswith("-test")]
    mixed.cells = [*reversed(tests), *(cell for cell in mixed.cells if not cell.id.endswith("-test"))]
    for cell in points.cells:
        if cell.metadata.nbgrader.get("grade"):
            cell.metadata.nbgrader.points = 1000
    gone.cells = [cell for cell in gone.cells if cell.id not in {"step-imports", "rnn-step-question"}]
    no_answer.cells = [cell for cell in no_answer.cells if cell.id != "first-answer"]
    kernel.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    wrong_first = cell_of(answer_twice, "trace-answer")
    again = copy.deepcopy(wrong_first)
    wrong_first.source = "def trace(x, U, W, b):\n    return None"
    answer_twice.cells.insert(answer_twice.cells.index(wrong_first) + 1, again)
    cell_of(as_text, "trace-answer").cell_type = "markdown"
    helper_after = with_own_cell(
        solved(STEP, first_step="def first_step(x_1, U, b):\n    return squash(U @ x_1 + b)"),
        "def squash(z):\n    return np.tanh(z)",
        after="first-answer",
    )
    return {
        "tests_deleted": (deleted, Expected()),
        "test_edited": (edited, Expected(wrong=("rnn_step",))),
        "tests_copied": (copied, Expected(note="copied cells: Item 3 · A step with memory, Item 4 · The trace")),
        "tests_in_another_order": (mixed, Expected()),
        "points_changed": (points, Expected()),
        "imports_deleted": (gone, Expected()),
        "answer_deleted": (no_answer, Expected("incomplete", ("first_step",), "Item 2 · The first step")),
        "wrong_kernel": (kernel, Expected()),
        "answer_copied": (answer_twice, Expected(note="copied cells: Item 4 · The trace of a sentence")),
        "answer_as_text": (as_text, Expected()),
        "own_cell_between": (helper_after, Expected()),
    }


# Cheats: every answer is a stub, and an own cell tries to win points all the same


def cheats(codes: dict[str, str]) -> dict[str, NotebookNode]:
    """Unfinished notebooks with such a cell at the end of the answers, where it has the last word."""
    made = {}
    for name, code in codes.items():
        notebook = handed_out(STEP)
        for answer in ("shapes-answer", "first-answer", "rnn-step-answer", "trace-answer"):
            notebook = with_own_cell(notebook, code, after=answer)
        made[name] = notebook
    return made


# Files

NOT_NOTEBOOKS = {
    "cut_off": json.dumps({"cells": [{"cell_type": "code", "source": "x" * 1000}]})[:500].encode(),
    "empty": b"",
    "a_picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a_list": b"[1, 2, 3]",
    "no_cells": b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "deep": b'{"cells": ' + b"[" * 100_000,
}


def write(folder: Path, work: Path, *, attack: bool = False) -> dict[tuple[str, str], Expected]:
    """Write all of them into a folder; returns what is expected of each learner and assignment.

    Parameters
    ----------
    folder : pathlib.Path
        Gets a folder for each learner.
    work : pathlib.Path
        The course directory that will be graded into: what hostile code aims at.
    attack : bool, default False
        With the notebook that writes there: it would succeed where learner code has the rights of the grader.
    """
    expected: dict[tuple[str, str], Expected] = {}

    def hand_in(learner: str, name: str, notebook: NotebookNode | bytes, what: Expected, file: str = "") -> None:
        path = folder / learner / name / (file or f"{name}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook if isinstance(notebook, bytes) else as_bytes(notebook))
        expected[learner, name] = what

    for name in NAMES:
        hand_in("right", name, solved(name), Expected())
        hand_in("unfinished", name, handed_out(name), Expected(wrong=ALL_WRONG[name], note="not written yet"))
        for k, (notebook, wrong, _) in enumerate(mistaken(name)):
            hand_in(f"mistaken_{k:02d}", name, notebook, Expected(wrong=wrong))
    for style, answers in {"in_loops": LOOPS, "in_einsum": EINSUM}.items():
        hand_in(style, STEP, solved(STEP, **answers), Expected())
    in_torch = Expected(wrong=("first_step", "rnn_step"), note="not there where it was graded: torch")
    hand_in("in_torch", STEP, solved(STEP, **TORCH), in_torch)
    for learner, (notebook, what) in hostile(work, folder).items():
        if attack or learner != "writes_elsewhere":
            hand_in(learner, STEP, notebook, what)
    for learner, notebook in cheats({name: ATTACKS[name] for name in ("run_check", "showtraceback")}).items():
        hand_in(f"cheat_{learner}", STEP, notebook, Expected(wrong=ALL_WRONG[STEP]))
    for learner, content in NOT_NOTEBOOKS.items():
        hand_in(learner, STEP, content, Expected("unreadable"))
    hand_in("wrong_file_name", STEP, solved(STEP), Expected(note="called my work (2).ipynb"), "my work (2).ipynb")
    hand_in("Zoë Ångström 李", STEP, solved(STEP, trace=f"# ÅÄÖ 李 🎓\n{answer_of(STEP, 'trace')}"), Expected())
    hand_in("with a space", STEP, solved(STEP), Expected())
    old = nbformat.convert(solved(STEP), 3)
    hand_in("old_format", STEP, nbformat.writes(old, version=3).encode(), Expected(note="format 3"))
    (folder / "nothing_inside" / STEP).mkdir(parents=True)
    expected["nothing_inside", STEP] = Expected("missing")
    link = folder / "a_link" / STEP / f"{STEP}.ipynb"
    link.parent.mkdir(parents=True)
    link.symlink_to(folder / "right" / STEP / f"{STEP}.ipynb")
    expected["a_link", STEP] = Expected("unreadable", note="a link")
    learners = {learner for learner, _ in expected}
    return {(who, name): expected.get((who, name), Expected("missing")) for who in learners for name in NAMES}


def answer_of(name: str, function: str) -> str:
    return cell_of(solved(name), ITEMS[name][function][0]).source


if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(f"{len(write(target, target.parent / 'course'))} learners and assignments in {target}")
