"""A folder of mktemp that stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.files import removal
from jettison.commands.model import Call, Run
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import weighed

NAME = "temporary-folder-left-behind"
FOLDER = re.compile(rb"(?:var/)?tmp/tmp\.[A-Za-z0-9]{6,}/")
_REASON = 'remove it at the end of the RUN (rm -rf "$folder"), or give the RUN --mount=type=tmpfs,target=/tmp'


@rule("JT217")
def temporary_folder_left_behind(subject: Subject) -> Iterator[Finding]:
    """`mktemp -d` makes a folder, and nothing in the RUN removes it.

    **What it costs.** All that was put there: archives, sources, keyrings. Each build gives it another name, so that
    no later clean can name it either.

    **The fix** is yours: the variable that holds its name is in the script. `rm -rf` behind the last command that needs
    it, or a tmpfs mount, which is in no layer.

    **Safety.** Told, never applied. A removal of what a variable names, a trap, and a mount on /tmp count as one.

    This rule's example has no fix: it is tested on texts and on layers (tests/rules/test_measured_leftovers.py).
    """
    for finding in not_removed(subject.text):
        yield from weighed(subject, finding, FOLDER)


@seen_in_text(temporary_folder_left_behind)
def not_removed(text: Text) -> Iterator[Finding]:
    """The same by the commands of a RUN that ships."""
    last = {id(run): (run, call) for run, call in text.called("mktemp") if _makes_a_folder(call)}
    for run, call in last.values():
        if text.ships(run) and run.readable and not _goes(run, call):
            message = f"line {run.instruction.line} makes a folder with mktemp, and leaves it"
            yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)


def _makes_a_folder(call: Call) -> bool:
    options = [value for value in call.values if value and value.startswith("-")]
    dry = any(re.fullmatch(r"-[a-z]*u[a-z]*|--dry-run", each) for each in options)
    return not dry and any(re.fullmatch(r"-[a-z]*d[a-z]*|--directory", each) for each in options)


def _goes(run: Run, made: Call) -> bool:
    """Whether a command behind it may remove the folder, or a mount holds it."""
    if any(mount.target is None or mount.target in ("/tmp", "/var/tmp") for mount in run.mounts):
        return True
    behind = False
    for call in run.calls:
        behind = behind or call is made
        removed = removal(call) if behind else None
        if removed is not None and (removed.unknown or any(each.startswith("/tmp") for each in removed.patterns)):
            return True
        if removed is not None and any("$" in word.text for word in call.words):  # also one that had a value before
            return True
        if call.name in ("trap", "mv", "rmdir") or (behind and call.name is None):
            return True
    return False
