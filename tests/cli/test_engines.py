"""`jettison engines`: what is here, in words, and why what is not here is not."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine

from jettison.cli import engines
from jettison.cli.main import main
from jettison.core.errors import EngineError
from jettison.engine import find
from jettison.engine.model import Capabilities


@dataclass
class Kept(ScriptedEngine):
    """It says where it keeps images."""

    storage: str = "files in a folder"


@pytest.fixture(autouse=True)
def two_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Kept:
        raise EngineError("no daemon listens", hint="start it")

    monkeypatch.setitem(find.ENGINES, "docker", refuse)
    monkeypatch.setitem(find.ENGINES, "buildah", lambda: Kept(tmp_path, name="buildah"))
    monkeypatch.setitem(find.ENGINES, "podman", lambda: Kept(tmp_path, name="podman", version="4.3.1"))


def test_each_engine_is_told_in_words_and_the_one_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["engines"])
    out = capsys.readouterr().out
    docker, buildah, podman, last = out.split("\n\n")
    assert "docker  not usable: no daemon listens\n  hint: start it" == docker
    assert buildah.startswith("buildah 1, builds with buildah, keeps images by files in a folder\n")
    assert "  gives each container a network of its own    yes\n" in buildah
    assert "  ignore files, the first that is there:\n    {dockerfile}.dockerignore\n    .dockerignore\n" in buildah
    assert "\n  past its end of life: upstream left podman 4.3 on 2022-11-10\n    (endoflife.date" in podman
    assert "buildah is taken where no --engine names another: the first that works\n" == last


def test_no_line_of_it_is_wider_than_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    main(["engines"])
    wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > 80]
    assert [] == wide


def test_every_capability_has_its_words() -> None:
    assert [each.name for each in fields(Capabilities)] == list(engines._SAYS)


def test_json_has_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["engines", "--format", "json"])
    docker, buildah, _ = json.loads(capsys.readouterr().out)
    assert {"name": "docker", "found": False, "reason": "no daemon listens", "hint": "start it"} == docker
    assert [each.name for each in fields(Capabilities)] == list(buildah["capabilities"])
