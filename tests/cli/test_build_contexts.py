"""`--build-context`: what check, ignore and optimize make of what a build is given by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ignore_run import document, plant, run

from jettison.cli.main import main
from jettison.core import config

TEXT = """\
FROM debian:bookworm-slim AS build
RUN pip install x
FROM python:3.12.1-slim
COPY --from=src a.txt keys /srv/
COPY --from=build /x /x
RUN --mount=type=bind,from=src,source=b.txt,target=/b cat /b
COPY --from=api y z
USER 1000
"""
FILES: dict[str, str | bytes] = {
    "app/Dockerfile": TEXT,
    "lib/a.txt": "a",
    "lib/b.txt": "bb",
    "lib/keys/id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\n",
    "lib/.dockerignore": "a.txt\n",
    "app/.dockerignore": "lib\n",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config.nearest.cache_clear()
    plant(tmp_path, FILES)
    monkeypatch.chdir(tmp_path / "app")
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, int, str]]:
    """Rule, line and message of what check says in a file's context."""
    main(["check", "--format", "json", *arguments])
    told = json.loads(capsys.readouterr().out)["findings"]
    return [(each["rule"], each["where"]["line"], each["message"]) for each in told]


IGNORED = (
    "copy-of-an-ignored-file",
    4,
    "line 4 copies a.txt, which line 1 of ../lib/.dockerignore leaves out: the build fails there",
)
BAKED = ("secrets-copied-in", 4, "line 4 bakes in keys/id_rsa (a private SSH key)")


def test_a_folder_is_looked_into_with_its_own_ignore_file(capsys: pytest.CaptureFixture[str]) -> None:
    told = found(capsys, "--build-context", "src=../lib", "--select", f"{IGNORED[0]},{BAKED[0]}")
    assert [IGNORED, BAKED] == told
    assert [] == found(capsys, "--select", f"{IGNORED[0]},{BAKED[0]}")


def test_an_image_is_the_base(capsys: pytest.CaptureFixture[str]) -> None:
    given = "debian:bookworm-slim=docker-image://debian:8"
    (told,) = found(capsys, "--select", "base-past-end-of-life", "--target", "build", "--build-context", given)
    assert ("line 1 takes debian:8, which has had no fixes since 2020-06-30", 1) == (told[2], told[1])


@pytest.mark.parametrize("value", ["../lib", "target:base", "https://example.org/a.git", "oci-layout://x"])
def test_of_a_base_that_is_not_known_nothing_is_said(capsys: pytest.CaptureFixture[str], value: str) -> None:
    every = ["--target", "build", "--select", "unpinned-base-tag,base-past-end-of-life,runs-as-root,pipefail-refused"]
    assert ["unpinned-base-tag"] == [each[0] for each in found(capsys, *every)]
    assert [] == found(capsys, *every, "--build-context", f"debian:bookworm-slim={value}")


def test_a_stage_that_is_replaced_is_not_built(capsys: pytest.CaptureFixture[str]) -> None:
    rule = "downloaded-unencrypted"
    text = (
        "FROM alpine:3.20.1 AS build\nRUN wget -q http://example.org/x\nFROM alpine:3.20.1\nCOPY --from=build /x /x\n"
    )
    Path("Dockerfile").write_text(text)
    assert [2] == [line for _, line, _ in found(capsys, "--select", rule)]
    assert [] == found(capsys, "--select", rule, "--build-context", "build=docker-image://example.org/built:1")


def test_fix_writes_what_it_would_without_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text("FROM alpine:3.20.1 AS build\nRUN apk add x\nFROM build\nRUN apk add y\n")
    assert 1 == main(["check", "--diff", "--build-context", "other=../lib"])
    out = capsys.readouterr().out
    assert "+RUN apk add --no-cache y" in out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("src", "--build-context src has no value"),
        ("SRC=../lib", "SRC names no build context: names of images are lower case"),
        ("src=nowhere", "--build-context src=nowhere: there is no folder nowhere"),
        ("src=Dockerfile", "--build-context src=Dockerfile: there is no folder Dockerfile"),
        ("src=docker-image://", "names no image"),
        ("=x", "the build context x has no name"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("ignore", "show"), ("optimize", "--plan")])
def test_what_no_builder_takes_is_wrong_use(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], given: str, message: str
) -> None:
    assert 2 == main([*command, "--build-context", given])
    told = capsys.readouterr().err
    assert (True, True) == (message in told, "hint: " in told)


def test_settings_name_them_without_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--build-context", "src=../lib", "--build-context", "api=https://me:tr0ub4dor@example.org/x.git"]
    assert 0 == main(["check", "--show-settings", *given])
    out = capsys.readouterr().out
    assert (True, True, False) == ("src is ../lib" in out, "api is https://me:***@" in out, "tr0ub4dor" in out)


def test_what_a_folder_costs_is_shown(here: Path) -> None:
    given = ("--build-context", "src=../lib", "--build-context", "api=docker-image://a:1")
    shown = document("ignore", "show", *given)
    src, api = shown["contexts"]
    assert ("src", "../lib", str(here / "lib/.dockerignore")) == (
        src["name"],
        src["value"],
        src["ignore_file"],
    )
    assert ({"files": 1, "bytes": 1}, {"files": 3, "bytes": 44}) == (src["ignored"], src["left"])
    assert [(4, ["keys"], ["a.txt"]), (6, ["b.txt"], [])] == [
        (each["line"], each["sources"], each["missing"]) for each in src["instructions"]
    ]
    assert [("keys/id_rsa", [4])] == [(each["path"], each["copied_by"]) for each in src["secrets"]]
    assert (None, None, []) == (api["left"], api["ignore_file"], api["instructions"])
    assert [] == shown["instructions"]
    out = run("show", *given)[1]
    assert "docker-image://a:1: it is not looked into" in out
    assert "kept back by its .dockerignore" in out


def test_buildah_reads_no_ignore_file_there() -> None:
    (src,) = document("ignore", "show", "--builder", "buildah", "--build-context", "src=../lib")["contexts"]
    assert (None, [["a.txt", "keys"], ["b.txt"]]) == (
        src["ignore_file"],
        [each["sources"] for each in src["instructions"]],
    )


def test_the_classic_builder_has_none() -> None:
    code, _, told = run("show", "--builder", "classic", "--build-context", "src=../lib")
    assert (2, True) == (code, "the classic builder takes no named build contexts" in told)


def test_a_file_that_only_a_name_leads_to_is_taken(here: Path) -> None:
    named = ("--context", here, "-f", "Dockerfile", "--build-context", "src=../lib")
    code, out, _ = run("explain", here / "lib/keys/id_rsa", *named)
    assert (1, True) == (code, "taken by line 4: COPY --from=src a.txt keys /srv/" in out)


def test_a_file_in_a_named_folder_is_decided_on_by_the_ignore_file_there(here: Path) -> None:
    (here / "lib" / ".dockerignore").write_text("b.txt\nkeys\n!keys/open\n")
    named = ("--build-context", "src=../lib")
    code, out, _ = run("explain", "../lib/b.txt", "../lib/a.txt", "Dockerfile", *named)
    assert (0, "b.txt in the build context src: left out") == (code, out[:40])
    assert "line 1 of .dockerignore decides: b.txt" in out
    assert "a.txt in the build context src: let through" in out
    assert 1 == out.count("taken by line 4: COPY --from=src a.txt keys /srv/")
    assert "\nDockerfile: let through" in out
    code, out, _ = run("explain", "../lib/b.txt", "--builder", "buildah", *named)
    assert (1, True) == (code, "Buildah finds no ignore file" in out)


def test_the_document_tells_the_context_of_each_file(here: Path) -> None:
    files = document("ignore-explain", "explain", "../lib/a.txt", "Dockerfile", "--build-context", "src=../lib")[
        "files"
    ]
    assert [("src", "a.txt"), (None, "Dockerfile")] == [(each["context"], each["path"]) for each in files]
    assert [str(here / "lib/.dockerignore"), None] == [each.get("ignore_file") for each in files]


def test_behind_the_dashes_it_would_not_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--build-context", "src=../lib"], ["--build-context=src=../lib"]):
        assert 2 == main(["optimize", "--", *arguments])
        assert "hint: write --build-context NAME=VALUE before --" in capsys.readouterr().err


@pytest.mark.parametrize("value", [".", "../lib"])
def test_a_folder_that_is_the_build_s_own_is_looked_at_once(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    text = "FROM python:3.12.1-slim\nCOPY --from=src keys/id_rsa /key\nCOPY a.txt /a\n"
    (here / "lib" / "Dockerfile").write_text(text)
    monkeypatch.chdir(here / "lib")
    given = ("--build-context", f"src={value}")
    told = found(capsys, *given, "--select", f"{IGNORED[0]},{BAKED[0]}")
    assert [("secrets-copied-in", 2), ("copy-of-an-ignored-file", 3)] == [each[:2] for each in told]
    assert 1 == run("explain", "keys/id_rsa", *given)[1].count("taken by line 2")
    shown = document("ignore", "show", *given)["instructions"]
    assert [(2, ["keys/id_rsa"]), (3, [])] == [(each["line"], each["sources"]) for each in shown]


def test_the_settings_may_name_them(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "jettison.toml").write_text('[check]\nbuild-contexts = { src = "lib" }\n')
    assert [IGNORED[:2], BAKED[:2]] == [each[:2] for each in found(capsys, "--select", f"{IGNORED[0]},{BAKED[0]}")]
    assert [] == found(capsys, "--select", IGNORED[0], "--build-context", "src=docker-image://a:1")


def test_settings_that_name_what_is_none_are_wrong_use(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "jettison.toml").write_text('[check]\nbuild-contexts = { SRC = "lib" }\n')
    assert 2 == main(["check"])
    assert f"{here / 'jettison.toml'}: SRC names no build context" in capsys.readouterr().err
