"""Package lists fetched in a RUN of their own."""

from __future__ import annotations

from collections.abc import Iterator

from jettison.commands.invocation import Invocation
from jettison.commands.model import Run
from jettison.commands.tool import Action
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "lists-updated-alone"
_FAMILIES = {"apt", "apk"}
_OF_APK = "leave it out: `apk add --no-cache` fetches the index for itself, and keeps it nowhere"


@text_rule("JT111")
def lists_updated_alone(text: Text) -> Iterator[Finding]:
    """`apt-get update`, or `apk update`, in a RUN that installs nothing.

    **What it costs.** The lists ship in that layer, and no later RUN can take them out of it. The build cache keeps
    them too: an `install` that is changed a month later reads lists of last month, and fails where a package has moved
    on.

    **The fix** is made by apt-lists-left-behind, which merges the RUNs where an image shows what that saves. Without
    an image it is told: put the update and the installs into one RUN.

    **Safety.** Told, never applied. A RUN with a cache mount on the lists is left alone, as is one that calls a script.

    ```dockerfile bad
    FROM debian:bookworm
    RUN apt-get update
    RUN apt-get install -y --no-install-recommends curl
    ```
    ```dockerfile good
    FROM debian:bookworm
    RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
    ```
    """
    by_run: dict[int, tuple[Run, list[Invocation]]] = {}
    for run, each in text.managed:
        by_run.setdefault(id(run), (run, []))[1].append(each)
    for run, found in by_run.values():
        updates = [each for each in found if each.action is Action.UPDATE and each.tool.name in _FAMILIES]
        if not updates or any(each.action not in (Action.UPDATE, Action.CLEAN) for each in found):
            continue
        known = all(call.name is not None and "/" not in (call.name or "") for call in run.calls)
        called = any(
            (call.name or "").endswith((".sh", ".py")) or call.name in ("make", ".", "source") for call in run.calls
        )
        mounted = any(mount.kind in ("cache", "tmpfs") for mount in run.mounts)
        if run.readable and known and not called and not mounted:
            name = updates[0].call.name
            message = f"line {run.instruction.line} calls {name} update and installs nothing: its lists go stale"
            yield Finding(
                NAME,
                message,
                run.instruction,
                0,
                refusal=_OF_APK if name == "apk" else "put it into the RUN that installs",
            )
