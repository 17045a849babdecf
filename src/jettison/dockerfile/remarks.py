"""What a builder takes and reads in another way than it looks, or drops unseen: it is kept, and said.

Source: moby/buildkit `frontend/dockerfile/parser` (behaviour); `docs/rules` for what its own checks warn of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.core.errors import DockerfileError
from jettison.dockerfile.flags import reads_flags
from jettison.dockerfile.lexer import written_words
from jettison.dockerfile.lines import BLANK, is_blank_or_comment
from jettison.dockerfile.model import Dockerfile, Instruction
from jettison.dockerfile.parse import KEYWORDS
from jettison.dockerfile.words import health_kind

_DIRECTIVE = re.compile(rf"[{BLANK}]*#[{BLANK}]*(syntax|escape|check)[\t\f\r ]*=[\t\f\r ]*\S", re.IGNORECASE)
_OWN = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?")
_LIKE_JSON = re.compile(r"\[\s*['\"“‘].*\]\s*", re.DOTALL)
_HEREDOC = re.compile(r"(?:^|\s)<<-?\s*['\"]?\w")
_WITH_JSON = {"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "VOLUME"}
_RESERVED = ("context", "scratch")


@dataclass(frozen=True)
class Remark:
    """One thing that is read in another way than it looks."""

    line: int
    message: str


def remarks(dockerfile: Dockerfile) -> tuple[Remark, ...]:
    """All of them, by line."""
    found = [*_of_comments(dockerfile), *_of_stages(dockerfile)]
    for instruction in dockerfile.instructions:
        found += (Remark(instruction.line, message) for message in _of_an_instruction(instruction))
        found += _of_lines(dockerfile, instruction)
    return tuple(sorted(found, key=lambda each: each.line))


def _of_comments(dockerfile: Dockerfile) -> Iterator[Remark]:
    """Directives that stand too late, and a frontend that is not BuildKit's own."""
    for number, (name, value) in enumerate(dockerfile.directives, 1):
        if name == "syntax" and not _OWN.fullmatch(value.split(" ")[0]):
            yield Remark(
                number, f"another frontend reads this file: {value}; here it is read as docker/dockerfile does"
            )
    at, line = 0, 1
    for instruction in dockerfile.instructions:
        between = dockerfile.text[at : instruction.span.start].removeprefix("\ufeff").split("\n")
        for offset, text in enumerate(between):
            match = _DIRECTIVE.match(text) if line + offset > len(dockerfile.directives) else None
            if match:
                why = "it is a comment: directives stand at the very top, before any other comment or blank line"
                yield Remark(line + offset, f"# {match[1]}= does not count here, {why}")
        at, line = instruction.span.end, instruction.end_line


def _of_stages(dockerfile: Dockerfile) -> Iterator[Remark]:
    names: set[str] = set()
    for stage in dockerfile.stages:
        line = stage.instructions[0].line
        if stage.name in names:
            yield Remark(line, f"a second stage is called {stage.name}: from here on the name means this one")
        if stage.name in _RESERVED:
            yield Remark(line, f"a stage is called {stage.name}, which builders use for themselves")
        names.add(stage.name or "")


def _of_an_instruction(each: Instruction) -> Iterator[str]:
    if each.flags and not reads_flags(each):
        yield f"{each.keyword} drops --{each.flags[0].name} unseen"
    if any(not (flag.value or "").isascii() for flag in each.flags):
        yield "a flag beyond ASCII is read byte by byte, which makes other characters of it"
    if each.trigger is not None and each.trigger.keyword not in KEYWORDS:
        yield f"ONBUILD keeps {each.trigger.keyword}, which is no instruction: builds upon this image will fail"
    inner = each.trigger or each
    value = health_kind(inner.value)[1] if inner.keyword == "HEALTHCHECK" else inner.value
    if inner.exec_form is None and inner.keyword in _WITH_JSON | {"HEALTHCHECK"} and _LIKE_JSON.fullmatch(value):
        yield f"{inner.keyword} looks like JSON and is none, so that it is taken word by word: JSON has double quotes"
    if inner.keyword in ("ADD", "COPY", "RUN") and not each.heredocs and _HEREDOC.search(inner.value):
        try:
            written_words(inner.value)
        except DockerfileError as error:
            yield f"<< begins no heredoc here, the builder gives up on the line: {error}"


def _of_lines(dockerfile: Dockerfile, each: Instruction) -> Iterator[Remark]:
    """Empty lines inside a continued instruction."""
    body = dockerfile.text[each.span.start : each.heredocs[0].span.start if each.heredocs else each.span.end]
    for number, text in enumerate(body.split("\n")[1:-1] if each.heredocs else body.split("\n")[1:], each.line + 1):
        if is_blank_or_comment(text) and not text.strip(BLANK):
            yield Remark(number, "an empty line inside an instruction, which a later builder will refuse")
