"""What one request may cost those who are in the house with it."""

from __future__ import annotations

import gc
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.body import MAX_PARTS
from tests.api.serving import serving
from tests.engine.arithmetic import step, workflow

MANY = 200_000
PLUGIN = {"WORKFLOWS_PLUGINS": "tests.engine.naps,tests.engine.arithmetic"}


def resident() -> float:
    """Memory of this process in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def nap(client: httpx.Client, seconds: float) -> httpx.Response:
    """Run a workflow that takes so long."""
    document = workflow([], [step("nap", "slow", value=1, seconds=seconds)], {"o": "$steps.slow.value"})
    return client.post("/workflows/run", json={"specification": document, "inputs": {}})


def sent(client: httpx.Client, path: str, content: bytes, length: int | None = None) -> socket.socket:
    """A connection over which a request was sent, perhaps not to its end."""
    wire = socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=5)
    head = f"POST {path} HTTP/1.1\r\nHost: me\r\nContent-Length: {length or len(content)}\r\n\r\n"
    wire.sendall(head.encode() + content)
    return wire


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/infer/object_detection", {"model_id": "null", "image": "", "class_filter": [1] * MANY}),
        ("/workflows/run", {"specification": {}, "inputs": {}, "excluded_fields": [1] * MANY}),
        ("/workflows/validate", {"version": "1.0", "inputs": [{"type": "X"}] * MANY, "steps": [], "outputs": []}),
        ("/workflows/validate", {"version": "1.0", "inputs": [{"type": "X"}] * 1000, "steps": [], "outputs": []}),
        ("/workflows/validate", {"version": "1.0", "inputs": [], "steps": [], "outputs": [{}] * MANY}),
        (
            "/workflows/validate",
            {
                "version": "1.0",
                "inputs": [{"type": "WorkflowParameter", "name": "a", "kind": [1] * MANY}],
                "steps": [],
                "outputs": [],
            },
        ),
    ],
    ids=["class_filter", "excluded_fields", "inputs", "some inputs", "outputs", "kinds"],
)
def test_an_answer_lists_no_more_findings_than_anybody_reads(
    null_models: Path, path: str, body: dict[str, Any]
) -> None:
    with serving(MODELS_DIR=null_models) as client:
        answer = client.post(path, json=body)
    assert answer.status_code in {400, 422}
    assert 0 < len(answer.json().get("detail") or answer.json()["blocks_errors"]) <= 100
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("content", [b'{"a": [' + b"{}," * MAX_PARTS + b"{}]}", b"[" * (MAX_PARTS + 10)])
def test_a_body_of_very_many_parts_is_not_read(null_models: Path, content: bytes) -> None:
    with serving(MODELS_DIR=null_models) as client:
        answer = client.post("/workflows/validate", content=content)
        plain = client.post("/workflows/validate", json={"version": "1.0", "x": "," * 500_000 + "a" * MAX_PARTS})
    assert (answer.status_code, answer.json()["error_type"]) == (413, "RequestTooLargeError")
    assert str(MAX_PARTS) in answer.json()["message"]
    assert plain.json()["error_type"] == "WorkflowSyntaxError"


@pytest.mark.parametrize("place", ["query", "header"])
def test_a_wrong_key_is_refused_before_the_body(null_models: Path, place: str) -> None:
    query, header = ("?api_key=wrong", "") if place == "query" else ("", "Authorization: Bearer wrong\r\n")
    with serving(MODELS_DIR=null_models, PENSTOCK_API_KEYS="right") as client:
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address, timeout=5) as wire:
            head = f"POST /model/add{query} HTTP/1.1\r\nHost: me\r\n{header}Content-Length: 100\r\n\r\n"
            wire.sendall(head.encode())
            assert b" 401 " in wire.recv(65536)


def left_behind(client: httpx.Client, body: bytes, status: int) -> float:
    """Megabytes that the server has grown by after 15 requests, while the collector of garbage has no time."""
    client.post("/infer/object_detection", content=body)
    gc.collect()
    gc.disable()
    try:
        before = resident()
        for _ in range(15):
            assert client.post("/infer/object_detection", content=body).status_code == status
        return resident() - before
    finally:
        gc.enable()


@pytest.mark.parametrize("image", ["", {"type": "base64", "value": ""}], ids=["no picture", "no pixels"])
def test_requests_that_fail_leave_nothing_behind(null_models: Path, image: Any) -> None:
    body = json.dumps({"model_id": "null", "image": image, "padding": "A" * 20 * 2**20}).encode()
    with serving(MODELS_DIR=null_models) as client:
        assert left_behind(client, body, 400) < 100


def test_errors_leave_no_pictures_behind(null_models: Path, wire: Any) -> None:
    """However deep inside they happen: here where the model is looked for, with the pictures decoded."""
    body = json.dumps({"model_id": "nobody", "image": [wire("astronaut")] * 16}).encode()
    with serving(MODELS_DIR=null_models, OFFLINE_MODE=True) as client:
        assert left_behind(client, body, 404) < 100


def test_requests_that_were_given_up_leave_the_queue(null_models: Path) -> None:
    settings = {"HTTP_API_THREADPOOL_WORKERS": 1, "PENSTOCK_MAX_WAITING": 4}
    with serving(MODELS_DIR=null_models, **settings, **PLUGIN) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(nap, client, 2)
        time.sleep(0.2)
        wires = [sent(client, "/workflows/run", b"{}") for _ in range(3)]
        time.sleep(0.4)
        assert client.get("/model/registry").status_code == 503
        for wire in wires:
            wire.close()
        time.sleep(0.4)
        assert not slow.done()
        assert client.get("/model/registry").status_code == 200
        assert slow.result().status_code == 200


def test_a_seat_is_kept_until_the_thread_has_let_go(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_WAITING=1, PENSTOCK_RUN_TIMEOUT=0.3, **PLUGIN) as client:
        assert nap(client, 1.5).status_code == 408
        refused = client.get("/model/registry")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        time.sleep(1.2)
        assert client.get("/model/registry").status_code == 200


def test_bodies_that_never_arrive_take_no_seats(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_WAITING=2) as client:
        wires = [sent(client, "/model/add", b"{", 100) for _ in range(5)]
        time.sleep(0.2)
        assert client.get("/model/registry").status_code == 200
        for wire in wires:
            wire.close()


def test_bodies_have_no_more_room_than_there_is(null_models: Path) -> None:
    most = 2**16
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_BODY_BYTES=most) as client:
        wires = [sent(client, "/model/add", b"{" * (most - 1), most) for _ in range(8)]
        time.sleep(0.3)
        refused = client.post("/model/remove", json={"model_id": "a" * 100})
        assert (refused.status_code, refused.json()["error_type"]) == (503, "ServerBusyError")
        for wire in wires:
            wire.close()
        time.sleep(0.3)
        assert client.post("/model/remove", json={"model_id": "a" * 100}).status_code == 200


def test_the_clock_of_a_run_starts_when_it_begins(null_models: Path) -> None:
    settings = {"HTTP_API_THREADPOOL_WORKERS": 1, "PENSTOCK_RUN_TIMEOUT": 0.8}
    with serving(MODELS_DIR=null_models, **settings, **PLUGIN) as client, ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(nap, client, 0.5) for _ in range(3)]
        assert [answer.result().status_code for answer in answers] == [200] * 3


def test_of_two_keys_in_the_query_the_first_counts(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_API_KEYS="right") as client:
        assert client.get("/model/registry?api_key=right&api_key=wrong").status_code == 200
        assert client.get("/model/registry?api_key=wrong&api_key=right").status_code == 401


def test_an_answer_is_bounded_in_bytes(null_models: Path, wire: Any) -> None:
    shown = [{"type": "JsonField", "name": f"o{index}", "selector": "$inputs.image"} for index in range(400)]
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [],
        "outputs": shown,
    }
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_RUN_BYTES=50 * 2**20) as client:
        body = {"specification": document, "inputs": {"image": wire("astronaut")}}
        refused = client.post("/workflows/run", json=body)
        few = client.post("/workflows/run", json={**body, "specification": {**document, "outputs": shown[:4]}})
    assert (refused.status_code, refused.json()["error_type"]) == (400, "RuntimeInputError")
    assert "PENSTOCK_MAX_RUN_BYTES" in refused.json()["message"]
    assert few.status_code == 200
