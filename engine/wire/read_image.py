"""Whatever callers send as an image, made an `Image`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, NamedTuple

from engine.errors import ImageSourceRefused, InputImageLoadError, InvalidImageTypeDeclared
from engine.guard.encodings import from_base64, from_npy
from engine.guard.limits import Limits, SourcePolicy
from engine.guard.paths import find
from engine.guard.pixels import check_area, check_picture, check_size, decode
from engine.values.image import Image, Pixels
from engine.wire.members import Members
from engine.wire.read_frame import Provenance, read_provenance
from engine.wire.unfit import Unfit

IN_PROCESS_TYPES = ("multipart", "numpy_object", "pil")
URL_SCHEMES = ("http://", "https://")


class _File(NamedTuple):
    """The bytes of a picture file whose header is within the limits, and the size in pixels that it says."""

    data: bytes
    width: int
    height: int


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
        self._by_type: dict[str, Callable[[str], _File | Pixels]] = {
            "base64": self._from_base64,
            "url": self._from_url,
            "file": self._from_file,
            "numpy": self._from_numpy,
        }

    def load(self, value: Any, id: str, *, any_type: bool = False) -> Image:
        """An image from how it travels.

        Args:
            value: text, which is a URL if it begins like one, and base64 otherwise; or an object with such a text or
                another `value`, as its `type` says, and perhaps with what `read_provenance` reads.
            id: the name of the image, unless the object has another.
            any_type: whether the `value` of an object is a URL or base64 whatever its `type`, and never a path or an
                array. So it is in workflows; what a policy says of files and arrays concerns the plain routes only.

        Raises:
            InputImageLoadError: it cannot be had, is no image, or is refused; the subclass says which.
        """
        with _naming(id):
            if not isinstance(value, Mapping):
                return self._image(self._from_text(_text(value)), Provenance(id))
            provenance = self._provenance(value, id)
            if value.get("value") is None:
                raise InputImageLoadError("Its object has no `value`.")
            content = self._from_any_type(value) if any_type else self._from_type(value)
            return self._image(content, provenance)

    def load_bytes(self, data: bytes, id: str) -> Image:
        """An image from the content of a file; raises as `load` does."""
        with _naming(id):
            return self._image(self._file(data), Provenance(id))

    def _image(self, content: _File | Pixels, provenance: Provenance) -> Image:
        name, parent, root, video = provenance.id, provenance.parent, provenance.root, provenance.video
        if not isinstance(content, _File):
            return Image(content, name, parent=parent, root=root, video=video)
        return Image(
            None,
            name,
            encoded=content.data,
            decode=partial(_decode, id=name),
            area=content.width * content.height,
            parent=parent,
            root=root,
            video=video,
        )

    def _provenance(self, members: Members, id: str) -> Provenance:
        try:
            provenance = read_provenance(members, id)
        except Unfit as error:
            raise InputImageLoadError(f"Its object has {error.found}.", hint=f"Give {error.fits}.") from None
        for origin in (provenance.parent, provenance.root):
            if origin is not None:
                with _beginning("It was cut out of no image that this server would take."):
                    check_area(origin.width, origin.height, self._limits)
        return provenance

    def _from_type(self, members: Members) -> _File | Pixels:
        declared = members.get("type")
        name = declared.lower() if isinstance(declared, str) else None
        types = ", ".join(self._by_type)
        if name in IN_PROCESS_TYPES:
            raise InvalidImageTypeDeclared(f"The type {name!r} cannot travel in JSON.", hint=f"Use {types}.")
        if name not in self._by_type:
            raise InvalidImageTypeDeclared(f"Its `type` is none of {types}.")
        return self._by_type[name](_text(members["value"]))

    def _from_any_type(self, members: Members) -> _File:
        if members.get("type") in (None, "base64", "url"):
            return self._from_text(_text(members["value"]))
        with _beginning("In a workflow, its `value` is a URL or base64, whatever its `type`."):
            return self._from_text(_text(members["value"]))

    def _from_text(self, text: str) -> _File:
        if text[:8].lower().startswith(URL_SCHEMES):
            return self._from_url(text)
        with _beginning("It is no http(s) URL, so it is taken for base64."):
            data = from_base64(text, self._limits.max_image_bytes)
        return self._file(data)

    def _from_base64(self, text: str) -> _File:
        return self._file(from_base64(text, self._limits.max_image_bytes))

    def _from_url(self, url: str) -> _File:
        from engine.guard.fetch import fetch  # noqa: PLC0415 - the HTTP client takes a while, and most never need it

        data = fetch(url, self._policy, self._limits)
        with _beginning("The URL delivers something, but no usable image."):
            return self._file(data)

    def _from_file(self, path: str) -> _File:
        if not self._policy.file_roots:
            raise ImageSourceRefused("This server reads no local files.", hint="Send the content as base64.")
        file = find(path, self._policy.file_roots)
        if file is None:
            raise ImageSourceRefused(
                "This server may read no such file.",
                hint="Name a file in a folder that its operator has opened for images, or send the content as base64.",
            )
        try:
            with file.open("rb") as opened:
                data = opened.read(self._limits.max_image_bytes + 1)
        except OSError:
            raise InputImageLoadError("The file cannot be read.") from None
        return self._file(data)

    def _from_numpy(self, text: str) -> Pixels:
        if not self._policy.allow_numpy:
            raise ImageSourceRefused("This server takes no arrays.", hint="Send an image file as base64.")
        data = from_base64(text, self._limits.max_image_bytes)
        check_size(len(data), self._limits)
        return from_npy(data, self._limits)

    def _file(self, data: bytes) -> _File:
        return _File(data, *check_picture(data, self._limits))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        raise InputImageLoadError("It is raw bytes where text was expected.", hint="Encode them in base64.")
    raise InputImageLoadError("It is not text.", hint='Send {"type": "base64", "value": "..."}.')


def _decode(data: bytes, id: str) -> Pixels:
    with _naming(id):
        return decode(data)


@contextmanager
def _beginning(words: str) -> Iterator[None]:
    """Let every error about an image begin with these words."""
    try:
        yield
    except InputImageLoadError as error:
        raise type(error)(f"{words} {error.message}", hint=error.hint) from error


def _naming(id: str) -> AbstractContextManager[None]:
    return _beginning(f"The image {id!r} cannot be loaded.")
