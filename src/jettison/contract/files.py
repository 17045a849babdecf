"""Contracts as JSON: written by `--contract-out`, read by `--contract`, kept in the journal.

Values of environment variables are never written: their names are, and the values must be given again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jettison.contract.checks import exercised
from jettison.contract.model import KINDS, Check, Contract, Strength
from jettison.core import state
from jettison.core.errors import UsageError

SCHEMA = "jettison.contract/1"
LARGEST = 64 * 2**20  # bytes of a file
_NEEDED = {
    "health": ("command",),
    "version": ("command", "version"),
    "http": ("port", "path"),
    "probe": ("port", "path"),
    "port": ("protocol", "port", "reach"),
    "environment": ("name", "sha256"),
}


def contract_to_json(contract: Contract, redact: Callable[[str], str] = str) -> dict[str, Any]:
    """The document; `redact` is asked for each text that the application itself printed."""
    return {
        "schema": SCHEMA,
        "engine": contract.engine,
        "exercised": contract.exercised,
        "not_exercised": [redact(text) for text in contract.not_exercised],
        "notes": [redact(text) for text in contract.notes],
        "environment_keys": list(contract.environment_keys),
        "start_seconds": contract.start_seconds,
        "checks": [_check_to_json(check, redact) for check in contract.checks],
        "log": [redact(line) for line in contract.log],
    }


def _check_to_json(check: Check, redact: Callable[[str], str]) -> dict[str, Any]:
    return {
        "kind": check.kind,
        "what": check.what,
        "strength": int(check.strength),
        "expected": _redacted(check.expected, redact),
        "volatile": check.volatile,
        "source": check.source,
        "decides": check.decides,
    }


def _redacted(expected: Any, redact: Callable[[str], str]) -> Any:
    """A body's text is only there to show a difference with; parts that hold a secret are compared no more."""
    if not isinstance(expected, Mapping):
        return expected
    result = dict(expected)
    if isinstance(result.get("body"), Mapping):
        result["body"] = _redacted(result["body"], redact)
    if "text" in result and "normal" in result:
        result["text"] = redact(result["text"])
    if "parts" in result:
        clean = [part for part in result["parts"][1:-1] if redact(part) == part]
        ends = [part if redact(part) == part else "" for part in (result["parts"][0], result["parts"][-1])]
        result["parts"] = [ends[0], *clean, ends[1]]
    return result


def contract_from_json(document: Any) -> Contract:
    """The contract of a document. Raises UsageError where it is not one."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise _bad(f"it is no {SCHEMA} document")
    checks = document.get("checks")
    if not isinstance(checks, list) or not checks:
        raise _bad("it has no checks")
    try:
        read = tuple(_check_from_json(number, each) for number, each in enumerate(checks, 1))
        return Contract(
            checks=read,
            exercised=exercised(read),
            not_exercised=tuple(map(str, document.get("not_exercised") or ())),
            notes=tuple(map(str, document.get("notes") or ())),
            engine=str(document.get("engine") or ""),
            environment_keys=tuple(map(str, document.get("environment_keys") or ())),
            start_seconds=document.get("start_seconds"),
            log=tuple(map(str, document.get("log") or ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(f"{error}") from error


def _check_from_json(number: int, each: Any) -> Check:
    if not isinstance(each, Mapping) or each.get("kind") not in KINDS:
        raise _bad(f"check {number} has the unknown kind {each.get('kind') if isinstance(each, Mapping) else each!r}")
    expected = each.get("expected")
    for key in _NEEDED.get(each["kind"], ()):
        if not isinstance(expected, Mapping) or key not in expected:
            raise _bad(f"check {number} ({each['kind']}) lacks '{key}'")
    if each["kind"] in ("http", "probe"):
        expected = _answer(number, dict(expected or {}))
    try:
        strength = Strength(each.get("strength", 3))
    except ValueError:
        raise _bad(f"check {number} has a strength that is not 0 to 3") from None
    decides = bool(each.get("decides", True))
    what = str(each.get("what") or _name(each["kind"], expected))
    return Check(each["kind"], what, strength, expected, each.get("volatile"), str(each.get("source", "user")), decides)


def _answer(number: int, expected: dict[str, Any]) -> dict[str, Any]:
    """What an address must answer; written by hand it may leave all but port, path and status out."""
    if not isinstance(expected["port"], int) or not str(expected["path"]).startswith("/"):
        raise _bad(f"check {number} needs a port number and a path that begins with /")
    if "error" not in expected:
        expected.setdefault("status", 200)
        expected.setdefault("type", None)
        expected.setdefault("cookies", None)
        expected.setdefault("body", {"compare": "none"})
    return expected


def _name(kind: str, expected: Any) -> str:
    if kind in ("http", "probe"):
        return f"http://{expected.get('host', 'localhost')}:{expected['port']}{expected['path']}"
    return kind


def _bad(why: str) -> UsageError:
    return UsageError(
        f"this is not a usable contract: {why}",
        hint="write one with --contract-out FILE; `jettison schema contract` prints its form",
    )


def read_contract(path: Path) -> Contract:
    """The contract in a file. Raises UsageError."""
    try:
        if path.stat().st_size > LARGEST:
            raise _bad(f"{path} is larger than {LARGEST} bytes")
        return contract_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"cannot read the contract {path}: {getattr(error, 'strerror', None) or error}",
            hint="give a file written by --contract-out",
        ) from error
    except json.JSONDecodeError as error:
        raise _bad(f"{path} line {error.lineno}: {error.msg}") from error


def write_contract(contract: Contract, path: Path, redact: Callable[[str], str] = str) -> None:
    """Write the contract, atomically. Raises DiskError."""
    state.write_atomically(path, (json.dumps(contract_to_json(contract, redact), indent=2) + "\n").encode())
