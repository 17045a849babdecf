"""Layers that lie in a registry until somebody wants them: fetched once, whole, verified, then read from the disk.

A blob is put down in a file without a name and handed on only when its last byte was seen and its digest is right.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from jettison.core.errors import JettisonError
from jettison.image.blob import Blob
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Columns, Entry, LayerSource
from jettison.image.spool import spool
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.indexes import Descriptor
from jettison.registry.download import Download
from jettison.registry.pull import Pull
from jettison.registry.repository import NotFound

_AT_ONCE = 3  # downloads, as Docker does; some registries refuse more
_EVERY = 0.1  # seconds between two looks at how far downloads are
_LAST = 2.0  # seconds for a download that was stopped to end
_PACE = 1.2e8  # bytes of a blob that are walked in a second, roughly


class FetchedSource(LayerSource):
    """A layer's blob in a registry. Threads may share it: the first that needs the bytes fetches them for all."""

    def __init__(self, pull: Pull, descriptor: Descriptor) -> None:
        self._pull, self._descriptor = pull, descriptor
        self._lock = threading.Lock()
        self._source: BlobSource | None = None
        self.came = 0  # bytes

    @property
    def weight(self) -> int:
        return self._descriptor.size

    @property
    def effort(self) -> float:
        return self._descriptor.size / _PACE

    @property
    def proof(self) -> str | None:
        """The digest: whatever comes is held against it."""
        return self._descriptor.digest

    @property
    def is_here(self) -> bool:
        """Whether it was fetched."""
        return self._source is not None

    def fetch(self) -> BlobSource:
        """The layer on the disk. Raises ImageError, DiskError."""
        with self._lock:
            if self._source is None:
                self._source = BlobSource(self._fetched())
            return self._source

    def _fetched(self) -> Blob:
        one = self._descriptor
        try:
            return self._pull.blob(one.digest, one.size, lambda download: spool(_Counted(download, self)))
        except NotFound as error:
            raise image_manifest.missing(one, error) from error

    def bring(self, others: Sequence[LayerSource]) -> Iterator[int]:
        return fetch(others)

    def stop(self) -> None:
        """End all downloads of this image."""
        self._pull.stop()

    def columns(self) -> Columns:
        return self.fetch().columns()

    def walk(self, report: Callable[[int], object]) -> Columns:
        return self.fetch().walk(report)

    def open(self, entry: Entry) -> BinaryIO:
        return self.fetch().open(entry)

    def stored(self, entry: Entry) -> BinaryIO:
        return self.fetch().stored(entry)

    def plain(self) -> Blob:
        return self.fetch().plain()

    def as_stored(self) -> Blob:
        return self.fetch().as_stored()

    def tar(self) -> Iterator[bytes]:
        yield from self.fetch().tar()

    def digests(self, entries: Sequence[Entry]) -> list[bytes]:
        return self.fetch().digests(entries) if entries else []

    def hashed(self, entries: Sequence[Entry]) -> list[bytes]:
        return self.fetch().hashed(entries) if entries else []


class _Counted:
    """A download that tells its layer how far it is."""

    def __init__(self, download: Download, source: FetchedSource) -> None:
        self._download, self._source = download, source
        source.came = 0

    def read(self, count: int, /) -> bytes:
        data = self._download.read(count)
        self._source.came += len(data)
        return data


def fetch(sources: Sequence[LayerSource]) -> Iterator[int]:
    """Have those of these layers that are far away here, several at once; yields the bytes that came so far.

    Raises ImageError, DiskError. Failed or closed, it leaves no download running.
    """
    far = [one for one in dict.fromkeys(sources) if isinstance(one, FetchedSource) and not one.is_here]
    if not far:
        return
    left, failed = deque(far), list[JettisonError]()

    def work() -> None:
        with suppress(IndexError):  # nothing left
            while not failed:
                one = left.popleft()
                try:
                    one.fetch()
                except JettisonError as error:
                    failed.append(error)

    # no executor: what it waits by is left locked when Ctrl-C falls into it, and its threads are waited for at the end
    threads = [threading.Thread(target=work, daemon=True, name="jettison-fetch") for _ in far[:_AT_ONCE]]
    try:
        for each in threads:
            each.start()
        while running := [each for each in threads if each.is_alive()]:
            running[0].join(_EVERY)
            if failed:
                break
            yield sum(one.came for one in far)
        if failed:
            raise failed[0]
        yield sum(one.came for one in far)
    except BaseException:
        for one in far:
            one.stop()
        raise
    finally:
        for each in threads:
            if each.ident is not None:  # it was started
                each.join(_LAST)
