"""A real image, built by buildah and copied by skopeo into every form: one set of numbers, the second way's too."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import second_way
from handmade import directory, entry, hard_link, symlink, tar
from test_transports import numbers

from jettison.image.model import Kind
from jettison.image.open import open_image

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="buildah's store needs root here"),
    pytest.mark.skipif(
        not all(map(shutil.which, ("buildah", "skopeo", "umoci"))), reason="needs buildah, skopeo, umoci"
    ),
]

DOCKERFILE = """FROM scratch
ADD base.tar /
COPY changed /d/changed
COPY --chown=7:7 owned /d/owned
ADD second.tar /
"""


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """References by form; the image goes with the store."""
    root = tmp_path_factory.mktemp("engine")
    (root / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{root}/store"\nrunroot = "{root}/run"\n'
    )
    before = os.environ.get("CONTAINERS_STORAGE_CONF")
    os.environ["CONTAINERS_STORAGE_CONF"] = str(root / "storage.conf")
    context = root / "context"
    context.mkdir()
    long = "n" * 90 + "/" + "m" * 90
    base = (directory("d"), entry("d/changed", b"old" * 100), entry("d/owned", b"same"), entry(long, b"1"))
    more = (entry("a", b"a" * 5000), hard_link("h", "a"), symlink("s", "a"), entry("f", mode=0o4755), entry("é", b"2"))
    (context / "base.tar").write_bytes(tar(*base, *more))
    (context / "changed").write_bytes(b"new" * 50)
    (context / "owned").write_bytes(b"same")
    (context / "second.tar").write_bytes(tar(entry("b", b"b" * 100), directory("e"), entry("e/x", b"x")))
    (context / "Dockerfile").write_text(DOCKERFILE)
    try:
        run("buildah", "bud", "--layers", "--isolation", "chroot", "--format", "docker", "-t", "engine:1", str(context))
        image = "containers-storage:localhost/engine:1"
        for place in (
            f"oci:{root}/gzip:1",
            f"oci-archive:{root}/oci.tar:1",
            f"docker-archive:{root}/docker.tar:engine:1",
        ):
            run("skopeo", "copy", "-q", image, place)
        run("skopeo", "copy", "-q", "--dest-compress-format", "zstd", image, f"oci:{root}/zstd:1")
        yield (
            root,
            {
                "containers-storage": "containers-storage:engine:1",
                "oci": f"oci:{root}/gzip:1",
                "oci zstd": str(root / "zstd"),
                "oci-archive": str(root / "oci.tar"),
                "docker-archive": f"docker-archive:{root}/docker.tar:engine:1",
                "docker-archive, sniffed": str(root / "docker.tar"),
            },
        )
        run("buildah", "rmi", "-a", "-f")
    finally:
        subprocess.run(["umount", str(root / "store" / "overlay")], capture_output=True)
        os.environ.pop("CONTAINERS_STORAGE_CONF", None)
        if before is not None:
            os.environ["CONTAINERS_STORAGE_CONF"] = before


def test_every_form_that_engines_write_gives_the_same_numbers(forms: Any) -> None:
    _, references = forms
    found = {name: _comparable(numbers(open_image(reference))) for name, reference in references.items()}
    for name, each in found.items():
        assert found["docker-archive"] == each, name
    assert 300 + 4 == found["docker-archive"]["sizes"][2]


def _comparable(told: dict[str, Any]) -> dict[str, Any]:
    """Without what a storage directory keeps otherwise: the place in the tar, its headers, mtimes' fractions."""
    tree = {
        path: each._replace(offset=-1, mtime=each.mtime // 10**9, link=b"" if each.kind is Kind.FILE else each.link)
        for path, each in told["tree"].items()
    }
    rows = sorted((row.path, row.bytes, row.cause, row.layer, row.by_layer) for row in told["rows"])
    return {**told, "tree": tree, "rows": rows, "overhead": None, "config": None}


def test_the_second_way_agrees(forms: Any) -> None:
    root, references = forms
    told = open_image(references["oci"]).sizes
    assert (second_way.unpacked(root / "gzip"), second_way.effective(root / "gzip")) == (told.unpacked, told.effective)


def test_the_merged_tree_is_what_umoci_unpacks(forms: Any) -> None:
    root, references = forms
    run("umoci", "unpack", "--image", f"{root}/gzip:1", str(root / "bundle"))
    top = root / "bundle" / "rootfs"
    unpacked: dict[bytes, Any] = {}
    for path in top.rglob("*"):
        status = path.lstat()
        size = status.st_size if path.is_file() and not path.is_symlink() else 0
        unpacked[os.fsencode(path.relative_to(top))] = (status.st_mode & 0o7777, status.st_uid, size)
    tree = open_image(references["oci"]).tree
    links = {path for path in tree if tree.get(path).kind is Kind.SYMLINK}
    told = {path: (tree.get(path).mode, tree.get(path).uid, tree.get(path).size) for path in set(tree) - links}
    assert {path: each for path, each in unpacked.items() if path not in links} == told
    assert links == {path for path in unpacked if (top / os.fsdecode(path)).is_symlink()}
    assert Path(top, "a").stat().st_ino == Path(top, "h").stat().st_ino
    assert tree.payload(b"a") == tree.payload(b"h")
