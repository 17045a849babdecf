"""Sources that were compiled, installed, and left."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from jettison.commands.files import Removal, clone, path_of, removal, unpacking
from jettison.commands.model import Call, Run
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, append_command
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import exactly, weighed

NAME = "sources-left-behind"
_SYSTEM = re.compile(r"/|/(?:usr|opt|srv|home|var|etc|root|tmp|app|usr/(?:local|src|lib|share)|var/(?:lib|tmp))|~")
_MAKERS = ("make", "gmake", "ninja", "cmake", "meson", "scons", "waf")
_BEFORE = r"(?:(?<![\w./-])|(?<=\s-[A-Za-z])|(?<=[\"'=]-[A-Za-z])|(?<=://))"  # a word's begin, `-I`, a scheme
_MOST = 20  # folders of one RUN that are looked at
_TITLE = "remove the sources in the RUN that compiled them"


@rule("JT216")
def sources_left_behind(subject: Subject) -> Iterator[Finding]:
    """Sources are unpacked or cloned, compiled and installed, and stay in the layer with all that compiling made.

    **What it costs.** The sources, and the objects beside them, which are often several times as much.

    **The fix** removes that folder at the end of the RUN. A stage of its own, from which only what was installed is
    copied, leaves the compiler behind as well.

    **Safety.** TESTED: that folder goes. Only where the same RUN unpacked or cloned it, where it is no folder of the
    system, and where nothing else of the stage names it (a CMD, a prefix, a later COPY); a program that was told to run
    from its sources is found by the contract.

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
        yield from weighed(subject, finding, exactly(folder, b"/"))


@seen_in_text(sources_left_behind)
def not_removed(text: Text) -> Iterator[Finding]:
    """The same by the commands of a RUN that ships: unpacked or cloned, `make install`, and no removal behind it."""
    yield from (finding for finding, _ in _found(text))


def _found(text: Text) -> Iterator[tuple[Finding, str]]:
    told: dict[int, set[str]] = {}
    stories: dict[int, _Story] = {}
    for run, call in text.called(*_MAKERS):
        folder = _folder(call)
        if not folder or not _installs(call) or not text.ships(run) or not run.readable:
            continue
        story = stories.get(id(run)) or stories.setdefault(id(run), _story(run))
        seen = told.setdefault(id(run), set())
        if folder in seen or len(seen) == _MOST:
            continue
        seen.add(folder)
        number = story.numbers[id(call)]
        sources = _sources(story, number, folder)
        gone = not sources or _is_gone(story, number, sources) or _is_mounted(run, sources)
        if sources and not gone and not _is_used(text, run, sources):
            yield _finding(text, run, sources), sources


def _folder(call: Call) -> str | None:
    """Where it works: `make -C FOLDER` there, else where the shell is; None where that is not known."""
    at = next((at for at, word in enumerate(call.words[:-1]) if word.value in ("-C", "--directory")), None)
    return call.folder if at is None else path_of(call, call.words[at + 1])


@dataclass(frozen=True)
class _Story:
    """A RUN's calls by their numbers: what was unpacked or cloned where, and what may remove it again."""

    numbers: Mapping[int, int]
    brought: tuple[tuple[int, str, bool], ...]  # number, folder, whether it is a clone
    removed: tuple[tuple[int, Removal | None], ...]  # None: anything may be


def _story(run: Run) -> _Story:
    brought: list[tuple[int, str, bool]] = []
    removed: list[tuple[int, Removal | None]] = []
    for number, call in enumerate(run.calls):
        cloned, unpacked, gone = clone(call), unpacking(call), removal(call)
        if cloned is not None and cloned.to:
            brought.append((number, cloned.to, True))
        elif unpacked is not None and unpacked.to:
            brought.append((number, unpacked.to, False))
        elif gone is not None or call.name in ("mv", "trap", "unlink"):
            removed.append((number, gone))
    return _Story({id(call): number for number, call in enumerate(run.calls)}, tuple(brought), tuple(removed))


def _installs(call: Call) -> bool:
    return "install" in call.values or "--install" in call.values


def _sources(story: _Story, before: int, folder: str) -> str | None:
    """The folder that holds what an earlier command of the RUN unpacked or cloned; None where there is none."""
    for number, to, cloned in story.brought:
        if number > before:
            return None
        if not to.startswith("/") or not _within(folder, to):
            continue
        if cloned:
            return to
        inside = posixpath.relpath(folder, to).split("/")[0]
        own = posixpath.normpath(posixpath.join(to, inside) if _SYSTEM.fullmatch(to) else to)
        return None if _SYSTEM.fullmatch(own) else own
    return None


def _within(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(above.rstrip("/") + "/")


def _is_gone(story: _Story, behind: int, sources: str) -> bool:
    """Whether a command behind it may remove the folder."""
    return any(
        removed is None or removed.unknown or any(_covers(each, sources) for each in removed.patterns)
        for number, removed in story.removed
        if number > behind
    )


def _covers(pattern: str, sources: str) -> bool:
    """Whether a removal is about this folder, one above it, or by a pattern that may mean it."""
    plain = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    return _within(sources, pattern) or (plain != pattern and sources.startswith(plain)) or _within(plain, sources)


def _is_mounted(run: Run, sources: str) -> bool:
    return any(mount.target is None or _within(sources, mount.target) for mount in run.mounts)


def _is_used(text: Text, run: Run, sources: str) -> bool:
    """Whether what was installed may lie there, or a later instruction names the folder."""
    named = re.compile(_BEFORE + re.escape(sources) + r"(?![\w.-])")
    if any(named.match((value or "").partition("=")[2]) for call in run.calls for value in call.values):
        return True
    stages = stage_chain(text.dockerfile, text.stage, text.build_args)
    every = [each for stage in stages for each in stage.instructions]
    gone = {id(other.instruction) for other in text.shipped if other.readable and _only_removes(other, named)}
    return any(named.search(each.value) for each in every if each.line > run.instruction.line and id(each) not in gone)


def _only_removes(run: Run, named: re.Pattern[str]) -> bool:
    """Whether all that names the folder there removes it: too late, since the layer below has it."""
    about = [call for call in run.calls if any(named.search(word.text) for word in call.words)]
    return bool(about) and all(removal(call) is not None for call in about)


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
