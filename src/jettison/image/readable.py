"""Raw streams that are written as `read` alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Readable(io.RawIOBase):
    """A raw stream whose subclass gives `read`; `readinto`, which buffering asks for, follows from it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self.read(len(view)) or b""
        view[: len(data)] = data
        return len(data)

    @staticmethod
    def filled(some: Callable[[int], bytes], count: int) -> bytes:
        """So many bytes of what gives fewer at a time; fewer only where it gives none."""
        data = some(count) if count else b""
        if len(data) == count or not data:
            return data
        pieces, missing = [data], count - len(data)
        while missing and (data := some(missing)):
            pieces.append(data)
            missing -= len(data)
        return b"".join(pieces)
