"""Blocks that do or do not want to see missing values."""

from __future__ import annotations

from typing import Annotated, TypedDict

from engine.block import block
from engine.kinds import Image, Kinds
from engine.values.shape import Batch

Secret = Annotated[str, Kinds("secret")]


class SecretOutput(TypedDict):
    """A secret."""

    output: Secret


class TextOutput(TypedDict):
    """A text."""

    output: str


@block("block_accepting_empty_scalars")
def accepting_empty_scalars(secret: Secret | None) -> SecretOutput:
    """Another secret, even for none."""
    return {"output": "modified-secret"}


@block("block_accepting_scalars")
def accepting_scalars(secret: Secret) -> SecretOutput:
    """The secret."""
    return {"output": secret}


@block("block_accepting_empty_images")
def accepting_empty_images(image: Image | None, secret: Secret | None) -> TextOutput:
    """Whether there is a secret."""
    return {"output": "empty" if secret is None else "ok"}


@block("block_accepting_images")
def accepting_images(image: Image, secret: Secret) -> TextOutput:
    """That there are both."""
    return {"output": "ok"}


@block("block_accepting_empty_batches_of_images")
def accepting_empty_batches(image: Batch[Image | None], secret: Secret | None) -> list[TextOutput]:
    """Whether there is a secret, for each picture."""
    return [{"output": "empty" if secret is None else "ok"} for _ in image]


@block("block_accepting_batches_of_images")
def accepting_batches(image: Batch[Image], secret: Secret) -> list[TextOutput]:
    """That there are both, for each picture."""
    return [{"output": "ok"} for _ in image]
