"""ADD, where COPY is meant."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.files import is_packed
from jettison.core.values import Applicability, Severity, Span
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.values import arguments
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "plain-files-added"
_OF_ADD = {"checksum", "keep-git-dir", "unpack"}


@text_rule("JT222", severity=Severity.NOTE)
def plain_files_added(text: Text) -> Iterator[Finding]:
    """ADD takes plain files of the context, where COPY is meant.

    **What it costs.** No bytes. ADD fetches what looks like an address and unpacks what is an archive, whatever its
    name: a file that somebody puts in the place of another may do more than lie there.

    **The fix** writes COPY.

    **Safety.** PROPOSED: a file that is an archive by its content, though not by its name, would no longer be unpacked.
    Addresses, archives, names with variables and ADD's own options are left alone.

    ```dockerfile bad
    FROM debian:bookworm
    ADD app.py /srv/app.py
    ```
    ```dockerfile good
    FROM debian:bookworm
    COPY app.py /srv/app.py
    ```
    """
    for stage in needed(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword == "ADD" and _is_plain(each):
                change = Edit(Span(each.span.start, each.span.start + len("ADD")), "COPY")
                fix = Fix("write COPY", Applicability.PROPOSED, (change,))
                yield Finding(NAME, f"line {each.line} adds plain files, which COPY copies", each, 0, fix)


def _is_plain(add: Instruction) -> bool:
    """Whether all that it takes is in the context, and no archive by its name."""
    sources = arguments(add)[:-1]
    odd = any("$" in each or "://" in each or "@" in each or _may_be_packed(each.strip("\"'")) for each in sources)
    return bool(sources) and not odd and not add.heredocs and not _OF_ADD & {flag.name for flag in add.flags}


def _may_be_packed(source: str) -> bool:
    """Whether it is an archive by its name, or a pattern that says nothing of how a name ends."""
    return is_packed(source.lower()) or source.endswith(("*", "?", "]"))
