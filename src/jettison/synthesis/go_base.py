"""The least base that a Go program runs upon: none at all for a static one, Debian's C library for one that calls C."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jettison.bases.catalogue import candidates, stands_on
from jettison.bases.policy import Policy
from jettison.closure import elf
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Edit
from jettison.image.model import Image, Kind
from jettison.packages.go import Program
from jettison.subject import Subject
from jettison.synthesis.base_swap import stage_lacks
from jettison.synthesis.config_upon import config_upon
from jettison.synthesis.go_build import GoCall, without_cgo

SCRATCH = "scratch"
STATIC = "gcr.io/distroless/static-debian12"
NO_SHELL = "no shell, no package manager: use `docker debug` or an ephemeral container"
PURE = "names are looked up by Go itself, by files and DNS: no mDNS, no LDAP of nsswitch.conf"
_TEMPORARY = (b"tmp", b"var/tmp")
_LIBC = re.compile(
    rb"lib(?:c|pthread|resolv|dl|rt)\.so\.\d+$|ld-linux[\w.-]*$|/lib(?:64)?/ld-(?:linux|musl)[\w.-]*$|libc\.musl-.*"
)


@dataclass(frozen=True)
class Base:
    """`brings`: files that need no copying; `folders` that do; `edits` that the program needs to run upon it; `config`
    what the image sets."""

    name: str
    price: tuple[str, ...]
    brings: frozenset[bytes] = frozenset()
    folders: tuple[bytes, ...] = ()
    edits: tuple[Edit, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


def base_of(subject: Subject, calls: Sequence[GoCall], programs: Sequence[Program], ships: Sequence[bytes]) -> Base:
    """The least base of these that the policy lets in. Raises CannotEdit where none is known to do."""
    policy = Policy(subject.policy)
    if policy is Policy.KEEP:
        raise CannotEdit("--base keep: a Go program without its compiler would stand on the same base")
    try:
        edits = _static(subject, calls, programs)
    except CannotEdit as error:
        return _with_libc(subject, ships, error.reason)
    price = (PURE,) if edits else ()
    if policy is Policy.SMALLEST_WITH_SHELL:
        name = f"debian:{stands_on(subject.stage.base) or 'bookworm'}-slim"
        return _upon(name, _fetched(subject, name), price, edits)
    if _by_root(subject) and not any(True for path in _TEMPORARY for _ in subject.tree.children(path)):
        folders = tuple(path for path in _TEMPORARY if path in subject.tree)
        return Base(SCRATCH, (*price, NO_SHELL), frozenset(), folders, edits)
    return _upon(STATIC, _fetched(subject, STATIC), (*price, NO_SHELL), edits)  # its /tmp is for all


def _upon(name: str, image: Image, price: tuple[str, ...], edits: tuple[Edit, ...] = ()) -> Base:
    return Base(name, price, _brings(image), (), edits, image.runtime)


def _static(subject: Subject, calls: Sequence[GoCall], programs: Sequence[Program]) -> tuple[Edit, ...]:
    """The edits after which each program is static. Raises CannotEdit where that would be another program."""
    linked = [program for program in programs if needs(subject, program)]
    for program in linked:
        told = f"/{_text(program.path)}"
        if program.calls_c:
            raise CannotEdit(f"{told} calls C ({program.calls_c[0]})")
        other = [each for each in needs(subject, program) if not _LIBC.search(each)]
        if other:
            raise CannotEdit(f"{told} is linked with {_text(other[0])}")
        if program.info.settings.get("CGO_ENABLED") != "1":
            raise CannotEdit(f"{told} is linked dynamically although cgo is off")
    edits = (without_cgo(subject.dockerfile, call) for call in calls) if linked else ()
    return tuple(edit for edit in edits if edit is not None)


def needs(subject: Subject, program: Program) -> tuple[bytes, ...]:
    """What the dynamic linker would have to bring; nothing for a static program."""
    found = elf.read(subject.tree, program.path)
    return found.needs if found is not None else ()


def _with_libc(subject: Subject, ships: Sequence[bytes], why: str) -> Base:
    """The least base with the C library of the one that it was built upon, and all that the program is linked with."""
    lacks = f"no smaller base with the C library of {subject.stage.base} is known"
    for candidate in candidates(subject.stage.base)[::-1]:
        if candidate.runs != "compiled" or candidate.libc != "glibc":
            continue
        image = subject.base(candidate.name)
        if image is None:
            lacks = f"{candidate.name} cannot be had"
            continue
        found = stage_lacks(subject, ships, config_upon(subject, image), image)
        if not found:
            return _upon(candidate.name, image, (NO_SHELL,))
        lacks = f"{candidate.name} lacks {found[0]}"
    raise CannotEdit(f"{why}, and {lacks}")


def _fetched(subject: Subject, name: str) -> Image:
    image = subject.base(name)
    if image is None:
        raise CannotEdit(f"{name} cannot be had")
    return image


def _brings(image: Image) -> frozenset[bytes]:
    tree = image.tree
    return frozenset(path for path in tree if (entry := tree.get(path)) is not None and entry.kind is Kind.FILE)


def _by_root(subject: Subject) -> bool:
    return str(subject.image.runtime.get("User") or "0").partition(":")[0] in ("0", "root")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
