"""Which flags an instruction takes, and how often.

Behaves as moby/buildkit's `frontend/dockerfile/instructions/bflag.go`, `parse.go` and `commands_run*.go`.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import Enum

from jettison.dockerfile.model import Flag, Instruction
from jettison.dockerfile.mounts import device_problem, mount_problem
from jettison.dockerfile.words import health_kind


class Takes(Enum):
    """What a flag takes."""

    SWITCH = "nothing, true or false"
    ONE = "a value"
    SEVERAL = "a value, any number of times"


_COPY = {"chown": Takes.ONE, "chmod": Takes.ONE, "link": Takes.SWITCH, "exclude": Takes.SEVERAL}
FLAGS: dict[str, dict[str, Takes]] = {
    "ADD": {**_COPY, "keep-git-dir": Takes.SWITCH, "checksum": Takes.ONE, "unpack": Takes.SWITCH},
    "COPY": {**_COPY, "from": Takes.ONE, "parents": Takes.SWITCH},
    "FROM": {"platform": Takes.ONE},
    "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), Takes.ONE),
    "RUN": {"mount": Takes.SEVERAL, "network": Takes.ONE, "security": Takes.ONE, "device": Takes.SEVERAL},
}
_CHOICES = {"network": ("default", "none", "host"), "security": ("sandbox", "insecure")}


def reads_flags(instruction: Instruction) -> bool:
    """Whether the builder looks at the flags of this instruction; where it does not, it drops them unseen."""
    if instruction.keyword == "HEALTHCHECK":
        return health_kind(instruction.value)[0] != "NONE"
    return instruction.keyword not in ("ARG", "STOPSIGNAL")


def flag_problem(instruction: Instruction) -> tuple[str, str]:
    """Why the builder would refuse the flags of an instruction, and a hint; two empty strings where it takes them."""
    if not reads_flags(instruction):
        return "", ""
    known = FLAGS.get(instruction.keyword, {})
    seen = set()
    for flag in instruction.flags:
        takes = known.get(flag.name)
        if takes is None:
            return f"takes no flag --{flag.name}", _hint(flag.name, known)
        if flag.name in seen and takes is not Takes.SEVERAL:
            return f"has the flag --{flag.name} twice", "keep one of them"
        seen.add(flag.name)
        if problem := _value_problem(flag, takes):
            return problem
    return _run_problem(instruction) if instruction.keyword == "RUN" else ("", "")


def _value_problem(flag: Flag, takes: Takes) -> tuple[str, str] | None:
    if takes is Takes.SWITCH:
        if flag.value is not None and flag.value.lower() not in ("true", "false"):
            return f"gives --{flag.name} the value {flag.value!r}", f"write --{flag.name}, or --{flag.name}=false"
    elif flag.value is None:
        return f"gives --{flag.name} no value", f"write --{flag.name}=VALUE"
    return None


def _run_problem(instruction: Instruction) -> tuple[str, str]:
    for flag in instruction.flags:
        value = flag.value or ""
        choices = _CHOICES.get(flag.name)
        if choices and value not in choices:
            return f"gives --{flag.name} the value {value!r}", f"there are {', '.join(choices)}"
        problem = {"mount": mount_problem, "device": device_problem}.get(flag.name, _none)(value)
        if problem:
            return f"has a --{flag.name} that is none: {problem}", "see RUN in the Dockerfile reference"
    return "", ""


def _none(_: str) -> str:
    return ""


def _hint(name: str, known: dict[str, Takes]) -> str:
    if not known:
        return "remove it, or write the JSON form"
    near = get_close_matches(name[:40], known, 1)
    return f"did you mean --{near[0]}?" if near else f"there are {', '.join(f'--{each}' for each in known)}"
