"""`RUN --mount=...` and `RUN --device=...`: one line of comma-separated values each.

Behaves as moby/buildkit's `instructions/commands_runmount.go`, `commands_rundevice.go` and tonistiigi/go-csvvalue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from jettison.dockerfile.model import Instruction

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
SHARING = ("shared", "private", "locked")
_TEXTS = {
    "from": "from_", "source": "source", "src": "source", "target": "target", "dst": "target", "destination": "target",
    "id": "id", "env": "env",
}  # fmt: skip
_SIZE = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_UNIT = re.compile(r" ?(?:[kKmMgGtTpP][iI]?[bB]?|[bB])?")


@dataclass(frozen=True)
class Mount:
    """One mount of a RUN; empty strings and None where the text says nothing."""

    type: str = "bind"
    from_: str = ""
    source: str = ""
    target: str = ""
    id: str = ""
    sharing: str = ""
    env: str | None = None
    read_only: bool | None = None
    required: bool = False
    size: str = ""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None


def fields(value: str) -> list[str]:
    """The comma-separated values of one line; a quoted one may hold commas. Raises ValueError."""
    if not value:
        raise ValueError("it is empty")
    found = []
    at = 0
    while True:
        if value.startswith('"', at):
            end = _quoted_end(value, at)
            found.append(value[at + 1 : end - 1].replace('""', '"'))
        else:
            end = value.find(",", at)
            end = len(value) if end < 0 else end
            if '"' in value[at:end]:
                raise ValueError("a quote stands inside a value")
            found.append(value[at:end])
        if end >= len(value):
            return found
        at = end + 1


def _quoted_end(value: str, at: int) -> int:
    """The index behind the quote that ends the value which begins at `at`."""
    end = at + 1
    while (end := value.find('"', end)) >= 0:
        if not value.startswith('""', end):
            end += 1
            if end < len(value) and value[end] != ",":
                break
            return end
        end += 2
    raise ValueError("a quote does not end")


def mount_problem(value: str) -> str:
    """Why the builder would refuse a mount before it knows any variable; empty where it would not."""
    try:
        for field in fields(value):
            key, equals, text = field.partition("=")
            if equals and key.lower() == "from" and "$" in text[:-1]:
                return "from= takes no variables: define a stage FROM it"
    except ValueError as error:
        return str(error)
    return ""


def device_problem(value: str) -> str:
    """Why the builder would refuse a device; empty where it would not."""
    name = ""
    try:
        for field in fields(value):
            key, equals, text = field.partition("=")
            if key.lower() == "required":
                if equals:
                    _boolean(key, text)
            elif key.lower() == "name" and equals:
                if name:
                    return f"its name is already {name}"
                name = text
            elif name:
                return f"{field} means nothing"
            else:
                name = field
    except ValueError as error:
        return str(error)
    return ""


def mount_source(value: str) -> str:
    """The stage or image that a mount's `from=` names; empty where it names none."""
    try:
        parts = [field.partition("=") for field in fields(value)]
    except ValueError:
        return ""
    return next((text for key, equals, text in reversed(parts) if equals and key.lower() == "from"), "")


def mounts(instruction: Instruction, fill: Callable[[str], str | None] = str) -> Iterator[Mount | None]:
    """The mounts of a RUN, `fill` taking each value to what it means; None where it does not know.

    Raises ValueError with the reason where one is none.
    """
    for flag in instruction.flags:
        if flag.name == "mount":
            yield _mount(flag.value or "", fill)


def _mount(value: str, fill: Callable[[str], str | None]) -> Mount | None:
    found: dict[str, Any] = {"type": "bind"}
    for field in fields(value):
        key, equals, text = field.partition("=")
        key, told = key.lower(), fill(text) if equals else "true"
        if not equals and key not in ("readonly", "ro", "readwrite", "rw", "required"):
            raise ValueError(f"{field} needs a value")
        if told is None:
            return None
        name, meant = _meant(key, told, found["type"])
        found[name] = meant
    return _complete(Mount(**found))


def _meant(key: str, text: str, kind: str) -> tuple[str, str | bool | int]:
    """The field of a Mount that a key sets, and to what."""
    if key in _TEXTS:
        return _TEXTS[key], text
    if key in ("type", "sharing"):
        return key, _one_of(key, text, TYPES if key == "type" else SHARING)
    if key in ("readonly", "ro", "readwrite", "rw"):
        return "read_only", _boolean(key, text) == (key in ("readonly", "ro"))
    if key == "required" and kind in ("secret", "ssh"):
        return key, _boolean(key, text)
    if key == "size" and kind == "tmpfs":
        return key, _size(text)
    if key in ("mode", "uid", "gid"):
        return key, _number(key, text, 8 if key == "mode" else 10)
    raise ValueError(f"{key}= is nothing that a {kind} mount takes here")


def _complete(mount: Mount) -> Mount:
    owned = mount.type in ("secret", "ssh", "cache")
    if not owned and (mount.mode, mount.uid, mount.gid) != (None, None, None):
        raise ValueError(f"a {mount.type} mount takes no mode, uid or gid")
    if mount.type == "secret":
        if mount.from_ or mount.sharing:
            raise ValueError("a secret mount takes neither from nor sharing")
        if not (mount.source or mount.target or mount.id):
            raise ValueError("a secret mount needs an id, a source or a target")
        if mount.source and mount.id:
            raise ValueError("a secret mount takes an id or a source, not both")
    if mount.sharing and mount.type != "cache":
        raise ValueError(f"a {mount.type} mount takes no sharing")
    if mount.read_only is None:
        return replace(mount, read_only=mount.type not in ("cache", "tmpfs"))
    return mount


def _one_of(key: str, text: str, choices: tuple[str, ...]) -> str:
    if text.lower() not in choices:
        raise ValueError(f"{key}={text} is none of {', '.join(choices)}")
    return text.lower()


def _boolean(key: str, text: str) -> bool:
    if text not in _TRUE + _FALSE:
        raise ValueError(f"{key}={text} is neither true nor false")
    return text in _TRUE


def _number(key: str, text: str, base: int) -> int:
    digits = "01234567" if base == 8 else "0123456789"
    if not text or text.strip(digits) or len(text.lstrip("0")) > 11 or int(text, base) >= 1 << 32:
        raise ValueError(f"{key}={text} is no number of base {base}")
    return int(text, base)


def _size(text: str) -> str:
    number = _SIZE.match(text)
    if number is None or not _UNIT.fullmatch(text, number.end()):
        raise ValueError(f"size={text} is no size")
    return text
