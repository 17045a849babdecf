"""What a fix changes on purpose: a contract that takes the new value beside the recorded one.

The recorded value stays what is expected: the original must still hold its contract. What else is taken is kept in
`volatile` of the check, from the step that declared it on: later steps and the verification must not undo it halfway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jettison.contract import static
from jettison.contract.model import Check, Contract

_ENTRY = ("Entrypoint", "Cmd", "Healthcheck")


def accepting(contract: Contract, keys: Sequence[str], config: Mapping[str, Any]) -> Contract:
    """The contract that also takes this config's values of these keys ("Cmd", "ENV TZ"), or itself."""
    checks = tuple(_accepting(check, config) if check.what in keys else check for check in contract.checks)
    return contract if checks == contract.checks else replace(contract, checks=checks)


def withdrawn(contract: Contract, before: Contract) -> Contract:
    """The contract with what it took back to what it took before."""
    known = {check.key: check for check in before.checks if check.kind in ("config", "environment")}
    checks = tuple(known.get(check.key, check) for check in contract.checks)
    return before if checks == before.checks else replace(contract, checks=checks)


def takes(check: Check, value: Any) -> bool:
    """Whether a normalised value is the expected one, or one that was declared."""
    return value == check.expected or (isinstance(check.volatile, list) and value in check.volatile)


def on_purpose(contract: Contract, was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the entry point and the health check that were changed on purpose, with their new values."""
    return {key: now.get(key) for key in _changed(contract, was, now)}


def _changed(contract: Contract, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for check in contract.checks:
        if check.kind == "config" and check.what in _ENTRY:
            value = static.normal(check.what, now.get(check.what))
            if value != static.normal(check.what, was.get(check.what)) and takes(check, value):
                yield check.what


def _accepting(check: Check, config: Mapping[str, Any]) -> Check:
    if check.kind == "config":
        value = static.normal(check.what, config.get(check.what))
    elif check.kind == "environment":
        text = static.variables(config).get(check.expected["name"])
        value = None if text is None else {**check.expected, "sha256": static.digest(text)}
    else:
        return check
    if takes(check, value):
        return check
    return replace(check, volatile=[*(check.volatile or []), value])
