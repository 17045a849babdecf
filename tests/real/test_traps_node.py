"""Projects that a careless change would break: each is left whole, and its twin, one line different, is not."""

from __future__ import annotations

import pytest
from results import kept
from trap_project import held, optimized, steps

pytestmark = [pytest.mark.real, pytest.mark.engine]
SPLIT, DEVELOPMENT, BASE = "single-stage-build", "development-dependencies-shipped", "larger-base-than-needed"
SLIM = ["node:20-slim"]
BEFORE = "node-production-before-build"
ADDON = "node-native-addon"
POSTINSTALL = "node-postinstall-needs-development"
NEEDED = "node-development-package-needed"
SEEN = "/app/node_modules/ms/index.js of ms was opened when the application ran"


def said(ledger):
    """What is told besides the steps."""
    return " ".join(ledger["notes"])


def test_variables_of_the_build_keep_its_runs_apart(tmp_path):
    """Merged, the install would run with NODE_ENV=production, and the compiler would be missing."""
    ledger = optimized(BEFORE, tmp_path, SPLIT, DEVELOPMENT)
    assert [] == steps(ledger)
    assert "line 5 sets NODE_ENV, which line 6 may read" in said(ledger)


def test_without_them_the_runs_become_one_that_prunes(tmp_path):
    line = ("Dockerfile", "ENV NODE_ENV=production", "EXPOSE 3000")
    ledger = optimized(BEFORE, tmp_path, SPLIT, DEVELOPMENT, line=line)
    assert [(DEVELOPMENT, "kept")] == steps(ledger)
    assert "npm prune --omit=dev" in ledger["result"]["dockerfile"]
    assert held(ledger)


def test_an_addon_is_compiled_where_the_compiler_is_and_ships_without_it(tmp_path):
    """The base alone cannot be swapped: nothing in the text says that npm compiles."""
    ledger = optimized(ADDON, tmp_path, SPLIT, BASE, more_bases=SLIM)
    assert (SPLIT, "kept") in steps(ledger)
    assert {("larger-base-than-needed", "kept")} >= {each for each in steps(ledger) if each[0] == BASE}, steps(ledger)
    assert "FROM node:20 AS build" in ledger["result"]["dockerfile"]
    assert ledger["after"]["sizes"]["unpacked"] < ledger["before"]["sizes"]["unpacked"] / 4
    assert held(ledger)


def test_an_addon_that_is_not_compiled_lets_the_base_be_swapped(tmp_path):
    ledger = optimized(
        ADDON,
        tmp_path,
        SPLIT,
        BASE,
        more_bases=SLIM,
        line=("package.json", '  "gypfile": true,', '  "gypfile": false,'),
    )
    assert (BASE, "kept") == steps(ledger)[0]
    assert held(ledger)


MUSL = "node:20-alpine"


def test_an_addon_keeps_the_c_library_that_it_is_linked_with(tmp_path):
    """What is compiled for glibc does not load upon musl, however much smaller that is."""
    policy = {"more_bases": [*SLIM, MUSL], "policy": "smallest-with-shell"}
    ledger = optimized(ADDON, tmp_path, SPLIT, BASE, **policy)
    assert MUSL not in ledger["result"]["dockerfile"]
    assert "sum.node is linked against it, and the C library there is musl" in said(ledger)
    assert (SPLIT, "kept") in steps(ledger)
    assert held(ledger)


def test_an_application_without_one_stands_on_musl_where_the_user_lets_it(tmp_path):
    line = ("package.json", '  "gypfile": true,', '  "gypfile": false,')
    policy = {"more_bases": [*SLIM, MUSL], "policy": "smallest-with-shell"}
    ledger = optimized(ADDON, tmp_path, BASE, line=line, **policy)
    assert [(BASE, "kept")] == steps(ledger)
    assert f"FROM {MUSL}\n" in ledger["result"]["dockerfile"]
    assert "musl in the place of glibc" in kept(ledger)[0]["title"]
    assert held(ledger)


def test_what_a_postinstall_needs_is_installed_and_pruned_behind_it(tmp_path):
    ledger = optimized(POSTINSTALL, tmp_path, SPLIT, DEVELOPMENT)
    text = ledger["result"]["dockerfile"]
    assert (True, False) == ("npm prune --omit=dev" in text, "install --omit=dev" in text)
    assert {"kept"} == {step["verdict"] for step in ledger["steps"]}
    assert held(ledger)


def test_without_a_postinstall_it_is_not_installed(tmp_path):
    line = ("package.json", '    "postinstall": "tsc --outDir made greeting.ts"', '    "posttest": "tsc greeting.ts"')
    ledger = optimized(POSTINSTALL, tmp_path, DEVELOPMENT, line=line)
    assert [(DEVELOPMENT, "kept")] == steps(ledger)
    assert "RUN npm install --omit=dev\n" in ledger["result"]["dockerfile"]
    assert held(ledger)


def test_a_development_package_that_the_server_requires_is_left(tmp_path):
    ledger = optimized(NEEDED, tmp_path, DEVELOPMENT)
    assert [] == steps(ledger)
    assert SEEN in said(ledger)


def test_one_whose_name_is_put_together_is_seen_to_be_opened(tmp_path):
    """The text does not tell; where an engine cannot watch, the contract does, and the step is undone."""
    line = ("server.js", "const ms = require('ms')", "const ms = require('m' + 's')")
    ledger = optimized(NEEDED, tmp_path, DEVELOPMENT, line=line)
    assert [] == steps(ledger)
    assert SEEN in said(ledger)


def test_where_the_server_requires_none_they_go(tmp_path):
    line = ("server.js", "const ms = require('ms')", "const ms = () => 60000")
    ledger = optimized(NEEDED, tmp_path, DEVELOPMENT, line=line)
    assert [(DEVELOPMENT, "kept")] == steps(ledger)
    assert "RUN npm install && \\\n    npm prune --omit=dev\n" in ledger["result"]["dockerfile"]
    assert held(ledger)
    assert kept(ledger)[0]["predicted"] == pytest.approx(kept(ledger)[0]["measured"], rel=0.001)
