"""`validate` finds each fault with its section, and none where there is none."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from handmade import (
    CONFIG,
    LAYER,
    MANIFEST,
    Made,
    classic_files,
    descriptor,
    digest,
    directory,
    entry,
    layout_files,
    symlink,
    tar,
    write_archive,
    write_layout,
)
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from stacked_image import jettison
from test_hard_cases import CASES
from test_merge_random import STACKS, Member, layer

from jettison.documents.schemas import schema
from jettison.image.open import open_image
from jettison.image.validate import validate

STACK = (tar(entry("a", b"1" * 5000), entry("b", b"2")), tar(entry(".wh.b"), directory("d"), entry("d/.wh..wh..opq")))


def found(made: Made, root: Path, **manifest: Any) -> list[tuple[str, str, bool]]:
    """(where, section, must) of the faults of an image whose manifest is changed so."""
    return [(each.where, each.section, each.must) for each in faults(made, root, **manifest)]


def faults(made: Made, root: Path, **manifest: Any) -> Any:
    files = layout_files(made)
    if manifest:
        told = {key: value for key, value in {**json.loads(made.manifest), **manifest}.items() if value is not ...}
        data = json.dumps(told).encode()
        files["blobs/" + digest(data).replace(":", "/")] = data
        media_type = told.get("mediaType", MANIFEST)
        row = descriptor(data, media_type if isinstance(media_type, str) else MANIFEST)
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [row]}).encode()
    return validate(open_image(f"oci:{write_layout(files, root / 'x')}"))


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_a_sound_image_has_no_faults(how: str, tmp_path: Path) -> None:
    assert [] == found(Made(STACK, compression=how), tmp_path)
    archive = write_archive(classic_files(Made(STACK)), tmp_path / "x.tar")
    assert () == validate(open_image(str(archive)))


@settings(max_examples=25, deadline=None)
@given(STACKS)
def test_random_stacks_have_no_faults_but_names_that_come_twice(
    tmp_path_factory: pytest.TempPathFactory, members: list[list[Member]]
) -> None:
    import second_merge

    stack = tuple(layer(each) for each in members)
    try:
        second_merge.merged(stack)
    except second_merge.Refused:
        return
    expected = [f"layer {at}" for at, each in enumerate(stack) if _twice(each) and each not in stack[:at]]
    told = [each for each in faults(Made(stack), tmp_path_factory.mktemp("random")) if each.must]
    assert expected == list(dict.fromkeys(each.where for each in told))
    assert {"layer.md, Distributable Format"} >= {each.section for each in told}


def _twice(data: bytes) -> bool:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = [each.name.strip("/") for each in archive if not each.name.endswith(".wh..wh..opq")]
    return len(set(names)) < len(names)


CONFIGS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "no architecture": ({"architecture": ""}, "config.md, architecture", True),
    "no system": ({"os": ""}, "config.md, os", True),
    "a machine's name": ({"architecture": "x86_64"}, "config.md, architecture", False),
    "a history that is too short": ({"history": [{"created_by": "x"}]}, "config.md, history", True),
    "a history that is too long": ({"history": [{}, {}, {}]}, "config.md, history", True),
    "an empty layer that is no boolean": (
        {"history": [{}, {"empty_layer": "no"}, {}]},
        "config.md, history",
        True,
    ),
    "a time that is none": ({"created": "yesterday"}, "config.md, created", True),
    "a row's time that is none": ({"history": [{}, {"created": "now"}]}, "config.md, history", True),
    "a command that is a string": ({"config": {"Cmd": "sh"}}, "config.md, config.Cmd", True),
    "an entry point of numbers": ({"config": {"Entrypoint": [1]}}, "config.md, config.Entrypoint", True),
    "a variable without a value": ({"config": {"Env": ["A"]}}, "config.md, config.Env", True),
    "a port that is none": ({"config": {"ExposedPorts": {"http": {}}}}, "config.md, config.ExposedPorts", True),
    "a port that is too large": ({"config": {"ExposedPorts": {"70000": {}}}}, "config.md, config.ExposedPorts", True),
    "volumes in a list": ({"config": {"Volumes": ["/a"]}}, "config.md, config.Volumes", True),
    "a label that is a number": ({"config": {"Labels": {"a": 1}}}, "config.md, config.Labels", True),
    "a user that is a number": ({"config": {"User": 0}}, "config.md, config.User", True),
    "a config that is a list": ({"config": []}, "config.md, config", True),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_fault_of_the_config_is_found(name: str, tmp_path: Path) -> None:
    more, section, must = CONFIGS[name]
    assert (("config", section, must)) in found(Made(STACK, more=more), tmp_path)


@pytest.mark.parametrize("more", [
    {"created": "2024-02-29T10:00:00.123456789Z", "config": {"ExposedPorts": {"80/tcp": {}, "5-9/udp": {}, "53": {}}}},
    {"config": None, "history": None}, {"config": {"Cmd": None, "Env": None, "Labels": None}, "created": None},
    {"config": {"Env": ["A=", "B=1=2"]}, "variant": "v8", "architecture": "arm64"},
])  # fmt: skip
def test_what_is_allowed_in_a_config_is_no_fault(more: dict[str, Any], tmp_path: Path) -> None:
    assert [] == found(Made(STACK, more=more), tmp_path)


def test_a_rootfs_of_another_type_is_a_fault(tmp_path: Path) -> None:
    ids = [digest(each) for each in STACK]
    made = Made(STACK, more={"rootfs": {"type": "tree", "diff_ids": ids}})
    assert [("config", "config.md, rootfs", True)] == found(made, tmp_path)


def test_faults_of_a_manifest_are_found(tmp_path: Path) -> None:
    made = Made(STACK)
    good = json.loads(made.manifest)
    assert [("manifest", "manifest.md, schemaVersion", True)] == found(made, tmp_path / "1", schemaVersion=3)
    assert [("manifest", "annotations.md, Rules", True)] == found(made, tmp_path / "2", annotations={"a": 1})
    plain = [{**each, "mediaType": LAYER} for each in good["layers"]]
    assert [("layer 0", "media-types.md", True), ("layer 1", "media-types.md", True)] == found(
        made, tmp_path / "3", layers=plain
    )
    odd = [{**each, "mediaType": "application/x-tar"} for each in good["layers"]]
    assert [("layer 0", "manifest.md, layers", True), ("layer 1", "manifest.md, layers", True)] == found(
        made, tmp_path / "4", layers=odd
    )
    docker = {**good["config"], "mediaType": "application/vnd.docker.container.image.v1+json"}
    assert [("config", "manifest.md, config", True)] == found(made, tmp_path / "5", config=docker)
    other = "application/vnd.docker.distribution.manifest.v2+json"
    sections = [section for _, section, _ in found(made, tmp_path / "6", mediaType=other)]
    assert ["config", "layers", "layers"] == [section.rpartition(", ")[2] for section in sections]
    assert CONFIG == good["config"]["mediaType"]


def test_a_layer_that_is_not_its_diff_ids_is_found(tmp_path: Path) -> None:
    ids = [digest(STACK[0]), digest(b"other")]
    made = Made(STACK, more={"rootfs": {"type": "layers", "diff_ids": ids}})
    assert [("layer 1", "config.md, Layer DiffID", True)] == found(made, tmp_path)


def test_a_blob_that_was_changed_is_found(tmp_path: Path) -> None:
    made = Made(STACK, compression="")
    files = layout_files(made)
    files["blobs/" + digest(STACK[0]).replace(":", "/")] = tar(entry("a", b"0" * 5000), entry("b", b"2"))
    told = validate(open_image(f"oci:{write_layout(files, tmp_path / 'x')}"))
    assert ["descriptor.md, Digests", "config.md, Layer DiffID"] == [each.section for each in told]
    assert {"layer 0"} == {each.where for each in told}


LAYERS: dict[str, tuple[bytes, str, bool]] = {
    "a path twice": (tar(entry("a", b"1"), entry("./a", b"2")), "layer.md, Distributable Format", True),
    "a whiteout of nothing": (tar(entry(".wh.")), "layer.md, Distributable Format", True),
    "a whiteout that is a link": (tar((symlink(".wh.a", "b")[0], b"")), "layer.md, Whiteouts", True),
    "a whiteout with content": (tar(entry("d/.wh.a", b"1")), "layer.md, Whiteouts", True),
    "what AUFS left behind": (tar(directory(".wh..wh.plnk"), entry("a")), "layer.md, Whiteouts", True),
    "a file below a whiteout": (tar(entry(".wh.d/a")), "layer.md, Whiteouts", True),
    "a name that leads out": (tar(entry("../a")), "layer.md, Creating", False),
    "an absolute name": (tar(entry("/a")), "layer.md, Creating", False),
    "a tar that is cut": (tar(entry("a", b"1" * 5000))[:2000], "layer.md, Distributable Format", True),
    "no tar at all": (b"x" * 2000, "layer.md, Distributable Format", True),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_fault_of_a_layer_is_found(name: str, tmp_path: Path) -> None:
    data, section, must = LAYERS[name]
    if name == "an absolute name":
        info = tarfile.TarInfo("/a")
        data = info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    assert ("layer 0", section, must) in found(Made((data,)), tmp_path)


def test_a_stack_that_no_engine_unpacks_is_found(tmp_path: Path) -> None:
    info = tarfile.TarInfo("h")
    info.type, info.linkname = tarfile.LNKTYPE, "nothing"
    assert [("layers", "layer.md, Applying Changesets", True)] == found(Made((tar((info, b"")),)), tmp_path)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_hard_case_is_judged_without_an_error(name: str, tmp_path: Path) -> None:
    for each in faults(Made(CASES[name].layers), tmp_path):
        assert (each.message and "," in each.section) or each.section == "media-types.md"


def test_the_command_says_no_with_1(tmp_path: Path) -> None:
    good = write_layout(layout_files(Made(STACK)), tmp_path / "good")
    ended = jettison("inspect", "--validate", good)
    assert (0, f"oci:{good} is as its specification asks: manifest, config, 2 layers, all bytes\n") == (
        ended.code,
        ended.text,
    )
    bad = write_layout(layout_files(Made((LAYERS["a path twice"][0],))), tmp_path / "bad")
    ended = jettison("inspect", "--validate", bad)
    assert (1, "1 fault in") == (ended.code, ended.text.splitlines()[-1][:10])
    advised = write_layout(layout_files(Made((LAYERS["a name that leads out"][0],))), tmp_path / "advised")
    assert 0 == jettison("inspect", "--validate", advised).code
    ended = jettison("inspect", "--validate", "--format", "json", bad)
    document = json.loads(ended.out)
    Draft202012Validator(schema("validation")).validate(document)
    assert (1, False, 1) == (ended.code, document["valid"], len(document["faults"]))
    assert 2 == jettison("inspect", "--validate", "--format", "markdown", bad).code


@pytest.mark.parametrize("more", [("--packages",), ("--measure",), ("--base-image", "x"), ("-f", "Dockerfile")])
def test_what_validation_has_no_use_for_is_refused(
    more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(tmp_path)
    ended = jettison("inspect", "--validate", *more, "nowhere.tar")
    assert (2, f"jettison: --validate has no use for {more[0].replace('-f', '--file')}") == (
        ended.code,
        ended.err.splitlines()[0],
    )


@pytest.mark.parametrize(
    ("change", "section"),
    [
        (lambda root: (root / "oci-layout").unlink(), "image-layout.md, oci-layout file"),
        (lambda root: (root / "oci-layout").write_text('{"imageLayoutVersion": "1.1"}'),
         "image-layout.md, oci-layout file"),
        (lambda root: in_index(root, schemaVersion=1), "image-index.md, schemaVersion"),
        (lambda root: in_index(root, mediaType="foo/bar"), "image-index.md, mediaType"),
        (lambda root: in_descriptor(root, mediaType="application/vnd.docker.distribution.manifest.v2+json"),
         "descriptor.md, mediaType"),
    ],
)  # fmt: skip
def test_what_leads_to_an_image_in_a_layout_is_held_against_its_specification(
    change: Callable[[Path], object], section: str, tmp_path: Path
) -> None:
    root = write_layout(layout_files(Made(STACK)), tmp_path / "x")
    assert () == validate(open_image(f"oci:{root}"))
    change(Path(root))
    assert [(section, True)] == [(each.section, each.must) for each in validate(open_image(f"oci:{root}"))]


def in_index(root: Path, **more: object) -> None:
    index = json.loads((root / "index.json").read_bytes())
    (root / "index.json").write_text(json.dumps({**index, **more}))


def in_descriptor(root: Path, **more: object) -> None:
    (row,) = json.loads((root / "index.json").read_bytes())["manifests"]
    in_index(root, manifests=[{**row, **more}])
