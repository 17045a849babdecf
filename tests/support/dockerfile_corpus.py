"""The hand-written Dockerfiles of tests/dockerfile/corpus, and what BuildKit says of them, as it was written down."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent / "dockerfile"


def cases() -> dict[str, dict[str, Any]]:
    """`file/name`: {"text"}, some with "build_args" and "target"."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((HERE / "corpus").glob("*.toml")):
        for name, case in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[f"{path.stem}/{name}"] = case if isinstance(case, dict) else {"text": case}
    return found


def checks() -> dict[str, dict[str, Any]]:
    """What BuildKit's build checks are about: by name, as `cases` has them."""
    listed = tomllib.loads((HERE / "checks.toml").read_text(encoding="utf-8"))
    return {name: case if isinstance(case, dict) else {"text": case} for name, case in listed.items()}


def disagreements() -> dict[str, str]:
    """Why a case is read in another way than BuildKit reads it."""
    listed = tomllib.loads((HERE / "disagreements.toml").read_text(encoding="utf-8"))
    return {case: each["why"] for each in listed["disagreement"] for case in each["cases"]}


def answers(name: str) -> dict[str, Any]:
    """{"buildkit": version, "answers": ...} of one file."""
    found: dict[str, Any] = json.loads((HERE / "buildkit" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def write_answers(name: str, version: str, answered: dict[str, Any]) -> None:
    """One answer a line, so that a difference shows which."""
    rows = ",\n".join(
        f"{json.dumps(key)}: {json.dumps(each, ensure_ascii=True, sort_keys=True)}" for key, each in answered.items()
    )
    text = f'{{"buildkit": {json.dumps(version)}, "answers": {{\n{rows}\n}}}}\n'
    (HERE / "buildkit" / f"{name}.json").write_text(text, encoding="utf-8")
