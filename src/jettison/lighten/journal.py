"""The journal of a run: one JSON object a line, fsynced before what it announces begins.

Kinds, in the order they appear: `run` (or `plan`), a `built` for each build, `weight` (v0), `noise`, `observed`,
`contract`, then an `asked` for each answer that rules needed, for each try `prediction` and `step`, at last `end`, or
`failed`. A torn line (a killed process, a full disk) is ignored: what it would have told is done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jettison.core import state
from jettison.core.errors import DiskError


@dataclass(frozen=True)
class Journal:
    """An append-only file."""

    path: Path

    def write(self, kind: str, **values: Any) -> None:
        """Append one record and wait until it is on the disk. Raises DiskError."""
        line = json.dumps({"kind": kind, **values}, sort_keys=True) + "\n"
        state.append_line(self.path, line.encode())

    def records(self) -> Iterator[Mapping[str, Any]]:
        """The whole records, in order; nothing where there is no journal."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DiskError(f"cannot read the journal {self.path}: {error.strerror}") from error
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """The last record of a kind."""
        return next((r for r in reversed(list(self.records())) if r.get("kind") == kind), None)
