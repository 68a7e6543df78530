"""The checks, on functions as learners write them: no wrong one passes, no right one fails, each wrong one is named."""

import pytest

from rnn_helpers import checks
from tests.learners import hand_ins_one, hand_ins_two  # noqa: F401 - they fill WRONG and RIGHT
from tests.learners.cases import CASES
from tests.learners.hand_ins import RIGHT, WRONG
from tests.learners.spelled import SPELLED

KNOWN = {mistake.name: mistake for mistake in checks.MISTAKES}


def failure(check, function):
    with pytest.raises(checks.CheckFailed) as caught:
        getattr(checks, check)(function)
    return str(caught.value)


def says(message, check, told):
    """Whether a message tells the mistake of this name, or holds these words."""
    return message == f"{check}: {KNOWN[told].told}" if told in KNOWN else told in message


@pytest.mark.parametrize(("check", "told", "function"), CASES, ids=[f"{check}, {told}" for check, told, _ in CASES])
def test_what_the_field_has_shown_is_named(check, told, function):
    message = failure(check, function)
    assert says(message, check, told), message


@pytest.mark.parametrize("name", KNOWN)
def test_each_mistake_is_recognised_in_a_spelling_made_from_its_hint_alone(name):
    mistake = KNOWN[name]
    assert failure(mistake.target, SPELLED[name]) == f"{mistake.target}: {mistake.told}"


def test_nothing_is_spelled_that_the_catalogue_does_not_know():
    assert set(SPELLED) == set(KNOWN)


@pytest.mark.parametrize(
    ("check", "misunderstood", "told", "function"),
    WRONG,
    ids=[f"{check}, {misunderstood}" for check, misunderstood, *_ in WRONG],
)
def test_a_wrong_hand_in_is_refused_and_named(check, misunderstood, told, function):
    message = failure(check, function)
    assert says(message, check, told), message


@pytest.mark.parametrize(("check", "style", "function"), RIGHT, ids=[f"{check}, {style}" for check, style, _ in RIGHT])
def test_a_right_hand_in_passes(check, style, function, capfd):
    getattr(checks, check)(function)
    assert "cases are right" in capfd.readouterr().out
