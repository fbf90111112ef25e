"""Downloads land whole or not at all, and only from where they may."""

from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelDownloadError
from models.download import download, land
from tests.engine.guard.servers import HOST, Site, body, serving
from tests.engine.guard.servers import redirect as site_redirect
from tests.models.hosting import Answer, Host, hosting, redirect, start

CONTENT = bytes(range(256)) * 1024
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OLD = b"what was there before"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "weights.onnx"
    path.write_bytes(OLD)
    return path


def get(host: Host, target: Path, path: str = "/file") -> str:
    return download(
        host.url + path,
        target,
        max_bytes=len(CONTENT),
        sha256=SHA256,
        trusted_origin=host.url,
        timeout=0.3,
        deadline=0.6,
    )


def refusal(host: Host, target: Path, path: str = "/file") -> str:
    """Why a download fails, having made sure that it leaves everything as it was."""
    with pytest.raises(ModelDownloadError) as caught:
        get(host, target, path)
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]
    return caught.value.message


def test_the_bytes_land_and_progress_is_told(target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with hosting({"/file": CONTENT}) as host:
        download(
            f"{host.url}/file",
            target,
            max_bytes=len(CONTENT),
            sha256=SHA256,
            trusted_origin=host.url,
            progress=lambda done, total: told.append((done, total)),
        )
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_redirects_are_followed_and_told(target: Path) -> None:
    with hosting({"/file": redirect("/elsewhere/"), "/elsewhere/": CONTENT}) as host:
        assert get(host, target) == f"{host.url}/elsewhere/"
    assert target.read_bytes() == CONTENT


def test_only_so_many_redirects_are_followed(target: Path) -> None:
    with hosting({"/file": redirect("/file")}) as host:
        assert "redirects" in refusal(host, target)
        assert len(host.asked) == 6


def _truncated(handler: BaseHTTPRequestHandler) -> None:
    start(handler, len(CONTENT))
    handler.wfile.write(CONTENT[:1000])


def _endless(handler: BaseHTTPRequestHandler) -> None:
    start(handler, None)
    while True:
        handler.wfile.write(CONTENT)


def _silent(handler: BaseHTTPRequestHandler) -> None:
    start(handler, len(CONTENT))
    handler.wfile.write(CONTENT[:1000])
    handler.wfile.flush()
    time.sleep(1)


def _dribbling(handler: BaseHTTPRequestHandler) -> None:
    start(handler, len(CONTENT))
    for byte in CONTENT:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (bytes(reversed(CONTENT)), "delivered other bytes than expected"),
        (CONTENT[:-1], "delivered other bytes than expected"),
        (CONTENT + b"!", f"delivered more than {len(CONTENT)} bytes"),
        (_endless, f"delivered more than {len(CONTENT)} bytes"),
        (_truncated, "without sending complete message"),
        (_silent, "timed out"),
        (_dribbling, "was too slow"),
    ],
)
def test_anything_but_the_right_bytes_is_a_failure(target: Path, answer: Answer, reason: str) -> None:
    with hosting({"/file": answer}) as host:
        message = refusal(host, target)
    assert message.startswith("127.0.0.1: ")
    assert reason in message


def test_an_error_of_the_host_is_told(target: Path) -> None:
    with hosting({}) as host:
        assert refusal(host, target) == "127.0.0.1: answered 404 Not Found."


def test_a_host_that_is_not_there(target: Path) -> None:
    with hosting({}) as host:
        pass
    assert refusal(host, target).startswith("127.0.0.1: ")


@pytest.mark.parametrize("trusted", [None, "https://127.0.0.1", "http://127.0.0.1:1", "http://localhost"])
def test_what_is_not_https_is_not_even_asked(target: Path, trusted: str | None) -> None:
    with hosting({"/file": CONTENT}) as host, pytest.raises(ModelDownloadError, match="not https"):
        download(f"{host.url}/file", target, max_bytes=len(CONTENT), trusted_origin=trusted)
    assert host.asked == []
    assert target.read_bytes() == OLD


def test_trust_does_not_follow_redirects(target: Path) -> None:
    with hosting({"/file": CONTENT}) as other, hosting({"/file": redirect(f"{other.url}/file")}) as host:
        assert "not https" in refusal(host, target)
    assert host.asked == ["/file"]
    assert other.asked == []


def test_a_password_goes_to_its_host_alone_and_into_no_log(target: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        keys.append(handler.headers["Authorization"])
        start(handler, len(CONTENT))
        handler.wfile.write(CONTENT)

    with hosting({"/file": answer}) as other, hosting({"/file": answer}) as host, caplog.at_level(logging.DEBUG):
        mine = host.url.replace("//", "//me:secret@")
        for url, trusted in ((f"{mine}/file", mine), (f"{host.url}/file", mine), (f"{other.url}/file", other.url)):
            address = download(url, target, max_bytes=len(CONTENT), trusted_origin=trusted)
            assert "secret" not in address
        with pytest.raises(ModelDownloadError):
            download(f"{other.url}/file", target, max_bytes=len(CONTENT), trusted_origin=mine)
    assert keys == ["Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0", None]
    assert "secret" not in caplog.text


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> Iterator[tuple[Site, Site]]:
    """A host on its usual ports, without and with TLS; /up leads from the one to the other, /login has a password."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    connect = socket.create_connection
    up = {"/up": site_redirect(f"https://{HOST}/file"), "/login": site_redirect(f"https://u2:p2@{HOST}/file")}
    with serving({"/file": body(CONTENT)}, tls) as secure, serving(up) as plain:
        ports = {80: plain.port, 443: secure.port}

        def lead(address: tuple[str, int], *args: Any, **more: Any) -> socket.socket:
            assert address[0] == HOST
            return connect(("127.0.0.1", ports[address[1]]), *args, **more)

        monkeypatch.setattr(socket, "create_connection", lead)
        yield plain, secure


@pytest.mark.parametrize("path", ["up", "login"])
def test_a_password_does_not_follow_a_redirect_to_https(
    target: Path, certificate: Path, mirror: tuple[Site, Site], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is another origin: another server may answer there."""
    plain, secure = mirror
    with caplog.at_level(logging.INFO):
        address = download(
            f"http://{HOST}/{path}",
            target,
            max_bytes=len(CONTENT),
            trusted_origin=f"http://me:secret@{HOST}",
            ca_file=str(certificate),
        )
    assert target.read_bytes() == CONTENT
    assert plain.seen[0][1]["authorization"] == "Basic bWU6c2VjcmV0"
    assert "authorization" not in secure.seen[0][1]
    assert address == f"https://{HOST}/file"
    assert address in caplog.text
    assert "secret" not in caplog.text


def test_what_a_redirect_says_beside_its_address_is_not_read(target: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.end_headers()
        while True:
            handler.wfile.write(CONTENT)

    with hosting({"/file": endless, "/elsewhere": CONTENT}) as host:
        assert get(host, target) == f"{host.url}/elsewhere"
    assert target.read_bytes() == CONTENT


def test_https_is_not_given_up(target: Path) -> None:
    """A host that speaks no TLS gets nothing, trusted or not."""
    with hosting({"/file": CONTENT}) as host:
        address = host.url.replace("http", "https")
        with pytest.raises(ModelDownloadError, match=r"^127\.0\.0\.1: "):
            download(f"{address}/file", target, max_bytes=len(CONTENT), trusted_origin=host.url)
    assert host.asked == []


def test_nonsense_is_refused(target: Path) -> None:
    for address in ("https://host:port/", "file:///etc/hosts", "ftp://host/file", "weights.onnx"):
        with pytest.raises(ModelDownloadError):
            download(address, target, max_bytes=1)
    with pytest.raises(ModelDownloadError, match=r"none\.pem cannot be read"):
        download("https://localhost/", target, max_bytes=1, ca_file="none.pem")
    assert target.read_bytes() == OLD


def test_a_target_that_cannot_be_written_is_our_own_trouble(tmp_path: Path) -> None:
    with hosting({"/file": CONTENT}) as host, pytest.raises(FileNotFoundError):
        get(host, tmp_path / "none" / "weights.onnx")


def test_land_leaves_nothing_behind_when_its_source_fails(target: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        land((bytes(1 // left) for left in (1, 0)), target, "here", max_bytes=10)
    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == OLD
