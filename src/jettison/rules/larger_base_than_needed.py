"""A base that holds more than the stage needs."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Edit, Instruction
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.base_parts import BEFORE_PARTS
from jettison.synthesis.other_base import Judged, described, judge, price, size_of

NAME = "larger-base-than-needed"
_WORTH_ASKING = 1_000_000
_SHOWN = 3  # of what a base lacks
TRAPS = ("cluster-names", "packed-program", "user-exists")


@rule("JT301")
def larger_base_than_needed(subject: Subject) -> Iterator[Finding]:
    """The stage that ships stands on an official image of which it needs less than there is.

    **What it costs.** `node:20` weighs 1.1 GB, `node:20-slim` 200 MB, `gcr.io/distroless/nodejs20-debian12` 123 MB;
    `debian:bookworm` 117 MB, its slim variant 75, `gcr.io/distroless/static-debian12` 2 MB. The difference is
    compilers, headers and tools, manual pages and translations, a package manager and a shell.

    **The fix** puts another base in the FROM: the slim variant of the same release, a distroless image with the same
    interpreter, for a compiled program a base without one. `--base` says which are considered; by default those with
    the same C library. What it saves is worked out from both bases before anything is built: packages that a RUN would
    have to add are taken off, files that dpkg leaves out on a slim base are counted in. Where all that a base lacks is
    a shell or npm in front of the program, the entry point and the health check are freed from them in the same step:
    `npm start` becomes the command of package.json, a shell form becomes an array. Where it is certificates alone, the
    old base's are copied; where a slim base lacks programs alone that a health check, the entry point or a source calls
    (curl), apt installs their packages there.

    From the slim variants of node and python there is one step more: on `gcr.io/distroless/static-debian12`, which is
    certificates, time zones and accounts and nothing else, with the interpreter and the shared libraries that it and
    what ships are linked with, gathered in a stage of their own and copied. They are those of the slim image, byte for
    byte, and are renewed with it whenever the image is built anew; the records of their packages go along, so that
    scanners know them. Of Python's library, pip, setuptools, IDLE, Tk, test modules and the like stay behind where
    nothing that ships asks for them by name.

    **Safety.** TESTED. Before it is offered, the layers of the image are put on the other base on paper. A command of a
    RUN, a shared library or a version of its symbols, an import, a tool of the entry point, a program that the sources
    start, certificates, time zones, a locale, a user or a folder for temporary files that would be gone is a reason not
    to try. An entry point is not freed where package.json has hooks, where npm is configured to do more, or where
    sources read what npm or a shell sets. musl is taken only where the policy lets it in and no file that ships is
    linked against glibc. Debian's own Python in the place of python.org's is only ever proposed.

    **The price** is said in the step: without a shell and a package manager `docker exec` finds nothing; `docker debug`
    or an ephemeral container brings its own tools.

    This rule's example needs two base images, which a listing of layers does not hold: it is tested on handmade bases
    (tests/rules/test_larger_base.py).
    """
    first = stage_chain(subject.dockerfile, subject.stage, subject.build_args)[0]
    if not subject.alignment.known or not subject.alignment.base_layers or first.context:
        return
    for judged in judge(subject, first):
        if not judged.lacks:
            predicted = judged.saved
            if predicted >= _WORTH_ASKING:
                yield _finding(first.instructions[0], first.base, judged)
        elif judged.swap is None or judged.saved >= _WORTH_ASKING:
            yield _refused(first.instructions[0], first.base, judged)


def _finding(instruction: Instruction, base: str, judged: Judged) -> Finding:
    name = judged.candidate.name
    word = next(word for word in instruction.words if word.text == base)
    with_parts = f" with {judged.parts.what} of {base}" if judged.parts is not None else ""
    told = [f"stand on {name}{with_parts} ({size_of(judged)})", _added(judged), price(judged)]
    title = "; ".join(each for each in told if each)
    edits = judged.edits(Edit(word.span, name))
    fix = Fix(title, judged.candidate.applicability, edits, declares=judged.declares)
    after = BEFORE_PARTS if judged.parts is not None and judged.candidate.runs == "python" else ""
    message = f"line {instruction.line} {described(judged, base)}"
    return Finding(NAME, message, instruction, judged.saved, fix, TRAPS, after=after)


def _refused(instruction: Instruction, base: str, judged: Judged) -> Finding:
    more = f"; and {len(judged.lacks) - _SHOWN} more" if judged.lacks[_SHOWN:] else ""
    reason = f"{judged.candidate.name} lacks what is needed: {'; '.join(judged.lacks[:_SHOWN])}{more}"
    message = f"line {instruction.line} {described(judged, base)}"
    return Finding(NAME, message, instruction, judged.saved, None, TRAPS, reason)


def _added(judged: Judged) -> str:
    swap = judged.swap
    if swap is not None and swap.asked:
        return f"apt installs {', '.join(sorted(swap.asked))}, which is called there"
    return f"apt then adds {len(swap.added)} packages that it had" if swap is not None and swap.added else ""
