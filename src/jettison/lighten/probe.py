"""A copy of the build context in which one file differs: what a build is given to see what a source change costs.

Nothing of the user's is written, and hardly anything is copied: files are further names of the same inodes, and the
one that differs is a file of its own. Times, modes and owners are as they were, so that a builder takes from its cache
whatever does not depend on that file. Its own time is now: BuildKit sends no file again whose size and time it knows
(tonistiigi/fsutil `diff.go`).
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jettison.context.ignore import Ignore
from jettison.context.walk import Context, Entry, walk
from jettison.core.errors import UsageError
from jettison.core.units import show_bytes
from jettison.lighten.bench import Bench
from jettison.subject import IgnoreFile

NAME = "probe"
_HASH = (".py", ".rb")  # languages whose comments begin with that
COPIED_AT_MOST = 500_000_000  # bytes, where files cannot be linked


class CannotProbe(Exception):
    """No such copy can be had cheaply; `reason` is for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Probe:
    """The copy: `context` is given to a build, `change` writes the one file anew."""

    context: Path
    file: Path
    data: bytes

    def change(self) -> None:
        """Add a comment that no build has seen: neither this run's other builds nor those of runs before."""
        word = secrets.token_hex(16).encode()
        if self.file.suffix == ".php":  # which may have left PHP at its end: blanks are no text to anybody
            said = f"{int(word, 16):b}".translate({48: " ", 49: "\t"}).encode()
        else:
            said = (b"# " if self.file.suffix in _HASH else b"// ") + word
        self.file.write_bytes(self.data.rstrip(b"\n") + b"\n" + said + b"\n")


@contextmanager
def changed_context(bench: Bench, ignore: IgnoreFile, changed: str) -> Iterator[Probe]:
    """The context with a file of its own for `changed`, without what `ignore` keeps back. Raises CannotProbe."""
    folder = bench.run.directory / NAME
    remove(folder)
    try:
        context = _sent(bench, ignore)
        where = folder / "context"
        where.mkdir(mode=0o700, parents=True)
        _fill(context, where, changed, _more(bench, context))
        own = where / changed
        yield Probe(where, own, own.read_bytes())
    except OSError as error:
        raise CannotProbe(f"the build context cannot be copied: {error.strerror}") from error
    finally:
        remove(folder)


def why_not(bench: Bench, ignore: IgnoreFile, changed: str) -> str:
    """Why such a copy would not be made, as far as a look at names and sizes tells; empty where nothing says so."""
    try:
        context = _sent(bench, ignore)
        _check(context, bench.run.directory, changed)
    except CannotProbe as error:
        return error.reason
    except OSError as error:
        return f"the build context cannot be read: {error.strerror}"
    return ""


def remove(folder: Path) -> None:
    """Take the copy away: names go, the user's inodes stay as they are."""
    with suppress(OSError):
        for path, folders, _ in os.walk(folder):
            for each in folders:
                if not (Path(path) / each).is_symlink():
                    (Path(path) / each).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _sent(bench: Bench, ignore: IgnoreFile) -> Context:
    try:
        return walk(bench.recipe.project, None if ignore.text is None else Ignore.parse(ignore.text, ignore.dialect))
    except UsageError as error:
        raise CannotProbe(error.message) from error


def _check(context: Context, near: Path, changed: str) -> None:
    if changed not in context.by_path:
        raise CannotProbe(f"{changed} is not in the build context")
    if context.skipped:
        raise CannotProbe(f"{context.skipped[0].what} {context.skipped[0].reason}")
    special = next((each for each in context.entries if each.kind in ("pipe", "device")), None)
    if special is not None:
        raise CannotProbe(f"{special.path} is a {special.kind}")
    size = context.totals.bytes
    if size > COPIED_AT_MOST and not same_file_system(context.root, near):
        raise CannotProbe(f"the build context of {show_bytes(size)} lies on another file system than jettison's state")


def same_file_system(one: Path, other: Path) -> bool:
    """Whether files can have names in both folders."""
    return one.stat().st_dev == other.stat().st_dev


def _more(bench: Bench, context: Context) -> list[str]:
    """Ignore files at the context's root: a builder reads them there, also where they exclude themselves."""
    names = {each.format(dockerfile=bench.recipe.dockerfile.name) for each in bench.engine.capabilities.ignore_files}
    there = (name for name in sorted(names) if "/" not in name and name not in context.by_path)
    return [name for name in there if (context.root / name).is_file()]


def _fill(context: Context, where: Path, changed: str, more: list[str]) -> None:
    """Raises CannotProbe, OSError."""
    _check(context, where, changed)
    folders, copied = [], 0
    for each in context.entries:
        source, target = context.root / each.path, where / each.path
        if each.kind == "directory":
            target.mkdir(mode=0o700)
            folders.append((source, target))
        elif each.kind == "symlink":
            target.symlink_to(each.target)
            _dress(source, target)
        elif each.path == changed:
            shutil.copyfile(source, target)
            target.chmod(each.mode)
        else:
            copied += _place(source, target, each)
            if copied > COPIED_AT_MOST:
                raise CannotProbe(f"more than {show_bytes(COPIED_AT_MOST)} of the build context cannot be linked")
    for name in more:
        shutil.copy2(context.root / name, where / name)
    for source, target in reversed(folders):  # what is inside first: it changes the times of what it is in
        _dress(source, target)


def _place(source: Path, target: Path, entry: Entry) -> int:
    """Another name of the file, else a copy; the bytes that were copied."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, somebody else's file, too many names
        shutil.copyfile(source, target)
        _dress(source, target)
        return entry.size
    return 0


def _dress(source: Path, target: Path) -> None:
    """Owner, mode, times and attributes as at the source; never through a link."""
    status = source.lstat()
    with suppress(OSError):  # not root: the builder sees another owner, and does not look at it
        os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)
