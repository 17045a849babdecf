"""Two names for one user."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.files import new_user
from jettison.core.escape import terminal
from jettison.core.values import Severity
from jettison.image.tree import Tree
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.accounts import PASSWD, accounts, written_by

NAME = "accounts-that-share-a-number"
_PROPOSAL = "a number of its own: the kernel knows numbers alone, and one name may do what the other may"


@rule("JT614", severity=Severity.NOTE)
def accounts_that_share_a_number(subject: Subject) -> Iterator[Finding]:
    """Two accounts have the same number: to the kernel they are one, whatever their names, shells and passwords.

    **What it costs.** No bytes: files of one are the other's, and a second name for 0 is a second root.

    **The fix** is yours: `useradd` without `-o`.

    **Safety.** Told, never applied. What the base brings is left alone.

    This rule's example needs the files of an image: it is tested on texts and on layers
    (tests/rules/test_accounts_and_secrets.py).
    """
    instruction = written_by(subject, PASSWD)
    if instruction is None or instruction.keyword == "FROM":
        return
    before = _by_number(subject.below)
    for number, names in _by_number(subject.tree).items():
        if len(names) > 1 and names.keys() - before.get(number, {}).keys():
            who = terminal(" and ".join(names))
            message = f"line {instruction.line} leaves {who} one user, number {terminal(number)}"
            yield Finding(NAME, message, instruction, 0, proposal=_PROPOSAL)


def _by_number(tree: Tree) -> dict[str, dict[str, None]]:
    """The names of each number, in the order of the file."""
    found: dict[str, dict[str, None]] = {}
    for each in accounts(tree):
        found.setdefault(each.number, {})[each.name] = None
    return found


@seen_in_text(accounts_that_share_a_number)
def made_so_by_word(text: Text) -> Iterator[Finding]:
    """`useradd -o`, in a RUN that ships."""
    for run, call in text.called("useradd", "usermod"):
        if text.ships(run) and {"-o", "--non-unique"} & set(call.values):
            made = new_user(call)
            who = made.name if made is not None and made.name else "a user"
            message = f"line {run.instruction.line} gives {terminal(who)} a number that another has"
            yield Finding(NAME, message, run.instruction, 0, proposal=_PROPOSAL)
