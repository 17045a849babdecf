"""Live bytes by class: by name and place, one class at most, the first in order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import second_way
from handmade_tree import Files, Piece, image
from hypothesis import given, settings
from hypothesis import strategies as st
from random_layers import image_of, random_layers

from jettison.core.errors import ImageError
from jettison.documents.schemas import schema
from jettison.image.model import Kind
from jettison.waste.account import account, shares, waste_transfer
from jettison.waste.classes import Class, Classifier, classify
from jettison.waste.duplicates import SMALLEST

CLASSES = {
    "secrets": "root/.ssh/id_rsa app/.env home/me/.netrc root/.aws/credentials root/.docker/config.json "
    "etc/ssl/private/server.key app/terraform.tfstate",
    "vcs": "app/.git/objects/pack/pack-1.pack app/.gitignore src/.svn/entries",
    "package-cache": "var/cache/apt/archives/x.deb root/.cache/pip/http/0/1 root/.npm/_cacache/content-v2/1 "
    "root/.cache/go-build/00/x go/pkg/mod/github.com/x/y.go usr/local/share/.cache/yarn/v6/x "
    "root/.cargo/registry/src/x.rs etc/apk/cache/x.apk var/cache/dnf/x root/.cache/uv/x",
    "package-lists": "var/lib/apt/lists/deb.debian.org_Packages",
    "dev-dependencies": "app/venv/lib/python3.11/site-packages/_pytest/main.py "
    "usr/lib/python3/dist-packages/pytest_cov-4.1.0.dist-info/METADATA usr/lib/python3/dist-packages/mypy/x.so",
    "build-tools": "usr/bin/gcc-12 usr/bin/x86_64-linux-gnu-gcc-12 usr/bin/make usr/lib/gcc/x86_64/12/cc1 "
    "usr/local/go/bin/go usr/bin/x86_64-linux-gnu-ld.gold usr/bin/g++ usr/lib/x86_64-linux-gnu/crt1.o "
    "usr/bin/aarch64-linux-gnu-g++-12 usr/lib/pkgconfig/x.pc",
    "static-libraries": "usr/lib/libc.a usr/lib/libfoo.la",
    "headers": "usr/include/stdio.h usr/include/c++/12/vector app/node_modules/x/src/x.h usr/local/include/any",
    "debug-symbols": "usr/lib/debug/.build-id/00/1.debug app/x.dwo app/App.pdb",
    "tests": "app/node_modules/x/test/a.js usr/lib/python3/dist-packages/x/tests/data.bin app/src/a.test.ts "
    "app/x/test_views.py app/main_test.go usr/lib/python3.11/test/support.py app/__tests__/x",
    "documentation": "usr/share/doc/x/copyright usr/share/man/man1/x.1.gz app/node_modules/x/README.md "
    "app/node_modules/x/CHANGELOG usr/lib/python3/site-packages/x/notes.rst",
    "locales": "usr/share/locale/de/LC_MESSAGES/x.mo app/site-packages/x/locale/de/x.po usr/share/i18n/charmaps/x.gz",
    "source-maps": "app/dist/main.js.map app/style.css.map",
    "bytecode": "usr/lib/python3.11/__pycache__/x.cpython-311.pyc app/__pycache__/x.nbi",
    "temp": "tmp/x var/tmp/y app/.pytest_cache/x app/.x.swp app/x~ root/.bash_history var/lib/dpkg/status-old",
    "logs": "var/log/dpkg.log root/.npm/_logs/x.txt app/npm-debug.log srv/app.log",
}
NONE = (
    "usr/bin/python3.11 usr/lib/x86_64-linux-gnu/libc.so.6 app/main.py app/README.md app/node_modules/x/index.js "
    "app/node_modules/test/index.js app/node_modules/@x/tests/index.js usr/lib/locale/C.utf8/LC_CTYPE app/legacy.pyc "
    "app/node_modules/x/.env app/a app/map app/.log app/docs/index.html usr/share/zoneinfo/UTC "
    "root/.cache/ms-playwright/x app/.yarn/cache/x.zip usr/bin/size2 opt/bin/makeup app/.env.example app/latest.py "
    "etc/ssl/certs/ca.pem app/makefile app/mypy/main.py usr/lib/python3/dist-packages/pytest_like/x.py"
)


def classes_of(files: Files, **more: object) -> dict[str, str | None]:
    made = image(files)
    found = classify(made.layers, made.merged, **more)  # type: ignore[arg-type]
    classes = {name.decode(): each.value for _, _, name, each in found.classed()}
    return {name.decode(): classes.get(name.decode()) for _, _, name in found.live}


@pytest.mark.parametrize("name", CLASSES)
def test_a_file_is_in_its_class(name: str) -> None:
    paths = CLASSES[name].split()
    assert dict.fromkeys(paths, name) == classes_of(dict.fromkeys(paths, b"x"))


def test_what_runs_is_in_none() -> None:
    paths = NONE.split()
    assert dict.fromkeys(paths) == classes_of(dict.fromkeys(paths, b"x"))


def test_the_first_class_in_order_counts() -> None:
    expected = {
        "var/cache/apt/README.log": "package-cache",
        "app/.git/tests/x.h": "vcs",
        "usr/share/doc/x/tests/x": "tests",
        "usr/local/go/src/x_test.go": "build-tools",
        "usr/include/x.a": "static-libraries",
        "tmp/.git/x": "vcs",
        "usr/include/__pycache__/x.pyc": "headers",
    }
    assert expected == classes_of(dict.fromkeys(expected, b"x"))


def test_the_classes_are_those_of_the_document_in_its_order() -> None:
    assert schema("inspection")["$defs"]["class"]["enum"] == [each.value for each in Class]


def test_bytecode_without_its_source_is_the_program() -> None:
    assert {"a/x.pyc": "bytecode", "a/x.py": None, "a/y.pyc": None} == classes_of(
        {"a/x.pyc": b"1", "a/x.py": b"2", "a/y.pyc": b"3"}
    )


def test_folders_that_only_development_needs_are_told_by_the_package_manager() -> None:
    files = {
        "app/node_modules/jest/index.js": b"1",
        "app/node_modules/jest/test/x": b"2",
        "app/node_modules/x/i.js": b"3",
    }
    assert ["dev-dependencies", "dev-dependencies", None] == list(
        classes_of(files, development={b"app/node_modules/jest"}).values()
    )


def test_a_payload_is_in_a_class_only_with_all_its_names() -> None:
    both = {"usr/share/doc/x": b"1", "usr/share/man/x": Piece(kind=Kind.HARDLINK, link=b"usr/share/doc/x")}
    assert {"usr/share/doc/x": "documentation"} == classes_of(both)
    used = {"usr/share/doc/x": b"1", "usr/bin/x": Piece(kind=Kind.HARDLINK, link=b"usr/share/doc/x")}
    assert {"usr/bin/x": None} == classes_of(used)
    two = {"var/log/x": b"1", "tmp/x": Piece(kind=Kind.HARDLINK, link=b"var/log/x")}
    assert {"tmp/x": "temp"} == classes_of(two)


def test_n_copies_are_n_less_one_duplicates_and_the_first_path_is_kept() -> None:
    big, other = b"b" * SMALLEST, b"o" * SMALLEST
    made = image({"z": big, "m": big, "x": other, "small1": b"s", "small2": b"s"}, {"a": big, "usr/share/doc/d": big})
    live = account(made).live
    found = {name: each for _, _, name, each in live.classed()}
    duplicate = Class.DUPLICATE_CONTENT
    assert {b"m": duplicate, b"z": duplicate, b"usr/share/doc/d": Class.DOCUMENTATION} == found


def test_contents_are_read_only_where_sizes_are_equal() -> None:
    made = image({"a": b"a" * 5000, "b": b"b" * 5001, "c": b"c" * 5001, "d": b"d"})
    account(made)
    assert [b"b", b"c"] == sorted(made.layers[0].source.opened)  # type: ignore[attr-defined]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.booleans())
def test_every_byte_is_dead_with_a_cause_or_alive_in_one_class_or_in_none(seed: int, wild: bool) -> None:
    layers = random_layers(seed, wild=wild)
    with tempfile.TemporaryDirectory() as folder:
        made = image_of(layers, Path(folder))
        try:
            found = account(made)
        except ImageError:
            return
        effective = second_way.weigh(second_way.merged(layers))
        unpacked = sum(size for layer in layers for size in second_way.payload_sizes(layer))
        columns = [layer.columns for layer in made.layers]
        rest = sum(columns[layer].sizes[index] for layer, index, _ in found.live.rest())
        classed = sum(share.size for share in shares(found, made.layers).values())
        assert unpacked - effective == sum(row.bytes for row in found.rows)
        assert effective == rest + classed
        assert (None,) * len(found.rows) == waste_transfer(found, made.layers)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=12).map(lambda name: name.replace(b"/", b"_")), min_size=1, max_size=4))
def test_any_name_is_asked_without_an_error_and_alike_in_any_way(parts: list[bytes]) -> None:
    path = b"/".join(part.replace(b"\0", b"_") for part in parts)
    made = image({path.decode("utf-8", "surrogateescape"): b"1"})
    found = classify(made.layers, made.merged)
    (name,) = (each for _, _, each in found.live)
    rank = Classifier(made.merged).rank(name)
    each = next((each for _, _, _, each in found.classed()), None)
    assert (None if rank == len(Class) else list(Class)[rank]) == each
