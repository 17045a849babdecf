"""When a started container is ready to be asked: not a sleep, but ports that stay and a processor at rest.

Thresholds were measured on 38 images: first port after 0.4 to 3.0 s, settled after 1.2 to 4.1 s.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from jettison.engine.model import Listener, Phase, Sandbox

CAP = 15.0  # seconds, for a program that never rests
STARTING = 60.0  # seconds, for one that is busy and has not opened a port that it is expected to open
EXPECTED = 15.0  # seconds that a quiet program is waited for to open such a port, or the cap where that is more
PORTS_STABLE = 0.5
QUIET = 0.75
QUIET_SHARE = 0.03  # of one core
WITHOUT_PORT = 3.0
BLIND = 2.0  # ports stable for so long where the processor's time cannot be seen
_STEP = 0.05
_DOCKER_DNS = "127.0.0.11"


@dataclass(frozen=True)
class Settled:
    """How a start went: seconds until it was ready (or had ended); `in_time` is False where the cap cut the wait."""

    seconds: float
    in_time: bool


def own_listeners(sandbox: Sandbox) -> frozenset[Listener]:
    """Sockets of the application: the engine's name server inside the container is not."""
    return frozenset(one for one in sandbox.listeners() if one.address != _DOCKER_DNS)


def settle(
    sandbox: Sandbox, *, cap: float = CAP, expected: frozenset[int] = frozenset(), ends: bool = False
) -> Settled:
    """Wait until the application is ready or has ended.

    Ready: a TCP port is open, the set of ports unchanged for 0.5 s, the processor under 3 % of a core for 0.75 s;
    without a port: 3 s after the start, and quiet. Where one of the `expected` TCP ports is not open yet, or where the
    program `ends` by what is known of it: 15 s after the start, or `cap` where that is more, for on a machine with much
    to do a program that is given no processor looks as quiet as one at rest.
    """
    began = time.monotonic()
    ports: frozenset[Listener] = frozenset()
    ports_since = quiet_since = began
    cpu, cpu_at = sandbox.cpu_seconds(), began
    while True:
        now = time.monotonic()
        if sandbox.state().phase is Phase.EXITED:
            return Settled(now - began, True)
        found = frozenset(one for one in own_listeners(sandbox) if one.protocol.startswith("tcp"))
        if found != ports:
            ports, ports_since = found, now
        used = sandbox.cpu_seconds()
        if used is not None and cpu is not None and now - cpu_at >= 0.2:
            if (used - cpu) / (now - cpu_at) > QUIET_SHARE:
                quiet_since = now
            cpu, cpu_at = used, now
        elif cpu is None:
            cpu, cpu_at = used, now
        missing = expected - {one.port for one in found}
        quiet = now - quiet_since >= QUIET if used is not None else now - ports_since >= BLIND
        patient = max(EXPECTED, cap) if missing or ends else 0.0 if ports else WITHOUT_PORT
        if quiet and now - began >= patient and (not ports or now - ports_since >= PORTS_STABLE):
            return Settled(ports_since - began if ports else now - began, True)
        if now - began > (max(cap, STARTING) if missing or ends else cap):
            return Settled(ports_since - began if ports else now - began, False)
        time.sleep(_STEP)
