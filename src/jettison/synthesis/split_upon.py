"""Bases that what ships can stand on, where the stage as it is cannot: building needs what they lack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jettison.bases.catalogue import Candidate, candidates, libc_of
from jettison.bases.policy import Policy, allows
from jettison.closure.command import commands, locate, working_directory
from jettison.closure.node_scripts import started
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.image.model import Image
from jettison.packages.node import described
from jettison.subject import Subject
from jettison.synthesis.apt import TOOLS, apt_calls
from jettison.synthesis.base_parts import Parts, parts_of
from jettison.synthesis.base_swap import Swap, own_paths, stage_lacks
from jettison.synthesis.certificates_carried import copies, with_certificates
from jettison.synthesis.config_upon import config_upon, taken_away
from jettison.synthesis.entry_freed import Freed, free
from jettison.synthesis.npm_needs import npm_needs
from jettison.synthesis.npm_tools import with_tools
from jettison.synthesis.pip_needs import pip_needs
from jettison.synthesis.stages import Plan
from jettison.synthesis.user_carried import carry

_FOR_BUILDING = re.compile(
    r"build-essential|(?:gcc|g\+\+|clang|llvm)(?:-[\d.]+)?|binutils|make|cmake|ninja-build|meson|autoconf|automake|libtool"
    r"|pkg-config|pkgconf|patch|bison|flex|nasm|git|python-is-python3|python3?(?:-(?:minimal|pip|setuptools|distutils|venv))?"
    r"|[\w.+-]+-dev"
)

NONE: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Upon:
    """A plan as it is written for one other base."""

    candidate: Candidate
    image: Image
    plan: Plan
    declares: tuple[str, ...]
    freed: tuple[str, ...]  # what stood before the program
    parts: Parts | None = None  # of the old base, that go along
    certificates: bool = False  # the old base's go along, too

    @property
    def weight(self) -> int:
        """Bytes of the base."""
        return sum(layer.unpacked for layer in self.image.layers)


def composites(plan: Plan) -> Iterator[Upon]:
    """The plan upon each base that the policy lets in, and that can carry what ships and not what builds.

    A plan that is worth nothing upon its own base is for those that bring no interpreter.
    """
    subject = plan.subject
    libc = libc_of(subject.stage.base)
    for candidate in candidates(subject.stage.base):
        if not allows(Policy(subject.policy), candidate, libc) or candidate.runs == "compiled":
            continue
        if candidate.libc == "musl" or candidate.applicability is Applicability.PROPOSED:
            continue  # what was built is taken along, and was built for this C library and this interpreter
        if plan.bare and not candidate.carries:
            continue
        image = subject.base(candidate.name)
        found = _upon(plan, candidate, image) if image is not None else None
        if found is not None:
            yield found


def leaner(plan: Plan) -> Iterator[tuple[Plan, bool]]:
    """The plan with what apt and npm set up for building alone left behind, and whether it `stands`; where it does not,
    with apt's alone."""
    subject = plan.subject
    each = enumerate(subject.stage.instructions)
    only_apt = frozenset(
        at for at, one in each if at not in plan.work and one.keyword == "RUN" and _installs(subject, one)
    )
    for tools in dict.fromkeys((plan.lean or plan.work, plan.work)):
        made = replace(plan, work=plan.work | only_apt | tools)
        if made.work != plan.work:
            alone = stands(made)
            yield made, alone
            if alone:
                return


def stands(plan: Plan) -> bool:
    """Whether its own base has all that is known to be needed of what ships, as it is started now."""
    subject = plan.subject
    if _calls_what_stays(plan):
        return False
    base = replace(subject.image, layers=subject.image.layers[: subject.alignment.base_layers])
    return not stage_lacks(subject, _paths(plan), subject.image.runtime, base, _tools(plan))


def _calls_what_stays(plan: Plan) -> bool:
    """Whether what starts the application, also by a script of package.json, names a program that stays behind."""
    tree, config = plan.subject.tree, plan.subject.image.runtime
    tools = _tools(plan)
    run = started(described(tree, working_directory(config)), commands(tree, config)) if tools else ()
    return any(locate(tree, word, config) in tools for command in run for word in command)


def _tools(plan: Plan) -> frozenset[bytes]:
    """The files of package managers and compilers that npm brought, and that stay behind."""
    subject = plan.subject
    known = with_tools(subject) if plan.lean is not None and plan.lean <= plan.work else None
    return frozenset(path for path in own_paths(subject) if known.match(path + b"/")) if known is not None else NONE


def _installs(subject: Subject, run: Instruction) -> bool:
    """Whether a RUN does nothing but install packages whose names say that they are for building, and clean up."""
    found = script(subject.dockerfile, run)
    names = {(each.name or "").rpartition("/")[2] for each in found.commands} if found else {""}
    calls = [call for call in apt_calls(subject, run) if call.verb == "install"]
    asked = [name for call in calls for name in call.packages]
    known = bool(asked) and all(map(_FOR_BUILDING.fullmatch, asked)) and not any(call.unknown for call in calls)
    return known and names <= {*TOOLS, "rm"}


def _upon(plan: Plan, candidate: Candidate, image: Image) -> Upon | None:
    """The plan for this base; None where the stage as it is can stand there, or what ships cannot."""
    subject = plan.subject
    if candidate.shell and not any(_building(subject, image)):
        return None
    if not candidate.shell and any(each.keyword == "RUN" for each in plan.set_up()):
        return None
    try:
        parts = parts_of(subject, candidate.runs, _paths(plan), image) if candidate.carries else None
        image = parts.upon(image) if parts is not None else image
        entry = free(subject, image) if not candidate.shell else Freed(config_upon(subject, image))
        carried = carry(subject, image, entry.config)
    except CannotEdit:
        return None
    config = {**entry.config, **({"User": carried.user} if carried.user else {})}
    if any(taken_away(subject, config)):
        return None
    made, certificates = replace(plan, edits=(*plan.edits, *entry.edits, *carried.edits)), False
    tools = _tools(plan)
    if stage_lacks(subject, _paths(plan), config, image, tools):
        more = with_certificates(subject, image)
        if more is None or stage_lacks(subject, _paths(plan), config, more, tools):
            return None
        image, made, certificates = more, replace(made, runtime=(*copies(subject), *made.runtime)), True
    declares = (*entry.declares, *(("User",) if carried.user else ()))
    return Upon(candidate, image, made, declares, entry.what, parts, certificates)


def _building(subject: Subject, image: Image) -> Iterator[str]:
    """What the instructions of the stage need, and lack upon a base."""
    swap = Swap(subject, image)
    yield from npm_needs(subject, swap.upon)
    yield from pip_needs(subject, swap.upon)
    yield from (each for each in swap.lacks() if each.startswith("line "))


def _paths(plan: Plan) -> Iterator[bytes]:
    """What ships, and what the instructions that both stages do leave."""
    yield from plan.shipped()
    for each in plan.set_up():
        for number in plan.subject.alignment.layers_of(each):
            yield from (path for path in plan.subject.image.layers[number].columns.paths if path in plan.subject.tree)
