"""What `docker build` prints, as data."""

from __future__ import annotations

import pytest

from jettison.core.errors import BuildFailed, DiskError, EngineError, UsageError
from jettison.engine.docker_output import failure, instructions
from jettison.engine.model import InstructionRun

BUILDKIT = """\
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 130B done
#1 DONE 0.1s
#4 [build 1/3] FROM docker.io/library/busybox
#4 CACHED
#5 [build 2/3] RUN make
#6 [stage-1 2/2] COPY a b
#6 CACHED
#5 0.210 #7 DONE 9.9s
#5 DONE 12.3s
#7 [build 3/3] RUN make install
#7 DONE 0.0s
#8 exporting to image
#8 DONE 0.2s
"""
CLASSIC = """\
Step 1/4 : FROM busybox
 ---> 0123456789ab
Step 2/4 : RUN make
 ---> Running in 1123456789ab
Removing intermediate container 1123456789ab
 ---> 2123456789ab
Step 3/4 : COPY a b
 ---> Using cache
 ---> 3123456789ab
Step 4/4 : LABEL a=b
 ---> 4123456789ab
Successfully built 4123456789ab
Successfully tagged x:1
"""


def test_buildkit_tells_instructions_and_their_seconds():
    expected = (
        InstructionRun("RUN make", False, 12.3),
        InstructionRun("COPY a b", True, 0.0),
        InstructionRun("RUN make install", False, 0.0),
    )
    assert expected == instructions(BUILDKIT.splitlines())


def test_the_classic_builder_is_timed_by_when_its_lines_come():
    lines = CLASSIC.splitlines()
    times = [float(number) for number in range(len(lines) + 1)]
    expected = (
        InstructionRun("RUN make", False, 4.0),
        InstructionRun("COPY a b", True, 3.0),
        InstructionRun("LABEL a=b", False, 2.0),
    )
    assert expected == instructions(lines, times)


def test_without_times_seconds_are_not_known():
    assert {None} == {run.seconds for run in instructions(CLASSIC.splitlines())}


FAILURES = {
    "no such stage, classic": (
        ["failed to reach build target nosuch in Dockerfile"],
        UsageError,
        "there is no stage called nosuch",
    ),
    "no such stage, buildkit": (
        ["failed to solve: target stage nosuch could not be found"],
        UsageError,
        "there is no stage called nosuch",
    ),
    "a full disk": (["write /var/x: no space left on device"], DiskError, "no space left while building"),
    "a daemon that went away": (
        ["Step 2/2 : RUN make", "error during connect: Post: EOF"],
        EngineError,
        "the Docker daemon went away while building",
    ),
    "a daemon that went away, buildkit": (
        [
            "#5 [2/2] RUN make",
            "error: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
        ],
        EngineError,
        "the Docker daemon went away while building",
    ),
    "a base that is not there": (
        [
            "#3 [1/2] FROM docker.io/library/nosuch:1",
            "#3 ERROR: not found",
            "pull access denied for nosuch, repository",
        ],
        BuildFailed,
        "the base image docker.io/library/nosuch:1 cannot be had",
    ),
    "a tag that is not there": (
        [
            "#2 [internal] load metadata for docker.io/library/node:99",
            "#2 ERROR: docker.io/library/node:99: not found",
            "error: failed to solve: node:99: failed to resolve source metadata for docker.io/library/node:99",
        ],
        BuildFailed,
        "the registry has no docker.io/library/node:99",
    ),
    "an instruction that fails": (
        ["#5 [2/2] RUN make", "#5 ERROR: executor failed running [/bin/sh -c make]: exit code: 2"],
        BuildFailed,
        "the build failed at RUN make",
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failed_build_is_told_by_its_kind(what):
    lines, kind, message = FAILURES[what]
    error = failure(1, lines)
    assert (kind, message) == (type(error), error.message)
    assert error.hint
