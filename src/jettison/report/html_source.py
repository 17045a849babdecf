"""Sources and unified diffs as HTML: every line as it is, what would hide or reorder spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.core.escape import html
from jettison.report.html_markup import Markup, tag
from jettison.report.words import plural

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ELEMENTS = {"added": "ins", "removed": "del", "hunk": "i", "head": "b", "note": "i"}


def source(text: str) -> Markup:
    """A text in `pre`."""
    return _pre([_line(line) for line in _lines(text)])


def diff_source(diff: str) -> Markup:
    """A unified diff in `pre`: `ins` what came, `del` what went."""
    return _pre([_coloured(kind, line) for kind, line in diff_lines(diff)])


def diff_counts(diff: str) -> str:
    """`2 lines added, 1 removed`."""
    kinds = [kind for kind, _ in diff_lines(diff)]
    added, removed = kinds.count("added"), kinds.count("removed")
    return f"{added} {plural(added, 'line')} added, {removed} removed"


def diff_lines(diff: str) -> Iterator[tuple[str, str]]:
    """Each line and its kind: head, hunk, added, removed, same or note.

    A hunk's own counts tell its lines from the next file's head: a removed line may begin with `-- ` (POSIX diff -u,
    "Diff -u Output Format").
    """
    old = new = 0
    for line in _lines(diff):
        hunk = _HUNK.match(line)
        if old <= 0 and new <= 0 and hunk:
            old, new = (1 if count is None else int(count) for count in hunk.groups())
            yield "hunk", line
        elif line.startswith("\\"):
            yield "note", line
        elif old <= 0 and new <= 0:
            yield "head", line
        elif line.startswith("+"):
            new -= 1
            yield "added", line
        elif line.startswith("-"):
            old -= 1
            yield "removed", line
        else:
            old, new = old - 1, new - 1
            yield "same", line


def _lines(text: str) -> list[str]:
    """Lines at line feeds only, as in `core.diff`; one at the very end opens no further line."""
    pieces = text.split("\n")
    return pieces if pieces[-1] else pieces[:-1]


def _pre(rows: list[Markup]) -> Markup:
    # the line feed belongs to `code`: one that comes right after `<pre>` would be dropped (HTML, "The pre element")
    return tag("pre", tag("code", Markup("".join(row.text + "\n" for row in rows))))


def _coloured(kind: str, line: str) -> Markup:
    name = _ELEMENTS.get(kind)
    return tag(name, _line(line)) if name else _line(line)


def _line(line: str) -> Markup:
    """Tabs stay; the carriage return of a CRLF line end is told beside the line, and not copied with it."""
    end = Markup('<span class="end">\\r</span>') if line.endswith("\r") else Markup("")
    return Markup("\t".join(html(piece) for piece in line.removesuffix("\r").split("\t"))) + end
