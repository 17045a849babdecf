"""Start-up stays light: what `--version` and `--help` may import, counted, not timed."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALLOWED = {"jettison", "jettison.cli", "jettison.cli.main", "jettison.core", "jettison.core.errors"}
HEAVY = {"asyncio", "http", "tree_sitter", "isal", "zstandard", "ssl", "urllib", "email", "unittest", "hashlib", "json"}


def imported_by(*arguments: str) -> set[str]:
    code = (
        "import sys; from jettison.cli.main import main\n"
        "import io, contextlib\n"
        f"with contextlib.redirect_stdout(io.StringIO()): main({list(arguments)!r})\n"
        "print('\\n'.join(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    return set(out.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_nothing_of_ours_but_the_door_is_imported(arguments: list[str]) -> None:
    assert {name for name in imported_by(*arguments) if name.split(".")[0] == "jettison"} == ALLOWED


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    assert set() == {name for name in imported_by(*arguments) if name in HEAVY}


def test_every_command_listed_in_the_help_exists() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "jettison", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    from jettison.cli.main import COMMANDS

    for name in COMMANDS:
        assert name in out
        shown = subprocess.run(
            [sys.executable, "-m", "jettison", name, "--help"], capture_output=True, text=True, timeout=60
        )
        assert (shown.returncode, shown.stderr) == (0, "")
