"""What a check of a contract file must look like, so that replaying it can go wrong in no other way than failing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jettison.core.errors import UsageError

_FIELDS: dict[str, dict[str, type]] = {
    "port": {"protocol": str, "port": int, "reach": str},
    "user": {"uid": int, "gid": int, "groups": list},
    "health": {"command": list},
    "output": {"compare": str},
    "http": {"port": int, "path": str},
    "probe": {"port": int, "path": str},
    "environment": {"name": str, "sha256": str},
    "version": {"command": str, "version": str},
}
_BODIES: dict[str, dict[str, type]] = {
    "exact": {"sha256": str},
    "normalised": {"normal": str},
    "mask": {"parts": list},
    "size": {"size": int},
    "contains": {"text": str},
    "none": {},
}
_OPTIONAL: dict[str, type] = {
    "host": str, "loopback": bool, "error": str, "status": int, "type": str, "location": str, "cookies": list,
}  # fmt: skip
_WORDS = {str: "a text", int: "a number", list: "a list", bool: "true or false"}


def bad(why: str) -> UsageError:
    """The error that every malformed contract ends with."""
    return UsageError(
        f"this is not a usable contract: {why}",
        hint="write one with --contract-out FILE; `jettison schema contract` prints its form",
    )


def expected_of(number: int, kind: str, expected: Any) -> Any:
    """`expected` of a check, with what was left out filled in. Raises UsageError."""
    name = f"check {number} ({kind})"
    fields = _FIELDS.get(kind)
    if fields is None:
        return expected
    if not isinstance(expected, Mapping):
        raise bad(f"{name} needs an object under 'expected'")
    expected = dict(expected)
    _require(name, expected, fields)
    if kind == "health":
        _texts(name, "command", expected["command"], 1)
    elif kind == "output":
        _body(name, expected)
    elif kind in ("http", "probe"):
        _answer(name, expected)
    return expected


def _require(name: str, value: Mapping[str, Any], fields: Mapping[str, type]) -> None:
    for key, kind in fields.items():
        if key not in value:
            raise bad(f"{name} lacks '{key}'")
        if not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)):
            raise bad(f"{name} needs {_WORDS[kind]} under '{key}'")


def _answer(name: str, expected: dict[str, Any]) -> None:
    """What an address must answer; written by hand it may leave all but port and path out."""
    if not 0 < expected["port"] < 65536 or not expected["path"].startswith("/"):
        raise bad(f"{name} needs a port from 1 to 65535 and a path that begins with /")
    for key, kind in _OPTIONAL.items():
        if expected.get(key) is None:
            expected.pop(key, None)
        else:
            _require(name, expected, {key: kind})
    if "error" in expected:
        return
    expected.setdefault("status", 200)
    expected.setdefault("type", None)
    expected.setdefault("cookies", None)
    if expected["cookies"] is not None:
        _texts(name, "cookies", expected["cookies"], 0)
    body = expected["body"] = expected.get("body") or {"compare": "none"}
    if not isinstance(body, Mapping):
        raise bad(f"{name} needs an object under 'body'")
    _body(name, body)


def _body(name: str, body: Mapping[str, Any]) -> None:
    how = body.get("compare")
    if not isinstance(how, str) or how not in _BODIES:
        raise bad(f"{name} compares its body by none of {', '.join(_BODIES)}")
    _require(name, body, _BODIES[how])
    for key in ("text", "normal"):
        if key in body:
            _require(name, body, {key: str})
    if how == "mask":
        _texts(name, "parts", body["parts"], 2)


def _texts(name: str, key: str, value: list[Any], least: int) -> None:
    if len(value) < least or not all(isinstance(each, str) for each in value):
        raise bad(f"{name} needs a list of {'at least ' + str(least) + ' ' if least else ''}texts under '{key}'")
