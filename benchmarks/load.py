"""A server as a process of its own, requests to it, and what they cost."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HOST = "127.0.0.1"
START_SECONDS = 60
PROCESS_CLOCK = 2
"""What makes the complement of a process id the clock of that process, in Linux (clock_getcpuclockid)."""


@dataclass(frozen=True)
class Cost:
    """What one way of working costs.

    Attributes:
        rate: calls a second.
        p50, p95: milliseconds a call takes.
        cpu: milliseconds of processor time a call, over all threads of the process that does the work.
    """

    rate: float
    p50: float
    p95: float
    cpu: float


@dataclass(frozen=True)
class Served:
    """A running server."""

    pid: int
    port: int
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """Processor time of the process so far, to the nanosecond; what /proc says is rounded to hundredths."""
        clock = (~self.pid << 3) | PROCESS_CLOCK
        return time.clock_gettime(clock)

    def resident_mb(self) -> float:
        """Memory of the process, in MB."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(encoding="ascii"))
        assert found
        return int(found[1]) / 1024

    def post(self, path: str, body: bytes, count: int, concurrency: int) -> Cost:
        """Send the same request `count` times over `concurrency` connections that stay open."""
        self._post_some(path, body, max(3, concurrency))
        cpu, started = self.cpu_seconds(), time.perf_counter()
        with ThreadPoolExecutor(concurrency) as pool:
            lanes = pool.map(lambda _: self._post_some(path, body, count // concurrency), range(concurrency))
            times = [seconds for lane in lanes for seconds in lane]
        elapsed, spent = time.perf_counter() - started, self.cpu_seconds() - cpu
        p50, p95 = np.percentile(times, [50, 95]) * 1e3
        return Cost(len(times) / elapsed, float(p50), float(p95), spent / len(times) * 1e3)

    def _post_some(self, path: str, body: bytes, count: int) -> list[float]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        times = []
        for _ in range(count):
            started = time.perf_counter()
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            times.append(time.perf_counter() - started)
            assert response.status == 200, content[:300]
        connection.close()
        return times


@contextmanager
def served(environment: dict[str, str]) -> Iterator[Served]:
    """A server on a free port, for as long as the context lasts."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "api", "serve", "--port", "0"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            port = 0
            for line in process.stderr:
                if found := re.search(rf"http://{HOST}:(\d+)", line):
                    port = int(found[1])
                    break
            assert port, "the server did not start"
            _wait_ready(port)
            yield Served(process.pid, port, time.perf_counter() - started)
        finally:
            process.terminate()


def _wait_ready(port: int) -> None:
    deadline = time.perf_counter() + START_SECONDS
    while time.perf_counter() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        connection.request("GET", "/readiness")
        if connection.getresponse().status == 200:
            return
        time.sleep(0.01)
    raise TimeoutError("the server did not become ready")
