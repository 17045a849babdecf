"""One image through every transport: equal numbers, equal trees, equal contents."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import second_way
from handmade import (
    Made,
    classic_files,
    directory,
    entry,
    hard_link,
    layout_files,
    modern_files,
    symlink,
    tar,
    write_archive,
    write_layout,
)

from jettison.core.errors import ImageError, UsageError
from jettison.image.model import Image, Kind
from jettison.image.open import open_image
from jettison.image.tree import merge, sizes
from jettison.waste.rows import waste_rows

BASE = tar(
    directory("d"), entry("d/a", b"a" * 1000), entry("d/b", b"b" * 2000), hard_link("h", "d/a"), entry("keep", b"k")
)
OWN = tar(entry("d/.wh.a"), entry("d/b", b"b" * 2000, uid=7), symlink("s", "keep"), entry("new", b"n" * 5000))
APP = Made((BASE, OWN))
OTHER = Made((BASE,), name="other:2")


def numbers(image: Image) -> dict[str, Any]:
    """All that must not depend on how an image is packed."""
    told, tree = sizes(image.layers), merge(image.layers)
    contents = {path: tree.read(path) for path in tree if tree.get(path).kind in (Kind.FILE, Kind.SYMLINK)}
    return {
        "sizes": (told.unpacked, told.effective, told.waste),
        "rows": waste_rows(image.layers),
        "diff_ids": [layer.diff_id for layer in image.layers],
        "overhead": [layer.columns.overhead for layer in image.layers],
        "tree": {path: tree.get(path) for path in tree},
        "contents": contents,
        "config": image.config,
        "history": image.history,
        "platform": image.platform,
    }


EXPECTED_SIZES = (1000 + 2000 + 1 + 2000 + 5000, 1000 + 1 + 2000 + 5000, 2000)


def forms(root: Path) -> dict[str, str]:
    """References to the same image in every form that can be made by hand."""
    zstd, plain = Made(APP.layers, compression="zstd"), Made(APP.layers, compression="")
    write_layout(layout_files(APP), root / "gzip")
    write_layout(layout_files(zstd), root / "zstd")
    write_layout(layout_files(plain), root / "plain")
    write_archive(layout_files(APP), root / "oci.tar")
    write_archive(layout_files(zstd), root / "oci.tar.zst", "zstd")
    write_archive(classic_files(APP), root / "classic.tar")
    write_archive(classic_files(APP), root / "classic.tar.gz", "gzip")
    write_archive(modern_files(plain), root / "docker25.tar")
    write_archive(modern_files(APP), root / "docker29.tar")
    paths = {
        name: str(root / name) for name in ("gzip", "zstd", "plain", "classic.tar", "docker25.tar", "docker29.tar")
    }
    return paths | {
        "oci:": f"oci:{root}/gzip",
        "oci: with a tag": f"oci:{root}/gzip:1",
        "oci-archive:": f"oci-archive:{root}/oci.tar:1",
        "compressed oci-archive": str(root / "oci.tar.zst"),
        "docker-archive:": f"docker-archive:{root}/classic.tar:app:1",
        "docker-archive by index": f"docker-archive:{root}/classic.tar:@0",
        "compressed docker-archive": str(root / "classic.tar.gz"),
        "docker29 as an OCI archive": f"oci-archive:{root}/docker29.tar",
    }


def test_every_transport_gives_the_same_numbers(tmp_path: Path) -> None:
    references = forms(tmp_path)
    found = {name: numbers(open_image(reference)) for name, reference in references.items()}
    expected = found["plain"]
    assert EXPECTED_SIZES == expected["sizes"]
    assert {b"h": b"a" * 1000, b"s": b"k", b"keep": b"k", b"d/b": b"b" * 2000, b"new": b"n" * 5000} == expected[
        "contents"
    ]
    for name, each in found.items():
        assert expected == each, name


def test_the_second_way_agrees_on_a_layout(tmp_path: Path) -> None:
    for name in ("gzip", "zstd", "plain"):
        forms(tmp_path)
        assert EXPECTED_SIZES[:2] == (second_way.unpacked(tmp_path / name), second_way.effective(tmp_path / name))


def test_transfer_is_what_a_registry_would_hold_and_none_where_nothing_is_compressed(tmp_path: Path) -> None:
    references = forms(tmp_path)
    images = {name: open_image(reference) for name, reference in references.items()}
    told = {name: sizes(image.layers, config_size=image.config_size).transfer for name, image in images.items()}
    gzipped = sum(len(blob) for blob in APP.blobs) + len(APP.config)
    assert gzipped == told["gzip"] == told["oci-archive:"] == told["docker29.tar"]
    assert sum(len(layer) for layer in APP.layers) + len(APP.config) == told["plain"]
    assert None is told["classic.tar"] is told["docker25.tar"] is told["compressed docker-archive"]


def test_the_same_layer_twice_is_transferred_once(tmp_path: Path) -> None:
    write_layout(layout_files(Made((OWN, OWN))), tmp_path)
    image = open_image(f"oci:{tmp_path}")
    blob = len(Made((OWN,)).blobs[0])
    assert blob + image.config_size == sizes(image.layers, config_size=image.config_size).transfer
    assert 14_000 == sizes(image.layers).unpacked


def test_digests_are_the_manifest_s_or_the_config_s(tmp_path: Path) -> None:
    references = forms(tmp_path)
    from handmade import digest

    assert (
        digest(APP.manifest) == open_image(references["gzip"]).digest == open_image(references["oci-archive:"]).digest
    )
    assert (
        digest(APP.config)
        == open_image(references["classic.tar"]).digest
        == open_image(references["docker29.tar"]).digest
    )


def test_an_archive_on_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_archive(classic_files(APP), tmp_path / "x", "gzip").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert EXPECTED_SIZES == numbers(open_image("-"))["sizes"]


def test_layers_shared_between_images_may_be_links_in_the_archive(tmp_path: Path) -> None:
    """`docker save` of several images writes `ID/layer.tar` as a link to `../ID/layer.tar`; skopeo hard-links."""
    files = classic_files(APP)
    rows = json.loads(files["manifest.json"])
    names = [name for name in files if name.endswith("layer.tar")]
    members = [entry(name, data) for name, data in files.items() if name != "manifest.json"]
    members += [symlink("again/layer.tar", "../" + names[0]), hard_link("link/layer.tar", names[1])]
    rows[0]["Layers"] = ["again/layer.tar", "link/layer.tar"]
    (tmp_path / "x.tar").write_bytes(tar(*members, entry("manifest.json", json.dumps(rows).encode())))
    assert EXPECTED_SIZES == numbers(open_image(str(tmp_path / "x.tar")))["sizes"]


def both(tmp_path: Path) -> str:
    """An archive with two images."""
    files, more = classic_files(APP), classic_files(OTHER)
    rows = json.loads(files["manifest.json"]) + json.loads(more["manifest.json"])
    write_archive(files | more | {"manifest.json": json.dumps(rows).encode()}, tmp_path / "both.tar")
    return f"docker-archive:{tmp_path}/both.tar"


@pytest.mark.parametrize(
    ("which", "layers"),
    [("app:1", 2), ("docker.io/library/app:1", 2), ("localhost/other:2", 1), ("@0", 2), ("@1", 1)],
)
def test_an_image_of_several_in_an_archive_is_had_by_its_name(tmp_path: Path, which: str, layers: int) -> None:
    assert layers == len(open_image(f"{both(tmp_path)}:{which}").layers)


def test_several_images_in_an_archive_and_no_name_is_refused_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="holds 2 images") as caught:
        open_image(both(tmp_path))
    assert "say which, as PATH:NAME; it has app:1, other:2" == caught.value.hint


@pytest.mark.parametrize("which", ["app:2", "nothing", "@2", "@x", "@99999999999"])
def test_an_image_that_an_archive_does_not_hold_is_refused_with_those_it_does(tmp_path: Path, which: str) -> None:
    with pytest.raises(ImageError, match="has no image") as caught:
        open_image(f"{both(tmp_path)}:{which}")
    assert "it has" in caught.value.hint


def test_a_path_with_colons_is_a_path_before_it_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    write_archive(classic_files(APP), tmp_path / "a:b" / "x:1.tar")
    assert 2 == len(open_image(f"docker-archive:{tmp_path}/a:b/x:1.tar").layers)
    assert 2 == len(open_image(f"docker-archive:{tmp_path}/a:b/x:1.tar:app:1").layers)


def test_an_image_without_layers_is_an_image(tmp_path: Path) -> None:
    empty = Made(())
    write_layout(layout_files(empty), tmp_path / "empty")
    write_archive(classic_files(empty), tmp_path / "empty.tar")
    for name in ("empty", "empty.tar"):
        image = open_image(str(tmp_path / name))
        assert (0, 0, 0) == (sizes(image.layers).unpacked, len(image.layers), len(merge(image.layers)))


def test_config_values_that_are_null_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    nulls = Made((BASE,), more={"config": None, "history": None})
    image = open_image(str(write_layout(layout_files(nulls), tmp_path)))
    assert ({}, ()) == (image.runtime, image.history)


def test_what_is_no_image_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("FROM scratch\n")
    (tmp_path / "nothing").write_bytes(b"")
    (tmp_path / "export.tar").write_bytes(tar(directory("etc"), directory("usr"), entry("etc/passwd", b"root")))
    (tmp_path / "v1.tar").write_bytes(tar(entry("repositories", b"{}"), entry("abc/layer.tar", BASE)))
    (tmp_path / "xz.tar").write_bytes(b"\xfd7zXZ\0" + bytes(100))
    expected = {
        "empty": ("without an OCI layout", "give an image"),
        "text": ("is not an image archive", "save the image again"),
        "nothing": ("nothing is empty", "docker save"),
        "export.tar": ("`docker export`", "docker save"),
        "v1.tar": ("before 1.10", "docker load"),
        "xz.tar": ("compressed by xz", "xz -d"),
        "absent/x": ("", ""),
    }
    for name, (message, hint) in expected.items():
        with pytest.raises(ImageError) as caught:
            open_image(str(tmp_path / name))
        assert message in caught.value.message, name
        assert hint in caught.value.hint, name


def test_an_oci_archive_named_as_a_docker_archive_says_what_to_write(tmp_path: Path) -> None:
    path = write_archive(layout_files(APP), tmp_path / "x.tar")
    with pytest.raises(ImageError) as caught:
        open_image(f"docker-archive:{path}")
    assert f"write oci-archive:{path}" == caught.value.hint


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(UsageError):
        open_image("")


@pytest.mark.parametrize("transport", ["", "docker-archive:", "oci:", "oci-archive:"])
@pytest.mark.parametrize("name", ["a" * 5000, "/x/" + "b" * 300, "a\0b", "./c/" + "d/" * 3000])
def test_a_name_that_no_file_system_takes_is_refused_as_any_that_is_not_there(
    transport: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "none"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    if not transport:
        monkeypatch.setattr("jettison.image.open._NO_NAME", re.compile(".*", re.DOTALL))  # no registry is asked
    with pytest.raises(ImageError) as caught:
        open_image(transport + name)
    assert caught.value.hint


def test_nothing_is_left_behind_where_an_archive_was_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    path = write_archive(classic_files(APP), tmp_path / "x.tar.gz", "gzip")
    (tmp_path / "spool").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spool"))
    image = open_image(str(path))
    assert EXPECTED_SIZES[0] == sizes(image.layers).unpacked
    assert [] == list((tmp_path / "spool").iterdir())
