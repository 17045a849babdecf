"""Whether a COPY is known to bring so little that nothing is worth saying of its bytes."""

from __future__ import annotations

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.model import Instruction
from jettison.subject import Text

FEW = 100_000  # bytes


def brings_few(text: Text, copy: Instruction) -> bool:
    """Whether the context is here and what the COPY takes of it is next to nothing; not of another stage's files."""
    if copy.flag("from") is not None or copy.heredocs:
        return False
    try:
        taken = text.taken_by(text.stage, copy)
    except (UsageError, DockerfileError):
        return False
    return bool(taken.paths) and not taken.unknown and not taken.remote and taken.bytes < FEW
