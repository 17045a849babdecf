"""Trap: `apt-get clean` in an image whose apt cleans up after itself.

The official Debian and Ubuntu images carry a hook that empties apt's cache after each call. Adding `apt-get clean`
there saves nothing; and what lies in the cache all the same was put there on purpose (`--download-only`).
Source: debuerreotype `scripts/debuerreotype-minimizing-config` (docker-clean).
"""

from __future__ import annotations

from jettison.image.tree import Tree

HOOK = b"etc/apt/apt.conf.d/docker-clean"


def found(tree: Tree) -> bool:
    """Whether the hook is in force in this tree."""
    return HOOK in tree
