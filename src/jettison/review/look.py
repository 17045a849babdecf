"""One Dockerfile looked at: parsed, its rules asked, what comments allow left out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from jettison.context.ignore import Ignore, find_ignore_file, ignore_text
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.redact import Redactor
from jettison.core.values import Applicability, Severity, Skipped, Where
from jettison.dockerfile.contexts import given
from jettison.dockerfile.file import read_file
from jettison.dockerfile.graph import needed, resolve_target
from jettison.dockerfile.lines import line_at
from jettison.dockerfile.model import Dockerfile
from jettison.dockerfile.parse import decode, parse
from jettison.dockerfile.refuse import refusals
from jettison.review.allowed import allowed_in
from jettison.review.matching import matches
from jettison.review.model import SYNTAX, SYNTAX_CODE, Remark, Reviewed, Settings, Source
from jettison.rule import Finding, Rule, text_rules
from jettison.subject import IGNORE_FILE, IgnoreFile, Text

_IGNORE_FILES = ("{dockerfile}.dockerignore", IGNORE_FILE)  # BuildKit's order
_NOWHERE = Path(os.devnull)  # no context: rules that need one cannot look there, and are silent
WORTH_BYTES = 1_000_000
_WORTH_SHARE = 0.005  # of the image, as a change must save to be kept by `optimize`
_GRAVE_SHARE = 0.1
_OWN = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?")

_REDACTOR = Redactor()
_MAY_BE_SECRET = re.compile(r"://|=|(?i:authorization)|[\w-]{16}")

Ask = tuple[Rule, Callable[[], Iterable[Finding]]]


def look(source: Source, settings: Settings) -> Reviewed:
    """What the rules that need no image say of a file. Raises UsageError where it cannot be read."""
    text: str | None = None
    try:
        text = text_in(source)
        seen = seen_of(source, settings, parse(text))
    except DockerfileError as error:
        return Reviewed(source, (syntax(source, error, text or ""),), text=text)
    asked: list[Ask] = [
        (rule, partial(rule.text, seen)) for rule in wanted(text_rules(), settings, source.name) if rule.text
    ]
    reviewed = with_refusals(judged(source, seen.dockerfile, asked), seen)
    refused = _refused_ignore_file(source, seen)
    if refused is None:
        return reviewed
    skipped = tuple(each for each in reviewed.skipped if each.reason != refused.message)  # told once is enough
    return replace(reviewed, remarks=(refused, *reviewed.remarks), skipped=skipped)


def text_in(source: Source) -> str:
    """The text of a file. Raises UsageError where it cannot be read, DockerfileError where it is none."""
    if source.data is not None or source.path is None:
        return decode(source.data or b"")
    return decode(read_file(source.path))


def seen_of(source: Source, settings: Settings, dockerfile: Dockerfile) -> Text:
    """What rules are shown of a file. Raises UsageError where there is no such target."""
    build_args = {**source.build_args, **settings.build_args}
    dockerfile = given(dockerfile, {**source.contexts, **settings.contexts}, build_args)
    stage = resolve_target(dockerfile, settings.target or source.target)
    context = source.context if source.context is not None else _NOWHERE
    return Text(dockerfile, context, stage, build_args, _ignore_file(context, source.path), source.path)


def _ignore_file(context: Path, dockerfile: Path | None) -> IgnoreFile:
    """The ignore file that BuildKit would take. Raises UsageError where it cannot be read: a build would end there."""
    found = find_ignore_file(context, dockerfile or context / "Dockerfile", _IGNORE_FILES)
    if found is None:
        return IgnoreFile()
    return IgnoreFile(found.name, ignore_text(found), beside=found.name != IGNORE_FILE)


def _refused_ignore_file(source: Source, seen: Text) -> Remark | None:
    """What is told where a build that takes files would end at the ignore file, since the builder refuses a line."""
    if seen.ignore.text is None:
        return None
    stages = needed(seen.dockerfile, seen.stage, seen.build_args)
    every = (each for stage in stages for each in stage.instructions)
    if not any(each.keyword in ("COPY", "ADD") and each.flag("from") is None for each in every):
        return None
    try:
        Ignore.parse(seen.ignore.text, seen.ignore.dialect)
    except UsageError as error:
        where = Where(source.name, 1, 1, 1, 1)
        return Remark(SYNTAX, SYNTAX_CODE, error.message, Severity.ERROR, where, advice=error.hint)
    return None


def wanted(rules: Sequence[Rule], settings: Settings, name: str) -> list[Rule]:
    """Those of these rules that the settings let speak of a file of this name."""
    select = settings.select
    names = (name, settings.seen_as)
    here = (rules for pattern, rules in settings.ignore_in if any(matches(each, pattern) for each in names))
    silent = settings.ignore.union(*here)
    return [rule for rule in rules if rule.name not in silent and (rule.name in select if select else rule.on)]


def judged(source: Source, dockerfile: Dockerfile, asked: Sequence[Ask], unpacked: int | None = None) -> Reviewed:
    """What these rules find, less what a comment silences, in the order of the file; `unpacked` of an image at hand."""
    remarks: list[Remark] = []
    allowed = allowed_in(dockerfile)
    skipped = [*allowed.strange, *_other_frontend(dockerfile)]
    silenced = 0
    for rule, ask in asked:
        try:
            found = list(ask())
        except (UsageError, DockerfileError) as error:
            if source.context is not None:  # else it is the context that is missing
                skipped.append(Skipped(rule.name, error.message))
            continue
        if not found:
            continue
        kept = [each for each in found if not allowed.has(rule.name, each.instruction)]
        silenced += len(found) - len(kept)
        remarks += [_remark(each, rule, source.name, dockerfile.text, unpacked) for each in kept]
    return Reviewed(source, tuple(sorted(remarks, key=_order)), silenced, tuple(skipped), dockerfile.text)


def _other_frontend(dockerfile: Dockerfile) -> Iterator[Skipped]:
    """A file that another frontend than BuildKit's own reads, of which nothing is known here."""
    for number, (name, value) in enumerate(dockerfile.directives, 1):
        if name == "syntax" and not _OWN.fullmatch(value.split(" ")[0]):
            yield Skipped(f"line {number}", f"{value} is read as docker/dockerfile is: nothing is known of it here")


def _remark(finding: Finding, rule: Rule, name: str, text: str, unpacked: int | None) -> Remark:
    fix = finding.fix
    return Remark(
        rule=rule.name,
        code=rule.code,
        message=_masked(finding.message),
        severity=severity_of(finding, rule, unpacked),
        where=place_of(finding, name, text),
        predicted=finding.predicted,
        applicability=fix.applicability if fix is not None else None,
        fix=fix,
        advice=_masked(finding.proposal or finding.refusal),
    )


def _masked(text: str) -> str:
    """A finding's words without secrets: it quotes the file, and goes into logs."""
    return _REDACTOR.text(text) if _MAY_BE_SECRET.search(text) else text


def severity_of(finding: Finding, rule: Rule, unpacked: int | None) -> Severity:
    """By the bytes that were measured in an image of `unpacked` bytes, else by the rule; a proposal is a note.

    But for a change of what is wrong whatever it costs: a secret in an image is an error, whoever keeps it out.
    """
    proposed = finding.fix is not None and finding.fix.applicability is Applicability.PROPOSED
    if proposed and rule.severity is Severity.ERROR:
        return Severity.ERROR
    if finding.proposal or proposed:
        return Severity.NOTE
    if unpacked is not None and finding.refusal and not finding.predicted and rule.severity is Severity.WARNING:
        return Severity.NOTE  # about bytes of which there are none here
    if unpacked is None or not finding.predicted:
        return rule.severity
    if finding.predicted >= max(WORTH_BYTES, unpacked * _GRAVE_SHARE):
        return Severity.ERROR
    return Severity.WARNING if finding.predicted >= max(WORTH_BYTES, unpacked * _WORTH_SHARE) else Severity.NOTE


def place_of(finding: Finding, name: str, text: str) -> Where:
    """Where a finding stands; the first line where it is about the file."""
    span = finding.at
    if span is None and finding.instruction is not None:
        span = finding.instruction.span
    if span is None:
        return Where(name, 1, 1, 1, 1)
    start, end = span.start, span.end
    columns = [place - text.rfind("\n", 0, place) for place in (start, end)]
    return Where(name, line_at(text, start), columns[0], line_at(text, end), columns[1])


def with_refusals(reviewed: Reviewed, seen: Text) -> Reviewed:
    """The same with what BuildKit would not begin to build.

    An ARG that has no value here may be given one on the builder's command line, so nothing is said of it.
    """
    refused = [
        syntax(reviewed.source, DockerfileError(each.message, hint=each.hint, line=each.line), reviewed.text or "")
        for each in refusals(seen.dockerfile, seen.stage, seen.build_args, complete=False)
    ]
    return replace(reviewed, remarks=tuple(sorted((*refused, *reviewed.remarks), key=_order))) if refused else reviewed


def _order(remark: Remark) -> tuple[int, int, str, str]:
    return remark.where.line, remark.where.column, remark.rule, remark.message


def syntax(source: Source, error: DockerfileError, text: str) -> Remark:
    """What a file is told that does not parse, or that no builder would begin to build."""
    line = max(error.line, 1)
    end = len("".join(text.split("\n")[line - 1 : line]).rstrip("\r")) + 1
    return Remark(
        SYNTAX, SYNTAX_CODE, error.message, Severity.ERROR, Where(source.name, line, 1, line, end), advice=error.hint
    )
