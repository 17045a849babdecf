"""A registry that lies or leads astray: nothing of it is used, and the error says what was wrong."""

from __future__ import annotations

import json

import pytest
from faulty_proxy import Exchange
from registry_app import APP, LAYER, Faulty, Push, layer, read, refused
from registry_server import digest_of

from jettison.core.errors import RegistryError
from jettison.image.transports import registry as transport
from jettison.registry.patience import Patience


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Push) -> None:
    push(APP, "app:1")


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

    error = refused(faulty(layer(lie)), quick, within=6)
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
        for _ in range(0 if told else 8):
            one.handler.wfile.write(b" " * 2**20)
        one.stall()
        return True

    assert "where 4.2 MB are allowed" in refused(faulty(huge), quick, within=8).message


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
