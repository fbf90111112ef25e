"""What blocks remember from one call to the next: their last value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Last(Generic[T]):
    """A value as it was left; None before the first."""

    value: T | None = None
