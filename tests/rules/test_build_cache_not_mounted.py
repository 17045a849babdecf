"""build-cache-not-mounted, on handmade projects: where the mount goes, and why it is not written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from layer_listing import subject_of

from jettison.core.values import Applicability
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rule import Finding
from jettison.rules.build_cache_not_mounted import build_cache_not_mounted

FILES = {"go.mod": "module app\n", "main.go": "package main\n", "README.md": "x"}
SHIPS = 'FROM scratch\nCOPY --from=build /server /\nCMD ["/server"]\n'
BUILDS = "FROM golang:1.26 AS build\nWORKDIR /app\nCOPY . .\n"
TEXT = f"{BUILDS}RUN go build -o /server .\n{SHIPS}"
MOUNT = "--mount=type=cache,target=/root/.cache/go-build"
LAYERS = "7 server 9000000\n"


def findings(root: Path, text: str, *, mounts: bool | None = True, **files: str) -> list[Finding]:
    for name, content in {**FILES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return list(build_cache_not_mounted(replace(subject_of(text, LAYERS), context=root, cache_mounts=mounts)))


def fixed(root: Path, text: str) -> str:
    (finding,) = findings(root, text)
    assert finding.fix is not None, finding.refusal
    made = apply(text, finding.fix.edits)
    parse(made)
    assert [] == findings(root, made)
    return made


def test_the_cache_is_mounted_where_the_compiler_runs(tmp_path: Path) -> None:
    assert TEXT.replace("RUN go", f"RUN {MOUNT} go") == fixed(tmp_path, TEXT)


def test_it_is_about_seconds_after_a_source_change(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, TEXT)
    assert finding.fix is not None
    assert (0, "main.go", Applicability.LOSSLESS) == (finding.predicted, finding.probe, finding.fix.applicability)
    assert "line 4 compiles all packages anew after each change of a source" == finding.message


WRITTEN = {
    "each RUN that compiles": (
        "RUN go install ./...\nRUN apt-get update\nRUN go build -o /server .\n",
        f"RUN {MOUNT} go install ./...\nRUN apt-get update\nRUN {MOUNT} go build -o /server .\n",
    ),
    "beside other mounts": (
        "RUN --mount=type=cache,target=/go/pkg/mod go build -o /server .\n",
        f"RUN {MOUNT} --mount=type=cache,target=/go/pkg/mod go build -o /server .\n",
    ),
    "where a variable puts it": (
        "ENV GOCACHE=/cache\nRUN go build -o /server .\n",
        "ENV GOCACHE=/cache\nRUN --mount=type=cache,target=/cache go build -o /server .\n",
    ),
    "in a RUN of several lines": (
        "RUN go vet ./... && \\\n    go build -o /server .\n",
        f"RUN {MOUNT} go vet ./... && \\\n    go build -o /server .\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), WRITTEN.values(), ids=WRITTEN)
def test_where_the_mount_goes(tmp_path: Path, before: str, after: str) -> None:
    assert f"{BUILDS}{after}{SHIPS}" == fixed(tmp_path, f"{BUILDS}{before}{SHIPS}")


SILENT = {
    "it ships": f"{BUILDS}RUN go build -o /server .\n",
    "it is mounted": TEXT.replace("RUN go", f"RUN {MOUNT} go"),
    "it is mounted above": TEXT.replace("RUN go", "RUN --mount=type=cache,target=/root/.cache go"),
    "a tmpfs is": TEXT.replace("RUN go", "RUN --mount=type=tmpfs,target=/root go"),
    "the RUN removes it": TEXT.replace("/server .", "/server . && rm -rf /root/.cache/go-build"),
    "the RUN empties it": TEXT.replace("/server .", "/server . && go clean -cache"),
    "where it is, is not known": TEXT.replace("RUN go", "RUN GOCACHE=$(mktemp -d) go"),
    "it may not be compiled": TEXT.replace(
        "RUN go build -o /server .", "RUN if test -f x; then go build -o /server .; fi"
    ),
    "nothing compiles": TEXT.replace("go build -o /server .", "go mod download"),
    "no source is copied": TEXT.replace("COPY . .", "COPY go.mod ."),
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_nothing_is_said_where(tmp_path: Path, text: str) -> None:
    assert [] == findings(tmp_path, text)


def test_nothing_is_said_where_no_builder_was_asked(tmp_path: Path) -> None:
    assert [] == findings(tmp_path, TEXT, mounts=None)


@pytest.mark.parametrize(
    ("text", "mounts", "files", "reason"),
    [
        (TEXT, False, {}, "the builder here takes no cache mounts: BuildKit (DOCKER_BUILDKIT=1) does"),
        (
            TEXT,
            True,
            {".gitlab-ci.yml": "build:\n  image: gcr.io/kaniko-project/executor:debug\n"},
            ".gitlab-ci.yml builds with kaniko, which has no cache mounts",
        ),
        (
            TEXT.replace("COPY . .", "COPY . .\nUSER builder"),
            True,
            {},
            "line 5 runs as builder, and a cache mount belongs to root",
        ),
    ],
)
def test_a_mount_that_would_not_work_is_refused(tmp_path: Path, text, mounts, files, reason) -> None:
    (finding,) = findings(tmp_path, text, mounts=mounts, **files)
    assert (None, reason) == (finding.fix, finding.refusal)
