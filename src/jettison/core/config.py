"""jettison.toml, or [tool.jettison] of pyproject.toml: read, and refused where it says what nobody understands.

The file nearest to the Dockerfile counts: in its own folder, else in the one above, up to the repository's root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jettison.core.errors import UsageError
from jettison.core.regular_file import is_file, read_regular

NAME = "jettison.toml"
_PROJECT = "pyproject.toml"
_STRINGS = "an array of strings"
_STRING = "a string"
_TABLE_OF_STRINGS = "a table of strings"
_TABLE_OF_ARRAYS = "a table of arrays of strings"
KEYS: Mapping[str, Mapping[str, str]] = {
    "check": {
        "select": _STRINGS,
        "ignore": _STRINGS,
        "exclude": _STRINGS,
        "fail-on": _STRING,
        "ignore-in": _TABLE_OF_ARRAYS,
        "build-args": _TABLE_OF_STRINGS,
        "build-contexts": _TABLE_OF_STRINGS,
    },
}


@dataclass(frozen=True)
class Config:
    """What a file says, by table and key; `path` is None where there is no file."""

    path: Path | None = None
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def get(self, table: str, key: str, default: Any) -> Any:
        """What stands there; `default` where nothing does."""
        return self.values.get(table, {}).get(key, default)


NONE = Config()


@cache
def nearest(folder: Path) -> Config:
    """The configuration that counts in an absolute folder. Raises UsageError where it cannot be understood."""
    for name in (NAME, _PROJECT):
        if is_file(folder / name):
            found = read(folder / name)
            if found is not None:
                return found
    if folder.parent == folder or (folder / ".git").exists():
        return NONE
    return nearest(folder.parent)


def read(path: Path) -> Config | None:
    """What a file says; None for a pyproject.toml that does not speak of jettison. Raises UsageError."""
    import tomllib

    try:
        whole = tomllib.loads(read_regular(path, "name a file of settings").decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML
        if path.name == _PROJECT:
            return None  # for its own tools to complain about
        raise UsageError(f"{path} is no TOML: {error}", hint="see https://toml.io") from error
    own: Any = whole
    if path.name == _PROJECT:
        tool = whole.get("tool")
        own = tool.get("jettison") if isinstance(tool, dict) else None
        if own is None:
            return None
    if not isinstance(own, dict):
        raise UsageError(f"{path}: tool.jettison is no table", hint="write [tool.jettison.check]")
    for table, values in own.items():
        _check_table(path, table, values)
    return Config(path, own)


def _check_table(path: Path, table: str, values: Any) -> None:
    if table not in KEYS:
        raise _unknown(path, table, [*KEYS, *(f"{one}.{key}" for one, keys in KEYS.items() for key in keys)])
    if not isinstance(values, dict):
        raise UsageError(f"{path}: {table} is no table", hint=f"write [{table}]")
    for key, value in values.items():
        if key not in KEYS[table]:
            raise _unknown(path, f"{table}.{key}", [f"{table}.{each}" for each in KEYS[table]])
        if not _is(value, KEYS[table][key]):
            raise UsageError(f"{path}: {table}.{key} has to be {KEYS[table][key]}", hint="docs/check.md has an example")


def _unknown(path: Path, key: str, known: list[str]) -> UsageError:
    by_end = {each.rpartition(".")[2]: each for each in reversed(known)}
    near = get_close_matches(key, known, 1) or [by_end[each] for each in get_close_matches(key, by_end, 1)]
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return UsageError(f"{path}: there is no setting called {key}", hint=hint)


def _is(value: Any, kind: str) -> bool:
    if kind == _STRING:
        return isinstance(value, str)
    if kind == _STRINGS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    inner = _STRING if kind == _TABLE_OF_STRINGS else _STRINGS
    return isinstance(value, dict) and all(_is(each, inner) for each in value.values())
