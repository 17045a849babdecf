"""Packages that apt installed because they were recommended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from jettison.core.values import Applicability
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.apt import MENTIONED, AptCall, apt_calls
from jettison.synthesis.lean_install import is_lean, lean
from jettison.synthesis.left import own_runs
from jettison.synthesis.recommends import Install, Recommended, recommended, weigh_packages

NAME = "recommends-installed"
_PROPOSAL = "which these are, and how many bytes, the image tells: `jettison check --image`"
_BY_SETTING = re.compile(r"(?<!--no-)(?<!--)install-recommends", re.IGNORECASE)  # APT::Install-Recommends "false";
_TRAPS = ("recommended-and-needed",)
_UNCLEAR = "which packages were asked for is not known: the shell computes them, or a file or a pattern means them"


@rule("JT404")
def recommends_installed(subject: Subject) -> Iterator[Finding]:
    """`apt-get install` brought packages that nothing depends on: they were only recommended.

    **What it costs.** Often more than what was asked for: `python3-pip` recommends a compiler. Which packages these
    are, and what they weigh, is known before anything is rebuilt. `jettison optimize` asks apt: it builds the
    Dockerfile up to this RUN, with each `apt-get install` in it tried dry (`--simulate`), once as it is written and
    once without recommended packages, and weighs the difference in the image. Nothing is installed for that; it takes
    the seconds of `apt-get update`. Where apt cannot be asked (no engine, no network, an install in a loop, a condition
    or a pipeline, `aptitude`), the image's own package database tells, by what depends on what. The finding says which
    of the two it was.

    **The fix** adds `--no-install-recommends`, and names those recommended packages that applications are known to
    need (certificates, locales, time zones, fonts, PAM modules, D-Bus, venv, GnuPG) so that they stay.

    While the contract is recorded, `optimize` watches which files are opened in the container (as root, with Buildah or
    Podman: every one but those below a volume, by fanotify; with Docker on this machine: what its processes have
    mapped). A recommended package of which a file was opened is in use, and stays by name; the finding says so, or,
    where all of them were seen, that none was.

    **Safety.** TESTED: whole packages go. A tool that the application calls, and that only a recommendation brought,
    is found by the contract or not at all: give `--check` where your tests do not run through HTTP.

    This rule's example needs a package database, which a listing of layers does not hold: it is tested on a small
    one, laid out as dpkg does (tests/rules/test_recommends.py).
    """
    for instruction in own_runs(subject):
        calls = [call for call in apt_calls(subject, instruction) if call.verb == "install"]
        calls = [call for call in calls if not is_lean(call)]
        layers = subject.alignment.layers_of(instruction)
        if calls and layers:
            yield from _findings(Install(subject, instruction, tuple(calls), layers[0]))


@seen_in_text(recommends_installed)
def not_left_out(text: Text) -> Iterator[Finding]:
    """An `apt-get install` in a RUN that ships, without the option that leaves recommended packages out."""
    if _BY_SETTING.search(text.dockerfile.text):
        return
    for instruction in (run.instruction for run in text.shipped):
        if "install" not in instruction.value or not MENTIONED.search(instruction.value):
            continue
        calls = [call for call in apt_calls(text, instruction) if call.verb == "install" and call.packages]
        if any(not _may_say_more(call) and not is_lean(call) for call in calls):
            message = f"line {instruction.line} installs recommended packages as well"
            yield Finding(NAME, message, instruction, 0, proposal=_PROPOSAL)


def _may_say_more(call: AptCall) -> bool:
    """Whether a word that the shell computes may be the option: one that begins with a letter is a package."""
    return any(word.value is None and not word.text[:1].isalpha() for word in call.command.arguments)


def _findings(install: Install) -> Iterator[Finding]:
    found = recommended(install)
    if not found.packages:
        return
    calls, line, count = install.calls, install.instruction.line, len(found.packages)
    going = [install.packages[name] for name in sorted(found.packages)]
    predicted, paths = weigh_packages(install.tree, going, install.layer)
    many = "1 package that is" if count == 1 else f"{count} packages that are"
    message = (
        f"line {line} installs {many} only recommended: {_some(found.packages)} ({found.told}{_seen(install, found)})"
    )
    finding = Finding(NAME, message, install.instruction, predicted, None, _TRAPS, paths=paths)
    finding = replace(finding, questions=(found.question,) if found.question is not None else ())
    if install.unclear and not found.solved:
        yield replace(finding, refusal=_UNCLEAR)
        return
    title = "install without recommended packages" + (f", keep {_some(found.kept)}" if found.kept else "")
    edits = [lean(call, sorted(found.kept) if call is calls[-1] else ()) for call in calls]
    yield replace(finding, fix=Fix(title, Applicability.TESTED, tuple(chain.from_iterable(edits))))


def _seen(install: Install, found: Recommended) -> str:
    """What watching the application told, as a clause; empty where it told nothing of them."""
    used = install.used(found.kept)
    if used:
        return f"; seen in use, and kept: {_some(used)}"
    return "; the application was seen to use none of them" if install.subject.observed.whole else ""


def _some(names: frozenset[str]) -> str:
    shown = sorted(names)[:4]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
