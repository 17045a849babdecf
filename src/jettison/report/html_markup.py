"""HTML put together so that nothing from outside becomes markup: a `str` is text, only `Markup` is HTML.

Every character that did not come from this program passes `core.escape.html`, here and in `html_source`, nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from jettison.core.escape import html


@dataclass(frozen=True)
class Markup:
    """What is HTML already."""

    text: str

    def __add__(self, other: Markup) -> Markup:
        return Markup(self.text + other.text)


Piece = str | Markup
NOTHING = Markup("")


def tag(element: str, /, *pieces: Piece, **attributes: str | int | None) -> Markup:
    """An element with its content; attributes are written `class_`, `aria_label`, and left out where None."""
    return Markup(f"{opened(element, **attributes).text}{joined(*pieces).text}</{element}>")


def opened(element: str, /, **attributes: str | int | None) -> Markup:
    """A start tag alone, which is the whole of an element such as `meta`."""
    written = [f' {_name(key)}="{html(str(value))}"' for key, value in attributes.items() if value is not None]
    return Markup(f"<{element}{''.join(written)}>")


def joined(*pieces: Piece, between: str = "") -> Markup:
    """The pieces one after the other, text escaped."""
    return Markup(html(between).join(_written(piece) for piece in pieces))


def lines(*pieces: Piece) -> Markup:
    """The pieces, each on a line of the file."""
    return Markup("\n".join(_written(piece) for piece in pieces))


def _written(piece: Piece) -> str:
    return piece.text if isinstance(piece, Markup) else html(piece)


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")
