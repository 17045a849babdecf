"""Answers about source texts, given once: the versions of one image have most of their files in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")
_MOST = 20_000  # answers of one function: five trees of as many sources as are read of one


def once_a_text(
    function: Callable[Concatenate[str, _P], _T],
) -> Callable[Concatenate[str, _P], _T]:
    """The same function, which reads no text twice with the same arguments.

    Kept are the texts' digests (BLAKE2b, 16 bytes), not the texts, which may be a megabyte each. For pure functions
    whose answers nobody changes.
    """
    known: dict[object, _T] = {}

    @wraps(function)
    def answer(source: str, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        digest = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        key = digest, args, tuple(sorted(kwargs.items()))
        if key not in known:
            if len(known) >= _MOST:
                known.clear()
            known[key] = function(source, *args, **kwargs)
        return known[key]

    return answer
