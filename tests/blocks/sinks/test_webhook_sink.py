"""Sending values to a real server on this machine."""

from __future__ import annotations

import email
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from blocks.query import parse_operations
from blocks.sinks.webhook_sink import webhook_sink
from engine.errors import InvalidInputTypeError, RuntimeInputError
from engine.guard.egress import MAX_WAITING, Egress
from engine.guard.limits import SourcePolicy
from engine.state import State
from tests.blocks.samples import found, picture

OPEN = SourcePolicy(allow_http=True, allow_hosts_without_fqdn=True, allow_private_addresses=True)
NOW = datetime(2024, 5, 1, tzinfo=UTC)


@dataclass
class Request:
    """What the server has seen of a request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def parts(self) -> list[Mail]:
        """The parts of a multipart body."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        return [part for part in email.message_from_bytes(head + self.body).walk() if not part.is_multipart()]


@dataclass
class Receiver:
    """A running server: its address, what it has seen, what it answers next (200 after that), and what it waits for."""

    url: str
    seen: list[Request] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            split = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            here.seen.append(Request(self.command, split.path, parse_qs(split.query), headers, body))
            if split.path == "/gate":
                here.gate.wait(10)
            status = here.statuses.pop(0) if here.statuses else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - what the server looks for

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # type: ignore[method-assign]
    here = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield here
    here.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def egress() -> Iterator[Egress]:
    subject = Egress(OPEN)
    yield subject
    subject.close()


class Step:
    """A step with its memory."""

    def __init__(self, egress: Egress, clock: Callable[[], datetime] = lambda: NOW) -> None:
        self.resources: dict[str, Any] = {"egress": egress, "state": State(), "clock": clock, "muted": False}

    def __call__(self, url: str, method: str = "POST", **options: Any) -> Any:
        given = {"fire_and_forget": False, "cooldown_seconds": 0, **options}
        return webhook_sink(url, method, **given, **self.resources)  # type: ignore[arg-type]


def test_json_with_operations(receiver: Receiver, egress: Egress) -> None:
    result = Step(egress)(
        f"{receiver.url}/in",
        json_payload={"count": found((0, 0, 1, 1)), "nothing": found(), "note": None},
        json_payload_operations={"count": parse_operations([{"type": "SequenceLength"}])},
        headers={"X-Number": 5, "authorization": "Bearer s3cret"},
    )
    assert result == {
        "error_status": False,
        "throttling_status": False,
        "message": "127.0.0.1 answers with status 200.",
    }
    (request,) = receiver.seen
    sent = orjson.loads(request.body)
    assert (sent["count"], sent["note"], sent["nothing"]["predictions"]) == (1, None, [])
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["x-number"], request.headers["authorization"]) == ("5", "Bearer s3cret")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_query(receiver: Receiver, egress: Egress, method: str) -> None:
    query = {"text": "a&b=c", "list": ["a", "b"], "yes": True, "number": 21.37}
    assert Step(egress)(f"{receiver.url}/in?kept=1", method, query_parameters=query)["error_status"] is False
    (request,) = receiver.seen
    assert (request.method, request.path, request.body) == (method, "/in", b"")
    assert request.query == {
        "kept": ["1"],
        "text": ["a&b=c"],
        "list": ["a", "b"],
        "yes": ["true"],
        "number": ["21.37"],
    }


def test_parts(receiver: Receiver, egress: Egress) -> None:
    Step(egress)(
        f"{receiver.url}/in",
        multi_part_encoded_files={"picture": picture(), "jpeg": picture(), "note": "text"},
        multi_part_encoded_files_operations={"jpeg": parse_operations([{"type": "ConvertImageToJPEG"}])},
        form_data={"field": "value", "many": [1, 2]},
        headers={"Content-Type": "multipart/form-data"},
    )
    parts = receiver.seen[0].parts()
    contents = [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts]
    assert contents[:3] == [("field", b"value"), ("many", b"1"), ("many", b"2")]
    assert [name for name, _ in contents[3:]] == ["picture", "jpeg", "note"]
    assert bytes(contents[3][1])[:3] == bytes(contents[4][1])[:3] == b"\xff\xd8\xff"
    assert contents[5][1] == b"text"
    assert parts[3].get_filename() == "picture"


def test_a_form_without_files(receiver: Receiver, egress: Egress) -> None:
    form_data_operations = {"b": parse_operations([{"type": "StringToUpperCase"}])}
    Step(egress)(f"{receiver.url}/in", form_data={"a": 1, "b": "x y"}, form_data_operations=form_data_operations)
    (request,) = receiver.seen
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {"a": ["1"], "b": ["X Y"]}


def test_texts_of_json_are_sent_without_quotes(receiver: Receiver, egress: Egress) -> None:
    values = {"when": NOW, "raw": b"ab", "list": [NOW], "dict": {"a": NOW}}
    Step(egress)(receiver.url, form_data=values, query_parameters={"when": NOW})
    moment = "2024-05-01T00:00:00+00:00"
    (request,) = receiver.seen
    assert request.query == {"when": [moment]}
    expected = {"when": [moment], "raw": ["YWI="], "list": [moment], "dict": [f'{{"a":"{moment}"}}']}
    assert parse_qs(request.body.decode()) == expected
    Step(egress)(receiver.url, multi_part_encoded_files={"when": NOW})
    assert receiver.seen[1].parts()[0].get_payload(decode=True) == moment.encode()


def test_what_is_none_is_left_out(receiver: Receiver, egress: Egress) -> None:
    fields = {"a": None, "b": [None, 1], "c": [None], "d": ""}
    Step(egress)(f"{receiver.url}/?a=1", form_data=fields, query_parameters=fields, headers={"X-A": None})
    (request,) = receiver.seen
    assert parse_qs(request.body.decode(), keep_blank_values=True) == {"b": ["1"], "d": [""]}
    assert request.query == {"a": ["1"], "b": ["1"]}
    assert "x-a" not in request.headers


HALF = "\ud800"


@pytest.mark.parametrize(
    "options",
    [
        {"form_data": {"a": HALF}},
        {"query_parameters": {"a": HALF}},
        {"headers": {"X-A": HALF}},
        {"json_payload": {"a": HALF}},
        {"multi_part_encoded_files": {"a": HALF}},
        {"multi_part_encoded_files": {HALF: "a"}},
    ],
)
def test_texts_that_cannot_be_sent(receiver: Receiver, egress: Egress, options: dict[str, Any]) -> None:
    result = Step(egress)(receiver.url, **options)
    assert result["error_status"] is True
    assert "surrogate" in result["message"]
    assert not receiver.seen


def test_what_was_never_sent_starts_no_cooldown(receiver: Receiver, egress: Egress) -> None:
    step = Step(egress)
    assert step("ftp://example.com/", cooldown_seconds=5)["error_status"] is True
    assert step(receiver.url, cooldown_seconds=5)["error_status"] is False
    assert step(receiver.url, cooldown_seconds=5)["throttling_status"] is True
    assert len(receiver.seen) == 1


def test_a_disabled_sink_sends_nothing(receiver: Receiver, egress: Egress) -> None:
    result = Step(egress)(receiver.url, disable_sink=True, fire_and_forget=True)
    assert (result["error_status"], result["throttling_status"]) == (False, False)
    assert not receiver.seen


def test_cooldown_of_a_step(receiver: Receiver, egress: Egress) -> None:
    times = iter(NOW + timedelta(seconds=seconds) for seconds in (0, 4.9, 5, 5, -60))
    step = Step(egress, lambda: next(times))
    throttled = [step(receiver.url, cooldown_seconds=5)["throttling_status"] for _ in range(5)]
    assert throttled == [False, True, False, True, False]
    assert len(receiver.seen) == 3
    assert Step(egress)(receiver.url, cooldown_seconds=5)["throttling_status"] is False


@pytest.mark.parametrize(("status", "requests"), [(400, 1), (500, 1), (302, 1), (429, 3), (503, 3)])
def test_refusals_of_the_receiver(receiver: Receiver, egress: Egress, status: int, requests: int) -> None:
    receiver.statuses = [status] * 3
    result = Step(egress)(f"{receiver.url}/in", json_payload={"a": 1})
    assert result["error_status"] is True
    assert str(status) in result["message"]
    assert [request.path for request in receiver.seen] == ["/in"] * requests
    assert {request.body for request in receiver.seen} == {b'{"a":1}'}


def test_a_receiver_that_recovers(receiver: Receiver, egress: Egress) -> None:
    receiver.statuses = [503]
    assert Step(egress)(receiver.url)["error_status"] is False
    assert len(receiver.seen) == 2


def test_a_receiver_that_is_not_there(egress: Egress) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = Step(egress)(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert result["message"] == "127.0.0.1 cannot be reached."
    assert result["error_status"] is True


def test_a_receiver_that_is_slow(receiver: Receiver, egress: Egress) -> None:
    before = time.monotonic()
    result = Step(egress)(f"{receiver.url}/gate", request_timeout=1)
    assert time.monotonic() - before < 5
    assert result["message"] == "127.0.0.1 took longer than 1 seconds."
    assert result["error_status"] is True


def test_background(receiver: Receiver, egress: Egress) -> None:
    result = Step(egress)(f"{receiver.url}/gate", fire_and_forget=True, request_timeout=30)
    assert result["error_status"] is False
    assert "background" in result["message"]
    while not receiver.seen:
        time.sleep(0.01)
    receiver.gate.set()
    egress.close()
    assert len(receiver.seen) == 1
    assert Step(egress)(receiver.url, fire_and_forget=True)["error_status"] is True


def test_the_background_is_bounded(receiver: Receiver) -> None:
    egress = Egress(OPEN, max_waiting=2)
    step = Step(egress)
    given = [step(f"{receiver.url}/gate", fire_and_forget=True, request_timeout=30) for _ in range(3)]
    assert [result["error_status"] for result in given] == [False, False, True]
    receiver.gate.set()
    egress.close()
    assert len(receiver.seen) <= 2 < MAX_WAITING


def test_failures_in_the_background_are_logged(
    receiver: Receiver, egress: Egress, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.statuses = [500]
    with caplog.at_level(logging.WARNING):
        Step(egress)(f"{receiver.url}/in", fire_and_forget=True)
        while not receiver.seen:
            time.sleep(0.01)
        egress.close()
    assert "127.0.0.1 answers with status 500." in caplog.text


POLICIES = [
    (SourcePolicy(), "https"),
    (SourcePolicy(allow_http=True), "domain name"),
    (SourcePolicy(allow_http=True, allow_hosts_without_fqdn=True), "public internet"),
    (SourcePolicy(allow_http=True, denied_hosts=frozenset({"127.0.0.1"}), allow_hosts_without_fqdn=True), "not ask"),
    (SourcePolicy(offline=True), "offline"),
]


@pytest.mark.parametrize(("policy", "says"), POLICIES)
def test_rules_for_addresses_hold(receiver: Receiver, policy: SourcePolicy, says: str) -> None:
    egress = Egress(policy)
    result = Step(egress)(receiver.url)
    assert result["error_status"] is True
    assert says in result["message"]
    assert not receiver.seen


def test_a_name_that_leads_to_this_machine(receiver: Receiver) -> None:
    egress = Egress(SourcePolicy(allow_http=True), resolve=lambda host, port: ["93.184.215.14", "127.0.0.1"])
    assert "public internet" in Step(egress)(receiver.url.replace("127.0.0.1", "hooks.example.com"))["message"]
    assert not receiver.seen


def test_the_address_that_was_checked_is_the_one_that_is_asked(receiver: Receiver) -> None:
    answers = iter([["127.0.0.1"]])
    egress = Egress(OPEN, resolve=lambda host, port: next(answers))
    url = receiver.url.replace("127.0.0.1", "hooks.example.com")
    assert Step(egress)(url)["message"] == "hooks.example.com answers with status 200."
    assert receiver.seen[0].headers["host"] == url.removeprefix("http://")


@pytest.mark.parametrize("name", ["Host", "transfer-encoding", "a b", "", "ü"])
def test_headers_that_nobody_may_set(receiver: Receiver, egress: Egress, name: str) -> None:
    result = Step(egress)(receiver.url, headers={name: "x"})
    assert result["error_status"] is True
    assert "header" in result["message"]
    assert "header" in Step(egress)(receiver.url, headers={"x-a": "b\r\nHost: other"})["message"]
    assert not receiver.seen


def test_large_requests_are_not_sent(receiver: Receiver) -> None:
    result = Step(Egress(OPEN, max_bytes=10))(receiver.url, json_payload={"a": "long enough"})
    assert "more than 10 bytes" in result["message"]
    assert not receiver.seen


def test_steps_that_make_no_sense(receiver: Receiver, egress: Egress) -> None:
    with pytest.raises(RuntimeInputError, match="one body"):
        Step(egress)(receiver.url, json_payload={"a": 1}, form_data={"b": 2})
    with pytest.raises(
        RuntimeInputError, match=r"^json_payload_operations names 'b', .* There are in json_payload: a\.$"
    ):
        Step(egress)(receiver.url, json_payload={"a": 1}, json_payload_operations={"b": parse_operations([])})


@pytest.mark.parametrize("values", ["json_payload", "multi_part_encoded_files", "form_data"])
def test_messages_say_at_which_value_the_operations_stand(receiver: Receiver, egress: Egress, values: str) -> None:
    name = f"{values}_operations"
    operations = webhook_sink.signature.parameters[name].takes({"a": [{"type": "SequenceLength"}]})
    with pytest.raises(InvalidInputTypeError, match=rf"^{name}\['a'\]\[0\] \(SequenceLength\) takes"):
        Step(egress)(receiver.url, **{values: {"a": 1}, name: operations})
