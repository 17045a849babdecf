"""Which instruction made which layer, and which layers are the base's; "not known" is a legal answer.

What needs the parser of Dockerfiles is imported when it is asked for: most images are looked at without one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jettison.align.base import GUESSED, Base, base_of, first_own_row, guessed_base
from jettison.align.builders import builders_of

if TYPE_CHECKING:
    from jettison.align.match import align
    from jettison.align.model import Alignment

__all__ = ["GUESSED", "Alignment", "Base", "align", "base_of", "builders_of", "first_own_row", "guessed_base"]
_LATER = {"align": "jettison.align.match", "Alignment": "jettison.align.model"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
