"""What an earlier run left in the build cache is not used again: an install may get something else by now."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.engine
INSTALL = "RUN cat /proc/sys/kernel/random/uuid > /www/installed\n"


def installed(bench, built):
    """What the RUN left in the image."""
    with bench.start(built, command=("cat", "/www/installed")) as sandbox:
        while sandbox.state().code is None:
            time.sleep(0.05)
        return sandbox.logs()[0]


def test_a_cached_build_takes_what_the_last_cold_one_made(bench):
    """Two runs with a cold build each; the second run's changes must not be built upon the first run's install."""
    old = installed(bench, bench.build(INSTALL, "old", use_cache=False))
    time.sleep(3)
    began = time.time()
    new = installed(bench, bench.build(INSTALL, "new", use_cache=False))
    age = max(1.0, time.time() - began)
    cached = installed(bench, bench.build(f"{INSTALL}ENV A=1\n", "changed", cache_seconds=age + 1))
    assert (False, new) == (old == new, cached)
