"""Caches that a RUN fills and does not empty, as far as the text tells; silent where it does not tell.

Sources: apt-get(8), apk(8), pip documentation ("Caching"), npm-cache(1), Yarn 1 documentation ("yarn cache"),
go help cache. A folder that a mount stands on is in no layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.model import Instruction
from jettison.dockerfile.shell import Command, script
from jettison.subject import Text
from jettison.synthesis.pip import pip_call

SHARED = "it belongs to another stage, which others may share"  # why no fix is offered there
_COMPUTED = re.compile(r"[$`]")
_TARGET = re.compile(r"(?:^|,)(?:target|dst|destination)=([^,]+)")
_REMOVES = {"rm", "find", "rmdir", "mv"}
_MAY_DO_ANYTHING = re.compile(
    r".*\.sh|\.{0,2}/(?!usr|bin|sbin|opt).*|(?:.*/)?(?:ba|da|a)?sh|eval|source|\.|make|.*clean.*"
)
_PIP_FETCHES = {"install", "wheel", "download"}
_NPM_FETCHES = {"install", "ci", "i", "add", "clean-install", "in", "ic"}
_GO_FILLS = {"build", "install", "get", "test", "vet", "run", "generate"}


@dataclass(frozen=True)
class Cache:
    """One tool's cache: which commands fill it, which empty it, words of its folders, and what moves or stops it."""

    mention: re.Pattern[str]  # without it in a RUN nothing fills the cache
    fills: Callable[[Command], bool]
    empties: Callable[[Command], bool]
    folder: re.Pattern[str]  # in a path that is removed or mounted upon
    elsewhere: re.Pattern[str]  # anywhere in the file: the cache is set otherwise, and nothing is said


@dataclass(frozen=True)
class Filling:
    """A RUN of a stage that ships that leaves its cache full; `own`: of the last stage, not of one that it is FROM."""

    instruction: Instruction
    command: Command
    own: bool


def _tool(command: Command) -> str:
    return (command.name or "").rpartition("/")[2]


def _verb(command: Command) -> str:
    return next((value for value in command.values if value is not None and not value.startswith("-")), "")


def _apt_updates(command: Command) -> bool:
    return _tool(command) in ("apt-get", "apt", "aptitude") and _verb(command) == "update"


def _apt_installs(command: Command) -> bool:
    return _tool(command) in ("apt-get", "apt") and "install" in command.values


def _apk_indexes(command: Command) -> bool:
    return _tool(command) == "apk" and bool({"add", "update", "upgrade"} & set(command.values)) and (
        "--no-cache" not in command.values
    )  # fmt: skip


def _pip_fetches(command: Command) -> bool:
    call = pip_call(command)
    if call is None or call.verb not in _PIP_FETCHES or None in command.values:
        return False
    return not any((value or "").startswith(("--no-cache-dir", "--cache-dir")) for value in command.values)


def _npm_fetches(command: Command) -> bool:
    return _tool(command) == "npm" and _verb(command) in _NPM_FETCHES and not any(
        (value or "").startswith("--cache") for value in command.values
    )  # fmt: skip


def _yarn_fetches(command: Command) -> bool:
    return _tool(command) == "yarn" and _verb(command) in ("", "install", "add", "global") and not any(
        (value or "").startswith(("--cache-folder", "--version", "-v", "--help")) for value in command.values
    )  # fmt: skip


def _go_fills(command: Command) -> bool:
    values = [value for value in command.values if value and not value.startswith("-")]
    return _tool(command) == "go" and ((values[:1] and values[0] in _GO_FILLS) or values[:2] == ["mod", "download"])


def _says(tool: str, *words: str) -> Callable[[Command], bool]:
    return lambda command: _tool(command) == tool and set(words) <= set(command.values)


def _apt_cleans(word: str) -> Callable[[Command], bool]:
    return lambda command: (
        _tool(command) in ("apt-get", "apt") and bool({word, "distclean", "dist-clean"} & set(command.values))
    )


_NONE = re.compile(r"(?!)")
APT_LISTS = Cache(
    re.compile(r"\bapt(?:-get|itude)?\b"), _apt_updates, _apt_cleans("distclean"),
    re.compile(r"/var/lib/apt|^/var/lib(?:/\*)?$|^/var(?:/\*)?$"), re.compile(r"Dir::State"),
)  # fmt: skip
APT_ARCHIVES = Cache(
    re.compile(r"\bapt(?:-get)?\b"), _apt_installs, _apt_cleans("clean"),
    re.compile(r"/var/cache(?:/apt|/\*|$)|^/var(?:/\*)?$"), re.compile(r"Dir::Cache"),
)  # fmt: skip
APK = Cache(
    re.compile(r"\bapk\b"), _apk_indexes, _says("apk", "cache", "clean"),
    re.compile(r"/var/cache(?:/apk|/\*|$)|/etc/apk/cache|^/var(?:/\*)?$"), re.compile(r"--cache-dir"),
)  # fmt: skip
PIP = Cache(
    re.compile(r"\bpip[0-9.]*\b"), _pip_fetches, _says("pip", "cache", "purge"),
    re.compile(r"\.cache|^~?/?(?:root|home)|^~$"),
    re.compile(r"PIP_NO_CACHE|PIP_CACHE_DIR|pip\.conf|\bpip[0-9.]* config\b|XDG_CACHE_HOME|PIP_CONFIG"),
)  # fmt: skip
NPM = Cache(
    re.compile(r"\bnpm\b"), _npm_fetches, _says("npm", "cache", "clean"),
    re.compile(r"\.npm\b|^~?/?(?:root|home)(?:/\*)?$|^~$"), re.compile(r"(?i)npm_config_cache|npm config set cache"),
)  # fmt: skip
YARN = Cache(
    re.compile(r"\byarn\b"), _yarn_fetches, _says("yarn", "cache", "clean"),
    re.compile(r"yarn|\.cache"), re.compile(r"YARN_CACHE_FOLDER|yarn set version|yarn config|\.yarn\b|corepack|berry"),
)  # fmt: skip
GO = Cache(
    re.compile(r"\bgo\b"), _go_fills, _says("go", "clean"),
    re.compile(r"go-build|/go/pkg|\.cache|^/go(?:/\*)?$|^~?/?root"), re.compile(r"GOCACHE|GOMODCACHE|GOPATH|GOFLAGS"),
)  # fmt: skip


def shipped_runs(text: Text) -> Iterator[tuple[Instruction, bool]]:
    """The RUNs of the stages that ship, in their order, each with whether it is of the last stage."""
    for stage in stage_chain(text.dockerfile, text.stage):
        yield from ((each, stage is text.stage) for each in stage.instructions if each.keyword == "RUN")


def fillings(text: Text, cache: Cache) -> Iterator[Filling]:
    """RUNs that surely fill the cache and leave it so."""
    whole = text.dockerfile.text
    if not cache.mention.search(whole) or cache.elsewhere.search(whole):
        return
    for run, own in shipped_runs(text):
        if cache.mention.search(run.value) or run.heredocs:
            command = left_full(text, run, cache)
            if command is not None:
                yield Filling(run, command, own)


def left_full(text: Text, run: Instruction, cache: Cache) -> Command | None:
    """The last command of a RUN that surely fills the cache, nothing behind it emptying it; None without one."""
    if _is_mounted(run, cache):
        return None
    found = script(text.dockerfile, run)
    last: Command | None = None
    for command in found.commands if found is not None else ():
        if cache.fills(command):
            last = None if command.nested or command.joined == "||" else command
        elif empties(command, cache) or _MAY_DO_ANYTHING.fullmatch(command.name or "sh"):
            last = None
    return last


def empties(command: Command, cache: Cache) -> bool:
    """Whether a command empties the cache, or may."""
    if cache.empties(command):
        return True
    if _tool(command) not in _REMOVES:
        return False
    return any(cache.folder.search(each.text) or _COMPUTED.search(each.text) for each in command.arguments)


def _is_mounted(run: Instruction, cache: Cache) -> bool:
    targets = [_TARGET.search(flag.value or "") for flag in run.flags if flag.name == "mount"]
    return any(cache.folder.search(each[1]) or _COMPUTED.search(each[1]) for each in targets if each is not None)


def emptied_later(text: Text, filling: Filling, cache: Cache) -> Instruction | None:
    """The first RUN behind it that empties the cache for sure, in a layer of its own; None without one."""
    behind = [run for run, _ in shipped_runs(text)]
    for run in behind[behind.index(filling.instruction) + 1 :]:
        found = script(text.dockerfile, run)
        for command in found.commands if found is not None else ():
            named = _tool(command) == "rm" and any(cache.folder.search(each.text) for each in command.arguments)
            if not command.nested and (named or cache.empties(command)):
                return run
    return None
