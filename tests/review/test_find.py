"""Dockerfiles below paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jettison.core.errors import UsageError
from jettison.review.find import find, is_dockerfile


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("FROM a\n")


def found(root: Path, *exclude: str) -> list[str]:
    return [os.path.relpath(each.path or "", root) for each in find([root], exclude).dockerfiles]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True), ("Containerfile", True), ("dockerfile", True), ("Dockerfile.prod", True),
        ("api.Dockerfile", True), ("web.dockerfile", True), ("Dockerfile-alpine", True), ("Containerfile.dev", True),
        ("Dockerfile.dockerignore", False), ("Dockerfile.md", False), ("Dockerfile.j2", False), ("Dockerfiles", False),
        ("MyDockerfile", False), ("Dockerfile.py", False), ("dockerfile.ts", False), ("Dockerfile.template", False),
    ],
)  # fmt: skip
def test_a_dockerfile_is_known_by_its_name(name: str, expected: bool) -> None:
    assert expected == is_dockerfile(name)


def test_a_folder_is_looked_through_its_own_files_first(tmp_path: Path) -> None:
    made(tmp_path, "b/Dockerfile", "a/x/Containerfile", "Dockerfile", "a/Dockerfile.dev", "a/README")
    assert ["Dockerfile", "a/Dockerfile.dev", "a/x/Containerfile", "b/Dockerfile"] == found(tmp_path)


def test_what_others_brought_is_not_entered(tmp_path: Path) -> None:
    made(tmp_path, "node_modules/x/Dockerfile", ".git/Dockerfile", ".venv/Dockerfile", "vendor/Dockerfile")
    assert ["vendor/Dockerfile"] == found(tmp_path)


def test_patterns_exclude_files_and_folders(tmp_path: Path) -> None:
    made(tmp_path, "a/Dockerfile", "b/Dockerfile", "b/Dockerfile.old", "c/d/Dockerfile")
    assert ["a/Dockerfile", "b/Dockerfile"] == found(tmp_path, "*.old", "c/d")


def test_a_named_file_is_taken_whatever_its_name_and_once(tmp_path: Path) -> None:
    made(tmp_path, "build.txt", "Dockerfile")
    names = [each.name for each in find([tmp_path / "build.txt", tmp_path, tmp_path / "Dockerfile"]).dockerfiles]
    assert [str(tmp_path / "build.txt"), str(tmp_path / "Dockerfile")] == names


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    made(tmp_path, "a/Dockerfile")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert ["a/Dockerfile"] == found(tmp_path)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        find([tmp_path / "nowhere"])
