"""Layers read: each once, from the cache where they are known, else walked, in processes where that pays.

`walk_layers` is a generator of events for who wants to watch; closing it ends what it started. `read_layers` is the
same for who does not, and `Layer.columns` reads one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from jettison.core.collection import without_collection
from jettison.image.cache import Cache, user_cache
from jettison.image.cache_pack import ORDER, SCANNER, pack, unpack
from jettison.image.model import Columns, Layer

_WORTH_A_FORK = 0.03  # seconds that processes must save: starting one and taking what it found costs about a third
_PIECE = 2 * 2**20  # bytes; more than any walk reads or inflates at once
_WORTH_A_LOOK = 0.5  # seconds of walking that somebody who watches wants to see advance


@dataclass(frozen=True)
class Walked:
    """How far the reading of an image is: bytes of its layers as they are stored, and layers."""

    bytes: int
    of_bytes: int
    layers: int
    of_layers: int


@dataclass(frozen=True)
class _Job:
    """Layers of one content, to be walked once, and the name to keep that under."""

    layers: list[Layer]
    key: str | None

    def take(self, columns: Columns) -> None:
        for layer in self.layers:
            layer.__dict__["columns"] = columns  # where functools.cached_property would put it


def columns_of(layer: Layer) -> Columns:
    """Of one layer, from the cache or walked here. Raises ImageError."""
    cache = user_cache()
    job = _Job([layer], _key(layer))
    with without_collection():
        found = _known(cache, job)
        if found is None:
            found = layer.source.columns()
            if _is_kept(cache, job, found) and cache is not None:
                cache.trim()
    return found


def keep_again(layer: Layer) -> None:
    """Keep the columns of a layer anew: more has been found out."""
    cache = user_cache()
    if _is_kept(cache, _Job([layer], _key(layer)), layer.columns) and cache is not None:
        cache.trim()


def read_layers(layers: Sequence[Layer]) -> None:
    """Have the columns of all of them. Raises ImageError."""
    for _ in walk_layers(layers, watched=False):
        pass


def walk_layers(layers: Sequence[Layer], *, watched: bool = True) -> Iterator[Walked]:
    """Events until the columns of all layers are known. Raises ImageError for a layer that cannot be read."""
    missing = [layer for layer in layers if "columns" not in layer.__dict__]
    if not missing:
        return
    cache = user_cache()
    with without_collection():
        jobs = [job for job in _jobs(missing) if not _is_known(cache, job)]
        jobs.sort(key=lambda job: job.layers[0].source.effort, reverse=True)
        of_bytes = sum(job.layers[0].source.weight for job in jobs)
        came = 0
        for came in _brought(jobs):
            yield Walked(came, 2 * of_bytes, 0, len(jobs))
        of_bytes += came
        if jobs:
            _reuse_freed_memory()
        passed = [0] * len(jobs)
        ended = kept = 0
        for at, found in _walk(jobs, _processes(jobs, watched=watched)):
            if isinstance(found, int):
                passed[at] = found
            else:
                columns, packed = found
                jobs[at].take(columns)
                kept += _is_kept(cache, jobs[at], columns, packed)
                passed[at] = jobs[at].layers[0].source.weight
                ended += 1
            yield Walked(came + sum(passed), of_bytes, ended, len(jobs))
        if kept and cache is not None:
            cache.trim()


Found = tuple[Columns, memoryview | None]


def _brought(jobs: Sequence[_Job]) -> Iterator[int]:
    """Layers that are far away, fetched before any process is forked: what a child fetches dies with it."""
    sources = [job.layers[0].source for job in jobs]
    for source in sources:
        yield from source.bring(sources)


def _walk(jobs: Sequence[_Job], processes: int) -> Iterator[tuple[int, int | Found]]:
    """(which job, how far it is or what was found), here or in other processes."""
    sources = [job.layers[0].source for job in jobs]
    if processes:
        from jettison.image.walking_processes import NoProcess, Passed, walk_apart

        try:
            for event in walk_apart(sources, processes):
                if isinstance(event, Passed):
                    yield event.source, event.bytes
                else:
                    yield event.source, (unpack(event.packed), event.packed)
            return
        except NoProcess:
            pass  # here, then
    for at, source in enumerate(sources):
        yield at, (source.columns(), None)


def _processes(jobs: Sequence[_Job], *, watched: bool) -> int:
    """How many processes walk; 0 where that is done here."""
    efforts = [job.layers[0].source.effort for job in jobs]
    many = min(len(os.sched_getaffinity(0)), len(jobs))
    saved = sum(efforts) - max(max(efforts), sum(efforts) / many) if jobs else 0.0
    if saved <= _WORTH_A_FORK and not (watched and sum(efforts) > _WORTH_A_LOOK):
        return 0
    from jettison.image.walking_processes import can_fork

    return many if can_fork(len(jobs)) else 0


def _jobs(layers: Sequence[Layer]) -> list[_Job]:
    """Each content once."""
    jobs: dict[object, _Job] = {}
    for layer in layers:
        key = _key(layer)
        jobs.setdefault(key or id(layer.source), _Job([], key)).layers.append(layer)
    return list(jobs.values())


def _key(layer: Layer) -> str | None:
    proof = layer.source.proof
    return proof and f"columns {SCANNER}{ORDER} {layer.diff_id} {proof}"


def _is_known(cache: Cache | None, job: _Job) -> bool:
    found = _known(cache, job)
    if found is not None:
        job.take(found)
    return found is not None


def _known(cache: Cache | None, job: _Job) -> Columns | None:
    """What the cache has."""
    found = cache.get(job.key) if cache is not None and job.key else None
    if found is not None:
        with suppress(ValueError):  # sound, and yet not what this version writes
            return unpack(found)
    return None


def _is_kept(cache: Cache | None, job: _Job, columns: Columns, packed: memoryview | None = None) -> bool:
    """Keep what was found, unless the bytes are others by now."""
    if cache is None or job.key is None or _key(job.layers[0]) != job.key:
        return False
    return cache.put(job.key, packed if packed is not None else pack(columns))


def _reuse_freed_memory() -> None:
    """Have what a walk frees kept for its next piece.

    Until it has seen a larger one freed, glibc gives each piece back to the kernel, which hands it out again page by
    page (mallopt(3), M_MMAP_THRESHOLD; M_TRIM_THRESHOLD follows it). Elsewhere this does nothing.
    """
    bytes(_PIECE)
