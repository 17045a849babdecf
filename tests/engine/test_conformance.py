"""One list of promises, asked of every engine that is here: each only what its capabilities say."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker_daemon import docker_daemon, docker_with
from engine_base import BASE, require_engine, store_in

from jettison.align import align
from jettison.core.errors import BuildFailed, EngineError, UsageError
from jettison.dockerfile.parse import parse
from jettison.engine import namespaces
from jettison.engine.find import find_engine
from jettison.engine.model import PREFIX, BuildRequest, Engine, Phase, RunOptions
from jettison.image.open import open_image

pytestmark = pytest.mark.engine
TAG = f"{PREFIX}/conformance"
DOCKERFILE = """\
COPY site /www
RUN mkdir /data && chown 1234:1234 /data && head -c 300000 /dev/zero > /data/zeros
RUN rm /data/zeros
ENV GREETING=hello
WORKDIR /www
USER app
EXPOSE 8000
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""


@dataclass(frozen=True)
class Bench:
    """An engine with the base image in it, and a context of its own."""

    engine: Engine
    base: str
    context: Path

    def build(self, text=DOCKERFILE, version="v0", **options):
        path = self.context / "Dockerfile"
        path.write_text(f"FROM {self.base}\n{text}")
        return self.engine.build(BuildRequest(self.context, path, f"{TAG}:{version}", **options))

    def start(self, built, **options):
        return self.engine.start(built.image_id, RunOptions(label="conformance", **options))


@pytest.fixture(scope="module")
def daemon():
    with docker_daemon() as host:
        yield host


@pytest.fixture(scope="module", params=["buildah", "podman", "buildkit", "classic"])
def bench(request, tmp_path_factory):
    require_engine()
    folder = tmp_path_factory.mktemp("conformance")
    context = folder / "context"
    (context / "site").mkdir(parents=True)
    (context / "site" / "page.html").write_text("hello\n")
    with pytest.MonkeyPatch.context() as patch, store_in(tmp_path_factory.mktemp("store")) as store:
        if request.param in ("buildah", "podman"):
            if shutil.which(request.param) is None:
                pytest.skip(f"{request.param} is not installed")
            for key, value in store.environment.items():
                patch.setenv(key, value)
            made = Bench(find_engine(request.param), BASE, context)
        else:
            engine = docker_with(request.param, request.getfixturevalue("daemon"), patch)
            base = f"{PREFIX}/conformance-base:1"
            build = ["docker", "build", "-q", "-t", base, str(store.folder / "base")]
            subprocess.run(build, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"})
            made = Bench(engine, base, context)
        yield made
        made.engine.sweep(f"{TAG}:")
        if made.engine.name == "docker":
            made.engine.sweep(f"{PREFIX}/conformance-base:")
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_port(sandbox, port=8000):
    for _ in range(200):
        if any(one.port == port for one in sandbox.listeners()):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens: {sandbox.logs()}, {sandbox.state()}")


def get(sandbox, path):
    with sandbox.connect(8000, 5.0) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return connection.makefile("rb").read()


def test_an_image_is_built_weighed_and_matched_with_its_lines(bench):
    built = bench.build(use_cache=False)
    image = open_image(built.reference)
    dockerfile = parse((bench.context / "Dockerfile").read_text())
    base = open_image(f"{built.reference.transport.value}:{bench.base}")
    found = align(dockerfile, dockerfile.stages[-1], image, base, builder=bench.engine.builder)
    assert found.known, found.reason
    lines = {found.instruction_of[number].line: image.layers[number].unpacked for number in found.instruction_of}
    assert (6, 300_000, 0) == (lines[2], lines[3], lines[4])
    assert 300_000 == image.sizes.waste


def test_seconds_of_each_instruction_are_measured(bench):
    built = bench.build("RUN sleep 1.2\nRUN true\nRUN sleep 0.7\n", use_cache=False)
    slow, quick, last = (run.seconds for run in built.instructions)
    assert all(not run.cached for run in built.instructions)
    assert 1.2 <= slow <= built.seconds
    assert 0.7 <= last <= built.seconds
    assert 0 <= quick
    assert slow + quick + last <= built.seconds + 0.3  # BuildKit's are rounded


def test_a_second_build_comes_from_the_cache(bench):
    bench.build()
    again = bench.build(version="v1")
    assert all(run.cached for run in again.instructions if run.text.startswith(("RUN", "COPY")))
    assert not again.cold


def test_a_build_takes_an_ignore_file_from_elsewhere_instead_of_the_one_of_the_context(bench, tmp_path):
    context, elsewhere = tmp_path / "context", tmp_path / "run"
    context.mkdir()
    elsewhere.mkdir()
    for name in ("one", "two"):
        (context / name).write_text(f"{name}\n")
    (context / ".dockerignore").write_text("one\n")
    dockerfile, ignore = elsewhere / "Dockerfile", elsewhere / "Dockerfile.dockerignore"
    dockerfile.write_text("FROM scratch\nCOPY . /all/\n")

    def taken(ignore_file):
        request = BuildRequest(context, dockerfile, f"{TAG}:ignore", ignore_file=ignore_file, use_cache=False)
        tree = open_image(bench.engine.build(request).reference).tree
        return {path for path in tree if path in (b"all/one", b"all/two")}

    assert {b"all/two"} == taken(None)
    ignore.write_text("two\n")
    if bench.engine.capabilities.ignore_file_apart:
        assert {b"all/one"} == taken(ignore)
        assert {".dockerignore"} == {each.name for each in context.iterdir()} - {"one", "two"}
    else:
        with pytest.raises(EngineError, match="from the context alone"):
            taken(ignore)


def test_where_an_ignore_file_is_looked_for_is_told(bench, tmp_path):
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /all/\n")
    places = [name.replace("{dockerfile}", "Dockerfile") for name in bench.engine.capabilities.ignore_files]
    for name in places:
        (tmp_path / name).write_text(f"left-out-by-{name}\n")
        (tmp_path / f"left-out-by-{name}").write_text("x")
    for number, first in enumerate(places):
        request = BuildRequest(tmp_path, dockerfile, f"{TAG}:places", use_cache=False)
        tree = open_image(bench.engine.build(request).reference).tree
        assert [first] == [name for name in places[number:] if f"all/left-out-by-{name}".encode() not in tree]
        (tmp_path / first).unlink()


def test_a_failing_instruction_is_named(bench):
    with pytest.raises(BuildFailed) as caught:
        bench.build('RUN echo "it will not do" && exit 3\n')
    assert "exit 3" in caught.value.message
    assert "it will not do" in caught.value.log


def test_an_unknown_target_is_a_wrong_use(bench):
    with pytest.raises(UsageError, match="nosuch"):
        bench.build("RUN true\n", target="nosuch")


def test_build_arguments_reach_the_build_and_not_our_eyes(bench):
    lines = []
    path = bench.context / "Dockerfile"
    path.write_text(f"FROM {bench.base}\nARG WORD\nRUN echo ${{WORD}} > /word && echo said ${{WORD}}\n")
    request = BuildRequest(bench.context, path, f"{TAG}:arg", build_args={"WORD": "canary-7"}, use_cache=False)
    built = bench.engine.build(request, lines.append)
    assert b"canary-7\n" == open_image(built.reference).tree.read(b"word")
    assert "canary-7" not in "\n".join(lines)


STAGES = """\
RUN echo one > /one
FROM {base} AS two
RUN echo two > /two
FROM {base}
RUN echo three > /three
"""


def test_the_stage_that_is_asked_for_is_built(bench):
    built = bench.build(STAGES.format(base=bench.base), target="two", use_cache=False)
    assert [b"two"] == [name for name in (b"one", b"two", b"three") if name in open_image(built.reference).tree]
    assert "three" not in "".join(run.text for run in built.instructions)


def test_a_secret_is_given_to_its_instruction_and_is_not_in_the_image(bench, tmp_path):
    (tmp_path / "key").write_text("hunter2\n")
    text = "RUN --mount=type=secret,id=key wc -c < /run/secrets/key > /length\n"
    secrets = (f"id=key,src={tmp_path / 'key'}",)
    if not bench.engine.capabilities.secrets:
        with pytest.raises(EngineError, match="no build secrets"):
            bench.build(text, secrets=secrets)
        return
    image = open_image(bench.build(text, secrets=secrets, use_cache=False).reference)
    assert b"8\n" == image.tree.read(b"length").lstrip()
    holding = [path for path in image.tree if image.tree.get(path).size == 8]
    assert [] == [path for path in holding if b"hunter2" in image.tree.read(path)]


def test_a_network_that_is_asked_for_is_the_one_that_is_used(bench):
    text = "RUN cat /proc/net/dev | grep -c : > /interfaces\n"
    asked = {"arguments": ("--network=none",), "use_cache": False}
    if not bench.engine.capabilities.build_networks:
        with pytest.raises(UsageError, match="network of this machine alone"):
            bench.build(text, **asked)
        return
    assert b"1\n" == open_image(bench.build(text, **asked).reference).tree.read(b"interfaces")  # lo


@pytest.mark.parametrize(
    ("capability", "line"), [("heredocs", "COPY <<END /new\nx\nEND\n"), ("copy_link", "COPY --link site /new\n")]
)
def test_what_is_said_of_newer_words_holds(bench, capability, line):
    if getattr(bench.engine.capabilities, capability):
        assert b"new" in open_image(bench.build(line).reference).tree
    else:
        with pytest.raises(BuildFailed):
            bench.build(line)


def ended(sandbox, seconds=20.0):
    deadline = time.monotonic() + seconds
    while sandbox.state().phase is Phase.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return sandbox.state()


EAT = "awk 'BEGIN { s = \"0123456789abcdef\"; while (length(s) < 300000000) s = s s; print length(s) }'"


def test_memory_is_limited(bench):
    hungry = ("sh", "-c", EAT)
    with bench.start(bench.build(), command=hungry, memory=2**31) as sandbox:
        assert (0, "") == (ended(sandbox).code, ended(sandbox).error)
    with bench.start(bench.build(), command=hungry, memory=100 * 2**20) as sandbox:
        state = ended(sandbox)
        assert 0 != state.code
        if bench.engine.capabilities.limits:
            assert "it needed more memory than its limit of 104857600 bytes" == state.error


def test_the_number_of_processes_is_limited(bench):
    if not bench.engine.capabilities.limits:
        pytest.skip(bench.engine.capabilities.limits_by)
    many = ("sh", "-c", "i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all")
    with bench.start(bench.build(), command=many, processes=100) as sandbox:
        state = ended(sandbox)
        assert 0 != state.code
        assert b"fork" in sandbox.logs()[1]


def test_a_container_that_runs_too_long_is_ended(bench):
    with bench.start(bench.build(), seconds=2.0) as sandbox:
        wait_for_port(sandbox)
        state = ended(sandbox)
        assert (137, "ended after 2 s, which is its limit") == (state.code, state.error)


def test_a_published_port_is_a_free_one_on_loopback_alone(bench):
    if not bench.engine.capabilities.ports_published:
        with bench.start(bench.build(), publish=(8000,)) as sandbox:
            assert {} == dict(sandbox.published())
        return
    with bench.start(bench.build(), publish=(8000,)) as one, bench.start(bench.build(), publish=(8000,)) as other:
        wait_for_port(one)
        wait_for_port(other)
        ports = [dict(each.published())[8000] for each in (one, other)]
        assert 2 == len(set(ports))
        for port in ports:
            listening = [each for each in namespaces.listeners(os.getpid()) if each.port == port]
            assert [("tcp", "127.0.0.1")] == [(each.protocol, each.address) for each in listening]
            with socket.create_connection(("127.0.0.1", port), 5.0) as connection:
                connection.sendall(b"GET /page.html HTTP/1.0\r\n\r\n")
                assert connection.makefile("rb").read().endswith(b"hello\n")
        assert 0 != one.execute(["sh", "-c", "echo x | nc -w 2 192.0.2.1 80"], timeout=20).code


def test_nothing_is_published_unasked(bench):
    with bench.start(bench.build()) as sandbox:
        assert {} == dict(sandbox.published())


def test_much_on_stderr_is_kept_and_holds_nobody_up(bench):
    text = "head -c 400000 /dev/zero | tr '\\0' x >&2; echo done"
    with bench.start(bench.build(), command=("sh", "-c", text)) as sandbox:
        assert 0 == ended(sandbox).code
        out, err = sandbox.logs()
        assert (b"done\n", b"x" * 400_000) == (out, err)


def test_much_on_stderr_of_a_build_holds_nobody_up(bench):
    lines = []
    path = bench.context / "Dockerfile"
    path.write_text(f"FROM {bench.base}\nRUN head -c 400000 /dev/zero | tr '\\0' x | fold -w 1000 >&2; echo at-last\n")
    bench.engine.build(BuildRequest(bench.context, path, f"{TAG}:noise", use_cache=False), lines.append)
    assert any("at-last" in line for line in lines)
    shown = sum(line.count("x") for line in lines)
    assert 400_000 <= shown or any("output clipped" in line for line in lines)  # BuildKit shows 200 KiB a second


def test_death_by_a_signal_is_told(bench):
    with bench.start(bench.build(), command=("sh", "-c", "sh -c 'kill -SEGV $$'; exit $?")) as sandbox:
        assert 139 == ended(sandbox).code
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        os.kill(sandbox._main(), signal.SIGKILL)
        assert (137 if bench.engine.capabilities.signals_seen else 1) == ended(sandbox).code


def test_an_image_whose_name_is_taken_away_can_still_be_started(bench):
    built = bench.build(version="fleeting", use_cache=False)
    with bench.start(built) as sandbox:
        wait_for_port(sandbox)
        bench.engine.remove_images([f"{TAG}:fleeting"])
        assert get(sandbox, "/page.html").endswith(b"hello\n")


def test_an_image_that_is_gone_is_told_to_be(bench):
    with pytest.raises(EngineError, match="is gone"):
        bench.engine.start("0123456789abcdef" * 4, RunOptions(label="conformance"))


def test_an_application_runs_as_the_image_says_and_answers(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        assert get(sandbox, "/page.html").endswith(b"hello\n")
        assert 1234 == sandbox.process().uid
        assert Phase.RUNNING is sandbox.state().phase
        assert sandbox.cpu_seconds() is not None


def test_a_command_runs_beside_it_with_its_user_and_environment(bench):
    with bench.start(bench.build(), environment={"MORE": "yes"}) as sandbox:
        wait_for_port(sandbox)
        ended = sandbox.execute(["sh", "-c", "id -u; echo $GREETING $MORE; pwd; echo x > /data/x; exit 5"], timeout=20)
        assert (5, b"1234\nhello yes\n/www\n") == (ended.code, ended.stdout)
        assert b"/data/x" in sandbox.written()


def test_a_command_that_is_too_slow_is_given_up(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        assert sandbox.execute(["sleep", "30"], timeout=1).timed_out


@pytest.mark.parametrize(
    ("command", "code"), [(("sh", "-c", "exit 7"), 7), (("nosuch",), 127), (("/etc/passwd",), 126)]
)
def test_how_a_program_ended_is_told(bench, command, code):
    with bench.start(bench.build(), command=command) as sandbox:
        for _ in range(200):
            if sandbox.state().phase is Phase.EXITED:
                break
            time.sleep(0.05)
        assert code == sandbox.state().code


def test_output_is_kept_apart(bench):
    with bench.start(bench.build(), command=("sh", "-c", "echo out; echo err >&2")) as sandbox:
        while sandbox.state().phase is Phase.RUNNING:
            time.sleep(0.05)
        assert (b"out\n", b"err\n") == sandbox.logs()


def test_a_port_on_loopback_is_reached_from_inside_only(bench):
    command = ("httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/www")
    with bench.start(bench.build(), command=command) as sandbox:
        wait_for_port(sandbox)
        with pytest.raises(OSError, match="refused"):
            sandbox.connect(8000, 2.0)
        sandbox.connect(8000, 2.0, loopback=True).close()


def test_there_is_no_way_out_of_a_container(bench):
    with bench.start(bench.build()) as sandbox:
        wait_for_port(sandbox)
        ended = sandbox.execute(["sh", "-c", "echo x | nc -w 2 192.0.2.1 80"], timeout=20)
        assert 0 != ended.code


def test_stopping_ends_an_application_that_obeys(bench):
    command = ("sh", "-c", "trap 'exit 9' TERM; httpd -p 8000 -h /www; while :; do sleep 0.1; done")
    with bench.start(bench.build(), command=command) as sandbox:
        wait_for_port(sandbox)
        assert 9 == sandbox.stop(4.0).code


def test_nothing_is_left_after_a_sweep(bench):
    built = bench.build(version="left")
    sandbox = bench.start(built)
    removed = bench.engine.sweep(f"{TAG}:")
    assert sandbox.name in removed
    assert not bench.engine.image_exists(f"{TAG}:left")
    sandbox.close()


def test_an_image_is_fetched_by_its_name_or_told_to_be_absent(bench):
    assert bench.base == bench.engine.fetch(bench.base).where
    assert bench.engine.fetch("localhost/jettison-has-none:of-these") is None
