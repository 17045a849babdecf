"""Seconds that the static closures cost: on an image, or on /usr of this host as if it were one.

    python benchmarks/closures.py [IMAGE] [--profile]

The candidate is the same tree with 10,000 files removed by a layer of whiteouts: at most 8,000 of documentation,
locales and bytecode, then files from everywhere. "first" reads what the original needs, too; "a candidate" is any later
one of the same run. Targets, without the start of the application: first < 3 s, others < 1 s on 30,000 files.
"""

from __future__ import annotations

import cProfile
import pstats
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jettison.closure.lost import Reach, lost_of
from jettison.image.directory import DirectorySource
from jettison.image.model import Columns, Entry, Kind, Layer, LayerSource
from jettison.image.open import open_image
from jettison.image.tree import Tree, merge

GONE = 10_000
FIRST = re.compile(rb"(^|/)(doc|man|locale|__pycache__)/")
T = TypeVar("T")


@dataclass(frozen=True)
class Whiteouts(LayerSource):
    """A layer that removes paths."""

    paths: tuple[bytes, ...]

    def columns(self) -> Columns:
        columns = Columns()
        for path in self.paths:
            columns.append(Entry(path, Kind.WHITEOUT, 0, 0, 0, 0, 0, b"", -1, (0, 0), ()))
        return columns


def layers_of(name: str | None) -> tuple[tuple[Layer, ...], Mapping[str, Any]]:
    if name:
        image = open_image(name)
        return image.layers, image.runtime
    config = {"Cmd": ["/usr/bin/python3", "-m", "pip"], "WorkingDir": "/usr/lib/node_modules/npm"}
    return (Layer("sha256:0", DirectorySource(Path("/usr"))),), {**config, "Entrypoint": ["npm", "bin/npm-cli.js"]}


def removable(tree: Tree) -> Iterator[bytes]:
    files = [path for path in sorted(tree) if _is_file(tree, path)]
    yield from [path for path in files if FIRST.search(path)][: GONE * 4 // 5]
    others = [path for path in files if not FIRST.search(path)]
    yield from others[:: max(1, len(others) // (GONE // 5))]


def _is_file(tree: Tree, path: bytes) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is Kind.FILE


def timed(what: str, work: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = work()
    print(f"{what:<34} {time.perf_counter() - began:7.3f} s")
    return result


def main() -> None:
    arguments = [each for each in sys.argv[1:] if not each.startswith("--")]
    layers, config = layers_of(arguments[0] if arguments else None)
    timed("columns of every layer", lambda: [layer.columns for layer in layers])
    original = timed("merge", lambda: merge(layers))
    gone = tuple(removable(original))[:GONE]
    candidate = merge((*layers, Layer("sha256:1", Whiteouts(gone))))
    print(f"{len(original)} paths, {len(gone)} gone")
    began = time.perf_counter()
    reach = Reach(original, config)
    timed("commands", lambda: reach.commands)
    timed("called", lambda: reach.called)
    print(f"   {len(timed('ELF needs', lambda: reach.libraries))} needs")
    print(f"   {len(timed('Python imports', lambda: reach.modules).imports)} imports")
    print(f"   {len(timed('Node modules', lambda: reach.scripts))} modules")
    found = timed("what the candidate lacks", lambda: list(lost_of(reach, candidate)))
    print(f"{'first, all together':<34} {time.perf_counter() - began:7.3f} s")
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    if profile is not None:
        profile.enable()
    timed("a candidate", lambda: list(lost_of(reach, candidate)))
    if profile is not None:
        profile.disable()
        pstats.Stats(profile).sort_stats("cumulative").print_stats(25)
    for each in found:
        print(f"   {each.what}: {each.evidence[:100]}")


if __name__ == "__main__":
    main()
