"""`jettison check`: Dockerfiles looked at without a build."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from jettison.cli.check_faces import FORMATS, checklists, rendered, settings_shown
from jettison.cli.options import color_option, output_option, platform_option, put_out
from jettison.cli.pairs import context_option, contexts, pairs
from jettison.core import config
from jettison.core.errors import UsageError
from jettison.core.values import Severity, Skipped
from jettison.documents.check import Checked, by_file
from jettison.review.find import Found, find
from jettison.review.look import look
from jettison.review.many import look_at_all
from jettison.review.matching import matches
from jettison.review.model import Reviewed, Settings, Source
from jettison.review.settings import Told, config_of, excluded_by, fail_on_of, rules_named, seen_from, settings_of

_STDIN = Path("-")
_OURS = ("text", "json")  # forms of what other tools have no place for


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--context", type=click.Path(path_type=Path), help="The build context, where it is not the file's folder."
)
@click.option("--target", help="The stage that ships, where it is not the last.")
@click.option("--build-arg", "build_args", multiple=True, metavar="K=V", help="A build argument; repeatable.")
@context_option
@click.option("--image", metavar="IMAGE", help="What the Dockerfile became: findings are measured in its bytes.")
@platform_option()
@click.option("--select", multiple=True, metavar="RULE,...", help="Only these rules; repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE,...", help="Not these rules; repeatable.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Not these files and folders; repeatable.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="This configuration and no other.")
@click.option("--fix", is_flag=True, help="Write what needs no build to be known right.")
@click.option("--diff", "show_diff", is_flag=True, help="Print what --fix would write, and write nothing.")
@click.option("--checklist", is_flag=True, help="The 18 boxes of a checklist: done, not done, or not applicable.")
@click.option("--statistics", is_flag=True, help="How many findings of each rule.")
@click.option("--show-settings", is_flag=True, help="What would be looked at, by which settings, from where.")
@click.option("--fail-on", type=click.Choice([each.value for each in Severity]), help="End with 1 from here on.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever was found.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@output_option()
@click.option("-q", "--quiet", is_flag=True, help="Findings alone: no remedies, no count.")
@click.option("-v", "--verbose", is_flag=True, help="What to do about notes, too.")
@color_option()
def command(**options: Any) -> int:
    """Look at the Dockerfiles at and below each PATH, with their ignore files and contexts; nothing is built.

    PATH is a Dockerfile or Containerfile, a Compose or bake file that names some, a folder that is looked through (the
    working directory without one), or `-` for a Dockerfile on standard input. Ends with 1 where something is found
    that is a warning or worse.
    """
    _refuse(options)
    told = told_of(options)
    job = job_of(options, told)
    if options["show_settings"]:
        put_out(settings_shown([(one.source, one.found, one.settings) for one in job.asked]), options["output"])
        return 0
    if options["fix"] or options["show_diff"]:
        from jettison.cli.check_fix import fix_all

        fixed = fix_all(job, options)
        checked, failed, diff = fixed.checked, fixed.failed, fixed.diff
    else:
        told_skipped = tuple((one.what, one.reason) for one in job.skipped)
        checked = Checked(_looked(job, options), told_skipped, options["image"] or "")
        failed, diff = False, ""
    if options["checklist"]:
        return _checklist(job, checked, options)
    limits = [fail_on_of(one.found, told) for one in job.asked]
    if options["show_diff"]:
        put_out(diff, options["output"])
    else:
        put_out(rendered(by_file(checked), options, max(limits, key=lambda each: each.rank)), options["output"])
    if options["exit_zero"]:
        return 0
    grave = any(
        remark.severity.rank <= limit.rank
        for each, limit in zip(checked.files, limits, strict=True)
        for remark in each.remarks
    )
    return 1 if grave or failed or any(each.text is None for each in checked.files) else 0


def _refuse(options: dict[str, Any]) -> None:
    """What cannot be had together is wrong use; nothing is left out in silence."""
    forms = {"show_settings": ("text",), "show_diff": ("text",), "checklist": _OURS, "statistics": _OURS}
    asked = [name for name in forms if options[name]]
    for name in asked:
        if options["form"] not in forms[name]:
            flag = "--diff" if name == "show_diff" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} is {' or '.join(forms[name])}", hint="leave --format out")
    if len(asked) > 1 or (options["fix"] and {*asked} & {"show_settings", "checklist"}):
        flags = "--show-settings, --checklist, --statistics and --diff"
        raise UsageError(f"{flags} are each for themselves; the first two change nothing", hint="leave the others out")


def _checklist(job: Job, checked: Checked, options: dict[str, Any]) -> int:
    """The boxes of each file; the answers are not judged, so that it ends with 0."""
    from jettison.review.checklist import boxes_of

    measured = options["image"] is not None
    boxes = [
        (one.source.name, boxes_of(one.source, one.settings, each, measured=measured))
        for one, each in zip(job.asked, checked.files, strict=True)
    ]
    put_out(checklists(boxes, options), options["output"])
    return 0


@dataclass(frozen=True)
class One:
    """A file to look at, the configuration that counts for it, and what that comes to."""

    source: Source
    found: config.Config
    settings: Settings


@dataclass(frozen=True)
class Job:
    """All files to look at, and what was skipped on the way to them."""

    asked: tuple[One, ...]
    skipped: tuple[Skipped, ...] = ()


def told_of(options: dict[str, Any]) -> Told:
    """What the command line says. Raises UsageError."""
    named = options["config_file"]
    found = None
    if named is not None:
        found = config.read(named)
        if found is None:
            raise UsageError(
                f"{named} does not speak of jettison", hint="give a jettison.toml, or write [tool.jettison]"
            )
    return Told(
        select=rules_named(tuple(options["select"])),
        ignore=rules_named(tuple(options["ignore"]), ignored=True),
        exclude=tuple(options["exclude"]),
        fail_on=Severity(options["fail_on"]) if options["fail_on"] else None,
        target=options["target"],
        build_args=pairs(options["build_args"], "--build-arg"),
        contexts=contexts(options["build_contexts"]),
        config=found,
    )


def job_of(options: dict[str, Any], told: Told) -> Job:
    """What to look at, and by which settings. Raises UsageError."""
    paths = list(dict.fromkeys(options["paths"])) or [Path()]
    found = find([path for path in paths if path != _STDIN], told.exclude)
    sources, skipped = _with_build_files(found, paths)
    if _STDIN in paths:
        sources.append(Source("-", None, None, data=sys.stdin.buffer.read()))
    if options["context"] is not None:
        if not options["context"].is_dir():
            raise UsageError(f"--context {options['context']} is no directory", hint="give the build context")
        sources = [replace(each, context=options["context"]) for each in sources]
    asked, named = [], {os.fspath(path) for path in paths}
    for source in sources:
        own = config_of(source, told)
        names = (source.name, seen_from(own, source))
        if source.name in named or not any(matches(name, each) for each in excluded_by(own, told) for name in names):
            asked.append(One(source, own, settings_of(own, told, source)))
    if not asked:
        raise _nothing(paths, skipped)
    _check_image(asked, options)
    return Job(tuple(asked), skipped)


def _nothing(paths: Sequence[Path], skipped: Sequence[Skipped]) -> UsageError:
    """What is said where there is no file to look at; what was found and passed over is the reason."""
    where = ", ".join(map(str, paths))
    if not skipped:
        return UsageError(f"there is no Dockerfile below {where}", hint="give a Dockerfile, or a folder that holds one")
    more = f", and {len(skipped) - 1} more" if skipped[1:] else ""
    told = f"{skipped[0].what}: {skipped[0].reason}{more}"
    return UsageError(f"no Dockerfile below {where} can be looked at: {told}", hint="name the Dockerfile")


def _with_build_files(found: Found, paths: Sequence[Path]) -> tuple[list[Source], tuple[Skipped, ...]]:
    """The Dockerfiles that were found, those that a Compose or bake file names as that says they are built.

    One that cannot be read is skipped; raises UsageError where it is one of the `paths` that were given.
    """
    told: list[Source] = []
    skipped = list(found.skipped)
    for path in found.build_files:
        from jettison.review.build_files import named_by

        try:
            named = list(named_by(path))
        except UsageError as error:
            if path in paths:
                raise
            named = [Skipped(os.fspath(path), error.message.removeprefix(f"{path} "))]
        for each in named:
            if isinstance(each, Skipped):
                skipped.append(each)
            elif each not in told:
                told.append(each)
    places = {os.path.realpath(each.path) for each in told if each.path is not None}
    own = [
        each
        for each in found.dockerfiles
        if each.path is None or not places or os.path.realpath(each.path) not in places
    ]
    return own + told, tuple(skipped)


def _check_image(asked: list[One], options: dict[str, Any]) -> None:
    if options["image"] is not None and len(asked) > 1:
        raise UsageError(
            f"--image is what one Dockerfile became, and there are {len(asked)}", hint="name the Dockerfile"
        )
    if options["image"] is not None and (options["fix"] or options["show_diff"]):
        raise UsageError("--image measures, and --fix needs no image", hint="leave one of the two out")


def _looked(job: Job, options: dict[str, Any]) -> tuple[Reviewed, ...]:
    """What is found. Raises UsageError where the only file cannot be read."""
    if options["image"] is not None:
        from jettison.cli.options import opened
        from jettison.review.measured import measured

        return (measured(job.asked[0].source, job.asked[0].settings, opened(options["image"], options["platform"])),)
    if len(job.asked) == 1:
        return (look(job.asked[0].source, job.asked[0].settings),)
    return tuple(look_at_all([(one.source, one.settings) for one in job.asked]))
