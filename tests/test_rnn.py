"""The NumPy RNN against torch, against the formula written out, and against bad input; and the data it is shown on.

Weights are torch's initial ones and |x| <= 3: with larger weights the recurrence is chaotic and nothing agrees.
"""

import copy
import io
import itertools
import pickle
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_helpers
from rnn_helpers import RNN, data, parameter_shapes, rnn_forward, rnn_step
from rnn_helpers.compare import TOLERANCES

quick = settings(deadline=None, derandomize=True, max_examples=60)


def torch_layer(input_size, hidden_size, num_layers=1, *, dtype="float64", seed=0, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.RNN(input_size, hidden_size, num_layers, dtype=getattr(torch, dtype), **options)


def torch_forward(layer, x, h_0=None, lengths=None):
    time_axis = 1 if layer.batch_first else 0
    x, h_0 = torch.tensor(x), None if h_0 is None else torch.tensor(h_0)
    with torch.no_grad():
        if lengths is None:
            output, h_n = layer(x, h_0)
        else:
            packed = torch.nn.utils.rnn.pack_padded_sequence(
                x, torch.tensor(lengths), batch_first=layer.batch_first, enforce_sorted=False
            )
            output, h_n = layer(packed, h_0)
            output, _ = torch.nn.utils.rnn.pad_packed_sequence(
                output, batch_first=layer.batch_first, total_length=x.shape[time_axis]
            )
    return output.numpy(), h_n.numpy()


def assert_same(ours, theirs, dtype):
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, **TOLERANCES[dtype])


def parameters(rng, n_features=3, n_units=4):
    """U, W and b as torch would start them."""
    bound = 1 / np.sqrt(n_units)
    return [rng.uniform(-bound, bound, shape) for shape in parameter_shapes(n_features, n_units).values()]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- The layer against torch ---


def random_call(rng, *, n_layers, two, batch_first, n_steps, n_sequences, sizes, dtype, with_h_0, with_lengths):
    n_features, n_units = sizes
    batch = () if n_sequences is None else (n_sequences,)
    leading = (*batch, n_steps) if batch_first else (n_steps, *batch)
    x = rng.uniform(-3, 3, (*leading, n_features)).astype(dtype)
    h_0 = rng.uniform(-1, 1, (n_layers * (1 + two), *batch, n_units)).astype(dtype) if with_h_0 else None
    lengths = rng.integers(1, n_steps + 1, n_sequences) if with_lengths and batch else None
    return x, h_0, lengths


@pytest.mark.parametrize("dtype", TOLERANCES)
@given(
    n_layers=st.integers(1, 3),
    two=st.booleans(),
    bias=st.booleans(),
    batch_first=st.booleans(),
    nonlinearity=st.sampled_from(["tanh", "relu"]),
    n_steps=st.one_of(st.just(1), st.integers(1, 40)),
    n_sequences=st.one_of(st.none(), st.just(1), st.integers(2, 6)),
    sizes=st.one_of(st.tuples(st.integers(1, 9), st.integers(1, 12)), st.integers(1, 9).map(lambda n: (n, n))),
    with_h_0=st.booleans(),
    with_lengths=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
@settings(quick, max_examples=250)
def test_layer_means_what_torch_means(
    dtype, n_layers, two, bias, batch_first, nonlinearity, n_steps, n_sequences, sizes, with_h_0, with_lengths, seed
):
    layer = torch_layer(
        *sizes,
        n_layers,
        bidirectional=two,
        bias=bias,
        batch_first=batch_first,
        nonlinearity=nonlinearity,
        dtype=dtype,
        seed=seed,
    )
    arguments = random_call(
        np.random.default_rng(seed),
        n_layers=n_layers,
        two=two,
        batch_first=batch_first,
        n_steps=n_steps,
        n_sequences=n_sequences,
        sizes=sizes,
        dtype=dtype,
        with_h_0=with_h_0,
        with_lengths=with_lengths,
    )
    assert_same(RNN.from_torch(layer)(*arguments), torch_forward(layer, *arguments), dtype)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_layer_means_what_torch_means_in_every_combination(dtype, rng):
    no_yes = (False, True)
    for n_layers, two, bias, batch_first, nonlinearity, with_h_0, with_lengths in itertools.product(
        (1, 2, 3), no_yes, no_yes, no_yes, ("tanh", "relu"), no_yes, no_yes
    ):
        layer = torch_layer(
            3, 4, n_layers, bidirectional=two, bias=bias, batch_first=batch_first, nonlinearity=nonlinearity,
            dtype=dtype,
        )  # fmt: skip
        arguments = random_call(
            rng, n_layers=n_layers, two=two, batch_first=batch_first, n_steps=7, n_sequences=5, sizes=(3, 4),
            dtype=dtype, with_h_0=with_h_0, with_lengths=with_lengths,
        )  # fmt: skip
        assert_same(RNN.from_torch(layer)(*arguments), torch_forward(layer, *arguments), dtype)


def test_layer_agrees_with_torch_after_a_thousand_steps(rng):
    for dtype in TOLERANCES:
        layer = torch_layer(16, 64, dtype=dtype)
        x = rng.uniform(-3, 3, (1000, 2, 16)).astype(dtype)
        assert_same(RNN.from_torch(layer)(x), torch_forward(layer, x), dtype)


def test_layer_casts_integers_and_other_floats_to_its_dtype(rng):
    for dtype in TOLERANCES:
        layer = torch_layer(3, 4, dtype=dtype)
        rnn = RNN.from_torch(layer)
        whole = rng.integers(-3, 4, (5, 2, 3))
        states = rng.integers(-1, 2, (1, 2, 4))
        expected = torch_forward(layer, whole.astype(dtype), states.astype(dtype))
        for x, h_0 in [(whole, states), (whole.tolist(), states.tolist()), (whole.astype(np.float16), states)]:
            assert_same(rnn(x, h_0), expected, dtype)
        assert_same(rnn(torch.tensor(whole), torch.tensor(states)), expected, dtype)


@pytest.mark.parametrize("two", [False, True])
def test_padding_is_never_read(rng, two):
    layer = torch_layer(3, 4, 2, bidirectional=two)
    rnn = RNN.from_torch(layer)
    lengths = [2, 6, 1, 4]
    x = rng.uniform(-3, 3, (6, 4, 3))
    expected = torch_forward(layer, x, None, lengths)
    for n, length in enumerate(lengths):
        # NumPy warns of infinity in a product: even a warning would be a sign that it was read.
        x[length:, n] = np.resize([np.nan, np.inf, -np.inf], x[length:, n].shape)
    before = x.copy()
    output, h_n = rnn(x, lengths=lengths)
    assert_same((output, h_n), expected, "float64")
    np.testing.assert_array_equal(x, before)
    for n, length in enumerate(lengths):
        assert (output[length:, n] == 0).all()
        alone = rnn(x[:length, n])
        np.testing.assert_allclose(output[:length, n], alone[0], atol=1e-12)
        np.testing.assert_allclose(h_n[:, n], alone[1], atol=1e-12)


def test_full_lengths_change_nothing(rng):
    rnn = RNN(3, 4, 2, bidirectional=True, dtype=np.float64, seed=0)
    x = rng.uniform(-3, 3, (5, 2, 3))
    assert_same(rnn(x, lengths=[5, 5]), rnn(x), "float64")


def test_empty_batch_gives_empty_results():
    output, h_n = RNN(3, 4, 2)(np.empty((5, 0, 3)), lengths=np.empty(0, int))
    assert (output.shape, h_n.shape) == ((5, 0, 4), (2, 0, 4))


def test_layer_never_changes_its_arguments(rng):
    rnn = RNN(3, 4, dtype=np.float64, seed=0)
    x, h_0, lengths = rng.uniform(-3, 3, (5, 2, 3)), rng.uniform(-1, 1, (1, 2, 4)), np.array([2, 5])
    arguments = [x, h_0, lengths]
    before = [value.copy() for value in arguments]
    weights = rnn.state_dict()
    for value in arguments:
        value.flags.writeable = False
    output, h_n = rnn(*arguments)
    output[:], h_n[:] = 9, 9
    for value, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(value, old)
    for name, value in rnn.state_dict().items():
        np.testing.assert_array_equal(value, weights[name])


def test_last_state_of_the_layer_is_a_copy(rng):
    for batch_first in (False, True):
        output, h_n = RNN(3, 4, batch_first=batch_first, seed=0)(rng.uniform(-3, 3, (5, 2, 3)))
        assert not np.shares_memory(output, h_n)


# --- One step and one sequence ---


def test_parameter_shapes():
    assert parameter_shapes(3, 4) == {"U": (4, 3), "W": (4, 4), "b": (4,)}
    assert list(parameter_shapes(np.int64(1), 2).values()) == [(2, 1), (2, 2), (2,)]


@given(
    n_steps=st.integers(1, 40),
    n_sequences=st.one_of(st.none(), st.integers(1, 5)),
    sizes=st.one_of(st.tuples(st.integers(1, 9), st.integers(1, 12)), st.integers(1, 9).map(lambda n: (n, n))),
    with_h_0=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
@quick
def test_forward_and_step_are_the_formula(n_steps, n_sequences, sizes, with_h_0, seed):
    rng = np.random.default_rng(seed)
    U, W, b = parameters(rng, *sizes)
    batch = () if n_sequences is None else (n_sequences,)
    x = rng.uniform(-3, 3, (n_steps, *batch, sizes[0]))
    h_0 = rng.uniform(-1, 1, (*batch, sizes[1])) if with_h_0 else None
    output, h_n = rnn_forward(x, U, W, b, h_0)
    assert output.shape == (n_steps, *batch, sizes[1])
    assert h_n.shape == (*batch, sizes[1])
    assert output.dtype == h_n.dtype == np.float64

    expected = np.zeros((*batch, sizes[1])) if h_0 is None else h_0
    for x_t, h_t in zip(x, output, strict=True):
        stepped = rnn_step(x_t, expected, U, W, b)
        formula = np.tanh(b + np.einsum("ij,...j->...i", W, expected) + np.einsum("ij,...j->...i", U, x_t))
        np.testing.assert_allclose(stepped, formula, rtol=0, atol=1e-12)
        np.testing.assert_allclose(h_t, formula, rtol=0, atol=1e-12)
        expected = formula
    np.testing.assert_array_equal(h_n, output[-1])


def test_step_takes_any_leading_axes(rng):
    U, W, b = parameters(rng)
    x, h = rng.uniform(-3, 3, (2, 5, 3)), rng.uniform(-1, 1, (2, 5, 4))
    assert rnn_step(x, h, U, W, b).shape == (2, 5, 4)
    np.testing.assert_allclose(rnn_step(x, h, U, W, b)[1, 3], rnn_step(x[1, 3], h[1, 3], U, W, b), atol=1e-12)


def test_batch_equals_one_by_one(rng):
    U, W, b = parameters(rng)
    x, h_0 = rng.uniform(-3, 3, (7, 5, 3)), rng.uniform(-1, 1, (5, 4))
    output, h_n = rnn_forward(x, U, W, b, h_0)
    for n in range(5):
        alone = rnn_forward(x[:, n], U, W, b, h_0[n])
        np.testing.assert_allclose(output[:, n], alone[0], atol=1e-12)
        np.testing.assert_allclose(h_n[n], alone[1], atol=1e-12)


def test_cut_in_two_and_continued(rng):
    U, W, b = parameters(rng)
    rnn = RNN(3, 4, 2, dtype=np.float64, seed=0)
    x = rng.uniform(-3, 3, (7, 5, 3))
    whole, half, rest = rnn_forward(x, U, W, b), rnn_forward(x[:3], U, W, b), None
    rest = rnn_forward(x[3:], U, W, b, half[1])
    np.testing.assert_allclose(np.concatenate([half[0], rest[0]]), whole[0], atol=1e-12)
    np.testing.assert_allclose(rest[1], whole[1], atol=1e-12)
    whole, half = rnn(x), rnn(x[:3])
    rest = rnn(x[3:], half[1])
    np.testing.assert_allclose(np.concatenate([half[0], rest[0]]), whole[0], atol=1e-12)
    np.testing.assert_allclose(rest[1], whole[1], atol=1e-12)


def test_integers_give_float64(rng):
    shapes = {"x": (5, 3), "U": (4, 3), "W": (4, 4), "b": (4,), "h_0": (4,)}
    whole = [rng.integers(-1, 2, shape) for shape in shapes.values()]
    x, U, W, b, h_0 = floats = [value.astype(float) for value in whole]
    for ours, expected in zip(rnn_forward(*whole), rnn_forward(*floats), strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_array_equal(ours, expected)
    step = rnn_step(whole[0][0], whole[4], *whole[1:4])
    assert step.dtype == np.float64
    np.testing.assert_array_equal(step, rnn_step(x[0], h_0, U, W, b))
    np.testing.assert_array_equal(rnn_forward([[1, 0]], [[1, 1]], [[1]], [0])[0], [[np.tanh(1)]])


def test_float32_stays_float32_and_any_float64_promotes(rng):
    x, U, W, b = (value.astype(np.float32) for value in (rng.uniform(-3, 3, (5, 3)), *parameters(rng)))
    assert rnn_forward(x, U, W, b)[0].dtype == np.float32
    assert rnn_step(x[0], np.zeros(4, np.float32), U, W, b).dtype == np.float32
    assert rnn_forward(x, U, W, b, np.zeros(4))[0].dtype == np.float64
    assert rnn_forward(x.astype(float), U, W, b)[0].dtype == np.float64


def test_any_memory_order_gives_the_same(rng):
    U, W, b = parameters(rng)
    x, h_0 = rng.uniform(-3, 3, (5, 2, 3)), rng.uniform(-1, 1, (2, 4))
    expected = rnn_forward(x, U, W, b, h_0)
    for ours, other in zip(rnn_forward(*map(np.asfortranarray, (x, U, W, b, h_0))), expected, strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-12)


def test_forward_and_step_never_change_their_arguments(rng):
    U, W, b = parameters(rng)
    x, h_0 = rng.uniform(-3, 3, (5, 3)), rng.uniform(-1, 1, 4)
    before = [value.copy() for value in (x, U, W, b, h_0)]
    for value in (x, U, W, b, h_0):
        value.flags.writeable = False
    output, h_n = rnn_forward(x, U, W, b, h_0)
    rnn_step(x[0], h_0, U, W, b)
    assert not np.shares_memory(output, h_n)
    h_n[:] = 9
    assert np.abs(output).max() <= 1
    for value, old in zip((x, U, W, b, h_0), before, strict=True):
        np.testing.assert_array_equal(value, old)


# --- Weights in and out ---


def test_initial_weights_are_uniform_as_in_torch():
    rnn = RNN(7, 100, 2, bidirectional=True, seed=0)
    for name, value in rnn.state_dict().items():
        assert value.dtype == np.float32
        assert np.abs(value).max() <= 0.1, name
        assert np.abs(value).max() > 0.09, name
        assert abs(value.mean()) < 0.025, name
    expected = {
        name: tuple(value.shape) for name, value in torch_layer(7, 100, 2, bidirectional=True).named_parameters()
    }
    assert {name: value.shape for name, value in rnn.state_dict().items()} == expected
    assert list(rnn.state_dict()) == list(expected)


def test_seed_makes_the_weights_repeatable():
    first, again, other, unseeded = (RNN(3, 4, seed=seed).state_dict() for seed in (0, 0, 1, None))
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
        assert (value != other[name]).all()
        assert (value != unseeded[name]).all()


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_from_torch_copies_options_and_weights(dtype):
    options = {"bidirectional": True, "batch_first": True, "bias": False, "nonlinearity": "relu"}
    layer = torch_layer(3, 4, 2, dtype=dtype, **options)
    rnn = RNN.from_torch(layer)
    assert (rnn.input_size, rnn.hidden_size, rnn.num_layers, rnn.dtype) == (3, 4, 2, dtype)
    assert {name: getattr(rnn, name) for name in options} == options
    before = rnn.state_dict()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 1
    for name, value in rnn.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
        np.testing.assert_allclose(value + 1, layer.state_dict()[name].numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        torch.nn.LSTM(3, 4),
        torch.nn.GRU(3, 4),
        torch.nn.Linear(3, 4),
        types.SimpleNamespace(mode="RNN_TANH"),
        {},
        None,
    ],
)
def test_from_torch_refuses_what_is_not_an_rnn(wrong):
    with pytest.raises(TypeError, match=rf"torch\.nn\.RNN.*{type(wrong).__name__}"):
        RNN.from_torch(wrong)


def test_from_torch_refuses_a_subclass_that_computes_something_else():
    class Other(torch.nn.RNN):
        def forward(self, x):
            return 2 * x

    class Same(torch.nn.RNN):
        pass

    with pytest.raises(TypeError, match=r"torch\.nn\.RNN with torch's own forward, got Other"):
        RNN.from_torch(Other(3, 4))
    assert RNN.from_torch(Same(3, 4)).hidden_size == 4


def test_from_torch_takes_the_nonlinearity_that_torch_computes(rng):
    layer = torch_layer(3, 4)
    layer.nonlinearity = "relu"  # a label only: torch goes by `mode`
    x = rng.uniform(-3, 3, (5, 2, 3))
    assert_same(RNN.from_torch(layer)(x), torch_forward(layer, x), "float64")


def test_from_torch_accepts_dropout_where_there_is_nothing_between_layers(rng):
    with pytest.warns(UserWarning, match="num_layers greater than 1"):
        layer = torch_layer(3, 4, dropout=0.25)
    x = rng.uniform(-3, 3, (5, 2, 3))
    assert_same(RNN.from_torch(layer)(x), torch_forward(layer, x), "float64")


def test_from_torch_refuses_dropout_in_training_only(rng):
    layer = torch_layer(3, 4, 2, dropout=0.25)
    with pytest.raises(ValueError, match=r"dropout=0\.25.*eval\(\)"):
        RNN.from_torch(layer)
    layer.eval()
    x = rng.uniform(-3, 3, (5, 2, 3))
    assert_same(RNN.from_torch(layer)(x), torch_forward(layer, x), "float64")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_from_torch_refuses_half_precision(dtype):
    with pytest.raises(ValueError, match=f"float32 or float64.*{str(dtype).removeprefix('torch.')}"):
        RNN.from_torch(torch.nn.RNN(3, 4, dtype=dtype))


def test_load_state_dict_takes_arrays_tensors_and_lists():
    source = torch_layer(3, 4, 2).state_dict()
    for convert in (lambda value: value, lambda value: value.numpy(), lambda value: value.tolist()):
        rnn = RNN(3, 4, 2, dtype=np.float64)
        rnn.load_state_dict({name: convert(value) for name, value in source.items()})
        for name, value in rnn.state_dict().items():
            assert value.dtype == np.float64
            np.testing.assert_array_equal(value, source[name].numpy())


def test_load_state_dict_takes_a_mapping_that_is_no_dict(tmp_path):
    source, target = RNN(3, 4, seed=0), RNN(3, 4, seed=1)
    np.savez(tmp_path / "weights.npz", **source.state_dict())
    with np.load(tmp_path / "weights.npz") as stored:
        target.load_state_dict(stored)
    for name, value in target.state_dict().items():
        np.testing.assert_array_equal(value, getattr(source, name))


def test_load_state_dict_takes_parameters_that_require_grad():
    layer = torch_layer(3, 4)
    rnn = RNN(3, 4, dtype=np.float64)
    rnn.load_state_dict(dict(layer.named_parameters()))
    np.testing.assert_array_equal(rnn.weight_hh_l0, layer.weight_hh_l0.detach().numpy())


def test_state_dict_shares_no_memory_with_the_layer():
    rnn = RNN(3, 4, dtype=np.float64, seed=0)
    given = rnn.state_dict()
    original = {name: value.copy() for name, value in given.items()}
    for value in given.values():
        value[:] = 9
    np.testing.assert_array_equal(rnn.weight_ih_l0, original["weight_ih_l0"])
    rnn.load_state_dict(given)
    for value in given.values():
        value[:] = 5
    assert (rnn.weight_ih_l0 == 9).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda d: d.pop("bias_hh_l1"), ValueError, r"missing: bias_hh_l1; unknown: none"),
        (lambda d: d.update(weight_ih_l2=0), ValueError, r"missing: none; unknown: weight_ih_l2"),
        (lambda d: d.update(weight_ih_l1=np.zeros((4, 3))), ValueError, r"weight_ih_l1.*\(4, 4\).*\(4, 3\)"),
        (lambda d: d.update(bias_hh_l1="one"), TypeError, r"bias_hh_l1 must hold real numbers.*<U3"),
        (lambda d: d.update(bias_hh_l1=[[1], [2, 3]]), TypeError, r"bias_hh_l1 must be a rectangular.*list"),
        (lambda d: d.update(bias_hh_l1=np.zeros(4, complex)), TypeError, r"bias_hh_l1 must hold real.*complex128"),
        (lambda d: d.update(bias_hh_l1=None), TypeError, r"bias_hh_l1 must hold real numbers.*object"),
    ],
)
def test_load_state_dict_refuses_and_leaves_the_layer_alone(change, error, message):
    rnn = RNN(3, 4, 2, seed=0)
    before = rnn.state_dict()
    wrong = RNN(3, 4, 2, seed=1).state_dict()
    change(wrong)
    with pytest.raises(error, match=message):
        rnn.load_state_dict(wrong)
    for name, value in rnn.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_load_state_dict_names_what_it_expected():
    with pytest.raises(TypeError, match=r"mapping.*list"):
        RNN(3, 4).load_state_dict([1, 2])
    names = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"
    with pytest.raises(ValueError, match=f"^expected the parameters {names}; missing: {names}; unknown: none$"):
        RNN(3, 4).load_state_dict({})
    with pytest.raises(ValueError, match="unknown: bias_ih_l0, bias_hh_l0"):
        RNN(3, 4, bias=False).load_state_dict(RNN(3, 4).state_dict())


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_an_assigned_parameter_is_cast_copied_and_read(dtype, rng):
    matrix = rng.uniform(-0.5, 0.5, (4, 4))
    x = rng.uniform(-3, 3, (5, 3))
    for value in (matrix, matrix.tolist(), torch.tensor(matrix, requires_grad=True), np.asfortranarray(matrix)):
        rnn = RNN(3, 4, dtype=dtype, seed=0)
        rnn.weight_hh_l0 = value
        assert rnn.weight_hh_l0.dtype == dtype
        np.testing.assert_array_equal(rnn.weight_hh_l0, matrix.astype(dtype))
        loaded = RNN(3, 4, dtype=dtype)
        loaded.load_state_dict(RNN(3, 4, dtype=dtype, seed=0).state_dict() | {"weight_hh_l0": matrix})
        np.testing.assert_array_equal(rnn(x)[0], loaded(x)[0])
    integers = RNN(3, 4, dtype=dtype)
    integers.bias_ih_l0 = [1, 2, 3, 4]
    assert integers.bias_ih_l0.dtype == dtype


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_an_assigned_parameter_does_not_follow_the_callers_array(dtype):
    rnn, bias = RNN(3, 4, dtype=dtype), np.ones(4, dtype)
    rnn.bias_ih_l0 = bias
    rnn.bias_hh_l0 = rnn.bias_ih_l0
    bias[:] = 9
    rnn.bias_hh_l0[:] = 5
    assert (rnn.bias_ih_l0 == 1).all()


def test_parameters_can_be_exchanged(rng):
    rnn = RNN(3, 4, seed=0)
    before = rnn.state_dict()
    rnn.bias_ih_l0, rnn.bias_hh_l0 = rnn.bias_hh_l0, rnn.bias_ih_l0
    rnn.weight_hh_l0 = rnn.weight_hh_l0.T
    np.testing.assert_array_equal(rnn.bias_ih_l0, before["bias_hh_l0"])
    np.testing.assert_array_equal(rnn.bias_hh_l0, before["bias_ih_l0"])
    np.testing.assert_array_equal(rnn.weight_hh_l0, before["weight_hh_l0"].T)


def test_parameters_can_be_changed_in_place():
    rnn = RNN(3, 4, seed=0)
    before, W = rnn.state_dict(), rnn.weight_hh_l0
    rnn.weight_hh_l0 *= 2
    rnn.weight_hh_l0[0] = 7.5
    assert rnn.weight_hh_l0 is W
    assert (W.dtype, W.shape) == (np.float32, (4, 4))
    assert (W[0] == 7.5).all()
    np.testing.assert_array_equal(W[1:], 2 * before["weight_hh_l0"][1:])
    rnn.load_state_dict({name: getattr(rnn, name) for name in before})
    assert rnn.weight_hh_l0 is W


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("bias_ih_l0", np.ones(1), ValueError, r"bias_ih_l0 must have shape \(4,\), as in RNN\(3, 4.*; got \(1,\)"),
        ("bias_ih_l0", 0.0, ValueError, r"bias_ih_l0 must have shape \(4,\).*got \(\)"),
        ("bias_ih_l0", np.ones((1, 4)).view(np.matrix), ValueError, r"bias_ih_l0 must have shape \(4,\).*got \(1, 4\)"),
        ("weight_ih_l0", np.zeros((3, 4)), ValueError, r"weight_ih_l0 must have shape \(4, 3\).*got \(3, 4\)"),
        ("weight_hh_l1", "one", TypeError, "weight_hh_l1 must hold real numbers, got str of dtype <U3"),
        ("weight_hh_l1", None, TypeError, "weight_hh_l1 must hold real numbers, got NoneType of dtype object"),
        ("weight_hh_10", np.eye(4), AttributeError, "no parameter weight_hh_10"),
        ("weight_hh_l2", np.eye(4), AttributeError, "no parameter weight_hh_l2"),
        ("W", np.eye(4), AttributeError, "no parameter W; it has weight_ih_l0"),
        ("state_dict", {}, AttributeError, "no parameter state_dict"),
        ("_anything", 1, AttributeError, "no parameter _anything"),
    ],
)  # fmt: skip
def test_assignment_refuses_and_leaves_the_layer_alone(name, value, error, message):
    rnn = RNN(3, 4, 2, seed=0)
    before, attributes = rnn.state_dict(), set(vars(rnn))
    with pytest.raises(error, match=message):
        setattr(rnn, name, value)
    assert set(vars(rnn)) == attributes
    for parameter, kept in rnn.state_dict().items():
        np.testing.assert_array_equal(kept, before[parameter])


def test_the_refusal_of_a_name_lists_the_right_ones():
    names = "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"
    message = (
        rf"^RNN\(3, 4, dtype=float32\) has no parameter weight_hh_10; it has {names} \(l is a letter and .* layer\)$"
    )
    with pytest.raises(AttributeError, match=message):
        RNN(3, 4).weight_hh_10 = np.eye(4)


def test_a_layer_without_biases_has_none_to_assign():
    with pytest.raises(
        AttributeError, match=r"bias=False.* no parameter bias_ih_l0; it has weight_ih_l0, weight_hh_l0 \("
    ):
        RNN(3, 4, bias=False).bias_ih_l0 = np.zeros(4)


BUILT = r"RNN\(3, 4, dtype=float32\)"
OPTIONS = {
    "input_size": 5, "hidden_size": 5, "num_layers": 2, "nonlinearity": "relu", "bias": False, "batch_first": True,
    "bidirectional": True, "dtype": np.dtype("float64"),
}  # fmt: skip


@pytest.mark.parametrize("name", [*OPTIONS, "_num_directions", "_suffixes"])
def test_options_are_fixed_once_the_layer_is_built(name):
    rnn = RNN(3, 4)
    before = getattr(rnn, name)
    with pytest.raises(
        AttributeError, match=rf"^{name} is fixed once the layer is built, as {BUILT}: build another layer$"
    ):
        setattr(rnn, name, OPTIONS.get(name))
    assert getattr(rnn, name) == before
    assert repr(rnn) == "RNN(3, 4, dtype=float32)"


def test_options_can_be_read_as_they_were_given():
    rnn = RNN(**OPTIONS)
    assert {name: getattr(rnn, name) for name in OPTIONS} == OPTIONS
    assert repr(RNN(3, 4, bias=np.False_)) == repr(RNN(3, 4, bias=False))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda rnn: pickle.loads(pickle.dumps(rnn))])
def test_a_copied_layer_computes_the_same_and_shares_nothing(copied, rng):
    rnn = RNN(3, 4, 2, bidirectional=True, seed=0)
    other, x = copied(rnn), rng.uniform(-3, 3, (5, 3))
    expected = rnn(x)[0].copy()
    assert repr(other) == repr(rnn)
    np.testing.assert_array_equal(other(x)[0], expected)
    other.weight_hh_l1 *= 2
    other.bias_ih_l0 = np.ones(4)
    np.testing.assert_array_equal(rnn(x)[0], expected)
    assert np.abs(other(x)[0] - expected).max() > 0.01
    with pytest.raises(AttributeError, match="no parameter weight_hh_10"):
        other.weight_hh_10 = np.eye(4)


def test_repr_tells_what_is_unusual():
    assert repr(RNN(3, 4)) == "RNN(3, 4, dtype=float32)"
    assert repr(RNN(3, 4, 2, nonlinearity="relu", bias=False, dtype="float64")) == (
        "RNN(3, 4, num_layers=2, nonlinearity='relu', bias=False, dtype=float64)"
    )
    assert repr(RNN(3, 4, batch_first=True, bidirectional=True)) == (
        "RNN(3, 4, batch_first=True, bidirectional=True, dtype=float32)"
    )


# --- Bad input ---


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((0, 4), {}, ValueError, "input_size must be at least 1, got 0"),
        ((3, -1), {}, ValueError, "hidden_size must be at least 1, got -1"),
        ((3, 4, 0), {}, ValueError, "num_layers must be at least 1, got 0"),
        ((3.0, 4), {}, TypeError, r"input_size must be a whole number, got 3\.0"),
        ((3, "4"), {}, TypeError, "hidden_size must be a whole number, got '4'"),
        ((3, 4, True), {}, TypeError, "num_layers must be a whole number, got True"),
        ((3, 4), {"nonlinearity": "sigmoid"}, ValueError, "nonlinearity must be one of tanh, relu, got 'sigmoid'"),
        ((3, 4), {"nonlinearity": ["tanh"]}, ValueError, r"nonlinearity must be one of tanh, relu, got \['tanh'\]"),
        ((3, 4), {"bias": "False"}, TypeError, "bias must be True or False, got 'False'"),
        ((3, 4), {"batch_first": 1}, TypeError, "batch_first must be True or False, got 1"),
        ((3, 4), {"bidirectional": None}, TypeError, "bidirectional must be True or False, got None"),
        ((3, 4), {"dtype": np.float16}, ValueError, "dtype must be float32 or float64, .* got <class 'numpy.float16'>"),
        ((3, 4), {"dtype": int}, ValueError, "dtype must be float32 or float64, .* got <class 'int'>"),
        ((3, 4), {"dtype": None}, ValueError, "dtype must be float32 or float64, .* got None"),
        ((3, 4), {"dtype": ","}, ValueError, "dtype must be float32 or float64, .* got ','"),
        ((3, 4), {"dtype": torch.float32}, ValueError, r"dtype must be .* as NumPy .* names it; got torch\.float32"),
    ],
)
def test_layer_refuses_bad_options(arguments, options, error, message):
    with pytest.raises(error, match=message):
        RNN(*arguments, **options)


@pytest.mark.parametrize(("sizes", "error"), [((0, 4), ValueError), ((3, 0), ValueError), ((3, 4.5), TypeError)])
def test_parameter_shapes_refuses_bad_sizes(sizes, error):
    with pytest.raises(error, match=r"size must be .* got (0|4\.5)"):
        parameter_shapes(*sizes)


X_BATCH = np.zeros((5, 2, 3))


@pytest.mark.parametrize(
    ("x", "h_0", "lengths", "error", "message"),
    [
        (np.zeros((5, 4)), None, None, ValueError, "x has 4 features, but this layer was built for input_size=3"),
        (np.zeros((5, 4, 2)), None, None, ValueError, "x has 2 features, but this layer was built for input_size=3"),
        (np.zeros(3), None, None, ValueError, r"x must have shape \(T, I\) or \(T, N, I\), got \(3,\)"),
        (np.zeros((1, 5, 2, 3)), None, None, ValueError, r"got \(1, 5, 2, 3\)"),
        (np.zeros((0, 2, 3)), None, None, ValueError, r"no time steps: expected \(T, I\) or .*got \(0, 2, 3\)"),
        (np.zeros((0, 3)), None, None, ValueError, r"no time steps.*got \(0, 3\)"),
        ("What time is it ?", None, None, TypeError, "x must hold real numbers.*<U17"),
        ([[1, 2, 3], [4, 5]], None, None, TypeError, "x must be a rectangular array of numbers, got list"),
        (np.zeros((5, 2, 3), complex), None, None, TypeError, "x must hold real numbers.*complex128"),
        (np.ma.masked_less(np.zeros((5, 3)), 1), None, None, TypeError, "x must hold real numbers, got a masked array"),
        (X_BATCH, np.zeros((2, 4)), None, ValueError, r"h_0 must have shape \(2, 2, 4\), \(L\*D, N, H\); got \(2, 4\)"),
        (X_BATCH, np.zeros((2, 1, 4)), None, ValueError, r"h_0 must have shape \(2, 2, 4\).*got \(2, 1, 4\)"),
        (X_BATCH, np.zeros((1, 2, 4)), None, ValueError, r"h_0 must have shape \(2, 2, 4\).*got \(1, 2, 4\)"),
        (X_BATCH, np.zeros((2, 2, 3)), None, ValueError, r"h_0 must have shape \(2, 2, 4\).*got \(2, 2, 3\)"),
        (
            X_BATCH[:, 0],
            np.zeros((2, 1, 4)),
            None,
            ValueError,
            r"\(2, 4\), \(L\*D, H\) for one sequence; got \(2, 1, 4\)",
        ),
        (X_BATCH, "zero", None, TypeError, "h_0 must hold real numbers.*<U4"),
        (X_BATCH, None, [5], ValueError, r"lengths must have shape \(2,\), one for each sequence; got \(1,\)"),
        (X_BATCH, None, [[5, 5]], ValueError, r"lengths must have shape \(2,\).*got \(1, 2\)"),
        (X_BATCH, None, 5, ValueError, r"lengths must have shape \(2,\).*got \(\)"),
        (X_BATCH, None, [0, 5], ValueError, "lengths must be from 1 to T=5, got 0 to 5"),
        (X_BATCH, None, [-1, 2], ValueError, "lengths must be from 1 to T=5, got -1 to 2"),
        (X_BATCH, None, [6, 1], ValueError, "lengths must be from 1 to T=5, got 1 to 6"),
        (X_BATCH, None, [5.0, 1.0], TypeError, "lengths must be integers, got dtype float64"),
        (X_BATCH, None, [True, True], TypeError, "lengths must be integers, got dtype bool"),
        (X_BATCH, None, ["5", "5"], TypeError, "lengths must hold real numbers.*<U1"),
        (
            X_BATCH[:, 0],
            None,
            [5],
            ValueError,
            "^lengths go with a batch of sequences, but x is one sequence: cut it to its length instead$",
        ),
    ],
)
def test_layer_refuses_bad_input(x, h_0, lengths, error, message):
    with pytest.raises(error, match=message):
        RNN(3, 4, 2)(x, h_0, lengths)


ONES = torch.ones((5, 2, 3))
PACKED = torch.nn.utils.rnn.pack_padded_sequence(ONES, torch.tensor([5, 3]))
MASKED = np.ma.masked_less(np.zeros((5, 2, 3)), 1)


class RefusesToBeAnArray:
    def __array__(self, dtype=None, copy=None):
        raise TypeError("call get() first")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (PACKED, "must be .*: unpack it with .*pad_packed_sequence, which gives .* sequences; RNN reads both$"),
        ([PACKED], "must be an array, got a PackedSequence"),
        (
            ONES.bfloat16(),
            r"must be a tensor that NumPy can read, got a bfloat16 one: NumPy has no such numbers, make .*\(\)$",
        ),
        (list(ONES.bfloat16()), r".* got a bfloat16 one: .* float32 of them with float\(\)"),
        (ONES.to(torch.float8_e5m2), r".* got a float8_e5m2 one: .* float32 of them with float\(\)"),
        (ONES.to("meta"), "must be a tensor that NumPy can read, got a float32 one: .*meta"),
        (ONES.to_sparse(), r".* got a float32 one: .*to_dense\(\)"),
        (ONES.to(torch.complex64).conj().imag, r".* got a float32 one: .*resolve_neg\(\)"),
        (ONES.to(torch.complex64), "must hold real numbers, got Tensor of dtype complex64$"),
        (MASKED, "must hold real numbers, got a masked array with masked values: fill them first"),
        (list(MASKED), ".* got a masked array with masked values"),
        ([[1, 2, np.ma.masked]], ".* got a masked array with masked values"),
        (RefusesToBeAnArray(), r"must be a rectangular array of numbers, got RefusesToBeAnArray: call get\(\) first"),
        ([ONES[:, 0], ONES[:2, 0]], "must be a rectangular array of numbers, got list: .*inhomogeneous"),
        (io.BytesIO(b"12"), "must hold real numbers, got BytesIO of dtype object$"),  # it has a detach of its own
        ((step for step in ONES), "must hold real numbers, got generator of dtype object$"),
        (
            np.ones((5, 3)).astype(object),
            ".* got ndarray of dtype object; if these are numbers, convert them to float first",
        ),
        ([[1, None, 2]], ".* got list of dtype object; if these are numbers, convert them to float first"),
    ],
)
def test_layer_says_why_it_cannot_read_a_value(x, message):
    with pytest.raises(TypeError, match=f"^x {message}"):
        RNN(3, 4)(x)


def test_remedies_of_the_messages_work(rng):
    rnn, x = RNN(3, 4, seed=0), torch.tensor(rng.integers(-3, 4, (5, 2, 3)), dtype=torch.float32)
    expected = rnn(x)[0]  # whole numbers, which bfloat16 holds exactly
    for readable in (x.bfloat16().float(), x.to_sparse().to_dense(), x.numpy().astype(object).astype(float)):
        np.testing.assert_array_equal(rnn(readable)[0], expected)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]))
    padded, lengths = torch.nn.utils.rnn.pad_packed_sequence(packed)
    np.testing.assert_array_equal(rnn(padded, lengths=lengths)[0], rnn(x, lengths=[5, 3])[0])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_a_nested_tensor_is_refused_and_its_remedy_works(rng):
    rnn, first, second = RNN(3, 4, batch_first=True, seed=0), *torch.tensor(rng.uniform(-3, 3, (2, 5, 3)))
    nested = torch.nested.nested_tensor([first, second[:3]])
    with pytest.raises(
        TypeError, match=r"^x must be .*, got a nested one: pad .* to_padded_tensor\(0\), and give RNN the le.*s$"
    ):
        rnn(nested)
    output, _ = rnn(nested.to_padded_tensor(0), lengths=[5, 3])
    np.testing.assert_allclose(output[1, :3], rnn(second[:3])[0], rtol=0, atol=1e-6)


def test_what_else_holds_real_numbers_is_read(rng):
    x = rng.integers(-3, 4, (5, 3)).astype(np.float32)
    rnn = RNN(3, 4, seed=0)
    for same in (
        x.view(np.matrix),
        np.ma.array(x),
        [np.ma.array(row) for row in x],
        torch.nn.Parameter(torch.tensor(x)),
        [[torch.tensor(number) for number in row] for row in x],
        x.astype(">f8"),
        memoryview(x),
    ):
        np.testing.assert_array_equal(rnn(same)[0], rnn(x)[0])


def test_an_empty_list_of_lengths_fits_an_empty_batch():
    output, h_n = RNN(3, 4)(np.zeros((5, 0, 3)), lengths=[])
    assert (output.shape, h_n.shape) == ((5, 0, 4), (1, 0, 4))


@pytest.mark.parametrize("sequence", [list, tuple])
def test_a_list_of_tensors_that_require_grad_is_read(sequence, rng):
    x = rng.uniform(-3, 3, (5, 2, 3))
    tensors = sequence(torch.tensor(step, requires_grad=True) for step in x)
    rnn = RNN(3, 4, dtype="float64", seed=0)
    np.testing.assert_array_equal(rnn(tensors)[0], rnn(x)[0])


def test_layer_refuses_bad_input_batch_first():
    rnn = RNN(3, 4, batch_first=True)
    with pytest.raises(ValueError, match=r"x must have shape \(T, I\) or \(N, T, I\), got \(3,\)"):
        rnn(np.zeros(3))
    with pytest.raises(ValueError, match=r"no time steps: expected \(T, I\) or \(N, T, I\).*got \(2, 0, 3\)"):
        rnn(np.zeros((2, 0, 3)))
    with pytest.raises(ValueError, match=r"no time steps.*got \(0, 3\)"):
        rnn(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"lengths must be from 1 to T=5, got 6 to 6"):
        rnn(np.zeros((2, 5, 3)), lengths=[6, 6])
    with pytest.raises(ValueError, match=r"h_0 must have shape \(1, 2, 4\).*got \(2, 1, 4\)"):
        rnn(np.zeros((2, 5, 3)), np.zeros((2, 1, 4)))
    assert rnn(np.zeros((0, 5, 3)))[0].shape == (0, 5, 4)


GOOD = {"x": np.zeros((5, 2, 3)), "U": np.zeros((4, 3)), "W": np.zeros((4, 4)), "b": np.zeros(4)}
# What is wrong in the same way for a step and for a sequence.
BAD_PARAMETERS = [
    ({"U": np.zeros(4)}, ValueError, r"U must have shape \(H, I\), got \(4,\)"),
    (
        {"U": np.zeros((3, 4))},
        ValueError,
        r"W must have shape \(3, 3\), \(H, H\) for a U of shape \(3, 4\); got \(4, 4\)",
    ),
    ({"U": np.zeros((4, 5))}, ValueError, r"x has 3 features, but U of shape \(4, 5\) reads 5"),
    ({"W": np.zeros((4, 3))}, ValueError, r"W must have shape \(4, 4\).*got \(4, 3\)"),
    ({"W": np.zeros((1, 1))}, ValueError, r"W must have shape \(4, 4\).*got \(1, 1\)"),
    ({"b": np.zeros(3)}, ValueError, r"b must have shape \(4,\), \(H,\) for a U of shape \(4, 3\); got \(3,\)"),
    ({"b": np.zeros((4, 1))}, ValueError, r"b must have shape \(4,\).*got \(4, 1\)"),
    ({"b": 0.0}, ValueError, r"b must have shape \(4,\).*got \(\)"),
    ({"U": "U"}, TypeError, "U must hold real numbers.*<U1"),
    ({"W": None}, TypeError, "W must hold real numbers.*object"),
    ({"b": [[1], [2, 3]]}, TypeError, "b must be a rectangular array of numbers, got list"),
    ({"x": "words"}, TypeError, "x must hold real numbers.*<U5"),
]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        *BAD_PARAMETERS,
        ({"x": np.zeros((5, 2, 4))}, ValueError, r"x has 4 features, but U of shape \(4, 3\) reads 3"),
        ({"x": np.zeros(3)}, ValueError, r"x must have shape \(T, I\) or \(T, N, I\), got \(3,\)"),
        ({"x": np.zeros((1, 5, 2, 3))}, ValueError, r"x must have shape .*got \(1, 5, 2, 3\)"),
        ({"x": np.zeros((0, 3))}, ValueError, r"x has no time steps.*got \(0, 3\)"),
        ({"x": np.zeros((0, 2, 3))}, ValueError, r"x has no time steps.*got \(0, 2, 3\)"),  # time first, in a batch too
        ({"x": 1.0}, ValueError, r"x has no axes, but U of shape \(4, 3\) reads 3"),
        ({"h_0": np.zeros(4)}, ValueError, r"h_0 must have shape \(2, 4\), one number for .*; got \(4,\)"),
        ({"h_0": np.zeros((1, 4))}, ValueError, r"h_0 must have shape \(2, 4\).*got \(1, 4\)"),
        ({"h_0": np.zeros((2, 3))}, ValueError, r"h_0 must have shape \(2, 4\).*got \(2, 3\)"),
        ({"h_0": "zero"}, TypeError, "h_0 must hold real numbers.*<U4"),
    ],
)
def test_forward_refuses_bad_input(change, error, message):
    with pytest.raises(error, match=message):
        rnn_forward(**(GOOD | change))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        *BAD_PARAMETERS,
        ({"x": np.zeros((2, 4))}, ValueError, r"x has 4 features, but U of shape \(4, 3\) reads 3"),
        ({"x": 1.0}, ValueError, r"x has no axes, but U of shape \(4, 3\) reads 3"),
        ({"h": np.zeros(4)}, ValueError, r"h must have shape \(2, 4\), one row for each row of x.*; got \(4,\)"),
        ({"h": np.zeros((2, 3))}, ValueError, r"h must have shape \(2, 4\).*got \(2, 3\)"),
        ({"h": None}, TypeError, "h must hold real numbers.*object"),
    ],
)
def test_step_refuses_bad_input(change, error, message):
    with pytest.raises(error, match=message):
        rnn_step(**(GOOD | {"x": np.zeros((2, 3)), "h": np.zeros((2, 4))} | change))


# --- The package ---

PUBLIC = ["Gradients", "RNN", "parameter_shapes", "rnn_backward", "rnn_forward", "rnn_step"]


def test_a_star_import_brings_the_public_names_alone():
    for module in (rnn_helpers, rnn_helpers.rnn):
        assert sorted(module.__all__) == PUBLIC


def test_package_has_the_public_names():
    assert sorted(rnn_helpers.__all__) == PUBLIC


@pytest.mark.parametrize(
    "module",
    ["rnn_helpers", "rnn_helpers.gated", "rnn_helpers.data", "rnn_helpers.compare", "rnn_helpers.plots"],
)
def test_import_brings_neither_torch_nor_matplotlib(module):
    code = f"import {module}, sys; print(*sorted({{'torch', 'matplotlib', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == ""


def test_import_costs_little_more_than_numpy():
    code = "import time, numpy; start = time.perf_counter(); import rnn_helpers; print(time.perf_counter() - start)"
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
        for _ in range(3)
    ]
    assert min(float(run.stdout) for run in runs) < 0.15


# --- The data ---


def test_running_example_has_the_promised_shapes():
    assert data.TOKENS == ("What", "time", "is", "it", "?")
    assert data.X.shape == (5, 3)
    assert {name: getattr(data, name).shape for name in "UWb"} == parameter_shapes(3, 4)


@pytest.mark.parametrize("name", ["X", "U", "W", "b"])
def test_running_example_is_round_and_read_only(name):
    array = getattr(data, name)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, array.round(1))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_first_unit_of_the_first_step_by_hand():
    np.testing.assert_array_equal(data.X[0], [1.0, 0.0, 0.5])
    np.testing.assert_array_equal(data.U[0], [0.5, -0.2, 0.3])
    assert data.b[0] == 0.1
    assert data.U[0] @ data.X[0] + data.b[0] == pytest.approx(0.75, abs=1e-12)
    assert rnn_step(data.X[0], np.zeros(4), data.U, data.W, data.b)[0] == pytest.approx(0.635, abs=5e-4)


def test_running_example_never_saturates_and_every_token_moves_the_state():
    output, _ = rnn_forward(data.X, data.U, data.W, data.b)
    assert np.abs(output).max() < 0.7
    steps = np.diff(output, axis=0, prepend=np.zeros((1, 4)))
    assert (np.abs(steps).max(axis=1) > 0.5).all()
    assert np.linalg.norm(data.W, 2) < 0.9


def test_all_orders_of_the_tokens_end_in_different_states():
    orders = np.array(list(itertools.permutations(range(5))))
    _, h_n = rnn_forward(data.X[orders].swapaxes(0, 1), data.U, data.W, data.b)
    distances = np.linalg.norm(h_n[:, np.newaxis] - h_n, axis=-1)
    assert distances[np.triu_indices(len(orders), k=1)].min() > 0.09


def test_token_sequences():
    tokens, x = data.token_sequences(2000, 7, seed=0)
    assert (tokens.shape, x.shape) == ((7, 2000), (7, 2000, 6))
    assert (tokens.dtype, x.dtype) == (np.int64, np.float64)
    np.testing.assert_array_equal(x.argmax(axis=-1), tokens)
    assert set(np.unique(x)) == {0, 1}
    assert (x.sum(axis=-1) == 1).all()
    np.testing.assert_allclose(x.mean(axis=1), 1 / 6, atol=0.04)
    np.testing.assert_array_equal(data.token_sequences(2000, 7, seed=0).tokens, tokens)
    assert (data.token_sequences(2000, 7, seed=1).tokens != tokens).any()
    assert data.token_sequences(4, 5, n_kinds=3, seed=0).x.shape == (5, 4, 3)


def test_bit_counts():
    x, counts = data.bit_counts(2000, 7, modulus=3, seed=0)
    assert (x.shape, x.dtype) == ((7, 2000, 1), np.float64)
    assert (counts.shape, counts.dtype) == ((7, 2000), np.int64)
    assert set(x.ravel()) == {0, 1}
    assert 0.45 < x.mean() < 0.55  # 14,000 bits: a half, within ten standard deviations
    for n in range(5):
        ones = 0
        for t in range(7):
            ones += int(x[t, n, 0])
            assert counts[t, n] == ones % 3
    np.testing.assert_array_equal(data.bit_counts(2000, 7, seed=0).x, x)
    np.testing.assert_array_equal(data.bit_counts(2000, 7, seed=0).counts, x[..., 0].cumsum(axis=0) % 2)
    assert (data.bit_counts(2000, 7, seed=1).x != x).any()


@pytest.mark.parametrize("n_steps", [2, 3, 50])
def test_adding_problem(n_steps):
    x, sums = data.adding_problem(4000, n_steps, seed=0)
    assert (x.shape, x.dtype, sums.shape, sums.dtype) == ((n_steps, 4000, 2), np.float64, (4000,), np.float64)
    numbers, marks = x[..., 0], x[..., 1]
    assert set(marks.ravel()) <= {0, 1}
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() <= 1
    for half in (marks[: n_steps // 2], marks[n_steps // 2 :]):
        assert (half.sum(axis=0) == 1).all()
        assert half.any(axis=1).all()  # each step is marked in some sequence
    np.testing.assert_allclose(sums, (numbers * marks).sum(axis=0), rtol=0, atol=1e-15)
    assert abs(((sums - 1) ** 2).mean() - 1 / 6) < 0.02  # six standard deviations of the mean of 4000
    np.testing.assert_array_equal(data.adding_problem(4000, n_steps, seed=0).x, x)
    assert (data.adding_problem(4000, n_steps, seed=1).sums != sums).any()


def test_echo():
    x, echoes = data.echo(300, 20, delay=6, seed=0)
    assert (x.shape, x.dtype, echoes.shape, echoes.dtype) == ((20, 300, 1), np.float64, (20, 300), np.int64)
    assert set(x.ravel()) == {0, 1}
    assert not echoes[:6].any()
    np.testing.assert_array_equal(echoes[6:], x[:-6, :, 0])
    np.testing.assert_array_equal(data.echo(300, 20, delay=6, seed=0).echoes, echoes)
    assert (data.echo(300, 20, delay=6, seed=1).x != x).any()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: data.bit_counts(2, 5, modulus=1, seed=0), "modulus must be at least 2, got 1"),
        (lambda: data.adding_problem(2, 1, seed=0), "n_steps must be at least 2, one for each mark; got 1"),
        (lambda: data.echo(2, 5, delay=5, seed=0), "delay must be from 1 to T - 1 = 4, got 5"),
        (lambda: data.echo(2, 5, delay=0, seed=0), "delay must be from 1 to T - 1 = 4, got 0"),
    ],
)
def test_tasks_refuse_what_cannot_be_drawn(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_text():
    characters, alphabet, codes = data.text()
    assert (len(characters), len(alphabet)) == (302_487, 70)
    assert (codes.shape, codes.dtype) == ((302_487,), np.int64)
    assert list(alphabet) == sorted(set(characters))
    assert "".join(alphabet[code] for code in codes.tolist()) == characters
    assert characters.startswith("ALICE'S ADVENTURES IN WONDERLAND\n\nCHAPTER I.")
    assert characters.endswith("Life, what is it but a dream?\n")
    assert "THROUGH THE LOOKING-GLASS\n\nCHAPTER I." in characters
    assert characters.isascii()
    assert not {"_", "*", "[", "\r", "\t"} & set(alphabet)
    packed = Path(data.__file__).with_name("carroll.txt.gz")
    assert packed.stat().st_size <= 150_000


def test_digits():
    first, again, other = data.digits(), data.digits(), data.digits(n_train=1000, seed=1)
    assert [value.shape for value in first] == [(1400, 8, 8), (1400,), (397, 8, 8), (397,)]
    assert [value.dtype for value in first] == [np.float32, np.int64, np.float32, np.int64]
    for value, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(value, same)
    assert other.train_images.shape == (1000, 8, 8)
    assert (other.train_labels != first.train_labels[:1000]).any()
    images = np.concatenate([first.train_images, first.test_images])
    assert (images.min(), images.max()) == (0, 1)
    assert set(first.train_labels) == set(first.test_labels) == set(range(10))


@pytest.mark.parametrize("n_train", [0, -5, 1797, None, 1400.0, True])
def test_digits_refuse_a_split_that_leaves_nothing(n_train):
    with pytest.raises(ValueError, match=f"n_train must be from 1 to 1796, got {n_train}"):
        data.digits(n_train=n_train)


def test_digits_are_split_without_overlap():
    from sklearn.datasets import load_digits

    split = data.digits()
    ours = [
        (image.tobytes(), label)
        for images, labels in (split[:2], split[2:])
        for image, label in zip(images, labels, strict=True)
    ]
    original = load_digits()
    every = [
        (image.tobytes(), label)
        for image, label in zip((original.images / 16).astype(np.float32), original.target, strict=True)
    ]
    assert sorted(ours) == sorted(every)  # each of them once: in one part or in the other
