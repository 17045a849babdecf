"""A store of the tests' own, and projects whose application is a static busybox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bad_project import environment
from engine_base import BASE, Store, require_engine, store_in

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    require_engine()
    with store_in(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def variables(store: Store, tmp_path: Path) -> dict[str, str]:
    """What jettison runs with: the tests' store, a state directory and temporary files of its own."""
    (tmp_path / "temporary").mkdir()
    return environment(tmp_path / "state", TMPDIR=str(tmp_path / "temporary"), **store.environment)


@pytest.fixture
def make_project(tmp_path: Path) -> Make:
    """A project FROM the base, with the given lines and files beside its Dockerfile."""

    def make(dockerfile: str, **files: str) -> Path:
        project = tmp_path / "project"
        project.mkdir()
        (project / "Dockerfile").write_text(f"FROM {BASE}\n{dockerfile}")
        for name, text in files.items():
            (project / name).write_text(text)
            (project / name).chmod(0o755)
        return project

    return make
