"""Debian's packages, unpacked without being installed: fetched by an apt of its own, checked by Debian's signatures."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

from standins.debian import ARCHIVES, KEYRING
from standins.layers import Layer, closed, put, put_folder, tar
from standins.tools import run

STATUS = "./var/lib/dpkg/status.d"


def fetch(suite: str, names: Sequence[str], work: Path) -> list[Path]:
    """The newest packages of the suite and its updates, in that order; kept in `work` for the next that asks.

    The host's release, its pins and its installed packages take no part; its proxies do. Raises StandInError.
    """
    shelf = work / f"debs-{suite}"
    if not shelf.exists():
        furnish(suite, shelf)
    kept = {name: next(shelf.glob(f"{name}_*.deb"), None) for name in names}
    missing = [name for name, path in kept.items() if path is None]
    if missing:
        run(["apt-get", *options(shelf), "download", "--quiet", *missing], cwd=shelf)
    return [next(shelf.glob(f"{name}_*.deb")) for name in names]


def furnish(suite: str, shelf: Path) -> None:
    """Folders for an apt that knows this suite alone, and its lists."""
    for folder in ("lists/partial", "cache/archives/partial", "nothing"):
        (shelf / folder).mkdir(parents=True)
    (shelf / "status").touch()
    lines = [
        f"deb [signed-by={KEYRING}] http://deb.debian.org/{archive} {name} main\n"
        for archive, names in ARCHIVES
        for name in names.format(suite=suite).split()
    ]
    (shelf / "sources.list").write_text("".join(lines))
    run(["apt-get", *options(shelf), "--quiet", "update", "--error-on=any"])


def options(shelf: Path) -> list[str]:
    settings = {
        "Dir::State": str(shelf),
        "Dir::State::Lists": str(shelf / "lists"),
        "Dir::State::status": str(shelf / "status"),
        "Dir::Cache": str(shelf / "cache"),
        "Dir::Etc::sourcelist": str(shelf / "sources.list"),
        "Dir::Etc::sourceparts": str(shelf / "nothing"),
        "Dir::Etc::preferences": str(shelf / "nothing" / "none"),
        "Dir::Etc::preferencesparts": str(shelf / "nothing"),
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def layer(package: Path, into: Path) -> Layer:
    """The package's files, and its description where scanners of distroless look: status.d, and no database of dpkg.

    https://github.com/GoogleContainerTools/distroless/blob/main/PACKAGE_METADATA.md
    """
    name = package.name.partition("_")[0]
    data, control = into / f"{name}.data", into / f"{name}.control"
    for part, target in (("--fsys-tarfile", data), ("--ctrl-tarfile", control)):
        run(["dpkg-deb", part, str(package)], output=target)
    with tar(into / f"{name}.tar") as archive, tarfile.open(data) as files, tarfile.open(control) as facts:
        for entry in files:
            archive.addfile(entry, files.extractfile(entry) if entry.isreg() else None)
        put_folder(archive, STATUS)
        for entry in facts:
            if entry.name in ("./control", "./md5sums"):
                content = facts.extractfile(entry) or io.BytesIO()
                suffix = "" if entry.name == "./control" else ".md5sums"
                put(archive, f"{STATUS}/{name}{suffix}", content.read())
    data.unlink()
    control.unlink()
    return closed(into / f"{name}.tar", package.name)


def member(package: Path, folder: str) -> dict[str, bytes]:
    """The regular files of the package below a folder (`./usr/...`), by name in order."""
    whole = package.with_suffix(".data")
    run(["dpkg-deb", "--fsys-tarfile", str(package)], output=whole)
    with tarfile.open(whole) as files:
        found = {
            entry.name: (files.extractfile(entry) or io.BytesIO()).read()
            for entry in files
            if entry.isreg() and entry.name.startswith(folder)
        }
    whole.unlink()
    return dict(sorted(found.items()))
