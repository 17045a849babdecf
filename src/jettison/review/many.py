"""Many files looked at, in as many processes as there are processors where that pays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from jettison.core.errors import UsageError
from jettison.core.values import Skipped
from jettison.review.look import look
from jettison.review.model import Reviewed, Settings, Source
from jettison.rule import text_rules

_PAYS = 64  # files; fewer are done before other processes have begun
_CHUNK = 16  # files handed over at a time

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
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(_looked, asked, chunksize=_CHUNK)


def _looked(asked: Asked) -> Reviewed:
    """A file that cannot be read, among many, is told and counted."""
    source, settings = asked
    try:
        return look(source, settings)
    except UsageError as error:
        return Reviewed(source, (), skipped=(Skipped(source.told_by or source.name, error.message),))
