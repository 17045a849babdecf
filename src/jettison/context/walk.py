"""The files that a build is sent.

The walk looks at names and inodes and never opens a file, so a pipe cannot hang it and a sparse file costs nothing.
Symbolic links are kept as links, as every builder sends them. Source: tonistiigi/fsutil `walker.go`, `filter.go`.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from jettison.context.ignore import ROOT, Ignore, Verdict
from jettison.core.errors import UsageError
from jettison.core.values import Skipped

_KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device",
}  # fmt: skip


class Entry(NamedTuple):
    """One path of the context, relative to it; not UTF-8: surrogates, as `os.fsdecode` has them."""

    path: str
    kind: str  # file, directory, symlink, pipe, socket, device
    size: int  # bytes of a regular file, holes included, as they are sent; else 0
    mode: int  # permission bits
    target: str = ""  # of a symlink


@dataclass(frozen=True)
class Totals:
    """How many regular files, and their bytes."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Context:
    """What a builder would be sent of a directory, and what the ignore file keeps back."""

    root: Path
    entries: tuple[Entry, ...]  # sorted by path; sockets, which no builder sends, are not among them
    ignored: Totals  # what the ignore file keeps back; excluded directories are walked for it
    skipped: tuple[Skipped, ...]  # what could not be read

    @cached_property
    def totals(self) -> Totals:
        """Regular files that are sent; two names of one file count twice."""
        return Totals(sum(1 for each in self.entries if each.kind == "file"), sum(each.size for each in self.entries))

    @cached_property
    def by_path(self) -> dict[str, Entry]:
        """The entries by their path."""
        return {each.path: each for each in self.entries}

    @cached_property
    def _paths(self) -> list[str]:
        return [each.path for each in self.entries]

    def below(self, directory: str) -> tuple[Entry, ...]:
        """Everything below a directory; of "" everything."""
        if not directory:
            return self.entries
        first = bisect_left(self._paths, f"{directory}/")
        return self.entries[first : bisect_left(self._paths, f"{directory}0", first)]  # "0" comes behind "/"


def excluded(context: Context, ignore: Ignore) -> frozenset[str]:
    """What another ignore file would leave out of a context that is walked already: files and directories."""
    return frozenset(path for path, verdict in _verdicts(context, ignore).items() if verdict.excluded)


def brought_back(context: Context, ignore: Ignore) -> frozenset[str]:
    """What an exception of the ignore file has the last word on: files and directories."""
    exceptions = {index for index, pattern in enumerate(ignore.patterns) if pattern.exception}
    if not exceptions:
        return frozenset()
    return frozenset(path for path, verdict in _verdicts(context, ignore).items() if verdict.by in exceptions)


def _verdicts(context: Context, ignore: Ignore) -> dict[str, Verdict]:
    verdicts = {"": ROOT}
    for entry in context.entries:  # a directory comes before what is in it
        verdicts[entry.path] = ignore.judge(entry.path, verdicts[entry.path.rpartition("/")[0]])
    return verdicts


def filtered(everything: Context, ignore: Ignore) -> Context:
    """What `walk` gives with the ignore file, of a context that was walked without one: no disk is asked again."""
    gone = excluded(everything, ignore)
    left = [each for each in everything.entries if each.path not in gone]
    files = [each for each in everything.entries if each.kind == "file" and each.path in gone]
    above = {parent for each in left for parent in parents(each.path)} & gone
    entries = sorted([*left, *(everything.by_path[path] for path in above)], key=itemgetter(0)) if above else left
    ignored = Totals(len(files), sum(each.size for each in files))
    told = tuple(each for each in everything.skipped if each.what not in gone)
    return Context(everything.root, tuple(entries), ignored, told)


def with_file(context: Context, path: str) -> Context:
    """The context as it is once an empty file lies there; as it is where something does already."""
    if path in context.by_path:
        return context
    entries = list(context.entries)
    insort(entries, Entry(path, "file", 0, 0o644), key=itemgetter(0))
    return replace(context, entries=tuple(entries))


def parents(path: str) -> Iterator[str]:
    """The directories that a path lies in, the nearest first; never the context itself."""
    while path := path.rpartition("/")[0]:
        yield path


@dataclass
class _Seen:
    """What a walk has found so far; never shared."""

    entries: list[Entry]
    skipped: list[Skipped]
    ignored_files: int = 0
    ignored_bytes: int = 0


def walk(context: Path, ignore: Ignore | None = None) -> Context:
    """Everything below `context` that the ignore file lets through. Raises UsageError where that is no directory.

    A directory that cannot be read is told in `skipped`: builders fail at it, unless it is ignored.
    """
    try:
        os.listdir(context)  # noqa: PTH208 - a scan of the whole root that fails is the caller's to know
    except OSError as error:
        raise UsageError(
            f"cannot read the build context {context}: {error.strerror}", hint="give a directory that you may read"
        ) from error
    seen = _Seen([], [])
    waiting: list[tuple[str, Verdict]] = [("", ROOT)]
    base = os.fspath(context)
    while waiting:
        directory, verdict = waiting.pop()
        for name, status in _listing(base, directory, seen, told=not verdict.excluded):
            path = f"{directory}/{name}" if directory else name
            below = ignore.judge(path, verdict) if ignore is not None else ROOT
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "device")
            size = status.st_size if kind == "file" else 0
            if kind == "directory":
                waiting.append((path, below))
            if below.excluded:
                seen.ignored_files += kind == "file"
                seen.ignored_bytes += size
            elif kind != "socket":
                target = _target(base, path) if kind == "symlink" else ""
                seen.entries.append(Entry(path, kind, size, stat.S_IMODE(status.st_mode), target))
    seen.entries.sort(key=itemgetter(0))
    return Context(
        context, _with_parents(seen.entries, base), Totals(seen.ignored_files, seen.ignored_bytes), tuple(seen.skipped)
    )


def _listing(base: str, directory: str, seen: _Seen, *, told: bool) -> Iterator[tuple[str, os.stat_result]]:
    """Names and inodes in one directory; what vanishes meanwhile is passed over."""
    try:
        with os.scandir(f"{base}/{directory}" if directory else base) as found:
            for each in found:
                try:
                    yield each.name, each.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return
    except OSError as error:
        if told:
            seen.skipped.append(Skipped(directory, f"cannot be read: {error.strerror}"))


def _target(base: str, path: str) -> str:
    try:
        return os.readlink(f"{base}/{path}")  # noqa: PTH115 - the target as written, not made a path
    except OSError:
        return ""


def _with_parents(entries: list[Entry], base: str) -> tuple[Entry, ...]:
    """The entries, and the excluded directories that hold one of them: a builder makes those, too."""
    have = {each.path for each in entries if each.kind == "directory"}
    missing: set[str] = set()
    for each in entries:
        parent = each.path.rpartition("/")[0]
        while parent and parent not in have and parent not in missing:
            missing.add(parent)
            parent = parent.rpartition("/")[0]
    if not missing:
        return tuple(entries)
    made = [Entry(path, "directory", 0, stat.S_IMODE(os.lstat(f"{base}/{path}").st_mode)) for path in missing]
    return tuple(sorted([*entries, *made], key=itemgetter(0)))
