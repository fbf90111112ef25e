"""Base64 is read as people write it, and .npy files without running what is in them."""

from __future__ import annotations

import base64
import pickle
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.errors import ImageTooLargeError, InputImageLoadError, InvalidNumpyInput, PenstockError
from engine.guard.encodings import from_base64, from_npy
from engine.guard.limits import Limits
from tests.engine.guard.pictures import quarters

DATA = bytes(range(256)) + b"\xfb\xff\xfe"
TEXT = base64.b64encode(DATA).decode()
PLENTY = 10_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(TEXT + "\n", id="a line break at the end"),
        pytest.param(f"  {TEXT}\t", id="spaces around"),
        pytest.param(base64.encodebytes(DATA).decode(), id="lines of 76"),
        pytest.param(base64.encodebytes(DATA).decode().replace("\n", "\r\n"), id="lines of 76 of mail"),
        pytest.param(base64.urlsafe_b64encode(DATA).decode(), id="URL-safe alphabet"),
        pytest.param(f"data:image/png;base64,{TEXT}", id="data URL"),
        pytest.param(f"DATA:image/jpeg;name=a.jpg;BASE64,{TEXT}", id="data URL with capitals and a name"),
        pytest.param(f"data:;base64,{TEXT}", id="data URL without type"),
    ],
)
def test_base64_is_read_as_people_write_it(text: str) -> None:
    assert from_base64(text, PLENTY) == DATA


@pytest.mark.parametrize("data", [b"a", b"ab", b"abc", b"abcd"])
def test_padding_may_be_missing(data: bytes) -> None:
    assert from_base64(base64.b64encode(data).decode().rstrip("="), PLENTY) == data


@pytest.mark.parametrize("text", ["", "  \n", "data:image/png;base64,"])
def test_nothing_stands_for_nothing(text: str) -> None:
    assert from_base64(text, PLENTY) == b""


@pytest.mark.parametrize(
    "text",
    [
        "hello world!",
        "<html>",
        '{"a": 1}',
        "/images/cat.jpg?",
        "C:\\cat.jpg",
        TEXT[:-1] + "A=A",
        "QUJD=QUJD",
        "=QUJD",
        "QUJDR",
        "QUJD==",
        "QUJ\0D",
        "QUJD\u00e9",
        "\uff21\uff22\uff23\uff24",
        "\ud800",
        f"data:image/png;base64;{TEXT}!",
        f"b'{TEXT}'",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_garbage_is_malformed(text: str) -> None:
    with pytest.raises(InputImageLoadError, match="base64") as caught:
        from_base64(text, PLENTY)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["data:image/png,abc", "data:abc", "data:,"])
def test_other_data_urls_are_said_to_be_other(text: str) -> None:
    with pytest.raises(InputImageLoadError, match="data URL is not in base64"):
        from_base64(text, PLENTY)


def test_long_text_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = base64.b64encode(bytes(3000)).decode()
    assert len(from_base64(text, 3000)) == 3000
    assert len(from_base64(base64.encodebytes(bytes(3000)).decode().replace("\n", "\r\n"), 3000)) == 3000
    monkeypatch.setattr("engine.guard.encodings.pybase64.b64decode", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(ImageTooLargeError, match="2800 bytes"):
        from_base64(text, 2800)


def test_clean_text_is_decoded_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.guard.encodings._from_untidy_base64", lambda _: pytest.fail("the slow way"))
    assert from_base64(TEXT, PLENTY) == DATA


@given(some.text(max_size=40))
def test_any_text_is_base64_or_refused(text: str) -> None:
    try:
        from_base64(text, PLENTY)
    except PenstockError as error:
        assert isinstance(error, InputImageLoadError)  # noqa: PT017 - some raise, some do not


@given(some.binary(max_size=200))
def test_all_bytes_travel_in_base64(data: bytes) -> None:
    assert from_base64(base64.b64encode(data).decode(), PLENTY) == data
    assert from_base64(base64.urlsafe_b64encode(data).decode().rstrip("="), PLENTY) == data


def npy(array: npt.NDArray[Any], **options: Any) -> bytes:
    """The file that numpy writes."""
    file = BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


PIXELS = quarters()
GREY = PIXELS[:, :, 0]
LIMITS = Limits()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        pytest.param(PIXELS, PIXELS, id="colour"),
        pytest.param(np.asfortranarray(PIXELS), PIXELS, id="colour in columns"),
        pytest.param(PIXELS[::-1], PIXELS[::-1], id="colour, turned"),
        pytest.param(GREY, np.dstack([GREY] * 3), id="grey"),
        pytest.param(np.asfortranarray(GREY), np.dstack([GREY] * 3), id="grey in columns"),
        pytest.param(GREY[:, :, None], np.dstack([GREY] * 3), id="grey with one channel"),
    ],
)
def test_arrays_become_pictures(array: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8]) -> None:
    pixels = from_npy(npy(array), LIMITS)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a plain array"),
        (b"\x93NUMPY", "not a plain array"),
        (npy(np.zeros((2, 2), np.float32)), "'<f4'"),
        (npy(np.zeros((2, 2), np.int8)), "'\\|i1'"),
        (npy(np.zeros((2, 2), bool)), "'\\|b1'"),
        (npy(np.zeros(4, np.uint8)), "1 dimensions"),
        (npy(np.zeros((), np.uint8)), "0 dimensions"),
        (npy(np.zeros((2, 2, 3, 1), np.uint8)), "4 dimensions"),
        (npy(np.zeros((2, 2, 4), np.uint8)), "4 channels"),
        (npy(np.zeros((2, 2, 2), np.uint8)), "2 channels"),
        (npy(np.zeros((2, 2), [("a", "u1")])), "not a plain array"),
        (npy(PIXELS)[:-1], "more or fewer bytes"),
        (npy(PIXELS) + b"x", "more or fewer bytes"),
        (npy(np.zeros((2, 2), object), allow_pickle=True), "'\\|O'"),
    ],
)
def test_other_arrays_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidNumpyInput, match=reason):
        from_npy(data, LIMITS)


def test_no_pixels_and_too_many_are_refused() -> None:
    with pytest.raises(InputImageLoadError, match="no pixels"):
        from_npy(npy(np.zeros((0, 5), np.uint8)), LIMITS)
    huge = npy(GREY).replace(b"(16, 24), }", b"(90000, 90000), }")
    with pytest.raises(ImageTooLargeError):
        from_npy(huge, LIMITS)


class Trap:
    """Leaves a file behind when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    array = np.empty((1, 1), object)
    array[0, 0] = Trap(trap)
    for data in (npy(array, allow_pickle=True), pickle.dumps(Trap(trap))):
        with pytest.raises(InvalidNumpyInput):
            from_npy(data, LIMITS)
    assert not trap.exists()
    pickle.loads(pickle.dumps(Trap(trap)))  # noqa: S301 - to see that the trap works
    assert trap.exists()


@given(some.binary(max_size=120), some.integers(0, 127))
def test_any_bytes_are_an_array_or_refused(data: bytes, keep: int) -> None:
    try:
        from_npy(npy(GREY)[:keep] + data, LIMITS)
    except PenstockError as error:
        assert isinstance(error, InputImageLoadError)  # noqa: PT017 - some raise, some do not
