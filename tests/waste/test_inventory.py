"""Live bytes by package: one owner at most, and packages and the rest add up to what is seen."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from go_program import go_program
from handmade_tree import Files, Piece, executable, image, symlink
from random_layers import image_of

from jettison.image.model import Image, Kind
from jettison.waste.classes import live_payloads
from jettison.waste.inventory import Inventory, Package, inventory
from jettison.waste.reading import read_tree

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
LOCK = {"lockfileVersion": 3, "packages": {"node_modules/jest": {"version": "29.0.0", "dev": True}}}
FILES: Files = {
    "lib": symlink("usr/lib"),
    "var/lib/dpkg/status": STATUS,
    "var/lib/dpkg/info/libc6:amd64.list": "/.\n/lib\n/lib/libc.so.6\n/usr/share\n/usr/share/doc/libc6\n",
    "usr/lib/libc.so.6": b"c" * 1000,
    "usr/share/doc/libc6": b"d" * 10,
    "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA": "Name: six\nVersion: 1.16.0\n\n",
    "usr/lib/python3/dist-packages/six-1.16.0.dist-info/RECORD": "six.py,,\n../../../bin/six,,\n",
    "usr/lib/python3/dist-packages/six.py": b"s" * 300,
    "usr/bin/six": executable("s" * 30),
    "app/package.json": '{"name": "app"}',
    "app/node_modules/.package-lock.json": json.dumps(LOCK),
    "app/node_modules/jest/package.json": '{"name": "jest", "version": "29.0.0"}',
    "app/node_modules/jest/index.js": b"j" * 200,
    "app/node_modules/jest/node_modules/@a/b/package.json": '{"name": "@a/b", "version": "1.2.3"}',
    "app/node_modules/jest/node_modules/@a/b/b.js": b"b" * 70,
    "usr/local/bin/tool": go_program("example.org/tool"),
    "srv/data": b"x" * 12345,
}


def weighed(made: Image) -> Inventory:
    return inventory(made, live_payloads(made.layers, made.merged))


def test_each_kind_of_package_has_its_bytes() -> None:
    made = image(FILES)
    found = weighed(made)
    size = {path: len(piece) if isinstance(piece, bytes | str) else len(piece.data) for path, piece in FILES.items()}
    jest = size["app/node_modules/jest/package.json"] + 200
    scoped = size["app/node_modules/jest/node_modules/@a/b/package.json"] + 70
    info = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/"
    six = 330 + size[info + "METADATA"] + size[info + "RECORD"]
    libc = 1010 + size["var/lib/dpkg/info/libc6:amd64.list"]
    expected = [
        Package("go", "example.org/tool", "(devel)", size["usr/local/bin/tool"], 1, 0),
        Package("dpkg", "libc6", "2.36-9", libc, 3, 0),
        Package("python", "six", "1.16.0", six, 4, 0),
        Package("node", "jest", "29.0.0", jest, 2, 0),
        Package("node", "@a/b", "1.2.3", scoped, 2, 0),
    ]
    assert expected == list(found.packages)
    assert made.sizes.effective == found.rest + sum(each.size for each in found.packages)


def test_the_first_that_owns_a_file_has_it() -> None:
    listing = "/usr/lib/python3/dist-packages/six.py\n"
    made = image(FILES, {"var/lib/dpkg/info/libc6:amd64.list": listing})
    found = {each.name: each for each in weighed(made).packages}
    assert 300 + len(listing) == found["libc6"].size
    assert made.sizes.effective == weighed(made).rest + sum(each.size for each in found.values())


def test_distroless_keeps_sums_of_its_packages() -> None:
    files: Files = {
        "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\nArchitecture: amd64\n",
        "var/lib/dpkg/status.d/base-files.md5sums": "0123456789abcdef  etc/issue\n0123456789abcdef  etc/absent\n",
        "etc/issue": b"x" * 99,
    }
    assert [Package("dpkg", "base-files", "12", 99, 1, 0)] == list(weighed(image(files)).packages)


def test_alpine_and_red_hat_names_lead_through_links() -> None:
    files: Files = {
        "bin": symlink("usr/bin"),
        "lib/apk/db/installed": b"P:busybox\nV:1\nF:bin\nR:busybox\n",
        "usr/bin/busybox": executable("b" * 500),
    }
    assert [Package("apk", "busybox", "1", 500, 1, 0)] == list(weighed(image(files)).packages)


def test_a_hard_link_counts_once_and_an_image_without_packages_has_none() -> None:
    made = image({"a": b"1" * 10, "b": Piece(kind=Kind.HARDLINK, link=b"a")})
    assert Inventory((), 10) == weighed(made)


def packed(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, piece in files.items():
            info = tarfile.TarInfo(path)
            data = piece.data if isinstance(piece, Piece) else piece.encode() if isinstance(piece, str) else piece
            if isinstance(piece, Piece):
                info.mode, info.linkname = piece.mode, piece.link.decode()
                info.type = tarfile.SYMTYPE if piece.kind is Kind.SYMLINK else tarfile.REGTYPE
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
def test_packages_are_the_same_in_a_compressed_layer(compressed: bool, tmp_path: Path) -> None:
    plain = packed(FILES)
    made = image_of([plain], tmp_path, [gzip.compress(plain)] if compressed else None)
    assert weighed(image(FILES)) == weighed(made)


def test_what_there_is_no_room_for_is_read_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jettison.waste.reading._TOGETHER", 25)
    plain = packed({"a": b"1" * 10, "b": b"2" * 20, "c": b"3" * 9})
    tree = read_tree(image_of([plain], tmp_path, [gzip.compress(plain)]), [b"a", b"b", b"c"])
    assert [b"1" * 10, b"2" * 20, b"3" * 9] == [tree.read(path) for path in (b"a", b"b", b"c")]
    assert 1 == len(tree._contents)


def test_a_compressed_layer_is_read_once_for_all_its_small_files(tmp_path: Path) -> None:
    plain = packed({"a": b"1" * 10, "b": b"2" * 20, "c": b"3", "d": b""})
    made = image_of([plain], tmp_path, [gzip.compress(plain)])
    tree = read_tree(made, [b"c", b"a", b"d"])
    (tmp_path / "0").unlink()
    assert [b"1" * 10, b"3", b""] == [tree.read(path) for path in (b"a", b"c", b"d")]
    with pytest.raises(KeyError):
        tree.read(b"absent")
