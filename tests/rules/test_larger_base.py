"""larger-base-than-needed, on handmade bases: what it offers, what it predicts, and when it holds back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from handmade_tree import executable, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.larger_base_than_needed import larger_base_than_needed
from jettison.subject import Subject

STATUS = "var/lib/dpkg/status"


def package(name, depends=""):
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDepends: {depends}\n\n"


FULL = {
    "bin/sh": executable("ELF"),
    "usr/bin/git": executable("x" * 2_000_000),
    "usr/bin/node": executable("n" * 500_000),
    "var/lib/dpkg/info/git.list": "/usr\n/usr/bin\n/usr/bin/git\n",
    STATUS: package("dash") + package("git"),
}
SLIM = {key: value for key, value in FULL.items() if "git" not in key} | {STATUS: package("dash")}
CONFIG = {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["node", "/app/index.js"], "WorkingDir": "/app"}


def subject(text, *layers, slim=SLIM, full=FULL):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    whole = image(full, *layers, config=CONFIG)
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")][: len(layers)]
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    asked = []

    def base(name):
        asked.append(name)
        return image(slim, config=CONFIG) if slim is not None and name.endswith("slim") else None

    return Subject(dockerfile, Path(), whole, alignment, stage, base=base), asked


APP = {"app/index.js": "x"}


def test_the_same_release_without_what_building_needs_is_offered():
    text = "FROM node:20 AS app\nCOPY . /app\nCMD node /app/index.js\n"
    one, asked = subject(text, APP)
    (found,) = larger_base_than_needed(one)
    assert ["node:20-slim", "gcr.io/distroless/nodejs20-debian12"] == asked
    assert "FROM node:20-slim AS app\nCOPY . /app\nCMD node /app/index.js\n" == apply(text, found.fix.edits)
    assert 2_000_000 + len("/usr\n/usr/bin\n/usr/bin/git\n") + len(package("git")) == found.predicted


def test_a_command_of_a_run_that_the_slim_base_lacks_is_a_reason_not_to_try():
    one, _ = subject("FROM node:20\nRUN git clone x /app\n", APP)
    (found,) = larger_base_than_needed(one)
    assert found.fix is None
    assert "node:20-slim lacks what is needed: line 2 calls git" == found.refusal


def test_a_tool_of_the_entry_point_that_the_slim_base_lacks_is_a_reason_not_to_try():
    one, _ = subject("FROM node:20\nCOPY . /app\n", {"app/start": executable("#!/bin/sh\ngit describe\n")})
    config = {**CONFIG, "Cmd": ["/app/start"]}
    one = replace(one, image=replace(one.image, config={"config": config}))
    (found,) = larger_base_than_needed(one)
    assert found.fix is None
    assert "what the entry point calls" in found.refusal


APT = {"usr/bin/apt-get": executable("ELF")}
CALLS_GIT = {"app/start": executable("#!/bin/sh\ngit describe\n")}


def with_cmd(text, slim, files, cmd=("/app/start",)):
    one, _ = subject(text, files, slim=slim, full={**FULL, **APT, "usr/share/more": "m" * 9_000_000})
    config = {**CONFIG, "Cmd": list(cmd)}
    return list(larger_base_than_needed(replace(one, image=replace(one.image, config={"config": config}))))


def test_a_tool_that_is_called_is_installed_upon_the_slim_base_where_that_has_apt():
    (found,) = with_cmd("FROM node:20\nCOPY . /app\n", {**SLIM, **APT}, CALLS_GIT)
    run = "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
    assert f"FROM node:20-slim\n{run}\nCOPY . /app\n" == apply("FROM node:20\nCOPY . /app\n", found.fix.edits)
    assert "apt installs git, which is called there" in found.fix.title


def test_a_tool_that_no_package_brings_is_not():
    files = {**CALLS_GIT, "app/start": executable("#!/bin/sh\ngit describe && odd\n")}
    full = {**FULL, **APT, "usr/bin/odd": executable("ELF")}
    one, _ = subject("FROM node:20\nCOPY . /app\n", files, slim={**SLIM, **APT}, full=full)
    config = {**CONFIG, "Cmd": ["/app/start"]}
    (found,) = larger_base_than_needed(replace(one, image=replace(one.image, config={"config": config})))
    assert (None, True) == (found.fix, "git is gone" in found.refusal)


@pytest.mark.parametrize(
    ("source", "starts"),
    [
        ("if (process.platform === 'darwin') {\n  spawnSync('git', [])\n}\n", False),
        ("if (process.platform === 'darwin') {\n  x()\n}\nspawnSync('git', [])\n", True),
        ("if (process.platform === 'linux') {\n  spawnSync('git', [])\n}\n", True),
        ("const isMac = process.platform === 'darwin'\nspawnSync('git', [])\n", True),
        ("if (process.platform === 'win32') return\nspawnSync('git', [])\n", True),
        ("if (process.platform === 'darwin' || x) {\n  spawnSync('git', [])\n}\n", True),
        ("if (x || process.platform === 'darwin') {\n  spawnSync('git', [])\n}\n", True),
        ("if (process.platform === 'darwin' && x) {\n  spawnSync('git', [])\n}\n", False),
        ("if (process.platform === 'darwin') { x({}) }\nspawnSync('git', [])\n", True),
        ("if (q) x()\nconst m = process.platform === 'darwin'\nfunction f (u) {\n return spawnSync('git')\n}", True),
        ("if (q) x(), m = process.platform === 'darwin', f(u) {\n return spawnSync('git')\n}", True),
        ("if (!(process.platform === 'darwin')) {\n  spawnSync('git', [])\n}\n", True),
    ],
)
def test_what_is_started_on_another_system_is_not_started(source, starts):
    files = {"app/index.js": f"const {{spawnSync}} = require('child_process')\n{source}"}
    found = with_cmd("FROM node:20\nCOPY . /app\n", {**SLIM, **APT}, files, ("node", "/app/index.js"))
    assert [starts] == ["RUN apt-get" in apply("FROM node:20\nCOPY . /app\n", each.fix.edits) for each in found[:1]]


@pytest.mark.parametrize(("folder", "starts"), [("node_modules/sharp/lib", False), ("lib", True)])
def test_what_a_package_compiles_with_is_not_called_when_it_runs(folder, starts):
    files = {
        "app/index.js": f"require('./{folder}/x.js')\n",
        f"app/{folder}/x.js": "require('node:child_process').spawnSync('make', [])\n",
    }
    full = {**FULL, **APT, "usr/bin/make": executable("ELF")}
    one, _ = subject("FROM node:20\nCOPY . /app\n", files, slim={**SLIM, **APT}, full=full)
    found = next(iter(larger_base_than_needed(one)))
    assert starts == ("make, which /app/lib/x.js starts" in found.refusal)


def test_packages_that_a_run_asks_for_and_the_base_brought_are_taken_off():
    one, _ = subject("FROM node:20\nRUN apt-get install -y git\n", {"app/x": "x"})
    assert [] == list(larger_base_than_needed(one))  # git would come back: nothing worth asking for is saved


def test_files_that_dpkg_leaves_out_on_the_slim_base_are_counted_in():
    slim = SLIM | {
        "etc/dpkg/dpkg.cfg.d/docker": "path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n"
    }
    layer = {"usr/share/doc/a/html": "h" * 1000, "usr/share/doc/a/copyright": "c" * 100, STATUS: package("a")}
    text = "FROM node:20\nRUN apt-get install -y a\n"
    with_excludes, without = (
        next(larger_base_than_needed(subject(text, layer, slim=each)[0])) for each in (slim, SLIM)
    )
    grown = len(slim["etc/dpkg/dpkg.cfg.d/docker"])
    assert without.predicted + 1000 - grown == with_excludes.predicted


@pytest.mark.parametrize(
    "base",
    ["node:20-alpine", "node@sha256:" + "0" * 64, "someone/node:20", "alpine:3.20", "$BASE", "scratch"],
)
def test_nothing_is_asked_where_no_smaller_base_is_known(base):
    one, asked = subject(f"FROM {base}\nCOPY . /app\n", APP)
    assert ([], []) == (list(larger_base_than_needed(one)), asked)


def test_a_base_that_cannot_be_had_is_not_offered():
    one, asked = subject("FROM node:20\nCOPY . /app\n", APP, slim=None)
    assert [] == list(larger_base_than_needed(one))
    assert ["node:20-slim", "gcr.io/distroless/nodejs20-debian12"] == asked
