"""The assignments' sources: their points, the form of every cell, and that no answer reaches a learner's version.

The learner's version is made here as nbgrader makes it, from the regions in the source; nbgrader itself is not needed.
"""

import inspect
import itertools
import re

import nbformat
import numpy as np
import pytest

from rnn_helpers import checks, data, rnn_forward
from tools import series

POINTS = {"step_and_shapes": 20, "rnn_from_scratch": 30, "memory_and_pooling": 30}
ITEMS = {
    "step_and_shapes": [3, 3, 6, 4, 4],
    "rnn_from_scratch": [6, 4, 5, 3, 3, 3, 6],
    "memory_and_pooling": [2, 2, 5, 6, 3, 6, 6],
}
# Which answers may call an earlier one.
BUILDS_ON = {"continue_reading": ["rnn_forward"]}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*)\n### END HIDDEN TESTS", flags=re.S)
by_assignment = pytest.mark.parametrize("path", series.ASSIGNMENTS, ids=lambda path: path.stem)


def cells(path):
    return nbformat.read(path, as_version=4).cells


def marks(cell):
    return cell.metadata.nbgrader


def kind(cell):
    """What a cell is for: to read, to answer in code, to test, or to be marked by hand."""
    return {
        (False, False): "read",
        (False, True): "answer",
        (True, False): "test",
        (True, True): "written",
    }[marks(cell).grade, marks(cell).solution]


def of_kind(path, *kinds):
    return [cell for cell in cells(path) if kind(cell) in kinds]


def learners_source(cell):
    """What is left of a cell in a learner's version."""
    if kind(cell) == "written":
        return "raise NotImplementedError()" if cell.cell_type == "code" else "YOUR ANSWER HERE"
    source = re.sub(rf"{BEGIN}\n.*\n( *){END}", "raise NotImplementedError()", cell.source, flags=re.S)
    return HIDDEN.sub("", source)


def solution_lines(path):
    """The lines that only a solution has."""
    solved, left = set(), set()
    for cell in cells(path):
        solved |= {line.strip() for line in cell.source.splitlines()} if cell.cell_type == "code" else set()
        left |= {line.strip() for line in learners_source(cell).splitlines()}
    return solved - left - {BEGIN, END}


def name_in(cell):
    """The function that an answer defines or a test calls."""
    return re.search(r"def (\w+)\(|checks\.(\w+)\(", cell.source).group(1, 2)[kind(cell) == "test"]


def hidden_seed(cell):
    return int(re.fullmatch(r"checks\.(\w+)\(\1, seed=(\d+)\)", HIDDEN.search(cell.source)[1])[2])


def graded_cells():
    return [cell for path in series.ASSIGNMENTS for cell in of_kind(path, "test")]


# Points and form


def test_there_are_three_assignments_and_no_other_notebook_beside_them():
    assert [path.stem for path in series.ASSIGNMENTS] == list(POINTS)
    assert set((series.ROOT / "notebooks" / "assignments").rglob("*.ipynb")) == set(series.ASSIGNMENTS)


@by_assignment
def test_the_points_add_up_and_stand_in_the_headings(path):
    points = [marks(cell).points for cell in of_kind(path, "test", "written")]
    text = "\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")
    headings = re.findall(r"^## Item (\d) · .+ \((\d) points\)$", text, flags=re.M)
    assert points == ITEMS[path.stem]
    assert sum(points) == POINTS[path.stem]
    assert headings == [(str(number), str(of_item)) for number, of_item in enumerate(points, start=1)]
    assert f"**Points** {POINTS[path.stem]}." in text


@by_assignment
def test_the_box_says_what_a_learner_must_know(path):
    title = cells(path)[0].source
    assert re.match(r"# Assignment \d · .+\?\n", title)
    for word in ("Points", "Time", "After", "Allowed", "How it is graded"):
        assert f"**{word}**" in title


@by_assignment
def test_a_rubric_stands_with_each_written_item_and_adds_up(path):
    for question, answer in itertools.pairwise(cells(path)):
        if kind(answer) == "written":
            assert kind(question) == "read"
            rubric = [int(points) for points in re.findall(r"\| (\d) \|$", question.source, flags=re.M)]
            assert len(rubric) >= 4
            assert sum(rubric) == marks(answer).points


@by_assignment
def test_every_item_has_two_or_three_folded_hints(path):
    items = [cell.source for cell in cells(path) if cell.source.startswith("## Item")]
    assert len(items) == len(ITEMS[path.stem])
    for source in items:
        hints = re.findall(rf"<details>{series.SUMMARY}Hint (\d)</summary>.+?</details>", source)
        assert hints in (["1", "2"], ["1", "2", "3"])


@by_assignment
def test_the_marks_that_nbgrader_reads(path):
    names = {"grade", "grade_id", "locked", "schema_version", "solution", "task"}
    ids = [cell.id for cell in cells(path)]
    assert len(set(ids)) == len(ids)
    for cell in cells(path):
        assert set(marks(cell)) == names | ({"points"} if marks(cell).grade else set())
        assert marks(cell).grade_id == cell.id
        assert re.fullmatch(r"[a-z-]+", cell.id)
        assert marks(cell).schema_version == 3
        assert not marks(cell).task
        assert marks(cell).locked == (not marks(cell).solution)
        assert ("raises-exception" in cell.metadata.get("tags", [])) == (marks(cell).grade and cell.cell_type == "code")


@by_assignment
def test_imports_stand_in_a_locked_cell(path):
    first, *others = (cell for cell in cells(path) if cell.cell_type == "code")
    assert kind(first) == "read"
    assert "import numpy as np" in first.source
    for cell in others:
        if kind(cell) != "test":
            assert not re.search(r"^\s*(import|from)\s", cell.source, flags=re.M)


@by_assignment
def test_every_answer_is_followed_by_its_test(path):
    for answer, test in itertools.pairwise(cells(path)):
        assert (kind(answer) == "answer") == (kind(test) == "test")
        if kind(test) == "test":
            name, seed = name_in(test), hidden_seed(test)
            assert name_in(answer) == name
            assert test.source == (
                f"from rnn_helpers import checks\n\nchecks.{name}({name})\n"
                f"### BEGIN HIDDEN TESTS\nchecks.{name}({name}, seed={seed})\n### END HIDDEN TESTS"
            )


@by_assignment
def test_the_stored_output_of_a_test_is_its_two_lines(path):
    for test in of_kind(path, "test"):
        (output,) = test.outputs
        n_cases = len(checks.build(name_in(test), hidden_seed(test)).cases)
        assert output.text == 2 * f"{name_in(test)}: all {n_cases} cases are right.\n"


def test_hidden_cases_have_numbers_of_their_own():
    seeds = [hidden_seed(cell) for cell in graded_cells()]
    shown = [inspect.signature(getattr(checks, name_in(cell))).parameters["seed"].default for cell in graded_cells()]
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & set(shown)


@pytest.mark.parametrize("cell", graded_cells(), ids=name_in)
def test_hidden_cases_catch_each_mistake_by_its_hint(cell):
    check = checks.build(name_in(cell), hidden_seed(cell))
    for mistake, function in check.mistakes:
        if mistake.target != check.name:  # one that stands inside: see test_mistakes
            continue
        with pytest.raises(checks.CheckFailed) as caught:
            checks.run_check(function, check)
        assert str(caught.value) == f"{check.name}: {mistake.told}"


# What reaches the learner


@by_assignment
def test_an_answer_keeps_its_first_line_and_its_docstring(path):
    for cell in of_kind(path, "answer"):
        assert cell.source.count(BEGIN) == cell.source.count(END) == 1
        assert re.fullmatch(
            r'def \w+\([\w, ]+\):\n    """[^"]+"""\n    raise NotImplementedError\(\)', learners_source(cell)
        )


@by_assignment
def test_regions_stand_nowhere_else(path):
    for cell in cells(path):
        if kind(cell) != "answer":
            assert "SOLUTION" not in cell.source
        if kind(cell) != "test":
            assert "HIDDEN" not in cell.source
            assert not re.search(r"\bchecks\.\w", cell.source)


@by_assignment
def test_no_solution_and_no_hidden_case_reaches_a_learners_code(path):
    lines = solution_lines(path)
    assert len(lines) >= 7
    left = [learners_source(cell) for cell in cells(path) if cell.cell_type == "code"]
    assert not lines & {line.strip() for source in left for line in source.splitlines()}
    for cell, source in zip((cell for cell in cells(path) if cell.cell_type == "code"), left, strict=True):
        if kind(cell) == "test":
            assert "seed" not in source


@by_assignment
def test_no_solution_is_told_by_metadata_or_outputs(path):
    for cell in cells(path):
        kept = [str(cell.metadata)]
        kept += [str(output.get("text", "")) + str(output.get("data", "")) for output in cell.get("outputs", [])]
        for text in kept:
            assert not [line for line in solution_lines(path) if len(line) > 12 and line in text]


# Each answer stands by itself


@by_assignment
def test_every_answer_works_after_the_imports_alone(path, capsys):
    imports = next(cell.source for cell in cells(path) if cell.cell_type == "code")
    answers = {name_in(cell): cell.source for cell in of_kind(path, "answer")}
    for name, source in answers.items():
        notebook = {}
        for needed in [imports, *(answers[earlier] for earlier in BUILDS_ON.get(name, [])), source]:
            exec(needed, notebook)
        getattr(checks, name)(notebook[name])
    assert capsys.readouterr().out.count("cases are right") == len(answers)


# The numbers in the texts


def written(values, digits):
    return "(" + ", ".join(f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}") for value in values) + ")"


def question(name, item):
    return next(
        cell.source for cell in cells(series.ASSIGNMENTS[list(POINTS).index(name)]) if cell.id == f"{item}-question"
    )


def test_the_examples_of_the_first_assignment():
    states, _ = rnn_forward(data.X, data.U, data.W, data.b)
    assert f"tanh(0.75) ≈ {states[0, 0]:.3f}" in question("step_and_shapes", "first")
    step = question("step_and_shapes", "rnn-step")
    assert written(states[0], 3) in step
    assert written(states[1], 3) in step
    trace = question("step_and_shapes", "trace")
    assert written(states[0], 2) in trace
    assert written(states[-1], 2) in trace


def test_the_examples_of_the_second_assignment():
    states, h_n = rnn_forward(data.X, data.U, data.W, data.b)
    assert written(states[0], 2) in question("rnn_from_scratch", "forward")
    for item in ("forward", "continue", "batch-first"):
        assert written(h_n, 2) in question("rnn_from_scratch", item)
    counts, _ = rnn_forward(np.array([[1, 0, 3], [0, 1, 0], [2, 2, 1]]), data.U, data.W, data.b)
    assert written(counts[0], 3) in question("rnn_from_scratch", "counts")
    assert written(counts[-1], 3) in question("rnn_from_scratch", "counts")
    backwards, _ = rnn_forward(data.X[::-1], data.U, data.W, data.b)
    assert written(backwards[-1], 2) in question("rnn_from_scratch", "backwards")


def test_the_functions_to_mend_are_wrong_as_they_are_given():
    path = series.ASSIGNMENTS[1]
    given = {cell.id: cell.source for cell in of_kind(path, "read") if cell.id.endswith("-given")}
    notebook = {}
    exec(next(cell.source for cell in cells(path) if cell.cell_type == "code"), notebook)
    assert len(given) == 3
    for source in given.values():
        exec(source, notebook)
        name = re.search(r"def given_(\w+)", source)[1]
        with pytest.raises(checks.CheckFailed) as caught:
            getattr(checks, name)(notebook[f"given_{name}"])
        told = next(mistake.told for mistake, _ in checks.build(name, 0).mistakes if mistake.name.endswith("as given"))
        assert str(caught.value) == f"{name}: {told}"


def test_the_examples_of_the_third_assignment():
    path = series.ASSIGNMENTS[2]
    notebook = {}
    for cell in [next(cell for cell in cells(path) if cell.cell_type == "code"), *of_kind(path, "answer")]:
        exec(cell.source, notebook)
    assert notebook["mean_pool"](np.array([[1, 2], [3, 6]])).tolist() == [2, 4]
    assert notebook["max_pool"](np.array([[-1, -2], [-3, -1]])).tolist() == [-1, -1]
    x = np.array([[1, 2], [3, 4], [5, 6]])
    summaries = (notebook["mean_pool"], lambda x: x[0], lambda x: x.reshape(-1))
    assert [notebook["distinct_summaries"](summary, x) for summary in summaries] == [1, 3, 6]
    tokens = np.array([0, 1, 1, 0, 1, 1, 0, 1])
    assert notebook["read_back"](np.eye(2)[tokens], tokens) == 1
    assert notebook["read_back"](np.zeros((8, 3)), tokens) == 0.5  # 1 is the most frequent of the first six
