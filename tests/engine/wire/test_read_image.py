"""Every way in which an image may travel leads to the same picture, or to a reason why not."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.errors import (
    ImageSourceRefused,
    ImageTooLargeError,
    InputImageLoadError,
    InvalidImageTypeDeclared,
    InvalidNumpyInput,
    PenstockError,
)
from engine.guard.limits import Limits, SourcePolicy
from engine.values.frame import Origin
from engine.wire import read_image
from engine.wire.read_image import ImageLoader
from tests.engine.guard.pictures import FILES, HEIGHT, WIDTH, png_of, quarters
from tests.engine.guard.servers import body, serving

PNG = FILES["png"]
TEXT = b64encode(PNG).decode()
LOADER = ImageLoader(Limits(), SourcePolicy())
OPEN = SourcePolicy(allow_http=True, allow_hosts_without_fqdn=True, allow_private_addresses=True, allow_numpy=True)


def npy() -> str:
    """The quarters in .npy form, in base64."""
    file = BytesIO()
    np.save(file, quarters())
    return b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("value", "any_type"),
    [
        ({"type": "base64", "value": TEXT}, False),
        ({"type": "BASE64", "value": f"data:image/png;base64,{TEXT}"}, False),
        (TEXT, False),
        (TEXT, True),
        ({"type": "base64", "value": TEXT}, True),
        ({"value": TEXT}, True),
        ({"type": "file", "value": TEXT}, True),
        ({"type": "nonsense", "value": TEXT}, True),
    ],
)
def test_base64_is_loaded(value: Any, any_type: bool) -> None:
    image = LOADER.load(value, "image.[0]", any_type=any_type)
    assert image.id == "image.[0]"
    assert image.encoded == PNG
    assert (image.parent, image.root) == (None, None)
    assert np.array_equal(image.pixels, quarters())


def test_bytes_are_loaded() -> None:
    image = LOADER.load_bytes(PNG, "image")
    assert (image.id, image.encoded) == ("image", PNG)
    assert np.array_equal(image.pixels, quarters())
    with pytest.raises(InputImageLoadError, match="The image 'image' cannot be loaded"):
        LOADER.load_bytes(b"no picture", "image")


def test_pixels_are_decoded_when_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def decode(data: bytes) -> npt.NDArray[np.uint8]:
        decoded.append(data)
        return quarters()

    monkeypatch.setattr(read_image, "decode", decode)
    image = LOADER.load(TEXT, "image")
    assert decoded == []
    assert image.width == WIDTH
    assert decoded == [PNG]


def test_what_only_decoding_finds_is_said_with_the_name_of_the_image() -> None:
    damaged = FILES["bmp"][:-9]
    image = LOADER.load(b64encode(damaged).decode(), "image.[3]")
    with pytest.raises(InputImageLoadError, match=r"The image 'image\.\[3\]' cannot be loaded\. .*damaged"):
        image.pixels  # noqa: B018 - looking is the test


def test_urls_are_fetched() -> None:
    with serving({"/cat.png": body(PNG), "/page": body(b"<html>")}) as site:
        loader = ImageLoader(Limits(), OPEN)
        url = f"http://127.0.0.1:{site.port}/cat.png"
        upper = url.replace("http", "HTTP")
        for value, any_type in (
            ({"type": "url", "value": url}, False),
            ({"type": "Url", "value": upper}, False),
            (url, False),
            (upper, True),
            ({"type": "base64", "value": url}, True),
        ):
            assert loader.load(value, "image", any_type=any_type).encoded == PNG
        with pytest.raises(InputImageLoadError, match="The URL delivers something, but no usable image"):
            loader.load(f"http://127.0.0.1:{site.port}/page", "image")
        with pytest.raises(ImageSourceRefused, match="not https"):
            LOADER.load(url, "image")


def test_files_are_read_from_open_folders(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    value = {"type": "file", "value": "cat.png"}
    loader = ImageLoader(Limits(), SourcePolicy(file_roots=(tmp_path,)))
    assert loader.load(value, "image").encoded == PNG
    refusals = set()
    for path in ("../cat.png", "missing.png", str(tmp_path / "deep" / ".." / ".." / "cat.png"), "/etc/passwd"):
        with pytest.raises(ImageSourceRefused, match="no such file") as caught:
            loader.load({"type": "file", "value": path}, "image")
        refusals.add(str(caught.value))
    assert len(refusals) == 1
    assert str(tmp_path) not in refusals.pop()
    with pytest.raises(ImageSourceRefused, match="no local files"):
        LOADER.load(value, "image")
    with pytest.raises(ImageTooLargeError):
        ImageLoader(Limits(max_image_bytes=len(PNG) - 1), SourcePolicy(file_roots=(tmp_path,))).load(value, "image")


def test_a_file_that_vanishes_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_image, "find", lambda *_: tmp_path / "gone.png")
    with pytest.raises(InputImageLoadError, match="cannot be read") as caught:
        ImageLoader(Limits(), SourcePolicy(file_roots=(tmp_path,))).load({"type": "file", "value": "x"}, "image")
    assert str(tmp_path) not in str(caught.value)


def test_paths_are_never_read_any_type(tmp_path: Path) -> None:
    (tmp_path / "abcd").write_bytes(PNG)
    loader = ImageLoader(Limits(), SourcePolicy(file_roots=(tmp_path,)))
    for value in ({"type": "file", "value": "abcd"}, "abcd", str(tmp_path / "abcd"), f"file://{tmp_path}/abcd"):
        with pytest.raises(InputImageLoadError):
            loader.load(value, "image", any_type=True)


def test_what_workflows_take_is_said() -> None:
    """`/etc/passwd` happens to be base64, too."""
    for value in ({"type": "file", "value": "/etc/passwd"}, {"type": "numpy", "value": "abcd"}):
        with pytest.raises(InputImageLoadError, match="In a workflow, its `value` is a URL or base64") as caught:
            LOADER.load(value, "image", any_type=True)
        assert "not an image" in str(caught.value)


def test_arrays_are_loaded_where_the_operator_says_so() -> None:
    value = {"type": "numpy", "value": npy()}
    image = ImageLoader(Limits(), OPEN).load(value, "image")
    assert image.encoded is None
    assert np.array_equal(image.pixels, quarters())
    with pytest.raises(ImageSourceRefused, match="takes no arrays"):
        LOADER.load(value, "image")
    with pytest.raises(InvalidNumpyInput, match="plain array"):
        ImageLoader(Limits(), OPEN).load({"type": "numpy", "value": TEXT}, "image")
    with pytest.raises(ImageTooLargeError):
        ImageLoader(Limits(max_image_bytes=len(npy()) * 3 // 4 - 5), OPEN).load(value, "image")


REASONS: list[tuple[Any, type[InputImageLoadError], str]] = [
    ({"type": "base64", "value": "not base64!"}, InputImageLoadError, "base64 text is malformed"),
    ({"type": "base64", "value": ""}, InputImageLoadError, "image is empty"),
    ({"type": "base64", "value": PNG}, InputImageLoadError, "raw bytes where text was expected"),
    ({"type": "base64", "value": b64encode(b"text").decode()}, InputImageLoadError, "bytes are not an image"),
    ({"type": "base64", "value": b64encode(PNG[:-20]).decode()}, InputImageLoadError, "breaks off"),
    ({"type": "base64", "value": 5}, InputImageLoadError, "is not text"),
    ({"type": "base64", "value": [TEXT]}, InputImageLoadError, "is not text"),
    ({"type": "base64"}, InputImageLoadError, "no `value`"),
    ({"type": "base64", "value": None}, InputImageLoadError, "no `value`"),
    ({}, InputImageLoadError, "no `value`"),
    ({"value": TEXT}, InvalidImageTypeDeclared, "none of base64, url, file, numpy"),
    ({"type": None, "value": TEXT}, InvalidImageTypeDeclared, "none of base64, url, file, numpy"),
    ({"type": "jpeg", "value": TEXT}, InvalidImageTypeDeclared, "none of base64, url, file, numpy"),
    ({"type": ["base64"], "value": TEXT}, InvalidImageTypeDeclared, "none of base64, url, file, numpy"),
    ({"type": "multipart", "value": TEXT}, InvalidImageTypeDeclared, "'multipart' cannot travel in JSON"),
    ({"type": "NUMPY_OBJECT", "value": [[1]]}, InvalidImageTypeDeclared, "'numpy_object' cannot travel in JSON"),
    ({"type": "pil", "value": TEXT}, InvalidImageTypeDeclared, "'pil' cannot travel in JSON"),
    ({"type": "url", "value": "cat.png"}, ImageSourceRefused, "neither https nor http"),
    ({"type": "url", "value": "http://example.com/"}, ImageSourceRefused, "not https"),
    ({"type": "url", "value": 5}, InputImageLoadError, "is not text"),
    ({"type": "file", "value": "/etc/passwd"}, ImageSourceRefused, "reads no local files"),
    ({"type": "numpy", "value": TEXT}, ImageSourceRefused, "takes no arrays"),
    ({"type": "base64", "value": TEXT, "parent_origin": 1}, InputImageLoadError, "1 at parent_origin"),
    ("cat.png", InputImageLoadError, r"no http\(s\) URL, so it is taken for base64. The base64 text is malformed"),
    ("ftp://example.com/cat.png", InputImageLoadError, r"no http\(s\) URL"),
    ("", InputImageLoadError, "image is empty"),
    (PNG, InputImageLoadError, "raw bytes where text was expected"),
    (None, InputImageLoadError, "is not text"),
    (5, InputImageLoadError, "is not text"),
    ([TEXT], InputImageLoadError, "is not text"),
]


@pytest.mark.parametrize(("value", "error", "reason"), REASONS)
def test_reasons_are_distinct(value: Any, error: type[InputImageLoadError], reason: str) -> None:
    with pytest.raises(InputImageLoadError, match=reason) as caught:
        LOADER.load(value, "image.[1]")
    assert type(caught.value) is error
    assert str(caught.value).startswith("The image 'image.[1]' cannot be loaded. ")


def test_limits_are_checked_at_once() -> None:
    with pytest.raises(ImageTooLargeError, match="40000 x 40000 pixels"):
        LOADER.load(b64encode(png_of(40_000, 40_000)).decode(), "image")
    with pytest.raises(ImageTooLargeError, match="more than 50 bytes"):
        ImageLoader(Limits(max_image_bytes=50), SourcePolicy()).load(TEXT, "image")


ORIGIN = {"offset_x": 5, "offset_y": 6, "width": 70, "height": 80}


def test_ancestry_comes_along() -> None:
    image = LOADER.load(
        {
            "type": "base64",
            "value": TEXT,
            "parent_id": "crop",
            "parent_origin": ORIGIN,
            "root_parent_id": "street",
            "root_parent_origin": ORIGIN,
            "video_metadata": {
                "video_identifier": "gate",
                "frame_number": 3,
                "frame_timestamp": "2024-05-01T12:00:00",
            },
        },
        "image",
    )
    assert image.id == "crop"
    assert image.parent == image.root == Origin("street", 5, 6, 70, 80)
    assert (image.video.source, image.video.number) == ("gate", 3)
    assert (image.frame.width, image.frame.height) == (WIDTH, HEIGHT)


HUGE = {**ORIGIN, "width": 10**9}


@pytest.mark.parametrize(
    "said",
    [
        {"parent_origin": HUGE},
        {"root_parent_origin": HUGE},
        {"parent_origin": ORIGIN, "root_parent_origin": HUGE},
        {"parent_origin": HUGE, "root_parent_origin": ORIGIN},
    ],
)
def test_nothing_is_cut_out_of_a_picture_beyond_the_limits(said: dict[str, Any]) -> None:
    with pytest.raises(ImageTooLargeError, match="cut out of no image that this server would take"):
        LOADER.load({"type": "base64", "value": TEXT, **said}, "image")


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = ["type", "value", "parent_id", "parent_origin", "root_parent_id", "root_parent_origin", "video_metadata"]
TYPES = some.sampled_from(["base64", "url", "file", "numpy", "multipart"])


@given(
    JSON | some.fixed_dictionaries({"value": JSON}, optional={"type": TYPES | JSON, **dict.fromkeys(KEYS[2:], JSON)}),
    some.booleans(),
)
def test_any_json_is_an_image_or_refused(value: Any, any_type: bool) -> None:
    loader = ImageLoader(Limits(), replace(OPEN, offline=True, file_roots=(Path("nowhere"),)))
    try:
        loader.load(value, "image", any_type=any_type)
    except PenstockError as error:
        assert isinstance(error, InputImageLoadError)  # noqa: PT017 - most of them raise, some may not


def test_the_http_client_is_imported_by_the_first_url_only() -> None:
    script = "import sys, engine.wire.read_image as m; sys.exit('httpx' in sys.modules or 'httpcore' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
