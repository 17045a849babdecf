"""Checks that need no start: the config's promises, who may write where, what the closures lost."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jettison.bases.environment import ABOUT_THEMSELVES
from jettison.closure.lost import Reach, lost_of
from jettison.contract.model import Check, Outcome, Strength
from jettison.contract.observe import Target
from jettison.image.model import Entry, Kind
from jettison.image.tree import Tree

_DECIDING = ("User", "ExposedPorts", "Volumes", "Healthcheck", "StopSignal")
_EXPLAINING = ("Entrypoint", "Cmd", "WorkingDir")
ALWAYS_WRITABLE = ("/tmp", "/var/tmp")


def config_checks(config: Mapping[str, Any]) -> Iterator[Check]:
    """One check a config key, one an environment variable. Values of variables are kept as digests only."""
    for key in _DECIDING:
        yield Check("config", key, Strength.STATIC, normal(key, config.get(key)))
    for key in _EXPLAINING:
        yield Check("config", key, Strength.STATIC, normal(key, config.get(key)), decides=False)
    for name, value in variables(config).items():
        if name not in ABOUT_THEMSELVES:
            expected = {"name": name, "sha256": digest(value)}
            decides = name != "PATH"  # what must be found on it is looked for by the entry point's closure
            yield Check("environment", f"ENV {name}", Strength.STATIC, expected, decides=decides)


def normal(key: str, value: Any) -> Any:
    """A config value in which spellings of one meaning are equal: root is no user, null is empty."""
    if key == "User":
        user = str(value or "")
        return "" if user in ("", "0", "root", "0:0", "root:root", "root:0", "0:root") else user
    if key in ("ExposedPorts", "Volumes"):
        return sorted(value or {})
    if key == "Healthcheck":
        test = list((value or {}).get("Test") or [])
        return [] if test == ["NONE"] else test
    if key == "StopSignal":
        signal = str(value or "SIGTERM")
        return "SIGTERM" if signal in ("15", "TERM", "SIGTERM") else signal
    if key == "WorkingDir":
        return posixpath.normpath(str(value or "/"))
    return list(value or []) if isinstance(value, (list, tuple, type(None))) else value


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """The environment that the config sets."""
    pairs = (str(item).partition("=") for item in config.get("Env") or [])
    return {name: value for name, _, value in pairs}


def digest(value: str) -> str:
    """SHA-256 of a value, which may be a secret."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


def writable_checks(tree: Tree, config: Mapping[str, Any], uid: int, groups: frozenset[int]) -> Iterator[Check]:
    """Volumes and the places for temporary files that the application's user may write to in the original."""
    for directory in [*ALWAYS_WRITABLE, *sorted(config.get("Volumes") or {})]:
        path = posixpath.normpath(directory).encode("utf-8", "surrogateescape").strip(b"/")
        if path in tree and may_write(tree, path, uid, groups):
            yield Check("writable", directory, Strength.STATIC, True)


def may_write(tree: Tree, path: bytes, uid: int, groups: frozenset[int]) -> bool:
    """Whether this user may make a file in a directory, making the directory first where it is absent."""
    real = tree.resolve(path)
    while real is None:
        path = path.rpartition(b"/")[0]
        if not path:
            return uid == 0
        real = tree.resolve(path)
    entry = tree.get(real)
    if entry is None:
        return uid == 0
    if entry.kind is not Kind.DIRECTORY:
        return False
    return uid == 0 or _bits(entry, uid, groups) & 0o3 == 0o3


def _bits(entry: Entry, uid: int, groups: frozenset[int]) -> int:
    if entry.uid == uid:
        return entry.mode >> 6 & 0o7
    if entry.gid in groups:
        return entry.mode >> 3 & 0o7
    return entry.mode & 0o7


def lost(original: Target, candidate: Target, changed: Mapping[str, Any] | None = None) -> Iterator[Outcome]:
    """What the closures of the original reach and the candidate has no more, as failed checks.

    `changed` are the keys of the entry point and the health check that were changed on purpose: it is then judged what
    the candidate's own commands need. Programs are looked for on its own PATH, which may lead to a virtual environment.
    """
    reach = _reach(_Known(original.image.digest, json.dumps(changed or {}, sort_keys=True), original))
    for each in lost_of(reach, candidate.tree, candidate.image.runtime):
        check = Check("closure", each.what, Strength.STATIC, "as in the original")
        yield Outcome(check, False, each.evidence)


@dataclass(frozen=True)
class _Known:
    """A target that is equal to another of the same image, with the same changes of its entry point."""

    digest: str
    changed: str
    target: Target = field(compare=False)


@lru_cache(maxsize=4)
def _reach(known: _Known) -> Reach:
    """What an original leads to: every candidate of a run is held against the same one."""
    return Reach(known.target.tree, {**known.target.image.runtime, **json.loads(known.changed)})
