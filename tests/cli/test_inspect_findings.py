"""What `inspect -f` says that could be better, in the bytes of the image at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from stacked_image import docker_archive, file, folder, jettison, layer

from jettison.documents.schemas import schema

TEXT = """FROM debian:12
RUN apt-get update && apt-get install -y curl
COPY app /app
RUN chown -R 1000 /app
CMD ["/app/run"]
"""
LISTS, CACHE, APP = 3_000_000, 2_000_000, 4_000_000
LAYERS = (
    layer(file("bin/sh", b"s" * 100_000), file("etc/os-release", b'ID=debian\nVERSION_ID="12"\n')),
    layer(
        file("var/lib/apt/lists/deb.debian.org_dists_Packages", b"p" * LISTS),
        file("var/cache/apt/archives/curl.deb", b"d" * CACHE),
        file("usr/bin/curl", b"c" * 500_000),
    ),
    layer(folder("app"), file("app/run", b"x" * APP, mode=0o755)),
    layer(folder("app", uid=1000), file("app/run", b"x" * APP, mode=0o755, uid=1000)),
)
BUILDKIT = {"comment": "buildkit.dockerfile.v0"}
ROWS: list[dict[str, Any]] = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["bash"]', "empty_layer": True},
    {"created_by": "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit", **BUILDKIT},
    {"created_by": "COPY app /app # buildkit", **BUILDKIT},
    {"created_by": "RUN /bin/sh -c chown -R 1000 /app # buildkit", **BUILDKIT},
    {"created_by": 'CMD ["/app/run"]', "empty_layer": True, **BUILDKIT},
]
MEASURED = {
    "chown-in-a-later-layer": (APP, "error", 4),
    "apt-lists-left-behind": (LISTS, "error", 2),
    "apt-cache-left-behind": (CACHE, "error", 2),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop" / "app").mkdir(parents=True)
    (tmp_path / "shop" / "Dockerfile").write_text(TEXT)
    (tmp_path / "shop" / "app" / "run").write_text("x")
    docker_archive(tmp_path / "shop.tar", *LAYERS, rows=ROWS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    return tmp_path


def findings(*words: str) -> Any:
    ended = jettison("inspect", "shop.tar", "--format", "json", *words)
    assert (0, "") == (ended.code, ended.err)
    document = json.loads(ended.out)
    Draft202012Validator(schema("inspection")).validate(document)
    return document["findings"]


def test_findings_are_measured_and_the_gravest_come_first(project: Path) -> None:
    found = findings("-f", "shop")
    told = {each["rule"]: (each["predicted"], each["severity"], each["where"]["line"]) for each in found}
    assert list(MEASURED.items()) == list(told.items())[:3]
    assert {"note"} == {each["severity"] for each in found[3:]}
    assert {"Dockerfile"} == {each["where"]["file"] for each in found}


def test_without_a_dockerfile_there_are_none(project: Path) -> None:
    assert findings() is None
    assert "what could be better" not in jettison("inspect", "shop.tar").text


def test_a_comment_silences_a_finding(project: Path) -> None:
    (project / "shop" / "Dockerfile").write_text(
        TEXT.replace("RUN chown", "# jettison: allow chown-in-a-later-layer (it is small)\nRUN chown")
    )
    assert "chown-in-a-later-layer" not in {each["rule"] for each in findings("-f", "shop")}


def test_the_report_follows_the_context(project: Path) -> None:
    """Nothing that was said before is said again where a file of the context has changed."""
    before = findings("-f", "shop")
    (project / "shop" / "junk").mkdir()
    for name in (".env", "id_rsa"):
        (project / "shop" / name).write_text("SECRET=1")
    (project / "shop" / "Dockerfile").write_text(TEXT.replace("COPY app /app", "COPY . /app"))
    assert before != findings("-f", "shop")


def test_the_text_ends_with_what_to_do(project: Path) -> None:
    lines = jettison("inspect", "shop.tar", "-f", "shop/Dockerfile").text.splitlines()
    at = lines.index("  next")
    assert "    jettison optimize shop --select " + ",".join(MEASURED) == lines[at + 1]
    assert "      9.0 MB predicted; each change is proven through a build" == lines[at + 2]
    better = lines.index("  what could be better  5 findings")
    assert "     4.0 MB  error    chown-in-a-later-layer  Dockerfile:4" == lines[better + 1]
    assert [] == [line for line in lines[better:] if len(line) > 80 and "jettison " not in line]


def test_another_name_and_a_target_are_told_to_optimize(project: Path) -> None:
    (project / "shop" / "Dockerfile").rename(project / "shop" / "prod.Dockerfile")
    (project / "shop" / "prod.Dockerfile").write_text(TEXT.replace("FROM debian:12", "FROM debian:12 AS app"))
    text = jettison("inspect", "shop.tar", "-f", "shop/prod.Dockerfile", "--target", "app").text
    assert "jettison optimize shop -f shop/prod.Dockerfile --target app --select chown-" in text


def test_markdown_has_them_as_a_table(project: Path) -> None:
    text = jettison("inspect", "shop.tar", "-f", "shop", "--format", "markdown").text
    assert "#### What could be better" in text
    assert "| 4.0 MB | error | chown-in-a-later-layer | 4 |" in text


def test_a_dockerfile_of_something_else_is_looked_at_by_its_text(project: Path) -> None:
    (project / "shop" / "Dockerfile").write_text("FROM alpine:3.20\nRUN apk add curl\nRUN true\nRUN true\nRUN true\n")
    assert all(each["predicted"] == 0 for each in findings("-f", "shop"))
