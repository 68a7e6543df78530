"""The exercises of a page are found and held to their form; what fills them in is right where it should be."""

from __future__ import annotations

import re

import pytest
from nbformat.v4 import new_code_cell, new_output

from tests.small_page import STEP, STUB, TO_MEND, cell, page, printing
from tools import exercises, series

FOLDED_PICTURE = new_code_cell(
    "draw()",
    id="drawn",
    metadata={"tags": ["drawing"]},
    outputs=[new_output("display_data", {"text/plain": "A line."})],
)


def test_the_exercises_of_a_page_are_found_in_order():
    found = [(each.name, each.stub, each.check, each.solution, each.choice) for each in exercises.find(page())]
    assert found == [("mean_pool", 2, 3, 5, 6), ("max_pool", 9, 10, 11, 12), ("rnn_step", 13, 14, 15, 16)]


def test_a_good_page_has_no_fault():
    assert not list(exercises.faults(page(FOLDED_PICTURE)))
    assert not list(exercises.faults(series.canonical(page(FOLDED_PICTURE))))


def changed(name, **values):
    """The page with another source, other tags or other outputs in one cell."""
    notebook = page()
    if "tags" in values:
        values["metadata"] = {"tags": values.pop("tags")}
    cell(notebook, name).update(values)
    return notebook


def without(name):
    notebook = page()
    notebook.cells.remove(cell(notebook, name))
    return notebook


said = [new_output("error", ename="CheckFailed", evalue="mean_pool: no.")]
raised = [new_output("error", ename="NameError", evalue="mean_pool is not written yet")]


@pytest.mark.parametrize(
    ("notebook", "says"),
    [
        (changed("solution-mean", tags=[]), "mean_pool is empty, and no solution follows"),
        (changed("solution-mean", source="def other(x): ..."), "a solution defines a function whose name ends in"),
        (changed("solution-mean", source="x = 3"), "a solution defines a function whose name ends in _solution"),
        (without("max"), "no cell above defines max_pool, which this solves"),
        (changed("mean", tags=["drawing"]), "no cell above defines mean_pool"),
        (without("check-mean"), "mean_pool: the next cell of code calls its check"),
        (changed("check-mean", tags=[]), "mean_pool: the next cell of code calls its check"),
        (changed("check-mean", outputs=[]), "mean_pool: its check stores what it says"),
        (changed("check-mean", outputs=raised), "mean_pool: its check stores what it says"),
        (changed("check-mean", outputs=said), "mean_pool: its body is empty, and the stored message does not say"),
        (without("choice-mean"), r"no cell beneath the solution calls checks.choose\(mean_pool, mean_pool_solution\)"),
        (changed("choice-mean", source="mean = mean_pool_solution"), "no cell beneath the solution calls"),
        (changed("choice-mean", outputs=[]), "checks.choose says 'from here on with the solution'"),
        (changed("guard-mean", source="mean(3)"), "a guard holds an assertion"),
        (changed("show-mean", outputs=[]), "a guard follows a cell that shows what it guards"),
        (page(new_code_cell("draw()", metadata={"tags": ["drawing"]})), "a drawing shows something"),
        (page(new_code_cell("def spare(x):\n    '''Words.'''\n    pass")), "spare is empty, and no solution follows"),
        (page(new_code_cell("class A:\n    def f(self): ...")), "A is empty, and no solution follows"),
    ],
)
def test_each_fault_is_told(notebook, says):
    assert [line for line in exercises.faults(notebook) if re.search(says, line)]


def test_one_guard_may_follow_another_and_a_note_between_does_not_matter():
    guard = {"metadata": {"tags": ["guard"]}}
    assert not list(exercises.faults(page(printing("3\n", "3"), new_code_cell("assert 1", **guard))))
    notebook = page(printing("3\n", "3"), new_code_cell("assert 1", **guard), new_code_cell("assert 2", **guard))
    assert not list(exercises.faults(notebook))


def test_the_check_comes_right_after_what_it_checks():
    notebook = page()
    notebook.cells.insert(3, new_code_cell("x = 3"))
    assert list(exercises.faults(notebook)) == [
        "mean_pool: the next cell of code calls its check, and is tagged raises-exception"
    ]


def first_cell(writer, name="mean_pool", source=STUB):
    notebook = page()
    exercise = next(each for each in exercises.find(notebook) if each.name == name)
    notebook.cells[exercise.stub].source = source
    return writer(exercise, notebook)


def test_a_solution_stands_where_the_empty_function_stood():
    assert first_cell(exercises.solution) == "def mean_pool(x):\n    return x.mean(axis=0)"
    between = first_cell(exercises.solution, source=f"a = 1\n\n\n@cache\n{STUB}\n\n\nb = 2")
    assert between == "a = 1\n\n\ndef mean_pool(x):\n    return x.mean(axis=0)\n\n\nb = 2"


@pytest.mark.parametrize(
    ("name", "source", "written"),
    [
        ("mean_pool", STUB, "def mean_pool(x):\n    return 0"),
        ("max_pool", TO_MEND, "def max_pool(x):\n    return 0"),
        ("rnn_step", STEP, "def rnn_step(x, h, U, W, b): return 0"),
        ("rnn_step", f"a = 1\n{STEP}\nb = 2", "a = 1\ndef rnn_step(x, h, U, W, b): return 0\nb = 2"),
        (
            "rnn_step",
            "class rnn_step:\n    def a(self):\n        return 1\n\n    def b(self):\n        ..."
            "\n\n    def c(self): ...",
            "class rnn_step:\n    def a(self):\n        return 1\n\n    def b(self):\n        return 0"
            "\n\n    def c(self): return 0",
        ),
        (
            "rnn_step",
            "class rnn_step:\n    def a(self):\n        return 1",
            "class rnn_step:\n    def a(self):\n        return 0",
        ),
    ],
)
def test_a_wrong_body_stands_in_place_of_the_empty_one(name, source, written):
    assert first_cell(exercises.with_body("return 0"), name, source) == written


def test_a_known_mistake_is_one_that_the_check_tells():
    from rnn_helpers import checks

    for name in ("mean_pool", "max_pool", "rnn_step"):
        namespace = {}
        exec(
            first_cell(exercises.known_mistake, name, {"mean_pool": STUB, "max_pool": TO_MEND}.get(name, STEP)),
            namespace,
        )
        with pytest.raises(checks.CheckFailed, match=rf"^{name}: "):
            getattr(checks, name)(namespace[name])


def test_no_exercise_is_left_unwritten():
    right, wrong = exercises.filled(page(), exercises.solution), exercises.wrong(page())
    for filled in (right, wrong):
        assert [each.source != before.source for each, before in zip(filled.cells, page().cells, strict=True)] == [
            place in {2, 9, 13} for place in range(len(filled.cells))
        ]
    sources = [wrong.cells[place].source for place in (2, 9, 13)]
    assert "mistakes[0]" in sources[0]
    assert "raise RuntimeError" in sources[1]
    assert "return None" in sources[2]


def test_a_broken_function_stays_broken_in_a_cell_that_shows_what_it_gives():
    source = f"{TO_MEND}\n\n\nprint(max_pool(np.eye(2)))"
    notebook = changed("max", source=source, outputs=[new_output("stream", text="[0. 0.]\n")])
    assert cell(exercises.wrong(notebook), "max").source == source
    assert cell(exercises.wrong(notebook), "step").source != STEP


def test_a_guard_may_show_what_it_guards():
    notebook = changed("show-mean", outputs=[])
    cell(notebook, "guard-mean").outputs = [new_output("stream", text="1\n")]
    assert not list(exercises.faults(notebook))
