"""What `docker build` prints, as data: BuildKit's plain progress and the classic builder's steps.

Tried with the Docker daemon 20.10 and the command lines 20.10 (BuildKit) and 28 without buildx (classic).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from jettison.core.errors import BuildFailed, CouldNot, DiskError, EngineError, UsageError
from jettison.engine.model import InstructionRun

_VERTEX = re.compile(r"^#(\d+) \[(?:([^\]\s]+) )?(\d+)/(\d+)\] (.*)$")
_DONE = re.compile(r"^#(\d+) DONE ([\d.]+)s$")
_CACHED = re.compile(r"^#(\d+) CACHED$")
_STEP = re.compile(r"^Step \d+/\d+ : (.*)$")
_BUILT = re.compile(r"^Successfully built [0-9a-f]+$")
_USING_CACHE = re.compile(r"^ ---> Using cache")

_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_TARGET = re.compile(
    r'target stage (?:"?)(\S+?)(?:"?) could not be found|failed to reach build target (\S+) in Dockerfile'
)
_NO_BASE = re.compile(
    r"(?:failed to resolve source metadata for |pull access denied for |manifest for |failed to do request: Head"
    r'|Get "https?://[^"]*/v2/)[^\s,:]*|no such host|manifest unknown|not found: manifest',
    re.IGNORECASE,
)
_NO_TAG = re.compile(r"manifest unknown|not found: manifest|ERROR: ([\w./-]+:[\w.-]+): not found", re.IGNORECASE)
_NO_PERMISSION = re.compile(r"permission denied while trying to connect|dial unix .*: connect: permission denied")
_NO_DAEMON = re.compile(
    r"Cannot connect to the Docker daemon|error during connect|unexpected EOF|EOF$|server did not provide an image ID"
)
_SYNTAX = re.compile(r"dockerfile parse error (?:on )?line (\d+): (.*)$", re.IGNORECASE)


def instructions(lines: Sequence[str], times: Sequence[float] = ()) -> tuple[InstructionRun, ...]:
    """The instructions that a build went through, FROM left out, with seconds.

    BuildKit says them (to 0.1 s; instructions that only change the config have no line: they cost nothing). The classic
    builder does not: they pass between its lines, which came at `times`; one more than lines, the last is the end.
    """
    found: dict[str, InstructionRun] = {}
    last, began = "", 0
    for at, line in enumerate(lines):
        vertex, done, cached, step = _VERTEX.match(line), _DONE.match(line), _CACHED.match(line), _STEP.match(line)
        if vertex and not vertex[5].startswith("FROM "):
            found.setdefault(vertex[1], InstructionRun(vertex[5], False, None))
        elif done and done[1] in found:
            found[done[1]] = InstructionRun(found[done[1]].text, False, float(done[2]))
        elif cached and cached[1] in found:
            found[cached[1]] = InstructionRun(found[cached[1]].text, True, 0.0)
        elif step or _BUILT.match(line):
            if last and len(times) > len(lines):
                found[last] = replace(found[last], seconds=round(times[at] - times[began], 3))
            last, began = "", at
            if step and not step[1].startswith("FROM "):
                last = f"step {len(found)}"
                found[last] = InstructionRun(step[1], False, None)
        elif last and _USING_CACHE.match(line):
            found[last] = InstructionRun(found[last].text, True, None)
    return tuple(found.values())


def failure(code: int, lines: Sequence[str]) -> CouldNot | UsageError:
    """The error that a failed build's last lines speak of; `lines` are redacted already."""
    text = "\n".join(lines[-40:])
    log = "\n".join(line for line in lines[-14:] if line.strip())
    if code < 0:
        return EngineError(f"docker build was killed by signal {-code}", hint="run again; --resume goes on from here")
    if _NO_PERMISSION.search(text):
        return EngineError("may not use the Docker daemon's socket", hint="run as root, or join the group docker")
    if _NO_DAEMON.search(text):
        return EngineError(
            "the Docker daemon went away while building", hint="start it again; --resume goes on from here"
        )
    if _DISK_FULL.search(text):
        return DiskError("no space left while building", hint="free some space, for example with `docker system df`")
    target = _NO_TARGET.search(text)
    if target:
        return UsageError(
            f"there is no stage called {target[1] or target[2]}", hint="name one of the Dockerfile's stages"
        )
    syntax = _SYNTAX.search(text)
    if syntax:
        return BuildFailed(f"the builder does not take line {syntax[1]}: {syntax[2]}", hint="correct it", log=log)
    what = _last_step(lines)
    if _NO_BASE.search(text) and (not what or what.startswith("FROM ")):
        gone = _NO_TAG.search(text)
        if gone:
            return BuildFailed(
                f"the registry has no {gone[1] or what.removeprefix('FROM ').split(' ')[0] or 'such base image'}",
                hint="the tag was never there, or is gone: look at the tags that its page lists",
                log=log,
            )
        return BuildFailed(
            f"the base image {what.removeprefix('FROM ').split(' ')[0] or ''} cannot be had".replace("  ", " "),
            hint="check the name, or try `docker pull`: the registry may be out of reach or want a login; "
            "images of Buildah and Podman need --engine buildah",
            log=log,
        )
    at = f" at {what if len(what) <= 100 else what[:97] + '...'}" if what else ""
    return BuildFailed(
        f"the build failed{at}", hint="see the lines above; it must build before it can be made small", log=log
    )


def _last_step(lines: Sequence[str]) -> str:
    """The instruction that the build was at when it failed."""
    texts = {match[1]: match[5] for match in map(_VERTEX.match, lines) if match}
    for line in reversed(lines):
        failed = re.match(r"^#(\d+) ERROR", line)
        if failed and failed[1] in texts:
            return texts[failed[1]]
        step = _STEP.match(line)
        if step:
            return step[1]
    return ""
