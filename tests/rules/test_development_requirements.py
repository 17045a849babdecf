"""development-requirements-installed, on handmade images: what goes, what it weighs, and when it holds back."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from handmade_python import SITE, distribution, weigh
from handmade_tree import executable, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.development_requirements_installed import development_requirements_installed
from jettison.subject import Subject

BASE = {
    "bin/sh": executable("ELF"),
    "usr/local/bin/python": executable("ELF"),
    "usr/local/lib/python3.11/os.py": "",
    **distribution("setuptools", {"setuptools/__init__.py": "s" * 500}),
}
SOURCES = {
    "app/app.py": "import flask\n",
    "app/requirements.txt": "Flask==3.0  # the web\n-c limits.txt\n\n--extra-index-url https://x/\n",
    "app/requirements-dev.txt": "pytest==8\nmypy>=1\nclick\nsetuptools\n",
}
FLASK = distribution("Flask", {"flask/__init__.py": "import click\n"}, requires=("click", "pytest; extra == 'test'"))
CLICK = distribution("click", {"click/__init__.py": "c"})
PYTEST = distribution("pytest", {"pytest/__init__.py": "p" * 4000}, requires=("iniconfig",), programs=("pytest",))
INICONFIG = distribution("iniconfig", {"iniconfig/__init__.py": "i" * 70})
MYPY = distribution("mypy", {"mypy/__init__.py": "m" * 9000}, programs=("mypy",))
GONE = (PYTEST, INICONFIG, MYPY)
INSTALLED = {**FLASK, **CLICK, **PYTEST, **INICONFIG, **MYPY}
TEXT = """\
FROM python:3.11
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt -r requirements-dev.txt
CMD ["python", "app.py"]
"""
CONFIG = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python", "app.py"], "WorkingDir": "/app"}


def findings(text=TEXT, sources=SOURCES, installed=INSTALLED, config=CONFIG, context=Path("/nowhere")):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    layers = [sources, installed, *({"tmp/x": ""} for _ in makers[2:])]
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    subject = Subject(dockerfile, context, image(BASE, *layers, config=config), alignment, stage)
    return list(development_requirements_installed(subject))


def after(text):
    (found,) = findings(text)
    assert not found.refusal
    return apply(text, found.fix.edits)


def test_the_file_of_development_is_taken_off_the_call():
    assert TEXT.replace(" -r requirements-dev.txt", "") == after(TEXT)


def test_what_it_weighs_is_what_nothing_else_needs():
    (found,) = findings()
    assert weigh(*GONE) == found.predicted
    assert "line 4 installs what only development needs: mypy, pytest, iniconfig" == found.message


def test_its_wheels_in_the_cache_of_pip_count_too():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr("mypy-1.0.dist-info/METADATA", "x")
    cached = {"root/.cache/pip/http-v2/a/b/c.body": stream.getvalue(), "root/.cache/pip/http-v2/a/b/d.body": b"else"}
    (found,) = findings(installed={**INSTALLED, **cached})
    assert weigh(*GONE) + len(stream.getvalue()) == found.predicted


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "RUN pip install --no-cache-dir -r requirements-dev.txt -r requirements.txt",
            "RUN pip install --no-cache-dir -r requirements.txt",
        ),
        (
            "RUN python -m pip install -r requirements.txt \\\n    --requirement=requirements-dev.txt",
            "RUN python -m pip install -r requirements.txt",
        ),
        (
            "RUN pip install -r requirements.txt && pip install -rrequirements-dev.txt",
            "RUN pip install -r requirements.txt",
        ),
        (
            "RUN pip install -r requirements-dev.txt Flask",
            "RUN pip install Flask",
        ),
    ],
)
def test_other_ways_to_say_it(before, expected):
    text = TEXT.replace("RUN pip install -r requirements.txt -r requirements-dev.txt", before)
    assert text.replace(before, expected) == after(text)


def test_a_run_that_installs_nothing_else_goes():
    one = "RUN pip install -r requirements.txt\n"
    text = TEXT.replace("RUN pip install -r requirements.txt -r requirements-dev.txt\n", one)
    other = "# for the tests\nRUN pip install -r requirements-dev.txt\n"
    assert text == after(text.replace(one, one + other))


def test_a_file_that_includes_that_of_the_application_gives_way_to_it():
    sources = {**SOURCES, "app/requirements/dev.txt": "-r ../requirements.txt\npytest\nmypy\n"}
    text = TEXT.replace("-r requirements.txt -r requirements-dev.txt", "-r requirements/dev.txt")
    (found,) = findings(text, sources)
    assert text.replace("requirements/dev.txt", "requirements.txt") == apply(text, found.fix.edits)


def test_the_files_are_read_from_the_context_where_the_image_has_them_no_more(tmp_path):
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(SOURCES[f"app/{name}"])
    (found,) = findings(sources={"app/app.py": "import flask\n"}, context=tmp_path)
    assert weigh(*GONE) == found.predicted


@pytest.mark.parametrize(
    ("text", "sources", "reason"),
    [
        (TEXT, {"app/app.py": "import flask\ndef f():\n    import mypy\n"},
         "mypy, which /app/app.py imports belongs to mypy, and stands among what is for development"),
        (TEXT + "RUN mypy .\n", {}, "line 6 calls mypy"),
        (TEXT + "RUN python -m pytest -q\n", {}, "line 6 calls pytest"),
        (TEXT, {"app/requirements.txt": "flask\ngit+https://example.org/x.git\n"},
         "what 'git+https://example.org/x.git' in a requirements file brings is not known"),
        (TEXT, {"app/requirements.txt": "flask\n-e .\n"}, "what '-e .' in a requirements file brings is not known"),
        (TEXT.replace("-r requirements.txt", "-r requirements.txt -r more.txt"), {},
         "what 'more.txt' in a requirements file brings is not known"),
        (TEXT.replace("-r requirements.txt", "-r requirements.txt $MORE"), {},
         "an argument of pip in line 4 is computed by the shell"),
    ],
    ids=["imported", "called", "module", "repository", "editable", "absent", "computed"],
)  # fmt: skip
def test_it_holds_back_where_something_needs_what_would_go(text, sources, reason):
    (found,) = findings(text, {**SOURCES, **sources})
    assert (None, reason) == (found.fix, found.refusal)


def test_a_program_of_the_entry_point_is_a_reason_not_to_try():
    (found,) = findings(config={**CONFIG, "Cmd": ["mypy", "app.py"]})
    assert "the application calls mypy, which mypy brings" == found.refusal


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        (TEXT.replace("-r requirements-dev.txt", ""), SOURCES),
        (TEXT.replace("requirements-dev", "requirements-device"), {**SOURCES, "app/requirements-device.txt": "mypy"}),
        (TEXT, {**SOURCES, "app/requirements-dev.txt": "click\nsetuptools\n"}),
        (TEXT.replace("pip install", "uv sync"), SOURCES),
    ],
    ids=["none", "another name", "needed anyway", "not pip"],
)
def test_nothing_is_said_where_nothing_is_for_development_alone(text, sources):
    assert [] == findings(text, sources)


def test_what_an_earlier_stage_installed_is_found_where_it_ships():
    """Installed in a virtual environment of the build stage, which is copied."""
    site = "opt/venv/lib/python3.11/site-packages"
    installed = {
        path.replace(SITE, site).replace("usr/local/bin", "opt/venv/bin"): each for path, each in PYTEST.items()
    }
    text = """\
FROM python:3.11 AS build
WORKDIR /app
COPY . .
RUN pip install -r requirements-dev.txt -r requirements.txt
FROM python:3.11-slim
WORKDIR /app
COPY . .
COPY --from=build /opt/venv /opt/venv
CMD ["python", "app.py"]
"""
    (found,) = findings(text, SOURCES, installed)
    assert weigh(PYTEST) == found.predicted
    assert text.replace("-r requirements-dev.txt ", "") == apply(text, found.fix.edits)
