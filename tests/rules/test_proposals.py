"""unpinned-base-tag, base-past-end-of-life, runs-as-root: told with their consequence, never done unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from layer_listing import subject_of

from jettison.bases import end_of_life as ends
from jettison.core.reference import Reference, Transport
from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.image.model import Image
from jettison.rules.base_past_end_of_life import base_past_end_of_life
from jettison.rules.runs_as_root import runs_as_root
from jettison.rules.unpinned_base_tag import unpinned_base_tag
from jettison.subject import Subject

DIGEST = "sha256:" + "ab" * 32


def base(listing: str = "2 bin/node 10", transport: Transport = Transport.CONTAINERS_STORAGE, *env: str) -> Image:
    """A base image with a layer of its own."""
    image = subject_of("FROM x\nRUN y\n", listing).image
    return replace(image, reference=Reference(transport, "x"), digest=DIGEST, config={"config": {"Env": list(env)}})


def with_bases(text: str, bases: Mapping[str, Image]) -> Subject:
    return replace(subject_of(text, ""), base=bases.get)


def unpinned(text: str, **bases: Image) -> list[tuple[str, str]]:
    """What is said, and what the text becomes."""
    named = {name.replace("__", ":").replace("_dot_", "."): image for name, image in bases.items()}
    found = unpinned_base_tag(with_bases(text, named))
    return [(each.message, apply(text, each.fix.edits) if each.fix else "") for each in found]


def test_latest_becomes_the_release_that_was_in_use_where_that_is_the_same_image() -> None:
    used = base("2 bin/node 10", Transport.DOCKER_DAEMON, "PATH=/bin", "NODE_VERSION=24.11.1")
    message = "line 1 takes node, which may be another major version with the next build"
    assert [(message, "FROM node:24.11.1 AS a\n")] == unpinned(
        "FROM node AS a\n", node=used, node__24_dot_11_dot_1=used
    )


def test_a_release_of_other_bytes_is_not_what_was_in_use() -> None:
    used = base("2 bin/node 10", Transport.DOCKER_DAEMON, "NODE_VERSION=24.11.1")
    other = base("3 bin/node 11", Transport.DOCKER_DAEMON)
    ((_, made),) = unpinned("FROM node:latest\n", node__latest=used, node__24_dot_11_dot_1=other)
    assert "" == made


def test_a_digest_that_the_engine_knows_is_proposed() -> None:
    message = "line 1 takes node:24, under which newer releases of 24 and the system below it appear"
    assert [(message, f"FROM node:24@{DIGEST}\n")] == unpinned("FROM node:24\n", node__24=base())


@pytest.mark.parametrize("transport", [Transport.DOCKER_DAEMON, Transport.OCI])
def test_a_digest_is_never_invented(transport: Transport) -> None:
    ((_, made),) = unpinned("FROM node:24\n", node__24=base("2 bin/node 10", transport))
    assert "" == made
    assert [""] == [made for _, made in unpinned("FROM node:24\n")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("debian:bookworm", "under which newer releases of bookworm appear"),
        ("python:3.11-slim-bookworm", "under which newer releases of 3.11 appear"),
        ("ghcr.io/us/app:latest", "which may be another major version with the next build"),
        ("gcr.io/distroless/nodejs24-debian12", "which is built anew as its system gets fixes"),
        ("gcr.io/distroless/nodejs20-debian12", ""),
        ("node:slim", "which may be another major version with the next build"),
        ("node:20", ""),  # past its end: nothing newer comes
        ("python:3.12-slim-buster", ""),  # its Debian is
        ("node:24.11.1-slim", ""),
        ("ubuntu:24.04", ""),
        ("ghcr.io/us/app:v3", ""),
        ("scratch", ""),
        (f"node:24@{DIGEST}", ""),
    ],
)
def test_what_moves_under_a_name_is_told(name: str, what: str) -> None:
    said = [f"line 1 takes {name}, {what}"] if what else []
    assert said == [message for message, _ in unpinned(f"FROM {name}\n")]


def test_each_base_is_told_once_and_a_stage_is_none() -> None:
    text = "FROM node:24 AS a\nRUN x\nFROM node:24\nCOPY --from=a /x /x\nFROM a\nCOPY --from=1 /x /x\n"
    assert 1 == len(unpinned(text))


def test_it_is_a_proposal_without_bytes() -> None:
    (found,) = unpinned_base_tag(with_bases("FROM node:24\n", {"node:24": base()}))
    assert found.fix is not None
    assert (0, Applicability.PROPOSED) == (found.predicted, found.fix.applicability)
    assert "pin what was in use; then fixes arrive only when that line is changed" == found.proposal


def test_a_base_whose_support_has_ended_is_told_with_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "end_of_life", {"node:8": date(2019, 12, 31), "node:99": date(2999, 1, 1)}.get)
    (found,) = base_past_end_of_life(subject_of("ARG V=8\nFROM node:$V\n", ""))
    assert "line 2 takes node:8, which has had no fixes since 2019-12-31" == found.message
    assert (0, None) == (found.predicted, found.fix)
    assert [] == list(base_past_end_of_life(subject_of("FROM node:99\n", "")))
    assert [] == list(base_past_end_of_life(subject_of("FROM unknown\n", "")))


def test_the_day_comes_from_the_table_of_bases() -> None:
    assert 1 == len(list(base_past_end_of_life(subject_of("FROM node:8\n", ""))))


PASSWD = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:\nnode:x:1000:1000::/home/node:/bin/sh\n"


def root(config: dict[str, Any], listing: str = "", texts: Mapping[str, str] = {}) -> list[str]:
    subject = subject_of("FROM x\nRUN y\n", listing, texts)
    subject = replace(subject, image=replace(subject.image, config={"config": config}))
    return [each.proposal for each in runs_as_root(subject)]


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:root"])
def test_root_is_told_with_what_would_have_to_be_true(user: str) -> None:
    config = {"User": user, "ExposedPorts": {"80/tcp": {}, "8080/tcp": {}}, "Volumes": {"/data": {}}}
    said = "USER node would bound the harm; port 80 becomes one above 1023, and /data has to belong to that user"
    assert [said] == root(config, "2 etc/passwd text=p", {"p": PASSWD})


def test_without_a_user_in_the_image_one_has_to_be_made() -> None:
    assert ["a USER of its own would bound the harm; what it writes to has to belong to that user"] == root({})


@pytest.mark.parametrize("user", ["node", "1000", "1000:0"])
def test_another_user_is_not_told(user: str) -> None:
    assert [] == root({"User": user})


def test_an_entry_point_that_changes_the_user_is_not_told() -> None:
    assert [] == root({"Entrypoint": ["gosu", "app", "/app"]})
    script = {"s": '#!/bin/sh\nexec su-exec app "$@"\n'}
    assert [] == root({"Entrypoint": ["./start.sh"], "WorkingDir": "/app"}, "2 app/start.sh text=s", script)
    assert [] == root({"Entrypoint": ["start.sh"]}, "2 usr/local/bin/start.sh text=s", script)
    assert 1 == len(root({"Entrypoint": ["start.sh"]}))
