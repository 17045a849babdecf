"""Looking into a running container from its host: processes, sockets, network namespace.

Source: proc(5), setns(2); socket tables in `Documentation/networking/proc_net_tcp.rst` of Linux.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from jettison.engine import proc
from jettison.engine.model import Listener, ProcessFacts

CLONE_NEWNET = 0x40000000
LISTEN = "0A"
_LIBC = ctypes.CDLL(None, use_errno=True)
_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Direct children of a process; empty where it is gone."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except (OSError, ValueError):
        return found
    return found


def descendants(pid: int) -> Iterator[int]:
    """All processes below `pid`, parents first."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def arguments(pid: int) -> list[bytes]:
    """argv of a process; empty where it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def started(pid: int) -> tuple[int, int]:
    """When a process began, in clock ticks since boot, and its number: what began first sorts first."""
    try:
        return int(proc.stat(pid)[19]), pid
    except OSError:
        return sys.maxsize, pid


def environment(pid: int) -> list[str]:
    """`NAME=VALUE` of the environment that a process was started with; empty where it is gone."""
    try:
        return [os.fsdecode(item) for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if item]
    except OSError:
        return []


def cpu_seconds(pids: Iterator[int]) -> float:
    """User and system seconds that these processes have used."""
    total = 0
    for pid in pids:
        try:
            fields = proc.stat(pid)
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for this signal; False where it is gone (proc(5), SigCgt)."""
    try:
        return bool(int(proc.status(pid)["SigCgt"], 16) >> (number - 1) & 1)
    except OSError:
        return False


def mapped(pid: int) -> frozenset[str]:
    """Files that a process has mapped into its memory now: its program, libraries, data; empty where it is gone."""
    try:
        rows = Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return frozenset()
    paths = (fields[5] for fields in (row.split(None, 5) for row in rows) if len(fields) == 6)
    return frozenset(path for path in paths if path.startswith("/") and not path.endswith(" (deleted)"))


def facts(pid: int) -> ProcessFacts | None:
    """Who a process runs as; None where it is gone."""
    try:
        rows = proc.status(pid)
        executable = str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return None
    return ProcessFacts(
        uid=int(rows["Uid"].split()[1]),
        gid=int(rows["Gid"].split()[1]),
        groups=tuple(sorted(map(int, rows["Groups"].split()))),
        executable=executable,
    )


PROTOCOLS = ("tcp", "tcp6", "udp", "udp6")


def listeners(pid: int) -> frozenset[Listener]:
    """Sockets listened on in the network namespace of `pid`; bound UDP sockets too."""
    found: frozenset[Listener] = frozenset()
    for protocol in PROTOCOLS:
        try:
            found |= listeners_in(protocol, Path(f"/proc/{pid}/net/{protocol}").read_text())
        except OSError:
            continue
    return found


def listeners_in(protocol: str, table: str) -> frozenset[Listener]:
    """Those that a socket table tells of: the text of `/proc/net/PROTOCOL`."""
    found = set()
    for row in table.splitlines()[1:]:
        fields = row.split()
        if protocol.startswith("udp") or fields[3] == LISTEN:
            address, _, port = fields[1].partition(":")
            found.add(Listener(protocol, _address(address), int(port, 16)))
    return frozenset(found)


def _address(text: str) -> str:
    """The kernel prints addresses as 32-bit words in host order; IPv4 in IPv6 is written `::ffff:127.0.0.1`."""
    words = [bytes.fromhex(text[i : i + 8]) for i in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(word[::-1] if sys.byteorder == "little" else word for word in words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return f"::ffff:{mapped}" if mapped is not None else str(address)


def connect_inside(pid: int, address: str, port: int, timeout: float) -> socket.socket:
    """A TCP connection made inside the network namespace of `pid`. Raises OSError.

    A namespace belongs to a thread: a thread enters it, makes the socket, and ends; the socket stays inside.
    """
    outcome: list[socket.socket | OSError] = []

    def enter() -> None:
        try:
            handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _LIBC.setns(handle, CLONE_NEWNET) != 0:
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number))
            finally:
                os.close(handle)
            outcome.append(socket.create_connection((address, port), timeout))
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    thread.join(timeout + 1)
    if not outcome:
        raise TimeoutError(f"no connection to port {port} within {timeout} s")
    result = outcome[0]
    if isinstance(result, OSError):
        raise result
    return result
