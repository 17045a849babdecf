"""Caches that an application runs out of are none: Yarn's under Plug'n'Play, pnpm's store, Go's under `go run`."""

from __future__ import annotations

from pathlib import Path

import pytest
from handmade_tree import executable, image, symlink
from test_single_stage import BUILT, INSTALLED, SOURCES, TEXT, findings

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding
from jettison.rules.go_cache_left_behind import go_cache_left_behind
from jettison.rules.npm_cache_left_behind import npm_cache_left_behind
from jettison.rules.package_cache_left_behind import package_cache_left_behind
from jettison.rules.yarn_cache_left_behind import yarn_cache_left_behind
from jettison.subject import Subject

ZIPS = {"root/.yarn/berry/cache/express-npm-4.zip": "z" * 1000}
YARN = TEXT.replace("npm install", "yarn install")


def advised(rule, text: str, files, **config) -> Finding:
    """What a rule says of one RUN and the files that it left."""
    dockerfile = parse(text)
    run = next(each for each in dockerfile.instructions if each.keyword == "RUN")
    base = {"bin/sh": executable("ELF"), "usr/local/go/bin/go": executable("ELF")}
    told = {"Env": ["PATH=/usr/local/go/bin:/bin"], "WorkingDir": "/app", **config}
    whole = image(base, files, config=told)
    (found,) = rule(Subject(dockerfile, Path(), whole, Alignment(True, 1, {1: run}), dockerfile.stages[-1]))
    return found


@pytest.mark.parametrize("plug_and_play", [True, False])
def test_yarns_cache_stays_where_packages_run_out_of_it(plug_and_play: bool) -> None:
    files = ZIPS | ({"app/.pnp.cjs": "x"} if plug_and_play else {"app/node_modules/a/index.js": "x"})
    found = advised(yarn_cache_left_behind, "FROM node:20\nWORKDIR /app\nRUN yarn install\n", files)
    reason = "Yarn runs the packages out of its cache here (.pnp.cjs)" if plug_and_play else ""
    assert (reason, plug_and_play) == (found.refusal, found.fix is None)


def test_poetrys_environments_beside_its_cache_stay() -> None:
    cache = {f"root/.cache/pypoetry/{each}/x": "x" * 1000 for each in ("artifacts/ab", "cache/repositories")}
    environment = {"root/.cache/pypoetry/virtualenvs/app-py3.11/bin/gunicorn": executable("ELF")}
    text = "FROM python:3.11\nWORKDIR /app\nRUN poetry install\n"
    found = advised(package_cache_left_behind, text, cache | environment)
    emptied = "rm -rf /root/.cache/pypoetry/artifacts /root/.cache/pypoetry/cache"
    assert (2000, f"{text[:-1]} && \\\n    {emptied}\n") == (found.predicted, apply(text, found.fix.edits))


@pytest.mark.parametrize("kept", [True, False])
def test_a_stage_of_plug_and_play_is_divided_only_with_its_cache(kept: bool) -> None:
    files = {"app/.pnp.cjs": "x", **({"app/.yarn/cache/express-npm-4.zip": "z"} if kept else ZIPS)}
    _, (found,) = findings(YARN, (SOURCES, files, BUILT))
    reason = "" if kept else "Yarn runs packages out of its cache (.pnp.cjs), which is not below the WORKDIR"
    assert (reason, kept) == (found.refusal, found.fix is not None)


def test_a_link_into_what_stays_behind_is_a_reason_not_to_divide_and_one_into_the_base_is_not() -> None:
    store = {"root/.local/share/pnpm/store/v10/links/express/index.js": "e"}
    link = "/root/.local/share/pnpm/store/v10/links/express"
    _, (found,) = findings(layers=(SOURCES, {**store, "app/node_modules/express": symlink(link)}, BUILT))
    assert f"/app/node_modules/express leads to {link}, which stays behind" == found.refusal
    for harmless in ("/", "/usr/bin/node", "../package.json", "/nowhere"):
        _, (found,) = findings(layers=(SOURCES, {**INSTALLED, "app/node_modules/link": symlink(harmless)}, BUILT))
        assert found.fix is not None


def test_a_link_to_what_both_stages_make_is_harmless() -> None:
    text = TEXT.replace("WORKDIR /app", "RUN useradd app\nWORKDIR /app")
    layers = ({"etc/passwd": "app"}, SOURCES, {**INSTALLED, "app/users": symlink("/etc/passwd")}, BUILT)
    _, (found,) = findings(text, layers)
    assert "COPY --from=build /app /app" in apply(text, found.fix.edits)


@pytest.mark.parametrize(
    ("command", "starts"),
    [
        (["go", "run", "."], "go"),
        (["/bin/sh", "-c", "go run main.go"], "go"),
        (["/bin/sh", "-c", "cd cmd && air"], "air"),
        (["./server", "go"], ""),
    ],
)
def test_gos_caches_stay_where_the_container_compiles(command: list[str], starts: str) -> None:
    text = "FROM golang:1.22\nWORKDIR /app\nRUN go mod download\n"
    found = advised(go_cache_left_behind, text, {"go/pkg/mod/x/a.go": "a" * 100}, Cmd=command)
    reason = f"the container runs {starts}, which compiles when it starts" if starts else ""
    assert (reason, starts != "") == (found.refusal, found.fix is None)


def test_what_npx_installed_beside_npms_cache_stays_where_npx_starts_it_from() -> None:
    left = {f"root/.npm/{name}/x": "x" * size for name, size in (("_cacache", 10), ("_logs", 2), ("_npx", 3000))}
    found = advised(npm_cache_left_behind, "FROM node:20\nRUN npx --yes serve --version\n", left)
    assert found.fix is not None
    assert 12 == found.predicted
    written = apply("FROM node:20\nRUN npx --yes serve --version\n", found.fix.edits)
    assert "rm -rf /root/.npm/_cacache /root/.npm/_logs" == written.splitlines()[-1].strip()
