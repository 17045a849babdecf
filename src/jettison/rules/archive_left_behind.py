"""A downloaded archive that stays beside what was unpacked from it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase

from jettison.commands.files import download, is_packed, path_of, removal, unpacking
from jettison.commands.model import Call, Run
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, append_command
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "archive-left-behind"
_INSTALLERS = {"dpkg", "apt", "apt-get", "gdebi", "rpm", "dnf", "microdnf", "yum", "zypper"}
_PACKAGE = re.compile(r"\.(?:deb|rpm)$")


@text_rule("JT211")
def archive_left_behind(text: Text) -> Iterator[Finding]:
    """curl or wget fetches an archive, tar, unzip or dpkg takes it apart, and the archive stays in the layer.

    **What it costs.** The archive's size, beside all that came out of it.

    **The fix** removes it at the end of the RUN that fetched it. Where another RUN unpacks it none is offered: a pipe
    (`curl -fsSL URL | tar xz -C DIR`) never writes the archive at all.

    **Safety.** TESTED: that one file goes. Only the stage that ships is looked at.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool.tar.gz -o /tmp/tool.tar.gz && \\
        tar -xzf /tmp/tool.tar.gz -C /opt
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool.tar.gz -o /tmp/tool.tar.gz && \\
        tar -xzf /tmp/tool.tar.gz -C /opt && \\
        rm -f /tmp/tool.tar.gz
    ```
    """
    if next(text.called("curl", "wget"), None) is None:
        return
    runs = text.shipped
    unpacked = {path: run for run in runs for call in run.calls for path in _taken_apart(call)}
    for run in runs:
        for path in _kept(run):
            if path not in unpacked:
                continue
            beside = "installed from it" if _PACKAGE.search(path) else "unpacked beside it"
            message = f"line {run.instruction.line} leaves {path} in its layer, and what is {beside}"
            if unpacked[path] is not run:
                reason = f"line {unpacked[path].instruction.line} unpacks it: let one RUN do both, and remove it there"
                yield Finding(NAME, message, run.instruction, 0, refusal=reason)
                continue
            try:
                if not path.startswith("/"):
                    raise CannotEdit("remove it in the same RUN; where it lies, the base decides")
                change = append_command(text.dockerfile, run.instruction, f"rm -f {shlex.quote(path)}")
            except CannotEdit as error:
                yield Finding(NAME, message, run.instruction, 0, refusal=error.reason)
                continue
            fix = Fix("remove the archive where it is fetched", Applicability.TESTED, (change,))
            yield Finding(NAME, message, run.instruction, 0, fix)


def _taken_apart(call: Call) -> list[str]:
    """The archives that a call unpacks, or the packages that it installs, by their paths."""
    found = unpacking(call)
    if found is not None:
        return [found.archive] if found.archive else []
    named = [path_of(call, word) for word in call.words] if call.name in _INSTALLERS else []
    return [path for path in named if path is not None and _PACKAGE.search(path)]


def _kept(run: Run) -> list[str]:
    """The archives that a RUN fetches and does not remove, nor hold in a mount."""
    kept: dict[str, None] = {}
    for call in run.calls:
        fetched, removed = download(call), removal(call)
        if (
            fetched is not None
            and fetched.to
            and is_packed(fetched.to)
            and not any(each in fetched.to for each in "*?[")
        ):
            kept[fetched.to] = None
        elif removed is not None:
            gone = [each for each in kept for pattern in removed.patterns if _covers(pattern, each) or removed.unknown]
            for each in gone:
                kept.pop(each, None)
        elif call.name in ("mv", "cp", "unlink", "shred"):
            kept = {
                each: None for each in kept if each.rpartition("/")[2] not in " ".join(word.text for word in call.words)
            }
    mounted = [mount.target for mount in run.mounts if mount.target]
    return [each for each in kept if run.readable and not any(each.startswith(f"{target}/") for target in mounted)]


def _covers(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("/") + "/") or fnmatchcase(path, f"{pattern}/*")
