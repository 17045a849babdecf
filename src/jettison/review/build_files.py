"""Compose and bake files: which Dockerfiles they name, and how these are built.

Sources: compose-spec `build.md` and `12-interpolation.md`; docs.docker.com/build/bake/reference. Of bake files the JSON
form is read; HCL has functions and variables that only bake itself works out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jettison.core.errors import UsageError
from jettison.core.values import Skipped
from jettison.dockerfile.file import LARGEST
from jettison.review.model import Source

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::?-([^{}]*))?\}|(\w+))")
_ELSEWHERE = re.compile(r"(?:https?|git|ssh|oci-layout|docker-image|target|service)://|[\w.-]+@[\w.-]+:|github\.com/")
_INHERITED = 20  # levels

Found = Source | Skipped


def named_by(path: Path) -> Iterator[Found]:
    """The Dockerfiles that a Compose or bake file names; what of it could not be followed. Raises UsageError."""
    if path.suffix == ".hcl":
        reason = "HCL is not read; `docker buildx bake --print` writes the JSON that is"
        yield Skipped(os.fspath(path), reason)
        return
    whole = _read(path)
    said = whole.get("target" if path.suffix == ".json" else "services")
    table: dict[str, Any] = said if isinstance(said, dict) else {}
    for name, entry in table.items():
        build = _bake(table, name) if path.suffix == ".json" else _compose(entry)
        if build is not None:
            told = f"{os.fspath(path)}: {name}"
            yield _source(path.parent, build, told)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large to be what it is called", hint="name the Dockerfiles instead")
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            found = json.loads(text)
        else:
            import yaml

            found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8", hint="name the Dockerfiles instead") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="name the Dockerfiles instead") from error
    except Exception as error:
        if type(error).__module__.startswith("yaml"):
            line = " ".join(str(error).split())
            raise UsageError(f"{path} is no YAML: {line}", hint="name the Dockerfiles instead") from error
        raise
    return found if isinstance(found, dict) else {}


def _compose(entry: Any) -> Mapping[str, Any] | None:
    """`build` of a service, in its long form."""
    build = entry.get("build") if isinstance(entry, dict) else None
    if isinstance(build, str):
        return {"context": build}
    return build if isinstance(build, dict) else None


def _bake(table: Mapping[str, Any], name: str, depth: int = _INHERITED) -> Mapping[str, Any] | None:
    """A target with what it inherits; of several the last goes before the others, and its own before all."""
    own = table.get(name)
    if not isinstance(own, dict) or not depth:
        return None
    merged: dict[str, Any] = {}
    parents = own.get("inherits")
    for parent in parents if isinstance(parents, list) else ():
        merged |= _bake(table, str(parent), depth - 1) or {}
    args = {**_table(merged.get("args")), **_table(own.get("args"))}
    return {**merged, **own, "args": args}


def _table(value: Any) -> dict[str, str]:
    """Build arguments, as a table or as a list of `K=V`; those without a value, which the environment has, left out."""
    if isinstance(value, list):
        value = dict(str(each).partition("=")[::2] for each in value if "=" in str(each))
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(key): _plain(each) for key, each in pairs if each is not None and not isinstance(each, (dict, list))}


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _source(folder: Path, build: Mapping[str, Any], told: str) -> Found:
    """The Dockerfile that a build is of."""
    given = {key: build.get(key) for key in ("context", "dockerfile", "target")}
    words = {key: _filled(value) for key, value in given.items() if isinstance(value, str)}
    unknown = next((given[key] for key, value in words.items() if value is None), None)
    if unknown is not None:
        return Skipped(told, f"what {unknown} means is not known")
    context = words.get("context") or "."
    if _ELSEWHERE.match(context):
        return Skipped(told, f"its context is not here: {context}")
    place = Path(os.path.normpath(folder / context))
    arguments = {
        key: filled for key, value in _table(build.get("args")).items() if (filled := _filled(value)) is not None
    }
    inline = build.get("dockerfile_inline", build.get("dockerfile-inline"))
    target = words.get("target")
    if isinstance(inline, str):
        data = inline.replace("$$", "$").encode("utf-8", "surrogateescape")
        return Source(told, None, place, target, arguments, data, told)
    path = Path(os.path.normpath(place / (words.get("dockerfile") or "Dockerfile")))
    if not path.is_file():
        return Skipped(told, f"there is no {path}")
    return Source(os.fspath(path), path, place, target, arguments, None, told)


def _filled(text: str) -> str | None:
    """`text` with variables replaced by the defaults that it gives; None where one has none."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        if match[1]:
            return "$"
        unknown = unknown or match[3] is None
        return match[3] or ""

    found = _VARIABLE.sub(value, text)
    return None if unknown else found
