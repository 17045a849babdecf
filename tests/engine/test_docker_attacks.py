"""What happens to a Docker daemon and to its containers behind our back is told, and nothing hangs."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import replace

import pytest
from docker_daemon import docker_with, own_daemon
from engine_base import require_engine, store_in

from jettison.core.errors import EngineError
from jettison.engine.docker import Docker
from jettison.engine.model import PREFIX, BuildRequest, Phase, RunOptions

pytestmark = pytest.mark.engine
TAG = f"{PREFIX}/attacks"
BASE = f"{PREFIX}/attacks-base:1"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    require_engine()
    with own_daemon() as made, store_in(tmp_path_factory.mktemp("store")) as store:
        build = ["docker", "--host", made.address, "build", "-q", "-t", BASE, str(store.folder / "base")]
        subprocess.run(build, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"})
        yield made


@pytest.fixture(params=["buildkit", "classic"])
def engine(request, daemon, monkeypatch):
    return docker_with(request.param, daemon.address, monkeypatch)


@pytest.fixture
def project(tmp_path):
    def make(text, version="v0", **options):
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\n{text}")
        return BuildRequest(tmp_path, tmp_path / "Dockerfile", f"{TAG}:{version}", **options)

    return make


SERVE = 'CMD ["httpd", "-f", "-p", "8000"]\n'


def test_a_daemon_killed_in_mid_build_is_told_and_a_new_one_builds_again(engine, daemon, project):
    began = threading.Event()
    killer = threading.Thread(target=lambda: (began.wait(60), time.sleep(0.3), daemon.kill()))
    killer.start()
    try:
        with pytest.raises(EngineError) as caught:
            engine.build(
                project("RUN echo it-began && sleep 60\n", use_cache=False),
                lambda line: began.set() if line.endswith("it-began") else None,
            )
        killer.join()
        told = "the Docker daemon went away while building: no Docker daemon "
        assert caught.value.message.startswith((f"{told}listens", f"{told}answers"))
        assert "--resume" in caught.value.hint
        with pytest.raises(EngineError, match="the file is left from one that ended"):
            engine.image_exists(BASE)
        with pytest.raises(EngineError, match=r"^no Docker daemon listens at .*: the file is left from one that ended"):
            engine.build(project("RUN true\n"))
    finally:
        began.set()
        killer.join()
        daemon.start()
    built = engine.build(project("RUN true\n"))
    assert engine.image_exists(built.image_id)


def test_a_daemon_restarted_in_mid_build_is_told_from_a_build_that_fails(engine, daemon, project):
    """As systemd does: it answers again before anybody asks."""
    began = threading.Event()

    def restart():
        began.wait(60)
        daemon.kill()
        daemon.start()

    restarter = threading.Thread(target=restart)
    restarter.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Docker, "_still_there", lambda self: restarter.join())
            with pytest.raises(EngineError, match="the Docker daemon went away while building"):
                engine.build(
                    project("RUN echo it-began && sleep 60\n", use_cache=False),
                    lambda line: began.set() if line.endswith("it-began") else None,
                )
    finally:
        began.set()
        restarter.join()


def test_a_daemon_restarted_between_two_builds_goes_unnoticed(engine, daemon, project):
    first = engine.build(project("RUN echo one > /one\n"))
    daemon.kill()
    daemon.start()
    again = engine.build(project("RUN echo one > /one\n", version="v1"))
    assert engine.image_exists(first.image_id)
    assert all(run.cached for run in again.instructions)


def test_a_daemon_killed_while_a_container_runs_is_told_and_what_it_left_is_swept(engine, daemon, project):
    built = engine.build(project(SERVE))
    sandbox = engine.start(built.image_id, RunOptions(label="attacks"))
    daemon.kill()
    try:
        with pytest.raises(EngineError, match="no Docker daemon"):
            sandbox.state()
        sandbox.close()
    finally:
        daemon.start()
    assert sandbox.name in engine.sweep(f"{TAG}:", images=False)
    assert () == engine.sweep(f"{TAG}:", images=False)


def test_a_container_killed_from_outside_has_ended(engine, project):
    built = engine.build(project(SERVE))
    with engine.start(built.image_id, RunOptions(label="attacks")) as sandbox:
        assert Phase.RUNNING is sandbox.state().phase
        subprocess.run(["docker", "kill", sandbox.name], check=True, capture_output=True)
        assert (Phase.EXITED, 137) == (sandbox.state().phase, sandbox.state().code)
        assert 125 == sandbox.execute(["true"], timeout=5).code
        assert frozenset() == sandbox.listeners()


def test_a_container_taken_away_from_outside_is_told(engine, project):
    built = engine.build(project(SERVE))
    with engine.start(built.image_id, RunOptions(label="attacks")) as sandbox:
        subprocess.run(["docker", "rm", "--force", sandbox.name], check=True, capture_output=True)
        state = sandbox.state()
        assert (Phase.EXITED, "the container was taken away") == (state.phase, state.error)
        assert (b"", b"") == sandbox.logs()
        assert 125 == sandbox.execute(["true"], timeout=5).code
        with pytest.raises(OSError, match="does not run"):
            sandbox.connect(8000, 1.0)
        assert Phase.EXITED is sandbox.stop(1.0).phase


def test_an_image_taken_away_from_outside_is_told(engine, project):
    built = engine.build(project("RUN echo $$ > /gone\n", use_cache=False))
    subprocess.run(["docker", "rmi", "--force", built.image_id], check=True, capture_output=True)
    with pytest.raises(EngineError, match="is gone"):
        engine.start(built.image_id, RunOptions(label="attacks"))
    engine.remove_images([f"{TAG}:v0"])


def test_a_name_that_means_another_image_meanwhile_does_not_lead_astray(engine, project):
    built = engine.build(project('CMD ["echo", "ours"]\n'))
    subprocess.run(["docker", "tag", BASE, f"{TAG}:v0"], check=True, capture_output=True)
    with engine.start(built.image_id, RunOptions(label="attacks")) as sandbox:
        while sandbox.state().phase is Phase.RUNNING:
            time.sleep(0.05)
        assert b"ours\n" == sandbox.logs()[0]


def test_containers_of_a_daemon_in_a_virtual_machine_are_reached_by_published_ports(engine, project):
    """As Docker Desktop: the same daemon, its processes not looked at."""
    built = engine.build(
        project(f"RUN echo hello > /www/index.html\nEXPOSE 8000\n{SERVE}".replace('8000"', '8000", "-h", "/www"'))
    )
    with replace(engine, here=False).start(built.image_id, RunOptions(label="attacks")) as sandbox:
        deadline = time.monotonic() + 20
        while 8000 not in {one.port for one in sandbox.listeners()} and time.monotonic() < deadline:
            time.sleep(0.1)
        with sandbox.connect(8000, 5.0) as connection:
            connection.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
            assert connection.makefile("rb").read().endswith(b"hello\n")
        assert sandbox.cpu_seconds() > 0
        assert sandbox.process() is None
        with pytest.raises(OSError, match="EXPOSE it"):
            sandbox.connect(8001, 1.0)
        assert 0 != sandbox.execute(["sh", "-c", "echo x | nc -w 2 192.0.2.1 80"], timeout=20).code
