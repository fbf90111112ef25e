"""Fetching goes where the policy lets it, takes no longer and no more than the limits, and tells no secrets."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Protocol

import httpcore
import pytest

from engine.errors import ImageSourceRefused, ImageTooLargeError, InputImageLoadError
from engine.guard.fetch import Pinned, fetch, look_up
from engine.guard.limits import Limits, SourcePolicy
from tests.engine.guard.servers import OTHER_PUBLIC, PUBLIC, Answer, Internet, Site, body, raw, redirect, serving

HTTP = SourcePolicy(allow_http=True)
LIMITS = Limits(max_image_bytes=100_000, fetch_timeout=5.0)
HOST = "images.example.com"
CONTENT = b"the picture"

HOSTS = {
    "private.example.com": ["10.0.0.7"],
    "loopback.example.com": ["127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "mixed.example.com": [PUBLIC, "192.168.1.1"],
    "mixed-too.example.com": ["::1", PUBLIC],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "nat64.example.com": ["64:ff9b::a00:1"],
    "multicast.example.com": ["224.0.0.1"],
    "nowhere.example.com": [],
}


class Serve(Protocol):
    """Starts a public server: its paths are given by name."""

    def __call__(self, **answers: Answer) -> Site: ...


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Names lead where `HOSTS` says, and a public address leads to the server of the test."""
    internet = Internet(HOSTS)
    monkeypatch.setattr(socket, "create_connection", internet.connect)
    return internet


@pytest.fixture
def serve(internet: Internet) -> Iterator[Serve]:
    """Public servers that last as long as the test."""
    with ExitStack() as stack:

        def start(**answers: Answer) -> Site:
            site = stack.enter_context(serving({f"/{name}": answer for name, answer in answers.items()}))
            internet.ports[PUBLIC] = site.port
            return site

        yield start


def get(internet: Internet, url: str, policy: SourcePolicy = HTTP, limits: Limits = LIMITS) -> bytes:
    return fetch(url, policy, limits, resolve=internet.resolve)


def test_a_body_is_fetched_and_the_host_is_told_which_name_was_meant(internet: Internet, serve: Serve) -> None:
    site = serve(cat=body(CONTENT))
    assert get(internet, f"http://{HOST}/cat#top") == CONTENT
    ((path, headers),) = site.seen
    assert path == "/cat"
    assert headers["host"] == HOST
    assert headers["accept-encoding"] == "identity"
    assert headers["accept"].startswith("image/")
    assert headers["user-agent"].startswith("penstock/")
    assert headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}


def test_what_to_accept_can_be_said(internet: Internet, serve: Serve) -> None:
    site = serve(cat=body(CONTENT))
    fetch(f"http://{HOST}/cat", HTTP, LIMITS, accept="text/plain", resolve=internet.resolve)
    assert site.seen[0][1]["accept"] == "text/plain"


def test_the_port_of_a_url_is_used(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = []

    def connect(address: tuple[str, int], *args: object, **more: object) -> socket.socket:
        ports.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    for port in (":8080", ""):
        with pytest.raises(InputImageLoadError, match="cannot be reached"):
            get(internet, f"http://{HOST}{port}/")
    assert ports == [(PUBLIC, 8080), (PUBLIC, 80)]


@pytest.mark.parametrize("host", [host for host in HOSTS if host != "nowhere.example.com"])
def test_hosts_with_an_address_that_is_not_public_are_refused(internet: Internet, host: str) -> None:
    with pytest.raises(ImageSourceRefused, match="not on the public internet") as caught:
        get(internet, f"https://{host}/")
    assert internet.asked == [host]
    assert internet.reached == []
    assert not any(address in str(caught.value) for address in HOSTS[host])


def test_private_hosts_are_asked_where_the_operator_says_so(internet: Internet, serve: Serve) -> None:
    internet.ports["10.0.0.7"] = serve(cat=body(CONTENT)).port
    policy = SourcePolicy(allow_http=True, allow_private_addresses=True)
    assert get(internet, "http://private.example.com/cat", policy) == CONTENT


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "ftp://example.com/", "http://[::1]/"])
def test_refused_urls_are_not_even_looked_up(internet: Internet, url: str) -> None:
    with pytest.raises(ImageSourceRefused):
        get(internet, url)
    assert internet.asked == []
    assert internet.reached == []


@pytest.mark.parametrize("policy", [SourcePolicy(allow_urls=False), SourcePolicy(offline=True)])
def test_fetching_can_be_switched_off(internet: Internet, policy: SourcePolicy) -> None:
    with pytest.raises(ImageSourceRefused, match="fetches no images"):
        get(internet, f"https://{HOST}/", policy)
    assert internet.asked == []


def test_the_connection_goes_to_the_address_that_was_checked(internet: Internet, serve: Serve) -> None:
    """A name server that says something else the second time gets no second time."""
    serve(cat=body(CONTENT))
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    assert fetch(f"http://{HOST}/cat", HTTP, LIMITS, resolve=lambda *_: next(answers)) == CONTENT
    assert next(answers) == ["127.0.0.1"]
    assert internet.reached == [PUBLIC]


def test_every_redirect_is_looked_up_and_checked_anew(internet: Internet, serve: Serve) -> None:
    serve(cat=redirect(f"http://{HOST}/dog"), dog=body(CONTENT))
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    with pytest.raises(ImageSourceRefused, match="public internet"):
        fetch(f"http://{HOST}/cat", HTTP, LIMITS, resolve=lambda *_: next(answers))
    assert internet.reached == [PUBLIC]


def test_the_next_address_is_tried_when_one_does_not_answer(internet: Internet, serve: Serve) -> None:
    serve(cat=body(CONTENT))
    assert fetch(f"http://{HOST}/cat", HTTP, LIMITS, resolve=lambda *_: [OTHER_PUBLIC, PUBLIC]) == CONTENT
    assert internet.reached == [OTHER_PUBLIC, PUBLIC]
    assert internet.patience[0] < LIMITS.fetch_timeout * 0.6, "no time was left for the next"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(internet: Internet, serve: Serve, status: int) -> None:
    site = serve(a=redirect("/b", status), b=redirect("//other.example.com/c", status), c=body(CONTENT))
    assert get(internet, f"http://{HOST}/a") == CONTENT
    assert [headers["host"] for _, headers in site.seen] == [HOST, HOST, "other.example.com"]


@pytest.mark.parametrize(("most", "arrives"), [(2, True), (1, False), (0, False)])
def test_redirects_are_counted(internet: Internet, serve: Serve, most: int, arrives: bool) -> None:
    serve(a=redirect("/b"), b=redirect("/c"), c=body(CONTENT))
    policy = SourcePolicy(allow_http=True, max_redirects=most)
    if arrives:
        assert get(internet, f"http://{HOST}/a", policy) == CONTENT
    else:
        with pytest.raises(InputImageLoadError, match=f"more than {most} times"):
            get(internet, f"http://{HOST}/a", policy)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://private.example.com/",
        "http://loopback.example.com/",
        "http://mixed.example.com/",
        "//private.example.com/",
        "http://user:secret@images.example.com/",
        r"http://images.example.com\@private.example.com/",
        "file:///etc/passwd",
        "ftp://images.example.com/",
        "http://denied.example.com/",
        "http://[::1",
    ],
)
def test_redirects_obey_the_policy(internet: Internet, serve: Serve, location: str) -> None:
    serve(a=redirect(location))
    policy = SourcePolicy(allow_http=True, denied_hosts=frozenset({"denied.example.com"}))
    with pytest.raises(InputImageLoadError) as caught:
        get(internet, f"http://{HOST}/a", policy)
    assert internet.reached == [PUBLIC]
    assert "secret" not in str(caught.value)


def test_redirects_are_read_as_utf_8(internet: Internet, serve: Serve) -> None:
    site = serve(
        a=raw("HTTP/1.1 302 Found\r\nLocation: /ä\r\nContent-Length: 0\r\n\r\n".encode()),
        b=raw(b"HTTP/1.1 302 Found\r\nLocation: /\xe4\r\nContent-Length: 0\r\n\r\n"),
        c=raw(b"HTTP/1.1 200 OK\r\nX: \xe4\r\nContent-Length: 3\r\n\r\ncat"),
        **{"%C3%A4": body(CONTENT)},
    )
    assert get(internet, f"http://{HOST}/a") == CONTENT
    with pytest.raises(InputImageLoadError, match="URL cannot be read"):
        get(internet, f"http://{HOST}/b")
    assert get(internet, f"http://{HOST}/c") == b"cat"
    assert [path for path, _ in site.seen] == ["/a", "/%C3%A4", "/b", "/c"]


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 500, 503])
def test_other_answers_are_named_by_their_status(internet: Internet, serve: Serve, status: int) -> None:
    serve(cat=raw(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))
    with pytest.raises(InputImageLoadError, match=f"^{HOST} answers with status {status}"):
        get(internet, f"http://{HOST}/cat")


def test_a_redirect_to_nowhere_is_an_answer_like_others(internet: Internet, serve: Serve) -> None:
    serve(cat=raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(InputImageLoadError, match="status 302"):
        get(internet, f"http://{HOST}/cat")


@pytest.mark.parametrize(("size", "fits"), [(LIMITS.max_image_bytes, True), (LIMITS.max_image_bytes + 1, False)])
def test_bodies_are_limited(internet: Internet, serve: Serve, size: int, fits: bool) -> None:
    serve(cat=body(bytes(size)))
    if fits:
        assert len(get(internet, f"http://{HOST}/cat")) == size
    else:
        with pytest.raises(ImageTooLargeError, match="more than 100000 bytes"):
            get(internet, f"http://{HOST}/cat")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_an_endless_body_is_cut_off(internet: Internet, serve: Serve, head: bytes) -> None:
    gone = threading.Event()
    piece = bytes(10_000) if b"chunked" not in head else b"2710\r\n" + bytes(10_000) + b"\r\n"

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        try:
            while True:
                handler.wfile.write(piece)
        except OSError:
            gone.set()

    serve(cat=endless)
    with pytest.raises(ImageTooLargeError):
        get(internet, f"http://{HOST}/cat")
    assert gone.wait(5)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nfew"), id="fewer bytes than announced"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), id="half a chunk"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), id="a length that is no number"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), id="two lengths"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), id="another protocol"),
        pytest.param(raw(), id="nothing"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), id="an endless header"),
        pytest.param(raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), id="an upgrade"),
    ],
)
def test_broken_answers_are_refused(internet: Internet, serve: Serve, answer: Answer) -> None:
    serve(cat=answer)
    with pytest.raises(InputImageLoadError, match=f"^{HOST} "):
        get(internet, f"http://{HOST}/cat")


def test_more_bytes_than_announced_are_not_read(internet: Internet, serve: Serve) -> None:
    serve(cat=raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ncat and more"))
    assert get(internet, f"http://{HOST}/cat") == b"cat"


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "GZIP"])
def test_compressed_bodies_are_refused_unread(internet: Internet, serve: Serve, coding: str) -> None:
    serve(
        cat=body(gzip.compress(bytes(10**7)), Content_Encoding=coding), dog=body(CONTENT, Content_Encoding="identity")
    )
    with pytest.raises(InputImageLoadError, match="compresses"):
        get(internet, f"http://{HOST}/cat")
    assert get(internet, f"http://{HOST}/dog") == CONTENT


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000], id="body"),
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[b"X: x\r\n"] * 1000], id="header"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000, id="provisional answers"),
        pytest.param([b"", *[b""] * 1000], id="silence"),
    ],
)
def test_slow_answers_end_with_the_time_limit(internet: Internet, serve: Serve, pieces: list[bytes]) -> None:
    over = threading.Event()
    serve(cat=raw(*pieces, pause=lambda: over.wait(0.02)))
    started = time.monotonic()
    with pytest.raises(InputImageLoadError, match=f"^{HOST} took longer than 0.3 seconds"):
        get(internet, f"http://{HOST}/cat", limits=Limits(fetch_timeout=0.3))
    over.set()
    assert time.monotonic() - started < 2


def test_slow_redirects_share_the_time_limit(internet: Internet, serve: Serve) -> None:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        redirect("/cat")(handler)

    serve(cat=slowly)
    with pytest.raises(InputImageLoadError, match="took longer"):
        get(internet, f"http://{HOST}/cat", limits=Limits(fetch_timeout=0.5))


def test_a_slow_look_up_counts(internet: Internet) -> None:
    def resolve(host: str, port: int) -> list[str]:
        time.sleep(0.2)
        return [PUBLIC]

    with pytest.raises(InputImageLoadError, match="took longer"):
        fetch(f"http://{HOST}/", HTTP, Limits(fetch_timeout=0.1), resolve=resolve)
    assert internet.reached == []


def test_unknown_hosts_are_said_to_be_unknown(internet: Internet) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(InputImageLoadError, match=f"^{HOST} is not known"):
        fetch(f"https://{HOST}/", HTTP, LIMITS, resolve=resolve)
    with pytest.raises(InputImageLoadError, match="cannot be reached"):
        get(internet, "https://nowhere.example.com/")


def test_writing_to_a_slow_reader_ends_with_the_time_limit() -> None:
    over = threading.Event()

    def drink(listener: socket.socket) -> None:
        connection = listener.accept()[0]
        with connection:
            while not over.wait(0.01) and connection.recv(300_000):
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = threading.Thread(target=drink, args=(listener,))
        reader.start()
        started = time.monotonic()
        stream = Pinned(["127.0.0.1"], started + 0.3).connect_tcp(HOST, listener.getsockname()[1])
        try:
            with pytest.raises((TimeoutError, httpcore.WriteTimeout)):
                stream.write(bytes(100_000_000))
            assert time.monotonic() - started < 2
        finally:
            over.set()
            stream.close()
            reader.join()


def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in look_up("127.0.0.1", 80)


def test_errors_tell_no_secrets(internet: Internet, serve: Serve) -> None:
    """Neither what stands after the host, nor where a redirect leads, nor an address."""
    secret = "sesame"  # noqa: S105
    serve(
        missing=raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        moved=redirect(f"http://private.example.com/{secret}?key={secret}"),
        broken=raw(b"nonsense"),
    )
    for path in ("missing", "moved", "broken"):
        with pytest.raises(InputImageLoadError) as caught:
            get(internet, f"http://{HOST}/{path}?key={secret}#{secret}")
        for error in (caught.value, caught.value.__cause__):
            assert secret not in str(error)
            assert "10.0.0.7" not in str(error)
            assert PUBLIC not in str(error)


def test_proxies_of_the_environment_are_not_used(
    internet: Internet, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    serve(cat=body(CONTENT))
    assert get(internet, f"http://{HOST}/cat") == CONTENT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for images.example.com that nobody has signed, with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    request = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
    subprocess.run([openssl, *request.split(), "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    cert.write_text(cert.read_text() + key.read_text())
    return cert


@pytest.fixture
def secure_site(internet: Internet, certificate: Path) -> Iterator[Site]:
    """A public server with that certificate, which also redirects to http, and drips."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    slow = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000, pause=lambda: time.sleep(0.02))
    with serving({"/cat": body(CONTENT), "/down": redirect(f"http://{HOST}/cat"), "/slow": slow}, tls) as site:
        internet.ports[PUBLIC] = site.port
        yield site


def test_https_is_verified_against_the_name_of_the_host(
    internet: Internet, secure_site: Site, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)

    def ask(url: str, tls: ssl.SSLContext | None = trusting) -> bytes:
        return fetch(url, HTTP, LIMITS, resolve=internet.resolve, tls=tls)

    assert ask(f"https://{HOST}/cat") == CONTENT
    assert secure_site.seen[0][1]["host"] == HOST
    with pytest.raises(InputImageLoadError, match=r"^other\.example\.com shows a certificate that is not valid"):
        ask("https://other.example.com/cat")
    with pytest.raises(InputImageLoadError, match="certificate"):
        ask(f"https://{HOST}/cat", tls=None)
    with pytest.raises(ImageSourceRefused, match="from https to http"):
        ask(f"https://{HOST}/down")


def test_https_ends_with_the_time_limit(internet: Internet, secure_site: Site, certificate: Path) -> None:
    tls, limits = ssl.create_default_context(cafile=certificate), Limits(fetch_timeout=0.3)
    started = time.monotonic()
    with pytest.raises(InputImageLoadError, match="took longer"):
        fetch(f"https://{HOST}/slow", HTTP, limits, resolve=internet.resolve, tls=tls)
    assert time.monotonic() - started < 2


def test_a_handshake_that_never_ends_ends(internet: Internet) -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        internet.ports[PUBLIC] = silent.getsockname()[1]
        with pytest.raises(InputImageLoadError, match="took longer"):
            get(internet, f"https://{HOST}/", limits=Limits(fetch_timeout=0.3))
    assert time.monotonic() - started < 2
