"""The ignore file: which paths of the build context the builder is not given.

Three builders read the same file in three ways; `Dialect` names them. All take the patterns in order, the last that
names a path or one of its parents decides. They differ in what `!` can bring back:

- BUILDKIT (moby/patternmatcher `MatchesUsingParentResults`, tonistiigi/fsutil `filter.go`): a `!` below an excluded
  directory works with wildcards, too. A directory's own verdict is carried down as the patterns that named it, and
  an exception that had nothing to undo at the directory does not count as having named it.
- CLASSIC (moby `pkg/archive`): the same, but an excluded directory is entered only where the text of an exception
  begins with its path: after `*` the line `!**/keep` brings nothing back from directories.
- BUILDAH (containers/buildah `copier`, containers/storage `pkg/fileutils`, openshift/imagebuilder): every pattern is
  asked anew for each path; an excluded directory is entered where the text of an exception begins with its letters.
  A slash at the front is taken off only where nothing stands before it, and blanks behind `!` stay.

BUILDKIT is today's; the one in Docker 20.10 looks, as CLASSIC does, into no directory whose path begins no exception.

The Dockerfile and the ignore file are sent, or read apart, whatever the patterns say; a COPY sees them only where the
patterns let it.
"""

from __future__ import annotations

import enum
import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jettison.context import globs
from jettison.context.pattern import Pattern
from jettison.core.errors import UsageError

LONGEST_LINE = 64 * 1024  # bytes that Go's scanner takes for one line
_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_WILD = re.compile(r"[*\[\]?^\\]")


class Dialect(enum.Enum):
    """Whose reading of the file is followed; the values are `Engine.builder`."""

    BUILDKIT = "buildkit"
    CLASSIC = "classic"
    BUILDAH = "buildah"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a path: whether it is excluded, by which pattern, and what its children inherit."""

    excluded: bool
    by: int  # index of the pattern that decides, -1 for none
    named: int = 0  # bit i: pattern i names the path or a parent
    closed: bool = False  # nothing below can come back: the builder does not look


ROOT = Verdict(False, -1)


@dataclass(frozen=True)
class Ignore:
    """An ignore file, parsed for one builder."""

    patterns: tuple[Pattern, ...]
    dialect: Dialect = Dialect.BUILDKIT

    @classmethod
    def parse(cls, text: str, dialect: Dialect = Dialect.BUILDKIT) -> Ignore:
        """The patterns of the text. Raises UsageError, with the line, for what the builder refuses."""
        found = []
        for number, line in enumerate(text.split("\n"), 1):
            if dialect is not Dialect.BUILDAH:
                if len(line.encode("utf-8", "surrogateescape")) >= LONGEST_LINE:
                    raise _refused(number, f"it is longer than {LONGEST_LINE} bytes")
                if number == 1:
                    line = line.removeprefix("\ufeff")
            pattern = _pattern(number, line, dialect)
            if pattern is not None:
                found.append(pattern)
        return cls(tuple(found), dialect)

    def excludes(self, path: str) -> bool:
        """Whether the builder leaves the path out; relative to the context, with slashes."""
        return self._verdict(path).excluded

    def decider(self, path: str) -> tuple[int, str] | None:
        """The line, and the pattern as written, that has the last word on a path; None where none names it."""
        by = self._verdict(path).by
        return None if by < 0 else (self.patterns[by].line, self.patterns[by].written)

    @property
    def problems(self) -> tuple[tuple[int, str, str], ...]:
        """Line, pattern and reason of what makes the build fail once the pattern is asked."""
        return tuple((each.line, each.written, each.problem) for each in self.patterns if each.problem)

    def judge(self, path: str, parent: Verdict) -> Verdict:
        """The verdict on a path whose parent directory has that verdict (ROOT at the top)."""
        if parent.closed or not (parent.excluded or self._may_name(path)):
            return parent
        if not self._may_name(path):
            return Verdict(True, parent.by, parent.named, self._closes(path))
        excluded, by, named = False, -1, 0
        for index, pattern in enumerate(self.patterns):
            hit = parent.named >> index & 1
            if not hit and (self.dialect is Dialect.BUILDAH or pattern.exception == excluded):
                hit = pattern.names(path)
            if hit:
                named |= 1 << index
                excluded, by = not pattern.exception, index
        return Verdict(excluded, by, named, excluded and self._closes(path))

    def _verdict(self, path: str) -> Verdict:
        verdict, at = ROOT, 0
        path = posixpath.normpath(path)
        while at >= 0 and path != ".":
            at = path.find("/", at + 1)
            verdict = self.judge(path if at < 0 else path[:at], verdict)
        return verdict

    def _closes(self, path: str) -> bool:
        """Whether the builder stays out of an excluded directory."""
        if not self._exceptions:
            return True
        if self.dialect is Dialect.BUILDAH:
            return not any(f"{text}/".startswith(path) for text in self._exceptions)
        if self.dialect is Dialect.CLASSIC:
            return not any(f"{text}/".startswith(f"{path}/") for text in self._exceptions)
        bare = [text.removesuffix("/**").removesuffix("/*") for text in self._exceptions]
        return not any(_WILD.search(text) or f"{text}/".startswith(f"{path}/") for text in bare)

    @cached_property
    def _exceptions(self) -> tuple[str, ...]:
        return tuple(pattern.text for pattern in self.patterns if pattern.exception)

    @cached_property
    def _may_name(self) -> Callable[[str], bool]:
        """A quick test that is true at least for every path that any pattern names by itself."""
        by_kind: dict[str, list[Pattern]] = {}
        for pattern in self.patterns:
            by_kind.setdefault(pattern.kind, []).append(pattern)
        exact = {each.text for each in by_kind.get("exact", ())}
        suffixes = tuple(each.operand for each in by_kind.get("suffix", ()))
        exact |= {suffix[1:] for suffix in suffixes if suffix.startswith("/")}
        prefixes = tuple(each.operand for each in by_kind.get("prefix", ()))
        names = _either(by_kind.get("name", ()))
        odd = [each for each in by_kind.get("expression", ()) if "|" in each.text]
        others = _either([each for each in by_kind.get("expression", ()) if "|" not in each.text])

        def test(path: str) -> bool:
            return (
                path in exact
                or path.endswith(suffixes)
                or path.startswith(prefixes)
                or (names is not None and names.match(path, path.rfind("/") + 1) is not None)
                or (others is not None and others.match(path) is not None)
                or any(each.names(path) for each in odd)
            )

        return test


def _either(patterns: tuple[Pattern, ...] | list[Pattern]) -> re.Pattern[str] | None:
    """One expression for several; each begins at `^`, which `match` implies."""
    if not patterns:
        return None
    return re.compile("|".join(f"(?:{each.expression.pattern.removeprefix('^')})" for each in patterns), re.ASCII)


def _refused(line: int, why: str) -> UsageError:
    return UsageError(
        f"line {line} of the ignore file is refused by the builder: {why}",
        hint="see the .dockerignore reference; `\\` before a character takes its meaning off",
    )


def _pattern(number: int, line: str, dialect: Dialect) -> Pattern | None:
    """The pattern on a line; None for a comment or an empty line."""
    if line.startswith("#"):
        return None
    buildah = dialect is Dialect.BUILDAH
    text = (line.strip("/") if buildah else line).strip(_BLANKS)
    exception = text.startswith("!")
    if buildah:
        text = _clean(text) if text else ""
        exception = text.startswith("!")
        text = _clean(text[1:]).removeprefix("/") if text not in ("!", "") and exception else text
    elif text:
        exception, text = _moby_text(text)
    if not text:
        return None
    if exception and text == "!":
        raise _refused(number, "a ! needs a pattern")
    try:
        globs.check_as_builders_do(text)
    except globs.BadPattern as error:
        raise _refused(number, str(error)) from None
    return Pattern(number, line.strip(_BLANKS), exception, text, buildah)


def _moby_text(line: str) -> tuple[bool, str]:
    """Whether it is an exception, and the pattern: moby's `ignorefile.ReadAll`, then `patternmatcher.New`.

    Blanks go before and after the slashes do, those behind `!` only before; `/!x` is an exception, too.
    """
    mark = line[0] == "!"
    text = line[1:].strip(_BLANKS) if mark else line
    text = _clean(text) if text else ""
    text = text[1:] if len(text) > 1 and text[0] == "/" else text
    text = f"!{text}".rstrip(_BLANKS) if mark else text.strip(_BLANKS)
    text = _clean(text) if text else ""
    return (True, text[1:] or "!") if text[:1] == "!" else (False, text)


def _clean(path: str) -> str:
    """Go's filepath.Clean: as normpath, but two slashes at the front are one."""
    return re.sub("^//+", "/", posixpath.normpath(path))


def find_ignore_file(context: Path, dockerfile: Path, names: tuple[str, ...]) -> Path | None:
    """The ignore file that counts: the first of `names` (Capabilities.ignore_files) that is there; None without one.

    A name with `{dockerfile}` stands beside the Dockerfile, the others at the root of the context.
    """
    found = (path for path in _places(context, dockerfile, names) if os.path.isfile(path))  # noqa: PTH113 - see there
    return next(map(Path, found), None)


def named_ignore_file(folder: Path, dialect: Dialect) -> Path | None:
    """The ignore file of a folder that is a named build context; None without one.

    BuildKit takes the one at its root, whatever the Dockerfile is called (moby/buildkit `dockerui/namedcontext.go`).
    Buildah 1.28 copies all that is there, the ignore file too, as was tried; the classic builder has no such contexts.
    """
    return find_ignore_file(folder, folder, (".dockerignore",)) if dialect is Dialect.BUILDKIT else None


def _places(context: Path, dockerfile: Path, names: tuple[str, ...]) -> Iterator[str]:
    """As text: a file is seldom there, and a Path made for nothing costs more than to look."""
    for name in names:
        beside = "{dockerfile}" in name
        folder = dockerfile.parent if beside else context
        yield posixpath.join(folder, name.replace("{dockerfile}", dockerfile.name) if beside else name)


def read_ignore(path: Path, dialect: Dialect = Dialect.BUILDKIT) -> Ignore:
    """The ignore file at a path. Raises UsageError where it cannot be read or is refused."""
    return Ignore.parse(ignore_text(path), dialect)


def ignore_text(path: Path) -> str:
    """What stands in an ignore file. Raises UsageError where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the file's permissions") from error
