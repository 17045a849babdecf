"""Each source change installs all dependencies anew."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from jettison.context.sources import source_file
from jettison.core.errors import DockerfileError, UsageError
from jettison.core.values import Applicability, Severity
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.graph import needed, stage_chain
from jettison.dockerfile.model import Stage
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text
from jettison.synthesis.baked import baked
from jettison.synthesis.dependencies_first import Order, Overwrites, edits, order
from jettison.synthesis.kept_out import kept_out

NAME = "dependencies-installed-after-the-sources"
_SHARE = 0.005  # of the image; more than that is not given for seconds
_LOCK = re.compile(r"(?i)lock|shrinkwrap")


@rule("JT205", severity=Severity.NOTE)  # seconds, which only a rebuild tells
def dependencies_installed_after_the_sources(subject: Subject) -> Iterator[Finding]:
    """All sources are copied before the dependencies are installed.

    **What it costs.** No bytes: time. A builder takes an instruction from its cache only where everything before it is
    as it was. Behind `COPY . .` an install runs again for each changed line of any source file.

    **The fix** copies the manifests alone (package.json and its lock file, requirements files with what they include,
    go.mod and go.sum), installs, and copies the rest behind that. Where `go build` fetches modules itself, in a stage
    that does not ship, a `go mod download` goes before it. In a stage that does nothing behind the install, and of
    which nobody takes a source, the rest is not copied at all. Where packages that somebody installed lie among the
    sources, a COPY behind the install would put them over its own: a `.dockerignore` is written with it, which leaves
    out what is never needed. A lock file has to say what is installed instead.

    **Safety.** LOSSLESS is claimed: the same files in another order; TESTED with an ignore file. The manifests are in
    two layers then, and these bytes are counted. Not tried where an install may read more: the package's own install
    scripts, local paths, workspaces, patches, `.npmrc`, an editable install, `pip install .`. What is not locked is as
    old as the cache: a source change fetches no newer version any more.

    It is kept where a build after a source change became shorter: both versions are built with a comment added to one
    source file of a copy of the context, everything else from the cache.

    This rule's example needs a build context, which a listing of layers does not hold: it is tested on handmade
    projects (tests/rules/test_dependencies_first.py).
    """
    yield from _findings(subject.text, subject)


@seen_in_text(dependencies_installed_after_the_sources)
def sources_first(text: Text) -> Iterator[Finding]:
    """The same; how large the manifests may be, only an image tells."""
    yield from _findings(text, None)


def _findings(text: Text, subject: Subject | None) -> Iterator[Finding]:
    """`subject` is the same with an image, where there is one."""
    try:
        stages = needed(text.dockerfile, text.stage, text.build_args)
    except DockerfileError:
        return
    for stage in stages:
        try:
            found = order(text, stage)
            if found is not None:
                yield from _finding(text, stage, found, subject)
        except Overwrites as error:
            yield from _once_kept_out(text, stage, subject) or [_refused(stage, error)]
        except CannotEdit as error:
            yield _refused(stage, error)
        except (UsageError, DockerfileError):
            return  # no context, or one that the builder refuses: it says so itself


def _refused(stage: Stage, error: CannotEdit) -> Finding:
    message = "sources are copied before dependencies are installed: each change installs them anew"
    return Finding(NAME, message, stage.instructions[0], 0, refusal=error.reason)


def _once_kept_out(text: Text, stage: Stage, subject: Subject | None) -> list[Finding]:
    """The new order with an ignore file that leaves out the packages among the sources; none where that cannot be.

    What is installed instead must be what a lock file says: without one, that folder is what holds the versions.
    """
    ignored = kept_out(text).sure
    if not ignored.lines or ignored.overruled:
        return []
    try:
        bare = ignored.upon(text)
        found = order(bare, stage)
    except CannotEdit:
        return []
    if found is None or not any(_LOCK.search(posixpath.basename(path)) for path in found.manifests):
        return []
    gone = ignored.gone.intersection(text.sent.by_path)
    saved = sum(each.size for each in baked(subject, gone)) if subject is not None else 0
    return [
        replace(each, predicted=each.predicted + saved, fix=replace(
            each.fix, title=f"{ignored.title}, {each.fix.title}", applicability=Applicability.TESTED,
            files=ignored.files))
        for each in _finding(bare, stage, found, subject) if each.fix is not None
    ]  # fmt: skip


def _finding(text: Text, stage: Stage, found: Order, subject: Subject | None) -> Iterator[Finding]:
    changed = source_file(text.sent, found.sources)
    ships = stage in stage_chain(text.dockerfile, text.stage, text.build_args)
    if changed is None or (found.download and ships):
        return
    twice = [path for each in found.copies for to, path in each.files.items() if to in found.manifests]
    grows = sum(text.sent.by_path[path].size for path in twice) if ships else 0
    line, behind = found.copies[0].instruction.line, found.last.line
    message = f"line {line} copies the sources before line {behind} installs: each change of them installs anew"
    if subject is not None and grows > _SHARE * sum(layer.unpacked for layer in subject.image.layers):
        yield Finding(NAME, message, found.last, 0, refusal="the manifests would ship twice, and are large")
        return
    names = sorted({path.rpartition("/")[2] for path in twice})
    first = f"copy {_listed(names)} first" if names else "copy the sources last"
    rest = "which is all that this stage needs" if found.unread else "then copy the rest"
    title = f"{first}, {'download modules' if found.download else 'install'}, {rest}"
    fix = Fix(title, Applicability.LOSSLESS, edits(text, found))
    where = found.copies[0].instruction if found.download else found.last
    yield Finding(NAME, message, where, -grows, fix, probe=changed)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
