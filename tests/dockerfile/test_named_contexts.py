"""What a build is given by name stands for a stage, or for an image, as BuildKit has it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.contexts import familiar, given, meant, named, used
from jettison.dockerfile.graph import expand_from, needed
from jettison.dockerfile.model import Dockerfile, Named
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals

TEXT = """\
ARG BASE=alpine
FROM $BASE AS build
RUN make
FROM build AS tests
COPY --from=nowhere@ /x /x
FROM debian:12
COPY --from=build /a /a
COPY --from=src . /src
COPY --from=docker.io/library/nginx:latest /c /c
"""


def upon(text: str, **values: str) -> Dockerfile:
    """The text with these contexts; `_` in a name stands for a colon."""
    pairs = {name.replace("_", ":"): value for name, value in values.items()}
    return given(parse(text), {familiar(name): named(name, value, Path("/w")) for name, value in pairs.items()})


def bases(dockerfile: Dockerfile) -> list[str]:
    return [expand_from(dockerfile, each, {}) if each.base else "?" for each in dockerfile.stages]


def test_without_contexts_the_text_is_as_it_is() -> None:
    dockerfile = parse(TEXT)
    assert given(dockerfile, {}) is dockerfile


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"alpine": "docker-image://alpine:3.20"}, ["alpine:3.20", "build", "debian:12"]),
        ({"alpine_latest": "docker-image://alpine:3.20"}, ["alpine:3.20", "build", "debian:12"]),
        ({"alpine_3": "docker-image://alpine:3.20"}, ["alpine", "build", "debian:12"]),
        ({"debian_12": "../rootfs"}, ["alpine", "build", "?"]),
        ({"debian_12": "docker-image://scratch"}, ["alpine", "build", "scratch"]),
        ({"debian_12": "docker-image://build"}, ["alpine", "build", "build:latest"]),
        ({"debian_12": "oci-layout://x@sha256:" + "0" * 64}, ["alpine", "build", "?"]),
        ({"build": "target:other"}, ["?", "build", "debian:12"]),
    ],
)
def test_an_image_of_the_name_is_replaced(values: dict[str, str], expected: list[str]) -> None:
    assert expected == bases(upon(TEXT, **values))


def test_a_stage_of_the_name_is_replaced_with_all_that_stands_in_it() -> None:
    dockerfile = upon(TEXT, build="docker-image://golang:1.22")
    assert ["FROM"] == [each.keyword for each in dockerfile.stages[0].instructions]
    assert "golang:1.22" == dockerfile.stages[0].base
    assert [0, 2] == [each.index for each in needed(dockerfile, dockerfile.stages[2])]
    assert TEXT == str(dockerfile)


def test_from_an_earlier_stage_means_that_stage_whatever_was_given_later() -> None:
    text = "FROM a AS base\nFROM base\n"
    dockerfile = upon(text, base="docker-image://b")
    assert ["b", "base"] == [each.base for each in dockerfile.stages]
    assert ["base", ""] == [each.context for each in dockerfile.stages]


def test_scratch_is_nothing_whatever_is_given() -> None:
    assert ["scratch"] == bases(upon("FROM scratch\n", scratch="docker-image://alpine"))


def test_a_copy_means_what_was_given() -> None:
    dockerfile = upon(TEXT, src="../lib", nginx="../www", build="../out", other="../x")
    asked = ("src", "SRC", "build", "0", "nginx", "docker.io/library/nginx:latest", "1", "tests", "busybox")
    assert ["src", "", "build", "build", "nginx", "nginx", "", "", ""] == [meant(dockerfile, each) for each in asked]


def test_a_context_that_nothing_takes_from_is_not_used() -> None:
    text = "FROM a\nCOPY --from=b x y\nRUN --mount=type=bind,from=c,target=/c z\nONBUILD COPY --from=d x y\nCOPY e e\n"
    contexts = dict.fromkeys("abcde", "../lib")
    assert {"b", "c", "d"} == used(upon(text, **contexts))


def test_a_stage_upon_a_context_is_more_than_the_context() -> None:
    assert "" == meant(upon("FROM src AS x\nRUN y\nFROM a\nCOPY --from=x . .\n", src="../lib"), "x")


def test_what_stands_in_a_stage_that_is_replaced_refuses_nothing() -> None:
    text = "FROM a AS b\nCOPY --from=7 x y\nEXPOSE none\nFROM b\nCOPY --from=b x y\n"
    assert [2] == [each.line for each in refusals(parse(text))][:1]
    assert () == refusals(upon(text, b="../lib"))


def test_what_no_image_gives_is_not_known() -> None:
    dockerfile = upon(TEXT, debian_12="../rootfs")
    with pytest.raises(DockerfileError, match="the FROM in line 6 takes the build context debian:12"):
        expand_from(dockerfile, dockerfile.stages[2], {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("../lib", Named("x", "../lib", folder=Path("/lib"))),
        ("/", Named("x", "/")),
        ("..", Named("x", "..")),
        ("/lib", Named("x", "/lib", folder=Path("/lib"))),
        ("C:lib", Named("x", "C:lib", folder=Path("/w/C:lib"))),
        ("docker-image://a/b:c", Named("x", "docker-image://a/b:c", image="a/b:c")),
        *((text, Named("x", text)) for text in ("target:a", "service:a", "oci-layout:///x", "https://a/b.git#c:d")),
        *((text, Named("x", text)) for text in ("git@github.com:a/b.git", "github.com/a/b", "git://a")),
    ],
)  # fmt: skip
def test_a_value_is_an_image_a_folder_or_what_cannot_be_looked_at(value: str, expected: Named) -> None:
    assert expected == named("x", value, Path("/w"))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("", "x", "the build context x has no name"),
        ("SRC", "x", "names of images are lower case"),
        ("a b", "x", "it is written as no image is"),
        ("a", "", "has no value"),
        ("a", "docker-image://", "names no image"),
        ("a", "docker-image://B", "names of images are lower case"),
    ],
)
def test_what_no_builder_takes_is_refused(name: str, value: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        named(name, value, Path())


def test_it_travels_to_other_processes() -> None:
    dockerfile = upon(TEXT, src="../lib")
    copy = pickle.loads(pickle.dumps(dockerfile))
    assert (dockerfile.contexts, dockerfile) == (copy.contexts, copy)
    assert hash(parse("FROM a\n")) == hash(upon("FROM a\n", src="../lib"))
