"""A registry that stalls, cuts and is busy: we recover where that can be, else say what is wrong."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate

import pytest
from faulty_proxy import Exchange
from registry_app import APP, LAYER, Faulty, Push, layer, read, refused

from jettison.registry.patience import Patience

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Push) -> None:
    push(APP, "app:1")


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


def test_a_download_that_gets_on_may_break_more_often_than_one_that_does_not(faulty: Faulty, quick: Patience) -> None:
    def cut(one: Exchange) -> bool:
        one.send(upto=600_000)
        one.cut()
        return True

    proxy = faulty(layer(cut))
    read(proxy, quick)
    assert quick.tries < len(proxy.paths(LAYER))


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

    hasty = replace(quick, read=0.4)
    read(faulty(layer(stall)), hasty)

    def dead(one: Exchange) -> bool:
        one.send(upto=0)
        one.stall()
        return True

    assert "stalled" in refused(faulty(layer(dead)), hasty).message


def test_a_trickle_is_a_stall(faulty: Faulty, quick: Patience) -> None:
    def trickle(one: Exchange) -> bool:
        one.send(upto=0)
        while not one.ended.wait(0.1):
            one.handler.wfile.write(b"x")
        return True

    refused(faulty(layer(trickle)), replace(quick, read=0.4))


def test_headers_that_trickle_are_given_up(faulty: Faulty, quick: Patience) -> None:
    def trickle(one: Exchange) -> bool | None:
        if not one.is_manifest:
            return None
        one.handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not one.ended.wait(0.1):
            one.handler.wfile.write(b"x")
        return True

    hasty = replace(quick, tries=2, headers=0.8)
    assert "cut the connection" in refused(faulty(trickle), hasty, within=10).message


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

    assert "left alone for 3600 s" in refused(faulty(busy), quick, within=6).message


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
