"""A kernel of its own for each submission: limits, an unprivileged user where the machine allows it, no leftovers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from jupyter_client.connect import KernelConnectionInfo, write_connection_file

__all__ = ["Kernel", "Limits", "Walls", "alone", "find_walls", "kill_all", "start_kernel"]

LAUNCHER = Path(__file__).with_name("launcher.py")
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
RUN_MARK = "COURSE_RUN"  # in the environment of every process of a submission
_running: set[Kernel] = set()
FIRST_UID = 60_600  # in a range that neither distributions nor systemd give away
MAX_JOBS = 8


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell_seconds, submission_seconds : float
        How long one cell and all cells together may run: of the processor's time, or three times that on the clock.
    memory : int
        Bytes of address space for each process.
    output : int
        Bytes of text that are kept of each cell's output.
    file : int
        Bytes of each file that it writes.
    processes : int
        Processes and threads at a time; counted for each user, so only set with a user of its own.
    """

    cell_seconds: float = 20
    submission_seconds: float = 90
    memory: int = 4 * 2**30
    output: int = 200_000
    file: int = 50 * 2**20
    processes: int = 128


@dataclass(frozen=True)
class Walls:
    """What stands between learner code and the rest of the machine.

    Attributes
    ----------
    uids : tuple of int
        The users that learner code runs as, one for each job; empty if it runs as the grader's own user.
    withdrawn : bool
        Whether each kernel has a view of its own of the files, and no network.
    hidden : tuple of str
        Folders that are empty in that view.
    sentence : str
        The same in words, for the summary.
    """

    uids: tuple[int, ...] = ()
    withdrawn: bool = False
    hidden: tuple[str, ...] = ()
    sentence: str = "Learner code ran as your own user: with limits, but with all your rights."

    def uid(self, slot: int) -> int | None:
        """The user of one job; None for the grader's own."""
        return self.uids[slot] if self.uids else None


@dataclass(eq=False)
class Kernel:
    """A running kernel process and the facts that a client needs to talk to it."""

    process: subprocess.Popen[bytes]
    connection: KernelConnectionInfo
    home: Path

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def interrupt(self) -> None:
        """Ask the running cell to stop, as the stop button does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """End the process at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def find_walls(jobs: int, hidden: Sequence[Path] = ()) -> Walls:
    """Try which walls this machine allows, the best first.

    Parameters
    ----------
    jobs : int
        How many submissions run at a time, at most `MAX_JOBS`.
    hidden : sequence of pathlib.Path
        Folders that learner code should not see.

    Returns
    -------
    Walls
        The best that works.
    """
    if os.geteuid() != 0:
        return Walls()
    # Two clones on one machine get different users, so that one grader never ends the other's processes.
    block = sum(str(PACKAGE_ROOT).encode()) % 50
    uids = tuple(FIRST_UID + MAX_JOBS * block + slot for slot in range(jobs))
    folders = tuple(str(path.resolve()) for path in hidden)
    for walls in (
        Walls(
            uids,
            True,
            folders,
            "Learner code ran as users without rights, without network, out of sight of the course.",
        ),
        Walls(
            uids,
            False,
            (),
            "Learner code ran as users without rights, but could read what every user can, and had network.",
        ),
    ):
        with _home(walls, 0) as home:
            command = _command(Limits(), walls, 0, home, ["--probe"])
            tried = subprocess.run(
                command, env=_environment(home, ""), cwd=home / "work", capture_output=True, check=False
            )
        if tried.returncode == 0:
            return walls
    return Walls(sentence="Learner code ran as root: users without rights cannot read this Python or this folder.")


@contextlib.contextmanager
def start_kernel(limits: Limits, walls: Walls, slot: int, fonts: Sequence[Path] = ()) -> Iterator[Kernel]:
    """Start a kernel in a fresh private folder; afterwards nothing of it is left, neither process nor file.

    Parameters
    ----------
    limits : Limits
        Set in the process itself before the kernel starts.
    walls : Walls
        Put up before that.
    slot : int
        The number of the job, from 0.
    fonts : sequence of pathlib.Path
        matplotlib's lists of fonts, which take it seconds to make anew.
    """
    token = secrets.token_hex(16)
    with _home(walls, slot, fonts) as home:
        # Sockets in the private folder rather than ports, which another process could take first.
        _, connection = write_connection_file(
            str(home / "k.json"), ip=str(home / "k"), transport="ipc", key=secrets.token_hex(32).encode()
        )
        _give(home / "k.json", walls.uid(slot))
        _kill_leftovers(walls.uid(slot), token)  # of a grader that was itself killed
        process = subprocess.Popen(
            _command(limits, walls, slot, home, ["-f", str(home / "k.json")]),
            env=_environment(home, token),
            cwd=home / "work",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        kernel = Kernel(process, connection, home)
        _running.add(kernel)
        try:
            yield kernel
        finally:
            kernel.kill()
            _running.discard(kernel)
            _kill_leftovers(walls.uid(slot), token)


@contextlib.contextmanager
def _home(walls: Walls, slot: int, fonts: Sequence[Path] = ()) -> Iterator[Path]:
    """A private folder for one kernel."""
    home = Path(tempfile.mkdtemp(prefix="course-")).resolve()
    try:
        for name in ("matplotlib", "work"):
            (home / name).mkdir()
        for path in fonts:
            shutil.copy(path, home / "matplotlib")
        for path in [home, *home.rglob("*")]:
            _give(path, walls.uid(slot))
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def alone() -> Iterator[bool]:
    """Whether no other run uses the same users now: two at a time would end each other's kernels."""
    if os.geteuid() != 0:
        yield True
        return
    (PACKAGE_ROOT / "build").mkdir(exist_ok=True)
    with open(PACKAGE_ROOT / "build" / ".users.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def kill_all() -> None:
    """End every kernel that runs, so that the threads which wait for them end too."""
    for kernel in list(_running):
        kernel.kill()


def _give(path: Path, uid: int | None) -> None:
    if uid is not None:
        os.chown(path, uid, uid)


def _command(limits: Limits, walls: Walls, slot: int, home: Path, arguments: list[str]) -> list[str]:
    """The launcher with its settings."""
    numbers = asdict(limits) | {"core": 0, "cpu_seconds": int(2 * limits.submission_seconds + 30)}
    if not walls.uids:
        numbers["processes"] = None  # it counts all processes of a user
    settings = {"limits": numbers, "uid": walls.uid(slot), "withdraw": None}
    if walls.withdrawn:
        settings["withdraw"] = {
            "keep": [sys.base_prefix, sys.prefix, str(PACKAGE_ROOT), str(home)],
            "cover": [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", *walls.hidden],
        }
    return [sys.executable, "-P", "-s", str(LAUNCHER), json.dumps(settings), *arguments]


def _environment(home: Path, token: str) -> dict[str, str]:
    """As little as a kernel needs; nothing of the grader's own environment but where Python finds the package."""
    private = {name: str(home) for name in ("HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")}
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = (
        private
        | single
        | {
            "JPY_PARENT_PID": str(os.getpid()),
            "LANG": "C.UTF-8",
            "MPLCONFIGDIR": str(home / "matplotlib"),
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), "/usr/local/bin", "/usr/bin", "/bin"]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(PACKAGE_ROOT),
            "USER": "learner",
            "LOGNAME": "learner",
            RUN_MARK: token,
        }
    )
    return environment


def _kill_leftovers(uid: int | None, token: str) -> None:
    """Kill what the submission started and left running, until nothing new appears."""
    for _ in range(100):
        if uid is not None:  # all at once, so that processes which multiply cannot keep ahead
            subprocess.run(["/bin/sh", "-c", "kill -9 -1"], user=uid, group=uid, extra_groups=[], check=False)
        found = [process for process in psutil.process_iter() if _belongs(process, uid, token)]
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)


def _belongs(process: psutil.Process, uid: int | None, token: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        if uid is not None:  # a dead one too, until it is gone: it still counts against the next one's limit
            return process.uids().real == uid
        return process.environ().get(RUN_MARK) == token
    return False
