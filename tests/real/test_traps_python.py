"""Python projects that a usual transformation would break, each with a twin, one line different, that gains."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from example import environment, optimize, read_ledger
from results import kept

pytestmark = [pytest.mark.real, pytest.mark.engine]

DATA = "gcr.io/distroless/static-debian12"  # on which the interpreter and its libraries go along
DOCKERFILE = """\
FROM python:3.11
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
EXPOSE 8000
CMD ["python", "app.py"]
"""
APP = """\
import http.server
{imports}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {home} if self.path == "/" else {other} if self.path == "/other" else None
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(str(body).encode())

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"""


@dataclass(frozen=True)
class Result:
    """What came of a project: the ledger, and the Dockerfile that it ends with."""

    ledger: dict
    text: str

    @property
    def base(self):
        """What the last stage stands on."""
        return re.findall(r"^FROM (\S+)", self.text, re.MULTILINE)[-1]

    @property
    def reasons(self):
        """Why something was not done, or undone."""
        return " ".join([*self.ledger["notes"], *(step["reason"] or "" for step in self.ledger["steps"])])


@pytest.fixture
def optimized(tmp_path):
    told = environment("python:3.11", "python:3.11-slim", DATA)

    def run(files, dockerfile=DOCKERFILE):
        project = tmp_path / "project"
        for name, text in {"Dockerfile": dockerfile, **files}.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        output = tmp_path / "ledger.json"
        ended = optimize(project, tmp_path / "state", "-o", str(output), engine_environment=told)
        assert 0 == ended.returncode, ended.stderr[-4000:]
        ledger = read_ledger(output)
        return Result(ledger, ledger["result"]["dockerfile"])

    return run


def app(*, imports="", home="'home'", other="'other'"):
    return APP.format(imports=imports, home=home, other=other)


DATABASE = app(imports="import psycopg2.extensions", home="psycopg2.extensions.libpq_version() > 0")


def test_what_pip_compiles_is_built_in_a_stage_of_its_own_and_ships_on_slim(optimized):
    """psycopg2 has no wheel: it takes a compiler to install, and the system's libpq to run."""
    result = optimized({"app.py": DATABASE, "requirements.txt": "psycopg2==2.9.9\n"})
    assert "python:3.11-slim" == result.base
    assert "COPY --from=build /opt/venv /opt/venv\n" in result.text
    assert re.search(r"^RUN apt-get .*\blibpq5\b", result.text, re.MULTILINE)
    assert [["single-stage-build"]] == [step["rules"] for step in kept(result.ledger)][:1]
    assert result.ledger["after"]["sizes"]["unpacked"] < result.ledger["before"]["sizes"]["unpacked"] / 3


def test_its_twin_with_a_wheel_needs_nothing_of_the_system(optimized):
    result = optimized({"app.py": DATABASE, "requirements.txt": "psycopg2-binary==2.9.9\n"})
    assert (DATA, 0) == (result.base, result.text.count("apt-get"))


TOOL = app(imports="import subprocess", other="subprocess.run(['git', '--version'], capture_output=True).stdout")


def test_a_program_that_starts_git_where_nobody_looks_gets_it_upon_slim(optimized):
    result = optimized({"app.py": TOOL, "requirements.txt": "idna==3.10\n"})
    assert "python:3.11-slim" == result.base
    ships = result.text.rpartition("\nFROM ")[2] or result.text
    assert re.search(r"apt-get install -y --no-install-recommends git\b", ships)


def test_its_twin_that_starts_python_stands_on_slim_without(optimized):
    result = optimized({"app.py": TOOL.replace("'git'", "'python'"), "requirements.txt": "idna==3.10\n"})
    assert ("python:3.11-slim", 0) == (result.base, result.text.count("apt-get"))


RESOURCES = app(
    imports="import ujson, pkg_resources", home="pkg_resources.get_distribution('ujson').version + ujson.dumps([1])"
)


def test_what_the_base_brings_is_imported_from_the_environment_too(optimized):
    """setuptools is the base's: an environment that hides it would break `import pkg_resources`."""
    files = {"app.py": RESOURCES, "requirements.txt": "--no-binary ujson\nujson==5.10.0\n"}
    result = optimized(files)
    assert DATA == result.base
    assert "/opt/venv" in result.text
    assert "site-packages/pip" in result.text  # stays behind
    assert "site-packages/setuptools" not in result.text


TESTED = {"requirements.txt": "idna==3.10\n", "requirements-dev.txt": "pytest==8.3.4\nmypy==1.14.1\n"}
WITH_TESTS = DOCKERFILE.replace("-r requirements.txt", "-r requirements.txt -r requirements-dev.txt")


def test_a_requirement_of_development_that_the_program_imports_late_stays(optimized):
    other = "__import__('pytest').__version__"
    result = optimized({"app.py": app(imports="import idna", other=other), **TESTED}, WITH_TESTS)
    assert "requirements-dev.txt" in result.text
    assert "pytest, which /app/app.py imports" in result.reasons


def test_its_twin_that_imports_nothing_of_them_does_without(optimized):
    other = "__import__('idna').__version__"
    result = optimized({"app.py": app(imports="import idna", other=other), **TESTED}, WITH_TESTS)
    assert "requirements-dev.txt" not in result.text
