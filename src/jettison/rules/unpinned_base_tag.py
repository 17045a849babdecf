"""A tag that is another image tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jettison.bases.end_of_life import ended
from jettison.bases.names import official
from jettison.core.errors import DockerfileError
from jettison.core.reference import Transport
from jettison.core.values import Applicability, Severity
from jettison.dockerfile.graph import expand_from, find_stage, needed
from jettison.dockerfile.model import Edit, Stage
from jettison.image.model import Image
from jettison.rule import Finding, Fix, rule, seen_in_text
from jettison.subject import Subject, Text

NAME = "unpinned-base-tag"
_VERSIONS = {
    "node": "NODE_VERSION", "python": "PYTHON_VERSION", "golang": "GOLANG_VERSION", "ruby": "RUBY_VERSION",
    "php": "PHP_VERSION", "nginx": "NGINX_VERSION",
}  # fmt: skip
_RELEASE_IN_NAME = re.compile(
    r"^gcr\.io/distroless/(?:[\w-]+-debian\d+|static)$"
)  # nodejs20-debian12: the tag is no version
_WHOLE = {"debian": 2, "postgres": 2}  # numbers of a version; of others three
_MOVING = {"", "latest", "nonroot", "debug", "debug-nonroot"}  # of distroless, whose release stands in the name
_PRICE = "then fixes arrive only when that line is changed"


@rule("JT303", severity=Severity.NOTE)
def unpinned_base_tag(subject: Subject) -> Iterator[Finding]:
    """A FROM names a tag that moves.

    **What it costs.** No bytes: two builds of the same sources may differ. Without a tag, and with `latest`, the next
    build may bring another major version; `node:24` moves over its minor releases and the Debian below them. What is
    past its end of life moves no more, and nothing is said of it here.

    **The fix** is proposed, never made unasked: for `latest` the version that was in use, where the registry has that
    name and it is the same image; else the digest of the image that was in use, where the engine knows it. A digest is
    never invented. `--select unpinned-base-tag` makes the change.

    **Safety.** PROPOSED. A pinned base gets no security fixes until somebody changes the line.

    This rule's example needs base images, which a listing of layers does not hold: it is tested on handmade bases
    (tests/rules/test_proposals.py).
    """
    for stage, name, what in _floating(subject.text):
        yield _finding(stage, name, what, _pinned(subject, name) if name == stage.base and not stage.context else "")


@seen_in_text(unpinned_base_tag)
def moves(text: Text) -> Iterator[Finding]:
    """The same without a release or digest to put there: which was in use, only an image tells."""
    for stage, name, what in _floating(text):
        yield _finding(stage, name, what, "")


def _floating(text: Text) -> Iterator[tuple[Stage, str, str]]:
    """Each image once that is taken by a name that moves: the stage that takes it, the name, and what moves."""
    seen = set()
    for stage in needed(text.dockerfile, text.stage, text.build_args):
        try:
            name = expand_from(text.dockerfile, stage, text.build_args)
        except DockerfileError:
            continue
        foreign = find_stage(text.dockerfile, stage.base, stage.index, text.build_args) is None and name != "scratch"
        if foreign and name not in seen and (what := _floats(name)):
            seen.add(name)
            yield stage, name, what


def _floats(name: str) -> str:
    """What changes under this name; empty where it names one release."""
    if "@" in name:
        return ""
    last = name.rpartition("/")[2]
    tag = last.partition(":")[2]
    read = official(name)
    if ended(name):  # nothing newer comes: base-past-end-of-life tells of it
        return ""
    if tag in _MOVING and _RELEASE_IN_NAME.search(name.partition(":")[0]):
        return "which is built anew as its system gets fixes"
    if tag in ("", "latest") or (read is not None and not read.version):
        return "which may be another major version with the next build"
    if read is None or read.date or read.image == "ubuntu" or len(read.numbers) >= _WHOLE.get(read.image, 3):
        return ""
    below = "" if read.image in ("debian", "alpine") or read.release or read.system else " and the system below it"
    return f"under which newer releases of {read.version}{below} appear"


def _finding(stage: Stage, name: str, what: str, pinned: str) -> Finding:
    instruction = stage.instructions[0]
    message = f"line {instruction.line} takes {name}, {what}"
    if not pinned:
        return Finding(NAME, message, instruction, 0, proposal=f"name a release or a digest; {_PRICE}")
    word = next(word for word in instruction.words if word.text == name)
    fix = Fix(f"take {pinned}", Applicability.PROPOSED, (Edit(word.span, pinned),))
    return Finding(NAME, message, instruction, 0, fix, proposal=f"pin what was in use; {_PRICE}")


def _pinned(subject: Subject, name: str) -> str:
    """Another name for the very image that was in use; empty where none is known."""
    base = subject.base(name)
    if base is None:
        return ""
    path, _, tag = name.partition(":")
    version = _version(base, path) if tag in ("", "latest") else ""
    if version:
        other = subject.base(f"{path}:{version}")
        if other is not None and _ids(other) == _ids(base):
            return f"{path}:{version}"
    local = path.startswith("localhost/") or base.reference.transport is not Transport.CONTAINERS_STORAGE
    return "" if local or not base.digest.startswith("sha256:") else f"{name}@{base.digest}"


def _version(base: Image, path: str) -> str:
    """The release that an official image says it is."""
    variable = _VERSIONS.get(path.rpartition("/")[2], "")
    values = dict(each.partition("=")[::2] for each in base.runtime.get("Env") or [])
    return values.get(variable, "") if variable else ""


def _ids(image: Image) -> list[str]:
    return [layer.diff_id for layer in image.layers]
