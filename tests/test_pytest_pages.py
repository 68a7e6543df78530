"""The guards of any page, each with a page that it must refuse, and the plugin that runs them."""

from __future__ import annotations

import base64
import io
import re

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import get_sanitize_patterns
from PIL import Image

from rnn_helpers import pytest_pages

PLUGIN = pytest_pages.__name__
ALT = "A rising line, from 0 to 1."


def page(*cells):
    """A notebook of these cells, the code cells run in order."""
    notebook = new_notebook(cells=list(cells))
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
    return notebook


def printing(text, source="print(x)", **options):
    return new_code_cell(source, outputs=[new_output("stream", text=text)], **options)


def showing(data, source="show(x)", **options):
    return new_code_cell(source, outputs=[new_output("display_data", data)], **options)


def raising(**options):
    return new_code_cell("1 / 0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="by zero")], **options)


def png(blank=False):
    pixels = np.full((20, 20), 255, np.uint8)
    pixels[(5, 5) if blank else np.s_[5:9, 3:]] = 0  # a speck is no picture
    drawn = io.BytesIO()
    Image.fromarray(pixels).save(drawn, "png")
    return base64.b64encode(drawn.getvalue()).decode()


def numbered(notebook, *counts):
    for cell, count in zip(notebook.cells, counts, strict=True):
        cell.execution_count = count
    return notebook


def tagged(*tags, graded=False):
    return {"tags": list(tags)} | ({"nbgrader": {"grade": True}} if graded else {})


GOOD = [
    page(printing("3\n")),
    page(
        new_markdown_cell("Text, [a link](../a/b.png), ![a picture](b.png), 3/4 and $U:\\mathbb{R}^I\\to x$"),
        printing("3"),
    ),
    page(printing("1"), raising(metadata=tagged("raises-exception", "hide-input"))),
    page(printing("1"), new_code_cell("assert True", metadata=tagged("raises-exception", graded=True))),
    page(showing({"image/png": png(), "text/plain": ALT})),
    page(printing("1", source="%matplotlib inline\nx = 100 % 7")),
    page(printing("off by 6e-08 (on this machine)\n", source="%time y\nassert x < 1e-6")),
    page(showing({"text/plain": "'6e-08 (on this machine)'"}, source="np.testing.assert_allclose(x, y)\nx")),
    numbered(page(printing("1"), new_code_cell("  \n"), printing("2")), 1, None, 2),
    page(printing("SyntaxError\n", source="def f(:")),
    page(printing("https://example.org/a/b.c and/or/else 1/2/3 </a/b>")),
]

BAD = {
    "runs in order": [
        numbered(page(printing("1")), None),
        numbered(page(printing("1")), 2),
        numbered(page(printing("1"), printing("2")), 2, 1),
        numbered(page(printing("1"), printing("2")), 1, None),
    ],
    "something is compared": [
        page(),
        page(new_markdown_cell("Text")),
        page(new_code_cell("3")),
        page(showing({"image/png": png()})),
    ],
    "no cell hides": [
        *(page(printing("3", metadata=tagged(tag))) for tag in ("nbval-skip", "nbval-ignore-output")),
        page(printing("3", metadata=tagged("nbval-raises-exception"))),
        *(page(printing("3", source=f"# {comment}\nx")) for comment in ("NBVAL_SKIP", "PYTEST_VALIDATE_IGNORE_OUTPUT")),
        page(printing("3", source="%%capture\nx")),
        page(printing("3", source="\n%%nothing of the kind\nx")),
        page(printing("3", source="get_ipython().run_cell_magic('capture', '', 'x')")),
        page(printing("UsageError: Line magic function `%nothing` not found.\n")),
    ],
    "expected errors are stored": [page(printing("3", metadata=tagged("raises-exception")))],
    "nothing of a machine is stored": [
        page(printing("/home/someone/page.py:3: a warning")),
        page(printing("see C:\\Users\\someone\\page.py")),
        page(showing({"text/html": "<b>in (/usr/lib/python3)</b>"})),
        page(showing({"text/plain": "<object object at 0x7f3b1c0a5d30>"})),
        page(printing("3", source="open('/home/someone/page.txt')")),
        page(new_markdown_cell("The file is /home/someone/page.txt")),
        page(new_code_cell("x", outputs=[new_output("stream", name="stderr", text="a warning")])),
        page(new_code_cell("x", outputs=[new_output("error", ename="E", evalue="", traceback=["/usr/lib/a.py"])])),
    ],
    "pictures have words": [
        page(showing({"image/png": png(), "text/plain": "<Figure size 640x480 with 1 Axes>"})),
        page(showing({"image/png": png(), "text/plain": "A line"})),
        page(showing({"image/png": png()})),
        page(showing({"image/svg+xml": "<svg/>"})),
        page(showing({"image/png": png(blank=True), "text/plain": ALT})),
        page(new_markdown_cell("![](a.png)")),
        page(new_markdown_cell('<img src="a.png" alt="">')),
    ],
    "marked numbers are bounded": [
        page(printing("off by 6e-08 (on this machine)\n")),
        page(printing("off by 6e-08 (on this machine), at most\n", source="assert x")),
        page(showing({"text/html": "<p>6e-08 (on this machine)</p>"}, source="assert x")),
        page(printing("6e-08 (on this machine)\n", source="asserted = x")),
        page(printing("6e-08 (on this machine)\n", source="assert x ===")),
    ],
}


@pytest.mark.parametrize("notebook", GOOD)
def test_a_good_page_has_no_fault(notebook):
    assert {**pytest_pages.faults(notebook), "something is compared": []} == {"something is compared": []}


@pytest.mark.parametrize(("name", "notebook"), [(name, bad) for name, pages in BAD.items() for bad in pages])
def test_each_guard_refuses_what_it_is_for(name, notebook):
    assert name in pytest_pages.faults(notebook)


def test_every_guard_is_tried():
    assert list(BAD) == list(pytest_pages.GUARDS)


# The sanitize file


def sanitized(text):
    patterns = get_sanitize_patterns(pytest_pages.SANITIZE_FILE.read_text(encoding="ascii"))
    assert len(patterns) == 3
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text)
    return text


def test_a_negative_zero_is_forgiven_and_nothing_else():
    for before, after in {"-0.": "0.", "-0.00 1": "0.00 1", "-0.05": "-0.05", "-10.0": "-10.0", "-1.": "-1."}.items():
        assert sanitized(before) == after


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("6e-08", "1.19e-07"),
        ("  0.5", "-10.25"),
        ("-0.0", "nan"),
        ("  inf", " -inf"),
        (".5 ", "1_000.5  "),
        ("[1. 2.5]", "[0.1 22.75]"),
        ("5 of 7", "1,234 of 7"),
        ("1.5e+20", "2"),
        ("96.2 %", "100 %"),
        ("\u22123", "3"),
    ],
)
@pytest.mark.parametrize("ending", ["", "\n", "'", "\nthe next line"])
def test_the_numbers_of_a_marked_line_are_not_compared(here, there, ending):
    first, second = (f"3 before\ndiffer by {number} (on this machine){ending}" for number in (here, there))
    assert first != second
    assert sanitized(first) == sanitized(second)


def test_the_words_that_a_network_wrote_are_not_compared_but_how_many_lines_they_fill():
    one, two = "> said the (on this machine)\n", "> they 'all, 3 (on this machine)\n"
    assert sanitized(one) == sanitized(two)
    assert sanitized(one + two) == sanitized(two + one) != sanitized(one)
    assert sanitized("4 of 5\n" + one) != sanitized("5 of 5\n" + one)
    assert sanitized("> said the\n") != sanitized("> said a\n")
    assert sanitized("- said the (on this machine)") != sanitized("- said a (on this machine)")


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("3 (on this machine)\n4", "3 (on this machine)\n5"),
        ("4\n3 (on this machine)", "5\n3 (on this machine)"),
        ("float32: 3 (on this machine)", "float64: 3 (on this machine)"),
        ("error 3 (on this machine)", "Error 3 (on this machine)"),
        ("3 (on this machine), 4", "3 (on this machine), 5"),
        ("infinite 3 (on this machine)", "nano 3 (on this machine)"),
        ("3 and 4 (on this machine)", "3 (on this machine)"),
    ],
)
def test_all_else_is_compared(here, there):
    assert sanitized(here) != sanitized(there)


def test_the_marked_lines_are_listed(tmp_path, capsys):
    nbformat.write(page(printing("1"), printing("one\n two 2 (on this machine)\n")), tmp_path / "a.ipynb")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    nbformat.write(page(printing("3 (on this machine)")), tmp_path / ".ipynb_checkpoints" / "a.ipynb")
    pytest_pages.main([str(tmp_path)])
    assert capsys.readouterr().out == f"{tmp_path / 'a.ipynb'}::Cell 1: two 2 (on this machine)\n"


# The plugin, in a folder that has nothing of this project


pytest_plugins = ["pytester"]  # runs pytest on a folder in this process, which has imported it and nbval already
PLUGINS = ("nbval.plugin", PLUGIN)


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest in the folder, with these plugins and no other of what is installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*arguments, plugins=PLUGINS):
        named = (word for name in plugins for word in ("-p", name))
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--rootdir", ".", *named, *arguments)
        return result.ret, result.outlines, result.errlines

    return run


HEADER = """
def pytest_report_header(config):
    option = config.option
    return f"{option.nbval} {option.nbval_current_env} {option.nbval_cell_timeout} {option.nbval_sanitize_with}"
"""


@pytest.fixture
def folder(pytester):
    """One with a page, where pytest says how nbval is set."""
    pytester.makeconftest(HEADER)
    nbformat.write(page(printing("3")), pytester.path / "page.ipynb")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("plugins", [PLUGINS, PLUGINS[::-1]])
def test_nbval_is_strict_whichever_was_registered_first(plugins, run):
    _, told, _ = run("--collect-only", "--rnn-pages", plugins=plugins)
    assert f"True True 300.0 {pytest_pages.SANITIZE_FILE}" in told
    assert "collected 8 items" in told  # seven guards, one cell


@pytest.mark.usefixtures("folder")
def test_what_is_given_stays(run):
    given = ["--nbval-kernel-name=other", "--nbval-cell-timeout=60", "--nbval-sanitize-with=own.cfg"]
    _, told, _ = run("--collect-only", "--rnn-pages", *given)
    assert "True False 60.0 own.cfg" in told


@pytest.mark.usefixtures("folder")
def test_without_its_option_the_plugin_does_nothing(run):
    code, told, _ = run()
    assert "False False 2000 None" in told
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("plugins", "arguments", "says"),
    [
        ([PLUGIN], [], 'ERROR: --rnn-pages needs nbval; this brings it: pip install "rnn-helpers[test]"'),
        (PLUGINS, ["--nbval-lax"], "ERROR: --rnn-pages compares every output, "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(plugins, arguments, says, run):
    code, _, told = run(*arguments, "--rnn-pages", plugins=plugins)
    assert code == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, told)
    assert line.startswith(says)


SAME = "x = 1.5\nassert x == 1.5\nprint('one\\n', x, '(on this machine)')"
RESULT = "assert x\nf'{x:10.3f} (on this machine)'"
DISPLAY = """from IPython.display import HTML
assert x
HTML(f"<p>\\n{x} (on this machine)\\n</p>")"""


def three_kinds(number, word="one"):
    """A page that shows a marked number as a stream, as a result and as a display."""
    shown = new_output("execute_result", {"text/plain": f"'{number:>9} (on this machine)'"}, execution_count=2)
    html = {"text/plain": "<IPython.core.display.HTML object>", "text/html": f"<p>\n{number} (on this machine)\n</p>"}
    return page(
        printing(f"{word}\n {number} (on this machine)\n", source=SAME),
        new_code_cell(RESULT, outputs=[shown]),
        new_code_cell(DISPLAY, outputs=[new_output("execute_result", html, execution_count=3)]),
    )


def test_pages_are_run_compared_and_guarded_by_two_workers(run, pytester):
    there, others = three_kinds("-22.75e-08"), three_kinds("1.5", word="two")
    others.cells.append(printing("4\n", source="print(1 + 2)", execution_count=4))
    stripped = numbered(page(new_code_cell("print(1 + 2)")), None)
    pages = {"there": there, "others": others, "stripped": stripped, "blank": page()}
    for name, notebook in pages.items():
        nbformat.write(notebook, pytester.path / f"{name}.ipynb")
    # The project's tools first, which spare each worker a second.
    _, told, _ = run("--rnn-pages", "-n2", "--dist=loadscope", "-rA", plugins=["tools", "xdist.plugin", *PLUGINS])
    assert {line.removeprefix("FAILED ").partition(" - ")[0] for line in told if line.startswith("FAILED ")} == {
        "others.ipynb::Cell 0",  # a word
        "others.ipynb::Cell 3",  # a digit
        "stripped.ipynb::runs in order",
        "stripped.ipynb::something is compared",
        "blank.ipynb::something is compared",
    }
    # Seven guards on four pages, and their eight cells, less the five that fail.
    assert sum(line.startswith("PASSED ") for line in told) == 7 * 4 + 8 - 5
    assert "Cell 0: no count is stored where 1 belongs; restart, run all cells, and save" in told
