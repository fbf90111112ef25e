"""The workflows that people wrote compile and run as they are known to; every exception is named, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.nothing import write_null_model
from tests.conformance import corpus
from tests.conformance.replay import Findings, Replay

pytestmark = pytest.mark.skipif(
    not corpus.is_there(), reason="the corpus of workflows (shared/conformance, beside the project) is not here"
)

ENOUGH = 0.97

DISAGREEMENTS = {
    "wf_0059": "asks for version 2.0.0 of the engine, which there is not; it was recorded with that check off",
    "wf_0490_1": "compares with a picture of which only the shape was recorded",
}
"""What differs from the corpus, by the id of the definition or run, where it is right here."""


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = tmp_path_factory.mktemp("models")
    write_null_model(folder / "null.onnx")
    replay = Replay(folder)
    yield replay
    replay.close()


@pytest.fixture(scope="module")
def definitions(replay: Replay) -> Findings:
    return replay.definitions()


@pytest.fixture(scope="module")
def runs(replay: Replay) -> Findings:
    return replay.runs()


def test_there_is_something_to_replay(definitions: Findings, runs: Findings) -> None:
    assert len(definitions.agreed) > 100
    assert len(runs.agreed) > 50


def test_differences_are_known(definitions: Findings, runs: Findings) -> None:
    differing = definitions.differing | runs.differing
    unknown = {name: how for name, how in differing.items() if name not in DISAGREEMENTS}
    assert not unknown


def test_what_agrees_is_not_in_the_tables(definitions: Findings, runs: Findings) -> None:
    assert not [name for name in DISAGREEMENTS if name not in definitions.differing | runs.differing]


def test_definitions_agree(definitions: Findings) -> None:
    assert definitions.agreement() >= ENOUGH


def test_runs_agree(runs: Findings) -> None:
    assert runs.agreement() >= ENOUGH


def test_what_needs_other_blocks_is_refused_for_that(definitions: Findings) -> None:
    assert not definitions.not_refused, f"lacking: {definitions.lacking_types()}"
