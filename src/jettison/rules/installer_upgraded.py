"""pip put over the pip of the base."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.closure.lost import Reach
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, delete_command, delete_instruction
from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.shell import script
from jettison.image.tree import Tree
from jettison.packages.python import Distribution, distributions, requirement
from jettison.rule import Finding, Fix, rule
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.pip import PipCall, pip_calls

NAME = "installer-upgraded"
_INSTALLERS = {"pip", "setuptools", "wheel"}


@rule("JT109")
def installer_upgraded(subject: Subject) -> Iterator[Finding]:
    """pip, setuptools or wheel are upgraded, and ship a second time beside those of the base.

    **What it costs.** A pip is 10 MB or more with its bytecode. Those of the base stay in its layers: what is put
    over them frees nothing.

    **The fix** takes the call away: the packages are installed by the pip that the base brings. Where that came without
    bytecode it compiles itself then, which is taken off: the new pip's bytecode stands for it, and is a little more.

    **Safety.** TESTED: an older pip may choose otherwise, or may not know a package's format; then the build or the
    contract says so. An application that imports what would be older is left alone.

    This rule's example needs installed packages, which a listing of layers does not hold: it is tested on handmade
    images (tests/rules/test_installer_upgraded.py).
    """
    if not subject.alignment.known or not subject.alignment.base_layers:
        return
    for run in own_runs(subject):
        for call in pip_calls(subject.dockerfile, run):
            upgraded = _upgraded(subject, run, call)
            if upgraded:
                yield _finding(subject, run, call, upgraded)


def _finding(subject: Subject, run: Instruction, call: PipCall, upgraded: tuple[Distribution, ...]) -> Finding:
    names = " and ".join(f"{each.name} {each.version}" for each in upgraded)
    message = f"line {run.line} puts {names} over what the base brings"
    size = sum(each.size - _compiled_instead(subject, call, each) for each in upgraded)
    try:
        _check(subject, upgraded)
        fix = Fix(f"use the {upgraded[0].name} of the base", Applicability.TESTED, (_edit(subject, run, call),))
    except CannotEdit as error:
        return Finding(NAME, message, run, size, refusal=error.reason)
    return Finding(NAME, message, run, size, fix)


def _upgraded(subject: Subject, run: Instruction, call: PipCall) -> tuple[Distribution, ...]:
    """What a call that is for installers alone brought, where the base has its own of each."""
    asked = {found.name if (found := requirement(each)) else each for each in call.names}
    if call.verb != "install" or not asked or asked - _INSTALLERS or call.files or call.unknown:
        return ()
    before = {(each.name, each.top) for each in distributions(subject.below)}
    layers = subject.alignment.layers_of(run)
    own = [each for each in distributions(subject.tree) if each.name in asked]
    if any((each.name, each.top) not in before for each in own):
        return ()
    return tuple(each for each in own if subject.tree.layer_of(each.record) in layers)


def _compiled_instead(subject: Subject, removed: PipCall, upgraded: Distribution) -> int:
    """Bytes of bytecode that the pip of the base will leave, at most, where another call makes it run."""
    if upgraded.name != "pip":
        return 0
    calls = (call for run in own_runs(subject) for call in pip_calls(subject.dockerfile, run))
    bases = (each for each in distributions(subject.below) if (each.name, each.top) == ("pip", upgraded.top))
    if all(call == removed for call in calls) or any(_bytecode(subject.below, each) for each in bases):
        return 0
    return _bytecode(subject.tree, upgraded)


def _bytecode(tree: Tree, installed: Distribution) -> int:
    found = (tree.get(path) for path in installed.files if path.endswith(b".pyc"))
    return sum(each.size for each in found if each is not None)


def _check(subject: Subject, upgraded: tuple[Distribution, ...]) -> None:
    files = {path: each.name for each in upgraded for path in each.files}
    for each in Reach(subject.tree, subject.image.runtime).modules.imports:
        if (name := files.get(each.found)) is not None:
            by = f"/{each.importer.decode('utf-8', 'replace')}" if each.importer else "the entry point"
            raise CannotEdit(f"{by} imports {each.name} of {name}")


def _edit(subject: Subject, run: Instruction, call: PipCall) -> Edit:
    found = script(subject.dockerfile, run)
    if found is not None and len(found.commands) == 1:
        return delete_instruction(subject.dockerfile, run)
    return delete_command(subject.dockerfile, run, call.command)
