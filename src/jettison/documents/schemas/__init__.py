"""JSON Schemas (draft 2020-12) of the documents, one file each beside this one."""

from __future__ import annotations

import json
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from jettison.core.errors import UsageError

_SUFFIX = ".json"


def schema_names() -> tuple[str, ...]:
    """The names that `schema` knows, sorted."""
    here = files(__name__).iterdir()
    return tuple(sorted(each.name.removesuffix(_SUFFIX) for each in here if each.name.endswith(_SUFFIX)))


def schema(name: str) -> dict[str, Any]:
    """The schema of the document `jettison.NAME/1`. Raises UsageError for a name that is none."""
    names = schema_names()
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise UsageError(f"there is no schema called '{name}'", hint=hint)
    document: dict[str, Any] = json.loads(files(__name__).joinpath(name + _SUFFIX).read_text(encoding="utf-8"))
    return document
