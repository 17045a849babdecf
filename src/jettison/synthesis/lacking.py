"""What an application would miss on another base, beyond files that it names: users, certificates, zones, versions.

Everything is told as lost: it was there, it is known to be needed, it would not be there. Traps 11 to 16, 31 and 32 of
people who moved to a smaller base are what is looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jettison.bases.environment import ABOUT_THEMSELVES
from jettison.closure import elf
from jettison.closure.command import locate
from jettison.closure.lost import Reach, lost_of
from jettison.closure.symbol_versions import versions
from jettison.image.model import Kind
from jettison.image.tree import Tree
from jettison.synthesis.config_upon import variables
from jettison.synthesis.programs import Programs
from jettison.traps import user_exists

_BUNDLES = (b"etc/ssl/certs/ca-certificates.crt", b"etc/ssl/cert.pem", b"etc/pki/tls/certs/ca-bundle.crt")
_ZONES = b"usr/share/zoneinfo"
_GO_ZONES = b"usr/local/go/lib/time/zoneinfo.zip"
_TEMPORARY = (b"tmp", b"var/tmp")
_BUILT_IN_LOCALES = {"", "c", "posix"}


@dataclass(frozen=True)
class Move:
    """An application before and after its files stand on another base.

    `config` is the one that it will have; `own` the lowest layer of `after` that is the application's;
    `variables` the names that the Dockerfile itself sets.
    """

    before: Tree
    after: Tree
    config: Mapping[str, Any]
    own: int
    was: Reach  # what the original leads to, its entry point as it will be
    variables: frozenset[str] = frozenset()

    @cached_property
    def programs(self) -> Programs:
        return Programs(Reach(self.after, self.config), self.own)

    @property
    def environment(self) -> dict[str, str]:
        return variables(self.config)


def lacking(move: Move) -> Iterator[str]:
    """A sentence's object for each thing that is known to be needed and would be gone."""
    yield from (f"{each.what}: {each.evidence}" for each in lost_of(move.was, move.after, move.config))
    yield from _symbol_versions(move)
    yield from _users(move)
    yield from _temporary(move)
    yield from _files_of_variables(move)
    yield from _variables_that_are_read(move)
    yield from _certificates(move)
    yield from _time_zones(move)
    yield from _locales(move)
    yield from _started(move)


def _symbol_versions(move: Move) -> Iterator[str]:
    """Files of the application whose libraries are there and older than what they were linked against."""
    links = elf.linker(move.after, move.config)
    defined: dict[bytes, frozenset[bytes]] = {}
    for path in sorted(_own_objects(move.after, move.own)):
        needed = versions(move.after, path).needed
        parsed = elf.read(move.after, path) if needed else None
        for library, names in needed.items():
            place = links.place(library, elf.own_directories(parsed, path), parsed.machine) if parsed else None
            if place is None:  # told as a library that is gone
                continue
            if place not in defined:
                defined[place] = versions(move.after, place).defined
            missing = [name for name in names if name not in defined[place]]
            if missing and defined[place]:
                yield f"{_text(missing[-1])} of {_text(library)}, which /{_text(path)} was linked against"
                return


def _own_objects(tree: Tree, own: int) -> Iterator[bytes]:
    return (path for path in elf.objects(tree) if tree.layer_of(path) >= own)


def glibc_file(tree: Tree, own: int) -> str:
    """The first shipped file that is linked against glibc, for the libc verdict; empty where none is."""
    for path in sorted(_own_objects(tree, own)):
        parsed = elf.read(tree, path)
        if parsed is not None and any(b"ld-linux" in each or each == b"libc.so.6" for each in parsed.needs):
            return f"/{_text(path)}"
    return ""


def _users(move: Move) -> Iterator[str]:
    """The names of USER."""
    user, _, group = str(move.config.get("User") or "").partition(":")
    for name, database, what in ((user, user_exists.PASSWD, "user"), (group, user_exists.GROUP, "group")):
        if name and user_exists.found(move.after, name, database):
            yield f"the {what} {name}"


def _temporary(move: Move) -> Iterator[str]:
    for path in _TEMPORARY:
        if path in move.before and path not in move.after:
            yield f"/{_text(path)}, where programs put temporary files"
            return


# where they put what they fetch: no application reads these, and who calls an installer is asked for the program
_OF_INSTALLERS = {
    "PNPM_HOME", "COREPACK_HOME", "NPM_CONFIG_CACHE", "npm_config_cache", "YARN_CACHE_FOLDER", "PIP_CACHE_DIR",
    "UV_CACHE_DIR", "POETRY_CACHE_DIR", "PIPENV_CACHE_DIR", "GOCACHE", "GOMODCACHE",
}  # fmt: skip


def _files_of_variables(move: Move) -> Iterator[str]:
    for name, value in sorted(move.environment.items()):
        if name in move.variables and name not in _OF_INSTALLERS and re.fullmatch(r"/[^:\s]+", value):
            path = value.strip("/").encode("utf-8", "surrogateescape")
            if move.before.resolve(path) is not None and move.after.resolve(path) is None:
                yield f"{value}, which {name} names"


def _variables_that_are_read(move: Move) -> Iterator[str]:
    """What the old base says of itself, where a source mentions it."""
    gone = set(variables(move.was.config)) & ABOUT_THEMSELVES - set(move.environment)
    if gone:
        pattern = re.compile(rf"\b(?:{'|'.join(sorted(gone))})\b")
        for path, text in move.programs.sources():
            if found := pattern.search(text):
                yield f"the variable {found[0]}, which /{_text(path)} reads"
                return


def _certificates(move: Move) -> Iterator[str]:
    lost = has_certificates(move.before) and not has_certificates(move.after)
    if lost and move.programs.uses_system_certificates:
        yield "the certificates of /etc/ssl/certs, which TLS connections are checked with"


def has_certificates(tree: Tree) -> bool:
    """Whether there is a bundle of certificates where TLS libraries look for one."""
    return any(_is_file(tree, path) for path in _BUNDLES)


def _time_zones(move: Move) -> Iterator[str]:
    zone = move.environment.get("TZ", "").lstrip(":")
    if zone and zone.upper() not in ("UTC", "ETC/UTC", "GMT", "UTC0"):
        path = _ZONES + b"/" + zone.encode("utf-8", "surrogateescape")
        if move.before.resolve(path) is not None and move.after.resolve(path) is None:
            yield f"the time zone {zone}, which TZ names"
            return
    had = any(move.before.resolve(path) is not None for path in (_ZONES, _GO_ZONES))
    if had and move.after.resolve(_ZONES) is None and move.programs.uses_time_zones:
        yield "/usr/share/zoneinfo, which the program looks time zones up in"


def _locales(move: Move) -> Iterator[str]:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = move.environment.get(name, "")
        if value.partition(".")[0].lower() in _BUILT_IN_LOCALES:  # C.UTF-8 is in the C library since glibc 2.35
            continue
        if _has_locale(move.before, value) and not _has_locale(move.after, value):
            yield f"the locale {value}, which {name} names"
            return


def _has_locale(tree: Tree, value: str) -> bool:
    stem, _, codeset = value.partition(".")
    short = f"{stem}.{codeset.lower().replace('-', '')}" if codeset else stem
    if any(tree.resolve(f"usr/lib/locale/{each}".encode()) is not None for each in (value, short)):
        return True
    try:
        return short.encode() in tree.read(b"usr/lib/locale/locale-archive")
    except KeyError:
        return False


def _started(move: Move) -> Iterator[str]:
    """Programs that the sources start, where a shell or they are gone."""
    shell_gone = move.before.resolve(b"bin/sh") is not None and move.after.resolve(b"bin/sh") is None
    for file, name in move.programs.starts():
        if not name:
            if shell_gone:
                yield f"a shell: {file} starts other programs"
                return
        elif locate(move.before, name, move.was.config) and not locate(move.after, name, move.config):
            yield f"{name}, which {file} starts"
            return


def _is_file(tree: Tree, path: bytes) -> bool:
    real = tree.resolve(path)
    item = tree.get(real) if real is not None else None
    return item is not None and item.kind is Kind.FILE and item.size > 0


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")
