"""The first stage: every item of a submission is judged, and nothing but plain values crosses the wall."""

from __future__ import annotations

import multiprocessing
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import Any

from rnn_grading.assignments import Assignment, names_in
from rnn_grading.examiner import Notebook, Verdict
from rnn_grading.submissions import Fitted, NotGradable, fit, parse
from rnn_grading.walls import Limits, Sandbox, View, Walls

__all__ = ["UNGRADED", "Pool", "Result", "Sandboxes", "Setting", "judge", "versions"]

UNGRADED = {"missing", "unreadable", "not graded"}
WORST = ("out of memory", "crashed", "timed out")
PER_SANDBOX = 200  # submissions, before it is made anew


@dataclass(frozen=True)
class Setting:
    """How submissions are run: what each may use, and behind which walls."""

    walls: Walls
    limits: Limits = field(default_factory=Limits)


@dataclass
class Result:
    """What became of one submission.

    Attributes
    ----------
    status : str
        One of: graded, timed out, out of memory, crashed, incomplete; missing, unreadable, not graded.
    messages : dict
        Of each item that was judged: what is wrong, or an empty string.
    for_a_person : list of str
        The items that a person must look at.
    in_hidden : list of str
        The items that only hidden cases found wrong.
    unwritten : list of str
        The answer cells that are gone, or as they were handed out.
    notes : list of str
        What the instructor should know.
    by_the_clock : bool
        A time-out may be the fault of other programs, so it is worth trying again alone.
    seconds : float
        On the clock.
    """

    status: str
    messages: dict[str, str] = field(default_factory=dict)
    for_a_person: list[str] = field(default_factory=list)
    in_hidden: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    by_the_clock: bool = False
    seconds: float = 0.0

    def points_of(self, name: str, points: float) -> float | None:
        """The points that an item gets without a person; None if that is for a person to say."""
        if name in self.messages:
            return 0.0 if self.messages[name] else points
        return 0.0 if name in self.unwritten else None


class Sandboxes:
    """The sandboxes of one process: one for each view, kept while submissions leave them as they were."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._open: dict[View, Sandbox] = {}

    def get(self, view: View) -> Sandbox:
        """A sandbox that is ready for a submission."""
        sandbox = self._open.pop(view, None)
        if sandbox is not None and not (sandbox.served < PER_SANDBOX and (not sandbox.served or sandbox.can_go_on)):
            sandbox.__exit__()
            sandbox = None
        if sandbox is None:
            sandbox = Sandbox(self.setting.walls, view, self.setting.limits).__enter__()
        self._open[view] = sandbox
        return sandbox

    def close(self) -> None:
        """End them all."""
        for sandbox in self._open.values():
            sandbox.__exit__()
        self._open.clear()


def judge(content: bytes, helpers: dict[str, str], assignment: Assignment, sandboxes: Sandboxes) -> Result:
    """Judge one submission.

    Parameters
    ----------
    content : bytes
        Of the notebook's file.
    helpers : dict
        The text of Python modules that lay beside it.
    assignment : Assignment
        What it is for.
    sandboxes : Sandboxes
        Where it runs.
    """
    begun = time.monotonic()
    try:
        cells, notes = parse(content)
        fitted = fit(cells, assignment)
    except NotGradable as reason:
        return Result("unreadable", notes=[str(reason)])
    result = Result("graded", for_a_person=sorted(fitted.for_a_person), notes=notes + fitted.notes)
    kinds: list[str] = []
    for with_torch in (False, True):
        names = [name for name, item in assignment.items.items() if item.with_torch == with_torch]
        if names:
            view = assignment.view(torch=with_torch)
            notebook = Notebook(lambda view=view: sandboxes.get(view), sandboxes.setting.limits)  # type: ignore[misc]
            _run(fitted, helpers, assignment, names, notebook, result)
            kinds += notebook.kinds
            result.notes += [note for note in notebook.notes if note not in result.notes]
    result.for_a_person = [name for name in result.for_a_person if result.messages.get(name, "by hand")]
    _sum_up(fitted, assignment, kinds, result)
    result.seconds = time.monotonic() - begun
    return result


def _run(
    fitted: Fitted,
    helpers: dict[str, str],
    assignment: Assignment,
    names: Sequence[str],
    notebook: Notebook,
    result: Result,
) -> None:
    """Run the cells in order, and judge each item where it stands; what is not right there once more at the end."""
    given = assignment.imports
    own: set[int] = set()
    for name, text in helpers.items():
        notebook.cell(f"%%writefile {name}\n{text}")
    number = len(helpers)
    verdicts: dict[str, Verdict] = {}
    last_defined: dict[str, int] = {}
    judged_at: dict[str, int] = {}
    for piece in fitted.pieces:
        if piece.runs:
            notebook.cell(piece.text)
            if piece.cell is None or piece.cell.is_answer:
                own.add(number)
                last_defined |= dict.fromkeys(names_in(piece.text), number)
            number += 1
        elif piece.cell is not None and piece.cell.name in names:
            verdicts[piece.cell.name] = notebook.judge(assignment.items[piece.cell.name], given)
            judged_at[piece.cell.name] = number
    for name, verdict in verdicts.items():
        item = assignment.items[name]
        if verdict.message and any(last_defined.get(function, -1) >= judged_at[name] for function in item.functions):
            verdicts[name] = notebook.judge(item, given)
    notebook.close()
    problems = [problem for problem in notebook.problems if problem["cell"] in own]
    result.by_the_clock |= notebook.by_the_clock and any(verdict.message for verdict in verdicts.values())
    absent = _absent(notebook.problems)
    needing: dict[str, list[str]] = {}
    for name, verdict in verdicts.items():
        result.in_hidden += [name] if verdict.in_hidden else []
        message = _explained(verdict.message, assignment, name, problems)
        if package := _needed(message, absent):  # it may be right where that is installed
            result.for_a_person.append(name)
            needing.setdefault(package, []).append(name)
            message += f" {package} is not there while this item is graded, so a person looks at it."
        result.messages[name] = message
    result.notes += [note for note in _of_problems(problems, needing, assignment) if note not in result.notes]


def _absent(problems: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The names that are not there because a package is not, each with the package: in given cells, too."""
    absent: dict[str, str] = {}
    for problem in problems:
        if package := problem["module"] or _needed(problem["text"], absent):
            absent |= dict.fromkeys([problem["module"], *problem["defines"]], package)
    return absent


def _needed(message: str, absent: dict[str, str]) -> str:
    """The package that is not there, if that is what an error says; else an empty string."""
    if found := re.search(r"No module named '([^']+)'", message):
        return found[1]
    return next((package for name, package in absent.items() if f"name '{name}' is not defined" in message), "")


def _explained(message: str, assignment: Assignment, name: str, problems: Sequence[dict[str, Any]]) -> str:
    """A message, with the reason if a function is not there because the statement that defines it failed."""
    item = assignment.items[name]
    missing = next((function for function in item.functions if message == f"{function} is not defined"), None)
    if missing is None:
        return message
    why = next((problem for problem in problems if missing in problem["defines"]), None)
    why = why or next(iter(_unread(problems)), None)
    return f"{message}: its cell failed with {why['kind']}: {why['text']}" if why else message


def _unread(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells that Python cannot read."""
    return [problem for problem in problems if problem["kind"] in {"SyntaxError", "IndentationError", "TabError"}]


def _of_problems(
    problems: Sequence[dict[str, Any]], needing: dict[str, list[str]], assignment: Assignment
) -> list[str]:
    """What failed in the learner's cells and may have cost points: what Python cannot read, what is not there."""
    missing = {problem["module"] for problem in problems if problem["module"]}
    if assignment.imports_torch:
        missing.discard("torch")
    notes = []
    for package in sorted(missing | needing.keys()):
        items = f" (needed by {assignment.titles(needing[package])}; please look)" if package in needing else ""
        notes.append(f"not there where it was graded: {package}{items}")
    if unread := _unread(problems):
        notes.append(f"Python {platform.python_version()}, which graded it, cannot read a cell: {unread[0]['text']}")
    return notes


def _sum_up(fitted: Fitted, assignment: Assignment, kinds: Sequence[str], result: Result) -> None:
    if any("MemoryError" in message for message in result.messages.values()):
        kinds = [*kinds, "out of memory"]
    result.unwritten = [name for name in (*fitted.unwritten, *fitted.removed) if name not in fitted.for_a_person]
    if fitted.removed:
        result.notes.append(f"answer cells that are gone: {assignment.titles(fitted.removed)}")
        result.status = "incomplete"
    if fitted.unwritten:
        result.notes.append(f"not written yet: {assignment.titles(fitted.unwritten)}")
    result.status = next((kind for kind in WORST if kind in kinds), result.status)


# In processes


Task = tuple[bytes, dict[str, str], Assignment]
Judged = Iterator[tuple[Any, "Result | Exception"]]  # by the key of the task
Work = Callable[[bytes, dict[str, str], Assignment, Sandboxes], Any]
_own: dict[str, Any] = {}


class Pool:
    """Processes that have sandboxes, and do the same with many submissions.

    They are started when there is more than one submission, and stay until the pool is closed; one alone is done here.
    """

    def __init__(self, setting: Setting, jobs: int) -> None:
        self.setting, self.jobs = setting, jobs
        self._sandboxes = Sandboxes(setting)
        self._processes: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End all processes and sandboxes."""
        if self._processes is not None:
            self._processes.shutdown(wait=True, cancel_futures=True)
        self._sandboxes.close()

    def each(self, work: Work, tasks: dict[Any, Task]) -> Iterator[tuple[Any, Any | Exception]]:
        """What came of each task, by its key, as soon as it is known; a fault of the grader itself as an exception."""
        if self.jobs == 1 or len(tasks) < 2:
            for key, task in tasks.items():
                yield key, _or_error(partial(work, *task, self._sandboxes))
            return
        if self._processes is None:
            context = multiprocessing.get_context("spawn")
            self._processes = ProcessPoolExecutor(self.jobs, context, _start_process, (self.setting,))
        futures = {self._processes.submit(_in_process, work, task): key for key, task in tasks.items()}
        for future in as_completed(futures):
            yield futures[future], _or_error(future.result)

    def judge(self, tasks: dict[Any, Task]) -> Judged:
        """Judge submissions."""
        return self.once_more_alone(self.each(judge, tasks), tasks)

    def once_more_alone(self, results: Judged, tasks: dict[Any, Task]) -> Judged:
        """A time-out on the clock is tried again, with nothing else running, before it counts."""
        again = {}
        for key, result in results:
            if isinstance(result, Result) and result.by_the_clock and len(tasks) > 1:
                again[key] = tasks[key]
            else:
                yield key, result
        for key, task in again.items():
            yield from self.each(judge, {key: task})


def _or_error(do: Callable[[], Any]) -> Any | Exception:
    try:
        return do()
    except Exception as error:
        return error


def _start_process(setting: Setting) -> None:
    _own["sandboxes"] = Sandboxes(setting)
    Finalize(None, _own["sandboxes"].close, exitpriority=100)  # such a process ends past `atexit`
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process that started this one is gone, if only by a signal: nobody else would ever end it."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "the pool started it"
    wait([parent.sentinel])
    try:
        _own["sandboxes"].close()
    finally:
        os._exit(1)


def _in_process(work: Work, task: Task) -> Any:
    return work(*task, _own["sandboxes"])


def versions() -> dict[str, str]:
    """Of what decides a score."""
    names = ("numpy", "torch", "rnn-helpers")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
