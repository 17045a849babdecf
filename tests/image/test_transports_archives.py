"""One image in every tool's archive: the same numbers, whatever its outer tar is compressed with."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import zstandard
from handmade import (
    INDEX,
    LAYER,
    MANIFEST,
    Made,
    blob_path,
    descriptor,
    digest,
    directory,
    entry,
    hard_link,
    index,
    layout_files,
    modern_files,
    packed,
    symlink,
    tar,
    write_archive,
    write_layout,
)
from handmade_archives import WRITERS, several
from test_transports import numbers

from jettison.core.errors import ImageError
from jettison.core.platform import Platform
from jettison.image.open import open_image

BASE = tar(directory("d"), entry("d/a", b"a" * 3000), hard_link("h", "d/a"), symlink("s", "d/a"), entry("b", b"b" * 50))
CHANGE = tar(entry(".wh.b"), entry("d/a", b"c" * 700))
APP = Made((BASE, CHANGE, tar(), BASE))
SIZES = (3050 + 700 + 3050, 3050, 700 + 50 + 3000)


@pytest.mark.parametrize("how", ["", "gzip", "zstd", "gzip in many members"])
@pytest.mark.parametrize("tool", WRITERS)
def test_every_tool_s_archive_gives_the_same_numbers(tool: str, how: str, tmp_path: Path) -> None:
    data = tar(*WRITERS[tool](APP))
    if how == "gzip in many members":
        data = b"".join(gzip.compress(data[at : at + 1000], 6, mtime=0) for at in range(0, len(data), 1000))
    (tmp_path / "x.tar").write_bytes(packed(data, how))
    expected = numbers(open_image(str(write_layout(layout_files(APP), tmp_path / "layout"))))
    assert SIZES == expected["sizes"]
    for reference in (
        str(tmp_path / "x.tar"),
        f"docker-archive:{tmp_path}/x.tar:app:1",
        f"docker-archive:{tmp_path}/x.tar",
    ):
        assert expected == numbers(open_image(reference))


@pytest.mark.parametrize("tool", ["docker25", "docker29"])
def test_an_archive_that_is_a_layout_too_is_the_same_by_both_names(tool: str, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar(*WRITERS[tool](APP)))
    images = [open_image(f"{transport}:{tmp_path}/x.tar") for transport in ("docker-archive", "oci-archive")]
    assert numbers(images[0]) == numbers(images[1])
    assert ["linux/amd64", ()] == [images[1].platform, images[1].other_platforms]


def test_an_archive_of_several_platforms_has_more_than_its_manifest_json_tells(tmp_path: Path) -> None:
    """Docker's containerd store writes all platforms that it holds, and the best of them into manifest.json."""
    arm = Made((tar(entry("arm", b"1")),), architecture="arm64")
    platforms = [(made, {"os": "linux", "architecture": made.architecture}) for made in (APP, arm)]
    inner = index(*(descriptor(made.manifest, MANIFEST, platform=each) for made, each in platforms))
    files = modern_files(APP) | arm.files | {blob_path(inner): inner, "index.json": index(descriptor(inner, INDEX))}
    path = str(write_archive(files, tmp_path / "x.tar"))
    for architecture, layers in (("amd64", 4), ("arm64", 1)):
        assert layers == len(open_image(path, Platform("linux", architecture)).layers)
    assert 4 == len(open_image(path).layers)
    with pytest.raises(ImageError, match="no image for linux/s390x"):
        open_image(path, Platform("linux", "s390x"))


def test_layers_that_are_stored_packed_have_their_transfer_and_those_that_are_not_have_none(tmp_path: Path) -> None:
    told = {}
    for tool, write in WRITERS.items():
        (tmp_path / tool).write_bytes(tar(*write(APP)))
        told[tool] = open_image(str(tmp_path / tool)).sizes.transfer
    gzipped = sum(len(blob) for blob in dict.fromkeys(APP.blobs)) + len(APP.config)
    unknown = dict.fromkeys(("docker24", "docker25", "podman", "nix"))
    assert unknown | dict.fromkeys(("docker29", "kaniko", "jib", "bazel"), gzipped) == told


ONE, TWO = Made((BASE,), "one:1"), Made((BASE, CHANGE), "example.org:5000/team/two:v2")


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_of_several_images_each_is_had_by_name_and_by_number(how: str, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(packed(several(ONE, TWO), how))
    names = [("one:1", 1), ("@0", 1), ("example.org:5000/team/two:v2", 2), ("@1", 2)]
    for name, layers in (*names, (f"@{digest(ONE.config)}", 1), (f"@{digest(TWO.config)}", 2)):
        assert layers == len(open_image(f"docker-archive:{tmp_path}/x.tar:{name}").layers)
    with pytest.raises(ImageError, match="holds 2 images") as caught:
        open_image(str(tmp_path / "x.tar"))
    assert "say which, as PATH:NAME; it has one:1, example.org:5000/team/two:v2" == caught.value.hint
    for name in ("@2", "@sha256:" + "0" * 64, "three"):
        with pytest.raises(ImageError, match=f"has no image {name}"):
            open_image(f"docker-archive:{tmp_path}/x.tar:{name}")


def _one_layer(tmp_path: Path, blob: bytes, media_type: str) -> Any:
    """An image whose only layer is this blob under this media type."""
    made = Made((BASE,))
    manifest = json.loads(made.manifest) | {"layers": [descriptor(blob, media_type)]}
    text = json.dumps(manifest).encode()
    files = layout_files(made) | {blob_path(blob): blob, blob_path(text): text}
    root = write_layout(files | {"index.json": index(descriptor(text, MANIFEST))}, tmp_path)
    return open_image(f"oci:{root}")


def _chunked(data: bytes) -> bytes:
    """zstd:chunked: a frame a file, its table of contents and its footer in skippable frames (containers/storage)."""
    frames = b"".join(zstandard.compress(data[at : at + 1024]) for at in range(0, len(data), 1024))
    table = zstandard.compress(json.dumps({"version": 1, "entries": []}).encode())
    footer = struct.pack("<QQQQ", len(frames), len(table), 40, 1) + b"GNUlInUx"
    return frames + b"".join(b"\x50\x2a\x4d\x18" + struct.pack("<I", len(each)) + each for each in (table, footer))


def _stargz(data: bytes) -> bytes:
    """eStargz: a gzip member a chunk, and an empty one whose extra field tells where the table of contents is."""
    out = b"".join(gzip.compress(data[at : at + 1024], 6, mtime=0) for at in range(0, len(data), 1024))
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % len(out)
    return (
        out
        + b"\x1f\x8b\x08\x04"
        + bytes(5)
        + b"\xff"
        + struct.pack("<H", len(extra))
        + extra
        + b"\1\0\0\xff\xff"
        + bytes(8)
    )


FORMS = {
    "plain": (lambda data: data, LAYER),
    "gzip": (lambda data: packed(data, "gzip"), LAYER + "+gzip"),
    "gzip of many members": (
        lambda data: b"".join(gzip.compress(data[at : at + 777], 1, mtime=0) for at in range(0, len(data), 777)),
        LAYER + "+gzip",
    ),
    "zstd": (lambda data: packed(data, "zstd"), LAYER + "+zstd"),
    "zstd:chunked": (_chunked, LAYER + "+zstd"),
    "eStargz": (_stargz, LAYER + "+gzip"),
    "Docker's type": (lambda data: packed(data, "gzip"), "application/vnd.docker.image.rootfs.diff.tar.gzip"),
    "a foreign type that is here": (
        lambda data: packed(data, "gzip"),
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ),
    "no type": (lambda data: packed(data, "gzip"), ""),
    "gzip that says zstd": (lambda data: packed(data, "gzip"), LAYER + "+zstd"),
    "zstd that says gzip": (lambda data: packed(data, "zstd"), LAYER + "+gzip"),
    "plain that says gzip": (lambda data: data, LAYER + "+gzip"),
    "gzip that says plain": (lambda data: packed(data, "gzip"), LAYER),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_layer_is_read_as_what_its_first_bytes_are(form: str, tmp_path: Path) -> None:
    pack, media_type = FORMS[form]
    image = _one_layer(tmp_path, pack(BASE), media_type)
    assert (3050, 3050) == (image.sizes.unpacked, image.sizes.effective)
    assert b"a" * 3000 == image.tree.read(b"h") == image.tree.read(b"s")
    assert [media_type or None] == [layer.media_type for layer in image.layers]


@pytest.mark.parametrize(("head", "word"), [(b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz")])
def test_what_only_old_tools_pack_is_refused_by_its_word(head: bytes, word: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=f"compressed by {word}") as caught:
        _one_layer(tmp_path, head + b"more", LAYER)
    assert f"unpack it with `{word} -d` first" == caught.value.hint


def test_a_layout_with_linked_blobs_in_an_archive_is_read(tmp_path: Path) -> None:
    """Build systems link blobs from their stores; inside an archive a link may only lead to another member."""
    files = layout_files(APP)
    blob = blob_path(APP.blobs[0])
    data = files.pop(blob)
    members = [entry(name, each) for name, each in files.items()]
    up = "/".join([".."] * 2)
    whole = tar(*members, entry("store/it", data), symlink(blob, f"{up}/store/it"))
    (tmp_path / "x.tar").write_bytes(whole)
    assert SIZES == numbers(open_image(f"oci-archive:{tmp_path}/x.tar"))["sizes"]
    (tmp_path / "y.tar").write_bytes(tar(*members, symlink(blob, "/etc/passwd")))
    with pytest.raises(ImageError, match="points outside of it"):
        numbers(open_image(f"oci-archive:{tmp_path}/y.tar"))


LAYOUT = tar(*(entry(name, data) for name, data in layout_files(APP).items()))


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
@pytest.mark.parametrize("data", [tar(*WRITERS["podman"](APP)), LAYOUT], ids=["docker-archive", "oci-archive"])
def test_an_archive_on_standard_input_is_read_as_what_it_is(
    data: bytes, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input:
        buffer = io.BytesIO(packed(data, how))

    monkeypatch.setattr("sys.stdin", Input)
    assert SIZES == numbers(open_image("-"))["sizes"]


TINY = Made((tar(entry("a", b"x" * 600)),))
WHOLE = {tool: tar(*write(TINY)) for tool, write in WRITERS.items()}


@pytest.mark.parametrize("tool", WRITERS)
def test_an_archive_cut_at_any_block_is_refused_or_whole(tool: str, tmp_path: Path) -> None:
    """The end marker and the padding behind it may be missing: nothing is lost with them."""
    (tmp_path / "x.tar").write_bytes(WHOLE[tool])
    expected = numbers(open_image(str(tmp_path / "x.tar")))
    outcomes = {"whole": 0, "refused": 0}
    for cut in range(0, len(WHOLE[tool]), 512):
        (tmp_path / "cut.tar").write_bytes(WHOLE[tool][:cut])
        try:
            assert expected == numbers(open_image(str(tmp_path / "cut.tar")))
            outcomes["whole"] += 1
        except ImageError as error:
            assert error.hint
            outcomes["refused"] += 1
    assert outcomes["refused"] >= 6


@pytest.mark.parametrize("how", ["gzip", "zstd"])
@pytest.mark.parametrize("tool", WRITERS)
def test_a_packed_archive_that_is_cut_anywhere_is_refused(tool: str, how: str, tmp_path: Path) -> None:
    data = packed(WHOLE[tool], how)
    for cut in range(0, len(data), max(1, len(data) // 40)):
        (tmp_path / "cut").write_bytes(data[:cut])
        with pytest.raises(ImageError) as caught:
            open_image(str(tmp_path / "cut"))
        assert caught.value.hint
