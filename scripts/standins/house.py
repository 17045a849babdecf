"""Where everything lies: one directory, with the two configuration files that buildah is pointed at."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{graph}"
runroot = "{run}"
"""

# The mirror is asked first. The registries themselves stay behind it, for names that were never ensured.
REGISTRIES = """\
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"

[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "127.0.0.1:{port}"
insecure = true

[[registry]]
prefix = "gcr.io"
location = "gcr.io"

[[registry.mirror]]
location = "127.0.0.1:{port}/gcr.io"
insecure = true
"""


@dataclass(frozen=True)
class House:
    """The one directory. Nothing is written outside it.

    `store` names one of several storages of images, for builds beside each other; they share the mirror.
    """

    root: Path
    store: str = ""

    @property
    def storage_conf(self) -> Path:
        return self._of_store("storage").with_suffix(".conf")

    @property
    def registries_conf(self) -> Path:
        return self.root / "registries.conf"

    @property
    def registry_conf(self) -> Path:
        return self.root / "registry" / "config.json"

    @property
    def graph(self) -> Path:
        return self._of_store("storage")

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def parts(self) -> Path:
        return self.root / "parts"

    def _of_store(self, name: str) -> Path:
        return self.root / "-".join(filter(None, (name, self.store)))

    def furnish(self) -> None:
        """Make the directory and the storage configuration."""
        for folder in (self.root, self.registry_conf.parent, self.work, self.parts):
            folder.mkdir(parents=True, exist_ok=True)
        write(self.storage_conf, STORAGE.format(graph=self.graph, run=self._of_store("run")))

    def point_at(self, port: int) -> None:
        """Make the mirror's port known to buildah."""
        write(self.registries_conf, REGISTRIES.format(port=port))

    def environment(self) -> dict[str, str]:
        """What a build needs to see only this house: its storage and its mirror."""
        return {
            "CONTAINERS_STORAGE_CONF": str(self.storage_conf),
            "CONTAINERS_REGISTRIES_CONF": str(self.registries_conf),
        }

    def records(self) -> dict[str, dict[str, Any]]:
        """What was made or pulled, by name; empty where nothing was or the file is damaged."""
        try:
            found = json.loads((self.root / "standins.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def record(self, name: str, facts: dict[str, Any]) -> None:
        write(self.root / "standins.json", json.dumps({**self.records(), name: facts}, indent=1, sort_keys=True) + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time: a second process waits, and then finds the work done."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def default_directory() -> Path:
    """`$XDG_CACHE_HOME/jettison-standins`, or below `~/.cache`."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if cache.startswith("/") else Path.home() / ".cache") / "jettison-standins"


def write(path: Path, text: str) -> None:
    """Replace a file whole, so that a reader never sees half of it; unchanged text leaves the file alone."""
    if path.is_file() and path.read_text("utf-8") == text:
        return
    new = path.with_name(path.name + ".new")
    new.write_text(text, "utf-8")
    new.replace(path)
