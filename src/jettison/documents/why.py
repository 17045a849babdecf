"""The past of a path as a JSON document, `jettison.why/1`."""

from __future__ import annotations

from typing import Any

from jettison.documents.provenance import Provenance
from jettison.documents.text import path_fields, plain
from jettison.image.model import Entry, Image
from jettison.image.past import Event, Past

SCHEMA = "jettison.why/1"


def why_to_json(image: Image, past: Past, made: Provenance) -> dict[str, Any]:
    """What `why` prints with --format json. `seen`: whether a container sees something there."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "reference": plain(str(image.reference)),
        "digest": image.digest,
        **path_fields(past.path),
        **path_fields(past.real, "real"),
        "seen": past.now is not None,
        "bytes": past.stored,
        "through": [{**path_fields(link), **path_fields(target, "target")} for link, target in past.through],
        "target": None,
        "now": None if past.now is None else _state(past.now),
        "events": [_event(event, made) for event in past.events],
    }
    if past.target is not None:
        found |= path_fields(past.target, "target")
    return found


def _event(event: Event, made: Provenance) -> dict[str, Any]:
    created_by = made.created_by[event.layer]
    found: dict[str, Any] = {
        "layer": event.layer,
        "change": event.change.value,
        **path_fields(event.path),
        "bytes": event.size,
        "created_by": None if created_by is None else plain(created_by),
        "line": made.lines.get(event.layer),
        "aspects": list(event.aspects),
        "how": event.how or None,
        "by": None,
        "hard_link": None,
        "files": event.brought.files,
        "files_gone": event.gone.files,
        "bytes_gone": event.gone.size,
        "state": None if event.entry is None else _state(event.entry),
    }
    if event.how:
        found |= path_fields(event.by, "by")
    if event.link:
        found |= path_fields(event.link, "hard_link")
    return found


def _state(entry: Entry) -> dict[str, Any]:
    """What stands there."""
    return {
        "type": entry.kind.name.lower(),
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "size": entry.size,
        "mtime": entry.mtime / 10**9 if entry.mtime % 10**9 else entry.mtime // 10**9,
        "link": plain(entry.link.decode("utf-8", "surrogateescape")) if entry.link else None,
    }
