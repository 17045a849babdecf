"""A buildah that answers late, not at all, or nonsense."""

from __future__ import annotations

import pytest

from jettison.core.errors import EngineError
from jettison.engine import buildah


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
