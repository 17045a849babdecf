"""An application that pnpm installs and starts: split, pruned, and freed from pnpm; its twins, one line different."""

from __future__ import annotations

import pytest
from results import kept
from trap_project import held, optimized, steps

pytestmark = [pytest.mark.real, pytest.mark.engine]
SPLIT, DEVELOPMENT, BASE = "single-stage-build", "development-dependencies-shipped", "larger-base-than-needed"
DISTROLESS = "gcr.io/distroless/nodejs20-debian12"
PRUNE = "CI=true pnpm prune --prod --ignore-scripts"


def test_pnpm_stays_behind_and_takes_along_what_development_needs(tmp_path):
    ledger = optimized("node-of-pnpm", tmp_path, SPLIT, DEVELOPMENT, BASE, more_bases=[DISTROLESS])
    assert {(SPLIT, "kept"), (DEVELOPMENT, "kept")} <= set(steps(ledger)), steps(ledger)
    result = ledger["result"]["dockerfile"]
    build, ships = result.rsplit("\nFROM ", 1)
    assert (1, 0) == (build.count(PRUNE), ships.count("pnpm"))
    assert "server.js" in ships
    for step in kept(ledger):
        assert step["predicted"] == pytest.approx(step["measured"], rel=0.01)
    assert held(ledger)


def test_an_application_that_reads_what_pnpm_tells_it_keeps_pnpm(tmp_path):
    line = ("server.js", "const version = '1.0.0'", "const version = process.env.npm_package_version")
    ledger = optimized("node-of-pnpm", tmp_path, SPLIT, DEVELOPMENT, BASE, more_bases=[DISTROLESS], line=line)
    ships = ledger["result"]["dockerfile"].rsplit("\nFROM ", 1)[1]
    assert ("RUN npm install -g pnpm@9.15.9", 'CMD ["pnpm", "start"]') == tuple(
        each for each in ships.splitlines() if each.startswith(("RUN npm", "CMD"))
    )
    assert held(ledger)


def test_a_development_package_that_the_server_loads_stays(tmp_path):
    line = ("server.js", "const debug = require('debug')", "const debug = require('typescript')")
    ledger = optimized("node-of-pnpm", tmp_path, SPLIT, DEVELOPMENT, more_bases=[DISTROLESS], line=line)
    assert DEVELOPMENT not in {rule for rule, _ in steps(ledger)}
    assert PRUNE not in ledger["result"]["dockerfile"]
    assert held(ledger)
