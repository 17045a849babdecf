"""The project on disk: found, read, and replaced only where nobody else touched it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jettison.core.errors import DiskError, DockerfileError, UsageError
from jettison.lighten.project import open_project, write_back

TEXT = b"FROM scratch\n"


def make(directory: Path, name: str = "Dockerfile", data: bytes = TEXT) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_bytes(data)
    return directory


def test_a_directory_with_a_dockerfile_is_a_project(tmp_path: Path) -> None:
    project = open_project(make(tmp_path), None)
    assert (tmp_path, tmp_path / "Dockerfile", "FROM scratch\n") == (project.context, project.dockerfile, project.text)


def test_a_containerfile_is_found_where_there_is_no_dockerfile(tmp_path: Path) -> None:
    assert tmp_path / "Containerfile" == open_project(make(tmp_path, "Containerfile"), None).dockerfile


def test_the_dockerfile_itself_may_be_named(tmp_path: Path) -> None:
    project = open_project(make(tmp_path, "prod.Dockerfile") / "prod.Dockerfile", None)
    assert (tmp_path, tmp_path / "prod.Dockerfile") == (project.context, project.dockerfile)


def test_a_file_given_with_f_is_looked_for_in_the_project_too(tmp_path: Path) -> None:
    assert tmp_path / "other" == open_project(make(tmp_path, "other"), Path("other")).dockerfile


@pytest.mark.parametrize(
    ("make_it", "said"),
    [
        (lambda path: None, "there is no Dockerfile in"),
        (lambda path: path.mkdir(), "is a directory"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.symlink_to("nowhere"), "is a symbolic link to nothing"),
    ],
    ids=["absent", "directory", "fifo", "dangling link"],
)
def test_what_is_no_dockerfile_is_refused_with_a_hint(tmp_path: Path, make_it: object, said: str) -> None:
    make_it(tmp_path / "Dockerfile")  # type: ignore[operator]
    with pytest.raises(UsageError, match=said) as error:
        open_project(tmp_path, None)
    assert (error.value.exit_code, "-f FILE" in error.value.hint) == (2, True)


def test_a_file_far_too_large_is_no_dockerfile(tmp_path: Path) -> None:
    make(tmp_path)
    os.truncate(tmp_path / "Dockerfile", 5 * 2**20)
    with pytest.raises(DockerfileError, match="that is no Dockerfile"):
        open_project(tmp_path, None)


def test_the_root_is_no_build_context() -> None:
    with pytest.raises(UsageError, match="whole file system"):
        open_project(Path("/"), None)


def test_writing_back_goes_through_a_symbolic_link_and_keeps_the_mode(tmp_path: Path) -> None:
    real = make(tmp_path / "real") / "Dockerfile"
    real.chmod(0o640)
    (tmp_path / "Dockerfile").symlink_to(real)
    written = write_back(open_project(tmp_path, None), "FROM scratch\nUSER 1\n")
    assert (real, "FROM scratch\nUSER 1\n", True, 0o640) == (
        written,
        real.read_text(),
        (tmp_path / "Dockerfile").is_symlink(),
        real.stat().st_mode & 0o777,
    )


def test_carriage_returns_survive(tmp_path: Path) -> None:
    project = open_project(make(tmp_path, data=b"FROM scratch\r\nUSER 1\r\n"), None)
    write_back(project, project.text.replace("1", "2"))
    assert (tmp_path / "Dockerfile").read_bytes() == b"FROM scratch\r\nUSER 2\r\n"


def test_a_dockerfile_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    project = open_project(make(tmp_path), None)
    (tmp_path / "Dockerfile").write_bytes(b"FROM scratch\nLABEL mine=1\n")
    with pytest.raises(DiskError, match="was changed while jettison worked"):
        write_back(project, "FROM scratch\nUSER 1\n")
    assert (tmp_path / "Dockerfile").read_bytes() == b"FROM scratch\nLABEL mine=1\n"
