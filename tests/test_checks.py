"""The checks: every known mistake is caught by its own name, right is right, and nothing crashes them.

The catalogue of mistakes is held to its promises here too.
"""

import dataclasses
import logging
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_helpers import checking, checks, rnn
from rnn_helpers.mistakes import CATALOGUE, Mistake, forward_from

ALL_CHECKS = {
    "parameter_shapes": checks.build("parameter_shapes", 0),
    "rnn_step": checks.build("rnn_step", 20),
    "rnn_forward": checks.build("rnn_forward", 21),
}
STEP_MISTAKES = [mistake for mistake in CATALOGUE if mistake.target == "rnn_step"]


def by_name(mistake):
    return mistake.name


def failure(target, fn):
    with pytest.raises(checks.CheckFailed) as caught:
        getattr(checks, target)(fn)
    return str(caught.value)


# The catalogue


def test_the_catalogue_is_complete_and_each_entry_is_different():
    assert len(CATALOGUE) >= 17
    assert (
        len({mistake.name for mistake in CATALOGUE}) == len({mistake.hint for mistake in CATALOGUE}) == len(CATALOGUE)
    )
    assert {mistake.target for mistake in CATALOGUE} == set(ALL_CHECKS)
    assert all(mistake.sign for mistake in CATALOGUE)


@pytest.mark.parametrize("mistake", CATALOGUE, ids=by_name)
def test_each_mistake_is_caught_by_its_own_name(mistake):
    for function in (mistake.function, *mistake.variants):
        assert failure(mistake.target, function) == f"{mistake.target}: {mistake.hint}"


@pytest.mark.parametrize("mistake", CATALOGUE, ids=by_name)
def test_every_variant_is_needed(mistake):
    """One that behaves as the mistake itself does would be recognised without it."""
    check = ALL_CHECKS[mistake.target]
    told_by = [(other, function) for other, function in check.mistakes if function not in mistake.variants]
    without = dataclasses.replace(check, mistakes=told_by)
    for variant in mistake.variants:
        outcomes = [checking._run(variant, check, case) for case in check.cases]
        assert checking._known_mistake(outcomes, without) is None


@pytest.mark.parametrize("mistake", STEP_MISTAKES, ids=by_name)
def test_a_step_mistake_is_recognised_inside_a_loop(mistake):
    assert failure("rnn_forward", forward_from(mistake.function)) == f"rnn_forward: {mistake.hint}"


@pytest.mark.parametrize("target", ALL_CHECKS)
def test_no_two_mistakes_behave_alike(target):
    check = ALL_CHECKS[target]
    behaviours = {
        mistake.name: [checking._run(function, check, case) for case in check.cases]
        for mistake, function in check.mistakes
    }
    names = list(behaviours)
    for i, one in enumerate(names):
        for other in names[:i]:
            pairs = zip(behaviours[one], behaviours[other], strict=True)
            assert not all(checking._alike(*pair) for pair in pairs), (one, other)


@pytest.mark.parametrize("mistake", CATALOGUE, ids=by_name)
def test_the_wrong_line_is_a_line_of_the_function(mistake):
    assert mistake.line
    assert "#" not in mistake.line
    assert "\n" not in mistake.line


def test_a_mistake_without_a_marked_line_says_so():
    with pytest.raises(ValueError, match="no line of the mistake 'none' is marked"):
        _ = Mistake("none", "rnn_step", step_loops, "").line


def test_weights_of_the_cases_are_tame():
    for target in ("rnn_step", "rnn_forward"):
        for case in ALL_CHECKS[target].cases:
            W = case.arguments["W"]
            assert np.linalg.norm(W, 2) <= (0.9 if W.dtype == float else 1) + 1e-12


# Right is right


def step_loops(x, h, U, W, b):
    """In plain Python, returning nested lists of Python floats."""
    if np.ndim(x) == 2:
        return [step_loops(x_n, h_n, U, W, b) for x_n, h_n in zip(x, h, strict=True)]
    new = []
    for i in range(len(b)):
        total = float(b[i])
        for j in range(len(x)):
            total += U[i][j] * x[j]
        for j in range(len(h)):
            total += W[i][j] * h[j]
        new.append(math.tanh(total))
    return new


def step_einsum(token, memory, u, w, bias):
    return np.tanh(np.einsum("hi,...i->...h", u, token) + np.einsum("hk,...k->...h", w, memory) + bias)


def step_float32(x, h, U, W, b):
    x, h, U, W, b = (np.asarray(a, dtype=np.float32) for a in (x, h, U, W, b))
    return np.tanh(x @ U.T + h @ W.T + b)


def step_torch(x, h, U, W, b):
    x, h, U, W, b = (torch.tensor(a, dtype=torch.float32) for a in (x, h, U, W, b))
    return torch.tanh(x @ U.T + h @ W.T + b)


def step_torch_list(x, h, U, W, b):
    return step_torch(x, h, U, W, b).tolist()


def step_torch_requires_grad(x, h, U, W, b):
    x, h, U, W, b = (torch.tensor(a, dtype=torch.float64).requires_grad_() for a in (x, h, U, W, b))
    return torch.tanh(x @ U.T + h @ W.T + b)


def step_noisy(x, h, U, W, b):
    print("x is", x)
    print("error", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    np.log(np.zeros(1))
    return rnn.rnn_step(x, h, U, W, b)


def forward_list_of_tensors(x, U, W, b, h_0):
    h, output = h_0, []
    for x_t in x:
        h = step_torch_requires_grad(x_t, h.detach() if isinstance(h, torch.Tensor) else h, U, W, b)
        output.append(h)
    return output, output[-1]


def forward_torch_layer(x, U, W, b, h_0):
    x, U, W, b, h_0 = (torch.tensor(a, dtype=torch.float32) for a in (x, U, W, b, h_0))
    layer = torch.nn.RNN(U.shape[1], U.shape[0])
    layer.load_state_dict({"weight_ih_l0": U, "weight_hh_l0": W, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)})
    output, h_n = layer(x, h_0[None])
    return [output, h_n[0]]


def forward_lists(x, U, W, b, h_0):
    states = [h_0]
    for x_t in x:
        states.append(step_loops(x_t, states[-1], U, W, b))
    return states[1:], states[-1]


def shapes_lists(n, m):
    return {"b": [m], "W": [np.int64(m), m], "U": torch.zeros(m, n).shape}


def step_tuples(x, h, U, W, b):
    return tuple(map(tuple, step_loops(x, h, U, W, b))) if np.ndim(x) == 2 else tuple(step_loops(x, h, U, W, b))


def step_with_a_subprocess(x, h, U, W, b):
    os.write(1, b"past sys.stdout\n")
    os.write(2, b"past sys.stderr\n")
    print("past the notebook", file=sys.__stdout__)
    return rnn.rnn_step(x, h, U, W, b)


RIGHT_STEPS = [
    step_loops, step_tuples, step_einsum, step_float32, step_torch, step_torch_list, step_torch_requires_grad,
    step_noisy, step_with_a_subprocess,
]  # fmt: skip
RIGHT = (
    [("parameter_shapes", rnn.parameter_shapes), ("parameter_shapes", shapes_lists)]
    + [("rnn_step", fn) for fn in (rnn.rnn_step, *RIGHT_STEPS)]
    + [("rnn_forward", fn) for fn in (rnn.rnn_forward, forward_list_of_tensors, forward_torch_layer, forward_lists)]
    + [("rnn_forward", forward_from(step)) for step in (step_einsum, step_float32, step_noisy)]
)


@pytest.mark.parametrize(("target", "fn"), RIGHT)
def test_right_variants_pass_with_one_line_and_nothing_else(target, fn, capfd, recwarn):
    assert getattr(checks, target)(fn) is None
    out, err = capfd.readouterr()
    assert out == f"{target}: all {len(ALL_CHECKS[target].cases)} cases are right.\n"
    assert err == ""
    assert not recwarn.list


def test_logging_works_after_a_check_as_before(capfd):
    def step(x, h, U, W, b):
        logging.warning("inside")
        return rnn.rnn_step(x, h, U, W, b)

    handlers = logging.root.handlers[:]
    logging.root.handlers.clear()
    try:
        checks.rnn_step(step)
        assert not logging.root.handlers
    finally:
        logging.root.handlers[:] = handlers
    assert "inside" not in capfd.readouterr().err


def test_displays_are_caught_when_ipython_is_loaded(capfd):
    from IPython.display import display

    def displaying(x, h, U, W, b):
        display(x)
        return rnn.rnn_step(x, h, U, W, b)

    checks.rnn_step(displaying)
    assert capfd.readouterr().out.count("\n") == 1


def test_a_notebook_that_overwrote_numpy_names_is_still_checked(monkeypatch):
    tanh = np.tanh

    def step(x, h, U, W, b):
        return tanh(x @ U.T + h @ W.T + b)

    def off(x, h, U, W, b):
        return tanh(x @ U.T + h @ W.T + 3 * b)

    for name in ("tanh", "array", "zeros", "isnan", "allclose"):
        monkeypatch.setattr(np, name, 3)
    checks.rnn_step(step)
    assert "off with only the bias" in failure("rnn_step", off)


def test_a_bad_seed_or_name_is_not_the_learners_fault():
    for seed in (-1, 1.5, None, True):
        with pytest.raises(ValueError, match="seed must be a whole number of at least 0"):
            checks.rnn_step(rnn.rnn_step, seed=seed)
    with pytest.raises(ValueError, match=r"name must be one of parameter_shapes, .* got 'rnn'"):
        checks.build("rnn", 0)


@pytest.mark.parametrize("off_by", [1e-10, -1e-10])
def test_a_formula_that_is_off_by_a_little_fails(off_by):
    assert "off on one input" in failure("rnn_step", lambda *args: rnn.rnn_step(*args) + off_by)
    with_numbers_of_numpy = failure("rnn_step", lambda *args: list(rnn.rnn_step(*args) + off_by))
    assert "off on one input" in with_numbers_of_numpy  # float64, not the Python floats of a float32 tensor


def test_a_mistake_is_known_in_a_spelling_that_fails_on_sizes_where_another_runs():
    def columns(x, h, U, W, b):
        return np.tanh(np.einsum("hi,i->h", U, x) + np.einsum("hk,k->h", W, h) + b)

    assert "This is right for one vector" in failure("rnn_step", columns)


def test_a_mistake_in_the_step_is_known_when_a_sequence_is_continued():
    def continue_reading(first_half, second_half, U, W, b):
        h = 0 * b
        for x_t in [*first_half, *second_half]:
            h = np.tanh(U @ x_t + h @ W + b)
        return h

    assert "W is transposed" in failure("continue_reading", continue_reading)


# Mistakes that are not known


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + 2 * b + b), "off with only the bias and all three terms"),
        (lambda x, h, U, W, b: np.tanh(-x @ U.T + h @ W.T + b), "off with only x and all three terms"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T - h @ W.T + b), "off with only h and all three terms"),
        (lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b) + 1, "it is off with only the bias, only x, only h and"),
        (
            lambda x, h, U, W, b: rnn.rnn_step(x, h, U, W, b) * (1 + (np.ndim(x) == 2)),
            "it is right with only the bias,",
        ),
        (lambda x, h, U, W, b: step_float32(x, h, U, W, b).astype(float), "is there a float32 on the way?)."),
        (lambda x, h, U, W, b: rnn.rnn_step(x, h, U, W, b) * 1e9, "e+"),
    ],
)
def test_an_unknown_mistake_in_a_step_names_the_term(wrong, says):
    message = failure("rnn_step", wrong)
    assert says in message
    assert "expected [" in message
    assert ", got [" in message


def forget_at(step):
    def forward(x, U, W, b, h_0):
        h, output = h_0, []
        for t, x_t in enumerate(x):
            h = rnn.rnn_step(x_t, 0 * h if t == step else h, U, W, b)
            output.append(h)
        return np.array(output), h

    return forward


def test_an_unknown_mistake_in_a_loop_names_the_step():
    assert "right before step 3 and off at step 3 of 5, on one sequence of T=5" in failure("rnn_forward", forget_at(2))
    assert "output is off at step 1 of 1" in failure(
        "rnn_forward", lambda *args: (rnn.rnn_forward(*args)[0] + 1, 0 * args[-1])
    )


def test_a_wrong_last_state_is_named():
    def first_state(*args):
        output, _ = rnn.rnn_forward(*args)
        return output, output[0]

    assert "output is right but h_n is off on one sequence of T=5" in failure("rnn_forward", first_state)


def test_unknown_wrong_shapes_are_named():
    message = failure("parameter_shapes", lambda n, m: {"U": (m, n), "W": (m, m), "b": (m, 1)})
    assert message == (
        "parameter_shapes: the shape of b is off on input_size=3, hidden_size=4: expected (4,), got (4, 1)."
    )


# Whatever a learner's function does


def raises(error):
    def fn(*args):
        raise error

    return fn


def changes_its_arguments(x, h, U, W, b):
    h_next = rnn.rnn_step(x, h, U, W, b)
    x += 1
    return h_next


def random_results(x, h, U, W, b):
    return np.random.default_rng().normal(size=h.shape)


def writes_to_stderr(x, h, U, W, b):
    print("oh", file=sys.stderr)
    logging.warning("oh")
    warnings.warn("oh", stacklevel=1)
    return h


def endless(x, h, U, W, b):
    return endless(x, h, U, W, b)


def holding_itself(*args):
    result = []
    result.append(result)
    return result


class Unspeakable(Exception):  # noqa: N818
    def __str__(self):
        raise self.args[0] if self.args else RuntimeError("no text either")


class NoName(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class Nameless(Exception, metaclass=NoName):  # noqa: N818
    pass


def changes_a_dtype(x, h, U, W, b):
    h_next = rnn.rnn_step(x, h, U, W, b)
    x.dtype = "V8"
    return h_next


def right_on_vectors_only(x, h, U, W, b):
    if np.ndim(x) == 2:
        raise NotImplementedError
    return rnn.rnn_step(x, h, U, W, b)


def wrong_and_then_nothing(x, h, U, W, b):
    return x @ U.T + h @ W.T + b if np.ndim(x) == 1 else None


BUFFERS = {}


def always_the_same_array(x, h, U, W, b):
    buffer = BUFFERS.setdefault((*np.shape(x)[:-1], len(b)), np.empty((*np.shape(x)[:-1], len(b))))
    buffer[...] = rnn.rnn_step(x, h, U, W, b)
    return buffer


def naive_tanh(x, h, U, W, b):
    z = x @ U.T + h @ W.T + b
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def cut_off_sums(x, h, U, W, b):
    return np.tanh(np.clip(x, -5, 5) @ U.T + h @ W.T + b)


def columns_if_they_fit(x, h, U, W, b):
    try:
        return np.tanh(U @ x + W @ h + b)
    except ValueError:
        return rnn.rnn_step(x, h, U, W, b)


class Liar:
    def __array__(self, *args, **kwargs):
        raise KeyError("no array")

    def __getattr__(self, name):
        raise ZeroDivisionError(name)


NASTY_STEPS = [
    (3, "wants a function, without calling it: got an object of type int"),
    (raises(NotImplementedError()), "is not written yet"),
    (lambda *args: None, "returns None (is the return missing?) on one input with only the bias (I=3, H=4)"),
    (lambda *args: (args[1], args[1]), "expected (4,), got (2, 4)."),
    (lambda *args: (args[1],), "expected (4,), got (1, 4) (is there a stray comma after the result?)"),
    (
        lambda *args: np.broadcast_to(0.0, (1000, 1000, 1000)),
        "of shape (1000, 1000, 1000), far larger",
    ),
    (lambda *args: args[1] * np.nan, "holds NaN"),
    (lambda *args: rnn.rnn_step(*args)[None], "expected (4,), got (1, 4)"),
    (lambda *args: 0.5, "expected (4,), got ()"),
    (lambda *args: [], "expected (4,), got (0,)"),
    (lambda *args: [[1.0], [1.0, 2.0]], "returns a list that cannot be read as one array of numbers"),
    (lambda *args: [None], "returns a list where an array of real numbers belongs"),
    (lambda *args: "tanh", "returns a str where an array of real numbers belongs"),
    (lambda *args: ["a", "b"], "returns a list where an array of real numbers belongs"),
    (lambda *args: object(), "returns a object where"),
    (lambda *args: args[1] + 0j, "returns an array of dtype complex128 where an array of real numbers belongs"),
    (lambda *args: (n for n in args[1]), "returns a generator where"),
    (lambda *args: Liar(), "returns a Liar that cannot be read"),
    (lambda: None, "TypeError: "),
    (
        lambda *args: 1 / 0,
        "raises an error on one input with only the bias (I=3, H=4): ZeroDivisionError: division by zero.",
    ),
    (lambda *args: undefined_name, "NameError: name 'undefined_name' is not defined"),  # noqa: F821
    (raises(ValueError("first line\nsecond line")), "ValueError: first line."),
    (raises(Unspeakable()), "Unspeakable."),
    (raises(BaseException("base")), "BaseException: base."),
    (lambda *args: sys.exit("bye"), "tries to end Python"),
    (changes_its_arguments, "changes its argument x"),
    (random_results, "gives different results for the same input"),
    (writes_to_stderr, "is off on one input with only the bias"),
    (endless, "RecursionError"),
    (raises(ValueError("\n\n  matmul")), "ValueError: matmul."),
    (raises(Unspeakable(SystemExit())), "Unspeakable."),
    (raises(Nameless()), "raises an error on one input with only the bias"),
    (changes_a_dtype, "changes its argument x"),
    (right_on_vectors_only, "is not written yet on a batch of 5 (I=3, H=4), but right before"),
    (wrong_and_then_nothing, "is off on one input with only the bias"),
    (always_the_same_array, "returns one and the same array at every call"),
    (naive_tanh, "holds NaN (not a number) on one input of large numbers"),
    (cut_off_sums, "is off on one input of large numbers"),
    (columns_if_they_fit, "is off on a batch of 4 (I=4, H=4)"),
    (holding_itself, "cannot be read"),
]


@pytest.mark.parametrize(("fn", "says"), NASTY_STEPS)
def test_nasty_steps_fail_with_a_message_and_in_silence(fn, says, capfd, recwarn):
    message = failure("rnn_step", fn)
    assert says in message
    assert message.startswith("rnn_step")
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (lambda *args: rnn.rnn_forward(*args)[0], "returns one ndarray, where a tuple of two belongs, output and h_n"),
        (lambda *args: (*rnn.rnn_forward(*args), 0), "returns a tuple of 3, where two arrays belong"),
        (lambda *args: (rnn.rnn_forward(*args)[0], None), "returns None (is the return missing?)"),
        (lambda *args: None, "returns None (is the return missing?)"),
        (lambda *args: (rnn.rnn_forward(*args)[0], rnn.rnn_forward(*args)[1][None]), "h_n has the wrong shape"),
        (lambda *args: (rnn.rnn_forward(*args)[0], np.nan * args[-1]), "h_n holds NaN"),
        (lambda *args: "ab", "returns one str"),
    ],
)
def test_nasty_forwards_fail_with_a_message(fn, says, capfd):
    assert says in failure("rnn_forward", fn)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (lambda n, m: None, "returns None"),
        (lambda n, m: ((m, n), (m, m), (m,)), 'returns a tuple, where a dict with the keys "U", "W" and "b" belongs'),
        (lambda n, m: {"U": (m, n)}, "returns a dict with the keys ['U']"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": m}, "gives 4 for b, where a tuple of whole numbers belongs"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": "m"}, "gives a str for b"),
        (lambda n, m: {"U": (m, n), "W": (m, 4.0), "b": (m,)}, "gives (4, 4.0) for W"),
        (lambda n, m: {"U": (m, n), "W": (10**400, m), "b": (m,)}, "00... for W, where"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": (True,)}, "gives (True,) for b"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": {m: 0}}, "gives a dict for b"),
        (lambda n, m: {"U": (m, n), "W": (m, m), "b": bytes([m])}, "gives a bytes for b"),
        (lambda n, m: dict.fromkeys(range(500)), "returns a dict with the keys [0, 1, 2"),
    ],
)
def test_nasty_shapes_fail_with_a_message(fn, says):
    assert says in failure("parameter_shapes", fn)


def test_an_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        checks.rnn_step(raises(KeyboardInterrupt()))


# What the learner sees


def test_the_failure_shows_its_message_alone():
    with pytest.raises(checks.CheckFailed) as caught:
        checks.rnn_step(lambda *args: 1 / 0)
    error = caught.value
    assert isinstance(error, AssertionError)
    assert error._render_traceback_() == [f"CheckFailed: {error}"]
    assert error.__cause__ is None
    assert error.__context__ is None


def test_jupyter_shows_no_path(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    result = shell.run_cell("from rnn_helpers import checks\nchecks.rnn_step(lambda *args: None)")
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, checks.CheckFailed)
    assert shown.strip() == f"CheckFailed: {result.error_in_exec}"
    assert str(Path(checks.__file__).parent) not in shown


def test_importing_the_checks_imports_neither_torch_nor_ipython():
    code = "import sys, rnn_helpers.checks; print([m for m in ('torch', 'IPython', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
