"""The certificates of the old base, taken along to one that has none.

Both the bundle and the folder that OpenSSL looks names up in go, with the files that its links lead to: which of them a
program reads is its library's own affair. Source: Debian's update-ca-certificates(8); openssl-rehash(1).
"""

from __future__ import annotations

from jettison.dockerfile.edit import newline
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction
from jettison.image.model import Image
from jettison.subject import Subject
from jettison.synthesis.gathered import with_copied
from jettison.synthesis.lacking import has_certificates

TOLD = "certificates taken along"  # in a title
_FOLDERS = (b"etc/ssl/certs", b"usr/share/ca-certificates")


def with_certificates(subject: Subject, candidate: Image) -> Image | None:
    """The candidate with the base's certificates on it; None where it has its own, or the base has none to give."""
    before = subject.below
    if not has_certificates(before) or has_certificates(candidate.tree) or _first(subject).flag("platform"):
        return None
    found = (entry for folder in _FOLDERS for path in before.under(folder) if (entry := before.get(path)) is not None)
    return with_copied(candidate, "certificates", before, ((entry, b"") for entry in found))


def copies(subject: Subject) -> tuple[str, ...]:
    """The instructions that bring them to the stage, right behind its FROM."""
    base = stage_chain(subject.dockerfile, subject.stage, subject.build_args)[0].base
    paths = (folder.decode() for folder in _FOLDERS if folder in subject.below)
    return tuple(f"COPY --from={base} /{path} /{path}" for path in paths)


def behind_from(subject: Subject) -> str:
    """The same as text that is put at the end of the FROM."""
    return "".join(newline(subject.dockerfile) + line for line in copies(subject))


def _first(subject: Subject) -> Instruction:
    return stage_chain(subject.dockerfile, subject.stage, subject.build_args)[0].instructions[0]
