"""Images written: what is there afterwards, and what is there when it went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from handmade import Made, classic_files, digest, entry, layout_files, packed, tar, write_archive, write_layout

from jettison.core.errors import DiskError, ImageError, JettisonError, UsageError
from jettison.core.reference import parse
from jettison.image.gzip_blocks import BLOCK, gzipped
from jettison.image.model import Image
from jettison.image.open import open_image
from jettison.image.write import write

pytestmark = pytest.mark.slow

STACK = (tar(entry("a", b"1" * 5000), entry("b", b"2")), tar(entry("a", b"3"), entry(".wh.b")))
FILES = {"docker-archive": "docker-archive:{}/x.tar:app:1", "oci-archive": "oci-archive:{}/x.tar:1"}
PLACES = {"oci": "oci:{}/x:1", **FILES}


def to(place: str, root: Path) -> Any:
    found = parse(PLACES[place].format(root))
    assert found is not None
    return found


def source(root: Path, how: str = "gzip", *, archive: bool = False) -> Image:
    """An image in a place that writing does not touch."""
    made = Made(STACK, compression=how)
    root.mkdir(exist_ok=True)
    if archive:
        return open_image(str(write_archive(classic_files(made), root / "in.tar")))
    return open_image(f"oci:{write_layout(layout_files(made), root / f'in-{how}')}")


def below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_written_twice_has_the_same_bytes(place: str, tmp_path: Path) -> None:
    image = source(tmp_path / "in", archive=True)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(image, to(place, tmp_path / name))
    assert below(tmp_path / "one") == below(tmp_path / "two") != {}


@pytest.mark.parametrize("place", ["oci", "oci-archive"])
@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_an_image_that_was_not_changed_keeps_its_manifest(place: str, how: str, tmp_path: Path) -> None:
    image = source(tmp_path / "in", how)
    assert image.digest == write(image, to(place, tmp_path))
    assert image.digest == open_image(to(place, tmp_path)).digest


def test_plain_layers_of_an_archive_are_compressed_and_their_diff_ids_stay(tmp_path: Path) -> None:
    image = source(tmp_path / "in", archive=True)
    write(image, to("oci", tmp_path))
    again = open_image(to("oci", tmp_path))
    assert ["application/vnd.oci.image.layer.v1.tar+gzip"] * 2 == [layer.media_type for layer in again.layers]
    assert [digest(each) for each in STACK] == [layer.diff_id for layer in again.layers]
    assert [b"".join(layer.source.tar()) for layer in again.layers] == list(STACK)


@pytest.mark.parametrize("how", ["", "gzip", "zstd"])
def test_a_docker_archive_holds_plain_layers_and_the_id_is_kept(how: str, tmp_path: Path) -> None:
    image = source(tmp_path / "in", how)
    written = write(image, to("docker-archive", tmp_path))
    again = open_image(to("docker-archive", tmp_path))
    assert digest(Made(STACK).config) == written == again.digest
    assert [None, None] == [layer.transfer for layer in again.layers]
    assert image.sizes.unpacked == again.sizes.unpacked


def test_a_layer_that_comes_twice_is_written_once(tmp_path: Path) -> None:
    image = open_image(f"oci:{write_layout(layout_files(Made((STACK[0], STACK[0]))), tmp_path / 'in')}")
    for place in PLACES:
        write(image, to(place, tmp_path))
        again = open_image(to(place, tmp_path))
        assert [layer.diff_id for layer in image.layers] == [layer.diff_id for layer in again.layers]
        assert 2 * 5001 == again.sizes.unpacked
        (tmp_path / "x.tar").unlink(missing_ok=True)


def test_a_layout_keeps_its_other_images(tmp_path: Path) -> None:
    other = Made((STACK[0],), "app:old")
    root = write_layout(layout_files(other), tmp_path / "x")
    index = json.loads((root / "index.json").read_text())
    index["annotations"] = {"kept": "yes"}
    (root / "index.json").write_text(json.dumps(index))
    write(source(tmp_path / "in"), to("oci", tmp_path))
    assert digest(other.manifest) == open_image(f"oci:{root}:old").digest
    assert digest(Made(STACK).manifest) == open_image(f"oci:{root}:1").digest
    assert {"kept": "yes"} == json.loads((root / "index.json").read_text())["annotations"]


def test_an_image_of_the_same_name_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    write(source(tmp_path / "in"), to("oci", tmp_path))
    write(source(tmp_path / "in", "zstd"), to("oci", tmp_path))
    assert digest(Made(STACK, compression="zstd").manifest) == open_image(f"oci:{tmp_path}/x:1").digest
    assert 1 == len(json.loads((tmp_path / "x" / "index.json").read_text())["manifests"])


def test_one_name_may_stand_for_two_platforms(tmp_path: Path) -> None:
    for architecture in ("amd64", "arm64"):
        made = Made(STACK, architecture=architecture)
        image = open_image(f"oci:{write_layout(layout_files(made), tmp_path / architecture)}")
        write(image, to("oci", tmp_path))
    from jettison.core.platform import Platform

    for architecture in ("amd64", "arm64"):
        wanted = Platform("linux", architecture)
        assert architecture == open_image(f"oci:{tmp_path}/x:1", wanted).config["architecture"]


def test_an_image_may_have_no_name(tmp_path: Path) -> None:
    image = source(tmp_path / "in")
    for reference in (f"oci:{tmp_path}/x", f"oci-archive:{tmp_path}/x.tar", f"docker-archive:{tmp_path}/y.tar"):
        for _ in range(2):
            write(image, parse(reference))  # type: ignore[arg-type]
            assert image.sizes == open_image(reference).sizes or reference.startswith("docker")
    assert 1 == len(json.loads((tmp_path / "x" / "index.json").read_text())["manifests"])


def test_writers_of_one_layout_do_not_lose_each_others_images(tmp_path: Path) -> None:
    images = []
    for number in range(6):
        made = Made((STACK[0], tar(entry(f"own-{number}"))))
        images.append(open_image(f"oci:{write_layout(layout_files(made), tmp_path / str(number))}"))
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            write(images[number], parse(f"oci:{tmp_path}/x:n{number}"))  # type: ignore[arg-type]
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [] == failed
    assert [image.digest for image in images] == [open_image(f"oci:{tmp_path}/x:n{n}").digest for n in range(6)]


def damaged(root: Path, archive: bool) -> Image:
    """The second layer's bytes are changed after the image was opened."""
    image = source(root / "in", archive=archive)
    files = [each for each in (root / "in").rglob("*") if each.is_file()]
    layer = STACK[1] if archive else packed(STACK[1], "gzip")
    for file in files:
        data = file.read_bytes()
        if layer in data:
            at = data.index(layer) + (0 if archive else 15)
            file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    return image


@pytest.mark.parametrize("archive", [True, False], ids=["plain layers", "compressed layers"])
@pytest.mark.parametrize("place", PLACES)
def test_bytes_that_are_not_what_they_should_be_are_not_written(place: str, archive: bool, tmp_path: Path) -> None:
    image = damaged(tmp_path, archive)
    (tmp_path / "out").mkdir()
    with pytest.raises(ImageError) as caught:
        write(image, to(place, tmp_path / "out"))
    assert caught.value.hint
    assert [] == list((tmp_path / "out").iterdir())


def test_what_fails_leaves_a_layout_as_it_was(tmp_path: Path) -> None:
    root = write_layout(layout_files(Made((tar(entry("own")),), "app:old")), tmp_path / "out" / "x")
    before = below(root)
    with pytest.raises(ImageError):
        write(damaged(tmp_path, False), to("oci", tmp_path / "out"))
    assert before == below(root)


@pytest.mark.parametrize("place", FILES)
def test_what_fails_leaves_a_file_as_it_was(place: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.tar").write_bytes(b"old")
    with pytest.raises(ImageError):
        write(damaged(tmp_path, False), to(place, tmp_path / "out"))
    assert {"x.tar": b"old"} == below(tmp_path / "out")


def test_a_damaged_blob_of_a_layout_is_written_anew(tmp_path: Path) -> None:
    image = source(tmp_path / "in")
    write(image, to("oci", tmp_path))
    blob = tmp_path / "x" / "blobs" / (image.layers[0].digest or "").replace(":", "/")
    blob.write_bytes(bytes(blob.stat().st_size))
    write(image, to("oci", tmp_path))
    assert packed(STACK[0], "gzip") == blob.read_bytes()


SCRIPT = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
from jettison.cli.main import main
from jettison.core.errors import DiskError
from jettison.core.reference import parse
from jettison.image.open import open_image
from jettison.image.write import write
try:
    write(open_image(sys.argv[1]), parse(sys.argv[2]))
except DiskError as error:
    sys.exit(f"DiskError: {error.message}")
"""


def apart(image: Image, place: str, root: Path, limit: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SCRIPT, str(image.reference), str(to(place, root)), str(limit)]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_may_not_grow_leaves_nothing(place: str, tmp_path: Path) -> None:
    big = Made((tar(entry("big", os.urandom(3_000_000))),))
    image = open_image(f"oci:{write_layout(layout_files(big), tmp_path / 'in')}")
    (tmp_path / "out").mkdir()
    ended = apart(image, place, tmp_path / "out", 1_000_000)
    told = ended.communicate()[1].decode()
    assert told.startswith("DiskError: cannot write"), told
    assert [] == list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("place", PLACES)
def test_a_writer_that_is_killed_leaves_no_half_of_anything(place: str, tmp_path: Path) -> None:
    layers = tuple(tar(entry(f"big{n}", os.urandom(20_000_000))) for n in range(3))
    image = open_image(f"oci:{write_layout(layout_files(Made(layers, compression='')), tmp_path / 'in')}")
    (tmp_path / "out").mkdir()
    with apart(image, place, tmp_path / "out") as process:
        deadline = time.monotonic() + 30
        while not holds_a_file(process.pid, tmp_path / "out") and process.poll() is None:
            assert deadline > time.monotonic()
        process.send_signal(signal.SIGKILL)
    left = below(tmp_path / "out")
    if process.returncode == -signal.SIGKILL:
        assert "x.tar" not in left and "x/index.json" not in left
    for name, data in left.items():  # of a layout, whole blobs
        if "/blobs/" in name:
            assert name == "x/blobs/" + digest(data).replace(":", "/")
    write(image, to(place, tmp_path / "out"))
    assert image.sizes.unpacked == open_image(to(place, tmp_path / "out")).sizes.unpacked


def holds_a_file(pid: int, root: Path) -> bool:
    """Whether the process writes somewhere below that folder."""
    try:
        return any(str(root) in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


@pytest.mark.parametrize(
    "reference",
    ["oci:{}/x:a b", "oci-archive:{}/x:-", "docker-archive:{}/x:UPPER", "docker-archive:{}/x:a@sha256:" + "0" * 64,
     "containers-storage:app", "containerd:app", "docker-archive::app"],
)  # fmt: skip
def test_places_that_cannot_be_written_are_refused_with_a_way_out(reference: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        write(source(tmp_path / "in"), parse(reference.format(tmp_path)))  # type: ignore[arg-type]
    assert caught.value.hint
    assert ["in"] == [each.name for each in tmp_path.iterdir()]


def test_folders_that_hold_something_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.txt").write_text("years")
    with pytest.raises(ImageError):
        write(source(tmp_path / "in"), to("oci", tmp_path))
    assert {"thesis.txt": b"years"} == below(tmp_path / "x")
    with pytest.raises(ImageError):
        write(source(tmp_path / "in"), parse(f"oci:{tmp_path}/x/thesis.txt"))  # type: ignore[arg-type]


@pytest.mark.parametrize("place", PLACES)
def test_a_place_without_a_folder_is_an_error_or_made(place: str, tmp_path: Path) -> None:
    image = source(tmp_path / "in")
    try:
        write(image, to(place, tmp_path / "no" / "where"))
    except JettisonError as error:
        assert isinstance(error, DiskError) and error.hint is not None
        assert not (tmp_path / "no").exists()
    else:
        assert image.sizes.unpacked == open_image(to(place, tmp_path / "no" / "where")).sizes.unpacked


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_a_gzip_is_the_same_however_its_bytes_come(size: int) -> None:
    import gzip

    data = os.urandom(997) * (size // 997 + 1)
    data = data[:size]
    one = b"".join(gzipped([data]))
    pieces = [data[at : at + 700_001] for at in range(0, size, 700_001)]
    assert data == gzip.decompress(one)
    assert one == b"".join(gzipped(pieces))
