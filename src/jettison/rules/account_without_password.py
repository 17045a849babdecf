"""An account that anybody may log in to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.commands.model import Call
from jettison.core.escape import terminal
from jettison.core.values import Severity
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.accounts import PASSWD, SHADOW, accounts, written_by

NAME = "account-without-password"
_REASON = "lock it with `passwd -l`, or with a `*` in /etc/shadow: a container needs no passwords"


@rule("JT613", severity=Severity.ERROR)
def account_without_password(subject: Subject) -> Iterator[Finding]:
    """An account's password is empty: `su` lets everybody be that user, and root's makes everybody root.

    **What it costs.** No bytes: a user without rights becomes another by a command (Alpine's images were such once,
    CVE-2019-5021).

    **The fix** is yours: `passwd -l NAME` locks an account, and nothing in a container needs a password.

    **Safety.** Told, never applied. Accounts whose shell lets nobody in are left alone.

    This rule's example needs the files of an image: it is tested on texts and on layers
    (tests/rules/test_accounts_and_secrets.py).
    """
    if not subject.alignment.known:
        return
    before = {each.name for each in accounts(subject.below) if not each.password}
    open_to_all = [each for each in accounts(subject.tree) if not each.password and each.logs_in]
    yield from _told([each.name for each in open_to_all if each.name in before], subject.stage.instructions[0])
    for path in (PASSWD, SHADOW):
        own = [each.name for each in open_to_all if each.name not in before and each.told == path]
        yield from _told(own, written_by(subject, path))


def _told(names: Sequence[str], instruction: Instruction | None) -> Iterator[Finding]:
    if names and instruction is not None:
        who = terminal(", ".join(names))
        message = f"line {instruction.line} leaves {who} without a password, open to everybody"
        yield Finding(NAME, message, instruction, 0, refusal=_REASON)


@seen_in_text(account_without_password)
def emptied_by_word(text: Text) -> Iterator[Finding]:
    """`passwd -d NAME`, `usermod -p ''` in a RUN that ships."""
    told = set()
    for run, call in text.called("passwd", "useradd", "usermod"):
        if text.ships(run) and id(run) not in told and _empties(call):
            told.add(id(run))
            message = f"line {run.instruction.line} leaves an account without a password, open to everybody"
            yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)


def _empties(call: Call) -> bool:
    values = call.values
    if call.name == "passwd":
        return bool({"-d", "--delete"} & set(values))
    return any(
        (value in ("-p", "--password") and values[at + 1 : at + 2] == ("",)) or value == "--password="
        for at, value in enumerate(values)
    )
