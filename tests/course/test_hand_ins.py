"""Honest work loses nothing: each kind of hand-in that is right where it was written gets what is fair."""

from __future__ import annotations

import copy
import json
import sys
import time

import corpus
import pytest
from attacks import CHANNEL
from conftest import LIMITS, points
from nbformat.v4 import new_code_cell, new_markdown_cell

STEP = corpus.STEP
FULL = {"shapes-test": 3, "first-test": 3, "rnn-step-test": 6, "trace-test": 4}
STEP_IN_A_FILE = corpus.answer_of(STEP, "rnn_step")


def full(result, step):
    return points(result, step) == FULL


def cell(notebook, name):
    return corpus.cell_of(notebook, name)


def changed(change, notebook=None):
    notebook = notebook or corpus.solved(STEP)
    change(notebook)
    return notebook


def without_ids(notebook, *, ids=False):
    tree = json.loads(corpus.as_bytes(notebook))
    for number, one in enumerate(tree["cells"]):
        one["metadata"] = {}
        if not ids:
            one["id"] = f"x{number}"
    return json.dumps(tree).encode()


def with_text(name, text):
    return changed(lambda notebook: cell(notebook, name).__setitem__("source", text))


def appended(notebook, *cells):
    notebook = copy.deepcopy(notebook)
    notebook.cells.extend(cells)
    return notebook


def without(notebook, *names):
    notebook = copy.deepcopy(notebook)
    notebook.cells = [one for one in notebook.cells if one.id not in names]
    return notebook


LOG = "def first_step(x_1, U, b):\n    return [math.tanh(v) for v in U @ x_1 + b]"
IMPORTS = cell(corpus.source(STEP), "step-imports").source
BENEATH = corpus.with_own_cell(corpus.solved(STEP, trace=corpus.cell_of(corpus.handed_out(STEP), "trace-answer").source),
                               corpus.answer_of(STEP, "trace"), after="trace-answer")  # fmt: skip

FAIR = {
    "math added to the given imports": changed(
        lambda n: cell(n, "step-imports").__setitem__("source", IMPORTS + "\nimport math"), corpus.solved(STEP, first_step=LOG)),
    "a module written by a cell": corpus.with_own_cell(
        corpus.solved(STEP, rnn_step="from my_step import rnn_step"), f"%%writefile my_step.py\nimport numpy as np\n\n{STEP_IN_A_FILE}"),
    "answer retyped in a cell of one's own": appended(
        without(corpus.solved(STEP), "rnn-step-answer"), new_code_cell(corpus.answer_of(STEP, "rnn_step"))),
    "code beneath the stub": BENEATH,
    "code beneath the check": appended(
        corpus.solved(STEP, trace=corpus.cell_of(corpus.handed_out(STEP), "trace-answer").source),
        new_code_cell(corpus.answer_of(STEP, "trace"))),
    "metadata lost, ids kept": without_ids(corpus.solved(STEP), ids=True),
    "metadata and ids lost": without_ids(corpus.solved(STEP)),
    "a package that is used for nothing": corpus.solved(
        STEP, first_step="import seaborn\n" + corpus.answer_of(STEP, "first_step")),
    "a line that fails above the function": corpus.solved(
        STEP, first_step="print(undefined)\n" + corpus.answer_of(STEP, "first_step")),
    "a cell that compares with the reference": corpus.with_own_cell(
        corpus.solved(STEP, first_step="def first_step(x_1, U, b):\n    return squash(U @ x_1 + b)"),
        "print(rnn_helpers.rnn_forward(data.X, data.U, data.W, data.b)[0])\ndef squash(z):\n    return np.tanh(z)"),
    "40 large figures": corpus.with_own_cell(
        corpus.solved(STEP), "import matplotlib.pyplot as plt\nfor _ in range(40):\n    plt.figure(figsize=(30, 30))\n    plt.plot([1, 2])\nplt.show()"),
    "one very large figure": corpus.with_own_cell(
        corpus.solved(STEP), "import matplotlib.pyplot as plt\nplt.figure(figsize=(300, 300), dpi=100)\nplt.plot([1])\nplt.show()"),
    "magics": corpus.with_own_cell(corpus.solved(STEP), "%matplotlib inline\n%time sum(range(9))\n!ls\nget_ipython().user_ns['x'] = 3\n?print"),
    "magics in an answer": corpus.solved(
        STEP, first_step=corpus.answer_of(STEP, "first_step")
        + "\nfiles = !ls\nused = %who_ls\nfor _ in range(2):\n    %time 1 + 1\n    print(1)\n?np.tanh\nnp.tanh?\nnp.tanh??"),
    "timed cells": corpus.solved(STEP, first_step="%%time\n" + corpus.answer_of(STEP, "first_step")),
    "another version below, for another purpose": appended(
        corpus.solved(STEP), new_code_cell("def rnn_step(x):\n    return x")),
    "a function of another's name on the way": corpus.with_own_cell(
        corpus.solved(STEP), "def trace(x):\n    return 3", after="first-answer"),
    "tests in a broken order": changed(lambda n: n.cells.sort(key=lambda one: one.id.endswith("-answer"))),
    "Windows line ends": corpus.as_bytes(corpus.solved(STEP)).replace(b"\\n", b"\\r\\n"),
    "an ending await": corpus.with_own_cell(corpus.solved(STEP), "import asyncio\nawait asyncio.sleep(0)"),
    "answers in one cell": appended(
        without(corpus.solved(STEP), "first-answer", "rnn-step-answer", "trace-answer"),
        new_code_cell("\n\n".join(corpus.answer_of(STEP, f) for f in ("first_step", "rnn_step", "trace")))),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAIR)
def test_right_work_gets_all_its_points(kind, judged, step):
    result = judged(FAIR[kind])
    assert full(result, step), (result.messages, result.notes)
    assert result.status == "graded"


def test_a_module_beside_the_notebook_is_there(judged, step):
    notebook = corpus.solved(STEP, rnn_step="from my_step import rnn_step")
    assert full(judged(notebook, helpers={"my_step.py": f"import numpy as np\n\n{STEP_IN_A_FILE}"}), step)
    assert judged(notebook).notes == [
        f"not there where it was graded: my_step (needed by {step.titles(['rnn-step-test'])}; please look)"
    ]


def test_notes_are_true(judged):
    assert (
        "Item 4 · The trace of a sentence: answered in a cell of the learner's own"
        in judged(FAIR["code beneath the stub"]).notes
    )
    assert "not there where it was graded: seaborn" in judged(FAIR["a package that is used for nothing"]).notes
    assert judged(FAIR["a cell that compares with the reference"]).notes == []
    assert judged(FAIR["magics in an answer"]).notes == []
    notes = judged(corpus.with_own_cell(corpus.solved(STEP), "\nnot = python\nx = 3")).notes
    assert f"code that Python {sys.version.split()[0]}, which grades, cannot read (not = python)" in notes


@pytest.mark.parametrize(
    "notebook",
    [
        appended(with_text("words-answer", "YOUR ANSWER HERE"), new_markdown_cell("Because any length can be read.")),
        changed(
            lambda n: (
                cell(n, "words-answer").__setitem__("source", "YOUR ANSWER HERE"),
                cell(n, "words-question").__setitem__("source", cell(n, "words-question").source + "\n\nAny length."),
            )
        ),
        appended(without(corpus.solved(STEP), "words-answer"), new_markdown_cell("Because any length can be read.")),
    ],
    ids=["beneath the stub", "in the question", "cell deleted"],
)
def test_a_written_answer_elsewhere_waits_for_a_person(notebook, judged, step):
    result = judged(notebook)
    assert "words-answer" in result.for_a_person
    assert result.points_of("words-answer", 4) is None
    assert any("please look" in note for note in result.notes)


def test_a_written_answer_that_is_not_there_needs_nobody(judged):
    result = judged(with_text("words-answer", "YOUR ANSWER HERE"))
    assert (result.points_of("words-answer", 4), result.for_a_person) == (0.0, [])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("SyntaxError", "    match = lambda: unknown syntax\n"),
        ("IndentationError", "    z = U @ x_1\n      + b\n"),
        ("TabError", "    if len(b):\n\tz = U @ x_1\n"),
    ],
)
def test_what_this_python_cannot_read_is_told_and_seen_by_a_person(judged, step, kind, line):
    newer = f"def first_step(x_1, U, b):\n{line}    return np.tanh(U @ x_1 + b)"
    result = judged(corpus.solved(STEP, first_step=newer))
    assert result.for_a_person == ["first-test"]
    assert any(f"Python {sys.version.split()[0]}, which grades" in note for note in result.notes)
    assert f"first_step is not defined: its cell failed with {kind}" in result.messages["first-test"]
    assert points(result, step) == FULL | {"first-test": 0}


def test_code_in_a_text_cell_is_seen_by_a_person(judged):
    notebook = without(corpus.solved(STEP), "first-answer")
    result = judged(appended(notebook, new_markdown_cell(corpus.answer_of(STEP, "first_step"))))
    assert "first-test" in result.for_a_person


SCRATCH = corpus.SCRATCH
FORWARD = corpus.answer_of(SCRATCH, "rnn_forward")
ITEMS_1_AND_2 = {"forward-test", "continue-test"}  # the second calls the first
NEEDS_TORCH = {
    "a loop in torch": FORWARD.replace("np.tanh(x_t", "torch.tanh(torch.as_tensor(x_t)"),
    "a type in a line": FORWARD.replace("    h = h_0", "    h = h_0.numpy() if isinstance(h_0, torch.Tensor) else h_0"),
    "an annotation": FORWARD.replace("(x,", "(x: torch.Tensor | np.ndarray,"),
    "its own import": FORWARD.replace("    h = h_0", "    import torch.nn.functional as F\n    h = h_0"),
    "what a given cell made of it": FORWARD.replace("    h = h_0", "    h = h_0 + 0 * len(list(layer.parameters()))"),
    "a name of its own made of it": f"kind = torch.float64\n\n{FORWARD}".replace("    h = h_0", "    h, _ = h_0, kind"),
}


@pytest.mark.parametrize("kind", NEEDS_TORCH)
def test_without_torch_an_answer_in_torch_is_seen_by_a_person_and_named(kind, judged, assignments):
    result = judged(corpus.solved(SCRATCH, rnn_forward=NEEDS_TORCH[kind]), SCRATCH)
    assert set(result.for_a_person) == {name for name, message in result.messages.items() if message} == ITEMS_1_AND_2
    package = "torch.nn" if "F\n" in NEEDS_TORCH[kind] else "torch"
    items = assignments[SCRATCH].titles(["forward-test", "continue-test"])
    assert result.notes == [f"not there where it was graded: {package} (needed by {items}; please look)"]
    for name in ITEMS_1_AND_2:
        told = f" {package} is not there while this item is graded, so a person looks at it."
        assert result.messages[name].endswith(told)
        assert "halted" not in result.messages[name]


def test_who_needs_no_torch_hears_nothing_of_it(judged):
    """The given cells import it, and a wrong answer of another kind needs nobody."""
    wrong = FORWARD.replace("np.tanh(x_t", "np.tanh(y_t")
    for answer, messages in ((FORWARD, 0), (wrong, 2)):
        result = judged(corpus.solved(SCRATCH, rnn_forward=answer), SCRATCH)
        assert (result.for_a_person, result.notes) == ([], [])
        assert sum(map(bool, result.messages.values())) == messages
    result = judged(corpus.solved(STEP, **corpus.TORCH))
    assert {"first-test", "rnn-step-test"} <= set(result.for_a_person)
    assert any("graded: torch (needed by Item 2" in note for note in result.notes)


def test_another_assignments_notebook_gets_no_score(judged):
    result = judged(corpus.solved(corpus.MEMORY))
    assert (result.status, result.messages) == ("unreadable", {})
    assert "no cell of it belongs to this assignment" in result.notes[0]


@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_assignment_gives_right_work_all_and_empty_work_nothing(name, judged, assignments):
    assignment = assignments[name]
    everything = {item: one.points for item, one in assignment.items.items()}
    assert points(judged(corpus.solved(name), name), assignment) == everything
    assert points(judged(corpus.handed_out(name), name), assignment) == dict.fromkeys(everything, 0.0)


# The same verdict, the same hint, as where learners run the check

UNWRITTEN = {
    "three dots": ("def trace(x, U, W, b):\n    ...", "trace is not written yet: put your code where its body is still empty."),
    "a docstring": ('def trace(x, U, W, b):\n    """Later."""', "trace is not written yet: put your code where its body is still empty."),
    "a stub": ("def trace(x, U, W, b):\n    raise NotImplementedError()", "trace is not written yet: put your code where it raises NotImplementedError."),
    "calls an unwritten one": (
        "def helper(x):\n    raise NotImplementedError\ndef trace(x, U, W, b):\n    return helper(x)",
        "trace calls helper, which is not written yet."),
    "calls an empty one": (
        "def helper(x): ...\ndef trace(x, U, W, b):\n    return helper(x)",
        "trace calls helper, which is not written yet."),
    "no function": ("trace = np.zeros(3)", "trace wants a function, without calling it: got an object of type ndarray."),
    "no return": ("def trace(x, U, W, b):\n    x = 3", "trace returns None (is the return missing?) on one sequence of T=1 (I=3, H=4)."),
    "changes its argument": (
        "def trace(x, U, W, b):\n    h = b * 0\n    out = []\n    for t in range(len(x)):\n        h = np.tanh(U @ x[t] + W @ h + b)\n"
        "        out.append(h)\n    b += 1\n    return np.array(out)", "changes its argument b"),
    "the same array every time": (
        "kept = {}\ndef trace(x, U, W, b):\n    out = kept.setdefault((len(x), len(b)), np.zeros((len(x), len(b))))\n    h = b * 0\n"
        "    for t in range(len(x)):\n        h = np.tanh(U @ x[t] + W @ h + b)\n        out[t] = h\n    return out",
        "returns one and the same array at every call"),
    "another result every time": (
        "n = [0]\ndef trace(x, U, W, b):\n    n[0] += 1\n    return np.zeros((len(x), len(b))) + n[0]",
        "gives different results for the same input"),
    "an error of its own": (
        "class Mine(ValueError): pass\ndef trace(x, U, W, b):\n    raise Mine('so')", "trace raises an error on one sequence of T=1 (I=3, H=4): Mine: so."),
    "a list of integers": ("def trace(x, U, W, b):\n    return [[1] * len(b)] * len(x)", "trace"),
    "complex": ("def trace(x, U, W, b):\n    return np.zeros(3, complex)", "returns an array of dtype complex128 where an array of real numbers belongs"),
    "objects": ("def trace(x, U, W, b):\n    return np.array([None])", "returns an array of dtype object where"),
    "a tuple of one": (
        "def trace(x, U, W, b):\n    h = b * 0\n    out = []\n    for x_t in x:\n        h = np.tanh(U @ x_t + W @ h + b)\n        out.append(h)\n    return np.array(out),",
        "the numbers are right, but they stand in an axis of 1"),
    "far too large": ("def trace(x, U, W, b):\n    return np.zeros((2000, 2000))", "returns an array of shape (2000, 2000), far larger than what belongs there"),
    "exit": ("import sys\ndef trace(x, U, W, b):\n    sys.exit()", "trace tries to end Python"),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNWRITTEN)
def test_the_message_is_the_one_that_learners_read(kind, judged, in_this_process):
    source, words = UNWRITTEN[kind]
    result = judged(corpus.solved(STEP, trace=source))
    assert words in result.messages["trace-test"]
    assert result.messages["trace-test"] == in_this_process("trace", source)


@pytest.mark.parametrize("value", ["np.inf", "-np.inf", "np.nan", "1e308"])
def test_numbers_without_measure_are_told_and_warn_nobody(value, judged, recwarn):
    source = f"def trace(x, U, W, b):\n    out = np.zeros((len(x), len(b)))\n    out[::2] = {value}\n    return out"
    assert judged(corpus.solved(STEP, trace=source)).messages["trace-test"].startswith("trace")
    assert not recwarn.list


ENDS = {
    "os.kill(os.getpid(), 9)": "killed (signal 9), which happens when memory runs out or code kills its own process",
    "os.kill(os.getpid(), 11)": "ended by signal 11 (Segmentation fault)",
    "os._exit(3)": "its code ended Python at once (exit code 3)",
    "os._exit(71)": "had gone to another reader in part, as happens when code copies its process (os.fork)",
    "os._exit(70)": "changes what Python or NumPy need to answer",
    "os.fork()": "sent an answer to another question instead of its answer, as happens when code copies its process",
}


@pytest.mark.parametrize("code", ENDS)
def test_how_a_process_ended_is_said_in_words(code, judged):
    result = judged(corpus.solved(STEP, trace=f"import os\ndef trace(x, U, W, b):\n    {code}\n    return b"))
    assert any(ENDS[code] in note for note in result.notes), result.notes
    assert result.status == "crashed"


SUMMARIES = (
    "def distinct_summaries(summary, x):\n    orders = [x[list(o)] for o in itertools.permutations(range(len(x)))]\n"
)
COUNTED = "    return len({tuple(np.round(result, 9)) for result in results})"


MIXED = """
class Mixed:
    def __init__(self, connection):
        self.connection = connection
    def __getattr__(self, name):
        return getattr(self.connection, name)
    def recv(self, size):
        return b"x" * size

def trace(x, U, W, b):
    channel().connection = Mixed(channel().connection)
    return x
"""


def test_who_reads_what_was_meant_for_another_is_told_so(judged):
    result = judged(corpus.solved(STEP, trace=CHANNEL + MIXED))
    assert result.status == "crashed"
    assert ENDS["os._exit(71)"] in result.notes[0]


@pytest.mark.parametrize("n_threads", [1, 8])
def test_what_is_called_from_several_threads_is_right(n_threads, judged, assignments):
    source = "from concurrent.futures import ThreadPoolExecutor\n" + SUMMARIES
    source += f"    with ThreadPoolExecutor({n_threads}) as pool:\n        results = list(pool.map(summary, orders))\n"
    result = judged(corpus.solved(corpus.MEMORY, distinct_summaries=source + COUNTED), corpus.MEMORY)
    assert (result.messages["distinct-test"], result.status, result.notes) == ("", "graded", [])


BUSY = {
    "    while True:\n        summary(x)": "it called a function that it was given more than 5000 times in one call",
    "    for _ in range(4900):\n        summary(np.ones((300, 3)))": "it kept the grader busy with calls",
    "    return summary(np.ones((3000, 3)))": "far larger than what belongs there",
    "    import threading\n    threading.Thread(target=lambda: [summary(x) for _ in range(99)]).start()\n    return 2":
        "the number is off",
}  # fmt: skip


@pytest.mark.parametrize("body", BUSY)
def test_the_grader_works_for_nobody_without_end_and_says_what_was_wrong(body, judged, assignments):
    before = time.process_time()
    result = judged(corpus.solved(corpus.MEMORY, distinct_summaries=SUMMARIES + body), corpus.MEMORY)
    assert BUSY[body] in " ".join([result.messages["distinct-test"], *result.notes])
    assert result.status == ("timed out" if "it " in BUSY[body] else "graded")
    assert time.process_time() - before < 3 * LIMITS.cell_seconds  # of the calls; the rest is what grading takes
    assert points(result, assignments[corpus.MEMORY]) == {
        "mean-test": 2, "max-test": 2, "distinct-test": 0, "probe-test": 6, "orthogonal-test": 3,
    }  # fmt: skip


@pytest.fixture
def in_this_process():
    """What the check says to a function that is called where it stands."""
    import numpy as np

    from rnn_helpers import checks

    def run(name, source):
        names = {"np": np}
        exec(source, names)
        with pytest.raises(checks.CheckFailed) as failed:
            getattr(checks, name)(names[name])
        return str(failed.value)

    return run


@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_mistake_gets_the_message_that_learners_read(name, judged, in_this_process):
    for notebook, functions, _ in corpus.mistaken(name)[:2]:
        result = judged(notebook, name)
        for function in functions:
            answer, test, _ = corpus.ITEMS[name][function]
            assert result.messages[test] == in_this_process(function, corpus.cell_of(notebook, answer).source)
