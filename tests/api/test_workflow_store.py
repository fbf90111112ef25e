"""Stored workflows are read from their two folders only, by names that are no paths."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from api import workflow_store
from api.workflow_store import WorkflowStore
from engine.errors import MalformedWorkflowResponseError, WorkflowNotFoundError

SECRET = {"secret": True}


def saved_name(id: str) -> str:
    return f"{sha256(id.encode()).hexdigest()}.json"


def saved(definition: Any) -> str:
    return json.dumps({"id": "any", "config": json.dumps({"specification": definition})})


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The two folders with workflows in them, and secrets everywhere else."""
    for folder in ("plain", "plain/deep", "saved"):
        (tmp_path / folder).mkdir()
    for secret in ("secret.json", "plain/deep/secret.json", "plain/.json", "saved/secret.json", "plain/secret"):
        (tmp_path / secret).write_text(json.dumps(SECRET))
    (tmp_path / "plain" / "out.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "plain" / "a-1_b.json").write_text('{"name": "plain"}')
    (tmp_path / "plain" / "both.json").write_text('{"name": "plain"}')
    (tmp_path / "saved" / saved_name("both")).write_text(saved({"name": "saved"}))
    (tmp_path / "saved" / saved_name("mine")).write_text(saved({"name": "saved"}))
    (tmp_path / "saved" / saved_name("a" * 201)).write_text(saved(SECRET))
    (tmp_path / "saved" / saved_name("größe")).write_text(saved({"name": "groß"}))
    return tmp_path


def store(house: Path) -> WorkflowStore:
    return WorkflowStore(house / "plain", house / "saved")


@pytest.mark.parametrize(("id", "name"), [("a-1_b", "plain"), ("both", "plain"), ("mine", "saved"), ("größe", "groß")])
def test_what_is_stored_is_read(house: Path, id: str, name: str) -> None:
    assert store(house).read("local", id) == {"name": name}


def test_a_change_is_seen_at_once(house: Path) -> None:
    subject = store(house)
    assert subject.read("local", "both") == {"name": "plain"}
    (house / "plain" / "both.json").write_text("{}")
    assert subject.read("local", "both") == {}
    (house / "plain" / "both.json").unlink()
    assert subject.read("local", "both") == {"name": "saved"}


def test_without_folders_there_is_nothing(tmp_path: Path) -> None:
    for plain in (None, tmp_path / "absent"):
        with pytest.raises(WorkflowNotFoundError):
            WorkflowStore(plain, tmp_path / "neither").read("local", "mine")


@pytest.mark.parametrize("workspace", ["acme", "", "Local", "..", "local/../local", "x" * 9999])
def test_there_is_one_workspace(house: Path, workspace: str) -> None:
    with pytest.raises(WorkflowNotFoundError, match="knows 'local' only") as caught:
        store(house).read(workspace, "mine")
    assert len(str(caught.value)) < 300


TRICKS = (
    "",
    ".",
    "..",
    "secret",
    "../secret",
    "../secret.json",
    "deep/secret",
    "deep\\secret",
    "./a-1_b",
    "{house}/secret",
    "/etc/passwd",
    "a-1_b\0",
    "a-1_b.json\0",
    "a-1_b\n",
    "\n",
    "%2e%2e%2fsecret",
    "a" * 200,
    "ä" * 200,
    "a" * 201,
    "a" * 100_000,
    "\u2025/secret",
    "\uff0e\uff0e\uff0fsecret",
    "\ud800",
    "out",
    "missing",
)


@pytest.mark.parametrize("id", TRICKS, ids=lambda trick: ascii(trick)[:30])
def test_ids_are_no_paths(house: Path, id: str) -> None:
    with pytest.raises(WorkflowNotFoundError) as caught:
        store(house).read("local", id.format(house=house))
    assert len(str(caught.value)) < 300


PIECES = some.sampled_from(["..", "/", "\\", "secret", ".json", "\0", "deep", "~", "out", "plain", "%2f", "file:", " "])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(id=some.lists(PIECES, max_size=8).map("".join) | some.text(max_size=30))
def test_nothing_outside_is_ever_read(house: Path, id: str) -> None:
    try:
        found = store(house).read("local", id)
    except WorkflowNotFoundError:
        return
    assert found != SECRET
    assert id in ("a-1_b", "both", "mine", "größe")


BROKEN = {
    "no JSON": ("{", "saved", "not JSON"),
    "no object": ("[]", "saved", "no object"),
    "no config": ('{"id": "x"}', "saved", "no text `config`"),
    "config that is no text": ('{"config": {"specification": {}}}', "saved", "no text `config`"),
    "config that is no JSON": ('{"config": "{"}', "saved", "not JSON"),
    "config that is no object": ('{"config": "[]"}', "saved", "no object"),
    "no specification": ('{"config": "{}"}', "saved", "no object `specification`"),
    "too large": (f'{{"a": "{"x" * 5000}"}}', "plain", "more than 4096 bytes"),
    "plain, but no JSON": ("", "plain", "not JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files(house: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.setattr(workflow_store, "MAX_BYTES", 4096)
    content, folder, says = BROKEN[case]
    (house / folder / ("broken.json" if folder == "plain" else saved_name("broken"))).write_text(content)
    with pytest.raises(MalformedWorkflowResponseError, match=says) as caught:
        store(house).read("local", "broken")
    assert "'broken'" in str(caught.value)
    assert str(house) not in str(caught.value)


def test_a_file_as_large_as_may_be(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_store, "MAX_BYTES", 4096)
    (house / "plain" / "large.json").write_text("{}".ljust(4096))
    assert store(house).read("local", "large") == {}
