"""What `buildah bud` and `buildah run` print, as data. Tried with buildah 1.28."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from jettison.core.errors import BuildFailed, CouldNot, DiskError, EngineError, UsageError
from jettison.engine.model import ContainerState, InstructionRun, Phase

_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP \d+/\d+: (.*)$")
_CACHED = re.compile(r"^--> Using cache ")
_WITHOUT_WORK = ("FROM ", "COMMIT ")

# A full temporary directory shows as a pipe closed under the writer of a layer: containers/image drops the cause.
_DISK_FULL = re.compile(
    r"no space left on device|disk quota exceeded|storing layer \S+ to file: io: read/write on closed pipe",
    re.IGNORECASE,
)
_NO_COPY = r"^(?:Close_Fd|Error) sealing memfd copy: "  # of itself, in memory, to go on from
_NEXT_TIME = re.compile(
    rf"{_NO_COPY}|checking if cached image exists.*not known"
    r"|changing to intended-new-root directory|chroot\(\)ing into directory|creating new mount namespace for "
    r"|(?:bind mounting|remounting) .* mount namespace|waiting for container child process"
)
_NO_BASE = re.compile(
    r"image not known|manifest unknown|unable to (?:copy|find|pull)|initializing source|no such host|did not resolve"
    r"|name unknown|requested access to the resource is denied|error pinging|dial tcp"
    r"|invalid reference format",
    re.IGNORECASE,
)
_NO_TAG = re.compile(r"manifest unknown|name unknown", re.IGNORECASE)
_NO_TARGET = re.compile(r'the target "([^"]*)" was not found', re.IGNORECASE)
_NO_SECRET = re.compile(r"could not parse secrets: (.*)")
_NO_FLAG = re.compile(r"^Error: (unknown (?:shorthand )?flag: .*)", re.MULTILINE)
_NO_PERMISSION = re.compile(r"permission denied|operation not permitted", re.IGNORECASE)
_SIGNALS = {(signal.strsignal(number) or "").lower(): int(number) for number in signal.valid_signals()}
# What `buildah run --isolation chroot` adds to stderr at the very end; glued to a last line that has no newline.
_ADDED = re.compile(
    rb"(?:process failed to start with error: (?P<error>[^\n]*?)process exited with error: [^\n]*\n"
    rb"|subprocess exited on (?P<signal>[^\n]+)\n)?"
    rb"(?:subprocess exited with status \d+\n)*Error: (?:exit status|while running)[^\n]*\n?\Z"
)
_NOT_BEGUN = re.compile(_NO_COPY.encode(), re.MULTILINE)
_NO_USER = re.compile(rb"Error: (?P<error>determining run uid: [^\n]*)\n?\Z")
_TROUBLE = re.compile(r"^(?:Error|error|time=)")


def instructions(lines: Sequence[str], times: Sequence[float] = ()) -> tuple[InstructionRun, ...]:
    """The instructions that a build went through, FROM left out.

    Buildah prints no seconds: they pass between its lines, which came at `times`; one more than lines, the last is
    the end. Writing the layer counts to the instruction that made it.
    """
    found: list[InstructionRun] = []
    open_since: int | None = None
    for at, line in enumerate(lines):
        step = _STEP.match(line)
        if step and open_since is not None:
            found[-1] = _timed(found[-1], times, open_since, at, len(lines))
            open_since = None
        if step and not step[1].startswith(_WITHOUT_WORK):
            found.append(InstructionRun(step[1], False, None))
            open_since = at
        elif open_since is not None and _CACHED.match(line):
            found[-1] = InstructionRun(found[-1].text, True, None)
    if open_since is not None:
        found[-1] = _timed(found[-1], times, open_since, len(lines), len(lines))
    return tuple(found)


def in_two_tries(first: Sequence[InstructionRun], again: Sequence[InstructionRun]) -> tuple[InstructionRun, ...]:
    """The instructions of a build that was tried again: what the second try has in its cache of the first, that made.

    Else a build after a change would be told to have taken from its cache what the change made anew.
    """
    kept = (
        before if now.cached and not before.cached and before.text == now.text else now
        for now, before in zip(again, first, strict=False)
    )
    return (*kept, *again[len(first) :])


def _timed(run: InstructionRun, times: Sequence[float], began: int, ended: int, lines: int) -> InstructionRun:
    if len(times) <= lines:
        return run
    return InstructionRun(run.text, run.cached, round(times[ended] - times[began], 3))


def failed_by_itself(lines: Sequence[str]) -> bool:
    """Whether a build failed at what may go well the next time, and at nothing that the Dockerfile says.

    Another process took a cached image out of the store while it was looked at; or a RUN's root could not be entered
    (buildah's chroot/run.go; its own tests meet that now and then, issue 3710), or the copy of itself that enters it
    not be sealed, which Linux refuses while somebody holds a page of it (containers/storage, pkg/unshare/unshare.c;
    fcntl(2), F_ADD_SEALS, EBUSY). So its command never began.
    """
    return any(_NEXT_TIME.search(line) for line in lines[-5:])


def never_began(code: int, out: bytes, errors: bytes) -> bool:
    """Whether a container ended before its application began, for want of a sealed copy of buildah (see above)."""
    return code == 1 and not out and len(errors) < 1000 and _NOT_BEGUN.search(errors) is not None


def failure(code: int, lines: Sequence[str]) -> CouldNot | UsageError:
    """The error that a failed build's last lines speak of; `lines` are redacted already."""
    errors = [line for line in lines if _TROUBLE.match(line)]
    text = "\n".join(errors or lines[-5:])
    last = next((m[1] for m in map(_STEP.match, reversed(lines)) if m), "")
    log = "\n".join(lines[-12:])
    if code < 0:
        return EngineError(f"buildah was killed by signal {-code}", hint="run again; --resume goes on from here")
    if _DISK_FULL.search("\n".join(lines[-40:])):
        return DiskError(
            "no space left while building",
            hint="free some space where images and temporary files lie; see `buildah info`, TMPDIR",
        )
    target = _NO_TARGET.search(text)
    if target:
        return UsageError(f"there is no stage called {target[1]}", hint="name one of the Dockerfile's stages")
    if not last and (secret := _NO_SECRET.search(text)):
        return UsageError(f"a --secret cannot be used: {secret[1]}", hint="write --secret id=NAME,src=FILE")
    if not last and "cannot set --network other than host" in text:
        return UsageError(
            "it builds with the network of this machine alone: that is what chroot isolation can do",
            hint="leave --network out, or use --engine docker",
        )
    if not last and (flag := _NO_FLAG.search(text)):
        return UsageError(
            f"the builder does not take this: {flag[1]}", hint="what follows `--` goes to its build command"
        )
    if last.startswith("FROM ") or not last:
        if _NO_BASE.search(text):
            base = last.removeprefix("FROM ").split(" ")[0] or "the base image"
            if _NO_TAG.search(text):
                return BuildFailed(
                    f"the registry has no {base}",
                    hint="the tag was never there, or is gone: look at the tags that its page lists",
                    log=log,
                )
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


def ended(code: int, errors: bytes) -> ContainerState:
    """How a container ended; `errors` is the end of its stderr, `code` what buildah itself ended with.

    buildah answers 1 for a command that is not there and for one that a signal ended; its last words tell which.
    125 (no such user), 126 (not executable), 127 (not found), 128 + N (died of signal N) are what docker says.
    """
    added = _ADDED.search(errors) if code > 0 else None
    nobody = _NO_USER.search(errors) if code > 0 else None
    if nobody:
        return ContainerState(Phase.EXITED, 125, nobody["error"].decode("utf-8", "replace"))
    if added and added["error"] is not None:
        error = added["error"].decode("utf-8", "replace").strip()
        return ContainerState(Phase.EXITED, 126 if "permission denied" in error else 127, error)
    if added and added["signal"] is not None:
        name = added["signal"].decode("utf-8", "replace").lower()
        number = _SIGNALS.get(name) or int(name.removeprefix("signal ") if name[7:].isdigit() else 0)
        return ContainerState(Phase.EXITED, 128 + number)
    return ContainerState(Phase.EXITED, code if code >= 0 else 128 - code)


def without_added(errors: bytes) -> bytes:
    """stderr of a container that ended, without what buildah adds at its end."""
    match = _ADDED.search(errors)
    return errors[: match.start()] if match else errors


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
