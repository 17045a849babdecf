"""A compiler's cache, built by buildah: mounted, timed with one file changed, and empty where a build is cold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bad_project import environment, optimize
from engine_base import BASE, Store

pytestmark = pytest.mark.engine
# the base has no Go: this one takes its time where its cache holds nothing, and says how it was
GO = """#!/bin/sh
cache=/root/.cache/go-build
test -e $cache/known || sleep 4
mkdir -p $cache && touch $cache/known
cp main.go /server
"""
DOCKERFILE = f"""FROM {BASE} AS build
COPY --chmod=755 go /bin/go
WORKDIR /src
COPY main.go go.mod ./
RUN go build -o /server .
FROM {BASE}
COPY --from=build /server /www/index.html
USER app
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
BETTER = DOCKERFILE.replace("RUN go", "RUN --mount=type=cache,target=/root/.cache/go-build go")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "go").write_text(GO)
    (folder / "main.go").write_text("package main\n")
    (folder / "go.mod").write_text("module app\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n.git\n")
    return folder


def run(project: Path, store: Store, *arguments: str) -> dict[str, Any]:
    variables = environment(project.parent / "state", **store.environment)
    rule = ("--select", "build-cache-not-mounted")
    answer = optimize(project, "--engine", "buildah", "--format", "json", *rule, *arguments, variables=variables)
    assert 0 == answer.code, answer.stderr
    return json.loads(answer.stdout)


def test_a_source_change_finds_what_the_compiler_remembered(project: Path, store: Store) -> None:
    ledger = run(project, store, "--cold-times", "--write")
    (step,) = ledger["steps"]
    assert ("kept-cache", 0, 0) == (step["verdict"], step["predicted"], step["measured"])
    assert step["predicted_seconds"] is None  # how much a compiler remembers, nobody knows before
    assert (BETTER, "lossless") == (ledger["result"]["dockerfile"], step["applicability"])
    times = step["rebuild_seconds"]
    assert "main.go" == times["changed"]
    assert times["before"] > 4
    assert times["before"] - times["after"] >= 1
    assert step["cold"]
    assert step["build_seconds"] > 4  # a machine that never built it has nothing in the mount
    assert ledger["verification"]["held"]
    assert BETTER == (project / "Dockerfile").read_text()
    assert [] == run(project, store)["steps"]  # written back, nothing more is found
    assert [] == list((project.parent / "state").glob("**/go-build"))  # what the mounts held is gone
