"""npm put over the npm of the base."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from jettison.commands.invocation import Invocation
from jettison.commands.model import Call, Run
from jettison.commands.tables.all import SYSTEM
from jettison.commands.tool import Action
from jettison.core.values import Applicability
from jettison.dockerfile.edit import CannotEdit, delete_command, delete_instruction
from jettison.dockerfile.model import Edit
from jettison.dockerfile.shell import script
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.left import weighed

NAME = "npm-upgraded"
NPM = re.compile(rb"usr/(?:local/)?lib/node_modules/npm/")
_INSTALLERS = {".", "source", "nvm", "n", "fnm", "volta", "tar"}  # nvm is a function of a file that is read
_ADVICE = "use the npm of the base, or a base that has the other one"


@rule("JT117")
def npm_upgraded(subject: Subject) -> Iterator[Finding]:
    """`npm install -g npm` puts another npm over that of the base, which ships all the same.

    **What it costs.** An npm is 10 MB or more. That of the base stays in its layers: what is put over it frees nothing.

    **The fix** takes the call away: what follows is installed by the npm that the base brings.

    **Safety.** TESTED: an older npm may not know a lock file's format, or resolve otherwise; then the build or the
    contract says so. Nothing is said where the base brings no npm, or the same RUN does, which then is no second one.

    ```dockerfile bad
    FROM node:20
    COPY package.json package-lock.json ./
    RUN npm install -g npm@latest && npm ci
    ```
    ```layers bad
    1 usr/local/lib/node_modules/npm/index.js 9000000 content=old
    2 package.json 200
    3 usr/local/lib/node_modules/npm/index.js 9000000 content=new
    ```
    ```dockerfile good
    FROM node:20
    COPY package.json package-lock.json ./
    RUN npm ci
    ```
    """
    for run, finding in _upgrades(subject.text):
        mine = subject.alignment.layers_of(run.instruction)
        if any(row.by_layer in mine and row.layer not in mine and NPM.match(row.path) for row in subject.waste):
            yield from weighed(subject, finding, NPM)


@seen_in_text(npm_upgraded)
def asked_for_by_word(text: Text) -> Iterator[Finding]:
    """The same by the words of a RUN that ships."""
    yield from (finding for _, finding in _upgrades(text))


def _upgrades(text: Text) -> Iterator[tuple[Run, Finding]]:
    told = set()
    for run, found in text.managed:
        if id(run) in told or not text.ships(run) or found.tool.name != "npm":
            continue
        if _is_of_npm(found) and not _brings_npm(text, run, found.call):
            told.add(id(run))
            message = f"line {run.instruction.line} puts another npm over that of the base"
            bare = Finding(NAME, message, run.instruction, 0)
            try:
                fix = Fix("use the npm of the base", Applicability.TESTED, (_edit(text, run, found),))
            except CannotEdit as error:
                yield run, replace(bare, refusal=f"{_ADVICE}: {error.reason}")
                continue
            yield run, replace(bare, fix=fix)


def _is_of_npm(found: Invocation) -> bool:
    """Whether it installs npm for everybody, and nothing else."""
    everywhere = found.has("-g", "--global", "--location=global")
    installs = found.action in (Action.INSTALL, Action.UPGRADE) and found.call.name == "npm"
    return installs and everywhere and {each.name for each in found.packages} == {"npm"} and not found.unknown


def _brings_npm(text: Text, run: Run, upgrade: Call) -> bool:
    """Whether the RUN installs node as well, before that call, so that no layer below holds the npm that goes."""
    packages = (each.name or "" for other, found in text.managed if other is run and found.tool.name in SYSTEM
        for each in found.packages)  # fmt: skip
    before = takewhile(lambda call: call is not upgrade, run.calls)
    return any(re.match(r"node|npm", each) for each in packages) or any(call.name in _INSTALLERS for call in before)


def _edit(text: Text, run: Run, found: Invocation) -> Edit:
    read = script(text.dockerfile, run.instruction)
    command = next((each for each in read.commands if each.span == found.call.span), None) if read is not None else None
    if read is None or command is None or not found.call.exact:
        raise CannotEdit("where it stands cannot be changed alone")
    if len(read.commands) == 1:
        return delete_instruction(text.dockerfile, run.instruction)
    return delete_command(text.dockerfile, run.instruction, command)
