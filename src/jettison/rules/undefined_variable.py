"""A variable that nothing defines where it is used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches

from jettison.commands.builtins import assigned_in
from jettison.commands.model import Run
from jettison.core.errors import DockerfileError
from jettison.dockerfile.graph import expand_from, global_variables, stage_chain, triggered
from jettison.dockerfile.lexer import BODY, expand
from jettison.dockerfile.model import Dockerfile, Instruction, Stage
from jettison.dockerfile.names import image_problem, platform_problem
from jettison.dockerfile.scope import State, Surroundings, pairs, states, surroundings
from jettison.dockerfile.values import expanded
from jettison.rule import Finding, text_rule
from jettison.subject import Text

NAME = "undefined-variable"
_SHORTEST = 4  # letters of a name that may be a misspelled one
_TELLING = 3  # letters of a first part that say which base a name is of: GOLANG_VERSION, not A_VERSION
_PARTS = re.compile(r"[^a-z0-9]+")  # between those of a base's name
_LONG = 100  # letters of a name that is held against every other one by itself
_NEAR = 0.75  # of difflib's ratio, where a name is told anyway
_USED = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_GIVEN = re.compile(
    r"(?:^|(?<=[\s;&|(]))[A-Za-z_]\w*=(\"?)\$\{?([A-Za-z_]\w*)\}?\1(?=[\s;&|)]|$)"
)  # GOARCH=$TARGETARCH
_TO_ITSELF = re.compile(r"\b(\w+)=\"?\$\{?\1\b")
_SOURCES = {
    ".",
    "source",
    "eval",
    "read",
    "export",
    "declare",
    "let",
    "getopts",
    "mapfile",
    "readarray",
}  # what may define names that are not followed
_OF_IMAGES = {
    "APP_UID", "CARGO_HOME", "CATALINA_HOME", "CLASSPATH", "CONDA_DIR", "CPATH", "CUDA_HOME", "GEM_HOME", "GOPATH",
    "GOROOT", "GRADLE_HOME", "JAVA_HOME", "LD_LIBRARY_PATH", "LIBRARY_PATH", "MANPATH", "MAVEN_HOME", "NODE_PATH",
    "PHPIZE_DEPS", "PHP_INI_DIR", "PKG_CONFIG_PATH", "PYTHONPATH", "RUSTUP_HOME",
}  # what images set whose names are other ones  # fmt: skip
_OF_SHELLS = {
    "EUID", "HOME", "HOSTNAME", "IFS", "LINENO", "OLDPWD", "OPTARG", "OPTIND", "PPID", "PWD", "RANDOM", "REPLY",
    "SECONDS", "SHLVL", "UID",
}  # what a RUN has by itself: of the builder, sh and bash  # fmt: skip


@text_rule("JT708")
def undefined_variable(text: Text) -> Iterator[Finding]:
    """A variable is used where nothing defines it, and is empty there.

    **What it costs.** Another file, version or folder than is meant, without a word: an ARG before the first FROM is
    for FROM alone, an ARG or ENV of another stage stays there, one in a later line comes too late, and `TARGETARCH`
    has no value before `ARG TARGETARCH`.

    **The fix** is yours: `ARG NAME` below the FROM, which takes the value from above the first FROM; or the name that
    was meant.

    **Safety.** Told, never applied. A base image may set any variable, so that nothing is said but of names that this
    file defines somewhere else, of names that are one slip away from a defined one, and of all upon `scratch`. What an
    ENV only adds to (`ENV PYTHONPATH=/a:$PYTHONPATH`) is the base's, and so is what is called after it.

    ```dockerfile bad
    ARG VERSION=1.2.3
    FROM debian:bookworm
    COPY app-$VERSION.tar.gz /srv/
    ```
    ```dockerfile good
    ARG VERSION=1.2.3
    FROM debian:bookworm
    ARG VERSION
    COPY app-$VERSION.tar.gz /srv/
    ```
    """
    dockerfile = text.dockerfile
    if "$" not in dockerfile.text:
        return
    yield from _in_from(text)
    elsewhere = _defined(dockerfile.instructions) | set(global_names(text))
    runs = {id(each.instruction): each for each in text.runs}
    ends: dict[int, set[str]] = {}  # the names that the ARGs of a stage and of those below it define
    slips = _Slips()
    for stage in dockerfile.stages:
        around = surroundings(dockerfile, stage, text.build_args)
        base = _base(text, stage)
        below = stage_chain(dockerfile, stage, text.build_args)[-2:-1]
        known = _defined(triggered(dockerfile, stage, text.build_args), "ARG").union(
            *(ends[each.index] for each in below)
        )
        for each, state in states(dockerfile, stage, text.build_args):
            if "$" in each.span.of(dockerfile.text):
                names = _missing(dockerfile, each, around, state)
                if id(each) in runs:
                    names += [name for name in _in_run(runs[id(each)]) if name in elsewhere and name not in _OF_SHELLS]
                here = known | state.variables.keys() | state.unknown | {"PATH"} if names else known
                for name in dict.fromkeys(name for name in names if name not in here):
                    own = each.keyword == "ARG" and any(word.text.startswith(f"{name}=") for word in each.words)
                    if why := _why(name, (elsewhere, here, slips), base, around.empty, own):
                        message = f"line {each.line} uses ${name}, which nothing defines there"
                        yield Finding(NAME, message, each, 0, refusal=why)
            if each.keyword == "ARG":
                known |= _defined([each], "ARG")
        ends[stage.index] = known


def global_names(text: Text) -> Collection[str]:
    """The names that FROM may use: ARGs before the first FROM, and what a builder gives by itself."""
    try:
        return global_variables(text.dockerfile, text.build_args).keys() | _defined(text.dockerfile.global_args)
    except DockerfileError:
        return ()


def _defined(instructions: Collection[Instruction], *keywords: str) -> set[str]:
    """The names that ARGs and ENVs define; none that an ENV only adds to."""
    found: set[str] = set()
    for each in instructions:
        if each.keyword == "ARG" and (not keywords or "ARG" in keywords):
            found |= {word.text.partition("=")[0] for word in each.words}
        elif each.keyword == "ENV" and not keywords:
            found |= {name for name, value in pairs(each) if name not in _names_in(value)}
    return found


def _names_in(written: str) -> Iterator[str]:
    """The variables in a text, those with a default or another operator left out."""
    return (match[1] or match[2] for match in _USED.finditer(written))


def _base(text: Text, stage: Stage) -> str:
    """The image that a stage stands on, whose own variables are called after it; empty where it is not known."""
    try:
        return expand_from(text.dockerfile, stage_chain(text.dockerfile, stage, text.build_args)[0], text.build_args)
    except DockerfileError:
        return ""


def _missing(dockerfile: Dockerfile, each: Instruction, around: Surroundings, state: State) -> list[str]:
    """The names in what the builder expands that have no value there, and no default beside them."""
    found: list[str] = []
    with suppress(DockerfileError):  # the builder refuses it, which is told as such
        for text in expanded(each, around):
            found += expand(text, state.variables, dockerfile.escape)[1]
        for heredoc in each.heredocs if each.keyword in ("ADD", "COPY") else ():
            if heredoc.expand:
                found += expand(heredoc.body.of(dockerfile.text), state.variables, "\\", BODY)[1]
    return found


def _in_run(run: Run) -> Iterator[str]:
    """The names that a RUN's programs are given without a value of their own in it."""
    if not run.readable or any(call.name in _SOURCES or call.name is None for call in run.calls):
        return
    unknown: dict[str, None] = {}
    for call in run.calls:
        for word in call.words:
            for name in _names_in(word.text) if word.value is None else ():
                if name not in call.variables and name not in call.own:
                    unknown[name] = None
    written = run.instruction.value
    unknown |= dict.fromkeys(match[2] for match in _GIVEN.finditer(written) if match[2] not in run.state.variables)
    assigned = assigned_in(_TO_ITSELF.sub("", written)) if unknown else frozenset()
    yield from (name for name in unknown if name not in assigned and not _is_assigned(run, name))


def _is_assigned(run: Run, name: str) -> bool:
    """Whether a default (`${NAME:=a}`) or `printf -v NAME` gives it a value."""
    return re.search(rf"\$\{{{name}:?=|-v\s+{name}\b", run.instruction.value) is not None


@dataclass
class _Slips:
    """Names by what is left of them without one letter: one slip leaves the same of both. Never shared."""

    by_rest: dict[str, list[str]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def near(self, name: str, here: set[str]) -> str:
        """The first of the names `here` that is one slip away; empty where none is."""
        for each in here - self.read:
            for rest in _rests(each) if len(each) <= _LONG else ():
                self.by_rest.setdefault(rest, []).append(each)
        self.read |= here
        among = here
        if len(name) < _LONG:
            among = here.intersection(each for rest in _rests(name) for each in self.by_rest.get(rest, ()))
        return min((each for each in among if _is_one_slip(name, each)), default="")


def _rests(name: str) -> Iterator[str]:
    yield name
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]


def _why(name: str, names: tuple[set[str], set[str], _Slips], base: str, empty: bool, own: bool) -> str:
    """What to do about a name; empty where the base image may define it."""
    elsewhere, here, slips = names
    if own:
        return f"leave the value out: ARG {name} alone takes what --build-arg gives"
    first = name.split("_")[0].lower()
    if not empty and (name in _OF_IMAGES or _is_of(first, base)):
        return ""
    if name in elsewhere:
        return f"write ARG {name} above it, below the FROM: what is defined elsewhere does not count there"
    near = slips.near(name, here) if len(name) >= _SHORTEST else ""
    if near:
        return f"is ${near} meant?"
    return f"write ARG {name} or ENV {name}=VALUE above it" if empty else ""


def _is_of(first: str, base: str) -> bool:
    """Whether a name's first part says that it is of this base: a short one only where it is a part of the name."""
    return first in base if len(first) >= _TELLING else first in _PARTS.split(base)


def _is_one_slip(name: str, meant: str) -> bool:
    """Whether one letter is missing, too many or another one, or two neighbours have changed places."""
    if abs(len(name) - len(meant)) > 1:
        return False
    first = next((at for at, (a, b) in enumerate(zip(name, meant, strict=False)) if a != b), min(len(name), len(meant)))
    ours, theirs = name[first:], meant[first:]
    swapped = ours[1::-1] == theirs[:2] and ours[2:] == theirs[2:]
    return swapped or theirs[1:] in (ours, ours[1:]) or ours[1:] == theirs


def _in_from(text: Text) -> Iterator[Finding]:
    """Names in a FROM that no ARG above the first FROM declares; where no image is left the builder refuses it."""
    declared = set(global_names(text))
    for stage in text.dockerfile.stages:
        for written, problem in ((stage.base, image_problem), (stage.platform or "", platform_problem)):
            try:
                variables = global_variables(text.dockerfile, text.build_args)
                found, missing = expand(written, variables, text.dockerfile.escape)
            except DockerfileError:
                continue
            unknown = [name for name in missing if name not in declared]
            if unknown and found and not problem(found):
                first = stage.instructions[0]
                message = f"line {first.line} uses ${unknown[0]}, which no ARG above the first FROM declares"
                near = get_close_matches(unknown[0], sorted(declared), 1, _NEAR)
                reason = f"is ${near[0]} meant?" if near else f"write ARG {unknown[0]}=DEFAULT above the first FROM"
                yield Finding(NAME, message, first, 0, refusal=reason)
