"""Files that must survive us: the private state directory, atomic replacement, locks, the journal's lines.

Sources: XDG Base Directory Specification 0.8 ($XDG_STATE_HOME); rename(2), fsync(2), flock(2).
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jettison.core.errors import DiskError

MOVE = "set JETTISON_STATE to a directory of your own"  # a hint for what is written there
_MOVE_CACHE = "set JETTISON_CACHE to a directory of your own"


def state_directory() -> Path:
    """`$JETTISON_STATE`, else `$XDG_STATE_HOME/jettison`, else `~/.local/state/jettison`; made with mode 0700.

    Raises DiskError where it is somebody else's, or writable by others: what lies there names files to remove.
    """
    told, xdg = os.environ.get("JETTISON_STATE", ""), os.environ.get("XDG_STATE_HOME", "")
    if told:
        return _private(Path(told).absolute())
    # a relative XDG_STATE_HOME is to be ignored, says the specification
    home = Path(xdg) if xdg.startswith("/") else Path.home() / ".local" / "state"
    return _private(home / "jettison")


def cache_directory() -> Path:
    """`$JETTISON_CACHE`, else `$XDG_CACHE_HOME/jettison`, else `~/.cache/jettison`; made with mode 0700.

    What lies there can be made anew at any time. Raises DiskError as `state_directory` does.
    """
    told, xdg = os.environ.get("JETTISON_CACHE", ""), os.environ.get("XDG_CACHE_HOME", "")
    if told:
        return _private(Path(told).absolute(), _MOVE_CACHE)
    home = Path(xdg) if xdg.startswith("/") else Path.home() / ".cache"
    return _private(home / "jettison", _MOVE_CACHE)


def subdirectory(name: str) -> Path:
    """A directory of that name in the state directory, mode 0700. Raises DiskError."""
    return _private(state_directory() / name)


def _private(path: Path, move: str = MOVE) -> Path:
    with disk_errors("create", path, hint=move):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise DiskError(f"{path} is not a directory", hint=move)
    if status.st_uid != os.geteuid():
        raise DiskError(f"{path} belongs to user {status.st_uid}, not to you ({os.geteuid()})", hint=move)
    if status.st_mode & 0o022:
        raise DiskError(f"{path} can be written by other users", hint=f"run `chmod 700 {path}`, or {move}")
    return path


@contextmanager
def disk_errors(doing: str, path: Path, *, hint: str = "") -> Iterator[None]:
    """Turns OSError into a DiskError that says what was being done to which path, and how to get out."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            place = path if path.is_dir() else path.parent
            hint = f"free some space on the file system of {place}, then run again" + (hint and f"; or {hint}")
        elif error.errno == errno.EROFS:
            hint = hint or f"{path.parent} is mounted read-only; write somewhere else"
        elif error.errno == errno.ENOENT and not path.parent.exists():
            hint = hint or f"make the directory {path.parent} first, or write somewhere else"
        elif error.errno in (errno.EACCES, errno.EPERM):
            hint = hint or f"make {path} and its directory writable for you"
        raise DiskError(f"cannot {doing} {path}: {error.strerror or error}", hint=hint) from error


def write_atomically(path: Path, data: bytes, mode: int | None = None) -> None:
    """Replace `path` by `data`: readers see the old bytes or the new ones, also after a power cut.

    A symbolic link is followed to its real file. An existing file keeps its mode, owner and extended attributes
    as far as we may set them; a new one gets `mode` (0o666 less the umask where None). Raises DiskError; then the
    target is as it was.
    """
    import tempfile  # brings three compressors along, which reading does without

    with disk_errors("write", path):
        real = Path(os.path.realpath(path))  # of a loop of links the path itself, which fails below
        before = status_of(real)
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if before is not None and not os.access(real, os.W_OK):
            raise OSError(errno.EACCES, "the file is read-only")  # rename would not ask
        descriptor, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.", suffix=".jettison")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                take_after(stream.fileno(), real, before, mode)
                os.fsync(stream.fileno())
            Path(temporary).replace(real)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise
        _sync_directory(real.parent)


def status_of(path: Path) -> os.stat_result | None:
    """What is told of the file that is there, symlinks followed; None where there is none. Raises OSError."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def take_after(descriptor: int, real: Path, before: os.stat_result | None, mode: int | None) -> None:
    """Give the new file the old one's owner, extended attributes and mode (last: chown clears set-id bits)."""
    if before is None:
        os.fchmod(descriptor, mode if mode is not None else 0o666 & ~_umask())
        return
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    with suppress(OSError):
        for name in os.listxattr(real):
            with suppress(OSError):
                os.setxattr(descriptor, name, os.getxattr(real, name))
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that cannot sync a directory say so
            raise
    finally:
        os.close(descriptor)


def append_line(path: Path, data: bytes) -> None:
    """Add one line to a journal and wait until it is on the disk. Raises DiskError.

    A torn last line (we were killed in the middle) is ended first, so that it spoils no other.
    """
    with disk_errors("write", path, hint=MOVE):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            torn = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
            remaining = memoryview((b"\n" if torn else b"") + data.rstrip(b"\n") + b"\n")
            try:
                while remaining:
                    remaining = remaining[os.write(descriptor, remaining) :]
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
    if end == 0:
        with disk_errors("write", path, hint=MOVE):
            _sync_directory(path.parent)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold `path` locked while the block runs; the kernel lets go however the process ends.

    Never waits: raises DiskError naming the process that holds it. The file stays, it must not be removed: two
    processes would then lock two files of one name.
    """
    with disk_errors("lock", path, hint=MOVE):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise DiskError(f"{path.name} is held by {who}", hint="wait until it has finished, or stop it") from None
        except OSError as error:
            raise DiskError(f"cannot lock {path}: {error.strerror}", hint=MOVE) from error
        with disk_errors("lock", path, hint=MOVE):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
