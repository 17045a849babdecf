"""Programs packed with UPX."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from jettison.commands.read import runs
from jettison.core.values import Severity
from jettison.dockerfile.graph import needed
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "packed-with-upx"
_INSTEAD = "a stripped program travels almost as small, for layers are compressed anyway"


@text_rule("JT412", severity=Severity.NOTE)
def packed_with_upx(text: Text) -> Iterator[Finding]:
    """A RUN packs a program with UPX.

    **What it costs.** Not bytes of the disk, of which it saves some: the program is unpacked into memory at each start,
    and its pages are neither loaded on demand nor shared between containers. Scanners cannot see the libraries inside,
    virus scanners know packed programs as malware's, and some crash depending on the environment's size. What is pulled
    is hardly smaller, since layers are compressed.

    **The fix** is yours: leave the call out, and strip instead. jettison never packs, and a packed program is
    offered no base without a C library, since what it is linked with cannot be seen.

    **Safety.** Told, never applied.

    This rule's example needs no layers and saves no bytes: it is tested on texts
    (tests/rules/test_packed_programs.py).
    """
    for stage in needed(text.dockerfile, text.stage, text.build_args):
        for run in runs(text.dockerfile, stage, text.build_args):
            if any(posixpath.basename(call.name or "") == "upx" and call.words for call in run.calls):
                message = f"line {run.instruction.line} packs a program with UPX"
                yield Finding(NAME, message, run.instruction, 0, proposal=_INSTEAD)
