"""Names of classes: the lists that are shipped, and lists from a text file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from engine.errors import ModelArtefactError

SHIPPED = frozenset({"coco", "imagenet"})
MAX_BYTES = 1 << 20
MAX_NAMES = 50_000

_ONE_NAME_A_LINE = "Write one name a line, in the order of the class ids."


def labels(source: str | Path) -> tuple[str, ...]:
    """The names of the classes, in the order of their ids.

    Args:
        source: `coco` (80 names), `imagenet` (1000 names), or a UTF-8 text file with one name a line.

    Raises:
        ModelArtefactError: no such list or file, or a file that is no list of names.
    """
    shipped = source in SHIPPED
    content = files(__package__).joinpath(f"{source}.txt").read_bytes() if shipped else _content(Path(source))
    return _names(content, Path(source).name)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelArtefactError(
            f"The labels {path.name!r} cannot be read: {error.strerror}.",
            hint=f"Name one of {', '.join(sorted(SHIPPED))}, or a text file with one name a line.",
        ) from error


def _names(content: bytes, name: str) -> tuple[str, ...]:
    """The lines of `content`; a blank one would shift every id after it, so only the end may have some."""
    if len(content) > MAX_BYTES:
        raise ModelArtefactError(f"The labels {name!r} have more than {MAX_BYTES} bytes.", hint=_ONE_NAME_A_LINE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelArtefactError(f"The labels {name!r} are no UTF-8 text.", hint="Save the file as UTF-8.") from error
    lines = tuple(line.strip() for line in text.rstrip().split("\n"))
    if lines == ("",):
        raise ModelArtefactError(f"The labels {name!r} are empty.", hint=_ONE_NAME_A_LINE)
    if "" in lines:
        raise ModelArtefactError(
            f"Line {lines.index('') + 1} of the labels {name!r} is blank.", hint="Give every class a name."
        )
    if len(lines) > MAX_NAMES:
        raise ModelArtefactError(f"The labels {name!r} have more than {MAX_NAMES} lines.", hint=_ONE_NAME_A_LINE)
    return lines
