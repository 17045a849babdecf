"""The past of a path for a terminal: the answer first, then layer by layer."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.core.escape import terminal
from jettison.core.units import show_bytes
from jettison.documents.provenance import Provenance
from jettison.image.model import Kind
from jettison.image.past import Change, Past
from jettison.report.image_words import instruction
from jettison.report.layout import columns, cut, pad, paint, wrap
from jettison.report.why_words import shown, told, verdict

NARROWEST = 40  # columns
_STYLES = {Change.REMOVED: "red", Change.HIDDEN: "red", Change.ADDED: "green"}


def why_text(past: Past, made: Provenance, names: tuple[str, str], *, width: int, colour: bool) -> str:
    """The report in lines of at most `width` columns; `names` are those of the image and of its Dockerfile."""
    image, dockerfile = names
    width = max(width, NARROWEST)
    lines = [paint(line, "bold", colour=colour) for line in wrap(verdict(past), width)]
    for link, target in past.through:
        lines += wrap(f"{shown(link)} is a symbolic link to {shown(target)}: this is {shown(past.real)}", width)
    if made.reason:
        lines += wrap(f"no lines of {terminal(dockerfile)} are known: {terminal(made.reason)}", width)
    lines += ["", *_events(past, made, dockerfile, width, colour)]
    if past.target is not None:
        lines += ["", *wrap(f"what it leads to: jettison why {terminal(image)} {shown(past.target)}", width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _events(past: Past, made: Provenance, dockerfile: str, width: int, colour: bool) -> Iterator[str]:
    digits = max((len(str(event.layer)) for event in past.events), default=1)
    several = len({event.path for event in past.events}) > 1
    for event in past.events:
        size = show_bytes(event.size) if event.size or _has_bytes(event.entry) else ""
        head = f"  {event.layer:>{digits}}  {pad(event.change.value, 8)}  {pad(size, 10, right=True)}  "
        text = (f"{shown(event.path)}: " if several else "") + told(event)
        style = _STYLES.get(event.change, "yellow")
        for at, line in enumerate(wrap(text, width - columns(head))):
            yield (paint(head, style, colour=colour) if at == 0 else " " * columns(head)) + line
        indent = " " * (4 + digits)
        yield indent + paint(cut(_maker(made, event.layer, dockerfile), width - len(indent)), "dim", colour=colour)


def _maker(made: Provenance, layer: int, dockerfile: str) -> str:
    """The instruction behind a layer: as the Dockerfile has it, with its line, else as the history tells it."""
    if layer in made.lines:
        return terminal(f"{dockerfile}:{made.lines[layer]}  {made.written[layer]}")
    text = instruction(made.created_by[layer])
    if layer in made.together:
        first, last = made.together[layer]
        return terminal(f"{dockerfile}:{first}-{last}  {text}")
    return terminal(text)


def _has_bytes(entry: object) -> bool:
    return getattr(entry, "kind", None) is Kind.FILE
