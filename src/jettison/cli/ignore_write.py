"""`jettison ignore write`: the ignore file that the build's needs come to, put in place, shown, or proven."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from jettison.cli.ignore_project import Asked, asked
from jettison.cli.progress import Screen
from jettison.context.derive import Build, Proposal, derive
from jettison.context.ignore import Dialect, Ignore
from jettison.context.others import Others, other_builds
from jettison.context.secrets import secrets_of
from jettison.context.walk import Context, excluded, filtered, with_file
from jettison.core.diff import unified
from jettison.core.errors import ContractError, UsageError
from jettison.documents.ignore_write import Proposed, proposal_to_json
from jettison.engine.find import find_engine
from jettison.engine.model import Engine
from jettison.lighten.bench import Bench
from jettison.lighten.leaving_out import Proof, prove
from jettison.lighten.project import write_ignore_file
from jettison.lighten.recipe import Recipe, redactor_of
from jettison.lighten.run import open_run
from jettison.report.diff import show_diff
from jettison.report.ignore_write import proposal_text
from jettison.subject import IGNORE_FILE


def propose(options: dict[str, Any]) -> tuple[Asked, Proposed, bytes | None]:
    """The build, the proposal for it, proven where that is asked for, and what the ignore file holds now."""
    engine = find_engine(options["engine_name"]) if options["prove"] else None
    build = asked({**options, "builder": _builder(options["builder"], engine)})
    if build.dockerfile is None:
        raise UsageError(f"there is no Dockerfile in {build.root}", hint="give the file with -f FILE")
    file = build.precedence.file or build.root / IGNORE_FILE
    before = None if build.precedence.file is None else _read(file)
    name = os.path.relpath(file, build.root) if file.is_relative_to(build.root) else str(file)
    existing = "" if before is None else before.decode("utf-8", "surrogateescape")
    described = Build(build.dockerfile, build.stages, build.build_args, existing, build.dialect, name)
    left = _with_ignore_file(build, name)
    others = other_builds(build.everything, build.dockerfile_path, described)
    if options["alone"]:
        others = Others({}, ())
    proposal = derive(left, described, others.builds)
    found = Proposed(
        file=file,
        name=name,
        proposal=proposal,
        **_secrets(build, left, proposal),
        diff=_difference(existing if before is not None else None, proposal.text, name),
        written=False,
        others=tuple(others.builds),
        skipped=(*others.skipped, *build.left.skipped),
    )
    if engine is not None and proposal.lines:
        found = replace(found, proof=_proven(engine, build, left, proposal, options))
    return build, found, before


def finish(build: Asked, found: Proposed, before: bytes | None, options: dict[str, Any]) -> Proposed:
    """Write what is to be written. Raises DiskError; ContractError where the proof did not hold."""
    if found.proof is not None and not found.proof.held:
        return found
    if found.proposal.lines and not options["show_diff"]:
        write_ignore_file(found.file, before, found.proposal.text, build.dockerfile_path)
        return replace(found, written=True)
    return found


def rendered(build: Asked, found: Proposed, options: dict[str, Any], looks: dict[str, Any]) -> str:
    """What is printed."""
    if options["form"] == "json":
        return json.dumps(proposal_to_json(found), indent=2) + "\n"
    text = proposal_text(found, shlex.quote(str(options["context"])), **looks)
    if options["show_diff"] and found.diff:
        text += "\n" + show_diff(found.diff, colour=looks["colour"])
    return text


def refuse_unproven(found: Proposed) -> None:
    """Raises ContractError where the proof did not hold."""
    if found.proof is not None and not found.proof.held:
        raise ContractError(
            "the image differs in more than the lines leave out; nothing was written",
            hint="look at what is told above; `jettison optimize` decides by what the application does",
        )


def _builder(named: str | None, engine: Engine | None) -> str:
    """Whose reading is followed: what is named, else the engine's that proves it, else BuildKit's."""
    if engine is None:
        return named or Dialect.BUILDKIT.value
    if named is not None and named != engine.builder:
        raise UsageError(
            f"{engine.name} here reads ignore files as {engine.builder} does, not as {named}",
            hint="leave --builder out, or name another --engine",
        )
    return engine.builder


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="check the file's permissions") from error


def _with_ignore_file(build: Asked, name: str) -> Context:
    """What is left once the ignore file is there: a COPY would take that as well."""
    left_out = build.ignore is not None and build.ignore.excludes(name)
    outside = Path(name).is_absolute() or name in build.everything.by_path
    return build.left if left_out or outside else with_file(build.left, name)


def _secrets(build: Asked, left: Context, proposal: Proposal) -> dict[str, Any]:
    after = filtered(left, Ignore.parse(proposal.text, build.dialect))
    now = secrets_of(left, build.takings(left))
    stay = secrets_of(after, build.takings(after))
    names = {each.found.path for each in stay}
    return {"secrets": stay, "left_out": tuple(each for each in now if each.found.path not in names)}


def _difference(before: str | None, after: str, name: str) -> str:
    if before is not None or not after:
        return unified(before or "", after, name)
    return unified("", after, name).replace(f"--- a/{name}", "--- /dev/null", 1)


def _proven(engine: Engine, build: Asked, left: Context, proposal: Proposal, options: dict[str, Any]) -> Proof:
    assert build.project is not None
    recipe = Recipe(build.root, build.project.dockerfile, options["target"], build.build_args, build.contexts)
    redactor = redactor_of(recipe)
    gone = excluded(left, Ignore.parse(proposal.text, build.dialect))
    sources = {source for each in build.takings(left) for source in each.sources}
    tails = {
        source: frozenset(
            path[len(source) + 1 if source else 0 :] for path in gone if not source or path.startswith(f"{source}/")
        )
        for source in sources
    }
    screen = Screen(quiet=options["quiet"], verbose=False, redactor=redactor)
    with open_run(build.root) as run, screen:
        loop = prove(Bench(recipe, engine, run, screen.line, redactor), build.project.text, proposal.text, tails)
        while True:
            try:
                screen.show(next(loop))
            except StopIteration as end:
                proof: Proof = end.value
                return proof
