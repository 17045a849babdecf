"""What builds the application ships with it."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.bases.slim import smaller
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.packages.node import development_packages, npm_version, weigh
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.base_swap import Swap
from jettison.synthesis.left import own_runs
from jettison.synthesis.merge import between
from jettison.synthesis.stages import Split

NAME = "single-stage-build"


@rule
def single_stage_build(subject: Subject) -> Iterator[Finding]:
    """The only stage installs what development needs, builds, and ships all of it.

    **What it costs.** A TypeScript service ships its compiler, its test runner and their dependencies, the package
    manager's cache, and the full base with its own compilers: often ten times the application.

    **The fix** builds where it was built and ships a second stage: the slim variant of the base where that is known to
    do, the same instructions that set it up, and the working directory, after `npm prune` has taken the development
    dependencies out. Nothing else is copied: a RUN that writes outside the working directory after files were copied,
    or files of several owners, are reasons not to try.

    **Safety.** TESTED: the contract decides. A package that the application needs at run time and that stands among
    the development dependencies is found by it, and the change undone.

    This rule's example needs an installed node_modules, which a listing of layers does not hold: it is tested on
    handmade images (tests/rules/test_single_stage.py).
    """
    if len(subject.dockerfile.stages) != 1 or not subject.alignment.known or not subject.alignment.base_layers:
        return
    if not any(_is_npm(subject, run) for run in own_runs(subject)):
        return
    split = Split(subject)
    first = subject.stage.instructions[0]
    message = "the stage that builds the application ships with everything that building needs"
    try:
        developing = development_packages(subject.tree, split.folder)
        base, weight = _base(subject)
        saved = sum(layer.unpacked for layer in subject.image.layers)
        kept = split.copied() - weigh(subject.tree, developing) + split.set_up()
        text = split.text(base, _prune(subject) if developing else "")
    except CannotEdit as error:
        yield Finding(NAME, message, first, 0, refusal=error.reason)
        return
    title = f"build in a stage of its own; ship /{split.folder.decode('utf-8', 'replace')} on {base}"
    if developing:
        title += f" without development dependencies ({show_bytes(weigh(subject.tree, developing))})"
    fix = Fix(title, Applicability.TESTED, between(subject.dockerfile.text, text))
    yield Finding(NAME, message, first, saved - weight - kept, fix)


def _is_npm(subject: Subject, run: Instruction) -> bool:
    found = script(subject.dockerfile, run)
    return any(
        command.name == "npm" and any(value in ("install", "ci", "i") for value in command.values)
        for command in (found.commands if found else ())
    )


def _prune(subject: Subject) -> str:
    return "npm prune --omit=dev" if npm_version(subject.tree) >= 7 else "npm prune --production"


def _base(subject: Subject) -> tuple[str, int]:
    """The base to ship on, and its bytes: the slim variant where nothing of the application would be missing."""
    own = sum(layer.unpacked for layer in subject.image.layers[: subject.alignment.base_layers])
    name = subject.stage.base
    offered = smaller(name)
    candidate = subject.base(offered.name) if offered is not None else None
    if offered is None or candidate is None:
        return name, own
    if any(not lack.startswith("line ") for lack in Swap(subject, candidate).lacks()):
        return name, own
    return offered.name, sum(layer.unpacked for layer in candidate.layers)
