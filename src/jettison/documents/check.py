"""What `check` found as a document, `jettison.check/1`, and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jettison.core.values import Severity
from jettison.documents.text import plain
from jettison.review.model import Remark, Reviewed

SCHEMA = "jettison.check/1"


@dataclass(frozen=True)
class Checked:
    """All files that were looked at, in their order; `skipped` as (what, why) that belong to no file of these."""

    files: tuple[Reviewed, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    image: str = ""  # whose bytes were measured

    @property
    def remarks(self) -> Iterator[Remark]:
        """All findings, file by file."""
        return (remark for each in self.files for remark in each.remarks)

    @property
    def allowed(self) -> int:
        """How many findings comments silenced."""
        return sum(each.allowed for each in self.files)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(remark.severity is severity for remark in self.remarks)

    def fails(self, limit: Severity) -> bool:
        """Whether something is as grave as that, or graver."""
        return any(remark.severity.rank <= limit.rank for remark in self.remarks)


def by_file(checked: Checked) -> Checked:
    """The same with each file once, where several builds are of one Dockerfile: what any of them found, told once."""
    found: dict[str, list[Reviewed]] = {}
    for each in checked.files:
        found.setdefault(each.source.name, []).append(each)
    return replace(checked, files=tuple(_together(each) if each[1:] else each[0] for each in found.values()))


def _together(builds: Sequence[Reviewed]) -> Reviewed:
    told = {(each.rule, each.where, each.message): each for one in reversed(builds) for each in one.remarks}
    remarks = sorted(told.values(), key=lambda each: (each.where.line, each.where.column, each.rule, each.message))
    skipped = tuple(dict.fromkeys(each for one in builds for each in one.skipped))
    return replace(builds[0], remarks=tuple(remarks), allowed=max(one.allowed for one in builds), skipped=skipped)


@dataclass(frozen=True)
class Row:
    """A rule's findings in numbers."""

    rule: str
    code: str
    findings: int
    files: int
    predicted: int


def statistics(checked: Checked) -> tuple[Row, ...]:
    """One row a rule, the most frequent first."""
    by_rule: Counter[tuple[str, str]] = Counter((each.rule, each.code) for each in checked.remarks)
    rows = []
    for (rule, code), count in sorted(by_rule.items(), key=lambda each: (-each[1], each[0])):
        mine = [remark for remark in checked.remarks if remark.rule == rule]
        files = len({remark.where.file for remark in mine})
        rows.append(Row(rule, code, count, files, sum(remark.predicted for remark in mine)))
    return tuple(rows)


def check_to_json(checked: Checked) -> dict[str, Any]:
    """What `check` prints with --format json."""
    return {
        "schema": SCHEMA,
        "image": checked.image or None,
        "files": [plain(each.source.name) for each in checked.files],
        "allowed": checked.allowed,
        "skipped": _skipped(checked),
        "findings": [finding_to_json(each) for each in checked.remarks],
    }


def _skipped(checked: Checked) -> list[dict[str, str]]:
    rows = [{"what": plain(what), "reason": plain(why)} for what, why in checked.skipped]
    return rows + [
        {"file": plain(each.source.name), "what": plain(one.what), "reason": plain(one.reason)}
        for each in checked.files
        for one in each.skipped
    ]


def finding_to_json(remark: Remark) -> dict[str, Any]:
    """A finding as `check` and `inspect` have it."""
    where, fix = remark.where, remark.fix
    return {
        "rule": remark.rule,
        "code": remark.code,
        "message": plain(remark.message),
        "severity": remark.severity.value,
        "applicability": remark.applicability.value if remark.applicability else None,
        "predicted": remark.predicted,
        "where": {
            "file": plain(where.file),
            "line": where.line,
            "column": where.column,
            "end_line": where.end_line,
            "end_column": where.end_column,
        },
        "fix": {"title": plain(fix.title), "sure": fix.sure} if fix is not None else None,
        "advice": plain(remark.advice) or None,
    }


def statistics_to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What `--statistics` prints with --format json."""
    return [vars(row) for row in rows]
