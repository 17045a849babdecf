"""Layers on their way: several at once, each once, never half of one, and none after nobody wants them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_proxy import Exchange, Proxy
from handmade import Made, entry, tar
from registry_server import Server, digest_of

from jettison.core.errors import ImageError, RegistryError
from jettison.image.transports import registry as transport
from jettison.image.transports.fetched import fetch
from jettison.image.walking import walk_layers
from jettison.registry.patience import Patience

pytestmark = pytest.mark.slow
APP = Made(tuple(tar(entry(f"f{n}", os.urandom(200_000))) for n in range(4)), compression="plain")
BLOBS = [digest_of(blob) for blob in APP.blobs]


@pytest.fixture(autouse=True, scope="module")
def _pushed(push: Callable[..., str]) -> None:
    push(APP, "down/app:1")


def test_layers_are_fetched_several_at_once_and_no_more_than_three(
    faulty: Callable[..., Proxy], quick: Patience
) -> None:
    running, most, together = 0, 0, threading.Barrier(3)
    lock = threading.Lock()

    def count(one: Exchange) -> None:
        nonlocal running, most
        if one.path.rpartition("/")[2] not in BLOBS:
            return
        with lock:
            running += 1
            most = max(most, running)
            first = len([each for each in BLOBS[:3] if one.path.endswith(each)])
        if first:
            together.wait(5)  # none of three goes on before all are there
        with lock:
            running -= 1

    proxy = faulty(count)
    image = transport.read(f"{proxy.host}/down/app:1", patience=Patience())
    came = list(fetch([layer.source for layer in image.layers]))
    assert 3 == most
    assert (sum(len(blob) for blob in APP.blobs), sorted(came)) == (came[-1], came)
    assert [] == list(fetch([layer.source for layer in image.layers]))  # they are here
    assert 800_000 == image.sizes.unpacked
    assert sorted(BLOBS) == sorted(path.rpartition("/")[2] for path in proxy.paths("/blobs/")[1:])


def test_threads_that_want_one_layer_wait_for_one_download(faulty: Callable[..., Proxy], quick: Patience) -> None:
    proxy = faulty(lambda one: time.sleep(0.1) if one.path.endswith(BLOBS[0]) else None)
    image = transport.read(f"{proxy.host}/down/app:1", patience=quick)
    threads = [threading.Thread(target=image.layers[0].source.columns) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(proxy.paths(BLOBS[0]))


def test_a_download_that_fails_ends_the_others(faulty: Callable[..., Proxy]) -> None:
    def fault(one: Exchange) -> bool | None:
        if one.path.endswith(BLOBS[0]):
            time.sleep(0.3)
            one.answer(404)
        elif one.path.rpartition("/")[2] in BLOBS:
            one.send(upto=1000)
            one.stall()
            return True
        return None

    image = transport.read(f"{faulty(fault).host}/down/app:1", patience=Patience())  # which would wait for 30 s
    started = time.monotonic()
    with pytest.raises(RegistryError, match="has no down/app@sha256"):
        list(fetch([layer.source for layer in image.layers]))
    assert 15 > time.monotonic() - started


def test_who_stops_watching_stops_the_downloads(faulty: Callable[..., Proxy]) -> None:
    def stall(one: Exchange) -> bool | None:
        if one.path.rpartition("/")[2] not in BLOBS:
            return None
        one.send(upto=1000)
        one.stall()
        return True

    image = transport.read(f"{faulty(stall).host}/down/app:1", patience=Patience())
    watched = fetch([layer.source for layer in image.layers])
    while next(watched) < 3000:
        pass
    started = time.monotonic()
    watched.close()  # type: ignore[attr-defined]
    assert 15 > time.monotonic() - started
    assert [] == [each.name for each in threading.enumerate() if each.name == "jettison-fetch"]


def test_a_layer_that_came_wrong_is_not_kept_and_can_be_fetched_again(
    faulty: Callable[..., Proxy], quick: Patience
) -> None:
    lying = True

    def lie(one: Exchange) -> None:
        if lying and one.path.endswith(BLOBS[1]):
            one.body = bytes(len(one.body))

    image = transport.read(f"{faulty(lie).host}/down/app:1", patience=quick)
    with pytest.raises(ImageError, match="are those of"):
        image.layers[1].source.columns()
    lying = False
    assert 200_000 == sum(image.layers[1].source.columns().sizes)


def test_nothing_is_left_behind_by_a_download(
    registry: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: Patience
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    image = transport.read(f"{registry.host}/down/app:1", patience=quick)
    assert 800_000 == image.sizes.unpacked
    assert ["home"] == [each.name for each in tmp_path.iterdir()]


def jettison(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jettison", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


def test_the_command_line_reads_a_registry(registry: Server) -> None:
    done = jettison("inspect", f"docker://localhost:{registry.port}/down/app:1")
    assert (0, "") == (done.returncode, done.stderr)
    assert f"docker://localhost:{registry.port}/down/app:1" in done.stdout
    assert "800.0 kB" in done.stdout


def test_the_command_line_says_what_is_wrong_and_ends_with_its_code(registry: Server) -> None:
    for name, code, word in (
        (f"{registry.host}/app:none", 3, "has no app:none (manifest unknown)"),
        (f"{registry.host}/none", 3, "has no none:latest"),
        (f"{registry.host}/App", 2, "repositories are written in lower case: app"),
        ("127.0.0.1:1/app", 3, "cannot be reached: Connection refused"),
        ("https://r.io/app", 2, "is an address, no name of an image"),
    ):
        done = jettison("inspect", f"docker://{name}")
        assert (code, "") == (done.returncode, done.stdout)
        assert word in done.stderr
        assert "hint: " in done.stderr
        assert "Traceback" not in done.stderr


def test_control_c_ends_a_stalled_download_at_once(faulty: Callable[..., Proxy]) -> None:
    reached = threading.Event()

    def stall(one: Exchange) -> bool | None:
        if one.path.rpartition("/")[2] not in BLOBS:
            return None
        one.send(upto=1000)
        reached.set()
        one.stall()
        return True

    proxy = faulty(stall)
    command = [sys.executable, "-m", "jettison", "inspect", f"docker://{proxy.host}/down/app:1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reached.wait(30)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (130, "Traceback" in told) == (process.returncode, False)
    assert 15 > time.monotonic() - started


def test_layers_that_are_known_are_not_fetched_again(
    faulty: Callable[..., Proxy], push: Callable[..., str], tmp_path: Path, quick: Patience,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    layers = [tar(*(entry(f"{each}{n}", os.urandom(10)) for n in range(400))) for each in "ab"]
    push(Made(tuple(layers)), "known:1")
    proxy = faulty()
    sizes = [transport.read(f"{proxy.host}/known:1", patience=quick).sizes for _ in range(2)]
    assert sizes[0] == sizes[1]
    assert 8000 == sizes[0].unpacked
    fetched = [path.rpartition("/")[2] for path in proxy.paths("/blobs/")]
    blobs = [digest_of(blob) for blob in Made(tuple(layers)).blobs]
    assert [1, 1] == [fetched.count(each) for each in blobs]


def test_who_watches_the_walk_sees_the_download(registry: Server, quick: Patience) -> None:
    image = transport.read(f"{registry.host}/down/app:1", patience=quick)
    events = list(walk_layers(image.layers))
    stored = sum(len(blob) for blob in APP.blobs)
    assert (2 * stored, 2 * stored, 4, 4) == (
        events[-1].bytes, events[-1].of_bytes, events[-1].layers, events[-1].of_layers,
    )  # fmt: skip
    assert {2 * stored} == {each.of_bytes for each in events}
