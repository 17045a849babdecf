"""What may stand in the place of an official image, and until when its releases are cared for."""

from __future__ import annotations

from datetime import date

import pytest

from jettison.bases.catalogue import Family, candidates, stands_on
from jettison.bases.end_of_life import end_of_life
from jettison.bases.policy import Policy, allows, order
from jettison.core.values import Applicability


def named(name, family):
    return [each.name for each in candidates(name) if each.family is family]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("debian:bookworm", "debian:bookworm-slim"),
        ("debian:12", "debian:12-slim"),
        ("debian:bookworm-20240110", "debian:bookworm-20240110-slim"),
        ("debian:latest", "debian:stable-slim"),
        ("node", "node:slim"),
        ("node:20.11.1", "node:20.11.1-slim"),
        ("node:20-bookworm", "node:20-bookworm-slim"),
        ("node:lts-iron", "node:lts-iron-slim"),
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("docker.io/library/python:3.12", "docker.io/library/python:3.12-slim"),
        ("rust:1.80", "rust:1.80-slim"),
    ],
)
def test_the_slim_name_of_each_image(name, expected):
    assert [expected] == named(name, Family.SLIM)


@pytest.mark.parametrize(
    "name", ["node:20-slim", "node:20-alpine", "someone/node:20", "node@sha256:" + "0" * 64, "$BASE", "alpine:3.20",
             "node:20-windows", "debian:bookworm-slim", "scratch", "golang:1.22"],
)  # fmt: skip
def test_what_has_no_slim_variant(name):
    assert [] == named(name, Family.SLIM)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("node:20", ["gcr.io/distroless/nodejs20-debian12"]),
        ("node:20-slim", ["gcr.io/distroless/nodejs20-debian12", "gcr.io/distroless/static-debian12"]),
        ("node:20-bookworm-slim", ["gcr.io/distroless/nodejs20-debian12", "gcr.io/distroless/static-debian12"]),
        ("node:20-bullseye", []),  # another release of the system
        ("node:20.11.1", []),  # distroless has one tag a major version: it may be another
        ("node:20-alpine", []),
        ("node", []),
        ("node:8", ["gcr.io/distroless/nodejs:8"]),
        ("python:3.11", ["gcr.io/distroless/python3-debian12"]),
        ("python:3.12", []),
        (
            "debian:bookworm-slim",
            [f"gcr.io/distroless/{kind}-debian12" for kind in ("cc", "base", "static")],
        ),
    ],
)
def test_the_distroless_image_of_the_same_version(name, expected):
    assert expected == named(name, Family.DISTROLESS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("node:20", ["node:20-alpine"]),
        ("node:20-bookworm", []),
        ("python:3.11-slim", ["python:3.11-alpine"]),
        ("eclipse-temurin:21-jdk", ["eclipse-temurin:21-jdk-alpine"]),
        ("node:20-alpine", []),
        ("perl:5.38", []),
    ],
)
def test_the_alpine_name_of_each_image(name, expected):
    assert expected == named(name, Family.ALPINE)


def test_debians_own_interpreter_is_never_taken_unasked():
    (found,) = [each for each in candidates("python:3.11") if each.family is Family.DISTROLESS]
    assert Applicability.PROPOSED == found.applicability


@pytest.mark.parametrize(
    ("name", "expected"),
    [("node:20", "bookworm"), ("node:8-slim", "stretch"), ("node:20-bullseye", "bullseye"), ("debian:12", "bookworm"),
     ("debian:trixie-slim", "trixie"), ("node:20-alpine", ""), ("node:latest", ""), ("someone/node:20", "")],
)  # fmt: skip
def test_the_debian_release_that_a_tag_stands_on(name, expected):
    assert expected == stands_on(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("node:8", date(2019, 12, 31)),
        ("node:20", date(2026, 4, 30)),
        ("python:3.13-bullseye", date(2026, 8, 31)),  # the system ends first
        ("python:3.8", date(2024, 10, 7)),
        ("debian:bullseye-slim", date(2026, 8, 31)),
        ("alpine:3.18.4", date(2025, 5, 9)),
        ("node:20-alpine3.16", date(2024, 5, 23)),
        ("golang:1.22", date(2025, 2, 11)),
        ("golang:1.25-alpine", date(2026, 8, 19)),
        ("golang:1.26-alpine", None),
        ("alpine:3.23", date(2027, 11, 1)),
        ("ubuntu:focal", date(2025, 5, 31)),
        ("ubuntu:22.04", date(2027, 4, 1)),
        ("gcr.io/distroless/nodejs20-debian12", date(2026, 4, 30)),
        ("gcr.io/distroless/nodejs:8", date(2019, 12, 31)),
        ("gcr.io/distroless/static-debian11:nonroot", date(2026, 8, 31)),
        ("node:8@sha256:" + "0" * 64, date(2019, 12, 31)),
        ("node:latest", None),
        ("someone/node:8", None),
        ("golang:9.9-alpine", None),
    ],
)
def test_the_day_on_which_an_image_ends(name, expected):
    assert expected == end_of_life(name)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("php:7.4-fpm", date(2022, 11, 28)),
        ("php:8.3.13-cli-bullseye", date(2026, 8, 31)),  # that of its Debian
        ("php:8-apache", None),
        ("php:8.3-fpm-alpine3.16", date(2024, 5, 23)),  # that of its Alpine
        ("php:8.3-cli-alpine", date(2027, 12, 31)),
        ("centos:8", date(2021, 12, 31)),
        ("centos:7.9.2009", date(2024, 6, 30)),
        ("debian:jessie-slim", date(2020, 6, 30)),
        ("public.ecr.aws/docker/library/node:14", date(2023, 4, 30)),
        ("public.ecr.aws/us/node:14", None),
    ],
)
def test_older_releases_and_mirrors_of_the_official_images_are_known(name: str, day: date | None) -> None:
    assert day == end_of_life(name)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy.KEEP, []),
        (Policy.SAME_LIBC, ["node:20-slim", "gcr.io/distroless/nodejs20-debian12"]),
        (Policy.SMALLEST_WITH_SHELL, ["node:20-slim", "node:20-alpine"]),
        (Policy.SMALLEST, ["node:20-slim", "gcr.io/distroless/nodejs20-debian12", "node:20-alpine"]),
        (Policy.FEWEST_PACKAGES, ["node:20-slim", "gcr.io/distroless/nodejs20-debian12", "node:20-alpine"]),
    ],
)
def test_what_each_policy_considers(policy, expected):
    assert expected == [each.name for each in candidates("node:20") if allows(policy, each, "glibc")]


def test_fewest_packages_go_before_fewest_bytes_only_where_that_is_asked_for():
    small, bare = (10, 5), (20, 1)
    assert [small, bare] == sorted([bare, small], key=lambda each: order(Policy.SMALLEST, *each))
    assert [bare, small] == sorted([bare, small], key=lambda each: order(Policy.FEWEST_PACKAGES, *each))
