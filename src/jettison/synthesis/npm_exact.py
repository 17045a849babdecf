"""`npm ci` in the place of `npm install`, where the image shows that the lock file says what was installed.

Source: npm documentation, "npm ci" (it ends with an error where lock file and package.json differ, and takes away the
node_modules that is there) and "package-lock.json" (`packages`, the hidden lockfile).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import Command, script
from jettison.image.tree import Tree, merge
from jettison.packages.node import HIDDEN, described, read_json
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.npm_run import NpmCall, npm_installs

LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
_NAMED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_SAME = ("version", "resolved", "integrity")
_SETTING = re.compile(r"(?i)npm_config_(.*)")
_HARMLESS = re.compile(
    r"(?://|@[\w.-]+:).*|registry|ca(?:file)?|strict-ssl|(?:https?-|no)?proxy|audit|fund|cache|progress|loglevel|color"
    r"|update-notifier|fetch-[\w-]+|maxsockets|prefer-offline|init-[\w-]+|save-exact|save-prefix"
)  # settings of npm that change nothing of what is installed from a lock file
_QUIET = {"--no-audit", "--no-fund", "--silent", "-s", "--quiet", "-q", "--no-progress", "--prefer-offline",
          "--loglevel=error", "--loglevel=warn", "--verbose", "--include=dev"}  # fmt: skip
_BESIDE = {("npm", "run"), ("npm", "run-script"), ("npm", "cache"), ("npm", "test"), ("npm", "prune"), ("npm", "audit")}
_CACHED = re.compile(r"-\w+|(?:(?:~|/root)/\.(?:npm|cache)|/tmp)(?:/[\w*-]+)*/?")
_SETTINGS = re.compile(rb"(?:root/|home/[^/]+/)\.npmrc|usr/(?:local/)?etc/npmrc|etc/npmrc")


def exact(subject: Subject, folder: bytes) -> tuple[Edit, ...]:
    """The edit of the one `npm install` that fills `folder`'s node_modules; none where anything is not as it must be.

    npm wrote the lock file that it had found, and installed packages of it; what it left out of them is optional.
    """
    run, call = _install(subject, folder) or (None, None)
    layers = subject.alignment.layers_of(run) if run is not None else ()
    if call is None or not layers:
        return ()
    own = subject.image.layers[subject.alignment.base_layers :]  # of the base, little is asked, and it is large
    first, last = (each - subject.alignment.base_layers for each in (min(layers), max(layers)))
    before, behind = merge(own[:first]), merge(own[: last + 1])
    name = _kept_lock(before, behind, folder, range(first, last + 1))
    if name is None:
        return ()
    for tree in (before, subject.below):
        if _path(folder, "node_modules") in tree or _is_configured(tree, folder):
            return ()
    locked, installed = (read_json(behind, _path(folder, each)) or {} for each in (name, HIDDEN.decode()))
    if differs(name, locked, described(behind, folder)) or not _agree(locked, installed):
        return ()
    return (Edit(call.verb.span, "ci"),)


def differs(lock: str, locked: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """Why `npm ci` would not do with this lock file and package.json; empty where it says what that says."""
    root = locked.get("packages", {}).get("") if isinstance(locked.get("packages"), dict) else None
    if not isinstance(root, dict):
        return f"{lock} does not tell which package.json it was made of (npm before 7 wrote it)"
    for key in _NAMED:
        if (root.get(key) or {}) != (named.get(key) or {}):
            return f"{lock} and package.json differ in their {key}: run `npm install` and commit the lock file"
    return ""


def _path(folder: bytes, name: str) -> bytes:
    return folder + b"/" + name.encode()


def _install(subject: Subject, folder: bytes) -> tuple[Instruction, NpmCall] | None:
    """The stage's only install by npm, where it is a plain one in this folder, and its RUN does nothing to what it
    reads."""
    every = [(run, call) for run in own_runs(subject) for call in npm_installs(subject, run)]
    if len(every) != 1:
        return None
    run, call = every[0]
    state, read = state_at(subject.dockerfile, subject.stage, run, subject.build_args), script(subject.dockerfile, run)
    here = posixpath.normpath(state.workdir or "/").strip("/").encode("utf-8", "surrogateescape") == folder
    plain = call.plain and call.verb.value in ("install", "i") and set(call.options) <= _QUIET
    alone = read is not None and all(each == call.command or _is_beside(each) for each in read.commands)
    apart = not any(flag.name == "mount" for flag in run.flags) and not call.command.assignments
    told = filter(None, map(_SETTING.fullmatch, state.variables))
    configured = not all(_HARMLESS.fullmatch(each[1].lower().replace("_", "-")) for each in told)
    return (run, call) if here and plain and alone and apart and not configured else None


def _is_beside(command: Command) -> bool:
    """Whether a command of the same RUN surely leaves manifests, node_modules and npm's settings to npm."""
    if command.nested or command.redirected or command.assignments:
        return False
    name = (command.name or "").rpartition("/")[2]
    if name == "rm":
        return all(_CACHED.fullmatch(each.value or each.text) for each in command.arguments)
    values = [each or "" for each in command.values]
    words = [each for each in values if not each.startswith("-")]
    return (name == "set" and values[:1] != ["--"]) or (name, *words[:1]) in _BESIDE


def _kept_lock(before: Tree, behind: Tree, folder: bytes, layers: Container[int]) -> str | None:
    """The lock file that npm found and wrote anew as it was, package.json as well as it was; None where there is none.

    npm writes it in any case, unless it is told to have none: so the one that is there behind it is the RUN's own.
    """
    names = [each for each in LOCKS if _path(folder, each) in before or _path(folder, each) in behind]
    if len(names) != 1 or _path(folder, names[0]) not in behind:
        return None
    manifests = [_path(folder, each) for each in (names[0], "package.json")]
    try:
        same = all(before.read(each) == behind.read(each) for each in manifests)
    except KeyError:
        return None
    return names[0] if same and behind.layer_of(manifests[0]) in layers else None


def _is_configured(before: Tree, folder: bytes) -> bool:
    """Whether a file of settings, beside package.json or where npm looks for one of the user or of all, may change what
    is installed."""
    files = [path for path in before if path == _path(folder, ".npmrc") or _SETTINGS.fullmatch(path)]
    return any(not _HARMLESS.fullmatch(key) for path in files for key in _keys(before, path))


def _keys(tree: Tree, path: bytes) -> Iterator[str]:
    """The names that a file of settings sets; an empty one where it cannot be read."""
    try:
        text = tree.read(path).decode("utf-8", "replace")
    except KeyError:
        text = "="
    for line in map(str.strip, text.splitlines()):
        if line and line[0] not in "#;":
            yield line.partition("=")[0].strip()


def _agree(locked: Mapping[str, Any], installed: Mapping[str, Any]) -> bool:
    """Whether each installed package is the lock file's, and each of these is installed or optional."""
    packages, found = locked.get("packages"), installed.get("packages")
    if not isinstance(packages, dict) or not isinstance(found, dict) or not found:
        return False
    for path, facts in packages.items():
        if not isinstance(facts, dict) or facts.get("link"):
            return False
        other = found.get(path)
        if path and other is None and not (facts.get("optional") or facts.get("devOptional")):
            return False
        if isinstance(other, dict) and (other.get("link") or any(facts.get(key) != other.get(key) for key in _SAME)):
            return False
    return found.keys() <= packages.keys()
