"""Which ignore file counts: three builders look for different names, in different places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jettison.context.ignore import Dialect, find_ignore_file
from jettison.engine.model import IGNORE_FILES


@dataclass(frozen=True)
class Precedence:
    """What one builder does: the ignore file that counts for it, and those that are there and do not."""

    dialect: Dialect
    file: Path | None  # None: everything is let through
    unused: tuple[Path, ...]
    names: tuple[str, ...]  # looked for, the first wins

    @property
    def beside(self) -> bool:
        """Whether the file belongs to this Dockerfile alone."""
        return self.file is not None and self.file.name not in IGNORE_FILES["buildah"]


def precedence(context: Path, dockerfile: Path, dialect: Dialect) -> Precedence:
    """Which ignore file counts for this builder, of those that any builder would look for."""
    names = IGNORE_FILES[dialect.value]
    file = find_ignore_file(context, dockerfile, names)
    every = (find_ignore_file(context, dockerfile, (name,)) for name in IGNORE_FILES["buildah"])
    unused = tuple(each for each in every if each is not None and each != file)
    shown = tuple(name.replace("{dockerfile}", dockerfile.name) for name in names)
    return Precedence(dialect, file, unused, shown)
