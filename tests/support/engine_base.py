"""A container store of the tests' own, with one base image: Debian's static busybox on nothing.

The store lies in a temporary folder, so that no image, container or setting of the machine is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from steady_buildah import steady

BASE = "localhost/busybox:1"  # busybox, its applets, a user `app` (1234), /tmp and /www
_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY passwd group /etc/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -m 1777 /tmp && mkdir /www && echo hello > /www/index.html
"""


@dataclass(frozen=True)
class Store:
    """A container store; `environment` is what makes buildah, and jettison, use it."""

    folder: Path
    busybox: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}

    @property
    def graph_root(self) -> Path:
        return self.folder / "graph"

    def buildah(self, *arguments: str) -> str:
        """What a buildah command prints; raises CalledProcessError."""
        command = ["buildah", *arguments]
        environment = {**os.environ, **self.environment}
        call = partial(subprocess.run, command, env=environment, capture_output=True, text=True, timeout=120)
        ended = steady(call)
        ended.check_returncode()
        return ended.stdout


def require_engine() -> None:
    """Skip where there is no engine to test with."""
    if os.geteuid() != 0:
        pytest.skip("needs root: buildah and namespaces")
    for command in ("buildah", "unshare", "nsenter", "ip"):
        if shutil.which(command) is None:
            pytest.skip(f"needs {command}")


def static_busybox(folder: Path) -> Path:
    """A busybox that needs no library: this machine's, else Debian's package fetched with apt into `folder`."""
    found = shutil.which("busybox")
    if found is not None and b"ld-linux" not in Path(found).read_bytes():
        return Path(found)
    if shutil.which("apt-get") is None:
        pytest.skip("needs a static busybox: install busybox-static")
    for update in (False, True):
        if update:
            subprocess.run(["apt-get", "update"], capture_output=True, check=False, timeout=300)
        fetch = ["apt-get", "download", "-o", "APT::Sandbox::User=root", "busybox-static"]
        if subprocess.run(fetch, cwd=folder, capture_output=True, check=False, timeout=300).returncode == 0:
            break
    packages = list(folder.glob("busybox-static_*.deb"))
    if not packages:
        pytest.skip("needs a static busybox: apt-get download busybox-static failed")
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(folder / "package")], check=True, timeout=60)
    return next(path for path in (folder / "package").rglob("busybox") if path.is_file() and os.access(path, os.X_OK))


@contextmanager
def store_in(folder: Path) -> Iterator[Store]:
    """A store in `folder` that holds BASE; nothing of it is left afterwards."""
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    )
    (folder / "base").mkdir()
    store = Store(folder, static_busybox(folder))
    shutil.copy(store.busybox, folder / "base" / "busybox")
    (folder / "base" / "passwd").write_text("root:x:0:0::/:/bin/sh\napp:x:1234:1234::/tmp:/bin/sh\n")
    (folder / "base" / "group").write_text("root:x:0:\napp:x:1234:\n")
    (folder / "base" / "Dockerfile").write_text(_DOCKERFILE)
    options = ("--layers", "--format", "docker", "--isolation", "chroot", "--network", "host")
    store.buildah("bud", *options, "-t", BASE, str(folder / "base"))
    try:
        yield store
    finally:
        store.buildah("rm", "--all")
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if line.split()[1].startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        shutil.rmtree(folder, ignore_errors=True)
