"""An engine with a store of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker_daemon import docker_daemon, docker_with
from engine_base import BASE, Store, require_engine, store_in
from engine_bench import RUN, TAG, Bench

from jettison.engine.buildah import Buildah
from jettison.engine.find import find_engine
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


@pytest.fixture(scope="module")
def daemon():
    with docker_daemon() as host:
        yield host


@pytest.fixture(scope="module", params=["buildah", "podman", "buildkit", "classic"])
def bench(request, tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("conformance")
    context = folder / "context"
    (context / "site").mkdir(parents=True)
    (context / "site" / "page.html").write_text("hello\n")
    with pytest.MonkeyPatch.context() as patch, store_in(tmp_path_factory.mktemp("store")) as store:
        if request.param in ("buildah", "podman"):
            if shutil.which(request.param) is None:
                pytest.skip(f"{request.param} is not installed")
            for key, value in store.environment.items():
                patch.setenv(key, value)
            made = Bench(find_engine(request.param), BASE, context)
        else:
            engine = docker_with(request.param, request.getfixturevalue("daemon"), patch)
            base = f"{PREFIX}/base-{RUN}:1"
            build = ["docker", "build", "-q", "-t", base, str(store.folder / "base")]
            subprocess.run(build, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"})
            made = Bench(engine, base, context)
        yield made
        made.engine.sweep(f"{TAG}:")
        if made.engine.name == "docker":
            made.engine.sweep(f"{PREFIX}/base-{RUN}:")
        shutil.rmtree(folder, ignore_errors=True)
