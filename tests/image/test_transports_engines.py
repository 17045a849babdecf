"""Archives as the tools that are here write them themselves: one image, and one set of numbers out of each."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import docker_daemon
from handmade import (
    Made,
    classic_files,
    directory,
    entry,
    hard_link,
    layout_files,
    symlink,
    tar,
    write_archive,
    write_layout,
)
from handmade_archives import docker25, docker29, podman
from seen_by import by_jettison, described, effective, facts, listing

from jettison.image.open import open_image

pytestmark = [pytest.mark.engine, pytest.mark.skipif(os.geteuid() != 0, reason="engines' stores need root here")]

LONG = "n" * 80 + "/" + "m" * 80
BASE = tar(
    directory("d"),
    entry("d/a", b"a" * 3000),
    hard_link("h", "d/a"),
    symlink("s", "d/a"),
    entry(LONG, b"l", mode=0o4755),
)
CHANGE = tar(entry("d/.wh.a"), entry("b", b"c" * 700, uid=7, gid=8), directory("e"), entry("e/é", b"1"))
APP = Made((BASE, CHANGE), "jettison-transports:1")
OTHER = Made((BASE,), "jettison-transports:2")


def told(reference: str) -> Any:
    """What must be the same, whatever form it came through."""
    image = open_image(reference)
    seen = by_jettison(image.tree)
    return listing(seen), effective(seen), image.sizes.unpacked, facts(seen, described(image.tree))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return told(str(write_archive(classic_files(APP), tmp_path_factory.mktemp("expected") / "x.tar")))


def same_in_place(expected: Any, reference: str) -> None:
    """The same, where the layers' folders are read: they have the directories that no layer describes."""
    found = told(reference)
    assert expected[:3] == found[:3]
    assert expected[3] == {name: found[3][name] for name in expected[3]}


def run(*command: str, **more: Any) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert 0 == ended.returncode, f"{command}: {ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def docker() -> Iterator[str]:
    with docker_daemon() as host:
        yield host
        for made in (APP, OTHER):
            subprocess.run(["docker", "--host", host, "rmi", made.name], capture_output=True)


WRITTEN = {"classic": lambda made: [entry(*each) for each in classic_files(made).items()], "podman": podman}
WRITTEN |= {"docker25": docker25}


@pytest.mark.parametrize("form", WRITTEN)
def test_docker_takes_the_archives_made_by_hand_and_what_it_saves_is_the_same(
    form: str, docker: str, expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which also says that the fixtures are what Docker takes them for."""
    (tmp_path / "in.tar").write_bytes(tar(*WRITTEN[form](APP)))
    run("docker", "--host", docker, "load", "-i", str(tmp_path / "in.tar"))
    run("docker", "--host", docker, "save", "-o", str(tmp_path / "out.tar"), APP.name)
    assert expected == told(str(tmp_path / "out.tar")) == told(f"docker-archive:{tmp_path}/out.tar:{APP.name}")
    monkeypatch.setenv("DOCKER_HOST", docker)
    same_in_place(expected, f"docker-daemon:{APP.name}")
    subprocess.run(["docker", "--host", docker, "rmi", APP.name], capture_output=True)


def test_several_images_that_docker_saves_are_had_by_name(docker: str, expected: Any, tmp_path: Path) -> None:
    for made in (APP, OTHER):
        write_archive(classic_files(made), tmp_path / "in.tar")
        run("docker", "--host", docker, "load", "-i", str(tmp_path / "in.tar"))
    run("docker", "--host", docker, "save", "-o", str(tmp_path / "out.tar"), APP.name, OTHER.name)
    assert expected == told(f"docker-archive:{tmp_path}/out.tar:{APP.name}")
    assert 1 == len(open_image(f"docker-archive:{tmp_path}/out.tar:{OTHER.name}").layers)
    with (tmp_path / "packed.tar").open("wb") as packed:
        subprocess.run(["gzip", "-c", str(tmp_path / "out.tar")], stdout=packed, check=True)
    assert expected == told(f"docker-archive:{tmp_path}/packed.tar:{APP.name}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with a containers-storage of its own that has both images."""
    if not all(map(shutil.which, ("skopeo", "podman", "buildah"))):
        pytest.skip("needs skopeo, podman and buildah")
    root = tmp_path_factory.mktemp("transports-store")
    (root / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{root}/store"\nrunroot = "{root}/run"\n'
    )
    environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(root / "storage.conf")}
    for made in (APP, OTHER):
        where = f"containers-storage:localhost/{made.name}"
        place = write_layout(layout_files(made), root / made.name.replace(":", "-"))
        run("skopeo", "copy", "-q", f"oci:{place}", where, env=environment)
    yield environment
    subprocess.run(["umount", "--lazy", str(root / "store" / "overlay")], capture_output=True)


COMMANDS = {
    "podman save": ["podman", "save", "-q", "-o", "{}", f"localhost/{APP.name}"],
    "podman save as oci-archive": [
        "podman",
        "save",
        "-q",
        "--format",
        "oci-archive",
        "-o",
        "{}",
        f"localhost/{APP.name}",
    ],
    "podman save as oci-dir": ["podman", "save", "-q", "--format", "oci-dir", "-o", "{}", f"localhost/{APP.name}"],
    "buildah push": ["buildah", "push", "-q", f"localhost/{APP.name}", "docker-archive:{}"],
    "buildah push to oci": ["buildah", "push", "-q", f"localhost/{APP.name}", "oci:{}"],
    "buildah push to oci-archive": ["buildah", "push", "-q", f"localhost/{APP.name}", "oci-archive:{}:name:1"],
    "skopeo copy with zstd": [
        *("skopeo", "copy", "-q", "--dest-compress-format", "zstd"),
        *(f"containers-storage:localhost/{APP.name}", "oci:{}:1"),
    ],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_podman_buildah_and_skopeo_write_is_the_same(
    command: str, store: dict[str, str], expected: Any, tmp_path: Path
) -> None:
    place = str(tmp_path / "out")
    run(*(word.replace("{}", place) for word in COMMANDS[command]), env=store)
    assert expected == told(place)


def test_several_images_that_podman_saves_are_had_by_name(store: dict[str, str], expected: Any, tmp_path: Path) -> None:
    names = [f"localhost/{made.name}" for made in (APP, OTHER)]
    run("podman", "save", "-q", "-m", "-o", str(tmp_path / "x.tar"), *names, env=store)
    assert (
        expected == told(f"docker-archive:{tmp_path}/x.tar:{APP.name}") == told(f"docker-archive:{tmp_path}/x.tar:@0")
    )
    assert 1 == len(open_image(f"docker-archive:{tmp_path}/x.tar:{names[1]}").layers)


@pytest.mark.parametrize("write", [docker25, docker29, podman], ids=lambda write: write.__name__)
def test_skopeo_takes_the_archives_made_by_hand(write: Any, expected: Any, tmp_path: Path) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("needs skopeo")
    (tmp_path / "in.tar").write_bytes(tar(*write(APP)))
    name = f":{APP.name}" if write is not podman else f":docker.io/library/{APP.name}"
    run("skopeo", "copy", "-q", f"docker-archive:{tmp_path}/in.tar{name}", f"oci:{tmp_path}/out:1")
    assert expected == told(f"oci:{tmp_path}/out:1")


def test_containers_storage_is_the_same_in_place(
    store: dict[str, str], expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", store["CONTAINERS_STORAGE_CONF"])
    same_in_place(expected, f"containers-storage:localhost/{APP.name}")
