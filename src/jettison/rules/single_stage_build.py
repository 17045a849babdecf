"""What builds the application ships with it."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.model import Call
from jettison.dockerfile.edit import CannotEdit
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text

NAME = "single-stage-build"
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
_PLANNED = {"npm", "go"}  # of these, synthesis/single_stage.py knows how
_YOURS = "build in a stage of its own, and COPY --from it what runs"


@rule("JT401")
def single_stage_build(subject: Subject) -> Iterator[Finding]:
    """The only stage installs what building needs, builds, and ships all of it.

    **What it costs.** Sources, the package manager's cache, compilers and the files that they leave behind ship with
    the application, and every tool that building needs keeps the base from being a smaller one.

    **The fix** builds where it was built and ships a second stage on the same base: the same instructions that set it
    up, and what the application is made of. A smaller base, and the development dependencies left out, are steps of
    their own. Only where the stage as it stands could not be moved to a smaller base, because building needs what
    that one lacks, the two are one step. Packages that a RUN of apt installs and whose names say that they are for
    building (compilers, headers) stay behind where nothing that ships is known to need them, and so do package managers
    and compilers that npm installs for all (`npm install -g pnpm`, `corepack enable`, `typescript`).

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
    from jettison.synthesis.single_stage import ways  # forty modules, of which what is seen in text needs none

    first = subject.stage.instructions[0]
    try:
        for each in ways(subject):
            yield Finding(NAME, MESSAGE, first, each.predicted, each.fix, after=each.after)
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
            planned = said.partition(" ")[0] in _PLANNED
            reason = f"`jettison optimize --select {NAME}` plans a second stage" if planned else _YOURS
            yield Finding(NAME, message, run.instruction, 0, refusal=reason)
            return


def _builds(call: Call) -> str:
    """The words of a call that surely builds; empty for any other."""
    verbs = _VERBS.get(call.name or "", ()) if call.certain else ()
    if not verbs:
        return ""
    words = tuple(value for value in call.values if value is not None and not value.startswith("-"))
    if words[:1] == ("install",) and _is_of_others(call, words[1:]):
        return ""
    return next((f"{call.name} {' '.join(verb)}" for verb in verbs if words[: len(verb)] == verb), "")


def _is_of_others(call: Call, named: tuple[str, ...]) -> bool:
    """Whether an `install` brings a tool by its name: `go install MODULE@VERSION`, `cargo install CRATE`."""
    if call.name == "cargo":
        return bool(named) and not any((value or "").startswith("--path") for value in call.values)
    return call.name == "go" and bool(named) and all("@" in each for each in named)
