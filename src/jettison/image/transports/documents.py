"""JSON out of images: small, of the shape that was asked for, and what its digest says, or an ImageError.

Source: OCI image-spec v1.1 `descriptor.md` (digests), `manifest.md`, `config.md`; the limit is containers/image's.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jettison.core.errors import ImageError
from jettison.image.blob import Blob, is_there

LARGEST = 4 * 2**20  # bytes of a manifest, an index or a config; what containers/image and registries take
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SHOWN = 300  # characters of a path
AGAIN = "the image is damaged or was not made by a container tool: save or pull it again"

Files = Callable[[str], Blob | None]  # a layout's or archive's files by name; None where there is none


def read_json(blob: Blob, what: str, digest: str | None = None) -> Any:
    """The JSON value of a file, verified where a digest is given. Raises ImageError."""
    return parse_json(read_small(blob, what, digest), what)


def read_small(blob: Blob, what: str, digest: str | None = None) -> bytes:
    """The bytes of a document, verified where a digest is given. Raises ImageError."""
    if blob.size > LARGEST:
        raise ImageError(f"{what} is absurdly large: {blob.size} bytes, where {LARGEST} are allowed", hint=AGAIN)
    with blob.open() as stream:
        data = stream.read(LARGEST)
    if digest is not None:
        verify(data, digest, what)
    return data


def parse_json(data: bytes, what: str) -> Any:
    """The value that the bytes spell, read as Go reads them: halves of pairs replaced. Raises ImageError."""
    try:
        spelled = data.decode("utf-8", "replace")
        if _SURROGATE.search(spelled):
            spelled = _ESCAPE.sub(_whole_characters, spelled)
        return json.loads(spelled, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:  # the latter for brackets in brackets, thousands deep
        raise ImageError(f"{what} is not JSON: {error or 'nested too deeply'}", hint=AGAIN) from None


def _whole_characters(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape["half"] else escape[0]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value


def verify(data: bytes, digest: str, what: str) -> None:
    """Raises ImageError where the bytes do not hash to the digest."""
    algorithm, _ = digest_parts(digest, what)
    found = f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
    if found != digest:
        raise ImageError(f"{what} is not what its digest says: {digest} is {found}", hint=AGAIN)


def digest_parts(digest: Any, what: str) -> tuple[str, str]:
    """Algorithm and hexadecimal value; only what cannot lead a path astray passes. Raises ImageError."""
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if match is None or len(match[2]) != _LENGTHS[match[1]]:
        raise ImageError(f"{what} has no usable digest: {str(digest)[:100]!r}", hint=AGAIN)
    return match[1], match[2]


def mapping(value: Any, what: str) -> dict[str, Any]:
    """The value, if it is an object. Raises ImageError."""
    if not isinstance(value, dict):
        raise ImageError(f"{what} is not a JSON object", hint=AGAIN)
    return value


def sequence(value: Any, what: str) -> list[Any]:
    """The value, if it is an array; null is an empty one, as Go writes it. Raises ImageError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImageError(f"{what} is not a JSON array", hint=AGAIN)
    return value


def text(value: Any, what: str) -> str:
    """The value, if it is a string. Raises ImageError."""
    if not isinstance(value, str):
        raise ImageError(f"{what} is not a JSON string", hint=AGAIN)
    return value


def split_where(where: str) -> tuple[Path, str]:
    """A path that exists and the name behind its colon; a path may hold colons itself. Raises ImageError."""
    if is_there(Path(where)):
        return Path(where), ""
    at = where.find(":")
    while at >= 0:
        if at and is_there(Path(where[:at])):
            return Path(where[:at]), where[at + 1 :]
        at = where.find(":", at + 1)
    raise ImageError(f"there is no file or directory {where[:_SHOWN]}", hint="look at the path")
