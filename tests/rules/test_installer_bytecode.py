"""installer-bytecode-left-behind: whose bytecode counts, and which calls are changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from handmade_python import SITE, distribution
from handmade_tree import image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.installer_bytecode_left_behind import installer_bytecode_left_behind
from jettison.subject import Subject

LIBRARY = "usr/local/lib/python3.11"
BASE = {f"{LIBRARY}/json/__init__.py": "j", **distribution("pip", {"pip/main.py": "p"})}
OWN = {
    **distribution("flask", {"flask/app.py": "f"}),
    f"{SITE}/flask/__pycache__/app.cpython-311.pyc": "F" * 10,
    f"{SITE}/pip/__pycache__/main.cpython-311.pyc": "P" * 100,
    f"{LIBRARY}/json/__pycache__/__init__.cpython-311.pyc": "J" * 1000,
    f"{LIBRARY}/json/__pycache__/__init__.cpython-311.opt-1.pyc": "J" * 10000,
}
BEFORE = 'FROM python:3.11\nRUN pip install flask && python -m pip check\nCMD ["x"]\n'


def findings(text=BEFORE, files=OWN):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    run = stage.instructions[1]
    return list(
        installer_bytecode_left_behind(
            Subject(dockerfile, Path(), image(BASE, files), Alignment(True, 1, {1: run}), stage)
        )
    )


def test_bytecode_of_what_the_base_brings_counts_and_that_of_what_was_installed_does_not():
    assert [100 + 1000 + 10000] == [each.predicted for each in findings()]


def test_every_call_of_pip_is_told_not_to_write_bytecode():
    (found,) = findings()
    told = "PYTHONDONTWRITEBYTECODE=1 "
    expected = f'FROM python:3.11\nRUN {told}pip install flask && {told}python -m pip check\nCMD ["x"]\n'
    assert expected == apply(BEFORE, found.fix.edits)


@pytest.mark.parametrize(
    "line",
    [
        "PYTHONDONTWRITEBYTECODE=1 pip install flask",  # the bytes have another cause
        "python manage.py collectstatic",
        "python -m compileall /usr/local/lib/python3.11",
    ],
)
def test_other_calls_are_left_alone(line):
    assert [] == findings(f"FROM python:3.11\nRUN {line}\n")


def test_nothing_is_said_where_nothing_was_compiled():
    assert [] == findings(files=distribution("flask", {"flask/app.py": "f"}))
