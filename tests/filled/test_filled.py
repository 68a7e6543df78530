"""Each page with its exercises filled in, rightly and wrongly: it runs to its end, and shows what it shows otherwise.

Run by `make test-filled`: nbval would call a filled page changed.
"""

from __future__ import annotations

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

from tests import small_page
from tools import exercises, series

STORED = {path: nbformat.read(path, as_version=4) for path in series.NOTEBOOKS}
by_page = pytest.mark.parametrize(
    "path", [path for path, page in STORED.items() if exercises.find(page)], ids=lambda path: path.stem
)


def surprises(notebook, folder, right):
    page = exercises.filled(notebook, exercises.solution) if right else exercises.wrong(notebook)
    return list(exercises.surprises(notebook, series.execute(page, folder), right=right))


@by_page
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_a_page_that_is_filled_in_runs_to_its_end(path, right):
    assert not surprises(STORED[path], path.parent, right)


# What this file relies on, tried on a page of three exercises


def test_a_small_page_shows_the_same_however_it_is_filled_in(tmp_path):
    assert surprises(small_page.page(), tmp_path, True) == []
    assert surprises(small_page.page(), tmp_path, False) == []


def test_what_depends_on_who_wrote_it_is_told(tmp_path):
    tells = small_page.printing("mean_pool_solution\n", "print(mean.__name__)", id="tells")
    (line,) = surprises(small_page.page(tells), tmp_path, True)
    assert "tells, shows\nmean_pool\n" in line
    assert surprises(small_page.page(tells), tmp_path, False) == []


def test_a_solution_that_is_wrong_is_told(tmp_path):
    notebook = small_page.page()
    small_page.cell(notebook, "solution-max").source = "def max_pool_solution(x):\n    return x.min(axis=0)"
    told = surprises(notebook, tmp_path, True)
    assert told[0] == "max_pool: the check of a right one raises ['CheckFailed']"
    assert "c-max, shows\nfrom here on with the solution" in told[1]


def test_a_page_that_goes_on_with_what_is_wrong_does_not_run_to_its_end(tmp_path):
    uses = new_code_cell("mean_pool(np.ones((2, 2))).shape", id="uses")
    with pytest.raises(CellExecutionError, match="mean_pool"):
        series.execute(exercises.filled(small_page.page(uses), exercises.with_body("return None")), tmp_path)
