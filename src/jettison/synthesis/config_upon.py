"""The config that an image would have upon another base: what the Dockerfile sets stays, what the base sets changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jettison.bases.environment import ABOUT_THEMSELVES
from jettison.dockerfile.edit import CannotEdit
from jettison.dockerfile.graph import stage_chain
from jettison.dockerfile.lexer import expand
from jettison.dockerfile.model import Instruction
from jettison.image.model import Image
from jettison.subject import Subject

_KEYS = {"ENTRYPOINT": "Entrypoint", "CMD": "Cmd", "HEALTHCHECK": "Healthcheck", "USER": "User",
         "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal", "EXPOSE": "ExposedPorts",
         "VOLUME": "Volumes"}  # fmt: skip


_FROM_BASE = (
    ("WORKDIR", "the working directory", ("", "/")),
    ("USER", "the user", ("", "0", "root")),
    ("STOPSIGNAL", "the stop signal", ("", "SIGTERM")),
)


def last(subject: Subject, keyword: str) -> Instruction | None:
    """The instruction of this keyword that counts; None where the base decides."""
    found = [
        each
        for stage in stage_chain(subject.dockerfile, subject.stage, subject.build_args)
        for each in stage.instructions
    ]
    return next((each for each in reversed(found) if each.keyword == keyword), None)


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """The environment that a config sets."""
    pairs = (str(item).partition("=") for item in config.get("Env") or [])
    return {name: value for name, _, value in pairs}


def own_variables(subject: Subject) -> frozenset[str]:
    """The names that the Dockerfile's ENV instructions set."""
    return frozenset(name for name, _ in _assignments(subject))


def _assignments(subject: Subject) -> Iterator[tuple[str, str]]:
    """(name, value as written) of each ENV of the stage, in order."""
    for stage in stage_chain(subject.dockerfile, subject.stage, subject.build_args):
        for each in stage.instructions:
            if each.keyword != "ENV" or not each.words:
                continue
            if "=" in each.words[0].text:
                pairs = (word.text.partition("=") for word in each.words)
                yield from ((name, value) for name, _, value in pairs)
            else:
                name, _, value = re.sub(r"[\t\v\f\r ]+", " ", each.value).partition(" ")
                yield name, value


def config_upon(subject: Subject, candidate: Image) -> dict[str, Any]:
    """The `config` object that the same Dockerfile would make upon this base."""
    was, base = subject.image.runtime, candidate.runtime
    config = {key: value for key, value in base.items() if key not in ("Labels", "OnBuild")}
    for keyword, key in _KEYS.items():
        if last(subject, keyword) is not None:
            config[key] = was.get(key)
    if last(subject, "ENTRYPOINT") is not None and last(subject, "CMD") is None:
        config["Cmd"] = None  # of a base's CMD an ENTRYPOINT leaves nothing
    config["Env"] = [f"{name}={value}" for name, value in _environment(subject, candidate).items()]
    return config


def _environment(subject: Subject, candidate: Image) -> dict[str, str]:
    """The candidate's variables, and the Dockerfile's own; PATH is written with the candidate's in its place."""
    was, found = variables(subject.image.runtime), variables(candidate.runtime)
    for name, value in _assignments(subject):
        if name == "PATH":
            known = {**was, "PATH": found.get("PATH", "")}
            found[name] = expand(value, known, subject.dockerfile.escape)[0]
        elif name in was:
            found[name] = was[name]
    return found


def taken_away(subject: Subject, config: Mapping[str, Any]) -> Iterator[str]:
    """What the old base sets for the application and the new one does not: variables, directory, program."""
    was, now = variables(subject.image.runtime), variables(config)
    for name in sorted(set(was) - {"PATH"} - ABOUT_THEMSELVES - own_variables(subject)):
        if now.get(name) != was[name]:
            yield f"the variable {name}, which its base sets"
    for keyword, what, defaults in _FROM_BASE:
        if last(subject, keyword) is not None:
            continue
        before, after = (str(each.get(_KEYS[keyword]) or "") for each in (subject.image.runtime, config))
        if before != after and not (before in defaults and after in defaults):
            yield f"{what} {before or 'of old'}, which its base sets"


def left_behind(subject: Subject, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Variables that the old base sets for the application and another base's config does not. Raises CannotEdit."""
    own, now = own_variables(subject), variables(config)
    for name, value in variables(subject.image.runtime).items():
        if name in {"PATH", *ABOUT_THEMSELVES, *own} or now.get(name) == value:
            continue
        if not re.fullmatch(r"[\w./:,@%+-]*", value):
            raise CannotEdit(f"the base sets {name}, whose value cannot stand in an ENV as it is")
        yield name, value
