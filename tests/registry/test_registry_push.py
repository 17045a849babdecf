"""Images pushed to a real registry, and through a proxy that breaks things."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from handmade import Made, classic_files, digest, entry, layout_files, tar, write_archive, write_layout
from push_proxy import Asked, Fault, PushProxy, push_proxied
from registry_server import Server

from jettison.core.errors import ImageError, RegistryError, UsageError
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.transports.registry_write import write
from jettison.registry.patience import Patience

pytestmark = pytest.mark.slow

BIG = os.urandom(3_000_000)
APP = Made((tar(entry("big", BIG)), tar(entry("b", b"2"))), compression="")


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return open_image(f"oci:{write_layout(layout_files(APP), tmp_path / 'in')}")


@pytest.fixture
def proxy(registry: Server) -> Iterator[PushProxy]:
    with push_proxied(registry.port) as found:
        yield found


def of_layer(method: str, number: int = 1) -> object:
    return lambda one: one.method == method and one.number == number


def same(image: Image, host: str, name: str) -> None:
    again = open_image(f"docker://{host}/{name}")
    assert image.digest == again.digest
    assert image.sizes == again.sizes
    assert BIG == again.tree.read(b"big")


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_what_is_pushed_is_pulled_the_same(how: str, registry: Server, tmp_path: Path) -> None:
    made = Made(APP.layers, compression=how)
    image = open_image(f"oci:{write_layout(layout_files(made), tmp_path / 'in')}")
    assert image.digest == write(image, f"{registry.host}/same{how}/app:1")
    same(image, registry.host, f"same{how}/app:1")
    assert image.digest == open_image(f"docker://{registry.host}/same{how}/app@{image.digest}").digest


def test_an_archive_is_pushed_with_compressed_layers(registry: Server, tmp_path: Path) -> None:
    image = open_image(str(write_archive(classic_files(APP), tmp_path / "x.tar")))
    assert image.digest == digest(APP.config)
    write(image, f"{registry.host}/archive:1")
    again = open_image(f"docker://{registry.host}/archive:1")
    assert ["application/vnd.oci.image.layer.v1.tar+gzip"] * 2 == [layer.media_type for layer in again.layers]
    assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in again.layers]
    assert BIG == again.tree.read(b"big")


def test_what_is_there_is_not_sent_again(image: Image, proxy: PushProxy) -> None:
    write(image, f"{proxy.host}/there:1")
    assert 3 == proxy.count("PATCH")
    write(image, f"{proxy.host}/there:2")
    assert (3, 2) == (proxy.count("PATCH"), proxy.count("PUT", "/manifests/"))
    same(image, proxy.host, "there:2")


def test_the_manifest_goes_last(image: Image, proxy: PushProxy) -> None:
    write(image, f"{proxy.host}/last:1")
    assert ("PUT", "/v2/last/manifests/1") == (proxy.log[-1].method, proxy.log[-1].path)


def test_blobs_of_another_repository_are_mounted_and_nothing_is_moved(image: Image, proxy: PushProxy) -> None:
    write(image, f"{proxy.host}/from/app:1")
    pulled = open_image(f"docker://{proxy.host}/from/app:1")
    before = len(proxy.log)
    assert image.digest == write(pulled, f"{proxy.host}/to/app:1")
    later = proxy.log[before:]
    assert [] == [each.path for each in later if each.method in ("PATCH", "GET") and "/blobs/" in each.path]
    assert 3 == sum("mount=" in each.path for each in later)
    same(image, proxy.host, "to/app:1")


def test_a_token_is_asked_for_with_the_right_to_push(image: Image, proxy: PushProxy) -> None:
    proxy.closed = True
    write(image, f"{proxy.host}/app:1")
    assert [["repository:app:pull,push"]] == proxy.scopes


def test_to_mount_a_token_is_asked_for_both_repositories(image: Image, proxy: PushProxy) -> None:
    write(image, f"{proxy.host}/mine:1")
    pulled = open_image(f"docker://{proxy.host}/mine:1")
    proxy.closed = True
    write(pulled, f"{proxy.host}/yours:1")
    assert [["repository:yours:pull,push", "repository:mine:pull"]] == proxy.scopes


def test_an_upload_that_breaks_goes_on_where_it_was(image: Image, proxy: PushProxy, quick: Patience) -> None:
    proxy.faults.append(Fault(of_layer("PATCH"), bytes=2_000_000, kept=True))  # type: ignore[arg-type]
    write(image, f"{proxy.host}/broken:1", patience=quick)
    first, second = [each for each in proxy.log if each.method == "PATCH"][:2]
    assert str(len(APP.blobs[0])) == first.headers["content-length"]
    assert f"2000000-{len(APP.blobs[0]) - 1}" == second.headers["content-range"]
    assert str(len(APP.blobs[0]) - 2_000_000) == second.headers["content-length"]
    same(image, proxy.host, "broken:1")


def test_an_upload_that_the_registry_forgets_begins_anew(image: Image, proxy: PushProxy, quick: Patience) -> None:
    proxy.faults.append(Fault(of_layer("PATCH"), bytes=2_000_000))  # type: ignore[arg-type]
    write(image, f"{proxy.host}/forgotten:1", patience=quick)
    sizes = [each.headers["content-length"] for each in proxy.log if each.method == "PATCH"]
    assert [str(len(APP.blobs[0]))] * 2 == sizes[:2]
    same(image, proxy.host, "forgotten:1")


def test_an_upload_that_breaks_again_and_again_is_given_up(image: Image, proxy: PushProxy, quick: Patience) -> None:
    proxy.faults.append(Fault(lambda one: one.method == "PATCH", bytes=0))
    with pytest.raises(RegistryError) as caught:
        write(image, f"{proxy.host}/given-up:1", patience=quick)
    assert caught.value.hint
    assert quick.tries == proxy.count("PATCH")
    assert 0 == proxy.count("PUT", "/manifests/")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_busy_registry_is_asked_again(
    method: str, late: bool, status: int, image: Image, proxy: PushProxy, quick: Patience
) -> None:
    """Whether it did what it was asked before it said so, or not."""
    name = f"busy-{method}-{late}-{status}".lower()
    proxy.faults.append(Fault(of_layer(method), status=status, late=late))  # type: ignore[arg-type]
    write(image, f"{proxy.host}/{name}:1", patience=quick)
    same(image, proxy.host, f"{name}:1")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "HEAD"])
def test_a_refusal_is_told_with_a_way_out(
    method: str, status: int, image: Image, proxy: PushProxy, quick: Patience
) -> None:
    def manifest(one: Asked) -> bool:
        return one.method == method

    proxy.faults.append(Fault(manifest, status=status))
    if method == "HEAD" and status not in (401, 403):
        write(image, f"{proxy.host}/refused-{status}:1", patience=quick)  # to look is a courtesy
        return
    with pytest.raises(RegistryError) as caught:
        write(image, f"{proxy.host}/refused:1", patience=quick)
    assert caught.value.hint


def test_bytes_that_changed_are_not_pushed(tmp_path: Path, registry: Server, image: Image) -> None:
    blob = tmp_path / "in" / "blobs" / (image.layers[0].digest or "").replace(":", "/")
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with pytest.raises(ImageError):
        write(image, f"{registry.host}/changed:1")
    with pytest.raises(RegistryError):
        open_image(f"docker://{registry.host}/changed:1")


def test_a_digest_in_the_name_must_be_the_images(image: Image, registry: Server) -> None:
    with pytest.raises(UsageError):
        write(image, f"{registry.host}/digest@sha256:{'0' * 64}")
    assert image.digest == write(image, f"{registry.host}/digest@{image.digest}")


def test_an_upload_is_not_led_to_an_open_place(image: Image, proxy: PushProxy, quick: Patience) -> None:
    proxy.faults.append(Fault(of_layer("POST"), status=202, headers={"Location": "ftp://elsewhere/x"}))  # type: ignore[arg-type]
    with pytest.raises(RegistryError) as caught:
        write(image, f"{proxy.host}/led:1", patience=quick)
    assert "no place for an upload" in caught.value.message


def test_nothing_listens(image: Image, quick: Patience) -> None:
    with pytest.raises(RegistryError) as caught:
        write(image, "127.0.0.1:1/app:1", patience=quick)
    assert caught.value.hint


@pytest.mark.engine
@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")
@pytest.mark.parametrize("archive", [False, True], ids=["as it was", "packed here"])
def test_skopeo_pulls_what_was_pushed(archive: bool, image: Image, registry: Server, tmp_path: Path) -> None:
    if archive:
        image = open_image(str(write_archive(classic_files(APP), tmp_path / "x.tar")))
    name = f"{registry.host}/skopeo-{archive}:1".lower()
    written = write(image, name)
    place = f"oci:{tmp_path}/copied:1"
    command = ["skopeo", "copy", "-q", "--src-tls-verify=false", "--preserve-digests", f"docker://{name}", place]
    subprocess.run(command, check=True, capture_output=True)
    copied = open_image(place)
    assert (written, APP.config) == (copied.digest, copied.documents and copied.documents.config)
    assert BIG == copied.tree.read(b"big")
