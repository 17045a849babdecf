"""installer-upgraded, on handmade images."""

from __future__ import annotations

from pathlib import Path

import pytest
from handmade_python import SITE, distribution, weigh
from handmade_tree import GONE, executable, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.installer_upgraded import installer_upgraded
from jettison.subject import Subject

BASE = {
    "bin/sh": executable("ELF"),
    "usr/local/bin/python": executable("ELF"),
    **distribution("pip", {"pip/__init__.py": "p" * 900}, version="24.0", programs=("pip",)),
    **distribution("setuptools", {"pkg_resources/__init__.py": "s" * 500}, version="65"),
}
NEW_PIP = distribution("pip", {"pip/__init__.py": "P" * 950}, version="26.1", programs=("pip",))
NEW_SETUPTOOLS = distribution("setuptools", {"pkg_resources/__init__.py": "S" * 700}, version="80")
FLASK = distribution("flask", {"flask/__init__.py": ""})
TEXT = """\
FROM python:3.11
WORKDIR /app
RUN pip install --upgrade pip
COPY . .
RUN pip install flask
CMD ["python", "app.py"]
"""
CONFIG = {"Env": ["PATH=/usr/local/bin:/bin"], "Cmd": ["python", "app.py"], "WorkingDir": "/app"}


def findings(text=TEXT, upgraded=NEW_PIP, source="import flask\n", base=BASE):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    sources, installed = {"app/app.py": source}, {**replaced(upgraded), **upgraded}
    layers = [installed, sources, FLASK] if len(makers) == 3 else [sources, {**installed, **FLASK}]
    whole = image(base, *layers, config=CONFIG)
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    return list(installer_upgraded(Subject(dockerfile, Path(), whole, alignment, stage)))


def name_of(path):
    """The distribution whose record a path belongs to."""
    return path.removeprefix(SITE + "/").partition("-")[0] if ".dist-info/" in path else ""


def replaced(upgraded):
    """The records of what the base brought, taken away as pip does."""
    names = {name_of(path) for path in upgraded}
    return {path: GONE for path in BASE if name_of(path) and name_of(path) in names}


def test_the_instruction_goes_and_what_it_brought_is_saved():
    (found,) = findings()
    assert TEXT.replace("RUN pip install --upgrade pip\n", "") == apply(TEXT, found.fix.edits)
    assert weigh(NEW_PIP) == found.predicted
    assert "line 3 puts pip 26.1 over what the base brings" == found.message


COMPILED = {f"{SITE}/pip/__pycache__/__init__.cpython-311.pyc": "c" * 400}


@pytest.mark.parametrize(
    ("base", "last", "less"),
    [
        (BASE, "RUN pip install flask", weigh(COMPILED)),
        ({**BASE, **COMPILED}, "RUN pip install flask", 0),
        (BASE, "RUN true", 0),
    ],
    ids=["the base's pip compiles itself", "it is compiled in the base", "it never runs"],
)
def test_bytecode_that_the_pip_of_the_base_will_write_is_not_saved(base, last, less):
    (found,) = findings(TEXT.replace("RUN pip install flask", last), {**NEW_PIP, **COMPILED}, base=base)
    assert weigh(NEW_PIP, COMPILED) - less == found.predicted


def test_of_several_commands_the_one_goes():
    joined = "RUN python -m pip install -U pip && pip install flask\n"
    text = TEXT.replace("RUN pip install --upgrade pip\n", "").replace("RUN pip install flask\n", joined)
    (found,) = findings(text)
    assert text.replace("python -m pip install -U pip && ", "") == apply(text, found.fix.edits)


def test_an_application_that_imports_it_is_left_alone_and_its_twin_is_not():
    text = TEXT.replace("upgrade pip", "upgrade setuptools")
    (found,) = findings(text, NEW_SETUPTOOLS, "import pkg_resources\n")
    assert (None, "/app/app.py imports pkg_resources of setuptools") == (found.fix, found.refusal)
    (found,) = findings(text, NEW_SETUPTOOLS)
    assert "use the setuptools of the base" == found.fix.title


@pytest.mark.parametrize("line", ["pip install --upgrade pip flask", "pip install --upgrade $WHAT", "pip download pip"])
def test_nothing_is_said_of_other_calls(line):
    assert [] == findings(TEXT.replace("pip install --upgrade pip", line))


def test_nothing_is_said_where_the_base_brings_none():
    base = {path: each for path, each in BASE.items() if name_of(path) != "pip"}
    assert [] == findings(base=base)
