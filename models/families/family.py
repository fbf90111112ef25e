"""What a model family is: how to recognise its graphs and how to read their outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import ModelArtefactError
from models.manifest import Preprocessing, Task
from models.prediction import Boxes, DetectionOptions, Scores
from models.session import Signature, Tensor


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a graph says of itself.

    Attributes:
        family: the name of the family that it belongs to.
        class_count: how many classes it knows.
        classes: their names in the order of their ids; None when the graph does not say.
        preprocessing: what it wants to be done to pictures.
    """

    family: str
    class_count: int
    classes: tuple[str, ...] | None
    preprocessing: Preprocessing


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of network.

    Attributes:
        task: what it does.
        name: of the file that describes it, as manifests say it.
        recognise: what a graph says of itself; None when it is not of this family, or may as well be of another.
        check: of a family that is known by shapes alone: raises ModelNotRecognisedError when the first output for any
            picture shows that the graph belongs to another. None where nothing shows it.
    """

    task: ClassVar[Task]
    name: str
    recognise: Callable[[Signature], Recognition | None]
    check: Callable[[Tensor], None] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Detector(Family):
    """A family that finds objects.

    Attributes:
        decode: the outputs of a run, the height and width of the input tensor, and what to keep, to the boxes of each
            picture, in pixels of the input tensor.
    """

    task: ClassVar[Task] = Task.OBJECT_DETECTION
    decode: Callable[[Sequence[Tensor], tuple[int, int], DetectionOptions], list[Boxes]]


@dataclass(frozen=True, slots=True)
class Classifier(Family):
    """A family that says what a whole picture shows.

    Attributes:
        decode: the outputs of a run to the scores of each picture.
    """

    task: ClassVar[Task] = Task.CLASSIFICATION
    decode: Callable[[Sequence[Tensor]], list[Scores]]


@dataclass(frozen=True, slots=True)
class ImageInput:
    """The input of a graph that takes pictures: N x 3 x height x width float32. None where a length may vary."""

    name: str
    batch: int | None
    height: int | None
    width: int | None


def image_input(signature: Signature) -> ImageInput | None:
    """The one input of a graph, when it takes pictures and nothing else."""
    if len(signature.inputs) != 1:
        return None
    port = signature.inputs[0]
    if port.dtype != "float32" or len(port.shape) != 4 or port.shape[1] != 3:
        return None
    batch, _, height, width = port.shape
    return ImageInput(port.name, batch, height, width)


def bare_shapes(signature: Signature) -> tuple[int, int, tuple[int | None, ...]] | None:
    """Height and width of the input and the shape of the one output, of a graph that can only be known by them.

    None when the graph has other inputs or outputs, leaves the size open, or says in its metadata what it is.
    """
    port = image_input(signature)
    if port is None or port.height is None or port.width is None or len(signature.outputs) != 1:
        return None
    if not {"task", "names"}.isdisjoint(signature.metadata):
        return None
    return port.height, port.width, signature.outputs[0].shape


def head(outputs: Sequence[Tensor], *lengths: int | None) -> Tensor:
    """The first output of a run, whose axes must have these lengths; None takes any.

    Raises:
        ModelArtefactError: it is of another form, so the graph is not of the family that its manifest names.
    """
    shape = outputs[0].shape
    if len(shape) != len(lengths) or any(
        want not in (None, length) for want, length in zip(lengths, shape, strict=True)
    ):
        raise ModelArtefactError(
            f"The model gives an output of shape {list(shape)}, which no model of its family gives.",
            hint="Check the family in the manifest.",
        )
    return outputs[0]
