"""The host's certificate authorities: builds behind an intercepting proxy need them inside their base."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

VARIABLES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT")
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Authorities:
    """The bundle, and those of its certificates that Debian's own package does not bring."""

    bundle: str
    own: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.bundle.encode()).hexdigest()

    def environment(self) -> dict[str, str]:
        """Programs with a list of their own are told; the paths are those inside the image."""
        return {"NODE_EXTRA_CA_CERTS": f"/{BUNDLE}", "PIP_CERT": f"/{BUNDLE}"}

    def install(self, rootfs: Path) -> None:
        """The bundle, and each own certificate where `update-ca-certificates` looks.

        Without the second, installing the package `ca-certificates` in a build would rewrite the bundle without them.
        """
        write(rootfs / BUNDLE, self.bundle)
        for number, text in enumerate(self.own, 1):
            write(rootfs / f"usr/local/share/ca-certificates/host-{number}.crt", text + "\n")


def of_host() -> Authorities | None:
    """What the host's programs are told to trust; None where no variable tells them anything."""
    for name in VARIABLES:
        path = Path(os.environ.get(name) or "/nonexistent")
        if path.is_file():
            bundle = path.read_text("ascii", "ignore")
            usual = set()
            for known in Path("/usr/share/ca-certificates").rglob("*.crt"):
                usual.update(CERTIFICATE.findall(known.read_text("ascii", "ignore")))
            own = tuple(text for text in CERTIFICATE.findall(bundle) if text not in usual)
            return Authorities(bundle, own)
    return None


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "ascii")
    path.chmod(0o644)
