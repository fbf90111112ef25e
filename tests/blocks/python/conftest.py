"""Real workers for the tests of Python blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.python.workers import Workers

MEMORY = 1024 * 2**20


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Workers with time and memory enough."""
    made = Workers(timeout=30, memory=MEMORY, most=4)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Workers]:
    """Two workers at most, and little time."""
    made = Workers(timeout=2, memory=MEMORY, most=2)
    yield made
    made.close()
