"""The ways in which a stage that builds and ships becomes two: upon its own base, or upon a smaller one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Fix
from jettison.subject import Subject
from jettison.synthesis import go_stage, npm_stage, pip_stage
from jettison.synthesis.base_parts import BEFORE_PARTS, Parts
from jettison.synthesis.certificates_carried import TOLD as CERTIFICATES
from jettison.synthesis.go_base import NO_SHELL, SCRATCH
from jettison.synthesis.merge import between
from jettison.synthesis.parts_written import from_of, with_parts
from jettison.synthesis.split_upon import composites, leaner, stands
from jettison.synthesis.stages import Plan, text

PLANS = (npm_stage.plan, pip_stage.plan, go_stage.plan)  # one an ecosystem; the first that knows the stage plans it
_ITSELF = "single-stage-build"


@dataclass(frozen=True)
class Way:
    """One fix, the bytes that it would save, and the rule that is tried before it."""

    predicted: int
    fix: Fix
    after: str = ""


def ways(subject: Subject) -> Iterator[Way]:
    """Every way for the subject's stage; none where no ecosystem knows it. Raises CannotEdit."""
    plan = next((found for each in PLANS if (found := each(subject)) is not None), None)
    if plan is None:
        return
    every = list(_split(plan))
    if not every and plan.lean == plan.work:
        raise CannotEdit("what starts the application is brought by the RUN that installs, and would stay behind")
    yield from every


def _split(plan: Plan) -> Iterator[Way]:
    """The stage split upon its own base; before that, where one can be had, upon a smaller one in the same step.

    Last, upon its own, without what the plan may leave: whatever that breaks is no reason not to split.
    """
    if plan.base:
        yield from _upon_its_own(plan)
        return
    whole = plan.whole()
    for one, alone in leaner(whole):
        yield from _ways(one, "; what is set up for building stays there", alone=alone)
    alone = plan.lean != plan.work or stands(plan)
    yield from _ways(whole, "", alone=alone)
    if plan.more and alone:
        yield _upon_the_same(plan.without_more(), "")


def _ways(plan: Plan, besides: str, *, alone: bool) -> Iterator[Way]:
    """`alone`: whether it may stand on its own base."""
    for each in composites(plan):
        carried = f" with {each.parts.what} of {plan.subject.stage.base}" if each.parts is not None else ""
        told = [f"build in a stage of its own; ship {plan.what} on {each.candidate.name}{carried}{besides}"]
        told += [f"freed from {' and '.join(each.freed)}"] if each.freed else []
        told += [CERTIFICATES] if each.certificates else []
        told += [NO_SHELL] if not each.candidate.shell else []
        told += [plan.also] if plan.also else []
        found = _way(each.plan, each.candidate.name, each.weight, "; ".join(told), each.declares, each.parts)
        if plan.bare:  # what a package for development asks for of the interpreter stays behind with it
            yield replace(found, after=BEFORE_PARTS)
        else:  # a step for each, where that is enough
            yield found if each.candidate.shell or not alone else replace(found, after=_ITSELF)
    if not plan.bare and alone:
        yield _upon_the_same(plan, besides)


def _upon_the_same(plan: Plan, besides: str) -> Way:
    """The stage split upon the base that it has."""
    layers = plan.subject.image.layers[: plan.subject.alignment.base_layers]
    weight = sum(layer.unpacked for layer in layers)
    title = f"build in a stage of its own; ship {plan.what}{besides}{f'; {plan.also}' if plan.also else ''}"
    return _way(plan, plan.subject.stage.base, weight, title)


def _upon_its_own(plan: Plan) -> Iterator[Way]:
    """The stage split upon the one base that the plan is for; `scratch` needs no fetching and weighs nothing."""
    image = plan.subject.base(plan.base) if plan.base != SCRATCH else None
    if image is not None or plan.base == SCRATCH:
        weight = sum(layer.unpacked for layer in image.layers) if image is not None else 0
        price = f"; {plan.price}" if plan.price else ""
        title = f"build in a stage of its own; ship {plan.what} on {plan.base}{price}"
        yield _way(plan, plan.base, weight, title, plan.declares)


def _way(
    plan: Plan, base: str, weight: int, title: str, declares: tuple[str, ...] = (), parts: Parts | None = None
) -> Way:
    subject = plan.subject
    before = sum(layer.unpacked for layer in subject.image.layers)
    made = text(plan, base)
    if parts is not None:
        first = subject.stage.instructions[0]
        made = with_parts(made, 1, from_of(subject.dockerfile, first, subject.stage.base), parts)
    edits = between(subject.dockerfile.text, made)
    fix = Fix(title, Applicability.TESTED, edits, declares=declares)
    return Way(before - weight - plan.weight(), fix)
