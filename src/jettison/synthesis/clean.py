"""A cache folder removed in the RUN that fills it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jettison.core.values import Applicability
from jettison.dockerfile import edit
from jettison.dockerfile.scope import state_at
from jettison.rule import Finding, Fix
from jettison.subject import Subject, Text
from jettison.synthesis.caches import SHARED, Cache, emptied_later, fillings
from jettison.synthesis.left import left_below


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
class Cleaning:
    """The folders where root's cache lies in the official images, and what removing them is called."""

    folders: tuple[str, ...]
    title: str


def cleaned_in_text(text: Text, name: str, cache: Cache, called: str, cleaning: Cleaning) -> Iterator[Finding]:
    """The same as far as the text tells; a fix where root runs the RUN, so that the folder is known."""
    for each in fillings(text, cache):
        run = each.instruction
        if emptied_later(text, each, cache) is not None:
            continue
        message = f"line {run.line} leaves {called} in its layer"
        bare = Finding(name, message, run, 0, after="single-stage-build")
        if not each.own:
            yield replace(bare, refusal=SHARED)
            continue
        if state_at(text.dockerfile, text.stage, run, text.build_args).user not in (None, "root", "0"):
            yield replace(bare, refusal="empty it in the same RUN; where it lies depends on the user")
            continue
        try:
            command = "rm -rf " + " ".join(map(shlex.quote, cleaning.folders))
            change = edit.append_command(text.dockerfile, run, command)
        except edit.CannotEdit as error:
            yield replace(bare, refusal=error.reason)
            continue
        yield replace(bare, fix=Fix(cleaning.title, Applicability.TESTED, (change,)))
