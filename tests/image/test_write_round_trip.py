"""What is written is read back the same, from every form into every form, by us and by other tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import second_merge
from handmade import Made, digest, tar
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_by import by_jettison, effective, in_folder, listing
from test_hard_cases import CASES
from test_merge_random import STACKS, Member, layer
from test_transports_round_trip import forms, told

from jettison.core.errors import ImageError
from jettison.core.reference import parse
from jettison.image.open import open_image
from jettison.image.validate import validate
from jettison.image.write import write

PLACES = ("oci:{}/x:1", "oci-archive:{}/y.tar:1", "docker-archive:{}/z.tar:app:1")
FORMS = ("oci ", "oci gzip", "oci zstd", "oci-archive gzip", "docker25", "docker29", "podman", "kaniko", "containerd")


def to(place: str, root: Path) -> Any:
    return parse(place.format(root))


@settings(max_examples=15, deadline=None)
@given(STACKS, st.sampled_from(FORMS))
def test_a_random_stack_is_written_and_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, members: list[list[Member]], form: str
) -> None:
    stack = tuple(layer(each) for each in members)
    try:
        second_merge.merged(stack)
    except second_merge.Refused:
        return
    root = tmp_path_factory.mktemp("written")
    image = forms(Made(stack), root)[form]
    for place in PLACES:
        write(image, to(place, root))
        again = open_image(to(place, root))
        assert told(image) == told(again), place
        assert [layer.columns for layer in image.layers] == [layer.columns for layer in again.layers]
        assert list(stack) == [b"".join(each.source.tar()) for each in again.layers]
        wrong = {each.section for each in validate(again) if each.must}
        assert {"layer.md, Distributable Format"} >= wrong  # a path twice is in the layers themselves
    shutil.rmtree(root)


def test_the_forms_that_are_written_from_are_all_that_there_are(tmp_path: Path) -> None:
    assert set(FORMS) <= set(forms(Made((tar(),)), tmp_path))


@pytest.mark.parametrize("name", CASES)
def test_a_hard_case_is_written_and_read_back_the_same(name: str, tmp_path: Path) -> None:
    image = forms(Made(CASES[name].layers), tmp_path)["oci gzip"]
    for place in PLACES:
        write(image, to(place, tmp_path))
        assert told(image) == told(open_image(to(place, tmp_path))), place


def run(*command: str, **more: Any) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


@pytest.mark.engine
@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_skopeo_reads_what_was_written(form: str, place: str, tmp_path: Path) -> None:
    made = Made(_some())
    image = forms(made, tmp_path)[form]
    written = write(image, to(place, tmp_path))
    reference = place.format(tmp_path)
    config = run("skopeo", "inspect", "--config", "--raw", reference)
    assert made.config == config
    raw = run("skopeo", "inspect", "--raw", reference)
    assert written == digest(config if place.startswith("docker") else raw)
    run("skopeo", "copy", "-q", reference, f"oci:{tmp_path}/copied:1")
    assert told(image)[:3] == told(open_image(f"oci:{tmp_path}/copied:1"))[:3]


def _some() -> tuple[bytes, ...]:
    return tuple(layer(each) for each in (
        [("file", "a/x", b"4444"), ("file", "b/y", b"1"), ("link", "c/a/z", "")],
        [("whiteout", "b/y", ""), ("file", "a/x", b"33")],
    ))  # fmt: skip


@pytest.mark.engine
@pytest.mark.skipif(shutil.which("umoci") is None or os.geteuid() != 0, reason="needs umoci and root")
@pytest.mark.parametrize("form", sorted(set(FORMS) - {"oci zstd"}))  # which umoci does not read
def test_umoci_unpacks_what_was_written(form: str, tmp_path: Path) -> None:
    image = forms(Made(_some()), tmp_path)[form]
    write(image, to("oci:{}/x:1", tmp_path))
    run("umoci", "unpack", "--image", f"{tmp_path}/x:1", str(tmp_path / "bundle"))
    found = in_folder(tmp_path / "bundle" / "rootfs")
    assert listing(by_jettison(image.tree)) == listing(found)
    assert image.sizes.effective == effective(found)


@pytest.mark.engine
@pytest.mark.skipif(not all(map(shutil.which, ("skopeo", "umoci"))), reason="needs skopeo and umoci")
def test_a_layout_of_other_tools_takes_another_image(tmp_path: Path) -> None:
    run("umoci", "init", "--layout", f"{tmp_path}/x")
    run("umoci", "new", "--image", f"{tmp_path}/x:empty")
    image = forms(Made(_some()), tmp_path)["podman"]
    write(image, to("oci:{}/x:1", tmp_path))
    assert ["1", "empty"] == sorted(run("umoci", "ls", "--layout", f"{tmp_path}/x").decode().split())
    run("umoci", "gc", "--layout", f"{tmp_path}/x")
    assert told(image)[:3] == told(open_image(f"oci:{tmp_path}/x:1"))[:3]
    assert "linux" == json.loads(run("skopeo", "inspect", f"oci:{tmp_path}/x:1"))["Os"]


LOST = {  # what the store keeps of these is not enough to put the tar together again
    "a size on a directory of the seventh Unix",
    "a size on a pipe and on a hard link",
    "a size on a directory and a link",
    "a sparse file of PAX 0.0",
    "a sparse file of PAX 0.1",
    "a sparse file of PAX 1.0 with its name apart",
    "whiteouts that are folders, links and files with content",
    "parents that are links of their own layer",
    "a parent that is a link up and over",
}


@pytest.mark.engine
@pytest.mark.skipif(not all(map(shutil.which, ("skopeo", "podman"))) or os.geteuid() != 0, reason="needs skopeo, root")
@pytest.mark.parametrize("name", sorted(set(CASES) - {"no layers at all"}))
def test_an_image_of_a_store_is_written_with_its_own_layers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What containers-storage takes; the tars come out as they went in."""
    conf = tmp_path / "storage.conf"
    conf.write_text(f'[storage]\ndriver = "overlay"\ngraphroot = "{tmp_path}/graph"\nrunroot = "{tmp_path}/run"\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(conf))
    made = Made(CASES[name].layers)
    image = forms(made, tmp_path)["oci gzip"]
    stored = subprocess.run(
        ["skopeo", "copy", "-q", str(image.reference), "containers-storage:localhost/app:1"], capture_output=True
    )
    try:
        if stored.returncode:
            pytest.skip("the store refuses this one: " + stored.stderr.decode()[-100:])
        place = to("docker-archive:{}/z.tar", tmp_path)
        if name in LOST:
            with pytest.raises(ImageError) as caught:
                write(open_image("containers-storage:localhost/app:1"), place)
            assert "save the image" in caught.value.hint or "save it again" in caught.value.hint
            return
        write(open_image("containers-storage:localhost/app:1"), place)
        again = open_image(f"docker-archive:{tmp_path}/z.tar")
        assert digest(made.config) == again.digest
        assert list(made.layers) == [b"".join(each.source.tar()) for each in again.layers]
    finally:
        subprocess.run(["umount", "--lazy", f"{tmp_path}/graph/overlay"], capture_output=True)
