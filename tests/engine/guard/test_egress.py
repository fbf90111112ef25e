"""Requests are sent again only where nobody has got them."""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path

import pytest

from engine.errors import RuntimeInputError
from engine.guard.egress import ATTEMPTS, Egress, Outcome
from engine.guard.limits import SourcePolicy
from tests.engine.guard.servers import HOST, HTTP, PUBLIC, Answer, Internet, Serve, body, raw, serving


def sent(egress: Egress, url: str, timeout: float = 5) -> Outcome:
    return egress.send(egress.prepare("GET", url), timeout)


def test_a_certificate_that_is_not_valid_ends_it_at_once(internet: Internet, certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving({"/": body(b"")}, tls) as site:
        internet.ports[PUBLIC] = site.port
        outcome = sent(Egress(HTTP, resolve=internet.resolve), f"https://{HOST}/")
        assert outcome == Outcome(False, f"{HOST} shows a certificate that is not valid for it.")
        assert internet.reached == [PUBLIC]
        trusting = ssl.create_default_context(cafile=certificate)
        assert sent(Egress(HTTP, resolve=internet.resolve, tls=trusting), f"https://{HOST}/").delivered


def test_a_receiver_that_cannot_be_reached_is_tried_again(internet: Internet, serve: Serve) -> None:
    internet.ports[PUBLIC] = 9
    egress = Egress(HTTP, resolve=internet.resolve)
    outcome = sent(egress, f"http://{HOST}/")
    assert (outcome.delivered, outcome.message) == (False, f"{HOST} cannot be reached.")
    assert internet.reached == [PUBLIC] * ATTEMPTS
    sent(egress, f"http://{HOST}/", timeout=0.2)
    assert len(internet.reached) == ATTEMPTS + 1, "a pause that outlasts the time limit is not begun"


@pytest.mark.parametrize("answer", [raw(), raw(b"nonsense"), raw(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")])
def test_what_the_receiver_may_have_got_is_not_sent_again(internet: Internet, serve: Serve, answer: Answer) -> None:
    site = serve(hook=answer)
    assert not sent(Egress(HTTP, resolve=internet.resolve), f"http://{HOST}/hook").delivered
    assert len(site.seen) == 1


def test_a_name_that_is_not_known_ends_it_at_once(internet: Internet) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError

    assert sent(Egress(HTTP, resolve=resolve), f"http://{HOST}/").message == f"{HOST} is not known."
    assert asked == [HOST]


def test_refusals_do_not_speak_of_images(internet: Internet) -> None:
    egress = Egress(HTTP, resolve=internet.resolve)
    for url in ("ftp://example.com/", "http://localhost/", "http://[::1", f"http://me@{HOST}/"):
        with pytest.raises(RuntimeInputError) as caught:
            egress.prepare("GET", url)
        assert "image" not in str(caught.value).replace("images.example.com", "")
        assert "base64" not in str(caught.value)
    with pytest.raises(RuntimeInputError, match=r"The URL is not https\. Use https\.$"):
        Egress(SourcePolicy()).prepare("GET", "http://example.com/")


def test_what_goes_wrong_in_the_background_is_logged_and_gives_its_place_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise ZeroDivisionError

    egress = Egress(HTTP, resolve=resolve, max_waiting=1)
    message = egress.prepare("GET", f"http://{HOST}/")
    with caplog.at_level(logging.ERROR):
        for _ in range(4):  # the last one is accepted when three have given their place back
            while not egress.send_later(message, 1):
                time.sleep(0.01)
        egress.close()
    assert [record.exc_info[0] for record in caplog.records[:3] if record.exc_info] == [ZeroDivisionError] * 3
