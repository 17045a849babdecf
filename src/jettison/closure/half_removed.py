"""Packages that are still there and have lost files: the check that sees what nothing else sees.

A whole package that is gone is not its business: imports and the application itself tell whether it was needed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from jettison.image.model import Kind
from jettison.image.tree import Tree

_PACKAGE = re.compile(  # .bin holds other packages' programs, .pnpm other packages
    rb"^(.*/(?:site-packages|dist-packages|node_modules)/(?!\.bin/|\.pnpm/)(?:@[^/]+/)?[^/]+)/(.+)$"
)
_HARMLESS = re.compile(
    rb"(^|/)py\.typed$"
    rb"|(^|/)(tests?|__tests__|testing|docs?|examples?|man|benchmarks?|locale|__pycache__|\.[^/]+)/|(^|/)\.[^/]+$"
    rb"|\.(md|markdown|txt|rst|map|ts|mts|cts|pyc|pyi|pyx|pxd|h|hpp|c|cc|cpp|gyp|gypi|flow|coffee|tsbuildinfo)$"
    rb"|(^|/)(licen[cs]e|copying|notice|authors|contributors|changelog|changes|history|readme|security|makefile"
    rb"|gruntfile|gulpfile|bower|karma|rollup|tsconfig|jest|webpack)[^/]*$",
    re.IGNORECASE,
)
_METADATA = re.compile(rb"\.(dist|egg)-info/(?!METADATA$|PKG-INFO$|entry_points\.txt$)")  # all else is for installers
_INFO = b"var/lib/dpkg/info/"
_RECORD = re.compile(rb"^(.*)/[^/]+\.dist-info/RECORD$")


def lost(original: Tree, candidate: Tree, gone: frozenset[bytes]) -> Iterator[str]:
    """A sentence for each package that lost files which are no tests, texts or sources."""
    removed = _of_removed_packages(original, gone)
    packages: dict[bytes, list[bytes]] = {}
    for path in sorted(gone - removed):
        match = _PACKAGE.match(path)
        if match is None or _is_harmless(path, len(match[1]) + 1):
            continue
        item = original.get(path)
        if item is not None and item.kind in (Kind.FILE, Kind.SYMLINK, Kind.HARDLINK):
            packages.setdefault(match[1], []).append(path)
    for package, paths in packages.items():
        if _remains(candidate, package):
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"/{package.decode('utf-8', 'replace')} lost /{paths[0].decode('utf-8', 'replace')}{more}"


def _remains(tree: Tree, package: bytes) -> bool:
    """Whether anything but texts and bytecode of a package is still there."""
    length = len(package) + 1
    for path in tree.under(package):
        item = tree.get(path)
        if item is not None and item.kind is Kind.FILE and not _is_harmless(path, length):
            return True
    return False


def _is_harmless(path: bytes, package: int) -> bool:
    """Whether a path is no program's business; its package's own name is the first `package` characters."""
    if path[:package].endswith((b".dist-info/", b".egg-info/")):
        return _METADATA.search(path) is not None
    return _HARMLESS.search(path[package:]) is not None


def _of_removed_packages(original: Tree, gone: frozenset[bytes]) -> frozenset[bytes]:
    """Files of packages that are gone as a whole: several may share a Python package's folder.

    Source: dpkg(1), `info/*.list`; PyPA, "Recording installed projects", RECORD.
    """
    found: set[bytes] = set()
    for path in gone:
        if path.startswith(_INFO) and path.endswith(b".list"):
            found |= {line.strip(b"/") for line in original.read(path).splitlines()}
        elif record := _RECORD.match(path):
            names = (line.partition(b",")[0] for line in original.read(path).splitlines())
            found |= {posixpath.normpath(record[1] + b"/" + name) for name in names}
    return frozenset(found)
