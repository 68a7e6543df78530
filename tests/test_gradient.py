"""The gradient through time: equal to torch's autograd, to finite differences, and clear about what does not fit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_helpers import Gradients, rnn_backward, rnn_forward

quick = settings(deadline=None, derandomize=True, max_examples=80)
NAMES = Gradients._fields


def draw(rng, n_steps, batch, n_features, n_units):
    """What `rnn_forward` reads, with a W of spectral norm 0.9: with larger ones the recurrence is chaotic."""
    W = rng.normal(size=(n_units, n_units))
    return {
        "x": rng.uniform(-3, 3, (n_steps, *batch, n_features)),
        "U": rng.normal(size=(n_units, n_features)) / 2,
        "W": W * (0.9 / np.linalg.norm(W, 2)),
        "b": rng.normal(size=n_units) / 2,
        "h_0": rng.uniform(-1, 1, (*batch, n_units)),
    }


def by_autograd(arguments, d_output, d_h_n):
    """The same derivatives, as torch computes them from the formula."""
    x, U, W, b, h = leaves = [torch.tensor(value, requires_grad=True) for value in arguments.values()]
    output = []
    for x_t in x:
        h = torch.tanh(x_t @ U.T + h @ W.T + b)
        output.append(h)
    loss = 0.0
    if d_output is not None:
        loss = loss + (torch.stack(output) * torch.tensor(d_output)).sum()
    if d_h_n is not None:
        loss = loss + (h * torch.tensor(d_h_n)).sum()
    loss.backward()
    return [leaf.grad.numpy() for leaf in leaves]


def assert_equal_to_its_largest_entry(ours, theirs):
    """To 1e-12 of it: two right sums of the same terms in another order differ by 1e-15 of it."""
    assert len(ours) == len(theirs)
    for name, one, other in zip(NAMES, ours, theirs, strict=False):
        assert one.shape == other.shape, name
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * max(np.abs(other).max(initial=0), 1e-300))


@given(
    n_steps=st.one_of(st.just(1), st.integers(1, 40)),
    batch=st.one_of(st.just(()), st.tuples(st.integers(1, 6))),
    sizes=st.one_of(st.tuples(st.integers(1, 9), st.integers(1, 12)), st.integers(1, 9).map(lambda n: (n, n))),
    given_by=st.sampled_from([(True, False), (False, True), (True, True)]),
    with_h_0=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
@quick
def test_the_gradient_is_the_one_of_autograd(n_steps, batch, sizes, given_by, with_h_0, seed):
    rng = np.random.default_rng(seed)
    arguments = draw(rng, n_steps, batch, *sizes)
    if not with_h_0:
        arguments["h_0"][...] = 0
    output, h_n = rnn_forward(**arguments)
    d_output = rng.normal(size=output.shape) if given_by[0] else None
    d_h_n = rng.normal(size=h_n.shape) if given_by[1] else None
    h_0 = arguments["h_0"] if with_h_0 else None
    ours = rnn_backward(arguments["x"], arguments["U"], arguments["W"], output, d_output, d_h_n, h_0)
    assert all(each.dtype == np.float64 for each in ours)
    assert_equal_to_its_largest_entry(ours, by_autograd(arguments, d_output, d_h_n))


def test_the_gradient_is_the_one_of_torchs_own_layer():
    """Equal to the layer that users have, too, and not to our own reading of the formula alone."""
    rng = np.random.default_rng(0)
    layer = torch.nn.RNN(3, 4, dtype=torch.float64)
    x = torch.tensor(rng.uniform(-3, 3, (9, 5, 3)), requires_grad=True)
    output, h_n = layer(x)
    loss = (output**2).sum() / 2 + h_n.sum()
    loss.backward()
    U, W = (weight.detach() for weight in (layer.weight_ih_l0, layer.weight_hh_l0))
    ours = rnn_backward(x, U, W, output, d_output=output, d_h_n=np.ones((5, 4)))
    theirs = [x.grad, layer.weight_ih_l0.grad, layer.weight_hh_l0.grad, layer.bias_hh_l0.grad]
    assert_equal_to_its_largest_entry(ours[:4], [each.numpy() for each in theirs])


def test_the_gradient_is_the_one_of_finite_differences():
    rng = np.random.default_rng(0)
    arguments = draw(rng, 6, (2,), 3, 4)
    weights = rng.normal(size=(6, 2, 4))

    def loss():
        return (rnn_forward(**arguments)[0] * weights).sum()

    x, U, W, _, h_0 = arguments.values()
    ours = rnn_backward(x, U, W, rnn_forward(**arguments)[0], weights, h_0=h_0)
    for name, gradient in zip(NAMES, ours, strict=True):
        values = arguments[name]
        for place in list(np.ndindex(values.shape))[:5]:
            before, step = values[place], 1e-5
            values[place] = before + step
            above = loss()
            values[place] = before - step
            below = loss()
            values[place] = before
            # 1e-7: the error of central differences at 1e-5 is a few 1e-9 of the loss here
            assert abs((above - below) / (2 * step) - gradient[place]) < 1e-7, name


def test_a_batch_gives_the_sum_of_its_sequences():
    rng = np.random.default_rng(0)
    x, U, W, b, h_0 = draw(rng, 7, (5,), 3, 4).values()
    output, _ = rnn_forward(x, U, W, b, h_0)
    d_output = rng.normal(size=output.shape)
    whole = rnn_backward(x, U, W, output, d_output, h_0=h_0)
    alone = [rnn_backward(x[:, n], U, W, output[:, n], d_output[:, n], h_0=h_0[n]) for n in range(5)]
    for name in "UWb":
        summed = sum(getattr(each, name) for each in alone)
        np.testing.assert_allclose(getattr(whole, name), summed, rtol=0, atol=1e-12)
    np.testing.assert_allclose(whole.x, np.stack([each.x for each in alone], axis=1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(whole.h_0, np.stack([each.h_0 for each in alone]), rtol=0, atol=1e-12)


def test_dtypes_are_promoted_and_integers_give_float64():
    arguments = [value.astype(np.float32) for value in draw(np.random.default_rng(0), 5, (2,), 3, 4).values()]
    x, U, W, b, _ = arguments
    output, _ = rnn_forward(x, U, W, b)
    assert all(each.dtype == np.float32 for each in rnn_backward(x, U, W, output, output))
    assert all(each.dtype == np.float64 for each in rnn_backward(x, U, W, output, output.astype(float)))
    ones = np.ones((2, 4), int)
    # A float32 array with integers of 64 bits is float64 in NumPy
    for ours, theirs in zip(
        rnn_backward(x, U, W, output, d_h_n=ones),
        rnn_backward(x.astype(float), U.astype(float), W.astype(float), output.astype(float), d_h_n=1.0 * ones),
        strict=True,
    ):
        assert ours.dtype == np.float64
        np.testing.assert_array_equal(ours, theirs)
    assert rnn_backward([[1, 0]], [[1, 1]], [[1]], [[0]], [[2]]).U.tolist() == [[2.0, 0.0]]


def test_nothing_that_it_is_given_is_changed_or_returned():
    rng = np.random.default_rng(0)
    x, U, W, b, h_0 = draw(rng, 5, (2,), 3, 4).values()
    output, h_n = rnn_forward(x, U, W, b, h_0)
    given = [x, U, W, output, rng.normal(size=output.shape), rng.normal(size=h_n.shape), h_0]
    before = [value.copy() for value in given]
    for value in given:
        value.flags.writeable = False
    for gradient in rnn_backward(*given):
        gradient[...] = 9
    for value, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(value, old)


def test_an_empty_batch_gives_zeros():
    gradients = rnn_backward(
        np.ones((5, 0, 3)), np.ones((4, 3)), np.ones((4, 4)), np.ones((5, 0, 4)), np.ones((5, 0, 4))
    )
    assert [each.shape for each in gradients] == [(5, 0, 3), (4, 3), (4, 4), (4,), (0, 4)]
    assert not gradients.W.any()


GOOD = {
    "x": np.zeros((5, 2, 3)), "U": np.zeros((4, 3)), "W": np.zeros((4, 4)), "output": np.zeros((5, 2, 4)),
    "d_output": np.zeros((5, 2, 4)), "d_h_n": np.zeros((2, 4)), "h_0": np.zeros((2, 4)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.zeros(3)}, ValueError, r"x must have shape \(T, I\) or \(T, N, I\), got \(3,\)"),
        ({"x": np.zeros((0, 2, 3))}, ValueError, r"x has no time steps.*got \(0, 2, 3\)"),
        ({"x": np.zeros((5, 2, 4))}, ValueError, r"x has 4 features, but U of shape \(4, 3\) reads 3"),
        ({"U": np.zeros(4)}, ValueError, r"U must have shape \(H, I\), got \(4,\)"),
        ({"W": np.zeros((4, 3))}, ValueError, r"W must have shape \(4, 4\).*got \(4, 3\)"),
        (
            {"output": np.zeros((2, 4))},
            ValueError,
            r"output must have shape \(5, 2, 4\), the states of `rnn_forward`, one row for each row of x; got \(2, 4\)",
        ),
        ({"d_output": np.zeros((5, 4))}, ValueError, r"d_output must have shape \(5, 2, 4\), that of .*got \(5, 4\)"),
        ({"d_output": 1.0}, ValueError, r"d_output must have shape \(5, 2, 4\).*got \(\)"),
        ({"d_h_n": np.zeros((1, 2, 4))}, ValueError, r"d_h_n must have shape \(2, 4\), one number.*got \(1, 2, 4\)"),
        ({"h_0": np.zeros(4)}, ValueError, r"h_0 must have shape \(2, 4\), one number.*got \(4,\)"),
        ({"d_output": None, "d_h_n": None}, ValueError, "needs d_output, d_h_n or both.*; got neither"),
        ({"output": "states"}, TypeError, "output must hold real numbers.*<U6"),
        ({"d_h_n": [[1], [2, 3]]}, TypeError, "d_h_n must be a rectangular array of numbers, got list"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        rnn_backward(**(GOOD | change))
