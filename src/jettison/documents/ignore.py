"""What `jettison ignore` finds as JSON documents: `jettison.ignore/1`, and of a file `jettison.ignore-explain/1`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.context.copies import Taken
from jettison.context.cost import Cost, Part
from jettison.context.decision import Decision, Naming
from jettison.context.precedence import Precedence
from jettison.context.secrets import Secret
from jettison.context.walk import Context, Totals
from jettison.core.redact import Redactor
from jettison.core.values import Skipped
from jettison.dockerfile.model import Instruction, Named
from jettison.documents.text import plain, text_fields

SCHEMA = "jettison.ignore/1"
EXPLAIN_SCHEMA = "jettison.ignore-explain/1"


@dataclass(frozen=True)
class Builder:
    """What one builder makes of the directory: the file that counts for it, and what that keeps back.

    `refused` says why it would not build at all; then `ignored` is None.
    """

    precedence: Precedence
    ignored: Totals | None
    refused: str = ""


@dataclass(frozen=True)
class ContextShown:
    """A named build context: of a folder what the builder may take of it, and who does; of anything else nothing."""

    named: Named
    file: Path | None = None  # its ignore file
    left: Context | None = None
    takings: tuple[Taken, ...] = ()
    secrets: tuple[Secret, ...] = ()

    @property
    def value(self) -> str:
        """What was given, without the password of an address."""
        return Redactor().text(self.named.value)


@dataclass(frozen=True)
class Shown:
    """All that `jettison ignore show` tells."""

    root: Path
    dockerfile: Path | None
    builder: Precedence
    builders: tuple[Builder, ...]
    cost: Cost
    secrets: tuple[Secret, ...]  # those that are copied in first
    problems: tuple[tuple[int, str, str], ...]  # line, pattern, why the builder fails once it asks it
    skipped: tuple[Skipped, ...]
    contexts: tuple[ContextShown, ...] = ()


def ignore_to_json(shown: Shown) -> dict[str, Any]:
    """What `ignore show` prints with --format json."""
    cost = shown.cost
    return {
        "schema": SCHEMA,
        **text_fields(str(shown.root), "context"),
        **_place("dockerfile", shown.dockerfile),
        **_precedence(shown.builder),
        "builders": [
            {
                **_precedence(each.precedence),
                "ignored": _totals(each.ignored),
                "refused": each.refused or None,
            }
            for each in shown.builders
        ],
        "problems": [
            {"line": line, **text_fields(pattern, "pattern"), "reason": plain(why)}
            for line, pattern, why in shown.problems
        ],
        "ignored": _totals(cost.ignored),
        "left": _totals(cost.left),
        "sent": _totals(cost.sent),
        "folders": [_part(each) for each in cost.folders],
        "worst": [_part(each) for each in cost.worst],
        "instructions": [taking_to_json(each) for each in cost.takings],
        "untaken": _totals(cost.untaken),
        "untaken_folders": [_part(each) for each in cost.untaken_folders],
        "secrets": [secret_to_json(each) for each in shown.secrets],
        "skipped": [_skipped(each) for each in shown.skipped],
        "contexts": [_context(each) for each in shown.contexts],
    }


def _context(shown: ContextShown) -> dict[str, Any]:
    """A named build context; null stands where it is not looked into."""
    left = shown.left
    return {
        "name": plain(shown.named.name),
        **text_fields(shown.value, "value"),
        **_place("ignore_file", shown.file),
        "ignored": _totals(None if left is None else left.ignored),
        "left": _totals(None if left is None else left.totals),
        "instructions": [taking_to_json(each) for each in shown.takings],
        "secrets": [secret_to_json(each) for each in shown.secrets],
        "skipped": [] if left is None else [_skipped(each) for each in left.skipped],
    }


def _skipped(found: Skipped) -> dict[str, Any]:
    return {**text_fields(found.what, "path"), "reason": plain(found.reason)}


@dataclass(frozen=True)
class Explained:
    """Who decides on a file, `name` as it was given; without a decision the way to it leads out of the context."""

    name: str
    builder: Precedence
    root: Path  # the context
    context: str = ""  # the named build context that this is; empty: the build's own
    decision: Decision | None = None
    through: tuple[tuple[str, str], ...] = ()  # links among its folders


def explain_to_json(builder: Precedence, files: Sequence[Explained]) -> dict[str, Any]:
    """What `ignore explain` prints with --format json; `builder` of the build's own context."""
    return {
        "schema": EXPLAIN_SCHEMA,
        **_precedence(builder),
        "files": [{**_decision(each), **_where(each)} for each in files],
    }


def _where(found: Explained) -> dict[str, Any]:
    """Which context a file lies in; of a named one also the ignore file that counts there."""
    if not found.context:
        return {"context": None}
    return {**text_fields(found.context, "context"), **_place("ignore_file", found.builder.file)}


def _decision(one: Explained) -> dict[str, Any]:
    name, found = one.name, one.decision
    links = [{**text_fields(link, "path"), **text_fields(target, "target")} for link, target in one.through]
    if found is None:
        return {**text_fields(name, "file"), "path": None, "excluded": None, "through": links}
    decider = found.decider
    inside = None
    if found.inside is not None:
        inside = {"left": _totals(found.inside[0]), "excluded": _totals(found.inside[1])}
    return {
        **text_fields(name, "file"),
        **text_fields(found.path, "path"),
        "type": found.kind,
        "bytes": found.size,
        "excluded": found.excluded,
        "decided_by": None if decider is None else _naming(decider),
        "lines": [_naming(each) for each in found.namings],
        "inside": inside,
        "taken_by": [instruction_to_json(each.instruction) for each in found.taken_by],
        "missed_by": [
            {**instruction_to_json(each.instruction), "named": found.is_named_by(each)} for each in found.missed_by
        ],
        "through": links,
    }


def _naming(found: Naming) -> dict[str, Any]:
    return {
        "line": found.line,
        **text_fields(found.written, "pattern"),
        "exception": found.exception,
        **text_fields(found.names, "names"),
        "role": found.role.value,
    }


def instruction_to_json(instruction: Instruction) -> dict[str, Any]:
    """Where it stands, and what it says in one line."""
    return {"line": instruction.line, "keyword": instruction.keyword, "text": plain(one_line(instruction))}


def one_line(instruction: Instruction) -> str:
    """An instruction without its line ends."""
    flags = [f"--{each.name}" + ("" if each.value is None else f"={each.value}") for each in instruction.flags]
    return " ".join([instruction.keyword, *flags, *instruction.value.split()])


def taking_to_json(taken: Taken) -> dict[str, Any]:
    """What an instruction takes of the context; `sources` as resolved, "." for all of it."""
    return {
        **instruction_to_json(taken.instruction),
        "sources": [plain(each or ".") for each in taken.sources],
        "files": len(taken.paths),
        "bytes": taken.bytes,
        "missing": [plain(each) for each in taken.missing],
        "unknown": [plain(each) for each in taken.unknown],
        "remote": len(taken.remote),
        "archives": [plain(each) for each in taken.archives],
    }


def secret_to_json(secret: Secret) -> dict[str, Any]:
    """A path, why it looks like a secret, the lines that copy it in."""
    lines = [each.instruction.line for each in secret.copied_by]
    return {**text_fields(secret.found.path, "path"), "why": secret.found.why, "copied_by": lines}


def _precedence(found: Precedence) -> dict[str, Any]:
    return {
        "builder": found.dialect.value,
        **_place("ignore_file", found.file),
        "unused": [plain(os.fspath(each)) for each in found.unused],
        "looked_for": [plain(each) for each in found.names],
    }


def _place(key: str, path: Path | None) -> dict[str, Any]:
    return {key: None} if path is None else text_fields(str(path), key)


def _totals(found: Totals | None) -> dict[str, int] | None:
    return None if found is None else {"files": found.files, "bytes": found.bytes}


def _part(part: Part) -> dict[str, Any]:
    return {**text_fields(part.path or ".", "path"), "files": part.files, "bytes": part.bytes}
