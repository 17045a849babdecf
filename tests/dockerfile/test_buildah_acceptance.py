"""What `buildah bud` takes and refuses of the hand-written Dockerfiles, as far as they can be built with no registry.

buildah has a parser of its own family; each case in which it is of another mind is listed with its reason.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from acceptance import CORPUS, FILES, Asked, bases_of, cases_in, disagreeing, listed, we_take

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
]
LISTED = listed("buildah")
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
    return plain and all(map(PLAIN_BASE.fullmatch, bases_of(answer)))


CASES = {name: each for name, each in CORPUS.items() if can_be_built(each)}


class Buildah:
    """buildah with a store of its own, in which every base of the cases is one tiny image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.context = folder / "context"
        self.context.mkdir()
        for name in FILES:
            (self.context / name).write_text(name)
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
        )
        (folder / "registries.conf").write_text(
            'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n'
        )
        (folder / "base").write_text("FROM scratch\nCOPY a /\n")
        self.call("bud", "--isolation", "chroot", "-f", str(folder / "base"), "-t", BASE, str(self.context))
        bases = {base for each in CASES.values() for base in bases_of(each)}
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

    def takes(self, asked: Asked) -> bool:
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


def test_the_cases_are_many_and_every_listed_one_is_among_them() -> None:
    assert set() == cases_in(LISTED["disagreement"]) - set(CASES)
    assert 250 < len(CASES)
    assert 80 < sum(not we_take(each["asked"]) for each in CASES.values())


@pytest.mark.slow
def test_buildah_takes_what_we_take_unless_listed(buildah: Buildah) -> None:
    assert buildah.takes({"text": "FROM x\nCOPY a b\n"}), "what is plain is not built here"
    found, listed = disagreeing(CASES, buildah.takes), cases_in(LISTED["disagreement"])
    assert set() == found - listed
    if f"version {LISTED['buildah']} " in buildah.call("--version").stdout:
        assert set() == listed - found, "these disagreements are listed, and gone"
