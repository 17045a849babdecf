"""What is in the house's storage is asked of buildah, which fails while another build removes an image."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from standins.errors import StandInError
from standins.house import House

from standins import ensure


def answering(monkeypatch, *answers):
    left = list(answers)

    def run(command, environment):
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ensure, "run", run)
    return left


def test_a_listing_that_failed_is_tried_again(monkeypatch, tmp_path):
    gone = StandInError("locating image", "")
    answering(monkeypatch, gone, gone, '[{"names": ["docker.io/library/a:b"], "digest": "sha256:1"}]')
    assert {"docker.io/library/a:b": "sha256:1"} == ensure.stored(House(tmp_path))


def test_a_listing_that_never_comes_is_told(monkeypatch, tmp_path):
    left = answering(monkeypatch, *[StandInError("broken", "")] * 3)
    with pytest.raises(StandInError, match="broken"):
        ensure.stored(House(tmp_path))
    assert [] == left
