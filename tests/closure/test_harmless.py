"""Twenty changes that no running application notices: none is told. And that the same tree can be broken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from handmade_tree import Files, executable, symlink, tree, without

from jettison.closure.lost import lost

SITE = "usr/local/lib/python3.11/site-packages"
NODE = "app/node_modules"
INFO = "var/lib/dpkg/info"
FILES: Files = {
    "bin/sh": executable("\x7fELF"),
    "entry.sh": executable("#!/bin/sh\n# gcc was here\nexec python /app/main.py\n"),
    "usr/bin/python": executable("\x7fELF"),
    "usr/bin/gcc": executable("\x7fELF"),
    "usr/bin/x86_64-linux-gnu-gcc-12": symlink("gcc"),
    "usr/lib/libz.a": "x",
    "usr/lib/x86_64-linux-gnu/libz.so": symlink("libz.so.1"),
    "usr/lib/x86_64-linux-gnu/libz.so.1": "x",
    "usr/include/zlib.h": "x",
    "usr/share/man/man1/gcc.1.gz": "x",
    "usr/share/doc/gcc/copyright": "x",
    "usr/share/locale/de/LC_MESSAGES/gcc.mo": "x",
    "var/lib/apt/lists/deb.debian.org_main": "x",
    "var/cache/apt/archives/gcc.deb": "x",
    "root/.cache/pip/http/a/b": "x",
    "root/.npm/_cacache/index": "x",
    f"{INFO}/gcc.list": "/usr/bin/gcc\n",
    f"{INFO}/gcc.md5sums": "x",
    f"{SITE}/flask/__init__.py": "import os\n",
    f"{SITE}/flask/__pycache__/__init__.cpython-311.pyc": "x",
    f"{SITE}/flask/tests/test_flask.py": "x",
    f"{SITE}/flask/py.typed": "",
    f"{SITE}/flask/_speed.c": "x",
    f"{SITE}/flask-3.dist-info/RECORD": "",
    f"{SITE}/pip/__init__.py": "",
    f"{SITE}/pytest/__init__.py": "",
    "app/main.py": "import flask\n",
    "app/web.js": "require('express')\n",
    "app/Dockerfile": "x",
    "app/.git/HEAD": "x",
    f"{NODE}/express/package.json": json.dumps({"main": "index.js"}),
    f"{NODE}/express/index.js": "x",
    f"{NODE}/express/index.js.map": "x",
    f"{NODE}/express/index.d.ts": "x",
    f"{NODE}/express/History.md": "x",
    f"{NODE}/express/test/app.js": "x",
    f"{NODE}/nodemon/index.js": "x",
    f"{NODE}/.package-lock.json": "{}",
}
CONFIG: dict[str, Any] = {"Entrypoint": ["/entry.sh"], "Cmd": ["node", "web.js"], "WorkingDir": "/app"}
HARMLESS = [
    ("manual pages", "usr/share/man"), ("documentation", "usr/share/doc"), ("an unused locale", "usr/share/locale/de"),
    ("package lists", "var/lib/apt/lists"), ("archives of packages", "var/cache/apt/archives"),
    ("pip's cache", "root/.cache"), ("npm's cache", "root/.npm"), ("a static library", "usr/lib/libz.a"),
    ("a link for linking", "usr/lib/x86_64-linux-gnu/libz.so"), ("headers", "usr/include"),
    ("a compiler and its alias", "usr/bin/gcc", "usr/bin/x86_64-linux-gnu-gcc-12", f"{INFO}/gcc.list"),
    ("bytecode", f"{SITE}/flask/__pycache__"), ("tests of a library", f"{SITE}/flask/tests", f"{NODE}/express/test"),
    ("types", f"{SITE}/flask/py.typed", f"{NODE}/express/index.d.ts"), ("C sources", f"{SITE}/flask/_speed.c"),
    ("a record of files", f"{SITE}/flask-3.dist-info/RECORD"), ("pip itself", f"{SITE}/pip"),
    ("a tool for tests", f"{SITE}/pytest"), ("source maps", f"{NODE}/express/index.js.map"),
    ("a tool for development", f"{NODE}/nodemon", f"{NODE}/.package-lock.json"),
    ("texts", f"{NODE}/express/History.md"), ("the repository", "app/.git", "app/Dockerfile"),
]  # fmt: skip
BREAKS = [
    "bin/sh", "entry.sh", "usr/bin/python", "app/main.py", "app/web.js", f"{SITE}/flask", f"{SITE}/flask/__init__.py",
    f"{NODE}/express", f"{NODE}/express/index.js",
]  # fmt: skip


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change[0])
def test_a_harmless_removal_is_not_told(change: tuple[str, ...]) -> None:
    assert [] == list(lost(tree(FILES), tree(without(FILES, *change[1:])), CONFIG))


def test_all_harmless_removals_together_are_not_told() -> None:
    gone = [path for _, *paths in HARMLESS for path in paths]
    assert [] == list(lost(tree(FILES), tree(without(FILES, *gone)), CONFIG))
    assert 20 <= len(HARMLESS)


@pytest.mark.parametrize("path", BREAKS)
def test_what_the_application_needs_is_told(path: str) -> None:
    assert [] != list(lost(tree(FILES), tree(without(FILES, path)), CONFIG))
