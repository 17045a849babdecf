"""The entry point: its file, its interpreter, and the tools that its script and the health check call."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.image.model import Kind
from jettison.image.tree import Tree

_SCRIPT = 256 * 1024  # bytes read of a script
_WORD = re.compile(r"[A-Za-z0-9_][\w.+/-]*")
_DEPTH = 3  # scripts that call scripts


def lost(original: Tree, candidate: Tree, config: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each file that starting needs and that is gone or cannot be executed any more."""
    path = _search_path(config)
    argv = [str(word) for word in [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]]
    health = [str(word) for word in (config.get("Healthcheck") or {}).get("Test") or []]
    words = dict.fromkeys([*argv[:1], *_words(original, argv, path, _DEPTH), *_words(original, health, path, _DEPTH)])
    for word in words:
        before = locate(original, word, path)
        if before is None:
            continue
        after = locate(candidate, word, path)
        if after is None:
            there = any(place in candidate for place in _places(word, path))
            yield f"{word} {'cannot be executed any more' if there else 'is gone'}"
            continue
        interpreter = _interpreter(candidate, after)
        if interpreter and locate(original, interpreter, path) and not locate(candidate, interpreter, path):
            yield f"{word} is run by {interpreter}, which is gone"


def _search_path(config: Mapping[str, Any]) -> tuple[bytes, ...]:
    default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    told = next((item[5:] for item in config.get("Env") or [] if item.startswith("PATH=")), default)
    working = str(config.get("WorkingDir") or "/").strip("/").encode()
    return (*(part.strip("/").encode() for part in told.split(":") if part), b"./" + working)


def _places(word: str, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """Paths that a word of a command may mean."""
    name = word.encode("utf-8", "surrogateescape")
    if name.startswith(b"/"):
        yield name.strip(b"/")
    elif b"/" in name:
        yield posixpath.normpath(path[-1][2:] + b"/" + name).strip(b"/")
    else:
        yield from (directory + b"/" + name for directory in path[:-1])


def locate(tree: Tree, word: str, path: tuple[bytes, ...]) -> bytes | None:
    """The executable file that a word means; None where there is none."""
    for place in _places(word, path):
        real = tree.resolve(place)
        item = tree.get(real) if real is not None else None
        if real is not None and item is not None and item.kind is Kind.FILE and item.mode & 0o111:
            return real
    return None


def _interpreter(tree: Tree, path: bytes) -> str:
    """What a `#!` line names, `env NAME` looked through; empty for anything else."""
    head = tree.read(path, 256).partition(b"\n")[0]
    if not head.startswith(b"#!"):
        return ""
    words = head[2:].decode("utf-8", "replace").split()
    if len(words) > 1 and words[0].endswith("/env"):
        return next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
    return words[0] if words else ""


def _words(tree: Tree, argv: list[str], path: tuple[bytes, ...], depth: int) -> Iterator[str]:
    """Words of a command line, and of the shell scripts among them, that name an executable."""
    for argument in argv:
        for word in _WORD.findall(argument) if " " in argument else [argument]:
            real = locate(tree, word, path)
            if real is None:
                continue
            yield word
            if depth and _interpreter(tree, real).endswith("sh"):
                text = tree.read(real, _SCRIPT).decode("utf-8", "replace")
                lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
                yield from _words(tree, [" ".join(lines) + " "], path, depth - 1)
