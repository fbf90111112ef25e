"""docs/settings.md lists every setting, with its default, as the class has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from api.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"

WORDS = {"server_uuid": "random", "threads": "two a core, at least 4", "models_dir": "`~/.cache/penstock`"}
"""Defaults that depend on the machine."""


def row(name: str, field: FieldInfo) -> str:
    alias: Any = field.validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [alias]
    default = field.get_default()
    text = WORDS.get(name) or _text(default)
    return f"| {', '.join(f'`{choice}`' for choice in names)} | {text} | {field.description} |"


def _text(default: object) -> str:
    if default is None or default == ():
        return "none"
    value = ",".join(default) if isinstance(default, tuple) else str(default)
    return f"`{value.lower() if isinstance(default, bool) else value}`"


def table() -> str:
    rows = [row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["| variable | default | what it does |", "|---|---|---|", *rows])


def test_every_setting_is_documented() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")
