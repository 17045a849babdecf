"""All closures over two trees at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.closure import elf, entry, half_removed, node, python
from jettison.image.tree import Tree


@dataclass(frozen=True)
class Lost:
    """Something that the original has and needs, and that is gone: `what` for people, `evidence` who needs it."""

    what: str
    evidence: str


def lost(original: Tree, candidate: Tree, config: Mapping[str, Any]) -> Iterator[Lost]:
    """Everything lost, one of each kind of loss; nothing where no path is gone. `config` is the original's."""
    gone = frozenset(path for path in original if path not in candidate)
    reports = [("what the entry point calls", entry.lost(original, candidate, config))]
    if gone:
        reports += [
            ("shared libraries", elf.lost(original, candidate, gone, config)),
            ("Python imports", python.lost(original, candidate, gone, config)),
            ("Node modules", node.lost(original, candidate, gone, config)),
            ("parts of packages", half_removed.lost(original, candidate, gone)),
        ]
    for what, found in reports:
        sentences = list(found)
        if sentences:
            more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
            yield Lost(what, sentences[0] + more)
