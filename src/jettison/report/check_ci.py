"""What `check` found for CI: JUnit, GitHub's annotations, GitLab's code quality report.

Sources: the JUnit schema of Jenkins' xunit plugin (`junit-10.xsd`); docs.github.com "Workflow commands for GitHub
Actions"; docs.gitlab.com "Code Quality", section "Code Quality report format".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from jettison.core.escape import annotation, annotation_property, terminal
from jettison.core.values import Severity
from jettison.documents.check import Checked
from jettison.documents.text import plain
from jettison.report.check_sarif import fingerprint
from jettison.report.check_words import headline, remedy
from jettison.review.model import Remark, Reviewed

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_GITLAB = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def check_github(checked: Checked) -> str:
    """One workflow command a finding."""
    return "".join(f"{_command(each)}\n" for each in checked.remarks)


def _command(remark: Remark) -> str:
    where = remark.where
    fields = {"file": where.file, "line": str(where.line), "endLine": str(where.end_line), "col": str(where.column)}
    if where.end_line == where.line:  # a column of another line means nothing to it
        fields["endColumn"] = str(where.end_column)
    fields["title"] = f"{remark.code} {remark.rule}"
    told = ",".join(f"{name}={annotation_property(value)}" for name, value in fields.items())
    text = "\n".join(part for part in (headline(remark), remedy(remark)) if part)
    return f"::{_COMMANDS[remark.severity]} {told}::" + "%0A".join(map(annotation, text.split("\n")))


def check_gitlab(checked: Checked) -> list[dict[str, Any]]:
    """One object a finding; a finding has its fingerprint from run to run."""
    seen: dict[str, int] = {}
    return [
        {
            "description": plain(terminal(headline(each))),
            "check_name": each.rule,
            "fingerprint": fingerprint(each, seen),
            "severity": _GITLAB[each.severity],
            "location": {
                "path": plain(each.where.file.removeprefix("./")),
                "lines": {"begin": each.where.line, "end": each.where.end_line},
            },
        }
        for each in checked.remarks
    ]


def check_junit(checked: Checked, limit: Severity) -> str:
    """A suite a file, a test a finding; those at `limit` and above have failed. A file without any has passed."""
    suites = [_suite(each, limit) for each in checked.files]
    tests, failures = sum(suite[1] for suite in suites), sum(suite[2] for suite in suites)
    errors = sum(suite[3] for suite in suites)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    counted = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    return f'{head}<testsuites name="jettison check" {counted}>\n{"".join(suite[0] for suite in suites)}</testsuites>\n'


def _suite(file: Reviewed, limit: Severity) -> tuple[str, int, int, int]:
    """The suite, and its tests, failures and errors."""
    name = quoteattr(terminal(file.source.name))
    failed = [each for each in file.remarks if each.severity.rank <= limit.rank]
    unread = [each for each in file.skipped if file.text is None]
    cases = [*_cases(file, name, failed), *(_unread(name, each.reason) for each in unread)]
    if not cases:
        cases = [f'    <testcase classname={name} name="nothing found"/>\n']
    counted = f'tests="{len(cases)}" failures="{len(failed)}" errors="{len(unread)}"'
    return (
        f"  <testsuite name={name} {counted}>\n{''.join(cases)}  </testsuite>\n",
        len(cases),
        len(failed),
        len(unread),
    )


def _cases(file: Reviewed, name: str, failed: list[Remark]) -> Iterator[str]:
    for each in file.remarks:
        title = quoteattr(f"{each.code} {each.rule} line {each.where.line}")
        message = quoteattr(terminal(headline(each)))
        place = f"{each.where.file}:{each.where.line}:{each.where.column}"
        body = escape(terminal("; ".join(filter(None, (f"{place}: {headline(each)}", remedy(each))))))
        inner = (
            f'<failure type="{each.severity.value}" message={message}>{body}</failure>'
            if each in failed
            else f"<system-out>{body}</system-out>"
        )
        yield f"    <testcase classname={name} name={title}>{inner}</testcase>\n"


def _unread(name: str, reason: str) -> str:
    return f'    <testcase classname={name} name="read"><error message={quoteattr(terminal(reason))}/></testcase>\n'
