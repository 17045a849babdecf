"""Manifests copied first, dependencies installed, then the rest of the sources: the same in another order."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jettison.context.sources import source_file
from jettison.core.values import Span
from jettison.dockerfile.edit import CannotEdit, newline, start_with_comments
from jettison.dockerfile.graph import takers
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Edit, Instruction, Stage
from jettison.dockerfile.scope import State, state_at
from jettison.dockerfile.shell import Command, Script, script
from jettison.dockerfile.values import arguments
from jettison.subject import Text
from jettison.synthesis.installs import Copied, Reads, go_modules, reads

_METADATA = {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "USER",
             "WORKDIR", "SHELL"}  # fmt: skip
_SYSTEM = {"apt-get", "apt", "apk", "yum", "dnf", "microdnf", "useradd", "groupadd", "adduser", "addgroup", "corepack",
           "mkdir", "true", "echo"}  # fmt: skip
_INSTALLING = {"apt-get", "apt", "apk", "yum", "dnf", "microdnf"}  # and may be given a file
_TOLD = re.compile(
    r"(?i)pip_(?:constraint|requirement|find_links|config_file|editable)|npm_config_(?:user|global)config|"
    r"yarn_rc_filename"
)  # variables that name files
_CACHES = {"npm", "yarn", "pnpm", "pip", "pip3"}
_PLAIN = re.compile(r"[\w./@+-]+")
_INSTALLERS = re.compile(r"npm|yarn|pip|\bgo\b|bundle|composer")  # without one of these a RUN installs nothing here
_GO_BUILDS = {"build", "install", "vet", "test", "generate", "run"}


class Overwrites(CannotEdit):
    """What somebody installed lies among the sources, in the place where the build installs."""


@dataclass(frozen=True)
class Copy:
    """A COPY from the context: where it puts what it takes."""

    instruction: Instruction
    state: State
    target: str  # absolute path in the image
    files: Mapping[str, str]  # absolute path in the image -> path in the context


@dataclass(frozen=True)
class Order:
    """A stage's COPYs of sources, the installs behind them, and what these read."""

    copies: tuple[Copy, ...]  # that hold sources
    manifests: frozenset[str]  # absolute paths in the image
    last: Instruction  # the sources are copied behind it
    split: int | None = None  # only behind this operand of its list
    download: bool = False  # a `go mod download` is written, since nothing installs before the build
    unread: bool = False  # nothing of the sources is read behind it: they need no copying at all

    @property
    def sources(self) -> frozenset[str]:
        """Paths in the context."""
        return frozenset(path for each in self.copies for to, path in each.files.items() if to not in self.manifests)


@dataclass
class _Walk:
    """What a look at a stage has come to; never shared."""

    copies: list[Copy] = field(default_factory=list)
    manifests: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    others: list[Instruction] = field(default_factory=list)
    found: Order | None = None


def order(seen: Text, stage: Stage) -> Order | None:
    """The stage's COPYs that would better stand behind its installs; None where there are none.

    Raises CannotEdit, with the reason, where an install stands behind such a COPY and may read more than manifests;
    Overwrites where all that is in the way is a folder of packages among the sources.
    """
    installing = [at for at, each in enumerate(stage.instructions) if _may_install(seen, each)]
    if not installing:
        return None
    before = [each for each in stage.instructions[: installing[-1]] if _copies(each)]
    taken = frozenset().union(*(seen.taken_by(stage, each).paths for each in before))
    if not taken or source_file(seen.sent, taken) is None:
        return None  # nothing that changes stands before an install
    walk = _Walk()
    try:
        for each in stage.instructions[1 : installing[-1] + 1]:  # what stands behind the last changes nothing
            if not _look(seen, stage, each, walk):
                break
        return _moved(seen, stage, walk)
    except CannotEdit:
        copied = frozenset(path for each in walk.copies for to, path in each.files.items())
        if source_file(seen.sent, copied) is None:
            return None  # no source stands before the install: whatever it reads was copied for it
        raise


def _may_install(seen: Text, each: Instruction) -> bool:
    """Whether a RUN names an installer: where it does not, it is not read."""
    text = seen.dockerfile.text
    return each.keyword == "RUN" and _INSTALLERS.search(text, each.span.start, each.span.end) is not None


def _copies(each: Instruction) -> bool:
    """Whether it is a COPY from the context."""
    return each.keyword == "COPY" and each.flag("from") is None


def _look(seen: Text, stage: Stage, each: Instruction, walk: _Walk) -> bool:
    """Take one instruction into account; False where nothing behind it matters."""
    if each.keyword == "RUN" and walk.copies:
        return _run(seen, stage, each, walk)
    if _copies(each):
        walk.copies.append(_copy(seen, stage, each))
    elif each.keyword not in {"RUN", *_METADATA} and walk.copies:
        walk.others.append(each)  # ADD, COPY --from, VOLUME: what they do to what was copied is not looked into
    return True


def _moved(seen: Text, stage: Stage, walk: _Walk) -> Order | None:
    """What was found, with the COPYs that hold sources; others stay, as the install may need what they bring."""
    found = walk.found
    if found is None:
        return None
    before = [each for each in walk.copies if _before(each.instruction, found.last)]
    moved = tuple(each for each in before if _has_sources(seen, each, walk.manifests))
    if not moved:
        return None
    strange = [each.instruction for each in before if not each.files or (each not in moved and _over(each, moved))]
    for other in (*walk.others, *strange):
        if not _before(moved[0].instruction, other) or not _before(other, found.last):
            continue
        raise CannotEdit(f"what line {other.line} puts in the same place is not known")
    found = replace(found, copies=moved, manifests=frozenset(walk.manifests))
    _check(seen, stage, found, walk.writes)
    return replace(found, unread=_unread(seen, stage, found))


def _unread(seen: Text, stage: Stage, found: Order) -> bool:
    """Whether the stage ends without another RUN, does not ship, and whoever copies from it takes other paths."""
    if stage is seen.stage or found.split is not None or found.download:
        return False
    if any(each.keyword in ("RUN", "ONBUILD") and _before(found.last, each) for each in stage.instructions):
        return False
    tops = {path.strip("/") for copy in found.copies for path in copy.files}
    for each in takers(seen.dockerfile, stage, seen.build_args):
        words = arguments(each)
        if each.keyword != "COPY" or each.heredocs or not all(_PLAIN.fullmatch(word) for word in words[:-1]):
            return False
        for source in (posixpath.normpath(word).strip("/") for word in words[:-1]):
            if source in ("", ".") or any(f"{path}/".startswith(f"{source}/") for path in tops):
                return False
    return True


def _has_sources(seen: Text, copy: Copy, manifests: set[str]) -> bool:
    return source_file(seen.sent, frozenset(path for to, path in copy.files.items() if to not in manifests)) is not None


def _over(copy: Copy, moved: Sequence[Copy]) -> bool:
    """Whether a COPY that stays puts another file in the place of one that moves behind it."""
    return any(
        each.files.get(to, path) != path
        for each in moved
        for to, path in copy.files.items()
        if _before(each.instruction, copy.instruction)
    )


def _before(instruction: Instruction, other: Instruction) -> bool:
    return instruction.span.start < other.span.start


def _copy(seen: Text, stage: Stage, instruction: Instruction) -> Copy:
    """Where its files go. Raises CannotEdit for a form that is not followed."""
    state = state_at(seen.dockerfile, stage, instruction, seen.build_args)
    words = arguments(instruction)
    text, missing = expand(words[-1], state.variables, seen.dockerfile.escape)
    found = seen.taken_by(stage, instruction)
    folder = state.workdir or "/"
    target = posixpath.normpath(posixpath.join(folder, text))
    odd = any(flag.name in ("parents", "exclude") for flag in instruction.flags) or instruction.heredocs
    if odd or missing or found.unknown or found.missing:
        return Copy(instruction, state, target, {})
    entries = seen.sent.by_path
    single = len(found.sources) == 1 and found.sources[0] in found.paths and not text.endswith(("/", "."))
    files: dict[str, str] = {}
    for source in found.sources:
        if source in found.paths:
            files[target if single else posixpath.join(target, posixpath.basename(source))] = source
        else:
            skip = len(source) + 1 if source else 0
            files |= {posixpath.join(target, each.path[skip:]): each.path
                      for each in seen.sent.below(source) if each.path in found.paths}  # fmt: skip
    return Copy(instruction, state, target, {to: path for to, path in files.items() if entries[path].kind == "file"})


def _run(seen: Text, stage: Stage, run: Instruction, walk: _Walk) -> bool:
    """Take one RUN into account; False where nothing behind it is looked at. Raises CannotEdit."""
    state = state_at(seen.dockerfile, stage, run, seen.build_args)
    files = {to: path for each in walk.copies for to, path in each.files.items()}
    copied = Copied(seen.sent.root, files, state.workdir or "/")
    found = script(seen.dockerfile, run)
    if found is None or any(flag.name != "network" and not _is_apart(flag.value or "") for flag in run.flags):
        return _stop(seen, stage, run, walk)
    kinds = [_kind(command, copied) for command in found.commands]
    count = next((at for at, kind in enumerate(kinds) if kind is None), len(kinds))
    installs = [kind for kind in kinds[:count] if isinstance(kind, Reads) and kind.files]
    late = next((kind for kind in kinds[count:] if isinstance(kind, Reads)), None)
    if not installs and count < len(kinds):
        if late is None and walk.found is None and _builds_go(found):
            _download(run, copied, walk)
            return False
        if late is not None:
            raise CannotEdit(f"line {run.line} does something else before it installs")
        return _stop(seen, stage, run, walk)
    for each in (kind for kind in kinds[:count] if isinstance(kind, Reads)):
        if each.refusal:
            raise CannotEdit(each.refusal)
        walk.manifests |= {copied.at(name) for name in each.files}
        walk.writes |= {copied.at(name) for name in each.writes}
    if installs:
        assigned = [each.partition("=")[0] for command in found.commands for each in command.assignments]
        told = next((name for name in (*state.variables, *assigned) if _TOLD.fullmatch(name)), "")
        if told:
            raise CannotEdit(f"{told} names a file, which may lie among the sources")
        split = _split(found, count) if count < len(kinds) else None
        walk.found = Order((), frozenset(), run, split)
    return count == len(kinds)


def _is_apart(mount: str) -> bool:
    """Whether a mount brings nothing of the context or of another stage."""
    return re.search(r"(?:^|,)type=(?:cache|secret|ssh|tmpfs)(?:,|$)", mount) is not None and "from=" not in mount


def _stop(seen: Text, stage: Stage, run: Instruction, walk: _Walk) -> bool:
    """A RUN that may read the sources ends the look; where an install stands behind it, that is the reason."""
    if walk.found is not None:
        return False
    files = {to: path for each in walk.copies for to, path in each.files.items()}
    for later in stage.instructions[stage.instructions.index(run) :]:
        if not _may_install(seen, later):
            continue
        found = script(seen.dockerfile, later)
        folder = state_at(seen.dockerfile, stage, later, seen.build_args).workdir or "/"
        for command in found.commands if found else ():
            kind = reads(command, Copied(seen.sent.root, files, folder))
            if kind is not None and kind.files and not kind.refusal:
                where = f"line {run.line} stands between" if later is not run else f"line {run.line} has mounts"
                raise CannotEdit(f"{where}, and may read the sources")
    return False


def _kind(command: Command, copied: Copied) -> Reads | bool | None:
    """What an install reads; True for a command that looks at no source; None for any other."""
    if command.nested or command.redirected or command.name is None:
        return None
    found = reads(command, copied)
    if found is not None:
        return found
    name, values = posixpath.basename(command.name), list(command.values)
    if name == "rm":
        return None if any(_inside(each.value or each.text, copied) for each in command.arguments) else True
    if None in values:
        return None
    if name in _SYSTEM:
        given = [each for each in values[1:] if each and not each.startswith("-")]
        return None if name in _INSTALLING and any(copied.has(each) for each in given) else True
    if name in _CACHES:
        everywhere = any(each in ("-g", "--global") for each in values)
        return True if values[:1] in (["cache"], ["config"]) or everywhere else None
    if re.fullmatch(r"python[\d.]*", name):
        return True if values[:2] == ["-m", "venv"] else None
    return True if name == "set" and all(re.fullmatch(r"[-+][euxo]+|pipefail", each or "") for each in values) else None


def _inside(word: str, copied: Copied) -> bool:
    """Whether what `rm` is given may lie among what was copied."""
    if word.startswith(("-", "~/.", "$HOME/.", "/root/.", "/var/", "/tmp/")):
        return False
    return not word.startswith("/") or "$" in word or copied.holds(word) or copied.has(word)


def _split(found: Script, count: int) -> int:
    """The operand behind which a RUN is divided. Raises CannotEdit where its parts share a shell."""
    if not found.plain or len(found.operands) != len(found.commands) or found.leaks:
        raise CannotEdit("what installs and what reads the sources cannot be divided into two RUNs")
    return count - 1


def _builds_go(found: Script) -> bool:
    first = next((each for each in found.commands if each.name is not None), None)
    if first is None or posixpath.basename(first.name or "") != "go" or first.nested:
        return False
    return bool(first.values) and first.values[0] in _GO_BUILDS and not any("-mod" in (v or "") for v in first.values)


def _download(run: Instruction, copied: Copied, walk: _Walk) -> None:
    """`go build` fetches modules itself: fetched before, they stay in the cache."""
    kind = go_modules(copied)
    if kind is None or kind.refusal or "go.sum" not in kind.files or run.flags:
        return
    walk.manifests |= {copied.at(name) for name in kind.files}
    walk.found = Order((), frozenset(), run, download=True)


def _check(seen: Text, stage: Stage, found: Order, writes: set[str]) -> None:
    """Raises CannotEdit where the COPYs would mean something else behind the install."""
    behind = state_at(seen.dockerfile, stage, found.last, seen.build_args)
    for copy in found.copies:
        clash = next((to for to in copy.files for top in writes if to.startswith(f"{top}/")), "")
        if clash:
            name = copy.files[clash]
            raise Overwrites(f"line {copy.instruction.line} would copy {name} over what was installed there")
        words = arguments(copy.instruction)
        if not words[-1].startswith("/") and behind.workdir != copy.state.workdir:
            raise CannotEdit(f"the working directory changes behind line {copy.instruction.line}")
        if any("$" in word for word in words):
            raise CannotEdit(f"line {copy.instruction.line} depends on variables")
    if found.download and any(copy.state.workdir != behind.workdir for copy in found.copies):
        raise CannotEdit(f"the working directory changes before line {found.last.line}")


def edits(seen: Text, found: Order) -> tuple[Edit, ...]:
    """The stage in its new order. Raises CannotEdit for names that a COPY would read as something else."""
    dockerfile = seen.dockerfile
    end = newline(dockerfile)
    whole = end.join(copy.instruction.span.of(dockerfile.text) for copy in found.copies)
    made: list[Edit] = []
    for copy in found.copies:
        lines = list(_narrow(copy, found.manifests, dockerfile.text))
        span = copy.instruction.span
        if not lines:
            after = dockerfile.text.find("\n", span.end) + 1 or len(dockerfile.text)
            span = Span(span.start, after)
        made.append(Edit(span, end.join(lines)))
    if found.unread:
        return tuple(made)
    if found.download:
        at = start_with_comments(dockerfile, found.last)
        return (*made, Edit(Span(at, at), f"RUN go mod download{end}{whole}{end}"))
    if found.split is None:
        return (*made, Edit(Span(found.last.span.end, found.last.span.end), f"{end}{whole}"))
    if found.last.heredocs:
        raise CannotEdit("what installs and what reads the sources stand in one heredoc")
    told = script(dockerfile, found.last)
    assert told is not None
    between = Span(told.operands[found.split].end, told.operands[found.split + 1].start)
    if "#" in between.of(dockerfile.text):
        raise CannotEdit("a comment stands where the RUN would be divided")
    head = " ".join(["RUN", *(flag.span.of(dockerfile.text) for flag in found.last.flags)])
    return (*made, Edit(between, f"{end}{whole}{end}{head} "))


def _narrow(copy: Copy, manifests: frozenset[str], text: str) -> Iterator[str]:
    """COPYs of the manifests alone, one for each folder that they go to."""
    words = arguments(copy.instruction)
    head = " ".join(["COPY", *(flag.span.of(text) for flag in copy.instruction.flags)])
    folders: dict[str, list[str]] = {}
    for to, path in sorted(copy.files.items()):
        if to in manifests:
            folders.setdefault(posixpath.dirname(to), []).append(path)
    for folder, paths in folders.items():
        inside = posixpath.relpath(folder, copy.target)
        target = words[-1].rstrip("/") or "/"
        target = target if inside == "." else posixpath.join(target, inside)
        if not all(_PLAIN.fullmatch(each) for each in (*paths, target)):
            raise CannotEdit(f"{', '.join(paths)} cannot be named in a COPY as they are")
        yield f"{head} {' '.join(paths)} {target.rstrip('/')}/"
