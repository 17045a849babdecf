"""Google's distroless images of Debian 12: a layer for each package, a few small ones for what packages do not bring.

What is in them, and how they are started, follows GoogleContainerTools/distroless (static, base, cc, nodejs, python3:
their .bzl and config.bzl; common/BUILD.bazel) and GoogleContainerTools/rules_distroless.
"""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standins import debs, layers, parts
from standins.authorities import BUNDLE, Authorities
from standins.house import House
from standins.layers import Layer, closed, put, put_folder, put_link

SUITE, RELEASE = "bookworm", "12"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOME = "https://github.com/GoogleContainerTools/distroless"
NOBODY, NONROOT = 65534, 65532

STATIC = ("base-files", "netbase", "tzdata", "media-types")
BASE = ("libc6", "libssl3")
CC = ("libgomp1", "libstdc++6", "libgcc-s1", "gcc-12-base")
PYTHON = (
    *("libbz2-1.0", "libdb5.3", "libexpat1", "liblzma5", "libsqlite3-0", "libuuid1", "libncursesw6", "libtinfo6"),
    *("python3-distutils", "zlib1g", "libcom-err2", "libcrypt1", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1"),
    *("libkrb5-3", "libkrb5support0", "libnsl2", "libreadline8", "libtirpc3", "libffi8", "libpython3.11-minimal"),
    *("libpython3.11-stdlib", "python3.11-minimal"),
)


@dataclass(frozen=True)
class Distroless:
    """Which packages stand upon `static`, and what of a language: Node's version, links as (name, target) pairs.

    With a version of npm, Node is as distroless had it until 2021: all of upstream's files, npm and headers included.
    """

    packages: tuple[str, ...] = ()
    node: str = ""
    npm: str = ""
    links: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def make(self, house: House, authorities: Authorities | None) -> Path:
        """A folder as skopeo's `dir:` reads it. Raises StandInError where a part cannot be had."""
        work = house.work / "distroless"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        found = [debs.layer(deb, work) for deb in debs.fetch(SUITE, STATIC, house.work)]
        found += common(work, house, authorities)
        found += [debs.layer(deb, work) for deb in debs.fetch(SUITE, self.packages, house.work)]
        if self.node:
            found.append(whole_node(self, house, work) if self.npm else node(self.node, house, work))
        if self.links:
            with layers.tar(work / "links.tar") as archive:
                for name, target in self.links:
                    put_link(archive, name, target)
            found.append(closed(work / "links.tar", "links"))
        return layers.image(work / "image", found, self.config(authorities))

    def config(self, authorities: Authorities | None) -> dict[str, Any]:
        """User, working directory and environment as the originals have them, and the host's authorities' variables."""
        trusted = [f"{key}={value}" for key, value in (authorities.environment() if authorities else {}).items()]
        whole: dict[str, Any] = {
            "User": "0",
            "WorkingDir": "/",
            "Env": [f"PATH={PATH}", f"SSL_CERT_FILE=/{BUNDLE}", *self.environment, *trusted],
        }
        return {**whole, "Entrypoint": list(self.entrypoint)} if self.entrypoint else whole


def common(work: Path, house: House, authorities: Authorities | None) -> list[Layer]:
    """The layers of each image that no package brings."""
    made = []

    def add(name: str, *files: tuple[str, str], mode: int = 0o644) -> None:
        with layers.tar(work / f"{name}.tar") as archive:
            for path, text in files:
                put(archive, path, text.encode(), mode)
        made.append(closed(work / f"{name}.tar", name))

    with layers.tar(work / "root.tar") as archive:
        put_folder(archive, ".")
    made.append(closed(work / "root.tar", "root directory"))
    add("passwd", ("./etc/passwd", PASSWD))
    with layers.tar(work / "home.tar") as archive:
        put_folder(archive, "./root", 0o700)
        put_folder(archive, "./home")
        put_folder(archive, "./home/nonroot", 0o700, NONROOT)
    made.append(closed(work / "home.tar", "home directories"))
    add("group", ("./etc/group", GROUP))
    with layers.tar(work / "tmp.tar") as archive:
        put_folder(archive, "./tmp", 0o1777)
    made.append(closed(work / "tmp.tar", "/tmp"))
    add("nsswitch", ("./etc/nsswitch.conf", NSSWITCH))
    add("os-release", ("./usr/lib/os-release", OS_RELEASE), mode=0o755)
    bundle, copyright = certificates(house)
    add(
        "certificates",
        (f"./{BUNDLE}", authorities.bundle if authorities else bundle),
        ("./usr/share/doc/ca-certificates/copyright", copyright),
    )
    return made


def certificates(house: House) -> tuple[str, str]:
    """Debian's authorities one after the other, by file name, and the licence they come under."""
    (package,) = debs.fetch(SUITE, ("ca-certificates",), house.work)
    bundle = debs.member(package, "./usr/share/ca-certificates/")
    licence = debs.member(package, "./usr/share/doc/ca-certificates/copyright")
    return b"".join(bundle.values()).decode(), b"".join(licence.values()).decode()


def node(version: str, house: House, work: Path) -> Layer:
    """Node's own program and its licence in /nodejs; neither npm nor headers."""
    parts.gather({"node": version}, house.parts, work)
    with tarfile.open(work / "node.tgz") as package, layers.tar(work / "node.tar") as archive:
        put_folder(archive, "./nodejs")
        put_folder(archive, "./nodejs/bin")
        for name, mode in (("bin/node", 0o755), ("LICENSE", 0o644)):
            content = package.extractfile(f"package/{name}")
            put(archive, f"./nodejs/{name}", content.read() if content else b"", mode)
    return closed(work / "node.tar", f"Node {version}")


def whole_node(wanted: Distroless, house: House, work: Path) -> Layer:
    """All of Node's package, and npm where Node's own releases have it; no links to npm: they need env."""
    parts.gather({"node": wanted.node, "npm": wanted.npm}, house.parts, work)
    with layers.tar(work / "node.tar") as archive:
        put_folder(archive, "./nodejs")
        for name, below in (("node", "./nodejs"), ("npm", "./nodejs/lib/node_modules/npm")):
            with tarfile.open(work / f"{name}.tgz") as package:
                for entry in package:
                    path = entry.name.partition("/")[2]
                    if entry.isreg() and (name, path) != ("node", "package.json"):
                        content = package.extractfile(entry)
                        mode = 0o755 if entry.mode & 0o100 else 0o644
                        put(archive, f"{below}/{path}", content.read() if content else b"", mode)
    return closed(work / "node.tar", f"Node {wanted.node}, npm {wanted.npm}")


PASSWD = f"""\
root:x:0:0:root:/root:/sbin/nologin
nobody:x:{NOBODY}:{NOBODY}:nobody:/nonexistent:/sbin/nologin
nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin
"""
GROUP = f"root:x:0:\nnobody:x:{NOBODY}:\ntty:x:5:\nstaff:x:50:\nnonroot:x:{NONROOT}:\n"
NSSWITCH = """\
passwd: compat
group: compat
shadow: compat
gshadow: files
hosts: files dns
networks: files
protocols: db files
services: db files
ethers: db files
rpc: db files
netgroup: nis
"""
OS_RELEASE = f"""\
PRETTY_NAME="Distroless"
NAME="Debian GNU/Linux"
ID="debian"
VERSION_ID="{RELEASE}"
VERSION="Debian GNU/Linux {RELEASE} ({SUITE})"
HOME_URL="{HOME}"
SUPPORT_URL="{HOME}/blob/master/README.md"
BUG_REPORT_URL="{HOME}/issues/new"
"""
