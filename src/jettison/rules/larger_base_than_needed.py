"""The same base without what only building needs."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.bases.catalogue import Candidate
from jettison.bases.slim import smaller
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Edit, Instruction
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.base_swap import Swap

NAME = "larger-base-than-needed"
_WORTH_ASKING = 1_000_000


@rule
def larger_base_than_needed(subject: Subject) -> Iterator[Finding]:
    """The stage that ships stands on a full official image, and the slim variant of it exists.

    **What it costs.** `node:20` weighs 1.1 GB, `node:20-slim` 200 MB; `debian:bookworm` 117 MB, its slim variant 75.
    The difference is compilers, headers and tools, or manual pages and translations.

    **The fix** puts the slim variant of the same release in the FROM: same system, same C library, same version of the
    language. What it saves is worked out from both bases before anything is built: packages that a RUN would have to
    add are taken off, files that dpkg leaves out on a slim base are counted in.

    **Safety.** TESTED. Before it is offered, the layers of the image are put on the slim base on paper: a command of a
    RUN, a shared library, an import or a tool of the entry point that would be gone is a reason not to try. The price
    is said: what `docker exec` finds no more.

    This rule's example needs two base images, which a listing of layers does not hold: it is tested on handmade bases
    (tests/rules/test_larger_base.py).
    """
    first = stage_chain(subject.dockerfile, subject.stage)[0]
    offered = smaller(first.base)
    instruction = first.instructions[0]
    if offered is None or not subject.alignment.known or not subject.alignment.base_layers:
        return
    candidate = subject.base(offered.name)
    if candidate is None:
        return
    swap = Swap(subject, candidate)
    predicted = swap.saved()
    if predicted < _WORTH_ASKING:
        return
    message = f"line {instruction.line} takes {first.base}; {offered.name} is the same without {offered.without}"
    lacks = list(swap.lacks())
    if lacks:
        reason = f"{offered.name} lacks what is needed: {lacks[0]}" + (
            f" and {len(lacks) - 1} more" if lacks[1:] else ""
        )
        yield Finding(NAME, message, instruction, predicted, refusal=reason)
        return
    title = _title(offered, swap)
    fix = Fix(title, Applicability.TESTED, (_edit(subject, instruction, first.base, offered),))
    yield Finding(NAME, message, instruction, predicted, fix)


def _title(offered: Candidate, swap: Swap) -> str:
    added = f"; apt then adds {len(swap.added)} packages that it had" if swap.added else ""
    size = sum(layer.unpacked for layer in swap.candidate.layers)
    return f"stand on {offered.name} ({show_bytes(size)}){added}"


def _edit(subject: Subject, instruction: Instruction, base: str, offered: Candidate) -> Edit:
    word = next(word for word in instruction.words if word.text == base)
    return Edit(word.span, offered.name)
