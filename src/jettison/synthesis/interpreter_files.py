"""The files that an official image's interpreter is made of, and which of them nothing that ships asks for.

Source: the Dockerfiles of docker-library/node and docker-library/python (what they build, and where); Python's
documentation, "The Python Standard Library", for what is desktop, installing and testing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from jettison.closure import elf
from jettison.dockerfile.edit import CannotEdit
from jettison.image.model import Kind
from jettison.image.tree import Tree

_SOURCE = 2**20  # bytes read of a module
_PYTHON = re.compile(rb"usr/local/bin/(python3\.\d+)")
_IMPORTS = re.compile(rb"(?:^|;)[ \t]*import[ \t]+([^\n;#]+)", re.MULTILINE)  # import a.b as c, d
_NOT_ASKED = re.compile(rb"/(?:tests?|testing)/")

# What of lib/python3.X: shell patterns, and the modules by whose names something would ask for them. Order is that of
# the text that is written. `help()` reads pydoc_data, venv runs ensurepip; lib2to3's programs are not taken along.
_DESKTOP = ("idlelib", "tkinter", "turtle", "turtledemo", "_tkinter")
_OPTIONAL: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("config-3.*",), ("distutils", "setuptools", "Cython")),
    (("ensurepip",), ("ensurepip", "venv", "virtualenv")),
    (("idlelib", "tkinter", "turtle.py", "turtledemo", "lib-dynload/_tkinter.*"), _DESKTOP),
    (("lib2to3",), ("lib2to3",)),
    (("pydoc_data",), ("pydoc", "pydoc_data")),
    (("lib-dynload/nis.*",), ("nis",)),
    (("lib-dynload/_dbm.*", "lib-dynload/_gdbm.*"), ("dbm", "shelve", "_dbm", "_gdbm")),
    (("test", "lib-dynload/_test*", "lib-dynload/_ctypes_test.*", "lib-dynload/_xx*", "lib-dynload/xx*"), ("test",)),
    (("site-packages/pip", "site-packages/pip-*"), ("pip",)),
    (("site-packages/setuptools", "site-packages/setuptools-*", "site-packages/pkg_resources",
      "site-packages/_distutils_hack", "site-packages/distutils-precedence.pth"),
     ("setuptools", "pkg_resources", "_distutils_hack")),
    (("site-packages/wheel", "site-packages/wheel-*"), ("wheel",)),
)  # fmt: skip


@dataclass(frozen=True)
class Interpreter:
    """`whole` is a file or folder of the base that is most of the bytes: it is copied from where it is, by an
    instruction of its own; `copied` are gathered with the libraries; `without` are shell patterns below `whole` that
    are removed first; `files` all that is left, folders left out."""

    name: str
    linked: str  # what ldd is asked about, as words of a shell
    whole: bytes
    files: tuple[bytes, ...]
    copied: tuple[bytes, ...] = ()
    without: tuple[str, ...] = ()


def interpreter_of(before: Tree, tree: Tree, runs: str, shipped: set[bytes]) -> Interpreter:
    """The interpreter of a base (`before`); `shipped` are paths of the image (`tree`). Raises CannotEdit."""
    if runs == "node":
        node = b"usr/local/bin/node"
        if not _is_file(before, node):
            raise CannotEdit("its base has no /usr/local/bin/node, as the official image does")
        return Interpreter("node", "/usr/local/bin/node", node, (node,))
    real = before.resolve(b"usr/local/bin/python3")
    found = _PYTHON.fullmatch(real or b"")
    if real is None or found is None:
        raise CannotEdit("its base has no /usr/local/bin/python3, as the official image does")
    return _python(before, tree, real, shipped)


def _python(before: Tree, tree: Tree, real: bytes, shipped: set[bytes]) -> Interpreter:
    folder = b"usr/local/lib/" + real.rpartition(b"/")[2]
    names = (b"usr/local/bin/python", b"usr/local/bin/python3", real)
    programs = tuple(path for path in names if before.resolve(path) == real)
    below = [path for path in sorted(before.under(folder)) if path != folder]
    asked = _asked(tree, shipped)
    if not _has_desktop(before, folder):  # slim variants have the module without its libraries
        asked -= set(_DESKTOP)
    patterns = tuple(
        pattern for shell, modules in _optional(real) if not asked & set(modules) for pattern in shell
        if any(_matches(pattern, path, folder) for path in below)
    )  # fmt: skip
    left = (path for path in below if not any(_matches(pattern, path, folder) for pattern in patterns))
    files = tuple(path for path in left if (entry := before.get(path)) is None or entry.kind is not Kind.DIRECTORY)
    linked = f"/{real.decode()} /{folder.decode()}/lib-dynload/*.so"
    return Interpreter("python", linked, folder, (*programs, *files), programs, patterns)


def _has_desktop(before: Tree, folder: bytes) -> bool:
    """Whether `import tkinter` works upon the base."""
    links = elf.linker(before, {})
    for path in before.children(folder + b"/lib-dynload"):
        if path.rpartition(b"/")[2].startswith(b"_tkinter."):
            parsed = elf.read(before, path)
            return parsed is not None and all(links.finds(name, ()) for name in parsed.needed)
    return False


def _optional(real: bytes) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """From 3.12 on `import distutils` is answered by setuptools."""
    late = int(real.rpartition(b".")[2]) >= 12
    for shell, modules in _OPTIONAL:
        yield shell, (*modules, "distutils") if late and "setuptools" in modules else modules


def _matches(pattern: str, path: bytes, folder: bytes) -> bool:
    parts = path[len(folder) + 1 :].decode("utf-8", "surrogateescape").split("/")
    wanted = pattern.count("/") + 1
    return len(parts) >= wanted and fnmatchcase("/".join(parts[:wanted]), pattern)


def _asked(tree: Tree, shipped: set[bytes]) -> frozenset[str]:
    """The optional modules that any module which ships imports, or names to import by name; its tests left out."""
    names = sorted({module for _, modules in _optional(b"python3.12") for module in modules}, key=len, reverse=True)
    pattern = re.compile(
        rb"""(?m)(?:^\s*(?:import|from)\s+|import_module\(\s*["']|__import__\(\s*["']|["']-m["'],\s*["'])("""
        + b"|".join(re.escape(each.encode()) for each in names)
        + rb")(?![\w])"
    )
    found, wanted = set[str](), frozenset(names)
    for path in shipped:
        if path.endswith(b".py") and not _NOT_ASKED.search(path) and _is_file(tree, path):
            text = tree.read(path, _SOURCE)
            found |= {each.decode() for each in pattern.findall(text)}
            found |= {
                name for names in _IMPORTS.findall(text) for name in map(_top, names.split(b",")) if name in wanted
            }
    return frozenset(found)


def _top(imported: bytes) -> str:
    """The first name of `a.b as c`."""
    return imported.strip().partition(b" ")[0].partition(b".")[0].decode("utf-8", "replace")


def _is_file(tree: Tree, path: bytes) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is Kind.FILE
