"""A workflow as its author wrote it: the JSON, typed, with nothing resolved."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.kinds import ANY

MAX_INPUTS = 2000
MAX_STEPS = 2000
MAX_OUTPUTS = 2000
MAX_KINDS = 100
MAX_DEPTH = 8
MAX_DYNAMIC_BLOCKS = 64


def _kind_name(value: Any) -> Any:
    """Kinds come as names or as objects that carry their name."""
    return value.get("name") if isinstance(value, dict) else value


KindNames = Annotated[list[Annotated[str, BeforeValidator(_kind_name)]], Field(max_length=MAX_KINDS, fail_fast=True)]


# Every class of inputs says what its values may be (`kinds`), and how deep they are nested (`depth`): 0 for one value
# for the whole run, which is taken as it comes, whatever its kinds.


class ImageInput(BaseModel):
    """A batch of pictures."""

    kinds: ClassVar[tuple[str, ...]] = ("image",)
    depth: ClassVar[int] = 1
    type: Literal["WorkflowImage", "InferenceImage"]
    name: str


class VideoInput(BaseModel):
    """A batch of video moments, one beside each picture."""

    kinds: ClassVar[tuple[str, ...]] = ("video_metadata",)
    depth: ClassVar[int] = 1
    type: Literal["WorkflowVideoMetadata"]
    name: str


class ParameterInput(BaseModel):
    """One value for the whole run."""

    depth: ClassVar[int] = 0
    type: Literal["WorkflowParameter", "InferenceParameter"]
    name: str
    kind: KindNames = []
    default_value: Any = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its value may be."""
        return tuple(self.kind) or (ANY,)


class BatchInput(BaseModel):
    """Values of any kind, nested as deep as `dimensionality` says."""

    type: Literal["WorkflowBatchInput"]
    name: str
    kind: KindNames = []
    dimensionality: Annotated[int, Field(ge=1, le=MAX_DEPTH)] = 1

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its values may be."""
        return tuple(self.kind) or (ANY,)

    @property
    def depth(self) -> int:
        """How deep its values are nested."""
        return self.dimensionality


INPUTS = (ImageInput, VideoInput, ParameterInput, BatchInput)
INPUT_TYPES = tuple(name for model in INPUTS for name in get_args(model.model_fields["type"].annotation))
Input = Annotated[ImageInput | VideoInput | ParameterInput | BatchInput, Field(discriminator="type")]


class JsonField(BaseModel):
    """One named result of a workflow.

    Attributes:
        coordinates_system: whether detections are shown as they lie in the picture that they were found in (`own`), or
            in the one from outside that it was cut out of.
    """

    type: Literal["JsonField"]
    name: str
    selector: str
    coordinates_system: Literal["own", "parent"] = "parent"


class StepDocument(BaseModel):
    """One step; its own keys depend on its type and are checked against the block."""

    model_config = ConfigDict(extra="allow")

    type: str
    name: str


class Document(BaseModel):
    """A whole workflow."""

    version: str
    inputs: Annotated[list[Input], Field(max_length=MAX_INPUTS)]
    steps: Annotated[list[StepDocument], Field(max_length=MAX_STEPS)]
    outputs: Annotated[list[JsonField], Field(max_length=MAX_OUTPUTS)]
    dynamic_blocks_definitions: Annotated[list[Any] | None, Field(max_length=MAX_DYNAMIC_BLOCKS)] = None
