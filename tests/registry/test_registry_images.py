"""Images of every shape in a real docker-registry, read without an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_proxy import Exchange, Proxy
from handmade import CONFIG, INDEX, LAYER, MANIFEST, Made, descriptor, entry, index, layout_files, tar, write_layout
from registry_server import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Server, digest_of

from jettison.core.errors import ImageError, UsageError
from jettison.core.platform import host
from jettison.core.platform import parse as platform_of
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.transports import registry as transport

APP = Made((tar(entry("a", b"x" * 5000), entry("gone", b"y" * 700)), tar(entry("b", b"z" * 300), entry(".wh.gone"))))
OTHER = Made((tar(entry("arm", b"x" * 10)),), architecture="arm64")
ATTESTATION = {"vnd.docker.reference.type": "attestation-manifest"}
Push = Callable[..., str]


def shape(image: Image) -> dict[str, Any]:
    """What must be the same by whatever way an image is read."""
    return {
        "digest": image.digest,
        "config": image.config,
        "config_size": image.config_size,
        "layers": [(each.diff_id, each.digest, each.media_type, each.transfer) for each in image.layers],
        "entries": [[row._replace(offset=0) for row in each.columns] for each in image.layers],
        "sizes": image.sizes,
    }


@pytest.mark.parametrize("compression", ["gzip", "zstd", "plain"])
def test_an_image_is_the_same_from_a_registry_and_from_a_layout(
    registry: Server, push: Push, tmp_path: Path, compression: str
) -> None:
    made = Made(APP.layers, compression=compression)
    push(made, f"same/{compression}:1")
    layout = write_layout(layout_files(made), tmp_path / "layout")
    got = open_image(f"docker://{registry.host}/same/{compression}:1")
    assert shape(open_image(f"oci:{layout}")) == shape(got)
    assert b"x" * 5000 == got.tree.read(b"a")
    assert f"docker://{registry.host}/same/{compression}:1" == str(got.reference)


def test_the_second_schema_of_docker_is_read(registry: Server, push: Push) -> None:
    digest = push(APP, "docker-types:1", docker=True)
    image = open_image(f"docker://{registry.host}/docker-types:1")
    assert (digest, 6000, 5300, 700) == (
        image.digest, image.sizes.unpacked, image.sizes.effective, image.sizes.waste,
    )  # fmt: skip


def test_a_name_may_have_a_tag_a_digest_both_or_neither(registry: Server, push: Push) -> None:
    digest = push(APP, "named:latest")
    other = push(OTHER, "named:arm")
    for name, expected in (
        ("named", digest),
        ("named:latest", digest),
        (f"named@{other}", other),
        (f"named:latest@{other}", other),  # the digest decides
        ("named:arm", other),
    ):
        assert expected == open_image(f"docker://localhost:{registry.port}/{name}").digest


def test_of_an_index_the_platform_is_chosen_and_the_others_are_named(registry: Server, push: Push) -> None:
    mine = Made(APP.layers, architecture=host().architecture)
    for number, made in enumerate((mine, OTHER)):
        push(made, f"many:{number}")
    for media_type, manifest_type, tag in ((OCI_INDEX, OCI_MANIFEST, "oci"), (DOCKER_LIST, OCI_MANIFEST, "docker")):
        rows = [
            descriptor(made.manifest, manifest_type, platform={"os": "linux", "architecture": made.architecture})
            for made in (mine, OTHER)
        ]
        rows.append(descriptor(b"{}", manifest_type, platform={"os": "unknown", "architecture": "unknown"}))
        rows[-1]["annotations"] = ATTESTATION
        registry.push_manifest("many", "none", OTHER.manifest, OCI_MANIFEST)
        registry.push_blob("many", b"{}")
        rows[-1]["digest"], rows[-1]["size"] = digest_of(OTHER.manifest), len(OTHER.manifest)
        listing = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": rows}).encode()
        registry.push_manifest("many", tag, listing, media_type)
        where = f"docker://{registry.host}/many:{tag}"
        assert digest_of(mine.manifest) == open_image(where).digest
        assert ("linux/arm64",) == open_image(where).other_platforms
        assert digest_of(OTHER.manifest) == open_image(where, platform_of("linux/arm64")).digest
        with pytest.raises(ImageError, match="no image for linux/s390x") as caught:
            open_image(where, platform_of("linux/s390x"))
        assert "linux/arm64" in caught.value.hint


def test_an_index_in_an_index_and_platforms_that_only_configs_tell(registry: Server, push: Push) -> None:
    for number, made in enumerate((APP, OTHER)):
        push(made, f"nested:{number}")
    inner = index(descriptor(APP.manifest, MANIFEST), descriptor(OTHER.manifest, MANIFEST))
    registry.push_manifest("nested", "inner", inner, OCI_INDEX)
    outer = index(descriptor(inner, INDEX))
    registry.push_manifest("nested", "outer", outer, OCI_INDEX)
    image = open_image(f"docker://{registry.host}/nested:outer", platform_of("linux/arm64"))
    assert (digest_of(OTHER.manifest), ("linux/amd64",)) == (image.digest, image.other_platforms)


def test_another_platform_than_the_only_one_is_refused(registry: Server, push: Push) -> None:
    push(OTHER, "single:1")
    with pytest.raises(ImageError, match="is an image for linux/arm64, not for linux/amd64"):
        open_image(f"docker://{registry.host}/single:1", platform_of("linux/amd64"))


def test_no_layers_and_the_same_layer_twice(registry: Server, push: Push, faulty: Callable[..., Proxy]) -> None:
    push(Made(()), "none:1")
    assert 0 == open_image(f"docker://{registry.host}/none:1").sizes.unpacked
    layer = tar(entry("twice", b"t" * 100))
    twice = Made((layer, layer))
    push(twice, "twice:1")
    proxy = faulty()
    image = transport.read(f"{proxy.host}/twice:1")
    assert (200, 100) == (image.sizes.unpacked, image.sizes.effective)
    assert 1 == len(proxy.paths(digest_of(twice.blobs[0])))  # fetched once


def test_no_layer_is_fetched_that_nobody_asked_for(push: Push, faulty: Callable[..., Proxy]) -> None:
    push(APP, "lazy:1")
    proxy = faulty()
    image = transport.read(f"{proxy.host}/lazy:1")
    assert [digest_of(APP.config)] == [path.rpartition("/")[2] for path in proxy.paths("/blobs/")]
    assert 300 == image.layers[1].unpacked
    assert [digest_of(APP.blobs[1])] == [path.rpartition("/")[2] for path in proxy.paths("/blobs/")[1:]]


@pytest.fixture
def told(faulty: Callable[..., Proxy]) -> Iterator[Callable[..., str]]:
    """Where a registry gives a manifest that docker-registry itself would not take."""
    answers: dict[str, tuple[bytes, str]] = {}

    def fault(one: Exchange) -> None:
        if one.is_manifest and (known := answers.get(one.path.rpartition("/")[2])):
            one.answer(200, known[0], Content_Type=known[1])

    proxy = faulty(fault)

    def tell(manifest: Any, media_type: str = OCI_MANIFEST) -> str:
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        answers[f"t{len(answers)}"] = answers[digest_of(data)] = data, media_type
        return f"docker://{proxy.host}/odd:t{len(answers) - 2}"

    yield tell


def test_what_is_no_image_of_ours_is_refused_with_its_word(
    registry: Server, push: Push, told: Callable[..., str]
) -> None:
    push(APP, "odd:1")
    manifest = json.loads(APP.manifest)
    chart = json.dumps({"name": "chart", "version": "1"}).encode()
    windows = Made(APP.layers, more={"os": "windows"}).config
    for blob in (chart, windows, b"{}"):
        registry.push_blob("odd", blob)
    encrypted = [each | {"mediaType": LAYER + "+gzip+encrypted"} for each in manifest["layers"]]
    helm = descriptor(chart, "application/vnd.cncf.helm.config.v1+json")
    one = {"fsLayers": [{"blobSum": digest_of(b"")}], "schemaVersion": 1, "name": "odd", "history": []}
    artifact = "application/vnd.oci.artifact.manifest.v1+json"
    for document, media_type, word in (
        (one, "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        (manifest | {"layers": encrypted}, OCI_MANIFEST, "is encrypted"),
        (manifest | {"config": helm}, OCI_MANIFEST, "a Helm chart"),
        (manifest | {"config": descriptor(b"{}", "application/vnd.oci.empty.v1+json")}, OCI_MANIFEST, "an artifact"),
        ({"mediaType": artifact, "blobs": []}, artifact, "not the manifest of an image"),
        (manifest | {"config": descriptor(windows, CONFIG)}, OCI_MANIFEST, "a Windows image"),
        (manifest | {"manifests": []}, OCI_MANIFEST, "a manifest and an index at once"),
        ({"schemaVersion": 2, "manifests": []}, OCI_INDEX, "lists no image"),
        (b"{", OCI_MANIFEST, "is not JSON"),
        (b"[" * 100_000, OCI_MANIFEST, "is not JSON"),
        (b"[]", OCI_MANIFEST, "is not a JSON object"),
        (manifest | {"layers": manifest["layers"][:1]}, OCI_MANIFEST, "2 layers, and the image has 1"),
        (manifest | {"config": descriptor(b"", CONFIG) | {"size": 2**40}}, OCI_MANIFEST, "absurdly large"),
        (manifest | {"config": descriptor(b"", CONFIG) | {"digest": "sha256:../.."}}, OCI_MANIFEST, "no usable digest"),
    ):
        with pytest.raises(ImageError, match=word) as caught:
            open_image(told(document, media_type))
        assert caught.value.hint, word


def test_a_layer_that_its_maker_keeps_is_named_so(push: Push, told: Callable[..., str]) -> None:
    push(APP, "odd:1")
    manifest = json.loads(APP.manifest)
    foreign = descriptor(b"elsewhere", DOCKER_MANIFEST) | {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "urls": ["https://example.invalid/x"],
    }  # fmt: skip
    image = open_image(told(manifest | {"layers": [foreign, manifest["layers"][1]]}))
    with pytest.raises(ImageError, match="kept elsewhere by its maker"):
        image.layers[0].columns  # noqa: B018
    assert 300 == image.layers[1].unpacked


def test_an_index_without_end_is_refused(told: Callable[..., str]) -> None:
    listing = index()
    for _ in range(12):
        told(listing, OCI_INDEX)
        listing = index(descriptor(listing, INDEX))
    with pytest.raises(ImageError, match="without end"):
        open_image(told(listing, OCI_INDEX))


def test_a_name_that_no_engine_has_is_asked_of_the_registry(
    registry: Server, push: Push, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "storage.conf").write_text(f'[storage]\ngraphroot = "{tmp_path}/none"\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    digest = push(APP, "fallback:1")
    assert digest == open_image(f"{registry.host}/fallback:1").digest
    with pytest.raises(ImageError, match="no image called") as caught:
        open_image(f"{registry.host}/fallback:2")
    assert caught.value.hint.endswith("has no fallback:2 (manifest unknown): look at the name and the tag")


@pytest.mark.parametrize("text", ["./app", "/app.tar", "app.tar.gz", "a" * 64, "sha256:" + "a" * 64])
def test_files_that_are_not_there_and_ids_are_not_asked_of_a_registry(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "storage.conf").write_text(f'[storage]\ngraphroot = "{tmp_path}/none"\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    with pytest.raises(ImageError, match="no image called") as caught:
        open_image(text)
    assert "docker.io" not in caught.value.hint


def test_a_name_that_cannot_be_one_is_wrong_use(registry: Server) -> None:
    with pytest.raises(UsageError, match="no name of an image in a registry") as caught:
        open_image(f"docker://{registry.host}/App:1")
    assert "repositories are written in lower case: app" == caught.value.hint
