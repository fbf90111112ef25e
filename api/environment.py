"""The environment of a server that lets workflows read no variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NoReturn

from typing_extensions import override

from engine.errors import RuntimeInputError


class ClosedEnvironment(Mapping[str, str]):
    """Has no variables, and says of each that none may be read."""

    @override
    def __getitem__(self, name: str) -> NoReturn:
        raise RuntimeInputError(
            "On this server workflows may not read environment variables.",
            hint="Its operator can allow it; or hand the secret over as an input of the workflow.",
        )

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return 0
