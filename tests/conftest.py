"""Tests leave the user's state alone; those that need an engine are skipped, with its reason, where none works."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from results import OUTCOMES, document
from side_by_side import Together
from xdist.remote import Producer

from jettison.bases import end_of_life
from jettison.core.errors import EngineError
from jettison.engine.find import find_engine

pytest_plugins = ["told_errors"]

# What starts the tests may have SIGINT ignored (a job in a shell's background), which children would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
pytest.register_assert_rewrite("seen_in_one_text")
_STATE = tempfile.TemporaryDirectory(prefix="jettison-tests-")
os.environ["JETTISON_STATE"] = _STATE.name
os.environ["JETTISON_CACHE"] = f"{_STATE.name}/cache"
DAY = datetime(2026, 11, 21, tzinfo=UTC)  # of which docs/sources.md speaks, too
os.environ["DOCKER_HOST"] = f"unix://{_STATE.name}/no-daemon.sock"  # tests of Docker name theirs


class _TheDay(datetime):
    @classmethod
    def now(cls, tz=None):  # type: ignore[no-untyped-def]
        return DAY


@pytest.fixture(autouse=True)
def _bases_end_as_on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base is no older here than on that day, whenever the tests run."""
    monkeypatch.setattr(end_of_life, "datetime", _TheDay)


@cache
def why_no_engine() -> str:
    """Why engine tests cannot run here; empty where they can."""
    if os.geteuid() != 0:
        return "not root"
    try:
        engine = find_engine("buildah")
    except EngineError as error:
        return error.message
    if not engine.capabilities.private_network:
        return "no network namespaces"
    return _why_no_build()


def _why_no_build() -> str:
    """What buildah says where it cannot make an image of one file in a store of its own; empty where it can."""
    with tempfile.TemporaryDirectory(prefix="jettison-probe-") as folder:
        place = Path(folder)
        (place / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{place}/graph"\nrunroot = "{place}/run"\n'
        )
        (place / "Dockerfile").write_text("FROM scratch\nCOPY storage.conf /\n")
        environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(place / "storage.conf")}
        command = ["buildah", "bud", "--layers", "--isolation", "chroot", "-t", "localhost/probe:1", folder]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        subprocess.run(["buildah", "rmi", "--all", "--force"], env=environment, capture_output=True, timeout=60)
        subprocess.run(["umount", "--lazy", f"{place}/graph/overlay"], capture_output=True)
    lines = ended.stderr.strip().splitlines() or ["buildah failed without a word"]
    return "" if ended.returncode == 0 else lines[-1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not any(item.get_closest_marker("engine") for item in items):
        return
    reason = why_no_engine()
    for item in items:
        if reason and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason=f"no usable engine: {reason}"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    return Together(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    OUTCOMES.add(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With JETTISON_RESULTS, the path of a file, write what was recorded of whole examples; once, not by workers."""
    path = os.environ.get("JETTISON_RESULTS")
    if path and OUTCOMES.ledgers and not hasattr(session.config, "workerinput"):
        Path(path).write_text(document(OUTCOMES, session.config.invocation_params.args))


def pytest_unconfigure() -> None:
    _STATE.cleanup()
