"""Caches that a RUN fills and does not empty, as far as the text tells; silent where it does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.commands.left import Left, Why, homely
from jettison.commands.tool import Store
from jettison.dockerfile.model import Instruction
from jettison.subject import Text

SHARED = "change it there by hand: other stages may be FROM that one, too"  # why no fix is offered
ROOT = {None, "root", "0"}


@dataclass(frozen=True)
class Filling:
    """A RUN of a stage that ships that surely leaves stores full; `own`: of the last stage, not of one it is FROM."""

    instruction: Instruction
    lefts: tuple[Left, ...]
    own: bool

    @property
    def folders(self) -> tuple[str, ...] | None:
        """Where root's files lie in the official images; None where a setting or another user put them elsewhere."""
        found = []
        for left in self.lefts:
            place, usual = left.places[0], homely(left.store.folders[0], None)
            if place != usual or (left.call.user or "root").partition(":")[0] not in ROOT:
                return None
            found.append("/root" + place[1:] if place.startswith("~") else place)
        return tuple(found)


def fillings(text: Text, *stores: Store) -> Iterator[Filling]:
    """RUNs that surely fill these and leave them so, in the order of the file, `lefts` in the order of `stores`.

    Those that a later RUN empties are not among them: `emptied_later` tells these.
    """
    asked = {store.name for store in stores}
    filled = [left for left in text.account.left if left.store.name in asked]
    if not filled:
        return
    later = {id(left) for left, _ in emptied_later(text)}
    own = {id(each) for each in text.stage.instructions}
    of_run: dict[int, dict[str, Left]] = {}
    for left in filled:
        if id(left) not in later and is_sure(text, left):
            of_run.setdefault(id(left.run), {}).setdefault(left.store.name, left)
    for run in text.shipped:
        lefts = of_run.get(id(run), {})
        found = tuple(lefts[store.name] for store in stores if store.name in lefts)
        if found:
            yield Filling(run.instruction, found, id(run.instruction) in own)


def emptied_later(text: Text) -> Iterator[tuple[Left, Instruction]]:
    """What a RUN surely leaves, and the first RUN behind it that surely empties it, in a layer of its own.

    Nothing of a store that the base image may empty by a hook.
    """
    for dead in text.account.dead:
        if dead.why is Why.LATER and dead.call.certain:
            yield from ((left, dead.run.instruction) for left in dead.lefts if _stays(text, left))


def _stays(text: Text, left: Left) -> bool:
    return not left.store.hook and is_sure(text, left)


def is_sure(text: Text, left: Left) -> bool:
    """Whether nothing that the text does not tell can have kept the RUN from leaving it where it is said to be."""
    return left.call.certain and left.doubt is None and not _is_elsewhere(text, left.store)


def _is_elsewhere(text: Text, store: Store) -> bool:
    """Whether the Dockerfile mentions what may put a store elsewhere."""
    dockerfile, mark = text.dockerfile, store.otherwise
    return bool(mark) and dockerfile.once(("elsewhere", mark), lambda: re.search(mark, dockerfile.text) is not None)
