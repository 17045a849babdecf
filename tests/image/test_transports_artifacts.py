"""What lies where images lie and is none: each refused with its word, and with a way out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from handmade import (
    CONFIG,
    LAYER,
    MANIFEST,
    Made,
    blob_path,
    descriptor,
    entry,
    index,
    layout_files,
    tar,
    write_archive,
    write_layout,
)

from jettison.core.errors import ImageError
from jettison.image.open import open_image

APP = Made((tar(entry("a", b"x" * 300)),))
EMPTY = "application/vnd.oci.empty.v1+json"


def refused(reference: str, match: str) -> str:
    """The hint that goes with the refusal."""
    with pytest.raises(ImageError, match=match) as caught:
        image = open_image(reference)
        assert image.sizes
    assert caught.value.hint
    return caught.value.hint


def layout(root: Path, config: str, *layers: str, **more: Any) -> str:
    """A layout whose only manifest has a config and layers of these media types."""
    data = b"{}"
    told = {"schemaVersion": 2, "config": descriptor(data, config)}
    told |= {"layers": [descriptor(data, each) for each in layers], **more}
    text = json.dumps(told).encode()
    files = layout_files(APP) | {blob_path(data): data, blob_path(text): text}
    return f"oci:{write_layout(files | {'index.json': index(descriptor(text, MANIFEST))}, root)}"


ARTIFACTS = {
    "a Helm chart": (
        "application/vnd.cncf.helm.config.v1+json",
        ["application/vnd.cncf.helm.chart.content.v1.tar+gzip"],
        {},
    ),
    "a signature of cosign": (CONFIG, ["application/vnd.dev.cosign.simplesigning.v1+json"], {}),
    "a signature of sigstore": (EMPTY, ["application/vnd.dev.sigstore.bundle.v0.3+json"], {}),
    "a signature of Notary": (
        EMPTY,
        ["application/jose+json"],
        {"artifactType": "application/vnd.cncf.notary.signature"},
    ),
    "an attestation": (CONFIG, ["application/vnd.in-toto+json"], {}),
    "a bill of materials": (EMPTY, ["application/spdx+json"], {}),
    "a WebAssembly module": ("application/vnd.wasm.config.v0+json", ["application/wasm"], {}),
    "a Docker plugin": ("application/vnd.docker.plugin.v1+json", [LAYER + "+gzip"], {}),
    "a build cache of BuildKit": ("application/vnd.buildkit.cacheconfig.v0", [LAYER + "+gzip"], {}),
    "a model": ("application/vnd.docker.ai.model.config.v0.1+json", ["application/vnd.docker.ai.gguf.v3"], {}),
    r"an artifact \(application/vnd.example\)": (EMPTY, [EMPTY], {"artifactType": "application/vnd.example"}),
    "an artifact without a config": (EMPTY, ["application/x-anything"], {}),
    "which holds no files": (CONFIG, ["text/plain"], {}),
    "an artifact": ("application/vnd.of.somebody+json", ["application/vnd.of.somebody.tar"], {}),
}


@pytest.mark.parametrize("word", ARTIFACTS)
def test_an_artifact_is_refused_by_its_word(word: str, tmp_path: Path) -> None:
    config, layers, more = ARTIFACTS[word]
    refused(layout(tmp_path, config, *layers, **more), word)


def test_an_image_that_names_an_artifact_type_is_an_image(tmp_path: Path) -> None:
    """Flatpaks and some builders put one beside a real config."""
    manifest = json.loads(APP.manifest) | {"artifactType": "application/vnd.example"}
    text = json.dumps(manifest).encode()
    files = layout_files(APP) | {blob_path(text): text, "index.json": index(descriptor(text, MANIFEST))}
    assert 300 == open_image(f"oci:{write_layout(files, tmp_path)}").sizes.unpacked


def test_an_attestation_that_is_asked_for_by_its_digest_is_told_as_one(tmp_path: Path) -> None:
    note = descriptor(APP.manifest, MANIFEST, annotations={"vnd.docker.reference.type": "attestation-manifest"})
    other = Made((tar(entry("b")),))
    write_layout(layout_files(APP, other, top=index(descriptor(other.manifest, MANIFEST), note)), tmp_path)
    assert 0 == open_image(f"oci:{tmp_path}").sizes.unpacked
    for name in (f"@{note['digest']}", "@1"):
        assert "speaks of" in refused(f"oci:{tmp_path}:{name}", "an attestation")


def test_an_index_of_attestations_alone_holds_no_image(tmp_path: Path) -> None:
    note = descriptor(APP.manifest, MANIFEST, annotations={"vnd.docker.reference.type": "attestation-manifest"})
    write_layout(layout_files(APP, top=index(note)), tmp_path)
    refused(f"oci:{tmp_path}", "no image in this layout")


def test_windows_images_are_refused_by_config_and_by_index(tmp_path: Path) -> None:
    windows = Made(APP.layers, more={"os": "windows", "os.version": "10.0.17763.1"})
    refused(f"oci:{write_layout(layout_files(windows), tmp_path / 'one')}", "a Windows image")
    both = index(
        descriptor(windows.manifest, MANIFEST, platform={"os": "windows", "architecture": "amd64"}),
        descriptor(
            Made(APP.layers, architecture="s390x").manifest,
            MANIFEST,
            platform={"os": "windows", "architecture": "arm64"},
        ),
    )
    root = write_layout(layout_files(windows, top=both), tmp_path / "two")
    refused(f"oci:{root}", "a Windows image|no image for linux")


def _archive(tmp_path: Path, files: dict[str, bytes]) -> str:
    return str(write_archive(files, tmp_path / "x.tar"))


def test_archives_of_the_first_format_and_of_a_file_system_are_refused_with_the_way_out(tmp_path: Path) -> None:
    first = {"0123/layer.tar": APP.layers[0], "0123/json": b"{}", "repositories": b'{"app": {"1": "0123"}}'}
    assert "docker load" in refused(_archive(tmp_path, first), "of the first format")
    system = {".dockerenv": b"", "etc/passwd": b"", "usr/bin/true": b"", "bin/sh": b""}
    assert "docker save" in refused(_archive(tmp_path, system), "`docker export`")
    for some in ({".dockerenv": b"", "app": b""}, {"dev/console": b"", "proc/x": b"", "app": b""}):
        assert "docker save" in refused(_archive(tmp_path, some), "`docker export`")
    assert "docker save" in refused(_archive(tmp_path, {"a": b"", "b": b""}), "no image archive")
    assert "helm template" in refused(
        _archive(tmp_path, {"app/Chart.yaml": b"", "app/values.yaml": b""}), "a Helm chart"
    )


@pytest.mark.parametrize(
    ("head", "word", "way_out"),
    [
        (b"PK\x03\x04", "zip", "unzip"),
        (b"7z\xbc\xaf", "7z", "7z x"),
        (b"\x04\x22\x4d\x18", "lz4", "lz4 -d"),
        (b"LZIP", "lzip", "lzip -d"),
        (b"BZh9", "bzip2", "bzip2 -d"),
        (b"\xfd7zXZ", "xz", "xz -d"),
    ],
)
def test_archives_packed_by_others_are_told_by_their_word(head: bytes, word: str, way_out: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(head + bytes(600))
    assert f"unpack it with `{way_out}` first" == refused(str(tmp_path / "x"), f"compressed by {word}, which")
