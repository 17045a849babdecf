"""Python's installed distributions as their own records tell them, read from a tree and never executed.

Source: PyPA specifications "Recording installed projects" (RECORD, INSTALLER, direct_url.json), "Binary distribution
format" (WHEEL, Tag), "Core metadata" (Requires-Dist) and "Names and normalization".
"""

from __future__ import annotations

import csv
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_RECORD = re.compile(rb"(?:^|.*/)(?:site|dist)-packages/[^/]+\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?)$")
_TOP = re.compile(r"^(.*?)/?lib/python3(?:\.\d+)?/(?:site|dist)-packages$")
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?[^;]*(?:;(.*))?$")
_EXTRA = re.compile(r"""\bextra\s*==\s*['"]([^'"]+)['"]""")
_LARGEST = 16 * 2**20


def normalise(name: str) -> str:
    """A project's name as all its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Requirement:
    """A name with the extras asked for; `extras_of` are the extras of the parent that it belongs to, empty for none."""

    name: str
    extras: frozenset[str] = frozenset()
    extras_of: frozenset[str] = frozenset()


def requirement(text: str) -> Requirement | None:
    """What a requirement asks for; None where it is none (a URL, a path, an option)."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    extras = frozenset(normalise(each.strip()) for each in (match[2] or "").split(",") if each.strip())
    of = frozenset(map(normalise, _EXTRA.findall(match[3] or "")))
    return Requirement(normalise(match[1]), extras, of)


@dataclass(frozen=True)
class Distribution:
    """One installed project. `record` is its dist-info or egg-info folder (or file), `top` what that lies in."""

    tree: Tree
    name: str
    version: str
    record: bytes
    requires: tuple[Requirement, ...] = ()

    @property
    def top(self) -> bytes:
        return posixpath.dirname(self.record)

    @property
    def prefix(self) -> bytes | None:
        """What `lib/pythonX.Y/site-packages` lies in ("usr/local"); None where it is installed elsewhere."""
        match = _TOP.match(self.top.decode("utf-8", "surrogateescape"))
        return match[1].encode("utf-8", "surrogateescape") if match else None

    @cached_property
    def files(self) -> tuple[bytes, ...]:
        """Every file that its record names and that is there, `bin` and data files included; bytecode beside it."""
        listed = _text(self.tree, self.record + b"/RECORD")
        if listed:
            names = [_below(self.top, name.encode("utf-8", "surrogateescape")) for name in _first_fields(listed)]
        else:
            base = self.record if self.record + b"/installed-files.txt" in self.tree else b""
            old = _text(self.tree, self.record + b"/installed-files.txt").splitlines() if base else []
            names = [_below(base, line.encode("utf-8", "surrogateescape")) for line in old]
        paths = {*names, *self.tree.under(self.record)}
        paths |= {compiled for path in paths for compiled in self._bytecode(path)}
        return tuple(sorted(path for path in paths if _is_file(self.tree, path)))

    def _bytecode(self, path: bytes) -> Iterator[bytes]:
        """A module's compiled forms, which older installers do not record."""
        folder, _, name = path.rpartition(b"/")
        if name.endswith(b".py"):
            stem = name[:-2]
            inside = self.tree.children(folder + b"/__pycache__")
            yield from (each for each in inside if each.rpartition(b"/")[2].startswith(stem))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The compatibility tags of the wheel that it came from: `cp311-cp311-linux_x86_64`."""
        lines = _text(self.tree, self.record + b"/WHEEL").splitlines()
        return tuple(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))

    @property
    def compiled_here(self) -> bool:
        """Whether it was built on this very system: an index takes manylinux or musllinux wheels, never these."""
        return any(re.search(r"(?:^|[-.])linux_\w+$", tag) for tag in self.tags)

    @cached_property
    def source(self) -> Mapping[str, Any]:
        """direct_url.json: where it came from, if not from an index (`vcs_info`, `dir_info`, `archive_info`)."""
        try:
            found = json.loads(_text(self.tree, self.record + b"/direct_url.json") or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def editable(self) -> bool:
        """Whether only a pointer to its sources is installed."""
        told = self.source.get("dir_info")
        return isinstance(told, dict) and told.get("editable") is True

    @cached_property
    def size(self) -> int:
        """Bytes of its files; hard links count once."""
        sized = {self.tree.payload(path): entry.size for path in self.files if (entry := self.tree.get(path))}
        return sum(sized.values())


def _first_fields(text: str) -> list[str]:
    """What stands first in each row of a CSV text, up to one that makes no sense."""
    found: list[str] = []
    try:
        found.extend(row[0] for row in csv.reader(text.splitlines()) if row)
    except csv.Error:  # a field without end
        pass
    return found


def distributions(tree: Tree) -> tuple[Distribution, ...]:
    """Every installed distribution, in the order of its path."""
    return tuple(found for path in sorted(tree) if _RECORD.match(path) and (found := _read(tree, path)) is not None)


def _read(tree: Tree, path: bytes) -> Distribution | None:
    entry = tree.get(path)
    if entry is None or entry.kind is not Kind.FILE:
        return None
    head = _text(tree, path).replace("\r\n", "\n").partition("\n\n")[0]
    fields = [line.partition(":") for line in head.split("\n") if line[:1] not in (" ", "\t")]
    told = {key: value.strip() for key, _, value in reversed(fields)}
    if not told.get("Name"):
        return None
    wanted = [requirement(value) for key, _, value in fields if key == "Requires-Dist"]
    record = path if path.endswith(b".egg-info") else posixpath.dirname(path)
    requires = tuple(each for each in wanted if each is not None)
    return Distribution(tree, normalise(told["Name"]), told.get("Version", ""), record, requires)


def closure(found: Iterable[Distribution], roots: Iterable[Requirement]) -> set[str]:
    """Names of all that the roots need: extras only where asked for, other markers taken to hold."""
    by_name = {each.name: each for each in found}
    extras: dict[str, frozenset[str]] = {}
    waiting = list(roots)
    while waiting:
        wanted = waiting.pop()
        before = extras.get(wanted.name)
        if wanted.name not in by_name or (before is not None and wanted.extras <= before):
            continue
        asked = extras[wanted.name] = (before or frozenset()) | wanted.extras
        waiting += [each for each in by_name[wanted.name].requires if not each.extras_of or each.extras_of & asked]
    return set(extras)


def _below(folder: bytes, name: bytes) -> bytes:
    """The path that a record names, which may lead out of its folder or be absolute."""
    return posixpath.normpath(b"/" + folder + b"/" + name if name[:1] != b"/" else name).strip(b"/")


def _text(tree: Tree, path: bytes) -> str:
    try:
        return tree.read(path, _LARGEST).decode("utf-8", "surrogateescape")
    except KeyError:
        return ""


def _is_file(tree: Tree, path: bytes) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind in (Kind.FILE, Kind.SYMLINK)
