"""What the signatures of model blocks are written with."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge
from typing_extensions import Doc

from engine.kinds import ModelId, Project, ZeroToOne

DEFAULT_CONFIDENCE = 0.4

Model = Annotated[ModelId, Doc("Which model, such as fastestdet/1.")]
Confidence = Annotated[ZeroToOne, Doc("Keep what the model is surer of than this.")]
Mode = Annotated[
    Literal["best", "default", "custom"],
    Doc("custom takes custom_confidence; the others take what the model recommends."),
]
PlainMode = Annotated[
    Literal["default", "custom"], Doc("custom takes custom_confidence; default takes what the model recommends.")
]
Overlap = Annotated[ZeroToOne, Doc("Of two boxes that overlap more than this, the less sure one goes.")]
Count = Annotated[int, Ge(0)]
ClassFilter = Annotated[list[str] | None, Doc("Names of the classes to keep; all when empty.")]
MaskMode = Annotated[Literal["accurate", "tradeoff", "fast"], Doc("How finely masks are drawn.")]
Unused = Annotated[bool, Doc("Accepted for compatibility; Penstock uploads nothing.")]
UnusedTarget = Annotated[Project | None, Doc("Accepted for compatibility; Penstock uploads nothing.")]
