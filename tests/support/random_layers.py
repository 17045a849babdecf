"""Random stacks of layers as tars, and images of them: the same for the same seed."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from pathlib import Path

from jettison.core.reference import Reference, Transport
from jettison.image.blob import Blob
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Image, Layer

_FOLDERS = ("a", "b", "a/b", "c", "c/a", "usr/share/doc", "usr/include", "var/log")
_NAMES = ("x", "y", "z", "lib.a", "m.pyc", "n.h", ".env")
_SIZES = (0, 1, 5, 100, 1000, 5000, 5000)


def random_layers(seed: int, *, wild: bool = False) -> list[bytes]:
    """Two to four tars. `wild`: files where others have folders, and whiteouts of what never was, in any order."""
    chance = random.Random(seed)
    layers: list[bytes] = []
    while len(layers) < 2 + seed % 3:
        made = _layer(chance, lowest=not layers, wild=wild)
        if made not in layers:  # dive refuses an archive with one layer twice
            layers.append(made)
    return layers


def _layer(chance: random.Random, *, lowest: bool, wild: bool) -> bytes:
    out, last = io.BytesIO(), ""
    with tarfile.open(fileobj=out, mode="w") as archive:
        _add(archive, f"own-{chance.random()}", data=b"1")
        for _ in range(chance.randint(1, 8)):
            kinds = ["file"] * 5 + ["directory", "link", "symlink"]
            kinds += ["whiteout"] * 2 + ["opaque"] if wild or not lowest else []
            what, path = chance.choice(kinds), _path(chance, wild)
            folder = chance.random() < 0.5
            if what in ("directory", "whiteout", "opaque") and folder:
                path = chance.choice(_FOLDERS)
            if what == "link" and last and last != path and not path.startswith(last + "/"):
                _add(archive, path, type=tarfile.LNKTYPE, linkname=last)
            elif what in ("file", "link"):
                _add(archive, path, data=bytes([chance.choice(b"ab")]) * chance.choice(_SIZES))
                last = path
            else:
                _special(archive, what, path)
    return out.getvalue()


def _path(chance: random.Random, wild: bool) -> str:
    if wild and chance.random() < 0.15:
        return "/".join(chance.choice("abx") for _ in range(chance.randint(1, 3)))
    return f"{chance.choice(_FOLDERS)}/{chance.choice(_NAMES)}"


def _special(archive: tarfile.TarFile, what: str, path: str) -> None:
    parent, slash, name = path.rpartition("/")
    if what == "directory":
        _add(archive, path, type=tarfile.DIRTYPE)
    elif what == "symlink":
        _add(archive, path, type=tarfile.SYMTYPE, linkname="../x")
    else:
        _add(archive, f"{parent}{slash}.wh.{name}" if what == "whiteout" else f"{path}/.wh..wh..opq")


def _add(
    archive: tarfile.TarFile, name: str, *, type: bytes = tarfile.REGTYPE, linkname: str = "", data: bytes = b""
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = type, linkname, len(data)
    archive.addfile(info, io.BytesIO(data))


def image_of(layers: list[bytes], folder: Path, packed: list[bytes] | None = None) -> Image:
    """An image whose layers lie in files; `packed` are the same layers as they are stored."""
    made = []
    for number, (plain, stored) in enumerate(zip(layers, packed or layers, strict=True)):
        path = folder / str(number)
        path.write_bytes(stored)
        source = BlobSource(Blob(path, 0, len(stored)))
        name = "sha256:" + hashlib.sha256(plain).hexdigest()
        made.append(Layer(name, source, transfer=len(stored) if packed else None))
    return Image(Reference(Transport.OCI, "random"), "sha256:0", {}, tuple(made))


def docker_archive(layers: list[bytes], path: Path) -> Path:
    """A `docker save` of these layers."""
    ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": ids}}
        | {"history": [{"created_by": f"COPY {number}"} for number in range(len(layers))]}
    ).encode()
    names = [f"{hashlib.sha256(layer).hexdigest()}/layer.tar" for layer in layers]
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["random:1"], "Layers": names}]).encode()
    with tarfile.open(path, "w") as archive:
        for each, data in [*zip(names, layers, strict=True), (name, config), ("manifest.json", manifest)]:
            _add(archive, each, data=data)
    return path
