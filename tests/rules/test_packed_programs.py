"""packed-with-upx, and the traps of other bases: a packed program, a cluster's names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from handmade_tree import executable, image
from looked_at import found_in

from jettison.align import Alignment
from jettison.dockerfile.parse import parse
from jettison.review.model import Settings
from jettison.rules.larger_base_than_needed import larger_base_than_needed
from jettison.subject import Subject
from jettison.traps import cluster_names, packed_program

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("go build -o s . && upx --best s", True),
        ("go build -o s . && /usr/bin/upx s", True),
        ("go build -o s . && echo upx s", False),
        ("apk add --no-cache upx", False),
        ("go build -o upx .", False),
        ("test -z '$X' || upx s", True),
    ],
)
def test_a_call_of_upx_is_told_and_its_name_is_not(tmp_path: Path, run: str, expected: bool) -> None:
    text = f"FROM golang:1.25-alpine AS b\nRUN {run}\nFROM scratch\nCOPY --from=b /s /s\n"
    found = found_in(tmp_path, text, Settings(select=frozenset({"packed-with-upx"})))
    assert ([("packed-with-upx", 2)] if expected else []) == found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x7fELF" + bytes(200) + b"UPX!" + bytes(9000), True),
        (b"\x7fELF" + bytes(20_000) + b"UPX!" + bytes(32), True),
        (b"\x7fELF" + bytes(20_000) + b"UPX?" + bytes(32), False),
        (b"\x7fELF" + bytes(20_000) + b"UPX!" + bytes(9000), False),  # a constant of the program, not the header
        (b"#!/bin/sh UPX!", False),
        (b"", False),
    ],
)
def test_a_packed_program_is_known_by_its_header(content: bytes, expected: bool) -> None:
    assert expected == packed_program.found(image({"app": content}).tree, b"app")


def judged(content: bytes) -> list[tuple[bool, str]]:
    dockerfile = parse('FROM debian:bookworm\nCOPY s /s\nCMD ["/s"]\n')
    system = {"bin/sh": executable("x" * 9_000_000), "lib/x": b"x"}
    made = image(system, {"s": executable(content)}, config={"Cmd": ["/s"]})
    alignment = Alignment(True, 1, {1: dockerfile.stages[0].instructions[1]})
    subject = Subject(dockerfile, Path("nowhere"), made, alignment, dockerfile.stages[0])
    found = larger_base_than_needed(replace(subject, base=lambda name: None))
    return [(each.fix is not None, each.refusal) for each in found]


def test_a_packed_program_is_offered_no_base_without_a_c_library() -> None:
    plain = b"\x7fELF" + bytes(300)
    assert [(True, "")] == judged(plain)
    why = "scratch lacks what is needed: what /s is linked with: it is packed (UPX), and hides that"
    assert [(False, why)] == judged(plain + b"UPX!" + bytes(32))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("k8s/app.yaml", DEPLOYMENT, "k8s/app.yaml"),
        ("k8s/app.yaml", DEPLOYMENT.replace("Deployment", "ConfigMap"), ""),
        ("k8s/app.yaml", DEPLOYMENT.replace("apiVersion", "version"), ""),
        ("k8s/app.txt", DEPLOYMENT, ""),
        ("chart/Chart.yaml", "name: x\n", "chart/Chart.yaml"),
        ("node_modules/x/app.yml", DEPLOYMENT, ""),
        ("compose.yaml", "services:\n  app: {build: .}\n", ""),
        ("a.yml", f"---\n{DEPLOYMENT}", "a.yml"),
    ],
)
def test_what_runs_in_a_cluster_is_seen_beside_the_dockerfile(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    assert expected == cluster_names.found(tmp_path)


def test_musl_is_refused_for_what_runs_in_a_cluster_and_for_nothing_else(tmp_path: Path) -> None:
    dockerfile = parse("FROM node:20\nCOPY . /app\nCMD node /app/x.js\n")
    files = {"bin/sh": executable("ELF"), "usr/bin/node": executable("n" * 5_000_000)}
    alpine = image({"bin/sh": executable("ELF"), "usr/bin/node": executable("n")}, config={"Cmd": ["node"]})
    made = image(files, {"app/x.js": b"1"}, config={"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["node", "/app/x.js"]})
    alignment = Alignment(True, 1, {1: dockerfile.stages[0].instructions[1]})
    subject = Subject(dockerfile, tmp_path, made, alignment, dockerfile.stages[0], policy="smallest",
                      base=lambda name: alpine if name.endswith("alpine") else None)  # fmt: skip
    assert [True] == [each.fix is not None for each in larger_base_than_needed(subject)]
    (tmp_path / "deploy.yaml").write_text(DEPLOYMENT)
    (found,) = larger_base_than_needed(replace(subject))
    assert found.fix is None
    assert "glibc's resolver: deploy.yaml is for Kubernetes, where names are searched for" in found.refusal
