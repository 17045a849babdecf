"""What `buildah bud` takes and refuses of the hand-written Dockerfiles, as far as they can be built with no registry.

buildah has a parser of its own family; each case in which it is of another mind is listed with its reason.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dockerfile_corpus import HERE, answers

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.graph import resolve_target
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
]
LISTED = tomllib.loads((HERE / "disagreements_buildah.toml").read_text(encoding="utf-8"))
# what needs a shell or a user in the base, files, or is told of heredocs and --link
ASIDE = re.compile(r"(?i)\b(?:RUN|ADD)\b|RU\\|<<|--[\"]?link|--from|--mount|--chown|\0")
COPY = re.compile(r"(?im)^\s*(?:onbuild\s+)?copy\b(.*)$")
PLAIN_COPY = re.compile(r"(?:\s+--\S+)*(?:\s+[a-g]){2,}\s*")
PLAIN_BASE = re.compile(r"docker\.io/library/[a-z]+:[\w.]+")
BASE = "docker.io/library/x:latest"
SECONDS = 20  # of one build, which has nothing to do
TRIES = 3


def can_be_built(answer: dict[str, Any]) -> bool:
    """Whether nothing but the text decides."""
    text = answer["asked"]["text"]
    plain = not ASIDE.search(text) and all(PLAIN_COPY.fullmatch(each[1]) for each in COPY.finditer(text))
    return plain and all(map(PLAIN_BASE.fullmatch, answer["said"].get("build", {}).get("bases", [])))


CASES = {name: each for name, each in answers("corpus")["answers"].items() if can_be_built(each)}


class Buildah:
    """buildah with a store of its own, in which every base of the cases is one tiny image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = folder / "context"
        self.context.mkdir()
        for name in "abcdefg":
            (self.context / name).write_text(name)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
        )
        (folder / "registries.conf").write_text(
            'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n'
        )
        (folder / "base").write_text("FROM scratch\nCOPY a /\n")
        self.call("bud", "--isolation", "chroot", "-f", str(folder / "base"), "-t", BASE, str(self.context))
        bases = {base for each in CASES.values() for base in each["said"].get("build", {}).get("bases", [])}
        bases |= {f"docker.io/library/{name}:latest" for name in "abyz"} - {BASE}
        self.call("tag", BASE, *sorted(bases))

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        places = {
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
        }
        command = ["buildah", *arguments]
        with subprocess.Popen(
            command,
            env={**os.environ, **places},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # what it started holds the pipes as well
                raise
        return subprocess.CompletedProcess(command, process.returncode, out.decode(errors="replace"), str(err))

    def takes(self, asked: dict[str, Any]) -> bool:
        """Whether it builds a Dockerfile. One in some hundred hangs without a reason: it is made again."""
        file = self.folder / "Dockerfile"
        file.write_bytes(asked["text"].encode())
        given = [f"--build-arg={name}={value}" for name, value in asked.get("build_args", {}).items()]
        given += [f"--target={asked['target']}"] if "target" in asked else []
        place = ("--pull=never", "--isolation", "chroot", "--layers=false", "-f", str(file))
        for _ in range(TRIES):
            with suppress(subprocess.TimeoutExpired):
                return self.call("bud", *place, *given, str(self.context)).returncode == 0
        raise AssertionError(f"buildah is not done with {asked['text']!r}")


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    found = Buildah(tmp_path_factory.mktemp("buildah"))
    yield found
    found.call("rm", "--all")
    found.call("rmi", "--all", "--force")


def we_take(asked: dict[str, Any]) -> bool:
    try:
        dockerfile = parse(asked["text"])
        target = resolve_target(dockerfile, asked.get("target"))
    except (DockerfileError, UsageError):
        return False
    return not refusals(dockerfile, target, asked.get("build_args", {}))


def test_the_cases_are_many_and_every_listed_one_is_among_them() -> None:
    listed = [name for each in LISTED["disagreement"] for name in each["cases"]]
    assert sorted(set(listed)) == sorted(listed)
    assert set() == set(listed) - set(CASES)
    assert 250 < len(CASES)
    assert 80 < sum(not we_take(each["asked"]) for each in CASES.values())


@pytest.mark.slow
def test_buildah_takes_what_we_take_unless_listed(buildah: Buildah) -> None:
    assert buildah.takes({"text": "FROM x\nCOPY a b\n"}), "what is plain is not built here"
    found = {name for name, each in CASES.items() if buildah.takes(each["asked"]) != we_take(each["asked"])}
    listed = {name for each in LISTED["disagreement"] for name in each["cases"]}
    assert set() == found - listed
    if f"version {LISTED['buildah']} " in buildah.call("--version").stdout:
        assert set() == listed - found, "these disagreements are listed, and gone"
