"""Ways to ship without development packages: `npm prune` where it was built, or `--omit=dev` where nothing is built."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from jettison.context.reads import LIFECYCLE
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, append_command, newline
from jettison.dockerfile.graph import find_stage, source_stage
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Edit, Instruction, Stage
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script
from jettison.dockerfile.values import arguments
from jettison.image.model import Kind
from jettison.packages.node import described, installer, prune_command, runs_scripts
from jettison.subject import Subject
from jettison.synthesis import npm_stage
from jettison.synthesis.left import bytes_between, own_runs
from jettison.synthesis.merge import between, merged
from jettison.synthesis.npm_run import NODE, installs_with_any, npm_installs, runs_node
from jettison.synthesis.split_upon import stands
from jettison.synthesis.stages import text
from jettison.traps.development_package_needed import Removed


def makers(subject: Subject, removed: Removed) -> tuple[Instruction, ...]:
    """The instructions whose layers hold files below the folders that would go; empty where the base brings some."""
    found: dict[Instruction, None] = {}
    for number in {subject.tree.layer_of(path) for path in _files(subject, removed)}:
        instruction = subject.alignment.instruction_of.get(number)
        if instruction is None:
            return ()
        found[instruction] = None
    return tuple(sorted(found, key=lambda each: each.line))


def _files(subject: Subject, removed: Removed) -> Iterator[bytes]:
    for folder in removed.folders:
        for path in subject.tree.under(folder):
            entry = subject.tree.get(path)
            if entry is not None and entry.kind is Kind.FILE:
                yield path


def in_layers(subject: Subject, removed: Removed) -> int:
    """Bytes of all payloads below the folders, in whichever own layer."""
    folders = tuple(folder + b"/" for folder in removed.folders)
    return sum(
        layer.columns.sizes[index]
        for layer in subject.image.layers[subject.alignment.base_layers :]
        for index, path in enumerate(layer.columns.paths)
        if layer.columns.kinds[index] == Kind.FILE and path.startswith(folders)
    )


def pruned_where_built(subject: Subject, removed: Removed, copy: Instruction) -> tuple[Edit, ...]:
    """`npm prune` as the last thing that is done in the stage that `copy` takes node_modules from. CannotEdit.

    In the RUN that ends the stage, where it can be appended there: it would run anew with it anyway, and a layer less
    is made.
    """
    stage = source_stage(subject.dockerfile, copy.flag("from") or "")
    if stage is None:
        raise CannotEdit(f"line {copy.line} copies them from another image")
    other = _other_user(subject, stage)
    if other:
        raise CannotEdit(f"{other} uses the stage {stage.name or stage.index}, too")
    folder = _source(subject, copy, removed)
    last = stage.instructions[-1]
    workdir = state_at(subject.dockerfile, stage, subject.stage.instructions[0], subject.build_args).workdir
    prune = prune_command(subject.tree, removed.top)
    appended = _appended(subject, last, _in(folder, None if _moves(subject, last) else workdir, prune))
    if appended is not None:
        return (appended,)
    command = f"RUN {_in(folder, workdir, prune)}"
    return (Edit(Span(last.span.end, last.span.end), newline(subject.dockerfile) + command),)


def _appended(subject: Subject, last: Instruction, command: str) -> Edit | None:
    """The command as the last one of a RUN; None where it needs a RUN of its own."""
    if last.keyword != "RUN" or last.flags:  # a flag may take the network away, or mount over what is pruned
        return None
    try:
        return append_command(subject.dockerfile, last, command)
    except CannotEdit:
        return None


def _moves(subject: Subject, run: Instruction) -> bool:
    """Whether a RUN may end in another folder than it begins in."""
    read = script(subject.dockerfile, run)
    return read is not None and bool({"cd", "pushd"} & set(read.leaks))


def _in(folder: str, workdir: str | None, command: str) -> str:
    """A command to be run in a folder, from a working directory."""
    return command if workdir == folder else f"cd {shlex.quote(folder)} && {command}"


def _other_user(subject: Subject, stage: Stage) -> str:
    """Another stage, or instruction, that a change of `stage` would change; also one that is not built today."""
    for one in subject.dockerfile.stages:
        if find_stage(subject.dockerfile, one.base, one.index, subject.build_args) is stage:
            return f"line {one.instructions[0].line}"
        for each in one.instructions:
            named = [flag.value or "" for flag in each.flags if flag.name == "from"]
            named += [each for flag in each.flags if flag.name == "mount" for each in _mounted(flag.value or "")]
            if one is not subject.stage and any(source_stage(subject.dockerfile, name) is stage for name in named):
                return f"line {each.line}"
    return ""


def _mounted(value: str) -> list[str]:
    return re.findall(r"(?:^|,)from=([^,]+)", value)


def _source(subject: Subject, copy: Instruction, removed: Removed) -> str:
    """The folder of the other stage that holds the node_modules which `copy` ships. CannotEdit where unclear."""
    state = state_at(subject.dockerfile, subject.stage, copy, subject.build_args)
    words = [expand(word, state.variables, subject.dockerfile.escape)[0] for word in arguments(copy)]
    modules = "/" + removed.modules.decode("utf-8", "surrogateescape")
    target = posixpath.normpath(posixpath.join("/", state.workdir or "/", words[-1]))
    sources = [posixpath.normpath(posixpath.join("/", word)) for word in words[:-1]]
    if len(sources) == 1 and (modules == target or modules.startswith(target.rstrip("/") + "/")):
        found = sources[0].rstrip("/") + modules[len(target.rstrip("/")) :]
        if posixpath.basename(found) == "node_modules":
            return posixpath.dirname(found) or "/"
    raise CannotEdit(f"it is not known which folder line {copy.line} takes them from")


def omitted(subject: Subject, removed: Removed, run: Instruction) -> tuple[Edit, ...]:
    """`--omit=dev` on the one install of `run`. CannotEdit where something in the stage may need what is left out."""
    _check_alone(subject)
    calls = list(npm_installs(subject, run))
    if len(calls) != 1 or not calls[0].plain:
        raise CannotEdit(f"line {run.line} does more than install what package.json names")
    told = [
        option for option in calls[0].options if option.startswith(("--include", "--omit", "--prod", "--only", "--dev"))
    ]
    if told:
        raise CannotEdit(f"line {run.line} says {told[0]}")
    script = own_script(subject, removed)
    if script:
        raise CannotEdit(f"package.json runs {script} script when npm installs")
    runs = list(own_runs(subject))
    for each in runs[runs.index(run) :]:
        if runs_node(subject, each) and (each is not run or _calls_more(subject, run)):
            raise CannotEdit(f"line {each.line} may need them to build")
    flag = "--production" if prune_command(subject.tree, removed.top).endswith("production") else "--omit=dev"
    verb = calls[0].verb
    return (Edit(Span(verb.span.end, verb.span.end), f" {flag}"),)


def own_script(subject: Subject, removed: Removed) -> str:
    """What the application itself runs whenever its packages are installed, with its article; empty for nothing."""
    scripts = described(subject.tree, removed.top).get("scripts")
    own = [name for name in LIFECYCLE if isinstance(scripts, dict) and scripts.get(name)]
    if own or removed.top + b"/binding.gyp" in subject.tree:
        return f"a {own[0]}" if own else "node-gyp"
    return ""


def script_run(subject: Subject, removed: Removed) -> str:
    """Why they may not be taken out: that would run the application's own scripts. Empty where it may be done."""
    script = own_script(subject, removed) if runs_scripts(subject.tree, removed.top) else ""
    tool = installer(subject.tree, removed.top)
    return f"package.json runs {script} script when {tool} installs, as it would to take them out" if script else ""


def _check_alone(subject: Subject) -> None:
    """Raises CannotEdit where another stage stands on the one that ships, and may test what it has."""
    other = _other_user(subject, subject.stage)
    if other:
        raise CannotEdit(f"{other} uses the stage that ships, too")


def _calls_more(subject: Subject, run: Instruction) -> bool:
    """Whether the RUN runs more than the one npm that installs, and what npm's cache needs."""
    found = script(subject.dockerfile, run)
    names = [(each.name or "").rpartition("/")[2] for each in found.commands] if found else ["", ""]
    return any(name not in NODE and name != "rm" for name in names) or len([n for n in names if n in NODE]) > 1


def at_the_end(subject: Subject, removed: Removed) -> tuple[tuple[Edit, ...], int]:
    """`npm prune` behind what the only stage builds, in one layer with it, and the bytes saved. CannotEdit."""
    _check_alone(subject)
    if installer(subject.tree, removed.top) == "pnpm":
        raise CannotEdit("pnpm's store holds the same files, and would ship all the same")
    runs = list(own_runs(subject))
    first = next((place for place, run in enumerate(runs) if installs_with_any(subject, run)), None)
    if first is None:
        raise CannotEdit("they are not installed in this stage")
    last = max(place for place, run in enumerate(runs) if place == first or runs_node(subject, run))
    chosen = runs[first : last + 1]
    state = state_at(subject.dockerfile, subject.stage, chosen[0], subject.build_args)
    if (state.workdir or "").strip("/").encode("utf-8", "surrogateescape") != removed.top:
        raise CannotEdit(f"line {chosen[0].line} does not install in /{removed.top.decode('utf-8', 'replace')}")
    there = None if _moves(subject, chosen[-1]) else state.workdir
    command = _in(_top(removed), there, prune_command(subject.tree, removed.top))
    if len(chosen) == 1 or not _needs_merging(subject, removed, chosen):
        chosen = chosen[-1:]
    made = merged(subject.dockerfile, chosen, command)
    below = re.compile(b"|".join(re.escape(folder) + b"/" for folder in removed.folders))
    saved = in_layers(subject, removed) + bytes_between(subject, chosen, below)
    return between(subject.dockerfile.text, made), saved


def _top(removed: Removed) -> str:
    return "/" + removed.top.decode("utf-8", "surrogateescape")


def _needs_merging(subject: Subject, removed: Removed, runs: list[Instruction]) -> bool:
    return makers(subject, removed) != (runs[-1],)


def with_the_split(subject: Subject, removed: Removed) -> tuple[tuple[Edit, ...], int, str] | None:
    """A stage of its own for building, `npm prune` at its end, and what else is done; None where npm does not build
    here. CannotEdit."""
    plan = npm_stage.plan(subject)
    if plan is None:
        return None
    plan = plan.whole()
    if any(path != removed.top for path in plan.shipped()):
        raise CannotEdit("they are not in the folder that ships")
    if plan.lean == plan.work and not stands(plan):
        raise CannotEdit("what starts the application stays behind")
    last = subject.stage.instructions[max(plan.work)]
    workdir = state_at(subject.dockerfile, subject.stage, last, subject.build_args).workdir
    prune = prune_command(subject.tree, removed.top)
    appended = _appended(subject, last, _in(_top(removed), None if _moves(subject, last) else workdir, prune))
    if appended is not None:
        plan = replace(plan, edits=(*plan.edits, appended))
    else:
        plan = replace(plan, prune=_in(_top(removed), workdir, prune))
    made = text(plan, subject.stage.base)
    own = subject.image.layers[subject.alignment.base_layers :]
    return between(subject.dockerfile.text, made), sum(layer.unpacked for layer in own) - plan.weight(), plan.also
