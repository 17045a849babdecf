"""`python -m jettison.engine.enter PID DIRECTORY ENVIRONMENT COMMAND...`: run a command beside a process, as it is.

ENVIRONMENT is a JSON file: the image's variables (LD_PRELOAD ...) are for the command and not for this interpreter.

A second mount of a container's overlay directory is undefined behaviour (overlayfs(7): "upperdir is in-use"), so a
command must not be given a mount of its own: it enters the namespaces and the root of the application's process, with
its user, groups and capabilities. Source: setns(2), capabilities(7), proc(5).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from jettison.engine import proc

NAMESPACES = ("mnt", "uts", "net", "pid")  # the last holds for children only: hence the fork
PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24  # linux/prctl.h
NOT_FOUND, NOT_EXECUTABLE, GONE = 127, 126, 125  # as a shell and as `docker exec` answer


def main(arguments: list[str]) -> int:
    """Enter and run; the command's exit code, 128 and more where a signal ended it."""
    pid, directory, variables, *command = int(arguments[0]), *arguments[1:]
    environment = json.loads(Path(variables).read_bytes())
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        status = proc.status(pid)
        root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        handles = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in NAMESPACES]
    except OSError:
        print("the container does not run", file=sys.stderr)
        return GONE
    for handle in handles:
        if libc.setns(handle, 0) != 0:
            number = ctypes.get_errno()
            print(f"cannot enter the container: {os.strerror(number)}", file=sys.stderr)
            return GONE
    os.fchdir(root)
    os.chroot(".")
    try:
        os.chdir(directory)
    except OSError:
        os.chdir("/")
    child = os.fork()
    if child == 0:
        _become(status, libc)
        _execute(command, environment)
    _, ended = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(ended)
    return code if code >= 0 else 128 - code


def _become(status: dict[str, str], libc: ctypes.CDLL) -> None:
    """Take on the capabilities, groups and user that /proc/PID/status tells."""
    bounding = int(status["CapBnd"], 16)
    number = 0
    while libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0:
        if not bounding >> number & 1:
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        number += 1
    os.setgroups([int(word) for word in status["Groups"].split()])
    gid, uid = int(status["Gid"].split()[1]), int(status["Uid"].split()[1])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _execute(command: list[str], environment: dict[str, str]) -> None:
    for number in (signal.SIGPIPE, signal.SIGINT):  # Python has taken both
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)
    except FileNotFoundError:
        code, why = NOT_FOUND, "no such file or directory"
    except OSError as error:
        code, why = NOT_EXECUTABLE, error.strerror or "cannot be executed"
    os.write(2, f"{command[0]}: {why}\n".encode("utf-8", "surrogateescape"))
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
