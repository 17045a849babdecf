"""What only development needs ships with the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Edit, Instruction
from jettison.packages.node import (
    installer,
    lock_shrinks,
    named_for_development,
    prune_command,
    pruned_packages,
    tops,
    weigh,
)
from jettison.packages.node_reach import unreachable
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis import npm_prune
from jettison.traps import development_package_needed
from jettison.traps.development_package_needed import Removed

NAME = "development-dependencies-shipped"


@rule("JT402")
def development_dependencies_shipped(subject: Subject) -> Iterator[Finding]:
    """Development dependencies ship: compilers, linters, test runners, and all that they depend on.

    **What it costs.** Of a small TypeScript service's node_modules, usually more than half. Which packages these are
    is read from npm's own lock file in the image; where Yarn 1 or pnpm installed them, from what each package asks for.

    **The fix.** Where node_modules is copied out of a build stage, `npm prune --omit=dev` is the last thing done
    there, with Yarn 1 `yarn install --production`, with pnpm `pnpm prune --prod`. In a single stage, `--omit=dev` goes
    to the `npm install` if nothing is built behind it; else building gets a stage of its own with the same at its end,
    or, where that cannot be, the RUNs become one that ends with it; pnpm's not, whose store would keep the same files.

    **Safety.** TESTED. It is not offered where a development dependency is needed when the application runs: the
    command that starts it, through the scripts of package.json, names one of its programs; a module that the
    application leads to is in one; its own scripts name one for a loader; a package that stays asks its user for one.
    `--omit=dev` is not put on an install that a build stands behind, nor where package.json has scripts that run when
    npm installs; `npm prune` runs none, Yarn's way would run them, and is not offered there. Workspaces of Yarn and
    pnpm, and all of later Yarns, are left alone.

    This rule's example needs an installed node_modules, which a listing of layers does not hold: it is tested on
    handmade images (tests/rules/test_development_dependencies.py).
    """
    if not subject.alignment.known:
        return
    for top in tops(subject.tree):
        tool = installer(subject.tree, top)
        folders = pruned_packages(subject.tree, top) if tool == "npm" else unreachable(subject.tree, top)
        if tool == "berry" or folders is None:
            yield from _of_others(subject, top, tool)
            continue
        removed = Removed(subject.tree, top, folders)
        makers = npm_prune.makers(subject, removed)
        if removed.folders and makers:
            yield from _findings(subject, removed, makers)


def _of_others(subject: Subject, top: bytes, tool: str) -> Iterator[Finding]:
    """What package.json names, at least, where another than npm installed it."""
    folders = named_for_development(subject.tree, top)
    size = weigh(subject.tree, folders)
    if size and all(subject.tree.layer_of(each) >= subject.alignment.base_layers for each in folders):
        message = f"{len(folders)} packages in /{top.decode('utf-8', 'replace')} are named for development alone"
        how = {
            "yarn": "yarn install --production --ignore-scripts --prefer-offline",
            "berry": "yarn workspaces focus --production",
            "pnpm": "pnpm deploy --filter NAME --prod FOLDER",
        }[tool]
        reason = f"{tool} installed them, and what it would take along is not known here; `{how}` leaves them out"
        yield Finding(NAME, message, None, size, refusal=reason)


def _findings(subject: Subject, removed: Removed, makers: tuple[Instruction, ...]) -> Iterator[Finding]:
    size = weigh(subject.tree, removed.folders)
    shown = f"/{removed.modules.decode('utf-8', 'replace')}"
    message = f"{len(removed.folders)} packages in {shown} are there for development alone"
    largest = sorted(removed.folders, key=lambda each: -weigh(subject.tree, (each,)))[:5] if size else []
    bare = Finding(NAME, message, makers[-1], size, traps=("development-package-needed",), paths=tuple(largest))
    needed = development_package_needed.found(subject, removed) or npm_prune.script_run(subject, removed)
    if needed:
        yield replace(bare, refusal=needed)
        return
    offers, reasons = [], []
    for way in _ways(subject, removed, makers):
        try:
            offers.append(way())
        except CannotEdit as error:
            reasons.append(error.reason)
    for title, edits, saved, after in offers:
        yield replace(bare, predicted=saved, fix=Fix(title, Applicability.TESTED, edits), after=after)
    if not offers:
        yield replace(bare, refusal="; ".join(dict.fromkeys(reasons)))


Offer = tuple[str, tuple[Edit, ...], int, str]


def _ways(subject: Subject, removed: Removed, makers: tuple[Instruction, ...]) -> list[Callable[[], Offer]]:
    """What may be tried, the simplest first; behind an omission only what may do where that does not."""
    lock = lock_shrinks(subject.tree, removed.top)
    command = prune_command(subject.tree, removed.top)
    if all(each.keyword == "COPY" and each.flag("from") for each in makers) and len(makers) == 1:

        def where_built() -> Offer:
            edits = npm_prune.pruned_where_built(subject, removed, makers[0])
            return f"`{command}` at the end of the build stage", edits, npm_prune.in_layers(subject, removed) + lock, ""

        return [where_built]
    if any(each.keyword != "RUN" or each not in subject.stage.instructions for each in makers):

        def elsewhere() -> Offer:
            raise CannotEdit(f"line {makers[0].line} brings some of them, and does not install them")

        return [elsewhere]

    def omitted() -> Offer:
        if len(makers) != 1:
            raise CannotEdit("several RUNs install them")
        edits = npm_prune.omitted(subject, removed, makers[0])
        saved = npm_prune.in_layers(subject, removed) + lock
        return f"install without them: `{edits[0].text.strip()}`", edits, saved, "npm-cache-left-behind"

    def split() -> Offer:
        found = npm_prune.with_the_split(subject, removed)
        if found is None:
            raise CannotEdit("npm does not install them in this stage")
        size = weigh(subject.tree, removed.folders) + lock
        title = f"build in a stage of its own, with `{command}` at its end{f'; {found[2]}' if found[2] else ''}"
        return title, found[0], found[1] + size, "single-stage-build"

    def at_the_end() -> Offer:
        edits, saved = npm_prune.at_the_end(subject, removed)
        return f"`{command}` in the RUN that installs them", edits, saved + lock, "single-stage-build"

    try:
        offer = omitted()
    except CannotEdit:
        single = len(subject.dockerfile.stages) == 1
        return [split, at_the_end] if single else [at_the_end]
    return [lambda: offer, lambda: (*at_the_end()[:3], NAME)]
