"""Trap projects (tests/real/traps) and their twins, one line different, optimized for real."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from example import ROOT, bases, environment, optimize, read_ledger

TRAPS = ROOT / "tests" / "real" / "traps"


def optimized(
    trap: str,
    folder: Path,
    *rules: str,
    line: tuple[str, str, str] | None = None,
    more_bases: Sequence[str] = (),
    policy: str = "same-libc",
) -> dict[str, Any]:
    """The ledger of a trap project; `line`: a file, a line of it, and what stands there in the twin, "" for nothing.

    `more_bases`: images that a rule may ask for, besides those that the Dockerfile is FROM.
    """
    project = Path(shutil.copytree(TRAPS / trap, folder / trap))
    if line is not None:
        name, old, new = line
        text = (project / name).read_text()
        assert 1 == text.splitlines().count(old)
        (project / name).write_text(text.replace(f"{old}\n", f"{new}\n" if new else ""))
    flags = [word for rule in rules for word in ("--select", rule)]
    output = folder / "ledger.json"
    told = environment(*bases(project / "Dockerfile"), *more_bases)
    ended = optimize(project, folder / "state", "-o", str(output), "--base", policy, *flags, engine_environment=told)
    assert 0 == ended.returncode, ended.stderr[-4000:]
    return read_ledger(output)


def steps(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(rule, verdict) of everything that was tried."""
    return [(step["rules"][0], step["verdict"]) for step in ledger["steps"]]


def held(ledger: Mapping[str, Any]) -> bool:
    """Whether the result was built cold and did all that the original does."""
    return ledger["verification"] is not None and ledger["verification"]["contract"]["held"]
