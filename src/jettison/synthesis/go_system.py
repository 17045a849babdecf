"""What a Go program reads of the system that it runs on, known from the functions that are linked in.

Source: golang/go `src/crypto/x509/root_linux.go`, `src/time/zoneinfo_unix.go` and `zoneinfo_goroot.go`,
`src/os/user/lookup_stubs.go`, `src/mime/type_unix.go`; `src/net/conf.go`: without /etc/nsswitch.conf names are
looked up in /etc/hosts, then by DNS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jettison.closure.command import variable
from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Kind
from jettison.image.tree import Tree
from jettison.packages.go import Program

CERTIFICATES = b"etc/ssl/certs/ca-certificates.crt"
ACCOUNTS = (b"etc/passwd", b"etc/group")
_ZONES = b"usr/share/zoneinfo"
_OF_GO = b"usr/local/go/lib/time/zoneinfo.zip"
_TYPES = (b"usr/share/mime/globs2", b"etc/mime.types", b"etc/apache2/mime.types", b"etc/apache/mime.types")
# what browsers are served, package mime does not know by itself (src/mime/type.go), and looking at bytes may not tell
_SERVED = {b"ico", b"woff", b"woff2", b"ttf", b"otf", b"eot", b"mp3", b"mp4", b"webm", b"ogg", b"wav", b"zip", b"gz",
           b"csv", b"ics", b"map", b"webmanifest", b"rss", b"atom", b"epub", b"bmp", b"tif", b"tiff"}  # fmt: skip
_RUNS_OTHERS = ("os/exec.Command", "os/exec.(*Cmd).Start", "os/exec.CommandContext", "os.StartProcess",
                "syscall.Exec", "syscall.StartProcess", "syscall.forkExec")  # fmt: skip
_USERS = (
    "os/user.Current",
    "os/user.Lookup",
    "os/user.LookupId",
    "os/user.LookupGroup",
    "os/user.LookupGroupId",
    "os.UserHomeDir",
)  # an engine sets HOME as /etc/passwd has it


@dataclass(frozen=True)
class SystemFiles:
    """`files` are copied each to its own path; `environment` is what the program has to be told."""

    files: tuple[bytes, ...]
    environment: tuple[tuple[str, str], ...] = ()


def system_files(
    tree: Tree, config: Mapping[str, Any], programs: Sequence[Program], shipped: Collection[bytes]
) -> SystemFiles:
    """What has to be there on an empty base. Raises CannotEdit where a program may need more than files."""
    for program in programs:
        if program.links(*_RUNS_OTHERS):
            name = program.path.decode("utf-8", "replace")
            raise CannotEdit(f"/{name} can start other programs (os/exec is linked in), and it is not known which")
    told = variable(config, "SSL_CERT_FILE").strip("/").encode("utf-8", "surrogateescape")
    bundles = [path for path in dict.fromkeys((told, CERTIFICATES)) if path and path not in shipped]
    files = [path for path in bundles if _is_file(tree, path) and _mentioned(programs, CERTIFICATES)]
    zones, environment = _zones(tree, config, programs)
    files += zones
    if _named_user(config) or any(program.links(*_USERS) for program in programs):
        files += [path for path in ACCOUNTS if _is_file(tree, path)]
    files += _types(tree, programs, shipped)
    return SystemFiles(tuple(files), environment)


def _zones(
    tree: Tree, config: Mapping[str, Any], programs: Sequence[Program]
) -> tuple[list[bytes], tuple[tuple[str, str], ...]]:
    """The file of time zones that Go itself brings, and its name where a program would not look for it there."""
    zone = variable(config, "TZ").lstrip(":")
    asking = [program for program in programs if program.links("time.LoadLocation")]
    if not asking and zone.upper() in ("", "UTC", "ETC/UTC", "GMT"):
        return [], ()
    if all(program.links("time/tzdata.loadFromEmbeddedTZData") for program in asking or programs):
        return [], ()
    if not _is_file(tree, _OF_GO):
        if _ZONES not in tree:
            return [], ()  # the original finds no zones either
        raise CannotEdit("the program asks for time zones, and Go's own file of them is not there")
    if variable(config, "ZONEINFO"):
        raise CannotEdit("ZONEINFO names a file of time zones of its own")
    found = "/" + _OF_GO.decode()
    known = all(program.info.settings.get("-trimpath") != "true" for program in programs)
    return [_OF_GO], () if known else (("ZONEINFO", found),)


def _types(tree: Tree, programs: Sequence[Program], shipped: Collection[bytes]) -> Iterator[bytes]:
    """The tables of media types, where files ship whose types Go does not know by itself."""
    endings = {path.rpartition(b"/")[2].rpartition(b".")[2].lower() for path in shipped if b"." in path}
    if any(program.links("mime.TypeByExtension") for program in programs) and endings & _SERVED:
        first = next((path for path in _TYPES if _is_file(tree, path)), None)
        if first is not None and _lists(tree.read(first), endings & _SERVED):
            yield first


def _lists(table: bytes, endings: set[bytes]) -> bool:
    """Whether a table of media types speaks of one of these endings: `type ending ...`, or `weight:type:*.ending`."""
    for line in table.splitlines():
        if line.startswith(b"#"):
            continue
        words = line.rpartition(b"*.")[2:] if b"*." in line else line.split()[1:]
        if endings.intersection(words):
            return True
    return False


def _mentioned(programs: Sequence[Program], path: bytes) -> bool:
    return any(program.mentions(path) for program in programs)


def _named_user(config: Mapping[str, Any]) -> bool:
    return any(part and not part.isdigit() for part in str(config.get("User") or "").split(":"))


def _is_file(tree: Tree, path: bytes) -> bool:
    real = tree.resolve(path)
    entry = tree.get(real) if real is not None else None
    return entry is not None and entry.kind is Kind.FILE and entry.size > 0
