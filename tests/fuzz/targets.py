"""What is fuzzed: each target takes any bytes and raises only where something is wrong with us.

An ImageError with a hint is a good answer to anything; a crash, another answer of the second way, and a difference
between two ways of reading the same bytes are not.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from functools import partial
from typing import Any

import second_merge
from handmade import CONFIG, LAYER, MANIFEST, blob_path, descriptor, digest, entry, index, packed, tar
from xxhash import xxh3_128_digest

from jettison.core.errors import ImageError
from jettison.core.reference import Reference, Transport
from jettison.image.merge import Merge
from jettison.image.model import Columns, Entry, Image, Kind, Layer, LayerSource
from jettison.image.readable import Readable
from jettison.image.spool import spool
from jettison.image.tar import walk
from jettison.image.transports import archive, layout
from jettison.image.transports.members import members_of


class Pipe(Readable):
    """The same bytes as of a pipe: no seeking, and a short read now and then."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, count: int | None = -1) -> bytes:
        return self._data.read(min(count, 700) if count and count > 0 else -1)


def signed(data: bytes) -> bytes:
    """The data with the checksums of all that may be headers made right, so that changes are seen behind them."""
    out = bytearray(data)
    at = 0
    while at + 512 <= len(out):
        out[at + 148 : at + 156] = b" " * 8
        out[at + 148 : at + 156] = b"%06o\0 " % sum(out[at : at + 512])
        size = bytes(out[at + 124 : at + 136]).strip(b" \0")
        stored = int(size, 8) if size.isdigit() and not set(size) & set(b"89") and len(size) < 8 else 0
        at += 512 + (0 if out[at + 156 : at + 157] in b"123456" else (stored + 511) & -512)
    return bytes(out)


def walker(data: bytes) -> None:
    """Seeking or not, hashing or not: one answer, and the hashes are those of the payloads."""
    for each in (data, signed(data)):
        found = _walked(io.BytesIO(each))
        assert found[:2] == _walked(Pipe(each))[:2], "a pipe is walked to something else"
        hashed = _walked(Pipe(each), hashing=True)
        assert found[:2] == hashed[:2] == _walked(io.BytesIO(each), hashing=True)[:2], "hashing changes what is walked"
        for entry_, told in zip(hashed[0], hashed[2], strict=True):
            payload = each[entry_.offset : entry_.offset + entry_.size] if entry_.offset >= 0 else b""
            assert told in (None, xxh3_128_digest(payload)), f"another hash of {entry_}"


def _walked(stream: Any, *, hashing: bool = False) -> Any:
    """Entries, overhead and hashes."""
    try:
        columns = walk(stream, hashing=hashing)
    except ImageError as error:
        assert error.hint
        return [], "refused", []
    return list(columns), columns.overhead, [columns.fingerprint(at) for at in range(len(columns))]


SMALL = tar(entry("a", b"x"))
HISTORY = [{"created_by": "COPY a /"}]
CONFIG_BYTES = json.dumps(
    {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["A=1"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(SMALL)]},
        "history": HISTORY,
    }
).encode()
NAMES = ("manifest.json", "index.json", "manifest", "config", "oci-layout", "layer")


def manifest(data: bytes) -> None:
    """The first byte says which document the rest is; digests above it are made right."""
    which, rest = NAMES[data[0] % len(NAMES)] if data else "manifest.json", data[1:]
    layer = rest if which == "layer" else packed(SMALL, "gzip")
    config = rest if which == "config" else CONFIG_BYTES
    told = {"schemaVersion": 2, "config": descriptor(config, CONFIG), "layers": [descriptor(layer, LAYER + "+gzip")]}
    middle = rest if which == "manifest" else json.dumps(told).encode()
    files = {blob_path(each): each for each in (layer, config, middle)}
    row = {"Config": blob_path(config), "RepoTags": ["a:1"], "Layers": [blob_path(layer)]}
    files["oci-layout"] = rest if which == "oci-layout" else b'{"imageLayoutVersion": "1.0.0"}'
    files["index.json"] = rest if which == "index.json" else index(descriptor(middle, MANIFEST))
    files["manifest.json"] = rest if which == "manifest.json" else json.dumps([row]).encode()
    members = members_of(spool(io.BytesIO(tar(*(entry(name, each) for name, each in files.items())))), "it")
    reference = Reference(Transport.OCI_ARCHIVE, "it")
    ways: list[Callable[[], Image]] = []
    if which in ("manifest.json", "config", "layer"):
        ways += [partial(archive.image_of, members, name, reference) for name in ("", "a:1", "@0")]
    if which != "manifest.json":
        ways += [partial(layout.image_of, members, name, None, reference) for name in ("", "1", "@0")]
    for read in ways:
        try:
            image = read()
            assert image.history is not None and image.runtime is not None and image.platform is not None
            assert image.sizes.unpacked - image.sizes.effective == image.sizes.waste
            str(image.reference), json.dumps(image.config)
        except ImageError as error:
            assert error.hint
            error.message.encode(errors="backslashreplace")


NAMED = ("a", "b", "c", "a/b", "a/c", "b/a", "a/b/c", "./a", "c/", "a//b", "é", "x" * 120, "b/c", "c/a", "c/b/a", "/a")
TARGET = (*NAMED[:7], "..", "/", "/a/b", "../b", "c/.", "b/../a", "x", ".", "../../a/b")
KINDS = {
    "dir": tarfile.DIRTYPE,
    "link": tarfile.LNKTYPE,
    "symlink": tarfile.SYMTYPE,
    "fifo": tarfile.FIFOTYPE,
    "file": tarfile.REGTYPE,
}
WHAT = (*KINDS, "whiteout", "opaque", "next layer")
Spelled = tuple[str, str, str]  # what, name, content or target


def spelled(data: bytes) -> list[list[Spelled]]:
    """A stack, three bytes a member."""
    stack: list[list[Spelled]] = [[]]
    for at in range(0, len(data) - 2, 3):
        what, name, more = WHAT[data[at] % 8], NAMED[data[at + 1] % 16], data[at + 2] % 16
        if what == "next layer":
            stack.append([])
        elif what == "file":
            stack[-1].append((what, name.rstrip("/"), "x" * (more % 5)))
        else:
            stack[-1].append((what, name, NAMED[more] if what == "link" else TARGET[more]))
    return stack[:6]


def member(what: str, name: str, more: str) -> tuple[tarfile.TarInfo, bytes]:
    if what in ("whiteout", "opaque"):
        parent, slash, last = name.rstrip("/").rpartition("/")
        return entry(f"{parent}{slash}.wh.{last}" if what == "whiteout" else f"{name}/.wh..wh..opq")
    return entry(
        name,
        more.encode() if what == "file" else b"",
        type=KINDS[what],
        linkname=more if what in ("link", "symlink") else "",
    )


class Careful(Merge):
    """The merge without its fast way, which is Merge's own alone."""


class Bytes(LayerSource):
    """A layer in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def columns(self) -> Columns:
        return walk(io.BytesIO(self._data))

    def open(self, entry: Entry) -> Any:
        return io.BytesIO(self._data[entry.offset : entry.offset + entry.size])


def merge(data: bytes) -> None:
    """What the second merge sees, and refuses; with the fast way and without."""
    members = spelled(data)
    stack = [tar(*(member(*each) for each in layer), format=tarfile.GNU_FORMAT) for layer in members]
    try:
        second = dict(_listed(second_merge.merged(stack), ""))
    except second_merge.Refused:
        second = None
    layers = [Layer(f"sha256:{at}", Bytes(each)) for at, each in enumerate(stack)]
    for way in (Merge, Careful):
        try:
            merged = way(layers)
        except ImageError as error:
            assert error.hint
            assert second is None, f"only jettison refuses {members}"
            continue
        assert second is not None, f"only jettison takes {members}"
        assert second == {path: _payload(merged, path) for path in merged.nodes}, f"{members}"
        assert not set(merged.lost) & set(merged.nodes.values())


def _payload(merged: Merge, path: bytes) -> Any:
    layer, index = merged.nodes[path]
    return "/" if merged._kind((layer, index)) == Kind.DIRECTORY else (layer, index)


def _listed(tree: dict[str, Any], above: str) -> Any:
    for name, node in tree.items():
        path = above + name
        if isinstance(node, dict):
            yield path.encode(errors="surrogateescape"), "/"
            yield from _listed(node, path + "/")
        else:
            yield path.encode(errors="surrogateescape"), (node.layer, node.member)


TARGETS: dict[str, Callable[[bytes], None]] = {"walker": walker, "manifest": manifest, "merge": merge}
