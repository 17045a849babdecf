"""docs/results.md: what `scripts/test --all` measured."""

from __future__ import annotations

import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
COUNTS: Counter[str] = Counter()  # outcomes of all tests of this session


def error(step: Mapping[str, Any]) -> float:
    """A prediction's relative error; a step without one is 100 % wrong."""
    if not step["predicted"]:
        return 1.0
    return float(abs(step["predicted"] - step["measured"]) / max(step["measured"], 1_000_000))


def kept(ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps that stayed."""
    return [step for step in ledger["steps"] if step["verdict"].startswith("kept")]


def document(
    ledgers: Mapping[str, tuple[Mapping[str, Any], float]],
    breaks: Sequence[tuple[str, str, str]],
) -> str:
    """The page. `breaks`: (example, what, what caught it)."""
    return "\n".join([*_head(COUNTS), *_examples(ledgers), *_predictions(ledgers), *_breaks(breaks)]) + "\n"


def _head(counts: Mapping[str, int]) -> Iterator[str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    yield "# Results of every real build"
    yield ""
    yield "Written by `scripts/test --all`; not by hand."
    yield ""
    told = commit.stdout.strip() or "unknown"
    yield f"{date.today().isoformat()}, commit {told}, Python {platform.python_version()}, Linux {platform.release()}."
    yield f"Tests: {', '.join(f'{count} {what}' for what, count in sorted(counts.items()) if count)}."
    yield ""


def _examples(ledgers: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[str]:
    yield "## Examples"
    yield ""
    yield "| example | unpacked | transfer | cold build | checks | answers exercised | whole run |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, (ledger, seconds) in sorted(ledgers.items()):
        before, after = ledger["before"], ledger["after"]
        cold = f"{before['build_seconds']:.0f} s → {ledger['verification']['build_seconds']:.0f} s"
        sizes = " | ".join(_change(before["sizes"][key], after["sizes"][key]) for key in ("unpacked", "transfer"))
        contract = ledger["contract"]
        yield f"| {name} | {sizes} | {cold} | {len(contract['checks'])} | {contract['exercised']} | {seconds:.0f} s |"
    yield ""


def _change(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "-"
    return f"{before / 1e6:.1f} → {after / 1e6:.1f} MB"


def _predictions(ledgers: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[str]:
    yield "## Predictions"
    yield ""
    yield "Error: |predicted - measured| / max(measured, 1 MB)."
    yield ""
    yield "| example | version | rule | predicted | measured | error |"
    yield "|---|---|---|---:|---:|---:|"
    errors = []
    for name, (ledger, _) in sorted(ledgers.items()):
        for step in kept(ledger):
            errors.append(error(step))
            numbers = f"{step['predicted']:,} | {step['measured']:,} | {100 * errors[-1]:.2f} %"
            yield f"| {name} | {step['version']} | {', '.join(step['rules'])} | {numbers} |"
    yield ""
    if errors:
        yield f"Median {100 * median(errors):.2f} %, worst {100 * max(errors):.2f} %, {len(errors)} kept steps."
    yield ""


def _breaks(breaks: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    yield "## Broken on purpose"
    yield ""
    yield "| example | broken | caught by |"
    yield "|---|---|---|"
    for example, what, caught in breaks:
        shown = " ".join(caught.split()).replace("|", "\\|")
        yield f"| {example} | {what} | {shown[:160]} |"
