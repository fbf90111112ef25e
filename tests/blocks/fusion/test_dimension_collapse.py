"""The innermost level as a list."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.fusion.dimension_collapse import dimension_collapse
from engine.values.shape import MISSING


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([1], [1]),
        (["a", None, "b"], ["a", "b"]),
        ([0, "", False, [], {}], [0, "", False, [], {}]),
        ([[1, None], [2]], [[1, None], [2]]),
        ([], MISSING),
        ([None, None], MISSING),
    ],
)
def test_collapse(data: list[Any], expected: Any) -> None:
    assert dimension_collapse(data) == {"output": expected}
