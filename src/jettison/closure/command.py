"""What a container runs: the commands of its config, of the shell scripts that they lead to, of its health check."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.closure import shell
from jettison.image.model import Kind
from jettison.image.tree import Tree

_SCRIPT = 256 * 1024  # bytes read of a script
_DEPTH = 4  # scripts that call scripts
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # moby `oci/defaults.go`

Command = tuple[str, ...]


def encoded(word: str) -> bytes:
    """A word as the bytes of a file's name; what JSON or a source escapes and UTF-8 cannot say names no file."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogatepass")


def variable(config: Mapping[str, Any], name: str, default: str = "") -> str:
    """What the config's environment sets."""
    pairs = (str(item).partition("=") for item in config.get("Env") or [])
    return next((value for key, _, value in pairs if key == name), default)


def working_directory(config: Mapping[str, Any]) -> bytes:
    """WorkingDir as a path of a tree: b"" for the root."""
    return posixpath.normpath(str(config.get("WorkingDir") or "/")).strip("/").encode("utf-8", "surrogateescape")


def places(word: str, config: Mapping[str, Any]) -> Iterator[bytes]:
    """Paths that a word of a command may mean."""
    name = encoded(word)
    if b"/" in name:
        yield at(config, word)
        return
    for part in variable(config, "PATH", _DEFAULT_PATH).split(":"):
        if part:
            yield part.strip("/").encode("utf-8", "surrogateescape") + b"/" + name


def at(config: Mapping[str, Any], word: str) -> bytes:
    """The path that a word means to a program that opens it as a file."""
    name = encoded(word)
    return posixpath.normpath(b"/" + working_directory(config) + b"/" + name if name[:1] != b"/" else name).strip(b"/")


def locate(tree: Tree, word: str, config: Mapping[str, Any]) -> bytes | None:
    """The executable file that a word means; None where there is none."""
    for place in places(word, config):
        real = tree.resolve(place)
        item = tree.get(real) if real is not None else None
        if real is not None and item is not None and item.kind is Kind.FILE and item.mode & 0o111:
            return real
    return None


def interpreter(tree: Tree, path: bytes) -> str:
    """What a `#!` line names, `env NAME` looked through; empty for anything else."""
    head = tree.read(path, 256).partition(b"\n")[0]
    if not head.startswith(b"#!"):
        return ""
    words = head[2:].decode("utf-8", "replace").split()
    if len(words) > 1 and words[0].endswith("/env"):
        return next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
    return words[0] if words else ""


def commands(tree: Tree, config: Mapping[str, Any]) -> tuple[Command, ...]:
    """Every command, the container's own first, each with its constant words; one of a kind."""
    argv = tuple(str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])])
    queue = [(argv, _DEPTH), (health(config), _DEPTH)]
    found: dict[Command, None] = {}
    read: set[bytes] = set()
    while queue:
        command, depth = queue.pop(0)
        if not command or command in found:
            continue
        found[command] = None
        if not depth:
            continue
        texts = [shell.inline(command)]
        words = command if command == argv else shell.scripts(command)
        for path in filter(None, (_script(tree, word, config) for word in words)):
            if path not in read:
                read.add(path)
                texts.append(tree.read(path, _SCRIPT).decode("utf-8", "replace"))
        queue += [(each, depth - 1) for text in texts if text for each in shell.commands(text)]
    return tuple(found)


def health(config: Mapping[str, Any]) -> Command:
    """HEALTHCHECK as a command; empty where there is none."""
    told = config.get("Healthcheck")
    test = [str(word) for word in (told.get("Test") if isinstance(told, dict) else None) or []]
    if test[:1] == ["CMD-SHELL"]:
        return ("/bin/sh", "-c", *test[1:2])
    return tuple(test[1:]) if test[:1] == ["CMD"] else ()


def _script(tree: Tree, word: str, config: Mapping[str, Any]) -> bytes | None:
    """The shell script that a word means, executable or read by another; None where it is none."""
    real = locate(tree, word, config) or (
        tree.resolve(at(config, word)) if "/" in word or word.endswith("sh") else None
    )
    item = tree.get(real) if real else None
    if real is None or item is None or item.kind is not Kind.FILE:
        return None
    runs = interpreter(tree, real)
    return real if runs.endswith("sh") or (not runs and real.endswith(b".sh")) else None
