"""Compose and bake files name their Dockerfiles, contexts, targets and arguments."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jettison.core.errors import UsageError
from jettison.core.values import Skipped
from jettison.dockerfile.model import Named
from jettison.review.build_files import named_by
from jettison.review.model import Source

AB = {"A": "1", "B": "true"}


def named(path: Path, text: str) -> list[Source | Skipped]:
    path.write_text(text)
    return list(named_by(path))


@pytest.fixture
def api(tmp_path: Path) -> Path:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "api" / "prod.Dockerfile").write_text("FROM a\n")
    return tmp_path / "api"


@pytest.mark.parametrize(
    ("build", "file", "target", "args"),
    [
        ("./api", "Dockerfile", None, {}),
        ({"context": "api", "dockerfile": "prod.Dockerfile", "target": "web"}, "prod.Dockerfile", "web", {}),
        ({"context": "${WHERE:-api}", "args": {"A": 1, "B": True, "C": None}}, "Dockerfile", None, AB),
        ({"context": "api", "args": ["A=x=y", "B"]}, "Dockerfile", None, {"A": "x=y"}),
    ],
)  # fmt: skip
def test_a_compose_file_tells_how_a_service_is_built(
    tmp_path: Path, api: Path, build: Any, file: str, target: str | None, args: dict[str, str]
) -> None:
    text = json.dumps({"services": {"web": {"build": build}, "db": {"image": "postgres"}}})
    (found,) = named(tmp_path / "compose.yaml", text)
    expected = Source(str(api / file), api / file, api, target, args, None, f"{tmp_path / 'compose.yaml'}: web")
    assert expected == found


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        ({"context": "$WHERE"}, "what $WHERE means is not known"),
        ({"context": "https://github.com/a/b.git"}, "its context is not here: https://github.com/a/b.git"),
        ({"context": "nowhere"}, "there is no"),
    ],
)
def test_what_cannot_be_followed_is_told(tmp_path: Path, build: Any, reason: str) -> None:
    (found,) = named(tmp_path / "compose.yml", json.dumps({"services": {"web": {"build": build}}}))
    assert isinstance(found, Skipped)
    assert found.reason.startswith(reason)


def test_a_dockerfile_within_a_compose_file_is_one(tmp_path: Path) -> None:
    build = {"context": ".", "dockerfile_inline": "FROM a\nRUN x $$Y\n"}
    text = json.dumps({"services": {"web": {"build": build}}})
    (found,) = named(tmp_path / "compose.yaml", text)
    assert isinstance(found, Source)
    assert (None, tmp_path, b"FROM a\nRUN x $Y\n") == (found.path, found.context, found.data)


def test_a_bake_target_inherits(tmp_path: Path, api: Path) -> None:
    targets = {
        "base": {"context": "api", "args": {"A": "1", "B": "1"}},
        "web": {"inherits": ["base"], "target": "web", "args": {"B": "2"}},
    }
    _, found = named(tmp_path / "docker-bake.json", json.dumps({"target": targets}))
    assert isinstance(found, Source)
    assert (api, "web", {"A": "1", "B": "2"}) == (found.context, found.target, found.build_args)


HCL = """
variable "V" { default = "1" }
target "_base" { args = { A = V, B = true, C = sha1("c") } }
target "web" {
  inherits = ["_base"]
  context = "api"
  dockerfile = "${V == "1" ? "prod." : ""}Dockerfile"
  target = "web"
}
target "unsure" { context = lower("API") }
target "far" { context = "https://github.com/a/b.git" }
target "inline" { dockerfile-inline = <<EOT
FROM a
RUN echo $${X}
EOT
}
"""


def test_bake_s_own_language_is_read(tmp_path: Path, api: Path) -> None:
    path = tmp_path / "docker-bake.hcl"
    web, unsure, far, inline = named(path, HCL)
    file = api / "prod.Dockerfile"
    assert Source(str(file), file, api, "web", {"A": "1", "B": "true"}, None, f"{path}: web") == web
    assert Skipped(f"{path}: unsure", "what lower() means is not known") == unsure
    assert Skipped(f"{path}: far", "its context is not here: https://github.com/a/b.git") == far
    assert isinstance(inline, Source)
    assert b"FROM a\nRUN echo ${X}\n" == inline.data


def test_additional_contexts_are_pairs_or_a_table(tmp_path: Path, api: Path) -> None:
    table = {"src": "./api", "base": "docker-image://a:1", "db": "service:db", "who": "$WHO", "where": "${W:-./api}"}
    pairs = [*(f"{name}={value}" for name, value in table.items()), "alone"]
    services = {
        name: {"build": {"context": "api", "additional_contexts": each}} for name, each in (("a", table), ("b", pairs))
    }
    of_table, of_pairs = named(tmp_path / "compose.yaml", json.dumps({"services": services}))
    assert isinstance(of_table, Source)
    assert isinstance(of_pairs, Source)
    expected = {
        "src": Named("src", "./api", folder=api),
        "base": Named("base", "docker-image://a:1", image="a:1"),
        "db": Named("db", "service:db"),
        "who": Named("who", "$WHO"),
        "where": Named("where", "./api", folder=api),
    }
    assert (expected, expected) == (of_table.contexts, of_pairs.contexts)


CONTEXTS = """
target "_base" { contexts = { src = "api", "docker.io/library/alpine:latest" = "docker-image://alpine:3.20" } }
target "web" {
  inherits = ["_base"]
  context = "api"
  contexts = { src = "target:_base", sum = sha1("x"), gone = null }
}
target "unsure" { contexts = merge({}, {}) }
target "wrong" { contexts = { SRC = "api" } }
target "away" {
  context = "api"
  contexts = { src = "nowhere" }
}
"""


def test_a_target_s_contexts_are_its_own_before_what_it_inherits(tmp_path: Path, api: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    path = tmp_path / "docker-bake.hcl"
    base, web, unsure, wrong, away, missing = named(path, CONTEXTS)
    assert isinstance(base, Source)
    assert isinstance(web, Source)
    assert isinstance(away, Source)
    alpine = Named("docker.io/library/alpine:latest", "docker-image://alpine:3.20", image="alpine:3.20")
    assert {"src": Named("src", "api", folder=api), "alpine": alpine} == base.contexts
    assert {"src": Named("src", "target:_base"), "alpine": alpine, "sum": Named("sum", "sha1()")} == web.contexts
    assert Skipped(f"{path}: unsure", "what merge() means is not known") == unsure
    assert Skipped(f"{path}: wrong", "SRC names no build context: names of images are lower case") == wrong
    place = tmp_path / "nowhere"
    assert Skipped(f"{path}: away: build context src", f"there is no {place}") == missing


@pytest.mark.parametrize("text", ['target "x" {', "a = " + "(" * 30_000, "\x00", 'a = "${', "a = <<E\n"])
def test_what_is_no_hcl_is_refused_and_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"docker-bake\.hcl cannot be read: "):
        named(tmp_path / "docker-bake.hcl", text)


@pytest.mark.parametrize(
    "text",
    ["services: [", "a: !!python/object:os.system x", "\x00", "- 1", "services: 3", "&a [*a]", "a: " + "[" * 5000],
)
def test_what_is_no_compose_file_is_refused_or_empty(tmp_path: Path, text: str) -> None:
    try:
        assert [] == named(tmp_path / "compose.yaml", text)
    except UsageError as error:
        assert str(tmp_path / "compose.yaml") in error.message


def test_a_list_that_holds_itself_many_times_costs_nothing(tmp_path: Path, api: Path) -> None:
    """Eight aliases of eight aliases of ...: written out they would be 8 ** 20 of them."""
    rows = ["a0: &a0 [x=y]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 21))]
    text = "\n".join([*rows, "services: {web: {build: {context: api, args: [*a20, A=1]}}}"])
    (found,) = named(tmp_path / "compose.yaml", text)
    assert isinstance(found, Source)
    assert {"A": "1"} == found.build_args


@pytest.mark.parametrize("name", ["compose.yaml", "docker-bake.hcl", "docker-bake.json"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match="is not a regular file"):
        list(named_by(tmp_path / name))


def test_a_context_with_a_name_too_long_is_told(tmp_path: Path) -> None:
    (found,) = named(tmp_path / "compose.yaml", json.dumps({"services": {"web": {"build": "x" * 300}}}))
    assert isinstance(found, Skipped)
