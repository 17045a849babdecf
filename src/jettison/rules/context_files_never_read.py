"""Files of the build context that a COPY takes and nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.context.derive import Build, Line, Proposal, derive, text_with
from jettison.context.ignore import Ignore
from jettison.context.others import other_builds
from jettison.context.walk import Context, excluded, walk, with_file
from jettison.core.errors import UsageError
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.graph import needed, stage_chain
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import IGNORE_FILE, IgnoreFile, Subject, Text
from jettison.synthesis.baked import baked

NAME = "context-files-never-read"
_NAMED = 3  # patterns in a sentence
_SHOWN = 5  # paths in a finding
_WORTH = 1_000_000  # bytes; less in the context is not told without an image


@rule("JT501")
def context_files_never_read(subject: Subject) -> Iterator[Finding]:
    """A COPY takes files along that neither the build nor the program reads.

    **What it costs.** `COPY . .` takes all that lies in the directory: the history of the repository, modules
    installed outside, caches of tools, tests, documentation. They ship, once more with each `chown -R`; every change
    in one of them builds all that follows anew.

    **The fix** writes a `.dockerignore`, or adds lines to the one that is there, each kind under its reason. Nothing
    is in it that an instruction names, that a manifest or a source seems to read, or that the Dockerfile does not make
    a second time: `README.md` stays where pyproject.toml asks for it, `.git` where a version is computed from it. What
    another Dockerfile takes that reads the same ignore file (`Dockerfile.dev`) stays as well.
    Where the application turns out to serve its documentation, the same is tried without documentation and tests.

    **Safety.** TESTED. The project is not touched: the engine is given the ignore file apart. Where another ignore
    file counts (`Dockerfile.dockerignore`, `.containerignore`) the lines are left to its owner. What is predicted are
    the bytes that the layers hold of these files.

    This rule's example needs a build context, which a listing of layers does not hold: it is tested on handmade
    projects (tests/rules/test_context_files.py).
    """
    try:
        context, found = _derived(subject.text)
    except UsageError:
        return  # no context, or an ignore file that the builder refuses: it says so itself
    every = list(_finding(subject, context, found.lines))
    yield from every
    sure = tuple(line for line in found.lines if not line.unread)
    for each in _finding(subject, context, sure, "; documentation and tests stay"):
        if each.fix is not None and each.predicted < every[0].predicted:
            yield each


@seen_in_text(context_files_never_read)
def copied_where_it_ships(text: Text) -> Iterator[Finding]:
    """What the stages that ship take of such files, where that is a megabyte or more in the context.

    Nothing where a COPY finds no file: the image is built in another directory then.
    """
    try:
        chain = stage_chain(text.dockerfile, text.stage, text.build_args)
        shipped = text.taken(chain)
        if not shipped or any(each.missing for each in shipped):
            return
        context, found = _derived(text)
        if not found.lines:
            return
        new = text_with(text.ignore.text or "", found.lines)
        gone = excluded(context, Ignore.parse(new, text.ignore.dialect))
    except UsageError:
        return
    brought = [(each, gone & each.paths) for each in shipped if each.instruction.keyword != "RUN"]
    size = sum(context.by_path[path].size for _, paths in brought for path in paths)
    if size < _WORTH:
        return
    first = next(each.instruction for each, paths in brought if paths)
    own = text.ignore
    message = f"line {first.line} copies what nothing reads: {_names(found.lines)}"
    title = _title(found.lines, own)
    fix = None if _overruled(own) else Fix(title, Applicability.TESTED, files=((own.name, new),))
    yield Finding(NAME, message, first, 0, fix, refusal=_overruled(own))


def _derived(text: Text) -> tuple[Context, Proposal]:
    """The context as it will be, and the lines for its ignore file. Raises UsageError."""
    own = text.ignore
    context = _with_ignore_file(text.sent, own)
    stages = needed(text.dockerfile, text.stage, text.build_args)
    build = Build(text.dockerfile, stages, text.build_args, own.text or "", own.dialect)
    found = derive(context, build)
    if found.lines and not own.given:
        others = other_builds(walk(text.context), text.path, build).builds
        found = derive(context, build, others) if others else found
    return context, found


def _finding(subject: Subject, context: Context, lines: tuple[Line, ...], aside: str = "") -> Iterator[Finding]:
    """What these lines would keep out of the image; nothing where that is nothing."""
    if not lines:
        return
    own = subject.ignore
    text = text_with(own.text or "", lines)
    gone = excluded(context, Ignore.parse(text, own.dialect))
    brought = baked(subject, gone.intersection(subject.sent.by_path))
    if not brought:
        return
    first = brought[0]
    message = f"line {first.instruction.line} copies what nothing reads: {_names(lines)}"
    fix = None if _overruled(own) else Fix(_title(lines, own) + aside, Applicability.TESTED, files=((own.name, text),))
    size = sum(each.size for each in brought)
    yield Finding(NAME, message, first.instruction, size, fix, refusal=_overruled(own), paths=first.paths[:_SHOWN])


def _with_ignore_file(context: Context, own: IgnoreFile) -> Context:
    """The context as it will be: once an ignore file is written, a COPY would take that as well."""
    left_out = own.text is not None and Ignore.parse(own.text, own.dialect).excludes(IGNORE_FILE)
    return context if left_out else with_file(context, IGNORE_FILE)


def _overruled(own: IgnoreFile) -> str:
    """Why a `.dockerignore` would do nothing; empty where it counts."""
    return "" if own.name == IGNORE_FILE and not own.given else f"{own.name} is the ignore file that counts here"


def _title(lines: tuple[Line, ...], own: IgnoreFile) -> str:
    count = f"{len(lines)} {'line' if len(lines) == 1 else 'lines'}"
    return f"write a {IGNORE_FILE} of {count}" if own.text is None else f"add {count} to {IGNORE_FILE}"


def _names(lines: tuple[Line, ...]) -> str:
    """The patterns that keep out most, with the bytes of what they name in the context."""
    shown = [f"{each.pattern} ({show_bytes(each.bytes)})" for each in lines[:_NAMED] if each.bytes]
    more = len(lines) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
