"""Read secrets from environment variables of the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, cast

from annotated_types import Len
from pydantic import StringConstraints
from typing_extensions import Doc

from engine.block import block
from engine.values.shape import MISSING, Fixed

SECRET = ("secret",)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,254}$")]


class Secrets(TypedDict):
    """One secret per variable, under the name of the variable in lower case; missing when the variable is not set."""


def secrets_of(arguments: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """One output per variable."""
    return {name.lower(): SECRET for name in arguments["variables_storing_secrets"]}


@block("roboflow_core/environment_secrets_store@v1", outputs=secrets_of)
def environment_secrets_store(
    variables_storing_secrets: Annotated[Fixed[Annotated[list[Name], Len(1, 256)]], Doc("Names of variables.")],
    *,
    environment: Mapping[str, str],
) -> Secrets:
    """Read secrets from environment variables of the server."""
    found: dict[str, Any] = {}
    for name in variables_storing_secrets:
        try:
            found[name.lower()] = environment[name]
        except KeyError:
            found.setdefault(name.lower(), MISSING)
    return cast("Secrets", found)
