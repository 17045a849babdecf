"""What is wrong with an image, a line a fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jettison.core.escape import terminal
from jettison.image.model import Image
from jettison.image.validate import Fault
from jettison.report.counts import plural
from jettison.report.layout import paint, wrap


def validation_text(image: Image, faults: Sequence[Fault], *, width: int, colour: bool) -> str:
    """The faults in lines of at most `width` columns, the verdict last."""
    return "\n".join(_lines(image, faults, width, colour)) + "\n"


def _lines(image: Image, faults: Sequence[Fault], width: int, colour: bool) -> Iterator[str]:
    for each in faults:
        level = paint("wrong" if each.must else "advice", "red" if each.must else "yellow", colour=colour)
        yield f"{level}  {terminal(each.where)}"
        for line in wrap(terminal(each.message), width - 4):
            yield f"    {line}"
        yield "    " + paint(each.section, "dim", colour=colour)
    wrong = sum(each.must for each in faults)
    if wrong:
        yield f"{wrong} {plural(wrong, 'fault')} in {terminal(str(image.reference))}"
        return
    layers = len(image.layers)
    told = f"{terminal(str(image.reference))} is as its specification asks"
    manifest = "manifest, " if image.documents is not None and image.documents.manifest else ""
    yield f"{told}: {manifest}config, {layers} {plural(layers, 'layer')}, all bytes"
