"""Code that fails, fails its step alone: with the place, what it printed, and a fresh worker for the next call."""

from __future__ import annotations

import time
from typing import Any

import pytest

from api.errors import body, status
from blocks.python.workers import Workers
from engine.console import Console
from engine.errors import DynamicBlockCodeError, DynamicBlockError
from engine.fault import BlockError, BlockTraceback
from engine.report import Report
from tests.blocks.python.samples import definition, once
from tests.engine.arithmetic import batch_input, engine, step, workflow

SOUND = definition("sound", "def run(self, x):\n    return {'value': x}")


def failure(workers: Workers, run: str, code: dict[str, Any] | None = None, x: Any = 1) -> DynamicBlockCodeError:
    """The error of a block, after which another block works."""
    with pytest.raises(DynamicBlockCodeError) as caught:
        once(workers, definition("failing", run, code=code), x=x)
    assert once(workers, SOUND, x=5) == {"value": 5}
    return caught.value


def trace(error: DynamicBlockCodeError) -> BlockTraceback:
    found = error.blocks[0].block_traceback
    assert found is not None
    return found


def test_the_place_of_an_error(workers: Workers) -> None:
    run = """
        def scale(value):
            print("scaling", value)
            return 1 / value

        def run(self, x):
            import sys
            print("oh", file=sys.stderr)
            return {"value": scale(x)}
        """
    error = failure(workers, run, x=0)
    assert "Step 's': the Python block 'test/failing@v1' failed in line 4 of run_function_code" in str(error)
    assert error.message.endswith("ZeroDivisionError: division by zero")
    assert error.context == "dynamic_block_code_execution"
    found = trace(error)
    assert found.error_line == 4
    assert found.code_snippet is not None
    assert ">    4 |     return 1 / value" in found.code_snippet.splitlines()
    assert found.code_snippet.splitlines()[0] == "     2 | def scale(value):"
    assert (found.stdout, found.stderr) == ("scaling 0\n", "oh\n")
    assert found.traceback is not None
    assert 'File "<run_function_code>", line 9, in run' in found.traceback
    assert "engine" not in found.traceback


def test_on_the_wire(workers: Workers) -> None:
    error = failure(workers, "def run(self, x):\n    print('so far')\n    raise ValueError('no ' + str(x))")
    assert status(error) == 400
    said = body(error)
    assert said["error_type"] == "DynamicBlockCodeError"
    (block,) = said["blocks_errors"]
    assert (block["block_id"], block["block_type"]) == ("s", "test/failing@v1")
    assert block["block_details"] == "ValueError: no 1"
    assert block["block_traceback"]["error_line"] == 3
    assert block["block_traceback"]["stdout"] == "so far\n"


@pytest.mark.parametrize(
    ("code", "source", "line", "says"),
    [
        ({"run_function_code": "def run(self, x):\n    return ("}, "run_function_code", 2, "SyntaxError"),
        ({"run_function_code": "\ndef run(self, x: Nothing):\n    pass"}, "run_function_code", 2, "NameError"),
        ({"run_function_code": "1 / 0\ndef run(self, x):\n    pass"}, "run_function_code", 1, "ZeroDivisionError"),
        ({"init_function_code": "def init():\n  pass\n!"}, "init_function_code", 3, "SyntaxError"),
        ({"imports": ["import json", "import no_such_module"]}, "imports", 2, "ModuleNotFoundError"),
        ({"run_function_code": "import os\ndef run(self): pass\nos._exit(4)"}, None, None, "exit code 4"),
        ({"run_function_code": "def run(self): pass\nraise SystemExit(3)"}, "run_function_code", 2, "SystemExit: 3"),
    ],
)
def test_code_that_does_not_compile(
    workers: Workers, code: dict[str, Any], source: str | None, line: int | None, says: str
) -> None:
    block = definition("broken", "def run(self, x):\n    pass", code=code)
    document = workflow([], [], {}, dynamic_blocks_definitions=[block])
    for _ in range(2):
        with pytest.raises(DynamicBlockCodeError, match=says) as caught:
            engine(workers).plan(document)
    assert caught.value.context == "dynamic_block_code_compilation"
    assert trace(caught.value).error_line == line
    assert source is None or f"line {line} of {source}" in str(caught.value)
    assert status(caught.value) == 400


@pytest.mark.parametrize(
    "code",
    [
        {"run_function_name": "infer"},
        {"init_function_code": ""},
        {"init_function_code": "def init():\n    return {}", "init_function_name": "initialise"},
        {"run_function_code": "print(run)"},
        {"run_function_code": "class A:\n    def run(self, x):\n        pass"},
        {"run_function_code": "run = 5"},
        {"run_function_name": "infer", "imports": ["import no_such_module"]},
    ],
)
def test_functions_that_are_not_there(workers: Workers, code: dict[str, Any]) -> None:
    block = definition("lacking", "def run(self, x):\n    pass", code=code)
    with pytest.raises(DynamicBlockError, match="there is no function"):
        engine(workers).plan(workflow([], [], {}, dynamic_blocks_definitions=[block]))


def test_init_that_fails(workers: Workers) -> None:
    error = failure(
        workers, SOUND["code"]["run_function_code"], {"init_function_code": "def init():\n    return 1 / 0"}
    )
    assert trace(error).error_line == 2
    assert "init_function_code" in str(error)
    error = failure(workers, SOUND["code"]["run_function_code"], {"init_function_code": "def init():\n    pass"})
    assert "init has to return a dict, not NoneType" in str(error)


def test_an_endless_loop(hasty: Workers) -> None:
    started = time.monotonic()
    error = failure(hasty, "def run(self, x):\n    print('before')\n    while True:\n        pass")
    assert "ran longer than 2 s and was stopped" in str(error)
    assert trace(error).stdout == "before\n"
    assert time.monotonic() - started < 10


def test_an_endless_loop_of_printing(hasty: Workers) -> None:
    error = failure(hasty, "def run(self, x):\n    while True:\n        print('x' * 1000)")
    printed = trace(error).stdout
    assert printed is not None
    assert 65_536 < len(printed) < 70_000
    assert printed.endswith("[more than 65536 bytes]")


def test_too_much_memory(workers: Workers) -> None:
    run = "def run(self, x):\n    held = []\n    while True:\n        held.append(bytearray(2**24))"
    error = failure(workers, run)
    assert "MemoryError" in str(error)
    assert trace(error).error_line == 4
    assert "Unable to allocate" in str(failure(workers, "def run(self, x):\n    return {'value': np.ones(10**11)}"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("os._exit(7)", "exit code 7"),
        ("__import__('ctypes').string_at(0)", "the signal SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "the signal SIGKILL"),
    ],
)
def test_a_crash(workers: Workers, line: str, says: str) -> None:
    error = failure(workers, f"def run(self, x):\n    print('almost')\n    {line}")
    assert says in str(error)
    assert trace(error).stdout == "almost\n"


@pytest.mark.parametrize(
    "line",
    ["while True: pass", "os._exit(1)", "raise MemoryError", "os.write(int(__import__('sys').argv[3]), b'x' * 99)"],
)
def test_the_next_call_gets_a_fresh_worker(hasty: Workers, line: str) -> None:
    run = f"""
        def run(self, x):
            globals["calls"] = globals.get("calls", 0) + 1
            if x:
                {line}
            return {{"value": globals["calls"]}}
        """
    block = definition("moody", run)
    assert [once(hasty, block, x=0)["value"] for _ in range(2)] == [1, 2]
    with pytest.raises(DynamicBlockCodeError):
        once(hasty, block, x=1)
    assert [once(hasty, block, x=0)["value"] for _ in range(2)] == [1, 2]


def test_an_error_of_the_code_keeps_its_worker(workers: Workers) -> None:
    block = definition("counting", "n = []\ndef run(self, x):\n    n.append(1 / x)\n    return {'value': len(n)}")
    assert once(workers, block, x=1) == {"value": 1}
    with pytest.raises(DynamicBlockCodeError):
        once(workers, block, x=0)
    assert once(workers, block, x=1) == {"value": 2}


def test_a_console_keeps_what_was_printed_and_no_more() -> None:
    console = Console()
    console.note("silent", "", "")
    console.note("s", "a", "")
    console.note("s", "", "b")
    console.note("much", "x" * 2**20, "")
    assert console.streams() == {"s": [{"stdout": "a", "stderr": None}, {"stdout": None, "stderr": "b"}]}


@pytest.mark.parametrize("result", ["lambda: 1", "object()", "open('/dev/null')", "'\\ud800'", "np.zeros(1, 'V3')"])
def test_results_that_cannot_leave(workers: Workers, result: str) -> None:
    assert "Unsendable" in str(failure(workers, f"def run(self, x):\n    return {{'value': {result}}}"))


FORGED = """
    import struct, sys
    def run(self, x):
        number = sys._getframe(3).f_locals["sizes"].number
        os.write(int(sys.argv[3]), {noise})
        time.sleep(5)
    """


@pytest.mark.parametrize(
    "noise",
    [
        "b'x' * 100",
        "struct.pack('>4sQIQ', b'pstk', number, 4, 2**60) + b'null'",
        "struct.pack('>4sQIQ', b'pstk', number, 4, 0) + b'null'",
        "struct.pack('>4sQIQ', b'pstk', number, 9, 0) + b'[\"d\",[1]]'",
        "struct.pack('>4sQIQ', b'pstk', number ^ 1, 15, 0) + b'[\"d\",[\"value\",1]]'",
    ],
)
def test_code_that_writes_into_the_pipe_to_the_server(workers: Workers, noise: str) -> None:
    """What a worker says is never trusted: noise, lies about sizes and numbers, and JSON that is no answer."""
    started = time.monotonic()
    error = failure(workers, FORGED.format(noise=noise))
    assert "to the server" in str(error) or "returned" in str(error)
    assert time.monotonic() - started < 4


def test_an_error_that_is_forged(workers: Workers) -> None:
    said = """b'["d",["error",["d",["what","forged"],["memory",["a","|b1",[2]]]]]]   '"""
    noise = f"struct.pack('>4sQIQ', b'pstk', number, len({said}), 16) + {said} + bytes(16)"
    assert "forged" in str(failure(workers, FORGED.format(noise=noise)))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("raise ValueError('bad \\ud800')", "ValueError: bad \\ud800"),
        ("raise ValueError('x' * 40_000_000)", "ValueError: xxx"),
        (
            "e = ValueError('the error'); e.add_note('see the docs'); raise e",
            "failed in line 3 of run_function_code: V",
        ),
    ],
)
def test_errors_with_odd_texts(workers: Workers, line: str, says: str) -> None:
    error = failure(workers, f"def run(self, x):\n    import sys\n    {line}")
    assert says in str(error)
    assert trace(error).error_line == 3


@pytest.mark.parametrize("line", ["sys.stdout = None", "sys.stdout.close()", "os.close(1)", "del sys.stdout"])
def test_code_that_takes_its_output_away(workers: Workers, line: str) -> None:
    run = f"def run(self, x):\n    import sys\n    {line}\n    return {{'value': x}}"
    assert once(workers, definition("silent", run), x=5) == {"value": 5}


def test_what_stands_in_a_line_that_is_not_ended(hasty: Workers) -> None:
    error = failure(hasty, "def run(self, x):\n    print('half', end='')\n    time.sleep(9)")
    assert trace(error).stdout == "half"


def test_lines_end_where_python_ends_them(workers: Workers) -> None:
    run = "a = 1\n\x0c\ndef run(self, x):\r\n    s = 'p\u2028q\x85r'\r    return 1 / 0\n"
    found = trace(failure(workers, run))
    assert found.error_line == 5
    assert found.code_snippet is not None
    assert found.code_snippet.endswith(">    5 |     return 1 / 0")
    assert found.traceback is not None
    assert "    return 1 / 0\n" in found.traceback


def test_outputs_that_are_not_declared_do_not_travel(workers: Workers) -> None:
    block = definition("more", "def run(self, x):\n    return {'value': x, 'junk': object()}")
    assert once(workers, block, x=5) == {"value": 5}


def test_all_blocks_of_a_workflow_are_loaded_in_the_time_of_one_call(hasty: Workers) -> None:
    slow = [definition(f"slow{n}", f"time.sleep(0.5)  # {n}\ndef run(self, x):\n    pass") for n in range(12)]
    started = time.monotonic()
    with pytest.raises(DynamicBlockCodeError, match="have 2 s together"):
        engine(hasty).plan(workflow([], [], {}, dynamic_blocks_definitions=slow))
    assert time.monotonic() - started < 4


def test_only_the_row_that_fails_is_to_blame(workers: Workers) -> None:
    block = definition("picky", "def run(self, x):\n    print('row', x)\n    return {'value': 1 / x}")
    subject, report = engine(workers), Report()
    document = workflow(
        [batch_input("n")],
        [step("picky", "s", x="$inputs.n")],
        {"o": "$steps.s.value"},
        dynamic_blocks_definitions=[block],
    )
    plan = subject.plan(document)
    with pytest.raises(DynamicBlockCodeError) as caught:
        subject.run(plan, {"n": [1, 0, 2]}, report=report)
    assert isinstance(caught.value.blocks[0], BlockError)
    assert trace(caught.value).stdout == "row 0\n"
    assert report.console.streams() == {"s": [{"stdout": f"row {n}\n", "stderr": None} for n in (1, 0)]}
    assert subject.run(plan, {"n": [1, 4]}) == [{"o": 1.0}, {"o": 0.25}]
