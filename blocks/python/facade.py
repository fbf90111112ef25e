"""What the code of a Python block sees in place of our values, by the names that today's servers give them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from blocks.python.ancestry import Parts, read_frame, read_moment
from engine.values.frame import Frame, Origin, VideoMoment

JPEG_QUALITY = 95


class Batch(list[Any]):
    """Several values of an input at once, in order; a missing one is None.

    Args:
        above: where this batch lies in those around it.
    """

    def __init__(self, content: Iterable[Any] = (), above: tuple[int, ...] = ()) -> None:
        super().__init__(content)
        self._above = above

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """The place of each value among those that are handed over, counted from 0 on every level."""
        return [(*self._above, index) for index in range(len(self))]


@dataclass
class OriginCoordinatesSystem:
    """Where a picture lies within a larger one, and the size of that.

    Attributes:
        origin_id: the name of the larger picture; None when only the picture from outside is known.
    """

    left_top_x: int
    left_top_y: int
    origin_width: int
    origin_height: int
    origin_id: str | None = None


@dataclass
class ImageParentMetadata:
    """The name of a picture, and where it was cut out."""

    parent_id: str
    origin_coordinates: OriginCoordinatesSystem | None = None


@dataclass
class VideoMetadata:
    """Which frame of which video a picture is."""

    video_identifier: str
    frame_number: int
    frame_timestamp: datetime
    fps: float | None = None
    measured_fps: float | None = None
    comes_from_video_file: bool | None = None


class WorkflowImageData:
    """One picture with its ancestry."""

    def __init__(
        self,
        parent_metadata: ImageParentMetadata,
        workflow_root_ancestor_metadata: ImageParentMetadata | None = None,
        image_reference: str | None = None,
        base64_image: str | None = None,
        numpy_image: npt.NDArray[Any] | None = None,
        video_metadata: VideoMetadata | None = None,
    ) -> None:
        if numpy_image is None and base64_image is None:
            raise ValueError("a picture needs numpy_image or base64_image; references are not followed here")
        self._pixels = numpy_image
        self._base64 = base64_image
        self._moment = video_metadata
        self._image_reference = image_reference
        self.parent_metadata = parent_metadata
        self.workflow_root_ancestor_metadata = workflow_root_ancestor_metadata or parent_metadata

    @property
    def numpy_image(self) -> npt.NDArray[Any]:
        """Height x width x 3 bytes in blue, green, red order."""
        if self._pixels is None:
            import cv2  # noqa: PLC0415 - heavy, and few blocks come here

            data = base64.b64decode((self._base64 or "").rpartition(",")[2])
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if pixels is None:
                raise ValueError("base64_image is no picture")
            self._pixels = pixels
        return self._pixels

    @property
    def base64_image(self) -> str:
        """The bytes of a JPEG file as base64."""
        if self._base64 is None:
            import cv2  # noqa: PLC0415 - heavy, and few blocks come here

            _, data = cv2.imencode(".jpg", self.numpy_image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            self._base64 = base64.b64encode(data.tobytes()).decode()
        return self._base64

    @property
    def video_metadata(self) -> VideoMetadata:
        """Which frame of which video it is; a still picture is frame 0 of a video named after itself."""
        if self._moment is None:
            self._moment = VideoMetadata(self.parent_metadata.parent_id, 0, datetime.now().astimezone(), 30)
        return self._moment

    def to_inference_format(self, numpy_preferred: bool = False) -> dict[str, Any]:
        """The picture as models of today's servers take it."""
        if numpy_preferred:
            return {"type": "numpy_object", "value": self.numpy_image}
        return {"type": "base64", "value": self.base64_image}

    @classmethod
    def copy_and_replace(cls, origin_image_data: WorkflowImageData, **changes: Any) -> WorkflowImageData:
        """The same place and moment with what `changes` say; other pixels drop those that were there."""
        given = origin_image_data
        pixels = {"numpy_image", "base64_image", "image_reference"}
        kept: dict[str, Any] = {
            "parent_metadata": given.parent_metadata,
            "workflow_root_ancestor_metadata": given.workflow_root_ancestor_metadata,
            "video_metadata": given._moment,
        }
        if not pixels & changes.keys():
            kept |= {"numpy_image": given._pixels, "base64_image": given._base64}
        return cls(**{**kept, **changes})

    @classmethod
    def create_crop(
        cls,
        origin_image_data: WorkflowImageData,
        crop_identifier: str,
        cropped_image: npt.NDArray[Any],
        offset_x: int,
        offset_y: int,
        preserve_video_metadata: bool = False,
    ) -> WorkflowImageData:
        """A part of a picture, whose corner is at (offset_x, offset_y) of it."""
        height, width = cropped_image.shape[:2]
        cut = frame_of(origin_image_data).cut(crop_identifier, int(offset_x), int(offset_y), width, height)
        moment = origin_image_data._moment if preserve_video_metadata else None
        return _image(cut, cropped_image, moment)


@dataclass
class Frames:
    """The frames of the pictures and detections that one call is about, so that what is made of them keeps its frame.

    Attributes:
        seen: in the order in which they came.
        prediction_type: of the first detections, for sets that have no rows to say it.
    """

    seen: list[Frame] = field(default_factory=list)
    prediction_type: str | None = None


def read_image(parts: Parts, frames: Frames) -> WorkflowImageData:
    """A picture that the server sent."""
    frame = read_frame(parts)
    frames.seen.append(frame)
    return _image(frame, parts["pixels"], read_video(parts["moment"]))


def write_image(image: WorkflowImageData) -> Parts:
    """A picture on its way to the server."""
    parts = asdict(frame_of(image))
    moment = None if image._moment is None else write_video(image._moment)
    return {**parts, "pixels": np.asarray(image.numpy_image), "moment": moment}


def read_video(parts: Parts) -> VideoMetadata:
    """A video moment that the server sent."""
    moment = read_moment(parts)
    rates = moment.fps, moment.measured_fps
    return VideoMetadata(moment.source, moment.number, moment.time, *rates, moment.from_file)


def write_video(video: VideoMetadata) -> Parts:
    """A video moment on its way to the server."""
    rates = video.fps, video.measured_fps
    moment = VideoMoment(
        video.video_identifier, video.frame_number, video.frame_timestamp, *rates, video.comes_from_video_file
    )
    return asdict(moment)


def frame_of(image: WorkflowImageData) -> Frame:
    """The frame of a picture, from what its metadata say."""
    height, width = image.numpy_image.shape[:2]
    name = str(image.parent_metadata.parent_id)
    root = _origin(image.workflow_root_ancestor_metadata)
    if root is None or root.id == name:
        return Frame(name, width, height)
    parent = _origin(image.parent_metadata, root.id)
    return Frame(name, width, height, parent or root, root)


def _image(frame: Frame, pixels: npt.NDArray[Any], moment: VideoMetadata | None) -> WorkflowImageData:
    whole = Origin(frame.id, 0, 0, frame.width, frame.height)
    root = frame.root or whole
    parent_metadata = ImageParentMetadata(frame.id, _coordinates(frame.parent or whole))
    root_metadata = ImageParentMetadata(root.id, _coordinates(root))
    return WorkflowImageData(parent_metadata, root_metadata, numpy_image=pixels, video_metadata=moment)


def _coordinates(origin: Origin) -> OriginCoordinatesSystem:
    return OriginCoordinatesSystem(origin.x, origin.y, origin.width, origin.height, origin.id)


def _origin(metadata: ImageParentMetadata, name: str | None = None) -> Origin | None:
    """The place that metadata say; for a parent, `name` is that of the picture from outside."""
    there = metadata.origin_coordinates
    if there is None:
        return None
    called = metadata.parent_id if name is None else there.origin_id or name
    places = (there.left_top_x, there.left_top_y, there.origin_width, there.origin_height)
    return Origin(str(called), *(int(place) for place in places))
