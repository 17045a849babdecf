"""Text for JSON: what is not UTF-8 is spelled out, with the raw bytes beside it in base64."""

from __future__ import annotations

import base64

from jettison.core.escape import show_path, terminal


def path_fields(path: bytes, key: str = "path") -> dict[str, str]:
    """`{key: "/usr/bin/env"}`; where the bytes are not UTF-8, spelled out, with `key_base64` beside it."""
    try:
        return {key: "/" + path.decode("utf-8")}
    except UnicodeDecodeError:
        return {key: "/" + show_path(path), f"{key}_base64": base64.b64encode(path).decode()}


def text_fields(text: str, key: str) -> dict[str, str]:
    """The same for text read with `surrogateescape`."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogateescape")
        return {key: plain(text), f"{key}_base64": base64.b64encode(raw).decode()}
    return {key: text}


def plain(text: str) -> str:
    """`text` with bytes that were not UTF-8 spelled out, everything else as it is."""
    return "".join(terminal(c) if 0xD800 <= ord(c) <= 0xDFFF else c for c in text)
