import errno
import os
import stat
import subprocess
import sys

import pytest

from jettison.core import state
from jettison.core.errors import DiskError

HOLD = "import sys; from pathlib import Path; from jettison.core import state\n"
ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("JETTISON_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_directory_is_private_and_where_it_was_told(tmp_path, monkeypatch):
    assert (tmp_path / "state", 0o700) == (state.state_directory(), mode(tmp_path / "state"))
    monkeypatch.delenv("JETTISON_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert tmp_path / "xdg" / "jettison" / "runs" == state.subdirectory("runs")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert tmp_path / "home/.local/state/jettison" == state.state_directory()


def test_a_state_directory_that_others_can_write_is_refused(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    with pytest.raises(DiskError, match="written by other users") as caught:
        state.state_directory()
    assert "chmod 700" in caught.value.hint


@pytest.mark.skipif(not ROOT, reason="only root can give a directory away")
def test_a_state_directory_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    os.chown(tmp_path / "state", 12345, 12345)
    with pytest.raises(DiskError, match="belongs to user 12345"):
        state.state_directory()


def test_a_file_in_the_place_of_the_state_directory_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(DiskError, match="is not a directory"):
        state.state_directory()


def test_a_replaced_file_keeps_its_mode_and_owner(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"old")
    path.chmod(0o751)
    if ROOT:
        os.chown(path, 1234, 4321)
    before = path.stat()
    state.write_atomically(path, b"new\r\n")
    after = path.stat()
    assert b"new\r\n" == path.read_bytes()
    assert (before.st_mode, before.st_uid, before.st_gid) == (after.st_mode, after.st_uid, after.st_gid)
    assert [path] == list(tmp_path.iterdir())


def test_a_symbolic_link_stays_and_its_real_file_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("real/file")
    state.write_atomically(link, b"new")
    assert link.is_symlink()
    assert b"new" == (tmp_path / "real" / "file").read_bytes()


def test_a_new_file_gets_the_mode_asked_for_or_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        state.write_atomically(tmp_path / "a", b"")
        state.write_atomically(tmp_path / "b", b"", 0o600)
    finally:
        os.umask(old)
    assert [0o640, 0o600] == [mode(tmp_path / "a"), mode(tmp_path / "b")]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError, match="No space left") as caught:
        state.write_atomically(path, b"new")
    assert f"free some space on the file system of {tmp_path}, then run again" == caught.value.hint
    with pytest.raises(DiskError, match="No space left") as caught:
        state.append_line(path.with_name("journal"), b"{}")
    assert caught.value.hint.endswith("then run again; or set JETTISON_STATE to a directory of your own")
    path.with_name("journal").unlink()
    assert (b"old", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))


@pytest.mark.skipif(not ROOT, reason="a small file system can only be mounted by root")
def test_a_really_full_file_system_leaves_the_old_file(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        (small / "file").write_bytes(b"old")
        with pytest.raises(DiskError, match="No space left"):
            state.write_atomically(small / "file", b"x" * 200_000)
        assert (b"old", [small / "file"]) == ((small / "file").read_bytes(), list(small.iterdir()))
        with pytest.raises(DiskError, match="No space left"):
            state.append_line(small / "journal", b"x" * 200_000)
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_directory_or_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(DiskError, match="not a regular file"):
            state.write_atomically(path, b"")


def test_lines_are_appended_and_a_torn_one_spoils_no_other(tmp_path):
    journal = tmp_path / "journal"
    state.append_line(journal, b"one\n")
    state.append_line(journal, b"two")
    with journal.open("ab") as stream:
        stream.write(b'{"torn')
    state.append_line(journal, b"three\n")
    assert ([b"one", b"two", b'{"torn', b"three"], 0o600) == (journal.read_bytes().splitlines(), mode(journal))


def test_a_lock_is_held_by_one_process_and_names_it(tmp_path):
    path = tmp_path / "lock"
    code = HOLD + "with state.lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert "held\n" == other.stdout.readline()
        with pytest.raises(DiskError) as caught, state.lock(path):
            pass
        other.kill()
    assert f"lock is held by process {other.pid}" == caught.value.message
    with state.lock(path):  # a killed process holds nothing
        assert f"{os.getpid()}\n" == path.read_text()
    with state.lock(path):
        pass


def test_a_lock_is_not_inherited_by_children(tmp_path):
    with state.lock(tmp_path / "lock"):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with state.lock(tmp_path / "lock"):
            pass
    finally:
        child.kill()
        child.wait()
