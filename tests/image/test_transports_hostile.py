"""Archives and layouts that lie: an ImageError with a hint, in bounded memory, nothing outside ever read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from handmade import (
    CONFIG,
    LAYER,
    MANIFEST,
    Made,
    blob_path,
    classic_files,
    descriptor,
    digest,
    entry,
    hard_link,
    index,
    layout_files,
    modern_files,
    symlink,
    tar,
    write_archive,
    write_layout,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from jettison.core.errors import ImageError
from jettison.image.layer_blob import BlobSource
from jettison.image.open import open_image
from jettison.image.transports.documents import parse_json
from jettison.image.tree import merge, sizes

APP = Made((tar(entry("a", b"x" * 3000)), tar(entry("b", b"y" * 100))))


def weigh(reference: str) -> Any:
    """Open an image and read all of its layers' headers."""
    image = open_image(reference)
    merge(image.layers)
    return sizes(image.layers)


def refused(reference: str, match: str) -> ImageError:
    with pytest.raises(ImageError, match=match) as caught:
        weigh(reference)
    assert caught.value.hint
    return caught.value


def rewritten(tmp_path: Path, **changes: Any) -> str:
    """A classic archive whose only row of manifest.json says something else."""
    files = classic_files(APP)
    row = json.loads(files["manifest.json"])[0] | changes
    return str(write_archive(files | {"manifest.json": json.dumps([row]).encode()}, tmp_path / "x.tar"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", ".."])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    refused(rewritten(tmp_path, Layers=[name, name]), "points outside of itself")
    refused(rewritten(tmp_path, Config=name), "points outside of itself")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../../x/layer.tar"])
def test_links_that_lead_outside_are_refused(tmp_path: Path, target: str) -> None:
    files = classic_files(Made(APP.layers[:1]))
    row = json.loads(files["manifest.json"])[0] | {"Layers": ["ID/layer.tar"]}
    members = [entry(name, data) for name, data in files.items() if name != "manifest.json"]
    members += [symlink("ID/layer.tar", target), entry("manifest.json", json.dumps([row]).encode())]
    (tmp_path / "x.tar").write_bytes(tar(*members))
    refused(str(tmp_path / "x.tar"), "points outside of it")


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    row = json.loads(classic_files(APP)["manifest.json"])[0] | {"Config": "p"}
    members = [symlink("p", "q"), symlink("q", "p"), entry("manifest.json", json.dumps([row]).encode())]
    (tmp_path / "x.tar").write_bytes(tar(*members))
    refused(str(tmp_path / "x.tar"), "a link that leads nowhere")
    (tmp_path / "y.tar").write_bytes(tar(hard_link("p", "p"), *members[2:]))
    refused(str(tmp_path / "y.tar"), "a link that leads nowhere")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"Layers": ["gone/layer.tar"] * 2}, "does not hold it"),
        ({"Config": "gone.json"}, "does not hold it"),
        ({"Layers": []}, "tells of 2 layers, and the image has 0"),
        ({"Layers": "abc"}, "is not a JSON array"),
        ({"Layers": [1, 2]}, "is not a JSON string"),
        ({"Config": None}, "is not a JSON string"),
        ({"RepoTags": 7}, "is not a JSON array"),
        ({"Config": "manifest.json"}, "is not a JSON object"),
    ],
)
def test_manifests_that_lie_are_refused(tmp_path: Path, changes: dict[str, Any], match: str) -> None:
    refused(rewritten(tmp_path, **changes) if "RepoTags" not in changes else
            f"docker-archive:{rewritten(tmp_path, **changes)}:app:1", match)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\xfa", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a":' * 100_000, "is not JSON"),
        (b"[" + b"1" * 5000 + b"]", "is not JSON"),
        (b"[]", "holds no image"),
        (b"{}", "is not a JSON array"),
        (b"[1]", "is not a JSON object"),
        (b" " * (5 * 2**20), "is absurdly large"),
    ],
    ids=["empty", "cut", "binary", "deep", "deep objects", "long number", "no image", "object", "number", "huge"],
)
def test_a_manifest_json_of_any_content_is_refused(tmp_path: Path, data: bytes, match: str) -> None:
    path = write_archive(classic_files(APP) | {"manifest.json": data}, tmp_path / "x.tar")
    refused(f"docker-archive:{path}", match)
    if data != b"[]":
        write_layout(layout_files(APP) | {"index.json": data if data != b"{}" else b"[]"}, tmp_path / "layout")
        with pytest.raises(ImageError):
            open_image(f"oci:{tmp_path}/layout")


@pytest.mark.parametrize("name", ["\\ud800", "\\udfff\\ud800", "\\u0000", "a\\u0000b"])
def test_halves_of_characters_and_nuls_in_names_are_refused(tmp_path: Path, name: str) -> None:
    """Python keeps a lone surrogate where Go replaces it; no file name takes it."""
    data = classic_files(APP)["manifest.json"].replace(b"layer.tar", name.encode())
    refused(str(write_archive(classic_files(APP) | {"manifest.json": data}, tmp_path / "x.tar")), "does not hold it")


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        (rb'"\ud83d\ude00 \\ud800"', "\U0001f600 \\ud800"),
        (rb'"\ud800 \ude00\uD800\uD83D\uDE00"', "\ufffd \ufffd\ufffd\U0001f600"),
        (b'"\xed\xa0\x80\xff"', "\ufffd" * 4),
    ],
)
def test_text_that_is_none_is_read_as_go_reads_it(spelled: bytes, value: str) -> None:
    assert value == parse_json(spelled, "it")


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e999", b"-1e999"])
def test_numbers_that_json_does_not_have_are_refused(number: bytes) -> None:
    with pytest.raises(ImageError, match="it is not JSON"):
        parse_json(b'{"a": [' + number + b"]}", "it")


def test_a_config_of_a_gigabyte_is_refused_without_reading_it(tmp_path: Path) -> None:
    """A sparse file costs nothing to make, and would cost a gigabyte to read."""
    files = layout_files(APP)
    config = tmp_path / "blobs/sha256" / ("0" * 64)
    manifest = json.loads(APP.manifest) | {
        "config": {"mediaType": CONFIG, "digest": "sha256:" + "0" * 64, "size": 2**30}
    }
    data = json.dumps(manifest).encode()
    write_layout(files | {blob_path(data): data, "index.json": index(descriptor(data, MANIFEST))}, tmp_path)
    with config.open("wb") as stream:
        stream.truncate(2**30)
    refused(f"oci:{tmp_path}", "absurdly large: 1073741824 bytes")


@pytest.mark.parametrize("how", ["gzip", "zstd", ""])
def test_a_changed_layer_is_noticed_when_it_is_read(tmp_path: Path, how: str) -> None:
    made = Made(APP.layers, compression=how)
    blob = bytearray(made.blobs[0])
    blob[-1] ^= 1
    write_layout(layout_files(made) | {blob_path(made.blobs[0]): bytes(blob)}, tmp_path)
    if how:
        refused(f"oci:{tmp_path}", "not what its digest says")
    layer = open_image(f"oci:{tmp_path}").layers[0]
    assert isinstance(layer.source, BlobSource)
    with pytest.raises(ImageError):
        layer.source.verify(layer.diff_id)


def test_a_layer_that_is_not_the_one_its_diff_id_tells_fails_its_verification(tmp_path: Path) -> None:
    files = classic_files(APP)
    first = next(name for name in files if name.endswith("layer.tar"))
    write_archive(files | {first: tar(entry("other"))}, tmp_path / "x.tar")
    good, bad = open_image(str(write_archive(files, tmp_path / "good.tar"))), open_image(str(tmp_path / "x.tar"))
    for layer in good.layers:
        assert isinstance(layer.source, BlobSource)
        layer.source.verify(layer.diff_id)
    assert isinstance(bad.layers[0].source, BlobSource)
    with pytest.raises(ImageError, match="not what its digest says"):
        bad.layers[0].source.verify(bad.layers[0].diff_id)


def test_changed_configs_and_manifests_are_noticed(tmp_path: Path) -> None:
    for what, data in (("manifest", APP.manifest), ("config", APP.config)):
        changed = data.replace(b"sha256", b"sha255", 1) if what == "manifest" else data.replace(b"A=1", b"A=2")
        write_layout(layout_files(APP) | {blob_path(data): changed}, tmp_path / what)
        refused(f"oci:{tmp_path / what}", f"{what}.* is not what its digest says")
    for number, files in enumerate((classic_files(APP), modern_files(APP))):
        name = next(name for name, data in files.items() if data == APP.config)
        path = write_archive(files | {name: APP.config.replace(b"A=1", b"A=2")}, tmp_path / f"{number}.tar")
        refused(f"docker-archive:{path}", "config is not what its digest says")


def test_missing_and_wrongly_sized_blobs_are_refused(tmp_path: Path) -> None:
    files = layout_files(APP)
    for number, (data, what) in enumerate(((APP.blobs[0], "layer"), (APP.config, "config"))):
        path = blob_path(data)
        write_layout({name: each for name, each in files.items() if name != path}, tmp_path / f"gone{number}")
        refused(f"oci:{tmp_path}/gone{number}", f"{what} {digest(data)} is missing")
        write_layout(files | {path: data + b" "}, tmp_path / f"long{number}")
        refused(f"oci:{tmp_path}/long{number}", f"has {len(data) + 1} bytes, and should have {len(data)}")


@pytest.mark.parametrize(
    "value", ["sha256:../../etc/passwd", "sha256:" + "0" * 63, "md5:" + "0" * 32, "sha256:" + "A" * 64, "", None, 7, []]
)
def test_digests_that_are_none_are_refused(tmp_path: Path, value: Any) -> None:
    top = index({"mediaType": MANIFEST, "digest": value, "size": 3})
    write_layout(layout_files(APP, top=top), tmp_path)
    refused(f"oci:{tmp_path}", "no usable digest")


def _with_config(tmp_path: Path, config: Any, **manifest: Any) -> str:
    data = json.dumps(config).encode()
    told = json.loads(APP.manifest) | {"config": descriptor(data, CONFIG)} | manifest
    text = json.dumps(told).encode()
    files = layout_files(APP) | {blob_path(data): data, blob_path(text): text}
    return f"oci:{write_layout(files | {'index.json': index(descriptor(text, MANIFEST))}, tmp_path)}"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"rootfs": {"diff_ids": ["sha256:" + "0" * 64]}}, "tells of 1 layers, and the image has 2"),
        ({"rootfs": {"diff_ids": ["x", "y"]}}, "no usable digest"),
        ({"rootfs": []}, "is not a JSON object"),
        ({"history": [1]}, "is not a JSON object"),
        ({"history": [{"created_by": 7}]}, "is not a JSON string"),
        ({"architecture": 7}, "is not a JSON string"),
        ({"os": "windows"}, "Windows image"),
    ],
)
def test_configs_that_lie_are_refused(tmp_path: Path, changes: dict[str, Any], match: str) -> None:
    refused(_with_config(tmp_path, json.loads(APP.config) | changes), match)


def test_artifacts_are_refused_as_what_they_are(tmp_path: Path) -> None:
    refused(_with_config(tmp_path, {"name": "a chart"}), "an artifact")


def test_old_encrypted_and_foreign_layers_are_refused_each_with_its_word(tmp_path: Path) -> None:
    config = json.loads(APP.config)
    layers = json.loads(APP.manifest)["layers"]
    secret = [layer | {"mediaType": LAYER + "+gzip+encrypted"} for layer in layers]
    assert "--decryption-key" in refused(_with_config(tmp_path / "1", config, layers=secret), "is encrypted").hint
    gone = descriptor(b"elsewhere", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    refused(_with_config(tmp_path / "2", config, layers=[gone, layers[1]]), "kept elsewhere by its maker")
    refused(_with_config(tmp_path / "3", config, schemaVersion=1), "schema 1")
    refused(_with_config(tmp_path / "4", config, layers=[{"digest": "x"}]), "no usable digest")


def test_a_layout_of_another_version_is_refused(tmp_path: Path) -> None:
    write_layout(layout_files(APP) | {"oci-layout": b'{"imageLayoutVersion": "2.0.0"}'}, tmp_path)
    refused(f"oci:{tmp_path}", "an OCI layout of version '2.0.0'")


def test_pipes_and_devices_in_place_of_blobs_do_not_make_us_wait(tmp_path: Path) -> None:
    files = layout_files(APP)
    for number, data in enumerate((APP.blobs[0], APP.config, APP.manifest)):
        root = write_layout(files, tmp_path / str(number))
        (root / blob_path(data)).unlink()
        os.mkfifo(root / blob_path(data))
        refused(f"oci:{root}", "is not a regular file")


def test_symlinked_blobs_are_read_and_lies_behind_them_are_noticed(tmp_path: Path) -> None:
    """Caches link blobs into layouts; whatever a link leads to, the digest decides."""
    root = write_layout(layout_files(APP), tmp_path / "layout")
    config, store = root / blob_path(APP.config), tmp_path / "store"
    config.rename(store)
    config.symlink_to(store)
    assert 3100 == weigh(f"oci:{root}").unpacked
    config.unlink()
    config.symlink_to("/etc/passwd")
    refused(f"oci:{root}", "should have")


@pytest.mark.parametrize("make", [classic_files, modern_files, layout_files])
def test_an_archive_cut_at_any_block_is_refused_or_whole(tmp_path: Path, make: Any) -> None:
    small = Made((tar(entry("a", b"x" * 600)),))
    data = write_archive(make(small), tmp_path / "x.tar").read_bytes()
    expected = weigh(str(tmp_path / "x.tar"))
    outcomes = {"whole": 0, "refused": 0}
    for cut in range(0, len(data), 512):
        (tmp_path / "cut.tar").write_bytes(data[:cut])
        try:
            found = weigh(str(tmp_path / "cut.tar"))
        except ImageError as error:
            assert error.hint
            outcomes["refused"] += 1
        else:
            assert expected == found
            outcomes["whole"] += 1
    assert outcomes["refused"] > 5


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_compressed_archive_or_layer_that_is_cut_is_refused(tmp_path: Path, how: str) -> None:
    data = write_archive(classic_files(APP), tmp_path / "x", how).read_bytes()
    for cut in (10, len(data) // 2, len(data) - 1):
        (tmp_path / "cut").write_bytes(data[:cut])
        refused(str(tmp_path / "cut"), "broken compressed data")
    made = Made(APP.layers, compression=how)
    blob = made.blobs[0][:-9]
    manifest = json.loads(made.manifest)
    manifest["layers"][0] = descriptor(blob, LAYER)
    text = json.dumps(manifest).encode()
    files = layout_files(made) | {blob_path(blob): blob, blob_path(text): text}
    write_layout(files | {"index.json": index(descriptor(text, MANIFEST))}, tmp_path / "layout")
    refused(f"oci:{tmp_path}/layout", "broken compressed data")


SMALL = Made((tar(entry("a", b"x")),))
ARCHIVE = tar(*(entry(name, data) for name, data in modern_files(SMALL).items()))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(ARCHIVE) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_changed_archive_is_refused_or_read_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: bytes, as_oci: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.tar"
    path.write_bytes(ARCHIVE[:at] + change + ARCHIVE[at + len(change) :])
    try:
        weigh(f"{'oci-archive' if as_oci else 'docker-archive'}:{path}")
    except ImageError as error:
        assert error.hint


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2**70), st.text(max_size=5), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["index.json", "manifest", "config", "manifest.json"]), st.data())
def test_documents_with_any_value_anywhere_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, which: str, data: st.DataObject
) -> None:
    """One value of a document is replaced by any other; digests above are made right again."""
    documents = {
        "index.json": index(descriptor(SMALL.manifest, MANIFEST, platform={"os": "linux", "architecture": "amd64"})),
        "manifest": SMALL.manifest,
        "config": SMALL.config,
        "manifest.json": modern_files(SMALL)["manifest.json"],
    }
    value = json.loads(documents[which])
    holder, key = data.draw(st.sampled_from(list(_places(value))))
    holder[key] = data.draw(JSON)
    documents[which] = json.dumps(value).encode()
    if which == "config":
        manifest = json.loads(SMALL.manifest) | {"config": descriptor(documents["config"], CONFIG)}
        documents["manifest"] = json.dumps(manifest).encode()
    if which in ("config", "manifest"):
        documents["index.json"] = index(descriptor(documents["manifest"], MANIFEST))
    files = modern_files(SMALL) | {blob_path(each): each for each in documents.values()}
    files |= {"index.json": documents["index.json"], "manifest.json": documents["manifest.json"]}
    path = write_archive(files, tmp_path_factory.getbasetemp() / "any.tar")
    try:
        image = open_image(f"{'docker-archive' if which == 'manifest.json' else 'oci-archive'}:{path}")
        assert image.history is not None and image.runtime is not None and image.platform is not None
        sizes(image.layers, config_size=image.config_size)
    except ImageError as error:
        assert error.hint


def _places(value: Any) -> Any:
    """(container, key) of every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _places(inner)
