"""Extension modules of Python's standard library: their libraries count where something imports them."""

from __future__ import annotations

from handmade_python import shared_object
from handmade_tree import executable, tree, without

from jettison.closure.lost import lost

LIBRARY = "usr/lib/x86_64-linux-gnu/libtk8.6.so"
FILES = {
    "usr/local/bin/python": executable("ELF"),
    "usr/local/lib/python3.11/tkinter/__init__.py": "import _tkinter\n",
    "usr/local/lib/python3.11/lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so": shared_object("libtk8.6.so"),
    LIBRARY: executable("t" * 100),
    "app/app.py": "import json\n",
}
CONFIG = {"Env": ["PATH=/usr/local/bin"], "Cmd": ["python", "app.py"], "WorkingDir": "/app"}


def reported(files):
    found = lost(tree(files), tree(without(files, LIBRARY)), CONFIG)
    return [each.what for each in found]


def test_a_module_that_nothing_imports_may_lose_its_libraries():
    assert [] == reported(FILES)


def test_a_module_that_the_application_leads_to_may_not():
    assert ["shared libraries"] == reported({**FILES, "app/app.py": "def window():\n    import tkinter\n"})


def test_a_module_that_was_installed_is_looked_at_whoever_imports_it():
    own = {"usr/local/lib/python3.11/site-packages/plot.so": shared_object("libtk8.6.so")}
    assert ["shared libraries"] == reported({**FILES, **own})
