"""Images of Go projects made by hand: a base with a compiler, sources, a program; and what is advised for them."""

from __future__ import annotations

from pathlib import Path

from go_program import go_program
from handmade_tree import Piece, directory, image

from jettison.align import Alignment
from jettison.dockerfile.edit import apply
from jettison.dockerfile.parse import parse
from jettison.rules.single_stage_build import single_stage_build
from jettison.subject import Subject

BUNDLE, ZONES = "etc/ssl/certs/ca-certificates.crt", "usr/local/go/lib/time/zoneinfo.zip"
BASE = {
    "bin/sh": Piece(b"ELF", 0o755),
    "usr/bin/curl": Piece(b"ELF", 0o755),
    "usr/local/go/bin/go": Piece(b"g" * 5_000_000, 0o755),
    BUNDLE: "certificates",
    ZONES: "zones",
    "usr/share/zoneinfo/UTC": "utc",
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/mime.types": "text/css css\nimage/x-icon ico\n",
    "tmp": directory(0o1777),
    "var/tmp": directory(0o1777),
    "go/bin": directory(0o777),
}
LIBRARIES = {
    "lib64/ld-linux-x86-64.so.2": "ld",
    "usr/lib/x86_64-linux-gnu/libc.so.6": "c",
    "usr/lib/x86_64-linux-gnu/libresolv.so.2": "r",
}
DISTROLESS = {
    "tmp": directory(0o1777),
    "var/tmp": directory(0o1777),
    BUNDLE: "others",
    "etc/passwd": "root:x:0:0::/:\n",
}
BASES = {
    "gcr.io/distroless/static-debian12": DISTROLESS,
    "gcr.io/distroless/base-debian12": {**DISTROLESS, **LIBRARIES},
    "gcr.io/distroless/cc-debian12": {**DISTROLESS, **LIBRARIES, "usr/lib/x86_64-linux-gnu/libstdc++.so.6": "s"},
    "debian:bookworm-slim": {"bin/sh": Piece(b"sh", 0o755), "tmp": directory(0o1777)},
}
SOURCES = {
    "app/go.mod": "module example.org/app\n",
    "app/main.go": "package main\n",
    "app/main_test.go": "package main\n",
    "app/Dockerfile": "FROM golang:1.22\n",
    "app/internal/x/x.go": "package x\n",
    "app/static/a.css": "a",
    "app/config.yaml": "b: 1",
}
CACHE = {
    "root/.cache/go-build/00/a-d": "c" * 1_000_000,
    "root/.config/go/telemetry/local/asm.v1.count": "t" * 1000,
    "go/pkg/mod/cache/lock": "",
}
TEXT = """\
FROM golang:1.22

WORKDIR /app
COPY . .
RUN go build -o server .
EXPOSE 8080
CMD ["./server"]
"""
LIBC = ("libc.so.6", "libresolv.so.2")
CGO = {"CGO_ENABLED": "1"}


def findings(
    text=TEXT, program=None, *, sources=SOURCES, built=None, config=None, base=BASE, policy="same-libc", setup=None
):
    dockerfile = parse(text)
    stage = dockerfile.stages[-1]
    makers = [each for each in stage.instructions if each.keyword in ("RUN", "COPY")]
    layers = [sources, {"app/server": program or go_program(), **CACHE} if built is None else built]
    if len(makers) > 2:
        layers.insert(0, setup or {})
    cmd = next((each.exec_form for each in stage.instructions if each.keyword == "CMD"), None)
    told = {"WorkingDir": "/app", "Cmd": list(cmd or ()), "Env": ["PATH=/go/bin:/usr/bin:/bin"], **(config or {})}
    whole = image(base, *layers, config=told)
    alignment = Alignment(True, 1, dict(enumerate(makers, 1)))
    asked = {name: image(files) for name, files in BASES.items()}
    subject = Subject(dockerfile, Path("/nonexistent"), whole, alignment, stage, base=asked.get, policy=policy)
    return whole, list(single_stage_build(subject))


def text_of(*given, **told):
    text = given[0] if given else TEXT
    _, (found,) = findings(*given, **told)
    assert found.fix is not None, found.refusal
    return apply(text, found.fix.edits)


def refusal(*given, **told):
    _, (found,) = findings(*given, **told)
    assert found.fix is None, found.fix
    return found.refusal
