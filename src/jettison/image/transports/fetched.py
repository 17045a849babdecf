"""Layers that lie in a registry until somebody wants them: fetched once, whole, verified, then read from the disk.

A blob is put down in a file without a name and handed on only when its last byte was seen and its digest is right.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from jettison.image.blob import Blob
from jettison.image.layer_blob import BlobSource
from jettison.image.model import Columns, Entry, LayerSource
from jettison.image.spool import spool
from jettison.image.transports import manifest as image_manifest
from jettison.image.transports.indexes import Descriptor
from jettison.registry.pull import Pull
from jettison.registry.repository import NotFound

_AT_ONCE = 3  # downloads, as Docker does; more are refused by some registries


class Downloads:
    """The downloads of one image, a few at once."""

    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self._slots = threading.Semaphore(_AT_ONCE)

    def fetch(self, one: Descriptor) -> Blob:
        """The blob of a layer, verified. Raises ImageError, DiskError."""
        with self._slots:
            try:
                return self._pull.blob(one.digest, one.size, spool)
            except NotFound as error:
                raise image_manifest.missing(one, error) from error

    def stop(self) -> None:
        """End all that run."""
        self._pull.stop()


class FetchedSource(LayerSource):
    """A layer's blob in a registry. Threads may share it: the first that needs the bytes fetches them for all."""

    def __init__(self, downloads: Downloads, descriptor: Descriptor) -> None:
        self._downloads, self._descriptor = downloads, descriptor
        self._lock = threading.Lock()
        self._source: BlobSource | None = None

    def fetch(self) -> BlobSource:
        """The layer on the disk. Raises ImageError, DiskError."""
        with self._lock:
            if self._source is None:
                # its bytes were held against the digest on the way
                self._source = BlobSource(self._downloads.fetch(self._descriptor))
            return self._source

    def columns(self) -> Columns:
        return self.fetch().columns()

    def open(self, entry: Entry) -> BinaryIO:
        return self.fetch().open(entry)

    def digests(self, entries: Sequence[Entry]) -> list[bytes]:
        return self.fetch().digests(entries) if entries else []

    def stop(self) -> None:
        """End the downloads of this image."""
        self._downloads.stop()


def fetch(sources: Sequence[LayerSource]) -> None:
    """Have those of these layers that are far away here, several at once. Raises ImageError, DiskError.

    Interrupted or failed, it leaves no download running.
    """
    far = list(dict.fromkeys(one for one in sources if isinstance(one, FetchedSource)))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: list[Future[BlobSource]] = [pool.submit(FetchedSource.fetch, one) for one in far]
        try:
            for each in waiting:
                each.result()
        except BaseException:
            for one in far:
                one.stop()
            for each in waiting:
                each.cancel()
            raise
