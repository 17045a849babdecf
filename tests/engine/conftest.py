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
from processes import processes_of

from jettison.engine import leftovers
from jettison.engine.buildah import Buildah
from jettison.engine.buildah_sandbox import BuildahSandbox
from jettison.engine.find import find_engine
from jettison.engine.model import PREFIX, BuildRequest, Built, RunOptions

RUN_ID = "engine-tests"
Make = Callable[..., Built]
Start = Callable[..., BuildahSandbox]


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


@pytest.fixture
def begin(engine: Buildah, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts the base's image; afterwards nothing may be left of any container."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    started: list[BuildahSandbox] = []

    def start(*command: str, image: str = BASE, **options: object) -> BuildahSandbox:
        values = {"command": command or None, "label": "sandbox-tests", **options}
        sandbox = engine.start(image, RunOptions(**values))  # type: ignore[arg-type]
        assert isinstance(sandbox, BuildahSandbox)
        started.append(sandbox)
        return sandbox

    yield start
    for sandbox in started:
        sandbox.close()
    names = [one.name for one in leftovers.working_containers(store.graph_root)]
    assert [] == names
    assert [] == list((tmp_path / "temporary").iterdir())
    assert [] == [pid for sandbox in started for pid in processes_of(sandbox.name)]
    mounts = Path("/proc/self/mounts").read_text()
    assert (False, 0) == (str(tmp_path) in mounts, mounts.count(f"{store.graph_root}/overlay/"))


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
