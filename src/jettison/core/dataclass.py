"""`dataclass` for what is made by the hundred a file: frozen for mypy, not at run time.

The constructor of a frozen class sets each field by `object.__setattr__` (CPython 3.11, `dataclasses._field_assign`),
and takes 2.4 to 4 times as long for it; `jettison check` spent a tenth of its time on that. Equality and hash are
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
