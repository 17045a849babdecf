"""CPython for the stand-ins: wheels that are what they should be, a tree that is built once, images that work."""

import hashlib
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "standins.py"
sys.path.insert(0, str(SCRIPT.parent))

from standins.errors import StandInError  # noqa: E402
from standins.house import House, default_directory  # noqa: E402
from standins.pypi import Wheel  # noqa: E402
from standins.python import LINKS, PYTHON_311, Python  # noqa: E402
from standins.recipes import RECIPES, chain  # noqa: E402

from standins import pypi  # noqa: E402
from standins import python as subject  # noqa: E402

CONTENT = b"the wheel"
THING = Wheel(
    "a_thing-1.2-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", hashlib.sha256(CONTENT).hexdigest()
)
CHECK = """\
FROM python:3.11-slim
RUN python -c "import ssl, sqlite3, ctypes, lzma, zlib, bz2, curses, dbm.gnu, uuid; print(ssl.OPENSSL_VERSION)"
RUN echo "$(python --version), $(pip --version | cut -d ' ' -f 1-2)" && which python3 pip3 idle pydoc python-config
RUN pip install --no-cache-dir markupsafe==2.1.5 && python -c "import markupsafe._speedups as it; print(it.__name__)"
"""


@pytest.fixture
def index(monkeypatch):
    """An index of packages with one project, as https://peps.python.org/pep-0503/ has it."""
    pages = {
        "/simple/a-thing/": f'<a href="../../files/{THING.file}#sha256={THING.sha256}">{THING.file}</a>'.encode(),
        f"/files/{THING.file}": CONTENT,
    }

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{running.server_port}/simple/")
        monkeypatch.setattr(pypi, "has_pip", lambda: False)
        yield pages
        running.shutdown()
        thread.join()


def test_the_name_of_a_wheel_tells_project_version_and_platforms():
    assert ("a-thing", "1.2", ("manylinux_2_17_x86_64", "manylinux2014_x86_64")) == (
        THING.project,
        THING.version,
        THING.platforms,
    )


def test_without_pip_a_wheel_comes_from_the_index_once(index, tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    pypi.gather([THING], tmp_path, into)
    assert CONTENT == (into / THING.file).read_bytes()
    index.clear()
    assert tmp_path / THING.file == pypi.kept(THING, tmp_path)


def test_a_wheel_that_is_another_file_is_refused_and_not_kept(index, tmp_path):
    index[f"/files/{THING.file}"] = b"changed on the way"
    with pytest.raises(StandInError, match="not the known file"):
        pypi.kept(THING, tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["/simple/a-thing/", "/files/" + THING.file])
def test_a_wheel_that_the_index_does_not_have_is_told(index, tmp_path, missing):
    index.pop(missing)
    with pytest.raises(StandInError, match="cannot be had"):
        pypi.kept(THING, tmp_path)


def test_an_index_that_has_only_other_files_is_told(index, tmp_path):
    index["/simple/a-thing/"] = b'<a href="/files/a_thing-1.1-py3-none-any.whl">x</a>'
    with pytest.raises(StandInError, match="is not in"):
        pypi.kept(THING, tmp_path)


def test_full_and_slim_take_the_same_tree():
    full, slim = RECIPES["python:3.11"], RECIPES["python:3.11-slim"]
    assert (PYTHON_311, PYTHON_311) == (full.tree, slim.tree)
    assert ["debian:bookworm-slim", "python:3.11-slim"] == [recipe.name for recipe in chain(slim.name)]
    assert "/mnt/python.tgz" in full.dockerfile
    assert "/mnt/python-slim.tgz" in slim.dockerfile
    assert full.dockerfile.endswith(LINKS.format()) and slim.dockerfile.endswith(LINKS.format())


def test_another_release_is_another_tree_and_another_image():
    later = Python("3.11.16", "0" * 64, PYTHON_311.wheels)
    assert "apt-get source -qq --download-only --tar-only python3.11/bookworm" in later.script
    assert later.fingerprint != PYTHON_311.fingerprint
    assert "ENV PYTHON_VERSION 3.11.16\n" in later.dockerfile(slim=True)


def test_a_tree_on_the_shelf_is_taken_as_it_is(tmp_path, monkeypatch):
    built = []

    def build(self, on, kept, folder, environment):
        built.append(on)
        folder.mkdir()
        (folder / "python.tgz").write_bytes(b"tree")

    monkeypatch.setattr(subject.Python, "build", build)
    for on in ("buildpack-deps:bookworm", "debian:bookworm-slim"):
        shelf = tmp_path / on
        shelf.mkdir()
        PYTHON_311.gather(on, tmp_path, shelf, {})
        assert b"tree" == (shelf / "python.tgz").read_bytes()
    assert ["buildpack-deps:bookworm"] == built


def test_the_script_that_builds_is_one_that_a_shell_reads(tmp_path):
    script = tmp_path / "build.sh"
    script.write_text(PYTHON_311.script)
    ended = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True)
    assert (0, "") == (ended.returncode, ended.stderr)


@pytest.mark.engine
def test_the_slim_image_has_its_modules_and_installs_a_wheel(tmp_path):
    """The first time the interpreter is compiled: some minutes."""
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "ensure", "python:3.11-slim"], capture_output=True, text=True, timeout=2400
    )
    assert 0 == ended.returncode, ended.stderr
    (tmp_path / "Dockerfile").write_text(CHECK)
    env = {**os.environ, **House(default_directory()).environment()}
    name = f"localhost/standins-python-{os.getpid()}"
    command = ["buildah", "bud", "--no-cache", "--format", "docker", "--isolation", "chroot", "--network", "host"]
    built = subprocess.run(
        [*command, "--pull=false", "--tag", name, str(tmp_path)], env=env, capture_output=True, text=True, timeout=600
    )
    assert 0 == built.returncode, built.stderr
    subprocess.run(["buildah", "rmi", name], env=env, capture_output=True, check=True)
    said = built.stdout.splitlines()
    assert 1 == sum(line.startswith("OpenSSL 3.") for line in said)
    assert 1 == sum(line.startswith("Python 3.11.") and ", pip " in line for line in said)
    programs = ["python3", "pip3", "idle", "pydoc", "python-config"]
    assert [f"/usr/local/bin/{program}" for program in programs] == [line for line in said if line.startswith("/usr/")]
    assert "markupsafe._speedups" in said
