"""Two configs held side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jettison.image.model import Image


def compare_config(old: Image, new: Image) -> tuple[str, ...]:
    """Keys of the config in which two images differ, history, times and layers aside, in order."""
    before, after = _normal(old.runtime), _normal(new.runtime)
    keys = [key for key in sorted(set(before) | set(after)) if before.get(key) != after.get(key)]
    keys += [
        key for key in ("os", "architecture", "variant") if (old.config.get(key) or "") != (new.config.get(key) or "")
    ]
    return tuple(keys)


_IGNORED = {"Hostname", "Domainname", "Image", "AttachStdin", "AttachStdout", "AttachStderr"}


def _normal(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config in which spellings of the same thing are equal: null is empty, root is "", Env has no order."""
    result = {key: value for key, value in config.items() if value or (value == 0 and value is not False)}
    for key in _IGNORED & set(result):
        del result[key]
    if str(result.get("User", "")) in ("0", "root", "0:0", "root:root"):
        del result["User"]
    if "Env" in result:
        result["Env"] = sorted(result["Env"])
    labels = {k: v for k, v in (result.get("Labels") or {}).items() if not k.startswith("io.buildah.")}
    result.pop("Labels", None)
    if labels:
        result["Labels"] = labels
    return result
