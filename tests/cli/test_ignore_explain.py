"""`jettison ignore explain`: the line that decides, and the exit codes of `git check-ignore`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ignore_run import document, plant, run

IGNORE = "# notes\n*.md\n!README.md\ndocs\n/build/\n"
FILES: dict[str, str | bytes] = {
    "Dockerfile": "FROM a\nCOPY README.md ./\nCOPY . .\n",
    ".dockerignore": IGNORE,
    "README.md": "x",
    "a.md": "x",
    "docs/a.txt": "x",
    "src/main.js": "x",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(plant(tmp_path, FILES))
    return tmp_path


def test_the_answer_comes_first_and_names_the_line(root: Path) -> None:
    code, out, err = run("explain", "docs/a.txt")
    assert (0, "") == (code, err)
    assert (
        "docs/a.txt: left out, 1 B\n"
        "  line 4 of .dockerignore decides: docs names docs and all that is in it\n"
        "  line 3 goes without it: COPY . .\n"
    ) == out


def test_several_lines_that_name_a_file_are_all_told(root: Path) -> None:
    assert (
        "README.md: let through, 1 B\n"
        "  line 3 of .dockerignore decides: !README.md\n"
        "       2  *.md        overruled by line 3\n"
        "       3  !README.md  decides\n"
        "  taken by line 2: COPY README.md ./\n"
        "  taken by line 3: COPY . .\n"
    ) == run("explain", "README.md")[1]


def test_exit_0_is_left_out_and_1_is_let_through_as_for_git(root: Path) -> None:
    (root / ".gitignore").write_text("a.md\ndocs\n")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    for names in (("a.md",), ("README.md",), ("README.md", "a.md"), ("src/main.js", "README.md"), ("docs/new",)):
        git = subprocess.run(
            ["git", "check-ignore", *names], cwd=root, check=False, stdout=subprocess.DEVNULL
        ).returncode
        assert (git, "") == run("explain", "-q", *names)[:2], names


def test_a_file_is_looked_for_from_here_and_else_from_the_context(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(root / "docs")
    assert "docs/a.txt: left out" in run("explain", "a.txt", "--context", "..")[1]
    assert "README.md: let through" in run("explain", "../README.md", "--context", "..")[1]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert "docs/a.txt: left out" in run("explain", "docs/a.txt", "--context", root)[1]
    assert "docs/a.txt: left out" in run("explain", root / "docs/a.txt", "--context", root)[1]
    (elsewhere / "link").symlink_to(root)
    assert "docs/a.txt: left out" in run("explain", "link/docs/a.txt", "--context", root)[1]
    assert (2, True) == (run("explain", "../x", "--context", root)[0], "not in the build" in run("explain", "../x")[2])
    assert 2 == run("explain", "/etc/passwd", "--context", root)[0]
    assert 2 == run("explain", ".", "--context", root)[0]


def test_names_come_from_standard_input_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("a.md\nsrc/main.js\n"))
    code, out, _ = run("explain", "--stdin")
    assert (0, ["a.md: left out, 1 B", "src/main.js: let through, 1 B"]) == (
        code,
        [line for line in out.splitlines() if line and not line.startswith(" ")],
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert 2 == run("explain", "--stdin")[0]
    assert 2 == run("explain")[0]


def test_a_link_that_leads_out_is_not_followed(root: Path) -> None:
    (root / "etc").symlink_to("/etc")
    code, out, _ = run("explain", "etc/passwd")
    assert (1, True) == (code, "leads out of the build context" in " ".join(out.split()))
    (file,) = document("ignore-explain", "explain", "etc/passwd")["files"]
    assert (None, None) == (file["path"], file["excluded"])


def test_the_document_has_every_line_and_taker(root: Path) -> None:
    found = document("ignore-explain", "explain", "README.md", "docs", "new.md")
    readme, docs, new = found["files"]
    assert (str(root / ".dockerignore"), "buildkit") == (found["ignore_file"], found["builder"])
    assert [(2, "overruled"), (3, "decides")] == [(each["line"], each["role"]) for each in readme["lines"]]
    assert (False, [2, 3]) == (readme["excluded"], [each["line"] for each in readme["taken_by"]])
    assert ({"files": 0, "bytes": 0}, {"files": 1, "bytes": 1}) == (docs["inside"]["left"], docs["inside"]["excluded"])
    assert (None, True, 2) == (new["type"], new["excluded"], new["decided_by"]["line"])


def test_what_a_builder_does_not_look_into_is_explained(root: Path) -> None:
    (root / ".dockerignore").write_text("*\n!**/a.txt\n")
    assert "docs/a.txt: let through" in run("explain", "docs/a.txt")[1]
    out = " ".join(run("explain", "docs/a.txt", "--builder", "classic")[1].split())
    assert "docs/a.txt: left out" in out
    assert "in vain: the builder does not look there" in out
    assert "only where an exception begins with its path" in out


def test_a_source_that_is_left_out_is_told(root: Path) -> None:
    (root / ".dockerignore").write_text("README.md\n")
    out = run("explain", "README.md")[1]
    assert "line 2 names it and does not find it: COPY README.md ./" in out
    assert "line 3 goes without it: COPY . ." in out


def test_the_file_beside_the_dockerfile_overrules_the_other(root: Path) -> None:
    (root / "Dockerfile.dockerignore").write_text("src\n")
    assert "line 1 of Dockerfile.dockerignore decides: src" in run("explain", "src/main.js")[1]
    assert "no line of .dockerignore leaves it out" in run("explain", "src/main.js", "--builder", "classic")[1]
