"""`check --fix` and `--diff`: what needs no build to be known right, written or shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from jettison.cli.options import coloured
from jettison.core.diff import unified
from jettison.core.errors import DiskError, UsageError
from jettison.core.escape import terminal
from jettison.core.values import Skipped
from jettison.dockerfile.parse import encode
from jettison.documents.check import Checked
from jettison.lighten.project import Project, write_back
from jettison.report.check_words import headline
from jettison.report.diff import show_diff
from jettison.review.look import look
from jettison.review.model import Reviewed
from jettison.review.right import Righted, put_right

if TYPE_CHECKING:
    from jettison.cli.check import Job, One


@dataclass(frozen=True)
class Fixed:
    """What is left; whether some file could not be written, or would be; with --diff what would be written."""

    checked: Checked
    failed: bool
    diff: str = ""


def fix_all(job: Job, options: dict[str, Any]) -> Fixed:
    """Every file put right, and what is left; with --diff shown instead of written. Raises UsageError."""
    files: list[Reviewed] = []
    texts: dict[str, tuple[str, str]] = {}  # by file, for --diff: as it is, and as it would be after all its builds
    failed = False
    for one in job.asked:
        name, source = one.source.name, one.source
        if name in texts:
            source = replace(source, data=encode(texts[name][1]))
        try:
            righted = put_right(source, one.settings)
        except UsageError as error:
            if len(job.asked) == 1:
                raise
            files.append(Reviewed(source, (), skipped=(Skipped(source.told_by or name, error.message),)))
            continue
        if righted is None or not righted.made:
            files.append(righted.left if righted is not None else look(source, one.settings))
        elif options["show_diff"]:
            texts[name] = texts.get(name, (righted.before,))[0], righted.after
            files.append(righted.left)
        else:
            written = _written(one, righted)
            failed = failed or not written
            files.append(righted.left if written else look(source, one.settings))
    if options["show_diff"] and not texts:
        found = any(each.remarks for each in files)
        passed_over = job.skipped or any(each.skipped for each in files)
        what = "was found" if found else "was not looked at"
        why = f"`jettison check` tells what {what}" if found or passed_over else "nothing was found"
        click.echo(f"jettison: there is nothing to put right without a build; {why}", err=True)
    checked = Checked(tuple(files), tuple((each.what, each.reason) for each in job.skipped))
    colour = coloured(options["output"], options["no_color"])
    diffs = (show_diff(unified(*both, name.lstrip("/")), colour=colour) for name, both in texts.items())
    return Fixed(checked, failed or bool(texts), "".join(diffs))


def _written(one: One, righted: Righted) -> bool:
    """Whether the new text is in place: not where the file was changed meanwhile, or cannot be written."""
    if one.source.path is None or one.source.data is not None:
        click.echo(f"jettison: {terminal(one.source.name)} is no file of its own, and was left as it is", err=True)
        return False
    project = Project(one.source.path.parent, one.source.path, encode(righted.before))
    try:
        write_back(project, righted.after)
    except DiskError as error:
        click.echo(f"jettison: {terminal(error.message)}\nhint: {terminal(error.hint)}", err=True)
        return False
    for remark in righted.made:
        where = f"{terminal(one.source.name)}:{remark.where.line}"
        click.echo(f"jettison: {where}: put right: {terminal(headline(remark))} [{remark.rule}]", err=True)
    return True
