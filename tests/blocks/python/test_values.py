"""Pictures and detections as the code of a block sees them, and as they come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest

from blocks.python.values import pack, unpack
from blocks.python.workers import Workers
from engine.errors import DynamicBlockCodeError
from engine.values.detections import Detections, strings
from engine.values.frame import Frame, Origin, VideoMoment
from engine.values.image import Image
from engine.wire.write_detections import encode_detections
from tests.blocks.python.samples import definition, once, ran, taken
from tests.blocks.samples import found, picture
from tests.engine.arithmetic import batch_input, step

ECHO = definition("echo", "def run(self, x):\n    return {'value': x}")
ROOT = Origin("photo", 20, 30, 640, 480)
CROP = Frame("crop", 64, 48, Origin("slice", 2, 3, 100, 90), ROOT)
MOMENT = VideoMoment("camera", 7, datetime(2024, 5, 6, tzinfo=UTC), 25.0, None, True)


def seen(workers: Workers, run: str, value: Any) -> Any:
    return once(workers, definition("seen", run), x=value)["value"]


def test_pictures_come_back_as_they_were(workers: Workers) -> None:
    image = Image(picture().pixels, "crop", parent=CROP.parent, root=CROP.root, video=MOMENT)
    echoed = seen(workers, "def run(self, x):\n    return {'value': [x]}", image)[0]
    assert (echoed.frame, echoed.video) == (CROP, MOMENT)
    np.testing.assert_array_equal(echoed.pixels, image.pixels)


def test_what_the_code_sees_of_a_picture(workers: Workers) -> None:
    run = """
        def run(self, x: WorkflowImageData):
            parent, root = x.parent_metadata, x.workflow_root_ancestor_metadata
            video = x.video_metadata
            return {"value": [
                type(x).__name__, x.numpy_image.shape, x.base64_image,
                parent.parent_id, parent.origin_coordinates.left_top_x, parent.origin_coordinates.origin_height,
                root.parent_id, root.origin_coordinates.left_top_y, root.origin_coordinates.origin_width,
                video.video_identifier, video.frame_number, video.frame_timestamp, video.fps,
                video.measured_fps, video.comes_from_video_file,
            ]}
        """
    image = Image(picture().pixels, "crop", parent=CROP.parent, root=CROP.root, video=MOMENT)
    name, shape, encoded, *rest = seen(workers, run, image)
    assert (name, shape) == ("WorkflowImageData", (48, 64, 3))
    assert encoded.startswith("/9j/")
    assert rest == ["crop", 2, 90, "photo", 30, 640, "camera", 7, MOMENT.time, 25.0, None, True]


def test_a_picture_of_its_own(workers: Workers) -> None:
    run = """
        def run(self, x):
            alone = WorkflowImageData(parent_metadata=x.parent_metadata, numpy_image=x.numpy_image[:, ::-1])
            redrawn = WorkflowImageData.copy_and_replace(origin_image_data=x, numpy_image=x.numpy_image[:, :, 0])
            crop = WorkflowImageData.create_crop(x, "part", x.numpy_image[5:15, 10:40], 10, 5)
            return {"value": [alone, redrawn, crop]}
        """
    image = Image(picture().pixels, "photo", video=MOMENT)
    alone, redrawn, crop = seen(workers, run, image)
    assert alone.id == "photo"
    np.testing.assert_array_equal(alone.pixels, image.pixels[:, ::-1])
    assert redrawn.frame == image.frame
    assert redrawn.video == MOMENT
    np.testing.assert_array_equal(redrawn.pixels, cv2.cvtColor(image.pixels[:, :, 0], cv2.COLOR_GRAY2BGR))
    assert crop.frame == image.crop("part", 10, 5, 30, 10).frame
    np.testing.assert_array_equal(crop.pixels, image.pixels[5:15, 10:40])


def test_a_crop_of_a_crop(workers: Workers) -> None:
    run = """
        def run(self, x):
            return {"value": x.create_crop(x, "part", x.numpy_image[1:3, 2:6], 2, 1)}
        """
    image = Image(picture().pixels, "crop", parent=CROP.parent, root=CROP.root)
    assert seen(workers, run, image).frame == image.crop("part", 2, 1, 4, 2).frame


def test_code_may_draw_on_its_picture(workers: Workers) -> None:
    run = """
        def run(self, x):
            cv2.rectangle(x.numpy_image, (2, 2), (9, 9), (255, 255, 255), -1)
            return {"value": x}
        """
    image = picture()
    before = image.pixels.copy()
    assert seen(workers, run, image).pixels[2:10, 2:10].min() == 255
    np.testing.assert_array_equal(image.pixels, before)


@pytest.mark.parametrize(
    "pixels", ["np.zeros((4, 5, 3))", "np.zeros((4, 5, 2), np.uint8)", "np.zeros((0, 5, 3), np.uint8)"]
)
def test_what_is_no_picture(workers: Workers, pixels: str) -> None:
    run = f"def run(self, x):\n    return {{'value': x.copy_and_replace(x, numpy_image={pixels})}}"
    with pytest.raises(DynamicBlockCodeError, match="a picture"):
        seen(workers, run, picture())


def detections() -> Detections:
    mask = np.zeros((2, 48, 64), bool)
    mask[0, 1:3, 4:9] = True
    ragged = np.empty(2, object)
    ragged[:] = [np.ones((3, 2), np.float32), None]
    return found(
        (1, 2, 30, 40),
        (5.5, 6, 20, 21),
        frame=CROP,
        prediction_type="instance-segmentation",
        inference_id="run",
        mask=mask,
        tracker_id=np.array([4, 9]),
        parent_id=strings(["left", "right"]),
        columns={"time_in_zone": np.array([0.5, 1.5]), "keypoints_xy": ragged},
    )


def assert_same(one: Any, other: Detections) -> None:
    assert isinstance(one, Detections)
    assert (one.frame, one.prediction_type, one.inference_id) == (
        other.frame,
        other.prediction_type,
        other.inference_id,
    )
    for name in ("xyxy", "confidence", "class_id", "class_name", "detection_id", "mask", "tracker_id", "parent_id"):
        mine, yours = getattr(one, name), getattr(other, name)
        assert (mine is None) == (yours is None), name
        if mine is not None:
            assert mine.dtype == yours.dtype, name
            np.testing.assert_array_equal(mine, yours)
    assert one.columns.keys() == other.columns.keys()
    for name, column in one.columns.items():
        np.testing.assert_equal(column.tolist(), other.columns[name].tolist())


def test_detections_come_back_as_they_were(workers: Workers) -> None:
    for given in (detections(), found((1, 2, 3, 4)), found(frame=CROP), Detections.empty(CROP)):
        assert_same(seen(workers, ECHO["code"]["run_function_code"], given), given)


def test_what_the_code_sees_of_detections(workers: Workers) -> None:
    run = """
        def run(self, x: sv.Detections):
            assert isinstance(x, sv.Detections)
            row = {name: x.data[name][1] for name in sorted(x.data) if name != "keypoints_xy"}
            row["detection_id"] = len(row["detection_id"])
            return {"value": {name: getattr(value, "tolist", lambda: value)() for name, value in row.items()}}
        """
    assert seen(workers, run, detections()) == {
        "class_name": "b",
        "detection_id": 36,
        "image_dimensions": [48, 64],
        "inference_id": "run",
        "parent_coordinates": [2, 3],
        "parent_dimensions": [90, 100],
        "parent_id": "right",
        "prediction_type": "instance-segmentation",
        "root_parent_coordinates": [20, 30],
        "root_parent_dimensions": [480, 640],
        "root_parent_id": "photo",
        "scaling_relative_to_parent": 1.0,
        "scaling_relative_to_root_parent": 1.0,
        "time_in_zone": 1.5,
    }


def test_a_selection_of_detections(workers: Workers) -> None:
    given = detections()
    chosen = seen(workers, "def run(self, x):\n    return {'value': x[x.data['class_name'] == 'b']}", given)
    assert_same(chosen, given.select([1]))
    none = seen(workers, "def run(self, x):\n    return {'value': x[x.confidence > 2]}", given)
    assert (len(none), none.frame, none.prediction_type) == (0, CROP, given.prediction_type)


def test_detections_of_its_own(workers: Workers) -> None:
    run = """
        def run(self, x):
            data = {"class_name": ["thing"], "extra": [{"a": 1}]}
            return {"value": sv.Detections(xyxy=np.array([[1, 2, 3, 4]]), class_id=np.array([5]), data=data)}
        """
    image = Image(picture().pixels, "crop", parent=CROP.parent, root=CROP.root)
    made = seen(workers, run, image)
    assert made.frame == CROP
    assert (made.class_id.tolist(), made.class_name.tolist(), made.confidence.tolist()) == ([5], ["thing"], [1.0])
    assert made.prediction_type == "object-detection"
    assert made.columns["extra"].tolist() == [{"a": 1}]
    assert len(made.detection_id[0]) == 36


def test_detections_of_another_frame(workers: Workers) -> None:
    """What the columns say goes, also where no input had that frame."""
    run = """
        def run(self, x):
            given = sv.Detections(xyxy=np.array([[1, 2, 3, 4]]))
            given.data = {
                "parent_id": ["part"], "image_dimensions": [[10, 20]],
                "parent_coordinates": [[1, 2]], "parent_dimensions": [[48, 64]],
                "root_parent_id": ["photo"], "root_parent_coordinates": [[1, 2]], "root_parent_dimensions": [[48, 64]],
                "scaling_relative_to_parent": [1.0], "scaling_relative_to_root_parent": [1.0],
            }
            return {"value": given}
        """
    above = Origin("photo", 1, 2, 64, 48)
    assert seen(workers, run, picture()).frame == Frame("part", 20, 10, above, above)


def test_columns_that_do_not_fit(workers: Workers) -> None:
    run = """
        def run(self, x):
            x.data["extra"] = [1]
            return {"value": x}
        """
    with pytest.raises(DynamicBlockCodeError, match="'extra' of detections has 1 values for 2 rows"):
        seen(workers, run, detections())


def test_video_moments(workers: Workers) -> None:
    assert seen(workers, "def run(self, x):\n    return {'value': [x, x.frame_number]}", MOMENT) == [MOMENT, 7]


@pytest.mark.parametrize(
    "broken",
    [
        {"columns": []},
        {"frame": []},
        {"xyxy": None},
        {"xyxy": np.full((1, 4), np.nan)},
        {"class_name": {}},
        {"prediction_type": 1},
    ],
)
def test_detections_that_are_none(broken: dict[str, Any]) -> None:
    packed = pack(found((0, 0, 4, 4)))
    assert packed is not None
    with pytest.raises((ValueError, TypeError, LookupError)):
        unpack("detections", {**packed[1], **broken})


A, B = Frame("a", 640, 480), Frame("b", 100, 50)
NOTHING = [Detections.empty(A, "keypoint-detection"), Detections.empty(B, "instance-segmentation")]
EACH_OF_BATCH = "def run(self, x):\n    return [{{'value': {result}}} for d in x]"


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (NOTHING, "d"),
        (NOTHING, "d[d.confidence > 2]"),
        ([found((1, 2, 3, 4), frame=frame, prediction_type="t") for frame in (A, B)], "d[d.confidence > 2][:0]"),
    ],
)
def test_nothing_detected_stays_of_its_picture(workers: Workers, given: list[Detections], result: str) -> None:
    block = definition("nothing", EACH_OF_BATCH.format(result=result), accepts_batch_input=True)
    found = ran(workers, [block], [batch_input("n")], [step("nothing", "s", x="$inputs.n")], n=given)
    assert [(len(one), one.frame, one.prediction_type) for one in found] == [
        (0, other.frame, other.prediction_type) for other in given
    ]


def test_nothing_detected_in_a_second_input(workers: Workers) -> None:
    block = definition("second", "def run(self, x, y):\n    return {'value': y}", {"x": taken(), "y": taken()})
    (second,) = once(workers, block, x=NOTHING[0], y=NOTHING[1]).values()
    assert (second.frame, second.prediction_type) == (B, "instance-segmentation")


@pytest.mark.parametrize(
    "result",
    [
        "sv.Detections.merge([x[:1], x[1:]])",
        "sv.Detections(xyxy=x.xyxy, data=dict(x.data))",
        "sv.Detections.merge([x, sv.Detections(x.xyxy, x.mask, x.confidence, x.class_id, x.tracker_id, dict(x.data))])",
    ],
)
def test_detections_put_together(workers: Workers, result: str) -> None:
    """Their frame is known by its place, also where rows have other parents and nothing was selected."""
    assert seen(workers, f"def run(self, x):\n    return {{'value': {result}}}", detections()).frame == CROP


def test_pictures_of_one_name_are_known_by_their_places(workers: Workers) -> None:
    places = [Origin("photo", x, x, 100, 100) for x in (0, 50)]
    one, other = (found((1, 2, 3, 4), frame=Frame("crop", 10, 10, place, place)) for place in places)
    block = definition("twins", "def run(self, x, y):\n    return {'value': y}", {"x": taken(), "y": taken()})
    assert once(workers, block, x=one, y=other)["value"].frame == other.frame


def test_masks_without_a_picture(workers: Workers) -> None:
    run = """
        def run(self, x):
            return {"value": sv.Detections(xyxy=np.array([[1, 2, 3, 4]]), mask=np.ones((1, 20, 30), bool))}
        """
    made = seen(workers, run, 1)
    assert (made.frame, made.mask.shape) == (Frame("", 30, 20), (1, 20, 30))


CUT_OUT = """
    def run(self, x):
        width, height = {size}
        d = sv.Detections(xyxy=np.array([[1.0, 2, 3, 4]]), mask=np.ones((1, 10, 10), bool))
        d.data = {{
            "parent_id": ["part"], "image_dimensions": [[10, 10]],
            "parent_coordinates": [[0, 0]], "parent_dimensions": [[height, width]],
            "root_parent_id": ["photo"], "root_parent_coordinates": [[0, 0]],
            "root_parent_dimensions": [[height, width]],
            "scaling_relative_to_parent": [1.0], "scaling_relative_to_root_parent": [1.0],
        }}
        {change}
        return {{"value": d}}
    """


@pytest.mark.parametrize("size", ["30000, 30000", "10**6, 10**6", "-5, -5", "2**70, 5", "5, float('nan')"])
def test_places_in_pictures_that_cannot_be(workers: Workers, size: str) -> None:
    with pytest.raises(DynamicBlockCodeError, match=r"returned what cannot be taken|cannot convert float NaN"):
        seen(workers, CUT_OUT.format(size=size, change=""), 1)


@pytest.mark.parametrize(
    "change",
    [
        "d.mask = np.ones((1, 400, 400), bool)",
        "d.mask = np.ones((1, 9, 10), bool)",
        "d.data['polygon'] = ['ab']",
        "d.data['polygon'] = [[[1, 2], [3]]]",
        "d.data['polygon'] = [[[1, 2], [3, float('nan')]]]",
        "d.data['polygon'] = [[[1, 2], [3, 1e30]]]",
        "d.data['polygon'] = np.array([[1, 2, 3]])",
        "d.data['polygon'] = np.zeros((1, 3, 3))",
        "d.data['rect'] = [[1, 2, 3]]",
        "d.data['keypoints_xy'] = ['x']",
        "d.data['keypoints_xy'] = np.array(['a'])",
        "d.data |= {'keypoints_xy': [np.zeros((3, 2))], 'keypoints_class_id': [[1]]}",
        "d.data |= {'keypoints_xy': [np.zeros((3, 2))], 'keypoints_confidence': [0.5]}",
        "d.class_id = np.array([np.nan])",
        "d.class_id = np.array([2.7])",
        "d.class_id = np.array([2**64 - 1], np.uint64)",
        "d.class_id = np.array([1e19])",
        "d.class_id = np.array(['5'])",
        "d.tracker_id = np.array([1.5])",
        "d.confidence = np.array([np.nan])",
        "d.confidence = np.array([1 + 2j])",
        "d.confidence = np.array([1e300])",
        "d.xyxy = np.array([[1 + 2j, 2, 3, 4]])",
        "d.xyxy = np.array([[1.0, 2, 3, 1e10]])",
        "d = VideoMetadata('camera', 2**70, __import__('datetime').datetime.now())",
    ],
)
def test_values_that_cannot_be_taken(workers: Workers, change: str) -> None:
    with pytest.raises(DynamicBlockCodeError, match="returned what cannot be taken"):
        seen(workers, CUT_OUT.format(size="100, 100", change=change), 1)


@pytest.mark.parametrize(
    "change",
    [
        "d.data['polygon'] = [[]]",
        "d.data['polygon'] = [None]",
        "d.data['rect'] = np.zeros((1, 4, 2), np.float32)",
        "d.data |= {'keypoints_xy': [np.zeros((3, 2))], 'keypoints_class_id': [[1, 2, 3]]}",
        "d.class_id = np.array([5.0])",
        "d.class_id = np.array([5], object)",
        "d.confidence = np.array([1])",
    ],
)
def test_values_that_can_be_taken(workers: Workers, change: str) -> None:
    taken_over = seen(workers, CUT_OUT.format(size="100, 100", change=change), 1)
    assert len(encode_detections(taken_over.in_root())["predictions"]) == 1
