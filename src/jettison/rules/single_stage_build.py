"""What builds the application ships with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.model import Call
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis import go_stage, npm_stage, pip_stage
from jettison.synthesis.base_parts import BEFORE_PARTS, Parts
from jettison.synthesis.certificates_carried import TOLD as CERTIFICATES
from jettison.synthesis.go_base import NO_SHELL, SCRATCH
from jettison.synthesis.merge import between
from jettison.synthesis.parts_written import from_of, with_parts
from jettison.synthesis.split_upon import composites, leaner
from jettison.synthesis.stages import Plan, text

NAME = "single-stage-build"
PLANS = (npm_stage.plan, pip_stage.plan, go_stage.plan)  # one an ecosystem; the first that knows the stage plans it
MESSAGE = "the stage that builds the application ships with everything that building needs"


_VERBS = {
    "go": (("build",), ("install",)),
    "npm": (("run", "build"), ("run-script", "build")),
    "yarn": (("build",), ("run", "build")),
    "pnpm": (("build",), ("run", "build")),
    "cargo": (("build",), ("install",)),
    "mvn": (("package",), ("install",), ("clean", "package"), ("clean", "install")),
    "gradle": (("build",), ("bootJar",)),
    "dotnet": (("publish",), ("build",)),
}


@rule("JT401")
def single_stage_build(subject: Subject) -> Iterator[Finding]:
    """The only stage installs what building needs, builds, and ships all of it.

    **What it costs.** Sources, the package manager's cache, compilers and the files that they leave behind ship with
    the application, and every tool that building needs keeps the base from being a smaller one.

    **The fix** builds where it was built and ships a second stage on the same base: the same instructions that set it
    up, and what the application is made of. A smaller base, and the development dependencies left out, are steps of
    their own. Only where the stage as it stands could not be moved to a smaller base, because building needs what
    that one lacks, the two are one step. Packages that a RUN of apt installs and whose names say that they are for
    building (compilers, headers) stay behind where nothing that ships is known to need them.

    A Go program ships on `scratch`, with the certificates, time zones and accounts that functions linked into it read,
    and with every file of its folder but what only the compiler reads or `//go:embed` puts into it, and but reports,
    caches, documents and test data that nothing mentions. Where it is linked with the C library for looking up names
    alone, `CGO_ENABLED=0` goes with the step; where it calls C, it stands on the least distroless image that has all it
    is linked with; where it can start other programs, nothing is changed.

    What pip installs in a slim image of Python ships, as a virtual environment, on a base that is nothing but data,
    with the interpreter and the libraries that it needs: see larger-base-than-needed.

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


@seen_in_text(single_stage_build)
def builds_where_it_ships(text: Text) -> Iterator[Finding]:
    """The only stage calls a compiler or a bundler of its own sources."""
    if len(text.dockerfile.stages) != 1:
        return
    for run in text.shipped:
        said = next((said for each in run.calls if (said := _builds(each))), "") if run.readable else ""
        if said:
            message = f"line {run.instruction.line} calls `{said}`: {MESSAGE}"
            yield Finding(
                NAME, message, run.instruction, 0, refusal=f"`jettison optimize --select {NAME}` plans a second stage"
            )
            return


def _builds(call: Call) -> str:
    """The words of a call that surely builds; empty for any other."""
    verbs = _VERBS.get(call.name or "", ()) if call.certain else ()
    if not verbs:
        return ""
    words = tuple(value for value in call.values if value is not None and not value.startswith("-"))
    return next((f"{call.name} {' '.join(verb)}" for verb in verbs if words[: len(verb)] == verb), "")


def _split(plan: Plan) -> Iterator[Finding]:
    """The stage split upon its own base; before that, where one can be had, upon a smaller one in the same step."""
    if plan.base:
        yield from _upon_its_own(plan)
        return
    lean = leaner(plan)
    for one in (lean, plan) if lean is not None else (plan,):
        yield from _ways(one, "; packages for building stay there" if one is lean else "")


def _ways(plan: Plan, besides: str) -> Iterator[Finding]:
    for each in composites(plan):
        carried = f" with {each.parts.what} of {plan.subject.stage.base}" if each.parts is not None else ""
        told = [f"build in a stage of its own; ship {plan.what} on {each.candidate.name}{carried}{besides}"]
        told += [f"freed from {' and '.join(each.freed)}"] if each.freed else []
        told += [CERTIFICATES] if each.certificates else []
        told += [NO_SHELL] if not each.candidate.shell else []
        found = _finding(each.plan, each.candidate.name, each.weight, "; ".join(told), each.declares, each.parts)
        if plan.bare:  # what a package for development asks for of the interpreter stays behind with it
            yield replace(found, after=BEFORE_PARTS)
        else:  # a step for each, where that is enough
            yield found if each.candidate.shell else replace(found, after=NAME)
    if plan.bare:
        return
    layers = plan.subject.image.layers[: plan.subject.alignment.base_layers]
    weight = sum(layer.unpacked for layer in layers)
    title = f"build in a stage of its own; ship {plan.what}{besides}"
    yield _finding(plan, plan.subject.stage.base, weight, title)


def _upon_its_own(plan: Plan) -> Iterator[Finding]:
    """The stage split upon the one base that the plan is for; `scratch` needs no fetching and weighs nothing."""
    image = plan.subject.base(plan.base) if plan.base != SCRATCH else None
    if image is not None or plan.base == SCRATCH:
        weight = sum(layer.unpacked for layer in image.layers) if image is not None else 0
        price = f"; {plan.price}" if plan.price else ""
        title = f"build in a stage of its own; ship {plan.what} on {plan.base}{price}"
        yield _finding(plan, plan.base, weight, title, plan.declares)


def _finding(
    plan: Plan, base: str, weight: int, title: str, declares: tuple[str, ...] = (), parts: Parts | None = None
) -> Finding:
    subject = plan.subject
    before = sum(layer.unpacked for layer in subject.image.layers)
    made = text(plan, base)
    if parts is not None:
        first = subject.stage.instructions[0]
        made = with_parts(made, 1, from_of(subject.dockerfile, first, subject.stage.base), parts)
    edits = between(subject.dockerfile.text, made)
    fix = Fix(title, Applicability.TESTED, edits, declares=declares)
    return Finding(NAME, MESSAGE, subject.stage.instructions[0], before - weight - plan.weight(), fix)
