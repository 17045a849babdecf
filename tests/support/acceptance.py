"""What a builder takes and refuses of the hand-written Dockerfiles, beside what we do, and what is listed of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dockerfile_corpus import HERE, answers

from jettison.core.errors import DockerfileError, UsageError
from jettison.dockerfile.graph import resolve_target
from jettison.dockerfile.parse import parse
from jettison.dockerfile.refuse import refusals

Asked = Mapping[str, Any]  # a case: its text, some with build_args and target
CORPUS: dict[str, dict[str, Any]] = answers("corpus")["answers"]
FILES = "abcdefg"  # of the build context, named as the cases name them


def listed(engine: str) -> dict[str, Any]:
    """disagreements_ENGINE.toml: the version that it is about, and tables of cases, each with its reason."""
    return tomllib.loads((HERE / f"disagreements_{engine}.toml").read_text(encoding="utf-8"))


def cases_in(tables: Iterable[Mapping[str, Any]], builder: str = "") -> set[str]:
    """The cases that these tables list, each once; of one builder where the tables say whose they are."""
    names = [name for each in tables if builder in each.get("builders", ("",)) for name in each["cases"]]
    assert sorted(set(names)) == sorted(names), "a case is listed twice"
    return set(names)


def bases_of(answer: Mapping[str, Any]) -> list[str]:
    """The images that the stages of a case are FROM, as BuildKit resolved them; none where it refuses the text."""
    found: list[str] = answer["said"].get("build", {}).get("bases", [])
    return found


def we_take(asked: Asked) -> bool:
    """Whether we read a case, find its target, and know nothing that BuildKit would refuse."""
    try:
        dockerfile = parse(asked["text"])
        target = resolve_target(dockerfile, asked.get("target"))
    except (DockerfileError, UsageError):
        return False
    return not refusals(dockerfile, target, asked.get("build_args", {}))


def disagreeing(cases: Mapping[str, Any], takes: Callable[[Asked], bool], at_once: int = 1) -> set[str]:
    """The cases of which a builder is of another mind; it is asked of as many at once."""
    with ThreadPoolExecutor(at_once) as pool:
        taken = pool.map(takes, [each["asked"] for each in cases.values()])
        return {name for name, theirs in zip(cases, taken, strict=True) if theirs != we_take(cases[name]["asked"])}
