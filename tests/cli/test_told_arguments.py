"""`inspect` and `why` of an image that was built with arguments and named build contexts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from stacked_image import Ended, docker_archive, file, jettison, layer

BUILDKIT = {"comment": "buildkit.dockerfile.v0"}
ROWS: list[dict[str, Any]] = [
    {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
    {"created_by": "COPY a /a # buildkit", **BUILDKIT},
    {"created_by": "COPY b /b # buildkit", **BUILDKIT},
]
STAGES = """ARG KIND=plain
FROM debian:12 AS plain
FROM debian:12 AS shop
COPY a /a
FROM ${KIND}
COPY b /b
"""
NO_DEFAULT = """ARG BASE
FROM ${BASE}
COPY a /a
COPY b /b
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    docker_archive(
        tmp_path / "shop.tar", layer(file("bin/sh")), layer(file("a", b"a")), layer(file("b", b"b")), rows=ROWS
    )
    (tmp_path / "Dockerfile").write_text(STAGES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JETTISON_CACHE", str(tmp_path / "cache"))
    return tmp_path


def inspected(*words: str) -> Any:
    ended = jettison("inspect", "shop.tar", "-f", "Dockerfile", "--format", "json", *words)
    assert (0, "") == (ended.code, ended.err)
    return json.loads(ended.out)


def asked_why(*words: str) -> Ended:
    return jettison("why", "shop.tar", "/a", "-f", "Dockerfile", "--format", "json", *words)


def test_the_stage_that_an_argument_chose_has_its_lines() -> None:
    assert [None, None, 6] == [each["line"] for each in inspected()["layers"]]
    assert [None, 4, 6] == [each["line"] for each in inspected("--build-arg", "KIND=shop")["layers"]]


def test_why_knows_the_line_too() -> None:
    assert [None] == [each["line"] for each in json.loads(asked_why().out)["events"]]
    told = asked_why("--build-arg", "KIND=shop")
    assert [4] == [each["line"] for each in json.loads(told.out)["events"]]


def test_a_base_without_a_default_is_given(shop: Path) -> None:
    (shop / "Dockerfile").write_text(NO_DEFAULT)
    without = asked_why()
    assert (3, True) == (without.code, "give --build-arg BASE=VALUE" in without.err)
    assert [None, 3, 4] == [each["line"] for each in inspected("--build-arg", "BASE=debian:12")["layers"]]


def test_a_name_alone_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIND", "shop")
    assert [None, 4, 6] == [each["line"] for each in inspected("--build-arg", "KIND")["layers"]]


def test_rules_see_the_arguments_too(shop: Path) -> None:
    (shop / "Dockerfile").write_text(NO_DEFAULT)
    found = inspected("--build-arg", "BASE=debian:12")["findings"]
    assert ["line 2 takes debian:12, under which newer releases of 12 appear"] == [
        each["message"] for each in found if each["rule"] == "unpinned-base-tag"
    ]


IN_THE_PLACE = """FROM debian:12 AS base
COPY a /a
FROM base
COPY a /a
COPY b /b
"""


def test_a_stage_that_a_named_context_stands_for_has_no_lines(shop: Path) -> None:
    (shop / "Dockerfile").write_text(IN_THE_PLACE)
    assert [None, None, None] == [each["line"] for each in inspected()["layers"]]
    given = ("--build-context", "base=docker-image://debian:13")
    assert [None, 4, 5] == [each["line"] for each in inspected(*given)["layers"]]
    assert [4] == [each["line"] for each in json.loads(asked_why(*given).out)["events"]]
    found = inspected(*given)["findings"]
    assert ["line 1 takes debian:13, under which newer releases of 13 appear"] == [
        each["message"] for each in found if each["rule"] == "unpinned-base-tag"
    ]


def test_a_folder_in_the_place_of_the_base_leaves_lines_and_no_base(shop: Path) -> None:
    (shop / "Dockerfile").write_text("FROM base\nCOPY a /a\nCOPY b /b\n")
    (shop / "root").mkdir()
    assert [None, 2, 3] == [each["line"] for each in inspected("--build-context", "base=root")["layers"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--build-context", "src=."], "--build-context tells how a Dockerfile was built"),
        (["--build-context", "src", "-f", "Dockerfile"], "--build-context src has no value"),
        (["--build-arg", "KIND=shop"], "--build-arg tells how a Dockerfile was built"),
        (["--build-arg", "=shop", "-f", "Dockerfile"], "--build-arg has a value without a name"),
        (["--build-arg", "NOT_SET_ANYWHERE", "-f", "Dockerfile"], "--build-arg NOT_SET_ANYWHERE has no value"),
    ],
)
def test_wrong_use_is_exit_2(words: list[str], message: str) -> None:
    for command in (["inspect", "shop.tar"], ["why", "shop.tar", "/a"]):
        ended = jettison(*command, *words)
        assert (2, True) == (ended.code, message in ended.err)


def test_a_pipe_in_the_place_of_the_dockerfile_is_refused_and_not_waited_for(shop: Path) -> None:
    os.mkfifo(shop / "pipe")
    for command in (["inspect", "shop.tar"], ["why", "shop.tar", "/a"]):
        ended = jettison(*command, "-f", "pipe")
        assert (2, True) == (ended.code, "pipe is not a regular file" in ended.err)
