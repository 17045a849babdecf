"""A Dockerfile whose cache mounts are empty at each build, as a machine that never built it finds them.

BuildKit's `--no-cache` empties no cache mount: a build that is timed as cold would find what earlier ones left there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jettison.dockerfile import edit
from jettison.dockerfile.model import Dockerfile, Edit, Flag
from jettison.dockerfile.mounts import fields
from jettison.dockerfile.parse import parse

_PLACES = ("target", "dst", "destination")
_KNOWN = {"type", "id", "sharing", *_PLACES}


def with_empty_caches(text: str) -> str:
    """The same with `type=tmpfs` for every cache mount that one RUN alone uses; raises DockerfileError.

    What several RUNs share stays, for one of them may need what another put there; so does a mount with an owner, a
    mode or contents of its own, which a tmpfs cannot be given.
    """
    if "type=cache" not in text:
        return text
    dockerfile = parse(text)
    found = list(_caches(dockerfile))
    shared = Counter(name for _, name, _ in found)
    edits = [Edit(flag.span, written) for flag, name, written in found if written and shared[name] == 1]
    return edit.apply(text, edits)


def _caches(dockerfile: Dockerfile) -> Iterator[tuple[Flag, str, str]]:
    """Each cache mount: its flag, what it is shared by, and the flag of a tmpfs; empty where there is none like it."""
    for instruction in dockerfile.instructions:
        for flag in instruction.flags if instruction.keyword == "RUN" else ():
            if flag.name != "mount":
                continue
            try:
                told = [each.partition("=") for each in fields(flag.value or "")]
            except ValueError:
                continue  # the builder says so itself
            values = {key.lower(): value for key, _, value in told}
            if values.get("type") != "cache":
                continue
            place = next((values[key] for key in _PLACES if key in values), "")
            plain = place and values.keys() <= _KNOWN and "," not in place and '"' not in place
            yield flag, values.get("id") or place, f"--mount=type=tmpfs,target={place}" if plain else ""
