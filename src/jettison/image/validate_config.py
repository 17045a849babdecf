"""The config of an image held against its specification; and what a fault is.

Source: OCI image-spec v1.1 `config.md`; Go's GOOS and GOARCH; RFC 3339 for times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jettison.image.shapes import misshapen

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(?:tcp|udp|sctp))?")
_SYSTEMS = {
    "aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "netbsd", "openbsd", "plan9",
    "solaris", "wasip1", "windows",
}  # fmt: skip
_ARCHITECTURES = {
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
    "s390x", "wasm",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and by which section. `must` is false for what is only advised.

    `broken`: the part could not be read to its end, so that nothing more is known of it.
    """

    where: str
    message: str
    section: str
    must: bool = True
    broken: bool = False


def faults(config: Mapping[str, Any], layers: int) -> Iterator[Fault]:
    """Every fault of a config whose image has so many layers."""
    yield from _platform(config)
    rootfs = config.get("rootfs") or {}
    if rootfs.get("type") != "layers":
        yield Fault("config", f"rootfs.type is {rootfs.get('type')!r}, not 'layers'", "config.md, rootfs")
    if len(rootfs.get("diff_ids") or ()) != layers:
        yield Fault("config", "it has not one diff ID for each layer", "config.md, rootfs")
    yield from _history(config.get("history"), layers)
    if config.get("created") is not None and not _is_time(config["created"]):
        yield Fault("config", f"created is no time: {str(config['created'])[:100]!r}", "config.md, created")
    runtime = config.get("config")
    if runtime is not None and not isinstance(runtime, dict):
        yield Fault("config", "config is not an object", "config.md, config")
    elif runtime:
        yield from _runtime(runtime)


def _platform(config: Mapping[str, Any]) -> Iterator[Fault]:
    for key, known in (("architecture", _ARCHITECTURES), ("os", _SYSTEMS)):
        told = config.get(key)
        if not told or not isinstance(told, str):
            yield Fault("config", f"it tells no {key}", f"config.md, {key}")
        elif told not in known:
            yield Fault("config", f"{key} is {told[:100]!r}, which Go does not know", f"config.md, {key}", must=False)


def _history(rows: Any, layers: int) -> Iterator[Fault]:
    if rows is None:
        return
    for number, row in enumerate(rows):
        if not isinstance(row.get("empty_layer", False), bool | None):
            yield Fault("config", f"empty_layer of history row {number} is not a boolean", "config.md, history")
        if row.get("created") and not _is_time(row["created"]):
            yield Fault("config", f"created of history row {number} is no time", "config.md, history")
    made = sum(not row.get("empty_layer") for row in rows)
    if rows and made != layers:
        told = f"its history makes {made} {'layer' if made == 1 else 'layers'}, and there are {layers}"
        yield Fault("config", told, "config.md, history")


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _runtime(runtime: Mapping[str, Any]) -> Iterator[Fault]:
    wrong = misshapen(runtime)
    for key, what in wrong.items():
        yield Fault("config", f"{key} is not {what}", f"config.md, config.{key}")
    for each in (runtime.get("Env") or ()) if "Env" not in wrong else ():
        if "=" not in each or each.startswith("="):
            yield Fault("config", "an entry of Env has no name or no value", "config.md, config.Env")
    for each in (runtime.get("ExposedPorts") or ()) if "ExposedPorts" not in wrong else ():
        port = _PORT.fullmatch(each)
        if port is None or not all(int(number or 0) < 65536 for number in port.groups()):
            yield Fault("config", f"{each[:50]!r} is no port", "config.md, config.ExposedPorts")
