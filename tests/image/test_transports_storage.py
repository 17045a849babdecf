"""containers-storage read in place: a store made by hand, stores beside it, and records that lie."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from handmade import Made, digest, entry, tar

from jettison.core.errors import ImageError
from jettison.image.open import open_image
from jettison.image.transports import storage

APP = Made((tar(entry("a", b"x" * 3000), entry("b", b"y")), tar(entry("a", b"z" * 10))))
IDENTITY = digest(APP.config).removeprefix("sha256:")
FOLDERS: tuple[dict[str, bytes], ...] = ({"a": b"x" * 3000, "b": b"y"}, {"a": b"z" * 10})


def store(root: Path, image: dict[str, Any] | None = None, layers: list[dict[str, Any]] | None = None) -> Path:
    """A store of one image; `image` and `layers` change its records."""
    ids = [digest(layer).removeprefix("sha256:") for layer in APP.layers]
    records = [
        {"id": each, "diff-digest": f"sha256:{each}", "diff-size": 100 * (at + 1), "parent": ids[at - 1] if at else ""}
        for at, each in enumerate(ids)
    ]
    record = {"id": IDENTITY, "names": ["docker.io/library/app:1"], "layer": ids[-1], "digest": "sha256:" + "d" * 64}
    for name, held in (("images", [record | (image or {})]), ("layers", layers if layers is not None else records)):
        folder = root / f"overlay-{name}"
        folder.mkdir(parents=True)
        (folder / f"{name}.json").write_text(json.dumps(held))
    (root / "overlay-images" / IDENTITY).mkdir()
    key = "=" + base64.b64encode(f"sha256:{IDENTITY}".encode()).decode()
    (root / "overlay-images" / IDENTITY / key).write_bytes(APP.config)
    for each, held in zip(ids, FOLDERS, strict=True):
        (root / "overlay" / each / "diff").mkdir(parents=True)
        for name, data in held.items():
            (root / "overlay" / each / "diff" / name).write_bytes(data)
    return root


def test_an_image_is_read_out_of_its_layers_directories(tmp_path: Path) -> None:
    store(tmp_path)
    for name in ("app:1", "docker.io/library/app:1", IDENTITY, IDENTITY[:12], f"sha256:{IDENTITY}"):
        image = storage.read(name, tmp_path)
        assert (3011, 11, 3000, 300) == (
            image.sizes.unpacked,
            image.sizes.effective,
            image.sizes.waste,
            image.sizes.daemon,
        )
    assert ("sha256:" + "d" * 64, b"z" * 10) == (image.digest, image.tree.read(b"a"))
    assert [digest(layer) for layer in APP.layers] == [layer.diff_id for layer in image.layers]


def test_images_and_layers_of_stores_beside_it_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """additionalimagestores: an image there, or only its lower layers."""
    shared, own = store(tmp_path / "shared"), tmp_path / "own"
    for name in ("images", "layers"):
        (own / f"overlay-{name}").mkdir(parents=True)
        (own / f"overlay-{name}" / f"{name}.json").write_text("[]")
    conf = tmp_path / "storage.conf"
    conf.write_text(
        f'[storage]\ngraphroot = "{own}"\n[storage.options]\nadditionalimagestores = ["{shared}", "{tmp_path}/gone"]\n'
    )
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(conf))
    assert (own, shared, tmp_path / "gone") == storage.roots()
    assert 3011 == open_image("containers-storage:app:1").sizes.unpacked
    records = json.loads((shared / "overlay-layers" / "layers.json").read_text())
    (own / "overlay-layers" / "layers.json").write_text(json.dumps(records[1:]))
    (own / "overlay" / records[1]["id"]).mkdir(parents=True)
    (shared / "overlay" / records[1]["id"] / "diff").rename(own / "overlay" / records[1]["id"] / "diff")
    (shared / "overlay-layers" / "layers.json").write_text(json.dumps(records[:1]))
    assert 3011 == open_image("containers-storage:app:1").sizes.unpacked


def refused(root: Path, match: str, name: str = "app:1") -> str:
    with pytest.raises(ImageError, match=match) as caught:
        assert storage.read(name, root).sizes
    assert caught.value.hint
    return caught.value.hint


@pytest.mark.parametrize(
    ("image", "match"),
    [
        ({"id": "../../etc"}, "it has no id"),
        ({"id": 7}, "it has no id"),
        ({"id": None}, "it has no id"),
        ({"names": 7}, "is not a JSON array"),
        ({"layer": 7}, "is not a JSON string"),
        ({"layer": "gone"}, "layer gone is missing"),
        ({"layer": None}, "tells of 2 layers, and the image has 0"),
    ],
)
def test_records_of_images_that_lie_are_refused(image: dict[str, Any], match: str, tmp_path: Path) -> None:
    refused(store(tmp_path, image), match)


def test_records_of_layers_that_lie_are_refused(tmp_path: Path) -> None:
    top = digest(APP.layers[1]).removeprefix("sha256:")
    cases: list[tuple[list[Any], str]] = [
        ([{"id": top, "parent": top}], "is missing"),
        ([{"id": top, "parent": 7}], "is not a JSON string"),
        ([7], "is not a JSON object"),
        ([{"id": top}], "tells of 2 layers, and the image has 1"),
        ([{"id": top, "parent": "../x"}, {"id": "../x"}], "it has no id"),
    ]
    for number, (layers, match) in enumerate(cases):
        refused(store(tmp_path / str(number), layers=layers), match)


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b"[" * 100_000, b"\xff"])
def test_a_list_of_images_of_any_content_is_refused(data: bytes, tmp_path: Path) -> None:
    (store(tmp_path) / "overlay-images" / "images.json").write_bytes(data)
    refused(tmp_path, "is not JSON|is not a JSON array")


def test_a_config_that_is_gone_huge_or_none_is_refused(tmp_path: Path) -> None:
    root = store(tmp_path)
    config = next((root / "overlay-images" / IDENTITY).iterdir())
    config.write_bytes(b"[]")
    refused(root, "is not a JSON object")
    with config.open("wb") as stream:
        stream.truncate(2**30)
    refused(root, "absurdly large")
    config.unlink()
    refused(root, "has no config")


def test_no_store_another_driver_and_no_such_image_are_told_apart(tmp_path: Path) -> None:
    assert "looked for" in refused(tmp_path, "there is no store")
    (tmp_path / "vfs-images").mkdir()
    assert "skopeo copy containers-storage:app:1" in refused(tmp_path, "uses the driver vfs")
    assert "buildah images" in refused(store(tmp_path / "overlay"), "has no image nothing", "nothing")
