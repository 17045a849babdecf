"""Applications whose behaviour is hard to pin down, or whose build is: really built, really started.

Each is a busybox FROM a base of the tests' own; jettison runs in a process of its own, the project stays as it was.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bad_project import fingerprint, optimize
from engine_base import Store

from jettison.engine.leftovers import working_containers

pytestmark = pytest.mark.engine
HTTPD = 'CMD ["httpd", "-f", "-h", "/www", "-p", "{}"]\n'
SERVED = 'COPY answer.sh /\nCMD ["nc", "-ll", "-p", "8000", "-e", "/answer.sh"]\n'
RANDOM = """#!/bin/sh
body=$(head -c 60 /dev/urandom | base64)
printf 'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: %s\\r\\n\\r\\n%s' ${#body} "$body"
"""
UNSTEADY = """#!/bin/sh
n=$(cat /tmp/n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > /tmp/n
case $((n % 2)) in 0) status='500 Error' ;; *) status='200 OK' ;; esac
printf 'HTTP/1.0 %s\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\nhi' "$status"
"""


@dataclass(frozen=True)
class Case:
    """What follows FROM, the files beside it; where it is refused: the error, the hint; else the note in the report."""

    name: str
    dockerfile: str
    code: int
    said: str
    hint: str = ""
    files: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


REFUSED = [
    Case(
        "does not build", "RUN echo no compiler here >&2; exit 2\n", 3, "  | no compiler here", "it must build before"
    ),
    Case("a source that is not there", "COPY nothing /\n", 3, "the build failed at COPY nothing /", "it must build"),
    Case(
        "a base that cannot be pulled",
        "FROM 127.0.0.1:1/nothing:1\n",
        3,
        "the base image 127.0.0.1:1/nothing:1 cannot be had",
        "buildah pull 127.0.0.1:1/nothing:1",
    ),
    Case("exits", "CMD echo no settings >&2; exit 3\n", 4, "ends with 3 when it is started: no settings", "--env K=V"),
    Case("a command that is not there", 'CMD ["/srv/start"]\n', 4, "/srv/start: no such file", "--check CMD"),
    Case("no command at all", "RUN true\n", 4, "the image names no command", "--build-only"),
    Case(  # by chance: two starts that differ, or two that end, or two that show nothing
        "crashes or not",
        "CMD [ $(($(od -An -N1 -tu1 /dev/urandom) % 2)) = 0 ] && sleep 600; sleep 0.5; exit 9\n",
        4,
        "the original ",
        "--build-only",
    ),
    Case("never answers", 'CMD ["nc", "-ll", "-p", "8000", "-e", "sleep", "600"]\n', 4, "no answer in time", "--probe"),
    Case("does nothing that shows", "CMD sleep 600\n", 4, "nothing it does can be seen", "--check CMD"),
    Case(
        "prints something else each time", "CMD head -c 30 /dev/urandom | base64\n", 4, "something else each time", "-"
    ),
    Case("unsteady answers", SERVED, 4, "differently each time", "stays the same", {"answer.sh": UNSTEADY}),
    Case("a database", "CMD wget -qO- http://db:5432/ || exit 1\n", 4, "needs another service", "--env K=V"),
    Case(
        "a check that fails", HTTPD.format(8000), 4, "--check 'exit 7' ends with 7", "exit 0", {}, ("--check", "exit 7")
    ),
    Case(
        "a probe of a closed port",
        HTTPD.format(8000),
        4,
        "--probe",
        "below 500",
        {},
        ("--probe", "http://localhost:9/"),
    ),
    Case("a flag of no engine", "RUN true\n", 2, "unknown flag: --nonsense", "build command", {}, ("--", "--nonsense")),
    Case("a secret without its file", "RUN true\n", 2, "--secret", "src=FILE", {}, ("--secret", "id=a,src=/no/such")),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case.name for case in REFUSED])
def test_what_cannot_be_pinned_down_is_refused_with_a_hint(
    case: Case, make_project: Callable[..., Path], variables: dict[str, str], store: Store
) -> None:
    project = make_project(case.dockerfile, **case.files)
    before = fingerprint(project)
    arguments = list(case.arguments)
    answer = optimize(project, *arguments, variables=variables)
    error, _, hint = answer.stderr.partition("\nhint: ")
    assert (case.code, "", False) == (answer.code, answer.stdout, "Traceback" in answer.stderr), answer.stderr
    assert case.said in error
    assert case.hint in hint
    assert before == fingerprint(project)
    assert_nothing_is_left(variables, store)


ACCEPTED = [
    Case("loopback only", HTTPD.format("127.0.0.1:8000"), 0, "port 8000 is bound to 127.0.0.1"),
    Case("other words each time", SERVED, 0, "1 distinct answer exercised", "", {"answer.sh": RANDOM}),
]


@pytest.mark.parametrize("case", ACCEPTED, ids=[case.name for case in ACCEPTED])
def test_what_can_be_pinned_down_is_with_a_note(
    case: Case, make_project: Callable[..., Path], variables: dict[str, str], store: Store
) -> None:
    project = make_project(case.dockerfile, **case.files)
    before = fingerprint(project)
    answer = optimize(project, variables=variables)
    assert (case.code, True) == (answer.code, case.said in " ".join(answer.stdout.split())), answer
    assert before == fingerprint(project)
    assert_nothing_is_left(variables, store)


def test_a_port_that_is_taken_here_is_free_in_there(
    make_project: Callable[..., Path], variables: dict[str, str]
) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        answer = optimize(make_project(HTTPD.format(taken.getsockname()[1])), variables=variables)
        taken.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody was asked out here
            taken.accept()
    assert (0, True) == (answer.code, "1 distinct answer exercised" in answer.stdout)


def assert_nothing_is_left(variables: dict[str, str], store: Store) -> None:
    """No container, no image under our prefix, no temporary folder, no mount."""
    assert () == working_containers(store.graph_root)
    assert "localhost/jettison/" not in store.buildah("images")
    assert [] == list(Path(variables["TMPDIR"]).iterdir())
    assert f"{store.graph_root}/overlay/" not in Path("/proc/self/mounts").read_text()
