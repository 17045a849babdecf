"""What is volatile everywhere, masked: dates, ids, addresses. Plain numbers are masked in logs only."""

from __future__ import annotations

import re

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_PATTERNS = (
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
    (r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z\b|[+-]\d\d:?\d\d\b))?", "<date>"),
    (rf"{_DAY},? \d{{1,2}}[ -]{_MONTH}[ -]\d{{2,4}} \d\d:\d\d:\d\d(?: ?(?:GMT|UTC|[+-]\d{{4}}))?", "<date>"),
    (rf"{_DAY} {_MONTH} +\d{{1,2}} \d\d:\d\d:\d\d(?: [A-Z]{{3,4}})? \d{{4}}", "<date>"),
    (rf"\d{{1,2}}/{_MONTH}/\d{{4}}[: ]\d\d:\d\d:\d\d(?: [+-]\d{{4}})?", "<date>"),
    (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "<uuid>"),
    (r"\b0x[0-9a-fA-F]+\b", "<address>"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b|\b(?=[0-9A-F]*\d)[0-9A-F]{12,}\b", "<hex>"),
    (r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)", "<ip>"),
)
_COMPILED = tuple((re.compile(pattern), mask) for pattern, mask in _PATTERNS)
LINE = 400  # characters kept of a line
_DIGITS = re.compile(r"\d+")


def normalise(text: str) -> str:
    """`text` with what differs from start to start by nature replaced by its name."""
    for pattern, mask in _COMPILED:
        text = pattern.sub(mask, text)
    return text


def log_lines(*streams: bytes) -> dict[str, str]:
    """Lines of a log that differ in more than digits and what `normalise` masks: masked -> as first printed."""
    seen: dict[str, str] = {}
    for stream in streams:
        for line in stream.decode("utf-8", "replace").splitlines():
            masked = _DIGITS.sub("#", normalise(line)).strip()
            if masked:
                seen.setdefault(masked[:LINE], line.strip()[:LINE])
    return seen
