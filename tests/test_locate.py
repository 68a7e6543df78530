"""`compare.locate` on ports as engineers write them: right ones agree, each bug is named, two at once are not."""

import contextlib
import dataclasses
import inspect
import io
import itertools
import re
import textwrap

import numpy as np
import pytest
import torch

from rnn_helpers import RNN, compare
from rnn_helpers.ports import KNOWN
from tools import series

T, N, I, H = 6, 4, 3, 5  # noqa: E741
LENGTHS = [3, T, 2, 5]


def layer_of(n_layers=1, n_directions=1, dtype=torch.float64, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(n_layers + 10 * n_directions)
        return torch.nn.RNN(I, H, n_layers, bidirectional=n_directions == 2, dtype=dtype, **options)


def data_for(layer, n_sequences=N, n_steps=T):
    rng = np.random.default_rng(0)
    n_states = layer.num_layers * (2 if layer.bidirectional else 1)
    x, h_0 = rng.uniform(-1, 1, (n_steps, n_sequences, I)), rng.uniform(-0.5, 0.5, (n_states, n_sequences, H))
    return (x.swapaxes(0, 1).copy() if layer.batch_first else x), h_0


def c_port(layer, x, h_0=None, lengths=None, bugs=()):
    """As one writes it in C: sequence by sequence, layer by layer, direction by direction, in buffers of fixed size.

    Time first. `bugs` are made by name; each is one slip in one line.
    """
    w = {name: value.numpy() for name, value in layer.state_dict().items()}
    L, D = layer.num_layers, 2 if layer.bidirectional else 1
    T, N, H = *x.shape[:2], layer.hidden_size
    if "x exchanged" in bugs:
        x = x.reshape(N, T, -1).swapaxes(0, 1)
    if h_0 is None:
        h_0 = np.zeros((L * D, N, H), x.dtype)
    if "h_0 batch first" in bugs:
        h_0 = h_0.reshape(N, L * D, H).swapaxes(0, 1)
    output, h_n = np.zeros((T, N, D * H), x.dtype), np.zeros((L * D, N, H), x.dtype)
    h = np.zeros(H, x.dtype)
    for n in range(N):
        end = T if lengths is None or "lengths ignored" in bugs else lengths[n]
        layer_input = x[:, n]
        for la in range(L):
            layer_output = np.zeros((T, D * H), x.dtype)
            for d in range(D):
                of, bias_of = la, d
                if "layer 0's W" in bugs:
                    of = 0
                if "forward's parameters" in bugs:
                    bias_of = 0
                name = f"_l{la}" + ("_reverse" if d and "forward's parameters" not in bugs else "")
                U = w["weight_ih" + name]
                W = w[
                    "weight_hh" + name.replace(f"_l{la}", f"_l{of}").replace("_reverse" * ("forward's W" in bugs), "")
                ]
                b_ih = w["bias_ih" + name.replace(f"_l{la}", f"_l{of}")]
                b_hh = w["bias_hh" + name.replace(f"_l{la}", f"_l{of}")]
                assert bias_of in (0, 1)
                if "no b_hh" in bugs:
                    b_hh = 0 * b_hh
                if "no b_ih" in bugs:
                    b_ih = 0 * b_ih
                if "b twice" in bugs:
                    b_ih, b_hh = 2 * b_ih, 2 * b_hh
                if "b_ih for b_hh" in bugs:
                    b_hh = b_ih
                if "W transposed" in bugs and la == 0:
                    W = W.T
                if ("forward's columns swapped", "backward's columns swapped")[d] in bugs and la > 0:
                    U = np.hstack([U[:, H:], U[:, :H]])
                if "column by column" in bugs and la == 0:
                    U = U.ravel().reshape(U.shape, order="F")
                first = (d * L + la) if "h_0 by direction" in bugs else la if "h_0[layer]" in bugs else D * la + d
                if "not reset" not in bugs or (la, d) == (0, 0):
                    h = h_0[first, n]
                if "h_0 ignored" in bugs:
                    h = np.zeros(H, x.dtype)
                order = range(end)
                if d and "reads forwards" not in bugs:
                    order = range(T - 1, -1, -1) if "axis flipped" in bugs else range(end - 1, -1, -1)
                before = h
                for step, t in enumerate(order):
                    before = h
                    z = U @ layer_input[t] + W @ h + b_ih + b_hh
                    h = np.maximum(z, 0) if "relu" in bugs else z if "linear" in bugs else np.tanh(z)
                    place = step if "not turned back" in bugs else t
                    layer_output[place, d * H : (d + 1) * H] = before if "stored before" in bugs else h
                entry = d * L + la if "h_n by direction" in bugs else D * la + d
                h_n[entry, n] = before if "one step early" in bugs else h
                if "output[-1]" in bugs:
                    h_n[entry, n] = layer_output[-1, d * H : (d + 1) * H]
                if "axis flipped" in bugs:
                    layer_output[end:] = 0
            forward, backward = layer_output[:, :H], layer_output[:, H:]
            if ("halves swapped below" in bugs and la < L - 1) or ("output halves swapped" in bugs and la == L - 1):
                layer_output = np.concatenate([backward, forward], axis=1)
            if ("interleaved below" in bugs and la < L - 1) or ("output interleaved" in bugs and la == L - 1):
                layer_output = np.stack([forward, backward], axis=-1).reshape(T, D * H)
            if "forward half" in bugs and la < L - 1:
                layer_output = np.concatenate([forward, 0 * backward], axis=1)
            layer_input = layer_output
        output[:, n] = layer_output
        if "garbage" in bugs:
            output[end:, n] = 7
    if "sorted" in bugs:
        order = np.argsort(-np.array(lengths), kind="stable")
        output, h_n = output[:, order], h_n[:, order]
    if "h_n batch first" in bugs:
        h_n = np.ascontiguousarray(h_n.swapaxes(0, 1)).reshape(h_n.shape)
    return output, h_n


def jax_port(layer, x, h_0=None, lengths=None):
    """As one writes it in JAX: a scan over time that carries the state, with a mask that keeps it in the padding."""
    w = {name: value.numpy() for name, value in layer.state_dict().items()}
    D = 2 if layer.bidirectional else 1
    mask = np.arange(len(x))[:, None] < (np.full(x.shape[1], len(x)) if lengths is None else np.asarray(lengths))
    h_0 = np.zeros((layer.num_layers * D, x.shape[1], H), x.dtype) if h_0 is None else h_0
    h_n = []

    def scan(h, inputs, name, backward):
        W_x = np.concatenate([w["weight_ih" + name], w["weight_hh" + name]], axis=1)
        b = w["bias_ih" + name] + w["bias_hh" + name]
        carried = []
        for x_t, here in reversed(list(zip(inputs, mask, strict=True))) if backward else zip(inputs, mask, strict=True):
            h = np.where(here[:, None], np.tanh(np.concatenate([x_t, h], axis=1) @ W_x.T + b), h)
            carried.append(h)
        return h, np.stack(carried[::-1] if backward else carried)

    for entry in range(layer.num_layers * D):
        if entry % D == 0:
            below, x = x, []
        last, states = scan(h_0[entry], below, f"_l{entry // D}" + "_reverse" * (entry % D), entry % D == 1)
        h_n.append(last)
        x.append(states)
        if entry % D == D - 1:
            x = np.concatenate(x, axis=-1) * mask[..., None]
    return x, np.stack(h_n)


def rust_port(layer, x, h_0=None, lengths=None):
    """As one writes it in Rust: a cell that owns its parameters and folds over an iterator, in the other precision."""

    class Cell:
        def __init__(self, name):
            self.U, self.W, self.b, self.c = (
                layer.state_dict()[each + name].numpy().astype(np.float64)
                for each in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )

        def states(self, h, inputs):
            return list(
                itertools.accumulate(inputs, lambda h, x: np.tanh(self.b + self.U @ x + self.W @ h + self.c), initial=h)
            )

    T, N = x.shape[:2]
    D = 2 if layer.bidirectional else 1
    output, h_n = np.zeros((T, N, D * H)), np.zeros((layer.num_layers * D, N, H))
    for n, end in enumerate([T] * N if lengths is None else lengths):
        inputs = list(x[:end, n])
        for la in range(layer.num_layers):
            rows = []
            for d in range(D):
                h = np.zeros(H) if h_0 is None else h_0[la * D + d, n]
                states = Cell(f"_l{la}" + "_reverse" * d).states(h, inputs[::-1] if d else inputs)
                h_n[la * D + d, n] = states[-1]
                rows.append(states[:0:-1] if d else states[1:])
            inputs = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
        output[:end, n] = inputs
    return output, h_n


SETTINGS = list(itertools.product((1, 2, 3), (1, 2), (None, LENGTHS)))


@pytest.mark.parametrize("port", [c_port, jax_port, rust_port])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n_layers", "n_directions", "lengths"), SETTINGS)
def test_right_ports_agree(port, dtype, n_layers, n_directions, lengths):
    layer = layer_of(n_layers, n_directions, dtype)
    x, h_0 = (each.astype(layer.weight_hh_l0.detach().numpy().dtype) for each in data_for(layer))
    report = compare.locate(layer, x, *port(layer, x, h_0, lengths), h_0, lengths)
    assert report.agrees
    assert (report.first, report.which, report.mistakes, report.partly, report.moved) == (None, "none", (), (), ())
    assert report.unseen == ()  # random numbers, a first state, two biases: nothing can hide
    assert str(report).startswith("agrees: output within ")


# The bug, the least number of layers and directions with it, whether it needs lengths, and its name.
BUGS = [
    ("no b_hh", 1, 1, False, "bias_hh left out"),
    ("no b_ih", 1, 1, False, "bias_ih left out"),
    ("b twice", 1, 1, False, "the bias added twice"),
    ("b_ih for b_hh", 1, 1, False, "bias_ih taken twice, for bias_hh too"),
    ("W transposed", 1, 1, False, "W transposed"),
    ("column by column", 1, 1, False, "U read column by column"),
    ("forward's parameters", 1, 2, False, "the other direction's parameters"),
    ("forward's W", 1, 2, False, "the other direction's W"),
    ("halves swapped below", 2, 2, False, "halves swapped"),
    ("interleaved below", 2, 2, False, "units interleaved"),
    ("forward's columns swapped", 2, 2, False, "U's columns swapped in one direction"),
    ("backward's columns swapped", 2, 2, False, "U's columns swapped in one direction"),
    ("output halves swapped", 1, 2, False, "halves swapped"),
    ("output interleaved", 1, 2, False, "units interleaved"),
    ("forward half", 2, 2, False, "the forward half alone"),
    ("axis flipped", 1, 2, True, "the padded axis flipped"),
    ("reads forwards", 1, 2, False, "backward reads forwards"),
    ("not turned back", 1, 2, False, "backward not turned back"),
    ("h_n by direction", 2, 2, False, "h_n ordered by direction"),
    ("h_0 by direction", 2, 2, False, "h_0 ordered by direction"),
    ("h_0[layer]", 1, 2, False, "h_0[layer] in place of h_0[D * layer + direction]"),
    ("h_0 batch first", 2, 1, False, "h_0 read batch first"),
    ("h_0 batch first", 1, 2, False, "h_0 read batch first"),
    ("h_n batch first", 2, 1, False, "h_n written batch first"),
    ("h_n batch first", 1, 2, False, "h_n written batch first"),
    ("h_0 ignored", 1, 1, False, "h_0 ignored"),
    ("not reset", 2, 1, False, "begins with the last state of the entry before it"),
    ("not reset", 1, 2, False, "begins with the last state of the entry before it"),
    ("relu", 1, 1, False, "relu and tanh exchanged"),
    ("linear", 1, 1, False, "no nonlinearity"),
    ("lengths ignored", 1, 1, True, "lengths ignored"),
    ("garbage", 1, 1, True, "the padding of output is not zero"),
    ("stored before", 1, 1, False, "output holds the state before each step"),
    ("one step early", 1, 1, False, "h_n one step early"),
    ("output[-1]", 1, 2, False, "h_n taken from output[-1]"),
    ("layer 0's W", 2, 1, False, "W and the biases of the layer below"),
    ("sorted", 1, 1, True, "output and h_n in order of length"),
    ("x exchanged", 1, 1, False, "time and batch of x exchanged"),
]
ALIKE = {  # the same numbers, whenever there is but one layer or direction
    "output and h_n in order of length": {"h_n in order of length"},  # where output has another mistake too
    "lengths ignored": {"h_n taken after the padding"},
    "h_0[layer] in place of h_0[D * layer + direction]": {"the other direction's h_0", "h_0[0] for every entry"},
}


def settings_of_bugs():
    """Each bug in the smallest layer that can have it, in a large one, and in one of a padded batch."""
    for bug, layers, directions, needs_lengths, name in BUGS:
        settings = {(layers, directions, needs_lengths), (2, 2, needs_lengths), (3, 2, True)}
        for n_layers, n_directions, with_lengths in sorted(settings):
            if bug != "layer 0's W" or n_layers == 2:  # in a third layer that is not the layer below
                yield pytest.param(
                    bug, n_layers, n_directions, LENGTHS if with_lengths else None, name,
                    id=f"{bug}-{n_layers}-{n_directions}" + "-lengths" * with_lengths,
                )  # fmt: skip


@pytest.mark.parametrize(("bug", "n_layers", "n_directions", "lengths", "name"), list(settings_of_bugs()))
def test_each_bug_is_named(bug, n_layers, n_directions, lengths, name):
    layer = layer_of(n_layers, n_directions)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0, lengths, {bug})
    report = compare.locate(layer, x, output, h_n, h_0, lengths)
    assert not report.agrees
    names = {found.name for found in report.mistakes}
    assert name in names, str(report)
    assert names <= {name} | ALIKE.get(name, set())
    assert report.partly == report.unseen == ()
    assert all(found.mend in str(report) for found in report.mistakes)
    right_output, right_h_n = RNN.from_torch(layer)(x, h_0, lengths)
    off = [not np.allclose(*pair, rtol=0, atol=1e-12) for pair in zip(h_n, right_h_n, strict=True)]
    assert report.first == (off.index(True) if any(off) else None)
    assert np.allclose(report.h_n, np.abs(h_n - right_h_n).max(axis=(1, 2)), rtol=0, atol=1e-12)
    assert abs(report.output - np.abs(output - right_output).max()) < 1e-12


@pytest.mark.parametrize(
    ("n_directions", "bug", "where"),
    [
        (1, "no b_hh", "layers 0 and 1"),
        (1, "W transposed", "layer 0"),
        (2, "no b_hh", "layers 0 and 1, forward and backward"),
        (2, "W transposed", "layer 0, forward and backward"),
        (2, "forward's W", "layers 0 and 1, backward"),
        (2, "not reset", "layer 0 backward and layer 1 forward and layer 1 backward"),
        (2, "halves swapped below", "in what layer 1 reads"),
        (2, "forward's columns swapped", "layer 1, forward"),
        (2, "backward's columns swapped", "layer 1, backward"),
        (2, "output halves swapped", "in output"),
        (2, "h_n by direction", ""),
    ],
)
def test_the_place_is_said(n_directions, bug, where):
    layer = layer_of(2, n_directions)
    x, h_0 = data_for(layer)
    (found,) = compare.locate(layer, x, *c_port(layer, x, h_0, None, {bug}), h_0).mistakes
    assert found.where == where
    assert str(found) == (f"{found.name} ({where})" if where else found.name)


# What no port above makes by itself: the names that remain, made by the piece itself.
REMAINING = list({m.name: m for m in KNOWN if m.name not in {bug[-1] for bug in BUGS}}.values())


@pytest.mark.parametrize("mistake", REMAINING, ids=lambda mistake: mistake.name)
def test_every_known_mistake_is_named(mistake):
    layer = torch.nn.RNN(10, H, 2, bidirectional=True, dtype=torch.float64)  # so that layer 1 has the shapes of layer 0
    if mistake.name in ("U transposed", "U and W both transposed", "U and W exchanged"):
        layer = torch.nn.RNN(H, H, 2, dtype=torch.float64)
    rng, n_states = np.random.default_rng(0), 4 if layer.bidirectional else 2
    x, h_0 = rng.uniform(-1, 1, (T, N, layer.input_size)), rng.uniform(-0.5, 0.5, (n_states, N, H))
    loop = compare._loop(RNN.from_torch(layer), x, h_0, LENGTHS)
    where = frozenset(at for at in loop.places if mistake.applies(loop, at))
    port = mistake.wrong(loop) if mistake.piece == "whole" else loop.run(mistake, where)
    report = compare.locate(layer, x, *port, h_0, LENGTHS)
    assert mistake.name in {found.name for found in report.mistakes}, str(report)
    assert len(report.mistakes) <= 2


PAIRS = [
    ("no b_hh", "h_n by direction"), ("W transposed", "halves swapped below"), ("forward's W", "not turned back"),
    ("b twice", "stored before"), ("h_0 ignored", "no b_ih"), ("axis flipped", "halves swapped below"),
    ("relu", "column by column"), ("not reset", "W transposed"), ("output[-1]", "interleaved below"),
    ("sorted", "output halves swapped"), ("h_0 batch first", "forward half"), ("lengths ignored", "no b_hh"),
]  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_bugs_at_once_give_no_false_certainty(pair):
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, LENGTHS, set(pair)), h_0, LENGTHS)
    assert report.mistakes == ()
    assert "no known mistake alone" in str(report)
    made = {name for bug, *_, name in BUGS if bug in pair}
    assert {found.name for found in report.partly} <= made | set().union(*(ALIKE.get(name, set()) for name in made))
    if report.partly:
        assert "another mistake remains" in str(report)


def test_the_first_of_two_bugs_is_found_if_it_stands_alone_there():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {"W transposed", "halves swapped below"}), h_0)
    assert report.first == 0
    (found,) = report.partly
    assert (found.name, found.where) == ("W transposed", "layer 0, forward and backward")


def test_an_unknown_mistake_is_called_unknown_and_its_place_is_said():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    other = RNN.from_torch(layer)
    other.weight_hh_l1_reverse[1, 2] += 0.5
    report = compare.locate(layer, x, *other(x, h_0), h_0)
    assert (report.first, report.mistakes, report.partly, report.which) == (3, (), (), "all")
    assert "h_n[3], layer 1 backward: off by up to" in str(report)
    assert "output: only the backward half is off" in str(report)
    assert "right in the first" not in str(report)  # a first state that is not zero meets W at once
    assert "unknown one, or two at once" in str(report)


def test_which_of_one_sequence_is_no_question():
    layer = layer_of(1, 2)
    x, _ = data_for(layer)
    other = RNN.from_torch(layer)
    other.weight_hh_l0_reverse[1, 2] += 0.5
    for one in (x[:, 0], x[:, :1]):
        assert "sequences" not in str(compare.locate(layer, one, *other(one)))
    assert "sequences: all are off" in str(compare.locate(layer, x, *other(x)))


def test_a_mistake_in_w_alone_starts_at_the_second_step():
    layer = layer_of(1, 2)
    x, _ = data_for(layer)
    other = RNN.from_torch(layer)
    other.weight_hh_l0_reverse[1, 2] += 0.5
    for lengths in (None, LENGTHS):
        text = str(compare.locate(layer, x, *other(x, None, lengths), None, lengths))
        assert "right in the first 1 of the steps that it reads" in text


@pytest.mark.parametrize(
    "bug", ["not reset", "sorted", "h_0 batch first", "h_n batch first", "axis flipped", "no b_hh"]
)
def test_a_larger_batch(bug):
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer, n_sequences=9)
    lengths = [T, 2, T, 5, 1, 3, 4, T, 2]
    report = compare.locate(layer, x, *c_port(layer, x, h_0, lengths, {bug}), h_0, lengths)
    assert [found.name for found in report.mistakes] == [name for made, *_, name in BUGS if made == bug][:1]
    assert compare.locate(layer, x, *c_port(layer, x, h_0, lengths), h_0, lengths).unseen == ()


def test_a_mistake_in_all_but_one_sequence_of_a_larger_batch_is_not_named():
    layer = layer_of(1, 1)
    x, h_0 = data_for(layer, n_sequences=9)
    output, h_n = c_port(layer, x, h_0, None, {"no b_hh"})
    output[:, 8], h_n[:, 8] = (each[:, 8] for each in c_port(layer, x, h_0))
    report = compare.locate(layer, x, output, h_n, h_0)
    assert (report.mistakes, report.which, report.sequences) == ((), "some", tuple(range(8)))


def test_only_the_short_sequences():
    layer = layer_of(1, 1)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, LENGTHS, {"lengths ignored"}), h_0, LENGTHS)
    assert (report.which, report.sequences) == ("short", (0, 2, 3))
    assert "only those shorter than T are off (0, 2, 3)" in str(report)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, LENGTHS, {"garbage"}), h_0, LENGTHS)
    assert (report.which, report.sequences, report.first) == ("none", (), None)
    assert "the padding of output is off, and nothing else" in str(report)


def test_one_sequence_of_several():
    layer = layer_of(1, 1)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0)
    h_n[0, 2, 1] += 1
    report = compare.locate(layer, x, output, h_n, h_0)
    assert (report.which, report.sequences) == ("some", (2,))
    assert "output is right" in str(report)


def test_output_alone_and_h_n_alone():
    layer = layer_of(1, 1)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0, None, {"stored before"})
    assert "h_n is right" in str(compare.locate(layer, x, output, h_n, h_0))
    output, h_n = c_port(layer, x, h_0, None, {"one step early"})
    assert "output is right" in str(compare.locate(layer, x, output, h_n, h_0))


def test_states_of_one_layer_that_are_not_turned_back_leave_h_n_right():
    layer = layer_of(1, 2)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {"not turned back"}), h_0)
    assert (report.first, [found.name for found in report.mistakes]) == (None, ["backward not turned back"])
    assert "h_n is right" in str(report)
    assert "output: only the backward half is off" in str(report)


def test_columns_swapped_in_both_directions_are_called_halves_swapped():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    both = {"forward's columns swapped", "backward's columns swapped"}
    (found,) = compare.locate(layer, x, *c_port(layer, x, h_0, None, both), h_0).mistakes
    assert str(found) == "halves swapped (in what layer 1 reads)"


def test_entries_at_anothers_place():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0)
    report = compare.locate(layer, x, output, h_n[[1, 0, 2, 3]], h_0)
    assert report.moved == ((0, 1), (1, 0))
    assert "h_n[0] holds h_n[1], h_n[1] holds h_n[0]" in str(report)


def test_nan_of_a_port():
    layer = layer_of(1, 1)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0)
    output[2, 1, 0] = np.nan
    report = compare.locate(layer, x, output, h_n, h_0)
    assert not report.agrees
    assert np.isnan(report.output)
    assert "never written" in str(report)
    assert "off by up to nan" in str(report)


def test_equal_infinities_agree():
    layer = torch.nn.RNN(1, 1, nonlinearity="relu", bias=False, dtype=torch.float64)
    layer.load_state_dict({name: torch.ones_like(value) for name, value in layer.state_dict().items()})
    x = np.full((3, 1), np.inf)
    assert compare.locate(layer, x, np.full((3, 1), np.inf), np.full((1, 1), np.inf)).agrees


# The bias


def with_the_whole_bias_in_one(share):
    layer = layer_of(1, 1)
    b = torch.linspace(-1, 1, H, dtype=torch.float64)
    layer.load_state_dict(layer.state_dict() | {"bias_ih_l0": share * b, "bias_hh_l0": (1 - share) * b})
    return layer


def test_a_port_that_forgets_a_bias_of_zeros_agrees_and_that_is_said():
    layer = with_the_whole_bias_in_one(1.0)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {"no b_hh"}), h_0)
    assert report.agrees
    assert [found.name for found in report.unseen] == ["bias_hh left out"]
    assert "cannot exclude: bias_hh left out" in str(report)
    assert "split the bias over both" in str(report)


def test_halves_hide_a_bias_that_is_taken_twice():
    layer = with_the_whole_bias_in_one(0.5)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {"b_ih for b_hh"}), h_0)
    assert report.agrees
    assert {found.name for found in report.unseen} == {
        "bias_ih taken twice, for bias_hh too", "bias_hh taken twice, for bias_ih too"
    }  # fmt: skip


@pytest.mark.parametrize("bug", ["no b_hh", "no b_ih", "b_ih for b_hh"])
def test_three_quarters_and_one_quarter_show_them_all(bug):
    layer = with_the_whole_bias_in_one(0.75)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {bug}), h_0)
    assert bug in {made for made, *_, name in BUGS if name == report.mistakes[0].name}
    assert compare.locate(layer, x, *c_port(layer, x, h_0), h_0).unseen == ()


def test_what_one_step_cannot_show():
    layer = layer_of(1, 1)
    x, _ = data_for(layer, n_steps=1)
    report = compare.locate(layer, x, *c_port(layer, x))
    assert report.agrees
    assert {"W transposed", "no memory: W h left out"} <= {found.name for found in report.unseen}
    assert "more, in .unseen" in str(report)
    assert "none was given: h_0 and lengths" in str(report)


# Rounding


def test_a_float32_port_of_a_float64_layer_is_held_to_float32():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0)
    report = compare.locate(layer, x, output.astype(np.float32), h_n.astype(np.float32), h_0)
    assert report.agrees
    assert (report.dtype, report.rounding) == ("float32", 1e-6)
    report = compare.locate(layer, x, output.astype(np.float32).astype(np.float64), h_n, h_0)
    assert (report.agrees, report.mistakes) == (False, ())
    assert "is there a float32 in the port?" in str(report)


def test_small_differences_are_told_from_large_ones():
    layer = layer_of(1, 1, torch.float32)
    x, h_0 = data_for(layer)
    output, h_n = RNN.from_torch(layer)(x, h_0)
    report = compare.locate(layer, x, output + np.float32(5e-6 * np.sign(output)), h_n, h_0)
    assert (report.agrees, report.mistakes) == (False, ())
    assert "run both in float64" in str(report)
    report = compare.locate(layer, x, output.astype(np.float16).astype(np.float32), h_n, h_0)
    assert "reduced precision" in str(report)
    assert report.mistakes == ()


def test_a_layer_in_which_rounding_grows_is_called_so():
    layer = torch.nn.RNN(I, 64, dtype=torch.float64)
    rng = np.random.default_rng(0)
    layer.load_state_dict(layer.state_dict() | {"weight_hh_l0": torch.tensor(rng.standard_normal((64, 64)) / 4)})
    x = rng.uniform(-1, 1, (400, I))
    states, h = [], np.zeros(64)
    rnn = RNN.from_torch(layer)
    for x_t in x[:, ::-1]:  # the same sums in another order
        h = np.tanh(x_t @ rnn.weight_ih_l0[:, ::-1].T + h @ rnn.weight_hh_l0.T + rnn.bias_ih_l0 + rnn.bias_hh_l0)
        states.append(h)
    report = compare.locate(layer, x, np.array(states), h[np.newaxis])
    assert (report.agrees, report.mistakes) == (False, ())
    assert "right code differs too" in str(report)


# Layouts


@pytest.mark.parametrize("as_tensor", [False, True])
def test_batch_first_tensors_and_one_sequence(as_tensor):
    layer = layer_of(2, 2, batch_first=True)
    x, h_0 = data_for(layer)
    given = torch.tensor if as_tensor else np.array
    for arguments in [(x, h_0, LENGTHS), (x, h_0, None), (x[0], h_0[:, 0], None)]:
        output, h_n = RNN.from_torch(layer)(*arguments)
        rest = (given(arguments[1]), None if arguments[2] is None else given(arguments[2]))
        assert compare.locate(layer, given(arguments[0]), given(output), given(h_n), *rest).agrees
        report = compare.locate(layer, given(arguments[0]), given(output), given(h_n[[0, 2, 1, 3]]), *rest)
        assert [found.name for found in report.mistakes] == ["h_n ordered by direction"]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("what", ["x", "output", "both"])
def test_time_and_batch_exchanged_in_either_layout(batch_first, what):
    layer = layer_of(1, 1, batch_first=batch_first)
    x, h_0 = data_for(layer)
    read, other = RNN.from_torch(layer), RNN.from_torch(layer_of(1, 1, batch_first=not batch_first))
    turned = x.reshape(x.shape[1], x.shape[0], -1)
    wrong_x = {
        # The port takes the memory for the other layout; `other` reads it, or it is laid out as it should be.
        "x": lambda: read(turned.swapaxes(0, 1), h_0),
        "output": lambda: (read(x, h_0)[0].swapaxes(0, 1).reshape(*x.shape[:2], H), read(x, h_0)[1]),
        "both": lambda: (lambda result: (result[0].reshape(*x.shape[:2], H), result[1]))(other(turned, h_0)),
    }[what]
    output, h_n = wrong_x()
    names = [found.name for found in compare.locate(layer, x, output, h_n, h_0).mistakes]
    assert names == [f"time and batch of {'x and of output' if what == 'both' else what} exchanged"]


def test_our_own_layer_is_read_too():
    rnn = RNN(I, H, 2, bidirectional=True, seed=0)
    x = np.ones((T, I))
    assert compare.locate(rnn, x, *rnn(x)).agrees
    other = RNN(I, H, 2, bidirectional=True, seed=1)
    assert compare.locate(rnn, x, *other(x)).first == 0


def test_a_layer_without_biases_and_with_relu():
    layer = layer_of(2, 2, bias=False, nonlinearity="relu")
    x, h_0 = data_for(layer)
    rnn = RNN.from_torch(layer)
    report = compare.locate(layer, x, *rnn(x, h_0), h_0)
    assert report.agrees
    assert not [found for found in report.unseen if "bias" in found.name]
    wrong = RNN(I, H, 2, bidirectional=True, bias=False, dtype="float64")
    wrong.load_state_dict(rnn.state_dict())
    assert "relu and tanh exchanged" in {f.name for f in compare.locate(layer, x, *wrong(x, h_0), h_0).mistakes}


def test_settings_and_arguments_are_left_alone():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0, LENGTHS, {"W transposed"})
    given = [each.copy() for each in (x, output, h_n, h_0)]
    with np.errstate(all="raise"):
        report = compare.locate(layer, x, output, h_n, h_0, LENGTHS)
    assert [found.name for found in report.mistakes] == ["W transposed"]
    assert all(np.array_equal(*pair) for pair in zip(given, (x, output, h_n, h_0), strict=True))


# The report


def test_the_report_is_frozen_and_its_text_is_short():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    report = compare.locate(layer, x, *c_port(layer, x, h_0, None, {"halves swapped below"}), h_0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.agrees = True
    assert repr(report) == str(report)
    lines = str(report).splitlines()
    assert len(lines) <= 12
    assert [line for line in lines if "<- the first that is off" in line] == [lines[3]]
    assert lines[3].startswith("h_n[2], layer 1 forward: off by up to ")
    assert lines[-3] == "exactly these numbers come from: halves swapped (in what layer 1 reads)"
    assert lines[-1] == 'in the book: Silent mistakes, in a port: "halves swapped"'


# Refusals


def test_what_cannot_be_compared_is_refused():
    layer = layer_of(2, 2)
    x, h_0 = data_for(layer)
    output, h_n = c_port(layer, x, h_0)
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.tensor(x), torch.tensor(LENGTHS), enforce_sorted=False)
    cases = [
        (TypeError, "output must be float32 or float64, .*got int64: whole numbers", (x, output.astype(int), h_n)),
        (TypeError, "h_n must be float32 or float64, .*got float16$", (x, output, h_n.astype(np.float16))),
        (TypeError, "output must hold real numbers", (x, output.astype(complex), h_n)),
        (TypeError, "output must be an array, got a PackedSequence", (x, packed, h_n)),
        (TypeError, "x must be an array, got a PackedSequence", (packed, output, h_n)),
        (ValueError, r"output must have shape \(6, 4, 10\).*got \(4, 6, 10\): exchange the first two axes, "
         "the layer has batch_first=False", (x, output.swapaxes(0, 1), h_n)),
        (ValueError, r"h_n must have shape \(4, 3, 5\).*got \(3, 4, 5\): exchange .* never batch first",
         (x[:, :3], output[:, :3], h_n[:, :3].swapaxes(0, 1))),
        (ValueError, r"output must .*got \(240,\): as many numbers, so reshape", (x, output.ravel(), h_n)),
        (ValueError, r"h_n must have shape \(4, 4, 5\), as the layer gives it for this x; got \(2, 4, 5\)$",
         (x, output, h_n[:2])),
        (ValueError, "x has 2 features", (x[..., :2], output, h_n)),
        (ValueError, "lengths must be from 1 to T=6", (x, output, h_n, h_0, [0, 1, 2, 3])),
        (ValueError, "lengths go with a batch", (x[:, 0], output[:, 0], h_n[:, 0], None, [3])),
        (ValueError, "h_0 must have shape", (x, output, h_n, h_0[:1])),
    ]  # fmt: skip
    for error, message, arguments in cases:
        with pytest.raises(error, match=message):
            compare.locate(layer, *arguments)
    with pytest.raises(TypeError, match=r"torch\.nn\.RNN with torch's own forward, got GRU"):
        compare.locate(torch.nn.GRU(I, H), x, output, h_n)


def test_against_torch_says_that_it_read_no_port():
    difference = compare.against_torch(layer_of(), data_for(layer_of())[0])
    assert "rnn_helpers.RNN and torch agree" in repr(difference)
    assert "your own code was not run: compare.locate" in repr(difference)


# The page of the book

PAGE = (series.ROOT / "book" / "my_code_disagrees.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", PAGE, flags=re.S)


def test_the_page_shows_what_its_code_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    with torch.random.fork_rng(devices=[]):
        ask, answer, order, _ = (code for kind, code in BLOCKS if kind == "python")
        exec(ask, names)
        question = np.load("question.npz")
        assert "weight_hh_l1_reverse" in question
        output, h_n = c_port(names["layer"], question["x"], None, None, {"halves swapped below"})
        np.savez("port.npz", output=output, h_n=h_n)
        printed = []
        for code in (answer, order):
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                exec(code, names)
            printed.append(stream.getvalue())
    assert printed == [text for kind, text in BLOCKS if kind == "text"]


def test_the_page_shows_the_loop_of_the_layer():
    loop = textwrap.dedent([code for kind, code in BLOCKS if kind == "python"][-1])
    assert loop.rstrip() in textwrap.dedent(
        "    " + inspect.getsource(RNN.__call__).partition("n_sequences, batched)\n")[2]
    )
    assert all(
        piece in loop for piece in ("for layer in", "_reversed", "h_n[state]", "np.concatenate", "x[padding] = 0")
    )


def test_the_page_names_the_mistakes_as_locate_does():
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 12
    named = {name for row in rows for name in re.findall("`(.*?)`", row[1])}
    assert named <= {mistake.name for mistake in KNOWN} | {"the padding of output is not zero"}
    assert len(named) >= 16


def test_the_page_says_the_tolerances():
    for dtype in compare.TOLERANCES:
        assert f"{compare.TOLERANCES[dtype]['atol']:.0e}".replace("e-0", "e-") + f" in {dtype}" in " ".join(
            PAGE.split()
        )


def test_the_page_is_short():
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.S)
    assert len(prose.split()) <= 900
