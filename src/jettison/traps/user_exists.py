"""Trap: `COPY --chown=NAME` ahead of the RUN that creates the user: the builder cannot resolve the name."""

from __future__ import annotations

from jettison.image.tree import Tree

PASSWD = b"etc/passwd"
GROUP = b"etc/group"


def found(tree: Tree, name: str, database: bytes) -> bool:
    """Whether `name` cannot be resolved in this tree; a number needs no database."""
    return not name.isdigit() and all(row[0] != name for row in rows(tree, database))


def rows(tree: Tree, database: bytes) -> list[list[str]]:
    """The rows of passwd(5) or group(5), split; none where the tree has no such file."""
    try:
        return [line.split(":") for line in tree.read(database).decode("utf-8", "replace").splitlines()]
    except KeyError:
        return []
