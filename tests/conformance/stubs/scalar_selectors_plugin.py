"""Secrets of the whole run, and comparisons with pictures that come as a parameter."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict
from uuid import uuid4

import numpy as np

from engine.block import block
from engine.kinds import Image, Kinds
from engine.values.shape import Batch, Wired


class Secret(TypedDict):
    """A secret."""

    secret: str


class Output(TypedDict):
    """A text."""

    output: str


class Similarity(TypedDict):
    """Numbers from 0 to 1."""

    similarity: list[float]


@block("secret_store")
def secret_store() -> Secret:
    """The one secret."""
    return {"secret": "my_secret"}


@block("secret_store_user")
def secret_store_user(image: Batch[Image], secret: Wired[str]) -> list[Output]:
    """The secret for each picture."""
    return [{"output": secret} for _ in image]


@block("batch_secret_store")
def batch_secret_store(image: Image) -> Secret:
    """A secret for each picture."""
    return {"secret": f"my_secret_{uuid4()}"}


@block("non_batch_secret_store_user")
def non_batch_secret_store_user(secret: Wired[str]) -> Output:
    """The secret."""
    return {"output": secret}


@block("reference_images_comparison")
def reference_images_comparison(image: Image, reference_images: Annotated[Any, Kinds("list_of_values")]) -> Similarity:
    """Which share of the pixels is the same as in each picture of a list."""
    return {"similarity": [_share(image, np.asarray(reference)) for reference in reference_images]}


def _share(image: Image, reference: Any) -> float:
    return float((image.pixels == reference).sum() / image.pixels.size)
