"""Which instructions of the only stage are work, seen from what their layers hold.

A RUN that writes nothing but the application's folder and caches is work, and may stay behind; a RUN that stands
before the first COPY and changes the system is set-up, and is done in both stages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script
from jettison.image.model import Entry, Kind
from jettison.subject import Subject

_TOOLS = rb"node-gyp|yarn|pnpm|pip|pip-tools|uv|typescript|esbuild|turbo|npm|pre-commit|mypy|ruff"
# By name: browsers that applications drive, package managers, and Poetry's virtual environments lie in ~/.cache as
# well, what pnpm installs for all users beside its store (~/.local/share/pnpm, or PNPM_HOME). Bytecode is made anew.
CACHES = re.compile(
    rb"(?:root|home/[^/]+)/\.(?:npm|yarn|node-gyp|config/(?:configstore|yarn)|local/state/pnpm"
    rb"|cache/(?:" + _TOOLS + rb"|pypoetry/(?:artifacts|cache)))(?:/|$)"
    rb"|(?:.*/)?(?:pnpm/store|\.pnpm-store)(?:/|$)|tmp/|var/tmp/|run/|usr/local/share/\.cache/|(?:.*/)?__pycache__/"
)
_MOUNTED = {b"", b"dev", b"proc", b"run", b"sys", b"tmp", b"var/tmp"}  # folders that builders make or touch
_FOLDERS = {"mkdir", "chown", "chmod"}
_TEMPORARY = (b"tmp/", b"var/tmp/", b"run/")
_SYSTEM = {b"usr", b"etc", b"var", b"root", b"home", b"bin", b"lib", b"tmp"}


def application_folder(subject: Subject) -> bytes:
    """The working directory at the end of the stage, without leading slash. Raises CannotEdit where it is none."""
    last = subject.stage.instructions[-1]
    state = state_at(subject.dockerfile, subject.stage, last, subject.build_args)
    told = subject.image.runtime.get("WorkingDir") or state.workdir or "/"
    folder = str(told).strip("/").encode("utf-8", "surrogateescape")
    if not folder or folder in _SYSTEM:
        raise CannotEdit("the application has no folder of its own: there is no WORKDIR")
    return folder


def work_below(subject: Subject, folders: tuple[bytes, ...], caches: re.Pattern[bytes] = CACHES) -> frozenset[int]:
    """Positions of the COPYs, ADDs and RUNs that write below these folders and into caches alone.

    A RUN before them that writes elsewhere, or makes one of the folders, is set-up, and not among them; so is one that
    makes folders elsewhere. One that makes what a WORKDIR behind it makes in the same way is not needed there.
    Raises CannotEdit for any other behind them, for a COPY that goes elsewhere, and where nothing is work.
    """
    found: set[int] = set()
    for position, each in enumerate(subject.stage.instructions):
        if each.keyword not in ("COPY", "ADD", "RUN"):
            continue
        outside = _outside(subject, each, folders, caches)
        if not outside:
            if found or not _makes(subject, each, folders) or _is_made_anyway(subject, each, folders):
                found.add(position)
            continue
        shown = outside[0].decode("utf-8", "replace")
        if each.keyword != "RUN":
            raise CannotEdit(f"line {each.line} copies /{shown}, which is not below the WORKDIR")
        if found and not _only_folders(subject, each, folders):
            raise CannotEdit(f"line {each.line} writes /{shown}, after files were copied")
    if not found:
        raise CannotEdit("nothing is built here")
    return frozenset(found)


def _outside(
    subject: Subject, instruction: Instruction, folders: tuple[bytes, ...], caches: re.Pattern[bytes]
) -> list[bytes]:
    """What an instruction's layers hold outside the folders and outside of caches.

    Directories count where they are new, or have another owner or mode than before (a program may write into them),
    but not those that only lead to what is inside. What a RUN itself names in a temporary folder is no cache.
    """
    inside = tuple(folder + b"/" for folder in folders)
    named = instruction.span.of(subject.dockerfile.text).encode("utf-8", "surrogateescape")
    found: list[bytes] = []
    for number in subject.alignment.layers_of(instruction):
        columns = subject.image.layers[number].columns
        other = {
            path: index
            for index, path in enumerate(columns.paths)
            if not path.startswith(inside) and path not in folders and path not in _MOUNTED
            and (not caches.match(path + b"/") or (_meant(path, named) and path in subject.tree))
        }  # fmt: skip
        within = [path for path in columns.paths if path not in other]
        for path, index in other.items():
            below = path + b"/"
            if columns.kinds[index] != Kind.DIRECTORY or not (
                any(each.startswith(below) for each in (*folders, *within)) or _stands(subject, columns[index], number)
            ):
                found.append(path)
    return found


def _only_folders(subject: Subject, run: Instruction, folders: tuple[bytes, ...]) -> bool:
    """Whether a RUN does nothing but make folders outside of these, and give them an owner or a mode."""
    inside = tuple(folder + b"/" for folder in folders)
    return _of_folders(subject, run) and not any(path.startswith(inside) for path in _written(subject, run))


def _makes(subject: Subject, instruction: Instruction, folders: tuple[bytes, ...]) -> bool:
    """Whether an instruction is a RUN that makes one of these folders, or gives it an owner or a mode."""
    return _of_folders(subject, instruction) and any(path in folders for path in _written(subject, instruction))


def _is_made_anyway(subject: Subject, run: Instruction, folders: tuple[bytes, ...]) -> bool:
    """Whether a RUN does no more than `mkdir` of a folder that a WORKDIR behind it would make just so."""
    read = script(subject.dockerfile, run)
    every = [value for each in read.commands for value in each.values] if read is not None else [None]
    named = {(value or "").strip("/").encode("utf-8", "surrogateescape") for value in every if value != "-p"}
    behind = {
        each.value.strip("\"'").strip("/").encode("utf-8", "surrogateescape")
        for each in subject.stage.instructions
        if each.keyword == "WORKDIR" and each.span.start > run.span.start and each.value.strip("\"'").startswith("/")
    }
    if read is None or any(each.name != "mkdir" for each in read.commands) or not named <= (behind & set(folders)):
        return False
    made = [
        columns[at]
        for number in subject.alignment.layers_of(run)
        for columns in (subject.image.layers[number].columns,)
        for at, path in enumerate(columns.paths)
        if path in named
    ]
    return all((each.mode & 0o7777, each.uid, each.gid) == (0o755, 0, 0) for each in made)


def _of_folders(subject: Subject, instruction: Instruction) -> bool:
    read = script(subject.dockerfile, instruction)
    return read is not None and all(each.name in _FOLDERS for each in read.commands)


def _written(subject: Subject, instruction: Instruction) -> Iterator[bytes]:
    """The paths in an instruction's layers."""
    for number in subject.alignment.layers_of(instruction):
        yield from subject.image.layers[number].columns.paths


def _meant(path: bytes, text: bytes) -> bool:
    """Whether a text names a path of a temporary folder."""
    return path.startswith(_TEMPORARY) and re.search(rb"/" + re.escape(path) + rb"(?![\w.-])", text) is not None


def _stands(subject: Subject, folder: Entry, number: int) -> bool:
    """Whether a layer below this one has the same folder, of the same owner and mode."""
    for layer in reversed(subject.image.layers[:number]):
        columns = layer.columns
        if folder.path in columns.paths:
            before = columns[columns.paths.index(folder.path)]
            same = before.kind is Kind.DIRECTORY and before.mode & 0o7777 == folder.mode & 0o7777
            return same and (before.uid, before.gid) == (folder.uid, folder.gid)
    below = (path for layer in subject.image.layers[:number] for path in layer.columns.paths)
    implied = any(path.startswith(folder.path + b"/") for path in below)
    return implied and (folder.mode & 0o7777, folder.uid, folder.gid) == (0o755, 0, 0)


def owner_of(subject: Subject, paths: tuple[bytes, ...]) -> str:
    """What `--chown` has to say so that all below these paths keeps its owner; empty for root. CannotEdit for several.

    Folders count too: programs write into them. A folder that is itself such a path is left to whoever makes it.
    """
    tree = subject.tree
    owners = set()
    for path in paths:
        for below in tree.under(path):
            entry = tree.get(below)
            own_folder = entry is not None and entry.kind is Kind.DIRECTORY
            if entry is None or (own_folder and (below == path or tree.payload(below)[1] < 0)):
                continue
            owners.add((entry.uid, entry.gid))
    if len(owners) > 1:
        raise CannotEdit("files below the WORKDIR have several owners, and COPY --from gives one")
    uid, gid = next(iter(owners), (0, 0))
    return "" if (uid, gid) == (0, 0) else f"{uid}:{gid}"


def check_folder(subject: Subject, folder: bytes, work: frozenset[int] | None = None) -> None:
    """Raise CannotEdit where a folder is not as a WORKDIR, or a RUN that is not `work`, makes it in the second stage.

    A copy into a folder that is there leaves its owner and mode alone. Without `work` no RUN is done there.
    """
    last, made = subject.tree.get(folder), [0o755, 0, 0]
    instructions = subject.stage.instructions
    done = [
        each for at, each in enumerate(instructions) if each.keyword == "RUN" and work is not None and at not in work
    ]
    for number, instruction in subject.alignment.instruction_of.items():
        columns = subject.image.layers[number].columns
        if (instruction.keyword == "WORKDIR" or instruction in done) and folder in columns.paths:
            entry = columns[columns.paths.index(folder)]
            made = [entry.mode, entry.uid, entry.gid]
    if last is None or [last.mode & 0o7777, last.uid, last.gid] != [made[0] & 0o7777, *made[1:]]:
        shown = folder.decode("utf-8", "replace")
        raise CannotEdit(f"/{shown} itself has an owner or a mode that a WORKDIR does not give")
