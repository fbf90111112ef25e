"""Runs over HTTP: how long they may take, when they are given up, what they tell, and what they remember."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import serving
from tests.engine.arithmetic import parameter, step, workflow

PLUGIN = {"WORKFLOWS_PLUGINS": "tests.engine.naps,tests.engine.arithmetic"}
LEDGER = workflow([parameter("n")], [step("ledger", "l", value="$inputs.n", seconds=0.0)], {"seen": "$steps.l.value"})


def nap(seconds: float) -> dict[str, Any]:
    """A workflow that takes so long."""
    return workflow([], [step("nap", "slow", value=1, seconds=seconds)], {"o": "$steps.slow.value"})


def run(client: httpx.Client, specification: dict[str, Any], **body: Any) -> httpx.Response:
    """Run a workflow."""
    content = {"specification": specification, "inputs": body.pop("inputs", {}), **body}
    return client.post("/workflows/run", json=content)


@pytest.mark.parametrize("setting", ["PENSTOCK_STEP_TIMEOUT", "PENSTOCK_RUN_TIMEOUT"])
def test_nobody_waits_for_a_run_that_takes_too_long(null_models: Path, setting: str) -> None:
    with serving(MODELS_DIR=null_models, **PLUGIN, **{setting: 0.3}) as client:
        started = time.perf_counter()
        answer = run(client, nap(1.5))
        assert time.perf_counter() - started < 1.2
        assert (answer.status_code, answer.json()["error_type"]) == (408, "RunTimeoutError")
        assert setting in answer.json()["message"]
        assert [error["block_id"] for error in answer.json()["blocks_errors"]] == ["slow"]
        assert run(client, nap(0.01)).json()["outputs"] == [{"o": 1}]


def test_a_run_that_takes_its_time_is_answered(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, **PLUGIN) as client:
        assert run(client, nap(0.7)).json()["outputs"] == [{"o": 1}]


def test_health_is_told_while_every_thread_is_at_work(null_models: Path) -> None:
    with (
        serving(MODELS_DIR=null_models, HTTP_API_THREADPOOL_WORKERS=1, **PLUGIN) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        runs = [pool.submit(run, client, nap(0.5)) for _ in range(2)]
        time.sleep(0.1)
        started = time.perf_counter()
        assert [client.get(path).status_code for path in ("/healthz", "/readiness", "/info")] == [200] * 3
        assert time.perf_counter() - started < 0.3
        assert not any(future.done() for future in runs)
        assert [future.result().status_code for future in runs] == [200, 200]


def test_a_run_ends_when_its_client_has_left(null_models: Path) -> None:
    """What its steps remember in a session tells how far it came."""
    names = [f"l{index}" for index in range(8)]
    values = ["$inputs.n", *(f"$steps.{name}.value" for name in names)]
    steps = [step("ledger", name, value=value, seconds=0.2) for name, value in zip(names, values, strict=False)]
    document = workflow([parameter("n")], steps, {name: f"$steps.{name}.value" for name in names})
    body = {"specification": document, "inputs": {"n": 0}, "session_id": "mine"}
    content = json.dumps(body).encode()
    with serving(MODELS_DIR=null_models, **PLUGIN) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
            head = f"POST /workflows/run HTTP/1.1\r\nHost: me\r\nContent-Length: {len(content)}\r\n\r\n"
            wire.sendall(head.encode() + content)
            time.sleep(0.5)
        answer = client.post("/workflows/run", json=body)
    (outputs,) = answer.json()["outputs"]
    assert len(outputs["l0"]) == 2
    assert len(outputs["l7"]) == 1


def test_a_profile_comes_when_asked_for(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, **PLUGIN) as client:
        assert run(client, nap(0.01)).json()["profiler_trace"] == []
        events = run(client, nap(0.01), enable_profiling=True).json()["profiler_trace"]
    assert {event["name"] for event in events} == {"compile", "inputs", "slow", "steps", "outputs"}
    assert all(event["ph"] == "X" and event["dur"] >= 0 for event in events)
    with serving(MODELS_DIR=null_models, ENABLE_WORKFLOWS_PROFILING=False, **PLUGIN) as client:
        assert run(client, nap(0.01), enable_profiling=True).json()["profiler_trace"] == []


def test_skipped_steps_are_told_when_asked_for(null_models: Path) -> None:
    steps = [
        step("never", "gate", next_steps=["$steps.slow"]),
        step("nap", "slow", value=1, seconds=0.0),
    ]
    document = workflow([], steps, {"o": "$steps.slow.value"})
    with serving(MODELS_DIR=null_models, **PLUGIN) as client:
        assert "debug_trace" not in run(client, document).json()
        (skipped,) = run(client, document, debug=True).json()["debug_trace"]
    assert (skipped["step"], skipped["reasons"]) == (
        "slow",
        [{"row": [], "reason": "The gate 'gate' did not let it pass."}],
    )


def test_requests_of_a_session_share_what_their_workflow_remembers(null_models: Path) -> None:
    other = workflow(LEDGER["inputs"], LEDGER["steps"], {"other": "$steps.l.value"})
    with serving(MODELS_DIR=null_models, PENSTOCK_API_KEYS="a,b", **PLUGIN) as client:

        def seen(value: int, specification: dict[str, Any] = LEDGER, **body: Any) -> list[int]:
            answer = run(client, specification, inputs={"n": value}, **{"api_key": "a", **body})
            (outputs,) = answer.json()["outputs"]
            (found,) = outputs.values()
            return list(found)

        assert [seen(1, session_id="one"), seen(2, session_id="one")] == [[1], [1, 2]]
        assert seen(3) == [3]
        assert seen(4, session_id="two") == [4]
        assert seen(5, session_id="one", api_key="b") == [5]
        assert seen(6, other, session_id="one") == [6]
        assert seen(7, session_id="one") == [1, 2, 7]
        assert run(client, LEDGER, inputs={"n": 1}, session_id="", api_key="a").status_code == 422


def test_sinks_keep_still_when_asked_to(null_models: Path, tmp_path: Path) -> None:
    sink = {
        "type": "roboflow_core/local_file_sink@v1",
        "name": "file",
        "content": "$inputs.text",
        "output_mode": "append_log",
        "target_directory": "logs",
        "file_type": "txt",
    }
    document = workflow([parameter("text")], [sink], {"message": "$steps.file.message"})
    folder = tmp_path / "out"
    folder.mkdir()
    with serving(MODELS_DIR=null_models, WORKFLOW_BLOCKS_WRITE_DIRECTORY=folder) as client:
        (still,) = run(client, document, inputs={"text": "a"}, disable_sinks=True).json()["outputs"]
        assert (still["message"], list(folder.iterdir())) == ("The sink is disabled.", [])
        (loud,) = run(client, document, inputs={"text": "a"}).json()["outputs"]
    assert loud["message"].startswith("Written to")


def test_one_session_does_not_hold_all_threads(null_models: Path) -> None:
    document = workflow([], [step("nap", "slow", value=1, seconds=1.0)], {"o": "$steps.slow.value"})
    with (
        serving(MODELS_DIR=null_models, HTTP_API_THREADPOOL_WORKERS=4, PENSTOCK_RUN_TIMEOUT=1.5, **PLUGIN) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = [pool.submit(run, client, document, session_id="one") for _ in range(8)]
        time.sleep(0.3)
        started = time.perf_counter()
        assert client.get("/model/registry").status_code == 200
        assert time.perf_counter() - started < 0.5
        statuses = sorted(answer.result().status_code for answer in answers)
    assert statuses == [200, 408, 408] + [503] * 5
