"""What is found, predicted and measured does not depend on the engine: the same ledger but for seconds and noise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from docker_daemon import docker_with, own_daemon
from engine_base import BASE, require_engine, store_in
from example import FLAGS, ROOT, bases, copy_of, environment, house, optimize, read_ledger

pytestmark = pytest.mark.engine
# What is tried first depends on seconds too: here one change saves so much more that they decide nothing.
SMALL = f"""\
FROM {BASE}
COPY site /www
RUN mkdir /data && head -c 30000000 /dev/urandom > /data/one
RUN rm /data/one
RUN head -c 1000000 /dev/urandom > /data/kept
RUN chown -R app:app /data
EXPOSE 8000
USER app
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""


def told(ledger):
    """A ledger without what may differ: seconds, noise, what depends on how layers are packed."""
    sizes = ("unpacked", "effective", "waste")
    return {
        "before": {size: ledger["before"]["sizes"][size] for size in sizes},
        "after": {size: ledger["after"]["sizes"][size] for size in sizes},
        "steps": [
            {
                key: step[key]
                for key in ("version", "rules", "title", "applicability", "predicted", "measured", "verdict")
            }
            for step in ledger["steps"]
        ],
        "checks": sorted((check["kind"], check["what"], check["ok"]) for check in ledger["contract"]["checks"]),
        "held": ledger["verification"]["contract"]["held"],
        "drift": ledger["verification"]["drift"],
        "dockerfile": ledger["result"]["dockerfile"],
        "files": ledger["result"]["files"],
    }


@pytest.fixture(scope="module")
def daemon():
    require_engine()
    with own_daemon() as made:
        yield made


def run(project, folder, name, *flags, told):
    """The ledger of a run with its own state; the project is not touched."""
    output = folder / f"{name}.json"
    ended = optimize(project, folder / f"state-{name}", "-o", str(output), *flags, engine_environment=told)
    assert 0 == ended.returncode, ended.stderr[-4000:]
    return read_ledger(output)


def docker_environment(builder, daemon, base):
    """`base`, changed so that the docker command with this builder finds our daemon."""
    with pytest.MonkeyPatch.context() as patch:
        docker_with(builder, daemon.address, patch)
        ours = {key: os.environ[key] for key in ("DOCKER_HOST", "PATH", "DOCKER_BUILDKIT") if key in os.environ}
    return {**{key: value for key, value in base.items() if key != "DOCKER_BUILDKIT"}, **ours}


def test_a_small_project_has_the_same_ledger_with_every_engine(daemon, tmp_path):
    project = tmp_path / "project"
    (project / "site").mkdir(parents=True)
    (project / "site" / "page.html").write_text("hello\n")
    (project / "Dockerfile").write_text(SMALL)
    (tmp_path / "store").mkdir()
    ledgers = {}
    with store_in(tmp_path / "store") as store:
        build = ["docker", "--host", daemon.address, "build", "-q", "-t", BASE, str(store.folder / "base")]
        subprocess.run(build, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"})
        flags = ("--min-saving", "100kB")
        for name in ("buildah", "podman"):
            if shutil.which(name):
                environ = {**os.environ, **store.environment}
                ledgers[name] = run(project, tmp_path, name, "--engine", name, *flags, told=environ)
    for builder in ("buildkit", "classic"):
        environ = docker_environment(builder, daemon, os.environ)
        ledgers[builder] = run(project, tmp_path, builder, "--engine", "docker", *flags, told=environ)
    first = told(ledgers["buildah"])
    assert [30_000_000, 1_000_000] == [step["measured"] for step in first["steps"]]
    for name, ledger in ledgers.items():
        found = told(ledger)
        assert (name, {}) == (name, {key: (first[key], found[key]) for key in first if first[key] != found[key]})
        assert ("podman" if name == "podman" else "buildah" if name == "buildah" else "docker") == ledger["engine"][
            "name"
        ]


def load(names, daemon):
    """The official images of these names, real or stood in for, in our daemon: it is given them, and pulls nothing."""
    registry = re.search(r"^registry: (\S+:\d+)$", house("status"), re.MULTILINE)[1]
    for name in names:
        full = name if ":" in name else f"{name}:latest"
        place = full if "." in full.partition("/")[0] else full if "/" in full else f"library/{full}"
        copy = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-daemon-host", daemon.address]
        subprocess.run([*copy, f"docker://{registry}/{place}", f"docker-daemon:{full}"], check=True, timeout=900)


def near(first, second, bytes_):
    """Whether two ledgers' numbers are as near as noise lets them be, and all else is equal."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(near(first[key], second[key], bytes_) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(near(*pair, bytes_) for pair in zip(first, second, strict=True))
    if isinstance(first, int) and isinstance(second, int):
        return abs(first - second) <= bytes_
    return first == second


@pytest.mark.real
def test_an_example_has_the_same_ledger_with_buildah_and_with_buildkit(daemon, tmp_path):
    """The two packings may differ, and so may what the package manager writes with the time of day in it."""
    example = "apt-service"
    names = bases(ROOT / "examples" / example / "Dockerfile")
    project, environ = copy_of(example, tmp_path), environment(*names)
    load(names, daemon)
    ledgers = {"buildah": run(project, tmp_path, "buildah", "--engine", "buildah", *FLAGS[example], told=environ)}
    environ = docker_environment("buildkit", daemon, environ)
    flags = ("--engine", "docker", *FLAGS[example], "--", "--network=host")  # as Buildah builds
    ledgers["docker"] = run(project, tmp_path, "docker", *flags, told=environ)
    first, second = (told(ledger) for ledger in ledgers.values())
    noise = 20_000 + sum(ledger["noise"]["bytes"] for ledger in ledgers.values())
    assert {} == {key: (first[key], second[key]) for key in first if not near(first[key], second[key], noise)}
