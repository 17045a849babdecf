"""An image written layer by layer, as a folder that skopeo reads (`dir:`): OCI manifest, configuration, gzipped tars.

https://github.com/opencontainers/image-spec/blob/main/manifest.md and config.md.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standins.tools import run

EPOCH = "1970-01-01T00:00:00Z"
KIND = "application/vnd.oci.image."
BLOCK = 1 << 20


@dataclass(frozen=True)
class Layer:
    """A tar, what it is (for the history), and the digest of its bytes."""

    path: Path
    what: str
    digest: str


@contextmanager
def tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar to be filled, in the format of GNU, as Debian's packages have it."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        yield archive


def closed(path: Path, what: str) -> Layer:
    with path.open("rb") as content:
        return Layer(path, what, hashlib.file_digest(content, "sha256").hexdigest())


def put(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """A regular file of root, without a date."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def put_folder(archive: tarfile.TarFile, name: str, mode: int = 0o755, owner: int = 0) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
    archive.addfile(entry)


def put_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname = tarfile.SYMTYPE, 0o777, target
    archive.addfile(entry)


def image(out: Path, layers: Sequence[Layer], config: Mapping[str, Any]) -> Path:
    """Write the folder: the layers in their order, `config` as the part that a container is started with."""
    out.mkdir()
    described = []
    for layer in layers:
        digest, size = packed(layer.path, out)
        described.append({"mediaType": f"{KIND}layer.v1.tar+gzip", "size": size, "digest": f"sha256:{digest}"})
    whole = {
        "architecture": run(["dpkg", "--print-architecture"]).strip(),
        "os": "linux",
        "created": EPOCH,
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [{"created": EPOCH, "created_by": f"# stand-in: {layer.what}"} for layer in layers],
    }
    content = json.dumps(whole).encode()
    digest = hashlib.sha256(content).hexdigest()
    (out / digest).write_bytes(content)
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{KIND}manifest.v1+json",
        "config": {"mediaType": f"{KIND}config.v1+json", "size": len(content), "digest": f"sha256:{digest}"},
        "layers": described,
    }
    (out / "manifest.json").write_text(json.dumps(manifest))
    (out / "version").write_text("Directory Transport Version: 1.1\n")
    return out


def packed(tarball: Path, out: Path) -> tuple[str, int]:
    """Gzip into the folder under its own digest; digest and size."""
    target = out / "layer"
    with (
        tarball.open("rb") as source,
        target.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0, filename="") as sink,
    ):
        while block := source.read(BLOCK):
            sink.write(block)
    with target.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    size = target.stat().st_size
    target.replace(out / digest)
    return digest, size
