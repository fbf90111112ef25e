"""Reading secrets from the environment."""

from __future__ import annotations

import pytest

from blocks.secrets_providers.environment_secrets_store import environment_secrets_store
from engine.values.shape import MISSING


def test_secrets_come_under_their_names_in_lower_case() -> None:
    found = environment_secrets_store(["TOKEN", "Absent"], environment={"TOKEN": "s3cret", "OTHER": "x"})
    assert dict(found) == {"token": "s3cret", "absent": MISSING}


def test_two_spellings_of_a_name() -> None:
    assert dict(environment_secrets_store(["TOKEN", "token"], environment={"TOKEN": "a"})) == {"token": "a"}


def test_every_variable_is_an_output_of_its_own_kind() -> None:
    outputs = environment_secrets_store.outputs({"variables_storing_secrets": ["TOKEN", "KEY_2"]})
    assert {name: output.kinds for name, output in outputs.items()} == {"token": ("secret",), "key_2": ("secret",)}


@pytest.mark.parametrize("names", [[], ["a b"], ["1A"], [""], ["A="], "TOKEN"])
def test_names_that_no_variable_has(names: object) -> None:
    with pytest.raises(ValueError, match=r"at least 1|should match|valid list"):
        environment_secrets_store.signature.parameters["variables_storing_secrets"].takes(names)
