"""An image sent to a repository: blobs that are not there yet, then what names them.

Source: OCI distribution-spec v1.1, "Push" (POST an upload, PATCH its bytes, PUT its digest; "Mounting a blob from
another repository"; "Pushing a blob in chunks" for what a broken upload tells of how far it came).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode, urljoin, urlsplit

from urllib3.exceptions import ProtocolError

from jettison.core.errors import RegistryError
from jettison.registry import mirrors, troubles
from jettison.registry.names import Name
from jettison.registry.patience import Patience
from jettison.registry.repository import Repository, error_told
from jettison.registry.wire import Answer, Body, Request, Wire, is_busy

_RANGE = re.compile(r"(?:bytes=)?0-(\d{1,19})")
_COMMITTING = 600.0  # seconds: a registry reads a big blob once more before it says that it has it
_LIES = "the registry, or something on the way to it, changes what it is sent: tell its owner"

Pieces = Callable[[], Iterator[bytes]]  # of a blob, from its beginning


class Push:
    """One repository that may be written to. `beside` are others of its registry that may have blobs already.

    Mirrors are only read from: an image goes to its registry itself.
    """

    def __init__(
        self,
        name: Name,
        beside: tuple[str, ...] = (),
        *,
        insecure: bool = False,
        patience: Patience | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Raises UsageError for a configuration that cannot be read, RegistryError for a blocked registry."""
        source = mirrors.sources(name, mirrors.read_registries(environment), insecure=insecure)[-1]
        self.repository, self._beside = source.name.repository, beside
        self._patience = patience or replace(Patience(), read=_COMMITTING, headers=_COMMITTING)
        self._wire = Wire(self._patience, frozenset({source.name.host}) if source.insecure else frozenset())
        scopes = (f"repository:{self.repository}:pull,push", *(f"repository:{each}:pull" for each in beside))
        self._place = Repository(source, self._wire, environment, scopes)

    def blob(self, digest: str, size: int, pieces: Pieces) -> str:
        """Have a blob there; "there" where it was, "mounted" where another repository had it, else "sent".

        Raises RegistryError, and what `pieces` raises.
        """
        if self._has(digest, size):
            return "there"
        location = ""
        for other in self._beside:
            answer = self._post({"mount": digest, "from": other})
            if answer.status == 201:
                return "mounted"
            location = self._location(answer)
        self._send(location or self._location(self._post({})), digest, size, pieces)
        return "sent"

    def manifest(self, reference: str, body: bytes, media_type: str, digest: str) -> None:
        """Name what was sent: by a tag, or by its digest. Raises RegistryError."""
        url = self._place.url(f"manifests/{reference}")
        asked = Request(url, {"Content-Type": media_type}, method="PUT", body=Body(len(body), lambda: iter((body,))))
        answer = self._place.ask(asked)
        if answer.status not in (201, 202):
            raise self._refused(answer, f"the manifest {reference}")
        told = answer.headers.get("Docker-Content-Digest", digest)
        if told != digest:
            raise RegistryError(f"the registry has stored {told[:100]} instead of {digest}", hint=_LIES)

    def _has(self, digest: str, size: int) -> bool:
        answer = self._place.ask(Request(self._place.url(f"blobs/{digest}"), method="HEAD"))
        if answer.status in (401, 403):
            raise self._refused(answer, digest)
        return answer.status == 200 and answer.headers.get("Content-Length", str(size)) == str(size)

    def _post(self, query: Mapping[str, str]) -> Answer:
        """The answer to the wish for an upload, or for a mount. Raises RegistryError."""
        asked = f"?{urlencode(query)}" if query else ""
        answer = self._place.ask(Request(self._place.url("blobs/uploads/") + asked, method="POST"))
        if answer.status not in (201, 202):
            raise self._refused(answer, "an upload")
        return answer

    def _location(self, answer: Answer, before: str = "") -> str:
        """Where an upload goes on. Raises RegistryError."""
        told = answer.headers.get("Location", "") or before
        found = urljoin(self._place.url("blobs/uploads/"), told)
        scheme = urlsplit(found).scheme
        open_too = urlsplit(self._place.url("")).scheme == "http"
        if not told or scheme not in ("http", "https") or (scheme == "http" and not open_too):
            raise RegistryError(f"the registry names no place for an upload, but {told[:100]!r}", hint="tell its owner")
        return found

    def _send(self, location: str, digest: str, size: int, pieces: Pieces) -> None:
        """All bytes, gone on with where a connection broke, then the digest."""
        at = failures = 0
        while True:
            try:
                answer = self._patch(location, (at, size), pieces) if at < size else None
                if answer is not None and answer.status not in (201, 202, 204):
                    raise self._refused(answer, digest)
                location = self._location(answer, location) if answer is not None else location
                self._commit(location, digest)
                return
            except troubles.ANY as error:
                failures += 1
                if failures >= self._patience.tries or not troubles.is_passing(error):
                    raise troubles.told(error, location) from error
                self._wire.pause(failures - 1, getattr(error, "headers", None))
                if self._has(digest, size):
                    return  # it had come through, and the answer was lost
                before = at
                location, at = self._reached(location, size)
                failures = 0 if at > before else failures

    def _patch(self, location: str, part: tuple[int, int], pieces: Pieces) -> Answer:
        at, size = part
        headers = {"Content-Type": "application/octet-stream"}
        if at:
            headers["Content-Range"] = f"{at}-{size - 1}"
        body = Body(size - at, lambda: _after(pieces(), at))
        request = Request(location, headers, self._place.authorization(location), method="PATCH", body=body)
        answer = self._wire.once(request)
        if is_busy(answer.status) or answer.status in (401, 404, 416):  # a token ran out, an upload was forgotten
            raise _Again(answer)
        return answer

    def _reached(self, location: str, size: int) -> tuple[str, int]:
        """Where to go on, and from which byte; from the first one of another upload where that is not told.

        docker-registry 2.8 takes an upload that broke within a PATCH for invalid.
        """
        answer = self._place.ask(Request(location, method="GET"))
        told = _RANGE.fullmatch(answer.headers.get("Range", "").strip())
        if answer.status == 204 and told is not None and int(told[1]) < size:
            came = int(told[1]) + 1 if int(told[1]) else 0  # "0-0" is told of none, too
            return self._location(answer, location), came
        return self._location(self._post({})), 0

    def _commit(self, location: str, digest: str) -> None:
        joint = "&" if urlsplit(location).query else "?"
        url = f"{location}{joint}digest={quote(digest, safe='')}"
        answer = self._wire.once(Request(url, {}, self._place.authorization(url), method="PUT"))
        if is_busy(answer.status) or answer.status in (401, 404):
            raise _Again(answer)
        if answer.status not in (201, 202, 204):
            raise self._refused(answer, digest)

    def _refused(self, answer: Answer, what: str) -> RegistryError:
        """The error for an answer that is a no."""
        code, message = error_told(answer.body)
        words = f" ({message or code})" if message or code else ""
        host = self._place.host
        if answer.status in (401, 403):
            return self._place.denied(f"does not let us write to {self.repository}{words}")
        if answer.status == 413:
            return RegistryError(f"{host} finds {what} too large{words}", hint="ask its owner for the limit")
        if answer.status in (404, 405):
            return RegistryError(
                f"{host} takes no image called {self.repository}{words}",
                hint="make the repository first, if this registry wants that; a cache of another registry takes none",
            )
        if answer.status == 400 and code == "DIGEST_INVALID":
            return RegistryError(f"{host} received other bytes than were sent for {what}", hint=_LIES)
        hint = "try again later; look at the registry's log" if is_busy(answer.status) else "is a registry there?"
        return RegistryError(f"{host} answers {answer.status} to {what}{words}", hint=hint)


class _Again(ProtocolError):
    """An answer after which it is worth to try again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answers {answer.status}")
        self.status, self.headers = answer.status, answer.headers


def _after(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The same without the first so many bytes, which are made and passed over: what they are is looked at."""
    for piece in pieces:
        if count < len(piece):
            yield piece[count:] if count else piece
        count = max(0, count - len(piece))
