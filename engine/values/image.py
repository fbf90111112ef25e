"""A picture with its ancestry, decoded when somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from engine.values.frame import Frame, Origin, VideoMoment

Pixels = npt.NDArray[np.uint8]
"""Height x width x 3 in blue, green, red order."""

STILL_FPS = 30.0
CHANNELS = 3


class Image:
    """One picture; never changed after it was made.

    Args:
        pixels: the picture, or None when `encoded` has it.
        id: its name, which becomes the `parent_id` of what is found in it.
        encoded: the picture as it came over the wire; decoded by `decode` at the first look at `pixels`, and sent back
            as it came when nobody changed it.
        decode: turns `encoded` into pixels.
        area: how many pixels `encoded` stands for, as its header says.
        parent, root: see `Frame`.
        video: which frame of which video it is; None for a still picture.
    """

    __slots__ = ("_area", "_decoder", "_pixels", "_video", "encoded", "id", "parent", "root")

    def __init__(
        self,
        pixels: Pixels | None,
        id: str,
        *,
        encoded: bytes | None = None,
        decode: Callable[[bytes], Pixels] | None = None,
        area: int = 0,
        parent: Origin | None = None,
        root: Origin | None = None,
        video: VideoMoment | None = None,
    ) -> None:
        self._pixels = pixels
        self._decoder = decode
        self._area = area
        self._video = video
        self.id = id
        self.encoded = encoded
        self.parent = parent
        self.root = root

    @property
    def pixels(self) -> Pixels:
        """The picture as a height x width x 3 array of bytes, in blue, green, red order. Do not write into it."""
        if self._pixels is None:
            self._pixels = self._decode()
        return self._pixels

    def _decode(self) -> Pixels:
        if self._decoder is None or self.encoded is None:
            raise ValueError("this image has neither pixels nor bytes to decode")
        return self._decoder(self.encoded)

    @property
    def is_decoded(self) -> bool:
        """Whether somebody has looked at the pixels."""
        return self._pixels is not None

    @property
    def nbytes(self) -> int:
        """What it holds in memory, or will hold when somebody has looked at the pixels."""
        pixels = CHANNELS * self._area if self._pixels is None else self._pixels.nbytes
        return pixels + len(self.encoded or b"")

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def frame(self) -> Frame:
        """What detections keep of this picture."""
        return Frame(self.id, self.width, self.height, self.parent, self.root)

    @property
    def video(self) -> VideoMoment:
        """Which frame of which video this is; a still picture is frame 0 of a video named after itself."""
        if self._video is None:
            self._video = VideoMoment(self.id, 0, datetime.now(UTC), STILL_FPS, None, None)
        return self._video

    def redrawn(self, pixels: Pixels) -> Image:
        """The same place and moment with other pixels of the same size."""
        return Image(pixels, self.id, parent=self.parent, root=self.root, video=self._video)

    def crop(self, id: str, x: int, y: int, width: int, height: int, pixels: Pixels | None = None) -> Image:
        """A part of this picture, as a view of its pixels unless `pixels` are given. Its video is dropped."""
        frame = self.frame.cut(id, x, y, width, height)
        part = self.pixels[y : y + height, x : x + width] if pixels is None else pixels
        return Image(part, id, parent=frame.parent, root=frame.root)
