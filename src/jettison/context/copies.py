"""Which files of the context an instruction takes.

COPY and ADD without `--from`, and bind mounts of RUN without `from=`; of a named context those whose `from=` means it.
Sources are resolved as BuildKit does (tonistiigi/fsutil `copy/copy.go`, moby/buildkit `dockerfile2llb/convert.go`):
below the root whatever `..` says, by filepath.Match part for part, through symbolic links, directories with all that
is in them. What is fetched (URLs, git) and here-documents take nothing. Buildah takes the same; 1.28 fails where a
wildcard finds a name with `[` or `\\`.
"""

from __future__ import annotations

import posixpath
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from jettison.context import globs
from jettison.context.ignore import Ignore
from jettison.context.pattern import Pattern
from jettison.context.walk import Context, Entry
from jettison.core.dataclass import dataclass
from jettison.dockerfile.contexts import also, meant
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.scope import NO_ARGUMENTS, state_at
from jettison.dockerfile.values import arguments

_REMOTE = re.compile(r"(?:https?|git|ssh|ftps?)://|[\w.-]+@[\w.-]+:")
_LOOPS = 255  # links followed for one path, as BuildKit's RootPath does
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Taken:
    """What one instruction takes of the context. Paths are files and links, never directories."""

    instruction: Instruction
    sources: tuple[str, ...]  # as resolved in the context: what the instruction names, "" for all of it
    paths: frozenset[str]
    bytes: int
    missing: tuple[str, ...] = ()  # sources that nothing in the context answers to
    unknown: tuple[str, ...] = ()  # sources with variables that the base image or nobody defines
    remote: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()  # local archives that ADD unpacks: their bytes in the image are others

    @property
    def looked(self) -> bool:
        """Whether it named anything to look for at all."""
        return bool(self.sources or self.missing or self.unknown or self.remote)


@dataclass(frozen=True)
class _Wanted:
    """The local sources of an instruction, variables filled in."""

    local: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()  # --exclude
    parents: bool = False


def takes(
    instruction: Instruction, context: Context, variables: Mapping[str, str] = NO_ARGUMENTS, escape: str = "\\"
) -> frozenset[str]:
    """The paths that an instruction takes of the context; empty for one that takes none. Raises DockerfileError."""
    return taken(instruction, context, variables, escape).paths


def _is_own(source: str) -> bool:
    return not source


def taken(
    instruction: Instruction,
    context: Context,
    variables: Mapping[str, str] = NO_ARGUMENTS,
    escape: str = "\\",
    is_meant: Callable[[str], bool] = _is_own,
) -> Taken:
    """What an instruction takes, with what could not be told. `variables`: what `$X` means there. DockerfileError.

    `is_meant`: whether a `from=` means this context; it is empty where there is none.
    """
    wanted = _wanted(instruction, variables, escape, is_meant)
    named: list[str] = []
    missing: list[str] = []
    paths: set[str] = set()
    for source in wanted.local:
        found = list(_matched(context, source, wanted))
        named += [name for name, _ in found]
        for _, files in found:
            paths |= files
        if not found:
            missing.append(source)
    unpacks = instruction.keyword == "ADD" and instruction.flag("unpack") != "false"
    archives = [name for name in named if name in paths and unpacks and is_archive(context.root / name)]
    return Taken(
        instruction=instruction,
        sources=tuple(named),
        paths=frozenset(paths),
        bytes=sum(context.by_path[path].size for path in paths),
        missing=tuple(missing),
        unknown=wanted.unknown,
        remote=wanted.remote,
        archives=tuple(archives),
    )


def copies(
    dockerfile: Dockerfile,
    stages: Sequence[Stage],
    context: Context,
    build_args: Mapping[str, str] = NO_ARGUMENTS,
    name: str = "",
) -> tuple[Taken, ...]:
    """What each instruction of these stages takes, those left out that do not look at the context. DockerfileError.

    `name`: which of the named build contexts `context` is; where it is empty the build's own, and those that are it.
    """
    is_meant = means(dockerfile, context.root, name)
    found = []
    for stage in stages:
        for instruction in stage.instructions:
            if may_take(instruction):
                variables = state_at(dockerfile, stage, instruction, build_args).variables
                found.append(taken(instruction, context, variables, dockerfile.escape, is_meant))
    return tuple(each for each in found if each.looked)


def may_take(instruction: Instruction) -> bool:
    """Whether an instruction is of a kind that may look at the context."""
    return instruction.keyword in ("COPY", "ADD") or (instruction.keyword == "RUN" and bool(instruction.flags))


def means(dockerfile: Dockerfile, root: Path, name: str) -> Callable[[str], bool]:
    """What tells whether a `from=` means the context at `root`; `name` as for `copies`."""
    names = frozenset([name]) if name else also(dockerfile, root)
    return partial(_means, dockerfile, names, not name) if names else _is_own


def _means(dockerfile: Dockerfile, names: frozenset[str], own: bool, source: str) -> bool:
    return meant(dockerfile, source) in names if source else own


def _wanted(
    instruction: Instruction, variables: Mapping[str, str], escape: str, is_meant: Callable[[str], bool]
) -> _Wanted:
    if instruction.keyword == "RUN":
        words = list(_mounts(instruction, is_meant))
    elif instruction.keyword in ("COPY", "ADD") and is_meant(instruction.flag("from") or ""):
        words = list(arguments(instruction)[:-1])
        if instruction.heredocs:
            words = [word for word in words if not word.startswith("<<")]
    else:
        words = []
    local, remote, unknown = [], [], []
    for word in words:
        text, missing = expand(word, variables, escape)
        if missing:
            unknown.append(word)
        elif instruction.keyword == "ADD" and _REMOTE.match(text):
            remote.append(text)
        else:
            local.append(text)
    excluded = [expand(each.value or "", variables, escape)[0] for each in instruction.flags if each.name == "exclude"]
    parents = any(each.name == "parents" and each.value != "false" for each in instruction.flags)
    return _Wanted(tuple(local), tuple(remote), tuple(unknown), tuple(excluded), parents)


def _mounts(instruction: Instruction, is_meant: Callable[[str], bool]) -> Iterator[str]:
    """The sources of bind mounts that come from the context; a bind mount without source takes all."""
    for flag in instruction.flags:
        if flag.name != "mount":
            continue
        options = dict(each.strip().partition("=")[::2] for each in (flag.value or "").split(","))
        if options.get("type", "bind") == "bind" and is_meant(options.get("from") or ""):
            yield options.get("source") or options.get("src") or "."


def _matched(context: Context, source: str, wanted: _Wanted) -> Iterator[tuple[str, frozenset[str]]]:
    """What a source names, and the files taken with it."""
    include: tuple[str, ...] = ()
    if wanted.parents:
        base, pivot, rest = source.partition("/./")
        include = (posixpath.normpath("/" + (rest if pivot else source)).lstrip("/"),)
        source = base if pivot else ""
    for name in _named(context, posixpath.normpath(f"/{source}").lstrip("/")):
        files = _below(context, name, include, wanted.excluded)
        if files or not include:
            yield name, files


def _named(context: Context, source: str) -> Iterator[str]:
    """The real paths that a cleaned source stands for."""
    parts = source.split("/")
    plain = next((number for number, part in enumerate(parts) if globs.has_wildcard(part)), len(parts))
    base = resolve(context, "/".join(parts[:plain]))
    if base is None:
        return
    if plain == len(parts):
        yield base
        return
    pattern, depth, skip = "/".join(parts[plain:]), len(parts) - plain - 1, len(base) + 1 if base else 0
    for entry in context.below(base):
        rest = entry.path[skip:]
        if (rest.count("/") == depth or "[" in pattern) and globs.matches(pattern, rest):  # a class may match a slash
            real = resolve(context, entry.path)
            if real is not None:
                yield real


def _below(context: Context, name: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> frozenset[str]:
    if name and context.by_path[name].kind != "directory":
        return frozenset([name])  # --exclude is asked of what lies in a directory, not of the source itself
    skip = len(name) + 1 if name else 0
    files = [each.path for each in context.below(name) if each.kind != "directory"]
    for patterns, wanted in ((include, True), (exclude, False)):
        if patterns:
            matcher = Ignore(tuple(_pattern(text) for text in patterns))
            files = [path for path in files if matcher.excludes(path[skip:]) == wanted]
    return frozenset(files)


def _pattern(text: str) -> Pattern:
    return Pattern(0, text, text.startswith("!"), posixpath.normpath(text.removeprefix("!")))


def resolve(context: Context, path: str) -> str | None:
    """The path that a builder ends at, links followed below the root; None where it is not in the context."""
    waiting, here, followed = [part for part in reversed(path.split("/")) if part], "", 0
    while waiting:
        part = waiting.pop()
        if part in (".", ".."):
            here = here if part == "." else here.rpartition("/")[0]
            continue
        entry: Entry | None = context.by_path.get(f"{here}/{part}" if here else part)
        if entry is None:
            return None
        if entry.kind != "symlink":
            here = entry.path
            continue
        followed += 1
        if followed > _LOOPS:
            return None
        here = "" if entry.target.startswith("/") else here
        waiting += [each for each in reversed(entry.target.split("/")) if each]
    return here


def is_archive(path: Path) -> bool:
    """Whether ADD unpacks the file: a tar, plain or compressed with gzip, bzip2, xz or zstd, by its content."""
    try:
        with path.open("rb") as stream:
            if stream.read(4) != _ZSTD:
                return tarfile.is_tarfile(path)
            stream.seek(0)
            return _is_packed_tar(stream)
    except (OSError, EOFError):
        return False


def _is_packed_tar(stream: BinaryIO) -> bool:
    """Whether what zstd packed is a tar. Raises OSError."""
    import zstandard  # tens of milliseconds, for what hardly any context has

    try:
        return zstandard.ZstdDecompressor().stream_reader(stream).read(512)[257:262] == b"ustar"
    except zstandard.ZstdError:
        return False
