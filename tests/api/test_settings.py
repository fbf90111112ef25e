"""Settings are read from the environment as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("first, second", ("first", "second")),
        ("[abc]", ("[abc]",)),
        ("'a\"b'", ("'a\"b'",)),
        ('["first", "sec,ond"]', ("first", "sec,ond")),
        ("7", ("7",)),
        (" , ", ()),
    ],
)
def test_keys_are_kept_as_they_are(monkeypatch: pytest.MonkeyPatch, text: str, keys: tuple[str, ...]) -> None:
    monkeypatch.setenv("PENSTOCK_API_KEYS", text)
    assert Settings().api_keys == keys


def test_folders_may_lie_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("MODELS_DIR", "PENSTOCK_WORKFLOWS_DIR", "WORKFLOW_BLOCKS_WRITE_DIRECTORY"):
        monkeypatch.setenv(name, "~/x")
    monkeypatch.setenv("PENSTOCK_IMAGE_ROOTS", "~/a,/b")
    settings = Settings()
    assert {settings.models_dir, settings.workflows_dir, settings.write_directory} == {tmp_path / "x"}
    assert settings.sources().file_roots == (tmp_path / "a", Path("/b"))
    monkeypatch.setenv("MODELS_DIR", "~nobody-of-this-name/x")
    with pytest.raises(ValidationError, match="home"):
        Settings()
