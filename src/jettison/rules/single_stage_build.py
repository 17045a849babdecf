"""What builds the application ships with it."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.bases.slim import smaller
from jettison.closure.command import locate
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Image
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis import npm_stage
from jettison.synthesis.base_swap import Swap
from jettison.synthesis.merge import between
from jettison.synthesis.stages import Plan, text

NAME = "single-stage-build"
PLANS = (npm_stage.plan,)  # one an ecosystem; the first that knows the stage plans it
MESSAGE = "the stage that builds the application ships with everything that building needs"


@rule
def single_stage_build(subject: Subject) -> Iterator[Finding]:
    """The only stage installs what building needs, builds, and ships all of it.

    **What it costs.** Sources, the package manager's cache, compilers and the files that they leave behind ship with
    the application, and every tool that building needs keeps the base from being a smaller one.

    **The fix** builds where it was built and ships a second stage on the same base: the same instructions that set it
    up, and what the application is made of. A smaller base, and the development dependencies left out, are steps of
    their own. Only where the stage as it stands could not be moved to a smaller base, because building needs what
    that one lacks, the two are one step.

    **Safety.** TESTED: the contract decides. Nothing else is copied: a RUN that writes outside of the application's
    folder after files were copied, or files of several owners, are reasons not to try.

    This rule's example needs an installed application, which a listing of layers does not hold: it is tested on
    handmade images (tests/rules/test_single_stage.py).
    """
    if len(subject.dockerfile.stages) != 1 or not subject.alignment.known or not subject.alignment.base_layers:
        return
    first = subject.stage.instructions[0]
    try:
        plan = next((found for each in PLANS if (found := each(subject)) is not None), None)
        if plan is not None:
            yield from _split(plan)
    except CannotEdit as error:
        yield Finding(NAME, MESSAGE, first, 0, refusal=error.reason)


def _split(plan: Plan) -> Iterator[Finding]:
    """The stage split upon its own base; before that, where one can be had, upon a smaller one in the same step."""
    name = plan.subject.stage.base
    smaller_base = _smaller(plan)
    if smaller_base is not None:
        name_of, image = smaller_base
        weight = sum(layer.unpacked for layer in image.layers)
        yield _finding(plan, name_of, weight, f"build in a stage of its own; ship {plan.what} on {name_of}")
    layers = plan.subject.image.layers[: plan.subject.alignment.base_layers]
    weight = sum(layer.unpacked for layer in layers)
    yield _finding(plan, name, weight, f"build in a stage of its own; ship {plan.what}")


def _finding(plan: Plan, base: str, weight: int, title: str) -> Finding:
    subject = plan.subject
    before = sum(layer.unpacked for layer in subject.image.layers)
    edits = between(subject.dockerfile.text, text(plan, base))
    fix = Fix(title, Applicability.TESTED, edits)
    return Finding(NAME, MESSAGE, subject.stage.instructions[0], before - weight - plan.weight(), fix)


def _smaller(plan: Plan) -> tuple[str, Image] | None:
    """The base that what ships can stand on and the stage as it is cannot; None where there is no such base."""
    offered = smaller(plan.subject.stage.base)
    image = plan.subject.base(offered.name) if offered is not None else None
    if offered is None or image is None:
        return None
    swap = Swap(plan.subject, image)
    lacks = list(swap.lacks())
    building = [each for each in lacks if each.startswith("line ")]
    missing = [name for name in plan.calls if locate(swap.upon, name, plan.subject.image.runtime) is None]
    return (offered.name, image) if (building or missing) and len(building) == len(lacks) else None
