"""Packages from npm's registry: by npm where it is installed, else over HTTPS with the registry's own checksum."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import shutil
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from standins.errors import StandInError
from standins.tools import run

REGISTRY = "https://registry.npmjs.org"
ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}


def package_name(part: str) -> str:
    """The package of a part; Node's own binaries are packaged by architecture."""
    if part != "node":
        return part
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise StandInError(f"no Node package for {machine}", "use a machine with x86-64 or arm64", 3)
    return f"node-linux-{ARCHITECTURES[machine]}"


def gather(parts: Mapping[str, str], shelf: Path, into: Path) -> None:
    """Each part as `NAME.tgz` in `into`; fetched once and kept on the shelf."""
    for part, version in parts.items():
        kept = shelf / f"{package_name(part)}-{version}.tgz"
        if not kept.is_file():
            fetch(package_name(part), version, kept)
        shutil.copyfile(kept, into / f"{part}.tgz")


def fetch(package: str, version: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if shutil.which("npm"):
            run(["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"])
            found = next(Path(folder).glob("*.tgz"), None)
        else:
            found = download(package, version, Path(folder))
        if found is None:
            raise StandInError(f"npm pack {package}@{version} wrote nothing", "run it by hand to see")
        found.replace(target)


def download(package: str, version: str, folder: Path) -> Path:
    """The tarball that the registry names, checked against its `dist.integrity`."""
    registry = (os.environ.get("NPM_CONFIG_REGISTRY") or REGISTRY).rstrip("/")
    try:
        with urllib.request.urlopen(f"{registry}/{package}/{version}", timeout=60) as answer:
            facts = json.load(answer)["dist"]
        with urllib.request.urlopen(facts["tarball"], timeout=600) as answer:
            content = answer.read()
    except (OSError, ValueError, KeyError) as error:
        raise StandInError(f"{package}@{version} cannot be had from {registry}: {error}", "the network") from error
    algorithm, _, expected = facts["integrity"].partition("-")
    found = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    if found != expected:
        raise StandInError(f"{package}@{version} is not what {registry} promised: {found}", "try again")
    target = folder / f"{package}.tgz"
    target.write_bytes(content)
    return target
