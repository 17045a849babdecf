"""Options that a call is given."""

from __future__ import annotations

from jettison.commands.model import Call
from jettison.core.values import Span
from jettison.dockerfile.edit import insert_after
from jettison.dockerfile.model import Edit
from jettison.subject import Text


def behind_name(text: Text, call: Call, options: str) -> Edit | None:
    """The options right behind the program's name; None where the text does not have the name there."""
    name = call.name or ""
    if not name or not call.exact or not call.span.of(text.dockerfile.text).startswith(f"{name} "):
        return None
    return insert_after(Span(call.span.start, call.span.start + len(name)), options)
