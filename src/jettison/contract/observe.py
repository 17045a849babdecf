"""One start of an image, watched: what it opened, answered, printed and wrote."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from jettison.contract import crawl as crawling
from jettison.contract.http import NO_ANSWER, Address, Answer, get
from jettison.contract.probe import probe_address
from jettison.contract.readiness import CAP, Settled, own_listeners, settle
from jettison.engine.model import (
    ContainerState,
    Engine,
    Finished,
    Listener,
    Opened,
    Phase,
    ProcessFacts,
    RunOptions,
    Sandbox,
)
from jettison.image.model import Image
from jettison.image.tree import Tree, merge
from jettison.subject import Observed

STOP_GRACE = 4.0
HEALTH_PATIENCE = 10.0
COMMAND_SECONDS = 600.0
VERSION_SECONDS = 5.0
RUNTIMES = {"python", "python3", "node", "java", "nginx", "ruby", "php", "gunicorn", "tini", "perl", "deno", "bun"}
_EPHEMERAL = 32768  # Documentation/networking/ip-sysctl: ip_local_port_range
_PLAIN = re.compile(r"[\w@%+:,./=-]+(?: [\w@%+:,./=-]+)*")
_OF_SHELLS = {  # what a shell does itself, though there may be a program of that name
    ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "echo", "eval", "exec", "exit", "export",
    "false", "fg", "for", "getopts", "hash", "if", "jobs", "kill", "local", "printf", "pwd", "read", "readonly",
    "return", "set", "shift", "source", "test", "time", "times", "trap", "true", "type", "ulimit", "umask", "unalias",
    "unset", "until", "wait", "while",
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """An image that can be started; `label` is the run that its containers belong to."""

    engine: Engine
    image_id: str
    image: Image
    label: str = ""

    @cached_property
    def tree(self) -> Tree:
        """The image's merged tree."""
        return merge(self.image.layers)


@dataclass(frozen=True)
class Plan:
    """What to do with one start."""

    environment: Mapping[str, str] = field(default_factory=dict)
    addresses: Sequence[Address] | None = None  # None: crawl
    extra: Sequence[str] = ()  # paths to crawl besides
    probes: Sequence[str] = ()  # what the user wants asked besides
    asks: int = 1
    health: Sequence[str] | None = None
    health_timeout: float = 30.0
    commands: Sequence[str] = ()
    version_of: str = ""  # the entry point's executable
    stop: bool = False
    cap: float = CAP
    ports: frozenset[int] | None = None  # TCP ports to wait for; None: those that the image says it exposes
    watch: bool = False  # see which files it opens
    ends: bool = False  # it is expected to end by itself, and waited for


@dataclass(frozen=True)
class Observation:
    """What one start did. `answers[address]` holds one answer for each time it was asked."""

    settled: Settled
    state: ContainerState  # once settled
    state_after: ContainerState  # once everything was asked
    listeners: frozenset[Listener]
    process: ProcessFacts | None
    answers: Mapping[Address, tuple[Answer, ...]]
    health: Finished | None
    commands: Mapping[str, Finished]
    written: frozenset[bytes] | None
    version: Finished | None
    logs: tuple[bytes, bytes]
    stopped: tuple[int, float] | None  # exit code after the stop signal, seconds
    opened: tuple[Opened, ...] = ()  # of each container, where it was watched
    watched: bool = False  # whether all of them were, and nothing but the engine's own is mounted in them
    notes: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        return self.state.phase is Phase.RUNNING

    @property
    def reach(self) -> dict[tuple[str, int], str]:
        """(tcp or udp, port) -> "any", or "loopback" where nothing from outside can reach it."""
        return reach_of(self.listeners)

    @property
    def observed(self) -> Observed:
        """The same for advice: files, ports and the user's number; files only where a container was watched."""
        return Observed(
            executed=frozenset().union(*(each.executed for each in self.opened)),
            opened=frozenset().union(*(each.files for each in self.opened)),
            listened=frozenset(one.port for one in self.listeners),
            user=str(self.process.uid) if self.process is not None else "",
            whole=self.watched and all(each.whole for each in self.opened),
        )


def reach_of(listeners: frozenset[Listener]) -> dict[tuple[str, int], str]:
    """(tcp or udp, port) -> "any" or "loopback". UDP ports in the ephemeral range are resolvers' sockets."""
    found: dict[tuple[str, int], str] = {}
    for one in listeners:
        protocol = one.protocol[:3]
        if protocol == "udp" and one.port >= _EPHEMERAL:
            continue
        only_inside = one.address.startswith("127.") or one.address in ("::1", "::ffff:127.0.0.1")
        if found.get((protocol, one.port)) != "any":
            found[protocol, one.port] = "loopback" if only_inside else "any"
    return found


def _exposed(image: Image) -> frozenset[int]:
    """TCP ports of the config's ExposedPorts (OCI image-spec, `config.md`: "port/tcp", "port/udp", "port")."""
    told = image.runtime.get("ExposedPorts")
    found = (re.fullmatch(r"(\d{1,5})(?:/tcp)?", str(key)) for key in (told if isinstance(told, dict) else ()))
    return frozenset(int(match[1]) for match in found if match)


def observe(target: Target, plan: Plan) -> Observation:
    """Start, wait until ready, ask, look, end. Raises EngineError where no container can be made."""
    options = RunOptions(environment=plan.environment, label=target.label, watch=plan.watch)
    with target.engine.start(target.image_id, options) as sandbox:
        expected = plan.ports if plan.ports is not None else _exposed(target.image)
        settled = settle(sandbox, cap=plan.cap, expected=expected, ends=plan.ends)
        state = sandbox.state()
        process = sandbox.process() if state.phase is Phase.RUNNING else None
        listeners = own_listeners(sandbox)
        running = state.phase is Phase.RUNNING
        health = _health(sandbox, plan) if running and plan.health else None
        notes: list[str] = []
        answers = _ask(sandbox, plan, listeners, notes) if running else {}
        written = sandbox.written()
        after = sandbox.state()
        logs = sandbox.logs()
        beside = after.phase is Phase.RUNNING
        commands = {line: run_command(sandbox, line) for line in plan.commands} if beside else {}
        version = None
        if running and plan.version_of and after.phase is Phase.RUNNING:
            flag = "-v" if plan.version_of.endswith("nginx") else "--version"
            version = sandbox.execute([plan.version_of, flag], timeout=VERSION_SECONDS)
        opened = [sandbox.opened()]
        stopped = _stop(sandbox) if plan.stop and after.phase is Phase.RUNNING else None
    if not beside:
        alone = {line: _run_alone(target, options, line) for line in plan.commands}
        commands = {line: finished for line, (finished, _) in alone.items()}
        opened += [each for _, each in alone.values()]
    return Observation(
        settled=settled,
        state=state,
        state_after=after,
        listeners=listeners,
        process=process,
        answers=answers,
        health=health,
        commands=commands,
        written=written,
        version=version,
        logs=logs,
        stopped=stopped,
        opened=tuple(each for each in opened if each is not None),
        # a volume is a file system of its own, which a watch on the container's does not see
        watched=None not in opened and not target.image.runtime.get("Volumes"),
        notes=tuple(notes),
    )


def run_command(sandbox: Sandbox, line: str) -> Finished:
    """A `--check` command, as a shell would run it."""
    return sandbox.execute(words_of(line), timeout=COMMAND_SECONDS)


def words_of(line: str) -> tuple[str, ...]:
    """What is started for a `--check`: the program itself where a shell would do nothing but that.

    So that what can be asked of the original can be asked of it upon a base without a shell, too.
    """
    words = tuple(line.split(" "))
    if _PLAIN.fullmatch(line) and words[0] not in _OF_SHELLS and "=" not in words[0]:
        return words
    return ("/bin/sh", "-c", line)


def _run_alone(target: Target, options: RunOptions, line: str) -> tuple[Finished, Opened | None]:
    """A `--check` command in a container of its own, for images whose program has ended; what it opened."""
    alone = replace(options, command=words_of(line))
    with target.engine.start(target.image_id, alone) as sandbox:
        deadline = time.monotonic() + COMMAND_SECONDS
        while sandbox.state().phase is Phase.RUNNING and time.monotonic() < deadline:
            time.sleep(0.05)
        state = sandbox.state()
        timed_out = state.phase is Phase.RUNNING
        finished = Finished(124 if timed_out else state.code or 0, *sandbox.logs(), timed_out=timed_out)
        return finished, sandbox.opened()


def _stop(sandbox: Sandbox) -> tuple[int, float]:
    began = time.monotonic()
    state = sandbox.stop(STOP_GRACE)
    return (state.code if state.code is not None else -1), time.monotonic() - began


def _health(sandbox: Sandbox, plan: Plan) -> Finished:
    """The health check's command, now; asked again for ten seconds where it fails, as an engine retries it."""
    assert plan.health is not None
    deadline = time.monotonic() + HEALTH_PATIENCE
    while True:
        finished = sandbox.execute(plan.health, timeout=plan.health_timeout)
        if finished.code == 0 or time.monotonic() > deadline or sandbox.state().phase is Phase.EXITED:
            return finished
        time.sleep(0.5)


def _ask(
    sandbox: Sandbox, plan: Plan, listeners: frozenset[Listener], notes: list[str]
) -> dict[Address, tuple[Answer, ...]]:
    answers: dict[Address, list[Answer]] = {}
    if plan.addresses is None:
        for base in _bases(listeners):
            host = _host(sandbox, base, plan.environment)
            crawled = crawling.crawl(sandbox, Address(base.port, "/", base.loopback, host), plan.extra)
            if crawled.cut:
                notes.append(f"port {base.port}: {crawled.cut}")
            answers |= {address: [answer] for address, answer in crawled.answers}
        reach = reach_of(listeners)
        for address in (probe_address(text, reach) for text in plan.probes):
            answers.setdefault(address, [get(sandbox, address)])
    else:
        answers = {address: [answer] for address, answer in _in_turn(sandbox, plan.addresses)}
    for _ in range(plan.asks - 1):
        for address, samples in answers.items():
            samples.append(samples[0] if samples[0].error else get(sandbox, address))
    return {address: tuple(samples) for address, samples in answers.items()}


def _in_turn(sandbox: Sandbox, addresses: Sequence[Address]) -> Iterator[tuple[Address, Answer]]:
    """Each address with its answer; where several in a row keep silent, the rest is not waited for."""
    silent = 0
    for address in addresses:
        answer = get(sandbox, address) if silent < crawling.TIMEOUTS else Answer(error=NO_ANSWER)
        silent = silent + 1 if answer.error == NO_ANSWER else 0
        yield address, answer


def _bases(listeners: frozenset[Listener]) -> list[Address]:
    """TCP ports in order, through loopback where nothing else reaches them."""
    reach = sorted(reach_of(listeners).items())
    return [Address(port, "/", how == "loopback") for (protocol, port), how in reach if protocol == "tcp"]


def _host(sandbox: Sandbox, base: Address, environment: Mapping[str, str]) -> str:
    """The Host header that this application takes: localhost, unless that is a 400 and another is not."""
    if get(sandbox, base).status != 400:
        return base.host
    allowed = [value for key, value in environment.items() if "ALLOWED_HOSTS" in key.upper()]
    names = [name for value in allowed for name in re.split(r"[\s,\[\]'\"]+", value) if re.fullmatch(r"[\w.-]+", name)]
    for name in ["127.0.0.1", *names]:
        if get(sandbox, Address(base.port, "/", base.loopback, name)).status != 400:
            return name
    return base.host


def health_command(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What HEALTHCHECK runs; None where there is none (moby `image/spec/spec.md`, Healthcheck)."""
    test = list((config.get("Healthcheck") or {}).get("Test") or [])
    if not test or test[0] == "NONE":
        return None
    if test[0] == "CMD-SHELL":
        shell = list(config.get("Shell") or ["/bin/sh", "-c"])
        return (*shell, *test[1:])
    return tuple(test[1:]) if test[0] == "CMD" else None


def runtime_of(config: Mapping[str, Any]) -> str:
    """The entry executable, where it is a runtime whose `--version` means something; else empty."""
    words = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    if not words:
        return ""
    name = str(words[0]).rpartition("/")[2]
    return str(words[0]) if name in RUNTIMES or re.fullmatch(r"python3?\.\d+", name) else ""
