"""A clean that frees nothing."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.left import Dead, Why
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "cleaned-in-vain"


@text_rule("JT113")
def cleaned_in_vain(text: Text) -> Iterator[Finding]:
    """A clean stands before what it should clean, empties a mount, or removes packages of an earlier RUN.

    **What it costs.** What it was meant to free. An `rm` in front of `apt-get update` finds nothing yet; a cache mount
    is in no layer, and emptied it makes the next build fetch all again; packages that an earlier RUN installed still
    ship in its layer when a later one purges them.

    **The fix** is yours: put the clean behind the last command that writes there, leave the mount as it is, or install,
    use and purge in one RUN. What an `rm` of another RUN leaves is told by deleted-in-a-later-layer.

    **Safety.** Told, never applied. Only the stage that ships is looked at.

    ```dockerfile bad
    FROM debian:bookworm
    RUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y --no-install-recommends curl
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
    ```
    """
    kept = set()
    for dead in text.account.dead:
        told = _told(text, dead)
        if told is not None and (told[0], dead.run.instruction.line) not in kept:
            kept.add((told[0], dead.run.instruction.line))
            yield Finding(NAME, told[0], dead.run.instruction, 0, refusal=told[1])


def _told(text: Text, dead: Dead) -> tuple[str, str] | None:
    """What is wrong, and what to do; None where another rule tells."""
    line = dead.run.instruction.line
    if dead.packages:
        names = ", ".join(dead.packages[:3]) + (" and more" if len(dead.packages) > 3 else "")
        return f"line {line} removes {names}, which an earlier RUN's layer keeps", "install, use and remove in one RUN"
    store = dead.left.store.name if dead.left is not None else ""
    if dead.why is Why.EARLY and store in {left.store.name for left in text.account.left if left.run is dead.run}:
        return f"line {line} cleans {store} before it writes them", "put the clean behind the last command that writes"
    if dead.why is Why.MOUNT:
        return f"line {line} empties a mount that holds {store}, and no layer does", "leave it to the next build"
    return None
