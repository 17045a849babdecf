"""Files of a context that look like secrets, and the instructions that copy them into an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jettison.context.copies import Taken
from jettison.context.sensitive import Sensitive, sensitive
from jettison.context.walk import Context


@dataclass(frozen=True)
class Secret:
    """What looks like a secret and is let through, and the COPYs and ADDs that take it, or some of a directory."""

    found: Sensitive
    copied_by: tuple[Taken, ...]


def secrets_of(context: Context, takings: Sequence[Taken]) -> tuple[Secret, ...]:
    """All that look so, those that are copied into the image first. A bind mount of a RUN copies nothing."""
    copied = [each for each in takings if each.instruction.keyword != "RUN"]
    found = []
    for each in sensitive(context):
        inside = {entry.path for entry in context.below(each.path)} | {each.path}
        found.append(Secret(each, tuple(taken for taken in copied if not taken.paths.isdisjoint(inside))))
    return tuple(sorted(found, key=lambda secret: (not secret.copied_by, secret.found.path)))
