from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from fake_sandbox import FakeSandbox, Handler, Page, Port, Program, Request, Reset, site

from jettison.contract import http
from jettison.contract.http import Address, Answer, get
from jettison.engine.model import RunOptions


@contextmanager
def started(handler: Handler | Port) -> Iterator[FakeSandbox]:
    with FakeSandbox(Program({8000: handler}), RunOptions()) as sandbox:
        yield sandbox


def ask(handler: Handler | Port, path: str = "/", seconds: float = 5.0, **address: object) -> Answer:
    with started(handler) as sandbox:
        return get(sandbox, Address(8000, path, **address), seconds)  # type: ignore[arg-type]


def raw(*pieces: bytes, pause: float = 0.0) -> Handler:
    def answer(_: Request) -> Iterable[bytes]:
        for piece in pieces:
            yield piece
            time.sleep(pause)

    return answer


def test_an_answer_has_its_status_type_and_body() -> None:
    answer = ask(site({"/": Page("<p>hello", "Text/HTML; charset=UTF-8")}))
    assert Answer(200, "text/html", "", (), b"<p>hello", True, "") == answer


def test_a_chunked_body_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = ask(raw(head, b"5\r\nhello\r\n", b"6\r\n world\r\n", b"0\r\n\r\n"))
    assert (b"hello world", True) == (answer.body, answer.complete)


def test_a_chunked_body_without_its_end_is_not_complete() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (200, False) == (lambda answer: (answer.status, answer.complete))(ask(raw(head, b"5\r\nhel")))


def test_a_body_shorter_than_its_announced_length_is_not_complete() -> None:
    answer = ask(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"))
    assert (200, b"hello", False) == (answer.status, answer.body, answer.complete)


def test_a_body_until_the_connection_closes_is_complete() -> None:
    answer = ask(raw(b"HTTP/1.0 200 OK\r\n\r\nuntil ", b"the end"))
    assert (b"until the end", True) == (answer.body, answer.complete)


def test_an_event_stream_ends_at_the_deadline_and_keeps_its_status() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    began = time.monotonic()
    answer = ask(raw(head, *[b"x"] * 400, pause=0.1), seconds=0.6)
    assert time.monotonic() - began < 20
    assert (200, "text/event-stream", False) == (answer.status, answer.type, answer.complete)


def test_headers_that_drip_end_at_the_deadline_too() -> None:
    began = time.monotonic()
    answer = ask(raw(b"HTTP/1.1 200 OK\r\n", *[b"X-A: 1\r\n"] * 90, pause=0.5), seconds=0.5)
    assert time.monotonic() - began < 20
    assert http.NO_ANSWER == answer.error


def test_who_never_answers_is_left_at_the_deadline() -> None:
    assert http.NO_ANSWER == ask(Port(None), seconds=0.3).error


def test_a_body_over_the_cap_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 100_000)
    answer = ask(site({"/": Page(b"x" * 1_000_000)}))
    assert not answer.complete
    assert 100_000 <= len(answer.body) < 200_000


def test_what_is_no_http_is_called_so() -> None:
    assert "what answers there is not HTTP" == ask(raw(b"SSH-2.0-OpenSSH_9.2\r\n")).error
    assert "what answers there is not HTTP" == ask(raw(b"\x00\x01\x02" * 50)).error
    assert "what answers there is not HTTP" == ask(raw(b"HTTP/1.1 200 OK\r\nno colon" + b"x" * 70_000)).error


def test_a_refused_connection_is_told() -> None:
    with started(site({})) as sandbox:
        assert "connection refused" == get(sandbox, Address(9999, "/")).error


def test_a_port_on_loopback_is_reached_from_inside_only() -> None:
    port = Port(site({"/": Page("in")}), address="127.0.0.1")
    assert "connection refused" == ask(port).error
    assert b"in" == ask(port, loopback=True).body


def test_a_reset_and_a_silent_close_are_no_answer() -> None:
    def hang_up(_: Request) -> Iterable[bytes]:
        raise Reset

    assert "connection closed without an answer" == ask(hang_up).error
    assert "connection closed without an answer" == ask(raw()).error


def test_redirects_are_told_and_not_followed() -> None:
    pages = {"/": Page("", "", 302, ("Location: /login?next=/",)), "/login": Page("log in")}
    with started(site(pages)) as sandbox:
        answer = get(sandbox, Address(8000, "/"))
        assert (302, "/login?next=/", "") == (answer.status, answer.location, answer.type)
        assert ["/"] == sandbox.asked


def test_names_of_cookies_are_kept_and_values_are_not() -> None:
    page = Page("", more=("Set-Cookie: session=abc; Path=/", "Set-Cookie: csrf=1", "Set-Cookie: a[b]=1; HttpOnly"))
    assert ("a[b]", "csrf", "session") == ask(site({"/": page})).cookies


def test_the_host_header_is_the_one_of_the_address() -> None:
    def echo(request: Request) -> Page:
        return Page(request.headers["host"])

    assert b"localhost:8000" == ask(site({"/": echo})).body
    assert b"shop.example:8000" == ask(site({"/": echo}), host="shop.example").body


def test_a_path_that_is_not_ascii_is_percent_encoded() -> None:
    def echo(request: Request) -> Iterable[bytes]:
        return Page(request.path).pieces()

    assert b"/caf%C3%A9%20x?a=b&c=%20" == ask(echo, "/café x?a=b&c=%20").body


def test_an_answer_without_content_has_an_empty_complete_body() -> None:
    answer = ask(raw(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert (204, b"", True) == (answer.status, answer.body, answer.complete)


@pytest.mark.parametrize("host", ["bad host", "a\x00b", "日本", "", "a\r\nX: 1"])
def test_no_name_of_a_host_however_odd_is_an_error_of_ours(host: str) -> None:
    answer = ask(site({"/": Page("hello")}), host=host)
    assert (answer.status, answer.error) in ((200, ""), (0, "what answers there is not HTTP"))
