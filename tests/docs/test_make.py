"""`make serve` is all the set-up there is, and the server that it starts answers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 120


@pytest.mark.slow
def test_make_serve_honours_host_and_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port)}
    with subprocess.Popen(
        ["make", "serve"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            info = _ask(port)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
        assert process.stderr is not None
        shown = process.stderr.read()
    assert info["name"]
    assert "Traceback" not in shown


def _ask(port: int) -> dict[str, str]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            answer: dict[str, str] = httpx.get(f"http://127.0.0.1:{port}/info").json()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return answer
    pytest.fail("make serve does not answer")


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"help", "serve", "test", "test-all", "check", "bench"} <= targets
    assert all(f"make {target} " in shown for target in targets)
