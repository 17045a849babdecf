"""Two observations of the original -> checks: only what was equal in every sample becomes one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jettison.contract.compare import is_text, learn
from jettison.contract.http import NO_ANSWER, Address, Answer
from jettison.contract.model import Check, Strength
from jettison.contract.observe import Observation
from jettison.engine.model import ProcessFacts

_NEVER_WRITTEN = re.compile(
    rb"__pycache__|\.pyc$|^/tmp/|^/var/tmp/|^/dev/|^/proc/|^/run/|^/var/run/|\.pid$|\.sock$|/\.npm/|update-notifier"
    rb"|^/var/cache/"
)

_COMPLAINT = re.compile(
    rb"^(?:usage:|.{0,40}\b(?:error|fatal|panic|not found|no such file|cannot|permission denied)\b)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Learnt:
    """Checks, and what could not become one, in words."""

    checks: tuple[Check, ...]
    unsteady: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def exercised(checks: Sequence[Check]) -> int:
    """Distinct good answers of strength 2 and up: thirty addresses that give one body count once."""
    return len({mark for check in checks if check.decides for mark in _mark(check)})


def _mark(check: Check) -> Iterator[tuple[Any, ...]]:
    if check.strength < Strength.ANSWERS:
        return
    if check.kind not in ("http", "probe"):
        yield check.key
        return
    expected = check.expected
    if expected.get("status", 200) >= 400:
        return
    if expected.get("location"):
        yield "to", expected["location"].partition("?")[0]
        return
    body = expected.get("body") or {}
    kind = body.get("compare", "none")
    if kind == "none":  # bodies that move cannot be told apart
        yield "unsteady", expected.get("type")
    else:
        shown = body.get("normal") or body.get("sha256") or tuple(body.get("parts", ())) or body.get("size")
        yield kind, shown or body.get("text")


def start_checks(one: Observation, two: Observation) -> Learnt:
    """That it runs, on which ports, as whom."""
    checks = [Check("start", "starts and keeps running", Strength.STARTS, "running")]
    reach = [(key, how) for key, how in sorted(one.reach.items()) if two.reach.get(key) == how]
    notes = []
    for (protocol, port), how in reach:
        checks.append(
            Check("port", f"{protocol} {port}", Strength.STARTS, {"protocol": protocol, "port": port, "reach": how})
        )
        if how == "loopback":
            notes.append(f"port {port} is bound to 127.0.0.1 and cannot be reached from outside the container")
    moved = sorted({port for protocol, port in set(one.reach) ^ set(two.reach) if protocol == "tcp"})
    if moved:
        notes.append(f"not the same port in both starts, so not checked: {', '.join(map(str, moved))}")
    if one.process and two.process:
        who = identity(one.process)
        if who == identity(two.process):
            checks.append(Check("user", f"runs as uid {who['uid']}, gid {who['gid']}", Strength.STARTS, who))
    return Learnt(tuple(checks), (), tuple(notes))


def identity(process: ProcessFacts) -> dict[str, Any]:
    """Who a process runs as. Root has no groups here: they let it do nothing that it may not do anyway, and each
    distribution gives it others (Alpine ten, Debian none)."""
    groups = list(process.groups) if process.uid else []
    return {"uid": process.uid, "gid": process.gid, "groups": groups}


def is_complaint(output: bytes) -> bool:
    """Whether what a program printed before it ended is an error message or its usage."""
    return _COMPLAINT.search(output[:4096]) is not None


def exit_checks(one: Observation, two: Observation) -> Learnt:
    """What a program that ends returns and prints."""
    checks = [Check("exit", "exit code", Strength.STARTS, one.state.code)]
    good = one.state.code == 0 and not is_complaint(one.logs[0] or one.logs[1])
    for index, name in enumerate(("stdout", "stderr")):
        samples = [one.logs[index], two.logs[index]]
        learnt = learn(samples)
        if any(samples) and learnt["compare"] != "none":
            tells = good and (name == "stdout" or not one.logs[0])
            strength = Strength.ANSWERS if tells else Strength.STARTS
            checks.append(Check("output", name, strength, learnt))
    return Learnt(tuple(checks))


def http_checks(one: Observation, two: Observation, probes: frozenset[Address] = frozenset()) -> Learnt:
    """One check an address whose status and type were the same in all samples."""
    checks, unsteady = [], []
    for address, samples in one.answers.items():
        if samples[0].error == NO_ANSWER:  # it waits for something: that it answers later is no failure
            unsteady.append(f"{address} ({NO_ANSWER})")
            continue
        every = (*samples, *two.answers.get(address, ()))
        if len({_outline(answer) for answer in every}) > 1:
            unsteady.append(f"{address} ({_moves(every)})")
            continue
        checks.append(http_check(address, every, user=address in probes))
    return Learnt(tuple(checks), tuple(unsteady))


def http_check(address: Address, samples: Sequence[Answer], *, user: bool = False) -> Check:
    """The check that these samples of one address make."""
    first = samples[0]
    expected: dict[str, Any] = {"port": address.port, "path": address.path}
    if address.loopback:
        expected["loopback"] = True
    if address.host != "localhost":
        expected["host"] = address.host
    if first.error:
        expected["error"] = first.error
        strength = Strength.STARTS
    else:
        expected |= {"status": first.status, "type": first.type, "cookies": list(first.cookies)}
        if first.location:
            expected["location"] = first.location
        expected["body"] = _body(samples)
        strength = Strength.ANSWERS if first.status < 500 else Strength.STARTS
    if user:
        return Check("probe", str(address), Strength.EXERCISED, expected, None, "user")
    return Check("http", str(address), strength, expected)


def _body(samples: Sequence[Answer]) -> dict[str, Any]:
    if not all(answer.complete for answer in samples):
        return {"compare": "none"}
    return learn([answer.body for answer in samples], text=is_text(samples[0].type, samples[0].body))


def _outline(answer: Answer) -> tuple[Any, ...]:
    return answer.error, answer.status, answer.type, answer.location.partition("?")[0], answer.cookies


def _moves(samples: Sequence[Answer]) -> str:
    seen = sorted({answer.error or str(answer.status) for answer in samples})
    return f"answered {', then '.join(seen)}" if len(seen) > 1 else "its type, cookies or target moved"


def health_checks(one: Observation, two: Observation, command: Sequence[str] | None) -> Learnt:
    """That the HEALTHCHECK's command ends with 0, where it did in both starts."""
    if command is None or one.health is None or two.health is None:
        return Learnt(())
    if one.health.code or two.health.code:
        return Learnt((), (), ("the HEALTHCHECK fails on the original, so it is not checked",))
    return Learnt((Check("health", "HEALTHCHECK", Strength.ANSWERS, {"command": list(command), "code": 0}),))


def written_checks(one: Observation, two: Observation) -> Learnt:
    """Directories that the application wrote to in both starts."""
    if one.written is None or two.written is None:
        return Learnt(())
    both = {_directory(p) for p in one.written if not _NEVER_WRITTEN.search(p)}
    both &= {_directory(p) for p in two.written if not _NEVER_WRITTEN.search(p)}
    return Learnt(tuple(Check("written", directory, Strength.STARTS, True) for directory in sorted(both)))


def _directory(path: bytes) -> str:
    return path.rpartition(b"/")[0].decode("utf-8", "surrogateescape") or "/"


def stop_checks(one: Observation) -> Learnt:
    """0 or 143 when asked to stop: that it obeys is worth knowing; it warns, it does not decide."""
    if one.stopped is None or one.stopped[0] not in (0, 143):
        return Learnt(())
    return Learnt((Check("stop", "ends when asked to", Strength.STARTS, one.stopped[0], decides=False),))


def version_checks(one: Observation, config_word: str) -> Learnt:
    """major.minor of the runtime that the entry point is; it explains."""
    if one.version is None or one.version.code != 0 or not config_word:
        return Learnt(())
    version = version_in(one.version.stdout + one.version.stderr)
    if not version:
        return Learnt(())
    expected: Mapping[str, str] = {"command": config_word, "version": version}
    return Learnt((Check("version", f"{config_word} --version", Strength.STARTS, expected, decides=False),))


def version_in(output: bytes) -> str:
    """major.minor of the first version that is printed."""
    match = re.search(rb"(\d+)\.(\d+)", output)
    return f"{match[1].decode()}.{match[2].decode()}" if match else ""
