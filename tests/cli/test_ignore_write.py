"""`jettison ignore write`: what is proposed, where it goes, and what proves it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ignore_run import document, plant, run
from scripted_engine import ScriptedEngine

from jettison.context.ignore import Ignore
from jettison.context.walk import walk
from jettison.core.errors import EngineError

FILES: dict[str, str | bytes] = {
    "Dockerfile": "FROM scratch\nCOPY . /app\nRUN npm ci\n",
    "package.json": "{}",
    "node_modules/a/index.js": "x" * 40_000,
    "src/main.js": "x" * 900,
    ".git/HEAD": "x" * 500,
    "debug.log": "x" * 60,
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JETTISON_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(plant(tmp_path / "app", FILES))
    return tmp_path / "app"


def test_the_file_is_written_and_a_second_time_there_is_nothing_to_add(root: Path) -> None:
    code, out, err = run("write")
    assert (0, f"jettison: wrote {root}/.dockerignore\n") == (code, err)
    assert ".dockerignore: 5 lines added, for 40.6 kB in 5 files that nothing reads\n" in out
    text = (root / ".dockerignore").read_text()
    assert "# installed anew by the Dockerfile: 40.0 kB\nnode_modules\n" in text
    left = walk(root, Ignore.parse(text))
    assert {"package.json", "src/main.js"} == {each.path for each in left.entries if each.kind == "file"}
    code, out, err = run("write")
    assert (0, "", ".dockerignore: nothing to add\n") == (code, err, out)
    assert text == (root / ".dockerignore").read_text()


def test_a_diff_is_printed_and_nothing_is_written(root: Path) -> None:
    code, out, err = run("write", "--diff")
    assert (0, "") == (code, err)
    assert "5 lines to add" in out
    assert not (root / ".dockerignore").exists()
    subprocess.run(["patch", "-p1", "--quiet"], input=out, text=True, cwd=root, check=True)
    run("write")
    assert document("ignore-write", "write", "--diff")["text"] == (root / ".dockerignore").read_text()


def test_lines_of_the_file_that_counts_stay_and_what_is_new_goes_below(root: Path) -> None:
    (root / ".dockerignore").write_text("# mine\nnothing\n")
    (root / "Dockerfile.dockerignore").write_text("*.log\r\n")
    found = document("ignore-write", "write")
    assert (str(root / "Dockerfile.dockerignore"), True) == (found["ignore_file"], found["written"])
    text = (root / "Dockerfile.dockerignore").read_bytes()
    assert text.startswith(b"*.log\r\n# ")
    assert b"\r\nnode_modules\r\n" in text
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert "# mine\nnothing\n" == (root / ".dockerignore").read_text()


def test_the_file_keeps_its_mode_and_a_link_is_followed(root: Path) -> None:
    (root / "shared").write_text("x\n")
    (root / "shared").chmod(0o640)
    (root / ".dockerignore").symlink_to("shared")
    assert 0 == run("write")[0]
    assert (True, 0o640) == ((root / ".dockerignore").is_symlink(), (root / "shared").stat().st_mode & 0o777)
    assert (root / "shared").read_text().startswith("x\n# ")


def test_a_file_that_somebody_changes_meanwhile_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jettison.cli.ignore_write as module

    original = module.derive

    def meanwhile(*arguments: object) -> object:
        (root / ".dockerignore").write_text("theirs\n")
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "derive", meanwhile)
    code, _, err = run("write")
    assert (3, True) == (code, ".dockerignore was made while jettison worked; nothing was written" in err)
    assert "theirs\n" == (root / ".dockerignore").read_text()


def test_nothing_half_written_is_left_where_the_disk_fails(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    code, _, err = run("write")
    assert (3, True) == (code, "No space left on device" in err)
    assert sorted([*FILES, "node_modules", "node_modules/a", "src", ".git"]) == sorted(
        each.path for each in walk(root).entries
    )


def test_secrets_are_told_first_and_stay(root: Path) -> None:
    plant(root, {".env": "API_KEY=x\n", "certs/id_rsa": "x", ".git/config": "x"})
    out = run("write", "--diff")[1]
    assert out.index("looks like a secret, and stays") < out.index("looks like a secret, and is left out")
    assert out.index("looks like a secret, and is left out") < out.index("node_modules")
    assert "  .env: variables that may hold secrets; line 2 copies it in\n" in out
    found = document("ignore-write", "write", "--diff")
    assert [".env", "certs/id_rsa"] == [each["path"] for each in found["secrets"]]
    assert [".git"] == [each["path"] for each in found["secrets_left_out"]]
    assert not {".env", "certs", "certs/id_rsa"} & {each["pattern"] for each in found["lines"]}


def test_the_lines_fit_a_terminal_and_say_what_they_save(root: Path) -> None:
    out = run("write", "--diff")[1]
    assert [] == [line for line in out.splitlines() if len(line) > 80]
    assert "   40.0 kB        1  node_modules   installed anew by the Dockerfile\n" in out
    assert "jettison optimize . --select context-files-never-read" in out


def test_another_dockerfile_is_heard_unless_it_stands_alone(root: Path) -> None:
    plant(root, {"docker/dev.Dockerfile": "FROM a\nCOPY . /app\nCMD node .\n", "Dockerfile.md": "FROM"})
    found = document("ignore-write", "write", "--diff")
    assert ["docker/dev.Dockerfile"] == found["dockerfiles"]
    assert "node_modules" not in {each["pattern"] for each in found["lines"]}
    assert "the same file counts for docker/dev.Dockerfile" in run("write", "--diff")[1]
    alone = document("ignore-write", "write", "--diff", "--alone")
    assert ([], True) == (alone["dockerfiles"], "node_modules" in {each["pattern"] for each in alone["lines"]})
    plant(root, {"docker/dev.Dockerfile.dockerignore": ""})
    assert [] == document("ignore-write", "write", "--diff")["dockerfiles"]


def test_a_dockerfile_of_another_context_and_one_that_is_none_are_not_heard(root: Path) -> None:
    plant(root, {"web/Dockerfile": "FROM a\nCOPY only-in-web /x\n", "Dockerfile.j2": "{% if x %}\n"})
    found = document("ignore-write", "write", "--diff")
    assert ([], ["Dockerfile.j2"]) == (found["dockerfiles"], [each["path"] for each in found["skipped"]])
    assert "not looked at: Dockerfile.j2" in run("write", "--diff")[1]


def test_without_a_dockerfile_nothing_can_be_proposed(root: Path) -> None:
    (root / "Dockerfile").unlink()
    code, _, err = run("write")
    assert (2, True) == (code, "there is no Dockerfile in" in err)


def test_an_ignore_file_that_the_builder_refuses_is_told_with_its_line(root: Path) -> None:
    (root / ".dockerignore").write_text("a\n[\n")
    code, _, err = run("write")
    assert (2, True) == (code, "line 2 of the ignore file is refused" in err)


PROVABLE: dict[str, str | bytes] = {
    "Dockerfile": "FROM scratch\nCOPY . /app\nRUN write /usr/lib/x 100\n",
    "main": "say x\n",
    "docs/a": "x" * 700,
    "a.log": "x" * 60,
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    monkeypatch.setenv("JETTISON_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(plant(tmp_path / "proven", PROVABLE))
    scripted = ScriptedEngine(tmp_path / "engine")
    monkeypatch.setattr("jettison.cli.ignore_write.find_engine", lambda name: scripted)
    return scripted


def test_a_proof_builds_three_times_and_the_file_is_written_where_it_holds(engine: ScriptedEngine) -> None:
    code, out, err = run("write", "--prove", "--format", "json", "-q")
    assert (0, 3) == (code, len(engine.requests)), err
    assert Path(".dockerignore").exists()
    assert '"held": true' in out
    Path(".dockerignore").unlink()
    out = " ".join(run("write", "--prove", "-q")[1].split())
    assert "proven: built with scripted 1, 916 B → 106 B; 4 paths gone, and nothing else differs" in out


def test_a_proof_that_does_not_hold_writes_nothing_and_says_what_differs(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meddle(request: object) -> None:
        if len(engine.requests) == 3:
            Path("surprise").write_text("x")

    engine.before_build = meddle
    code, out, err = run("write", "--prove", "-q")
    assert (4, True) == (code, "nothing was written" in err)
    assert "not proven: built with scripted 1, there differs as well: /app/surprise (added)" in " ".join(out.split())
    assert not Path(".dockerignore").exists()


def test_what_differs_by_itself_is_noise(engine: ScriptedEngine) -> None:
    Path("Dockerfile").write_text("FROM scratch\nCOPY . /app\nRUN stamp /built\n")
    proof = document("ignore-write", "write", "--prove", "-q")["proof"]
    assert (True, 1) == (proof["held"], proof["noise"])


def test_a_proof_follows_the_engines_reading(engine: ScriptedEngine) -> None:
    code, _, err = run("write", "--prove", "--builder", "classic")
    assert (2, True) == (code, "reads ignore files as buildah does, not as classic" in err)


def test_without_an_engine_a_proof_is_refused_and_nothing_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str | None) -> None:
        raise EngineError("no engine can be used here", hint="install one")

    monkeypatch.setattr("jettison.cli.ignore_write.find_engine", none)
    assert 3 == run("write", "--prove")[0]
    assert not (root / ".dockerignore").exists()
