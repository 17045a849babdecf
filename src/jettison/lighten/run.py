"""A run's directory: `runs/ID/` with its lock and its journal; and what dead runs left behind.

A run holds two locks while it lives: its own, so that nobody sweeps it, and its project's, so that two runs do
not work on one project at once. Both vanish with the process, however it ends.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from jettison.core import state
from jettison.core.errors import DiskError, EngineError, UsageError
from jettison.engine.find import ENGINES, store_of
from jettison.engine.model import PREFIX, Engine
from jettison.lighten.journal import Journal

_LOOKS = 20


_BEGAN = "%Y%m%d-%H%M%S"  # the beginning of an ID: when the run began, by the local clock


@dataclass(frozen=True)
class Run:
    """One run by its ID; `directory` is private to the user."""

    id: str
    directory: Path

    def tag(self, version: str) -> str:
        """The full name of a version's image."""
        return f"{PREFIX}/{self.id}:{version}"

    @property
    def caches(self) -> Path:
        """What cache mounts hold from build to build of this run, where no daemon keeps it."""
        return self.directory / "caches"

    def drop_caches(self) -> None:
        """Take that away: a compiler's cache may be hundreds of megabytes."""
        shutil.rmtree(self.caches, ignore_errors=True)

    @property
    def age(self) -> float | None:
        """Seconds since it began, an interruption included; None where its name does not tell."""
        try:
            return max(1.0, time.time() - time.mktime(time.strptime(self.id[:15], _BEGAN)))
        except ValueError:
            return None


def runs_directory() -> Path:
    """Where runs are kept."""
    return state.subdirectory("runs")


@contextmanager
def open_run(project: Path, *, resume: Run | None = None) -> Iterator[Run]:
    """A new run of `project`, or a dead one taken up again. Raises DiskError where one is alive already."""
    with ExitStack() as stack:
        key = hashlib.sha256(str(project).encode(errors="surrogateescape")).hexdigest()[:16]
        try:
            stack.enter_context(state.lock(state.subdirectory("projects") / f"{key}.lock"))
        except DiskError as error:
            if error.__cause__ is not None:  # not held by anybody: it could not be opened
                raise
            raise DiskError(
                f"another jettison works on {project} already ({error.message})",
                hint="wait until it has finished, or stop it",
            ) from error
        run = resume or _new()
        _hold(stack, run)
        (run.directory / "swept").unlink(missing_ok=True)  # of a run that is taken up again
        yield run


def _hold(stack: ExitStack, run: Run) -> None:
    """Take the run's own lock, which a sweep elsewhere may hold for the moment that it takes to look."""
    for _ in range(_LOOKS):
        with suppress(DiskError):
            stack.enter_context(state.lock(run.directory / "lock"))
            return
        time.sleep(0.05)
    stack.enter_context(state.lock(run.directory / "lock"))


def _new() -> Run:
    """A run whose ID nobody has, also where processes of two containers share the state and a process ID."""
    stem = f"{time.strftime(_BEGAN)}-{os.getpid()}"
    for number in count(1):
        identifier = stem if number == 1 else f"{stem}.{number:03}"
        directory = runs_directory() / identifier
        with state.disk_errors("create", directory, hint=state.MOVE), suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            return Run(identifier, directory)
    raise AssertionError("unreachable")


def all_runs() -> list[Run]:
    """Every run that has left a journal, oldest first."""
    return [Run(path.name, path) for path in sorted(runs_directory().iterdir()) if (path / "journal").exists()]


def is_alive(run: Run) -> bool:
    """Whether a process holds the run's lock."""
    try:
        with state.lock(run.directory / "lock"):
            return False
    except DiskError:
        return True


def finished(run: Run) -> bool:
    """Whether the run came to its end."""
    return Journal(run.directory / "journal").last("end") is not None


def find_interrupted(project: Path, identifier: str | None) -> Run:
    """The run that `--resume` means: the named one, else the project's last that did not finish."""
    for run in reversed(all_runs()):
        if identifier not in (None, run.id):
            continue
        record = Journal(run.directory / "journal").last("run") or {}
        if record.get("project") != str(project):
            continue
        if finished(run) or is_alive(run):
            if identifier:
                word = "has finished" if finished(run) else "is still running"
                raise UsageError(f"run {run.id} {word}", hint="`jettison runs` lists what can be resumed")
            continue
        return run
    if identifier and Path(identifier).exists():
        raise UsageError(
            f"--resume takes a run, and {identifier} is a file or directory",
            hint=f"write `jettison optimize {identifier} --resume`",
        )
    raise UsageError(
        f"no interrupted run of {project}" + (f" is called {identifier}" if identifier else ""),
        hint="`jettison runs` lists what can be resumed",
    )


def sweep_dead_runs(engine: Engine, *, keep: Run | None = None) -> tuple[str, ...]:
    """Remove containers and images of runs whose process is gone; what was removed.

    Only names under our own prefix are touched, and only where the run's lock is free; it is held meanwhile. The
    images of `keep`, and those that a finished run was told to keep, stay. A run that used another engine is swept by
    that one; where it cannot be used now, the run waits for it.
    """
    removed: list[str] = []
    engines: dict[str, Engine | None] = {store_of(engine.name): engine}
    for run in all_runs():
        if (run.directory / "swept").exists():
            continue
        if keep is not None and run.id == keep.id:
            removed += engine.sweep(run.tag(""), images=False)
            continue
        try:
            with state.lock(run.directory / "lock"):
                owner = _owner(run, engines, engine)
                if owner is None:
                    continue
                removed += owner.sweep(run.tag(""), images=not _keeps_images(run))
                shutil.rmtree(run.directory / "probe", ignore_errors=True)  # names of files of the user's
                run.drop_caches()
                state.write_atomically(run.directory / "swept", b"")
        except DiskError:
            continue  # alive, or not ours to write to
    return tuple(removed)


def _owner(run: Run, engines: dict[str, Engine | None], now: Engine) -> Engine | None:
    """The engine whose store holds what the run left; None where it cannot be used now."""
    journal = Journal(run.directory / "journal")
    name = str((journal.last("run") or journal.last("plan") or {}).get("engine") or now.name)
    store = store_of(name)
    if store not in engines:
        engines[store] = None
        with suppress(EngineError):
            engines[store] = ENGINES[name]() if name in ENGINES else None
    return engines[store]


def _keeps_images(run: Run) -> bool:
    """Whether the user asked for its images to stay: of a run that was interrupted, `--resume` goes on from them."""
    journal = Journal(run.directory / "journal")
    end, begun = journal.last("end"), journal.last("run")
    return bool(end.get("kept_images") if end is not None else begun is not None and begun.get("keeps_images"))
