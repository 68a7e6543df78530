"""Walls around learners' code: bubblewrap's view of the files, processes and network, and limits on what it may use.

A sandbox holds a server (`worker.py`) that forks a worker for each submission. It goes on to the next submission only
if the last one left everything as it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import rnn_helpers
from rnn_grading.wire import Broken, Channel

__all__ = ["MAX_JOBS", "Limits", "Problem", "Sandbox", "View", "Walls", "find_walls"]

HERE = Path(__file__).resolve().parent
HELPERS = Path(rnn_helpers.__file__).resolve().parent
VISIBLE = ("data.py", "plots.py", "_threads.py", "_torch.py")  # of rnn_helpers, wherever code is graded
FIRST_UID = 60_600  # in a range that neither distributions nor systemd give away
MAX_JOBS = 64
START_SECONDS = 60
MIB = 2**20
RUN_MARK = "RNN_GRADING_RUN"  # in the environment of every process of a sandbox
# What a program needs of the system, where that is not under /usr already.
SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32", "/nix/store", "/gnu/store")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")  # of /etc


class Problem(Exception):  # noqa: N818 - a sentence for the instructor
    """Something that the instructor has to mend; the message is one line."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell_seconds, submission_seconds : float
        How long one cell or call, and all of them together, may run: of the processor's time. On the clock three times
        that, for code that waits.
    memory : int
        Bytes of address space for each process.
    files : int
        Bytes of each file that it writes, and of all of them.
    processes : int
        Processes and threads at a time.
    """

    cell_seconds: float = 10
    submission_seconds: float = 60
    memory: int = 4 * 2**30
    files: int = 64 * MIB
    processes: int = 32

    def of_the_system(self, walls: Walls) -> dict[str, int | None]:
        """The limits that the system keeps, by the names of module `resource`."""
        return {
            "AS": self.memory,
            "CPU": int(self.submission_seconds) + 5,
            "FSIZE": self.files,
            # Counted for each user: where learner code runs as the grader, that would count the grader's own.
            "NPROC": None if walls.form == "no" else self.processes,
            "NOFILE": 256,
            "CORE": 0,
            "MSGQUEUE": 0,
        }


@dataclass(frozen=True)
class Walls:
    """What stands between learner code and the machine.

    Attributes
    ----------
    form : str
        "bwrap", "user" (another user, where the grader is root) or "no".
    hidden : tuple of pathlib.Path
        What learner code has no business to see, where it can be hidden.
    why : str
        Why it is not bubblewrap.
    twice : bool
        As root, with an inner wall in which nobody can make namespaces of their own. Some systems let no ordinary user
        make any: then there is no need for it.
    """

    form: str
    hidden: tuple[Path, ...] = ()
    why: str = ""
    twice: bool = True

    @property
    def sentence(self) -> str:
        """What protects what, for the instructor."""
        if self.form == "bwrap":
            return "Learner code ran behind bubblewrap: without network, other files or other processes in sight."
        if self.form == "user":
            return (
                f"Learner code ran as a user without rights, NOT behind bubblewrap ({self.why}): it could read what "
                "every user can, and has network. Scores were judged elsewhere all the same."
            )
        return (
            f"Learner code ran as yourself, WITHOUT walls ({self.why}): it could read and change your files. Scores "
            "were judged in another process, but one that you own."
        )


def find_walls(wanted: str = "", hidden: Sequence[Path] = ()) -> Walls:
    """The best walls that can be had here, tried out.

    Parameters
    ----------
    wanted : str, default ""
        A form by name; "no" grades without walls, which an ordinary user must ask for.
    hidden : sequence of pathlib.Path
        See `Walls`.

    Raises
    ------
    Problem
        If there are none, and they were not declined.
    """
    hidden = tuple(path.resolve() for path in hidden)
    forms = [wanted] if wanted else ["bwrap", *(["user"] if os.geteuid() == 0 else [])]
    whys = {"": "as asked for"} if wanted else {}
    for form in forms:
        if form not in {"bwrap", "user", "no"} or (form == "user" and os.geteuid() != 0):
            raise Problem(f"expected WALLS to be bwrap, user (as root) or no, got {form!r}")
        for twice in (True, False) if form == "bwrap" and os.geteuid() == 0 else (True,):
            walls = Walls(form, hidden, "" if form == "bwrap" else "; ".join(whys.values()), twice)
            try:
                with Sandbox(walls, View(), Limits()) as sandbox:
                    _try_out(sandbox)
                return walls
            except (Problem, OSError, EOFError, Broken) as error:
                whys[form] = f"{'as another user: ' if form == 'user' else ''}{error}"
    raise Problem(
        f"no walls can be had here ({'; '.join(why for form, why in whys.items() if form)}); install bubblewrap, or "
        "grade with WALLS=no, which protects neither your files nor other submissions from what learners wrote"
    )


def _try_out(sandbox: Sandbox) -> None:
    """See whether learner code can import what it may need: another user cannot always read where Python is."""
    channel = Channel(sandbox.connect())
    channel.send({"do": "cell", "source": "import colorsys", "number": 0})
    answer, _ = channel.receive()
    channel.close()
    if answer["problems"]:
        raise Problem(f"Python is out of reach: {answer['problems'][0]['text']}")


@dataclass(frozen=True)
class View:
    """What a worker sees of the project's own, and what it is for.

    Attributes
    ----------
    pages : bool
        It runs cells for their outputs, with the real package, and judges nothing.
    torch : bool
        torch is there.
    reference : bool
        The real `rnn_helpers.rnn` is there, because the assignment gives it.
    """

    pages: bool = False
    torch: bool = False
    reference: bool = False

    def write(self, folder: Path) -> None:
        """Put the files into a folder that workers can read."""
        for name in ("wire.py", "worker.py"):
            shutil.copy(HERE / name, folder)
        package = folder / "rnn_helpers"
        if self.pages:
            shutil.copytree(HELPERS, package, ignore=shutil.ignore_patterns("__pycache__", "*mistakes.py", "check*.py"))
            shutil.copy(HERE / "standin" / "checks.py", package)
        else:
            shutil.copytree(HERE / "standin", package, ignore=shutil.ignore_patterns("__pycache__"))
            for name in (*VISIBLE, *(["rnn.py"] if self.reference else [])):
                shutil.copy(HELPERS / name, package)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    @property
    def preload(self) -> list[str]:
        """What is loaded once for all workers."""
        names = ["numpy.linalg", "numpy.random", "math", "itertools", "functools", "rnn_helpers.data"]
        if self.torch:
            names.append("torch")
        if self.pages:
            names += ["matplotlib.pyplot", "matplotlib_inline.backend_inline", "rnn_helpers.plots"]
        return names


@dataclass
class Sandbox:
    """A server behind walls, and its workers one after the other."""

    walls: Walls
    view: View
    limits: Limits
    served: int = field(default=0, init=False)
    ended: int | None = field(default=None, init=False)  # the exit code of the last worker, once it is known
    is_gone: bool = field(default=False, init=False)  # it ended whole, with its last worker
    _is_clean: bool = field(default=False, init=False)

    def __enter__(self) -> Sandbox:
        """Start the server; raises `Problem` if it does not come up."""
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _start(self, stack: contextlib.ExitStack) -> None:
        view = Path(stack.enter_context(_folder("rnn-view-")))
        self.view.write(view)
        mine, theirs = socket.socketpair()
        stack.callback(mine.close)
        self._control, self._mark = mine, f"{os.getpid()}-{time.monotonic_ns()}"
        self._uid = uid = stack.enter_context(_own_user()) if os.geteuid() == 0 else None
        if self.walls.form == "bwrap":
            inside, home = "/view", _home_inside()
            command = [*_bwrap(self.walls, view, self.view, self.limits, uid), sys.executable]
        else:
            inside, home = str(view), str(stack.enter_context(_folder("rnn-work-")))
            command = [sys.executable]
            if uid is not None and self.walls.form == "user":
                os.chown(home, uid, uid)
        settings = {
            "control": theirs.fileno(), "home": f"{home}/.ipython", "folder": home, "pages": self.view.pages,
            "preload": self.view.preload, "limits": self.limits.of_the_system(self.walls),
            "uid": uid if self.walls.form == "user" else None, "reuse": self.walls.form == "bwrap",
            "places": [home, "/dev/shm"], "debug": bool(os.environ.get("RNN_GRADING_DEBUG")),
            "without": [] if self.view.torch or self.view.pages else ["torch"],
        }  # fmt: skip
        with theirs:
            errors = None if settings["debug"] else stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            self.process = subprocess.Popen(
                [*command, "-s", f"{inside}/worker.py", json.dumps(settings)],
                pass_fds=[theirs.fileno()],
                env=_environment(home, self._mark, self.view),
                cwd=view,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        stack.callback(self.kill)
        mine.settimeout(START_SECONDS)
        ready = b""
        with contextlib.suppress(OSError):
            ready = mine.recv(1)
        if ready != b"r":
            said = ""
            if errors is not None:
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().rpartition("\n")[2][:200]
            raise Problem(f"no worker starts: {said or 'it says nothing'}")

    def connect(self) -> socket.socket:
        """A worker of its own for one submission."""
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"w"], [theirs.fileno()])
        self.served += 1
        self.ended = None
        return mine

    def has_ended(self, seconds: float = 0) -> bool:
        """Whether the worker's process is over; its exit code is then in `ended`."""
        if self.ended is None and self.process.returncode is None:
            self._control.settimeout(max(seconds, 0.001))
            try:
                told = self._control.recv(2)
            except OSError:
                return False
            self._is_clean = len(told) == 2 and told[0] == 1
            self.is_gone = len(told) < 2
            code = told[1] if len(told) == 2 else 255
            self.ended = code - 256 if code > 128 else code
        return self.ended is not None

    @property
    def can_go_on(self) -> bool:
        """Whether the next submission may use it; called when the connection to the last worker is closed."""
        return self.walls.form == "bwrap" and self.has_ended(1.0) and self._is_clean

    def cpu_seconds(self) -> float:
        """The processor's time of everything in it."""
        used = 0.0
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.process.pid)
            for process in [root, *root.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    used += times.user + times.system
        return used

    def kill(self) -> None:
        """End it with everything that it started."""
        self._is_clean = False
        inside = []
        with contextlib.suppress(psutil.Error):
            inside = psutil.Process(self.process.pid).children(recursive=True)
        if self.walls.form == "bwrap" and inside:
            # The first process of a sandbox takes all others along, and bubblewrap then ends by itself.
            with contextlib.suppress(psutil.Error):
                inside[0].kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.walls.form == "user" and self._uid is not None:
            _kill_all_of(self._uid)
        elif self.walls.form == "no":
            _kill_marked(inside, self._mark)


@contextlib.contextmanager
def _own_user() -> Iterator[int]:
    """The number of a user that no other sandbox of this machine has now."""
    for uid in range(FIRST_UID, FIRST_UID + 10 * MAX_JOBS):
        with open(f"/var/run/rnn-grading-{uid}.lock", "w") as lock:  # where only root may write
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield uid
            return
    raise Problem("too many sandboxes at a time on this machine")


@contextlib.contextmanager
def _folder(prefix: str) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix=prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bwrap(walls: Walls, view: Path, what: View, limits: Limits, uid: int | None) -> list[str]:
    """The command that puts up bubblewrap's walls; as root, two of them: the inner one for an ordinary user."""
    program = shutil.which("bwrap")
    if program is None:
        raise Problem("bubblewrap is not installed")
    prefixes = _prefixes()
    roots = [Path("/usr"), *(prefix for prefix in prefixes if not prefix.is_relative_to("/usr"))]
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if uid else ["--unshare-user", "--disable-userns"]
    for root in roots:
        command += [*_parents(root), "--ro-bind", str(root), str(root)]
    for path in {Path(sys.prefix), Path(sys.base_prefix)}:  # as Python was started, where a link leads to it
        if not any(path.is_relative_to(root) for root in roots):
            command += [*_parents(path), "--symlink", str(path.resolve()), str(path)]
    for name in SYSTEM:
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    command += [word for name in SETTINGS for word in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")]
    command += _covers([*walls.hidden, *_packages(what)], roots, prefixes)
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--ro-bind", str(view), "/view"]
    for place in ("/dev/shm", _home_inside()):
        command += ["--perms", "1777", "--size", str(limits.files), "--tmpfs", place]
    command += ["--remount-ro", "/", "--chdir", _home_inside()]
    if uid:
        command += ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps=-all"]
    if uid and walls.twice:
        command += [program, "--unshare-user", "--disable-userns", "--die-with-parent", "--dev-bind", "/", "/"]
    return command


def _parents(path: Path) -> list[str]:
    """The folders above a path, made so that everybody may pass."""
    return [word for folder in reversed(path.parents[:-1]) for word in ("--dir", str(folder))]


def _prefixes() -> list[Path]:
    """Where Python is, and the environment that it runs in."""
    return sorted({Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()})


def _home_inside() -> str:
    """The folder in which learner code may write: /tmp, unless Python is beneath that."""
    started = [*_prefixes(), Path(sys.prefix), Path(sys.base_prefix)]
    return "/learner" if any(path.is_relative_to("/tmp") for path in started) else "/tmp"


def _packages(what: View) -> list[Path]:
    """The installed packages that a worker must not find where Python looks for them."""
    site = Path(sysconfig.get_path("purelib"))
    names = ["rnn_helpers", "rnn_grading", *(["torch"] if not what.torch and not what.pages else [])]
    return [*(site / name for name in names), HELPERS, HERE]


def _covers(hidden: Sequence[Path], roots: Sequence[Path], prefixes: Sequence[Path]) -> list[str]:
    """Empty folders over what is hidden inside the visible ones, with what Python needs inside them back again."""
    command = []
    inside = {path for path in hidden if path.is_dir() and any(path.is_relative_to(root) for root in roots)}
    for path in sorted(inside, key=lambda path: len(path.parts)):
        command += ["--perms", "0755", "--tmpfs", str(path)]
        for prefix in prefixes:
            if prefix.is_relative_to(path):
                command += ["--ro-bind", str(prefix), str(prefix)]
        command += ["--remount-ro", str(path)]
    return command


def _environment(home: str, mark: str, view: View) -> dict[str, str]:
    """As little as a worker needs; nothing of the grader's own environment."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return dict.fromkeys(threads, "1") | {
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline" if view.pages else "agg",
        "LANG": "C.UTF-8",
        "LOGNAME": "learner",
        "USER": "learner",
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        RUN_MARK: mark,
    }


def _kill_all_of(uid: int) -> None:
    """Kill every process of a user that only learner code has, until none is left."""
    for _ in range(100):
        subprocess.run(["/bin/sh", "-c", "kill -9 -1"], user=uid, group=uid, extra_groups=[], check=False)
        if not any(_is_of(process, uid) for process in psutil.process_iter()):
            return
        time.sleep(0.05)


def _is_of(process: psutil.Process, uid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.uids().real == uid and process.status() != psutil.STATUS_ZOMBIE
    return False


def _kill_marked(known: list[psutil.Process], mark: str) -> None:
    """Kill what a submission started and left running, as far as it can be found without walls."""
    for _ in range(20):
        found = {process for process in known if process.is_running()}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(RUN_MARK) == mark:
                    found.add(process)
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(list(found), timeout=0.2)
        known = []
