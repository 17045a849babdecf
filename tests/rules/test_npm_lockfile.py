"""npm-install-with-a-lockfile, on small projects: only with a lock file, and only with one that fits."""

from __future__ import annotations

import json

import pytest

from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.npm_install_with_a_lockfile import npm_install_with_a_lockfile
from jettison.subject import Text

TEXT = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install --no-audit && npm run build\n"
DEPENDENCIES = {"dependencies": {"fastify": "^4.0.0"}, "devDependencies": {"typescript": "5.5.3"}}
PACKAGE = {"name": "a", "scripts": {"build": "tsc"}, **DEPENDENCIES}
LOCK = {"lockfileVersion": 3, "packages": {"": {"name": "a", **DEPENDENCIES}, "node_modules/fastify": {}}}


def findings(folder, text=TEXT, **files):
    for name, document in {"package": PACKAGE, **files}.items():
        (folder / f"{name.replace('_', '-')}.json").write_text(json.dumps(document))
    dockerfile = parse(text)
    return list(npm_install_with_a_lockfile(Text(dockerfile, folder, dockerfile.stages[-1])))


def test_a_lock_file_that_fits_is_a_proposal_of_npm_ci(tmp_path):
    (found,) = findings(tmp_path, package_lock=LOCK)
    assert TEXT.replace("npm install", "npm ci") == apply(TEXT, found.fix.edits)
    assert (Applicability.PROPOSED, 0) == (found.fix.applicability, found.predicted)
    assert found.proposal


def test_without_a_lock_file_nothing_is_said(tmp_path):
    assert [] == findings(tmp_path)


@pytest.mark.parametrize("text", [TEXT.replace("COPY . .", "COPY package.json ./"), TEXT.replace("install", "ci")])
def test_nor_where_it_is_not_copied_or_used_already(tmp_path, text):
    assert [] == findings(tmp_path, text, package_lock=LOCK)


@pytest.mark.parametrize("words", ["npm install express", "npm install -g x", "npm install $WHAT"])
def test_nor_of_other_packages(tmp_path, words):
    text = TEXT.replace("npm install --no-audit", words)
    assert [] == findings(tmp_path, text, package_lock=LOCK)


@pytest.mark.parametrize(
    ("lock", "reason"),
    [
        ({**LOCK, "packages": {"": {"dependencies": {"fastify": "^3.0.0"}}}}, "differ in their dependencies"),
        ({**LOCK, "packages": {"": {"dependencies": DEPENDENCIES["dependencies"]}}}, "differ in their devDependencies"),
        ({"lockfileVersion": 1, "dependencies": {}}, "npm before 7 wrote it"),
        ([], "npm before 7 wrote it"),
    ],
    ids=["other-version", "missing", "old", "no-object"],
)
def test_a_lock_file_that_does_not_fit_is_a_reason_not_to(tmp_path, lock, reason):
    (found,) = findings(tmp_path, package_lock=lock)
    assert None is found.fix
    assert reason in found.refusal


def test_a_build_stage_and_a_folder_below_are_looked_at_too(tmp_path):
    (tmp_path / "api").mkdir()
    text = "FROM node:20 AS b\nCOPY api/package*.json ./\nRUN npm i\n\nFROM node:20\nCOPY --from=b /x /x\n"
    dockerfile = parse(text)
    for name, document in (("package", PACKAGE), ("package-lock", LOCK)):
        (tmp_path / "api" / f"{name}.json").write_text(json.dumps(document))
    (found,) = npm_install_with_a_lockfile(Text(dockerfile, tmp_path, dockerfile.stages[-1]))
    assert "RUN npm ci\n" in apply(text, found.fix.edits)
