"""What an instruction needs to be one: its number of arguments, its form.

Behaves as moby/buildkit's `frontend/dockerfile/instructions/parse.go`.
"""

from __future__ import annotations

import re

from jettison.core.errors import DockerfileError
from jettison.dockerfile.lines import BLANK
from jettison.dockerfile.model import Instruction

WITH_FLAGS = {"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"}
_MAY_BE_EMPTY = {"CMD", "ENTRYPOINT", "RUN"}
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")


def check(instruction: Instruction) -> None:
    """Raises DockerfileError where the builder would refuse this instruction for its own text."""
    keyword, line = instruction.keyword, instruction.line
    if instruction.flags and keyword not in WITH_FLAGS:
        name = instruction.flags[0].name
        raise _refused(f"{keyword} in line {line} takes no flag --{name}", "remove it, or write the JSON form", line)
    if not instruction.value and not instruction.heredocs and keyword not in _MAY_BE_EMPTY:
        raise _refused(f"{keyword} in line {line} has no argument", "complete it or remove it", line)
    particular = _CHECKS.get(keyword)
    message = particular(instruction) if particular else ""
    if message:
        raise _refused(f"{keyword} in line {line} {message}", "see the Dockerfile reference for its form", line)


def _refused(message: str, hint: str, line: int) -> DockerfileError:
    return DockerfileError(message, hint=hint, line=line)


def _copy(instruction: Instruction) -> str:
    arguments = instruction.exec_form or [word.text for word in instruction.words]
    if len(arguments) < 2:
        return "needs a source and a destination"
    if instruction.exec_form is None and re.fullmatch(r"[0-9]*<<-?[^<]+", arguments[-1]):
        return "has a heredoc for its destination"
    return ""


def _pairs(instruction: Instruction) -> str:
    words = [word.text for word in instruction.words]
    if "=" not in words[0]:
        legacy = re.split(r"[\t\v\f\r ]+", instruction.value, maxsplit=1)
        return "" if len(legacy) == 2 else f"gives {words[0]} no value"
    for word in words:
        if "=" not in word:
            return f"mixes the two forms: {word} has no ="
        if word.startswith("="):
            return "has a name that is empty"
    return ""


def _arg(instruction: Instruction) -> str:
    return "has a name that is empty" if any(word.text.startswith("=") for word in instruction.words) else ""


def _shell(instruction: Instruction) -> str:
    return "" if instruction.exec_form else "needs the JSON form"


def _volume(instruction: Instruction) -> str:
    form = instruction.exec_form
    return "" if form is None or (form and all(each.strip(BLANK) for each in form)) else "names no path"


def _healthcheck(instruction: Instruction) -> str:
    kind, *rest = re.split(r"\s+", instruction.value, maxsplit=1)
    if kind.upper() == "NONE":
        return "is NONE and more" if rest else ""
    if kind.upper() != "CMD":
        return f"is neither NONE nor CMD: {kind}"
    return "has no command" if not rest or instruction.exec_form == () else ""


def _onbuild(instruction: Instruction) -> str:
    trigger = instruction.words[0].text.upper()
    return f"cannot trigger {trigger}" if trigger in ("FROM", "MAINTAINER", "ONBUILD") else ""


def _from(instruction: Instruction) -> str:
    words = [word.text for word in instruction.words]
    if len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
        return "takes an image, or IMAGE AS NAME"
    if len(words) == 3 and not _STAGE_NAME.fullmatch(words[2].lower()):
        return f"gives its stage a name that is none: {words[2]} (letters, digits, . _ -, a letter first)"
    return ""


_CHECKS = {
    "ADD": _copy, "ARG": _arg, "COPY": _copy, "ENV": _pairs, "FROM": _from, "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs, "ONBUILD": _onbuild, "SHELL": _shell, "VOLUME": _volume,
}  # fmt: skip
