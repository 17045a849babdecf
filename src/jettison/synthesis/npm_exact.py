"""`npm ci` in the place of `npm install`, where the image shows that the lock file says what was installed.

Source: npm documentation, "npm ci" (it ends with an error where lock file and package.json differ, and takes away the
node_modules that is there) and "package-lock.json" (`packages`, the hidden lockfile).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from jettison.dockerfile.model import Edit, Instruction
from jettison.dockerfile.scope import state_at
from jettison.dockerfile.shell import script
from jettison.image.tree import merge
from jettison.packages.node import HIDDEN, described, read_json
from jettison.subject import Subject
from jettison.synthesis.left import own_runs
from jettison.synthesis.npm_run import NpmCall, npm_installs

LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
_NAMED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_SAME = ("version", "resolved", "integrity")
_SETTING = re.compile(r"(?i)npm_config_(?:package_lock|shrinkwrap|install_strategy|global_style|legacy_bundling)")
_QUIET = {"--no-audit", "--no-fund", "--silent", "-s", "--quiet", "-q", "--no-progress", "--prefer-offline",
          "--loglevel=error", "--loglevel=warn", "--verbose", "--include=dev"}  # fmt: skip


def exact(subject: Subject, folder: bytes) -> tuple[Edit, ...]:
    """The edit of the one `npm install` that fills `folder`'s node_modules; none where anything is not as it must be.

    What was copied is what npm left: it wrote the same lock file, and installed the very packages that stand in it.
    """
    run, call = _install(subject, folder) or (None, None)
    name = next((each for each in LOCKS if _path(folder, each) in subject.tree), "")
    if run is None or call is None or not name or not _was_there(subject, folder, name, run):
        return ()
    locked, installed = (read_json(subject.tree, _path(folder, each)) or {} for each in (name, HIDDEN.decode()))
    if differs(name, locked, described(subject.tree, folder)) or not _agree(locked, installed):
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
    """The stage's only install by npm, where it is a plain one in this folder."""
    every = [(run, call) for run in own_runs(subject) for call in npm_installs(subject, run)]
    if len(every) != 1:
        return None
    run, call = every[0]
    state, read = state_at(subject.dockerfile, subject.stage, run, subject.build_args), script(subject.dockerfile, run)
    here = posixpath.normpath(state.workdir or "/").strip("/").encode("utf-8", "surrogateescape") == folder
    plain = call.plain and call.verb.value in ("install", "i") and set(call.options) <= _QUIET
    stays = read is not None and not {"cd", "pushd"} & set(read.leaks)
    set_ = any(map(_SETTING.fullmatch, state.variables)) or _path(folder, ".npmrc") in subject.tree
    return (run, call) if here and plain and stays and not set_ else None


def _was_there(subject: Subject, folder: bytes, lock: str, run: Instruction) -> bool:
    """Whether the install found both manifests as they are now, and no node_modules.

    npm writes the lock file anew in any case, so that its layer is the install's: what counts is what it says.
    """
    layers = subject.alignment.layers_of(run)
    if not layers:
        return False
    before = merge(subject.image.layers[: min(layers)])
    names = [_path(folder, each) for each in (lock, "package.json")]
    try:
        same = all(before.read(each) == subject.tree.read(each) for each in names)
    except KeyError:
        return False
    return same and _path(folder, "node_modules") not in before


def _agree(locked: Mapping[str, Any], installed: Mapping[str, Any]) -> bool:
    """Whether each installed package is the lock file's. Packages for other systems may stand in that alone."""
    packages, found = locked.get("packages"), installed.get("packages")
    if not isinstance(packages, dict) or not isinstance(found, dict) or not found:
        return False
    for path, facts in found.items():
        other = packages.get(path)
        if not isinstance(facts, dict) or not isinstance(other, dict) or facts.get("link") or other.get("link"):
            return False
        if any(facts.get(key) != other.get(key) for key in _SAME):
            return False
    return True
