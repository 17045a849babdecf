"""bolt databases and containerd stores made by hand, after bbolt's `internal/common`. Imports nothing of jettison."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from handmade import MANIFEST, Made, descriptor, index, layout_files

PAGE = 4096
Bucket = dict[bytes, Any]  # a value is bytes or another bucket


def varint(number: int) -> bytes:
    """As Go's binary.PutVarint writes it."""
    number <<= 1
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def _page(number: int, flags: int, count: int, overflow: int = 0) -> bytes:
    return struct.pack("<QHHI", number, flags, count, overflow)


def _meta(root: int, transaction: int) -> bytes:
    fields = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, root, 0, 2, 100, transaction)
    told = 0xCBF29CE484222325
    for byte in fields:
        told = (told ^ byte) * 0x100000001B3 & (2**64 - 1)
    return fields + struct.pack("<Q", told)


class _Pages:
    """Pages as they are made, numbers 0 to 2 kept for the metas and the free list."""

    def __init__(self) -> None:
        self.made: dict[int, bytes] = {}
        self.next = 3

    def add(self, data: bytes, flags: int, count: int) -> int:
        number, length = self.next, -(-(16 + len(data)) // PAGE)
        self.made[number] = (_page(number, flags, count, length - 1) + data).ljust(length * PAGE, b"\0")
        self.next += length
        return number

    def bucket(self, held: Bucket, most: int) -> int:
        """The root page of a bucket, of leaves of so many entries."""
        rows = [(key, *self._value(value, most)) for key, value in sorted(held.items())]
        parts = [rows[at : at + most] for at in range(0, len(rows), most)] or [[]]
        leaves = [(part[0][0] if part else b"", self.add(_leaf(part), 2, len(part))) for part in parts]
        if len(leaves) == 1:
            return leaves[0][1]
        head, keys = b"", b""
        for at, (key, page) in enumerate(leaves):
            head += struct.pack("<IIQ", (len(leaves) - at) * 16 + len(keys), len(key), page)
            keys += key
        return self.add(head + keys, 1, len(leaves))

    def _value(self, value: Any, most: int) -> tuple[int, bytes]:
        if isinstance(value, bytes):
            return 0, value
        if value and all(isinstance(each, bytes) for each in value.values()) and len(value) < 5:
            rows = [(key, 0, each) for key, each in sorted(value.items())]
            return 1, struct.pack("<QQ", 0, 0) + _page(0, 2, len(rows)) + _leaf(rows)
        return 1, struct.pack("<QQ", self.bucket(value, most), 0)


def _leaf(rows: list[tuple[bytes, int, bytes]]) -> bytes:
    head, tail = b"", b""
    for at, (key, flags, value) in enumerate(rows):
        head += struct.pack("<IIII", flags, (len(rows) - at) * 16 + len(tail), len(key), len(value))
        tail += key + value
    return head + tail


def database(held: Bucket, most: int = 50) -> bytes:
    """A file: the newer meta leads to what is held, the older to nothing."""
    pages = _Pages()
    empty, root = pages.bucket({}, most), pages.bucket(held, most)
    head = (_page(0, 4, 0) + _meta(empty, 6)).ljust(PAGE, b"\0") + (_page(1, 4, 0) + _meta(root, 7)).ljust(PAGE, b"\0")
    return head + _page(2, 0x10, 0).ljust(PAGE, b"\0") + b"".join(pages.made[number] for number in sorted(pages.made))


def target(made: Made) -> Bucket:
    told = descriptor(made.manifest, MANIFEST)
    digest, media_type = told["digest"].encode(), told["mediaType"].encode()
    return {b"target": {b"digest": digest, b"mediatype": media_type, b"size": varint(told["size"])}, b"createdat": b"x"}


def write_store(root: Path, namespaces: dict[str, dict[str, Made]], most: int = 50) -> Path:
    """A containerd root: blobs, and names by namespace."""
    held: Bucket = {b"version": varint(6)}
    for namespace, images in namespaces.items():
        held[namespace.encode()] = {b"images": {name.encode(): target(made) for name, made in images.items()}}
        for made in images.values():
            for path, data in layout_files(made, top=index()).items():
                if path.startswith("blobs/"):
                    file = root / "io.containerd.content.v1.content" / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(data)
    meta = root / "io.containerd.metadata.v1.bolt" / "meta.db"
    meta.parent.mkdir(parents=True)
    meta.write_bytes(database({b"v1": held}, most))
    return root
