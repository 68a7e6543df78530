"""Runs a notebook in a sandbox, cell by cell, with limits on time and output, and demands proof of each right answer.

The loop stands on jupyter_client rather than on nbclient, which reads every message before it can be cut, has no
limit for a whole notebook, and waits for ever on a cell that ignores its interrupt.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg

from rnn_helpers.course.cells import grade_id_of, is_test
from rnn_helpers.course.sandbox import PACKAGE_ROOT, Kernel, Limits, Walls, start_kernel

__all__ = ["Proof", "Run", "run_notebook"]

GRACE_SECONDS = 4  # between the interrupt and the end
START_SECONDS = 60
POLL_MILLISECONDS = 50
MESSAGE_BYTES = 4 * 2**20  # a larger message is dropped unread; the largest figure is far below
SOCKET_BYTES = 64 * 2**20  # a larger one is not even received
PICTURE_BYTES = 4 * 2**20  # of all pictures and tables of one cell
MAX_OUTPUTS = 200  # of one cell

OUT_OF_MEMORY = re.compile(r"MemoryError|not enough memory|can't allocate memory|Cannot allocate memory")


@dataclass(frozen=True)
class Proof:
    """What a test cell does when the answer is right: the lines that it prints, and whether it shows a value."""

    lines: tuple[str, ...]
    shows_value: bool = False


@dataclass
class Run:
    """How it went: what the status is made of, and sentences for the instructor."""

    timed_out: bool = False
    out_of_memory: bool = False
    crashed: bool = False
    notes: list[str] = field(default_factory=list)
    fonts: dict[str, bytes] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The worst that happened, or "graded"."""
        if self.out_of_memory:
            return "out of memory"
        if self.crashed:
            return "crashed"
        return "timed out" if self.timed_out else "graded"


def run_notebook(
    notebook: NotebookNode,
    limits: Limits,
    walls: Walls,
    slot: int,
    proofs: dict[str, Proof] | None,
    fonts: Sequence[Path] = (),
) -> Run:
    """Execute all code cells in place.

    Parameters
    ----------
    notebook : NotebookNode
        Its cells get their outputs.
    limits : Limits
        What it may use.
    walls : Walls
        What stands between it and the machine.
    slot : int
        The number of the job, from 0.
    proofs : dict of Proof by grade_id, or None
        What each test cell must show; None in the reference run, which finds this out.
    fonts : sequence of pathlib.Path
        matplotlib's lists of fonts, which take it seconds to make anew.

    Returns
    -------
    Run
        How it went.

    Raises
    ------
    RuntimeError
        If the kernel does not start.
    """
    run = Run()
    with start_kernel(limits, walls, slot, fonts) as kernel:
        session = _Session(kernel, limits)
        try:
            session.start()
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    _run_cell(cell, session, run, proofs)
            if proofs is None:
                run.fonts = {path.name: path.read_bytes() for path in (kernel.home / "matplotlib").glob("*.json")}
        finally:
            session.close()
    return run


def _run_cell(cell: NotebookNode, session: _Session, run: Run, proofs: dict[str, Proof] | None) -> None:
    test = is_test(cell)
    cell.outputs, cell.execution_count = [], None
    if not cell.source.strip():
        return
    if session.over:
        if test:
            cell.outputs = [_error("NotRun", f"not run: {session.over}")]
        return
    try:
        if test:
            session.renew()
        reply = session.execute(cell.source, history=not test)
    except _Stopped as stop:
        reply = stop.reply
        _record_stop(stop, run)
    cell.outputs = session.collected.outputs
    cell.execution_count = reply.get("execution_count")
    if any(OUT_OF_MEMORY.search(f"{o.ename} {o.evalue}") for o in cell.outputs if o.output_type == "error"):
        run.out_of_memory = True
    if test:
        cell.outputs = _judged(cell.outputs, reply, None if proofs is None else proofs[grade_id_of(cell)])


def _record_stop(stop: _Stopped, run: Run) -> None:
    run.timed_out |= stop.kind == "timed out"
    run.out_of_memory |= stop.kind == "out of memory"
    run.crashed |= stop.kind == "crashed"
    if stop.note not in run.notes:
        run.notes.append(stop.note)


def _judged(outputs: list[NotebookNode], reply: dict[str, Any], proof: Proof | None) -> list[NotebookNode]:
    """The outputs of a test cell such that nbgrader gives its points for proof of a right answer, and only then.

    nbgrader takes all points away for one line on stderr, and gives them all to a cell that does nothing.
    """
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors and reply.get("status") != "ok":  # a custom handler can swallow what an error shows
        errors = [_error(reply.get("ename", "Error"), reply.get("evalue", "the cell did not end well"))]
    if not errors and proof is not None and not _in_order(proof.lines, _printed(outputs)):
        errors = [_error("NoProof", "the check did not report that all its cases are right")]
    if errors:
        # Without tracebacks: these show the lines around the error, hidden tests among them.
        rest = [output for output in outputs if output.output_type == "stream" and output.name == "stdout"]
        return rest + [_error(output.ename, output.evalue) for output in errors]
    keeps_value = proof is None or proof.shows_value
    return [
        output
        for output in outputs
        if not (output.output_type == "stream" and output.name == "stderr")
        and (keeps_value or output.output_type != "execute_result")
    ]


def _printed(outputs: list[NotebookNode]) -> list[str]:
    text = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    return text.splitlines()


def proof_of(outputs: list[NotebookNode]) -> Proof:
    """What the outputs of a right answer's test cell prove."""
    lines = tuple(line for line in _printed(outputs) if line.strip())
    return Proof(lines, any(output.output_type == "execute_result" for output in outputs))


def _in_order(wanted: Sequence[str], lines: Sequence[str]) -> bool:
    rest = iter(lines)
    return all(line in rest for line in wanted)


def _error(name: str, message: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])


class _Stopped(Exception):  # noqa: N818 - not an error of the grader
    """The cell did not end by itself."""

    def __init__(self, kind: str, note: str) -> None:
        super().__init__(note)
        self.kind, self.note = kind, note
        self.reply: dict[str, Any] = {"status": "error", "ename": "Stopped", "evalue": note}


class _Outputs:
    """The outputs of one cell, cut where they become too much."""

    def __init__(self, limit: int) -> None:
        self.outputs: list[NotebookNode] = []
        self.text_left, self.rich_left = limit, PICTURE_BYTES
        self.limit, self.cut, self._clear = limit, False, False

    def add(self, message: dict[str, Any]) -> None:
        """Keep one message if it is an output."""
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            if content.get("wait"):
                self._clear = True
            else:
                self.outputs.clear()
            return
        if kind not in {"stream", "display_data", "execute_result", "error"}:
            return
        if self._clear:
            self.outputs.clear()
            self._clear = False
        if kind == "stream":
            self._add_text(content.get("name", "stdout"), content.get("text", ""))
        elif kind == "error":
            output = output_from_msg(message)
            output.evalue = output.evalue[: self.limit]
            output.traceback = [line[: self.limit] for line in output.traceback[:200]]
            self.outputs.append(output)
        else:
            size = len(str(content.get("data", "")))
            if size > self.rich_left or len(self.outputs) >= MAX_OUTPUTS:
                self.cut_here()
            else:
                self.rich_left -= size
                self.outputs.append(output_from_msg(message))

    def _add_text(self, name: str, text: str) -> None:
        if name not in {"stdout", "stderr"}:
            return
        kept = text[: self.text_left]
        self.text_left -= len(kept)
        if kept:
            last = self.outputs[-1] if self.outputs else None
            if last is not None and last.output_type == "stream" and last.name == name:
                last.text += kept
            elif len(self.outputs) < MAX_OUTPUTS:
                self.outputs.append(new_output("stream", name=name, text=kept))
        if len(kept) < len(text):
            self.cut_here()

    def cut_here(self) -> None:
        """Say, once, that there was more."""
        if not self.cut:
            self.cut = True
            note = f"\n[The rest of the output is cut: the grader keeps {self.limit} characters of each cell.]\n"
            self.outputs.append(new_output("stream", name="stdout", text=note))


class _Session:
    """The conversation with one kernel."""

    def __init__(self, kernel: Kernel, limits: Limits) -> None:
        self.kernel, self.limits = kernel, limits
        self.over = ""  # why no further cell runs
        self.collected = _Outputs(limits.output)
        self.client: Any = None  # a BlockingKernelClient, once there is a connection
        self.begun = time.monotonic()
        self.deadline = float("inf")  # in seconds spent

    def start(self) -> None:
        """Connect, then have the guard remember how things are."""
        self._connect()
        self._guard(f"take({str(PACKAGE_ROOT)!r})")
        self.deadline = self._spent() + self.limits.submission_seconds

    def _connect(self) -> None:
        """Connect anew, and wait until both channels work."""
        self.close()
        self.client = BlockingKernelClient()
        self.client.load_connection_info(self.kernel.connection)
        self.client.context.maxmsgsize = SOCKET_BYTES
        self.client.context.linger = 0
        self.client.start_channels(stdin=False, hb=False, control=False)
        deadline = time.monotonic() + START_SECONDS
        heard = {"shell": False, "iopub": False}
        while not all(heard.values()):
            if not self.kernel.alive:
                raise RuntimeError(f"the kernel ended with exit code {self.kernel.process.returncode} as it started")
            if time.monotonic() > deadline:
                raise RuntimeError(f"no kernel started within {START_SECONDS} s; is this machine overloaded?")
            self.client.kernel_info()
            for name in heard:
                heard[name] |= bool(self._receive(name, 10 * POLL_MILLISECONDS))

    def _reconnect(self) -> None:
        try:
            self._connect()
        except RuntimeError as error:
            self.kernel.kill()
            self.over = "the notebook's process answered no more"
            raise _Stopped("crashed", f"the notebook's process answered no more: {error}") from None

    def close(self) -> None:
        """Close the channels."""
        if self.client is not None:
            self.client.stop_channels()

    def renew(self) -> None:
        """Put back what a notebook may have replaced."""
        self.collected = _Outputs(self.limits.output)
        self._guard("renew()")

    def execute(self, code: str, *, history: bool) -> dict[str, Any]:
        """Run a cell; its outputs are in `collected`, and what is returned is the kernel's reply."""
        self.collected = _Outputs(self.limits.output)
        request = self.client.execute(code, store_history=history, allow_stdin=False, stop_on_error=False)
        return self._wait(request, self.limits.cell_seconds, self.collected.add)

    def _guard(self, call: str) -> None:
        """Call the guard, past everything that a notebook can put between a cell and its execution."""
        expression = {"guard": f"__import__('_course_guard').{call}"}
        request = self.client.execute("", silent=True, store_history=False, user_expressions=expression)
        reply = self._wait(request, self.limits.cell_seconds, lambda message: None)
        answer = reply.get("user_expressions", {}).get("guard", {})
        if answer.get("data", {}).get("text/plain") != "'ready'":
            raise _Stopped("", "the notebook keeps the grader from preparing a test cell")

    def _wait(self, request: str, seconds: float, keep: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The reply to a request; raises `_Stopped` when it comes too late or never."""
        begun, grace = self._spent(), float("inf")
        reply, idle, interrupted = None, False, False
        while reply is None or not idle:
            message = self._receive("iopub", 0 if idle else POLL_MILLISECONDS)
            if message and message["parent_header"].get("msg_id") == request:
                if message["msg_type"] == "status":
                    idle |= message["content"].get("execution_state") == "idle"
                else:
                    with contextlib.suppress(Exception):  # learner code can send outputs of any form
                        keep(message)
            answer = self._receive("shell", POLL_MILLISECONDS if idle else 0) if reply is None else None
            if answer and answer["parent_header"].get("msg_id") == request:
                reply = answer["content"]
                grace = time.monotonic() + GRACE_SECONDS  # for the outputs still on their way
            if not message and not answer and not self.kernel.alive:
                raise self._death()
            if time.monotonic() > grace:
                if reply is not None:  # the message that ends the outputs was lost in a flood
                    self.collected.cut_here()
                    self._reconnect()
                    break
                self.kernel.kill()
                self.over = "an earlier cell ran too long and could not be interrupted"
                self._late("ran too long, and ignored the interrupt")
            if reply is None and not interrupted and self._is_late(begun, seconds):
                interrupted, grace = True, time.monotonic() + GRACE_SECONDS
                self.kernel.interrupt()
        if interrupted:
            self._late("ran too long")
        return reply

    def _spent(self) -> float:
        """The seconds that count so far: of the processor, and at least a third of the clock's.

        The clock alone would take points from right answers whenever the machine has other things to do.
        """
        clock = (time.monotonic() - self.begun) / 3
        try:
            used = psutil.Process(self.kernel.process.pid).cpu_times()
        except psutil.Error:
            return clock
        return max(clock, used.user + used.system)

    def _is_late(self, begun: float, seconds: float) -> bool:
        spent = self._spent()
        return spent - begun > seconds or spent > self.deadline

    def _late(self, what: str) -> None:
        """Raise `_Stopped`, and end the session if the time for the whole notebook is used up."""
        total = self.limits.submission_seconds
        if not self.over and self._spent() > self.deadline:
            self.over = f"the notebook used up its {total:g} s"
        note = f"a cell {what} (limits: {self.limits.cell_seconds:g} s a cell, {total:g} s a notebook)"
        # In place of what the interrupt left, if it left anything: KeyboardInterrupt says nothing to a learner.
        self.collected.outputs = [o for o in self.collected.outputs if o.output_type != "error"]
        self.collected.outputs.append(_error("TimeLimit", f"stopped: {note}"))
        raise _Stopped("timed out", note)

    def _death(self) -> _Stopped:
        code = self.kernel.process.returncode
        if code == -9:
            stop = _Stopped("out of memory", "the machine killed the notebook's process, most likely for its memory")
        elif code == -24:
            stop = _Stopped("timed out", "the notebook used up its processor time")
        else:
            stop = _Stopped("crashed", f"the notebook's process ended with exit code {code}")
        self.over = "an earlier cell ended the notebook's process"
        self.collected.outputs.append(_error("ProcessEnded", stop.note))
        return stop

    def _receive(self, channel: str, milliseconds: int) -> dict[str, Any] | None:
        """One message that can be read, or None. A message too large to keep is dropped before it is read."""
        socket = getattr(self.client, f"{channel}_channel").socket
        if not socket.poll(milliseconds):
            return None
        parts = socket.recv_multipart()
        if sum(map(len, parts)) > MESSAGE_BYTES:
            self.collected.cut_here()
            return None
        try:
            _, parts = self.client.session.feed_identities(parts)
            message = self.client.session.deserialize(parts)
            whole = all(isinstance(message[part], dict) for part in ("parent_header", "content"))
        except Exception:  # learner code has the kernel's key and can send anything
            return None
        return message if whole else None
