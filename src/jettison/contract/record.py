"""The contract of an image, recorded from two fresh starts without being told anything.

What was equal in every sample becomes a check; what exercises nothing is refused, because it would pass anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from jettison.contract import checks as checking
from jettison.contract import static
from jettison.contract.http import NO_ANSWER, Address
from jettison.contract.model import Check, Contract, RecordOptions, Strength
from jettison.contract.normalise import log_lines
from jettison.contract.observe import Observation, Plan, Target, health_command, observe, runtime_of
from jettison.contract.probe import probe_address
from jettison.contract.refusal import refuse_command, refuse_empty, refuse_probe, refuse_unsteady, service_line
from jettison.contract.routes import mined_routes

Progress = Callable[[str], None]
_SHOWN = 6  # addresses named in a sentence


def record(target: Target, options: RecordOptions, progress: Progress | None = None) -> Contract:
    """Start twice, ask, and keep what was the same. Raises ContractError where that says nothing or moves."""
    config = target.image.runtime
    extra = mined_routes(target.tree, config)
    first = Plan(
        environment=options.environment,
        extra=extra,
        probes=options.probes,
        asks=2,
        health=health_command(config),
        commands=options.commands,
        version_of=runtime_of(config),
        stop=True,
    )
    if progress is not None:
        progress("first start")
    one = observe(target, first)
    probes = tuple(probe_address(text, one.reach) for text in options.probes)
    addresses = tuple(address for address, answers in one.answers.items() if answers[0].error != NO_ANSWER)
    if progress is not None:
        progress("second start")
    opened = frozenset(port for protocol, port in one.reach if protocol == "tcp")
    second = Plan(
        options.environment, addresses, asks=2, health=first.health, commands=options.commands, ports=opened,
        watch=True, ends=not one.runs,
    )  # fmt: skip
    two = observe(target, second)
    if one.runs and not one.listeners and not two.runs:  # it may have been given no processor in its first seconds
        one = observe(target, replace(first, ends=True))
    refuse_unsteady(one, two)
    learnt = list(_learn(target, one, two, frozenset(probes)))
    checks = tuple(check for each in learnt for check in each.checks)
    checks += tuple(_commands(options.commands, one, two)) + tuple(_static(target, one))
    _require_probes(checks, probes, one, two)
    exercised = checking.exercised(checks)
    if not exercised:
        refuse_empty(one, two)
    unsteady = [sentence for each in learnt for sentence in each.unsteady]
    return Contract(
        checks=checks,
        exercised=exercised,
        not_exercised=(*_moving(checks), *_not_exercised(extra, one, unsteady)),
        notes=tuple(note for each in learnt for note in each.notes) + one.notes,
        engine=target.engine.name,
        environment=options.environment,
        environment_keys=tuple(options.environment),
        start_seconds=one.settled.seconds if one.settled.in_time else None,
        log=tuple(log_lines(*one.logs, *two.logs).values()),
        observed=two.observed,
    )


def _learn(target: Target, one: Observation, two: Observation, probes: frozenset[Address]) -> Iterator[checking.Learnt]:
    config = target.image.runtime
    if not one.runs:
        yield checking.exit_checks(one, two)
        return
    yield checking.start_checks(one, two)
    yield checking.health_checks(one, two, health_command(config))
    yield checking.http_checks(one, two, probes)
    yield checking.written_checks(one, two)
    yield checking.stop_checks(one)
    yield checking.version_checks(one, runtime_of(config))


def _commands(lines: Sequence[str], one: Observation, two: Observation) -> Iterator[Check]:
    """A check for each `--check`; the original must pass it in both starts."""
    for line in lines:
        for observation in (one, two):
            finished = observation.commands[line]
            if finished.code != 0:
                refuse_command(line, finished)
        yield Check("command", line, Strength.EXERCISED, {"code": 0}, None, "user")


def _static(target: Target, one: Observation) -> Iterator[Check]:
    config = target.image.runtime
    yield from static.config_checks(config)
    if one.process is not None:
        groups = frozenset((one.process.gid, *one.process.groups))
        yield from static.writable_checks(target.tree, config, one.process.uid, groups)


def _require_probes(checks: Sequence[Check], probes: Sequence[Address], one: Observation, two: Observation) -> None:
    """Each probe must have become a check that shows something."""
    made = {check.what: check for check in checks if check.kind == "probe"}
    for probe in probes:
        check = made.get(str(probe))
        if check is None or check.expected.get("error") or check.expected.get("status", 0) >= 500:
            refuse_probe(probe, (*one.answers.get(probe, ()), *two.answers.get(probe, ())))


def _moving(checks: Sequence[Check]) -> Iterator[str]:
    """Addresses of which only status and type are compared."""
    bodies = [
        (check.expected["path"], check.expected.get("body")) for check in checks if check.kind in ("http", "probe")
    ]
    moving = [path for path, body in bodies if body is not None and body.get("compare") == "none"]
    if moving:
        yield f"the content of {len(moving)} addresses, which moves too much to be compared: {_some(moving)}"


def _not_exercised(extra: Sequence[str], one: Observation, unsteady: Sequence[str]) -> Iterator[str]:
    """What nobody looked at, in words."""
    missing = [address.path for address, answers in one.answers.items() if answers[0].status == 404]
    missing = [path for path in dict.fromkeys(missing) if path in extra]
    if missing:
        yield f"{_counted(missing, 'route')} named in the sources that answered 404: {_some(missing)}"
    broken = [address.path for address, answers in one.answers.items() if answers[0].status >= 500]
    if broken:
        answer = "answer" if len(broken) > 1 else "answers"
        yield f"{_counted(broken, 'address')} that {answer} with a server's error: {_some(broken)}"
    if unsteady:
        answer = "do not answer" if len(unsteady) > 1 else "does not answer"
        yield f"{_counted(unsteady, 'address')} that {answer}, or differently each time: {_some(list(unsteady))}"
    if one.answers:
        yield "requests other than GET, pages behind a login, outgoing connections"
    waits = service_line(one)
    if waits:
        yield f"another service that it looks for: {waits}"


def _counted(items: Sequence[str], word: str) -> str:
    """`1 route`, `2 addresses`."""
    many = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{len(items)} {word if len(items) == 1 else many}"


def _some(items: Sequence[str]) -> str:
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
