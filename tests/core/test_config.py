"""jettison.toml and [tool.jettison]."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.core import config
from jettison.core.errors import UsageError


@pytest.fixture(autouse=True)
def forgotten() -> None:
    config.nearest.cache_clear()


def test_the_nearest_file_counts_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / "jettison.toml").write_text('[check]\nignore = ["x"]\n')
    inner = tmp_path / "repository" / "service"
    (inner / "deep").mkdir(parents=True)
    assert ["x"] == config.nearest(inner / "deep").get("check", "ignore", [])
    config.nearest.cache_clear()
    (inner / "pyproject.toml").write_text('[tool.jettison.check]\nignore = ["y"]\n')
    assert inner / "pyproject.toml" == config.nearest(inner / "deep").path
    config.nearest.cache_clear()
    (inner / "jettison.toml").write_text("[check]\n")
    assert inner / "jettison.toml" == config.nearest(inner / "deep").path


def test_above_the_repository_nothing_counts(tmp_path: Path) -> None:
    (tmp_path / "jettison.toml").write_text("[check]\n")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert config.NONE == config.nearest(tmp_path / "repository")


def test_a_pyproject_that_does_not_speak_of_us_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert config.read(tmp_path / "pyproject.toml") is None
    (tmp_path / "pyproject.toml").write_text("no toml at all")
    assert config.read(tmp_path / "pyproject.toml") is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[chek]\n", "there is no setting called chek", "did you mean check?"),
        ("[check]\nfail_on = 'note'\n", "there is no setting called check.fail_on", "did you mean check.fail-on?"),
        ("ignore = []\n", "there is no setting called ignore", "did you mean check.ignore?"),
        ("check = 1\n", "check is no table", "write [check]"),
        ("[check]\nignore = 'x'\n", "check.ignore has to be an array of strings", "docs/check.md has an example"),
        ("[check]\nignore = [1]\n", "check.ignore has to be an array of strings", "docs/check.md has an example"),
        (
            "[check.ignore-in]\na = 'x'\n",
            "check.ignore-in has to be a table of arrays of strings",
            "docs/check.md has an example",
        ),
        (
            "[check.build-args]\na = 1\n",
            "check.build-args has to be a table of strings",
            "docs/check.md has an example",
        ),
        ("[check\n", "is no TOML", "see https://toml.io"),
    ],
)
def test_what_nobody_understands_is_an_error(tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "jettison.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        config.read(tmp_path / "jettison.toml")
    assert message in caught.value.message
    assert str(tmp_path / "jettison.toml") in caught.value.message
    assert hint == caught.value.hint
