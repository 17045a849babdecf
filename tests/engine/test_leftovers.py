"""Removing what was left: only ours, and never through a mount."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jettison.core.errors import DiskError
from jettison.engine import leftovers
from jettison.engine.leftovers import (
    WorkingContainer,
    build_folder,
    kill_processes_of,
    make_folder,
    remove_abandoned,
    remove_folder,
    remove_folders,
    temporary_folder,
    working_containers,
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_folders_of_one_run_are_removed_and_its_neighbours_stay(place: Path) -> None:
    ours = {make_folder("run-1"), make_folder("run-1")}
    others = {
        make_folder("run-11"),
        make_folder("run-1-2"),
        make_folder(build_folder("run-1")),
        place / "jettison-mine",
    }
    (place / "jettison-mine").mkdir(exist_ok=True)
    assert {str(folder) for folder in ours} == set(remove_folders("run-1"))
    assert others == set(place.iterdir())


def test_a_run_may_be_called_after_a_pattern_or_a_path(place: Path) -> None:
    make_folder("run-1")
    starred = make_folder("run-*/x")
    assert (str(starred),) == remove_folders("run-*/x")
    assert 1 == len(list(place.iterdir()))


def test_a_temporary_folder_is_private_and_gone_whatever_happens(place: Path) -> None:
    with pytest.raises(RuntimeError), temporary_folder("run-1") as folder:
        assert 0o700 == folder.stat().st_mode & 0o777
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
        raise RuntimeError
    assert [] == list(place.iterdir())


def test_a_folder_in_use_is_not_abandoned_one_of_a_killed_process_is_and_a_new_one_may_be_either(place: Path) -> None:
    program = (
        "import os, signal\nfrom jettison.engine.leftovers import temporary_folder\n"
        "with temporary_folder('asks') as folder:\n    (folder / 'Dockerfile').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    (left,) = place.iterdir()
    with temporary_folder("asks") as used:
        other, new = make_folder("build-asks"), make_folder("asks")
        for folder in (left, used, other):
            os.utime(folder, (0, 0))
        assert (-9, (str(left),)) == (killed.returncode, remove_abandoned(place / "store", "asks"))
        assert {used, other, new} == set(place.iterdir())
    assert {other, new} == set(place.iterdir())


@pytest.fixture
def unmounted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been unmounted."""
    found: list[str] = []
    monkeypatch.setattr(leftovers, "_mounts_below", lambda folder: [folder / "mnt"])
    monkeypatch.setattr(leftovers.subprocess, "run", lambda words, **options: found.append(words[-1]))
    return found


def test_nothing_is_unmounted_behind_a_link_that_is_called_like_a_folder_of_ours(
    place: Path, tmp_path_factory: pytest.TempPathFactory, unmounted: list[str]
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.utime(elsewhere, (0, 0))
    (place / "jettison-asks-12345678").symlink_to(elsewhere)
    assert ((), (), []) == (remove_abandoned(place / "store", "asks"), remove_folders("asks"), unmounted)


def test_a_folder_of_another_user_is_left_alone_whatever_it_is_called(
    place: Path, monkeypatch: pytest.MonkeyPatch, unmounted: list[str]
) -> None:
    folder = make_folder("asks")
    os.utime(folder, (0, 0))
    monkeypatch.setattr(leftovers.os, "geteuid", lambda: folder.stat().st_uid + 1)
    assert ((), (), []) == (remove_abandoned(place / "store", "asks"), remove_folders("asks"), unmounted)
    assert folder.is_dir()


def test_where_a_file_system_knows_no_locks_folders_are_made_and_none_is_abandoned(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(leftovers.fcntl, "flock", refuse)
    before = sorted(Path("/proc/self/fd").iterdir())
    with temporary_folder("asks") as folder:
        os.utime(folder, (0, 0))
        assert ((), True) == (remove_abandoned(place / "store", "asks"), folder.is_dir())
    assert ([], before) == (list(place.iterdir()), sorted(Path("/proc/self/fd").iterdir()))


def test_where_no_folder_can_be_made_it_is_a_matter_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/no/such/place")
    with pytest.raises(DiskError, match="cannot make a temporary directory in /no/such/place") as error:
        make_folder("run-1")
    assert "TMPDIR" in error.value.hint


@pytest.mark.engine
def test_what_is_mounted_in_a_folder_is_unmounted_and_not_emptied(tmp_path: Path) -> None:
    precious, folder = tmp_path / "precious", tmp_path / "folder of ours"
    inner = folder / "a" / "b"
    for path in (precious, inner):
        path.mkdir(parents=True)
    (precious / "file").write_text("kept")
    (precious / "below").mkdir()
    subprocess.run(["mount", "--bind", str(precious), str(inner)], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(inner / "below")], check=True)
    assert remove_folder(folder)
    assert ("kept", False) == ((precious / "file").read_text(), folder.exists())


def test_a_folder_is_left_alone_while_something_stays_mounted_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("kept")
    monkeypatch.setattr("jettison.engine.leftovers._mounts_below", lambda path: [path / "mnt"])
    monkeypatch.setattr("jettison.engine.leftovers.subprocess.run", lambda *words, **options: None)
    assert (False, "kept") == (remove_folder(folder), (folder / "file").read_text())


def test_containers_are_read_from_the_stores_own_records(tmp_path: Path) -> None:
    folder = tmp_path / "overlay-containers"
    marked = {"container-name": "debian-working-container", "CommonBuildOpts": {"CgroupParent": "jettison/run-1"}}
    records = {"a": marked, "b": {"container-name": "users-own", "CommonBuildOpts": {}}, "c": {"container-name": "x"}}
    for name, record in records.items():
        (folder / name / "userdata").mkdir(parents=True)
        (folder / name / "userdata" / "buildah.json").write_text(json.dumps(record))
    (folder / "containers.json").write_text(json.dumps([{"id": name} for name in (*records, "podmans")]))
    expected = (
        WorkingContainer("a", "debian-working-container", "jettison/run-1"),
        WorkingContainer("b", "users-own", ""),
        WorkingContainer("c", "x", ""),
    )
    assert expected == working_containers(tmp_path)


def test_a_store_without_containers_has_none(tmp_path: Path) -> None:
    assert () == working_containers(tmp_path)


def test_only_processes_that_name_the_container_are_killed() -> None:
    sleep = "import time; time.sleep(60)"
    ours = subprocess.Popen([sys.executable, "-c", sleep, "jettison-run-1-0123abcd"])
    other = subprocess.Popen([sys.executable, "-c", sleep, "jettison-run-1-0123abcd-and-more"])
    for child in (ours, other):
        while b"jettison" not in Path(f"/proc/{child.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # it has begun, and its arguments are not there yet
    kill_processes_of("jettison-run-1-0123abcd")
    assert (-9, None) == (ours.wait(10), other.poll())
    other.kill()
    other.wait()
