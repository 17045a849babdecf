"""An image's documents and blobs from the first place that has them: mirrors in turn, then the registry itself.

Source: containers/image `docs/containers-registries.conf.5.md`, "Remapping and mirroring registries".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from jettison.core.errors import RegistryError
from jettison.registry import mirrors
from jettison.registry.download import DigestMismatch, Download
from jettison.registry.names import Name
from jettison.registry.patience import Patience
from jettison.registry.repository import Document, NotFound, Repository
from jettison.registry.wire import Wire

Taken = TypeVar("Taken")


class Pull:
    """The places that may have one image, the best first. Threads may share it."""

    def __init__(
        self,
        name: Name,
        *,
        insecure: bool = False,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Raises UsageError for a configuration that cannot be read, RegistryError for a blocked registry."""
        self.name = name
        sources = mirrors.sources(name, mirrors.read_registries(environment), insecure=insecure)
        hosts = frozenset(each.name.host for each in sources if each.insecure)
        self.wire = Wire(patience, hosts)
        self._places = [Repository(source, self.wire, environment) for source in sources]

    def manifest(self, digest: str = "") -> Document:
        """The document that the name means, or one of that digest. Raises RegistryError."""
        found = self._first(lambda place: (place.manifest(digest or place.source.name.reference), place))
        self._places.sort(key=lambda place: place is not found[1])  # who has it is asked first from now on
        return found[0]

    def blob(self, digest: str, size: int, take: Callable[[Download], Taken]) -> Taken:
        """What `take` makes of a blob that it reads to its end.

        Bytes that are not what the digest says are asked for a second time, then elsewhere. Raises RegistryError.
        """

        def twice(place: Repository) -> Taken:
            try:
                return _taken(place.blob(digest, size), take)
            except DigestMismatch:
                return _taken(place.blob(digest, size), take)

        return self._first(twice)

    def stop(self) -> None:
        """End all downloads, in whatever thread they run."""
        self.wire.stop()

    def _first(self, ask: Callable[[Repository], Taken]) -> Taken:
        """The first good answer of the places. Raises the last one's error, with what the others said in its hint."""
        said: list[str] = []
        for place in list(self._places):
            try:
                return ask(place)
            except RegistryError as error:
                if self.wire.stopped.is_set():
                    raise
                said.append(error.message)
                last = error
        told = f"; its mirrors: {'; '.join(said[:-1])}" if len(said) > 1 else ""
        kind = NotFound if isinstance(last, NotFound) else type(last)
        raise kind(last.message, hint=last.hint + told) from last


def _taken(download: Download, take: Callable[[Download], Taken]) -> Taken:
    try:
        return take(download)
    finally:
        download.close()
