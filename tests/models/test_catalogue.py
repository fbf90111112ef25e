"""The rows of the starter catalogue are whole and fit the rest of the house."""

from __future__ import annotations

import re

import pytest

from models.catalogue import CATALOGUE, DEFAULT_ID, PackageMember, Row, Url
from models.families import family
from models.labels import labels
from models.manifest import Preprocessing, Task
from models.providers.disk import check_id

each_row = pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))


def test_the_catalogue_cannot_be_changed() -> None:
    assert not hasattr(CATALOGUE, "__setitem__")
    assert DEFAULT_ID in CATALOGUE
    assert all(row.id == model_id for model_id, row in CATALOGUE.items())


@each_row
def test_rows_are_whole(row: Row) -> None:
    check_id(row.id)
    assert family(row.family).task == row.task
    assert len(labels(row.classes_from)) == {"coco": 80, "imagenet": 1000}[row.classes_from]
    assert re.fullmatch("[0-9a-f]{64}", row.sha256)
    assert 100_000 < row.size < 10_000_000
    assert row.licence in {"Apache-2.0", "BSD-3-Clause"}


@each_row
def test_every_row_has_a_second_mirror(row: Row) -> None:
    assert len(row.mirrors) >= 2
    for mirror in row.mirrors:
        match mirror:
            case Url(address):
                assert address.startswith("https://github.com/")
            case PackageMember(requirement, member):
                # Compared with file names as they are written in an index.
                assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9.]+", requirement)
                assert not member.startswith("/")


def test_preprocessing() -> None:
    assert CATALOGUE["fastestdet/1"].task is Task.OBJECT_DETECTION
    assert CATALOGUE["fastestdet/1"].preprocessing == Preprocessing(width=352, height=352, color="bgr")
    assert CATALOGUE["squeezenet/1"].preprocessing.resize == "crop"
    assert CATALOGUE["squeezenet/1"].preprocessing.mean == (0.485, 0.456, 0.406)
