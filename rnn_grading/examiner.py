"""Holds the tests and the verdict: stands in for a learner's functions, and runs the very checks that learners run.

It never runs what a learner wrote, and believes nothing that a worker says but the values of results: a worker that
lies about the rest can only make its own answers worse.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import signal
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from rnn_grading.walls import Limits, Sandbox
from rnn_grading.wire import Broken, Channel, Layer, Reader, Writer, other, word

__all__ = ["Item", "Notebook", "Stopped", "Verdict"]

MAX_CALLBACKS = 5000  # of one call
CALLBACK_NUMBERS = 1000  # in an argument of a callback
BROKEN, MIXED_UP = 70, 71  # exit codes of a worker that cannot go on, and of one that reads what is no message
IN_TWO = "as happens when code copies its process (os.fork) or writes where answers go"
TRIES = 2  # to start a worker


@dataclass(frozen=True)
class Item:
    """A test cell: what a score is made of."""

    name: str  # its grade_id
    source: str  # with the hidden cases
    functions: tuple[str, ...]  # the learner's, that it calls
    points: float
    title: str = ""
    with_torch: bool = False


@dataclass
class Verdict:
    """What came of one item: a message for a wrong one, an empty string for a right one.

    `in_hidden` is true of what only the hidden cases found.
    """

    message: str
    in_hidden: bool = False


class Stopped(Exception):  # noqa: N818 - not an error of the grader
    """The worker will not answer any more."""

    def __init__(self, kind: str, sentence: str, by_the_clock: bool = False) -> None:
        super().__init__(sentence)
        self.kind, self.sentence, self.by_the_clock = kind, sentence, by_the_clock


@dataclass
class Notebook:
    """One submission's notebook as it runs in workers: cells, and items that are judged where they stand.

    A worker that is lost, by a time-out or an end of its own, is replaced by a new one, in which the cells run again
    but for those that cost a worker.
    """

    sandboxes: Callable[[], Sandbox]  # a sandbox that is ready for a submission
    limits: Limits
    kinds: list[str] = field(default_factory=list)  # of what went wrong: timed out, out of memory, crashed
    notes: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)  # statements that failed, with the cell's number
    by_the_clock: bool = False  # a worker was lost to the clock, which other programs may have slowed down
    _cells: list[tuple[int, str]] = field(default_factory=list)
    _bad: set[int] = field(default_factory=set)
    _channel: Channel | None = None
    _sandbox: Sandbox | None = None
    _spent: float = 0.0
    _worked: float = 0.0  # seconds of the examiner's own processor, for calls back
    _over: str = ""
    _number: int = 0
    _begun: float = 0.0
    _cpu_before: float | None = None

    # Conversation

    def ask(self, request: dict[str, Any], frames: list[bytes] | None = None, serve: Any = None) -> Any:
        """One answer of the worker, and its frames; raises `Stopped` if there is none."""
        assert self._channel is not None, "connect comes first"
        self._watch()
        self._number += 1
        worked = self._worked - time.process_time()
        try:
            self._channel.send({**request, "number": self._number}, frames)
            for _ in range(MAX_CALLBACKS):
                answer, parts = self._channel.receive()
                if type(answer) is not dict:
                    raise Broken("no answer")
                if serve is not None and "callback" in answer:
                    self._worked = worked + time.process_time()
                    if self._worked > self.limits.cell_seconds:
                        raise Stopped("timed out", "it kept the grader busy with calls of a function that it was given")
                    self._channel.send(*serve(answer, parts))
                    continue
                if not is_answer_to(answer, self._number):
                    raise Broken("an answer to another question")
                self._spent += (time.monotonic() - self._begun) / 3  # as many a short wait adds up, too
                return answer, parts
            told = f"it called a function that it was given more than {MAX_CALLBACKS} times in one call"
            raise Stopped("timed out", told)
        except Stopped as stopped:
            self._lose(stopped)
            raise
        except (Broken, EOFError) as error:
            stop = self._end(error)
            self._lose(stop)
            raise stop from None

    def _watch(self) -> None:
        self._begun, self._cpu_before = time.monotonic(), None

    def _tick(self) -> None:
        """While a worker keeps us waiting, see whether it is over, or too late."""
        assert self._sandbox is not None, "there is a worker"
        if self._sandbox.has_ended():
            raise self._end(EOFError())
        waited = time.monotonic() - self._begun
        if waited < 1:
            return
        used = self._sandbox.cpu_seconds()
        if self._cpu_before is None:
            self._cpu_before = max(0.0, used - waited)
        allowed = max(0.0, min(self.limits.cell_seconds, self.limits.submission_seconds - self._spent))
        busy = used - self._cpu_before
        if busy < allowed and waited < 3 * allowed:
            return
        cell, whole = self.limits.cell_seconds, self.limits.submission_seconds
        sentence = f"it ran too long (limits: {cell:g} s a cell or call, {whole:g} s a notebook)"
        raise Stopped("timed out", sentence, by_the_clock=busy < self.limits.cell_seconds)

    def _end(self, error: Exception) -> Stopped:
        if isinstance(error, Broken):
            return Stopped("crashed", f"the notebook's process sent {error} instead of its answer, {IN_TWO}")
        assert self._sandbox is not None, "there was a worker"
        code = self._sandbox.ended if self._sandbox.has_ended(2.0) else None
        if code == -24:
            return Stopped("timed out", "the notebook used up its processor time")
        how = "it ended its sandbox" if self._sandbox.is_gone else _how_it_ended(code)
        return Stopped("crashed", f"the notebook's process gave no answer: {how}")

    def _lose(self, stop: Stopped) -> None:
        """Give the worker up."""
        waited = time.monotonic() - self._begun
        self._spent += waited / 3 if stop.by_the_clock else waited
        self.by_the_clock |= stop.by_the_clock
        if stop.kind not in self.kinds:
            self.kinds.append(stop.kind)
        if stop.sentence not in self.notes:
            self.notes.append(stop.sentence)
        if self._spent >= self.limits.submission_seconds:
            self._over = f"the notebook used up its {self.limits.submission_seconds:g} s"
        if self._sandbox is not None:
            self._sandbox.kill()
        self.close()

    def close(self) -> None:
        """Let the worker go."""
        if self._channel is not None:
            self._channel.close()
        self._channel = self._sandbox = None

    def _connect(self) -> None:
        """Have a worker in which all cells so far have run."""
        while self._channel is None:
            if self._over:
                raise Stopped("timed out", f"not run: {self._over}", self.by_the_clock)
            self._sandbox = self.sandboxes()
            self._channel = Channel(self._sandbox.connect(), self._tick)
            self._number = 0
            self.problems.clear()
            for number, source in self._cells:
                if number not in self._bad and isinstance(self._run(number, source), Stopped):
                    break

    def _run(self, number: int, source: str) -> dict[str, Any] | Stopped:
        """What a worker answers to a cell, or why it does not."""
        try:
            answer, _ = self.ask({"do": "cell", "source": source})
        except Stopped as stop:
            self._bad.add(number)
            return stop
        found = answer.get("problems")
        for problem in found if isinstance(found, list) else []:
            self.problems.append({**_problem(problem), "cell": number})
        return answer

    # What it is for

    def cell(self, source: str) -> dict[str, Any] | Stopped:
        """Run a cell; what the worker answers, or why it does not."""
        number = len(self._cells)
        try:
            self._connect()
        except Stopped as stop:
            return stop
        self._cells.append((number, source))
        return self._run(number, source)

    def judge(self, item: Item, given: dict[str, Any]) -> Verdict:
        """Run the test on the learner's functions as they are now.

        Parameters
        ----------
        item : Item
            What to run.
        given : dict
            What the given cells import, which a test may use too.
        """
        names = dict(given)
        try:
            self._connect()
            for name in item.functions:
                stand_in = self._stand_in(name)
                if stand_in is not None:
                    names[name] = stand_in
        except Stopped as stop:
            return Verdict(_sentence(item, stop))
        worker = self._channel
        message, in_hidden = _verdict(item, names)
        if self._channel is not worker:  # it was lost on the way, which says more than what came of it
            return Verdict(f"{_named(item)}: {self.notes[-1]}")
        return Verdict(message, in_hidden=in_hidden)

    def _stand_in(self, name: str) -> Any:
        """A function that behaves as the learner's does; None if there is none of that name."""
        facts, _ = self.ask({"do": "about", "name": name})
        if facts.get("is") == "missing":
            return None
        if facts.get("is") != "function":
            return other(facts.get("type"))
        if facts.get("empty") is True:
            return _empty(name)
        calls = facts.get("calls_empty")
        stubs = [str(stub) for stub in calls if str(stub).isidentifier()] if isinstance(calls, list) else []
        return _proxy(name, Caller(self, name), stubs[:20])


def _how_it_ended(code: int | None) -> str:
    """What is known of the end of a process, in words."""
    if code is None:
        return "it closed the way to the grader"
    if code == -signal.SIGKILL:
        return "it was killed (signal 9), which happens when memory runs out or code kills its own process"
    if code < 0:
        return f"it was ended by signal {-code} ({signal.strsignal(-code) or 'unknown'})"
    if code == BROKEN:
        return f"it broke off (exit code {code}), as happens when code changes what Python or NumPy need to answer"
    if code == MIXED_UP:
        return f"what it was sent had gone to another reader in part, {IN_TWO}"
    return f"its code ended Python at once (exit code {code})"


def is_answer_to(answer: dict[str, Any], number: int) -> bool:
    """Whether an answer belongs to the question of that number."""
    return answer.get("number") == number


def _problem(told: Any) -> dict[str, Any]:
    """What a worker says of a statement that failed, with every part of the type that it should have."""
    told = told if isinstance(told, dict) else {}
    kinds, defines = ([str(part)[:60] for part in told.get(key) or []][:20] for key in ("kinds", "defines"))
    line = told.get("line")
    return {
        "kind": kinds[0] if kinds else "Error",
        "text": str(told.get("text", ""))[:300],
        "module": str(told.get("module", ""))[:60],
        "line": line if type(line) is int else 0,
        "defines": defines,
    }


def _named(item: Item) -> str:
    return item.functions[0] if item.functions else item.name


def _sentence(item: Item, stop: Stopped) -> str:
    return f"{_named(item)}: {stop.sentence}"


HIDDEN = "BEGIN HIDDEN TESTS"


def _verdict(item: Item, names: dict[str, Any]) -> tuple[str, bool]:
    """The message of the test, or an empty string if it is content; and whether only its hidden cases are not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(item.source, f"<{item.name}>", "exec"), names)  # the source of the assignment, nobody else's
    except Exception as error:
        place = error.__traceback__
        line = place.tb_next.tb_lineno if place is not None and place.tb_next is not None else 0
        return _said(error, item, names), HIDDEN in "\n".join(item.source.splitlines()[:line])
    return "", False


def _said(error: Exception, item: Item, names: dict[str, Any]) -> str:
    missing = [name for name in item.functions if name not in names]
    if isinstance(error, NameError) and missing:
        return f"{missing[0]} is not defined"
    if isinstance(error, AssertionError):  # CheckFailed is one
        return str(error) or f"{_named(item)} is not right"
    return f"{type(error).__name__}: {error}"


class Caller:
    """Calls a learner's function in the worker: the arguments go there, and what became of them comes back."""

    def __init__(self, notebook: Notebook, name: str) -> None:
        self.notebook, self.name = notebook, name
        self.results: list[Any] = []

    def __call__(self, *arguments: Any, **words: Any) -> tuple[Any, BaseException | None]:
        """The result, or the error that it raised."""
        functions: list[Callable[..., Any]] = []
        writer = Writer(lambda value, writer: _special(value, writer, functions))
        request = {
            "do": "call",
            "name": self.name,
            "arguments": [writer.tree(argument) for argument in arguments],
            "words": {word: writer.tree(value) for word, value in words.items()},
        }
        if self.notebook._channel is None:
            return None, RuntimeError("it is over")
        try:
            answer, parts = self.notebook.ask(request, writer.frames, lambda *asked: _serve(functions, *asked))
            reader = Reader(parts)
            self._put_back([*arguments, *words.values()], answer.get("after"), reader)
            if "error" in answer:
                return None, _raised(answer["error"])
            self._renew(answer.get("late"), reader)
            result = reader.value(answer.get("value"))
        except Stopped as stopped:
            return None, RuntimeError(stopped.sentence)
        except Broken as error:
            stop = self.notebook._end(error)
            self.notebook._lose(stop)
            return None, RuntimeError(stop.sentence)
        self.results.append(result)
        return result, None

    def _put_back(self, given: Sequence[Any], after: Any, reader: Reader) -> None:
        """Change the arguments as the learner's function has changed them."""
        for place, tree in after.items() if isinstance(after, dict) else ():
            value = given[int(place)] if str(place).isdecimal() and int(place) < len(given) else None
            now = reader.value(tree)
            if isinstance(value, np.ndarray):
                _overwrite(value, now)
            elif hasattr(value, "named_parameters"):
                _put_into_layer(value, now.parameters if isinstance(now, Layer) else {})

    def _renew(self, late: Any, reader: Reader) -> None:
        """Change earlier results as a later call has changed them."""
        for number, tree in late.items() if isinstance(late, dict) else ():
            if str(number).isdecimal() and int(number) < len(self.results):
                _renew(self.results[int(number)], reader.value(tree))


def _special(value: Any, writer: Writer, functions: list[Callable[..., Any]]) -> list[Any] | None:
    """The tree of a function, which the worker can call back, or of a layer of torch."""
    if hasattr(value, "named_parameters"):
        return ["layer", {name: writer.tree(part.detach().numpy()) for name, part in value.named_parameters()}]
    if callable(value):
        functions.append(value)
        return ["function", len(functions) - 1]
    return None


def _serve(functions: list[Callable[..., Any]], asked: dict[str, Any], parts: list[bytes]) -> Any:
    """Call a function of a check for the worker."""
    number = asked["callback"]
    if type(number) is not int or not 0 <= number < len(functions):
        raise Broken("no such function")
    trees = asked.get("arguments")
    reader, writer = Reader(parts), Writer()
    arguments = [reader.value(tree) for tree in trees] if isinstance(trees, list) else []
    if any(np.size(argument) > CALLBACK_NUMBERS for argument in arguments if isinstance(argument, np.ndarray)):
        return {"error": "far larger than what belongs there"}, []
    try:
        return {"value": writer.tree(functions[number](*arguments))}, writer.frames
    except Exception as error:  # a wrong number of arguments, a shape that does not fit
        return {"error": f"{type(error).__name__}: {error}"[:300]}, []


def _overwrite(array: np.ndarray, now: Any) -> None:
    if isinstance(now, np.ndarray) and now.shape == array.shape and now.dtype == array.dtype:
        array[...] = now
    elif array.dtype.kind == "f":  # of another shape or type now: no longer what it was
        array.fill(np.nan)
    else:
        array += 1


def _put_into_layer(layer: Any, now: dict[str, Any]) -> None:
    """A parameter that is gone, or is none any more, is gone here too."""
    for name, parameter in list(layer.named_parameters()):
        values = now.get(name)
        if isinstance(values, np.ndarray):
            _overwrite(parameter.detach().numpy(), values)
        else:
            setattr(layer, name, None)


def _renew(old: Any, now: Any) -> None:
    if isinstance(old, np.ndarray) and old.flags.writeable:
        _overwrite(old, now)
    elif isinstance(old, list) and isinstance(now, list):
        old[:] = now
    elif isinstance(old, tuple) and isinstance(now, tuple) and len(old) == len(now):
        for one, other_one in zip(old, now, strict=True):
            _renew(one, other_one)


# Stand-ins. A check looks at the function that it is given, not only at what it returns: whether its body is empty, and
# where an error comes from. So a stand-in is a function too, of the same name.


def _empty(name: str) -> Any:
    def empty(*arguments: Any, **words: Any) -> None: ...

    return types.FunctionType(empty.__code__.replace(co_name=name), {}, name)


def _proxy(name: str, caller: Caller, stubs: Sequence[str]) -> Any:
    """A function that asks the worker; it mentions the empty functions that the learner's calls."""

    def proxy(*arguments: Any, **words: Any) -> Any:
        result, error = CALLER(*arguments, **words)  # type: ignore[name-defined]  # noqa: F821
        if error is not None:
            RAISE(error)  # type: ignore[name-defined]  # noqa: F821
            raise error
        return result

    code = proxy.__code__.replace(co_name=name)
    code = code.replace(co_names=(*code.co_names, *stubs))
    return types.FunctionType(code, {stub: _empty(stub) for stub in stubs} | {"CALLER": caller, "RAISE": _raise}, name)


def _raise(error: BaseException) -> None:
    """Raise an error from a function of the name of the one that raised it, unless that is the one that was asked."""
    place = getattr(error, "place", "")
    if place:
        types.FunctionType(_raising(place), {})(error)


@lru_cache(maxsize=100)
def _raising(name: str) -> types.CodeType:
    def raising(error: BaseException) -> None:
        raise error

    return raising.__code__.replace(co_name=name)


def _raised(told: Any) -> BaseException:
    """The exception that a learner's function raised, of a class of the same name and the same built-in base."""
    told = told if isinstance(told, dict) else {}
    kinds = [word(kind) for kind in told.get("kinds") or []][:10] or ["Exception"]
    bases = [getattr(builtins, kind, None) for kind in kinds]
    base = next(
        (kind for kind in bases if isinstance(kind, type) and issubclass(kind, Exception | SystemExit)), Exception
    )
    if base in (ExceptionGroup, UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError):  # not made of a text
        base = ValueError
    name = kinds[0]
    kind = base if base.__name__ == name else type(name, (base,), {"__module__": "learner"})
    error = kind(str(told.get("text", ""))[:300])
    place = told.get("function")
    if told.get("own") is not True and isinstance(place, str) and place.isprintable():
        error.place = place[:60]
    return error


# Reading a test


def functions_of(source: str, written: Sequence[str]) -> tuple[str, ...]:
    """The functions that learners write, of those that a test uses, in the order in which it names them."""
    used = [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(name for name in used if name in written))


def imports_of(sources: Sequence[str]) -> dict[str, Any]:
    """What the given cells import, where the examiner can: tests may use it."""
    names: dict[str, Any] = {}
    for source in sources:
        with contextlib.suppress(SyntaxError):
            for node in ast.parse(source).body:
                if isinstance(node, ast.Import | ast.ImportFrom) and "torch" not in ast.dump(node):
                    with contextlib.suppress(ImportError):
                        exec(compile(ast.Module([node], []), "<given>", "exec"), names)
    return names


def checks_in(source: str) -> set[str]:
    """The checks that a test runs."""
    from rnn_helpers import checks

    used = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return used & checks.PARTS.keys()


def needs_torch(source: str) -> bool:
    """Whether a test hands out a layer of torch."""
    from rnn_helpers import checks

    return any(checks.PARTS[name].call is checks.call_with_layer for name in checks_in(source))
