"""Seconds that walking a build context costs: 100,000 files, and a sparse file of 3 GB.

    python benchmarks/context.py [FILES]

Beside it, what `find -size +0` needs for the same tree. Medians of five; the first walk is thrown away. Target: < 2 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from jettison.context.ignore import Ignore
from jettison.context.walk import walk

USUAL = "\n".join(
    (
        ".git",
        "node_modules/.cache",
        "**/__pycache__",
        "**/*.pyc",
        "**/*.log",
        "*.md",
        "!README.md",
        "coverage",
        "docs/**",
    )
)
INVERTED = "**\n!src\n!lib/**/*.js\nsrc/**/*.test.js\n"


def plant(root: Path, count: int) -> None:
    names = ("index.js", "index.test.js", "readme.md", "data.json", "debug.log")
    for number in range(count // 20):
        folder = root / ("node_modules", "src", "lib")[number % 3] / f"package{number:05d}" / "dist"
        folder.mkdir(parents=True)
        for each in range(20):
            (folder / f"{each}{names[each % 5]}").touch()
    with (root / "sparse.bin").open("wb") as stream:
        stream.truncate(3 * 10**9)


def median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(6):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, count)
        find = ["find", folder, "-size", "+0"]
        seconds = median(lambda: subprocess.run(find, stdout=subprocess.DEVNULL, check=True))
        print(f"find                 {seconds:6.2f} s")
        for name, text in (("no ignore file", None), ("usual lines", USUAL), ("all but", INVERTED)):
            ignore = None if text is None else Ignore.parse(text)
            seconds = median(lambda ignore=ignore: walk(root, ignore))  # type: ignore[misc]
            found = walk(root, ignore)
            print(f"{name:<20} {seconds:6.2f} s  {found.totals.files:>7} sent {found.ignored.files:>7} ignored")


if __name__ == "__main__":
    main()
