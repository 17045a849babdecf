"""Which files a pattern of the settings names."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern names a file: its path, the end of it, or a folder that it lies below."""
    parts = name.removeprefix("./").split("/")
    tails = ["/".join(parts[at:]) for at in range(len(parts))]
    bare = pattern.removeprefix("./").rstrip("/")
    return any(fnmatchcase(tail, bare) or fnmatchcase(tail, f"{bare}/*") for tail in tails)
