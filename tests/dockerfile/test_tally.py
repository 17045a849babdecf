"""Another binary that embeds BuildKit's parser, tally (PyPI: tally-cli), takes and refuses what we take and refuse.

Its BuildKit is another version than that of the answers in tests/dockerfile/buildkit: what both say is no accident.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_corpus import cases

from jettison.core.errors import DockerfileError
from jettison.dockerfile.parse import parse

TALLY = shutil.which("tally", path=str(Path(sys.executable).parent)) or shutil.which("tally")
pytestmark = pytest.mark.skipif(TALLY is None, reason="tally is not installed (pip install tally-cli)")
OPTIONS = ["lint", "--no-config", "--slow-checks", "off", "--fail-level", "none", "--format", "json"]
OTHERWISE = (  # tally's linter goes on where BuildKit refuses: an order of instructions, a trigger
    "stages/run-before-from", "stages/env-before-from", "stages/onbuild-before-from", "stages/onbuild-onbuild",
    "stages/onbuild-onbuild-lower", "stages/onbuild-from", "stages/onbuild-maintainer",
)  # fmt: skip


def is_taken(text: str) -> bool:
    try:
        parse(text)
    except DockerfileError:
        return False
    return True


def written(folder: Path, texts: dict[str, str]) -> dict[str, Path]:
    """Each text as a Dockerfile in a folder of its own."""
    found = {}
    for number, (name, text) in enumerate(texts.items()):
        found[name] = folder / str(number) / "Dockerfile"
        found[name].parent.mkdir()
        found[name].write_bytes(text.encode())
    return found


def refused(*files: Path) -> str:
    """What tally refuses the first of these files for; "" where it takes all."""
    done = subprocess.run([str(TALLY), *OPTIONS, *files], capture_output=True, text=True, timeout=120, check=False)
    return done.stderr.partition("Error:")[2]


TEXTS = {name: case["text"] for name, case in cases().items()}


def test_tally_takes_what_we_take(tmp_path: Path) -> None:
    taken = {name: text for name, text in TEXTS.items() if is_taken(text) and name not in OTHERWISE}
    assert 300 < len(taken)
    assert "" == refused(*written(tmp_path, taken).values())


@pytest.mark.slow
def test_tally_refuses_what_we_refuse(tmp_path: Path) -> None:
    files = written(tmp_path, {name: text for name, text in TEXTS.items() if not is_taken(text)})
    assert 100 < len(files)
    assert {} == {name: path for name, path in files.items() if not refused(path) and name not in OTHERWISE}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_listed_is_still_otherwise(name: str, tmp_path: Path) -> None:
    (path,) = written(tmp_path, {name: TEXTS[name]}).values()
    assert is_taken(TEXTS[name]) == bool(refused(path)), "this disagreement is listed, and gone"
