"""Packages of apk as its installed database tells them."""

from __future__ import annotations

import pytest
from handmade_tree import image

from jettison.packages.apk import INSTALLED, Package, installed, parse_installed

DATABASE = b"""C:Q1abcdefghijklmnopqrstuvwxyz0=
P:musl
V:1.2.5-r10
A:x86_64
S:400000
T:the musl c library (libc) implementation
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1zzzz=
R:libc.musl-x86_64.so.1
a:0:0:777
F:usr
F:usr/share

P:busybox
V:1.37.0-r12
A:x86_64
F:
R:.rooted
F:bin
R:busybox
R:has:colon

C:Q1nothing=
"""
EXPECTED = (
    Package("musl", "1.2.5-r10", "x86_64", "musl", (b"lib/ld-musl-x86_64.so.1", b"lib/libc.musl-x86_64.so.1")),
    Package("busybox", "1.37.0-r12", "x86_64", "", (b".rooted", b"bin/busybox", b"bin/has:colon")),
)


@pytest.mark.parametrize("path", INSTALLED)
def test_the_database_is_read_where_either_apk_keeps_it(path: bytes) -> None:
    assert EXPECTED == installed(image({path.decode(): DATABASE}).tree)


def test_an_image_without_one_has_no_packages() -> None:
    assert () == installed(image({"bin/sh": b"x"}).tree)


def test_what_is_no_database_holds_no_packages() -> None:
    assert [] == list(parse_installed(b"\xff\0no colon\n\n:\n\nP:\nV:1\n"))
