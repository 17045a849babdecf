"""Which engine to use: the named one, else the first that works here."""

from __future__ import annotations

from jettison.core.errors import UsageError
from jettison.engine.buildah import Buildah
from jettison.engine.model import Engine

ENGINES = {"buildah": Buildah.find}


def find_engine(name: str | None = None) -> Engine:
    """An engine that works. Raises UsageError for an unknown name, EngineError where none can be used."""
    if name is not None and name not in ENGINES:
        raise UsageError(f"there is no engine called {name}", hint=f"engines known now: {', '.join(ENGINES)}")
    return ENGINES[name or "buildah"]()
