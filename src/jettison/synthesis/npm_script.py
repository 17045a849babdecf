"""`npm start` and `npm run NAME`, seen through: the command of package.json, where it needs nothing of npm.

Source: docs.npmjs.com, "scripts" (hooks, environment, PATH) and "config" (script-shell, node-options, omit); pnpm.io,
"pnpm run" (the same of `pnpm NAME`), "pnpm-workspace.yaml" (settings in camel case since its version 10).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.closure.command import encoded, working_directory
from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Kind
from jettison.image.tree import Tree
from jettison.synthesis.config_upon import variables
from jettison.synthesis.simple_command import simple_command

RUNNERS = {"npm", "yarn", "pnpm"}
_DASHED = re.compile("[A-Z]")
_QUIET = {"--silent", "-s", "--quiet", "-q"}
_OF_YARN = {  # what these do is yarn's own, whatever scripts there are
    "access", "add", "audit", "autoclean", "bin", "cache", "check", "config", "create", "exec", "generate-lock-entry",
    "global", "help", "import", "info", "init", "install", "licenses", "link", "list", "login", "logout", "node",
    "outdated", "owner", "pack", "policies", "publish", "remove", "run", "self-update", "tag", "team", "test", "unlink",
    "unplug", "upgrade", "upgrade-interactive", "version", "versions", "why", "workspace", "workspaces",
}  # fmt: skip
_OF_PNPM = {  # likewise; what pnpm hands on to npm is among them
    "access", "add", "adduser", "approve-builds", "audit", "bin", "bugs", "c", "cache", "cat-file", "cat-index",
    "completion", "config", "create", "dedupe", "deploy", "deprecate", "dist-tag", "dlx", "docs", "doctor", "edit",
    "env", "exec", "fetch", "find-hash", "get", "help", "i", "ignored-builds", "import", "info", "init", "install",
    "install-test", "it", "la", "licenses", "link", "list", "ll", "ln", "login", "logout", "ls", "node", "outdated",
    "owner", "pack", "patch", "patch-commit", "patch-remove", "ping", "pkg", "prefix", "profile", "prune", "publish",
    "rb", "rebuild", "recursive", "remove", "repo", "restart", "rm", "root", "run", "run-script", "s", "se", "search",
    "self-update", "server", "set", "set-script", "setup", "show", "star", "stars", "stop", "store", "t", "team",
    "test", "token", "tst", "un", "uninstall", "unlink", "unpublish", "unstar", "up", "update", "upgrade", "v",
    "version", "view", "whoami", "why", "xmas",
}  # fmt: skip
_OF_OTHERS = {"yarn": _OF_YARN, "pnpm": _OF_PNPM}
_SETTINGS = {
    "script-shell", "node-options", "omit", "only", "production", "ignore-scripts", "shell", "shell-emulator",
    "use-node-version", "execution-env",
}  # fmt: skip
_NODE_SCRIPT = re.compile(rb"#![ \t]*(?:/\S*/env[ \t]+)?(?:\S*/)?node[ \t]*\r?\n")  # and no options behind it
_ENV = r"""\benv(?:iron)?\s*(?:\.get\(\s*|\?\.\s*|\.\s*|\[\s*)["'`]?"""
_NPM_READ = re.compile(  # what npm sets whatever is configured; `npm_config_arch` is not there unless somebody said so
    rf"{_ENV}(?P<name>INIT_CWD|PNPM_SCRIPT_SRC_DIR|npm_(?:package_|lifecycle_)\w+|npm_(?:command|execpath|node_execpath|config_(?:"
    r"cache|globalconfig|global_prefix|init_module|local_prefix|node_gyp|noproxy|npm_version|prefix|user_agent|userconfig"
    r"))\b)"
)
_SHELL_READ = re.compile(rf"{_ENV}(?P<name>PWD|OLDPWD|SHLVL)\b")


def reads(text: str, *, npm: bool) -> str:
    """The first variable that a source reads and that a shell, or npm, sets; empty where it reads none."""
    found = _SHELL_READ.search(text) or (_NPM_READ.search(text) if npm else None)
    return found["name"] if found else ""


def command(tree: Tree, config: Mapping[str, Any], words: tuple[str, ...]) -> tuple[str, ...]:
    """What `npm start` or `npm run NAME` runs in the working directory. Raises CannotEdit with the reason."""
    folder = working_directory(config)
    scripts = _scripts(tree, folder)
    name = _name(words, scripts)
    for hook in (f"pre{name}", f"post{name}"):
        if hook in scripts:
            raise CannotEdit(f"package.json has a {hook} script")
    setting = next(_settings(tree, config, folder), "")
    if setting:
        raise CannotEdit(f"npm is told {setting}")
    text = scripts.get(name)
    if text is None and name == "start" and _join(folder, b"server.js") in tree:
        text = "node server.js"
    if not isinstance(text, str):
        raise CannotEdit(f"package.json has no {name} script")
    return _with_own_tools(tree, folder, simple_command(text))


def _name(words: tuple[str, ...], scripts: Mapping[str, Any]) -> str:
    arguments = [word for word in words[1:] if word not in _QUIET]
    if arguments == ["start"]:
        return "start"
    own = _OF_OTHERS.get(posixpath.basename(words[0]))
    if own is not None and len(arguments) == 1 and arguments[0] in scripts and arguments[0] not in own:
        return arguments[0]
    if len(arguments) == 2 and arguments[0] in ("run", "run-script") and not arguments[1].startswith("-"):
        return arguments[1]
    raise CannotEdit(f"`{' '.join(words)}` is neither start nor run NAME")


def _scripts(tree: Tree, folder: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(tree.read(_join(folder, b"package.json"), 2**20))
    except (KeyError, ValueError, RecursionError) as error:
        raise CannotEdit("there is no package.json in the working directory that can be read") from error
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return scripts if isinstance(scripts, dict) else {}


def _settings(tree: Tree, config: Mapping[str, Any], folder: bytes) -> Iterator[str]:
    """Settings of npm that change how scripts run."""
    for name in variables(config):
        if name.lower().startswith("npm_config_") and name[11:].lower().replace("_", "-") in _SETTINGS:
            yield f"{name[11:].lower().replace('_', '-')} by {name}"
    manifest = _join(folder, b"package.json")
    if manifest in tree and b'"executionEnv"' in tree.read(manifest, 2**20):
        yield "execution-env by /" + manifest.decode("utf-8", "replace")
    own = (_join(folder, b".npmrc"), _join(folder, b"pnpm-workspace.yaml"))
    for path in (*own, b"root/.npmrc", b"usr/local/etc/npmrc"):
        try:
            lines = tree.read(path, 65536).decode("utf-8", "replace").splitlines()
        except KeyError:
            continue
        names = (_DASHED.sub(r"-\g<0>", re.split("[=:]", line)[0].strip(" \t\"'")).lower() for line in lines)
        yield from (f"{name} by /{path.decode('utf-8', 'replace')}" for name in names if name in _SETTINGS)


def _with_own_tools(tree: Tree, folder: bytes, words: tuple[str, ...]) -> tuple[str, ...]:
    """npm looks in node_modules/.bin first: what lies there is a script that node runs."""
    if "/" in words[0]:
        return words
    real = tree.resolve(_join(folder, b"node_modules/.bin/" + encoded(words[0])))
    entry = tree.get(real) if real is not None else None
    if real is None or entry is None or entry.kind is not Kind.FILE:
        return words
    if not _NODE_SCRIPT.match(tree.read(real, 256)):
        raise CannotEdit(f"{words[0]} of node_modules/.bin is no script of node")
    path = posixpath.relpath(b"/" + real, b"/" + folder).decode("utf-8", "surrogateescape")
    return ("node", path, *words[1:])


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name
