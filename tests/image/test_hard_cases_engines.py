"""The hard cases, asked of those who unpack images: umoci, `docker export` and containers/storage.

Where one of them sees something else, the case says so (`otherwise`); what `docker export` adds is `seen_by.ADDED`.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_daemon import docker_daemon
from handmade import Made, classic_files, layout_files, write_archive, write_layout
from hard_cases import Case, overlay
from seen_by import ADDED, Seen, by_jettison, described, effective, facts, in_folder, in_tar, listing
from test_hard_cases import CASES as HARD
from test_merge import CASES as STACKED
from test_merge import REFUSED

from jettison.image.open import open_image

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="owners and devices need root"),
]

OVERLAY = {  # of the stacks of test_merge: the layer is unpacked alone, and tar-split takes no name twice
    "a name, then its whiteout": "refused",
    "a whiteout of a directory, then a file in it": "refused",
    "a file in a directory, then its whiteout": "refused",
    "a path twice in one layer": "refused",
    "a hard link to a lower layer": "refused",
    "opaque at the root": "d/ d/x=low file=low low=low real/ s->real y=1",  # the kernel asks the root for no mark
}


def _stacked(name: str) -> Case:
    told = {"umoci": STACKED[name].umoci} if STACKED[name].umoci else {}
    return Case(
        STACKED[name].layers, STACKED[name].seen, -1, told | (overlay(OVERLAY[name]) if name in OVERLAY else {})
    )


CASES = HARD | {name: _stacked(name) for name in STACKED}


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False, **more)


def same(case: Case, engine: str, found: list[Seen] | None, tree: Any) -> None:
    """Listing, effective size and facts are those of our tree, or the case tells how this engine differs."""
    told = case.otherwise.get(engine)
    if told is not None or found is None:
        assert told == ("refused" if found is None else listing(found))
        return
    ours, within = by_jettison(tree), described(tree)
    assert listing(found) == listing(ours)
    assert effective(found) == effective(ours)
    if engine == "docker":  # which exports capabilities alone
        found, ours = ([each._replace(facts=(*each.facts[:-1], ())) for each in seen] for seen in (found, ours))
    told_otherwise = facts(found, within) != facts(ours, within)
    assert (engine in case.but) == told_otherwise, (facts(found, within), facts(ours, within))


@pytest.mark.skipif(shutil.which("umoci") is None, reason="needs umoci")
@pytest.mark.parametrize("name", CASES)
def test_umoci_unpacks_a_hard_case_to_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if case.otherwise.get("umoci", "").startswith("not asked"):
        pytest.skip(case.otherwise["umoci"])
    write_layout(layout_files(Made(case.layers)), tmp_path / "layout")
    ended = run("umoci", "unpack", "--image", f"{tmp_path}/layout:1", str(tmp_path / "bundle"))
    found = in_folder(tmp_path / "bundle" / "rootfs") if ended.returncode == 0 else None
    same(case, "umoci", found, open_image(f"oci:{tmp_path}/layout").tree)


@pytest.fixture(scope="module")
def docker() -> Iterator[Any]:
    """The docker command with a daemon."""
    with docker_daemon() as host:
        yield lambda *words, **more: run("docker", "--host", host, *words, **more)


@pytest.mark.parametrize("name", CASES)
def test_docker_exports_a_hard_case_as_the_same(name: str, docker: Any, tmp_path: Path) -> None:
    case = CASES[name]
    if case.otherwise.get("docker", "").startswith("not asked"):
        pytest.skip(case.otherwise["docker"])
    tag = "jettison-hard-case:1"
    path = write_archive(classic_files(Made(case.layers, tag)), tmp_path / "x.tar")
    loaded = docker("load", "-i", str(path))
    found, container = None, ""
    try:
        if loaded.returncode == 0:
            container = docker("create", tag, "/none").stdout.decode().strip()
            exported = docker("export", container)
            assert 0 == exported.returncode, exported.stderr
            found = [each for each in in_tar(io.BytesIO(exported.stdout)) if each.name not in ADDED]
    finally:
        docker("rm", container)
        docker("rmi", tag)
    same(case, "docker", found, open_image(str(path)).tree)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with a containers-storage of its own."""
    root = tmp_path_factory.mktemp("store")
    (root / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{root}/store"\nrunroot = "{root}/run"\n'
    )
    yield {**os.environ, "CONTAINERS_STORAGE_CONF": str(root / "storage.conf")}
    subprocess.run(["umount", "--lazy", str(root / "store" / "overlay")], capture_output=True)


@pytest.mark.skipif(not all(map(shutil.which, ("skopeo", "podman"))), reason="needs skopeo and podman")
@pytest.mark.parametrize("name", CASES)
def test_containers_storage_mounts_a_hard_case_as_the_same(
    name: str, store: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    if case.otherwise.get("containers-storage", "").startswith("not asked"):
        pytest.skip(case.otherwise["containers-storage"])
    path = write_archive(classic_files(Made(case.layers, "hard:1")), tmp_path / "x.tar")
    copied = run("skopeo", "copy", "-q", f"docker-archive:{path}", "containers-storage:localhost/hard:1", env=store)
    tree = open_image(str(path)).tree
    if copied.returncode:
        same(case, "containers-storage", None, tree)
        return
    try:
        mounted = run("podman", "image", "mount", "localhost/hard:1", env=store)
        assert 0 == mounted.returncode, mounted.stderr
        same(case, "containers-storage", in_folder(Path(mounted.stdout.decode().strip())), tree)
        monkeypatch.setenv("CONTAINERS_STORAGE_CONF", store["CONTAINERS_STORAGE_CONF"])
        stored = open_image("containers-storage:localhost/hard:1")
        assert sorted(case.otherwise.get("containers-storage", listing(by_jettison(tree))).split(" ")) == sorted(
            listing(by_jettison(stored.tree)).split(" ")
        )
    finally:
        run("podman", "image", "umount", "localhost/hard:1", env=store)
        run("podman", "rmi", "-f", "localhost/hard:1", env=store)


TAKEN = {"a hard link to what the layer removes"}  # by the overlay engines: it names the whiteout's device


@pytest.mark.parametrize("name", sorted(set(REFUSED) - TAKEN))
def test_docker_refuses_what_is_refused_here(name: str, docker: Any, tmp_path: Path) -> None:
    path = write_archive(classic_files(Made(REFUSED[name], "jettison-refused:1")), tmp_path / "x.tar")
    loaded = docker("load", "-i", str(path))
    docker("rmi", "jettison-refused:1")
    assert 0 != loaded.returncode, name


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo")
@pytest.mark.parametrize("name", sorted(set(REFUSED) - TAKEN))
def test_containers_storage_refuses_what_is_refused_here(name: str, store: dict[str, str], tmp_path: Path) -> None:
    path = write_archive(classic_files(Made(REFUSED[name], "refused:1")), tmp_path / "x.tar")
    copied = run("skopeo", "copy", "-q", f"docker-archive:{path}", "containers-storage:localhost/refused:1", env=store)
    run("podman", "rmi", "-f", "localhost/refused:1", env=store)
    assert 0 != copied.returncode, name
