"""What a later RUN removes of what an earlier instruction surely made, as far as the text tells."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from jettison.commands.files import Removal, clone, download, is_packed, removal, removals
from jettison.commands.model import Call, Run
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Instruction, Stage
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script
from jettison.dockerfile.values import arguments
from jettison.subject import Text
from jettison.synthesis.few_bytes import brings_few
from jettison.synthesis.left_in_text import emptied_later

Pair = tuple[Instruction, Instruction, str]  # what made, what removes, the path where it is one
_PACKAGES = {"node_modules", "site-packages", "dist-packages", ".venv", "venv", "vendor"}
_LOOKS = 200_000  # at paths; nobody writes so much, and nothing is said of more
_WILD = re.compile(r"[*?\[]")
_MOVES = {"mv", "rename", "unlink", "shred"}
_NOTHING = {"true", ":", "echo", "printf"}


def removed_caches(text: Text) -> Iterator[Pair]:
    """A cache that one RUN fills and another, behind it, empties."""
    return ((left.run.instruction, later, "") for left, later in emptied_later(text))


def removed_copies(text: Text) -> Iterator[Pair]:
    """A file or folder that a COPY of a stage that ships puts in place, or a RUN fetches, and a RUN behind it surely
    removes."""
    if next(text.called("rm"), None) is None:
        return
    runs = {id(run.instruction): run for run in text.shipped if run.readable}
    placed = _Placed()
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword in ("COPY", "ADD") and not brings_few(text, each):
                for path in _places(text, stage, each):
                    placed.put(path, each)
            elif id(each) in runs:
                for removed in _sure(runs[id(each)]) if placed.by_path else ():
                    for path in placed.taken(removed):
                        yield placed.by_path.pop(path), each, path
                for path in _fetched(runs[id(each)]):
                    placed.put(path, each)


def _fetched(run: Run) -> list[str]:
    """The files and folders that a RUN surely downloads or clones, and leaves where they are.

    Archives are left out: archive-left-behind tells of these.
    """
    found: list[str] = []
    looks = _LOOKS
    for call in run.calls:
        made, gone = _brought(call), removal(call)
        if made and call.certain:
            found.append(made)
        elif gone is not None:
            looks -= len(found)
            found = [each for each in found if not (gone.unknown or _takes(gone, each))] if looks > 0 else []
        elif call.name is None or call.name in _MOVES:
            looks -= len(found)
            words = " ".join(word.text for word in call.words)
            found = [each for each in found if call.name and each not in words] if looks > 0 else []
    held = [mount.target for mount in run.mounts if mount.target]
    return [each for each in found if not any(each.startswith(f"{target}/") for target in held)]


def _brought(call: Call) -> str:
    """The absolute path of what a call downloads or clones; empty for any other, and where it is not known."""
    fetched, cloned = download(call), clone(call)
    made = fetched.to if fetched is not None else cloned.to if cloned is not None else None
    plain = made is not None and made.startswith("/") and not _WILD.search(made) and not is_packed(made)
    return made if made is not None and plain and not made.startswith("/dev/") else ""


class Removals:
    """What a RUN removes, by path: for each, where the last call stands that may take it away."""

    def __init__(self, run: Run) -> None:
        self._places = run.places
        self._last = self._unknown = self._git = -1
        self._by_path: dict[str, int] = {}
        for call in run.calls:
            found = removal(call)
            if found is None:
                continue
            self._last = at = run.places[id(call)]
            if found.unknown or found.name == ".git":
                self._unknown = at
            for pattern in found.patterns:
                if pattern.endswith(".git"):
                    self._git = at
                self._by_path[pattern.rstrip("/*") or "/"] = at

    def any_behind(self, call: Call) -> bool:
        """Whether anything is removed behind a call."""
        return self._places[id(call)] < self._last

    def any_of_git_behind(self, call: Call) -> bool:
        """Whether a `.git` is removed behind it, wherever that lies."""
        return self._places[id(call)] < self._git

    def may_take(self, path: str, call: Call) -> bool:
        """Whether a path, or a folder that it lies in, may be removed behind the call."""
        last, at = max(self._unknown, self._by_path.get("/", -1)), path.rstrip("/")
        while at:
            last = max(last, self._by_path.get(at, -1))
            at = at.rpartition("/")[0]
        return self._places[id(call)] < last


@dataclass
class _Placed:
    """What COPYs put where; never shared. `below` has the paths at and below each folder."""

    by_path: dict[str, Instruction] = field(default_factory=dict)
    below: dict[str, dict[str, None]] = field(default_factory=dict)
    looks: int = _LOOKS  # that are left for patterns with wildcards

    def put(self, path: str, instruction: Instruction) -> None:
        self.by_path[path] = instruction
        at = path
        while at not in ("", "/"):
            self.below.setdefault(at, {})[path] = None
            at = posixpath.dirname(at)

    def taken(self, removed: Removal) -> list[str]:
        """The paths that a removal takes away, in the order of the file."""
        found = set()
        for pattern in removed.patterns:
            wild = _WILD.search(pattern)
            head = posixpath.dirname(pattern[: wild.start()]) if wild else pattern
            near = self.below.get(head, {}) if head not in ("", "/") else self.by_path
            if wild:
                self.looks -= len(near)
                if self.looks < 0:
                    continue
            found |= {path for path in near if path in self.by_path and _takes(removed, path)}
        return [path for path in self.by_path if path in found] if len(found) > 1 else list(found)


def removed_parts(text: Text) -> Iterator[Pair]:
    """A folder of packages that a COPY --from brings, and a RUN that does nothing but remove by patterns in it."""
    if next(text.called("rm", "find"), None) is None:
        return
    runs = {id(run.instruction): run for run in text.shipped if run.readable}
    placed: dict[str, Instruction] = {}
    for stage in stage_chain(text.dockerfile, text.stage, text.build_args):
        for each in stage.instructions:
            if each.keyword == "COPY" and each.flag("from"):
                here = (path for path in _places(text, stage, each) if posixpath.basename(path) in _PACKAGES)
                placed |= dict.fromkeys(here, each)
            run = runs.get(id(each)) if placed else None
            if run is None:
                continue
            gone = [(call, removal(call)) for call in run.calls if call.name not in _NOTHING]
            if all(found is not None for _, found in gone):
                patterns = [pattern for _, found in gone if found is not None for pattern in found.patterns]
                for path in [path for path in placed if any(_in_folder(each, path) for each in patterns)]:
                    yield placed.pop(path), each, path


def _in_folder(pattern: str, folder: str) -> bool:
    return pattern == folder or pattern.startswith(f"{folder}/")


def _places(text: Text, stage: Stage, copy: Instruction) -> Iterator[str]:
    """The absolute paths that it makes, as far as no variable, wildcard or unknown folder is in them."""
    words = arguments(copy)
    if len(words) < 2 or copy.heredocs or any(set(word) & set("*?[$") for word in words):
        return
    if copy.keyword == "ADD" and any("://" in word or is_packed(word) for word in words[:-1]):
        return  # what comes of it lies elsewhere
    *sources, target = (expand(word, {}, text.dockerfile.escape)[0] for word in words)
    folder = state_at(text.dockerfile, stage, copy, text.build_args).workdir
    if not target.startswith("/"):
        if folder is None:
            return
        target = f"{folder}/{target}" + ("/" if target in (".", "..") else "")
    inside = target.endswith("/") or len(sources) > 1
    for source in sources:
        name = posixpath.basename(source.rstrip("/"))
        if inside and ("." in name.strip(".") and "://" not in source):
            yield _absolute(f"{target}/{name}")  # a name with a dot in it is taken for a file's
        elif not inside:
            yield _absolute(target)


def _absolute(path: str) -> str:
    """A path as it is written shortest: POSIX lets normpath keep two slashes at the front, and `/` is their folder."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _sure(run: Run) -> Iterator[Removal]:
    """What an rm takes away whenever the RUN succeeds."""
    return removals(tuple(call for call in run.calls if call.name == "rm" and call.certain))


def _takes(removed: Removal, path: str) -> bool:
    """Whether a removal takes away a path: one of its patterns means it, or a folder that it lies in."""
    wanted = path.split("/")
    for pattern in removed.patterns:
        if pattern == path or (removed.recursive and path.startswith(f"{pattern}/")):
            return True
        if not _WILD.search(pattern):
            continue
        parts = pattern.split("/")
        inside = removed.recursive and len(parts) < len(wanted)
        if (inside or len(parts) == len(wanted)) and all(map(_means, parts, wanted)):
            return True
    return False


def _means(part: str, name: str) -> bool:
    """Whether a part of a pattern means a name; a wildcard means none that begins with a dot."""
    return fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))


def only_removes(text: Text, instruction: Instruction) -> bool:
    """Whether a RUN does nothing but remove constant paths and empty caches."""
    run = next((each for each in text.shipped if each.instruction is instruction), None)
    written = script(text.dockerfile, instruction)
    if run is None or not run.readable or written is None or not written.plain:
        return False
    if len(run.calls) != len(written.commands) or any(each.redirected for each in written.commands):
        return False
    return all(map(_only_removes, run.calls))


def _only_removes(call: Call) -> bool:
    if call.own or call.wrappers:
        return False
    if call.name == "rm":
        return not any(word.pattern is None or "$" in word.text or "`" in word.text for word in call.words)
    return call.name == "apt-get" and call.values in (("clean",), ("-y", "clean"), ("clean", "-y"))


def follows(text: Text, one: Instruction, other: Instruction) -> bool:
    """Whether a RUN stands right behind another one of its stage."""
    instructions = text.stage.instructions
    return one.keyword == "RUN" and one in instructions and instructions.index(other) == instructions.index(one) + 1
