"""Sources that were compiled, installed, and left."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.files import clone, removal, unpacking
from jettison.commands.model import Call, Run
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, append_command
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import left_in

NAME = "sources-left-behind"
_SYSTEM = re.compile(r"/|/(?:usr|opt|srv|home|var|etc|root|tmp|app|usr/(?:local|src|lib|share)|var/(?:lib|tmp))|~")
_MAKERS = ("make", "gmake", "ninja", "cmake", "meson", "scons", "waf")
_TITLE = "remove the sources in the RUN that compiled them"


@rule("JT216")
def sources_left_behind(subject: Subject) -> Iterator[Finding]:
    """Sources are unpacked or cloned, compiled and installed, and stay in the layer with all that compiling made.

    **What it costs.** The sources, and the objects beside them, which are often several times as much.

    **The fix** removes that folder at the end of the RUN. A stage of its own, from which only what was installed is
    copied, leaves the compiler behind as well.

    **Safety.** TESTED: that folder goes. Only where the same RUN unpacked or cloned it, and where it is no folder of
    the system; a program that was told to run from its sources is found by the contract.

    ```dockerfile bad
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool-1.0.tar.gz | tar xz -C /usr/src && \\
        cd /usr/src/tool-1.0 && ./configure && make && make install
    ```
    ```layers bad
    2 usr/src/tool-1.0/main.c 3000000
    2 usr/src/tool-1.0/main.o 9000000
    2 usr/local/bin/tool 2000000
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN curl -fsSL https://example.com/tool-1.0.tar.gz | tar xz -C /usr/src && \\
        cd /usr/src/tool-1.0 && ./configure && make && make install && \\
        rm -rf /usr/src/tool-1.0
    ```
    """
    for finding, folder in _found(subject.text):
        below = re.compile(re.escape(folder.lstrip("/").encode("utf-8", "surrogateescape")) + b"/")
        left = left_in(subject, finding.instruction, below) if finding.instruction is not None else None
        if left is not None:
            yield replace(finding, predicted=left.size, paths=left.paths, after="single-stage-build")


@seen_in_text(sources_left_behind)
def not_removed(text: Text) -> Iterator[Finding]:
    """The same by the commands of a RUN that ships: unpacked or cloned, `make install`, and no removal behind it."""
    yield from (finding for finding, _ in _found(text))


def _found(text: Text) -> Iterator[tuple[Finding, str]]:
    told = set()
    for run, call in text.called(*_MAKERS):
        folder = call.folder
        if not folder or not _installs(call) or not text.ships(run) or not run.readable or (id(run), folder) in told:
            continue
        sources = _sources(run, call, folder)
        if sources and not _is_gone(run, call, sources) and not _is_mounted(run, sources):
            told.add((id(run), folder))
            yield _finding(text, run, sources), sources


def _installs(call: Call) -> bool:
    return "install" in call.values or "--install" in call.values


def _sources(run: Run, call: Call, folder: str) -> str | None:
    """The folder that holds what an earlier command of the RUN unpacked or cloned; None where there is none."""
    for earlier in run.calls:
        if earlier is call:
            return None
        cloned, unpacked = clone(earlier), unpacking(earlier)
        if cloned is not None and cloned.to and _within(folder, cloned.to):
            return cloned.to if cloned.to.startswith("/") else None
        if unpacked is not None and unpacked.to and unpacked.to.startswith("/") and _within(folder, unpacked.to):
            inside = posixpath.relpath(folder, unpacked.to).split("/")[0]
            own = unpacked.to if not _SYSTEM.fullmatch(unpacked.to) else posixpath.join(unpacked.to, inside)
            return None if _SYSTEM.fullmatch(posixpath.normpath(own)) else posixpath.normpath(own)
    return None


def _within(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(above.rstrip("/") + "/")


def _is_gone(run: Run, call: Call, sources: str) -> bool:
    """Whether a command behind it may remove the folder."""
    behind = False
    for later in run.calls:
        behind = behind or later is call
        removed = removal(later) if behind else None
        if removed is not None and (removed.unknown or any(_covers(each, sources) for each in removed.patterns)):
            return True
        if behind and later.name in ("mv", "trap", "unlink"):
            return True
    return False


def _covers(pattern: str, sources: str) -> bool:
    """Whether a removal is about this folder, one above it, or by a pattern that may mean it."""
    plain = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return _within(sources, pattern) or (plain != pattern and sources.startswith(plain)) or _within(plain, sources)


def _is_mounted(run: Run, sources: str) -> bool:
    return any(mount.target is None or _within(sources, mount.target) for mount in run.mounts)


def _finding(text: Text, run: Run, sources: str) -> Finding:
    message = f"line {run.instruction.line} leaves the sources in {sources}, which are compiled and installed"
    bare = Finding(NAME, message, run.instruction, 0, after="single-stage-build")
    try:
        if re.search(r"[*?\[~$]", sources):
            raise CannotEdit("remove them in the same RUN; how the folder is called is not known")
        change = append_command(text.dockerfile, run.instruction, f"rm -rf {shlex.quote(sources)}")
    except CannotEdit as error:
        return replace(bare, refusal=error.reason)
    return replace(bare, fix=Fix(_TITLE, Applicability.TESTED, (change,)))
