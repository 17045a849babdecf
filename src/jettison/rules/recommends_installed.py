"""Packages that apt installed because they were recommended."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Edit, Instruction
from jettison.image.tree import merge
from jettison.packages.dpkg import Package, closure, read_status
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.apt import MENTIONED, AptCall, apt_calls
from jettison.synthesis.left import own_runs
from jettison.synthesis.recommends import weigh_packages
from jettison.traps import recommended_and_needed

NAME = "recommends-installed"
_PROPOSAL = "which these are, and how many bytes, the image tells: `jettison check --image`"
_OFF = ("--no-install-recommends", "APT::Install-Recommends=0", "APT::Install-Recommends=false", "--without-recommends")


@rule("JT404")
def recommends_installed(subject: Subject) -> Iterator[Finding]:
    """`apt-get install` brought packages that nothing depends on: they were only recommended.

    **What it costs.** Often more than what was asked for: `python3-pip` recommends a compiler. Which packages these
    are, and what they weigh, is worked out from the image's own package database before anything is rebuilt.

    **The fix** adds `--no-install-recommends`, and names those recommended packages that applications are known to
    need (certificates, locales, time zones, fonts, PAM modules, D-Bus, venv, GnuPG) so that they stay.

    **Safety.** TESTED: whole packages go. A tool that the application calls, and that only a recommendation brought,
    is found by the contract or not at all: give `--check` where your tests do not run through HTTP.

    This rule's example needs a package database, which a listing of layers does not hold: it is tested on a small
    one, laid out as dpkg does (tests/rules/test_recommends.py).
    """
    for instruction in own_runs(subject):
        calls = [call for call in apt_calls(subject, instruction) if call.verb == "install"]
        calls = [call for call in calls if not _leaves_out(call)]
        layers = subject.alignment.layers_of(instruction)
        if calls and layers:
            yield from _findings(subject, instruction, calls, layers[0])


@seen_in_text(recommends_installed)
def not_left_out(text: Text) -> Iterator[Finding]:
    """An `apt-get install` in a RUN that ships, without the option that leaves recommended packages out."""
    if "Install-Recommends" in text.dockerfile.text or "Install-Recommends".lower() in text.dockerfile.text:
        return
    for instruction in (run.instruction for run in text.shipped):
        if "install" not in instruction.value or not MENTIONED.search(instruction.value):
            continue
        calls = [call for call in apt_calls(text, instruction) if call.verb == "install" and call.packages]
        if any(None not in call.command.values and not _leaves_out(call) for call in calls):
            message = f"line {instruction.line} installs recommended packages as well"
            yield Finding(NAME, message, instruction, 0, proposal=_PROPOSAL)


def _leaves_out(call: AptCall) -> bool:
    return any(option in _OFF for option in call.options)


def _findings(subject: Subject, instruction: Instruction, calls: list[AptCall], layer: int) -> Iterator[Finding]:
    below = read_status(merge(subject.image.layers[:layer]))
    after_tree = merge(subject.image.layers[: layer + 1])
    after = read_status(after_tree)
    if not set(after) - set(below):
        return
    named = {name for call in apt_calls(subject, instruction) for name in call.asked if call.verb == "install"}
    stay = closure(after, named | set(below))
    kept = recommended_and_needed.found(after, stay)
    extras = set(after) - set(below) - stay - closure(after, set(kept))
    if not extras:
        return
    predicted, paths = weigh_packages(after_tree, [after[name] for name in sorted(extras)], layer)
    count = "1 package that is" if len(extras) == 1 else f"{len(extras)} packages that are"
    message = f"line {instruction.line} installs {count} only recommended: {_some(extras)}"
    traps = ("recommended-and-needed",)
    if any(call.unclear for call in calls):
        reason = (
            "which packages were asked for is not known: the shell computes them, or a file or a pattern means them"
        )
        yield Finding(NAME, message, instruction, predicted, None, traps, reason, paths)
        return
    title = "install without recommended packages" + (f", keep {_some(set(kept))}" if kept else "")
    fix = Fix(title, Applicability.TESTED, tuple(_edits(calls, after, kept)))
    yield Finding(NAME, message, instruction, predicted, fix, traps, paths=paths)


def _edits(calls: list[AptCall], packages: dict[str, Package], kept: frozenset[str]) -> Iterator[Edit]:
    """The option behind each `install`; what is kept named at the end of the call that brought it."""
    for number, call in enumerate(calls):
        yield insert_after(call.verb_argument.span, "--no-install-recommends")
        mine = kept if number == len(calls) - 1 else frozenset()
        names = [name for name in sorted(mine) if name in packages and name not in call.asked]
        if names:
            yield insert_after(call.command.arguments[-1].span, " ".join(names))


def _some(names: set[str]) -> str:
    shown = sorted(names)[:4]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
