"""Programs that run as somebody else, brought by the Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.files import change
from jettison.core.escape import show_path
from jettison.core.values import Severity
from jettison.image.model import Kind
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import SHOWN

NAME = "setuid-program-added"
_SETUID, _SETGID = 0o4000, 0o2000
_OCTAL = re.compile(r"0*([0-7])[0-7]{3}")
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXst]*)+)")  # of a mode in letters; one that copies (`g=u`) is none
_PROGRAM = re.compile(r"/(?:.*/)?s?bin/[^/]+")
_BY_WORD = "leave that out where nothing needs it; no-new-privileges keeps it from working at run time"
_PROPOSAL = "chmod u-s,g-s in the same RUN takes that away, where nothing needs it; no-new-privileges does at run time"


@rule("JT609", severity=Severity.NOTE)
def setuid_program_added(subject: Subject) -> Iterator[Finding]:
    """An instruction brings a program that runs as its owner, whoever starts it (setuid, setgid).

    **What it costs.** No bytes: sudo, mount, ssh-keysign and their like make whoever breaks into a container one step
    away from root. Those of the base are not told: a base without them is another base.

    **The fix** is yours: which program needs it the files do not tell.

    **Safety.** Told, never applied. In text alone it is told where `chmod` sets it by its words, setgid only of what
    lies in a bin folder: other folders have it so that what is made there belongs to their group.

    This rule's example needs modes, which only an image has: it is tested on texts and on layers
    (tests/rules/test_accounts_and_secrets.py).
    """
    below = subject.below if subject.alignment.known else None
    for layer, instruction in sorted(subject.alignment.instruction_of.items(), key=lambda each: each[0]):
        columns = subject.image.layers[layer].columns
        found = []
        for index, path in enumerate(columns.paths):
            if columns.modes[index] & (_SETUID | _SETGID) and columns.kinds[index] == Kind.FILE:
                before = below.get(path) if below is not None else None
                was = before is not None and before.mode & columns.modes[index] & (_SETUID | _SETGID)
                if not was and path in subject.tree and subject.tree.payload(path) == (layer, index):
                    found.append(path)
        if found:
            shown = ", ".join(f"/{show_path(path)}" for path in found[:SHOWN])
            more = f" and {len(found) - SHOWN} more" if found[SHOWN:] else ""
            message = f"line {instruction.line} brings what runs as its owner, whoever starts it: {shown}{more}"
            yield Finding(NAME, message, instruction, 0, proposal=_PROPOSAL, paths=tuple(found[:SHOWN]))


@seen_in_text(setuid_program_added)
def set_by_word(text: Text) -> Iterator[Finding]:
    """The same where chmod sets it, in a RUN that ships."""
    told = set()
    for run, call in text.called("chmod"):
        found = change(call) if text.ships(run) and id(run) not in told else None
        if found is not None and _sets_it(found.what or "", found.paths):
            told.add(id(run))
            message = f"line {run.instruction.line} makes a program run as its owner, whoever starts it"
            yield Finding(NAME, message, run.instruction, 0, proposal=_BY_WORD)


def _sets_it(what: str, paths: tuple[str | None, ...]) -> bool:
    """Whether a mode that is set makes a program of these run as somebody else."""
    whole = _special(what)
    if whole & _SETUID:
        return any(path is not None for path in paths)
    return bool(whole & _SETGID) and any(path is not None and _PROGRAM.fullmatch(path) for path in paths)


def _special(what: str) -> int:
    """Which of the two bits a mode as chmod(1) takes it sets."""
    octal = _OCTAL.fullmatch(what)
    if octal is not None:
        return int(octal[1]) << 9 & (_SETUID | _SETGID)
    clauses = [_CLAUSE.fullmatch(each) for each in what.split(",")]
    if None in clauses:
        return 0
    found = 0
    for who, changes in (each.groups() for each in clauses if each is not None):
        if re.search(r"[+=][^-+=]*s", changes):
            found |= _SETUID * (not who or "u" in who or "a" in who) | _SETGID * (not who or "g" in who or "a" in who)
    return found
