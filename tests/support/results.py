"""docs/results.md: what `scripts/test --all` measured."""

from __future__ import annotations

import platform
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_BASE_SWAP = "larger-base-than-needed"


@dataclass
class Outcomes:
    """Of all tests of a session: how many of each, which failed, why others were skipped, and what they recorded.

    Tests record by `record_property`, which comes through from other processes too.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    ledgers: dict[str, tuple[Mapping[str, Any], float]] = field(default_factory=dict)  # by example; seconds of the run
    breaks: list[tuple[str, str, str]] = field(default_factory=list)  # (example, what, what caught it)
    people: list[tuple[str, str, Mapping[str, int], Mapping[str, int]]] = field(default_factory=list)
    # (example, who, our sizes, theirs)

    def add(self, report: pytest.TestReport) -> None:
        """What one phase of one test came to; a phase that only went well before or behind the test is none."""
        if report.when != "call" and report.passed:
            return
        self.counts[report.outcome] += 1
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped and isinstance(report.longrepr, tuple):
            self.skipped[report.longrepr[2].removeprefix("Skipped: ")] += 1
        for key, value in report.user_properties if report.when == "call" else ():
            match key:
                case "ledger":
                    self.ledgers[value[0]] = tuple(value[1:])
                case "caught":
                    self.breaks.append(tuple(value))
                case "caught_in_result":
                    self.breaks.extend(tuple(each) for each in value)
                case "people":
                    self.people.append(tuple(value))


OUTCOMES = Outcomes()


def error(step: Mapping[str, Any]) -> float:
    """A prediction's relative error; a step without one is 100 % wrong."""
    if not step["predicted"]:
        return 1.0
    return float(abs(step["predicted"] - step["measured"]) / max(step["measured"], 1_000_000))


def kept(ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps that stayed."""
    return [step for step in ledger["steps"] if step["verdict"].startswith("kept")]


def predicted(ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps that stayed for their bytes; what stayed for its seconds was predicted in seconds."""
    return [step for step in kept(ledger) if step["verdict"] != "kept-cache"]


def document(outcomes: Outcomes, arguments: Sequence[str] = ()) -> str:
    """The page. `arguments`: of pytest; they tell which tests were taken."""
    ledgers = outcomes.ledgers
    parts = (
        _head(outcomes, arguments),
        _examples(ledgers),
        _people(sorted(outcomes.people, key=lambda row: row[0])),
        _steps(ledgers),
        _predictions(ledgers),
        _breaks(sorted(outcomes.breaks, key=lambda row: row[0])),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(outcomes: Outcomes, arguments: Sequence[str]) -> Iterator[str]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    yield "# Results of every real build"
    yield ""
    yield "Written by `scripts/test --all`; not by hand."
    yield ""
    told = commit.stdout.strip() or "unknown"
    linux = ".".join(platform.release().split("-")[0].split(".")[:2])
    yield f"{date.today().isoformat()}, commit {told}, Python {platform.python_version()}, Linux {linux}."
    chosen = " ".join(each for each in arguments if each != "-q")
    told = f" of those that `pytest {chosen}` takes" if chosen else ""
    yield f"Tests{told}: {', '.join(f'{count} {what}' for what, count in sorted(outcomes.counts.items()) if count)}."
    yield ""
    for test in outcomes.failed:
        yield f"- failed: `{test}`"
    for reason, count in outcomes.skipped.most_common():
        yield f"- skipped, {count}: {reason}"
    if outcomes.failed or outcomes.skipped:
        yield ""


def _examples(ledgers: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[str]:
    yield "## Examples"
    yield ""
    yield "| example | unpacked | transfer | cold build | checks | answers exercised | whole run |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    marked: dict[str, str] = {}
    for name, (ledger, seconds) in sorted(ledgers.items()):
        before, after = ledger["before"], ledger["after"]
        cold = f"{before['build_seconds']:.0f} s → {ledger['verification']['build_seconds']:.0f} s"
        sizes = " | ".join(_change(before["sizes"][key], after["sizes"][key]) for key in ("unpacked", "transfer"))
        contract = ledger["contract"]
        base = next((each for each in _outside() for step in kept(ledger) if each in step["title"]), "")
        marked |= {base: name} if base else {}
        shown = f"{name} (1)" if base else name
        checks = f"{len(contract['checks'])} | {contract['exercised']}"
        yield f"| {shown} | {sizes} | {cold} | {checks} | {seconds:.0f} s |"
    yield ""
    for base in marked:
        yield f"(1) It ends on `{base}`, whose stand-in is more than 15 % off the published size (docs/standins.md):"
        yield "this figure is no claim about the real image."
        yield ""


def _outside() -> list[str]:
    """Stand-ins that are too far from the published size for any claim."""
    rows = (ROOT / "docs" / "standins.md").read_text().splitlines()
    return [row.split("`")[1] for row in rows if row.startswith("| `") and "not used in a claim" in row]


def _change(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "-"
    return f"{before / 1e6:.1f} → {after / 1e6:.1f} MB"


def _people(people: Sequence[tuple[str, str, Mapping[str, int], Mapping[str, int]]]) -> Iterator[str]:
    """`by-hand` is the Dockerfile that a published article ends with, `expert` one improved until nothing was found."""
    yield "## Beside what people made by hand"
    yield ""
    yield "Both packed with one setting (skopeo's), both weighed a second way. Ours / theirs."
    yield ""
    yield "| example | Dockerfile | unpacked | effective | transfer |"
    yield "|---|---|---:|---:|---:|"
    for example, who, ours, theirs in people:
        sizes = " | ".join(
            f"{ours[size] / 1e6:.1f} / {theirs[size] / 1e6:.1f} MB = {ours[size] / theirs[size]:.2f}" for size in ours
        )
        yield f"| {example} | {who} | {sizes} |"
    yield ""


def _steps(ledgers: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[str]:
    """Every step with its share of what was saved in all."""
    yield "## Steps"
    yield ""
    yield "| example | version | change | saved | share | verdict |"
    yield "|---|---|---|---:|---:|---|"
    for name, (ledger, _) in sorted(ledgers.items()):
        whole = ledger["before"]["sizes"]["unpacked"] - ledger["after"]["sizes"]["unpacked"]
        for step in ledger["steps"]:
            title = step["title"].replace("|", "\\|")
            saved = f"{step['measured'] / 1e6:.1f} MB" if step["measured"] is not None else "-"
            stayed = step["verdict"].startswith("kept")
            share = f"{100 * step['measured'] / whole:.1f} %" if stayed and whole else ""
            what = f"{title} [{', '.join(step['rules'])}]"
            yield f"| {name} | {step['version']} | {what} | {saved} | {share} | {step['verdict']} |"
    yield ""


def _predictions(ledgers: Mapping[str, tuple[Mapping[str, Any], float]]) -> Iterator[str]:
    yield "## Predictions"
    yield ""
    yield "Error: |predicted - measured| / max(measured, 1 MB)."
    yield ""
    yield "| example | version | rule | predicted | measured | error |"
    yield "|---|---|---|---:|---:|---:|"
    errors, apart = [], []
    for name, (ledger, _) in sorted(ledgers.items()):
        for step in predicted(ledger):
            errors.append(error(step))
            apart += [] if _BASE_SWAP in step["rules"] else [errors[-1]]
            numbers = f"{step['predicted']:,} | {step['measured']:,} | {100 * errors[-1]:.2f} %"
            yield f"| {name} | {step['version']} | {', '.join(step['rules'])} | {numbers} |"
    yield ""
    if errors:
        yield f"Median {100 * median(errors):.2f} %, worst {100 * max(errors):.2f} %, {len(errors)} kept steps."
    if apart:
        yield f"Base swaps left out: median {100 * median(apart):.2f} %, worst {100 * max(apart):.2f} %, {len(apart)}."
    yield ""


def _breaks(breaks: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    yield "## Broken on purpose"
    yield ""
    yield "| example | broken | caught by |"
    yield "|---|---|---|"
    for example, what, caught in breaks:
        shown = " ".join(caught.split()).replace("|", "\\|")
        yield f"| {example} | {what} | {shown[:160]} |"
