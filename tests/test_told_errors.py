"""What a test that fails with an error of ours prints: its hint and its log, wherever in the chain it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"
FAILING = """\
import pytest
from jettison.core.errors import BuildFailed, EngineError


@pytest.fixture(scope="module")
def built():
    raise BuildFailed("the build failed at RUN a", hint="see the lines above", log="first line\\nlast line")


@pytest.mark.parametrize("number", [1, 2])
def test_of_a_fixture(built, number):
    pass


def test_of_a_cause():
    try:
        raise EngineError("it died", hint="start it")
    except EngineError as error:
        raise AssertionError("no build") from error


def test_of_another_message():
    with pytest.raises(BuildFailed, match="of another kind"):
        raise BuildFailed("the build failed", log="what it said")
"""


def test_hint_and_log_of_an_error_are_shown_once_with_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING)
    told = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path])}
    command = [sys.executable, "-m", "pytest", "-p", "told_errors", "-p", "no:cacheprovider", "--tb=short", "-rN"]
    ended = subprocess.run([*command, str(tmp_path)], env=told, capture_output=True, text=True, timeout=60)
    assert 1 == ended.returncode, ended.stderr
    shown = [line.removeprefix("E").strip() for line in ended.stdout.splitlines() if line.startswith("E ")]
    counted = {text: shown.count(text) for text in ("hint: see the lines above", "log: first line", "last line")}
    assert {"hint: see the lines above": 2, "log: first line": 2, "last line": 2} == counted  # one for each test
    assert 1 == shown.count("hint: start it")
    assert 1 == shown.count("log: what it said")
