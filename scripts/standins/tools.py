"""Programs of the system: whether they are here, and running them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from standins.errors import StandInError

# The program that must be found, and Debian's package that has it.
SERVE = {"buildah": "buildah", "skopeo": "skopeo", "docker-registry": "docker-registry"}
MAKE = {"mmdebstrap": "mmdebstrap", "debuerreotype-tar": "debuerreotype"}


def require(programs: Mapping[str, str]) -> None:
    """Raises StandInError (3) with the one line to type where a program is missing or we are not root."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [package for program, package in programs.items() if shutil.which(program, path=path) is None]
    sudo = "" if os.geteuid() == 0 else "sudo "
    if missing:
        line = f"{sudo}apt-get install --yes --no-install-recommends {' '.join(missing)}"
        raise StandInError(f"missing: {', '.join(missing)}", line, 3)
    if sudo:
        raise StandInError("root is needed to mount, and to give files to owners", "sudo -E, then the same command", 3)


def run(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    *,
    timeout: int = 3600,
    cwd: Path | None = None,
    output: Path | None = None,
) -> str:
    """What the command prints on stdout, unless that is to go into the file `output`.

    Raises StandInError with the end of what it said where it fails.
    """
    whole = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", **(env or {})}
    try:
        with contextlib.ExitStack() as stack:
            said_to = stack.enter_context(output.open("wb")) if output else subprocess.PIPE
            ended = subprocess.run(
                list(command),
                env=whole,
                stdin=subprocess.DEVNULL,
                stdout=said_to,
                stderr=subprocess.PIPE,
                timeout=timeout,
                check=False,
                cwd=cwd,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StandInError(f"{command[0]}: {error}", "run it by hand to see") from error
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout or b"").decode("utf-8", "replace").strip().splitlines()[-12:]
        raise StandInError(
            f"{' '.join(command[:3])} ended with {ended.returncode}:\n  " + "\n  ".join(said),
            "the network, the free disk and the lines above",
        )
    return (ended.stdout or b"").decode("utf-8", "replace")
