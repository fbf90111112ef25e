"""Blocks that take a while, for tests of who runs when."""

from __future__ import annotations

import threading
import time
from typing import Any

from engine.block import block
from engine.engine import Engine
from engine.guard.limits import Limits, SourcePolicy
from engine.kinds import Anything
from engine.registry import Registry
from engine.state import State
from engine.values.shape import Batch
from engine.wire.read_image import ImageLoader
from tests.engine.arithmetic import BLOCKS, Value


@block("test/nap@v1")
def nap(value: Anything, seconds: float) -> Value:
    """Hand a value through after a while, without the interpreter's lock, as models and the network do."""
    time.sleep(seconds)
    return {"value": value}


@block("test/count@v1")
def count(value: Anything, seconds: float) -> Value:
    """One more, after a while."""
    time.sleep(seconds)
    return {"value": value + 1}


@block("test/nap_once@v1")
def nap_once(values: Batch[Anything], seconds: float) -> list[Value]:
    """Hand all values through after one while."""
    time.sleep(seconds)
    return [{"value": value} for value in values]


@block("test/thread@v1")
def thread(value: Anything) -> Value:
    """Which thread works on this."""
    return {"value": threading.get_ident()}


@block("test/ledger@v1")
def ledger(value: Anything, seconds: float, *, state: State) -> Value:
    """All values so far, in the order in which they came."""
    seen: list[Any] = state.of("", list)
    time.sleep(seconds)
    seen.append(value)
    return {"value": list(seen)}


def napping_engine() -> Engine:
    """An engine with these blocks and the quick ones."""
    return Engine(
        Registry(iter((*BLOCKS, nap, nap_once, count, thread, ledger))), ImageLoader(Limits(), SourcePolicy()), {}
    )
