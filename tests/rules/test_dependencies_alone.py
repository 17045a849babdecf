"""A stage that installs and does nothing behind that: the manifests are all that it needs of the context."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_dependencies_first import PYTHON, fixed

VENV = "RUN pip install --prefix /opt/venv -r requirements.txt\n"
HEAD = "FROM python:3.11 AS build\nWORKDIR /app\n"


@pytest.mark.parametrize(
    ("behind", "taken", "copied"),
    [
        ("", "/opt/venv", False),
        ("RUN python -m compileall .\n", "/opt/venv", True),
        ("", "/app", True),
        ("", "/app/app.py", True),
        ("", "/", True),
        ("", "/opt/venv /ap[p]", True),
        ("", "/app/.venv", False),
        ("ENV A=b\n", "/opt/venv", False),
    ],
)
def test_sources_that_nobody_reads_in_a_stage_are_not_copied_behind_the_install(
    tmp_path: Path, behind: str, taken: str, copied: bool
) -> None:
    ships = f"FROM python:3.11-slim\nCOPY --from=build {taken} /x/\n"
    made = fixed(tmp_path, f"{HEAD}COPY . .\n{VENV}{behind}{ships}", PYTHON)
    rest = "COPY . .\n" if copied else ""
    assert f"{HEAD}COPY requirements.txt ./\n{VENV}{rest}{behind}{ships}" == made


def test_a_stage_that_another_stands_on_keeps_its_sources(tmp_path: Path) -> None:
    made = fixed(tmp_path, f'{HEAD}COPY . .\n{VENV}FROM build\nCMD ["python", "app.py"]\n', PYTHON)
    assert f"{VENV}COPY . .\nFROM build\n" in made
