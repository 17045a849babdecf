"""`dataclass` for what is made by the hundred a file: frozen for mypy, not at run time.

A frozen class writes each field through `object.__setattr__`, which takes four times as long as an assignment (CPython
3.11, `dataclasses._frozen_get_del_attr`); `jettison check` spent a tenth of its time on that. Equality and hash are
those of a frozen class. Use it where a profile says so, else `dataclasses.dataclass`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """As `dataclasses.dataclass`; `frozen` gives a hash and guards nothing."""
        made = dataclasses.dataclass(eq=eq, unsafe_hash=frozen and eq, **options)
        return made if cls is None else made(cls)


__all__ = ["dataclass"]
