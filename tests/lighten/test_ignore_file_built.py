"""A project full of what nobody needs, built by buildah: smaller by what was predicted, and untouched until --write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bad_project import Answer, environment, fingerprint, optimize
from engine_base import BASE, Store

from jettison.image.open import open_image

pytestmark = pytest.mark.engine
BY_HAND = "localhost/by-hand:1"
DOCKERFILE = f"""FROM {BASE}
COPY . /www
RUN chown -R app /www
USER app
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
JUNK = {
    ".git/HEAD": 23,
    ".git/objects/pack/pack-1.pack": 400_000,
    "documentation/manual.pdf": 1_500_000,
    "documentation/deep/notes.txt": 20_000,
    "test/large.test": 300_000,
    ".pytest_cache/v/lastfailed": 10_000,
    "coverage/report.html": 200_000,
    "pages/__pycache__/x.cpython-311.pyc": 5_000,
    "npm-debug.log": 1_000,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for name, size in JUNK.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() * (size // len(name) + 1))
        with (folder / name).open("rb+") as stream:
            stream.truncate(size)
    (folder / "index.html").write_text('<p>hello</p><a href="/pages/other.html">more</a>\n')
    (folder / "pages" / "other.html").write_text("<p>another page</p>\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def run(project: Path, store: Store, *arguments: str) -> tuple[Answer, dict[str, Any]]:
    variables = environment(project.parent / "state", **store.environment)
    rule = ("--select", "context-files-never-read")
    answer = optimize(project, "--engine", "buildah", "--format", "json", *rule, *arguments, variables=variables)
    assert 0 == answer.code, answer.stderr
    return answer, json.loads(answer.stdout)


def build_by_hand(project: Path, store: Store) -> None:
    """What the user would type."""
    options = ("--layers", "--format", "docker", "--isolation", "chroot", "--network", "host")
    store.buildah("bud", *options, "-t", BY_HAND, str(project))


def junk(project: Path) -> int:
    """Bytes of everything but the two pages."""
    files = [path for path in project.rglob("*") if path.is_file() and path.suffix != ".html"]
    return sum(path.stat().st_size for path in files) + JUNK["coverage/report.html"]


def test_the_image_loses_what_was_predicted_and_the_project_nothing(project: Path, store: Store) -> None:
    before, expected = fingerprint(project), 2 * junk(project)  # copied once, and once more for its owner
    _, ledger = run(project, store)
    (step,) = ledger["steps"]
    assert ("kept", expected, expected) == (step["verdict"], step["predicted"], step["measured"])
    assert ledger["before"]["sizes"]["unpacked"] - expected == ledger["after"]["sizes"]["unpacked"]
    assert before == fingerprint(project)
    assert 2 <= ledger["contract"]["exercised"]
    assert 0 == ledger["verification"]["drift"]


def test_what_was_written_builds_the_image_that_was_proven_and_leaves_nothing_to_find(
    project: Path, store: Store
) -> None:
    dockerfile = (project / "Dockerfile").read_bytes()
    answer, ledger = run(project, store, "--write")
    assert f"wrote {project}/.dockerignore" in answer.stderr
    assert ledger["result"]["files"][".dockerignore"] == (project / ".dockerignore").read_text()
    assert dockerfile == (project / "Dockerfile").read_bytes()
    build_by_hand(project, store)
    name = store.buildah("from", BY_HAND).strip()
    root = Path(store.buildah("mount", name).strip())
    built = {str(path.relative_to(root)) for path in (root / "www").rglob("*") if path.is_file()}
    store.buildah("rm", name)
    assert {"www/index.html", "www/pages/other.html"} == built
    _, again = run(project, store)
    assert ([], False) == (again["steps"], again["result"]["changed"])


def test_documentation_that_is_served_stays_and_the_rest_goes(project: Path, store: Store) -> None:
    (project / "documentation").rename(project / "docs")  # an address that is asked for
    (project / "coverage" / "more").write_bytes(b"x" * 600_000)  # so that the rest is worth a build
    _, ledger = run(project, store)
    undone, kept = ledger["steps"]
    assert ("broke-contract", "kept") == (undone["verdict"], kept["verdict"])
    assert "/docs: status 404, was 302" in undone["reason"]
    assert "docs" not in ledger["result"]["files"][".dockerignore"]
    assert undone["measured"] - 2 * (1_820_000) == kept["measured"] == kept["predicted"]


@pytest.mark.parametrize("name", ["Dockerfile.dockerignore", "Dockerfile.containerignore", ".containerignore"])
def test_v0_is_what_its_user_builds_also_with_an_ignore_file_of_another_name(
    project: Path, store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / name).write_text(".git\ncoverage\ntest\n.pytest_cache\n**/__pycache__\n*.log\nDockerfile*\n.*ignore\n")
    (project / ".dockerignore").write_text("pages\n")  # does not count beside the other
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", store.environment["CONTAINERS_STORAGE_CONF"])
    _, ledger = run(project, store)
    build_by_hand(project, store)
    assert open_image(f"containers-storage:{BY_HAND}").sizes.unpacked == ledger["before"]["sizes"]["unpacked"]
    assert [] == ledger["steps"]  # docs would go, but not by a .dockerignore
