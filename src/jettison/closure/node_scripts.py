"""What `npm start`, `npm run NAME`, `yarn NAME` and `npx NAME` lead to: the scripts of package.json, never executed.

Source: npm documentation, "scripts" (pre and post scripts, `npm start` without one) and "npm-exec".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jettison.closure import shell
from jettison.closure.command import Command

RUNNERS = {"npm", "yarn", "pnpm"}
_RUN = {"run", "run-script", "rum", "urn"}
_SHORT = {"start", "stop", "restart", "test"}
_DEPTH = 6  # scripts that run scripts


def started(package: Mapping[str, Any], commands: Sequence[Command]) -> tuple[Command, ...]:
    """The commands, and all that they lead to through the scripts of `package`, a package.json as read."""
    told = package.get("scripts")
    scripts = told if isinstance(told, dict) else {}
    queue = [(command, _DEPTH) for command in commands]
    found: dict[Command, None] = {}
    while queue:
        command, depth = queue.pop(0)
        if not command or command in found:
            continue
        found[command] = None
        if depth:
            queue += [(each, depth - 1) for text in _texts(scripts, command) for each in shell.commands(text)]
            queue += [(each, depth - 1) for each in _executed(command)]
    return tuple(found)


def _texts(scripts: Mapping[str, Any], command: Command) -> Iterator[str]:
    """The scripts that a runner's command runs, in their order."""
    name = called(command)
    for each in (f"pre{name}", name, f"post{name}") if name else ():
        text = scripts.get(each)
        if isinstance(text, str):
            yield text
    if name == "start" and "start" not in scripts:
        yield "node server.js"


def called(command: Command) -> str:
    """The script that a runner's command names; empty for any other command."""
    tool = command[0].rpartition("/")[2]
    words = [word for word in command[1:] if not word.startswith("-")]
    if tool not in RUNNERS or not words:
        return ""
    if words[0] in _RUN:
        return words[1] if len(words) > 1 else ""
    return words[0] if words[0] in _SHORT or tool != "npm" else ""


def _executed(command: Command) -> Iterator[Command]:
    """What `npx` or `npm exec` runs."""
    tool, rest = command[0].rpartition("/")[2], command[1:]
    if tool in RUNNERS and rest[:1] in (("exec",), ("x",), ("dlx",)):
        tool, rest = "npx", rest[1:]
    if tool == "npx":
        words = tuple(word for word in rest if word != "--")
        while words and words[0].startswith("-"):
            words = words[1:]
        yield words
