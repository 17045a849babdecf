"""A unified diff for a terminal or a pipe."""

from __future__ import annotations

from jettison.core.escape import terminal
from jettison.report.layout import paint


def show_diff(diff: str, *, colour: bool) -> str:
    """The diff with added lines green and removed ones red.

    Tabs and the carriage return of a CRLF line end stay, so that `patch` and `git apply` still take it; what would
    move the cursor, hide or reorder is spelled out.
    """
    lines = diff.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return "".join(_shown(line, colour) + "\n" for line in lines)


def _shown(line: str, colour: bool) -> str:
    end = "\r" if line.endswith("\r") else ""
    text = "\t".join(terminal(piece) for piece in line.removesuffix("\r").split("\t"))
    return paint(text, _style(line), colour=colour) + end


def _style(line: str) -> str:
    if line.startswith(("--- ", "+++ ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan", "\\": "dim"}.get(line[:1], "")
