"""No submission harms the machine, the grader or another submission. Each probe has a control that reaches its aim."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time

import corpus
import psutil
import pytest
from conftest import LIMITS, points, walls_of

from rnn_grading.examiner import Caller, Notebook
from rnn_grading.scores import Pool, Sandboxes, Setting, judge
from rnn_grading.walls import MIB, Limits, Walls

STEP = corpus.STEP


def ask(sandboxes: Sandboxes, step, code: str):
    """What the function `probe` of a cell returns."""
    notebook = Notebook(lambda: sandboxes.get(step.view()), sandboxes.setting.limits)
    notebook.cell(code)
    answer, error = Caller(notebook, "probe")()
    notebook.close()
    return error or answer


@pytest.fixture
def target(tmp_path):
    """Things of the grader's that are no business of a submission's."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the key")
    listening = socket.create_server(("127.0.0.1", 0))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0rnn-grading-test-{os.getpid()}")
    abstract.listen()
    sleeping = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={"SECRET": "the key"})
    yield {
        "FOLDER": repr(str(tmp_path)),
        "PORT": str(listening.getsockname()[1]),
        "ABSTRACT": repr(f"\0rnn-grading-test-{os.getpid()}"),
        "PID": str(sleeping.pid),
    }
    sleeping.kill()
    sleeping.wait(20)
    listening.close()
    abstract.close()


PROBES = {
    "reads_a_file": "return open(FOLDER + '/secret.txt').read()",
    "writes_a_file": "open(FOLDER + '/new', 'w').write('x')\n    return 'done'",
    "changes_a_file": "open(FOLDER + '/secret.txt', 'a').write('x')\n    return 'done'",
    "removes_a_file": "os.remove(FOLDER + '/secret.txt')\n    return 'done'",
    "lists_a_folder": "return os.listdir(FOLDER)[0]",
    "sees_a_process": "return str(os.stat('/proc/PID').st_uid)",
    "reads_an_environment": "return open('/proc/PID/environ').read()",
    "reads_a_command_line": "return open('/proc/PID/cmdline').read()",
    "kills_a_process": "os.kill(PID, 9)\n    return 'done'",
    "stops_a_process": "os.kill(PID, signal.SIGSTOP)\n    os.kill(PID, signal.SIGCONT)\n    return 'done'",
    "connects": "socket.create_connection(('127.0.0.1', PORT), 2)\n    return 'done'",
    "connects_to_an_abstract_socket": "s = socket.socket(socket.AF_UNIX)\n    s.connect(ABSTRACT)\n    return 'done'",
    "reads_the_project": f"return open({str(corpus.SOURCES / STEP / (STEP + '.ipynb'))!r}).read()[:99]",
    "reads_the_grader": f"return open({str(corpus.ROOT / 'rnn_grading' / 'examiner.py')!r}).read()[:99]",
    "reads_the_reference": f"return open({str(corpus.ROOT / 'rnn_helpers' / 'rnn.py')!r}).read()[:99]",
    "reads_passwords_users": "return open('/etc/passwd').read()[:99]",
    "reads_the_machines_files": "return ' '.join(os.listdir('/var'))",
    "sees_the_init_of_the_machine": "return open('/proc/1/cmdline').read()",
    "changes_priority_of_a_process": "os.setpriority(os.PRIO_PROCESS, PID, 7)\n    return 'done'",
}


def probe(name: str, target: dict[str, str]) -> str:
    code = PROBES[name]
    for word, value in target.items():
        code = code.replace(word, value)
    return f"import os, signal, socket\ndef probe():\n    {code}"


@pytest.mark.parametrize("name", PROBES)
def test_nothing_beyond_the_wall_is_in_reach(name, target, bwrap, step, without_walls, tmp_path):
    reached = ask(without_walls, step, probe(name, target))
    assert isinstance(reached, str)
    if name in {"reads_passwords_users", "sees_the_init_of_the_machine", "sees_a_process"} and os.geteuid() != 0:
        assert reached
    (tmp_path / "secret.txt").write_text("the key")
    (tmp_path / "new").unlink(missing_ok=True)
    behind = Sandboxes(Setting(bwrap, LIMITS))
    try:
        found = ask(behind, step, probe(name, target))
    finally:
        behind.close()
    if name == "sees_the_init_of_the_machine":  # it sees the one of its sandbox
        assert "bwrap" in found
    elif name == "sees_a_process" and isinstance(found, str):
        assert psutil.pid_exists(int(target["PID"]))
    else:
        assert isinstance(found, Exception), found
    assert (tmp_path / "secret.txt").read_text() == "the key"
    assert not (tmp_path / "new").exists()


# Where there is no bubblewrap, another user reads what every user can read, and touches nothing.
NOT_ANOTHER_USERS = (
    *("reads_a_file", "writes_a_file", "changes_a_file", "removes_a_file", "lists_a_folder", "reads_an_environment"),
    *("kills_a_process", "stops_a_process", "changes_priority_of_a_process"),
)


@pytest.mark.parametrize("name", NOT_ANOTHER_USERS)
def test_another_user_touches_nothing_of_the_graders(name, target, step, as_another_user, tmp_path):
    found = ask(as_another_user, step, probe(name, target))
    assert isinstance(found, PermissionError), found
    assert (tmp_path / "secret.txt").read_text() == "the key"
    assert not (tmp_path / "new").exists()


# Shares of the machine


@pytest.fixture
def behind(bwrap):
    made = Sandboxes(Setting(bwrap, Limits(cell_seconds=5, submission_seconds=15)))
    yield made
    made.close()


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", ".", "/dev", "/", "/var", "/view", "/proc"])
def test_nobody_writes_more_than_the_share(place, behind, step):
    code = f"""
def probe():
    written = 0
    try:
        for number in range(40):
            with open({place!r} + f"/file{{number}}", "wb") as file:
                written += file.write(bytes(8 * 2**20))
    except OSError:
        pass
    return written
"""
    written = ask(behind, step, code)
    assert written <= LIMITS.files + 8 * MIB
    assert (written > 0) == (place in {"/tmp", "/dev/shm", "."})


def test_processes_are_counted(behind, step):
    code = """
import os, time
def probe():
    made = 0
    try:
        for _ in range(1000):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError:
        pass
    return made
"""
    assert 0 < ask(behind, step, code) <= LIMITS.processes


def test_memory_is_counted(behind, step):
    assert isinstance(
        ask(behind, step, "import numpy as np\ndef probe():\n    return np.ones(10**9).sum()"), MemoryError
    )


@pytest.mark.parametrize(
    "code", ["__import__('ctypes').CDLL(None).unshare(0x10000000)", "1 if __import__('os').geteuid() else 0"]
)
def test_no_namespaces_of_its_own_and_no_root(code, behind, step):
    assert ask(behind, step, f"def probe():\n    return {code}") != 0


LEAVES = {
    "daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
""",
    "shell": "import subprocess\nsubprocess.Popen(\"trap '' TERM HUP; while true; do sleep 1; done\", shell=True, start_new_session=True)",
    "multiplies": """
import os, time
for _ in range(8):
    if os.fork() == 0:
        for _ in range(1000):
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
        os._exit(0)
""",
}


def inside(sandbox) -> list[psutil.Process]:
    return psutil.Process(sandbox.process.pid).children(recursive=True)


@pytest.mark.parametrize("name", LEAVES)
def test_no_process_survives_its_submission(name, behind, step):
    first = behind.get(step.view())
    notebook = Notebook(lambda: first, LIMITS)
    notebook.cell(LEAVES[name])
    processes = inside(first)
    assert len(processes) > (4 if os.geteuid() == 0 else 3)  # bubblewrap, as root twice, the server, the worker
    notebook.close()
    second = behind.get(step.view())
    assert second is not first
    assert not [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("pid", [1, 2, 3])
def test_who_kills_the_processes_of_its_sandbox_ends_its_own_alone(pid, behind, bwrap, step):
    neighbours = Sandboxes(Setting(bwrap, LIMITS))
    neighbour = Notebook(lambda: neighbours.get(step.view()), LIMITS)
    assert not neighbour.cell("x = 3")["problems"]
    killer = Notebook(lambda: behind.get(step.view()), LIMITS)
    killer.cell(f"import os, time\ntry:\n    os.kill({pid}, 9)\nexcept OSError:\n    pass\ntime.sleep(0.5)")
    killer.close()
    assert all("it ended its sandbox" in note for note in killer.notes)
    assert bool(killer.notes) == (pid == 3 or (pid == 2 and os.geteuid() == 0))  # the first is another user's, or init
    assert not neighbour.cell("assert x == 3")["problems"]
    neighbour.close()
    neighbours.close()


def test_without_walls_too_what_is_left_running_is_ended(without_walls, step):
    sandbox = without_walls.get(step.view())
    notebook = Notebook(lambda: sandbox, LIMITS)
    notebook.cell(LEAVES["daemon"])
    time.sleep(0.5)
    processes = [p for p in psutil.process_iter() if _is_marked(p, sandbox._mark)]
    assert len(processes) >= 3
    notebook.close()
    sandbox.kill()
    assert not [p for p in psutil.process_iter() if _is_marked(p, sandbox._mark)]


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get("RNN_GRADING_RUN") == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


TRACES = {
    "a file": "open('/tmp/for_the_next', 'w').write('x')",
    "a file in shared memory": "open('/dev/shm/for_the_next', 'w').write('x')",
    "a startup file": "import os\nopen(os.environ['IPYTHONDIR'] + '/x.py', 'w').write('x')",
    "a segment of shared memory": "import ctypes\nctypes.CDLL(None).shmget(77, 4096, 0o1666)",
    "a message queue": "import ctypes\nctypes.CDLL(None).msgget(77, 0o1666)",
    "a lower limit": "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (30, 30))",
    "a lower priority": "import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 15)",
    "another processor": "import os\nos.sched_setaffinity(os.getppid(), {min(os.sched_getaffinity(0))})",
}


@pytest.mark.parametrize("name", TRACES)
def test_who_leaves_a_trace_leaves_it_to_nobody(name, behind, step):
    first = behind.get(step.view())
    notebook = Notebook(lambda: first, LIMITS)
    answer = notebook.cell(TRACES[name])
    assert not answer["problems"], answer
    notebook.close()
    assert behind.get(step.view()) is not first


def test_who_leaves_no_trace_shares_a_sandbox(behind, step):
    first = behind.get(step.view())
    notebook = Notebook(lambda: first, LIMITS)
    notebook.cell("import random\nx = 3")
    notebook.close()
    assert behind.get(step.view()) is first


def test_no_worker_looks_into_its_server(behind, step):
    code = "import os\ndef probe():\n    return open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"
    assert isinstance(ask(behind, step, code), OSError)


def test_a_busy_neighbour_costs_nobody_else_a_point(bwrap, assignments):
    """60 children that take all processors; the right submission beside them gets all its points."""
    busy = "import os\nfor _ in range(60):\n    if os.fork() == 0:\n        while True:\n            pass"
    step = assignments[STEP]
    tasks = {
        "busy": (corpus.as_bytes(corpus.with_own_cell(corpus.solved(STEP), busy)), {}, step),
        "right": (corpus.as_bytes(corpus.solved(STEP)), {}, step),
    }
    with Pool(Setting(bwrap, LIMITS), 2) as pool:
        results = dict(pool.judge(tasks))
    assert sum(points(results["right"], step).values()) == 16
    assert not results["right"].notes


@pytest.mark.parametrize("beneath", ["/tmp", "/var/tmp"])
def test_an_environment_that_a_link_leads_to_serves_wherever_it_is(beneath, bwrap, step):
    """As it is where somebody keeps environments on another disk, or tries the project in a temporary folder."""
    code = (
        "from pathlib import Path\nfrom rnn_grading.assignments import read\nfrom rnn_grading.scores import *\n"
        "from rnn_grading.walls import find_walls\nimport sys\n"
        "step, _ = read(Path(sys.argv[1]))\nmade = Sandboxes(Setting(find_walls('bwrap')))\n"
        "print(judge(Path(sys.argv[1]).read_bytes(), {}, step, made).messages)\nmade.close()"
    )
    with tempfile.TemporaryDirectory(dir=beneath) as place:
        link = os.path.join(place, "environment")
        os.symlink(sys.prefix, link)
        python = os.path.join(link, os.path.relpath(sys.executable, sys.prefix))
        source = corpus.SOURCES / STEP / f"{STEP}.ipynb"
        command = [python, "-c", code, str(source)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=corpus.ROOT)
    assert done.stdout.strip() == str(dict.fromkeys(step.items, "")), done.stderr


# The other forms


@pytest.fixture
def as_another_user():
    made = Sandboxes(Setting(walls_of("user"), LIMITS))
    yield made
    made.close()


def test_another_user_where_bubblewrap_cannot_be_had(step, as_another_user):
    made = as_another_user
    assert ask(made, step, "import os\ndef probe():\n    return os.getuid()") >= 60_600
    assert sum(points(judge(corpus.as_bytes(corpus.solved(STEP)), {}, step, made), step).values()) == 16
    sandbox = made.get(step.view())
    notebook = Notebook(lambda: sandbox, LIMITS)
    notebook.cell(LEAVES["daemon"])
    notebook.close()
    sandbox.kill()
    assert not [
        p for p in psutil.process_iter() if p.uids().real == sandbox._uid and p.status() != psutil.STATUS_ZOMBIE
    ]
    secret = ask(made, step, "def probe():\n    return open('/etc/shadow').read()")
    assert isinstance(secret, PermissionError)


def test_the_sentence_says_what_is_protected(best):
    assert "behind bubblewrap" in Walls("bwrap").sentence
    assert "NOT behind bubblewrap (because)" in Walls("user", why="because").sentence
    assert "WITHOUT walls" in Walls("no", why="as asked for").sentence


def test_where_there_are_no_walls_it_says_how_to_go_on(monkeypatch):
    from rnn_grading import walls

    monkeypatch.setattr(walls.shutil, "which", lambda name: None)
    monkeypatch.setattr(walls.os, "geteuid", lambda: 1000)
    with pytest.raises(walls.Problem, match=r"bubblewrap is not installed.*WALLS=no"):
        walls.find_walls()
    assert walls.find_walls("no").form == "no"


def test_a_form_that_does_not_exist_is_named():
    from rnn_grading import walls

    with pytest.raises(walls.Problem, match="got 'glass'"):
        walls.find_walls("glass")


def test_nothing_is_left_behind_when_the_grader_is_killed(bwrap, tmp_path):
    code = (
        "import time\nfrom rnn_grading.walls import *\n"
        "with Sandbox(Walls('bwrap'), View(), Limits()) as s:\n    s.connect()\n    print(s.process.pid, flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        pid = int(grader.stdout.readline())
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        grader.kill()
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
