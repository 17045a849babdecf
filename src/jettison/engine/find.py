"""Which engine to use: the named one, else the first that works here."""

from __future__ import annotations

from collections.abc import Callable

from jettison.core.errors import EngineError, UsageError
from jettison.engine import podman
from jettison.engine.buildah import Buildah
from jettison.engine.docker import Docker
from jettison.engine.model import Engine

ENGINES: dict[str, Callable[[], Engine]] = {
    "docker": Docker.find,
    "buildah": Buildah.find,
    "podman": podman.find,
}


def store_of(name: str) -> str:
    """Engines of one store have one name here: what the one has left, the other sees and can take away."""
    return "buildah" if name == "podman" else name


def find_engine(name: str | None = None) -> Engine:
    """An engine that works. Raises UsageError for an unknown name, EngineError where none can be used."""
    if name is not None and name not in ENGINES:
        raise UsageError(f"there is no engine called {name}", hint=f"engines known now: {', '.join(ENGINES)}")
    if name is not None:
        return ENGINES[name]()
    reasons = []
    for each, find in ENGINES.items():
        try:
            return find()
        except EngineError as error:
            reasons.append((each, error))
    raise EngineError(
        f"no engine can be used here: {'; '.join(error.message for _, error in reasons)}",
        hint="; ".join(f"for {each}: {error.hint}" for each, error in reasons),
    )
