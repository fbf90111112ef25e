"""Whatever callers send as an image, made an `Image`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.errors import ImageSourceRefused, InputImageLoadError, InvalidImageTypeDeclared
from engine.guard.pixels import check_area, check_picture, check_size, decode
from engine.guard.encodings import from_base64, from_npy
from engine.guard.limits import Limits, SourcePolicy
from engine.guard.paths import inside
from engine.guard.provenance import Provenance, read_provenance
from engine.values.image import Image, Pixels

TYPES = "base64, url, file, numpy"
IN_PROCESS_TYPES = ("multipart", "numpy_object", "pil")
URL_SCHEMES = ("http://", "https://")


class ImageLoader:
    """Loads images that strangers send.

    Bytes are had and their header is checked at once; pixels are decoded when somebody looks at them.

    Args:
        limits: how much an image may cost.
        policy: where it may come from.
    """

    def __init__(self, limits: Limits, policy: SourcePolicy) -> None:
        self._limits = limits
        self._policy = policy

    def load(self, value: Any, id: str, *, by_value: bool = False) -> Image:
        """An image from how it travels.

        Args:
            value: an object with `type`, `value` and perhaps what `read_provenance` reads; or text, which is a URL if
                it begins like one, and base64 otherwise.
            id: the name of the image, unless the object has another.
            by_value: whether to treat the `value` of an object as such text whatever its `type`, so that no path is
                ever read.

        Raises:
            InputImageLoadError: it cannot be had, is no image, or is refused; the subclass says which.
        """
        with _named(id):
            if not isinstance(value, Mapping):
                return self._image(self._from_text(value), Provenance(id))
            provenance = self._provenance(value, id)
            content = value.get("value")
            if content is None:
                raise InputImageLoadError("Its object has no `value`.")
            loaded = self._from_text(content) if by_value else self._from_typed(value.get("type"), content)
            return self._image(loaded, provenance)

    def load_bytes(self, data: bytes, id: str) -> Image:
        """An image from the content of a file; raises as `load` does."""
        with _named(id):
            return self._image(data, Provenance(id))

    def _image(self, content: bytes | Pixels, said: Provenance) -> Image:
        if not isinstance(content, bytes):
            return Image(content, said.id, parent=said.parent, root=said.root, video=said.video)
        width, height = check_picture(content, self._limits)
        return Image(
            None,
            said.id,
            encoded=content,
            decode=partial(_decode, id=said.id),
            area=width * height,
            parent=said.parent,
            root=said.root,
            video=said.video,
        )

    def _provenance(self, value: Mapping[str, Any], id: str) -> Provenance:
        said = read_provenance(value, id)
        for origin in (said.parent, said.root):
            if origin is not None:
                with _prefixed("It was cut out of no image that this server would take."):
                    check_area(origin.width, origin.height, self._limits)
        return said

    def _from_text(self, value: Any) -> bytes:
        text = _text(value)
        if text[:8].lower().startswith(URL_SCHEMES):
            return self._from_url(text)
        with _prefixed("It is no http(s) URL, so it is taken for base64."):
            return from_base64(text, self._limits.max_image_bytes)

    def _from_typed(self, type: Any, value: Any) -> bytes | Pixels:
        match type.lower() if isinstance(type, str) else type:
            case "base64":
                return from_base64(_text(value), self._limits.max_image_bytes)
            case "url":
                return self._from_url(_text(value))
            case "file":
                return self._from_file(_text(value))
            case "numpy":
                return self._from_numpy(_text(value))
            case name if name in IN_PROCESS_TYPES:
                raise InvalidImageTypeDeclared(f"The type {name!r} cannot travel in JSON.", hint=f"Use {TYPES}.")
            case _:
                raise InvalidImageTypeDeclared(f"Its `type` is none of {TYPES}.")

    def _from_url(self, url: str) -> bytes:
        from engine.guard.fetch import fetch  # noqa: PLC0415 - the HTTP client takes a while, and most never need it

        data = fetch(url, self._policy, self._limits)
        with _prefixed("The URL delivers something, but no usable image."):
            check_picture(data, self._limits)
        return data

    def _from_file(self, path: str) -> bytes:
        if not self._policy.file_roots:
            raise ImageSourceRefused("This server reads no local files.", hint="Send the content as base64.")
        try:
            with inside(path, self._policy.file_roots).open("rb") as file:
                return file.read(self._limits.max_image_bytes + 1)
        except OSError:
            raise InputImageLoadError("The file cannot be read.") from None

    def _from_numpy(self, text: str) -> Pixels:
        if not self._policy.allow_numpy:
            raise ImageSourceRefused("This server takes no arrays.", hint="Send an image file as base64.")
        data = from_base64(text, self._limits.max_image_bytes)
        check_size(len(data), self._limits)
        return from_npy(data, self._limits)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        raise InputImageLoadError("It is raw bytes where text was expected.", hint="Encode them in base64.")
    raise InputImageLoadError("It is not text.", hint='Send {"type": "base64", "value": "..."}.')


def _decode(data: bytes, id: str) -> Pixels:
    with _named(id):
        return decode(data)


class _prefixed:  # noqa: N801 - a context manager, and ten times as fast as one made of a generator
    """Let every error about an image begin with the same words."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputImageLoadError):
            raise type(error)(f"{self._prefix} {error.message}", hint=error.hint) from error


def _named(id: str) -> _prefixed:
    return _prefixed(f"The image {id!r} cannot be loaded.")
