"""Traps: each pair differs by the smallest change that matters."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from layer_listing import subject_of

import jettison.rules
import jettison.traps
from jettison.dockerfile.parse import parse
from jettison.packages.dpkg import Package
from jettison.traps import docker_clean_present, recommended_and_needed, shell_leaks, user_exists, workdir_owner

PACKAGE = Path(jettison.rules.__file__).parent.parent
AT = {"Finding": 5, "findings": 4}  # where the traps stand among the arguments


def strings_beside_findings() -> set[str]:
    """Names of traps as the sources of rules and synthesis write them: what Finding is given as its traps."""
    found: set[str] = set()
    for path in [*PACKAGE.glob("rules/*.py"), *PACKAGE.glob("synthesis/*.py")]:
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in AT:
                at = AT[call.func.id]
                given = [each.value for each in call.keywords if each.arg == "traps"] + call.args[at : at + 1]
                for each in given:
                    value = constants.get(each.id, each) if isinstance(each, ast.Name) else each
                    if isinstance(value, ast.Name):  # a local: look for what it is assigned
                        assigned = [
                            node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)
                            and any(isinstance(t, ast.Name) and t.id == value.id for t in node.targets)
                        ]  # fmt: skip
                        value = assigned[0] if assigned else ast.Tuple([])  # a parameter: its callers are looked at
                    found |= set(ast.literal_eval(value))
    return found


def test_every_trap_that_a_finding_mentions_is_a_module_with_found() -> None:
    mentioned = strings_beside_findings()
    assert {
        "shell-leaks",
        "docker-clean-present",
        "workdir-owner",
        "user-exists",
        "recommended-and-needed",
    } <= mentioned
    for name in mentioned:
        assert callable(importlib.import_module(f"jettison.traps.{name.replace('-', '_')}").found)


def test_every_trap_is_mentioned_by_a_finding_and_used_by_advice() -> None:
    modules = {path.stem for path in Path(jettison.traps.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules == {name.replace("-", "_") for name in strings_beside_findings()}
    sources = "".join(p.read_text() for p in [*PACKAGE.glob("rules/*.py"), *PACKAGE.glob("synthesis/*.py")])
    assert set() == {module for module in modules if f"{module}.found(" not in sources}


@pytest.mark.parametrize(
    ("first", "told"),
    [("cd /x && make", ("line 2 changes its shell (cd)",)), ("(cd /x && make)", ())],
)
def test_shell_leaks(first: str, told: tuple[str, ...]) -> None:
    dockerfile = parse(f"FROM x\nRUN {first}\nRUN cd /y\n")
    assert told == shell_leaks.found(dockerfile, dockerfile.instructions[1:])


@pytest.mark.parametrize(("path", "present"), [("docker-clean", True), ("docker-gzip-indexes", False)])
def test_docker_clean_present(path: str, present: bool) -> None:
    assert present == docker_clean_present.found(subject_of("FROM x\n", f"1 etc/apt/apt.conf.d/{path} 9").tree)


@pytest.mark.parametrize(("line", "trap"), [(1, False), (3, True)])
def test_user_exists(line: int, trap: bool) -> None:
    text = "FROM x\nCOPY . /app\nRUN useradd app\n"
    subject = subject_of(text, f"{line} etc/passwd text=p", {"p": "app:x:7:7::/:\n"})
    layers = subject.image.layers[:2] if line == 1 else subject.image.layers[:1]
    from jettison.image.tree import merge

    assert trap == user_exists.found(merge(layers), "app", user_exists.PASSWD)
    assert False is user_exists.found(merge(layers), "7", user_exists.PASSWD)


@pytest.mark.parametrize(("folder", "kept"), [("app/", (b"app",)), ("application/", ())])
def test_workdir_owner(folder: str, kept: tuple[bytes, ...]) -> None:
    subject = subject_of("FROM x\nWORKDIR /app\n", f"2 {folder}\n2 etc/motd 5")
    assert kept == workdir_owner.found(subject.tree, ["/app/"])


@pytest.mark.parametrize(
    ("recommender", "kept"),
    [("curl", frozenset({"ca-certificates"})), ("gcc", frozenset())],
)
def test_recommended_and_needed(recommender: str, kept: frozenset[str]) -> None:
    def package(name: str) -> Package:
        return Package(name, "1", "all", False, recommends=(("ca-certificates",),) if name == recommender else ())

    packages = {name: package(name) for name in ("curl", "gcc", "ca-certificates", "patch")}
    assert kept == recommended_and_needed.found(packages, {"curl"})
