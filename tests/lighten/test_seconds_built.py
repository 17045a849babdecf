"""An install behind the sources, built by buildah: put first, timed with one file changed, equal but for its order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bad_project import Answer, environment, fingerprint, optimize
from engine_base import BASE, Store

pytestmark = pytest.mark.engine
# the base has no pip: this one writes what it is told to, and takes its time
PIP = """#!/bin/sh
sleep 8
mkdir -p /modules && cat requirements.txt > /modules/installed && date > /modules/when
"""
DOCKERFILE = f"""FROM {BASE}
COPY --chmod=755 pip /bin/pip
WORKDIR /www
COPY . .
RUN pip install -r requirements.txt
RUN cat src/app.py > index.html
USER app
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
BETTER = DOCKERFILE.replace("COPY . .\nRUN pip", "COPY requirements.txt ./\nRUN pip").replace(
    "RUN cat", "COPY . .\nRUN cat"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "src").mkdir(parents=True)
    (folder / "pip").write_text(PIP)
    (folder / "requirements.txt").write_text("flask==3.0\n")
    (folder / "src" / "app.py").write_text("print('hello')\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n.git\n")
    return folder


def run(project: Path, store: Store, *arguments: str) -> tuple[Answer, dict[str, Any]]:
    variables = environment(project.parent / "state", **store.environment)
    rule = ("--select", "dependencies-installed-after-the-sources")
    answer = optimize(project, "--engine", "buildah", "--format", "json", *rule, *arguments, variables=variables)
    assert 0 == answer.code, answer.stderr
    return answer, json.loads(answer.stdout)


def test_the_install_is_taken_from_the_cache_after_a_source_change(project: Path, store: Store) -> None:
    before = fingerprint(project)
    _, ledger = run(project, store)
    (step,) = ledger["steps"]
    size = (project / "requirements.txt").stat().st_size
    assert ("kept-cache", -size, -size) == (step["verdict"], step["predicted"], step["measured"])
    assert (BETTER, "lossless") == (ledger["result"]["dockerfile"], step["applicability"])
    times = step["rebuild_seconds"]
    assert "src/app.py" == times["changed"]
    assert times["before"] > 8  # the install slept
    assert times["before"] - times["after"] >= 1
    assert 0 == ledger["verification"]["drift"]
    assert ledger["verification"]["held"]
    assert before == fingerprint(project)


def test_written_back_nothing_more_is_found(project: Path, store: Store) -> None:
    run(project, store, "--write")
    assert BETTER == (project / "Dockerfile").read_text()
    _, again = run(project, store)
    assert [] == again["steps"]
