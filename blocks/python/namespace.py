"""The names that the code of a Python block finds without importing them; heavy packages load when they are used."""

from __future__ import annotations

import importlib
import json
import math
import os
import time
import typing
from types import ModuleType
from typing import Any

import numpy as np

from blocks.python import facade

HEAVY = {"sv": "supervision", "cv2": "cv2", "requests": "requests", "shapely": "shapely"}


class LazyModule(ModuleType):
    """A module that is imported when something of it is asked for; one that is not installed fails then."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


def fresh_namespace() -> dict[str, Any]:
    """What a module that holds the code of a block starts with."""
    names: dict[str, Any] = {name: getattr(typing, name) for name in typing.__all__}
    names |= {name: LazyModule(module) for name, module in HEAVY.items()}
    names |= {module.__name__: module for module in (math, time, json, os)}
    names |= {
        "np": np,
        "Batch": facade.Batch,
        "WorkflowImageData": facade.WorkflowImageData,
        "ImageParentMetadata": facade.ImageParentMetadata,
        "OriginCoordinatesSystem": facade.OriginCoordinatesSystem,
        "VideoMetadata": facade.VideoMetadata,
        "BlockResult": typing.Any,
        "globals": {},
        "__name__": "python_block",
    }
    return names
