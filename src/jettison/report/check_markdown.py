"""What `check` found, for a pull request."""

from __future__ import annotations

from jettison.core.escape import markdown
from jettison.documents.check import Checked
from jettison.report.check_words import headline, remedy, summary


def check_markdown(checked: Checked) -> str:
    """A table a file, the count above all."""
    lines = [f"**{markdown(summary(checked))}**", ""]
    for each in checked.files:
        if not each.remarks:
            continue
        lines += [f"### {markdown(each.source.name)}", "", "| line | | finding | what to do |", "|---:|---|---|---|"]
        for remark in each.remarks:
            finding = f"{markdown(headline(remark))} ({markdown(remark.rule)})"
            told = markdown(remedy(remark))
            lines.append(f"| {remark.where.line} | {remark.severity.value} | {finding} | {told} |")
        lines.append("")
    skipped = [(each.source.name, one) for each in checked.files for one in each.skipped]
    lines += [f"- not looked at: {markdown(name)}: {markdown(f'{one.what}: {one.reason}')}" for name, one in skipped]
    lines += [f"- not looked at: {markdown(f'{what}: {why}')}" for what, why in checked.skipped]
    return "\n".join(lines).rstrip("\n") + "\n"
