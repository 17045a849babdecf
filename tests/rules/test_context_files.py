"""context-files-never-read and secrets-copied-in, on handmade projects: what is found, how many bytes of it ship."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of
from looked_at import look_at

from jettison.context.ignore import Dialect
from jettison.core.values import Applicability, Severity
from jettison.rule import Finding
from jettison.rules.context_files_never_read import context_files_never_read
from jettison.rules.secrets_copied_in import secrets_copied_in
from jettison.subject import IgnoreFile, Subject

SECRET = "-----BEGIN PRIVATE KEY-----\n"


def project(root: Path, **sizes: int) -> None:
    """Files of these sizes; `__` stands for a slash, `_dot_` for a dot."""
    for name, size in sizes.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)


def subject(root: Path, text: str, layers: str, **more: object) -> Subject:
    return replace(subject_of(text, layers), context=root, **more)


def found(root: Path, text: str, layers: str, **more: object) -> list[Finding]:
    return list(context_files_never_read(subject(root, text, layers, **more)))


def test_what_a_copy_takes_and_nothing_reads_is_left_out_by_a_file(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, _dot_git__pack=40000, main=100)
    layers = "2 app/docs/a 5000\n2 app/.git/pack 40000\n2 app/main 100"
    finding, _ = found(tmp_path, "FROM x\nCOPY . /app\n", layers)
    assert finding.fix is not None
    ((path, text),) = finding.fix.files
    assert (".dockerignore", 45000, Applicability.TESTED) == (path, finding.predicted, finding.fix.applicability)
    assert (b"app/.git/pack", b"app/docs/a") == finding.paths
    assert (
        "# the repository's history: 40.0 kB\n.git\n"
        "# documentation that nothing reads: 5.0 kB\ndocs\n"
        "# read by the builder, not by the build: 0 B\n.dockerignore\n"
    ) == text
    assert "line 2 copies what nothing reads: .git (40.0 kB), docs (5.0 kB) and 1 more" == finding.message
    assert "write a .dockerignore of 3 lines" == finding.fix.title


def test_what_another_dockerfile_takes_that_reads_the_same_ignore_file_stays(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, _dot_git__pack=40000, main=100)
    text, layers = "FROM x\nCOPY . /app\n", "2 app/docs/a 5000\n2 app/.git/pack 40000\n2 app/main 100"
    own = tmp_path / "Dockerfile"
    own.write_text("FROM x AS site\nCOPY docs /site\nFROM x\nCOPY . /app\n")
    assert 45000 == found(tmp_path, text, layers, path=own)[0].predicted
    (tmp_path / "site.Dockerfile").write_text("FROM x\nCOPY docs /site\n")
    (finding,) = found(tmp_path, text, layers, path=own)
    assert finding.fix is not None
    lines = [line for line in finding.fix.files[0][1].splitlines() if line[0] != "#"]
    assert (40000, "docs" in lines, ".git" in lines) == (finding.predicted, False, True)
    (tmp_path / "site.Dockerfile.dockerignore").write_text("")
    assert 45000 == found(tmp_path, text, layers, path=own)[0].predicted


def test_the_same_is_offered_without_documentation_and_tests(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, test__b=1000, _dot_git__pack=40000, main=100)
    layers = "2 app/docs/a 5000\n2 app/test/b 1000\n2 app/.git/pack 40000\n2 app/main 100"
    every, sure = found(tmp_path, "FROM x\nCOPY . /app\n", layers)
    assert every.fix is not None
    assert sure.fix is not None
    assert (46000, 40000) == (every.predicted, sure.predicted)
    assert "write a .dockerignore of 2 lines; documentation and tests stay" == sure.fix.title
    assert {".git", ".dockerignore"} == {line for line in sure.fix.files[0][1].splitlines() if line[0] != "#"}


def test_a_file_counts_again_in_each_later_layer_that_changed_its_owner(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, main=100)
    layers = """
    2 app/docs/a 5000
    3 app/docs/a 5000 uid=33
    4 app/docs/a 5000 uid=33 mode=755
    5 app/docs/a 7000
    """
    (finding,) = found(tmp_path, "FROM x\nCOPY . /app\nRUN chown\nRUN chmod\nRUN other\n", layers)
    assert 15000 == finding.predicted


def test_what_another_instruction_wrote_there_does_not_count(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, main=100)
    assert [] == found(tmp_path, "FROM x\nCOPY main /app/\nRUN make-docs\n", "2 app/main 100\n3 app/docs/a 5000")
    assert [] == found(tmp_path, "FROM x\nCOPY . /app\n", "2 app/main 100\n2 app/docs/a 4999")


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("FROM x\nCOPY . .\n", "2 docs/a 5000"),
        ("FROM x\nWORKDIR /srv\nCOPY ./ ./app/\n", "3 srv/app/docs/a 5000"),
        ("FROM x\nARG TO=/opt\nCOPY . $TO/x\n", "3 opt/x/docs/a 5000"),
        ('FROM x\nCOPY [".", "/app/"]\n', "2 app/docs/a 5000"),
        ("FROM x\nADD . /app\n", "2 app/docs/a 5000"),
        ("FROM x AS one\nCOPY . /app\nFROM one\nRUN y\n", "2 app/docs/a 5000"),
        ("FROM x AS one\nCOPY . /in\nFROM x\nCOPY --from=one /in /app\n", "4 app/docs/a 5000"),
        ("FROM x AS one\nCOPY . /in\nFROM x\nWORKDIR /w\nCOPY --from=0 /in/. ./\n", "5 w/docs/a 5000"),
    ],
)
def test_where_a_copy_puts_its_files_is_worked_out(tmp_path: Path, text: str, layers: str) -> None:
    project(tmp_path, docs__a=5000, main=100)
    assert [5000] == [each.predicted for each in found(tmp_path, text, layers)]


def test_a_file_that_an_instruction_names_is_read(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, main=100)
    assert [] == found(tmp_path, "FROM x\nCOPY docs/a /app/\n", "2 app/a 5000")
    assert [] == found(tmp_path, "FROM x\nCOPY d* /app/\n", "2 app/a 5000")


def test_files_that_stay_in_a_stage_that_does_not_ship_weigh_nothing(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, main=100)
    text = "FROM x AS one\nCOPY . /in\nFROM x\nCOPY --from=one /in/main /main\n"
    assert [] == found(tmp_path, text, "4 main 100")


INSTALL = "FROM x\nCOPY . /app\nRUN npm ci\n"


def test_modules_that_the_install_threw_away_are_counted(tmp_path: Path) -> None:
    project(tmp_path, node_modules__a__index_dot_js=8000, package_dot_json=2)
    layers = "2 app/node_modules/a/index.js 8000\n3 -app/node_modules/a/index.js"
    (finding,) = found(tmp_path, INSTALL, layers)
    assert 8000 == finding.predicted


def test_modules_that_an_install_found_and_kept_are_no_saving(tmp_path: Path) -> None:
    project(tmp_path, node_modules__a__index_dot_js=8000, package_dot_json=2)
    assert [] == found(tmp_path, INSTALL, "2 app/node_modules/a/index.js 8000")
    owned = INSTALL + "RUN chown -R app /app\n"
    layers = "2 app/node_modules/a/index.js 8000\n4 app/node_modules/a/index.js 8000 uid=33"
    assert [] == found(tmp_path, owned, layers)


def test_an_ignore_file_that_is_there_gets_lines_and_keeps_its_own(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, test__b=3000, main=100)
    own = "docs\n!docs/keep\n"
    (tmp_path / ".dockerignore").write_text(own)
    layers = f"2 app/test/b 3000\n2 app/main 100\n2 app/.dockerignore {len(own)}"
    finding, _ = found(tmp_path, "FROM x\nCOPY . /app\n", layers, ignore=IgnoreFile(text=own))
    assert finding.fix is not None
    assert (own, 3000 + len(own)) == (finding.fix.files[0][1][: len(own)], finding.predicted)
    assert "add 2 lines to .dockerignore" == finding.fix.title
    kept = finding.fix.files[0][1]
    assert [] == found(tmp_path, "FROM x\nCOPY . /app\n", layers, ignore=IgnoreFile(text=kept))


@pytest.mark.parametrize(
    "own",
    [
        IgnoreFile("Dockerfile.dockerignore", "main\n", beside=True),
        IgnoreFile(".containerignore", "main\n", Dialect.BUILDAH),
        IgnoreFile("/elsewhere", "main\n", given=True),
    ],
)
def test_where_another_ignore_file_counts_no_fix_is_offered(tmp_path: Path, own: IgnoreFile) -> None:
    project(tmp_path, docs__a=5000, main=100)
    (finding,) = found(tmp_path, "FROM x\nCOPY . /app\n", "2 app/docs/a 5000", ignore=own)
    assert (None, 5000) == (finding.fix, finding.predicted)
    assert f"{own.name} is the ignore file that counts here" == finding.refusal


def test_what_is_not_known_of_a_build_is_no_finding(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, main=100)
    assert [] == found(tmp_path, "FROM x\nCOPY $WHAT /app\n", "2 app/docs/a 5000")
    assert [] == found(tmp_path / "nonexistent", "FROM x\nCOPY . /app\n", "2 app/docs/a 5000")
    refused = IgnoreFile(text="!\n")
    assert [] == found(tmp_path, "FROM x\nCOPY . /app\n", "2 app/docs/a 5000", ignore=refused)


def test_what_the_build_reads_is_kept_and_so_is_the_image(tmp_path: Path) -> None:
    project(tmp_path, docs__a=5000, _dot_git__pack=40000, main=100)
    (tmp_path / "setup.py").write_text("from setuptools_scm import x\nopen('docs/a')\n")
    layers = "2 app/docs/a 5000\n2 app/.git/pack 40000"
    assert [] == found(tmp_path, "FROM x\nCOPY . /app\nRUN pip install .\n", layers)


def secrets(root: Path, text: str, **more: object) -> list[Finding]:
    return list(secrets_copied_in(subject(root, text, "", **more)))


def test_a_key_that_a_copy_bakes_in_is_told_without_bytes_and_without_a_fix(tmp_path: Path) -> None:
    project(tmp_path, main=100)
    (tmp_path / "server.pem").write_text(SECRET)
    (finding,) = secrets(tmp_path, "FROM x\nCOPY main /\nCOPY . /app\n")
    assert (0, None, 3) == (finding.predicted, finding.fix, finding.instruction and finding.instruction.line)
    assert "line 3 bakes in server.pem (a private key)" == finding.message
    assert "--mount=type=secret" in finding.refusal


def test_a_repository_that_is_baked_in_is_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    project(tmp_path, main=100, _dot_git__HEAD=30)
    (finding,) = secrets(tmp_path, "FROM x\nCOPY . /app\n")
    assert finding.fix is not None
    ((name, ignored),) = finding.fix.files
    assert (".dockerignore", True) == (name, ".git" in ignored.splitlines())
    assert ("nothing needs it", Applicability.PROPOSED) == (finding.proposal, finding.fix.applicability)
    (remark,) = (each for each in look_at(tmp_path, "FROM x\nCOPY . /app\n").remarks if each.rule == finding.rule)
    assert (Severity.ERROR, Applicability.PROPOSED) == (remark.severity, remark.applicability)
    (tmp_path / "server.pem").write_text(SECRET)
    (finding,) = secrets(tmp_path, "FROM x\nCOPY . /app\n")
    assert (None, True) == (finding.fix, "--mount=type=secret" in finding.refusal)


def test_a_key_that_no_copy_of_the_shipped_stage_takes_is_not_told(tmp_path: Path) -> None:
    project(tmp_path, main=100)
    (tmp_path / "server.pem").write_text(SECRET)
    assert [] == secrets(tmp_path, "FROM x\nCOPY main /\n")
    assert [] == secrets(tmp_path, "FROM x\nCOPY . /app\n", ignore=IgnoreFile(text="*.pem\n"))
    assert [] == secrets(tmp_path, "FROM x AS one\nCOPY . /app\nFROM x\nCOPY --from=one /app/main /\n")
    assert [] == secrets(tmp_path, "FROM x\nRUN --mount=type=bind,target=/src make\n")
    assert [] == secrets(tmp_path / "nonexistent", "FROM x\nCOPY . /app\n")


def test_many_keys_are_one_finding_and_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    for name in ("a\x1b[31m", "b", "c", "d", "e", "f", "g"):
        (tmp_path / f"{name}.pem").write_text(SECRET)
    (finding,) = secrets(tmp_path, "FROM x\nCOPY . /app\n")
    assert finding.message.endswith(" and 2 more")
    assert "\x1b" not in finding.message


def test_a_key_that_a_build_stage_takes_is_told_where_it_arrives_in_what_ships(tmp_path: Path) -> None:
    project(tmp_path, main=100)
    (tmp_path / "server.pem").write_text(SECRET)
    text = "FROM x AS one\nCOPY . /app\nFROM x\nCOPY --from=one /app /app\n"
    ships = subject(tmp_path, text, f"4 app/server.pem {len(SECRET)}")
    assert ["line 2 bakes in server.pem (a private key)"] == [each.message for each in secrets_copied_in(ships)]
    another = subject(tmp_path, text, f"4 etc/server.pem {len(SECRET) + 1}")
    assert [] == list(secrets_copied_in(another))
