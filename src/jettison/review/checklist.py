"""A widely copied checklist for small images, 18 boxes in six groups, answered for one Dockerfile.

A box is done, not done, or not applicable; where the text cannot tell, the answer says what could.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from jettison.bases.names import official
from jettison.core.errors import DockerfileError
from jettison.dockerfile.graph import expand_from, find_stage, stage_chain
from jettison.dockerfile.parse import parse
from jettison.review.look import seen_of
from jettison.review.model import Reviewed, Settings, Source
from jettison.subject import Text

_SMALL = re.compile(r"(?:^|[/:-])(?:alpine|slim|distroless|scratch|busybox|chainguard|wolfi|minimal|micro|static)")
_CACHES = ("apt-lists-left-behind", "apt-cache-left-behind", "apk-cache-left-behind", "pip-cache-left-behind",
           "npm-cache-left-behind", "yarn-cache-left-behind", "go-cache-left-behind",
           "package-cache-left-behind")  # fmt: skip
_MANAGERS = re.compile(
    r"\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper|pip3?|npm|yarn|pnpm|go|cargo|gem|bundle|composer)\b"
)
_BUILD_TOOLS = re.compile(
    r"\b(?:build-essential|build-base|gcc|g\+\+|clang|cmake|make|(?!no-|[\w.+-]*without)[\w.+-]+-dev(?:el)?)\b"
)
_DEV = re.compile(
    r"--omit[= ]dev|--only[= ]prod\w*|--prod(?:uction)?\b|--no-dev|--without[= ]dev\w*|NODE_ENV[= ]production|"
    r"\bnpm prune\b|BUNDLE_WITHOUT[= ]\S*development|--without[= ]\S*development|COMPOSER_NO_DEV=1"
)
_WITH_DEV = re.compile(
    r"\b(?:npm (?:ci|i|install)|yarn(?: install)?|pnpm (?:i|install)|composer install|bundle install)\b"
)
_COMPILES = re.compile(r"\b(?:go build|go install|cargo build|gcc|g\+\+|clang|make)\b")
_STRIPPED = re.compile(r"-ldflags[= ]\S*['\"]?[^'\"]*-s\b|\bstrip\b|-Wl,-s\b|CARGO_PROFILE_RELEASE_STRIP|-C strip")


class State(enum.Enum):
    """The answer to a box."""

    DONE = "done"
    NOT = "not done"
    NO = "not applicable"


@dataclass(frozen=True)
class Box:
    """One line of the list, its group, its answer, and why."""

    group: str
    title: str
    state: State
    why: str = ""


@dataclass(frozen=True)
class _Facts:
    text: Text
    rules: frozenset[str]  # that found something
    shipped: str  # the RUNs of the stages that ship
    base: str
    measured: bool  # an image was at hand

    @property
    def staged(self) -> bool:
        return len(self.text.dockerfile.stages) > 1

    def found(self, *names: str) -> str:
        return next((name for name in names if name in self.rules), "")


Answer = tuple[State, str]
_LOOK = "the image tells"


def checklist(text: Text, reviewed: Reviewed, *, measured: bool) -> tuple[Box, ...]:
    """All 18 boxes, in their order. `reviewed` is what the rules said of the same text, `measured` in an image."""
    chain = stage_chain(text.dockerfile, text.stage, text.build_args)
    runs = "\n".join(each.value for stage in chain for each in stage.instructions if each.keyword == "RUN")
    facts = _Facts(text, frozenset(each.rule for each in reviewed.remarks), runs, _base(text), measured)
    return tuple(Box(group, title, *answer(facts)) for group, title, answer in _BOXES)


def _base(text: Text) -> str:
    """The image that the shipped stage stands on; empty where that is not known."""
    lowest = stage_chain(text.dockerfile, text.stage, text.build_args)[0]
    if find_stage(text.dockerfile, lowest.base, lowest.index, text.build_args) is not None:
        return ""
    try:
        return expand_from(text.dockerfile, lowest, text.build_args)
    except DockerfileError:
        return ""


def _smallest(facts: _Facts) -> Answer:
    if not facts.base:
        return State.NO, "the base is not known"
    if _SMALL.search(facts.base):
        return State.DONE, facts.base
    read = official(facts.base)
    if read is not None and read.image in ("debian", "ubuntu"):
        return State.NOT, f"{facts.base} has slimmer variants"
    return State.NOT, f"{facts.base}: `jettison optimize --select larger-base-than-needed` tries smaller ones"


def _tags(facts: _Facts) -> Answer:
    if facts.base == "scratch" and not facts.staged:
        return State.NO, "scratch has no versions"
    vague = [stage.base for stage in facts.text.dockerfile.stages if _is_vague(facts, stage.index)]
    return (State.NOT, f"{vague[0]} names no version") if vague else (State.DONE, "")


def _is_vague(facts: _Facts, index: int) -> bool:
    stage = facts.text.dockerfile.stages[index]
    if (
        find_stage(facts.text.dockerfile, stage.base, index, facts.text.build_args) is not None
        or stage.base in ("scratch", "")
        or "$" in stage.base
    ):
        return False
    tag = stage.base.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return "@" not in stage.base and tag in ("", "latest")


def _compare(facts: _Facts) -> Answer:
    if facts.base == "scratch":
        return State.DONE, "nothing is smaller"
    return State.NOT, "`jettison optimize --plan` weighs the bases that could do"


def _multi(facts: _Facts) -> Answer:
    if facts.staged:
        return State.DONE, f"{len(facts.text.dockerfile.stages)} stages"
    if facts.found("single-stage-build"):
        return State.NOT, "what builds ships as well"
    return State.NO, "nothing is built that a stage of its own would keep out"


def _artefacts(facts: _Facts) -> Answer:
    if not facts.staged:
        return State.NO, "there is one stage"
    own = facts.text.stage.instructions
    copies = [each for each in own if each.keyword == "COPY" and each.flag("from") is not None]
    whole = [each for each in copies if each.words and each.words[0].text in ("/", "/.", "./", "/*")]
    if whole:
        return State.NOT, f"line {whole[0].line} copies a whole file system"
    return (State.DONE, "") if copies else (State.NOT, "nothing is copied from another stage")


def _runtime(facts: _Facts) -> Answer:
    if not facts.staged:
        return State.NO, "there is one stage"
    read = official(facts.base) if facts.base else None
    if read is not None and read.image in ("golang", "rust", "maven", "gradle", "gcc"):
        return State.NOT, f"{facts.base} is for building"
    return (State.DONE, facts.base) if facts.base else (State.NO, "the base is not known")


def _combined(facts: _Facts) -> Answer:
    count = facts.shipped.count("\n") + 1 if facts.shipped else 0
    if not count:
        return State.NO, "no RUN ships"
    pair = facts.found("deleted-in-a-later-layer", "runs-that-duplicate-files")
    return (State.NOT, pair) if pair else (State.DONE, "none removes what another made, as far as the text tells")


def _cleaned(facts: _Facts) -> Answer:
    if not _MANAGERS.search(facts.shipped):
        return State.NO, "no package manager runs where it ships"
    left = facts.found("deleted-in-a-later-layer", *_CACHES)
    return (State.NOT, left) if left else (State.DONE, "")


def _ordered(facts: _Facts) -> Answer:
    every = " ".join(each.value for each in facts.text.dockerfile.instructions if each.keyword == "RUN")
    if not re.search(r"\b(?:npm|yarn|pnpm|pip3?|bundle|composer|go|cargo|poetry|uv)\b", every):
        return State.NO, "no dependencies are installed"
    late = facts.found("dependencies-installed-after-the-sources")
    return (State.NOT, late) if late else (State.DONE, "")


def _production(facts: _Facts) -> Answer:
    if not _WITH_DEV.search(facts.shipped):
        return State.NO, "no installer that knows development dependencies runs where it ships"
    env = " ".join(each.value for each in facts.text.stage.instructions if each.keyword in ("ENV", "ARG"))
    if _DEV.search(facts.shipped) or _DEV.search(env):
        return State.DONE, ""
    return State.NOT, "what installs leaves no development dependencies out"


def _no_cache(facts: _Facts) -> Answer:
    if not _MANAGERS.search(facts.shipped):
        return State.NO, "no package manager runs where it ships"
    left = facts.found(*_CACHES)
    return (State.NOT, left) if left else (State.DONE, "")


def _no_build_dependencies(facts: _Facts) -> Answer:
    found = _BUILD_TOOLS.search(facts.shipped)
    if found is None:
        return (State.DONE, "") if facts.staged else (State.NO, "none is installed by name")
    removed = re.search(r"\b(?:apk del|apt-get (?:purge|remove|autoremove)|(?:yum|dnf) remove)\b", facts.shipped)
    return (State.DONE, "installed and removed again") if removed else (State.NOT, f"{found[0]} ships")


def _ignored(facts: _Facts) -> Answer:
    every = facts.text.dockerfile.instructions
    if not any(each.keyword in ("COPY", "ADD") and each.flag("from") is None for each in every):
        return State.NO, "nothing is copied from the context"
    never = facts.found("context-files-never-read", "secrets-copied-in")
    if never:
        return State.NOT, never
    return (State.DONE, facts.text.ignore.name) if facts.text.ignore.text is not None else (State.NOT, "there is none")


def _documents(facts: _Facts) -> Answer:
    never = facts.found("context-files-never-read")
    return (State.NOT, never) if never else (State.NO, f"{_LOOK}: `jettison inspect IMAGE` weighs them")


def _needless(facts: _Facts) -> Answer:
    found = facts.found("context-files-never-read", "deleted-in-a-later-layer", *_CACHES)
    return (State.NOT, found) if found else (State.NO, f"{_LOOK}: `jettison inspect IMAGE`")


def _strip(facts: _Facts) -> Answer:
    every = " ".join(each.value for each in facts.text.dockerfile.instructions if each.keyword in ("RUN", "ENV", "ARG"))
    if not _COMPILES.search(every):
        return State.NO, "nothing is compiled"
    return (State.DONE, "") if _STRIPPED.search(every) else (State.NOT, "no option and no command takes symbols out")


def _upx(facts: _Facts) -> Answer:
    every = " ".join(each.value for each in facts.text.dockerfile.instructions if each.keyword == "RUN")
    if not re.search(r"\bgo (?:build|install)\b", every):
        return State.NO, "no Go program is built"
    if re.search(r"\bupx\b", every):
        return State.DONE, "packed: it is unpacked into memory at each start"
    return State.NO, "considered: it costs memory and time at each start, and layers are compressed anyway"


def _analysed(facts: _Facts) -> Answer:
    if facts.measured:
        return State.DONE, ""
    return State.NOT, "`jettison inspect IMAGE`, or `jettison check --image IMAGE`"


_BOXES: tuple[tuple[str, str, Callable[[_Facts], Answer]], ...] = (
    ("Base image", "smallest suitable base", _smallest),
    ("Base image", "specific version tags", _tags),
    ("Base image", "image sizes compared before selecting", _compare),
    ("Multi-stage build", "several stages", _multi),
    ("Multi-stage build", "only necessary artefacts copied", _artefacts),
    ("Multi-stage build", "appropriate runtime image", _runtime),
    ("Layers", "RUN commands combined", _combined),
    ("Layers", "cleaned up in the same layer", _cleaned),
    ("Layers", "ordered by change frequency", _ordered),
    ("Dependencies", "production dependencies only", _production),
    ("Dependencies", "package manager caches removed", _no_cache),
    ("Dependencies", "build dependencies removed", _no_build_dependencies),
    ("Files", "comprehensive .dockerignore", _ignored),
    ("Files", "no docs, tests, examples", _documents),
    ("Files", "no unnecessary files", _needless),
    ("Advanced", "binaries stripped", _strip),
    ("Advanced", "UPX considered for Go programs", _upx),
    ("Advanced", "analysed with a tool that reads layers", _analysed),
)


def boxes_of(source: Source, settings: Settings, reviewed: Reviewed, *, measured: bool) -> tuple[Box, ...]:
    """The boxes of a file that was looked at; none where it does not parse. Raises UsageError."""
    try:
        seen = seen_of(source, settings, parse(reviewed.text or ""))
    except DockerfileError:
        return ()
    return checklist(seen, reviewed, measured=measured)
