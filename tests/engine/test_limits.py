"""Control groups and deadlines, on made-up mounts and on this machine's own."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from jettison.engine import cgroups
from jettison.engine.cgroups import Group, Hierarchy, _mounted, make
from jettison.engine.deadline import Deadline
from jettison.engine.mounts import mounts as mounts_of

V1 = """\
31 22 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 22 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
33 22 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
"""
V2 = "26 22 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = V1 + "34 22 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        (V2, [(2, "/sys/fs/cgroup", "/sys/fs/cgroup")]),
        (V1, [(1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids")]),
        (
            HYBRID,
            [
                (2, "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified"),
                (1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"),
            ],
        ),
        (V1.replace("pids", "freezer"), []),
        ("21 1 8:1 / / rw - ext4 /dev/vda rw\n", []),
    ],
)
def test_hierarchies_are_found_in_the_table_of_mounts(mounts, expected):
    assert [Hierarchy(version, Path(memory), Path(pids)) for version, memory, pids in expected] == _mounted(
        mounts_of(mounts.encode())
    )


class Kernel:
    """A folder in which a group appears with the files that the kernel puts there."""

    def __init__(self, folder, monkeypatch, *, controllers="memory pids", files=("memory.max", "memory.swap.max")):
        self.root = folder
        (folder / "cgroup.subtree_control").write_text(controllers)
        real = Path.mkdir

        def mkdir(path, *arguments, **options):
            real(path, *arguments, **options)
            for name in files:
                (path / name).touch()

        monkeypatch.setattr(Path, "mkdir", mkdir)
        monkeypatch.setattr(Path, "rmdir", lambda path: subprocess.run(["rm", "-r", str(path)], check=True))


def test_limits_are_written_where_version_two_wants_them(tmp_path, monkeypatch):
    kernel = Kernel(tmp_path, monkeypatch)
    group = make(Hierarchy(2, kernel.root, kernel.root), "one", memory=1000, processes=7)
    told = {file.name: file.read_text() for file in (tmp_path / "one").iterdir()}
    assert {"memory.max": "1000", "memory.swap.max": "0", "pids.max": "7"} == told
    (tmp_path / "one" / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
    assert not group.out_of_memory()
    (tmp_path / "one" / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert group.out_of_memory()


def test_controllers_are_delegated_where_they_are_not_yet(tmp_path, monkeypatch):
    kernel = Kernel(tmp_path, monkeypatch, controllers="cpu pids")
    make(Hierarchy(2, kernel.root, kernel.root), "one", memory=1000, processes=7)
    assert "+memory" == (tmp_path / "cgroup.subtree_control").read_text()


def test_a_hierarchy_without_the_memory_controller_is_refused_and_left_clean(tmp_path, monkeypatch):
    kernel = Kernel(tmp_path, monkeypatch, files=())
    assert make(Hierarchy(2, kernel.root, kernel.root), "one", memory=1000, processes=7) is None
    assert [kernel.root / "cgroup.subtree_control"] == list(tmp_path.iterdir())


def test_a_hierarchy_that_cannot_be_written_is_refused(tmp_path):
    nowhere = tmp_path / "nowhere"
    assert make(Hierarchy(1, nowhere, nowhere), "one", memory=1000, processes=7) is None


def test_a_command_enters_every_folder_of_its_group_before_it_begins(tmp_path):
    folders = [tmp_path / name for name in ("memory", "pids")]
    for folder in folders:
        folder.mkdir()
    command = Group(1, *folders).enter(["sh", "-c", 'echo "$$ $1"', "sh", "an argument"])
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    number = said.split()[0]
    assert f"{number} an argument\n" == said
    assert [f"{number}\n"] * 2 == [(folder / "cgroup.procs").read_text() for folder in folders]


def test_a_command_that_cannot_enter_does_not_begin(tmp_path):
    command = Group(2, tmp_path / "gone", tmp_path / "gone").enter(["touch", str(tmp_path / "began")])
    assert 125 == subprocess.run(command, capture_output=True).returncode
    assert not (tmp_path / "began").exists()


@pytest.mark.engine
def test_a_group_of_this_machine_is_made_entered_and_removed():
    place = cgroups.hierarchy()
    if place is None:
        pytest.skip("no control groups may be made here")
    name = f"jettison-test-{os.getpid()}"
    group = make(place, name, memory=2**28, processes=50)
    try:
        said = subprocess.run(group.enter(["cat", "/proc/self/cgroup"]), check=True, capture_output=True, text=True)
        assert name in said.stdout
        assert not group.out_of_memory()
    finally:
        group.remove()
    assert not group.memory.exists()


@pytest.mark.engine
def test_groups_of_a_killed_run_are_swept():
    place = cgroups.hierarchy()
    if place is None:
        pytest.skip("no control groups may be made here")
    name = f"jettison-test{os.getpid()}-00000000"
    group = make(place, name, memory=2**28, processes=50)
    assert (name,) == cgroups.remove_left(f"jettison-test{os.getpid()}-")
    assert not group.pids.exists()


def test_a_deadline_ends_what_has_not_ended():
    ended = threading.Event()
    deadline = Deadline(0.05, ended.set)
    deadline.begin()
    assert ended.wait(5)
    assert deadline.passed


def test_a_deadline_that_is_cancelled_ends_nothing():
    ended = threading.Event()
    deadline = Deadline(0.05, ended.set)
    deadline.begin()
    deadline.cancel()
    assert not ended.wait(0.2)
    assert not deadline.passed


def test_a_mount_point_of_any_bytes_is_one() -> None:
    table = b"40 22 0:40 / /mnt/caf\xe9\\040au\\011lait rw shared:9 - tmpfs tmp\\040fs rw\n" + V2.encode()
    found = [(os.fsencode(mount.point), mount.kind) for mount in mounts_of(table)]
    assert [(b"/mnt/caf\xe9 au\tlait", "tmpfs"), (b"/sys/fs/cgroup", "cgroup2")] == found
