"""A real docker-registry for all tests of this room, and an environment in which no login and no mirror is set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faulty_proxy import Fault, Proxy, proxied
from registry_server import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, OCI_MANIFEST, Server, installed, served

from jettison.registry.patience import Patience

QUICK = Patience(tries=4, first=0.01, longest=0.05, told=2, connect=5, read=4, headers=8)  # a busy machine is no stall


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user without any configuration, who has read no image before."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("JETTISON_CACHE", str(home / "cache"))
    (home / "registries.conf").write_text("")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(home / "registries.conf"))
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return home


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not installed():
        pytest.skip("needs docker-registry")
    with served(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def quick() -> Patience:
    """Patience for tests: all waits are short, and there are as many as in earnest."""
    return QUICK


@pytest.fixture
def faulty(registry: Server) -> Iterator[Callable[..., Proxy]]:
    """A proxy before the registry, with these faults."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(*faults: Fault) -> Proxy:
            return stack.enter_context(proxied(registry.port, *faults))

        yield make


@pytest.fixture(scope="session")
def push(registry: Server) -> Callable[..., str]:
    """`push(made, "name:tag")` puts an image into the registry, and gives its manifest's digest."""
    import json

    def put(made: object, name: str, *, docker: bool = False) -> str:
        repository, _, tag = name.partition(":")
        for blob in (*made.blobs, made.config):  # type: ignore[attr-defined]
            registry.push_blob(repository, blob)
        manifest = json.loads(made.manifest)  # type: ignore[attr-defined]
        if docker:
            manifest["mediaType"] = DOCKER_MANIFEST
            manifest["config"]["mediaType"] = DOCKER_CONFIG
            for layer in manifest["layers"]:
                layer["mediaType"] = DOCKER_LAYER
        media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        return registry.push_manifest(repository, tag, json.dumps(manifest).encode(), media_type)

    return put
