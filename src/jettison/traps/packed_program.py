"""Trap: a program packed with UPX hides what it is linked with: it looks like a static one, and may be none.

A packed ELF file has neither PT_INTERP nor PT_DYNAMIC of the program inside, so that a base without a C library would
seem to do. Source: upx/upx `src/conf.h` (UPX_MAGIC_LE32), which stands in the loader's header at the front, and in the
pack header at the end.
"""

from __future__ import annotations

from jettison.image.tree import Tree

MAGIC = b"UPX!"
_HEAD = 4096
_TAIL = 1024


def found(tree: Tree, path: bytes) -> bool:
    """Whether a file is an ELF program that UPX packed."""
    with tree.open(path) as stream:
        head = stream.read(_HEAD)
        if not head.startswith(b"\x7fELF"):
            return False
        tail = head
        while piece := stream.read(2**20):
            tail = (tail + piece)[-_TAIL:]
    return MAGIC in head or MAGIC in tail
