"""What crosses the wall comes back as it was, and nothing that comes over it can hurt."""

from __future__ import annotations

import json
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_grading import wire
from rnn_grading.wire import Broken, Channel, Other, Reader, Tensor, Writer


def there_and_back(value, special=None):
    writer = Writer(special)
    tree = json.loads(json.dumps(writer.tree(value)))
    return Reader([b"", *writer.frames]).value(tree)


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(allow_nan=False),
    st.text(max_size=50),
    st.just(...),
)
VALUES = st.recursive(
    PLAIN,
    lambda part: st.one_of(
        st.lists(part, max_size=4),
        st.tuples(part, part),
        st.dictionaries(st.text(max_size=5).filter(str.isascii) | st.integers(), part, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_plain_values_come_back_with_their_types(value):
    found = there_and_back(value)
    assert found == value
    assert type(found) is type(value)
    assert repr(found) == repr(value)  # a float stays apart from an integer, a tuple from a list


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3)])
def test_arrays_come_back_to_the_bit(dtype, shape):
    array = np.random.default_rng(0).integers(0, 2, size=shape).astype(dtype)
    found = there_and_back(array)
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert found.flags.writeable
    assert not np.shares_memory(found, array)


def test_kinds_of_arrays_stay_apart():
    assert type(there_and_back(np.float32(1.5))) is np.float32
    assert type(there_and_back(np.matrix([[1.0]]))) is np.matrix
    assert there_and_back(np.zeros((2, 3)).T).shape == (3, 2)
    assert there_and_back(np.array([1.0], dtype=">f8")).tolist() == [1.0]
    assert there_and_back(np.array([None])).dtype == object
    assert there_and_back(np.array(["ab"])).dtype == np.dtype("<U2")


def test_a_tensor_is_an_array_that_says_so():
    torch = pytest.importorskip("torch")
    found = there_and_back(torch.ones(3, requires_grad=True))
    assert type(found) is Tensor
    assert found.detach().cpu().numpy().tolist() == [1, 1, 1]
    largest = there_and_back(torch.ones(2, 3).max(0))
    assert largest.values.numpy().tolist() == [1, 1, 1]
    assert largest.indices.numpy().tolist() == [0, 0, 0]


def test_a_named_tuple_keeps_its_names():
    from collections import namedtuple

    found = there_and_back(namedtuple("Gradients", "x U")(1, np.ones(2)))
    assert (type(found).__name__, found.x, found.U.tolist(), found[0]) == ("Gradients", 1, [1, 1], 1)


def test_what_does_not_cross_is_told_by_its_type():
    for value, name in [(object(), "object"), ({1, 2}, "set"), (10**1000, "int"), (int, "type"), (1j, "complex")]:
        found = there_and_back(value)
        assert isinstance(found, Other)
        assert type(found).__name__ == name


def test_what_is_far_too_large_comes_as_its_shape():
    found = there_and_back(np.broadcast_to(0.0, (3000, 3000)))
    assert found.shape == (3000, 3000)
    assert found.base.nbytes <= 8  # no memory
    with pytest.raises(Broken):  # of one array, so that no list of them can be stacked
        there_and_back([np.broadcast_to(0.0, (3000, 3000))] * 2)


@pytest.mark.parametrize(
    "tree",
    [
        None, 3, [], ["pickle", "x"], ["value", 3], ["value", "x" * 3000], ["int", "1" * 101], ["int", 3], ["float", "x"],
        ["array", "<f8", [1], 1], ["array", "|O", [1], 1], ["array", "<f8", [-1], 1], ["array", "<f8", [2], 1],
        ["array", "<f8", ["1"], 1], ["array", "<f8", [1], True], ["list", 3], ["list", [["value"]]], ["dict", [[1]]],
        ["named", "x", ["a"], []], ["named", "x", ["__class__"], [["value", None]]], ["no numbers", "f8"],
        ["list", [["value", None]] * 30_000], ["too large", "<f8", []], ["too large", "|O", [10**7]], ["dict", [[["list", []], ["value", 1]]]],
    ],
)  # fmt: skip
def test_what_no_writer_makes_is_refused(tree):
    with pytest.raises(Broken):
        Reader([b"", b"1234567"]).value(tree)


def test_nesting_has_a_bound():
    deep = ["value", None]
    for _ in range(20):
        deep = ["list", [deep]]
    with pytest.raises(Broken):
        Reader([b""]).value(deep)
    nested: list = []
    nested.append(nested)
    assert there_and_back(nested) is not None


# Whatever comes

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(sorted(wire.DTYPES)),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=4), part, max_size=3),
    max_leaves=10,
)
KINDS = st.sampled_from(
    [
        "value",
        "int",
        "float",
        "dots",
        "array",
        "matrix",
        "scalar",
        "tensor",
        "list",
        "tuple",
        "named",
        "dict",
        "function",
        "layer",
        "other",
        "no numbers",
        "too large",
    ]
)
TREES = st.recursive(
    st.builds(lambda kind, parts: [kind, *parts], KINDS, st.lists(JSON, max_size=4)),
    lambda part: (
        st.builds(lambda kind, parts: [kind, parts], KINDS, st.lists(part, max_size=4))
        | st.builds(lambda kind, part: [kind, part], KINDS, part)
    ),
    max_leaves=6,
)


@settings(max_examples=5000, deadline=None)
@given(TREES | JSON, st.lists(st.binary(max_size=64), max_size=3))
def test_a_reader_makes_a_value_or_says_that_it_is_broken(tree, frames):
    try:
        Reader([b"", *frames]).value(tree)
    except Broken:
        return


GOOD = b"".join(
    [struct.pack("<II", 2, 62), json.dumps({"number": 1, "value": ["array", "<f8", [2], 1]}).ljust(62).encode()]
)
GOOD += struct.pack("<I", 16) + np.ones(2).tobytes()


def receive(data: bytes):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(data), theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        try:
            return Channel(ours).receive()
        finally:
            ours.close()
            sender.join()


@st.composite
def mutated(draw):
    data = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                data[place] = draw(st.integers(0, 255))
            case "cut":
                del data[place : place + draw(st.integers(1, 8))]
            case "insert":
                data[place:place] = draw(st.binary(max_size=8))
        if not data:
            break
    return bytes(data)


@settings(max_examples=5000, deadline=None)
@given(mutated() | st.binary(max_size=80))
def test_a_channel_gives_a_message_or_says_that_there_is_none(data):
    try:
        tree, parts = receive(data)
        if isinstance(tree, dict):
            Reader(parts).value(tree.get("value"))
    except (Broken, EOFError, BrokenPipeError, ConnectionError):
        return


def test_the_unchanged_message_arrives():
    tree, parts = receive(GOOD)
    assert Reader(parts).value(tree["value"]).tolist() == [1, 1]


def test_a_channel_refuses_before_it_reads():
    for data in (struct.pack("<I", 2**31), struct.pack("<II", 1, 2**31), struct.pack("<I", 0)):
        with pytest.raises(Broken):
            receive(data)


def test_who_waits_is_asked_again_and_again():
    asked = []

    def tick():
        asked.append(1)
        if len(asked) == 3:
            raise TimeoutError

    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        Channel(ours, tick).receive()
    ours, theirs = socket.socketpair()
    asked.clear()
    with ours, theirs, pytest.raises(TimeoutError):
        Channel(ours, tick).send({"x": "y" * 10_000_000})  # nobody reads it
