"""`K=V` of a command line."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jettison.core.errors import UsageError


def pairs(items: Sequence[str], flag: str) -> dict[str, str]:
    """By name: `K=V`, or `K` alone for the value that our own environment has, as docker does it. Raises UsageError."""
    result = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not key:
            raise UsageError(f"{flag} has a value without a name", hint=f"write {flag} NAME=VALUE")
        if equals:
            result[key] = value
        elif key in os.environ:
            result[key] = os.environ[key]
        else:
            raise UsageError(f"{flag} {key} has no value, here or in the environment", hint=f"write {flag} {key}=VALUE")
    return result
