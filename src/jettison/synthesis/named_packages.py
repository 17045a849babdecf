"""Packages of a distribution that RUNs install by their names, and that stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from jettison.commands.model import Run
from jettison.commands.tables.all import SYSTEM
from jettison.commands.tool import Action
from jettison.subject import Text


@dataclass(frozen=True)
class Named:
    """A package by its name, the RUN that asks for it first, and the manager (apt, apk, dnf, zypper)."""

    name: str
    run: Run
    manager: str


def staying(text: Text, names: Collection[str]) -> tuple[Named, ...]:
    """Those of these packages that a RUN which ships installs and none may remove, in the order of the file.

    They are removed by name, by the name of apk's `--virtual` that they came with, or by words that are not known.
    """
    found: dict[str, Named] = {}
    groups: dict[str, set[str]] = defaultdict(set)
    removed: set[str] = set()
    for run, call in text.managed:
        if call.tool.name not in SYSTEM or not text.ships(run):
            continue
        asked = [each.name for each in call.packages]
        if call.action is Action.INSTALL:
            mine = [name for name in asked if name in names]
            for name in mine:
                found.setdefault(name, Named(name, run, call.tool.name))
            group = call.value("-t", "--virtual") if call.tool.name == "apk" else None
            groups[group or ""].update(mine)
        elif call.action is Action.REMOVE:
            removed.update(found if call.unknown else asked, *(groups.get(name, ()) for name in asked))
    return tuple(each for name, each in found.items() if name not in removed)
