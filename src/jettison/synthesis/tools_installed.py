"""Programs that the old base has and the application calls, installed by apt upon a base of the same system.

A health check that calls curl keeps an application on the full image for a tenth of a percent of its bytes. What is
called is what the closure tells: words of CMD, ENTRYPOINT and HEALTHCHECK, and programs that sources start by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jettison.closure.command import locate
from jettison.core.values import Span
from jettison.dockerfile.edit import newline
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Edit
from jettison.packages.dpkg import STATUS, owners, read_status
from jettison.subject import Subject
from jettison.synthesis.base_swap import Swap

_APT = b"usr/bin/apt-get"
_ROOT = {"", "root", "0"}


def with_tools(swap: Swap) -> Swap | None:
    """The same with the packages that bring the missing programs; None where none are, or apt cannot bring them."""
    tree = swap.candidate.tree
    if _APT not in tree or STATUS not in tree or str(swap.candidate.runtime.get("User") or "") not in _ROOT:
        return None
    below = swap.subject.below
    by_path: dict[bytes, str] | None = None
    asked: set[str] = set()
    for word in dict.fromkeys(_missing(swap)):
        real = locate(swap.subject.tree, word, swap.subject.image.runtime)
        by_path = owners(below, read_status(below)) if by_path is None else by_path
        package = by_path.get(real or b"")
        if package is None:
            return None
        asked.add(package)
    return replace(swap, asked=frozenset(asked)) if asked else None


def _missing(swap: Swap) -> Iterator[str]:
    """The words that name a program of the image, and none upon the candidate."""
    move = swap.move()
    words = [*move.was.called, *(name for _, name in move.programs.starts() if name)]
    was = move.was.config
    yield from (word for word in words if locate(move.before, word, was) and not locate(move.after, word, move.config))


def installing(subject: Subject, packages: frozenset[str]) -> Edit:
    """The RUN that installs them, right behind the FROM."""
    end = stage_chain(subject.dockerfile, subject.stage, subject.build_args)[0].instructions[0].span.end
    names = " ".join(sorted(packages))
    run = f"RUN apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*"
    return Edit(Span(end, end), newline(subject.dockerfile) + run)
