"""A package manager that asks, in a build that cannot answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.commands.invocation import Invocation
from jettison.commands.model import Run
from jettison.commands.tool import Action
from jettison.core.values import Applicability
from jettison.dockerfile.edit import insert_after
from jettison.rule import Finding, Fix, text_rule
from jettison.subject import Text

NAME = "question-nobody-answers"
_ASK_NOTHING = {"microdnf", "tdnf"}
_YES = {
    "apt": ("-y", "--yes", "--assume-yes", "--force-yes", "-qq", "-q=2", "-s", "--simulate", "--dry-run", "--assume-no",
            "--trivial-only", "-d", "--download-only"),
    "dnf": ("-y", "--assumeyes", "--assumeno", "--downloadonly"),
    "zypper": ("-y", "--no-confirm", "-n", "--non-interactive", "-D", "--dry-run", "-d", "--download-only"),
}  # fmt: skip
_SET = re.compile(r"(?i)(?<!-)assume-?yes|noninteractive[ =]+true|zypp\.conf|dnf\.conf|yum\.conf|apt\.conf")
_REMOVED = re.compile(r"\brm[ \t][^\n;&|]*")
_ASKS = {Action.INSTALL, Action.UPGRADE, Action.REMOVE}


@text_rule("JT221")
def question_nobody_answers(text: Text) -> Iterator[Finding]:
    """apt, dnf, yum or zypper is called without the option that answers its question, and a build has nobody to ask.

    **What it costs.** The build: "Do you want to continue? [Y/n] Abort." It works as long as nothing besides the named
    packages is to be installed, and ends on the day when one of them needs another.

    **The fix** adds `-y`.

    **Safety.** TESTED, and sure where the RUN fails with the manager: where such a build worked, there was nothing to
    ask, and `-y` changes nothing. Behind a `;`, an `||` or an `if`, packages may come that were silently missing.
    Nothing is said where a pipe answers (`yes |`), or where a file or a variable may say it.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update && apt-get install --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
    ```
    """
    by_run: dict[int, tuple[Run, list[Invocation]]] = {}
    for run, found in text.managed:
        if _asks(found):
            by_run.setdefault(id(run), (run, []))[1].append(found)
    if by_run and _SET.search(_REMOVED.sub("", text.dockerfile.text)):
        return
    for run, asking in by_run.values():
        verb = " ".join(word.value or "" for word in asking[0].verb)
        message = f"line {run.instruction.line} calls {asking[0].call.name} {verb}, which asks, and nobody answers"
        words = list(dict.fromkeys(found.verb[-1].span for found in asking))
        if not all(found.call.exact for found in asking):
            yield Finding(NAME, message, run.instruction, 0, refusal="say -y where it is called")
            continue
        edits = tuple(insert_after(each, "-y") for each in words)
        sure = all(found.call.fatal for found in asking)
        fix = Fix("answer with -y", Applicability.TESTED, edits, sure=bool(sure))
        yield Finding(NAME, message, run.instruction, 0, fix)


def _asks(found: Invocation) -> bool:
    call, yes = found.call, _YES.get(found.tool.name)
    if yes is None or call.name in _ASK_NOTHING:
        return False
    told = found.has(*yes) or (call.pipe is not None and call.pipe[1] > 0)
    unknown = any(word.value is None and re.match(r"[\"']?\$", word.text) for word in call.words)
    return bool(found.verb) and found.action in _ASKS and not told and not unknown
