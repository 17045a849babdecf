"""What of an official Python goes along: the interpreter, and the parts of its library that something may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from handmade_python import shared_object
from handmade_tree import executable, image, symlink

from jettison.dockerfile.edit import CannotEdit
from jettison.image.tree import Tree
from jettison.synthesis.interpreter_files import Interpreter, interpreter_of

LIBRARY = "usr/local/lib/python3.11"
SITE = f"{LIBRARY}/site-packages"
PYTHON: dict[str, Any] = {
    "usr/local/bin/python3.11": executable("ELF"),
    "usr/local/bin/python3": symlink("python3.11"),
    "usr/local/bin/python": symlink("python3"),
    "usr/local/bin/pip": executable("#!/usr/local/bin/python3.11\n"),
    "usr/local/include/python3.11/Python.h": "",
    f"{LIBRARY}/os.py": "import idlelib\n",
    f"{LIBRARY}/turtle.py": "",
    f"{LIBRARY}/tkinter/__init__.py": "",
    f"{LIBRARY}/idlelib/run.py": "",
    f"{LIBRARY}/ensurepip/__init__.py": "",
    f"{LIBRARY}/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so": shared_object("libtk8.6.so"),
    f"{LIBRARY}/lib-dynload/_dbm.cpython-311-x86_64-linux-gnu.so": shared_object("libdb-5.3.so"),
    f"{LIBRARY}/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so": shared_object("libc.so.6"),
    f"{SITE}/pip/__init__.py": "",
    f"{SITE}/pip-24.0.dist-info/METADATA": "",
    f"{SITE}/setuptools/__init__.py": "",
    f"{SITE}/pkg_resources/__init__.py": "",
}


def taken(source: str = "", path: str = "app/app.py", **more: Any) -> Interpreter:
    """What goes along for an application of one file."""
    before, tree = tree_of({**PYTHON, **more}), tree_of({**PYTHON, **more, path: source})
    return interpreter_of(before, tree, "python", {path.encode()})


def tree_of(files: dict[str, Any]) -> Tree:
    return image(files, config={}).tree


def names(found: Interpreter) -> set[str]:
    """The first folder or file below the library, site-packages looked into."""
    inside = [path.decode().removeprefix(LIBRARY + "/") for path in found.files if path.startswith(LIBRARY.encode())]
    deeper = ("site-packages", "lib-dynload")
    return {"/".join(path.split("/")[: 2 if path.startswith(deeper) else 1]) for path in inside}


def test_of_a_plain_application_what_is_for_desktops_and_installing_stays_behind():
    found = taken("import json\n")
    assert {"os.py", "lib-dynload/_json.cpython-311-x86_64-linux-gnu.so"} == names(found)
    assert (
        "ensurepip", "idlelib", "tkinter", "turtle.py", "lib-dynload/_tkinter.*", "lib-dynload/_dbm.*",
        "site-packages/pip", "site-packages/pip-*", "site-packages/setuptools", "site-packages/pkg_resources",
    ) == found.without  # fmt: skip


def test_the_program_goes_under_each_of_its_names_and_other_programs_do_not():
    found = taken()
    assert (b"usr/local/bin/python", b"usr/local/bin/python3", b"usr/local/bin/python3.11") == found.copied
    assert LIBRARY.encode() == found.whole
    assert not [path for path in found.files if path.endswith(b"/pip")]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("import pkg_resources\n", {"site-packages/setuptools", "site-packages/pkg_resources"}),
        ("def late():\n    from setuptools import find_packages\n", {"site-packages/setuptools"}),
        ("import os, pkg_resources.extern as x # why\n", {"site-packages/setuptools", "site-packages/pkg_resources"}),
        ("x = 1; import sys, ensurepip\n", {"ensurepip"}),
        ("importlib.import_module('pip')\n", {"site-packages/pip", "site-packages/pip-24.0.dist-info"}),
        ("subprocess.run([sys.executable, '-m', 'ensurepip'])\n", {"ensurepip"}),
        ("import venv\n", {"ensurepip"}),
        ("import shelve\n", {"lib-dynload/_dbm.cpython-311-x86_64-linux-gnu.so"}),
    ],
)
def test_what_a_module_asks_for_by_name_goes_along(source, kept):
    assert kept <= names(taken(source))


@pytest.mark.parametrize("source", ["# import pip\n", "import pipeline\n", "import pip_tools\n", "x = 'import pip'\n"])
def test_what_only_looks_like_asking_is_not(source):
    assert names(taken()) == names(taken(source))


def test_a_librarys_own_tests_ask_for_nothing():
    assert names(taken()) == names(taken("import pip\n", f"{SITE}/numpy/tests/test_x.py"))


def test_tkinter_that_has_no_libraries_stays_behind_whoever_asks():
    assert "tkinter" not in names(taken("import tkinter\n"))


def test_tkinter_that_works_goes_along_where_something_asks():
    libraries = {"usr/lib/x86_64-linux-gnu/libtk8.6.so": shared_object("libc.so.6")}
    assert {"tkinter", "idlelib", "turtle.py"} <= names(taken("import tkinter\n", **libraries))
    assert "tkinter" not in names(taken(**libraries))


def test_node_is_one_file():
    files = {"usr/local/bin/node": executable("ELF"), "usr/local/bin/nodejs": symlink("node")}
    found = interpreter_of(tree_of(files), tree_of(files), "node", set())
    assert (b"usr/local/bin/node",) == found.files


@pytest.mark.parametrize("runs", ["node", "python"])
def test_an_image_that_is_not_laid_out_as_the_official_one_is_refused(runs):
    tree = tree_of({"usr/bin/python3": executable("ELF"), "usr/bin/node": executable("ELF")})
    with pytest.raises(CannotEdit, match="as the official image does"):
        interpreter_of(tree, tree, runs, set())
