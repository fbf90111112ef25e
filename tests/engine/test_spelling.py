"""Suggestions: the nearest name, at a cost that nobody can drive up."""

from __future__ import annotations

import random
import string
import time

from engine.spelling import nearest


def test_nearest() -> None:
    assert nearest("numbr", ["number", "value"]) == "number"
    assert nearest("x", ["number", "value"]) is None
    assert nearest("numbr", []) is None


def test_long_names_are_left_alone() -> None:
    chance = random.Random(0)  # noqa: S311 - to be repeatable is the point
    names = ["".join(chance.choices("ab" * 30 + string.ascii_letters, k=3000)) for _ in range(100)]
    started = time.process_time()
    assert nearest(names[0][1:], names) is None
    assert nearest("numbr", [*names, "number"]) == "number"
    assert time.process_time() - started < 0.5
