"""What a finding of `check` says, as raw sentences: each face escapes and lays them out in its own way."""

from __future__ import annotations

from jettison.core.units import show_bytes
from jettison.core.values import Applicability, Severity
from jettison.documents.check import Checked
from jettison.report.counts import plural
from jettison.review.model import Remark


def headline(remark: Remark) -> str:
    """The message without the line, which the place tells; with the bytes where they were measured."""
    at = f"line {remark.where.line}"
    text = remark.message.removeprefix(f"{at} ").removeprefix(f"{at}: ")
    return f"{text} ({show_bytes(remark.predicted)})" if remark.predicted > 0 else text


def remedy(remark: Remark) -> str:
    """What to do about it, and how that is proven; empty where nothing is known."""
    fix = remark.fix
    if fix is None:
        return remark.advice
    told = f"{remark.advice}; " if remark.advice and fix.applicability is Applicability.PROPOSED else ""
    return f"{told}{fix.title}; {proof(remark)}"


def proof(remark: Remark) -> str:
    """How the change is made: at once where the text shows that it is right, else proven through a build."""
    if remark.sure:
        return "`jettison check --fix` does it"
    return f"`jettison optimize --select {remark.rule}` proves it"


def summary(checked: Checked) -> str:
    """`3 files: 1 error, 4 warnings, 2 notes; 1 allowed`."""
    count = len(checked.files)
    kinds = ((checked.count(each), each.value) for each in Severity)
    found = ", ".join(f"{number} {plural(number, word)}" for number, word in kinds if number)
    allowed = f"; {checked.allowed} allowed by comments" if checked.allowed else ""
    return f"{count} {plural(count, 'file')}: {found or 'nothing found'}{allowed}"
