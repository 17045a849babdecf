"""Editors, pagers and debuggers in the image that ships."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.commands.model import Run
from jettison.core.values import Severity
from jettison.dockerfile.graph import stage_chain
from jettison.rule import Finding, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.named_packages import staying
from jettison.synthesis.package_bytes import weights

NAME = "tools-for-people-installed"
_TOOLS = {
    "vim": "vim", "vim-tiny": "vi", "vim-nox": "vim", "vim-enhanced": "vim", "neovim": "nvim", "nano": "nano",
    "emacs": "emacs", "emacs-nox": "emacs", "joe": "joe", "mc": "mc", "man-db": "man", "htop": "htop", "atop": "atop",
    "iotop": "iotop", "strace": "strace", "ltrace": "ltrace", "gdb": "gdb", "tcpdump": "tcpdump", "nmap": "nmap",
    "telnet": "telnet", "inetutils-telnet": "telnet", "mtr": "mtr", "traceroute": "traceroute", "tmux": "tmux",
    "screen": "screen", "tree": "tree", "bash-completion": "complete", "lsof": "lsof", "sysstat": "iostat",
}  # packages, each with the command that it is there for  # fmt: skip
_PROPOSAL = "leave it out, and look into a container with `docker debug`, `kubectl debug` or a stage of its own"


@rule("JT116", severity=Severity.NOTE)
def tools_for_people_installed(subject: Subject) -> Iterator[Finding]:
    """The stage that ships installs an editor, a debugger or another tool that people use and programs do not.

    **What it costs.** The package and what it depends on: vim brings its runtime and, where recommended packages are
    installed, more; a debugger is of use to whoever breaks in, too. With an image the packages' own files are weighed,
    what they depend on is not.

    **The fix** is yours: whether somebody enters the container and types there, the text does not tell.

    **Safety.** Told, never applied. Nothing is said of a tool that a RUN, CMD, ENTRYPOINT or HEALTHCHECK calls, or that
    one may remove again.

    This rule's example needs a package database, which a listing of layers does not hold: it is tested on a small one
    (tests/rules/test_measured_leftovers.py).
    """
    for finding, names in _installed(subject.text):
        size = sum(weights(subject, names).values())
        if size:
            yield replace(finding, predicted=size)


@seen_in_text(tools_for_people_installed)
def named_in_a_run(text: Text) -> Iterator[Finding]:
    """The same by the packages that a RUN names."""
    yield from (finding for finding, _ in _installed(text))


def _installed(text: Text) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    by_run: dict[int, tuple[Run, list[str]]] = {}
    asked = staying(text, _TOOLS)
    used = _used(text) if asked else ""
    for each in asked:
        command = _TOOLS[each.name]
        if not re.search(rf"\b{command}\b", used) and next(text.called(command), None) is None:
            by_run.setdefault(id(each.run), (each.run, []))[1].append(each.name)
    for run, names in by_run.values():
        message = f"line {run.instruction.line} installs {', '.join(names)}: for people, and not for a program"
        yield Finding(NAME, message, run.instruction, 0, proposal=_PROPOSAL), tuple(names)


def _used(text: Text) -> str:
    """What the container is told to run."""
    words = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    return "\n".join(each.value for stage in chain for each in stage.instructions if each.keyword in words)
