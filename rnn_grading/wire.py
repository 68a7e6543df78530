"""What crosses the wall between examiner and worker: one JSON tree, and raw frames for the numbers of arrays.

Nothing is run when it is read: there are no pickles. What is read is bounded, whoever wrote it.
"""

from __future__ import annotations

import json
import operator
import re
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Broken", "Channel", "Function", "Layer", "Other", "Reader", "Tensor", "Writer", "other", "word"]

MAX_FRAMES = 256  # of one message
MAX_FRAME = 8 * 2**20  # bytes
MAX_MESSAGE = 16 * 2**20  # bytes, and of all arrays that one message comes to
MAX_NODES = 20_000  # values in one message, counting those inside others
MAX_DEPTH = 8
MAX_TEXT = 2000  # characters; what a learner wrote in a cell has a limit of its own
MAX_SIZE = 1_000_000  # numbers in an array: as many as a check reads
DTYPES = {f"<{kind}" for kind in ("f2", "f4", "f8", "f16", "i2", "i4", "i8", "u2", "u4", "u8", "c8", "c16")}
DTYPES |= {"|i1", "|u1", "|b1"}
NOT_NUMBERS = re.compile(r"[<>|=]?[OUSVMm]\d{0,4}(\[\w{1,12}\])?")
FIELD = re.compile(r"[A-Za-z]\w{0,59}")
TICK_SECONDS = 0.25
SIZE = struct.Struct("<I")


class Broken(Exception):  # noqa: N818 - a state of the other side
    """What came is no message: too large, cut off, or of another form. Nothing more is read from there."""


class Tensor:
    """A torch tensor that came as an array, where there need be no torch."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def detach(self) -> Tensor:
        """Itself: nothing is attached to it."""
        return self

    cpu = detach

    def numpy(self) -> np.ndarray:
        """The numbers."""
        return self.values


class Function:
    """A function of the other side, by its number."""

    def __init__(self, number: int) -> None:
        self.number = number


class Layer:
    """A `torch.nn.RNN` as its parameters by name; None for one that is gone or is none any more."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters


class Other:
    """Something that does not cross; its class has the name of the type that it had."""


def other(name: Any) -> Other:
    """An object that only tells what it would have been."""
    return type(word(name), (Other,), {"__module__": "learner"})()


def word(name: Any) -> str:
    """The name of a type, as it can be shown and given to another."""
    return "".join(letter for letter in str(name)[:60] if letter.isprintable()) or "object"


class Writer:
    """Values as a tree, and the frames that go with it.

    Parameters
    ----------
    special : callable, optional
        ``special(value, writer)`` returns the tree of a value that only this side knows, or None.
    """

    def __init__(self, special: Callable[[Any, Writer], list[Any] | None] | None = None) -> None:
        self.frames: list[bytes] = []
        self.special = special
        self.left, self.size = MAX_NODES, 0

    def tree(self, value: Any, depth: int = 0) -> list[Any]:
        """The tree of one value; whatever does not cross is told by the name of its type."""
        try:
            return self._tree(value, depth)
        except Exception:  # a learner's object may raise from anywhere
            return ["other", "object"]

    def _tree(self, value: Any, depth: int) -> list[Any]:
        self.left -= 1
        kind: type = type(value)
        if self.left < 0 or depth > MAX_DEPTH:
            return ["other", _name(kind)]
        if value is None or kind is bool:
            return ["value", value]
        if kind is str:
            return ["value", value[:MAX_TEXT]]
        if kind is int:
            return ["int", str(value)] if value.bit_length() <= 256 else ["other", "int"]
        if kind is float:
            return ["float", value.hex()]
        if value is ...:
            return ["dots"]
        if isinstance(value, np.ndarray):
            return ["matrix", self._array(value)] if kind is np.matrix else self._array(value)
        if isinstance(value, np.generic):
            return ["scalar", self._array(np.asarray(value))]
        if isinstance(value, tuple) and (fields := _fields(value)):
            return ["named", _name(kind), fields, [self.tree(part, depth + 1) for part in value]]
        if isinstance(value, list | tuple):
            if len(value) > self.left:
                return ["other", _name(kind)]
            return ["list" if isinstance(value, list) else "tuple", [self.tree(part, depth + 1) for part in value]]
        if isinstance(value, dict):
            if len(value) > self.left:
                return ["other", _name(kind)]
            pairs = [[self.tree(key, depth + 1), self.tree(part, depth + 1)] for key, part in value.items()]
            return ["dict", [pair for pair in pairs if pair[0][0] in {"value", "int"}]]
        if self.special is not None and (special := self.special(value, self)) is not None:
            return special
        if hasattr(value, "detach"):
            return ["tensor", self._array(value.detach().cpu().numpy())]
        return ["other", _name(kind)]

    def _array(self, array: np.ndarray) -> list[Any]:
        if array.dtype.str not in DTYPES:
            native = array.dtype.newbyteorder("<").str
            if native not in DTYPES:
                return ["no numbers", array.dtype.str]
            array = array.astype(native)
        shape = [int(size) for size in array.shape]
        if array.size > MAX_SIZE or self.size + array.nbytes > MAX_MESSAGE or len(self.frames) >= MAX_FRAMES - 2:
            return ["too large", array.dtype.str, shape]
        self.size += array.nbytes
        self.frames.append(np.ascontiguousarray(array).tobytes())
        return ["array", array.dtype.str, shape, len(self.frames)]


def _name(kind: type) -> str:
    return str(type.__dict__["__name__"].__get__(kind))[:60]


def _fields(value: Any) -> list[str]:
    """The names of a named tuple's parts; torch's own kind of it has no `_fields`."""
    names = getattr(type(value), "_fields", None)
    if names is None and hasattr(value, "values") and hasattr(value, "indices"):
        names = ("values", "indices")
    if not isinstance(names, tuple) or len(names) != len(value):
        return []
    return [str(name) for name in names] if all(FIELD.fullmatch(str(name)) for name in names) else []


class Reader:
    """Values of a tree that came over the wire.

    Parameters
    ----------
    frames : list of bytes
        All parts of the message, the tree's first.
    function, layer : callable, optional
        What becomes of a `Function` and of a `Layer`; without it they come as such.
    """

    def __init__(
        self,
        frames: list[bytes],
        function: Callable[[int], Any] = Function,
        layer: Callable[[dict[str, Any]], Any] = Layer,
    ) -> None:
        self.frames, self.function, self.layer = frames, function, layer
        self.left, self.bytes_left, self.may_be_large = MAX_NODES, MAX_MESSAGE, True

    def value(self, tree: Any) -> Any:
        """The value; raises `Broken` if the tree is none that a `Writer` makes."""
        try:
            return self._value(tree, 0)
        except Broken:
            raise
        except Exception as error:  # whatever a worker sent: a wrong type anywhere, a frame that is not there
            raise Broken(f"no value: {type(error).__name__}") from None

    def _value(self, tree: Any, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH + 2 or type(tree) is not list:
            raise Broken("too many values, too deep, or none")
        kind, *parts = tree
        match kind:
            case "value":
                (value,) = parts
                if not (value is None or type(value) is bool or (type(value) is str and len(value) <= MAX_TEXT)):
                    raise Broken("no plain value")
                return value
            case "int":
                if len(parts[0]) > 100:
                    raise Broken("too many digits")
                return int(parts[0])
            case "float":
                return float.fromhex(parts[0])
            case "dots":
                return ...
            case "array":
                return self._array(*parts)
            case "matrix":
                return np.asmatrix(self._value(parts[0], depth + 1))
            case "scalar":
                return self._value(parts[0], depth + 1)[()]
            case "tensor":
                return Tensor(self._value(parts[0], depth + 1))
            case "no numbers":
                if not NOT_NUMBERS.fullmatch(parts[0]):
                    raise Broken("no dtype")
                return np.empty(0, parts[0])
            case "too large":
                return self._large(*parts)
            case "list":
                return [self._value(part, depth + 1) for part in parts[0]]
            case "tuple":
                return tuple(self._value(part, depth + 1) for part in parts[0])
            case "named":
                name, fields, values = parts
                return self._named(name, fields, [self._value(part, depth + 1) for part in values])
            case "dict":
                return {self._value(key, depth + 1): self._value(part, depth + 1) for key, part in parts[0]}
            case "function":
                return self.function(int(parts[0]))
            case "layer":
                return self.layer({str(name): self._value(part, depth + 1) for name, part in parts[0].items()})
            case "other":
                return other(parts[0])
        raise Broken("no kind of value")

    def _array(self, dtype: str, shape: list[int], frame: int) -> np.ndarray:
        if dtype not in DTYPES or type(frame) is not int or not 1 <= frame < len(self.frames) or len(shape) > 32:
            raise Broken("no array")
        content = self.frames[frame]
        self.bytes_left -= len(content)  # a frame can be named many times
        if self.bytes_left < 0 or any(type(size) is not int or size < 0 for size in shape):
            raise Broken("too many numbers")
        return np.frombuffer(content, dtype).reshape(shape).copy()

    def _large(self, dtype: str, shape: list[int]) -> np.ndarray:
        """An array that takes no memory, of a shape that says that it is far too large; one in a message."""
        if dtype not in DTYPES or not self.may_be_large or not 1 <= len(shape) <= 8:
            raise Broken("no array")
        self.may_be_large = False
        sizes = [max(1, min(int(size), 2**31)) for size in shape]
        if not MAX_SIZE < np.prod([float(size) for size in sizes]) < 2**50:
            sizes = [MAX_SIZE + 1]
        return np.broadcast_to(np.zeros((), dtype), sizes)

    def _named(self, name: str, fields: list[str], values: list[Any]) -> Any:
        if len(fields) != len(values) or not all(type(field) is str and FIELD.fullmatch(field) for field in fields):
            raise Broken("no named tuple")
        members = {field: property(operator.itemgetter(n)) for n, field in enumerate(fields)}
        return type(word(name), (tuple,), members)(values)


class Channel:
    """Messages over a socket, each whole or not at all, within limits of size and of time."""

    def __init__(self, connection: socket.socket, tick: Callable[[], None] = lambda: None) -> None:
        """Take a connected socket.

        Parameters
        ----------
        connection : socket.socket
            The way to the other side.
        tick : callable, optional
            Called every quarter of a second, however little or much comes; may raise, to go on no longer.
        """
        connection.setblocking(False)
        self.connection, self.tick, self._ticked = connection, tick, time.monotonic()

    def send(self, tree: Any, frames: list[bytes] | None = None) -> None:
        """Send one message."""
        parts = [json.dumps(tree).encode(), *(frames or [])]
        data = memoryview(b"".join([SIZE.pack(len(parts)), *(SIZE.pack(len(part)) + part for part in parts)]))
        while data:
            try:
                data = data[self.connection.send(data) :]
            except BlockingIOError:
                self._wait(write=True)
            except OSError as error:
                raise EOFError(str(error)) from None

    def receive(self) -> tuple[Any, list[bytes]]:
        """The next message: its tree, and all its parts. Raises `EOFError` at the end, `Broken` if it is none."""
        self._beat()
        (count,) = SIZE.unpack(self._exactly(SIZE.size))
        if not 1 <= count <= MAX_FRAMES:
            raise Broken("too many frames")
        parts, left = [], MAX_MESSAGE + 2**20
        for _ in range(count):
            (size,) = SIZE.unpack(self._exactly(SIZE.size))
            left -= size
            if size > MAX_FRAME or left < 0:
                raise Broken("too large")
            parts.append(self._exactly(size))
        try:
            return json.loads(parts[0]), parts
        except (ValueError, RecursionError):
            raise Broken("no JSON") from None

    def _exactly(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            try:
                got = self.connection.recv(min(size - len(found), 2**20))
            except BlockingIOError:
                self._wait(write=False)
                continue
            except OSError as error:
                raise EOFError(str(error)) from None
            if not got:
                raise EOFError("the other side is gone")
            found += got
        return bytes(found)

    def _wait(self, *, write: bool) -> None:
        us = [self.connection]
        select.select([] if write else us, us if write else [], [], TICK_SECONDS)
        self._beat()

    def _beat(self) -> None:
        if time.monotonic() - self._ticked >= TICK_SECONDS:
            self._ticked = time.monotonic()
            self.tick()

    def close(self) -> None:
        """End the conversation."""
        self.connection.close()
