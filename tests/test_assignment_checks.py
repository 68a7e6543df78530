"""The checks that assignments add, and what all checks promise under every seed.

Each known mistake is caught by its own hint, right is right in whatever style, and nothing that a notebook overwrites
makes wrong right.
"""

import ast
import builtins
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from rnn_helpers import checking, checks, rnn
from rnn_helpers.assignment_mistakes import ASSIGNMENT_MISTAKES
from rnn_helpers.mistakes import CATALOGUE, forward_from

SEEDS = (0, 1, 2)
NEW = sorted({mistake.target for mistake in ASSIGNMENT_MISTAKES})
by_check = pytest.mark.parametrize("name", checks.PARTS)
by_seed = pytest.mark.parametrize("seed", SEEDS)


def failure(name, fn, **seed):
    with pytest.raises(checks.CheckFailed) as caught:
        getattr(checks, name)(fn, **seed)
    return str(caught.value)


# The catalogue


def test_the_two_catalogues_share_no_name_and_no_hint():
    both = (*CATALOGUE, *ASSIGNMENT_MISTAKES)
    assert len({mistake.name for mistake in both}) == len({mistake.hint for mistake in both}) == len(both)
    assert not {mistake.target for mistake in CATALOGUE} & set(NEW)
    assert {mistake.target for mistake in both} == set(checks.PARTS)


@pytest.mark.parametrize("name", NEW)
def test_each_new_check_knows_mistakes(name):
    assert sum(mistake.target == name for mistake in ASSIGNMENT_MISTAKES) >= 2


@pytest.mark.parametrize("mistake", ASSIGNMENT_MISTAKES, ids=lambda mistake: mistake.name)
def test_the_wrong_line_is_marked_and_the_sign_is_given(mistake):
    assert mistake.line
    assert "#" not in mistake.line
    assert mistake.sign


@by_seed
@by_check
def test_each_mistake_is_caught_by_its_own_hint_under_every_seed(name, seed):
    for mistake, function in checks.build(name, seed).mistakes:
        assert failure(name, function, seed=seed) == f"{name}: {mistake.hint}"


@by_seed
@by_check
def test_no_two_mistakes_behave_alike_under_any_seed(name, seed):
    check = checks.build(name, seed)
    behaviours = {
        mistake.name: [checking._run(function, check, case) for case in check.cases]
        for mistake, function in check.mistakes
    }
    for one, other in itertools.combinations(behaviours, 2):
        pairs = zip(behaviours[one], behaviours[other], strict=True)
        assert not all(checking._alike(*pair) for pair in pairs), (one, other)


# The cases


def arrays(check):
    return [np.asarray(value) for case in check.cases for value in case.arguments.values() if not callable(value)]


@by_check
def test_another_seed_gives_the_same_kinds_of_cases_with_other_numbers(name):
    one, other = (checks.build(name, seed) for seed in (0, 1))
    assert len(one.cases) == len(other.cases)
    assert [list(case.arguments) for case in one.cases] == [list(case.arguments) for case in other.cases]
    pairs = zip(arrays(one), arrays(other), strict=True)
    assert not all(np.array_equal(*pair, equal_nan=True) for pair in pairs)
    assert checks.build(name, 0) is one


@by_seed
@pytest.mark.parametrize("name", ["rnn_step", "rnn_forward"])
def test_the_right_results_are_those_of_the_package(name, seed):
    for case in checks.build(name, seed).cases:
        results = getattr(rnn, name)(*case.arguments.values())
        for result, expected in zip(results if name == "rnn_forward" else [results], case.expected, strict=True):
            assert np.allclose(result, expected, rtol=0, atol=1e-14)


@by_seed
def test_the_probe_never_has_to_choose_between_two_equals(seed):
    for case in checks.build("read_back", seed).cases:
        scores = np.sort(checks._linear_probe(**case.arguments), axis=1)
        assert (scores[:, -1] - scores[:, -2]).min() > 1e-5  # right in float32 too


@by_seed
def test_summaries_are_either_the_same_or_clearly_not(seed):
    for case in checks.build("distinct_summaries", seed).cases:
        summary, x = case.arguments.values()
        results = np.array([summary(x[list(order)]) for order in itertools.permutations(range(len(x)))])
        apart = np.abs(results[:, np.newaxis] - results).max(axis=-1)
        assert not ((1e-13 < apart) & (apart < 1e-7)).any()


# Right is right


def first_step_loops(x_1, U, b):
    sums = [b[i] + sum(U[i][j] * x_1[j] for j in range(len(x_1))) for i in range(len(b))]
    return torch.tanh(torch.tensor(sums, dtype=torch.float64))


def trace_in_advance(x, U, W, b):
    states = 1.0 * x @ U.T + b
    states[0] = np.tanh(states[0])
    for t in range(1, len(x)):
        states[t] = np.tanh(states[t] + W @ states[t - 1])
    return states


def trace_lists(x, U, W, b):
    states = [np.zeros(len(b))]
    for x_t in x:
        states.append(np.tanh(U @ x_t + W @ states[-1] + b))
    return [state.tolist() for state in states[1:]]


def continue_in_one_pass(first_half, second_half, U, W, b):
    return rnn.rnn_forward(np.concatenate([first_half, second_half]), U, W, b)[1]


def continue_in_two(first_half, second_half, U, W, b):
    _, h = rnn.rnn_forward(first_half, U, W, b)
    return list(rnn.rnn_forward(second_half, U, W, b, h)[1])


def from_torch_tensors(layer):
    return [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0 + layer.bias_hh_l0]


def from_torch_state_dict(layer):
    U, W, *biases = (parameter.numpy() for parameter in layer.state_dict().values())
    return U, W, np.sum(biases, axis=0)


def lengths_one_by_one(x, lengths, U, W, b):
    return np.array([rnn.rnn_forward(x[:length, n], U, W, b)[1] for n, length in enumerate(lengths)])


def lengths_by_index(x, lengths, U, W, b):
    output, _ = rnn.rnn_forward(x, U, W, b)
    return output[lengths - 1, np.arange(x.shape[1])]


def lengths_packed(x, lengths, U, W, b):
    layer = torch.nn.RNN(U.shape[1], len(b), dtype=torch.float64)
    parameters = {"weight_ih_l0": U, "weight_hh_l0": W, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    layer.load_state_dict({name: torch.tensor(value) for name, value in parameters.items()})
    pack = torch.nn.utils.rnn.pack_padded_sequence
    return layer(pack(torch.tensor(x, dtype=torch.float64), torch.tensor(lengths), enforce_sorted=False))[1][0]


def batch_first_one_by_one(x, U, W, b):
    return [rnn.rnn_forward(sequence, U, W, b)[1] for sequence in x]


def backwards_by_reversing(x, U, W, b):
    output, h_n = rnn.rnn_forward(x[::-1], U, W, b)
    return output[::-1], h_n


def mean_by_loop(x):
    total = np.zeros(x.shape[1:])
    for x_t in x:
        total += x_t
    return total / len(x)


def max_by_loop(x):
    largest = x[0]
    for x_t in x[1:]:
        largest = np.where(x_t > largest, x_t, largest)
    return largest


def distinct_pairwise(summary, x):
    kept = []
    for order in itertools.permutations(x):
        result = summary(np.array(order))
        if all(np.abs(result - other).max() > 1e-9 for other in kept):
            kept.append(result)
    return np.int64(len(kept))


def distinct_unique(summary, x):
    results = [summary(x[list(order)]) for order in itertools.permutations(range(len(x)))]
    return np.array(len(np.unique(np.round(results, 9), axis=0)))


def probe_by_pinv(summaries, tokens):
    n_fit = 3 * len(tokens) // 4
    inputs = np.hstack([np.ones((len(tokens), 1)), summaries])
    weights = np.linalg.pinv(inputs[:n_fit]) @ (tokens[:n_fit, np.newaxis] == np.arange(tokens.max() + 1))
    right = 0
    for scores, token in zip(inputs[n_fit:] @ weights, tokens[n_fit:], strict=True):
        right += np.argmax(scores) == token
    return float(right / (len(tokens) - n_fit))


def probe_by_scikit_learn(summaries, tokens):
    from sklearn.linear_model import LinearRegression

    n_fit = 3 * len(tokens) // 4
    model = LinearRegression().fit(summaries[:n_fit], np.eye(tokens.max() + 1)[tokens[:n_fit]])
    return np.mean(model.predict(summaries[n_fit:]).argmax(axis=1) == tokens[n_fit:])


def orthogonal_by_svd(H, scale, seed):
    left, _, right = np.linalg.svd(np.random.default_rng(seed).uniform(-1, 1, size=(H, H)))
    return scale * left @ right


def orthogonal_in_torch(H, scale, seed):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.empty(H, H, dtype=torch.float64)
    return torch.nn.init.orthogonal_(matrix, gain=scale, generator=generator)


RIGHT = {
    "parameter_shapes": [rnn.parameter_shapes],
    "first_step": [lambda x_1, U, b: np.tanh(U @ x_1 + b), first_step_loops],
    "rnn_step": [rnn.rnn_step],
    "trace": [lambda *args: rnn.rnn_forward(*args)[0], trace_in_advance, trace_lists],
    "rnn_forward": [rnn.rnn_forward, forward_from(rnn.rnn_step)],
    "continue_reading": [continue_in_one_pass, continue_in_two],
    "from_torch": [from_torch_tensors, from_torch_state_dict],
    "forward_lengths": [lengths_one_by_one, lengths_by_index, lengths_packed],
    "read_counts": [lambda *args: rnn.rnn_forward(*args)[0], trace_in_advance],
    "read_batch_first": [lambda x, *rest: rnn.rnn_forward(x.swapaxes(0, 1), *rest)[1], batch_first_one_by_one],
    "read_backwards": [backwards_by_reversing],
    "mean_pool": [lambda x: x.mean(axis=0), mean_by_loop],
    "max_pool": [lambda x: x.max(axis=0), max_by_loop],
    "distinct_summaries": [distinct_pairwise, distinct_unique],
    "read_back": [probe_by_pinv, probe_by_scikit_learn],
    "orthogonal": [orthogonal_by_svd, orthogonal_in_torch],
}


def test_every_check_has_right_variants():
    assert set(RIGHT) == set(checks.PARTS)


@by_seed
@pytest.mark.parametrize(("name", "fn"), [(name, fn) for name, variants in RIGHT.items() for fn in variants])
def test_right_variants_pass_with_one_line(name, fn, seed, capfd, recwarn):
    assert getattr(checks, name)(fn, seed=seed) is None
    assert capfd.readouterr() == (f"{name}: all {len(checks.build(name, seed).cases)} cases are right.\n", "")
    assert not recwarn.list


def test_a_layer_costs_the_learner_no_random_numbers():
    before = torch.random.get_rng_state()
    checks.from_torch(from_torch_tensors)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_layer_is_a_working_one():
    def from_torch(layer):
        x = torch.ones(5, layer.input_size, dtype=layer.weight_ih_l0.dtype)
        U, W, b = from_torch_tensors(layer)
        expected = rnn.rnn_forward(x, U, W, b)[1]
        assert np.allclose(layer(x)[1][0].detach().numpy(), expected, atol=1e-6)
        return U, W, b

    checks.from_torch(from_torch)


# Wrong is told


@by_check
def test_unfinished_is_not_written_yet(name):
    def unfinished(*args):
        raise NotImplementedError

    assert failure(name, unfinished) == (
        f"{name} is not written yet: put your code where it raises NotImplementedError."
    )


def test_an_unfinished_function_that_is_called_is_named():
    def rnn_forward(*args):
        raise NotImplementedError

    def reading(first_half, second_half, U, W, b):
        return rnn_forward(first_half, U, W, b, np.zeros(len(b)))

    assert failure("continue_reading", reading) == "continue_reading calls rnn_forward, which is not written yet."


@by_check
def test_nothing_returned_is_told(name):
    assert "returns None (is the return missing?)" in failure(name, lambda *args: None)


@by_check
def test_an_error_is_told(name):
    assert f"{name} raises an error on " in failure(name, lambda *args: 1 / 0)


def off(name, by):
    right = RIGHT[name][0]
    return lambda *args: right(*args) + by


@pytest.mark.parametrize(
    ("name", "fn", "says"),
    [
        ("first_step", off("first_step", 1), "is off on one input with only the bias"),
        ("first_step", lambda *args: args[1], "the new state has the wrong shape"),
        ("trace", off("trace", 1), "the trace is off at step 1 of 1, on one sequence of T=1 (I=3, H=4): expected ["),
        ("trace", lambda x, U, W, b: (b, b), "the trace has the wrong shape"),
        ("continue_reading", off("continue_reading", 1), "the last state is off, on halves of 3 and 3 steps"),
        ("from_torch", lambda layer: layer.weight_ih_l0.T, "returns one Tensor, where a tuple of three belongs, U"),
        ("from_torch", lambda layer: (*from_torch_tensors(layer)[:2], layer.bias_hh_l0 * 5), "b is off, on a layer in"),
        ("forward_lengths", off("forward_lengths", 1), "the state is off at sequence 1 of 1, on one sequence with"),
        ("read_counts", off("read_counts", 1), "the result is off at step 1 of 1"),
        ("read_backwards", lambda *args: (args[0], args[3]), "output has the wrong shape"),
        ("max_pool", off("max_pool", 1), "the maximum is off, on one sequence"),
        ("distinct_summaries", lambda summary, x: 1.0, "returns 1.0, where a whole number belongs"),
        ("distinct_summaries", lambda summary, x: [1], "returns a list, where a whole number belongs"),
        ("distinct_summaries", lambda summary, x: 2, "the number is off, on the mean of 3 rows: expected 1, got 2."),
        ("distinct_summaries", lambda summary, x: x.sort(axis=0) or 1, "changes its argument x"),
        ("read_back", lambda summaries, tokens: 0.5, "the accuracy is off, on summaries that are the token itself"),
        ("read_back", lambda summaries, tokens: np.nan, "the accuracy holds NaN"),
        ("orthogonal", lambda H, scale, seed: scale * np.eye(H), "Every seed gives the same matrix"),
        ("orthogonal", lambda H, scale, seed: (H + seed) * np.eye(H), "column 1 has the wrong length on H=2"),
        ("orthogonal", lambda H, scale, seed: np.ones((H, H)), "columns 1 and 2 are not orthogonal on H=2, scale=1.0"),
        ("orthogonal", lambda H, scale, seed: np.ones(H), "the matrix has the wrong shape"),
        ("orthogonal", lambda H, scale, seed: np.ones((H, H + 1)), "the matrix has the wrong shape"),
        ("orthogonal", lambda H, scale, seed: np.random.normal(size=(H, H)), "gives different results"),  # noqa: NPY002
    ],
)  # fmt: skip
def test_an_unknown_mistake_is_told_in_one_line(name, fn, says):
    message = failure(name, fn)
    assert says in message
    assert message.startswith(name)
    assert "\n" not in message


def test_one_matrix_for_every_seed_is_told_even_if_it_is_no_known_one():
    def fixed(H, scale, seed):  # wrong for one of the seeds alone, so that no known mistake behaves like it
        return RIGHT["orthogonal"][0](H, scale, 0 if H == 5 else seed)

    assert "gives the same matrix for this seed and the next one, on H=5" in failure("orthogonal", fixed)


# What a notebook may overwrite

LIES = {
    "allclose": "np.allclose = lambda *args, **options: True",
    "array_equal": "np.array_equal = lambda *args, **options: True",
    "isclose": "np.isclose = lambda *args, **options: True",
    "abs": "np.abs = np.absolute = lambda values: 0 * values",
    "all": "np.all = lambda *args, **options: True",
    "norm": "np.linalg.norm = lambda *args, **options: 0.0",
    "tanh": "np.tanh = lambda values: 0 * values",
    "stack": "np.stack = lambda values: 0 * np.asarray(values)",
    "builtin all": "builtins.all = lambda values: True",
    "builtin zip": "builtins.zip = lambda *args, **options: iter(())",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lie_told_to_numpy_does_not_make_wrong_right(name, when):
    if (name, when) == ("builtin zip", "before"):
        pytest.skip("from 3.13 on Python's own dataclasses need zip: without it nothing can be imported")
    steps = ["from rnn_helpers import checks", LIES[name]]
    code = [
        "import builtins",
        "import numpy as np",
        *(steps if when == "after" else steps[::-1]),
        "try:",
        "    checks.trace(lambda x, U, W, b: 0.0 * x @ U.T)",
        "except checks.CheckFailed as error:",
        "    print(error)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.startswith("trace")
    assert "are right" not in done.stdout


def test_what_is_overwritten_once_the_cases_are_drawn_changes_nothing(monkeypatch):
    for name in ("rnn_step", "mean_pool", "orthogonal"):
        checks.build(name, 77)
    for name in ("allclose", "array_equal", "isclose", "abs", "all", "stack", "zeros"):
        monkeypatch.setattr(np, name, lambda *args, **options: True)
    monkeypatch.setattr(np.linalg, "norm", lambda *args, **options: 0.0)
    assert "is off" in failure("rnn_step", lambda x, h, U, W, b: h + 3, seed=77)
    assert "is off" in failure("mean_pool", lambda x: x[0] + 3, seed=77)
    checks.rnn_step(lambda x, h, U, W, b: np.tanh(x @ U.T + h @ W.T + b), seed=77)


def test_what_is_overwritten_before_is_told(monkeypatch):
    monkeypatch.setattr(np, "zeros", 3)
    message = failure("rnn_step", RIGHT["rnn_step"][0], seed=4712)
    assert message.startswith("rnn_step cannot be checked, because a function of NumPy or Python was overwritten")


class Agreeing(np.ndarray):
    """An array that says yes to every comparison."""

    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    __le__ = __ge__ = __sub__ = __rsub__ = __eq__


def test_an_array_that_agrees_with_everything_is_read_as_its_numbers():
    assert "off" in failure("rnn_step", lambda x, h, U, W, b: (h + 3).view(Agreeing))
    assert "off" in failure("mean_pool", lambda x: list((x[0] + 3).view(Agreeing)))


def test_functions_under_their_names_are_told_from_others():
    def tanh(values):
        return values

    assert checks.OVERWRITTEN == []
    tree = ast.parse(Path(checking.__file__).read_text(encoding="utf-8"))
    bound = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("builtins", "numpy")
        for alias in node.names
    }
    (call,) = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "overwritten"]
    types = {"float32", "float64", "ndarray", "ufunc"}
    assert {keyword.arg for keyword in call.keywords} == bound - types, "each function that is bound must be looked at"
    assert checking.overwritten(tanh=np.tanh, all=builtins.all, norm=np.linalg.norm) == []
    liars = {"tanh": tanh, "array": np.asarray, "stack": 3}
    assert checking.overwritten(**liars) == list(liars)
    assert checking.overwritten(tanh=np.frompyfunc(tanh, 1, 1)) == ["tanh"]


def test_an_overwritten_numpy_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "OVERWRITTEN", ["tanh"])
    assert failure("trace", RIGHT["trace"][0], seed=4711) == (
        "trace cannot be checked, because a function of NumPy or Python was overwritten in this notebook "
        "(tanh is not itself). Remove that line, restart the kernel, and run the notebook again."
    )
