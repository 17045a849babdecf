"""Names of images in registries: host, repository, tag, digest.

Source: OCI distribution-spec v1.1, "Pulling manifests" (grammar of `<name>` and `<reference>`); distribution's
`reference` package for how Docker completes a short name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jettison.core.errors import UsageError

HUB = "docker.io"
_LONGEST = 255  # characters of a repository with its host, as registries take them
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True)
class Name:
    """`host/repository`, with a tag, a digest or both; the digest decides where there are both."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"

    @property
    def reference(self) -> str:
        """What a manifest is asked for by."""
        return self.digest or self.tag


def parse(text: str, *, qualified: bool = False) -> Name:
    """The name that `text` spells, completed as Docker does: `debian` is `docker.io/library/debian:latest`.

    With `qualified`, what stands before the first slash is a host whatever it looks like. Raises UsageError.
    """
    if "://" in text:
        raise UsageError(f"'{text}' is an address, no name of an image", hint="write docker://HOST/NAME:TAG")
    rest, at, digest = text.partition("@")
    if "/" in digest:
        raise UsageError("the name of an image holds no user and no password", hint="log in: `docker login HOST`")
    host, repository = _split_host(rest, qualified=qualified)
    repository, colon, tag = repository.partition(":")
    name = Name(host, repository, tag, digest)
    _check(name, text)
    if (colon and not tag) or (at and not digest):
        raise UsageError(f"'{text}' ends in '{colon or at}'", hint="write NAME:TAG or NAME@sha256:...")
    if host == HUB and "/" not in repository:
        name = replace(name, repository=f"library/{repository}")
    return name if name.reference else replace(name, tag="latest")


def _split_host(text: str, *, qualified: bool) -> tuple[str, str]:
    first, slash, others = text.partition("/")
    is_host = slash and (qualified or "." in first or ":" in first or first == "localhost")
    host, repository = (first, others) if is_host else (HUB, text)
    host = host.lower()
    return (HUB if host in (f"index.{HUB}", f"registry-1.{HUB}") else host), repository


def _check(name: Name, text: str) -> None:
    """Raises UsageError with what is wrong."""
    if not _HOST.fullmatch(name.host):
        raise UsageError(f"'{name.host}' in '{text}' is no host", hint="write docker://HOST[:PORT]/NAME:TAG")
    if not _REPOSITORY.fullmatch(name.repository):
        hint = "write docker://HOST/NAME:TAG"
        if _REPOSITORY.fullmatch(name.repository.lower()):
            hint = f"repositories are written in lower case: {name.repository.lower()}"
        raise UsageError(f"'{text}' is no name of an image in a registry", hint=hint)
    if len(name.host) + 1 + len(name.repository) > _LONGEST:
        raise UsageError(f"'{text[:60]}...' is too long for a repository", hint=f"{_LONGEST} characters are allowed")
    if name.tag and not _TAG.fullmatch(name.tag):
        raise UsageError(f"'{name.tag}' is no tag", hint="tags are letters, digits, _ . and -, at most 128")
    if name.digest and not _DIGEST.fullmatch(name.digest):
        raise UsageError(f"'{name.digest}' is no digest", hint="write @sha256: and 64 hexadecimal digits")
