"""The time of day, as blocks ask for it: handed over, so that tests can set it."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
