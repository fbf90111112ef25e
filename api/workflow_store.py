"""Workflows that are stored on this machine and read by name."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from engine.errors import MalformedWorkflowResponseError, WorkflowNotFoundError
from engine.guard.paths import find

LOCAL = "local"
"""The one workspace that this server knows."""

MAX_BYTES = 4 * 2**20
MAX_ID_LENGTH = 200
MAX_SHOWN = 80

_ID = re.compile(r"[\w-]+")


class WorkflowStore:
    """Reads workflows from two folders, neither of which has to exist. Nothing outside of them is read.

    Args:
        plain: the folder of workflow definitions, each in a file `ID.json`; None for no such folder.
        saved: the folder of what editors of workflows save. The name of a file is the SHA-256 of the id, and its
            content an object in JSON: in it `config` is the text of another object in JSON, and `specification` in
            that one is the definition.
    """

    def __init__(self, plain: Path | None, saved: Path) -> None:
        self._plain = plain
        self._saved = saved

    def read(self, workspace: str, id: str) -> dict[str, Any]:
        """The definition that is stored under an id, as it is now; whether it compiles is another question.

        Raises:
            WorkflowNotFoundError: there is none in this workspace.
            MalformedWorkflowResponseError: the file cannot be read, is too large, or holds no definition.
        """
        if workspace != LOCAL:
            raise WorkflowNotFoundError(
                f"This server has no workspace {workspace[:MAX_SHOWN]!r}; it knows {LOCAL!r} only.",
                hint=f"Store the workflow on the server and name it by the workspace {LOCAL!r}.",
            )
        if len(id) <= MAX_ID_LENGTH and _ID.fullmatch(id):
            if self._plain is not None and (file := find(f"{id}.json", (self._plain,))):
                return _read(file, id)
            if file := find(f"{sha256(id.encode()).hexdigest()}.json", (self._saved,)):
                return _specification(_read(file, id), id)
        raise WorkflowNotFoundError(
            f"There is no workflow {id[:MAX_SHOWN]!r} on this server.",
            hint=f"Ids have at most {MAX_ID_LENGTH} letters, digits, '_' and '-'.",
        )


def _read(file: Path, id: str) -> dict[str, Any]:
    """The object in the file of a workflow; MalformedWorkflowResponseError when there is none."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise MalformedWorkflowResponseError(f"The file of the workflow {id!r} cannot be read.") from error
    if len(content) > MAX_BYTES:
        raise MalformedWorkflowResponseError(f"The file of the workflow {id!r} has more than {MAX_BYTES} bytes.")
    return _object(content, f"The file of the workflow {id!r}")


def _specification(saved: dict[str, Any], id: str) -> dict[str, Any]:
    """The definition in what an editor has saved; MalformedWorkflowResponseError when there is none."""
    config = saved.get("config")
    if not isinstance(config, str):
        raise MalformedWorkflowResponseError(f"The file of the workflow {id!r} has no text `config`.")
    found = _object(config, f"The `config` of the workflow {id!r}").get("specification")
    if not isinstance(found, dict):
        raise MalformedWorkflowResponseError(f"The `config` of the workflow {id!r} has no object `specification`.")
    return found


def _object(text: bytes | str, what: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedWorkflowResponseError(f"{what} is not JSON: {error.msg} (line {error.lineno}).") from error
    if not isinstance(found, dict):
        raise MalformedWorkflowResponseError(f"{what} holds no object.")
    return found
