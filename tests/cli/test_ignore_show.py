"""`jettison ignore show`: what a tired person sees, and what a program reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from ignore_run import document, plant, run

FILES: dict[str, str | bytes] = {
    "Dockerfile": "FROM a\nCOPY package.json ./\nCOPY . .\n",
    "package.json": "{}",
    "node_modules/a/index.js": "x" * 40_000,
    "src/main.js": "x" * 900,
    ".env": "API_KEY=abc\n",
    "big.bin": "x" * 5_000,
}


def test_the_report_tells_the_bytes_the_takers_and_the_secrets(tmp_path: Path) -> None:
    plant(tmp_path, FILES | {".dockerignore": "node_modules\n"})
    code, out, err = run("show", "--context", tmp_path)
    assert (0, "") == (code, err)
    for told in (
        "   46.0 kB        7 files in the directory\n",
        "   40.0 kB        1 file kept back by the ignore file\n",
        "    6.0 kB        6 files sent to BuildKit\n",
        "  .env: variables that may hold secrets; line 3 copies it in\n",
        "  line 3    COPY . .\n",
        "    5.0 kB  big.bin\n",
        "  BuildKit: .dockerignore keeps back 40.0 kB in 1 file\n",
    ):
        assert told in out
    assert [] == [line for line in out.splitlines() if len(line) > 80]
    assert out.index("looks like a secret") < out.index("what is left")


def test_the_document_holds_the_same_numbers(tmp_path: Path) -> None:
    plant(tmp_path, FILES | {".dockerignore": "node_modules\n"})
    found = document("ignore", "show", "--context", tmp_path)
    assert {"files": 1, "bytes": 40_000} == found["ignored"]
    assert found["left"]["bytes"] == sum(each["bytes"] for each in found["folders"])
    assert [(2, 1, 2), (3, 6, found["left"]["bytes"])] == [
        (each["line"], each["files"], each["bytes"]) for each in found["instructions"]
    ]
    assert [{"path": ".env", "why": "variables that may hold secrets", "copied_by": [3]}] == found["secrets"]
    assert {"files": 0, "bytes": 0} == found["untaken"]


def test_a_secret_that_nothing_copies_comes_last_and_says_so(tmp_path: Path) -> None:
    text = "FROM a\nCOPY src /src\nRUN --mount=type=bind,target=/s make\n"
    plant(tmp_path, FILES | {"Dockerfile": text, "src/id_rsa": "x"})
    found = document("ignore", "show", "--context", tmp_path)
    assert [("src/id_rsa", [2]), (".env", [])] == [(each["path"], each["copied_by"]) for each in found["secrets"]]
    assert ".env: variables that may hold secrets; nothing copies it in" in run("show", "--context", tmp_path)[1]


def test_each_builder_has_its_file(tmp_path: Path) -> None:
    plant(tmp_path, FILES | {".dockerignore": "*.bin\n", "Dockerfile.dockerignore": "src\n", ".containerignore": "[\n"})
    found = document("ignore", "show", "--context", tmp_path)
    assert [
        ("buildkit", str(tmp_path / "Dockerfile.dockerignore"), 900),
        ("classic", str(tmp_path / ".dockerignore"), 5000),
        ("buildah", str(tmp_path / "Dockerfile.dockerignore"), 900),
    ] == [(each["builder"], each["ignore_file"], each["ignored"]["bytes"]) for each in found["builders"]]
    out = run("show", "--context", tmp_path, "--builder", "classic")[1]
    assert "as the classic builder reads it, with .dockerignore" in " ".join(out.split())
    assert "Dockerfile.dockerignore and .containerignore do not count" in " ".join(out.split())
    (tmp_path / "Dockerfile.dockerignore").unlink()
    (told,) = [each for each in document("ignore", "show", "--context", tmp_path)["builders"] if each["refused"]]
    assert ("buildah", None) == (told["builder"], told["ignored"])
    assert "and refuses it: line 1 of the ignore file is refused" in " ".join(
        run("show", "--context", tmp_path)[1].split()
    )


def test_without_a_dockerfile_the_bytes_are_told_all_the_same(tmp_path: Path) -> None:
    plant(tmp_path, {"a": "x" * 10, ".dockerignore": "a\n"})
    code, out, _ = run("show", "--context", tmp_path)
    assert 0 == code
    assert "no Dockerfile is there" in out
    assert "10 B        1 file kept back" in out
    assert "what takes it" not in out


def test_a_source_that_the_ignore_file_keeps_back_fails_the_build_and_is_told(tmp_path: Path) -> None:
    plant(tmp_path, FILES | {".dockerignore": "*.json\n"})
    assert "nothing that is left answers to package.json: the build fails here" in run("show", "--context", tmp_path)[1]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--context", "/nonexistent"), 2, "/nonexistent does not exist"),
        (("--file", "nope"), 2, "does not exist"),
        (("--context", "/"), 2, "the build context would be the whole file system"),
        (("--builder", "kaniko"), 2, "Invalid value"),
        (("--target", "nope"), 2, "nope"),
        (("--build-arg", "=x"), 2, "--build-arg has a value without a name"),
    ],
)
def test_wrong_use_is_refused(
    arguments: tuple[str, ...], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(plant(tmp_path, FILES))
    ended = run("show", *arguments)
    assert (code, True) == (ended[0], told in ended[2]), ended


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    plant(tmp_path, FILES | {"evil\x1b[31m\u202e/x\n": "x" * 90_000})
    out = run("show", "--context", tmp_path)[1]
    assert not {"\x1b", "\u202e"} & set(out)
    assert "evil\\e[31m\\u202e" in out


def test_a_name_that_is_not_utf8_is_spelled_out_and_kept(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    (tmp_path / "caf\udce9").write_bytes(b"x" * 60_000)
    worst = document("ignore", "show", "--context", tmp_path)["worst"][0]
    assert ("caf\\xe9", "Y2Fm6Q==") == (worst["path"], worst["path_base64"])


def test_the_report_goes_into_a_file_when_asked(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    code, out, _ = run("show", "--context", tmp_path, "-o", tmp_path / "report")
    assert (0, "") == (code, out)
    assert "files in the directory" in (tmp_path / "report").read_text()
