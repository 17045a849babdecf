"""Looking into processes from outside: the kernel's tables, and our own processes as the subject."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from processes import wait_until

from jettison.engine import namespaces
from jettison.engine.model import Listener

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
TCP = [
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0",
    "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0",
    "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1",
]
TCP6 = [
    "   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4 1 0 100 0",
    "   1: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 5 1 0 100 0",
    "   2: 0000000000000000FFFF00000100007F:0BB9 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6 1 0 100 0",
]
UDP = ["   9: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0 0"]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc/7/net as the kernel of a little-endian machine prints it; udp6 is switched off."""
    (tmp_path / "7" / "net").mkdir(parents=True)
    for name, rows in (("tcp", TCP), ("tcp6", TCP6), ("udp", UDP)):
        (tmp_path / "7" / "net" / name).write_text("\n".join([HEADER, *rows]) + "\n")
    real = Path
    monkeypatch.setattr(namespaces, "Path", lambda path: real(str(path).replace("/proc/7/", f"{tmp_path}/7/")))


@pytest.mark.usefixtures("tables")
@pytest.mark.skipif(sys.byteorder != "little", reason="the kernel prints addresses in the order of the machine")
def test_sockets_that_are_listened_on_are_read_from_the_kernels_tables() -> None:
    expected = {
        Listener("tcp", "127.0.0.1", 8080),
        Listener("tcp", "0.0.0.0", 80),
        Listener("tcp6", "::", 443),
        Listener("tcp6", "::1", 3000),
        Listener("tcp6", "::ffff:127.0.0.1", 3001),
        Listener("udp", "0.0.0.0", 53),
    }
    assert expected == namespaces.listeners(7)


def test_our_own_socket_is_found_while_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wanted = Listener("tcp", "127.0.0.1", server.getsockname()[1])
        assert wanted in namespaces.listeners(os.getpid())
    assert wanted not in namespaces.listeners(os.getpid())


def test_the_facts_of_a_process_are_the_kernels() -> None:
    found = namespaces.facts(os.getpid())
    assert found is not None
    assert (os.geteuid(), os.getegid(), tuple(sorted(os.getgroups()))) == (found.uid, found.gid, found.groups)
    assert Path(sys.executable).resolve() == Path(found.executable)


def test_descendants_come_parents_first_though_threads_started_them() -> None:
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(
        target=lambda: started.append(
            subprocess.Popen(["sh", "-c", "sleep 30 & echo $!; wait"], stdout=subprocess.PIPE)
        )
    )
    thread.start()
    thread.join()
    child = started[0]
    assert child.stdout is not None
    with child.stdout:
        grandchild = int(child.stdout.readline())
    below = [pid for pid in namespaces.descendants(os.getpid()) if pid in (child.pid, grandchild)]
    os.kill(grandchild, 9)
    child.wait()
    assert [child.pid, grandchild] == below


def test_arguments_are_the_processes_words() -> None:
    child = subprocess.Popen(["sleep", "30"])
    try:
        deadline = time.monotonic() + 5
        while namespaces.arguments(child.pid)[:1] != [b"sleep"] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [b"sleep", b"30"] == namespaces.arguments(child.pid)
    finally:
        child.kill()
        child.wait()


def test_the_processors_time_is_that_of_all_the_processes_asked_for() -> None:
    before = namespaces.cpu_seconds(iter([os.getpid()]))
    ends = time.process_time() + 0.1
    while time.process_time() < ends:
        pass
    assert 0.05 <= namespaces.cpu_seconds(iter([os.getpid()])) - before <= 1.0
    assert 0.0 == namespaces.cpu_seconds(iter([]))


def test_of_a_process_that_is_gone_nothing_is_said() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    gone = child.pid
    assert ([], [], None) == (namespaces.children(gone), namespaces.arguments(gone), namespaces.facts(gone))
    assert (frozenset(), 0.0) == (namespaces.listeners(gone), namespaces.cpu_seconds(iter([gone])))
    with pytest.raises(OSError):
        namespaces.connect_inside(gone, "127.0.0.1", 80, 1.0)


def test_what_a_process_has_mapped_is_told_by_its_files(tmp_path: Path) -> None:
    data, gone = tmp_path / "data with blanks", tmp_path / "gone"
    for path in (data, gone):
        path.write_bytes(b"x" * 4096)
    with (
        data.open("rb") as one,
        gone.open("rb") as other,
        mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ),
        mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ),
    ):
        gone.unlink()
        found = namespaces.mapped(os.getpid())
    assert {str(data), str(Path(sys.executable).resolve())} <= found
    assert [] == [path for path in found if not path.startswith("/") or "gone" in path]


def test_a_process_that_is_gone_has_nothing_mapped() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert frozenset() == namespaces.mapped(child.pid)


def test_a_process_whose_name_is_cut_in_the_middle_of_a_character_is_looked_at(tmp_path: Path) -> None:
    program = tmp_path / "приложение"  # the kernel keeps fifteen bytes of it
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        try:
            wait_until(lambda: b"\xd0" in Path(f"/proc/{process.pid}/comm").read_bytes())
            seen = namespaces.facts(process.pid)
            assert seen is not None
            assert (os.geteuid(), os.getegid()) == (seen.uid, seen.gid)
            assert namespaces.started(process.pid) > namespaces.started(os.getpid())
            assert namespaces.cpu_seconds([process.pid]) < 60
            assert not namespaces.catches(process.pid, signal.SIGTERM)
        finally:
            process.kill()
