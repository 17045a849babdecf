"""`--base POLICY`: which bases are considered, and which of them goes first.

musl is never taken by its size alone: under every policy that lets it in, the libc verdict of this very application
must have let it in first (no shipped file is linked against glibc), and its step says the price.
"""

from __future__ import annotations

from enum import StrEnum

from jettison.bases.catalogue import Candidate


class Policy(StrEnum):
    """The values of `--base`."""

    SMALLEST = "smallest"
    SMALLEST_WITH_SHELL = "smallest-with-shell"
    FEWEST_PACKAGES = "fewest-packages"
    SAME_LIBC = "same-libc"
    KEEP = "keep"


DEFAULT = Policy.SAME_LIBC


def allows(policy: Policy, candidate: Candidate, libc: str) -> bool:
    """Whether a policy considers this candidate for a stage whose base has this libc."""
    match policy:
        case Policy.KEEP:
            return False
        case Policy.SAME_LIBC:
            return candidate.libc in (libc, "none")
        case Policy.SMALLEST_WITH_SHELL:
            return candidate.shell
    return True


def order(policy: Policy, unpacked: int, packages: int) -> tuple[int, int]:
    """What candidates are sorted by, the first the best: bytes; packages, then bytes, where fewest are asked for."""
    return (packages, unpacked) if policy is Policy.FEWEST_PACKAGES else (unpacked, packages)
