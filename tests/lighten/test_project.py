"""The project on disk: found, read, and replaced only where nobody else touched it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jettison.contract.model import RecordOptions
from jettison.core.errors import DiskError, DockerfileError, UsageError
from jettison.lighten.bench import context_fingerprint
from jettison.lighten.project import open_project, write_back
from jettison.lighten.recipe import Recipe, redactor_of

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
        written[0],
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


def test_a_dockerfile_that_vanished_meanwhile_is_not_made_anew(tmp_path: Path) -> None:
    project = open_project(make(tmp_path), None)
    (tmp_path / "Dockerfile").unlink()
    with pytest.raises(DiskError, match="was changed while jettison worked"):
        write_back(project, "FROM scratch\nUSER 1\n")
    assert [] == list(tmp_path.iterdir())


def test_a_dockerfile_that_is_read_only_stays_as_it_is_also_for_root(tmp_path: Path) -> None:
    project = open_project(make(tmp_path), None)
    (tmp_path / "Dockerfile").chmod(0o444)
    with pytest.raises(DiskError, match="is read-only") as error:
        write_back(project, "FROM scratch\nUSER 1\n")
    assert (TEXT, True) == ((tmp_path / "Dockerfile").read_bytes(), "chmod u+w" in error.value.hint)


def test_a_byte_order_mark_survives(tmp_path: Path) -> None:
    project = open_project(make(tmp_path, data=b"\xef\xbb\xbfFROM scratch\n"), None)
    write_back(project, project.text + "USER 1\n")
    assert b"\xef\xbb\xbfFROM scratch\nUSER 1\n" == (tmp_path / "Dockerfile").read_bytes()


@pytest.mark.parametrize("name", ["nothing", "pipe"])
def test_what_is_no_project_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as error:
        open_project(tmp_path / name, None)
    assert "give the directory that you would give to `docker build`" == error.value.hint


def test_the_context_has_a_fingerprint_that_changes_with_it(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"1")
    (tmp_path / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "pipe")
    seen = [context_fingerprint(tmp_path), context_fingerprint(tmp_path)]
    for change in (
        lambda: (tmp_path / "d" / "f").write_bytes(b"12"),
        lambda: os.utime(tmp_path / "d" / "f", (1, 1)),
        lambda: (tmp_path / "d" / "f").chmod(0o600),
        lambda: (tmp_path / "d" / "f").rename(tmp_path / "d" / "g"),
        lambda: (tmp_path / "pipe").unlink(),
    ):
        change()
        seen.append(context_fingerprint(tmp_path))
    assert (seen[0], 6) == (seen[1], len(set(seen)))


def test_a_dockerfile_is_named_as_seen_from_the_context(tmp_path: Path) -> None:
    context = make(tmp_path / "app").resolve()
    make(context / "docker", "prod")
    make(tmp_path / "outside", "other")
    names = [context / "Dockerfile", context / "docker" / "prod", tmp_path / "outside" / "other"]
    assert ["Dockerfile", "docker/prod", "other"] == [Recipe(context, name).dockerfile_name for name in names]


def test_a_build_key_tells_builds_apart_and_keeps_their_secrets(tmp_path: Path) -> None:
    plain = Recipe(tmp_path, tmp_path / "Dockerfile")
    others = [
        replace(plain, target="a"),
        replace(plain, build_args={"A": "1"}),
        replace(plain, build_args={"A": "2"}),
        replace(plain, secrets=("id=a,src=b",)),
        replace(plain, engine_arguments=("--x",)),
        replace(plain, record=RecordOptions({"A": "1"})),
    ]
    assert (7, {8}) == (len({each.build_key for each in (plain, *others)}), {len(each.build_key) for each in others})
    assert plain.build_key == replace(plain, budget_seconds=1.0, select=frozenset({"a"})).build_key


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("production", False), ("8080", False), ("tr0ub4dor", True), ("x=1", False), ("https://u:pa55@h", True)],
)
def test_what_could_be_a_secret_is_taken_out_of_text(tmp_path: Path, value: str, hidden: bool) -> None:
    redactor = redactor_of(Recipe(tmp_path, tmp_path / "Dockerfile", build_args={"COLOUR": value}))
    assert hidden is not (value in redactor.text(f"it said {value} twice"))


def test_a_variable_that_is_called_a_secret_is_one_whatever_it_holds(tmp_path: Path) -> None:
    recipe = Recipe(tmp_path, tmp_path / "Dockerfile", record=RecordOptions({"DB_PASSWORD": "summer2024"}))
    assert "login with *** and ***" == redactor_of(recipe).text("login with summer2024 and summer#")
