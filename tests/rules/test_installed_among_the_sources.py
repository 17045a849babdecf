"""dependencies-installed-after-the-sources where node_modules lies in the folder: left out with it, or told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of

from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.rule import Finding
from jettison.rules.dependencies_installed_after_the_sources import dependencies_installed_after_the_sources
from jettison.subject import IgnoreFile

BAD = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD node src/a.js\n"
MANIFESTS = "COPY package-lock.json package.json ./"
GOOD = f"FROM node:20\nWORKDIR /app\n{MANIFESTS}\nRUN npm install\nCOPY . .\nCMD node src/a.js\n"
HISTORY = 40_000  # bytes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    sizes = {"package.json": 2, "package-lock.json": 2, "src/a.js": 10, "docs/a.md": 10, "node_modules/x/index.js": 50}
    for name, size in {**sizes, ".git/pack": HISTORY}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{" + b" " * (size - 2) + b"}")
    return tmp_path


def look(project: Path, text: str = BAD, **more: object) -> Finding:
    layers = f"3 app/.git/pack {HISTORY}\n3 app/node_modules/x/index.js 50\n4 app/large 900000000\n"
    (found,) = dependencies_installed_after_the_sources(replace(subject_of(text, layers), context=project, **more))
    return found


def test_an_ignore_file_leaves_it_out_in_the_same_step(project: Path) -> None:
    found = look(project)
    assert found.fix is not None
    assert GOOD == apply(BAD, found.fix.edits)
    ((name, text),) = found.fix.files
    named = [line for line in text.splitlines() if not line.startswith("#")]
    assert (".dockerignore", {"node_modules", ".git", ".dockerignore"}) == (name, set(named))
    assert Applicability.TESTED is found.fix.applicability
    title = "copy package-lock.json and package.json first, install, then copy the rest"
    assert f"write a .dockerignore of 3 lines, {title}" == found.fix.title


def test_what_no_longer_ships_is_predicted_and_what_is_installed_instead_is_not(project: Path) -> None:
    assert HISTORY - 4 == look(project).predicted  # the manifests are there twice


@pytest.mark.parametrize(
    "ignore",
    [IgnoreFile("Dockerfile.dockerignore", "x\n", beside=True), IgnoreFile(text="x\n", given=True)],
    ids=["beside the Dockerfile", "on the command line"],
)
def test_another_ignore_file_is_left_to_its_owner(project: Path, ignore: IgnoreFile) -> None:
    found = look(project, ignore=ignore)
    assert (None, "line 3 would copy node_modules/x/index.js over what was installed there") == (
        found.fix,
        found.refusal,
    )


def test_without_a_lock_file_that_folder_holds_the_versions(project: Path) -> None:
    (project / "package-lock.json").unlink()
    assert look(project).fix is None
    assert look(project, text=BAD.replace("/app", "/srv/blockchain")).fix is None
