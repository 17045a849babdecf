"""Tests leave the user's state alone; those that need an engine are skipped, with its reason, where none works."""

from __future__ import annotations

import os
import tempfile
from functools import cache

import pytest
from results import COUNTS

from jettison.core.errors import EngineError
from jettison.engine.find import find_engine

_STATE = tempfile.TemporaryDirectory(prefix="jettison-tests-")
os.environ["JETTISON_STATE"] = _STATE.name
os.environ["DOCKER_HOST"] = f"unix://{_STATE.name}/no-daemon.sock"  # tests of Docker name theirs


@cache
def why_no_engine() -> str:
    """Why engine tests cannot run here; empty where they can."""
    if os.geteuid() != 0:
        return "not root"
    try:
        engine = find_engine("buildah")
    except EngineError as error:
        return error.message
    return "" if engine.capabilities.private_network else "no network namespaces"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not any(item.get_closest_marker("engine") for item in items):
        return
    reason = why_no_engine()
    for item in items:
        if reason and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason=f"no usable engine: {reason}"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        COUNTS[report.outcome] += 1


def pytest_unconfigure() -> None:
    _STATE.cleanup()
