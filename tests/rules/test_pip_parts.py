"""What pip installs in a slim image, shipped with the interpreter on a base that is nothing but data."""

from __future__ import annotations

from typing import Any

from handmade_bases import Stage
from handmade_python import distribution, shared_object
from handmade_tree import executable, symlink

from jettison.dockerfile.edit import apply
from jettison.rules.single_stage_build import single_stage_build

DATA = "gcr.io/distroless/static-debian12"
LIB = "usr/lib/x86_64-linux-gnu"
SLIM: dict[str, Any] = {
    "bin/sh": executable("ELF"),
    "tmp/keep": "",
    "usr/share/base": "b" * 2_000_000,
    "usr/local/bin/python3.11": shared_object("libc.so.6"),
    "usr/local/bin/python": symlink("python3.11"),
    "usr/local/bin/python3": symlink("python3.11"),
    "usr/local/lib/python3.11/os.py": "",
    f"{LIB}/libc.so.6": shared_object(),
    "var/lib/dpkg/status": "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n",
    "var/lib/dpkg/info/libc6.list": f"/{LIB}/libc.so.6\n",
    **distribution("pip", {"pip/__init__.py": "p" * 900}, version="24.0", programs=("pip",)),
}
STATIC = {"tmp/keep": "", "etc/passwd": "root:x:0:0::/root:/sbin/nologin\n", "etc/group": "root:x:0:\n"}
PATH = "PATH=/usr/local/bin:/usr/bin:/bin"
BASES = {
    "python:3.11-slim": (SLIM, {"Env": [PATH, "LANG=C.UTF-8", "PYTHON_VERSION=3.11"], "Cmd": ["python3"]}),
    DATA: (STATIC, {"Env": [PATH]}),
}
TEXT = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""
APP = {"app/app.py": "import flask\n", "app/requirements.txt": "flask\n"}


def stage(installed: dict[str, Any] | None = None, *, policy: str = "same-libc") -> Stage:
    layers = ({"app/requirements.txt": "flask\n"}, installed or distribution("flask", {"flask/app.py": "x" * 40}), APP)
    return Stage(TEXT, layers, {"WorkingDir": "/app", "Cmd": ["python", "app.py"]}, policy, BASES)


def test_pip_has_a_stage_of_its_own_and_the_interpreter_goes_along():
    one = stage()
    (found,) = single_stage_build(one.subject)
    assert found.fix is not None, found.refusal
    made = apply(TEXT, found.fix.edits)
    first, gathering, ships = made.split("FROM ")[1:]
    assert (
        "python:3.11-slim AS build\n"
        "WORKDIR /app\n"
        "COPY requirements.txt ./\n"
        "RUN python -m venv --without-pip --system-site-packages /opt/venv\n"
        "ENV PATH=/opt/venv/bin:$PATH PIP_PYTHON=/opt/venv/bin/python\n"
        "RUN pip install -r requirements.txt\n\n"
    ) == first
    assert gathering.startswith("python:3.11-slim AS runtime\n# python and 1 library")
    assert "(cd /usr/local/lib/python3.11 && rm -r site-packages/pip site-packages/pip-*)" in gathering
    assert (
        f"{DATA}\n"
        "COPY --from=runtime /usr/local/lib/python3.11 /usr/local/lib/python3.11\nCOPY --from=runtime /runtime /\n"
        "ENV LANG=C.UTF-8\n"
        "WORKDIR /app\n"
        "COPY requirements.txt ./\n"
        "COPY --from=build /opt/venv /opt/venv\n"
        "ENV PATH=/opt/venv/bin:$PATH\n"
        "COPY . .\n"
        'CMD ["python", "app.py"]\n'
    ) == ships


def test_it_waits_for_the_packages_that_only_development_asks_for_to_be_left_out():
    (found,) = single_stage_build(stage().subject)
    assert "development-requirements-installed" == found.after


def test_a_package_that_looks_for_its_library_by_name_when_it_runs_forbids_it():
    loads = {"flask/__init__.py": "import ctypes.util\nctypes.util.find_library('c')\n"}
    assert [] == list(single_stage_build(stage(distribution("flask", loads)).subject))


def test_a_library_that_a_package_loads_by_its_file_name_goes_along():
    loads = {"flask/__init__.py": "import ctypes\nctypes.CDLL('libm.so.6')\n"}
    base = {**SLIM, f"{LIB}/libm.so.6": shared_object("libc.so.6")}
    one = stage(distribution("flask", loads))
    one.bases = {**BASES, "python:3.11-slim": (base, BASES["python:3.11-slim"][1])}
    (found,) = single_stage_build(one.subject)
    assert found.fix is not None
    assert "&& ls /usr/lib/*-linux-gnu*/libm.so.6 >> /libraries" in apply(TEXT, found.fix.edits)


def test_where_the_policy_wants_a_shell_nothing_is_offered():
    assert [] == list(single_stage_build(stage(policy="smallest-with-shell").subject))
