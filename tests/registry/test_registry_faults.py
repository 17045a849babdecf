"""A registry that lies, stalls, cuts, is busy and redirects: we recover where that can be, else say what is wrong."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

import pytest
from faulty_proxy import Exchange, Fault, Proxy
from handmade import Made, entry, tar
from registry_server import digest_of

from jettison.core.errors import RegistryError
from jettison.image.model import Image
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience

BIG = os.urandom(3_000_000)
APP = Made((tar(entry("big", BIG)),), compression="plain")
LAYER = digest_of(APP.blobs[0])
Faulty = Callable[..., Proxy]
Push = Callable[..., str]


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Push) -> None:
    push(APP, "app:1")


def layer(fault: Callable[[Exchange], bool | None]) -> Fault:
    """The fault, for the layer's blob alone."""
    return lambda one: fault(one) if one.path.endswith(LAYER) else None


def read(proxy: Proxy, quick: Patience) -> Image:
    """The image with its layer, all of it."""
    image = transport.read(f"{proxy.host}/app:1", patience=quick)
    assert len(BIG) == image.sizes.unpacked
    assert BIG == image.tree.read(b"big")
    return image


def refused(proxy: Proxy, quick: Patience, within: float = 8) -> RegistryError:
    """The error, in bounded time and with a hint."""
    started = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        read(proxy, quick)
    assert within > time.monotonic() - started
    assert caught.value.hint
    return caught.value


# --- connections that break


def test_a_download_that_is_cut_goes_on_where_it_was(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool | None:
        if one.number > 2:
            return None
        one.send(upto=1_000_000)
        one.cut()
        return True

    proxy = faulty(layer(cut))
    read(proxy, quick)
    asked = [each.asked.get("range") for each in proxy.log if each.path.endswith(LAYER)]
    assert [None, "bytes=1000000-", "bytes=2000000-"] == asked


def test_a_server_without_ranges_is_asked_for_the_whole_again(faulty: Faulty, quick: Patience) -> None:
    whole = APP.blobs[0]

    def without(one: Exchange) -> bool:
        one.answer(200, whole, Content_Type="application/octet-stream")
        one.send(upto=1_500_000 if one.number == 1 else None)
        if one.number == 1:
            one.cut()
        return True

    read(faulty(layer(without)), quick)


@pytest.mark.parametrize("told", ["bytes 7-9/10", "bytes 0-{last}/{size}", "bytes 0-{last}/*", "nonsense", ""])
def test_a_wrong_range_is_not_believed(faulty: Faulty, quick: Patience, told: str) -> None:
    def wrong(one: Exchange) -> bool | None:
        if one.number == 1:
            one.send(upto=1_000_000)
            one.cut()
            return True
        if "range" in one.asked:
            size = len(APP.blobs[0])
            one.answer(206, APP.blobs[0], Content_Range=told.format(size=size, last=size - 1))
        return None

    proxy = faulty(layer(wrong))
    read(proxy, quick)
    assert None is proxy.log[-1].asked.get("range")  # it was asked for as a whole in the end


def test_a_range_that_cannot_be_had_is_no_end(faulty: Faulty, quick: Patience) -> None:
    def refuse(one: Exchange) -> bool | None:
        if one.number == 1:
            one.send(upto=1_000_000)
            one.cut()
            return True
        if "range" in one.asked:
            one.answer(416)
        return None

    read(faulty(layer(refuse)), quick)


def test_a_connection_that_is_cut_each_time_is_given_up(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool:
        one.send(upto=10)
        one.cut()
        return True

    proxy = faulty(layer(cut))
    error = refused(proxy, quick)
    assert "cut the connection" in error.message
    assert f"{LAYER} we have 40 B of 3.0 MB" in error.message.replace("\xa0", " ")
    assert quick.tries == len(proxy.paths(LAYER))


@pytest.mark.parametrize("what", ["/v2/", "/manifests/", "/blobs/"])
def test_answers_that_never_came_are_asked_for_again(faulty: Faulty, quick: Patience, what: str) -> None:
    def cut(one: Exchange) -> bool | None:
        if what in one.path and one.number <= 2:
            one.cut()
            return True
        return None

    read(faulty(cut), quick)


def test_a_manifest_that_is_cut_in_its_midst_is_asked_for_again(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool | None:
        if one.is_manifest and one.number == 1:
            one.send(upto=20)
            one.cut()
            return True
        return None

    read(faulty(cut), quick)


def test_a_stalled_download_goes_on_and_a_dead_one_is_given_up(faulty: Faulty, quick: Patience) -> None:
    def stall(one: Exchange) -> bool | None:
        if one.number == 1:
            one.send(upto=1_000_000)
            one.stall()
            return True
        return None

    read(faulty(layer(stall)), quick)

    def dead(one: Exchange) -> bool:
        one.send(upto=0)
        one.stall()
        return True

    assert "stalled" in refused(faulty(layer(dead)), quick).message


def test_a_trickle_is_a_stall(faulty: Faulty, quick: Patience) -> None:
    def trickle(one: Exchange) -> bool:
        one.send(upto=0)
        while not one.ended.wait(0.1):
            one.handler.wfile.write(b"x")
        return True

    refused(faulty(layer(trickle)), quick)


def test_headers_that_trickle_are_given_up(faulty: Faulty, quick: Patience) -> None:
    def trickle(one: Exchange) -> bool | None:
        if not one.is_manifest:
            return None
        one.handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not one.ended.wait(0.1):
            one.handler.wfile.write(b"x")
        return True

    hasty = replace(quick, tries=2, headers=0.8)
    assert "cut the connection" in refused(faulty(trickle), hasty, within=5).message


def test_headers_that_break_off_are_asked_for_again(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool | None:
        if one.number > 1:
            return None
        one.handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        one.cut()
        return True

    read(faulty(cut), quick)


# --- busy servers


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("what", ["/v2/", "/manifests/", "/blobs/"])
def test_a_busy_server_is_asked_again(faulty: Faulty, quick: Patience, status: int, what: str) -> None:
    def busy(one: Exchange) -> None:
        if what in one.path and one.number <= 2:
            one.answer(status, b"busy")

    read(faulty(busy), quick)


def test_a_busy_server_says_when_to_come_again(faulty: Faulty, quick: Patience) -> None:
    def busy(one: Exchange) -> None:
        if one.path.endswith(LAYER) and one.number == 1:
            one.answer(429, Retry_After="1")
        if one.is_manifest and one.number == 1:
            one.answer(503, Retry_After=formatdate(time.time() + 1.9, usegmt=True))

    started = time.monotonic()
    read(faulty(busy), quick)
    assert 1.8 < time.monotonic() - started


def test_a_server_that_is_busy_for_long_is_not_waited_for(faulty: Faulty, quick: Patience) -> None:
    def busy(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(429, Retry_After="3600")

    assert "left alone for 3600 s" in refused(faulty(busy), quick, within=2).message


@pytest.mark.parametrize(("status", "word"), [(429, "too many requests"), (503, "answers 503")])
def test_a_server_that_stays_busy_is_given_up(faulty: Faulty, quick: Patience, status: int, word: str) -> None:
    def busy(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(status)

    proxy = faulty(busy)
    assert word in refused(proxy, quick).message
    assert quick.tries == len(proxy.paths("/manifests/"))


def test_a_blob_that_is_always_busy_is_given_up(faulty: Faulty, quick: Patience) -> None:
    assert "answers 502" in refused(faulty(layer(lambda one: one.answer(502))), quick).message


# --- lies


def test_wrong_bytes_are_noticed_and_never_used(faulty: Faulty, quick: Patience) -> None:
    def lie(one: Exchange) -> None:
        one.body = b"X" + one.body[1:]

    proxy = faulty(layer(lie))
    error = refused(proxy, quick)
    assert f"the bytes of {LAYER} are those of sha256:" in error.message
    assert 2 == len(proxy.paths(LAYER))  # once more, in case it was the wire


def test_bytes_that_are_wrong_once_are_fetched_anew(faulty: Faulty, quick: Patience) -> None:
    def lie(one: Exchange) -> None:
        if one.number == 1:
            one.body = one.body[:-1] + b"X"

    read(faulty(layer(lie)), quick)


def test_a_part_that_changed_between_two_tries_is_noticed(faulty: Faulty, quick: Patience) -> None:
    def lie(one: Exchange) -> bool | None:
        if one.number % 2:
            one.send(upto=1_000_000)
            one.cut()
            return True
        one.body = bytes(len(one.body))
        return None

    assert "are those of" in refused(faulty(layer(lie)), quick).message


@pytest.mark.parametrize("change", [-1, 1, 10**15])
def test_another_length_than_the_manifest_tells_is_refused_at_once(
    faulty: Faulty, quick: Patience, change: int
) -> None:
    def lie(one: Exchange) -> bool:
        one.send(length=len(one.body) + change, upto=100)
        one.stall()
        return True

    error = refused(faulty(layer(lie)), quick, within=2)
    assert f"and should have {len(APP.blobs[0])}" in error.message


@pytest.mark.parametrize("more", [1, 50_000_000])
def test_more_bytes_than_told_without_a_length_are_refused(faulty: Faulty, quick: Patience, more: int) -> None:
    def lie(one: Exchange) -> bool:
        one.handler.send_response_only(200)
        one.handler.send_header("Transfer-Encoding", "chunked")
        one.handler.end_headers()
        body = one.body + bytes(more)
        for start in range(0, len(body), 2**16):
            chunk = body[start : start + 2**16]
            one.handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        one.handler.wfile.write(b"0\r\n\r\n")
        return True

    try:
        read(faulty(layer(lie)), quick)  # the first bytes are the right ones, and what comes after them is not read
    except RegistryError as error:
        assert "is longer than" in error.message


def test_another_manifest_than_was_asked_for_is_refused(faulty: Faulty, quick: Patience) -> None:
    def lie(one: Exchange) -> None:
        if one.is_manifest:
            one.body = one.body.replace(b'"size": ', b'"size":')

    assert "gives another manifest than it says" in refused(faulty(lie), quick).message

    def silent(one: Exchange) -> None:
        lie(one)
        one.headers.pop("Docker-Content-Digest", None)

    proxy = faulty(silent)
    name = f"{proxy.host}/app@{digest_of(APP.manifest)}"
    with pytest.raises(RegistryError, match="gives another manifest than it says"):
        transport.read(name, patience=quick)


@pytest.mark.parametrize("told", ["sha256:" + "0" * 64, "md5:1", "nonsense", "sha256:"])
def test_a_wrong_digest_header_is_noticed(faulty: Faulty, quick: Patience, told: str) -> None:
    def lie(one: Exchange) -> None:
        if one.is_manifest:
            one.headers["Docker-Content-Digest"] = told

    refused(faulty(lie), quick)


@pytest.mark.parametrize("told", [True, False])
def test_a_huge_manifest_is_not_read(faulty: Faulty, quick: Patience, told: bool) -> None:
    def huge(one: Exchange) -> bool | None:
        if not one.is_manifest:
            return None
        one.handler.send_response_only(200)
        one.handler.send_header("Content-Length" if told else "X", str(10**12))
        one.handler.end_headers()
        for _ in range(8):
            one.handler.wfile.write(b" " * 2**20)
        one.stall()
        return True

    assert "where 4.2 MB are allowed" in refused(faulty(huge), quick, within=4).message


@pytest.mark.parametrize(("status", "kind"), [(200, "text/html"), (404, "text/html; charset=utf-8"), (200, "")])
def test_a_web_page_is_no_registry(faulty: Faulty, quick: Patience, status: int, kind: str) -> None:
    def page(one: Exchange) -> None:
        one.answer(status, b"<!DOCTYPE html><h1>Welcome", Content_Type=kind)

    assert "answers with a web page" in refused(faulty(page), quick).message


@pytest.mark.parametrize("body", [b"", b"nonsense", b'{"errors": 1}', b'{"errors": [{"code": 1}]}', b"[" * 10**5])
def test_an_error_in_no_known_form_is_still_told(faulty: Faulty, quick: Patience, body: bytes) -> None:
    def strange(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(418, body)

    assert "answers 418 to app:1" in refused(faulty(strange), quick).message


def test_garbage_in_place_of_http_is_told(faulty: Faulty, quick: Patience) -> None:
    def garbage(one: Exchange) -> bool:
        one.handler.wfile.write(b"\x00\xff" * 100 + b"\r\n\r\n")
        one.cut()
        return True

    refused(faulty(garbage), quick)


# --- redirections


def test_a_blob_may_lie_elsewhere(faulty: Faulty, quick: Patience) -> None:
    store = faulty()

    def elsewhere(one: Exchange) -> None:
        one.answer(307, Location=f"http://{store.host}{one.path}?signature=secret")

    proxy = faulty(layer(elsewhere))
    read(proxy, quick)
    assert 1 == len(store.paths("signature=secret"))


def test_a_resumed_download_asks_the_registry_again_where_the_blob_lies(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool | None:
        if one.number == 1:
            one.send(upto=1_000_000)
            one.cut()
            return True
        return None

    store = faulty(layer(cut))
    proxy = faulty(layer(lambda one: one.answer(307, Location=f"http://{store.host}{one.path}")))
    read(proxy, quick)
    assert [None, "bytes=1000000-"] == [each.asked.get("range") for each in store.log]


@pytest.mark.parametrize("place", ["", "/again", "http://127.0.0.1:{port}/again"])
def test_redirections_without_end_end(faulty: Faulty, quick: Patience, place: str) -> None:
    def around(one: Exchange) -> None:
        if one.is_manifest or one.path == "/again":
            one.answer(302, Location=place.format(port=one.handler.server.server_address[1]) or one.path)  # type: ignore[index]

    assert "redirects without end" in refused(faulty(around), quick).message


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "javascript:1", "http://[", "//"]
)
def test_redirections_to_no_web_address_are_refused(faulty: Faulty, quick: Patience, place: str) -> None:
    def away(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(302, Location=place)

    refused(faulty(away), quick)


def test_a_registry_that_says_only_nonsense_in_json_is_told(faulty: Faulty, quick: Patience) -> None:
    def nonsense(one: Exchange) -> None:
        if one.is_manifest:
            one.answer(200, json.dumps({"hello": "world"}).encode(), Content_Type="application/json")

    with pytest.raises(Exception, match="not the manifest of an image"):
        transport.read(f"{faulty(nonsense).host}/app:1", patience=quick)
