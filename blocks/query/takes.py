"""What operations and operators take: in words for people, as Python types, and as kinds for editors."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from blocks.query.properties import Row
from engine.kinds import ANY, INSTANCES, KEYPOINTS, OBJECTS, RLE_INSTANCES
from engine.values.detections import Detections
from engine.values.image import Image

DETECTION_KINDS = (
    *(OBJECTS, INSTANCES, KEYPOINTS, RLE_INSTANCES),
    *("semantic_segmentation_prediction", "qr_code_detection", "bar_code_detection"),
)
NUMBER_KINDS = ("integer", "float", "float_zero_to_one")


@dataclass(frozen=True, slots=True)
class Takes:
    """One sort of value.

    Attributes:
        words: for messages, such as `a number`.
        types: the classes that values of the sort have.
        kinds: what editors may connect.
    """

    words: str
    types: tuple[type, ...]
    kinds: tuple[str, ...]

    def fits(self, value: Any) -> bool:
        """Whether a value is of this sort."""
        return isinstance(value, self.types)


ANYTHING = Takes("any value", (object,), (ANY,))
TEXT = Takes("text", (str,), ("string",))
NUMBER = Takes("a number", (int, float, np.integer, np.floating), NUMBER_KINDS)
"""Numbers of numpy are Python's own by the time that they are worked on; those within a list are not."""
TEXT_OR_NUMBER = Takes("text or a number", TEXT.types + NUMBER.types, TEXT.kinds + NUMBER.kinds)
BOOLEAN = Takes("any value", (object,), ("boolean",))
"""Any value may be asked whether it is True or False; editors connect booleans."""
SEQUENCE = Takes("a list", (list, tuple), ("list_of_values",))
SIZED = Takes("something with a length", (Sized,), ("list_of_values", "dictionary", "string", *DETECTION_KINDS))
POOL = Takes("a list, a dictionary or text", (list, tuple, set, dict, str), ("list_of_values",))
"""What can be searched for a value: the members of a list, the keys of a dictionary, the parts of a text."""
ELEMENTS = Takes("a list, or text as its only element", (list, tuple, set, str), ("list_of_values",))
RANGE = Takes("a pair of numbers", (list, tuple), ("list_of_values",))
POINT = Takes("a point", (list, tuple), ("point",))
ZONE = Takes("a zone", (list, tuple), ("zone", "list_of_values"))
DETECTIONS = Takes("detections", (Detections,), DETECTION_KINDS)
DETECTION = Takes("one detection", (Row,), ("detection",))
CLASSIFICATION = Takes("a classification", (dict,), ("classification_prediction",))
DICTIONARY = Takes("a dictionary", (dict,), ("dictionary",))
IMAGE = Takes("an image", (Image,), ("image",))
MOMENT = Takes("a moment", (datetime,), ("timestamp",))
