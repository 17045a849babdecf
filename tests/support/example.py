"""A whole example: its bases made sure of, built by hand, optimized by the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXAMPLES = ("apt-service", "node-hello", "node-api", "go-server", "python-api")
_STORE = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")  # one for each process, so that they may build
STANDINS = (sys.executable, str(ROOT / "scripts" / "standins.py"), *(("--store", _STORE) if _STORE != "0" else ()))
FLAGS: dict[str, tuple[str, ...]] = {
    "apt-service": (),
    "node-hello": ("--min-saving", "1MB"),
    "node-api": (),
    "go-server": (),
    "python-api": (),
}  # its npm cache is below 0.5 % of the image


@cache
def environment(*bases: str) -> Mapping[str, str]:
    """Our environment, with an engine that finds these official bases, real or stood in for."""
    subprocess.run([*STANDINS, "ensure", *bases], check=True)
    told = dict(re.findall(r"^export (\w+)=(.*)$", house("env"), re.MULTILINE))
    return {**os.environ, **told}


def house(*words: str) -> str:
    """What `scripts/standins.py` prints of the bases that are there."""
    return subprocess.run([*STANDINS, *words], check=True, capture_output=True, text=True).stdout


def bases(dockerfile: Path) -> tuple[str, ...]:
    """The images that a Dockerfile is FROM, and those beside it (by-hand, expert), and those that a rule may ask for.

    The last are named in `examples/NAME.bases`.
    """
    texts = [path.read_text() for path in (dockerfile, *sorted(dockerfile.parent.glob("Dockerfile.*")))]
    stages = {name for text in texts for name in re.findall(r"^FROM\s+\S+\s+(?:AS|as)\s+(\S+)", text, re.MULTILINE)}
    found = [name for text in texts for name in re.findall(r"^FROM\s+(\S+)", text, re.MULTILINE)]
    beside = dockerfile.parent.with_suffix(".bases")
    found += beside.read_text().split() if beside.exists() else []
    return tuple(name for name in dict.fromkeys(found) if name not in stages | {"scratch"})


@dataclass(frozen=True)
class Optimized:
    """An example after `jettison optimize`: the ledger, and the project with the result in place."""

    project: Path
    ledger: dict[str, Any]
    seconds: float
    environment: Mapping[str, str]


def copy_of(example: str, to: Path) -> Path:
    """The example's files in a directory of their own: a repository, as the directory of a developer is."""
    subprocess.run([str(ROOT / "scripts" / "worked-in"), str(ROOT / "examples" / example), to / example], check=True)
    return to / example


def optimize(
    project: Path, state: Path, *flags: str, engine_environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`jettison optimize PROJECT --format json` with a state directory of its own."""
    command = [sys.executable, "-m", "jettison", "optimize", str(project), "--format", "json", *flags]
    told = {**engine_environment, "JETTISON_STATE": str(state)}
    return subprocess.run(command, capture_output=True, text=True, env=told)


def images_of(ledger: Mapping[str, Any]) -> str:
    """The repository of the images that `--keep-images` left."""
    return str(ledger["result"]["reference"]).partition(":")[2].rpartition(":")[0]


def read_ledger(path: Path) -> dict[str, Any]:
    """The ledger in a file."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found
