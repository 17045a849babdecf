"""Another base for the stage that ships: each candidate of the catalogue, judged for this application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from jettison.bases.catalogue import Candidate, Family, candidates, libc_of
from jettison.bases.policy import Policy, allows, order
from jettison.closure import elf
from jettison.closure.lost import Reach
from jettison.core.reference import Reference, Transport
from jettison.core.units import show_bytes
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, apply
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Edit, Stage
from jettison.image.model import Image, Kind
from jettison.image.tree import Tree
from jettison.packages.dpkg import read_status
from jettison.subject import Subject
from jettison.synthesis.base_parts import Parts, parts_of
from jettison.synthesis.base_swap import Swap, own_paths
from jettison.synthesis.certificates_carried import TOLD as CERTIFICATES
from jettison.synthesis.certificates_carried import behind_from, with_certificates
from jettison.synthesis.config_upon import config_upon, last
from jettison.synthesis.entry_freed import Freed, free
from jettison.synthesis.lacking import glibc_file
from jettison.synthesis.left import own_runs
from jettison.synthesis.merge import between
from jettison.synthesis.npm_needs import npm_needs
from jettison.synthesis.parts_written import from_of, with_parts
from jettison.synthesis.pip_needs import pip_needs
from jettison.synthesis.programs import Programs
from jettison.synthesis.tools_installed import installing, with_tools
from jettison.synthesis.user_carried import NOBODY, Carried, carry
from jettison.traps import cluster_names, packed_program

SCRATCH = Image(Reference(Transport.OCI, "scratch"), "", {}, ())
_APK = b"lib/apk/db/installed"
_OLD_INTERPRETER = re.compile(rb"^usr/local/(?:lib/python[\d.]+/.*[^/]|bin/python[\d.]*)$|(?:^|/)pyvenv\.cfg$")


@dataclass(frozen=True)
class Judged:
    """A candidate with what the application would lack on it; `swap` None where it was not worth fetching."""

    candidate: Candidate
    swap: Swap | None
    lacks: tuple[str, ...]
    carried: Carried = NOBODY
    parts: Parts | None = None  # of the old base, that go along
    certificates: bool = False  # the old base's go along, too

    @property
    def saved(self) -> int:
        """Bytes of `unpacked`."""
        return self.swap.saved() if self.swap is not None else 0

    @cached_property
    def order(self) -> tuple[int, int]:
        assert self.swap is not None
        image = self.swap.candidate
        tree = image.tree
        packages = len(read_status(tree)) or (tree.read(_APK).count(b"\nP:") if _APK in tree else 0)
        return sum(layer.unpacked for layer in image.layers), packages

    @property
    def freed(self) -> Freed | None:
        return self.swap.entry if self.swap is not None else None

    def edits(self, word: Edit) -> tuple[Edit, ...]:
        """The base's name, `word`, and all that goes with it."""
        found = (word, *(self.freed.edits if self.freed else ()), *self.carried.edits)
        if self.certificates and self.swap is not None:
            subject = self.swap.subject
            end = stage_chain(subject.dockerfile, subject.stage, subject.build_args)[0].instructions[0].span.end
            found = (*found, Edit(Span(end, end), behind_from(subject)))
        if self.swap is not None and self.swap.asked:
            found = (*found, installing(self.swap.subject, self.swap.asked))
        if self.parts is None or self.swap is None:
            return found
        subject = self.swap.subject
        text, at = subject.dockerfile.text, subject.dockerfile.stages.index(subject.stage)
        old = from_of(subject.dockerfile, subject.stage.instructions[0], subject.stage.base)
        return between(text, with_parts(apply(text, found), at, old, self.parts))

    @property
    def declares(self) -> tuple[str, ...]:
        """Keys of the config that change on purpose."""
        return (*(self.freed.declares if self.freed else ()), *(("User",) if self.carried.user else ()))


def judge(subject: Subject, first: Stage) -> list[Judged]:
    """What the policy lets in, those that lack nothing first, the best of them first; then what was refused."""
    policy = Policy(subject.policy)
    libc = libc_of(first.base)
    found: list[Judged] = []
    for candidate in _ordered(candidates(first.base)):
        if not allows(policy, candidate, libc) or not _may_do(subject, candidate):
            continue
        if candidate.runs == "compiled" and any(not each.lacks and each.candidate.runs for each in found):
            continue  # of images that hold one another, the smallest that does
        judged = _judged(subject, candidate)
        if judged is not None:
            found.append(judged)
    good = sorted((each for each in found if not each.lacks), key=lambda each: order(policy, *each.order))
    if policy is Policy.FEWEST_PACKAGES:
        good = good[:1]
    return [*good, *(each for each in found if each.lacks)]


def _ordered(found: tuple[Candidate, ...]) -> list[Candidate]:
    """Images for compiled programs hold one another, the catalogue's last the least: it is asked first."""
    return [each for each in found if not each.runs] + [each for each in found if each.runs][::-1]


def _may_do(subject: Subject, candidate: Candidate) -> bool:
    """What needs no fetching to be known: a RUN needs a shell; a base that others stand on stays what it is."""
    if not candidate.shell and any(run.exec_form is None for run in own_runs(subject)):
        return False
    if (
        candidate.family is not Family.SLIM
        and len(stage_chain(subject.dockerfile, subject.stage, subject.build_args)) != 1
    ):
        return False
    if candidate.runs != "compiled":
        return True
    programs = Programs(Reach(subject.tree, subject.image.runtime), subject.alignment.base_layers)
    if not programs.compiled:
        return False
    dynamic = any((each := elf.read(subject.tree, path)) and each.needs for path in programs.compiled)
    return candidate.libc != "none" if dynamic else candidate.libc == "none"


def _judged(subject: Subject, candidate: Candidate) -> Judged | None:
    """None where the candidate cannot be had."""
    if candidate.libc == "musl":
        told = glibc_file(subject.tree, subject.alignment.base_layers)
        if told:
            return Judged(candidate, None, (f"glibc: {told} is linked against it, and the C library there is musl",))
        told = cluster_names.found(subject.context)
        if told:
            return Judged(
                candidate, None, (f"glibc's resolver: {told} is for Kubernetes, where names are searched for",)
            )
    image = SCRATCH if candidate.family is Family.SCRATCH else subject.base(candidate.name)
    if image is None:
        return None
    parts = None
    try:
        if candidate.carries:
            parts = parts_of(subject, candidate.runs, own_paths(subject), image)
            image = parts.upon(image)
        entry = free(subject, image) if _needs_freeing(subject, candidate, image) else None
        config = entry.config if entry is not None else config_upon(subject, image)
        carried = carry(subject, image, config)
    except CannotEdit as error:
        return Judged(candidate, Swap(subject, image), (error.reason,))
    if carried.user:
        config = {**config, "User": carried.user}
        entry = replace(entry or Freed(config), config=config)
    judged = Judged(candidate, Swap(subject, image, entry, carried.owners), (), carried, parts)
    return _with_what_it_lacks(judged)


def _with_what_it_lacks(judged: Judged) -> Judged:
    """The same with what it lacks; with the old base's certificates, or programs that apt brings, if that is all."""
    swap = judged.swap
    assert swap is not None
    lacks = tuple(_lacks(swap, judged.candidate))
    more = with_certificates(swap.subject, swap.candidate) if lacks else None
    if more is not None and not any(_lacks(carrying := replace(swap, candidate=more), judged.candidate)):
        return replace(judged, swap=carrying, certificates=True)
    tools = with_tools(swap) if lacks and judged.candidate.family is Family.SLIM else None
    if tools is not None and not any(_lacks(tools, judged.candidate)):
        return replace(judged, swap=tools)
    return replace(judged, lacks=lacks)


def _needs_freeing(subject: Subject, candidate: Candidate, image: Image) -> bool:
    """Whether the entry point stands on a shell, or on a script of the base, that is not there."""
    if not candidate.shell:
        return True
    inherits = last(subject, "ENTRYPOINT") is None
    was, now = (each.runtime.get("Entrypoint") or [] for each in (subject.image, image))
    return inherits and was != now


def _lacks(swap: Swap, candidate: Candidate) -> Iterator[str]:
    yield from pip_needs(swap.subject, swap.upon)
    yield from npm_needs(swap.subject, swap.upon)
    yield from swap.lacks()
    if candidate.runs == "compiled":
        programs = Programs(Reach(swap.subject.tree, swap.subject.image.runtime), swap.subject.alignment.base_layers)
        for path in programs.compiled:
            if packed_program.found(swap.subject.tree, path):
                yield f"what /{path.decode('utf-8', 'replace')} is linked with: it is packed (UPX), and hides that"
    if candidate.runs == "python" and not candidate.carries:
        tree, own = swap.subject.tree, swap.subject.alignment.base_layers
        lying = next((p for p in sorted(tree) if _OLD_INTERPRETER.search(p) and _is_own_file(tree, p, own)), None)
        if lying is not None:
            yield f"the interpreter that /{lying.decode('utf-8', 'replace')} belongs to"


def _is_own_file(tree: Tree, path: bytes, own: int) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is not Kind.DIRECTORY and tree.layer_of(path) >= own


def price(judged: Judged) -> str:
    """What the base takes away and what to use instead, as the end of a title; empty where that is building's alone."""
    candidate, told = judged.candidate, list[str]()
    if judged.freed is not None and judged.freed.what:
        *others, last_one = judged.freed.what
        told.append(f"freed from {', '.join(others)}{' and ' if others else ''}{last_one}")
        if judged.freed.note:
            told.append(judged.freed.note)
    if judged.carried.user:
        told.append(f"its user written as {judged.carried.user}")
    if judged.certificates:
        told.append(CERTIFICATES)
    if candidate.libc == "musl":
        told.append("musl in the place of glibc: another resolver (search domains), another allocator")
    if candidate.why_proposed:
        told.append(candidate.why_proposed)
    if not candidate.shell:
        told.append("no shell, no package manager: `docker exec` finds nothing there, use `docker debug`")
        told[-1] += " or an ephemeral container"
    return "; ".join(told)


def described(judged: Judged, base: str) -> str:
    """What stands there, and what would do."""
    candidate = judged.candidate
    how = "is the same" if candidate.family is Family.SLIM else "has what the application needs,"
    unset = f"; {judged.swap.unset} would not be set" if judged.swap is not None and judged.swap.unset else ""
    return f"takes {base}; {candidate.name} {how} without {candidate.without}{unset}"


def size_of(judged: Judged) -> str:
    """The candidate's bytes for people."""
    return show_bytes(judged.order[0])
