"""How `check` shows what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jettison.cli.options import coloured, width
from jettison.core.config import Config
from jettison.core.escape import terminal
from jettison.core.redact import Redactor
from jettison.core.values import Severity
from jettison.documents.check import Checked, check_to_json, statistics, statistics_to_json
from jettison.documents.text import plain
from jettison.review.model import Settings, Source

if TYPE_CHECKING:
    from jettison.review.checklist import Box

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown")


def rendered(checked: Checked, options: dict[str, Any], limit: Severity) -> str:
    """The report in the form that was asked for; `limit`: what fails."""
    form = options["form"]
    if form == "json":
        document = check_to_json(checked)
        if options["statistics"]:
            document["statistics"] = statistics_to_json(statistics(checked))
        return json.dumps(document, indent=2) + "\n"
    if form != "text":
        return _for_others(checked, form, limit)
    from jettison.report.check_text import Look, check_text, statistics_text

    if options["statistics"]:
        return statistics_text(statistics(checked))
    colour = coloured(options["output"], options["no_color"])
    told = None if options["quiet"] else Severity.NOTE if options["verbose"] else Severity.WARNING
    return check_text(checked, Look(width(), colour, told))


def _for_others(checked: Checked, form: str, limit: Severity) -> str:
    """For other tools; each is imported where it is asked for."""
    if form == "sarif":
        from jettison.report.check_sarif import check_sarif

        return json.dumps(check_sarif(checked), indent=2) + "\n"
    if form == "markdown":
        from jettison.report.check_markdown import check_markdown

        return check_markdown(checked)
    from jettison.report.check_ci import check_github, check_gitlab, check_junit

    if form == "gitlab":
        return json.dumps(check_gitlab(checked), indent=2) + "\n"
    return check_junit(checked, limit) if form == "junit" else check_github(checked)


def checklists(boxes: Sequence[tuple[str, tuple[Box, ...]]], options: dict[str, Any]) -> str:
    """The boxes of all files."""
    if options["form"] == "json":
        found = [{"file": plain(name), "boxes": [_box(box) for box in each]} for name, each in boxes]
        return json.dumps(found, indent=2) + "\n"
    from jettison.report.checklist_text import checklist_text

    colour = coloured(options["output"], options["no_color"])
    return "\n".join(checklist_text(name, each, width=width(), colour=colour) for name, each in boxes)


def _box(box: Box) -> dict[str, str]:
    return {"group": box.group, "title": box.title, "state": box.state.value, "why": plain(box.why)}


def settings_shown(asked: Sequence[tuple[Source, Config, Settings]]) -> str:
    """For each file what counts, and where it came from."""
    lines = []
    for source, found, settings in asked:
        lines.append(terminal(source.name))
        for label, value in _rows(source, found, settings):
            lines.append(f"  {label:<14}{terminal(value)}")
    return "".join(f"{line}\n" for line in lines)


def _rows(source: Source, found: Config, settings: Settings) -> list[tuple[str, str]]:
    rows = [
        ("configuration", str(found.path) if found.path is not None else "none"),
        ("context", str(source.context) if source.context is not None else "not known"),
        ("target", settings.target or source.target or "the last stage"),
        ("select", ", ".join(sorted(settings.select)) or "every rule that is on"),
        ("ignore", ", ".join(sorted(settings.ignore)) or "none"),
    ]
    rows += [("ignore-in", f"{pattern}: {', '.join(sorted(rules))}") for pattern, rules in settings.ignore_in]
    names = sorted({**source.build_args, **settings.build_args})
    rows += [
        ("context", f"{each.name} is {Redactor().text(each.value)}")
        for each in {**source.contexts, **settings.contexts}.values()
    ]
    return [*rows, *([("build-args", ", ".join(names))] if names else []),
            *([("named by", source.told_by)] if source.told_by else [])]  # fmt: skip
