"""A cache folder removed in the RUN that fills it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from jettison.core.values import Applicability
from jettison.dockerfile import edit
from jettison.rule import Finding, Fix
from jettison.subject import Subject, Text
from jettison.synthesis.left import left_below
from jettison.synthesis.left_in_text import SHARED, Filling


def cleaned(subject: Subject, name: str, cache: re.Pattern[bytes], title: str) -> Iterator[Finding]:
    """Findings for each RUN that leaves files below folders that match `cache`, with `rm -rf FOLDER` as the fix.

    Behind a stage of its own for building: that leaves the cache behind, and more.
    """
    for left in left_below(subject, cache):
        folders = [f"/{folder.decode('utf-8', 'replace')}" for folder in left.folders]
        message = f"line {left.instruction.line} leaves {' and '.join(folders)} in its layer"
        command = "rm -rf " + " ".join(map(shlex.quote, folders))
        try:
            change = edit.append_command(subject.dockerfile, left.instruction, command)
        except edit.CannotEdit as error:
            yield Finding(name, message, left.instruction, left.size, refusal=error.reason, paths=left.paths)
            continue
        fix = Fix(title, Applicability.TESTED, (change,))
        yield Finding(name, message, left.instruction, left.size, fix, paths=left.paths, after="single-stage-build")


@dataclass(frozen=True)
class Told:
    """How a rule tells of a cache: its own name, what the cache is called, what removing it is called."""

    rule: str
    called: str
    title: str


def cleaned_in_text(text: Text, fillings: Iterable[Filling], told: Told) -> Iterator[Finding]:
    """The same as far as the text tells; a fix where the files lie where the official images have root's."""
    for each in fillings:
        run, folders = each.instruction, each.folders
        message = f"line {run.line} leaves {told.called} in its layer"
        bare = Finding(told.rule, message, run, 0, after="single-stage-build")
        if not each.own:
            yield replace(bare, refusal=SHARED)
            continue
        if folders is None:
            reason = "empty it in the same RUN; where it lies depends on the user, or on what was set"
            yield replace(bare, refusal=reason)
            continue
        try:
            change = edit.append_command(text.dockerfile, run, "rm -rf " + " ".join(map(shlex.quote, folders)))
        except edit.CannotEdit as error:
            yield replace(bare, refusal=error.reason)
            continue
        yield replace(bare, fix=Fix(told.title, Applicability.TESTED, (change,)))
