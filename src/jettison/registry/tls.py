"""Whom we believe: the system's authorities, $SSL_CERT_FILE and $SSL_CERT_DIR, and certs.d for one host.

Source: Python `ssl.create_default_context` (OpenSSL's own variables); `docs/containers-certs.d.5.md` of
containers/image, and Docker's "Verify repository client with certificates", which means the same by /etc/docker.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from jettison.core.errors import RegistryError

_SYSTEM = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))


def context(host: str, *, insecure: bool = False) -> ssl.SSLContext:
    """What to speak TLS to `host[:port]` with; `insecure` asks for no proof. Raises RegistryError."""
    found = ssl.create_default_context()
    if insecure:
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    for folder in _folders(host):
        for file in sorted(folder.iterdir()):
            try:
                if file.suffix == ".crt":
                    found.load_verify_locations(file)
                elif file.suffix == ".cert":
                    found.load_cert_chain(file, file.with_suffix(".key"))
            except OSError as error:  # ssl.SSLError is one
                raise RegistryError(f"cannot use {file}: {error}", hint="correct it, or move it away") from None
    return found


def has_own(host: str) -> bool:
    """Whether somebody laid certificates for this host."""
    return any(True for _ in _folders(host))


def _folders(host: str) -> Iterator[Path]:
    own = Path(os.environ.get("HOME") or "/root") / ".config/containers/certs.d"
    for root in (own, *_SYSTEM):
        try:
            if (root / host).is_dir():
                yield root / host
        except OSError:  # not ours to look at
            continue
