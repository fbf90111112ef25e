"""A model: pictures in, predictions in pixels of these pictures out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from engine.errors import ModelArtefactError, ModelTaskError
from engine.values.image import Pixels
from models.families.family import Classifier, Detector, image_input
from models.manifest import Manifest, Task
from models.prediction import Boxes, DetectionOptions, Scores
from models.preprocessing import Placement, prepare_batch
from models.session import Session, Tensor


class Model:
    """Weights with all that is known of them. Many threads may use one at once; nothing in it changes.

    Args:
        manifest: what is known of the weights.
        session: the loaded graph.
        family: how to read its outputs.
        bytes: the size of the weights file.
        max_batch: the most pictures in one run of a graph that takes any number.

    Attributes:
        input_height, input_width: of the input tensor, in pixels.
        batch_size: how many pictures the graph takes at a time; None when any number.

    Raises:
        ModelArtefactError: manifest, graph and family do not fit each other.
    """

    def __init__(
        self, manifest: Manifest, session: Session, family: Detector | Classifier, *, bytes: int, max_batch: int = 32
    ) -> None:
        if manifest.task != family.task:
            raise ModelArtefactError(
                f"The manifest of {manifest.id} says {manifest.task}, but the family {family.name} does {family.task}."
            )
        port = image_input(session.signature)
        if port is None:
            raise ModelArtefactError(
                f"The graph of {manifest.id} does not take pictures.",
                hint="It should have one input: float32, batch x 3 x height x width.",
            )
        recognised = family.recognise(session.signature)
        if recognised and recognised.class_count != len(manifest.classes):
            raise _class_mismatch(manifest, recognised.class_count)
        self.manifest = manifest
        self.session = session
        self.family = family
        self.bytes = bytes
        self.input_height = _side(manifest, "height", port.height, manifest.preprocessing.height)
        self.input_width = _side(manifest, "width", port.width, manifest.preprocessing.width)
        self.batch_size = port.batch
        self._input = port.name
        self._chunk = port.batch or max_batch

    def detect(self, images: Sequence[Pixels], options: DetectionOptions) -> list[Boxes]:
        """What is to be seen in each picture, in its pixels.

        Args:
            images: height x width x 3 in blue, green, red order, of any sizes.
            options: what to keep.

        Raises:
            ModelTaskError: this model is no detector.
            ModelInputError: a picture has no pixels.
        """
        if not isinstance(self.family, Detector):
            raise self.refuse(Task.OBJECT_DETECTION)
        size = self.input_height, self.input_width
        return [
            self._in_picture(boxes, placement)
            for outputs, placements in self._runs(images)
            for boxes, placement in zip(self.family.decode(outputs, size, options), placements, strict=True)
        ]

    def classify(self, images: Sequence[Pixels]) -> list[Scores]:
        """How much each picture shows each class.

        Args:
            images: height x width x 3 in blue, green, red order, of any sizes.

        Raises:
            ModelTaskError: this model is no classifier.
            ModelInputError: a picture has no pixels.
        """
        if not isinstance(self.family, Classifier):
            raise self.refuse(Task.CLASSIFICATION)
        found = [scores for outputs, _ in self._runs(images) for scores in self.family.decode(outputs)]
        for scores in found:
            if len(scores.values) != len(self.manifest.classes):
                raise _class_mismatch(self.manifest, len(scores.values))
        return found

    def _runs(self, images: Sequence[Pixels]) -> Iterator[tuple[list[Tensor], list[Placement]]]:
        """The outputs for as many pictures at a time as the graph takes, and where each of these lies in the input."""
        for start in range(0, len(images), self._chunk):
            chunk = images[start : start + self._chunk]
            batch, placements = prepare_batch(chunk, self.manifest.preprocessing, (self.input_height, self.input_width))
            if self.batch_size and len(chunk) < self.batch_size:
                batch = np.pad(batch, ((0, self.batch_size - len(chunk)), (0, 0), (0, 0), (0, 0)))
            outputs = self.session.run({self._input: batch})
            yield [output[: len(chunk)] for output in outputs], placements

    def _in_picture(self, boxes: Boxes, placement: Placement) -> Boxes:
        highest = int(boxes.class_id.max(initial=-1))
        if highest >= len(self.manifest.classes):
            raise _class_mismatch(self.manifest, highest + 1)
        return Boxes(placement.to_image(boxes.xyxy), boxes.confidence, boxes.class_id)

    def refuse(self, task: Task) -> ModelTaskError:
        """The error for whoever asks for what this model does not do."""
        return ModelTaskError(f"{self.manifest.id} is a model for {self.manifest.task}, not for {task}.")


def _side(manifest: Manifest, name: str, graph: int | None, wanted: int | None) -> int:
    """The height or width of the input tensor, which the graph fixes or leaves to the manifest."""
    if graph is not None and wanted is not None and graph != wanted:
        raise ModelArtefactError(
            f"The manifest of {manifest.id} says that the input {name} is {wanted}, but the graph takes {graph}."
        )
    side = graph or wanted
    if side is None:
        raise ModelArtefactError(
            f"The graph of {manifest.id} takes any input {name}.", hint=f"Say in the manifest which {name} to use."
        )
    return side


def _class_mismatch(manifest: Manifest, count: int) -> ModelArtefactError:
    return ModelArtefactError(
        f"The manifest of {manifest.id} names {len(manifest.classes)} classes, but the graph knows {count}.",
        hint="Give the labels that belong to these weights.",
    )
