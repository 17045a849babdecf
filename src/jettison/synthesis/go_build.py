"""`go build` and `go install` in a RUN, as data, and the edits of their arguments.

Source: golang/go `src/cmd/go/alldocs.go`, "Compile packages and dependencies"; cmd/link for -s and -w.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, insert_after
from jettison.dockerfile.model import Dockerfile, Edit, Instruction, Stage
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import Argument, Command, script

_VERBS = {"build", "install"}
_LEAVES_OUT = "-s -w"
_WORD = re.compile(r"[\w./:=@%+-]+")


@dataclass(frozen=True)
class GoCall:
    """One call: where it stands, its verb, the RUN and the stage that it is in."""

    stage: Stage
    instruction: Instruction
    command: Command
    verb: Argument


def go_calls(dockerfile: Dockerfile, stage: Stage) -> Iterator[GoCall]:
    """Every `go build` and `go install` of a stage, in the order of the text; none where a RUN cannot be read."""
    for instruction in stage.instructions:
        found = script(dockerfile, instruction) if instruction.keyword == "RUN" else None
        for command in found.commands if found else ():
            if (command.name or "").rpartition("/")[2] == "go" and command.values[:1] and command.values[0] in _VERBS:
                yield GoCall(stage, instruction, command, command.arguments[0])


def option(call: GoCall, name: str) -> tuple[Argument, str] | None:
    """The last argument that sets this option, and its text as written, quotes kept; None where it is not set."""
    found: tuple[Argument, str] | None = None
    arguments = call.command.arguments
    for number, argument in enumerate(arguments):
        key, equals, _ = argument.text.partition("=")
        if key.lstrip("'\"") not in (f"-{name}", f"--{name}"):
            continue
        if equals:
            found = argument, argument.text.partition("=")[2]
        elif number + 1 < len(arguments):
            found = arguments[number + 1], arguments[number + 1].text
    return found


def without_symbols(dockerfile: Dockerfile, call: GoCall) -> Edit:
    """`-ldflags="-s -w"`, or the two put ahead of the flags that are there. Raises CannotEdit."""
    line = f"line {call.instruction.line}"
    if option(call, "gcflags") is not None:
        raise CannotEdit(f"{line} sets -gcflags: the program may be meant for a debugger")
    told = [*call.command.assignments, *_environment(dockerfile, call, "GOFLAGS")]
    if any("ldflags" in each for each in told):
        raise CannotEdit(f"{line} has -ldflags in GOFLAGS, which -ldflags of the command would replace")
    there = option(call, "ldflags")
    if there is None:
        return insert_after(call.verb.span, f'-ldflags="{_LEAVES_OUT}"')
    argument, text = there
    bare, quoted = text.strip("'\""), text[:1] in ("'", '"')
    if not quoted and not _WORD.fullmatch(text):
        raise CannotEdit(f"{line} has -ldflags that cannot be read: {text}")
    if re.search(r"(^|\s)-[sw](=|\s|$)", bare):
        raise CannotEdit(f"{line} says itself what the linker leaves out: {text}")
    if bare and not bare.startswith("-"):
        raise CannotEdit(f"{line} gives -ldflags to some packages alone: {text}")
    start = argument.span.end - len(text)
    if quoted:
        return Edit(Span(start + 1, start + 1), f"{_LEAVES_OUT} " if bare else _LEAVES_OUT)
    return Edit(Span(start, argument.span.end), f'"{_LEAVES_OUT} {text}"')


def without_cgo(dockerfile: Dockerfile, call: GoCall) -> Edit | None:
    """`CGO_ENABLED=0` in front of the command; None where that holds. Raises CannotEdit where cgo is asked for."""
    told = [*_environment(dockerfile, call, "CGO_ENABLED"), *call.command.assignments]
    values = [each.partition("=")[2] for each in told if each.startswith("CGO_ENABLED=")]
    if values[-1:] == ["0"]:
        return None
    if values:
        raise CannotEdit(f"line {call.instruction.line} asks for cgo: {told[-1]}")
    return Edit(Span(call.command.span.start, call.command.span.start), "CGO_ENABLED=0 ")


def _environment(dockerfile: Dockerfile, call: GoCall, name: str) -> list[str]:
    """`NAME=VALUE` as ENV and ARG, or an earlier export of the same RUN, have it; empty where they do not set it."""
    state = state_at(dockerfile, call.stage, call.instruction)
    found = [f"{name}={state.variables[name]}"] if name in state.variables else []
    text = call.instruction.body.of(dockerfile.text)
    before = text[: max(0, call.command.span.start - call.instruction.body.start)]
    return found + [match[0] for match in re.finditer(rf"\b{name}=[^\s;&]*", before)]
