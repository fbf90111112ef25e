"""The server itself: who it is, what it lets in, how it errs, how it stops."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from api import door
from api.errors import STATUS
from api.server import build
from api.serving import configured
from api.settings import Settings, SettingsError
from engine import errors
from engine.errors import ModelDownloadError, PenstockError, ServerBusyError
from engine.fault import Fault
from models.catalogue import Row
from models.download import Progress
from models.model import Model
from models.pool import ModelPool
from models.providers import installed_providers, loader, starter
from models.providers.disk import DiskProvider
from models.providers.provider import Weights
from tests.api.serving import serving
from tests.engine.arithmetic import step, workflow

Wire = Callable[[str], dict[str, Any]]


def test_who_and_how(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, ROBOFLOW_SERVER_UUID="me") as client:
        info = client.get("/info").json()
        assert (info.keys(), info["uuid"]) == ({"name", "version", "uuid"}, "me")
        assert client.get("/healthz").json() == {"status": "healthy"}
        assert client.get("/readiness").json() == {"status": "ready"}


def test_models_come_and_go(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        assert client.get("/model/registry", params={"api_key": "None"}).json()["models"] == []
        added = client.post("/model/add", json={"model_id": "null", "api_key": None}).json()["models"][0]
        described = {key: added[key] for key in ("model_id", "task_type", "batch_size", "input_height", "input_width")}
        assert described == {
            "model_id": "null",
            "task_type": "object-detection",
            "batch_size": 1,
            "input_height": 64,
            "input_width": 64,
        }
        assert added["device"] == "CPUExecutionProvider"
        assert client.get("/model/registry").json()["models"][0]["model_id"] == "null"
        assert client.post("/model/remove", json={"model_id": "nobody"}).json()["models"]
        assert client.post("/model/remove", json={"model_id": "null"}).json()["models"] == []
        client.post("/model/add", json={"model_id": "null"})
        assert client.post("/model/clear").json()["models"] == []
        client.post("/model/add", json={"model_id": "null"})
        assert client.post("/model/clear", json={"model_id": "null"}).json()["models"] == []
        missing = client.post("/model/add", json={"model_id": "nul/1"})
        assert (missing.status_code, missing.json()["error_type"]) == (404, "ModelNotFoundError")


def test_preloading(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PRELOAD_MODELS="null,nobody", OFFLINE_MODE=True) as client:
        for _ in range(200):
            if client.get("/readiness").status_code == 200:
                break
            time.sleep(0.02)
        assert [model["model_id"] for model in client.get("/model/registry").json()["models"]] == ["null"]


def test_a_server_without_what_its_models_need_is_unable_to_run_them(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models, REQUIRED_ONNX_PROVIDERS="NoSuchExecutionProvider") as client:
        assert client.post("/model/add", json={"model_id": "null"}).status_code == 501
        body = {"model_id": "null", "image": wire("coffee")}
        assert client.post("/infer/object_detection", json=body).status_code == 501


def test_models_that_come_slowly_hold_up_nobody_else(
    null_models: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, released = threading.Event(), threading.Event()

    def fetch(row: Row, target: Path, progress: Progress | None) -> None:
        arrived.set()
        assert released.wait(20)
        raise ModelDownloadError("no mirror delivers")

    monkeypatch.setattr(starter, "fetch", fetch)
    settings = {"OFFLINE_MODE": False, "HTTP_API_THREADPOOL_WORKERS": 4}
    with serving(MODELS_DIR=null_models, **settings) as client, ThreadPoolExecutor(6) as threads:
        cold = {"model_id": "squeezenet/1", "image": wire("coffee")}
        client.post("/model/add", json={"model_id": "null"})
        asking = [threads.submit(client.post, "/infer/classification", json=cold) for _ in range(6)]
        assert arrived.wait(20)
        warm = client.post("/infer/object_detection", json={**cold, "model_id": "null"}, timeout=10)
        assert warm.status_code == 200
        assert [model["model_id"] for model in client.get("/model/registry").json()["models"]] == ["null"]
        assert client.post("/model/clear").json()["models"] == []
        released.set()
        answers = [each.result() for each in asking]
    assert {answer.status_code for answer in answers} == {502, 503}
    assert sum(answer.status_code == 502 for answer in answers) == 2
    assert {answer.headers.get("Retry-After") for answer in answers if answer.status_code == 503} == {"1"}


def test_what_is_preloaded_may_take_its_time(null_models: Path) -> None:
    load = loader(("CPUExecutionProvider",), (), 1)

    def load_slowly(weights: Weights) -> Model:
        time.sleep(0.2)
        return load(weights)

    server = build(Settings(MODELS_DIR=null_models, PRELOAD_MODELS="nobody,null"))
    server.models = ModelPool(installed_providers(null_models, offline=True), load_slowly, load_seconds=0.1)
    with pytest.raises(ServerBusyError):
        server.models.add("null")
    server.preload()
    assert [model.id for model in server.models.describe()] == ["null"]
    assert server.ready
    server.models.clear()
    server.stopping.set()
    server.preload()
    assert server.models.describe() == []


def test_what_nobody_foresaw_does_not_end_preloading(
    null_models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = build(Settings(MODELS_DIR=null_models, PRELOAD_MODELS="odd,null"))
    find = DiskProvider.find

    def stumble(provider: DiskProvider, model_id: str) -> Weights | None:
        return find(provider, {"null": model_id}[model_id])

    monkeypatch.setattr(DiskProvider, "find", stumble)
    server.preload()
    assert [model.id for model in server.models.describe()] == ["null"]
    assert server.ready
    assert "The model odd is not preloaded." in caplog.text


def test_a_model_that_fails_in_whatever_way_keeps_nobody_waiting(
    null_models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("internals")

    monkeypatch.setattr(ModelPool, "add", fail)
    with serving(MODELS_DIR=null_models, PRELOAD_MODELS="a,b") as client:
        time.sleep(0.2)
        assert client.get("/readiness").status_code == 200
    assert caplog.text.count("is not preloaded") == 2
    assert "ZeroDivisionError: internals" in caplog.text


def test_stopping_does_not_wait_for_models(null_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    monkeypatch.setattr(ModelPool, "add", lambda *_: free.wait(15))
    with serving(MODELS_DIR=null_models, PRELOAD_MODELS="null") as client:
        assert client.get("/readiness").status_code == 503
        started = time.monotonic()
    assert time.monotonic() - started < 5
    free.set()


@pytest.mark.parametrize(
    ("request_id", "comes_back"), [("abc-1", True), ("x" * 200, False), (None, False)], ids=["sane", "long", "none"]
)
def test_request_ids(null_models: Path, request_id: str | None, comes_back: bool) -> None:
    with serving(MODELS_DIR=null_models) as client:
        headers = {"X-Request-ID": request_id} if request_id else {}
        answered = client.get("/info", headers=headers).headers["X-Request-ID"]
    assert (answered == request_id) is comes_back
    assert comes_back or re.fullmatch("[0-9a-f]{32}", answered)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/healthz", None),
        ("GET", "/workflows/execution_engine/versions", None),
        ("POST", "/model/add", {"model_id": "nobody"}),
        ("POST", "/workflows/validate", {"version": "1.0", "inputs": [], "steps": [], "outputs": []}),
        ("POST", "/workflows/validate", {"version": "9"}),
        ("POST", "/workflows/run", {}),
        ("GET", "/workflows/run", None),
        ("GET", "/nowhere", None),
    ],
)
def test_requests_of_browsers_get_the_same_answers(null_models: Path, method: str, path: str, body: Any) -> None:
    """They go the long way through the app, other requests go straight to their handler."""
    with serving(MODELS_DIR=null_models) as client:
        short = client.request(method, path, json=body)
        long = client.request(method, path, json=body, headers={"Origin": "https://example.org"})
    assert (long.status_code, long.json()) == (short.status_code, short.json())
    assert long.headers["access-control-allow-origin"]
    assert {"x-request-id", "content-type"} <= short.headers.keys() & long.headers.keys()


@pytest.mark.parametrize("origin", [None, "https://example.org"])
def test_what_nobody_foresaw_is_a_500_without_details(
    null_models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, origin: str | None
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("internals")

    with serving(MODELS_DIR=null_models) as client:
        monkeypatch.setattr(door, "parse", fail)
        answer = client.get("/model/registry", headers={"Origin": origin} if origin else {})
        monkeypatch.undo()
        assert client.get("/model/registry").status_code == 200
    assert (answer.status_code, answer.json()["error_type"]) == (500, "InternalServerError")
    assert "internals" not in answer.text
    assert answer.headers["x-request-id"]
    assert ("access-control-allow-origin" in answer.headers) is (origin is not None)
    assert "ZeroDivisionError: internals" in caplog.text


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure(
    null_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(MODELS_DIR=null_models) as client, caplog.at_level("INFO", "penstock"):
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
            wire.sendall(b"POST /local/workflows/a%0AERROR:b HTTP/1.1\r\nHost: me\r\nContent-Length: 100\r\n\r\n{")
            time.sleep(0.1)
        deadline = time.monotonic() + 5
        while "the client left" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client.get("/healthz").status_code == 200
    assert "the client left" in caplog.text
    assert "failed" not in caplog.text
    assert "\nERROR:b" not in caplog.text


@pytest.mark.parametrize(("ours", "uvicorns"), [("WARNING", 20), ("DEBUG", 20), ("ERROR", 40)])
def test_who_wants_errors_alone_gets_no_news(null_models: Path, ours: str, uvicorns: int) -> None:
    assert configured(Settings(MODELS_DIR=null_models, LOG_LEVEL=ours)).log_level == uvicorns


def test_browsers_may_ask(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        headers = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
        assert client.options("/infer/object_detection", headers=headers).headers["access-control-allow-origin"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing", "GET", 404), ("/info", "DELETE", 405), ("/infer/nothing", "POST", 404), ("/infer/x", "POST", 404)],
)
def test_unknown_routes(null_models: Path, path: str, method: str, status: int) -> None:
    with serving(MODELS_DIR=null_models) as client:
        response = client.request(method, path)
    assert response.status_code == status
    assert response.json().keys() == {"message", "error_type", "detail"}


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"{", "line 1"), (b"[]", "object"), (b'"x"', "object"), (b"\xff\xfe", "JSON"), (b"[" * 100_000, "JSON")],
    ids=["cut off", "list", "text", "binary", "deep"],
)
def test_bodies_that_are_no_objects(null_models: Path, content: bytes, says: str) -> None:
    with serving(MODELS_DIR=null_models) as client:
        response = client.post("/infer/object_detection", content=content)
    assert (response.status_code, response.json()["error_type"]) == (422, "RequestValidationError")
    assert says in response.json()["message"]
    assert response.json()["detail"][0]["loc"][0] == "body"


def test_json_is_read_whatever_the_content_type(null_models: Path, wire: Wire) -> None:
    with serving(MODELS_DIR=null_models) as client:
        content = httpx.Request("POST", "http://x", json={"model_id": "null", "image": wire("coffee")}).content
        response = client.post("/infer/object_detection", content=content, headers={"Content-Type": "text/plain"})
    assert response.status_code == 200


def test_a_huge_body_is_refused_in_flat_memory(null_models: Path) -> None:
    chunk = b"x" * 2**20
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_BODY_BYTES=2**20) as client:
        before = _resident()
        response = client.post("/infer/object_detection", content=(chunk for _ in range(200)))
        grown = _resident() - before
        assert (response.status_code, response.json()["error_type"]) == (413, "RequestTooLargeError")
        assert client.get("/info").status_code == 200
    assert grown < 50


@pytest.mark.parametrize("path", ["/infer/object-detection", "/workflows/run"])
def test_many_small_pictures_that_stand_for_large_ones(null_models: Path, path: str) -> None:
    _, data = cv2.imencode(".png", np.zeros((8000, 8000, 3), np.uint8))
    pictures = [{"type": "base64", "value": b64encode(data.tobytes()).decode()}] * 30
    declared = {"type": "WorkflowImage", "name": "image"}
    size = {"type": "roboflow_core/convert_grayscale@v1", "name": "grey", "image": "$inputs.image"}
    shown = {"type": "JsonField", "name": "o", "selector": "$steps.grey.image"}
    bodies = {
        "/infer/object-detection": {"model_id": "null", "image": pictures},
        "/workflows/run": {
            "specification": {"version": "1.0", "inputs": [declared], "steps": [size], "outputs": [shown]},
            "inputs": {"image": pictures},
        },
    }
    with serving(MODELS_DIR=null_models) as client:
        client.get("/info")
        before = _resident()
        response = client.post(path, json=bodies[path])
        grown = _resident() - before
        assert (response.status_code, response.json()["error_type"]) == (400, "RuntimeInputError")
        assert "PENSTOCK_MAX_RUN_BYTES" in response.json()["message"]
        assert client.get("/model/registry").status_code == 200
    assert grown < 150


def test_a_slow_body_is_given_up(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, PENSTOCK_BODY_TIMEOUT=0.3) as client:
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=5) as peer:
            peer.sendall(b"POST /model/add HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            answer = peer.recv(65536)
        assert b" 408 " in answer
        assert client.get("/model/registry").status_code == 200


def test_too_many_requests_at_once_get_a_503(null_models: Path) -> None:
    plugin = {"WORKFLOWS_PLUGINS": "tests.engine.naps,tests.engine.arithmetic"}
    document = workflow([], [step("nap", "slow", value=1, seconds=0.7)], {"o": "$steps.slow.value"})
    with serving(MODELS_DIR=null_models, PENSTOCK_MAX_WAITING=1, **plugin) as client, ThreadPoolExecutor(1) as pool:
        body = {"specification": document, "inputs": {}}
        inside = pool.submit(client.post, "/workflows/run", json=body)
        time.sleep(0.3)
        refused = client.get("/model/registry")
        alive = client.get("/healthz")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert alive.json() == {"status": "healthy"}
        assert inside.result().status_code == 200
        assert client.get("/model/registry").status_code == 200


KEYS = {"PENSTOCK_API_KEYS": "first, second"}


@pytest.mark.parametrize(
    ("query", "header", "body", "status"),
    [
        ("", None, {}, 401),
        ("?api_key=None", None, {}, 401),
        ("?api_key=wrong", None, {}, 401),
        ("", "Bearer wrong", {"api_key": "first"}, 401),
        ("", None, {"api_key": 5}, 401),
        ("?api_key=second", None, {}, 200),
        ("", "Bearer first", {}, 200),
        ("", None, {"api_key": "first"}, 200),
        ("?api_key=first", "Bearer wrong", {}, 200),
    ],
)
def test_keys(null_models: Path, query: str, header: str | None, body: dict[str, Any], status: int) -> None:
    with serving(MODELS_DIR=null_models, **KEYS) as client:
        headers = {"Authorization": header} if header else {}
        response = client.post(f"/model/add{query}", json={"model_id": "null", **body}, headers=headers)
    assert response.status_code == status, response.text
    assert status == 200 or response.json()["error_type"] == "MissingApiKeyError"


def test_every_route_asks_for_a_key_but_the_public_ones(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models, **KEYS) as client:
        paths: dict[str, dict[str, Any]] = client.get("/openapi.json").json()["paths"]
        statuses = {
            (path, method): client.request(method.upper(), path, json={}).status_code
            for path, methods in paths.items()
            for method in methods
        }
    open_ones = {path for (path, _), status in statuses.items() if status != 401}
    assert len(statuses) > 10
    assert open_ones == {"/info", "/healthz", "/readiness"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_an_open_door_needs_keys_or_a_word(host: str) -> None:
    with pytest.raises(SettingsError, match="PENSTOCK_API_KEYS"):
        Settings(HOST=host).refuse_open_door()
    Settings(HOST=host, PENSTOCK_API_KEYS="k").refuse_open_door()
    Settings(HOST=host, PENSTOCK_ALLOW_OPEN_HOST=True).refuse_open_door()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_no_open_door(host: str) -> None:
    Settings(HOST=host).refuse_open_door()


def test_every_fault_has_a_status_and_every_error_a_fault() -> None:
    assert set(STATUS) == set(Fault)
    tree = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, PenstockError)]
    assert len(tree) > 30
    assert all(error.fault in STATUS for error in tree)


def test_openapi_describes_the_bodies(null_models: Path) -> None:
    with serving(MODELS_DIR=null_models) as client:
        document = client.get("/openapi.json").json()
        page = client.get("/docs")
    assert page.status_code == 200
    assert "/infer/object_detection" in page.text
    assert "://" not in page.text, "it works without a network"
    body = document["paths"]["/infer/object_detection"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    name = body["$ref"].rpartition("/")[2]
    assert "image" in document["components"]["schemas"][name]["required"]


def test_stopping_finishes_what_is_inside(null_models: Path, wire: Wire) -> None:
    command = [sys.executable, "-m", "api", "serve", "--port", "0"]
    environment = {**os.environ, "MODELS_DIR": str(null_models)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = next(int(found[1]) for line in process.stderr if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
        threading.Thread(target=process.stderr.read, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body = json.dumps({"model_id": "null", "image": [wire("astronaut")] * 60})
        connection.request("POST", "/infer/object_detection", body)
        time.sleep(0.2)  # the body is sent; its last bytes may still be on their way up to the server
        process.terminate()
        assert connection.getresponse().status == 200
        assert process.wait(60) in {0, -15}


def _resident() -> float:
    """Memory of this process in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0
