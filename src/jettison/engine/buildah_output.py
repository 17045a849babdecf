"""What `buildah bud` prints, as data. Tried with buildah 1.28."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jettison.core.errors import BuildFailed, CouldNot, DiskError, EngineError, UsageError
from jettison.engine.model import InstructionRun

_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP \d+/\d+: (.*)$")
_CACHED = re.compile(r"^--> Using cache ")
_WITHOUT_WORK = ("FROM ", "COMMIT ")

_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_BASE = re.compile(
    r"image not known|manifest unknown|unable to (?:copy|find|pull)|initializing source|no such host|did not resolve"
    r"|name unknown|requested access to the resource is denied|error pinging|dial tcp",
    re.IGNORECASE,
)
_NO_TARGET = re.compile(r'the target "([^"]*)" was not found')
_NO_PERMISSION = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)
_TROUBLE = re.compile(r"^(?:Error|error|time=)")


def instructions(lines: Sequence[str]) -> tuple[InstructionRun, ...]:
    """The instructions that a build went through, FROM left out; buildah prints no seconds."""
    found: list[InstructionRun] = []
    for line in lines:
        step = _STEP.match(line)
        if step and not step[1].startswith(_WITHOUT_WORK):
            found.append(InstructionRun(step[1], False, None))
        elif found and _CACHED.match(line):
            found[-1] = InstructionRun(found[-1].text, True, None)
    return tuple(found)


def failure(code: int, lines: Sequence[str]) -> CouldNot | UsageError:
    """The error that a failed build's last lines speak of; `lines` are redacted already."""
    errors = [line for line in lines if _TROUBLE.match(line)]
    text = "\n".join(errors or lines[-5:])
    last = next((m[1] for m in map(_STEP.match, reversed(lines)) if m), "")
    log = "\n".join(lines[-12:])
    if code < 0:
        return EngineError(f"buildah was killed by signal {-code}", hint="run again; --resume goes on from here")
    if _DISK_FULL.search("\n".join(lines[-40:])):
        return DiskError("no space left while building", hint="free some space, then run again")
    target = _NO_TARGET.search(text)
    if target:
        return UsageError(f"there is no stage called {target[1]}", hint="name one of the Dockerfile's stages")
    if last.startswith("FROM ") or not last:
        if _NO_BASE.search(text):
            base = last.removeprefix("FROM ").split(" ")[0] or "the base image"
            return BuildFailed(
                f"the base image {base} cannot be had",
                hint=f"check the name, or try `buildah pull {base}`: the registry may be out of reach or want a login",
                log=log,
            )
        if _NO_PERMISSION.search(text):
            return EngineError(f"buildah may not work here: {text.splitlines()[-1]}", hint="run jettison as root")
    what = f" at {_short(last)}" if last else ""
    return BuildFailed(
        f"the build failed{what}", hint="see the lines above; it must build before it can be made small", log=log
    )


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
