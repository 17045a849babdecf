"""What is looked at, by which settings, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from jettison.core.dataclass import dataclass
from jettison.core.values import Applicability, Severity, Skipped, Where
from jettison.dockerfile.model import Named
from jettison.rule import Fix

SYNTAX = "syntax"  # the name of the finding that a file does not parse
SYNTAX_CODE = "JT000"


@dataclass(frozen=True)
class Source:
    """A Dockerfile, and how it is built as far as that is told."""

    name: str  # as people gave it, or as it was found below what they gave
    path: Path | None  # None: it came by standard input, or stands inside another file
    context: Path | None = None  # None: not known
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None  # where it is no file of its own
    told_by: str = ""  # the Compose or bake file, and the service or target in it, that names this one
    contexts: Mapping[str, Named] = field(default_factory=dict)  # named build contexts, by familiar name


@dataclass(frozen=True)
class Settings:
    """Which rules speak, by file name patterns too; all of it plain, so that another process can have it."""

    select: frozenset[str] = frozenset()  # empty: all that are on
    ignore: frozenset[str] = frozenset()
    ignore_in: tuple[tuple[str, frozenset[str]], ...] = ()  # pattern of file names, rules that are silent there
    seen_as: str = ""  # the file's name as the configuration sees it, from its own folder
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    contexts: Mapping[str, Named] = field(default_factory=dict)


@dataclass(frozen=True)
class Remark:
    """A finding with its place in a file, as the faces show it."""

    rule: str
    code: str
    message: str
    severity: Severity
    where: Where
    predicted: int = 0  # bytes of `unpacked`; 0 where nothing was measured
    applicability: Applicability | None = None
    fix: Fix | None = None
    advice: str = ""  # why there is no fix, or what a proposal says

    @property
    def sure(self) -> bool:
        """Whether the fix needs no build to be known right."""
        return self.fix is not None and self.fix.sure


@dataclass(frozen=True)
class Reviewed:
    """One file: what was found, what a comment or a setting silenced, what could not be looked at."""

    source: Source
    remarks: tuple[Remark, ...]
    allowed: int = 0
    skipped: tuple[Skipped, ...] = ()
    text: str | None = None  # as read; None where it is no text
