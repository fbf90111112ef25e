"""Write text into files of the server: one file each, or one after the other into a growing one."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC
from typing import Annotated, Literal, TypedDict

import orjson
from annotated_types import Ge
from typing_extensions import Doc

from blocks.clock import Clock
from engine.block import block
from engine.guard.folder import Folder, shortened
from engine.kinds import Kinds
from engine.values.shape import Fixed, Wired

MAX_PREFIX_BYTES = 80
"""A longer prefix is cut, so that the time fits into the name of a file."""
SPACE_OR_TEXT = re.compile(r'\s+|("[^"\\]*(?:\\.[^"\\]*)*")')
"""What JSON can do without, and texts, in which it cannot. All else is kept as it is, however large the numbers are."""
TIME = "%Y_%m_%d_%H_%M_%S_%f"

FileType = Literal["csv", "json", "txt"]


class Written(TypedDict):
    """Whether writing went wrong, and where the content went, or what went wrong."""

    error_status: bool
    message: str


@block("roboflow_core/local_file_sink@v1")
def local_file_sink(
    content: Annotated[Wired[str], Doc("What to write.")],
    output_mode: Annotated[
        Fixed[Literal["append_log", "separate_files"]], Doc("Into a growing file, or each into a file of its own.")
    ],
    target_directory: Annotated[str, Doc("Where, below the folder that the server has for this.")],
    file_type: Annotated[Fixed[FileType], Doc("Growing files of JSON have one document per line.")] = "csv",
    file_name_prefix: Annotated[str, Doc("How the names begin; the time follows.")] = "workflow_output",
    max_entries_per_file: Annotated[
        int, Ge(1), Kinds("integer", "string"), Doc("How often to write into a growing file before the next one.")
    ] = 1024,
    *,
    folder: Folder,
    clock: Clock,
    muted: bool,
) -> Written:
    """Write text into files of the server: one file each, or one after the other into a growing one."""
    if muted:
        return {"error_status": False, "message": "The sink is disabled."}
    stem = f"{shortened(file_name_prefix, MAX_PREFIX_BYTES)}_{clock().astimezone(UTC).strftime(TIME)}"
    try:
        if output_mode == "separate_files":
            name = folder.create(target_directory, stem, f".{file_type}", content.encode())
        else:
            header, entry = _entry(file_type, content)
            suffix = ".jsonl" if file_type == "json" else f".{file_type}"
            name = folder.append(
                target_directory, file_name_prefix, stem, suffix, header.encode(), entry.encode(), max_entries_per_file
            )
    except (csv.Error, orjson.JSONDecodeError, UnicodeEncodeError):
        return {"error_status": True, "message": f"The content is no {file_type.upper()}."}
    except OSError as error:
        return {"error_status": True, "message": f"The file could not be written: {error.strerror}."}
    return {"error_status": False, "message": f"Written to {name}."}


def _entry(file_type: FileType, content: str) -> tuple[str, str]:
    """The header of a growing file, and the entry for it: each is empty or ends with a line break."""
    if file_type == "json":
        orjson.loads(content)
        return "", SPACE_OR_TEXT.sub(lambda found: found[1] or "", content) + "\n"
    lines = io.StringIO(content if content.endswith("\n") else f"{content}\n", newline="")
    if file_type == "csv":
        next(csv.reader(lines), None)
    at = lines.tell()
    return lines.getvalue()[:at], lines.getvalue()[at:]
