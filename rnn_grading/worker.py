"""Inside the walls: a server that has NumPy loaded forks a worker for each submission, and the worker runs its cells.

It is told "run this cell" and "call this function with these arguments", and answers with plain values. It knows no
right result, no case in advance, and no reference: `rnn_helpers` is a stand-in here (`standin.py`). Run by its path,
beside copies of `wire.py` and of the stand-in, with nothing of the examiner in sight.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import importlib
import io
import json
import os
import resource
import signal
import socket
import sys
import threading
import traceback
import types
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from wire import Broken, Channel, Reader, Writer, _name

MAX_KEPT = 200  # results of which is asked whether a later call has changed them
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 4, 38, 36

Message = tuple[dict[str, Any], list[bytes]]


def _nothing() -> None: ...


def _nothing_with_a_docstring() -> None:
    """Nothing."""


EMPTY_BODIES = (_nothing.__code__.co_code, _nothing_with_a_docstring.__code__.co_code)


class Worker:
    """The learner's notebook, as far as it has been run."""

    def __init__(self, channel: Channel, shell: Any, outputs: Outputs | None) -> None:
        self.channel, self.shell, self.outputs = channel, shell, outputs
        self.names: dict[str, Any] = shell.user_ns
        self.kept: list[tuple[Any, Any]] = []  # results, and what the examiner has been told of each
        self.one_at_a_time = threading.Lock()  # a learner's threads may call back together, and too late
        self.calls = 0

    def serve(self) -> None:
        """Answer until the examiner hangs up."""
        work = {"cell": self.cell, "about": self.about, "call": self.call}
        while True:
            request, parts = self.channel.receive()
            answer, frames = work[request["do"]](request, parts)
            self.channel.send({**answer, "number": request["number"]}, frames)

    # Cells

    def cell(self, request: dict[str, Any], parts: list[bytes]) -> Message:
        """Run a cell; for its outputs as in Jupyter, else statement by statement, past those that fail."""
        source = request["source"]
        if self.outputs is not None:
            return {"outputs": self.outputs.of(self.shell, source)}, []
        try:
            tree = ast.parse(self.shell.transform_cell(source))
        except SyntaxError as error:
            return {"problems": [_told(error) | {"line": error.lineno or 0, "defines": []}]}, []
        except BaseException as error:
            return {"problems": [_told(error) | {"line": 0, "defines": []}]}, []
        problems = []
        for node in tree.body:
            try:
                with _quiet():
                    exec(compile(ast.Module([node], []), "<cell>", "exec", dont_inherit=True), self.names)
            except BaseException as error:
                problems.append(_told(error) | {"line": node.lineno, "defines": _bound_by(node)})
        return {"problems": problems[:50]}, []

    # Functions

    def about(self, request: dict[str, Any], parts: list[bytes]) -> Message:
        """What a name stands for, so that the examiner can stand in for it."""
        self.kept.clear()
        if request["name"] not in self.names:
            return {"is": "missing"}, []
        found = self.names[request["name"]]
        if not callable(found):
            return {"is": "other", "type": _name(type(found))}, []
        return {"is": "function", "empty": _is_empty(found), "calls_empty": self._empty_ones(found)}, []

    def _empty_ones(self, function: Any) -> list[str]:
        if not isinstance(function, types.FunctionType):
            return []
        return [name for name in function.__code__.co_names if _is_empty(function.__globals__.get(name))][:20]

    def call(self, request: dict[str, Any], parts: list[bytes]) -> Message:
        """Call a function of the notebook."""
        reader = Reader(parts, function=self._callback, layer=_made_layer)
        arguments = [reader.value(tree) for tree in request["arguments"]]
        words = {name: reader.value(tree) for name, tree in request["words"].items()}
        given = [*arguments, *words.values()]
        before = [_fingerprint(value) for value in given]
        writer = Writer()
        answer: dict[str, Any] = {}
        function = self.names.get(request["name"])
        try:
            with _quiet():
                result = function(*arguments, **words)  # type: ignore[misc] # whatever it is
        except BaseException as error:
            answer["error"] = _told(error) | _place(error, function)
        with self.one_at_a_time:
            self.calls += 1
        if "error" not in answer:
            answer["late"] = self._changed_since(writer)
            answer["value"] = writer.tree(result)
            if len(self.kept) < MAX_KEPT:
                self.kept.append((result, _fingerprint(result)))
        answer["after"] = {
            str(place): _after(value, writer)
            for place, (value, was) in enumerate(zip(given, before, strict=True))
            if _fingerprint(value) != was
        }
        return answer, writer.frames

    def _changed_since(self, writer: Writer) -> dict[str, Any]:
        """The earlier results that are no longer what they were: a later call has written into them."""
        changed = {}
        for number, (result, was) in enumerate(self.kept):
            now = _fingerprint(result)
            if now != was:
                self.kept[number] = (result, now)
                changed[str(number)] = writer.tree(result)
        return changed

    def _callback(self, number: int) -> Callable[..., Any]:
        """A function of the examiner's that a learner's function is given."""
        call = self.calls

        def function(*arguments: Any) -> Any:
            writer = Writer()
            trees = [writer.tree(argument) for argument in arguments]
            with self.one_at_a_time:
                if self.calls != call:
                    raise RuntimeError("it was given to a call that is over")
                self.channel.send({"callback": number, "arguments": trees}, writer.frames)
                answer, parts = self.channel.receive()
            if "error" in answer:
                raise RuntimeError(answer["error"])
            return Reader(parts).value(answer["value"])

        return function


def _bound_by(node: ast.stmt) -> list[str]:
    """The names that a statement would have bound."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    return [name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)]


def _is_empty(function: Any) -> bool:
    """Whether a function does nothing but return None, as in `rnn_helpers.checking`."""
    if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
        return False
    code = function.__code__
    return code.co_code in EMPTY_BODIES and not code.co_names and set(code.co_consts) <= {None, function.__doc__}


def _told(error: BaseException) -> dict[str, Any]:
    """An exception as words."""
    kinds = [_name(kind) for kind in type(error).__mro__[:10]]
    try:
        text = str(error)[:300]
    except BaseException:  # a learner's own class
        text = ""
    module = error.name if isinstance(error, ModuleNotFoundError) and isinstance(error.name, str) else ""
    text = f"No module named {module!r}"[:300] if module else text  # also where it is hidden from Python
    return {"kinds": kinds, "text": text, "module": module[:60]}


def _place(error: BaseException, function: Any) -> dict[str, Any]:
    """The function that raised it, and whether that is the one that was called."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    code = None if place is None else place.tb_frame.f_code
    own = code is None or code.co_name == "call" or code is getattr(function, "__code__", None)
    return {"own": own, "function": "" if code is None else code.co_name[:60]}


def _fingerprint(value: Any) -> Any:
    """What must stay the same if nobody writes into a value."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes() if value.size <= 100_000 else b""
    if isinstance(value, list | tuple) and len(value) <= 10_000:
        return [_fingerprint(part) for part in value]
    if isinstance(value, int | float | str | None):
        return value
    if hasattr(value, "named_parameters"):
        return [(name, id(part), _fingerprint(part.detach().numpy())) for name, part in _parameters(value).items()]
    return id(value)


def _after(value: Any, writer: Writer) -> list[Any]:
    if not hasattr(value, "named_parameters"):
        return writer.tree(value)
    parts = {}
    for name, part in _parameters(value).items():
        parts[name] = writer.tree(part.detach().numpy() if part.requires_grad else None)
    return ["layer", parts]


def _parameters(layer: Any) -> dict[str, Any]:
    return dict(layer.named_parameters())


def _made_layer(parameters: dict[str, np.ndarray]) -> Any:
    """A `torch.nn.RNN` of these parameters, as `rnn_helpers.checks` makes one."""
    from torch import from_numpy, nn

    n_units, n_features = parameters["weight_ih_l0"].shape
    layer = nn.RNN(n_features, n_units, device="meta")
    for name, values in parameters.items():
        setattr(layer, name, nn.Parameter(from_numpy(values)))
    return layer


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Throw away what is printed. What a learner puts in place of the streams does not outlive the call."""
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


# Outputs, for pages


class Outputs:
    """What the cells show, as Jupyter stores it, cut where it becomes too much."""

    MAX_TEXT, MAX_RICH, MAX_OUTPUTS = 200_000, 4 * 2**20, 200  # characters, characters, outputs; of one cell

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.text_left = self.rich_left = 0
        self.clear_next = self.cut = False

    def of(self, shell: Any, source: str) -> list[dict[str, Any]]:
        """Run a cell, and return its outputs."""
        self.found, self.text_left, self.rich_left = [], self.MAX_TEXT, self.MAX_RICH
        self.clear_next = self.cut = False
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream(self, "stdout"), _Stream(self, "stderr")
        try:
            shell.run_cell(source, store_history=False)
        except BaseException as error:
            self.error(type(error).__name__, str(error)[:300])
        finally:
            sys.stdout, sys.stderr = streams
        return self.found

    def add(self, output: dict[str, Any]) -> None:
        """Keep one output."""
        if self.clear_next:
            self.found.clear()
            self.clear_next = False
        if len(self.found) < self.MAX_OUTPUTS:
            self.found.append(output)
        else:
            self.cut_here()

    def rich(self, kind: str, data: dict[str, Any]) -> None:
        """Keep a picture, a table or a value."""
        data = {str(n): b64encode(v).decode() if isinstance(v, bytes) else v for n, v in data.items()}
        data = {name: value for name, value in data.items() if isinstance(value, str)}
        size = sum(map(len, data.values()))
        if size > self.rich_left:
            self.cut_here()
            return
        self.rich_left -= size
        self.add({"output_type": kind, "data": data, "metadata": {}})

    def text(self, name: str, text: str) -> None:
        """Keep a part of a stream."""
        kept = text[: self.text_left]
        self.text_left -= len(kept)
        last = self.found[-1] if self.found else {}
        if last.get("name") == name and not self.clear_next:
            last["text"] += kept
        elif kept:
            self.add({"output_type": "stream", "name": name, "text": kept})
        if len(kept) < len(text):
            self.cut_here()

    def error(self, name: str, text: str) -> None:
        """Keep an error, without its traceback, which shows paths of this machine."""
        self.add({"output_type": "error", "ename": name, "evalue": text, "traceback": []})

    def clear(self, wait: bool = False) -> None:
        """Forget what was shown so far."""
        self.clear_next = wait
        if not wait:
            self.found.clear()

    def cut_here(self) -> None:
        """Say, once, that there was more."""
        if not self.cut:
            self.cut = True
            note = "\n[The rest of the output is cut.]\n"
            self.found.append({"output_type": "stream", "name": "stdout", "text": note})


class _Stream(io.TextIOBase):
    def __init__(self, outputs: Outputs, name: str) -> None:
        self.outputs, self.name = outputs, name

    def write(self, text: str) -> int:
        self.outputs.text(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


def make_shell(home: str, outputs: Outputs | None) -> Any:
    """An IPython shell without history, so that magics and `get_ipython` are there."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: Any = None) -> None:
            """There is none."""

        def ask_exit(self) -> None:
            """Nothing to leave."""

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            if outputs is not None:
                outputs.error(etype.__name__, str(evalue)[:2000])

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, *arguments: Any, **options: Any) -> None:
            if outputs is not None:
                outputs.rich("display_data", data)

        def clear_output(self, wait: bool = False) -> None:
            if outputs is not None:
                outputs.clear(wait)

    class Hook(DisplayHook):
        def __call__(self, result: Any = None) -> None:
            if result is not None and outputs is not None and not self.quiet():
                data, _ = self.compute_format_data(result)
                outputs.rich("execute_result", data)

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    options: dict[str, Any] = {"displayhook_class": Hook, "display_pub_class": Publisher}
    shell = Shell.instance(config=config, ipython_dir=home, **options)
    shell.user_ns["__name__"] = "__main__"
    return shell


# The server


def limit(limits: dict[str, int | None]) -> None:
    """Set every limit, hard and soft, so that learner code cannot raise it again."""
    for name, bound in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None and bound is not None:
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some
                resource.setrlimit(kind, (bound, bound))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _state(places: list[str]) -> Any:
    """All of this sandbox that a worker could leave changed for the next one."""
    processes = {name for name in os.listdir("/proc") if name.isdigit()}
    files = [
        (path, os.lstat(path).st_mtime_ns, os.lstat(path).st_size)
        for place in places
        for folder, folders, names in os.walk(place)
        for path in [folder, *(os.path.join(folder, name) for name in (*folders, *names))]
    ]
    shared = [Path(f"/proc/sysvipc/{kind}").read_text() for kind in ("shm", "msg", "sem")]
    limits = [resource.getrlimit(kind) for kind in range(16)]
    turn = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0), os.sched_getscheduler(0)
    return processes, sorted(files), shared, limits, turn


def work(connection: socket.socket, shell: Any, outputs: Outputs | None, settings: dict[str, Any]) -> None:
    """In the forked process: become a worker, and end."""
    try:
        limit(settings["limits"])
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with contextlib.suppress(EOFError):
            Worker(Channel(connection), shell, outputs).serve()
    except Broken:
        os._exit(71)
    except BaseException:
        os._exit(70)
    os._exit(0)


def serve(control: socket.socket, settings: dict[str, Any]) -> None:
    """Fork a worker for every connection that comes over the control socket; say whether it left all as it was."""
    outputs = Outputs() if settings["pages"] else None
    sys.path.insert(1, "")  # after this folder, so that no file of a learner's takes the name of one of these
    sys.modules.update(dict.fromkeys(settings["without"]))  # None: not to be had
    shell = make_shell(settings["home"], outputs)  # first: matplotlib's inline backend looks for it when it is loaded
    for name in settings["preload"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    os.chdir(settings["folder"])
    if settings["uid"] is not None:
        os.setgroups([])
        os.setgid(settings["uid"])
        os.setuid(settings["uid"])
        os.umask(0o077)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    if settings["reuse"]:  # no worker of the same user may look into this process; without walls it is looked for
        _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = _state(settings["places"]) if settings["reuse"] else None
    control.sendall(b"r")
    while True:
        byte, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not byte:
            return
        child = os.fork()
        if child == 0:
            control.close()
            work(socket.socket(fileno=descriptors[0]), shell, outputs, settings)
        os.close(descriptors[0])
        _, status = os.waitpid(child, 0)
        clean = settings["reuse"] and _state(settings["places"]) == before
        control.sendall(bytes([1 if clean else 0, os.waitstatus_to_exitcode(status) & 0xFF]))
        if not clean:
            return


def main() -> None:
    """Serve as the settings say: one JSON object, the only argument."""
    settings = json.loads(sys.argv[1])
    sys.argv[:] = [""]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1) if settings["debug"] else (0, 1, 2):
        os.dup2(nowhere, descriptor)
    serve(socket.socket(fileno=settings["control"]), settings)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
