"""Images for commands: layers by tarfile, a `docker save` archive or an OCI layout around them; and a call."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Member = tuple[tarfile.TarInfo, bytes]
TIME = 1_700_000_000


def file(name: str | bytes, data: bytes = b"", **more: Any) -> Member:
    return _member(name, data, tarfile.REGTYPE, **{"mode": 0o644, **more})


def folder(name: str | bytes, **more: Any) -> Member:
    return _member(name, b"", tarfile.DIRTYPE, **{"mode": 0o755, **more})


def link(name: str | bytes, target: str, **more: Any) -> Member:
    return _member(name, b"", tarfile.LNKTYPE, linkname=target, **more)


def symlink(name: str | bytes, target: str) -> Member:
    return _member(name, b"", tarfile.SYMTYPE, linkname=target, mode=0o777)


def other(name: str, type: bytes, **more: Any) -> Member:
    return _member(name, b"", type, **more)


def gone(name: str) -> Member:
    above, slash, last = name.rpartition("/")
    return file(f"{above}{slash}.wh.{last}")


def opaque(name: str) -> Member:
    return file(f"{name}/.wh..wh..opq" if name else ".wh..wh..opq")


def _member(name: str | bytes, data: bytes, type: bytes, **more: Any) -> Member:
    info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name)
    info.type, info.size, info.mtime = type, len(data), TIME
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def layer(*members: Member) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config_of(layers: Sequence[bytes], history: Sequence[str] | None, rows: Any = None, **more: Any) -> bytes:
    """`history` are the words of rows that each made a layer; `rows` whole rows."""
    told = [f"COPY layer {number} /" for number in range(len(layers))] if history is None else history
    rows = rows or [{"created_by": text} for text in told]
    rootfs = {"type": "layers", "diff_ids": [digest(each) for each in layers]}
    about = {"os": "linux", "architecture": "amd64", "config": {"Cmd": ["sh"], **more}}
    return json.dumps({**about, "rootfs": rootfs, "history": rows}).encode()


def docker_archive(path: Path, *layers: bytes, history: Sequence[str] | None = None, **config: Any) -> Path:
    data = config_of(layers, history, **config)
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": digest(data)[7:] + ".json", "RepoTags": ["shop:1"], "Layers": names}]
    members = [file(name, each) for name, each in zip(names, layers, strict=True)]
    path.write_bytes(
        layer(*members, file(digest(data)[7:] + ".json", data), file("manifest.json", json.dumps(manifest).encode()))
    )
    return path


def oci_layout(path: Path, *layers: bytes, history: Sequence[str] | None = None, **config: Any) -> Path:
    """The same with gzipped layers."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(data: bytes, media_type: str) -> dict[str, Any]:
        (blobs / digest(data)[7:]).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": digest(data), "size": len(data)}

    packed = [put(gzip.compress(each, mtime=0), "layer.v1.tar+gzip") for each in layers]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    about = put(config_of(layers, history, **config), "config.v1+json")
    index = put(json.dumps({**manifest, "config": about, "layers": packed}).encode(), "manifest.v1+json")
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [index]}))
    return path


@dataclass(frozen=True)
class Ended:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def jettison(*arguments: object) -> Ended:
    """The command line in a process of its own."""
    ended = subprocess.run([sys.executable, "-m", "jettison", *map(str, arguments)], capture_output=True, timeout=120)
    return Ended(ended.returncode, ended.stdout, ended.stderr.decode())
