"""What `docker build` takes and refuses of the hand-written Dockerfiles, with the daemon's BuildKit and without it.

Both are the builders of Docker 20.10, older than the grammar that we read; each case in which one is of another mind is
listed with its reason. What is asked is whether a text is read: a RUN that fails and a file that is absent refuse none.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from acceptance import CORPUS, FILES, Asked, bases_of, cases_in, disagreeing, listed, we_take
from docker_daemon import OwnDaemon, docker_with, own_daemon
from engine_base import static_busybox
from stacked_image import file, layer

from jettison.core.unix_http import DaemonConnection
from jettison.engine.docker_api import DockerApi

pytestmark = pytest.mark.engine
LISTED = listed("docker")
BUILDERS = {"buildkit": "2", "classic": "1"}  # by what the interface calls them
BASE = "x"  # of most cases
OTHER_BASES = ("a", "b", "c", "y", "z")  # of what BuildKit of today refuses
PLAIN_BASE = re.compile(r"docker\.io/library/([^:@]+):([^@]+)")
# Its shell is `true`: whatever a RUN says ends well and at once.
MAKE_BASE = 'FROM scratch\nCOPY true /bin/true\nSHELL ["/bin/true"]\n'
REFUSED_BY_BUILDKIT = "failed to solve with frontend dockerfile.v0: "
READ_BY_CLASSIC = re.compile(
    r"(?:COPY|ADD) failed: (?!source can't be)|The command '|failed to create shim task: |unable to convert uid/gid "
)
FROM_AFAR = re.compile(r"failed to do request|dial tcp|pull access denied|registry-1\.docker\.io")
AT_ONCE = 4
SECONDS = 300.0  # without a byte: a build has nothing to do, but a machine may


def listed_for(builder: str, *kinds: str) -> set[str]:
    """The cases that these kinds of tables list of one builder."""
    return cases_in([table for kind in kinds for table in LISTED[kind]], builder)


def cases_for(builder: str) -> dict[str, dict[str, Any]]:
    """All but those that ask somebody else, and those that end the daemon."""
    left_out = listed_for(builder, "aside", "deadly")
    return {name: each for name, each in CORPUS.items() if name not in left_out}


class Builds:
    """Builds through the interface of a daemon in which every base of the cases is one tiny image."""

    def __init__(self, daemon: OwnDaemon, folder: Path) -> None:
        self.daemon = daemon
        program = static_busybox(folder).read_bytes()
        self._context = [file(name, name.encode()) for name in FILES]
        assert "" == self._error("classic", {"text": MAKE_BASE}, {"t": BASE}, file("true", program, mode=0o755))
        found = {PLAIN_BASE.fullmatch(base) for each in CORPUS.values() for base in bases_of(each)}
        named = {match.groups() for match in found if match} | {(name, "latest") for name in OTHER_BASES}
        for repo, tag in sorted(named):
            assert 201 == self._post(f"/images/{BASE}/tag", {"repo": repo, "tag": tag})[0]

    def takes(self, builder: str, asked: Asked) -> bool:
        """Whether a builder reads a Dockerfile and knows what to do; not whether that can be done."""
        error = self._error(builder, asked)
        assert not FROM_AFAR.search(error), f"a registry is asked for {asked['text']!r}: {error}"
        if builder == "buildkit":
            return not error.startswith(REFUSED_BY_BUILDKIT)
        return not error or READ_BY_CLASSIC.match(error) is not None

    def _error(self, builder: str, asked: Asked, more: dict[str, str] | None = None, *members: Any) -> str:
        """What a build ends with; "" where it ends well."""
        query = {"version": BUILDERS[builder], "networkmode": "none", "forcerm": "1", **(more or {})}
        query |= {"buildargs": json.dumps(asked["build_args"])} if "build_args" in asked else {}
        query |= {"target": asked["target"]} if "target" in asked else {}
        context = layer(file("Dockerfile", asked["text"].encode()), *self._context, *members)
        status, body = self._post("/build", query, context)
        said = [json.loads(line) for line in body.splitlines()]
        assert said and status in (200, 400), body
        return str(said[-1].get("error") or said[-1].get("message") or "")

    def _post(self, path: str, query: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        connection = DaemonConnection(self.daemon.address, SECONDS)
        try:
            headers = {"Host": "docker", "Content-Type": "application/x-tar"}
            connection.request("POST", f"{path}?{urlencode(query)}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builds]:
    """With a daemon of our own: names like `alpine` are given to the tiny image."""
    with own_daemon() as daemon:
        version = DockerApi(daemon.address).get("/version")["Version"]
        if not version.startswith(f"{LISTED['docker']}."):
            pytest.skip(f"what is listed is of Docker {LISTED['docker']}; this is {version}")
        yield Builds(daemon, tmp_path_factory.mktemp("docker"))


@pytest.mark.parametrize("builder", BUILDERS)
def test_nearly_every_case_is_asked_and_every_listed_one_is_among_them(builder: str) -> None:
    cases = cases_for(builder)
    assert set() == listed_for(builder, "disagreement") - set(cases)
    assert set() == listed_for(builder, "aside", "deadly") - set(CORPUS)
    assert len(CORPUS) - 12 < len(cases)


@pytest.mark.slow
@pytest.mark.parametrize("builder", BUILDERS)
def test_docker_takes_what_we_take_unless_listed(builder: str, builds: Builds) -> None:
    found = disagreeing(cases_for(builder), lambda asked: builds.takes(builder, asked), AT_ONCE)
    listed = listed_for(builder, "disagreement")
    assert set() == found - listed
    assert set() == listed - found, "these disagreements are listed, and gone"


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_command_line_ends_as_the_interface_says(
    builder: str, builds: Builds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_with(builder, builds.daemon.address, monkeypatch)
    monkeypatch.setenv("DOCKER_BUILDKIT", "0" if builder == "classic" else "1")
    (tmp_path / "a").write_text("a")
    told, by_interface = {}, {}
    for last in ("RUN a", "RUNS a", "ENV A=${B!c}", "COPY <<EOF c\nd\nEOF"):
        text = f"FROM x\nCOPY a b\n{last}\n"
        (tmp_path / "Dockerfile").write_text(text)
        command = ["docker", "build", "--network", "none", tmp_path]
        told[last] = subprocess.run(command, capture_output=True, timeout=SECONDS).returncode == 0
        by_interface[last] = builds.takes(builder, {"text": text})
    assert [True, False, False, False] == list(told.values())
    assert by_interface == told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builder", "case"), [(builder, case) for builder in BUILDERS for case in sorted(listed_for(builder, "deadly"))]
)
def test_what_is_deadly_is_so_and_refused_by_us(builder: str, case: str, builds: Builds) -> None:
    asked = CORPUS[case]["asked"]
    assert not we_take(asked)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        builds.takes(builder, asked)
    builds.daemon.kill()
    builds.daemon.start()
    assert builds.takes(builder, {"text": "FROM x\nCOPY a b\n"})
