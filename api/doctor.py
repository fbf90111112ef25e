"""What is installed, whether a GPU is used and why not, and which models are there."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from api.listing import list_models
from api.settings import Settings
from engine.errors import PenstockError
from engine.version import VERSION
from models.session import gpu_report

PACKAGES = (
    "fastapi",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python",
    "opencv-python-headless",
    "supervision",
    "av",
)


def examine(settings: Settings) -> str:
    """A report for people."""
    return "\n".join(_lines(settings))


def _lines(settings: Settings) -> Iterator[str]:
    yield f"penstock {VERSION}, Python {platform.python_version()}, {platform.platform()}"
    yield ""
    yield "Packages"
    installed = {name: _version(name) for name in PACKAGES}
    for name, found in installed.items():
        if found:
            yield f"  {name} {found}"
    if installed["onnxruntime"] and installed["onnxruntime-gpu"]:
        yield "  ! onnxruntime and onnxruntime-gpu overwrite each other: uninstall both, then install one."
    if installed["opencv-python"] and installed["opencv-python-headless"]:
        yield "  ! opencv-python and opencv-python-headless overwrite each other: uninstall both, then install one."
    yield ""
    yield "Device"
    for line in gpu_report(settings.providers):
        yield f"  {line}"
    yield ""
    yield "Server"
    yield f"  listens on {settings.host}:{settings.port}; {_keys(settings)}"
    try:
        settings.refuse_open_door()
    except PenstockError as error:
        yield f"  ! {error}"
    yield ""
    yield list_models(settings)


def _keys(settings: Settings) -> str:
    count = len(settings.api_keys)
    return f"asks for one of {count} keys" if count else "asks for no key"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
