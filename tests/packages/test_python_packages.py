"""Python's installed distributions, read from handmade trees."""

from __future__ import annotations

import pytest
from handmade_python import BUILT, PURE, SITE, WHEEL, distribution, weigh
from handmade_tree import Piece, tree

from jettison.packages.python import Requirement, closure, distributions, normalise, requirement


def only(files):
    (found,) = distributions(tree(files))
    return found


def test_a_distribution_is_read_from_its_records():
    files = distribution("Flask_Login", {"flask_login/__init__.py": "x"}, requires=("Flask>=1", "w; extra == 'web'"))
    found = only(files)
    expected = (Requirement("flask"), Requirement("w", extras_of=frozenset({"web"})))
    assert ("flask-login", "1.0", expected) == (found.name, found.version, found.requires)
    assert (b"usr/local", SITE.encode()) == (found.prefix, found.top)


def test_its_files_are_all_that_the_record_names_programs_and_data_too():
    modules = {"tool/__init__.py": "x" * 10}
    files = distribution("tool", modules, programs=("tool",), data={"share/tool/data.txt": "y" * 7})
    assert sorted(path.encode() for path in files) == list(only(files).files)
    assert weigh(files) == only(files).size


def test_bytecode_that_no_record_names_counts_and_a_file_that_is_gone_does_not():
    files = distribution("tool", {"tool.py": "x", "gone.py": "x"})
    files[f"{SITE}/__pycache__/tool.cpython-311.pyc"] = "c" * 100
    files[f"{SITE}/__pycache__/tools.cpython-311.pyc"] = "another's"
    del files[f"{SITE}/gone.py"]
    found = [path.removeprefix(SITE.encode() + b"/") for path in only(files).files if b"dist-info" not in path]
    assert [b"__pycache__/tool.cpython-311.pyc", b"tool.py"] == found


def test_an_old_egg_tells_its_files_beside_itself():
    record = f"{SITE}/old-2.egg-info"
    files = {
        f"{record}/PKG-INFO": "Name: old\nVersion: 2\n",
        f"{record}/installed-files.txt": "../old.py\nPKG-INFO\n",
        f"{SITE}/old.py": "x",
    }
    found = only(files)
    assert ("old", "2", record.encode()) == (found.name, found.version, found.record)
    assert f"{SITE}/old.py".encode() in found.files


def test_debian_keeps_an_egg_as_one_file():
    files = {"usr/lib/python3/dist-packages/six-1.egg-info": "Name: six\nVersion: 1\n"}
    assert ("six", b"usr") == (only(files).name, only(files).prefix)


@pytest.mark.parametrize(("tag", "expected"), [(BUILT, True), (WHEEL, False), (PURE, False),
                                               ("cp311-cp311-musllinux_1_2_x86_64", False),
                                               ("cp311-cp311-linux_aarch64", True)])  # fmt: skip
def test_a_wheel_whose_platform_is_linux_alone_was_built_here(tag, expected):
    assert expected == only(distribution("x", tag=tag)).compiled_here


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('{"dir_info": {"editable": true}, "url": "file:///app"}', True),
        ('{"dir_info": {}, "url": "file:///app"}', False),
        ("nonsense", False),
        ("[1]", False),
    ],
)
def test_an_editable_one_is_told_from_others(told, expected):
    assert expected == only(distribution("x", direct_url=told)).editable


@pytest.mark.parametrize("folder", ["home/app/.local", "venv", "opt/deep/venv"])
def test_the_prefix_is_what_its_library_folder_lies_in(folder):
    files = distribution("x", site=f"{folder}/lib/python3.11/site-packages")
    assert folder.encode() == only(files).prefix


def test_a_folder_of_another_kind_has_no_prefix():
    files = {"app/site-packages/x-1.dist-info/METADATA": "Name: x\n"}
    assert only(files).prefix is None


def test_a_record_that_is_no_file_or_names_nobody_is_no_distribution():
    files = {f"{SITE}/a-1.dist-info/METADATA": "Version: 1\n", f"{SITE}/b-1.dist-info/other": Piece(b"x")}
    assert () == distributions(tree(files))


def test_a_record_cannot_lead_out_of_the_tree():
    files = distribution("x")
    files[f"{SITE}/x-1.0.dist-info/RECORD"] = "../../../../../../../../etc/passwd,,\n/etc/shadow,,\n"
    files |= {"etc/passwd": "p", "etc/shadow": "s"}
    assert {b"etc/passwd", b"etc/shadow"} <= set(only(files).files)


def test_what_is_needed_follows_requirements_and_the_extras_asked_for():
    found = distributions(
        tree(
            distribution("app", requires=("lib[fast]", "pytest; extra == 'test'")),
            distribution("lib", requires=("c-part; extra == 'fast'", "sphinx; extra == 'docs'", "typing; python<'4'")),
            *map(distribution, ("c-part", "sphinx", "typing", "pytest")),
        )
    )
    assert {"app", "lib", "c-part", "typing"} == closure(found, [Requirement("app"), Requirement("absent")])


def test_requirements_that_go_in_circles_end():
    found = distributions(tree(distribution("a", requires=("b",)), distribution("b", requires=("a[x]",))))
    assert {"a", "b"} == closure(found, [Requirement("a")])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Flask==3.0 ", Requirement("flask")),
        ("uvicorn[standard, x]>=0.3 ; python_version > '3'", Requirement("uvicorn", frozenset({"standard", "x"}))),
        ("zope.interface (>=1)", Requirement("zope-interface")),
        ("--hash=1", None),
        ("", None),
    ],
)
def test_requirements_are_read(text, expected):
    assert expected == requirement(text)


def test_names_are_compared_as_the_index_does():
    assert "a-b-c" == normalise("A_.b--C")
