"""Metadata of strangers' graphs is read with care."""

from __future__ import annotations

import pytest

from models.families.family import ImageInput
from models.families.ultralytics import MAX_LITERAL, class_names, open_size

ANY_SIZE = ImageInput("images", None, None, None)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("{0: 'cat', 1: 'dog'}", ("cat", "dog")),
        ("{1: 'dog', 0: 'cat'}", ("cat", "dog")),
        ("{0: 7}", ("7",)),
        ("{0: 0x" + "f" * 6000 + "}", None),
        ("{0: 'cat', 2: 'dog'}", None),
        ("{'0': 'cat'}", None),
        ("['cat', 'dog']", None),
        ("{}", None),
        ("", None),
        ("{0: 'cat'", None),
        ("{[]: 'cat'}", None),
        ("{0: __import__('os').getcwd()}", None),
        ("\0", None),
        ("[" * 10_000, None),
        ("-" * 100_000 + "1", None),
        ("1+" * 50_000 + "1", None),
        ("{0: '" + "a" * MAX_LITERAL + "'}", None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_class_names(names: str, expected: tuple[str, ...] | None) -> None:
    assert class_names({"names": names}) == expected


def test_no_names() -> None:
    assert class_names({}) is None


@pytest.mark.parametrize(
    ("imgsz", "expected"),
    [
        ("[384, 640]", (384, 640)),
        ("(384, 640)", (384, 640)),
        ("[640]", (None, None)),
        ("640", (None, None)),
        ("[0, 640]", (None, None)),
        ("[640, 100000]", (None, None)),
        ("[640.5, 640]", (None, None)),
        ("nonsense", (None, None)),
    ],
)
def test_open_size(imgsz: str, expected: tuple[int | None, int | None]) -> None:
    assert open_size({"imgsz": imgsz}, ANY_SIZE) == expected


def test_what_the_graph_fixes_is_not_said_twice() -> None:
    assert open_size({"imgsz": "[384, 640]"}, ImageInput("images", 1, 320, 320)) == (None, None)
    assert open_size({"imgsz": "[384, 640]"}, ImageInput("images", 1, 320, None)) == (None, 640)
    assert open_size({}, ANY_SIZE) == (None, None)
