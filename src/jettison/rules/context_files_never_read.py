"""Files of the build context that a COPY takes and nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.context.derive import Line
from jettison.core.errors import UsageError
from jettison.core.units import show_bytes
from jettison.core.values import Applicability
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.baked import baked
from jettison.synthesis.kept_out import KeptOut, kept_out

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
        found = kept_out(subject.text)
    except UsageError:
        return  # no context, or an ignore file that the builder refuses: it says so itself
    every = list(_finding(subject, found))
    yield from every
    for each in _finding(subject, found.sure, "; documentation and tests stay"):
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
        found = kept_out(text)
        if not found.lines:
            return
        gone = found.gone
    except UsageError:
        return
    brought = [(each, gone & each.paths) for each in shipped if each.instruction.keyword != "RUN"]
    size = sum(found.context.by_path[path].size for _, paths in brought for path in paths)
    if size < _WORTH:
        return
    first = next(each.instruction for each, paths in brought if paths)
    message = f"line {first.line} copies what nothing reads: {_names(found.lines)}"
    fix = None if found.overruled else Fix(found.title, Applicability.TESTED, files=found.files)
    yield Finding(NAME, message, first, 0, fix, refusal=found.overruled)


def _finding(subject: Subject, found: KeptOut, aside: str = "") -> Iterator[Finding]:
    """What these lines would keep out of the image; nothing where that is nothing."""
    if not found.lines:
        return
    brought = baked(subject, found.gone.intersection(subject.sent.by_path))
    if not brought:
        return
    first = brought[0]
    message = f"line {first.instruction.line} copies what nothing reads: {_names(found.lines)}"
    fix = None if found.overruled else Fix(found.title + aside, Applicability.TESTED, files=found.files)
    size = sum(each.size for each in brought)
    yield Finding(NAME, message, first.instruction, size, fix, refusal=found.overruled, paths=first.paths[:_SHOWN])


def _names(lines: tuple[Line, ...]) -> str:
    """The patterns that keep out most, with the bytes of what they name in the context."""
    shown = [f"{each.pattern} ({show_bytes(each.bytes)})" for each in lines[:_NAMED] if each.bytes]
    more = len(lines) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
