"""A lock file is there, and what it locks is not what is installed for sure."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jettison.core.values import Applicability, Severity
from jettison.dockerfile.graph import needed
from jettison.dockerfile.model import Edit, Instruction, Stage
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text
from jettison.synthesis.npm_exact import LOCKS, differs
from jettison.synthesis.npm_run import npm_installs

NAME = "npm-install-with-a-lockfile"
_LARGEST = 64 * 2**20


@text_rule("JT405", severity=Severity.NOTE)
def npm_install_with_a_lockfile(text: Text) -> Iterator[Finding]:
    """`npm install` where the project has a lock file: `npm ci` installs exactly what that says, and is faster.

    **What it costs.** Not bytes: `npm install` may change the lock file and install other versions than were tested,
    and works out a tree that the lock file already tells.

    **The fix** says `npm ci`. It is there only where the lock file holds the very dependencies that package.json
    names: `npm ci` ends with an error where they differ. Without a lock file nothing is said.

    **Safety.** PROPOSED: it is about the same packages every time, which is yours to decide. `npm ci` removes a
    node_modules that was there before. Where building gets a stage of its own, `optimize` says `npm ci` in that step,
    provided the image shows that it installs the same: both manifests as they were copied, and in node_modules the
    very packages of the lock file.

    This rule's example needs a project with a lock file: it is tested on small ones
    (tests/rules/test_npm_lockfile.py).
    """
    for stage in needed(text.dockerfile, text.stage, text.build_args):
        for run in (each for each in stage.instructions if each.keyword == "RUN"):
            calls = [each for each in npm_installs(text, run) if each.plain and each.verb.value in ("install", "i")]
            lock = _lock(text, stage, run) if calls else None
            if lock is None:
                continue
            message = f"line {run.line} says `npm {calls[0].verb.value}`, and {lock} is copied before it"
            reason = _differs(text.context, lock)
            if reason:
                yield Finding(NAME, message, run, 0, refusal=reason)
                continue
            edits = tuple(Edit(call.verb.span, "ci") for call in calls)
            fix = Fix("install exactly what the lock file says: `npm ci`", Applicability.PROPOSED, edits)
            proposal = "`npm ci` installs the same versions every time, and fails where the lock file is out of date"
            yield Finding(NAME, message, run, 0, fix, proposal=proposal)


def _lock(text: Text, stage: Stage, run: Instruction) -> str | None:
    """The one lock file of the context that is copied before `run` beside its package.json; None where unclear."""
    paths: set[str] = set()
    for each in stage.instructions[: stage.instructions.index(run)]:
        if each.keyword in ("COPY", "ADD") and each.flag("from") is None:
            paths |= text.taken_by(stage, each).paths
    locks = [path for path in sorted(paths) if path.rpartition("/")[2] in LOCKS and "node_modules/" not in path]
    beside = [posixpath.join(posixpath.dirname(path), "package.json") for path in locks]
    return locks[0] if len(locks) == 1 and beside[0] in paths else None


def _differs(context: Path, lock: str) -> str:
    """Why `npm ci` would not do with this lock file; empty where it says what package.json says."""
    return differs(lock, _read(context / lock), _read((context / lock).parent / "package.json"))


def _read(path: Path) -> Mapping[str, Any]:
    """A JSON object of the project; empty where there is none that can be read."""
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
