"""What the config of a container must look like, by its keys. Source: OCI image-spec v1.1 `config.md`, "config"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHAPES = {
    **dict.fromkeys(("User", "WorkingDir", "StopSignal"), "a string"),
    **dict.fromkeys(("Env", "Entrypoint", "Cmd", "OnBuild", "Shell"), "an array of strings"),
    **dict.fromkeys(("ExposedPorts", "Volumes"), "an object"),
    "Labels": "a map of strings",
}


def misshapen(runtime: Mapping[str, Any]) -> dict[str, str]:
    """Keys of such a config whose values have another shape, with the one that they should have; null is none."""
    told = {key: runtime[key] for key in SHAPES if runtime.get(key) is not None}
    return {key: SHAPES[key] for key, value in told.items() if not _is(value, SHAPES[key])}


def _is(value: Any, shape: str) -> bool:
    match shape:
        case "a string":
            return isinstance(value, str)
        case "an array of strings":
            return isinstance(value, list) and all(isinstance(each, str) for each in value)
        case "a map of strings":
            return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return isinstance(value, dict)
