"""A unified diff of one file applied by the letter of the format (POSIX.1-2017 `diff -u`, `patch`), strictly."""

from __future__ import annotations

import re

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def apply_patch(old: bytes, patch: bytes) -> bytes:
    """The new file; AssertionError where a hunk does not fit exactly."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+", old)
    result: list[bytes] = []
    at = 0
    previous = b""
    for line in re.findall(rb"[^\n]*\n|[^\n]+", patch):
        hunk = _HUNK.match(line)
        if line.startswith((b"--- ", b"+++ ")):
            continue
        if hunk:
            start = int(hunk[1]) - (hunk[2] != b"0")
            result += lines[at:start]
            at = start
        elif line.startswith(b"\\"):
            if not previous.startswith(b"-"):  # else it is the old file's last line that has no newline
                result[-1] = result[-1].removesuffix(b"\n")
        elif line.startswith(b"+"):
            result.append(line[1:])
        else:
            assert lines[at].removesuffix(b"\n") == line[1:].removesuffix(b"\n"), (lines[at], line)
            if line.startswith(b" "):
                result.append(lines[at])
            at += 1
        previous = line
    return b"".join(result + lines[at:])
