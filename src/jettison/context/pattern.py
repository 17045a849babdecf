"""One pattern of an ignore file: which paths it names by itself, their parents aside.

Two matchers are in use. moby's (BuildKit and the classic builder; moby/patternmatcher `patternmatcher.go`) compares
plain patterns as text, `x**` as a prefix and `**x` as a suffix, so that `**x` names `ax`, too; it leaves `^ { } |` to
the regular expression. Buildah's (containers/storage `pkg/fileutils`) makes a regular expression of every pattern,
leaves `+ ( )` to it besides, and `**x` names no `ax`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from jettison.context import re2

_MOBY_PLAIN = ".+()$"  # what moby's own table of characters to escape comes to: { | } fall out of its bytes
_BUILDAH_PLAIN = ".$"
_NOTHING = re.compile(r"(?!)")
_SPECIAL = re.compile(r"[\[\]\\^{}|+()$\ufeff]")  # what a basename must not hold to be matched by itself


@dataclass(frozen=True)
class Pattern:
    """A cleaned pattern, and the line and text that it was written as."""

    line: int  # 1-based
    written: str
    exception: bool  # `!`
    text: str  # cleaned: no `!`, no leading or trailing slash
    buildah: bool = False

    @cached_property
    def kind(self) -> str:
        """exact, prefix, suffix, name (a regular expression for basenames) or expression."""
        if self.buildah:
            plain = not re.search(r"[*?]", self.text) and not _SPECIAL.search(self.text)
            kind = "exact" if plain else "expression"
        else:
            kind = _moby_kind(self.text)
        tail = self.text[3:]
        if kind == "expression" and self.text.startswith("**/") and "/" not in tail and "**" not in tail:
            return "expression" if _SPECIAL.search(tail) else "name"
        return kind

    @cached_property
    def operand(self) -> str:
        """The text that an exact, prefix or suffix pattern compares with."""
        return {"prefix": self.text[:-2], "suffix": self.text[2:]}.get(self.kind, self.text)

    @cached_property
    def source(self) -> str:
        """The regular expression, Go's: of the whole path, or of the basename for a `name`."""
        plain = _BUILDAH_PLAIN if self.buildah else _MOBY_PLAIN
        return _expression(self.text[3:] if self.kind == "name" else self.text, plain, tail=self.buildah)

    @cached_property
    def problem(self) -> str:
        """Why the builder fails once it asks this pattern; then it matches nothing here. Empty for a sound one."""
        if self.kind in ("name", "expression"):
            try:
                re2.to_python(self.source)
            except re2.BadExpression as error:
                return str(error)
        return ""

    @cached_property
    def expression(self) -> re.Pattern[str]:
        return _NOTHING if self.problem else re2.to_python(self.source)

    def names(self, path: str) -> bool:
        """Whether the path itself matches; of parents the caller knows."""
        if self.kind == "exact":
            return path == self.text
        if self.kind == "prefix":
            return path.startswith(self.operand)
        if self.kind == "suffix":
            return path.endswith(self.operand) or (self.operand[:1] == "/" and path == self.operand[1:])
        if self.kind == "name":
            return self.expression.search(path[path.rfind("/") + 1 :]) is not None
        return self.expression.search(path) is not None


def _moby_kind(text: str) -> str:
    kind, at = "exact", 0
    while at < len(text):
        begin, character = at, text[at]
        at += 1
        if character == "*" and text.startswith("*", at):
            at += 1
            at += text.startswith("/", at)
            kind = "prefix" if at == len(text) and kind == "exact" else "expression"
            if begin == 0:
                kind = "suffix"
        elif character in "*?[]":
            kind = "expression"
        elif character == "\\" and at < len(text):
            at += 1
            kind = "expression"
    return kind


def _expression(text: str, plain: str, *, tail: bool) -> str:
    out, at = ["^"], int(text.startswith("\ufeff"))  # Go's scanner passes over a byte order mark
    while at < len(text):
        character = text[at]
        at += 1
        if character == "*" and text.startswith("*", at):
            at += 1
            at += text.startswith("/", at)
            out.append(".*" if at == len(text) else "(.*/)?")
        elif character in "*?":
            out.append("[^/]*" if character == "*" else "[^/]")
        elif character == "\\":
            if tail and at == len(text):
                out.append("[")  # Buildah refuses it here, as it does an open class
            out.append(text[at - 1 : at + 1])
            at += 1
        else:
            out.append("\\" + character if character in plain else character)
    return "".join(out) + ("(/.*)?$" if tail else "$")
