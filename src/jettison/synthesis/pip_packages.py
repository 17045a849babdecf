"""System packages that only building needs, among those that RUNs ask apt for, and the RUNs without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, apply, delete_words
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.shell import script
from jettison.subject import Subject
from jettison.synthesis.apt import TOOLS, AptCall, apt_calls
from jettison.synthesis.left import own_runs
from jettison.synthesis.pip import pip_calls

_BUILDS = re.compile(
    r"build-essential|.+-dev|(?:gcc|g\+\+|cpp|gfortran|clang|llvm)(?:-[\d.]+)?|make|cmake|ninja-build|meson|binutils"
    r"|pkg-config|pkgconf|rustc|cargo|autoconf|automake|libtool|bison|flex|swig|patchelf|linux-headers-.+|cython3"
    r"|python3-(?:pip|wheel)"
)
_AROUND = {"rm", "true", "set", "echo", ":"}


def only_builds(name: str) -> bool:
    """Whether a Debian package is a compiler, headers, or a tool that runs them."""
    return _BUILDS.fullmatch(name) is not None


@dataclass(frozen=True)
class BuildPackages:
    """`runs` are the RUNs that only the build stage does: those that ask apt for something that only builds, and
    those that would only fetch package lists for them. `kept` is what else they ask for."""

    subject: Subject
    runs: tuple[Instruction, ...]
    names: tuple[str, ...]
    kept: tuple[str, ...]

    def instead(self, missing: tuple[str, ...], installing: set[int]) -> tuple[dict[int, str], tuple[str, ...]]:
        """What the second stage does in their place, by id(); and what is left for a RUN of its own.

        `missing` are packages to add; RUNs whose id is in `installing` call pip as well and are not repeated.
        Raises CannotEdit where the text cannot be made.
        """
        texts: dict[int, str] = {}
        waiting = missing
        left: list[str] = []
        for run in self.runs:
            calls = [call for call in apt_calls(self.subject, run) if call.verb == "install"]
            kept = [name for call in calls for name in call.packages if not only_builds(name)]
            if id(run) in installing:
                left += kept
            elif calls and (kept or waiting):
                texts[id(run)] = self._without(run, calls, waiting)
                waiting = ()
        if texts:
            texts |= {id(run): run.span.of(self.subject.dockerfile.text) for run in self._fetching()}
        self._check_lists(set(texts))
        return texts, tuple(dict.fromkeys([*left, *waiting]))

    def _fetching(self) -> Iterator[Instruction]:
        """RUNs that fetch package lists and install nothing."""
        for run in self.runs:
            if all(call.verb != "install" for call in apt_calls(self.subject, run)):
                yield run

    def _check_lists(self, repeated: set[int]) -> None:
        """Raises CannotEdit for a RUN of the second stage that installs from lists which nothing there fetches."""
        fetched = False
        for run in own_runs(self.subject):
            for call in apt_calls(self.subject, run) if run not in self.runs or id(run) in repeated else ():
                fetched = fetched or call.verb == "update"
                if call.verb == "install" and not fetched:
                    raise CannotEdit(f"line {run.line} installs from package lists that a line for building fetches")

    def _without(self, run: Instruction, calls: list[AptCall], added: tuple[str, ...]) -> str:
        """The text of a RUN whose calls of apt name what is kept, and what is added to the first."""
        source = self.subject.dockerfile.text
        edits: list[Edit] = []
        for call in calls:
            gone = [each for each in call.command.arguments if each.value and _names_builder(each.value, call)]
            if not added and len(gone) == len(call.packages):
                raise CannotEdit(f"line {run.line} would call apt for nothing")
            spans = [each.span for each in gone]
            if spans and added:
                edits.append(Edit(spans.pop(0), " ".join(added)))
                added = ()
            edits += delete_words(self.subject.dockerfile, spans)
        moved = [
            Edit(Span(each.span.start - run.span.start, each.span.end - run.span.start), each.text) for each in edits
        ]
        return apply(run.span.of(source), moved)


def _names_builder(value: str, call: AptCall) -> bool:
    name = value.partition("=")[0].partition("/")[0].partition(":")[0]
    return not value.startswith("-") and name in call.packages and only_builds(name)


def build_packages(subject: Subject) -> BuildPackages:
    """What of the only stage asks apt for what only builds. Raises CannotEdit where that cannot be told apart."""
    runs: list[Instruction] = []
    names: dict[str, None] = {}
    kept: dict[str, None] = {}
    fetching: list[Instruction] = []
    for run in own_runs(subject):
        calls = tuple(apt_calls(subject, run))
        installs = [call for call in calls if call.verb == "install"]
        building = [name for call in installs for name in call.packages if only_builds(name)]
        if building:
            _check(subject, run, calls)
            runs.append(run)
            names |= dict.fromkeys(building)
            kept |= dict.fromkeys(name for call in installs for name in call.packages if not only_builds(name))
        elif calls and not installs and _is_apt_alone(subject, run):
            fetching.append(run)
    others = any(
        call.verb == "install" for run in own_runs(subject) if run not in runs for call in apt_calls(subject, run)
    )
    if runs and not others:
        runs = [each for each in own_runs(subject) if each in runs or each in fetching]
    return BuildPackages(subject, tuple(runs), tuple(names), tuple(kept))


def _check(subject: Subject, run: Instruction, calls: tuple[AptCall, ...]) -> None:
    if any(call.unknown for call in calls):
        raise CannotEdit(f"what line {run.line} asks apt for is not all written there")
    pip = any(True for _ in pip_calls(subject.dockerfile, run))
    if not pip and not _is_apt_alone(subject, run):
        raise CannotEdit(f"line {run.line} does more than install packages")


def _is_apt_alone(subject: Subject, run: Instruction) -> bool:
    found = script(subject.dockerfile, run)
    commands = found.commands if found else ()
    names = [(command.name or "").rpartition("/")[2] for command in commands]
    writes = any(each.redirected and name not in TOOLS for each, name in zip(commands, names, strict=True))
    return bool(names) and not writes and all(name in TOOLS | _AROUND for name in names)
