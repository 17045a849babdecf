"""A user whom only the old base knows by name, carried to another as a number, where nothing needs the name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.closure.lost import Reach
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Edit
from jettison.image.model import Image
from jettison.image.tree import Tree
from jettison.subject import Subject
from jettison.synthesis.config_upon import last
from jettison.synthesis.programs import Programs
from jettison.traps import user_exists

_READS_USER = re.compile(
    r"""\b(?:userInfo|homedir|expanduser|getpwuid|getpwnam|getlogin|Path\.home)\s*\(|\benv(?:iron)?\s*"""
    r"""(?:\.get\(\s*|\.\s*|\[\s*)["'`]?(?:HOME|USER|LOGNAME)\b"""
)


@dataclass(frozen=True)
class Carried:
    """Edits that write names as numbers; `user` is the config's, `owners` the values of --chown that are gone."""

    edits: tuple[Edit, ...] = ()
    user: str = ""
    owners: frozenset[str] = frozenset()


NOBODY = Carried()


def carry(subject: Subject, candidate: Image, config: Mapping[str, Any]) -> Carried:
    """What has to be written as numbers upon a base that does not know the names. Raises CannotEdit.

    A name that the stage itself makes will be there upon any base.
    """
    lost = _Lost(subject, candidate.tree)
    edits, owners = list[Edit](), set[str]()
    for each in subject.stage.instructions:
        for flag in each.flags:
            if flag.name == "chown" and flag.value and lost.name(flag.value):
                edits.append(Edit(flag.span, f"--chown={_numbers(subject.tree, flag.value)}"))
                owners.add(flag.value)
    user, instruction = str(config.get("User") or ""), last(subject, "USER")
    if not user or instruction is None or not lost.name(user):
        return Carried(tuple(edits), "", frozenset(owners))
    if instruction.value != user:
        raise CannotEdit(f"line {instruction.line} computes its user")
    _check_sources(subject, config, user)
    numbers = _numbers(subject.tree, user)
    word = instruction.words[0].span
    edits.append(Edit(Span(word.start, instruction.words[-1].span.end), numbers))
    return Carried(tuple(edits), numbers, frozenset(owners))


@dataclass(frozen=True)
class _Lost:
    subject: Subject
    candidate: Tree

    def name(self, owner: str) -> bool:
        """Whether the candidate does not know this user and group, and the stage does not make them."""
        made_here = _unknown(self.subject.below, owner) and not _unknown(self.subject.tree, owner)
        return _unknown(self.candidate, owner) and not made_here


def _unknown(tree: Tree, owner: str) -> bool:
    user, _, group = owner.partition(":")
    databases = ((user, user_exists.PASSWD), (group, user_exists.GROUP))
    return not owner.startswith("$") and any(
        name and user_exists.found(tree, name, database) for name, database in databases
    )


def _numbers(tree: Tree, owner: str) -> str:
    """`node:node` -> `1000:1000`, `node` with its primary group. Raises CannotEdit for a name that is nowhere."""
    name, _, group = owner.partition(":")
    row = next((row for row in user_exists.rows(tree, user_exists.PASSWD) if name in (row[0], *row[2:3])), None)
    if row is None or len(row) < 4:
        raise CannotEdit(f"the user {name} is not in /etc/passwd")
    found = row[3]
    if group:
        rows = user_exists.rows(tree, user_exists.GROUP)
        found = next((each[2] for each in rows if group in (each[0], *each[2:3]) and len(each) > 2), "")
        if not found:
            raise CannotEdit(f"the group {group} is not in /etc/group")
    return f"{row[2]}:{found}"


def _check_sources(subject: Subject, config: Mapping[str, Any], user: str) -> None:
    """Refuse where the application asks who it is, or where its home is."""
    told = {**subject.image.runtime, **{key: config.get(key) for key in ("Entrypoint", "Cmd", "Healthcheck")}}
    programs = Programs(Reach(subject.tree, told), subject.alignment.base_layers)
    for path in _asking(programs):
        raise CannotEdit(f"the user {user} is not there, and {path} asks for its name or its home")


def _asking(programs: Programs) -> Iterator[str]:
    yield from (f"/{path.decode('utf-8', 'replace')}" for path in programs.compiled if "users" in programs.marks)
    for path, text in programs.sources():
        if _READS_USER.search(text):
            yield f"/{path.decode('utf-8', 'replace')}"
