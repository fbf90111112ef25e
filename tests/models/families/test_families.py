"""The families are found by name, and no graph belongs to two of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ModelNotRecognisedError
from models.families import FAMILIES, family, recognise
from models.families import __file__ as families_file
from models.families.family import Family
from models.session import Signature
from tests.models.graphs import signature

NAMES = "{0: 'cat', 1: 'dog'}"
GRAPHS = {
    "yolo": signature([1, 3, 640, 640], [1, 6, 8400], task="detect", names=NAMES),
    "yolo_classifier": signature([1, 3, 224, 224], [1, 2], task="classify", names=NAMES),
    "yolox": signature([1, 3, 640, 640], [1, 8400, 85]),
    "fastestdet": signature([1, 3, 352, 352], [1, 85, 22, 22]),
    "classifier": signature([1, 3, 224, 224], [1, 1000]),
}
UNKNOWN = {
    "YOLOv5": signature([1, 3, 640, 640], [1, 25200, 85]),
    "YOLOv5 with names": signature([1, 3, 640, 640], [1, 25200, 7], names=NAMES),
    "segmentation": signature([1, 3, 640, 640], [1, 38, 8400], [1, 32, 160, 160], task="segment", names=NAMES),
    "pose": signature([1, 3, 640, 640], [1, 56, 8400], task="pose", names="{0: 'person'}"),
    "features": signature([1, 3, 224, 224], [1, 768, 14, 14], [1, 768]),
    "channels last": signature([1, 224, 224, 3], [1, 1000]),
    "text": signature([1, 77], [1, 512]),
}


def test_every_family_has_a_case() -> None:
    assert {known.name for known in FAMILIES} == set(GRAPHS)


@pytest.mark.parametrize("known", FAMILIES, ids=lambda known: known.name)
def test_a_family_is_named_after_its_file(known: Family) -> None:
    assert (Path(families_file).parent / f"{known.name}.py").is_file()
    assert family(known.name) is known


def test_a_family_that_there_is_not() -> None:
    with pytest.raises(ModelNotRecognisedError, match="no model family 'nanodet'") as caught:
        family("nanodet")
    assert caught.value.hint is not None
    assert all(known.name in caught.value.hint for known in FAMILIES)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_belongs_to_one_family(name: str) -> None:
    assert [known.name for known in FAMILIES if known.recognise(GRAPHS[name])] == [name]
    found = recognise(GRAPHS[name])
    assert found is not None
    assert found.family == name


@pytest.mark.parametrize("graph", UNKNOWN.values(), ids=UNKNOWN)
def test_a_graph_of_no_family(graph: Signature) -> None:
    assert recognise(graph) is None
