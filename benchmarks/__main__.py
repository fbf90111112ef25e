"""Measure, and print a table."""

from __future__ import annotations

import platform
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
from skimage import data as photos

from api.settings import Settings
from benchmarks.engine import engine_rows
from benchmarks.floor import Floor
from benchmarks.load import Cost, Served, served
from benchmarks.nothing import SIZE, write_null_model
from models.catalogue import DEFAULT_ID
from models.providers import installed_providers

ROUNDS = 12
COUNT = 80
WARM_UP = 30
HEADER = f"{'':44}{'calls/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'added CPU ms':>14}{'CPU ratio':>11}"


def main() -> None:
    """Print what every way of running a model costs, and what it adds to the floor."""
    cv2.setNumThreads(1)
    _, encoded = cv2.imencode(".jpg", photos.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]
    picture = encoded.tobytes()
    print(
        f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}, {platform.platform()}"
    )
    print(f"picture: 512 x 512 JPEG of {len(picture)} bytes, best of {ROUNDS} rounds of {COUNT} calls a row\n")
    with tempfile.TemporaryDirectory() as folder:
        write_null_model(null := Path(folder) / "null.onnx")
        weights = _default_weights()
        with served({"MODELS_DIR": folder, "OPENCV_FOR_THREADS_NUM": "1"}) as server:
            print(f"ready after {server.ready_seconds:.2f} s, {server.resident_mb():.0f} MB idle, no model loaded\n")
            print(HEADER)
            _rows(server, "null model", "null", Floor.of(null, SIZE, bgr=False).yolo, picture)
        if weights is not None:
            with served({}) as server:
                floor = Floor.of(weights, 352, bgr=True).fastestdet
                _rows(server, DEFAULT_ID, DEFAULT_ID, floor, picture)
                print(f"\n{server.resident_mb():.0f} MB with {DEFAULT_ID} loaded and used\n")
        else:
            print(f"\n{DEFAULT_ID} is not here and cannot be fetched; its rows are left out\n")
    for row in engine_rows():
        print(row)


def _default_weights() -> Path | None:
    settings = Settings()
    for provider in installed_providers(settings.models_dir, offline=True):
        found = provider.find(DEFAULT_ID)
        if found is not None:
            return found.path
    return None


def _rows(server: Served, title: str, model_id: str, floor: Callable[[bytes], int], picture: bytes) -> None:
    """The rows of one model: the floor first, then each way through the server.

    All take turns, and each shows its least disturbed round, since a machine is never alone with us.
    """
    image = {"type": "base64", "value": b64encode(picture).decode()}
    plain = orjson.dumps({"model_id": model_id, "image": image})
    workflow = orjson.dumps({"specification": _one_step(model_id), "inputs": {"image": image}})
    ways: dict[str, Callable[[], Cost]] = {
        "bare loop": lambda: _timed(lambda: floor(picture)),
        "HTTP, 1 client": lambda: server.post("/infer/object_detection", plain, COUNT, 1),
        "HTTP, 8 clients": lambda: server.post("/infer/object_detection", plain, COUNT, 8),
        "one-step workflow, 1 client": lambda: server.post("/workflows/run", workflow, COUNT, 1),
        "one-step workflow, 8 clients": lambda: server.post("/workflows/run", workflow, COUNT, 8),
    }
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    best = {name: min((costs[name] for costs in rounds), key=lambda cost: cost.cpu) for name in ways}
    for name, cost in best.items():
        _print(f"{title}: {name}", cost, best["bare loop"])


def _timed(call: Callable[[], Any]) -> Cost:
    for _ in range(WARM_UP):
        call()
    times = []
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(COUNT):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    elapsed, spent = time.perf_counter() - started, time.process_time() - cpu
    p50, p95 = np.percentile(times, [50, 95]) * 1e3
    return Cost(COUNT / elapsed, float(p50), float(p95), spent / COUNT * 1e3)


def _print(name: str, cost: Cost, floor: Cost) -> None:
    added, ratio = cost.cpu - floor.cpu, cost.cpu / floor.cpu
    print(f"{name:44}{cost.rate:9.1f}{cost.p50:9.2f}{cost.p95:9.2f}{cost.cpu:9.2f}{added:14.2f}{ratio:11.2f}")


def _one_step(model_id: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {
                "type": "roboflow_core/roboflow_object_detection_model@v2",
                "name": "model",
                "images": "$inputs.image",
                "model_id": model_id,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "predictions", "selector": "$steps.model.predictions"}],
    }


main()
