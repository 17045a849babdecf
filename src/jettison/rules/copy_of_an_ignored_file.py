"""A COPY that names what the ignore file leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.context import globs
from jettison.context.copies import Taken, resolve
from jettison.context.ignore import ROOT, Ignore
from jettison.context.walk import walk
from jettison.core.values import Severity
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Stage
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "copy-of-an-ignored-file"


@text_rule("JT511", severity=Severity.ERROR)
def copy_of_an_ignored_file(text: Text) -> Iterator[Finding]:
    """A COPY names a file that is there, and that the ignore file keeps from the builder.

    **What it costs.** The build: the builder is not given the file, and says that there is none. Ready-made ignore
    files with `dist`, `vendor`, `build` or `*.md` in them do this to projects that copy a built `dist`, Go's or PHP's
    `vendor`, or the README that a manifest names.

    **The fix** is yours: a line that begins with `!` lets the file in again; where it is made by the build, copy it
    from the stage that makes it. Patterns (`COPY *.md`) that find nothing are no error to BuildKit, and nothing is
    said of them, nor of a file that is not there at all.

    **Safety.** Told, never applied.

    This rule's example needs a context: it is tested on small ones (tests/rules/test_ignored_files.py).
    """
    stages = needed(text.dockerfile, text.stage, text.build_args)
    for view in text.views:
        yield from _missing(view, stages)


def _missing(text: Text, stages: Sequence[Stage]) -> Iterator[Finding]:
    ignored = text.ignore.text
    if ignored is None:
        return
    missing = [each for each in text.taken(stages) if each.missing]
    if not missing:
        return
    everything = walk(text.context)
    ignore = Ignore.parse(ignored, text.ignore.dialect)
    for each in missing:
        for source in each.missing:
            path = None if globs.has_wildcard(source) else resolve(everything, source.strip("/"))
            if path:
                yield _finding(text, each, path, _decider(ignore, path))


def _decider(ignore: Ignore, path: str) -> int:
    """The line that has the last word on a path; 0 where none has."""
    verdict = ROOT
    parts = path.split("/")
    for number in range(len(parts)):
        verdict = ignore.judge("/".join(parts[: number + 1]), verdict)
    return ignore.patterns[verdict.by].line if verdict.by >= 0 else 0


def _finding(text: Text, each: Taken, path: str, line: int) -> Finding:
    where = f"line {line} of {text.ignore.name}" if line else text.ignore.name
    message = f"line {each.instruction.line} copies {path}, which {where} leaves out: the build fails there"
    advice = f"`!{path}` at the end of {text.ignore.name} lets it in; or copy it from the stage that makes it"
    return Finding(NAME, message, each.instruction, 0, refusal=advice)
