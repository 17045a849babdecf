"""Engines past their end of life, and the command that tells of engines."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner

from jettison.cli import engines as engines_command
from jettison.core.errors import EngineError
from jettison.engine.ages import DOCKER, PODMAN, EndOfLife, end_of_life
from jettison.engine.model import Capabilities

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("docker", "20.10.24+dfsg1", EndOfLife("docker 20.10", date(2023, 12, 10))),
        ("docker", "27.5.1", EndOfLife("docker 27", date(2025, 5, 3))),
        ("docker", "28.2.2", None),
        ("docker", "unknown", None),
        ("podman", "4.3.1", EndOfLife("podman 4.3", date(2022, 11, 10))),
        ("podman", "6.1.2", None),
        ("buildah", "1.28.2", None),  # nothing is published
    ],
)
def test_the_age_of_an_engine_is_that_of_its_branch(name, version, expected):
    assert expected == end_of_life(name, version, TODAY)


def test_a_branch_is_maintained_until_its_day_has_come():
    assert end_of_life("docker", "27.5.1", date(2025, 5, 2)) is None


def test_branches_ended_after_they_began():
    assert all(date(2019, 1, 1) < day < date(2026, 10, 1) for day in [*DOCKER.values(), *PODMAN.values()])


class Found:
    name, version, builder, storage = "docker", "20.10.24", "classic", "overlay2 in /somewhere"
    capabilities = Capabilities(True, True, True, True, True, False, False, False, False, (".dockerignore",))


@pytest.fixture
def engines(monkeypatch):
    def find(name):
        if name == "docker":
            return Found()
        raise EngineError("it is not installed", hint="install it")

    monkeypatch.setattr(engines_command, "find_engine", find)
    return lambda *arguments: CliRunner().invoke(engines_command.command, arguments).stdout


def test_engines_are_listed_with_their_age_storage_and_abilities(engines):
    told = engines()
    assert "docker 20.10.24, builds with classic, keeps images by overlay2 in /somewhere\n" in told
    assert "past its end of life: upstream left docker 20.10 on 2023-12-10\n    (endoflife.date" in told
    assert "buildah  not usable: it is not installed\n  hint: install it\n" in told


def test_engines_are_listed_for_programs(engines):
    docker, buildah, podman = json.loads(engines("--format", "json"))
    assert ("20.10.24", "2023-12-10") == (docker["version"], docker["end_of_life"]["since"])
    assert [".dockerignore"] == docker["capabilities"]["ignore_files"]
    assert [False, False] == [buildah["found"], podman["found"]]
