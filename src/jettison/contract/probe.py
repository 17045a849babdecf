"""`--probe`: the address that the user means."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from jettison.contract.http import Address
from jettison.core.errors import UsageError


def probe_address(text: str, reach: Mapping[tuple[str, int], str]) -> Address:
    """A URL, or a path on the first port; `reach` tells which ports are open. Raises UsageError."""
    ports = sorted(port for protocol, port in reach if protocol == "tcp")
    if text.startswith("/"):
        if not ports:
            raise UsageError(f"--probe {text}: the application opens no port", hint="give --check CMD instead")
        return Address(ports[0], text, reach["tcp", ports[0]] == "loopback")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or 80
    except ValueError:
        raise UsageError(f"--probe {text}: not a URL", hint="write --probe http://localhost:8000/path") from None
    if any(character.isspace() or not character.isprintable() for character in text):
        raise UsageError(f"--probe {text}: not a URL", hint="write blanks as %20")
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(
            f"--probe {text}: only http is asked inside the container", hint="write --probe http://localhost:8000/path"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(port, path, reach.get(("tcp", port)) == "loopback", parts.hostname)
