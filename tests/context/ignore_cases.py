"""One tree, and for many ignore files what each builder leaves out of it.

`builders.json` was recorded from the builders' own Go code (named in it, with versions), not from jettison: per ignore
file the indexes into the tree of what is left out, or "refused".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("builders.json").read_text())
TREE: tuple[str, ...] = tuple(RECORD["tree"])


def plant(root: Path) -> Path:
    """The tree, each file one byte long."""
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    return root


def recorded(builder: str) -> dict[str, set[str] | str]:
    """For each ignore file what the builder leaves out, or "refused"."""
    return {
        each["text"]: each[builder] if each[builder] == "refused" else {TREE[index] for index in each[builder]}
        for each in RECORD["verdicts"]
    }
