"""An account that anybody may log in to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.commands.model import Call, Run
from jettison.core.escape import terminal
from jettison.core.values import Severity
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.accounts import PASSWD, SHADOW, accounts, written_by

NAME = "account-without-password"
_NOTHING = "(none)"  # no hash is given
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
    """`passwd -d NAME`, `usermod -p ''` in a RUN that ships, and nothing behind it that locks the account."""
    empty: dict[str | None, Run] = {}  # by account, None for one that is not known: what empties its password
    for run, call in text.called("passwd", "useradd", "usermod", "chpasswd"):
        account = _account(call)
        if not text.ships(run):
            continue
        if _empties(call):
            empty.setdefault(account, run)
        elif call.name == "chpasswd" or (_closes(call) and account is None):
            empty.clear()
        elif _closes(call):
            empty.pop(account, None)
            empty.pop(None, None)
    for run in {id(each): each for each in empty.values()}.values():
        message = f"line {run.instruction.line} leaves an account without a password, open to everybody"
        yield Finding(NAME, message, run.instruction, 0, refusal=_REASON)


def _account(call: Call) -> str | None:
    """The account that a call is about; None where it is not known."""
    return next((each for each in reversed(call.values) if each is None or (each and each[0] != "-")), None)


def _empties(call: Call) -> bool:
    values = call.values
    if call.name == "passwd":
        return bool({"-d", "--delete"} & set(values)) and not _closes(call)
    return call.name != "chpasswd" and _given(call) == ""


def _closes(call: Call) -> bool:
    """Whether it locks an account, or may give it a password; in a branch, too."""
    locks = {"passwd": {"-l", "--lock"}, "usermod": {"-L", "--lock"}}.get(call.name or "", set())
    return bool(locks & set(call.values)) or _given(call) not in ("", _NOTHING)


def _given(call: Call) -> str | None:
    """The hash that useradd or usermod is given; None where it is not known."""
    if call.name not in ("useradd", "usermod"):
        return _NOTHING
    for at, value in enumerate(call.values):
        if value in ("-p", "--password"):
            return next(iter(call.values[at + 1 : at + 2]), _NOTHING)
        if value is not None and value.startswith("--password="):
            return value.partition("=")[2]
    return _NOTHING
