"""A USER whom neither the base nor a RUN knows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from jettison.bases.names import official
from jettison.commands.model import Call, Run
from jettison.core.values import Severity
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction
from jettison.rule import Finding, text_rule
from jettison.subject import Text
from jettison.synthesis.foundation import image_below

NAME = "user-that-nobody-creates"
# Debian's base-passwd, Ubuntu's besides, Alpine's alpine-baselayout: of all releases together, so that none is missed
_OF_SYSTEMS = frozenset(re.findall(r"\S+", """
    root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats _apt nobody ubuntu adm
    systemd-network systemd-resolve systemd-timesync messagebus shutdown halt operator postmaster cron ftp sshd at squid
    xfs cyrus vpopmail ntp smmsp guest utmp klogd utmpx
"""))  # fmt: skip
_OF_IMAGES = {"node": frozenset({"node"})} | dict.fromkeys(
    ("python", "golang", "debian", "ubuntu", "alpine", "rust", "gcc", "buildpack-deps", "perl", "ruby"),
    frozenset[str](),
)
_INSTALLS = {"apt", "apt-get", "aptitude", "apk", "dpkg", "dnf", "yum", "gdebi"}
_OF_PROJECTS = {"app", "appuser", "nonroot", "user", "runner", "application"}  # names that no package makes
_KNOWN = re.compile(
    r"echo|printf|rm|mkdir|cp|mv|ln|chown|chmod|touch|cat|tar|curl|wget|sed|find|set|cd|test|\[|true|:|export|pip3?|"
    r"python[\d.]*|npm|npx|yarn|pnpm|node|corepack|go|cargo|gem|bundle|apt|apt-get|aptitude|apk|git|uv|poetry|ldconfig|"
    r"unzip|gzip|install|strip|which|command|sort|grep|head|tail|tr|cut|xargs|date|ls|env|update-ca-certificates"
)
_WRITE = {"cp", "mv", "ln", "install", "tar", "unzip", "curl", "wget", "sed", "echo", "printf", "cat", "sort"}
_RUNS = re.compile(r"python[\d.]*|node")
_MODULES = {"pip", "venv", "ensurepip", "compileall", "--version", "-V"}  # what a call of these surely leaves alone
_ADVICE = "create the user in a RUN before it, or name one of the base, or a number"


@text_rule("JT611", severity=Severity.ERROR)
def user_that_nobody_creates(text: Text) -> Iterator[Finding]:
    """A USER, or a COPY with --chown, names somebody who is in no file of users.

    **What it costs.** The start: a runtime that finds no such name in /etc/passwd refuses, and so does the next RUN. A
    COPY that gives its files to such a name ends the build.

    **The fix** is yours: a RUN with `useradd` or `adduser` before it, a user whom the base brings (`node` in node's
    images, `nobody` everywhere), or a number, which needs no entry.

    **Safety.** Told, never applied. Only of official bases is it known whom they bring; nothing is said where a RUN
    runs what is not known, where one names the user in any way, where files are copied over /etc, or where a package
    may bring the user.

    This rule's example needs no layers and saves no bytes: it is tested on texts
    (tests/rules/test_users_and_homes.py).
    """
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    read = official(image_below(text, text.stage))
    if read is None or read.image not in _OF_IMAGES:
        return
    known = _OF_SYSTEMS | _OF_IMAGES[read.image]
    before: list[Instruction] = []
    for instruction in (each for stage in chain for each in stage.instructions):
        name, does = _named(instruction)
        if name and re.fullmatch(r"[a-z_][\w-]*", name) and name not in known:
            if not _may_exist(before, _runs(text, before), name):
                message = f"line {instruction.line} {does} {name}, whom neither {read.image} nor a RUN creates"
                yield Finding(NAME, message, instruction, 0, refusal=_ADVICE)
            return
        before.append(instruction)


def _named(instruction: Instruction) -> tuple[str, str]:
    """Whom an instruction names, and for what: a USER, or a COPY or ADD by --chown; empty where it names nobody."""
    if instruction.keyword == "USER":
        return instruction.value.strip("\"'").partition(":")[0], "runs as"
    if instruction.keyword in ("COPY", "ADD"):
        return (instruction.flag("chown") or "").partition(":")[0], "gives files to"
    return "", ""


def _runs(text: Text, before: Sequence[Instruction]) -> list[Run]:
    lines = {each.line for each in before}
    return [run for run in text.shipped if run.instruction.line in lines]


def _may_exist(before: Sequence[Instruction], made: Sequence[Run], name: str) -> bool:
    for each in before:
        if each.keyword in ("COPY", "ADD") and _over_etc(each):
            return True
    for run in made:
        if not run.readable or name in run.instruction.value or run.instruction.heredocs:
            return True
        for call in run.calls:
            tool = call.name or "?"
            if "/" in tool or not _KNOWN.fullmatch(tool):
                return True
            if _may_write_users(call):
                return True
            if posixpath.basename(tool) in _INSTALLS and name not in _OF_PROJECTS:
                return True
    return False


def _may_write_users(call: Call) -> bool:
    """Whether a call may write a file of users: one that names /etc or the root, unpacks there, or runs a program."""
    values, tool = call.values, call.name or ""
    if any(value is None or "/etc" in value or value in ("/", "/.") for value in values):
        return tool in _WRITE or _RUNS.fullmatch(tool) is not None
    if tool in ("tar", "unzip"):
        return not any(value in ("-C", "-d", "--directory") for value in values) and call.folder in (None, "/")
    return _RUNS.fullmatch(tool) is not None and not _MODULES & set(values)


def _over_etc(copy: Instruction) -> bool:
    """Whether a COPY may bring a file of users."""
    target = copy.words[-1].text if copy.words else "/"
    if copy.exec_form:
        target = copy.exec_form[-1]
    return "$" in target or posixpath.normpath(target) == "/" or "/etc" in target
