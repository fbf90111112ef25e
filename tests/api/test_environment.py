"""Where workflows may read no variables, whoever asks for one is told so."""

from __future__ import annotations

import pytest

from api.environment import ClosedEnvironment
from api.settings import Settings
from blocks.secrets_providers.environment_secrets_store import environment_secrets_store
from engine.errors import RuntimeInputError


def test_a_server_that_does_not_allow_it_says_so() -> None:
    with pytest.raises(RuntimeInputError, match="may not read environment variables"):
        environment_secrets_store(["PATH"], environment=ClosedEnvironment())
    assert list(ClosedEnvironment()) == []
    assert len(ClosedEnvironment()) == 0


def test_blocks_read_what_the_settings_name_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(RuntimeInputError, match="may not read"):
        Settings().environment()["TOKEN"]
    monkeypatch.setenv("PENSTOCK_WORKFLOW_VARIABLES", "TOKEN,ABSENT")
    assert Settings().environment() == {"TOKEN": "s3cret"}
    monkeypatch.setenv("ALLOW_WORKFLOW_BLOCKS_ACCESSING_ENVIRONMENTAL_VARIABLES", "false")
    with pytest.raises(RuntimeInputError, match="may not read"):
        Settings().environment()["TOKEN"]
