"""What the catalogue of mistakes promises: each is told by its own hint, under every seed and wherever it stands."""

import dataclasses

import pytest

from rnn_helpers import checking, checks
from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from

ALL = checks.MISTAKES
SEEDS = (1,)  # the usual seeds are those of the spellings in test_learners, hidden ones those of test_assignments
by_name = pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.name)
by_check = pytest.mark.parametrize("name", checks.PARTS)
by_seed = pytest.mark.parametrize("seed", SEEDS)


def failure(function, check):
    with pytest.raises(checks.CheckFailed) as caught:
        checks.run_check(function, check)
    return str(caught.value)


def own_mistakes(check):
    return [(mistake, function) for mistake, function in check.mistakes if mistake.target == check.name]


def behave_alike(one, other, check):
    outcomes = [checking._run(function, check) for function in (one, other)]
    triples = zip(*outcomes, check.cases, strict=True)
    return all(checking._alike(*pair, coarse=True) for *pair, case in triples if case.telling)


def test_the_catalogue_is_complete_and_each_entry_is_different():
    assert len({mistake.name for mistake in ALL}) == len({mistake.hint for mistake in ALL}) == len(ALL)
    assert {mistake.target for mistake in CATALOGUE} == {"parameter_shapes", "rnn_step", "rnn_forward"}
    assert {mistake.target for mistake in ALL} == set(checks.PARTS)
    for name in checks.PARTS:
        assert sum(mistake.target == name for mistake in ALL) >= 2


@by_name
def test_the_wrong_line_is_a_line_of_the_function_and_the_sign_is_given(mistake):
    assert mistake.line
    assert "#" not in mistake.line
    assert "\n" not in mistake.line
    assert mistake.sign


def test_a_mistake_without_a_marked_line_says_so():
    with pytest.raises(ValueError, match="no line of the mistake 'none' is marked"):
        _ = Mistake("none", "rnn_step", failure, "").line


@by_seed
@by_check
def test_each_mistake_is_told_by_its_own_hint(name, seed):
    """So no two of one check behave alike: the first of them would be told for both."""
    check = checks.build(name, seed)
    for mistake, function in own_mistakes(check):
        assert failure(function, check) == f"{name}: {mistake.told}"


@by_name
def test_every_variant_is_needed(mistake):
    """One that behaves as the mistake itself does would be recognised without it."""
    check = checks.build(mistake.target, 0)
    told_by = [(other, function) for other, function in check.mistakes if function not in mistake.variants]
    without = dataclasses.replace(check, mistakes=told_by)
    for variant in mistake.variants:
        assert checking._known_mistake(checking._run(variant, check), without) != mistake.hint


# Inside other functions

LIFTING = [name for name, parts in checks.PARTS.items() if parts.lifts]


@pytest.mark.parametrize("name", LIFTING)
def test_a_mistake_inside_is_told_wherever_it_shows(name):
    """It is right there, it never runs there, or its hint is said; or that of one that behaves just like it.

    Where there are several ways to make this check's function of one that reads a sequence, each mistake takes another.
    """
    check = checks.build(name, 0)
    n_lifts, lifted = len(checks.PARTS[name].lifts), check.mistakes[len(own_mistakes(check)) :]
    n_each, told = len(lifted) // n_lifts, 0
    for mistake, function in [lifted[i + i % n_lifts * n_each] for i in range(n_each)]:
        with checking.silence():
            outcomes = [checking._made_by_mistake(function, check, case) for case in check.cases]
        telling = [pair for pair in zip(outcomes, check.cases, strict=True) if pair[1].telling]
        if all(checking.is_right(*pair) for pair in telling) or all(outcome.values is None for outcome, _ in telling):
            continue
        hint = checking._known_mistake(outcomes, check)
        said = next(other for other, _ in check.mistakes if hint == other.told)
        if said is not mistake:
            same = [other_function for other, other_function in check.mistakes if other is said]
            assert any(behave_alike(function, other_function, check) for other_function in same), mistake.name
        told += 1
    assert told >= 25


@pytest.mark.parametrize("name", [name for name in LIFTING if name != "rnn_forward"])
def test_what_is_told_of_a_step_is_told_inside(name):
    check = checks.build(name, 0)
    for mistake in CATALOGUE:
        if mistake.name in ("sigmoid for tanh", "missing tanh", "bias twice", "U x subtracted"):
            for lift in checks.PARTS[name].lifts:
                assert failure(lift(forward_from(mistake.function)), check).startswith(f"{name}: "), mistake.name


@pytest.mark.parametrize("name", ["trace", "continue_reading", "read_counts", "read_backwards", "read_batch_first"])
@pytest.mark.parametrize("mistake", ["sum carried on", "step taken twice", "first input at every step"])
def test_what_is_told_of_a_loop_is_told_inside(name, mistake):
    check = checks.build(name, 0)
    (known,) = [other for other in CATALOGUE if other.name == mistake]
    for lift in checks.PARTS[name].lifts:
        assert failure(lift(known.function), check) == f"{name}: {known.told}"
