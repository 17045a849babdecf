"""Each example is optimized once a session, or once in the process that has all its tests."""

from __future__ import annotations

import time

import pytest
from example import EXAMPLES, FLAGS, ROOT, Optimized, bases, copy_of, environment, images_of, optimize, read_ledger


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
    yield result
    with pytest.MonkeyPatch.context() as patch:
        for key, value in told.items():
            patch.setenv(key, value)
        from jettison.engine.find import find_engine

        find_engine().sweep(images_of(result.ledger) + ":")
