"""The first value that is there."""

from __future__ import annotations

from typing import Any

import pytest

from blocks.fusion.first_non_empty_or_default import first_non_empty_or_default


@pytest.mark.parametrize(
    ("data", "default", "expected"),
    [
        (["a", "b"], None, "a"),
        ([None, "b", "c"], "z", "b"),
        ([None, None], "z", "z"),
        ([None], None, None),
        ([], 3, 3),
        ([0, 1], 2, 0),
        ([False, True], True, False),
        ([[], [1]], None, []),
    ],
)
def test_first(data: list[Any], default: Any, expected: Any) -> None:
    assert first_non_empty_or_default(data, default) == {"output": expected}
