"""What the scripts say of wrong words, before they install, build or remove anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts and one example, in a checkout that a demo has been run in before."""
    made = tmp_path / "checkout"
    shutil.copytree(ROOT / "scripts", made / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "examples" / "node-hello", made / "examples" / "node-hello")
    (made / ".demo").mkdir()
    return made


@pytest.mark.parametrize("name", ["nope", "examples/node-hello", "../examples/node-hello", ".", "..", "node-hello/"])
def test_a_demo_of_what_is_no_example_removes_nothing_and_names_those_that_are(checkout: Path, name: str) -> None:
    ended = subprocess.run(
        [checkout / "scripts" / "demo", name], capture_output=True, text=True, timeout=60, check=False
    )
    assert (2, "") == (ended.returncode, ended.stdout)
    assert f"there is no example called {name}; there are: node-hello\n" == ended.stderr
    assert (checkout / "examples" / "node-hello" / "Dockerfile").exists()
