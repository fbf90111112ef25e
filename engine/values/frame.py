"""Where a picture comes from: its name, its size, and the pictures it was cut out of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a picture within a larger one.

    Attributes:
        id: the name of the larger picture.
        x, y: the corner of the smaller picture, in pixels of the larger one.
        width, height: the size of the larger picture, in pixels.
    """

    id: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture without its pixels: what detections need to know about where they were found.

    Attributes:
        id: the name of the picture; what is found in it calls this its `parent_id`.
        width, height: in pixels.
        parent: the picture it was cut out of; None for one that came from outside.
        root: the picture from outside that it goes back to; None for that picture itself.
    """

    id: str
    width: int
    height: int
    parent: Origin | None = None
    root: Origin | None = None

    def cut(self, id: str, x: int, y: int, width: int, height: int) -> Frame:
        """The frame of a crop whose corner is at (x, y) of this one."""
        parent = Origin(self.id, x, y, self.width, self.height)
        root = parent if self.root is None else replace(self.root, x=self.root.x + x, y=self.root.y + y)
        return Frame(id, width, height, parent, root)

    def outermost(self) -> Frame:
        """The frame of the picture from outside that this one goes back to."""
        if self.root is None:
            return self
        return Frame(self.root.id, self.root.width, self.root.height)


@dataclass(frozen=True, slots=True)
class VideoMoment:
    """Which frame of which video a picture is.

    Attributes:
        source: the identifier of the video; blocks that remember keep one memory per source.
        number: the frame number, counted from 1; 0 for a still picture.
        time: when the frame was taken.
        fps: as the source declares; None when unknown.
        measured_fps: as seen on arrival; None when unknown.
        from_file: whether it comes from a file; None when unknown.
    """

    source: str
    number: int
    time: datetime
    fps: float | None = None
    measured_fps: float | None = None
    from_file: bool | None = None
