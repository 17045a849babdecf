"""Trap: a folder that WORKDIR or an earlier RUN made stays with its owner when `chown -R` becomes `COPY --chown`.

An application that writes beside its files then fails when it first writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from jettison.image.model import Kind
from jettison.image.tree import Tree


def found(below: Tree, paths: Sequence[str]) -> tuple[bytes, ...]:
    """Folders at and under these absolute paths that are in the tree before the COPY: it gives them no owner."""
    made = []
    for path in paths:
        for each in below.under(path.strip("/").encode("utf-8", "surrogateescape")):
            entry = below.get(each)
            if entry is not None and entry.kind is Kind.DIRECTORY:
                made.append(each)
    return tuple(sorted(made))
