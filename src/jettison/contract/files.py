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
from jettison.contract.valid import bad, expected_of
from jettison.core import state
from jettison.core.errors import UsageError
from jettison.core.redact import Redactor

SCHEMA = "jettison.contract/1"
LARGEST = 64 * 2**20  # bytes of a file
_LONGEST_START = 3600.0
_REPLAYED = tuple(kind for kind in KINDS if kind != "closure")  # those are found anew each time


def contract_to_json(contract: Contract, redact: Callable[[str], str] = str) -> dict[str, Any]:
    """The document; `redact` is asked for each text that the application itself printed.

    Values of --env are taken out whatever their names are: a page that shows its settings shows them, too.
    """
    told = Redactor(contract.environment.values(), shortest=6).text if contract.environment else str
    return _document(contract, lambda text: redact(told(text)))


def _document(contract: Contract, redact: Callable[[str], str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "engine": contract.engine,
        "exercised": contract.exercised,
        "not_exercised": [redact(text) for text in contract.not_exercised],
        "notes": [redact(text) for text in contract.notes],
        "environment_keys": list(contract.environment_keys),
        "start_seconds": contract.start_seconds,
        "checks": [_check_to_json(check, redact) for check in contract.checks if not _tells(check, redact)],
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


def _tells(check: Check, redact: Callable[[str], str]) -> bool:
    """Whether a link that the application gave holds a secret: such an address cannot be kept without it."""
    return check.kind == "http" and redact(check.expected["path"]) != check.expected["path"]


def _redacted(expected: Any, redact: Callable[[str], str]) -> Any:
    """A body's text is only there to show a difference with; what else holds a secret is compared no more."""
    if not isinstance(expected, Mapping):
        return expected
    result = dict(expected)
    if isinstance(result.get("body"), Mapping):
        result["body"] = _redacted(result["body"], redact)
    if "text" in result and "normal" in result:
        result["text"] = redact(result["text"])
    if result.get("location") and redact(result["location"]) != result["location"]:
        del result["location"]
    if "parts" in result:
        clean = [part for part in result["parts"][1:-1] if redact(part) == part]
        ends = [part if redact(part) == part else "" for part in (result["parts"][0], result["parts"][-1])]
        result["parts"] = [ends[0], *clean, ends[1]]
    return result


def contract_from_json(document: Any) -> Contract:
    """The contract of a document. Raises UsageError where it is not one."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise bad(f"it is no {SCHEMA} document")
    checks = document.get("checks")
    if not isinstance(checks, list) or not checks:
        raise bad("it has no checks")
    read = tuple(_check_from_json(number, each) for number, each in enumerate(checks, 1))
    seconds = document.get("start_seconds")
    if seconds is not None and not (isinstance(seconds, (int, float)) and 0 <= seconds <= _LONGEST_START):
        raise bad("'start_seconds' is not a number of seconds")
    return Contract(
        checks=read,
        exercised=exercised(read),
        not_exercised=_texts(document, "not_exercised"),
        notes=_texts(document, "notes"),
        engine=str(document.get("engine") or ""),
        environment_keys=_texts(document, "environment_keys"),
        start_seconds=seconds,
        log=_texts(document, "log"),
    )


def _texts(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise bad(f"'{key}' is not a list of texts")
    return tuple(value)


def _check_from_json(number: int, each: Any) -> Check:
    if not isinstance(each, Mapping):
        raise bad(f"check {number} is not an object")
    kind = each.get("kind")
    if kind not in _REPLAYED:
        raise bad(f"check {number} has the unknown kind {kind!r}; known are {', '.join(_REPLAYED)}")
    expected = expected_of(number, kind, each.get("expected"))
    strength, decides = each.get("strength", 3), each.get("decides", True)
    if isinstance(strength, bool) or strength not in (0, 1, 2, 3):
        raise bad(f"check {number} has a strength that is not 0 to 3")
    if not isinstance(decides, bool):
        raise bad(f"check {number} has a 'decides' that is not true or false")
    what = str(each.get("what") or _name(number, kind, expected))
    source = str(each.get("source") or "user")
    return Check(kind, what, Strength(strength), expected, each.get("volatile"), source, decides)


def _name(number: int, kind: str, expected: Any) -> str:
    if kind in ("http", "probe"):
        return f"http://{expected.get('host', 'localhost')}:{expected['port']}{expected['path']}"
    if kind == "command":
        raise bad(f"check {number} (command) needs its command under 'what'")
    return str(kind)


def read_contract(path: Path) -> Contract:
    """The contract in a file. Raises UsageError."""
    try:
        if not path.is_file():
            raise bad(f"{path} is {'not a file' if path.exists() else 'not there'}")
        if path.stat().st_size > LARGEST:
            raise bad(f"{path} is larger than {LARGEST} bytes")
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"cannot read the contract {path}: {getattr(error, 'strerror', None) or error}",
            hint="give a file written by --contract-out",
        ) from error
    except json.JSONDecodeError as error:
        raise bad(f"{path} line {error.lineno}: {error.msg}") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise bad(f"{path}: {error}") from error
    return contract_from_json(document)


def write_contract(contract: Contract, path: Path, redact: Callable[[str], str] = str) -> None:
    """Write the contract, atomically. Raises DiskError."""
    state.write_atomically(path, (json.dumps(contract_to_json(contract, redact), indent=2) + "\n").encode())
