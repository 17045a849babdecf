"""An engine with a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_base import BASE, Store, require_engine, store_in

from jettison.engine.buildah import Buildah
from jettison.engine.model import PREFIX, BuildRequest, Built

RUN_ID = "engine-tests"
Make = Callable[..., Built]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    require_engine()
    with store_in(tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def engine(store: Store, monkeypatch: pytest.MonkeyPatch) -> Buildah:
    for key, value in store.environment.items():
        monkeypatch.setenv(key, value)
    return Buildah.find()


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    return folder


@pytest.fixture
def request_of(context: Path) -> Callable[..., BuildRequest]:
    """A build request for a Dockerfile's text, FROM the base put before it."""

    def make(text: str, *, base: str = BASE, **options: object) -> BuildRequest:
        (context / "Dockerfile").write_text(f"FROM {base}\n{text}" if base else text)
        values: dict[str, object] = {"tag": f"{PREFIX}/{RUN_ID}:v0", **options}
        return BuildRequest(context, context / "Dockerfile", **values)  # type: ignore[arg-type]

    return make
