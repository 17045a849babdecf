"""A stage that gathers what an application needs of its old base, and the lines that bring it to the new one."""

from __future__ import annotations

import textwrap

from jettison.dockerfile.edit import newline, start_with_comments
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import parse
from jettison.synthesis.base_parts import FOLDER, Parts

_WIDTH = 104


def with_parts(text: str, stage: int, old: str, parts: Parts) -> str:
    """The Dockerfile with the parts brought to a stage (by position), whose FROM names the new base already.

    `old` is the text of the FROM that names the old base, as `from_of` gives it.
    """
    dockerfile = parse(text)
    end, escape = newline(dockerfile), dockerfile.escape
    name = _free(dockerfile)
    first = dockerfile.stages[stage].instructions[0]
    commands = f" {escape}{end}    && ".join(_wrapped(each, f" {escape}{end}       ") for each in parts.commands())
    gathering = (
        f"{old} AS {name}{end}"
        f"# {parts.what}, with the records of their packages for scanners{end}"
        f"RUN {commands}{end}{end}"
    )
    whole = parts.interpreter.whole.decode()
    brought = [f"COPY --from={name} {path}" for path in (f"/{whole} /{whole}", f"/{FOLDER} /")]
    brought += [f"ENV {key}={value}" for key, value in parts.variables]
    inside = "".join(end + line for line in brought)
    at = start_with_comments(dockerfile, first)
    return text[:at] + gathering + text[at : first.span.end] + inside + text[first.span.end :]


def _wrapped(command: str, joint: str) -> str:
    """A command in lines of a width that is read with ease; a single long word stays whole."""
    lines = textwrap.wrap(command, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return joint.join(lines)


def from_of(dockerfile: Dockerfile, first: Instruction, base: str) -> str:
    """A FROM without the name of its stage: `FROM --platform=linux/amd64 node:20-slim`."""
    word = next(each for each in first.words if each.text == base)
    return dockerfile.text[first.span.start : word.span.end]


def _free(dockerfile: Dockerfile) -> str:
    """A stage name that nobody has."""
    taken = {each.name for each in dockerfile.stages}
    return next(name for name in (FOLDER, *(f"{FOLDER}-{number}" for number in range(2, 99))) if name not in taken)
