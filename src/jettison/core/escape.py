"""Hostile text made harmless: one function for each output, each total over any string, lone surrogates included.

What comes out of an image (names, logs, labels, error messages) may carry escape sequences, bidirectional
controls, line ends, markup and workflow commands. Sources: ECMA-48 (C0, C1), UAX #9 and #31 (Cf), CommonMark and
GFM (table cells), GitHub's runner `ActionCommand.cs` (the percent escapes).
"""

from __future__ import annotations

import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "\x1b": "\\e"}
# Cc controls, Cf bidi and zero-width, Cs surrogates, Co private, Cn unassigned, Zl and Zp line ends
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_CELL = {"\\": "&#92;", "|": "&#124;", "`": "&#96;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = frozenset("*_[]~#!")
_ANNOTATION = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = _ANNOTATION | {":": "%3A", ",": "%2C"}


def terminal(text: str) -> str:
    """One line without anything that moves a cursor, hides or reorders: such characters are spelled out (`\\e`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spell(c) if unicodedata.category(c) in _INVISIBLE else c for c in text)


def _spell(c: str) -> str:
    code = ord(c)
    if c in _SHORT:
        return _SHORT[c]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as `surrogateescape` keeps it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def show_path(path: bytes) -> str:
    """A file's name for people: one line, backslashes doubled, so that two names never look the same."""
    return terminal(path.decode("utf-8", "surrogateescape").replace("\\", "\\\\"))


def html(text: str) -> str:
    """Text for an element or a quoted attribute; controls are spelled out as on a terminal."""
    import html  # two thousand names of characters, for pages alone

    return html.escape(terminal(text), quote=True)


def markdown(text: str) -> str:
    """Text for a table cell or a paragraph: no markup, no HTML, no column, one line."""
    return "".join(_CELL.get(c) or (f"\\{c}" if c in _MARKUP else c) for c in terminal(text))


def annotation(text: str) -> str:
    """The message of a GitHub workflow command, what follows `::warning ...::`; it stays one line."""
    return "".join(_ANNOTATION.get(c, c) for c in terminal(text))


def annotation_property(text: str) -> str:
    """A property's value of a GitHub workflow command, as in `file=VALUE`."""
    return "".join(_PROPERTY.get(c, c) for c in terminal(text))
