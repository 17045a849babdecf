"""Text -> Dockerfile, without loss.

Behaves as moby/buildkit's `frontend/dockerfile/parser/parser.go` and `instructions/parse.go`: directives only at
the top, `#` lines dropped inside continuations, empty lines inside continuations tolerated, heredocs of RUN, COPY
and ADD, JSON forms that do not parse taken as shell forms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from math import isinf

from jettison.core.collection import without_collection
from jettison.core.dataclass import dataclass
from jettison.core.errors import DockerfileError
from jettison.core.values import Span
from jettison.dockerfile.check import check, check_form
from jettison.dockerfile.heredoc import Opened, bodies, opened
from jettison.dockerfile.lines import (
    BLANK,
    Line,
    check_lengths,
    directives_of,
    is_blank_or_comment,
    join,
    last_line,
    lines_of,
)
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.words import flags_of, health_kind, keyword_end, skip_blanks, words_of

KEYWORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
_WITH_HEREDOC = {"ADD", "COPY", "RUN"}
_WITH_JSON = {"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"}
_LONE = re.compile("[\ud800-\udfff]")  # halves of a pair, which Go replaces
_LONGEST_WORD = 40  # characters of a word that is no keyword, in a message


def decode(data: bytes) -> str:
    """A Dockerfile's text. Raises DockerfileError where it is not UTF-8, or holds a NUL."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DockerfileError(
            f"the Dockerfile is not UTF-8: byte {data[error.start]:#04x} in line {line}",
            hint="convert it, for example with `iconv -t utf-8`",
            line=line,
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DockerfileError(f"a NUL byte in line {line}", hint="this is no Dockerfile, or it is damaged", line=line)
    return text


def encode(text: str) -> bytes:
    """The bytes that `decode` took."""
    return text.encode("utf-8")


def parse(text: str) -> Dockerfile:
    """The Dockerfile that `text` is. Raises DockerfileError with the line."""
    with without_collection():
        return _parsed(text)


def _parsed(text: str) -> Dockerfile:
    lines = lines_of(text)
    check_lengths(text, lines)
    directives, escape = directives_of(lines)
    instructions: list[Instruction] = []
    at = 0
    while at < len(lines):
        if is_blank_or_comment(lines[at].text):
            at += 1
            continue
        last = last_line(lines, at, escape)
        instruction, at = _instruction(text, lines, (at, last), escape)
        instructions.append(instruction)
    if not instructions:
        raise DockerfileError("the Dockerfile has no instruction", hint="it must begin with FROM IMAGE")
    stages, global_args = _stages(instructions)
    return Dockerfile(text, escape, tuple(directives), tuple(instructions), stages, global_args)


@dataclass(frozen=True)
class _Joined:
    """An instruction's lines as one, with the file offset of each character, and where they stand."""

    text: str
    offsets: Sequence[int]
    escape: str
    line: int  # of the keyword
    end: int  # offset of the end of the last line
    end_line: int


def _instruction(text: str, lines: list[Line], place: tuple[int, int], escape: str) -> tuple[Instruction, int]:
    """The instruction on these lines, and the index of the line after it."""
    first, last = place
    joined, offsets = join(lines[first : last + 1], escape)
    start = skip_blanks(joined, 0)
    # a line of nothing but the escape character may stand before the keyword
    number = lines[first].number
    if start < len(joined):
        number += text.count("\n", lines[first].start, offsets[start])
    source = _Joined(joined, offsets, escape, number, lines[last].end, lines[last].number)
    try:
        instruction = _read(source, start)
        _check_keyword(instruction.keyword, number)
        check_form(instruction)
        begun = _opened(instruction, joined)
    except DockerfileError as error:
        raise DockerfileError(str(error), hint=error.hint, line=error.line or number) from None
    heredocs, following = bodies(lines, begun, last + 1) if begun else ((), last + 1)
    if heredocs:
        span, end_line = Span(instruction.span.start, heredocs[-1].span.end), lines[following - 1].number
        trigger = instruction.trigger
        trigger = trigger and replace(trigger, span=Span(trigger.span.start, span.end), heredocs=heredocs)
        instruction = replace(instruction, span=span, end_line=end_line, heredocs=heredocs, trigger=trigger)
    check(instruction)
    return instruction, following


def _read(source: _Joined, start: int) -> Instruction:
    """The instruction that begins at `start`, of whatever name."""
    joined, offsets, escape = source.text, source.offsets, source.escape
    behind = max(start, min(keyword_end(joined, start), len(joined.rstrip(BLANK))))
    keyword = canonical(joined[start:behind])
    flags, after = flags_of(joined, offsets, behind, escape)
    value = joined[after:].strip(BLANK)
    trigger = None
    if keyword == "ONBUILD" and value:
        if canonical(value[: keyword_end(value, 0)]) == "ONBUILD":
            hint = "leave one ONBUILD; what it triggers cannot wait for a third image"
            raise DockerfileError(f"ONBUILD in line {source.line} cannot trigger ONBUILD", hint=hint)
        trigger = _read(source, after)
    return Instruction(
        keyword=keyword,
        span=Span(offsets[start] if start < len(offsets) else source.end, source.end),
        line=source.line,
        end_line=source.end_line,
        flags=flags,
        body=Span(offsets[after] if after < len(offsets) else source.end, source.end),
        value=value,
        exec_form=_exec_form(keyword, value, source.line),
        keyword_end=offsets[behind - 1] + 1 if behind else 0,
        trigger=trigger,
        cut=partial(words_of, keyword, joined, offsets, after, escape),
    )


def canonical(word: str) -> str:
    """A keyword in capitals, as Go lowers it: U+212A is a K and U+0130 an I to it."""
    return word.replace("\u0130", "I").replace("\u212a", "K").upper() if not word.isascii() else word.upper()


def _check_keyword(keyword: str, line: int) -> None:
    if keyword in KEYWORDS:
        return
    near = get_close_matches(keyword[:_LONGEST_WORD], KEYWORDS, 1)
    hint = f"did you mean {near[0]}?" if near else "see the Dockerfile reference for the instructions there are"
    raise DockerfileError(f"unknown instruction {keyword[:_LONGEST_WORD]} in line {line}", hint=hint, line=line)


def shell_text(dockerfile: Dockerfile, instruction: Instruction) -> tuple[str, Sequence[int]]:
    """What the builder hands to the shell, and the file offset of each of its characters."""
    lines = lines_of(dockerfile.text, instruction.body.start, instruction.body.end)
    return join(lines, dockerfile.escape)


def _opened(instruction: Instruction, joined: str) -> tuple[Opened, ...]:
    """The heredocs that an instruction begins: the builder looks for them in the whole line."""
    inner = instruction.trigger or instruction
    if inner.keyword not in _WITH_HEREDOC or inner.exec_form is not None:
        return ()
    return opened(joined)


def _exec_form(keyword: str, value: str, line: int) -> tuple[str, ...] | None:
    """The JSON array of strings, None where it is anything else (then it is the shell form).

    Raises DockerfileError for an array of other things, which builders refuse.
    """
    if keyword == "HEALTHCHECK":
        value = health_kind(value)[1]
    elif keyword not in _WITH_JSON:
        return None
    array = _json(value)
    if array is None:
        return None
    if not all(isinstance(item, str) for item in array):
        hint = "quote every item, or write the shell form"
        raise DockerfileError(
            f"{keyword} in line {line} has an array of other things than strings", hint=hint, line=line
        )
    return tuple(_LONE.sub("\ufffd", str(item)) for item in array)


def _json(value: str) -> list[object] | None:
    """The JSON array that `value` is; None where it is none."""
    value = value.lstrip(BLANK)
    if not value.startswith("["):
        return None
    try:
        array = json.loads(value, parse_constant=_no_constant, parse_int=_number, parse_float=_number)
    except ValueError:
        return None
    except RecursionError:
        return [None]
    return array if isinstance(array, list) else None


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _number(digits: str) -> float:
    """What Go reads into a float64; it refuses what none holds."""
    number = float(digits)
    if isinf(number):
        raise ValueError(digits)
    return number


def _stages(instructions: list[Instruction]) -> tuple[tuple[Stage, ...], tuple[Instruction, ...]]:
    groups: list[list[Instruction]] = []
    before: list[Instruction] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            groups.append([instruction])
        elif groups:
            groups[-1].append(instruction)
        elif instruction.keyword == "ARG":
            before.append(instruction)
        else:
            raise DockerfileError(
                f"{instruction.keyword} in line {instruction.line} comes before the first FROM",
                hint="only ARG may stand there; begin with FROM IMAGE",
                line=instruction.line,
            )
    if not groups:
        raise DockerfileError("the Dockerfile has no FROM", hint="begin with FROM IMAGE")
    return tuple(_stage(index, group) for index, group in enumerate(groups)), tuple(before)


def _stage(index: int, group: list[Instruction]) -> Stage:
    words = [word.text for word in group[0].words]
    name = words[2].lower() if len(words) == 3 else None
    return Stage(index, name, words[0], group[0].flag("platform"), tuple(group))
