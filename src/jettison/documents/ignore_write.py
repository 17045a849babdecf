"""A proposal for an ignore file as a JSON document, `jettison.ignore-write/1`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.context.derive import Proposal
from jettison.context.secrets import Secret
from jettison.core.values import Skipped
from jettison.documents.ignore import secret_to_json
from jettison.documents.text import plain, text_fields
from jettison.lighten.leaving_out import Proof

SCHEMA = "jettison.ignore-write/1"


@dataclass(frozen=True)
class Proposed:
    """All that `jettison ignore write` tells."""

    file: Path  # the ignore file that counts
    name: str  # as people call it
    proposal: Proposal
    secrets: tuple[Secret, ...]  # that stay; those that are copied in first
    left_out: tuple[Secret, ...]  # that the lines leave out, which were copied in before
    diff: str
    written: bool
    others: tuple[str, ...] = ()  # Dockerfiles that the same file counts for, and that were heard
    skipped: tuple[Skipped, ...] = ()
    proof: Proof | None = None


def proposal_to_json(found: Proposed) -> dict[str, Any]:
    """What `ignore write` prints with --format json."""
    proof = found.proof
    return {
        "schema": SCHEMA,
        **text_fields(str(found.file), "ignore_file"),
        "changed": bool(found.proposal.lines),
        "written": found.written,
        "bytes": found.proposal.bytes,
        "lines": [
            {
                **text_fields(line.pattern, "pattern"),
                "reason": line.reason,
                "files": line.files,
                "bytes": line.bytes,
                "unread": line.unread,
            }
            for line in found.proposal.lines
        ],
        "kept": [{**text_fields(each.path, "path"), "why": plain(each.why)} for each in found.proposal.kept],
        "notes": list(found.proposal.notes),
        "secrets": [secret_to_json(each) for each in found.secrets],
        "secrets_left_out": [secret_to_json(each) for each in found.left_out],
        "dockerfiles": [plain(each) for each in found.others],
        "skipped": [{**text_fields(each.what, "path"), "reason": plain(each.reason)} for each in found.skipped],
        **text_fields(found.proposal.text, "text"),
        "diff": plain(found.diff),
        "proof": None
        if proof is None
        else {
            "engine": proof.engine,
            "before": proof.before,
            "after": proof.after,
            "gone": proof.gone,
            "held": proof.held,
            "reason": plain(proof.reason),
            "noise": proof.noise,
        },
    }
