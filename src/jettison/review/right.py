"""What needs no build to be known right, made right: until nothing of it is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jettison.core.errors import DockerfileError
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import encode, parse
from jettison.review.look import look
from jettison.review.model import Remark, Reviewed, Settings, Source

_ROUNDS = 200  # changes of one file; each takes a smell away, so that a file ends long before


@dataclass(frozen=True)
class Righted:
    """A file before and after: the changes made, in their order, and what is still found."""

    before: str
    after: str
    made: tuple[Remark, ...]
    left: Reviewed


def put_right(source: Source, settings: Settings) -> Righted | None:
    """The file with every sure fix made, one at a time; None where it does not parse. Raises UsageError."""
    seen = look(source, settings)
    before = seen.text
    if before is None:
        return None
    made: list[Remark] = []
    text = before
    while len(made) < _ROUNDS:
        gravest = sorted(seen.remarks, key=lambda each: each.severity.rank)  # what is misspelled, before what misses it
        changed = next((found for each in gravest if each.sure and (found := _made(text, each))), None)
        if changed is None:
            break
        text, remark = changed
        made.append(remark)
        seen = look(replace(source, data=encode(text)), settings)
    return Righted(before, text, tuple(made), replace(seen, source=source))


def _made(text: str, remark: Remark) -> tuple[str, Remark] | None:
    """The text with one fix made; None where that would leave nothing that parses, or nothing new."""
    assert remark.fix is not None
    changed = apply(text, remark.fix.edits)
    try:
        parse(changed)
    except DockerfileError:
        return None
    return (changed, remark) if changed != text else None
