"""CPython as the official images have it: built once from the upstream release that Debian keeps, then on the shelf.

How it is configured, installed and cleaned follows docker-library/python (3.11/bookworm, 3.11/slim-bookworm).
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standins import pypi
from standins.pypi import Wheel
from standins.tools import run

# What the official slim image installs to build, and purges again; all of it is in buildpack-deps, but for three.
PACKAGES = (
    "dpkg-dev gcc libbluetooth-dev libbz2-dev libc6-dev libdb-dev libffi-dev libgdbm-dev liblzma-dev "
    "libncursesw5-dev libreadline-dev libsqlite3-dev libssl-dev make tk-dev uuid-dev xz-utils zlib1g-dev"
)

# apt checks the archive's signature; the digest says that this is still the release we know.
# Not as in the official images: no --enable-optimizations and no --with-lto, which take an hour more.
# The interpreter is linked again: it must find its own library, not another of its version. What `install` compiles is
# removed below, so only the uppermost modules are (-r 0).
BUILD = """\
set -eux
export DEBIAN_FRONTEND=noninteractive
sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources
apt-get update -qq
apt-get install -qq -y --no-install-recommends {packages}
mkdir /usr/src/python
cd /usr/src/python
chown _apt . && apt-get source -qq --download-only --tar-only python{series}/bookworm
echo "{sha256}  $(ls *.orig.tar.gz)" | sha256sum --check --strict -
tar -x -f *.orig.tar.gz --strip-components=1
./configure -q --build="$(dpkg-architecture --query DEB_BUILD_GNU_TYPE)" --enable-loadable-sqlite-extensions \\
  --enable-option-checking=fatal --enable-shared --with-ensurepip
cflags="$(dpkg-buildflags --get CFLAGS)"
ldflags="$(dpkg-buildflags --get LDFLAGS)"
make -s -j "$(nproc)" EXTRA_CFLAGS="$cflags" LDFLAGS="$ldflags"
rm python
make -s EXTRA_CFLAGS="$cflags" LDFLAGS="$ldflags,-rpath='\\$\\$ORIGIN/../lib'" python
make -s install COMPILEALL_OPTS="-j0 -r 0"
gdb=/usr/share/gdb/auto-load/usr/local/bin
mkdir -p $gdb
cp Tools/gdb/libpython.py $gdb/python{series}-gdb.py
find /usr/local -depth \\( -type d \\( -name test -o -name tests -o -name idle_test \\) \\
  -o -type f \\( -name '*.pyc' -o -name '*.pyo' -o -name 'libpython*.a' \\) \\) -exec rm -rf {{}} +
ldconfig
export PYTHONDONTWRITEBYTECODE=1
pip3 install --no-index --no-compile --no-cache-dir --disable-pip-version-check --root-user-action=ignore /mnt/*.whl
# Certificates of the host are the base's, and a folder for fonts is fontconfig's.
others='--exclude=usr/local/share/ca-certificates --exclude=usr/local/share/fonts'
tar -c -z -f /mnt/python.tgz --owner=0 --group=0 -C / $others usr/local usr/share/gdb/auto-load/usr
# What the libraries come from stays installed in the slim image, whose own programs are stripped.
find /usr/local -type f -executable ! -name '*tkinter*' -exec ldd {{}} + 2>/dev/null \\
  | awk '$2 == "=>" && $3 !~ "^/usr/local/" {{ sub("^/(usr/)?", "*", $3); print $3 }}' | sort -u \\
  | xargs dpkg-query --search | cut -d: -f1 | sort -u > /mnt/packages
find /usr/local \\( -name '*.so*' -o -name 'python{series}' \\) -type f -exec strip --strip-all {{}} +
tar -c -z -f /mnt/python-slim.tgz --owner=0 --group=0 -C / $others usr/local
"""

LINKS = """\
RUN cd /usr/local/bin \\
 && for name in idle pip pydoc python; do ln -s ${{name}}3 $name; done && ln -s python3-config python-config
CMD ["python3"]
"""

FULL = """\
FROM buildpack-deps:bookworm
ENV PATH /usr/local/bin:$PATH
ENV LANG C.UTF-8
RUN apt-get update \\
 && apt-get install -y --no-install-recommends libbluetooth-dev tk-dev uuid-dev && rm -rf /var/lib/apt/lists/*
ENV PYTHON_VERSION {version}
RUN tar -x -f /mnt/python.tgz -C / && ldconfig && export PYTHONDONTWRITEBYTECODE=1 \\
 && python3 --version && pip3 --version
"""

SLIM = """\
FROM debian:bookworm-slim
ENV PATH /usr/local/bin:$PATH
ENV LANG C.UTF-8
RUN apt-get update \\
 && apt-get install -y --no-install-recommends ca-certificates netbase tzdata && rm -rf /var/lib/apt/lists/*
ENV PYTHON_VERSION {version}
RUN apt-get update && apt-get install -y --no-install-recommends $(cat /mnt/packages) && rm -rf /var/lib/apt/lists/* \\
 && tar -x -f /mnt/python-slim.tgz -C / && ldconfig && export PYTHONDONTWRITEBYTECODE=1 \\
 && python3 --version && pip3 --version
"""


@dataclass(frozen=True)
class Python:
    """A release: the digest of its source, and the wheels that the official image adds to it."""

    version: str
    sha256: str
    wheels: tuple[Wheel, ...]

    @property
    def series(self) -> str:
        return self.version.rpartition(".")[0]

    @property
    def script(self) -> str:
        return BUILD.format(packages=PACKAGES, series=self.series, sha256=self.sha256)

    @property
    def fingerprint(self) -> str:
        """Changes when another tree would be built."""
        return hashlib.sha256(repr((self, self.script)).encode()).hexdigest()

    def dockerfile(self, *, slim: bool) -> str:
        return (SLIM if slim else FULL).format(version=self.version) + LINKS.format()

    def gather(self, on: str, kept: Path, shelf: Path, environment: Mapping[str, str]) -> None:
        """The built trees into `shelf`; built upon the image `on` where nobody did before. Raises StandInError."""
        folder = kept / f"python-{self.version}-{platform.machine()}-{self.fingerprint[:12]}"
        if not folder.is_dir():
            self.build(on, kept, folder, environment)
        for path in folder.iterdir():
            shutil.copyfile(path, shelf / path.name)

    def build(self, on: str, kept: Path, folder: Path, environment: Mapping[str, str]) -> None:
        """About three minutes on two cores."""
        making = kept / "python-making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        pypi.gather(self.wheels, kept, making)
        (making / "build.sh").write_text(self.script)
        container = run(["buildah", "from", "--pull=false", f"docker.io/library/{on}"], environment).strip()
        try:
            inside = ["buildah", "run", "--isolation", "chroot", "--network", "host", "--user", "root"]
            run([*inside, "--volume", f"{making}:/mnt:rw", container, "--", "sh", "/mnt/build.sh"], environment)
        finally:
            run(["buildah", "rm", container], environment)
        (making / "build.sh").unlink()
        for wheel in self.wheels:
            (making / wheel.file).unlink()
        making.replace(folder)


PYTHON_311 = Python(
    "3.11.2",
    "2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849",
    (
        Wheel("setuptools-65.5.1-py3-none-any.whl", "d0b9a8433464d5800cbe05094acf5c6d52a91bfac9b52bcfc4d41382be5d5d31"),
        Wheel("wheel-0.45.1-py3-none-any.whl", "708e7481cc80179af0e556bbf0cc00b8444c7321e2700b8d8580231d13017248"),
    ),
)
