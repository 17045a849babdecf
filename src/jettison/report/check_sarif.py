"""What `check` found as SARIF, for code scanning.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.13 (log), 3.14 (run),
3.19 (tool component), 3.27 (result), 3.29 (physical location), 3.30 (region), 3.49 (rule), 3.55 to 3.57 (fix).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from jettison import __version__
from jettison.core.escape import terminal
from jettison.core.values import Severity
from jettison.documents.check import Checked
from jettison.documents.text import plain
from jettison.report.check_words import headline, remedy
from jettison.report.rule_page import for_people
from jettison.review.model import SYNTAX, Remark
from jettison.rule import Rule, all_rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def check_sarif(checked: Checked) -> dict[str, Any]:
    """A log of one run."""
    codes = sorted({(each.code, each.rule) for each in checked.remarks})
    at = {code: number for number, (code, _) in enumerate(codes)}
    rules = {each.name: each for each in all_rules()} if any(name != SYNTAX for _, name in codes) else {}
    seen: dict[str, int] = {}
    driver = {
        "name": "jettison",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_descriptor(code, name, rules.get(name)) for code, name in codes],
    }
    results = [
        _result(remark, each.text or "", at[remark.code], seen) for each in checked.files for remark in each.remarks
    ]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": _notifications(checked)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(code: str, name: str, rule: Rule | None) -> dict[str, Any]:
    page = for_people(rule) if rule is not None else "The file does not parse: no builder begins with it."
    level = _LEVELS[rule.severity if rule is not None else Severity.ERROR]
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": page.split("\n", 1)[0]},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level},
    }


def _result(remark: Remark, text: str, index: int, seen: dict[str, int]) -> dict[str, Any]:
    where = remark.where
    place = _artifact(where.file)
    told = remedy(remark)
    found: dict[str, Any] = {
        "ruleId": remark.code,
        "ruleIndex": index,
        "level": _LEVELS[remark.severity],
        "message": {"text": plain(terminal(headline(remark)) + (f". {terminal(told)}" if told else ""))},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": _region(remark)}}],
        "partialFingerprints": {"jettison/v1": fingerprint(remark, seen)},
    }
    if remark.predicted:
        found["properties"] = {"predicted": remark.predicted}
    if remark.fix is not None and remark.sure:
        replacements = [_replacement(text, edit.span.start, edit.span.end, edit.text) for edit in remark.fix.edits]
        change = {"artifactLocation": place, "replacements": replacements}
        found["fixes"] = [{"description": {"text": plain(remark.fix.title)}, "artifactChanges": [change]}]
    return found


def _artifact(name: str) -> dict[str, str]:
    """A relative reference, which a scanner resolves against the checkout; an absolute file as a file URI."""
    data = name.encode("utf-8", "surrogateescape")
    if PurePosixPath(name).is_absolute():
        return {"uri": "file://" + quote(data)}
    return {"uri": quote(data.removeprefix(b"./"))}


def _region(remark: Remark) -> dict[str, int]:
    where = remark.where
    return {
        "startLine": where.line,
        "startColumn": where.column,
        "endLine": where.end_line,
        "endColumn": where.end_column,
    }


def _replacement(text: str, start: int, end: int, new: str) -> dict[str, Any]:
    line, column = _position(text, start)
    end_line, end_column = _position(text, end)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    return {"deletedRegion": region, "insertedContent": {"text": new}}


def _position(text: str, offset: int) -> tuple[int, int]:
    """1-based line and column."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def fingerprint(remark: Remark, seen: dict[str, int]) -> str:
    """The same for the same finding when lines and bytes come and go; `seen` tells equal ones of a file apart."""
    told = f"{remark.where.file}\0{remark.rule}\0{re.sub(r'[0-9.]+', '#', remark.message)}"
    number = seen[told] = seen.get(told, -1) + 1
    return hashlib.sha256(f"{told}\0{number}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _notifications(checked: Checked) -> list[dict[str, Any]]:
    """What was not looked at."""
    told = [(each.source.name, one.what, one.reason) for each in checked.files for one in each.skipped]
    told += [("", what, why) for what, why in checked.skipped]
    return [
        {"level": "warning", "message": {"text": terminal(": ".join(part for part in parts if part))}} for parts in told
    ]
