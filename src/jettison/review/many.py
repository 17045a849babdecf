"""Many files looked at, in as many processes as there are processors where that pays."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence

from jettison.core.errors import UsageError
from jettison.core.values import Skipped
from jettison.review.look import look
from jettison.review.model import Reviewed, Settings, Source
from jettison.rule import text_rules

_PAYS = 64  # files; fewer are done before other processes have begun
_CHUNK = 16  # files handed over at a time
_SELDOM = 20_000  # objects more, and garbage is looked for: some ten files

Asked = tuple[Source, Settings]


def look_at_all(asked: Sequence[Asked], jobs: int | None = None) -> Iterator[Reviewed]:
    """What is found in each file, in their order. `jobs`: processes, None for one a processor."""
    count = min(jobs or len(os.sched_getaffinity(0)), len(asked) // _CHUNK + 1)
    if count < 2 or len(asked) < _PAYS:
        yield from map(_looked, asked)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    text_rules()  # imported once, before the others are forked from here
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_begin) as pool:
        yield from pool.map(_looked, asked, chunksize=_CHUNK)


def _begin() -> None:
    """In a process of its own: what was imported before it is nobody's garbage, and a file makes little."""
    gc.freeze()
    gc.set_threshold(_SELDOM, 20)


def _looked(asked: Asked) -> Reviewed:
    """A file that cannot be read, among many, is told and counted."""
    source, settings = asked
    try:
        return look(source, settings)
    except UsageError as error:
        return Reviewed(source, (), skipped=(Skipped(source.told_by or source.name, error.message),))
