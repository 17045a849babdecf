"""`check --image`: the same findings, with the bytes that they cost in the image at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stacked_image import docker_archive, file, jettison, layer

TEXT = "FROM base:1.2.3\nRUN pip install a\nRUN npm ci\nUSER 1000\n"
BUILDKIT = {"comment": "buildkit.dockerfile.v0"}
ROWS: list[dict[str, Any]] = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": "RUN /bin/sh -c pip install a # buildkit", **BUILDKIT},
    {"created_by": "RUN /bin/sh -c npm ci # buildkit", **BUILDKIT},
    {"created_by": "USER 1000", "empty_layer": True, **BUILDKIT},
]
PIP, REST = 1_500_000, 60_000_000


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT)
    docker_archive(
        tmp_path / "app.tar",
        layer(file("bin/sh", b"s" * REST)),
        layer(file("root/.cache/pip/http/a", b"p" * PIP), file("usr/lib/a.py", b"a" * 100)),
        layer(file("app/node_modules/a/index.js", b"a" * 100)),
        rows=ROWS,
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))


def findings(*arguments: str) -> Any:
    ended = jettison("check", "Dockerfile", "--format", "json", *arguments)
    assert "" == ended.err
    return ended.code, json.loads(ended.out)


def test_a_finding_has_the_bytes_of_the_image_and_a_smell_without_bytes_is_none() -> None:
    code, document = findings("--image", "app.tar")
    told = [(each["rule"], each["predicted"], each["severity"]) for each in document["findings"] if each["predicted"]]
    assert (1, "app.tar", [("pip-cache-left-behind", PIP, "warning")]) == (code, document["image"], told)
    assert {"note"} == {each["severity"] for each in document["findings"] if not each["predicted"]}
    text = [each["rule"] for each in findings()[1]["findings"]]
    assert ["pip-cache-left-behind", "npm-cache-left-behind"] == text


def test_severity_follows_the_share_of_the_image(tmp_path: Path) -> None:
    docker_archive(
        tmp_path / "app.tar", layer(file("bin/sh", b"s")), layer(file("root/.cache/pip/http/a", b"p" * PIP)),
        layer(file("app/node_modules/a/index.js", b"a" * 100)), rows=ROWS,
    )  # fmt: skip
    found = findings("--image", "app.tar")[1]["findings"]
    assert ["error"] == [each["severity"] for each in found if each["predicted"]]


def test_an_image_of_another_file_measures_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(TEXT + "RUN make\nCOPY x /x\n")
    code, document = findings("--image", "app.tar")
    assert 1 == code
    assert {0} == {each["predicted"] for each in document["findings"]}
    assert ["bytes"] == [each["what"] for each in document["skipped"]]
    assert document["skipped"][0]["reason"].startswith("the image is not known to be built from this file")


def test_one_image_is_of_one_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "other.Dockerfile").write_text(TEXT)
    ended = jettison("check", "--image", "app.tar")
    assert 2 == ended.code
    assert "--image is what one Dockerfile became, and there are 2" in ended.err


@pytest.mark.parametrize("value", ["docker-image://debian:12.9", "target:base", "."])
def test_an_image_upon_a_build_context_is_measured(value: str) -> None:
    given = ("--build-context", f"base:1.2.3={value}")
    code, document = findings("--image", "app.tar", *given)
    told = [(each["rule"], each["predicted"]) for each in document["findings"] if each["predicted"]]
    assert (1, [("pip-cache-left-behind", PIP)], []) == (code, told, document["skipped"])
