"""Each example is optimized once a session; the tests look at what came out. With JETTISON_RESULTS, it is written."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import results
from example import EXAMPLES, FLAGS, ROOT, Optimized, bases, copy_of, environment, images_of, optimize, read_ledger

_LEDGERS = {}
_BREAKS = []
_PEOPLE = []


@pytest.fixture(scope="session", params=EXAMPLES)
def optimized(request, tmp_path_factory):
    """One example, made small and written back, its images kept until the session ends."""
    project = copy_of(request.param, tmp_path_factory.mktemp("optimized"))
    told = environment(*bases(ROOT / "examples" / request.param / "Dockerfile"))
    state = tmp_path_factory.mktemp("state")
    output = state / "ledger.json"
    began = time.monotonic()
    flags = ("--write", "--keep-images", "-o", str(output), *FLAGS[request.param])
    ended = optimize(project, state, *flags, engine_environment=told)
    assert 0 == ended.returncode, ended.stderr[-4000:]
    result = Optimized(project, read_ledger(output), time.monotonic() - began, told)
    _LEDGERS[request.param] = (result.ledger, result.seconds)
    yield result
    with pytest.MonkeyPatch.context() as patch:
        for key, value in told.items():
            patch.setenv(key, value)
        from jettison.engine.find import find_engine

        find_engine().sweep(images_of(result.ledger) + ":")


def pytest_runtest_logreport(report):
    if report.when != "call":
        return
    for key, value in report.user_properties:
        if key == "caught":
            _BREAKS.append(value)
        elif key == "caught_in_result":
            _BREAKS.extend(value)
        elif key == "people":
            _PEOPLE.append(value)


def pytest_sessionfinish(session):
    path = os.environ.get("JETTISON_RESULTS")
    if path and _LEDGERS:
        (ROOT / Path(path)).write_text(
            results.document(_LEDGERS, _BREAKS, _PEOPLE, session.config.invocation_params.args)
        )
