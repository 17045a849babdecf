"""What an instruction needs to be one: its number of arguments, its form.

Behaves as moby/buildkit's `frontend/dockerfile/parser/line_parsers.go` and `instructions/parse.go`.
"""

from __future__ import annotations

import re

from jettison.core.errors import DockerfileError
from jettison.dockerfile.flags import flag_problem
from jettison.dockerfile.health import interval, retries
from jettison.dockerfile.heredoc import heredoc_word
from jettison.dockerfile.lines import BLANK
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.words import health_kind

_MAY_BE_EMPTY = {"CMD", "ENTRYPOINT", "RUN"}
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")


def check_form(instruction: Instruction) -> None:
    """Raises DockerfileError where the builder cannot even cut the instruction, or an ONBUILD's trigger, to words."""
    inner = instruction.trigger or instruction
    if inner.keyword in ("ENV", "LABEL"):
        _refuse(inner, _pairs(inner))


def check(instruction: Instruction) -> None:
    """Raises DockerfileError where the builder would refuse this instruction for its own text.

    What an ONBUILD triggers is looked at when it is triggered.
    """
    if instruction.flags:
        _refuse(instruction, *flag_problem(instruction))
    if not instruction.value and not instruction.heredocs and instruction.keyword not in _MAY_BE_EMPTY:
        _refuse(instruction, "has no argument", "complete it or remove it")
    particular = _CHECKS.get(instruction.keyword)
    if particular is not None:
        _refuse(instruction, particular(instruction))


def _refuse(instruction: Instruction, message: str, hint: str = "see the Dockerfile reference for its form") -> None:
    if message:
        line = instruction.line
        raise DockerfileError(f"{instruction.keyword} in line {line} {message}", hint=hint, line=line)


def _copy(instruction: Instruction) -> str:
    arguments = instruction.exec_form
    if arguments is None:
        arguments = tuple(word.text for word in instruction.words)
    if len(arguments) < 2:
        return "needs a source and a destination"
    try:
        return "has a heredoc for its destination" if heredoc_word(arguments[-1]) else ""
    except DockerfileError:
        return ""


def _pairs(instruction: Instruction) -> str:
    words = [word.text for word in instruction.words]
    if not words:
        return ""
    if "=" not in words[0]:
        legacy = re.split(r"[\t\v\f\r ]+", instruction.value, maxsplit=1)
        return "" if len(legacy) == 2 else f"gives {words[0]} no value"
    without = [word for word in words if "=" not in word]
    return f"mixes the two forms: {without[0]} has no =" if without else ""


def _named(instruction: Instruction) -> str:
    words = [word.text for word in instruction.words]
    if instruction.keyword != "ARG" and "=" not in words[0]:
        return ""
    return "has a name that is empty" if any(word.startswith("=") for word in words) else ""


def _shell(instruction: Instruction) -> str:
    return "" if instruction.exec_form else "needs the JSON form"


def _volume(instruction: Instruction) -> str:
    form = instruction.exec_form
    paths = tuple(word.text for word in instruction.words) if form is None else form
    return "" if paths and all(each.strip(BLANK) for each in paths) else "names no path"


def _healthcheck(instruction: Instruction) -> str:
    kind, rest = health_kind(instruction.value)
    if kind == "NONE":
        return "is NONE and more" if rest and instruction.exec_form != () else ""
    if kind != "CMD":
        return f"is neither NONE nor CMD: {kind}"
    if not rest or instruction.exec_form == ():
        return "has no command"
    for flag in instruction.flags:
        try:
            (retries if flag.name == "retries" else interval)(flag.value or "")
        except ValueError as error:
            return f"has a --{flag.name} that is none: {error}"
    return ""


def _onbuild(instruction: Instruction) -> str:
    trigger = instruction.words[0].text.upper()
    return f"cannot trigger {trigger}" if trigger in ("FROM", "MAINTAINER", "ONBUILD") else ""


def _from(instruction: Instruction) -> str:
    words = [word.text for word in instruction.words]
    if len(words) != 1 and not (len(words) == 3 and words[1].casefold() == "as"):
        return "takes an image, or IMAGE AS NAME"
    if len(words) == 3 and not _STAGE_NAME.fullmatch(words[2].lower()):
        return f"gives its stage a name that is none: {words[2]} (letters, digits, . _ -, a letter first)"
    return ""


_CHECKS = {
    "ADD": _copy, "ARG": _named, "COPY": _copy, "ENV": _named, "FROM": _from, "HEALTHCHECK": _healthcheck,
    "LABEL": _named, "ONBUILD": _onbuild, "SHELL": _shell, "VOLUME": _volume,
}  # fmt: skip
