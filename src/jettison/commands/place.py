"""Where a command stands in its script: which branches it is in, and who hears of its failure."""

from __future__ import annotations

from dataclasses import replace

from jettison.commands.model import Word
from jettison.core.dataclass import dataclass

DEEPEST = 40  # shells, branches, loops and functions inside one another


class TooMuch(Exception):
    """The script is nested too deeply, or runs more than is followed."""


@dataclass(frozen=True)
class Place:
    """Where a command stands. `heard` says that its failure is the RUN's (None: not known), `tested` that errexit
    takes no notice of it."""

    guards: frozenset[int] = frozenset()
    heard: bool | None = True
    tested: bool = False
    nested: bool = False
    pipe: tuple[int, int] | None = None
    outputs: tuple[Word, ...] = ()
    input: str = ""  # a heredoc's body
    exact: bool = True
    depth: int = 0

    def below(self, **changes: object) -> Place:
        """One level deeper. Raises TooMuch."""
        if self.depth >= DEEPEST:
            raise TooMuch
        return replace(self, depth=self.depth + 1, **changes)  # type: ignore[arg-type]

    def among(self, guards: frozenset[int], *, heard: bool | None, tested: bool) -> Place:
        """Where an operand of a list stands, which for most is where the one before it does."""
        if guards is self.guards and heard is self.heard and tested is self.tested:
            return self
        return replace(self, guards=guards, heard=heard, tested=tested)

    def unheard(self) -> Place:
        """Where the failure of what stands there has no consequence."""
        return replace(self, heard=False, tested=True)

    def enclosed(self, errexit: bool | None) -> Place:
        """Inside a shell of its own, whose failure is heard or not where the shell itself stands."""
        outer = self.fatal(errexit)
        return self.below(nested=True, heard=outer, tested=self.tested or not outer)

    def fatal(self, errexit: bool | None) -> bool | None:
        """Whether what fails here ends the RUN, and fails it."""
        if self.heard or (errexit and not self.tested):
            return True
        return None if self.heard is None or (errexit is None and not self.tested) else False
