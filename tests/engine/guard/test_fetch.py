"""Fetching goes where the policy lets it, and tells no secrets."""

from __future__ import annotations

import socket

import pytest

from engine.errors import ImageSourceRefused, InputImageLoadError
from engine.guard.connection import look_up
from engine.guard.fetch import fetch
from engine.guard.limits import SourcePolicy
from tests.engine.guard.servers import (
    CONTENT,
    HOST,
    HOSTS,
    HTTP,
    LIMITS,
    OTHER_PUBLIC,
    PUBLIC,
    Internet,
    Serve,
    body,
    get,
    raw,
    redirect,
)


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


@pytest.mark.parametrize(
    ("url", "error", "hint"),
    [
        (f"http://{HOST}/", ImageSourceRefused, "Use https."),
        ("https://private.example.com/", ImageSourceRefused, "Send the content as base64."),
        ("https://[::1", InputImageLoadError, None),
        ("https://nowhere.example.com/", InputImageLoadError, None),
    ],
)
def test_refusals_say_how_to_mend_them(
    internet: Internet, url: str, error: type[InputImageLoadError], hint: str | None
) -> None:
    with pytest.raises(InputImageLoadError) as caught:
        get(internet, url, SourcePolicy())
    assert type(caught.value) is error
    assert caught.value.hint == hint


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


def test_unknown_hosts_are_said_to_be_unknown(internet: Internet) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(InputImageLoadError, match=f"^{HOST} is not known"):
        fetch(f"https://{HOST}/", HTTP, LIMITS, resolve=resolve)
    with pytest.raises(InputImageLoadError, match="cannot be reached"):
        get(internet, "https://nowhere.example.com/")


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
