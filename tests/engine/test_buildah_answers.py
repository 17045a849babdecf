"""A buildah that answers late, not at all, or nonsense."""

from __future__ import annotations

import pytest

from jettison.core.errors import BuildFailed, EngineError
from jettison.engine import buildah, buildah_output
from jettison.engine.model import BuildRequest
from jettison.engine.process import Ended


def test_an_answer_that_is_late_is_not_taken_for_an_image_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildah, "ANSWER_SECONDS", 0.2)
    with pytest.raises(EngineError, match=r"^`sleep 60` did not end within 0\.2 s$") as caught:
        buildah.read_json(["sleep", "60"])
    assert "--resume" in caught.value.hint


def test_a_command_that_went_away_is_told() -> None:
    with pytest.raises(EngineError, match="cannot start /no/such/buildah: No such file or directory"):
        buildah.read_json(["/no/such/buildah", "info"])


@pytest.mark.parametrize(("script", "expected"), [("echo '[1]'", [1]), ("echo '[1]'; exit 1", None), ("echo [", None)])
def test_json_is_read_where_the_command_ends_well(script: str, expected: object) -> None:
    assert expected == buildah.read_json(["sh", "-c", script])


NOT_SEALED = b"Close_Fd sealing memfd copy: Device or resource busy\nError: exit status 1\n"


@pytest.mark.parametrize(
    ("expected", "code", "out", "errors"),
    [
        (True, 1, b"", NOT_SEALED),
        (True, 1, b"", b"Error sealing memfd copy: Device or resource busy\n"),
        (False, 2, b"", NOT_SEALED),
        (False, 1, b"begun", NOT_SEALED),
        (False, 1, b"", b"said Close_Fd sealing memfd copy: \n"),
        (False, 1, b"", b"a line\n" * 200 + NOT_SEALED),
    ],
)
def test_whether_an_application_never_began(expected: bool, code: int, out: bytes, errors: bytes) -> None:
    assert expected == buildah_output.never_began(code, out, errors)


@pytest.mark.parametrize(
    ("first", "tries"),
    [
        ("error changing to intended-new-root directory: no such file or directory", 2),
        ("Close_Fd sealing memfd copy: Device or resource busy", 2),
        ('Error: checking if cached image exists from a previous build: locating image: image "0f1e" not known', 2),
        ('Error: building at STEP "RUN false": exit status 1', 1),
    ],
)
def test_what_buildah_failed_at_by_itself_is_tried_once_more(monkeypatch, tmp_path, first, tries) -> None:
    step = "STEP 2/2: RUN false"
    ends = [Ended(1, 0.1, (step, first)), Ended(1, 0.1, (step, 'Error: building at STEP "RUN false": exit status 1'))]
    asked = []

    def run(command, **options):
        asked.append(command)
        return ends[len(asked) - 1]

    monkeypatch.setattr(buildah, "run", run)
    engine = buildah.Buildah("1.28.2", tmp_path, buildah.CAPABILITIES)
    with pytest.raises(BuildFailed, match="the build failed at RUN false"):
        engine.build(BuildRequest(tmp_path, tmp_path / "Dockerfile", "localhost/jettison/r:v1"))
    assert tries == len(asked)


def test_a_build_tried_again_counts_what_its_first_try_made(monkeypatch, tmp_path) -> None:
    """Else a build after a source change would seem to find the change in its cache."""
    step, busy = (
        ("STEP 1/3: FROM scratch", "STEP 2/3: COPY . /srv"),
        "Close_Fd sealing memfd copy: Device or resource busy",
    )
    made = ("--> 0123", "STEP 3/3: RUN x")
    image = "0a" * 32
    ends = [
        Ended(1, 5.0, (*step, *made, busy)),
        Ended(0, 3.0, (*step, "--> Using cache 0123", *made, "COMMIT localhost/jettison/r:v1", image)),
    ]
    clock = iter(range(100))

    def run(command, on_line, **options):
        ended = ends.pop(0)
        for line in ended.lines:
            on_line(line)
        return ended

    monkeypatch.setattr(buildah, "run", run)
    monkeypatch.setattr(buildah.time, "monotonic", lambda: float(next(clock)))
    engine = buildah.Buildah("1.28.2", tmp_path, buildah.CAPABILITIES)
    built = engine.build(BuildRequest(tmp_path, tmp_path / "Dockerfile", "localhost/jettison/r:v1"))
    assert [("COPY . /srv", False, 2.0), ("RUN x", False, 3.0)] == [
        (each.text, each.cached, each.seconds) for each in built.instructions
    ]
    assert (5.0, image) == (built.seconds, built.image_id)  # the COPY's two and the second try's three
