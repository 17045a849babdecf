"""Where a name is really fetched from: registries.conf with its mirrors, locations and blocked registries.

Source: containers/image `docs/containers-registries.conf.5.md` (version 2) and `containers-registries.conf.d.5.md`.
Short names are completed as Docker completes them; `aliases` and `unqualified-search-registries` are not asked, so
that one name means one image on every machine.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.core.errors import RegistryError, UsageError
from jettison.registry.names import Name, parse

_SYSTEM = Path("/etc/containers")
_PULLS = ("all", "digest-only", "tag-only")


@dataclass(frozen=True)
class Source:
    """One place to ask for an image. `insecure` allows plain HTTP and certificates that nobody vouches for."""

    name: Name
    insecure: bool = False
    mirror: bool = False


@dataclass(frozen=True)
class Mirror:
    """A row of `[[registry.mirror]]`."""

    location: str
    insecure: bool = False
    pulls: str = "all"


@dataclass(frozen=True)
class Registry:
    """A table `[[registry]]`, and the file that it stands in."""

    prefix: str
    location: str
    insecure: bool
    blocked: bool
    mirrors: tuple[Mirror, ...]
    file: str

    def matched(self, name: str) -> int:
        """How many characters of a name this table's prefix takes; 0 where it is not meant."""
        prefix, start = self.prefix, 0
        if prefix.startswith("*."):
            prefix = prefix[1:]
            start = name.find(prefix)
            if start <= 0 or "/" in name[:start]:
                return 0
        if not name.startswith(prefix, start):
            return 0
        end = start + len(prefix)
        follows = name[end : end + 1]
        # a port behind a mere host is another registry
        return end if follows in ("", "/", "@") or (follows == ":" and "/" in name[:end]) else 0


def sources(name: Name, registries: Sequence[Registry], *, insecure: bool = False) -> tuple[Source, ...]:
    """The places to ask for this name, in turn: its mirrors, then its own. Raises RegistryError, UsageError."""
    text = str(name)
    matching = [each for each in registries if each.matched(text)]
    if not matching:
        return (Source(name, insecure),)
    table = max(matching, key=lambda each: each.matched(text))
    if table.blocked:
        raise RegistryError(f"{name} is blocked by {table.file}", hint=f"see `blocked` at {table.prefix} in that file")
    rest = text[table.matched(text) :]
    wanted = "digest-only" if name.digest else "tag-only"
    found = [
        Source(_relocated(each.location + rest, table.file), insecure or each.insecure, mirror=True)
        for each in table.mirrors
        if each.pulls in ("all", wanted)
    ]
    own = _relocated(table.location + rest, table.file) if table.location else name
    return (*found, Source(own, insecure or table.insecure))


def _relocated(text: str, file: str) -> Name:
    try:
        return parse(text, qualified=True)
    except UsageError as error:
        raise UsageError(f"{file} leads to {text}, which is no name of an image", hint=error.hint) from None


def read_registries(environment: Mapping[str, str] | None = None) -> list[Registry]:
    """The tables of this user: of $CONTAINERS_REGISTRIES_CONF, else his own file, else the system's; drop-ins after it.

    A table of a later file takes the place of an earlier one with the same prefix. Raises UsageError.
    """
    found: dict[str, Registry] = {}
    for file in _files(os.environ if environment is None else environment):
        for table in _tables(file):
            found[table.prefix] = table
    return list(found.values())


def _files(environment: Mapping[str, str]) -> list[Path]:
    told = environment.get("CONTAINERS_REGISTRIES_CONF") or environment.get("REGISTRIES_CONFIG_PATH")
    own = Path(environment.get("HOME") or "/root") / ".config/containers"
    folders = [_SYSTEM / "registries.conf.d", own / "registries.conf.d"]
    main = Path(told) if told else _SYSTEM / "registries.conf"
    if told and not main.is_file():
        raise UsageError(f"CONTAINERS_REGISTRIES_CONF names {told}, which is no file", hint="correct it or unset it")
    if not told and (own / "registries.conf").is_file():
        main, folders = own / "registries.conf", folders[1:]
    dropped = [file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.conf"))]
    return [file for file in (main, *dropped) if file.is_file()]


def _tables(file: Path) -> list[Registry]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}", hint="correct it; `man containers-registries.conf`") from None
    if isinstance(content.get("registries"), dict):
        raise UsageError(f"{file} is of version 1", hint="write it in version 2: `man containers-registries.conf`")
    return [_table(each, str(file)) for each in _rows(content, "registry", str(file))]


def _rows(content: dict[str, Any], key: str, file: str) -> list[dict[str, Any]]:
    rows = content.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{key} in {file} is no array of tables", hint=f"write [[{key}]]")
    return rows


def _table(row: dict[str, Any], file: str) -> Registry:
    location, prefix = _text(row, "location", file), _text(row, "prefix", file)
    if not location and not prefix.startswith("*."):
        raise UsageError(f"a [[registry]] in {file} has no location", hint="give it one, or remove it")
    digests_only = _flag(row, "mirror-by-digest-only", file)
    mirrors = []
    for each in _rows(row, "mirror", file):
        pulls = _text(each, "pull-from-mirror", file) or "all"
        if pulls not in _PULLS:
            raise UsageError(f"pull-from-mirror in {file} is '{pulls}'", hint=f"write one of {', '.join(_PULLS)}")
        place = _text(each, "location", file)
        if not place:
            raise UsageError(f"a mirror in {file} has no location", hint="give it one, or remove it")
        mirrors.append(Mirror(place, _flag(each, "insecure", file), "digest-only" if digests_only else pulls))
    insecure, blocked = _flag(row, "insecure", file), _flag(row, "blocked", file)
    return Registry(prefix or location, location, insecure, blocked, tuple(mirrors), file)


def _text(row: dict[str, Any], key: str, file: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{key} in {file} is no text", hint="put it in quotation marks")
    return value.rstrip("/")


def _flag(row: dict[str, Any], key: str, file: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        raise UsageError(f"{key} in {file} is neither true nor false", hint="write true or false")
    return value
