"""containerd's store: names out of its database, layers out of its blobs, or of its snapshots where those are gone."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from handmade import (
    MANIFEST,
    Made,
    blob_path,
    classic_files,
    descriptor,
    directory,
    entry,
    hard_link,
    layout_files,
    tar,
    write_archive,
    write_layout,
)
from handmade_archives import docker29
from handmade_bolt import PAGE, database, write_store
from hypothesis import given, settings
from hypothesis import strategies as st
from test_daemon import daemon as fake_daemon
from test_transports import numbers

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.image.open import open_image
from jettison.image.transports import containerd
from jettison.image.transports.bolt import Database
from jettison.image.transports.config import chain_id

APP = Made((tar(entry("a", b"x" * 3000), hard_link("h", "a")), tar(entry("b", b"y"), entry(".wh.a"))))
OTHER = Made((tar(entry("o", b"o")),))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTAINERD_NAMESPACE", raising=False)


@pytest.mark.parametrize("most", [2, 50])
@pytest.mark.parametrize("name", ["app:1", "docker.io/library/app:1", "library/app:1"])
def test_an_image_is_had_by_its_name_as_people_write_it(name: str, most: int, tmp_path: Path, alone: None) -> None:
    """Also where the database has branches: two entries a leaf."""
    images = {"docker.io/library/app:1": APP, **{f"ghcr.io/x/y:{n}": OTHER for n in range(9)}}
    root = write_store(tmp_path / "root", {"default": images, "k8s.io": {"ghcr.io/x/z:1": OTHER}}, most)
    write_layout(layout_files(APP), tmp_path / "layout")
    assert numbers(open_image(f"oci:{tmp_path}/layout")) == numbers(containerd.read(name, None, root))
    assert 1 == len(containerd.read("ghcr.io/x/y:8", None, root).layers)


def test_an_image_is_had_by_the_digest_of_its_manifest(tmp_path: Path, alone: None) -> None:
    root = write_store(tmp_path, {"default": {"docker.io/library/app:1": APP}})
    digest = containerd.read("app:1", None, root).digest
    assert digest == containerd.read(f"@{digest}", None, root).digest


def test_namespaces_that_mean_different_images_must_be_told(
    tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "docker.io/library/app:1"
    root = write_store(tmp_path, {"default": {name: APP}, "k8s.io": {name: OTHER}, "moby": {"localhost/app:2": OTHER}})
    with pytest.raises(ImageError, match="different images in the namespaces default, k8s") as caught:
        containerd.read("app:1", None, root)
    assert "set CONTAINERD_NAMESPACE" == caught.value.hint
    for namespace, layers in (("default", 2), ("k8s.io", 1)):
        monkeypatch.setenv("CONTAINERD_NAMESPACE", namespace)
        assert layers == len(containerd.read("app:1", None, root).layers)
    monkeypatch.setenv("CONTAINERD_NAMESPACE", "moby")
    with pytest.raises(ImageError, match="no image app:1") as caught:
        containerd.read("app:1", None, root)
    assert "localhost/app:2" in caught.value.hint


def test_a_platform_that_is_asked_for_must_be_the_image_s(tmp_path: Path, alone: None) -> None:
    root = write_store(tmp_path, {"default": {"docker.io/library/app:1": APP}})
    with pytest.raises(ImageError, match="no image for linux/s390x"):
        containerd.read("app:1", Platform("linux", "s390x"), root)


def _with_snapshots(root: Path, folders: dict[str, Path]) -> None:
    """What the overlay snapshotter keeps of layers by chain ID."""
    base = root / "io.containerd.snapshotter.v1.overlayfs"
    keys, ids = {}, {}
    for number, (chain, folder) in enumerate(folders.items(), 1):
        shutil.copytree(folder, base / "snapshots" / str(number) / "fs")
        name = f"default/{number}/{chain}".encode()
        keys[chain.encode()] = {b"name": name, b"createdat": b"x"}
        ids[name] = {b"id": bytes([number]), b"kind": b"\3"}
    (base / "metadata.db").write_bytes(database({b"v1": {b"snapshots": ids}}))
    meta = root / "io.containerd.metadata.v1.bolt" / "meta.db"
    names = {b"docker.io/library/app:1": _target(root)}
    held = {b"default": {b"images": names, b"snapshots": {b"overlayfs": keys}}}
    meta.write_bytes(database({b"v1": held}))


def _target(root: Path) -> Any:
    found = Database(root / "io.containerd.metadata.v1.bolt" / "meta.db")
    return {
        b"target": {
            key: value
            for key, value, _ in found.bucket(b"v1", b"default", b"images", b"docker.io/library/app:1", b"target")
        }
    }


def test_a_layer_whose_blob_was_thrown_away_is_read_from_its_snapshot(tmp_path: Path, alone: None) -> None:
    """As nodes of Kubernetes do it: discard_unpacked_layers."""
    made = Made((tar(directory("d"), entry("d/a", b"x" * 3000)), tar(entry("b", b"y"))))
    root = write_store(tmp_path / "root", {"default": {"docker.io/library/app:1": made}})
    expected = numbers(containerd.read("app:1", None, root))["sizes"]
    for blob in made.blobs:
        (root / "io.containerd.content.v1.content" / blob_path(blob)).unlink()
    with pytest.raises(ImageError, match=r"layer sha256:\w+ is missing"):
        containerd.read("app:1", None, root)
    folders = [tmp_path / "0", tmp_path / "1"]
    (folders[0] / "d").mkdir(parents=True)
    folders[1].mkdir()
    (folders[0] / "d" / "a").write_bytes(b"x" * 3000)
    (folders[1] / "b").write_bytes(b"y")
    ids = json.loads(made.config)["rootfs"]["diff_ids"]
    chains = [chain_id(ids[:1]), chain_id(ids)]
    _with_snapshots(root, dict(zip(chains, folders, strict=True)))
    image = containerd.read("app:1", None, root)
    assert expected == (image.sizes.unpacked, image.sizes.effective, image.sizes.waste)
    assert None is image.sizes.transfer  # no packed form is stored here
    assert b"y" == image.tree.read(b"b")


def test_databases_that_lie_are_refused(tmp_path: Path, alone: None) -> None:
    root = write_store(tmp_path, {"default": {"docker.io/library/app:1": APP}})
    meta = root / "io.containerd.metadata.v1.bolt" / "meta.db"
    good = meta.read_bytes()
    circle = bytearray(good)
    for at in range(3 * PAGE, len(good), PAGE):  # every page a branch that leads to itself
        circle[at : at + 32] = struct.pack("<QHHI", at // PAGE, 1, 1, 0) + struct.pack("<IIQ", 16, 0, at // PAGE)
    for data, match in (
        (b"", "no bolt database"),
        (b"SQLite format 3\0" + bytes(9000), "no bolt database"),
        (good[: 3 * PAGE], "no whole bolt database"),
        (bytes(circle), "in a circle"),
        (good.replace(b"sha256:", b"sha256_"), "no usable digest"),
    ):
        meta.write_bytes(data)
        with pytest.raises(ImageError, match=match) as caught:
            containerd.read("app:1", None, root)
        assert caught.value.hint
    meta.unlink()
    with pytest.raises(ImageError, match="there is no file"):
        containerd.read("app:1", None, root)


def test_a_daemon_that_keeps_its_images_in_containerd_is_read_there(
    tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker 29: answers as its API (1.48 and later) describes them; no such daemon was at hand."""
    root = write_store(tmp_path / "root", {"moby": {"docker.io/library/app:1": APP}})
    monkeypatch.setattr(containerd, "stores", lambda: [tmp_path / "gone", root])
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    target = descriptor(APP.manifest, MANIFEST)
    archive = write_archive(classic_files(APP), tmp_path / "x.tar").read_bytes()
    facts = {"Id": target["digest"], "Size": 4321, "Descriptor": target}
    told = {"/images/app:1/json": (200, json.dumps(facts).encode(), -1)}
    with fake_daemon(tmp_path / "docker.sock", told):
        image = open_image("docker-daemon:app:1")  # nothing else is answered
        assert (target["digest"], 4321, 3001) == (image.digest, image.sizes.daemon, image.sizes.unpacked)
    elsewhere = facts | {"Descriptor": target | {"digest": "sha256:" + "0" * 64}}
    told["/images/app:1/json"] = (200, json.dumps(elsewhere).encode(), -1)
    told[f"/images/{target['digest']}/get"] = (200, archive, -1)
    (tmp_path / "docker.sock").unlink()
    with fake_daemon(tmp_path / "docker.sock", told):
        assert 3001 == open_image("docker-daemon:app:1").sizes.unpacked


WHOLE = database({b"v1": {b"a": {b"images": {str(n).encode(): {b"target": {b"size": b"\2"}} for n in range(40)}}}}, 7)


@settings(max_examples=150, deadline=None)
@given(st.integers(2 * PAGE, len(WHOLE) - 1), st.binary(min_size=1, max_size=16))
def test_a_changed_database_is_refused_or_read_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.db"
    path.write_bytes(WHOLE[:at] + change + WHOLE[at + len(change) :])
    try:
        found = Database(path)
        assert len(list(found.bucket(b"v1", b"a", b"images"))) < 1000
        assert found.unchanged()
    except ImageError as error:
        assert error.hint


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """A containerd of the tests' own: its root, and how ctr is called."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("containerd", "ctr"))):
        pytest.skip("needs containerd and root")
    folder = tmp_path_factory.mktemp("containerd")
    lines = ["version = 2", f'root = "{folder}/root"', f'state = "{folder}/state"']
    lines += ['disabled_plugins = ["io.containerd.grpc.v1.cri"]', "[grpc]", f'address = "{folder}/sock"']
    lines += ['[plugins."io.containerd.internal.v1.opt"]', f'path = "{folder}/opt"']
    (folder / "config.toml").write_text("\n".join(lines))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", "--config", str(folder / "config.toml")], stdout=log, stderr=log)
    call = ["ctr", "--address", f"{folder}/sock"]
    try:
        for _ in range(100):
            if subprocess.run([*call, "version"], capture_output=True).returncode == 0:
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield folder / "root", call
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.engine
def test_what_ctr_imports_is_read_from_its_store_and_what_it_exports_is_the_same(
    daemon: tuple[Path, list[str]], tmp_path: Path, alone: None
) -> None:
    root, call = daemon
    (tmp_path / "x.tar").write_bytes(tar(*docker29(APP)))
    subprocess.run([*call, "images", "import", str(tmp_path / "x.tar")], check=True, capture_output=True)
    expected = numbers(open_image(str(tmp_path / "x.tar")))
    assert expected == numbers(containerd.read("app:1", None, root))
    name = "docker.io/library/app:1"
    subprocess.run([*call, "images", "export", str(tmp_path / "y.tar"), name], check=True, capture_output=True)
    assert expected == numbers(open_image(str(tmp_path / "y.tar"), Platform("linux", "amd64")))
    write_archive(layout_files(OTHER), tmp_path / "other.tar")
    words = ["--namespace", "k8s.io", "images", "import", "--base-name", "ghcr.io/o", str(tmp_path / "other.tar")]
    subprocess.run([*call, *words], check=True, capture_output=True)
    assert 1 == containerd.read("ghcr.io/o:1", None, root).sizes.unpacked


@pytest.mark.engine
def test_snapshots_of_a_real_store_are_read_where_its_blobs_are_gone(
    daemon: tuple[Path, list[str]], tmp_path: Path, alone: None
) -> None:
    root, call = daemon
    write_archive(layout_files(APP), tmp_path / "x.tar")
    words = ["--namespace", "gone", "images", "import", "--base-name", "ghcr.io/gone", str(tmp_path / "x.tar")]
    subprocess.run([*call, *words], check=True, capture_output=True)
    expected = containerd.read("ghcr.io/gone:1", None, root).sizes
    store = tmp_path / "root"
    subprocess.run(["cp", "-a", str(root), str(store)], check=True)  # with the whiteouts' devices
    for blob in APP.blobs:
        (store / "io.containerd.content.v1.content" / blob_path(blob)).unlink()
    image = containerd.read("ghcr.io/gone:1", None, store)
    assert (expected.unpacked, expected.effective) == (image.sizes.unpacked, image.sizes.effective)
