"""The document: whether it is a workflow at all, for this engine, with every name used once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from engine.document import INPUT_TYPES, Document
from engine.errors import (
    DuplicatedNameError,
    NotSupportedExecutionEngineError,
    WorkflowDefinitionError,
    WorkflowSyntaxError,
)
from engine.fault import BlockError
from engine.version import ENGINE_VERSION

_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,2}")


def read_document(definition: Any) -> Document:
    """The JSON of a workflow, typed.

    Raises:
        WorkflowDefinitionError: it is no object, or its version is no version.
        NotSupportedExecutionEngineError: it asks for another version of the engine.
        WorkflowSyntaxError: a part is missing or of a wrong form; lists all of them.
        DuplicatedNameError: two inputs, steps or outputs share a name.
    """
    document = _document(definition)
    _refuse_duplicates(document)
    return document


def _document(definition: Any) -> Document:
    if not isinstance(definition, dict):
        raise WorkflowDefinitionError(f"A workflow definition is a JSON object; this is a {type(definition).__name__}.")
    _check_version(definition.get("version"))
    try:
        return Document.model_validate(definition)
    except ValidationError as error:
        findings = error.errors(include_url=False, include_context=False, include_input=False)
        details = tuple(_document_problem(item, definition) for item in findings)
        first = details[0]
        raise WorkflowSyntaxError(
            f"The workflow definition is not valid: {first.property_name}: {first.property_details}.",
            blocks=details,
        ) from error


def _document_problem(item: Any, definition: dict[str, Any]) -> BlockError:
    """One of pydantic's findings, with the name of the step, input or output that it is about."""
    location = list(item["loc"])
    if location[0] == "inputs":
        del location[2:3]  # the type of the input, which is no key of the document
    place = ".".join(str(part) for part in location)
    name = None
    if len(location) >= 2 and isinstance(location[1], int):
        entry = definition[location[0]][location[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
    mistyped = item["type"].startswith("union_tag")
    return BlockError(
        block_id=name if isinstance(name, str) else None,
        property_name=place,
        property_details=f"The type of an input is one of {', '.join(INPUT_TYPES)}" if mistyped else item["msg"],
    )


def _check_version(version: Any) -> None:
    """Refuse a document that asks for an engine which this is not: at least `version`, below the next major."""
    if version is None:
        return  # that it is missing is found with everything else
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise WorkflowDefinitionError(f"The version of a workflow is text such as '1.0'; this is {version!r}.")
    wanted = tuple(int(part) for part in version.split("."))
    if wanted > ENGINE_VERSION or wanted[0] != ENGINE_VERSION[0]:
        ours = ".".join(str(part) for part in ENGINE_VERSION)
        raise NotSupportedExecutionEngineError(
            f"The workflow asks for version {version} of the execution engine; this server has {ours}.",
            hint="Set the version to '1.0' if it uses nothing newer.",
        )


def _refuse_duplicates(document: Document) -> None:
    groups: dict[str, Iterable[Any]] = {
        "inputs": document.inputs,
        "steps": document.steps,
        "outputs": document.outputs,
    }
    for group, items in groups.items():
        names: set[str] = set()
        for item in items:
            if item.name in names:
                raise DuplicatedNameError(
                    f"Two {group} are called {item.name!r}.",
                    hint="Give each a name of its own.",
                )
            names.add(item.name)
