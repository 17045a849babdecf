"""All packages of the base upgraded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.invocation import Invocation
from jettison.commands.model import Run
from jettison.commands.tables.all import SYSTEM
from jettison.commands.tool import Action
from jettison.core.values import Severity
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import SHOWN

NAME = "packages-upgraded"
_NOTHING = ("-s", "--simulate", "--dry-run", "--just-print", "-d", "--download-only", "--downloadonly", "-D")
_RECORDS = re.compile(
    rb"var/lib/(?:dpkg|apt|rpm|dnf|yum|zypp)/|lib/apk/|usr/lib/(?:apk|sysimage/rpm)/|var/(?:cache|log)/"
)
_PROPOSAL = "build upon the newest image of the base (docker build --pull), which has the updates once"


@rule("JT114", severity=Severity.NOTE)
def packages_upgraded(subject: Subject) -> Iterator[Finding]:
    """A RUN upgrades all packages: what the base brought ships a second time, in its newer version.

    **What it costs.** Each upgraded file twice: the base's layer keeps the old one below the new. In the image that is
    measured: what this RUN's layer replaced of the base, the package database left out, which any installation writes
    anew.

    **The fix** is a newer base: official images are built anew when their packages have updates, and `--pull` fetches
    that. Where an update is out and no base has it yet, the upgrade is worth its bytes, and that is yours to decide.

    **Safety.** Told, never applied: what an upgrade closes, the text does not tell. Upgrades of packages that are
    named are left alone.

    This rule's example needs a base whose files are replaced, which a listing of layers does not hold: it is tested on
    layers laid one upon the other (tests/rules/test_measured_leftovers.py).
    """
    for run, finding in _upgrades(subject.text):
        mine = subject.alignment.layers_of(run.instruction)
        rows = [
            row
            for row in subject.waste
            if row.by_layer in mine and row.layer < subject.alignment.base_layers and not _RECORDS.match(row.path)
        ]
        if rows:
            rows.sort(key=lambda row: (-row.bytes, row.path))
            paths = tuple(row.path for row in rows[:SHOWN])
            yield replace(finding, predicted=sum(row.bytes for row in rows), paths=paths)


@seen_in_text(packages_upgraded)
def upgraded_by_word(text: Text) -> Iterator[Finding]:
    """The same by the commands of the RUNs that ship."""
    yield from (finding for _, finding in _upgrades(text))


def _upgrades(text: Text) -> Iterator[tuple[Run, Finding]]:
    told = set()
    for run, found in text.managed:
        if id(run) in told or not _of_everything(found) or not text.ships(run):
            continue
        told.add(id(run))
        verb = " ".join(word.value or "" for word in found.verb)
        message = (
            f"line {run.instruction.line} upgrades the base's packages ({found.call.name} {verb}), which ship twice"
        )
        yield run, Finding(NAME, message, run.instruction, 0, proposal=_PROPOSAL)


def _of_everything(found: Invocation) -> bool:
    """Whether it upgrades all there is, and no package by name."""
    named = bool(found.packages or found.unknown)
    system = found.tool.name in SYSTEM
    return system and found.action is Action.UPGRADE and not named and not found.has(*_NOTHING)
