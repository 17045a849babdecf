"""A layer's own tar put together again: its headers as an engine kept them, its payloads out of the layer's folder.

Source: vbatts/tar-split `tar/storage/entry.go`, `packer.go`: gzipped JSON lines, `type` 1 a file, whose payload comes
next, 2 a segment of bytes as they stood; names that are not UTF-8 in `name_raw`, in base64. containers/storage keeps it
beside its layers (`overlay-layers/ID.tar-split.gz`), moby in its layer store (`layerdb/.../tar-split.json.gz`).
"""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isal import igzip

from jettison.core.errors import ImageError
from jettison.image.tar_fields import normalise

_FILE, _SEGMENT = 1, 2
_LONGEST = 2**26  # bytes of a line; a segment is a header and padding, with long names and attributes before it
_CHUNK = 2**18
_AGAIN = "save the image to an archive with its own engine, and give that"


def assembled(split: Path, root: Path) -> Iterator[bytes]:
    """The tar's bytes; whoever takes them holds them against the diff ID. Raises ImageError."""
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with igzip.open(split, "rb") as lines:  # type: ignore[no-untyped-call]
            while line := lines.readline(_LONGEST):
                row = json.loads(line)
                if row["type"] == _SEGMENT:
                    yield base64.b64decode(row.get("payload") or "", validate=True)
                elif row["type"] == _FILE and row.get("size"):
                    yield from _payload(top, _name(row), row["size"])
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ImageError(f"the store has lost how the layer in {root} was packed: {error}", hint=_AGAIN) from error
    finally:
        os.close(top)


def _name(row: dict[str, Any]) -> bytes:
    raw = row.get("name_raw")
    return normalise(base64.b64decode(raw) if raw else row["name"].encode())


def _payload(top: int, path: bytes, size: int) -> Iterator[bytes]:
    """Exactly so many bytes of a regular file of the folder; symbolic links in its path lead nowhere."""
    if size < 0:
        raise ValueError(f"{path!r} has {size} bytes")
    *folders, last = path.split(b"/")
    handles = [top]
    try:
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            handles.append(os.open(folder, flags, dir_fd=handles[-1]))
        handle = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handles[-1])
    finally:
        for each in handles[1:]:
            os.close(each)
    with os.fdopen(handle, "rb", buffering=0) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError(f"{path!r} is not a regular file")
        while size:
            data = stream.read(min(size, _CHUNK))
            if not data:
                raise ValueError(f"{path!r} is shorter than it was")
            size -= len(data)
            yield data
