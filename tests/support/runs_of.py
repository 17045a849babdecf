"""The RUNs of a short Dockerfile, as the room `commands` reads them."""

from __future__ import annotations

from jettison.commands.model import Call, Run
from jettison.commands.read import runs
from jettison.dockerfile.parse import parse


def runs_of(text: str, base: str = "FROM debian\n") -> list[Run]:
    """The RUNs of the last stage; `text` follows `base`."""
    dockerfile = parse(base + text + "\n")
    return list(runs(dockerfile, dockerfile.stages[-1]))


def calls_of(text: str) -> tuple[Call, ...]:
    """The calls of the last RUN, which can be read."""
    run = runs_of(text if text.startswith(("RUN", "ENV", "ARG", "SHELL", "USER", "WORKDIR")) else f"RUN {text}")[-1]
    assert run.readable
    return run.calls


def shown(call: Call) -> str:
    """A call as one line; `?` for what is not known, patterns in their brackets."""
    words = [
        word.value if word.value is not None else f"<{word.pattern}>" if word.pattern else "?" for word in call.words
    ]
    return " ".join([call.name or "?", *words])
