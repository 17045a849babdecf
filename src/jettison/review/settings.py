"""What the command line and the nearest configuration say together, for one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from jettison.core import config
from jettison.core.config import Config
from jettison.core.errors import UsageError
from jettison.core.values import Severity
from jettison.dockerfile.contexts import familiar, named
from jettison.dockerfile.model import Named
from jettison.review.codes import of_others
from jettison.review.model import Settings, Source
from jettison.rule import all_rules, rule_names


@dataclass(frozen=True)
class Told:
    """What the command line says; None where it leaves something to the configuration."""

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    fail_on: Severity | None = None
    target: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Named] = field(default_factory=dict)
    config: Config | None = None  # named on the command line


def config_of(source: Source, told: Told) -> Config:
    """The configuration that counts for a file. Raises UsageError."""
    if told.config is not None:
        return told.config
    if source.path is None:
        return config.nearest(Path.cwd())
    return config.nearest(source.path.parent.absolute())


def seen_from(found: Config, source: Source) -> str:
    """A file's name seen from the folder of its configuration, wherever we are; empty where there is none."""
    if found.path is None or source.path is None:
        return ""
    name = os.path.relpath(source.path.absolute(), found.path.parent.absolute())
    return "" if name.startswith("..") else name


def settings_of(found: Config, told: Told, source: Source) -> Settings:
    """Both together: `--select` goes before the file's, `--ignore` comes to it. Raises UsageError."""
    return Settings(
        select=told.select or _named(found, "select"),
        ignore=told.ignore | _named(found, "ignore"),
        ignore_in=_ignore_in(found),
        seen_as=seen_from(found, source),
        build_args={**found.get("check", "build-args", {}), **told.build_args},
        target=told.target,
        contexts={**_contexts(found), **told.contexts},
    )


def fail_on_of(found: Config, told: Told) -> Severity:
    """The severity from which on the answer is no. Raises UsageError."""
    if told.fail_on is not None:
        return told.fail_on
    said = found.get("check", "fail-on", Severity.WARNING.value)
    if said not in [each.value for each in Severity]:
        raise UsageError(f"{found.path}: fail-on is {said!r}", hint="write error, warning or note")
    return Severity(said)


def excluded_by(found: Config, told: Told) -> tuple[str, ...]:
    """Patterns of files that are not looked at."""
    return (*told.exclude, *found.get("check", "exclude", []))


def _contexts(found: Config) -> dict[str, Named]:
    """Named build contexts, by the names as they are compared; a path is seen from the file that names it."""
    folder = found.path.parent if found.path is not None else Path()
    try:
        table = found.get("check", "build-contexts", {})
        return {familiar(name): named(name, value, folder) for name, value in table.items()}
    except UsageError as error:
        raise UsageError(f"{found.path}: {error.message}", hint=error.hint) from error


def _named(found: Config, key: str) -> frozenset[str]:
    return _rules(found, tuple(found.get("check", key, [])), ignored=key == "ignore")


def _ignore_in(found: Config) -> tuple[tuple[str, frozenset[str]], ...]:
    table = found.get("check", "ignore-in", {})
    return tuple((pattern, _rules(found, tuple(names), ignored=True)) for pattern, names in table.items())


def _rules(found: Config, names: Sequence[str], *, ignored: bool) -> frozenset[str]:
    try:
        return rules_named(tuple(names), ignored=ignored)
    except UsageError as error:
        raise UsageError(f"{found.path}: {error.message}", hint=error.hint) from error


def rules_named(names: tuple[str, ...], *, ignored: bool = False) -> frozenset[str]:
    """Rules by name or code, also by those of hadolint and of BuildKit's checks; several may stand in one value, with
    commas between them. Raises UsageError; where they are to be `ignored`, not for what only another linter sees.
    """
    known = set(rule_names())
    asked = [name.strip() for each in names for name in each.split(",") if name.strip()]
    codes = {each.code: each.name for each in all_rules()} if any(name not in known for name in asked) else {}
    found: set[str] = set()
    for name in asked:
        theirs = of_others(name)
        if name in known or name.upper() in codes:
            found.add(codes.get(name.upper(), name))
        elif theirs is None:
            near = get_close_matches(name, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else "`jettison explain` lists the rules"
            raise UsageError(f"there is no rule called {name}", hint=hint)
        elif theirs or ignored:
            found.update(theirs)
        else:
            raise UsageError(f"no rule sees what {name} is about", hint="`jettison explain` lists the rules")
    return frozenset(found)
