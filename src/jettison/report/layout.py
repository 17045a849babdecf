"""Text laid out in columns of a terminal: width, wrapping, padding, bars, colour.

Widths: Unicode Standard Annex #11 (wide and full-width characters take two columns, combining marks none).
Colours: the eight of ECMA-48 SGR, so that each terminal's own theme decides how they look.
"""

from __future__ import annotations

import unicodedata

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_EIGHTHS = " ▏▎▍▌▋▊▉"
ELLIPSIS = "…"


def columns(text: str) -> int:
    """How many columns a terminal takes for `text`, which is already free of control characters."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(c) for c in text)


def _columns_of(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns; what is missing at its end is told by an ellipsis."""
    if columns(text) <= width:
        return text
    head = _split(text, width - 1, least=0)[0]
    return head + ELLIPSIS if width > 0 else ""


def cut_front(text: str, width: int) -> str:
    """As `cut`, for paths: the end is what tells them apart."""
    if columns(text) <= width:
        return text
    tail = text
    while tail and columns(tail) > max(width - 1, 0):
        tail = tail[1:]
    return ELLIPSIS + tail if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled with blanks to `width` columns; `right`: aligned at its right end."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def wrap(text: str, width: int, *, most: int = 0) -> list[str]:
    """`text` in lines of at most `width` columns, broken at blanks, within a word only where it must be.

    With `most`, at most so many lines; the last one then ends with an ellipsis. Never an empty list.
    """
    lines, line = [], ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while columns(word) > width:
            head, word = _split(word, width, least=1)
            lines.append(head)
        line = word
    if line or not lines:
        lines.append(line)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + ELLIPSIS, width)]
    return lines


def _split(word: str, width: int, *, least: int) -> tuple[str, str]:
    """As many characters as fit, but at least so many; and the rest."""
    taken = 0
    for index, c in enumerate(word):
        taken += _columns_of(c)
        if taken > width and index >= least:
            return word[:index], word[index:]
    return word, ""


def bar(part: int, whole: int, width: int) -> str:
    """`part` of `whole` as a bar padded to `width` columns, to an eighth of a column; a sliver for what is not 0."""
    if whole <= 0 or part <= 0:
        return " " * width
    eighths = max(1, min(part * width * 8 // whole, width * 8))
    full, rest = divmod(eighths, 8)
    return pad("█" * full + _EIGHTHS[rest].strip(), width)


def paint(text: str, style: str, *, colour: bool) -> str:
    """`text` in a style ("bold", "dim", "green" ...); as it is without colour."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and text and style else text
