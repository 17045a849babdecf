"""A contract replayed on another image: one start, the same questions in the same order.

A failure is believed only where a second fresh start repeats it and the original still passes; what is not
believed leaves the contract for the rest of the run. A start that fell as a whole tells nothing of single checks:
then three starts are made, and the two that went alike count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from jettison.contract import static
from jettison.contract.checks import exercised, identity, version_in
from jettison.contract.compare import difference
from jettison.contract.crawl import TIMEOUTS
from jettison.contract.declared import accepting, on_purpose, takes, withdrawn
from jettison.contract.http import NO_ANSWER, Address
from jettison.contract.model import KINDS, Check, Contract, Outcome, Replay
from jettison.contract.normalise import log_lines
from jettison.contract.observe import Observation, Plan, Target, health_command, observe
from jettison.contract.readiness import CAP
from jettison.contract.refusal import last_line
from jettison.core.errors import ContractError
from jettison.core.redact import MASK
from jettison.engine.model import Finished, Phase

SLOWER = 4  # a candidate may take so many times the original's time to start
_NEW_IN_LOG = "new in its log: "
_WHOLE = {"start", "exit", "port"}
_STATIC = {"config", "environment", "closure", "writable"}  # the same each time: no second start is needed


def replay(contract: Contract, target: Target, *, stop: bool = False, watch: bool = False) -> Replay:
    """Every check of the contract on one fresh start; `stop` asks it to end as well, which may take four seconds.

    `watch` sees which files it opens.
    """
    observation = observe(target, replace(replay_plan(contract, target, stop=stop), watch=watch))
    seen = _Seen(contract, target, observation)
    outcomes = sorted((_outcome(seen, check) for check in contract.checks), key=_cause)
    reason = seen.telling_line
    notes = (_NEW_IN_LOG + reason,) if reason else ()
    seconds = observation.settled.seconds
    started = seconds if observation.runs else None
    return _explained(Replay(tuple(outcomes), seconds, started, notes, observation.observed))


def _explained(answer: Replay) -> Replay:
    """The same, the new log line that tells most told with the first failure."""
    reason = next((note.removeprefix(_NEW_IN_LOG) for note in answer.notes if note.startswith(_NEW_IN_LOG)), "")
    first = next(iter(answer.failures), None)
    if first is None or not reason or reason in first.evidence:
        return answer
    told = replace(first, evidence=f"{first.evidence} (log: {reason})")
    return replace(answer, outcomes=tuple(told if outcome is first else outcome for outcome in answer.outcomes))


def judge(
    contract: Contract, candidate: Target, original: Target, *, stop: bool = False, declares: Sequence[str] = ()
) -> tuple[Replay, Contract]:
    """The verdict on a candidate, and the contract without the checks that turned out unsteady.

    `declares` are the keys of the config that the candidate changes on purpose; where it is right otherwise, the
    contract that comes back takes them too. Raises ContractError where no steady check that exercises anything is left.
    """
    given = accepting(contract, declares, candidate.image.runtime)
    answer, steady = _judge(given, candidate, original, stop=stop)
    return answer, steady if answer.held else withdrawn(steady, contract)


def _judge(contract: Contract, candidate: Target, original: Target, *, stop: bool) -> tuple[Replay, Contract]:
    pool = ThreadPoolExecutor(1)  # an application that starts is mostly waited for: its files are read meanwhile
    try:
        reading = pool.submit(
            lambda: tuple(static.lost(original, candidate, _on_purpose(contract, candidate, original)))
        )
        first = replay(contract, candidate, stop=stop)
        lost = reading.result()
    finally:
        pool.shutdown(wait=False)
    if first.held:
        return _with(first, lost), contract
    doubted = _doubted(first)
    if not doubted:
        return _with(first, lost), contract
    first, second, odd = _two_alike(contract, candidate, first)
    contract = _told(contract, odd)
    doubted = _doubted(first)
    repeated = {outcome.check.key for outcome in second.failures}
    unsteady = doubted - repeated
    if doubted & repeated:
        again = replay(contract, original)
        if _fell(again):
            again = replay(contract, original)
        unsteady |= {outcome.check.key for outcome in again.failures}
    steady = _without(contract, unsteady) if unsteady else contract
    outcomes = tuple(outcome for outcome in first.outcomes if outcome.check.key not in unsteady)
    return _with(_explained(replace(first, outcomes=outcomes)), lost), steady


def _doubted(answer: Replay) -> set[tuple[str, str]]:
    """What failed and need not fail again."""
    return {outcome.check.key for outcome in answer.failures if outcome.check.kind not in _STATIC}


def _two_alike(contract: Contract, candidate: Target, first: Replay) -> tuple[Replay, Replay, Replay | None]:
    """Two starts that fell as a whole, or two that did not, and the odd one of three where it took a third."""
    second = replay(contract, candidate)
    if _fell(first) == _fell(second):
        return first, second, None
    third = replay(contract, candidate)
    fallen, stood = (first, second) if _fell(first) else (second, first)
    return (fallen, third, stood) if _fell(third) else (stood, third, fallen)


def _told(contract: Contract, odd: Replay | None) -> Contract:
    """The contract with a note of a start that fell, where two others did not."""
    if odd is None or not _fell(odd):
        return contract
    first = odd.failures[0]
    note = f"one start of three fell, and was not counted: {first.check.what}: {first.evidence}"
    return contract if note in contract.notes else replace(contract, notes=(*contract.notes, note))


def _fell(answer: Replay) -> bool:
    """Whether it did not start, or a port stayed closed or silent: whatever else failed then followed from that."""
    silent = sum(outcome.evidence.startswith(NO_ANSWER) for outcome in answer.failures)
    return silent >= TIMEOUTS or any(outcome.check.kind in _WHOLE for outcome in answer.failures)


def _on_purpose(contract: Contract, candidate: Target, original: Target) -> Mapping[str, Any]:
    return on_purpose(contract, original.image.runtime, candidate.image.runtime)


def _with(answer: Replay, lost: tuple[Outcome, ...]) -> Replay:
    return replace(answer, outcomes=tuple(sorted((*answer.outcomes, *lost), key=_cause)))


def _without(contract: Contract, unsteady: set[tuple[str, str]]) -> Contract:
    checks = tuple(check for check in contract.checks if check.key not in unsteady)
    left = exercised(checks)
    names = ", ".join(sorted(what for _, what in unsteady))
    if not left:
        raise ContractError(
            f"the original's behaviour is not steady: {names}",
            hint="give --check CMD or --probe URL for something that stays the same, or --build-only",
        )
    note = f"dropped as unsteady, the original failed it too or a second start did not: {names}"
    return replace(contract, checks=checks, exercised=left, notes=(*contract.notes, note))


def replay_plan(contract: Contract, target: Target, *, stop: bool = False) -> Plan:
    """What to do with a start of this target to see whether it holds the contract."""
    of_kind: dict[str, list[Check]] = {}
    for check in contract.checks:
        of_kind.setdefault(check.kind, []).append(check)
    health = next((check.expected["command"] for check in of_kind.get("health", ())), None)
    if health is not None:  # its own, as an engine does: that it is the recorded one is the config's check
        health = health_command(target.image.runtime) or health
    version = next((check.expected["command"] for check in of_kind.get("version", ())), "")
    asked = [check for check in contract.checks if check.kind in ("http", "probe")]
    ports = [check.expected for check in of_kind.get("port", ())]
    return Plan(
        environment=contract.environment,
        addresses=tuple(_address(check.expected) for check in asked),
        health=health,
        commands=tuple(check.what for check in of_kind.get("command", ())),
        version_of=version,
        stop=stop and "stop" in of_kind,
        cap=max(CAP, SLOWER * (contract.start_seconds or 0.0)),
        ports=frozenset(each["port"] for each in ports if each["protocol"] == "tcp"),
        ends="exit" in of_kind,
    )


def _address(expected: Any) -> Address:
    return Address(
        expected["port"], expected["path"], expected.get("loopback", False), expected.get("host", "localhost")
    )


def _cause(outcome: Outcome) -> tuple[int, int]:
    """Causes first: a port that is gone explains all its addresses; `/` comes before what it leads to."""
    check = outcome.check
    first = check.kind == "http" and check.expected["path"] == "/"
    return KINDS.index(check.kind), 0 if first else 1


@dataclass(frozen=True)
class _Seen:
    """A candidate's start, beside what it is held against."""

    contract: Contract
    target: Target
    observation: Observation

    @cached_property
    def telling_line(self) -> str:
        """The first log line that the original never printed, the rarest kind of line first; empty where none is."""
        known = log_lines("\n".join(self.contract.log).encode("utf-8", "replace"))
        hidden = [_around_secrets(line) for line in known if MASK in line]
        printed = log_lines(*self.observation.logs[::-1])
        new = [line for line in printed if line not in known and not any(each.fullmatch(line) for each in hidden)]
        for words in (("error", "cannot", "not found", "no such", "denied", "fail", "missing"), ("",)):
            for line in new:
                if any(word in line.lower() for word in words):
                    return printed[line][:300]
        return ""

    @cached_property
    def who(self) -> tuple[int, frozenset[int]]:
        """The uid and the groups that it runs as; root where nothing ran."""
        process = self.observation.process
        if process is None:
            return 0, frozenset({0})
        return process.uid, frozenset((process.gid, *process.groups))


def _around_secrets(line: str) -> re.Pattern[str]:
    """What a line was before its secrets were taken out."""
    return re.compile(".*".join(map(re.escape, line.split(MASK))))


def _outcome(seen: _Seen, check: Check) -> Outcome:
    evidence = _EVIDENCE[check.kind](seen, check)
    return Outcome(check, not evidence, evidence)


def _start(seen: _Seen, check: Check) -> str:
    observation = seen.observation
    for state in (observation.state, observation.state_after):
        if state.phase is Phase.EXITED:
            return f"ended with {state.code}: {state.error or last_line(observation)}"
    return ""


def _exit(seen: _Seen, check: Check) -> str:
    state = seen.observation.state
    if state.phase is Phase.RUNNING:
        return "keeps running"
    if state.code == check.expected:
        return ""
    return f"ended with {state.code}, was {check.expected}: {state.error or last_line(seen.observation)}"


def _port(seen: _Seen, check: Check) -> str:
    reach = seen.observation.reach.get((check.expected["protocol"], check.expected["port"]))
    if reach == check.expected["reach"]:
        return ""
    return "nobody listens" if reach is None else f"reached from {reach}, was {check.expected['reach']}"


def _user(seen: _Seen, check: Check) -> str:
    process = seen.observation.process
    if process is None:
        return "no process to look at"
    who, expected = identity(process), check.expected
    if expected["uid"] == 0:  # a contract of somebody's file may tell root's groups
        expected = {**expected, "groups": []}
    return "" if who == expected else f"runs as uid {process.uid}, gid {process.gid}, groups {who['groups']}"


def _health(seen: _Seen, check: Check) -> str:
    return _failed(seen.observation.health)


def _failed(finished: Finished | None) -> str:
    """How a command ended that had to end with 0; empty where it did."""
    if finished is None:
        return "could not be run"
    if finished.code == 0:
        return ""
    said = (finished.stderr or finished.stdout).decode("utf-8", "replace").strip().splitlines()
    return f"ended with {finished.code}" + (f": {said[-1][:200]}" if said else "")


def _output(seen: _Seen, check: Check) -> str:
    return difference(check.expected, seen.observation.logs[0 if check.what == "stdout" else 1])


def _http(seen: _Seen, check: Check) -> str:
    expected = check.expected
    answers = seen.observation.answers.get(_address(expected), ())
    if not answers:
        return "could not be asked"
    answer = answers[0]
    if answer.error or expected.get("error"):
        was = expected.get("error") or f"{expected['status']}"
        return "" if answer.error == expected.get("error", "") else f"{answer.error or answer.status}, was {was}"
    for name, now, before in (
        ("status", answer.status, expected["status"]),
        ("type", answer.type, expected.get("type")),
        ("redirect", _target(answer.location), _target(expected.get("location"))),
        ("cookies", list(answer.cookies), expected.get("cookies")),
    ):
        if before is not None and now != before:
            return f"{name} {now or 'none'}, was {before or 'none'}"
    if not answer.complete:
        known = expected["body"]["compare"] != "none"
        return f"the body was whole, and is cut after {len(answer.body)} bytes" if known else ""
    return difference(expected["body"], answer.body)


def _target(location: str | None) -> str | None:
    """A redirect's address without its query, which often holds where one came from."""
    return location.partition("?")[0] if location else None


def _command(seen: _Seen, check: Check) -> str:
    return _failed(seen.observation.commands.get(check.what))


def _written(seen: _Seen, check: Check) -> str:
    """Not written is no failure by itself: only where it could not be written any more."""
    written = seen.observation.written or frozenset()
    directory = check.what.encode("utf-8", "surrogateescape")
    if any(path.rpartition(b"/")[0] == directory for path in written):
        return ""
    may = static.may_write(seen.target.tree, directory.strip(b"/"), *seen.who)
    return "" if may else f"uid {seen.who[0]} may not write there any more"


def _writable(seen: _Seen, check: Check) -> str:
    path = check.what.encode("utf-8", "surrogateescape").strip(b"/")
    if path not in seen.target.tree:
        return "is gone"
    may = static.may_write(seen.target.tree, path, *seen.who)
    return "" if may else f"uid {seen.who[0]} may not write there any more"


def _config(seen: _Seen, check: Check) -> str:
    now = static.normal(check.what, seen.target.image.runtime.get(check.what))
    return "" if takes(check, now) else f"{now or 'none'}, was {check.expected or 'none'}"


def _environment(seen: _Seen, check: Check) -> str:
    value = static.variables(seen.target.image.runtime).get(check.expected["name"])
    now = None if value is None else {**check.expected, "sha256": static.digest(value)}
    if takes(check, now):
        return ""
    return "is not set any more" if now is None else "has another value"


def _stop(seen: _Seen, check: Check) -> str:
    stopped = seen.observation.stopped
    return "" if stopped is None or stopped[0] in (0, 143) else f"had to be killed ({stopped[0]})"


def _version(seen: _Seen, check: Check) -> str:
    finished = seen.observation.version
    now = version_in(finished.stdout + finished.stderr) if finished is not None else ""
    return "" if now == check.expected["version"] else f"{now or 'none'}, was {check.expected['version']}"


_EVIDENCE = {
    "start": _start,
    "exit": _exit,
    "port": _port,
    "user": _user,
    "health": _health,
    "output": _output,
    "http": _http,
    "probe": _http,
    "command": _command,
    "written": _written,
    "writable": _writable,
    "config": _config,
    "environment": _environment,
    "stop": _stop,
    "version": _version,
}
