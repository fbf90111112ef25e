"""The operations of the query language; a declaration in one of the files is all that a new one takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from blocks.query.operation import Operation
from blocks.query.operations import conversions, detections, extraction, images, numbers, sequences, strings

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        declared.type: declared
        for module in (strings, numbers, conversions, sequences, extraction, detections, images)
        for declared in vars(module).values()
        if isinstance(declared, Operation)
    }
)
