"""A Dockerfile's physical lines, its directives, and instructions joined over continuations.

Behaves as moby/buildkit's `frontend/dockerfile/parser/parser.go` and `directives.go`: lines end at a line feed,
carriage returns before it belong to the ending; an escape character continues a line only where it is the last
before trailing blanks and no second one stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from jettison.core.errors import DockerfileError

# what Go's unicode.IsSpace takes for a blank; str.isspace() takes U+001C to U+001F as well
BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_DIRECTIVE = re.compile(rf"#[{BLANK}]*([a-zA-Z][a-zA-Z0-9]*)[\t\f\r ]*=[\t\f\r ]*(.+?)[\t\f\r ]*")
_DIRECTIVES = {"syntax", "escape", "check"}
_BOM = "\ufeff"
_LONGEST = 65536  # bytes of a line, its line feed included: Go's bufio.MaxScanTokenSize


class Line(NamedTuple):
    """A physical line: where it begins in the file, its text without the line ending, its 1-based number."""

    start: int
    text: str
    number: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def lines_of(text: str, start: int = 0, stop_at: int | None = None) -> list[Line]:
    """All lines from `start` up to `stop_at`; a byte order mark belongs to none.

    A text that ends in a line feed has an empty last line.
    """
    last = len(text) if stop_at is None else stop_at
    at = start + 1 if text.startswith(_BOM, start) else start
    found: list[Line] = []
    for number, line in enumerate(text[at:last].split("\n") if at <= last else (), 1):
        found.append(Line(at, line.rstrip("\r"), number))
        at += len(line) + 1
    return found


def line_at(text: str, offset: int) -> int:
    """The number of the line in which a character stands, the first being 1."""
    return text.count("\n", 0, offset) + 1


def check_lengths(text: str, lines: list[Line]) -> None:
    """Raises DockerfileError where a line is longer than the builder's buffer."""
    if len(text) < _LONGEST // 4:
        return
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        start = 0 if line.number == 1 else line.start
        end = following.start if following else len(text)
        # the last line needs room for the end of the file, too
        if 4 * (end - start) >= _LONGEST and _bytes(text[start:end]) + (following is None) > _LONGEST:
            message = f"line {line.number} is longer than {_LONGEST - 1} bytes"
            raise DockerfileError(message, hint="break it, or put it into a file of its own", line=line.number)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def directives_of(lines: list[Line]) -> tuple[list[tuple[str, str]], str]:
    """Parser directives with their values, and the escape character. Raises DockerfileError.

    They are comments of the form `# name=value` before anything else, empty lines included, each known name once.
    """
    found: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.text.lstrip(BLANK))
        if match is None or match[1].lower() not in _DIRECTIVES:
            break
        name, value = match[1].lower(), match[2]
        if name in found:
            raise DockerfileError(f"the directive {name} stands twice", hint="keep one of them", line=line.number)
        if name == "escape" and value not in ("\\", "`"):
            message = f"the escape character {value!r} is neither \\ nor `"
            raise DockerfileError(message, hint="write # escape=`", line=line.number)
        found[name] = value
    return list(found.items()), found.get("escape", "\\")


def is_blank_or_comment(content: str) -> bool:
    """Whether a line counts for nothing: between instructions, and inside a continued one."""
    stripped = content.lstrip(BLANK)
    return not stripped or stripped.startswith("#")


def continues(content: str, escape: str) -> bool:
    """Whether a line goes on in the next."""
    stripped = content.rstrip(" \t")
    return stripped.endswith(escape) and not stripped[:-1].endswith(escape)


def last_line(lines: list[Line], first: int, escape: str) -> int:
    """Index of the last physical line of the instruction that begins at `first`, heredocs left out.

    Where the file ends in a continuation, blank lines and comments behind it belong to nobody.
    """
    last = at = first
    while continues(lines[last].text, escape):
        at += 1
        while at < len(lines) and is_blank_or_comment(lines[at].text):
            at += 1
        if at >= len(lines):
            break
        last = at
    return last


def join(lines: list[Line], escape: str) -> tuple[str, Sequence[int]]:
    """An instruction's lines as the one line that the builder reads, and the file offset of each character."""
    if len(lines) == 1 and not continues(lines[0].text, escape):
        return lines[0].text, range(lines[0].start, lines[0].end)
    characters: list[str] = []
    offsets: list[int] = []
    for index, line in enumerate(lines):
        content = line.text
        if index and is_blank_or_comment(content):
            continue
        if continues(content, escape):
            content = content.rstrip(" \t")[:-1]
        characters.append(content)
        offsets.extend(range(line.start, line.start + len(content)))
    return "".join(characters), offsets
