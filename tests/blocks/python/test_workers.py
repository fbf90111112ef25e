"""The processes: isolated, reused, bounded in number, and gone when they are no longer wanted."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blocks.python.workers import PythonFailure, Workers
from engine.errors import ServerBusyError
from tests.blocks.python.conftest import MEMORY
from tests.blocks.python.samples import definition, once

WHO = definition("who", "def run(self):\n    return {'value': os.getpid()}", {})


def code(run: str) -> dict[str, Any]:
    """What workers are handed of a block."""
    names = {"run_function_name": "run", "init_function_code": None, "init_function_name": "init", "imports": ""}
    return {"run_function_code": run, **names}


def call(workers: Workers, run: str, **inputs: Any) -> Any:
    request = {"inputs": inputs, "batches": {}, "outputs": None, "self": "a", "context": {}}
    return workers.call(code(run), request).value


def gone(process: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(500):
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_the_environment_of_the_server_is_not_there(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PENSTOCK_API_KEYS", "secret")
    monkeypatch.chdir(tmp_path)
    run = """
def run(self):
    import sys
    return [dict(os.environ), os.getcwd(), sys.flags.isolated, sorted(sys.path)]
"""
    environment, folder, isolated, path = call(workers, run)
    assert environment["PATH"] == os.environ["PATH"]
    assert environment.keys() <= {
        *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("HOME", "TMPDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    }
    assert Path(folder) not in {tmp_path, Path.cwd()}
    assert environment["HOME"] == folder
    assert isolated
    assert str(tmp_path) not in path


def test_files_of_the_server_are_not_open_in_the_worker(workers: Workers, tmp_path: Path) -> None:
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        run = """
def run(self):
    return [os.readlink("/proc/self/fd/" + name) for name in os.listdir("/proc/self/fd")
            if os.path.lexists("/proc/self/fd/" + name)]
"""
        names = call(workers, run)
    assert names
    assert not [name for name in names if "held" in name or "socket" in name]


def test_standard_input_is_empty(workers: Workers) -> None:
    assert call(workers, "import sys\ndef run(self):\n    return sys.stdin.read()") == ""


def test_many_calls_have_one_worker(workers: Workers) -> None:
    found = {once(workers, WHO)["value"] for _ in range(20)}
    assert len(found) == 1
    assert found != {os.getpid()}


def test_the_same_code_at_once_has_one_worker(workers: Workers) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(once, workers, WHO) for _ in range(16)]
        assert len({future.result()["value"] for future in futures}) == 1


def test_two_blocks_run_side_by_side(workers: Workers) -> None:
    """Each waits until the other has begun."""
    meet = """
def run(self, mine, theirs):
    open(mine, "w").close()
    while not os.path.exists(theirs):
        time.sleep(0.01)
    return os.getpid()
"""
    with ThreadPoolExecutor(2) as pool:
        folder = call(workers, "def run(self):\n    import tempfile\n    return tempfile.gettempdir()")
        one, other = f"{folder}/one", f"{folder}/other"
        first = pool.submit(call, workers, meet, mine=one, theirs=other)
        second = pool.submit(call, workers, f"{meet}# another", mine=other, theirs=one)
        assert first.result() != second.result()


def test_blocks_share_nothing(workers: Workers) -> None:
    count = "def run(self):\n    globals['n'] = globals.get('n', 0) + 1\n    return globals['n']"
    assert [call(workers, count), call(workers, count), call(workers, f"{count}\n# another")] == [1, 2, 1]


def test_the_least_recently_used_makes_room(hasty: Workers) -> None:
    """Two are kept: when a third comes, it is in place of the one whose last call was the longest ago."""
    who = "def run(self):\n    return os.getpid()\n# "
    a, b = call(hasty, f"{who}a"), call(hasty, f"{who}b")
    assert call(hasty, f"{who}a") == a
    c = call(hasty, f"{who}c")
    assert list(hasty.processes().values()) == [a, c]
    assert gone(b)
    assert call(hasty, f"{who}b") != b
    assert gone(a)


def test_calls_wait_for_room_and_not_for_ever(hasty: Workers) -> None:
    sleep = "def run(self, seconds):\n    time.sleep(seconds)\n    return seconds\n# "
    for name in "ab":
        call(hasty, f"{sleep}{name}", seconds=0)
    with ThreadPoolExecutor(3) as pool:
        busy = [pool.submit(call, hasty, f"{sleep}{name}", seconds=0.8) for name in "ab"]
        time.sleep(0.2)
        assert pool.submit(call, hasty, f"{sleep}c", seconds=0).result() == 0
        assert [future.result() for future in busy] == [0.8, 0.8]
        busy = [pool.submit(call, hasty, f"{sleep}{name}", seconds=60) for name in "ac"]
        time.sleep(0.2)
        hasty._timeout = 0.3
        with pytest.raises(ServerBusyError):
            call(hasty, f"{sleep}d", seconds=0)
        for future in busy:
            with pytest.raises(PythonFailure, match="ran longer"):
                future.result()


def test_a_worker_that_ended_by_itself_is_replaced(workers: Workers) -> None:
    late = "import threading\ndef run(self):\n    threading.Timer(0.05, os._exit, [0]).start()\n    return os.getpid()"
    first = call(workers, late)
    assert gone(first)
    time.sleep(0.1)  # its first thread has ended by now; its others end a little later
    assert call(workers, late) != first


def test_what_is_printed_between_calls_belongs_to_none(workers: Workers) -> None:
    run = """
import threading
def run(self):
    threading.Timer(0.05, print, ["late"]).start()
    print("now")
"""
    request: dict[str, Any] = {"inputs": {}, "batches": {}, "outputs": None, "self": "a", "context": {}}
    assert workers.call(code(run), request).printed == ("now\n", "")
    time.sleep(0.2)
    assert workers.call(code(run), request).printed == ("now\n", "")


def test_nothing_is_left_after_close() -> None:
    workers = Workers(timeout=30, memory=2**30, most=4)
    started = time.monotonic()
    child = """
import subprocess
def run(self):
    child = subprocess.Popen(["sleep", "600"])
    return [os.getpid(), child.pid, os.getcwd()]
"""
    parent, grandchild, folder = call(workers, child)
    endless = "def run(self):\n    while True:\n        pass"
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(call, workers, endless)
        while not workers._busy:
            time.sleep(0.01)
        time.sleep(0.5)
        workers.close()
        with pytest.raises(PythonFailure, match="SIGKILL"):
            busy.result()
    assert gone(parent)
    assert gone(grandchild)
    assert not Path(folder).exists()
    with pytest.raises(ServerBusyError):
        call(workers, endless)
    workers.close()
    assert time.monotonic() - started < 20


ORPHANED = """
import sys, threading
from tests.blocks.python.test_workers import call
from blocks.python.workers import Workers
workers = Workers(timeout=100, memory=2**30, most=2)
print(*call(workers, "def run(self):\\n    return [os.getpid(), os.getcwd()]"), flush=True)
run = "def run(self, path):\\n    open(path, 'w').write(str(os.getpid()))\\n    while True:\\n        pass"
call(workers, run, path=sys.argv[1])
"""


def test_workers_end_when_the_server_is_killed(tmp_path: Path) -> None:
    """One that is idle, and one in an endless loop."""
    note = tmp_path / "busy"
    with subprocess.Popen([sys.executable, "-c", ORPHANED, note], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        idle, folder = server.stdout.readline().split()
        deadline = time.monotonic() + 20
        while not (note.exists() and note.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.kill()
    assert gone(int(idle))
    assert not Path(folder).exists()
    assert gone(int(note.read_text()))


def test_workers_that_never_let_go_end_when_the_server_is_killed(tmp_path: Path) -> None:
    """No thread of theirs can see it, since a regular expression keeps all others waiting."""
    held = ORPHANED.replace("while True:\\n        pass", "__import__('re').match('(a+)+$', 'a' * 40 + 'b')")
    assert held != ORPHANED
    hasty = held.replace("timeout=100", "timeout=1").replace("workers =", "process.GRACE = 0\nworkers =")
    note = tmp_path / "busy"
    with subprocess.Popen(
        [sys.executable, "-c", f"from blocks.python import process{hasty}", note],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # where the folder of the worker stays
    ) as server:
        deadline = time.monotonic() + 20
        while not (note.exists() and note.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.kill()
    assert gone(int(note.read_text()))


def test_an_idle_worker_cannot_keep_a_processor_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blocks.python.process.GRACE", 0)
    workers = Workers(timeout=0.5, memory=MEMORY, most=1)
    spin = """
import threading
def spin():
    while True:
        pass
def run(self):
    threading.Thread(target=spin, daemon=True).start()
    return os.getpid()
"""
    assert gone(call(workers, spin))
    workers.close()


DEEP = """
def run(self):
    top = os.getcwd()
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")
    return top
"""


def test_what_a_worker_leaves_behind_is_nobodys_trouble() -> None:
    workers = Workers(timeout=20, memory=MEMORY, most=1)
    folder = call(workers, DEEP)
    for number in range(2):
        assert call(workers, f"def run(self):\n    return {number}") == number
    deadline = time.monotonic() + 10
    while Path(folder).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    folder = call(workers, DEEP)
    workers.close()
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    "odd",
    [
        "os.fork() or time.sleep(0.1)",
        """
        import struct, sys
        header = struct.pack('>4sQIQ', b'pstk', sys._getframe(3).f_locals["sizes"].number, 16, 0)
        os.write(int(sys.argv[3]), header + b'["d",["value",7]]'[:16].ljust(16))""",
    ],
)
def test_answers_are_those_to_the_request(workers: Workers, odd: str) -> None:
    """Code that answers twice may make its own call fail, and the next one; it never gets the answer of another."""
    run = f"def run(self, x):\n    if x == 1:\n        {odd.strip()}\n    return x"
    answers: list[Any] = []
    for x in range(5):
        try:
            answers.append(call(workers, run, x=x))
        except PythonFailure:
            answers.append(x)
        time.sleep(0.2)
    assert answers == list(range(5))


def test_what_is_handed_over_has_to_fit_into_memory() -> None:
    workers = Workers(timeout=20, memory=400 * 2**20, most=1)
    with pytest.raises(PythonFailure, match="does not fit into the memory of its process"):
        call(workers, "def run(self, x):\n    return 1", x=np.ones(300 * 2**17))
    assert call(workers, "def run(self, x):\n    return 1", x=1) == 1
    workers.close()


def test_a_system_that_has_no_more_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one descriptor more each time, a process gets further; none is lost when it does not get far enough."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    workers = Workers(timeout=20, memory=MEMORY, most=1)
    before = {int(descriptor.name) for descriptor in Path("/proc/self/fd").iterdir()}
    free = [number for number in range(200) if number not in before]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for more in range(10):
        resource.setrlimit(resource.RLIMIT_NOFILE, (free[more], hard))
        try:
            with pytest.raises(ServerBusyError, match=r"can be started now: .* Too many open files"):
                call(workers, f"def run(self):\n    return {more}")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)
    assert not list(tmp_path.iterdir())
    assert call(workers, "def run(self):\n    return 1") == 1
    workers.close()


def test_children_of_the_code_do_not_hide_its_end(workers: Workers) -> None:
    started = time.monotonic()
    with pytest.raises(PythonFailure, match="exit code 3"):
        call(workers, "def run(self):\n    os.system('sleep 60 &')\n    os._exit(3)")
    assert time.monotonic() - started < 10


def test_a_process_that_is_just_starting_is_closed_too() -> None:
    workers = Workers(timeout=20, memory=MEMORY, most=1)
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(call, workers, "def run(self):\n    time.sleep(15)")
        while not workers._busy:
            pass
        workers.close()
        with pytest.raises(PythonFailure):
            starting.result()
    assert time.monotonic() - started < 10


def test_workers_start_at_first_use() -> None:
    before = threading.active_count()
    workers = Workers(timeout=1, memory=2**30, most=1)
    assert workers.processes() == {}
    assert threading.active_count() == before
    workers.close()
