"""Compose and bake files: which Dockerfiles they name, and how these are built.

Sources: compose-spec `build.md` and `12-interpolation.md`; docs.docker.com/build/bake/reference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jettison.core.errors import UsageError
from jettison.core.regular_file import is_file, is_folder, read_regular, size_of
from jettison.core.values import Skipped
from jettison.dockerfile.contexts import ELSEWHERE, familiar, named
from jettison.dockerfile.file import LARGEST
from jettison.dockerfile.model import Named
from jettison.review.bake import Table, plain, targets
from jettison.review.hcl_values import Unknown
from jettison.review.model import Source

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::?-([^{}]*))?\}|(\w+))")

Found = Source | Skipped


def named_by(path: Path) -> Iterator[Found]:
    """The Dockerfiles that a Compose or bake file names; what of it could not be followed. Raises UsageError."""
    try:
        text = _text(path)
        builds = (
            _of_compose(text) if path.suffix in (".yml", ".yaml") else targets(text, is_json=path.suffix == ".json")
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise UsageError(f"{path} cannot be read: {reason}", hint="name the Dockerfiles instead") from error
    for name, build in builds.items():
        told = f"{os.fspath(path)}: {name}"
        try:
            contexts = _contexts(path.parent, build)
        except UsageError as error:
            yield Skipped(told, error.message)
            continue
        yield _source(path.parent, build, contexts, told)
        for each in contexts.values():
            if each.folder is not None and not is_folder(each.folder):
                yield Skipped(f"{told}: build context {each.name}", f"there is no {each.folder}")


def _text(path: Path) -> str:
    hint = "name the Dockerfiles instead"
    if size_of(path, hint) > LARGEST:
        raise UsageError(f"{path} is too large to be what it is called", hint=hint)
    try:
        return read_regular(path, hint).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", hint=hint) from error


def _of_compose(text: str) -> dict[str, Table]:
    """How each service is built, variables filled in. Raises ValueError where it is no YAML."""
    import yaml

    try:
        whole = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {error}") from error
    services = whole.get("services") if isinstance(whole, dict) else None
    entries = services.items() if isinstance(services, dict) else ()
    return {str(name): build for name, entry in entries if (build := _compose(entry)) is not None}


def _compose(entry: Any) -> Table | None:
    """`build` of a service, in its long form."""
    build = entry.get("build") if isinstance(entry, dict) else None
    if isinstance(build, str):
        return {"context": _filled(build)}
    if not isinstance(build, dict):
        return None
    told = {key: _filled(value) if isinstance(value, str) else value for key, value in build.items()}
    named = {"args": build.get("args"), "contexts": build.get("additional_contexts")}
    return {
        **told,
        **{key: {name: _filled(text) for name, text in _table(pairs).items()} for key, pairs in named.items()},
    }


def _table(value: Any) -> dict[str, str]:
    """Pairs, as a table or as a list of `K=V`; those without a value, which the environment has, left out."""
    if isinstance(value, list):
        value = dict(each.partition("=")[::2] for each in value if isinstance(each, str) and "=" in each)
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(key): text for key, each in pairs if (text := plain(each)) is not None}


def _contexts(folder: Path, build: Mapping[str, Any]) -> dict[str, Named]:
    """The named build contexts of a build, by the names as they are compared. Raises UsageError."""
    said = build.get("contexts")
    found = {}
    for name, value in said.items() if isinstance(said, dict) else ():
        text = plain(value)
        if text is not None:
            found[familiar(name)] = named(name, text, folder)
        elif isinstance(value, Unknown):
            found[familiar(name)] = Named(name, value.what)
    return found


def _source(folder: Path, build: Mapping[str, Any], contexts: Mapping[str, Named], told: str) -> Found:
    """The Dockerfile that a build is of."""
    inline = build.get("dockerfile_inline", build.get("dockerfile-inline"))
    given = [build.get(key) for key in ("context", "dockerfile", "target")]
    unknown = next((each for each in (*given, inline, build.get("contexts")) if isinstance(each, Unknown)), None)
    if unknown is not None:
        return Skipped(told, f"what {unknown.what} means is not known")
    context, dockerfile, target = (each if isinstance(each, str) else None for each in given)
    context = context or "."
    if ELSEWHERE.match(context):
        return Skipped(told, f"its context is not here: {context}")
    place = Path(os.path.normpath(folder / context))
    said = build.get("args")
    pairs = said.items() if isinstance(said, dict) else ()
    arguments = {str(key): text for key, each in pairs if (text := plain(each)) is not None}
    if isinstance(inline, str):
        data = inline.encode("utf-8", "surrogateescape")
        return Source(told, None, place, target, arguments, data, told, contexts)
    path = Path(os.path.normpath(place / (dockerfile or "Dockerfile")))
    if not is_file(path):
        return Skipped(told, f"there is no {path}")
    return Source(os.fspath(path), path, place, target, arguments, None, told, contexts)


def _filled(text: str) -> str | Unknown:
    """`text` of a Compose file with variables replaced by the defaults that it gives."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1]:
            return "$"
        unknown = unknown or match[3] is None
        return match[3] or ""

    found = _VARIABLE.sub(value, text)
    return Unknown(text) if unknown else found
