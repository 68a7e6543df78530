"""A page with three exercises, as short as can be: one to write, one to mend, and one that builds on both."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

STUB = '''def mean_pool(x):
    """The mean of each feature."""
    ...'''
TO_MEND = "def max_pool(x):\n    return x.min(axis=0)"
STEP = "def rnn_step(x, h, U, W, b): ..."


def printing(text, source, **options):
    return new_code_cell(source, outputs=[new_output("stream", text=text)], **options)


def failing(message, source, **options):
    error = new_output("error", ename="CheckFailed", evalue=message, traceback=[f"CheckFailed: {message}"])
    return new_code_cell(source, outputs=[error], metadata={"tags": ["raises-exception"]}, **options)


def page(*own):
    """The page as it is published, with these cells before its last one."""
    notebook = deepcopy(_published())
    notebook.cells[-1:-1] = own
    return notebook


@cache  # nbformat checks each new cell against its schema, which takes longer than most tests of it
def _published():
    return new_notebook(
        cells=[
            new_markdown_cell("# A small page", id="title"),
            printing(
                "a mean\n",
                'import numpy as np\n\nfrom rnn_helpers import checks\n\nprint("a mean")',
                id="imports",
            ),
            new_code_cell(STUB, id="mean"),
            failing(
                "mean_pool is not written yet: put your code where its body is still empty.",
                "checks.mean_pool(mean_pool)",
                id="check-mean",
            ),
            new_markdown_cell("<details><summary>Hint 1</summary>Along the steps.</details>", id="hint-mean"),
            new_code_cell(
                "def mean_pool_solution(x):\n    return x.mean(axis=0)",
                id="solution-mean",
                metadata={"tags": ["solution"]},
            ),
            printing(
                "from here on with the solution\n",
                "mean = checks.choose(mean_pool, mean_pool_solution)",
                id="choice-mean",
            ),
            printing("[1.5 2.5]\n", "print(mean(np.array([[1, 2], [2, 3]])))", id="show-mean"),
            new_code_cell("assert mean(np.eye(2))[0] == 0.5", id="guard-mean", metadata={"tags": ["guard"]}),
            new_code_cell(TO_MEND, id="max"),
            failing(
                "max_pool: A minimum was taken where a maximum belongs.", "checks.max_pool(max_pool)", id="check-max"
            ),
            new_code_cell(
                "def max_pool_solution(x):\n    return x.max(axis=0)",
                id="solution-max",
                metadata={"tags": ["solution"]},
            ),
            printing(
                "from here on with the solution\n", "maximum = checks.choose(max_pool, max_pool_solution)", id="c-max"
            ),
            new_code_cell(STEP, id="step"),
            failing(
                "rnn_step is not written yet: put your code where its body is still empty.",
                "checks.rnn_step(rnn_step)",
                id="check-step",
            ),
            new_code_cell(
                "def rnn_step_solution(x, h, U, W, b):\n    return np.tanh(x @ U.T + h @ W.T + b)",
                id="solution-step",
                metadata={"tags": ["solution"]},
            ),
            printing(
                "from here on with the solution\n1\n",
                "step = checks.choose(rnn_step, rnn_step_solution)\nprint(1)",
                id="choice-step",
            ),
            printing("0.7615941559557649 (on this machine)\n", LAST, id="last"),
        ]
    )


LAST = """one = np.ones((1, 1))
shown = step(np.ones(1), np.zeros(1), one, one, np.zeros(1))[0]
print(shown, "(on this machine)")
assert shown < 1"""


def cell(notebook, name):
    """The cell of this id."""
    return next(each for each in notebook.cells if each.id == name)
