"""A Go program in a stage of its own: what it was built from stays behind; the program ships, and what it may read.

A static program needs no system: the few files that it reads of one are known from the functions that are linked in,
and are copied from the build stage. Nothing else has to be under it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import script
from jettison.image.model import Kind
from jettison.packages.go import Program
from jettison.subject import Subject
from jettison.synthesis.apt import TOOLS
from jettison.synthesis.config_upon import left_behind
from jettison.synthesis.go_base import base_of
from jettison.synthesis.go_build import go_calls
from jettison.synthesis.go_entry import freed
from jettison.synthesis.go_files import readable_files
from jettison.synthesis.go_programs import CACHES, SETTINGS, own_programs
from jettison.synthesis.go_system import ACCOUNTS, system_files
from jettison.synthesis.stages import Plan, Ship
from jettison.synthesis.work import CACHES as OTHER_CACHES
from jettison.synthesis.work import application_folder, check_folder, owner_of

_INSTALLERS = {"apt-get", "apt", "apk", "update-ca-certificates", "rm", "set", "echo", "true", "go", "cd"}
_ACCOUNTS = re.compile(
    rb"etc/(?:passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$|home/|var/(?:log|mail)/|run/"
)
_CARRIED_ON = {b"root", b"root/.cache", b"root/.config", b"go", b"go/bin", b"go/pkg", b"tmp", b"etc", b"usr", b"var"}
_DATA = re.compile(rb"usr/(?:local/)?share/[^/]+")
_HANDLED = {b"usr/share/zoneinfo", b"usr/share/ca-certificates", b"usr/share/mime"}
_MOST_COPIES = 16  # beyond, whole folders are copied


def plan(subject: Subject) -> Plan | None:
    """What a Go program needs, upon the least base that does; None where `go build` is not called.

    Raises CannotEdit where no base is known to do, or where the program may need more of the system than files.
    """
    calls = list(go_calls(subject.dockerfile, subject.stage))
    if not calls:
        return None
    programs = own_programs(subject)
    if not programs:
        raise CannotEdit("no program with Go's build information was found in what the RUNs wrote")
    folder = application_folder(subject)
    check_folder(subject, folder)
    places = {program.path for program in programs}
    ships = list(dict.fromkeys([*sorted(places), *readable_files(subject.tree, folder, subject.image.runtime)]))
    commands = freed(subject, places)
    base = base_of(subject, calls, programs, ships)
    files = system_files(subject.tree, subject.image.runtime, programs, ships)
    system = tuple(path for path in files.files if path not in base.brings or path in ACCOUNTS)
    copies = (*_ships(subject, folder, ships), *_system((*system, *base.folders)))
    return Plan(
        subject,
        _work(subject, folder, (*places, *files.files), programs),
        copies,
        (*base.edits, *(edit for edit, _ in commands)),
        tuple(f"ENV {name}={value}" for name, value in (*files.environment, *left_behind(subject, base.config))),
        what=" and ".join(f"/{_text(path)}" for path in sorted(places)),
        base=base.name,
        price="; ".join(base.price),
        declares=tuple(key for _, key in commands),
    )


def _work(subject: Subject, folder: bytes, shipped: tuple[bytes, ...], programs: Sequence[Program]) -> frozenset[int]:
    """Every COPY, ADD and RUN stays behind. Raises CannotEdit where one leaves something that may be needed."""
    base = subject.image.layers[: subject.alignment.base_layers]
    before = _CARRIED_ON | {path for layer in base for path in layer.columns.paths}
    found = set()
    for position, each in enumerate(subject.stage.instructions):
        if each.keyword in ("COPY", "ADD", "RUN"):
            found.add(position)
            left = [(path, kind) for path, kind in _outside(subject, each, folder, before) if path not in shipped]
            if each.keyword == "RUN" and _only_installs(subject, each):
                _check_installed(each, left, programs)
            else:
                _check(subject, each, left, shipped)
    return frozenset(found)


def _check(
    subject: Subject, instruction: Instruction, left: list[tuple[bytes, int]], shipped: tuple[bytes, ...]
) -> None:
    """Raises CannotEdit for what an instruction leaves outside the folder and caches that nobody is known to need."""
    for path, kind in left:
        if _ACCOUNTS.match(path):
            continue
        verb = "writes" if instruction.keyword == "RUN" else "copies"
        if kind != Kind.DIRECTORY:
            raise CannotEdit(f"line {instruction.line} {verb} /{_text(path)}, and it is not known who reads it")
        if not any(other.startswith(path + b"/") for other in shipped) and path in subject.tree:
            raise CannotEdit(f"line {instruction.line} makes the folder /{_text(path)}, and it is not known what for")


def _check_installed(instruction: Instruction, left: list[tuple[bytes, int]], programs: Sequence[Program]) -> None:
    """Raises CannotEdit where a program names a folder of data that a package brought."""
    shares = {match[0] for path, _ in left if (match := _DATA.match(path)) and match[0] not in _HANDLED}
    for share in sorted(shares):
        if any(program.mentions(b"/" + share) for program in programs):
            raise CannotEdit(f"the program names /{_text(share)}, which line {instruction.line} installs")


def _outside(
    subject: Subject, instruction: Instruction, folder: bytes, before: Collection[bytes]
) -> Iterator[tuple[bytes, int]]:
    """What an instruction's layers brought outside the folder and caches; folders that were there are no news."""
    for number in subject.alignment.layers_of(instruction):
        columns = subject.image.layers[number].columns
        for path, kind in zip(columns.paths, columns.kinds, strict=True):
            inside = path == folder or path.startswith(folder + b"/") or folder.startswith(path + b"/")
            cached = any(each.match(path + b"/") for each in (CACHES, SETTINGS, OTHER_CACHES))
            if not inside and not cached and not (kind == Kind.DIRECTORY and path in before):
                yield path, kind


def _only_installs(subject: Subject, run: Instruction) -> bool:
    """Whether a RUN calls a package manager and nothing that could leave more than packages do."""
    found = script(subject.dockerfile, run)
    names = [command.name or "" for command in found.commands] if found else [""]
    writes = any(command.redirected and command.name not in TOOLS for command in found.commands) if found else True
    return bool({"apt-get", "apt", "apk"} & set(names)) and set(names) <= _INSTALLERS and not writes


def _ships(subject: Subject, folder: bytes, paths: Sequence[bytes]) -> Iterator[Ship]:
    """The copies, a folder in one where all of it ships; files of one folder together."""
    bad = next((path for path in paths if re.search(rb"[\s*?\[\]$\"'\\]|[^\x21-\x7e]", path)), None)
    if bad is not None:
        raise CannotEdit(f"the name of /{_text(bad)} cannot stand in a COPY as it is")
    wanted = set(paths)
    found = [*_copies(subject, folder, wanted)]
    if len(found) > _MOST_COPIES:
        tops = {b"/".join(path.split(b"/")[: folder.count(b"/") + 2]) for path in wanted if path.startswith(folder)}
        found = [*_copies(subject, folder, {each for top in tops for each in subject.tree.under(top)})]
    inside = {path for _, each in found for path in each}
    for target, each in found:
        by_owner: dict[str, list[bytes]] = {}
        for path in each:
            by_owner.setdefault(_owner(subject, path), []).append(path)
        for owner, files in by_owner.items():
            yield Ship(tuple(f"/{_text(path)}" for path in files), f"/{_text(target)}", owner)
    for path in sorted(wanted - inside):
        if not path.startswith(folder + b"/"):
            yield Ship((f"/{_text(path)}",), f"/{_text(path)}", _owner(subject, path))


def _owner(subject: Subject, path: bytes) -> str:
    """What `--chown` has to say for a file, or for a folder with all below. Raises CannotEdit for several owners."""
    found = owner_of(subject, (path,))
    entry = subject.tree.get(path)
    if entry is not None and entry.kind is Kind.DIRECTORY and subject.tree.payload(path)[1] >= 0:
        own = "" if (entry.uid, entry.gid) == (0, 0) else f"{entry.uid}:{entry.gid}"
        if found != own and any(True for _ in subject.tree.children(path)):
            raise CannotEdit(f"/{_text(path)} and what is below it have several owners")
        return own
    return found


def _copies(subject: Subject, top: bytes, wanted: set[bytes]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """(where to, what) below `top`."""
    files, folders = [], []
    for child in subject.tree.children(top):
        entry = subject.tree.get(child)
        if entry is not None and entry.kind is Kind.DIRECTORY:
            folders.append(child)
        elif child in wanted:
            files.append(child)
    if files:
        yield top + b"/", tuple(files)
    for child in folders:
        below = [path for path in subject.tree.under(child) if not _is_directory(subject, path)]
        if not below or wanted.issuperset(below):
            yield child, (child,)
        elif wanted.isdisjoint(below) and not any(path.endswith(b".go") for path in below):
            continue  # a repository, reports: its empty folders are nothing that a program writes to
        else:
            yield from _copies(subject, child, wanted)


def _is_directory(subject: Subject, path: bytes) -> bool:
    entry = subject.tree.get(path)
    return entry is not None and entry.kind is Kind.DIRECTORY


def _system(paths: Sequence[bytes]) -> Iterator[Ship]:
    for path in paths:
        yield Ship((f"/{_text(path)}",), f"/{_text(path)}")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
