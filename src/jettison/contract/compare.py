"""What of a body stays the same, learnt from samples; and whether another body still has it.

In this order: equal bytes; equal once normalised; equal outside the parts that moved among the samples; else status
and type only. False alarms are worse than a missed word here: what moved once is never compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from jettison.contract.normalise import normalise

VOLATILE_SHARE = 0.30
TOKEN_LIMIT = 20_000
TEXT_LIMIT = 16_384  # characters kept to show a difference with
_CELLS = 4_000_000  # alignment is quadratic: more than this is one part that moved
_SHORTEST = 16  # a steady run between two moving parts that is shorter is chance
_TOKEN = re.compile(r"\w[\w.+/=-]*|\s+|[^\w\s]")
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml", "image/svg")
_GAP = "\0"


def is_text(content_type: str, body: bytes) -> bool:
    """Whether a body is compared as text."""
    if content_type.startswith(_TEXT_TYPES) or content_type.endswith(("+json", "+xml")):
        return True
    if content_type:
        return False
    return b"\0" not in body[:4096]


def learn(samples: Sequence[bytes], *, text: bool = True) -> dict[str, Any]:
    """How to compare with these samples of one body, as a JSON value.

    `compare` is exact, normalised, mask (`parts`: texts that come in this order), size or none.
    """
    first = samples[0]
    if all(sample == first for sample in samples):
        return {"compare": "exact", "sha256": _digest(first)} | (_as_text(first) if text else {})
    if not text:
        sizes = {len(sample) for sample in samples}
        return {"compare": "size", "size": sizes.pop()} if len(sizes) == 1 else {"compare": "none"}
    texts = [normalise(sample.decode("utf-8", "replace")) for sample in samples]
    if all(one == texts[0] for one in texts):
        return {"compare": "normalised"} | _as_text(first)
    lengths = sorted(map(len, texts))
    if lengths[-1] * (1 - VOLATILE_SHARE) > lengths[0]:
        return {"compare": "none"}
    parts = _steady(texts)
    return {"compare": "none"} if parts is None else {"compare": "mask", "parts": parts}


def _as_text(body: bytes) -> dict[str, Any]:
    text = normalise(body.decode("utf-8", "replace"))
    return {"normal": _digest(text.encode())} | ({"text": text} if len(text) <= TEXT_LIMIT else {})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _steady(texts: Sequence[str]) -> list[str] | None:
    """The texts between the parts that moved; None where more than 30 % of the tokens moved."""
    tokens = [_TOKEN.findall(text) for text in texts]
    if max(map(len, tokens)) > TOKEN_LIMIT:
        return None
    first = tokens[0]
    steady = [True] * len(first)
    gap_before = [False] * (len(first) + 1)
    for other in tokens[1:]:
        for start, end, inserted in _moved(first, other):
            steady[start:end] = [False] * (end - start)
            if inserted:
                gap_before[start] = True
    if steady.count(False) > VOLATILE_SHARE * len(first):
        return None
    pieces: list[str] = []
    for index, token in enumerate(first):
        if gap_before[index] or not steady[index]:
            pieces.append(_GAP)
        if steady[index]:
            pieces.append(token)
    if gap_before[len(first)]:
        pieces.append(_GAP)
    parts = re.split(f"{_GAP}+", "".join(pieces))
    inner = [part for part in parts[1:-1] if len(part.strip()) >= _SHORTEST]
    return [parts[0], *inner, parts[-1]]


def _moved(one: list[str], other: list[str]) -> list[tuple[int, int, bool]]:
    """Ranges of `one` that differ from `other`; True where `other` has something there too."""
    head = 0
    while head < min(len(one), len(other)) and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    if not left and not right:
        return []
    if len(left) * len(right) > _CELLS:
        return [(head, len(one) - tail, bool(right))]
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [(head + a, head + b, d > c) for tag, a, b, c, d in blocks if tag != "equal"]


def difference(expected: dict[str, Any], body: bytes) -> str:
    """Empty where the body still has what was learnt, else what is missing, for people."""
    match expected.get("compare"):
        case "exact" | "normalised":
            if _digest(body) == expected.get("sha256"):
                return ""
            if "normal" not in expected:
                return f"the content differs ({len(body)} bytes)"
            text = normalise(body.decode("utf-8", "replace"))
            return "" if _digest(text.encode()) == expected["normal"] else _first_difference(expected, text)
        case "mask":
            return _missing_part(expected["parts"], normalise(body.decode("utf-8", "replace")))
        case "size":
            return "" if len(body) == expected["size"] else f"{len(body)} bytes, were {expected['size']}"
        case "contains":
            wanted = expected["text"]
            return "" if wanted in body.decode("utf-8", "replace") else f"does not contain {_short(wanted)}"
    return ""


def _missing_part(parts: Sequence[str], text: str) -> str:
    """Parts are looked for leftmost first: with gaps of any length that finds them whenever they are there."""
    first, last = parts[0], parts[-1]
    if not text.startswith(first):
        return f"does not begin with {_short(first)}"
    at = len(first)
    for part in parts[1:-1]:
        found = text.find(part, at)
        if found < 0:
            return f"lacks {_short(part)}"
        at = found + len(part)
    if len(text) - at < len(last) or not text.endswith(last):
        return f"does not end with {_short(last[-80:])}"
    return ""


def _first_difference(expected: dict[str, Any], text: str) -> str:
    before = expected.get("text")
    if before is None:
        return f"the text differs ({len(text)} characters)"
    old, new = before.splitlines(), text.splitlines()
    for index in range(max(len(old), len(new))):
        was = _short(old[index]) if index < len(old) else "not there"
        now = _short(new[index]) if index < len(new) else "not there"
        if old[index : index + 1] != new[index : index + 1]:
            return f"line {index + 1} is {now}, was {was}"
    return "the line ends differ"


def _short(text: str, limit: int = 80) -> str:
    line = " ".join(text.split())
    return f"'{line[:limit]}...'" if len(line) > limit else f"'{line}'"
