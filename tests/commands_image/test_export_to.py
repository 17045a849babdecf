"""`jettison export --to`: an image into another place, from the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stacked_image import docker_archive, file, jettison, layer, oci_layout

from jettison.image.open import open_image

pytestmark = pytest.mark.slow

LAYERS = (layer(file("a", b"1" * 1000)), layer(file("b", b"2")))


def test_an_image_goes_into_a_layout_and_keeps_its_digest(tmp_path: Path) -> None:
    source = oci_layout(tmp_path / "in", *LAYERS)
    ended = jettison("export", source, "--to", f"oci:{tmp_path}/out:1")
    digest = open_image(str(source)).digest
    assert (0, f"oci:{tmp_path}/out:1 {digest}\n", "") == (ended.code, ended.text, ended.err)
    assert digest == open_image(f"oci:{tmp_path}/out:1").digest


def test_an_archive_is_told_its_id(tmp_path: Path) -> None:
    source = docker_archive(tmp_path / "in.tar", *LAYERS)
    ended = jettison("export", source, "--to", f"docker-archive:{tmp_path}/out.tar:shop:2")
    assert open_image(str(source)).digest == ended.text.split()[1]
    assert 1001 == open_image(f"docker-archive:{tmp_path}/out.tar:shop:2").sizes.unpacked


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("--to", "shop:1"), 2, "--to oci:DIRECTORY"),
        (("--to", "oci:x", "-o", "y"), 2, "leave out -o"),
        (("--to", "oci:x", "--layer", "0"), 2, "leave out -o"),
        (("--to", "containers-storage:shop"), 2, "podman load"),
        (("--to", "docker://127.0.0.1:1/shop"), 3, "registry"),
        (("--to", "oci-archive:/no/where.tar"), 3, "make the directory /no first"),
        (("--to", ""), 2, "--to oci:DIRECTORY"),
    ],
)
def test_what_cannot_be_is_told(words: tuple[str, ...], code: int, hint: str, tmp_path: Path) -> None:
    ended = jettison("export", oci_layout(tmp_path / "in", *LAYERS), *words)
    assert (code, b"") == (ended.code, ended.out)
    assert hint in ended.err and ended.err.startswith("jettison: "), ended.err
    assert ["in"] == [each.name for each in tmp_path.iterdir()]


def test_sigterm_ends_it_with_its_own_code_and_leaves_nothing(tmp_path: Path) -> None:
    source = docker_archive(tmp_path / "in.tar", layer(file("a", os.urandom(120_000_000))))
    command = [sys.executable, "-m", "jettison", "export", str(source), "--to", f"oci:{tmp_path}/out/x"]
    (tmp_path / "out").mkdir()
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not list((tmp_path / "out").iterdir()) and process.poll() is None:
            time.sleep(0.01)  # then it compresses, for seconds
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert 143 == process.returncode
    assert [] == list((tmp_path / "out").iterdir())


def test_an_archive_goes_through_a_pipe(tmp_path: Path) -> None:
    source = docker_archive(tmp_path / "in.tar", *LAYERS)
    ended = jettison("export", source, "--to", "docker-archive:-:shop:2")
    digest = open_image(str(source)).digest
    assert (0, f"docker-archive:-:shop:2 {digest}\n") == (ended.code, ended.err)
    (tmp_path / "piped.tar").write_bytes(ended.out)
    assert digest == open_image(f"docker-archive:{tmp_path}/piped.tar:shop:2").digest
    with (tmp_path / "redirected.tar").open("wb") as out:
        command = [sys.executable, "-m", "jettison", "export", str(source), "--to", "docker-archive:-:shop:2"]
        subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=True)
    assert ended.out == (tmp_path / "redirected.tar").read_bytes()


def test_a_full_device_is_told(tmp_path: Path) -> None:
    ended = jettison("export", docker_archive(tmp_path / "in.tar", *LAYERS), "--to", "docker-archive:/dev/full")
    assert (3, "No space left on device") == (ended.code, ended.err.splitlines()[0].rpartition(": ")[2])
