"""Which files of the working directory a Go program may read at run time.

Everything but what only the compiler reads: sources, manifests, vendored modules, and what `//go:embed` puts into the
program, unless a source, a variable or the command names its path as well; and but for test data and what lies about
in any working directory (reports, caches, documentation), unless one of these, or a file of settings, as much as
mentions it. Source: golang/go `src/embed/embed.go`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from jettison.closure.command import health
from jettison.context.junk import KINDS
from jettison.image.model import Kind
from jettison.image.tree import Tree

_BUILT_FROM = re.compile(
    rb"(?:^|/)(?:[^/]+\.go|go\.(?:mod|sum|work|work\.sum)|\.git/.*|\.git(?:ignore|attributes|modules)|\.github/.*"
    rb"|(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?|\.(?:docker|container)ignore|docker-compose[^/]*\.ya?ml"
    rb"|compose\.ya?ml|Makefile|\.golangci\.ya?ml)$"
)
_LIES_ABOUT = tuple(name for kind in KINDS if not kind.made for name in kind.names)
_TEST_DATA = "testdata"
_SETTINGS = re.compile(rb"(?:^|/)[^./][^/]*\.(?:ya?ml|toml|json|ini|conf|env|properties)$|(?:^|/)\.env[^/]*$")
_VENDORED = b"vendor/modules.txt"
_SOURCE = 2**20  # bytes read of a source
_SMALL = 2**16  # bytes of a file of settings
_EMBED = re.compile(r"^//go:embed[ \t]+(.+)$", re.MULTILINE)
_PATTERN = re.compile(r"\"([^\"]*)\"|`([^`]*)`|(\S+)")
# a call that a literal is an argument of, where it reads a file system that it is given: fs.Sub(files, "a")
_OF_A_FILE_SYSTEM = re.compile(
    r"(?:\b(?:ParseFS|FileServerFS|ServeFileFS)|\bfs\.(?:Sub|ReadFile|ReadDir|Glob|WalkDir|Stat|ValidPath)"
    r"|(?<!\bos)(?<!\bioutil)\.(?:ReadFile|ReadDir|Open))\([^()]*$"
)
_LITERAL = re.compile(r"\"([^\"\\\n]*)\"|`([^`]*)`")


def readable_files(tree: Tree, folder: bytes, config: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Files and links below `folder`, in byte order. `config` tells the commands and variables."""
    kinds = {Kind.FILE, Kind.SYMLINK}
    found = [path for path in tree.under(folder) if (entry := tree.get(path)) is not None and entry.kind in kinds]
    vendored = folder + b"/" + _VENDORED in tree
    prefix = len(folder) + 1
    kept = [
        path
        for path in sorted(found)
        if not _BUILT_FROM.search(path[prefix:]) and not (vendored and path[prefix:].startswith(b"vendor/"))
    ]
    sources = {path: _text(tree, path) for path in found if _is_source(path)}
    words = tuple(_words(config))
    texts = [*sources.values(), *words, *_settings(tree, kept)]
    kept = [path for path in kept if not _lies_about(path[prefix:], texts)]
    named = {_top(word, folder) for word in words}
    embedded = set(_embedded(sources, kept)) - set(_opened(sources, folder, kept, named))
    return tuple(path for path in kept if path not in embedded)


def _text(tree: Tree, path: bytes) -> str:
    """A source's text; empty for a link that leads nowhere, such as an editor's lock."""
    try:
        return tree.read(path, _SOURCE).decode("utf-8", "replace")
    except KeyError:
        return ""


def _words(config: Mapping[str, Any]) -> Iterator[str]:
    """What may be paths in commands and variables: words, and what stands behind `=`, `:` or `,` in them."""
    told = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or []), *health(config)]
    told += [str(each) for each in config.get("Env") or [] if not str(each).startswith("PATH=")]
    yield from (word for each in told for word in re.split(r"[\s=:,'\"]+", str(each)) if word)


def _settings(tree: Tree, paths: Iterable[bytes]) -> Iterator[str]:
    """The texts of small files that programs read settings from."""
    for path in paths:
        entry = tree.get(path)
        if _SETTINGS.search(path) and entry is not None and entry.kind is Kind.FILE and entry.size < _SMALL:
            yield tree.read(path).decode("utf-8", "replace")


def _lies_about(path: bytes, texts: Iterable[str]) -> bool:
    """Whether a path below the folder is of a kind that no program reads, and no text has the word that says so."""
    parts = path.decode("utf-8", "replace").split("/")
    known = any(fnmatchcase(parts[0], pattern) for pattern in _LIES_ABOUT)
    word = parts[0] if known else _TEST_DATA if _TEST_DATA in parts[:-1] else ""
    return word != "" and not any(word in text for text in texts)


def _is_source(path: bytes) -> bool:
    return path.endswith(b".go") and not path.endswith(b"_test.go") and b"/vendor/" not in path


def _embedded(sources: dict[bytes, str], files: list[bytes]) -> Iterator[bytes]:
    """The files that a `//go:embed` names: by pattern, or in a folder that it names."""
    for source, text in sources.items():
        top = posixpath.dirname(source)
        for line in _EMBED.findall(text):
            for one in _PATTERN.findall(line):
                pattern = next(filter(None, one), "").removeprefix("all:")
                matches = re.compile(_glob(pattern))
                yield from (path for path in files if _matches(path, top, matches))


def _glob(pattern: str) -> bytes:
    """A pattern of path.Match as a regular expression: a star stops at a slash."""
    parts = re.findall(r"\[\^?[^\]]+\]|\\.|.", pattern)
    known = {"*": "[^/]*", "?": "[^/]"}
    told = (each if len(each) > 2 else known.get(each) or re.escape(each.removeprefix("\\")) for each in parts)
    return "".join(told).encode()


def _matches(path: bytes, top: bytes, pattern: re.Pattern[bytes]) -> bool:
    """Whether the pattern names the file, or a folder that it lies in, without names that begin with . or _."""
    if not path.startswith(top + b"/"):
        return False
    parts = path[len(top) + 1 :].split(b"/")
    for number in range(1, len(parts) + 1):
        if pattern.fullmatch(b"/".join(parts[:number])):
            return not any(part.startswith((b".", b"_")) for part in parts[number:])
    return False


def _opened(sources: dict[bytes, str], folder: bytes, files: list[bytes], named: Iterable[bytes]) -> Iterator[bytes]:
    """The files below a path that is named, or that a source names but in a call that is given a file system."""
    tops = set(named)
    for text in sources.values():
        for line in text.splitlines():
            if line.startswith("//go:embed"):
                continue
            for literal in _LITERAL.finditer(line):
                if not _OF_A_FILE_SYSTEM.search(line[: literal.start()]):
                    tops.add(_top(literal[1] or literal[2] or "", folder))
    for path in files:
        if path[len(folder) + 1 :].partition(b"/")[0] in tops:
            yield path


def _top(literal: str, folder: bytes) -> bytes:
    """The first name below `folder` that a path means; empty for an absolute path elsewhere, such as a URL's."""
    told = posixpath.normpath(literal.encode("utf-8", "replace")) if literal else b""
    if told.startswith(b"/"):
        inside = told.startswith(b"/" + folder + b"/")
        told = told[len(folder) + 2 :] if inside else b""
    return told.partition(b"/")[0]
