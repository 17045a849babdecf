"""built-for-another-libc: what crosses from one C library to another, and what only seems to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from looked_at import look_at

from jettison.review.model import Settings

ONLY = Settings(select=frozenset({"built-for-another-libc"}))
NODE = "WORKDIR /app\nRUN npm ci"
MODULES = "COPY --from=b /app/node_modules /app/node_modules"


def told(folder: Path, builder: str, made: str, base: str, copy: str) -> list[tuple[str, str]]:
    text = f"FROM {builder} AS b\n{made}\nFROM {base}\n{copy}\n"
    return [(each.severity.value, each.message) for each in look_at(folder, text, ONLY).remarks]


@pytest.mark.parametrize(
    ("builder", "made", "base", "copy", "expected"),
    [
        ("node:20", NODE, "node:20-alpine", MODULES, "npm made upon glibc to musl (node:20-alpine)"),
        ("node:20-alpine", NODE, "node:20-alpine", MODULES, ""),
        ("node:20-alpine", NODE, "node:20-slim", MODULES, "npm made upon musl to glibc (node:20-slim)"),
        ("node:20-alpine", NODE, "gcr.io/distroless/nodejs20-debian12", MODULES, "npm made upon musl to glibc"),
        ("node:20", NODE, "gcr.io/distroless/nodejs20-debian12", MODULES, ""),
        ("node:20", NODE, "scratch", MODULES, ""),
        ("node:20", NODE, "ghcr.io/us/alpine:3", MODULES, ""),
        ("node:20", NODE, "node:20-alpine", "COPY --from=b /app/dist /app/dist", ""),
        ("node:20", NODE, "node:20-alpine", "COPY --from=b /app /", "npm made upon glibc"),
        ("node:20", "WORKDIR /app\nRUN npm run build", "node:20-alpine", "COPY --from=b /app /", ""),
        ("python:3.12", "RUN pip install --user flask", "python:3.12-alpine", "COPY --from=b /root/.local /root/.local",
         "pip made upon glibc"),
        ("golang:1.25", "RUN go build -o /s .", "alpine:3.23", "COPY --from=b /s /s", "go made upon glibc"),
        ("golang:1.25", "RUN CGO_ENABLED=0 go build -o /s .", "alpine:3.23", "COPY --from=b /s /s", ""),
        ("golang:1.25", "ENV CGO_ENABLED=0\nRUN go build -o /s .", "alpine:3.23", "COPY --from=b /s /s", ""),
        ("golang:1.25-alpine", "RUN go build -o /s .", "alpine:3.23", "COPY --from=b /s /s", ""),
        ("rust:1.90", "RUN cargo build --release", "alpine:3.23", "COPY --from=b /t /t", "cargo made upon glibc"),
        ("rust:1.90", "RUN cargo build --target x86_64-unknown-linux-musl", "alpine:3.23", "COPY --from=b /t /t", ""),
    ],
)  # fmt: skip
def test_only_what_was_made_upon_the_other_library_is_told(
    tmp_path: Path, builder: str, made: str, base: str, copy: str, expected: str
) -> None:
    found = told(tmp_path, builder, made, base, copy)
    assert ([("note", True)] if expected else []) == [(severity, expected in message) for severity, message in found]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"hasInstallScript": True}, ["warning"]),
        ({"cpu": ["x64"]}, ["warning"]),
        ({"hasInstallScript": True, "dev": True}, []),
        ({}, []),
    ],
)
def test_the_lock_file_says_whether_anything_is_compiled(
    tmp_path: Path, entry: dict[str, object], expected: list[str]
) -> None:
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/sharp": entry}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    found = told(tmp_path, "node:20", NODE, "node:20-alpine", MODULES)
    assert expected == [severity for severity, _ in found]
    assert all(message.endswith("sharp is compiled") for _, message in found)


@pytest.mark.parametrize("lock", ["", "[]", "{", '{"packages": []}', '{"packages": {"a": 1}}', "[" * 9999])
def test_a_lock_file_that_tells_nothing_is_no_error(tmp_path: Path, lock: str) -> None:
    (tmp_path / "package-lock.json").write_text(lock)
    severities = [severity for severity, _ in told(tmp_path, "node:20", NODE, "node:20-alpine", MODULES)]
    assert (["note"] if "1" not in lock else []) == severities
