"""What the Python blocks of one run print."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock
from uuid import uuid4

MAX_CHARACTERS = 2**20
"""Of all that one run prints; the rest is dropped."""

Printed = dict[str, str | None]


class Console:
    """Collects what the Python blocks of one run print; safe to use from many threads.

    Attributes:
        run_id: names the run.
    """

    def __init__(self) -> None:
        self.run_id = uuid4().hex
        self._printed: defaultdict[str, list[Printed]] = defaultdict(list)
        self._room = MAX_CHARACTERS
        self._lock = Lock()

    def of(self, step: str) -> StepConsole:
        """The console of a step."""
        return StepConsole(step, self)

    def note(self, step: str, stdout: str, stderr: str) -> None:
        """Keep what one call of a step printed, while there is room."""
        size = len(stdout) + len(stderr)
        with self._lock:
            if 0 < size <= self._room:
                self._room -= size
                self._printed[step].append({"stdout": stdout or None, "stderr": stderr or None})

    def streams(self) -> dict[str, list[Printed]]:
        """By the names of the steps: what each call printed that printed anything."""
        with self._lock:
            return {step: list(calls) for step, calls in self._printed.items()}


@dataclass(frozen=True, slots=True)
class StepConsole:
    """The console of one step of a run.

    Attributes:
        step: the name of the step.
        run: the console of the whole run.
    """

    step: str
    run: Console

    def note(self, stdout: str, stderr: str) -> None:
        """Keep what one call of the step printed."""
        self.run.note(self.step, stdout, stderr)
