"""One repository at one place: its manifests, which are small and come whole, and its blobs, which stream.

Source: OCI distribution-spec v1.1, "Pull" and "Error Codes"; image-spec v1.1 `media-types.md`; Docker "Image Manifest
V 2, Schema 2".
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from urllib3.response import HTTPResponse

from jettison.core.errors import RegistryError
from jettison.registry import troubles
from jettison.registry.access import Access
from jettison.registry.download import DigestMismatch, Download
from jettison.registry.mirrors import Source
from jettison.registry.names import HUB
from jettison.registry.proxies import is_loopback
from jettison.registry.wire import Answer, Request, Wire, is_busy, is_same_origin

ACCEPTED = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
)
_HUB_HOST = f"registry-1.{HUB}"
_TURNS = 3  # a 401 is answered twice: a token may run out while another thread gets one
_REFUSED = (401, 403)


class NotFound(RegistryError):
    """The registry answers, and has no such image."""


@dataclass(frozen=True)
class Document:
    """A manifest or an index, as it came."""

    body: bytes
    digest: str
    media_type: str


class Repository:
    """What can be pulled from a source. Threads may share it. `scopes` are what tokens are asked for besides."""

    def __init__(
        self, source: Source, wire: Wire, environment: Mapping[str, str] | None = None, scopes: tuple[str, ...] = ()
    ) -> None:
        self.source, self._wire = source, wire
        self.host = source.name.host
        self._address = _HUB_HOST if self.host == HUB else self.host
        self._access = Access(wire, self.host, source.name.repository, environment, scopes)
        self._base = ""
        self._lock = threading.Lock()

    def manifest(self, reference: str) -> Document:
        """What a tag or digest stands for, verified. Raises NotFound, RegistryError."""
        url = self.url(f"manifests/{reference}")
        answer = self.ask(Request(url, {"Accept": ACCEPTED}))
        if answer.status != 200:
            raise self._refusal(answer.status, answer.headers, answer.body, reference)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type == "text/html" or answer.body.lstrip()[:1] == b"<":
            raise self._web_page()
        told = answer.headers.get("Docker-Content-Digest", "")
        expected = reference if ":" in reference else told
        algorithm = expected.partition(":")[0] if expected else "sha256"
        if algorithm not in ("sha256", "sha384", "sha512"):
            raise RegistryError(f"{self.host} tells a digest of the kind {algorithm[:20]!r}", hint="tell its owner")
        digest = f"{algorithm}:{hashlib.new(algorithm, answer.body).hexdigest()}"
        if expected and digest != expected:
            raise DigestMismatch(
                f"{self.host} gives another manifest than it says: {expected[:200]} is {digest}",
                hint="the registry, or something on the way to it, does not tell the truth: tell its owner",
            )
        return Document(answer.body, digest, media_type)

    def blob(self, digest: str, size: int) -> Download:
        """A blob, to be read to its end before it is used. Reading raises NotFound, RegistryError."""
        url = self.url(f"blobs/{digest}")

        def ask(headers: dict[str, str]) -> HTTPResponse:
            for _ in range(_TURNS):
                used = self._access.authorization
                response = self._wire.open(Request(url, headers, used))
                if response.status != 401:
                    break
                response.close()
                self._access.renew(used, response.headers.getlist("WWW-Authenticate"), url)
            if response.status in (200, 206, 416) or is_busy(response.status):
                return response
            response.close()
            raise self._refusal(response.status, response.headers, b"", digest)

        return Download(self._wire, ask, url, digest, size)

    def ask(self, request: Request) -> Answer:
        """The answer, with the authorization that it takes; to another host without any. Raises RegistryError."""
        for _ in range(_TURNS):
            used = self.authorization(request.url)
            answer = self._wire.ask(replace(request, authorization=used))
            if answer.status != 401:
                break
            self._access.renew(used, answer.headers.getlist("WWW-Authenticate"), request.url)
        return answer

    def authorization(self, url: str) -> str | None:
        """What is told to this address, so far."""
        return self._access.authorization if is_same_origin(url, self.url("")) else None

    def denied(self, why: str) -> RegistryError:
        """The error for a refusal, with what was tried to get in."""
        return self._access.denied(why)

    def url(self, path: str) -> str:
        """The address of something in this repository. Raises RegistryError."""
        with self._lock:
            self._base = self._base or self._find_base()
        return f"{self._base}/v2/{self.source.name.repository}/{path}"

    def _find_base(self) -> str:
        """`https://host`; plain HTTP too where that is allowed and nothing else is spoken. Raises RegistryError."""
        if not self.source.insecure and not is_loopback(self._address):
            return f"https://{self._address}"
        # on this machine most registries are plain; elsewhere the protected way comes first
        first, second = (
            ("https", "http") if self.source.insecure and not is_loopback(self._address) else ("http", "https")
        )
        try:
            if self._answers(first):
                return f"{first}://{self._address}"
        except RegistryError as error:
            if isinstance(error.__cause__, troubles.UNREACHED) and urlsplit(f"//{self._address}").port:
                raise  # nothing listens there, whatever is spoken
        try:
            if self._answers(second):
                return f"{second}://{self._address}"
        except RegistryError as error:
            if second == "https" and not troubles.speaks_no_tls(error):
                raise
        return f"{first}://{self._address}"  # which says what is wrong

    def _answers(self, scheme: str) -> bool:
        """Whether a server speaks this scheme; one that wants TLS answers 400 to plain HTTP."""
        answer = self._wire.ask(Request(f"{scheme}://{self._address}/v2/"), tries=1)
        return not (scheme == "http" and answer.status == 400)

    def _refusal(self, status: int, headers: Mapping[str, str], body: bytes, reference: str) -> RegistryError:
        """The error for an answer that is none."""
        code, message = error_told(body)
        what = f"{self.source.name.repository}{'@' if ':' in reference else ':'}{reference}"
        if status == 404:
            if headers.get("Content-Type", "").startswith("text/html"):
                return self._web_page()
            hint = "look at the name and the tag" + ("; some registries hide private images so" if not code else "")
            return NotFound(f"{self.host} has no {what}{f' ({message})' if message else ''}", hint=hint)
        if status in _REFUSED:
            # a registry that hides what is private answers so for what it never had, too
            return self._access.denied(f"does not let us read {what}, or has none{f' ({message})' if message else ''}")
        if status == 407:
            return RegistryError("the proxy wants a login", hint="write it as http://USER:PASSWORD@HOST in HTTPS_PROXY")
        if status == 429:
            return RegistryError(f"{self.host} has had too many requests from us", hint="wait, or log in")
        if headers.get("Content-Type", "").startswith("text/html") and status < 500:
            return self._web_page()
        return RegistryError(
            f"{self.host} answers {status} to {what}{f': {message}' if message else ''}",
            hint="try again later; look at the registry's log" if status >= 500 else "is a registry there?",
        )

    def _web_page(self) -> RegistryError:
        return RegistryError(
            f"{self.host} answers with a web page: no registry is there",
            hint="give the registry's own host, and not that of its web site; or is a login page in between?",
        )


def error_told(body: bytes) -> tuple[str, str]:
    """Code and message of the first error that a registry tells (distribution-spec, "Error Codes")."""
    try:
        error = json.loads(body)["errors"][0]
        code, message = error.get("code"), error.get("message")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", ""
    return (code if isinstance(code, str) else ""), (message[:200] if isinstance(message, str) else "")
