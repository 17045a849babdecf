"""Small frozen values shared by every room."""

from __future__ import annotations

import enum

from jettison.core.dataclass import dataclass


class Applicability(enum.Enum):
    """How far a fix may be trusted before it is tried."""

    LOSSLESS = "lossless"  # the merged tree and the config are claimed to stay equal; the claim is checked
    TESTED = "tested"  # the tree differs in what the fix declares; the contract decides
    PROPOSED = "proposed"  # never applied unless named

    @property
    def rank(self) -> int:
        """0 for the safest; `a.rank <= limit.rank` says whether a fix is allowed."""
        return list(Applicability).index(self)


class Severity(enum.Enum):
    """How much a finding matters."""

    ERROR = "error"  # it does not build, or does harm
    WARNING = "warning"  # it costs, or may
    NOTE = "note"  # told; a proposal is never more

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range of character offsets into one text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of `text` that the span covers."""
        return text[self.start : self.end]

    def __contains__(self, offset: int) -> bool:
        return self.start <= offset < self.end


@dataclass(frozen=True)
class Where:
    """A place in a file, 1-based lines and columns, as editors and SARIF count them."""

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True)
class Skipped:
    """What could not be done, and why: a value, to be shown and counted."""

    what: str
    reason: str
