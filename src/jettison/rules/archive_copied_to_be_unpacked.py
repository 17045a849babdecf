"""An archive that a COPY brings and a RUN unpacks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.commands.files import is_packed, removal, unpacking
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import exactly, weighed

NAME = "archive-copied-to-be-unpacked"
_REASON = "ADD unpacks a local tar by itself; a RUN sees any archive through --mount=type=bind, and no layer holds it"


@rule("JT214")
def archive_copied_to_be_unpacked(subject: Subject) -> Iterator[Finding]:
    """A COPY brings an archive, a RUN unpacks it, and both ship.

    **What it costs.** The archive's size, beside all that came out of it. Removing it in the RUN would free nothing:
    the COPY's layer lies below.

    **The fix** is yours: `ADD tool.tar.gz /opt/` unpacks a local tar (gzip, bzip2, xz) and keeps no archive, or
    `RUN --mount=type=bind,source=tool.zip,target=/tmp/tool.zip` shows one to the RUN alone. Where the files belong to
    then, and how deep they lie, the commands say.

    **Safety.** Told, never applied. An archive that a RUN removes again is told by deleted-in-a-later-layer.

    This rule's example has no fix: it is tested on texts and on layers (tests/rules/test_measured_leftovers.py).
    """
    for path, finding in _found(subject.text):
        yield from weighed(subject, finding, exactly(path))


@seen_in_text(archive_copied_to_be_unpacked)
def copied_and_unpacked(text: Text) -> Iterator[Finding]:
    """The same by the words of the COPY and of the RUN."""
    yield from (finding for _, finding in _found(text))


def _found(text: Text) -> Iterator[tuple[str, Finding]]:
    unpacked: dict[str, int] = {}
    for run, call in text.called("tar", "bsdtar", "gtar", "unzip"):
        found = unpacking(call) if text.ships(run) else None
        if found is not None and found.archive:
            unpacked.setdefault(found.archive, run.instruction.line)
    gone = _removed(text) if unpacked else _Removed()
    for copy, path in _copied(text) if unpacked else ():
        line = unpacked.get(path)
        if line is not None and line > copy.line and not gone.has(path):
            message = f"line {copy.line} copies {path}, which line {line} unpacks: both ship"
            yield path, Finding(NAME, message, copy, 0, refusal=_REASON)


def _copied(text: Text) -> Iterator[tuple[Instruction, str]]:
    """(COPY, path) of the archives that the stages that ship copy, as far as the words tell where they go."""
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        folder = "."
        for each in stage.instructions:
            if each.keyword == "WORKDIR":
                folder = posixpath.normpath(posixpath.join(folder, each.value.strip("\"'")))
            elif each.keyword == "COPY" and not each.heredocs:
                words = [word.strip("\"'") for word in arguments(each)]
                for source in filter(is_packed, words[:-1]):
                    many = len(words) > 2 or words[-1].endswith("/") or words[-1] in (".", "./") or "." not in words[-1]
                    name = posixpath.basename(source) if many else ""
                    yield each, posixpath.normpath(posixpath.join(folder, words[-1], name))


@dataclass(frozen=True)
class _Removed:
    """What RUNs that ship take away: paths, what paths begin with, names of moved files; or maybe everything."""

    paths: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    unknown: bool = False

    def has(self, path: str) -> bool:
        if self.unknown or path.startswith(self.beginnings) or posixpath.basename(path) in self.names:
            return True
        while path not in self.paths:
            above = posixpath.dirname(path)
            if above == path or not above:
                return False
            path = above
        return True


def _removed(text: Text) -> _Removed:
    paths: set[str] = set()
    beginnings: set[str] = set()
    names: set[str] = set()
    unknown = False
    for run, call in text.called("rm", "find", "mv", "unlink"):
        if not text.ships(run):
            continue
        removed = removal(call)
        if removed is None and call.name in ("mv", "unlink"):
            names |= {posixpath.basename(word.text) for word in call.words}
        elif removed is not None:
            unknown = unknown or removed.unknown
            for pattern in removed.patterns:
                plain = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
                (paths if plain == pattern else beginnings).add(plain)
    return _Removed(frozenset(paths), tuple(sorted(beginnings)), frozenset(names), unknown)
