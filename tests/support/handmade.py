"""Images made by hand: layers by tarfile, then every archive that holds them. Imports nothing of jettison.

The archives follow the specifications: OCI image-spec v1.1 `image-layout.md`; moby `image/spec/spec.md` v1.2 for
`docker save`, with the OCI layout beside manifest.json as Docker 25 and later write it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def entry(name: str, data: bytes = b"", type: bytes = tarfile.REGTYPE, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member for `tar`; `more` are fields of TarInfo."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = type, len(data), 0o644
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def directory(name: str, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.DIRTYPE, **{"mode": 0o755, **more})


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.LNKTYPE, linkname=target)


def tar(*members: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def packed(data: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    return zstandard.compress(data) if how == "zstd" else data


@dataclass(frozen=True)
class Made:
    """An image to be written: its plain layers, its name, how its blobs are compressed in OCI forms."""

    layers: tuple[bytes, ...]
    name: str = "app:1"
    compression: str = "gzip"
    architecture: str = "amd64"
    more: dict[str, Any] = field(default_factory=dict)  # of the config

    @property
    def config(self) -> bytes:
        history = [{"created_by": f"COPY layer {n}"} for n in range(len(self.layers))]
        rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in self.layers]}
        told = {"architecture": self.architecture, "os": "linux", "config": {"Env": ["A=1"]}, "rootfs": rootfs}
        return json.dumps({**told, "history": history, **self.more}).encode()

    @property
    def blobs(self) -> list[bytes]:
        return [packed(layer, self.compression) for layer in self.layers]

    @property
    def manifest(self) -> bytes:
        suffix = {"gzip": "+gzip", "zstd": "+zstd"}.get(self.compression, "")
        layers = [descriptor(blob, LAYER + suffix) for blob in self.blobs]
        config = descriptor(self.config, CONFIG)
        return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()

    @property
    def files(self) -> dict[str, bytes]:
        """Blobs of a layout, by path."""
        return {blob_path(blob): blob for blob in (*self.blobs, self.config, self.manifest)}


def descriptor(blob: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob), **more}


def blob_path(blob: bytes) -> str:
    return "blobs/" + digest(blob).replace(":", "/")


def index(*descriptors: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)}).encode()


def named(made: Made, name: str = "1", **more: Any) -> dict[str, Any]:
    return descriptor(made.manifest, MANIFEST, annotations={"org.opencontainers.image.ref.name": name}, **more)


def layout_files(*images: Made, top: bytes | None = None) -> dict[str, bytes]:
    """The files of an OCI layout, each image under its tag unless `top` is the whole index.json."""
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    for made in images:
        files |= made.files
    files["index.json"] = top or index(*(named(made, made.name.rpartition(":")[2]) for made in images))
    return files


def write_layout(files: dict[str, bytes], root: Path) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_archive(files: dict[str, bytes], path: Path, how: str = "") -> Path:
    path.write_bytes(packed(tar(*(entry(name, data) for name, data in files.items())), how))
    return path


def classic_files(made: Made) -> dict[str, bytes]:
    """`docker save` before Docker 25: a directory a layer, plain tars, the config by its digest."""
    config_name = digest(made.config).removeprefix("sha256:") + ".json"
    files = {config_name: made.config}
    names = [f"{hashlib.sha256(f'{n}'.encode() + layer).hexdigest()}/layer.tar" for n, layer in enumerate(made.layers)]
    files |= dict(zip(names, made.layers, strict=True))
    rows = [{"Config": config_name, "RepoTags": [made.name], "Layers": names}]
    return files | {"manifest.json": json.dumps(rows).encode(), "repositories": b"{}"}


def modern_files(made: Made) -> dict[str, bytes]:
    """`docker save` of Docker 25 and later: an OCI layout with manifest.json beside it."""
    files = layout_files(made)
    told = {digest(layer): descriptor(blob, LAYER) for layer, blob in zip(made.layers, made.blobs, strict=True)}
    row = {"Config": blob_path(made.config), "RepoTags": [made.name], "LayerSources": told}
    return files | {"manifest.json": json.dumps([{**row, "Layers": [blob_path(b) for b in made.blobs]}]).encode()}
