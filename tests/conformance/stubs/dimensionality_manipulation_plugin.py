"""Blocks that bring what was found in crops back to the picture."""

from __future__ import annotations

from typing import TypedDict

import cv2
import numpy as np

from blocks.fusion.joining import joined
from engine.block import block
from engine.kinds import AnyDetections, Image
from engine.values.image import Image as Picture
from engine.values.shape import Gathered


class Predictions(TypedDict):
    """Detections."""

    predictions: AnyDetections


class Drawing(TypedDict):
    """A picture."""

    visualisations: Image


@block("DetectionsToParentsCoordinatesBatch")
def to_parents_coordinates_batch(images: Image, images_predictions: AnyDetections) -> Predictions:
    """Detections of a crop in the coordinates of the picture."""
    return {"predictions": images_predictions.in_root()}


@block("DetectionsToParentsCoordinatesNonBatch")
def to_parents_coordinates_non_batch(image: Image, image_predictions: AnyDetections) -> Predictions:
    """Detections of a crop in the coordinates of the picture."""
    return {"predictions": image_predictions.in_root()}


@block("StitchDetectionsBatch")
def stitch_detections_batch(images: Image, images_predictions: Gathered[AnyDetections]) -> Predictions:
    """The detections of all crops in the coordinates of the picture."""
    return _stitched(images, images_predictions)


@block("StitchDetectionsNonBatch")
def stitch_detections_non_batch(image: Image, image_predictions: Gathered[AnyDetections]) -> Predictions:
    """The detections of all crops in the coordinates of the picture."""
    return _stitched(image, image_predictions)


@block("TileDetectionsBatch")
def tile_detections_batch(images_crops: Gathered[Image], crops_predictions: Gathered[AnyDetections]) -> Drawing:
    """The crops of a group with their boxes, side by side."""
    return _tiled(images_crops, crops_predictions)


@block("TileDetectionsNonBatch")
def tile_detections_non_batch(crops: Gathered[Image], crops_predictions: Gathered[AnyDetections]) -> Drawing:
    """The crops of a group with their boxes, side by side."""
    return _tiled(crops, crops_predictions)


def _stitched(image: Image, groups: list[AnyDetections]) -> Predictions:
    return {"predictions": joined(image.frame, [group.in_root() for group in groups])}


def _tiled(crops: list[Image], groups: list[AnyDetections]) -> Drawing:
    height, width = max(crop.height for crop in crops), max(crop.width for crop in crops)
    canvas = np.zeros((height, width * len(crops), 3), np.uint8)
    for place, (crop, group) in enumerate(zip(crops, groups, strict=True)):
        drawn = crop.pixels.copy()
        for left, top, right, bottom in group.xyxy.astype(int).tolist():
            cv2.rectangle(drawn, (left, top), (right, bottom), (0, 0, 255), 2)
        canvas[: crop.height, place * width : place * width + crop.width] = drawn
    return {"visualisations": Picture(canvas, "tiles")}
