"""What buildah printed, as data: texts of buildah 1.28, shortened."""

from __future__ import annotations

import pytest

from jettison.core.errors import BuildFailed, DiskError, EngineError, JettisonError, UsageError
from jettison.engine.buildah_output import ended, failure, in_two_tries, instructions, without_added
from jettison.engine.model import ContainerState, InstructionRun, Phase

TWO_STAGES = """\
[1/2] STEP 1/3: FROM docker.io/library/debian:bookworm AS build
[1/2] STEP 2/3: RUN make
--> Using cache 1f2e3d4c5b6a1f2e3d4c5b6a1f2e3d4c5b6a1f2e3d4c5b6a1f2e3d4c5b6a1f2e
--> 1f2e3d4c5b6
[1/2] STEP 3/3: COPY . /app
--> 0a9b8c7d6e5
[2/2] STEP 1/3: FROM docker.io/library/debian:bookworm-slim
[2/2] STEP 2/3: COPY --from=build /app /app
STEP 9/9: this line was printed by the application and looks like a step
[2/2] STEP 3/3: CMD ["/app"]
[2/2] COMMIT localhost/jettison/r:v0
--> 5544332211a
Successfully tagged localhost/jettison/r:v0
5544332211aa5544332211aa5544332211aa5544332211aa5544332211aa5544
"""
STORE = "/var/lib/containers/storage/overlay-layers/.tmp-layers.json3547763679"


def test_instructions_are_told_with_what_came_from_the_cache() -> None:
    lines = [line for line in TWO_STAGES.splitlines() if "looks like" not in line]
    expected = [
        ("RUN make", True),
        ("COPY . /app", False),
        ("COPY --from=build /app /app", False),
        ('CMD ["/app"]', False),
    ]
    assert [InstructionRun(text, cached, None) for text, cached in expected] == list(instructions(lines))


def test_seconds_pass_between_the_lines_of_steps() -> None:
    lines = [line for line in TWO_STAGES.splitlines() if "looks like" not in line]
    found = instructions(lines, [2.0 * number for number in range(len(lines) + 1)])
    assert [6.0, 4.0, 2.0, 10.0] == [run.seconds for run in found]  # the last until the end: its layer is written then


def test_what_the_first_of_two_tries_made_is_no_cache_of_before() -> None:
    first = (
        InstructionRun("COPY lib /", True, 0.1),
        InstructionRun("COPY . /", False, 2.0),
        InstructionRun("RUN x", False, 0.5),
    )
    again = (
        InstructionRun("COPY lib /", True, 0.1),
        InstructionRun("COPY . /", True, 0.2),
        InstructionRun("RUN x", False, 3.0),
        InstructionRun("RUN y", False, 1.0),
    )
    assert (again[0], first[1], *again[2:]) == in_two_tries(first, again)
    assert again == in_two_tries((), again)


def test_a_single_stage_has_no_stage_numbers() -> None:
    lines = ["STEP 1/2: FROM scratch", "STEP 2/2: COPY x /", "--> Using cache 0123", "--> 0123"]
    assert (InstructionRun("COPY x /", True, None),) == instructions(lines)


def test_a_base_from_the_cache_is_no_instruction() -> None:
    assert () == instructions(["STEP 1/1: FROM scratch", "--> Using cache 0123", "COMMIT x"])


FAILURES = [
    (
        "an instruction",
        1,
        [
            "STEP 1/2: FROM x",
            "STEP 2/2: RUN make",
            "make: *** No rule",
            'Error: building at STEP "RUN make": exit status 2',
        ],
        BuildFailed,
        "the build failed at RUN make",
    ),
    (
        "a source that is not there",
        125,
        [
            "STEP 1/2: FROM x",
            "STEP 2/2: COPY nope /",
            'Error: building at STEP "COPY nope /": copier: stat: "/nope": no',
        ],
        BuildFailed,
        "the build failed at COPY nope /",
    ),
    (
        "a server that an instruction did not find",
        1,
        ["STEP 1/2: FROM x", "STEP 2/2: RUN fetch", "dial tcp: lookup a.invalid: no such host", "Error: exit status 1"],
        BuildFailed,
        "the build failed at RUN fetch",
    ),
    (
        "a registry that is not there",
        125,
        [
            "STEP 1/2: FROM 127.0.0.1:1/nothing:1",
            "Trying to pull 127.0.0.1:1/nothing:1...",
            'time="2026" level=warning msg="Failed, retrying in 2s ... (3/3)."',
            (
                "Error: creating build container: initializing source docker://127.0.0.1:1/nothing:1: pinging "
                'container registry 127.0.0.1:1: Get "https://127.0.0.1:1/v2/": dial tcp: connect: connection refused'
            ),
        ],
        BuildFailed,
        "the base image 127.0.0.1:1/nothing:1 cannot be had",
    ),
    (
        "a tag that is not there",
        125,
        [
            "[2/2] STEP 1/2: FROM docker.io/library/debian:nosuch AS final",
            (
                "Error: creating build container: initializing source docker://debian:nosuch: reading manifest "
                "nosuch in docker.io/library/debian: manifest unknown"
            ),
        ],
        BuildFailed,
        "the registry has no docker.io/library/debian:nosuch",
    ),
    (
        "a login that is wanted",
        125,
        ["STEP 1/1: FROM ghcr.io/a/b", "Error: reading manifest latest: requested access to the resource is denied"],
        BuildFailed,
        "the base image ghcr.io/a/b cannot be had",
    ),
    (
        "a short name",
        125,
        [
            "STEP 1/1: FROM nosuch",
            (
                'Error: creating build container: short-name "nosuch" did not resolve to an alias and no '
                'unqualified-search registries are defined in "/etc/containers/registries.conf"'
            ),
        ],
        BuildFailed,
        "the base image nosuch cannot be had",
    ),
    (
        "a reference without its tag",
        125,
        ["STEP 1/1: FROM localhost/x:", "Error: creating build container: invalid reference format"],
        BuildFailed,
        "the base image localhost/x: cannot be had",
    ),
    (
        "a target",
        125,
        ['Error: The target "nosuch" was not found in the provided Dockerfile'],
        UsageError,
        "there is no stage called nosuch",
    ),
    (
        "a secret without its file",
        125,
        ["Error: creating build executor: could not parse secrets: stat /nope: no such file or directory"],
        UsageError,
        "a --secret cannot be used: stat /nope: no such file or directory",
    ),
    (
        "an argument that it does not know",
        125,
        ["Error: unknown flag: --nonsense"],
        UsageError,
        "the builder does not take this: unknown flag: --nonsense",
    ),
    (
        "a network that chroot isolation cannot give",
        125,
        ["Error: cannot set --network other than host with --isolation chroot"],
        UsageError,
        "it builds with the network of this machine alone: that is what chroot isolation can do",
    ),
    (
        "a full disk seen by an instruction",
        1,
        [
            "STEP 2/2: RUN make",
            "dd: error writing '/big': No space left on device",
            "subprocess exited with status 1",
            'Error: building at STEP "RUN make": exit status 1',
        ],
        DiskError,
        "no space left while building",
    ),
    (
        "a full store",
        125,
        ["STEP 2/2: RUN make", "Error: 1 error occurred:", f"\t* write {STORE}: no space left on device", "", ": x"],
        DiskError,
        "no space left while building",
    ),
    (
        "a full temporary directory",
        125,
        [
            "COMMIT localhost/z:1",
            'time="2026" level=error msg="Can\'t close tar writer: io: read/write on closed pipe"',
            (
                "Error: committing container for step {Env:[] Command:copy Message:COPY big /big}: copying layers: "
                'storing layer "e8c9f2" to file: io: read/write on closed pipe'
            ),
        ],
        DiskError,
        "no space left while building",
    ),
    (
        "no permission",
        125,
        ["Error: mkdir /var/lib/containers/storage: permission denied"],
        EngineError,
        "buildah may not work here: Error: mkdir /var/lib/containers/storage: permission denied",
    ),
    (
        "a permission that an instruction lacks",
        1,
        ["STEP 1/2: FROM x", "STEP 2/2: RUN cat /x", "cat: /x: Permission denied", "Error: exit status 1"],
        BuildFailed,
        "the build failed at RUN cat /x",
    ),
    ("its own death", -9, ["STEP 2/2: RUN make"], EngineError, "buildah was killed by signal 9"),
    ("nothing at all", 1, [], BuildFailed, "the build failed"),
]


@pytest.mark.parametrize(
    ("code", "lines", "kind", "message"), [row[1:] for row in FAILURES], ids=[r[0] for r in FAILURES]
)
def test_a_failed_build_is_told_by_its_kind_with_a_hint(
    code: int, lines: list[str], kind: type[JettisonError], message: str
) -> None:
    error = failure(code, lines)
    assert (kind, message, True) == (type(error), error.message, bool(error.hint))


def test_the_log_of_a_failed_build_is_its_last_lines() -> None:
    error = failure(1, ["STEP 2/2: RUN x", *map(str, range(40))])
    assert isinstance(error, BuildFailed)
    assert [str(number) for number in range(28, 40)] == error.log.splitlines()


def test_a_long_instruction_is_cut_in_the_message() -> None:
    error = failure(1, [f"STEP 2/2: RUN {'x' * 300}"])
    assert f"the build failed at RUN {'x' * 93}..." == error.message


STATUS = "subprocess exited with status {0}\nsubprocess exited with status {0}\nError: exit status {0}\n"
DIED = "subprocess exited on {}\nsubprocess exited with status 1\nError: exit status 1\n"
NOT_STARTED = (
    "process failed to start with error: {}process exited with error: exec: not started"
    "subprocess exited with status 1\nError: exit status 1\n"
)
ABSENT = "fork/exec /x: no such file or directory"


@pytest.mark.parametrize(
    ("code", "own", "added", "expected"),
    [
        (0, "", "", (0, "")),
        (7, "err\n", STATUS.format(7), (7, "")),
        (7, "no newline", STATUS.format(7), (7, "")),
        (1, "Error: exit status 4\n", STATUS.format(1), (1, "")),
        (1, "Error: Cannot find module 'x'\n", STATUS.format(1), (1, "")),
        (1, "", DIED.format("segmentation fault"), (139, "")),
        (1, "no newline", DIED.format("killed"), (137, "")),
        (1, "", DIED.format("CPU time limit exceeded"), (152, "")),
        (1, "", DIED.format("signal 34"), (162, "")),
        (1, "", DIED.format("something new"), (128, "")),
        (1, "", NOT_STARTED.format(ABSENT), (127, ABSENT)),
        (1, "", NOT_STARTED.format("fork/exec /x: permission denied"), (126, "fork/exec /x: permission denied")),
        (
            1,
            "",
            NOT_STARTED.format('exec: "x": executable file not found in $PATH'),
            (127, 'exec: "x": executable file not found in $PATH'),
        ),
        (-9, "cut off", "", (137, "")),
    ],
)  # fmt: skip
def test_how_a_container_ended_is_read_from_buildahs_last_words(
    code: int, own: str, added: str, expected: tuple[int, str]
) -> None:
    errors = (own + added).encode()
    assert ContainerState(Phase.EXITED, *expected) == ended(code, errors)
    if added:
        assert own.encode() == without_added(errors)


def test_a_user_that_is_not_known_is_no_exit_code_of_the_application() -> None:
    said = 'determining run uid: user: unknown user error looking up user "nobody"'
    assert ContainerState(Phase.EXITED, 125, said) == ended(125, f"Error: {said}\n".encode())


def test_words_like_buildahs_in_the_middle_of_a_log_are_the_applications() -> None:
    log = b"subprocess exited on killed\nsubprocess exited with status 1\nError: exit status 1\nI go on\n"
    assert (log, 1) == (without_added(log), ended(1, log).code)
