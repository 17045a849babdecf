"""The builder that a project's CI files name."""

from __future__ import annotations

from pathlib import Path

import pytest

from jettison.context.ci_builders import Lesser, without_mounts

KANIKO = "build:\n  image:\n    name: gcr.io/kaniko-project/executor:v1.9.0-debug\n"


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "builder"),
    [
        (".gitlab-ci.yml", KANIKO, "kaniko"),
        ("cloudbuild.yaml", "steps:\n- name: 'gcr.io/kaniko-project/executor:latest'\n", "kaniko"),
        ("skaffold.yaml", "build:\n  artifacts:\n  - image: app\n    kaniko: {}\n", "kaniko"),
        (".github/workflows/ci.yml", "env:\n  DOCKER_BUILDKIT: 0\n", "the classic builder"),
        ("Makefile", "image:\n\tDOCKER_BUILDKIT=0 docker build .\n", "the classic builder"),
        ("bitbucket-pipelines.yml", '- export DOCKER_BUILDKIT="0"\n', "the classic builder"),
    ],
)
def test_a_builder_without_mounts_is_named_with_its_file(tmp_path: Path, name: str, text: str, builder: str) -> None:
    write(tmp_path, name, text)
    assert Lesser(builder, name) == without_mounts(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".gitlab-ci.yml", "build:\n  script: docker build .  # we left kaniko\n"),
        (".gitlab-ci.yml", "# kaniko was slow\nbuild:\n  script: docker build .\n"),
        (".github/workflows/ci.yml", "env:\n  DOCKER_BUILDKIT: 1\n"),
        ("Makefile", "image:\n\tDOCKER_BUILDKIT=01 docker build .\n"),
        ("notes.yml", KANIKO),
        (".github/workflows/ci.yml", "uses: docker/build-push-action@v6\n"),
    ],
)
def test_other_files_and_other_builders_tell_nothing(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, name, text)
    assert without_mounts(tmp_path) is None


def test_a_context_below_the_top_of_a_repository_is_built_by_its_ci_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, ".gitlab-ci.yml", KANIKO)
    (tmp_path / "services" / "api").mkdir(parents=True)
    assert Lesser("kaniko", ".gitlab-ci.yml") == without_mounts(tmp_path / "services" / "api")


def test_what_lies_above_a_repository_is_another_project(tmp_path: Path) -> None:
    write(tmp_path, ".gitlab-ci.yml", KANIKO)
    (tmp_path / "app" / ".git").mkdir(parents=True)
    assert without_mounts(tmp_path / "app") is None
    assert without_mounts(tmp_path / "no" / "such") is None


def test_a_folder_in_the_place_of_a_file_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "Makefile").mkdir()
    assert without_mounts(tmp_path) is None
