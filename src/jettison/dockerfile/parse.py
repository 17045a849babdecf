"""Text -> Dockerfile, without loss.

Behaves as moby/buildkit's `frontend/dockerfile/parser/parser.go` and `instructions/parse.go`: directives only at
the top, `#` lines dropped inside continuations, empty lines inside continuations tolerated, heredocs of RUN, COPY
and ADD, JSON forms that do not parse taken as shell forms.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches

from jettison.core.errors import DockerfileError
from jettison.core.values import Span
from jettison.dockerfile.model import Dockerfile, Flag, Heredoc, Instruction, Stage, Word

KEYWORDS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
_WITH_FLAGS = {"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"}
_WITH_HEREDOC = {"ADD", "COPY", "RUN"}
_WITH_JSON = {"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"}
_DIRECTIVE = re.compile(r"^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"(?<![<0-9A-Za-z_])\d*<<(-?)(['\"]?)([a-zA-Z_][a-zA-Z0-9_]*)\2")
_FLAG = re.compile(r"--([a-zA-Z][a-zA-Z0-9-]*)(?:=((?:\"[^\"]*\"|'[^']*'|\\.|[^\s\\])*))?(?=\s|$)")


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


@dataclass(frozen=True)
class _Line:
    """A physical line: its span without the line ending, 1-based number."""

    span: Span
    number: int


def parse(text: str) -> Dockerfile:
    """The Dockerfile that `text` is. Raises DockerfileError with the line."""
    lines = _lines(text)
    directives, escape = _directives(text, lines)
    instructions = list(_instructions(text, lines, escape))
    if not instructions:
        raise DockerfileError("the Dockerfile has no instruction", hint="it must begin with FROM IMAGE")
    stages, global_args = _stages(instructions)
    return Dockerfile(text, escape, tuple(directives), tuple(instructions), stages, global_args)


def _lines(text: str) -> list[_Line]:
    lines, start, number = [], 1 if text.startswith("\ufeff") else 0, 1
    while start <= len(text):
        end = text.find("\n", start)
        stop = len(text) if end < 0 else end
        lines.append(_Line(Span(start, stop - 1 if stop > start and text[stop - 1] == "\r" else stop), number))
        if end < 0:
            break
        start, number = end + 1, number + 1
    return lines


def _directives(text: str, lines: list[_Line]) -> tuple[list[tuple[str, str]], str]:
    """Parser directives: comments of the form `# name=value` before anything else, each known name once."""
    found: list[tuple[str, str]] = []
    for line in lines:
        match = _DIRECTIVE.match(line.span.of(text))
        if match is None or match[1].lower() not in {"syntax", "escape", "check"}:
            break
        name = match[1].lower()
        if name in dict(found):
            raise DockerfileError(f"the directive {name} stands twice", hint="keep one of them", line=line.number)
        found.append((name, match[2]))
    escape = dict(found).get("escape", "\\")
    if escape not in ("\\", "`"):
        raise DockerfileError(f"the escape character {escape!r} is neither \\ nor `", hint="write # escape=`", line=1)
    return found, escape


def _instructions(text: str, lines: list[_Line], escape: str) -> list[Instruction]:
    found, at = [], 0
    while at < len(lines):
        stripped = lines[at].span.of(text).strip()
        if not stripped or stripped.startswith("#"):
            at += 1
            continue
        last = _last_line(text, lines, at, escape)
        instruction, at = _instruction(text, lines, (at, last), escape)
        found.append(instruction)
    return found


def _continues(content: str, escape: str) -> bool:
    """Whether a line goes on in the next: its last character before trailing blanks is the escape character."""
    return content.rstrip(" \t").endswith(escape)


def _last_line(text: str, lines: list[_Line], first: int, escape: str) -> int:
    """Index of the last physical line of the instruction that begins at `first`, heredocs left out."""
    last = at = first
    while _continues(lines[last].span.of(text), escape):
        at += 1
        while at < len(lines) and _is_blank_or_comment(lines[at].span.of(text)):
            at += 1
        if at >= len(lines):
            break
        last = at
    return last


def _is_blank_or_comment(content: str) -> bool:
    stripped = content.strip()
    return not stripped or stripped.startswith("#")


def _instruction(text: str, lines: list[_Line], place: tuple[int, int], escape: str) -> tuple[Instruction, int]:
    first, last = place
    content = lines[first].span.of(text)
    start = lines[first].span.start + len(content) - len(content.lstrip())
    match = re.match(r"\S+", text[start : lines[first].span.end])
    assert match is not None
    keyword, number = match[0].upper(), lines[first].number
    if keyword not in KEYWORDS:
        near = get_close_matches(keyword, KEYWORDS, 1)
        raise DockerfileError(
            f"unknown instruction {match[0]} in line {number}",
            hint=f"did you mean {near[0]}?" if near else "see the Dockerfile reference for the instructions there are",
            line=number,
        )
    end = lines[last].span.end
    # what the parser reads, with the file offset of each character
    joined, offsets = _join(text, lines[first : last + 1], start + len(match[0]), escape)
    flags, after = _flags(joined, offsets, keyword, text)
    body_start = offsets[after] if after < len(offsets) else end
    heredocs, following = _heredocs(text, lines, (keyword, joined[after:]), last + 1)
    value = joined[after:].strip()
    if not value and keyword != "RUN":
        raise DockerfileError(
            f"{keyword} in line {number} has no argument", hint="complete it or remove it", line=number
        )
    if not value and not heredocs:
        raise DockerfileError(
            f"{keyword} in line {number} has no command", hint="complete it or remove it", line=number
        )
    instruction = Instruction(
        keyword=keyword,
        span=Span(start, heredocs[-1].span.end if heredocs else end),
        line=number,
        end_line=lines[following - 1].number if heredocs else lines[last].number,
        flags=flags,
        body=Span(body_start, end),
        value=value,
        words=_words(joined, offsets, after, escape),
        exec_form=_exec_form(value) if keyword in _WITH_JSON or _is_health_cmd(keyword, value) else None,
        heredocs=heredocs,
    )
    return instruction, following


def _join(text: str, lines: list[_Line], start: int, escape: str) -> tuple[str, list[int]]:
    """The instruction's arguments as one line, and the file offset of each of its characters."""
    characters: list[str] = []
    offsets: list[int] = []
    for index, line in enumerate(lines):
        begin = start if index == 0 else line.span.start
        content = text[begin : line.span.end]
        if index and _is_blank_or_comment(content):
            continue
        if index < len(lines) - 1 or _continues(content, escape):
            content = content.rstrip(" \t")[: -len(escape)]
        characters.append(content)
        offsets.extend(range(begin, begin + len(content)))
    return "".join(characters), offsets


def shell_text(dockerfile: Dockerfile, instruction: Instruction) -> tuple[str, list[int]]:
    """What the builder hands to the shell, and the file offset of each of its characters."""
    lines = _lines(dockerfile.text)
    own = [line for line in lines if instruction.line <= line.number <= instruction.end_line]
    return _join(dockerfile.text, own, instruction.body.start, dockerfile.escape)


def _flags(joined: str, offsets: list[int], keyword: str, text: str) -> tuple[tuple[Flag, ...], int]:
    """`--name=value` at the front, and the index in `joined` at which the arguments begin."""
    at = 0
    found: list[Flag] = []
    while True:
        blank = re.match(r"\s*", joined[at:])
        assert blank is not None
        at += blank.end()
        match = _FLAG.match(joined, at) if keyword in _WITH_FLAGS else None
        if match is None or not match[0]:
            return tuple(found), at
        found.append(Flag(match[1], match[2], Span(offsets[match.start()], offsets[match.end() - 1] + 1)))
        at = match.end()


def _heredocs(text: str, lines: list[_Line], what: tuple[str, str], at: int) -> tuple[tuple[Heredoc, ...], int]:
    """Heredoc bodies that follow, and the index of the line after them."""
    keyword, value = what
    if keyword not in _WITH_HEREDOC or "<<" not in value:
        return (), at
    found = []
    for match in _HEREDOC.finditer(value):
        if _quoted(value, match.start()):
            continue
        chomp, name = bool(match[1]), match[3]
        first = at
        while at < len(lines) and (lines[at].span.of(text).lstrip("\t") if chomp else lines[at].span.of(text)) != name:
            at += 1
        if at >= len(lines):
            raise DockerfileError(
                f"the heredoc {name} has no end", hint=f"add a line with {name} alone", line=lines[-1].number
            )
        begin = lines[first].span.start
        found.append(
            Heredoc(name, not match[2], chomp, Span(begin, lines[at].span.start), Span(begin, lines[at].span.end))
        )
        at += 1
    return tuple(found), at


def _quoted(value: str, index: int) -> bool:
    """Whether a position lies inside quotes."""
    quote = ""
    for position, character in enumerate(value[:index]):
        if quote:
            if character == quote and (quote == "'" or value[position - 1] != "\\"):
                quote = ""
        elif character in "'\"" and (position == 0 or value[position - 1] != "\\"):
            quote = character
    return bool(quote)


def _words(joined: str, offsets: list[int], start: int, escape: str) -> tuple[Word, ...]:
    """Arguments split at blanks outside quotes."""
    words, at = [], start
    while at < len(joined):
        if joined[at].isspace():
            at += 1
            continue
        begin, quote = at, ""
        while at < len(joined) and (quote or not joined[at].isspace()):
            character = joined[at]
            if character == escape and quote != "'" and at + 1 < len(joined):
                at += 1
            elif quote and character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            at += 1
        at = min(at, len(joined))
        words.append(Word(joined[begin:at], Span(offsets[begin], offsets[at - 1] + 1)))
    return tuple(words)


def _is_health_cmd(keyword: str, value: str) -> bool:
    return keyword == "HEALTHCHECK" and value[:3].upper() == "CMD"


def _exec_form(value: str) -> tuple[str, ...] | None:
    """The JSON array of strings, None where it is anything else (then it is the shell form)."""
    if value[:3].upper() == "CMD":
        value = value[3:].lstrip()
    if not value.startswith("["):
        return None
    try:
        array = json.loads(value)
    except ValueError:
        return None
    if isinstance(array, list) and all(isinstance(item, str) for item in array):
        return tuple(array)
    return None


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
    first = group[0]
    words = [word.text for word in first.words]
    named = len(words) == 3 and words[1].upper() == "AS"
    if not (len(words) == 1 or named):
        raise DockerfileError(
            f"FROM in line {first.line} takes an image, or IMAGE AS NAME",
            hint=f"found: FROM {first.value}",
            line=first.line,
        )
    name = words[2].lower() if named else None
    if name is not None and not re.fullmatch(r"[a-z][a-z0-9._-]*", name):
        raise DockerfileError(f"{words[2]} is no name for a stage", hint="letters, digits, . _ -", line=first.line)
    return Stage(index, name, words[0], first.flag("platform"), tuple(group))
