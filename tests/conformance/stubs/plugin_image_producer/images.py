"""Pictures made, and taken one by one or in batches."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np

from engine.block import block
from engine.kinds import Anything, Image
from engine.values.image import Image as Picture
from engine.values.shape import Batch, Gathered, Wired
from tests.conformance.stubs.plugin_image_producer.outputs import (
    ManyShapes,
    ManyX,
    ManyXY,
    Metadata,
    Produced,
    Shapes,
    X,
    pair_text,
    pairs_text,
    shape_text,
)


@block("ImageProducer")
def image_producer(shape: list[Any] = [192, 168, 3]) -> Produced:
    """A black picture with a name of its own."""
    return {"image": Picture(np.zeros(shape, np.uint8), f"image_producer.{uuid4()}")}


@block("ImageConsumer")
def image_consumer(images: Batch[Image]) -> list[Shapes]:
    """The shape of each picture."""
    return [{"shapes": shape_text(image)} for image in images]


@block("ImageConsumerNonSIMD")
def image_consumer_non_simd(images: Image) -> Shapes:
    """The shape of a picture."""
    return {"shapes": shape_text(images)}


@block("MultiSIMDImageConsumer")
def multi_simd_image_consumer(images_x: Batch[Image], images_y: Batch[Image]) -> list[Metadata]:
    """The shapes of each pair."""
    return [{"metadata": pair_text(x, y)} for x, y in zip(images_x, images_y, strict=True)]


@block("MultiImageConsumer")
def multi_image_consumer(images_x: Image, images_y: Image) -> Shapes:
    """The shapes of a pair."""
    return {"shapes": pair_text(images_x, images_y)}


@block("MultiImageConsumerRaisingDim")
def multi_image_consumer_raising_dim(images_x: Image, images_y: Image) -> ManyShapes:
    """The shapes of a pair, one level deeper."""
    return {"shapes": [pair_text(images_x, images_y)]}


@block("MultiSIMDImageConsumerRaisingDim")
def multi_simd_image_consumer_raising_dim(images_x: Batch[Image], images_y: Batch[Image]) -> list[ManyShapes]:
    """The shapes of each pair, one level deeper."""
    return [{"shapes": [pair_text(x, y)]} for x, y in zip(images_x, images_y, strict=True)]


@block("MultiNonSIMDImageConsumerDecreasingDim")
def multi_non_simd_image_consumer_decreasing_dim(
    images_x: Gathered[Image], images_y: Gathered[Image], additional: Anything
) -> Shapes:
    """The shapes of the pairs of a group."""
    return {"shapes": pairs_text(images_x, images_y)}


@block("MultiSIMDImageConsumerDecreasingDim")
def multi_simd_image_consumer_decreasing_dim(
    images_x: Gathered[Image], images_y: Gathered[Image], additional: Anything
) -> Shapes:
    """The shapes of the pairs of each group."""
    return {"shapes": pairs_text(images_x, images_y)}


@block("Identity")
def identity(x: Wired[Anything]) -> X:
    """A value as it came."""
    return {"x": x}


@block("IdentitySIMD")
def identity_simd(x: Batch[Wired[Anything]]) -> list[X]:
    """Each value as it came."""
    return [{"x": value} for value in x]


@block("BoostDimensionality")
def boost_dimensionality(x: Wired[Anything]) -> ManyX:
    """A value twice, one level deeper."""
    return {"x": [x, x]}


@block("DoubleBoostDimensionality")
def double_boost_dimensionality(x: Wired[Anything], y: Wired[Anything]) -> ManyXY:
    """Two values twice, one level deeper."""
    return {"x": [x, x], "y": [y, y]}
