"""A cache folder removed in the RUN that fills it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from jettison.core.values import Applicability
from jettison.dockerfile import edit
from jettison.rule import Finding, Fix
from jettison.subject import Subject
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
