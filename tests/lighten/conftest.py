"""A state directory of its own, a project, the scripted engine for each test of the loop; a store for real builds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_base import Store, require_engine, store_in
from scripted_engine import ScriptedEngine
from scripted_run import make_project


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "state"
    monkeypatch.setenv("JETTISON_STATE", str(place))
    return place


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Of Buildah, with the base image in it, for what is really built."""
    require_engine()
    with store_in(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "app")


@pytest.fixture
def engine(tmp_path: Path) -> ScriptedEngine:
    return ScriptedEngine(tmp_path / "engine")
